# A cluster with two pools.

provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  service            = "container.googleapis.com"
  disable_on_destroy = false
}

resource "google_container_cluster" "main" {
  name                     = "main"
  location                 = "europe-west1-b"
  initial_node_count       = 1
  remove_default_node_pool = true
  deletion_protection      = false

  resource_labels = {
    app = "polls"
  }

  depends_on = [google_project_service.services]
}

resource "google_container_node_pool" "fixed" {
  name       = "fixed"
  cluster    = google_container_cluster.main.id
  node_count = 1
}

resource "google_container_node_pool" "elastic" {
  name               = "elastic"
  cluster            = google_container_cluster.main.id
  initial_node_count = 1

  autoscaling {
    min_node_count = 1
    max_node_count = 3
  }
}
