//! What a server's dry-run made of a planned object: where it has the last word on what the configuration writes (an admission
//! webhook, the server itself), its value is the planned one.

use serde_json::Value as Json;

use crate::value::{Kind as Content, Path, Value};

use super::equal::quantity;
use super::memory::Memory;
use super::object;
use super::observe::{Mode, observe};
use super::tables::{Kind, Nodes};

/// What no configuration gives of an object's metadata.
const COUNTERS: &[&str] =
    &["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// Gives a typed object as the server would have it.
pub(super) fn typed(kind: &Kind, planned: &Value, config: &Value, tried: &Json) -> Value {
    let written = object::written(&kind.nodes, config).into_iter().collect();
    let memory = Memory { written: Some(written), imported: false, ..Memory::default() };
    let seen = observe(kind, Some(planned), tried, Mode::Refresh(memory.written.as_ref()));
    fields(&kind.nodes, planned, &seen)
}

fn fields(nodes: &Nodes, planned: &Value, seen: &Value) -> Value {
    nodes.iter().fold(planned.clone(), |after, (name, node)| {
        let (Some(part), Some(found)) = (planned.field(name), seen.field(name)) else {
            return after;
        };
        // What is left to the server is told when it is made.
        let left = !(node.optional || node.required) || (node.api.is_none() && !node.wrapper);
        if left || !part.is_known() || part.is_null() {
            return after;
        }
        let part = match (&node.block, part.elements(), found.elements()) {
            (Some(block), Some(parts), Some(others)) if parts.len() == others.len() => {
                let mut others = others.iter();
                part.map_parts(&mut |element| match others.next() {
                    Some(other) if element.is_known() => fields(block, element, other),
                    _ => element.clone(),
                })
            }
            _ if part.is_whole() => found.clone(),
            _ => part.clone(),
        };
        after.with_field(name, part)
    })
}

/// Gives a manifest's object as the server would have it; both are as the API has them.
pub(super) fn free(planned: &Value, tried: &Value) -> Value {
    let names = planned.fields().into_iter().flatten().map(|(name, _)| name.clone());
    names.fold(planned.clone(), |after, name| match (planned.field(&name), tried.field(&name)) {
        (Some(part), Some(found)) if &*name == "metadata" => {
            let keep = |meta: Value, name: &&str| match part.field(name) {
                Some(counter) => meta.with_field(name, counter.clone()),
                None => meta,
            };
            let metadata = COUNTERS.iter().fold(over(part, found), keep);
            after.with_field(&name, metadata)
        }
        (Some(part), Some(found)) if &*name != "status" => {
            after.with_field(&name, over(part, found))
        }
        _ => after,
    })
}

fn over(planned: &Value, tried: &Value) -> Value {
    if !planned.is_known() || planned.is_null() {
        return planned.clone();
    }
    match (planned.kind(), tried.kind()) {
        (
            Content::Object(_) | Content::Map(..),
            Content::Object(fields) | Content::Map(_, fields),
        ) => {
            let there = planned.fields().into_iter().flatten();
            there.fold(planned.clone(), |after, (name, part)| match fields.get(name) {
                Some(found) => after.with_field(name, over(part, found)),
                None => after,
            })
        }
        _ if planned.elements().is_some() => {
            let others = tried.elements().unwrap_or_default();
            if planned.elements().map(<[Value]>::len) != Some(others.len()) {
                return planned.clone();
            }
            let mut others = others.iter();
            planned.map_parts(&mut |part| {
                others.next().map_or_else(|| part.clone(), |other| over(part, other))
            })
        }
        (Content::String(one), Content::String(other)) => {
            let same = matches!((quantity(one), quantity(other)), (Some(a), Some(b)) if a == b);
            if same { planned.clone() } else { tried.clone().marked(planned.marks()) }
        }
        (Content::Bool(_), Content::Bool(_)) | (Content::Number(_), Content::Number(_)) => {
            tried.clone().marked(planned.marks())
        }
        _ => planned.clone(),
    }
}

/// Says which parts of an object the server has the last word on.
pub(super) fn note(planned: &Value, after: &Value) -> Option<String> {
    let mut found = Vec::new();
    differences(planned, after, &Path::root(), &mut found);
    let more = match found.len() {
        0 => return None,
        1..=3 => String::new(),
        many => format!(" and {} more", many - 3),
    };
    found.truncate(3);
    Some(format!(
        "the cluster itself sets {}{more}: its value stands here, not that of the configuration",
        found.join(", ")
    ))
}

fn differences(one: &Value, other: &Value, path: &Path, found: &mut Vec<String>) {
    if one.without_marks() == other.without_marks() {
        return;
    }
    match (one.fields(), other.fields(), one.elements(), other.elements()) {
        (Some(fields), Some(others), ..) => {
            for (name, part) in fields.iter() {
                if let Some(other) = others.get(name) {
                    differences(part, other, &path.attribute(&**name), found);
                }
            }
        }
        (.., Some(parts), Some(others)) if parts.len() == others.len() => {
            for (place, (part, other)) in parts.iter().zip(others).enumerate() {
                differences(part, other, &path.place(place), found);
            }
        }
        _ => found.push(path.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::value::json::from_json;

    use super::super::laws;
    use super::super::tables::tables;
    use super::*;

    #[test]
    fn what_the_server_has_the_last_word_on_is_its_own_and_what_it_fills_in_stays_open() {
        let kind = tables().kind("kubernetes_deployment_v1").expect("it is there");
        let config = laws::config(kind, &laws::web());
        let (planned, _) = super::super::planning::plan(kind, None, &Memory::default(), &config);
        let mut tried = laws::live_web(&object::intent(kind, &config, None));
        let container = &mut tried["spec"]["template"]["spec"]["containers"][0];
        container["image"] = json!("mirror.example.com/nginx:1");
        container["resources"]["requests"]["cpu"] = json!("0.05");

        let after = typed(kind, &planned, &config, &tried);

        let path = "spec[0].template[0].spec[0].container[0].image";
        let text = format!(
            "the cluster itself sets {path}: its value stands here, not that of the configuration"
        );
        assert_eq!(note(&planned, &after), Some(text));
        let uid = object::metadata(&after).and_then(|block| block.field("uid"));
        assert!(uid.is_some_and(|uid| !uid.is_known()));
        let calm = laws::live_web(&object::intent(kind, &config, None));
        assert_eq!(note(&planned, &typed(kind, &planned, &config, &calm)), None);
    }

    #[test]
    fn a_manifests_object_takes_what_the_server_sets_of_it_alone() {
        let planned = from_json(&json!({ "metadata": { "name": "a", "generation": 1 },
            "data": { "mode": "ours", "size": "1000m" } }));
        let tried = from_json(&json!({ "metadata": { "name": "a", "generation": 2, "uid": "u" },
            "data": { "mode": "theirs", "size": "1", "more": "x" } }));

        let after = free(&planned, &tried);

        let wanted = json!({ "metadata": { "name": "a", "generation": 1 },
            "data": { "mode": "theirs", "size": "1000m" } });
        assert_eq!(after, from_json(&wanted));
    }
}
