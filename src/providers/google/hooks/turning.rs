//! Keys that turn: a new key is made beside the old one, which is put out of action after a time of grace, and removed
//! after another.
//!
//! What the clock says is told by the read (`rotation_due`), so that a plan depends on the state alone and shows each step.
//! A run that ends between the making of a key and the writing of its secret leaves `rotation_mark`, or a key without a
//! version in its sink: the next run finds the key that is of no use, and makes another in its place.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::providers::rest::equal::duration_seconds;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{first_block, text_at, texts};
use crate::providers::rest::validate::problem;
use crate::providers::{Failure, Problem};
use crate::value::{Path, Type, Value};

use super::hmac::{HmacKey, partly};
use super::hmac_read::Beside;
use super::sink::{self, sink, sunk, with_version};
use super::strays::is_of;

/// What is due: a new key.
const TURN: &str = "a new key";
/// The previous key is put out of action.
const DEACTIVATE: &str = "the previous key is deactivated";
/// The previous key is removed.
const DELETE: &str = "the previous key is deleted";

fn nothing() -> Value {
    Value::null(Type::String)
}

fn no_texts() -> Value {
    Value::null(Type::list(Type::String))
}

fn seconds(value: &Value, name: &str) -> Option<f64> {
    duration_seconds(&text_at(value, name)?)
}

#[expect(clippy::cast_possible_truncation, reason = "a period is some years at most")]
fn span(seconds: f64) -> SignedDuration {
    SignedDuration::from_secs(seconds.min(LONGEST) as i64)
}

/// The longest span that is counted with: a hundred years.
const LONGEST: f64 = 3_153_600_000.0;

/// Checks the spans of a configuration.
pub fn validate(config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in ["rotation_period", "rotation_grace"] {
        let is_span = |text: &String| duration_seconds(text).is_some_and(|seconds| seconds > 0.0);
        if let Some(text) = text_at(config, name).filter(|text| !is_span(text)) {
            let detail = format!("{text:?} is no duration like \"24h\" or \"90d\".");
            problems.push(problem(&Path::root().attribute(name), "Invalid duration", detail));
        }
    }
    let is_unknown = config.field("rotation_grace").is_some_and(|grace| !grace.is_known());
    let grace = seconds(config, "rotation_grace").unwrap_or(86_400.0);
    if let Some(period) = seconds(config, "rotation_period")
        && period < 2.0 * grace
        && !is_unknown
    {
        let detail = "The previous key goes after twice the time of grace: \"rotation_period\" must be at least twice \
                      \"rotation_grace\".";
        let path = Path::root().attribute("rotation_period");
        problems.push(problem(&path, "Invalid duration", detail.into()));
    }
    problems
}

/// Says of a plan what becomes of the keys.
pub fn plan(draft: &mut Draft<'_>) {
    let has_sink = first_block(&draft.after, "secret_sink").is_some();
    let Some(prior) = draft.prior else {
        for name in ["previous_access_id", "previous_state", "rotation_due"] {
            draft.after = draft.after.with_field(name, nothing());
        }
        for name in ["rotation_left", "rotation_mark"] {
            draft.after = draft.after.with_field(name, no_texts());
        }
        if has_sink {
            draft.after = draft.after.with_field("secret", nothing());
        }
        return;
    };
    let kept = |value: &Value| value.field("keepers").filter(|keepers| !keepers.is_null()).cloned();
    let kept_otherwise = kept(prior).is_some_and(|keepers| Some(keepers) != kept(&draft.after));
    let moved = has_sink && (sink(prior) != sink(&draft.after) || !sink::is_known(&draft.after));
    let has_secret = text_at(prior, "secret").is_some();
    let due = text_at(prior, "rotation_due").unwrap_or_default();
    let mut after = draft.after.clone();
    if kept_otherwise || due == TURN || (moved && !has_secret) {
        after = turned(prior, &after, has_sink);
    } else {
        if moved {
            after = with_version(&after, Value::unknown_not_null(Type::String));
            after = after.with_field("secret", nothing());
        }
        if due == DEACTIVATE {
            after = after.with_field("previous_state", Value::string("INACTIVE"));
        }
        if due == DELETE {
            after = after.with_field("previous_access_id", nothing());
            after = after.with_field("previous_state", nothing());
        }
    }
    after = after.with_field("rotation_due", nothing());
    after = after.with_field("rotation_left", no_texts()).with_field("rotation_mark", no_texts());
    draft.after = after;
}

