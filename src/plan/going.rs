//! What `-target` and `-exclude` leave out of a plan, and goes down all the same: it lives in something that the plan removes or replaces.
//!
//! Left where it is, it would be in the state without being anywhere, and what it has had made outside (a load balancer, a disk)
//! would stay behind. So what is targeted brings it along, and what is excluded keeps its cluster from going.

use std::collections::{BTreeMap, BTreeSet};

use super::edge::is_one_of;
use super::make::Maker;
use super::objects;
use super::{Plan, PlanMode, Verb};
use crate::addr::{Address, Target};
use crate::diag::Diagnostic;

/// What goes down with something, by what that is.
pub(super) type Going = BTreeMap<Address, BTreeSet<Address>>;

impl Maker<'_, '_> {
    /// Gives what is not in a plan and lives in something that it removes or replaces.
    pub(super) fn going(&self, plan: &Plan) -> Going {
        let options = self.given.options;
        let mut going = Going::new();
        if options.targets.is_empty() && options.exclude.is_empty()
            || options.mode != PlanMode::Normal
        {
            return going;
        }
        let goes =
            plan.changes.iter().filter_map(|((address, deposed), change)| match &change.verb {
                Verb::Replace { before, .. } | Verb::Delete { before } if deposed.is_none() => {
                    Some((address, (&change.provider.source, before)))
                }
                _ => None,
            });
        let goes: BTreeMap<&Address, _> = goes.collect();
        if goes.is_empty() {
            return going;
        }
        let mut offered: BTreeMap<String, &Address> = BTreeMap::new();
        for (address, (source, before)) in &goes {
            let provider = self.given.registry.provider(source);
            let names = provider.map(|it| it.offers(&address.type_name, before));
            offered.extend(names.into_iter().flatten().map(|name| (name, *address)));
        }
        for (address, tracked) in &plan.prior.objects {
            let Some(object) = &tracked.current else { continue };
            let named = options.targets.iter().any(|target| address.is_within(target));
            if named || plan.changes.contains_key(&(address.clone(), None)) {
                continue;
            }
            let Some(reference) = objects::provider_ref(&object.provider) else { continue };
            let Some(provider) = self.given.registry.provider(&reference.source) else { continue };
            let server = provider.endpoint_argument().and_then(|endpoint| {
                let config = self.config_aside(&reference, &plan.prior, None).ok()?;
                let needs = config.needs_of(endpoint)?;
                goes.keys().find(|goes| needs.iter().any(|need| need.covers(goes))).copied()
            });
            let within = || {
                let value = self.planner.decoded(provider.as_ref(), address, object).ok()?;
                let wholes = provider.inside(&address.type_name, &value);
                let is_whole =
                    |(of, (_, before)): &(&&Address, &(_, &_))| is_one_of(&wholes, of, before);
                let whole = goes.iter().find(is_whole).map(|(of, _)| *of);
                let names = provider.lives_in(&address.type_name, &value);
                whole.or_else(|| names.iter().find_map(|name| offered.get(name)).copied())
            };
            if let Some(whole) = server.or_else(within) {
                going.entry(whole.clone()).or_default().insert(address.clone());
            }
        }
        going
    }
}

/// Gives the targets of what goes down with something that is targeted, and says so.
pub(super) fn brought(going: &Going) -> (Vec<Target>, Vec<Diagnostic>) {
    let all = going.values().flatten().cloned().map(Target::Resource);
    let told = going.iter().map(|(whole, inside)| {
        let detail = format!(
            "The plan removes or replaces {whole}, and what lives in it goes down with it. So the plan has this too, as if -target \
             named it:{}",
            lines(inside)
        );
        Diagnostic::warning("More than the targets", detail).about(whole)
    });
    (all.collect(), told.collect())
}

/// Says that what is excluded would go down with something that is not.
pub(super) fn excluded(going: &Going) -> Vec<Diagnostic> {
    let told = going.iter().map(|(whole, inside)| {
        let detail = format!(
            "The plan removes or replaces {whole}, and this lives in it and is excluded:{}\n\nIt would go down with it, and what it \
             has had made elsewhere would be left behind.",
            lines(inside)
        );
        let problem = Diagnostic::error("Excluded objects would be destroyed", detail).about(whole);
        problem.help(format!("Exclude {whole} as well, or exclude neither."))
    });
    told.collect()
}

fn lines(inside: &BTreeSet<Address>) -> String {
    inside.iter().map(|address| format!("\n - {address}")).collect()
}
