//! Expressions to values.

use super::evaluator::Pass;
use super::scope::{Eval, Scope, Stop, finish, hide_later, note, settle, stop};
use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Expr, ExprKind, Item, Part};
use crate::value::convert::convert;
use crate::value::{Kind, Number, Type, Value};

impl Pass<'_, '_> {
    /// Evaluates an expression.
    pub(super) fn expr(&mut self, expr: &Expr, scope: &mut Scope) -> Eval {
        let result = self.by_kind(expr, scope).map_err(|mut stop| {
            if stop.by_name {
                hide_later(&mut stop.problems);
            }
            stop
        });
        self.explained(result, expr, scope)
    }

    fn by_kind(&mut self, expr: &Expr, scope: &mut Scope) -> Eval {
        match &expr.kind {
            ExprKind::Null => Ok(Value::null(Type::Any)),
            ExprKind::Bool(truth) => Ok(Value::bool(*truth)),
            ExprKind::Number(text) => match Number::parse(text) {
                Some(number) => Ok(Value::number(number)),
                None => stop("Invalid number", format!("{text:?} is not a number."), expr.span),
            },
            ExprKind::Template(parts) => self.template(parts, expr.span, scope),
            ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Index(..) => {
                self.chain(expr, scope)
            }
            ExprKind::Splat { source, each, .. } => self.splat(source, each, scope),
            // A text with it is not evaluated; if it were, nothing would be known.
            ExprKind::Unknown => Ok(Value::unknown(Type::Any)),
            ExprKind::Each => match scope.elements.last() {
                Some(element) => Ok(element.clone()),
                None => Err(Stop::reported()),
            },
            ExprKind::Call { name, arguments, expand } => {
                self.call(name, arguments, *expand, expr.span, scope)
            }
            ExprKind::Unary(op, operand) => self.unary(*op, operand, expr.span, scope),
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, expr.span, scope),
            ExprKind::Conditional(condition, then, otherwise) => {
                self.conditional(condition, then, otherwise, scope)
            }
            ExprKind::Tuple(parts) => {
                let mut stopped = None;
                let values = parts.iter().map(|part| {
                    let (value, wrong) = settle(self.expr(part, scope));
                    note(&mut stopped, wrong);
                    value
                });
                let value = Value::tuple(values.collect());
                finish(value, stopped)
            }
            ExprKind::Object(items) => self.object_of(items, scope),
            ExprKind::For(parts) => self.comprehension(parts, scope),
            ExprKind::Parens(inner) => self.expr(inner, scope),
        }
    }

    fn object_of(&mut self, items: &[Item], scope: &mut Scope) -> Eval {
        let mut marks = crate::value::Marks::default();
        let mut fields = Vec::with_capacity(items.len());
        let (mut known, mut stopped) = (true, None);
        for item in items {
            let key = self.key(item, scope);
            let (value, wrong) = settle(self.expr(&item.value, scope));
            let key = match key {
                Ok(key) => key,
                Err(stop) => {
                    note(&mut stopped, Some(stop));
                    Value::unknown(Type::String)
                }
            };
            note(&mut stopped, wrong);
            marks = marks.join(key.marks());
            match key.kind() {
                Kind::String(name) => fields.push((name.clone(), value)),
                _ => known = false,
            }
        }
        // Which attributes there are is not known, nor that any of it is secret.
        let value = match known {
            true => Value::object(fields).marked(marks),
            false => Value::unknown(Type::Any),
        };
        finish(value, stopped)
    }

    fn key(&mut self, item: &Item, scope: &mut Scope) -> Eval {
        if is_fixed_chain(&item.key) {
            if !scope.bare {
                self.skip(&item.key, scope)?;
            }
            let detail = "If this expression is intended to be a reference, wrap it in parentheses. If it's instead \
                          intended as a literal name containing periods, wrap it in quotes to create a string literal.";
            let problem = Diagnostic::error("Ambiguous attribute key", detail);
            return Err(Stop::problem(problem.at(item.key.span, "")).plain());
        }
        let key = self.expr(&item.key, scope)?;
        if key.is_null() {
            return stop("Null value as key", "Can't use a null value as a key.", item.value.span);
        }
        convert(&key, &Type::String).or_else(|error| {
            let detail = format!("Can't use this value as a key: {}.", error.message);
            stop("Incorrect key type", detail, item.key.span)
        })
    }
}

/// Gives the place where an expression begins, as messages about arguments point to it.
pub(super) fn start_of(expr: &Expr) -> Span {
    let first = |length: u32| Span { end: expr.span.start + length, ..expr.span };
    match &expr.kind {
        ExprKind::Template(parts) => match parts.first() {
            Some(Part::Literal(text, span)) if !text.is_empty() => *span,
            Some(Part::Literal(..)) | None => {
                Span { start: expr.span.end, end: expr.span.end + 1, ..expr.span }
            }
            Some(Part::Interpolation(inner)) if parts.len() > 1 => start_of(inner),
            Some(Part::Interpolation(_)) => expr.span,
            Some(Part::If { condition, .. }) => start_of(condition),
            Some(Part::For { collection, body, span, .. }) => {
                let end = match body.first() {
                    Some(Part::Literal(_, first)) => first.start,
                    _ => collection.span.end + 2,
                };
                Span { end, ..*span }
            }
        },
        ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) | ExprKind::Unary(..) => {
            first(1)
        }
        ExprKind::Call { name, .. } => Span { end: name.span.end + 1, ..name.span },
        ExprKind::Conditional(part, _, _) | ExprKind::Binary(_, part, _) => start_of(part),
        ExprKind::Splat { source, dotted, .. } => {
            let start = source.span.end;
            Span { start, end: start + if *dotted { 2 } else { 3 }, ..expr.span }
        }
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Name(_)
        | ExprKind::Attribute(..)
        | ExprKind::Each
        | ExprKind::Unknown => expr.span,
        ExprKind::Index(source, key) if !is_fixed(key) => {
            Span { start: source.span.end, end: source.span.end + 1, ..expr.span }
        }
        ExprKind::Index(..) => expr.span,
        ExprKind::Parens(inner) => start_of(inner),
    }
}

/// Says whether an expression is a name with fixed steps after it: `a.b`, `a["b"]`.
fn is_fixed_chain(expr: &Expr) -> bool {
    let (ExprKind::Attribute(source, _) | ExprKind::Index(source, _)) = &expr.kind else {
        return false;
    };
    let fixed = !matches!(&expr.kind, ExprKind::Index(_, key) if !is_fixed(key));
    fixed && (matches!(source.kind, ExprKind::Name(_)) || is_fixed_chain(source))
}

/// Says whether a key is written as a number, a plain text and the like: it is a step of a reference then.
pub(super) fn is_fixed(key: &Expr) -> bool {
    matches!(key.kind, ExprKind::Number(_) | ExprKind::Null | ExprKind::Bool(_))
        || key.literal().is_some()
}
