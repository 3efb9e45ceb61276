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

resource "kubernetes_config_map_v1" "settings" {
  count = 3

  metadata {
    name = "settings-${count.index}"
  }
}

resource "kubernetes_service_v1" "open" {
  metadata {
    name = "open"
  }

  spec {
    type     = "LoadBalancer"
    selector = { app = "web" }

    port {
      port = 80
    }
  }
}

resource "kubernetes_stateful_set_v1" "db" {
  metadata {
    name = "db"
  }

  spec {
    service_name = "db"

    selector {
      match_labels = { app = "db" }
    }

    template {
      metadata {
        labels = { app = "db" }
      }

      spec {
        container {
          name  = "db"
          image = "example.com/db:1"
        }
      }
    }

    volume_claim_template {
      metadata {
        name = "disk"
      }

      spec {
        access_modes = ["ReadWriteOnce"]

        resources {
          requests = { storage = "1Gi" }
        }
      }
    }
  }
}
