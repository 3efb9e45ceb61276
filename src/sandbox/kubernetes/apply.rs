//! Server-side apply: checks of the intent, the merge, and the common way of a write.

use serde_json::{Value as Json, json};

use super::admit::{self, How, remove};
use super::custom;
use super::definitions;
use super::failure::Failure;
use super::resources::Resource;
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
    conform(store, resource, key, &mut intent, how)?;
    let version = text(&intent, "/metadata/resourceVersion").to_owned();
    let uid = text(&intent, "/metadata/uid").to_owned();
    for name in ["resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"] {
        remove(&mut intent["metadata"], name);
    }
    if resource.has_status() && how.writer.subresource.is_none() {
        remove(&mut intent, "status");
    }
    if resource.kind == "Secret" {
        fold_texts(&mut intent);
    }
    let live = store.get(key).cloned();
    guard(resource, key, live.as_ref(), &version, &uid)?;
    how.writer.api_version = resource.api_version();
    how.writer.time = Some(store.stamp());
    how.managed = true;
    intent["metadata"]["name"] = json!(key.name);
    let types = custom::types(store, resource);
    let own = types.as_ref().and_then(|all| all.known(&resource.api_version(), resource.kind));
    let schema = own.unwrap_or_else(|| Schema::of(&resource.api_version(), resource.kind));
    let merged = merge::apply(live.as_ref(), &intent, &how.writer, force, schema)
        .map_err(|error| refusal(resource, key, error))?;
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
    if !intent.is_object() {
        return Err(Failure::bad_request("error decoding YAML: the body is no object"));
    }
    let (version, kind) = (text(intent, "/apiVersion"), text(intent, "/kind"));
    if version.is_empty() || kind.is_empty() {
        return Err(Failure::bad_request("invalid object type: apiVersion and kind must be set"));
    }
    if version != resource.api_version() || kind != resource.kind {
        return Err(Failure::bad_request(format!(
            "invalid object type: {version}, Kind={kind}: expected {}, Kind={}",
            resource.api_version(),
            resource.kind
        )));
    }
    let name = text(intent, "/metadata/name");
    if !name.is_empty() && name != key.name {
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
    let entries = &intent["metadata"]["managedFields"];
    if entries.as_array().is_some_and(|entries| !entries.is_empty()) {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    Ok(())
}

fn conform(
    store: &Store,
    resource: &Resource,
    key: &Key,
    intent: &mut Json,
    how: &How,
) -> Result<(), Failure> {
    let mut findings = definitions::conform(intent, &resource.api_version(), resource.kind);
    if let Some(schema) = custom::schema(store, resource) {
        custom::conform(intent, &schema, &mut findings);
    }
    let about = format!(
        "({}/{}; {}, Kind={})",
        key.namespace,
        key.name,
        resource.api_version(),
        resource.kind
    );
    if !findings.unknown.is_empty() {
        if how.validation == admit::Validation::Strict {
            let texts: Vec<String> =
                findings.unknown.iter().map(|field| format!("unknown field \"{field}\"")).collect();
            let text = format!("strict decoding error: {}", texts.join(", "));
            return Err(Failure::bad_request(text));
        }
        return Err(Failure::bad_request(format!(
            "failed to create typed patch object {about}: .{}: field not declared in schema",
            findings.unknown[0]
        )));
    }
    if let Some((path, wanted, given)) = findings.mistyped {
        return Err(Failure::bad_request(format!(
            "failed to create typed patch object {about}: .{path}: expected {wanted}, got {given}"
        )));
    }
    Ok(())
}

fn guard(
    resource: &Resource,
    key: &Key,
    live: Option<&Json>,
    version: &str,
    uid: &str,
) -> Result<(), Failure> {
    let Some(live) = live else {
        if !uid.is_empty() || !version.is_empty() {
            let text =
                "uid mismatch: the provided object specified uid, and no existing object was found";
            return Err(Failure::conflict(resource, &key.name, text));
        }
        return Ok(());
    };
    if !version.is_empty() && version != text(live, "/metadata/resourceVersion") {
        let text = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(resource, &key.name, text));
    }
    let there = text(live, "/metadata/uid");
    if !uid.is_empty() && uid != there {
        let text =
            format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {there}");
        return Err(Failure::conflict(resource, &key.name, &text));
    }
    Ok(())
}

fn fold_texts(intent: &mut Json) {
    use base64::Engine;
    let Some(texts) = intent.as_object_mut().and_then(|o| o.shift_remove("stringData")) else {
        return;
    };
    if !intent["data"].is_object() {
        intent["data"] = json!({});
    }
    for (name, value) in texts.as_object().into_iter().flatten() {
        let bytes = value.as_str().unwrap_or_default();
        intent["data"][name] = json!(base64::engine::general_purpose::STANDARD.encode(bytes));
    }
}

fn refusal(resource: &Resource, key: &Key, error: ApplyError) -> Failure {
    let message = error.to_string();
    match error {
        ApplyError::Conflicts(conflicts) => {
            let causes =
                conflicts.into_iter().map(|conflict| (conflict.with(), conflict.path)).collect();
            Failure::field_conflicts(&message, causes)
        }
        ApplyError::Invalid(text) => Failure::unprocessable(format!(
            "failed to create typed patch object ({}/{}; {}, Kind={}): {text}",
            key.namespace,
            key.name,
            resource.api_version(),
            resource.kind
        )),
    }
}
