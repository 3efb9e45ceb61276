//! Which cluster it is: objects stay with the one that has them, and what was planned for one goes to no other.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;

use std::fs;

use folder::{Folder, inventory};
use serde_json::Value as Json;

/// Two clusters, a provider that leads to the first one, and objects in that.
const TWO: &str = r#"
provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each = toset(["compute.googleapis.com", "container.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_container_cluster" "one" {
  name                = "one"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false

  depends_on = [google_project_service.services]
}

resource "google_container_cluster" "two" {
  name                = "two"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false

  depends_on = [google_project_service.services]
}

data "google_client_config" "me" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}
"#;

/// Objects of each way: typed, written as the API has it, and a part of another.
const OBJECTS: &str = r#"
resource "kubernetes_namespace_v1" "shop" {
  metadata {
    name = "shop"
  }
}

resource "kubernetes_manifest" "settings" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "settings", namespace = "default" }
    data       = { MODE = "fast" }
  }
}

resource "kubernetes_labels" "default" {
  api_version = "v1"
  kind        = "Namespace"
  metadata {
    name = "default"
  }
  labels = { team = "a" }
}
"#;

fn written(parts: &[&str]) -> Folder {
    let folder = Folder::empty();
    fs::write(folder.path("main.tf"), parts.concat()).unwrap();
    folder
}

/// Gives what is said where a command is refused.
fn refused(folder: &mut Folder, arguments: &[&str]) -> String {
    let ran = folder.run(arguments);
    assert_eq!(ran.exit, 1, "{}{}", ran.out, ran.err);
    ran.out + &ran.err
}

/// Gives the objects named `shop` and `settings` of all clusters.
fn ours(folder: &Folder) -> usize {
    let all = Json::from(inventory(folder)).to_string();
    ["\"shop\"", "\"settings\""].map(|name| all.matches(name).count()).iter().sum()
}

#[test]
fn objects_are_not_looked_for_in_another_cluster() {
    let mut folder = written(&[TWO, OBJECTS]);
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    let text = fs::read_to_string(folder.path("main.tf")).unwrap();
    fs::write(folder.path("main.tf"), text.replace("cluster.one.", "cluster.two.")).unwrap();
    let (world, state) = (ours(&folder), folder.must(0, &["state", "list"]));

    let planned = refused(&mut folder, &["plan", "-sandbox"]);
    let unread = refused(
        &mut folder,
        &[
            "apply",
            "-sandbox",
            "-auto-approve",
            "-refresh=false",
            "-replace=kubernetes_manifest.settings",
        ],
    );
    let destroyed = refused(
        &mut folder,
        &["destroy", "-sandbox", "-auto-approve", "-target=kubernetes_labels.default"],
    );

    for said in [&planned, &unread, &destroyed] {
        assert_eq!(said.matches("Error: Another cluster").count(), 1, "{said}");
    }
    let addresses = [
        "kubernetes_namespace_v1.shop",
        "kubernetes_manifest.settings",
        "kubernetes_labels.default",
    ];
    assert!(addresses.iter().all(|address| planned.contains(address)), "{planned}");
    assert!(!planned.contains("will be created"), "{planned}");
    assert_eq!(ours(&folder), world);
    assert_eq!(folder.must(0, &["state", "list"]), state);

    folder.must(
        0,
        &[
            "state",
            "rm",
            "kubernetes_namespace_v1.shop",
            "kubernetes_manifest.settings",
            "kubernetes_labels.default",
        ],
    );
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
}

#[test]
fn a_saved_plan_goes_to_the_cluster_that_it_was_made_for() {
    let mut folder = written(&[TWO]);
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    for cluster in ["one", "two"] {
        let address = format!("google_container_cluster.{cluster}");
        folder.must(0, &["kubeconfig", &address, "-sandbox", &format!("-out={cluster}")]);
    }
    let text = fs::read_to_string(folder.path("main.tf")).unwrap();
    let before = text.split("data \"google_client_config\"").next().unwrap();
    let text = [before, "provider \"kubernetes\" {\n  config_path = \"kubeconfig\"\n}\n", OBJECTS]
        .concat();
    fs::write(folder.path("main.tf"), text).unwrap();
    fs::copy(folder.path("one"), folder.path("kubeconfig")).unwrap();
    folder.must(0, &["plan", "-sandbox", "-out=saved"]);
    let world = ours(&folder);

    fs::copy(folder.path("two"), folder.path("kubeconfig")).unwrap();
    let said = refused(&mut folder, &["apply", "-sandbox", "saved"]);

    assert_eq!(said.matches("Error: Another cluster").count(), 1, "{said}");
    assert_eq!(ours(&folder), world);

    fs::copy(folder.path("one"), folder.path("kubeconfig")).unwrap();
    folder.must(0, &["plan", "-sandbox", "-out=saved"]);
    folder.must(0, &["apply", "-sandbox", "saved"]);
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
}
