//! Cloud Storage: objects made of objects, by copying, rewriting and composing.

use serde_json::{Value as Json, json};

use super::holds;
use super::objects::{key, shown, write};
use super::refusal::Refusal;
use super::storage::{self, bucket};
use super::turn::{self, Answer, Row, Turn};
use super::versions;

/// The methods.
pub const ROWS: &[Row] = &[
    ("storage.objects.copy", copy),
    ("storage.objects.rewrite", rewrite),
    ("storage.objects.compose", compose),
    ("storage.managedFolders.list", no_folders),
];

/// What a copy takes over from its source where the request does not say otherwise.
const KEPT: &[&str] =
    &["cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "metadata"];

fn copy(turn: &mut Turn<'_>) -> Answer {
    let object = copied(turn)?;
    turn::ok(&shown(turn, object))
}

/// A rewrite is done in one step here, whatever its size.
fn rewrite(turn: &mut Turn<'_>) -> Answer {
    let object = copied(turn)?;
    let size = object["size"].clone();
    turn::ok(&json!({
        "kind": "storage#rewriteResponse", "done": true, "objectSize": size, "totalBytesRewritten": size,
        "resource": shown(turn, object),
    }))
}

/// Copies the object of the path's first two variables to the place that the last two name.
fn copied(turn: &mut Turn<'_>) -> Result<Json, Refusal> {
    let [from_bucket, from, to_bucket, to] = turn.path.as_slice() else {
        return Err(Refusal::required("destinationObject"));
    };
    let (source, to_bucket, to) = (key(from_bucket, from), to_bucket.clone(), to.clone());
    let wanted =
        turn.parameter("sourceGeneration").or_else(|| turn.parameter("ifSourceGenerationMatch"));
    let found = turn.store.find(&source).filter(|object| {
        wanted.is_none_or(|generation| object["generation"].as_str() == Some(generation))
    });
    let found = found
        .cloned()
        .ok_or_else(|| Refusal::not_found(format!("No such object: {from_bucket}/{from}")))?;
    let content = turn.store.contents.get(&source).cloned().unwrap_or_default();
    bucket(turn, &to_bucket)?;
    made(turn, (&to_bucket, &to), &found, &content)
}

/// Writes the object with the request's metadata, and the source's where it gives none.
fn made(
    turn: &mut Turn<'_>,
    (bucket, name): (&str, &str),
    source: &Json,
    content: &[u8],
) -> Result<Json, Refusal> {
    let given = match turn.body.get("destination") {
        Some(destination) => destination.clone(),
        None => turn.body.clone(),
    };
    let of = |field: &str| if given[field].is_null() { &source[field] } else { &given[field] };
    let present = turn.store.find(&key(bucket, name));
    versions::check(turn, present)?;
    holds::free(present, turn.now)?;
    let home = storage::bucket(turn, bucket)?.clone();
    let kind = of("contentType").as_str().unwrap_or("application/octet-stream");
    let mut object = write(turn.store, turn.now, bucket, name, kind, content);
    for field in KEPT.iter().filter(|field| !of(field).is_null()) {
        object[*field] = of(field).clone();
    }
    if let Some(class) = given["storageClass"].as_str() {
        object["storageClass"] = json!(class);
    }
    holds::by_bucket(&mut object, &home, turn.now);
    turn.store.put(key(bucket, name), object.clone());
    Ok(object)
}

fn compose(turn: &mut Turn<'_>) -> Answer {
    let (bucket_name, name) = (turn.path[0].clone(), turn.path[1].clone());
    bucket(turn, &bucket_name)?;
    let sources = turn.body["sourceObjects"].as_array().cloned().unwrap_or_default();
    if sources.is_empty() || sources.len() > 32 {
        return Err(Refusal::invalid("An object is composed of 1 to 32 objects."));
    }
    let mut content = Vec::new();
    for source in &sources {
        let part = source["name"].as_str().unwrap_or_default();
        let generation = source["generation"].as_str();
        let found = versions::find(turn.store, &bucket_name, part, generation);
        let Some((place, object)) = found else {
            return Err(Refusal::not_found(format!("No such object: {bucket_name}/{part}")));
        };
        let wanted = source["objectPreconditions"]["ifGenerationMatch"].as_str();
        if wanted.is_some_and(|wanted| object["generation"] != wanted) {
            return Err(Refusal::condition(versions::BROKEN));
        }
        content.extend(turn.store.contents.get(&place).into_iter().flatten());
    }
    let mut object = made(turn, (&bucket_name, &name), &json!({}), &content)?;
    object["componentCount"] = json!(sources.len());
    // A composed object has no MD5 sum.
    if let Some(fields) = object.as_object_mut() {
        fields.remove("md5Hash");
    }
    turn.store.put(key(&bucket_name, &name), object.clone());
    turn::ok(&shown(turn, object))
}

/// Lists the managed folders: none, since the sandbox makes none.
fn no_folders(turn: &mut Turn<'_>) -> Answer {
    let name = turn.path[0].clone();
    bucket(turn, &name)?;
    turn::ok(&json!({"kind": "storage#managedFolders"}))
}

/// Tells how a bucket lays out its objects: flat, or in folders.
pub fn layout(turn: &mut Turn<'_>) -> Answer {
    let name = turn.path[0].clone();
    let bucket = storage::bucket(turn, &name)?;
    let folders = bucket["hierarchicalNamespace"]["enabled"] == json!(true);
    turn::ok(&json!({
        "kind": "storage#storageLayout", "bucket": name, "location": bucket["location"],
        "locationType": bucket["locationType"], "hierarchicalNamespace": {"enabled": folders},
    }))
}
