provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "storage" {
  service            = "storage.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "files" {
  name     = "demo-files"
  location = "EU"
  labels   = { stage = "one" }

  depends_on = [google_project_service.storage]
}
