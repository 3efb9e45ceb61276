//! What is replaced takes with it what lives in it: that is made anew in the same run, and nothing is left behind.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;

use std::fs;

use folder::{Folder, attribute, inventory, send};
use serde_json::Value as Json;

/// A cluster, and the provider that speaks to it.
const CLUSTER: &str = r#"
provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each = toset([
    "compute.googleapis.com",
    "container.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

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

/// Something to stand behind a load balancer, and something that only lives in the cluster.
const INSIDE: &str = r#"
resource "kubernetes_config_map_v1" "settings" {
  metadata {
    name = "settings"
  }
  data = { color = "blue" }
}

resource "kubernetes_service_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    type     = "NodePort"
    selector = { app = "store" }
    port {
      port = 80
    }
  }
}
"#;

/// Objects that have something made outside of their cluster.
const OUTSIDE: &str = r#"
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

/// Pods that keep a claim from going.
const MOUNTING: &str = r#"
resource "kubernetes_deployment_v1" "store" {
  metadata {
    name = "store"
  }
  spec {
    selector {
      match_labels = { app = "store" }
    }
    template {
      metadata {
        labels = { app = "store" }
      }
      spec {
        container {
          name  = "store"
          image = "example.com/store:1"
          volume_mount {
            name       = "disk"
            mount_path = "/data"
          }
        }
        volume {
          name = "disk"
          persistent_volume_claim {
            claim_name = kubernetes_persistent_volume_claim_v1.disk.metadata[0].name
          }
        }
      }
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

#[test]
fn what_is_a_part_of_a_replaced_object_is_made_anew_in_the_same_run() {
    let parts = r#"
resource "google_container_node_pool" "main" {
  name       = "main"
  cluster    = google_container_cluster.one.name
  location   = google_container_cluster.one.location
  node_count = 1
}

resource "google_secret_manager_secret" "key" {
  secret_id = "key"
  replication {
    auto {}
  }

  depends_on = [google_project_service.services]
}

resource "google_secret_manager_secret_version" "key" {
  secret      = google_secret_manager_secret.key.id
  secret_data = "first"
}

resource "google_storage_bucket" "files" {
  name     = "demo-files"
  location = "EU"

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_iam_member" "all" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}
"#;
    let mut folder = written(&[CLUSTER, INSIDE, parts]);
    edited(
        &folder,
        "initial_node_count  = 2",
        "initial_node_count  = 1\n  remove_default_node_pool = true",
    );
    applied(&mut folder);
    let replaced = [
        "google_container_cluster.one",
        "google_secret_manager_secret.key",
        "google_storage_bucket.files",
    ];
    let options = replaced.map(|address| format!("-replace={address}"));
    let mut words = vec!["apply", "-sandbox", "-auto-approve"];
    words.extend(options.iter().map(String::as_str));

    let told = folder.must(0, &words);

    for (part, whole) in [
        ("google_container_node_pool.main", replaced[0]),
        ("google_secret_manager_secret_version.key", replaced[1]),
        ("google_storage_bucket_iam_member.all", replaced[2]),
    ] {
        let why = format!("(because {whole} is replaced, and it goes down with it)");
        let planned = told.find(&format!("# {part} will be created")).expect(part);
        let (_, line) = told[planned..].split_once('\n').unwrap();
        assert!(line.trim_start().starts_with(&format!("# {why}")), "{line}");
        assert!(!told.contains(&format!("{part}: Destroying")), "{told}");
    }
    is_idle(&mut folder);
}

#[test]
fn a_part_that_is_moved_leaves_the_whole_that_is_replaced() {
    let buckets = r#"
resource "google_storage_bucket" "files" {
  count    = 2
  name     = "demo-files-${count.index}"
  location = "EU"

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_iam_member" "all" {
  bucket = google_storage_bucket.files[0].name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}
"#;
    let (services, _) = CLUSTER.split_once("resource \"google_container_cluster\"").unwrap();
    let mut folder = written(&[services, buckets]);
    applied(&mut folder);
    edited(&folder, "files[0].name", "files[1].name");

    let word = "-replace=google_storage_bucket.files[1]";
    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve", word]);

    assert!(told.contains("Resources: 2 added, 0 changed, 2 destroyed"), "{told}");
    is_idle(&mut folder);
}

#[test]
fn what_holds_a_replaced_object_is_removed_before_it() {
    let parts = r#"
resource "google_project_service" "dns" {
  service            = "dns.googleapis.com"
  disable_on_destroy = false
}

resource "google_dns_managed_zone" "zone" {
  name       = "zone"
  dns_name   = "one.example."
  depends_on = [google_project_service.dns]
}

resource "google_dns_record_set" "www" {
  managed_zone = google_dns_managed_zone.zone.name
  name         = "www.${google_dns_managed_zone.zone.dns_name}"
  type         = "A"
  ttl          = 60
  rrdatas      = ["10.0.0.1"]
}

resource "google_storage_bucket" "files" {
  name       = "demo-files"
  location   = "EU"
  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_object" "file" {
  bucket  = google_storage_bucket.files.name
  name    = "file"
  content = "x"
}
"#;
    let (services, _) = CLUSTER.split_once("resource \"google_container_cluster\"").unwrap();
    let mut folder = written(&[services, parts]);
    applied(&mut folder);
    edited(&folder, "one.example", "two.example");
    edited(&folder, "\"EU\"", "\"US\"");

    let told = applied(&mut folder);

    assert!(told.contains("Resources: 4 added, 0 changed, 4 destroyed"), "{told}");
    is_idle(&mut folder);
}

/// Gives what is left in the sandbox of what a cluster's controllers make, and of clusters.
fn left(folder: &Folder) -> Vec<Json> {
    inventory(folder).into_iter().filter(|item| item["service"] != "serviceusage").collect()
}

/// Replaces the cluster by one elsewhere, and checks that nothing of the former one's is left.
fn is_replaced_without_a_leak(folder: &mut Folder) -> String {
    edited(folder, "europe-west1-b", "europe-west1-c");

    let plan = planned(folder);
    let told = applied(folder);

    let why = "(because google_container_cluster.one is replaced; it is removed before,";
    for address in [
        "kubernetes_service_v1.open",
        "kubernetes_ingress_v1.web",
        "kubernetes_persistent_volume_claim_v1.disk",
        "kubernetes_deployment_v1.store",
    ] {
        let at = plan.find(&format!("# {address} must be replaced")).expect(address);
        assert!(plan[at..].lines().nth(1).unwrap().contains(why), "{plan}");
        let removed = told.find(&format!("{address}: Destruction complete")).expect(address);
        let gone = told.find("google_container_cluster.one: Destroying").unwrap();
        let made = told.find(&format!("{address}: Creation complete")).expect(address);
        assert!(removed < gone && removed < made, "{told}");
    }
    let goes_down = "# kubernetes_config_map_v1.settings will be created";
    assert!(plan.contains(goes_down), "{plan}");
    is_idle(folder);
    told
}

#[test]
fn what_objects_have_had_made_outside_goes_before_a_replaced_cluster() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    applied(&mut folder);
    let before = left(&folder).len();

    let told = is_replaced_without_a_leak(&mut folder);

    let gone = told.find("google_container_cluster.one: Destruction complete").unwrap();
    assert!(gone < told.find("google_container_cluster.one: Creating").unwrap(), "{told}");
    assert_eq!(left(&folder).len(), before);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
    assert_eq!(left(&folder), Vec::<Json>::new());
}

#[test]
fn what_objects_have_had_made_outside_goes_before_a_cluster_whose_successor_stands() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    let own = "  depends_on = [google_project_service.services]";
    let first = "  lifecycle {\n    create_before_destroy = true\n  }\n";
    edited(&folder, own, &format!("{first}{own}"));
    // The token of the block is read when the new cluster stands; the removals need one before.
    let me = "\"google_client_config\" \"me\" {";
    edited(&folder, me, &format!("{me}\n  depends_on = [google_container_cluster.one]\n"));
    applied(&mut folder);
    let before = left(&folder).len();

    let told = is_replaced_without_a_leak(&mut folder);

    let made = told.find("google_container_cluster.one: Creation complete").unwrap();
    assert!(made < told.find("kubernetes_service_v1.open: Destroying").unwrap(), "{told}");
    assert_eq!(left(&folder).len(), before);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
    assert_eq!(left(&folder), Vec::<Json>::new());
}

#[test]
fn what_must_not_be_destroyed_keeps_its_cluster_from_being_replaced() {
    let kept = r#"
resource "kubernetes_config_map_v1" "kept" {
  metadata {
    name = "kept"
  }
  lifecycle {
    prevent_destroy = true
  }
}
"#;
    let mut folder = written(&[CLUSTER, kept]);
    applied(&mut folder);

    let word = "-replace=google_container_cluster.one";
    let ran = folder.run(&["plan", "-sandbox", word]);

    assert_eq!(ran.exit, 1, "{}", ran.out);
    assert!(ran.err.contains("Instance cannot be destroyed"), "{}", ran.err);
    assert!(ran.err.contains("kubernetes_config_map_v1.kept"), "{}", ran.err);
}

/// Has the cluster's successor made first, and a postcondition that stops a run as soon as that stands.
fn with_a_successor(folder: &Folder) {
    let own = "  depends_on = [google_project_service.services]";
    let first = r#"
  lifecycle {
    create_before_destroy = true
    postcondition {
      condition     = !var.broken || self.endpoint == "none"
      error_message = "This run goes no further."
    }
  }
"#;
    edited(folder, own, &format!("{first}{own}"));
    edited(
        folder,
        "data \"google_client_config\"",
        "variable \"broken\" {\n  default = false\n}\n\ndata \"google_client_config\"",
    );
}

#[test]
fn what_lives_in_a_cluster_that_was_put_aside_goes_before_it_in_the_next_run() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    with_a_successor(&folder);
    applied(&mut folder);
    let before = left(&folder).len();
    edited(&folder, "europe-west1-b", "europe-west1-c");
    let broken = folder.run(&["apply", "-sandbox", "-auto-approve", "-var", "broken=true"]);
    assert_eq!(broken.exit, 1, "{}", broken.out);
    assert!(broken.err.contains("This run goes no further."), "{}", broken.err);

    let plan = planned(&mut folder);
    let told = applied(&mut folder);

    for address in [
        "kubernetes_service_v1.open",
        "kubernetes_ingress_v1.web",
        "kubernetes_persistent_volume_claim_v1.disk",
        "kubernetes_deployment_v1.store",
    ] {
        assert!(plan.contains(&format!("# {address} (deposed object ")), "{address} {plan}");
        assert!(plan.contains(&format!("# {address} will be created")), "{address} {plan}");
        let of = |what: &str, from: usize| {
            let at = told[from..].find(what).unwrap_or_else(|| panic!("{what}: {told}"));
            from + at
        };
        let began = of(&format!("{address} (deposed object "), told.find("Plan: ").unwrap());
        let removed = of("Destruction complete", began);
        let gone = of("google_container_cluster.one (deposed object ", began);
        let made = of(&format!("{address}: Creating"), began);
        assert!(removed < gone && began < made, "{told}");
    }
    assert_eq!(left(&folder).len(), before);
    is_idle(&mut folder);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
    assert_eq!(left(&folder), Vec::<Json>::new());
}

#[test]
fn a_cluster_that_was_put_aside_and_removed_by_hand_takes_along_what_was_in_it() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    with_a_successor(&folder);
    applied(&mut folder);
    edited(&folder, "europe-west1-b", "europe-west1-c");
    folder.run(&["apply", "-sandbox", "-auto-approve", "-var", "broken=true"]);
    folder.behind(|world| {
        let url = "https://container.googleapis.com/v1/projects/demo/locations/europe-west1-b/clusters/one";
        send(world, terrane::http::Method::DELETE, url, None);
    });

    let plan = planned(&mut folder);

    assert!(!plan.contains("deposed"), "{plan}");
    applied(&mut folder);
    is_idle(&mut folder);
}

