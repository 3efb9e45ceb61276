//! Pods: a node for each, then its containers, as a kubelet would run them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::attention::{attend, is_beside, since};
use super::autoscale;
use super::environment;
use super::hand;
use super::node;
use super::program::{self, Settled};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::ephemeral;
use crate::sandbox::kubernetes::store::{
    Change, Line, Run, Store, digest, is_deleting, items, moment, name, namespace, number, stamp,
    text, uid,
};

/// Seconds from a pod's node to its first container: the image comes.
const PULL: u64 = 6;
/// Seconds that a container takes to end when it is asked to.
const STOP: u64 = 2;

/// Takes the next step of every pod.
pub fn run(store: &mut Store, _: &ClusterName) {
    for pod in store.all("Pod") {
        attend(
            store,
            "pod",
            &pod,
            |change| concerns(&pod, change),
            |store, pod| {
                if is_deleting(pod) {
                    stop(store, pod);
                } else if text(pod, "/spec/nodeName").is_empty() {
                    schedule(store, pod);
                } else if !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
                    live(store, pod);
                }
            },
        );
    }
    let gone = |change: &&Change| change.removed && change.key.plural == "pods";
    if since(store, store.settled).is_none_or(|news| news.iter().any(gone)) {
        forget(store);
    }
}

/// Says whether a pod's next step depends on a change: a place on a node on pods, nodes and claims, a start on what it is given.
/// A container that runs has all that it needs.
fn concerns(pod: &Json, change: &Change) -> bool {
    if text(pod, "/spec/nodeName").is_empty() {
        let plural = change.key.plural.as_str();
        return ["pods", "nodes"].contains(&plural)
            || is_beside(change, &["persistentvolumeclaims"], pod);
    }
    let runs = |status: &Json| !status["state"]["waiting"].is_object();
    let (all, told) = (items(pod, "/spec/containers"), items(pod, "/status/containerStatuses"));
    let started = told.len() == all.len() && told.iter().all(runs);
    !started && is_beside(change, &["secrets", "configmaps", "persistentvolumeclaims"], pod)
}

/// Drops what was known of pods that are gone.
fn forget(store: &mut Store) {
    let living: BTreeSet<String> = store.all("Pod").iter().map(|pod| uid(pod).to_owned()).collect();
    let alive = |place: &String| living.contains(place.split('/').next().unwrap_or_default());
    store.logs.retain(|place, _| alive(place));
    store.runs.retain(|place, _| alive(place));
    store.uploads.retain(|place, _| alive(place));
}

fn stop(store: &mut Store, pod: &Json) {
    let grace = number(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(0).unsigned_abs();
    let limit = moment(pod, "/metadata/deletionTimestamp").unwrap_or(store.now);
    let asked = limit.checked_sub(Duration::from_secs(grace)).unwrap_or(limit);
    let end = asked + Duration::from_secs(grace.min(STOP));
    if end > store.now {
        store.wake_at(end);
        return;
    }
    hand::change(store, "kubelet", pod, |pod| {
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    });
}

fn schedule(store: &mut Store, pod: &Json) {
    let chosen = match missing_claim(store, pod) {
        Some(text) => Err(text),
        None => node::choose(store, pod),
    };
    let mut status = pod["status"].clone();
    match chosen {
        Ok(node) => {
            status["conditions"] =
                json!([hand::condition(store, pod, "PodScheduled", true, "", "")]);
            select_node(store, pod, &node);
            hand::change(store, "kube-scheduler", pod, |pod| {
                pod["spec"]["nodeName"] = json!(node);
                pod["status"] = status;
            });
            let text = format!("Successfully assigned {}/{} to {node}", namespace(pod), name(pod));
            hand::event(store, pod, "default-scheduler", false, "Scheduled", &text);
        }
        Err(text) => {
            let reason = "Unschedulable";
            let entry = hand::condition(store, pod, "PodScheduled", false, reason, &text);
            status["conditions"] = json!([entry]);
            hand::status(store, "kube-scheduler", pod, status);
            hand::event(store, pod, "default-scheduler", true, "FailedScheduling", &text);
            autoscale::look(store, pod);
        }
    }
}

fn claims(pod: &Json) -> impl Iterator<Item = &str> {
    items(pod, "/spec/volumes")
        .iter()
        .map(|volume| text(volume, "/persistentVolumeClaim/claimName"))
        .filter(|claim| !claim.is_empty())
}

fn missing_claim(store: &Store, pod: &Json) -> Option<String> {
    claims(pod)
        .find(|claim| store.find("PersistentVolumeClaim", namespace(pod), claim).is_none())
        .map(|claim| format!("persistentvolumeclaim \"{claim}\" not found"))
}

/// A claim that waits for its first consumer learns of the node.
fn select_node(store: &mut Store, pod: &Json, node: &str) {
    for claim in claims(pod) {
        let Some(claim) = store.find("PersistentVolumeClaim", namespace(pod), claim).cloned()
        else {
            continue;
        };
        if text(&claim, "/spec/volumeName").is_empty() {
            hand::change(store, "kube-scheduler", &claim, |claim| {
                if !claim["metadata"]["annotations"].is_object() {
                    claim["metadata"]["annotations"] = json!({});
                }
                claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] =
                    json!(node);
            });
        }
    }
}

