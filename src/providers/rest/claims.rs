//! Who makes which object: where two instances of a run ask for one object, neither takes it for its own by looking at it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::addr::Address;

/// What a run has made and is making, by type and id.
#[derive(Debug, Default)]
pub struct Claims(Mutex<BTreeMap<(String, String), BTreeSet<Address>>>);

impl Claims {
    /// Notes that an instance asks for an object. It stays noted: what was made is still its own.
    pub fn claim(&self, type_name: &str, id: &str, address: &Address) {
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (type_name.to_string(), id.to_string());
        claims.entry(key).or_default().insert(address.clone());
    }

    /// Names another instance that has asked for the object.
    pub fn other(&self, type_name: &str, id: &str, address: &Address) -> Option<Address> {
        let claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = claims.get(&(type_name.to_string(), id.to_string()))?;
        of.iter().find(|other| *other != address).cloned()
    }
}
