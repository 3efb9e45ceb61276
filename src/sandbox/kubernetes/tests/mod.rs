//! A cluster with a small stand-in for the Google side, and the laws of both its halves.

mod laws_of_writes;
mod laws_of_reads;
mod laws_of_controllers;
mod laws_of_balancers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::Cluster;
use crate::http::{Body, HeaderName, HeaderValue, Method, Request, Response};
use crate::sandbox::clock::VirtualClock;
use crate::sandbox::{Cloud, ClusterName, Node, Service};

/// A Google side that remembers what it was asked.
#[derive(Default)]
pub(super) struct FakeCloud {
    pub(super) nodes: Mutex<Vec<Node>>,
    pub(super) things: Mutex<BTreeMap<String, Json>>,
    pub(super) written: Mutex<Vec<String>>,
}

impl Cloud for FakeCloud {
    fn token_is_good(&self, token: &str) -> bool {
        token == "good"
    }

    fn nodes(&self, _: &ClusterName) -> Vec<Node> {
        self.nodes.lock().unwrap().clone()
    }

    fn grow(&self, _: &ClusterName, pool: &str, zone: &str, from: u64) {
        self.written.lock().unwrap().push(format!("{zone}/{pool} {from}"));
    }

    fn put(&self, _: &str, collection: &str, body: Json) {
        let place = format!("{collection}/{}", body["name"].as_str().unwrap());
        self.things.lock().unwrap().insert(place, body);
    }

    fn remove(&self, _: &str, collection: &str, name: &str) {
        self.things.lock().unwrap().remove(&format!("{collection}/{name}"));
    }

    fn write_object(
        &self,
        access_id: &str,
        secret: &str,
        bucket: &str,
        name: &str,
        _: &str,
        _: &[u8],
    ) -> Result<(), String> {
        if (access_id, secret) != ("GOOG1", "s3cr3t") {
            return Err("SignatureDoesNotMatch: access denied".into());
        }
        self.written.lock().unwrap().push(format!("{bucket}/{name}"));
        Ok(())
    }
}

/// A cluster under test.
pub(super) struct Bench {
    pub(super) cluster: Cluster,
    pub(super) clock: Arc<VirtualClock>,
    pub(super) cloud: Arc<FakeCloud>,
}

impl Bench {
    /// Makes a cluster without nodes.
    pub(super) fn bare() -> Bench {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Arc::new(VirtualClock::new(start, 0.0));
        let cloud = Arc::new(FakeCloud::default());
        let name = ClusterName {
            project: "p".into(),
            location: "asia-south1-a".into(),
            cluster: "pollsapi".into(),
        };
        let version = "1.33.5-gke.1080000".to_owned();
        let cluster = Cluster::new(name, version, clock.clone(), cloud.clone());
        Bench { cluster, clock, cloud }
    }

    /// Makes a cluster with two nodes.
    pub(super) fn with_nodes() -> Bench {
        let bench = Bench::bare();
        bench.add_nodes();
        bench
    }

    /// Gives the cluster its two nodes.
    pub(super) fn add_nodes(&self) {
        let nodes = ["a", "b"].map(|end| Node {
            name: format!("gke-pollsapi-pool-1234-{end}"),
            pool: "pool".into(),
            zone: "asia-south1-a".into(),
            machine_type: "g1-small".into(),
            labels: vec![("cloud.google.com/gke-nodepool".into(), "pool".into())],
            preemptible: true,
            version: "v1.33.5-gke.1080000".into(),
            most: None,
        });
        *self.cloud.nodes.lock().unwrap() = nodes.to_vec();
    }

    /// Lets virtual time pass.
    pub(super) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.cluster.settle();
    }

    pub(super) fn send(&self, method: Method, url: &str, media: &str, body: &Json) -> Response {
        let mut request = Request::new(method, url);
        if !body.is_null() {
            request = request.json(body);
            let media = HeaderValue::from_str(media).unwrap();
            request.headers.insert("content-type", media);
        }
        request.headers.insert(
            HeaderName::from_static("authorization"),
            HeaderValue::from_static("Bearer good"),
        );
        self.cluster.answer(&request)
    }

    /// Sends a request and gives status and body.
    pub(super) fn call(&self, method: Method, url: &str, media: &str, body: &Json) -> (u16, Json) {
        let response = self.send(method, url, media, body);
        let body = match &response.body {
            Body::Whole(bytes) => serde_json::from_slice(bytes)
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes))),
            Body::Stream(_) => Json::Null,
        };
        (response.status.as_u16(), body)
    }

    pub(super) fn get(&self, url: &str) -> Json {
        self.call(Method::GET, url, "", &Json::Null).1
    }

    pub(super) fn post(&self, url: &str, body: &Json) -> Json {
        let (status, answer) = self.call(Method::POST, url, "application/json", body);
        assert_eq!(status, 201, "{answer}");
        answer
    }

    pub(super) fn apply(&self, url: &str, body: &Json) -> (u16, Json) {
        let url = format!("{url}?fieldManager=terrane&fieldValidation=Strict");
        self.call(Method::PATCH, &url, "application/apply-patch+yaml", body)
    }

    pub(super) fn applied(&self, url: &str, body: &Json) -> Json {
        let (status, answer) = self.apply(url, body);
        assert!(status < 300, "{answer}");
        answer
    }

    pub(super) fn delete(&self, url: &str) -> (u16, Json) {
        let body = json!({"propagationPolicy": "Background"});
        self.call(Method::DELETE, url, "application/json", &body)
    }
}

/// A namespace's path of the core group.
pub(super) const CORE: &str = "/api/v1/namespaces/default";
/// A namespace's path of `apps`.
pub(super) const APPS: &str = "/apis/apps/v1/namespaces/default";
/// A namespace's path of `batch`.
pub(super) const BATCH: &str = "/apis/batch/v1/namespaces/default";

/// A Deployment as a person writes it.
pub(super) fn deployment(name: &str, replicas: i64) -> Json {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1",
                    "ports": [{"containerPort": 8000}]}]}}}})
}

/// A Job as a person writes it.
pub(super) fn job(name: &str, image: &str, args: &[&str]) -> Json {
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"backoffLimit": 1, "template": {"spec": {"restartPolicy": "Never",
            "containers": [{"name": "main", "image": image, "args": args}]}}}})
}
