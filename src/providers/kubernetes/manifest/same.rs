//! What differs between a manifest and an object: by meaning, and of what the manifest says alone.

use serde_json::{Map, Value as Json};

use crate::merge::schema::{Form as Merging, Schema as Types};
use crate::value::json::to_json;
use crate::value::{Kind as Content, Path, PathStep, Value};

use super::super::definitions::Form;
use super::super::equal::quantity;
use super::super::wait::duration;
use super::kinds::Lens;

/// Gives the parts of a manifest that an object does not have so.
pub(super) fn lacking(given: &Value, there: Option<&Value>, lens: Lens<'_>) -> Vec<Path> {
    let mut found = Vec::new();
    within(given, there, lens, &Path::root(), &mut found);
    found
}

fn within(
    given: &Value,
    there: Option<&Value>,
    lens: Lens<'_>,
    path: &Path,
    found: &mut Vec<Path>,
) {
    let there = there.filter(|there| !there.is_null());
    match given.kind() {
        Content::Null(_) => {}
        Content::Unknown(..) => found.push(path.clone()),
        Content::Map(_, fields) | Content::Object(fields) => {
            let Some(others) = there.and_then(Value::fields) else {
                if !is_idle(given) {
                    found.push(path.clone());
                }
                return;
            };
            let nothing = |value: &Value| is_idle(value);
            let whole = matches!(merging(lens, given), Merging::Leaf);
            let more = |(name, other): (&std::sync::Arc<str>, &Value)| {
                !nothing(other) && fields.get(name).is_none_or(nothing)
            };
            if whole
                && others.iter().any(more)
                && lens.part.is_none_or(|part| part.values.is_some())
            {
                found.push(path.clone());
                return;
            }
            for (name, part) in fields.iter() {
                within(part, others.get(name), lens.field(name), &path.attribute(&**name), found);
            }
        }
        Content::List(_, parts) | Content::Set(_, parts) | Content::Tuple(parts) => {
            let others = there.and_then(Value::elements).unwrap_or_default();
            list(parts, others, lens, path, found);
        }
        Content::Bool(_) | Content::Number(_) | Content::String(_) => {
            let same = there.is_some_and(|there| same_scalar(given, there, lens));
            if !(same || there.is_none() && is_default(given, path)) {
                found.push(path.clone());
            }
        }
    }
}

/// What the API server leaves out of an object: an empty text of metadata, and what is off in its own types.
fn is_default(given: &Value, path: &Path) -> bool {
    let shallow = path.0.len() <= 2 && path.first() == Some("metadata");
    let off = matches!(path.0.last(), Some(PathStep::Attribute(name)) if is_off(name, given));
    shallow && given.as_str() == Some("") || off
}

/// Says whether a flag is off and one that the server does not write then.
pub(super) fn is_off(name: &str, given: &Value) -> bool {
    given.is_known() && given.as_bool() == Some(false) && OFF.contains(&name)
}

/// The flags that the server does not write where they are off. Others may be absent and mean something else than off.
const OFF: &[&str] = &[
    "chapAuthDiscovery",
    "chapAuthSession",
    "clusterScope",
    "deprecated",
    "globalDefault",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "insecureSkipTLSVerify",
    "nullable",
    "paused",
    "preserveUnknownFields",
    "publishNotReadyAddresses",
    "readOnly",
    "sslEnabled",
    "stdin",
    "stdinOnce",
    "tty",
    "uniqueItems",
    "unschedulable",
];

fn list(parts: &[Value], others: &[Value], lens: Lens<'_>, path: &Path, found: &mut Vec<Path>) {
    let parts: Vec<(usize, &Value)> =
        parts.iter().enumerate().filter(|(_, part)| !part.is_null()).collect();
    match merging_of_list(lens) {
        Merging::Keyed(keys, item) => {
            let keyed = |value: &Value| key_of(value, keys, item);
            for (place, part) in parts {
                let wanted = keyed(part);
                let other = others.iter().find(|other| keyed(other) == wanted);
                within(part, other, lens.item(), &path.place(place), found);
            }
        }
        Merging::Set => {
            for (place, part) in parts {
                let same = |other: &Value| lacking(part, Some(other), lens.item()).is_empty();
                if !others.iter().any(same) {
                    found.push(path.place(place));
                }
            }
        }
        Merging::Leaf | Merging::Struct(_) | Merging::Map(_) => {
            if parts.len() != others.len() {
                found.push(path.clone());
                return;
            }
            for ((place, part), other) in parts.into_iter().zip(others) {
                within(part, Some(other), lens.item(), &path.place(place), found);
            }
        }
    }
}

