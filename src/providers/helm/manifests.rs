//! What a chart renders to: texts of YAML to objects, and these as a plan shows them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::providers::kubernetes::place_of;
use crate::value::json::{from_json, to_json};

use super::secrets::Secrets;
use super::yaml;

/// Reads the objects of a YAML text, those of lists each for itself.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn documents(text: &str) -> Result<Vec<Json>, String> {
    let mut documents = Vec::new();
    for document in yaml::all(text)? {
        match document {
            Json::Null => {}
            Json::Object(_)
                if document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"))
                    && document["items"].is_array() =>
            {
                let items = document["items"].as_array().into_iter().flatten();
                documents.extend(items.cloned());
            }
            Json::Object(_) => documents.push(document),
            _ => return Err("a document is no object".to_string()),
        }
    }
    Ok(documents)
}

/// Says whether an object is a hook that runs when its release is uninstalled.
pub(super) fn is_parting(hook: &Json) -> bool {
    let hours = hook["metadata"]["annotations"]["helm.sh/hook"].as_str().unwrap_or_default();
    hours.split(',').any(|hour| ["pre-delete", "post-delete"].contains(&hour.trim()))
}

/// Says whether a manifest is a hook: it is made at its hour, and no part of the release.
pub(super) fn is_hook(manifest: &Json) -> bool {
    manifest["metadata"]["annotations"]["helm.sh/hook"].is_string()
}

/// Gives the name that an object has in a plan: `apps/v1/Deployment/NAMESPACE/NAME`.
pub(super) fn key(manifest: &Json, namespace: &str) -> Option<String> {
    let place = place_of(manifest, namespace)?;
    let parts = [&place.api_version, &place.kind, &place.namespace, &place.name];
    let parts: Vec<&str> =
        parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    Some(parts.join("/"))
}

/// Gives objects by name, as a plan shows them.
pub(super) fn shown(
    manifests: &[Json],
    namespace: &str,
    secrets: &Secrets,
) -> BTreeMap<String, String> {
    let rows = manifests.iter().filter(|manifest| !is_hook(manifest)).filter_map(|manifest| {
        // Read as values are, so that what is rendered and what is found are written alike.
        let read = to_json(&from_json(&folded(manifest)));
        let shown = sorted(&secrets.hide_in_manifest(&read));
        Some((key(manifest, namespace)?, shown.to_string()))
    });
    rows.collect()
}

/// Gives a Secret's texts as the bytes that the server keeps them as.
pub(super) fn folded(manifest: &Json) -> Json {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut manifest = manifest.clone();
    if manifest["kind"] != "Secret" {
        return manifest;
    }
    let texts = manifest.as_object_mut().and_then(|fields| fields.remove("stringData"));
    for (name, text) in texts.iter().filter_map(Json::as_object).flatten() {
        let text = text.as_str().map_or_else(|| text.to_string(), String::from);
        manifest["data"][name] = STANDARD.encode(text).into();
    }
    manifest
}

/// Gives a tree with its members in order and without nulls.
pub(super) fn sorted(tree: &Json) -> Json {
    match tree {
        Json::Object(fields) => {
            let fields: BTreeMap<&String, &Json> =
                fields.iter().filter(|(_, part)| !part.is_null()).collect();
            Json::Object(Map::from_iter(
                fields.into_iter().map(|(name, part)| (name.clone(), sorted(part))),
            ))
        }
        Json::Array(parts) => Json::Array(parts.iter().map(sorted).collect()),
        _ => tree.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_kubernetes_reads_them() {
        let text = "---\n# Source: a\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\n\n---\nmode: 0644\n";

        let found = documents(text).expect("they are YAML");

        assert_eq!(found.len(), 2);
        assert_eq!(found[1]["mode"], 420);
    }

    #[test]
    fn an_object_is_known_by_its_kind_and_place() {
        let found = documents(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: space}\n",
        )
        .expect("they are YAML");

        let keys: Vec<_> = found.iter().filter_map(|one| key(one, "ns")).collect();

        assert_eq!(keys, ["apps/v1/Deployment/ns/a", "v1/Namespace/space"]);
    }
}
