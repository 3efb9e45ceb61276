//! What secrets hold, and keys of Cloud KMS.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::equal::duration_seconds;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::text_at;
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, Deed, Failure, Problem};
use crate::value::{Path, Value};

/// `google_secret_manager_secret_version`.
pub struct Version;

/// `google_kms_crypto_key`.
pub struct CryptoKey;

fn flag(value: &Value, name: &str) -> Option<bool> {
    value.field(name).and_then(Value::as_bool)
}

/// Sends a request without an answer that matters.
async fn call(job: &Job<'_>, path: String, deed: &str, value: &Value) -> Result<(), Failure> {
    job.perform(Method::POST, path, Some(json!({})), (deed, value)).await?;
    Ok(())
}

impl Version {
    async fn switch(&self, job: &Job<'_>, value: &Value) -> Result<(), Failure> {
        let verb = if flag(value, "enabled") == Some(false) { "disable" } else { "enable" };
        let name = text_at(value, "name").unwrap_or_default();
        call(job, format!("{name}:{verb}"), "switching", value).await
    }
}

#[async_trait]
impl Hook for Version {
    fn located(&self, value: Value) -> Value {
        let known = text_at(&value, "name").is_some();
        let place = text_at(&value, "secret").zip(text_at(&value, "version")).filter(|_| !known);
        match place {
            Some((secret, version)) => {
                value.with_field("name", Value::string(format!("{secret}/versions/{version}")))
            }
            None => value,
        }
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(create) = &job.spec.create else { return Ok(planned.clone()) };
        let until = job.until("create", planned);
        let given = match &job.action.deed {
            Deed::Create { config, .. } => text_at(config, "secret_data_wo"),
            _ => None,
        };
        let data = text_at(planned, "secret_data").or(given).unwrap_or_default();
        let data = match flag(planned, "is_secret_data_base64") {
            Some(true) => data,
            _ => STANDARD.encode(data),
        };
        let body = json!({ "payload": { "data": data } });
        let ask = job.ask(create, planned, Some(body), "creating")?;
        let answer = job.send(&ask, planned, until).await?;
        let made = job.session.decoded(job.spec, &answer, Some(planned));
        job.keep(&made).await;
        if flag(planned, "enabled") == Some(false) {
            self.switch(job, &made.with_field("enabled", Value::bool(false))).await?;
        }
        job.settle(
            &made.with_field(
                "enabled",
                planned.field("enabled").cloned().unwrap_or_else(|| Value::bool(true)),
            ),
            until,
        )
        .await
    }

    /// What a version says is asked for by a call of its own, while it is on.
    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        object: &Json,
    ) -> Value {
        let wanted = value.field("secret_data").is_some_and(|data| !data.is_null());
        let imported = value.field("secret_data_wo_version").is_none_or(Value::is_null);
        let name = text_at(&value, "name").unwrap_or_default();
        if object["state"] != "ENABLED" || !(wanted || imported) {
            return value;
        }
        let what = format!("reading what {name} says");
        let ask = Ask::get(&spec.service, format!("{name}:access"), what);
        let answer = match session.api.send(&ask, &*session.api.clock).await {
            Ok(answer) => answer,
            Err(refused) => {
                // Who may not read what it says still manages it.
                tracing::warn!(name, status = %refused.status(), "what the version says cannot be read");
                return value;
            }
        };
        let data = answer.pointer("/payload/data").and_then(Json::as_str).unwrap_or_default();
        let plain = || String::from_utf8(STANDARD.decode(data).ok()?).ok();
        let text = match flag(&value, "is_secret_data_base64") {
            Some(true) => Some(data.to_string()),
            _ => plain(),
        };
        match text {
            Some(text) => value.with_field("secret_data", Value::string(text)),
            None => value,
        }
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        if flag(prior, "enabled") != flag(planned, "enabled") {
            self.switch(job, planned).await?;
        }
        job.settle(planned, job.until("update", planned)).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        if text_at(prior, "deletion_policy").as_deref() == Some("DISABLE") {
            return self.switch(job, &prior.with_field("enabled", Value::bool(false))).await;
        }
        job.delete(prior).await
    }
}

