//! Members of one policy are granted and revoked together: one reading and one writing for all that wait by then.
//!
//! What is refused for one of several is tried in halves, so that the others have theirs, and each hears its own refusal.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::providers::rest::error::Refused;
use crate::providers::rest::job::Job;
use crate::providers::rest::together::{Edit, Wish, edited};
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::Value;

use super::iam::{Grant, policy};

/// The longest pause before an account is looked for again that is not known everywhere yet.
const UNKNOWN: Duration = Duration::from_secs(16);

/// Grants a role to a member, or takes it away. Gives the policy.
pub(super) async fn write(job: &Job<'_>, value: &Value, present: bool) -> Result<Json, Failure> {
    let Some(call) = &job.spec.update.call else { return Ok(Json::Null) };
    let clock = job.desk.clock();
    let ask = job.ask(call, value, None, "changing the policy of")?;
    let url = job.session.api.url(&ask)?;
    let number = job.intent(&ask, &url, value).await?;
    let grant = Grant::of(value);
    let edit: Edit = Arc::new(move |policy: &Json| {
        (grant.is_in(policy) != present).then(|| grant.set(policy, present))
    });
    let wish = Wish::new(job.what(if present { "granting" } else { "revoking" }), edit);
    job.session.together.add(&url, wish.clone());
    let until = job.until("create", value);
    let outcome = {
        let _one = job.session.api.lock(&format!("iam {}", ask.path), &*clock).await;
        if wish.outcome().is_none() {
            // Who came at the same time has its say before the policy is read.
            tokio::task::yield_now().await;
            written(job, value, present, job.session.together.take(&url), until).await;
        }
        wish.outcome()
    };
    let outcome = outcome.expect("who holds the lock settles every wish that it takes");
    let said = match &outcome {
        Ok(_) => "ok".to_string(),
        Err(refused) => format!("{}: {}", refused.status(), refused.message),
    };
    job.desk.answer(number, &said).await;
    Ok(outcome?)
}

/// Writes wishes of one policy, and settles each.
async fn written(job: &Job<'_>, value: &Value, present: bool, wishes: Vec<Wish>, until: Timestamp) {
    let mut groups = vec![wishes];
    while let Some(mut group) = groups.pop() {
        match all(job, value, present, &group, until).await {
            Ok(policy) => group.iter().for_each(|wish| wish.settle(Ok(policy.clone()))),
            Err(refused) if group.len() > 1 && refused.status() == 400 => {
                let rest = group.split_off(group.len() / 2);
                groups.extend([rest, group]);
            }
            Err(refused) => group.iter().for_each(|wish| wish.settle(Err(refused.clone()))),
        }
    }
}

/// Reads the policy, makes the changes of a group, and writes it, until nobody else wrote it meanwhile.
async fn all(
    job: &Job<'_>,
    value: &Value,
    present: bool,
    group: &[Wish],
    until: Timestamp,
) -> Result<Json, Refused> {
    let clock = job.desk.clock();
    let what = match group {
        [one] => one.what.clone(),
        [first, rest @ ..] => format!("{} and {} more of the policy", first.what, rest.len()),
        [] => return Ok(Json::Null),
    };
    let Some(call) = &job.spec.update.call else { return Ok(Json::Null) };
    let mut pause = Duration::from_secs(1);
    loop {
        let Some(policy) = policy(job.session, job.spec, value, &what, &*clock).await? else {
            if !present {
                return Ok(Json::Null);
            }
            let detail = format!("{what}: there is no such thing to grant a role on.");
            return Err(ApiError::new(ApiErrorKind::NotFound, "Not found", detail).into());
        };
        let Some(changed) = edited(&policy, group) else { return Ok(policy) };
        let ask = job.session.ask(job.spec, call, value, Some(changed), &what)?;
        let refused = match job.session.api.send(&ask, &*clock).await {
            Ok(policy) => return Ok(policy),
            Err(refused) => refused,
        };
        let passes = match refused.status() {
            409 | 412 => true,
            // A new account is not known everywhere yet.
            400 if group.len() == 1 => {
                refused.message.contains("does not exist") && pause <= UNKNOWN
            }
            _ => false,
        };
        if !passes || clock.now() >= until {
            return Err(refused);
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}
