# A virtual machine of a zone.
resource "google_compute_instance" {
  service        = "compute"
  object         = "Instance"
  hook           = "instance"
  looks_at       = ["disks", "serviceAccounts"]
  made           = ["attachedDisks", "bootDisk", "scratchDisks", "metadataMap", "serviceAccount", "startupScript"]
  schema_version = 6
  id             = "projects/{project}/zones/{zone/}/instances/{name}"
  import         = ["projects/{project}/zones/{zone}/instances/{name}", "{project}/{zone}/{name}", "{name}"]
  labels         = "labels"
  operation      = compute

  needs = [
    { when = ["create"], permissions = ["compute.disks.create", "compute.disks.use", "compute.images.useReadOnly"], at = "boot_disk" },
    { when = ["create"], permissions = ["compute.images.get", "compute.images.getFromFamily"], with = "boot_disk.initialize_params.image" },
    { when = ["read"], permissions = ["compute.disks.get"], at = "boot_disk" },
    { when = ["create", "update"], permissions = ["compute.subnetworks.use"], at = "network_interface" },
    { when = ["create", "update"], permissions = ["compute.subnetworks.useExternalIp"], with = "network_interface.access_config" },
    { when = ["create", "update"], permissions = ["compute.instances.setServiceAccount", "iam.serviceAccounts.actAs"], with = "service_account" },
    { when = ["create", "update"], permissions = ["compute.instances.setMetadata"], with = "metadata" },
    { when = ["create", "update"], permissions = ["compute.instances.setTags"], with = "tags" },
    { when = ["create", "update"], permissions = ["compute.instances.resume", "compute.instances.start", "compute.instances.stop", "compute.instances.suspend"], with = "desired_status" },
    { when = ["update"], permissions = ["compute.instances.start", "compute.instances.startWithEncryptionKey", "compute.instances.stop"], with = "allow_stopping_for_update" },
    { when = ["update"], permissions = ["compute.instances.addAccessConfig", "compute.instances.addResourcePolicies", "compute.instances.attachDisk", "compute.instances.deleteAccessConfig", "compute.instances.detachDisk", "compute.instances.removeResourcePolicies", "compute.instances.setDeletionProtection", "compute.instances.setDiskAutoDelete", "compute.instances.setMachineType", "compute.instances.setMinCpuPlatform", "compute.instances.setMetadata", "compute.instances.setScheduling", "compute.instances.setServiceAccount", "compute.instances.setTags", "compute.instances.update", "compute.instances.updateAccessConfig", "compute.instances.updateDisplayDevice", "compute.instances.updateNetworkInterface", "compute.instances.updateShieldedInstanceConfig"] },
  ]

  create = { post = "projects/{project}/zones/{zone/}/instances" }
  read   = { get = "projects/{project}/zones/{zone/}/instances/{name}" }
  list   = { get = "projects/{project}/zones/{zone/}/instances?maxResults=500", items = "items", by = "name" }
  discover = { get = "projects/{project}/aggregated/instances?maxResults=500&returnPartialSuccess=true", items = "instances", aggregated = true, own = [{ member = "labels.goog-gke-node", why = "nodes of clusters" }] }
  update = { post = "projects/{project}/zones/{zone/}/instances/{name}/setLabels", how = client }
  delete = { delete = "projects/{project}/zones/{zone/}/instances/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  at_least_one_of = [
    ["boot_disk.guest_os_features", "boot_disk.auto_delete", "boot_disk.device_name", "boot_disk.disk_encryption_key_raw", "boot_disk.kms_key_self_link", "boot_disk.disk_encryption_key_rsa", "boot_disk.disk_encryption_service_account", "boot_disk.initialize_params", "boot_disk.mode", "boot_disk.source", "boot_disk.force_attach"],
    ["shielded_instance_config.enable_secure_boot", "shielded_instance_config.enable_vtpm", "shielded_instance_config.enable_integrity_monitoring"],
    ["confidential_instance_config.enable_confidential_compute", "confidential_instance_config.confidential_instance_type"],
  ]

  attributes = {
    machine_type               = { type = string, required = true, api = "machineType", suppress = "last_path_segment", codec = "last_segment" }
    name                       = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    allow_stopping_for_update  = { type = bool, optional = true }
    can_ip_forward             = { type = bool, optional = true, default = false, api = "canIpForward" }
    deletion_policy            = { type = string, optional = true, computed = true }
    deletion_protection        = { type = bool, optional = true, default = false, api = "deletionProtection" }
    description                = { type = string, optional = true, api = "description" }
    desired_status             = { type = string, optional = true, one_of = ["RUNNING", "TERMINATED", "SUSPENDED"], read = none, keep = true }
    enable_display             = { type = bool, optional = true, api = "displayDevice.enableDisplay" }
    hostname                   = { type = string, optional = true, replaces = true, api = "hostname" }
    key_revocation_action_type = { type = string, optional = true, replaces = true, one_of = ["STOP", "NONE"], api = "keyRevocationActionType" }
    labels                     = { type = map(string), optional = true }
    metadata                   = { type = map(string), optional = true, api = "metadataMap" }
    metadata_startup_script    = { type = string, optional = true, api = "startupScript" }
    min_cpu_platform           = { type = string, optional = true, computed = true, api = "minCpuPlatform", suppress = "empty_equals:automatic" }
    project                    = { type = string, optional = true, computed = true, replaces = true, fill = project }
    resource_policies          = { type = list(string), optional = true, max_items = 1, api = "resourcePolicies", suppress = "self_links" }
    tags                       = { type = set(string), optional = true, api = "tags.items" }
    zone                       = { type = string, optional = true, computed = true, replaces = true, api = "zone", codec = "last_segment", write = none, fill = zone, suppress = "self_link_or_name" }
    cpu_platform               = { type = string, computed = true, api = "cpuPlatform" }
    creation_timestamp         = { type = string, computed = true, api = "creationTimestamp" }
    current_status             = { type = string, computed = true, api = "status" }
    effective_labels           = { type = map(string), computed = true, api = "labels" }
    instance_id                = { type = string, computed = true, api = "id" }
    label_fingerprint          = { type = string, computed = true, api = "labelFingerprint", volatile = ["effective_labels"] }
    metadata_fingerprint       = { type = string, computed = true, api = "metadata.fingerprint", volatile = ["metadata", "metadata_startup_script"] }
    self_link                  = { type = string, computed = true, api = "selfLink", kept = ["project", "zone", "name"] }
    tags_fingerprint           = { type = string, computed = true, api = "tags.fingerprint", volatile = ["tags"] }
    terraform_labels           = { type = map(string), computed = true }
  }

  block "boot_disk" {
    required  = true
    replaces  = true
    max_items = 1
    api       = "bootDisk"
    attributes = {
      auto_delete                     = { type = bool, optional = true, default = true, api = "autoDelete" }
      device_name                     = { type = string, optional = true, computed = true, replaces = true, api = "deviceName" }
      disk_encryption_key_raw         = { type = string, optional = true, replaces = true, sensitive = true, conflicts_with = ["boot_disk.kms_key_self_link", "boot_disk.disk_encryption_key_rsa"], api = "diskEncryptionKey.rawKey", read = none, keep = true }
      disk_encryption_key_rsa         = { type = string, optional = true, replaces = true, sensitive = true, conflicts_with = ["boot_disk.kms_key_self_link", "boot_disk.disk_encryption_key_raw"], api = "diskEncryptionKey.rsaEncryptedKey", read = none, keep = true }
      disk_encryption_service_account = { type = string, optional = true, replaces = true, api = "diskEncryptionKey.kmsKeyServiceAccount", read = none, keep = true }
      force_attach                    = { type = bool, optional = true, replaces = true, default = false, api = "forceAttach", suppress = "empty_equals:false", read = none, keep = true }
      guest_os_features               = { type = list(string), optional = true, computed = true, replaces = true, api = "guestOsFeatures" }
      interface                       = { type = string, optional = true, one_of = ["SCSI", "NVME"], api = "interface", read = none, keep = true }
      kms_key_self_link               = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["boot_disk.disk_encryption_key_raw", "boot_disk.disk_encryption_key_rsa"], api = "diskEncryptionKey.kmsKeyName", suppress = "kms_key_ignore_version" }
      mode                            = { type = string, optional = true, replaces = true, default = "READ_WRITE", one_of = ["READ_WRITE", "READ_ONLY"], api = "mode" }
      source                          = { type = string, optional = true, computed = true, replaces = true, conflicts_with = ["boot_disk.initialize_params"], api = "source", suppress = "self_link_or_name" }
      disk_encryption_key_sha256      = { type = string, computed = true, api = "diskEncryptionKey.sha256" }
    }

    block "initialize_params" {
      optional  = true
      computed  = true
      replaces  = true
      max_items = 1
      api       = "initializeParams"
      read      = none
      keep      = true
      attributes = {
        architecture                = { type = string, optional = true, computed = true, replaces = true, one_of = ["X86_64", "ARM64"], api = "architecture" }
        enable_confidential_compute = { type = bool, optional = true, replaces = true, api = "enableConfidentialCompute" }
        image                       = { type = string, optional = true, computed = true, replaces = true, api = "sourceImage", suppress = "compute_image_ref" }
        labels                      = { type = map(string), optional = true, computed = true, api = "labels" }
        provisioned_iops            = { type = int, optional = true, computed = true, replaces = true, api = "provisionedIops", wire = "text" }
        provisioned_throughput      = { type = int, optional = true, computed = true, replaces = true, api = "provisionedThroughput", wire = "text" }
        replica_zones               = { type = list(string), optional = true, replaces = true, api = "replicaZones" }
        resource_manager_tags       = { type = map(string), optional = true, replaces = true, api = "resourceManagerTags", read = none, keep = true }
        resource_policies           = { type = list(string), optional = true, computed = true, replaces = true, max_items = 1, api = "resourcePolicies", suppress = "self_links" }
        size                        = { type = int, optional = true, computed = true, api = "diskSizeGb", wire = "text", min = 1 }
        snapshot                    = { type = string, optional = true, computed = true, replaces = true, api = "sourceSnapshot", suppress = "self_link_or_name" }
        storage_pool                = { type = string, optional = true, replaces = true, api = "storagePool", suppress = "last_path_segment", codec = "last_segment" }
        type                        = { type = string, optional = true, computed = true, replaces = true, api = "diskType", codec = "last_segment" }
      }

      block "source_image_encryption_key" {
        optional  = true
        max_items = 1
        api       = "sourceImageEncryptionKey"
        keep      = true
        attributes = {
          kms_key_self_link       = { type = string, optional = true, computed = true, replaces = true, api = "kmsKeyName", suppress = "kms_key_ignore_version" }
          kms_key_service_account = { type = string, optional = true, replaces = true, api = "kmsKeyServiceAccount" }
          raw_key                 = { type = string, optional = true, replaces = true, sensitive = true, api = "rawKey", keep = true }
          rsa_encrypted_key       = { type = string, optional = true, replaces = true, sensitive = true, api = "rsaEncryptedKey", keep = true }
          sha256                  = { type = string, computed = true, api = "sha256" }
        }
      }

      block "source_snapshot_encryption_key" {
        optional  = true
        max_items = 1
        api       = "sourceSnapshotEncryptionKey"
        keep      = true
        attributes = {
          kms_key_self_link       = { type = string, optional = true, computed = true, replaces = true, api = "kmsKeyName", suppress = "kms_key_ignore_version" }
          kms_key_service_account = { type = string, optional = true, replaces = true, api = "kmsKeyServiceAccount" }
          raw_key                 = { type = string, optional = true, replaces = true, sensitive = true, api = "rawKey", keep = true }
          rsa_encrypted_key       = { type = string, optional = true, replaces = true, sensitive = true, api = "rsaEncryptedKey", keep = true }
          sha256                  = { type = string, computed = true, api = "sha256" }
        }
      }
    }
  }

  block "network_interface" {
    required = true
    replaces = true
    api      = "networkInterfaces"
    attributes = {
      igmp_query                  = { type = string, optional = true, computed = true, one_of = ["IGMP_QUERY_V2", "IGMP_QUERY_DISABLED"], api = "igmpQuery" }
      internal_ipv6_prefix_length = { type = int, optional = true, computed = true, api = "internalIpv6PrefixLength" }
      ipv6_address                = { type = string, optional = true, computed = true, api = "ipv6Address", suppress = "ip_representation" }
      network                     = { type = string, optional = true, computed = true, api = "network", suppress = "self_link_or_name" }
      network_attachment          = { type = string, optional = true, computed = true, replaces = true, api = "networkAttachment", suppress = "self_link_or_name" }
      network_ip                  = { type = string, optional = true, computed = true, api = "networkIP" }
      nic_type                    = { type = string, optional = true, replaces = true, one_of = ["GVNIC", "VIRTIO_NET", "IDPF", "MRDMA", "IRDMA", "IDPF"], api = "nicType" }
      queue_count                 = { type = int, optional = true, replaces = true, api = "queueCount" }
      stack_type                  = { type = string, optional = true, computed = true, one_of = ["IPV4_ONLY", "IPV4_IPV6", "IPV6_ONLY"], api = "stackType" }
      subnetwork                  = { type = string, optional = true, computed = true, api = "subnetwork", suppress = "self_link_or_name" }
      subnetwork_project          = { type = string, optional = true, computed = true }
      vlan                        = { type = int, optional = true, replaces = true, min = 2, max = 255, api = "vlan" }
      ipv6_access_type            = { type = string, computed = true, api = "ipv6AccessType" }
      name                        = { type = string, computed = true, api = "name" }
      parent_nic_name             = { type = string, computed = true, api = "parentNicName" }
    }

    block "access_config" {
      optional = true
      api      = "accessConfigs"
      attributes = {
        nat_ip                 = { type = string, optional = true, computed = true, api = "natIP" }
        network_tier           = { type = string, optional = true, computed = true, api = "networkTier" }
        public_ptr_domain_name = { type = string, optional = true, api = "publicPtrDomainName" }
      }
    }

    block "alias_ip_range" {
      optional = true
      api      = "aliasIpRanges"
      attributes = {
        ip_cidr_range         = { type = string, required = true, api = "ipCidrRange", suppress = "cidr_or_size" }
        subnetwork_range_name = { type = string, optional = true, api = "subnetworkRangeName" }
      }
    }

    block "ipv6_access_config" {
      optional = true
      api      = "ipv6AccessConfigs"
      attributes = {
        network_tier                = { type = string, required = true, api = "networkTier" }
        external_ipv6               = { type = string, optional = true, computed = true, replaces = true, api = "externalIpv6", suppress = "ip_representation" }
        external_ipv6_prefix_length = { type = string, optional = true, computed = true, replaces = true, api = "externalIpv6PrefixLength", wire = "number" }
        name                        = { type = string, optional = true, computed = true, replaces = true, api = "name" }
        public_ptr_domain_name      = { type = string, optional = true, api = "publicPtrDomainName" }
      }
    }
  }

  block "advanced_machine_features" {
    optional  = true
    max_items = 1
    api       = "advancedMachineFeatures"
    attributes = {
      enable_nested_virtualization = { type = bool, optional = true, api = "enableNestedVirtualization" }
      enable_uefi_networking       = { type = bool, optional = true, replaces = true, api = "enableUefiNetworking" }
      performance_monitoring_unit  = { type = string, optional = true, one_of = ["STANDARD", "ENHANCED", "ARCHITECTURAL"], api = "performanceMonitoringUnit", suppress = "empty_equals:STANDARD" }
      threads_per_core             = { type = int, optional = true, api = "threadsPerCore" }
      turbo_mode                   = { type = string, optional = true, one_of = ["ALL_CORE_MAX"], api = "turboMode" }
      visible_core_count           = { type = int, optional = true, api = "visibleCoreCount" }
    }
  }

  block "attached_disk" {
    optional = true
    api      = "attachedDisks"
    attributes = {
      source                          = { type = string, required = true, api = "source", suppress = "self_link_or_name" }
      device_name                     = { type = string, optional = true, computed = true, api = "deviceName" }
      disk_encryption_key_raw         = { type = string, optional = true, sensitive = true, api = "diskEncryptionKey.rawKey", read = none, keep = true }
      disk_encryption_key_rsa         = { type = string, optional = true, sensitive = true, api = "diskEncryptionKey.rsaEncryptedKey", read = none, keep = true }
      disk_encryption_service_account = { type = string, optional = true, api = "diskEncryptionKey.kmsKeyServiceAccount", read = none, keep = true }
      force_attach                    = { type = bool, optional = true, replaces = true, default = false, api = "forceAttach", suppress = "empty_equals:false", read = none, keep = true }
      kms_key_self_link               = { type = string, optional = true, computed = true, api = "diskEncryptionKey.kmsKeyName", suppress = "kms_key_ignore_version" }
      mode                            = { type = string, optional = true, default = "READ_WRITE", one_of = ["READ_WRITE", "READ_ONLY"], api = "mode" }
      disk_encryption_key_sha256      = { type = string, computed = true, api = "diskEncryptionKey.sha256" }
    }
  }

  block "confidential_instance_config" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    api       = "confidentialInstanceConfig"
    attributes = {
      confidential_instance_type  = { type = string, optional = true, api = "confidentialInstanceType" }
      enable_confidential_compute = { type = bool, optional = true, api = "enableConfidentialCompute" }
    }
  }

  block "guest_accelerator" {
    optional = true
    computed = true
    replaces = true
    api      = "guestAccelerators"
    attributes = {
      count = { type = int, required = true, replaces = true, api = "acceleratorCount" }
      type  = { type = string, required = true, replaces = true, api = "acceleratorType", suppress = "self_link_or_name" }
    }
  }

  block "instance_encryption_key" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "instanceEncryptionKey"
    attributes = {
      kms_key_self_link       = { type = string, optional = true, computed = true, replaces = true, api = "kmsKeyName", suppress = "kms_key_ignore_version" }
      kms_key_service_account = { type = string, optional = true, replaces = true, api = "kmsKeyServiceAccount" }
      sha256                  = { type = string, computed = true, api = "sha256" }
    }
  }

  block "network_performance_config" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "networkPerformanceConfig"
    attributes = {
      total_egress_bandwidth_tier = { type = string, required = true, replaces = true, one_of = ["TIER_1", "DEFAULT"], api = "totalEgressBandwidthTier" }
    }
  }

  block "params" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "params"
    read      = none
    keep      = true
    attributes = {
      resource_manager_tags = { type = map(string), optional = true, api = "resourceManagerTags" }
    }
  }

  block "reservation_affinity" {
    optional  = true
    computed  = true
    replaces  = true
    max_items = 1
    api       = "reservationAffinity"
    attributes = {
      type = { type = string, required = true, replaces = true, one_of = ["ANY_RESERVATION", "SPECIFIC_RESERVATION", "NO_RESERVATION"], api = "consumeReservationType" }
    }

    block "specific_reservation" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "specificReservation"
      attributes = {
        key    = { type = string, required = true, replaces = true, api = "key" }
        values = { type = list(string), required = true, replaces = true, api = "values" }
      }
    }
  }

  block "scheduling" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "scheduling"
    attributes = {
      automatic_restart           = { type = bool, optional = true, default = true, api = "automaticRestart" }
      availability_domain         = { type = int, optional = true, api = "availabilityDomain" }
      host_error_timeout_seconds  = { type = int, optional = true, api = "hostErrorTimeoutSeconds" }
      instance_termination_action = { type = string, optional = true, api = "instanceTerminationAction" }
      min_node_cpus               = { type = int, optional = true, api = "minNodeCpus" }
      on_host_maintenance         = { type = string, optional = true, computed = true, api = "onHostMaintenance" }
      preemptible                 = { type = bool, optional = true, replaces = true, default = false, api = "preemptible" }
      provisioning_model          = { type = string, optional = true, computed = true, replaces = true, api = "provisioningModel" }
      termination_time            = { type = string, optional = true, replaces = true, api = "terminationTime" }
    }

    block "local_ssd_recovery_timeout" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "localSsdRecoveryTimeout"
      attributes = {
        seconds = { type = int, required = true, replaces = true, api = "seconds", wire = "text" }
        nanos   = { type = int, optional = true, replaces = true, api = "nanos" }
      }
    }

    block "max_run_duration" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "maxRunDuration"
      attributes = {
        seconds = { type = int, required = true, replaces = true, api = "seconds", wire = "text" }
        nanos   = { type = int, optional = true, replaces = true, api = "nanos" }
      }
    }

    block "node_affinities" {
      optional = true
      kind     = set
      api      = "nodeAffinities"
      suppress = "absent_equals_empty"
      attributes = {
        key      = { type = string, required = true, api = "key" }
        operator = { type = string, required = true, one_of = ["IN", "NOT_IN"], api = "operator" }
        values   = { type = set(string), required = true, api = "values" }
      }
    }

    block "on_instance_stop_action" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "onInstanceStopAction"
      attributes = {
        discard_local_ssd = { type = bool, optional = true, replaces = true, default = false, api = "discardLocalSsd" }
      }
    }
  }

  block "scratch_disk" {
    optional = true
    replaces = true
    api      = "scratchDisks"
    attributes = {
      interface   = { type = string, required = true, one_of = ["SCSI", "NVME"], api = "interface" }
      device_name = { type = string, optional = true, computed = true, api = "deviceName" }
      size        = { type = int, optional = true, replaces = true, default = 375, api = "diskSizeGb", wire = "text" }
    }
  }

  block "service_account" {
    optional  = true
    max_items = 1
    suppress  = "absent_equals_empty_block"
    api       = "serviceAccount"
    attributes = {
      scopes = { type = set(string), required = true, api = "scopes", normalize = "oauth_scopes" }
      email  = { type = string, optional = true, computed = true, api = "email" }
    }
  }

  block "shielded_instance_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "shieldedInstanceConfig"
    suppress  = "absent_equals_empty"
    attributes = {
      enable_integrity_monitoring = { type = bool, optional = true, default = true, api = "enableIntegrityMonitoring" }
      enable_secure_boot          = { type = bool, optional = true, default = false, api = "enableSecureBoot" }
      enable_vtpm                 = { type = bool, optional = true, default = true, api = "enableVtpm" }
    }
  }

  block "workload_identity_config" {
    optional  = true
    max_items = 1
    api       = "workloadIdentityConfig"
    attributes = {
      identity                     = { type = string, optional = true, replaces = true, api = "identity" }
      identity_certificate_enabled = { type = bool, optional = true, replaces = true, api = "identityCertificateEnabled" }
    }
  }
}
