//! What `-target` and `-exclude` leave of a plan.

use std::collections::BTreeSet;

use super::make::Maker;
use super::order::{Changes, Needs};
use super::planner::Options;
use super::{Plan, PlanMode};
use crate::addr::{Address, Target};
use crate::config::Config;
use crate::diag::Diagnostic;
use crate::eval::{Desired, Evaluator, is_reached};

impl Maker<'_, '_> {
    /// Says whether a removed object is nothing that was asked for.
    pub(super) fn is_left_out(&self, address: &Address) -> bool {
        let options = self.given.options;
        let named = |targets: &[Target]| targets.iter().any(|target| address.is_within(target));
        let normal = options.mode != PlanMode::Destroy;
        named(&options.exclude)
            || (normal && !options.targets.is_empty() && !named(&options.targets))
    }

    /// Leaves out what `-target` does not reach, and what `-exclude` does.
    pub(super) fn limit(&mut self, plan: &mut Plan, evaluator: &Evaluator<'_>) {
        let options = self.given.options;
        if options.targets.is_empty() && options.exclude.is_empty() {
            return;
        }
        let all: BTreeSet<Address> =
            plan.changes.keys().map(|(address, _)| address.clone()).collect();
        let kept = if options.mode == PlanMode::Destroy {
            self.limited_removals(&all)
        } else {
            limited(&all, options, evaluator)
        };
        plan.changes.retain(|(address, _), _| kept.contains(address));
    }

    /// Gives the changes that are made: of a block that a target needs the plan has all instances, and those alone that
    /// are named are applied, as Terraform does it.
    pub(super) fn applied(&self, plan: &Plan, evaluator: &Evaluator<'_>) -> Changes {
        let options = self.given.options;
        let all = plan.changes.clone();
        if options.targets.is_empty() || options.mode == PlanMode::Destroy {
            return all;
        }
        let reached = evaluator.reach_instances(&evaluator.targeted(&options.targets));
        let named = |of: &Address| options.targets.iter().any(|target| of.is_within(target));
        let made = |(address, _): &(Address, Option<String>)| {
            named(address) || is_reached(&reached, address)
        };
        all.into_iter().filter(|(key, _)| made(key)).collect()
    }

    /// Of removals: what is targeted and what needs it, without what is excluded and what that needs.
    fn limited_removals(&self, all: &BTreeSet<Address>) -> BTreeSet<Address> {
        let options = self.given.options;
        let prior = self.prior_needs();
        let mut kept = all.clone();
        if !options.targets.is_empty() {
            kept = spread(all, &options.targets, |address, other| wants(&prior, other, address));
        }
        if !options.exclude.is_empty() {
            let out = spread(all, &options.exclude, |address, other| wants(&prior, address, other));
            kept.retain(|address| !out.contains(address));
        }
        kept
    }
}

/// Gives what is targeted with all blocks that it needs, without what is excluded and all blocks that need that.
fn limited(
    all: &BTreeSet<Address>,
    options: &Options,
    evaluator: &Evaluator<'_>,
) -> BTreeSet<Address> {
    let named = |address: &Address, targets: &[Target]| {
        targets.iter().any(|target| address.is_within(target))
    };
    let blocks = |targets: &[Target]| -> BTreeSet<Address> {
        let found = all.iter().filter(|address| named(address, targets));
        found.map(Address::without_keys).collect()
    };
    let mut kept = all.clone();
    if !options.targets.is_empty() {
        let targeted = evaluator.targeted(&options.targets);
        let needed: BTreeSet<Address> =
            targeted.iter().flat_map(|block| evaluator.reach(block)).collect();
        kept.retain(|address| {
            named(address, &options.targets) || needed.contains(&address.without_keys())
        });
    }
    if !options.exclude.is_empty() {
        let excluded = blocks(&options.exclude);
        kept.retain(|address| {
            let block = address.without_keys();
            let needs = evaluator.reach(&block);
            !named(address, &options.exclude) && needs.is_disjoint(&excluded)
        });
    }
    kept
}

