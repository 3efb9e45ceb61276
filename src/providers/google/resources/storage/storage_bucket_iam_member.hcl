# One member of one role on a bucket.
resource "google_storage_bucket_iam_member" {
  service = "storage"
  object  = "Policy"
  hook    = "iam_member"
  id      = "{bucket}/{role}/{member}"
  import  = ["{bucket} {role} {member} {condition.title}", "{bucket} {role} {member}"]
  inside  = { google_storage_bucket = "{bucket/}" }

  read   = { get = "{bucket}/iam?optionsRequestedPolicyVersion=3" }
  update = { put = "{bucket}/iam", how = none }
  timeouts = { create = "20m" }

  attributes = {
    bucket = { type = string, required = true, replaces = true, suppress = "last_path_segment", normalize = "bucket_path" }
    role   = { type = string, required = true, replaces = true, api = "bindings.role" }
    member = { type = string, required = true, replaces = true, api = "bindings.members", suppress = "iam_member_case" }
    etag   = { type = string, computed = true, api = "etag", volatile = true }
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
