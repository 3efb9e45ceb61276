//! Cloud KMS: key rings, keys that encrypt and decrypt, and their versions.
//!
//! A ciphertext names the version of the key that made it, so it can be decrypted after the key was rotated, for as long as
//! that version is enabled.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value as Json, json};

use crate::sandbox::store::{merge_fields, random, stamp};

use super::compute::REGIONS;
use super::described::camel;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("cloudkms.projects.locations.list", list_locations),
    ("cloudkms.projects.locations.keyRings.create", create_ring),
    ("cloudkms.projects.locations.keyRings.get", get),
    ("cloudkms.projects.locations.keyRings.list", list_rings),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.create", create_key),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.get", get),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.list", list_keys),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.patch", patch),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.encrypt", encrypt),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.decrypt", decrypt),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.updatePrimaryVersion", make_primary),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.create", create_version),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get", get),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list", list_versions),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.patch", patch_version),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy", destroy),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore", restore),
];

/// Lists the regions, and the places that are none.
fn list_locations(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[0].clone();
    let regions = REGIONS.iter().map(|(region, _, _)| *region);
    let items = regions.chain(["asia", "europe", "global", "us"]).map(
        |name| json!({"name": format!("projects/{project}/locations/{name}"), "locationId": name}),
    );
    turn::list(json!({}), "locations", turn.page(items.collect(), "pageSize"))
}

/// The most bytes that are encrypted at once.
const MOST: usize = 64 * 1024;
/// For so long a version that is to be destroyed can be restored, where the key says nothing else.
const SCHEDULED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The collections on the way to a version, as paths name them.
const COLLECTIONS: [&str; 5] =
    ["projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"];

/// Gives the name of what a path's first variables lead to.
fn name_of(path: &[String]) -> String {
    let steps = COLLECTIONS.iter().zip(path).map(|(of, id)| format!("{of}/{id}"));
    steps.collect::<Vec<_>>().join("/")
}

fn place(name: &str) -> String {
    format!("cloudkms/{name}")
}

fn find(turn: &Turn<'_>, name: &str) -> Result<Json, Refusal> {
    let found = turn.store.find(&place(name)).cloned();
    let kind = match name.matches('/').count() {
        5 => "KeyRing",
        7 => "CryptoKey",
        _ => "CryptoKeyVersion",
    };
    found.ok_or_else(|| Refusal::not_found(format!("{kind} {name} not found.")))
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let found = find(turn, &name_of(&turn.path))?;
    turn::ok(&shown(turn, found))
}

/// Gives an object as it is shown: a key has its primary version in it.
fn shown(turn: &Turn<'_>, mut object: Json) -> Json {
    if let Some(primary) = object["primary"].as_str().map(place) {
        object["primary"] = turn.store.find(&primary).cloned().unwrap_or_default();
    }
    object
}

/// Gives the id of what is to be made.
fn id_of(turn: &Turn<'_>, parameter: &str) -> Result<String, Refusal> {
    let id = turn.parameter(parameter).unwrap_or_default().to_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match id.len() {
        1..=63 if id.chars().all(fits) => Ok(id),
        _ => Err(Refusal::invalid(format!(
            "Invalid resource id \"{id}\": it has to match [a-zA-Z0-9_-]{{1,63}}."
        ))),
    }
}

fn create_ring(turn: &mut Turn<'_>) -> Answer {
    let name = format!("{}/keyRings/{}", name_of(&turn.path), id_of(turn, "keyRingId")?);
    if turn.store.find(&place(&name)).is_some() {
        return Err(Refusal::exists(format!("KeyRing {name} already exists.")));
    }
    let ring = json!({"name": name, "createTime": stamp(turn.now)});
    turn.store.put(place(&name), ring.clone());
    turn::ok(&ring)
}

fn create_key(turn: &mut Turn<'_>) -> Answer {
    let ring = name_of(&turn.path);
    find(turn, &ring)?;
    let name = format!("{ring}/cryptoKeys/{}", id_of(turn, "cryptoKeyId")?);
    if turn.store.find(&place(&name)).is_some() {
        return Err(Refusal::exists(format!("CryptoKey {name} already exists.")));
    }
    let symmetric = turn.body["purpose"] == "ENCRYPT_DECRYPT";
    check_purpose(&turn.body)?;
    let mut key = turn.body.clone();
    key["name"] = json!(name);
    key["createTime"] = json!(stamp(turn.now));
    if key["destroyScheduledDuration"].is_null() {
        key["destroyScheduledDuration"] = json!(format!("{}s", SCHEDULED.as_secs()));
    }
    let template =
        json!({"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"});
    let asked = std::mem::replace(&mut key["versionTemplate"], template);
    if asked.is_object() {
        merge_fields(&mut key["versionTemplate"], &asked);
    }
    if turn.parameter("skipInitialVersionCreation") != Some("true") {
        let first = add_version(turn, &key);
        // Who uses a key of another purpose names the version.
        if symmetric {
            key["primary"] = first["name"].clone();
        }
    }
    turn.store.put(place(&name), key.clone());
    let key = shown(turn, key);
    turn::ok(&key)
}

