//! Cloud Storage: buckets.
//!
//! Shapes and defaults follow recorded answers of the real service: names are one global namespace, the
//! location comes back upper case, an empty lifecycle is none, soft delete is seven days unless said.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::http::{Response, StatusCode};
use crate::sandbox::store::{merge_fields, project_number, stamp};

use super::copies;
use super::policy;
use super::refusal::{Refusal, Style};
use super::turn::{self, Answer, Row, Turn};
use super::versions;

/// The methods.
pub const ROWS: &[Row] = &[
    ("storage.buckets.insert", insert),
    ("storage.buckets.get", get),
    ("storage.buckets.list", list),
    ("storage.buckets.patch", patch),
    ("storage.buckets.update", update),
    ("storage.buckets.delete", delete),
    ("storage.buckets.getStorageLayout", copies::layout),
    ("storage.buckets.lockRetentionPolicy", lock_retention),
    ("storage.buckets.getIamPolicy", get_policy),
    ("storage.buckets.setIamPolicy", set_policy),
    ("storage.buckets.testIamPermissions", test_permissions),
    ("storage.projects.serviceAccount.get", service_account),
];

/// What the service alone writes.
const OWNED: &[&str] = &[
    "kind",
    "id",
    "selfLink",
    "name",
    "projectNumber",
    "location",
    "locationType",
    "metageneration",
    "generation",
    "etag",
    "timeCreated",
    "updated",
    "owner",
    "satisfiesPZI",
    "satisfiesPZS",
    "hierarchicalNamespace",
    "customPlacementConfig",
    "objectRetention",
    "acl",
    "defaultObjectAcl",
    "softDeleteTime",
    "hardDeleteTime",
];

const CLASSES: &[&str] = &[
    "STANDARD",
    "NEARLINE",
    "COLDLINE",
    "ARCHIVE",
    "MULTI_REGIONAL",
    "REGIONAL",
    "DURABLE_REDUCED_AVAILABILITY",
];

/// Gives a bucket's key.
pub fn key(bucket: &str) -> String {
    format!("storage/b/{bucket}")
}

/// Gives a bucket.
///
/// # Errors
/// There is none of this name.
pub fn bucket<'a>(turn: &'a Turn<'_>, name: &str) -> Result<&'a Json, Refusal> {
    turn.store
        .find(&key(name))
        .ok_or_else(|| Refusal::not_found("The specified bucket does not exist."))
}

fn insert(turn: &mut Turn<'_>) -> Answer {
    let project = turn.parameter("project").unwrap_or_default().to_owned();
    let body = turn.body.clone();
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Refusal::required("name"));
    }
    if !is_bucket_name(&name) {
        return Err(Refusal::invalid(format!("Invalid bucket name: '{name}'")));
    }
    let number = project_number(&project);
    if let Some(taken) = turn.store.find(&key(&name)) {
        let message = if taken["projectNumber"] == json!(number) {
            "Your previous request to create the named bucket succeeded and you already own it."
        } else {
            "The requested bucket name is not available. The bucket namespace is shared by all users of the \
             system. Please select a different name and try again."
        };
        return Err(Refusal::conflict(message));
    }
    let mut object = new_bucket(turn, &name, &number)?;
    if turn
        .parameter("enableObjectRetention")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        object["objectRetention"] = json!({"mode": "Enabled"});
    }
    policy::put(
        turn.store,
        &key(&name),
        json!([
            {"role": "roles/storage.legacyBucketOwner",
             "members": [format!("projectEditor:{project}"), format!("projectOwner:{project}")]},
            {"role": "roles/storage.legacyBucketReader", "members": [format!("projectViewer:{project}")]},
        ]),
    );
    turn.store.put(key(&name), object.clone());
    turn.store.hidden.insert(key(&name), json!({"project": project}));
    turn::ok(&shown(turn, object, false))
}

