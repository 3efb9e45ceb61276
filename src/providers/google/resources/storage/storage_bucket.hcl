# A bucket of Cloud Storage.
resource "google_storage_bucket" {
  service = "storage"
  object  = "Bucket"
  hook    = "bucket"
  id      = "{name}"
  import  = ["{name}", "{project}/{name}"]
  import_sets = { force_destroy = false }
  labels  = "labels"

  needs = [
    { when = ["delete"], permissions = ["storage.objects.list"] },
    { when = ["delete"], permissions = ["storage.objects.delete"], with = "force_destroy" },
    { when = ["create"], permissions = ["storage.buckets.enableObjectRetention"], with = "enable_object_retention" },
  ]

  create = { post = "b?project={project}" }
  read   = { get = "b/{name}?projection=noAcl" }
  list   = { get = "b?project={project}&projection=noAcl&maxResults=1000", items = "items", by = "name" }
  update = { patch = "b/{name}?projection=noAcl", how = merge }
  delete = { delete = "b/{name}" }
  timeouts = { create = "10m", read = "4m", update = "4m" }
  schema_version = 4
  at_least_one_of = [
    ["website.main_page_suffix", "website.not_found_page"],
  ]

  attributes = {
    location                    = { type = string, required = true, replaces = true, api = "location", normalize = "upper" }
    name                        = { type = string, required = true, replaces = true, api = "name" }
    default_event_based_hold    = { type = bool, optional = true, api = "defaultEventBasedHold" }
    deletion_policy             = { type = string, optional = true, computed = true }
    enable_object_retention     = { type = bool, optional = true, replaces = true, api = "objectRetention.mode", write = none, codec = "equals:Enabled" }
    force_destroy               = { type = bool, optional = true, default = false }
    labels                      = { type = map(string), optional = true }
    project                     = { type = string, optional = true, computed = true, replaces = true, fill = project }
    public_access_prevention    = { type = string, optional = true, computed = true, api = "iamConfiguration.publicAccessPrevention" }
    requester_pays              = { type = bool, optional = true, api = "billing.requesterPays" }
    rpo                         = { type = string, optional = true, computed = true, api = "rpo" }
    storage_class               = { type = string, optional = true, default = "STANDARD", api = "storageClass" }
    uniform_bucket_level_access = { type = bool, optional = true, computed = true, api = "iamConfiguration.uniformBucketLevelAccess.enabled" }
    effective_labels            = { type = map(string), computed = true, api = "labels" }
    project_number              = { type = int, computed = true, api = "projectNumber", wire = text, kept = ["project"] }
    self_link                   = { type = string, computed = true, api = "selfLink", kept = ["name"] }
    terraform_labels            = { type = map(string), computed = true }
    time_created                = { type = string, computed = true, api = "timeCreated" }
    updated                     = { type = string, computed = true, api = "updated", volatile = true }
    url                         = { type = string, computed = true, known = "gs://{name}" }
  }

  block "autoclass" {
    optional  = true
    max_items = 1
    api       = "autoclass"
    suppress  = "absent_equals_disabled"
    attributes = {
      enabled                = { type = bool, required = true, api = "enabled" }
      terminal_storage_class = { type = string, optional = true, computed = true, api = "terminalStorageClass" }
    }
  }

  block "cors" {
    optional = true
    api      = "cors"
    attributes = {
      max_age_seconds = { type = int, optional = true, api = "maxAgeSeconds" }
      method          = { type = list(string), optional = true, api = "method" }
      origin          = { type = list(string), optional = true, api = "origin" }
      response_header = { type = list(string), optional = true, api = "responseHeader" }
    }
  }

  block "custom_placement_config" {
    optional  = true
    max_items = 1
    api       = "customPlacementConfig"
    attributes = {
      data_locations = { type = set(string), required = true, replaces = true, min_items = 1, api = "dataLocations" }
    }
  }

  block "encryption" {
    optional  = true
    max_items = 1
    api       = "encryption"
    attributes = {
      default_kms_key_name = { type = string, optional = true, api = "defaultKmsKeyName" }
    }

    block "customer_managed_encryption_enforcement_config" {
      optional  = true
      max_items = 1
      api       = "customerManagedEncryptionEnforcementConfig"
      attributes = {
        restriction_mode = { type = string, required = true, one_of = ["NotRestricted", "FullyRestricted"], api = "restrictionMode" }
        effective_time   = { type = string, computed = true, api = "effectiveTime" }
      }
    }

    block "customer_supplied_encryption_enforcement_config" {
      optional  = true
      max_items = 1
      api       = "customerSuppliedEncryptionEnforcementConfig"
      attributes = {
        restriction_mode = { type = string, required = true, one_of = ["NotRestricted", "FullyRestricted"], api = "restrictionMode" }
        effective_time   = { type = string, computed = true, api = "effectiveTime" }
      }
    }

    block "google_managed_encryption_enforcement_config" {
      optional  = true
      max_items = 1
      api       = "googleManagedEncryptionEnforcementConfig"
      attributes = {
        restriction_mode = { type = string, required = true, one_of = ["NotRestricted", "FullyRestricted"], api = "restrictionMode" }
        effective_time   = { type = string, computed = true, api = "effectiveTime" }
      }
    }
  }

  block "hierarchical_namespace" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "hierarchicalNamespace"
    suppress  = "absent_equals_disabled"
    attributes = {
      enabled = { type = bool, required = true, replaces = true, api = "enabled" }
    }
  }

  block "ip_filter" {
    optional  = true
    max_items = 1
    api       = "ipFilter"
    suppress  = "absent_equals_disabled"
    attributes = {
      mode                           = { type = string, required = true, one_of = ["Enabled", "Disabled"], api = "mode" }
      allow_all_service_agent_access = { type = bool, optional = true, api = "allowAllServiceAgentAccess" }
      allow_cross_org_vpcs           = { type = bool, optional = true, required_with = ["ip_filter.vpc_network_sources"], api = "allowCrossOrgVpcs" }
    }

    block "public_network_source" {
      optional  = true
      max_items = 1
      api       = "publicNetworkSource"
      attributes = {
        allowed_ip_cidr_ranges = { type = list(string), required = true, api = "allowedIpCidrRanges" }
      }
    }

    block "vpc_network_sources" {
      optional = true
      api      = "vpcNetworkSources"
      attributes = {
        allowed_ip_cidr_ranges = { type = list(string), required = true, api = "allowedIpCidrRanges" }
        network                = { type = string, required = true, api = "network" }
      }
    }
  }

  block "lifecycle_rule" {
    optional  = true
    max_items = 100
    api       = "lifecycle.rule"

    block "action" {
      kind      = set
      required  = true
      min_items = 1
      max_items = 1
      api       = "action"
      attributes = {
        type          = { type = string, required = true, api = "type" }
        storage_class = { type = string, optional = true, api = "storageClass" }
      }
    }

    block "condition" {
      kind      = set
      required  = true
      min_items = 1
      max_items = 1
      api       = "condition"
      attributes = {
        age                                     = { type = int, optional = true, api = "age", zero_if = "send_age_if_zero" }
        created_before                          = { type = string, optional = true, api = "createdBefore" }
        custom_time_before                      = { type = string, optional = true, api = "customTimeBefore" }
        days_since_custom_time                  = { type = int, optional = true, api = "daysSinceCustomTime", zero_if = "send_days_since_custom_time_if_zero" }
        days_since_noncurrent_time              = { type = int, optional = true, api = "daysSinceNoncurrentTime", zero_if = "send_days_since_noncurrent_time_if_zero" }
        matches_prefix                          = { type = list(string), optional = true, api = "matchesPrefix" }
        matches_storage_class                   = { type = list(string), optional = true, api = "matchesStorageClass" }
        matches_suffix                          = { type = list(string), optional = true, api = "matchesSuffix" }
        noncurrent_time_before                  = { type = string, optional = true, api = "noncurrentTimeBefore" }
        num_newer_versions                      = { type = int, optional = true, api = "numNewerVersions", zero_if = "send_num_newer_versions_if_zero" }
        send_age_if_zero                        = { type = bool, optional = true }
        send_days_since_custom_time_if_zero     = { type = bool, optional = true }
        send_days_since_noncurrent_time_if_zero = { type = bool, optional = true }
        send_num_newer_versions_if_zero         = { type = bool, optional = true }
        size_above_bytes                        = { type = int, optional = true, api = "sizeAboveBytes", wire = text }
        size_below_bytes                        = { type = int, optional = true, api = "sizeBelowBytes", wire = text }
        with_state                              = { type = string, optional = true, computed = true, one_of = ["LIVE", "ARCHIVED", "ANY"], api = "isLive", codec = "live_state" }
      }
    }
  }

  block "logging" {
    optional  = true
    max_items = 1
    api       = "logging"
    attributes = {
      log_bucket        = { type = string, required = true, api = "logBucket" }
      log_object_prefix = { type = string, optional = true, computed = true, api = "logObjectPrefix" }
    }
  }

  block "retention_policy" {
    optional  = true
    max_items = 1
    api       = "retentionPolicy"
    attributes = {
      retention_period = { type = string, required = true, api = "retentionPeriod" }
      is_locked        = { type = bool, optional = true, default = false, api = "isLocked", write = none }
    }
  }

  block "soft_delete_policy" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "softDeletePolicy"
    attributes = {
      retention_duration_seconds = { type = int, optional = true, default = 604800, api = "retentionDurationSeconds", wire = text }
      effective_time             = { type = string, computed = true, api = "effectiveTime", volatile = ["retention_duration_seconds"] }
    }
  }

  block "versioning" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "versioning"
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "website" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "website"
    attributes = {
      main_page_suffix = { type = string, optional = true, api = "mainPageSuffix", suppress = "keep_when_removed" }
      not_found_page   = { type = string, optional = true, api = "notFoundPage", suppress = "keep_when_removed" }
    }
  }
}
