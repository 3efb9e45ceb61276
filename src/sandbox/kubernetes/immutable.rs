//! What may not change once an object exists.
//!
//! Source: our own table of the API's immutable fields. The texts are the API server's as far as they are known.

use serde_json::Value as Json;

use super::failure::Cause;
use super::go;
use super::quantity;
use super::store::{items, text};

const FIXED: &str = "field is immutable";
const STATEFUL: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
    'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' \
    and 'minReadySeconds' are forbidden";
const STATEFUL_FREE: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];
const CLAIM: &str = "spec is immutable after creation except resources.requests and \
    volumeAttributesClassName for bound claims";
const POD: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions \
    to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it \
    was previously negative)";

/// Says which changes of an object are refused.
pub fn check(kind: &str, old: &Json, new: &Json) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (_, pointer, detail) in FIELDS.iter().filter(|(known, ..)| *known == kind) {
        let (before, after) = (old.pointer(pointer), new.pointer(pointer));
        if before != after {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            let value = after.unwrap_or(&Json::Null);
            let shown = match field.as_str() {
                "spec.selector" => go::selector(value),
                "roleRef" => go::role(value),
                _ => value.to_string(),
            };
            // Two fields go by other names in the server's refusals.
            let field = match (kind, field.as_str()) {
                ("PersistentVolume", _) => "volumeMode".to_owned(),
                ("CSIDriver", _) => "spec.attachedRequired".to_owned(),
                _ => field,
            };
            let message = format!("Invalid value: {shown}: {detail}");
            causes.push(Cause { reason: "FieldValueInvalid", message, field });
        }
    }
    match kind {
        "StatefulSet" if fixed_part(old, STATEFUL_FREE) != fixed_part(new, STATEFUL_FREE) => {
            causes.push(Cause::forbidden("spec", STATEFUL));
        }
        "Service" => service(old, new, &mut causes),
        "Secret" | "ConfigMap" if old["immutable"] == true => frozen(old, new, &mut causes),
        "PersistentVolumeClaim" => claim(old, new, &mut causes),
        "PersistentVolume" => {
            for source in ["csi", "gcePersistentDisk", "nfs", "hostPath", "local"] {
                if old["spec"].get(source) != new["spec"].get(source) {
                    causes.push(Cause::forbidden(
                        "spec.persistentvolumesource",
                        "spec.persistentvolumesource is immutable after creation",
                    ));
                }
            }
        }
        "StorageClass" => {
            for name in ["parameters", "provisioner", "reclaimPolicy"] {
                if old.get(name) != new.get(name) {
                    let text = format!("updates to {name} are forbidden.");
                    causes.push(Cause::forbidden(name, &text));
                }
            }
        }
        "PriorityClass" if old["value"] != new["value"] => {
            causes.push(Cause::forbidden("value", "may not be changed in an update."));
        }
        "Pod" if items(old, "/spec/containers").len() != items(new, "/spec/containers").len() => {
            let detail = "pod updates may not add or remove containers";
            causes.push(Cause::forbidden("spec.containers", detail));
        }
        "Pod" if pod_part(old) != pod_part(new) => causes.push(Cause::forbidden("spec", POD)),
        _ => {}
    }
    causes
}

const FIELDS: &[(&str, &str, &str)] = &[
    ("Deployment", "/spec/selector", FIXED),
    ("DaemonSet", "/spec/selector", FIXED),
    ("ReplicaSet", "/spec/selector", FIXED),
    ("Job", "/spec/selector", FIXED),
    ("Job", "/spec/completionMode", FIXED),
    ("Job", "/spec/template", FIXED),
    ("Job", "/spec/completions", FIXED),
    ("Job", "/spec/podFailurePolicy", FIXED),
    ("Job", "/spec/successPolicy", FIXED),
    ("Job", "/spec/backoffLimitPerIndex", FIXED),
    ("Job", "/spec/managedBy", FIXED),
    ("Secret", "/type", FIXED),
    ("PersistentVolume", "/spec/volumeMode", FIXED),
    ("StorageClass", "/volumeBindingMode", FIXED),
    ("RoleBinding", "/roleRef", "cannot change roleRef"),
    ("ClusterRoleBinding", "/roleRef", "cannot change roleRef"),
    ("IngressClass", "/spec/controller", FIXED),
    ("PriorityClass", "/preemptionPolicy", FIXED),
    ("CSIDriver", "/spec/attachRequired", FIXED),
    ("RuntimeClass", "/handler", FIXED),
    ("EndpointSlice", "/addressType", FIXED),
    ("CertificateSigningRequest", "/spec", FIXED),
    ("CustomResourceDefinition", "/spec/group", FIXED),
    ("CustomResourceDefinition", "/spec/names/kind", FIXED),
    ("CustomResourceDefinition", "/spec/names/plural", FIXED),
    ("CustomResourceDefinition", "/spec/scope", FIXED),
];

