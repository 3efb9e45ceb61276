//! Limit ranges: what the containers, pods and claims of a namespace may ask for, and what they get unasked.
//!
//! Source: recordings of a real API server (`tests/server/cases/quota.yaml`), its words included.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::failure::{Cause, Failure};
use super::go;
use super::quantity;
use super::quota::{self, Amounts};
use super::resources::Resource;
use super::store::{Store, items, name, namespace, text};
use super::validate;

/// What a pod is told of what was filled in.
const NOTE: &str = "kubernetes.io/limit-ranger";

/// Fills in a range's own defaults: for containers what is the most is the default, too.
pub fn fill(range: &mut Json) {
    let limits = range.pointer_mut("/spec/limits").and_then(Json::as_array_mut);
    for item in limits.into_iter().flatten().filter(|item| item["type"] == "Container") {
        inherit(item, "max", "default");
        inherit(item, "default", "defaultRequest");
        inherit(item, "min", "defaultRequest");
    }
}

fn inherit(item: &mut Json, from: &str, to: &str) {
    let given: Map<String, Json> = item[from].as_object().cloned().unwrap_or_default();
    for (name, value) in given {
        if item[to].get(&name).is_none() {
            item[to][name.as_str()] = value;
        }
    }
}

/// Gives a pod's containers what the ranges of its namespace say.
pub fn complete(store: &Store, pod: &mut Json, space: &str) {
    let mut given = json!({"default": {}, "defaultRequest": {}});
    for range in store.within("LimitRange", space) {
        for item in items(range, "/spec/limits").iter().filter(|item| item["type"] == "Container") {
            for part in ["default", "defaultRequest"] {
                for (name, value) in item[part].as_object().into_iter().flatten() {
                    given[part][name.as_str()] = value.clone();
                }
            }
        }
    }
    let mut notes = Vec::new();
    for (list, called) in [("containers", "container"), ("initContainers", "init container")] {
        let place = format!("/spec/{list}");
        let all = pod.pointer_mut(&place).and_then(Json::as_array_mut);
        for one in all.into_iter().flatten() {
            let name = text(one, "/name").to_owned();
            // What is limited and not asked for is asked for as a whole.
            let limits = one["resources"]["limits"].clone();
            supply(one, "requests", &limits);
            for (part, from, word) in
                [("requests", "defaultRequest", "request"), ("limits", "default", "limit")]
            {
                let filled = supply(one, part, &given[from]);
                if !filled.is_empty() {
                    notes.push(format!("{} {word} for {called} {name}", filled.join(", ")));
                }
            }
        }
    }
    if !notes.is_empty() {
        let text = format!("LimitRanger plugin set: {}", notes.join("; "));
        if !pod["metadata"]["annotations"].is_object() {
            pod["metadata"]["annotations"] = json!({});
        }
        pod["metadata"]["annotations"][NOTE] = json!(text);
    }
}

fn supply(container: &mut Json, part: &str, given: &Json) -> Vec<String> {
    let mut filled: Vec<String> = Vec::new();
    for (name, value) in given.as_object().into_iter().flatten() {
        if container["resources"][part].get(name).is_none() {
            container["resources"][part][name.as_str()] = value.clone();
            filled.push(name.clone());
        }
    }
    filled.sort();
    filled
}

/// Checks an object against the ranges of its namespace.
///
/// # Errors
/// The refusal where it is out of range.
pub fn admit(store: &Store, resource: &Resource, object: &Json) -> Result<(), Failure> {
    let wanted: &[&str] = match resource.kind {
        "Pod" => &["Container", "Pod"],
        "PersistentVolumeClaim" => &["PersistentVolumeClaim"],
        _ => return Ok(()),
    };
    for range in store.within("LimitRange", namespace(object)) {
        let mut faults = Vec::new();
        for item in items(range, "/spec/limits") {
            let kind = text(item, "/type");
            if !wanted.contains(&kind) {
                continue;
            }
            let asked = |one: &Json, part: &str| quota::amounts(&one["resources"][part]);
            match kind {
                "Pod" => {
                    let of = |part| quota::of_containers(object, part);
                    hold(item, &of("requests"), Some(&of("limits")), &mut faults);
                }
                "Container" => {
                    for list in ["/spec/containers", "/spec/initContainers"] {
                        for one in items(object, list) {
                            let limits = asked(one, "limits");
                            hold(item, &asked(one, "requests"), Some(&limits), &mut faults);
                        }
                    }
                }
                _ => hold(item, &asked(&object["spec"], "requests"), None, &mut faults),
            }
        }
        let detail = match faults.as_slice() {
            [] => continue,
            [one] => one.clone(),
            _ => format!("[{}]", faults.join(", ")),
        };
        return Err(Failure::forbidden(resource, name(object), &detail));
    }
    Ok(())
}

