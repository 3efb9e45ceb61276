# Google Cloud. What happens is told by the documentation of each service.

resource "google_container_cluster" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "all that runs in the cluster stops, and disks of claims that are removed with it are lost"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "nothing in the cluster answers until all is made anew"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "master_authorized_networks_config.cidr_blocks.cidr_block" = ["0.0.0.0/0", "::/0"] }
    why  = "the control plane answers the whole internet"
  }
  risk "exposure" {
    on   = [update]
    when = { "master_authorized_networks_config" = falls }
    why  = "the control plane answers more networks than before"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "enable_legacy_abac" = [true] }
    why  = "old-style authorization gives every account in the cluster much power"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "master_auth.client_certificate_config.issue_client_certificate" = [true] }
    why  = "a client certificate is issued that cannot be revoked"
  }
  risk "exposure" {
    on   = [update]
    when = { "private_cluster_config.enable_private_endpoint" = falls }
    why  = "the control plane gets a public address"
  }
  risk "exposure" {
    on   = [update]
    when = { "enable_shielded_nodes" = falls }
    why  = "nodes no longer prove that they are what they say"
  }
  risk "exposure" {
    on   = [update]
    when = { "network_policy.enabled" = falls }
    why  = "network policies hold nobody back any more"
  }
  risk "exposure" {
    on   = [update]
    when = { "binary_authorization.evaluation_mode" = ["DISABLED"] }
    why  = "images that nobody has signed may run"
  }
  risk "irreversible" {
    on   = [update]
    when = { "min_master_version" = changes }
    why  = "a control plane cannot go back to an older minor version"
  }
  risk "downtime" {
    on   = [update]
    when = { "node_version" = changes }
    why  = "the nodes are made anew one after the other, and their pods move"
  }
  risk "downtime" {
    on   = [update]
    when = { "node_config" = changes }
    why  = "the nodes are made anew one after the other, and their pods move"
  }
  risk "downtime" {
    on   = [update]
    when = { "min_master_version" = changes }
    why  = "the control plane of a zonal cluster does not answer while it is upgraded"
  }
  risk "downtime" {
    on   = [update]
    when = { "workload_identity_config" = changes }
    why  = "pods that get their credentials from it lose them until they are set up anew"
  }
  risk "irreversible" {
    on   = [update]
    when = { "deletion_protection" = falls }
    why  = "the cluster can be destroyed by the next plan"
  }
  risk "cost" {
    on  = [create, replace]
    why = "a control plane and its nodes cost by the hour"
  }
}

resource "google_container_node_pool" {
  risk "downtime" {
    on  = [delete, replace]
    why = "the pods on its nodes are evicted, and what is on local disks is lost"
  }
  risk "downtime" {
    on   = [update]
    when = { "node_count" = falls }
    why  = "nodes go, and the pods on them move"
  }
  risk "downtime" {
    on   = [update]
    when = { "autoscaling.max_node_count" = falls }
    why  = "nodes may go, and the pods on them move"
  }
  risk "downtime" {
    on   = [update]
    when = { "version" = changes }
    why  = "the nodes are made anew one after the other, and their pods move"
  }
  risk "downtime" {
    on   = [update]
    when = { "node_config" = changes }
    why  = "the nodes are made anew one after the other, and their pods move"
  }
  risk "cost" {
    on   = [update]
    when = { "node_count" = rises }
    why  = "more nodes cost more by the hour"
  }
  risk "cost" {
    on   = [update]
    when = { "autoscaling.max_node_count" = rises }
    why  = "more nodes may cost more by the hour"
  }
  risk "cost" {
    on  = [create, replace]
    why = "its nodes cost by the hour"
  }
}

resource "google_storage_bucket" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the bucket goes with all its objects, and its name may be taken by others"
  }
  risk "data-loss" {
    on   = [update]
    when = { "versioning.enabled" = falls }
    why  = "objects that are overwritten or removed are lost from now on"
  }
  risk "data-loss" {
    on   = [create, update, replace]
    when = { "lifecycle_rule.action.type" = ["Delete"], "lifecycle_rule" = changes }
    why  = "a lifecycle rule removes objects by itself"
  }
  risk "data-loss" {
    on   = [update]
    when = { "soft_delete_policy.retention_duration_seconds" = falls }
    why  = "removed objects can be had back for a shorter time or not at all"
  }
  risk "data-loss" {
    on   = [update]
    when = { "retention_policy.retention_period" = falls }
    why  = "objects may be removed earlier than before"
  }
  risk "data-loss" {
    on   = [update]
    when = { "force_destroy" = rises }
    why  = "the bucket can be destroyed while it has objects"
  }
  risk "irreversible" {
    on   = [create, update, replace]
    when = { "retention_policy.is_locked" = [true] }
    why  = "a locked retention policy can never be taken away or shortened"
  }
  risk "exposure" {
    on   = [update]
    when = { "uniform_bucket_level_access" = falls }
    why  = "access lists of single objects count again, which may be public"
  }
  risk "exposure" {
    on   = [update]
    when = { "public_access_prevention" = ["inherited"] }
    why  = "nothing of the bucket itself prevents that it is made public"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "cors.origin.*" = ["*"] }
    why  = "pages of any origin may read from it in a browser"
  }
}

