//! What objects need of each other without a reference: a namespace, a definition, a Secret that is mounted.
//!
//! Each object has names that others may need it by. They only say in which order objects are made and removed; what
//! the plan does not have is not waited for.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::value::Value;
use crate::value::json::to_json;

use super::super::object::Name;
use super::super::tables::tables;
use super::body::{Who, manifest};
use super::is_manifest;
use super::kinds::{DEFINITION, common, key, known_part, made_by};

fn object(group: &str, kind: &str, namespace: &str, name: &str) -> String {
    format!("object {group}/{kind}/{namespace}/{name}")
}

/// Names a namespace as [`offers`] does.
pub(in crate::providers) fn namespace_name(namespace: &str) -> String {
    object("", "Namespace", "", namespace)
}

/// Says what an object is needed by.
pub(in super::super) fn offers(type_name: &str, value: &Value) -> Vec<String> {
    if !is_manifest(type_name) {
        let Some(kind) = tables().kind(type_name) else { return Vec::new() };
        let Some(name) = Name::of(kind, value) else { return Vec::new() };
        let group = kind.api_version.split_once('/').map_or("", |(group, _)| group);
        return vec![object(group, &kind.kind, &name.namespace, &name.name)];
    }
    let Some((written, who)) = manifest(value).and_then(|it| Who::of(&it).map(|who| (it, who)))
    else {
        return Vec::new();
    };
    let namespaced = common(&who.api_version, &who.kind).map(|kind| kind.namespaced);
    let namespace = match (namespaced, who.namespace.as_str()) {
        (Some(false), _) => "",
        (Some(true), "") => "default",
        (_, given) => given,
    };
    let mut found = Vec::new();
    if let Some(name) = &who.name {
        found.push(object(who.group(), &who.kind, namespace, name));
    }
    if who.kind == DEFINITION {
        found.extend(made_by(&written).iter().map(|(version, kind)| key(version, kind)));
    }
    if ["NetworkPolicy", "ResourceQuota", "LimitRange"].contains(&who.kind.as_str()) {
        found.push(format!("rules of {namespace}"));
    }
    if ["RoleBinding", "ClusterRoleBinding"].contains(&who.kind.as_str()) {
        let json = to_json(&known_part(&written.without_marks()));
        for (space, account) in accounts(&json, namespace) {
            found.push(format!("rights of {space}/{account}"));
        }
    }
    found
}

/// Gives what a definition says, by the names of what it makes.
pub(in super::super) fn defines(type_name: &str, value: &Value) -> Vec<(String, Value)> {
    let Some(written) = manifest(value).filter(|_| is_manifest(type_name)) else {
        return Vec::new();
    };
    if written.field("kind").and_then(Value::as_str) != Some(DEFINITION) {
        return Vec::new();
    }
    let made = made_by(&written);
    made.iter().map(|(version, kind)| (key(version, kind), written.clone())).collect()
}

/// Names what an object needs.
pub(in super::super) fn wants(type_name: &str, value: &Value) -> Vec<String> {
    let Some((written, who)) = manifest(value)
        .filter(|_| is_manifest(type_name))
        .and_then(|it| Who::of(&it).map(|who| (it, who)))
    else {
        return requires(type_name, value);
    };
    let json = to_json(&known_part(&written.without_marks()));
    let mut needs = Needs::of(&who);
    needs.of_kind(&who.kind, &json);
    needs.found.into_iter().collect()
}

/// Names what the server refuses an object without: its namespace, and the definition of its kind.
pub(in super::super) fn requires(type_name: &str, value: &Value) -> Vec<String> {
    if !is_manifest(type_name) {
        let name = tables().kind(type_name).and_then(|kind| Name::of(kind, value));
        let namespace = name.map(|name| name.namespace).filter(|space| !space.is_empty());
        return namespace.map(|space| namespace_name(&space)).into_iter().collect();
    }
    let who = manifest(value).and_then(|it| Who::of(&it));
    who.map(|who| Needs::of(&who).found.into_iter().collect()).unwrap_or_default()
}

/// Gives the service accounts that a binding is for.
fn accounts(binding: &Json, namespace: &str) -> Vec<(String, String)> {
    let subjects = binding["subjects"].as_array().into_iter().flatten();
    let accounts = subjects.filter(|subject| subject["kind"] == "ServiceAccount");
    accounts
        .filter_map(|subject| {
            let space = subject["namespace"].as_str().unwrap_or(namespace);
            Some((space.to_string(), subject["name"].as_str()?.to_string()))
        })
        .collect()
}

struct Needs {
    namespace: String,
    found: BTreeSet<String>,
}

impl Needs {
    fn of(who: &Who) -> Needs {
        let known = common(&who.api_version, &who.kind);
        let namespaced = known.as_ref().map(|kind| kind.namespaced);
        let namespace = match (namespaced, who.namespace.as_str()) {
            (Some(true), "") => "default".into(),
            (_, given) => given.to_string(),
        };
        let mut found = BTreeSet::new();
        if !namespace.is_empty() {
            found.insert(namespace_name(&namespace));
        }
        if known.is_none() {
            found.insert(key(&who.api_version, &who.kind));
        }
        Needs { namespace, found }
    }

