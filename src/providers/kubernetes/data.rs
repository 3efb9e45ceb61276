//! Data sources: an object read whole, in the form of its resource type.

use serde_json::Value as Json;

use crate::value::{Fields, Value};

use super::object;
use super::observe::{Mode, observe, with_metadata};
use super::schema;
use super::tables::Kind;

/// Gives the data source's value.
pub(super) fn read(kind: &Kind, config: &Value, live: &Json) -> Value {
    let value = observe(&kind.as_provided(), None, live, Mode::Whole);
    let schema = schema::data(kind);
    let wanted = config.field("binary_data").and_then(Value::fields).cloned().unwrap_or_default();
    let mut value = Value::object(schema.fields.keys().map(|name| {
        let part = value.field(name).cloned();
        let absent = || schema.fields[name].absent();
        (name.as_str(), part.unwrap_or_else(absent))
    }));
    // A secret's key that is asked for as binary is given as base64, not as text.
    if kind.kind == "Secret" {
        value = split_binary(value, live, &wanted);
    }
    // What the configuration says of the metadata stands.
    let given = object::metadata(config).cloned();
    with_metadata(&value, |metadata| {
        let Some(given) = &given else { return metadata.clone() };
        let named = ["labels", "annotations", "namespace"];
        named.iter().fold(metadata.clone(), |metadata, name| match given.field(name) {
            Some(part) if !part.is_null() => metadata.with_field(name, part.clone()),
            _ => metadata,
        })
    })
}

fn split_binary(value: Value, live: &Json, wanted: &Fields) -> Value {
    let text = |key: &str| {
        live.pointer("/data")
            .and_then(|data| data.get(key))
            .and_then(Json::as_str)
            .unwrap_or_default()
    };
    let binary = wanted.keys().map(|key| (key.clone(), Value::string(text(key))));
    let binary = match wanted.is_empty() {
        true => Value::null(crate::value::Type::map(crate::value::Type::String)),
        false => Value::map(crate::value::Type::String, binary),
    };
    let data = value.field("data").cloned();
    let value = value.with_field("binary_data", binary.sensitive());
    match data.as_ref().and_then(Value::fields) {
        Some(fields) => {
            let rest = fields.iter().filter(|(key, _)| !wanted.contains_key(key));
            let rest = rest.map(|(key, value)| (key.clone(), value.clone()));
            let rest: Vec<_> = rest.collect();
            value.with_field("data", Value::map(crate::value::Type::String, rest).sensitive())
        }
        None => value,
    }
}
