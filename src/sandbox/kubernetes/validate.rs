//! What an object must be like.
//!
//! Source: the API's documented rules; required fields come from its published definitions. The
//! texts are the API server's as far as they are known.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::definitions::Missing;
use super::failure::Cause;
use super::quantity;
use super::resources::Resource;
use super::select::label_selector_matches;
use super::store::{items, text};
use super::{go, limits, required, rules, validate_more, validate_pod};

/// What is said of a text that is no DNS subdomain.
pub const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
/// What is said of a text that is no DNS label.
pub const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
/// What is said of a text that is no DNS label of the old sort.
pub const SERVICE_NAME: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or \
    '-', start with an alphabetic character, and end with an alphanumeric character (e.g. \
    'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
/// What is said of a text that is no key of a label.
pub const LABEL_KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// How many bytes the values of a Secret may have together.
const LONGEST_SECRET: usize = 1_048_576;

/// Says what is wrong with an object; `missing` are required fields that are not there.
pub fn check(resource: &Resource, object: &Json, missing: &[Missing]) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata(resource, object, &mut causes);
    causes.extend(required::causes(missing, resource.kind, items(object, "/spec/versions").len()));
    rules::check(object, &resource.api_version(), resource.kind, &mut causes);
    if let Some((_, rule)) = RULES.iter().find(|(kind, _)| *kind == resource.kind) {
        rule(object, &mut causes);
    }
    let mut seen = BTreeSet::new();
    causes.retain(|cause| seen.insert((cause.field.clone(), cause.message.clone())));
    causes
}

/// Checks an object of a type that a definition makes: its name, and what must be there.
pub fn check_custom(resource: &Resource, object: &Json, missing: &[Missing]) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata(resource, object, &mut causes);
    causes.extend(missing.iter().map(|field| Cause::required(&field.path, "")));
    causes
}

/// Says what is wrong with a status that somebody writes.
pub fn status(resource: &Resource, object: &Json, causes: &mut Vec<Cause>) {
    if resource.kind != "Deployment" {
        return;
    }
    let status = &object["status"];
    let count = |name: &str| status[name].as_i64().unwrap_or(0);
    let names = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
    for name in names {
        not_negative(&status[name], &format!("status.{name}"), causes);
    }
    for name in &names[1..] {
        if count(name) > count("replicas") {
            let detail = "cannot be greater than status.replicas";
            let field = format!("status.{name}");
            causes.push(Cause::invalid(field, &json!(count(name)), detail));
        }
    }
}

type Rule = fn(&Json, &mut Vec<Cause>);

const RULES: &[(&str, Rule)] = &[
    ("Pod", |object, causes| validate_pod::spec(&object["spec"], "spec", None, causes)),
    ("Deployment", |object, causes| {
        workload(object, &["Always"], causes);
        let strategy = &object["spec"]["strategy"];
        if strategy["type"] == "Recreate" && strategy["rollingUpdate"].is_object() {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            causes.push(Cause::forbidden("spec.strategy.rollingUpdate", detail));
        }
    }),
    ("ReplicaSet", |object, causes| workload(object, &["Always"], causes)),
    ("StatefulSet", |object, causes| {
        let before = causes.len();
        workload(object, &["Always"], causes);
        let unchecked = format!("{}.", required::unchecked("StatefulSet"));
        let policy = format!("{unchecked}restartPolicy");
        let rest = causes.split_off(before).into_iter();
        causes.extend(rest.filter(|c| !c.field.starts_with(&unchecked) || c.field == policy));
        let strategy = &object["spec"]["updateStrategy"];
        if strategy["type"] == "OnDelete" && strategy["rollingUpdate"].is_object() {
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            let field = "spec.updateStrategy.rollingUpdate";
            causes.push(Cause::invalid(field, &strategy["rollingUpdate"], detail));
        }
    }),
    ("DaemonSet", |object, causes| workload(object, &["Always"], causes)),
    ("Job", |object, causes| job(&object["spec"], "spec", causes)),
    ("CronJob", cron_job),
    ("Service", service),
    ("Ingress", ingress),
    ("PersistentVolumeClaim", claim),
    ("ConfigMap", config_map),
    ("Secret", secret),
    ("HorizontalPodAutoscaler", autoscaler),
    ("CertificateSigningRequest", validate_more::request),
    ("PodDisruptionBudget", validate_more::budget),
    ("NetworkPolicy", validate_more::policy),
    ("Role", |object, causes| validate_more::rules(object, true, causes)),
    ("ClusterRole", |object, causes| validate_more::rules(object, false, causes)),
    ("ClusterRoleBinding", validate_more::cluster_binding),
    ("PersistentVolume", validate_more::volume),
    ("Event", validate_more::event),
    ("ResourceQuota", validate_more::quota),
    ("LimitRange", limits::check),
    ("APIService", validate_more::api_service),
    ("Node", validate_more::node),
];

