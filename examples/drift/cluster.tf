resource "google_project_service" "needed" {
  for_each = toset(["cloudresourcemanager", "container", "iam", "logging", "storage"])

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_container_cluster" "watched" {
  name     = "watched"
  location = var.zone

  initial_node_count  = 1
  deletion_protection = false

  # Pods are service accounts of Google by this, without a key.
  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }

  depends_on = [google_project_service.needed]
}

# What is watched, beside the watcher itself.
resource "google_storage_bucket" "reports" {
  name                        = "${var.project}-reports"
  location                    = var.region
  uniform_bucket_level_access = true
  force_destroy               = true

  depends_on = [google_project_service.needed]
}