resource "google_storage_bucket_object" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the object is removed, for good where the bucket keeps no versions"
  }
  risk "data-loss" {
    on   = [update]
    when = { "content" = changes }
    why  = "the object is overwritten, for good where the bucket keeps no versions"
  }
  risk "data-loss" {
    on   = [update]
    when = { "detect_md5hash" = changes }
    why  = "the object is overwritten, for good where the bucket keeps no versions"
  }
}

resource "google_storage_bucket_iam_member" "google_project_iam_member" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "member" = ["allUsers", "allAuthenticatedUsers"] }
    why  = "everybody on the internet gets the role"
  }
}

resource "google_storage_bucket_iam_binding" "google_project_iam_binding" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "members.*" = ["allUsers", "allAuthenticatedUsers"] }
    why  = "everybody on the internet gets the role"
  }
  risk "downtime" {
    on  = [create, replace]
    why = "who had the role before and is not among the members loses it"
  }
  risk "downtime" {
    on   = [update]
    when = { "members" = changes }
    why  = "members that are no longer named lose the role"
  }
}

resource "google_storage_bucket_iam_policy" "google_project_iam_policy" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "policy_data" = { has = ["allUsers", "allAuthenticatedUsers"] } }
    why  = "everybody on the internet gets a role"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "policy_data" = { has = ["roles/owner", "roles/editor", "roles/iam.", "roles/resourcemanager.", "admin", "Admin"] } }
    why  = "the policy gives roles with much power"
  }
  risk "irreversible" {
    on  = [create, update, replace, delete]
    why = "the whole policy is replaced: who is not in it loses all access, perhaps you too"
  }
}

resource "google_storage_bucket_iam_member" "google_storage_bucket_iam_binding" "google_project_iam_member" "google_project_iam_binding" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "role" = ["roles/owner", "roles/editor"] }
    why  = "the role may do nearly everything"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "role" = { has = ["admin", "Admin", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser", "roles/iam.workloadIdentityUser"] } }
    why  = "the role has much power: with it others' rights can be taken or given"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "who lives by the role is refused from now on"
  }
}

resource "google_storage_hmac_key" {
  risk "exposure" {
    on  = [create, replace]
    why = "a key that never expires by itself is made for the account"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "who signs by the old key is refused"
  }
  risk "irreversible" {
    on  = [delete, replace]
    why = "the old key and its secret cannot be had back"
  }
  risk "downtime" {
    on   = [update]
    when = { "state" = ["INACTIVE"] }
    why  = "who signs by the key is refused"
  }
}

resource "google_service_account" {
  risk "irreversible" {
    on  = [delete, replace]
    why = "its roles and keys are lost: a new account of the same name is another one"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "who works as the account is refused"
  }
  risk "downtime" {
    on   = [update]
    when = { "disabled" = [true] }
    why  = "who works as the account is refused"
  }
}

resource "google_service_account_key" {
  risk "exposure" {
    on  = [create, replace]
    why = "a private key that never expires by itself is made for the account and kept in the state"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "who signs in by the old key is refused"
  }
  risk "irreversible" {
    on  = [delete, replace]
    why = "the old key cannot be had back"
  }
}

resource "google_project_service" {
  risk "downtime" {
    on     = [delete, replace]
    unless = { "disable_on_destroy" = [false] }
    why    = "all that uses the API in the project stops"
  }
  risk "data-loss" {
    on     = [delete, replace]
    when   = { "disable_dependent_services" = [true] }
    unless = { "disable_on_destroy" = [false] }
    why    = "services that depend on the API are switched off with it, some remove what they keep"
  }
}

resource "google_artifact_registry_repository" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the repository goes with all its images and packages"
  }
  risk "data-loss" {
    on   = [create, update, replace]
    when = { "cleanup_policies.action" = ["DELETE"] }
    why  = "a cleanup policy removes versions by itself"
  }
}

