//! Equality as `==` has it: of one type only, and unknown where it is not decided yet.

use super::{Bounds, Kind, Number, Type, Value};

/// Compares two values; the result is unknown where an unknown part decides, and has the marks of both.
pub fn equals(left: &Value, right: &Value) -> Value {
    let kind = match same(left, right) {
        Some(truth) => Kind::Bool(truth),
        None => Kind::unknown(Type::Bool, Bounds::not_null()),
    };
    Value::derived([left, right], kind)
}

/// Says whether two values are the same; nothing where that is not decided yet.
pub fn same(left: &Value, right: &Value) -> Option<bool> {
    match (left.kind(), right.kind()) {
        (Kind::Null(_), Kind::Null(_)) => Some(true),
        (Kind::Null(_), Kind::Unknown(_, bounds)) | (Kind::Unknown(_, bounds), Kind::Null(_)) => {
            if bounds.not_null {
                Some(false)
            } else {
                None
            }
        }
        (Kind::Unknown(ty, bounds), _) if right.is_known() => {
            if excludes(ty, bounds, right) {
                Some(false)
            } else {
                None
            }
        }
        (_, Kind::Unknown(ty, bounds)) if left.is_known() => {
            if excludes(ty, bounds, left) {
                Some(false)
            } else {
                None
            }
        }
        (Kind::Unknown(..), _) | (_, Kind::Unknown(..)) => None,
        (Kind::Null(_), _) | (_, Kind::Null(_)) => Some(false),
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Number(a), Kind::Number(b)) => Some(a == b),
        (Kind::String(a), Kind::String(b)) => Some(a == b),
        (Kind::Tuple(a), Kind::Tuple(b)) | (Kind::List(_, a), Kind::List(_, b)) => {
            if a.len() != b.len() || !comparable(left, right) {
                return Some(false);
            }
            all(a.iter().zip(b.iter()))
        }
        (Kind::Set(_, a), Kind::Set(_, b)) => {
            if !comparable(left, right) {
                Some(false)
            } else if left.is_whole() && right.is_whole() {
                Some(a == b)
            } else {
                None
            }
        }
        (Kind::Map(_, a), Kind::Map(_, b)) | (Kind::Object(a), Kind::Object(b)) => {
            if !a.keys().eq(b.keys()) || !comparable(left, right) {
                return Some(false);
            }
            all(a.values().zip(b.values()))
        }
        _ => Some(false),
    }
}

/// Says whether the types are the same, as far as both are decided.
fn comparable(left: &Value, right: &Value) -> bool {
    fn agree(left: &Type, right: &Type) -> bool {
        match (left, right) {
            (Type::Any, _) | (_, Type::Any) => true,
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b))
            }
            (Type::Object(a), Type::Object(b)) => {
                a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| agree(a, b))
            }
            (Type::List(a), Type::List(b))
            | (Type::Set(a), Type::Set(b))
            | (Type::Map(a), Type::Map(b)) => a == b,
            (a, b) => a == b,
        }
    }
    agree(&left.ty(), &right.ty())
}

fn all<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<bool> {
    let mut result = Some(true);
    for (left, right) in pairs {
        match same(left, right) {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

/// Says whether a value's own type is open, or that of a part of an object or tuple. Elements of a collection have
/// one type, whichever that is.
fn is_open(ty: &Type) -> bool {
    match ty {
        Type::Any => true,
        Type::Tuple(parts) => parts.iter().any(is_open),
        Type::Object(fields) => fields.values().any(is_open),
        Type::Bool | Type::Number | Type::String | Type::List(_) | Type::Set(_) | Type::Map(_) => {
            false
        }
    }
}

/// Says whether what is known of an unknown rules a value out.
fn excludes(ty: &Type, bounds: &Bounds, value: &Value) -> bool {
    let known = value.ty();
    if !is_open(ty) && !is_open(&known) && *ty != known && value.is_whole() {
        return true;
    }
    match value.kind() {
        Kind::String(text) => {
            bounds.prefix.as_ref().is_some_and(|prefix| !text.starts_with(&**prefix))
        }
        Kind::Number(number) => {
            let above = |least: &Number| number < least;
            let below = |most: &Number| number > most;
            bounds.number.0.as_ref().is_some_and(above)
                || bounds.number.1.as_ref().is_some_and(below)
        }
        Kind::List(_, parts) | Kind::Set(_, parts) if value.is_whole() => {
            outside(bounds, parts.len())
        }
        Kind::Map(_, fields) => outside(bounds, fields.len()),
        Kind::List(..)
        | Kind::Set(..)
        | Kind::Tuple(_)
        | Kind::Object(_)
        | Kind::Bool(_)
        | Kind::Null(_)
        | Kind::Unknown(..) => false,
    }
}

fn outside(bounds: &Bounds, length: usize) -> bool {
    length < bounds.length.0 || bounds.length.1.is_some_and(|most| length > most)
}

impl Value {
    /// Says whether all that it has, other than null, is in another.
    pub fn is_within(&self, whole: &Value) -> bool {
        match (self.kind(), whole.kind()) {
            (Kind::Null(_) | Kind::Unknown(..), _) => true,
            (Kind::Object(part), Kind::Object(whole)) => part
                .iter()
                .all(|(name, part)| whole.get(name).is_some_and(|whole| part.is_within(whole))),
            (
                Kind::List(_, parts) | Kind::Tuple(parts),
                Kind::List(_, whole) | Kind::Tuple(whole),
            ) => {
                parts.len() == whole.len()
                    && parts.iter().zip(whole.iter()).all(|(part, whole)| part.is_within(whole))
            }
            _ => self.without_marks() == whole.without_marks(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Type, Value};
    use super::{equals, same};

    #[test]
    fn types_are_not_converted() {
        let one = Value::number(1i64);

        assert_eq!(same(&one, &Value::string("1")), Some(false));
        assert_eq!(same(&Value::tuple(vec![]), &Value::list(Type::Any, vec![])), Some(false));
    }

    #[test]
    fn an_unknown_that_is_not_null_differs_from_null() {
        let unknown = Value::unknown_not_null(Type::String);

        assert_eq!(equals(&unknown, &Value::null(Type::Any)), Value::bool(false));
        assert!(!equals(&unknown, &Value::string("a")).is_known());
    }

    #[test]
    fn a_known_difference_decides() {
        let left = Value::tuple(vec![Value::unknown(Type::String), Value::number(1i64)]);
        let right = Value::tuple(vec![Value::string("a"), Value::number(2i64)]);

        assert_eq!(same(&left, &right), Some(false));
    }
}
