provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_storage_bucket" "files" {
  for_each = toset(["a", "b", "c"])

  name     = "demo-files-${each.key}"
  location = "EU"
}

resource "google_service_account" "robot" {
  account_id = "robot-one"
}
