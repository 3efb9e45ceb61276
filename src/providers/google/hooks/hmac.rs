//! Interoperability keys of Cloud Storage: the secret is in the answer that makes one, and nowhere else.
//!
//! How a key turns is in `turning.rs`.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::http::retry::Retry;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::{Job, settled};
use crate::providers::rest::lost::open;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{escape, first_block, text_at};
use crate::providers::{ApiError, ApiErrorKind, Failure, Observed, Problem, Wanted};
use crate::state::Broken;
use crate::value::{Type, Value};

use super::hmac_read::{self, Beside};
use super::sink::{self, with_version};
use super::{strays, turning};

/// `google_storage_hmac_key`.
pub struct HmacKey;

/// The path of a key of an account.
pub(super) fn path(value: &Value, access_id: &str) -> String {
    let project = text_at(value, "project").unwrap_or_default();
    format!("projects/{}/hmacKeys/{}", escape(&project, false), escape(access_id, false))
}

impl HmacKey {
    /// Makes a key, and puts its secret where it belongs. Gives the object, which is kept between the requests. `standing` is
    /// the object that gets it, where there is one.
    pub(super) async fn another(
        &self,
        job: &Job<'_>,
        planned: &Value,
        standing: Option<&Value>,
    ) -> Result<Value, Failure> {
        let Some(call) = &job.spec.create else { return Ok(planned.clone()) };
        let until = job.until("create", planned);
        let ask = job.ask(call, planned, None, "creating")?;
        let answer =
            self.made(job, &Ask { careful: true, ..ask }, (planned, standing), until).await?;
        let metadata = answer.get("metadata").cloned().unwrap_or(Json::Object(Map::new()));
        // The secret is in this answer and nowhere else.
        let secret = answer.get("secret").and_then(Json::as_str).unwrap_or_default();
        let kept = match first_block(planned, "secret_sink") {
            Some(_) => Value::null(Type::String),
            None => Value::string(secret),
        };
        let base = with_version(&planned.with_field("secret", kept), Value::null(Type::String));
        let made = settled(&job.session.decoded(job.spec, &metadata, Some(&base)));
        job.keep(&made).await;
        let written = match sink::write(job, &made, secret).await {
            Ok(written) => written,
            Err(failure) => return Err(partly(failure, &made)),
        };
        let wanted = text_at(planned, "state").unwrap_or_else(|| "ACTIVE".into());
        if wanted == "INACTIVE" {
            let switched = self.set_state(job, &written, &wanted).await;
            switched.map_err(|failure| partly(failure, &written))?;
        }
        Ok(written.with_field("state", Value::string(wanted)))
    }

    /// Sends the request that makes a key. Its secret is in the answer alone: where that is lost, looks for the key that
    /// may have been made, and makes no second one in silence.
    async fn made(
        &self,
        job: &Job<'_>,
        ask: &Ask<'_>,
        (planned, standing): (&Value, Option<&Value>),
        until: Timestamp,
    ) -> Result<Json, Failure> {
        let email = text_at(planned, "service_account_email").unwrap_or_default();
        let clock = job.desk.clock();
        let _one_at_a_time = job.session.api.lock(&format!("keys of {email}"), &*clock).await;
        let before = self.keys(job, planned, &email).await?;
        if let Some(standing) = standing {
            // Should the run end here, the next one knows which key is of no use.
            job.keep(&turning::marked(standing, clock.now(), &before)).await;
        }
        let ask = &Ask { told: strays::told(&before), ..ask.clone() };
        let (retry, mut lost) = (Retry::default(), 0);
        loop {
            let refused = match job.send(ask, planned, until).await {
                Ok(answer) => return Ok(answer),
                Err(refused) if refused.unknown => refused,
                Err(refused) => {
                    if let Some(standing) = standing.filter(|_| lost == 0) {
                        // Nothing was made: there is nothing to look for.
                        job.keep(&turning::unmarked(standing)).await;
                    }
                    return Err(refused.into());
                }
            };
            job.desk.note("the answer was lost: looking whether a key was made");
            if self.tidied(job, planned, (&email, &before)).await.is_err() {
                // Whether there is a key of no use is still open: the next run asks.
                return Err(open(refused));
            }
            lost += 1;
            match retry.pause(lost) {
                Some(pause) => clock.sleep(pause).await,
                None => return Err(refused.into()),
            }
        }
    }

