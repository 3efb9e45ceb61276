data "google_compute_zones" "here" {
  region = var.region

  depends_on = [google_project_service.services]
}

resource "google_service_account" "nodes" {
  account_id   = "private-nodes"
  display_name = "Nodes of the private cluster"

  depends_on = [google_project_service.services]
}

resource "google_container_cluster" "private" {
  name     = "private"
  location = data.google_compute_zones.here.names[0]

  network    = google_compute_network.private.id
  subnetwork = google_compute_subnetwork.nodes.id

  remove_default_node_pool = true
  initial_node_count       = 1
  deletion_protection      = false
  networking_mode          = "VPC_NATIVE"

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = false
    master_ipv4_cidr_block  = "172.16.0.0/28"
  }

  master_authorized_networks_config {
    cidr_blocks {
      cidr_block   = google_compute_subnetwork.nodes.ip_cidr_range
      display_name = "nodes"
    }
  }
}

resource "google_container_node_pool" "private" {
  name       = "private"
  cluster    = google_container_cluster.private.name
  location   = google_container_cluster.private.location
  node_count = 1

  node_config {
    machine_type    = "e2-medium"
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
  }
}
