//! IAM: service accounts, their keys and their policies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::sandbox::store::{hash, random, stamp};

use super::policy;
use super::refusal::{Refusal, Style};
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("iam.projects.serviceAccounts.create", create),
    ("iam.projects.serviceAccounts.get", get),
    ("iam.projects.serviceAccounts.list", list),
    ("iam.projects.serviceAccounts.patch", patch),
    ("iam.projects.serviceAccounts.update", update),
    ("iam.projects.serviceAccounts.delete", delete),
    ("iam.projects.serviceAccounts.enable", enable),
    ("iam.projects.serviceAccounts.disable", disable),
    ("iam.projects.serviceAccounts.getIamPolicy", get_policy),
    ("iam.projects.serviceAccounts.setIamPolicy", set_policy),
    ("iam.projects.serviceAccounts.testIamPermissions", test_permissions),
    ("iam.projects.serviceAccounts.keys.create", create_key),
    ("iam.projects.serviceAccounts.keys.upload", upload_key),
    ("iam.projects.serviceAccounts.keys.get", get_key),
    ("iam.projects.serviceAccounts.keys.list", list_keys),
    ("iam.projects.serviceAccounts.keys.delete", delete_key),
];

fn key(project: &str, email: &str) -> String {
    format!("iam/projects/{project}/serviceAccounts/{email}")
}

/// Finds an account by project (or `-`) and email or unique id.
fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (project, name) = (&turn.path[0], &turn.path[1]);
    let found = turn.store.below("iam/projects/").find(|(key, account)| {
        key.contains("/serviceAccounts/")
            && !key.contains("/keys/")
            && (project == "-" || account["projectId"] == project.as_str())
            && (account["email"] == name.as_str() || account["uniqueId"] == name.as_str())
    });
    match found {
        Some((key, account)) => Ok((key.to_owned(), account.clone())),
        None if name.contains('@') => Err(Refusal::not_found("Unknown service account")),
        None => Err(Refusal::not_found(format!(
            "Service account projects/{project}/serviceAccounts/{name} does not exist."
        ))),
    }
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[0].clone();
    let id = turn.body["accountId"].as_str().unwrap_or_default().to_owned();
    if !is_account_id(&id) {
        return Err(Refusal::invalid(format!(
            "Invalid service account ID \"{id}\": it must be 6 to 30 lowercase letters, digits and dashes, beginning \
             with a letter and not ending with a dash."
        )));
    }
    let email = format!("{id}@{project}.iam.gserviceaccount.com");
    let place = key(&project, &email);
    if turn.store.find(&place).is_some() {
        return Err(Refusal::exists(format!(
            "Service account {id} already exists within project projects/{project}."
        )));
    }
    let mut account = json!({
        "name": format!("projects/{project}/serviceAccounts/{email}"),
        "projectId": project,
        "uniqueId": format!("1{:020}", hash(&turn.store.number())),
        "email": email,
        "etag": turn.store.etag(),
    });
    account["oauth2ClientId"] = account["uniqueId"].clone();
    for field in ["displayName", "description"] {
        if turn.body["serviceAccount"][field].as_str().is_some_and(|text| !text.is_empty()) {
            account[field] = turn.body["serviceAccount"][field].clone();
        }
    }
    check_texts(&account)?;
    turn.store.put(place, account.clone());
    turn::ok(&account)
}

