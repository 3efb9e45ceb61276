//! What a plan with problems leaves out: what is wrong, and what needs it.

use std::collections::BTreeSet;

use super::Plan;
use super::make::Maker;
use crate::addr::{Address, Step};
use crate::config::Module;
use crate::diag::has_errors;
use crate::eval::{CheckStatus, Evaluator, Instance};

impl Maker<'_, '_> {
    /// Leaves out what needs an object whose conditions do not hold, one that must not be made at all, or a block
    /// that could not be evaluated. Gives the blocks that failed: what is made from them is not told either.
    pub(super) fn without_failed(
        &self,
        plan: &mut Plan,
        evaluator: &Evaluator<'_>,
    ) -> BTreeSet<Address> {
        let wrong = self.planner.problems.iter().filter(|(_, problems)| has_errors(problems));
        let wrong: BTreeSet<&Address> = wrong.map(|(address, _)| address).collect();
        let failed: BTreeSet<Address> = plan
            .checks
            .iter()
            .filter(|check| matches!(check.status, CheckStatus::Fail | CheckStatus::Error))
            .filter_map(|check| check.address.parse().ok())
            .collect();
        if !(failed.is_empty() && wrong.is_empty()) {
            let needs = self.needs();
            plan.changes.retain(|(address, _), _| {
                let after = |of: &Instance| !of.lifecycle.config.postconditions.is_empty();
                let own = self.desired.instances.get(address).is_some_and(|of| after(of));
                let mut seen: BTreeSet<Address> = needs.get(address).cloned().unwrap_or_default();
                let mut open: Vec<Address> = seen.iter().cloned().collect();
                while let Some(need) = open.pop() {
                    let more = needs.get(&need).into_iter().flatten();
                    open.extend(more.filter(|need| seen.insert((*need).clone())).cloned());
                }
                let after_wrong =
                    seen.iter().any(|need| failed.contains(need) || wrong.contains(need));
                (own || !failed.contains(address)) && !after_wrong
            });
        }
        if !has_errors(&self.problems) {
            return BTreeSet::new();
        }
        let mut unmade = BTreeSet::new();
        self.not_evaluated(&self.given.config.root, &mut unmade);
        plan.changes.retain(|(address, _), change| {
            change.config.is_none() || evaluator.reach(address).is_disjoint(&unmade)
        });
        let known = failed.iter().chain(wrong.iter().copied()).map(Address::without_keys);
        known.chain(unmade).collect()
    }

    /// Gathers the blocks without `count` and `for_each` of which there is no instance, in modules that there are.
    fn not_evaluated(&self, module: &Module, found: &mut BTreeSet<Address>) {
        let path: Vec<Step> =
            module.path.iter().map(|name| Step { name: name.clone(), key: None }).collect();
        let same = |steps: &[Step]| {
            steps.len() == path.len() && steps.iter().zip(&path).all(|(a, b)| a.name == b.name)
        };
        let options = self.given.options;
        let limited = !(options.targets.is_empty() && options.exclude.is_empty());
        if limited || !self.desired.modules.iter().any(|steps| same(steps)) {
            return;
        }
        for of in module.resources.values().filter(|of| of.count.is_none() && of.for_each.is_none())
        {
            let block = Address::root(of.mode, &of.type_name.text, &of.name.text);
            let block = block.in_module(path.clone());
            let mut made = self.desired.instances.keys().chain(&self.desired.deferred);
            if !made.any(|address| address.without_keys() == block) {
                found.insert(block);
            }
        }
        for call in module.calls.values() {
            self.not_evaluated(&call.module, found);
        }
    }
}
