# A service account's key: made for the run and removed after it, or one that there is.
ephemeral "google_service_account_key" {
  service         = "iam"
  hook            = "account_key"
  at_least_one_of = [["service_account_id", "name"]]
  needs = [
    { when = ["read"], permissions = ["iam.serviceAccountKeys.create", "iam.serviceAccountKeys.delete", "iam.serviceAccountKeys.get"] },
  ]

  attributes = {
    service_account_id = { type = string, optional = true }
    name               = { type = string, optional = true, computed = true, regex = "^projects/[^/]+/serviceAccounts/[^/]+/keys/[^/]+$" }
    public_key_type    = { type = string, optional = true, computed = true, one_of = ["TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY"] }
    key_algorithm      = { type = string, optional = true, computed = true }
    public_key_data    = { type = string, optional = true, conflicts_with = ["private_key_type", "key_algorithm"] }
    private_key        = { type = string, optional = true, computed = true, sensitive = true }
    private_key_type   = { type = string, optional = true, computed = true }
    fetch_key          = { type = bool, optional = true }
  }
}
