# What a secret says: a version never changes, and can be switched off.
resource "google_secret_manager_secret_version" {
  service = "secretmanager"
  object  = "SecretVersion"
  hook    = "version_of_secret"
  id      = "{name}"
  import  = ["{secret*}/versions/{version}"]
  inside  = { google_secret_manager_secret = "{secret}" }

  needs = [
    { when = ["read"], permissions = ["secretmanager.versions.access"], at = "secret_data" },
  ]

  create = { post = "{secret}:addVersion" }
  discover = { never = "what it holds would stand in the configuration" }
  read   = { get = "{name}", gone_when = { state = "DESTROYED" } }
  update = { post = "{name}:enable", how = client }
  delete = { post = "{name}:destroy", body = none }
  timeouts = { create = "20m", update = "20m", delete = "20m" }
  schema_version = 1
  exactly_one_of = [["secret_data", "secret_data_wo"]]

  attributes = {
    secret                 = { type = string, required = true, replaces = true, suppress = "project_or_number" }
    deletion_policy        = { type = string, optional = true, computed = true }
    enabled                = { type = bool, optional = true, default = true, api = "state", codec = "equals:ENABLED", write = none }
    is_secret_data_base64  = { type = bool, optional = true, replaces = true }
    project                = { type = string, optional = true, computed = true, replaces = true, fill = project }
    secret_data            = { type = string, optional = true, replaces = true, sensitive = true, keep = true }
    secret_data_wo         = { type = string, optional = true, write_only = true, required_with = ["secret_data_wo_version"] }
    secret_data_wo_version = { type = string, optional = true, replaces = true, required_with = ["secret_data_wo"] }
    create_time            = { type = string, computed = true, api = "createTime" }
    destroy_time           = { type = string, computed = true, api = "destroyTime" }
    name                   = { type = string, computed = true, api = "name" }
    version                = { type = string, computed = true, api = "name", codec = "last_segment" }
  }
}
