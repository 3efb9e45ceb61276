//! The way of a write: conform, default, admit, validate, own, store.

use serde_json::{Map, Value as Json, json};

use super::admission;
use super::convert;
use super::custom;
use super::defaults;
use super::definitions::{self, Missing};
use super::failure::{Cause, Failure};
use super::hooks;
use super::immutable;
use super::limits;
use super::quota;
use super::resources::Resource;
use super::shapes;
use super::store::{Key, Store, digest, is_deleting, items, mix, name, text};
use super::validate;
use super::versions;
use crate::merge;
use crate::merge::managers::Writer;
use crate::merge::schema::Schema;

/// What becomes of unknown fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// They are dropped.
    Ignore,
    /// They are dropped with a warning.
    Warn,
    /// They are refused.
    Strict,
}

/// How a write is made.
#[derive(Clone, Debug)]
pub struct How {
    /// Who writes.
    pub writer: Writer,
    /// What becomes of unknown fields.
    pub validation: Validation,
    /// Whether nothing is kept.
    pub dry_run: bool,
    /// Whether `managedFields` are right already, as after an apply.
    pub managed: bool,
    /// Fields that the body has twice.
    pub twice: Vec<String>,
    /// The patch that the object was made by, as it is told where the outcome cannot be read.
    pub patch: Option<String>,
    /// What the caller is told besides.
    pub warnings: Vec<String>,
}

impl How {
    /// A controller's write.
    pub fn controller(manager: &str, subresource: Option<&str>) -> How {
        let mut writer = Writer::new(manager, "");
        writer.subresource = subresource.map(str::to_owned);
        How {
            writer,
            validation: Validation::Ignore,
            dry_run: false,
            managed: false,
            twice: Vec::new(),
            patch: None,
            warnings: Vec::new(),
        }
    }
}

/// Makes an object.
///
/// # Errors
/// Every refusal of the API server.
pub fn create(
    store: &mut Store,
    resource: &'static Resource,
    namespace: &str,
    mut object: Json,
    how: &mut How,
) -> Result<Json, Failure> {
    let missing = conform(store, resource, &mut object, how)?;
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    namespace_is_open(store, resource, namespace, name(&object))?;
    if resource.has_status() && !how.writer.manager.starts_with("kube") {
        remove(&mut object, "status");
    }
    prepare(store, resource, &mut object);
    own(store, resource, None, &mut object, how);
    identify(store, resource, namespace, &mut object)?;
    let key = Key::new(resource, namespace, name(&object));
    let there = store.get(&key).map(is_deleting);
    if resource.kind == "Service" {
        // Addresses are given out last of all.
        let causes = faults(store, resource, None, &object, &missing);
        if !causes.is_empty() {
            return Err(Failure::invalid(resource, &key.name, &causes));
        }
        if let Some(deleting) = there {
            return Err(Failure::already_exists(resource, &key.name, deleting));
        }
    }
    mutate(store, resource, None, &mut object, how)?;
    admission::admit(store, resource, None, &mut object)?;
    shapes::settle(&mut object, &resource.api_version(), resource.kind);
    let causes = faults(store, resource, None, &object, &missing);
    if !causes.is_empty() {
        return Err(Failure::invalid(resource, &key.name, &causes));
    }
    ask(store, hooks::VALIDATING, resource, None, &object, how)?;
    limits::admit(store, resource, &object)?;
    // What is refused for its name takes nothing of a quota.
    quota::admit(store, resource, None, &object, how.dry_run || there.is_some())?;
    if let Some(deleting) = there {
        return Err(Failure::already_exists(resource, &key.name, deleting));
    }
    if how.dry_run {
        return Ok(object);
    }
    let stored = convert::inward(store, resource, &object)?;
    let stored = store.write(&key, stored);
    convert::outward(store, resource, &stored)
}

