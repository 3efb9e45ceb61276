//! Sends single requests to services: base addresses, tokens, retries, pages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::http::client::Transport;
use crate::http::pace::Pace;
use crate::http::retry::{Retry, passes, rest, too_many};
use crate::http::{Bytes, Clock, HeaderMap, HeaderValue, Method, Request, Response};
use crate::providers::{ApiError, ApiErrorKind, TokenSource};

use super::error::{Refused, name_permissions, refused, unreachable};

/// What a session sends by.
pub struct Api {
    /// Sends.
    pub transport: Arc<dyn Transport>,
    /// Gives tokens.
    pub tokens: Arc<dyn TokenSource>,
    /// The base address of each service, with a slash at the end.
    pub bases: BTreeMap<String, String>,
    /// The address of any service, with `{}` for its name and a slash at the end: what a service `at:NAME/PREFIX` is reached by.
    pub root: String,
    /// The clock to wait by while reading.
    pub clock: Arc<dyn Clock>,
    /// Headers of every request.
    pub headers: HeaderMap,
    /// Names the permissions that a call needs, by its service, method and path.
    pub permissions: fn(&str, &Method, &str) -> Vec<String>,
    /// The longest pause between two looks at an operation.
    pub poll: Duration,
    /// What is told how the services answer.
    pub pace: Arc<Pace>,
    /// One lock for each thing that takes one change at a time.
    pub locks: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
    /// The services that have answered.
    pub reached: std::sync::Mutex<BTreeSet<String>>,
}

/// A request to a service.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The service.
    pub service: &'a str,
    /// The method.
    pub method: Method,
    /// The path and query below the service's base.
    pub path: String,
    /// The body.
    pub body: Option<Json>,
    /// Bytes to upload, in place of a body of JSON.
    pub upload: Option<Upload>,
    /// Further headers.
    pub headers: HeaderMap,
    /// What is being done, for errors.
    pub what: String,
    /// Whether a try of which nobody knows whether it was done is told at once, and not repeated.
    pub careful: bool,
    /// What the journal is told beside the object's id: whoever looks for what became of the request gets it back.
    pub told: Option<(&'static str, Json)>,
}

/// Bytes that are sent to the address of a service's uploads.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What they are.
    pub content_type: String,
    /// They.
    pub bytes: Bytes,
}

impl<'a> Ask<'a> {
    /// Makes a reading request.
    pub fn get(service: &'a str, path: impl Into<String>, what: impl Into<String>) -> Ask<'a> {
        Ask {
            service,
            method: Method::GET,
            path: path.into(),
            body: None,
            upload: None,
            headers: HeaderMap::new(),
            what: what.into(),
            careful: false,
            told: None,
        }
    }
}

impl Api {
    /// Gives the absolute URL of a request.
    ///
    /// # Errors
    /// There is no such service.
    pub fn url(&self, ask: &Ask<'_>) -> Result<String, ApiError> {
        match self.bases.get(ask.service) {
            Some(base) if ask.upload.is_some() => Ok(format!("{}{}", uploads(base), ask.path)),
            Some(base) => Ok(format!("{base}{}", ask.path)),
            None if ask.service.starts_with("at:") => {
                let (name, prefix) = ask.service[3..].split_once('/').unwrap_or_default();
                Ok(format!("{}{prefix}/{}", self.root.replace("{}", name), ask.path))
            }
            None => {
                let detail = format!("There is no address for the service \"{}\".", ask.service);
                Err(ApiError::new(ApiErrorKind::Invalid, "Unknown service", detail))
            }
        }
    }

    /// Sends a request, again where the answer is one that passes. Gives the answer's JSON.
    ///
    /// # Errors
    /// What the service answered instead, or that it did not.
    pub async fn send(&self, ask: &Ask<'_>, clock: &dyn Clock) -> Result<Json, Refused> {
        let answer = self.answer(ask, clock).await?;
        Ok(serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null))
    }

