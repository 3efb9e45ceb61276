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

resource "kubernetes_manifest" "space" {
  manifest = {
    apiVersion = "v1"
    kind       = "Namespace"
    metadata   = { name = "parts" }
  }
}

resource "kubernetes_manifest" "other" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "other", namespace = "parts" }
    data       = { a = "1" }
  }
}

resource "kubernetes_manifest" "small" {
  manifest = {
    apiVersion = "example.com/v1"
    kind       = "Widget"
    metadata   = { name = "small", namespace = "parts" }
    spec       = { size = 3, parts = [{ name = "a" }] }
  }
}

resource "kubernetes_manifest" "widgets" {
  manifest = {
    apiVersion = "apiextensions.k8s.io/v1"
    kind       = "CustomResourceDefinition"
    metadata   = { name = "widgets.example.com" }
    spec = {
      group = "example.com"
      scope = "Namespaced"
      names = { plural = "widgets", singular = "widget", kind = "Widget" }
      versions = [{
        name    = "v1"
        served  = true
        storage = true
        schema = {
          openAPIV3Schema = {
            type = "object"
            properties = {
              spec = {
                type     = "object"
                required = ["size"]
                properties = {
                  size   = { type = "integer", minimum = 1 }
                  colour = { type = "string", enum = ["red", "blue"], default = "red" }
                  parts = {
                    type                         = "array"
                    "x-kubernetes-list-type"     = "map"
                    "x-kubernetes-list-map-keys" = ["name"]
                    items = {
                      type       = "object"
                      required   = ["name"]
                      properties = { name = { type = "string" }, count = { type = "integer", default = 1 } }
                    }
                  }
                }
              }
            }
          }
        }
      }]
    }
  }
}
