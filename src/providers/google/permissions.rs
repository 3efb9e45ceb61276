//! Which IAM permission a call needs, and what an object of a configuration needs of them.
//!
//! The rule and its exceptions are data (`permissions.txt`): they hold for the calls of resource files, for those of hooks
//! and of the user's own types. What an attribute makes needed beside the calls stands in the resource file (`needs`).

use std::sync::LazyLock;

use crate::http::Method;
use crate::providers::permission::{Doing, Permission};
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::plan::Defaults;
use crate::providers::rest::spec::{Call, OperationKind, Spec};
use crate::providers::rest::template::text_at;
use crate::value::Value;

const TABLE: &str = include_str!("permissions.txt");

/// A call that does not follow the rule.
struct Exception {
    service: &'static str,
    method: &'static str,
    path: Vec<&'static str>,
    verb: Option<&'static str>,
    names: Vec<&'static str>,
}

#[derive(Default)]
struct Table {
    services: Vec<(&'static str, &'static str)>,
    collections: Vec<(&'static str, &'static str, &'static str)>,
    verbs: Vec<&'static str>,
    calls: Vec<Exception>,
    roles: Vec<(&'static str, &'static str)>,
}

static READ: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["service", service, prefix] => table.services.push((service, prefix)),
            ["collection", service, from, to] => table.collections.push((service, from, to)),
            ["role", start, role] => table.roles.push((start, role)),
            ["verbs", verbs @ ..] => table.verbs.extend(verbs),
            ["call", service, method, path, names @ ..] => {
                let (path, verb) = without_verb(path);
                let names = names.iter().copied().filter(|name| *name != "-").collect();
                let path = path.split('/').collect();
                table.calls.push(Exception { service, method, path, verb, names });
            }
            _ => {}
        }
    }
    table
});

/// Parts a path from the verb at its end (`:enable`).
fn without_verb(path: &str) -> (&str, Option<&str>) {
    let last = path.rfind('/').map_or(0, |at| at + 1);
    match path[last..].rfind(':') {
        Some(at) => (&path[..last + at], Some(&path[last + at + 1..])),
        None => (path, None),
    }
}

/// Says whether a path's segments are as a pattern has them.
fn fits(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=path.len()).any(|at| fits(rest, &path[at..])),
        (Some((first, rest)), Some((segment, below))) => {
            (*first == "*" || first == segment) && fits(rest, below)
        }
        _ => false,
    }
}

/// Gives the permissions that a call needs: none where the service asks for none. The path is that below the service's
/// base; what is in braces in it stands for any text.
pub fn of_call(service: &str, method: &Method, path: &str) -> Vec<String> {
    let service = service
        .strip_prefix("at:")
        .map_or(service, |rest| rest.split_once('/').map_or(rest, |(name, _)| name));
    // A placeholder that takes an id's last segment ends with a slash.
    let path = path.replace("/}", "}");
    let path = path.split('?').next().unwrap_or(&path);
    let (path, verb) = without_verb(path);
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let exception = READ.calls.iter().find(|call| {
        call.service == service
            && (call.method == "*" || call.method == method.as_str())
            && call.verb.is_some() == verb.is_some()
            && (call.verb == Some("*") || call.verb == verb)
            && fits(&call.path, &segments)
    });
    match exception {
        Some(call) => call.names.iter().map(|name| (*name).to_string()).collect(),
        None => by_rule(service, method, &segments, verb).into_iter().collect(),
    }
}

