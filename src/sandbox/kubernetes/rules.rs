//! What values of the API's types may be: a row for each field that is held to something.
//!
//! Source: recordings of a real API server (`tests/recorded/kubernetes`), its words included.

use serde_json::{Value as Json, json};

use super::definitions;
use super::failure::Cause;
use super::quantity;
use super::required;
use super::store::{items, text};
use super::validate::{
    LABEL, SERVICE_NAME, SUBDOMAIN, is_label, is_service_name, is_subdomain, labels,
};

/// What a field is held to.
enum Rule {
    /// One of these, where it is there.
    OneOf(&'static [&'static str]),
    /// One of these; nothing is none of them.
    Known(&'static [&'static str]),
    /// One of these where it is there at all; the empty text is none of them.
    Given(&'static [&'static str]),
    /// It must be there.
    Required(&'static str),
    /// A number of at least this.
    Least(i64),
    /// A number above nought.
    Positive,
    /// A number between these.
    Between(i64, i64),
    /// A port, where it is there.
    Port,
    /// A port that must be there.
    PortThere,
    /// A port, or a port's name.
    PortOrName,
    /// A port's name.
    PortName,
    /// A DNS subdomain.
    Subdomain,
    /// A DNS subdomain, which must be there.
    Named,
    /// A DNS label.
    Label,
    /// A DNS label of the old sort.
    OldLabel,
    /// Labels.
    Labels,
    /// A file's mode.
    Mode,
    /// A text without blanks around it.
    Trimmed,
    /// Quantities, none below nought.
    Amounts,
    /// A host's name.
    Host,
}

use Rule::{
    Amounts, Between, Given, Host, Known, Label, Labels, Least, Mode, Named, OldLabel, OneOf, Port,
    PortName, PortOrName, PortThere, Positive, Required, Subdomain, Trimmed,
};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const ID: i64 = 2_147_483_647;

