//! Blocks that are written as an argument, `name = { … }` or `name = [{ … }]`: newer providers have them so.

use std::collections::BTreeMap;

use super::body::{Sink, did_you_mean};
use super::evaluator::Pass;
use super::scope::{Eval, Scope, Stop, stop};
use crate::diag::{Diagnostic, Span};
use crate::schema::{BlockKind, Field, Given};
use crate::syntax::tree::{Attribute, Expr, ExprKind};
use crate::value::convert::convert;
use crate::value::{Path, Value};

impl Pass<'_, '_> {
    /// Evaluates a block that is written as an argument: what is not said in it is null.
    pub(super) fn as_argument(
        &mut self,
        attribute: &Attribute,
        field: &Field,
        path: &Path,
        sink: &mut Sink<'_>,
        scope: &mut Scope,
    ) -> Eval {
        places(&attribute.expr, path, sink.places);
        if sink.unknown {
            return Ok(Value::unknown(field.ty.clone()));
        }
        let value = self.expr(&attribute.expr, scope)?;
        let (name, span) = (&attribute.name.text, attribute.expr.span);
        let value = fitted(&value, field, name, span)?;
        if sink.kept && value.all_marks().ephemeral {
            let detail = format!(
                "Ephemeral values are not valid for \"{name}\", because it is not a write-only attribute and must be \
                 persisted to state."
            );
            return stop(super::body::EPHEMERAL, detail, span);
        }
        Ok(value)
    }
}

/// Makes a value one of a block's: one object, or a list of them.
fn fitted(value: &Value, field: &Field, name: &str, span: Span) -> Eval {
    let Some(block) = field.inside() else { return Ok(value.clone()) };
    if !value.is_known() {
        return Ok(Value::unknown(field.ty.clone()).marked(value.marks()));
    }
    if value.is_null() {
        return Ok(field.absent());
    }
    let fields = &block.fields;
    if block.kind == BlockKind::Single {
        return object(value, fields, name, span).map(|found| found.marked(value.marks()));
    }
    // One object stands for a list of one.
    let whole = [value.without_marks()];
    let parts = value.elements().unwrap_or(&whole);
    let objects: Result<Vec<Value>, Stop> =
        parts.iter().map(|part| object(part, fields, name, span)).collect();
    let element = field.element();
    let list = match block.kind {
        BlockKind::Set => Value::set(element, objects?),
        _ => Value::list(element, objects?),
    };
    Ok(list.marked(value.marks()))
}

/// Makes an object of a block's fields; what it does not have is null.
fn object(value: &Value, fields: &BTreeMap<String, Field>, name: &str, span: Span) -> Eval {
    let wrong = |what: String| {
        let detail = format!("Inappropriate value for attribute {name:?}: {what}.");
        Stop::problem(Diagnostic::error("Incorrect attribute value type", detail).at(span, ""))
    };
    if !value.is_known() {
        return Ok(Value::unknown(crate::schema::fields_type(fields)).marked(value.marks()));
    }
    let Some(given) = value.fields() else { return Err(wrong("object required".into())) };
    if let Some(strange) = given.keys().find(|name| !fields.contains_key(&***name)) {
        let hint = did_you_mean(strange, fields.keys().map(String::as_str));
        return Err(wrong(format!("there is no attribute {:?} in it.{hint}", &**strange)));
    }
    let mut values: Vec<(&str, Value)> = Vec::new();
    for (inner, field) in fields {
        let part = given.get(inner).filter(|part| !part.is_null());
        let value = match part {
            None if field.given == Given::Required => {
                return Err(wrong(format!("attribute {inner:?} is required")));
            }
            None => field.absent(),
            Some(part) if field.inside().is_some() => fitted(part, field, inner, span)?,
            Some(part) => convert(part, &field.ty)
                .map_err(|error| wrong(format!("attribute {inner:?}: {}", error.message)))?,
        };
        values.push((inner, value));
    }
    Ok(Value::object(values).marked(value.marks()))
}

/// Notes the places of what is written inside.
fn places(expr: &Expr, path: &Path, found: &mut Vec<(Path, Span)>) {
    found.push((path.clone(), expr.span));
    match &expr.kind {
        ExprKind::Object(items) => {
            for item in items {
                if let Some(name) = item.key.literal() {
                    places(&item.value, &path.attribute(name), found);
                }
            }
        }
        ExprKind::Tuple(parts) => {
            for (place, part) in parts.iter().enumerate() {
                places(part, &path.place(place), found);
            }
        }
        _ => {}
    }
}
