//! What is wrong with certificate requests, API services and nodes.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::failure::Cause;
use super::go;
use super::signing;
use super::store::{items, number, text};

/// Checks a certificate request.
pub fn request(object: &Json, causes: &mut Vec<Cause>) {
    let sent = text(object, "/spec/request");
    let pem = STANDARD.decode(sent).unwrap_or_default();
    if let Err(fault) = signing::read(&String::from_utf8_lossy(&pem)) {
        match sent.is_empty() {
            true => causes.push(Cause {
                reason: "FieldValueInvalid",
                message: format!("Invalid value: []byte(nil): {fault}"),
                field: "spec.request".to_owned(),
            }),
            false => causes.push(Cause::invalid("spec.request", &json!(sent), fault)),
        }
    }
    if items(object, "/spec/usages").is_empty() {
        causes.push(Cause::required("spec.usages", ""));
    }
    let signer = text(object, "/spec/signerName");
    if signer.is_empty() {
        causes.push(Cause::required("spec.signerName", ""));
    }
    if !signer.is_empty() && signer.split_once('/').is_none_or(|(host, _)| !host.contains('.')) {
        let detail =
            "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        causes.push(Cause::invalid("spec.signerName", &json!(signer), detail));
    }
    if number(object, "/spec/expirationSeconds").is_some_and(|seconds| seconds < 600) {
        let value = &object["spec"]["expirationSeconds"];
        let detail = "may not specify a duration less than 600 seconds (10 minutes)";
        causes.push(Cause::invalid("spec.expirationSeconds", value, detail));
    }
}

/// Checks an API service.
pub fn api_service(object: &Json, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let (group, version) = (text(spec, "/group"), text(spec, "/version"));
    let name = format!("{version}.{group}");
    if text(object, "/metadata/name") != name {
        let detail = format!("must be `spec.version+\".\"+spec.group`: {name:?}");
        causes.push(Cause::invalid("metadata.name", &object["metadata"]["name"], &detail));
    }
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let value = spec[field].as_i64().unwrap_or(0);
        if !(1..=most).contains(&value) {
            let detail = format!("must be positive and less than {most}");
            causes.push(Cause::invalid(format!("spec.{field}"), &json!(value), &detail));
        }
    }
    let (insecure, bundle) = (spec["insecureSkipTLSVerify"] == true, spec["caBundle"].is_string());
    if !spec["service"].is_object() {
        if bundle {
            let value = &spec["caBundle"];
            let detail = "local APIServices may not have a caBundle";
            causes.push(Cause::invalid("spec.caBundle", value, detail));
        }
        return;
    }
    if insecure && bundle {
        let detail = "may not be true if caBundle is present";
        causes.push(Cause::invalid("spec.insecureSkipTLSVerify", &json!(true), detail));
    }
    for field in ["namespace", "name"] {
        if text(spec, &format!("/service/{field}")).is_empty() {
            causes.push(Cause::required(format!("spec.service.{field}"), ""));
        }
    }
}

/// Checks a node.
pub fn node(object: &Json, causes: &mut Vec<Cause>) {
    const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
    let mut seen = BTreeSet::new();
    for (at, taint) in items(object, "/spec/taints").iter().enumerate() {
        let field = format!("metadata.taints[{at}]");
        let (key, effect) = (text(taint, "/key"), text(taint, "/effect"));
        if !effect.is_empty() && !EFFECTS.contains(&effect) {
            causes.push(Cause::unsupported(format!("{field}.effect"), &taint["effect"], EFFECTS));
        }
        if !seen.insert((key, effect)) {
            causes.push(Cause::duplicate(field, taint));
        }
    }
}

/// Checks a disruption budget.
pub fn budget(object: &Json, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if spec.get("minAvailable").is_some() && spec.get("maxUnavailable").is_some() {
        let detail = "minAvailable and maxUnavailable cannot be both set";
        causes.push(Cause::invalid("spec", spec, detail));
        return;
    }
    for name in ["minAvailable", "maxUnavailable"] {
        let field = format!("spec.{name}");
        if spec[name].as_i64().is_some_and(|count| count < 0) {
            let detail = "must be greater than or equal to 0";
            causes.push(Cause::invalid(field, &spec[name], detail));
        } else if let Some(share) = text(spec, &format!("/{name}")).strip_suffix('%')
            && share.parse::<i64>().is_ok_and(|share| share > 100)
        {
            causes.push(Cause {
                reason: "FieldValueInvalid",
                message: format!(
                    "Invalid value: intstr.IntOrString{{Type:1, IntVal:0, StrVal:{}}}: must not be \
                     greater than 100%",
                    spec[name]
                ),
                field,
            });
        }
    }
}

