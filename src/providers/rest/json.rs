//! Members of JSON by paths.

use serde_json::{Map, Value as Json};

/// Gives the member at a path.
pub fn at<'a>(json: &'a Json, path: &[String]) -> Option<&'a Json> {
    path.iter().try_fold(json, |json, name| json.get(name))
}

/// Gives the member at a dotted path.
pub fn dotted<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, name| json.get(name))
}

/// Sets the member at a path, making the objects on the way; objects are joined.
pub fn set(json: &mut Json, path: &[String], value: Json) {
    let Some((first, rest)) = path.split_first() else {
        join(json, value);
        return;
    };
    if !json.is_object() {
        *json = Json::Object(Map::new());
    }
    if let Json::Object(fields) = json {
        let member = fields.entry(first.clone()).or_insert(Json::Null);
        set(member, rest, value);
    }
}

/// Sets the member at a dotted path.
pub fn set_dotted(json: &mut Json, path: &str, value: Json) {
    let path: Vec<String> = path.split('.').map(str::to_string).collect();
    set(json, &path, value);
}

fn join(into: &mut Json, value: Json) {
    match (into, value) {
        (Json::Object(into), Json::Object(fields)) => {
            for (name, value) in fields {
                join(into.entry(name).or_insert(Json::Null), value);
            }
        }
        (into, value) => *into = value,
    }
}

/// Removes the member at a path.
pub fn remove(json: &mut Json, path: &str) {
    match path.rsplit_once('.') {
        Some((parent, name)) => {
            let path: Vec<&str> = parent.split('.').collect();
            let found = path.iter().try_fold(json, |json, name| json.get_mut(*name));
            if let Some(Json::Object(fields)) = found {
                fields.shift_remove(name);
            }
        }
        None => {
            if let Json::Object(fields) = json {
                fields.shift_remove(path);
            }
        }
    }
}

/// Takes the members away that are null.
pub fn drop_nulls(json: &mut Json) {
    if let Json::Object(fields) = json {
        fields.retain(|_, value| !value.is_null());
    }
}

/// Says whether the JSON is null, false, zero, or empty at every depth.
pub fn is_zero(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(parts) => parts.is_empty(),
        Json::Object(fields) => fields.values().all(is_zero),
    }
}
