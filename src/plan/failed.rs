//! What a plan with problems leaves out: what is wrong, and what needs it.

use std::collections::BTreeSet;

use super::make::Maker;
use super::{Plan, PlanMode};
use crate::addr::Address;
use crate::diag::has_errors;
use crate::eval::Evaluator;

impl Maker<'_, '_> {
    /// Leaves out what needs an object whose conditions do not hold, one that must not be made at all, or a name
    /// that could not be evaluated. Gives the root's outputs that are left out as well.
    pub(super) fn without_failed(
        &self,
        plan: &mut Plan,
        evaluator: &Evaluator<'_>,
    ) -> BTreeSet<String> {
        if !has_errors(&self.problems) {
            return BTreeSet::new();
        }
        let wrong = self.planner.problems.iter().filter(|(_, problems)| has_errors(problems));
        let mut wrong: BTreeSet<&Address> = wrong.map(|(address, _)| address).collect();
        // An import that speaks of no instance of a block stops all of the block.
        let strange = self.planner.strange(&self.desired, None);
        let stopped: BTreeSet<Address> = strange.iter().map(|of| of.without_keys()).collect();
        wrong.extend(strange);
        let unplanned = evaluator.unplanned(wrong);
        // Of a run that only refreshes what has moved is told, whatever became of it.
        if plan.base.mode == PlanMode::RefreshOnly {
            return unplanned.outputs;
        }
        plan.changes.retain(|(address, _), change| {
            let block = address.without_keys();
            let gone = change.config.is_none() && unplanned.unexpanded.contains(&block);
            let wrong = unplanned.blocks.contains(&block) || stopped.contains(&block);
            !(gone || wrong || self.desired.unmade.contains(address))
        });
        unplanned.outputs
    }
}
