//! ReplicaSets, ReplicationControllers and DaemonSets: so many pods, no more and no fewer.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::attention::{attend, is_dependents};
use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit::short_hash;
use crate::sandbox::kubernetes::store::{
    Change, Store, is_deleting, items, moment, name, namespace, number, text, uid,
};

/// Takes the next step of each of them.
pub fn run(store: &mut Store, _: &ClusterName) {
    for (kind, source) in [
        ("ReplicaSet", "replicaset-controller"),
        ("ReplicationController", "replication-controller"),
    ] {
        for set in store.all(kind) {
            let concerns = |change: &Change| is_dependents(change, "pods", uid(&set));
            attend(store, source, &set, concerns, |store, set| {
                if !is_deleting(set) {
                    replica_set(store, set, source);
                }
            });
        }
    }
    for set in store.all("DaemonSet") {
        let concerns = |change: &Change| {
            change.key.plural == "nodes" || is_dependents(change, "pods", uid(&set))
        };
        attend(store, "daemonset-controller", &set, concerns, |store, set| {
            if !is_deleting(set) {
                daemon_set(store, set);
            }
        });
    }
}

/// Says whether a pod still counts.
pub fn is_active(pod: &Json) -> bool {
    !is_deleting(pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Says whether a pod has been ready for so long; asks to look again when it will have.
pub fn is_available(store: &mut Store, pod: &Json, seconds: i64) -> bool {
    let ready = items(pod, "/status/conditions")
        .iter()
        .find(|one| one["type"] == "Ready" && one["status"] == "True")
        .and_then(|one| moment(one, "/lastTransitionTime"));
    let Some(since) = ready else { return false };
    let then = since + Duration::from_secs(seconds.unsigned_abs());
    store.wake_at(then);
    then <= store.now
}

fn replica_set(store: &mut Store, set: &Json, source: &str) {
    let wanted = number(set, "/spec/replicas").unwrap_or(1);
    let mut pods: Vec<Json> =
        hand::owned(store, "Pod", set).into_iter().filter(is_active).collect();
    let count = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let mut refused = None;
    for _ in count..wanted {
        let mut pod = hand::pod_of(&set["spec"]["template"], namespace(set), set);
        pod["metadata"]["generateName"] = json!(format!("{}-", name(set)));
        let made = match hand::create_pod(store, set, source, pod) {
            Ok(made) => made,
            Err(fault) => {
                refused = Some(fault);
                break;
            }
        };
        let message = format!("Created pod: {}", name(&made));
        hand::event(store, set, source, false, "SuccessfulCreate", &message);
        pods.push(made);
    }
    if count > wanted {
        // The least useful go first: not ready, then the youngest.
        pods.sort_by_key(|pod| {
            (hand::is_ready(pod), std::cmp::Reverse(moment(pod, "/metadata/creationTimestamp")))
        });
        let surplus = usize::try_from(count - wanted).unwrap_or(0);
        for pod in pods.drain(..surplus) {
            hand::delete(store, &pod);
        }
    }
    let least = number(set, "/spec/minReadySeconds").unwrap_or(0);
    let ready = pods.iter().filter(|pod| hand::is_ready(pod)).count();
    let available = pods.iter().filter(|pod| is_available(store, pod, least)).count();
    let mut status = json!({"replicas": pods.len(),
        "observedGeneration": set["metadata"]["generation"]});
    for (field, count) in [
        ("fullyLabeledReplicas", pods.len()),
        ("readyReplicas", ready),
        ("availableReplicas", available),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    if let Some(fault) = refused {
        // The words of the first try stay: each one names another pod.
        let mut before = items(set, "/status/conditions").iter();
        let before = before.find(|one| one["type"] == "ReplicaFailure").cloned();
        let entry = before.unwrap_or_else(|| {
            hand::condition(store, set, "ReplicaFailure", true, "FailedCreate", &fault)
        });
        status["conditions"] = json!([entry]);
    }
    hand::status(store, MANAGER, set, status);
}

fn daemon_set(store: &mut Store, set: &Json) {
    let revision = short_hash(&set["spec"]["template"]);
    let nodes = store.all("Node");
    let pods: Vec<Json> = hand::owned(store, "Pod", set).into_iter().filter(is_active).collect();
    let mut missing = 0;
    for node in &nodes {
        let on = pods.iter().find(|pod| text(pod, "/spec/nodeName") == name(node));
        let current = on.is_some_and(|pod| {
            pod["metadata"]["labels"]["controller-revision-hash"] == revision.as_str()
        });
        match on {
            None => {
                missing += 1;
                let mut pod = hand::pod_of(&set["spec"]["template"], namespace(set), set);
                pod["metadata"]["generateName"] = json!(format!("{}-", name(set)));
                pod["metadata"]["labels"]["controller-revision-hash"] = json!(revision);
                pod["spec"]["nodeName"] = json!(name(node));
                // It is tried again at the next look.
                let _ = hand::create_pod(store, set, "daemonset-controller", pod);
            }
            Some(pod) if !current && missing == 0 => {
                let all_ready = pods.iter().all(hand::is_ready);
                if text(set, "/spec/updateStrategy/type") == "RollingUpdate"
                    && (all_ready || !hand::is_ready(pod))
                {
                    missing += 1;
                    hand::delete(store, pod);
                }
            }
            Some(_) => {}
        }
    }
    let pods: Vec<Json> = hand::owned(store, "Pod", set).into_iter().filter(is_active).collect();
    let updated = pods
        .iter()
        .filter(|pod| pod["metadata"]["labels"]["controller-revision-hash"] == revision.as_str())
        .count();
    let ready = pods.iter().filter(|pod| hand::is_ready(pod)).count();
    let mut status = json!({"currentNumberScheduled": pods.len(), "numberMisscheduled": 0,
        "desiredNumberScheduled": nodes.len(), "numberReady": ready,
        "observedGeneration": set["metadata"]["generation"]});
    for (field, count) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", nodes.len().saturating_sub(ready)),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    hand::status(store, MANAGER, set, status);
}
