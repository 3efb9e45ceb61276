# A key of a service account. Its private part is told once, when it is made.
resource "google_service_account_key" {
  service = "iam"
  object  = "ServiceAccountKey"
  hook    = "service_account_key"
  id      = "{name}"
  import  = ["{name*}"]
  import_sets = { public_key_type = "TYPE_X509_PEM_FILE", private_key_type = "TYPE_GOOGLE_CREDENTIALS_FILE" }
  inside  = { google_service_account = "{service_account_id}" }

  needs = [
    { when = ["create"], permissions = ["iam.serviceAccountKeys.list"] },
  ]

  create = { post = "{service_account_id}/keys" }
  read   = { get = "{name}?publicKeyType={public_key_type}", denied_is_gone = true }
  delete = { delete = "{name}" }
  discover = { get = "{service_account_id}/keys?keyTypes=USER_MANAGED", items = "keys", of = { google_service_account = "{service_account_id*}" } }

  attributes = {
    service_account_id = { type = string, required = true, replaces = true }
    deletion_policy    = { type = string, optional = true, computed = true }
    keepers            = { type = map(string), optional = true, replaces = true }
    key_algorithm      = { type = string, optional = true, replaces = true, default = "KEY_ALG_RSA_2048", one_of = ["KEY_ALG_UNSPECIFIED", "KEY_ALG_RSA_1024", "KEY_ALG_RSA_2048"], api = "keyAlgorithm" }
    private_key_type   = { type = string, optional = true, replaces = true, default = "TYPE_GOOGLE_CREDENTIALS_FILE", one_of = ["TYPE_UNSPECIFIED", "TYPE_PKCS12_FILE", "TYPE_GOOGLE_CREDENTIALS_FILE"], api = "privateKeyType", read = none, keep = true }
    public_key_data    = { type = string, optional = true, replaces = true, conflicts_with = ["key_algorithm", "private_key_type"] }
    public_key_type    = { type = string, optional = true, replaces = true, default = "TYPE_X509_PEM_FILE", one_of = ["TYPE_NONE", "TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY"] }
    name               = { type = string, computed = true, replaces = true, api = "name" }
    private_key        = { type = string, computed = true, sensitive = true, api = "privateKeyData", keep = true }
    public_key         = { type = string, computed = true, replaces = true, api = "publicKeyData", keep = true }
    valid_after        = { type = string, computed = true, api = "validAfterTime" }
    valid_before       = { type = string, computed = true, api = "validBeforeTime" }
  }
}
