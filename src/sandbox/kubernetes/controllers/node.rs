//! Nodes: those of the Google side's pools, as objects; and what a pod asks of them.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::hand;
use crate::sandbox::kubernetes::quantity;
use crate::sandbox::kubernetes::store::{Key, Store, items, moment, name, text};
use crate::sandbox::{ClusterName, Node};

/// How many seconds a node may be unknown before the pods bound to it are collected (the pod garbage collector's quarantine).
const QUARANTINE: u64 = 40;

/// Lets the Node objects be those that the pools give, and drops pods of nodes that are gone.
pub fn run(store: &mut Store, _: &ClusterName) {
    let nodes = store.nodes.clone();
    for (at, node) in nodes.iter().enumerate() {
        if store.find("Node", "", &node.name).is_none() {
            make(store, node, at);
        }
    }
    for object in store.all("Node") {
        if !nodes.iter().any(|node| node.name == name(&object)) {
            store.remove(&Key::of("Node", "", name(&object)));
        }
    }
    for pod in store.all("Pod") {
        let on = text(&pod, "/spec/nodeName");
        if !on.is_empty() && !nodes.iter().any(|node| node.name == on) {
            let ended = matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed");
            let made = moment(&pod, "/metadata/creationTimestamp").unwrap_or(store.now);
            if !ended && store.has_passed(made, QUARANTINE) {
                let key = hand::key_of(store, &pod);
                store.remove(&key);
            }
        }
    }
}

fn make(store: &mut Store, node: &Node, at: usize) {
    let (cpu, memory) = capacity(&node.machine_type);
    let mut labels = json!({"kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": node.zone,
        "topology.kubernetes.io/region": node.zone.rsplit_once('-').map_or("", |(region, _)| region),
        "node.kubernetes.io/instance-type": node.machine_type,
        "cloud.google.com/gke-nodepool": node.pool});
    if node.preemptible {
        labels["cloud.google.com/gke-preemptible"] = json!("true");
    }
    for (key, value) in &node.labels {
        labels[key] = json!(value);
    }
    let stamp = store.stamp();
    let amounts = |cpu: i64, memory: i64| {
        json!({"cpu": format!("{cpu}m"), "memory": format!("{memory}Mi"), "pods": "110",
            "ephemeral-storage": "47060071478"})
    };
    let object = json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node.name, "labels": labels},
        "spec": {"providerID": format!("gce://sandbox/{}/{}", node.zone, node.name)},
        "status": {"capacity": amounts(cpu + 60, memory + 400), "allocatable": amounts(cpu, memory),
            "addresses": [{"type": "InternalIP", "address": format!("10.160.0.{}", at + 2)},
                {"type": "Hostname", "address": node.name}],
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "kubelet is posting ready status", "lastHeartbeatTime": stamp,
                "lastTransitionTime": stamp}],
            "nodeInfo": {"kubeletVersion": node.version, "kubeProxyVersion": node.version,
                "osImage": "Container-Optimized OS from Google", "operatingSystem": "linux",
                "architecture": "amd64", "containerRuntimeVersion": "containerd://1.7.24",
                "kernelVersion": "6.6.72+", "machineID": "", "systemUUID": "", "bootID": ""}}});
    hand::create(store, "kubelet", object);
}

/// Gives what is left for pods: thousandths of a processor, and mebibytes.
///
/// Source: GKE's documented reservations, rounded.
fn capacity(machine: &str) -> (i64, i64) {
    match machine {
        "f1-micro" | "e2-micro" => return (900, 600),
        "g1-small" => return (470, 1225),
        "e2-small" => return (940, 1350),
        "e2-medium" => return (940, 2800),
        _ => {}
    }
    let count: i64 = machine
        .rsplit('-')
        .next()
        .and_then(|text| text.parse().ok())
        .filter(|n| *n > 0)
        .unwrap_or(2);
    let each = if machine.contains("highmem") {
        7000
    } else if machine.contains("highcpu") {
        800
    } else {
        3000
    };
    (count * 1000 - 60, count * each)
}

