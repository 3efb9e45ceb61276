//! Taking a part of a value: `value.name`, `value[key]`.

use super::scope::{Eval, stop};
use crate::diag::Span;
use crate::value::convert::convert;
use crate::value::{Kind, Marks, Number, Type, Value};

/// Gives an attribute of an object or an element of a map; `span` is that of `.name`.
pub(super) fn attribute(value: &Value, name: &str, span: Span) -> Eval {
    let marks = value.marks();
    let found = match value.kind() {
        Kind::Null(_) => {
            let detail = "This value is null, so it does not have any attributes.";
            return stop("Attempt to get attribute from null value", detail, span);
        }
        Kind::Object(fields) => fields.get(name).cloned(),
        Kind::Map(_, fields) => match fields.get(name) {
            Some(found) => Some(found.clone()),
            None => {
                let detail = format!("This map does not have an element with the key {name:?}.");
                return stop("Missing map element", detail, span);
            }
        },
        Kind::Unknown(Type::Object(types), _) => types.get(name).cloned().map(Value::unknown),
        Kind::Unknown(Type::Map(element), _) => Some(Value::unknown((**element).clone())),
        Kind::Unknown(Type::Any, _) => Some(Value::unknown(Type::Any)),
        Kind::Unknown(..)
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::String(_)
        | Kind::List(..)
        | Kind::Set(..)
        | Kind::Tuple(_) => {
            return stop("Unsupported attribute", no_attributes(&value.ty(), name), span);
        }
    };
    match found {
        Some(found) => Ok(found.marked(marks)),
        None => {
            let detail = format!("This object does not have an attribute named {name:?}.");
            stop("Unsupported attribute", detail, span)
        }
    }
}

/// Says why a type has no attributes.
fn no_attributes(ty: &Type, name: &str) -> String {
    let has = |element: &Type| matches!(element, Type::Object(types) if types.contains_key(name));
    match ty {
        Type::List(element) if matches!(**element, Type::Object(_)) => {
            let what = if has(element) {
                format!("attribute {name:?}")
            } else {
                "an attribute".to_string()
            };
            format!(
                "Can't access attributes on a list of objects. Did you mean to access {what} for a specific \
                 element of the list, or across all elements of the list?"
            )
        }
        Type::Set(element) if matches!(**element, Type::Object(_)) => {
            let what = if has(element) {
                format!("attribute {name:?}")
            } else {
                "an attribute".to_string()
            };
            format!(
                "Can't access attributes on a set of objects. Did you mean to access {what} across all \
                 elements of the set?"
            )
        }
        ty if ty.is_primitive() => {
            format!("Can't access attributes on a primitive-typed value ({}).", ty.friendly())
        }
        _ => "This value does not have any attributes.".into(),
    }
}

/// Gives an element; `span` is that of `[key]`.
pub(super) fn index(value: &Value, key: &Value, span: Span) -> Eval {
    let marks = value.marks().join(key.marks());
    if value.is_null() {
        let detail = "This value is null, so it does not have any indices.";
        return stop("Attempt to index null value", detail, span);
    }
    if key.is_null() {
        return invalid("Can't use a null value as an indexing key.", span);
    }
    if let Some(found) = part(value, key) {
        return Ok(found.clone().marked(marks));
    }
    let ty = value.ty();
    if ty == Type::Any || key.is_untyped() {
        return Ok(Value::unknown(Type::Any).marked(marks));
    }
    let found = match &ty {
        Type::List(_) | Type::Tuple(_) => {
            let key = converted(key, &Type::Number, span)?;
            in_sequence(value, &ty, &key, span)?
        }
        Type::Map(element) => {
            let key = converted(key, &Type::String, span)?;
            match (value.field(key.as_str().unwrap_or("")), value.is_known() && key.is_known()) {
                (_, false) => Value::unknown((**element).clone()),
                (Some(found), true) => found.clone(),
                (None, true) => return nothing(span),
            }
        }
        Type::Object(types) => {
            let by_number = key.ty() == Type::Number;
            let key = converted(key, &Type::String, span)?;
            match key.as_str() {
                None => Value::unknown(Type::Any),
                Some(name) => match (value.field(name), types.get(name)) {
                    (Some(found), _) => found.clone(),
                    (None, Some(ty)) => Value::unknown(ty.clone()),
                    (None, None) if !value.is_known() => Value::unknown(Type::Any),
                    (None, None) if by_number => {
                        let detail = "The given key does not identify an element in this collection value. An \
                                      object only supports looking up attributes by name, not by numeric index.";
                        return invalid(detail, span);
                    }
                    (None, None) => return nothing(span),
                },
            }
        }
        Type::Set(_) => {
            let detail = "Elements of a set are identified only by their value and don't have any separate \
                          index or key to select with, so it's only possible to perform operations across all \
                          elements of the set.";
            return stop("Invalid index", detail, span);
        }
        Type::Any | Type::Bool | Type::Number | Type::String => {
            return invalid("This value does not have any indices.", span);
        }
    };
    Ok(found.marked(marks))
}

