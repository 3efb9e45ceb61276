# The whole policy of a project: nobody else has any role on it.
resource "google_project_iam_policy" {
  service = "cloudresourcemanager"
  object  = "Policy"
  hook    = "iam_policy"
  id      = "{project/}"
  import  = ["{project}"]

  discover = { never = "its members are found one by one" }
  read   = { post = "projects/{project/}:getIamPolicy", with = { "options.requestedPolicyVersion" = 3 } }
  update = { post = "projects/{project/}:setIamPolicy", body = "policy", with = { updateMask = "bindings,etag,auditConfigs" }, how = none }

  attributes = {
    project     = { type = string, required = true, replaces = true, suppress = "last_path_segment" }
    policy_data = { type = string, required = true, suppress = "iam_policy_json" }
    etag        = { type = string, computed = true, api = "etag", volatile = true }
  }
}