fn new_bucket(turn: &mut Turn<'_>, name: &str, number: &str) -> Result<Json, Refusal> {
    let now = stamp(turn.now);
    let body = turn.body.clone();
    let location = body["location"].as_str().unwrap_or("US").to_uppercase();
    let location_type = match location.as_str() {
        "US" | "EU" | "ASIA" if body["customPlacementConfig"].is_object() => "dual-region",
        "US" | "EU" | "ASIA" => "multi-region",
        "NAM4" | "EUR4" | "EUR5" | "EUR7" | "EUR8" | "ASIA1" => "dual-region",
        region if is_region(region) => "region",
        other => {
            return Err(Refusal::invalid(format!(
                "The specified location constraint is not valid: {other}."
            )));
        }
    };
    let mut bucket = json!({
        "kind": "storage#bucket",
        "selfLink": format!("https://www.googleapis.com/storage/v1/b/{name}"),
        "id": name,
        "name": name,
        "projectNumber": number,
        "generation": (1_700_000_000_000_000 + turn.store.count()).to_string(),
        "metageneration": "1",
        "location": location,
        "storageClass": "STANDARD",
        "etag": turn.store.etag(),
        "timeCreated": now,
        "updated": now,
        "locationType": location_type,
    });
    for field in ["hierarchicalNamespace", "customPlacementConfig"] {
        if body[field].is_object() {
            bucket[field] = body[field].clone();
        }
    }
    if location_type != "region" {
        bucket["rpo"] = json!("DEFAULT");
    }
    bucket["softDeletePolicy"] =
        json!({"retentionDurationSeconds": "604800", "effectiveTime": now});
    bucket["iamConfiguration"] = json!({});
    apply(turn, &mut bucket, &body, false)?;
    Ok(bucket)
}

/// Lays the writable fields of a body over a bucket: null removes, and what is absent stays, or with
/// `whole` goes.
fn apply(turn: &Turn<'_>, bucket: &mut Json, body: &Json, whole: bool) -> Result<(), Refusal> {
    let now = stamp(turn.now);
    let empty = serde_json::Map::new();
    let given = body.as_object().unwrap_or(&empty);
    if whole {
        drop_absent(bucket, given);
    }
    for (name, value) in given.iter().filter(|(name, _)| !OWNED.contains(&name.as_str())) {
        if value.is_null() {
            remove(bucket, name);
            continue;
        }
        let mut value = if whole { value.clone() } else { patched(&bucket[name.as_str()], value) };
        match name.as_str() {
            "storageClass" => {
                let class = value.as_str().unwrap_or_default().to_uppercase();
                if !CLASSES.contains(&class.as_str()) {
                    return Err(Refusal::invalid(format!(
                        "Invalid argument: storage class '{class}'."
                    )));
                }
                value = json!(class);
            }
            "labels" => check_labels(&value)?,
            "lifecycle" if value["rule"].as_array().is_none_or(Vec::is_empty) => {
                remove(bucket, name);
                continue;
            }
            "softDeletePolicy" => {
                let off = value["retentionDurationSeconds"] == "0";
                merge_fields(
                    &mut value,
                    &json!({"effectiveTime": if off { None } else { Some(&now) }}),
                );
            }
            "retentionPolicy" => {
                if bucket["retentionPolicy"]["isLocked"] == json!(true) {
                    return Err(Refusal::forbidden(
                        "Cannot reduce or remove a locked Retention Policy.",
                    ));
                }
                value["effectiveTime"] = json!(now);
            }
            "autoclass" if value["enabled"] == json!(true) => {
                value["toggleTime"] = json!(now);
                value["terminalStorageClassUpdateTime"] = json!(now);
                if value["terminalStorageClass"].is_null() {
                    value["terminalStorageClass"] = json!("NEARLINE");
                }
            }
            _ => {}
        }
        bucket[name.as_str()] = value;
    }
    if bucket["autoclass"]["enabled"] == json!(true) {
        bucket["storageClass"] = json!("STANDARD");
    }
    conform_access(turn, bucket);
    Ok(())
}

/// Removes what a whole update does not name, but for what always has a value.
fn drop_absent(bucket: &mut Json, given: &serde_json::Map<String, Json>) {
    let kept = ["storageClass", "rpo", "softDeletePolicy", "iamConfiguration"];
    if let Some(fields) = bucket.as_object_mut() {
        fields.retain(|name, _| {
            let name = name.as_str();
            OWNED.contains(&name) || kept.contains(&name) || given.contains_key(name)
        });
    }
}

