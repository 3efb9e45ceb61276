//! The values that took part in a problem: what the references of the expression at fault stand for.
//!
//! Each problem of an expression belongs to the smallest expression that made it. Of its references those are
//! told that have a value at all, the longest part of each that has one. Secrets are never told.

use super::evaluator::Pass;
use super::expr::start_of;
use super::reference::{Chain, Step, free_chains, is_reserved};
use super::scope::{Eval, Scope, Stop};
use crate::diag::{Diagnostic, Span};
use crate::functions::Function;
use crate::syntax::tree::{Expr, ExprKind};
use crate::value::{Kind, Type, Value};

/// What a problem comes from, which decides whose values are worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something else than that a value is unknown or secret.
    Other,
    /// That a value is not known.
    Unknown,
    /// That a value is a secret, or ephemeral.
    Sensitive,
}

impl Pass<'_, '_> {
    /// Adds to the problems of a result what the references of an expression stand for.
    pub(super) fn explained<T>(
        &mut self,
        result: Eval<T>,
        expr: &Expr,
        scope: &mut Scope,
    ) -> Eval<T> {
        self.explained_by(result, expr, Cause::Other, scope)
    }

    /// Adds to the problems of a result what the references of an expression stand for.
    pub(super) fn explained_by<T>(
        &mut self,
        result: Eval<T>,
        expr: &Expr,
        cause: Cause,
        scope: &mut Scope,
    ) -> Eval<T> {
        result.map_err(|mut stop| {
            self.explain(&mut stop.problems, expr, cause, scope);
            stop
        })
    }

    /// Adds to problems what the references of an expression stand for, where nothing was added yet.
    pub(super) fn explain(
        &mut self,
        problems: &mut [Diagnostic],
        expr: &Expr,
        cause: Cause,
        scope: &mut Scope,
    ) {
        // A template from elsewhere has places of its own, and what `try` swallows is not told.
        if self.evaluator.quiet > 0 || scope.template.is_some() {
            return;
        }
        for problem in problems.iter_mut().filter(|problem| !problem.explained) {
            problem.explained = true;
            // Where the number of arguments is wrong none of them is to blame.
            let counted = problem.summary.ends_with("function arguments");
            let part = if counted { expr } else { part_at(expr, problem.span()) };
            problem.values = self.values(part, cause, scope);
            let inside = |span: Span| {
                let whole = expr.span;
                span.file == whole.file && whole.start <= span.start && span.end <= whole.end
            };
            let shown = whole_is_shown(expr)
                && problem.around.is_none()
                && problem.span().is_some_and(inside);
            if shown {
                problem.around = Some(expr.span);
            }
        }
    }

    /// Gives what the references of an expression stand for, by name.
    fn values(&mut self, expr: &Expr, cause: Cause, scope: &mut Scope) -> Vec<(String, String)> {
        let mut chains = Vec::new();
        let own = scope.variable.as_ref().filter(|_| scope.secret).map(|(name, _)| name.clone());
        let validating = self.evaluator.inputs.validating;
        let bound = |root: &str| scope.name(root).is_some();
        let hidden = |expr: &Expr| {
            let chain = Chain::new(expr);
            let (root, _) = chain.name();
            // While only the text is checked nothing is said of objects.
            validating && !is_reserved(root) && !bound(root)
        };
        let is_own = |expr: &Expr| {
            let chain = Chain::new(expr);
            let name = chain.attribute(0).map(|name| name.text.as_str());
            own.is_some() && chain.name().0 == "var" && name == own.as_deref()
        };
        free_chains(expr, &mut |expr| chains.extend((!hidden(expr)).then_some(expr)));
        self.evaluator.quiet += 1;
        let mut values: Vec<(String, String)> = Vec::new();
        for chain in chains {
            if let Some((name, value)) = self.longest(chain, scope)
                // A rule sees its variable without its mark. What kind of value it is may be told.
                && !(is_own(chain) && is_content(&value))
                && let Some(statement) = statement(&value, cause)
                && !values.iter().any(|(known, _)| *known == name)
            {
                values.push((name, statement));
            }
        }
        self.evaluator.quiet -= 1;
        values.sort();
        values
    }

    /// Gives the longest fixed part of a reference that has a value, with the value.
    fn longest(&mut self, expr: &Expr, scope: &mut Scope) -> Option<(String, Value)> {
        let mut parts = vec![expr];
        let mut at = expr;
        while let ExprKind::Attribute(source, _) | ExprKind::Index(source, _) = &at.kind {
            at = source;
            parts.push(at);
        }
        // The last one is the root alone, which has no value of its own.
        parts.pop();
        parts.iter().find_map(|part| {
            let name = fixed_name(part)?;
            let (found, _) = self.traced(|pass| pass.expr(part, scope));
            Some((name, found.ok()?))
        })
    }

    /// Adds a function's name and parameters to the problems of its call.
    pub(super) fn calling<T>(
        &self,
        result: Eval<T>,
        name: &str,
        function: &Function,
        scope: &Scope,
    ) -> Eval<T> {
        if result.is_ok() {
            return result;
        }
        let own = function.parameters.iter().map(|parameter| parameter.name.to_string());
        let rest = function.variadic.iter().map(|parameter| format!("{}...", parameter.name));
        self.calling_with(result, name, own.chain(rest).collect(), scope)
    }

