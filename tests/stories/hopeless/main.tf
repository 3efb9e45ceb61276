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

resource "kubernetes_job_v1" "migrate" {
  metadata {
    name = "migrate"
  }

  spec {
    backoff_limit = 3

    template {
      metadata {}

      spec {
        restart_policy = "OnFailure"

        container {
          name    = "migrate"
          image   = "busybox:1"
          command = ["sh", "-c", "echo begins; echo no database; exit 3"]
        }
      }
    }
  }

  wait_for_completion = true

  timeouts {
    create = "60m"
  }
}
