# The address of the application, and the name that leads to it.
resource "google_compute_global_address" "web" {
  name   = "polls"
  labels = var.labels

  depends_on = [google_project_service.needed]
}

resource "google_dns_managed_zone" "polls" {
  name        = "polls"
  dns_name    = var.domain
  description = "The polls application"
  labels      = var.labels

  depends_on = [google_project_service.needed]
}

resource "google_dns_record_set" "web" {
  managed_zone = google_dns_managed_zone.polls.name
  name         = google_dns_managed_zone.polls.dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_global_address.web.address]
}

resource "google_dns_record_set" "www" {
  managed_zone = google_dns_managed_zone.polls.name
  name         = "www.${google_dns_managed_zone.polls.dns_name}"
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_managed_zone.polls.dns_name]
}

# Nobody sends mail from here.
resource "google_dns_record_set" "mail" {
  managed_zone = google_dns_managed_zone.polls.name
  name         = google_dns_managed_zone.polls.dns_name
  type         = "TXT"
  ttl          = 3600
  rrdatas      = ["\"v=spf1 -all\""]
}
