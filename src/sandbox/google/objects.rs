//! Cloud Storage: objects, their bytes, and who may read them without a token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::http::{Body, Bytes, HeaderMap, HeaderValue, Request, Response, StatusCode};
use crate::sandbox::store::{Store, merge_fields, stamp};

use super::described::Match;
use super::holds;
use super::listing;
use super::policy;
use super::refusal::{Refusal, Style};
use super::storage::{self, bucket};
use super::turn::{self, Answer, Row, Turn};
use super::uploads;
use super::versions;

/// The methods.
pub const ROWS: &[Row] = &[
    ("storage.objects.insert", insert),
    ("storage.objects.get", get),
    ("storage.objects.list", listing::list),
    ("storage.objects.patch", patch),
    ("storage.objects.update", update),
    ("storage.objects.delete", delete),
];

const READERS: &[&str] = &[
    "roles/storage.objectViewer",
    "roles/storage.legacyObjectReader",
    "roles/storage.objectAdmin",
    "roles/storage.admin",
];

/// Gives an object's key.
pub fn key(bucket: &str, object: &str) -> String {
    format!("storage/b/{bucket}/o/{object}")
}

/// Writes an object's bytes in the place of those that are there; the bucket is there.
pub fn write(
    store: &mut Store,
    now: Timestamp,
    bucket: &str,
    name: &str,
    content_type: &str,
    content: &[u8],
) -> Json {
    versions::retire(store, now, bucket, name);
    let generation = (1_700_000_000_000_000 + store.count()).to_string();
    let class = store
        .find(&storage::key(bucket))
        .map(|b| b["storageClass"].clone())
        .unwrap_or(json!("STANDARD"));
    let path: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let object = json!({
        "kind": "storage#object",
        "id": format!("{bucket}/{name}/{generation}"),
        "selfLink": format!("https://www.googleapis.com/storage/v1/b/{bucket}/o/{path}"),
        "mediaLink": format!("https://storage.googleapis.com/download/storage/v1/b/{bucket}/o/{path}?generation={generation}&alt=media"),
        "name": name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": content_type,
        "storageClass": class,
        "size": content.len().to_string(),
        "md5Hash": STANDARD.encode(Md5::digest(content)),
        "crc32c": STANDARD.encode(crc32c(content).to_be_bytes()),
        "etag": store.etag(),
        "timeCreated": stamp(now),
        "updated": stamp(now),
        "timeStorageClassUpdated": stamp(now),
    });
    store.put(key(bucket, name), object.clone());
    store.contents.insert(key(bucket, name), content.to_vec());
    object
}

fn insert(turn: &mut Turn<'_>) -> Answer {
    let bucket_name = turn.path[0].clone();
    bucket(turn, &bucket_name)?;
    let content_type =
        turn.request.header("content-type").unwrap_or("application/octet-stream").to_owned();
    if turn.parameter("upload_id").is_some() {
        return uploads::go_on(turn, &bucket_name);
    }
    let (metadata, content_type, content) = match turn.parameter("uploadType") {
        Some("resumable") => return uploads::begin(turn, &bucket_name),
        Some("media") => (json!({}), content_type, turn.request.body.to_vec()),
        Some("multipart") => parts(&content_type, &turn.request.body)?,
        Some(other) => {
            return Err(Refusal::invalid(format!(
                "Upload type \"{other}\" is not offered by the sandbox."
            )));
        }
        None => (turn.body.clone(), content_type, Vec::new()),
    };
    finish(turn, &bucket_name, &metadata, &content_type, &content)
}

