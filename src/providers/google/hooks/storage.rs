//! Buckets and interoperability keys.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::template::{escape, text_at};
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::{Path, Value};

/// `google_storage_bucket`.
pub struct Bucket;

fn first_block<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.field(name).and_then(Value::elements).and_then(<[Value]>::first)
}

fn is_locked(value: &Value) -> bool {
    first_block(value, "retention_policy")
        .and_then(|block| block.field("is_locked"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[async_trait]
impl Hook for Bucket {
    fn plan(&self, draft: &mut Draft<'_>) {
        if draft.prior.is_some_and(is_locked) && !is_locked(&draft.after) {
            draft
                .replaces
                .push(Path::root().attribute("retention_policy").place(0).attribute("is_locked"));
        }
    }

    fn answered(&self, object: &mut Json, _base: Option<&Value>) {
        if let Some(location) = object.get("location").and_then(Json::as_str).map(str::to_uppercase)
        {
            object["location"] = location.into();
        }
    }

    fn asked(&self, object: &mut Json, _planned: &Value) {
        if let Some(rules) = object
            .get_mut("lifecycle")
            .filter(|lifecycle| lifecycle.get("rule") == Some(&json!([])))
        {
            *rules = json!({ "rule": [] });
        }
        // A patch leaves alone what is not in it; what has no off switch is not sent empty.
        if let Json::Object(fields) = object {
            for name in ["versioning", "softDeletePolicy", "website"] {
                if fields.get(name).is_some_and(Json::is_null) {
                    fields.shift_remove(name);
                }
            }
        }
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let made = job.create(planned).await?;
        if is_locked(planned) && !is_locked(&made) {
            return lock(job, &made).await;
        }
        Ok(made)
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let changed = job.update(prior, planned).await?;
        if is_locked(planned) && !is_locked(prior) {
            return lock(job, &changed).await;
        }
        Ok(changed)
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let name = text_at(prior, "name").unwrap_or_default();
        let service = &job.spec.service;
        let path = format!("b/{}/o?versions=true&maxResults=1000", escape(&name, false));
        let ask = Ask::get(service, path, job.what("listing the objects of"));
        let objects = match job.session.api.list(&ask, "items").await {
            Ok(objects) => objects,
            Err(refused) if refused.is_not_found() => return Ok(()),
            // The bucket's own removal will tell what is in it.
            Err(_) => Vec::new(),
        };
        let force = prior.field("force_destroy").and_then(Value::as_bool) == Some(true);
        if !objects.is_empty() && !force {
            let count = objects.len();
            let detail = format!(
                "{} is not deleted: the bucket \"{name}\" holds {count} object versions, and `force_destroy` is not \
                 true in the state.",
                job.action.address
            );
            return Err(ApiError::new(ApiErrorKind::Protected, "Protected from removal", detail)
                .help("Set `force_destroy = true` and apply, then destroy; or empty the bucket.")
                .into());
        }
        empty(job, &name, &objects).await?;
        job.delete(prior).await
    }
}

async fn empty(job: &Job<'_>, bucket: &str, objects: &[Json]) -> Result<(), Failure> {
    if objects.is_empty() {
        return Ok(());
    }
    job.desk.note(&format!("deleting {} object versions", objects.len()));
    let url = format!("DELETE all of gs://{bucket}");
    let number =
        job.desk.intent(&url, json!({ "bucket": bucket, "objects": objects.len() })).await?;
    let clock = job.desk.clock();
    let clock = &*clock;
    let deletes: Vec<_> = objects
        .iter()
        .map(|object| async move {
            let text = |name: &str| object.get(name).and_then(Json::as_str).unwrap_or_default();
            let name = escape(text("name"), true);
            let path =
                format!("b/{}/o/{name}?generation={}", escape(bucket, false), text("generation"));
            let what = job.what("emptying");
            let ask =
                Ask { service: &job.spec.service, method: Method::DELETE, path, body: None, what };
            match job.session.api.send(&ask, clock).await {
                Err(refused) if !refused.is_not_found() => Err(Failure::from(refused)),
                _ => Ok(()),
            }
        })
        .collect();
    let done: Result<Vec<()>, Failure> =
        stream::iter(deletes).buffer_unordered(16).try_collect().await;
    job.desk.answer(number, if done.is_ok() { "ok" } else { "failed" }).await;
    done.map(|_| ())
}

async fn lock(job: &Job<'_>, bucket: &Value) -> Result<Value, Failure> {
    let until = job.until("update", bucket);
    let found = job.session.get(job.spec, bucket, &job.what("reading")).await?.unwrap_or_default();
    let generation = found.get("metageneration").and_then(Json::as_str).unwrap_or_default();
    let name = escape(&text_at(bucket, "name").unwrap_or_default(), false);
    let path = format!("b/{name}/lockRetentionPolicy?ifMetagenerationMatch={generation}");
    let what = job.what("locking the retention policy of");
    let ask = Ask { service: &job.spec.service, method: Method::POST, path, body: None, what };
    job.send(&ask, bucket, until).await?;
    job.settle(bucket, until).await
}

/// `google_storage_hmac_key`.
pub struct HmacKey;

impl HmacKey {
    async fn set_state(&self, job: &Job<'_>, value: &Value, state: &str) -> Result<(), Failure> {
        let Some(found) = job.session.get(job.spec, value, &job.what("reading")).await? else {
            return Ok(());
        };
        if found.get("state").and_then(Json::as_str) == Some(state) {
            return Ok(());
        }
        let Some(call) = &job.spec.update.call else { return Ok(()) };
        let mut body = json!({ "state": state });
        if let Some(etag) = found.get("etag") {
            body["etag"] = etag.clone();
        }
        let ask = job.ask(call, value, Some(body), "updating")?;
        let until = job.until("update", value);
        job.send(&ask, value, until).await?;
        Ok(())
    }
}

#[async_trait]
impl Hook for HmacKey {
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(call) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, planned);
        let until = job.until("create", &planned);
        let ask = job.ask(call, &planned, None, "creating")?;
        let answer = job.send(&ask, &planned, until).await?;
        let metadata = answer.get("metadata").cloned().unwrap_or(Json::Object(Map::new()));
        // The secret is in this answer and nowhere else.
        let secret = answer.get("secret").and_then(Json::as_str).unwrap_or_default();
        let base = planned.with_field("secret", Value::string(secret));
        let made = job.session.observe(job.spec, metadata, Some(&base)).await;
        job.keep(&made).await;
        let wanted = text_at(&planned, "state").unwrap_or_else(|| "ACTIVE".into());
        let made = made.with_field("state", Value::string(&wanted));
        if wanted == "INACTIVE" {
            self.set_state(job, &made, &wanted).await?;
        }
        job.settle(&made, until).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let wanted = text_at(planned, "state").unwrap_or_else(|| "ACTIVE".into());
        self.set_state(job, planned, &wanted).await?;
        let until = job.until("update", planned);
        job.settle(planned, until).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        self.set_state(job, prior, "INACTIVE").await?;
        let clock = job.desk.clock();
        for _ in 0..3 {
            match job.delete(prior).await {
                // The change of its state may not be seen everywhere at once.
                Err(failure) if failure.error.status == Some(400) => {
                    clock.sleep(Duration::from_secs(2)).await
                }
                other => return other,
            }
        }
        job.delete(prior).await
    }
}
