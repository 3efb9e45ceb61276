//! What is written against what the service tells: only what the body says is compared.

use serde_json::{Map, Value as Json};

use crate::providers::rest::equal::below_projects;

/// Gives what the service tells of the members that a body has: in the body's own form where it means the same. What it never
/// tells (a key, a first password) stays as written: that is what it does not tell, and did not tell before (`was`).
pub fn projected(body: &Json, live: Option<&Json>, was: Option<&Json>) -> Json {
    match (body, live) {
        (body, live) if agrees(body, live) => body.clone(),
        (Json::Object(body), Some(Json::Object(live))) => body
            .iter()
            .map(|(name, part)| {
                let was = was.and_then(|was| was.get(name));
                (name.clone(), projected(part, live.get(name), was))
            })
            .collect::<Map<_, _>>()
            .into(),
        (Json::Array(body), Some(Json::Array(live))) if body.len() == live.len() => {
            let was = |place: usize| {
                let was = was.and_then(Json::as_array).filter(|was| was.len() == live.len());
                was.and_then(|was| was.get(place))
            };
            let pairs = body.iter().zip(live).enumerate();
            pairs.map(|(place, (part, live))| projected(part, Some(live), was(place))).collect()
        }
        (_, Some(live)) => live.clone(),
        (_, None) if was.is_some() => Json::Null,
        (body, None) => body.clone(),
    }
}

/// Gives the whole object that a body makes of the live one: what the service says beside the body stays, also below, and what
/// was taken out of the body goes.
pub fn laid(live: Option<&Json>, before: &Json, after: &Json) -> Json {
    match (live, after) {
        (Some(Json::Object(live)), Json::Object(after)) => {
            let mut whole = live.clone();
            for (name, _) in before.as_object().into_iter().flatten() {
                whole.remove(name);
            }
            for (name, part) in after {
                let before = before.get(name).unwrap_or(&Json::Null);
                whole.insert(name.clone(), laid(live.get(name), before, part));
            }
            whole.into()
        }
        (Some(Json::Array(live)), Json::Array(after)) => {
            let before = before.as_array().filter(|before| before.len() == live.len());
            let Some(before) = before else { return Json::Array(after.clone()) };
            let whole = after.iter().enumerate().map(|(place, part)| {
                let same = before.iter().position(|other| other == part);
                let place = same.or_else(|| {
                    // What stands where one stood that is there no more is that one, changed.
                    let former = before.get(place)?;
                    (!after.contains(former)).then_some(place)
                });
                match place {
                    Some(place) => laid(live.get(place), &before[place], part),
                    None => part.clone(),
                }
            });
            whole.collect()
        }
        (_, after) => after.clone(),
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
        // A link may be written whole, from the project on, or by its end: `global/networks/n`.
        (Json::String(body), Json::String(live)) => {
            let is_end = || body.contains('/') && live.ends_with(&format!("/{body}"));
            body == live || is_end() || is_same_link(body, live)
        }
        (body, live) => body == live || (is_nothing(body) && is_nothing(live)),
    }
}

