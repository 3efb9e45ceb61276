//! StatefulSets: pods with ordinals and claims of their own, one after the other.

use serde_json::{Value as Json, json};

use super::attention::{attend, is_beside, is_dependents};
use super::hand::{self, MANAGER};
use super::replicas::is_available;
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit::{remove, short_hash};
use crate::sandbox::kubernetes::store::{
    Change, Store, is_deleting, items, name, namespace, number, text, uid,
};

const HASH: &str = "controller-revision-hash";

/// Takes the next step of every StatefulSet.
pub fn run(store: &mut Store, _: &ClusterName) {
    for set in store.all("StatefulSet") {
        let called = format!("{}-", name(&set));
        let concerns = |change: &Change| {
            is_beside(change, &["persistentvolumeclaims"], &set)
                || (is_beside(change, &["pods"], &set) && change.key.name.starts_with(&called))
                || is_dependents(change, "pods", uid(&set))
        };
        attend(store, "statefulset-controller", &set, concerns, |store, set| {
            if !is_deleting(set) {
                step(store, set);
            }
        });
    }
}

fn step(store: &mut Store, set: &Json) {
    let wanted = number(set, "/spec/replicas").unwrap_or(1);
    let revision = format!("{}-{}", name(set), short_hash(&set["spec"]["template"]));
    let ordered = text(set, "/spec/podManagementPolicy") != "Parallel";
    let mut waiting = false;
    for ordinal in 0..wanted {
        let called = format!("{}-{ordinal}", name(set));
        match store.find("Pod", namespace(set), &called).cloned() {
            None => {
                if claims(store, set, ordinal) {
                    make(store, set, ordinal, &revision);
                }
                waiting = true;
            }
            Some(pod) => {
                let ended = matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed");
                if ended && !is_deleting(&pod) {
                    hand::delete(store, &pod);
                }
                waiting |= !hand::is_ready(&pod) || is_deleting(&pod);
            }
        }
        if ordered && waiting {
            break;
        }
    }
    let mut pods = hand::owned(store, "Pod", set);
    pods.sort_by_key(|pod| std::cmp::Reverse(ordinal_of(pod)));
    if let Some(last) = pods.iter().find(|pod| ordinal_of(pod) >= wanted && !is_deleting(pod)) {
        hand::delete(store, last);
    } else {
        replace(store, set, &pods, &revision, wanted);
    }
    tell(store, set, &revision, wanted);
}

fn ordinal_of(pod: &Json) -> i64 {
    name(pod).rsplit('-').next().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Replaces pods of an older template from the last one on, each when all others are ready; one
/// that is not ready itself is replaced at once.
fn replace(store: &mut Store, set: &Json, pods: &[Json], revision: &str, wanted: i64) {
    if text(set, "/spec/updateStrategy/type") != "RollingUpdate" {
        return;
    }
    let partition = number(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    for pod in pods {
        let ordinal = ordinal_of(pod);
        if ordinal < partition || ordinal >= wanted {
            continue;
        }
        if is_deleting(pod) {
            return;
        }
        if pod["metadata"]["labels"][HASH] != revision {
            hand::delete(store, pod);
            return;
        }
        if !hand::is_ready(pod) {
            return;
        }
    }
}

fn claim_name(set: &Json, template: &Json, ordinal: i64) -> String {
    format!("{}-{}-{ordinal}", text(template, "/metadata/name"), name(set))
}

/// Makes the claims of a pod; says whether all are there.
fn claims(store: &mut Store, set: &Json, ordinal: i64) -> bool {
    let mut whole = true;
    for template in items(set, "/spec/volumeClaimTemplates") {
        let called = claim_name(set, template, ordinal);
        if store.find("PersistentVolumeClaim", namespace(set), &called).is_some() {
            continue;
        }
        let mut metadata = template["metadata"].clone();
        metadata["name"] = json!(called);
        metadata["namespace"] = json!(namespace(set));
        remove(&mut metadata, "creationTimestamp");
        for (key, value) in set["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten()
        {
            if !metadata["labels"].is_object() {
                metadata["labels"] = json!({});
            }
            metadata["labels"][key] = value.clone();
        }
        let policy = "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted";
        if text(set, policy) == "Delete" {
            metadata["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet",
                "name": name(set), "uid": set["metadata"]["uid"]}]);
        }
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": metadata, "spec": template["spec"]});
        let about =
            format!("create Claim {called} Pod {0}-{ordinal} in StatefulSet {0}", name(set));
        let component = "statefulset-controller";
        match hand::try_create(store, MANAGER, claim) {
            Ok(_) => {
                let message = format!("{about} success");
                hand::event(store, set, component, false, "SuccessfulCreate", &message);
            }
            Err(fault) => {
                whole = false;
                let message = format!("{about} failed error: {fault}");
                hand::event(store, set, component, true, "FailedCreate", &message);
            }
        }
    }
    whole
}

fn make(store: &mut Store, set: &Json, ordinal: i64, revision: &str) {
    let called = format!("{}-{ordinal}", name(set));
    let mut pod = hand::pod_of(&set["spec"]["template"], namespace(set), set);
    pod["metadata"]["name"] = json!(called);
    let labels = &mut pod["metadata"]["labels"];
    labels["statefulset.kubernetes.io/pod-name"] = json!(called);
    labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
    labels[HASH] = json!(revision);
    pod["spec"]["hostname"] = json!(called);
    if !text(set, "/spec/serviceName").is_empty() {
        pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    }
    let mut volumes: Vec<Json> = items(&pod, "/spec/volumes").to_vec();
    for template in items(set, "/spec/volumeClaimTemplates") {
        let volume = text(template, "/metadata/name");
        volumes.retain(|one| one["name"] != volume);
        volumes.push(json!({"name": volume,
            "persistentVolumeClaim": {"claimName": claim_name(set, template, ordinal)}}));
    }
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = json!(volumes);
    }
    if hand::create_pod(store, set, "statefulset-controller", pod).is_err() {
        return;
    }
    let message = format!("create Pod {called} in StatefulSet {} successful", name(set));
    hand::event(store, set, "statefulset-controller", false, "SuccessfulCreate", &message);
}

fn tell(store: &mut Store, set: &Json, revision: &str, wanted: i64) {
    let pods: Vec<Json> =
        hand::owned(store, "Pod", set).into_iter().filter(|pod| !is_deleting(pod)).collect();
    let least = number(set, "/spec/minReadySeconds").unwrap_or(0);
    let ready = pods.iter().filter(|pod| hand::is_ready(pod)).count();
    let available = pods.iter().filter(|pod| is_available(store, pod, least)).count();
    let updated = pods.iter().filter(|pod| pod["metadata"]["labels"][HASH] == revision).count();
    let all_new = updated == pods.len()
        && i64::try_from(ready).is_ok_and(|ready| ready >= wanted)
        && i64::try_from(updated).is_ok_and(|updated| updated >= wanted);
    let before = text(set, "/status/currentRevision");
    let current = if all_new || before.is_empty() { revision } else { before };
    let with_current = pods.iter().filter(|pod| pod["metadata"]["labels"][HASH] == current).count();
    let mut status = json!({"observedGeneration": set["metadata"]["generation"],
        "replicas": pods.len(), "currentRevision": current, "updateRevision": revision,
        "collisionCount": 0, "availableReplicas": available});
    for (field, count) in
        [("readyReplicas", ready), ("currentReplicas", with_current), ("updatedReplicas", updated)]
    {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    hand::status(store, MANAGER, set, status);
}