fn metadata(resource: &Resource, object: &Json, causes: &mut Vec<Cause>) {
    let name = text(object, "/metadata/name");
    let (good, detail) = match resource.kind {
        "Service" => (is_service_name(name), SERVICE_NAME),
        "Namespace" if name.contains('.') => (false, "must not contain dots"),
        "Namespace" => (is_label(name), LABEL),
        _ if resource.group == "rbac.authorization.k8s.io" => {
            let detail =
                if name.contains('/') { "may not contain '/'" } else { "may not contain '%'" };
            (!name.contains(['/', '%']), detail)
        }
        _ if name.len() > 253 => (false, "must be no more than 253 bytes"),
        _ => (is_subdomain(name), SUBDOMAIN),
    };
    if !good {
        causes.push(Cause::invalid("metadata.name", &json!(name), detail));
    }
    labels(&object["metadata"]["labels"], "metadata.labels", causes);
    let mut size = 0;
    for (key, value) in object["metadata"]["annotations"].as_object().into_iter().flatten() {
        size += key.len() + value.as_str().unwrap_or_default().len();
        if !is_qualified(&key.to_lowercase()) {
            key_faults(&key.to_lowercase(), "metadata.annotations", causes);
        }
    }
    references(object, causes);
    if size > 256 * 1024 {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            message: "Too long: may not be more than 262144 bytes".into(),
            field: "metadata.annotations".into(),
        });
    }
}

/// Says what is wrong with a map of labels.
pub fn labels(map: &Json, field: &str, causes: &mut Vec<Cause>) {
    for (key, value) in map.as_object().into_iter().flatten() {
        key_faults(key, field, causes);
        let word = value.as_str().unwrap_or_default();
        if word.len() > 63 {
            causes.push(Cause::invalid(field, value, "must be no more than 63 characters"));
        } else if !word.is_empty() && !is_name(word) {
            causes.push(Cause::invalid(field, value, LABEL_VALUE));
        }
    }
}

/// Says what is wrong with a key of labels, a finalizer and the like.
fn key_faults(key: &str, field: &str, causes: &mut Vec<Cause>) {
    let mut wrong = |detail: String| causes.push(Cause::invalid(field, &json!(key), &detail));
    let name = match key.split_once('/') {
        Some((_, rest)) if rest.contains('/') => {
            let shape = LABEL_KEY.replacen("name part", "a qualified name", 1);
            return wrong(format!(
                "{shape} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ));
        }
        Some((prefix, name)) => {
            if prefix.is_empty() {
                wrong("prefix part must be non-empty".to_owned());
            } else if !is_subdomain(prefix) {
                wrong(format!("prefix part {SUBDOMAIN}"));
            }
            name
        }
        None => key,
    };
    if name.is_empty() {
        wrong("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        wrong("name part must be no more than 63 bytes".to_owned());
    }
    if name.len() <= 63 && !is_name(name) {
        wrong(LABEL_KEY.to_owned());
    }
}

/// The finalizers that have no host's name.
const PLAIN_FINALIZERS: [&str; 4] =
    ["kubernetes", "orphan", "foregroundDeletion", super::custom::CLEAN_UP];

fn references(object: &Json, causes: &mut Vec<Cause>) {
    for (at, finalizer) in items(object, "/metadata/finalizers").iter().enumerate() {
        let word = finalizer.as_str().unwrap_or_default();
        let before = causes.len();
        key_faults(word, "metadata.finalizers", causes);
        let plain = !word.contains('/') && !PLAIN_FINALIZERS.contains(&word);
        if causes.len() == before && plain {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            let field = format!("metadata.finalizers[{at}]");
            causes.push(Cause::invalid(field, finalizer, detail));
        }
    }
    let owners = items(object, "/metadata/ownerReferences");
    let controllers: Vec<String> = owners
        .iter()
        .filter(|owner| owner["controller"] == true)
        .map(|owner| format!("{}/{}", text(owner, "/kind"), text(owner, "/name")))
        .collect();
    if let [first, second, ..] = controllers.as_slice() {
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for \
             {first} and {second}"
        );
        causes.push(Cause::invalid("metadata.ownerReferences", &json!(owners), &detail));
    }
    for owner in owners {
        for (name, detail) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "kind must not be empty"),
            ("name", "name must not be empty"),
            ("uid", "uid must not be empty"),
        ] {
            if text(owner, &format!("/{name}")).is_empty() {
                let field = format!("metadata.ownerReferences.{name}");
                causes.push(Cause::invalid(field, &json!(""), detail));
            }
        }
    }
}

