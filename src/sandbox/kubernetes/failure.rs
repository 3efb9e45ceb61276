//! Refusals: the API server's `Status` answers.

use serde_json::{Map, Value as Json, json};

use super::resources::Resource;
use crate::http::{Response, StatusCode};

/// A refusal, as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Failure {
    /// HTTP status.
    pub code: u16,
    /// Machine-readable reason.
    pub reason: &'static str,
    /// What people read.
    pub message: String,
    /// `details`.
    pub details: Json,
}

/// One cause of an `Invalid` refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueRequired`, `FieldValueInvalid`, ….
    pub reason: &'static str,
    /// What is wrong with the field.
    pub message: String,
    /// The field, like `spec.ports[0].port`.
    pub field: String,
}

impl Cause {
    /// A value that must be there.
    pub fn required(field: impl Into<String>, detail: &str) -> Cause {
        let message = match detail {
            "" => "Required value".to_owned(),
            _ => format!("Required value: {detail}"),
        };
        Cause { reason: "FieldValueRequired", message, field: field.into() }
    }

    /// A value that is too long.
    pub fn too_long(field: impl Into<String>, longest: usize) -> Cause {
        let message = format!("Too long: may not be more than {longest} bytes");
        Cause { reason: "FieldValueTooLong", message, field: field.into() }
    }

    /// A value that is wrong.
    pub fn invalid(field: impl Into<String>, value: &Json, detail: &str) -> Cause {
        let message = format!("Invalid value: {value}: {detail}");
        Cause { reason: "FieldValueInvalid", message, field: field.into() }
    }

    /// A value of a wrong type.
    pub fn mistyped(field: impl Into<String>, value: &Json, detail: &str) -> Cause {
        Cause { reason: "FieldValueTypeInvalid", ..Cause::invalid(field, value, detail) }
    }

