//! What an import takes in of an object: of the fields that the provider's schema lacks, those that somebody has written.
//!
//! The server's defaults of such fields, and what controllers write, are nobody's wish: a block that is generated of an import
//! has not to say them. Who has written a field is in the object's `managedFields`. Those of an apply are as they were sent; those of
//! other writes have the server's defaults too.

use serde_json::{Map, Value as Json, json};

use super::apply::is_keeper;
use super::place::steps;
use super::tables::{Kind, Node, Nodes};

/// Gives an object without what nobody has written of the fields beyond the provider's schema.
pub(super) fn taken(kind: &Kind, live: &Json) -> Json {
    let (mut applied, mut updated) = (Vec::new(), Vec::new());
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    for entry in entries.into_iter().flatten() {
        let manager = entry["manager"].as_str().unwrap_or_default();
        if is_keeper(manager) || entry["subresource"] == "status" {
            continue;
        }
        let side = if entry["operation"] == "Apply" { &mut applied } else { &mut updated };
        side.push(&entry["fieldsV1"]);
    }
    let mut taken = live.clone();
    without(&kind.nodes, &mut taken, &Owned { applied, updated });
    if kind.kind == "Job" && live.pointer("/spec/manualSelector") != Some(&Json::Bool(true)) {
        // The server made it of the object's uid; who writes it is refused.
        if let Some(spec) = taken["spec"].as_object_mut() {
            spec.shift_remove("selector");
        }
    }
    taken
}

/// What is owned at a place of the object: the field sets of each manager there.
#[derive(Clone)]
struct Owned<'a> {
    applied: Vec<&'a Json>,
    updated: Vec<&'a Json>,
}

impl<'a> Owned<'a> {
    /// Gives what is owned below. A set without members owns all that is in it.
    fn below(&self, fits: impl Fn(&str) -> bool) -> Owned<'a> {
        let inside = |sets: &[&'a Json]| {
            let mut found = Vec::new();
            for set in sets {
                let Some(members) = set.as_object() else { continue };
                match members.is_empty() {
                    true => found.push(*set),
                    false => {
                        found.extend(members.iter().filter(|(key, _)| fits(key)).map(|of| of.1))
                    }
                }
            }
            found
        };
        Owned { applied: inside(&self.applied), updated: inside(&self.updated) }
    }

    fn field(&self, name: &str) -> Owned<'a> {
        self.below(|key| key.strip_prefix("f:") == Some(name))
    }

    fn element(&self, element: &Json) -> Owned<'a> {
        self.below(|key| {
            let keys = key.strip_prefix("k:").and_then(|key| serde_json::from_str(key).ok());
            let keys: Map<String, Json> = keys.unwrap_or_default();
            !keys.is_empty() && keys.iter().all(|(name, value)| element.get(name) == Some(value))
        })
    }
}

fn without(nodes: &Nodes, live: &mut Json, owned: &Owned<'_>) {
    for node in nodes.values() {
        match (&node.api, &node.block, node.wrapper) {
            (_, Some(block), true) => without(block, live, owned),
            (Some(api), _, _) => without_one(node, api, live, owned),
            _ => {}
        }
    }
}

fn without_one(node: &Node, api: &str, live: &mut Json, owned: &Owned<'_>) {
    if node.beyond {
        let found = owned.field(api);
        let written = |value: &Json| {
            !found.applied.is_empty() || (!found.updated.is_empty() && !is_default(api, value))
        };
        if let Some(fields) = live.as_object_mut()
            && fields.get(api).is_some_and(|value| !written(value))
        {
            fields.shift_remove(api);
        }
        return;
    }
    let Some(block) = &node.block else { return };
    let (mut place, mut there) = (Some(live), owned.clone());
    for step in steps(api) {
        place = place.and_then(|place| place.get_mut(step));
        there = there.field(step);
    }
    match place {
        Some(place @ Json::Object(_)) => without(block, place, &there),
        Some(Json::Array(elements)) => {
            for element in elements {
                let there = there.element(element);
                without(block, element, &there);
            }
        }
        _ => {}
    }
}

/// Says whether a value is what the server fills in.
fn is_default(api: &str, value: &Json) -> bool {
    match api {
        "podReplacementPolicy" => *value == json!("TerminatingOrFailed"),
        "persistentVolumeClaimRetentionPolicy" => {
            *value == json!({ "whenDeleted": "Retain", "whenScaled": "Retain" })
        }
        "completionMode" => *value == json!("NonIndexed"),
        "suspend" => *value == json!(false),
        "resizePolicy" => {
            let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
            all.iter().all(|one| one["restartPolicy"] == "NotRequired")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::tables;
    use super::*;

    #[test]
    fn of_what_the_provider_lacks_an_import_takes_in_what_somebody_wrote() {
        let kind = tables().kind("kubernetes_deployment_v1").expect("it is there");
        let by = |manager: &str, operation: &str, container: &Json| {
            json!({ "manager": manager, "operation": operation, "fieldsV1": { "f:spec": { "f:template": { "f:spec": {
                "f:hostUsers": {}, "f:containers": { "k:{\"name\":\"a\"}": container } } } } } })
        };
        let live = |entries: Json| {
            json!({ "metadata": { "managedFields": entries }, "spec": { "template": { "spec": { "hostUsers": true, "containers": [
                { "name": "a", "resizePolicy": [{ "resourceName": "cpu", "restartPolicy": "NotRequired" }] },
                { "name": "b", "resizePolicy": [{ "resourceName": "cpu", "restartPolicy": "RestartContainer" }] },
            ] } } } })
        };
        let all = json!({ "f:name": {}, "f:resizePolicy": {} });
        let read = |entries: Json| {
            let spec = taken(kind, &live(entries))["spec"]["template"]["spec"].take();
            let has = |place: &str| spec.pointer(place).is_some();
            ["/hostUsers", "/containers/0/resizePolicy", "/containers/1/resizePolicy"].map(has)
        };

        assert_eq!(read(json!([by("Terraform", "Apply", &all)])), [true, true, false]);
        assert_eq!(read(json!([by("kubectl-create", "Update", &all)])), [true, false, false]);
        assert_eq!(read(json!([by("kube-controller-manager", "Update", &all)])), [false; 3]);
        assert_eq!(read(json!([by("x", "Apply", &json!({ "f:name": {} }))])), [true, false, false]);
    }
}