/// Completes the access configuration: the old name of uniform access mirrors it, and it locks after 90 days.
fn conform_access(turn: &Turn<'_>, bucket: &mut Json) {
    let configuration = &mut bucket["iamConfiguration"];
    let uniform = configuration["uniformBucketLevelAccess"]["enabled"] == json!(true);
    let locked = configuration["uniformBucketLevelAccess"]["lockedTime"].clone();
    let level = if uniform {
        let locked = match locked {
            Json::String(at) => at,
            _ => stamp(turn.now.checked_add(Duration::from_secs(90 * 86_400)).unwrap_or(turn.now)),
        };
        json!({"enabled": true, "lockedTime": locked})
    } else {
        json!({"enabled": false})
    };
    configuration["bucketPolicyOnly"] = level.clone();
    configuration["uniformBucketLevelAccess"] = level;
    if configuration["publicAccessPrevention"].is_null() {
        configuration["publicAccessPrevention"] = json!("inherited");
    }
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let object = bucket(turn, &turn.path[0])?.clone();
    let full = turn.parameter("projection") == Some("full");
    turn::ok(&shown(turn, object, full))
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let number = project_number(turn.parameter("project").unwrap_or_default());
    let prefix = key(turn.parameter("prefix").unwrap_or_default());
    let items: Vec<Json> = turn
        .store
        .below("storage/b/")
        .filter(|(key, object)| {
            object["kind"] == "storage#bucket"
                && key.starts_with(&prefix)
                && object["projectNumber"] == json!(number)
        })
        .map(|(_, object)| object.clone())
        .collect();
    turn::list(json!({"kind": "storage#buckets"}), "items", turn.page(items, "maxResults"))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    change(turn, false)
}

fn update(turn: &mut Turn<'_>) -> Answer {
    change(turn, true)
}

