# An instance of Cloud SQL: MySQL, PostgreSQL or SQL Server. Its changes are calls in a fixed order (the hook), the last of
# them a PUT of all settings, which must name the version of the settings that it changes.
resource "google_sql_database_instance" {
  service   = "sqladmin"
  object    = "DatabaseInstance"
  hook      = "sql_instance"
  made      = ["firstIpAddress", "privateIpAddress", "publicIpAddress"]
  id        = "projects/{project}/instances/{name}"
  import    = ["projects/{project}/instances/{name}", "{project}/{name}", "{name}"]
  operation = sql
  locks     = ["sql/{project}/{name}", "sql/{project}/{master_instance_name}"]

  needs = [
    { when = ["create"], permissions = ["cloudsql.users.delete", "cloudsql.users.list"], at = "root_password" },
    { when = ["update"], permissions = ["cloudsql.users.create", "cloudsql.users.update"], at = "root_password" },
    { when = ["update"], permissions = ["cloudsql.instances.promoteReplica"], at = "master_instance_name" },
    { when = ["create"], permissions = ["cloudsql.instances.clone"], with = "clone" },
    { when = ["create"], permissions = ["cloudsql.instances.restoreBackup"], with = "restore_backup_context" },
  ]

  create = { post = "projects/{project}/instances" }
  read   = { get = "projects/{project}/instances/{name}", denied_is_gone = true }
  list   = { get = "projects/{project}/instances?maxResults=500", items = "items", by = "name" }
  update = { put = "projects/{project}/instances/{name}", how = whole }
  delete = { delete = "projects/{project}/instances/{name}" }
  rpc "patch" { patch = "projects/{project}/instances/{name}" }
  rests       = { field = "state", ready = ["RUNNABLE"], failed = ["FAILED"] }
  timeouts    = { create = "90m", update = "90m", delete = "90m" }
  import_sets    = { deletion_protection = true }
  at_least_one_of = [
    ["settings", "clone", "point_in_time_restore_context"],
    ["replica_configuration.cascadable_replica", "replica_configuration.ca_certificate", "replica_configuration.client_certificate", "replica_configuration.client_key", "replica_configuration.connect_retry_interval", "replica_configuration.dump_file_path", "replica_configuration.failover_target", "replica_configuration.master_heartbeat_period", "replica_configuration.password", "replica_configuration.ssl_cipher", "replica_configuration.username", "replica_configuration.verify_server_certificate"],
    ["settings.backup_configuration.binary_log_enabled", "settings.backup_configuration.enabled", "settings.backup_configuration.start_time", "settings.backup_configuration.location", "settings.backup_configuration.point_in_time_recovery_enabled", "settings.backup_configuration.backup_retention_settings", "settings.backup_configuration.transaction_log_retention_days", "settings.backup_configuration.backup_tier"],
    ["settings.insights_config.query_insights_enabled", "settings.insights_config.query_string_length", "settings.insights_config.record_application_tags", "settings.insights_config.record_client_address", "settings.insights_config.query_plans_per_minute", "settings.insights_config.enhanced_query_insights_enabled"],
    ["settings.ip_configuration.authorized_networks", "settings.ip_configuration.ipv4_enabled", "settings.ip_configuration.private_network", "settings.ip_configuration.allocated_ip_range", "settings.ip_configuration.enable_private_path_for_google_cloud_services", "settings.ip_configuration.psc_config", "settings.ip_configuration.ssl_mode", "settings.ip_configuration.server_ca_mode", "settings.ip_configuration.server_ca_pool", "settings.ip_configuration.server_certificate_rotation_mode", "settings.ip_configuration.custom_subject_alternative_names"],
    ["settings.location_preference.follow_gae_application", "settings.location_preference.zone"],
    ["settings.maintenance_window.day", "settings.maintenance_window.hour", "settings.maintenance_window.update_track"],
    ["settings.read_pool_auto_scale_config.enabled", "settings.read_pool_auto_scale_config.min_node_count", "settings.read_pool_auto_scale_config.max_node_count", "settings.read_pool_auto_scale_config.target_metrics", "settings.read_pool_auto_scale_config.disable_scale_in", "settings.read_pool_auto_scale_config.scale_in_cooldown_seconds", "settings.read_pool_auto_scale_config.scale_out_cooldown_seconds"],
    ["settings.sql_server_audit_config.bucket", "settings.sql_server_audit_config.retention_interval", "settings.sql_server_audit_config.upload_interval"],
  ]

  attributes = {
    database_version                                 = { type = string, required = true, api = "databaseVersion", suppress = "sql_mysql80_minor_auto_upgrade" }
    backupdr_backup                                  = { type = string, optional = true }
    deletion_policy                                  = { type = string, optional = true, computed = true }
    deletion_protection                              = { type = bool, optional = true, default = true }
    encryption_key_name                              = { type = string, optional = true, computed = true, replaces = true, api = "diskEncryptionConfiguration.kmsKeyName" }
    enforce_new_sql_network_architecture             = { type = bool, optional = true, computed = true, api = "sqlNetworkArchitecture", suppress = "true_to_false_ignored", codec = "equals:NEW_NETWORK_ARCHITECTURE", write = none }
    final_backup_description                         = { type = string, optional = true }
    include_replicas_for_major_version_upgrade       = { type = bool, optional = true, api = "includeReplicasForMajorVersionUpgrade", read = none, keep = true }
    instance_type                                    = { type = string, optional = true, computed = true, api = "instanceType" }
    maintenance_version                              = { type = string, optional = true, computed = true, api = "maintenanceVersion", suppress = "sql_maintenance_version_not_older" }
    master_instance_name                             = { type = string, optional = true, computed = true, api = "masterInstanceName" }
    name                                             = { type = string, optional = true, computed = true, replaces = true, api = "name" }
    node_count                                       = { type = int, optional = true, computed = true, api = "nodeCount" }
    project                                          = { type = string, optional = true, computed = true, replaces = true, fill = project }
    region                                           = { type = string, optional = true, computed = true, replaces = true, api = "region", fill = region }
    replica_names                                    = { type = list(string), optional = true, computed = true, api = "replicaNames" }
    root_password                                    = { type = string, optional = true, sensitive = true, conflicts_with = ["root_password_wo"], api = "rootPassword", read = none, keep = true }
    root_password_wo                                 = { type = string, optional = true, write_only = true, conflicts_with = ["root_password"], required_with = ["root_password_wo_version"] }
    root_password_wo_version                         = { type = string, optional = true, required_with = ["root_password_wo"] }
    switch_transaction_logs_to_cloud_storage_enabled = { type = bool, optional = true, api = "switchTransactionLogsToCloudStorageEnabled", keep = true, read = none }
    available_maintenance_versions                   = { type = list(string), computed = true, api = "availableMaintenanceVersions" }
    connection_name                                  = { type = string, computed = true, api = "connectionName", kept = ["project", "region", "name"] }
    dns_name                                         = { type = string, computed = true, api = "dnsName" }
    first_ip_address                                 = { type = string, computed = true, api = "firstIpAddress" }
    private_ip_address                               = { type = string, computed = true, api = "privateIpAddress" }
    psc_service_attachment_link                      = { type = string, computed = true, api = "pscServiceAttachmentLink" }
    public_ip_address                                = { type = string, computed = true, api = "publicIpAddress" }
    self_link                                        = { type = string, computed = true, api = "selfLink", kept = ["project", "name"] }
    service_account_email_address                    = { type = string, computed = true, api = "serviceAccountEmailAddress" }
  }

  block "clone" {
    optional  = true
    max_items = 1
    attributes = {
      source_instance_name          = { type = string, required = true }
      allocated_ip_range            = { type = string, optional = true }
      database_names                = { type = list(string), optional = true }
      point_in_time                 = { type = string, optional = true, suppress = "timestamp" }
      preferred_zone                = { type = string, optional = true }
      source_instance_deletion_time = { type = string, optional = true, suppress = "timestamp" }
      source_project                = { type = string, optional = true }
    }
  }

  block "point_in_time_restore_context" {
    optional  = true
    max_items = 1
    attributes = {
      datasource         = { type = string, required = true }
      allocated_ip_range = { type = string, optional = true }
      point_in_time      = { type = string, optional = true, suppress = "timestamp" }
      preferred_zone     = { type = string, optional = true }
      region             = { type = string, optional = true }
      target_instance    = { type = string, optional = true }
    }
  }

  block "replica_configuration" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "replicaConfiguration"
    sensitive = true
    attributes = {
      ca_certificate            = { type = string, optional = true, replaces = true, api = "mysqlReplicaConfiguration.caCertificate", keep = true }
      cascadable_replica        = { type = bool, optional = true, api = "cascadableReplica", keep = true }
      client_certificate        = { type = string, optional = true, replaces = true, api = "mysqlReplicaConfiguration.clientCertificate", keep = true }
      client_key                = { type = string, optional = true, replaces = true, api = "mysqlReplicaConfiguration.clientKey", keep = true }
      connect_retry_interval    = { type = int, optional = true, replaces = true, api = "mysqlReplicaConfiguration.connectRetryInterval", keep = true }
      dump_file_path            = { type = string, optional = true, replaces = true, api = "mysqlReplicaConfiguration.dumpFilePath", keep = true }
      failover_target           = { type = bool, optional = true, replaces = true, api = "failoverTarget", keep = true }
      master_heartbeat_period   = { type = int, optional = true, replaces = true, api = "mysqlReplicaConfiguration.masterHeartbeatPeriod", wire = "text", keep = true }
      password                  = { type = string, optional = true, replaces = true, sensitive = true, api = "mysqlReplicaConfiguration.password", keep = true }
      ssl_cipher                = { type = string, optional = true, replaces = true, api = "mysqlReplicaConfiguration.sslCipher", keep = true }
      username                  = { type = string, optional = true, replaces = true, api = "mysqlReplicaConfiguration.username", keep = true }
      verify_server_certificate = { type = bool, optional = true, replaces = true, api = "mysqlReplicaConfiguration.verifyServerCertificate", keep = true }
    }
  }

  block "replication_cluster" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "replicationCluster"
    attributes = {
      failover_dr_replica_name = { type = string, optional = true, api = "failoverDrReplicaName", suppress = "sql_dr_replica_name_project_prefix" }
      psa_write_endpoint       = { type = string, optional = true, computed = true, api = "psaWriteEndpoint" }
      dr_replica               = { type = bool, computed = true, api = "drReplica" }
    }
  }

  block "restore_backup_context" {
    optional  = true
    max_items = 1
    attributes = {
      backup_run_id = { type = int, required = true, wire = "text" }
      instance_id   = { type = string, optional = true }
      project       = { type = string, optional = true }
    }
  }

  block "settings" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "settings"
    attributes = {
      tier                             = { type = string, required = true, api = "tier" }
      activation_policy                = { type = string, optional = true, default = "ALWAYS", api = "activationPolicy" }
      auto_upgrade_enabled             = { type = bool, optional = true, api = "autoUpgradeEnabled" }
      availability_type                = { type = string, optional = true, default = "ZONAL", one_of = ["REGIONAL", "ZONAL"], api = "availabilityType" }
      collation                        = { type = string, optional = true, replaces = true, api = "collation" }
      connector_enforcement            = { type = string, optional = true, computed = true, one_of = ["NOT_REQUIRED", "REQUIRED"], api = "connectorEnforcement" }
      data_api_access                  = { type = string, optional = true, computed = true, one_of = ["DISALLOW_DATA_API", "ALLOW_DATA_API"], api = "dataApiAccess" }
      data_disk_provisioned_iops       = { type = int, optional = true, computed = true, api = "dataDiskProvisionedIops", wire = "text" }
      data_disk_provisioned_throughput = { type = int, optional = true, computed = true, api = "dataDiskProvisionedThroughput", wire = "text" }
      deletion_protection_enabled      = { type = bool, optional = true, api = "deletionProtectionEnabled" }
      disk_autoresize                  = { type = bool, optional = true, default = true, api = "storageAutoResize" }
      disk_autoresize_limit            = { type = int, optional = true, default = 0, api = "storageAutoResizeLimit", wire = "text" }
      disk_size                        = { type = int, optional = true, computed = true, api = "dataDiskSizeGb", wire = "text" }
      disk_type                        = { type = string, optional = true, computed = true, api = "dataDiskType", suppress = "case_insensitive_dash_underscore" }
      edition                          = { type = string, optional = true, computed = true, one_of = ["ENTERPRISE", "ENTERPRISE_PLUS"], api = "edition" }
      enable_dataplex_integration      = { type = bool, optional = true, api = "enableDataplexIntegration" }
      enable_google_ml_integration     = { type = bool, optional = true, api = "enableGoogleMlIntegration" }
      pricing_plan                     = { type = string, optional = true, default = "PER_USE", api = "pricingPlan" }
      replication_lag_max_seconds      = { type = int, optional = true, computed = true, api = "replicationLagMaxSeconds" }
      retain_backups_on_delete         = { type = bool, optional = true, api = "retainBackupsOnDelete" }
      time_zone                        = { type = string, optional = true, api = "timeZone" }
      user_labels                      = { type = map(string), optional = true, computed = true, api = "userLabels" }
      effective_availability_type      = { type = string, computed = true, api = "availabilityType" }
      version                          = { type = int, computed = true, api = "settingsVersion", wire = "text", volatile = ["/switch_transaction_logs_to_cloud_storage_enabled"] }
    }

    block "active_directory_config" {
      optional  = true
      max_items = 1
      api       = "activeDirectoryConfig"
      attributes = {
        domain                       = { type = string, required = true, api = "domain" }
        admin_credential_secret_name = { type = string, optional = true, api = "adminCredentialSecretName" }
        dns_servers                  = { type = list(string), optional = true, api = "dnsServers" }
        mode                         = { type = string, optional = true, one_of = ["MANAGED_ACTIVE_DIRECTORY", "CUSTOMER_MANAGED_ACTIVE_DIRECTORY"], api = "mode" }
        organizational_unit          = { type = string, optional = true, api = "organizationalUnit" }
      }
    }

    block "advanced_machine_features" {
      optional  = true
      max_items = 1
      api       = "advancedMachineFeatures"
      attributes = {
        threads_per_core = { type = int, optional = true, api = "threadsPerCore" }
      }
    }

    block "backup_configuration" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "backupConfiguration"
      attributes = {
        binary_log_enabled             = { type = bool, optional = true, api = "binaryLogEnabled", suppress = "sql_backup_tier_enhanced" }
        enabled                        = { type = bool, optional = true, api = "enabled", suppress = "sql_backup_tier_enhanced" }
        location                       = { type = string, optional = true, api = "location" }
        point_in_time_recovery_enabled = { type = bool, optional = true, api = "pointInTimeRecoveryEnabled", suppress = "sql_backup_tier_enhanced" }
        start_time                     = { type = string, optional = true, computed = true, api = "startTime", suppress = "sql_backup_tier_enhanced" }
        transaction_log_retention_days = { type = int, optional = true, computed = true, api = "transactionLogRetentionDays", suppress = "sql_backup_tier_enhanced" }
        backup_tier                    = { type = string, computed = true, api = "backupTier" }
      }

      block "backup_retention_settings" {
        optional  = true
        computed  = true
        max_items = 1
        api       = "backupRetentionSettings"
        suppress  = "sql_backup_tier_enhanced"
        attributes = {
          retained_backups = { type = int, required = true, api = "retainedBackups" }
          retention_unit   = { type = string, optional = true, default = "COUNT", api = "retentionUnit" }
        }
      }
    }

    block "connection_pool_config" {
      optional = true
      computed = true
      kind     = set
      api      = "connectionPoolConfig"
      single   = true
      attributes = {
        connection_pooling_enabled = { type = bool, optional = true, api = "connectionPoolingEnabled" }
      }

      block "flags" {
        optional = true
        kind     = set
        api      = "flags"
        attributes = {
          name  = { type = string, required = true, api = "name" }
          value = { type = string, required = true, api = "value" }
        }
      }
    }

    block "data_cache_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "dataCacheConfig"
      attributes = {
        data_cache_enabled = { type = bool, optional = true, default = false, api = "dataCacheEnabled" }
      }
    }

    block "database_flags" {
      optional = true
      kind     = set
      api      = "databaseFlags"
      attributes = {
        name  = { type = string, required = true, api = "name" }
        value = { type = string, required = true, api = "value" }
      }
    }

    block "deny_maintenance_period" {
      optional  = true
      max_items = 1
      api       = "denyMaintenancePeriods"
      attributes = {
        end_date   = { type = string, required = true, api = "endDate" }
        start_date = { type = string, required = true, api = "startDate" }
        time       = { type = string, required = true, api = "time" }
      }
    }

    block "entraid_config" {
      optional  = true
      max_items = 1
      api       = "entraidConfig"
      suppress  = "absent_equals_empty_block"
      attributes = {
        application_id = { type = string, optional = true, api = "applicationId" }
        tenant_id      = { type = string, optional = true, api = "tenantId" }
      }
    }

    block "final_backup_config" {
      optional  = true
      max_items = 1
      api       = "finalBackupConfig"
      attributes = {
        enabled        = { type = bool, optional = true, api = "enabled" }
        retention_days = { type = int, optional = true, min = 1, max = 36135, api = "retentionDays" }
      }
    }

    block "insights_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "insightsConfig"
      attributes = {
        enhanced_query_insights_enabled = { type = bool, optional = true, api = "enhancedQueryInsightsEnabled" }
        query_insights_enabled          = { type = bool, optional = true, api = "queryInsightsEnabled" }
        query_plans_per_minute          = { type = int, optional = true, computed = true, min = 0, max = 200, api = "queryPlansPerMinute" }
        query_string_length             = { type = int, optional = true, computed = true, min = 1, max = 1048576, api = "queryStringLength" }
        record_application_tags         = { type = bool, optional = true, api = "recordApplicationTags" }
        record_client_address           = { type = bool, optional = true, api = "recordClientAddress" }
      }
    }

    block "ip_configuration" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "ipConfiguration"
      attributes = {
        allocated_ip_range                            = { type = string, optional = true, api = "allocatedIpRange" }
        custom_subject_alternative_names              = { type = set(string), optional = true, api = "customSubjectAlternativeNames" }
        enable_private_path_for_google_cloud_services = { type = bool, optional = true, api = "enablePrivatePathForGoogleCloudServices" }
        ipv4_enabled                                  = { type = bool, optional = true, default = true, api = "ipv4Enabled" }
        private_network                               = { type = string, optional = true, api = "privateNetwork", suppress = "self_link" }
        server_ca_mode                                = { type = string, optional = true, computed = true, one_of = ["CA_MODE_UNSPECIFIED", "GOOGLE_MANAGED_INTERNAL_CA", "GOOGLE_MANAGED_CAS_CA", "CUSTOMER_MANAGED_CAS_CA"], api = "serverCaMode" }
        server_ca_pool                                = { type = string, optional = true, api = "serverCaPool" }
        server_certificate_rotation_mode              = { type = string, optional = true, one_of = ["NO_AUTOMATIC_ROTATION", "AUTOMATIC_ROTATION_DURING_MAINTENANCE"], api = "serverCertificateRotationMode", suppress = "empty_equals:SERVER_CERTIFICATE_ROTATION_MODE_UNSPECIFIED" }
        ssl_mode                                      = { type = string, optional = true, computed = true, one_of = ["ALLOW_UNENCRYPTED_AND_ENCRYPTED", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"], api = "sslMode" }
      }

      block "authorized_networks" {
        optional = true
        kind     = set
        api      = "authorizedNetworks"
        attributes = {
          value           = { type = string, required = true, api = "value" }
          expiration_time = { type = string, optional = true, api = "expirationTime" }
          name            = { type = string, optional = true, api = "name" }
        }
      }

      block "psc_config" {
        optional = true
        kind     = set
        api      = "pscConfig"
        single   = true
        attributes = {
          allowed_consumer_projects          = { type = set(string), optional = true, api = "allowedConsumerProjects" }
          network_attachment_uri             = { type = string, optional = true, api = "networkAttachmentUri" }
          psc_auto_connection_policy_enabled = { type = bool, optional = true, computed = true, api = "pscAutoConnectionPolicyEnabled" }
          psc_auto_dns_enabled               = { type = bool, optional = true, computed = true, api = "pscAutoDnsEnabled" }
          psc_enabled                        = { type = bool, optional = true, api = "pscEnabled" }
          psc_write_endpoint_dns_enabled     = { type = bool, optional = true, computed = true, api = "pscWriteEndpointDnsEnabled" }
        }

        block "psc_auto_connections" {
          optional = true
          api      = "pscAutoConnections"
          attributes = {
            consumer_network                          = { type = string, required = true, api = "consumerNetwork" }
            consumer_service_project_id               = { type = string, optional = true, computed = true, api = "consumerProject" }
            consumer_network_status                   = { type = string, computed = true, api = "consumerNetworkStatus" }
            instance_auto_dns_status                  = { type = string, computed = true, api = "instanceAutoDnsStatus" }
            ip_address                                = { type = string, computed = true, api = "ipAddress" }
            service_connection_policy                 = { type = string, computed = true, api = "serviceConnectionPolicy" }
            service_connection_policy_creation_result = { type = string, computed = true, api = "serviceConnectionPolicyCreationResult" }
            status                                    = { type = string, computed = true, api = "status" }
            write_endpoint_auto_dns_status            = { type = string, computed = true, api = "writeEndpointAutoDnsStatus" }
          }
        }
      }
    }

    block "location_preference" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "locationPreference"
      attributes = {
        follow_gae_application = { type = string, optional = true, api = "followGaeApplication" }
        secondary_zone         = { type = string, optional = true, api = "secondaryZone" }
        zone                   = { type = string, optional = true, api = "zone" }
      }
    }

    block "maintenance_window" {
      optional  = true
      max_items = 1
      api       = "maintenanceWindow"
      attributes = {
        day          = { type = int, optional = true, min = 1, max = 7, api = "day" }
        hour         = { type = int, optional = true, min = 0, max = 23, api = "hour" }
        update_track = { type = string, optional = true, api = "updateTrack" }
      }
    }

    block "password_validation_policy" {
      optional  = true
      max_items = 1
      api       = "passwordValidationPolicy"
      attributes = {
        enable_password_policy      = { type = bool, required = true, api = "enablePasswordPolicy" }
        complexity                  = { type = string, optional = true, one_of = ["COMPLEXITY_DEFAULT", "COMPLEXITY_UNSPECIFIED"], api = "complexity" }
        disallow_username_substring = { type = bool, optional = true, api = "disallowUsernameSubstring" }
        min_length                  = { type = int, optional = true, min = 0, max = 2147483647, api = "minLength" }
        password_change_interval    = { type = string, optional = true, api = "passwordChangeInterval" }
        reuse_interval              = { type = int, optional = true, min = 0, max = 2147483647, api = "reuseInterval" }
      }
    }

    block "read_pool_auto_scale_config" {
      optional  = true
      computed  = true
      max_items = 1
      api       = "readPoolAutoScaleConfig"
      attributes = {
        disable_scale_in           = { type = bool, optional = true, api = "disableScaleIn" }
        enabled                    = { type = bool, optional = true, default = false, api = "enabled" }
        max_node_count             = { type = int, optional = true, min = 1, max = 20, api = "maxNodeCount" }
        min_node_count             = { type = int, optional = true, min = 1, max = 20, api = "minNodeCount" }
        scale_in_cooldown_seconds  = { type = int, optional = true, api = "scaleInCooldownSeconds" }
        scale_out_cooldown_seconds = { type = int, optional = true, api = "scaleOutCooldownSeconds" }
      }

      block "target_metrics" {
        optional = true
        kind     = set
        api      = "targetMetrics"
        attributes = {
          metric       = { type = string, optional = true, api = "metric" }
          target_value = { type = float, optional = true, api = "targetValue" }
        }
      }
    }

    block "sql_server_audit_config" {
      optional  = true
      max_items = 1
      api       = "sqlServerAuditConfig"
      attributes = {
        bucket             = { type = string, optional = true, api = "bucket" }
        retention_interval = { type = string, optional = true, api = "retentionInterval" }
        upload_interval    = { type = string, optional = true, api = "uploadInterval" }
      }
    }
  }

  block "dns_names" {
    computed = true
    api      = "dnsNames"
    attributes = {
      connection_type = { type = string, computed = true, api = "connectionType" }
      dns_scope       = { type = string, computed = true, api = "dnsScope" }
      name            = { type = string, computed = true, api = "name" }
    }
  }

  block "ip_address" {
    computed = true
    api      = "ipAddresses"
    attributes = {
      ip_address     = { type = string, computed = true, api = "ipAddress" }
      time_to_retire = { type = string, computed = true, api = "timeToRetire" }
      type           = { type = string, computed = true, api = "type" }
    }
  }

  block "server_ca_cert" {
    computed  = true
    api       = "serverCaCert"
    sensitive = true
    attributes = {
      cert             = { type = string, computed = true, api = "cert" }
      common_name      = { type = string, computed = true, api = "commonName" }
      create_time      = { type = string, computed = true, api = "createTime" }
      expiration_time  = { type = string, computed = true, api = "expirationTime" }
      sha1_fingerprint = { type = string, computed = true, api = "sha1Fingerprint" }
    }
  }
}
