# An instance of Bigtable. Its clusters are objects of their own, read and changed by calls of their own (the hook).
resource "google_bigtable_instance" {
  service   = "bigtableadmin"
  object    = "Instance"
  hook      = "bigtable_instance"
  made      = ["clusters"]
  id        = "projects/{project}/instances/{name}"
  import    = ["projects/{project}/instances/{name}", "{project}/{name}", "{name}"]
  labels    = "labels"
  operation = standard

  needs = [
    { when = ["read"], permissions = ["bigtable.clusters.list"], at = "cluster" },
    { when = ["create", "update"], permissions = ["bigtable.clusters.create", "bigtable.clusters.delete", "bigtable.clusters.update"], at = "cluster" },
    { when = ["delete"], permissions = ["bigtable.backups.delete", "bigtable.backups.list"], with = "force_destroy" },
  ]

  create = { post = "projects/{project}/instances", body = "instance", with = { parent = "projects/{project}", instanceId = "{name}" } }
  read   = { get = "projects/{project}/instances/{name}" }
  discover = { get = "projects/{project}/instances", items = "instances" }
  update = { patch = "projects/{project}/instances/{name}", how = query_mask }
  delete = { delete = "projects/{project}/instances/{name}" }
  timeouts = { create = "60m", update = "60m", read = "60m" }
  schema_version = 1

  attributes = {
    name                = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    deletion_policy     = { type = string, optional = true, computed = true }
    deletion_protection = { type = bool, optional = true, default = true }
    display_name        = { type = string, optional = true, computed = true, api = "displayName" }
    edition             = { type = string, optional = true, default = "ENTERPRISE", one_of = ["ENTERPRISE", "ENTERPRISE_PLUS"], api = "edition" }
    force_destroy       = { type = bool, optional = true, default = false }
    instance_type       = { type = string, optional = true, default = "PRODUCTION", one_of = ["DEVELOPMENT", "PRODUCTION"], deprecated = "Instances of the kind DEVELOPMENT are no more made.", api = "type", read = none, keep = true }
    labels              = { type = map(string), optional = true }
    project             = { type = string, optional = true, computed = true, replaces = true, fill = project }
    tags                = { type = map(string), optional = true, replaces = true, api = "tags", read = none, keep = true }
    effective_labels    = { type = map(string), computed = true, api = "labels" }
    terraform_labels    = { type = map(string), computed = true }
  }

  block "cluster" {
    optional = true
    computed = true
    api      = "clusters"
    write    = none
    keep     = true
    attributes = {
      cluster_id          = { type = string, required = true, api = "name", codec = "last_segment", write = none }
      kms_key_name        = { type = string, optional = true, computed = true, api = "encryptionConfig.kmsKeyName" }
      node_scaling_factor = { type = string, optional = true, default = "NodeScalingFactor1X", one_of = ["NodeScalingFactor1X", "NodeScalingFactor2X"], api = "nodeScalingFactor" }
      num_nodes           = { type = int, optional = true, computed = true, min = 1, api = "serveNodes", volatile = ["autoscaling_config"] }
      storage_type        = { type = string, optional = true, default = "SSD", one_of = ["SSD", "HDD"], api = "defaultStorageType" }
      zone                = { type = string, optional = true, computed = true, api = "location", codec = "last_segment" }
      state               = { type = string, computed = true, api = "state" }
    }

    block "autoscaling_config" {
      optional  = true
      max_items = 1
      api       = "clusterConfig.clusterAutoscalingConfig"
      attributes = {
        cpu_target     = { type = int, required = true, api = "autoscalingTargets.cpuUtilizationPercent" }
        max_nodes      = { type = int, required = true, api = "autoscalingLimits.maxServeNodes" }
        min_nodes      = { type = int, required = true, api = "autoscalingLimits.minServeNodes" }
        storage_target = { type = int, optional = true, computed = true, api = "autoscalingTargets.storageUtilizationGibPerNode" }
      }
    }
  }
}
