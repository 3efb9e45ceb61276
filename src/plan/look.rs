//! What is looked at before all is destroyed: a plan as if nothing were, of which what was read and the outputs count.
//!
//! As Terraform does it: only what is asked for is read, with what that needs, and the outputs are those of the
//! configuration as it would stand, not as they were last saved.

use super::PlanMode;
use super::make::{Maker, rounds, triggers};
use super::planner::Planner;
use crate::addr::Address;
use crate::eval::Evaluator;
use crate::state::KeptOutput;

impl Planner<'_> {
    /// Reads what there is, and takes the outputs that are known into the prior state.
    pub(super) async fn look<'e>(&mut self, fresh: &impl Fn() -> Evaluator<'e>) {
        self.mode = PlanMode::Normal;
        let (desired, evaluator) = loop {
            let mut evaluator = fresh();
            let evaluation = rounds(self, &mut evaluator).await;
            if !self.trigger(&triggers(&evaluation.desired)) {
                break (evaluation.desired, evaluator);
            }
        };
        // What would be left as it is needs what its block does now.
        let kept = self.drafts.iter().filter(|(_, draft)| draft.verb.is_keep());
        for (address, _) in kept {
            let tracked = self.prior.objects.get_mut(address);
            if let Some(object) = tracked.and_then(|tracked| tracked.current.as_mut()) {
                object.needs = evaluator.reach(&address.without_keys()).into_iter().collect();
            }
        }
        for (name, output) in desired.outputs {
            if output.ephemeral || !output.value.is_whole() {
                continue;
            }
            if output.value.is_null() {
                self.prior.outputs.remove(&name);
                continue;
            }
            let sensitive = output.sensitive || output.value.all_marks().sensitive;
            let value = output.value.without_marks();
            let kept = KeptOutput { ty: value.ty(), value, sensitive };
            self.prior.outputs.insert(name, kept);
        }
        (self.mode, self.refresh) = (self.options.mode, false);
        self.drafts.clear();
        self.problems.clear();
        self.forced.clear();
        self.sunk.clear();
    }
}

impl Maker<'_, '_> {
    /// Says whether an object that no block wants is read anew: where targets are named, those alone are.
    pub(super) fn is_looked_at(&self, address: &Address) -> bool {
        let options = self.given.options;
        let named = || options.targets.iter().any(|target| address.is_within(target));
        options.refresh && (options.targets.is_empty() || named())
    }
}
