//! The object that others live in (a cluster), as their plan sees it: an edge of the graph, not a text.

use super::Verb;
use super::planner::Planner;
use crate::addr::Address;
use crate::eval::Asked;

impl Planner<'_> {
    /// Gives the object that an instance lives in, where that will be made anew: the instance goes down with it.
    pub(super) fn stranded(&self, asked: &Asked<'_>) -> Option<Address> {
        let endpoint = self.provider(asked)?.endpoint_argument()?;
        let needs = asked.provider.needs_of(endpoint)?;
        needs.iter().find_map(|need| {
            need.within(&self.drafts).find_map(|(address, draft)| {
                let anew = matches!(draft.verb, Verb::Replace { .. } | Verb::Create { .. });
                anew.then(|| address.clone())
            })
        })
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
