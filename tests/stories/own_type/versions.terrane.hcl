# A version of a key.
resource "google_kms_own_version" {
  service = "cloudkms"
  object  = "CryptoKeyVersion"
  id      = "{crypto_key}/cryptoKeyVersions/{version}"
  import  = ["{crypto_key*}/cryptoKeyVersions/{version}"]

  create = { post = "{crypto_key}/cryptoKeyVersions" }
  read   = { get = "{crypto_key}/cryptoKeyVersions/{version}", gone_when = { state = "DESTROY_SCHEDULED" } }
  update = { patch = "{crypto_key}/cryptoKeyVersions/{version}", how = query_mask }
  delete = { post = "{crypto_key}/cryptoKeyVersions/{version}:destroy", body = none }

  attributes = {
    crypto_key = { type = string, required = true, replaces = true }
    state      = { type = string, optional = true, computed = true, one_of = ["ENABLED", "DISABLED"], api = "state" }
    algorithm  = { type = string, computed = true, api = "algorithm" }
    name       = { type = string, computed = true, api = "name" }
    version    = { type = string, computed = true, api = "name", codec = "last_segment" }
  }
}
