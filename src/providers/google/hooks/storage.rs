//! Buckets and interoperability keys.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json, json};

use crate::http::Method;
use crate::http::retry::Retry;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{Template, escape, text_at};
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

/// `google_storage_hmac_key`.
pub struct HmacKey;

impl HmacKey {
    /// Sends the request that makes a key. Its secret is in the answer alone: where that is lost, looks for the key that
    /// may have been made, and makes no second one in silence.
    async fn made(
        &self,
        job: &Job<'_>,
        ask: &Ask<'_>,
        planned: &Value,
        until: jiff::Timestamp,
    ) -> Result<Json, Failure> {
        let email = text_at(planned, "service_account_email").unwrap_or_default();
        let clock = job.desk.clock();
        let _one_at_a_time = job.session.api.lock(&format!("keys of {email}"), &*clock).await;
        let before = self.keys(job, planned, &email).await?;
        let (retry, mut lost) = (Retry::default(), 0);
        loop {
            let refused = match job.send(ask, planned, until).await {
                Ok(answer) => return Ok(answer),
                Err(refused) if refused.unknown => refused,
                Err(refused) => return Err(refused.into()),
            };
            job.desk.note("the answer was lost: looking whether a key was made");
            let keys = self.keys(job, planned, &email).await?;
            for key in keys.into_iter().filter(|key| !before.contains(key)) {
                // Nobody has its secret, which was in the lost answer alone.
                job.desk.note(&format!("removing the key {key}, whose secret was lost"));
                let useless = planned.with_field("access_id", Value::string(&*key));
                self.delete(job, &useless).await?;
            }
            lost += 1;
            match retry.pause(lost) {
                Some(pause) => clock.sleep(pause).await,
                None => return Err(refused.into()),
            }
        }
    }

    /// Gives the access ids of a service account's keys.
    async fn keys(
        &self,
        job: &Job<'_>,
        planned: &Value,
        email: &str,
    ) -> Result<Vec<String>, ApiError> {
        let what = job.what("listing the keys beside");
        let keys = listed(job.session, job.spec, planned, email, what).await?;
        let ids = keys.iter().filter_map(|key| key.get("accessId").and_then(Json::as_str));
        Ok(ids.map(String::from).collect())
    }

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

/// Gives the keys of a service account.
async fn listed(
    session: &RestSession,
    spec: &Spec,
    planned: &Value,
    email: &str,
    what: String,
) -> Result<Vec<Json>, ApiError> {
    let project = text_at(planned, "project").unwrap_or_default();
    let path = format!(
        "projects/{}/hmacKeys?serviceAccountEmail={}&maxResults=250",
        escape(&project, false),
        escape(email, true)
    );
    Ok(session.api.list(&Ask::get(&spec.service, path, what), "items").await?)
}

/// A key that was made so long after its making began, at most, is of that making: the clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
const TRIES: SignedDuration = SignedDuration::from_mins(5);

#[async_trait]
impl Hook for HmacKey {
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(call) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, planned);
        let until = job.until("create", &planned);
        let ask = job.ask(call, &planned, None, "creating")?;
        let answer = self.made(job, &Ask { careful: true, ..ask }, &planned, until).await?;
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

    async fn strays(
        &self,
        session: &RestSession,
        spec: &Spec,
        planned: &Value,
        since: Timestamp,
    ) -> Result<Vec<Value>, ApiError> {
        let Some(email) = text_at(planned, "service_account_email") else { return Ok(Vec::new()) };
        let what = format!("looking for keys of {email}");
        let keys = listed(session, spec, planned, &email, what).await?;
        let of_the_time = |key: &&Json| {
            let made = key.get("timeCreated").and_then(Json::as_str)?.parse::<Timestamp>().ok()?;
            Some(made >= since - SKEW && made <= since + TRIES)
        };
        let keys = keys.iter().filter(|key| of_the_time(key) == Some(true));
        Ok(keys.map(|key| session.decoded(spec, key, None)).collect())
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
