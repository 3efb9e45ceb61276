//! Single calls to a cluster's API server about Secrets and Leases: with tries, and what refusals mean.
//!
//! Every call that writes names a version, or makes what must not be there yet. So it may be sent again: where an earlier try
//! was done after all, the later one is a conflict, and the caller looks at what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kube::Client;
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use crate::auth::kubernetes::{self as access, Access, Silence};
use crate::backends::store::StoreError;
use crate::http::retry::Retry;
use crate::http::{Clock, Method};

/// The way to a namespace's objects.
pub(super) struct Api {
    access: Access,
    client: OnceCell<Client>,
    clock: Arc<dyn Clock>,
    namespace: String,
    /// Whether the cluster ever answered.
    answered: AtomicBool,
}

/// What a call is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Secrets,
    Leases,
}

/// What a call came to where it was not done.
#[derive(Debug)]
pub(super) enum Failed {
    /// There is no such object.
    Missing,
    /// It exists already, or has another version.
    Conflict,
    /// It failed otherwise: the text for people.
    Other(String),
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> StoreError {
        StoreError::Failed(match failed {
            Failed::Missing => "there is no such object".to_string(),
            Failed::Conflict => "somebody else wrote it meanwhile".to_string(),
            Failed::Other(why) => why,
        })
    }
}

/// What a list gives of each object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Whole,
    Metadata,
}

struct Ask<'a> {
    method: Method,
    of: Of,
    /// What stands behind the collection's path.
    rest: &'a str,
    body: Option<&'a Json>,
    accept: &'static str,
}

const WHOLE: &str = "application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const AGENT: &str = concat!("terrane/", env!("CARGO_PKG_VERSION"));

impl Api {
    /// Makes one; nothing is sent before the first call.
    pub(super) fn new(access: Access, namespace: String, clock: Arc<dyn Clock>) -> Api {
        let answered = AtomicBool::new(false);
        Api { access, client: OnceCell::new(), clock, namespace, answered }
    }

