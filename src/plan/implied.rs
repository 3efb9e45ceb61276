//! What objects need of each other without a reference: the provider names it, and the order keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::make::Given;
use super::order::Needs;
use super::planner::Unread;
use super::sessions::RegistrySchemas;
use super::{Change, PlanMode};
use crate::addr::{Address, Target};
use crate::eval::{Evaluator, ProviderRef, is_reached};
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

/// Gives the targets of a plan with the instances that these cannot be made without: what a provider names
/// ([`crate::providers::Provider::requires`]) counts like a reference, however many lie between.
pub(super) fn with_required(given: &Given<'_>) -> Vec<Target> {
    let mut targets = given.options.targets.clone();
    if targets.is_empty() || given.options.mode == PlanMode::Destroy {
        return targets;
    }
    let schemas = RegistrySchemas(given.registry);
    let mut evaluator = Evaluator::new(given.config, given.sources, given.inputs, &schemas);
    let instances = evaluator.evaluate(&mut Unread).desired.instances;
    let mut offered: BTreeMap<(&ProviderRef, String), BTreeSet<&Address>> = BTreeMap::new();
    let mut required: Vec<(&Address, (&ProviderRef, String))> = Vec::new();
    for (address, instance) in &instances {
        let Some(provider) = given.registry.provider(&instance.provider.source) else { continue };
        let (type_name, block) = (&address.type_name, instance.provider.as_ref());
        for name in provider.offers(type_name, &instance.config) {
            offered.entry((block, name)).or_default().insert(address);
        }
        let names = provider.requires(type_name, &instance.config);
        required.extend(names.into_iter().map(|name| (address, (block, name))));
    }
    loop {
        let reached = evaluator.reach_instances(&evaluator.targeted(&targets));
        let is_in = |address: &Address| {
            targets.iter().any(|target| address.is_within(target)) || is_reached(&reached, address)
        };
        let wanted = required.iter().filter(|(address, _)| is_in(address));
        let found = wanted.filter_map(|(_, name)| offered.get(name)).flatten();
        let new: BTreeSet<&Address> = found.copied().filter(|address| !is_in(address)).collect();
        if new.is_empty() {
            return targets;
        }
        targets.extend(new.into_iter().cloned().map(Target::Resource));
    }
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
    for ((address, _), change) in changes {
        let Some(provider) = registry.provider(&change.provider.source) else { continue };
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
