//! An object's body against the schema of its API.

use serde_json::Value as Json;

use crate::diag::nearest;
use crate::value::{Kind, Path, Value};

use super::Description;

/// What is wrong at a place of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Strange {
    /// Where, from the body's root.
    pub path: Path,
    /// What is wrong.
    pub detail: String,
}

/// Tells of members that the API does not have, of those that it alone writes, and of values of other types. What is not known passes.
pub fn check(description: &Description, schema: &str, body: &Value, root: &Path) -> Vec<Strange> {
    let mut found = Vec::new();
    if let Some(schema) = description.schema(schema) {
        value(description, schema, body, root, &mut found);
    }
    found
}

fn value(
    description: &Description,
    schema: &Json,
    given: &Value,
    path: &Path,
    found: &mut Vec<Strange>,
) {
    if !given.is_known() || given.is_null() {
        return;
    }
    let schema = match schema["$ref"].as_str() {
        Some(name) => match description.schema(name) {
            Some(schema) => schema,
            None => return,
        },
        None => schema,
    };
    let say = |found: &mut Vec<Strange>, detail: String| {
        found.push(Strange { path: path.clone(), detail })
    };
    match (schema["type"].as_str().unwrap_or("any"), given.kind()) {
        ("object", Kind::Object(_) | Kind::Map(..)) => {
            members(description, schema, given, path, found)
        }
        ("array", Kind::Tuple(_) | Kind::List(..) | Kind::Set(..)) => {
            for (place, element) in given.elements().into_iter().flatten().enumerate() {
                value(description, &schema["items"], element, &path.place(place), found);
            }
        }
        ("string", Kind::String(text)) => {
            let choices: Vec<&str> =
                schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            if !choices.is_empty() && !choices.contains(&&**text) {
                let near = nearest(text, choices.iter().copied());
                let hint = near.map_or(String::new(), |near| format!(" Did you mean \"{near}\"?"));
                say(found, format!("The API has no value \"{text}\" here.{hint}"));
            }
        }
        // Numbers of 64 bits travel as texts: both are taken.
        ("string", Kind::Number(_)) if is_number(schema) => {}
        ("boolean", Kind::Bool(_)) | ("integer" | "number", Kind::Number(_)) | ("any", _) => {}
        (wanted, _) => {
            let wanted = if is_number(schema) { "integer" } else { wanted };
            say(
                found,
                format!("The API wants {} here, not {}.", named(wanted), given.ty().friendly()),
            );
        }
    }
}

fn members(
    description: &Description,
    schema: &Json,
    given: &Value,
    path: &Path,
    found: &mut Vec<Strange>,
) {
    let properties = schema["properties"].as_object();
    let others = &schema["additionalProperties"];
    for (name, inner) in given.fields().into_iter().flatten() {
        let path = path.attribute(&**name);
        match properties.and_then(|properties| properties.get(&**name)) {
            Some(property) if property["readOnly"] == true => found.push(Strange {
                path,
                detail: format!(
                    "The service alone writes `{name}`: what it says stands in `output`."
                ),
            }),
            Some(property) => value(description, property, inner, &path, found),
            None if others.is_object() => value(description, others, inner, &path, found),
            None if properties.is_none() => {}
            None => {
                let names = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                let hint = nearest(name, names)
                    .map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
                found.push(Strange {
                    path,
                    detail: format!("The API has no member `{name}` here.{hint}"),
                });
            }
        }
    }
}

fn is_number(schema: &Json) -> bool {
    matches!(schema["format"].as_str(), Some("int64" | "uint64"))
}

fn named(ty: &str) -> &str {
    match ty {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "true or false",
        "integer" => "a whole number",
        _ => "a number",
    }
}