/// Checks that a new key has a purpose, an algorithm that serves it, and no rotation where its versions cannot be changed unseen
/// (page "Key purposes and algorithms").
fn check_purpose(key: &Json) -> Result<(), Refusal> {
    let purpose = key["purpose"].as_str().unwrap_or_default();
    let algorithm = key["versionTemplate"]["algorithm"].as_str().unwrap_or_default();
    let serves: &[&str] = match purpose {
        "ENCRYPT_DECRYPT" => &["", "GOOGLE_SYMMETRIC_ENCRYPTION", "EXTERNAL_SYMMETRIC_ENCRYPTION"],
        "RAW_ENCRYPT_DECRYPT" => &["AES_"],
        "ASYMMETRIC_SIGN" => &["EC_SIGN_", "RSA_SIGN_", "PQ_SIGN_"],
        "ASYMMETRIC_DECRYPT" => &["RSA_DECRYPT_"],
        "MAC" => &["HMAC_"],
        _ => return Err(Refusal::invalid("A key's purpose must be set.")),
    };
    let fits = |one: &&str| algorithm == *one || one.ends_with('_') && algorithm.starts_with(*one);
    if !serves.iter().any(fits) {
        return Err(Refusal::invalid(format!(
            "The algorithm {algorithm:?} cannot be used with the purpose {purpose}."
        )));
    }
    if purpose != "ENCRYPT_DECRYPT" && !key["rotationPeriod"].is_null() {
        return Err(Refusal::invalid(format!(
            "Keys of the purpose {purpose} cannot be rotated automatically."
        )));
    }
    Ok(())
}

/// Makes a key's next version, with bytes of its own.
fn add_version(turn: &mut Turn<'_>, key: &Json) -> Json {
    let of = key["name"].as_str().unwrap_or_default();
    let prefix = format!("{}/cryptoKeyVersions/", place(of));
    let number = turn.store.children(&prefix).count() + 1;
    let name = format!("{of}/cryptoKeyVersions/{number}");
    let version = json!({
        "name": name, "state": "ENABLED", "createTime": stamp(turn.now), "generateTime": stamp(turn.now),
        "protectionLevel": key["versionTemplate"]["protectionLevel"],
        "algorithm": key["versionTemplate"]["algorithm"],
    });
    turn.store.hidden.insert(held(&name), json!(STANDARD.encode(random::<32>())));
    turn.store.put(place(&name), version.clone());
    version
}

/// Where the bytes of a version are kept: no inventory shows them.
fn held(name: &str) -> String {
    format!("kms:{name}")
}

fn children(turn: &Turn<'_>, collection: &str) -> Vec<Json> {
    let prefix = format!("{}/{collection}/", place(&name_of(&turn.path)));
    turn.store.children(&prefix).map(|(_, object)| shown(turn, object.clone())).collect()
}

fn listed(turn: &mut Turn<'_>, collection: &str) -> Answer {
    let items = children(turn, collection);
    let size = json!({"totalSize": items.len()});
    turn::list(size, collection, turn.page(items, "pageSize"))
}

fn list_rings(turn: &mut Turn<'_>) -> Answer {
    listed(turn, "keyRings")
}

fn list_keys(turn: &mut Turn<'_>) -> Answer {
    find(turn, &name_of(&turn.path))?;
    listed(turn, "cryptoKeys")
}

fn list_versions(turn: &mut Turn<'_>) -> Answer {
    find(turn, &name_of(&turn.path))?;
    listed(turn, "cryptoKeyVersions")
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    changed(turn, &["labels", "rotationPeriod", "nextRotationTime", "versionTemplate"])
}

fn patch_version(turn: &mut Turn<'_>) -> Answer {
    if !matches!(turn.body["state"].as_str(), Some("ENABLED" | "DISABLED")) {
        return Err(Refusal::invalid("A version can be made ENABLED or DISABLED."));
    }
    let version = find(turn, &name_of(&turn.path))?;
    if !matches!(version["state"].as_str(), Some("ENABLED" | "DISABLED")) {
        return Err(not_in_use(&version));
    }
    changed(turn, &["state"])
}

/// Changes the fields that the update mask names.
fn changed(turn: &mut Turn<'_>, fields: &[&str]) -> Answer {
    let name = name_of(&turn.path);
    let mut object = find(turn, &name)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    for field in mask.split(',').map(camel) {
        if !fields.contains(&field.as_str()) {
            return Err(Refusal::invalid(format!("The field \"{field}\" cannot be changed.")));
        }
        object[&field] = turn.body[&field].clone();
    }
    turn.store.put(place(&name), object.clone());
    let object = shown(turn, object);
    turn::ok(&object)
}

fn create_version(turn: &mut Turn<'_>) -> Answer {
    let key = find(turn, &name_of(&turn.path))?;
    let version = add_version(turn, &key);
    turn::ok(&version)
}

