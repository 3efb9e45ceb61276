# A database of Firestore. It is left behind where nothing else is said (`deletion_policy`); the usual one is named "(default)".
resource "google_firestore_database" {
  service   = "firestore"
  object    = "GoogleFirestoreAdminV1Database"
  hook      = "firestore"
  id        = "projects/{project}/databases/{name}"
  import    = ["projects/{project}/databases/{name}", "{project}/{name}", "{name}"]
  operation = standard

  create = { post = "projects/{project}/databases?databaseId={name}", with = { name = "projects/{project}/databases/{name}" } }
  read   = { get = "projects/{project}/databases/{name}" }
  list   = { get = "projects/{project}/databases", items = "databases", by = "name" }
  update = { patch = "projects/{project}/databases/{name}", how = query_mask, precondition = "etag" }
  delete = { delete = "projects/{project}/databases/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    location_id                         = { type = string, required = true, replaces = true, api = "locationId" }
    name                                = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    type                                = { type = string, required = true, one_of = ["FIRESTORE_NATIVE", "DATASTORE_MODE"], api = "type" }
    app_engine_integration_mode         = { type = string, optional = true, computed = true, one_of = ["ENABLED", "DISABLED"], api = "appEngineIntegrationMode" }
    concurrency_mode                    = { type = string, optional = true, computed = true, one_of = ["OPTIMISTIC", "PESSIMISTIC", "OPTIMISTIC_WITH_ENTITY_GROUPS"], api = "concurrencyMode" }
    database_edition                    = { type = string, optional = true, computed = true, replaces = true, one_of = ["STANDARD", "ENTERPRISE"], api = "databaseEdition" }
    delete_protection_state             = { type = string, optional = true, computed = true, one_of = ["DELETE_PROTECTION_STATE_UNSPECIFIED", "DELETE_PROTECTION_ENABLED", "DELETE_PROTECTION_DISABLED"], api = "deleteProtectionState" }
    deletion_policy                     = { type = string, optional = true, computed = true }
    firestore_data_access_mode          = { type = string, optional = true, computed = true, replaces = true, one_of = ["DATA_ACCESS_MODE_ENABLED", "DATA_ACCESS_MODE_DISABLED"], api = "firestoreDataAccessMode" }
    mongodb_compatible_data_access_mode = { type = string, optional = true, computed = true, replaces = true, one_of = ["DATA_ACCESS_MODE_ENABLED", "DATA_ACCESS_MODE_DISABLED"], api = "mongodbCompatibleDataAccessMode" }
    point_in_time_recovery_enablement   = { type = string, optional = true, default = "POINT_IN_TIME_RECOVERY_DISABLED", one_of = ["POINT_IN_TIME_RECOVERY_ENABLED", "POINT_IN_TIME_RECOVERY_DISABLED"], api = "pointInTimeRecoveryEnablement" }
    project                             = { type = string, optional = true, computed = true, replaces = true, fill = project }
    realtime_updates_mode               = { type = string, optional = true, computed = true, replaces = true, one_of = ["REALTIME_UPDATES_MODE_ENABLED", "REALTIME_UPDATES_MODE_DISABLED"], api = "realtimeUpdatesMode" }
    tags                                = { type = map(string), optional = true, replaces = true, api = "tags", read = none, keep = true }
    create_time                         = { type = string, computed = true, api = "createTime" }
    earliest_version_time               = { type = string, computed = true, api = "earliestVersionTime", volatile = true }
    etag                                = { type = string, computed = true, api = "etag", volatile = true }
    key_prefix                          = { type = string, computed = true, api = "keyPrefix" }
    uid                                 = { type = string, computed = true, api = "uid" }
    update_time                         = { type = string, computed = true, api = "updateTime", volatile = true }
    version_retention_period            = { type = string, computed = true, api = "versionRetentionPeriod", volatile = ["point_in_time_recovery_enablement"], kept = ["point_in_time_recovery_enablement"] }
  }

  block "cmek_config" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "cmekConfig"
    attributes = {
      kms_key_name       = { type = string, required = true, replaces = true, api = "kmsKeyName" }
      active_key_version = { type = list(string), computed = true, api = "activeKeyVersion" }
    }
  }
}
