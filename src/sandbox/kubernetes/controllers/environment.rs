//! A container's environment, resolved as the kubelet does.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::sandbox::kubernetes::store::{Store, items, namespace, text};

/// Resolves a container's environment.
///
/// # Errors
/// What is missing, in the kubelet's words.
pub fn resolve(
    store: &Store,
    pod: &Json,
    container: &Json,
) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    let place = namespace(pod);
    for source in items(container, "/envFrom") {
        let prefix = text(source, "/prefix");
        for (reference, kind) in [("secretRef", "Secret"), ("configMapRef", "ConfigMap")] {
            let reference = &source[reference];
            if !reference.is_object() {
                continue;
            }
            match store.find(kind, place, text(reference, "/name")) {
                Some(object) => {
                    for key in object["data"].as_object().into_iter().flatten().map(|(key, _)| key)
                    {
                        found.insert(
                            format!("{prefix}{key}"),
                            value(object, key).unwrap_or_default(),
                        );
                    }
                }
                None if reference["optional"] == true => {}
                None => return Err(not_found(kind, text(reference, "/name"))),
            }
        }
    }
    for variable in items(container, "/env") {
        let name = text(variable, "/name").to_owned();
        let from = &variable["valueFrom"];
        if !from.is_object() {
            let expanded = expand(text(variable, "/value"), &found);
            found.insert(name, expanded);
            continue;
        }
        let mut given = None;
        for (reference, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
            let reference = &from[reference];
            if reference.is_object() {
                given = key_of(store, place, reference, kind)?;
            }
        }
        if let Some(path) = from["fieldRef"]["fieldPath"].as_str() {
            given = Some(text(pod, &format!("/{}", path.replace('.', "/"))).to_owned());
        }
        if let Some(given) = given {
            found.insert(name, given);
        }
    }
    Ok(found)
}

/// Says which mounted Secret, ConfigMap or claim is not there.
pub fn missing_volume(store: &Store, pod: &Json) -> Option<String> {
    let place = namespace(pod);
    for volume in items(pod, "/spec/volumes") {
        let called = text(volume, "/name");
        let failed =
            |text: String| Some(format!("MountVolume.SetUp failed for volume {called:?} : {text}"));
        for (source, kind, field) in
            [("secret", "Secret", "/secretName"), ("configMap", "ConfigMap", "/name")]
        {
            let source = &volume[source];
            if !source.is_object() || source["optional"] == true {
                continue;
            }
            let name = text(source, field);
            let Some(object) = store.find(kind, place, name) else {
                return failed(not_found(kind, name));
            };
            for item in items(source, "/items") {
                let key = text(item, "/key");
                if value(object, key).is_none() {
                    return failed(format!(
                        "references non-existent {} key: {key}",
                        kind.to_lowercase()
                    ));
                }
            }
        }
    }
    None
}

fn key_of(
    store: &Store,
    place: &str,
    reference: &Json,
    kind: &str,
) -> Result<Option<String>, String> {
    let (name, key) = (text(reference, "/name"), text(reference, "/key"));
    let optional = reference["optional"] == true;
    let Some(object) = store.find(kind, place, name) else {
        return if optional { Ok(None) } else { Err(not_found(kind, name)) };
    };
    match value(object, key) {
        Some(value) => Ok(Some(value)),
        None if optional => Ok(None),
        None => Err(format!("couldn't find key {key} in {kind} {place}/{name}")),
    }
}

fn not_found(kind: &str, name: &str) -> String {
    format!("{} \"{name}\" not found", kind.to_lowercase())
}

fn value(object: &Json, key: &str) -> Option<String> {
    let text = object["data"].get(key)?.as_str()?;
    if object["kind"] != "Secret" {
        return Some(text.to_owned());
    }
    let bytes = STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Replaces `$(NAME)` by what was defined before.
pub fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        let Some(end) = rest[at..].find(')') else { break };
        let name = &rest[at + 2..at + end];
        result.push_str(&rest[..at]);
        match known.get(name) {
            Some(value) => result.push_str(value),
            None => result.push_str(&rest[at..=at + end]),
        }
        rest = &rest[at + end + 1..];
    }
    result.push_str(rest);
    result
}
