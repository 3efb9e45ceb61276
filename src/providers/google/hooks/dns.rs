//! Cloud DNS: zones that are emptied before they go, and sets of records, which are changed by changes of their zone.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::template::{escape, text};
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::Value;

/// `google_dns_managed_zone`.
pub struct Zone;

/// `google_dns_record_set`.
pub struct Records;

/// How often a change is made anew where somebody else changed the set meanwhile.
const TRIES: usize = 4;

/// Gives the path of a zone: of one's own, or of that of a set of records.
fn zone_path(value: &Value, name: &str) -> String {
    let name = text(value, name);
    let last = name.rsplit('/').next().unwrap_or_default();
    let project = escape(&text(value, "project"), false);
    format!("projects/{project}/managedZones/{}", escape(last, false))
}

/// Makes a change, and waits until it is done.
async fn change(job: &Job<'_>, zone: &str, value: &Value, body: Json) -> Result<(), Refusal> {
    let until = job.until("update", value);
    let ask = Ask::get("dns", format!("{zone}/changes"), job.what("changing the records of"));
    let ask = Ask { method: Method::POST, body: Some(body), ..ask };
    let mut answer = match job.send(&ask, value, until).await {
        Ok(answer) => answer,
        Err(refused) if [404, 409, 412].contains(&refused.status()) => {
            return Err(Refusal::Moved(refused.into()));
        }
        Err(refused) => return Err(Refusal::Other(refused.into())),
    };
    let clock = job.desk.clock();
    while answer["status"] == "pending" && clock.now() < until {
        clock.sleep(std::time::Duration::from_secs(2)).await;
        let id = answer["id"].as_str().unwrap_or_default().to_string();
        let path = format!("{zone}/changes/{}", escape(&id, false));
        let ask = Ask::get("dns", path, job.what("waiting for"));
        let asked = job.session.api.send(&ask, &*clock).await;
        answer = asked.map_err(|refused| Refusal::Other(refused.into()))?;
    }
    match answer["status"] == "pending" {
        false => Ok(()),
        true => {
            let detail = format!("{}: the change did not end in time.", job.what("waiting for"));
            let error = ApiError::new(ApiErrorKind::Timeout, "Not ready in time", detail);
            Err(Refusal::Other(error))
        }
    }
}

/// Why a change was not made.
enum Refusal {
    /// What stands is not what was read: to be tried again.
    Moved(ApiError),
    /// Anything else.
    Other(ApiError),
}

/// Gives a full link for what names a network.
fn network_link(json: &mut Json, project: &str) {
    const BASE: &str = "https://www.googleapis.com/compute/v1/";
    if let Some(given) = json.as_str().filter(|given| !given.contains("://")) {
        let full = match given.contains('/') {
            true => format!("{BASE}{}", given.trim_start_matches('/')),
            false => format!("{BASE}projects/{project}/global/networks/{given}"),
        };
        *json = full.into();
    }
}

#[async_trait]
impl Hook for Zone {
    fn asked(&self, object: &mut Json, planned: &Value) {
        let project = text(planned, "project");
        if text(planned, "visibility") == "private" && object["privateVisibilityConfig"].is_null() {
            // A whole without it leaves what stands.
            object["privateVisibilityConfig"] = json!({});
        }
        if let Some(seen) = object.get_mut("privateVisibilityConfig").filter(|it| it.is_object()) {
            // What is seen from nowhere any more must be said.
            if seen["networks"].is_null() {
                seen["networks"] = json!([]);
            }
            for network in seen["networks"].as_array_mut().into_iter().flatten() {
                network_link(&mut network["networkUrl"], &project);
            }
        }
        if let Some(link) = object.pointer_mut("/peeringConfig/targetNetwork/networkUrl") {
            network_link(link, &project);
        }
    }

