//! Certificate signing requests: made, approved, waited for and taken away again; what stays is the certificate.

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::value::Value;

use super::super::{ApiError, ApiErrorKind, Failure, Observed};
use super::act::Act;
use super::client::{Ask, Refusal};
use super::memory::Memory;
use super::object::{self, Name};
use super::observe::{Mode, observe};

/// How often an approval is sent that another writer got in the way of.
const TRIES: u32 = 5;

/// Makes the request, and gives it with its certificate when it is signed.
///
/// # Errors
/// What stood in the way; a request that nobody signs stays, so that its state can be looked at.
pub(super) async fn make(
    act: &Act<'_>,
    planned: &Value,
    config: &Value,
) -> Result<Observed, Failure> {
    let written = object::written(&act.kind.nodes, config).into_iter().collect();
    let memory = Memory { written: Some(written), ..Memory::default() };
    let live = act.put(planned, config).await?;
    let made = Observed {
        value: observe(act.kind, Some(planned), &live, Mode::Complete),
        private: memory.bytes(),
    };
    act.desk.keep(&made).await;
    take(act, planned, live, &memory, made).await
}

/// Approves a request that is there, where the configuration says so, and takes its certificate.
///
/// # Errors
/// What stood in the way.
pub(super) async fn take(
    act: &Act<'_>,
    planned: &Value,
    live: Json,
    memory: &Memory,
    made: Observed,
) -> Result<Observed, Failure> {
    let name = Name::of(act.kind, &made.value).ok_or_else(|| act.nameless())?;
    let approves = planned.field("auto_approve").and_then(Value::as_bool) != Some(false);
    let live = match approves {
        true => match approve(act, &name, live).await {
            Ok(live) => live,
            Err(error) => return Err(Failure { error, partial: Some(made) }),
        },
        false => live,
    };
    let signed = act.finish(planned, live, memory, "create").await?;
    let uid = object::metadata(&signed.value).and_then(|block| block.field("uid"));
    let uid = uid.and_then(Value::as_str).unwrap_or_default();
    if let Err(error) = act.remove(act.kind, &name, uid).await {
        act.desk.note(&format!("the signed request stays in the cluster: {}", error.detail));
    }
    Ok(signed)
}

async fn approve(act: &Act<'_>, name: &Name, mut live: Json) -> Result<Json, ApiError> {
    let object = act.kind.path("", &name.name);
    let path = format!("{object}/approval");
    let call = act.desk.intent(&format!("PUT {path}"), act.identity(name)).await?;
    let mut outcome = send(act, &path, &live).await;
    for _ in 1..TRIES {
        match &outcome {
            Err(refusal) if refusal.status == Some(409) => {
                live = act.cluster.get(&object).await?;
                outcome = send(act, &path, &live).await;
            }
            _ => break,
        }
    }
    act.desk.answer(call, if outcome.is_ok() { "approved" } else { "refused" }).await;
    outcome.map_err(|refusal| {
        let error = ApiError::from(refusal);
        match error.kind {
            ApiErrorKind::Denied => error.help(
                "To approve a request, an account needs the verb `update` on `certificatesigningrequests/approval` and \
                 `approve` on the signer. With `auto_approve = false` somebody else approves it.",
            ),
            _ => error,
        }
    })
}

async fn send(act: &Act<'_>, path: &str, live: &Json) -> Result<Json, Refusal> {
    let mut body = live.clone();
    let mut conditions = match &live["status"]["conditions"] {
        Json::Array(conditions) => conditions.clone(),
        _ => Vec::new(),
    };
    if conditions.iter().any(|condition| condition["type"] == "Approved") {
        return Ok(body);
    }
    conditions
        .push(json!({ "type": "Approved", "status": "True", "reason": "TerraformAutoApprove",
        "message": "This request was approved by its configuration." }));
    body["status"]["conditions"] = Json::Array(conditions);
    let body = Some(("application/json", body.to_string()));
    act.cluster.send(Ask { method: Method::PUT, path, body, attempts: 3 }).await
}
