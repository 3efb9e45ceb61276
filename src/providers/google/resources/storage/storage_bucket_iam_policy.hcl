# The whole policy of a bucket: nobody else has any role on it.
resource "google_storage_bucket_iam_policy" {
  service = "storage"
  object  = "Policy"
  hook    = "iam_policy"
  id      = "{bucket}"
  import  = ["b/{bucket}", "{bucket}"]
  inside  = { google_storage_bucket = "{bucket/}" }

  discover = { never = "its members are found one by one" }
  read   = { get = "{bucket}/iam?optionsRequestedPolicyVersion=3" }
  update = { put = "{bucket}/iam", how = none }
  timeouts = { create = "20m" }

  attributes = {
    bucket      = { type = string, required = true, replaces = true, suppress = "last_path_segment", normalize = "bucket_path" }
    policy_data = { type = string, required = true, suppress = "iam_policy_json" }
    etag        = { type = string, computed = true, api = "etag", volatile = true }
  }
}
