//! What the server fills in, kind by kind.
//!
//! Source: the API's documented defaults (`docs` of each field in Kubernetes 1.33). Each is a value
//! that a client sees without having written it.

use serde_json::{Map, Value as Json, json};

use super::defaults_pod::{pod_spec, put};
use super::limits;
use super::store::{items, text};

/// Fills in what a kind's defaults say.
pub fn fill(kind: &str, object: &mut Json) {
    if let Some((_, fill)) = DEFAULTS.iter().find(|(known, _)| *known == kind) {
        fill(object);
    }
}

type Fill = fn(&mut Json);

const DEFAULTS: &[(&str, Fill)] = &[
    ("Pod", |object| pod_spec(&mut object["spec"])),
    ("Deployment", deployment),
    ("ReplicaSet", replica_set),
    ("ReplicationController", replication_controller),
    ("PodTemplate", template),
    ("LimitRange", limits::fill),
    ("CSIDriver", driver),
    ("EndpointSlice", slice),
    ("FlowSchema", |object| put(part(object, "spec"), "matchingPrecedence", json!(1000))),
    ("PriorityLevelConfiguration", level),
    ("APIService", |object| {
        if let Some(service) = object.pointer_mut("/spec/service").filter(|s| s.is_object()) {
            put(service, "port", json!(443));
        }
    }),
    ("IngressClass", |object| {
        if let Some(parameters) = object.pointer_mut("/spec/parameters").filter(|p| p.is_object()) {
            put(parameters, "scope", json!("Cluster"));
        }
    }),
    ("StatefulSet", stateful_set),
    ("DaemonSet", daemon_set),
    ("Job", |object| job(&mut object["spec"])),
    ("CronJob", cron_job),
    ("Service", service),
    ("PersistentVolumeClaim", claim),
    ("PersistentVolume", volume),
    ("StorageClass", storage_class),
    ("HorizontalPodAutoscaler", autoscaler),
    ("Namespace", namespace),
    ("Secret", secret),
    ("NetworkPolicy", network_policy),
    ("RoleBinding", binding),
    ("ClusterRoleBinding", binding),
    ("LimitRange", limit_range),
    ("CustomResourceDefinition", definition),
    ("MutatingWebhookConfiguration", |object| {
        webhooks(object);
        for hook in object.get_mut("webhooks").and_then(Json::as_array_mut).into_iter().flatten() {
            put(hook, "reinvocationPolicy", json!("Never"));
        }
    }),
    ("ValidatingWebhookConfiguration", webhooks),
    ("Endpoints", endpoints),
];

/// Gives a part of an object as a map, made where it is not there.
fn part<'o>(object: &'o mut Json, name: &str) -> &'o mut Json {
    if !object[name].is_object() {
        object[name] = Json::Object(Map::new());
    }
    &mut object[name]
}

fn deployment(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "replicas", json!(1));
    put(spec, "revisionHistoryLimit", json!(10));
    put(spec, "progressDeadlineSeconds", json!(600));
    let strategy = part(spec, "strategy");
    put(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = part(strategy, "rollingUpdate");
        put(rolling, "maxSurge", json!("25%"));
        put(rolling, "maxUnavailable", json!("25%"));
    }
    template(spec);
}

/// Fills in the template of a specification, or of a template's own object.
fn template(spec: &mut Json) {
    let template = part(spec, "template");
    pod_spec(part(template, "spec"));
}

fn replica_set(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "replicas", json!(1));
    template(spec);
}

fn replication_controller(object: &mut Json) {
    replica_set(object);
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    if labels.is_object() {
        put(part(object, "spec"), "selector", labels.clone());
        put(part(object, "metadata"), "labels", labels);
    }
}

fn driver(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "attachRequired", json!(true));
    put(spec, "fsGroupPolicy", json!("ReadWriteOnceWithFSType"));
    put(spec, "volumeLifecycleModes", json!(["Persistent"]));
    for name in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        put(spec, name, json!(false));
    }
}

fn slice(object: &mut Json) {
    for port in object.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
        put(port, "name", json!(""));
        put(port, "protocol", json!("TCP"));
    }
}