/// Replaces an object by its next state.
///
/// # Errors
/// Every refusal of the API server.
pub fn update(
    store: &mut Store,
    resource: &'static Resource,
    key: &Key,
    mut object: Json,
    how: &mut How,
) -> Result<Json, Failure> {
    let Some(old) = store.get(key).map(|old| convert::outward(store, resource, old)) else {
        return Err(Failure::not_found(resource, &key.name));
    };
    let old = old?;
    let missing = conform(store, resource, &mut object, how)?;
    same_identity(resource, key, &old, &object)?;
    let status = how.writer.subresource.as_deref() == Some("status");
    if status {
        let mut next = old.clone();
        next["status"] = object["status"].clone();
        // What is wanted is what stands there, whatever was sent beside the status.
        let mut causes = Vec::new();
        custom::check_status(store, resource, &old, &next, &mut causes);
        validate::status(resource, &next, &mut causes);
        if !causes.is_empty() {
            return Err(Failure::invalid(resource, &key.name, &causes));
        }
        if object["metadata"].get("managedFields").is_some() {
            next["metadata"]["managedFields"] = object["metadata"]["managedFields"].clone();
        }
        object = next;
        if object["status"].is_null() {
            remove(&mut object, "status");
        }
    } else if resource.has_status() && how.writer.subresource.is_none() {
        match old.get("status") {
            Some(status) => object["status"] = status.clone(),
            None => remove(&mut object, "status"),
        }
    }
    carry_over(&old, &mut object);
    prepare(store, resource, &mut object);
    own(store, resource, Some(&old), &mut object, how);
    versions::hand_over(&old, &mut object);
    if !status {
        mutate(store, resource, Some(&old), &mut object, how)?;
        admission::admit(store, resource, Some(&old), &mut object)?;
        shapes::settle(&mut object, &resource.api_version(), resource.kind);
        let mut causes = finalizers(&old, &object);
        causes.extend(faults(store, resource, Some(&old), &object, &missing));
        if !resource.custom {
            causes.extend(immutable::check(resource.kind, &old, &object));
        }
        if !causes.is_empty() {
            return Err(Failure::invalid(resource, &key.name, &causes));
        }
        ask(store, hooks::VALIDATING, resource, Some(&old), &object, how)?;
        if resource.kind == "PersistentVolumeClaim" {
            limits::admit(store, resource, &object)?;
        }
        quota::admit(store, resource, Some(&old), &object, how.dry_run)?;
        if resource.generation && wanted_part(&old) != wanted_part(&object) {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            object["metadata"]["generation"] = json!(generation);
        }
    }
    object["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
    if without_times(&object) == without_times(&old) {
        return Ok(old);
    }
    if how.dry_run {
        return Ok(object);
    }
    if is_done(resource, &object) {
        store.write(key, object);
        return Ok(store.remove(key).unwrap_or_default());
    }
    let stored = convert::inward(store, resource, &object)?;
    let stored = store.write(key, stored);
    convert::outward(store, resource, &stored)
}

/// Asks the webhooks that may change an object, and lets it be as they have made it.
fn mutate(
    store: &Store,
    resource: &'static Resource,
    old: Option<&Json>,
    object: &mut Json,
    how: &mut How,
) -> Result<(), Failure> {
    let Some(mut changed) = ask(store, hooks::MUTATING, resource, old, object, how)? else {
        return Ok(());
    };
    for name in ["name", "namespace", "uid", "creationTimestamp", "managedFields"] {
        match object["metadata"].get(name) {
            Some(value) => changed["metadata"][name] = value.clone(),
            None => remove(&mut changed["metadata"], name),
        }
    }
    *object = changed;
    prepare(store, resource, object);
    Ok(())
}

/// Asks the webhooks of a kind; gives the object as they have changed it.
fn ask(
    store: &Store,
    kind: &str,
    resource: &'static Resource,
    old: Option<&Json>,
    object: &Json,
    how: &mut How,
) -> Result<Option<Json>, Failure> {
    let subresource = how.writer.subresource.as_deref();
    let wish = hooks::Wish { resource, subresource, old, new: Some(object) };
    let manner = hooks::Manner { dry_run: how.dry_run, manager: &how.writer.manager };
    let outcome = hooks::ask(store, kind, &wish, &manner)?;
    how.warnings.extend(outcome.warnings);
    Ok(outcome.object)
}

/// Brings an object into the form in which the kind is written, with its defaults.
fn prepare(store: &Store, resource: &Resource, object: &mut Json) {
    let entries = &mut object["metadata"]["managedFields"];
    if entries.as_array().is_some_and(Vec::is_empty) {
        // To state none is to forget them all.
        *entries = json!([{}]);
    } else if entries.is_null() {
        remove(&mut object["metadata"], "managedFields");
    }
    shapes::strip(object, &resource.api_version(), resource.kind);
    fill(store, resource, object);
    shapes::settle(object, &resource.api_version(), resource.kind);
}

/// Fills in what the kind's defaults say.
fn fill(store: &Store, resource: &Resource, object: &mut Json) {
    match custom::schema(store, resource) {
        Some(schema) => custom::fill(object, &schema),
        None if resource.custom => {}
        None if versions::is_other(resource) => versions::fill(object),
        None => defaults::fill(resource.kind, object),
    }
}

/// Gives what is wrong with an object.
fn faults(
    store: &Store,
    resource: &'static Resource,
    old: Option<&Json>,
    object: &Json,
    missing: &[Missing],
) -> Vec<Cause> {
    if versions::is_other(resource) {
        return faults(store, versions::stored(resource), old, &versions::inward(object), missing);
    }
    let mut causes = match resource.custom {
        true => validate::check_custom(resource, object, missing),
        false => validate::check(resource, object, missing),
    };
    if let Some(schema) = custom::schema(store, resource) {
        custom::validate(object, &schema, "", &mut causes);
        custom::rules(object, old, &schema, &mut causes);
    }
    if resource.kind == "CustomResourceDefinition" {
        let given = !missing.iter().any(|field| ["spec", "spec.versions"].contains(&&*field.path));
        custom::check_definition(object, given, &mut causes);
    }
    causes
}

/// A write that changes nothing but the time of an entry is none.
fn without_times(object: &Json) -> Json {
    let mut object = object.clone();
    let entries = object.pointer_mut("/metadata/managedFields").and_then(Json::as_array_mut);
    for entry in entries.into_iter().flatten() {
        remove(entry, "time");
    }
    object
}

/// Says whether an object that is being deleted has nothing left that holds it.
pub fn is_done(resource: &Resource, object: &Json) -> bool {
    let held = match resource.kind {
        "Namespace" => !items(object, "/spec/finalizers").is_empty(),
        "Pod" => object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) > 0,
        _ => false,
    };
    is_deleting(object) && items(object, "/metadata/finalizers").is_empty() && !held
}

