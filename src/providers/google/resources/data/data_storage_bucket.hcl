# A bucket that exists: what the resource says, all of it told by the service. Labels are told by effective_labels alone.
data "google_storage_bucket" {
  like = resource

  attributes = {
    name    = { type = string, required = true, api = "name" }
    project = { type = string, optional = true, fill = project }
  }
}