/// Gives what an element of a list is known by, as text: a number in quotes is the number.
pub(super) fn key_of(value: &Value, keys: &[String], item: Types<'_>) -> Vec<Option<String>> {
    let given = |name: &String| {
        let part = value.field(name).filter(|value| value.is_known() && !value.is_null());
        part.map(to_json).or_else(|| item.default_of(name).cloned())
    };
    let text = |key: Json| match key {
        Json::String(text) => text,
        other => other.to_string(),
    };
    keys.iter().map(|name| given(name).map(text)).collect()
}

fn merging<'a>(lens: Lens<'a>, value: &Value) -> Merging<'a> {
    let stand_in = match value.fields() {
        Some(_) => Json::Object(Map::new()),
        None => Json::Array(Vec::new()),
    };
    lens.schema.form([&stand_in])
}

pub(super) fn merging_of_list(lens: Lens<'_>) -> Merging<'_> {
    lens.schema.form([&Json::Array(Vec::new())])
}

/// Says whether a value holds nothing that the API would keep.
fn is_idle(value: &Value) -> bool {
    match value.kind() {
        Content::Null(_) => true,
        Content::Map(_, fields) | Content::Object(fields) => fields.values().all(is_idle),
        Content::List(_, parts) | Content::Set(_, parts) | Content::Tuple(parts) => {
            parts.is_empty()
        }
        Content::Unknown(..) | Content::Bool(_) | Content::Number(_) | Content::String(_) => false,
    }
}

/// Says whether two single values mean the same.
pub(super) fn same_scalar(given: &Value, there: &Value, lens: Lens<'_>) -> bool {
    if given.without_marks() == there.without_marks() {
        return true;
    }
    let text = |value: &Value| match value.kind() {
        Content::String(text) => Some(text.to_string()),
        Content::Number(number) => Some(number.to_string()),
        Content::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let (Some(given), Some(there)) = (text(given), text(there)) else { return false };
    if given == there {
        // A number in quotes is one where the kind wants one, and where nobody knows what it wants.
        return lens.part.is_some();
    }
    let Some(part) = lens.part else { return false };
    match part.form {
        Form::Quantity => {
            matches!((quantity(&given), quantity(&there)), (Some(a), Some(b)) if a == b)
        }
        Form::Plain if part.format == "duration" => {
            matches!((duration(&given), duration(&there)), (Some(a), Some(b)) if a == b)
        }
        Form::Plain if part.format == "date-time" => {
            let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
            matches!((moment(&given), moment(&there)), (Some(a), Some(b)) if a == b)
        }
        Form::Plain | Form::IntOrString => false,
    }
}

/// Gives the parts of a manifest that another does not speak of.
pub(super) fn unsaid(given: &Value, other: Option<&Value>, lens: Lens<'_>) -> Vec<Path> {
    let mut found = Vec::new();
    gather(given, other, lens, &Path::root(), &mut found);
    found
}

fn gather(
    given: &Value,
    other: Option<&Value>,
    lens: Lens<'_>,
    path: &Path,
    found: &mut Vec<Path>,
) {
    let other = other.filter(|other| !other.is_null());
    if given.is_null() || other.is_some_and(|other| !other.is_known()) {
        return;
    }
    let Some(other) = other else {
        if !is_idle(given) {
            found.push(path.clone());
        }
        return;
    };
    match (given.fields(), other.fields(), given.elements(), other.elements()) {
        (Some(fields), Some(others), ..) => {
            for (name, part) in fields.iter() {
                let path = path.attribute(&**name);
                gather(part, others.get(name), lens.field(name), &path, found);
            }
        }
        (.., Some(parts), Some(others)) => {
            // Of elements that are told apart by place the comparison of values tells.
            let Merging::Keyed(keys, item) = merging_of_list(lens) else {
                if parts.len() > others.len() {
                    found.push(path.clone());
                }
                return;
            };
            let keyed = |value: &Value| key_of(value, keys, item);
            for (place, part) in parts.iter().enumerate() {
                let wanted = keyed(part);
                let other = others.iter().find(|other| keyed(other) == wanted);
                gather(part, other, lens.item(), &path.place(place), found);
            }
        }
        _ => {}
    }
}