/// Gives the part of a known value by a key of the right kind: the types of all the others need not be asked for.
fn part<'v>(value: &'v Value, key: &Value) -> Option<&'v Value> {
    match (value.kind(), key.kind()) {
        (Kind::List(_, parts) | Kind::Tuple(parts), Kind::Number(number)) => {
            let place = number.to_i64().and_then(|place| usize::try_from(place).ok());
            place.and_then(|place| parts.get(place))
        }
        (Kind::Map(_, fields) | Kind::Object(fields), Kind::String(name)) => fields.get(name),
        _ => None,
    }
}

fn in_sequence(value: &Value, ty: &Type, key: &Value, span: Span) -> Eval {
    let unknown = |place: Option<usize>| match ty {
        Type::List(element) => Value::unknown((**element).clone()),
        Type::Tuple(types) => {
            let at = place.and_then(|place| types.get(place).cloned());
            Value::unknown(at.unwrap_or(Type::Any))
        }
        _ => Value::unknown(Type::Any),
    };
    let Some(number) = key.as_number() else { return Ok(unknown(None)) };
    let length = match (value.elements(), ty) {
        (Some(elements), _) => elements.len(),
        (None, Type::Tuple(types)) => types.len(),
        (None, _) => return Ok(unknown(None)),
    };
    let place = number.to_i64().and_then(|place| usize::try_from(place).ok());
    match (place, value.elements()) {
        (Some(place), Some(elements)) if place < length => Ok(elements[place].clone()),
        (Some(place), None) if place < length => Ok(unknown(Some(place))),
        _ if !number.is_integer() => missing(
            "indexing a sequence requires a whole number, but the given index has a fractional part",
            span,
        ),
        _ if number.is_negative() && !number.is_zero() => {
            missing("a negative number is not a valid index for a sequence", span)
        }
        _ if length == 0 && number.is_zero() => missing("the collection has no elements", span),
        _ if *number == Number::from(length) => missing(
            "the given index is greater than or equal to the length of the collection",
            span,
        ),
        _ => nothing(span),
    }
}

fn converted(key: &Value, ty: &Type, span: Span) -> Eval {
    convert(key, ty).or_else(|error| missing(&error.message, span))
}

fn missing<T>(why: &str, span: Span) -> Eval<T> {
    let detail =
        format!("The given key does not identify an element in this collection value: {why}.");
    invalid(&detail, span)
}

fn nothing<T>(span: Span) -> Eval<T> {
    invalid("The given key does not identify an element in this collection value.", span)
}

fn invalid<T>(detail: &str, span: Span) -> Eval<T> {
    stop("Invalid index", detail, span)
}

/// The keys and values that a loop goes through, and the collection's own marks.
pub(super) type Entries = (Vec<(Value, Value)>, Marks);

/// Gives the elements that a loop goes through, as keys and values, or nothing where they are not known.
/// The marks are those of the collection itself.
pub(super) fn entries(collection: &Value) -> Option<Entries> {
    let marks = collection.marks();
    let entries = match collection.kind() {
        Kind::List(_, parts) | Kind::Tuple(parts) => parts
            .iter()
            .enumerate()
            .map(|(place, part)| (Value::number(Number::from(place)), part.clone()))
            .collect(),
        Kind::Set(_, parts) => parts.iter().map(|part| (part.clone(), part.clone())).collect(),
        Kind::Map(_, fields) | Kind::Object(fields) => {
            fields.iter().map(|(name, value)| (Value::string(name), value.clone())).collect()
        }
        Kind::Unknown(..) | Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
            return None;
        }
    };
    Some((entries, marks))
}
