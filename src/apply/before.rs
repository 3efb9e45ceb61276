//! Sessions to what is about to go: the data sources that these are made from are read while it is still there.
//!
//! A data source with changes pending is read in its turn, when those are made: then it tells of what is there by then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::applier::Applier;
use crate::addr::Address;
use crate::eval::{Evaluator, ProviderRef};
use crate::plan::former::Former;
use crate::plan::sessions::RegistrySchemas;
use crate::plan::{Reason, Verb};
use crate::providers::opened::read_or_open;

impl Applier<'_, '_> {
    /// Reads the data sources that removals through something that is replaced need. What cannot be read is told by the removal.
    pub(super) async fn read_before(&mut self) {
        self.former_data = self.data.clone();
        let plan = self.given.plan;
        let leaving = plan.changes.iter().filter(|((_, deposed), change)| {
            let replaced = matches!(change.verb, Verb::Replace { .. });
            deposed.is_some()
                || replaced && matches!(change.reason, Some(Reason::ParentReplaced(_)))
        });
        let leaving: BTreeSet<(Arc<ProviderRef>, Option<&str>)> = leaving
            .map(|((_, deposed), change)| (change.provider.clone(), deposed.as_deref()))
            .collect();
        let reads = plan.changes.iter().filter(|(_, of)| matches!(of.verb, Verb::Read { .. }));
        let reads: BTreeMap<Address, ()> =
            reads.map(|((address, _), _)| (address.clone(), ())).collect();
        for (provider, deposed) in leaving {
            self.read_for(&provider, deposed, &reads).await;
        }
    }

    async fn read_for(
        &mut self,
        provider: &ProviderRef,
        deposed: Option<&str>,
        reads: &BTreeMap<Address, ()>,
    ) {
        let schemas = RegistrySchemas(self.given.registry);
        let given = self.given;
        let mut evaluator = Evaluator::new(given.config, given.sources, given.inputs, &schemas);
        let data = self.former_data.clone();
        let (registry, state) = (given.registry, &self.before);
        let mut former = Former { registry, state, data: &data, deposed };
        let Ok(config) = evaluator.provider(provider, &mut former) else { return };
        let needs = config.needs.values().flatten();
        let wanted: BTreeSet<&Address> =
            needs.flat_map(|need| need.within(reads)).map(|(address, ())| address).collect();
        for address in wanted {
            let Ok(instance) = evaluator.instance(address, &mut former) else { continue };
            let Ok(config) = evaluator.provider(&instance.provider, &mut former) else { continue };
            let session = self.sessions.session(&instance.provider, &config);
            let (true, Ok(Some(session))) = (instance.config.is_whole(), session) else { continue };
            if let Ok(value) = read_or_open(&*session, address, &instance.config).await {
                self.former_data.insert(address.clone(), value);
            }
        }
    }
}
