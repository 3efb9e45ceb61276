//! Where other tools break: what people complain of most, each point held on the sandbox.
//!
//! One plan on an empty project, a failing Job, runs that are killed and secrets in outputs are held by the examples, the
//! stories and the tests of faults.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/hook.rs"]
mod hook;
#[path = "support/program.rs"]
mod program;

use std::fs;

use folder::{Folder, attribute, inventory, send};
use hook::Hook;
use serde_json::{Value as Json, json};
use terrane::http::Method;

/// A cluster, and the provider that speaks to it.
const CLUSTER: &str = r#"
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
  initial_node_count  = 2
  deletion_protection = false
  resource_labels     = { team = "a" }

  depends_on = [google_project_service.services]
}

data "google_client_config" "me" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}
"#;

/// Fifty objects of three types, in the cluster.
const FIFTY: &str = r#"
resource "kubernetes_namespace_v1" "teams" {
  count = 5
  metadata {
    name = "team-${count.index}"
  }
}

resource "kubernetes_config_map_v1" "settings" {
  count = 25
  metadata {
    name      = "settings-${count.index}"
    namespace = kubernetes_namespace_v1.teams[count.index % 5].metadata[0].name
  }
  data = { number = tostring(count.index) }
}

resource "kubernetes_service_account_v1" "robots" {
  count = 20
  metadata {
    name      = "robot-${count.index}"
    namespace = kubernetes_namespace_v1.teams[count.index % 5].metadata[0].name
  }
}
"#;

/// Objects that others write to: an autoscaler, a load balancer's controller, a mesh.
const LIVELY: &str = r#"
resource "kubernetes_deployment_v1" "web" {
  metadata {
    name   = "web"
    labels = { app = "web" }
  }
  spec {
    selector {
      match_labels = { app = "web" }
    }
    template {
      metadata {
        labels = { app = "web" }
      }
      spec {
        container {
          name  = "web"
          image = "example.com/web:1"
          resources {
            requests = { cpu = "0.5", memory = "1024Mi" }
          }
        }
      }
    }
  }
}

resource "kubernetes_horizontal_pod_autoscaler_v2" "web" {
  metadata {
    name = "web"
  }
  spec {
    min_replicas = 2
    max_replicas = 10
    scale_target_ref {
      api_version = "apps/v1"
      kind        = "Deployment"
      name        = kubernetes_deployment_v1.web.metadata[0].name
    }
    metric {
      type = "Resource"
      resource {
        name = "cpu"
        target {
          type                = "Utilization"
          average_utilization = 60
        }
      }
    }
  }
}

resource "kubernetes_service_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    type     = "NodePort"
    selector = { app = "web" }
    port {
      port        = 80
      target_port = "8080"
    }
  }
}
"#;

fn written(parts: &[&str]) -> Folder {
    let folder = Folder::empty();
    fs::write(folder.path("main.tf"), parts.concat()).unwrap();
    folder
}

fn edited(folder: &Folder, from: &str, to: &str) {
    let text = fs::read_to_string(folder.path("main.tf")).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(folder.path("main.tf"), text.replace(from, to)).unwrap();
}

/// Gives a plan's changes: how many of each kind, and the text.
fn planned(folder: &mut Folder) -> String {
    folder.must(2, &["plan", "-sandbox", "-detailed-exitcode"])
}

fn applied(folder: &mut Folder) -> String {
    folder.must(0, &["apply", "-sandbox", "-auto-approve"])
}

fn is_idle(folder: &mut Folder) {
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
}

fn endpoint(folder: &Folder) -> String {
    attribute(&folder.state(), "google_container_cluster", "one", "endpoint")
}

