//! Memorystore, Firestore and App Engine: what goes up and never down, what is left behind, what never moves.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::providers::Failure;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{text, text_at};
use crate::providers::rest::validate::problem;
use crate::value::{Path, Type, Value};

/// `google_redis_instance`.
pub struct Redis;

/// `google_firestore_database`.
pub struct Firestore;

/// `google_app_engine_application`.
pub struct App;

fn is_on(value: &Value, name: &str) -> bool {
    value.field(name).and_then(Value::as_bool) == Some(true)
}

/// Gives the numbers of a version like `REDIS_7_0`.
fn numbers(version: &str) -> Vec<u32> {
    version.split('_').filter_map(|part| part.trim_start_matches('X').parse().ok()).collect()
}

#[async_trait]
impl Hook for Redis {
    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(prior) = draft.prior else { return };
        let (old, new) = (text(prior, "redis_version"), text(&draft.after, "redis_version"));
        if !new.is_empty() && numbers(&new) < numbers(&old) {
            draft.replaces.push(Path::root().attribute("redis_version"));
        }
        if is_on(prior, "auth_enabled") != is_on(&draft.after, "auth_enabled") {
            let unknown = Value::unknown(Type::String);
            draft.after = draft.after.with_field("auth_string", unknown);
        }
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        let given = object["authorizedNetwork"].as_str().filter(|it| !it.contains('/'));
        if let Some(name) = given.map(str::to_string) {
            let project = text(planned, "project");
            object["authorizedNetwork"] =
                format!("projects/{project}/global/networks/{name}").into();
        }
    }

    /// The password that the service has made is asked for by a call of its own.
    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        object: &Json,
    ) -> Value {
        if object["authEnabled"] != true {
            return value.with_field("auth_string", Value::string(""));
        }
        let name = object["name"].as_str().unwrap_or_default();
        let what = format!("reading the password of {name}");
        let ask = Ask::get(&spec.service, format!("{name}/authString"), what);
        match session.api.send(&ask, &*session.api.clock).await {
            Ok(answer) => {
                let said = answer["authString"].as_str().unwrap_or_default();
                value.with_field("auth_string", Value::string(said))
            }
            Err(refused) => {
                // Who may not read the password still manages the instance.
                tracing::warn!(name, status = %refused.status(), "the password cannot be read");
                value
            }
        }
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let version = text(planned, "redis_version");
        if version.is_empty() || version == text(prior, "redis_version") {
            return job.update(prior, planned).await;
        }
        let until = job.until("update", planned);
        if let Some(call) = job.spec.rpcs.get("upgrade") {
            let body = json!({ "redisVersion": version });
            let ask = job.ask(call, planned, Some(body), "upgrading")?;
            let answer = job.send(&ask, planned, until).await?;
            job.wait(answer, planned, until).await?;
        }
        job.update(&prior.with_field("redis_version", Value::string(version)), planned).await
    }
}

#[async_trait]
impl Hook for Firestore {
    fn plan(&self, draft: &mut Draft<'_>) {
        let open = draft.config.field("deletion_policy").is_none_or(Value::is_null);
        if draft.prior.is_none() && open && draft.defaults.deletion_policy.is_none() {
            draft.after = draft.after.with_field("deletion_policy", Value::string("ABANDON"));
        }
    }

    /// A database goes only where that was said.
    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        match text_at(prior, "deletion_policy").as_deref() {
            Some("DELETE") => job.delete(prior).await,
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Hook for App {
    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(prior) = draft.prior else { return };
        let (old, new) = (text(prior, "location_id"), text(&draft.after, "location_id"));
        if !new.is_empty() && !old.is_empty() && new != old {
            let detail = format!(
                "A project's App Engine stays where it was made ({old}), and can be neither moved nor removed."
            );
            let path = Path::root().attribute("location_id");
            draft.problems.push(problem(&path, "The location cannot be changed", detail));
        }
    }

    /// There is no call that removes an application.
    async fn delete(&self, job: &Job<'_>, _prior: &Value) -> Result<(), Failure> {
        job.desk
            .note("an App Engine application cannot be removed: it is left, and only forgotten");
        Ok(())
    }
}