/// Gives the object with a new key beside the one that stands.
fn turned(prior: &Value, after: &Value, has_sink: bool) -> Value {
    let previous = match is_useless(prior) {
        true => ["previous_access_id", "previous_state"],
        false => ["access_id", "state"],
    };
    let field = |name: &str| prior.field(name).cloned().unwrap_or_else(nothing);
    let unknown = || Value::unknown_not_null(Type::String);
    let mut turned = after
        .with_field("previous_access_id", field(previous[0]))
        .with_field("previous_state", field(previous[1]))
        .with_field("secret", if has_sink { nothing() } else { unknown() });
    for name in ["id", "access_id", "time_created", "updated"] {
        turned = turned.with_field(name, unknown());
    }
    with_version(&turned, unknown())
}

/// Says whether nobody has the secret of the key that stands: a run ended before it was written.
fn is_useless(value: &Value) -> bool {
    first_block(value, "secret_sink").is_some() && sunk(value).is_none()
}

/// Gives the object with a note that another key is being made for it, beside those that are there.
pub fn marked(standing: &Value, now: Timestamp, before: &[String]) -> Value {
    let texts = std::iter::once(now.to_string()).chain(before.iter().cloned());
    standing
        .with_field("rotation_mark", Value::list(Type::String, texts.map(Value::string).collect()))
}

/// Gives the object without that note.
pub fn unmarked(standing: &Value) -> Value {
    standing.with_field("rotation_mark", no_texts())
}

/// Says of a key that was read what is due, and what stands beside it.
pub(super) async fn looked_at(
    session: &RestSession,
    spec: &Spec,
    value: Value,
    beside: &Beside,
) -> Value {
    let mut value = value;
    let now = session.api.clock.now();
    let mut due = None;
    if let Some(access_id) = text_at(&value, "previous_access_id") {
        match beside.key(session, spec, &value, &access_id).await {
            Ok(found) if found["state"] != "DELETED" => {
                due = aged(&value, &found, now);
                let state = found["state"].as_str().unwrap_or_default();
                value = value.with_field("previous_state", Value::string(state));
            }
            Err(refused) if !refused.is_not_found() => {
                tracing::warn!(status = %refused.status(), "the previous key cannot be read");
            }
            _ => {
                value = value.with_field("previous_access_id", nothing());
                value = value.with_field("previous_state", nothing());
            }
        }
    }
    let age = text_at(&value, "time_created").and_then(|text| text.parse::<Timestamp>().ok());
    let age = age.map(|made| now.duration_since(made));
    let old = seconds(&value, "rotation_period")
        .zip(age)
        .is_some_and(|(period, age)| age >= span(period));
    if old || is_useless(&value) || sink::is_lost(session, &value).await {
        due = Some(TURN);
    }
    value = value.with_field("rotation_due", due.map_or_else(nothing, Value::string));
    match left(session, spec, &value, beside).await {
        Some(left) if !left.is_empty() => {
            let left = left.into_iter().map(Value::string).collect();
            value.with_field("rotation_left", Value::list(Type::String, left))
        }
        _ => value.with_field("rotation_left", no_texts()),
    }
}

/// Says what is due of the previous key: it was replaced when the present one was made, and each step waits since the one before,
/// also where somebody has switched it on again.
fn aged(value: &Value, previous: &Json, now: Timestamp) -> Option<&'static str> {
    let grace = span(seconds(value, "rotation_grace").unwrap_or(86_400.0));
    let active = previous["state"] == "ACTIVE";
    let replaced = text_at(value, "time_created").filter(|_| active);
    let hours = [replaced.as_deref(), previous["updated"].as_str()].into_iter().flatten();
    let since = hours.filter_map(|hour| hour.parse::<Timestamp>().ok()).max()?;
    (now.duration_since(since) >= grace).then_some(if active { DEACTIVATE } else { DELETE })
}

