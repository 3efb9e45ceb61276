//! A service's JSON as a value.
//!
//! `base` is what stands in the state, or what was planned: what the service does not tell is kept from it,
//! and where the service's value means the same, so is the base's form. So an object read twice is the same twice.

use serde_json::Value as Json;

use crate::schema::Given;
use crate::value::{Number, Type, Value};

use super::equal::{Around, is_zero};
use super::json;
use super::plan::normalize;
use super::spec::{Part, Place, Shape, Wire, parts_type};

/// Decodes an object's parts.
pub fn decode(parts: &[Part], root: &Json, base: Option<&Value>) -> Value {
    object(parts, root, root, base, base)
}

fn object(
    parts: &[Part],
    here: &Json,
    root: &Json,
    base: Option<&Value>,
    whole: Option<&Value>,
) -> Value {
    Value::object(parts.iter().map(|part| {
        let standing =
            base.and_then(|base| base.field(&part.name)).filter(|value| value.is_known());
        let value = part_value(part, here, root, standing, whole);
        let around = Around { prior: whole, beside: base };
        // Nothing stands for the default: what is read as empty is told apart from it.
        let means = |standing: &&Value| {
            // Blocks that there are none of are an empty list, which can be counted.
            if standing.is_null() && part.inside().is_some() {
                return false;
            }
            !standing.is_null() || part.default.as_ref().is_none_or(is_zero) || value.is_null()
        };
        let value = match standing.filter(means) {
            Some(standing) if part.same(&value, standing, around) => standing.clone(),
            _ => value,
        };
        (part.name.as_str(), value)
    }))
}

fn find<'a>(place: &Place, here: &'a Json, root: &'a Json) -> Option<&'a Json> {
    json::at(if place.root { root } else { here }, &place.path).filter(|json| !json.is_null())
}

fn part_value(
    part: &Part,
    here: &Json,
    root: &Json,
    base: Option<&Value>,
    whole: Option<&Value>,
) -> Value {
    let kept = || {
        let base = base.filter(|base| !base.is_null()).or(part.default.as_ref());
        base.cloned().unwrap_or_else(|| part.absent())
    };
    let Some(place) = &part.read else { return kept() };
    let found = find(place, here, root);
    match &part.shape {
        Shape::Attribute { ty, .. } => {
            let read = match &part.codec {
                Some(codec) => codec.read(found),
                None => found.cloned(),
            };
            match read.and_then(|json| typed(&wired(part.wire, json), ty)) {
                // The service keeps what it was given, in whichever form.
                Some(value) if matches!(ty, Type::List(_) | Type::Set(_)) => {
                    normalize(part.normalize.as_deref(), &value)
                }
                Some(value) => value,
                None if part.keep => kept(),
                None => untold(part, ty, base),
            }
        }
        Shape::Block { parts, .. } => {
            if found.is_none() && part.keep {
                return kept();
            }
            blocks(part, parts, found, root, base, whole)
        }
    }
}

/// Gives what an attribute is when the service says nothing: its zero, or null.
fn untold(part: &Part, ty: &Type, base: Option<&Value>) -> Value {
    match (base, ty) {
        (Some(base), _) if is_zero(base) && !base.is_null() => base.clone(),
        (_, Type::String | Type::Number) if part.default.is_some() => {
            part.default.clone().unwrap_or(Value::null(ty.clone()))
        }
        (Some(base), _) if is_zero(base) => base.clone(),
        (_, Type::Bool) if part.given != Given::Service => Value::bool(false),
        (Some(_), Type::Number) => Value::number(0_i64),
        (_, _) => Value::null(ty.clone()),
    }
}

fn wired(wire: Wire, json: Json) -> Json {
    match (wire, &json) {
        (Wire::Bool, Json::Bool(truth)) => {
            Json::String(if *truth { "TRUE" } else { "FALSE" }.into())
        }
        (Wire::Number, Json::Number(number)) => Json::String(number.to_string()),
        _ => json,
    }
}

/// Gives JSON as a value of a type; numbers may be texts.
pub fn typed(json: &Json, ty: &Type) -> Option<Value> {
    match (ty, json) {
        (Type::String, Json::String(text)) => Some(Value::string(text)),
        (Type::String, Json::Number(number)) => Some(Value::string(number.to_string())),
        (Type::String, Json::Bool(truth)) => Some(Value::string(truth.to_string())),
        (Type::Bool, Json::Bool(truth)) => Some(Value::bool(*truth)),
        (Type::Bool, Json::String(text)) => text.parse().ok().map(Value::bool),
        (Type::Number, Json::Number(number)) => {
            Number::parse(&number.to_string()).map(Value::number)
        }
        (Type::Number, Json::String(text)) => Number::parse(text).map(Value::number),
        (Type::List(element), Json::Array(parts)) => {
            let parts = parts.iter().filter_map(|part| typed(part, element)).collect();
            Some(Value::list((**element).clone(), parts))
        }
        (Type::Set(element), Json::Array(parts)) => {
            let parts = parts.iter().filter_map(|part| typed(part, element)).collect();
            Some(Value::set((**element).clone(), parts))
        }
        (Type::Map(element), Json::Object(fields)) => {
            let fields = fields
                .iter()
                .filter_map(|(name, json)| Some((name.as_str(), typed(json, element)?)));
            Some(Value::map((**element).clone(), fields))
        }
        _ => None,
    }
}

fn blocks(
    part: &Part,
    parts: &[Part],
    found: Option<&Json>,
    root: &Json,
    base: Option<&Value>,
    whole: Option<&Value>,
) -> Value {
    let Shape::Block { set, single, keyed, present, .. } = &part.shape else {
        return part.absent();
    };
    let objects: Vec<Json> = match (found, keyed) {
        (Some(Json::Object(fields)), Some(key)) => keyed_objects(fields, key, parts),
        (Some(Json::Array(objects)), _) => objects.clone(),
        (Some(object @ Json::Object(_)), None) => vec![object.clone()],
        _ => Vec::new(),
    };
    let here = |object: &Json| match present {
        Some(present) => json::dotted(object, present).and_then(Json::as_bool).unwrap_or(false),
        None => true,
    };
    let objects: Vec<Json> = objects.into_iter().filter(here).collect();
    let standing = base.and_then(Value::elements).unwrap_or_default();
    let element = parts_type(parts);
    if !*set || (objects.len() == 1 && standing.len() == 1) || *single {
        let values = objects
            .iter()
            .enumerate()
            .map(|(place, json)| object(parts, json, root, standing.get(place), whole))
            .collect();
        return if *set { Value::set(element, values) } else { Value::list(element, values) };
    }
    let values = objects.iter().map(|json| {
        let same = standing
            .iter()
            .find(|standing| object(parts, json, root, Some(standing), whole) == **standing);
        same.cloned().unwrap_or_else(|| object(parts, json, root, None, whole))
    });
    Value::set(element, values.collect())
}

/// A map's entries as objects that hold their key by its attribute's own name.
fn keyed_objects(fields: &serde_json::Map<String, Json>, key: &str, parts: &[Part]) -> Vec<Json> {
    let place = parts.iter().find(|part| part.name == key).and_then(|part| part.read.as_ref());
    let path = place.map_or_else(|| vec![key.to_string()], |place| place.path.clone());
    fields
        .iter()
        .map(|(name, object)| {
            let mut object = object.clone();
            json::set(&mut object, &path, Json::String(name.clone()));
            object
        })
        .collect()
}
