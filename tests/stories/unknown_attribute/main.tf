provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_storage_bucket" "files" {
  nmae     = "demo-files"
  location = "EU"

  versionning {
    enabled = true
  }
}