    /// Adds a function's name and parameters to the problems of its call.
    pub(super) fn calling_with<T>(
        &self,
        result: Eval<T>,
        name: &str,
        parameters: Vec<String>,
        scope: &Scope,
    ) -> Eval<T> {
        // In loops Terraform names the function without its parameters.
        let parameters = scope.names.is_empty().then_some(parameters);
        result.map_err(|mut stop| {
            for problem in stop.problems.iter_mut().filter(|problem| !problem.explained) {
                problem.call = Some((name.to_string(), parameters.clone()));
            }
            stop
        })
    }
}

impl Stop {
    /// Says that the values behind the problems are of no interest.
    pub(super) fn plain(mut self) -> Stop {
        for problem in &mut self.problems {
            problem.explained = true;
        }
        self
    }
}

/// Says whether telling a value tells all of it.
fn is_content(value: &Value) -> bool {
    matches!(value.kind(), Kind::Bool(_) | Kind::Number(_) | Kind::String(_))
}

/// Gives the part of an expression that a problem points at; else all of it.
fn part_at(expr: &Expr, span: Option<Span>) -> &Expr {
    let Some(span) = span else { return expr };
    let parts: Vec<&Expr> = match &expr.kind {
        ExprKind::Binary(_, left, right) => vec![left, right],
        ExprKind::Unary(_, operand) => vec![operand],
        ExprKind::Conditional(condition, then, otherwise) => vec![condition, then, otherwise],
        ExprKind::Splat { source, .. } => vec![source],
        ExprKind::For(parts) => parts.condition.iter().chain([&parts.collection]).collect(),
        ExprKind::Object(items) => items.iter().map(|item| &item.key).collect(),
        ExprKind::Template(parts) => {
            let inner = parts.iter().filter_map(|part| match part {
                crate::syntax::tree::Part::Interpolation(expr) => Some(expr),
                _ => None,
            });
            inner.collect()
        }
        ExprKind::Call { arguments, .. } => {
            let found = arguments.iter().find(|argument| start_of(argument) == span);
            return found.unwrap_or(expr);
        }
        _ => Vec::new(),
    };
    parts.into_iter().find(|part| part.span == span).unwrap_or(expr)
}

/// Says whether an expression is shown as a whole where something in it is wrong.
fn whole_is_shown(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Call { .. }
            | ExprKind::Binary(..)
            | ExprKind::Unary(..)
            | ExprKind::Conditional(..)
            | ExprKind::For(_)
            | ExprKind::Template(_)
    )
}

/// Writes a reference whose parts are all fixed: `a.b[0]["c"]`.
fn fixed_name(expr: &Expr) -> Option<String> {
    let chain = Chain::new(expr);
    let ExprKind::Name(root) = &chain.root.kind else { return None };
    let mut name = root.clone();
    for (step, _, _) in &chain.steps {
        match step {
            Step::Attribute(attribute) => name.push_str(&format!(".{}", attribute.text)),
            Step::Index(key) => match &key.kind {
                ExprKind::Number(digits) => {
                    let number = crate::value::Number::parse(digits)?;
                    name.push_str(&format!("[{}]", number.to_general(Some(10), 'e')));
                }
                _ => name.push_str(&format!("[{}]", quoted(&key.literal()?))),
            },
        }
    }
    Some(name)
}

/// Says what a value is, as far as it may be said and is worth it.
fn statement(value: &Value, cause: Cause) -> Option<String> {
    let marks = value.marks();
    if marks.sensitive {
        return (cause == Cause::Sensitive).then(|| "has a sensitive value".to_string());
    }
    if marks.ephemeral {
        return (cause == Cause::Sensitive).then(|| "has an ephemeral value".to_string());
    }
    let Kind::Unknown(ty, bounds) = value.kind() else {
        return Some(format!("is {}", compact(value)));
    };
    let unknown = cause == Cause::Unknown;
    let name = ty.friendly();
    match ty {
        Type::Any => unknown.then(|| "will be known only after apply".to_string()),
        _ if !unknown => Some(format!("is a {name}")),
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            const MOST: usize = 1024;
            let size = match bounds.length {
                (least, Some(most)) if least == most => format!(" of length {least}"),
                (0, Some(most)) if most <= MOST => format!(" with up to {most} elements"),
                (least, Some(most)) if least > 0 && most <= MOST => {
                    format!(" with between {least} and {most} elements")
                }
                (least, _) if least > 0 => format!(" with at least {least} elements"),
                _ => String::new(),
            };
            Some(format!("is a {name}{size}, known only after apply"))
        }
        _ => Some(format!("is a {name}, known only after apply")),
    }
}

/// Writes a known value in a few words.
fn compact(value: &Value) -> String {
    let ty = value.ty();
    let sized = |length: usize| match length {
        0 => format!("empty {}", ty.friendly()),
        1 => format!("{} with 1 element", ty.friendly()),
        _ => format!("{} with {length} elements", ty.friendly()),
    };
    match value.kind() {
        Kind::Null(_) => "null".to_string(),
        Kind::Bool(truth) => truth.to_string(),
        Kind::Number(number) => number.to_general(Some(10), 'e'),
        Kind::String(text) => quoted(text),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => sized(parts.len()),
        Kind::Map(_, fields) => sized(fields.len()),
        Kind::Object(fields) => match fields.len() {
            0 => "object with no attributes".to_string(),
            1 => {
                let name = fields.keys().next().map_or("", |name| name);
                format!("object with 1 attribute {}", quoted(name))
            }
            length => format!("object with {length} attributes"),
        },
        Kind::Unknown(..) => "(not yet known)".to_string(),
    }
}

/// Writes a text in quotes on one line, with escapes for what cannot be seen.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            other if other.is_control() && u32::from(other) < 0x80 => {
                out.push_str(&format!("\\x{:02x}", u32::from(other)));
            }
            other if other.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