fn level(object: &mut Json) {
    if let Some(limited) = object.pointer_mut("/spec/limited").filter(|it| it.is_object()) {
        put(limited, "nominalConcurrencyShares", json!(30));
        put(limited, "lendablePercent", json!(0));
    }
}

fn stateful_set(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "replicas", json!(1));
    put(spec, "revisionHistoryLimit", json!(10));
    put(spec, "podManagementPolicy", json!("OrderedReady"));
    let strategy = part(spec, "updateStrategy");
    put(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        put(part(strategy, "rollingUpdate"), "partition", json!(0));
    }
    let retention = part(spec, "persistentVolumeClaimRetentionPolicy");
    put(retention, "whenDeleted", json!("Retain"));
    put(retention, "whenScaled", json!("Retain"));
    if let Some(claims) = spec["volumeClaimTemplates"].as_array_mut() {
        for claim in claims {
            put(claim, "apiVersion", json!("v1"));
            put(claim, "kind", json!("PersistentVolumeClaim"));
            put(part(claim, "spec"), "volumeMode", json!("Filesystem"));
            put(part(claim, "status"), "phase", json!("Pending"));
        }
    }
    template(spec);
}

fn daemon_set(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "revisionHistoryLimit", json!(10));
    let strategy = part(spec, "updateStrategy");
    put(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = part(strategy, "rollingUpdate");
        put(rolling, "maxSurge", json!(0));
        put(rolling, "maxUnavailable", json!(1));
    }
    template(spec);
}

fn job(spec: &mut Json) {
    if !spec.is_object() {
        *spec = json!({});
    }
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        spec["completions"] = json!(1);
        spec["parallelism"] = json!(1);
    }
    put(spec, "parallelism", json!(1));
    put(spec, "backoffLimit", json!(6));
    put(spec, "completionMode", json!("NonIndexed"));
    put(spec, "suspend", json!(false));
    let replacement =
        if spec["podFailurePolicy"].is_object() { "Failed" } else { "TerminatingOrFailed" };
    put(spec, "podReplacementPolicy", json!(replacement));
    drop_nulls(spec);
    template(spec);
}

/// Indexing a JSON map by a name that is not there makes a null of it on the way.
fn drop_nulls(value: &mut Json) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, below| !below.is_null());
    }
}

fn cron_job(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "concurrencyPolicy", json!("Allow"));
    put(spec, "suspend", json!(false));
    put(spec, "successfulJobsHistoryLimit", json!(3));
    put(spec, "failedJobsHistoryLimit", json!(1));
    // A Job's own defaults appear when the Job is made; the template of its pods has its own.
    let template_spec = part(part(spec, "jobTemplate"), "spec");
    template(template_spec);
}

fn service(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "sessionAffinity", json!("None"));
    if spec["sessionAffinity"] == "ClientIP" {
        let config = part(part(spec, "sessionAffinityConfig"), "clientIP");
        put(config, "timeoutSeconds", json!(10800));
    }
    put(spec, "type", json!("ClusterIP"));
    let kind = text(spec, "/type").to_owned();
    if let Some(ports) = spec["ports"].as_array_mut() {
        for port in ports {
            put(port, "protocol", json!("TCP"));
            let number = port["port"].clone();
            put(port, "targetPort", number);
        }
    }
    if kind != "ExternalName" {
        put(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "NodePort" || kind == "LoadBalancer" {
        put(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        put(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    drop_nulls(spec);
    let status = part(object, "status");
    part(status, "loadBalancer");
}

fn claim(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "volumeMode", json!("Filesystem"));
    let source = spec["dataSource"].clone();
    if source.is_object() {
        put(spec, "dataSourceRef", source);
    }
    drop_nulls(spec);
    put(part(object, "status"), "phase", json!("Pending"));
}

fn volume(object: &mut Json) {
    let spec = part(object, "spec");
    if let Some(path) = spec.get_mut("hostPath").filter(|path| path.is_object()) {
        put(path, "type", json!(""));
    }
    put(spec, "persistentVolumeReclaimPolicy", json!("Retain"));
    put(spec, "volumeMode", json!("Filesystem"));
    put(part(object, "status"), "phase", json!("Pending"));
}

fn storage_class(object: &mut Json) {
    put(object, "reclaimPolicy", json!("Delete"));
    put(object, "volumeBindingMode", json!("Immediate"));
}

fn autoscaler(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "minReplicas", json!(1));
    if items(spec, "/metrics").is_empty() {
        spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80}}}]);
    }
    if let Some(behavior) = spec.get_mut("behavior").filter(|behavior| behavior.is_object()) {
        let share = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
        let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
        let up = part(behavior, "scaleUp");
        put(up, "stabilizationWindowSeconds", json!(0));
        put(up, "selectPolicy", json!("Max"));
        put(up, "policies", json!([pods, share]));
        let down = part(behavior, "scaleDown");
        put(down, "selectPolicy", json!("Max"));
        put(down, "policies", json!([share]));
    }
}