fn change(turn: &mut Turn<'_>, whole: bool) -> Answer {
    let name = turn.path[0].clone();
    let mut object = bucket(turn, &name)?.clone();
    check_generation(turn, &object)?;
    let body = turn.body.clone();
    apply(turn, &mut object, &body, whole)?;
    let next =
        object["metageneration"].as_str().and_then(|n| n.parse::<u64>().ok()).unwrap_or(1) + 1;
    object["metageneration"] = json!(next.to_string());
    object["etag"] = json!(turn.store.etag());
    object["updated"] = json!(stamp(turn.now));
    turn.store.put(key(&name), object.clone());
    let full = turn.parameter("projection") != Some("noAcl");
    turn::ok(&shown(turn, object, full))
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = turn.path[0].clone();
    check_generation(turn, bucket(turn, &name)?)?;
    let former = versions::former(turn.store, &name, "").next().is_some();
    if former || turn.store.below(&format!("storage/b/{name}/o/")).next().is_some() {
        return Err(Refusal::conflict("The bucket you tried to delete is not empty."));
    }
    turn.store.remove(&key(&name));
    policy::remove(turn.store, &key(&name));
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

fn lock_retention(turn: &mut Turn<'_>) -> Answer {
    let name = turn.path[0].clone();
    let mut object = bucket(turn, &name)?.clone();
    check_generation(turn, &object)?;
    if !object["retentionPolicy"].is_object() {
        return Err(Refusal::invalid("There is no retention policy to lock."));
    }
    object["retentionPolicy"]["isLocked"] = json!(true);
    turn.store.put(key(&name), object.clone());
    turn::ok(&object)
}

fn get_policy(turn: &mut Turn<'_>) -> Answer {
    let name = turn.path[0].clone();
    bucket(turn, &name)?;
    let version = turn.number("optionsRequestedPolicyVersion").unwrap_or(1);
    turn::ok(&framed(&name, policy::read(turn.store, &key(&name), version)))
}

fn set_policy(turn: &mut Turn<'_>) -> Answer {
    let name = turn.path[0].clone();
    let prevention = bucket(turn, &name)?["iamConfiguration"]["publicAccessPrevention"].clone();
    let body = turn.body.clone();
    let public = |member: &Json| member == "allUsers" || member == "allAuthenticatedUsers";
    let mut members = body["bindings"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|b| b["members"].as_array().into_iter().flatten());
    if prevention == "enforced" && members.any(public) {
        return Err(Refusal::condition(
            "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.",
        ));
    }
    let written = policy::write(turn.store, &key(&name), &body, Style::Errors)?;
    turn::ok(&framed(&name, written))
}

fn framed(name: &str, mut policy: Json) -> Json {
    policy["kind"] = json!("storage#policy");
    policy["resourceId"] = json!(format!("projects/_/buckets/{name}"));
    policy
}

fn test_permissions(turn: &mut Turn<'_>) -> Answer {
    bucket(turn, &turn.path[0])?;
    let asked: Vec<&String> = turn
        .query
        .iter()
        .filter(|(name, _)| name == "permissions")
        .map(|(_, value)| value)
        .collect();
    let mut answer = policy::tested(turn.store, &json!(asked));
    answer["kind"] = json!("storage#testIamPermissionsResponse");
    turn::ok(&answer)
}

fn service_account(turn: &mut Turn<'_>) -> Answer {
    let number = project_number(&turn.path[0]);
    turn::ok(&json!({
        "kind": "storage#serviceAccount",
        "email_address": format!("service-{number}@gs-project-accounts.iam.gserviceaccount.com"),
    }))
}

/// Gives a bucket as it is answered: with access control lists only where asked and not uniform.
fn shown(turn: &Turn<'_>, mut object: Json, full: bool) -> Json {
    let uniform = object["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"] == json!(true);
    if !full || uniform || turn.parameter("projection") == Some("noAcl") {
        return object;
    }
    let name = object["name"].as_str().unwrap_or_default().to_owned();
    let number = object["projectNumber"].as_str().unwrap_or_default().to_owned();
    let etag = object["etag"].clone();
    let teams = [("owners", "OWNER"), ("editors", "OWNER"), ("viewers", "READER")];
    object["acl"] = teams.iter().map(|(team, role)| json!({
        "kind": "storage#bucketAccessControl", "bucket": name, "entity": format!("project-{team}-{number}"),
        "id": format!("{name}/project-{team}-{number}"), "role": role, "etag": etag,
        "selfLink": format!("https://www.googleapis.com/storage/v1/b/{name}/acl/project-{team}-{number}"),
        "projectTeam": {"projectNumber": number, "team": team},
    })).collect();
    object["defaultObjectAcl"] = teams.iter().map(|(team, role)| json!({
        "kind": "storage#objectAccessControl", "entity": format!("project-{team}-{number}"), "role": role,
        "etag": etag, "projectTeam": {"projectNumber": number, "team": team},
    })).collect();
    object["owner"] = json!({"entity": format!("project-owners-{number}")});
    object
}

fn check_generation(turn: &Turn<'_>, object: &Json) -> Result<(), Refusal> {
    let actual = object["metageneration"].as_str().unwrap_or_default();
    let fits = turn.parameter("ifMetagenerationMatch").is_none_or(|wanted| wanted == actual)
        && turn.parameter("ifMetagenerationNotMatch").is_none_or(|wanted| wanted != actual);
    if fits {
        Ok(())
    } else {
        Err(Refusal::condition("At least one of the pre-conditions you specified did not hold."))
    }
}

fn check_labels(labels: &Json) -> Result<(), Refusal> {
    for (name, value) in labels.as_object().into_iter().flatten() {
        let fits = |text: &str| {
            text.chars().count() <= 63
                && text.chars().all(|c| {
                    c.is_lowercase()
                        || c.is_numeric()
                        || c == '-'
                        || c == '_'
                        || (!c.is_ascii() && c.is_alphabetic())
                })
        };
        if name.is_empty() || !fits(name) || value.as_str().is_some_and(|text| !fits(text)) {
            return Err(Refusal::invalid(format!(
                "Invalid argument: label '{name}' has an invalid key or value."
            )));
        }
    }
    Ok(())
}

/// Gives a merge patch's outcome.
pub fn patched(current: &Json, patch: &Json) -> Json {
    let (Some(current), Some(patch)) = (current.as_object(), patch.as_object()) else {
        return without_nulls(patch);
    };
    let mut out = current.clone();
    for (name, value) in patch {
        if value.is_null() {
            out.remove(name);
        } else {
            let inner = patched(&out.get(name).cloned().unwrap_or(Json::Null), value);
            out.insert(name.clone(), inner);
        }
    }
    Json::Object(out)
}

fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => fields
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, v)| (k.clone(), without_nulls(v)))
            .collect(),
        other => other.clone(),
    }
}

fn remove(object: &mut Json, name: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(name);
    }
}

fn is_bucket_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let longest = if name.contains('.') { 222 } else { 63 };
    (3..=longest).contains(&name.len())
        && name.chars().all(|c| letter(c) || c == '-' || c == '_' || c == '.')
        && name.starts_with(letter)
        && name.ends_with(letter)
        && !name.starts_with("goog")
        && !name.contains("..")
}

fn is_region(name: &str) -> bool {
    let ends_in_digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    ends_in_digits.len() < name.len()
        && name.contains('-')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
}
