//! Values whose types a schema leaves open, by their form alone: what JSON tells apart.

use std::borrow::Cow;

use crate::value::{Kind, Type, Value};

/// Takes the types off a value: of a map and an object, and of a list, a set and a tuple, only the form is left.
pub(super) fn loosened(value: &Value) -> Cow<'_, Value> {
    if is_loose(value) { Cow::Borrowed(value) } else { Cow::Owned(taken_off(value)) }
}

fn is_loose(value: &Value) -> bool {
    match value.kind() {
        Kind::Map(..) | Kind::List(..) | Kind::Set(..) => false,
        Kind::Null(ty) => *ty == Type::Any,
        Kind::Tuple(parts) => parts.iter().all(is_loose),
        Kind::Object(fields) => fields.values().all(is_loose),
        Kind::Unknown(..) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => true,
    }
}

fn taken_off(value: &Value) -> Value {
    let loose = match value.kind() {
        Kind::Map(_, fields) | Kind::Object(fields) => {
            Value::object(fields.iter().map(|(name, part)| (name.clone(), taken_off(part))))
        }
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            Value::tuple(parts.iter().map(taken_off).collect())
        }
        Kind::Null(_) => Value::null(Type::Any),
        Kind::Unknown(..) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
            return value.clone();
        }
    };
    loose.with_marks(value.marks())
}
