//! What a service answered instead of doing as asked.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::http::Method;
use crate::http::retry::{Quota, message, quota, quota_details, reasons};
use crate::providers::{ApiError, ApiErrorKind};

/// A refusal, with what decides about another try.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The error for people.
    pub error: ApiError,
    /// All reasons that the answer names.
    pub reasons: Vec<String>,
    /// The service's own words.
    pub message: String,
    /// How often it was tried.
    pub tries: u32,
    /// Whether nobody knows if the last try was done.
    pub unknown: bool,
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> ApiError {
        refused.error
    }
}

impl From<Refused> for crate::providers::Failure {
    fn from(refused: Refused) -> crate::providers::Failure {
        refused.error.into()
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Refused {
        let message = error.detail.clone();
        Refused { error, reasons: Vec::new(), message, tries: 1, unknown: false }
    }
}

impl Refused {
    /// Gives the HTTP status; zero where no answer came.
    pub fn status(&self) -> u16 {
        self.error.status.unwrap_or(0)
    }

    /// Says whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        self.status() == 404
    }

    /// Says whether another operation on the same cluster is in the way.
    pub fn is_busy(&self) -> bool {
        const SIGNS: [&str; 7] = [
            "incompatible operation",
            "currently being",
            "is currently",
            "being repaired",
            "being upgraded",
            "RECONCILING",
            "in progress",
        ];
        let named = |name: &str| self.reasons.iter().any(|reason| reason == name);
        match self.status() {
            400 | 409 => {
                (named("FAILED_PRECONDITION") || named("failedPrecondition"))
                    && SIGNS.iter().any(|sign| self.message.contains(sign))
            }
            429 => true,
            _ => false,
        }
    }
}

/// Gives the error of an answer.
pub fn refused(
    what: &str,
    method: &Method,
    url: &str,
    status: u16,
    body: &Json,
    tries: u32,
) -> Refused {
    let (message, reasons) = (message(body), reasons(body));
    let said = if message.is_empty() { "The service gave no explanation." } else { &message };
    let kind = kind(status, &reasons);
    let place = url.split('?').next().unwrap_or(url);
    let detail = format!(
        "{}\n\nThat is the answer ({status}) to {method} {place}, when {what}.",
        sentence(said)
    );
    let mut error = ApiError::new(kind, summary(kind), detail);
    error.status = Some(status);
    error.help = help(kind, &message, &reasons, body);
    error.root = root(kind, url, body, &message, &reasons);
    Refused { error, reasons, message, tries, unknown: false }
}

/// Says which permissions the refused call needs, where the refusal is one of permission.
pub fn name_permissions(refused: &mut Refused, names: &[String]) {
    let denied = refused.error.kind == ApiErrorKind::Denied;
    if names.is_empty() || !denied || is_disabled(&refused.message, &refused.reasons) {
        return;
    }
    let (word, them) =
        if names.len() == 1 { ("permission", "it") } else { ("permissions", "them") };
    let names = names.join(", ");
    refused.error.help = vec![format!(
        "The call needs the {word} {names}. Give the account that you use a role with {them} on the project (or the object), or \
         use another account. `terrane permissions apply` names all that this configuration needs."
    )];
}

/// Gives the error of an answer that never came.
pub fn unreachable(what: &str, method: &Method, url: &str, cause: &str, tries: u32) -> Refused {
    let place = url.split('?').next().unwrap_or(url);
    let host = host(url);
    let times = if tries == 1 { "once".to_string() } else { format!("{tries} times") };
    let detail = format!(
        "{host} gives no answer: {cause}.\n\nIt was tried {times}: {method} {place}, when {what}."
    );
    let error =
        ApiError::new(ApiErrorKind::Unreachable, summary(ApiErrorKind::Unreachable), detail)
            .help(
                "Is the network there, and does it let you through to this address? If it is not Google's own, look \
                 at the provider's `…_custom_endpoint` arguments and the environment's GOOGLE_…_CUSTOM_ENDPOINT.",
            )
            .root(format!("no answer from {host}: {cause}"));
    Refused { error, reasons: Vec::new(), message: cause.to_string(), tries, unknown: false }
}

/// Gives an URL's host and port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Makes a service's words a sentence.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mark = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{mark}")
}

/// Names what a refusal comes from, where many requests are refused for the same.
fn root(
    kind: ApiErrorKind,
    url: &str,
    body: &Json,
    message: &str,
    reasons: &[String],
) -> Option<String> {
    match kind {
        ApiErrorKind::Unauthenticated => Some("not authenticated".into()),
        ApiErrorKind::Denied if is_disabled(message, reasons) => {
            Some(format!("disabled {}", service_of(body, message)))
        }
        ApiErrorKind::Denied | ApiErrorKind::Quota | ApiErrorKind::Internal => {
            Some(format!("{} {message}", host(url)))
        }
        _ => None,
    }
}

fn is_disabled(message: &str, reasons: &[String]) -> bool {
    reasons.iter().any(|reason| reason == "SERVICE_DISABLED" || reason == "accessNotConfigured")
        || message.contains("has not been used in project")
        || message.contains("it is disabled")
}

