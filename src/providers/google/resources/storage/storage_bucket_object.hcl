# An object in a bucket: a local file, or a text of the configuration.
resource "google_storage_bucket_object" {
  service = "storage"
  object  = "Object"
  hook    = "bucket_object"
  id      = "{bucket}-{output_name}"
  import  = ["b/{bucket}/o/{name*}", "{bucket}/{name*}"]
  inside  = { google_storage_bucket = "{bucket}" }
  goes_if = "force_destroy"

  needs = [
    { when = ["create", "update"], permissions = ["storage.objects.setRetention"], with = "retention" },
    { when = ["update"], permissions = ["storage.objects.overrideUnlockedRetention"], with = "retention" },
    { when = ["create", "update"], permissions = ["storage.objects.createContext"], with = "contexts" },
    { when = ["update"], permissions = ["storage.objects.deleteContext", "storage.objects.updateContext"], with = "contexts" },
  ]

  create = { post = "b/{bucket}/o?uploadType=multipart&name={name}" }
  discover = { never = "its bytes are in no configuration" }
  read   = { get = "b/{bucket}/o/{name%}" }
  update = { put = "b/{bucket}/o/{name%}", how = whole }
  delete = { delete = "b/{bucket}/o/{name%}" }
  timeouts = { create = "4m", update = "4m", delete = "4m" }
  exactly_one_of = [["content", "source"]]

  attributes = {
    bucket                   = { type = string, required = true, replaces = true, api = "bucket" }
    name                     = { type = string, required = true, replaces = true, api = "name" }
    cache_control            = { type = string, optional = true, replaces = true, api = "cacheControl" }
    content                  = { type = string, optional = true, computed = true, sensitive = true }
    content_disposition      = { type = string, optional = true, replaces = true, api = "contentDisposition" }
    content_encoding         = { type = string, optional = true, replaces = true, api = "contentEncoding" }
    content_language         = { type = string, optional = true, replaces = true, api = "contentLanguage" }
    content_type             = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["force_empty_content_type"], api = "contentType" }
    deletion_policy          = { type = string, optional = true, computed = true }
    detect_md5hash           = { type = string, optional = true, default = "different hash", api = "md5Hash", write = none }
    event_based_hold         = { type = bool, optional = true, conflicts_with = ["retention"], api = "eventBasedHold" }
    force_empty_content_type = { type = bool, optional = true, replaces = true, conflicts_with = ["content_type"] }
    kms_key_name             = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["customer_encryption"], api = "kmsKeyName", suppress = "kms_key_ignore_version" }
    metadata                 = { type = map(string), optional = true, replaces = true, api = "metadata" }
    source                   = { type = string, optional = true, replaces = true }
    source_md5hash           = { type = string, optional = true }
    storage_class            = { type = string, optional = true, computed = true, replaces = true, api = "storageClass" }
    temporary_hold           = { type = bool, optional = true, api = "temporaryHold" }
    crc32c                   = { type = string, computed = true, api = "crc32c", kept = ["md5hash"] }
    generation               = { type = int, computed = true, api = "generation", wire = text }
    md5hash                  = { type = string, computed = true, api = "md5Hash" }
    md5hexhash               = { type = string, computed = true, api = "md5Hash", write = none, codec = "base64_hex" }
    media_link               = { type = string, computed = true, api = "mediaLink" }
    output_name              = { type = string, computed = true, api = "name", write = none, known = "{name}" }
    self_link                = { type = string, computed = true, api = "selfLink", kept = ["bucket", "name"] }
  }

  block "contexts" {
    optional  = true
    max_items = 1
    api       = "contexts"

    block "custom" {
      required = true
      keyed    = "key"
      api      = "custom"
      attributes = {
        key         = { type = string, required = true, api = "key", write = none }
        value       = { type = string, required = true, api = "value" }
        create_time = { type = string, computed = true, api = "createTime" }
        update_time = { type = string, computed = true, api = "updateTime", volatile = ["value"] }
      }
    }
  }

  block "customer_encryption" {
    optional       = true
    max_items      = 1
    sensitive      = true
    conflicts_with = ["kms_key_name"]
    attributes = {
      encryption_key       = { type = string, required = true, replaces = true, sensitive = true }
      encryption_algorithm = { type = string, optional = true, replaces = true, default = "AES256" }
    }
  }

  block "retention" {
    optional       = true
    max_items      = 1
    conflicts_with = ["event_based_hold"]
    api            = "retention"
    attributes = {
      mode              = { type = string, required = true, api = "mode" }
      retain_until_time = { type = string, required = true, api = "retainUntilTime", suppress = "timestamp" }
    }
  }
}
