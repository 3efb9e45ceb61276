# The configuration of nodes, in a node pool and in a cluster. The calls that change a part are named as in the node pool.
shared "node_config" {
  attributes = {
    boot_disk_kms_key           = { type = string, optional = true, replaces = true, api = "bootDiskKmsKey" }
    disk_size_gb                = { type = int, optional = true, computed = true, min = 10, api = "diskSizeGb", update = { rpc = "update", field = "diskSizeGb", group = "machine" } }
    disk_type                   = { type = string, optional = true, computed = true, api = "diskType", update = { rpc = "update", field = "diskType", group = "machine" } }
    enable_confidential_storage = { type = bool, optional = true, replaces = true, api = "enableConfidentialStorage" }
    flex_start                  = { type = bool, optional = true, replaces = true, api = "flexStart" }
    gpudirect_strategy          = { type = string, optional = true, computed = true, api = "gpuDirectConfig.gpuDirectStrategy", suppress = "case_insensitive" }
    image_type                  = { type = string, optional = true, computed = true, api = "imageType", suppress = "case_insensitive", update = { rpc = "cluster_update", field = "desiredImageType" }, volatile = ["node_image_config"] }
    labels                      = { type = map(string), optional = true, computed = true, api = "labels", suppress = "gke_sandbox_labels", update = { rpc = "update", field = "labels", wrap = "labels" } }
    local_ssd_count             = { type = int, optional = true, computed = true, replaces = true, min = 0, api = "localSsdCount" }
    local_ssd_encryption_mode   = { type = string, optional = true, replaces = true, one_of = ["STANDARD_ENCRYPTION", "EPHEMERAL_KEY_ENCRYPTION"], api = "localSsdEncryptionMode" }
    logging_variant             = { type = string, optional = true, computed = true, one_of = ["DEFAULT", "MAX_THROUGHPUT"], api = "loggingConfig.variantConfig.variant", update = { rpc = "update", field = "loggingConfig", wrap = "variantConfig.variant" } }
    machine_type                = { type = string, optional = true, computed = true, api = "machineType", update = { rpc = "update", field = "machineType", group = "machine" } }
    max_run_duration            = { type = string, optional = true, replaces = true, api = "maxRunDuration" }
    metadata                    = { type = map(string), optional = true, computed = true, replaces = true, api = "metadata", suppress = "gke_metadata" }
    min_cpu_platform            = { type = string, optional = true, computed = true, replaces = true, api = "minCpuPlatform" }
    node_group                  = { type = string, optional = true, replaces = true, api = "nodeGroup" }
    oauth_scopes                = { type = set(string), optional = true, computed = true, replaces = true, api = "oauthScopes", suppress = "gke_added_monitoring_scope", normalize = "oauth_scopes" }
    preemptible                 = { type = bool, optional = true, replaces = true, default = false, api = "preemptible" }
    resource_labels             = { type = map(string), optional = true, api = "resourceLabels", suppress = "gke_goog_labels", update = { rpc = "update", field = "resourceLabels", wrap = "labels" } }
    resource_manager_tags       = { type = map(string), optional = true, api = "resourceManagerTags.tags", update = { rpc = "update", field = "resourceManagerTags", wrap = "tags" } }
    service_account             = { type = string, optional = true, computed = true, replaces = true, api = "serviceAccount" }
    spot                        = { type = bool, optional = true, replaces = true, default = false, api = "spot" }
    storage_pools               = { type = list(string), optional = true, api = "storagePools", update = { rpc = "update", field = "storagePools", group = "machine" } }
    tags                        = { type = list(string), optional = true, api = "tags", update = { rpc = "update", field = "tags", wrap = "tags" } }
  }

  block "advanced_machine_features" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "advancedMachineFeatures"
    attributes = {
      threads_per_core             = { type = int, required = true, replaces = true, api = "threadsPerCore", wire = text }
      enable_nested_virtualization = { type = bool, optional = true, replaces = true, api = "enableNestedVirtualization" }
      performance_monitoring_unit  = { type = string, optional = true, one_of = ["ARCHITECTURAL", "STANDARD", "ENHANCED"], api = "performanceMonitoringUnit", suppress = "empty_equals:STANDARD" }
    }
  }

  block "boot_disk" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "bootDisk"
    update    = { rpc = "update", field = "bootDisk", group = "machine" }
    attributes = {
      disk_type              = { type = string, optional = true, computed = true, api = "diskType", volatile = ["../disk_type"] }
      provisioned_iops       = { type = int, optional = true, computed = true, api = "provisionedIops", wire = text }
      provisioned_throughput = { type = int, optional = true, computed = true, api = "provisionedThroughput", wire = text }
      size_gb                = { type = int, optional = true, computed = true, min = 10, api = "sizeGb", wire = text, volatile = ["../disk_size_gb"] }
    }
  }

  block "confidential_nodes" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "confidentialNodes"
    update    = { rpc = "update", field = "confidentialNodes", absent = {} }
    attributes = {
      enabled                    = { type = bool, required = true, api = "enabled" }
      confidential_instance_type = { type = string, optional = true, replaces = true, one_of = ["SEV", "SEV_SNP", "TDX"], api = "confidentialInstanceType", suppress = "gke_confidential_sev" }
    }
  }

  block "containerd_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "containerdConfig"
    update    = { rpc = "update", field = "containerdConfig", absent = {} }

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

  block "ephemeral_storage_local_ssd_config" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "ephemeralStorageLocalSsdConfig"
    attributes = {
      local_ssd_count  = { type = int, required = true, replaces = true, min = 0, api = "localSsdCount" }
      data_cache_count = { type = int, optional = true, replaces = true, min = 0, api = "dataCacheCount" }
    }
  }

  block "fast_socket" {
    optional  = true
    max_items = 1
    api       = "fastSocket"
    update    = { rpc = "update", field = "fastSocket", absent = {} }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "gcfs_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "gcfsConfig"
    update    = { rpc = "update", field = "gcfsConfig" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "guest_accelerator" {
    optional = true
    computed = true
    replaces = true
    api      = "accelerators"
    attributes = {
      count              = { type = int, required = true, replaces = true, api = "acceleratorCount", wire = text }
      type               = { type = string, required = true, replaces = true, api = "acceleratorType", suppress = "self_link_or_name" }
      gpu_partition_size = { type = string, optional = true, replaces = true, api = "gpuPartitionSize" }
    }

    block "gpu_driver_installation_config" {
      optional  = true
      computed  = true
      replaces  = true
      max_items = 1
      api       = "gpuDriverInstallationConfig"
      attributes = {
        gpu_driver_version = { type = string, required = true, replaces = true, one_of = ["GPU_DRIVER_VERSION_UNSPECIFIED", "INSTALLATION_DISABLED", "DEFAULT", "LATEST"], api = "gpuDriverVersion" }
      }
    }

    block "gpu_sharing_config" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "gpuSharingConfig"
      attributes = {
        gpu_sharing_strategy       = { type = string, required = true, replaces = true, api = "gpuSharingStrategy" }
        max_shared_clients_per_gpu = { type = int, required = true, replaces = true, api = "maxSharedClientsPerGpu", wire = text }
      }
    }
  }

  block "ephemeral_storage_config" {
    optional  = true
    replaces  = true
    max_items = 1
    beta      = true
    api       = "ephemeralStorageConfig"
    attributes = {
      local_ssd_count = { type = int, required = true, replaces = true, api = "localSsdCount" }
    }
  }

  block "gvnic" {
    optional  = true
    max_items = 1
    api       = "gvnic"
    update    = { rpc = "update", field = "gvnic" }
    attributes = {
      enabled = { type = bool, required = true, api = "enabled" }
    }
  }

  block "host_maintenance_policy" {
    optional  = true
    replaces  = true
    max_items = 1
    attributes = {
      maintenance_interval = { type = string, required = true, replaces = true, one_of = ["MAINTENANCE_INTERVAL_UNSPECIFIED", "AS_NEEDED", "PERIODIC"] }
    }
  }

  block "kubelet_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "kubeletConfig"
    update    = { rpc = "update", field = "kubeletConfig", absent = {} }
    attributes = {
      allowed_unsafe_sysctls                      = { type = list(string), optional = true, api = "allowedUnsafeSysctls" }
      container_log_max_files                     = { type = int, optional = true, api = "containerLogMaxFiles" }
      container_log_max_size                      = { type = string, optional = true, api = "containerLogMaxSize" }
      cpu_cfs_quota                               = { type = bool, optional = true, computed = true, api = "cpuCfsQuota" }
      cpu_cfs_quota_period                        = { type = string, optional = true, api = "cpuCfsQuotaPeriod" }
      cpu_manager_policy                          = { type = string, optional = true, one_of = ["static", "none"], api = "cpuManagerPolicy" }
      eviction_max_pod_grace_period_seconds       = { type = int, optional = true, api = "evictionMaxPodGracePeriodSeconds" }
      image_gc_high_threshold_percent             = { type = int, optional = true, api = "imageGcHighThresholdPercent" }
      image_gc_low_threshold_percent              = { type = int, optional = true, api = "imageGcLowThresholdPercent" }
      image_maximum_gc_age                        = { type = string, optional = true, api = "imageMaximumGcAge" }
      image_minimum_gc_age                        = { type = string, optional = true, api = "imageMinimumGcAge" }
      insecure_kubelet_readonly_port_enabled      = { type = string, optional = true, computed = true, one_of = ["FALSE", "TRUE"], api = "insecureKubeletReadonlyPortEnabled", wire = bool }
      max_parallel_image_pulls                    = { type = int, optional = true, computed = true, api = "maxParallelImagePulls" }
      pod_pids_limit                              = { type = int, optional = true, api = "podPidsLimit", wire = text }
      shutdown_grace_period_critical_pods_seconds = { type = int, optional = true, computed = true, api = "shutdownGracePeriodCriticalPodsSeconds" }
      shutdown_grace_period_seconds               = { type = int, optional = true, computed = true, api = "shutdownGracePeriodSeconds" }
      single_process_oom_kill                     = { type = bool, optional = true, api = "singleProcessOomKill" }
    }

    block "crash_loop_back_off" {
      optional  = true
      max_items = 1
      api       = "crashLoopBackOff"
      attributes = {
        max_container_restart_period = { type = string, optional = true, api = "maxContainerRestartPeriod" }
      }
    }

    block "eviction_minimum_reclaim" {
      optional  = true
      max_items = 1
      api       = "evictionMinimumReclaim"
      attributes = {
        imagefs_available   = { type = string, optional = true, api = "imagefsAvailable" }
        imagefs_inodes_free = { type = string, optional = true, api = "imagefsInodesFree" }
        memory_available    = { type = string, optional = true, api = "memoryAvailable" }
        nodefs_available    = { type = string, optional = true, api = "nodefsAvailable" }
        nodefs_inodes_free  = { type = string, optional = true, api = "nodefsInodesFree" }
        pid_available       = { type = string, optional = true, api = "pidAvailable" }
      }
    }

    block "eviction_soft" {
      optional  = true
      max_items = 1
      api       = "evictionSoft"
      attributes = {
        imagefs_available   = { type = string, optional = true, api = "imagefsAvailable" }
        imagefs_inodes_free = { type = string, optional = true, api = "imagefsInodesFree" }
        memory_available    = { type = string, optional = true, api = "memoryAvailable" }
        nodefs_available    = { type = string, optional = true, api = "nodefsAvailable" }
        nodefs_inodes_free  = { type = string, optional = true, api = "nodefsInodesFree" }
        pid_available       = { type = string, optional = true, api = "pidAvailable" }
      }
    }

    block "eviction_soft_grace_period" {
      optional  = true
      max_items = 1
      api       = "evictionSoftGracePeriod"
      attributes = {
        imagefs_available   = { type = string, optional = true, api = "imagefsAvailable" }
        imagefs_inodes_free = { type = string, optional = true, api = "imagefsInodesFree" }
        memory_available    = { type = string, optional = true, api = "memoryAvailable" }
        nodefs_available    = { type = string, optional = true, api = "nodefsAvailable" }
        nodefs_inodes_free  = { type = string, optional = true, api = "nodefsInodesFree" }
        pid_available       = { type = string, optional = true, api = "pidAvailable" }
      }
    }

    block "memory_manager" {
      optional  = true
      max_items = 1
      api       = "memoryManager"
      attributes = {
        policy = { type = string, optional = true, computed = true, one_of = ["None", "Static"], api = "policy" }
      }
    }

    block "topology_manager" {
      optional  = true
      max_items = 1
      api       = "topologyManager"
      attributes = {
        policy = { type = string, optional = true, computed = true, one_of = ["none", "restricted", "single-numa-node", "best-effort"], api = "policy" }
        scope  = { type = string, optional = true, computed = true, one_of = ["container", "pod"], api = "scope" }
      }
    }
  }

  block "linux_node_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "linuxNodeConfig"
    update    = { rpc = "update", field = "linuxNodeConfig", absent = {} }
    attributes = {
      cgroup_mode                  = { type = string, optional = true, computed = true, one_of = ["CGROUP_MODE_UNSPECIFIED", "CGROUP_MODE_V1", "CGROUP_MODE_V2"], api = "cgroupMode", suppress = "empty_equals:CGROUP_MODE_UNSPECIFIED" }
      sysctls                      = { type = map(string), optional = true, api = "sysctls" }
      transparent_hugepage_defrag  = { type = string, optional = true, one_of = ["TRANSPARENT_HUGEPAGE_DEFRAG_ALWAYS", "TRANSPARENT_HUGEPAGE_DEFRAG_DEFER", "TRANSPARENT_HUGEPAGE_DEFRAG_DEFER_WITH_MADVISE", "TRANSPARENT_HUGEPAGE_DEFRAG_MADVISE", "TRANSPARENT_HUGEPAGE_DEFRAG_NEVER", "TRANSPARENT_HUGEPAGE_DEFRAG_UNSPECIFIED"], api = "transparentHugepageDefrag", suppress = "empty_equals:TRANSPARENT_HUGEPAGE_DEFRAG_UNSPECIFIED" }
      transparent_hugepage_enabled = { type = string, optional = true, computed = true, one_of = ["TRANSPARENT_HUGEPAGE_ENABLED_ALWAYS", "TRANSPARENT_HUGEPAGE_ENABLED_MADVISE", "TRANSPARENT_HUGEPAGE_ENABLED_NEVER", "TRANSPARENT_HUGEPAGE_ENABLED_UNSPECIFIED"], api = "transparentHugepageEnabled", suppress = "empty_equals:TRANSPARENT_HUGEPAGE_ENABLED_UNSPECIFIED" }
    }

    block "accurate_time_config" {
      optional  = true
      max_items = 1
      api       = "accurateTimeConfig"
      attributes = {
        enable_ptp_kvm_time_sync = { type = bool, optional = true, api = "enablePtpKvmTimeSync" }
      }
    }

    block "custom_node_init" {
      optional  = true
      max_items = 1
      api       = "customNodeInit"

      block "init_script" {
        optional  = true
        max_items = 1
        api       = "initScript"
        attributes = {
          gcp_secret_manager_secret_uri = { type = string, optional = true, api = "gcpSecretManagerSecretUri" }
          gcs_generation                = { type = int, optional = true, computed = true, api = "gcsGeneration", wire = text }
          gcs_uri                       = { type = string, optional = true, api = "gcsUri" }
        }
      }
    }

    block "hugepages_config" {
      optional  = true
      max_items = 1
      api       = "hugepages"
      attributes = {
        hugepage_size_1g = { type = int, optional = true, api = "hugepageSize1g" }
        hugepage_size_2m = { type = int, optional = true, api = "hugepageSize2m" }
      }
    }

    block "node_kernel_module_loading" {
      optional  = true
      max_items = 1
      api       = "nodeKernelModuleLoading"
      attributes = {
        policy = { type = string, optional = true, one_of = ["POLICY_UNSPECIFIED", "ENFORCE_SIGNED_MODULES", "DO_NOT_ENFORCE_SIGNED_MODULES"], api = "policy", suppress = "empty_equals:POLICY_UNSPECIFIED" }
      }
    }

    block "swap_config" {
      optional  = true
      max_items = 1
      api       = "swapConfig"
      attributes = {
        enabled = { type = bool, optional = true, api = "enabled" }
      }

      block "boot_disk_profile" {
        optional  = true
        max_items = 1
        api       = "bootDiskProfile"
        attributes = {
          swap_size_gib     = { type = int, optional = true, api = "swapSizeGib", wire = text }
          swap_size_percent = { type = int, optional = true, api = "swapSizePercent" }
        }
      }

      block "dedicated_local_ssd_profile" {
        optional  = true
        max_items = 1
        api       = "dedicatedLocalSsdProfile"
        attributes = {
          disk_count = { type = int, optional = true, api = "diskCount", wire = text }
        }
      }

      block "encryption_config" {
        optional  = true
        max_items = 1
        api       = "encryptionConfig"
        attributes = {
          disabled = { type = bool, optional = true, api = "disabled" }
        }
      }

      block "ephemeral_local_ssd_profile" {
        optional  = true
        max_items = 1
        api       = "ephemeralLocalSsdProfile"
        attributes = {
          swap_size_gib     = { type = int, optional = true, api = "swapSizeGib", wire = text }
          swap_size_percent = { type = int, optional = true, api = "swapSizePercent" }
        }
      }
    }
  }

  block "local_nvme_ssd_block_config" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "localNvmeSsdBlockConfig"
    attributes = {
      local_ssd_count = { type = int, required = true, replaces = true, min = 0, api = "localSsdCount" }
    }
  }

  block "node_image_config" {
    single = true
    optional = true
    computed = true
    api      = "nodeImageConfig"
    update   = { rpc = "cluster_update", field = "desiredImage" }
    attributes = {
      image         = { type = string, optional = true, computed = true, api = "image" }
      image_project = { type = string, optional = true, computed = true, api = "imageProject" }
    }
  }

  block "reservation_affinity" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "reservationAffinity"
    attributes = {
      consume_reservation_type = { type = string, required = true, replaces = true, one_of = ["UNSPECIFIED", "NO_RESERVATION", "ANY_RESERVATION", "SPECIFIC_RESERVATION", "ANY_RESERVATION_THEN_FAIL"], api = "consumeReservationType" }
      key                      = { type = string, optional = true, replaces = true, api = "key" }
      values                   = { type = set(string), optional = true, replaces = true, api = "values" }
    }
  }

  block "sandbox_config" {
    optional  = true
    replaces  = true
    max_items = 1
    beta      = true
    api       = "sandboxConfig"
    attributes = {
      sandbox_type = { type = string, optional = true, replaces = true, one_of = ["gvisor"], api = "sandboxType" }
      type         = { type = string, optional = true, replaces = true, one_of = ["GVISOR"], api = "type" }
    }
  }

  block "sandbox_config" {
    optional  = true
    replaces  = true
    max_items = 1
    beta      = false
    api       = "sandboxConfig"
    attributes = {
      type = { type = string, required = true, one_of = ["GVISOR"], api = "type" }
    }
  }

  block "secondary_boot_disks" {
    optional  = true
    replaces  = true
    max_items = 127
    api       = "secondaryBootDisks"
    attributes = {
      disk_image = { type = string, required = true, replaces = true, api = "diskImage" }
      mode       = { type = string, optional = true, replaces = true, api = "mode" }
    }
  }

  block "shielded_instance_config" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    api       = "shieldedInstanceConfig"
    attributes = {
      enable_integrity_monitoring = { type = bool, optional = true, replaces = true, default = true, api = "enableIntegrityMonitoring" }
      enable_secure_boot          = { type = bool, optional = true, replaces = true, default = false, api = "enableSecureBoot" }
    }
  }

  block "sole_tenant_config" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "soleTenantConfig"
    attributes = {
      min_node_cpus = { type = int, optional = true, api = "minNodeCpus" }
    }

    block "node_affinity" {
      kind      = set
      required  = true
      replaces  = true
      min_items = 1
      api       = "nodeAffinities"
      attributes = {
        key      = { type = string, required = true, replaces = true, api = "key" }
        operator = { type = string, required = true, replaces = true, one_of = ["IN", "NOT_IN"], api = "operator" }
        values   = { type = list(string), required = true, replaces = true, api = "values" }
      }
    }
  }

  block "taint" {
    optional = true
    api      = "taints"
    update   = { rpc = "update", field = "taints", wrap = "taints" }
    attributes = {
      effect = { type = string, required = true, one_of = ["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"], api = "effect" }
      key    = { type = string, required = true, api = "key" }
      value  = { type = string, required = true, api = "value" }
    }
  }

  block "taint_config" {
    optional  = true
    max_items = 1
    api       = "taintConfig"
    update    = { rpc = "update", field = "taintConfig" }
    attributes = {
      architecture_taint_behavior = { type = string, required = true, one_of = ["ARCHITECTURE_TAINT_BEHAVIOR_UNSPECIFIED", "NONE", "ARM"], api = "architectureTaintBehavior" }
    }
  }

  block "windows_node_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "windowsNodeConfig"
    update    = { rpc = "update", field = "windowsNodeConfig", absent = {} }
    attributes = {
      osversion = { type = string, optional = true, default = "OS_VERSION_UNSPECIFIED", one_of = ["OS_VERSION_UNSPECIFIED", "OS_VERSION_LTSC2019", "OS_VERSION_LTSC2022"], api = "osVersion" }
    }
  }

  block "workload_metadata_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "workloadMetadataConfig"
    update    = { rpc = "update", field = "workloadMetadataConfig", absent = {} }
    attributes = {
      mode = { type = string, required = true, one_of = ["MODE_UNSPECIFIED", "GCE_METADATA", "GKE_METADATA"], api = "mode" }
    }
  }

  block "effective_taints" {
    computed = true
    api      = "taints"
    volatile = ["taint"]
    attributes = {
      effect = { type = string, computed = true, api = "effect" }
      key    = { type = string, computed = true, api = "key" }
      value  = { type = string, computed = true, api = "value" }
    }
  }
}
