# An access token of a service account, made by impersonation.
ephemeral "google_service_account_access_token" {
  service = "iamcredentials"
  hook    = "access_token"
  needs = [
    { when = ["read"], permissions = ["iam.serviceAccounts.getAccessToken"], at = "target_service_account" },
  ]

  attributes = {
    target_service_account = { type = string, required = true, regex = "^.+@(.+\\.iam|developer|appspot|cloudservices|cloudbuild)\\.gserviceaccount\\.com$" }
    scopes                 = { type = set(string), required = true }
    delegates              = { type = set(string), optional = true }
    lifetime               = { type = string, optional = true, computed = true }
    access_token           = { type = string, computed = true, sensitive = true }
  }
}