fn is_same_link(one: &str, other: &str) -> bool {
    let is_link = |text: &str| text.starts_with("projects/") || text.contains("/projects/");
    is_link(one) && is_link(other) && below_projects(one) == below_projects(other)
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
/// path that a mask can go on below it; a map of labels is changed as a whole. Where the service `merges` what it is sent into what
/// stands, entries of a map that go away are null too.
pub fn change(
    before: &Json,
    after: &Json,
    is_open: &dyn Fn(&str) -> bool,
    merges: bool,
) -> (Json, Vec<String>) {
    let none = Map::new();
    let of = |body: &'_ Json| body.as_object().cloned().unwrap_or_else(|| none.clone());
    let mut change = Change { is_open, merges, mask: Vec::new() };
    let patch = change.between(&of(before), &of(after), "");
    change.mask.sort();
    (patch.into(), change.mask)
}

struct Change<'a> {
    is_open: &'a dyn Fn(&str) -> bool,
    merges: bool,
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
                (Some(Json::Object(one)), Some(Json::Object(other))) if self.merges => {
                    let gone = one.keys().filter(|name| !other.contains_key(*name));
                    let mut merged = other.clone();
                    merged.extend(gone.map(|name| (name.clone(), Json::Null)));
                    patch.insert(name.clone(), merged.into());
                    self.mask.push(here);
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
        let told = projected(&body, Some(&live), None);
        assert_eq!(told["inner"], json!({ "a": 2 }));
        assert_eq!(
            (&told["size"], &told["tags"], &told["off"]),
            (&json!(10), &json!(["b", "a"]), &json!(false))
        );
        assert_eq!(told["network"], body["network"]);
        assert!(told.get("etag").is_none());
    }

    #[test]
    fn what_the_service_never_tells_stays_as_written_and_what_it_told_before_is_gone() {
        let body =
            json!({ "key": { "raw": "k" }, "labels": { "a": "1" }, "disks": [{ "size": 1 }] });
        let was = json!({ "key": {}, "labels": { "a": "1" }, "disks": [{ "kind": "disk" }] });
        let live = json!({ "key": {}, "labels": {}, "disks": [{ "kind": "disk" }] });

        let told = projected(&body, Some(&live), Some(&was));

        assert_eq!(
            told,
            json!({ "key": { "raw": "k" }, "labels": { "a": null }, "disks": [{ "size": 1 }] })
        );
        assert_eq!(projected(&body, Some(&live), None), body);
    }

    #[test]
    fn links_are_compared_from_the_project_on() {
        let whole = json!("https://www.googleapis.com/compute/v1/projects/p/global/networks/n");
        let short = json!("projects/p/global/networks/n");
        let other = json!("projects/p/global/networks/m");

        assert!(agrees(&whole, Some(&short)) && agrees(&short, Some(&whole)));
        assert!(agrees(&json!("global/networks/n"), Some(&whole)));
        assert!(!agrees(&whole, Some(&other)) && !agrees(&json!("/a"), Some(&json!("/b"))));
    }

    #[test]
    fn a_whole_object_keeps_what_the_service_says_and_loses_what_was_taken_out() {
        let live = json!({ "description": "d", "zone": "z", "scheduling": { "preemptible": true, "automaticRestart": true },
            "disks": [{ "source": "a", "index": 0 }, { "source": "b", "index": 1 }] });
        let before = json!({ "description": "d", "scheduling": { "preemptible": true },
            "disks": [{ "source": "a" }, { "source": "b" }] });
        let after = json!({ "scheduling": { "preemptible": false },
            "disks": [{ "source": "b" }, { "source": "c" }] });

        let whole = json!({ "zone": "z", "scheduling": { "preemptible": false, "automaticRestart": true },
            "disks": [{ "source": "b", "index": 1 }, { "source": "c" }] });
        assert_eq!(laid(Some(&live), &before, &after), whole);
    }

    #[test]
    fn a_change_has_the_smallest_mask() {
        let before =
            json!({ "a": { "x": 1, "y": 2 }, "labels": { "k-1": "v" }, "gone": true, "same": [1] });
        let after = json!({ "a": { "x": 1, "y": 3 }, "labels": { "k-1": "w" }, "same": [1] });

        let open = |path: &str| path == "a";
        let (patch, mask) = change(&before, &after, &open, false);

        assert_eq!(patch, json!({ "a": { "y": 3 }, "labels": { "k-1": "w" }, "gone": null }));
        assert_eq!(mask, ["a.y", "gone", "labels"]);
        assert!(change(&after, &after, &open, false).1.is_empty());

        // Where the service merges, entries that go are said.
        let (before, after) =
            (json!({ "labels": { "a": "b", "c": "d" } }), json!({ "labels": { "a": "b" } }));
        let (patch, _) = change(&before, &after, &|_| false, true);
        assert_eq!(patch, json!({ "labels": { "a": "b", "c": null } }));
    }
}
