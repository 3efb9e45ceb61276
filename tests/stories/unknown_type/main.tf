provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_storage_bukket" "files" {
  name = "demo-files"
}

resource "google_spanner_instance" "big" {
  name = "big"
}

data "google_client_confg" "me" {}
