//! Server-side apply: checks of the intent, the merge, and the common way of a write.

use serde_json::{Value as Json, json};

use super::admit::{self, How, remove};
use super::convert;
use super::custom;
use super::failure::{Cause, Failure};
use super::resources::Resource;
use super::shapes;
use super::store::{Key, Store, text};
use crate::merge;
use crate::merge::ApplyError;
use crate::merge::schema::Schema;

/// Applies an intent; says also whether the object was made by it.
///
/// # Errors
/// Conflicts and every other refusal of the API server.
pub fn apply(
    store: &mut Store,
    resource: &'static Resource,
    key: &Key,
    mut intent: Json,
    how: &mut How,
    force: bool,
) -> Result<(Json, bool), Failure> {
    check(resource, key, &intent)?;
    let version = text(&intent, "/metadata/resourceVersion").to_owned();
    let uid = text(&intent, "/metadata/uid").to_owned();
    let name = text(&intent, "/metadata/namespace").to_owned() + "/" + &key.name;
    for name in ["resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"] {
        remove(&mut intent["metadata"], name);
    }
    if resource.has_status() {
        match how.writer.subresource.as_deref() {
            None => remove(&mut intent, "status"),
            Some("status") => keep_status(&mut intent),
            Some(_) => {}
        }
    }
    let live = store.get(key).map(|live| convert::outward(store, resource, live)).transpose()?;
    guard(resource, key, live.as_ref(), &version, &uid)?;
    how.writer.api_version = resource.api_version();
    how.writer.time = Some(store.stamp());
    how.managed = true;
    intent["metadata"]["name"] = json!(key.name);
    let types = custom::types(store, resource);
    let own = types.as_ref().and_then(|all| all.known(&resource.api_version(), resource.kind));
    let schema = own.unwrap_or_else(|| Schema::of(&resource.api_version(), resource.kind));
    let bare = shapes::bare(&resource.api_version(), resource.kind);
    let merged = merge::apply(live.as_ref(), &intent, &how.writer, force, schema, &bare)
        .map_err(|error| refusal(resource, &name, error))?;
    if live.is_some() {
        let object = admit::update(store, resource, key, merged, how)?;
        return Ok((object, false));
    }
    if how.writer.subresource.is_some() {
        return Err(Failure::not_found(resource, &key.name));
    }
    let object = admit::create(store, resource, &key.namespace, merged, how)?;
    Ok((object, true))
}

fn check(resource: &Resource, key: &Key, intent: &Json) -> Result<(), Failure> {
    let given = match intent {
        Json::Array(_) => Some("array"),
        Json::String(_) => Some("string"),
        Json::Number(_) => Some("number"),
        Json::Bool(_) => Some("bool"),
        Json::Object(_) | Json::Null => None,
    };
    if let Some(given) = given {
        return Err(Failure::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot \
             unmarshal {given} into Go value of type map[string]interface {{}}"
        )));
    }
    let (version, kind) = (text(intent, "/apiVersion"), text(intent, "/kind"));
    if version != resource.api_version() || kind != resource.kind {
        let version = if version.contains('/') { version.into() } else { format!("/{version}") };
        return Err(Failure::bad_request(format!("invalid object type: {version}, Kind={kind}")));
    }
    let name = text(intent, "/metadata/name");
    if name.is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            key.name
        )));
    }
    if name != key.name {
        return Err(Failure::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            key.name
        )));
    }
    let namespace = text(intent, "/metadata/namespace");
    if !namespace.is_empty() && namespace != key.namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if intent["metadata"]["managedFields"].is_array() {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    Ok(())
}

/// Takes out what an apply to the status cannot set.
fn keep_status(intent: &mut Json) {
    if let Some(intent) = intent.as_object_mut() {
        intent.retain(|name, _| {
            ["apiVersion", "kind", "metadata", "status"].contains(&name.as_str())
        });
    }
}

fn guard(
    resource: &Resource,
    key: &Key,
    live: Option<&Json>,
    version: &str,
    uid: &str,
) -> Result<(), Failure> {
    let Some(live) = live else {
        if !uid.is_empty() {
            let text = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was \
                 found"
            );
            return Err(Failure::conflict(resource, &key.name, &text));
        }
        return Ok(());
    };
    if !version.is_empty() && version != text(live, "/metadata/resourceVersion") {
        let text = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(resource, &key.name, text));
    }
    let there = text(live, "/metadata/uid");
    if !uid.is_empty() && uid != there {
        let cause = Cause::invalid("metadata.uid", &json!(uid), "field is immutable");
        return Err(Failure::invalid(resource, &key.name, &[cause.clone(), cause]));
    }
    Ok(())
}

fn refusal(resource: &Resource, name: &str, error: ApplyError) -> Failure {
    let message = error.to_string();
    match error {
        ApplyError::Conflicts(conflicts) => {
            let causes =
                conflicts.into_iter().map(|conflict| (conflict.with(), conflict.path)).collect();
            Failure::field_conflicts(&message, causes)
        }
        ApplyError::Invalid(text) => Failure::internal(format!(
            "failed to create typed patch object ({name}; {}, Kind={}): {text}",
            resource.group_version(),
            resource.kind
        )),
    }
}
