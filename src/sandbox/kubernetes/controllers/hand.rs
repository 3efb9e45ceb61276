//! How controllers write: in their own names, and only what differs.

use serde_json::{Value as Json, json};

use crate::merge;
use crate::merge::managers::Writer;
use crate::merge::schema::Schema;
use crate::sandbox::kubernetes::admit::{self, How};
use crate::sandbox::kubernetes::custom;
use crate::sandbox::kubernetes::delete::{self, Options, Propagation};
use crate::sandbox::kubernetes::resources::{self, Resource};
use crate::sandbox::kubernetes::store::{Key, Store, digest, name, namespace, text, uid};

/// The manager of most controllers.
pub const MANAGER: &str = "kube-controller-manager";

/// Gives the key of an object.
pub fn key_of(store: &Store, object: &Json) -> Key {
    let resource = resource_of(store, object);
    Key::new(resource, namespace(object), name(object))
}

fn resource_of(store: &Store, object: &Json) -> &'static Resource {
    let (version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    let custom =
        || store.customs.iter().find(|row| row.kind == kind && row.api_version() == version);
    resources::by_kind(version, kind)
        .or_else(|| custom().copied())
        .unwrap_or_else(|| resources::named("ConfigMap"))
}

/// Makes an object; gives it as it stands, or `None` where it was refused.
pub fn create(store: &mut Store, manager: &str, object: Json) -> Option<Json> {
    try_create(store, manager, object).ok()
}

/// Makes an object; gives it as it stands, or the server's words where it was refused.
///
/// # Errors
/// Why it was refused.
pub fn try_create(store: &mut Store, manager: &str, object: Json) -> Result<Json, String> {
    let resource = resource_of(store, &object);
    let place = namespace(&object).to_owned();
    let mut how = How::controller(manager, None);
    admit::create(store, resource, &place, object, &mut how).map_err(|failure| {
        store.attention.refused = true;
        failure.message
    })
}

/// Changes an object past validation (a binding, a finalizer, an annotation), where it differs.
pub fn change(store: &mut Store, manager: &str, object: &Json, edit: impl FnOnce(&mut Json)) {
    let key = key_of(store, object);
    let Some(old) = store.shared(&key) else { return };
    let mut next = old.as_ref().clone();
    edit(&mut next);
    write(store, &key, &old, next, manager, None);
}

/// Changes what is wanted of an object, as a client would.
pub fn update(
    store: &mut Store,
    manager: &str,
    subresource: Option<&str>,
    object: &Json,
    edit: impl FnOnce(&mut Json),
) {
    let key = key_of(store, object);
    let Some(mut next) = store.get(&key).cloned() else { return };
    edit(&mut next);
    let mut how = How::controller(manager, subresource);
    let resource = resource_of(store, object);
    // A controller tries again at its next look; what was refused is seen in the object.
    store.attention.refused |= admit::update(store, resource, &key, next, &mut how).is_err();
}

/// Writes an object's status where it differs.
pub fn status(store: &mut Store, manager: &str, object: &Json, status: Json) {
    let key = key_of(store, object);
    let Some(old) = store.shared(&key).filter(|old| old["status"] != status) else { return };
    let mut next = old.as_ref().clone();
    next["status"] = status;
    write(store, &key, &old, next, manager, Some("status"));
}

fn write(
    store: &mut Store,
    key: &Key,
    old: &Json,
    mut next: Json,
    manager: &str,
    subresource: Option<&str>,
) {
    if *old == next {
        return;
    }
    let resource = resource_of(store, &next);
    let mut writer = Writer::new(manager, resource.api_version());
    writer.subresource = subresource.map(str::to_owned);
    writer.time = Some(store.stamp());
    let types = custom::types(store, resource);
    let own = types.as_ref().and_then(|all| all.known(&resource.api_version(), resource.kind));
    let schema = own.unwrap_or_else(|| Schema::of(&resource.api_version(), resource.kind));
    merge::update(Some(old), &mut next, &writer, schema, &Json::Null);
    let done = admit::is_done(resource, &next);
    store.write(key, next);
    if done {
        store.remove(key);
    }
}

/// Deletes an object; its dependents go after it.
pub fn delete(store: &mut Store, object: &Json) {
    let key = key_of(store, object);
    let options = Options { propagation: Some(Propagation::Background), ..Options::default() };
    // It may be gone already.
    let resource = resource_of(store, object);
    store.attention.refused |= delete::delete(store, resource, &key, &options).is_err();
}

