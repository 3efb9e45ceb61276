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

provider "helm" {
  kubernetes {
    host                   = "https://${google_container_cluster.one.endpoint}"
    token                  = data.google_client_config.me.access_token
    cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
  }
}

variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2-of-the-story"
}

resource "helm_release" "web" {
  name             = "web"
  chart            = "./chart"
  namespace        = "shop"
  create_namespace = true

  values = [yamlencode({ replicas = 2, image = "example.com/web:1" })]

  set_sensitive {
    name  = "password"
    value = var.password
  }
}
