//! The resource files, and the hooks that they name.

use crate::addr::Mode;
use crate::providers::rest::catalog::{FileRow, HookRow};
use crate::providers::rest::shared::SharedRow;

use super::hooks;

/// Each resource type's, data source's and ephemeral resource's file.
pub const RESOURCES: &[FileRow] = &[
    (Mode::Managed, "google_api_resource", include_str!("resources/any/api_resource.hcl")),
    (
        Mode::Managed,
        "google_artifact_registry_repository",
        include_str!("resources/artifactregistry/artifact_registry_repository.hcl"),
    ),
    (
        Mode::Managed,
        "google_compute_address",
        include_str!("resources/compute/compute_address.hcl"),
    ),
    (Mode::Managed, "google_compute_disk", include_str!("resources/compute/compute_disk.hcl")),
    (
        Mode::Managed,
        "google_compute_firewall",
        include_str!("resources/compute/compute_firewall.hcl"),
    ),
    (
        Mode::Managed,
        "google_compute_global_address",
        include_str!("resources/compute/compute_global_address.hcl"),
    ),
    (
        Mode::Managed,
        "google_compute_instance",
        include_str!("resources/compute/compute_instance.hcl"),
    ),
    (
        Mode::Managed,
        "google_compute_network",
        include_str!("resources/compute/compute_network.hcl"),
    ),
    (
        Mode::Managed,
        "google_compute_subnetwork",
        include_str!("resources/compute/compute_subnetwork.hcl"),
    ),
    (
        Mode::Managed,
        "google_container_cluster",
        include_str!("resources/container/container_cluster.hcl"),
    ),
    (
        Mode::Managed,
        "google_container_node_pool",
        include_str!("resources/container/container_node_pool.hcl"),
    ),
    (
        Mode::Managed,
        "google_app_engine_application",
        include_str!("resources/appengine/app_engine_application.hcl"),
    ),
    (
        Mode::Managed,
        "google_bigtable_instance",
        include_str!("resources/bigtable/bigtable_instance.hcl"),
    ),
    (Mode::Managed, "google_bigtable_table", include_str!("resources/bigtable/bigtable_table.hcl")),
    (Mode::Managed, "google_dns_managed_zone", include_str!("resources/dns/dns_managed_zone.hcl")),
    (Mode::Managed, "google_dns_record_set", include_str!("resources/dns/dns_record_set.hcl")),
    (
        Mode::Managed,
        "google_firestore_database",
        include_str!("resources/firestore/firestore_database.hcl"),
    ),
    (Mode::Managed, "google_redis_instance", include_str!("resources/redis/redis_instance.hcl")),
    (Mode::Managed, "google_kms_crypto_key", include_str!("resources/kms/kms_crypto_key.hcl")),
    (Mode::Managed, "google_kms_key_ring", include_str!("resources/kms/kms_key_ring.hcl")),
    (
        Mode::Managed,
        "google_project_iam_binding",
        include_str!("resources/resourcemanager/project_iam_binding.hcl"),
    ),
    (
        Mode::Managed,
        "google_project_iam_policy",
        include_str!("resources/resourcemanager/project_iam_policy.hcl"),
    ),
    (
        Mode::Managed,
        "google_storage_bucket_iam_binding",
        include_str!("resources/storage/storage_bucket_iam_binding.hcl"),
    ),
    (
        Mode::Managed,
        "google_storage_bucket_iam_policy",
        include_str!("resources/storage/storage_bucket_iam_policy.hcl"),
    ),
    (
        Mode::Managed,
        "google_project_iam_member",
        include_str!("resources/resourcemanager/project_iam_member.hcl"),
    ),
    (
        Mode::Managed,
        "google_project_service",
        include_str!("resources/serviceusage/project_service.hcl"),
    ),
    (
        Mode::Managed,
        "google_secret_manager_secret",
        include_str!("resources/secretmanager/secret_manager_secret.hcl"),
    ),
    (
        Mode::Managed,
        "google_secret_manager_secret_version",
        include_str!("resources/secretmanager/secret_manager_secret_version.hcl"),
    ),
    (
        Mode::Managed,
        "google_pubsub_subscription",
        include_str!("resources/pubsub/pubsub_subscription.hcl"),
    ),
    (Mode::Managed, "google_pubsub_topic", include_str!("resources/pubsub/pubsub_topic.hcl")),
    (Mode::Managed, "google_sql_database", include_str!("resources/sql/sql_database.hcl")),
    (
        Mode::Managed,
        "google_sql_database_instance",
        include_str!("resources/sql/sql_database_instance.hcl"),
    ),
    (Mode::Managed, "google_sql_user", include_str!("resources/sql/sql_user.hcl")),
    (
        Mode::Managed,
        "google_service_account_key",
        include_str!("resources/iam/service_account_key.hcl"),
    ),
    (Mode::Managed, "google_service_account", include_str!("resources/iam/service_account.hcl")),
    (Mode::Managed, "google_storage_bucket", include_str!("resources/storage/storage_bucket.hcl")),
    (
        Mode::Managed,
        "google_storage_bucket_object",
        include_str!("resources/storage/storage_bucket_object.hcl"),
    ),
    (
        Mode::Managed,
        "google_storage_bucket_iam_member",
        include_str!("resources/storage/storage_bucket_iam_member.hcl"),
    ),
    (
        Mode::Managed,
        "google_storage_hmac_key",
        include_str!("resources/storage/storage_hmac_key.hcl"),
    ),
    (Mode::Data, "google_client_config", include_str!("resources/data/data_client_config.hcl")),
    (Mode::Data, "google_compute_network", include_str!("resources/data/data_compute_network.hcl")),
    (
        Mode::Data,
        "google_compute_subnetwork",
        include_str!("resources/data/data_compute_subnetwork.hcl"),
    ),
    (Mode::Data, "google_compute_zones", include_str!("resources/data/data_compute_zones.hcl")),
    (
        Mode::Data,
        "google_container_cluster",
        include_str!("resources/data/data_container_cluster.hcl"),
    ),
    (
        Mode::Data,
        "google_container_engine_versions",
        include_str!("resources/data/data_container_engine_versions.hcl"),
    ),
    (Mode::Data, "google_service_account", include_str!("resources/data/data_service_account.hcl")),
    (Mode::Data, "google_storage_bucket", include_str!("resources/data/data_storage_bucket.hcl")),
    (
        Mode::Data,
        "google_storage_bucket_object",
        include_str!("resources/data/data_storage_bucket_object.hcl"),
    ),
    (Mode::Data, "google_iam_policy", include_str!("resources/data/data_iam_policy.hcl")),
    (Mode::Data, "google_project", include_str!("resources/data/data_project.hcl")),
    (
        Mode::Ephemeral,
        "google_client_config",
        include_str!("resources/ephemeral/ephemeral_client_config.hcl"),
    ),
    (
        Mode::Ephemeral,
        "google_secret_manager_secret_version",
        include_str!("resources/ephemeral/ephemeral_secret_manager_secret_version.hcl"),
    ),
    (
        Mode::Ephemeral,
        "google_service_account_access_token",
        include_str!("resources/ephemeral/ephemeral_service_account_access_token.hcl"),
    ),
    (
        Mode::Ephemeral,
        "google_service_account_id_token",
        include_str!("resources/ephemeral/ephemeral_service_account_id_token.hcl"),
    ),
    (
        Mode::Ephemeral,
        "google_service_account_jwt",
        include_str!("resources/ephemeral/ephemeral_service_account_jwt.hcl"),
    ),
    (
        Mode::Ephemeral,
        "google_service_account_key",
        include_str!("resources/ephemeral/ephemeral_service_account_key.hcl"),
    ),
];