/// Says whether a text is an RFC 1123 label.
pub fn is_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= 63
        && edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Says whether a text is a DNS subdomain.
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|part| is_label(part) || (part.len() > 63 && is_long(part)))
}

fn is_long(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Says whether a text is a DNS label of the old sort.
pub fn is_service_name(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_name(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= 63
        && edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(key),
    }
}

fn workload(object: &Json, restart: &[&str], causes: &mut Vec<Cause>) {
    let selector = &object["spec"]["selector"];
    let template = &object["spec"]["template"];
    labels(&template["metadata"]["labels"], "spec.template.metadata.labels", causes);
    let bare = |name: &str| selector[name].as_object().is_none_or(serde_json::Map::is_empty);
    if selector.is_object()
        && bare("matchLabels")
        && items(selector, "/matchExpressions").is_empty()
    {
        causes.push(Cause::invalid(
            "spec.selector",
            selector,
            "empty selector is invalid for deployment",
        ));
    } else if !selector.is_object() || !label_selector_matches(selector, template) {
        let found = go::map(&template["metadata"]["labels"]);
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {found}: `selector` does not match template `labels`"),
            field: "spec.template.metadata.labels".to_owned(),
        });
    }
    for name in ["replicas", "minReadySeconds", "revisionHistoryLimit"] {
        not_negative(&object["spec"][name], &format!("spec.{name}"), causes);
    }
    validate_pod::spec(&template["spec"], "spec.template.spec", Some(restart), causes);
}

fn not_negative(value: &Json, field: &str, causes: &mut Vec<Cause>) {
    if value.as_i64().is_some_and(|number| number < 0) {
        causes.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
    }
}

fn job(spec: &Json, field: &str, causes: &mut Vec<Cause>) {
    for name in [
        "parallelism",
        "completions",
        "backoffLimit",
        "activeDeadlineSeconds",
        "ttlSecondsAfterFinished",
    ] {
        not_negative(&spec[name], &format!("{field}.{name}"), causes);
    }
    validate_pod::spec(
        &spec["template"]["spec"],
        &format!("{field}.template.spec"),
        Some(&["OnFailure", "Never"]),
        causes,
    );
}

fn cron_job(object: &Json, causes: &mut Vec<Cause>) {
    let schedule = text(object, "/spec/schedule");
    if schedule.is_empty() {
        causes.push(Cause::required("spec.schedule", ""));
    } else if !schedule.starts_with('@') && schedule.split_whitespace().count() != 5 {
        let count = schedule.split_whitespace().count();
        let detail = format!("expected exactly 5 fields, found {count}: {schedule:?}");
        causes.push(Cause::invalid("spec.schedule", &json!(schedule), &detail));
    }
    job(&object["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec", causes);
}

fn service(object: &Json, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let kind = text(spec, "/type");
    if !["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"].contains(&kind) {
        let allowed = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
        causes.push(Cause::unsupported("spec.type", &json!(kind), &allowed));
    }
    let ports = items(spec, "/ports");
    if ports.is_empty() && kind != "ExternalName" && text(spec, "/clusterIP") != "None" {
        causes.push(Cause::required("spec.ports", ""));
    }
    if kind == "ExternalName" && text(spec, "/externalName").is_empty() {
        causes.push(Cause::required("spec.externalName", ""));
    }
    if !text(spec, "/externalTrafficPolicy").is_empty()
        && ["ClusterIP", "ExternalName"].contains(&kind)
    {
        let detail = "may only be set for externally-accessible services";
        let value = &spec["externalTrafficPolicy"];
        causes.push(Cause::invalid("spec.externalTrafficPolicy", value, detail));
    }
    if kind != "LoadBalancer" && !items(spec, "/loadBalancerSourceRanges").is_empty() {
        let detail = "may only be used when `type` is 'LoadBalancer'";
        causes.push(Cause::forbidden("spec.LoadBalancerSourceRanges", detail));
    }
    let mut names = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{at}]");
        if !taken.insert((port["port"].to_string(), text(port, "/protocol"))) {
            causes.push(Cause::duplicate(field.as_str(), port));
        }
        let name = text(port, "/name");
        if ports.len() > 1 && name.is_empty() {
            causes.push(Cause::required(format!("{field}.name"), ""));
        } else if !names.insert(name) {
            causes.push(Cause::duplicate(format!("{field}.name"), &json!(name)));
        }
        port_number(&port["port"], &format!("{field}.port"), causes);
        if port["targetPort"].is_number() {
            port_number(&port["targetPort"], &format!("{field}.targetPort"), causes);
        }
        if kind == "ClusterIP" && port["nodePort"].as_i64().unwrap_or(0) > 0 {
            let detail = "may not be used when `type` is 'ClusterIP'";
            causes.push(Cause::forbidden(format!("{field}.nodePort"), detail));
        } else if let Some(number) = port["nodePort"].as_i64()
            && !(30000..=32767).contains(&number)
        {
            let detail =
                "provided port is not in the valid range. The range of valid ports is 30000-32767";
            causes.push(Cause::invalid(format!("{field}.nodePort"), &port["nodePort"], detail));
        }
    }
}

