//! The cluster's autoscaler: for a pod that no node has room for it lets a pool grow, or says why none does.
//!
//! Source: the cluster autoscaler's documented events, `TriggeredScaleUp` and `NotTriggerScaleUp`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::hand;
use super::node;
use crate::sandbox::Node;
use crate::sandbox::kubernetes::store::{Effect, Store, name, namespace};

/// Seconds from the decision to a node that takes pods.
const GROWS: u64 = 45;

/// Looks at a pod that has no node. Where no pool is scaled nobody says anything.
pub fn look(store: &mut Store, pod: &Json) {
    let mut groups: BTreeMap<(String, String), (Node, u64)> = BTreeMap::new();
    for node in store.nodes.iter().filter(|node| node.most.is_some()) {
        let key = (node.pool.clone(), node.zone.clone());
        groups.entry(key).or_insert_with(|| (node.clone(), 0)).1 += 1;
    }
    if groups.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for ((pool, zone), (node, count)) in groups {
        let most = node.most.unwrap_or(0);
        let why = match node::unfit(store, &node.name, pod) {
            None if count < most => return grow(store, pod, (pool, zone), (count, most)),
            None => "max node group size reached".to_owned(),
            Some(why) => why,
        };
        *reasons.entry(why).or_default() += 1;
    }
    let reasons: Vec<String> =
        reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let text = format!("pod didn't trigger scale-up: {}", reasons.join(", "));
    hand::event(store, pod, "cluster-autoscaler", false, "NotTriggerScaleUp", &text);
}

fn grow(store: &mut Store, pod: &Json, (pool, zone): (String, String), (count, most): (u64, u64)) {
    let text =
        format!("pod triggered scale-up: [{{{zone}/{pool} {count}->{} (max: {most})}}]", count + 1);
    hand::event(store, pod, "cluster-autoscaler", false, "TriggeredScaleUp", &text);
    let mark = format!("grow {pool} {zone} {count} {}/{}", namespace(pod), name(pod));
    let since = store.since(mark);
    if store.has_passed(since, GROWS) {
        let effect = Effect::Grow { pool, zone, from: count };
        if !store.effects.contains(&effect) {
            store.effects.push(effect);
        }
    }
}
