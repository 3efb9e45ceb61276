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
use super::shapes;

static BUNDLED: &[u8] = include_bytes!("data/definitions.json.gz");
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const NO_QUANTITY: &str = "quantities must match the regular expression \
    '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
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
    /// The first value that cannot be read, in the server's words.
    pub mistyped: Option<String>,
    /// Fields that must be there and are not.
    pub missing: Vec<Missing>,
}

/// A field that must be there and is not.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The name of the definition that asks for it; empty for a schema of the cluster's own.
    pub owner: &'static str,
    /// The field, like `spec.template`.
    pub path: String,
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

/// Gives a definition by its own name.
pub fn named(name: &str) -> Option<&'static Json> {
    table().definitions.get(name)
}

/// Gives a reference to the definition of an object's metadata.
pub fn metadata() -> Option<&'static Json> {
    of("v1", "ConfigMap").and_then(|definition| definition["properties"].get("metadata"))
}

/// Gives the name of a kind's definition.
pub fn name_of(api_version: &str, kind: &str) -> Option<&'static str> {
    table().kinds.get(&(api_version.to_owned(), kind.to_owned())).map(String::as_str)
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

/// Gives what an empty field of a type lacks.
pub fn required_below(owner: &str, name: &str) -> Vec<Missing> {
    let Some(definition) = table().definitions.get(owner) else { return Vec::new() };
    let Some(inner) = field(definition, name) else { return Vec::new() };
    let (owner, inner) = resolve(inner);
    let required = inner["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
    required.map(|name| Missing { owner, path: name.to_owned() }).collect()
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

/// Follows a reference; gives the type's name, empty where it has none.
pub fn resolve(definition: &'static Json) -> (&'static str, &'static Json) {
    match definition["$ref"].as_str() {
        Some(name) => (name, table().definitions.get(name).unwrap_or(definition)),
        None => ("", definition),
    }
}

/// Brings an object into the form of its kind: unknown fields out, quantities canonical.
pub fn conform(object: &mut Json, api_version: &str, kind: &str) -> Findings {
    let mut findings = Findings::default();
    let name = name_of(api_version, kind);
    let (value, name, path) = match (name, object.get_mut("metadata")) {
        (Some(name), _) => (object, name, ""),
        (None, Some(metadata)) => (metadata, METADATA, "metadata"),
        (None, None) => return findings,
    };
    let mut walk = Walk {
        path: path.to_owned(),
        names: if path.is_empty() { Vec::new() } else { vec!["metadata".to_owned()] },
        owner: kind.to_owned(),
        wanted: "v1.ObjectMeta".to_owned(),
        found: &mut findings,
    };
    if let Some(definition) = table().definitions.get(name) {
        walk.fields(value, name, definition);
    }
    findings
}

/// The way down an object, with what the server would say of the place.
struct Walk<'f> {
    /// Where it is, with places in lists.
    path: String,
    /// The fields on the way.
    names: Vec<String>,
    /// The type that the last of them is a field of.
    owner: String,
    /// What is wanted there, in the server's words.
    wanted: String,
    found: &'f mut Findings,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Json, definition: &'static Json) {
        let (name, definition) = resolve(definition);
        match name {
            QUANTITY => return self.quantity(value),
            INT_OR_STRING => {
                if !value.is_string() && !value.is_i64() && !value.is_u64() {
                    "int32".clone_into(&mut self.wanted);
                    self.mistyped(value);
                }
                return;
            }
            TIME => return self.time(value),
            _ => {}
        }
        match definition["type"].as_str() {
            Some("object") => self.fields(value, name, definition),
            Some("array") => {
                let Some(items) = value.as_array_mut() else { return self.mistyped(value) };
                let Some(item) = definition.get("items") else { return };
                let (length, wanted) = (self.path.len(), self.wanted.clone());
                for (at, below) in items.iter_mut().enumerate() {
                    self.path.push_str(&format!("[{at}]"));
                    wanted.trim_start_matches("[]").clone_into(&mut self.wanted);
                    self.value(below, item);
                    self.path.truncate(length);
                }
                self.wanted = wanted;
            }
            Some("string") => match value.as_str() {
                None => self.mistyped(value),
                Some(text) if definition["format"] == "byte" => {
                    if STANDARD.decode(text).is_err() {
                        let at = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '+');
                        let at = at.unwrap_or(text.len());
                        self.unreadable(format!("illegal base64 data at input byte {at}"));
                    }
                }
                Some(_) => {}
            },
            Some("integer") if !value.is_i64() && !value.is_u64() => self.mistyped(value),
            Some("number") if !value.is_number() => self.mistyped(value),
            Some("boolean") if !value.is_boolean() => self.mistyped(value),
            _ => {}
        }
    }

    fn fields(&mut self, value: &mut Json, name: &'static str, definition: &'static Json) {
        let Some(fields) = value.as_object_mut() else { return self.mistyped(value) };
        let length = self.path.len();
        let known = definition["properties"].as_object();
        let free = definition.get("additionalProperties");
        let (owner, wanted) = (self.owner.clone(), self.wanted.clone());
        fields.retain(|field, below| {
            let below_definition = match known {
                Some(known) => known.get(field),
                None => free,
            };
            let joint = if self.path.is_empty() { "" } else { "." };
            match below_definition {
                _ if below.is_null() && known.is_some() => false,
                Some(_) if below.is_null() => true,
                Some(definition) => {
                    self.path.push_str(&format!("{joint}{field}"));
                    if known.is_some() {
                        name.rsplit('.').next().unwrap_or(name).clone_into(&mut self.owner);
                        let own = shapes::type_of(name, field).unwrap_or_default();
                        own.trim_start_matches('*').clone_into(&mut self.wanted);
                        self.names.push(field.clone());
                    } else {
                        wanted.trim_start_matches("map[string]").clone_into(&mut self.wanted);
                    }
                    self.value(below, definition);
                    if known.is_some() {
                        self.names.pop();
                    }
                    self.path.truncate(length);
                    true
                }
                None if known.is_some() => {
                    self.found.unknown.push(format!("{}{joint}{field}", self.path));
                    false
                }
                None => true,
            }
        });
        (self.owner, self.wanted) = (owner, wanted);
        let required = definition["required"].as_array().into_iter().flatten();
        for own in required.filter_map(Json::as_str) {
            if !fields.contains_key(own) {
                let joint = if self.path.is_empty() { "" } else { "." };
                let path = format!("{}{joint}{own}", self.path);
                self.found.missing.push(Missing { owner: name, path });
            }
        }
    }

    fn quantity(&mut self, value: &mut Json) {
        let text = match &*value {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            _ => return self.mistyped(value),
        };
        match quantity::canonical(&text) {
            Some(text) => *value = Json::String(text),
            None => self.unreadable(NO_QUANTITY.to_owned()),
        }
    }

    fn time(&mut self, value: &Json) {
        let Some(text) = value.as_str() else { return self.mistyped(value) };
        if text.parse::<jiff::Timestamp>().is_err() {
            self.unreadable(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \
                 \"2006\""
            ));
        }
    }

    fn mistyped(&mut self, value: &Json) {
        let whole = ["int32", "int64"].contains(&self.wanted.as_str());
        let given = match value {
            Json::Null => "null".to_owned(),
            Json::Bool(_) => "bool".to_owned(),
            Json::Number(number) if whole => format!("number {number}"),
            Json::Number(_) => "number".to_owned(),
            Json::String(_) => "string".to_owned(),
            Json::Array(_) => "array".to_owned(),
            Json::Object(_) => "object".to_owned(),
        };
        self.unreadable(format!(
            "json: cannot unmarshal {given} into Go struct field {}.{} of type {}",
            self.owner,
            self.names.join("."),
            self.wanted
        ));
    }

    fn unreadable(&mut self, text: String) {
        self.found.mistyped.get_or_insert(text);
    }
}
