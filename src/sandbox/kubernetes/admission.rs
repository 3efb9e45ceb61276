//! Admission of single kinds: what the server itself adds to an object or refuses before it is checked.

use serde_json::{Value as Json, json};

use super::admit::add_finalizer;
use super::defaults_pod::{self, admit_pod};
use super::failure::{Cause, Failure};
use super::limits;
use super::quantity;
use super::resources::Resource;
use super::services;
use super::store::{Store, items, name, namespace, text};

/// Does to an object what the server's own admission does to its kind.
///
/// # Errors
/// What the kind's rules refuse.
pub fn admit(
    store: &mut Store,
    resource: &Resource,
    old: Option<&Json>,
    object: &mut Json,
) -> Result<(), Failure> {
    match (resource.kind, old) {
        _ if resource.custom => {}
        ("Pod", None) => {
            defaults_pod::may_run(store, resource, object)?;
            let space = namespace(object).to_owned();
            limits::complete(store, object, &space);
            admit_pod(store, object);
        }
        ("Namespace", None) => namespace_holds(object),
        ("Service", _) => services::allocate(store, resource, old, object)?,
        ("Job", _) => job_labels(old, object),
        ("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet", _) => {}
        ("PersistentVolumeClaim", None) => {
            default_class(store, object);
            add_finalizer(object, "kubernetes.io/pvc-protection");
        }
        ("PersistentVolume", None) => {
            add_finalizer(object, "kubernetes.io/pv-protection");
            object["status"]["lastPhaseTransitionTime"] = json!(store.stamp());
        }
        ("PersistentVolumeClaim", Some(old)) => may_grow(store, resource, old, object)?,
        ("PriorityClass", None) => priority(resource, object)?,
        _ => {}
    }
    Ok(())
}

/// Says whether a claim may ask for more than it has.
fn may_grow(store: &Store, resource: &Resource, old: &Json, new: &Json) -> Result<(), Failure> {
    let size = "/spec/resources/requests/storage";
    let amount = |object: &Json| quantity::parse(text(object, size)).map(|(amount, _)| amount);
    if text(old, "/status/phase") != "Bound" || amount(new) <= amount(old) {
        return Ok(());
    }
    let class = store.find("StorageClass", "", text(old, "/spec/storageClassName"));
    if class.is_some_and(|class| class["allowVolumeExpansion"] == true) {
        return Ok(());
    }
    let detail = "only dynamically provisioned pvc can be resized and the storageclass that \
        provisions the pvc must support resize";
    Err(Failure::forbidden(resource, name(new), detail))
}

/// A namespace is held until what is in it has gone.
fn namespace_holds(object: &mut Json) {
    let mut finalizers = items(object, "/spec/finalizers").to_vec();
    if !finalizers.iter().any(|one| one == "kubernetes") {
        finalizers.push(json!("kubernetes"));
    }
    object["spec"]["finalizers"] = json!(finalizers);
}

fn priority(resource: &Resource, class: &mut Json) -> Result<(), Failure> {
    defaults_pod::put(class, "preemptionPolicy", json!("PreemptLowerPriority"));
    let name = name(class).to_owned();
    let known = ["system-cluster-critical", "system-node-critical"];
    let system = name.starts_with("system-");
    let cause = if system && !known.contains(&name.as_str()) {
        let detail = format!(
            "priority class names with 'system-' prefix are reserved for system use only. error: \
             {name} is not a known system priority class"
        );
        Cause::forbidden("metadata.name", &detail)
    } else if !system && class["value"].as_i64().unwrap_or(0) > 1_000_000_000 {
        let detail = "maximum allowed value of a user defined priority is 1000000000";
        Cause::forbidden("value", detail)
    } else {
        return Ok(());
    };
    Err(Failure::invalid(resource, &name, &[cause]))
}

/// A Job's own labels and selector, made from its uid unless it has a selector of its own.
fn job_labels(old: Option<&Json>, object: &mut Json) {
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let (uid, name) =
        (text(object, "/metadata/uid").to_owned(), text(object, "/metadata/name").to_owned());
    defaults_pod::put(&mut object["spec"], "manualSelector", json!(false));
    if old.is_none() || object["spec"].get("selector").is_none_or(Json::is_null) {
        object["spec"]["selector"] =
            json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    }
    let template = &mut object["spec"]["template"];
    if !template["metadata"].is_object() {
        template["metadata"] = json!({});
    }
    if !template["metadata"]["labels"].is_object() {
        template["metadata"]["labels"] = json!({});
    }
    let labels = &mut template["metadata"]["labels"];
    for key in ["batch.kubernetes.io/controller-uid", "controller-uid"] {
        labels[key] = json!(uid);
    }
    for key in ["batch.kubernetes.io/job-name", "job-name"] {
        labels[key] = json!(name);
    }
    let labels = labels.clone();
    if object["metadata"].get("labels").is_none() && old.is_none() {
        object["metadata"]["labels"] = labels;
    }
}

fn default_class(store: &Store, object: &mut Json) {
    if object["spec"].get("storageClassName").is_some_and(|class| !class.is_null()) {
        return;
    }
    let mark = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";
    let class = store.all("StorageClass").into_iter().find(|class| text(class, mark) == "true");
    if let Some(class) = class {
        object["spec"]["storageClassName"] = class["metadata"]["name"].clone();
    }
}
