//! A manifest as a value: whose it is, what is sent of it, what is shown of an answer, and what of it is secret.

use serde_json::{Map, Value as Json, json};

use crate::value::json::{from_json, to_json};
use crate::value::{Fields, Kind as Content, Marks, Value};

use super::super::definitions::{Form, Part};
use super::super::object::Name;
use super::super::tables::Kind;
use super::versions::current;

/// What a manifest says of which object it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Who {
    /// Like `apps/v1`.
    pub api_version: String,
    /// Like `Deployment`.
    pub kind: String,
    /// The namespace as written; empty where it is not written or not known.
    pub namespace: String,
    /// The name; nothing where it is not known.
    pub name: Option<String>,
}

impl Who {
    /// Reads a manifest; nothing where version or kind are not known.
    pub(in super::super) fn of(manifest: &Value) -> Option<Who> {
        let text = |name: &str| manifest.field(name).and_then(Value::as_str).map(String::from);
        let metadata = manifest.field("metadata");
        let inner =
            |name: &str| metadata.and_then(|block| block.field(name)).and_then(Value::as_str);
        Some(Who {
            api_version: text("apiVersion")?,
            kind: text("kind")?,
            namespace: inner("namespace").unwrap_or_default().to_string(),
            name: inner("name").filter(|name| !name.is_empty()).map(String::from),
        })
    }

    /// Gives the group of its kind; empty for the core.
    pub(in super::super) fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Gives the name of the object in its cluster.
    pub(in super::super) fn name(&self, kind: &Kind) -> Option<Name> {
        let namespace = match (kind.namespaced, self.namespace.as_str()) {
            (false, _) => "",
            (true, "") => "default",
            (true, given) => given,
        };
        Some(Name { namespace: namespace.to_string(), name: self.name.clone()? })
    }
}

/// Gives the manifest of an instance, in a version of the API that is served.
pub(in super::super) fn manifest(value: &Value) -> Option<Value> {
    let written = value.field("manifest").filter(|manifest| manifest.fields().is_some())?;
    Some(current(written).0)
}

/// Makes the object to send: nulls are not sent, and texts of numbers are numbers where the kind wants some.
pub(in super::super) fn intent(
    manifest: &Value,
    part: Option<&Part>,
    kind: &Kind,
    name: &Name,
) -> Json {
    let mut object = sent(manifest, part).unwrap_or_else(|| json!({}));
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["metadata"]["name"] = json!(name.name);
    if kind.namespaced {
        object["metadata"]["namespace"] = json!(name.namespace);
    } else if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("namespace");
    }
    object
}

fn sent(value: &Value, part: Option<&Part>) -> Option<Json> {
    let part = part.map(Part::followed);
    match value.kind() {
        Content::Null(_) | Content::Unknown(..) => None,
        Content::Map(_, fields) | Content::Object(fields) => {
            let field = |name: &str| part.and_then(|part| part.field(name));
            let fields = fields
                .iter()
                .filter_map(|(name, below)| Some((name.to_string(), sent(below, field(name))?)));
            Some(Json::Object(fields.collect::<Map<String, Json>>()))
        }
        Content::List(_, parts) | Content::Set(_, parts) | Content::Tuple(parts) => {
            let item = part.and_then(Part::item);
            Some(parts.iter().filter_map(|below| sent(below, item)).collect())
        }
        Content::Bool(_) | Content::Number(_) | Content::String(_) => {
            Some(fitted(to_json(value), part))
        }
    }
}

/// Brings a single value into the type that its field has, where it means one.
fn fitted(json: Json, part: Option<&Part>) -> Json {
    let Some(part) = part.filter(|part| part.form == Form::Plain) else { return json };
    match (part.ty.as_str(), &json) {
        ("integer", Json::String(text)) => {
            text.parse::<i64>().map_or_else(|_| json.clone(), |number| json!(number))
        }
        ("number", Json::String(text)) => {
            text.parse::<f64>().map_or_else(|_| json.clone(), |number| json!(number))
        }
        ("boolean", Json::String(text)) => match text.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            _ => json,
        },
        ("string", Json::Number(_) | Json::Bool(_)) => json!(json.to_string()),
        _ => json,
    }
}

