locals {
  services = toset([
    "artifactregistry.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "iam.googleapis.com",
    "storage.googleapis.com",
  ])
}

resource "google_project_service" "services" {
  for_each = local.services

  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "nodes" {
  account_id   = "pollsapi-nodes"
  display_name = "Nodes of the pollsapi cluster"

  depends_on = [google_project_service.services]
}

resource "google_project_iam_member" "nodes" {
  for_each = toset([
    "roles/artifactregistry.reader",
    "roles/container.defaultNodeServiceAccount",
  ])

  project = var.project
  role    = each.value
  member  = google_service_account.nodes.member
}

resource "google_container_cluster" "pollsapi" {
  name     = "pollsapi"
  location = var.zone

  # The nodes are in a pool of their own.
  remove_default_node_pool = true
  initial_node_count       = 1

  deletion_protection = false
  networking_mode     = "VPC_NATIVE"
  min_master_version  = var.kubernetes_version
  resource_labels     = var.labels

  ip_allocation_policy {}

  release_channel {
    channel = "REGULAR"
  }

  depends_on = [google_project_service.services]
}

resource "google_container_node_pool" "pollsapi" {
  name       = "pollsapi"
  cluster    = google_container_cluster.pollsapi.name
  location   = google_container_cluster.pollsapi.location
  node_count = 2

  node_config {
    machine_type    = var.machine_type
    image_type      = "COS_CONTAINERD"
    disk_size_gb    = 20
    disk_type       = "pd-standard"
    preemptible     = true
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  depends_on = [google_project_iam_member.nodes]
}

resource "google_artifact_registry_repository" "pollsapi" {
  repository_id = "pollsapi"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the polls application"

  depends_on = [google_project_service.services]
}
