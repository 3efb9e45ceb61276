//! One object's plan: the proposal, and what its provider makes of it.

use std::collections::BTreeMap;

use super::objects;
use super::propose::propose;
use crate::addr::Address;
use crate::eval::ProviderConfig;
use crate::providers::{PlanRequest, Planned, Provider};
use crate::schema::Schema;
use crate::value::Value;

/// What an object is planned among.
pub struct Around<'a> {
    /// The provider's block.
    pub provider: &'a ProviderConfig,
    /// What other instances of the provider define, by name.
    pub offered: &'a BTreeMap<String, Value>,
    /// The minor version of the cluster that the object will live in, where that is known.
    pub minor: Option<u32>,
    /// The object that it is made in place of.
    pub replaced: Option<&'a Value>,
}

/// Proposes and plans one object.
pub fn plan_object(
    provider: &dyn Provider,
    schema: &Schema,
    address: &Address,
    around: &Around<'_>,
    prior: Option<&Value>,
    private: &[u8],
    config: &Value,
) -> Planned {
    let proposed = propose(schema, prior, config);
    let mut planned = provider.plan(&PlanRequest {
        address,
        type_name: &address.type_name,
        prior,
        replaced: around.replaced,
        private,
        config,
        proposed: &proposed,
        provider: &around.provider.value,
        offered: around.offered,
        minor: around.minor,
    });
    planned.after = objects::with_marks_of(&planned.after.without_marks(), config);
    planned
}
