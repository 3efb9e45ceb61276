//! Keys of service accounts: the private part is in the answer that makes one, and nowhere else.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{escape, text_at};
use crate::providers::{ApiError, Failure};
use crate::state::Broken;
use crate::value::Value;

use super::strays;

/// `google_service_account_key`.
pub struct AccountKey;

/// Gives the path of the keys of an account: by its whole name, its email or its number.
fn keys_of(value: &Value) -> String {
    let account = text_at(value, "service_account_id").unwrap_or_default();
    let name = match account.starts_with("projects/") {
        true => account,
        false => format!("projects/-/serviceAccounts/{account}"),
    };
    format!("{}/keys", escape(&name, false))
}

/// Gives the keys of an account that somebody made.
async fn listed(session: &RestSession, spec: &Spec, of: &Value) -> Result<Vec<Json>, ApiError> {
    let path = format!("{}?keyTypes=USER_MANAGED", keys_of(of));
    let ask = Ask::get(&spec.service, path, "looking for keys of the service account");
    Ok(session.api.list(&ask, "keys").await?)
}

#[async_trait]
impl Hook for AccountKey {
    /// The account stands in the key's name.
    fn imported(&self, value: Value) -> Value {
        let name = text_at(&value, "name").unwrap_or_default();
        match name.split_once("/keys/") {
            Some((account, _)) => value.with_field("service_account_id", Value::string(account)),
            None => value,
        }
    }

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
        let before = listed(job.session, job.spec, planned).await?;
        let before = before.iter().filter_map(|key| Some(key["name"].as_str()?.to_string()));
        let told = strays::told(&before.collect::<Vec<_>>());
        let ask = Ask { method: Method::POST, body: Some(body), careful: true, told, ..ask };
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
        broken: &Broken,
    ) -> Result<Vec<Value>, ApiError> {
        if text_at(planned, "service_account_id").is_none() {
            return Ok(Vec::new());
        }
        let keys = listed(session, spec, planned).await?;
        let keys = keys.iter().filter(|key| {
            let name = key["name"].as_str().unwrap_or_default();
            strays::may_be(name, &key["validAfterTime"], broken)
        });
        Ok(keys.map(|key| session.decoded(spec, key, None)).collect())
    }
}
