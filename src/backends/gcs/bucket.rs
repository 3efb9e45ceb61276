//! Single calls to Cloud Storage about the objects of one bucket: with tokens, tries, and conditions.
//!
//! A call that names a condition may be sent again; whether the first try was done after all is for the caller to find
//! out, who is told that nobody knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::auth::google::GoogleTokens;
use crate::auth::storage_key::StorageKey;
use crate::backends::store::StoreError;
use crate::http::client::Transport;
use crate::http::retry::{Retry, message};
use crate::http::{Clock, HeaderValue, Method, Request, Response};

/// A bucket, and the way to it.
pub(super) struct Bucket {
    pub(super) name: String,
    /// The service's address with its version and a slash at the end.
    pub(super) base: String,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) tokens: GoogleTokens,
    pub(super) clock: Arc<dyn Clock>,
    /// The key that the bytes are encrypted with.
    pub(super) key: Option<StorageKey>,
    /// The name of the key at the key service that new objects are encrypted with.
    pub(super) kms: Option<String>,
    /// Whether the service ever answered.
    pub(super) answered: AtomicBool,
}

/// An object without its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) generation: String,
    pub(super) metageneration: String,
    pub(super) metadata: std::collections::BTreeMap<String, String>,
    pub(super) md5: Option<String>,
    pub(super) written: Option<jiff::Timestamp>,
    /// It is a former version.
    pub(super) former: bool,
}

/// An object's bytes and which version they are of.
pub(super) struct Bytes {
    pub(super) bytes: Vec<u8>,
    pub(super) generation: String,
    pub(super) metageneration: String,
}

/// What a call came to where it was not done.
#[derive(Debug)]
pub(super) enum Failed {
    /// There is no such object, or no such bucket.
    Missing,
    /// A condition does not hold; `again` says that an earlier try may have been done.
    Condition { again: bool },
    /// It failed otherwise: the text for people. `unknown` says that it may have been done all the same.
    Other { why: String, unknown: bool },
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> StoreError {
        StoreError::Failed(match failed {
            Failed::Missing => "there is no such object".to_string(),
            Failed::Condition { .. } => "somebody else wrote it meanwhile".to_string(),
            Failed::Other { why, .. } => why,
        })
    }
}

/// Under which conditions on the object that is there a call is done.
#[derive(Clone, Copy, Default)]
pub(super) struct If<'a> {
    pub(super) generation: Option<&'a str>,
    pub(super) metageneration: Option<&'a str>,
}

impl<'a> If<'a> {
    /// Only where there is none.
    pub(super) const ABSENT: If<'static> = If { generation: Some("0"), metageneration: None };

    /// Only on this generation.
    pub(super) fn generation(generation: &'a str) -> If<'a> {
        If { generation: Some(generation), metageneration: None }
    }

    fn query(&self, mark: char) -> String {
        let mut parts = Vec::new();
        let both = [
            ("ifGenerationMatch", self.generation),
            ("ifMetagenerationMatch", self.metageneration),
        ];
        for (name, value) in both {
            parts.extend(value.map(|value| format!("{name}={value}")));
        }
        if parts.is_empty() { String::new() } else { format!("{mark}{}", parts.join("&")) }
    }
}

/// How often a call is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tries {
    Once,
    Many,
}

impl Bucket {
    /// Gives an object's bytes, of a generation or the present ones.
    pub(super) async fn bytes(
        &self,
        object: &str,
        generation: Option<&str>,
    ) -> Result<Bytes, Failed> {
        self.media(object, generation, self.key.as_ref()).await
    }

    /// Gives the bytes of an object that is not encrypted with the key.
    pub(super) async fn plain_bytes(
        &self,
        object: &str,
        generation: Option<&str>,
    ) -> Result<Vec<u8>, Failed> {
        self.media(object, generation, None).await.map(|read| read.bytes)
    }

    async fn media(
        &self,
        object: &str,
        generation: Option<&str>,
        key: Option<&StorageKey>,
    ) -> Result<Bytes, Failed> {
        let of = generation.map(|it| format!("&generation={it}")).unwrap_or_default();
        let url = format!("{}?alt=media{of}", self.url(object));
        let mut damaged = 0;
        loop {
            let mut request = Request::new(Method::GET, &url);
            if let Some(key) = key {
                key.add(&mut request);
            }
            let answer = self.send(request, Tries::Many).await?;
            let header = |name: &str| {
                let value = answer.headers.get(name).and_then(|it| it.to_str().ok());
                value.unwrap_or_default().to_string()
            };
            let read = Bytes {
                bytes: answer.bytes().to_vec(),
                generation: header("x-goog-generation"),
                metageneration: header("x-goog-metageneration"),
            };
            if is_whole(&read.bytes, &answer) {
                return Ok(read);
            }
            damaged += 1;
            if damaged == 3 {
                let why = format!("\"{object}\" arrives damaged: its MD5 sum is another one");
                return Err(Failed::Other { why, unknown: false });
            }
        }
    }