impl CryptoKey {
    /// When a key with a period turns next.
    fn turn(job: &Job<'_>, planned: &Value) -> Option<(String, String)> {
        let period = text_at(planned, "rotation_period").filter(|period| !period.is_empty())?;
        #[expect(clippy::cast_possible_truncation, reason = "a period is a hundred years at most")]
        let seconds = duration_seconds(&period)?.min(LONGEST) as i64;
        let next = job.desk.clock().now().checked_add(SignedDuration::from_secs(seconds)).ok()?;
        Some((period, next.to_string()))
    }

    async fn rotate(&self, job: &Job<'_>, planned: &Value) -> Result<(), Failure> {
        let Some(update) = &job.spec.update.call else { return Ok(()) };
        let body = match CryptoKey::turn(job, planned) {
            Some((period, next)) => json!({ "rotationPeriod": period, "nextRotationTime": next }),
            None => json!({}),
        };
        let mut ask = job.ask(update, planned, Some(body), "changing the rotation of")?;
        ask.path.push_str("?updateMask=rotationPeriod,nextRotationTime");
        job.send(&ask, planned, job.until("update", planned)).await?;
        Ok(())
    }
}

/// The shortest and the longest period of a key, in seconds: a day, a hundred years.
const SHORTEST: f64 = 86_400.0;
const LONGEST: f64 = 3_153_600_000.0;

#[async_trait]
impl Hook for CryptoKey {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let period = text_at(config, "rotation_period").filter(|period| !period.is_empty());
        let seconds = period.as_deref().and_then(duration_seconds);
        let wrong = seconds.is_some_and(|seconds| !(SHORTEST..=LONGEST).contains(&seconds));
        let path = Path::root().attribute("rotation_period");
        let detail = "A key turns after a day (\"86400s\") at the earliest, and after a hundred years at the latest.";
        let found = wrong.then(|| problem(&path, "Invalid rotation period", detail.into()));
        found.into_iter().collect()
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(create) = &job.spec.create else { return Ok(planned.clone()) };
        let until = job.until("create", planned);
        let mut body = job.body(planned);
        if let Some((_, next)) = CryptoKey::turn(job, planned) {
            body["nextRotationTime"] = next.into();
        }
        let mut ask = job.ask(create, planned, Some(body), "creating")?;
        if flag(planned, "skip_initial_version_creation") == Some(true) {
            ask.path.push_str("&skipInitialVersionCreation=true");
        }
        let answer = job.send(&ask, planned, until).await?;
        job.keep(&job.session.decoded(job.spec, &answer, Some(planned))).await;
        job.settle(planned, until).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let period = |value: &Value| text_at(value, "rotation_period").unwrap_or_default();
        if period(prior) == period(planned) {
            return job.update(prior, planned).await;
        }
        self.rotate(job, planned).await?;
        let turned = planned.field("rotation_period").cloned();
        let prior = turned
            .into_iter()
            .fold(prior.clone(), |prior, turned| prior.with_field("rotation_period", turned));
        job.update(&prior, planned).await
    }

    /// There is no call that removes a key: its versions are destroyed, and it turns no more.
    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let name = text_at(prior, "id").unwrap_or_default();
        let path = format!("{name}/cryptoKeyVersions?pageSize=500");
        let ask = Ask::get(&job.spec.service, path, job.what("listing the versions of"));
        let versions = match job.session.api.list(&ask, "cryptoKeyVersions").await {
            Ok(versions) => versions,
            Err(refused) if refused.is_not_found() => return Ok(()),
            Err(refused) => return Err(ApiError::from(refused).into()),
        };
        for version in versions {
            let text = |name: &str| version.get(name).and_then(Json::as_str).unwrap_or_default();
            if !["DESTROYED", "DESTROY_SCHEDULED"].contains(&text("state")) {
                call(job, format!("{}:destroy", text("name")), "destroying the versions of", prior)
                    .await?;
            }
        }
        if text_at(prior, "rotation_period").is_some_and(|period| !period.is_empty()) {
            let still = prior.with_field("rotation_period", Value::string(""));
            self.rotate(job, &still).await?;
        }
        Ok(())
    }
}
