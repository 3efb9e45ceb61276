//! What an expression says without being evaluated: its constant, and what it refers to.

use std::sync::Arc;

use super::evaluator::Evaluator;
use super::reference::{Chain, Named, Step, is_reserved, named, references};
use super::{Answer, Asked, Inputs, Oracle, Schemas};
use crate::addr::Mode;
use crate::config::Config;
use crate::config::constant::{fold, forbidden};
use crate::diag::Sources;
use crate::schema::Schema;
use crate::syntax::tree::Expr;
use crate::value::{Kind, Value};

/// An expression in outline.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Its value, where it is a fixed one.
    pub constant: Option<Value>,
    /// What it refers to, each from the longest to the shortest: `a.b.c`, then `a.b`.
    pub references: Vec<String>,
}

/// Gives an expression in outline.
pub fn outline(expr: &Expr) -> Outline {
    let mut found = Vec::new();
    references(expr, &mut Vec::new(), &mut |chain| found.extend(parts(chain)));
    let constant = if found.is_empty() { constant_of(expr) } else { None };
    Outline { constant, references: found }
}

/// Gives the value of an expression that is a fixed one.
pub fn constant_of(expr: &Expr) -> Option<Value> {
    fold(expr).or_else(|| computed(expr))
}

/// Nothing that an expression could ask of.
struct Nothing;

impl Schemas for Nothing {
    fn provider(&self, _source: &str) -> Option<Arc<Schema>> {
        None
    }

    fn resource(&self, _source: &str, _mode: Mode, _type_name: &str) -> Option<Arc<Schema>> {
        None
    }

    fn type_names(&self, _source: &str, _mode: Mode) -> Vec<String> {
        Vec::new()
    }
}

impl Oracle for Nothing {
    fn object(&mut self, _asked: &Asked<'_>) -> Answer {
        Answer::Pending
    }
}

/// Computes an expression that refers to nothing and calls no function.
fn computed(expr: &Expr) -> Option<Value> {
    if !forbidden(expr).is_empty() {
        return None;
    }
    let (config, sources) = (Config::default(), Sources::default());
    let inputs = Inputs::default();
    let value = Evaluator::new(&config, &sources, &inputs, &Nothing).expression(expr, &mut Nothing);
    value.ok().filter(is_finite)
}

/// Says whether all numbers in a value have an end: others cannot be written.
fn is_finite(value: &Value) -> bool {
    match value.kind() {
        Kind::Number(number) => !number.is_infinite(),
        _ => {
            value.elements().unwrap_or_default().iter().all(is_finite)
                && value.fields().into_iter().flatten().all(|(_, part)| is_finite(part))
        }
    }
}

/// Writes a reference as it stands, like those of `depends_on`.
pub fn reference_text(expr: &Expr) -> String {
    let chain = Chain::new(expr);
    let steps: Vec<String> = chain.steps.iter().map_while(|(step, _, _)| text(step)).collect();
    format!("{}{}", chain.name().0, steps.concat())
}

fn text(step: &Step<'_>) -> Option<String> {
    match step {
        Step::Attribute(name) => Some(format!(".{}", name.text)),
        Step::Index(key) => {
            let key = fold(key)?;
            match (key.as_str(), key.as_i64()) {
                (Some(text), _) => Some(format!("[{text:?}]")),
                (None, Some(place)) => Some(format!("[{place}]")),
                (None, None) => None,
            }
        }
    }
}

/// Gives a reference's texts: with all that follows, then less and less, down to what it speaks of.
fn parts(chain: &Chain<'_>) -> Vec<String> {
    let (root, _) = chain.name();
    let steps: Vec<String> = chain.steps.iter().map_while(|(step, _, _)| text(step)).collect();
    let is_key = |place: usize| steps.get(place).is_some_and(|step| step.starts_with('['));
    // How many steps say what is spoken of, and how many of these do where a key is left out.
    let (subject, short) = match root {
        "self" => (0, None),
        "module" => match (is_key(1), steps.len()) {
            (true, 0..=2) => (2, Some(1)),
            (true, _) => (3, Some(2)),
            (false, 0..=1) => (1, None),
            (false, _) => (2, Some(1)),
        },
        _ if is_reserved(root) && root != "data" && root != "ephemeral" => (1, None),
        _ => match named(chain) {
            Ok(Named::Resource { mode, used, .. }) => {
                let used = if mode == Mode::Managed { used } else { used.max(2) };
                if is_key(used) { (used + 1, Some(used)) } else { (used, None) }
            }
            _ => (1, None),
        },
    };
    let whole = |count: usize| format!("{root}{}", steps[..count.min(steps.len())].concat());
    let mut found: Vec<String> = (subject..=steps.len().max(subject)).rev().map(whole).collect();
    found.extend(short.map(whole));
    found
}
