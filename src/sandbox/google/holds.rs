//! Cloud Storage: what keeps an object from being removed or written over, and what else is said of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json, json};

use crate::sandbox::store::stamp;

use super::refusal::Refusal;

/// What a request may say of an object.
pub const WRITABLE: &[&str] = &[
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "contexts",
    "customTime",
    "eventBasedHold",
    "metadata",
    "retention",
    "storageClass",
    "temporaryHold",
];

/// Takes what a request says of an object. With `whole` what it does not say goes; the type and the class stay.
///
/// # Errors
/// The object may not be kept so.
pub fn take(
    object: &mut Json,
    given: &Json,
    bucket: &Json,
    whole: bool,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !given["retention"].is_null() && bucket["objectRetention"]["mode"] != "Enabled" {
        return Err(Refusal::invalid("Object retention is not enabled for the bucket."));
    }
    let standing = object["contexts"].clone();
    let Json::Object(fields) = object else { return Ok(()) };
    for name in WRITABLE {
        match given.get(*name) {
            Some(Json::Null) => {
                fields.shift_remove(*name);
            }
            Some(value) => {
                fields.insert((*name).to_owned(), value.clone());
            }
            None if whole && !["contentType", "storageClass"].contains(name) => {
                fields.shift_remove(*name);
            }
            None => {}
        }
    }
    if let Some(customs) = object.pointer_mut("/contexts/custom").and_then(Json::as_object_mut) {
        dated(customs, &standing["custom"], now);
    }
    Ok(())
}

/// Says of each context since when it is there, and since when it says so.
fn dated(customs: &mut Map<String, Json>, standing: &Json, now: Timestamp) {
    for (key, custom) in customs.iter_mut() {
        let before = &standing[key.as_str()];
        let created = before["createTime"].as_str().map_or_else(|| stamp(now), String::from);
        let same = before["value"] == custom["value"];
        let updated = before["updateTime"].as_str().filter(|_| same).map(String::from);
        custom["createTime"] = json!(created);
        custom["updateTime"] = json!(updated.unwrap_or_else(|| stamp(now)));
    }
}

/// Says of a new object what its bucket wants of all.
pub fn by_bucket(object: &mut Json, bucket: &Json, now: Timestamp) {
    if object["eventBasedHold"].is_null() && bucket["defaultEventBasedHold"] == json!(true) {
        object["eventBasedHold"] = json!(true);
    }
    let period = bucket["retentionPolicy"]["retentionPeriod"].as_str();
    if let Some(seconds) = period.and_then(|period| period.parse().ok())
        && let Ok(until) = now.checked_add(SignedDuration::from_secs(seconds))
    {
        object["retentionExpirationTime"] = json!(stamp(until));
    }
}

/// Refuses to remove an object, or to write over it, that is held or retained.
///
/// # Errors
/// It is.
pub fn free(object: Option<&Json>, now: Timestamp) -> Result<(), Refusal> {
    let Some(object) = object else { return Ok(()) };
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let place = format!("'{}/{}'", text("bucket"), text("name"));
    for (field, words) in
        [("temporaryHold", "Temporary hold"), ("eventBasedHold", "Event-Based hold")]
    {
        if object[field] == json!(true) {
            return Err(Refusal::forbidden(format!(
                "Object {place} is under active {words} and cannot be deleted, overwritten or archived until hold is removed."
            )));
        }
    }
    for until in [&object["retention"]["retainUntilTime"], &object["retentionExpirationTime"]] {
        let until = until.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if let Some(until) = until.filter(|until| *until > now) {
            return Err(Refusal::forbidden(format!(
                "Object {place} is subject to bucket's retention policy or object retention and cannot be deleted or \
                 overwritten until {}",
                stamp(until)
            )));
        }
    }
    Ok(())
}

/// Refuses a change that takes an object's retention away or shortens it, unless it may be.
///
/// # Errors
/// It is locked, or the request does not say that it means it.
pub fn retained(before: &Json, after: &Json, meant: bool, now: Timestamp) -> Result<(), Refusal> {
    let until = |object: &Json| {
        object["retention"]["retainUntilTime"]
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let Some(standing) = until(before).filter(|until| *until > now) else { return Ok(()) };
    let locked = before["retention"]["mode"] == "Locked";
    let unlocks = locked && after["retention"]["mode"] != "Locked";
    if !unlocks && until(after).is_some_and(|wanted| wanted >= standing) {
        return Ok(());
    }
    if locked || !meant {
        return Err(Refusal::forbidden(
            "The object's retention cannot be removed or shortened: it is locked, or overrideUnlockedRetention is not set.",
        ));
    }
    Ok(())
}
