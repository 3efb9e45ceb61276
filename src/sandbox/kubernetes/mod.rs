//! The sandbox's Kubernetes side: one cluster's API server with its controllers.
//!
//! Requests go `api` → `admit` → `store`; controllers run on the virtual clock when somebody asks,
//! up to the present moment. Sources: the published API (definitions, documented defaults and
//! rules), GKE's documentation; what is from general knowledge only is to be held against a real
//! server. The server says what it is: its version ends in `+emulator`.

pub mod resources;
pub mod versions;
pub mod failure;
pub mod store;
pub mod quantity;
pub mod definitions;
pub mod shapes;
pub mod cel;
pub mod custom;
pub mod select;
pub mod labels;
pub mod patch;
pub mod defaults;
pub mod defaults_pod;
pub mod go;
pub mod validate;
pub mod required;
pub mod rules;
pub mod validate_pod;
pub mod validate_more;
pub mod immutable;
pub mod services;
pub mod quota;
pub mod limits;
pub mod callout;
pub mod hooks;
pub mod convert;
pub mod admission;
pub mod admit;
pub mod apply;
pub mod delete;
pub mod protobuf;
pub mod twice;
pub mod api;
pub mod read;
pub mod watch;
pub mod openapi2;
pub mod discovery;
pub mod table;
pub mod table_more;
pub mod columns;
pub mod subresources;
pub mod ephemeral;
pub mod signing;
pub mod bootstrap;
pub mod persist;
pub mod controllers;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use self::store::{Effect, Store};
use super::clock::VirtualClock;
use super::{Cloud, ClusterName, Service};
use crate::http::{Clock, Request, Response};

/// One cluster.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

/// What requests, watches and controllers share.
pub struct Inner {
    /// The cluster's name at Google.
    pub name: ClusterName,
    /// Its version, like `1.33.5-gke.1080000`.
    pub version: Mutex<String>,
    /// Virtual time.
    pub clock: Arc<VirtualClock>,
    /// The Google side.
    pub cloud: Arc<dyn Cloud>,
    store: Mutex<Store>,
}

impl Cluster {
    /// Makes a cluster with what stands in it from the start.
    pub fn new(
        name: ClusterName,
        version: String,
        clock: Arc<VirtualClock>,
        cloud: Arc<dyn Cloud>,
    ) -> Cluster {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        let mut store = Store::new(clock.now(), seed);
        bootstrap::fill(&mut store);
        let inner =
            Inner { name, version: Mutex::new(version), clock, cloud, store: Mutex::new(store) };
        Cluster { inner: Arc::new(inner) }
    }

    /// Leaves the workloads' controllers out, so that what is written stays as the API server took it.
    #[must_use]
    pub fn still(self) -> Cluster {
        self.inner.locked().still = true;
        self
    }

    /// Gives the whole of it, for the world's file.
    pub fn to_json(&self) -> Json {
        persist::write(&self.inner)
    }

    /// Makes a cluster of what [`Cluster::to_json`] gave.
    ///
    /// # Errors
    /// What is missing in the text.
    pub fn from_json(
        json: Json,
        clock: Arc<VirtualClock>,
        cloud: Arc<dyn Cloud>,
    ) -> Result<Cluster, String> {
        let (name, version, store) = persist::read(&json)?;
        let inner =
            Inner { name, version: Mutex::new(version), clock, cloud, store: Mutex::new(store) };
        Ok(Cluster { inner: Arc::new(inner) })
    }

    /// Changes the control plane's version.
    pub fn set_version(&self, version: &str) {
        *self.inner.version.lock().unwrap_or_else(PoisonError::into_inner) = version.to_owned();
    }

    /// Runs the controllers up to the present moment.
    ///
    /// The cloud is asked while the cluster's store is not held.
    pub fn settle(&self) {
        self.inner.settle();
    }

    /// Gives what people made in it, controllers' own objects included.
    pub fn inventory(&self) -> Vec<Json> {
        bootstrap::inventory(&self.inner.locked(), &self.inner.name)
    }
}

impl Service for Cluster {
    fn answer(&self, request: &Request) -> Response {
        api::answer(&self.inner, request)
    }
}

impl Inner {
    /// Takes the store.
    pub fn locked(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the version of the control plane.
    pub fn version(&self) -> String {
        self.version.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs the controllers up to the present moment.
    pub fn settle(&self) {
        let now = self.clock.now();
        let nodes = self.cloud.nodes(&self.name);
        // A round of uploads may bring new work; more rounds than this are a fault of a controller.
        for _ in 0..64 {
            let effects = {
                let mut store = self.locked();
                controllers::run(&mut store, &self.name, &nodes, now);
                std::mem::take(&mut store.effects)
            };
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&self, effect: Effect) {
        let project = &self.name.project;
        match effect {
            Effect::Put { collection, body } => self.cloud.put(project, &collection, body),
            Effect::Grow { pool, zone, from } => self.cloud.grow(&self.name, &pool, &zone, from),
            Effect::Remove { collection, name } => self.cloud.remove(project, &collection, &name),
            Effect::Upload { pod, access_id, secret, bucket } => {
                let mut outcome = String::new();
                for (name, kind, content) in controllers::program::STATIC_FILES {
                    let written = self.cloud.write_object(
                        &access_id,
                        &secret,
                        &bucket,
                        name,
                        kind,
                        content.as_bytes(),
                    );
                    if let Err(fault) = written {
                        outcome = fault;
                        break;
                    }
                }
                let mut store = self.locked();
                store.uploads.insert(pod, outcome);
                store.touched = true;
            }
        }
    }
}

#[cfg(test)]
mod tests;