fn check_texts(account: &Json) -> Result<(), Refusal> {
    let long =
        |field: &str, most: usize| account[field].as_str().is_some_and(|text| text.len() > most);
    if long("displayName", 100) || long("description", 256) {
        return Err(Refusal::invalid("The display name may have 100 bytes, the description 256."));
    }
    Ok(())
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = format!("iam/projects/{}/serviceAccounts/", turn.path[0]);
    let items: Vec<Json> =
        turn.store.children(&prefix).map(|(_, account)| account.clone()).collect();
    turn::list(json!({}), "accounts", turn.page(items, "pageSize"))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, mut account) = find(turn)?;
    let given = turn.body["serviceAccount"].clone();
    check_etag(&account, &given)?;
    let mask = turn.body["updateMask"].as_str().unwrap_or_default().to_owned();
    if mask.is_empty() {
        return Err(Refusal::invalid("The update mask must not be empty."));
    }
    let mut answer = json!({"name": account["name"]});
    for field in mask.split(',') {
        let field = match field.trim() {
            "display_name" | "displayName" => "displayName",
            "description" => "description",
            other => {
                return Err(Refusal::invalid(format!("The field \"{other}\" cannot be updated.")));
            }
        };
        set(&mut account, field, &given[field]);
        set(&mut answer, field, &given[field]);
    }
    check_texts(&account)?;
    account["etag"] = json!(turn.store.etag());
    turn.store.put(place, account);
    turn::ok(&answer)
}

fn update(turn: &mut Turn<'_>) -> Answer {
    let (place, mut account) = find(turn)?;
    let given = turn.body.clone();
    check_etag(&account, &given)?;
    set(&mut account, "displayName", &given["displayName"]);
    set(&mut account, "description", &given["description"]);
    account["etag"] = json!(turn.store.etag());
    turn.store.put(place, account.clone());
    turn::ok(&account)
}

fn check_etag(account: &Json, given: &Json) -> Result<(), Refusal> {
    match given["etag"].as_str() {
        Some(etag) if !etag.is_empty() && account["etag"] != etag => Err(Refusal::aborted(
            "There were concurrent changes of the service account. Retry the whole read-modify-write.",
        )),
        _ => Ok(()),
    }
}

fn set(object: &mut Json, field: &str, value: &Json) {
    match value.as_str() {
        Some(text) if !text.is_empty() => object[field] = json!(text),
        _ => {
            if let Some(fields) = object.as_object_mut() {
                fields.remove(field);
            }
        }
    }
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, account) = find(turn)?;
    let keys: Vec<String> =
        turn.store.below(&format!("{place}/")).map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        turn.store.remove(&key);
    }
    turn.store.remove(&place);
    policy::remove(turn.store, &place);
    let text = |field: &str| account[field].as_str().unwrap_or_default().to_owned();
    policy::account_deleted(turn.store, &text("email"), &text("uniqueId"));
    turn::ok(&json!({}))
}

fn enable(turn: &mut Turn<'_>) -> Answer {
    switch(turn, &Json::Null)
}

fn disable(turn: &mut Turn<'_>) -> Answer {
    switch(turn, &json!(true))
}

fn switch(turn: &mut Turn<'_>, disabled: &Json) -> Answer {
    let (place, mut account) = find(turn)?;
    crate::sandbox::store::merge_fields(&mut account, &json!({"disabled": disabled}));
    turn.store.put(place, account);
    turn::ok(&json!({}))
}

fn get_policy(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let version = turn.number("options.requestedPolicyVersion").unwrap_or(1);
    turn::ok(&policy::read(turn.store, &place, version))
}

fn set_policy(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let given = turn.body["policy"].clone();
    turn::ok(&policy::write(turn.store, &place, &given, Style::Both)?)
}

fn test_permissions(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    turn::ok(&policy::tested(turn.store, &turn.body["permissions"]))
}

