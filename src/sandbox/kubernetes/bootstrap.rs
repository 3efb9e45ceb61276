//! What stands in a new cluster.

use serde_json::{Value as Json, json};

use super::admit::{self, How};
use super::resources;
use super::store::{Store, items, name, namespace, text};
use crate::sandbox::ClusterName;

/// The mark of objects that belong to the cluster itself.
const MARK: &str = "kubernetes.io/bootstrapping";
const SYSTEM: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "gmp-system"];

/// Fills a new cluster.
pub fn fill(store: &mut Store) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        make(
            store,
            "",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        );
    }
    make(
        store,
        "default",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes",
            "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"clusterIP": "34.118.224.1", "type": "ClusterIP",
                "ports": [{"name": "https", "port": 443, "targetPort": 443}]}}),
    );
    make(
        store,
        "kube-system",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns",
            "labels": {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true",
                "kubernetes.io/name": "KubeDNS"}},
            "spec": {"clusterIP": "34.118.224.10", "selector": {"k8s-app": "kube-dns"},
                "ports": [{"name": "dns", "port": 53, "protocol": "UDP"},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]}}),
    );
    make(
        store,
        "kube-system",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "default-http-backend",
            "labels": {"k8s-app": "glbc", "kubernetes.io/cluster-service": "true",
                "kubernetes.io/name": "GLBCDefaultBackend"}},
            "spec": {"type": "NodePort", "selector": {"k8s-app": "glbc"},
                "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}),
    );
    classes(store);
    roles(store);
}

fn classes(store: &mut Store) {
    let class = |name: &str, kind: &str, binding: &str, default: bool| {
        let mut metadata = json!({"name": name,
            "labels": {"addonmanager.kubernetes.io/mode": "EnsureExists"}});
        if default {
            metadata["annotations"] =
                json!({"storageclass.kubernetes.io/is-default-class": "true"});
        }
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata,
            "provisioner": "pd.csi.storage.gke.io", "parameters": {"type": kind},
            "allowVolumeExpansion": true, "reclaimPolicy": "Delete", "volumeBindingMode": binding})
    };
    make(store, "", class("standard-rwo", "pd-balanced", "WaitForFirstConsumer", true));
    make(store, "", class("premium-rwo", "pd-ssd", "WaitForFirstConsumer", false));
    let mut old = class("standard", "pd-standard", "Immediate", false);
    old["provisioner"] = json!("kubernetes.io/gce-pd");
    make(store, "", old);
    for (name, value) in
        [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)]
    {
        make(
            store,
            "",
            json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                "metadata": {"name": name}, "value": value}),
        );
    }
    make(
        store,
        "",
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver",
            "metadata": {"name": "pd.csi.storage.gke.io"}, "spec": {"attachRequired": true}}),
    );
}

fn roles(store: &mut Store) {
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]}]);
    let read = json!([{"apiGroups": ["", "apps", "batch"], "resources": ["*"],
        "verbs": ["get", "list", "watch"]}]);
    let write = json!([{"apiGroups": ["", "apps", "batch", "networking.k8s.io"],
        "resources": ["*"], "verbs": ["*"]}]);
    for (name, rules) in [
        ("cluster-admin", all),
        ("admin", write.clone()),
        ("edit", write),
        ("view", read.clone()),
        ("system:discovery", read),
    ] {
        make(
            store,
            "",
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": name, "labels": {MARK: "rbac-defaults"}}, "rules": rules}),
        );
    }
    make(
        store,
        "",
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "cluster-admin", "labels": {MARK: "rbac-defaults"}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                "name": "cluster-admin"},
            "subjects": [{"kind": "Group", "name": "system:masters",
                "apiGroup": "rbac.authorization.k8s.io"}]}),
    );
}

fn make(store: &mut Store, namespace: &str, mut object: Json) {
    let (version, kind) =
        (text(&object, "/apiVersion").to_owned(), text(&object, "/kind").to_owned());
    let Some(resource) = resources::by_kind(&version, &kind) else { return };
    object["metadata"]["labels"]["sandbox.terrane.dev/bootstrap"] = json!("true");
    let mut how = How::controller("kube-apiserver", None);
    // What a new cluster holds is ours and right; a refusal would be seen by the first test.
    let made = admit::create(store, resource, namespace, object, &mut how);
    debug_assert!(made.is_ok(), "{kind} of a new cluster: {made:?}");
}

/// Lists what is not part of every new cluster.
pub fn inventory(store: &Store, cluster: &ClusterName) -> Vec<Json> {
    let mut found = Vec::new();
    for object in store.objects.values() {
        let kind = text(object, "/kind");
        let own = object["metadata"]["labels"].get("sandbox.terrane.dev/bootstrap").is_some()
            || SYSTEM.contains(&namespace(object))
            || matches!(kind, "Node" | "Event" | "Lease" | "CSINode")
            || (kind == "ServiceAccount" && name(object) == "default")
            || (kind == "ConfigMap" && name(object) == "kube-root-ca.crt")
            || owned_by_bootstrap(object);
        if own {
            continue;
        }
        let place = match namespace(object) {
            "" => name(object).to_owned(),
            namespace => format!("{namespace}/{}", name(object)),
        };
        found.push(json!({"service": "kubernetes", "type": kind, "name": place,
            "cluster": cluster.cluster}));
    }
    found
}

fn owned_by_bootstrap(object: &Json) -> bool {
    let of_kubernetes = matches!(text(object, "/kind"), "EndpointSlice" | "Endpoints")
        && name(object) == "kubernetes";
    of_kubernetes
        || items(object, "/metadata/ownerReferences")
            .iter()
            .any(|owner| owner["kind"] == "Node" || owner["name"] == "kubernetes")
}
