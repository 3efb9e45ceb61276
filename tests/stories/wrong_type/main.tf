provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_storage_bucket" "files" {
  name          = "demo-files"
  location      = ["EU"]
  force_destroy = "maybe"
  storage_class = "WARM"

  versioning {
    enabled = 3
  }
}