fn kind(status: u16, reasons: &[String]) -> ApiErrorKind {
    let named = |name: &str| reasons.iter().any(|reason| reason == name);
    match status {
        401 => ApiErrorKind::Unauthenticated,
        403 if named("quotaExceeded") || named("RESOURCE_EXHAUSTED") => ApiErrorKind::Quota,
        403 => ApiErrorKind::Denied,
        404 | 410 => ApiErrorKind::NotFound,
        409 | 412 => ApiErrorKind::Conflict,
        429 => ApiErrorKind::Quota,
        400..=499 => ApiErrorKind::Invalid,
        _ => ApiErrorKind::Internal,
    }
}

fn summary(kind: ApiErrorKind) -> &'static str {
    match kind {
        ApiErrorKind::NotFound => "Not found",
        ApiErrorKind::Unauthenticated => "Not authenticated",
        ApiErrorKind::Denied => "Permission denied",
        ApiErrorKind::Conflict => "Conflict",
        ApiErrorKind::Invalid => "Request refused",
        ApiErrorKind::Quota => "Quota exceeded",
        ApiErrorKind::Unreachable => "No answer from the service",
        ApiErrorKind::Timeout => "Not ready in time",
        ApiErrorKind::Failed => "Operation failed",
        ApiErrorKind::Protected => "Protected from removal",
        ApiErrorKind::Elsewhere => "Elsewhere",
        ApiErrorKind::Interrupted => "Interrupted",
        ApiErrorKind::Internal => "Service failed",
    }
}

fn help(kind: ApiErrorKind, message: &str, reasons: &[String], body: &Json) -> Vec<String> {
    let disabled = is_disabled(message, reasons);
    let text = match kind {
        ApiErrorKind::Denied if disabled => {
            let service = service_of(body, message);
            format!(
                "Enable the API: add a google_project_service with service = \"{service}\" and let this resource \
                 depend on it. After enabling it may take some minutes."
            )
        }
        ApiErrorKind::Denied => {
            "Give the account that you use a role with this permission on the project (or the object), or use another \
             account."
                .into()
        }
        ApiErrorKind::Unauthenticated => {
            "Log in again (`gcloud auth application-default login`), or check the provider's credentials or \
             access_token: it may have expired."
                .into()
        }
        ApiErrorKind::Conflict => {
            "If the object exists already, import it or choose another name; if somebody changed it meanwhile, \
             plan again."
                .into()
        }
        ApiErrorKind::Quota => used_up(body),
        ApiErrorKind::NotFound => "It, or what contains it, does not exist (any more): plan again.".into(),
        _ => return Vec::new(),
    };
    vec![text]
}

/// Says which quota is used up, where the answer tells, and what can be done.
fn used_up(body: &Json) -> String {
    let told: BTreeMap<String, String> = quota_details(body).collect();
    let which = told.get("quota_limit").or_else(|| told.get("quota_metric"));
    let which = which.map_or(String::new(), |name| {
        let value =
            told.get("quota_limit_value").map_or(String::new(), |value| format!(" ({value})"));
        format!("The quota {name}{value} is used up. ")
    });
    let remedy = match quota(body) {
        Some(Quota::Lasting) => {
            "Waiting does not help: ask for a higher quota, or let there be less."
        }
        _ => "Wait and try again, or ask for a higher quota.",
    };
    format!("{which}{remedy}")
}

fn service_of(body: &Json, message: &str) -> String {
    let details = body.pointer("/error/details").and_then(Json::as_array);
    let named =
        details.into_iter().flatten().find_map(|detail| detail.pointer("/metadata/service"));
    let named = named.and_then(Json::as_str).map(str::to_string);
    named.unwrap_or_else(|| {
        let word = message.split_whitespace().find(|word| word.contains(".googleapis.com"));
        let word = word.unwrap_or("SERVICE.googleapis.com");
        let start = word.rfind('/').map_or(0, |at| at + 1);
        word[start..].trim_matches(|c: char| !c.is_alphanumeric()).to_string()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_disabled_service_is_named_with_its_remedy() {
        let body = json!({"error": {"code": 403, "message": "Kubernetes Engine API has not been used", "details": [
            {"reason": "SERVICE_DISABLED", "metadata": {"service": "container.googleapis.com"}}]}});

        let refused =
            refused("creating the cluster", &Method::POST, "https://h/x?y", 403, &body, 1);

        assert_eq!(refused.error.kind, ApiErrorKind::Denied);
        assert!(refused.error.help[0].contains("service = \"container.googleapis.com\""));
    }

    #[test]
    fn another_operation_on_the_cluster_is_a_reason_to_wait() {
        let body = json!({"error": {"code": 400, "status": "FAILED_PRECONDITION",
            "message": "Cluster is running incompatible operation operation-1."}});

        assert!(refused("x", &Method::POST, "u", 400, &body, 1).is_busy());
    }
}
