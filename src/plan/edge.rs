//! The object that others live in (a cluster, a secret), as their plan sees it: an edge of the graph, not a text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::former::Former;
use super::make::Maker;
use super::objects;
use super::order::Needs;
use super::planner::{ObjectKey, Planner, cannot_be_destroyed};
use super::sessions::RegistrySchemas;
use super::{Change, Plan, Reason, Verb};
use crate::addr::{Address, Mode};
use crate::eval::{Asked, Desired, Evaluator, ProviderConfig, ProviderRef};
use crate::providers::{ApiError, ApiErrorKind, Observed};
use crate::state::{Object, Snapshot};
use crate::value::Value;

/// What an object is named by where another says that it is inside of it.
const NAMES: [&str; 3] = ["id", "name", "self_link"];

impl Planner<'_> {
    /// Gives the object that an instance lives in, where that will be made anew: the instance goes down with it.
    pub(super) fn stranded(&self, asked: &Asked<'_>, found: &Value) -> Option<Address> {
        self.without_server(asked)
            .or_else(|| self.without_whole(asked, found))
            .or_else(|| self.sunk.get(asked.address).cloned())
    }

    /// Notes which instances live in something that is replaced, by names alone; says whether there are new ones.
    pub(super) fn sink(&mut self, desired: &Desired) -> bool {
        let mut going: BTreeMap<String, Vec<(&Address, &Arc<ProviderRef>)>> = BTreeMap::new();
        let replaced = self.drafts.iter().filter_map(|(address, draft)| match &draft.verb {
            Verb::Replace { before, .. } => Some((address, before)),
            _ => None,
        });
        for (address, before) in replaced {
            let Some(instance) = desired.instances.get(address) else { continue };
            let Some(provider) = self.sessions.provider(&instance.provider) else { continue };
            for name in provider.offers(&address.type_name, before) {
                going.entry(name).or_default().push((address, &instance.provider));
            }
        }
        let inside = |(address, value): (&Address, &Value)| {
            let instance = desired.instances.get(address)?;
            let provider = self.sessions.provider(&instance.provider)?;
            let names = provider.lives_in(&address.type_name, value);
            let mut wholes = names.iter().filter_map(|name| going.get(name)).flatten();
            let whole = wholes.find(|(whole, block)| {
                let named = || instance.needs.iter().any(|need| need.covers(whole));
                *whole != address && (**block == instance.provider || named())
            })?;
            Some((address.clone(), whole.0.clone()))
        };
        if going.is_empty() {
            return false;
        }
        let open = self.saved.iter().filter(|(address, _)| !self.sunk.contains_key(*address));
        let found: Vec<(Address, Address)> = open.filter_map(inside).collect();
        let more = !found.is_empty();
        self.sunk.extend(found);
        more
    }

    /// Gives the server that an instance is an object of.
    fn without_server(&self, asked: &Asked<'_>) -> Option<Address> {
        let endpoint = self.provider(asked)?.endpoint_argument()?;
        let needs = asked.provider.needs_of(endpoint)?;
        let mut needs = needs.iter().flat_map(|need| need.within(&self.drafts));
        needs.find(|(_, draft)| draft.verb.is_made()).map(|(address, _)| address.clone())
    }

    /// Says whether an object that is not where its provider's block leads went down with its server: the block leads to what the
    /// object has lived in, and that is another one by now. Else the block leads elsewhere.
    pub(super) fn went_down(
        &self,
        error: &ApiError,
        reference: &ProviderRef,
        config: &ProviderConfig,
        object: &Object,
    ) -> bool {
        let endpoint = self.sessions.provider(reference).and_then(|it| it.endpoint_argument());
        let servers = endpoint.and_then(|endpoint| config.needs_of(endpoint));
        let managed = servers.into_iter().flatten().filter(|server| server.mode == Mode::Managed);
        let servers: Vec<&Address> = managed.collect();
        let lived_in = |server: &&Address| object.needs.iter().any(|need| need.covers(server));
        error.kind == ApiErrorKind::Elsewhere && !servers.is_empty() && servers.iter().all(lived_in)
    }

    /// Gives the object that an instance is a part of. By what both are, not by how their blocks name it: a part may be moved.
    fn without_whole(&self, asked: &Asked<'_>, found: &Value) -> Option<Address> {
        let wholes = self.provider(asked)?.inside(&asked.address.type_name, found);
        if wholes.is_empty() {
            return None;
        }
        let needs = asked.instance.needs.iter().flat_map(|need| need.within(&self.drafts));
        let is_whole = |address: &Address| {
            self.saved.get(address).is_some_and(|value| is_one_of(&wholes, address, value))
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

/// Says whether what an object lives in cannot go with it inside, as that stands.
fn holds_up(maker: &Maker<'_, '_>, plan: &Plan, address: &Address) -> bool {
    let change = |of: &Address| plan.changes.get(&(of.clone(), None));
    let Some(own) = change(address) else { return false };
    let Some(Reason::ParentReplaced(parent)) = &own.reason else { return false };
    let whole = change(parent).and_then(|change| change.verb.before());
    let provider = maker.given.registry.provider(&own.provider.source);
    provider.zip(whole).is_some_and(|(it, whole)| it.holds(&address.type_name, whole))
}

/// Says whether an object is one of those that another says to be inside of.
pub(super) fn is_one_of(wholes: &[(String, String)], address: &Address, value: &Value) -> bool {
    let named = |id: &str| {
        let mut names = NAMES.iter().filter_map(|name| value.field(name)?.as_str());
        names.any(|name| name == id)
    };
    wholes.iter().any(|(of, id)| *of == address.type_name && named(id))
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
        let first = self.first(plan, &stranded, prior);
        let held: BTreeSet<Address> =
            stranded.keys().filter(|of| holds_up(self, plan, of)).cloned().collect();
        for (address, former) in stranded {
            let Some(change) = plan.changes.get_mut(&(address.clone(), None)) else { continue };
            let Verb::Create { after } = &change.verb else { continue };
            if first.contains_key(&address) || held.contains(&address) {
                let (before, after) = (former.value, after.clone());
                change.verb = Verb::Replace { before, after, create_first: false };
                change.private = former.private;
                plan.cleared.insert(address);
            }
        }
    }

    /// Gives what of the objects that would go down is removed before: what would leave something behind, and what uses it.
    pub(super) fn first(
        &self,
        plan: &Plan,
        stranded: &BTreeMap<Address, Observed>,
        prior: &Needs,
    ) -> BTreeMap<Address, ()> {
        let leaves = |(address, former): &(&Address, &Observed)| {
            let change = plan.changes.get(&((*address).clone(), None));
            let provider = change.and_then(|it| self.given.registry.provider(&it.provider.source));
            provider.is_some_and(|it| it.leaves_behind(&address.type_name, former))
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
        first
    }

    /// Gives what a deposed object was put aside with: what its provider's block is made from.
    pub(super) fn put_aside_with(&self, (address, deposed): &ObjectKey) -> Option<ObjectKey> {
        let key = deposed.as_ref()?;
        let tracked = self.planner.prior.objects.get(address)?;
        let reference = objects::provider_ref(&tracked.deposed.get(key)?.provider)?;
        let needs = self.provider_needs(&reference);
        let mut wholes = needs.iter().flat_map(|need| need.within(&self.planner.prior.objects));
        let whole = wholes.find(|(_, tracked)| tracked.deposed.contains_key(key))?.0;
        Some((whole.clone(), deposed.clone()))
    }

    /// Gives a provider block's configuration by the state: for what was put aside under a key, by what was put aside with it.
    pub(super) fn config_aside(
        &self,
        reference: &ProviderRef,
        state: &Snapshot,
        aside: Option<&str>,
    ) -> Result<ProviderConfig, ()> {
        let given = self.given;
        let schemas = RegistrySchemas(given.registry);
        let data = self.planner.data.iter();
        let data = data.map(|(address, (_, value))| (address.clone(), value.clone())).collect();
        let registry = given.registry;
        let mut former = Former { registry, state, data: &data, deposed: aside };
        Evaluator::new(given.config, given.sources, given.inputs, &schemas)
            .provider(reference, &mut former)
            .map_err(|_| ())
    }

    /// Gives an object as it stands, as far as anybody could look.
    fn former(&self, address: &Address, change: &Change) -> Option<Observed> {
        let object = self.planner.prior.current(address)?;
        let provider = self.given.registry.provider(&change.provider.source)?;
        let value = self.planner.decoded(provider.as_ref(), address, object).ok()?;
        Some(Observed { value, private: object.private.clone() })
    }
}
