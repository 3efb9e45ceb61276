//! Cloud Storage: uploads in pieces, which go on where they broke off.
//!
//! The rules and the words of refusals are those of the documentation's page about resumable uploads and of its clients'
//! tests: every piece but the last is a multiple of 256 KiB, none leaves a gap, and what is there already is not written twice.

use serde_json::{Value as Json, json};

use crate::http::{HeaderValue, Method, Response, StatusCode};
use crate::sandbox::store::random;

use super::objects::{finish, key};
use super::refusal::Refusal;
use super::turn::{Answer, Turn};
use super::versions;

/// What pieces are a multiple of.
const QUANTUM: usize = 256 * 1024;

/// Begins an upload in pieces: the answer names the address that they go to.
pub fn begin(turn: &mut Turn<'_>, bucket: &str) -> Answer {
    let metadata: Json = serde_json::from_slice(&turn.request.body).unwrap_or_default();
    let named = turn.parameter("name").or(metadata["name"].as_str()).unwrap_or_default();
    versions::check(turn, turn.store.find(&key(bucket, named)))?;
    let kind = turn.request.header("x-upload-content-type").unwrap_or("application/octet-stream");
    let kind = metadata["contentType"].as_str().unwrap_or(kind).to_owned();
    let host = turn.request.header("host").unwrap_or("127.0.0.1").to_owned();
    let id = format!("upload-{}", hex::encode(random::<16>()));
    let address = format!("http://{host}{}&upload_id={id}", turn.request.url);
    turn.store.hidden.insert(id.clone(), json!({"metadata": metadata, "contentType": kind}));
    turn.store.contents.insert(id, Vec::new());
    let mut answer = Response::empty(StatusCode::OK);
    if let Ok(address) = HeaderValue::from_str(&address) {
        answer.headers.insert("location", address);
    }
    Ok(answer)
}

/// What a `Content-Range` says: the place of the piece's first byte and its length, and of how many bytes in all.
struct Range {
    piece: Option<(usize, usize)>,
    total: Option<usize>,
}

impl Range {
    /// Reads `bytes FIRST-LAST/TOTAL`, where a star stands for what is not known.
    fn read(text: &str) -> Option<Range> {
        let (piece, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let total = if total == "*" { None } else { Some(total.parse().ok()?) };
        if piece == "*" {
            return Some(Range { piece: None, total });
        }
        let (first, last) = piece.split_once('-')?;
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        let length = (last + 1).checked_sub(first)?;
        Some(Range { piece: Some((first, length)), total })
    }
}

/// Takes a piece of an upload, or tells how much of it there is; the last piece makes the object.
pub fn go_on(turn: &mut Turn<'_>, bucket: &str) -> Answer {
    let id = turn.parameter("upload_id").unwrap_or_default().to_owned();
    let Some(begun) = turn.store.hidden.get(&id).cloned() else {
        return Err(Refusal::not_found("The upload does not exist or has ended."));
    };
    if let Some(made) = begun.get("made") {
        return super::turn::ok(made);
    }
    // It is given up: 499 is what Cloud Storage says then.
    if turn.request.method == Method::DELETE {
        turn.store.hidden.remove(&id);
        turn.store.contents.remove(&id);
        let given_up = StatusCode::from_u16(499).unwrap_or(StatusCode::NO_CONTENT);
        return Ok(Response::empty(given_up));
    }
    let body = &turn.request.body;
    let whole = Range { piece: Some((0, body.len())), total: Some(body.len()) };
    let range = match turn.request.header("content-range").filter(|range| !range.is_empty()) {
        Some(text) => Range::read(text)
            .ok_or_else(|| Refusal::invalid("Failed to parse Content-Range header."))?,
        None => whole,
    };
    let content = turn.store.contents.entry(id.clone()).or_default();
    if let Some((first, length)) = range.piece {
        if length != body.len() {
            return Err(Refusal::invalid(format!(
                "Invalid request.  There were {} byte(s) in the request body.  There should have been {length} byte(s) \
                 (starting at offset {first} and ending at offset {}) according to the Content-Range header.",
                body.len(),
                (first + length).saturating_sub(1),
            )));
        }
        if first > content.len() {
            let detail = format!(
                "Invalid request.  According to the Content-Range header, the upload offset is {first} byte(s), which \
                 exceeds already uploaded size of {} byte(s).",
                content.len()
            );
            return Err(Refusal::unavailable(detail));
        }
        let ends = range.total.is_some_and(|total| first + length >= total);
        if !ends && !length.is_multiple_of(QUANTUM) {
            return Err(Refusal::invalid(format!(
                "Invalid request.  The number of bytes uploaded is required to be equal or greater than {QUANTUM}, except \
                 for the final request (it's recommended to be the exact multiple of {QUANTUM}).  The received request \
                 contained {length} bytes, which does not meet this requirement."
            )));
        }
        let known = (content.len() - first).min(length);
        content.extend_from_slice(&body[known..]);
    }
    let length = content.len();
    if range.total.is_none_or(|total| length < total) {
        return Ok(so_far(length));
    }
    let content = turn.store.contents.remove(&id).unwrap_or_default();
    turn.store.hidden.remove(&id);
    let kind = begun["contentType"].as_str().unwrap_or_default().to_owned();
    let answer = finish(turn, bucket, &begun["metadata"], &kind, &content)?;
    // Who asks again, since the answer was lost, hears of the object.
    let made: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
    turn.store.hidden.insert(id, json!({ "made": made }));
    Ok(answer)
}

/// Tells how many bytes there are of an upload that is not complete.
fn so_far(length: usize) -> Response {
    let mut answer = Response::empty(StatusCode::PERMANENT_REDIRECT);
    if length > 0
        && let Ok(range) = HeaderValue::from_str(&format!("bytes=0-{}", length - 1))
    {
        answer.headers.insert("range", range);
    }
    answer
}