    /// Removes the keys that an account has now and had not `before`.
    async fn tidied(
        &self,
        job: &Job<'_>,
        planned: &Value,
        (email, before): (&str, &[String]),
    ) -> Result<(), Failure> {
        let keys = self.keys(job, planned, email).await?;
        let new: Vec<String> = keys.into_iter().filter(|key| !before.contains(key)).collect();
        if new.len() > 1 {
            // One request has made one at most: the others are somebody else's.
            return Err(doubtful(&new).into());
        }
        for key in new {
            // Nobody has its secret, which was in the lost answer alone.
            job.desk.note(&format!("removing the key {key}, whose secret was lost"));
            self.remove(job, planned, &key).await?;
        }
        Ok(())
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

    /// Brings a key to a state; one that is gone stays gone.
    pub(super) async fn set_state(
        &self,
        job: &Job<'_>,
        value: &Value,
        state: &str,
    ) -> Result<(), Failure> {
        let Some(call) = &job.spec.update.call else { return Ok(()) };
        let until = job.until("update", value);
        for last in [false, false, true] {
            let found = job.session.get(job.spec, value, &job.what("reading")).await?;
            let Some(found) = found else { return Ok(()) };
            if found.get("state").and_then(Json::as_str) == Some(state) {
                return Ok(());
            }
            let mut body = json!({ "state": state });
            if let Some(etag) = found.get("etag") {
                body["etag"] = etag.clone();
            }
            let ask = job.ask(call, value, Some(body), "updating")?;
            match job.send(&ask, value, until).await {
                // A try whose answer was lost may have done it: then the condition fails, and it is as wanted.
                Err(refused) if refused.status() == 412 && !last => {}
                other => return other.map(drop).map_err(Failure::from),
            }
        }
        Ok(())
    }

    /// Removes a key of the account: it is put out of action first.
    pub(super) async fn remove(
        &self,
        job: &Job<'_>,
        of: &Value,
        access_id: &str,
    ) -> Result<(), Failure> {
        let key = of.with_field("access_id", Value::string(access_id));
        self.set_state(job, &key, "INACTIVE").await?;
        let clock = job.desk.clock();
        for _ in 0..3 {
            match job.delete(&key).await {
                // The change of its state may not be seen everywhere at once.
                Err(failure) if failure.error.status == Some(400) => {
                    clock.sleep(Duration::from_secs(2)).await
                }
                other => return other,
            }
        }
        job.delete(&key).await
    }
}

/// Gives a failure that leaves an object behind.
pub(super) fn partly(failure: Failure, object: &Value) -> Failure {
    let partial = Observed { value: settled(object), private: Vec::new() };
    Failure { partial: Some(partial), ..failure }
}

fn doubtful(keys: &[String]) -> ApiError {
    let detail = format!("One of the keys {} may be of no use.", keys.join(", "));
    ApiError::new(ApiErrorKind::Conflict, "Keys of somebody else", detail)
}

/// Gives the keys of a service account.
pub(super) async fn listed(
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

#[async_trait]
impl Hook for HmacKey {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        turning::validate(config).into_iter().chain(sink::validate(config)).collect()
    }

    fn plan(&self, draft: &mut Draft<'_>) {
        turning::plan(draft);
    }

    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        _object: &Json,
    ) -> Value {
        turning::looked_at(session, spec, value, &Beside::default()).await
    }

    async fn read_many(
        &self,
        session: &RestSession,
        spec: &Spec,
        wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        Some(hmac_read::read(session, spec, wanted).await)
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let made = self.another(job, &planned, None).await?;
        job.settle(&made, job.until("create", &planned)).await
    }

    async fn strays(
        &self,
        session: &RestSession,
        spec: &Spec,
        planned: &Value,
        broken: &Broken,
    ) -> Result<Vec<Value>, ApiError> {
        let Some(email) = text_at(planned, "service_account_email") else { return Ok(Vec::new()) };
        let what = format!("looking for keys of {email}");
        let keys = listed(session, spec, planned, &email, what).await?;
        let keys = keys.iter().filter(|key| {
            let id = key["accessId"].as_str().unwrap_or_default();
            strays::may_be(id, &key["timeCreated"], broken)
        });
        Ok(keys.map(|key| session.decoded(spec, key, None)).collect())
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        turning::update(self, job, prior, planned).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        for access_id in ["previous_access_id", "access_id"] {
            if let Some(access_id) = text_at(prior, access_id) {
                self.remove(job, prior, &access_id).await?;
            }
        }
        sink::cleared(job, prior).await;
        Ok(())
    }
}
