provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each = toset(["compute.googleapis.com", "container.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_container_cluster" "one" {
  name                = "one"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false

  depends_on = [google_project_service.services]
}

resource "google_container_node_pool" "more" {
  name       = "more"
  cluster    = google_container_cluster.one.id
  node_count = 1
}
