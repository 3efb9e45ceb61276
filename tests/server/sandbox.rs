//! The sandbox's side of a case: a cluster of its own.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value as Json, json};
use terrane::http::{Body, HeaderName, HeaderValue, Method, Request};
use terrane::sandbox::clock::VirtualClock;
use terrane::sandbox::kubernetes::Cluster;
use terrane::sandbox::{Cloud, ClusterName, Node, Service};

use crate::real;
use crate::suite::{Answer, Sender, Sent};

/// A Google side that has nothing.
struct NoCloud;

impl Cloud for NoCloud {
    fn token_is_good(&self, token: &str) -> bool {
        token == "good"
    }

    fn nodes(&self, _: &ClusterName) -> Vec<Node> {
        Vec::new()
    }

    fn grow(&self, _: &ClusterName, _: &str, _: &str, _: u64) {}

    fn put(&self, _: &str, _: &str, _: Json) {}

    fn remove(&self, _: &str, _: &str, _: &str) {}

    fn write_object(
        &self,
        _: &str,
        _: &str,
        _: &str,
        _: &str,
        _: &str,
        _: &[u8],
    ) -> Result<(), String> {
        Ok(())
    }
}

/// A cluster in which nobody is at work but those who look after namespaces and garbage.
pub(crate) struct Sandbox {
    cluster: Cluster,
    clock: Arc<VirtualClock>,
}

impl Sandbox {
    /// Makes a cluster with a case's namespace.
    pub(crate) fn new(namespace: &str) -> Sandbox {
        let clock = Arc::new(VirtualClock::new("2026-01-01T00:00:00Z".parse().unwrap(), 0.0));
        let name =
            ClusterName { project: "p".into(), location: "eu".into(), cluster: "bare".into() };
        let version = "1.33.5-gke.1080000".to_owned();
        let cluster = Cluster::new(name, version, clock.clone(), Arc::new(NoCloud)).still();
        let mut sandbox = Sandbox { cluster, clock };
        let made = sandbox.send(&Sent {
            method: "POST".into(),
            path: "/api/v1/namespaces".into(),
            media: "application/json",
            accept: "application/json".into(),
            body: Some(json!({"metadata": {"name": namespace}}).to_string()),
        });
        assert_eq!(made.status, 201, "{namespace}: {}", made.body);
        sandbox
    }
}

impl Sender for Sandbox {
    fn send(&mut self, sent: &Sent) -> Answer {
        let method = Method::from_bytes(sent.method.as_bytes()).unwrap();
        let mut request = Request::new(method, &sent.path);
        let mut header = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers.insert(HeaderName::from_static(name), value);
        };
        header("authorization", "Bearer good");
        header("user-agent", "oracle/1");
        header("accept", &sent.accept);
        if let Some(body) = &sent.body {
            header("content-type", sent.media);
            request.body = body.clone().into();
        }
        let response = self.cluster.answer(&request);
        let warnings = response.headers.get_all("warning").iter();
        let warnings = warnings.map(|value| value.to_str().unwrap().to_owned()).collect();
        let bytes = match response.body {
            Body::Whole(bytes) => bytes.to_vec(),
            Body::Stream(stream) => {
                // A watch ends at its own hour.
                self.clock.advance(Duration::from_secs(5));
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let pieces: Vec<_> = runtime.unwrap().block_on(stream.collect());
                pieces.concat()
            }
        };
        Answer { status: response.status.as_u16(), warnings, body: real::body(&bytes) }
    }

    fn pause(&mut self) {
        self.clock.advance(Duration::from_secs(1));
        self.cluster.settle();
    }
}