/// Takes a finalizer away; the object goes with its last one.
pub fn drop_finalizer(store: &mut Store, manager: &str, object: &Json, finalizer: &str) {
    change(store, manager, object, |object| {
        let list = object["metadata"]["finalizers"].as_array_mut();
        if let Some(list) = list {
            list.retain(|one| one != finalizer);
            if list.is_empty() {
                admit::remove(&mut object["metadata"], "finalizers");
            }
        }
    });
}

/// Makes a pod of an owner; where it is refused, the owner has an event that says why, one for all tries.
pub fn create_pod(
    store: &mut Store,
    owner: &Json,
    component: &str,
    pod: Json,
) -> Result<Json, String> {
    let called = name(&pod).to_owned();
    try_create(store, MANAGER, pod).inspect_err(|fault| {
        let told = |event: &Json| {
            event["reason"] == "FailedCreate" && event["involvedObject"]["uid"] == uid(owner)
        };
        if !store.within("Event", namespace(owner)).any(told) {
            let message = match text(owner, "/kind") {
                "StatefulSet" => format!(
                    "create Pod {called} in StatefulSet {} failed error: {fault}",
                    name(owner)
                ),
                _ => format!("Error creating: {fault}"),
            };
            event(store, owner, component, true, "FailedCreate", &message);
        }
    })
}

/// Says something about an object, once.
pub fn event(
    store: &mut Store,
    about: &Json,
    component: &str,
    warning: bool,
    reason: &str,
    message: &str,
) {
    let place = match namespace(about) {
        "" => "default",
        namespace => namespace,
    };
    let mark = digest(&format!("{}{reason}{message}", uid(about)));
    let called = format!("{}.{mark:016x}", name(about));
    let key = Key::of("Event", place, &called);
    if store.get(&key).is_some() || store.find("Namespace", "", place).is_none() {
        return;
    }
    let stamp = store.stamp();
    let event = json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": called, "namespace": place, "uid": admit::uid(store),
            "creationTimestamp": stamp},
        "involvedObject": {"kind": about["kind"], "namespace": namespace(about),
            "name": name(about), "uid": uid(about), "apiVersion": about["apiVersion"],
            "resourceVersion": about["metadata"]["resourceVersion"]},
        "reason": reason, "message": message, "source": {"component": component},
        "firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1,
        "type": if warning { "Warning" } else { "Normal" }, "eventTime": null,
        "reportingComponent": component, "reportingInstance": ""});
    store.write(&key, event);
}

/// Gives the reference that a dependent has to its owner.
pub fn owner(object: &Json) -> Json {
    json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "name": name(object),
        "uid": uid(object), "controller": true, "blockOwnerDeletion": true})
}

/// Says whether an object is controlled by another.
pub fn is_owned_by(object: &Json, owner: &str) -> bool {
    object["metadata"]["ownerReferences"]
        .as_array()
        .is_some_and(|owners| owners.iter().any(|one| one["uid"] == owner))
}

/// Gives the objects of a kind in an owner's namespace that it controls.
pub fn owned(store: &Store, kind: &str, owner: &Json) -> Vec<Json> {
    let id = uid(owner);
    store.within(kind, namespace(owner)).filter(|object| is_owned_by(object, id)).cloned().collect()
}

/// Makes a pod of a template, not yet in the store.
pub fn pod_of(template: &Json, place: &str, owner_object: &Json) -> Json {
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    for name in ["name", "creationTimestamp"] {
        admit::remove(&mut metadata, name);
    }
    metadata["namespace"] = json!(place);
    metadata["ownerReferences"] = json!([owner(owner_object)]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// Gives a condition's entry; the moment of its change stays while its status does.
pub fn condition(
    store: &Store,
    object: &Json,
    kind: &str,
    status: bool,
    reason: &str,
    message: &str,
) -> Json {
    let word = if status { "True" } else { "False" };
    let before = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["type"] == kind && one["status"] == word);
    let since =
        before.map(|one| one["lastTransitionTime"].clone()).unwrap_or_else(|| json!(store.stamp()));
    let mut entry = json!({"type": kind, "status": word, "lastTransitionTime": since});
    if !reason.is_empty() {
        entry["reason"] = json!(reason);
    }
    if !message.is_empty() {
        entry["message"] = json!(message);
    }
    entry
}

/// Says whether a pod is ready.
pub fn is_ready(pod: &Json) -> bool {
    pod["status"]["conditions"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
}
