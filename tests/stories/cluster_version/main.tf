variable "minor" {
  default = "1.31"
}

provider "google" {
  project = "polls-demo"
}

resource "google_container_cluster" "one" {
  name                = "polls"
  location            = "europe-west1-b"
  initial_node_count  = 1
  min_master_version  = var.minor
  deletion_protection = false
}

data "google_client_config" "me" {}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}

resource "kubernetes_manifest" "web" {
  manifest = {
    apiVersion = "v1"
    kind       = "Pod"
    metadata   = { name = "web", namespace = "default" }
    spec = {
      hostnameOverride = "front"
      containers       = [{ name = "web", image = "nginx" }]
    }
  }
}

resource "kubernetes_manifest" "class" {
  manifest = {
    apiVersion = "resource.k8s.io/v1"
    kind       = "DeviceClass"
    metadata   = { name = "gpu" }
    spec       = {}
  }
}