fn conform(
    store: &Store,
    resource: &Resource,
    object: &mut Json,
    how: &mut How,
) -> Result<Vec<Missing>, Failure> {
    object["apiVersion"] = json!(resource.api_version());
    object["kind"] = json!(resource.kind);
    let mut findings = definitions::conform(object, &resource.api_version(), resource.kind);
    if let Some(schema) = custom::schema(store, resource) {
        custom::conform(object, &schema, &mut findings);
    }
    let kind = resource.kind;
    let about = format!("{kind} in version \"{}\" cannot be handled as a {kind}", resource.version);
    if let Some(fault) = findings.mistyped {
        if let Some(patch) = &how.patch {
            return Err(Failure::bad_patch(patch, &fault));
        }
        return Err(match how.managed {
            true => Failure::internal(format!(
                "failed to convert new object ({}/{}; {}, Kind={kind}) to proper version: unable to \
                 convert unstructured object to {}, Kind={kind}: {fault}",
                text(object, "/metadata/namespace"),
                name(object),
                resource.group_version(),
                resource.group_version(),
            )),
            false => Failure::bad_request(format!("{about}: {fault}")),
        });
    }
    let unknown = findings.unknown.iter().map(|field| format!("unknown field \"{field}\""));
    let twice = std::mem::take(&mut how.twice);
    let texts: Vec<String> =
        twice.iter().map(|field| format!("duplicate field \"{field}\"")).chain(unknown).collect();
    if !texts.is_empty() {
        match how.validation {
            Validation::Strict => {
                if let Some(patch) = &how.patch {
                    let fault = format!("strict decoding error: {}", texts.join(", "));
                    return Err(Failure::bad_patch(patch, &fault));
                }
                let text = format!("{about}: strict decoding error: {}", texts.join(", "));
                return Err(Failure::bad_request(text));
            }
            Validation::Warn => how.warnings.extend(texts),
            Validation::Ignore => {}
        }
    }
    Ok(findings.missing)
}