/// Type, field, what it is held to; in the order in which faults are told.
const ROWS: &[(&str, &str, Rule)] = &[
    ("core.v1.Container", "image", Trimmed),
    ("core.v1.Container", "imagePullPolicy", OneOf(&["Always", "IfNotPresent", "Never"])),
    ("core.v1.Container", "terminationMessagePolicy", OneOf(&["FallbackToLogsOnError", "File"])),
    ("core.v1.ContainerPort", "name", PortName),
    ("core.v1.ContainerPort", "containerPort", PortThere),
    ("core.v1.ContainerPort", "hostPort", Port),
    ("core.v1.ContainerPort", "protocol", OneOf(PROTOCOLS)),
    ("core.v1.Probe", "initialDelaySeconds", Least(0)),
    ("core.v1.Probe", "timeoutSeconds", Least(0)),
    ("core.v1.Probe", "periodSeconds", Least(0)),
    ("core.v1.Probe", "successThreshold", Least(0)),
    ("core.v1.Probe", "failureThreshold", Least(0)),
    ("core.v1.ExecAction", "command", Required("")),
    ("core.v1.HTTPGetAction", "port", PortOrName),
    ("core.v1.TCPSocketAction", "port", PortOrName),
    ("core.v1.SecretKeySelector", "key", Required("")),
    ("core.v1.ConfigMapKeySelector", "key", Required("")),
    ("core.v1.SecretKeySelector", "name", Named),
    ("core.v1.ConfigMapKeySelector", "name", Named),
    ("core.v1.ResourceRequirements", "limits", Amounts),
    ("core.v1.ResourceRequirements", "requests", Amounts),
    (
        "core.v1.PodSpec",
        "dnsPolicy",
        OneOf(&["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ),
    ("core.v1.PodSpec", "nodeSelector", Labels),
    ("core.v1.PodSpec", "hostname", Label),
    ("core.v1.PodSpec", "subdomain", Label),
    ("core.v1.PodSpec", "activeDeadlineSeconds", Between(1, ID)),
    ("core.v1.PodSecurityContext", "runAsUser", Between(0, ID)),
    ("core.v1.SecurityContext", "runAsUser", Between(0, ID)),
    ("core.v1.TopologySpreadConstraint", "maxSkew", Positive),
    ("core.v1.TopologySpreadConstraint", "topologyKey", Required("can not be empty")),
    (
        "core.v1.TopologySpreadConstraint",
        "whenUnsatisfiable",
        Known(&["DoNotSchedule", "ScheduleAnyway"]),
    ),
    ("core.v1.ConfigMapVolumeSource", "name", Required("")),
    ("core.v1.SecretVolumeSource", "secretName", Required("")),
    ("core.v1.PersistentVolumeClaimVolumeSource", "claimName", Required("")),
    ("core.v1.HostPathVolumeSource", "path", Required("")),
    ("core.v1.SecretVolumeSource", "defaultMode", Mode),
    ("core.v1.ConfigMapVolumeSource", "defaultMode", Mode),
    ("core.v1.Volume", "name", Label),
    ("core.v1.ServiceSpec", "selector", Labels),
    ("core.v1.ServiceSpec", "sessionAffinity", OneOf(&["ClientIP", "None"])),
    (
        "core.v1.ServiceSpec",
        "ipFamilyPolicy",
        Given(&["PreferDualStack", "RequireDualStack", "SingleStack"]),
    ),
    ("core.v1.ServicePort", "name", Label),
    ("core.v1.ServicePort", "protocol", OneOf(PROTOCOLS)),
    ("core.v1.ServicePort", "targetPort", PortName),
    ("core.v1.PersistentVolumeClaimSpec", "storageClassName", Subdomain),
    ("batch.v1.JobSpec", "completionMode", OneOf(&["NonIndexed", "Indexed"])),
    ("batch.v1.CronJobSpec", "concurrencyPolicy", OneOf(&["Allow", "Forbid", "Replace"])),
    ("apps.v1.StatefulSetSpec", "podManagementPolicy", OneOf(&["OrderedReady", "Parallel"])),
    ("networking.v1.IngressSpec", "ingressClassName", Subdomain),
    ("networking.v1.IngressRule", "host", Host),
    ("networking.v1.HTTPIngressRuleValue", "paths", Required("")),
    ("networking.v1.IngressServiceBackend", "name", OldLabel),
    ("networking.v1.NetworkPolicyPort", "port", PortOrName),
    ("rbac.v1.RoleRef", "kind", Known(&["Role", "ClusterRole"])),
    ("rbac.v1.RoleRef", "name", Required("")),
    ("rbac.v1.Subject", "name", Required("")),
    ("rbac.v1.Subject", "kind", Known(&["ServiceAccount", "User", "Group"])),
    ("rbac.v1.PolicyRule", "verbs", Required("verbs must contain at least one value")),
    ("autoscaling.v2.CrossVersionObjectReference", "kind", Required("")),
    ("autoscaling.v2.CrossVersionObjectReference", "name", Required("")),
    (
        "autoscaling.v2.MetricSpec",
        "type",
        OneOf(&["ContainerResource", "External", "Object", "Pods", "Resource"]),
    ),
    ("storage.v1.StorageClass", "reclaimPolicy", OneOf(&["Delete", "Retain"])),
    ("storage.v1.StorageClass", "volumeBindingMode", OneOf(&["Immediate", "WaitForFirstConsumer"])),
    ("apiextensions.v1.CustomResourceDefinitionSpec", "scope", OneOf(&["Cluster", "Namespaced"])),
    ("apiextensions.v1.CustomResourceDefinitionNames", "plural", OldLabel),
];

/// Says which values of an object are not what they must be.
pub fn check(object: &Json, api_version: &str, kind: &str, causes: &mut Vec<Cause>) {
    let name = definitions::name_of(api_version, kind);
    let (Some(name), Some(definition)) = (name, definitions::of(api_version, kind)) else {
        return;
    };
    walk(object, (name, kind), definition, &mut String::new(), causes);
}

fn walk(
    value: &Json,
    (name, kind): (&str, &str),
    definition: &'static Json,
    path: &mut String,
    causes: &mut Vec<Cause>,
) {
    let length = path.len();
    match value {
        Json::Object(object) => {
            if path.as_str() == required::unchecked(kind) {
                return;
            }
            if definition["properties"].is_object() {
                for (_, field, rule) in ROWS.iter().filter(|(of, ..)| is_type(name, of)) {
                    let joint = if path.is_empty() { "" } else { "." };
                    hold(
                        rule,
                        &object.get(*field).cloned().unwrap_or_default(),
                        &format!("{path}{joint}{field}"),
                        causes,
                    );
                }
            }
            for (field, below) in object {
                if path.is_empty() && matches!(field.as_str(), "metadata" | "status") {
                    continue;
                }
                let Some(inner) = definitions::field(definition, field) else { continue };
                let joint = if path.is_empty() { "" } else { "." };
                path.push_str(&format!("{joint}{field}"));
                let (name, inner) = definitions::resolve(inner);
                walk(below, (name, kind), inner, path, causes);
                path.truncate(length);
            }
        }
        Json::Array(parts) => {
            let Some(inner) = definition.get("items") else { return };
            let (name, inner) = definitions::resolve(inner);
            for (at, part) in parts.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                walk(part, (name, kind), inner, path, causes);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn is_type(name: &str, wanted: &str) -> bool {
    name.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('.'))
}

fn hold(rule: &Rule, value: &Json, field: &str, causes: &mut Vec<Cause>) {
    let word = value.as_str().unwrap_or_default();
    let number = value.as_i64();
    let empty = match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(parts) => parts.is_empty(),
        _ => false,
    };
    let mut wrong = |detail: &str| causes.push(Cause::invalid(field, value, detail));
    match rule {
        OneOf(_) | Subdomain | Label | OldLabel | PortName | Host | Trimmed if empty => {}
        Given(_) if value.is_null() => {}
        Known(known) | OneOf(known) | Given(known) => {
            if !known.contains(&word) {
                causes.push(Cause::unsupported(field, &json!(word), known));
            }
        }
        Required(detail) => {
            if empty {
                causes.push(Cause::required(field, detail));
            }
        }
        Least(least) => {
            if number.is_some_and(|number| number < *least) {
                wrong(&format!("must be greater than or equal to {least}"));
            }
        }
        Positive => {
            if number.unwrap_or(0) <= 0 {
                wrong("must be greater than zero");
            }
        }
        Between(low, high) => {
            if number.is_some_and(|number| !(*low..=*high).contains(&number)) {
                wrong(&format!("must be between {low} and {high}, inclusive"));
            }
        }
        PortThere if number.unwrap_or(0) == 0 => causes.push(Cause::required(field, "")),
        Port if number.unwrap_or(0) == 0 => {}
        Port | PortThere | PortOrName if number.is_some() => {
            if !(1..=65535).contains(&number.unwrap_or(0)) {
                wrong("must be between 1 and 65535, inclusive");
            }
        }
        Port | PortThere => {}
        PortOrName | PortName if empty || value.is_number() => {}
        PortName | PortOrName => port_name(word).into_iter().for_each(wrong),
        Named if word.is_empty() => causes.push(Cause::invalid(field, &json!(""), SUBDOMAIN)),
        Subdomain | Named => {
            if !is_subdomain(word) {
                wrong(SUBDOMAIN);
            }
        }
        Label => {
            if !is_label(word) {
                wrong(LABEL);
            }
        }
        OldLabel => {
            if !is_service_name(word) {
                wrong(SERVICE_NAME);
            }
        }
        Labels => labels(value, field, causes),
        Mode => {
            if number.is_some_and(|number| !(0..=0o777).contains(&number)) {
                wrong("must be a number between 0 and 0777 (octal), both inclusive");
            }
        }
        Trimmed => {
            if word.trim() != word {
                wrong("must not have leading or trailing whitespace");
            }
        }
        Amounts => amounts(value, field, causes),
        Host => host(word, value, field, causes),
    }
}

fn port_name(word: &str) -> Vec<&'static str> {
    let mut faults = Vec::new();
    if word.len() > 15 {
        faults.push("must be no more than 15 characters");
    }
    if !word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    } else if !word.bytes().any(|b| b.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)");
    }
    faults
}

fn host(word: &str, value: &Json, field: &str, causes: &mut Vec<Cause>) {
    if word.parse::<std::net::IpAddr>().is_ok() {
        let detail = "must be a DNS name, not an IP address";
        causes.push(Cause::invalid(field, value, detail));
    } else if !is_subdomain(word.strip_prefix("*.").unwrap_or(word)) {
        causes.push(Cause::invalid(field, value, SUBDOMAIN));
    }
}

/// The resources of containers that have a plain name.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn amounts(map: &Json, field: &str, causes: &mut Vec<Cause>) {
    for (name, amount) in map.as_object().into_iter().flatten() {
        let place = format!("{field}[{name}]");
        if quantity::parse(amount.as_str().unwrap_or_default()).is_some_and(|(n, _)| n < 0) {
            let detail = "must be greater than or equal to 0";
            causes.push(Cause::invalid(place.as_str(), amount, detail));
        }
        let plain = !name.contains('/') && !name.starts_with("hugepages-");
        if plain && !STANDARD.contains(&name.as_str()) {
            for detail in [
                "must be a standard resource type or fully qualified",
                "must be a standard resource for containers",
            ] {
                causes.push(Cause {
                    reason: "FieldValueInvalid",
                    message: format!("Invalid value: {name}: {detail}"),
                    field: place.clone(),
                });
            }
        }
    }
}

