//! All that exists on this side, in one list: what a destroy left behind shows here.

use serde_json::{Value as Json, json};

use crate::sandbox::store::Store;

use super::compute;
use super::policy;

/// Gives every object that was made, by people or by controllers; what a project begins with is not there.
pub fn items(store: &Store) -> Vec<Json> {
    let mut items: Vec<Json> = store
        .objects
        .iter()
        .filter(|(key, _)| {
            store.hidden.get(*key).is_none_or(|hidden| hidden["default"] != json!(true))
        })
        .filter_map(|(key, object)| item(key, object))
        .collect();
    for item in
        items.iter_mut().filter(|item| item["service"] == "storage" && item["project"].is_null())
    {
        let place = match item["type"].as_str() {
            Some("bucket") => format!("storage/b/{}", item["name"].as_str().unwrap_or_default()),
            _ => item["parent"].as_str().unwrap_or_default().to_owned(),
        };
        if let Some(hidden) = store.hidden.get(&place) {
            item["project"] = hidden["project"].clone();
        }
    }
    for (resource, role, member) in policy::beyond_default(store) {
        let project =
            resource.strip_prefix("projects/").or_else(|| part_after(&resource, "projects"));
        let bucket_project =
            store.hidden.get(&resource).and_then(|hidden| hidden["project"].as_str());
        items.push(json!({
            "service": "iam", "type": "binding", "name": format!("{role} {member}"), "parent": resource,
            "project": project.or(bucket_project),
        }));
    }
    items
}

fn part_after<'a>(path: &'a str, word: &str) -> Option<&'a str> {
    let mut parts = path.split('/');
    parts.find(|part| *part == word)?;
    parts.next()
}

fn item(key: &str, object: &Json) -> Option<Json> {
    let parts: Vec<&str> = key.split('/').collect();
    let (service, kind, detail) = match parts.as_slice() {
        ["serviceusage", _, _, "services", _] => {
            ("serviceusage", "service", json!({"state": "ENABLED"}))
        }
        ["storage", "b", _] => ("storage", "bucket", json!({"location": object["location"]})),
        ["storage", "b", _, "o", ..] => ("storage", "object", json!({"size": object["size"]})),
        ["storage", "projects", _, "hmacKeys", _] if object["state"] == "DELETED" => return None,
        ["storage", "projects", _, "hmacKeys", _] => {
            ("storage", "hmacKey", json!({"state": object["state"]}))
        }
        ["secretmanager", .., "versions", _] => {
            ("secretmanager", "secretVersion", json!({"state": object["state"]}))
        }
        ["secretmanager", ..] => ("secretmanager", "secret", Json::Null),
        ["cloudkms", .., "cryptoKeyVersions", _] => {
            ("cloudkms", "cryptoKeyVersion", json!({"state": object["state"]}))
        }
        ["cloudkms", .., "cryptoKeys", _] => ("cloudkms", "cryptoKey", Json::Null),
        ["cloudkms", ..] => ("cloudkms", "keyRing", Json::Null),
        ["pubsub", .., "topics", _] => ("pubsub", "topic", Json::Null),
        ["pubsub", ..] => ("pubsub", "subscription", json!({"topic": object["topic"]})),
        ["sqladmin", .., "databases", _] => ("sqladmin", "database", Json::Null),
        ["sqladmin", .., "users", _] => ("sqladmin", "user", json!({"host": object["host"]})),
        ["sqladmin", ..] => ("sqladmin", "instance", json!({"state": object["state"]})),
        ["dns", .., "rrsets", _] => ("dns", "recordSet", json!({"type": object["type"]})),
        ["dns", ..] => ("dns", "managedZone", json!({"dnsName": object["dnsName"]})),
        ["redis", ..] => ("redis", "instance", json!({"state": object["state"]})),
        ["firestore", ..] => ("firestore", "database", json!({"type": object["type"]})),
        ["appengine", ..] => ("appengine", "application", Json::Null),
        ["bigtableadmin", .., "clusters", _] => ("bigtableadmin", "cluster", Json::Null),
        ["bigtableadmin", .., "tables", _] => ("bigtableadmin", "table", Json::Null),
        ["bigtableadmin", ..] => ("bigtableadmin", "instance", Json::Null),
        ["iam", .., "keys", _] => ("iam", "serviceAccountKey", Json::Null),
        ["iam", ..] => ("iam", "serviceAccount", Json::Null),
        ["artifactregistry", ..] => {
            ("artifactregistry", "repository", json!({"format": object["format"]}))
        }
        ["container", .., "nodePools", _] => {
            ("container", "nodePool", json!({"status": object["status"]}))
        }
        ["container", ..] => ("container", "cluster", json!({"status": object["status"]})),
        ["compute", _, _, .., collection, _] => {
            let name = compute::singular(collection);
            return Some(described("compute", &name, key, object, &Json::Null));
        }
        ["plain", service, .., collection, _] => {
            return Some(described(service, collection, key, object, &Json::Null));
        }
        _ => return None,
    };
    Some(described(service, kind, key, object, &detail))
}

fn described(service: &str, kind: &str, key: &str, object: &Json, detail: &Json) -> Json {
    let (parent, last) = key.rsplit_once('/').unwrap_or(("", key));
    let mut item =
        json!({"service": service, "type": kind, "name": object["name"], "parent": parent});
    if kind == "object" {
        item["parent"] =
            json!(format!("storage/b/{}", object["bucket"].as_str().unwrap_or_default()));
    }
    if item["name"].is_null() || kind == "serviceAccount" || kind == "repository" {
        item["name"] = json!(last);
    }
    item["project"] = json!(part_after(key, "projects"));
    if detail.is_object() {
        item["detail"] = detail.clone();
    }
    item
}
