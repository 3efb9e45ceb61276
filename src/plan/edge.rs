//! The object that others live in (a cluster, a secret), as their plan sees it: an edge of the graph, not a text.

use std::collections::{BTreeMap, BTreeSet};

use super::make::Maker;
use super::order::Needs;
use super::planner::{Planner, cannot_be_destroyed};
use super::{Change, Plan, Reason, Verb};
use crate::addr::Address;
use crate::eval::Asked;
use crate::providers::Observed;
use crate::value::Value;

/// What an object is named by where another says that it is inside of it.
const NAMES: [&str; 3] = ["id", "name", "self_link"];

impl Planner<'_> {
    /// Gives the object that an instance lives in, where that will be made anew: the instance goes down with it.
    pub(super) fn stranded(&self, asked: &Asked<'_>, found: &Value) -> Option<Address> {
        self.without_server(asked).or_else(|| self.without_whole(asked, found))
    }

    /// Gives the server that an instance is an object of.
    fn without_server(&self, asked: &Asked<'_>) -> Option<Address> {
        let endpoint = self.provider(asked)?.endpoint_argument()?;
        let needs = asked.provider.needs_of(endpoint)?;
        let mut needs = needs.iter().flat_map(|need| need.within(&self.drafts));
        needs.find(|(_, draft)| draft.verb.is_made()).map(|(address, _)| address.clone())
    }

    /// Gives the object that an instance is a part of. By what both are, not by how their blocks name it: a part may be moved.
    fn without_whole(&self, asked: &Asked<'_>, found: &Value) -> Option<Address> {
        let wholes = self.provider(asked)?.inside(&asked.address.type_name, found);
        if wholes.is_empty() {
            return None;
        }
        let needs = asked.instance.needs.iter().flat_map(|need| need.within(&self.drafts));
        let is_whole = |address: &Address| {
            let value = self.saved.get(address);
            let named = |id: &str| {
                let names = NAMES.iter().filter_map(|name| value?.field(name)?.as_str());
                names.into_iter().any(|name| name == id)
            };
            wholes.iter().any(|(of, id)| *of == address.type_name && named(id))
        };
        let mut made = needs.filter(|(_, draft)| draft.verb.is_made());
        made.find(|(address, _)| is_whole(address)).map(|(address, _)| address.clone())
    }

    /// Notes what keeps an instance from going down with what it lives in.
    pub(super) fn held(&mut self, asked: &Asked<'_>, stranded: Option<&Address>) {
        let whole = stranded.and_then(|whole| self.drafts.get(whole));
        let goes = whole.is_some_and(|whole| matches!(whole.verb, Verb::Replace { .. }));
        if goes && asked.instance.lifecycle.prevent_destroy {
            let problem = cannot_be_destroyed(asked.address).at(asked.instance.span, "");
            self.complain(asked.address, problem);
        }
    }

    /// Gives the minor version of the cluster that an instance will live in, as that cluster's own block says it; nothing where
    /// it may be one of several clusters that differ in it.
    pub(super) fn minor_version(&self, asked: &Asked<'_>) -> Option<u32> {
        let endpoint = self.provider(asked)?.endpoint_argument()?;
        let needs = asked.provider.needs_of(endpoint)?;
        let clusters = needs.iter().flat_map(|need| need.within(&self.drafts));
        let mut versions = clusters
            .filter_map(|(address, draft)| self.sessions.serves(address, draft.verb.after()?));
        let first = versions.next()?;
        versions.all(|other| other == first).then_some(first)
    }
}

impl Maker<'_, '_> {
    /// Has what would leave something behind removed before that which it lives in goes, with what uses it there; the others go
    /// down as they are.
    pub(super) fn remove_first(&self, plan: &mut Plan, prior: &Needs) {
        let goes = |change: &Change| match &change.reason {
            Some(Reason::ParentReplaced(parent)) if change.verb.before().is_none() => {
                let parent = plan.changes.get(&(parent.clone(), None));
                parent.is_some_and(|parent| matches!(parent.verb, Verb::Replace { .. }))
            }
            _ => false,
        };
        let stranded = plan.changes.iter().filter(|(_, change)| goes(change));
        let stranded: BTreeMap<Address, Observed> = stranded
            .filter_map(|((of, _), change)| Some((of.clone(), self.former(of, change)?)))
            .collect();
        let leaves = |(address, former): &(&Address, &Observed)| {
            let change = plan.changes.get(&((*address).clone(), None));
            let provider = change.and_then(|it| self.given.registry.provider(&it.provider.source));
            provider.is_some_and(|it| it.leaves_behind(&address.type_name, &former.value))
        };
        let leaving = stranded.iter().filter(leaves);
        let mut first: BTreeMap<Address, ()> = leaving.map(|(of, _)| (of.clone(), ())).collect();
        // A claim that is mounted would wait for its pods for ever.
        loop {
            let uses = |(address, needs): &(&Address, &BTreeSet<Address>)| {
                let mut needs = needs.iter();
                !first.contains_key(*address)
                    && needs.any(|need| need.within(&first).next().is_some())
            };
            let more: Vec<Address> =
                prior.iter().filter(uses).map(|(address, _)| address.clone()).collect();
            if more.is_empty() {
                break;
            }
            first.extend(more.into_iter().map(|address| (address, ())));
        }
        for (address, former) in stranded {
            let Some(change) = plan.changes.get_mut(&(address.clone(), None)) else { continue };
            let Verb::Create { after } = &change.verb else { continue };
            if first.contains_key(&address) {
                let (before, after) = (former.value, after.clone());
                change.verb = Verb::Replace { before, after, create_first: false };
                change.private = former.private;
            }
        }
    }

    /// Gives an object as it stands, as far as anybody could look.
    fn former(&self, address: &Address, change: &Change) -> Option<Observed> {
        let object = self.planner.prior.current(address)?;
        let provider = self.given.registry.provider(&change.provider.source)?;
        let value = self.planner.decoded(provider.as_ref(), address, object).ok()?;
        Some(Observed { value, private: object.private.clone() })
    }
}
