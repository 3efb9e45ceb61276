# A service account that exists.
data "google_service_account" {
  service = "iam"
  object  = "ServiceAccount"
  hook    = "account_data"
  id      = "projects/{project}/serviceAccounts/{email}"

  read = { get = "projects/{project}/serviceAccounts/{email}", denied_is_gone = true }

  attributes = {
    account_id   = { type = string, required = true }
    project      = { type = string, optional = true, api = "projectId" }
    email        = { type = string, computed = true, api = "email" }
    unique_id    = { type = string, computed = true, api = "uniqueId" }
    name         = { type = string, computed = true, api = "name" }
    display_name = { type = string, computed = true, api = "displayName" }
    member       = { type = string, computed = true, api = "email", codec = "prefix:serviceAccount:" }
    disabled     = { type = bool, computed = true, api = "disabled" }
  }
}