/// Makes the object of its metadata and bytes.
pub fn finish(
    turn: &mut Turn<'_>,
    bucket_name: &str,
    metadata: &Json,
    kind: &str,
    content: &[u8],
) -> Answer {
    let name = turn.parameter("name").or(metadata["name"].as_str()).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Refusal::required("name"));
    }
    let present = turn.store.find(&key(bucket_name, &name));
    versions::check(turn, present)?;
    holds::free(present, turn.now)?;
    let sum = STANDARD.encode(Md5::digest(content));
    if let Some(given) = metadata["md5Hash"].as_str().filter(|given| *given != sum) {
        return Err(Refusal::invalid(format!(
            "Provided MD5 hash \"{given}\" doesn't match calculated MD5 hash \"{sum}\"."
        )));
    }
    let home = bucket(turn, bucket_name)?.clone();
    let encryption = encryption(turn.request)?;
    let mut scratch = json!({});
    holds::take(&mut scratch, metadata, &home, false, turn.now)?;
    let mut object = write(turn.store, turn.now, bucket_name, &name, kind, content);
    merge_fields(&mut object, &scratch);
    holds::by_bucket(&mut object, &home, turn.now);
    if object["contentType"] == json!("") {
        object.as_object_mut().map(|fields| fields.shift_remove("contentType"));
    }
    if let Some(sum) = encryption {
        object["customerEncryption"] = json!({"encryptionAlgorithm": "AES256", "keySha256": sum});
    }
    if let Some(name) = turn.parameter("kmsKeyName").or(metadata["kmsKeyName"].as_str()) {
        object["kmsKeyName"] = json!(format!("{name}/cryptoKeyVersions/1"));
    }
    turn.store.put(key(bucket_name, &name), object.clone());
    turn::ok(&shown(turn, object))
}

/// Gives the sum of the key that a request wants an object encrypted with, or read with.
fn encryption(request: &Request) -> Result<Option<String>, Refusal> {
    let Some(key) = request.header("x-goog-encryption-key") else { return Ok(None) };
    let bytes = STANDARD.decode(key).ok().filter(|bytes| bytes.len() == 32);
    let sum = bytes.map(|bytes| STANDARD.encode(Sha256::digest(bytes)));
    let given = request.header("x-goog-encryption-key-sha256");
    let algorithm = request.header("x-goog-encryption-algorithm");
    match sum.filter(|sum| Some(sum.as_str()) == given && algorithm == Some("AES256")) {
        Some(sum) => Ok(Some(sum)),
        None => Err(Refusal::invalid("Missing an encryption key, or it is not valid.")),
    }
}

/// Refuses to give the bytes of an object to who does not have its key.
fn opened(object: &Json, request: &Request) -> Result<(), Refusal> {
    let wanted = object["customerEncryption"]["keySha256"].as_str();
    match (wanted, encryption(request)?) {
        (Some(wanted), Some(given)) if wanted == given => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::invalid("The provided encryption key is incorrect.")),
        (Some(_), None) => Err(Refusal::invalid(
            "The target object is encrypted by a customer-supplied encryption key.",
        )),
        (None, Some(_)) => Err(Refusal::invalid(
            "The target object is not encrypted by a customer-supplied encryption key.",
        )),
        (None, None) => Ok(()),
    }
}

/// Takes a multipart upload apart: metadata, then the bytes and their type.
fn parts(content_type: &str, body: &[u8]) -> Result<(Json, String, Vec<u8>), Refusal> {
    let broken = || Refusal::invalid("Malformed multipart body.");
    let boundary = content_type
        .split("boundary=")
        .nth(1)
        .ok_or_else(broken)?
        .trim_matches(['"', '\''])
        .to_owned();
    let mark = format!("--{boundary}");
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(at) = position(rest, mark.as_bytes()) {
        let after = &rest[at + mark.len()..];
        let Some(end) = position(after, mark.as_bytes()) else { break };
        let part = &after[..end];
        let split = position(part, b"\r\n\r\n")
            .map(|at| (at, 4))
            .or(position(part, b"\n\n").map(|at| (at, 2)));
        let (at, gap) = split.ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&part[..at]).into_owned();
        let mut content = &part[at + gap..];
        content = content.strip_suffix(b"\r\n").or(content.strip_suffix(b"\n")).unwrap_or(content);
        found.push((head, content.to_vec()));
        rest = &after[end..];
    }
    let [(_, metadata), (head, content)] = found.as_slice() else { return Err(broken()) };
    let metadata = serde_json::from_slice(metadata).map_err(|_| broken())?;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:"));
    let kind = line
        .and_then(|line| line.split_once(':'))
        .map_or("application/octet-stream", |(_, kind)| kind.trim());
    Ok((metadata, kind.to_owned(), content.clone()))
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Finds the version of an object that the request means, with the key of its bytes.
fn find<'a>(turn: &'a Turn<'_>) -> Result<(String, &'a Json), Refusal> {
    let (bucket_name, name) = (&turn.path[0], &turn.path[1]);
    bucket(turn, bucket_name)?;
    let found = versions::find(turn.store, bucket_name, name, turn.parameter("generation"));
    found.ok_or_else(|| Refusal::not_found(format!("No such object: {bucket_name}/{name}")))
}

