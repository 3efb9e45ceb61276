//! Who answers the evaluator when only the configuration is checked: every object is one to come.

use super::planner::{OrAt, diagnostic};
use crate::diag::Diagnostic;
use crate::eval::{Answer, Asked, Oracle};
use crate::providers::Registry;
use crate::value::Value;

/// Answers with unknown objects, and asks the providers what is wrong with each configuration.
pub struct Validating<'a> {
    registry: &'a Registry,
    /// What the providers found.
    pub problems: Vec<Diagnostic>,
}

impl<'a> Validating<'a> {
    /// Starts without problems.
    pub fn new(registry: &'a Registry) -> Validating<'a> {
        Validating { registry, problems: Vec::new() }
    }
}

impl Oracle for Validating<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let (address, config) = (asked.address, &asked.instance.config);
        if let Some(provider) = self.registry.provider(&asked.instance.provider.source) {
            for problem in provider.validate(address.mode, &address.type_name, config) {
                let problem = diagnostic(&problem, address, &asked.instance.places);
                self.problems.push(problem.or_at(asked.instance.open));
            }
        }
        // Nothing of an object is known before it is planned, what its block says included.
        Answer::Known(Value::unknown(asked.schema.ty()))
    }
}
