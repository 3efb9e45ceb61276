# Buckets and accounts.

variable "class" {
  default = "STANDARD" # the cheapest that is fast
}

variable "age" {
  type = number
}

locals {
  common = {
    team = "web" # all of ours
  }
  titles = {
    robot = "Robot"
    clerk = "Clerk"
  }
}

provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each = toset(["iam.googleapis.com", "storage.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_storage_bucket" "files" {
  name          = "demo-files"
  location      = "EU"
  storage_class = var.class

  # What belongs to whom.
  labels = merge(local.common, {
    app = "polls" # the app's name
  })

  versioning {
    enabled = true # nothing is lost
  }

  lifecycle_rule {
    condition {
      age = var.age
    }
    action {
      type = "Delete"
    }
  }

  cors {
    origin = ["https://a.example"] # ours
    method = ["GET"]
  }

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket" "logs" {
  name     = "demo-logs"
  location = "EU"

  labels = {
    app  = "logs"
    tier = "cold" # who pays
  }

  lifecycle {
    ignore_changes = [storage_class]
  }

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_object" "index" {
  name    = "index.html"
  bucket  = google_storage_bucket.files.name
  content = "<h1>polls</h1>"
}

resource "google_service_account" "people" {
  for_each = local.titles

  account_id   = "${each.key}-one"
  display_name = each.value

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_iam_member" "reader" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.people["robot"].member
}

resource "google_project_iam_member" "viewer" {
  project = "demo"
  role    = "roles/viewer"
  member  = google_service_account.people["robot"].member
}

resource "google_storage_hmac_key" "key" {
  service_account_email = google_service_account.people["robot"].email
}
