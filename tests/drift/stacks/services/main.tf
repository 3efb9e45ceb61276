# Queues, secrets, packages, names, keys, a database.

locals {
  deadline = 20
}

provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each = toset([
    "artifactregistry.googleapis.com", "cloudkms.googleapis.com", "dns.googleapis.com", "pubsub.googleapis.com",
    "secretmanager.googleapis.com", "sqladmin.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

resource "google_pubsub_topic" "votes" {
  name   = "votes"
  labels = { app = "polls" }

  depends_on = [google_project_service.services]
}

resource "google_pubsub_subscription" "count" {
  name                 = "count"
  topic                = google_pubsub_topic.votes.id
  ack_deadline_seconds = local.deadline
}

resource "google_secret_manager_secret" "password" {
  secret_id = "password"
  labels = {
    app = "polls"
  }

  replication {
    auto {}
  }

  depends_on = [google_project_service.services]
}

resource "google_artifact_registry_repository" "images" {
  location      = "europe-west1"
  repository_id = "images"
  format        = "DOCKER"
  description   = "Images of polls"

  depends_on = [google_project_service.services]
}

resource "google_dns_managed_zone" "zone" {
  name        = "polls"
  dns_name    = "polls.example."
  description = "Names of polls"

  depends_on = [google_project_service.services]
}

resource "google_dns_record_set" "www" {
  managed_zone = google_dns_managed_zone.zone.name
  name         = "www.polls.example."
  type         = "A"
  ttl          = 300
  rrdatas      = ["192.0.2.1"]
}

resource "google_kms_key_ring" "ring" {
  name     = "ring"
  location = "europe-west1"

  depends_on = [google_project_service.services]
}

resource "google_kms_crypto_key" "key" {
  name            = "key"
  key_ring        = google_kms_key_ring.ring.id
  rotation_period = "7776000s"
}

resource "google_sql_database_instance" "database" {
  name                = "polls"
  database_version    = "POSTGRES_15"
  deletion_protection = false

  settings {
    tier            = "db-custom-1-3840"
    disk_size       = 10
    disk_autoresize = true
  }

  depends_on = [google_project_service.services]
}
