# A secret of Secret Manager: where it is kept, and for how long. What it says are its versions.
resource "google_secret_manager_secret" {
  service = "secretmanager"
  object  = "Secret"
  id      = "projects/{project}/secrets/{secret_id}"
  import  = ["projects/{project}/secrets/{secret_id}", "{project}/{secret_id}", "{secret_id}"]
  labels  = "labels"

  create = { post = "projects/{project}/secrets?secretId={secret_id}" }
  read   = { get = "projects/{project}/secrets/{secret_id}" }
  list   = { get = "projects/{project}/secrets?pageSize=250", items = "secrets", by = "name" }
  update = { patch = "projects/{project}/secrets/{secret_id}", how = query_mask }
  delete = { delete = "projects/{project}/secrets/{secret_id}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }
  exactly_one_of = [["replication.auto", "replication.user_managed"]]

  attributes = {
    secret_id             = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none, regex = "^[a-zA-Z0-9_-]{1,255}$" }
    annotations           = { type = map(string), optional = true }
    deletion_policy       = { type = string, optional = true, computed = true }
    deletion_protection   = { type = bool, optional = true, default = false }
    expire_time           = { type = string, optional = true, computed = true, api = "expireTime", suppress = "timestamp", volatile = ["ttl"] }
    labels                = { type = map(string), optional = true }
    project               = { type = string, optional = true, computed = true, replaces = true, fill = project }
    tags                  = { type = map(string), optional = true, replaces = true, api = "tags", read = none, keep = true }
    ttl                   = { type = string, optional = true, api = "ttl", read = none, keep = true }
    version_aliases       = { type = map(string), optional = true, api = "versionAliases" }
    version_destroy_ttl   = { type = string, optional = true, api = "versionDestroyTtl", suppress = "duration" }
    create_time           = { type = string, computed = true, api = "createTime" }
    effective_annotations = { type = map(string), computed = true, api = "annotations" }
    effective_labels      = { type = map(string), computed = true, api = "labels" }
    name                  = { type = string, computed = true, api = "name", kept = ["project", "secret_id"] }
    terraform_labels      = { type = map(string), computed = true }
  }

  block "replication" {
    required  = true
    replaces  = true
    max_items = 1
    counts    = true
    api       = "replication"

    block "auto" {
      optional  = true
      replaces  = true
      max_items = 1
      counts    = true
      api       = "automatic"

      block "customer_managed_encryption" {
        optional  = true
        max_items = 1
        api       = "customerManagedEncryption"
        attributes = {
          kms_key_name = { type = string, required = true, api = "kmsKeyName" }
        }
      }
    }

    block "user_managed" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "userManaged"

      block "replicas" {
        required  = true
        replaces  = true
        min_items = 1
        api       = "replicas"
        attributes = {
          location = { type = string, required = true, replaces = true, api = "location" }
        }

        block "customer_managed_encryption" {
          optional  = true
          max_items = 1
          api       = "customerManagedEncryption"
          attributes = {
            kms_key_name = { type = string, required = true, api = "kmsKeyName" }
          }
        }
      }
    }
  }

  block "rotation" {
    optional      = true
    max_items     = 1
    required_with = ["topics"]
    api           = "rotation"
    attributes = {
      next_rotation_time = { type = string, optional = true, required_with = ["rotation.rotation_period"], api = "nextRotationTime", suppress = "timestamp" }
      rotation_period    = { type = string, optional = true, api = "rotationPeriod", suppress = "duration" }
    }
  }

  block "topics" {
    optional = true
    api      = "topics"
    attributes = {
      name = { type = string, required = true, api = "name" }
    }
  }
}
