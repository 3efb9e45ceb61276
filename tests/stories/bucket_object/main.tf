provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "storage" {
  service            = "storage.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "site" {
  name     = "demo-site"
  location = "EU"

  depends_on = [google_project_service.storage]
}

resource "google_storage_bucket_object" "page" {
  bucket = google_storage_bucket.site.name
  name   = "pages/index.html"
  source = "index.html"
}

resource "google_storage_bucket_object" "settings" {
  bucket  = google_storage_bucket.site.name
  name    = "settings.json"
  content = jsonencode({ debug = false })
}
