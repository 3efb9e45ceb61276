//! Selectors: of labels and of fields.

use serde_json::Value as Json;

use super::failure::Failure;
use super::labels;
use super::store::text;

/// What a list or watch is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

/// What a label must be like.
#[derive(Clone, Debug)]
pub enum Requirement {
    /// One of these.
    In(String, Vec<String>),
    /// None of these.
    NotIn(String, Vec<String>),
    /// There.
    Exists(String),
    /// Not there.
    Absent(String),
    /// A number above this one.
    Above(String, i64),
    /// A number below this one.
    Below(String, i64),
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`.
    ///
    /// # Errors
    /// A selector that does not parse, or a field by which the type cannot be selected.
    pub fn parse(labels: &str, fields: &str, kind: &str) -> Result<Selector, Failure> {
        let mut selector = Selector { labels: labels::read(labels)?, ..Selector::default() };
        for part in fields.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, equal, value) = match part.split_once("!=") {
                Some((name, value)) => (name, false, value),
                None => {
                    let (name, value) = part.split_once('=').ok_or_else(|| {
                        Failure::bad_request(format!(
                            "invalid selector: '{fields}'; can't understand '{part}'"
                        ))
                    })?;
                    (name, true, value.trim_start_matches('='))
                }
            };
            if !is_selectable(kind, name) {
                let plain = !SELECTABLE.iter().any(|(known, _)| *known == kind);
                return Err(Failure::bad_request(match plain {
                    true => format!(
                        "{name:?} is not a known field selector: only \"metadata.name\", \
                         \"metadata.namespace\""
                    ),
                    false => format!("field label not supported: {name}"),
                }));
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
            Requirement::Above(key, bound) => {
                label(key).and_then(|value| value.parse::<i64>().ok()).is_some_and(|n| n > *bound)
            }
            Requirement::Below(key, bound) => {
                label(key).and_then(|value| value.parse::<i64>().ok()).is_some_and(|n| n < *bound)
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
            "spec.hostNetwork",
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
    ("ReplicationController", &["status.replicas"]),
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
        Some(Json::Null) | None => match name {
            "spec.hostNetwork" | "spec.unschedulable" => "false".to_owned(),
            _ => String::new(),
        },
        Some(other) => other.to_string(),
    }
}
