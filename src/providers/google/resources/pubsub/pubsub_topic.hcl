# A topic of Pub/Sub: what is published to it goes to its subscriptions.
resource "google_pubsub_topic" {
  service = "pubsub"
  object  = "Topic"
  id      = "projects/{project}/topics/{name}"
  import  = ["projects/{project}/topics/{name}", "{project}/{name}", "{name}"]
  labels  = "labels"

  create = { put = "projects/{project}/topics/{name}" }
  read   = { get = "projects/{project}/topics/{name}" }
  list   = { get = "projects/{project}/topics?pageSize=500", items = "topics", by = "name" }
  update = { patch = "projects/{project}/topics/{name}", how = body_mask, body = "topic" }
  delete = { delete = "projects/{project}/topics/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    name                       = { type = string, required = true, replaces = true, api = "name", suppress = "self_link_or_name", codec = "last_segment", write = none }
    deletion_policy            = { type = string, optional = true, computed = true }
    kms_key_name               = { type = string, optional = true, api = "kmsKeyName" }
    labels                     = { type = map(string), optional = true }
    message_retention_duration = { type = string, optional = true, api = "messageRetentionDuration", codec = "not_empty" }
    project                    = { type = string, optional = true, computed = true, replaces = true, fill = project }
    tags                       = { type = map(string), optional = true, replaces = true, api = "tags", read = none, keep = true }
    effective_labels           = { type = map(string), computed = true, api = "labels" }
    terraform_labels           = { type = map(string), computed = true }
  }

  block "ingestion_data_source_settings" {
    optional  = true
    max_items = 1
    api       = "ingestionDataSourceSettings"

    block "aws_kinesis" {
      optional  = true
      max_items = 1
      api       = "awsKinesis"
      attributes = {
        aws_role_arn        = { type = string, required = true, api = "awsRoleArn" }
        consumer_arn        = { type = string, required = true, api = "consumerArn" }
        gcp_service_account = { type = string, required = true, api = "gcpServiceAccount" }
        stream_arn          = { type = string, required = true, api = "streamArn" }
      }
    }

    block "aws_msk" {
      optional  = true
      max_items = 1
      api       = "awsMsk"
      attributes = {
        aws_role_arn        = { type = string, required = true, api = "awsRoleArn" }
        cluster_arn         = { type = string, required = true, api = "clusterArn" }
        gcp_service_account = { type = string, required = true, api = "gcpServiceAccount" }
        topic               = { type = string, required = true, api = "topic" }
      }
    }

    block "azure_event_hubs" {
      optional  = true
      max_items = 1
      api       = "azureEventHubs"
      attributes = {
        client_id           = { type = string, optional = true, api = "clientId" }
        event_hub           = { type = string, optional = true, api = "eventHub" }
        gcp_service_account = { type = string, optional = true, api = "gcpServiceAccount" }
        namespace           = { type = string, optional = true, api = "namespace" }
        resource_group      = { type = string, optional = true, api = "resourceGroup" }
        subscription_id     = { type = string, optional = true, api = "subscriptionId" }
        tenant_id           = { type = string, optional = true, api = "tenantId" }
      }
    }

    block "cloud_storage" {
      optional  = true
      max_items = 1
      api       = "cloudStorage"
      attributes = {
        bucket                     = { type = string, required = true, api = "bucket" }
        match_glob                 = { type = string, optional = true, api = "matchGlob" }
        minimum_object_create_time = { type = string, optional = true, api = "minimumObjectCreateTime", suppress = "timestamp" }
      }

      block "avro_format" {
        optional  = true
        max_items = 1
        api       = "avroFormat"
        counts    = true
      }

      block "pubsub_avro_format" {
        optional  = true
        max_items = 1
        api       = "pubsubAvroFormat"
        counts    = true
      }

      block "text_format" {
        optional  = true
        max_items = 1
        api       = "textFormat"
        attributes = {
          delimiter = { type = string, optional = true, default = "\n", api = "delimiter" }
        }
      }
    }

    block "confluent_cloud" {
      optional  = true
      max_items = 1
      api       = "confluentCloud"
      attributes = {
        bootstrap_server    = { type = string, required = true, api = "bootstrapServer" }
        gcp_service_account = { type = string, required = true, api = "gcpServiceAccount" }
        identity_pool_id    = { type = string, required = true, api = "identityPoolId" }
        topic               = { type = string, required = true, api = "topic" }
        cluster_id          = { type = string, optional = true, api = "clusterId" }
      }
    }

    block "platform_logs_settings" {
      optional  = true
      max_items = 1
      api       = "platformLogsSettings"
      attributes = {
        severity = { type = string, optional = true, default = "SEVERITY_UNSPECIFIED", one_of = ["SEVERITY_UNSPECIFIED", "DISABLED", "DEBUG", "INFO", "WARNING", "ERROR"], api = "severity" }
      }
    }
  }

  block "message_storage_policy" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "messageStoragePolicy"
    attributes = {
      allowed_persistence_regions = { type = set(string), required = true, api = "allowedPersistenceRegions" }
      enforce_in_transit          = { type = bool, optional = true, api = "enforceInTransit" }
    }
  }

  block "message_transforms" {
    optional = true
    api      = "messageTransforms"
    shared   = "message_transforms"
  }

  block "schema_settings" {
    optional  = true
    max_items = 1
    api       = "schemaSettings"
    attributes = {
      schema            = { type = string, required = true, api = "schema" }
      encoding          = { type = string, optional = true, default = "ENCODING_UNSPECIFIED", one_of = ["ENCODING_UNSPECIFIED", "JSON", "BINARY"], api = "encoding" }
      first_revision_id = { type = string, optional = true, api = "firstRevisionId" }
      last_revision_id  = { type = string, optional = true, api = "lastRevisionId" }
    }
  }
}
