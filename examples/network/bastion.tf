resource "google_compute_disk" "tools" {
  name = "bastion-tools"
  zone = data.google_compute_zones.here.names[0]
  type = "pd-balanced"
  size = 20
}

# The way to the private cluster.
resource "google_compute_instance" "bastion" {
  name         = "bastion"
  zone         = data.google_compute_zones.here.names[0]
  machine_type = "e2-small"
  tags         = ["bastion"]

  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
      size  = 20
    }
  }

  attached_disk {
    source      = google_compute_disk.tools.id
    device_name = "tools"
  }

  network_interface {
    subnetwork = google_compute_subnetwork.nodes.id
  }

  metadata = {
    enable-oslogin = "TRUE"
  }

  shielded_instance_config {
    enable_secure_boot = true
  }
}