#[test]
fn a_cluster_whose_successor_cannot_be_made_stays_with_all_that_is_in_it() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    with_a_successor(&folder);
    applied(&mut folder);
    edited(&folder, "europe-west1-b", "nowhere-1");

    let ran = folder.run(&["apply", "-sandbox", "-auto-approve"]);

    assert_eq!(ran.exit, 1, "{}", ran.out);
    edited(&folder, "nowhere-1", "europe-west1-b");
    is_idle(&mut folder);
}

#[test]
fn a_new_cluster_stays_in_the_state_where_what_lives_in_it_cannot_be_made() {
    let inside = r#"
resource "kubernetes_service_v1" "open" {
  metadata {
    name      = "open"
    namespace = "default"
  }
  spec {
    type = "LoadBalancer"
    port {
      port = 80
    }
  }
  lifecycle {
    create_before_destroy = true
  }
}
"#;
    let mut folder = written(&[CLUSTER, inside]);
    applied(&mut folder);
    edited(&folder, "europe-west1-b", "europe-west1-c");
    edited(&folder, "\"default\"", "\"nowhere\"");

    let ran = folder.run(&["apply", "-sandbox", "-auto-approve"]);

    assert_eq!(ran.exit, 1, "{}", ran.out);
    let state = folder.state();
    assert_eq!(attribute(&state, "google_container_cluster", "one", "location"), "europe-west1-c");
    edited(&folder, "\"nowhere\"", "\"default\"");
    applied(&mut folder);
    is_idle(&mut folder);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
    let clusters = inventory(&folder);
    let clusters: Vec<&Json> = clusters.iter().filter(|item| item["type"] == "cluster").collect();
    assert!(clusters.is_empty(), "{clusters:?}");
}