fn namespace_is_open(
    store: &Store,
    resource: &Resource,
    namespace: &str,
    name: &str,
) -> Result<(), Failure> {
    if !resource.namespaced {
        return Ok(());
    }
    let Some(found) = store.find("Namespace", "", namespace) else {
        return Err(Failure::not_found(super::resources::named("Namespace"), namespace));
    };
    if is_deleting(found) {
        let text = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        let mut failure = Failure::forbidden(resource, name, &text);
        failure.details["causes"] = json!([{"reason": "NamespaceTerminating",
            "message": format!("namespace {namespace} is being terminated"),
            "field": "metadata.namespace"}]);
        return Err(failure);
    }
    Ok(())
}

fn identify(
    store: &mut Store,
    resource: &Resource,
    namespace: &str,
    object: &mut Json,
) -> Result<(), Failure> {
    let given = text(object, "/metadata/namespace").to_owned();
    if resource.namespaced && !given.is_empty() && given != namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !text(object, "/metadata/resourceVersion").is_empty() {
        return Err(Failure::internal(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    if name(object).is_empty() {
        let prefix = text(object, "/metadata/generateName").to_owned();
        if prefix.is_empty() {
            let cause = Cause::required("metadata.name", "name or generateName is required");
            return Err(Failure::invalid(resource, "", &[cause]));
        }
        object["metadata"]["name"] = json!(format!("{prefix}{}", store.suffix(5)));
    }
    let metadata = &mut object["metadata"];
    metadata["uid"] = json!(uid(store));
    metadata["creationTimestamp"] = json!(store.stamp());
    for name in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        remove(metadata, name);
    }
    if resource.namespaced {
        metadata["namespace"] = json!(namespace);
    } else {
        remove(metadata, "namespace");
    }
    if resource.generation {
        metadata["generation"] = json!(1);
    }
    Ok(())
}

/// Makes a uid that no other object has.
pub fn uid(store: &mut Store) -> String {
    let number = store.next_number();
    let high = mix(store.seed.wrapping_add(number));
    let bytes = (u128::from(high) << 64 | u128::from(mix(high ^ store.seed))).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn same_identity(resource: &Resource, key: &Key, old: &Json, object: &Json) -> Result<(), Failure> {
    let version = text(object, "/metadata/resourceVersion");
    if version.is_empty() && resource.strict_put {
        let cause = Cause {
            reason: "FieldValueInvalid",
            message: "Invalid value: 0x0: must be specified for an update".to_owned(),
            field: "metadata.resourceVersion".to_owned(),
        };
        return Err(Failure::invalid_resource(resource, &key.name, &[cause]));
    }
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(Failure::internal(format!(
            "strconv.ParseUint: parsing {version:?}: invalid syntax"
        )));
    }
    let given = text(object, "/metadata/uid");
    if !given.is_empty() && given != text(old, "/metadata/uid") {
        let place = match resource.namespaced {
            true => format!("{}/{}", key.namespace, key.name),
            false => key.name.clone(),
        };
        let text = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}, ResourceVersion: 0, \
             AdditionalErrorMsg: Precondition failed: UID in precondition: {given}, UID in object \
             meta: {}",
            resource.plural,
            text(old, "/metadata/uid")
        );
        return Err(Failure::conflict(resource, &key.name, &text));
    }
    if !version.is_empty() && version != text(old, "/metadata/resourceVersion") {
        let detail = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(resource, &key.name, detail));
    }
    Ok(())
}

