//! What a project has is found again: objects that applies made, whose state is thrown away, are discovered; the configuration that
//! is written imports them and changes nothing, and after its apply the plan is empty.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::Path;

use folder::Folder;

/// A cluster of the other kind, and what the examples do not have.
const FURTHER: &str = r#"
resource "google_project_service" "needed" {
  for_each = toset(["container", "cloudkms", "secretmanager", "bigtableadmin", "pubsub", "compute", "iam", "storage"])
  service  = "${each.key}.googleapis.com"
}

resource "google_container_cluster" "auto" {
  name                = "auto"
  location            = "europe-west1"
  enable_autopilot    = true
  deletion_protection = false
  depends_on          = [google_project_service.needed]
}

resource "google_kms_key_ring" "ring" {
  name       = "ring"
  location   = "global"
  depends_on = [google_project_service.needed]
}

resource "google_kms_crypto_key" "key" {
  name     = "key"
  key_ring = google_kms_key_ring.ring.id
}

resource "google_secret_manager_secret" "secret" {
  secret_id = "secret"
  replication {
    auto {}
  }
  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "version" {
  secret      = google_secret_manager_secret.secret.id
  secret_data = "nobody may read this"
}

resource "google_service_account" "app" {
  account_id = "app-of-all"
  depends_on = [google_project_service.needed]
}

resource "google_service_account_key" "app" {
  service_account_id = google_service_account.app.name
}

resource "google_storage_bucket" "data" {
  name     = "data-of-all"
  location = "EU"

  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_object" "text" {
  bucket  = google_storage_bucket.data.name
  name    = "text"
  content = "hello"
}

resource "google_storage_bucket_iam_member" "app" {
  for_each = toset(["roles/storage.objectViewer", "roles/storage.objectCreator"])
  bucket   = google_storage_bucket.data.name
  role     = each.key
  member   = google_service_account.app.member
}

resource "google_project_iam_member" "app" {
  project = "polls-demo"
  role    = "roles/logging.logWriter"
  member  = google_service_account.app.member
  condition {
    title       = "until"
    description = "for a year"
    expression  = "request.time < timestamp(\"2030-01-01T00:00:00Z\")"
  }
}

resource "google_compute_instance" "named" {
  for_each     = { gke-named = {}, node = { goog-gke-node = "" } }
  name         = each.key
  machine_type = "e2-micro"
  zone         = "asia-south1-a"
  labels       = each.value
  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }
  network_interface {
    network = "default"
  }
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic" "topic" {
  name         = "topic"
  kms_key_name = google_kms_crypto_key.key.id
  depends_on   = [google_project_service.needed]
}
"#;

const PROVIDER: &str = "provider \"google\" {\n  project = \"polls-demo\"\n  region  = \"asia-south1\"\n  zone    = \"asia-south1-a\"\n}\n";

/// Applies a folder, throws away its configuration and its state, and discovers what there is. Gives what was written.
fn found_again(folder: &mut Folder) -> String {
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    for entry in fs::read_dir(folder.inside.path()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".tf") || name.starts_with("terraform.tfstate") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    fs::write(folder.path("main.tf"), PROVIDER).unwrap();

    let told = folder.must(0, &["import", "-discover", "-sandbox"]);
    assert!(told.contains("resources to discovered.tf"), "{told}");
    let written = fs::read_to_string(folder.path("discovered.tf")).unwrap();
    folder.must(0, &["fmt", "-check"]);

    let plan = folder.must(0, &["plan", "-sandbox"]);
    let imports = written.matches("\nimport {").count();
    let sum = format!("Plan: {imports} to import, 0 to add, 0 to change, 0 to destroy.");
    assert!(plan.contains(&sum), "{plan}\n{written}");
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
    written
}

fn example(name: &str) -> Folder {
    Folder::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name))
}

#[test]
fn a_cluster_with_its_pool_a_bucket_and_accounts_are_found_with_their_references() {
    let mut folder = example("polls");

    let written = found_again(&mut folder);

    for reference in [
        "cluster        = google_container_cluster.pollsapi.name",
        "service_account_email = google_service_account.pollsapi-storage.email",
        "service_account = google_service_account.pollsapi-nodes.email",
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&written).contains(&words(reference)), "{reference}\n{written}");
    }
    assert!(!written.contains("pvc-") && !written.contains("\"default\""), "{written}");
    // What the state tracks is not found again.
    fs::rename(folder.path("discovered.tf"), folder.path("all.tf")).unwrap();
    let again = folder.must(0, &["import", "-discover", "-sandbox"]);
    assert!(again.contains("There is nothing to import."), "{again}");
}