/// How one container stands.
struct Stand {
    status: Json,
    ready: bool,
    ended: Option<i64>,
    running: bool,
}

fn live(store: &mut Store, pod: &Json) {
    let conditions = items(pod, "/status/conditions");
    let since = conditions
        .iter()
        .find(|one| one["type"] == "PodScheduled")
        .and_then(|one| moment(one, "/lastTransitionTime"))
        .or_else(|| moment(pod, "/metadata/creationTimestamp"))
        .unwrap_or(store.now);
    let from = since + Duration::from_secs(PULL);
    store.wake_at(from);
    let blocked = volumes_wait(store, pod);
    let mut init = Vec::new();
    let mut through = from <= store.now && blocked.is_none();
    for container in items(pod, "/spec/initContainers") {
        let stand = container_stands(store, pod, container, through, true, "PodInitializing");
        let sidecar = text(container, "/restartPolicy") == "Always";
        through = through && if sidecar { stand.running } else { stand.ended == Some(0) };
        init.push(stand);
    }
    let waits = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
    let policy = text(pod, "/spec/restartPolicy");
    let finite = matches!(policy, "Never" | "OnFailure");
    let main: Vec<Stand> = items(pod, "/spec/containers")
        .iter()
        .map(|container| container_stands(store, pod, container, through, finite, waits))
        .collect();
    if store.paused {
        return;
    }
    tell(store, pod, &init, &main, since);
}

fn volumes_wait(store: &mut Store, pod: &Json) -> Option<String> {
    let unbound = claims(pod).any(|claim| {
        store
            .find("PersistentVolumeClaim", namespace(pod), claim)
            .is_none_or(|claim| text(claim, "/status/phase") != "Bound")
    });
    if unbound {
        return Some("a claim is not bound".to_owned());
    }
    let text = environment::missing_volume(store, pod)?;
    hand::event(store, pod, "kubelet", true, "FailedMount", &text);
    Some(text)
}

fn container_stands(
    store: &mut Store,
    pod: &Json,
    container: &Json,
    may_start: bool,
    finite: bool,
    waits: &str,
) -> Stand {
    let place = program::place_of(pod, text(container, "/name"));
    let mut run = store.runs.get(&place).cloned().unwrap_or_default();
    let over = run.ends.is_some_and(|end| end <= store.now);
    if run.started.is_none() && !may_start {
        return waiting(container, &run, waits, "");
    }
    if over && !restarts(pod, container, run.code) {
        return terminated(container, &run);
    }
    if over {
        // The kubelet waits longer with every failure, five minutes at most.
        let pause = (10_u64 << run.restarts.clamp(0, 5)).min(300);
        let again = run.ends.unwrap_or(store.now) + Duration::from_secs(pause);
        if again > store.now {
            store.wake_at(again);
            let text = format!("back-off {pause}s restarting failed container");
            let mut stand = waiting(container, &run, "CrashLoopBackOff", &text);
            hand::event(store, pod, "kubelet", true, "BackOff", &text);
            stand.status["lastState"] = json!({"terminated": ended(&run)});
            return stand;
        }
    }
    if run.started.is_none() || over {
        match start(store, pod, container, &mut run, finite) {
            Ok(()) => {
                store.runs.insert(place, run.clone());
            }
            Err((reason, message)) => return waiting(container, &run, reason, &message),
        }
    }
    if let Some(end) = run.ends {
        store.wake_at(end);
    }
    running(store, container, &run)
}

