//! Fields that a controller has taken over: an autoscaler's replicas are no longer the configuration's.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::apply::{MANAGER, is_keeper};
use super::tables::{Kind, Nodes, Shape};

/// Gives the dotted names of single values that a controller manages and we do not.
pub(super) fn ceded(kind: &Kind, live: &Json) -> BTreeSet<String> {
    let (mut theirs, mut ours) = (BTreeSet::new(), BTreeSet::new());
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    for entry in entries.into_iter().flatten() {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let Some(fields) = entry["fieldsV1"].as_object() else { continue };
        if manager == MANAGER && entry["operation"] == "Apply" {
            collect(&kind.nodes, fields, "", &mut ours);
        } else if is_keeper(manager) && entry["subresource"] != "status" {
            collect(&kind.nodes, fields, "", &mut theirs);
        }
    }
    theirs.difference(&ours).cloned().collect()
}

/// Walks a field set along the attributes. Elements of lists are left out: a name stands for all of them.
fn collect(nodes: &Nodes, fields: &Map<String, Json>, before: &str, found: &mut BTreeSet<String>) {
    for (key, inner) in fields {
        let Some(api) = key.strip_prefix("f:") else { continue };
        let Some((name, node)) = nodes.iter().find(|(_, node)| node.api.as_deref() == Some(api))
        else {
            continue;
        };
        let path = format!("{before}{name}");
        match (&node.block, inner.as_object(), node.shape) {
            (Some(block), Some(inner), _) => collect(block, inner, &format!("{path}."), found),
            (None, _, Shape::Bool | Shape::Number | Shape::String) => {
                found.insert(path);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::tables;
    use super::*;
    use serde_json::json;

    #[test]
    fn replicas_are_the_autoscalers_once_it_has_set_them() {
        let kind = tables().kind("kubernetes_deployment_v1").expect("it is there");
        let entry = |manager: &str, operation: &str| {
            json!({ "manager": manager, "operation": operation, "subresource": "scale",
                "fieldsV1": { "f:spec": { "f:replicas": {} } } })
        };
        let live = |entries: Json| json!({ "metadata": { "managedFields": entries } });

        let by_person = ceded(kind, &live(json!([entry("kubectl", "Update")])));
        let by_both = ceded(
            kind,
            &live(json!([entry("kube-controller-manager", "Update"), entry("Terraform", "Apply")])),
        );
        let by_scaler = ceded(kind, &live(json!([entry("kube-controller-manager", "Update")])));

        assert!(by_person.is_empty() && by_both.is_empty());
        assert_eq!(by_scaler, ["spec.replicas".to_string()].into());
    }
}
