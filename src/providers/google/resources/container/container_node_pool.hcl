# A node pool of a GKE cluster.
resource "google_container_node_pool" {
  service   = "container"
  object    = "NodePool"
  hook      = "node_pool"
  id        = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}"
  import    = ["projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}", "{project}/{location}/{cluster/}/{name}", "{location}/{cluster/}/{name}"]
  inside    = { google_container_cluster = "projects/{project}/locations/{location}/clusters/{cluster/}" }
  operation = gke
  rests     = { field = "status", ready = ["RUNNING"], failed = ["RUNNING_WITH_ERROR", "ERROR"] }

  needs = [
    { when = ["create"], permissions = ["iam.serviceAccounts.actAs"], at = "node_config.service_account" },
  ]

  create = { post = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools", body = "nodePool" }
  read   = { get = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}" }
  list   = { get = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools", items = "nodePools", by = "name" }
  discover = { own = [{ below = "enable_autopilot", why = "pools of Autopilot clusters are Google's" }] }
  update = { put = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}", how = fields }
  delete = { delete = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}" }
  rpc "set_size" { post = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}:setSize" }
  rpc "set_management" { post = "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}:setManagement" }
  rpc "cluster_update" {
    put  = "projects/{project}/locations/{location}/clusters/{cluster/}"
    body = "update"
    with = { desiredNodePoolId = "{name}" }
  }
  timeouts = { create = "120m", update = "120m", delete = "120m" }
  schema_version = 1

  attributes = {
    cluster                     = { type = string, required = true, replaces = true }
    deletion_policy             = { type = string, optional = true, computed = true }
    ignore_node_count_changes   = { type = bool, optional = true }
    initial_node_count          = { type = int, optional = true, computed = true, replaces = true, api = "initialNodeCount" }
    location                    = { type = string, optional = true, computed = true, replaces = true, fill = gke_location }
    max_pods_per_node           = { type = int, optional = true, computed = true, replaces = true, api = "maxPodsConstraint.maxPodsPerNode", wire = text }
    name                        = { type = string, optional = true, computed = true, replaces = true, api = "name" }
    name_prefix                 = { type = string, optional = true, computed = true, replaces = true, keep = true }
    node_count                  = { type = int, optional = true, computed = true, min = 0, api = "initialNodeCount", update = { rpc = "set_size", field = "nodeCount" }, write = none, read = none }
    node_locations              = { type = set(string), optional = true, computed = true, api = "locations", update = { rpc = "update", field = "locations" } }
    project                     = { type = string, optional = true, computed = true, replaces = true, fill = project }
    version                     = { type = string, optional = true, computed = true, api = "version", update = { rpc = "update", field = "nodeVersion" } }
    instance_group_urls         = { type = list(string), computed = true, api = "instanceGroupUrls" }
    managed_instance_group_urls = { type = list(string), computed = true }
    operation                   = { type = string, computed = true, keep = true }
  }

  block "autoscaling" {
    optional  = true
    max_items = 1
    api       = "autoscaling"
    update    = { rpc = "cluster_update", field = "desiredNodePoolAutoscaling" }
    present   = "enabled"
    attributes = {
      location_policy      = { type = string, optional = true, computed = true, one_of = ["BALANCED", "ANY"], api = "locationPolicy" }
      max_node_count       = { type = int, optional = true, min = 0, api = "maxNodeCount" }
      min_node_count       = { type = int, optional = true, min = 0, api = "minNodeCount" }
      total_max_node_count = { type = int, optional = true, min = 0, api = "totalMaxNodeCount" }
      total_min_node_count = { type = int, optional = true, min = 0, api = "totalMinNodeCount" }
    }
  }

  block "maintenance_policy" {
    single = true
    optional = true
    api      = "maintenancePolicy"

    block "exclusion_until_end_of_support" {
      single = true
      optional = true
      api      = "exclusionUntilEndOfSupport"
      attributes = {
        enabled    = { type = bool, optional = true, api = "enabled" }
        end_time   = { type = string, computed = true, api = "endTime" }
        start_time = { type = string, computed = true, api = "startTime" }
      }
    }
  }

  block "management" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "management"
    update    = { rpc = "set_management", field = "management", force_send = true }
    attributes = {
      auto_repair  = { type = bool, optional = true, default = true, api = "autoRepair" }
      auto_upgrade = { type = bool, optional = true, default = true, api = "autoUpgrade" }
    }
  }

  block "network_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "networkConfig"
    attributes = {
      accelerator_network_profile = { type = string, optional = true, replaces = true, api = "acceleratorNetworkProfile" }
      create_pod_range            = { type = bool, optional = true, replaces = true, api = "createPodRange", keep = true }
      enable_private_nodes        = { type = bool, optional = true, computed = true, api = "enablePrivateNodes", update = { rpc = "update", field = "nodeNetworkConfig", group = "nodeNetworkConfig", wrap = "enablePrivateNodes" } }
      pod_ipv4_cidr_block         = { type = string, optional = true, computed = true, replaces = true, api = "podIpv4CidrBlock", suppress = "cidr_or_size" }
      pod_range                   = { type = string, optional = true, computed = true, replaces = true, api = "podRange" }
      subnetwork                  = { type = string, optional = true, computed = true, replaces = true, api = "subnetwork", suppress = "self_link_or_name" }
    }

    block "additional_node_network_configs" {
      optional = true
      computed = true
      replaces = true
      api      = "additionalNodeNetworkConfigs"
      attributes = {
        network    = { type = string, optional = true, computed = true, replaces = true, api = "network" }
        subnetwork = { type = string, optional = true, computed = true, replaces = true, api = "subnetwork" }
      }
    }

    block "additional_pod_network_configs" {
      optional = true
      replaces = true
      api      = "additionalPodNetworkConfigs"
      attributes = {
        max_pods_per_node   = { type = int, optional = true, computed = true, replaces = true, api = "maxPodsPerNode.maxPodsPerNode", wire = text }
        secondary_pod_range = { type = string, optional = true, replaces = true, api = "secondaryPodRange" }
        subnetwork          = { type = string, optional = true, replaces = true, api = "subnetwork" }
      }
    }

    block "network_performance_config" {
      optional  = true
      max_items = 1
      api       = "networkPerformanceConfig"
      update    = { rpc = "update", field = "nodeNetworkConfig", group = "nodeNetworkConfig", wrap = "networkPerformanceConfig" }
      attributes = {
        total_egress_bandwidth_tier = { type = string, required = true, api = "totalEgressBandwidthTier" }
      }
    }

    block "pod_cidr_overprovision_config" {
      optional  = true
      computed  = true
      replaces  = true
      max_items = 1
      api       = "podCidrOverprovisionConfig"
      attributes = {
        disabled = { type = bool, required = true, api = "disable" }
      }
    }
  }

  block "node_config" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    api       = "config"
    shared    = "node_config"
  }

  block "node_drain_config" {
    single = true
    optional = true
    computed = true
    api      = "nodeDrainConfig"
    update   = { rpc = "update", field = "nodeDrainConfig" }
    attributes = {
      grace_termination_duration            = { type = string, optional = true, api = "graceTerminationDuration" }
      pdb_timeout_duration                  = { type = string, optional = true, api = "pdbTimeoutDuration" }
      respect_pdb_during_node_pool_deletion = { type = bool, optional = true, api = "respectPdbDuringNodePoolDeletion" }
    }
  }

  block "placement_policy" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "placementPolicy"
    attributes = {
      type         = { type = string, required = true, api = "type" }
      policy_name  = { type = string, optional = true, replaces = true, api = "policyName" }
      tpu_topology = { type = string, optional = true, api = "tpuTopology" }
    }
  }

  block "queued_provisioning" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "queuedProvisioning"
    attributes = {
      enabled = { type = bool, required = true, replaces = true, api = "enabled" }
    }
  }

  block "upgrade_settings" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "upgradeSettings"
    update    = { rpc = "update", field = "upgradeSettings" }
    attributes = {
      max_surge       = { type = int, optional = true, computed = true, min = 0, api = "maxSurge" }
      max_unavailable = { type = int, optional = true, computed = true, min = 0, api = "maxUnavailable" }
      strategy        = { type = string, optional = true, default = "SURGE", one_of = ["SURGE", "BLUE_GREEN"], api = "strategy" }
    }

    block "blue_green_settings" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "blueGreenSettings"
      attributes = {
        node_pool_soak_duration = { type = string, optional = true, computed = true, api = "nodePoolSoakDuration" }
      }

      block "standard_rollout_policy" {
        required  = true
        min_items = 1
        max_items = 1
        api       = "standardRolloutPolicy"
        attributes = {
          batch_node_count    = { type = int, optional = true, computed = true, api = "batchNodeCount" }
          batch_percentage    = { type = float, optional = true, computed = true, min = 0.0, max = 1.0, api = "batchPercentage" }
          batch_soak_duration = { type = string, optional = true, computed = true, api = "batchSoakDuration" }
        }
      }
    }
  }
}
