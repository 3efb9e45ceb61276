# What a version of a secret holds.
ephemeral "google_secret_manager_secret_version" {
  service = "secretmanager"
  hook    = "secret_version"
  needs = [
    { when = ["read"], permissions = ["secretmanager.versions.access", "secretmanager.versions.get"] },
  ]

  attributes = {
    project               = { type = string, optional = true, computed = true, fill = "project" }
    secret                = { type = string, required = true }
    version               = { type = string, optional = true }
    is_secret_data_base64 = { type = bool, optional = true }
    secret_data           = { type = string, computed = true, sensitive = true }
    name                  = { type = string, computed = true }
    create_time           = { type = string, computed = true }
    destroy_time          = { type = string, computed = true }
    enabled               = { type = bool, computed = true }
  }
}
