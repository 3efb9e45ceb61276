//! Keys of service accounts: the private part is in the answer that makes one, and nowhere else.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{escape, text_at};
use crate::providers::{ApiError, Failure};
use crate::value::Value;

/// `google_service_account_key`.
pub struct AccountKey;

/// How far the service's clock may be from ours, and how long a making may have been tried.
const SKEW: SignedDuration = SignedDuration::from_mins(2);
const TRIES: SignedDuration = SignedDuration::from_mins(10);

/// Gives the path of the keys of an account: by its whole name, its email or its number.
fn keys_of(value: &Value) -> String {
    let account = text_at(value, "service_account_id").unwrap_or_default();
    let name = match account.starts_with("projects/") {
        true => account,
        false => format!("projects/-/serviceAccounts/{account}"),
    };
    format!("{}/keys", escape(&name, false))
}

#[async_trait]
impl Hook for AccountKey {
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let until = job.until("create", planned);
        let (path, body) = match text_at(planned, "public_key_data") {
            Some(data) => {
                (format!("{}:upload", keys_of(planned)), json!({ "publicKeyData": data }))
            }
            None => (keys_of(planned), job.body(planned)),
        };
        let ask = Ask::get(&job.spec.service, path, job.what("creating"));
        // A second try could make a second key, of which nobody would know.
        let ask = Ask { method: Method::POST, body: Some(body), careful: true, ..ask };
        let answer = job.send(&ask, planned, until).await?;
        let made = job.session.decoded(job.spec, &answer, Some(planned));
        job.keep(&made).await;
        job.settle(&made, until).await
    }

    async fn strays(
        &self,
        session: &RestSession,
        spec: &Spec,
        planned: &Value,
        since: Timestamp,
    ) -> Result<Vec<Value>, ApiError> {
        if text_at(planned, "service_account_id").is_none() {
            return Ok(Vec::new());
        }
        let path = format!("{}?keyTypes=USER_MANAGED", keys_of(planned));
        let ask = Ask::get(&spec.service, path, "looking for keys of the service account");
        let keys = session.api.list(&ask, "keys").await?;
        let of_the_time = |key: &&Json| {
            let made = key["validAfterTime"].as_str()?.parse::<Timestamp>().ok()?;
            Some(made >= since - SKEW && made <= since + TRIES)
        };
        let keys = keys.iter().filter(|key| of_the_time(key) == Some(true));
        Ok(keys.map(|key| session.decoded(spec, key, None)).collect())
    }
}