/// Checks a network policy.
pub fn policy(object: &Json, causes: &mut Vec<Cause>) {
    for (way, peers) in [("ingress", "from"), ("egress", "to")] {
        for (at, rule) in items(object, &format!("/spec/{way}")).iter().enumerate() {
            for (place, peer) in items(rule, &format!("/{peers}")).iter().enumerate() {
                let field = format!("spec.{way}[{at}].{peers}[{place}]");
                if peer.as_object().is_some_and(serde_json::Map::is_empty) {
                    causes.push(Cause::required(field.as_str(), "must specify a peer"));
                }
                let range = text(peer, "/ipBlock/cidr");
                if !range.is_empty() && range.parse::<ipnet::IpNet>().is_err() {
                    let detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
                    let field = format!("{field}.ipBlock.cidr");
                    causes.push(Cause::invalid(field, &json!(range), detail));
                }
            }
        }
    }
    for (at, kind) in items(object, "/spec/policyTypes").iter().enumerate() {
        let known = ["Ingress", "Egress"];
        if !known.contains(&kind.as_str().unwrap_or_default()) {
            causes.push(Cause::unsupported(format!("spec.policyTypes[{at}]"), kind, &known));
        }
    }
}

/// Checks the rules of a role.
pub fn rules(object: &Json, namespaced: bool, causes: &mut Vec<Cause>) {
    for (at, rule) in items(object, "/rules").iter().enumerate() {
        let field = format!("rules[{at}]");
        if !items(rule, "/nonResourceURLs").is_empty() {
            if namespaced {
                let shown = go::list(&rule["nonResourceURLs"]);
                let detail = "namespaced rules cannot apply to non-resource URLs";
                causes.push(Cause {
                    reason: "FieldValueInvalid",
                    message: format!("Invalid value: {shown}: {detail}"),
                    field: format!("{field}.nonResourceURLs"),
                });
            }
            continue;
        }
        for (name, detail) in [
            ("apiGroups", "resource rules must supply at least one api group"),
            ("resources", "resource rules must supply at least one resource"),
        ] {
            if items(rule, &format!("/{name}")).is_empty() {
                causes.push(Cause::required(format!("{field}.{name}"), detail));
            }
        }
    }
}

/// Checks the binding of a role to the whole cluster: that role is one of the cluster.
pub fn cluster_binding(object: &Json, causes: &mut Vec<Cause>) {
    let kind = text(object, "/roleRef/kind");
    if kind != "ClusterRole" {
        causes.retain(|cause| cause.field != "roleRef.kind");
        let cause = Cause::unsupported("roleRef.kind", &json!(kind), &["ClusterRole"]);
        let at = causes.iter().position(|cause| cause.field == "roleRef.name");
        causes.insert(at.unwrap_or(causes.len()), cause);
    }
}

/// Checks a persistent volume.
pub fn volume(object: &Json, causes: &mut Vec<Cause>) {
    const PLAIN: &[&str] = &[
        "capacity",
        "accessModes",
        "claimRef",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "mountOptions",
        "volumeMode",
        "nodeAffinity",
        "volumeAttributesClassName",
    ];
    let spec = &object["spec"];
    if items(spec, "/accessModes").is_empty() {
        causes.push(Cause::required("spec.accessModes", ""));
    }
    if spec["capacity"].as_object().is_none_or(serde_json::Map::is_empty) {
        causes.push(Cause::required("spec.capacity", ""));
        causes.push(Cause {
            reason: "FieldValueNotSupported",
            message: "Unsupported value: core.ResourceList(nil): supported values: \"storage\""
                .into(),
            field: "spec.capacity".to_owned(),
        });
    }
    let sources = spec.as_object().into_iter().flatten().map(|(name, _)| name);
    let sources: Vec<&String> = sources.filter(|name| !PLAIN.contains(&name.as_str())).collect();
    if sources.is_empty() {
        causes.push(Cause::required("spec", "must specify a volume type"));
    }
    for source in sources.iter().skip(1) {
        let field = format!("spec.{source}");
        causes.push(Cause::forbidden(field, "may not specify more than 1 volume type"));
    }
}

/// Checks an event.
pub fn event(object: &Json, causes: &mut Vec<Cause>) {
    let about = text(object, "/involvedObject/namespace");
    if about != text(object, "/metadata/namespace") {
        let detail = "does not match event.namespace";
        causes.push(Cause::invalid("involvedObject.namespace", &json!(about), detail));
    }
}

/// Checks a quota.
pub fn quota(object: &Json, causes: &mut Vec<Cause>) {
    for (name, amount) in object["spec"]["hard"].as_object().into_iter().flatten() {
        let field = format!("spec.hard[{name}]");
        let parts = name.trim_start_matches("requests.").trim_start_matches("limits.");
        let plain = !name.contains('/') && !parts.starts_with("hugepages-");
        if plain && !COUNTED.contains(&parts) {
            for detail in [
                "must be a standard resource type or fully qualified",
                "must be a standard resource for quota",
            ] {
                causes.push(Cause {
                    reason: "FieldValueInvalid",
                    message: format!("Invalid value: {name}: {detail}"),
                    field: field.clone(),
                });
            }
        }
        if text(amount, "").starts_with('-') {
            let detail = "must be greater than or equal to 0";
            causes.push(Cause::invalid(field, amount, detail));
        }
    }
}

/// What a quota counts under a plain name.
const COUNTED: [&str; 14] = [
    "cpu",
    "memory",
    "storage",
    "ephemeral-storage",
    "pods",
    "services",
    "services.nodeports",
    "services.loadbalancers",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "count",
];
