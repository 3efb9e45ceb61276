//! Kinds that are served in two versions: stored in the one, read and written in the other too.
//!
//! That is the autoscaler, in `autoscaling/v2` and `v1`. What the first version has no field for stands
//! in annotations. Source: recordings of a real API server (`tests/server/cases/autoscaling.yaml`).

use serde_json::{Map, Value as Json, json};

use super::admit::remove;
use super::resources::{self, Resource};
use super::store::{items, text};

const KIND: &str = "HorizontalPodAutoscaler";
const FIRST: &str = "autoscaling/v1";
const STORED: &str = "autoscaling/v2";
const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";

/// The sources of a metric.
const SOURCES: [&str; 5] = ["resource", "containerResource", "pods", "object", "external"];

/// The first version's name of a field, and where the second has it.
const NAMES: &[(&str, &str)] = &[
    ("name", "/name"),
    ("container", "/container"),
    ("target", "/describedObject"),
    ("metricName", "/metric/name"),
    ("selector", "/metric/selector"),
    ("metricSelector", "/metric/selector"),
    ("targetAverageUtilization", "/target/averageUtilization"),
    ("targetAverageValue", "/target/averageValue"),
    ("averageValue", "/target/averageValue"),
    ("targetValue", "/target/value"),
    ("currentAverageUtilization", "/current/averageUtilization"),
    ("currentAverageValue", "/current/averageValue"),
    ("currentValue", "/current/value"),
];

/// Says whether a type is the version that is not stored.
pub fn is_other(resource: &Resource) -> bool {
    resource.kind == KIND && resource.version == "v1"
}

