//! What a pod's specification must be like.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::failure::Cause;
use super::quantity;
use super::store::{items, text};
use super::validate::{is_label, port_number};

const NAME: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// Says what is wrong with a pod's specification; `restart` are the policies that may stand there.
pub fn spec(spec: &Json, field: &str, restart: Option<&[&str]>, causes: &mut Vec<Cause>) {
    let containers = items(spec, "/containers");
    if containers.is_empty() {
        causes.push(Cause::required(format!("{field}.containers"), ""));
    }
    let policy = text(spec, "/restartPolicy");
    let allowed = restart.unwrap_or(&["Always", "OnFailure", "Never"]);
    if !allowed.contains(&policy) {
        let place = format!("{field}.restartPolicy");
        causes.push(Cause::unsupported(place, &json!(policy), allowed));
    }
    let mut volumes = BTreeSet::new();
    for (at, volume) in items(spec, "/volumes").iter().enumerate() {
        let name = text(volume, "/name");
        if !volumes.insert(name) {
            causes.push(Cause::duplicate(format!("{field}.volumes[{at}].name"), &json!(name)));
        }
        let sources = volume.as_object().map_or(0, |volume| volume.len().saturating_sub(1));
        if sources > 1 {
            let place = format!("{field}.volumes[{at}]");
            causes.push(Cause::forbidden(place, "may not specify more than 1 volume type"));
        }
    }
    let mut names = BTreeSet::new();
    for list in ["initContainers", "containers"] {
        for (at, one) in items(spec, &format!("/{list}")).iter().enumerate() {
            let place = format!("{field}.{list}[{at}]");
            let name = text(one, "/name");
            if !names.insert(name) {
                causes.push(Cause::duplicate(format!("{place}.name"), &json!(name)));
            }
            container(one, &place, &volumes, causes);
        }
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
    for (at, port) in items(one, "/ports").iter().enumerate() {
        port_number(&port["containerPort"], &format!("{place}.ports[{at}].containerPort"), causes);
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
        if from.is_object() && !text(variable, "/value").is_empty() {
            let detail = "may not be specified when `value` is not empty";
            causes.push(Cause::invalid(format!("{field}.valueFrom"), &json!(""), detail));
        }
    }
    resources(one, place, causes);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe_value) = one.get(probe).filter(|value| value.is_object()) else { continue };
        let deeds = ["exec", "httpGet", "tcpSocket", "grpc"];
        let count = deeds.iter().filter(|deed| probe_value.get(**deed).is_some()).count();
        if count == 0 {
            causes.push(Cause::required(format!("{place}.{probe}"), "must specify a handler type"));
        } else if count > 1 {
            let field = format!("{place}.{probe}");
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
