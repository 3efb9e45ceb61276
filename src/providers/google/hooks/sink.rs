//! Where the secret of a key goes: a version in Secret Manager, or a Secret of a cluster.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::http::retry::Retry;
use crate::providers::kubernetes::{Handed, Place};
use crate::providers::rest::api::Ask;
use crate::providers::rest::job::Job;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::template::{escape, first_block, text_at, with_first_block};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, Failure, Problem};
use crate::value::{Path, Type, Value};

/// Who writes into a Secret, by the name that its `managedFields` say.
const MANAGER: &str = "terrane-hmac-key";
/// The block of a Secret of a cluster.
const KUBERNETES: &str = "kubernetes_secret";
/// The entry of a Secret that says whose secret it holds.
const ACCESS_ID: &str = "access_id";

/// A place for a key's secret.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sink {
    /// A secret of Secret Manager, by its name or the last part of that.
    Manager(String),
    /// A Secret of a cluster.
    Kubernetes(Place),
}

/// Gives the place that a key's secret goes to; nothing where there is none or it is not known.
pub(super) fn sink(value: &Value) -> Option<Sink> {
    let block = first_block(value, "secret_sink")?;
    let Some(inner) = first_block(block, KUBERNETES) else {
        return text_at(block, "secret").map(Sink::Manager);
    };
    Some(Sink::Kubernetes(Place {
        host: text_at(inner, "host")?,
        authority: text_at(inner, "cluster_ca_certificate"),
        namespace: text_at(inner, "namespace").unwrap_or_else(|| "default".into()),
        name: text_at(inner, "name")?,
    }))
}

/// Says whether all is known of the place that a key's secret goes to.
pub(super) fn is_known(value: &Value) -> bool {
    let Some(block) = first_block(value, "secret_sink") else { return true };
    let known = |block: &Value, names: &[&str]| {
        names.iter().all(|name| block.field(name).is_none_or(Value::is_known))
    };
    let inner = ["host", "cluster_ca_certificate", "namespace", "name"];
    known(block, &["secret", KUBERNETES])
        && first_block(block, KUBERNETES).is_none_or(|block| known(block, &inner))
}

/// Gives what says which version or Secret holds the key's secret.
pub(super) fn sunk(value: &Value) -> Option<String> {
    text_at(first_block(value, "secret_sink")?, "version")
}

/// Says which version or Secret holds the key's secret.
pub(super) fn with_version(value: &Value, version: Value) -> Value {
    let Some(block) = first_block(value, "secret_sink") else { return value.clone() };
    let block = block.with_field("version", version);
    with_first_block(value, "secret_sink", block)
}

/// Checks the block of a configuration.
pub(super) fn validate(config: &Value) -> Vec<Problem> {
    let Some(block) = first_block(config, "secret_sink") else { return Vec::new() };
    let has_secret = block.field("secret").is_some_and(|secret| !secret.is_null());
    let blocks = block.field(KUBERNETES);
    let may_have = blocks.is_some_and(|blocks| !blocks.is_known());
    let has_block = first_block(block, KUBERNETES).is_some();
    if has_secret != has_block || may_have {
        return Vec::new();
    }
    let detail = "A \"secret_sink\" has either \"secret\", the secret of Secret Manager that gets a version for each key, or a \
                  block \"kubernetes_secret\".";
    let path = Path::root().attribute("secret_sink");
    vec![problem(&path, "Invalid secret sink", detail.into())]
}

fn handed(session: &RestSession, place: &Place) -> Handed {
    Handed::new(place, session.api.tokens.clone(), &session.world, MANAGER)
}

/// Writes a key's secret to its place, where it has one.
///
/// # Errors
/// What the service or the cluster answered instead.
pub(super) async fn write(job: &Job<'_>, made: &Value, secret: &str) -> Result<Value, Failure> {
    let version = match sink(made) {
        None => return Ok(made.clone()),
        Some(Sink::Manager(name)) => to_manager(job, made, &name, secret).await?,
        Some(Sink::Kubernetes(place)) => to_cluster(job, made, &place, secret).await?,
    };
    let written = with_version(made, Value::string(version));
    let written = written.with_field("secret", Value::null(Type::String));
    job.keep(&written).await;
    Ok(written)
}

