//! What is wrong with certificate requests, API services and nodes.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::failure::Cause;
use super::signing;
use super::store::{items, number, text};

/// Checks a certificate request.
pub fn request(object: &Json, causes: &mut Vec<Cause>) {
    let sent = text(object, "/spec/request");
    let pem = STANDARD.decode(sent).unwrap_or_default();
    if let Err(fault) = signing::read(&String::from_utf8_lossy(&pem)) {
        causes.push(Cause::invalid("spec.request", &json!(sent), fault));
    }
    if items(object, "/spec/usages").is_empty() {
        causes.push(Cause::required("spec.usages", ""));
    }
    let signer = text(object, "/spec/signerName");
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
        if key.is_empty() {
            causes.push(Cause::required(format!("{field}.key"), "name part must be non-empty"));
        }
        if !EFFECTS.contains(&effect) {
            causes.push(Cause::unsupported(format!("{field}.effect"), &taint["effect"], EFFECTS));
        }
        if !seen.insert((key, effect)) {
            causes.push(Cause::duplicate(field, taint));
        }
    }
}
