//! Controllers: what a cluster does by itself, on the virtual clock.
//!
//! Each looks at the objects as they stand and takes the next step; when something is due later it
//! says when. [`run`] goes from one such moment to the next, up to the present, so that what is
//! seen does not depend on who asked when.

pub mod hand;
pub mod attention;
pub mod namespace;
pub mod garbage;
pub mod node;
pub mod autoscale;
pub mod deployment;
pub mod replicas;
pub mod stateful;
pub mod environment;
pub mod program;
pub mod pod;
pub mod job;
pub mod cron_job;
pub mod service;
pub mod ingress;
pub mod volume;
pub mod small;
pub mod requests;

use jiff::Timestamp;

use super::store::Store;
use crate::sandbox::{ClusterName, Node};

/// A controller: takes steps, and says when it wants to look again.
type Controller = fn(&mut Store, &ClusterName);

const CONTROLLERS: &[Controller] = &[
    namespace::run,
    node::run,
    garbage::run,
    cron_job::run,
    job::run,
    deployment::run,
    replicas::run,
    stateful::run,
    volume::run,
    pod::run,
    service::run,
    ingress::run,
    small::run,
    requests::run,
];

/// What a bare API server with namespaces and garbage collection does by itself.
const STILL: &[Controller] = &[namespace::run, garbage::run, small::definitions];

/// A fault of a controller would go round for ever.
const ROUNDS: usize = 200;

/// Runs all controllers up to a moment.
pub fn run(store: &mut Store, cluster: &ClusterName, nodes: &[Node], now: Timestamp) {
    let names = |nodes: &[Node]| {
        nodes.iter().map(|node| (node.name.clone(), node.most)).collect::<Vec<_>>()
    };
    if names(&store.nodes) != names(nodes) {
        store.nodes = nodes.to_vec();
        store.touched = true;
    }
    let idle = !store.touched && store.settled == store.revision;
    let due = store.paused || store.wake.is_some_and(|wake| wake <= now);
    if !due {
        store.now = store.now.max(now);
        if idle {
            return;
        }
    }
    store.paused = false;
    for _ in 0..10_000 {
        fixpoint(store, cluster);
        if store.paused {
            return;
        }
        match store.wake {
            Some(wake) if wake <= now => store.now = wake,
            _ => break,
        }
    }
    store.now = store.now.max(now);
}

fn fixpoint(store: &mut Store, cluster: &ClusterName) {
    let controllers = if store.still { STILL } else { CONTROLLERS };
    for _ in 0..ROUNDS {
        let before = store.revision;
        store.wake = None;
        if store.touched {
            store.attention.stir();
        }
        store.touched = false;
        for controller in controllers {
            controller(store, cluster);
        }
        if store.revision == before {
            break;
        }
    }
    store.settled = store.revision;
}