#[test]
fn networks_machines_and_rules_are_found_and_what_clusters_made_is_left_out() {
    let mut folder = example("network");

    let written = found_again(&mut folder);

    assert!(written.contains("google_compute_network.private.id"), "{written}");
    assert!(
        !written.contains("\"gke-") && !written.contains("resource \"google_compute_disk\""),
        "{written}"
    );
}

#[test]
fn databases_topics_and_records_are_found_below_what_they_are_inside_of() {
    let mut folder = example("services");

    let written = found_again(&mut folder);

    assert!(written.contains("managed_zone = google_dns_managed_zone."), "{written}");
    assert!(!written.contains("\"SOA\"") && !written.contains("\"NS\""), "{written}");
}

#[test]
fn an_autopilot_cluster_is_found_without_its_pools_and_keys_with_their_ring() {
    let mut folder = Folder::empty();
    fs::write(folder.path("main.tf"), format!("{PROVIDER}{FURTHER}")).unwrap();

    let written = found_again(&mut folder);

    assert!(written.contains("enable_autopilot"), "{written}");
    assert!(!written.contains("google_container_node_pool"), "{written}");
    assert!(written.contains("google_kms_key_ring.ring.id"), "{written}");
    assert!(written.contains("google_kms_crypto_key.key.id"), "{written}");
    let words = written.split_whitespace().collect::<Vec<_>>().join(" ");
    for piece in [
        "role = \"roles/storage.objectViewer\"",
        "role = \"roles/storage.objectCreator\"",
        "member = google_service_account.app-of-all.member",
        "bucket = google_storage_bucket.data-of-all.name",
        "title = \"until\"",
        "description = \"for a year\"",
        "service_account_id = google_service_account.app-of-all.",
        "resource \"google_compute_instance\" \"gke-named\"",
    ] {
        assert!(words.contains(piece), "{piece}\n{written}");
    }
    for other in ["roles/owner", "projectEditor:", "\"node\"", "hello", "nobody may"] {
        assert!(!words.contains(other), "{other}\n{written}");
    }
}

#[test]
fn members_of_a_binding_of_the_state_are_no_objects_of_their_own() {
    let mut folder = Folder::empty();
    let binding = r#"
resource "google_project_iam_binding" "viewers" {
  project = "polls-demo"
  role    = "roles/viewer"
  members = ["user:a@example.com", "user:b@example.com"]
}

resource "google_project_iam_member" "browser" {
  project = "polls-demo"
  role    = "roles/browser"
  member  = "user:a@example.com"
}
"#;
    fs::write(folder.path("main.tf"), format!("{PROVIDER}{binding}")).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);

    let told = folder.must(0, &["import", "-discover", "-sandbox"]);

    let written = fs::read_to_string(folder.path("discovered.tf")).unwrap();
    assert!(!written.contains("google_project_iam_member"), "{written}");
    assert!(told.contains("The state tracks 3 more."), "{told}");
    let own = "google_project_iam_member polls-demo/roles/owner/user:user@example.com (owners of the project";
    assert!(told.contains(own), "{told}");
    let never =
        "google_secret_manager_secret_version (what it holds would stand in the configuration)";
    assert!(told.contains("Not looked for:") && told.contains(never), "{told}");
}

#[test]
fn only_the_types_that_are_asked_for_are_written() {
    let mut folder = example("services");
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);

    let strange = folder
        .must(1, &["import", "-discover", "-sandbox", "-type=google_x", "-state=none.tfstate"]);
    folder.must(
        0,
        &["import", "-discover", "-sandbox", "-type=google_sql_database", "-state=none.tfstate"],
    );
    let again = folder.run(&["import", "-discover", "-sandbox", "-state=none.tfstate"]);

    let written = fs::read_to_string(folder.path("discovered.tf")).unwrap();
    assert_eq!(written.matches("\nresource ").count(), 1, "{strange}{written}");
    assert!(again.exit == 1 && again.err.contains("File exists already"), "{}", again.err);
}
