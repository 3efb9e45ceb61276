provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_service_account" "robot" {
  account_id = "robot-one"
}

resource "google_storage_hmac_key" "robot" {
  service_account_email = google_service_account.robot.email
}

resource "google_storage_bucket" "files" {
  for_each      = toset(["a", "b"])
  name          = "demo-${each.key}"
  location      = "EU"
  force_destroy = true
}
