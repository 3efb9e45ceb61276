//! Secret Manager: secrets, their versions, and what these hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::sandbox::store::{merge_fields, project_number, stamp};

use super::described::camel;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("secretmanager.projects.secrets.create", create),
    ("secretmanager.projects.secrets.get", get),
    ("secretmanager.projects.secrets.list", list),
    ("secretmanager.projects.secrets.patch", patch),
    ("secretmanager.projects.secrets.delete", delete),
    ("secretmanager.projects.secrets.addVersion", add_version),
    ("secretmanager.projects.secrets.versions.get", get_version),
    ("secretmanager.projects.secrets.versions.list", list_versions),
    ("secretmanager.projects.secrets.versions.access", access),
    ("secretmanager.projects.secrets.versions.enable", enable),
    ("secretmanager.projects.secrets.versions.disable", disable),
    ("secretmanager.projects.secrets.versions.destroy", destroy),
];

/// The most bytes that a version holds.
const MOST: usize = 64 * 1024;

fn key(turn: &Turn<'_>) -> String {
    format!("secretmanager/projects/{}/secrets/{}", turn.path[0], turn.path[1])
}

/// Where what a version holds is kept: no inventory shows it.
fn held(place: &str) -> String {
    format!("secret:{place}")
}

/// Gives a secret with its place.
fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let place = key(turn);
    match turn.store.find(&place) {
        Some(secret) => Ok((place, secret.clone())),
        None => Err(Refusal::not_found(format!(
            "Secret [projects/{}/secrets/{}] not found.",
            project_number(&turn.path[0]),
            turn.path[1]
        ))),
    }
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[0].clone();
    let id = turn.parameter("secretId").unwrap_or_default().to_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 255 || !id.chars().all(fits) {
        return Err(Refusal::invalid(format!(
            "The provided Secret ID [{id}] does not match the expected format [[a-zA-Z_0-9]+]"
        )));
    }
    if turn.body["replication"].as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(Refusal::invalid("The secret must have a replication policy."));
    }
    let place = format!("secretmanager/projects/{project}/secrets/{id}");
    let name = format!("projects/{}/secrets/{id}", project_number(&project));
    if turn.store.find(&place).is_some() {
        return Err(Refusal::exists(format!("Secret [{name}] already exists.")));
    }
    let mut secret = turn.body.clone();
    expires(&mut secret, turn.now);
    secret["name"] = json!(name);
    secret["createTime"] = json!(stamp(turn.now));
    secret["etag"] = json!(turn.store.etag());
    turn.store.put(place, secret.clone());
    turn::ok(&secret)
}

/// Says when a secret is over whose time to live was given.
fn expires(secret: &mut Json, now: Timestamp) {
    let seconds = secret["ttl"].as_str().and_then(|it| it.strip_suffix('s')?.parse::<f64>().ok());
    #[expect(clippy::cast_possible_truncation, reason = "a secret lives some years at most")]
    let span = seconds.map(|seconds| SignedDuration::from_secs(seconds as i64));
    if let Some(until) = span.and_then(|span| now.checked_add(span).ok()) {
        merge_fields(secret, &json!({"ttl": null, "expireTime": stamp(until)}));
    }
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = format!("secretmanager/projects/{}/secrets/", turn.path[0]);
    let items: Vec<Json> = turn.store.children(&prefix).map(|(_, secret)| secret.clone()).collect();
    let size = json!({"totalSize": items.len()});
    turn::list(size, "secrets", turn.page(items, "pageSize"))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, mut secret) = find(turn)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    if mask.is_empty() {
        return Err(Refusal::invalid("The update mask must not be empty."));
    }
    for name in mask.split(',').map(camel) {
        if ["name", "createTime", "replication", "etag"].contains(&name.as_str()) {
            return Err(Refusal::invalid(format!("The field {name} cannot be changed.")));
        }
        if let Some(fields) = secret.as_object_mut() {
            fields.remove(&name);
        }
        if !turn.body[&name].is_null() {
            merge_fields(&mut secret, &json!({ name.as_str(): turn.body[&name] }));
        }
    }
    expires(&mut secret, turn.now);
    secret["etag"] = json!(turn.store.etag());
    turn.store.put(place, secret.clone());
    turn::ok(&secret)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let inside = format!("{place}/");
    let versions: Vec<String> = turn.store.below(&inside).map(|(key, _)| key.to_owned()).collect();
    for version in versions {
        turn.store.hidden.remove(&held(&version));
        turn.store.remove(&version);
    }
    turn.store.remove(&place);
    turn::ok(&json!({}))
}