/// Chooses a node for a pod, or says why there is none.
pub fn choose(store: &Store, pod: &Json) -> Result<String, String> {
    let nodes = store.all("Node");
    if nodes.is_empty() {
        return Err("no nodes available to schedule pods".to_owned());
    }
    let (mut unmatched, mut full, mut tainted) = (0, Vec::new(), Vec::new());
    let mut best: Option<(usize, String)> = None;
    for node in &nodes {
        if !fits_labels(node, pod) {
            unmatched += 1;
            continue;
        }
        if let Some(taint) = repels(node, pod) {
            tainted.push(taint);
            continue;
        }
        let on: Vec<Arc<Json>> = store
            .all("Pod")
            .into_iter()
            .filter(|other| text(other, "/spec/nodeName") == name(node))
            .filter(|other| !matches!(text(other, "/status/phase"), "Succeeded" | "Failed"))
            .collect();
        if let Some(word) = lacking(node, &on, pod) {
            full.push(word);
            continue;
        }
        if best.as_ref().is_none_or(|(count, _)| on.len() < *count) {
            best = Some((on.len(), name(node).to_owned()));
        }
    }
    if let Some((_, name)) = best {
        return Ok(name);
    }
    let mut parts = Vec::new();
    for word in ["cpu", "memory"] {
        let count = full.iter().filter(|one| **one == word).count();
        if count > 0 {
            parts.push(format!("{count} Insufficient {word}"));
        }
    }
    tainted.sort();
    for taint in tainted.chunk_by(|one, other| one == other) {
        parts.push(format!("{} node(s) had untolerated taint {{{}}}", taint.len(), taint[0]));
    }
    if unmatched > 0 {
        parts.push(format!("{unmatched} node(s) didn't match Pod's node affinity/selector"));
    }
    Err(format!("0/{} nodes are available: {}.", nodes.len(), parts.join(", ")))
}

/// Says why a pod would not run on another node like this one; nothing where it would.
pub fn unfit(store: &Store, like: &str, pod: &Json) -> Option<String> {
    let node = store.find("Node", "", like)?;
    if !fits_labels(node, pod) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    if let Some(taint) = repels(node, pod) {
        return Some(format!("node(s) had untolerated taint {{{taint}}}"));
    }
    lacking(node, &[], pod).map(|word| format!("Insufficient {word}"))
}

fn fits_labels(node: &Json, pod: &Json) -> bool {
    let labels = &node["metadata"]["labels"];
    let selected = pod["spec"]["nodeSelector"]
        .as_object()
        .is_none_or(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)));
    let required = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = items(pod, required);
    let affine = terms.is_empty()
        || terms.iter().any(|term| {
            let selector = json!({"matchExpressions": term["matchExpressions"]});
            crate::sandbox::kubernetes::select::label_selector_matches(&selector, node)
        });
    selected && affine
}

/// Gives the first taint of a node that keeps a pod away.
fn repels(node: &Json, pod: &Json) -> Option<String> {
    let taint = items(node, "/spec/taints").iter().find(|taint| {
        let tolerated = items(pod, "/spec/tolerations").iter().any(|one| tolerates(one, taint));
        taint["effect"] != "PreferNoSchedule" && !tolerated
    })?;
    Some(format!("{}: {}", text(taint, "/key"), text(taint, "/value")))
}

fn tolerates(toleration: &Json, taint: &Json) -> bool {
    let [key, value, effect] = ["/key", "/value", "/effect"].map(|at| text(toleration, at));
    let is_any = text(toleration, "/operator") == "Exists";
    (effect.is_empty() || effect == text(taint, "/effect"))
        && (key == text(taint, "/key") || (key.is_empty() && is_any))
        && (is_any || value == text(taint, "/value"))
}

fn lacking(node: &Json, on: &[Arc<Json>], pod: &Json) -> Option<&'static str> {
    for word in ["cpu", "memory"] {
        let room = amount(&node["status"]["allocatable"][word]);
        let used: i128 = on.iter().map(|other| asked(other, word)).sum();
        let wanted = asked(pod, word);
        if wanted > 0 && used + wanted > room {
            return Some(word);
        }
    }
    None
}

fn asked(pod: &Json, word: &str) -> i128 {
    items(pod, "/spec/containers")
        .iter()
        .map(|container| amount(&container["resources"]["requests"][word]))
        .sum()
}

fn amount(value: &Json) -> i128 {
    value.as_str().and_then(quantity::parse).map_or(0, |(amount, _)| amount)
}