/// Says where amounts are not within an item's bounds; without limits what is asked for is held to both.
fn hold(item: &Json, requests: &Amounts, limits: Option<&Amounts>, faults: &mut Vec<String>) {
    let kind = text(item, "/type");
    let none = Amounts::new();
    let limits_or_none = limits.unwrap_or(&none);
    for (side, word) in [("min", "minimum"), ("max", "maximum")] {
        for (name, bound) in quota::amounts(&item[side]) {
            let wrong = |amount: i128| match side {
                "min" => amount < bound.0,
                _ => amount > bound.0,
            };
            let told = format!("{word} {name} usage per {kind} is {}", quantity::show(bound));
            let request = requests.get(&name).map(|amount| (*amount, "request"));
            let limit = limits_or_none.get(&name).map(|amount| (*amount, "limit"));
            let (first, second, lacking) = match (side, limits) {
                ("max", Some(_)) => (limit, request, "limit"),
                _ => (request, limit, "request"),
            };
            let Some(first) = first else {
                faults.push(format!("{told}.  No {lacking} is specified"));
                continue;
            };
            let bad = [Some(first), second].into_iter().flatten().find(|(it, _)| wrong(it.0));
            if let Some((amount, called)) = bad {
                faults.push(format!("{told}, but {called} is {}", quantity::show(amount)));
            }
        }
    }
    for (name, most) in quota::amounts(&item["maxLimitRequestRatio"]) {
        let told =
            format!("{name} max limit to request ratio per {kind} is {}", quantity::show(most));
        let amount = |of: &Amounts| of.get(&name).map_or(0, |amount| amount.0);
        let (request, limit) = (amount(requests), amount(limits_or_none));
        if request == 0 {
            faults.push(format!("{told}, but no request is specified or request is 0"));
        } else if limit == 0 {
            faults.push(format!("{told}, but no limit is specified or limit is 0"));
        } else if exceeds(limit, request, most.0) {
            let ratio = limit as f64 / request as f64;
            faults.push(format!("{told}, but provided ratio is {ratio:.6}"));
        }
    }
}

/// Says whether a limit is more than so many times a request, in billionths.
fn exceeds(limit: i128, request: i128, most: i128) -> bool {
    match (limit.checked_mul(1_000_000_000), most.checked_mul(request)) {
        (Some(limit), Some(most)) => limit > most,
        // Of numbers so large the last digits do not decide.
        _ => limit as f64 * 1e9 > most as f64 * request as f64,
    }
}

/// Says what is wrong with a range itself.
pub fn check(range: &Json, causes: &mut Vec<Cause>) {
    const PARTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let mut seen = BTreeSet::new();
    for (at, item) in items(range, "/spec/limits").iter().enumerate() {
        let field = format!("spec.limits[{at}]");
        let kind = text(item, "/type");
        let plain = ["Container", "Pod", "PersistentVolumeClaim"].contains(&kind);
        if !kind.is_empty() && !plain && !kind.contains('/') {
            let detail = "must be a standard limit type or fully qualified";
            causes.push(Cause::invalid(format!("{field}.type"), &json!(kind), detail));
        }
        if !seen.insert(kind) {
            causes.push(Cause::duplicate(format!("{field}.type"), &json!(kind)));
        }
        if kind == "Pod" {
            for part in ["default", "defaultRequest"] {
                if item[part].as_object().is_some_and(|given| !given.is_empty()) {
                    let detail = "may not be specified when `type` is 'Pod'";
                    causes.push(Cause::forbidden(format!("{field}.{part}"), detail));
                }
            }
        }
        let storage = |part: &str| item[part].get("storage").is_some();
        if kind == "PersistentVolumeClaim" && !storage("max") && !storage("min") {
            let detail =
                "either minimum or maximum storage value is required, but neither was provided";
            causes.push(Cause::required(format!("{field}.limits"), detail));
        }
        let mut all: BTreeMap<&str, Amounts> = BTreeMap::new();
        for part in PARTS {
            let given = quota::amounts(&item[part]);
            for name in given.keys() {
                validate::resource_name(name, &format!("{field}.{part}[{name}]"), causes);
            }
            all.insert(part, given);
        }
        let names: BTreeSet<&String> = all.values().flat_map(|given| given.keys()).collect();
        for name in names {
            bounds(&field, name, &all, causes);
        }
    }
}

/// Pairs of parts of which the first may not be greater than the second, with their words, and the part that is told of.
const PAIRS: &[([&str; 2], [&str; 2], &str)] = &[
    (["min", "max"], ["min", "max"], "min"),
    (["min", "defaultRequest"], ["min", "default request"], "defaultRequest"),
    (["defaultRequest", "max"], ["default request", "max"], "defaultRequest"),
    (["defaultRequest", "default"], ["default request", "default limit"], "defaultRequest"),
    (["min", "default"], ["min", "default"], "default"),
    (["default", "max"], ["default", "max"], "default"),
];

fn bounds(field: &str, name: &str, all: &BTreeMap<&str, Amounts>, causes: &mut Vec<Cause>) {
    let of = |part: &str| all.get(part).and_then(|given| given.get(name)).copied();
    let mut wrong = |part: &str, amount: quota::Amount, detail: &str| {
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {}: {detail}", go::quantity(amount)),
            field: format!("{field}.{part}[{name}]"),
        });
    };
    for ([lower, upper], [low, high], part) in PAIRS {
        if let (Some(least), Some(most)) = (of(lower), of(upper))
            && least.0 > most.0
        {
            let (one, other) = (quantity::show(least), quantity::show(most));
            let detail = format!("{low} value {one} is greater than {high} value {other}");
            wrong(part, of(part).unwrap_or(least), &detail);
        }
    }
    if let Some(ratio) = of("maxLimitRequestRatio").filter(|ratio| ratio.0 < 1_000_000_000) {
        let detail = format!("ratio {} is less than 1", quantity::show(ratio));
        wrong("maxLimitRequestRatio", ratio, &detail);
    }
}
