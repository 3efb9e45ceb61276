//! The published definitions of Kubernetes 1.33: what fields there are, and of which type.
//!
//! They decide what is refused as unknown, what is refused as of the wrong type, where quantities
//! stand, and by which key a strategic patch merges a list. Taken from the API's own OpenAPI
//! document, without descriptions, for the groups that the sandbox serves.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::quantity;

static BUNDLED: &[u8] = include_bytes!("data/definitions.json.gz");
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

struct Table {
    definitions: Map<String, Json>,
    kinds: BTreeMap<(String, String), String>,
}

/// What a walk over an object found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Fields that the type does not have, like `spec.foo`; they were taken out.
    pub unknown: Vec<String>,
    /// The first value of a wrong type: its path, what was expected, what is there.
    pub mistyped: Option<(String, String, String)>,
    /// Fields that must be there and are not.
    pub missing: Vec<String>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut text = String::new();
        flate2::read::GzDecoder::new(BUNDLED)
            .read_to_string(&mut text)
            .expect("the bundled definitions are whole");
        let definitions: Map<String, Json> =
            serde_json::from_str(&text).expect("the bundled definitions are JSON");
        let mut kinds = BTreeMap::new();
        for (name, definition) in &definitions {
            for row in
                definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten()
            {
                let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
                let (group, version, kind) = (word("group"), word("version"), word("kind"));
                let api_version =
                    if group.is_empty() { version } else { format!("{group}/{version}") };
                kinds.insert((api_version, kind), name.clone());
            }
        }
        Table { definitions, kinds }
    })
}

/// Gives the definition of a kind.
pub fn of(api_version: &str, kind: &str) -> Option<&'static Json> {
    let name = table().kinds.get(&(api_version.to_owned(), kind.to_owned()))?;
    table().definitions.get(name)
}

/// Gives all definitions that a kind's definition needs, by name; for `/openapi/v3`.
pub fn closure(api_version: &str, kinds: &[&str]) -> BTreeMap<&'static str, &'static Json> {
    let mut found = BTreeMap::new();
    let mut open: Vec<&'static str> = kinds
        .iter()
        .filter_map(|kind| table().kinds.get(&(api_version.to_owned(), (*kind).to_owned())))
        .map(String::as_str)
        .collect();
    while let Some(name) = open.pop() {
        let Some(definition) = table().definitions.get(name) else { continue };
        if found.insert(name, definition).is_none() {
            references(definition, &mut open);
        }
    }
    found
}

fn references(value: &'static Json, found: &mut Vec<&'static str>) {
    match value {
        Json::Object(object) => {
            for (key, below) in object {
                match below.as_str() {
                    Some(name) if key == "$ref" => found.push(name),
                    _ => references(below, found),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|below| references(below, found)),
        _ => {}
    }
}

/// Gives the definition of a field of a definition.
pub fn field(definition: &'static Json, name: &str) -> Option<&'static Json> {
    let definition = resolve(definition).1;
    definition["properties"].get(name).or_else(|| definition.get("additionalProperties"))
}

/// Gives the definition of a list's items.
pub fn item(definition: &'static Json) -> Option<&'static Json> {
    resolve(definition).1.get("items")
}

/// Gives the key by which a strategic patch merges a list, where it does; empty for plain values.
pub fn patch_key(definition: &Json) -> Option<&str> {
    let merges =
        definition["x-kubernetes-patch-strategy"].as_str().is_some_and(|how| how.contains("merge"));
    merges.then(|| definition["x-kubernetes-patch-merge-key"].as_str().unwrap_or_default())
}

fn resolve(definition: &'static Json) -> (&'static str, &'static Json) {
    match definition["$ref"].as_str() {
        Some(name) => (name, table().definitions.get(name).unwrap_or(definition)),
        None => ("", definition),
    }
}

/// Brings an object into the form of its kind: nulls and unknown fields out, quantities canonical.
pub fn conform(object: &mut Json, api_version: &str, kind: &str) -> Findings {
    let mut findings = Findings::default();
    if let Some(definition) = of(api_version, kind) {
        walk(object, definition, &mut String::new(), &mut findings);
    } else if let Some(metadata) = object.get_mut("metadata")
        && let Some(definition) = table().definitions.get(METADATA)
    {
        walk(metadata, definition, &mut "metadata".to_owned(), &mut findings);
    }
    findings
}

fn walk(value: &mut Json, definition: &'static Json, path: &mut String, found: &mut Findings) {
    let (name, definition) = resolve(definition);
    match name {
        QUANTITY => return quantity_at(value, path, found),
        INT_OR_STRING => {
            if !value.is_string() && !value.is_i64() && !value.is_u64() {
                mistyped(value, "string or integer", path, found);
            }
            return;
        }
        _ => {}
    }
    match definition["type"].as_str() {
        Some("object") => object(value, definition, path, found),
        Some("array") => {
            let Some(items) = value.as_array_mut() else {
                return mistyped(value, "array", path, found);
            };
            let Some(item) = definition.get("items") else { return };
            let length = path.len();
            for (at, below) in items.iter_mut().enumerate() {
                path.push_str(&format!("[{at}]"));
                walk(below, item, path, found);
                path.truncate(length);
            }
        }
        Some("string") => match value.as_str() {
            None => mistyped(value, "string", path, found),
            Some(text) => {
                if definition["format"] == "byte" && STANDARD.decode(text).is_err() {
                    mistyped(value, "base64", path, found);
                }
            }
        },
        Some("integer") if !value.is_i64() && !value.is_u64() => match value.as_f64() {
            // A whole number written as 3.0 is one.
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole")]
            Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                *value = Json::from(number as i64);
            }
            _ => mistyped(value, "integer", path, found),
        },
        Some("number") if !value.is_number() => mistyped(value, "number", path, found),
        Some("boolean") if !value.is_boolean() => mistyped(value, "boolean", path, found),
        _ => {}
    }
}

fn object(value: &mut Json, definition: &'static Json, path: &mut String, found: &mut Findings) {
    let Some(fields) = value.as_object_mut() else {
        return mistyped(value, "object", path, found);
    };
    let length = path.len();
    let known = definition["properties"].as_object();
    let free = definition.get("additionalProperties");
    fields.retain(|name, below| {
        let below_definition = match known {
            Some(known) => known.get(name),
            None => free,
        };
        let joint = if path.is_empty() { "" } else { "." };
        match below_definition {
            _ if below.is_null() && (known.is_some() || free.is_some()) => false,
            Some(definition) => {
                path.push_str(&format!("{joint}{name}"));
                walk(below, definition, path, found);
                path.truncate(length);
                true
            }
            None if known.is_some() => {
                found.unknown.push(format!("{path}{joint}{name}"));
                false
            }
            None => true,
        }
    });
    for name in definition["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !fields.contains_key(name) {
            let joint = if path.is_empty() { "" } else { "." };
            found.missing.push(format!("{path}{joint}{name}"));
        }
    }
}

fn quantity_at(value: &mut Json, path: &str, found: &mut Findings) {
    let text = match &*value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        _ => return mistyped(value, "quantity", path, found),
    };
    match quantity::canonical(&text) {
        Some(text) => *value = Json::String(text),
        None => mistyped(value, "quantity", path, found),
    }
}

/// Notes the first value of a wrong type.
pub fn mistyped(value: &Json, wanted: &str, path: &str, found: &mut Findings) {
    if found.mistyped.is_none() {
        let given = match value {
            Json::Null => "null",
            Json::Bool(_) => "bool",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        };
        found.mistyped = Some((path.to_owned(), wanted.to_owned(), given.to_owned()));
    }
}
