//! What an object has a cluster's controllers make outside of it: a load balancer, a disk. With the cluster nobody is left to
//! take that away, so such an object is removed before.

use serde_json::Value as Json;

use crate::value::Value;
use crate::value::json::to_json;

use super::manifest::{is_manifest, manifest};
use super::object;
use super::tables::{Way, tables};

/// The kinds, each with a look at the object.
const MAKERS: &[(&str, fn(&Json) -> bool)] = &[
    ("Gateway", |_| true),
    ("Ingress", |_| true),
    ("PersistentVolumeClaim", |_| true),
    ("Service", |object| object["spec"]["type"] == "LoadBalancer"),
    ("StatefulSet", takes_claims_along),
];

/// Says whether something would be left behind if an object went down with its cluster. The claims of a set go with it where its
/// cluster goes after it.
pub(super) fn leaves_behind(type_name: &str, value: &Value) -> bool {
    let value = value.without_marks();
    let object = match is_manifest(type_name) {
        true => manifest(&value).map(|written| to_json(&written)),
        false => tables()
            .kind(type_name)
            .filter(|kind| kind.way == Way::Whole)
            .map(|kind| object::intent(kind, &value, None)),
    };
    object.is_some_and(|object| makes_outside(&object) || claims_stay(&object))
}

/// Says whether an object as the API has it has something made outside of its cluster.
pub(in crate::providers) fn makes_outside(object: &Json) -> bool {
    let maker = MAKERS.iter().find(|(kind, _)| object["kind"] == *kind);
    maker.is_some_and(|(_, makes)| makes(object)) || is_custom(object)
}

/// Says whether an object is of a kind that Kubernetes does not have: its controller may have anything made for it.
fn is_custom(object: &Json) -> bool {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    group.contains('.') && !group.ends_with(".k8s.io") && group != "k8s.io"
}

/// Says whether an object is a StatefulSet whose claims stay when it is removed.
pub(in crate::providers) fn claims_stay(object: &Json) -> bool {
    let templates = object["spec"]["volumeClaimTemplates"].as_array();
    object["kind"] == "StatefulSet"
        && templates.is_some_and(|templates| !templates.is_empty())
        && !takes_claims_along(object)
}

/// Says whether the claims of a StatefulSet go when it is removed; else they stay wherever it goes.
fn takes_claims_along(object: &Json) -> bool {
    let spec = &object["spec"];
    let templates = spec["volumeClaimTemplates"].as_array();
    templates.is_some_and(|templates| !templates.is_empty())
        && spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_controllers_make_things_for_leaves_them_behind() {
        for (object, makes) in [
            (json!({ "kind": "Service", "spec": { "type": "LoadBalancer" } }), true),
            (json!({ "kind": "Service", "spec": { "type": "NodePort" } }), false),
            (json!({ "kind": "Service" }), false),
            (json!({ "kind": "Ingress" }), true),
            (json!({ "kind": "Bucket", "apiVersion": "storage.example.com/v1" }), true),
            (json!({ "kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1" }), false),
            (json!({ "kind": "Deployment" }), false),
            (json!({ "kind": "StatefulSet", "spec": { "volumeClaimTemplates": [{}] } }), false),
            (
                json!({ "kind": "StatefulSet", "spec": { "volumeClaimTemplates": [{}],
                    "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Delete" } } }),
                true,
            ),
        ] {
            assert_eq!(makes_outside(&object), makes, "{object}");
            let stay = object["spec"]["volumeClaimTemplates"].is_array() && !makes;
            assert_eq!(claims_stay(&object), stay, "{object}");
        }
    }
}
