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

resource "kubernetes_manifest" "guard" {
  manifest = {
    apiVersion = "apps/v1"
    kind       = "Deployment"
    metadata   = { name = "guard", namespace = "default" }
    spec = {
      selector = { matchLabels = { app = "guard" } }
      template = {
        metadata = { labels = { app = "guard" } }
        spec     = { containers = [{ name = "guard", image = "nginx:1", ports = [{ containerPort = 443 }] }] }
      }
    }
  }
}

resource "kubernetes_manifest" "door" {
  manifest = {
    apiVersion = "v1"
    kind       = "Service"
    metadata   = { name = "guard", namespace = "default" }
    spec       = { selector = { app = "guard" }, ports = [{ port = 443 }] }
  }
}

resource "kubernetes_manifest" "rule" {
  manifest = {
    apiVersion = "admissionregistration.k8s.io/v1"
    kind       = "ValidatingWebhookConfiguration"
    metadata   = { name = "guard" }
    webhooks = [{
      name                    = "guard.example.com"
      sideEffects             = "None"
      admissionReviewVersions = ["v1"]
      clientConfig            = { service = { name = "guard", namespace = "default" } }
      objectSelector          = { matchLabels = { guarded = "yes" } }
      rules = [{
        operations  = ["CREATE", "UPDATE"]
        apiGroups   = [""]
        apiVersions = ["v1"]
        resources   = ["configmaps"]
      }]
    }]
  }
}

resource "kubernetes_manifest" "guarded" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "guarded", namespace = "default", labels = { guarded = "yes" } }
    data       = { a = "1" }
  }

  depends_on = [kubernetes_manifest.rule]
}
