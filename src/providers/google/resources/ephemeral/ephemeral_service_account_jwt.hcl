# Claims signed with a service account's key that Google keeps.
ephemeral "google_service_account_jwt" {
  service = "iamcredentials"
  hook    = "jwt"
  needs = [
    { when = ["read"], permissions = ["iam.serviceAccounts.signJwt"], at = "target_service_account" },
  ]

  attributes = {
    payload                = { type = string, required = true }
    target_service_account = { type = string, required = true, regex = "^.+@(.+\\.iam|developer|appspot|cloudservices|cloudbuild)\\.gserviceaccount\\.com$" }
    delegates              = { type = set(string), optional = true }
    expires_in             = { type = int, optional = true, min = 1 }
    jwt                    = { type = string, computed = true, sensitive = true }
  }
}
