//! Constants: what can be told of an expression without evaluating anything that others declare.

use crate::diag::{Diagnostic, Span, nearest_within};
use crate::syntax::tree::{Expr, ExprKind, Item, Part, UnaryOp};
use crate::value::{Kind, Number, Type, Value};

use super::names::references;

/// Finds what a constant may not have: references and function calls.
pub fn forbidden(expr: &Expr) -> Vec<Diagnostic> {
    let mut problems: Vec<Diagnostic> = references(expr)
        .into_iter()
        .map(|reference| {
            let root = super::names::root(reference);
            match (names_around(expr, root.span), &root.kind) {
                (Some(names), ExprKind::Name(name)) => unknown_name(name, &names, root.span),
                _ => Diagnostic::error("Variables not allowed", "Variables may not be used here.")
                    .at(root.span, ""),
            }
        })
        .collect();
    super::names::walk(expr, &mut |inner| {
        if let ExprKind::Call { .. } = inner.kind {
            let detail = "Functions may not be called here.";
            problems
                .push(Diagnostic::error("Function calls not allowed", detail).at(inner.span, ""));
        }
    });
    problems
}

/// Gives the names of the innermost `for` around a place of its body.
fn names_around(expr: &Expr, place: Span) -> Option<Vec<String>> {
    let within = |outer: Span| outer.start <= place.start && place.end <= outer.end;
    let mut found = None;
    super::names::walk(expr, &mut |inner| {
        if let ExprKind::For(parts) = &inner.kind
            && within(inner.span)
            && !within(parts.collection.span)
        {
            let names = parts.key_name.iter().chain([&parts.value_name]);
            found = Some(names.map(|name| name.text.clone()).collect());
        }
    });
    found
}

fn unknown_name(name: &str, known: &[String], span: Span) -> Diagnostic {
    let near = nearest_within(name, known.iter().map(String::as_str));
    let hint = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
    let detail = format!("There is no variable named \"{name}\".{hint}");
    Diagnostic::error("Unknown variable", detail).at(span, "")
}

/// Gives the value of a literal, or of a collection of literals.
pub fn fold(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Null => Some(Value::null(Type::Any)),
        ExprKind::Bool(value) => Some(Value::bool(*value)),
        ExprKind::Number(text) => Some(Value::number(Number::parse(text)?)),
        ExprKind::Template(parts) => template(parts),
        ExprKind::Parens(inner) => fold(inner),
        ExprKind::Unary(UnaryOp::Negate, inner) => match (&inner.kind, fold(inner)?.kind()) {
            (ExprKind::Number(text), _) => Some(Value::number(Number::parse(&format!("-{text}"))?)),
            _ => None,
        },
        ExprKind::Unary(UnaryOp::Not, inner) => Some(Value::bool(!fold(inner)?.as_bool()?)),
        ExprKind::Tuple(elements) => {
            Some(Value::tuple(elements.iter().map(fold).collect::<Option<Vec<Value>>>()?))
        }
        ExprKind::Object(items) => {
            let fields: Option<Vec<(String, Value)>> = items.iter().map(field).collect();
            Some(Value::object(fields?))
        }
        ExprKind::Name(_)
        | ExprKind::Attribute(..)
        | ExprKind::Index(..)
        | ExprKind::Splat { .. }
        | ExprKind::Each
        | ExprKind::Unknown
        | ExprKind::Call { .. }
        | ExprKind::Binary(..)
        | ExprKind::Conditional(..)
        | ExprKind::For(_) => None,
    }
}

fn field(item: &Item) -> Option<(String, Value)> {
    let key = match fold(&item.key)?.kind() {
        Kind::String(text) => text.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Bool(value) => value.to_string(),
        _ => return None,
    };
    Some((key, fold(&item.value)?))
}

fn template(parts: &[Part]) -> Option<Value> {
    if let [Part::Interpolation(expr)] = parts {
        return fold(expr);
    }
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Literal(literal, _) => text.push_str(literal),
            Part::Interpolation(expr) => match fold(expr)?.kind() {
                Kind::String(inner) => text.push_str(inner),
                Kind::Number(number) => text.push_str(&number.to_string()),
                Kind::Bool(value) => text.push_str(&value.to_string()),
                _ => return None,
            },
            Part::If { .. } | Part::For { .. } => return None,
        }
    }
    Some(Value::string(text))
}
