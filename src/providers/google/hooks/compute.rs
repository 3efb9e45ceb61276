//! Compute Engine: labels by a call of their own, and networks without a way out.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::Failure;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::template::{escape, text_at};
use crate::value::Value;
use crate::value::json::to_json;

/// Types whose labels are changed by a call of their own (`update` of the file), which wants the fingerprint of those that stand.
pub struct Labelled;

/// `google_compute_network`.
pub struct Network;

/// Sets all labels of an object.
pub(super) async fn set_labels(job: &Job<'_>, value: &Value) -> Result<(), Failure> {
    let Some(call) = &job.spec.update.call else { return Ok(()) };
    let until = job.until("update", value);
    let found = job.session.get(job.spec, value, &job.what("reading")).await?.unwrap_or_default();
    let labels = value.field("effective_labels").map(to_json).unwrap_or_default();
    let mut body = json!({ "labels": labels });
    if let Some(fingerprint) = found.get("labelFingerprint") {
        body["labelFingerprint"] = fingerprint.clone();
    }
    let ask = job.ask(call, value, Some(body), "labelling")?;
    let answer = job.send(&ask, value, until).await?;
    job.wait(answer, value, until).await?;
    Ok(())
}

#[async_trait]
impl Hook for Labelled {
    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        if prior.field("effective_labels") != planned.field("effective_labels") {
            set_labels(job, planned).await?;
        }
        job.settle(planned, job.until("update", planned)).await
    }
}

#[async_trait]
impl Hook for Network {
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let made = job.create(planned).await?;
        self.resume(job, planned, &made).await
    }

    /// Takes away the routes that lead out, where that is wanted: the service makes them with the network.
    async fn resume(
        &self,
        job: &Job<'_>,
        planned: &Value,
        found: &Value,
    ) -> Result<Value, Failure> {
        let wanted = planned.field("delete_default_routes_on_create").and_then(Value::as_bool);
        if wanted != Some(true) {
            return Ok(found.clone());
        }
        let project = escape(&text_at(found, "project").unwrap_or_default(), false);
        let link = text_at(found, "self_link").unwrap_or_default();
        let filter = escape(&format!("network=\"{link}\""), true);
        let path = format!("projects/{project}/global/routes?filter={filter}");
        let service = &job.spec.service;
        let what = job.what("listing the routes of");
        let routes = job.session.api.list(&Ask::get(service, path, what), "items").await?;
        let until = job.until("create", planned);
        for route in routes {
            let text = |name: &str| route.get(name).and_then(Json::as_str).unwrap_or_default();
            if text("destRange") != "0.0.0.0/0" || text("network") != link {
                continue;
            }
            let path = format!("projects/{project}/global/routes/{}", escape(text("name"), false));
            let ask = Ask::get(service, path, job.what("deleting a default route of"));
            let ask = Ask { method: Method::DELETE, ..ask };
            match job.send(&ask, found, until).await {
                Ok(answer) => {
                    if let Err(error) = job.wait(answer, found, until).await {
                        return Err(job.failed(error, found).await);
                    }
                }
                Err(refused) if refused.is_not_found() => {}
                Err(refused) => return Err(job.failed(refused.into(), found).await),
            }
        }
        Ok(found.clone())
    }
}
