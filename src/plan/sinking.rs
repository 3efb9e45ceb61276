//! What goes down with its cluster, where that is removed for good: nobody is asked to remove it one by one.
//!
//! What has had something made outside (a load balancer, a disk) is removed before, with what uses it; the rest is in the state
//! until the cluster is gone, so that nothing is forgotten where that fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::make::Maker;
use super::order::Needs;
use super::{Change, Plan, Verb};
use crate::addr::Address;
use crate::eval::ProviderRef;
use crate::providers::Observed;

/// What goes down, and with what.
pub type Sinking = BTreeMap<Address, BTreeSet<Address>>;

impl Maker<'_, '_> {
    /// Notes what goes down with a cluster, and what is removed before it with all that it has had made.
    pub(super) fn sink(&self, plan: &mut Plan, prior: &Needs) {
        let removed = plan.changes.iter().filter_map(|((address, deposed), change)| {
            let Verb::Delete { before } = &change.verb else { return None };
            deposed.is_none().then_some((address, change, before))
        });
        let removed: Vec<_> = removed.collect();
        let serves = |(address, change, before): &(&Address, &Change, &_)| {
            let provider = self.given.registry.provider(&change.provider.source);
            provider.is_some_and(|it| it.serves(&address.type_name, before).is_some())
        };
        let clusters: BTreeMap<Address, ()> =
            removed.iter().filter(|of| serves(of)).map(|(of, ..)| ((*of).clone(), ())).collect();
        if clusters.is_empty() {
            return;
        }
        let mut servers: BTreeMap<Arc<ProviderRef>, BTreeSet<Address>> = BTreeMap::new();
        let (mut inside, mut within) = (BTreeMap::new(), Sinking::new());
        for (address, change, before) in removed {
            let wholes = servers
                .entry(change.provider.clone())
                .or_insert_with(|| self.servers(&change.provider, &clusters));
            if !wholes.is_empty() && !self.has_programs(address) {
                let observed = Observed { value: before.clone(), private: change.private.clone() };
                inside.insert(address.clone(), observed);
                within.insert(address.clone(), wholes.clone());
            }
        }
        let first = self.first(plan, &inside, prior);
        for (address, wholes) in within {
            if first.contains_key(&address) {
                plan.cleared.insert(address);
                continue;
            }
            let names: Vec<String> = wholes.iter().map(Address::to_string).collect();
            if let Some(change) = plan.changes.get_mut(&(address.clone(), None)) {
                change.notes.push(format!("goes down with {}", names.join(", ")));
            }
            plan.sinking.insert(address, wholes);
        }
    }

    /// Gives the clusters that a provider block may speak to, where all of them go.
    fn servers(
        &self,
        reference: &ProviderRef,
        clusters: &BTreeMap<Address, ()>,
    ) -> BTreeSet<Address> {
        let endpoint = self.given.registry.provider(&reference.source);
        let endpoint = endpoint.as_ref().and_then(|it| it.endpoint_argument().map(str::to_string));
        let config = endpoint.and_then(|endpoint| {
            let config = self.config_aside(reference, &self.planner.prior, None).ok()?;
            config.needs_of(&endpoint).cloned()
        });
        let needs = config.unwrap_or_default();
        let there = needs.iter().flat_map(|need| need.within(clusters));
        let there: BTreeSet<Address> = there.map(|(address, ())| address.clone()).collect();
        // One that stays may be meant as well.
        let types: BTreeSet<&str> = there.iter().map(|of| of.type_name.as_str()).collect();
        let mut all = needs.iter().flat_map(|need| need.within(&self.planner.prior.objects));
        let whole = all.all(|(address, _)| {
            !types.contains(address.type_name.as_str()) || there.contains(address)
        });
        if whole { there } else { BTreeSet::new() }
    }

    /// Says whether an object's block has programs, which may run when it goes.
    fn has_programs(&self, address: &Address) -> bool {
        let block = self.given.config.resource(address);
        block.is_none_or(|block| !block.provisioners.is_empty())
    }
}
