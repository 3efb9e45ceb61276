//! Containers that are put into a pod that runs (`kubectl debug`): one more is possible, none is changed or taken away.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::Inner;
use super::admit;
use super::api::Call;
use super::failure::{Cause, Failure};
use super::store::{items, text};
use super::subresources;
use crate::http::{Response, StatusCode};

/// Answers a request to a pod's `ephemeralcontainers`.
///
/// # Errors
/// Every refusal of the API server.
pub fn answer(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let key = call.key(object);
    let mut store = inner.locked();
    let Some(live) = store.get(&key).cloned() else {
        return Err(Failure::not_found(call.resource, object));
    };
    let Some(sent) = subresources::sent(call, &live)? else {
        return Ok(Response::json(StatusCode::OK, &live));
    };
    let wanted = items(&sent, "/spec/ephemeralContainers");
    let field = "spec.ephemeralContainers";
    for there in items(&live, "/spec/ephemeralContainers") {
        let name = text(there, "/name");
        let message = match wanted.iter().find(|one| text(one, "/name") == name) {
            Some(one) if one == there => continue,
            Some(_) => format!("existing ephemeral containers {name:?} may not be changed"),
            None => format!("existing ephemeral containers {name:?} may not be removed"),
        };
        let (reason, message) = ("FieldValueForbidden", format!("Forbidden: {message}"));
        let cause = Cause { reason, message, field: field.to_owned() };
        return Err(Failure::invalid(call.resource, object, &[cause]));
    }
    let mut next = live;
    next["spec"]["ephemeralContainers"] = json!(wanted);
    let mut how = call.how()?;
    let written = admit::update(&mut store, call.resource, &key, next, &mut how)?;
    Ok(call.reply(StatusCode::OK, &written, &how))
}

/// Gives the state of the containers that were put into a pod: they run, as they have no end of their own here.
pub fn statuses(pod: &Json, stamp: &str) -> Option<Json> {
    let all = items(pod, "/spec/ephemeralContainers");
    let told = items(pod, "/status/ephemeralContainerStatuses");
    let status = |container: &Json| {
        let known = told.iter().find(|status| status["name"] == container["name"]);
        known.cloned().unwrap_or_else(|| {
            json!({"name": container["name"], "image": container["image"], "imageID": "",
                "restartCount": 0, "ready": false, "lastState": {},
                "state": {"running": {"startedAt": stamp}}})
        })
    };
    (!all.is_empty()).then(|| all.iter().map(status).collect())
}
