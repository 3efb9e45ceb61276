//! Cloud Storage: interoperability (HMAC) keys.
//!
//! The secret is in the create answer alone. A key is made ACTIVE, must be INACTIVE to be deleted, and stays
//! readable as DELETED. Source: the published description and recorded answers of the testbench.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::http::{Response, StatusCode};
use crate::sandbox::store::{Store, random, stamp};

use super::policy;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("storage.projects.hmacKeys.create", create),
    ("storage.projects.hmacKeys.get", get),
    ("storage.projects.hmacKeys.list", list),
    ("storage.projects.hmacKeys.update", update),
    ("storage.projects.hmacKeys.delete", delete),
];

/// As many keys that are not deleted an account may have.
const MOST: usize = 10;

fn prefix(project: &str) -> String {
    format!("storage/projects/{project}/hmacKeys/")
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[0].clone();
    let email = turn.parameter("serviceAccountEmail").unwrap_or_default().to_owned();
    if !policy::account_exists(turn.store, &email) {
        return Err(Refusal::not_found(format!("Service account '{email}' does not exist.")));
    }
    let root = prefix(&project);
    let owned = turn
        .store
        .below(&root)
        .filter(|(_, key)| key["serviceAccountEmail"] == email && key["state"] != "DELETED");
    if owned.count() >= MOST {
        return Err(Refusal::invalid(format!(
            "Service account {email} has reached its limit of {MOST} HMAC keys."
        )));
    }
    let letters: String = random::<56>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect();
    let access_id = format!("GOOG1E{letters}");
    let secret = STANDARD.encode(random::<30>());
    let now = stamp(turn.now);
    let key = json!({
        "kind": "storage#hmacKeyMetadata",
        "id": format!("{project}/{access_id}"),
        "selfLink": format!("https://www.googleapis.com/storage/v1/projects/{project}/hmacKeys/{access_id}"),
        "accessId": access_id,
        "projectId": project,
        "serviceAccountEmail": email,
        "state": "ACTIVE",
        "timeCreated": now,
        "updated": now,
        "etag": turn.store.etag(),
    });
    let place = format!("{}{access_id}", prefix(&project));
    turn.store.put(&place, key.clone());
    turn.store.hidden.insert(place, json!({"secret": secret}));
    turn::ok(&json!({"kind": "storage#hmacKey", "metadata": key, "secret": secret}))
}

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn find(turn: &Turn<'_>) -> Result<Json, Refusal> {
    let key = turn.store.find(&place(turn)).cloned();
    key.ok_or_else(|| Refusal::not_found(format!("Access ID not found: {}", turn.path[1])))
}

fn place(turn: &Turn<'_>) -> String {
    format!("{}{}", prefix(&turn.path[0]), turn.path[1])
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let email = turn.parameter("serviceAccountEmail").map(str::to_owned);
    let deleted = turn.parameter("showDeletedKeys") == Some("true");
    let items: Vec<Json> = turn
        .store
        .below(&prefix(&turn.path[0]))
        .map(|(_, key)| key.clone())
        .filter(|key| email.as_deref().is_none_or(|email| key["serviceAccountEmail"] == email))
        .filter(|key| deleted || key["state"] != "DELETED")
        .collect();
    turn::list(json!({"kind": "storage#hmacKeysMetadata"}), "items", turn.page(items, "maxResults"))
}

fn update(turn: &mut Turn<'_>) -> Answer {
    let mut key = find(turn)?;
    if let Some(etag) = turn.body["etag"].as_str()
        && key["etag"] != etag
    {
        return Err(Refusal::condition("The etag does not match the etag of the HMAC key."));
    }
    if key["state"] == "DELETED" {
        return Err(Refusal::invalid("Cannot update a deleted HMAC key."));
    }
    match turn.body["state"].as_str() {
        Some(state @ ("ACTIVE" | "INACTIVE")) => key["state"] = json!(state),
        Some(other) => return Err(Refusal::invalid(format!("Invalid argument: state '{other}'."))),
        None => return Err(Refusal::required("state")),
    }
    rewrite(turn, key)
}

fn rewrite(turn: &mut Turn<'_>, mut key: Json) -> Answer {
    key["etag"] = json!(turn.store.etag());
    key["updated"] = json!(stamp(turn.now));
    turn.store.put(place(turn), key.clone());
    turn::ok(&key)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let mut key = find(turn)?;
    match key["state"].as_str() {
        Some("ACTIVE") => return Err(Refusal::invalid("Cannot delete keys in 'ACTIVE' state.")),
        Some("DELETED") => {
            return Err(Refusal::not_found(format!("Access ID not found: {}", turn.path[1])));
        }
        _ => {}
    }
    key["state"] = json!("DELETED");
    rewrite(turn, key)?;
    let place = place(turn);
    turn.store.hidden.remove(&place);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// Gives the service account of an active key with this secret.
///
/// # Errors
/// What an S3-style client is told: there is no such key, it is not active, or the secret is another.
pub fn account_of(store: &Store, access_id: &str, secret: &str) -> Result<String, String> {
    let end = format!("/hmacKeys/{access_id}");
    let found = store.below("storage/projects/").find(|(key, _)| key.ends_with(&end));
    let Some((place, key)) = found else {
        return Err(
            "InvalidAccessKeyId: The access key ID you provided does not exist in our records."
                .to_owned(),
        );
    };
    if key["state"] != "ACTIVE" {
        return Err(format!("AccessDenied: The HMAC key {access_id} is not active."));
    }
    if store.hidden.get(place).is_none_or(|hidden| hidden["secret"] != secret) {
        return Err("SignatureDoesNotMatch: The request signature we calculated does not match the signature you \
                    provided. Check your Google secret key and signing method."
            .to_owned());
    }
    Ok(key["serviceAccountEmail"].as_str().unwrap_or_default().to_owned())
}
