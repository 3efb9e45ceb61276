variable "team" {
  type    = string
  default = "shop"
}

resource "google_project_service" "used" {
  for_each           = toset(["pubsub", "compute"])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_api_resource" "orders" {
  service    = "pubsub"
  version    = "v1"
  collection = "projects/polls-demo/topics"
  name       = "orders"

  body = {
    labels                   = { team = var.team }
    messageRetentionDuration = "86400s"
  }

  depends_on = [google_project_service.used]
}

resource "google_api_resource" "network" {
  service    = "compute"
  version    = "v1"
  collection = "projects/polls-demo/global/networks"
  name       = "shop"

  body = {
    autoCreateSubnetworks = false
    mtu                   = 1460
  }

  depends_on = [google_project_service.used]
}

output "topic" {
  value = google_api_resource.orders.output.name
}
