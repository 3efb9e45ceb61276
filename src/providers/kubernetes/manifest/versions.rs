//! Manifests in API versions that Kubernetes no longer serves: brought to the present ones.
//!
//! Sources: the deprecation guide of Kubernetes (removals in 1.16, 1.22, 1.25, 1.26). What cannot be brought over
//! without a decision of its writer is refused, with what to write.

use crate::value::{Kind as Content, Type, Value};

/// One removed version of a kind.
struct Removed {
    /// The version as written.
    from: &'static str,
    /// The kinds; all of the version where there is none.
    kinds: &'static [&'static str],
    /// The version that has it today.
    to: &'static str,
    /// What changes beside the version.
    change: Change,
}

/// What changes beside the version.
enum Change {
    /// Nothing.
    Same,
    /// These fields; nothing where the object cannot be brought over.
    By(fn(&Value) -> Option<Value>),
    /// It cannot be brought over: why, and what to write.
    Refused(&'static str),
}

const WORKLOADS: &[&str] =
    &["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet", "ControllerRevision"];
const RBAC: &[&str] = &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

const fn row(
    from: &'static str,
    kinds: &'static [&'static str],
    to: &'static str,
    change: Change,
) -> Removed {
    Removed { from, kinds, to, change }
}

const REMOVED: &[Removed] = &[
    row("extensions/v1beta1", WORKLOADS, "apps/v1", Change::By(workload)),
    row("apps/v1beta1", WORKLOADS, "apps/v1", Change::By(workload)),
    row("apps/v1beta2", WORKLOADS, "apps/v1", Change::By(workload)),
    row("extensions/v1beta1", &["Ingress"], "networking.k8s.io/v1", Change::By(ingress)),
    row("networking.k8s.io/v1beta1", &["Ingress"], "networking.k8s.io/v1", Change::By(ingress)),
    row("networking.k8s.io/v1beta1", &["IngressClass"], "networking.k8s.io/v1", Change::Same),
    row("extensions/v1beta1", &["NetworkPolicy"], "networking.k8s.io/v1", Change::Same),
    row("batch/v1beta1", &["CronJob"], "batch/v1", Change::Same),
    row("batch/v2alpha1", &["CronJob"], "batch/v1", Change::Same),
    row("policy/v1beta1", &["PodDisruptionBudget"], "policy/v1", Change::Same),
    row("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], "autoscaling/v2", Change::Same),
    row(
        "autoscaling/v2beta1",
        &["HorizontalPodAutoscaler"],
        "autoscaling/v2",
        Change::By(autoscaler),
    ),
    row("rbac.authorization.k8s.io/v1beta1", RBAC, "rbac.authorization.k8s.io/v1", Change::Same),
    row("rbac.authorization.k8s.io/v1alpha1", RBAC, "rbac.authorization.k8s.io/v1", Change::Same),
    row("scheduling.k8s.io/v1beta1", &["PriorityClass"], "scheduling.k8s.io/v1", Change::Same),
    row(
        "storage.k8s.io/v1beta1",
        &["StorageClass", "CSIDriver", "CSINode", "VolumeAttachment"],
        "storage.k8s.io/v1",
        Change::Same,
    ),
    row("coordination.k8s.io/v1beta1", &["Lease"], "coordination.k8s.io/v1", Change::Same),
    row("extensions/v1beta1", &["PodSecurityPolicy"], "", Change::Refused(PSP)),
    row("policy/v1beta1", &["PodSecurityPolicy"], "", Change::Refused(PSP)),
    row(
        "apiextensions.k8s.io/v1beta1",
        &["CustomResourceDefinition"],
        "apiextensions.k8s.io/v1",
        Change::Refused(
            "Write `apiVersion: apiextensions.k8s.io/v1`, and the schema of each version as \
             `spec.versions[].schema.openAPIV3Schema`: it is required there.",
        ),
    ),
    row(
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "admissionregistration.k8s.io/v1",
        Change::Refused(
            "Write `apiVersion: admissionregistration.k8s.io/v1`, and `sideEffects` and `admissionReviewVersions` of \
             each webhook: they are required there.",
        ),
    ),
];

const PSP: &str = "There is nothing in its place: label the namespaces with \
                   `pod-security.kubernetes.io/enforce`.";

/// What became of a manifest's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// It is served.
    Served,
    /// It was brought to another: from which to which.
    Brought(String, String),
    /// It is served no more, and cannot be brought over: what to do.
    Gone(String),
}

