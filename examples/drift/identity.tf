# Who watches: it may read what the configuration has, and nothing else.
#
# `terrane permissions drift -format=role` writes a role with just the permissions that are needed; its name is `role` then. Without
# one these roles of Google have them, and each reads only.
locals {
  roles = var.role != "" ? [var.role] : [
    "roles/container.clusterViewer",
    "roles/iam.securityReviewer",
    "roles/serviceusage.serviceUsageViewer",
  ]
}

resource "google_service_account" "drift" {
  account_id   = "terrane-drift"
  display_name = "Watches for drift"

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "drift" {
  for_each = toset(local.roles)

  project = var.project
  role    = each.value
  member  = google_service_account.drift.member
}

# Who changed what is in the audit logs.
resource "google_project_iam_member" "logs" {
  project = var.project
  role    = "roles/logging.viewer"
  member  = google_service_account.drift.member
}

resource "google_storage_bucket_iam_member" "reports" {
  bucket = google_storage_bucket.reports.name
  role   = "roles/storage.legacyBucketReader"
  member = google_service_account.drift.member
}

resource "google_storage_bucket_iam_member" "state" {
  count = var.state_bucket == "" ? 0 : 1

  bucket = var.state_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.drift.member
}
