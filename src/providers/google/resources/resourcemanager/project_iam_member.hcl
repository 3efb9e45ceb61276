# One member of one role on a project.
resource "google_project_iam_member" {
  service = "cloudresourcemanager"
  object  = "Policy"
  hook    = "iam_member"
  id      = "{project/}/{role}/{member}"
  import  = ["{project} {role} {member} {condition.title}", "{project} {role} {member}"]

  read   = { post = "projects/{project/}:getIamPolicy", with = { "options.requestedPolicyVersion" = 3 } }
  update = { post = "projects/{project/}:setIamPolicy", body = "policy", with = { updateMask = "bindings,etag,auditConfigs" }, how = none }
  discover = { post = "projects/{project}:getIamPolicy", with = { "options.requestedPolicyVersion" = 3 }, items = "bindings", held_by = { google_project_iam_binding = ["project", "role", "condition"], google_project_iam_policy = ["project"] }, own = [{ member = "bindings.role", like = "^roles/owner$", why = "owners of the project: who takes them away may shut himself out" }, { member = "bindings.members", like = "^serviceAccount:([0-9]+@cloudservices|[0-9]+-compute@developer|[a-z0-9-]+@appspot|service-[0-9]+@[a-z0-9.-]+)\\.gserviceaccount\\.com$", why = "Google's own accounts" }, { member = "bindings.members", like = "^deleted:", why = "accounts that are gone" }] }

  attributes = {
    project = { type = string, required = true, replaces = true, suppress = "last_path_segment" }
    role    = { type = string, required = true, replaces = true, api = "bindings.role" }
    member  = { type = string, required = true, replaces = true, api = "bindings.members", suppress = "iam_member_case" }
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
