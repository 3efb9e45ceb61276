//! Who answers the evaluator during an apply: the state as it stands, and the plan for what is to come.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::{Address, Key};
use crate::diag::Diagnostic;
use crate::eval::{Answer, Asked, Oracle, ProviderRef};
use crate::plan::objects::decode;
use crate::plan::{Change, Plan};
use crate::providers::Registry;
use crate::state::Snapshot;
use crate::value::{Type, Value};

/// Answers with objects as they are now; what is planned and not done yet is as planned.
pub(super) struct Now<'a> {
    pub(super) plan: &'a Plan,
    pub(super) registry: &'a Registry,
    pub(super) state: &'a Snapshot,
    /// Instances that stand as planned.
    pub(super) done: &'a BTreeSet<Address>,
    /// Data sources as read in this run.
    pub(super) data: &'a BTreeMap<Address, Value>,
    /// Data sources that could not be read in it.
    pub(super) unread: &'a BTreeMap<Address, Diagnostic>,
    /// Replacements that turned out to be none.
    pub(super) settled: &'a BTreeMap<Address, Change>,
}

/// Gives what an apply knows by now, without taking hold of the whole of it: what evaluates is another part of it.
macro_rules! now {
    ($apply:expr) => {
        crate::apply::oracle::Now {
            plan: $apply.given.plan,
            registry: $apply.given.registry,
            state: &$apply.state,
            done: &$apply.done,
            data: &$apply.data,
            unread: &$apply.unread,
            settled: &$apply.settled,
        }
    };
}

pub(super) use now;

impl Oracle for Now<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        if let Some(problem) = self.unread.get(asked.address) {
            return Answer::Problem(Box::new(problem.clone()));
        }
        if self.plan.unread.contains(asked.address) {
            return Answer::Known(Value::unknown(Type::Any));
        }
        if let Some(value) = self.data.get(asked.address) {
            return Answer::Known(value.clone());
        }
        let planned = || self.plan.changes.get(&(asked.address.clone(), None));
        let change = self.settled.get(asked.address).or_else(planned);
        let planned =
            change.filter(|change| !change.verb.is_keep()).and_then(|change| change.verb.after());
        match planned {
            Some(after) if !self.done.contains(asked.address) => Answer::Known(after.clone()),
            _ => kept(self.registry, self.state, asked),
        }
    }

    fn prior_keys(&self, block: &Address) -> Vec<Key> {
        keys(self.state, block)
    }

    fn kept(&self, address: &Address, provider: &ProviderRef) -> Option<Value> {
        let object = self.state.current(address)?;
        let provider = self.registry.provider(&provider.source)?;
        decode(provider.as_ref(), address.mode, &address.type_name, object).ok()
    }
}

fn kept(registry: &Registry, state: &Snapshot, asked: &Asked<'_>) -> Answer {
    let unknown = || Answer::Known(Value::unknown(asked.schema.ty()));
    let Some(object) = state.current(asked.address) else { return unknown() };
    let Some(provider) = registry.provider(&asked.instance.provider.source) else {
        return unknown();
    };
    match decode(provider.as_ref(), asked.address.mode, &asked.address.type_name, object) {
        Ok(value) => Answer::Known(value),
        Err(_) => unknown(),
    }
}

fn keys(state: &Snapshot, block: &Address) -> Vec<Key> {
    block.within(&state.objects).filter_map(|(address, _)| address.key.clone()).collect()
}