/// Gives what targets name, and what that leads to.
fn spread(
    all: &BTreeSet<Address>,
    targets: &[Target],
    leads: impl Fn(&Address, &Address) -> bool,
) -> BTreeSet<Address> {
    let named = |address: &&Address| targets.iter().any(|target| address.is_within(target));
    let mut reached: BTreeSet<Address> = all.iter().filter(named).cloned().collect();
    let mut open: Vec<Address> = reached.iter().cloned().collect();
    while let Some(address) = open.pop() {
        let next: Vec<&Address> = all.iter().filter(|other| leads(&address, other)).collect();
        open.extend(next.into_iter().filter(|next| reached.insert((*next).clone())).cloned());
    }
    reached
}

/// Says that a plan is not of the whole configuration.
pub(super) fn remarks(options: &Options) -> Vec<Diagnostic> {
    let option = match (options.targets.is_empty(), options.exclude.is_empty()) {
        (true, true) => return Vec::new(),
        (false, _) => "-target",
        (true, false) => "-exclude",
    };
    let detail = format!(
        "You are creating a plan with the {option} option, which means that the result of this plan may not represent all \
         of the changes requested by the current configuration.\n\nThe {option} option is not for routine use, and is \
         provided only for exceptional situations such as recovering from errors or mistakes, or when Terraform \
         specifically suggests to use it as part of an error message."
    );
    vec![Diagnostic::warning("Resource targeting is in effect", detail)]
}

/// Tells of instances that `-replace` could mean and does not name.
pub(super) fn incomplete_replacements(
    options: &Options,
    desired: &Desired,
    config: &Config,
) -> Vec<Diagnostic> {
    let keyless = options.replace.iter().filter(|address| address.key.is_none());
    keyless.flat_map(|address| incomplete(address, desired, config)).collect()
}

/// Tells of the blocks that have a name, in whichever module, and no instance without a key.
fn incomplete(wanted: &Address, desired: &Desired, config: &Config) -> Vec<Diagnostic> {
    let blocks = desired.modules.iter().map(|module| wanted.in_module(module.clone()));
    blocks.filter_map(|block| incomplete_in(wanted, &block, desired, config)).collect()
}

fn incomplete_in(
    wanted: &Address,
    block: &Address,
    desired: &Desired,
    config: &Config,
) -> Option<Diagnostic> {
    const SUMMARY: &str = "Incompletely-matched force-replace resource instance";
    let instances: Vec<&Address> =
        desired.instances.keys().filter(|instance| instance.block() == *block).collect();
    let is_written = || {
        let of = config.resource(block);
        of.is_some_and(|of| of.count.is_some() || of.for_each.is_some())
            && !desired.deferred.contains(block)
    };
    if instances.is_empty() && is_written() {
        let detail = format!(
            "Your force-replace request for {wanted} doesn't match any resource instances because this resource doesn't have \
             any instances."
        );
        return Some(Diagnostic::warning(SUMMARY, detail));
    }
    if instances.is_empty() || instances.contains(&block) {
        return None;
    }
    let options: Vec<String> = instances
        .iter()
        .map(|instance| format!("\n  -replace={:?}", instance.to_string()))
        .collect();
    let which = match options.len() {
        1 => "the single declared instance, use the following option instead",
        _ => "particular instances, use one or more of the following options instead",
    };
    let detail = format!(
        "Your force-replace request for {wanted} doesn't match any resource instances because it lacks an instance \
         key.\n\nTo force replacement of {which}:{}",
        options.concat()
    );
    Some(Diagnostic::warning(SUMMARY, detail))
}

/// Says whether an object needs another. Those in different instances of one module do not need each other.
fn wants(needs: &Needs, address: &Address, other: &Address) -> bool {
    let names = |address: &Address| -> Vec<String> {
        address.module.iter().map(|step| step.name.clone()).collect()
    };
    let apart = address.module != other.module && names(address) == names(other);
    let of = [other.clone(), other.block(), other.without_keys()];
    !apart && needs.get(address).is_some_and(|needs| of.iter().any(|other| needs.contains(other)))
}