resource "google_compute_instance" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the machine goes with what is on its boot disk and local disks"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "what runs on the machine stops"
  }
  risk "downtime" {
    on   = [update]
    when = { "machine_type" = changes }
    why  = "the machine is stopped to be changed"
  }
  risk "downtime" {
    on   = [update]
    when = { "min_cpu_platform" = changes }
    why  = "the machine is stopped to be changed"
  }
  risk "downtime" {
    on   = [update]
    when = { "service_account" = changes }
    why  = "the machine is stopped to be changed"
  }
  risk "downtime" {
    on   = [update]
    when = { "shielded_instance_config" = changes }
    why  = "the machine is stopped to be changed"
  }
  risk "downtime" {
    on   = [update]
    when = { "desired_status" = ["TERMINATED", "SUSPENDED"] }
    why  = "the machine is stopped"
  }
  risk "downtime" {
    on   = [update]
    when = { "network_interface" = changes }
    why  = "the machine may lose its addresses for a while"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "network_interface.access_config" = there }
    why  = "the machine gets a public address"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "service_account.scopes.*" = { has = ["cloud-platform"] } }
    why  = "who gets into the machine has all rights of its account"
  }
  risk "irreversible" {
    on   = [update]
    when = { "deletion_protection" = falls }
    why  = "the machine can be destroyed by the next plan"
  }
  risk "cost" {
    on  = [create, replace]
    why = "a machine costs by the hour"
  }
}

resource "google_compute_disk" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "what is on the disk is lost"
  }
  risk "irreversible" {
    on   = [update]
    when = { "size" = rises }
    why  = "a disk can never be made smaller"
  }
  risk "cost" {
    on  = [create, replace]
    why = "a disk costs by its size for as long as it stands"
  }
  risk "cost" {
    on   = [update]
    when = { "size" = rises }
    why  = "a larger disk costs more"
  }
}

resource "google_compute_address" "google_compute_global_address" {
  risk "irreversible" {
    on  = [delete, replace]
    why = "the address goes back and is given to others"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "who knows the old address finds nobody there"
  }
}

resource "google_compute_network" "google_compute_subnetwork" {
  risk "downtime" {
    on  = [delete, replace]
    why = "what is connected by the network is cut off"
  }
}

resource "google_compute_subnetwork" {
  risk "irreversible" {
    on   = [update]
    when = { "ip_cidr_range" = changes }
    why  = "a range of addresses can be widened and never made smaller"
  }
  risk "downtime" {
    on   = [update]
    when = { "secondary_ip_range" = changes }
    why  = "pods and services that live in a range that goes are cut off"
  }
}

resource "google_compute_firewall" {
  risk "exposure" {
    on     = [create, update, replace]
    when   = { "source_ranges.*" = ["0.0.0.0/0", "::/0"], "allow.protocol" = there }
    unless = { "direction" = ["EGRESS"], "disabled" = [true] }
    why    = "the whole internet may connect"
  }
  risk "exposure" {
    on     = [create, update, replace]
    when   = { "source_ranges" = [none], "source_tags" = [none], "source_service_accounts" = [none], "allow.protocol" = there }
    unless = { "direction" = ["EGRESS"], "disabled" = [true] }
    why    = "a rule without sources lets the whole internet connect"
  }
  risk "exposure" {
    on   = [delete, replace]
    when = { "deny.protocol" = there }
    why  = "what the rule kept out goes through"
  }
  risk "exposure" {
    on   = [update]
    when = { "disabled" = [true], "deny.protocol" = there }
    why  = "what the rule kept out goes through"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "allow.protocol" = there }
    why  = "what the rule let through is held up"
  }
  risk "downtime" {
    on   = [create, update]
    when = { "deny.protocol" = there }
    why  = "connections that it denies are held up"
  }
  risk "downtime" {
    on   = [update]
    when = { "disabled" = [true], "allow.protocol" = there }
    why  = "what the rule let through is held up"
  }
}

