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
  discover = { get = "b/{bucket/}/iam?optionsRequestedPolicyVersion=3", items = "bindings", of = { google_storage_bucket = "{bucket}" }, held_by = { google_storage_bucket_iam_binding = ["bucket", "role", "condition"], google_storage_bucket_iam_policy = ["bucket"] }, own = [{ member = "bindings.members", like = "^project(Owner|Editor|Viewer):", why = "what a bucket gives to those of its project by itself" }, { member = "bindings.members", like = "^serviceAccount:([0-9]+@cloudservices|[0-9]+-compute@developer|[a-z0-9-]+@appspot|service-[0-9]+@[a-z0-9.-]+)\\.gserviceaccount\\.com$", why = "Google's own accounts" }, { member = "bindings.members", like = "^deleted:", why = "accounts that are gone" }] }
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
