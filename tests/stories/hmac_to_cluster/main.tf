provider "google" {
  project = "demo"
  region  = "europe-west1"
}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.main.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.main.master_auth[0].cluster_ca_certificate)
}

data "google_client_config" "me" {}

resource "google_project_service" "services" {
  for_each = toset(["container.googleapis.com", "iam.googleapis.com", "storage.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_container_cluster" "main" {
  name                = "main"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false
  depends_on          = [google_project_service.services]
}

resource "kubernetes_namespace_v1" "shop" {
  metadata {
    name = "shop"
  }
}

resource "google_service_account" "uploads" {
  account_id = "uploads"
  depends_on = [google_project_service.services]
}

resource "google_storage_hmac_key" "uploads" {
  service_account_email = google_service_account.uploads.email

  secret_sink {
    kubernetes_secret {
      host                   = "https://${google_container_cluster.main.endpoint}"
      cluster_ca_certificate = base64decode(google_container_cluster.main.master_auth[0].cluster_ca_certificate)
      namespace              = kubernetes_namespace_v1.shop.metadata[0].name
      name                   = "uploads-key"
    }
  }
}

output "held_by" {
  value = google_storage_hmac_key.uploads.secret_sink[0].version
}

output "secret" {
  value     = google_storage_hmac_key.uploads.secret
  sensitive = true
}