    fn local(&mut self, group: &str, kind: &str, name: &Json) {
        if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
            self.found.insert(object(group, kind, &self.namespace, name));
        }
    }

    fn common(&mut self, group: &str, kind: &str, name: &Json) {
        if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
            self.found.insert(object(group, kind, "", name));
        }
    }

    fn of_kind(&mut self, kind: &str, object: &Json) {
        let spec = &object["spec"];
        match kind {
            "Pod" => self.pod(spec),
            "CronJob" => self.pod(&spec["jobTemplate"]["spec"]["template"]["spec"]),
            "Deployment" | "DaemonSet" | "ReplicaSet" | "Job" | "ReplicationController" => {
                self.pod(&spec["template"]["spec"]);
            }
            "StatefulSet" => {
                self.pod(&spec["template"]["spec"]);
                self.local("", "Service", &spec["serviceName"]);
                for claim in spec["volumeClaimTemplates"].as_array().into_iter().flatten() {
                    self.common(
                        "storage.k8s.io",
                        "StorageClass",
                        &claim["spec"]["storageClassName"],
                    );
                }
            }
            "PersistentVolumeClaim" => {
                self.common("storage.k8s.io", "StorageClass", &spec["storageClassName"]);
                self.common("", "PersistentVolume", &spec["volumeName"]);
            }
            "RoleBinding" | "ClusterRoleBinding" => self.binding(object),
            "Ingress" => self.ingress(object),
            "Service" => self.service(object),
            "HorizontalPodAutoscaler" => {
                let target = &spec["scaleTargetRef"];
                let group = target["apiVersion"].as_str().and_then(|text| text.split_once('/'));
                let group = group.map_or("", |(group, _)| group).to_string();
                let kind = target["kind"].as_str().unwrap_or_default().to_string();
                self.local(&group, &kind, &target["name"]);
            }
            "APIService" => self.backend(&spec["service"]),
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
                for hook in object["webhooks"].as_array().into_iter().flatten() {
                    self.backend(&hook["clientConfig"]["service"]);
                }
            }
            _ => {}
        }
    }

    fn backend(&mut self, service: &Json) {
        if let (Some(namespace), Some(name)) =
            (service["namespace"].as_str(), service["name"].as_str())
        {
            self.found.insert(object("", "Service", namespace, name));
        }
    }

    fn pod(&mut self, spec: &Json) {
        let account = spec["serviceAccountName"].as_str().unwrap_or("default");
        self.found.insert(format!("rights of {}/{account}", self.namespace));
        self.found.insert(format!("rules of {}", self.namespace));
        self.local("", "ServiceAccount", &spec["serviceAccountName"]);
        self.common("scheduling.k8s.io", "PriorityClass", &spec["priorityClassName"]);
        self.common("node.k8s.io", "RuntimeClass", &spec["runtimeClassName"]);
        for secret in spec["imagePullSecrets"].as_array().into_iter().flatten() {
            self.local("", "Secret", &secret["name"]);
        }
        for volume in spec["volumes"].as_array().into_iter().flatten() {
            self.volume(volume);
        }
        for list in ["initContainers", "containers"] {
            for container in spec[list].as_array().into_iter().flatten() {
                self.container(container);
            }
        }
    }

    fn volume(&mut self, volume: &Json) {
        self.local("", "Secret", &volume["secret"]["secretName"]);
        self.local("", "ConfigMap", &volume["configMap"]["name"]);
        self.local("", "PersistentVolumeClaim", &volume["persistentVolumeClaim"]["claimName"]);
        for source in volume["projected"]["sources"].as_array().into_iter().flatten() {
            self.local("", "Secret", &source["secret"]["name"]);
            self.local("", "ConfigMap", &source["configMap"]["name"]);
        }
    }

    fn container(&mut self, container: &Json) {
        for variable in container["env"].as_array().into_iter().flatten() {
            self.local("", "Secret", &variable["valueFrom"]["secretKeyRef"]["name"]);
            self.local("", "ConfigMap", &variable["valueFrom"]["configMapKeyRef"]["name"]);
        }
        for source in container["envFrom"].as_array().into_iter().flatten() {
            self.local("", "Secret", &source["secretRef"]["name"]);
            self.local("", "ConfigMap", &source["configMapRef"]["name"]);
        }
    }

    fn binding(&mut self, binding: &Json) {
        let role = &binding["roleRef"];
        let group = "rbac.authorization.k8s.io";
        match role["kind"].as_str() {
            Some("ClusterRole") => self.common(group, "ClusterRole", &role["name"]),
            _ => self.local(group, "Role", &role["name"]),
        }
        for (namespace, account) in accounts(binding, &self.namespace.clone()) {
            self.found.insert(object("", "ServiceAccount", &namespace, &account));
        }
    }

    fn ingress(&mut self, ingress: &Json) {
        let spec = &ingress["spec"];
        self.local("", "Service", &spec["defaultBackend"]["service"]["name"]);
        for rule in spec["rules"].as_array().into_iter().flatten() {
            for path in rule["http"]["paths"].as_array().into_iter().flatten() {
                self.local("", "Service", &path["backend"]["service"]["name"]);
            }
        }
        for tls in spec["tls"].as_array().into_iter().flatten() {
            self.local("", "Secret", &tls["secretName"]);
        }
        let notes = &ingress["metadata"]["annotations"];
        let named = notes["networking.gke.io/managed-certificates"].as_str().unwrap_or_default();
        for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            self.local("networking.gke.io", "ManagedCertificate", &Json::from(name));
        }
        let frontend = &notes["networking.gke.io/v1beta1.FrontendConfig"];
        self.local("networking.gke.io", "FrontendConfig", frontend);
    }

    fn service(&mut self, service: &Json) {
        let note = &service["metadata"]["annotations"]["cloud.google.com/backend-config"];
        let Some(note) = note.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok())
        else {
            return;
        };
        self.local("cloud.google.com", "BackendConfig", &note["default"]);
        for (_, name) in note["ports"].as_object().into_iter().flatten() {
            self.local("cloud.google.com", "BackendConfig", name);
        }
    }
}
