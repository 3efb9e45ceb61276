//! What an expression says without being evaluated: its constant, and what it refers to.

use std::sync::Arc;

use super::evaluator::{Evaluator, Pass};
use super::reference::{Chain, Named, Step, is_reserved, named, references};
use super::scope::Scope;
use super::{Answer, Asked, Inputs, Oracle, Schemas};
use crate::addr::Mode;
use crate::config::{Config, constant, names};
use crate::diag::Sources;
use crate::schema::Schema;
use crate::syntax::tree::{Expr, ExprKind, Part};
use crate::value::{Type, Value};

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
    Outline { constant: constant_of(expr), references: found }
}

/// Gives the value of an expression that is a fixed one: it is worked out without names and functions.
pub fn constant_of(expr: &Expr) -> Option<Value> {
    constant::fold(expr).or_else(|| if may_be_fixed(expr) { worked_out(expr) } else { None })
}

/// Says whether it is worth trying: what has a name or a function is fixed only where that is not looked at.
fn may_be_fixed(expr: &Expr) -> bool {
    let (mut open, mut chooses) = (false, false);
    references(expr, &mut Vec::new(), &mut |_| open = true);
    names::walk(expr, &mut |inner| match &inner.kind {
        ExprKind::Call { .. } => open = true,
        ExprKind::Conditional(..) => chooses = true,
        ExprKind::Template(parts) => {
            chooses |= parts.iter().any(|part| matches!(part, Part::If { .. }));
        }
        _ => {}
    });
    chooses || !open
}

fn worked_out(expr: &Expr) -> Option<Value> {
    let (config, sources, inputs) = (Config::default(), Sources::default(), Inputs::default());
    let mut evaluator = Evaluator::new(&config, &sources, &inputs, &Nothing);
    let mut scope = Scope { bare: true, ..Scope::default() };
    let mut nobody = Nothing;
    let mut pass = Pass { evaluator: &mut evaluator, oracle: &mut nobody };
    pass.expr(expr, &mut scope).ok().filter(Value::is_whole)
}

/// No providers and no world.
struct Nothing;

impl Oracle for Nothing {
    fn object(&mut self, _: &Asked<'_>) -> Answer {
        Answer::Known(Value::unknown(Type::Any))
    }
}

impl Schemas for Nothing {
    fn provider(&self, _: &str) -> Option<Arc<Schema>> {
        None
    }

    fn resource(&self, _: &str, _: Mode, _: &str) -> Option<Arc<Schema>> {
        None
    }

    fn type_names(&self, _: &str, _: Mode) -> Vec<String> {
        Vec::new()
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
            let key = constant::fold(key)?;
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
