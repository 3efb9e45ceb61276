# A cluster and what runs in it.

variable "image" {
  default = "nginx:1.25" # pinned
}

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
  service            = "container.googleapis.com"
  disable_on_destroy = false
}

resource "google_container_cluster" "main" {
  name                = "main"
  location            = "europe-west1-b"
  initial_node_count  = 2
  deletion_protection = false

  depends_on = [google_project_service.services]
}

resource "kubernetes_namespace_v1" "polls" {
  metadata {
    name   = "polls"
    labels = { team = "web" }
  }
}

resource "kubernetes_config_map_v1" "settings" {
  metadata {
    name      = "settings"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
  }

  data = {
    level = "info" # how much is told
    mode  = "fast"
  }
}

resource "kubernetes_secret_v1" "password" {
  metadata {
    name      = "password"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
  }

  data = {
    password = "hunter2"
  }
}

resource "kubernetes_deployment_v1" "api" {
  metadata {
    name      = "api"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
    labels    = { app = "api" }
  }

  spec {
    replicas = 2

    selector {
      match_labels = { app = "api" }
    }

    template {
      metadata {
        labels = { app = "api" }
      }

      spec {
        container {
          name  = "api"
          image = var.image

          env {
            name  = "LEVEL"
            value = "info" # as in the settings
          }
        }
      }
    }
  }
}

resource "kubernetes_service_v1" "api" {
  metadata {
    name      = "api"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
  }

  spec {
    selector = { app = "api" }

    port {
      port        = 80
      target_port = 8000
    }
  }
}

resource "kubernetes_role_v1" "reader" {
  metadata {
    name      = "reader"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
  }

  rule {
    api_groups = [""]
    resources  = ["configmaps"]
    verbs      = ["get", "list"]
  }
}

resource "kubernetes_horizontal_pod_autoscaler_v2" "api" {
  metadata {
    name      = "web"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
  }

  spec {
    min_replicas = 1
    max_replicas = 3

    scale_target_ref {
      api_version = "apps/v1"
      kind        = "Deployment"
      name        = "absent"
    }

    metric {
      type = "Resource"
      resource {
        name = "cpu"
        target {
          type                = "Utilization"
          average_utilization = 80
        }
      }
    }
  }
}

resource "kubernetes_manifest" "words" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata = {
      name      = "words"
      namespace = kubernetes_namespace_v1.polls.metadata[0].name
    }
    data = {
      hello = "world"
    }
  }
}
