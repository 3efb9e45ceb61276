# A GKE cluster.
resource "google_container_cluster" {
  service   = "container"
  object    = "Cluster"
  hook      = "cluster"
  looks_at  = ["location"]
  id        = "projects/{project}/locations/{location}/clusters/{name}"
  import    = ["projects/{project}/locations/{location}/clusters/{name}", "{project}/{location}/{name}", "{location}/{name}"]
  import_sets = { deletion_protection = true }
  labels    = "resource_labels"
  serves    = ["master_version", "min_master_version"]
  operation = gke
  rests     = { field = "status", ready = ["RUNNING"], failed = ["DEGRADED", "ERROR"] }

  needs = [
    { when = ["create"], permissions = ["iam.serviceAccounts.actAs"], at = "node_config.service_account" },
  ]

  create = { post = "projects/{project}/locations/{location}/clusters", body = "cluster" }
  read   = { get = "projects/{project}/locations/{location}/clusters/{name}" }
  list   = { get = "projects/{project}/locations/-/clusters", items = "clusters", by = "selfLink" }
  discover = { without = ["cluster_ipv4_cidr", "node_config", "node_pool", "node_version"] }
  update = { put = "projects/{project}/locations/{location}/clusters/{name}", how = fields, body = "update" }
  delete = { delete = "projects/{project}/locations/{location}/clusters/{name}" }
  rpc "set_legacy_abac" { post = "projects/{project}/locations/{location}/clusters/{name}:setLegacyAbac" }
  rpc "set_network_policy" { post = "projects/{project}/locations/{location}/clusters/{name}:setNetworkPolicy" }
  rpc "set_maintenance_policy" { post = "projects/{project}/locations/{location}/clusters/{name}:setMaintenancePolicy" }
  rpc "set_resource_labels" { post = "projects/{project}/locations/{location}/clusters/{name}:setResourceLabels" }
  rpc "node_pools" { get = "projects/{project}/locations/{location}/clusters/{name}/nodePools" }
  rpc "delete_default_node_pool" { delete = "projects/{project}/locations/{location}/clusters/{name}/nodePools/default-pool" }
  rpc "default_pool_image" {
    put  = "projects/{project}/locations/{location}/clusters/{name}"
    body = "update"
    with = { desiredNodePoolId = "default-pool" }
  }
  rpc "default_pool_update" { put = "projects/{project}/locations/{location}/clusters/{name}/nodePools/default-pool" }
  timeouts = { create = "90m", read = "90m", update = "90m", delete = "90m" }
  schema_version = 2
  at_least_one_of = [
    ["addons_config.istio_config", "addons_config.kalm_config", "addons_config.agent_sandbox_config", "addons_config.cloudrun_config", "addons_config.config_connector_config", "addons_config.dns_cache_config", "addons_config.gce_persistent_disk_csi_driver_config", "addons_config.gcp_filestore_csi_driver_config", "addons_config.gcs_fuse_csi_driver_config", "addons_config.gke_backup_agent_config", "addons_config.high_scale_checkpointing_config", "addons_config.horizontal_pod_autoscaling", "addons_config.http_load_balancing", "addons_config.lustre_csi_driver_config", "addons_config.network_policy_config", "addons_config.node_readiness_config", "addons_config.parallelstore_csi_driver_config", "addons_config.pod_snapshot_config", "addons_config.ray_operator_config", "addons_config.slice_controller_config", "addons_config.slurm_operator_config", "addons_config.stateful_ha_config"],
    ["cluster_autoscaling.auto_provisioning_defaults.shielded_instance_config.enable_integrity_monitoring", "cluster_autoscaling.auto_provisioning_defaults.shielded_instance_config.enable_secure_boot"],
    ["private_cluster_config.enable_private_endpoint", "private_cluster_config.enable_private_nodes", "private_cluster_config.master_global_access_config", "private_cluster_config.master_ipv4_cidr_block", "private_cluster_config.private_endpoint_subnetwork"],
  ]
  exactly_one_of = [
    ["cluster_autoscaling.auto_provisioning_defaults.upgrade_settings.blue_green_settings.standard_rollout_policy.batch_node_count", "cluster_autoscaling.auto_provisioning_defaults.upgrade_settings.blue_green_settings.standard_rollout_policy.batch_percentage"],
    ["maintenance_policy.daily_maintenance_window", "maintenance_policy.recurring_maintenance_window", "maintenance_policy.recurring_window"],
  ]

  attributes = {
    name                                     = { type = string, required = true, replaces = true, api = "name" }
    allow_net_admin                          = { type = bool, optional = true, api = "autopilot.workloadPolicyConfig.allowNetAdmin", update = { rpc = "update", field = "desiredAutopilotWorkloadPolicyConfig", wrap = "allowNetAdmin" } }
    autopilot_privileged_admission           = { type = list(string), optional = true, computed = true, api = "autopilot.privilegedAdmissionConfig.allowlistPaths", update = { rpc = "update", field = "desiredPrivilegedAdmissionConfig", wrap = "allowlistPaths" } }
    cluster_ipv4_cidr                        = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["ip_allocation_policy"], api = "clusterIpv4Cidr" }
    datapath_provider                        = { type = string, optional = true, computed = true, replaces = true, one_of = ["DATAPATH_PROVIDER_UNSPECIFIED", "LEGACY_DATAPATH", "ADVANCED_DATAPATH"], api = "networkConfig.datapathProvider", suppress = "empty_equals:DATAPATH_PROVIDER_UNSPECIFIED" }
    dataplane_optimization_mode              = { type = string, optional = true, replaces = true, api = "networkConfig.dataplaneV2Config.scalabilityMode" }
    default_max_pods_per_node                = { type = int, optional = true, computed = true, replaces = true, conflicts_with = ["enable_autopilot"], api = "defaultMaxPodsConstraint.maxPodsPerNode", wire = text }
    deletion_policy                          = { type = string, optional = true, computed = true }
    deletion_protection                      = { type = bool, optional = true, default = true }
    description                              = { type = string, optional = true, replaces = true, api = "description" }
    desired_emulated_version                 = { type = string, optional = true, regex = "^[0-9]+\\.[0-9]+$", update = { rpc = "update", field = "desiredEmulatedVersion" } }
    disable_l4_lb_firewall_reconciliation    = { type = bool, optional = true, default = false, api = "networkConfig.disableL4LbFirewallReconciliation", update = { rpc = "update", field = "desiredDisableL4LbFirewallReconciliation", force_send = true } }
    enable_autopilot                         = { type = bool, optional = true, replaces = true, api = "autopilot.enabled" }
    enable_cilium_clusterwide_network_policy = { type = bool, optional = true, default = false, api = "networkConfig.enableCiliumClusterwideNetworkPolicy", update = { rpc = "update", field = "desiredEnableCiliumClusterwideNetworkPolicy", force_send = true } }
    enable_fqdn_network_policy               = { type = bool, optional = true, default = false, api = "networkConfig.enableFqdnNetworkPolicy", update = { rpc = "update", field = "desiredEnableFqdnNetworkPolicy" } }
    enable_intranode_visibility              = { type = bool, optional = true, computed = true, conflicts_with = ["enable_autopilot"], api = "networkConfig.enableIntraNodeVisibility", update = { rpc = "update", field = "desiredIntraNodeVisibilityConfig", wrap = "enabled", force_send = true } }
    enable_kubernetes_alpha                  = { type = bool, optional = true, replaces = true, default = false, api = "enableKubernetesAlpha" }
    enable_l4_ilb_subsetting                 = { type = bool, optional = true, computed = true, api = "networkConfig.enableL4ilbSubsetting", update = { rpc = "update", field = "desiredL4ilbSubsettingConfig", wrap = "enabled", force_send = true } }
    enable_legacy_abac                       = { type = bool, optional = true, default = false, api = "legacyAbac.enabled", update = { rpc = "set_legacy_abac", field = "enabled", force_send = true } }
    enable_multi_networking                  = { type = bool, optional = true, default = false, api = "networkConfig.enableMultiNetworking", update = { rpc = "update", field = "desiredEnableMultiNetworking", force_send = true } }
    enable_shielded_nodes                    = { type = bool, optional = true, default = true, conflicts_with = ["enable_autopilot"], api = "shieldedNodes.enabled", update = { rpc = "update", field = "desiredShieldedNodes", wrap = "enabled", force_send = true } }
    enable_tpu                               = { type = bool, optional = true, replaces = true, api = "enableTpu" }
    ignore_node_count_changes                = { type = bool, optional = true }
    in_transit_encryption_config             = { type = string, optional = true, one_of = ["IN_TRANSIT_ENCRYPTION_CONFIG_UNSPECIFIED", "IN_TRANSIT_ENCRYPTION_DISABLED", "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT"], api = "networkConfig.inTransitEncryptionConfig", suppress = "empty_equals:IN_TRANSIT_ENCRYPTION_CONFIG_UNSPECIFIED", update = { rpc = "update", field = "desiredInTransitEncryptionConfig", absent = "IN_TRANSIT_ENCRYPTION_CONFIG_UNSPECIFIED", force_send = true } }
    initial_node_count                       = { type = int, optional = true, replaces = true, api = "initialNodeCount" }
    location                                 = { type = string, optional = true, computed = true, replaces = true, write = none, fill = gke_location }
    logging_service                          = { type = string, optional = true, computed = true, one_of = ["logging.googleapis.com", "logging.googleapis.com/kubernetes", "none"], api = "loggingService", update = { rpc = "update", field = "desiredLoggingService", group = "logging_monitoring_service" } }
    min_master_version                       = { type = string, optional = true, api = "initialClusterVersion", update = { rpc = "update", field = "desiredMasterVersion" }, read = none }
    monitoring_service                       = { type = string, optional = true, computed = true, one_of = ["monitoring.googleapis.com", "monitoring.googleapis.com/kubernetes", "none"], api = "monitoringService", update = { rpc = "update", field = "desiredMonitoringService", group = "logging_monitoring_service" } }
    network                                  = { type = string, optional = true, replaces = true, default = "default", api = "networkConfig.network", write = "network", suppress = "self_link_or_name", expand = "projects/{project}/global/networks/{}" }
    networking_mode                          = { type = string, optional = true, computed = true, replaces = true, one_of = ["VPC_NATIVE", "ROUTES"], api = "ipAllocationPolicy.useIpAliases", codec = "networking_mode" }
    node_locations                           = { type = set(string), optional = true, computed = true, api = "locations", update = { rpc = "update", field = "desiredLocations" } }
    node_version                             = { type = string, optional = true, computed = true, api = "currentNodeVersion", write = none, update = { rpc = "update", field = "desiredNodeVersion" } }
    private_ipv6_google_access               = { type = string, optional = true, computed = true, api = "networkConfig.privateIpv6GoogleAccess", update = { rpc = "update", field = "desiredPrivateIpv6GoogleAccess" } }
    project                                  = { type = string, optional = true, computed = true, replaces = true, fill = project }
    remove_default_node_pool                 = { type = bool, optional = true, conflicts_with = ["enable_autopilot"], update = { rpc = "delete_default_node_pool" } }
    resource_labels                          = { type = map(string), optional = true }
    skip_node_pool_refresh                   = { type = bool, optional = true }
    subnetwork                               = { type = string, optional = true, computed = true, replaces = true, api = "networkConfig.subnetwork", write = "subnetwork", suppress = "self_link_or_name" }
    effective_labels                         = { type = map(string), computed = true, api = "resourceLabels", update = { rpc = "set_resource_labels", field = "resourceLabels" } }
    emulated_version                         = { type = string, computed = true, api = "currentEmulatedVersion" }
    endpoint                                 = { type = string, computed = true, api = "endpoint" }
    label_fingerprint                        = { type = string, computed = true, api = "labelFingerprint", volatile = ["effective_labels"] }
    master_version                           = { type = string, computed = true, api = "currentMasterVersion", volatile = ["min_master_version"] }
    operation                                = { type = string, computed = true, keep = true }
    self_link                                = { type = string, computed = true, api = "selfLink", kept = ["project", "location", "name"] }
    services_ipv4_cidr                       = { type = string, computed = true, api = "servicesIpv4Cidr" }
    terraform_labels                         = { type = map(string), computed = true }
    tpu_ipv4_cidr_block                      = { type = string, computed = true, api = "tpuIpv4CidrBlock" }
  }

  block "addons_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "addonsConfig"
    update    = { rpc = "update", field = "desiredAddonsConfig" }

    block "istio_config" {
      optional  = true
      computed  = true
      max_items = 1
      beta      = true
      api       = "istioConfig"
      attributes = {
        disabled = { type = bool, required = true, api = "disabled" }
        auth     = { type = string, optional = true, one_of = ["AUTH_NONE", "AUTH_MUTUAL_TLS"], api = "auth" }
      }
    }

    block "kalm_config" {
      optional  = true
      computed  = true
      max_items = 1
      beta      = true
      api       = "kalmConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "agent_sandbox_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "agentSandboxConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "cloudrun_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "cloudRunConfig"
      attributes = {
        disabled           = { type = bool, required = true, api = "disabled" }
        load_balancer_type = { type = string, optional = true, one_of = ["LOAD_BALANCER_TYPE_INTERNAL"], api = "loadBalancerType" }
      }
    }

    block "config_connector_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "configConnectorConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "dns_cache_config" {
      optional       = true
      computed       = true
      max_items      = 1
      conflicts_with = ["enable_autopilot"]
      api            = "dnsCacheConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "gce_persistent_disk_csi_driver_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "gcePersistentDiskCsiDriverConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "gcp_filestore_csi_driver_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "gcpFilestoreCsiDriverConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "gcs_fuse_csi_driver_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "gcsFuseCsiDriverConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "gke_backup_agent_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "gkeBackupAgentConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "high_scale_checkpointing_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "highScaleCheckpointingConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "horizontal_pod_autoscaling" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "horizontalPodAutoscaling"
      attributes = {
        disabled = { type = bool, required = true, api = "disabled" }
      }
    }

    block "http_load_balancing" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "httpLoadBalancing"
      attributes = {
        disabled = { type = bool, required = true, api = "disabled" }
      }
    }

    block "lustre_csi_driver_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "lustreCsiDriverConfig"
      attributes = {
        enabled                   = { type = bool, required = true, api = "enabled" }
        disable_multi_nic         = { type = bool, optional = true, api = "disableMultiNic" }
        enable_legacy_lustre_port = { type = bool, optional = true, api = "enableLegacyLustrePort" }
      }
    }

    block "network_policy_config" {
      optional       = true
      computed       = true
      max_items      = 1
      conflicts_with = ["enable_autopilot"]
      api            = "networkPolicyConfig"
      attributes = {
        disabled = { type = bool, required = true, api = "disabled" }
      }
    }

    block "node_readiness_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "nodeReadinessConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "parallelstore_csi_driver_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "parallelstoreCsiDriverConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "pod_snapshot_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "podSnapshotConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "ray_operator_config" {
      single = true
      optional  = true
      computed  = true
      max_items = 3
      api       = "rayOperatorConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }

      block "ray_cluster_logging_config" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "rayClusterLoggingConfig"
        attributes = {
          enabled = { type = bool, required = true, api = "enabled" }
        }
      }

      block "ray_cluster_monitoring_config" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "rayClusterMonitoringConfig"
        attributes = {
          enabled = { type = bool, required = true, api = "enabled" }
        }
      }
    }

    block "slice_controller_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "sliceControllerConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "slurm_operator_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "slurmOperatorConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "stateful_ha_config" {
      optional       = true
      computed       = true
      max_items      = 1
      conflicts_with = ["enable_autopilot"]
      api            = "statefulHaConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }
  }

  block "anonymous_authentication_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "anonymousAuthenticationConfig"
    update    = { rpc = "update", field = "desiredAnonymousAuthenticationConfig" }
    attributes = {
      mode = { type = string, required = true, one_of = ["ENABLED", "LIMITED"], api = "mode" }
    }
  }

  block "authenticator_groups_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "authenticatorGroupsConfig"
    update    = { rpc = "update", field = "desiredAuthenticatorGroupsConfig" }
    present   = "enabled"
    attributes = {
      security_group = { type = string, required = true, api = "securityGroup" }
    }
  }

  block "autopilot_cluster_policy_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "autopilot.clusterPolicyConfig"
    update    = { rpc = "update", field = "desiredAutopilotClusterPolicyConfig" }
    attributes = {
      no_standard_node_pools  = { type = bool, optional = true, api = "noStandardNodePools" }
      no_system_impersonation = { type = bool, optional = true, api = "noSystemImpersonation" }
      no_system_mutation      = { type = bool, optional = true, api = "noSystemMutation" }
      no_unsafe_webhooks      = { type = bool, optional = true, api = "noUnsafeWebhooks" }
    }
  }

  block "binary_authorization" {
    optional  = true
    max_items = 1
    api       = "binaryAuthorization"
    suppress  = "absent_equals_disabled"
    update    = { rpc = "update", field = "desiredBinaryAuthorization", absent = { enabled = false } }
    attributes = {
      enabled         = { type = bool, optional = true, deprecated = "It is going away.", conflicts_with = ["enable_autopilot", "binary_authorization.evaluation_mode"], api = "enabled" }
      evaluation_mode = { type = string, optional = true, computed = true, one_of = ["DISABLED", "PROJECT_SINGLETON_POLICY_ENFORCE"], conflicts_with = ["binary_authorization.enabled"], api = "evaluationMode" }
    }
  }

  block "cluster_autoscaling" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "autoscaling"
    update    = { rpc = "update", field = "desiredClusterAutoscaling", absent = { enableNodeAutoprovisioning = false } }
    attributes = {
      auto_provisioning_locations   = { type = list(string), optional = true, computed = true, api = "autoprovisioningLocations" }
      autoscaling_profile           = { type = string, optional = true, default = "BALANCED", one_of = ["BALANCED", "OPTIMIZE_UTILIZATION"], api = "autoscalingProfile", suppress = "gke_autopilot_server_managed" }
      default_compute_class_enabled = { type = bool, optional = true, api = "defaultComputeClassConfig.enabled" }
      enabled                       = { type = bool, optional = true, computed = true, conflicts_with = ["enable_autopilot"], api = "enableNodeAutoprovisioning" }
    }

    block "auto_provisioning_defaults" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "autoprovisioningNodePoolDefaults"
      attributes = {
        boot_disk_kms_key = { type = string, optional = true, replaces = true, api = "bootDiskKmsKey" }
        disk_size         = { type = int, optional = true, default = 100, min = 10, api = "diskSizeGb", suppress = "gke_autopilot_server_managed" }
        disk_type         = { type = string, optional = true, default = "pd-standard", one_of = ["pd-standard", "pd-ssd", "pd-balanced", "hyperdisk-balanced"], api = "diskType", suppress = "gke_autopilot_server_managed" }
        image_type        = { type = string, optional = true, default = "COS_CONTAINERD", one_of = ["COS_CONTAINERD", "COS", "UBUNTU_CONTAINERD", "UBUNTU"], api = "imageType", suppress = "gke_autopilot_server_managed" }
        min_cpu_platform  = { type = string, optional = true, api = "minCpuPlatform", suppress = "empty_equals:automatic" }
        oauth_scopes      = { type = list(string), optional = true, computed = true, api = "oauthScopes", suppress = "gke_added_monitoring_scope", normalize = "oauth_scopes" }
        service_account   = { type = string, optional = true, default = "default", api = "serviceAccount" }
      }

      block "management" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "management"
        attributes = {
          auto_repair  = { type = bool, optional = true, computed = true, api = "autoRepair" }
          auto_upgrade = { type = bool, optional = true, computed = true, api = "autoUpgrade" }
        }

        block "upgrade_options" {
          computed = true
          api      = "upgradeOptions"
          attributes = {
            auto_upgrade_start_time = { type = string, computed = true, api = "autoUpgradeStartTime" }
            description             = { type = string, computed = true, api = "description" }
          }
        }
      }

      block "shielded_instance_config" {
        optional  = true
        max_items = 1
        api       = "shieldedInstanceConfig"
        attributes = {
          enable_integrity_monitoring = { type = bool, optional = true, default = true, api = "enableIntegrityMonitoring" }
          enable_secure_boot          = { type = bool, optional = true, default = false, api = "enableSecureBoot" }
        }
      }

      block "upgrade_settings" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "upgradeSettings"
        attributes = {
          max_surge       = { type = int, optional = true, api = "maxSurge" }
          max_unavailable = { type = int, optional = true, api = "maxUnavailable" }
          strategy        = { type = string, optional = true, computed = true, one_of = ["NODE_POOL_UPDATE_STRATEGY_UNSPECIFIED", "BLUE_GREEN", "SURGE"], api = "strategy" }
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
            optional  = true
            computed  = true
            max_items = 1
            api       = "standardRolloutPolicy"
            attributes = {
              batch_node_count    = { type = int, optional = true, computed = true, api = "batchNodeCount" }
              batch_percentage    = { type = float, optional = true, computed = true, min = 0.0, max = 1.0, api = "batchPercentage" }
              batch_soak_duration = { type = string, optional = true, default = "0s", api = "batchSoakDuration" }
            }
          }
        }
      }
    }

    block "resource_limits" {
      optional       = true
      computed       = true
      conflicts_with = ["enable_autopilot"]
      api            = "resourceLimits"
      suppress       = "gke_autopilot_server_managed"
      attributes = {
        maximum       = { type = int, required = true, min = 1, api = "maximum", wire = text }
        resource_type = { type = string, required = true, api = "resourceType" }
        minimum       = { type = int, optional = true, api = "minimum", wire = text }
      }
    }
  }

  block "confidential_nodes" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    api       = "confidentialNodes"
    attributes = {
      enabled                    = { type = bool, required = true, replaces = true, api = "enabled" }
      confidential_instance_type = { type = string, optional = true, replaces = true, one_of = ["SEV", "SEV_SNP", "TDX"], api = "confidentialInstanceType", suppress = "gke_confidential_sev" }
    }
  }

  block "control_plane_endpoints_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "controlPlaneEndpointsConfig"
    update    = { rpc = "update", field = "desiredControlPlaneEndpointsConfig", group = "cpe" }

    block "dns_endpoint_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "dnsEndpointConfig"
      attributes = {
        allow_external_traffic    = { type = bool, optional = true, api = "allowExternalTraffic" }
        enable_k8s_certs_via_dns  = { type = bool, optional = true, api = "enableK8sCertsViaDns" }
        enable_k8s_tokens_via_dns = { type = bool, optional = true, api = "enableK8sTokensViaDns" }
        endpoint                  = { type = string, optional = true, computed = true, api = "endpoint", write = none }
      }
    }

    block "ip_endpoints_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "ipEndpointsConfig"
      attributes = {
        enabled = { type = bool, optional = true, api = "enabled" }
      }
    }
  }

  block "cost_management_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "costManagementConfig"
    update    = { rpc = "update", field = "desiredCostManagementConfig" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "database_encryption" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "databaseEncryption"
    update    = { rpc = "update", field = "desiredDatabaseEncryption" }
    attributes = {
      state    = { type = string, required = true, one_of = ["ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED", "DECRYPTED"], api = "state", suppress = "gke_db_encryption_synonyms" }
      key_name = { type = string, optional = true, api = "keyName" }
    }
  }

  block "default_snat_status" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "networkConfig.defaultSnatStatus"
    update    = { rpc = "update", field = "desiredDefaultSnatStatus" }
    attributes = {
      disabled = { type = bool, required = true, api = "disabled" }
    }
  }

  block "dns_config" {
    optional  = true
    max_items = 1
    api       = "networkConfig.dnsConfig"
    suppress  = "gke_autopilot_server_managed"
    update    = { rpc = "update", field = "desiredDnsConfig" }
    attributes = {
      additive_vpc_scope_dns_domain = { type = string, optional = true, api = "additiveVpcScopeDnsDomain" }
      cluster_dns                   = { type = string, optional = true, default = "PROVIDER_UNSPECIFIED", one_of = ["PROVIDER_UNSPECIFIED", "PLATFORM_DEFAULT", "CLOUD_DNS", "KUBE_DNS"], api = "clusterDns" }
      cluster_dns_domain            = { type = string, optional = true, api = "clusterDnsDomain" }
      cluster_dns_scope             = { type = string, optional = true, one_of = ["DNS_SCOPE_UNSPECIFIED", "CLUSTER_SCOPE", "VPC_SCOPE"], api = "clusterDnsScope", suppress = "empty_equals:DNS_SCOPE_UNSPECIFIED" }
    }
  }

  block "enable_k8s_beta_apis" {
    optional  = true
    max_items = 1
    api       = "enableK8sBetaApis"
    update    = { rpc = "update", field = "desiredK8sBetaApis" }
    attributes = {
      enabled_apis = { type = set(string), required = true, api = "enabledApis" }
    }
  }

  block "enterprise_config" {
    optional   = true
    computed   = true
    max_items  = 1
    deprecated = "It is going away."
    api        = "enterpriseConfig"
    attributes = {
      desired_tier = { type = string, optional = true, computed = true, one_of = ["STANDARD", "ENTERPRISE"], deprecated = "It is going away.", api = "desiredTier", suppress = "empty_equals:CLUSTER_TIER_UNSPECIFIED", update = { rpc = "update", field = "desiredEnterpriseConfig", wrap = "desiredTier" } }
      cluster_tier = { type = string, computed = true, deprecated = "It is going away.", api = "clusterTier" }
    }
  }

  block "fleet" {
    optional  = true
    max_items = 1
    api       = "fleet"
    suppress  = "gke_fleet_preregistered"
    update    = { rpc = "update", field = "desiredFleet", absent = { project = "" } }
    attributes = {
      membership_type     = { type = string, optional = true, one_of = ["LIGHTWEIGHT"], api = "membershipType" }
      project             = { type = string, optional = true, api = "project" }
      membership          = { type = string, computed = true, api = "membership" }
      membership_id       = { type = string, computed = true }
      membership_location = { type = string, computed = true }
      pre_registered      = { type = bool, computed = true, api = "preRegistered" }
    }
  }

  block "gateway_api_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "networkConfig.gatewayApiConfig"
    update    = { rpc = "update", field = "desiredGatewayApiConfig" }
    attributes = {
      channel = { type = string, required = true, one_of = ["CHANNEL_DISABLED", "CHANNEL_EXPERIMENTAL", "CHANNEL_STANDARD"], api = "channel" }
    }
  }

  block "gke_auto_upgrade_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "gkeAutoUpgradeConfig"
    update    = { rpc = "update", field = "gkeAutoUpgradeConfig" }
    attributes = {
      patch_mode = { type = string, required = true, api = "patchMode" }
    }
  }

  block "identity_service_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "identityServiceConfig"
    update    = { rpc = "update", field = "desiredIdentityServiceConfig", absent = { enabled = false } }
    attributes = {
      enabled = { type = bool, optional = true, api = "enabled" }
    }
  }

  block "ip_allocation_policy" {
    optional       = true
    computed       = true
    replaces       = true
    max_items      = 1
    conflicts_with = ["cluster_ipv4_cidr"]
    api            = "ipAllocationPolicy"
    attributes = {
      cluster_ipv4_cidr_block       = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["ip_allocation_policy.cluster_secondary_range_name", "ip_allocation_policy.services_secondary_range_name"], api = "clusterIpv4CidrBlock", suppress = "cidr_or_size" }
      cluster_secondary_range_name  = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["ip_allocation_policy.cluster_ipv4_cidr_block", "ip_allocation_policy.services_ipv4_cidr_block"], api = "clusterSecondaryRangeName" }
      services_ipv4_cidr_block      = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["ip_allocation_policy.cluster_secondary_range_name", "ip_allocation_policy.services_secondary_range_name"], api = "servicesIpv4CidrBlock", suppress = "cidr_or_size" }
      services_secondary_range_name = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["ip_allocation_policy.cluster_ipv4_cidr_block", "ip_allocation_policy.services_ipv4_cidr_block"], api = "servicesSecondaryRangeName" }
      stack_type                    = { type = string, optional = true, default = "IPV4", one_of = ["IPV4", "IPV4_IPV6"], api = "stackType", update = { rpc = "update", field = "desiredStackType" } }
    }

    block "additional_ip_ranges_config" {
      optional = true
      api      = "additionalIpRangesConfigs"
      write    = none
      update   = { rpc = "update", field = "desiredAdditionalIpRangesConfig", wrap = "additionalIpRangesConfigs" }
      attributes = {
        subnetwork           = { type = string, required = true, api = "subnetwork", suppress = "self_link_or_name" }
        pod_ipv4_range_names = { type = list(string), optional = true, api = "podIpv4RangeNames" }
        status               = { type = string, optional = true, api = "status" }
      }
    }

    block "additional_pod_ranges_config" {
      optional  = true
      max_items = 1
      api       = "additionalPodRangesConfig"
      write     = none
      update    = { rpc = "update", field = "additionalPodRangesConfig", removed_field = "removedAdditionalPodRangesConfig" }
      attributes = {
        pod_range_names = { type = set(string), required = true, min_items = 1, api = "podRangeNames" }
      }
    }

    block "auto_ipam_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "autoIpamConfig"
      update    = { rpc = "update", field = "desiredAutoIpamConfig" }
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }
    }

    block "network_tier_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "networkTierConfig"
      update    = { rpc = "update", field = "desiredNetworkTierConfig" }
      attributes = {
        network_tier = { type = string, required = true, api = "networkTier" }
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

  block "logging_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "loggingConfig"
    update    = { rpc = "update", field = "desiredLoggingConfig" }
    attributes = {
      enable_components = { type = set(string), required = true, api = "componentConfig.enableComponents" }
    }
  }

  block "maintenance_policy" {
    optional  = true
    max_items = 1
    api       = "maintenancePolicy"
    update    = { rpc = "set_maintenance_policy", field = "maintenancePolicy" }

    block "daily_maintenance_window" {
      optional  = true
      max_items = 1
      api       = "window.dailyMaintenanceWindow"
      attributes = {
        start_time = { type = string, required = true, api = "startTime", suppress = "hour_leading_zero" }
        duration   = { type = string, computed = true, api = "duration" }
      }
    }

    block "disruption_budget" {
      optional  = true
      max_items = 1
      api       = "disruptionBudget"
      attributes = {
        minor_version_disruption_interval  = { type = string, optional = true, api = "minorVersionDisruptionInterval" }
        patch_version_disruption_interval  = { type = string, optional = true, api = "patchVersionDisruptionInterval" }
        last_disruption_time               = { type = string, computed = true, api = "lastDisruptionTime" }
        last_minor_version_disruption_time = { type = string, computed = true, api = "lastMinorVersionDisruptionTime" }
      }
    }

    block "maintenance_exclusion" {
      kind      = set
      optional  = true
      max_items = 20
      api       = "window.maintenanceExclusions"
      keyed     = "exclusion_name"
      attributes = {
        exclusion_name = { type = string, required = true, api = "_key", write = none }
        start_time     = { type = string, required = true, api = "startTime" }
        end_time       = { type = string, optional = true, api = "endTime" }
      }

      block "exclusion_options" {
        optional  = true
        max_items = 1
        api       = "maintenanceExclusionOptions"
        attributes = {
          scope             = { type = string, required = true, one_of = ["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"], api = "scope" }
          end_time_behavior = { type = string, optional = true, one_of = ["UNTIL_END_OF_SUPPORT"], api = "endTimeBehavior" }
        }
      }
    }

    block "recurring_maintenance_window" {
      optional  = true
      max_items = 1
      api       = "window.recurringMaintenanceWindow"
      attributes = {
        recurrence      = { type = string, required = true, api = "recurrence", suppress = "gke_recurrence_daily" }
        window_duration = { type = string, required = true, api = "windowDuration", suppress = "duration", codec = "duration_seconds" }
      }

      block "window_start_time" {
        required  = true
        min_items = 1
        max_items = 1
        api       = "windowStartTime"
        attributes = {
          hours   = { type = int, required = true, api = "hours" }
          minutes = { type = int, required = true, api = "minutes" }
          seconds = { type = int, required = true, api = "seconds" }
        }
      }

      block "delay_until" {
        optional  = true
        max_items = 1
        api       = "delayUntil"
        attributes = {
          day   = { type = int, required = true, api = "day" }
          month = { type = int, required = true, api = "month" }
          year  = { type = int, required = true, api = "year" }
        }
      }
    }

    block "recurring_window" {
      optional  = true
      max_items = 1
      api       = "window.recurringWindow.window"
      attributes = {
        end_time   = { type = string, required = true, api = "endTime" }
        recurrence = { type = string, required = true, api = "/maintenancePolicy.window.recurringWindow.recurrence", suppress = "gke_recurrence_daily" }
        start_time = { type = string, required = true, api = "startTime" }
      }
    }
  }

  block "master_auth" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "masterAuth"
    attributes = {
      client_certificate     = { type = string, computed = true, api = "clientCertificate" }
      client_key             = { type = string, computed = true, sensitive = true, api = "clientKey" }
      cluster_ca_certificate = { type = string, computed = true, api = "clusterCaCertificate" }
    }

    block "client_certificate_config" {
      required  = true
      replaces  = true
      min_items = 1
      max_items = 1
      api       = "clientCertificateConfig"
      attributes = {
        issue_client_certificate = { type = bool, required = true, replaces = true, api = "issueClientCertificate" }
      }
    }
  }

  block "master_authorized_networks_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig"
    update    = { rpc = "update", field = "desiredControlPlaneEndpointsConfig", group = "cpe" }
    present   = "enabled"
    attributes = {
      gcp_public_cidrs_access_enabled      = { type = bool, optional = true, computed = true, api = "gcpPublicCidrsAccessEnabled" }
      private_endpoint_enforcement_enabled = { type = bool, optional = true, computed = true, api = "privateEndpointEnforcementEnabled" }
    }

    block "cidr_blocks" {
      kind     = set
      optional = true
      api      = "cidrBlocks"
      attributes = {
        cidr_block   = { type = string, required = true, api = "cidrBlock" }
        display_name = { type = string, optional = true, api = "displayName" }
      }
    }
  }

  block "cluster_telemetry" {
    optional  = true
    computed  = true
    max_items = 1
    beta      = true
    api       = "clusterTelemetry"
    update    = { rpc = "update", field = "desiredClusterTelemetry" }
    attributes = {
      type = { type = string, required = true, one_of = ["DISABLED", "ENABLED", "SYSTEM_ONLY"], api = "type" }
    }
  }

  block "pod_security_policy_config" {
    optional  = true
    computed  = true
    max_items = 1
    beta      = true
    api       = "podSecurityPolicyConfig"
    update    = { rpc = "update", field = "desiredPodSecurityPolicyConfig" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "protect_config" {
    optional  = true
    computed  = true
    max_items = 1
    beta      = true
    api       = "protectConfig"
    update    = { rpc = "update", field = "desiredProtectConfig" }
    attributes = {
      workload_vulnerability_mode = { type = string, optional = true, computed = true, one_of = ["DISABLED", "BASIC", "WORKLOAD_VULNERABILITY_MODE_UNSPECIFIED"], api = "workloadVulnerabilityMode" }
    }

    block "workload_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "workloadConfig"
      attributes = {
        audit_mode = { type = string, optional = true, computed = true, one_of = ["DISABLED", "BASIC", "BASELINE", "RESTRICTED", "MODE_UNSPECIFIED"], api = "auditMode" }
      }
    }
  }

  block "workload_alts_config" {
    optional  = true
    computed  = true
    max_items = 1
    beta      = true
    api       = "workloadAltsConfig"
    update    = { rpc = "update", field = "desiredWorkloadAltsConfig" }
    attributes = {
      enable_alts = { type = bool, required = true, api = "enableAlts" }
    }
  }

  block "tpu_config" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    beta      = true
    api       = "tpuConfig"
    attributes = {
      enabled                = { type = bool, required = true, replaces = true, api = "enabled" }
      ipv4_cidr_block        = { type = string, computed = true, api = "ipv4CidrBlock" }
      use_service_networking = { type = bool, optional = true, replaces = true, api = "useServiceNetworking" }
    }
  }

  block "mesh_certificates" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "meshCertificates"
    update    = { rpc = "update", field = "desiredMeshCertificates" }
    attributes = {
      enable_certificates = { type = bool, required = true, api = "enableCertificates" }
    }
  }

  block "monitoring_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "monitoringConfig"
    update    = { rpc = "update", field = "desiredMonitoringConfig" }
    attributes = {
      enable_components = { type = set(string), optional = true, computed = true, api = "componentConfig.enableComponents" }
    }

    block "advanced_datapath_observability_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "advancedDatapathObservabilityConfig"
      attributes = {
        enable_metrics = { type = bool, required = true, api = "enableMetrics" }
        enable_relay   = { type = bool, required = true, api = "enableRelay" }
      }
    }

    block "managed_prometheus" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "managedPrometheusConfig"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
      }

      block "auto_monitoring_config" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "autoMonitoringConfig"
        attributes = {
          scope = { type = string, required = true, one_of = ["ALL", "NONE"], api = "scope" }
        }
      }
    }
  }

  block "network_performance_config" {
    optional  = true
    max_items = 1
    api       = "networkConfig.networkPerformanceConfig"
    update    = { rpc = "update", field = "desiredNetworkPerformanceConfig" }
    attributes = {
      total_egress_bandwidth_tier = { type = string, required = true, api = "totalEgressBandwidthTier" }
    }
  }

  block "network_policy" {
    optional       = true
    max_items      = 1
    conflicts_with = ["enable_autopilot"]
    api            = "networkPolicy"
    suppress       = "absent_equals_disabled"
    update         = { rpc = "set_network_policy", field = "networkPolicy", absent = {} }
    attributes = {
      enabled  = { type = bool, required = true, api = "enabled" }
      provider = { type = string, optional = true, one_of = ["PROVIDER_UNSPECIFIED", "CALICO"], api = "provider", suppress = "empty_equals:PROVIDER_UNSPECIFIED" }
    }
  }

  block "node_config" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    api       = "nodeConfig"
    shared    = "node_config"
    calls     = { update = "default_pool_update", cluster_update = "default_pool_image" }
  }

  block "node_creation_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "nodeCreationConfig"
    update    = { rpc = "update", field = "desiredNodeCreationConfig" }
    attributes = {
      node_creation_mode = { type = string, required = true, one_of = ["VIA_KUBELET", "VIA_CONTROL_PLANE"], api = "nodeCreationMode" }
    }
  }

  block "node_pool" {
    optional       = true
    computed       = true
    replaces       = true
    conflicts_with = ["enable_autopilot"]
    api            = "nodePools"
    update         = { rpc = "node_pools" }
    attributes = {
      ignore_node_count_changes   = { type = bool, optional = true }
      initial_node_count          = { type = int, optional = true, computed = true, replaces = true, api = "initialNodeCount" }
      max_pods_per_node           = { type = int, optional = true, computed = true, replaces = true, api = "maxPodsConstraint.maxPodsPerNode", wire = text }
      name                        = { type = string, optional = true, computed = true, replaces = true, api = "name" }
      name_prefix                 = { type = string, optional = true, computed = true, replaces = true }
      node_count                  = { type = int, optional = true, computed = true, min = 0 }
      node_locations              = { type = set(string), optional = true, computed = true, api = "locations" }
      version                     = { type = string, optional = true, computed = true, api = "version", volatile = ["/node_version"] }
      instance_group_urls         = { type = list(string), computed = true, api = "instanceGroupUrls" }
      managed_instance_group_urls = { type = list(string), computed = true }
    }

    block "autoscaling" {
      optional  = true
      max_items = 1
      api       = "autoscaling"
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
      single   = true
      optional = true
      api      = "maintenancePolicy"

      block "exclusion_until_end_of_support" {
        single   = true
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
        create_pod_range            = { type = bool, optional = true, replaces = true, api = "createPodRange" }
        enable_private_nodes        = { type = bool, optional = true, computed = true, api = "enablePrivateNodes" }
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
      volatile  = ["/node_config"]
      calls     = none
    }

    block "node_drain_config" {
      single   = true
      optional = true
      computed = true
      api      = "nodeDrainConfig"
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

  block "node_pool_auto_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "nodePoolAutoConfig"
    attributes = {
      resource_manager_tags = { type = map(string), optional = true, api = "resourceManagerTags.tags", update = { rpc = "update", field = "desiredNodePoolAutoConfigResourceManagerTags", wrap = "tags" } }
    }

    block "linux_node_config" {
      optional  = true
      max_items = 1
      api       = "linuxNodeConfig"
      write     = none
      update    = { rpc = "update", field = "desiredNodePoolAutoConfigLinuxNodeConfig" }
      attributes = {
        cgroup_mode = { type = string, optional = true, computed = true, one_of = ["CGROUP_MODE_UNSPECIFIED", "CGROUP_MODE_V1", "CGROUP_MODE_V2"], api = "cgroupMode", suppress = "empty_equals:CGROUP_MODE_UNSPECIFIED" }
      }

      block "node_kernel_module_loading" {
        optional  = true
        max_items = 1
        api       = "nodeKernelModuleLoading"
        attributes = {
          policy = { type = string, optional = true, one_of = ["POLICY_UNSPECIFIED", "ENFORCE_SIGNED_MODULES", "DO_NOT_ENFORCE_SIGNED_MODULES"], api = "policy", suppress = "empty_equals:POLICY_UNSPECIFIED" }
        }
      }
    }

    block "network_tags" {
      optional  = true
      max_items = 1
      api       = "networkTags"
      update    = { rpc = "update", field = "desiredNodePoolAutoConfigNetworkTags", force_send = true }
      attributes = {
        tags = { type = list(string), optional = true, api = "tags" }
      }
    }

    block "node_kubelet_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "nodeKubeletConfig"
      update    = { rpc = "update", field = "desiredNodePoolAutoConfigKubeletConfig" }
      attributes = {
        insecure_kubelet_readonly_port_enabled = { type = string, optional = true, computed = true, one_of = ["FALSE", "TRUE"], api = "insecureKubeletReadonlyPortEnabled", wire = bool }
      }
    }
  }

  block "node_pool_defaults" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "nodePoolDefaults"

    block "node_config_defaults" {
      optional  = true
      max_items = 1
      api       = "nodeConfigDefaults"
      attributes = {
        insecure_kubelet_readonly_port_enabled = { type = string, optional = true, computed = true, one_of = ["FALSE", "TRUE"], api = "nodeKubeletConfig.insecureKubeletReadonlyPortEnabled", wire = bool, update = { rpc = "update", field = "desiredNodeKubeletConfig", wrap = "insecureKubeletReadonlyPortEnabled" } }
        logging_variant                        = { type = string, optional = true, computed = true, one_of = ["DEFAULT", "MAX_THROUGHPUT"], api = "loggingConfig.variantConfig.variant", update = { rpc = "update", field = "desiredNodePoolLoggingConfig", wrap = "variantConfig.variant" } }
      }

      block "containerd_config" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "containerdConfig"
        update    = { rpc = "update", field = "desiredContainerdConfig" }

        block "private_registry_access_config" {
          optional  = true
          max_items = 1
          api       = "privateRegistryAccessConfig"
          attributes = {
            enabled = { type = bool, required = true, api = "enabled" }
          }

          block "certificate_authority_domain_config" {
            optional = true
            api      = "certificateAuthorityDomainConfig"
            attributes = {
              fqdns = { type = list(string), required = true, api = "fqdns" }
            }

            block "gcp_secret_manager_certificate_config" {
              required  = true
              min_items = 1
              max_items = 1
              api       = "gcpSecretManagerCertificateConfig"
              attributes = {
                secret_uri = { type = string, required = true, api = "secretUri" }
              }
            }
          }
        }

        block "registry_hosts" {
          optional = true
          api      = "registryHosts"
          attributes = {
            server = { type = string, required = true, api = "server" }
          }

          block "hosts" {
            optional = true
            api      = "hosts"
            attributes = {
              host          = { type = string, required = true, api = "host" }
              capabilities  = { type = list(string), optional = true, api = "capabilities" }
              dial_timeout  = { type = string, optional = true, api = "dialTimeout" }
              override_path = { type = bool, optional = true, api = "overridePath" }
            }

            block "ca" {
              optional = true
              api      = "ca"
              attributes = {
                gcp_secret_manager_secret_uri = { type = string, optional = true, api = "gcpSecretManagerSecretUri" }
              }
            }

            block "client" {
              optional = true
              api      = "client"

              block "cert" {
                required  = true
                min_items = 1
                max_items = 1
                api       = "cert"
                attributes = {
                  gcp_secret_manager_secret_uri = { type = string, optional = true, api = "gcpSecretManagerSecretUri" }
                }
              }

              block "key" {
                optional  = true
                max_items = 1
                api       = "key"
                attributes = {
                  gcp_secret_manager_secret_uri = { type = string, optional = true, api = "gcpSecretManagerSecretUri" }
                }
              }
            }

            block "header" {
              optional = true
              api      = "header"
              attributes = {
                key   = { type = string, required = true, api = "key" }
                value = { type = list(string), required = true, api = "value" }
              }
            }
          }
        }

        block "writable_cgroups" {
          optional  = true
          max_items = 1
          api       = "writableCgroups"
          attributes = {
            enabled = { type = bool, required = true, api = "enabled" }
          }
        }
      }

      block "gcfs_config" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "gcfsConfig"
        update    = { rpc = "update", field = "desiredGcfsConfig" }
        attributes = {
          enabled = { type = bool, required = true, api = "enabled" }
        }
      }
    }
  }

  block "notification_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "notificationConfig"
    update    = { rpc = "update", field = "desiredNotificationConfig", absent = { pubsub = { enabled = false } } }

    block "pubsub" {
      required  = true
      min_items = 1
      max_items = 1
      api       = "pubsub"
      attributes = {
        enabled = { type = bool, required = true, api = "enabled" }
        topic   = { type = string, optional = true, api = "topic" }
      }

      block "filter" {
        optional  = true
        max_items = 1
        api       = "filter"
        attributes = {
          event_type = { type = list(string), required = true, api = "eventType" }
        }
      }
    }
  }

  block "pod_autoscaling" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "podAutoscaling"
    update    = { rpc = "update", field = "desiredPodAutoscaling" }
    attributes = {
      hpa_profile = { type = string, required = true, one_of = ["NONE", "PERFORMANCE"], api = "hpaProfile" }
    }
  }

  block "private_cluster_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "privateClusterConfig"
    attributes = {
      enable_private_endpoint     = { type = bool, optional = true, api = "/controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint", update = { rpc = "update", field = "desiredControlPlaneEndpointsConfig", group = "cpe" }, codec = "inverted" }
      enable_private_nodes        = { type = bool, optional = true, api = "/networkConfig.defaultEnablePrivateNodes", update = { rpc = "update", field = "desiredDefaultEnablePrivateNodes" } }
      master_ipv4_cidr_block      = { type = string, optional = true, computed = true, replaces = true, api = "masterIpv4CidrBlock" }
      private_endpoint_subnetwork = { type = string, optional = true, replaces = true, api = "/controlPlaneEndpointsConfig.ipEndpointsConfig.privateEndpointSubnetwork" }
      peering_name                = { type = string, computed = true, api = "peeringName" }
      private_endpoint            = { type = string, computed = true, api = "/controlPlaneEndpointsConfig.ipEndpointsConfig.privateEndpoint" }
      public_endpoint             = { type = string, computed = true, api = "/controlPlaneEndpointsConfig.ipEndpointsConfig.publicEndpoint" }
    }

    block "master_global_access_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "/controlPlaneEndpointsConfig.ipEndpointsConfig"
      update    = { rpc = "update", field = "desiredControlPlaneEndpointsConfig", group = "cpe" }
      attributes = {
        enabled = { type = bool, required = true, api = "globalAccess" }
      }
    }
  }

  block "rbac_binding_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "rbacBindingConfig"
    update    = { rpc = "update", field = "desiredRbacBindingConfig" }
    attributes = {
      enable_insecure_binding_system_authenticated   = { type = bool, optional = true, api = "enableInsecureBindingSystemAuthenticated" }
      enable_insecure_binding_system_unauthenticated = { type = bool, optional = true, api = "enableInsecureBindingSystemUnauthenticated" }
    }
  }

  block "release_channel" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "releaseChannel"
    update    = { rpc = "update", field = "desiredReleaseChannel" }
    attributes = {
      channel = { type = string, required = true, one_of = ["UNSPECIFIED", "RAPID", "REGULAR", "STABLE", "EXTENDED"], api = "channel" }
    }
  }

  block "resource_usage_export_config" {
    optional  = true
    max_items = 1
    api       = "resourceUsageExportConfig"
    update    = { rpc = "update", field = "desiredResourceUsageExportConfig", absent = {} }
    attributes = {
      enable_network_egress_metering       = { type = bool, optional = true, default = false, api = "enableNetworkEgressMetering" }
      enable_resource_consumption_metering = { type = bool, optional = true, default = true, api = "consumptionMeteringConfig.enabled" }
    }

    block "bigquery_destination" {
      required  = true
      min_items = 1
      max_items = 1
      api       = "bigqueryDestination"
      attributes = {
        dataset_id = { type = string, required = true, api = "datasetId" }
      }
    }
  }

  block "rollback_safe_upgrade" {
    optional  = true
    max_items = 1
    update    = { rpc = "update", field = "desiredRollbackSafeUpgrade" }
    attributes = {
      control_plane_soak_duration = { type = string, optional = true }
    }
  }

  block "secret_manager_config" {
    optional  = true
    max_items = 1
    api       = "secretManagerConfig"
    suppress  = "absent_equals_disabled"
    update    = { rpc = "update", field = "desiredSecretManagerConfig" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }

    block "rotation_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "rotationConfig"
      attributes = {
        enabled           = { type = bool, required = true, api = "enabled" }
        rotation_interval = { type = string, optional = true, computed = true, api = "rotationInterval" }
      }
    }
  }

  block "secret_sync_config" {
    optional  = true
    max_items = 1
    api       = "secretSyncConfig"
    suppress  = "absent_equals_disabled"
    update    = { rpc = "update", field = "desiredSecretSyncConfig", absent = { enabled = false } }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }

    block "rotation_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "rotationConfig"
      attributes = {
        enabled           = { type = bool, required = true, api = "enabled" }
        rotation_interval = { type = string, optional = true, computed = true, api = "rotationInterval" }
      }
    }
  }

  block "security_posture_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "securityPostureConfig"
    update    = { rpc = "update", field = "desiredSecurityPostureConfig" }
    attributes = {
      mode               = { type = string, optional = true, computed = true, one_of = ["DISABLED", "BASIC", "ENTERPRISE", "MODE_UNSPECIFIED"], api = "mode", suppress = "empty_equals:MODE_UNSPECIFIED" }
      vulnerability_mode = { type = string, optional = true, computed = true, one_of = ["VULNERABILITY_DISABLED", "VULNERABILITY_BASIC", "VULNERABILITY_ENTERPRISE", "VULNERABILITY_MODE_UNSPECIFIED"], api = "vulnerabilityMode", suppress = "empty_equals:VULNERABILITY_MODE_UNSPECIFIED" }
    }
  }

  block "service_external_ips_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "networkConfig.serviceExternalIpsConfig"
    update    = { rpc = "update", field = "desiredServiceExternalIpsConfig" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "user_managed_keys_config" {
    optional  = true
    max_items = 1
    api       = "userManagedKeysConfig"
    update    = { rpc = "update", field = "desiredUserManagedKeysConfig" }
    attributes = {
      aggregation_ca                             = { type = string, optional = true, replaces = true, api = "aggregationCa" }
      cluster_ca                                 = { type = string, optional = true, replaces = true, api = "clusterCa" }
      control_plane_disk_encryption_key          = { type = string, optional = true, api = "controlPlaneDiskEncryptionKey" }
      etcd_api_ca                                = { type = string, optional = true, replaces = true, api = "etcdApiCa" }
      etcd_peer_ca                               = { type = string, optional = true, replaces = true, api = "etcdPeerCa" }
      gkeops_etcd_backup_encryption_key          = { type = string, optional = true, api = "gkeopsEtcdBackupEncryptionKey" }
      service_account_signing_keys               = { type = set(string), optional = true, api = "serviceAccountSigningKeys" }
      service_account_verification_keys          = { type = set(string), optional = true, api = "serviceAccountVerificationKeys" }
      control_plane_disk_encryption_key_versions = { type = set(string), computed = true, api = "controlPlaneDiskEncryptionKeyVersions" }
    }
  }

  block "vertical_pod_autoscaling" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "verticalPodAutoscaling"
    update    = { rpc = "update", field = "desiredVerticalPodAutoscaling" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "workload_identity_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "workloadIdentityConfig"
    update    = { rpc = "update", field = "desiredWorkloadIdentityConfig", absent = { workloadPool = "" } }
    attributes = {
      workload_pool = { type = string, optional = true, api = "workloadPool" }
    }
  }
}
