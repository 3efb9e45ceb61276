//! Who answers the evaluator when only the configuration is checked: every object is one to come.

use std::collections::BTreeMap;

use super::planner::{OrAt, Planner, diagnostic};
use crate::diag::Diagnostic;
use crate::eval::{Answer, Asked, Oracle};
use crate::providers::{Problem, Provider, Registry};
use crate::schema::{BlockKind, Field, Given, Nesting};
use crate::value::{Path, Value};

/// Answers with unknown objects, and asks the providers what is wrong with each configuration.
pub struct Validating<'a> {
    registry: &'a Registry,
    /// What the provider found with the object asked for last.
    problems: Vec<Diagnostic>,
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
            for problem in wrong(provider.as_ref(), asked, config) {
                let problem = diagnostic(&problem, address, &asked.instance.places);
                self.problems.push(problem.or_at(asked.instance.open));
            }
        }
        // Nothing of an object is known before it is planned, what its block says included.
        Answer::Known(Value::unknown(asked.schema.ty()))
    }

    fn found_wrong(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.problems)
    }
}

impl Planner<'_> {
    /// Tells what is wrong with a block: at its parts, or in the file that it is spread from.
    pub(super) fn told(&mut self, asked: &Asked<'_>, problems: &[Problem]) {
        for wrong in problems {
            let mut problem = diagnostic(wrong, asked.address, &asked.instance.places);
            if let Some(origin) = &asked.instance.origin {
                let inner = Path(wrong.path.0.get(1..).unwrap_or_default().to_vec());
                problem.detail = format!("In {}: {}", origin.place_of(&inner), problem.detail);
            }
            self.complain(asked.address, problem.or_at(asked.instance.open));
        }
    }
}

/// Gives what is wrong with an object's configuration for its provider: what only the service decides is written, or
/// what the provider itself finds.
pub(super) fn wrong(provider: &dyn Provider, asked: &Asked<'_>, config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    decided_by_service(&asked.schema.fields, config, &Path::root(), &mut problems);
    problems.extend(provider.validate(asked.address.mode, &asked.address.type_name, config));
    problems
}

fn decided_by_service(
    fields: &BTreeMap<String, Field>,
    value: &Value,
    path: &Path,
    problems: &mut Vec<Problem>,
) {
    for (name, field) in fields {
        let Some(part) = value.field(name).filter(|part| !part.is_null()) else { continue };
        let path = path.attribute(name);
        match &field.nesting {
            Nesting::Attribute if field.given == Given::Service => {
                let detail = format!(
                    "Can't configure a value for {name:?}: its value will be decided automatically based on the result of \
                     applying this configuration."
                );
                problems.push(Problem {
                    path,
                    warning: false,
                    summary: "Value for unconfigurable attribute".into(),
                    detail,
                    help: Vec::new(),
                });
            }
            Nesting::Attribute => {}
            Nesting::Block(block) if block.kind == BlockKind::Single => {
                decided_by_service(&block.fields, part, &path, problems);
            }
            Nesting::Block(block) => {
                for (place, element) in part.elements().unwrap_or_default().iter().enumerate() {
                    decided_by_service(&block.fields, element, &path.place(place), problems);
                }
                for (key, element) in part.fields().into_iter().flatten() {
                    decided_by_service(&block.fields, element, &path.key(key), problems);
                }
            }
        }
    }
}
