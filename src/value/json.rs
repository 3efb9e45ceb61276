//! Values as JSON and back, as state files and plans write them.

use serde_json::Value as Json;

use super::{Kind, Number, Type, Value};

/// Gives the JSON form; null for what is unknown. Secrets are in clear.
pub fn to_json(value: &Value) -> Json {
    match value.kind() {
        Kind::Unknown(..) | Kind::Null(_) => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        Kind::Number(number) => number_to_json(number),
        Kind::String(text) => Json::String(text.to_string()),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.iter().map(to_json).collect()
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.to_string(), to_json(value))).collect())
        }
    }
}

fn number_to_json(number: &Number) -> Json {
    match number.to_i64() {
        Some(small) => small.into(),
        None => serde_json::Number::from_f64(number.to_f64()).map_or(Json::Null, Json::Number),
    }
}

/// Gives the value of the type that the JSON itself has: objects and tuples.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::null(Type::Any),
        Json::Bool(value) => Value::bool(*value),
        Json::Number(number) => {
            Number::parse(&number.to_string()).map_or(Value::null(Type::Number), Value::number)
        }
        Json::String(text) => Value::string(text),
        Json::Array(parts) => Value::tuple(parts.iter().map(from_json).collect()),
        Json::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.as_str(), from_json(value))))
        }
    }
}
