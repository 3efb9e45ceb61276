//! Holds the apply to the plan: what was known when it was approved stays as it was.

use crate::value::{Kind, Path, Value};

/// Gives the first part in which an object is not as planned, if any. What was unknown may be anything of its type.
pub fn disagreement(planned: &Value, value: &Value) -> Option<Path> {
    differ(planned, value, &Path::root())
}

fn differ(planned: &Value, value: &Value, path: &Path) -> Option<Path> {
    match (planned.kind(), value.kind()) {
        (Kind::Unknown(..), _) => None,
        (Kind::Object(a), Kind::Object(b)) => {
            a.iter().find_map(|(name, planned)| match b.get(name) {
                Some(value) => differ(planned, value, &path.attribute(&**name)),
                None => planned.is_known().then(|| path.attribute(&**name)),
            })
        }
        (Kind::Map(_, a), Kind::Map(_, b)) if a.len() == b.len() => {
            a.iter().find_map(|(name, planned)| match b.get(name) {
                Some(value) => differ(planned, value, &path.key(name)),
                None => Some(path.key(name)),
            })
        }
        (Kind::List(_, a), Kind::List(_, b)) | (Kind::Tuple(a), Kind::Tuple(b))
            if a.len() == b.len() =>
        {
            let parts = a.iter().zip(b.iter()).enumerate();
            parts.into_iter().find_map(|(place, (a, b))| differ(a, b, &path.place(place)))
        }
        // The elements of a set have no place of their own: only a whole one can be compared.
        (Kind::Set(_, a), Kind::Set(..)) if !a.iter().all(Value::is_whole) => None,
        _ => (planned.without_marks() != value.without_marks()).then(|| path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Type;

    #[test]
    fn what_was_unknown_may_become_anything_and_the_rest_stays() {
        let planned =
            Value::object([("id", Value::unknown(Type::String)), ("name", Value::string("a"))]);
        let fits = Value::object([("id", Value::string("7")), ("name", Value::string("a"))]);
        let not = Value::object([("id", Value::string("7")), ("name", Value::string("b"))]);

        assert_eq!(disagreement(&planned, &fits), None);
        assert_eq!(disagreement(&planned, &not), Some(Path::root().attribute("name")));
    }
}
