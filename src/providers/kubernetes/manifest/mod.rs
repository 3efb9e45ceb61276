//! Manifests: any object of a cluster, written as the API has it.
//!
//! What the kind is, where its objects are and what they may hold comes from the bundled definitions, from a
//! CustomResourceDefinition of the same plan, or from the cluster. Only what the manifest says is sent, owned and
//! compared.

mod kinds;
mod body;
mod same;
mod there;
mod merged;
mod check;
mod planning;
mod offers;
mod act;
mod rules;
mod versions;
mod spread;

use std::collections::BTreeMap;

use crate::schema::{BlockKind, Field, Given, Schema, Seal};
use crate::value::{Type, Value};

use super::super::Problem;

pub(super) use self::act::{body, by, finish_read, found, make, set, unmake, update};
pub(super) use self::body::{Who, manifest, sealed_data};
pub(super) use self::check::at_field;
pub(super) use self::kinds::{bare, common};
pub(in crate::providers) use self::offers::namespace_name;
pub(super) use self::offers::{defines, offers, requires, wants};
pub(super) use self::planning::plan;
pub(super) use self::there::as_there;

/// The resource type of one manifest.
pub(super) const ONE: &str = "kubernetes_manifest";

/// The resource type of many manifests: each is an instance.
pub(super) const MANY: &str = "kubernetes_manifests";

/// Says whether a resource type's objects are written as manifests.
pub(super) fn is_manifest(type_name: &str) -> bool {
    type_name == ONE || type_name == MANY
}

/// Gives the schema of the resource type of many manifests.
fn schema_of_many() -> Schema {
    let mut schema = schema();
    for name in spread::SPREAD.of {
        schema.fields.insert((*name).into(), Field::attribute(Type::String, Given::Optional));
    }
    schema.fields.remove("wait_for");
    let manifest = Field::attribute(Type::Any, Given::Optional);
    schema.fields.insert("manifest".into(), manifest);
    Schema { spread: Some(spread::SPREAD), version: 0, ..schema }
}

/// Gives the schema of a resource type whose objects are written as manifests.
pub(super) fn schema_of(type_name: &str) -> Schema {
    if type_name == MANY { schema_of_many() } else { schema() }
}

/// Gives the schema of the resource type of one manifest.
fn schema() -> Schema {
    let text = |given| Field::attribute(Type::String, given);
    let flag = || Field::attribute(Type::Bool, Given::Optional);
    let block = |fields: Vec<(&str, Field)>| {
        fields
            .into_iter()
            .map(|(name, field)| (name.to_string(), field))
            .collect::<BTreeMap<_, _>>()
    };
    let one = |fields| Field::block(BlockKind::List, 0, Some(1), block(fields));
    let condition = Field::block(
        BlockKind::List,
        0,
        None,
        block(vec![("type", text(Given::Optional)), ("status", text(Given::Optional))]),
    );
    let wait = one(vec![
        ("rollout", flag()),
        ("fields", Field::attribute(Type::map(Type::String), Given::Optional)),
        ("condition", condition),
    ]);
    let timeouts = one(["create", "update", "delete"]
        .map(|name| (name, text(Given::Optional)))
        .into_iter()
        .collect());
    let manager = one(vec![("name", text(Given::Optional)), ("force_conflicts", flag())]);
    let wait_for = Field {
        deprecated: Some("Use the block `wait` with `fields`.".into()),
        ..Field::attribute(Type::object([("fields", Type::map(Type::String))]), Given::Optional)
    };
    let texts = Field::attribute(Type::list(Type::String), Given::Optional);
    let fields = block(vec![
        ("manifest", Field::attribute(Type::Any, Given::Required)),
        ("object", Field::attribute(Type::Any, Given::OptionalOrService)),
        ("computed_fields", texts),
        ("wait_for", wait_for),
        ("wait", wait),
        ("timeouts", timeouts),
        ("field_manager", manager),
    ]);
    Schema { version: 1, fields, seal: Some(Seal(body::seal)), ..Schema::default() }
}

/// Checks what needs no definition.
pub(super) fn validate(config: &Value) -> Vec<Problem> {
    let Some(written) = config.field("manifest") else { return Vec::new() };
    let mut found = check::shape(written);
    found.extend(rules::check(config));
    found
}

/// The forms that an import id has.
const FORMS: &str = "The id of a manifest has the form \
    apiVersion=VERSION,kind=KIND,name=NAME, with namespace=NAMESPACE where the kind lives in one.";

/// Gives what is read by an import id.
///
/// # Errors
/// The forms that an id has.
pub(super) fn import(type_name: &str, id: &str) -> Result<Value, String> {
    let mut given: BTreeMap<&str, &str> = BTreeMap::new();
    for part in id.split(',') {
        let (name, value) = part.split_once('=').ok_or(FORMS)?;
        let (name, value) = (name.trim(), value.trim());
        if !["apiVersion", "kind", "namespace", "name"].contains(&name) {
            return Err(format!("There is no part \"{name}\" in such an id. {FORMS}"));
        }
        if value.is_empty()
            || value.contains('/') && name != "apiVersion"
            || given.insert(name, value).is_some()
        {
            return Err(FORMS.into());
        }
    }
    let need = |name: &str| given.get(name).copied().ok_or_else(|| FORMS.to_string());
    let mut metadata = vec![("name", Value::string(need("name")?))];
    if let Some(namespace) = given.get("namespace") {
        metadata.push(("namespace", Value::string(namespace)));
    }
    let manifest = Value::object([
        ("apiVersion", Value::string(need("apiVersion")?)),
        ("kind", Value::string(need("kind")?)),
        ("metadata", Value::object(metadata)),
    ]);
    Ok(schema_of(type_name).empty().with_field("manifest", manifest))
}
