# All members of one role on a project: nobody else has it.
resource "google_project_iam_binding" {
  service = "cloudresourcemanager"
  object  = "Policy"
  hook    = "iam_binding"
  id      = "{project/}/{role}"
  import  = ["{project} {role} {condition.title}", "{project} {role}"]

  discover = { never = "its members are found one by one" }
  read   = { post = "projects/{project/}:getIamPolicy", with = { "options.requestedPolicyVersion" = 3 } }
  update = { post = "projects/{project/}:setIamPolicy", body = "policy", with = { updateMask = "bindings,etag,auditConfigs" }, how = none }

  attributes = {
    project = { type = string, required = true, replaces = true, suppress = "last_path_segment" }
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
