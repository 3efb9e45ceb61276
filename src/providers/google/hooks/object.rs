//! Objects of buckets: their bytes come from a file or from the configuration, and are told apart by their MD5 sum.
//!
//! A file's bytes are never kept, and never whole in memory where they are many; what the state has of them is the sum. A plan
//! says the sum that the object will have, so an apply whose file has changed in between stops.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::http::{Bytes, HeaderMap, HeaderValue};
use crate::providers::rest::api::{Ask, Upload};
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{first_block, text_at};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, ApiErrorKind, Failure, Problem};
use crate::value::{Path, Type, Value};

use super::contents::{Contents, Seen, sniffed};
use super::upload::{PIECE, Pieces};

/// `google_storage_bucket_object`.
pub struct Object;

/// Says of a plan that the object gets other bytes.
fn renewed(draft: &mut Draft<'_>, sum: Option<&str>) {
    let hexadecimal = sum.and_then(|sum| STANDARD.decode(sum).ok()).map(hex::encode);
    let known = |text: Option<&str>| match text {
        Some(text) => Value::string(text),
        None => Value::unknown_not_null(Type::String),
    };
    let unknown = Value::unknown_not_null;
    let is_same = |prior: &&Value| sum.is_some() && text_at(prior, "md5hash").as_deref() == sum;
    let crc32c = draft.prior.filter(is_same).and_then(|prior| prior.field("crc32c")).cloned();
    for (name, value) in [
        ("detect_md5hash", known(sum)),
        ("md5hash", known(sum)),
        ("md5hexhash", known(hexadecimal.as_deref())),
        ("crc32c", crc32c.unwrap_or_else(|| unknown(Type::String))),
        ("generation", unknown(Type::Number)),
        ("media_link", unknown(Type::String)),
    ] {
        draft.after = draft.after.with_field(name, value);
    }
}

/// Gives the headers of a request about what is encrypted with the customer's own key.
fn encryption(value: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(block) = first_block(value, "customer_encryption") else { return headers };
    let key = text_at(block, "encryption_key").unwrap_or_default();
    let sum = STANDARD.encode(Sha256::digest(STANDARD.decode(&key).unwrap_or_default()));
    let algorithm = text_at(block, "encryption_algorithm").unwrap_or_else(|| "AES256".into());
    for (name, text) in [
        ("x-goog-encryption-algorithm", algorithm),
        ("x-goog-encryption-key", key),
        ("x-goog-encryption-key-sha256", sum),
    ] {
        if let Ok(mut text) = HeaderValue::from_str(&text) {
            text.set_sensitive(true);
            headers.insert(name, text);
        }
    }
    headers
}

/// Makes the body of an upload of two parts: what is said of the object, and its bytes.
fn parts(metadata: &Json, kind: &str, bytes: &[u8]) -> Upload {
    let boundary = format!("part-{}", &hex::encode(Sha256::digest(bytes))[..32]);
    let head = format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n\
         --{boundary}\r\nContent-Type: {kind}\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let body = [head.as_bytes(), bytes, end.as_bytes()].concat();
    Upload {
        content_type: format!("multipart/related; boundary={boundary}"),
        bytes: Bytes::from(body),
    }
}

/// Looks at the bytes of an object that is written; other work goes on meanwhile.
async fn seen(contents: &Contents) -> std::io::Result<Seen> {
    let mut looking = contents.look()?;
    while looking.step()? {
        tokio::task::yield_now().await;
    }
    Ok(looking.seen())
}

/// Gives the bytes of an object that is written, where they are those that were planned.
async fn planned_contents(job: &Job<'_>, planned: &Value) -> Result<(Contents, Seen), ApiError> {
    let contents = Contents::of(planned, &job.session.defaults.root);
    let contents = contents.unwrap_or(Contents::Text(Bytes::new()));
    let found = seen(&contents).await.map_err(|error| unreadable(job, planned, &error))?;
    match text_at(planned, "md5hash").filter(|planned| *planned != found.sum) {
        None => Ok((contents, found)),
        Some(_) => Err(changed(job, planned)),
    }
}

fn unreadable(job: &Job<'_>, planned: &Value, error: &std::io::Error) -> ApiError {
    let source = text_at(planned, "source").unwrap_or_default();
    let detail = format!("{}: {source} cannot be read: {error}", job.what("reading"));
    ApiError::new(ApiErrorKind::Invalid, "File not readable", detail)
}

