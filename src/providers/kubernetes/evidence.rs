//! Why an object is not ready: its pods' reasons, events and last log lines.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::Timestamp;
use serde_json::Value as Json;
use url::form_urlencoded::byte_serialize;

use super::client::Cluster;
use super::object::Name;
use super::ready::condition;

/// How many lines of a log are shown.
pub(super) const LINES: usize = 20;

/// What was found out about an object that is not ready.
#[derive(Default)]
pub(super) struct Evidence {
    /// Sentences about pods, containers and events.
    pub findings: Vec<String>,
    /// What to do about them.
    pub remedies: BTreeSet<&'static str>,
    /// Lines of a log are among the findings.
    pub has_logs: bool,
}

/// A container's reason and what to do about it.
const REMEDIES: &[(&str, &str)] = &[
    (
        "ImagePullBackOff",
        "Check the image's name and tag, and that the nodes' service account may read the repository \
         (`roles/artifactregistry.reader`).",
    ),
    (
        "ErrImagePull",
        "Check the image's name and tag, and that the nodes' service account may read the repository \
         (`roles/artifactregistry.reader`).",
    ),
    (
        "FailedMount",
        "Check that each Secret and ConfigMap that the pod's volumes name exists in this namespace.",
    ),
    (
        "CreateContainerConfigError",
        "Check that each Secret and ConfigMap that the container's `env` names exists in this namespace, \
         with that key.",
    ),
    ("CrashLoopBackOff", "The container ends again and again: its log says why."),
    ("OOMKilled", "Raise the container's memory limit."),
    (
        "Unschedulable",
        "No node has room for the pod: add a node pool or nodes, or lower the pod's resource requests.",
    ),
];

/// Collects what the pods of an object say. `selector` is a label selector.
pub(super) async fn of_pods(cluster: &Cluster, name: &Name, selector: &str) -> Evidence {
    let mut evidence = Evidence::default();
    let pods = pods(cluster, &name.namespace, selector).await;
    if pods.is_empty() {
        evidence.findings.push("It has no pods.".into());
    }
    let mut told: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for pod in pods.iter().filter(|pod| !is_ready(pod)).take(5) {
        let mut found = Evidence::default();
        examine(cluster, name, pod, &mut found).await;
        let called = pod["metadata"]["name"].as_str().unwrap_or_default();
        let alike = found.findings.iter().map(|line| line.replace(called, "")).collect();
        evidence.remedies.extend(found.remedies);
        evidence.has_logs |= found.has_logs;
        match told.iter_mut().find(|(shape, _)| *shape == alike) {
            Some((_, names)) => names.push(called.to_owned()),
            None => {
                told.push((alike, Vec::new()));
                evidence.findings.extend(found.findings);
            }
        }
    }
    let others: Vec<String> = told.into_iter().flat_map(|(_, names)| names).collect();
    match &others[..] {
        [] => {}
        [one] => evidence.findings.push(format!("Pod \"{one}\" is in the same state.")),
        [_, ..] => {
            let names: Vec<String> = others.iter().map(|name| format!("\"{name}\"")).collect();
            evidence.findings.push(format!("Pods {} are in the same state.", names.join(", ")));
        }
    }
    evidence
}

/// Gives the last warnings about an object, each once.
pub(super) async fn warnings(cluster: &Cluster, kind: &str, object: &Json) -> Vec<String> {
    let (mut found, mut shapes) = (Vec::new(), BTreeSet::new());
    for event in events(cluster, kind, object).await {
        if event["type"] != "Warning" {
            continue;
        }
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let line = format!("{}: {}", text("reason"), text("message"));
        // The same with another number (`back-off 80s`) is the same.
        let shape = line.replace(|c: char| c.is_ascii_digit(), "");
        if found.len() < 3 && shapes.insert(shape) {
            found.push(line);
        }
    }
    found
}

/// Gives the events of an object, the last first.
pub(super) async fn events(cluster: &Cluster, kind: &str, object: &Json) -> Vec<Json> {
    let metadata = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
    let (namespace, uid) = (metadata("namespace"), metadata("uid"));
    let fields = format!("involvedObject.kind={kind},involvedObject.name={}", metadata("name"));
    let fields: String = byte_serialize(fields.as_bytes()).collect();
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    let path = format!("/api/v1/namespaces/{namespace}/events?fieldSelector={fields}");
    let Ok(mut list) = cluster.get(&path).await else { return Vec::new() };
    let Json::Array(mut events) = list["items"].take() else { return Vec::new() };
    // What was said of a former object of the name does not count.
    events.retain(|event| event["involvedObject"]["uid"] == uid);
    let time = |event: &Json| {
        let names = ["lastTimestamp", "eventTime", "firstTimestamp"];
        names.iter().find_map(|name| event[*name].as_str()?.parse::<Timestamp>().ok())
    };
    events.sort_by_key(|event| std::cmp::Reverse(time(event)));
    events
}

/// Writes the label selector of an object's pods; nothing where it has none.
pub(super) fn selector(kind: &str, name: &Name, live: &Json) -> Option<String> {
    let labels = live
        .pointer("/spec/selector/matchLabels")
        .or_else(|| live.pointer("/spec/selector"))
        .and_then(Json::as_object);
    // A Job has the label of its own uid there: pods of a former Job of the name do not count.
    if kind == "Job" && labels.is_none() {
        return Some(format!("job-name={}", name.name));
    }
    let pairs = labels?.iter();
    let pairs = pairs.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    Some(pairs.collect::<Vec<_>>().join(","))
}

