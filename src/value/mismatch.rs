//! What is said where a type does not convert to another: Terraform's words.

use std::collections::BTreeMap;

use super::Type;
use super::convert::convertible;

/// Says why a type does not convert to another.
pub(super) fn mismatch(from: &Type, to: &Type) -> String {
    match (from, to) {
        (Type::Object(from), Type::Object(to)) => objects(from, to),
        (Type::Tuple(_), Type::List(element)) if **element == Type::Any => {
            "all list elements must have the same type".into()
        }
        (Type::Tuple(_), Type::Set(element)) if **element == Type::Any => {
            "all set elements must have the same type".into()
        }
        (Type::Object(_), Type::Map(element)) if **element == Type::Any => {
            "all map elements must have the same type".into()
        }
        (Type::Tuple(parts), Type::List(element) | Type::Set(element)) => {
            let wrong = parts.iter().enumerate().find(|(_, part)| !convertible(part, element));
            wrong.map_or_else(
                || "unsuitable value type".into(),
                |(place, part)| format!("element {place}: {}", mismatch(part, element)),
            )
        }
        (Type::Object(fields), Type::Map(element)) => {
            let wrong = fields.iter().find(|(_, part)| !convertible(part, element));
            wrong.map_or_else(
                || "unsuitable value type".into(),
                |(name, part)| format!("element {name:?}: {}", mismatch(part, element)),
            )
        }
        (Type::List(from) | Type::Set(from), Type::List(to)) => {
            format!("incorrect list element type: {}", mismatch(from, to))
        }
        (Type::List(from) | Type::Set(from), Type::Set(to)) => {
            format!("incorrect set element type: {}", mismatch(from, to))
        }
        (Type::Map(from), Type::Map(to)) => {
            format!("incorrect map element type: {}", mismatch(from, to))
        }
        (_, to) => format!("{} required", to.friendly_constraint()),
    }
}

/// Names what is missing before what is wrong.
fn objects(from: &BTreeMap<String, Type>, to: &BTreeMap<String, Type>) -> String {
    let missing: Vec<String> = to
        .keys()
        .filter(|name| !from.contains_key(*name))
        .map(|name| format!("{name:?}"))
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => return format!("attribute {one} is required"),
        [one, two] => return format!("attributes {one} and {two} are required"),
        [rest @ .., last] => {
            return format!("attributes {}, and {last} are required", rest.join(", "));
        }
    }
    let wrong = to.iter().find_map(|(name, to)| {
        let from = from.get(name)?;
        (!convertible(from, to)).then(|| format!("attribute {name:?}: {}", mismatch(from, to)))
    });
    wrong.unwrap_or_else(|| "incorrect object attributes".into())
}
