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
        let desired = loop {
            let evaluation = rounds(self, &mut fresh()).await;
            if !self.trigger(&triggers(&evaluation.desired)) {
                break evaluation.desired;
            }
        };
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
