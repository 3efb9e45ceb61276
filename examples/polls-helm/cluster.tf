resource "google_project_service" "services" {
  for_each = toset(["compute.googleapis.com", "container.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_container_cluster" "pollsapi" {
  name     = "pollsapi"
  location = var.zone

  # The nodes are in a pool of their own.
  remove_default_node_pool = true
  initial_node_count       = 1

  deletion_protection = false
  networking_mode     = "VPC_NATIVE"

  ip_allocation_policy {}

  depends_on = [google_project_service.services]
}

resource "google_container_node_pool" "pollsapi" {
  name       = "pollsapi"
  cluster    = google_container_cluster.pollsapi.name
  location   = google_container_cluster.pollsapi.location
  node_count = 2

  node_config {
    machine_type = "g1-small"
    oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }
}
