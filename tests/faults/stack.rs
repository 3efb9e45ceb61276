//! The configurations that runs are disturbed in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A configuration.
#[derive(Clone)]
pub(super) struct Stack {
    pub(super) files: BTreeMap<String, String>,
}

const HEAD: &str = r#"
provider "google" {
  project = "polls-demo"
  region  = "asia-south1"
}

resource "google_project_service" "each" {
  for_each = toset(["storage.googleapis.com", "iam.googleapis.com"])
  service  = each.key
}
"#;

impl Stack {
    /// Gives a configuration with the services that most need.
    pub(super) fn of(text: &str) -> Stack {
        Stack::written(&format!("{HEAD}{text}"))
    }

    /// Gives a configuration of one file.
    pub(super) fn written(text: &str) -> Stack {
        Stack { files: BTreeMap::from([("main.tf".to_string(), text.to_string())]) }
    }

    /// Gives the example.
    pub(super) fn example() -> Stack {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls");
        let files = fs::read_dir(folder).unwrap().flatten();
        let texts = files.filter(|file| file.path().extension().is_some_and(|it| it == "tf"));
        let files = texts.map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(file.path()).unwrap())
        });
        Stack { files: files.collect() }
    }

    /// Gives two hundred objects that need one another in layers: accounts, buckets, members, keys.
    pub(super) fn many() -> Stack {
        Stack::of(
            r#"
resource "google_service_account" "each" {
  count      = 40
  account_id = "worker-${count.index}"
  depends_on = [google_project_service.each]
}

resource "google_storage_bucket" "each" {
  count         = 60
  name          = "polls-demo-part-${count.index}"
  location      = "US"
  force_destroy = true
  depends_on    = [google_project_service.each]
}

resource "google_storage_bucket_iam_member" "each" {
  count  = 60
  bucket = google_storage_bucket.each[count.index].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.each[count.index % 40].member
}

resource "google_storage_hmac_key" "each" {
  count                 = 20
  service_account_email = google_service_account.each[count.index].email
}

resource "random_password" "each" {
  count  = 20
  length = 12
}
"#,
        )
    }

    /// Gives a few objects of each of these kinds.
    pub(super) fn few() -> Stack {
        Stack::of(
            r#"
resource "google_service_account" "worker" {
  account_id = "worker"
  depends_on = [google_project_service.each]
}

resource "google_storage_bucket" "each" {
  count         = 2
  name          = "polls-demo-part-${count.index}"
  location      = "US"
  force_destroy = true
  depends_on    = [google_project_service.each]
}

resource "google_storage_bucket_iam_member" "viewer" {
  bucket = google_storage_bucket.each[0].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.worker.member
}

resource "google_storage_hmac_key" "key" {
  service_account_email = google_service_account.worker.email
}

resource "random_password" "password" {
  length = 12
}
"#,
        )
    }

    /// Keeps the state where a block says.
    pub(super) fn kept_in(&self, block: &str) -> Stack {
        let mut files = self.files.clone();
        files.insert("backend.tf".into(), format!("terraform {{\n  backend {block}\n}}\n"));
        Stack { files }
    }
}
