//! Who answers the evaluator when only the configuration is checked: every object is one to come.

use std::collections::BTreeMap;

use super::planner::{Planner, diagnostic};
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
                self.problems.push(diagnostic(&problem, address, asked.instance));
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
            let mut problem = diagnostic(wrong, asked.address, asked.instance);
            if let Some(origin) = &asked.instance.origin {
                let inner = Path(wrong.path.0.get(1..).unwrap_or_default().to_vec());
                problem.detail = format!("In {}: {}", origin.place_of(&inner), problem.detail);
            }
            self.complain(asked.address, problem);
        }
    }
}

/// Gives what is wrong with an object's configuration for its provider: what only the service decides is written, or
/// what the provider itself finds.
pub(super) fn wrong(provider: &dyn Provider, asked: &Asked<'_>, config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mode = asked.address.mode;
    written_but_decided(&asked.schema.fields, config, &Path::root(), &mut |path, name| {
        problems.extend(provider.decides(mode, path, name));
    });
    problems.extend(provider.validate(mode, &asked.address.type_name, config));
    problems
}

/// Tells of each written attribute that only the provider decides: where it is, and its name.
fn written_but_decided(
    fields: &BTreeMap<String, Field>,
    value: &Value,
    path: &Path,
    tell: &mut impl FnMut(&Path, &str),
) {
    for (name, field) in fields {
        let Some(part) = value.field(name).filter(|part| !part.is_null()) else { continue };
        let path = path.attribute(name);
        match &field.nesting {
            Nesting::Attribute if field.given == Given::Service => tell(&path, name),
            Nesting::Attribute => {}
            Nesting::Block(block) if block.kind == BlockKind::Single => {
                written_but_decided(&block.fields, part, &path, tell);
            }
            Nesting::Block(block) => {
                for (place, element) in part.elements().unwrap_or_default().iter().enumerate() {
                    written_but_decided(&block.fields, element, &path.place(place), tell);
                }
                for (key, element) in part.fields().into_iter().flatten() {
                    written_but_decided(&block.fields, element, &path.key(key), tell);
                }
            }
        }
    }
}