    /// Gives what the service says of an object.
    pub(super) async fn look(&self, object: &str) -> Result<Object, Failed> {
        let request = Request::new(Method::GET, self.url(object));
        Ok(read_object(&json_of(&self.send(request, Tries::Many).await?)))
    }

    /// Writes an object whole, with custom metadata, under a condition.
    pub(super) async fn write(
        &self,
        object: &str,
        bytes: &[u8],
        metadata: &Json,
        condition: If<'_>,
        encrypted: bool,
    ) -> Result<Object, Failed> {
        let kms = self.kms.as_ref().filter(|_| encrypted);
        let kms = kms.map(|name| format!("&kmsKeyName={}", escaped(name))).unwrap_or_default();
        let url = format!(
            "{}/o?uploadType=multipart&name={}{}{kms}",
            self.upload(),
            escaped(object),
            condition.query('&')
        );
        let boundary = Uuid::new_v4().simple().to_string();
        let about =
            json!({"name": object, "contentType": "application/json", "metadata": metadata});
        let mut body = format!(
            "--{boundary}\r\nContent-Type: application/json\r\n\r\n{about}\r\n--{boundary}\r\nContent-Type: \
             application/json\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let mut request = Request::new(Method::POST, url);
        request.body = body.into();
        let kind = format!("multipart/related; boundary={boundary}");
        let kind = HeaderValue::from_str(&kind).expect("a boundary is letters and digits");
        request.headers.insert("content-type", kind);
        if let Some(key) = self.key.as_ref().filter(|_| encrypted) {
            key.add(&mut request);
        }
        Ok(read_object(&json_of(&self.send(request, Tries::Many).await?)))
    }

    /// Changes an object's custom metadata; its generation stays.
    pub(super) async fn mark(
        &self,
        object: &str,
        metadata: &Json,
        condition: If<'_>,
    ) -> Result<(), Failed> {
        self.patch(object, metadata, condition, Tries::Many).await
    }

    /// The same in one try, for what is done again soon.
    pub(super) async fn mark_once(
        &self,
        object: &str,
        metadata: &Json,
        condition: If<'_>,
    ) -> Result<(), Failed> {
        self.patch(object, metadata, condition, Tries::Once).await
    }

    async fn patch(
        &self,
        object: &str,
        metadata: &Json,
        condition: If<'_>,
        tries: Tries,
    ) -> Result<(), Failed> {
        let url = format!("{}{}", self.url(object), condition.query('?'));
        let request = Request::new(Method::PATCH, url).json(&json!({"metadata": metadata}));
        self.send(request, tries).await.map(|_| ())
    }

    /// Removes an object.
    pub(super) async fn delete(&self, object: &str, condition: If<'_>) -> Result<(), Failed> {
        let url = format!("{}{}", self.url(object), condition.query('?'));
        self.send(Request::new(Method::DELETE, url), Tries::Many).await.map(|_| ())
    }

    /// Lists the objects whose names begin so: directly in that folder with `flat`, all versions with `former`.
    pub(super) async fn list(
        &self,
        prefix: &str,
        flat: bool,
        former: bool,
    ) -> Result<Vec<Object>, Failed> {
        let (mut found, mut page) = (Vec::new(), String::new());
        loop {
            let mut url =
                format!("{}b/{}/o?prefix={}", self.base, escaped(&self.name), escaped(prefix));
            url.push_str(if flat { "&delimiter=%2F" } else { "" });
            url.push_str(if former { "&versions=true" } else { "" });
            if !page.is_empty() {
                url.push_str(&format!("&pageToken={}", escaped(&page)));
            }
            let answer = match self.send(Request::new(Method::GET, url), Tries::Many).await {
                Err(Failed::Missing) => return Err(self.no_bucket()),
                answer => json_of(&answer?),
            };
            found.extend(answer["items"].as_array().into_iter().flatten().map(read_object));
            match answer["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() && next != page => page = next.to_string(),
                _ => return Ok(found),
            }
        }
    }

    /// Says that there is no such bucket, and how to make it.
    pub(super) fn no_bucket(&self) -> Failed {
        let why = format!(
            "the bucket \"{0}\" does not exist. Make it first, with versions: gcloud storage buckets create gs://{0} \
             --uniform-bucket-level-access && gcloud storage buckets update gs://{0} --versioning; or correct \"bucket\" in the \
             backend block",
            self.name
        );
        Failed::Other { why, unknown: false }
    }

    /// Gives an object's address.
    fn url(&self, object: &str) -> String {
        format!("{}b/{}/o/{}", self.base, escaped(&self.name), escaped(object))
    }

    /// Gives the bucket's address for uploads, which is at the root of the host.
    fn upload(&self) -> String {
        let start = self.base.find("://").map_or(0, |at| at + 3);
        let host = self.base[start..].find('/').map_or(self.base.len(), |at| start + at);
        format!("{}/upload/storage/v1/b/{}", &self.base[..host], escaped(&self.name))
    }

    async fn send(&self, request: Request, tries: Tries) -> Result<Response, Failed> {
        let (mut tried, mut unknown) = (0, false);
        loop {
            tried += 1;
            let failed = match self.once(&request).await {
                Ok(answer) => return Ok(answer),
                Err((Failed::Condition { .. }, _)) => {
                    return Err(Failed::Condition { again: unknown });
                }
                // What a try before this one removed is not there any more.
                Err((Failed::Missing, _)) if unknown && request.method == Method::DELETE => {
                    return Err(Failed::Condition { again: true });
                }
                Err(failed) => failed,
            };
            let (failed, again) = failed;
            unknown |= matches!(failed, Failed::Other { unknown: true, .. });
            let known = self.answered.load(Ordering::Relaxed);
            let retry = if known { Retry::default() } else { Retry::first() };
            match retry.pause(tried).filter(|_| again && tries == Tries::Many) {
                Some(pause) => self.clock.sleep(pause).await,
                None => {
                    return Err(match failed {
                        Failed::Other { why, .. } => Failed::Other { why, unknown },
                        failed => failed,
                    });
                }
            }
        }
    }

    /// Sends a request once; a failure comes with whether another try is worth it.
    async fn once(&self, request: &Request) -> Result<Response, (Failed, bool)> {
        let other = |why: String, unknown: bool| Failed::Other { why, unknown };
        let token = self.tokens.token().await;
        let token = token.map_err(|error| {
            let why = error.to_string();
            (other(why.trim_end_matches('.').to_string(), false), false)
        })?;
        let mut request = request.clone();
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut bearer =
            bearer.map_err(|_| (other("the access token is not one".into(), false), false))?;
        bearer.set_sensitive(true);
        request.headers.insert(::http::header::AUTHORIZATION, bearer);
        let method = request.method.clone();
        let answer = self.transport.send(request).await.map_err(|error| {
            let why = format!("{} gives no answer: {}", host(&self.base), error.message);
            (other(why, error.sent), true)
        })?;
        self.answered.store(true, Ordering::Relaxed);
        let status = answer.status.as_u16();
        match status {
            200..=299 => Ok(answer),
            404 => Err((Failed::Missing, false)),
            // 304 is what a read under a condition is answered with.
            304 | 412 => Err((Failed::Condition { again: false }, false)),
            _ => {
                let said = message(&json_of(&answer));
                let again = matches!(status, 408 | 429 | 500 | 502..=504);
                let unknown = matches!(status, 408 | 500 | 502..=504);
                Err((other(self.refused(status, &method, &said), unknown), again))
            }
        }
    }

    /// Says what an answer means, and what can be done.
    fn refused(&self, status: u16, method: &Method, said: &str) -> String {
        let said = if said.is_empty() { "no explanation was given" } else { said };
        let said = said.trim_end_matches('.');
        let help = match status {
            401 => " (log in again with `gcloud auth application-default login`, or look at \"credentials\" and \"access_token\")".to_string(),
            403 if *method == Method::GET => format!(
                " (who only plans needs storage.objects.get and storage.objects.list: roles/storage.objectViewer on gs://{})",
                self.name
            ),
            403 => format!(
                " (who writes needs storage.objects.get, list, create, update and delete: roles/storage.objectUser on gs://{})",
                self.name
            ),
            429 => " (an object can be written about once a second)".to_string(),
            _ => String::new(),
        };
        format!("the service answers {status}: {said}{help}")
    }
}

fn host(base: &str) -> &str {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn json_of(answer: &Response) -> Json {
    serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null)
}

/// Gives a text as a part of a path or a query.
fn escaped(text: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    escaped.replace('+', "%20")
}

/// Holds the bytes against the sum that came with them.
fn is_whole(bytes: &[u8], answer: &Response) -> bool {
    let sums = answer.headers.get_all("x-goog-hash").iter().filter_map(|sum| sum.to_str().ok());
    let md5 = sums.flat_map(|sums| sums.split(',')).find_map(|sum| sum.trim().strip_prefix("md5="));
    md5.is_none_or(|md5| md5.is_empty() || md5 == sum(bytes))
}

/// Gives the MD5 sum as the service writes it.
pub(super) fn sum(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

fn read_object(json: &Json) -> Object {
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_string();
    let metadata = json["metadata"].as_object().into_iter().flatten();
    Object {
        name: text("name"),
        generation: text("generation"),
        metageneration: text("metageneration"),
        metadata: metadata
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())))
            .collect(),
        md5: json["md5Hash"].as_str().map(String::from),
        written: json["timeCreated"].as_str().and_then(|text| text.parse().ok()),
        former: !json["timeDeleted"].is_null(),
    }
}
