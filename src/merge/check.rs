//! Whether an intent fits its schema, in the API server's words.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::fields::{path_text, value_step};
use super::lists::key_step;
use super::schema::{Merge, Scalar, Schema, Shape};

/// Says what is wrong with a value: a field that the type does not have, a value of another type, a
/// list item without its key, two with the same one.
///
/// # Errors
/// The first fault, with its path.
pub fn check(value: &Json, schema: Schema<'_>, path: &mut String) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    let length = path.len();
    match schema.resolved().0 {
        Shape::Scalar(scalar) => return scalar_fits(value, *scalar, path),
        Shape::Untyped | Shape::Named { .. } => {}
        Shape::Struct { fields, open, .. } => {
            let Some(object) = value.as_object() else { return Err(not_a("map", value, path)) };
            for (name, below) in object {
                path.push_str(&format!(".{name}"));
                if !open && !fields.contains_key(name) {
                    return Err(format!("{path}: field not declared in schema"));
                }
                check(below, schema.field(name), path)?;
                path.truncate(length);
            }
        }
        Shape::Map { .. } => {
            let Some(object) = value.as_object() else { return Err(not_a("map", value, path)) };
            for (name, below) in object {
                path.push_str(&format!(".{name}"));
                check(below, schema.field(name), path)?;
                path.truncate(length);
            }
        }
        Shape::List { how, .. } => {
            let Some(items) = value.as_array() else { return Err(not_a("list", value, path)) };
            list_fits(items, how, schema.item(), path)?;
        }
    }
    Ok(())
}

fn list_fits(
    items: &[Json],
    how: &Merge,
    item: Schema<'_>,
    path: &mut String,
) -> Result<(), String> {
    let length = path.len();
    let mut seen = BTreeSet::new();
    for (at, below) in items.iter().enumerate() {
        let step = match how {
            Merge::Whole => {
                path.push_str(&format!("[{at}]"));
                check(below, item, path)?;
                path.truncate(length);
                continue;
            }
            Merge::Set => value_step(below),
            Merge::Keys(keys) => {
                keys_are_there(below, at, keys, item, path)?;
                key_step(below, keys, item)
            }
        };
        let text = path_text(&[&step]);
        path.push_str(&text);
        check(below, item, path)?;
        path.truncate(length);
        if !seen.insert(step) {
            return Err(format!("{path}: duplicate entries for key {text}"));
        }
    }
    Ok(())
}

fn keys_are_there(
    item: &Json,
    at: usize,
    keys: &[String],
    schema: Schema<'_>,
    path: &str,
) -> Result<(), String> {
    if !item.is_object() {
        return Err(format!(
            "{path}: element {at}: associative list with keys may not have non-map elements"
        ));
    }
    let missing = |key: &&String| {
        item.get(*key).is_none_or(Json::is_null) && schema.default_of(key).is_none()
    };
    match keys.iter().find(missing) {
        // An item may leave out some of several keys.
        Some(key) if keys.len() == 1 => Err(format!(
            "{path}: element {at}: associative list with keys has an element that omits key field \
             {key:?} (and doesn't have default value)"
        )),
        _ => Ok(()),
    }
}

fn scalar_fits(value: &Json, scalar: Scalar, path: &str) -> Result<(), String> {
    let fits = match scalar {
        Scalar::Text => value.is_string(),
        Scalar::Number => value.is_number(),
        Scalar::Truth => value.is_boolean(),
        Scalar::Any => true,
    };
    if fits {
        return Ok(());
    }
    Err(match scalar {
        Scalar::Text => {
            let given = exact(value);
            format!("{path}: expected string, got &value.valueUnstructured{{Value:{given}}}")
        }
        Scalar::Number => {
            let given = match value {
                Json::Bool(_) => "bool",
                Json::Array(_) => "[]interface {}",
                Json::Object(_) => "map[string]interface {}",
                _ => "string",
            };
            format!("{path}: expected numeric (int or float), got {given}")
        }
        _ => not_a("boolean", value, path),
    })
}

fn not_a(wanted: &str, value: &Json, path: &str) -> String {
    format!("{path}: expected {wanted}, got &{{{}}}", plain(value))
}

/// Writes a value as the server's language prints it.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(" "))
        }
        Json::Object(object) => {
            let mut rows: Vec<String> =
                object.iter().map(|(name, value)| format!("{name}:{}", plain(value))).collect();
            rows.sort();
            format!("map[{}]", rows.join(" "))
        }
        other => other.to_string(),
    }
}

/// Writes a value as the server's language writes it in a program.
fn exact(value: &Json) -> String {
    match value {
        Json::Null => "interface {}(nil)".to_owned(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(exact).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Json::Object(object) => {
            let mut rows: Vec<String> =
                object.iter().map(|(name, value)| format!("{name:?}:{}", exact(value))).collect();
            rows.sort();
            format!("map[string]interface {{}}{{{}}}", rows.join(", "))
        }
        other => other.to_string(),
    }
}
