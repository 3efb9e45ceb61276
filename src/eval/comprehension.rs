//! `for` expressions and splats.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{Entries, entries};
use super::evaluator::Pass;
use super::evidence::Cause;
use super::scope::{Eval, Scope, all, stop};
use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Expr, For};
use crate::value::convert::convert;
use crate::value::{Kind, Marks, Type, Value};

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
        let collection = self.expr(&parts.collection, scope)?;
        let mut marks = collection.marks();
        let Some((entries, _)) = iterable(&collection, parts.collection.span)? else {
            self.skip_parts(parts, scope)?;
            return Ok(Value::unknown(Type::Any).marked(marks));
        };
        if entries.is_empty() {
            self.skip_parts(parts, scope)?;
        }
        self.check_condition(parts, scope)?;
        let (mut list, mut fields, mut groups) =
            (Vec::new(), BTreeMap::new(), BTreeMap::<Arc<str>, Vec<Value>>::new());
        let mut known = true;
        for (key, value) in entries {
            let depth = scope.names.len();
            if let Some(name) = &parts.key_name {
                scope.names.push((name.text.clone(), key));
            }
            scope.names.push((parts.value_name.text.clone(), value));
            let turned = self.turn(parts, scope, &mut marks).and_then(|turned| match turned {
                Turned::Entry(Some(key), value) if !parts.group => {
                    if fields.insert(key.clone(), value).is_some() {
                        return duplicate(&key, parts);
                    }
                    Ok(Turned::Nothing)
                }
                turned => Ok(turned),
            });
            let turned = self.with_names(turned, parts, scope);
            scope.names.truncate(depth);
            match turned? {
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
        Ok(value.marked(marks))
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

    fn turn(&mut self, parts: &For, scope: &mut Scope, marks: &mut Marks) -> Eval<Turned> {
        if let Some(condition) = &parts.condition {
            match self.included(condition, scope, marks)? {
                Some(true) => {}
                Some(false) => return Ok(Turned::Nothing),
                None => {
                    self.skip(&parts.value, scope)?;
                    return Ok(Turned::Unknown);
                }
            }
        }
        let Some(key) = &parts.key else {
            return Ok(Turned::Entry(None, self.expr(&parts.value, scope)?));
        };
        let found = self.expr(key, scope)?;
        *marks = marks.join(found.marks());
        let span = key.span;
        if found.is_null() {
            let detail = "Key expression in 'for' expression must not produce a null value.";
            return stop("Invalid object key", detail, span);
        }
        let text = convert(&found, &Type::String).or_else(|error| {
            let detail =
                format!("The key expression produced an invalid result: {}.", error.message);
            stop("Invalid object key", detail, span)
        })?;
        let value = self.expr(&parts.value, scope)?;
        match text.kind() {
            Kind::String(text) => Ok(Turned::Entry(Some(text.clone()), value)),
            _ => Ok(Turned::Unknown),
        }
    }

    fn included(
        &mut self,
        condition: &Expr,
        scope: &mut Scope,
        marks: &mut Marks,
    ) -> Eval<Option<bool>> {
        let include = self.expr(condition, scope)?;
        if include.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            return stop("Invalid 'for' condition", detail, condition.span);
        }
        let include = convert(&include, &Type::Bool).or_else(|error| {
            let detail = format!("The 'if' clause value is invalid: {}.", error.message);
            stop("Invalid 'for' condition", detail, condition.span)
        })?;
        *marks = marks.join(include.marks());
        Ok(include.as_bool())
    }

    /// Notes what the parts of a loop refer to that is not gone through.
    fn skip_parts(&mut self, parts: &For, scope: &mut Scope) -> Eval<()> {
        let depth = scope.names.len();
        let names = parts.key_name.iter().chain([&parts.value_name]);
        scope.names.extend(names.map(|name| (name.text.clone(), Value::unknown(Type::Any))));
        let inner = parts.key.iter().chain([&parts.value]).chain(&parts.condition);
        let skipped =
            inner.map(|expr| self.skip(expr, scope)).find(Result::is_err).unwrap_or(Ok(()));
        scope.names.truncate(depth);
        skipped
    }

    /// Evaluates `source[*].each` and `source.*.each`.
    pub(super) fn splat(&mut self, source: &Expr, each: &Expr, scope: &mut Scope) -> Eval {
        let value = self.expr(source, scope)?;
        self.splat_value(&value, source.span, each, scope)
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
        if ty == Type::Any || (single && may_be_null) {
            self.element(value.clone(), each, scope)?;
            return Ok(Value::unknown(Type::Any).marked(marks));
        }
        if single {
            return Ok(Value::tuple(vec![self.element(value.clone(), each, scope)?]).marked(marks));
        }
        let listed = |element: &Type| Value::unknown(element.clone());
        let result = match (value.kind(), &ty) {
            (Kind::Unknown(..), Type::Tuple(types)) => {
                let parts = types.iter().map(|ty| self.element(listed(ty), each, scope));
                Value::tuple(parts.collect::<Eval<_>>()?)
            }
            (Kind::Unknown(_, bounds), Type::List(element) | Type::Set(element)) => {
                let part = self.element(listed(element), each, scope)?;
                let kept = crate::value::Bounds {
                    length: bounds.length,
                    ..crate::value::Bounds::not_null()
                };
                let kept = if matches!(ty, Type::List(_)) {
                    kept
                } else {
                    crate::value::Bounds::not_null()
                };
                Value::new(Kind::unknown(Type::list(part.ty()), kept))
            }
            (kind, ty) => {
                let parts = value.elements().unwrap_or_default();
                let parts = all(parts.iter().map(|part| self.element(part.clone(), each, scope)))?;
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

fn duplicate<T>(key: &str, parts: &For) -> Eval<T> {
    let span = parts.key.as_ref().map_or(parts.value.span, |key| key.span);
    let detail = format!(
        "Two different items produced the key {key:?} in this 'for' expression. If duplicates are expected, use the \
         ellipsis (...) after the value expression to enable grouping by key."
    );
    Err(super::scope::Stop::problem(Diagnostic::error("Duplicate object key", detail).at(span, "")))
}