fn changed(job: &Job<'_>, planned: &Value) -> ApiError {
    let source = text_at(planned, "source").unwrap_or_default();
    let what = job.what("reading the file of");
    let detail = format!("{what}: {source} has changed since it was planned.");
    ApiError::new(ApiErrorKind::Invalid, "File changed", detail).help("Plan again.")
}

/// What an upload is to meet: nothing of that name, or what stands there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meets {
    Nothing,
    Anything,
}

impl Object {
    /// Writes the object: at once where it is short, in pieces where it is long.
    async fn upload(
        &self,
        job: &Job<'_>,
        planned: &Value,
        (deed, meets): (&str, Meets),
        until: Timestamp,
    ) -> Result<(), Failure> {
        let Some(call) = &job.spec.create else { return Ok(()) };
        let (contents, seen) = planned_contents(job, planned).await?;
        let mut metadata = job.body(planned);
        // The service holds what it got against it.
        metadata["md5Hash"] = seen.sum.as_str().into();
        let kind = match planned.field("force_empty_content_type").and_then(Value::as_bool) {
            Some(true) => String::new(),
            _ => text_at(planned, "content_type").unwrap_or_else(|| sniffed(&seen.head).into()),
        };
        metadata["contentType"] = kind.as_str().into();
        let mut ask = Ask { headers: encryption(planned), ..job.ask(call, planned, None, deed)? };
        if meets == Meets::Nothing {
            // What is there already is somebody else's.
            ask.path.push_str("&ifGenerationMatch=0");
        }
        if seen.length > PIECE as u64 {
            return self.in_pieces(job, (ask, &metadata), (&contents, &seen), planned, until).await;
        }
        let length = usize::try_from(seen.length).unwrap_or(PIECE);
        let bytes = contents.piece(0, length).map_err(|error| unreadable(job, planned, &error))?;
        ask.upload = Some(parts(&metadata, &kind, &bytes));
        match meets {
            Meets::Nothing => job.made(&ask, planned, until).await.map(drop),
            Meets::Anything => Ok(job.send(&ask, planned, until).await.map(drop)?),
        }
    }

    async fn in_pieces(
        &self,
        job: &Job<'_>,
        (mut ask, metadata): (Ask<'_>, &Json),
        (contents, seen): (&Contents, &Seen),
        planned: &Value,
        until: Timestamp,
    ) -> Result<(), Failure> {
        ask.path = ask.path.replace("uploadType=multipart", "uploadType=resumable");
        let content_type = "application/json; charset=UTF-8".into();
        ask.upload = Some(Upload { content_type, bytes: Bytes::from(metadata.to_string()) });
        let pieces = Pieces { job, begin: ask, contents, length: seen.length, until };
        match pieces.send(planned).await {
            Err(refused) if refused.status() == 400 && refused.message.contains("MD5") => {
                Err(changed(job, planned).into())
            }
            other => Ok(other?),
        }
    }

    /// Changes what is said of the object, and leaves its bytes alone.
    async fn rewrite(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
        until: Timestamp,
    ) -> Result<(), Failure> {
        let Some(call) = &job.spec.update.call else { return Ok(()) };
        for last in [false, false, true] {
            let found = job.session.get(job.spec, planned, &job.what("reading")).await?;
            let Some(Json::Object(mut fields)) = found else { return Err(gone(job).into()) };
            let generation = fields.get("metageneration").and_then(Json::as_str);
            let generation = generation.unwrap_or_default().to_string();
            let wanted = job.body(planned);
            for name in CHANGEABLE {
                match wanted.get(name) {
                    Some(member) => fields.insert((*name).into(), member.clone()),
                    None => fields.shift_remove(*name),
                };
            }
            let mut ask = job.ask(call, planned, Some(Json::Object(fields)), "updating")?;
            ask.path.push_str(&format!("?ifMetagenerationMatch={generation}"));
            if prior.field("retention") != planned.field("retention") {
                ask.path.push_str("&overrideUnlockedRetention=true");
            }
            match job.send(&ask, planned, until).await {
                // A try whose answer was lost may have done it: then the condition fails, and it is looked at again.
                Err(refused) if refused.status() == 412 && !last => {}
                other => return other.map(drop).map_err(Failure::from),
            }
        }
        Ok(())
    }
}

/// Says that an object that was to be changed is there no more.
fn gone(job: &Job<'_>) -> ApiError {
    let detail = format!("{} is there no more: it was removed since the plan.", job.action.address);
    ApiError::new(ApiErrorKind::NotFound, "Not found", detail).help("Plan again: it is made anew.")
}

/// The members that change without another upload.
const CHANGEABLE: &[&str] = &["eventBasedHold", "temporaryHold", "retention", "contexts"];

#[async_trait]
impl Hook for Object {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let customs = first_block(config, "contexts")
            .and_then(|block| block.field("custom"))
            .and_then(Value::elements);
        let keys: Vec<String> =
            customs.into_iter().flatten().filter_map(|custom| text_at(custom, "key")).collect();
        let twice = keys.iter().enumerate().find(|(place, key)| keys[..*place].contains(key));
        let path = Path::root().attribute("contexts");
        let found = twice.map(|(_, key)| {
            problem(&path, "Duplicate key", format!("There are two contexts with the key {key:?}."))
        });
        found.into_iter().collect()
    }

