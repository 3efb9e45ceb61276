terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.30"
    }
    random = {
      source  = "hashicorp/random"
      version = ">= 3.5"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
  zone    = var.zone
}

# The cluster is made in the same plan: until then its objects are planned from the files and the bundled definitions.
provider "kubernetes" {
  host                   = "https://${google_container_cluster.pollsapi.endpoint}"
  token                  = data.google_client_config.default.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.pollsapi.master_auth[0].cluster_ca_certificate)
}

data "google_client_config" "default" {}
