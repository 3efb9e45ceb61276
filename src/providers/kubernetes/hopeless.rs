//! What does not come right by waiting: an image that cannot be pulled, a container that ends again and again or lacks a
//! Secret, pods that nobody may make. It is told before the wait is over.
//!
//! Each has a while in which it may pass: a registry that fails once, a database that comes later, a pod of the
//! last version that makes room. Pods of other versions than the newest do not count. That other pods get on
//! is no comfort to one that cannot: only pods that are refused may be waiting for others to go.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::client::Cluster;
use super::evidence;
use super::object::Name;
use super::ready::{condition, is_stale};

/// How often the pods are looked at.
const PAUSE: Duration = Duration::from_secs(10);

/// How often a container may end before it is given up.
const RESTARTS: i64 = 5;

/// How often what cannot be run is tried.
const TRIES: usize = 2;

const IMAGE: (&str, u64) = ("image", 60);
const MISSING: (&str, u64) = ("missing", 180);
const UNRUNNABLE: (&str, u64) = ("unrunnable", 60);

/// A container's reason for not running, the cause that it stands for, and for how many seconds that may pass. A container
/// goes to and fro between some of them, which are one cause.
const REASONS: &[(&str, (&str, u64))] = &[
    ("ImagePullBackOff", IMAGE),
    ("ErrImagePull", IMAGE),
    ("ErrImageNeverPull", IMAGE),
    ("InvalidImageName", ("name", 10)),
    ("CreateContainerConfigError", MISSING),
    ("CreateContainerError", UNRUNNABLE),
    ("RunContainerError", UNRUNNABLE),
    ("CrashLoopBackOff", ("crash", 10)),
];

/// How a shell ends where there is no such program, or where it may not be run.
const NO_PROGRAM: &[i64] = &[126, 127];

/// Kinds whose pods are looked at.
const WORKLOADS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "Job"];

/// What controllers say of an object that they cannot serve as it is written, by kind.
const SAID: &[(&str, &[&str])] = &[
    ("Ingress", &["Translate", "Sync"]),
    ("Service", &["SyncLoadBalancerFailed"]),
    ("PersistentVolumeClaim", &["ProvisioningFailed"]),
];

/// What the autoscaler says of a pod where it adds a node.
const GROWS: &str = "TriggeredScaleUp";

/// What the autoscaler says of a pod.
const VERDICTS: &[&str] = &[GROWS, "NotTriggerScaleUp", "FailedScaleUp"];

/// How long the autoscaler's refusal may pass: other pods may go, or nodes come by hand.
const UNSCALED: u64 = 90;

/// How long pods may be refused.
const REFUSED: u64 = 30;

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Doubt {
    looked: Option<Timestamp>,
    /// Since when each cause has been there without a break.
    seen: BTreeMap<String, Timestamp>,
    /// What is in the way by the last look, in words.
    pub(super) present: Option<String>,
}

/// What is in the way.
struct Trouble {
    /// What it is known by.
    cause: String,
    /// For how many seconds it may pass.
    patience: u64,
    /// It in words.
    text: String,
}

impl Trouble {
    fn of_pods((cause, patience): (&str, u64), reason: &str) -> Trouble {
        Trouble { cause: cause.into(), patience, text: format!("Its pods are in {reason}.") }
    }

    fn refused(message: &str, progress: &str) -> Trouble {
        let cause = format!("refused: {progress}");
        Trouble { cause, patience: REFUSED, text: no_pods(message) }
    }
}

impl Doubt {
    /// Says why waiting is of no use, if it is none. `progress` is what is being waited for in words: where it changes, things
    /// move on.
    pub(super) async fn look(
        &mut self,
        cluster: &Cluster,
        (kind, name): (&str, &Name),
        live: &Json,
        progress: &str,
        now: Timestamp,
    ) -> Option<String> {
        // Until the controller has seen the change, what is told is of the version before.
        let counts = ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind);
        let unseen = counts && is_stale(live);
        if unseen || self.looked.is_some_and(|last| now < last + PAUSE) {
            return None;
        }
        self.looked = Some(now);
        let troubles = troubles(cluster, (kind, name), live, progress).await;
        let since = |trouble: &Trouble| *self.seen.get(&trouble.cause).unwrap_or(&now);
        let hopeless =
            |trouble: &&Trouble| now >= since(trouble) + Duration::from_secs(trouble.patience);
        let told = troubles.iter().find(hopeless).map(|trouble| trouble.text.clone());
        self.present = troubles.first().map(|trouble| trouble.text.clone());
        self.seen = troubles.iter().map(|one| (one.cause.clone(), since(one))).collect();
        told
    }
}

