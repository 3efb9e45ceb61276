//! What is written against what the service tells: only what the body says is compared.

use serde_json::{Map, Value as Json};

/// Gives what the service tells of the members that a body has: in the body's own form where it means the same.
pub fn projected(body: &Json, live: Option<&Json>) -> Json {
    match (body, live) {
        (body, live) if agrees(body, live) => body.clone(),
        (Json::Object(body), Some(Json::Object(live))) => body
            .iter()
            .map(|(name, part)| (name.clone(), projected(part, live.get(name))))
            .collect::<Map<_, _>>()
            .into(),
        (Json::Array(body), Some(Json::Array(live))) if body.len() == live.len() => {
            body.iter().zip(live).map(|(part, live)| projected(part, Some(live))).collect()
        }
        (_, live) => live.cloned().unwrap_or(Json::Null),
    }
}

/// Says whether what the service tells means what is written.
pub fn agrees(body: &Json, live: Option<&Json>) -> bool {
    let Some(live) = live else { return is_nothing(body) };
    match (body, live) {
        (Json::Object(body), Json::Object(live)) => {
            body.iter().all(|(name, part)| agrees(part, live.get(name)))
        }
        (Json::Array(body), Json::Array(live)) => {
            let scalars = body.iter().all(|part| !part.is_object());
            body.len() == live.len()
                && match scalars {
                    true => {
                        body.iter().all(|part| live.iter().any(|other| agrees(part, Some(other))))
                    }
                    false => body.iter().zip(live).all(|(part, other)| agrees(part, Some(other))),
                }
        }
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            number.to_string() == *text
        }
        // A link may be written by its end: `projects/p/global/networks/n`.
        (Json::String(body), Json::String(live)) => {
            body == live || (body.contains('/') && live.ends_with(&format!("/{body}")))
        }
        (body, live) => body == live || (is_nothing(body) && is_nothing(live)),
    }
}

/// Says whether a value is what the services leave out: false, zero, empty.
fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Bool(flag) => !flag,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(parts) => parts.is_empty(),
        Json::Object(fields) => fields.values().all(is_nothing),
    }
}

/// Gives the smallest change from one body to another, and the paths that it changes: null for what goes away. `is_open` says of a
/// path that a mask can go on below it; a map of labels is changed as a whole.
pub fn change(before: &Json, after: &Json, is_open: &dyn Fn(&str) -> bool) -> (Json, Vec<String>) {
    let none = Map::new();
    let of = |body: &'_ Json| body.as_object().cloned().unwrap_or_else(|| none.clone());
    let mut change = Change { is_open, mask: Vec::new() };
    let patch = change.between(&of(before), &of(after), "");
    change.mask.sort();
    (patch.into(), change.mask)
}

struct Change<'a> {
    is_open: &'a dyn Fn(&str) -> bool,
    mask: Vec<String>,
}

impl Change<'_> {
    fn between(
        &mut self,
        before: &Map<String, Json>,
        after: &Map<String, Json>,
        path: &str,
    ) -> Map<String, Json> {
        let mut patch = Map::new();
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names {
            let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match (before.get(name), after.get(name)) {
                (one, other) if one == other => {}
                (Some(Json::Object(one)), Some(Json::Object(other))) if (self.is_open)(&here) => {
                    patch.insert(name.clone(), self.between(one, other, &here).into());
                }
                (_, other) => {
                    patch.insert(name.clone(), other.cloned().unwrap_or(Json::Null));
                    self.mask.push(here);
                }
            }
        }
        patch
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_written_is_compared_and_by_meaning() {
        let body = json!({ "size": 10, "tags": ["b", "a"], "network": "projects/p/global/networks/n", "off": false,
            "inner": { "a": 1 } });
        let live = json!({ "size": "10", "tags": ["a", "b"], "network": "https://x/projects/p/global/networks/n",
            "inner": { "a": 2, "b": 3 }, "etag": "x" });

        assert!(!agrees(&body, Some(&live)));
        let told = projected(&body, Some(&live));
        assert_eq!(told["inner"], json!({ "a": 2 }));
        assert_eq!(
            (&told["size"], &told["tags"], &told["off"]),
            (&json!(10), &json!(["b", "a"]), &json!(false))
        );
        assert_eq!(told["network"], body["network"]);
        assert!(told.get("etag").is_none());
    }

    #[test]
    fn a_change_has_the_smallest_mask() {
        let before =
            json!({ "a": { "x": 1, "y": 2 }, "labels": { "k-1": "v" }, "gone": true, "same": [1] });
        let after = json!({ "a": { "x": 1, "y": 3 }, "labels": { "k-1": "w" }, "same": [1] });

        let open = |path: &str| path == "a";
        let (patch, mask) = change(&before, &after, &open);

        assert_eq!(patch, json!({ "a": { "y": 3 }, "labels": { "k-1": "w" }, "gone": null }));
        assert_eq!(mask, ["a.y", "gone", "labels"]);
        assert!(change(&after, &after, &open).1.is_empty());
    }
}