fn namespace(object: &mut Json) {
    put(part(object, "status"), "phase", json!("Active"));
    let name = object["metadata"]["name"].clone();
    let metadata = part(object, "metadata");
    if !name.is_null() {
        part(metadata, "labels")["kubernetes.io/metadata.name"] = name;
    }
}

fn secret(object: &mut Json) {
    use base64::Engine;
    put(object, "type", json!("Opaque"));
    let Some(texts) = object.as_object_mut().and_then(|o| o.shift_remove("stringData")) else {
        return;
    };
    for (name, value) in texts.as_object().into_iter().flatten() {
        let bytes = value.as_str().unwrap_or_default();
        part(object, "data")[name] = json!(base64::engine::general_purpose::STANDARD.encode(bytes));
    }
}

fn network_policy(object: &mut Json) {
    let spec = part(object, "spec");
    put(spec, "podSelector", json!({}));
    if spec.get("policyTypes").is_none() {
        let mut types = vec!["Ingress"];
        if !items(spec, "/egress").is_empty() {
            types.push("Egress");
        }
        spec["policyTypes"] = json!(types);
    }
    for direction in ["ingress", "egress"] {
        for rule in spec.get_mut(direction).and_then(Json::as_array_mut).into_iter().flatten() {
            for port in rule.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
                put(port, "protocol", json!("TCP"));
            }
        }
    }
}

fn binding(object: &mut Json) {
    put(part(object, "roleRef"), "apiGroup", json!("rbac.authorization.k8s.io"));
    for subject in object.get_mut("subjects").and_then(Json::as_array_mut).into_iter().flatten() {
        if subject["kind"] != "ServiceAccount" {
            put(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
        }
    }
}

fn limit_range(object: &mut Json) {
    let limits = part(object, "spec").get_mut("limits").and_then(Json::as_array_mut);
    for limit in limits.into_iter().flatten() {
        if limit["type"] != "Container" {
            continue;
        }
        for (from, to) in
            [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")]
        {
            for (name, value) in limit[from].as_object().cloned().into_iter().flatten() {
                put(part(limit, to), &name, value);
            }
        }
        drop_nulls(limit);
    }
}

fn definition(object: &mut Json) {
    let spec = part(object, "spec");
    let kind = text(spec, "/names/kind").to_owned();
    let names = part(spec, "names");
    if !kind.is_empty() {
        put(names, "singular", json!(kind.to_lowercase()));
        put(names, "listKind", json!(format!("{kind}List")));
    }
    put(part(spec, "conversion"), "strategy", json!("None"));
}

fn webhooks(object: &mut Json) {
    for hook in object.get_mut("webhooks").and_then(Json::as_array_mut).into_iter().flatten() {
        put(hook, "failurePolicy", json!("Fail"));
        put(hook, "matchPolicy", json!("Equivalent"));
        put(hook, "timeoutSeconds", json!(10));
        put(hook, "namespaceSelector", json!({}));
        put(hook, "objectSelector", json!({}));
        for rule in hook.get_mut("rules").and_then(Json::as_array_mut).into_iter().flatten() {
            put(rule, "scope", json!("*"));
        }
        if let Some(service) = hook.pointer_mut("/clientConfig/service") {
            put(service, "port", json!(443));
        }
    }
}

fn endpoints(object: &mut Json) {
    for subset in object.get_mut("subsets").and_then(Json::as_array_mut).into_iter().flatten() {
        for port in subset.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
            put(port, "protocol", json!("TCP"));
        }
    }
}