    /// A value that may not be there or not change.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Cause {
        let message = format!("Forbidden: {detail}");
        Cause { reason: "FieldValueForbidden", message, field: field.into() }
    }

    /// A value that is none of those that are allowed.
    pub fn unsupported(field: impl Into<String>, value: &Json, allowed: &[&str]) -> Cause {
        let allowed: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
        let message =
            format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
        Cause { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    /// A value that is there already.
    pub fn duplicate(field: impl Into<String>, value: &Json) -> Cause {
        let message = format!("Duplicate value: {value}");
        Cause { reason: "FieldValueDuplicate", message, field: field.into() }
    }

    /// A thing that is named and is not there.
    pub fn not_found(field: impl Into<String>, value: &Json) -> Cause {
        Cause {
            reason: "FieldValueNotFound",
            message: format!("Not found: {value}"),
            field: field.into(),
        }
    }

    /// Writes causes as a message does.
    fn all(causes: &[Cause]) -> String {
        let mut texts: Vec<String> = Vec::new();
        for cause in causes {
            let text = format!("{}: {}", cause.field, cause.message);
            // What is told twice is said once.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        match texts.as_slice() {
            [one] => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        }
    }

    fn to_json(&self) -> Json {
        json!({"reason": self.reason, "message": self.message, "field": self.field})
    }
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, reason, message: message.into(), details: Json::Null }
    }

    /// Gives a reason of the table; one that is none is no reason.
    pub fn known_reason(word: &str) -> &'static str {
        const KNOWN: [&str; 16] = [
            "Unauthorized",
            "Forbidden",
            "NotFound",
            "AlreadyExists",
            "Conflict",
            "Gone",
            "Invalid",
            "ServerTimeout",
            "Timeout",
            "TooManyRequests",
            "BadRequest",
            "MethodNotAllowed",
            "NotAcceptable",
            "UnsupportedMediaType",
            "InternalError",
            "ServiceUnavailable",
        ];
        KNOWN.into_iter().find(|known| *known == word).unwrap_or_default()
    }

    /// No good token.
    pub fn unauthorized() -> Failure {
        Failure::new(401, "Unauthorized", "Unauthorized")
    }

    /// A request that makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Failure {
        Failure::new(400, "BadRequest", message)
    }

    /// A path that the server does not have.
    pub fn no_such_path() -> Failure {
        let mut failure =
            Failure::new(404, "NotFound", "the server could not find the requested resource");
        failure.details = json!({});
        failure
    }

    /// An object that is not there.
    pub fn not_found(resource: &Resource, name: &str) -> Failure {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Failure::new(404, "NotFound", message).about(resource, name)
    }

    /// An object that is there already, or still.
    pub fn already_exists(resource: &Resource, name: &str, deleting: bool) -> Failure {
        let still = if deleting { "object is being deleted: " } else { "" };
        let message = format!("{still}{} \"{name}\" already exists", resource.qualified());
        Failure::new(409, "AlreadyExists", message).about(resource, name)
    }

    /// A write over a state that is no longer there.
    pub fn conflict(resource: &Resource, name: &str, detail: &str) -> Failure {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {detail}",
            resource.qualified()
        );
        Failure::new(409, "Conflict", message).about(resource, name)
    }

    /// A deletion whose precondition does not hold.
    pub fn conflict_of(resource: &Resource, name: &str, message: &str) -> Failure {
        let mut failure = Failure::new(409, "Conflict", message).about(resource, name);
        failure.details["kind"] = json!(resource.kind);
        failure
    }

    /// A write that somebody may not make.
    pub fn forbidden(resource: &Resource, name: &str, detail: &str) -> Failure {
        let message = format!("{} \"{name}\" is forbidden: {detail}", resource.qualified());
        Failure::new(403, "Forbidden", message).about(resource, name)
    }

    /// An object that does not hold together.
    pub fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Failure {
        let text = Cause::all(causes);
        let message = format!("{} \"{name}\" is invalid: {text}", resource.qualified_kind());
        let mut failure = Failure::new(422, "Invalid", message).about(resource, name);
        failure.details["kind"] = json!(resource.kind);
        failure.details["causes"] = causes.iter().map(Cause::to_json).collect();
        failure
    }

    /// An object of which the refusal names the resource and not the kind.
    pub fn invalid_resource(resource: &Resource, name: &str, causes: &[Cause]) -> Failure {
        let message =
            format!("{} \"{name}\" is invalid: {}", resource.qualified(), Cause::all(causes));
        let mut failure = Failure::new(422, "Invalid", message).about(resource, name);
        failure.details["causes"] = causes.iter().map(Cause::to_json).collect();
        failure
    }

    /// A patch that cannot be made of what is there.
    pub fn rejected() -> Failure {
        let text = "the server rejected our request due to an error in our request";
        let mut failure = Failure::new(422, "Invalid", text);
        failure.details = json!({});
        failure
    }

    /// A patch whose outcome is no object of the kind.
    pub fn bad_patch(value: &str, fault: &str) -> Failure {
        let cause = Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value:?}: {fault}"),
            field: "patch".to_owned(),
        };
        let message = format!(" \"\" is invalid: patch: {}", cause.message);
        let mut failure = Failure::new(422, "Invalid", message);
        failure.details = json!({"causes": [cause.to_json()]});
        failure
    }

    /// Something that the server does not take for the client's fault.
    pub fn internal(message: impl Into<String>) -> Failure {
        Failure::new(500, "", message)
    }

    /// Options of a request that make no sense, like those of `PatchOptions`.
    pub fn options(kind: &str, causes: &[Cause]) -> Failure {
        let message = format!("{kind}.meta.k8s.io \"\" is invalid: {}", Cause::all(causes));
        let mut failure = Failure::new(422, "Invalid", message);
        let causes: Vec<Json> = causes.iter().map(Cause::to_json).collect();
        failure.details = json!({"group": "meta.k8s.io", "kind": kind, "causes": causes});
        failure
    }

    /// A server-side apply against other managers' fields.
    pub fn field_conflicts(message: &str, causes: Vec<(String, String)>) -> Failure {
        let mut failure = Failure::new(409, "Conflict", message);
        let causes: Vec<Json> = causes
            .into_iter()
            .map(|(message, field)| {
                json!({"reason": "FieldManagerConflict", "message": message, "field": field})
            })
            .collect();
        failure.details = json!({"causes": causes});
        failure
    }

    /// A body of a type that the path does not take.
    pub fn unsupported_media(allowed: &[&str]) -> Failure {
        Failure::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: \
                 {}",
                allowed.join(", ")
            ),
        )
    }

    /// A patch of a type that there is not.
    pub fn unknown_patch() -> Failure {
        let mut failure = Failure::new(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        failure.details = json!({});
        failure
    }

    /// A form in which the server cannot answer.
    pub fn not_acceptable() -> Failure {
        let text = "406: Not Acceptable\n\nAvailable representations: application/json, \
            application/yaml, application/vnd.kubernetes.protobuf";
        Failure::new(406, "NotAcceptable", text)
    }

    /// A method that the path does not have.
    pub fn method_not_allowed() -> Failure {
        let text = "the server does not allow this method on the requested resource";
        let mut failure = Failure::new(405, "MethodNotAllowed", text);
        failure.details = json!({});
        failure
    }

    /// A version of the collection that is no longer kept.
    pub fn expired(message: impl Into<String>) -> Failure {
        Failure::new(410, "Expired", message)
    }

    /// A part of the API that the sandbox does not have.
    pub fn not_implemented(message: impl Into<String>) -> Failure {
        Failure::new(501, "NotImplemented", message)
    }

    /// A merge that the schema refuses.
    pub fn unprocessable(message: impl Into<String>) -> Failure {
        Failure::new(422, "Invalid", message)
    }

    /// Something that waits for something else.
    pub fn too_many_requests(message: impl Into<String>, seconds: u32) -> Failure {
        let mut failure = Failure::new(429, "TooManyRequests", message);
        failure.details = json!({"retryAfterSeconds": seconds});
        failure
    }

    fn about(mut self, resource: &Resource, name: &str) -> Failure {
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".into(), json!(name));
        }
        if !resource.group.is_empty() {
            details.insert("group".into(), json!(resource.group));
        }
        details.insert("kind".into(), json!(resource.plural));
        self.details = Json::Object(details);
        self
    }

    /// Gives the `Status` object.
    pub fn to_json(&self) -> Json {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": self.message});
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status["code"] = json!(self.code);
        status
    }

    /// Gives the answer.
    pub fn response(&self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Response::json(code, &self.to_json())
    }
}