fn by_rule(
    service: &str,
    method: &Method,
    segments: &[&str],
    verb: Option<&str>,
) -> Option<String> {
    // A placeholder at the front is the whole name of what the object is below.
    let leads = segments.first().is_some_and(|first| first.starts_with('{'));
    let below = if leads { &segments[1..] } else { segments };
    // `projects/P/global/networks` has one segment more than its collections; `locations/global` has none.
    let scope =
        (below.first() == Some(&"projects") && below.get(2) == Some(&"global")).then_some(2);
    let plain = below.iter().enumerate().filter(|(place, _)| Some(*place) != scope);
    let plain: Vec<&str> = plain.map(|(_, segment)| *segment).collect();
    let is_verb = |word: &&str| {
        let start = word.find(|c: char| c.is_ascii_uppercase()).unwrap_or(word.len());
        READ.verbs.contains(&&word[..start])
    };
    let (plain, own) = match plain.split_last() {
        Some((last, rest)) if plain.len() % 2 == 1 && rest.len() >= 2 && is_verb(last) => {
            (rest.to_vec(), Some(*last))
        }
        _ => (plain, verb),
    };
    let whole = plain.len() % 2 == 0;
    let at = if whole { plain.len().checked_sub(2)? } else { plain.len() - 1 };
    let collection = *plain.get(at)?;
    let around = match below.iter().position(|segment| *segment == collection) {
        Some(place) if place > 0 && scope == Some(place - 1) => "global",
        _ => at.checked_sub(2).and_then(|before| plain.get(before)).copied().unwrap_or_default(),
    };
    let place = format!("{around}/{collection}");
    let named = READ
        .collections
        .iter()
        .find(|(of, from, _)| *of == service && (*from == place.as_str() || *from == collection));
    let collection = named.map_or(collection, |(_, _, to)| to);
    let prefix = READ.services.iter().find(|(of, _)| *of == service);
    let prefix = prefix.map_or(service, |(_, prefix)| prefix);
    let word = match (own, method.as_str(), whole) {
        (Some(own), ..) => own,
        (None, "GET", true) => "get",
        (None, "GET", false) => "list",
        (None, "POST", false) => "create",
        (None, "DELETE", _) => "delete",
        (None, ..) => "update",
    };
    Some(format!("{prefix}.{collection}.{word}"))
}

