//! Values as JSON and back, as state files and plans write them.
//!
//! Two ways: over `serde_json`'s tree for files, and over text with every digit kept for
//! `jsonencode`, `jsondecode` and whoever needs exact numbers ([`to_json_text`], [`from_json_text`]).

mod text;

pub use self::text::{JsonError, from_json_text, quote, to_json_text};

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_json::json;

use super::convert::{ConvertError, convert};
use super::{Kind, Number, Path, Type, Value};

/// What stands for a secret where it is shown.
pub const REDACTED: &str = "(sensitive)";

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
        Kind::Map(_, fields) | Kind::Object(fields) => Json::Object(
            fields.iter().map(|(name, value)| (name.to_string(), to_json(value))).collect(),
        ),
    }
}

fn number_to_json(number: &Number) -> Json {
    if let Some(small) = number.to_i64() {
        return small.into();
    }
    // Every digit is kept: what is written is read again as the same number.
    number.to_string().parse::<serde_json::Number>().map_or(Json::Null, Json::Number)
}

/// Gives the value with every sensitive part replaced by the text `(sensitive)`.
pub fn redacted(value: &Value) -> Value {
    if value.is_sensitive() {
        return Value::string(REDACTED);
    }
    if !value.all_marks().sensitive {
        return value.clone();
    }
    match value.kind() {
        // Parts of other types than before need a kind that has no element type.
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            Value::tuple(parts.iter().map(redacted).collect())
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            Value::object(fields.iter().map(|(name, part)| (name.clone(), redacted(part))))
        }
        Kind::Unknown(..) | Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
            value.clone()
        }
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

/// Gives the value of a type, as a state file keeps it.
///
/// An object's missing attributes are null and those that its type does not have fall away, so that
/// files of other versions are read. `Type::Any` stands for `{"value": …, "type": …}`; where the JSON
/// has another form, for the JSON's own type.
///
/// # Errors
/// The first part that is not of its type.
pub fn from_json_as(json: &Json, ty: &Type) -> Result<Value, ConvertError> {
    // Most is well: where a part is not, its place is told on the way out.
    let wrong = || ConvertError {
        path: Path::root(),
        message: format!("{} required", ty.friendly_constraint()),
    };
    Ok(match (json, ty) {
        (json, Type::Any) => read_dynamic(json)?,
        (Json::Null, ty) => Value::null(ty.clone()),
        (
            Json::Bool(_) | Json::Number(_) | Json::String(_),
            Type::Bool | Type::Number | Type::String,
        ) => {
            let read = convert(&from_json(json), ty);
            read.map_err(|error| ConvertError { path: Path::root(), message: error.message })?
        }
        (Json::Array(parts), Type::List(element) | Type::Set(element)) => {
            let parts = parts.iter().enumerate();
            let parts =
                parts.map(|(place, part)| read_at(part, element, || Path::root().place(place)));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            match ty {
                Type::Set(_) => Value::set((**element).clone(), parts),
                _ => Value::list((**element).clone(), parts),
            }
        }
        (Json::Array(parts), Type::Tuple(types)) if parts.len() == types.len() => {
            let parts = parts.iter().zip(types).enumerate();
            let parts =
                parts.map(|(place, (part, ty))| read_at(part, ty, || Path::root().place(place)));
            Value::tuple(parts.collect::<Result<_, _>>()?)
        }
        (Json::Object(fields), Type::Map(element)) => {
            let read = |(name, part): (&String, &Json)| {
                Ok((name.clone(), read_at(part, element, || Path::root().key(name))?))
            };
            Value::map((**element).clone(), fields.iter().map(read).collect::<Result<Vec<_>, _>>()?)
        }
        (Json::Object(fields), Type::Object(types)) => {
            let read = |(name, ty): (&String, &Type)| {
                let part = fields.get(name).unwrap_or(&Json::Null);
                let read = read_at(part, ty, || Path::root().attribute(name.as_str()))?;
                Ok((name.clone(), read))
            };
            Value::object(types.iter().map(read).collect::<Result<Vec<_>, _>>()?)
        }
        _ => return Err(wrong()),
    })
}

/// Reads a part; what is wrong in it is told with the step that leads there.
fn read_at(json: &Json, ty: &Type, step: impl Fn() -> Path) -> Result<Value, ConvertError> {
    from_json_as(json, ty).map_err(|mut error| {
        let inner = std::mem::replace(&mut error.path, step());
        error.path.0.extend(inner.0);
        error
    })
}

