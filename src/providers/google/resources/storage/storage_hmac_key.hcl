# A service account's key for Cloud Storage's S3-style interface. What turns it and where its secret goes is Terrane's own.
resource "google_storage_hmac_key" {
  service = "storage"
  object  = "HmacKeyMetadata"
  hook    = "hmac_key"
  id      = "projects/{project}/hmacKeys/{access_id}"
  import  = ["projects/{project}/hmacKeys/{access_id}", "{project}/{access_id}", "{access_id}"]

  needs = [
    { when = ["create", "update"], permissions = ["secretmanager.versions.add", "secretmanager.versions.list"], with = "secret_sink.secret" },
    { when = ["create", "update"], permissions = ["container.secrets.create", "container.secrets.get", "container.secrets.update"], with = "secret_sink.kubernetes_secret" },
  ]

  create = { post = "projects/{project}/hmacKeys?serviceAccountEmail={service_account_email}", body = none }
  read   = { get = "projects/{project}/hmacKeys/{access_id}", gone_when = { state = "DELETED" } }
  list   = { get = "projects/{project}/hmacKeys?maxResults=250", items = "items", by = "accessId" }
  update = { put = "projects/{project}/hmacKeys/{access_id}", how = subset, precondition = "etag" }
  delete = { delete = "projects/{project}/hmacKeys/{access_id}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    service_account_email = { type = string, required = true, replaces = true, api = "serviceAccountEmail", write = none }
    deletion_policy       = { type = string, optional = true, computed = true }
    keepers               = { type = map(string), optional = true }
    project               = { type = string, optional = true, computed = true, replaces = true, api = "projectId", fill = project }
    rotation_grace        = { type = string, optional = true }
    rotation_period       = { type = string, optional = true }
    state                 = { type = string, optional = true, default = "ACTIVE", one_of = ["ACTIVE", "INACTIVE"], api = "state" }
    access_id             = { type = string, computed = true, api = "accessId" }
    previous_access_id    = { type = string, computed = true }
    previous_state        = { type = string, computed = true }
    rotation_due          = { type = string, computed = true }
    rotation_left         = { type = list(string), computed = true }
    rotation_mark         = { type = list(string), computed = true, quiet = true }
    secret                = { type = string, computed = true, sensitive = true, keep = true }
    time_created          = { type = string, computed = true, api = "timeCreated" }
    updated               = { type = string, computed = true, api = "updated", volatile = true }
  }

  block "secret_sink" {
    optional  = true
    max_items = 1
    attributes = {
      secret  = { type = string, optional = true }
      version = { type = string, computed = true }
    }
    block "kubernetes_secret" {
      optional  = true
      max_items = 1
      attributes = {
        cluster_ca_certificate = { type = string, optional = true }
        host                   = { type = string, required = true }
        name                   = { type = string, required = true }
        namespace              = { type = string, optional = true }
      }
    }
  }
}
