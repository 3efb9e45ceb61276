//! Namespaces: what each has from the start, and how one goes.

use serde_json::json;

use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit;
use crate::sandbox::kubernetes::store::{Store, is_deleting, name, namespace, text};

/// What a real cluster says of the certificate.
const ROOT_NOTE: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when \
    using internal endpoints such as the internal service IP or kubernetes.default.svc. No other \
    usage is guaranteed across distributions of Kubernetes clusters.";

/// Gives each namespace its account and certificate, and empties those that go.
pub fn run(store: &mut Store, _: &ClusterName) {
    for space in store.all("Namespace") {
        if is_deleting(&space) {
            empty(store, &space);
            continue;
        }
        let place = name(&space);
        if store.find("ServiceAccount", place, "default").is_none() {
            let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": place}});
            hand::create(store, MANAGER, account);
        }
        if store.find("ConfigMap", place, "kube-root-ca.crt").is_none() {
            let text = "-----BEGIN CERTIFICATE-----\nsandbox\n-----END CERTIFICATE-----\n";
            let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "kube-root-ca.crt", "namespace": place,
                    "annotations": {"kubernetes.io/description": ROOT_NOTE}},
                "data": {"ca.crt": text}});
            hand::create(store, MANAGER, map);
        }
    }
}

fn empty(store: &mut Store, space: &serde_json::Value) {
    let place = name(space).to_owned();
    let content: Vec<_> =
        store.objects.values().filter(|object| namespace(object) == place).cloned().collect();
    if content.is_empty() {
        // What a namespace waits for is nothing more.
        hand::change(store, MANAGER, space, |space| {
            admit::remove(&mut space["spec"], "finalizers");
        });
        return;
    }
    let left = content.iter().filter(|object| text(object, "/kind") != "Event").count();
    for object in &content {
        if !is_deleting(object) {
            hand::delete(store, object);
        }
    }
    let held: Vec<String> = content
        .iter()
        .filter(|object| object["metadata"]["finalizers"].is_array())
        .map(|object| format!("{}/{}", text(object, "/kind"), name(object)))
        .collect();
    let mut status = space["status"].clone();
    status["phase"] = json!("Terminating");
    let remaining = left > 0;
    let message = format!("Some resources are remaining: {left} objects");
    let conditions = [
        (
            "NamespaceDeletionDiscoveryFailure",
            false,
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        ("NamespaceContentRemaining", remaining, "SomeResourcesRemain", message),
        (
            "NamespaceFinalizersRemaining",
            !held.is_empty(),
            "SomeFinalizersRemain",
            format!("Some content in the namespace has finalizers remaining: {}", held.join(", ")),
        ),
    ];
    let entries: Vec<_> = conditions
        .iter()
        .map(|(kind, holds, reason, message)| {
            hand::condition(store, space, kind, *holds, reason, message)
        })
        .collect();
    status["conditions"] = json!(entries);
    hand::status(store, MANAGER, space, status);
}
