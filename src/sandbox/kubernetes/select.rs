//! Selectors: of labels and of fields.

use serde_json::Value as Json;

use super::failure::Failure;
use super::store::text;

/// What a list or watch is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Clone, Debug)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`.
    ///
    /// # Errors
    /// A selector that does not parse, or a field by which the type cannot be selected.
    pub fn parse(labels: &str, fields: &str, kind: &str) -> Result<Selector, Failure> {
        let mut selector = Selector::default();
        for part in split(labels) {
            let part = part.trim();
            if !part.is_empty() {
                selector.labels.push(requirement(part)?);
            }
        }
        for part in fields.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, equal, value) = match part.split_once("!=") {
                Some((name, value)) => (name, false, value),
                None => {
                    let (name, value) = part.split_once('=').ok_or_else(|| {
                        Failure::bad_request(format!("invalid field selector: {part:?}"))
                    })?;
                    (name, true, value.trim_start_matches('='))
                }
            };
            if !is_selectable(kind, name) {
                return Err(Failure::bad_request(format!("field label not supported: {name}")));
            }
            selector.fields.push((name.to_owned(), equal, value.to_owned()));
        }
        Ok(selector)
    }

    /// Says whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Says whether an object is meant.
    pub fn matches(&self, object: &Json) -> bool {
        self.labels.iter().all(|requirement| requirement.holds(object))
            && self
                .fields
                .iter()
                .all(|(name, equal, value)| (field(object, name) == *value) == *equal)
    }
}

impl Requirement {
    fn holds(&self, object: &Json) -> bool {
        let label = |key: &str| object["metadata"]["labels"].get(key).and_then(Json::as_str);
        match self {
            Requirement::In(key, values) => {
                label(key).is_some_and(|value| values.iter().any(|known| known == value))
            }
            Requirement::NotIn(key, values) => {
                label(key).is_none_or(|value| values.iter().all(|known| known != value))
            }
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::Absent(key) => label(key).is_none(),
        }
    }
}

/// Says whether a `LabelSelector` object matches labels; an empty one matches all.
pub fn label_selector_matches(selector: &Json, object: &Json) -> bool {
    let labels = &object["metadata"]["labels"];
    let exact = selector["matchLabels"]
        .as_object()
        .is_none_or(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)));
    exact
        && selector["matchExpressions"].as_array().into_iter().flatten().all(|row| {
            let key = text(row, "/key").to_owned();
            let values = row["values"]
                .as_array()
                .map(|values| values.iter().filter_map(Json::as_str).map(str::to_owned).collect())
                .unwrap_or_default();
            let requirement = match text(row, "/operator") {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                _ => Requirement::Absent(key),
            };
            requirement.holds(object)
        })
}

/// Says whether a map of labels (a Service's selector) matches an object.
pub fn labels_match(wanted: &Json, object: &Json) -> bool {
    let labels = &object["metadata"]["labels"];
    wanted.as_object().is_some_and(|wanted| {
        !wanted.is_empty() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
    })
}

fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Result<Requirement, Failure> {
    let bad = || Failure::bad_request(format!("unable to parse requirement: {part:?}"));
    if let Some(open) = part.find('(') {
        let head = part[..open].trim();
        let inner = part[open + 1..].strip_suffix(')').ok_or_else(bad)?;
        let values = inner.split(',').map(|value| value.trim().to_owned()).collect();
        return match head.split_whitespace().collect::<Vec<_>>().as_slice() {
            [key, "in"] => Ok(Requirement::In((*key).to_owned(), values)),
            [key, "notin"] => Ok(Requirement::NotIn((*key).to_owned(), values)),
            _ => Err(bad()),
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(key.trim().to_owned(), vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once('=') {
        let value = value.trim_start_matches('=').trim().to_owned();
        return Ok(Requirement::In(key.trim().to_owned(), vec![value]));
    }
    match part.strip_prefix('!') {
        Some(key) => Ok(Requirement::Absent(key.trim().to_owned())),
        None if part.contains(char::is_whitespace) => Err(bad()),
        None => Ok(Requirement::Exists(part.to_owned())),
    }
}

/// The fields by which each kind can be selected, besides name and namespace.
const SELECTABLE: &[(&str, &[&str])] = &[
    (
        "Pod",
        &[
            "status.phase",
            "spec.nodeName",
            "status.podIP",
            "spec.serviceAccountName",
            "spec.restartPolicy",
            "spec.schedulerName",
        ],
    ),
    (
        "Event",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "type",
            "reportingComponent",
            "source",
        ],
    ),
    ("Secret", &["type"]),
    ("Namespace", &["status.phase"]),
    ("Job", &["status.successful"]),
    ("Node", &["spec.unschedulable"]),
    ("Service", &["spec.clusterIP", "spec.type"]),
    ("ReplicaSet", &["status.replicas"]),
];

fn is_selectable(kind: &str, name: &str) -> bool {
    matches!(name, "metadata.name" | "metadata.namespace")
        || SELECTABLE.iter().any(|(known, fields)| *known == kind && fields.contains(&name))
}

fn field(object: &Json, name: &str) -> String {
    let pointer = match name {
        "status.successful" => "/status/succeeded".to_owned(),
        "source" => "/source/component".to_owned(),
        _ => format!("/{}", name.replace('.', "/")),
    };
    match object.pointer(&pointer) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
