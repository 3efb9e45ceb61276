# An instance of Memorystore for Redis. Its version goes up by a call of its own, and never down.
resource "google_redis_instance" {
  service   = "redis"
  object    = "Instance"
  hook      = "redis"
  id        = "projects/{project}/locations/{region}/instances/{name}"
  import    = ["projects/{project}/locations/{region}/instances/{name}", "{project}/{region}/{name}", "{region}/{name}", "{name}"]
  labels    = "labels"
  operation = standard

  needs = [
    { when = ["read"], permissions = ["redis.instances.getAuthString"], with = "auth_enabled" },
  ]

  create = { post = "projects/{project}/locations/{region}/instances?instanceId={name}", with = { name = "projects/{project}/locations/{region}/instances/{name}" } }
  read   = { get = "projects/{project}/locations/{region}/instances/{name}" }
  list   = { get = "projects/{project}/locations/{region}/instances?pageSize=500", items = "instances", by = "name" }
  discover = { get = "projects/{project}/locations/-/instances?pageSize=500", items = "instances" }
  update = { patch = "projects/{project}/locations/{region}/instances/{name}", how = query_mask }
  delete = { delete = "projects/{project}/locations/{region}/instances/{name}" }
  rpc "upgrade" { post = "projects/{project}/locations/{region}/instances/{name}:upgrade" }
  rests    = { field = "state", ready = ["READY"], failed = ["REPAIRING", "FAILED"] }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    memory_size_gb              = { type = int, required = true, api = "memorySizeGb" }
    name                        = { type = string, required = true, replaces = true, regex = "^[a-z][a-z0-9-]{0,39}[a-z0-9]$", api = "name", codec = "last_segment", write = none }
    alternative_location_id     = { type = string, optional = true, computed = true, replaces = true, api = "alternativeLocationId" }
    auth_enabled                = { type = bool, optional = true, default = false, api = "authEnabled" }
    authorized_network          = { type = string, optional = true, computed = true, replaces = true, api = "authorizedNetwork", suppress = "self_link_or_name" }
    connect_mode                = { type = string, optional = true, replaces = true, default = "DIRECT_PEERING", one_of = ["DIRECT_PEERING", "PRIVATE_SERVICE_ACCESS"], api = "connectMode" }
    customer_managed_key        = { type = string, optional = true, replaces = true, api = "customerManagedKey" }
    deletion_policy             = { type = string, optional = true, computed = true }
    deletion_protection         = { type = bool, optional = true }
    display_name                = { type = string, optional = true, api = "displayName" }
    labels                      = { type = map(string), optional = true }
    location_id                 = { type = string, optional = true, computed = true, replaces = true, api = "locationId" }
    maintenance_version         = { type = string, optional = true, computed = true, api = "maintenanceVersion" }
    project                     = { type = string, optional = true, computed = true, replaces = true, fill = project }
    read_replicas_mode          = { type = string, optional = true, computed = true, one_of = ["READ_REPLICAS_DISABLED", "READ_REPLICAS_ENABLED"], api = "readReplicasMode" }
    redis_configs               = { type = map(string), optional = true, api = "redisConfigs" }
    redis_version               = { type = string, optional = true, computed = true, api = "redisVersion" }
    region                      = { type = string, optional = true, computed = true, replaces = true, fill = region, keep = true }
    replica_count               = { type = int, optional = true, computed = true, api = "replicaCount" }
    reserved_ip_range           = { type = string, optional = true, computed = true, replaces = true, api = "reservedIpRange", read = none, keep = true }
    secondary_ip_range          = { type = string, optional = true, computed = true, api = "secondaryIpRange", suppress = "auto_accepts_any" }
    tier                        = { type = string, optional = true, replaces = true, default = "BASIC", one_of = ["BASIC", "STANDARD_HA"], api = "tier" }
    transit_encryption_mode     = { type = string, optional = true, replaces = true, default = "DISABLED", one_of = ["SERVER_AUTHENTICATION", "DISABLED"], api = "transitEncryptionMode" }
    auth_string                 = { type = string, computed = true, sensitive = true, keep = true }
    create_time                 = { type = string, computed = true, api = "createTime" }
    current_location_id         = { type = string, computed = true, api = "currentLocationId" }
    effective_labels            = { type = map(string), computed = true, api = "labels" }
    effective_reserved_ip_range = { type = string, computed = true, api = "reservedIpRange" }
    host                        = { type = string, computed = true, api = "host" }
    persistence_iam_identity    = { type = string, computed = true, api = "persistenceIamIdentity", kept = ["project"] }
    port                        = { type = int, computed = true, api = "port" }
    read_endpoint               = { type = string, computed = true, api = "readEndpoint", volatile = ["read_replicas_mode"] }
    read_endpoint_port          = { type = int, computed = true, api = "readEndpointPort", volatile = ["read_replicas_mode"] }
    terraform_labels            = { type = map(string), computed = true }
  }

  block "maintenance_policy" {
    optional  = true
    max_items = 1
    api       = "maintenancePolicy"
    attributes = {
      description = { type = string, optional = true, api = "description" }
      create_time = { type = string, computed = true, api = "createTime", volatile = true }
      update_time = { type = string, computed = true, api = "updateTime", volatile = true }
    }

    block "weekly_maintenance_window" {
      optional = true
      api      = "weeklyMaintenanceWindow"
      attributes = {
        day      = { type = string, required = true, one_of = ["DAY_OF_WEEK_UNSPECIFIED", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"], api = "day" }
        duration = { type = string, computed = true, api = "duration" }
      }

      block "start_time" {
        required  = true
        max_items = 1
        api       = "startTime"
        attributes = {
          hours   = { type = int, optional = true, min = 0, max = 23, api = "hours" }
          minutes = { type = int, optional = true, min = 0, max = 59, api = "minutes" }
          nanos   = { type = int, optional = true, min = 0, max = 999999999, api = "nanos" }
          seconds = { type = int, optional = true, min = 0, max = 60, api = "seconds" }
        }
      }
    }
  }

  block "persistence_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "persistenceConfig"
    attributes = {
      persistence_mode        = { type = string, optional = true, computed = true, one_of = ["DISABLED", "RDB"], api = "persistenceMode" }
      rdb_snapshot_period     = { type = string, optional = true, one_of = ["ONE_HOUR", "SIX_HOURS", "TWELVE_HOURS", "TWENTY_FOUR_HOURS"], api = "rdbSnapshotPeriod" }
      rdb_snapshot_start_time = { type = string, optional = true, computed = true, api = "rdbSnapshotStartTime", suppress = "timestamp" }
      rdb_next_snapshot_time  = { type = string, computed = true, api = "rdbNextSnapshotTime" }
    }
  }

  block "maintenance_schedule" {
    computed = true
    api      = "maintenanceSchedule"
    attributes = {
      end_time               = { type = string, computed = true, api = "endTime" }
      schedule_deadline_time = { type = string, computed = true, api = "scheduleDeadlineTime" }
      start_time             = { type = string, computed = true, api = "startTime" }
    }
  }

  block "nodes" {
    computed = true
    volatile = ["read_replicas_mode", "replica_count"]
    api      = "nodes"
    attributes = {
      id   = { type = string, computed = true, api = "id" }
      zone = { type = string, computed = true, api = "zone" }
    }
  }

  block "server_ca_certs" {
    computed = true
    api      = "serverCaCerts"
    attributes = {
      cert             = { type = string, computed = true, api = "cert" }
      create_time      = { type = string, computed = true, api = "createTime" }
      expire_time      = { type = string, computed = true, api = "expireTime" }
      serial_number    = { type = string, computed = true, api = "serialNumber" }
      sha1_fingerprint = { type = string, computed = true, api = "sha1Fingerprint" }
    }
  }
}
