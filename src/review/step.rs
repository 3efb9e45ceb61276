//! Steps into values, as far as the text tells them.

use crate::config::names;
use crate::syntax::tree::{Expr, ExprKind};
use crate::value::PathStep;

/// One step into a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// An attribute or a key.
    Name(String),
    /// A place in a list.
    Place(usize),
    /// Any: the text does not tell, or a set has no places.
    Any,
}

impl Step {
    /// Takes a key as written: digits are a place.
    pub(super) fn from_text(text: &str) -> Step {
        text.parse().map_or_else(|_| Step::Name(text.to_string()), Step::Place)
    }
}

impl From<&PathStep> for Step {
    fn from(step: &PathStep) -> Step {
        match step {
            PathStep::Attribute(name) => Step::Name(name.clone()),
            PathStep::Index(index) => match (index.as_str(), index.as_i64()) {
                (Some(key), _) => Step::Name(key.to_string()),
                (None, Some(place)) => usize::try_from(place).map_or(Step::Any, Step::Place),
                (None, None) => Step::Any,
            },
        }
    }
}

/// Gives the text of a literal.
pub(super) fn literal(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Null => Some("null".into()),
        ExprKind::Bool(value) => Some(value.to_string()),
        ExprKind::Number(text) => Some(text.clone()),
        ExprKind::Parens(inner) => literal(inner),
        _ => expr.literal(),
    }
}

/// Gives the steps of a chain after its root.
pub(super) fn of_chain(expr: &Expr) -> Vec<Step> {
    of_steps(&names::chain(expr)[1..])
}

/// Gives the steps of expressions that each are a step of the one before.
pub(super) fn of_steps(chain: &[&Expr]) -> Vec<Step> {
    let mut steps = Vec::new();
    for expr in chain {
        match &expr.kind {
            ExprKind::Attribute(_, name) => steps.push(Step::from_text(&name.text)),
            ExprKind::Index(_, index) => {
                steps.push(literal(index).map_or(Step::Any, |text| Step::from_text(&text)));
            }
            ExprKind::Splat { each, .. } => {
                steps.push(Step::Any);
                steps.extend(of_chain(each));
            }
            _ => {}
        }
    }
    steps
}

/// Names what a reference refers to, as short as it says something: `var.size`, `local.names`, `module.m.out`.
pub(super) fn named(expr: &Expr) -> String {
    let names = expr
        .traversal()
        .or_else(|| names::chain(expr).iter().rev().find_map(|part| part.traversal()));
    let names = names.unwrap_or_default();
    let length = match names.first().map(|name| name.text.as_str()) {
        Some("data" | "module") => 3,
        Some("var" | "local" | "each" | "count" | "path") => 2,
        _ => 3,
    };
    let names = names.iter().take(length).map(|name| name.text.as_str());
    names.collect::<Vec<_>>().join(".")
}