/// Gives what is in the way.
async fn troubles(
    cluster: &Cluster,
    (kind, name): (&str, &Name),
    live: &Json,
    progress: &str,
) -> Vec<Trouble> {
    if let Some((_, reasons)) = SAID.iter().find(|(known, _)| *known == kind) {
        return said(cluster, kind, live, reasons).await.into_iter().collect();
    }
    if !WORKLOADS.contains(&kind) {
        return Vec::new();
    }
    let Some(selector) = evidence::selector(kind, name, live) else { return Vec::new() };
    let pods = evidence::pods(cluster, &name.namespace, &selector).await;
    if let Some((_, message)) = condition(live, "ReplicaFailure", "True") {
        return vec![Trouble::refused(message, progress)];
    }
    // A set that makes its pods itself says it by an event alone.
    if pods.is_empty() && kind != "Deployment" {
        let warnings = evidence::warnings(cluster, kind, live).await;
        let told = warnings.iter().find_map(|line| line.strip_prefix("FailedCreate: "));
        return told.map(|message| Trouble::refused(message, progress)).into_iter().collect();
    }
    let newest = newest(cluster, (kind, name), &selector, live, &pods).await;
    let counts = |pod: &&Json| {
        let hash =
            |(label, hash): &(&str, String)| pod["metadata"]["labels"][*label] == hash.as_str();
        pod["metadata"]["deletionTimestamp"].is_null() && newest.as_ref().is_none_or(hash)
    };
    let pods: Vec<&Json> = pods.iter().filter(counts).collect();
    let mut found: Vec<Trouble> = pods.iter().filter_map(|pod| stuck(pod, kind)).collect();
    found.extend(unmounted(cluster, &pods).await);
    found.extend(unscaled(cluster, &pods, progress).await);
    if kind == "Job" && pods.iter().map(|pod| without_program(pod)).sum::<usize>() >= TRIES {
        let text =
            "Its pods end since there is no such program in the image, or it may not be run.";
        found.push(Trouble { cause: "program".into(), patience: 0, text: text.into() });
    }
    found
}

/// Gives what the controller of an object says against it.
async fn said(cluster: &Cluster, kind: &str, live: &Json, reasons: &[&str]) -> Option<Trouble> {
    let warnings = evidence::warnings(cluster, kind, live).await;
    let counts = |line: &&String| reasons.iter().any(|it| line.starts_with(&format!("{it}: ")));
    let text = format!("{}.", warnings.iter().find(counts)?.trim_end_matches('.'));
    Some(Trouble { cause: "said".into(), patience: MISSING.1, text })
}

/// Gives the trouble of a pod that waits for a volume of a Secret or ConfigMap that is not there.
async fn unmounted(cluster: &Cluster, pods: &[&Json]) -> Option<Trouble> {
    let waits =
        |pod: &&&Json| pod["status"]["phase"] == "Pending" && pod["spec"]["nodeName"].is_string();
    let pod = pods.iter().find(waits)?;
    let warnings = evidence::warnings(cluster, "Pod", pod).await;
    let missing = |line: &&String| line.starts_with("FailedMount: ") && line.contains("not found");
    let message = warnings.iter().find(missing)?.strip_prefix("FailedMount: ")?;
    let text = format!("Its pods do not start: {}.", message.trim_end_matches('.'));
    Some(Trouble { cause: "mount".into(), patience: MISSING.1, text })
}

/// Gives the trouble of a pod that no node has room for, where the cluster's autoscaler adds none: that is its last word on it.
async fn unscaled(cluster: &Cluster, pods: &[&Json], progress: &str) -> Option<Trouble> {
    let waits = |pod: &&&Json| {
        condition(pod, "PodScheduled", "False").is_some_and(|(reason, _)| reason == "Unschedulable")
    };
    let pod = pods.iter().find(waits)?;
    let events = evidence::events(cluster, "Pod", pod).await;
    let last = events.iter().find(|event| VERDICTS.iter().any(|it| event["reason"] == *it))?;
    if last["reason"] == GROWS {
        return None;
    }
    let said = last["message"].as_str().unwrap_or_default().trim_end_matches('.');
    let text = format!("Its pods find no node, and the autoscaler adds none: {said}.");
    Some(Trouble { cause: format!("unscaled: {progress}"), patience: UNSCALED, text })
}

