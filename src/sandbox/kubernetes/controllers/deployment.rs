//! Deployments: a ReplicaSet for each template, and the way from one to the next.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::attention::{attend, is_dependents};
use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit::short_hash;
use crate::sandbox::kubernetes::store::{
    Change, Store, is_deleting, items, moment, name, namespace, number, text, uid,
};

const REVISION: &str = "deployment.kubernetes.io/revision";
/// The reason where a ReplicaSet was refused.
const NOT_MADE: &str = "ReplicaSetCreateError";

/// Takes the next step of every Deployment.
pub fn run(store: &mut Store, _: &ClusterName) {
    for deployment in store.all("Deployment") {
        let concerns = |change: &Change| is_dependents(change, "replicasets", uid(&deployment));
        attend(store, "deployment", &deployment, concerns, |store, deployment| {
            if !is_deleting(deployment) {
                step(store, deployment);
            }
        });
    }
}

fn step(store: &mut Store, deployment: &Json) {
    let wanted = number(deployment, "/spec/replicas").unwrap_or(1);
    let hash = short_hash(&deployment["spec"]["template"]);
    let mut sets = hand::owned(store, "ReplicaSet", deployment);
    let paused = deployment["spec"]["paused"] == true;
    let is_new = |set: &Json| set["metadata"]["labels"]["pod-template-hash"] == hash.as_str();
    let mut fault = None;
    if !sets.iter().any(is_new) && !paused {
        fault = make(store, deployment, &hash, &sets, wanted).err();
        sets = hand::owned(store, "ReplicaSet", deployment);
    }
    let (new, old): (Vec<Json>, Vec<Json>) = sets.into_iter().partition(is_new);
    if let Some(new) = new.first() {
        revise(store, deployment, new, &old);
        if !paused {
            roll(store, deployment, new, &old, wanted);
        }
    }
    tell(store, deployment, &hash, wanted, fault);
    forget(store, deployment, &old);
}

/// Makes the ReplicaSet of a template.
///
/// # Errors
/// What the Deployment says where it was refused.
fn make(
    store: &mut Store,
    deployment: &Json,
    hash: &str,
    old: &[Json],
    wanted: i64,
) -> Result<(), String> {
    let mut template = deployment["spec"]["template"].clone();
    if !template["metadata"]["labels"].is_object() {
        template["metadata"]["labels"] = json!({});
    }
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    if !selector["matchLabels"].is_object() {
        selector["matchLabels"] = json!({});
    }
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    let revision = last_revision(old) + 1;
    let first = if old.is_empty() { wanted } else { 0 };
    let called = format!("{}-{hash}", name(deployment));
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": called, "namespace": namespace(deployment),
            "labels": template["metadata"]["labels"], "ownerReferences": [hand::owner(deployment)],
            "annotations": {REVISION: revision.to_string(),
                "deployment.kubernetes.io/desired-replicas": wanted.to_string()}},
        "spec": {"replicas": first, "selector": selector, "template": template,
            "minReadySeconds": number(deployment, "/spec/minReadySeconds").unwrap_or(0)}});
    let component = "deployment-controller";
    if let Err(fault) = hand::try_create(store, MANAGER, set) {
        let message = format!("Failed to create new replica set \"{called}\": {fault}");
        hand::event(store, deployment, component, true, NOT_MADE, &message);
        return Err(message);
    }
    let message = format!("Scaled up replica set {called} from 0 to {wanted}");
    hand::event(store, deployment, component, false, "ScalingReplicaSet", &message);
    Ok(())
}

fn last_revision(sets: &[Json]) -> i64 {
    sets.iter().filter_map(revision).max().unwrap_or(0)
}

fn revision(set: &Json) -> Option<i64> {
    set["metadata"]["annotations"][REVISION].as_str()?.parse().ok()
}

/// The newest set has the highest number, and the Deployment tells it.
fn revise(store: &mut Store, deployment: &Json, new: &Json, old: &[Json]) {
    let highest = last_revision(old);
    let mut own = revision(new).unwrap_or(0);
    if own <= highest {
        own = highest + 1;
        hand::change(store, MANAGER, new, |set| {
            set["metadata"]["annotations"][REVISION] = json!(own.to_string());
        });
    }
    hand::change(store, MANAGER, deployment, |object| {
        if !object["metadata"]["annotations"].is_object() {
            object["metadata"]["annotations"] = json!({});
        }
        object["metadata"]["annotations"][REVISION] = json!(own.to_string());
    });
}

fn scale(store: &mut Store, set: &Json, replicas: i64) {
    if number(set, "/spec/replicas") != Some(replicas) {
        hand::update(store, MANAGER, None, set, |set| set["spec"]["replicas"] = json!(replicas));
    }
}