/// The files of types that are still tried out: `google-beta` alone has them.
pub const BETA: &[FileRow] = &[(
    Mode::Managed,
    "google_project_service_identity",
    include_str!("resources/serviceusage/project_service_identity.hcl"),
)];

/// What several resource files have in common.
pub const SHARED: &[SharedRow] = &[
    ("health_checked_targets", include_str!("resources/dns/shared_health_checked_targets.hcl")),
    ("message_transforms", include_str!("resources/pubsub/shared_message_transforms.hcl")),
    ("node_config", include_str!("resources/container/shared_node_config.hcl")),
];

/// The hooks by name.
pub const HOOKS: &[HookRow] = &[
    ("api_resource", &hooks::api_resource::ApiResource),
    ("bucket", &hooks::storage::Bucket),
    ("bucket_object", &hooks::object::Object),
    ("hmac_key", &hooks::hmac::HmacKey),
    ("subscription", &hooks::pubsub::Subscription),
    ("iam_binding", &hooks::binding::Binding),
    ("iam_policy", &hooks::binding::Policy),
    ("policy_text", &hooks::binding::PolicyText),
    ("iam_member", &hooks::iam::Member),
    ("service_account", &hooks::iam::ServiceAccount),
    ("project_service", &hooks::project::Service),
    ("service_identity", &hooks::project::Identity),
    ("cluster", &hooks::cluster::Cluster),
    ("node_pool", &hooks::pool::NodePool),
    ("client_config", &hooks::project::ClientConfig),
    ("project", &hooks::project::Project),
    ("access_token", &hooks::ephemeral::AccessToken),
    ("id_token", &hooks::ephemeral::IdToken),
    ("jwt", &hooks::ephemeral::Jwt),
    ("account_key", &hooks::ephemeral::AccountKey),
    ("secret_version", &hooks::ephemeral::SecretVersion),
    ("version_of_secret", &hooks::keys::Version),
    ("crypto_key", &hooks::keys::CryptoKey),
    ("labelled", &hooks::compute::Labelled),
    ("network", &hooks::compute::Network),
    ("subnetwork", &hooks::subnetwork::Subnetwork),
    ("disk", &hooks::disk::Disk),
    ("instance", &hooks::instance::Instance),
    ("network_data", &hooks::data::ByLink),
    ("zones", &hooks::data::Zones),
    ("engine_versions", &hooks::data::EngineVersions),
    ("account_data", &hooks::data::Account),
    ("service_account_key", &hooks::account_key::AccountKey),
    ("firewall", &hooks::firewall::Firewall),
    ("sql_instance", &hooks::sql::Instance),
    ("sql_user", &hooks::sql::User),
    ("managed_zone", &hooks::dns::Zone),
    ("record_set", &hooks::dns::Records),
    ("redis", &hooks::databases::Redis),
    ("bigtable_instance", &hooks::bigtable::Instance),
    ("bigtable_table", &hooks::bigtable::Table),
    ("firestore", &hooks::databases::Firestore),
    ("app", &hooks::databases::App),
];
