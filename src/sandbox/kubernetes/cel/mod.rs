//! Rules of schemas, in the Common Expression Language (`x-kubernetes-validations`).
//!
//! A small reading of the language: no types are checked before a rule is worked out, no costs are counted, and a rule
//! with a function that is not here counts as kept. Source: the language's published definition, the API reference of
//! `apiextensions.k8s.io/v1`, and recordings of a real API server (`tests/server/cases/rules.yaml`).

pub mod value;
pub mod parse;
pub mod work_out;
pub mod library;

use serde_json::{Value as Json, json};

use self::parse::{Node, names, parse};
use self::value::Value;
use self::work_out::{Fault, Scope, work_out};
use super::failure::Cause;
use super::store::{items, text};

/// Says whether a schema has rules, at whatever depth.
pub fn has_rules(schema: &Json) -> bool {
    let below = schema["properties"].as_object().into_iter().flatten().map(|(_, below)| below);
    !items(schema, "/x-kubernetes-validations").is_empty()
        || below
            .chain([&schema["items"], &schema["additionalProperties"]])
            .any(|below| below.is_object() && has_rules(below))
}

/// Says which rules of a schema an object breaks; `old` is what was there before.
pub fn check(object: &Json, old: Option<&Json>, schema: &Json, causes: &mut Vec<Cause>) {
    let place = Place { value: object, old, path: String::new() };
    walk(&place, schema, causes);
}

/// What is looked at, and what stood there before.
struct Place<'o> {
    value: &'o Json,
    old: Option<&'o Json>,
    path: String,
}

fn walk(place: &Place<'_>, schema: &Json, causes: &mut Vec<Cause>) {
    // What was wrong before and is left as it is holds nobody up.
    if place.old == Some(place.value) {
        return;
    }
    for rule in items(schema, "/x-kubernetes-validations") {
        causes.extend(broken(place, rule, schema));
    }
    match place.value {
        Json::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            for name in names {
                let known = schema["properties"].get(name);
                let below = known.unwrap_or(&schema["additionalProperties"]);
                let joint = if place.path.is_empty() { "" } else { "." };
                let path = match known {
                    None => format!("{}[{name}]", place.path),
                    Some(_) => format!("{}{joint}{name}", place.path),
                };
                let old = place.old.and_then(|old| old.get(name));
                walk(&Place { value: &fields[name], old, path }, below, causes);
            }
        }
        Json::Array(parts) => {
            let keys = value::keys(schema);
            for (at, part) in parts.iter().enumerate() {
                let before = place.old.and_then(Json::as_array).into_iter().flatten();
                let mut same = before.filter(|old| {
                    !keys.is_empty() && keys.iter().all(|key| old.get(*key) == part.get(*key))
                });
                let path = format!("{}[{at}]", place.path);
                walk(&Place { value: part, old: same.next(), path }, &schema["items"], causes);
            }
        }
        _ => {}
    }
}

/// Says what is to be said of a rule, if it is broken.
fn broken(place: &Place<'_>, rule: &Json, schema: &Json) -> Option<Cause> {
    let node = parse(text(rule, "/rule")).ok()?;
    let whole = |json: &Json| match place.path.is_empty() {
        true => value::of_root(json, schema),
        false => value::of(json, schema),
    };
    let before = place.old.map(whole);
    let mut scope: Scope = vec![("self".to_owned(), whole(place.value))];
    if rule["optionalOldSelf"] == true {
        let before = Value::Optional(before.map(Box::new));
        scope.push(("oldSelf".to_owned(), before));
    } else if names(&node, "oldSelf") {
        scope.push(("oldSelf".to_owned(), before?));
    }
    let told = told(rule, &mut scope);
    let detail = match work_out(&node, &mut scope) {
        Ok(Value::Bool(false)) => told,
        Err(Fault::Wrong(fault)) => {
            let about = match text(rule, "/message").trim() {
                "" => text(rule, "/rule").trim(),
                message => message,
            };
            format!("{fault} evaluating rule: {about}")
        }
        Ok(_) | Err(Fault::Unknown(_)) => return None,
    };
    Some(cause(place, rule, schema, &detail))
}

/// Gives what a broken rule says.
fn told(rule: &Json, scope: &mut Scope) -> String {
    let expression = parse(text(rule, "/messageExpression")).ok();
    if let Some(Value::Text(message)) =
        expression.and_then(|node: Node| work_out(&node, scope).ok())
        && !message.trim().is_empty()
    {
        return message.trim().to_owned();
    }
    match text(rule, "/message").trim() {
        "" => format!("failed rule: {}", text(rule, "/rule").trim()),
        message => message.to_owned(),
    }
}

fn cause(place: &Place<'_>, rule: &Json, schema: &Json, detail: &str) -> Cause {
    let below = text(rule, "/fieldPath");
    let path = match (place.path.as_str(), below) {
        ("", "") => "<nil>".to_owned(),
        ("", below) => below.trim_start_matches('.').to_owned(),
        (path, below) => format!("{path}{below}"),
    };
    let kind = json!(schema["type"].as_str().unwrap_or_default());
    match text(rule, "/reason") {
        "FieldValueRequired" => Cause::required(path, detail),
        "FieldValueForbidden" => Cause::forbidden(path, detail),
        "FieldValueDuplicate" => Cause::duplicate(path, &kind),
        _ => Cause::invalid(path, &kind, detail),
    }
}

/// Says which rules of a definition's schema cannot be read.
pub fn unreadable(schema: &Json, field: &str, causes: &mut Vec<Cause>) {
    for (at, rule) in items(schema, "/x-kubernetes-validations").iter().enumerate() {
        for part in ["rule", "messageExpression"] {
            let expression = text(rule, &format!("/{part}"));
            if expression.is_empty() {
                continue;
            }
            if let Err(fault) = parse(expression) {
                let detail = format!("compilation failed: ERROR: <input>:1:1: {fault}");
                let field = format!("{field}.x-kubernetes-validations[{at}].{part}");
                causes.push(Cause::invalid(field, rule, &detail));
            }
        }
    }
}
