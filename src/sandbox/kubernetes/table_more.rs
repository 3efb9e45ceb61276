//! Cells of what is seldom printed: policies, quotas, roles, budgets, accounts.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::store::{items, name, text};
use super::table::{age, count, labels, or_none};

/// A network policy's cells.
pub fn network_policy(object: &Json, now: Timestamp) -> Vec<Json> {
    let selector = &object["spec"]["podSelector"]["matchLabels"];
    vec![json!(name(object)), or_none(&labels(selector)), age(object, now)]
}

/// A quota's cells.
pub fn quota(object: &Json, now: Timestamp) -> Vec<Json> {
    let part = |limits: bool| {
        let hard = object["status"]["hard"].as_object().into_iter().flatten();
        let rows = hard.filter(|(name, _)| name.starts_with("limits.") == limits);
        let rows = rows.map(|(name, hard)| {
            let used = object["status"]["used"][name].as_str().unwrap_or("0");
            format!("{name}: {used}/{}", hard.as_str().unwrap_or_default())
        });
        json!(rows.collect::<Vec<_>>().join(", "))
    };
    vec![json!(name(object)), part(false), part(true), age(object, now)]
}

/// A role's cells.
pub fn role(object: &Json, _: Timestamp) -> Vec<Json> {
    vec![json!(name(object)), object["metadata"]["creationTimestamp"].clone()]
}

/// A binding of a role's cells.
pub fn role_binding(object: &Json, now: Timestamp) -> Vec<Json> {
    let subjects = |kind: &str| {
        let those = items(object, "/subjects").iter().filter(|subject| subject["kind"] == kind);
        let names = those.map(|subject| match text(subject, "/namespace") {
            "" => text(subject, "/name").to_owned(),
            namespace => format!("{namespace}/{}", text(subject, "/name")),
        });
        json!(names.collect::<Vec<_>>().join(", "))
    };
    let role = format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name"));
    vec![
        json!(name(object)),
        json!(role),
        age(object, now),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

/// A disruption budget's cells.
pub fn budget(object: &Json, now: Timestamp) -> Vec<Json> {
    let bound = |field: &str| match &object["spec"][field] {
        Json::Null => json!("N/A"),
        Json::String(text) => json!(text),
        other => json!(other.to_string()),
    };
    vec![
        json!(name(object)),
        bound("minAvailable"),
        bound("maxUnavailable"),
        json!(count(object, "/status/disruptionsAllowed")),
        age(object, now),
    ]
}

/// An account's cells.
pub fn account(object: &Json, now: Timestamp) -> Vec<Json> {
    vec![json!(name(object)), json!(items(object, "/secrets").len()), age(object, now)]
}
