//! Clients in other languages at the sandbox, and programs that read plans, where `.ci/install-clients` has brought them.

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

/// Finds a program that was brought, or that the machine has; says so where it is not there.
#[allow(clippy::print_stderr, reason = "what is left out for want of a program must be seen")]
fn brought(name: &str, place: &str) -> Option<PathBuf> {
    let own = std::env::temp_dir().join("terrane-clients").join(place);
    let found = [own, PathBuf::from(name)].into_iter().find(|program| {
        Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
    });
    if found.is_none() {
        eprintln!(
            "NO {}: what needs it is left out; `.ci/install-clients` brings it",
            name.to_uppercase()
        );
    }
    found
}

const OPEN: &str = r#"
resource "google_compute_firewall" "ssh" {
  name          = "ssh"
  network       = "default"
  source_ranges = ["0.0.0.0/0"]
  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}
"#;

/// The plan of an example with a rule that lets everybody in, as `show -json` tells it.
fn planned() -> Folder {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut folder = Folder::of(&examples.join("polls"));
    fs::write(folder.path("open.tf"), OPEN).unwrap();
    folder.must(0, &["plan", "-sandbox", "-out=planned"]);
    let document = folder.must(0, &["show", "-json", "planned"]);
    fs::write(folder.path("plan.json"), document).unwrap();
    folder
}

#[test]
fn checkov_reads_plans() {
    let Some(checkov) = brought("checkov", "checkov/bin/checkov") else { return };
    let folder = planned();

    let ran = Command::new(checkov)
        .args([
            "--framework",
            "terraform_plan",
            "--compact",
            "--quiet",
            "--output",
            "json",
            "--file",
        ])
        .arg(folder.path("plan.json"))
        .env("HOME", folder.path("home"))
        .output()
        .unwrap();

    let out = String::from_utf8_lossy(&ran.stdout);
    let found: serde_json::Value = serde_json::from_str(&out)
        .unwrap_or_else(|error| panic!("{error}: {out}\n{}", String::from_utf8_lossy(&ran.stderr)));
    assert_eq!(found["summary"]["parsing_errors"], 0, "{}", found["summary"]);
    let failed = found["results"]["failed_checks"].as_array().unwrap();
    for (check, resource) in [
        ("CKV_GCP_2", "google_compute_firewall.ssh"),
        ("CKV_GCP_28", "google_storage_bucket_iam_member.public[0]"),
        ("CKV_K8S_11", "kubernetes_deployment_v1.pollsapi"),
    ] {
        let is_told =
            |one: &serde_json::Value| one["check_id"] == check && one["resource"] == resource;
        assert!(failed.iter().any(is_told), "{check} {resource}: {out}");
    }
}

const POLICY: &str = r#"package main

import rego.v1

deny contains msg if {
	some change in input.resource_changes
	change.type == "google_compute_firewall"
	"create" in change.change.actions
	"0.0.0.0/0" in change.change.after.source_ranges
	msg := sprintf("%s at %s:%d is open", [change.address, change.source.filename, change.source.line])
}

warn contains msg if {
	some name, _ in input.configuration.root_module.variables
	name == "bucket_name"
	msg := sprintf("%s is asked for", [name])
}
"#;

#[test]
fn conftest_reads_plans() {
    let Some(conftest) = brought("conftest", "bin/conftest") else { return };
    let folder = planned();
    fs::create_dir(folder.path("policy")).unwrap();
    fs::write(folder.path("policy/main.rego"), POLICY).unwrap();

    let ran = Command::new(conftest)
        .args(["test", "--output", "json", "plan.json"])
        .current_dir(folder.inside.path())
        .output()
        .unwrap();

    let out = String::from_utf8_lossy(&ran.stdout);
    let found: serde_json::Value = serde_json::from_str(&out)
        .unwrap_or_else(|error| panic!("{error}: {out}\n{}", String::from_utf8_lossy(&ran.stderr)));
    let message = &found[0]["failures"][0]["msg"];
    assert_eq!(message, "google_compute_firewall.ssh at open.tf:2 is open", "{out}");
    assert_eq!(found[0]["warnings"][0]["msg"], "bucket_name is asked for", "{out}");
}
