//! `length`: of collections, and of text in what people see as characters.

use unicode_segmentation::UnicodeSegmentation;

use super::super::{Call, CallError};
use crate::value::{Bounds, Kind, Number, Type, Value};

/// The marks of parts say nothing of how many there are.
pub(in super::super) fn length(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    let length = match value.kind() {
        Kind::Unknown(ty, bounds) => unknown_length(ty, bounds)?,
        Kind::String(text) => count(text.graphemes(true).count()),
        Kind::Set(_, parts) if parts.len() > 1 && !value.is_whole() => {
            between(1, Some(parts.len()))
        }
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => count(parts.len()),
        Kind::Map(_, fields) | Kind::Object(fields) => count(fields.len()),
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => return Err(wrong()),
    };
    Ok(length.marked(value.marks()))
}

fn wrong() -> CallError {
    CallError::new("argument must be a string, a collection type, or a structural type")
}

fn count(length: usize) -> Value {
    Value::number(Number::from(length))
}

fn between(least: usize, most: Option<usize>) -> Value {
    if most == Some(least) {
        return count(least);
    }
    let number = (Some(Number::from(least)), most.map(Number::from));
    Value::new(Kind::unknown(Type::Number, Bounds { not_null: true, number, ..Bounds::default() }))
}

fn unknown_length(ty: &Type, bounds: &Bounds) -> Result<Value, CallError> {
    match ty {
        Type::Any => Ok(Value::unknown(Type::Number)),
        Type::String => Ok(between(0, None)),
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            Ok(between(bounds.length.0, bounds.length.1))
        }
        Type::Tuple(parts) => Ok(count(parts.len())),
        Type::Object(fields) => Ok(count(fields.len())),
        Type::Bool | Type::Number => Err(wrong()),
    }
}
