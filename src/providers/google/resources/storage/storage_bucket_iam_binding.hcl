# All members of one role on a bucket: nobody else has it.
resource "google_storage_bucket_iam_binding" {
  service = "storage"
  object  = "Policy"
  hook    = "iam_binding"
  id      = "{bucket}/{role}"
  import  = ["{bucket} {role} {condition.title}", "{bucket} {role}"]
  inside  = { google_storage_bucket = "{bucket/}" }

  discover = { never = "its members are found one by one" }
  read   = { get = "{bucket}/iam?optionsRequestedPolicyVersion=3" }
  update = { put = "{bucket}/iam", how = none }
  timeouts = { create = "20m" }

  attributes = {
    bucket  = { type = string, required = true, replaces = true, suppress = "last_path_segment", normalize = "bucket_path" }
    role    = { type = string, required = true, replaces = true, api = "bindings.role" }
    members = { type = set(string), required = true, api = "bindings.members", suppress = "iam_members" }
    etag    = { type = string, computed = true, api = "etag", volatile = true }
  }

  block "condition" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "bindings.condition"
    attributes = {
      expression  = { type = string, required = true, replaces = true, api = "expression" }
      title       = { type = string, required = true, replaces = true, api = "title" }
      description = { type = string, optional = true, replaces = true, api = "description" }
    }
  }
}