fn roll(store: &mut Store, deployment: &Json, new: &Json, old: &[Json], wanted: i64) {
    let size = |set: &Json| number(set, "/spec/replicas").unwrap_or(0);
    let ready = |set: &Json| number(set, "/status/availableReplicas").unwrap_or(0);
    let others: i64 = old.iter().map(size).sum();
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        for set in old {
            scale(store, set, 0);
        }
        let pods: i64 = old.iter().filter_map(|set| number(set, "/status/replicas")).sum();
        if pods == 0 && others == 0 {
            scale(store, new, wanted);
        }
        return;
    }
    if others == 0 {
        scale(store, new, wanted);
        return;
    }
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let surge = share(&rolling["maxSurge"], wanted, true);
    let mut missing = share(&rolling["maxUnavailable"], wanted, false);
    if surge == 0 && missing == 0 {
        missing = 1;
    }
    let target = wanted.min(size(new) + (wanted + surge - others - size(new)).max(0));
    scale(store, new, target.max(size(new).min(wanted)));
    let available: i64 = old.iter().map(ready).sum::<i64>() + ready(new);
    let mut spare = (available - (wanted - missing)).max(0);
    for set in old {
        // Pods that are not there for anybody go first.
        let broken = size(set) - ready(set).min(size(set));
        let drop = broken + (size(set) - broken).min(spare);
        spare -= (size(set) - broken).min(spare);
        scale(store, set, size(set) - drop);
    }
}

fn share(value: &Json, of: i64, up: bool) -> i64 {
    match value {
        Json::Number(number) => number.as_i64().unwrap_or(0),
        Json::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            if up { (of * percent + 99) / 100 } else { of * percent / 100 }
        }
        _ => 0,
    }
}

fn tell(store: &mut Store, deployment: &Json, hash: &str, wanted: i64, fault: Option<String>) {
    let sets = hand::owned(store, "ReplicaSet", deployment);
    let sum = |field: &str| -> i64 {
        sets.iter().filter_map(|set| number(set, &format!("/status/{field}"))).sum()
    };
    let updated: i64 = sets
        .iter()
        .filter(|set| set["metadata"]["labels"]["pod-template-hash"] == hash)
        .filter_map(|set| number(set, "/status/replicas"))
        .sum();
    let (total, ready, available) =
        (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
    for (field, count) in [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", (wanted.max(total) - available).max(0)),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let missing =
        share(&deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], wanted, false);
    let enough = available >= wanted - missing;
    let (reason, message) = if enough {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let mut first = hand::condition(store, deployment, "Available", enough, reason, message);
    first["lastUpdateTime"] = first["lastTransitionTime"].clone();
    let done = updated >= wanted && total == updated && available >= wanted;
    let second = match fault {
        Some(fault) => {
            let mut entry =
                hand::condition(store, deployment, "Progressing", false, NOT_MADE, &fault);
            entry["lastUpdateTime"] = entry["lastTransitionTime"].clone();
            entry
        }
        None => progress(store, deployment, &status, done, hash),
    };
    let mut failures = sets.iter().flat_map(|set| items(set, "/status/conditions"));
    let failure = failures.find(|one| one["type"] == "ReplicaFailure").cloned();
    let mut conditions = vec![first, second];
    conditions.extend(failure.map(|mut failure| {
        failure["lastUpdateTime"] = failure["lastTransitionTime"].clone();
        failure
    }));
    status["conditions"] = json!(conditions);
    hand::status(store, MANAGER, deployment, status);
}

/// Says how far a rollout is; its clock starts again with every step forward.
fn progress(store: &mut Store, deployment: &Json, status: &Json, done: bool, hash: &str) -> Json {
    let set = format!("{}-{hash}", name(deployment));
    let before = items(deployment, "/status/conditions")
        .iter()
        .find(|one| one["type"] == "Progressing")
        .cloned()
        .unwrap_or_default();
    if done {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        let mut entry = hand::condition(
            store,
            deployment,
            "Progressing",
            true,
            "NewReplicaSetAvailable",
            &message,
        );
        entry["lastUpdateTime"] = match before["reason"] == "NewReplicaSetAvailable" {
            true => before["lastUpdateTime"].clone(),
            false => json!(store.stamp()),
        };
        return entry;
    }
    let counts = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
    let moved = counts.iter().any(|field| status[*field] != deployment["status"][*field])
        || deployment["status"]["observedGeneration"] != status["observedGeneration"]
        || before["reason"] == "NewReplicaSetAvailable";
    let since = match moment(&before, "/lastUpdateTime") {
        Some(since) if !moved => since,
        _ => store.now,
    };
    let limit = number(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
    let end = since + Duration::from_secs(limit.unsigned_abs());
    store.wake_at(end);
    let late = store.now >= end;
    let (reason, message) = if late {
        ("ProgressDeadlineExceeded", format!("ReplicaSet \"{set}\" has timed out progressing."))
    } else {
        ("ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
    };
    let mut entry = hand::condition(store, deployment, "Progressing", !late, reason, &message);
    entry["lastUpdateTime"] = match late && before["reason"] == "ProgressDeadlineExceeded" {
        true => before["lastUpdateTime"].clone(),
        false => json!(crate::sandbox::kubernetes::store::stamp(since)),
    };
    entry
}

fn forget(store: &mut Store, deployment: &Json, old: &[Json]) {
    let keep = number(deployment, "/spec/revisionHistoryLimit").unwrap_or(10).max(0);
    let mut idle: Vec<&Json> = old
        .iter()
        .filter(|set| {
            number(set, "/spec/replicas") == Some(0)
                && number(set, "/status/replicas").unwrap_or(0) == 0
        })
        .collect();
    idle.sort_by_key(|set| revision(set));
    let count = idle.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    for set in idle.into_iter().take(count) {
        hand::delete(store, set);
    }
}
