terraform {
  required_providers {
    google     = { source = "hashicorp/google" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}

provider "google" {
  project = "polls"
}

resource "google_project_service" "used" {
  for_each = toset(["iam", "iamcredentials", "secretmanager", "storage", "container"])
  service  = "${each.key}.googleapis.com"
}

resource "google_service_account" "app" {
  account_id = "polls-app"
  depends_on = [google_project_service.used]
}

# A token, with which another configuration of the provider works.
ephemeral "google_service_account_access_token" "app" {
  target_service_account = google_service_account.app.email
  scopes                 = ["cloud-platform"]
  lifetime               = "600s"
}

provider "google" {
  alias        = "app"
  project      = "polls"
  access_token = ephemeral.google_service_account_access_token.app.access_token
}

resource "google_storage_bucket" "polls" {
  provider = google.app
  name     = "polls-of-the-app"
  location = "EU"
}

# Claims, an identity and a key for a program.
ephemeral "google_service_account_jwt" "app" {
  target_service_account = google_service_account.app.email
  payload                = jsonencode({ sub = "polls" })
  expires_in             = 60
}

ephemeral "google_service_account_id_token" "app" {
  target_service_account = google_service_account.app.email
  target_audience        = "https://polls.example.com"
  include_email          = true
}

ephemeral "google_service_account_key" "app" {
  service_account_id = google_service_account.app.name
}

resource "google_container_cluster" "polls" {
  name                = "polls"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false
  depends_on          = [google_project_service.used]
}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.polls.endpoint}"
  cluster_ca_certificate = base64decode(google_container_cluster.polls.master_auth[0].cluster_ca_certificate)
}

resource "kubernetes_service_account_v1" "app" {
  metadata {
    name = "app"
  }
}

ephemeral "kubernetes_token_request_v1" "app" {
  metadata {
    name      = kubernetes_service_account_v1.app.metadata[0].name
    namespace = kubernetes_service_account_v1.app.metadata[0].namespace
  }
  spec {
    audiences          = ["polls"]
    expiration_seconds = 1200
  }
}

# What nothing keeps goes into what nothing keeps.
resource "kubernetes_secret_v1" "key" {
  metadata {
    name = "key"
  }
  data_wo = {
    key = ephemeral.google_service_account_key.app.private_key
  }
  data_wo_revision = 1

  provisioner "local-exec" {
    command = "for text in \"$JWT\" \"$ID\" \"$TOKEN\"; do case $text in *.*) ;; *) exit 1;; esac; done"
    environment = {
      JWT   = ephemeral.google_service_account_jwt.app.jwt
      ID    = ephemeral.google_service_account_id_token.app.id_token
      TOKEN = ephemeral.kubernetes_token_request_v1.app.token
    }
  }
}
