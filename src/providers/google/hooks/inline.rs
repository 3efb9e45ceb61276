//! Node pools inside a cluster's block: they are changed by the calls of pools of their own.

use jiff::Timestamp;

use crate::addr::Mode;
use crate::providers::rest::change::concerns;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan;
use crate::providers::rest::spec::Spec;
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::{Path, Value};

use super::pool::{NodePool, finished};

/// The type of pools of their own.
pub(super) const POOL: &str = "google_container_node_pool";

/// The name of the change in the cluster's file.
pub(super) const CHANGE: &str = "node_pools";

/// Gives a block as a pool of its own.
fn own(spec: &Spec, cluster: &Value, block: &Value) -> Value {
    Value::object(spec.parts.iter().map(|part| {
        let of = |whole: &Value, name: &str| whole.field(name).cloned();
        let value = match part.name.as_str() {
            "cluster" => of(cluster, "name"),
            "project" | "location" => of(cluster, &part.name),
            name => of(block, name),
        };
        (part.name.as_str(), value.unwrap_or_else(|| part.absent()))
    }))
}

/// Gives the changed parts that no call changes.
pub(super) fn lasting(spec: &Spec, old: (&Value, &Value), new: (&Value, &Value)) -> Vec<Path> {
    let (old, new) = (own(spec, old.0, old.1), own(spec, new.0, new.1));
    // What the service alone says is no change of the configuration.
    let known = |path: &Path| new.at(path).is_none_or(Value::is_whole);
    plan::lasting(&spec.parts, &old, &new).into_iter().filter(known).collect()
}

/// Changes the pools of a cluster one by one, each by as many calls as it takes.
///
/// # Errors
/// As the calls.
pub(super) async fn change(
    job: &Job<'_>,
    prior: &Value,
    planned: &Value,
    until: Timestamp,
) -> Result<(), Failure> {
    let missing = || ApiError::new(ApiErrorKind::Failed, "Missing type", POOL.to_string());
    let entry = job.session.catalog.entry(Mode::Managed, POOL).ok_or_else(missing)?;
    let pools = |cluster: &'_ Value| {
        let blocks = cluster.field("node_pool").and_then(Value::elements).unwrap_or_default();
        blocks.iter().map(|block| own(&entry.spec, cluster, block)).collect::<Vec<Value>>()
    };
    let cluster = job;
    let job = Job { spec: &entry.spec, hook: &NodePool, ..*cluster };
    for (old, new) in pools(prior).iter().zip(&pools(planned)) {
        for concern in concerns(&entry.spec.parts, old, new) {
            job.concern(&finished(concern), new, until).await?;
            cluster.rest(planned, until).await?;
        }
    }
    Ok(())
}
