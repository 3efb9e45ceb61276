//! Requests to the API server, with retries, and its answers turned into errors for people.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use crate::auth::kubernetes::{self as access, Access, Answer, Bearer, Lines, Silence};
use crate::http::pace::Pace;
use crate::http::retry::Retry;
use crate::http::{Clock, Method};
use crate::value::Path;

use super::super::{ApiError, ApiErrorKind, World};
use super::manifest::at_field;

/// The API server of one cluster.
pub(super) struct Cluster {
    access: Access,
    bearer: Option<Bearer>,
    client: OnceCell<kube::Client>,
    clock: Arc<dyn Clock>,
    pace: Arc<Pace>,
    user_agent: String,
}

/// What the server answered instead of doing as asked.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The status; nothing where there was no answer.
    pub status: Option<u16>,
    /// The server's words, a `Status` as a rule.
    pub body: Json,
    /// The error for people.
    pub error: ApiError,
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        refusal.error
    }
}

impl Refusal {
    /// Says whether the object does not exist.
    pub(super) fn is_gone(&self) -> bool {
        self.status == Some(404)
    }

    /// Gives the causes that the server lists: reason, field, message.
    pub(super) fn causes(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let causes = self.body.pointer("/details/causes").and_then(Json::as_array);
        causes.into_iter().flatten().map(|cause| {
            let text = |name: &str| cause.get(name).and_then(Json::as_str).unwrap_or_default();
            (text("reason"), text("field"), text("message"))
        })
    }
}

/// An answer with what is said beside it.
pub(super) struct Told {
    /// The object.
    pub live: Json,
    /// What the server warns of: versions that go, fields that it changed, webhooks' own words.
    pub warnings: Vec<String>,
}

/// One request.
pub(super) struct Ask<'a> {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// The body's type and text.
    pub body: Option<(&'static str, String)>,
    /// How often it is sent at the most.
    pub attempts: u32,
}

impl Cluster {
    /// Makes one; nothing is sent before the first request.
    pub(super) fn new(access: Access, bearer: Option<Bearer>, world: &World) -> Cluster {
        let user_agent = format!("terrane/{}", world.version);
        let (clock, pace) = (world.clock.clone(), world.pace.clone());
        Cluster { access, bearer, client: OnceCell::new(), clock, pace, user_agent }
    }

    /// Gives the server's address; an empty text where it cannot be told.
    pub(super) async fn host(&self) -> String {
        access::host(&self.access).await.unwrap_or_default()
    }

    /// Gives how many requests may be under way.
    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Gives an object or a list.
    pub(super) async fn get(&self, path: &str) -> Result<Json, Refusal> {
        self.send(Ask { method: Method::GET, path, body: None, attempts: 3 }).await
    }

    /// Gives plain text, like a log.
    pub(super) async fn text(&self, path: &str) -> Result<String, Refusal> {
        let ask = Ask { method: Method::GET, path, body: None, attempts: 2 };
        let Answer { status, body: bytes, .. } = self.exchange(&ask).await?;
        match status {
            200..=299 => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            _ => Err(self.refusal(&ask, status, &bytes)),
        }
    }

    /// Sends a request and gives the answer's JSON.
    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Json, Refusal> {
        self.told(ask).await.map(|told| told.live)
    }

    /// Sends a request and gives the answer's JSON with what the server warns of.
    pub(super) async fn told(&self, ask: Ask<'_>) -> Result<Told, Refusal> {
        let Answer { status, body: bytes, warnings, .. } = self.exchange(&ask).await?;
        if !(200..300).contains(&status) {
            return Err(self.refusal(&ask, status, &bytes));
        }
        let live = serde_json::from_slice(&bytes);
        live.map(|live| Told { live, warnings }).map_err(|error| {
            let detail =
                format!("`{} {}` was answered with what is no JSON: {error}", ask.method, ask.path);
            let error =
                ApiError::new(ApiErrorKind::Internal, "Unreadable answer from Kubernetes", detail);
            Refusal { status: Some(status), body: Json::Null, error }
        })
    }

