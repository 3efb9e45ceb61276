terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0"
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
}

# The services that are called here. They stay on when this is destroyed: others may use them.
resource "google_project_service" "needed" {
  for_each = toset(["compute", "dns", "pubsub", "redis", "secretmanager", "sqladmin"])

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