fn make_primary(turn: &mut Turn<'_>) -> Answer {
    let name = name_of(&turn.path);
    let mut key = find(turn, &name)?;
    let wanted = turn.body["cryptoKeyVersionId"].as_str().unwrap_or_default();
    let version = find(turn, &format!("{name}/cryptoKeyVersions/{wanted}"))?;
    if version["state"] != "ENABLED" {
        return Err(not_in_use(&version));
    }
    key["primary"] = version["name"].clone();
    turn.store.put(place(&name), key.clone());
    let key = shown(turn, key);
    turn::ok(&key)
}

fn not_in_use(version: &Json) -> Refusal {
    Refusal::precondition(format!(
        "{} is not enabled, current state is: {}.",
        version["name"].as_str().unwrap_or_default(),
        version["state"].as_str().unwrap_or_default()
    ))
}

fn destroy(turn: &mut Turn<'_>) -> Answer {
    let name = name_of(&turn.path);
    let mut version = find(turn, &name)?;
    if !matches!(version["state"].as_str(), Some("ENABLED" | "DISABLED")) {
        return Err(not_in_use(&version));
    }
    version["state"] = json!("DESTROY_SCHEDULED");
    version["destroyTime"] = json!(stamp(turn.now + SCHEDULED));
    turn.store.put(place(&name), version.clone());
    turn::ok(&version)
}

fn restore(turn: &mut Turn<'_>) -> Answer {
    let name = name_of(&turn.path);
    let mut version = find(turn, &name)?;
    if version["state"] != "DESTROY_SCHEDULED" {
        return Err(not_in_use(&version));
    }
    version["state"] = json!("DISABLED");
    if let Some(fields) = version.as_object_mut() {
        fields.shift_remove("destroyTime");
    }
    turn.store.put(place(&name), version.clone());
    turn::ok(&version)
}

/// Gives bytes of the body.
fn bytes(turn: &Turn<'_>, field: &str) -> Result<Vec<u8>, Refusal> {
    let text = turn.body[field].as_str().unwrap_or_default();
    let bytes = STANDARD.decode(text);
    let bytes = bytes.map_err(|_| Refusal::invalid(format!("\"{field}\" is not in base64.")))?;
    match bytes.len() {
        // A ciphertext is somewhat longer than what it holds.
        0..=MOST => Ok(bytes),
        length if field == "ciphertext" && length < MOST + 1024 => Ok(bytes),
        length => {
            Err(Refusal::invalid(format!("\"{field}\" has {length} bytes, at most {MOST} may be.")))
        }
    }
}

/// Gives what encrypts with a version that is enabled.
fn cipher(turn: &Turn<'_>, version: &Json) -> Result<LessSafeKey, Refusal> {
    if version["state"] != "ENABLED" {
        return Err(not_in_use(version));
    }
    let name = version["name"].as_str().unwrap_or_default();
    let kept = turn.store.hidden.get(&held(name)).and_then(Json::as_str).unwrap_or_default();
    let key = UnboundKey::new(&AES_256_GCM, &STANDARD.decode(kept).unwrap_or_default());
    key.map(LessSafeKey::new).map_err(|_| not_in_use(version))
}

fn encrypt(turn: &mut Turn<'_>) -> Answer {
    let name = name_of(&turn.path);
    let key = find(turn, &name)?;
    let Some(primary) = key["primary"].as_str() else {
        return Err(Refusal::precondition(format!("{name} has no primary version.")));
    };
    let version = find(turn, primary)?;
    let cipher = cipher(turn, &version)?;
    let (mut text, beside) =
        (bytes(turn, "plaintext")?, bytes(turn, "additionalAuthenticatedData")?);
    let nonce = random::<12>();
    let sealed = cipher.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(beside),
        &mut text,
    );
    sealed.map_err(|_| Refusal::invalid("What is to be encrypted is too long."))?;
    let number: u32 = primary.rsplit('/').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    let ciphertext = [&number.to_be_bytes()[..], &nonce, &text].concat();
    turn::ok(&json!({
        "name": primary, "ciphertext": STANDARD.encode(ciphertext),
        "protectionLevel": version["protectionLevel"],
    }))
}

fn decrypt(turn: &mut Turn<'_>) -> Answer {
    let name = name_of(&turn.path);
    let key = find(turn, &name)?;
    let wrong = || {
        Refusal::invalid("Decryption failed: verify that 'name' refers to the correct CryptoKey.")
    };
    let (ciphertext, beside) =
        (bytes(turn, "ciphertext")?, bytes(turn, "additionalAuthenticatedData")?);
    let (number, rest) = ciphertext.split_first_chunk::<4>().ok_or_else(wrong)?;
    let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or_else(wrong)?;
    let of = format!("{name}/cryptoKeyVersions/{}", u32::from_be_bytes(*number));
    let version = turn.store.find(&place(&of)).cloned().ok_or_else(wrong)?;
    let cipher = cipher(turn, &version)?;
    let mut text = sealed.to_vec();
    let opened =
        cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(beside), &mut text);
    let opened = opened.map_err(|_| wrong())?;
    turn::ok(&json!({
        "plaintext": STANDARD.encode(opened), "usedPrimary": key["primary"] == version["name"],
        "protectionLevel": version["protectionLevel"],
    }))
}
