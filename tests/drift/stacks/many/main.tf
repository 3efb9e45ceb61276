# Many buckets, a cluster, and many settings in it.

provider "google" {
  project = "demo"
  region  = "europe-west1"
}

data "google_client_config" "us" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.main.endpoint}"
  cluster_ca_certificate = base64decode(google_container_cluster.main.master_auth[0].cluster_ca_certificate)
  token                  = data.google_client_config.us.access_token
}

resource "google_project_service" "services" {
  for_each = toset(["container", "storage"])

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "files" {
  count = 12

  name     = "demo-files-${count.index}"
  location = "EU"
  labels   = { team = "web" }

  depends_on = [google_project_service.services]
}

resource "google_container_cluster" "main" {
  name                = "main"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false

  depends_on = [google_project_service.services]
}

resource "kubernetes_config_map_v1" "settings" {
  count = 12

  metadata {
    name      = "settings-${count.index}"
    namespace = "default"
  }

  data = { level = "info" }
}