/// Gives an object as it is answered: its bytes are at the address that the request came to.
pub fn shown(turn: &Turn<'_>, mut object: Json) -> Json {
    let host = turn.request.header("host").unwrap_or("127.0.0.1");
    if let Some(link) = object["mediaLink"].as_str() {
        object["mediaLink"] =
            json!(link.replace("https://storage.googleapis.com", &format!("http://{host}")));
    }
    // The sums of what is encrypted are for who has the key.
    if object["customerEncryption"].is_object()
        && turn.request.header("x-goog-encryption-key").is_none()
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("md5Hash");
        fields.remove("crc32c");
    }
    object
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let (place, object) = find(turn)?;
    let object = object.clone();
    if versions::check(turn, Some(&object)).is_err() {
        let unchanged = turn.query.iter().any(|(name, _)| name.ends_with("NotMatch"));
        if unchanged {
            return Ok(Response::empty(StatusCode::NOT_MODIFIED));
        }
        versions::check(turn, Some(&object))?;
    }
    if turn.parameter("alt") != Some("media") {
        return turn::ok(&shown(turn, object));
    }
    opened(&object, turn.request)?;
    let range = turn.request.header("range");
    Ok(media(turn.store, &place, &object, range))
}

fn media(store: &Store, key: &str, object: &Json, range: Option<&str>) -> Response {
    let content = store.contents.get(key).map(Vec::as_slice).unwrap_or_default();
    let mut headers = HeaderMap::new();
    let mut header = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    let sum = |field: &str| object[field].as_str().unwrap_or_default();
    header("x-goog-hash", format!("crc32c={},md5={}", sum("crc32c"), sum("md5Hash")));
    header("x-goog-generation", sum("generation").to_owned());
    header("x-goog-metageneration", sum("metageneration").to_owned());
    header("x-goog-stored-content-encoding", "identity".to_owned());
    header("x-goog-stored-content-length", content.len().to_string());
    header("etag", sum("etag").to_owned());
    let mut status = StatusCode::OK;
    let mut part = content;
    if let Some((first, last)) = range.and_then(|range| cut(range, content.len())) {
        header("content-range", format!("bytes {first}-{last}/{}", content.len()));
        part = &content[first..=last];
        status = StatusCode::PARTIAL_CONTENT;
    }
    let kind = object["contentType"].as_str().unwrap_or("application/octet-stream");
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert("content-type", kind);
    }
    Response { status, headers, body: Body::Whole(Bytes::from(part.to_vec())) }
}

/// Gives the first and the last byte that a `Range` header asks for; nothing where it is no range of the object.
fn cut(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(end)),
        (Ok(first), Err(_)) => (first, end),
        (Err(_), Ok(count)) => (length.saturating_sub(count), end),
        (Err(_), Err(_)) => return None,
    };
    (first <= last).then_some((first, last))
}

