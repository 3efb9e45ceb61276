//! What does not come right by waiting: an image that cannot be pulled, a container that ends again and again, pods
//! that nobody may make. It is told before the wait is over.
//!
//! Each has a while in which it may pass: a registry that fails once, a database that comes later, a pod of the
//! last version that makes room. Pods of other versions than the newest do not count.

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

/// A container's reason for not running, and how long it may pass.
const REASONS: &[(&str, Duration)] = &[
    ("ImagePullBackOff", Duration::from_secs(60)),
    ("ErrImagePull", Duration::from_secs(60)),
    ("InvalidImageName", Duration::from_secs(10)),
    ("CrashLoopBackOff", Duration::from_secs(10)),
];

/// How long pods may be refused.
const REFUSED: Duration = Duration::from_secs(30);

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Doubt {
    looked: Option<Timestamp>,
    /// What it was, and since when.
    seen: Option<(String, Timestamp)>,
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
        let unseen = kind != "Job" && is_stale(live);
        if unseen || self.looked.is_some_and(|last| now < last + PAUSE) {
            return None;
        }
        self.looked = Some(now);
        let Some((key, patience, text)) = trouble(cluster, kind, name, live).await else {
            self.seen = None;
            return None;
        };
        let key = format!("{key}: {progress}");
        let since = match &self.seen {
            Some((before, since)) if *before == key => *since,
            _ => now,
        };
        self.seen = Some((key, since));
        (now >= since + patience).then_some(text)
    }
}

/// Gives what is in the way: its name, how long it may pass, and it in words.
async fn trouble(
    cluster: &Cluster,
    kind: &str,
    name: &Name,
    live: &Json,
) -> Option<(String, Duration, String)> {
    if !["Deployment", "StatefulSet", "DaemonSet", "Job"].contains(&kind) {
        return None;
    }
    let selector = evidence::selector(kind, name, live)?;
    let pods = evidence::pods(cluster, &name.namespace, &selector).await;
    let refused = |message: &str| ("refused".to_owned(), REFUSED, no_pods(message));
    if let Some((_, message)) = condition(live, "ReplicaFailure", "True") {
        return Some(refused(message));
    }
    // A set that makes its pods itself says it by an event alone.
    if pods.is_empty() && kind != "Deployment" {
        let warnings = evidence::warnings(cluster, &name.namespace, kind, &name.name).await;
        let told = warnings.iter().find_map(|line| line.strip_prefix("FailedCreate: "));
        return told.map(refused);
    }
    let newest = newest(cluster, (kind, name), &selector, live, &pods).await;
    let counts = |pod: &&Json| {
        let hash =
            |(label, hash): &(&str, String)| pod["metadata"]["labels"][*label] == hash.as_str();
        pod["metadata"]["deletionTimestamp"].is_null() && newest.as_ref().is_none_or(hash)
    };
    let (reason, patience) = pods.iter().filter(counts).find_map(|pod| stuck(pod, kind))?;
    Some((reason.to_owned(), patience, format!("Its pods are in {reason}.")))
}

fn no_pods(message: &str) -> String {
    let why = if message.contains("exceeded quota") || message.contains("failed quota") {
        "a quota of the namespace"
    } else {
        "the API server"
    };
    format!("Its pods are refused by {why}: {}.", message.trim_end_matches('.'))
}

/// Gives a container's reason that counts.
fn stuck(pod: &Json, kind: &str) -> Option<(&'static str, Duration)> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    let all = lists.iter().filter_map(|list| pod["status"][*list].as_array()).flatten();
    for status in all {
        let reason = status["state"]["waiting"]["reason"].as_str().unwrap_or_default();
        let row = REASONS.iter().find(|(known, _)| *known == reason);
        // How often a Job's containers may end is its own `backoffLimit`: its controller says when it is enough.
        let often = status["restartCount"].as_i64().unwrap_or(0) >= RESTARTS && kind != "Job";
        if let Some(row) = row.filter(|(reason, _)| *reason != "CrashLoopBackOff" || often) {
            return Some(*row);
        }
    }
    None
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

    #[test]
    fn a_container_that_ended_a_few_times_is_not_given_up() {
        let pod = |restarts: i64| {
            json!({"status": {"containerStatuses": [{"restartCount": restarts,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})
        };

        assert_eq!(stuck(&pod(4), "Deployment"), None);
        let given_up = Some(("CrashLoopBackOff", Duration::from_secs(10)));
        assert_eq!(stuck(&pod(5), "Deployment"), given_up);
        assert_eq!(stuck(&pod(5), "Job"), None);
    }

    #[test]
    fn a_quota_is_named_as_what_refuses_pods() {
        let text = no_pods("pods \"a\" is forbidden: exceeded quota: q, requested: pods=1");

        assert!(text.starts_with("Its pods are refused by a quota of the namespace: pods \"a\""));
    }
}
