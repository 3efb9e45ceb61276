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
    backoff_limit = 1

    template {
      metadata {}

      spec {
        restart_policy = "Never"

        container {
          name    = "migrate"
          image   = "example.com/polls:1"
          command = ["python", "manage.py", "migrate"]
        }
      }
    }
  }

  wait_for_completion = true

  timeouts {
    create = "10m"
  }
}

resource "kubernetes_config_map_v1" "after" {
  metadata {
    name = "after"
  }

  data = {
    migrated = kubernetes_job_v1.migrate.metadata[0].name
  }
}