fn fixed_part(object: &Json, free: &[&str]) -> Json {
    let mut spec = object["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|name, _| !free.contains(&name.as_str()));
    }
    // A claim's template is filled in by newer servers; its status says nothing.
    for claim in
        spec.get_mut("volumeClaimTemplates").and_then(Json::as_array_mut).into_iter().flatten()
    {
        if let Some(claim) = claim.as_object_mut() {
            claim.shift_remove("status");
        }
    }
    spec
}

fn pod_part(object: &Json) -> Json {
    let mut spec = object["spec"].clone();
    for list in ["containers", "initContainers"] {
        for one in spec.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            if let Some(one) = one.as_object_mut() {
                one.shift_remove("image");
            }
        }
    }
    if let Some(spec) = spec.as_object_mut() {
        for free in
            ["activeDeadlineSeconds", "tolerations", "schedulingGates", "ephemeralContainers"]
        {
            spec.shift_remove(free);
        }
    }
    spec
}

fn service(old: &Json, new: &Json, causes: &mut Vec<Cause>) {
    let external = |object: &Json| text(object, "/spec/type") == "ExternalName";
    let address = |object: &Json| object["spec"]["clusterIP"].clone();
    if !external(old) && !external(new) && !address(old).is_null() && address(old) != address(new) {
        let value = go::list(&new["spec"]["clusterIPs"]);
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: may not change once set"),
            field: "spec.clusterIPs[0]".to_owned(),
        });
    }
    let class = |object: &Json| object["spec"]["loadBalancerClass"].clone();
    if class(old) != class(new)
        && text(old, "/spec/type") == "LoadBalancer"
        && text(new, "/spec/type") == "LoadBalancer"
    {
        causes.push(Cause::invalid(
            "spec.loadBalancerClass",
            &class(new),
            "may not change once set",
        ));
    }
}

fn frozen(old: &Json, new: &Json, causes: &mut Vec<Cause>) {
    let detail = "field is immutable when `immutable` is set";
    for name in ["data", "binaryData", "immutable"] {
        if old.get(name) != new.get(name) {
            causes.push(Cause::forbidden(name, detail));
        }
    }
}

fn claim(old: &Json, new: &Json, causes: &mut Vec<Cause>) {
    let bound = text(old, "/status/phase") == "Bound";
    let part = |object: &Json| {
        let mut spec = object["spec"].clone();
        if let Some(spec) = spec.as_object_mut() {
            if bound {
                spec.shift_remove("resources");
                spec.shift_remove("volumeAttributesClassName");
            }
            if old["spec"].get("volumeName").is_none() {
                spec.shift_remove("volumeName");
            }
        }
        spec
    };
    if part(old) != part(new) {
        causes.push(Cause::forbidden("spec", CLAIM));
        return;
    }
    let amount = |object: &Json, pointer: &str| {
        quantity::parse(text(object, pointer)).map(|(amount, _)| amount)
    };
    let size = "/spec/resources/requests/storage";
    // An expansion that failed may be taken back, down to what is there.
    if amount(new, size) < amount(old, size)
        && amount(new, size) <= amount(old, "/status/capacity/storage")
    {
        causes.push(Cause::forbidden(
            "spec.resources.requests.storage",
            "field can not be less than status.capacity",
        ));
    }
}
