//! Objects as they were: what sessions of things to be removed are made from.

use std::collections::BTreeMap;

use super::objects::decode;
use crate::addr::{Address, Key};
use crate::eval::{Answer, Asked, Oracle, ProviderRef};
use crate::providers::Registry;
use crate::state::{Object, Snapshot};
use crate::value::Value;

/// Answers with objects as the state has them.
pub struct Former<'a> {
    /// The providers.
    pub registry: &'a Registry,
    /// The state.
    pub state: &'a Snapshot,
    /// Data sources as read.
    pub data: &'a BTreeMap<Address, Value>,
    /// The key under which objects were put aside that count before the current ones: what was put aside with a cluster lives
    /// in that one.
    pub deposed: Option<&'a str>,
}

impl Former<'_> {
    fn there(&self, address: &Address) -> Option<&Object> {
        let tracked = self.state.objects.get(address)?;
        let deposed = self.deposed.and_then(|key| tracked.deposed.get(key));
        deposed.or(tracked.current.as_ref())
    }
}

impl Oracle for Former<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        if let Some(value) = self.data.get(asked.address) {
            return Answer::Known(value.clone());
        }
        let kept = self.kept(asked.address, &asked.instance.provider);
        Answer::Known(kept.unwrap_or_else(|| Value::unknown(asked.schema.ty())))
    }

    fn prior_keys(&self, block: &Address) -> Vec<Key> {
        block.within(&self.state.objects).filter_map(|(address, _)| address.key.clone()).collect()
    }

    fn kept(&self, address: &Address, provider: &ProviderRef) -> Option<Value> {
        let object = self.there(address)?;
        let provider = self.registry.provider(&provider.source)?;
        decode(provider.as_ref(), address.mode, &address.type_name, object).ok()
    }
}
