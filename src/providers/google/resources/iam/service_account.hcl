# A service account.
resource "google_service_account" {
  service = "iam"
  object  = "ServiceAccount"
  hook    = "service_account"
  id      = "projects/{project}/serviceAccounts/{email}"
  import  = ["projects/{project}/serviceAccounts/{email}", "{project}/{email}", "{email}"]

  create = { post = "projects/{project}/serviceAccounts", body = "serviceAccount", with = { accountId = "{account_id}" } }
  read   = { get = "projects/{project}/serviceAccounts/{email}", denied_is_gone = true }
  list   = { get = "projects/{project}/serviceAccounts?pageSize=100", items = "accounts", by = "email" }
  discover = { own = [{ member = "email", like = "(-compute@developer|@appspot)\\.gserviceaccount\\.com$", why = "default service accounts are Google's" }] }
  update = { patch = "projects/{project}/serviceAccounts/{email}", how = body_mask, body = "serviceAccount", precondition = "etag" }
  delete = { delete = "projects/{project}/serviceAccounts/{email}" }
  rpc "enable" { post = "projects/{project}/serviceAccounts/{email}:enable" }
  rpc "disable" { post = "projects/{project}/serviceAccounts/{email}:disable" }
  timeouts = { create = "5m" }

  attributes = {
    account_id                   = { type = string, required = true, replaces = true, api = "email", write = none, codec = "local_part", regex = "^[a-z]([-a-z0-9]{4,28}[a-z0-9])$" }
    create_ignore_already_exists = { type = bool, optional = true }
    deletion_policy              = { type = string, optional = true, computed = true }
    description                  = { type = string, optional = true, length = [0, 256], api = "description" }
    disabled                     = { type = bool, optional = true, default = false, api = "disabled", write = none }
    display_name                 = { type = string, optional = true, api = "displayName" }
    project                      = { type = string, optional = true, computed = true, replaces = true, api = "projectId", write = none, fill = project }
    email                        = { type = string, computed = true, api = "email", known = "{account_id}@{project}.iam.gserviceaccount.com" }
    member                       = { type = string, computed = true, api = "email", codec = "prefix:serviceAccount:", known = "serviceAccount:{email}" }
    name                         = { type = string, computed = true, api = "name", known = "projects/{project}/serviceAccounts/{email}" }
    unique_id                    = { type = string, computed = true, api = "uniqueId" }
  }
}
