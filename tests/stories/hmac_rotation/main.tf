provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each = toset(["iam.googleapis.com", "secretmanager.googleapis.com", "storage.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "uploads" {
  account_id = "uploads"
  depends_on = [google_project_service.services]
}

resource "google_secret_manager_secret" "key" {
  secret_id  = "uploads-key"
  depends_on = [google_project_service.services]

  replication {
    auto {}
  }
}

resource "google_storage_hmac_key" "uploads" {
  service_account_email = google_service_account.uploads.email
  rotation_period       = "30d"
  rotation_grace        = "1d"

  secret_sink {
    secret = google_secret_manager_secret.key.id
  }
}
