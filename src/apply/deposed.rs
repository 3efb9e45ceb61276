//! Objects that are put aside under a key while their successors are made.
//!
//! What is to be removed from a cluster before that goes is put aside with it, under the same key: when the run ends in between, the
//! next one finds in the state which of two clusters it lives in.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::applier::Applier;
use super::diary::is_open;
use crate::addr::Address;
use crate::diag::Diagnostic;
use crate::eval::{Evaluator, ProviderRef};
use crate::plan::former::Former;
use crate::plan::sessions::RegistrySchemas;
use crate::plan::{Action, Call, Reason, Verb};
use crate::providers::{Failure, Session};
use crate::state::Entry;

impl Applier<'_, '_> {
    /// Puts an object aside under a deposed key before its successor is made, with what is removed from it before it goes.
    pub(super) fn depose(&mut self, address: &Address) {
        let text = format!("{} {address} {}", self.state.lineage, self.state.serial);
        let key = hex::encode(&Sha256::digest(text.as_bytes())[..4]);
        let leaves = |change: &&crate::plan::Change| {
            let replaced = matches!(change.verb, Verb::Replace { .. });
            replaced && change.reason == Some(Reason::ParentReplaced(address.clone()))
        };
        let changes = self.given.plan.changes.iter();
        let inside = changes.filter(|(_, change)| leaves(change)).map(|((at, _), _)| at.clone());
        for address in std::iter::once(address.clone()).chain(inside) {
            self.put_aside(address, &key);
        }
    }

    fn put_aside(&mut self, address: Address, key: &str) {
        let Some(tracked) = self.state.objects.get_mut(&address) else { return };
        let Some(object) = tracked.current.take() else { return };
        tracked.deposed.insert(key.to_string(), object.clone());
        self.deposing.insert(address.clone(), key.to_string());
        self.entries.push(Entry::Object {
            address: address.clone(),
            deposed: Some(key.to_string()),
            object: Some(Box::new(object)),
        });
        self.entries.push(Entry::Object { address, deposed: None, object: None });
    }

    /// Takes back what was put aside for a successor of which nothing was made.
    pub(super) fn take_back(&mut self, action: &Action, failure: &Failure) {
        let stands = self.state.current(&action.address).is_some();
        if action.call != Call::Create || stands || is_open(failure) {
            return;
        }
        let Some(key) = self.deposing.get(&action.address).cloned() else { return };
        let with = self.deposing.iter().filter(|(_, of)| **of == key);
        let with: Vec<Address> = with.map(|(address, _)| address.clone()).collect();
        for address in with {
            let Some(tracked) = self.state.objects.get_mut(&address) else { continue };
            // Where a successor stands, what was put aside stays there: that would be lost otherwise.
            if tracked.current.is_some() {
                continue;
            }
            self.deposing.remove(&address);
            let Some(object) = tracked.deposed.remove(&key) else { continue };
            tracked.current = Some(object.clone());
            let (object, deposed) = (Some(Box::new(object)), Some(key.clone()));
            self.entries.push(Entry::Object { address: address.clone(), deposed: None, object });
            self.entries.push(Entry::Object { address, deposed, object: None });
        }
    }

    /// Says whether an object waits under a deposed key for its own successor.
    pub(super) fn is_deposing(&self, address: &Address) -> bool {
        let change = self.given.plan.changes.get(&(address.clone(), None));
        let first = change
            .is_some_and(|change| matches!(change.verb, Verb::Replace { create_first: true, .. }));
        first && self.deposing.contains_key(address)
    }

    /// Gives the deposed key of an action's object, where it is not the current one.
    pub(super) fn deposed_key(&self, action: &Action) -> Option<String> {
        action.deposed.clone().or_else(|| {
            let waiting = self.deposing.get(&action.address).cloned();
            waiting.filter(|_| action.call == Call::Delete)
        })
    }

    /// Gives the session for an object that goes: that of what it lives in, as it was.
    pub(super) fn leaving_session(
        &mut self,
        action: &Action,
        reference: &ProviderRef,
    ) -> Result<Arc<dyn Session>, Vec<Diagnostic>> {
        let Some(key) = &action.deposed else { return self.session(reference, false) };
        let given = self.given;
        let schemas = RegistrySchemas(given.registry);
        let (registry, state) = (given.registry, &self.before);
        let mut former = Former { registry, state, data: &self.former_data, deposed: Some(key) };
        let config = Evaluator::new(given.config, given.sources, given.inputs, &schemas)
            .provider(reference, &mut former)?;
        self.session_of(reference, &config)
    }

    /// Gives the id of what stands under an address: of what is put aside where nothing else does.
    pub(super) fn id(&self, address: &Address) -> Option<String> {
        let tracked = self.state.objects.get(address)?;
        let aside = || tracked.deposed.get(self.deposing.get(address)?);
        tracked.current.as_ref().or_else(aside)?.id().map(str::to_string)
    }
}