/// Says whether a name is that of something that can be limited.
pub fn resource_name(name: &str, field: &str, causes: &mut Vec<Cause>) {
    const PLAIN: [&str; 4] = ["cpu", "memory", "storage", "ephemeral-storage"];
    if !name.contains('/') && !name.starts_with("hugepages-") && !PLAIN.contains(&name) {
        let detail = "must be a standard resource type or fully qualified";
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {name}: {detail}"),
            field: field.to_owned(),
        });
    }
}

/// Says whether a number is a port.
pub fn port_number(value: &Json, field: &str, causes: &mut Vec<Cause>) {
    if !value.as_i64().is_some_and(|number| (1..=65535).contains(&number)) {
        causes.push(Cause::invalid(field, value, "must be between 1 and 65535, inclusive"));
    }
}

fn ingress(object: &Json, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let rules = items(spec, "/rules");
    if rules.is_empty() && spec.get("defaultBackend").is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: []networking.IngressRule(nil): {detail}"),
            field: "spec".to_owned(),
        });
    }
    if let Some(default) = spec.get("defaultBackend") {
        backend(default, "spec.defaultBackend", causes);
    }
    for (at, rule) in rules.iter().enumerate() {
        for (place, path) in items(rule, "/http/paths").iter().enumerate() {
            let field = format!("spec.rules[{at}].http.paths[{place}]");
            let kind = text(path, "/pathType");
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            if !kind.is_empty() && !known.contains(&kind) {
                causes.push(Cause::unsupported(format!("{field}.pathType"), &json!(kind), &known));
            }
            let route = text(path, "/path");
            if ["Exact", "Prefix"].contains(&kind) && !route.starts_with('/') {
                let detail = "must be an absolute path";
                causes.push(Cause::invalid(format!("{field}.path"), &json!(route), detail));
            }
            backend(&path["backend"], &format!("{field}.backend"), causes);
        }
    }
}

fn backend(backend: &Json, field: &str, causes: &mut Vec<Cause>) {
    let service = &backend["service"];
    if !service.is_object() && !backend["resource"].is_object() {
        let detail = "resource or service backend is required";
        causes.push(Cause::invalid(field, &json!(""), detail));
        return;
    }
    if service.is_object() {
        let port = &service["port"];
        match (port.get("number"), port.get("name")) {
            (Some(number), None) => {
                port_number(number, &format!("{field}.service.port.number"), causes);
            }
            (None, Some(_)) => {}
            (Some(_), Some(_)) => causes.push(Cause::invalid(
                field,
                &json!(""),
                "cannot set both port name & port number",
            )),
            (None, None) => {
                causes.push(Cause::required(field, "port name or number is required"));
            }
        }
    }
}

