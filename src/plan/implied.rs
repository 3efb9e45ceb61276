//! What objects need of each other without a reference: the provider names it, and the order keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Change;
use super::order::Needs;
use crate::addr::Address;
use crate::eval::ProviderRef;
use crate::providers::Registry;
use crate::value::Value;

/// What instances define for others of their provider's block, by name.
pub type Definitions = BTreeMap<Arc<ProviderRef>, BTreeMap<String, Value>>;

type Changes = BTreeMap<(Address, Option<String>), Change>;

/// Gives what the instances of a plan define.
pub fn definitions(changes: &Changes, registry: &Registry) -> Definitions {
    let mut found = Definitions::new();
    for ((address, _), change) in changes {
        let Some(provider) = registry.provider(&change.provider.source) else { continue };
        let Some(config) = &change.config else { continue };
        let defined = provider.defines(&address.type_name, config);
        if !defined.is_empty() {
            found.entry(change.provider.clone()).or_default().extend(defined);
        }
    }
    found
}

/// Adds to the needs what providers name. What would make a circle of needs is left out: a reference counts for more.
pub(super) fn add_implied(
    changes: &Changes,
    registry: &Registry,
    needs: &mut Needs,
    prior: &mut Needs,
) {
    let mut offered: BTreeMap<(&ProviderRef, String), BTreeSet<&Address>> = BTreeMap::new();
    let mut wanted: Vec<(&Address, (&ProviderRef, String))> = Vec::new();
    for ((address, deposed), change) in changes {
        let Some(provider) = registry.provider(&change.provider.source) else { continue };
        if deposed.is_some() {
            continue;
        }
        let (type_name, block) = (&address.type_name, change.provider.as_ref());
        for value in change.verb.before().into_iter().chain(change.verb.after()) {
            for name in provider.offers(type_name, value) {
                offered.entry((block, name)).or_default().insert(address);
            }
            wanted.extend(
                provider.wants(type_name, value).into_iter().map(|name| (address, (block, name))),
            );
        }
    }
    for (address, name) in wanted {
        for other in offered.get(&name).into_iter().flatten() {
            if *other == address || reaches(needs, other, address) {
                continue;
            }
            for needs in [&mut *needs, &mut *prior] {
                needs.entry(address.clone()).or_default().insert((*other).clone());
            }
        }
    }
}

/// Says whether an instance needs another, by however many between them.
fn reaches(needs: &Needs, from: &Address, to: &Address) -> bool {
    let mut seen: BTreeSet<&Address> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(address) = open.pop() {
        for need in needs.get(address).into_iter().flatten() {
            if need.covers(to) {
                return true;
            }
            open.extend(need.within(needs).map(|(at, _)| at).filter(|at| seen.insert(*at)));
        }
    }
    false
}
