//! Clients in other languages at the sandbox, where `.ci/install-clients` has brought them.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use terrane::sandbox::serve;
use terrane::sandbox::world::World;

const CLUSTER: &str = r#"
provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each           = toset(["compute.googleapis.com", "container.googleapis.com"])
  service            = each.value
  disable_on_destroy = false
}

resource "google_container_cluster" "one" {
  name                = "one"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false
  depends_on          = [google_project_service.services]
}
"#;

/// Finds a Python that has the client; says so where there is none.
#[allow(clippy::print_stderr, reason = "what is left out for want of a program must be seen")]
fn python() -> Option<PathBuf> {
    let place = std::env::temp_dir().join("terrane-clients/python/bin/python");
    let has = Command::new(&place).args(["-c", "import kubernetes"]).output();
    let found = has.is_ok_and(|ran| ran.status.success()).then_some(place);
    if found.is_none() {
        eprintln!("NO PYTHON CLIENT: what needs it is left out; `.ci/install-clients` brings it");
    }
    found
}

#[test]
fn the_python_client_goes_through_the_life_of_what_it_makes() {
    let Some(python) = python() else { return };
    let mut folder = Folder::empty();
    fs::write(folder.path("main.tf"), CLUSTER).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let file = folder.path(".terrane/world.json");
    let world = World::open(Some(&file), 10.0, "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
    let server = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        serve(world, listener).await.unwrap()
    });
    let cluster = "google_container_cluster.one";
    folder.must(0, &["kubeconfig", cluster, "-sandbox", "-out=kubeconfig"]);

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/kubernetes_client.py");
    let ran = Command::new(python)
        .arg(script)
        .arg(folder.path("kubeconfig"))
        .env("HOME", folder.path("home"))
        .env("TMPDIR", folder.inside.path())
        .output()
        .unwrap();
    runtime.block_on(server.stop()).unwrap();

    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
    assert_eq!(out.lines().count(), 5, "{out}");
}
