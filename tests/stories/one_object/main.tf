provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "storage" {
  service            = "storage.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "files" {
  name          = "demo-files"
  location      = "EU"
  force_destroy = true

  depends_on = [google_project_service.storage]
}

resource "google_storage_bucket" "more" {
  name          = "demo-files"
  location      = "EU"
  force_destroy = true

  depends_on = [google_project_service.storage]
}
