//! Taints of a node: one list, which the API replaces whole.
//!
//! So the list is written as it stands with our own taints in it, under the condition that nobody has changed it since it
//! was read. A taint is told apart by its key and effect.

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::value::Value;

use super::super::super::ApiError;
use super::super::client::{Ask, Cluster, Refusal};
use super::super::object;
use super::act::refused;
use super::target::Target;

/// How often a list is written that another writer got in the way of.
const TRIES: u32 = 5;

/// Says whether the fields are taints.
pub(super) fn are(target: &Target) -> bool {
    target.kind.nodes.contains_key("taint")
}

/// Writes the taints of a configuration among the others.
///
/// # Errors
/// That the node has a taint of the same key and effect that is not ours, or what the cluster answered instead.
pub(super) async fn write(
    cluster: &Cluster,
    target: &Target,
    config: &Value,
    prior: Option<&Value>,
    live: Json,
    dry_run: bool,
) -> Result<Json, ApiError> {
    let wanted = listed(target, config);
    let ours = prior.map(|prior| listed(target, prior)).unwrap_or_default();
    set(cluster, target, live, dry_run, |there| {
        let foreign = there.iter().filter(|taint| !is_in(taint, &ours));
        let clash = foreign.clone().find(|taint| {
            wanted.iter().any(|one| is_same(one, taint) && one["value"] != taint["value"])
        });
        if let Some(taint) = clash.filter(|_| !target.force) {
            let text = |name: &str| taint[name].as_str().unwrap_or_default();
            let taint = format!("{}={}:{}", text("key"), text("value"), text("effect"));
            return Err(refused(target, &format!("the taint {taint}, set by {}", setter(target))));
        }
        let kept = foreign.filter(|taint| !is_in(taint, &wanted)).cloned();
        Ok(kept.chain(wanted.iter().cloned()).collect())
    })
    .await
}

/// Takes the taints of a value away.
///
/// # Errors
/// What the cluster answered instead.
pub(super) async fn clear(
    cluster: &Cluster,
    target: &Target,
    prior: &Value,
    live: Json,
) -> Result<Json, ApiError> {
    let ours = listed(target, prior);
    let rest =
        |there: &[Json]| Ok(there.iter().filter(|one| !is_in(one, &ours)).cloned().collect());
    set(cluster, target, live, false, rest).await
}

fn setter(target: &Target) -> String {
    format!("something else than \"{}\"", target.manager)
}

fn listed(target: &Target, value: &Value) -> Vec<Json> {
    let fields = object::fields(&target.kind.nodes, value);
    let taints = fields.get("spec").and_then(|spec| spec["taints"].as_array());
    taints.cloned().unwrap_or_default()
}

fn is_same(one: &Json, other: &Json) -> bool {
    one["key"] == other["key"] && one["effect"] == other["effect"]
}

fn is_in(taint: &Json, list: &[Json]) -> bool {
    list.iter().any(|one| is_same(one, taint))
}

async fn set(
    cluster: &Cluster,
    target: &Target,
    mut live: Json,
    dry_run: bool,
    change: impl Fn(&[Json]) -> Result<Vec<Json>, ApiError>,
) -> Result<Json, ApiError> {
    let mut tries = 1;
    loop {
        let there = live["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let taints = change(&there)?;
        if taints == there {
            return Ok(live);
        }
        match send(cluster, target, &live, &taints, dry_run).await {
            Err(refusal) if refusal.status == Some(409) && tries < TRIES => {
                live = cluster.get(&target.path()).await?;
                tries += 1;
            }
            other => return Ok(other?),
        }
    }
}

async fn send(
    cluster: &Cluster,
    target: &Target,
    live: &Json,
    taints: &[Json],
    dry_run: bool,
) -> Result<Json, Refusal> {
    let manager: String = url::form_urlencoded::byte_serialize(target.manager.as_bytes()).collect();
    let dry = if dry_run { "&dryRun=All" } else { "" };
    let path = format!("{}?fieldManager={manager}&fieldValidation=Strict{dry}", target.path());
    let taints = if taints.is_empty() { Json::Null } else { json!(taints) };
    let body = json!({ "metadata": { "resourceVersion": live["metadata"]["resourceVersion"] },
        "spec": { "taints": taints } });
    let body = Some(("application/merge-patch+json", body.to_string()));
    cluster.send(Ask { method: Method::PATCH, path: &path, body, attempts: 3 }).await
}
