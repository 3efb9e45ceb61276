# Google Cloud: what its services do by themselves.

agents "google" {
  are = [
    "*@cloudservices.gserviceaccount.com", "*@container-engine-robot.iam.gserviceaccount.com",
    "*@compute-system.iam.gserviceaccount.com", "*@gcp-sa-*.iam.gserviceaccount.com", "*@gs-project-accounts.iam.gserviceaccount.com",
    "*@system.gserviceaccount.com", "*@serverless-robot-prod.iam.gserviceaccount.com", "*@cloud-redis.iam.gserviceaccount.com",
    "*@container-analysis.iam.gserviceaccount.com", "*@dataflow-service-producer-prod.iam.gserviceaccount.com", "system@google.com",
  ]
}

resource "google_*" {
  repeats = { "terraform_labels" = "labels", "effective_labels" = "labels", "effective_annotations" = "annotations" }
  follows = ["etag", "fingerprint", "label_fingerprint", "metadata_fingerprint", "tags_fingerprint", "update_time", "updated"]
  by_service = [
    "effective_labels[goog-*]", "effective_labels[cloud-*]", "effective_labels[k8s-*]",
    "users", "state", "status", "current_status", "operation", "self_link",
  ]
}

resource "google_container_cluster" {
  repeats = { "effective_labels" = "resource_labels", "terraform_labels" = "resource_labels" }
  # Releases of the channel, the sizes that an autoscaler sets, and what the control plane keeps for itself.
  by_service = [
    "master_version", "node_version", "emulated_version", "endpoint", "services_ipv4_cidr",
    "master_auth.cluster_ca_certificate", "master_auth.client_certificate", "master_auth.client_key",
    "node_pool.version", "node_pool.instance_group_urls", "node_pool.managed_instance_group_urls",
    "cluster_autoscaling.auto_provisioning_defaults.management.upgrade_options",
    "node_config.image_type", "node_pool.node_config.image_type",
    "private_cluster_config.peering_name", "private_cluster_config.private_endpoint", "private_cluster_config.public_endpoint",
    "control_plane_endpoints_config.ip_endpoints_config", "user_managed_keys_config.control_plane_disk_encryption_key_versions",
    "anonymous_authentication_config", "fleet.membership", "fleet.membership_id", "fleet.membership_location",
    "control_plane_endpoints_config.dns_endpoint_config.endpoint", "maintenance_policy.disruption_budget",
  ]
  by_service_if = { "node_pool.node_count" = "node_pool.autoscaling", "node_pool" = "enable_autopilot" }
  logged_as = [
    "projects/{project}/zones/{location}/clusters/{name}", "projects/{project}/locations/{location}/clusters/{name}",
  ]
}

resource "google_container_node_pool" {
  by_service    = ["version", "instance_group_urls", "managed_instance_group_urls", "node_config.image_type"]
  by_service_if = { "node_count" = "autoscaling", "node_locations" = "autoscaling" }
  logged_as = [
    "projects/{project}/zones/{location}/clusters/{cluster/}/nodePools/{name}",
    "projects/{project}/locations/{location}/clusters/{cluster/}/nodePools/{name}",
    # Some changes of a pool are calls of its cluster.
    "projects/{project}/zones/{location}/clusters/{cluster/}", "projects/{project}/locations/{location}/clusters/{cluster/}",
  ]
}

resource "google_compute_instance" {
  identity   = ["instance_id"]
  # A live migration moves it to another platform; an address that is not kept is another after a stop.
  by_service = ["cpu_platform", "network_interface.access_config.nat_ip"]
}

resource "google_compute_disk" {
  identity   = ["disk_id"]
  follows    = ["last_attach_timestamp", "last_detach_timestamp"]
  by_service = ["source_image_id", "source_snapshot_id"]
}

resource "google_compute_network" {
  identity = ["numeric_id", "network_id"]
}

