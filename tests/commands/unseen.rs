//! Secrets of manifests: whatever is printed of a run, their data is not in it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use terrane::http::Method;

use crate::folder::{Folder, send};

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

data "google_client_config" "me" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}
"#;

const SECRETS: &str = r#"
variable "turn" {
  default = "first"
}

resource "kubernetes_manifest" "one" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "one", namespace = "default" }
    stringData = { password = "canary-${var.turn}-of-one" }
  }

  lifecycle {
    postcondition {
      condition     = !strcontains(self.manifest.stringData.password, "third")
      error_message = "The third is not wanted."
    }
  }
}

resource "kubernetes_manifest" "encoded" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "encoded", namespace = "default" }
    data       = { password = base64encode("canary-${var.turn}-of-encoded") }
  }
}

resource "kubernetes_manifests" "many" {
  yaml = <<-EOT
    # Of many.
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: many
      namespace: default
    stringData:
      password: canary-${var.turn}-of-many
    ---
    apiVersion: v1
    kind: List
    items:
    - apiVersion: v1
      kind: Secret
      metadata:
        name: listed
        namespace: default
        annotations:
          kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"password":"canary-${var.turn}-of-listed"}}'
      stringData:
        password: canary-${var.turn}-of-listed
  EOT
}
"#;

const IMPORT: &str = r#"
provider "kubernetes" {
  config_path = "access"
}

import {
  to = kubernetes_manifest.taken
  id = "apiVersion=v1,kind=Secret,namespace=default,name=listed"
}
"#;

/// Fails where anything that was printed has a secret in it.
fn look(printed: &str) {
    for turn in ["first", "second", "third"] {
        for name in ["one", "encoded", "many", "listed"] {
            let plain = format!("canary-{turn}-of-{name}");
            let encoded = STANDARD.encode(&plain);
            let shown =
                printed.lines().find(|line| line.contains(&plain) || line.contains(&encoded));
            assert_eq!(shown, None, "{plain}");
        }
    }
}

#[test]
fn the_data_of_secrets_is_in_nothing_that_is_printed() {
    let mut folder = Folder::empty();
    let write = |folder: &Folder, text: String| fs::write(folder.path("main.tf"), text).unwrap();
    write(&folder, format!("{CLUSTER}{SECRETS}"));
    let second = ["-var", "turn=second"];

    let planned = folder.must(0, &["plan", "-sandbox", "-out=first"]);
    folder.must(0, &["show", "first"]);
    folder.must(0, &["apply", "-sandbox", "first"]);
    folder.must(0, &["show"]);
    folder.must(0, &["state", "show", "kubernetes_manifest.one"]);
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
    let changed =
        folder.must(2, &[&["plan", "-sandbox", "-detailed-exitcode"], &second[..]].concat());
    folder.must(0, &[&["plan", "-sandbox", "-json"], &second[..]].concat());
    folder.run(&["apply", "-sandbox", "-auto-approve", "-var", "turn=third"]);
    folder.must(0, &[&["apply", "-sandbox", "-auto-approve"], &second[..]].concat());
    folder.behind(|world| {
        let url = format!(
            "https://127.0.0.1:{}/api/v1/namespaces/default/secrets/one",
            world.running()[0].1
        );
        let body = json!({"data": {"password": STANDARD.encode("canary-third-of-one")}});
        send(world, Method::PATCH, &url, Some(("application/merge-patch+json", body)));
    });
    let drift = folder.must(2, &[&["drift", "-sandbox"], &second[..]].concat());
    let refreshed = folder.must(0, &[&["plan", "-sandbox", "-refresh-only"], &second[..]].concat());
    folder.must(0, &[&["plan", "-sandbox"], &second[..]].concat());
    folder.must(0, &[&["apply", "-sandbox", "-auto-approve"], &second[..]].concat());
    folder.must(0, &["state", "rm", "kubernetes_manifests.many[\"Secret/default/listed\"]"]);
    // What is generated needs a cluster that is known before anything is read.
    folder.must(0, &["kubeconfig", "google_container_cluster.one", "-sandbox", "-out=access"]);
    let (before, _) = CLUSTER.split_once("provider \"kubernetes\"").unwrap();
    write(&folder, format!("{before}{IMPORT}"));
    let taken = folder.must(0, &["plan", "-sandbox", "-generate-config-out=made.tf"]);
    let made = fs::read_to_string(folder.path("made.tf")).unwrap();
    fs::remove_file(folder.path("made.tf")).unwrap();
    write(&folder, format!("{CLUSTER}{SECRETS}"));
    let destroyed = folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);

    assert!(planned.contains("kubernetes_manifests.many[\"Secret/default/listed\"]"), "{planned}");
    assert!(!changed.contains("no longer be marked"), "{changed}");
    for told in [&changed, &drift, &refreshed] {
        assert!(told.contains("(sensitive value)"), "{told}");
    }
    assert!(taken.contains("kubernetes_manifest.taken"), "{taken}");
    assert!(destroyed.contains("Destroy complete"), "{destroyed}");
    look(&folder.printed);
    look(&made);
}

/// Gives all files below a folder but the world's own.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path if path.ends_with(".terrane/world.json") => {}
            path => found.push(path),
        }
    }
}

#[test]
fn the_secret_of_a_key_with_a_sink_is_in_no_file() {
    let mut folder = Folder::empty();
    fs::write(folder.path("main.tf"), include_str!("../stories/hmac_rotation/main.tf")).unwrap();
    folder.must(0, &["plan", "-sandbox", "-out=first"]);
    folder.must(0, &["apply", "-sandbox", "first"]);
    folder.behind(|world| {
        let body = json!({ "advance": "720h" });
        send(world, Method::POST, "/sandbox/clock", Some(("application/json", body)));
    });
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    folder.must(0, &["show", "-json"]);

    let mut secrets = Vec::new();
    folder.behind(|world| {
        let store = world.google.locked();
        let keys = store.hidden.iter().filter(|(place, _)| place.contains("/hmacKeys/"));
        secrets.extend(keys.map(|(_, hidden)| hidden["secret"].as_str().unwrap().to_string()));
    });
    let mut found = Vec::new();
    files(folder.inside.path(), &mut found);

    assert_eq!(secrets.len(), 2);
    assert!(found.len() >= 3, "{found:?}");
    for secret in &secrets {
        assert!(!folder.printed.contains(secret), "it was printed");
        for file in &found {
            let text = fs::read(file).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(secret), "{}", file.display());
        }
    }
}
