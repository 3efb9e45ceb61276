//! What a pod's specification must be like.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::failure::Cause;
use super::quantity;
use super::rules;
use super::store::{items, text};
use super::validate::is_label;

const NAME: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// A volume's sources, in the order in which the server looks at them.
const SOURCES: [&str; 15] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "secret",
    "nfs",
    "iscsi",
    "persistentVolumeClaim",
    "downwardAPI",
    "configMap",
    "projected",
    "csi",
    "ephemeral",
    "image",
    "azureFile",
];

/// Says what is wrong with a pod's specification; `restart` are the policies that may stand there.
pub fn spec(spec: &Json, field: &str, restart: Option<&[&str]>, causes: &mut Vec<Cause>) {
    let containers = items(spec, "/containers");
    if containers.is_empty() {
        causes.push(Cause::required(format!("{field}.containers"), ""));
    }
    let policy = text(spec, "/restartPolicy");
    let all = ["Always", "OnFailure", "Never"];
    if !all.contains(&policy) {
        let place = format!("{field}.restartPolicy");
        causes.push(Cause::unsupported(place, &json!(policy), &all));
    }
    let mut volumes = BTreeSet::new();
    for (at, volume) in items(spec, "/volumes").iter().enumerate() {
        let name = text(volume, "/name");
        // Of a volume in which something is missing nobody knows.
        let place = format!("{field}.volumes[{at}].");
        if causes.iter().any(|cause| cause.field.starts_with(&place)) {
            continue;
        }
        if !volumes.insert(name) {
            causes.push(Cause::duplicate(format!("{place}name"), &json!(name)));
        }
        let given = volume.as_object();
        let given = SOURCES.iter().filter(|source| given.is_some_and(|v| v.contains_key(**source)));
        for source in given.skip(1) {
            let place = format!("{field}.volumes[{at}].{source}");
            causes.push(Cause::forbidden(place, "may not specify more than 1 volume type"));
        }
    }
    rules::pod(spec, field, causes);
    let mut names: BTreeSet<&str> = containers.iter().map(|one| text(one, "/name")).collect();
    let mut seen = BTreeSet::new();
    for list in ["initContainers", "containers"] {
        for (at, one) in items(spec, &format!("/{list}")).iter().enumerate() {
            let place = format!("{field}.{list}[{at}]");
            let name = text(one, "/name");
            let known = if list == "containers" { &mut seen } else { &mut names };
            if !known.insert(name) {
                causes.push(Cause::duplicate(format!("{place}.name"), &json!(name)));
            }
            container(one, &place, &volumes, causes);
        }
    }
    let Some(allowed) = restart.filter(|allowed| !allowed.contains(&policy)) else { return };
    let place = format!("{field}.restartPolicy");
    if policy == "Always" {
        let words: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
        causes.push(Cause::required(place, &format!("valid values: {}", words.join(", "))));
    } else {
        causes.push(Cause::unsupported(place, &json!(policy), allowed));
    }
}

fn container(one: &Json, place: &str, volumes: &BTreeSet<&str>, causes: &mut Vec<Cause>) {
    let name = text(one, "/name");
    if name.is_empty() {
        causes.push(Cause::required(format!("{place}.name"), ""));
    } else if !is_label(name) {
        causes.push(Cause::invalid(format!("{place}.name"), &json!(name), NAME));
    }
    if text(one, "/image").is_empty() {
        causes.push(Cause::required(format!("{place}.image"), ""));
    }
    let mut paths = BTreeSet::new();
    for (at, mount) in items(one, "/volumeMounts").iter().enumerate() {
        let name = text(mount, "/name");
        if !volumes.contains(name) {
            causes.push(Cause::not_found(format!("{place}.volumeMounts[{at}].name"), &json!(name)));
        }
        let path = text(mount, "/mountPath");
        if !paths.insert(path) {
            let field = format!("{place}.volumeMounts[{at}].mountPath");
            causes.push(Cause::invalid(field, &json!(path), "must be unique"));
        }
    }
    for (at, device) in items(one, "/volumeDevices").iter().enumerate() {
        let name = text(device, "/name");
        if !volumes.contains(name) {
            let field = format!("{place}.volumeDevices[{at}].name");
            causes.push(Cause::not_found(field, &json!(name)));
        }
    }
    for (at, variable) in items(one, "/env").iter().enumerate() {
        let field = format!("{place}.env[{at}]");
        let value = text(variable, "/name");
        if value.is_empty() {
            causes.push(Cause::required(format!("{field}.name"), ""));
        } else if value.contains('=') || value.chars().any(char::is_control) {
            let detail = "a valid environment variable name must consist only of printable ASCII \
                characters other than '='";
            causes.push(Cause::invalid(format!("{field}.name"), &json!(value), detail));
        }
        let from = &variable["valueFrom"];
        let sources = from.as_object().map_or(0, serde_json::Map::len);
        if from.is_object() && sources == 0 {
            let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or \
                `secretKeyRef`";
            causes.push(Cause::invalid(format!("{field}.valueFrom"), &json!(""), detail));
        } else if sources > 1 {
            let detail = "may not have more than one field specified at a time";
            causes.push(Cause::invalid(format!("{field}.valueFrom"), &json!(""), detail));
        }
        if from.is_object() && !text(variable, "/value").is_empty() {
            let detail = "may not be specified when `value` is not empty";
            causes.push(Cause::invalid(format!("{field}.valueFrom"), &json!(""), detail));
        }
    }
    resources(one, place, causes);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe_value) = one.get(probe).filter(|value| value.is_object()) else { continue };
        let deeds = ["exec", "httpGet", "tcpSocket", "grpc"];
        let mut given = deeds.iter().filter(|deed| probe_value.get(**deed).is_some());
        let (first, second) = (given.next(), given.next());
        if first.is_none() {
            causes.push(Cause::required(format!("{place}.{probe}"), "must specify a handler type"));
        } else if let Some(second) = second {
            let field = format!("{place}.{probe}.{second}");
            causes.push(Cause::forbidden(field, "may not specify more than 1 handler type"));
        }
        if probe != "readinessProbe" && probe_value["successThreshold"].as_i64() != Some(1) {
            let field = format!("{place}.{probe}.successThreshold");
            causes.push(Cause::invalid(field, &probe_value["successThreshold"], "must be 1"));
        }
    }
}

fn resources(one: &Json, place: &str, causes: &mut Vec<Cause>) {
    let limits = &one["resources"]["limits"];
    for (name, value) in one["resources"]["requests"].as_object().into_iter().flatten() {
        let amount = |value: &Json| {
            quantity::parse(value.as_str().unwrap_or_default()).map(|(amount, _)| amount)
        };
        let Some(limit) = limits.get(name) else { continue };
        if amount(value) > amount(limit) {
            let limit = limit.as_str().unwrap_or_default();
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            let field = format!("{place}.resources.requests");
            causes.push(Cause::invalid(field, value, &detail));
        }
    }
}