    async fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        let mut wait = Duration::from_millis(500);
        let (mut attempt, mut refused) = (1, 0);
        loop {
            let asked = self.clock.now();
            let outcome = self.once(ask).await;
            if let Ok(Answer { status, after, .. }) = &outcome {
                let now = self.clock.now();
                let took = now.duration_since(asked).unsigned_abs();
                self.pace.note(now, took, *status == 429);
                // The server has done nothing: whatever was asked for may be asked for again.
                if *status == 429 {
                    refused += 1;
                    let Some(pause) = Retry::default().pause(refused) else { return outcome };
                    self.clock.sleep(after.unwrap_or(pause)).await;
                    continue;
                }
            }
            let again = match &outcome {
                Ok(answer) => is_passing(answer.status, &answer.body),
                Err(refusal) => refusal.error.kind == ApiErrorKind::Unreachable,
            };
            if !again || attempt >= ask.attempts {
                return outcome;
            }
            self.clock.sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(10));
            attempt += 1;
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        let client = self.client().await?;
        let sent = access::Sent {
            method: &ask.method,
            path: ask.path,
            agent: &self.user_agent,
            accept: "application/json, */*",
            body: ask.body.as_ref().map(|(kind, text)| (*kind, text.clone().into_bytes())),
        };
        access::exchange(client, sent).await.map_err(|silence| silenced(ask, silence))
    }

    /// Begins an answer that goes on, like a watch's.
    pub(super) async fn follow(&self, path: &str) -> Result<Lines, Refusal> {
        let ask = Ask { method: Method::GET, path, body: None, attempts: 1 };
        let lines = access::follow(self.client().await?, path, &self.user_agent).await;
        let lines = lines.map_err(|silence| silenced(&ask, silence))?;
        match lines.status {
            200..=299 => Ok(lines),
            status => Err(self.refusal(&ask, status, &lines.rest().await)),
        }
    }

    /// Gives the moment.
    pub(super) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    async fn client(&self) -> Result<&kube::Client, Refusal> {
        let client =
            self.client.get_or_try_init(|| access::client(&self.access, self.bearer.clone()));
        client.await.map_err(|detail| {
            let summary = "Cannot connect to the Kubernetes cluster";
            silent(ApiError::new(
                ApiErrorKind::Invalid,
                summary,
                format!("The connection cannot be set up: {detail}."),
            ))
        })
    }

    fn refusal(&self, ask: &Ask<'_>, status: u16, bytes: &[u8]) -> Refusal {
        let body: Json = serde_json::from_slice(bytes).unwrap_or(Json::Null);
        let message = match body.get("message").and_then(Json::as_str) {
            Some(message) => message.to_string(),
            None => String::from_utf8_lossy(bytes).chars().take(300).collect(),
        };
        let message = if ask.path.contains("/secrets") { discreet(&message) } else { message };
        let asked = format!("`{} {}`", ask.method, ask.path.split('?').next().unwrap_or(ask.path));
        let error = match untyped(&message) {
            Some((field, why)) => misfit(ask, field, why),
            None => ApiError { path: cause(&body), ..explain(status, &asked, &message) },
        };
        Refusal { status: Some(status), error, body }
    }
}

/// Says whether an answer may be another one a moment later.
fn is_passing(status: u16, bytes: &[u8]) -> bool {
    let says = |words: &str| String::from_utf8_lossy(bytes).contains(words);
    match status {
        502..=504 => true,
        500 => says("etcdserver") || says("failed calling webhook"),
        409 => says("resourcequotas"),
        _ => false,
    }
}

fn silenced(ask: &Ask<'_>, silence: Silence) -> Refusal {
    match silence {
        Silence::Unsendable(why) => {
            silent(ApiError::new(ApiErrorKind::Invalid, "Invalid name", format!("{why}.")))
        }
        Silence::Unanswered(cause) => unreachable(ask, &cause),
    }
}

fn silent(error: ApiError) -> Refusal {
    Refusal { status: None, body: Json::Null, error }
}

fn unreachable(ask: &Ask<'_>, cause: &str) -> Refusal {
    let asked = ask.path.split('?').next().unwrap_or(ask.path);
    let detail =
        format!("`{} {asked}` got no answer from the Kubernetes cluster: {cause}.", ask.method);
    let error = ApiError::new(ApiErrorKind::Unreachable, "Kubernetes cluster unreachable", detail);
    let error = match cause.contains("UnknownIssuer") || cause.contains("certificate") {
        true => error.help(
            "The server's certificate is not from `cluster_ca_certificate`: the cluster may have been \
             made anew, or the address is another cluster's.",
        ),
        false => error.help(
            "Check that the cluster runs, that its endpoint can be reached from here (a private endpoint \
             cannot), and that your network lets it through.",
        ),
    };
    silent(error)
}