/// Gives a manifest in a version that is served.
pub(super) fn current(manifest: &Value) -> (Value, Version) {
    let text = |name: &str| manifest.field(name).and_then(Value::as_str);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return (manifest.clone(), Version::Served);
    };
    let row = REMOVED.iter().find(|row| row.from == version && row.kinds.contains(&kind));
    let Some(row) = row else { return (manifest.clone(), Version::Served) };
    let changed = match row.change {
        Change::Same => Some(manifest.clone()),
        Change::By(change) => change(manifest),
        Change::Refused(help) => return (manifest.clone(), Version::Gone(help.to_string())),
    };
    match changed {
        Some(changed) => {
            let brought = Version::Brought(version.to_string(), row.to.to_string());
            (changed.with_field("apiVersion", Value::string(row.to)), brought)
        }
        None => {
            let help = format!("Write it anew as {} of {}.", kind, row.to);
            (manifest.clone(), Version::Gone(help))
        }
    }
}

/// Gives an object with a field set, or without it.
fn with(object: &Value, name: &str, value: Option<Value>) -> Value {
    let fields = object.fields().into_iter().flat_map(|fields| fields.iter());
    let rest = fields.filter(|(field, _)| &***field != name);
    let rest = rest.map(|(field, value)| (field.clone(), value.clone()));
    let own = value.map(|value| (std::sync::Arc::from(name), value));
    Value::object(rest.chain(own).collect::<Vec<_>>()).marked(object.marks())
}

/// Gives an object with one field changed, where it has it.
fn change(object: &Value, name: &str, by: impl FnOnce(&Value) -> Value) -> Value {
    match object.field(name).filter(|value| !value.is_null() && value.is_known()) {
        Some(value) => with(object, name, Some(by(value))),
        None => object.clone(),
    }
}

/// A workload's selector was all labels of its template where none was written; today it must be.
fn workload(manifest: &Value) -> Option<Value> {
    Some(change(manifest, "spec", |spec| {
        let spec = with(spec, "rollbackTo", None);
        if spec.field("selector").is_some_and(|selector| !selector.is_null()) {
            return spec;
        }
        let metadata = spec.field("template").and_then(|template| template.field("metadata"));
        let labels = metadata.and_then(|metadata| metadata.field("labels")).cloned();
        match labels {
            Some(labels) => with(&spec, "selector", Some(Value::object([("matchLabels", labels)]))),
            None => spec,
        }
    }))
}

fn ingress(manifest: &Value) -> Option<Value> {
    Some(change(manifest, "spec", |spec| {
        let spec = match spec.field("backend").filter(|backend| !backend.is_null()) {
            Some(backend) => {
                let whole = backend_of(backend);
                with(&with(spec, "backend", None), "defaultBackend", Some(whole))
            }
            None => spec.clone(),
        };
        change(&spec, "rules", |rules| {
            each(rules, |rule| {
                change(rule, "http", |http| {
                    change(http, "paths", |paths| {
                        each(paths, |path| {
                            let path = change(path, "backend", backend_of);
                            match path.field("pathType").filter(|given| !given.is_null()) {
                                Some(_) => path,
                                None => {
                                    let usual = Value::string("ImplementationSpecific");
                                    with(&path, "pathType", Some(usual))
                                }
                            }
                        })
                    })
                })
            })
        })
    }))
}

fn each(list: &Value, by: impl Fn(&Value) -> Value) -> Value {
    match list.elements() {
        Some(parts) => Value::tuple(parts.iter().map(by).collect()).marked(list.marks()),
        None => list.clone(),
    }
}

