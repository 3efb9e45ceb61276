# What is edited.
variable "label" {
  default = "one"
}

variable "text" {
  default = "first"
}

variable "routing" {
  default = "REGIONAL"
}

variable "inside" {
  default = false
}

variable "size" {
  default = 10
}

variable "deadline" {
  default = 10
}

variable "ttl" {
  default = 300
}

variable "rotation" {
  default = "7776000s"
}

variable "tier" {
  default = "db-custom-1-3840"
}

variable "number" {
  default = 1
}

provider "google" {
  project = "polls-demo"
  region  = "europe-west1"
}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.it.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.it.master_auth[0].cluster_ca_certificate)
}

data "google_client_config" "me" {}

resource "google_project_service" "it" {
  for_each = toset([
    "artifactregistry", "cloudkms", "compute", "container", "dns", "iam", "pubsub", "redis", "secretmanager", "sqladmin", "storage",
  ])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_compute_network" "it" {
  name                    = "network"
  auto_create_subnetworks = false
  routing_mode            = var.routing
  depends_on              = [google_project_service.it]
}

resource "google_compute_subnetwork" "it" {
  name                     = "subnetwork"
  network                  = google_compute_network.it.id
  ip_cidr_range            = "10.0.0.0/20"
  private_ip_google_access = var.inside
  depends_on               = [google_project_service.it]
}

resource "google_compute_address" "it" {
  name       = "address"
  labels     = { label = var.label }
  depends_on = [google_project_service.it]
}

resource "google_compute_global_address" "it" {
  name       = "global"
  labels     = { label = var.label }
  depends_on = [google_project_service.it]
}

resource "google_compute_firewall" "it" {
  name          = "firewall"
  network       = google_compute_network.it.self_link
  source_ranges = ["10.0.0.0/8"]
  description   = var.text
  allow {
    protocol = "tcp"
    ports    = ["80"]
  }
  depends_on = [google_project_service.it]
}

resource "google_compute_disk" "it" {
  name       = "disk"
  zone       = "europe-west1-b"
  size       = var.size
  labels     = { label = var.label }
  depends_on = [google_project_service.it]
}

resource "google_compute_instance" "it" {
  name         = "machine"
  zone         = "europe-west1-b"
  machine_type = "e2-small"
  labels       = { label = var.label }
  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }
  network_interface {
    subnetwork = google_compute_subnetwork.it.id
  }
  depends_on = [google_project_service.it]
}

resource "google_storage_bucket" "it" {
  name          = "phantoms-bucket"
  location      = "EU"
  force_destroy = true
  labels        = { label = var.label }
  depends_on    = [google_project_service.it]
}

resource "google_storage_bucket_object" "it" {
  bucket     = google_storage_bucket.it.name
  name       = "object"
  content    = var.text
  depends_on = [google_project_service.it]
}

resource "google_storage_bucket_iam_member" "it" {
  bucket     = google_storage_bucket.it.name
  role       = "roles/storage.objectViewer"
  member     = google_service_account.it.member
  depends_on = [google_project_service.it]
}

resource "google_service_account" "it" {
  account_id   = "phantoms"
  display_name = var.text
  depends_on   = [google_project_service.it]
}

resource "google_service_account_key" "it" {
  service_account_id = google_service_account.it.name
  depends_on         = [google_project_service.it]
}

resource "google_storage_hmac_key" "it" {
  service_account_email = google_service_account.it.email
  depends_on            = [google_project_service.it]
}

resource "google_secret_manager_secret" "it" {
  secret_id = "secret"
  labels    = { label = var.label }
  replication {
    auto {}
  }
  depends_on = [google_project_service.it]
}

resource "google_secret_manager_secret_version" "it" {
  secret      = google_secret_manager_secret.it.id
  secret_data = var.text
  depends_on  = [google_project_service.it]
}