/// Gives the row of the version in which a type's objects are stored.
pub fn stored(resource: &'static Resource) -> &'static Resource {
    match is_other(resource) {
        true => resources::by_kind(STORED, KIND).unwrap_or(resource),
        false => resource,
    }
}

/// Gives an object in the version of a type.
pub fn outward(resource: &Resource, object: &Json) -> Json {
    if !is_other(resource) || object["apiVersion"] == FIRST {
        return object.clone();
    }
    let mut object = object.clone();
    object["apiVersion"] = json!(FIRST);
    let spec = &object["spec"];
    let metrics = items(spec, "/metrics").to_vec();
    let behavior = spec["behavior"].clone();
    let share = metrics.iter().find_map(share_of_processor).cloned();
    let rest: Vec<Json> = metrics
        .iter()
        .filter(|metric| share_of_processor(metric).is_none())
        .map(|metric| metric_of_first(metric, "target"))
        .collect();
    for name in ["metrics", "behavior"] {
        remove(&mut object["spec"], name);
    }
    if let Some(share) = share {
        object["spec"]["targetCPUUtilizationPercentage"] = share;
    }
    let status = object["status"].clone();
    let current = items(&status, "/currentMetrics").to_vec();
    let mut first = Map::new();
    for name in ["observedGeneration", "lastScaleTime"] {
        if let Some(value) = status.get(name) {
            first.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["currentReplicas", "desiredReplicas"] {
        first.insert(name.to_owned(), status.get(name).cloned().unwrap_or(json!(0)));
    }
    let used = current.iter().find(|metric| metric["resource"]["name"] == "cpu");
    if let Some(used) =
        used.and_then(|metric| metric.pointer("/resource/current/averageUtilization"))
    {
        first.insert("currentCPUUtilizationPercentage".to_owned(), used.clone());
    }
    object["status"] = Json::Object(first);
    let current: Vec<Json> =
        current.iter().map(|metric| metric_of_first(metric, "current")).collect();
    note(&mut object, METRICS, &json!(rest));
    note(&mut object, BEHAVIOR, &behavior_of_first(&behavior));
    note(&mut object, CURRENT, &json!(current));
    let conditions: Vec<Json> = items(&status, "/conditions").iter().map(condition).collect();
    note(&mut object, CONDITIONS, &json!(conditions));
    object
}

/// Gives an object in the version in which it is stored.
pub fn inward(object: &Json) -> Json {
    if object["kind"] != KIND || object["apiVersion"] != FIRST {
        return object.clone();
    }
    let mut object = object.clone();
    object["apiVersion"] = json!(STORED);
    let noted = |object: &mut Json, name: &str| -> Json {
        let annotations = &mut object["metadata"]["annotations"];
        let text = annotations[name].as_str().unwrap_or_default().to_owned();
        remove(annotations, name);
        if annotations.as_object().is_none_or(Map::is_empty) {
            remove(&mut object["metadata"], "annotations");
        }
        serde_json::from_str(&text).unwrap_or_default()
    };
    let rest = noted(&mut object, METRICS);
    let mut metrics: Vec<Json> =
        items(&rest, "").iter().map(|metric| metric_of_second(metric, "target")).collect();
    let share = object["spec"]["targetCPUUtilizationPercentage"].clone();
    remove(&mut object["spec"], "targetCPUUtilizationPercentage");
    if !share.is_null() {
        metrics.push(json!({"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": share}}}));
    }
    if !metrics.is_empty() {
        object["spec"]["metrics"] = json!(metrics);
    }
    let behavior = noted(&mut object, BEHAVIOR);
    if behavior.is_object() {
        object["spec"]["behavior"] = renamed(&behavior, char::to_ascii_lowercase);
    }
    let current = noted(&mut object, CURRENT);
    let conditions = noted(&mut object, CONDITIONS);
    let status = &mut object["status"];
    remove(status, "currentCPUUtilizationPercentage");
    if status["currentReplicas"] == 0 {
        remove(status, "currentReplicas");
    }
    status["currentMetrics"] = match items(&current, "") {
        [] => Json::Null,
        all => all.iter().map(|metric| metric_of_second(metric, "current")).collect(),
    };
    if conditions.is_array() {
        status["conditions"] = conditions;
    }
    object
}

/// Takes from the entries in the other version what a write changed under the other name.
pub fn hand_over(old: &Json, object: &mut Json) {
    if object["kind"] != KIND {
        return;
    }
    let (before, after) = (inward(old), inward(object));
    let own = object["apiVersion"].clone();
    let entries = object.pointer_mut("/metadata/managedFields").and_then(Json::as_array_mut);
    for entry in entries.into_iter().flatten().filter(|entry| entry["apiVersion"] != own) {
        for (part, first) in [("metrics", "f:targetCPUUtilizationPercentage"), ("behavior", "")] {
            let name = format!("f:{part}");
            let name = if entry["apiVersion"] == FIRST { first } else { name.as_str() };
            if let Some(spec) = entry.pointer_mut("/fieldsV1/f:spec")
                && before["spec"][part] != after["spec"][part]
            {
                remove(spec, name);
            }
        }
    }
}

fn share_of_processor(metric: &Json) -> Option<&Json> {
    let is_processor = metric["type"] == "Resource" && metric["resource"]["name"] == "cpu";
    metric.pointer("/resource/target/averageUtilization").filter(|_| is_processor)
}

/// Writes what has no field as an annotation.
fn note(object: &mut Json, name: &str, value: &Json) {
    let empty = value.as_array().is_some_and(Vec::is_empty) || value.is_null();
    if empty {
        return;
    }
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][name] = json!(value.to_string());
}

/// Gives a condition with its fields in the order of its type.
fn condition(condition: &Json) -> Json {
    let names = ["type", "status", "lastTransitionTime", "reason", "message"];
    let there = names.iter().filter_map(|name| Some(((*name).to_owned(), condition.get(*name)?)));
    Json::Object(there.map(|(name, value)| (name, value.clone())).collect())
}

