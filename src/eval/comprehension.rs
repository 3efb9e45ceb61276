//! `for` expressions and splats.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{Entries, entries};
use super::evaluator::Pass;
use super::evidence::Cause;
use super::scope::{Eval, Scope, Stop, all, finish, note, settle, stop};
use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Expr, For};
use crate::value::convert::convert;
use crate::value::{Bounds, Kind, Marks, Type, Value};

/// What one turn of a `for` gives.
enum Turned {
    /// Left out by `if`.
    Nothing,
    /// Its key or condition is not known.
    Unknown,
    /// An entry; without a key in a tuple.
    Entry(Option<Arc<str>>, Value),
}

impl Pass<'_, '_> {
    /// Evaluates `[for …]` and `{for …}`.
    pub(super) fn comprehension(&mut self, parts: &For, scope: &mut Scope) -> Eval {
        let (collection, mut stopped) = settle(self.expr(&parts.collection, scope));
        let mut marks = collection.marks();
        let (entries, goes) = match iterable(&collection, parts.collection.span) {
            Ok(entries) => (entries, true),
            Err(stop) => {
                note(&mut stopped, Some(stop));
                (None, false)
            }
        };
        let Some((entries, _)) = entries else {
            note(&mut stopped, self.skip_parts(parts, scope).err());
            if goes && collection.ty() != Type::Any {
                note(&mut stopped, self.check_condition(parts, scope).err());
            }
            return finish(Value::unknown(Type::Any).marked(marks), stopped);
        };
        if entries.is_empty() {
            self.skip_parts(parts, scope)?;
        }
        if let Err(stop) = self.check_condition(parts, scope) {
            note(&mut stopped, Some(stop));
            return finish(Value::unknown(Type::Any), stopped);
        }
        let (mut list, mut fields, mut groups) =
            (Vec::new(), BTreeMap::new(), BTreeMap::<Arc<str>, Vec<Value>>::new());
        let mut known = true;
        for (key, value) in entries {
            let depth = scope.names.len();
            if let Some(name) = &parts.key_name {
                scope.names.push((name.text.clone(), key));
            }
            scope.names.push((parts.value_name.text.clone(), value));
            let mut turned = self.turn(parts, scope, &mut marks, known);
            if let Turned::Entry(Some(key), value) = &mut turned.0
                && !parts.group
            {
                if fields.contains_key(key) {
                    note(&mut turned.1, Some(duplicate(key, parts, marks)));
                } else {
                    fields.insert(key.clone(), value.clone());
                }
                turned.0 = Turned::Nothing;
            }
            if let Some(stop) = turned.1 {
                note(&mut stopped, self.with_names::<()>(Err(stop), parts, scope).err());
            }
            scope.names.truncate(depth);
            match turned.0 {
                Turned::Nothing => {}
                Turned::Unknown => known = false,
                Turned::Entry(None, value) => list.push(value),
                Turned::Entry(Some(key), value) => groups.entry(key).or_default().push(value),
            }
        }
        let value = match (known, parts.key.is_some(), parts.group) {
            (false, _, _) => Value::unknown(Type::Any),
            (true, false, _) => Value::tuple(list),
            (true, true, false) => Value::object::<Arc<str>>(fields),
            (true, true, true) => {
                Value::object(groups.into_iter().map(|(key, values)| (key, Value::tuple(values))))
            }
        };
        finish(value.marked(marks), stopped)
    }

    /// Adds the values behind a problem of a turn, its own names included.
    fn with_names<T>(&mut self, turned: Eval<T>, parts: &For, scope: &mut Scope) -> Eval<T> {
        turned.map_err(|mut stop| {
            for problem in &mut stop.problems {
                let candidates = parts.key.iter().chain(&parts.condition);
                let at = candidates.into_iter().find(|expr| problem.span() == Some(expr.span));
                let expr = at.unwrap_or(&parts.value);
                self.explain(std::slice::from_mut(problem), expr, Cause::Other, scope);
            }
            stop
        })
    }

