//! A sandbox on a port of this process, with a bucket and a cluster for states.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use terrane::backends::Backend;
use terrane::backends::kinds::{self, Settings, Surroundings};
use terrane::http::{Clock, HeaderValue, Method, Request};
use terrane::sandbox::{Server, Service, World, serve};

use crate::laws::Open;

/// The bucket for states.
pub(crate) const BUCKET: &str = "polls-states";

pub(crate) const PROJECT: &str = "polls-demo";

/// A sandbox that is served.
pub(crate) struct Sandbox {
    pub(crate) world: Arc<World>,
    pub(crate) server: Server,
    pub(crate) token: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Sandbox {
    /// Serves a new world with a bucket that keeps versions.
    pub(crate) async fn new() -> Sandbox {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let world = World::open(None, 0.0, start).unwrap();
        let token = world.mint_token(Duration::from_secs(86_400 * 365));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = serve(world.clone(), listener).await.unwrap();
        let sandbox = Sandbox { world, server, token, folder: tempfile::tempdir().unwrap() };
        let services = ["storage", "container", "compute", "cloudkms"]
            .map(|name| format!("{name}.googleapis.com"));
        let enable = format!("/v1/projects/{PROJECT}/services:batchEnable");
        sandbox.ask("POST", &enable, &json!({ "serviceIds": services }));
        sandbox.world.clock().advance(Duration::from_secs(60));
        let bucket =
            json!({"name": BUCKET, "location": "asia-south1", "versioning": {"enabled": true}});
        sandbox.ask("POST", &format!("/storage/v1/b?project={PROJECT}"), &bucket);
        sandbox
    }

    /// Asks the world itself, without the port.
    pub(crate) fn ask(&self, method: &str, url: &str, body: &Json) -> Json {
        serde_json::from_str(&self.text(method, url, body)).unwrap_or_default()
    }

    /// Asks the world itself, for an answer of any kind.
    pub(crate) fn text(&self, method: &str, url: &str, body: &Json) -> String {
        let mut request = Request::new(method.parse::<Method>().unwrap(), url);
        if !body.is_null() {
            request = request.json(body);
        }
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token)).unwrap();
        request.headers.insert("authorization", bearer);
        let answer = self.world.answer(&request);
        let text = String::from_utf8_lossy(answer.bytes()).into_owned();
        assert!(answer.status.is_success(), "{method} {url}: {} {text}", answer.status);
        text
    }

    /// Lets requests fail.
    pub(crate) fn fault(&self, fault: &Json) {
        self.world.faults.lock().unwrap().add(fault).unwrap();
    }

    /// Gives the requests that came, as `METHOD path`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let all = self.world.requests();
        let text = |it: &Json, name: &str| it[name].as_str().unwrap_or_default().to_string();
        all.iter().map(|it| format!("{} {}", text(it, "method"), text(it, "path"))).collect()
    }

    /// Gives the settings of a `gcs` block for the bucket.
    pub(crate) fn gcs(&self) -> Json {
        json!({
            "bucket": BUCKET, "prefix": "env/prod", "access_token": self.token,
            "storage_custom_endpoint": format!("{}/storage/v1/", self.server.url()),
        })
    }

    /// Makes a cluster and gives its address.
    pub(crate) fn cluster(&self) -> Cluster {
        let clusters = format!("/v1/projects/{PROJECT}/locations/asia-south1-a/clusters");
        let body = json!({"cluster": {"name": "states", "initialNodeCount": 1}});
        self.ask("POST", &clusters, &body);
        self.world.clock().advance(Duration::from_secs(3600));
        let made = self.ask("GET", &format!("{clusters}/states"), &Json::Null);
        let authority = made["masterAuth"]["clusterCaCertificate"].as_str().unwrap();
        let authority = String::from_utf8(STANDARD.decode(authority).unwrap()).unwrap();
        let host = format!("https://{}", made["endpoint"].as_str().unwrap());
        Cluster { host, authority }
    }

    /// Gives what opens places of a kind with settings. The folder is one of its own.
    pub(crate) fn opener(
        &self,
        kind: &'static str,
        settings: &Json,
        clock: Arc<dyn Clock>,
    ) -> Open {
        let Json::Object(settings) = settings.clone() else { panic!("settings are an object") };
        let folder = self.folder.path().to_path_buf();
        Arc::new(move |workspace| opened(kind, &settings, workspace, folder.clone(), clock.clone()))
    }

    /// Gives what opens places in the bucket; waits take no time.
    pub(crate) fn bucket(&self) -> Open {
        self.opener("gcs", &self.gcs(), self.world.clock())
    }
}

/// A cluster's address.
pub(crate) struct Cluster {
    pub(crate) host: String,
    pub(crate) authority: String,
}

pub(crate) fn opened(
    kind: &str,
    settings: &Settings,
    workspace: &str,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
) -> Box<dyn Backend> {
    let world = Surroundings {
        folder,
        environment: Arc::new(BTreeMap::new()),
        home: None,
        sandbox: None,
        clock,
    };
    kinds::open(Some(kind), settings, workspace, &world).unwrap_or_else(|it| panic!("{it:?}"))
}
