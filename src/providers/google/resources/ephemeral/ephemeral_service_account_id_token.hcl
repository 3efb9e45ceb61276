# An identity token of a service account, for one audience.
ephemeral "google_service_account_id_token" {
  service = "iamcredentials"
  hook    = "id_token"
  needs = [
    { when = ["read"], permissions = ["iam.serviceAccounts.getOpenIdToken"], at = "target_service_account" },
  ]

  attributes = {
    target_audience        = { type = string, required = true }
    target_service_account = { type = string, optional = true, regex = "^.+@(.+\\.iam|developer|appspot|cloudservices|cloudbuild)\\.gserviceaccount\\.com$" }
    delegates              = { type = set(string), optional = true }
    include_email          = { type = bool, optional = true }
    id_token               = { type = string, computed = true, sensitive = true }
  }
}
