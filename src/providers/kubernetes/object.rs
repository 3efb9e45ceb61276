//! From the configuration to the API's object: what is sent is what was written, and no more.
//!
//! Server-side apply owns what it sends. So a default of the schema is left out, except where the
//! server would otherwise mean another thing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::value::json::to_json;
use crate::value::{Kind as Content, Value};

use super::equal::octal;
use super::place::{fill, put};
use super::schema;
use super::tables::{Convert, Kind, Node, Nodes, Shape};

/// The name and namespace of an object; empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The namespace; empty for what lives in none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Name {
    /// Reads both from a value's metadata; nothing where the name is not known.
    pub(super) fn of(kind: &Kind, value: &Value) -> Option<Name> {
        let text = |name: &str| {
            metadata(value).and_then(|block| block.field(name)).and_then(Value::as_str)
        };
        let name = text("name")?.to_string();
        if name.is_empty() {
            return None;
        }
        let namespace = match kind.namespaced {
            true => text("namespace").unwrap_or("default").to_string(),
            false => String::new(),
        };
        Some(Name { namespace, name })
    }

    /// Gives the id that the state has.
    pub(super) fn id(&self) -> String {
        match self.namespace.is_empty() {
            true => self.name.clone(),
            false => format!("{}/{}", self.namespace, self.name),
        }
    }
}

/// Gives the metadata block of a value.
pub(super) fn metadata(value: &Value) -> Option<&Value> {
    value.field("metadata")?.elements()?.first()
}

/// Makes the object to send from a configuration that is known at every depth.
pub(super) fn intent(kind: &Kind, config: &Value, name: Option<&Name>) -> Json {
    let mut object = fields(&kind.nodes, config);
    object.insert("apiVersion".into(), json!(kind.api_version));
    object.insert("kind".into(), json!(kind.kind));
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if let (Some(name), Json::Object(metadata)) = (name, metadata) {
        metadata.remove("generateName");
        metadata.insert("name".into(), json!(name.name));
        if kind.namespaced {
            metadata.insert("namespace".into(), json!(name.namespace));
        }
    }
    let mut object = Json::Object(object);
    for (place, value) in &kind.sets {
        fill(&mut object, place, value);
    }
    object
}

/// Writes a block's fields under their API names; what is unknown is left out.
pub(super) fn fields(nodes: &Nodes, value: &Value) -> Map<String, Json> {
    let mut object = Map::new();
    for (name, node) in nodes {
        let given = value.field(name);
        if node.wrapper {
            if let (Some(block), Some(inner)) = (&node.block, given.and_then(first)) {
                object.extend(fields(block, inner));
            }
            continue;
        }
        let Some(api) = &node.api else { continue };
        let Some(json) = field(node, given) else { continue };
        put(&mut object, api, json);
    }
    object
}

fn first(value: &Value) -> Option<&Value> {
    value.elements()?.first()
}

fn field(node: &Node, given: Option<&Value>) -> Option<Json> {
    let given = given.filter(|value| !value.is_null() && value.is_known());
    let Some(value) = given else {
        let default = schema::default(node).filter(|_| node.sends_default)?;
        return scalar(node, &default);
    };
    // What only the server gives is never sent.
    if !node.optional && !node.required {
        return None;
    }
    if let Some(block) = &node.block {
        let elements = value.elements()?;
        let first = elements.first()?;
        if node.object {
            return Some(Json::Object(fields(block, first)));
        }
        return Some(elements.iter().map(|element| Json::Object(fields(block, element))).collect());
    }
    match node.shape {
        Shape::Bool | Shape::Number | Shape::String => scalar(node, value),
        Shape::List | Shape::Set => {
            let parts = value.elements()?.iter();
            Some(parts.map(|part| scalar(node, part).unwrap_or_else(|| json!(""))).collect())
        }
        Shape::Map => {
            let entries = value.fields()?.iter();
            let entries =
                entries.filter_map(|(key, value)| Some((key.to_string(), scalar(node, value)?)));
            Some(Json::Object(entries.collect()))
        }
    }
}

/// Writes a single value as the API has it; nothing for null and for the text that means nothing.
fn scalar(node: &Node, value: &Value) -> Option<Json> {
    let text = match value.kind() {
        Content::Null(_) | Content::Unknown(..) => return None,
        Content::String(text) => text,
        _ => return Some(to_json(value)),
    };
    match node.convert {
        Convert::Plain | Convert::Quantity => Some(json!(&**text)),
        Convert::Bytes => Some(json!(STANDARD.encode(text.as_bytes()))),
        Convert::IntOrString => {
            Some(text.parse::<i32>().map_or_else(|_| json!(&**text), |number| json!(number)))
        }
        Convert::Decimal | Convert::Octal if text.is_empty() => None,
        Convert::Decimal => {
            Some(text.parse::<i64>().map_or_else(|_| json!(&**text), |number| json!(number)))
        }
        Convert::Port if text.is_empty() => None,
        Convert::Port => Some(
            text.parse::<u16>()
                .map_or_else(|_| json!({ "name": &**text }), |number| json!({ "number": number })),
        ),
        Convert::Octal => Some(octal(text).map_or_else(|| json!(&**text), |number| json!(number))),
    }
}

/// Gives the dotted names of all that a configuration writes; places in lists are left out.
pub(super) fn written(nodes: &Nodes, config: &Value) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    collect(nodes, config, "", &mut found);
    found.into_iter().collect()
}

fn collect(
    nodes: &Nodes,
    value: &Value,
    before: &str,
    found: &mut std::collections::BTreeSet<String>,
) {
    for (name, node) in nodes {
        let Some(given) = value.field(name).filter(|value| !value.is_null()) else { continue };
        let path = format!("{before}{name}");
        match (&node.block, given.elements()) {
            (Some(block), Some(elements)) => {
                for element in elements {
                    found.insert(path.clone());
                    collect(block, element, &format!("{path}."), found);
                }
            }
            _ => {
                found.insert(path);
            }
        }
    }
}