    /// Checks the condition once for all turns, with names that stand for any element.
    fn check_condition(&mut self, parts: &For, scope: &mut Scope) -> Eval<()> {
        let Some(condition) = &parts.condition else { return Ok(()) };
        let depth = scope.names.len();
        let names = parts.key_name.iter().chain([&parts.value_name]);
        scope.names.extend(names.map(|name| (name.text.clone(), Value::unknown(Type::Any))));
        let include = self.expr(condition, scope);
        scope.names.truncate(depth);
        let include = include?;
        if include.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            return stop("Condition is null", detail, condition.span);
        }
        convert(&include, &Type::Bool).map(|_| ()).or_else(|error| {
            let detail = format!("The 'if' clause value is invalid: {}.", error.message);
            stop("Invalid 'for' condition", detail, condition.span)
        })
    }

    /// Makes one turn, with the problems that came up. What no key can be made of is told as long as all were `known`.
    fn turn(
        &mut self,
        parts: &For,
        scope: &mut Scope,
        marks: &mut Marks,
        known: bool,
    ) -> (Turned, Option<Stop>) {
        let mut stopped = None;
        if let Some(condition) = &parts.condition {
            match self.included(condition, scope, marks, known) {
                (Some(true), wrong) => note(&mut stopped, wrong),
                (Some(false), wrong) => return (Turned::Nothing, wrong),
                (None, mut wrong) => {
                    note(&mut wrong, self.skip(&parts.value, scope).err());
                    return (Turned::Unknown, wrong);
                }
            }
        }
        let Some(key) = &parts.key else {
            let (value, wrong) = settle(self.expr(&parts.value, scope));
            note(&mut stopped, wrong);
            return (Turned::Entry(None, value), stopped);
        };
        let (found, wrong) = settle(self.expr(key, scope));
        note(&mut stopped, wrong);
        *marks = marks.join(found.marks());
        if !found.is_known() {
            if stopped.is_none() {
                note(&mut stopped, self.skip(&parts.value, scope).err());
            }
            return (Turned::Unknown, stopped);
        }
        let invalid = |detail: &str| stop("Invalid object key", detail, key.span);
        let text = if found.is_null() {
            invalid("Key expression in 'for' expression must not produce a null value.")
        } else {
            convert(&found, &Type::String).or_else(|error| {
                invalid(&format!(
                    "The key expression produced an invalid result: {}.",
                    error.message
                ))
            })
        };
        let text = match text {
            Ok(text) => text,
            Err(stop) => {
                note(&mut stopped, known.then_some(stop));
                return (Turned::Unknown, stopped);
            }
        };
        let (value, wrong) = settle(self.expr(&parts.value, scope));
        note(&mut stopped, wrong);
        match text.kind() {
            Kind::String(text) => (Turned::Entry(Some(text.clone()), value), stopped),
            _ => (Turned::Unknown, stopped),
        }
    }

    /// Says whether the condition takes an element in; nothing where that is not known.
    fn included(
        &mut self,
        condition: &Expr,
        scope: &mut Scope,
        marks: &mut Marks,
        known: bool,
    ) -> (Option<bool>, Option<Stop>) {
        let (include, mut stopped) = settle(self.expr(condition, scope));
        let invalid = |detail: &str| stop("Invalid 'for' condition", detail, condition.span);
        let include = if include.is_null() {
            invalid("The value of the 'if' clause must not be null.")
        } else {
            convert(&include, &Type::Bool).or_else(|error| {
                invalid(&format!("The 'if' clause value is invalid: {}.", error.message))
            })
        };
        match include {
            Ok(include) => {
                *marks = marks.join(include.marks());
                (include.as_bool(), stopped)
            }
            Err(stop) => {
                note(&mut stopped, known.then_some(stop));
                (None, stopped)
            }
        }
    }

    /// Notes what the parts of a loop refer to that is not gone through.
    fn skip_parts(&mut self, parts: &For, scope: &mut Scope) -> Eval<()> {
        let depth = scope.names.len();
        let names = parts.key_name.iter().chain([&parts.value_name]);
        scope.names.extend(names.map(|name| (name.text.clone(), Value::unknown(Type::Any))));
        let inner = parts.key.iter().chain([&parts.value]).chain(&parts.condition);
        let skipped = all(inner.map(|expr| self.skip(expr, scope)));
        scope.names.truncate(depth);
        skipped.map(|_| ())
    }

    /// Evaluates `source[*].each` and `source.*.each`.
    pub(super) fn splat(&mut self, source: &Expr, each: &Expr, scope: &mut Scope) -> Eval {
        let (value, stopped) = settle(self.expr(source, scope));
        let Some(mut stop) = stopped else {
            return self.splat_value(&value, source.span, each, scope);
        };
        if let Err(more) = self.element(Value::unknown(Type::Any), each, scope) {
            stop = stop.and(more);
        }
        Err(stop)
    }

    /// Applies a splat to a value.
    pub(super) fn splat_value(
        &mut self,
        value: &Value,
        span: Span,
        each: &Expr,
        scope: &mut Scope,
    ) -> Eval {
        let marks = value.marks();
        let ty = value.ty();
        let single = !matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_));
        if value.is_null() {
            if single {
                return Ok(Value::tuple(Vec::new()).marked(marks));
            }
            let detail =
                "Splat expressions (with the * symbol) cannot be applied to null sequences.";
            return stop("Splat of null value", detail, span);
        }
        let may_be_null = matches!(value.kind(), Kind::Unknown(_, bounds) if !bounds.not_null);
        if ty == Type::Any {
            self.skip(each, scope)?;
            return Ok(Value::unknown(Type::Any).marked(marks));
        }
        if single {
            let (part, stopped) = settle(self.element(value.clone(), each, scope));
            let result = match stopped {
                _ if may_be_null => Value::unknown(Type::Any),
                Some(_) => Value::unknown(Type::Tuple(vec![part.ty()])),
                None => Value::tuple(vec![part]),
            };
            return finish(result.marked(marks), stopped);
        }
        let listed = |element: &Type| Value::unknown(element.clone());
        let result = match (value.kind(), &ty) {
            (Kind::Unknown(..), Type::Tuple(types)) => {
                let mut stopped = None;
                let parts = types.iter().map(|ty| {
                    let (part, wrong) = settle(self.element(listed(ty), each, scope));
                    note(&mut stopped, wrong);
                    part
                });
                return finish(Value::tuple(parts.collect()).marked(marks), stopped);
            }
            (Kind::Unknown(_, bounds), Type::List(element) | Type::Set(element)) => {
                let (part, stopped) = settle(self.element(listed(element), each, scope));
                let length = match ty {
                    Type::List(_) => bounds.length,
                    _ => (0, None),
                };
                let kept = Bounds { length, ..Bounds::not_null() };
                let list = Value::new(Kind::unknown(Type::list(part.ty()), kept));
                return finish(list.marked(marks), stopped);
            }
            (kind, ty) => {
                let mut stopped = None;
                let parts = value.elements().unwrap_or_default().iter().map(|part| {
                    let (part, wrong) = settle(self.element(part.clone(), each, scope));
                    note(&mut stopped, wrong);
                    part
                });
                let parts: Vec<Value> = parts.collect();
                if let Some(stop) = stopped {
                    let types = parts.iter().map(Value::ty).collect();
                    let of = match ty {
                        Type::List(element) | Type::Set(element) => {
                            Type::list(settle(self.element(listed(element), each, scope)).0.ty())
                        }
                        _ => Type::Tuple(types),
                    };
                    return Err(stop.with(Value::unknown(of).marked(marks)));
                }
                match (kind, ty) {
                    (Kind::Tuple(_), _) => Value::tuple(parts),
                    (_, Type::List(element) | Type::Set(element)) if parts.is_empty() => {
                        let empty = self.element(listed(element), each, scope)?;
                        Value::list(empty.ty(), parts)
                    }
                    _ => {
                        let element = parts.first().map_or(Type::Any, Value::ty);
                        Value::list(element, parts)
                    }
                }
            }
        };
        Ok(result.marked(marks))
    }

    fn element(&mut self, element: Value, each: &Expr, scope: &mut Scope) -> Eval {
        scope.elements.push(element);
        let result = self.expr(each, scope);
        scope.elements.pop();
        result
    }
}

/// Gives what a loop goes through; nothing where it is not known.
pub(super) fn iterable(collection: &Value, span: Span) -> Eval<Option<Entries>> {
    if collection.is_null() {
        let detail = "A null value cannot be used as the collection in a 'for' expression.";
        return stop("Iteration over null value", detail, span);
    }
    let ty = collection.ty();
    if ty.is_primitive() {
        let detail = format!(
            "A value of type {} cannot be used as the collection in a 'for' expression.",
            ty.friendly()
        );
        return stop("Iteration over non-iterable value", detail, span);
    }
    Ok(entries(collection))
}

fn duplicate(key: &str, parts: &For, marks: Marks) -> Stop {
    // A key that a secret is in is not told.
    let key = if marks.any() { "(sensitive value)".to_string() } else { format!("{key:?}") };
    let span = parts.key.as_ref().map_or(parts.value.span, |key| key.span);
    let detail = format!(
        "Two different items produced the key {key} in this 'for' expression. If duplicates are expected, use the \
         ellipsis (...) after the value expression to enable grouping by key."
    );
    Stop::problem(Diagnostic::error("Duplicate object key", detail).at(span, ""))
}
