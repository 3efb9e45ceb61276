//! What stands, as an answer: for what is evaluated beside the plan, like the ids of `import` blocks.

use super::planner::Planner;
use super::propose::propose;
use crate::eval::{Answer, Asked, Oracle};

/// Answers with the objects of the state as their configuration proposes them; with an unknown object where there is none.
pub(super) struct Standing<'a, 'b>(pub &'a Planner<'b>);

impl Oracle for Standing<'_, '_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let provider = self.0.sessions.provider(&asked.instance.provider);
        let prior =
            self.0.prior.current(asked.address).zip(provider).and_then(|(object, provider)| {
                self.0.decoded(provider.as_ref(), asked.address, object).ok()
            });
        Answer::Known(propose(asked.schema, prior.as_ref(), &asked.instance.config))
    }
}