/// A backend's service: `serviceName` and `servicePort` stand in `service` today.
fn backend_of(backend: &Value) -> Value {
    let Some(name) = backend.field("serviceName") else { return backend.clone() };
    let mut service = vec![("name", name.clone())];
    if let Some(port) = backend.field("servicePort").filter(|port| !port.is_null()) {
        let number = port.as_i64().is_some()
            || port.as_str().is_some_and(|text| text.parse::<u16>().is_ok());
        let field = match port.kind() {
            Content::Unknown(..) => Value::unknown(Type::Any),
            _ if number => Value::object([("number", port.clone())]),
            _ => Value::object([("name", port.clone())]),
        };
        service.push(("port", field));
    }
    let rest = with(&with(backend, "serviceName", None), "servicePort", None);
    with(&rest, "service", Some(Value::object(service)))
}

/// The metrics of an autoscaler: what is aimed at stands in `target` today.
fn autoscaler(manifest: &Value) -> Option<Value> {
    let metrics = manifest.field("spec").and_then(|spec| spec.field("metrics"));
    let kinds = metrics.and_then(Value::elements).unwrap_or_default().iter();
    let mut kinds = kinds.map(|metric| metric.field("type").and_then(Value::as_str));
    if !kinds.all(|kind| kind == Some("Resource")) {
        return None;
    }
    Some(change(manifest, "spec", |spec| {
        change(spec, "metrics", |metrics| {
            each(metrics, |metric| {
                change(metric, "resource", |resource| {
                    let target = |old: &str, kind: &str, new: &str| {
                        let given = resource.field(old).filter(|given| !given.is_null())?;
                        let kind = ("type", Value::string(kind));
                        Some(Value::object([kind, (new, given.clone())]))
                    };
                    let target =
                        target("targetAverageUtilization", "Utilization", "averageUtilization")
                            .or_else(|| {
                                target("targetAverageValue", "AverageValue", "averageValue")
                            });
                    let rest = with(resource, "targetAverageUtilization", None);
                    with(&with(&rest, "targetAverageValue", None), "target", target)
                })
            })
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::{from_json, to_json};
    use serde_json::json;

    #[test]
    fn a_deployment_of_old_selects_by_all_labels_of_its_template() {
        let old = json!({ "apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": { "name": "a" },
            "spec": { "template": { "metadata": { "labels": { "app": "a" } } } } });

        let (new, version) = current(&from_json(&old));

        assert_eq!(version, Version::Brought("extensions/v1beta1".into(), "apps/v1".into()));
        let new = to_json(&new);
        assert_eq!(new["apiVersion"], "apps/v1");
        assert_eq!(new["spec"]["selector"], json!({ "matchLabels": { "app": "a" } }));
    }

    #[test]
    fn an_ingress_of_old_names_its_services_where_they_stand_today() {
        let old = json!({ "apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "metadata": { "name": "a" },
            "spec": { "backend": { "serviceName": "a", "servicePort": 80 }, "rules": [{ "http": { "paths": [
                { "path": "/", "backend": { "serviceName": "b", "servicePort": "http" } }] } }] } });

        let new = to_json(&current(&from_json(&old)).0);

        assert_eq!(
            new["spec"],
            json!({ "defaultBackend": { "service": { "name": "a", "port": { "number": 80 } } },
                "rules": [{ "http": { "paths": [{ "path": "/", "pathType": "ImplementationSpecific",
                    "backend": { "service": { "name": "b", "port": { "name": "http" } } } }] } }] })
        );
    }

    #[test]
    fn what_needs_a_decision_is_refused() {
        let old = |version: &str, kind: &str| {
            current(&from_json(&json!({ "apiVersion": version, "kind": kind }))).1
        };

        assert!(matches!(old("policy/v1beta1", "PodSecurityPolicy"), Version::Gone(_)));
        assert_eq!(old("apps/v1", "Deployment"), Version::Served);
    }
}
