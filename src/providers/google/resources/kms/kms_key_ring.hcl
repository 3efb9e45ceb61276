# A key ring of Cloud KMS. The service keeps it for ever: what is destroyed here is only let go.
resource "google_kms_key_ring" {
  service = "cloudkms"
  object  = "KeyRing"
  id      = "projects/{project}/locations/{location}/keyRings/{name}"
  import  = ["projects/{project}/locations/{location}/keyRings/{name}", "{project}/{location}/{name}", "{location}/{name}"]

  create = { post = "projects/{project}/locations/{location}/keyRings?keyRingId={name}" }
  read   = { get = "projects/{project}/locations/{location}/keyRings/{name}" }
  list   = { get = "projects/{project}/locations/{location}/keyRings?pageSize=500", items = "keyRings", by = "name" }
  discover = { places = "projects/{project}/locations" }
  timeouts = { create = "20m", delete = "20m" }

  attributes = {
    location = { type = string, required = true, replaces = true }
    name     = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    project  = { type = string, optional = true, computed = true, replaces = true, fill = project }
  }
}