fn carry_over(old: &Json, object: &mut Json) {
    for name in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        match old["metadata"].get(name) {
            Some(value) => object["metadata"][name] = value.clone(),
            None => remove(&mut object["metadata"], name),
        }
    }
}

fn finalizers(old: &Json, object: &Json) -> Vec<Cause> {
    if !is_deleting(old) {
        return Vec::new();
    }
    let before = items(old, "/metadata/finalizers");
    let new: Vec<&Json> =
        items(object, "/metadata/finalizers").iter().filter(|one| !before.contains(one)).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers {}",
        go_list(&new)
    );
    // The server says it twice.
    let cause = Cause::forbidden("metadata.finalizers", &detail);
    vec![cause.clone(), cause]
}

/// Writes texts as the server's language writes a list of them.
fn go_list(texts: &[&Json]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
    format!("[]string{{{}}}", texts.join(", "))
}

/// What counts for `generation`: everything but metadata and status.
fn wanted_part(object: &Json) -> Map<String, Json> {
    let mut part = object.as_object().cloned().unwrap_or_default();
    for name in ["metadata", "status", "apiVersion", "kind"] {
        part.shift_remove(name);
    }
    part
}

/// Adds a finalizer where it is not there.
pub fn add_finalizer(object: &mut Json, name: &str) {
    let mut list = items(object, "/metadata/finalizers").to_vec();
    if !list.iter().any(|one| one == name) {
        list.push(json!(name));
        object["metadata"]["finalizers"] = json!(list);
    }
}

fn own(store: &Store, resource: &Resource, old: Option<&Json>, object: &mut Json, how: &mut How) {
    if how.managed {
        return;
    }
    // A scale's writer is noted without the hour.
    let scale = how.writer.subresource.as_deref() == Some("scale");
    how.writer.time = (!scale).then(|| store.stamp());
    how.writer.api_version = resource.api_version();
    let types = custom::types(store, resource);
    let own = types.as_ref().and_then(|all| all.known(&resource.api_version(), resource.kind));
    let schema = own.unwrap_or_else(|| Schema::of(&resource.api_version(), resource.kind));
    let bare = shapes::bare(&resource.api_version(), resource.kind);
    // What only the status's own way may write nobody owns by another.
    let hidden = resource.has_status() && how.writer.subresource.is_none();
    let status = hidden.then(|| {
        let there = old.unwrap_or(&bare).get("status").cloned();
        let given = object.get("status").cloned();
        put_status(object, there);
        given
    });
    merge::update(old, object, &how.writer, schema, &bare);
    if let Some(given) = status {
        put_status(object, given);
    }
}

fn put_status(object: &mut Json, status: Option<Json>) {
    match status {
        Some(status) => object["status"] = status,
        None => remove(object, "status"),
    }
}

/// Takes a field out.
pub fn remove(object: &mut Json, name: &str) {
    if let Some(object) = object.as_object_mut() {
        object.shift_remove(name);
    }
}

/// Makes a short hash of a value in the letters of generated names.
pub fn short_hash(value: &Json) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut mixed = digest(&value.to_string());
    let mut text = String::new();
    for _ in 0..10 {
        mixed = mix(mixed);
        text.push(char::from(LETTERS[usize::try_from(mixed % 27).unwrap_or(0)]));
    }
    text
}