async fn to_manager(
    job: &Job<'_>,
    made: &Value,
    name: &str,
    secret: &str,
) -> Result<String, Failure> {
    let project = text_at(made, "project").unwrap_or_default();
    let name = match name.contains('/') {
        true => name.to_string(),
        false => format!("projects/{project}/secrets/{name}"),
    };
    let access_id = text_at(made, ACCESS_ID).unwrap_or_default();
    let pair = json!({ ACCESS_ID: access_id, "secret": secret }).to_string();
    let path = format!("{}:addVersion", escape(&name, false));
    let ask = Ask::get("secretmanager", path, job.what("writing the secret of"));
    let body = Some(json!({ "payload": { "data": STANDARD.encode(pair) } }));
    // A second try could make a second version, of which nobody would know.
    let ask = Ask { method: Method::POST, body, careful: true, ..ask };
    let (clock, retry, mut lost) = (job.desk.clock(), Retry::default(), 0);
    let begun = clock.now();
    loop {
        let refused = match job.send(&ask, made, job.until("create", made)).await {
            Ok(answer) => return Ok(text(&answer, "name")),
            Err(refused) if refused.unknown => refused,
            Err(refused) => return Err(refused.into()),
        };
        lost += 1;
        job.desk.note("the answer was lost: looking whether the secret has a new version");
        if let Some(version) = version_since(job, &name, begun).await {
            return Ok(version);
        }
        match retry.pause(lost) {
            Some(pause) => clock.sleep(pause).await,
            None => return Err(refused.into()),
        }
    }
}

/// How far the service's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_secs(2);

/// Gives the version that a secret has got since a moment. Where it cannot be looked at, there is none: the key's secret must
/// not be lost.
async fn version_since(job: &Job<'_>, name: &str, since: Timestamp) -> Option<String> {
    let path = format!("{}/versions?pageSize=25", escape(name, false));
    let ask = Ask::get("secretmanager", path, job.what("looking for the secret of"));
    let found = job.session.api.send(&ask, &*job.desk.clock()).await;
    let found = found.inspect_err(|refused| {
        tracing::warn!(status = %refused.status(), "the versions of the secret cannot be listed");
    });
    let found = found.ok()?;
    let is_new = |version: &&Json| {
        let made = version["createTime"].as_str().and_then(|made| made.parse::<Timestamp>().ok());
        made.is_some_and(|made| made >= since - SKEW)
    };
    let versions = found["versions"].as_array()?;
    versions.iter().find(is_new).map(|version| text(version, "name"))
}

fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).unwrap_or_default().to_string()
}

async fn to_cluster(
    job: &Job<'_>,
    made: &Value,
    place: &Place,
    secret: &str,
) -> Result<String, Failure> {
    let access_id = text_at(made, ACCESS_ID).unwrap_or_default();
    let secret_of = handed(job.session, place);
    let known = json!({ "type": job.spec.type_name, "id": text_at(made, "id") });
    let number = job.desk.intent(&format!("PATCH {}", secret_of.url()), known).await?;
    let entries = BTreeMap::from([(ACCESS_ID, &*access_id), ("secret", secret)]);
    let done = secret_of.put(&entries).await;
    job.desk.answer(number, if done.is_ok() { "ok" } else { "failed" }).await;
    done.map_err(|error| {
        let what = job.what("writing the secret of");
        Failure::from(ApiError { detail: format!("{what}: {}", error.detail), ..error })
    })?;
    Ok(format!("{}/{}/{access_id}", place.namespace, place.name))
}

/// Takes a key's secret back from the Secret of a cluster that no longer is its place. What stays in Secret Manager opens nothing.
pub(super) async fn cleared(job: &Job<'_>, prior: &Value) {
    let Some(Sink::Kubernetes(place)) = sink(prior) else { return };
    let secret = handed(job.session, &place);
    let cleared = match secret.entry(ACCESS_ID).await {
        // What another key has been written into meanwhile is not this one's.
        Ok(held) if held.is_none() || held != text_at(prior, ACCESS_ID) => Ok(()),
        Ok(_) => secret.clear().await,
        Err(error) => Err(error),
    };
    if let Err(error) = cleared {
        let id = format!("{}/{}", place.namespace, place.name);
        job.desk.note(&format!(
            "the Secret {id} of the former cluster stays as it is: {}",
            error.detail
        ));
    }
}

/// Says whether a Secret of a cluster holds another key's secret, or none. A cluster that does not answer says nothing.
pub(super) async fn is_lost(session: &RestSession, value: &Value) -> bool {
    let (Some(Sink::Kubernetes(place)), Some(_)) = (sink(value), sunk(value)) else { return false };
    match handed(session, &place).entry(ACCESS_ID).await {
        Ok(found) => found != text_at(value, ACCESS_ID),
        Err(error) => {
            tracing::warn!(%error, "the Secret that holds a key cannot be read");
            false
        }
    }
}