resource "google_sql_database_instance" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the instance goes with all its databases and their backups, and its name stays blocked for a week"
  }
  risk "downtime" {
    on   = [update]
    when = { "settings.tier" = changes }
    why  = "the instance is started anew"
  }
  risk "downtime" {
    on   = [update]
    when = { "database_version" = changes }
    why  = "the instance does not answer while it is upgraded"
  }
  risk "irreversible" {
    on   = [update]
    when = { "database_version" = changes }
    why  = "a database cannot go back to an older version"
  }
  risk "downtime" {
    on   = [update]
    when = { "settings.database_flags" = changes }
    why  = "some flags start the instance anew"
  }
  risk "downtime" {
    on   = [update]
    when = { "settings.activation_policy" = ["NEVER"] }
    why  = "the instance is stopped"
  }
  risk "downtime" {
    on   = [update]
    when = { "settings.availability_type" = ["ZONAL"] }
    why  = "no second zone takes over when the first one fails"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "settings.ip_configuration.authorized_networks.value" = ["0.0.0.0/0", "::/0"] }
    why  = "the whole internet may connect to the database"
  }
  risk "exposure" {
    on   = [update]
    when = { "settings.ip_configuration.ipv4_enabled" = rises }
    why  = "the instance gets a public address"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "settings.ip_configuration.ssl_mode" = ["ALLOW_UNENCRYPTED_AND_ENCRYPTED"] }
    why  = "connections may go unencrypted"
  }
  risk "data-loss" {
    on   = [update]
    when = { "settings.backup_configuration.enabled" = falls }
    why  = "no backups are made from now on"
  }
  risk "data-loss" {
    on   = [update]
    when = { "settings.backup_configuration.point_in_time_recovery_enabled" = falls }
    why  = "what was between two backups cannot be had back"
  }
  risk "data-loss" {
    on   = [update]
    when = { "settings.backup_configuration.transaction_log_retention_days" = falls }
    why  = "less of the past can be had back"
  }
  risk "data-loss" {
    on   = [update]
    when = { "settings.backup_configuration.backup_retention_settings.retained_backups" = falls }
    why  = "older backups are removed"
  }
  risk "irreversible" {
    on   = [update]
    when = { "settings.disk_size" = rises }
    why  = "a disk can never be made smaller"
  }
  risk "irreversible" {
    on   = [update]
    when = { "deletion_protection" = falls }
    why  = "the instance can be destroyed by the next plan"
  }
  risk "irreversible" {
    on   = [update]
    when = { "settings.deletion_protection_enabled" = falls }
    why  = "the instance can be destroyed by anybody who may do so"
  }
  risk "cost" {
    on  = [create, replace]
    why = "an instance costs by the hour"
  }
  risk "cost" {
    on   = [update]
    when = { "settings.tier" = changes }
    why  = "another tier has another price"
  }
}

resource "google_sql_database" {
  risk "data-loss" {
    on     = [delete, replace]
    unless = { "deletion_policy" = ["ABANDON"] }
    why    = "the database goes with all its tables"
  }
}

resource "google_sql_user" {
  risk "downtime" {
    on     = [delete, replace]
    unless = { "deletion_policy" = ["ABANDON"] }
    why    = "who signs in as the user is refused"
  }
  risk "downtime" {
    on   = [update]
    when = { "password" = changes }
    why  = "who signs in by the old password is refused"
  }
  risk "downtime" {
    on   = [update]
    when = { "password_wo_version" = changes }
    why  = "who signs in by the old password is refused"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "host" = ["%"] }
    why  = "the user may sign in from any host"
  }
}

resource "google_bigtable_instance" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the instance goes with all its tables"
  }
  risk "downtime" {
    on   = [update]
    when = { "cluster.num_nodes" = falls }
    why  = "fewer nodes answer more slowly"
  }
  risk "irreversible" {
    on   = [update]
    when = { "deletion_protection" = falls }
    why  = "the instance can be destroyed by the next plan"
  }
  risk "cost" {
    on  = [create, replace]
    why = "its nodes cost by the hour"
  }
  risk "cost" {
    on   = [update]
    when = { "cluster.num_nodes" = rises }
    why  = "more nodes cost more by the hour"
  }
}

resource "google_bigtable_table" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the table goes with all its rows"
  }
  risk "data-loss" {
    on   = [update]
    when = { "column_family" = changes }
    why  = "a family that is no longer named goes with all its cells"
  }
  risk "data-loss" {
    on   = [update]
    when = { "change_stream_retention" = falls }
    why  = "changes are kept for a shorter time"
  }
}

resource "google_firestore_database" {
  risk "data-loss" {
    on     = [delete, replace]
    unless = { "deletion_policy" = ["ABANDON"] }
    why    = "the database goes with all its documents"
  }
  risk "irreversible" {
    on  = [create]
    why = "the place of a database can never be changed"
  }
  risk "data-loss" {
    on   = [update]
    when = { "point_in_time_recovery_enablement" = ["POINT_IN_TIME_RECOVERY_DISABLED"] }
    why  = "the past can be had back for one hour only"
  }
  risk "irreversible" {
    on   = [update]
    when = { "delete_protection_state" = ["DELETE_PROTECTION_DISABLED"] }
    why  = "the database can be destroyed"
  }
  risk "downtime" {
    on   = [update]
    when = { "type" = changes }
    why  = "clients of the other mode are refused"
  }
}