fn read_dynamic(json: &Json) -> Result<Value, ConvertError> {
    if let Json::Object(fields) = json
        && fields.len() == 2
        && let (Some(value), Some(ty)) = (fields.get("value"), fields.get("type"))
        && let Some(ty) = type_from_json(ty)
    {
        // A type that is open at its top would read itself without end.
        return if ty == Type::Any { Ok(from_json(value)) } else { from_json_as(value, &ty) };
    }
    Ok(from_json(json))
}

/// Gives the JSON form of a type: `"string"`, `["list","string"]`, `["object",{…}]`.
pub fn type_to_json(ty: &Type) -> Json {
    match ty {
        Type::Any => json!("dynamic"),
        Type::Bool => json!("bool"),
        Type::Number => json!("number"),
        Type::String => json!("string"),
        Type::List(element) => json!(["list", type_to_json(element)]),
        Type::Set(element) => json!(["set", type_to_json(element)]),
        Type::Map(element) => json!(["map", type_to_json(element)]),
        Type::Tuple(parts) => json!(["tuple", parts.iter().map(type_to_json).collect::<Vec<_>>()]),
        Type::Object(fields) => {
            let fields: serde_json::Map<String, Json> =
                fields.iter().map(|(name, ty)| (name.clone(), type_to_json(ty))).collect();
            json!(["object", fields])
        }
    }
}

/// Reads a type from its JSON form.
pub fn type_from_json(json: &Json) -> Option<Type> {
    if let Some(name) = json.as_str() {
        return match name {
            "dynamic" => Some(Type::Any),
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "string" => Some(Type::String),
            _ => None,
        };
    }
    let parts = json.as_array()?;
    let inner = parts.get(1)?;
    match parts.first()?.as_str()? {
        "list" => Some(Type::list(type_from_json(inner)?)),
        "set" => Some(Type::set(type_from_json(inner)?)),
        "map" => Some(Type::map(type_from_json(inner)?)),
        "tuple" => {
            Some(Type::Tuple(inner.as_array()?.iter().map(type_from_json).collect::<Option<_>>()?))
        }
        "object" => {
            let fields = inner.as_object()?.iter();
            let fields = fields.map(|(name, ty)| Some((name.clone(), type_from_json(ty)?)));
            Some(Type::object(fields.collect::<Option<BTreeMap<_, _>>>()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Type, Value};
    use super::{
        from_json_as, from_json_text, redacted, to_json_text, type_from_json, type_to_json,
    };

    #[test]
    fn a_state_of_another_version_is_read() {
        let ty = Type::object([("id", Type::String), ("tags", Type::set(Type::String))]);

        let read = from_json_as(&json!({"id": "a", "gone": 1}), &ty);

        let wanted = Value::object([
            ("id", Value::string("a")),
            ("tags", Value::null(Type::set(Type::String))),
        ]);
        assert_eq!(read, Ok(wanted));
    }

    #[test]
    fn types_go_to_json_and_back() {
        let ty = Type::object([
            ("a", Type::list(Type::Any)),
            ("b", Type::Tuple(vec![Type::Bool, Type::map(Type::Number)])),
        ]);

        assert_eq!(type_from_json(&type_to_json(&ty)), Some(ty));
    }

    #[test]
    fn text_is_written_as_for_web_pages() {
        let value = Value::object([
            ("a<b", Value::string("\u{2028}&\u{1}\n\"")),
            ("n", Value::null(Type::Any)),
        ]);

        let text = to_json_text(&value);

        assert_eq!(text, "{\"a\\u003cb\":\"\\u2028\\u0026\\u0001\\n\\\"\",\"n\":null}");
        assert_eq!(from_json_text(&text), Ok(value));
    }

    #[test]
    fn every_digit_of_a_number_is_kept() {
        let text = "[123456789012345678901234567890,0.12345678901234567890123456789]";

        let value = from_json_text(text).expect("valid JSON");

        assert_eq!(to_json_text(&value), text);
    }

    #[test]
    fn secrets_are_replaced_where_they_stand() {
        let list =
            Value::list(Type::Number, vec![Value::number(1i64).sensitive(), Value::number(2i64)]);

        let shown = redacted(&list);

        assert_eq!(to_json_text(&shown), "[\"(sensitive)\",2]");
    }
}
