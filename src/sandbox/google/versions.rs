//! Cloud Storage: versions of objects that are not the present ones, and the conditions that a request names.
//!
//! Former versions are kept apart from the objects, so that what counts as existing does not see them.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Store, stamp};

use super::objects;
use super::refusal::Refusal;
use super::storage;
use super::turn::Turn;

/// What a request is told whose conditions do not hold.
pub const BROKEN: &str = "At least one of the pre-conditions you specified did not hold.";

/// Where a bucket's former versions are kept.
fn root(bucket: &str) -> String {
    format!("storage/b/{bucket}/v/")
}

fn place(bucket: &str, object: &Json) -> String {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    format!("{}{}#{}", root(bucket), text("name"), text("generation"))
}

/// Takes the present version of an object away; where the bucket keeps versions, it becomes a former one.
pub fn retire(store: &mut Store, now: Timestamp, bucket: &str, name: &str) {
    let key = objects::key(bucket, name);
    let content = store.contents.get(&key).cloned();
    let Some(mut object) = store.remove(&key) else { return };
    let kept =
        store.find(&storage::key(bucket)).map(|bucket| bucket["versioning"]["enabled"].clone());
    if kept == Some(json!(true)) {
        object["timeDeleted"] = json!(stamp(now));
        let place = place(bucket, &object);
        store.contents.insert(place.clone(), content.unwrap_or_default());
        store.hidden.insert(place, object);
    }
}

/// Gives the former versions of the objects whose names begin so.
pub fn former<'a>(
    store: &'a Store,
    bucket: &str,
    prefix: &str,
) -> impl Iterator<Item = (&'a str, &'a Json)> {
    let start = format!("{}{prefix}", root(bucket));
    let end = start.clone();
    store
        .hidden
        .range(start..)
        .take_while(move |(key, _)| key.starts_with(&end))
        .map(|(key, object)| (key.as_str(), object))
}

/// Finds a version of an object, with the key that its bytes are at: the present one where no generation is named.
pub fn find<'a>(
    store: &'a Store,
    bucket: &str,
    name: &str,
    generation: Option<&str>,
) -> Option<(String, &'a Json)> {
    let key = objects::key(bucket, name);
    let present = store.find(&key);
    let Some(generation) = generation else { return present.map(|object| (key, object)) };
    if let Some(object) = present.filter(|object| object["generation"] == generation) {
        return Some((key, object));
    }
    let place = place(bucket, &json!({"name": name, "generation": generation}));
    store.hidden.get(&place).map(|object| (place, object))
}

/// Removes a version for good.
pub fn remove(store: &mut Store, key: &str) {
    store.hidden.remove(key);
    store.remove(key);
}

/// Holds the conditions of a request against the object that is there.
///
/// # Errors
/// One does not hold.
pub fn check(turn: &Turn<'_>, present: Option<&Json>) -> Result<(), Refusal> {
    let number = |field: &str| present.and_then(|it| it[field].as_str()).unwrap_or("0");
    let wanted = [
        ("ifGenerationMatch", "generation", true),
        ("ifGenerationNotMatch", "generation", false),
        ("ifMetagenerationMatch", "metageneration", true),
        ("ifMetagenerationNotMatch", "metageneration", false),
    ];
    let broken = wanted.iter().any(|(parameter, field, equal)| {
        turn.parameter(parameter).is_some_and(|value| (value == number(field)) != *equal)
    });
    if broken {
        return Err(Refusal::condition(BROKEN));
    }
    let etag = |header: &str| turn.request.header(header).map(|etag| etag.trim_matches('"'));
    if let (Some(wanted), Some(present)) = (etag("if-match"), present)
        && wanted != "*"
        && present["etag"] != wanted
    {
        return Err(Refusal::condition(BROKEN));
    }
    Ok(())
}
