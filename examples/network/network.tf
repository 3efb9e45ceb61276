resource "google_project_service" "services" {
  for_each = toset(["compute.googleapis.com", "container.googleapis.com", "iam.googleapis.com"])

  service            = each.value
  disable_on_destroy = false
}

resource "google_compute_network" "private" {
  name                    = "private"
  auto_create_subnetworks = false

  depends_on = [google_project_service.services]
}

# Nodes have addresses of the first range, pods and services of the other two.
resource "google_compute_subnetwork" "nodes" {
  name                     = "nodes"
  network                  = google_compute_network.private.id
  region                   = var.region
  ip_cidr_range            = "10.10.0.0/20"
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.20.0.0/16"
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.30.0.0/20"
  }

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# What is inside may speak with what is inside.
resource "google_compute_firewall" "internal" {
  name    = "private-internal"
  network = google_compute_network.private.name

  source_ranges = concat(
    [google_compute_subnetwork.nodes.ip_cidr_range],
    google_compute_subnetwork.nodes.secondary_ip_range[*].ip_cidr_range,
  )

  allow {
    protocol = "tcp"
  }

  allow {
    protocol = "udp"
  }

  allow {
    protocol = "icmp"
  }
}

# Machines are reached by the tunnel of Identity-Aware Proxy alone.
resource "google_compute_firewall" "ssh" {
  name    = "private-ssh"
  network = google_compute_network.private.name

  source_ranges = ["35.235.240.0/20"]
  target_tags   = ["bastion"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}