fn versions(turn: &Turn<'_>, place: &str) -> Vec<(u64, String, Json)> {
    let prefix = format!("{place}/versions/");
    let found = turn.store.children(&prefix);
    let mut found: Vec<(u64, String, Json)> = found
        .filter_map(|(key, version)| {
            Some((key.rsplit('/').next()?.parse().ok()?, key.to_owned(), version.clone()))
        })
        .collect();
    found.sort_by_key(|(number, ..)| *number);
    found
}

fn add_version(turn: &mut Turn<'_>) -> Answer {
    let (place, secret) = find(turn)?;
    let data = turn.body["payload"]["data"].as_str().unwrap_or_default().to_owned();
    match STANDARD.decode(&data) {
        Ok(bytes) if bytes.is_empty() => {
            return Err(Refusal::invalid("Secret Payload cannot be empty."));
        }
        Ok(bytes) if bytes.len() > MOST => {
            return Err(Refusal::invalid("The secret's payload may have 65536 bytes."));
        }
        Ok(_) => {}
        Err(_) => return Err(Refusal::invalid("The payload is not in base64.")),
    }
    let number = versions(turn, &place).last().map_or(1, |(number, ..)| number + 1);
    let name = secret["name"].as_str().unwrap_or_default();
    let version = json!({
        "name": format!("{name}/versions/{number}"), "createTime": stamp(turn.now), "state": "ENABLED",
        "replicationStatus": {"automatic": {}}, "etag": turn.store.etag(),
    });
    let place = format!("{place}/versions/{number}");
    turn.store.hidden.insert(held(&place), json!(data));
    turn.store.put(place, version.clone());
    turn::ok(&version)
}

/// Gives a version with its place: by number, or the latest.
fn find_version(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (place, secret) = find(turn)?;
    let wanted = turn.path[2].as_str();
    let mut found = versions(turn, &place);
    let found = match wanted {
        "latest" => found.pop(),
        _ => found.into_iter().find(|(number, ..)| number.to_string() == wanted),
    };
    match found {
        Some((_, place, version)) => Ok((place, version)),
        None => Err(Refusal::not_found(format!(
            "Secret Version [{}/versions/{wanted}] not found.",
            secret["name"].as_str().unwrap_or_default()
        ))),
    }
}

fn get_version(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find_version(turn)?.1)
}

fn list_versions(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let items: Vec<Json> =
        versions(turn, &place).into_iter().rev().map(|(_, _, version)| version).collect();
    let size = json!({"totalSize": items.len()});
    turn::list(size, "versions", turn.page(items, "pageSize"))
}

fn access(turn: &mut Turn<'_>) -> Answer {
    let (place, version) = find_version(turn)?;
    let name = version["name"].as_str().unwrap_or_default();
    let state = version["state"].as_str().unwrap_or_default();
    if state != "ENABLED" {
        return Err(Refusal::precondition(format!("Secret Version [{name}] is in {state} state.")));
    }
    let data = turn.store.hidden.get(&held(&place)).cloned().unwrap_or_default();
    turn::ok(&json!({"name": name, "payload": {"data": data}}))
}

fn enable(turn: &mut Turn<'_>) -> Answer {
    turned(turn, "ENABLED")
}

fn disable(turn: &mut Turn<'_>) -> Answer {
    turned(turn, "DISABLED")
}

fn destroy(turn: &mut Turn<'_>) -> Answer {
    turned(turn, "DESTROYED")
}

/// Brings a version into a state; what is destroyed stays so, and holds nothing.
fn turned(turn: &mut Turn<'_>, state: &str) -> Answer {
    let (place, mut version) = find_version(turn)?;
    if version["state"] == "DESTROYED" {
        let name = version["name"].as_str().unwrap_or_default();
        return Err(Refusal::precondition(format!(
            "Secret Version [{name}] is in DESTROYED state."
        )));
    }
    version["state"] = json!(state);
    version["etag"] = json!(turn.store.etag());
    if state == "DESTROYED" {
        version["destroyTime"] = json!(stamp(turn.now));
        turn.store.hidden.remove(&held(&place));
    }
    turn.store.put(place, version.clone());
    turn::ok(&version)
}
