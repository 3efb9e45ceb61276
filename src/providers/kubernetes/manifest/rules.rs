//! When a manifest's object is ready: by its kind's own rule, by conditions, or by what fields hold.

use regex::Regex;
use serde_json::Value as Json;

use crate::value::{Path, Value};

use super::super::super::Problem;
use super::super::ready::{Look, State, condition, rule_named};
use super::check::named;

/// Kinds that nothing can be done with before they are ready: they are always waited for.
const ALWAYS: &[&str] = &["CustomResourceDefinition", "Namespace"];

/// Gives what an object is waited for by; nothing where it is not.
pub(super) fn look_of(kind: &str, value: &Value) -> Option<Look> {
    let wait = value.field("wait").and_then(Value::elements).and_then(|parts| parts.first());
    let rollout = wait.and_then(|wait| wait.field("rollout")).and_then(Value::as_bool);
    if let Some(look) = wait.and_then(by_conditions).or_else(|| by_fields(value, wait)) {
        return Some(look);
    }
    let always = ALWAYS.contains(&kind);
    rule_named(kind).filter(|_| always || rollout == Some(true)).map(|rule| rule.look())
}

fn by_conditions(wait: &Value) -> Option<Look> {
    let listed = wait.field("condition")?.elements()?;
    let text = |one: &Value, name: &str| one.field(name).and_then(Value::as_str).map(String::from);
    let wanted: Vec<(String, String)> = listed
        .iter()
        .filter_map(|one| {
            Some((text(one, "type")?, text(one, "status").unwrap_or_else(|| "True".into())))
        })
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let what = wanted.iter().map(|(kind, status)| format!("{kind}={status}"));
    let what = format!("the condition {}", what.collect::<Vec<_>>().join(", "));
    let check = move |live: &Json| {
        let missing = wanted.iter().find(|(kind, status)| condition(live, kind, status).is_none());
        match missing {
            Some((kind, status)) => State::Waiting(format!("the condition {kind}={status}")),
            None => State::Done,
        }
    };
    Some(Look { what, patience: 600, on_update: true, check: Box::new(check) })
}

fn by_fields(value: &Value, wait: Option<&Value>) -> Option<Look> {
    let old = value.field("wait_for").and_then(|block| block.field("fields"));
    let fields =
        wait.and_then(|wait| wait.field("fields")).filter(|fields| !fields.is_null()).or(old);
    let wanted: Vec<(String, Option<Regex>)> = fields?
        .fields()?
        .iter()
        .filter_map(|(path, pattern)| {
            let pattern = pattern.as_str()?;
            // A lone asterisk stands for any value.
            let pattern = if pattern == "*" { None } else { Some(Regex::new(pattern).ok()?) };
            Some((path.to_string(), pattern))
        })
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let names: Vec<&str> = wanted.iter().map(|(path, _)| path.as_str()).collect();
    let what = format!("the value of {}", names.join(", "));
    let check = move |live: &Json| {
        let fits = |(path, pattern): &&(String, Option<Regex>)| {
            let found = match named(live, &as_path(path)) {
                None | Some(Json::Null) => return false,
                Some(Json::String(text)) => text,
                Some(other) => other.to_string(),
            };
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(&found))
        };
        match wanted.iter().find(|one| !fits(one)) {
            Some((path, _)) => State::Waiting(format!("the value of {path}")),
            None => State::Done,
        }
    };
    Some(Look { what, patience: 600, on_update: true, check: Box::new(check) })
}

/// Reads `status.conditions[0].type` as `status.conditions.0.type`.
fn as_path(path: &str) -> String {
    path.replace("[\"", ".").replace("\"]", "").replace('[', ".").replace(']', "")
}

/// Checks what a wait is written with.
pub(super) fn check(config: &Value) -> Vec<Problem> {
    let place = Path::root().attribute("wait").place(0).attribute("fields");
    let Some(fields) = config.at(&place).and_then(Value::fields) else { return Vec::new() };
    let wrong = |pattern: &Value| {
        let pattern = pattern.as_str()?;
        (pattern != "*").then(|| Regex::new(pattern).err()).flatten()
    };
    let found = fields.iter().filter_map(|(path, pattern)| Some((path, wrong(pattern)?)));
    found
        .map(|(path, error)| Problem {
            path: place.key(path),
            warning: false,
            summary: "Invalid value".into(),
            detail: format!("What the field is to hold is no regular expression: {error}"),
            help: Vec::new(),
        })
        .collect()
}
