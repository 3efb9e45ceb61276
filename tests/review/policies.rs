//! Policies and dangers that keep a plan from being applied.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::run;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const OWN: &str = r#"package own

import rego.v1

deny contains {"msg": "too large", "address": change.address} if {
	some change in input.resource_changes
	change.change.after.input > 10
}

warn contains sprintf("%d changes", [count(input.resource_changes)])
"#;

#[test]
fn what_a_policy_denies_is_told_and_not_applied() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {\n  input = 12\n}\n";
    write(folder.path(), &[("main.tf", config), ("policies/own.rego", OWN)]);

    let planned = run(
        folder.path(),
        &["plan", "-policy=policies", "-md-into=plan.md", "-json-into=plan.json"],
    );
    let applied = run(folder.path(), &["apply", "-auto-approve", "-policy=policies"]);

    assert_eq!((planned.exit, applied.exit), (3, 3), "{}{}", planned.out, planned.err);
    assert!(planned.out.contains("deny  terraform_data.a: too large (own)"), "{}", planned.out);
    assert!(planned.out.contains("warn  1 changes (own)"), "{}", planned.out);
    assert!(planned.err.contains("Plan refused"), "{}", planned.err);
    assert!(fs::read_to_string(folder.path().join("plan.md")).unwrap().contains("too large"));
    let document = fs::read_to_string(folder.path().join("plan.json")).unwrap();
    let document: Json = serde_json::from_str(&document).unwrap();
    assert_eq!(document["policy_results"][0]["address"], "terraform_data.a");
    assert!(planned.out.contains(document["digest"].as_str().unwrap()), "{}", planned.out);
    assert!(!folder.path().join("terraform.tfstate").exists());
    write(folder.path(), &[("main.tf", &config.replace("12", "2"))]);
    assert_eq!(run(folder.path(), &["apply", "-auto-approve", "-policy=policies"]).exit, 0);
}

#[test]
fn what_is_feared_refuses_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("main.tf", "resource \"random_password\" \"a\" {\n  length = 12\n}\n")],
    );
    let plan = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["plan"].iter().chain(arguments).copied().collect();
        run(folder.path(), &arguments).exit
    };

    assert_eq!(plan(&["-fail-on=destroy", "-fail-on=risk:any"]), 0);
    assert_eq!(run(folder.path(), &["apply", "-auto-approve"]).exit, 0);
    write(
        folder.path(),
        &[("main.tf", "resource \"random_password\" \"a\" {\n  length = 14\n}\n")],
    );
    assert_eq!(plan(&["-fail-on=destroy"]), 3);
    assert_eq!(plan(&["-fail-on=risk:downtime"]), 3);
    assert_eq!(plan(&["-fail-on=risk:exposure"]), 0);
    assert_eq!(plan(&["-fail-on=risk:nothing"]), 1);
}

#[test]
fn what_several_refuse_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let password = "resource \"random_password\" \"a\" {\n  length = 12\n}\n";
    write(folder.path(), &[("main.tf", password)]);
    assert_eq!(run(folder.path(), &["apply", "-auto-approve"]).exit, 0);
    write(folder.path(), &[("main.tf", &password.replace("12", "14"))]);
    let once = "package own\n\nimport rego.v1\n\ndeny contains {\"msg\": sprintf(\"%s: %s\", [risk.kind, risk.detail]), \
                \"address\": change.address} if {\n\tsome change in input.resource_changes\n\tsome risk in change.risks\n}\n";
    let again = once.replace("package own", "package again");
    write(folder.path(), &[("policies/own.rego", once), ("policies/again.rego", &again)]);

    let ran = run(
        folder.path(),
        &["plan", "-policy=policies", "-fail-on=risk:downtime", "-fail-on=risk:any"],
    );

    assert_eq!(ran.exit, 3);
    assert_eq!(ran.err.matches("downtime: ").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("(again, own)"), "{}", ran.err);
    let named = "policies and -fail-on=risk:downtime and -fail-on=risk:any:";
    assert!(ran.err.replace("\n│ ", " ").contains(named), "{}", ran.err);
}

#[test]
fn a_broken_policy_is_told_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "package own\n\ndeny contains \"x\" if {\n";
    write(folder.path(), &[("main.tf", "locals {}\n"), ("broken.rego", broken)]);

    let ran = run(folder.path(), &["plan", "-policy=broken.rego"]);

    assert_eq!(ran.exit, 1);
    assert!(ran.err.contains("broken.rego line"), "{}", ran.err);
    let ran = run(folder.path(), &["plan", "-policy=nowhere"]);
    assert_eq!((ran.exit, ran.err.contains("nowhere")), (1, true), "{}", ran.err);
}

const STARTED: &str = r#"
provider "kubernetes" {
  host  = "https://${google_container_cluster.c.endpoint}"
  token = "x"
}
resource "google_container_cluster" "c" {
  name               = "c"
  location           = "europe-west1-b"
  project            = "p"
  initial_node_count = 1
  master_authorized_networks_config {
    cidr_blocks {
      cidr_block = "0.0.0.0/0"
    }
  }
}
resource "google_storage_bucket_iam_member" "all" {
  bucket = "b"
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}
resource "kubernetes_deployment_v1" "d" {
  metadata {
    name = "d"
  }
  spec {
    selector {
      match_labels = { a = "b" }
    }
    template {
      metadata {
        labels = { a = "b" }
      }
      spec {
        container {
          name  = "c"
          image = "example.com/app"
          security_context {
            privileged = true
          }
        }
      }
    }
  }
}
"#;

#[test]
fn the_policies_that_come_along_judge_real_plans() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("main.tf", STARTED)]);

    let ran = run(folder.path(), &["plan", "--sandbox", "-policy=starter", "-concise"]);

    assert_eq!(ran.exit, 3, "{}{}", ran.out, ran.err);
    for line in [
        "deny  google_container_cluster.c: the control plane answers the whole internet (terrane.gke)",
        "deny  google_storage_bucket_iam_member.all: everybody on the internet gets roles/storage.objectViewer (terrane.storage)",
        "deny  kubernetes_deployment_v1.d: container \"c\" is privileged (terrane.kubernetes)",
        "warn  google_container_cluster.c: pods have no identity of their own",
        "warn  kubernetes_deployment_v1.d: container \"c\" has no limits",
        "warn  kubernetes_deployment_v1.d: container \"c\" takes an image that may be another tomorrow (example.com/app)",
        "deny  google_container_cluster.c: exposure: the control plane answers the whole internet (terrane.dangers)",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
}
