# A project.
data "google_project" {
  service = "cloudresourcemanager"
  object  = "Project"
  hook    = "project"
  id      = "projects/{project_id}"

  read = { get = "projects/{project_id}" }

  attributes = {
    project_id          = { type = string, optional = true, api = "projectId" }
    name                = { type = string, computed = true, api = "name" }
    number              = { type = string, computed = true, api = "projectNumber" }
    org_id              = { type = string, computed = true, api = "orgId" }
    folder_id           = { type = string, computed = true, api = "folderId" }
    billing_account     = { type = string, computed = true }
    labels              = { type = map(string), computed = true, api = "labels" }
    effective_labels    = { type = map(string), computed = true, api = "labels" }
    terraform_labels    = { type = map(string), computed = true, api = "labels" }
    auto_create_network = { type = bool, computed = true }
    tags                = { type = map(string), computed = true }
    deletion_policy     = { type = string, computed = true }
  }
}