/// Gives the calls of a type that a command may make, each with what it does.
pub fn calls(spec: &Spec, doing: Doing) -> Vec<(&'static str, &Call)> {
    let mut calls: Vec<(&'static str, &Call)> = Vec::new();
    calls.extend(spec.read.as_ref().map(|call| ("read", call)));
    calls.extend(spec.list.as_ref().map(|list| ("read", &list.call)));
    if doing == Doing::Change {
        calls.extend(spec.create.as_ref().map(|call| ("create", call)));
        calls.extend(spec.update.call.as_ref().map(|call| ("update", call)));
        calls.extend(spec.rpcs.values().map(|call| ("update", call)));
        calls.extend(spec.delete.as_ref().map(|call| ("delete", call)));
    }
    calls
}

/// Gives what is needed to do this with an object that is configured so.
pub fn needed(spec: &Spec, defaults: &Defaults, config: &Value, doing: Doing) -> Vec<Permission> {
    let config = config.without_marks();
    let mut project = text_at(&config, "project").filter(|_| spec.part("project").is_some());
    let mut found: Vec<Permission> = Vec::new();
    let service = match spec.service.as_str() {
        "any" => text_at(&config, "service").unwrap_or_default(),
        service => service.to_string(),
    };
    for (deed, call) in calls(spec, doing) {
        let path = path(call, &config);
        let bucket = path.strip_prefix("b/").map(|rest| rest.split(['/', '?']).next());
        let bucket = bucket.flatten().filter(|name| service == "storage" && !name.contains('{'));
        if project.is_none() {
            let mut segments = path.split('/').skip_while(|segment| *segment != "projects").skip(1);
            let named = segments.next().map(|name| name.split([':', '?']).next().unwrap_or(name));
            let named = named.filter(|name| !name.starts_with('{') && *name != "-");
            project = named.map(str::to_string);
        }
        found.extend(of_call(&service, &call.method, &path).into_iter().map(|name| Permission {
            name,
            project: None,
            bucket: bucket.map(str::to_string),
            deed: deed.to_string(),
            attribute: None,
            role: None,
        }));
    }
    if let Some(path) = operation(spec).filter(|_| doing == Doing::Change) {
        found.extend(of_call(&service, &Method::GET, &path).into_iter().map(|name| Permission {
            name,
            project: None,
            bucket: None,
            deed: "create".to_string(),
            attribute: None,
            role: None,
        }));
    }
    for need in &spec.needs {
        let when = |deed: &&String| deed.as_str() == "read" || doing == Doing::Change;
        let given = need.with.as_ref().is_none_or(|path| is_given(&config, path));
        for deed in need.when.iter().filter(when).filter(|_| given) {
            found.extend(need.permissions.iter().map(|name| Permission {
                name: name.clone(),
                project: need.with.as_ref().and_then(|path| project_of(&config, path)),
                bucket: None,
                deed: deed.clone(),
                attribute: need.with.clone().or_else(|| need.at.clone()),
                role: None,
            }));
        }
    }
    let project = project.or_else(|| defaults.fill("project")?.as_str().map(str::to_string));
    for permission in &mut found {
        permission.project = permission.project.take().or_else(|| project.clone());
        let role = READ.roles.iter().find(|(start, _)| permission.name.starts_with(start));
        permission.role = role.map(|(_, role)| (*role).to_string());
    }
    found.sort();
    found.dedup();
    found
}

/// Gives the path of the operations that a type's calls answer with.
fn operation(spec: &Spec) -> Option<String> {
    match spec.operation {
        OperationKind::None => None,
        OperationKind::Sql => Some("projects/{project}/operations/{name}".to_string()),
        OperationKind::Gke | OperationKind::Standard => {
            Some("projects/{project}/locations/{location}/operations/{name}".to_string())
        }
        OperationKind::Compute => {
            let path = spec.create.as_ref()?.path.to_string();
            let place = if path.contains("/global/") { 3 } else { 4 };
            let place: Vec<&str> = path.split('/').take(place).collect();
            Some(format!("{}/operations/{{name}}", place.join("/")))
        }
    }
}

/// Gives a call's path as far as the configuration says it; what it does not say stays in braces.
fn path(call: &Call, config: &Value) -> String {
    let whole = call.path.to_string();
    let filled = call.path.fill(|name| {
        let attribute = name.trim_end_matches(['/', '*', '?']);
        // At the front stands a whole name; where the configuration has a short form of it, the rest is what counts.
        let leads = whole.starts_with(&format!("{{{name}}}"));
        let text = text_at(config, attribute).filter(|text| !text.is_empty());
        Some(match text.filter(|text| !leads || text.contains('/')) {
            Some(text) if name.ends_with('/') => last_segment(&text).to_string(),
            Some(text) => text,
            None => format!("{{{attribute}}}"),
        })
    });
    filled.unwrap_or_default()
}

/// Gives the project of what an attribute names by its full name.
fn project_of(value: &Value, path: &str) -> Option<String> {
    if let Some(elements) = value.elements() {
        return elements.iter().find_map(|element| project_of(element, path));
    }
    let Some((name, rest)) = path.split_once('.') else {
        let text = text_at(value, path)?;
        let project = text.strip_prefix("projects/")?.split('/').next()?;
        return Some(project.to_string());
    };
    project_of(value.field(name)?, rest)
}

/// Says whether a configuration gives an attribute, in one of the blocks on the way to it.
fn is_given(value: &Value, path: &str) -> bool {
    if let Some(elements) = value.elements() {
        return elements.iter().any(|element| is_given(element, path));
    }
    let (name, rest) = path.split_once('.').map_or((path, ""), |(name, rest)| (name, rest));
    match value.field(name) {
        None => false,
        Some(part) if !part.is_known() => true,
        Some(part) if part.is_null() || part.as_bool() == Some(false) => false,
        Some(part) if rest.is_empty() => part.elements().is_none_or(|parts| !parts.is_empty()),
        Some(part) => is_given(part, rest),
    }
}