/// Gives the keys that a run made which ended before it knew of them.
async fn left(
    session: &RestSession,
    spec: &Spec,
    value: &Value,
    beside: &Beside,
) -> Option<Vec<String>> {
    let mark = texts(value, "rotation_mark");
    let (since, before) = mark.split_first()?;
    let since: Timestamp = since.parse().ok()?;
    let email = text_at(value, "service_account_email")?;
    let keys = beside.keys(session, spec, value, &email).await?;
    let own = ["access_id", "previous_access_id"].map(|name| text_at(value, name));
    let ids = keys
        .iter()
        .filter(|key| is_of(&key["timeCreated"], since))
        .filter_map(|key| key["accessId"].as_str());
    let others = ids.map(String::from).filter(|id| !before.contains(id) && !beside.tracks(id));
    let left: Vec<String> = others.filter(|id| !own.contains(&Some(id.clone()))).collect();
    if left.len() > 1 {
        // One request has made one at most: whose the others are, nobody can tell.
        tracing::warn!(
            keys = left.join(", "),
            "one of these may be of no use: they are left alone"
        );
        return None;
    }
    Some(left)
}

/// Does what was planned for the keys.
pub async fn update(
    hook: &HmacKey,
    job: &Job<'_>,
    prior: &Value,
    planned: &Value,
) -> Result<Value, Failure> {
    let until = job.until("update", planned);
    for access_id in texts(prior, "rotation_left") {
        job.desk.note(&format!("removing the key {access_id}, whose secret was lost"));
        hook.remove(job, prior, &access_id).await?;
    }
    let planned_id = planned.field("access_id").cloned().unwrap_or_else(nothing);
    if !planned_id.is_known() {
        return turn(hook, job, prior, planned).await;
    }
    if text_at(prior, "state") != text_at(planned, "state") {
        hook.set_state(job, planned, &text_at(planned, "state").unwrap_or_default()).await?;
    }
    let mut done = planned.clone();
    if let Some(secret) = text_at(prior, "secret").filter(|_| sink(planned).is_some()) {
        done = sink::write(job, &done, &secret).await?;
    }
    if sink(prior) != sink(planned) {
        sink::cleared(job, prior).await;
    }
    if let Some(previous) = text_at(prior, "previous_access_id") {
        let wanted = text_at(planned, "previous_state");
        match text_at(planned, "previous_access_id") {
            None => hook.remove(job, prior, &previous).await?,
            Some(_) if wanted != text_at(prior, "previous_state") => {
                let key = prior.with_field("access_id", Value::string(&previous));
                hook.set_state(job, &key, &wanted.unwrap_or_default()).await?;
            }
            Some(_) => {}
        }
    }
    job.settle(&done, until).await
}

/// Makes another key beside the one that stands.
async fn turn(
    hook: &HmacKey,
    job: &Job<'_>,
    prior: &Value,
    planned: &Value,
) -> Result<Value, Failure> {
    let until = job.until("update", planned);
    // As many as two keys stand at once: what was the previous one makes room.
    let gone = match is_useless(prior) {
        true => None,
        false => text_at(prior, "previous_access_id"),
    };
    if let Some(access_id) = gone {
        hook.remove(job, prior, &access_id).await?;
    }
    let made = hook.another(job, planned, Some(prior)).await;
    let stands = match &made {
        Ok(made) => Some(made.clone()),
        Err(failure) => failure.partial.as_ref().map(|partial| partial.value.clone()),
    };
    if let (true, Some(stands), Some(access_id)) =
        (is_useless(prior), stands, text_at(prior, "access_id"))
    {
        let removed = hook.remove(job, prior, &access_id).await;
        removed.map_err(|failure| partly(failure, &stands))?;
    }
    if made.is_ok() && sink(prior) != sink(planned) {
        sink::cleared(job, prior).await;
    }
    job.settle(&made?, until).await
}
