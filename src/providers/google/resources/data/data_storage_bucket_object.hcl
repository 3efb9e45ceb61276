# An object that exists: what the resource says, all of it told by the service.
data "google_storage_bucket_object" {
  like = resource

  attributes = {
    bucket = { type = string, required = true, api = "bucket" }
    name   = { type = string, required = true, api = "name" }
  }
}
