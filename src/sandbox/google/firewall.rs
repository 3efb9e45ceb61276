//! Firewall rules of Compute Engine: what one must say, and in which form it is kept.

use serde_json::{Value as Json, json};

use crate::sandbox::store::Store;

use super::reference;
use super::refusal::Refusal;
use super::storage::patched;
use super::subnetwork::is_range;

const LISTS: [&str; 8] = [
    "allowed",
    "denied",
    "sourceRanges",
    "destinationRanges",
    "sourceTags",
    "targetTags",
    "sourceServiceAccounts",
    "targetServiceAccounts",
];

fn wrong(field: &str, value: &Json, why: &str) -> Refusal {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut refusal =
        Refusal::invalid(format!("Invalid value for field 'resource.{field}': '{value}'. {why}"));
    refusal.reason = "invalid";
    refusal
}

/// Checks a rule, and brings it to the form that the service keeps.
///
/// # Errors
/// What it must not say, or does not say.
pub(super) fn check(store: &Store, project: &str, rule: &mut Json) -> Result<(), Refusal> {
    let network = rule["network"].as_str().unwrap_or("global/networks/default").to_owned();
    rule["network"] =
        json!(reference::existing(store, project, ("network", "networks"), &network)?);
    if let Some(fields) = rule.as_object_mut() {
        fields.retain(|name, value| {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            name != "params" && !(LISTS.contains(&name.as_str()) && empty)
        });
    }
    let given = |rule: &Json, name: &str| rule[name].is_array();
    if given(rule, "allowed") == given(rule, "denied") {
        return Err(wrong(
            "allowed",
            &rule["allowed"],
            "Exactly one of allowed and denied must be given.",
        ));
    }
    for list in ["allowed", "denied"] {
        for entry in rule.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            entry_checked(entry)?;
        }
    }
    for list in ["sourceRanges", "destinationRanges"] {
        for range in rule[list].as_array().into_iter().flatten() {
            if !range.as_str().is_some_and(is_range) {
                return Err(wrong(list, range, "Must be a CIDR address range."));
            }
        }
    }
    let out = rule["direction"] == json!("EGRESS");
    // An outgoing rule may say where from, by ranges alone.
    for name in ["sourceTags", "sourceServiceAccounts"] {
        if out && given(rule, name) {
            return Err(wrong(name, &rule[name], "An EGRESS rule has no such sources."));
        }
    }
    let by_tags = given(rule, "sourceTags") || given(rule, "targetTags");
    let by_accounts = given(rule, "sourceServiceAccounts") || given(rule, "targetServiceAccounts");
    if by_tags && by_accounts {
        return Err(wrong(
            "sourceTags",
            &rule["sourceTags"],
            "Tags and service accounts exclude one another.",
        ));
    }
    let priority = rule["priority"].as_i64().unwrap_or(1000);
    if !(0..=65_535).contains(&priority) {
        return Err(wrong("priority", &json!(priority), "Must be between 0 and 65535."));
    }
    if out && !given(rule, "destinationRanges") {
        rule["destinationRanges"] = json!(["0.0.0.0/0"]);
    }
    if rule["logConfig"]["enable"] == json!(false) {
        rule["logConfig"] = json!({ "enable": false });
    } else if rule["logConfig"].is_object() && rule["logConfig"]["metadata"].is_null() {
        rule["logConfig"]["metadata"] = json!("INCLUDE_ALL_METADATA");
    }
    Ok(())
}

/// A protocol is kept in lower case; ports are numbers or spans of them.
fn entry_checked(entry: &mut Json) -> Result<(), Refusal> {
    let protocol = entry["IPProtocol"].as_str().unwrap_or_default().to_lowercase();
    let known = ["tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all"];
    if !known.contains(&protocol.as_str()) && protocol.parse::<u8>().is_err() {
        return Err(wrong(
            "allowed[].IPProtocol",
            &entry["IPProtocol"],
            "It is no known protocol.",
        ));
    }
    entry["IPProtocol"] = json!(protocol);
    let ports = entry["ports"].as_array().cloned().unwrap_or_default();
    if ports.is_empty() {
        if let Some(fields) = entry.as_object_mut() {
            fields.remove("ports");
        }
        return Ok(());
    }
    if !["tcp", "udp", "sctp", "6", "17", "132"].contains(&protocol.as_str()) {
        return Err(wrong("allowed[].ports", &entry["ports"], "The protocol has no ports."));
    }
    for port in &ports {
        let text = port.as_str().unwrap_or_default();
        let mut ends = text.split('-').map(str::parse::<u16>);
        let good = match (ends.next(), ends.next(), ends.next()) {
            (Some(Ok(_)), None, _) => true,
            (Some(Ok(first)), Some(Ok(last)), None) => first <= last,
            _ => false,
        };
        if !good {
            return Err(wrong("allowed[].ports", port, "Must be a port or a span of ports."));
        }
    }
    Ok(())
}

/// Gives what a patch makes of a rule.
///
/// # Errors
/// As [`check`], and for what cannot change.
pub(super) fn changed(
    store: &Store,
    project: &str,
    rule: &Json,
    given: &Json,
) -> Result<Json, Refusal> {
    let fixed = given["direction"].is_string() && given["direction"] != rule["direction"];
    if fixed {
        return Err(wrong("direction", &given["direction"], "The direction cannot be changed."));
    }
    let mut after = patched(rule, given);
    check(store, project, &mut after)?;
    Ok(after)
}
