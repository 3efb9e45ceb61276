# What the provider block is configured with, and an access token.
ephemeral "google_client_config" {
  hook = "client_config"
  id   = "projects/{project}/regions/{region}/zones/{zone}"

  attributes = {
    project        = { type = string, computed = true }
    region         = { type = string, computed = true }
    zone           = { type = string, computed = true }
    access_token   = { type = string, computed = true, sensitive = true }
    default_labels = { type = map(string), computed = true }
  }
}
