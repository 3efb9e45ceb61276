provider "google" {
  project                = "demo"
  storage_custom_endpoint = "http://127.0.0.1:9/storage/v1/"
  access_token            = "ya29.a-token"
  region                  = "europe-west1"
}

resource "google_storage_bucket" "files" {
  for_each = toset(["a", "b", "c"])

  name     = "demo-files-${each.key}"
  location = "EU"
}
