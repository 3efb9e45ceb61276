# The account by which a service works in a project. It is made where there is none, told by no reading, and stays when the block
# goes.
resource "google_project_service_identity" {
  service   = "serviceusage"
  object    = "ServiceIdentity"
  hook      = "service_identity"
  id        = "projects/{project}/services/{service}"
  operation = standard

  create   = { post = "projects/{project}/services/{service}:generateServiceIdentity", body = none }
  update   = { how = client }
  discover = { never = "there is no list of it" }
  timeouts = { create = "20m", read = "10m", delete = "20m" }

  attributes = {
    service         = { type = string, required = true, replaces = true }
    deletion_policy = { type = string, optional = true, computed = true }
    project         = { type = string, optional = true, computed = true, replaces = true, fill = project }
    email           = { type = string, computed = true, api = "email" }
    member          = { type = string, computed = true }
  }
}
