//! Kept objects as values: by their schema, with the marks that file and schema give.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::addr::Address;
use crate::schema::Schema;
use crate::state::Object;
use crate::state::flat::FLAT;
use crate::value::json::{from_json, from_json_as};
use crate::value::{Kind, Type, Value};

/// Gives the schema that a kept object is told by.
pub type SchemaOf<'a> = dyn Fn(&Address, &Object) -> Option<Arc<Schema>> + 'a;

/// Gives a kept object's value. Without a schema, or where the attributes do not fit it, the JSON's own types
/// stand.
pub fn value_of(object: &Object, schema: Option<&Schema>) -> Value {
    let read = |ty: &Type| from_json_as(&object.attributes_as(ty), ty);
    let value = match schema.map(|schema| read(&schema.ty())) {
        Some(Ok(value)) => value,
        Some(Err(_)) | None => undressed(object.other.get(FLAT).unwrap_or(&object.attributes)),
    };
    let value = match schema {
        Some(schema) => schema.sealed(&value),
        None => value,
    };
    object.sensitive.iter().fold(value, |value, path| match path.as_array() {
        Some(steps) => seal(&value, steps),
        None => value,
    })
}

/// Reads attributes without a schema: those that carry their type with them are taken out of it.
fn undressed(attributes: &Json) -> Value {
    let Some(fields) = attributes.as_object() else { return from_json(attributes) };
    let read = |json: &Json| match json.as_object() {
        Some(dressed) if dressed.len() == 2 && dressed.contains_key("type") => {
            from_json_as(json, &Type::Any).unwrap_or_else(|_| from_json(json))
        }
        _ => from_json(json),
    };
    Value::object(fields.iter().map(|(name, json)| (name.as_str(), read(json))))
}

/// Marks the part at a path as the file writes it; a path that leads nowhere marks the last part it reaches.
fn seal(value: &Value, steps: &[Json]) -> Value {
    let Some((step, rest)) = steps.split_first() else { return value.clone().sensitive() };
    let index = step.get("value");
    let index = index.and_then(|index| index.get("value")).or(index);
    let name = index.and_then(Json::as_str);
    let place = index.and_then(Json::as_u64).and_then(|place| usize::try_from(place).ok());
    match (value.kind(), name, place) {
        (Kind::Map(..) | Kind::Object(_), Some(name), _) => match value.field(name) {
            Some(part) => value.with_field(name, seal(part, rest)),
            None => value.clone(),
        },
        (Kind::List(..) | Kind::Tuple(_), _, Some(place)) => {
            let mut at = 0;
            value.map_parts(&mut |part| {
                at += 1;
                if at == place + 1 { seal(part, rest) } else { part.clone() }
            })
        }
        (Kind::Null(_), _, _) => value.clone(),
        _ => value.clone().sensitive(),
    }
}
