//! What reading objects gave, beside what the state has of them: it is told, and enters the prior state.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::decide::{differences, same};
use super::make::Maker;
use super::{Drift, Plan, objects};
use crate::addr::Address;
use crate::eval::ProviderRef;
use crate::state::{Object, Snapshot};

impl Maker<'_, '_> {
    /// Compares what was found with what was saved, and takes it into the prior state.
    pub(super) fn drift(&mut self, plan: &mut Plan) {
        let observed = std::mem::take(&mut self.planner.observed);
        let known = std::mem::take(&mut self.planner.saved);
        let mut references: HashMap<String, Option<Arc<ProviderRef>>, FixedState> =
            HashMap::default();
        for ((address, deposed), found) in &observed {
            let Some(object) = tracked(&self.planner.prior, address, deposed) else { continue };
            if !references.contains_key(&object.provider) {
                let reference = objects::provider_ref(&object.provider);
                references.insert(object.provider.clone(), reference);
            }
            let Some(reference) = references.get(&object.provider).cloned().flatten() else {
                continue;
            };
            let Some(provider) = self.planner.sessions.provider(&reference) else { continue };
            let Some(schema) = self.schema(address, &reference) else { continue };
            let saved = match known.get(address).filter(|_| deposed.is_none()) {
                Some(saved) => saved.clone(),
                None => match self.planner.decoded(provider.as_ref(), address, object) {
                    Ok(saved) => saved,
                    Err(_) => continue,
                },
            };
            let new = found.as_ref().map(|found| found.value.clone());
            let is_same = new.as_ref().is_some_and(|new| same(&saved, new));
            let private = found.as_ref().map(|found| &found.private);
            if is_same
                && private == Some(&object.private)
                && object.schema_version == schema.version
                && !object.attributes.is_null()
            {
                continue;
            }
            if !is_same && deposed.is_none() {
                let paths = new.as_ref().map(|new| differences(&saved, new)).unwrap_or_default();
                let drift = Drift { saved, found: new, paths, provider: reference.clone() };
                plan.drift.insert(address.clone(), drift);
            }
            let refreshed = found.as_ref().map(|found| {
                let fresh = objects::encode(
                    &schema,
                    &found.value,
                    &found.private,
                    &reference,
                    object.needs.clone(),
                );
                Object { sensitive: object.sensitive.clone(), ..merged(object, fresh) }
            });
            put(&mut self.planner.prior, address, deposed, refreshed);
        }
        (self.planner.observed, self.planner.saved) = (observed, known);
    }
}

fn tracked<'s>(
    prior: &'s Snapshot,
    address: &Address,
    deposed: &Option<String>,
) -> Option<&'s Object> {
    let tracked = prior.objects.get(address)?;
    match deposed {
        None => tracked.current.as_ref(),
        Some(key) => tracked.deposed.get(key),
    }
}

fn put(prior: &mut Snapshot, address: &Address, deposed: &Option<String>, object: Option<Object>) {
    match deposed {
        None => prior.set_current(address, object),
        Some(key) => {
            let Some(tracked) = prior.objects.get_mut(address) else { return };
            match object {
                Some(object) => tracked.deposed.insert(key.clone(), object),
                None => tracked.deposed.remove(key),
            };
            if tracked.current.is_none() && tracked.deposed.is_empty() {
                prior.objects.remove(address);
            }
        }
    }
}

/// Keeps of an object what reading it does not tell.
fn merged(object: &Object, fresh: Object) -> Object {
    Object {
        tainted: object.tainted,
        create_before_destroy: object.create_before_destroy,
        provider: object.provider.clone(),
        identity: object.identity.clone(),
        other: object.carried(),
        ..fresh
    }
}
