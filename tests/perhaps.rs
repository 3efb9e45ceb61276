//! What is perhaps replaced is replaced only where what was not known turns out other: nothing is lost for nothing.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;

use std::fs;

use folder::{Folder, attribute};
use serde_json::Value as Json;

/// What becomes known during the apply, and what its parts force.
const KNOWN_LATER: &str = r#"
variable "turn" {
  default = 1
}

variable "name" {
  default = "one"
}

resource "terraform_data" "x" {
  input = { turn = var.turn, name = var.name }
}

locals {
  name = terraform_data.x.output.name
}

provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each           = toset(["container", "pubsub"])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
"#;

/// Objects one after the other: an id that hangs on the name, and what hangs on the id.
const CHAIN: &str = r#"
resource "google_pubsub_topic" "topic" {
  name       = "topic-${local.name}"
  depends_on = [google_project_service.services]
}

resource "google_pubsub_subscription" "reader" {
  name  = "reader"
  topic = google_pubsub_topic.topic.id
}

resource "random_id" "id" {
  byte_length = 4
  keepers     = { name = local.name }
}

resource "null_resource" "of_id" {
  triggers = { id = random_id.id.hex }
}

resource "terraform_data" "sees" {
  input = random_id.id.hex
}
"#;

/// A cluster with what lives in it, one of which leaves something behind.
const CLUSTER: &str = r#"
resource "google_container_cluster" "one" {
  name                = "c-${local.name}"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false
  depends_on          = [google_project_service.services]
}

resource "google_container_node_pool" "more" {
  name       = "more"
  cluster    = google_container_cluster.one.name
  location   = "europe-west1-b"
  node_count = 1
}

data "google_client_config" "me" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}

resource "kubernetes_config_map_v1" "settings" {
  metadata {
    name = "settings"
  }
  data = { color = "blue" }
}

resource "kubernetes_service_v1" "open" {
  metadata {
    name = "open"
  }
  spec {
    type     = "LoadBalancer"
    selector = { app = "web" }
    port {
      port = 80
    }
  }
}
"#;

fn applied(parts: &[&str]) -> Folder {
    let mut folder = Folder::empty();
    fs::write(folder.path("main.tf"), parts.concat()).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    folder
}

/// Applies a saved plan with other values of variables; gives the plan's changes and what was told of the apply.
fn turned(folder: &mut Folder, values: &str) -> (Json, String) {
    fs::write(folder.path("terraform.tfvars"), values).unwrap();
    folder.must(0, &["plan", "-sandbox", "-out=later", "-json-into=later.json"]);
    let plan = serde_json::from_str(&fs::read_to_string(folder.path("later.json")).unwrap());
    let told = folder.must(0, &["apply", "-sandbox", "later"]);
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
    (plan.unwrap(), told)
}

/// Gives how sure the change of an object is.
fn certainty<'p>(plan: &'p Json, address: &str) -> &'p str {
    let mut changes = plan["resource_changes"].as_array().unwrap().iter();
    let change = changes.find(|of| of["address"] == address).expect(address);
    change["certainty"].as_str().unwrap_or_else(|| panic!("{change}"))
}

fn id_of(folder: &Folder) -> String {
    attribute(&folder.state(), "random_id", "id", "hex")
}

#[test]
fn what_turns_out_as_it_is_is_not_replaced_nor_what_hangs_on_it() {
    for first in ["", "  lifecycle {\n    create_before_destroy = true\n  }\n"] {
        let byte_length = "  byte_length = 4\n";
        let chain = CHAIN.replace(byte_length, &format!("{byte_length}{first}"));
        let mut folder = applied(&[KNOWN_LATER, &chain]);
        let id = id_of(&folder);

        let (plan, told) = turned(&mut folder, "turn = 2\n");

        for address in [
            "google_pubsub_topic.topic",
            "google_pubsub_subscription.reader",
            "random_id.id",
            "null_resource.of_id",
            "terraform_data.sees",
        ] {
            assert_eq!(certainty(&plan, address), "conditional", "{address}");
        }
        assert!(told.contains("Resources: 0 added, 1 changed, 0 destroyed"), "{told}");
        assert_eq!(id_of(&folder), id);
    }
}

#[test]
fn what_turns_out_other_is_replaced_with_what_hangs_on_it() {
    let mut folder = applied(&[KNOWN_LATER, CHAIN]);
    let id = id_of(&folder);

    let (plan, told) = turned(&mut folder, "turn = 2\nname = \"two\"\n");

    assert_eq!(certainty(&plan, "google_pubsub_topic.topic"), "conditional");
    assert!(told.contains("Resources: 4 added, 2 changed, 4 destroyed"), "{told}");
    assert_ne!(id_of(&folder), id);
    let at = |word: &str| told.find(word).unwrap_or_else(|| panic!("{word}: {told}"));
    let known = at("terraform_data.x: Modifications complete");
    assert!(known < at("google_pubsub_topic.topic: Destroying"), "{told}");
}

#[test]
fn what_lives_in_a_cluster_that_is_not_replaced_stays() {
    let mut folder = applied(&[KNOWN_LATER, CLUSTER]);
    let uid = |folder: &Folder| {
        let state = folder.state();
        let mut resources = state["resources"].as_array().unwrap().iter();
        let found = resources.find(|of| of["type"] == "kubernetes_config_map_v1").unwrap();
        found["instances"][0]["attributes"]["metadata"][0]["uid"].as_str().unwrap().to_string()
    };
    let before = uid(&folder);

    let (plan, told) = turned(&mut folder, "turn = 2\n");

    for address in [
        "google_container_cluster.one",
        "google_container_node_pool.more",
        "kubernetes_config_map_v1.settings",
        "kubernetes_service_v1.open",
    ] {
        assert_eq!(certainty(&plan, address), "conditional", "{address}");
    }
    assert!(told.contains("Resources: 0 added, 1 changed, 0 destroyed"), "{told}");
    assert_eq!(uid(&folder), before);

    let (_, told) = turned(&mut folder, "turn = 3\nname = \"two\"\n");

    assert!(told.contains("google_container_cluster.one: Destruction complete"), "{told}");
    assert_ne!(uid(&folder), before);
}

#[test]
fn what_cannot_wait_until_it_is_known_is_certain() {
    let anew = r#"
resource "random_pet" "anew" {
  keepers = { turn = var.turn }
}

resource "null_resource" "of_it" {
  triggers = { of = random_pet.anew.id }
}
"#;
    let mut folder = applied(&[KNOWN_LATER, anew]);

    let (plan, told) = turned(&mut folder, "turn = 2\n");

    assert_eq!(certainty(&plan, "null_resource.of_it"), "certain");
    assert!(told.contains("Resources: 2 added, 1 changed, 2 destroyed"), "{told}");
}