#[test]
fn a_targeted_cluster_brings_along_what_goes_down_with_it() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    applied(&mut folder);
    let before = left(&folder).len();
    edited(&folder, "europe-west1-b", "europe-west1-c");

    let target = "-target=google_container_cluster.one";
    let plan = folder.must(0, &["plan", "-sandbox", "-json", target]);
    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve", target]);

    // What is brought along is read; what was read before is not read again.
    for address in ["google_container_cluster.one", "kubernetes_service_v1.open"] {
        let of = format!("\"addr\":\"{address}\"");
        let reads = plan.lines().filter(|it| it.contains("refresh_start") && it.contains(&of));
        assert!(reads.count() <= 1, "{address}: {plan}");
    }
    assert!(plan.contains("refresh_start"), "{plan}");
    assert!(folder.printed.contains("Warning: More than the targets"), "{told}");
    assert!(folder.printed.contains(" - kubernetes_service_v1.open"), "{told}");
    for address in ["kubernetes_service_v1.open", "kubernetes_ingress_v1.web"] {
        assert!(told.contains(&format!("{address}: Destruction complete")), "{told}");
    }
    assert_eq!(left(&folder).len(), before);
    is_idle(&mut folder);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve", target]);
    assert_eq!(left(&folder), Vec::<Json>::new());
}