fn explain(status: u16, asked: &str, message: &str) -> ApiError {
    let (kind, summary, help) = match status {
        401 => (
            ApiErrorKind::Unauthenticated,
            "Kubernetes refused the credentials",
            "The token is missing, has expired or is another cluster's. Sign in anew (`gcloud auth \
             application-default login`), or give `token` a fresh one.",
        ),
        403 if message.contains("exceeded quota") => (
            ApiErrorKind::Quota,
            "Kubernetes quota exceeded",
            "Raise the namespace's ResourceQuota, or ask for less.",
        ),
        403 => (
            ApiErrorKind::Denied,
            "Permission denied by Kubernetes",
            "The account needs a role in the cluster: on GKE `roles/container.developer`, or \
             `roles/container.admin` for cluster-wide objects, or a RoleBinding inside the cluster.",
        ),
        404 => (ApiErrorKind::NotFound, "Not found in Kubernetes", ""),
        409 => (ApiErrorKind::Conflict, "Conflict in Kubernetes", ""),
        429 => (ApiErrorKind::Quota, "Kubernetes answers no more requests", ""),
        400..=499 => (ApiErrorKind::Invalid, "Kubernetes refused the object", ""),
        _ => (ApiErrorKind::Internal, "Kubernetes API server failed", ""),
    };
    let detail = format!("{asked} was answered with {status}: {message}");
    let mut error = ApiError::new(kind, summary, detail);
    error.status = Some(status);
    if help.is_empty() { error } else { error.help(help) }
}

/// Gives the field of an object that its kind has no place for, and why. The server answers that as if it had failed.
fn untyped(message: &str) -> Option<(&str, &str)> {
    let said = message.strip_prefix("failed to create typed patch object (")?;
    let (_, said) = said.split_once("): ")?;
    let first = said.trim_start_matches("errors:").trim_start().lines().next()?;
    let (field, why) = first.trim().split_once(": ")?;
    field.starts_with('.').then_some((&field[1..], why))
}

fn misfit(ask: &Ask<'_>, field: &str, why: &str) -> ApiError {
    let why = match why {
        "field not declared in schema" => "the definition of its kind has no such field",
        other => other,
    };
    let asked = ask.path.split('?').next().unwrap_or(ask.path);
    let detail = format!("`{} {asked}` was refused: in the object, `{field}`: {why}.", ask.method);
    let mut error = ApiError::new(ApiErrorKind::Invalid, "Kubernetes refused the object", detail);
    error.path = Some(at_field(field));
    error
}

/// Gives the field that an answer names first, as the path in a manifest.
fn cause(body: &Json) -> Option<Path> {
    let field = body.pointer("/details/causes/0/field")?.as_str()?;
    (!field.is_empty()).then(|| at_field(field.trim_start_matches('.')))
}

/// Takes values out of a message about a secret.
fn discreet(message: &str) -> String {
    let Some(at) = message.find("Invalid value:") else { return message.to_string() };
    let rest = &message[at..];
    let end = rest.rfind("\": ").map_or(rest.len(), |end| end + 1);
    format!("{}Invalid value: (sensitive){}", &message[..at], &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secrets_value_is_not_repeated_in_an_error() {
        let message = "Secret \"a\" is invalid: data: Invalid value: \"hunter2\": must be short";

        let shown = discreet(message);

        assert!(!shown.contains("hunter2"));
        assert!(shown.ends_with(": must be short"));
    }

    #[test]
    fn a_field_that_a_kind_does_not_have_is_named() {
        let message = "failed to create typed patch object (default/web; example.com/v1, Kind=Gadget): .spec.list[name=\"a\"].wrong: \
                       field not declared in schema";

        let found = untyped(message);

        let wanted = ("spec.list[name=\"a\"].wrong", "field not declared in schema");
        assert_eq!(found, Some(wanted));
    }

    #[test]
    fn an_expired_token_is_said_to_be_one() {
        let error = explain(401, "`GET /api`", "Unauthorized");

        assert_eq!(error.kind, ApiErrorKind::Unauthenticated);
        assert!(error.help[0].contains("expired"));
    }
}
