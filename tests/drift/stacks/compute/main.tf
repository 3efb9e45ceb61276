# A network and a machine.

provider "google" {
  project = "demo"
  region  = "europe-west1"
  zone    = "europe-west1-b"
}

resource "google_project_service" "services" {
  service            = "compute.googleapis.com"
  disable_on_destroy = false
}

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false

  depends_on = [google_project_service.services]
}

resource "google_compute_subnetwork" "sub" {
  name                     = "sub"
  network                  = google_compute_network.net.id
  ip_cidr_range            = "10.0.0.0/24"
  private_ip_google_access = false
}

resource "google_compute_firewall" "web" {
  name          = "web"
  network       = google_compute_network.net.name
  source_ranges = ["10.1.0.0/16"] # the office

  allow {
    protocol = "tcp"
    ports    = ["80"]
  }
}

resource "google_compute_address" "front" {
  name = "front"

  depends_on = [google_project_service.services]
}

resource "google_compute_disk" "data" {
  name = "data"
  size = 20
  type = "pd-ssd"

  labels = {
    app = "polls"
  }

  depends_on = [google_project_service.services]
}

resource "google_compute_instance" "machine" {
  name         = "machine"
  machine_type = "e2-small"
  tags         = ["web"]

  labels = {
    app = "polls"
  }

  metadata = {
    level = "info"
  }

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.sub.id
  }
}