#[test]
fn what_is_excluded_keeps_its_cluster_from_being_replaced() {
    let mut folder = written(&[CLUSTER, INSIDE, OUTSIDE, MOUNTING]);
    applied(&mut folder);
    edited(&folder, "europe-west1-b", "europe-west1-c");

    let ran = folder.run(&["plan", "-sandbox", "-exclude=kubernetes_service_v1.open"]);

    assert_eq!(ran.exit, 1, "{}", ran.out);
    assert!(ran.err.contains("Excluded objects would be destroyed"), "{}", ran.err);
    assert!(ran.err.contains(" - kubernetes_service_v1.open"), "{}", ran.err);
}

/// Objects in a namespace: named by a reference, by its text, and in manifests.
const IN_NAMESPACE: &str = r#"
resource "kubernetes_namespace_v1" "shop" {
  metadata {
    name = "shop"
  }
}

resource "kubernetes_config_map_v1" "by_reference" {
  metadata {
    name      = "by-reference"
    namespace = kubernetes_namespace_v1.shop.metadata[0].name
  }
  data = { color = "blue" }
}

resource "kubernetes_config_map_v1" "by_name" {
  metadata {
    name      = "by-name"
    namespace = "shop"
  }
}

resource "kubernetes_config_map_v1" "elsewhere" {
  metadata {
    name = "elsewhere"
  }
}

