//! What varies from run to run, replaced by a word: the one rule for both sides.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value as Json, json};

/// A struct as the server's language writes it; those of which the text is compared are not here.
const GO_STRUCT: &str = r"(?s)(Invalid|Duplicate) value: (\[\])?(core|batch|apps|policy|resource|apiextensions|v1)\.(PodTemplateSpec|ServicePort|PodDisruptionBudgetSpec|Quantity|CustomResourceDefinitionVersion|OwnerReference)\{.*\}(: |$)";

/// What is replaced wherever it stands in a text.
static TEXTS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "TIME"),
        (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-*****"),
        (r"(?i)(resourceversion[^0-9]{1,30})[1-9]\d*", "${1}VERSION"),
        (r"\b(10|34)\.\d+\.\d+\.\d+\b", "ADDRESS"),
        (r"^eyJ[\w-]+\.[\w-]+\.[\w-]+$", "TOKEN"),
        (r"^\d+s$", "AGE"),
        // Differences, structs with addresses in memory, and objects in an order of their own.
        (r"(?s)\n\s+[a-z]+\.\w+\{.*", ""),
        (GO_STRUCT, "$1 value: {…}: "),
        (r#"(Invalid|Duplicate) value: \[?\{.*\}\]?(: |$)"#, "$1 value: {…}: "),
        (r#"(?s)Invalid value: "\{.*\}": "#, "Invalid value: {…}: "),
    ]
    .map(|(pattern, word)| (Regex::new(pattern).unwrap(), word))
    .into()
});

/// Replaces what varies in a text.
pub(crate) fn text(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, word) in TEXTS.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text
}

/// Replaces what varies in a body; without `managers` it also loses `managedFields`.
pub(crate) fn body(value: &mut Json, managers: bool) {
    match value {
        Json::String(given) => *given = text(given),
        Json::Array(items) => items.iter_mut().for_each(|item| body(item, managers)),
        Json::Object(fields) => {
            // Newer servers leave it out.
            if fields.get("creationTimestamp").is_some_and(Json::is_null) {
                fields.shift_remove("creationTimestamp");
            }
            // Documentation, and a hash of what the server stores.
            if fields.contains_key("priority") && fields.contains_key("format") {
                fields.shift_remove("description");
            }
            fields.shift_remove("storageVersionHash");
            if !managers {
                fields.shift_remove("managedFields");
            }
            if let Some(Json::Array(causes)) = fields.get_mut("causes") {
                // Conflicts come in no order.
                if causes.iter().all(|cause| cause["reason"] == "FieldManagerConflict") {
                    causes.sort_by_key(|cause| format!("{} {}", cause["message"], cause["field"]));
                }
            }
            let generated = fields.get("generateName").and_then(Json::as_str).map(str::to_owned);
            for (name, below) in fields.iter_mut() {
                match (name.as_str(), &*below) {
                    ("resourceVersion", Json::String(text)) if is_version(text) => {
                        *below = json!("VERSION");
                    }
                    ("continue" | "/metadata/continue", Json::String(text)) if !text.is_empty() => {
                        *below = json!("NEXT")
                    }
                    ("nodePort" | "healthCheckNodePort", Json::Number(_)) => {
                        *below = json!("PORT");
                    }
                    ("name", Json::String(name)) => {
                        let prefix = generated.as_ref().filter(|prefix| {
                            name.strip_prefix(*prefix).is_some_and(|rest| rest.len() == 5)
                        });
                        match prefix {
                            Some(prefix) => *below = json!(format!("{prefix}*****")),
                            None => *below = json!(text(name)),
                        }
                    }
                    _ => body(below, managers),
                }
            }
        }
        _ => {}
    }
}

fn is_version(text: &str) -> bool {
    text.len() < 12 && text != "0" && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Gives what a pointer leads to; a step `name=web` is the item of a list with that member.
pub(crate) fn at<'v>(value: &'v Json, pointer: &str) -> Option<&'v Json> {
    let mut value = value;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/");
        value = match (value, step.split_once('=')) {
            (Json::Array(items), Some((name, wanted))) => {
                items.iter().find(|item| item[name] == wanted)?
            }
            (Json::Array(items), None) => items.get(step.parse::<usize>().ok()?)?,
            _ => value.get(&step)?,
        };
    }
    Some(value)
}