resource "google_compute_subnetwork" {
  identity   = ["subnetwork_id", "creation_timestamp"]
  by_service = ["ipv6_gce_endpoint"]
}

resource "google_compute_address" {
  identity = ["address_id"]
}

resource "google_compute_global_address" "google_compute_firewall" {
  identity = ["creation_timestamp"]
}

resource "google_dns_managed_zone" {
  identity   = ["managed_zone_id"]
  by_service = ["name_servers"]
}

resource "google_firestore_database" {
  identity   = ["uid"]
  follows    = ["earliest_version_time"]
  by_service = ["version_retention_period", "cmek_config.active_key_version"]
}

resource "google_service_account" {
  identity  = ["unique_id"]
  logged_as = ["projects/{project}/serviceAccounts/{unique_id}", "projects/{project}/serviceAccounts/{email}"]
}

resource "google_service_account_key" {
  identity = ["valid_after"]
}

resource "google_storage_bucket" {
  identity   = ["time_created", "project_number"]
  # Autoclass moves what is seldom read.
  by_service = ["autoclass.terminal_storage_class"]
  logged_as  = ["projects/_/buckets/{name}"]
}

resource "google_storage_bucket_object" {
  follows    = ["generation", "md5hexhash", "media_link"]
  # A lifecycle rule of its bucket sets another class.
  by_service = ["storage_class"]
  logged_as  = ["projects/_/buckets/{bucket}/objects/{name}"]
}

resource "google_storage_bucket_iam_binding" "google_storage_bucket_iam_member" "google_storage_bucket_iam_policy" {
  logged_as = ["projects/_/buckets/{bucket}"]
}

resource "google_storage_hmac_key" {
  logged_as  = ["projects/{project}/hmacKeys/{access_id}", "projects/{project}"]
  by_service = ["rotation_left", "rotation_due"]
}

resource "google_project_iam_binding" "google_project_iam_member" "google_project_iam_policy" {
  logged_as = ["projects/{project}"]
}

resource "google_project_service" {
  logged_as = ["projects/{project}/services/{service}"]
}

resource "google_sql_database_instance" {
  identity = []
  # Google's maintenance sets the version, a disk grows by itself, and certificates of servers are renewed.
  by_service = [
    "maintenance_version", "available_maintenance_versions", "server_ca_cert", "ip_address", "first_ip_address",
    "public_ip_address", "private_ip_address", "dns_name", "psc_service_attachment_link", "service_account_email_address",
    "settings.version", "settings.effective_availability_type",
  ]
  by_service_if = { "settings.disk_size" = "settings.disk_autoresize" }
  logged_as     = ["projects/{project}/instances/{name}", "instances/{name}"]
}

resource "google_sql_database" {
  logged_as = ["projects/{project}/instances/{instance}", "projects/{project}/instances/{instance}/databases/{name}"]
}

resource "google_sql_user" {
  logged_as  = ["projects/{project}/instances/{instance}", "projects/{project}/instances/{instance}/users/{name}"]
  by_service = ["sql_server_user_details"]
}

resource "google_redis_instance" {
  identity   = ["create_time"]
  by_service = [
    "current_location_id", "server_ca_certs", "nodes", "persistence_iam_identity", "maintenance_schedule",
    "persistence_config.rdb_next_snapshot_time", "maintenance_version", "host", "port",
    "read_endpoint", "read_endpoint_port",
  ]
}

resource "google_secret_manager_secret" {
  identity   = ["create_time"]
  # A rotation's next hour moves on by itself.
  by_service = ["rotation.next_rotation_time"]
}

resource "google_kms_crypto_key" {
  by_service = ["primary"]
}

resource "google_artifact_registry_repository" {
  identity = ["create_time"]
}

resource "google_bigtable_instance" {
  by_service    = ["cluster.state"]
  by_service_if = { "cluster.num_nodes" = "cluster.autoscaling_config" }
}
