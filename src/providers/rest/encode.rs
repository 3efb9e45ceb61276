//! A value as the JSON that a service takes.

use serde_json::{Map, Value as Json};

use crate::schema::Given;
use crate::value::{Kind, Value, json::to_json};

use super::equal::is_zero;
use super::json;
use super::spec::{Part, Shape, Wire};

/// Whether what is empty is left out (a new object) or said (a change that empties it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// Texts and collections without content are not sent.
    Omitted,
    /// They are sent.
    Sent,
}

/// Encodes an object's parts.
pub fn encode(parts: &[Part], value: &Value, empty: Empty) -> Json {
    let mut absolute = Vec::new();
    let mut whole = object(parts, value, empty, &mut absolute);
    for (path, member) in absolute {
        json::set(&mut whole, &path, member);
    }
    whole
}

/// Encodes one part of an object, as the service's member holds it; nothing where there is nothing to say.
pub fn encode_part(part: &Part, value: &Value, beside: &Value, empty: Empty) -> Option<Json> {
    let mut absolute = Vec::new();
    let mut encoded = member(part, value, beside, empty, &mut absolute)?;
    // What is inside and names its place from the root stands in this member too, where the place is below it.
    let here = part.write.as_ref().map(|place| place.path.as_slice()).unwrap_or_default();
    for (path, inner) in absolute {
        if let Some(below) = path.strip_prefix(here).filter(|below| !below.is_empty())
            && !here.is_empty()
            && encoded.is_object()
        {
            json::set(&mut encoded, below, inner);
        }
    }
    Some(encoded)
}

type Absolute = Vec<(Vec<String>, Json)>;

fn object(parts: &[Part], value: &Value, empty: Empty, absolute: &mut Absolute) -> Json {
    let mut out = Json::Object(Map::new());
    for part in parts.iter().filter(|part| part.given != Given::Service) {
        let Some(field) = value.field(&part.name) else { continue };
        let Some(encoded) = member(part, field, value, empty, absolute) else { continue };
        match &part.write {
            Some(place) if place.root => absolute.push((place.path.clone(), encoded)),
            Some(place) => json::set(&mut out, &place.path, encoded),
            None => {}
        }
    }
    out
}

fn member(
    part: &Part,
    value: &Value,
    beside: &Value,
    empty: Empty,
    absolute: &mut Absolute,
) -> Option<Json> {
    match &part.shape {
        Shape::Attribute { .. } => attribute(part, value, beside, empty),
        Shape::Block { single, keyed, present, parts, .. } => {
            let elements = value.elements()?;
            if elements.is_empty() {
                let none = || {
                    if keyed.is_some() { Json::Object(Map::new()) } else { Json::Array(Vec::new()) }
                };
                return (empty == Empty::Sent && !single).then(none);
            }
            let mut encoded = elements.iter().filter(|element| element.is_known()).map(|element| {
                let mut object = object(parts, element, empty, absolute);
                if let Some(present) = present {
                    json::set_dotted(&mut object, present, Json::Bool(true));
                }
                object
            });
            if *single {
                return encoded.next();
            }
            let encoded: Vec<Json> = encoded.collect();
            Some(match keyed {
                Some(key) => by_key(key, elements, encoded),
                None => Json::Array(encoded),
            })
        }
    }
}

fn by_key(key: &str, elements: &[Value], encoded: Vec<Json>) -> Json {
    let names = elements.iter().filter_map(|element| element.field(key).and_then(Value::as_str));
    Json::Object(names.map(str::to_string).zip(encoded).collect())
}

fn attribute(part: &Part, value: &Value, beside: &Value, empty: Empty) -> Option<Json> {
    if value.is_null() || !value.is_whole() {
        return None;
    }
    let contentless = match value.kind() {
        Kind::String(text) => text.is_empty(),
        Kind::Bool(_) => false,
        Kind::Number(_) => is_zero(value) && !zero_is_sent(part, beside),
        _ => is_zero(value),
    };
    if contentless && (empty == Empty::Omitted || part.zero_if.is_some()) {
        return None;
    }
    let plain = to_json(value);
    let wired = match (part.wire, &plain) {
        (Wire::Text, Json::Number(number)) => Json::String(number.to_string()),
        (Wire::Bool, Json::String(text)) => Json::Bool(text.eq_ignore_ascii_case("true")),
        (Wire::Number, Json::String(text)) => text.parse::<i64>().map_or(Json::Null, Json::from),
        _ => plain,
    };
    match &part.codec {
        Some(codec) => codec.write(wired),
        None => Some(wired),
    }
}

fn zero_is_sent(part: &Part, beside: &Value) -> bool {
    match &part.zero_if {
        Some(other) => beside.field(other).and_then(Value::as_bool) == Some(true),
        None => true,
    }
}