/// Checks what single rows cannot say: fields that hold each other.
pub fn pod(spec: &Json, field: &str, causes: &mut Vec<Cause>) {
    for (at, toleration) in items(spec, "/tolerations").iter().enumerate() {
        let place = format!("{field}.tolerations[{at}].operator");
        let (key, operator) = (text(toleration, "/key"), text(toleration, "/operator"));
        let value = text(toleration, "/value");
        if key.is_empty() && operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all \
                values and all keys\"";
            causes.push(Cause::invalid(place, &json!(operator), detail));
        } else if operator == "Exists" && !value.is_empty() {
            let detail = "value must be empty when `operator` is 'Exists'";
            causes.push(Cause::invalid(place, &json!(value), detail));
        } else if !["", "Exists", "Equal"].contains(&operator) {
            let known = ["Equal", "Exists"];
            causes.push(Cause::unsupported(place, &json!(operator), &known));
        }
    }
    for list in ["initContainers", "containers"] {
        for (at, one) in items(spec, &format!("/{list}")).iter().enumerate() {
            let place = format!("{field}.{list}[{at}]");
            let mut seen = Vec::new();
            for (at, port) in items(one, "/ports").iter().enumerate() {
                let name = text(port, "/name");
                if !name.is_empty() && seen.contains(&name) {
                    let field = format!("{place}.ports[{at}].name");
                    causes.push(Cause::duplicate(field, &json!(name)));
                }
                seen.push(name);
            }
            for from in items(one, "/envFrom") {
                if from.get("configMapRef").is_none() && from.get("secretRef").is_none() {
                    let detail = "must specify one of: `configMapRef` or `secretRef`";
                    let field = format!("{place}.envFrom");
                    causes.push(Cause::invalid(field, &json!(""), detail));
                }
            }
        }
    }
}
