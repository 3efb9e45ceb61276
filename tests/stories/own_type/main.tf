resource "google_project_service" "kms" {
  service = "cloudkms.googleapis.com"
}

resource "google_kms_key_ring" "keys" {
  name     = "keys"
  location = "europe-west1"

  depends_on = [google_project_service.kms]
}

resource "google_kms_crypto_key" "disks" {
  name     = "disks"
  key_ring = google_kms_key_ring.keys.id
}

resource "google_kms_own_version" "second" {
  crypto_key = google_kms_crypto_key.disks.id
  state      = var.state
}

output "state" {
  value = google_kms_own_version.second.state
}

variable "state" {
  type    = string
  default = "ENABLED"
}