fn create_key(turn: &mut Turn<'_>) -> Answer {
    let (place, account) = find(turn)?;
    let id = turn.store.letters(40);
    let algorithm = turn.body["keyAlgorithm"].as_str().unwrap_or("KEY_ALG_RSA_2048").to_owned();
    let kind =
        turn.body["privateKeyType"].as_str().unwrap_or("TYPE_GOOGLE_CREDENTIALS_FILE").to_owned();
    let name = account["name"].as_str().unwrap_or_default();
    let shown = json!({
        "name": format!("{name}/keys/{id}"),
        "keyAlgorithm": algorithm,
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
        "validAfterTime": stamp(turn.now),
        "validBeforeTime": "9999-12-31T23:59:59Z",
    });
    let bits = if algorithm == "KEY_ALG_RSA_1024" { 1024 } else { 2048 };
    let (private, public) = rsa_pair(bits).map_err(Refusal::invalid)?;
    // The key is exchanged for a token where it was made.
    let token_uri = match turn.request.header("host") {
        Some(host) => format!("http://{host}/token"),
        None => "https://oauth2.googleapis.com/token".to_owned(),
    };
    let file = json!({
        "type": "service_account",
        "project_id": account["projectId"],
        "private_key_id": id,
        "private_key": private,
        "client_email": account["email"],
        "client_id": account["uniqueId"],
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    });
    let key = format!("{place}/keys/{id}");
    turn.store.put(&key, shown.clone());
    turn.store.hidden.insert(key, json!({ "publicKeyData": STANDARD.encode(public) }));
    let mut answer = shown;
    answer["privateKeyType"] = json!(kind);
    answer["privateKeyData"] = json!(STANDARD.encode(file.to_string()));
    turn::ok(&answer)
}

/// Makes a key of RSA, as Google's libraries sign with it: its private and its public part in PEM.
fn rsa_pair(bits: usize) -> Result<(String, String), String> {
    use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};

    let key = rsa::PrivateKey::new(&mut Random, bits).map_err(|error| error.to_string())?;
    let private = key.to_pkcs8_der().map_err(|error| error.to_string())?;
    let public = key.to_public_key().to_public_key_der().map_err(|error| error.to_string())?;
    Ok((pem("PRIVATE KEY", private.as_bytes()), pem("PUBLIC KEY", public.as_bytes())))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The sandbox's source of chance, as keys are made from it.
struct Random;

impl rsa::rand_core::TryRng for Random {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_le_bytes(random()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_le_bytes(random()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for part in bytes.chunks_mut(32) {
            part.copy_from_slice(&random::<32>()[..part.len()]);
        }
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Random {}

fn find_key(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (place, _) = find(turn)?;
    let place = format!("{place}/keys/{}", turn.path[2]);
    match turn.store.find(&place) {
        Some(key) => Ok((place, key.clone())),
        None => Err(Refusal::not_found("Service account key does not exist.")),
    }
}

/// Takes in the public part of a key that was made elsewhere.
fn upload_key(turn: &mut Turn<'_>) -> Answer {
    let (place, account) = find(turn)?;
    let data = turn.body["publicKeyData"].clone();
    if !data.as_str().is_some_and(|data| STANDARD.decode(data).is_ok_and(|bytes| !bytes.is_empty()))
    {
        return Err(Refusal::invalid("The public key data must be a certificate in base 64."));
    }
    let id = turn.store.letters(40);
    let name = account["name"].as_str().unwrap_or_default();
    let shown = json!({
        "name": format!("{name}/keys/{id}"), "keyAlgorithm": "KEY_ALG_RSA_2048", "keyOrigin": "USER_PROVIDED",
        "keyType": "USER_MANAGED", "validAfterTime": stamp(turn.now), "validBeforeTime": "9999-12-31T23:59:59Z",
    });
    let key = format!("{place}/keys/{id}");
    turn.store.put(&key, shown.clone());
    turn.store.hidden.insert(key, json!({ "publicKeyData": data }));
    turn::ok(&shown)
}

fn get_key(turn: &mut Turn<'_>) -> Answer {
    let (place, mut key) = find_key(turn)?;
    let wanted = turn.parameter("publicKeyType").is_some_and(|kind| kind != "TYPE_NONE");
    let public = turn.store.hidden.get(&place).map(|hidden| hidden["publicKeyData"].clone());
    if let Some(public) = public.filter(|_| wanted) {
        key["publicKeyData"] = public;
    }
    turn::ok(&key)
}

fn list_keys(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let keys: Vec<Json> =
        turn.store.below(&format!("{place}/keys/")).map(|(_, key)| key.clone()).collect();
    turn::list(json!({}), "keys", (keys, None))
}

fn delete_key(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find_key(turn)?;
    turn.store.remove(&place);
    turn::ok(&json!({}))
}

fn is_account_id(id: &str) -> bool {
    (6..=30).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
