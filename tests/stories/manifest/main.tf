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

data "google_client_config" "me" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}

resource "kubernetes_manifest" "web" {
  manifest = {
    apiVersion = "apps/v1"
    kind       = "Deployment"
    metadata   = { name = "web", namespace = "shop" }
    spec = {
      replicas = 2
      selector = { matchLabels = { app = "web" } }
      template = {
        metadata = { labels = { app = "web" } }
        spec = {
          containers = [{
            name      = "web"
            image     = "example.com/web:1"
            ports     = [{ containerPort = "8000" }]
            resources = { requests = { cpu = "0.1", memory = "131072Ki" } }
            envFrom   = [{ secretRef = { name = "web" } }]
          }]
        }
      }
    }
  }

  wait {
    rollout = true
  }
}

resource "kubernetes_manifest" "secret" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "web", namespace = "shop" }
    stringData = { password = "hunter2-of-the-story" }
  }
}

resource "kubernetes_manifest" "shop" {
  manifest = {
    apiVersion = "v1"
    kind       = "Namespace"
    metadata   = { name = "shop" }
  }
}
