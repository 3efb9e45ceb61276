//! `plan -generate-config-out`: blocks for what is imported without one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Ran, run};

fn terrane(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, arguments, &BTreeMap::new(), "")
}

const EXPECTED: &str = "# __generated__ by Terrane
# Please review these resources and move them into your main configuration files.

# __generated__ by Terrane from \"abc\"
resource \"terraform_data\" \"x\" {
  input            = null
  triggers_replace = null
}
";

#[test]
fn a_block_is_written_that_terraform_would_write() {
    let folder = tempfile::tempdir().unwrap();
    let config = "import {\n  to = terraform_data.x\n  id = \"abc\"\n}\n";
    fs::write(folder.path().join("main.tf"), config).unwrap();

    let without = terrane(folder.path(), &["plan"]);
    let first = terrane(folder.path(), &["plan", "-generate-config-out=gen.tf"]);
    let text = fs::read_to_string(folder.path().join("gen.tf")).unwrap();
    let again = terrane(folder.path(), &["plan", "-generate-config-out=gen.tf"]);
    let applied = terrane(folder.path(), &["apply", "-auto-approve"]);

    assert!(
        without.err.contains("Configuration for import target does not exist"),
        "{}",
        without.err
    );
    assert_eq!(first.exit, 0, "{}", first.err);
    assert_eq!(text, EXPECTED);
    assert!(
        first.out.contains("Plan: 1 to import, 0 to add, 0 to change, 0 to destroy."),
        "{}",
        first.out
    );
    assert!(first.out.contains("written it to gen.tf"), "{}", first.out);
    assert!(again.err.contains("Target generated file already exists"), "{}", again.err);
    assert!(applied.out.contains("1 imported, 0 added, 0 changed, 0 destroyed"), "{}", applied.out);
}

#[test]
fn a_saved_plan_with_written_blocks_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let config = "import {\n  to = terraform_data.x\n  id = \"abc\"\n}\nmodule \"m\" {\n  source = \"./m\"\n}\n";
    fs::write(folder.path().join("main.tf"), config).unwrap();
    fs::create_dir(folder.path().join("m")).unwrap();
    fs::write(folder.path().join("m/main.tf"), "resource \"terraform_data\" \"y\" {\n}\n").unwrap();

    terrane(folder.path(), &["plan", "-generate-config-out=gen.tf", "-out=saved"]);
    let applied = terrane(folder.path(), &["apply", "saved"]);

    let done = "1 imported, 1 added, 0 changed, 0 destroyed";
    assert!(applied.out.contains(done), "{}{}", applied.out, applied.err);
}

const BUCKET: &str = "resource \"google_project_service\" \"s\" {
  project = \"polls-demo\"
  service = \"storage.googleapis.com\"
}
resource \"google_storage_bucket\" \"b\" {
  name                        = \"polls-demo-generated\"
  project                     = \"polls-demo\"
  location                    = \"EU\"
  uniform_bucket_level_access = true
  labels = {
    team = \"a-b\"
  }
  lifecycle_rule {
    action {
      type = \"Delete\"
    }
    condition {
      age = 30
    }
  }
  depends_on = [google_project_service.s]
}
";

#[test]
fn what_is_written_is_valid_and_plans_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("main.tf");
    fs::write(&main, BUCKET).unwrap();
    let made = terrane(folder.path(), &["apply", "-sandbox", "-auto-approve"]);
    assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
    fs::remove_file(folder.path().join("terraform.tfstate")).unwrap();
    let config = "import {\n  to = google_storage_bucket.b\n  id = \"polls-demo-generated\"\n}\n";
    fs::write(&main, config).unwrap();

    let plan = terrane(folder.path(), &["plan", "-sandbox", "-generate-config-out=gen.tf"]);
    let valid = terrane(folder.path(), &["validate"]);
    let text = fs::read_to_string(folder.path().join("gen.tf")).unwrap_or_default();
    let laid_out = terrane(folder.path(), &["fmt", "-check"]);

    assert_eq!(
        (plan.exit, valid.exit, laid_out.exit),
        (0, 0, 0),
        "{}{}{text}",
        plan.err,
        valid.err
    );
    let nothing = "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.";
    assert!(plan.out.contains(nothing), "{}\n{text}", plan.out);
    assert!(text.contains("age") && text.contains("team = \"a-b\""), "{text}");
}

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

const SETTINGS: &str = r#"
resource "kubernetes_config_map_v1" "settings" {
  metadata {
    name = "settings"
  }
  data = { color = "blue" }
}
"#;

#[test]
fn a_block_is_written_for_an_object_of_a_cluster_of_the_same_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("main.tf");
    fs::write(&main, format!("{CLUSTER}{SETTINGS}")).unwrap();
    let made = terrane(folder.path(), &["apply", "-sandbox", "-auto-approve"]);
    assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
    terrane(folder.path(), &["state", "rm", "kubernetes_config_map_v1.settings"]);
    let import =
        "import {\n  to = kubernetes_config_map_v1.settings\n  id = \"default/settings\"\n}\n";
    fs::write(&main, format!("{CLUSTER}{import}")).unwrap();

    let plan = terrane(folder.path(), &["plan", "-sandbox", "-generate-config-out=gen.tf"]);
    let text = fs::read_to_string(folder.path().join("gen.tf")).unwrap_or_default();

    assert_eq!(plan.exit, 0, "{}{text}", plan.err);
    let nothing = "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.";
    assert!(plan.out.contains(nothing), "{}\n{text}", plan.out);
    assert!(text.contains("color = \"blue\""), "{text}");
}

#[test]
fn a_block_is_not_written_for_an_object_of_a_cluster_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let import =
        "import {\n  to = kubernetes_config_map_v1.settings\n  id = \"default/settings\"\n}\n";
    fs::write(folder.path().join("main.tf"), format!("{CLUSTER}{import}")).unwrap();

    let plan = terrane(folder.path(), &["plan", "-sandbox", "-generate-config-out=gen.tf"]);

    assert_eq!(plan.exit, 1, "{}", plan.out);
    assert!(plan.err.contains("comes from what is not made yet"), "{}", plan.err);
}