fn restarts(pod: &Json, container: &Json, code: i64) -> bool {
    match text(pod, "/spec/restartPolicy") {
        _ if text(container, "/restartPolicy") == "Always" => true,
        // An init container that did its work is not run again.
        "Always" => code != 0 || !is_init(pod, container),
        "OnFailure" => code != 0,
        _ => false,
    }
}

fn is_init(pod: &Json, container: &Json) -> bool {
    items(pod, "/spec/initContainers").iter().any(|one| one["name"] == container["name"])
}

fn start(
    store: &mut Store,
    pod: &Json,
    container: &Json,
    run: &mut Run,
    finite: bool,
) -> Result<(), (&'static str, String)> {
    let image = text(container, "/image").to_owned();
    if image.split('/').any(|part| part.split(':').next() == Some("missing")) {
        let text = format!("failed to pull and unpack image \"{image}\": not found");
        hand::event(
            store,
            pod,
            "kubelet",
            true,
            "Failed",
            &format!("Failed to pull image: {text}"),
        );
        let since = moment(pod, "/metadata/creationTimestamp").unwrap_or(store.now);
        let later = since + Duration::from_secs(20);
        store.wake_at(later);
        let reason = if store.now < later { "ErrImagePull" } else { "ImagePullBackOff" };
        return Err((reason, text));
    }
    let environment = environment::resolve(store, pod, container).map_err(|text| {
        hand::event(store, pod, "kubelet", true, "Failed", &format!("Error: {text}"));
        ("CreateContainerConfigError", text)
    })?;
    let program = match program::settle(store, pod, container, &environment, finite) {
        Settled::Runs(program) => program,
        Settled::Asks(effect) => {
            if !store.effects.contains(&effect) {
                store.effects.push(effect);
            }
            store.paused = true;
            return Err(("ContainerCreating", String::new()));
        }
    };
    begin(store, pod, container, run, program);
    Ok(())
}

fn begin(
    store: &mut Store,
    pod: &Json,
    container: &Json,
    run: &mut Run,
    program: program::Program,
) {
    let after = |seconds: u64| store.now + Duration::from_secs(seconds);
    if let (Some(started), Some(end)) = (run.started, run.ends) {
        run.last = Some((started, end, run.code));
        run.restarts += 1;
    }
    let probe = &container["readinessProbe"];
    let delay = number(probe, "/initialDelaySeconds").unwrap_or(0).unsigned_abs();
    let pause =
        if probe.is_object() { number(probe, "/periodSeconds").unwrap_or(10) / 2 } else { 0 };
    run.started = Some(store.now);
    run.ends = program.end.map(|(seconds, _)| after(seconds));
    run.code = program.end.map_or(0, |(_, code)| code);
    run.ready = Some(after(program.ready.max(delay) + pause.unsigned_abs()));
    let lines: Vec<Line> = program
        .lines
        .into_iter()
        .map(|(seconds, text)| Line { at: after(seconds), text })
        .collect();
    let called = text(container, "/name");
    store.logs.insert(program::place_of(pod, called), lines);
    let message = format!("Started container {called}");
    hand::event(store, pod, "kubelet", false, "Started", &message);
}

fn base(container: &Json, run: &Run) -> Json {
    let image = text(container, "/image");
    let mut status = json!({"name": container["name"], "image": image,
        "imageID": format!("{image}@sha256:{:016x}", digest(image)), "restartCount": run.restarts,
        "ready": false, "started": false, "lastState": {}});
    if let Some((start, end, code)) = run.last {
        let run = Run { started: Some(start), ends: Some(end), code, ..Run::default() };
        status["lastState"] = json!({"terminated": ended(&run)});
    }
    status
}

