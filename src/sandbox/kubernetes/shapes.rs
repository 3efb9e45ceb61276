//! How the API's types are written: what is always there, what is left out when it is empty.
//!
//! The server reads an object into a type of its own and writes it anew. So a `status` is there
//! though nobody wrote one, `paused: false` is not though somebody did, and a null is either nothing
//! or the empty value. The table names for each field its empty value (a capital letter: it is
//! written also when empty) and its type in the server's own words; it is made by `tests/oracle`
//! from the published types of Kubernetes 1.33.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use serde_json::{Map, Value as Json, json};

use super::definitions;

static BUNDLED: &[u8] = include_bytes!("data/shapes.json.gz");

type Table = BTreeMap<String, BTreeMap<String, String>>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut text = String::new();
        flate2::read::GzDecoder::new(BUNDLED)
            .read_to_string(&mut text)
            .expect("the bundled shapes are whole");
        serde_json::from_str(&text).expect("the bundled shapes are JSON")
    })
}

/// Gives the type of a field in the server's own words, like `map[string]string`.
pub fn type_of(definition: &str, field: &str) -> Option<&'static str> {
    table().get(definition)?.get(field)?.split_once(' ').map(|(_, name)| name)
}

/// Says whether a field is left out when it is empty.
pub fn is_left_out(definition: &str, field: &str) -> bool {
    let how = table().get(definition).and_then(|fields| fields.get(field));
    how.is_none_or(|how| how.starts_with(|letter: char| letter.is_lowercase() && letter != 'p'))
}

/// Brings an object into the form in which its kind is written.
pub fn settle(object: &mut Json, api_version: &str, kind: &str) {
    walk(object, api_version, kind, true);
}

/// Takes out what is empty, so that it counts as not given.
pub fn strip(object: &mut Json, api_version: &str, kind: &str) {
    walk(object, api_version, kind, false);
}

fn walk(object: &mut Json, api_version: &str, kind: &str, full: bool) {
    if let Some(definition) = definitions::of(api_version, kind) {
        let name = definitions::name_of(api_version, kind).unwrap_or_default();
        of_type(object, name, definition, full);
    } else if let Some(metadata) = object.get_mut("metadata")
        && let Some(definition) = definitions::metadata()
    {
        any(metadata, definition, full);
    }
}

/// Gives an object of a kind to which nobody has written anything.
pub fn bare(api_version: &str, kind: &str) -> Json {
    let mut object = json!({"apiVersion": api_version, "kind": kind});
    settle(&mut object, api_version, kind);
    object
}

fn of_type(value: &mut Json, name: &str, definition: &'static Json, full: bool) {
    let Some(fields) = table().get(name) else { return below(value, definition, full) };
    let Some(object) = value.as_object_mut() else { return };
    for (field, how) in fields {
        // Newer servers leave it out.
        if matches!(field.as_str(), "creationTimestamp" | "apiVersion" | "kind") {
            continue;
        }
        let letter = how.chars().next().unwrap_or('p');
        settled(object, field, letter, full);
        if let (Some(below), Some(inner)) =
            (object.get_mut(field), definitions::field(definition, field))
        {
            any(below, inner, full);
        }
    }
}

fn any(value: &mut Json, definition: &'static Json, full: bool) {
    let (name, definition) = definitions::resolve(definition);
    of_type(value, name, definition, full);
}

/// Settles what is in a list or a map.
fn below(value: &mut Json, definition: &'static Json, full: bool) {
    match value {
        Json::Array(items) => {
            let Some(inner) = definition.get("items") else { return };
            items.iter_mut().for_each(|item| any(item, inner, full));
        }
        Json::Object(object) => {
            let Some(inner) = definition.get("additionalProperties") else { return };
            for item in object.values_mut() {
                if item.is_null() && inner["type"] == "string" {
                    *item = json!("");
                }
                any(item, inner, full);
            }
        }
        _ => {}
    }
}

fn settled(object: &mut Map<String, Json>, field: &str, letter: char, full: bool) {
    let always = full && letter.is_ascii_uppercase();
    let there = object.get(field).filter(|value| !value.is_null());
    let (empty, is_empty) = match letter.to_ascii_lowercase() {
        's' => (json!(""), there.is_none_or(|value| value == "")),
        'n' => (json!(0), there.is_none_or(|value| value.as_f64() == Some(0.0))),
        'b' => (json!(false), there.is_none_or(|value| value == false)),
        'l' => {
            let bare = |value: &Json| match value {
                Json::Object(below) => below.is_empty(),
                Json::Array(below) => below.is_empty(),
                value => value == "",
            };
            (Json::Null, there.is_none_or(bare))
        }
        'p' => (Json::Null, there.is_none()),
        'i' if !full => (json!(0), there.is_none_or(|value| *value == json!(0) || value == "")),
        _ if !full => return,
        // These are written also where the type says that they may be left out.
        'o' => return fill(object, field, json!({})),
        'q' => return fill(object, field, json!("0")),
        'i' => return fill(object, field, json!(0)),
        't' => return fill(object, field, Json::Null),
        _ => return,
    };
    if !is_empty {
        return;
    }
    if always {
        object.insert(field.to_owned(), empty);
    } else {
        object.shift_remove(field);
    }
}

fn fill(object: &mut Map<String, Json>, field: &str, empty: Json) {
    if object.get(field).is_none_or(Json::is_null) {
        object.insert(field.to_owned(), empty);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_written_is_there_and_what_is_empty_is_not() {
        let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m",
            "labels": {}}, "data": {"a": null}, "binaryData": {}, "immutable": null});

        settle(&mut map, "v1", "ConfigMap");

        let wanted = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"},
            "data": {"a": ""}});
        assert_eq!(map, wanted);
    }

    #[test]
    fn a_bare_object_has_what_its_type_always_has() {
        let wanted = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {},
            "spec": {"selector": null, "strategy": {}, "template": {"metadata": {},
                "spec": {"containers": null}}}, "status": {}});

        assert_eq!(bare("apps/v1", "Deployment"), wanted);
    }
}