/// Changes what is said of an object: some of it, or all at once.
fn change(turn: &mut Turn<'_>, whole: bool) -> Answer {
    let (place, found) = find(turn)?;
    let before = found.clone();
    versions::check(turn, Some(&before))?;
    let home = bucket(turn, &turn.path[0])?.clone();
    let mut given = turn.body.clone();
    // What is in maps is changed one by one.
    for name in ["metadata", "contexts"].into_iter().filter(|_| !whole) {
        if given[name].is_object() {
            given[name] = storage::patched(&before[name], &given[name]);
        }
    }
    let mut object = before.clone();
    holds::take(&mut object, &given, &home, whole, turn.now)?;
    let meant = turn.parameter("overrideUnlockedRetention") == Some("true");
    holds::retained(&before, &object, meant, turn.now)?;
    let next =
        object["metageneration"].as_str().and_then(|n| n.parse::<u64>().ok()).unwrap_or(1) + 1;
    object["metageneration"] = json!(next.to_string());
    object["etag"] = json!(turn.store.etag());
    object["updated"] = json!(stamp(turn.now));
    if object["timeDeleted"].is_null() {
        turn.store.put(place, object.clone());
    } else {
        turn.store.hidden.insert(place, object.clone());
        turn.store.dirty = true;
    }
    turn::ok(&shown(turn, object))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    change(turn, false)
}

fn update(turn: &mut Turn<'_>) -> Answer {
    change(turn, true)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, object) = find(turn)?;
    versions::check(turn, Some(object))?;
    holds::free(Some(object), turn.now)?;
    if turn.parameter("generation").is_some() {
        versions::remove(turn.store, &place);
    } else {
        let (bucket, name) = (turn.path[0].clone(), turn.path[1].clone());
        versions::retire(turn.store, turn.now, &bucket, &name);
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// Says whether a request without a token may be done: reading an object that everybody may read.
pub fn is_public(store: &Store, found: &Match<'_>) -> bool {
    matches!(found.method.id.as_str(), "storage.objects.get" | "storage.objects.list")
        && found.path.first().is_some_and(|bucket| readable(store, bucket))
}

fn readable(store: &Store, bucket: &str) -> bool {
    policy::grants(store, &storage::key(bucket), READERS, "allUsers")
}

/// Answers a request for an object by its own address, `/BUCKET/OBJECT`, where who asks may read it; nothing where
/// there is no such bucket.
pub fn by_address(
    store: &Store,
    path: &[String],
    request: &Request,
    good: bool,
) -> Option<Response> {
    let (bucket, rest) = path.split_first()?;
    store.find(&storage::key(bucket))?;
    if !good && !readable(store, bucket) {
        return None;
    }
    let key = key(bucket, &rest.join("/"));
    let Some(object) = store.find(&key) else {
        let text = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The specified key \
                    does not exist.</Message></Error>";
        let mut answer = Response::text(StatusCode::NOT_FOUND, text);
        answer.headers.insert("content-type", HeaderValue::from_static("application/xml"));
        return Some(answer);
    };
    Some(match opened(object, request) {
        Ok(()) => media(store, &key, object, request.header("range")),
        Err(refusal) => refusal.answer(Style::Errors),
    })
}

fn crc32c(content: &[u8]) -> u32 {
    !content.iter().fold(u32::MAX, |sum, byte| CASTAGNOLI[(sum as u8 ^ byte) as usize] ^ (sum >> 8))
}

/// What each byte makes of a CRC-32C.
static CASTAGNOLI: [u32; 256] = castagnoli();

const fn castagnoli() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0x82f6_3b78 } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        // The check value of CRC-32C.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_range_is_within_the_object() {
        let cases = [
            ("bytes=0-3", Some((0, 3))),
            ("bytes=4-", Some((4, 9))),
            ("bytes=-2", Some((8, 9))),
            ("bytes=8-99", Some((8, 9))),
            ("bytes=10-", None),
            ("lines=0-3", None),
        ];
        for (range, expected) in cases {
            assert_eq!(cut(range, 10), expected, "{range}");
        }
        assert_eq!(cut("bytes=0-", 0), None);
    }

    #[test]
    fn a_multipart_body_comes_apart() {
        let body = b"--b\r\nContent-Type: application/json\r\n\r\n{\"name\":\"x\"}\r\n--b\r\nContent-Type: text/css\r\n\r\na{}\r\n--b--";
        let (metadata, kind, content) = parts("multipart/related; boundary=b", body).unwrap();
        assert_eq!(
            (metadata["name"].as_str(), kind.as_str(), content.as_slice()),
            (Some("x"), "text/css", &b"a{}"[..])
        );
    }
}
