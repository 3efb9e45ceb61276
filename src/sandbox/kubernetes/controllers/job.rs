//! Jobs: pods until so many have succeeded, or too many have failed.

use serde_json::{Value as Json, json};

use super::attention::{attend, is_dependents};
use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::store::{
    Change, Store, is_deleting, items, moment, name, namespace, number, stamp, text, uid,
};

/// Takes the next step of every Job.
pub fn run(store: &mut Store, _: &ClusterName) {
    for job in store.all("Job") {
        let concerns = |change: &Change| is_dependents(change, "pods", uid(&job));
        attend(store, "job", &job, concerns, |store, job| {
            if is_deleting(job) {
            } else if is_finished(job) {
                clean(store, job);
            } else {
                step(store, job);
            }
        });
    }
}

/// Says whether a Job has come to its end.
pub fn is_finished(job: &Json) -> bool {
    has(job, "Complete") || has(job, "Failed")
}

/// Says whether a condition holds.
pub fn has(object: &Json, kind: &str) -> bool {
    items(object, "/status/conditions")
        .iter()
        .any(|one| one["type"] == kind && one["status"] == "True")
}

fn clean(store: &mut Store, job: &Json) {
    let Some(seconds) = number(job, "/spec/ttlSecondsAfterFinished") else { return };
    let end = items(job, "/status/conditions")
        .iter()
        .find(|one| one["type"] == "Complete" || one["type"] == "Failed")
        .and_then(|one| moment(one, "/lastTransitionTime"));
    let Some(end) = end else { return };
    if store.has_passed(end, seconds.unsigned_abs()) {
        hand::delete(store, job);
    }
}

fn step(store: &mut Store, job: &Json) {
    if job["spec"]["suspend"] == true {
        return suspend(store, job);
    }
    let pods = hand::owned(store, "Pod", job);
    let phase =
        |wanted: &str| pods.iter().filter(|pod| text(pod, "/status/phase") == wanted).count();
    let (succeeded, failed) = (phase("Succeeded"), phase("Failed"));
    let active: Vec<Json> = pods
        .iter()
        .filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .filter(|pod| !is_deleting(pod))
        .cloned()
        .collect();
    let start = moment(job, "/status/startTime").unwrap_or(store.now);
    let limit = number(job, "/spec/backoffLimit").unwrap_or(6).unsigned_abs();
    let restarts: u64 = pods
        .iter()
        .flat_map(|pod| items(pod, "/status/containerStatuses"))
        .filter_map(|status| number(status, "/restartCount"))
        .map(i64::unsigned_abs)
        .sum();
    let on_failure = text(job, "/spec/template/spec/restartPolicy") == "OnFailure";
    let wanted = number(job, "/spec/completions");
    let enough = match wanted {
        Some(wanted) => i64::try_from(succeeded).is_ok_and(|done| done >= wanted),
        None => succeeded > 0 && active.is_empty(),
    };
    let late = number(job, "/spec/activeDeadlineSeconds")
        .is_some_and(|seconds| store.has_passed(start, seconds.unsigned_abs()));
    let too_many = failed as u64 > limit || (on_failure && restarts > limit);
    let verdict = if enough {
        Some((
            "Complete",
            "SuccessCriteriaMet",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        ))
    } else if late {
        Some((
            "Failed",
            "FailureTarget",
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        ))
    } else if too_many {
        Some((
            "Failed",
            "FailureTarget",
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        ))
    } else {
        None
    };
    let mut left = active;
    if verdict.is_some() {
        for pod in left.drain(..) {
            hand::delete(store, &pod);
        }
    } else {
        left.extend(make(store, job, &pods, left.len(), succeeded, failed));
    }
    tell(store, job, start, &left, [succeeded, failed], verdict);
}

type Verdict = (&'static str, &'static str, &'static str, &'static str);

/// Makes the pods that are wanted; after a failure each try waits longer.
fn make(
    store: &mut Store,
    job: &Json,
    pods: &[Json],
    active: usize,
    succeeded: usize,
    failed: usize,
) -> Vec<Json> {
    let count = |pointer: &str| number(job, pointer).and_then(|n| usize::try_from(n).ok());
    let parallel = count("/spec/parallelism").unwrap_or(1);
    let open = match count("/spec/completions") {
        Some(wanted) => wanted.saturating_sub(succeeded),
        None if succeeded > 0 => 0,
        None => parallel,
    };
    let wanted = parallel.min(open).saturating_sub(active);
    if wanted == 0 {
        return Vec::new();
    }
    if failed > 0 {
        let last = pods
            .iter()
            .filter(|pod| text(pod, "/status/phase") == "Failed")
            .filter_map(|pod| {
                moment(pod, "/status/containerStatuses/0/state/terminated/finishedAt")
            })
            .max()
            .unwrap_or(store.now);
        let pause = 10_u64 << (failed - 1).min(5);
        if !store.has_passed(last, pause.min(360)) {
            return Vec::new();
        }
    }
    let mut made = Vec::new();
    for _ in 0..wanted {
        let mut pod = hand::pod_of(&job["spec"]["template"], namespace(job), job);
        pod["metadata"]["generateName"] = json!(format!("{}-", name(job)));
        let Ok(pod) = hand::create_pod(store, job, "job-controller", pod) else { break };
        let text = format!("Created pod: {}", name(&pod));
        hand::event(store, job, "job-controller", false, "SuccessfulCreate", &text);
        made.push(pod);
    }
    made
}

fn tell(
    store: &mut Store,
    job: &Json,
    start: jiff::Timestamp,
    active: &[Json],
    [succeeded, failed]: [usize; 2],
    verdict: Option<Verdict>,
) {
    let ready = active.iter().filter(|pod| hand::is_ready(pod)).count();
    let mut status = json!({"startTime": stamp(start), "ready": ready, "terminating": 0,
        "uncountedTerminatedPods": {}});
    for (field, count) in [("active", active.len()), ("succeeded", succeeded), ("failed", failed)] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    if let Some((kind, early, reason, message)) = verdict {
        let mut entries = Vec::new();
        for kind in [early, kind] {
            let mut entry = hand::condition(store, job, kind, true, reason, message);
            entry["lastProbeTime"] = entry["lastTransitionTime"].clone();
            entries.push(entry);
        }
        status["conditions"] = json!(entries);
        if kind == "Complete" {
            status["completionTime"] = json!(store.stamp());
            hand::event(store, job, "job-controller", false, "Completed", "Job completed");
        } else {
            hand::event(store, job, "job-controller", true, reason, message);
        }
    }
    hand::status(store, MANAGER, job, status);
}

fn suspend(store: &mut Store, job: &Json) {
    for pod in hand::owned(store, "Pod", job) {
        if !is_deleting(&pod) {
            hand::delete(store, &pod);
        }
    }
    let entry = hand::condition(store, job, "Suspended", true, "JobSuspended", "Job suspended");
    hand::status(store, MANAGER, job, json!({"conditions": [entry]}));
}

/// Gives when a Job was made, for those that follow each other.
pub fn made_at(job: &Json) -> jiff::Timestamp {
    moment(job, "/metadata/creationTimestamp").unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