fn claim(object: &Json, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if items(spec, "/accessModes").is_empty() {
        causes.push(Cause::required("spec.accessModes", "at least 1 access mode is required"));
    }
    let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for mode in items(spec, "/accessModes") {
        if !modes.contains(&mode.as_str().unwrap_or_default()) {
            causes.push(Cause::unsupported("spec.accessModes", mode, &modes));
        }
    }
    let size = text(spec, "/resources/requests/storage");
    match quantity::parse(size) {
        _ if size.is_empty() => causes.push(Cause::required("spec.resources[storage]", "")),
        Some((amount, _)) if amount <= 0 => {
            let detail = "must be greater than zero";
            causes.push(Cause::invalid("spec.resources[storage]", &json!(size), detail));
        }
        _ => {}
    }
}

fn config_map(object: &Json, causes: &mut Vec<Cause>) {
    keys(object, &["data", "binaryData"], causes);
}

fn secret(object: &Json, causes: &mut Vec<Cause>) {
    keys(object, &["data"], causes);
    let values = object["data"].as_object().into_iter().flatten();
    let lengths = values.filter_map(|(_, value)| STANDARD.decode(value.as_str()?).ok());
    if lengths.map(|bytes| bytes.len()).sum::<usize>() > LONGEST_SECRET {
        causes.push(Cause::too_long("data", LONGEST_SECRET));
    }
    let wanted: &[&str] = match text(object, "/type") {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/basic-auth" => &["username", "password"],
        _ => &[],
    };
    // One of two is enough to log in with.
    let enough = text(object, "/type") == "kubernetes.io/basic-auth"
        && wanted.iter().any(|key| object["data"].get(key).is_some());
    for key in wanted.iter().filter(|_| !enough) {
        if object["data"].get(key).is_none() {
            causes.push(Cause::required(format!("data[{key}]"), ""));
        }
    }
    let account = "/metadata/annotations/kubernetes.io~1service-account.name";
    if text(object, "/type") == "kubernetes.io/service-account-token"
        && text(object, account).is_empty()
    {
        let field = "metadata.annotations[kubernetes.io/service-account.name]";
        causes.push(Cause::required(field, ""));
    }
}

fn keys(object: &Json, maps: &[&str], causes: &mut Vec<Cause>) {
    for key in object["data"].as_object().into_iter().flatten().map(|(key, _)| key) {
        if maps.contains(&"binaryData") && object["binaryData"].get(key).is_some() {
            let detail = "duplicate of key present in binaryData";
            causes.push(Cause::invalid(format!("data[{key}]"), &json!(key), detail));
        }
        if key == ".." {
            causes.push(Cause::invalid(format!("data[{key}]"), &json!(key), "must not be '..'"));
        }
    }
    for map in maps {
        for key in object[*map].as_object().into_iter().flatten().map(|(key, _)| key) {
            let good = !key.is_empty()
                && key.len() <= 253
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if !good {
                let detail = "a valid config key must consist of alphanumeric characters, '-', '_' \
                    or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for \
                    validation is '[-._a-zA-Z0-9]+')";
                causes.push(Cause::invalid(format!("{map}[{key}]"), &json!(key), detail));
            }
        }
    }
}

fn autoscaler(object: &Json, causes: &mut Vec<Cause>) {
    let (low, high) = (&object["spec"]["minReplicas"], &object["spec"]["maxReplicas"]);
    if low.as_i64().is_some_and(|low| low < 1) {
        causes.push(Cause::invalid("spec.minReplicas", low, "must be greater than or equal to 1"));
    }
    if high.as_i64().is_some_and(|high| high < 1) {
        causes.push(Cause::invalid("spec.maxReplicas", high, "must be greater than 0"));
    }
    if low == &json!(0) {
        let detail = "must specify at least one Object or External metric to support scaling to \
            zero replicas";
        causes.push(Cause::forbidden("spec.metrics", detail));
    }
    for (at, metric) in items(object, "/spec/metrics").iter().enumerate() {
        if metric["type"] == "Resource" && !metric["resource"].is_object() {
            let detail = "must populate information for the given metric source";
            causes.push(Cause::required(format!("spec.metrics[{at}].resource"), detail));
        }
        let share = &metric["resource"]["target"]["averageUtilization"];
        if share.as_i64().is_some_and(|share| share < 1) {
            let field = format!("spec.metrics[{at}].resource.target.averageUtilization");
            causes.push(Cause::invalid(field, share, "must be greater than 0"));
        }
    }
    if high.as_i64().is_some_and(|high| high < low.as_i64().unwrap_or(1)) {
        let detail = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", high, detail));
    }
}
