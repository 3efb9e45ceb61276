//! Buckets.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{Template, escape, first_block, text_at};
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::{Path, Value};

/// `google_storage_bucket`.
pub struct Bucket;

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
        let retains =
            planned.field("enable_object_retention").and_then(Value::as_bool) == Some(true);
        let made = if retains {
            let spec = with_object_retention(job.spec);
            Job { spec: &spec, ..*job }.create(planned).await?
        } else {
            job.create(planned).await?
        };
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
            let versions = match objects.len() {
                1 => "an object".to_string(),
                count => format!("{count} versions of objects"),
            };
            let detail = format!(
                "{} is not deleted: the bucket \"{name}\" holds {versions}, and `force_destroy` is not true in the state.",
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

/// The retention of objects is asked for in the address of the creation, not in the bucket.
fn with_object_retention(spec: &Spec) -> Spec {
    let mut spec = spec.clone();
    if let Some(call) = &mut spec.create {
        call.path = Template::parse(&format!("{}&enableObjectRetention=true", call.path));
    }
    spec
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
            let ask = Ask { method: Method::DELETE, ..Ask::get(&job.spec.service, path, what) };
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
    let ask = Ask { method: Method::POST, ..Ask::get(&job.spec.service, path, what) };
    job.send(&ask, bucket, until).await?;
    job.settle(bucket, until).await
}