resource "google_app_engine_application" {
  risk "irreversible" {
    on  = [create, replace]
    why = "an application can never be removed from its project, nor moved"
  }
  risk "downtime" {
    on   = [update]
    when = { "serving_status" = ["USER_DISABLED"] }
    why  = "the application answers nobody"
  }
  risk "downtime" {
    on   = [update]
    when = { "auth_domain" = changes }
    why  = "who signed in by the old domain is refused"
  }
}

resource "google_secret_manager_secret" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the secret goes with all its versions"
  }
  risk "data-loss" {
    on   = [update]
    when = { "ttl" = changes }
    why  = "the secret removes itself when its time is up"
  }
  risk "data-loss" {
    on   = [update]
    when = { "expire_time" = changes }
    why  = "the secret removes itself when its time is up"
  }
}

resource "google_secret_manager_secret_version" {
  risk "data-loss" {
    on     = [delete, replace]
    unless = { "deletion_policy" = ["ABANDON"] }
    why    = "the version's data is destroyed"
  }
  risk "downtime" {
    on   = [update]
    when = { "enabled" = falls }
    why  = "who reads the version is refused"
  }
}

resource "google_dns_managed_zone" {
  risk "downtime" {
    on  = [delete, replace]
    why = "no name of the zone is found any more, and a new zone has other name servers"
  }
  risk "downtime" {
    on   = [update]
    when = { "dnssec_config" = changes }
    why  = "resolvers refuse the zone where the parent's keys do not fit"
  }
  risk "exposure" {
    on   = [update]
    when = { "dnssec_config.state" = ["off"] }
    why  = "answers for the zone can be forged"
  }
}

resource "google_dns_record_set" {
  risk "downtime" {
    on  = [delete, replace]
    why = "the name is not found"
  }
  risk "downtime" {
    on   = [update]
    when = { "rrdatas" = changes }
    why  = "who knows the name goes elsewhere, some only when the old answer has expired"
  }
}

resource "google_redis_instance" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "all keys of the instance are lost"
  }
  risk "data-loss" {
    on   = [update]
    when = { "memory_size_gb" = changes }
    why  = "an instance of the basic tier is emptied when it is resized"
  }
  risk "data-loss" {
    on   = [update]
    when = { "redis_version" = changes }
    why  = "an instance of the basic tier is emptied when it is upgraded"
  }
  risk "downtime" {
    on   = [update]
    when = { "redis_version" = changes }
    why  = "connections are cut while it is upgraded"
  }
  risk "downtime" {
    on   = [update]
    when = { "memory_size_gb" = changes }
    why  = "connections are cut while it is resized"
  }
  risk "downtime" {
    on   = [update]
    when = { "auth_enabled" = changes }
    why  = "clients without the right password are refused"
  }
  risk "exposure" {
    on   = [update]
    when = { "auth_enabled" = falls }
    why  = "who is in the network needs no password"
  }
  risk "cost" {
    on  = [create, replace]
    why = "an instance costs by the hour"
  }
}

resource "google_pubsub_topic" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "messages that are published meanwhile are lost, and subscriptions are cut off for good"
  }
  risk "data-loss" {
    on   = [update]
    when = { "message_retention_duration" = changes }
    why  = "messages may be kept for a shorter time"
  }
}

resource "google_pubsub_subscription" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "messages that are not acknowledged are lost"
  }
  risk "data-loss" {
    on   = [update]
    when = { "message_retention_duration" = changes }
    why  = "messages may be kept for a shorter time"
  }
  risk "downtime" {
    on   = [update]
    when = { "push_config" = changes }
    why  = "messages go elsewhere"
  }
}

resource "google_kms_key_ring" {
  risk "irreversible" {
    on  = [create, replace]
    why = "a key ring can never be removed from its project"
  }
}

resource "google_kms_crypto_key" {
  risk "irreversible" {
    on  = [create, replace]
    why = "a key can never be removed from its ring"
  }
  risk "data-loss" {
    on  = [delete, replace]
    why = "the key's versions are destroyed: what is encrypted by them can never be read"
  }
  risk "exposure" {
    on   = [update]
    when = { "rotation_period" = changes }
    why  = "the key may be turned later or not at all"
  }
}

resource "google_api_resource" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the object is removed; what is lost with it is not known here"
  }
}