#[test]
fn a_changed_label_of_the_cluster_leaves_what_is_in_it_known() {
    let mut folder = written(&[CLUSTER, FIFTY]);
    folder.variables.insert("TF_LOG".into(), "TRACE".into());
    folder.variables.insert("TF_LOG_PATH".into(), "log.txt".into());
    applied(&mut folder);
    edited(&folder, r#"team = "a""#, r#"team = "b""#);

    let plan = planned(&mut folder);
    let told = applied(&mut folder);

    assert!(plan.contains("0 to add, 1 to change, 0 to destroy"), "{plan}");
    assert!(!plan.contains("kubernetes_"), "{plan}");
    assert!(told.contains("0 added, 1 changed, 0 destroyed"), "{told}");
    is_idle(&mut folder);
    let log = fs::read_to_string(folder.path("log.txt")).unwrap();
    assert!(log.contains("/api/v1/") && !log.contains("localhost"), "asked elsewhere");
}

#[test]
fn a_replaced_cluster_gets_all_of_its_objects_anew() {
    let mut folder = written(&[CLUSTER, FIFTY]);
    applied(&mut folder);
    let former = endpoint(&folder);
    edited(&folder, "europe-west1-b", "europe-west1-c");

    let plan = planned(&mut folder);
    let told = applied(&mut folder);

    assert!(plan.contains("51 to add, 0 to change, 1 to destroy"), "{plan}");
    assert!(told.contains("51 added, 0 changed, 1 destroyed"), "{told}");
    let present = endpoint(&folder);
    assert_ne!(present, former);
    folder.behind(|world| {
        let url = format!("https://{present}/api/v1/configmaps?labelSelector=");
        let listed = send(world, Method::GET, &url, None);
        let names = listed["items"].as_array().unwrap().iter();
        let ours = names.filter(|it| it["metadata"]["name"].as_str().unwrap().contains("settings"));
        assert_eq!(ours.count(), 25);
    });
    is_idle(&mut folder);
}

#[test]
fn a_cluster_goes_with_all_that_its_objects_made_outside_of_it() {
    let ingress = r#"
resource "kubernetes_ingress_v1" "web" {
  wait_for_load_balancer = true
  metadata {
    name = "web"
  }
  spec {
    default_backend {
      service {
        name = kubernetes_service_v1.web.metadata[0].name
        port {
          number = 80
        }
      }
    }
  }
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

resource "kubernetes_persistent_volume_claim_v1" "disk" {
  wait_until_bound = false
  metadata {
    name = "disk"
  }
  spec {
    access_modes = ["ReadWriteOnce"]
    resources {
      requests = { storage = "5Gi" }
    }
  }
}
"#;
    let mut folder = written(&[CLUSTER, LIVELY, ingress]);
    applied(&mut folder);
    let is_compute = |item: &&Json| item["service"] == "compute";
    assert!(inventory(&folder).iter().filter(is_compute).count() > 0);

    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);

    let left = inventory(&folder).into_iter().filter(|item| item["service"] != "serviceusage");
    assert_eq!(left.collect::<Vec<_>>(), Vec::<Json>::new());
}

/// Gives the removals that a cluster was asked for in a run whose log is kept.
fn removals(folder: &mut Folder, log: &str) -> Vec<String> {
    folder.variables.insert("TF_LOG".into(), "DEBUG".into());
    folder.variables.insert("TF_LOG_PATH".into(), log.into());
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
    let log = fs::read_to_string(folder.path(log)).unwrap();
    log.lines()
        .filter_map(|line| line.split_once("DEBUG DELETE /api"))
        .map(|(_, path)| path.split(' ').next().unwrap_or_default().to_string())
        .collect()
}

#[test]
fn what_dies_with_its_cluster_is_not_removed_one_by_one() {
    let open = r#"
resource "kubernetes_service_v1" "open" {
  metadata {
    name      = "open"
    namespace = kubernetes_namespace_v1.teams[0].metadata[0].name
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
    let mut folder = written(&[CLUSTER, FIFTY, open]);
    applied(&mut folder);

    let plan = folder.must(0, &["plan", "-sandbox", "-destroy"]);
    let asked = removals(&mut folder, "log.txt");

    let goes = "# (goes down with google_container_cluster.one)";
    assert_eq!(plan.matches(goes).count(), 50, "{plan}");
    assert!(plan.contains("0 to add, 0 to change, 5"), "{plan}");
    assert_eq!(asked, ["/v1/namespaces/team-0/services/open"]);
    assert_eq!(folder.state()["resources"].as_array().unwrap().len(), 0);
    let there = inventory(&folder).into_iter().filter(|item| item["service"] != "serviceusage");
    assert_eq!(there.collect::<Vec<_>>(), Vec::<Json>::new());
}

#[test]
fn idle_plans_stay_empty_whatever_others_write() {
    let mut folder = written(&[CLUSTER, LIVELY]);
    applied(&mut folder);
    let endpoint = endpoint(&folder);
    folder.behind(|world| {
        let merge = "application/merge-patch+json";
        let patch = |path: &str, manager: &str, kind: &str, body: Json| {
            let url = format!("https://{endpoint}{path}?fieldManager={manager}");
            send(world, Method::PATCH, &url, Some((kind, body)));
        };
        let deployment = "/apis/apps/v1/namespaces/default/deployments/web";
        let scale = json!({ "spec": { "replicas": 4 } });
        patch(&format!("{deployment}/scale"), "vpa", merge, scale);
        let sidecar = json!({ "spec": { "template": { "spec": { "containers": [
            { "name": "proxy", "image": "example.com/proxy:1" }] } } } });
        patch(deployment, "mesh", "application/strategic-merge-patch+json", sidecar);
        let neg = json!({ "metadata": { "annotations": { "cloud.google.com/neg": "{\"ingress\":true}" } } });
        patch("/api/v1/namespaces/default/services/web", "glbc", merge, neg);
    });

    for _ in 0..20 {
        is_idle(&mut folder);
    }
}

#[test]
fn a_kind_its_object_and_its_webhook_stand_in_one_plan() {
    let kinds = r#"
resource "kubernetes_manifest" "gadget" {
  manifest = {
    apiVersion = "example.com/v1"
    kind       = "Gadget"
    metadata   = { name = "first", namespace = "default" }
    spec       = { size = 3 }
  }

  depends_on = [kubernetes_validating_webhook_configuration_v1.gadgets]
}

resource "kubernetes_manifest" "gadgets" {
  manifest = {
    apiVersion = "apiextensions.k8s.io/v1"
    kind       = "CustomResourceDefinition"
    metadata   = { name = "gadgets.example.com" }
    spec = {
      group = "example.com"
      scope = "Namespaced"
      names = { plural = "gadgets", singular = "gadget", kind = "Gadget" }
      versions = [{
        name    = "v1"
        served  = true
        storage = true
        schema = {
          openAPIV3Schema = {
            type = "object"
            properties = { spec = { type = "object", properties = { size = { type = "integer" } } } }
          }
        }
      }]
    }
  }
}

resource "kubernetes_validating_webhook_configuration_v1" "gadgets" {
  metadata {
    name = "gadgets"
  }
  webhook {
    name                      = "gadgets.example.com"
    admission_review_versions = ["v1"]
    side_effects              = "None"
    failure_policy            = "Fail"
    client_config {
      service {
        name      = kubernetes_service_v1.web.metadata[0].name
        namespace = "default"
        path      = "/gadgets"
      }
    }
    rule {
      api_groups   = ["example.com"]
      api_versions = ["v1"]
      operations   = ["CREATE"]
      resources    = ["gadgets"]
      scope        = "*"
    }
  }

  depends_on = [kubernetes_deployment_v1.web]
}
"#;
    let mut folder = written(&[CLUSTER, LIVELY, kinds]);

    let plan = planned(&mut folder);
    applied(&mut folder);

    assert!(plan.contains("kubernetes_manifest.gadget will be created"), "{plan}");
    is_idle(&mut folder);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
}

#[test]
fn five_hundred_objects_are_refreshed_by_a_list_for_each_type_and_namespace() {
    let many = FIFTY.replace("count = 25", "count = 275").replace("count = 20", "count = 220");
    let mut folder = written(&[CLUSTER, &many]);
    applied(&mut folder);
    folder.variables.insert("TF_LOG".into(), "DEBUG".into());
    folder.variables.insert("TF_LOG_PATH".into(), "log.txt".into());

    is_idle(&mut folder);

    let log = fs::read_to_string(folder.path("log.txt")).unwrap();
    let asked: Vec<&str> = log.lines().filter(|line| line.contains("DEBUG GET /api")).collect();
    // Namespaces are of no namespace; config maps and accounts are in five. Two requests find out what the cluster serves.
    let lists = 1 + 2 * 5;
    assert!((1..=lists + 2).contains(&asked.len()), "{}:\n{}", asked.len(), asked.join("\n"));
}

#[test]
fn a_data_source_of_what_is_not_there_yet_waits_until_it_is_made() {
    let both = r#"
resource "kubernetes_service_v1" "db" {
  metadata {
    name = "db"
  }
  spec {
    port {
      port = 5432
    }
  }
}

data "kubernetes_service_v1" "db" {
  metadata {
    name = kubernetes_service_v1.db.metadata[0].name
  }
}

output "port" {
  value = data.kubernetes_service_v1.db.spec[0].port[0].port
}
"#;
    let mut folder = written(&[CLUSTER]);
    applied(&mut folder);
    fs::write(folder.path("more.tf"), both).unwrap();

    let told = applied(&mut folder);

    assert!(told.contains("# data.kubernetes_service_v1.db will be read during apply"), "{told}");
    assert!(told.contains("port = 5432"), "{told}");
    is_idle(&mut folder);
    // What nothing makes is missed.
    let other = both.replace("kubernetes_service_v1.db.metadata[0].name", "\"other\"");
    fs::write(folder.path("more.tf"), other).unwrap();
    assert_eq!(folder.run(&["plan", "-sandbox"]).exit, 1);
}

#[test]
fn what_a_webhook_sets_anew_each_time_is_no_change_and_its_words_are_in_the_plan() {
    let hook = Hook::serve();
    let parts = r#"
resource "kubernetes_mutating_webhook_configuration_v1" "mode" {
  metadata {
    name = "mode"
  }
  webhook {
    name                      = "mode.example.com"
    admission_review_versions = ["v1"]
    side_effects              = "None"
    client_config {
      url       = "https://127.0.0.1:PORT/mirror"
      ca_bundle = base64decode("BUNDLE")
    }
    object_selector {
      match_labels = { mode = "theirs" }
    }
    rule {
      api_groups   = [""]
      api_versions = ["v1"]
      operations   = ["CREATE", "UPDATE"]
      resources    = ["configmaps"]
    }
  }
}

resource "kubernetes_config_map_v1" "typed" {
  metadata {
    name   = "typed"
    labels = { mode = "theirs" }
  }
  data = { mode = "ours" }

  depends_on = [kubernetes_mutating_webhook_configuration_v1.mode]
}

resource "kubernetes_manifest" "free" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "free", namespace = "default", labels = { mode = "theirs" } }
    data       = { mode = "ours" }
  }

  depends_on = [kubernetes_mutating_webhook_configuration_v1.mode]
}
"#;
    let parts = parts.replace("PORT", &hook.port.to_string()).replace("BUNDLE", &hook.bundle);
    let mut folder = written(&[CLUSTER, &parts]);
    applied(&mut folder);

    is_idle(&mut folder);
    edited(
        &folder,
        "mode = \"theirs\" }\n  }\n  data = { mode = \"ours\" }",
        "mode = \"theirs\" }\n  }\n  data = { mode = \"ours\", more = \"x\" }",
    );
    edited(
        &folder,
        "    data       = { mode = \"ours\" }",
        "    data       = { mode = \"ours\", less = \"y\" }",
    );
    // The webhook has the last word: its value is planned, and stands in the state.
    let plan = planned(&mut folder);
    assert!(plan.contains("+ \"more\" = \"x\"") && plan.contains("less"), "{plan}");
    assert!(!plan.contains("\"theirs\" -> \"ours\""), "{plan}");
    for part in ["data.mode", "object.data.mode"] {
        assert!(plan.contains(&format!("(the cluster itself sets {part}: its value")), "{plan}");
    }
    applied(&mut folder);
    is_idle(&mut folder);
    edited(&folder, "more = \"x\"", "more = \"z\"");
    edited(&folder, "https://127.0.0.1:", "https://webhooks.example.com:");
    folder.must(
        0,
        &[
            "apply",
            "-sandbox",
            "-auto-approve",
            "-target=kubernetes_mutating_webhook_configuration_v1.mode",
        ],
    );
    let plan = planned(&mut folder);

    assert!(!hook.asked.lock().unwrap().is_empty());
    assert!(plan.contains("\"more\" = \"x\" -> \"z\""), "{plan}");
    assert!(plan.contains("admission webhook \"mode.example.com\" was not asked"), "{plan}");
    assert!(!plan.contains("checked against the bundled definitions"), "{plan}");
}