    /// Sends a request as [`Api::send`] does, and gives the whole answer.
    ///
    /// # Errors
    /// What the service answered instead, or that it did not.
    pub async fn answer(&self, ask: &Ask<'_>, clock: &dyn Clock) -> Result<Response, Refused> {
        let url = self.url(ask)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let failed = match self.once(ask, &url, tries).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let retry = if self.answered(ask.service) { Retry::default() } else { Retry::first() };
            let again = failed.1 && !(ask.careful && failed.0.unknown);
            match retry.pause(tries).filter(|_| again) {
                Some(pause) => {
                    let pause = failed.2.unwrap_or(pause);
                    tracing::info!(tries, what = ask.what, "trying again after {pause:?}");
                    clock.sleep(pause).await;
                }
                None => return Err(failed.0),
            }
        }
    }

    async fn once(&self, ask: &Ask<'_>, url: &str, tries: u32) -> Result<Response, Attempt> {
        let answer = match self.exchange(ask, url, tries).await {
            Ok(answer) => answer,
            Err(failed) => {
                let again = failed.error.kind == ApiErrorKind::Unreachable;
                return Err(Attempt(failed, again, None));
            }
        };
        if answer.status.is_success() {
            return Ok(answer);
        }
        let status = answer.status.as_u16();
        let body = serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null);
        let (again, after) = (passes(status, &body), rest(&answer.headers, &body));
        let mut failed = refused(&ask.what, &ask.method, url, status, &body, tries);
        failed.unknown = matches!(status, 500 | 502 | 504);
        if status == 403 {
            name_permissions(&mut failed, &(self.permissions)(ask.service, &ask.method, &ask.path));
        }
        Err(Attempt(failed, again, after))
    }

    /// Sends a request once, to an address that stands whole. Gives the answer, whatever its status.
    ///
    /// # Errors
    /// There is no token, or no answer came.
    pub async fn exchange(
        &self,
        ask: &Ask<'_>,
        url: &str,
        tries: u32,
    ) -> Result<Response, Refused> {
        let token = self.tokens.token().await?;
        let mut request = Request::new(ask.method.clone(), url);
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        if let Some(upload) = &ask.upload {
            request.body = upload.bytes.clone();
            if let Ok(kind) = HeaderValue::from_str(&upload.content_type) {
                request.headers.insert(::http::header::CONTENT_TYPE, kind);
            }
        }
        request.headers.extend(self.headers.clone());
        request.headers.extend(ask.headers.clone());
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .unwrap_or(HeaderValue::from_static(""));
        bearer.set_sensitive(true);
        request.headers.insert(::http::header::AUTHORIZATION, bearer);
        let gate = self.pace.gate(ask.service);
        let passed = gate.pass(&*self.clock).await;
        let asked = self.clock.now();
        let answer = match self.transport.send(request).await {
            Ok(answer) => answer,
            Err(error) => {
                let mut failed = unreachable(&ask.what, &ask.method, url, &error.message, tries);
                failed.unknown = error.sent;
                return Err(failed);
            }
        };
        let status = answer.status.as_u16();
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).insert(ask.service.to_string());
        let now = self.clock.now();
        let took = now.duration_since(asked).unsigned_abs();
        self.pace.note(now, took, false);
        let refused = match status {
            403 | 429 | 503 => serde_json::from_slice(answer.bytes()).unwrap_or_default(),
            _ => Json::Null,
        };
        if matches!(status, 403 | 429 | 503) && passes(status, &refused) {
            let many = too_many(status, &refused);
            gate.note(now, many);
            if let Some(pause) = rest(&answer.headers, &refused) {
                gate.shut(now, pause);
            }
            if many {
                tracing::info!(
                    service = ask.service,
                    width = gate.width(),
                    "it has too many requests"
                );
            }
        } else {
            gate.note(now, false);
        }
        drop(passed);
        Ok(answer)
    }

    fn answered(&self, service: &str) -> bool {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).contains(service)
    }

    /// Reads all pages of a list.
    ///
    /// # Errors
    /// What the service answered instead.
    pub async fn list(&self, ask: &Ask<'_>, items: &str) -> Result<Vec<Json>, Refused> {
        let mut found = Vec::new();
        for answer in self.pages(ask).await? {
            found.extend(answer.get(items).and_then(Json::as_array).into_iter().flatten().cloned());
        }
        Ok(found)
    }

    /// Reads all pages of a list of scopes (regions, zones), each with what is in it.
    ///
    /// # Errors
    /// What the service answered instead.
    pub async fn list_scopes(&self, ask: &Ask<'_>) -> Result<Vec<(String, Json)>, Refused> {
        let mut found = Vec::new();
        for answer in self.pages(ask).await? {
            let scopes = answer.get("items").and_then(Json::as_object).into_iter().flatten();
            found.extend(scopes.map(|(scope, inside)| (scope.clone(), inside.clone())));
        }
        Ok(found)
    }

    /// Reads the pages of a list, one after the other.
    async fn pages(&self, ask: &Ask<'_>) -> Result<Vec<Json>, Refused> {
        let mut found = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let mut ask = ask.clone();
            if let Some(token) = &page {
                let mark = if ask.path.contains('?') { '&' } else { '?' };
                ask.path
                    .push_str(&format!("{mark}pageToken={}", super::template::escape(token, true)));
            }
            let answer = self.send(&ask, &*self.clock).await?;
            let next = answer.get("nextPageToken").and_then(Json::as_str).map(str::to_string);
            found.push(answer);
            match next {
                Some(next) if !next.is_empty() && page.as_ref() != Some(&next) => page = Some(next),
                _ => return Ok(found),
            }
        }
    }

    /// Waits for the lock of a thing that takes one change at a time.
    ///
    /// It sleeps between tries rather than wait on the lock: a virtual clock would take a waiter for one at work.
    pub async fn lock(&self, name: &str, clock: &dyn Clock) -> OwnedMutexGuard<()> {
        let lock = self.locks.lock().await.entry(name.to_string()).or_default().clone();
        loop {
            match lock.clone().try_lock_owned() {
                Ok(guard) => return guard,
                Err(_) => clock.sleep(Duration::from_millis(500)).await,
            }
        }
    }
}

/// Gives the address of a service's uploads: `upload` stands before the API and its version.
fn uploads(base: &str) -> String {
    let base = base.trim_end_matches('/');
    let (root, api) = match base.rmatch_indices('/').nth(1) {
        Some((at, _)) => base.split_at(at),
        None => ("", base),
    };
    format!("{root}/upload{api}/")
}

/// A failed try, whether another is worth it, and after which time the service asks for it.
struct Attempt(Refused, bool, Option<Duration>);