    /// Names the namespace.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Gives an object; nothing where there is none.
    pub(super) async fn get(&self, of: Of, name: &str) -> Result<Option<Json>, Failed> {
        let rest = format!("/{name}");
        let ask = Ask { method: Method::GET, of, rest: &rest, body: None, accept: WHOLE };
        match self.send(&ask).await {
            Ok(object) => Ok(Some(object)),
            Err(Failed::Missing) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// Lists the objects with these labels, all as they were at one moment.
    pub(super) async fn list(
        &self,
        of: Of,
        labels: &[(&str, &str)],
        parts: Parts,
    ) -> Result<Vec<Json>, Failed> {
        let pairs: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}%3D{}", escaped(value))).collect();
        let rest = format!("?labelSelector={}", pairs.join("%2C"));
        let accept = if parts == Parts::Whole { WHOLE } else { METADATA };
        let ask = Ask { method: Method::GET, of, rest: &rest, body: None, accept };
        let mut answer = self.send(&ask).await?;
        match answer.get_mut("items").map(Json::take) {
            Some(Json::Array(items)) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// Makes an object.
    pub(super) async fn create(&self, of: Of, body: &Json) -> Result<Json, Failed> {
        let ask = Ask { method: Method::POST, of, rest: "", body: Some(body), accept: WHOLE };
        match self.send(&ask).await {
            Err(Failed::Missing) => Err(Failed::Other(format!(
                "the namespace \"{}\" does not exist: make it first, or correct \"namespace\" in the backend block",
                self.namespace
            ))),
            done => done,
        }
    }

    /// Replaces an object by what is read of it and changed: its `resourceVersion` says of which version.
    pub(super) async fn replace(&self, of: Of, body: &Json) -> Result<Json, Failed> {
        let rest = format!("/{}", name(body));
        let ask = Ask { method: Method::PUT, of, rest: &rest, body: Some(body), accept: WHOLE };
        self.send(&ask).await
    }

    /// The same in one try, for what is done again soon.
    pub(super) async fn replace_once(&self, of: Of, body: &Json) -> Result<Json, Failed> {
        let rest = format!("/{}", name(body));
        let ask = Ask { method: Method::PUT, of, rest: &rest, body: Some(body), accept: WHOLE };
        self.once(&ask).await.map_err(|(failed, _)| failed)
    }

    /// Removes an object; what is gone already is no error.
    pub(super) async fn delete(&self, of: Of, name: &str) -> Result<(), Failed> {
        let rest = format!("/{name}");
        let ask = Ask { method: Method::DELETE, of, rest: &rest, body: None, accept: WHOLE };
        match self.send(&ask).await {
            Ok(_) | Err(Failed::Missing) => Ok(()),
            Err(failed) => Err(failed),
        }
    }

    async fn send(&self, ask: &Ask<'_>) -> Result<Json, Failed> {
        let mut tried = 0;
        loop {
            tried += 1;
            let (failed, again) = match self.once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let known = self.answered.load(Ordering::Relaxed);
            let retry = if known { Retry::default() } else { Retry::first() };
            match (retry.pause(tried), again) {
                (None, _) | (_, Again::No) => return Err(failed),
                (Some(pause), Again::Soon) => self.clock.sleep(pause).await,
                (Some(_), Again::After(after)) => self.clock.sleep(after).await,
            }
        }
    }

    /// Sends a request once; a failure comes with whether another try is worth it.
    async fn once(&self, ask: &Ask<'_>) -> Result<Json, (Failed, Again)> {
        let client = self.client.get_or_try_init(|| access::client(&self.access, None)).await;
        let client = client.map_err(|why| {
            (Failed::Other(format!("the connection cannot be set up: {why}")), Again::No)
        })?;
        let (group, collection) = match ask.of {
            Of::Secrets => ("api/v1", "secrets"),
            Of::Leases => ("apis/coordination.k8s.io/v1", "leases"),
        };
        let path = format!("/{group}/namespaces/{}/{collection}{}", self.namespace, ask.rest);
        let sent = access::Sent {
            method: &ask.method,
            path: &path,
            agent: AGENT,
            accept: ask.accept,
            body: ask.body.map(|body| ("application/json", body.to_string().into_bytes())),
        };
        let access::Answer { status, body: bytes, after, .. } =
            match access::exchange(client, sent).await {
                Ok(answer) => answer,
                Err(Silence::Unsendable(why)) => return Err((Failed::Other(why), Again::No)),
                Err(Silence::Unanswered(why)) => {
                    let why = format!("the cluster gives no answer: {why}");
                    return Err((Failed::Other(why), Again::Soon));
                }
            };
        self.answered.store(true, Ordering::Relaxed);
        let body: Json = serde_json::from_slice(&bytes).unwrap_or(Json::Null);
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let reason = body["reason"].as_str().unwrap_or_default();
        let failed = match (status, reason) {
            (404, _) => Failed::Missing,
            (409, "AlreadyExists" | "Conflict") => Failed::Conflict,
            _ => Failed::Other(self.refused(status, ask, body["message"].as_str())),
        };
        let again = match (status, after) {
            (429 | 503, Some(after)) => Again::After(after),
            (429 | 500 | 502..=504, _) => Again::Soon,
            _ => Again::No,
        };
        Err((failed, again))
    }

    /// Says what an answer means, and what can be done.
    fn refused(&self, status: u16, ask: &Ask<'_>, said: Option<&str>) -> String {
        let said = said.unwrap_or("no explanation was given").trim_end_matches('.');
        let help = match status {
            401 => " (the token is missing, has expired, or is another cluster's)".to_string(),
            403 if ask.method == Method::GET && ask.of == Of::Secrets => format!(
                " (who only plans needs get and list of secrets in the namespace \"{}\")",
                self.namespace
            ),
            403 => format!(
                " (who writes needs get, list, create, update and delete of secrets, and get, create, update and delete of \
                 leases.coordination.k8s.io, in the namespace \"{}\")",
                self.namespace
            ),
            _ => String::new(),
        };
        format!("the cluster answers {status}: {said}{help}")
    }
}

/// Whether another try is worth it.
enum Again {
    No,
    Soon,
    /// After the time that the server asks for.
    After(Duration),
}

/// Gives an object's name.
pub(super) fn name(object: &Json) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