/// Says how often a pod's containers ended for want of a program.
fn without_program(pod: &Json) -> usize {
    let is_want = |state: &Json| {
        let cannot = ["StartError", "ContainerCannotRun"].iter().any(|it| state["reason"] == *it);
        cannot || state["exitCode"].as_i64().is_some_and(|code| NO_PROGRAM.contains(&code))
    };
    let ends = |status: &Json| {
        let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
        let before = status["restartCount"].as_u64().and_then(|count| usize::try_from(count).ok());
        // What waits to be started again has ended once more than it was started again.
        match (is_want(&state["terminated"]) || is_want(last), state["running"].is_object()) {
            (false, _) => 0,
            (true, running) => before.unwrap_or(0) + usize::from(!running),
        }
    };
    evidence::statuses(pod).into_iter().map(ends).sum()
}

fn no_pods(message: &str) -> String {
    let why = if message.contains("exceeded quota") || message.contains("failed quota") {
        "a quota of the namespace"
    } else {
        "the API server"
    };
    format!("Its pods are refused by {why}: {}.", message.trim_end_matches('.'))
}

/// Gives what a pod's containers wait for in vain.
fn stuck(pod: &Json, kind: &str) -> Option<Trouble> {
    evidence::statuses(pod).into_iter().find_map(|status| {
        let reason = status["state"]["waiting"]["reason"].as_str()?;
        let (_, cause) = REASONS.iter().find(|(known, _)| *known == reason)?;
        // How often a Job's containers may end is its own `backoffLimit`: its controller says when it is enough.
        let often = status["restartCount"].as_i64().unwrap_or(0) >= RESTARTS && kind != "Job";
        (reason != "CrashLoopBackOff" || often).then(|| Trouble::of_pods(*cause, reason))
    })
}

/// Gives the label by which pods of the newest version are known, and its value.
async fn newest(
    cluster: &Cluster,
    (kind, name): (&str, &Name),
    selector: &str,
    live: &Json,
    pods: &[Json],
) -> Option<(&'static str, String)> {
    const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
    match kind {
        "StatefulSet" => {
            let hash = live.pointer("/status/updateRevision")?.as_str()?;
            Some(("controller-revision-hash", hash.to_owned()))
        }
        "Deployment" => {
            let sets = evidence::replica_sets(cluster, &name.namespace, selector).await;
            let set = sets.iter().find(|set| set.pointer(REVISION) == live.pointer(REVISION))?;
            let hash = set.pointer("/metadata/labels/pod-template-hash")?.as_str()?;
            Some(("pod-template-hash", hash.to_owned()))
        }
        "DaemonSet" => {
            let youngest =
                pods.iter().max_by_key(|pod| pod["metadata"]["creationTimestamp"].as_str())?;
            let hash = youngest.pointer("/metadata/labels/controller-revision-hash")?.as_str()?;
            Some(("controller-revision-hash", hash.to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn waiting(reason: &str, restarts: i64) -> Json {
        json!({"status": {"containerStatuses": [{"restartCount": restarts,
            "state": {"waiting": {"reason": reason}}}]}})
    }

    fn cause(pod: &Json, kind: &str) -> Option<String> {
        stuck(pod, kind).map(|trouble| trouble.cause)
    }

    #[test]
    fn a_container_that_ended_a_few_times_is_not_given_up() {
        let pod = |restarts| waiting("CrashLoopBackOff", restarts);

        assert_eq!(cause(&pod(4), "Deployment"), None);
        assert_eq!(cause(&pod(5), "Deployment").as_deref(), Some("crash"));
        assert_eq!(cause(&pod(5), "Job"), None);
    }

    #[test]
    fn an_image_that_is_tried_again_is_the_same_trouble() {
        let causes =
            ["ErrImagePull", "ImagePullBackOff"].map(|reason| cause(&waiting(reason, 0), "Job"));

        assert_eq!(causes[0].as_deref(), Some("image"));
        assert_eq!(causes[0], causes[1]);
    }

    #[test]
    fn a_program_that_is_not_there_is_counted_by_its_ends() {
        let ended = |code: i64| json!({"terminated": {"exitCode": code, "reason": "Error"}});
        let pod = |code: i64, restarts: i64| {
            json!({"status": {"containerStatuses": [{"restartCount": restarts,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended(code)}]}})
        };

        assert_eq!(without_program(&pod(127, 1)), 2);
        assert_eq!(without_program(&pod(1, 1)), 0);
    }

    #[test]
    fn a_quota_is_named_as_what_refuses_pods() {
        let text = no_pods("pods \"a\" is forbidden: exceeded quota: q, requested: pods=1");

        assert!(text.starts_with("Its pods are refused by a quota of the namespace: pods \"a\""));
    }
}
