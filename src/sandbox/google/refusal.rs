//! A request refused, in the error shape of its service.
//!
//! Recorded traffic: storage and compute give `errors[]` and no `status`; resource manager, service
//! usage and artifact registry give `status` and no `errors[]`; container and iam give both.

use serde_json::{Value as Json, json};

use crate::http::{Response, StatusCode};

/// Why a request was refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The canonical status, like `NOT_FOUND`.
    pub status: &'static str,
    /// The reason in `errors[]`, like `notFound`.
    pub reason: &'static str,
    /// The text.
    pub message: String,
    /// `google.rpc` details.
    pub details: Vec<Json>,
}

/// How a service writes errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `errors[]` without `status`.
    Errors,
    /// `status` without `errors[]`.
    Status,
    /// Both.
    Both,
}

impl Refusal {
    fn new(
        code: u16,
        status: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Refusal {
        Refusal { code, status, reason, message: message.into(), details: Vec::new() }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(404, "NOT_FOUND", "notFound", message)
    }

    /// The request is wrong in itself.
    pub fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "INVALID_ARGUMENT", "badRequest", message)
    }

    /// A parameter has no such value.
    pub fn parameter(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "INVALID_ARGUMENT", "invalidParameter", message)
    }

    /// A parameter is missing.
    pub fn required(name: &str) -> Refusal {
        Refusal::new(400, "INVALID_ARGUMENT", "required", format!("Required parameter: {name}"))
    }

    /// The name is taken.
    pub fn exists(message: impl Into<String>) -> Refusal {
        Refusal::new(409, "ALREADY_EXISTS", "alreadyExists", message)
    }

    /// The thing is in a state that forbids it.
    pub fn conflict(message: impl Into<String>) -> Refusal {
        Refusal::new(409, "ABORTED", "conflict", message)
    }

    /// Somebody else wrote meanwhile.
    pub fn aborted(message: impl Into<String>) -> Refusal {
        Refusal::new(409, "ABORTED", "aborted", message)
    }

    /// The world is not ready for it.
    pub fn precondition(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "FAILED_PRECONDITION", "failedPrecondition", message)
    }

    /// A condition that the request named does not hold.
    pub fn condition(message: impl Into<String>) -> Refusal {
        Refusal::new(412, "FAILED_PRECONDITION", "conditionNotMet", message)
    }

    /// There is too much of it.
    pub fn exhausted(message: impl Into<String>) -> Refusal {
        Refusal::new(429, "RESOURCE_EXHAUSTED", "rateLimitExceeded", message)
    }

    /// It does not work just now; another try may.
    pub fn unavailable(message: impl Into<String>) -> Refusal {
        Refusal::new(503, "UNAVAILABLE", "backendError", message)
    }

    /// The caller may not.
    pub fn forbidden(message: impl Into<String>) -> Refusal {
        Refusal::new(403, "PERMISSION_DENIED", "forbidden", message)
    }

    /// Nobody answers at this path.
    pub fn no_route(path: &str) -> Refusal {
        Refusal::not_found(format!(
            "The requested URL {path} was not found on this server. The sandbox serves no such call."
        ))
    }

    /// There was no token, or one that is no good.
    pub fn unauthenticated(given: bool) -> Refusal {
        let hint = "Expected OAuth 2 access token, login cookie or other valid authentication credential. \
                    See https://developers.google.com/identity/sign-in/web/devconsole-project.";
        let (message, reason, detail) = if given {
            (
                format!("Request had invalid authentication credentials. {hint}"),
                "authError",
                "ACCESS_TOKEN_EXPIRED",
            )
        } else {
            let message = format!("Request is missing required authentication credential. {hint}");
            (message, "required", "CREDENTIALS_MISSING")
        };
        let mut refusal = Refusal::new(401, "UNAUTHENTICATED", reason, message);
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "googleapis.com", "reason": detail,
        }));
        refusal
    }

    /// The service is not enabled in the project.
    pub fn service_disabled(service: &str, title: &str, project: &str, number: &str) -> Refusal {
        let url = format!(
            "https://console.developers.google.com/apis/api/{service}/overview?project={project}"
        );
        let message = format!(
            "{title} has not been used in project {project} before or it is disabled. Enable it by visiting {url} \
             then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our \
             systems and retry."
        );
        let mut refusal = Refusal::new(403, "PERMISSION_DENIED", "accessNotConfigured", message);
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "SERVICE_DISABLED",
            "domain": "googleapis.com",
            "metadata": {
                "consumer": format!("projects/{number}"), "service": service, "serviceTitle": title,
                "containerInfo": number, "activationUrl": url,
            },
        }));
        refusal
    }

    /// Gives the answer in a service's style.
    pub fn answer(&self, style: Style) -> Response {
        let mut error = json!({"code": self.code, "message": self.message});
        if style != Style::Status {
            let domain =
                if self.reason == "accessNotConfigured" { "usageLimits" } else { "global" };
            error["errors"] =
                json!([{"domain": domain, "message": self.message, "reason": self.reason}]);
        }
        if style != Style::Errors || self.code == 401 {
            error["status"] = json!(self.status);
        }
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Response::json(status, &json!({"error": error}))
    }
}
