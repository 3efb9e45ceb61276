//! Kinds that own some fields of an object that something else makes: labels, annotations, data, variables, taints.
//!
//! Each writes by server-side apply under a manager of its own, so that the server knows whose a field is: what another
//! manager has is not taken unasked, and what is not written any more is given back. The object must exist; it is never made
//! and never removed.

mod target;
mod read;
mod act;
mod taints;

pub(super) use self::act::{left, make, preview, unmake, update};
pub(super) use self::read::read;

use serde_json::Value as Json;

use crate::value::{Fields, Kind as Content, Value};

use super::object::Name;
use super::schema;
use super::tables::Kind;

/// The kind whose fields are owned, where a type says it itself.
const TOLD: &[&str] = &["api_version", "kind"];

/// Gives a text argument that is not empty.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.field(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Gives the id of a value; nothing where something of it is unknown.
pub(super) fn id(kind: &Kind, value: &Value) -> Option<String> {
    let name = Name::of(kind, value)?;
    if let Some(taints) = value.field("taint") {
        let taints = taints.elements()?.iter().map(|taint| {
            let part = |name: &str| taint.field(name).and_then(Value::as_str);
            Some(format!("{}={}:{}", part("key")?, part("value")?, part("effect")?))
        });
        let taints: Option<Vec<String>> = taints.collect();
        return Some(format!("{},{}", name.name, taints?.join(",")));
    }
    if !kind.api_version.is_empty() {
        return Some(name.id());
    }
    let namespace = super::object::metadata(value).and_then(|block| text(block, "namespace"));
    let namespace = namespace.map(|namespace| format!(",namespace={namespace}"));
    let (api_version, kind) = (text(value, "api_version")?, text(value, "kind")?);
    let (name, namespace) = (name.name, namespace.unwrap_or_default());
    Some(format!("apiVersion={api_version},kind={kind},name={name}{namespace}"))
}

/// Gives the value that an import of variables begins with: `apiVersion=…,kind=…,name=…`, and `namespace` and `container`.
///
/// # Errors
/// What is wrong with the id, or that the kind is never imported.
pub(super) fn import(kind: &Kind, type_name: &str, id: &str) -> Result<Value, String> {
    const FORM: &str = "The id has the form apiVersion=…,kind=…,name=…[,namespace=…][,container=…|,init_container=…].";
    if !kind.nodes.contains_key("env") {
        return Err(format!(
            "A {type_name} owns fields of an object that something else makes: it is not imported. An apply takes \
             fields that have the same values as they are."
        ));
    }
    let mut value = schema::resource(kind).empty().with_field("id", Value::string(id));
    let mut metadata: Vec<(&str, &str)> = Vec::new();
    for part in id.split(',') {
        let (key, text) = part.split_once('=').ok_or(FORM)?;
        match key {
            "apiVersion" => value = value.with_field("api_version", Value::string(text)),
            "kind" | "container" | "init_container" => {
                value = value.with_field(key, Value::string(text));
            }
            "name" | "namespace" => metadata.push((key, text)),
            _ => return Err(FORM.into()),
        }
    }
    let nodes = kind.nodes.get("metadata").and_then(|node| node.block.as_deref()).ok_or(FORM)?;
    let fields: Fields = nodes
        .iter()
        .map(|(name, node)| {
            let given = metadata.iter().find(|(key, _)| key == name);
            let absent = Value::null(schema::node_type(node));
            (name.as_str().into(), given.map_or(absent, |(_, text)| Value::string(*text)))
        })
        .collect();
    let block = Value::new(Content::Object(std::sync::Arc::new(fields)));
    let value = value.with_field("metadata", Value::list(schema::object_type(nodes), vec![block]));
    let whole = Name::of(kind, &value).is_some();
    match whole && TOLD.iter().all(|name| text(&value, name).is_some()) {
        true => Ok(value),
        false => Err(FORM.into()),
    }
}

/// Gives the names of what a manager applied below a field: `f:NAME` in the set of its fields.
fn owned(live: &Json, manager: &str, place: &str) -> Vec<String> {
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    let mut names = Vec::new();
    for entry in entries.into_iter().flatten() {
        if entry["manager"] != manager || entry["operation"] != "Apply" {
            continue;
        }
        let below = place
            .split('/')
            .try_fold(&entry["fieldsV1"], |fields, step| fields.get(format!("f:{step}")));
        let fields = below.and_then(Json::as_object).into_iter().flatten();
        names.extend(fields.filter_map(|(key, _)| key.strip_prefix("f:").map(str::to_string)));
    }
    names
}