resource "google_pubsub_topic" "it" {
  name       = "topic"
  labels     = { label = var.label }
  depends_on = [google_project_service.it]
}

resource "google_pubsub_subscription" "it" {
  name                 = "subscription"
  topic                = google_pubsub_topic.it.id
  ack_deadline_seconds = var.deadline
  depends_on           = [google_project_service.it]
}

resource "google_dns_managed_zone" "it" {
  name        = "zone"
  dns_name    = "example.com."
  description = var.text
  depends_on  = [google_project_service.it]
}

resource "google_dns_record_set" "it" {
  managed_zone = google_dns_managed_zone.it.name
  name         = "www.example.com."
  type         = "A"
  ttl          = var.ttl
  rrdatas      = ["192.0.2.1"]
  depends_on   = [google_project_service.it]
}

resource "google_artifact_registry_repository" "it" {
  repository_id = "repository"
  location      = "europe-west1"
  format        = "DOCKER"
  description   = var.text
  depends_on    = [google_project_service.it]
}

resource "google_kms_key_ring" "it" {
  name       = "ring"
  location   = "europe-west1"
  depends_on = [google_project_service.it]
}

resource "google_kms_crypto_key" "it" {
  name            = "key"
  key_ring        = google_kms_key_ring.it.id
  rotation_period = var.rotation
  labels          = { label = var.label }
  depends_on      = [google_project_service.it]
}

resource "google_sql_database_instance" "it" {
  name                = "database"
  database_version    = "POSTGRES_15"
  deletion_protection = false
  settings {
    tier = var.tier
  }
  depends_on = [google_project_service.it]
}

resource "google_sql_database" "it" {
  name       = "polls"
  instance   = google_sql_database_instance.it.name
  depends_on = [google_project_service.it]
}

resource "google_sql_user" "it" {
  name       = "polls"
  instance   = google_sql_database_instance.it.name
  password   = var.text
  depends_on = [google_project_service.it]
}

resource "google_redis_instance" "it" {
  name           = "redis"
  memory_size_gb = 1
  display_name   = var.text
  depends_on     = [google_project_service.it]
}

resource "google_container_cluster" "it" {
  name                     = "cluster"
  location                 = "europe-west1-b"
  initial_node_count       = 1
  remove_default_node_pool = true
  deletion_protection      = false
  resource_labels          = { label = var.label }
  depends_on               = [google_project_service.it]
}

resource "google_container_node_pool" "it" {
  name       = "pool"
  cluster    = google_container_cluster.it.id
  node_count = var.number
  depends_on = [google_project_service.it]
}

resource "kubernetes_namespace_v1" "it" {
  metadata {
    name   = "phantoms"
    labels = { label = var.label }
  }
}

resource "kubernetes_config_map_v1" "it" {
  metadata {
    name      = "config"
    namespace = kubernetes_namespace_v1.it.metadata[0].name
  }
  data = { label = var.label }
}

resource "kubernetes_secret_v1" "it" {
  metadata {
    name      = "secret"
    namespace = kubernetes_namespace_v1.it.metadata[0].name
  }
  data = { label = var.label }
}

resource "kubernetes_service_account_v1" "it" {
  metadata {
    name        = "account"
    annotations = { label = var.label }
  }
}

resource "kubernetes_service_v1" "it" {
  metadata {
    name   = "web"
    labels = { label = var.label }
  }
  spec {
    selector = { app = "web" }
    port {
      port = 80
    }
  }
}

resource "kubernetes_deployment_v1" "it" {
  metadata {
    name = "web"
  }
  spec {
    replicas = var.number
    selector {
      match_labels = { app = "web" }
    }
    template {
      metadata {
        labels = { app = "web" }
      }
      spec {
        container {
          name  = "web"
          image = "example.com/web:1"
        }
      }
    }
  }
}

resource "kubernetes_manifest" "it" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "manifest", namespace = "default" }
    data       = { label = var.label }
  }
}
