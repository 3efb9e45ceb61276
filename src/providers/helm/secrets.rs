//! What must not be shown of a release: the values that the configuration calls sensitive, wherever a chart has put them, and all
//! that Secrets hold.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(sensitive value)";

/// What stands in the place of what is found where the configuration has another secret.
pub(super) const OTHER: &str = "(another sensitive value)";

/// A text that is shorter is looked for as a whole value only: it would be found everywhere.
const SHORT: usize = 4;

/// The texts that must not be shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// Each with what stands in its place, the longest first: what has another in it is looked for before that.
    texts: BTreeMap<(Reverse<usize>, String), &'static str>,
}

impl Secrets {
    /// Takes in a secret.
    pub(super) fn add(&mut self, text: &str) {
        self.add_as(text, HIDDEN);
    }

    fn add_as(&mut self, text: &str, shown: &'static str) {
        if !["", "true", "false", "null", HIDDEN, OTHER].contains(&text) {
            self.texts.entry((Reverse(text.len()), text.to_string())).or_insert(shown);
        }
    }

    /// Takes in all single values of a tree.
    pub(super) fn add_all(&mut self, tree: &Json) {
        self.add_all_as(tree, HIDDEN);
    }

    fn add_all_as(&mut self, tree: &Json, shown: &'static str) {
        match tree {
            Json::Object(fields) => fields.values().for_each(|part| self.add_all_as(part, shown)),
            Json::Array(parts) => parts.iter().for_each(|part| self.add_all_as(part, shown)),
            Json::String(text) => self.add_as(text, shown),
            Json::Number(number) => self.add_as(&number.to_string(), shown),
            Json::Null | Json::Bool(_) => {}
        }
    }

    /// Takes in what stands in a tree at the places of secrets: it is one, whether or not it is the one of the configuration.
    pub(super) fn add_at(&mut self, places: &Json, tree: &Json, shown: &'static str) {
        match (places, tree) {
            (Json::Object(places), Json::Object(fields)) => {
                for (name, place) in places {
                    fields.get(name).into_iter().for_each(|part| self.add_at(place, part, shown));
                }
            }
            // Places of a list may have moved: all of it is secret.
            _ => self.add_all_as(tree, shown),
        }
    }

    /// Takes in what a Secret's manifest holds.
    pub(super) fn add_secret(&mut self, manifest: &Json) {
        if manifest["kind"] != "Secret" {
            return;
        }
        for (member, encoded) in [("data", true), ("stringData", false)] {
            for text in manifest[member].as_object().into_iter().flatten() {
                let Some(text) = text.1.as_str() else { continue };
                let bytes = encoded.then(|| STANDARD.decode(text).ok()).flatten();
                match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
                    Some(plain) => self.add(&plain),
                    None => self.add(text),
                }
            }
        }
    }

    /// Gives a text without secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        if let Some(shown) = self.shown(text) {
            return shown.to_string();
        }
        let mut hidden = text.to_string();
        for ((_, secret), shown) in self.texts.iter().filter(|((len, _), _)| len.0 >= SHORT) {
            hidden = hidden.replace(secret.as_str(), shown);
            hidden = hidden.replace(&STANDARD.encode(secret), shown);
            let quoted = Json::from(secret.as_str()).to_string();
            hidden = hidden.replace(quoted.trim_matches('"'), shown);
        }
        hidden
    }

    /// Gives what stands in the place of a text that is a secret as a whole.
    fn shown(&self, text: &str) -> Option<&'static str> {
        self.texts.get(&(Reverse(text.len()), text.to_string())).copied()
    }

    /// Gives a tree without secrets.
    pub(super) fn hide_in(&self, tree: &Json) -> Json {
        match tree {
            Json::Object(fields) => Json::Object(
                fields.iter().map(|(name, part)| (name.clone(), self.hide_in(part))).collect(),
            ),
            Json::Array(parts) => {
                Json::Array(parts.iter().map(|part| self.hide_in(part)).collect())
            }
            Json::String(text) => Json::String(self.hide(text)),
            Json::Number(number) => {
                self.shown(&number.to_string()).map_or_else(|| tree.clone(), Json::from)
            }
            Json::Null | Json::Bool(_) => tree.clone(),
        }
    }

    /// Gives an object's manifest without secrets; a Secret keeps its keys alone.
    pub(super) fn hide_in_manifest(&self, manifest: &Json) -> Json {
        let mut hidden = self.hide_in(manifest);
        if manifest["kind"] != "Secret" {
            return hidden;
        }
        for member in ["data", "stringData"] {
            let Some(fields) = hidden.get_mut(member).and_then(Json::as_object_mut) else {
                continue;
            };
            let keys: Map<String, Json> =
                fields.keys().map(|key| (key.clone(), HIDDEN.into())).collect();
            *fields = keys;
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_found_whole_within_and_encoded() {
        let mut secrets = Secrets::default();
        secrets.add("hunter2");
        secrets.add("no");

        let shown = secrets.hide_in(
            &json!({"url": "pg://u:hunter2@h", "b": "aHVudGVyMg==", "c": "no", "d": "nothing"}),
        );

        assert_eq!(
            shown,
            json!({"url": "pg://u:(sensitive value)@h", "b": HIDDEN, "c": HIDDEN, "d": "nothing"})
        );
    }

    #[test]
    fn what_is_found_in_the_place_of_a_secret_is_one_too() {
        let mut secrets = Secrets::default();
        secrets.add("hunter2");
        let places = json!({"auth": {"password": "", "same": ""}, "list": [""]});
        let found = json!({
            "auth": {"password": "swordfish", "same": "hunter2", "user": "web"}, "list": ["one1"], "url": "web:swordfish@db",
        });

        secrets.add_at(&places, &found, OTHER);
        let shown = secrets.hide_in(&found);

        let expected = json!({
            "auth": {"password": OTHER, "same": HIDDEN, "user": "web"}, "list": [OTHER],
            "url": "web:(another sensitive value)@db",
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn of_a_secret_the_keys_are_shown() {
        let manifest = json!({"kind": "Secret", "data": {"a": "eA=="}, "metadata": {"name": "s"}});

        let shown = Secrets::default().hide_in_manifest(&manifest);

        assert_eq!(shown["data"], json!({"a": HIDDEN}));
        assert_eq!(shown["metadata"]["name"], "s");
    }
}
