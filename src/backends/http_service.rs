//! The server of an `http` backend: its addresses and methods, who one is to it, and what is tried again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use serde_json::Value as Json;
use url::Url;

use super::Holder;
use super::kinds::Given;
use super::store::StoreError;
use crate::diag::Diagnostic;
use crate::http::client::{Client, Tls, Transport};
use crate::http::retry::after;
use crate::http::{Bytes, Clock, HeaderMap, HeaderName, HeaderValue, Method, Request, SystemClock};

/// Where the state is, and how it is asked for.
pub(super) struct Service {
    client: Client,
    address: Url,
    shown: String,
    update: Method,
    locking: Option<Locking>,
    authorization: Option<HeaderValue>,
    tries: Tries,
}

/// Where the lock is.
pub(super) struct Locking {
    lock: (Method, Url),
    unlock: (Method, Url),
}

/// How often, and after which pauses, a request is sent.
struct Tries {
    most: u32,
    first: Duration,
    longest: Duration,
}

/// What is sent.
pub(super) enum Body<'a> {
    None,
    Json(&'a [u8]),
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// An earlier try may have been received.
    pub(super) again: bool,
    headers: HeaderMap,
    /// What was asked: for messages.
    asked: String,
}

impl Service {
    /// Makes it from a block's settings.
    pub(super) fn new(given: &Given<'_>) -> Result<Service, Diagnostic> {
        let mut address =
            address(given, "address")?.ok_or_else(|| wrong("address", "is missing"))?;
        let lock = address_of_lock(given)?;
        let username = given.text("username").unwrap_or_else(|| decoded(address.username()));
        let password =
            given.text("password").or_else(|| address.password().map(decoded)).unwrap_or_default();
        strip(&mut address);
        let authorization = (!username.is_empty()).then(|| authorization(&username, &password));
        let number = |name: &str, default: u64| {
            given.get(name).and_then(|value| value.as_u64()).unwrap_or(default)
        };
        let mut shown = address.clone();
        shown.set_query(None);
        Ok(Service {
            client: client(given)?,
            shown: shown.to_string(),
            address,
            update: method(given, "update_method", "POST")?,
            locking: lock,
            authorization,
            tries: Tries {
                most: u32::try_from(number("retry_max", 2)).unwrap_or(u32::MAX),
                first: Duration::from_secs(number("retry_wait_min", 1)),
                longest: Duration::from_secs(number("retry_wait_max", 30)),
            },
        })
    }

    /// Gives the state's address.
    pub(super) fn address(&self) -> &str {
        self.address.as_str()
    }

    /// Gives the state's address as people may see it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Gives the address for a write under a lock.
    pub(super) fn address_with(&self, lock: &str) -> String {
        let mut url = self.address.clone();
        if self.locking.is_some() && !lock.is_empty() {
            url.query_pairs_mut().append_pair("ID", lock);
        }
        url.to_string()
    }

    /// Gives the method of a write.
    pub(super) fn update_method(&self) -> Method {
        self.update.clone()
    }

    /// Gives where the lock is; nothing where there is none.
    pub(super) fn locking(&self) -> Option<&Locking> {
        self.locking.as_ref()
    }

    /// Asks for the lock.
    pub(super) async fn lock(&self, locking: &Locking, record: &str) -> Result<Answer, StoreError> {
        let (method, url) = &locking.lock;
        self.ask(method.clone(), url.as_str(), Body::Json(record.as_bytes()), &[]).await
    }

    /// Gives the lock back.
    pub(super) async fn unlock(
        &self,
        locking: &Locking,
        record: &str,
    ) -> Result<Answer, StoreError> {
        let (method, url) = &locking.unlock;
        self.ask(method.clone(), url.as_str(), Body::Json(record.as_bytes()), &[]).await
    }

    /// Sends a request until there is an answer that does not pass, or enough was tried.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &str,
        body: Body<'_>,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, StoreError> {
        let asked = format!("{method} {}", url.split('?').next().unwrap_or(url));
        let request = self.request(method, url, &body, headers);
        let (mut again, mut tried) = (false, 0);
        loop {
            let (failed, pause) = match self.client.send(request.clone()).await {
                Ok(answer) => {
                    let status = answer.status.as_u16();
                    let after = after(&answer.headers);
                    let answer = Answer {
                        status,
                        body: answer.bytes().to_vec(),
                        again,
                        headers: answer.headers,
                        asked: asked.clone(),
                    };
                    if !passes(status) || tried >= self.tries.most {
                        return answer.checked();
                    }
                    again |= status >= 500;
                    (None, after)
                }
                Err(error) => {
                    again |= error.sent;
                    (Some(error.message), None)
                }
            };
            if let Some(why) = failed.filter(|_| tried >= self.tries.most) {
                return Err(StoreError::Failed(format!("`{asked}` got no answer: {why}")));
            }
            let pause = pause.unwrap_or_else(|| self.tries.pause(tried));
            SystemClock.sleep(pause.min(self.tries.longest)).await;
            tried += 1;
        }
    }

    fn request(
        &self,
        method: Method,
        url: &str,
        body: &Body<'_>,
        headers: &[(&'static str, &str)],
    ) -> Request {
        let mut request = Request::new(method, url);
        if let Some(authorization) = &self.authorization {
            request.headers.insert("authorization", authorization.clone());
        }
        if let Body::Json(bytes) = body {
            request.body = Bytes::copy_from_slice(bytes);
            request.headers.insert("content-type", HeaderValue::from_static("application/json"));
            if let Ok(sum) = HeaderValue::from_str(&sum(bytes)) {
                request.headers.insert("content-md5", sum);
            }
        }
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers.insert(HeaderName::from_static(name), value);
            }
        }
        request
    }
}