    fn plan(&self, draft: &mut Draft<'_>) {
        let config = draft.config;
        let is_written = |name: &str| config.field(name).is_some_and(|value| !value.is_null());
        if !is_written("content") {
            draft.after = draft.after.with_field("content", Value::null(Type::String));
        }
        let local = Contents::of(config, &draft.defaults.root);
        let local = local.and_then(|contents| Some(contents.seen().ok()?.sum));
        let Some(prior) = draft.prior else { return renewed(draft, local.as_deref()) };
        let standing = text_at(prior, "md5hash");
        let same = match is_written("source_md5hash") {
            true => prior.field("source_md5hash") == draft.after.field("source_md5hash"),
            false => local.is_some() && local == standing,
        };
        if !same {
            return renewed(draft, local.as_deref());
        }
        let kept = prior.field("detect_md5hash").cloned();
        draft.after = kept
            .into_iter()
            .fold(draft.after.clone(), |after, kept| after.with_field("detect_md5hash", kept));
    }

    /// The service tells contexts in its own order.
    fn answered(&self, object: &mut Json, base: Option<&Value>) {
        let contexts = base.and_then(|base| first_block(base, "contexts"));
        let customs = contexts.and_then(|block| block.field("custom")?.elements());
        let Some(told) = object.pointer_mut("/contexts/custom").and_then(Json::as_object_mut)
        else {
            return;
        };
        let mut ordered = Map::new();
        for key in customs.into_iter().flatten().filter_map(|custom| text_at(custom, "key")) {
            if let Some(custom) = told.shift_remove(&key) {
                ordered.insert(key, custom);
            }
        }
        ordered.append(told);
        *told = ordered;
    }

    /// The sums of what is encrypted with the customer's own key are told only to who has it.
    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        object: &Json,
    ) -> Value {
        let headers = encryption(&value);
        let Some(call) = spec.read.as_ref().filter(|_| !headers.is_empty()) else { return value };
        if object.get("md5Hash").is_some() {
            return value;
        }
        let Ok(ask) = session.ask(spec, call, &value, None, "reading the sums of an object") else {
            return value;
        };
        match session.api.send(&Ask { headers, ..ask }, &*session.api.clock).await {
            Ok(whole) => session.decoded(spec, &whole, Some(&value)),
            Err(refused) => {
                tracing::warn!(status = %refused.status(), "the sums of the object cannot be read");
                value
            }
        }
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let until = job.until("create", planned);
        match self.upload(job, planned, ("creating", Meets::Nothing), until).await {
            Ok(()) => job.settle(planned, until).await,
            Err(failure) if failure.error.status == Some(412) => {
                let text = |name: &str| text_at(planned, name).unwrap_or_default();
                let detail = format!(
                    "{}: the bucket \"{}\" has an object \"{}\" already. It was left alone.",
                    job.what("creating"),
                    text("bucket"),
                    text("name")
                );
                Err(ApiError::new(ApiErrorKind::Conflict, "The object exists already", detail)
                    .help("Choose another name; or import the object, and the plan shows what would change in it.")
                    .into())
            }
            Err(failure) => Err(failure),
        }
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let until = job.until("update", planned);
        let changed =
            |names: &[&str]| names.iter().any(|name| prior.field(name) != planned.field(name));
        // A sum that is not written any more says nothing of the bytes.
        let summed = changed(&["source_md5hash"]) && text_at(planned, "source_md5hash").is_some();
        if summed || changed(&["md5hash", "detect_md5hash"]) {
            self.upload(job, planned, ("updating", Meets::Anything), until).await?;
        } else if changed(&["event_based_hold", "temporary_hold", "retention", "contexts"]) {
            self.rewrite(job, prior, planned, until).await?;
        }
        job.settle(planned, until).await
    }
}
