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
  name     = "demo-files"
  location = "EU"

  depends_on = [google_project_service.services]
}

resource "google_service_account" "robot" {
  account_id = "robot-one"

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_iam_member" "robot" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectAdmin"
  member = google_service_account.robot.member
}

output "bucket" {
  value = google_storage_bucket.files.url
}

output "robot" {
  value = google_service_account.robot.email
}
