//! `type(…)`, which only the console has, and only as the whole of what is entered.

use crate::diag::Diagnostic;
use crate::syntax::tree::{Expr, ExprKind, Part};

/// What is asked for.
pub(super) enum Asked<'a> {
    /// The value of what was entered.
    Value,
    /// The type of an expression.
    Type(&'a Expr),
    /// The type of a type.
    TypeOfType,
}

/// Says what an expression asks for.
///
/// # Errors
/// `type` is called with too much, too little, or within something else.
pub(super) fn asked(expr: &Expr) -> Result<Asked<'_>, Vec<Diagnostic>> {
    let mut whole = expr;
    while let ExprKind::Parens(inner) = &whole.kind {
        whole = inner;
    }
    let Some(arguments) = type_call(whole) else {
        return if within(expr) { Err(vec![misused(expr)]) } else { Ok(Asked::Value) };
    };
    let wrong = |summary: &str, detail: &str, at: &Expr| {
        Err(vec![Diagnostic::error(summary, detail).at(at.span, "")])
    };
    match arguments {
        [] => wrong(
            "Not enough function arguments",
            "Function \"type\" expects 1 argument(s). Missing value for \"value\".",
            whole,
        ),
        [argument] if type_call(argument).is_some() => Ok(Asked::TypeOfType),
        [argument] if within(argument) => Err(vec![misused(expr)]),
        [argument] => Ok(Asked::Type(argument)),
        [_, more, ..] => wrong(
            "Too many function arguments",
            "Function \"type\" expects only 1 argument(s).",
            more,
        ),
    }
}

fn misused(expr: &Expr) -> Diagnostic {
    let detail = "The console-only \"type\" function cannot be used as part of an expression.";
    Diagnostic::error("Invalid use of type function", detail).at(expr.span, "")
}

fn type_call(expr: &Expr) -> Option<&[Expr]> {
    match &expr.kind {
        ExprKind::Call { name, arguments, .. } if name.text == "type" => Some(arguments),
        _ => None,
    }
}

/// Says whether `type` is called anywhere in an expression.
fn within(expr: &Expr) -> bool {
    if type_call(expr).is_some() {
        return true;
    }
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Name(_)
        | ExprKind::Each
        | ExprKind::Unknown => false,
        ExprKind::Template(parts) => parts.iter().any(in_part),
        ExprKind::Attribute(source, _) => within(source),
        ExprKind::Index(source, index) => within(source) || within(index),
        ExprKind::Splat { source, each, .. } => within(source) || within(each),
        ExprKind::Call { arguments, .. } => arguments.iter().any(within),
        ExprKind::Unary(_, inner) | ExprKind::Parens(inner) => within(inner),
        ExprKind::Binary(_, left, right) => within(left) || within(right),
        ExprKind::Conditional(condition, yes, no) => within(condition) || within(yes) || within(no),
        ExprKind::Tuple(parts) => parts.iter().any(within),
        ExprKind::Object(items) => {
            items.iter().any(|item| within(&item.key) || within(&item.value))
        }
        ExprKind::For(each) => {
            let more = [each.key.as_ref(), each.condition.as_ref()];
            within(&each.collection)
                || within(&each.value)
                || more.into_iter().flatten().any(within)
        }
    }
}

fn in_part(part: &Part) -> bool {
    match part {
        Part::Literal(..) => false,
        Part::Interpolation(expr) => within(expr),
        Part::If { condition, then, otherwise, .. } => {
            within(condition) || then.iter().chain(otherwise).any(in_part)
        }
        Part::For { collection, body, .. } => within(collection) || body.iter().any(in_part),
    }
}