fn ended(run: &Run) -> Json {
    let moment = |moment: Option<Timestamp>| moment.map(stamp);
    json!({"exitCode": run.code, "reason": if run.code == 0 { "Completed" } else { "Error" },
        "startedAt": moment(run.started), "finishedAt": moment(run.ends)})
}

fn waiting(container: &Json, run: &Run, reason: &str, message: &str) -> Stand {
    let mut status = base(container, run);
    status["state"] = json!({"waiting": {"reason": reason}});
    if !message.is_empty() {
        status["state"]["waiting"]["message"] = json!(message);
    }
    Stand { status, ready: false, ended: None, running: false }
}

fn terminated(container: &Json, run: &Run) -> Stand {
    let mut status = base(container, run);
    status["state"] = json!({"terminated": ended(run)});
    Stand { status, ready: false, ended: Some(run.code), running: false }
}

fn running(store: &mut Store, container: &Json, run: &Run) -> Stand {
    let ready = run.ready.is_some_and(|moment| moment <= store.now);
    if let Some(moment) = run.ready {
        store.wake_at(moment);
    }
    let mut status = base(container, run);
    status["state"] = json!({"running": {"startedAt": run.started.map(stamp)}});
    status["started"] = json!(true);
    status["ready"] = json!(ready);
    Stand { status, ready, ended: None, running: true }
}

fn tell(store: &mut Store, pod: &Json, init: &[Stand], main: &[Stand], since: Timestamp) {
    let all_ended = main.iter().all(|stand| stand.ended.is_some());
    let broken = main.iter().any(|stand| stand.ended.is_some_and(|code| code != 0))
        || init.iter().any(|stand| stand.ended.is_some_and(|code| code != 0));
    let init_failed = init.iter().any(|stand| stand.ended.is_some_and(|code| code != 0));
    let phase = if init_failed || (all_ended && broken) {
        "Failed"
    } else if all_ended {
        "Succeeded"
    } else if main.iter().any(|stand| stand.running || has_run(stand)) {
        "Running"
    } else {
        "Pending"
    };
    let ready = phase == "Running" && main.iter().all(|stand| stand.ready);
    let initialised = init.iter().all(|stand| stand.ended == Some(0) || stand.running);
    let mut status = pod["status"].clone();
    status["phase"] = json!(phase);
    status["startTime"] = json!(stamp(since));
    status["hostIP"] = json!(node_address(store, pod));
    if main.iter().any(|stand| stand.running || stand.ended.is_some()) {
        let mark = digest(uid(pod));
        let address = format!("10.84.{}.{}", mark / 256 % 4, mark % 250 + 4);
        status["podIPs"] = json!([{"ip": address}]);
        status["podIP"] = json!(address);
    }
    let reason = match (ready, phase) {
        (true, _) => "",
        (_, "Succeeded") => "PodCompleted",
        (_, "Failed") => "PodFailed",
        _ => "ContainersNotReady",
    };
    let scheduled = hand::condition(store, pod, "PodScheduled", true, "", "");
    let first = hand::condition(store, pod, "Initialized", initialised, "", "");
    let second = hand::condition(store, pod, "ContainersReady", ready, reason, "");
    let third = hand::condition(store, pod, "Ready", ready, reason, "");
    let mut scheduled = scheduled;
    scheduled["lastTransitionTime"] = json!(stamp(since));
    status["conditions"] = json!([first, third, second, scheduled]);
    let statuses = |stands: &[Stand]| -> Vec<Json> {
        stands.iter().map(|stand| stand.status.clone()).collect()
    };
    status["containerStatuses"] = json!(statuses(main));
    if !init.is_empty() {
        status["initContainerStatuses"] = json!(statuses(init));
    }
    if let Some(statuses) = ephemeral::statuses(pod, &store.stamp()) {
        status["ephemeralContainerStatuses"] = statuses;
    }
    hand::status(store, "kubelet", pod, status);
}

fn has_run(stand: &Stand) -> bool {
    stand.ended.is_some() || stand.status["lastState"]["terminated"].is_object()
}

fn node_address(store: &Store, pod: &Json) -> String {
    store
        .find("Node", "", text(pod, "/spec/nodeName"))
        .map(|node| text(node, "/status/addresses/0/address").to_owned())
        .unwrap_or_default()
}