    /// Empties a zone first, where that is wanted: all but the records of its top that every zone has.
    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        if prior.field("force_destroy").and_then(Value::as_bool) == Some(true) {
            let zone = zone_path(prior, "name");
            let path = format!("{zone}/rrsets?maxResults=1000");
            let ask = Ask::get("dns", path, job.what("listing the records of"));
            let found = match job.session.api.list(&ask, "rrsets").await {
                Ok(found) => found,
                Err(refused) if refused.is_not_found() => return Ok(()),
                Err(refused) => return Err(ApiError::from(refused).into()),
            };
            let top = text(prior, "dns_name");
            let gone: Vec<Json> = found.into_iter().filter(|set| !is_fixed(set, &top)).collect();
            for some in gone.chunks(100) {
                let body = json!({ "deletions": some });
                match change(job, &zone, prior, body).await {
                    Ok(()) => {}
                    Err(Refusal::Moved(error) | Refusal::Other(error)) => return Err(error.into()),
                }
            }
        }
        job.delete(prior).await
    }
}

/// Says whether a set is one that a zone always has.
fn is_fixed(set: &Json, top: &str) -> bool {
    set["name"] == top && (set["type"] == "NS" || set["type"] == "SOA")
}

impl Records {
    /// Puts a set in the place of what stands, whatever that is: the configuration decides alone about a name and type.
    async fn replace(
        job: &Job<'_>,
        prior: Option<&Value>,
        planned: &Value,
    ) -> Result<(), ApiError> {
        let zone = zone_path(planned, "managed_zone");
        let mut wanted = job.body(planned);
        wanted["kind"] = "dns#resourceRecordSet".into();
        let mut last = None;
        for _ in 0..TRIES {
            let mut gone = Vec::new();
            let moved = prior.filter(|prior| text(prior, "type") != text(planned, "type"));
            for of in [Some(planned), moved].into_iter().flatten() {
                gone.extend(job.session.get(job.spec, of, &job.what("reading")).await?);
            }
            if gone.len() == 1 && gone[0] == wanted {
                return Ok(());
            }
            let mut body = json!({ "additions": [wanted] });
            if !gone.is_empty() {
                body["deletions"] = Json::Array(gone);
            }
            match change(job, &zone, planned, body).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Moved(error)) => last = Some(error),
                Err(Refusal::Other(error)) => return Err(error),
            }
        }
        last.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Hook for Records {
    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(prior) = draft.prior else { return };
        if prior.field("type") != draft.after.field("type") {
            let id = draft.spec.id.value(&draft.after);
            draft.after = draft.after.with_field("id", id);
        }
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let planned = planned.with_field("id", job.spec.id.value(&planned));
        Records::replace(job, None, &planned).await?;
        job.settle(&planned, job.until("create", &planned)).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        Records::replace(job, Some(prior), planned).await?;
        job.settle(planned, job.until("update", planned)).await
    }

    /// The records that a zone has at its top stay with the zone.
    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let zone = zone_path(prior, "managed_zone");
        if ["NS", "SOA"].contains(&text(prior, "type").as_str()) {
            let ask = Ask::get("dns", zone.clone(), job.what("reading the zone of"));
            match job.session.api.send(&ask, &*job.desk.clock()).await {
                Ok(found) if found["dnsName"] == text(prior, "name").as_str() => return Ok(()),
                Ok(_) => {}
                Err(refused) if refused.is_not_found() => return Ok(()),
                Err(refused) => return Err(ApiError::from(refused).into()),
            }
        }
        let mut last = None;
        for _ in 0..TRIES {
            // What is taken away must be told as it stands.
            let found = job.session.get(job.spec, prior, &job.what("reading")).await?;
            let Some(stands) = found else { return Ok(()) };
            match change(job, &zone, prior, json!({ "deletions": [stands] })).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Moved(error)) => last = Some(error),
                Err(Refusal::Other(error)) => return Err(error.into()),
            }
        }
        last.map_or(Ok(()), |error| Err(error.into()))
    }
}
