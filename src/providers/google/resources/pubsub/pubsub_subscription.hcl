# A subscription of Pub/Sub: it pulls from a topic, or is pushed to an address, a bucket or a table.
resource "google_pubsub_subscription" {
  service = "pubsub"
  object  = "Subscription"
  hook    = "subscription"
  id      = "projects/{project}/subscriptions/{name}"
  import  = ["projects/{project}/subscriptions/{name}", "{project}/{name}", "{name}"]
  labels  = "labels"

  needs = [
    { when = ["create"], permissions = ["pubsub.topics.attachSubscription"], at = "topic" },
  ]

  create = { put = "projects/{project}/subscriptions/{name}" }
  read   = { get = "projects/{project}/subscriptions/{name}" }
  list   = { get = "projects/{project}/subscriptions?pageSize=500", items = "subscriptions", by = "name" }
  update = { patch = "projects/{project}/subscriptions/{name}", how = body_mask, body = "subscription" }
  delete = { delete = "projects/{project}/subscriptions/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    name                         = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    topic                        = { type = string, required = true, replaces = true, api = "topic", suppress = "self_link_or_name", expand = "projects/{project}/topics/{}" }
    ack_deadline_seconds         = { type = int, optional = true, computed = true, api = "ackDeadlineSeconds" }
    deletion_policy              = { type = string, optional = true, computed = true }
    enable_exactly_once_delivery = { type = bool, optional = true, api = "enableExactlyOnceDelivery" }
    enable_message_ordering      = { type = bool, optional = true, replaces = true, api = "enableMessageOrdering" }
    filter                       = { type = string, optional = true, replaces = true, regex = "^[\\s\\S]{0,256}$", api = "filter" }
    labels                       = { type = map(string), optional = true }
    message_retention_duration   = { type = string, optional = true, default = "604800s", api = "messageRetentionDuration" }
    project                      = { type = string, optional = true, computed = true, replaces = true, fill = project }
    retain_acked_messages        = { type = bool, optional = true, api = "retainAckedMessages" }
    tags                         = { type = map(string), optional = true, replaces = true, api = "tags", read = none, keep = true }
    effective_labels             = { type = map(string), computed = true, api = "labels" }
    terraform_labels             = { type = map(string), computed = true }
  }

  block "bigquery_config" {
    optional       = true
    max_items      = 1
    conflicts_with = ["cloud_storage_config", "push_config"]
    api            = "bigqueryConfig"
    attributes = {
      table                 = { type = string, required = true, api = "table" }
      drop_unknown_fields   = { type = bool, optional = true, api = "dropUnknownFields" }
      service_account_email = { type = string, optional = true, api = "serviceAccountEmail" }
      use_table_schema      = { type = bool, optional = true, api = "useTableSchema" }
      use_topic_schema      = { type = bool, optional = true, api = "useTopicSchema" }
      write_metadata        = { type = bool, optional = true, api = "writeMetadata" }
    }
  }

  block "cloud_storage_config" {
    optional       = true
    max_items      = 1
    conflicts_with = ["bigquery_config", "push_config"]
    api            = "cloudStorageConfig"
    attributes = {
      bucket                   = { type = string, required = true, api = "bucket" }
      filename_datetime_format = { type = string, optional = true, api = "filenameDatetimeFormat" }
      filename_prefix          = { type = string, optional = true, api = "filenamePrefix" }
      filename_suffix          = { type = string, optional = true, api = "filenameSuffix" }
      max_bytes                = { type = int, optional = true, api = "maxBytes", wire = "text" }
      max_duration             = { type = string, optional = true, default = "300s", api = "maxDuration" }
      max_messages             = { type = int, optional = true, api = "maxMessages", wire = "text" }
      service_account_email    = { type = string, optional = true, api = "serviceAccountEmail" }
      state                    = { type = string, computed = true, api = "state" }
    }

    block "avro_config" {
      optional  = true
      max_items = 1
      api       = "avroConfig"
      counts    = true
      attributes = {
        use_topic_schema = { type = bool, optional = true, api = "useTopicSchema" }
        write_metadata   = { type = bool, optional = true, api = "writeMetadata" }
      }
    }

    block "text_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "textConfig"
      counts    = true
      attributes = {
        state = { type = string, computed = true }
      }
    }
  }

  block "dead_letter_policy" {
    optional  = true
    max_items = 1
    api       = "deadLetterPolicy"
    counts    = true
    attributes = {
      dead_letter_topic     = { type = string, optional = true, api = "deadLetterTopic" }
      max_delivery_attempts = { type = int, optional = true, api = "maxDeliveryAttempts", suppress = "empty_equals:5" }
    }
  }

  block "expiration_policy" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "expirationPolicy"
    attributes = {
      ttl = { type = string, required = true, api = "ttl", suppress = "duration_seconds_text", codec = "not_empty" }
    }
  }

  block "message_transforms" {
    optional = true
    api      = "messageTransforms"
    shared   = "message_transforms"
  }

  block "push_config" {
    optional       = true
    max_items      = 1
    conflicts_with = ["bigquery_config", "cloud_storage_config"]
    api            = "pushConfig"
    attributes = {
      push_endpoint = { type = string, required = true, api = "pushEndpoint" }
      attributes    = { type = map(string), optional = true, api = "attributes", suppress = "ignore_server_key:x-goog-version" }
    }

    block "no_wrapper" {
      optional  = true
      max_items = 1
      api       = "noWrapper"
      counts    = true
      attributes = {
        write_metadata = { type = bool, required = true, api = "writeMetadata" }
      }
    }

    block "oidc_token" {
      optional  = true
      max_items = 1
      api       = "oidcToken"
      attributes = {
        service_account_email = { type = string, required = true, api = "serviceAccountEmail" }
        audience              = { type = string, optional = true, api = "audience" }
      }
    }
  }

  block "retry_policy" {
    optional  = true
    max_items = 1
    api       = "retryPolicy"
    counts    = true
    attributes = {
      maximum_backoff = { type = string, optional = true, computed = true, api = "maximumBackoff", suppress = "duration" }
      minimum_backoff = { type = string, optional = true, computed = true, api = "minimumBackoff", suppress = "duration" }
    }
  }
}
