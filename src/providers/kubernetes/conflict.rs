//! Fields that another manager has with another value: whose they are, since when, and both values.
//!
//! No value of a Secret is told, nor one that the configuration calls secret: what stands there may be the former secret.

use serde_json::Value as Json;

use crate::value::{Kind as Content, Value};

use super::client::Refusal;
use super::tables::Kind;

/// How many characters of a value are told.
const SHOWN: usize = 120;

/// A field that another manager has with another value.
pub(super) struct Conflict {
    /// The manager.
    pub manager: String,
    /// The field, like `spec.replicas`.
    pub field: String,
    /// It was declared by an apply, not only written.
    pub declared: bool,
}

/// Gives the conflicts of a refusal.
pub(super) fn conflicts(refusal: &Refusal) -> Vec<Conflict> {
    let causes = refusal.causes().filter(|(reason, ..)| *reason == "FieldManagerConflict");
    causes
        .map(|(_, field, message)| Conflict {
            manager: message.split('"').nth(1).unwrap_or("another manager").to_string(),
            field: field.trim_start_matches('.').to_string(),
            // The server writes `using VERSION at TIME` of those that wrote without declaring.
            declared: message.contains('"') && !message.contains(" using "),
        })
        .collect()
}

/// Gives the texts of a configuration that are not to be told.
pub(super) fn secrets(config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(config, false, &mut found);
    found
}

fn collect(value: &Value, within: bool, found: &mut Vec<String>) {
    let secret = within || value.is_sensitive();
    match value.kind() {
        Content::String(text) if secret => found.push(text.to_string()),
        Content::Number(number) if secret => found.push(number.to_string()),
        Content::Bool(flag) if secret => found.push(flag.to_string()),
        _ => value.parts().for_each(|part| collect(part, secret, found)),
    }
}

impl Conflict {
    /// Says what stands in the field, by whom and since when, and what the configuration has there; a sentence with a space before
    /// it, or nothing where nobody can or may say.
    pub(super) fn values(
        &self,
        kind: &Kind,
        body: &Json,
        live: Option<&Json>,
        secrets: &[String],
    ) -> String {
        let since = live.and_then(|live| written(live, &self.manager));
        let since = since.map(|time| format!(" at {time}")).unwrap_or_default();
        let ours = at(body, &self.field);
        let theirs = live.and_then(|live| at(live, &self.field));
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return written_by(self, &since) };
        let [ours, theirs] = [ours, theirs].map(Json::to_string);
        let is_secret = kind.kind == "Secret"
            || secrets
                .iter()
                .any(|secret| ours.contains(secret.as_str()) || theirs.contains(secret.as_str()));
        if is_secret {
            return written_by(self, &since);
        }
        let (ours, theirs) = (short(&ours), short(&theirs));
        format!(
            " In the cluster it is {theirs}, written by \"{}\"{since}; the configuration has {ours}.",
            self.manager
        )
    }
}

fn written_by(conflict: &Conflict, since: &str) -> String {
    match since.is_empty() {
        true => String::new(),
        false => format!(" \"{}\" wrote it{since}.", conflict.manager),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// Gives when a manager wrote last.
fn written<'j>(live: &'j Json, manager: &str) -> Option<&'j str> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?.iter();
    let own =
        entries.filter(|entry| entry["manager"] == manager && entry["subresource"] != "status");
    own.filter_map(|entry| entry["time"].as_str()).max()
}

/// Gives what stands in a field as the server names it: `spec.containers[name="web"].image`. A key may have dots in it.
fn at<'j>(json: &'j Json, field: &str) -> Option<&'j Json> {
    let rest = field.strip_prefix('.').unwrap_or(field);
    if rest.is_empty() {
        return Some(json);
    }
    if let Some(rest) = rest.strip_prefix('[') {
        let (which, rest) = rest.split_once(']')?;
        let wanted: Vec<(&str, Json)> = which
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .filter_map(|(name, value)| Some((name, serde_json::from_str(value).ok()?)))
            .collect();
        let fits = |element: &&Json| {
            wanted.iter().all(|(name, value)| match name.is_empty() {
                true => *element == value,
                false => element[*name] == *value,
            })
        };
        return at(json.as_array()?.iter().find(fits)?, rest);
    }
    let keys = json.as_object()?.iter().filter(|(key, _)| {
        rest.strip_prefix(key.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    });
    let (key, below) = keys.max_by_key(|(key, _)| key.len())?;
    at(below, &rest[key.len()..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tables::tables;
    use super::*;

    #[test]
    fn a_field_is_found_by_the_name_that_the_server_gives_it() {
        let object = json!({ "metadata": { "labels": { "app.example.com/name": "x", "app": "y" } },
            "spec": { "containers": [{ "name": "a", "image": "1" }, { "name": "web", "image": "2" }],
                "ports": [{ "port": 80, "protocol": "TCP", "nodePort": 1 }], "finalizers": ["f"] } });

        for (field, found) in [
            (".metadata.labels.app.example.com/name", json!("x")),
            ("metadata.labels.app", json!("y")),
            ("spec.containers[name=\"web\"].image", json!("2")),
            ("spec.ports[port=80,protocol=\"TCP\"].nodePort", json!(1)),
            ("spec.finalizers[=\"f\"]", json!("f")),
        ] {
            assert_eq!(at(&object, field), Some(&found), "{field}");
        }
        assert_eq!(at(&object, "spec.containers[name=\"none\"].image"), None);
    }

    #[test]
    fn both_values_are_told_and_no_secret() {
        let conflict = Conflict { manager: "bob".into(), field: "data.a".into(), declared: true };
        let body = json!({ "data": { "a": "ours" } });
        let live = json!({ "data": { "a": "theirs" }, "metadata": { "managedFields": [
            { "manager": "bob", "time": "2026-01-02T03:04:05Z" },
            { "manager": "eve", "time": "2026-02-02T03:04:05Z" } ] } });
        let kind = |name: &str| tables().kind(name).expect("it is there");
        let told =
            |kind: &Kind, secrets: &[String]| conflict.values(kind, &body, Some(&live), secrets);

        let map = kind("kubernetes_config_map_v1");
        assert_eq!(
            told(map, &[]),
            " In the cluster it is \"theirs\", written by \"bob\" at 2026-01-02T03:04:05Z; the configuration has \"ours\"."
        );
        let silent = " \"bob\" wrote it at 2026-01-02T03:04:05Z.";
        assert_eq!(told(map, &["ours".to_string()]), silent);
        assert_eq!(told(kind("kubernetes_secret_v1"), &[]), silent);
        let config =
            Value::object([("a", Value::string("s3").sensitive()), ("b", Value::string("c"))]);
        assert_eq!(secrets(&config), ["s3"]);
    }
}
