# A key of Cloud KMS. Its name is taken for ever: what is destroyed are its versions.
resource "google_kms_crypto_key" {
  service = "cloudkms"
  object  = "CryptoKey"
  hook    = "crypto_key"
  id      = "{key_ring}/cryptoKeys/{name}"
  import  = ["{key_ring*}/cryptoKeys/{name}", "{key_ring*}/{name}"]
  labels  = "labels"

  needs = [
    { when = ["delete"], permissions = ["cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeyVersions.list"] },
  ]

  create = { post = "{key_ring}/cryptoKeys?cryptoKeyId={name}" }
  read   = { get = "{key_ring}/cryptoKeys/{name}" }
  list   = { get = "{key_ring}/cryptoKeys?pageSize=500", items = "cryptoKeys", by = "name" }
  discover = { of = { google_kms_key_ring = "{key_ring*}" } }
  update = { patch = "{key_ring}/cryptoKeys/{name}", how = query_mask }
  timeouts = { create = "20m", update = "20m", delete = "20m" }
  schema_version = 1

  attributes = {
    key_ring                      = { type = string, required = true, replaces = true, suppress = "self_link_or_name" }
    name                          = { type = string, required = true, replaces = true }
    crypto_key_backend            = { type = string, optional = true, computed = true, replaces = true, api = "cryptoKeyBackend" }
    deletion_policy               = { type = string, optional = true, computed = true }
    destroy_scheduled_duration    = { type = string, optional = true, computed = true, replaces = true, api = "destroyScheduledDuration", suppress = "duration" }
    import_only                   = { type = bool, optional = true, computed = true, replaces = true, api = "importOnly" }
    labels                        = { type = map(string), optional = true }
    purpose                       = { type = string, optional = true, replaces = true, default = "ENCRYPT_DECRYPT", api = "purpose" }
    rotation_period               = { type = string, optional = true, api = "rotationPeriod", suppress = "duration", regex = "^([0-9]+(\\.[0-9]+)?s)?$" }
    skip_initial_version_creation = { type = bool, optional = true }
    effective_labels              = { type = map(string), computed = true, api = "labels" }
    terraform_labels              = { type = map(string), computed = true }
  }

  block "version_template" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "versionTemplate"
    attributes = {
      algorithm        = { type = string, required = true, api = "algorithm" }
      protection_level = { type = string, optional = true, replaces = true, default = "SOFTWARE", api = "protectionLevel" }
    }
  }

  block "primary" {
    computed = true
    api      = "primary"
    single   = true
    attributes = {
      name  = { type = string, computed = true, api = "name" }
      state = { type = string, computed = true, api = "state" }
    }
  }
}
