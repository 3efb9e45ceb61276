# The zones of a region.
data "google_compute_zones" {
  service = "compute"
  object  = "Zone"
  hook    = "zones"
  id      = "projects/{project}/regions/{region}"

  read = { get = "projects/{project}/zones" }

  attributes = {
    project = { type = string, optional = true, computed = true, fill = project }
    region  = { type = string, optional = true, fill = region }
    status  = { type = string, optional = true, one_of = ["UP", "DOWN"] }
    names   = { type = list(string), computed = true }
  }
}
