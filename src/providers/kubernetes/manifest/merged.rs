//! What an object will be like when a manifest is applied to it: the rest of it stays.

use serde_json::{Map, Value as Json};

use crate::merge::schema::Form as Merging;
use crate::value::{Path, PathStep, Type, Value};

use super::kinds::Lens;
use super::same::{key_of, lacking};

/// Gives the object with the manifest over it. What the manifest no longer says may go, or get a default: it is not
/// known.
pub(super) fn merged(there: &Value, given: &Value, gone: &[Path], lens: Lens<'_>) -> Value {
    let whole = over(there, given, lens);
    gone.iter().fold(whole, |value, path| opened(&value, &path.0))
}

fn over(there: &Value, given: &Value, lens: Lens<'_>) -> Value {
    if given.is_null() || lacking(given, Some(there), lens).is_empty() {
        return there.clone();
    }
    match (there.fields(), given.fields(), there.elements(), given.elements()) {
        (Some(others), Some(fields), ..) => {
            let stand_in = Json::Object(Map::new());
            if matches!(lens.schema.form([&stand_in]), Merging::Leaf) {
                return given.clone();
            }
            let stay = others.iter().map(|(name, other)| {
                let value = fields.get(name).map(|part| over(other, part, lens.field(name)));
                (name.clone(), value.unwrap_or_else(|| other.clone()))
            });
            let come =
                fields.iter().filter(|(name, part)| !others.contains_key(name) && !part.is_null());
            let come = come.map(|(name, part)| (name.clone(), part.clone()));
            Value::object(stay.chain(come).collect::<Vec<_>>())
        }
        (.., Some(others), Some(parts)) => list(others, parts, given, lens),
        _ => given.clone(),
    }
}

fn list(others: &[Value], parts: &[Value], given: &Value, lens: Lens<'_>) -> Value {
    let Merging::Keyed(keys, item) = lens.schema.form([&Json::Array(Vec::new())]) else {
        return given.clone();
    };
    let keyed = |value: &Value| key_of(value, keys, item);
    let mut left: Vec<&Value> = parts.iter().collect();
    let mut elements = Vec::new();
    for other in others {
        let key = keyed(other);
        match left.iter().position(|part| keyed(part) == key) {
            Some(place) => elements.push(over(other, left.remove(place), lens.item())),
            None => elements.push(other.clone()),
        }
    }
    elements.extend(left.into_iter().cloned());
    Value::tuple(elements)
}

/// Gives a value with the part at a path not known; within a list, the list.
fn opened(value: &Value, steps: &[PathStep]) -> Value {
    let open = || Value::unknown(Type::Any);
    let Some((PathStep::Attribute(name), rest)) = steps.split_first() else { return open() };
    match value.field(name) {
        Some(part) if !rest.is_empty() => value.with_field(name, opened(part, rest)),
        Some(_) => value.with_field(name, open()),
        None => value.clone(),
    }
}