impl Tries {
    fn pause(&self, tried: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(tried)).min(self.longest)
    }
}

impl Answer {
    /// Gives the strong ETag.
    pub(super) fn etag(&self) -> Option<String> {
        let etag = self.headers.get("etag").and_then(|value| value.to_str().ok())?;
        etag.starts_with('"').then(|| etag.to_string())
    }

    /// Reads the body as a lock's record.
    pub(super) fn holder(&self) -> Option<Holder> {
        let text = std::str::from_utf8(&self.body).ok()?;
        Holder::from_json(text).filter(|holder| !holder.id.is_nil())
    }

    /// Gives the error that this answer is.
    pub(super) fn refused(&self) -> StoreError {
        let asked = &self.asked;
        let why = match self.status {
            401 => "the server asks who this is: set username and password, or look at them"
                .to_string(),
            403 => "the server does not allow it to this user".to_string(),
            status => {
                let body = serde_json::from_slice::<Json>(&self.body).unwrap_or_default();
                let said = ["message", "error"].iter().find_map(|name| body.get(name)?.as_str());
                match said.filter(|said| said.len() < 300) {
                    Some(said) => format!("the server answered {status}: {said}"),
                    None => format!("the server answered {status}"),
                }
            }
        };
        StoreError::Failed(format!("`{asked}`: {why}"))
    }

    /// Makes sure that the body is what the server sent.
    fn checked(self) -> Result<Answer, StoreError> {
        let told = self.headers.get("content-md5").and_then(|value| value.to_str().ok());
        let differs = told.is_some_and(|told| told.trim() != sum(&self.body));
        if differs && self.status == 200 && !self.body.is_empty() {
            return Err(StoreError::Failed(format!(
                "`{}`: what came is not what the server says it sent: its Content-MD5 differs",
                self.asked
            )));
        }
        Ok(self)
    }
}

fn sum(bytes: &[u8]) -> String {
    BASE64.encode(Md5::digest(bytes))
}

fn passes(status: u16) -> bool {
    status == 429 || (status >= 500 && status != 501)
}

fn wrong(name: &str, why: &str) -> Diagnostic {
    let detail = format!("Inappropriate value for attribute \"{name}\": it {why}.");
    Diagnostic::error("Incorrect attribute value", detail)
}

/// Reads an address; nothing where there is none.
fn address(given: &Given<'_>, name: &str) -> Result<Option<Url>, Diagnostic> {
    let Some(text) = given.text(name) else { return Ok(None) };
    let url = Url::parse(&text).map_err(|error| wrong(name, &format!("is no URL: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(Some(url)),
        _ => Err(wrong(name, "must be HTTP or HTTPS")),
    }
}

fn address_of_lock(given: &Given<'_>) -> Result<Option<Locking>, Diagnostic> {
    let (lock, unlock) = (address(given, "lock_address")?, address(given, "unlock_address")?);
    let Some(mut lock) = lock else {
        return match unlock {
            Some(_) => Err(wrong("unlock_address", "needs a lock_address")),
            None => Ok(None),
        };
    };
    strip(&mut lock);
    let mut unlock = unlock.unwrap_or_else(|| lock.clone());
    strip(&mut unlock);
    Ok(Some(Locking {
        lock: (method(given, "lock_method", "LOCK")?, lock),
        unlock: (method(given, "unlock_method", "UNLOCK")?, unlock),
    }))
}

/// Takes name and password out of a URL: they go in a header.
fn strip(url: &mut Url) {
    // It fails only for URLs that cannot have any.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
}

pub(super) fn decoded(text: &str) -> String {
    let bytes = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("v={bytes}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn method(given: &Given<'_>, name: &str, default: &str) -> Result<Method, Diagnostic> {
    let text = given.text(name).unwrap_or_else(|| default.to_string());
    Method::from_bytes(text.as_bytes()).map_err(|_| wrong(name, "is no method"))
}

fn authorization(username: &str, password: &str) -> HeaderValue {
    let text = format!("Basic {}", BASE64.encode(format!("{username}:{password}")));
    let mut value = HeaderValue::from_str(&text).expect("base64 may stand in a header");
    value.set_sensitive(true);
    value
}

fn client(given: &Given<'_>) -> Result<Client, Diagnostic> {
    let bytes = |name: &str| given.text(name).map(String::into_bytes);
    let identity = match (bytes("client_certificate_pem"), bytes("client_private_key_pem")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some([key, b"\n".to_vec(), certificate].concat()),
        (Some(_), None) => {
            return Err(wrong("client_certificate_pem", "needs client_private_key_pem"));
        }
        (None, Some(_)) => {
            return Err(wrong("client_private_key_pem", "needs client_certificate_pem"));
        }
    };
    let skip = given.get("skip_cert_verification").and_then(|value| value.as_bool());
    let tls = Tls {
        authorities: bytes("client_ca_certificate_pem"),
        identity,
        anyone: skip.unwrap_or(false),
    };
    let client = Client::new(concat!("terrane/", env!("CARGO_PKG_VERSION"))).discreet();
    client.tls(tls).map_err(|why| {
        let detail = format!("The certificates of the backend \"http\" cannot be used: {why}.");
        Diagnostic::error("Invalid certificate", detail)
    })
}
