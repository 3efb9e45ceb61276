//! Sessions to what is about to go: the data sources that these are made from are read while it is still there.
//!
//! A data source with changes pending is read in its turn, when those are made: then it tells of what is there by then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::applier::Applier;
use super::oracle::Former;
use crate::addr::Address;
use crate::eval::{Evaluator, ProviderRef};
use crate::plan::sessions::RegistrySchemas;
use crate::plan::{Reason, Verb};
use crate::providers::read_or_open;

impl Applier<'_, '_> {
    /// Reads the data sources that removals through something that is replaced need. What cannot be read is told by the removal.
    pub(super) async fn read_before(&mut self) {
        self.former_data = self.data.clone();
        let plan = self.given.plan;
        let leaving = plan.changes.values().filter(|change| {
            let replaced = matches!(change.verb, Verb::Replace { .. });
            replaced && matches!(change.reason, Some(Reason::ParentReplaced(_)))
        });
        let leaving: BTreeSet<Arc<ProviderRef>> =
            leaving.map(|change| change.provider.clone()).collect();
        let reads = plan.changes.iter().filter(|(_, of)| matches!(of.verb, Verb::Read { .. }));
        let reads: BTreeMap<Address, ()> =
            reads.map(|((address, _), _)| (address.clone(), ())).collect();
        for provider in leaving {
            self.read_for(&provider, &reads).await;
        }
    }

    async fn read_for(&mut self, provider: &ProviderRef, reads: &BTreeMap<Address, ()>) {
        let schemas = RegistrySchemas(self.given.registry);
        let given = self.given;
        let mut evaluator = Evaluator::new(given.config, given.sources, given.inputs, &schemas);
        let data = self.former_data.clone();
        let mut former = Former { registry: given.registry, state: &self.before, data: &data };
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