/// What only the server says of an object.
const SERVERS: &[&str] =
    &["uid", "creationTimestamp", "resourceVersion", "generation", "selfLink", "managedFields"];

/// Gives an object as the attribute `object` has it: without what the server alone says.
pub(in super::super) fn shown(live: &Json) -> Value {
    let mut live = live.clone();
    if let Some(fields) = live.as_object_mut() {
        fields.shift_remove("status");
    }
    if let Some(metadata) = live.get_mut("metadata").and_then(Json::as_object_mut) {
        for name in SERVERS {
            metadata.shift_remove(*name);
        }
    }
    from_json(&live)
}

/// What a manifest may not say.
pub(super) const FORBIDDEN: &[&str] = SERVERS;

/// Marks what is secret of an instance: the data of Secrets, and in `object` what is secret in `manifest`.
pub(super) fn seal(value: &Value) -> Value {
    let Some(written) = value.field("manifest") else { return value.clone() };
    let written = sealed_data(written);
    let object = value.field("object").map(|object| like(&sealed_data(object), &written));
    let value = value.with_field("manifest", written);
    match object {
        Some(object) => value.with_field("object", object),
        None => value,
    }
}

/// Marks the data of a Secret; of what nobody knows the kind of, it is taken to be one.
pub(in super::super) fn sealed_data(manifest: &Value) -> Value {
    let Some(fields) = manifest.fields() else { return manifest.clone() };
    let kind = fields.get("kind");
    if kind.is_some_and(|kind| kind.is_known() && kind.as_str() != Some("Secret")) {
        return manifest.clone();
    }
    let sealed =
        ["data", "stringData"].iter().fold(manifest.clone(), |manifest, name| {
            match fields.get(name).filter(|part| !part.is_null()) {
                Some(part) => manifest.with_field(name, part.clone().sensitive()),
                None => manifest,
            }
        });
    // `kubectl apply` writes down all that it was given.
    let metadata = fields.get("metadata");
    let notes = metadata.and_then(|metadata| metadata.field("annotations"));
    match (metadata, notes, notes.and_then(|notes| notes.field(APPLIED))) {
        (Some(metadata), Some(notes), Some(applied)) if !applied.is_null() => {
            let notes = notes.with_field(APPLIED, applied.clone().sensitive());
            sealed.with_field("metadata", metadata.with_field("annotations", notes))
        }
        _ => sealed,
    }
}

/// The annotation in which `kubectl apply` keeps an object as it was given it.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Gives a value with the marks of another at the same places; where places may have moved, whole lists are marked.
fn like(value: &Value, other: &Value) -> Value {
    if !other.all_marks().any() || value.is_null() {
        return value.clone();
    }
    let marks = other.marks();
    let marked = match (value.fields(), other.fields(), value.elements(), other.elements()) {
        (Some(_), Some(fields), ..) => with_fields(value, fields),
        (.., Some(parts), Some(others)) if parts.len() == others.len() => {
            let mut others = others.iter();
            value.map_parts(&mut |part| {
                others.next().map_or(part.clone(), |other| like(part, other))
            })
        }
        _ => value.clone().marked(other.all_marks()),
    };
    marked.marked(marks)
}

fn with_fields(value: &Value, fields: &Fields) -> Value {
    fields.iter().fold(value.clone(), |value, (name, other)| match value.field(name) {
        Some(part) if other.all_marks().any() => {
            let part = like(part, other);
            value.with_field(name, part)
        }
        _ => value,
    })
}

/// Says that a value must not be shown, whatever part of it it is.
pub(super) fn is_secret(marks: Marks) -> bool {
    marks.sensitive
}