/// Gives the pods that a selector names.
pub(super) async fn pods(cluster: &Cluster, namespace: &str, selector: &str) -> Vec<Json> {
    selected(cluster, &format!("/api/v1/namespaces/{namespace}/pods"), selector).await
}

/// Gives the ReplicaSets that a selector names.
pub(super) async fn replica_sets(cluster: &Cluster, namespace: &str, selector: &str) -> Vec<Json> {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
    selected(cluster, &path, selector).await
}

async fn selected(cluster: &Cluster, path: &str, selector: &str) -> Vec<Json> {
    let selector: String = byte_serialize(selector.as_bytes()).collect();
    let path = format!("{path}?labelSelector={selector}&limit=500");
    match cluster.get(&path).await {
        Ok(list) => list["items"].as_array().cloned().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

async fn log(cluster: &Cluster, namespace: &str, pod: &str, more: &str) -> Vec<String> {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?tailLines={LINES}{more}");
    match cluster.text(&path).await {
        Ok(text) => text.lines().map(str::to_string).collect(),
        Err(_) => Vec::new(),
    }
}

fn is_ready(pod: &Json) -> bool {
    pod["status"]["phase"] == "Succeeded" || condition(pod, "Ready", "True").is_some()
}

async fn examine(cluster: &Cluster, name: &Name, pod: &Json, evidence: &mut Evidence) {
    let pod_name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let phase = pod["status"]["phase"].as_str().unwrap_or("new");
    let mut said = false;
    if let Some((reason, message)) = condition(pod, "PodScheduled", "False") {
        evidence.note(reason, format!("Pod \"{pod_name}\" has no node: {reason}: {message}"));
        said = true;
    }
    for status in statuses(pod) {
        let container = status["name"].as_str().unwrap_or_default();
        let Some((reason, text)) = trouble(status) else { continue };
        evidence.note(&reason, format!("Pod \"{pod_name}\", container \"{container}\": {text}"));
        said = true;
        let ended = reason == "CrashLoopBackOff" || status["state"]["terminated"].is_object();
        if ended {
            let again = status["restartCount"].as_i64().unwrap_or(0) > 0
                && !status["state"]["terminated"].is_object();
            let previous = if again { "&previous=true" } else { "" };
            let more = format!("&container={container}{previous}");
            let lines = log(cluster, &name.namespace, pod_name, &more).await;
            if !lines.is_empty() {
                let shown = lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>();
                evidence.has_logs = true;
                evidence.findings.push(format!("Its last log lines:\n{}", shown.join("\n")));
            }
        }
    }
    for warning in warnings(cluster, "Pod", pod).await {
        let reason = warning.split(':').next().unwrap_or_default();
        evidence.remedies.extend(remedy(reason));
        evidence.findings.push(format!("Pod \"{pod_name}\": {warning}"));
        said = true;
    }
    if !said {
        evidence.findings.push(format!("Pod \"{pod_name}\" is {phase} and not ready."));
    }
}

/// Gives the statuses of all containers, those that run first before.
pub(super) fn statuses(pod: &Json) -> Vec<&Json> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    lists.iter().filter_map(|name| pod["status"][*name].as_array()).flatten().collect()
}

/// Gives a container's reason for not running, and it in words.
fn trouble(status: &Json) -> Option<(String, String)> {
    let state = &status["state"];
    let at = |state: &Json, name: &str| state[name].as_str().unwrap_or_default().to_string();
    let ended = |state: &Json| {
        let code = state["exitCode"].as_i64().unwrap_or(0);
        let mut text = format!("ended with exit code {code}");
        for part in [at(state, "reason"), at(state, "message")] {
            if !part.is_empty() {
                let _ = write!(text, ", {part}");
            }
        }
        text
    };
    if state["waiting"].is_object() {
        let waiting = &state["waiting"];
        let reason = at(waiting, "reason");
        let mut text = format!("waiting: {reason}");
        if !at(waiting, "message").is_empty() {
            let _ = write!(text, ": {}", at(waiting, "message"));
        }
        if status["lastState"]["terminated"].is_object() {
            let _ = write!(text, "; before, it {}", ended(&status["lastState"]["terminated"]));
        }
        let ordinary = matches!(reason.as_str(), "ContainerCreating" | "PodInitializing" | "");
        return (!ordinary).then_some((reason, text));
    }
    if state["terminated"].is_object() && state["terminated"]["exitCode"] != 0 {
        return Some((at(&state["terminated"], "reason"), ended(&state["terminated"])));
    }
    None
}

impl Evidence {
    fn note(&mut self, reason: &str, text: String) {
        self.findings.push(format!("{}.", text.trim_end_matches('.')));
        self.remedies.extend(remedy(reason));
    }
}

fn remedy(reason: &str) -> Option<&'static str> {
    REMEDIES.iter().find(|(name, _)| *name == reason).map(|(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_missing_key_is_named_with_what_to_do() {
        let status = json!({ "name": "web", "state": { "waiting": {
            "reason": "CreateContainerConfigError", "message": "couldn't find key bucket in Secret default/app" } } });
        let mut evidence = Evidence::default();

        let (reason, text) = trouble(&status).expect("it is in trouble");
        evidence.note(&reason, text);

        assert!(evidence.findings[0].contains("couldn't find key bucket"));
        assert_eq!(evidence.remedies.len(), 1);
    }

    #[test]
    fn a_starting_container_is_in_no_trouble() {
        assert_eq!(
            trouble(&json!({ "state": { "waiting": { "reason": "ContainerCreating" } } })),
            None
        );
    }
}