/// Says whether the first version has a field of the name in a metric's source.
fn has(source: &str, name: &str) -> bool {
    match name {
        "targetAverageValue" => source != "object",
        "averageValue" => source == "object",
        "selector" => ["pods", "object"].contains(&source),
        "metricSelector" => source == "external",
        _ => true,
    }
}

fn metric_of_first(metric: &Json, part: &str) -> Json {
    let mut first = json!({"type": metric["type"]});
    for source in SOURCES.iter().filter(|source| metric[**source].is_object()) {
        let mut fields = Map::new();
        for (name, place) in NAMES.iter().filter(|(name, _)| has(source, name)) {
            let other = if part == "target" { "/current" } else { "/target" };
            let value = metric[*source].pointer(place).filter(|_| !place.starts_with(other));
            if let Some(value) = value {
                fields.insert((*name).to_owned(), value.clone());
            }
        }
        first[*source] = Json::Object(fields);
    }
    first
}

fn metric_of_second(metric: &Json, part: &str) -> Json {
    let mut second = json!({"type": metric["type"]});
    for source in SOURCES.iter().filter(|source| metric[**source].is_object()) {
        let mut fields = json!({});
        for (name, place) in NAMES.iter().filter(|(name, _)| has(source, name)) {
            let Some(value) = metric[*source].get(*name) else { continue };
            let mut at = &mut fields;
            for step in place.split('/').skip(1) {
                at = &mut at[step];
            }
            *at = value.clone();
        }
        if part == "target" {
            let given = &fields["target"];
            let kind = match (given.get("averageUtilization"), given.get("averageValue")) {
                (Some(_), _) => "Utilization",
                (_, Some(_)) => "AverageValue",
                _ => "Value",
            };
            fields["target"]["type"] = json!(kind);
        }
        second[*source] = fields;
    }
    second
}

/// Writes how it scales as the server's own type has it.
fn behavior_of_first(behavior: &Json) -> Json {
    if !behavior.is_object() {
        return Json::Null;
    }
    let mut first = Map::new();
    for (name, short) in [("ScaleUp", "scaleUp"), ("ScaleDown", "scaleDown")] {
        let rules = &behavior[short];
        if rules.is_null() {
            first.insert(name.to_owned(), Json::Null);
            continue;
        }
        let policies: Vec<Json> = items(rules, "/policies")
            .iter()
            .map(|policy| {
                json!({"Type": policy["type"], "Value": policy["value"],
                    "PeriodSeconds": policy["periodSeconds"]})
            })
            .collect();
        let rules = json!({"StabilizationWindowSeconds": rules["stabilizationWindowSeconds"],
            "SelectPolicy": rules["selectPolicy"], "Policies": policies,
            "Tolerance": rules["tolerance"]});
        first.insert(name.to_owned(), rules);
    }
    Json::Object(first)
}

fn renamed(value: &Json, letter: fn(&char) -> char) -> Json {
    match value {
        Json::Object(fields) => {
            let mut result = Map::new();
            for (name, below) in fields.iter().filter(|(_, below)| !below.is_null()) {
                let mut letters = name.chars();
                let first = letters.next().map(|first| letter(&first));
                result.insert(first.into_iter().chain(letters).collect(), renamed(below, letter));
            }
            Json::Object(result)
        }
        Json::Array(parts) => parts.iter().map(|part| renamed(part, letter)).collect(),
        other => other.clone(),
    }
}

/// Fills in the defaults of the version that is not stored.
pub fn fill(object: &mut Json) {
    let spec = &mut object["spec"];
    if spec.get("minReplicas").is_none_or(Json::is_null) {
        spec["minReplicas"] = json!(1);
    }
    let noted = text(object, "/metadata/annotations/autoscaling.alpha.kubernetes.io~1metrics");
    let bare = noted.is_empty() && object["spec"]["targetCPUUtilizationPercentage"].is_null();
    if bare {
        object["spec"]["targetCPUUtilizationPercentage"] = json!(80);
    }
}
