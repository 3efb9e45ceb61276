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