resource "kubernetes_manifest" "by_name" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "manifest", namespace = "shop" }
  }
}
"#;

#[test]
fn a_replaced_namespace_gets_all_of_its_objects_anew() {
    let mut folder = written(&[CLUSTER, IN_NAMESPACE]);
    applied(&mut folder);

    let word = "-replace=kubernetes_namespace_v1.shop";
    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve", word]);

    let why = "(because kubernetes_namespace_v1.shop is replaced, and it goes down with it)";
    assert!(told.contains("Plan: 4 to add, 0 to change, 1 to destroy"), "{told}");
    for address in [
        "kubernetes_config_map_v1.by_reference",
        "kubernetes_config_map_v1.by_name",
        "kubernetes_manifest.by_name",
    ] {
        let at = told.find(&format!("# {address} will be created")).expect(address);
        assert!(told[at..].lines().nth(1).unwrap().contains(why), "{told}");
    }
    assert!(told.contains("Resources: 4 added, 0 changed, 1 destroyed"), "{told}");
    is_idle(&mut folder);
}

#[test]
fn a_targeted_namespace_brings_along_what_is_in_it() {
    let mut folder = written(&[CLUSTER, IN_NAMESPACE]);
    applied(&mut folder);

    let words = ["-target=kubernetes_namespace_v1.shop", "-replace=kubernetes_namespace_v1.shop"];
    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve", words[0], words[1]]);

    assert!(told.contains("Resources: 4 added, 0 changed, 1 destroyed"), "{told}");
    is_idle(&mut folder);
}

/// A StatefulSet whose claims stay where it is removed.
const STATEFUL: &str = r#"
resource "kubernetes_manifest" "data" {
  manifest = { apiVersion = "v1", kind = "Namespace", metadata = { name = "data" } }
}

resource "kubernetes_manifest" "db" {
  manifest = {
    apiVersion = "apps/v1"
    kind       = "StatefulSet"
    metadata   = { name = "db", namespace = "data" }
    spec = {
      serviceName = "db"
      selector    = { matchLabels = { app = "db" } }
      template = {
        metadata = { labels = { app = "db" } }
        spec = { containers = [{ name = "db", image = "example.com/db:1", volumeMounts = [{ name = "disk", mountPath = "/disk" }] }] }
      }
      volumeClaimTemplates = [{
        metadata = { name = "disk" }
        spec     = { accessModes = ["ReadWriteOnce"], resources = { requests = { storage = "1Gi" } } }
      }]
    }
  }
  wait { rollout = true }
}
"#;

#[test]
fn claims_of_a_stateful_set_go_with_it_before_a_replaced_cluster_and_its_namespace_stays() {
    let mut folder = written(&[CLUSTER, STATEFUL]);
    applied(&mut folder);
    let before = left(&folder).len();

    let word = "-replace=google_container_cluster.one";
    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve", word]);

    assert!(told.contains("# kubernetes_manifest.db must be replaced"), "{told}");
    assert!(told.contains("# kubernetes_manifest.data will be created"), "{told}");
    assert_eq!(left(&folder).len(), before);
    is_idle(&mut folder);
    folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);
    assert_eq!(left(&folder), Vec::<Json>::new());
}
