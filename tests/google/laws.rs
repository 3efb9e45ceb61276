//! The four laws, for every resource type: an applied configuration plans nothing more; what exists can be
//! imported and then plans nothing; one changed field is one update; after destroy nothing is left.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::http::{Method, Request};
use terrane::providers::{ApiErrorKind, Deed, Provider, Session, Wanted};
use terrane::value::Value;

use super::stays::untrue_update;
use super::support::{Bench, assert_same, differences};

/// What only the configuration knows: an import is followed by an update of the state alone.
const CLIENTS_OWN: [&str; 15] = [
    ".force_destroy",
    ".content",
    ".deletion_protection",
    ".remove_default_node_pool",
    ".disable_on_destroy",
    ".terraform_labels",
    ".initial_node_count",
    ".label_fingerprint",
    ".enable_logging",
    ".allow_stopping_for_update",
    ".metadata.startup-script",
    ".metadata_startup_script",
    ".metadata_fingerprint",
    ".tags_fingerprint",
    ".create_snapshot_before_destroy",
];

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) async fn enable(bench: &Bench) {
    for service in [
        "container",
        "compute",
        "storage",
        "iam",
        "artifactregistry",
        "cloudresourcemanager",
        "secretmanager",
        "cloudkms",
        "sqladmin",
        "pubsub",
        "dns",
        "redis",
        "bigtableadmin",
        "firestore",
        "appengine",
    ] {
        let config =
            json!({ "service": format!("{service}.googleapis.com"), "disable_on_destroy": false });
        bench.create("google_project_service", &config).await;
    }
}

fn changed(config: &Json, change: &Json) -> Json {
    let mut config = config.clone();
    for (name, value) in change.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

pub(crate) async fn laws(
    bench: &Bench,
    type_name: &str,
    config: &Json,
    import: Option<&str>,
    changes: &[Json],
) {
    let made = bench.create(type_name, config).await;
    let wanted = bench.config(type_name, config);
    let read =
        bench.read(type_name, &made).await.unwrap_or_else(|| panic!("{type_name} was not found"));
    assert_same(&format!("{type_name} as read"), &made, &read);
    let planned = bench.plan(type_name, Some(&read), &wanted);
    assert_same(&format!("{type_name}: the plan after apply"), &read, &planned.after);
    assert!(planned.replaces.is_empty(), "{:?}", planned.replaces);

    let id = import.map_or_else(
        || read.field("id").and_then(Value::as_str).unwrap_or_default().to_string(),
        Into::into,
    );
    let found = bench.provider.import(type_name, &id, &bench.block).unwrap();
    let imported = bench
        .read(type_name, &found)
        .await
        .unwrap_or_else(|| panic!("{type_name} was not imported"));
    assert!(imported.is_whole());
    let planned = bench.plan(type_name, Some(&imported), &wanted);
    assert!(planned.replaces.is_empty(), "{type_name} imported: {:?}", planned.replaces);
    let mut differing = Vec::new();
    differences(&imported, &planned.after, "", &mut differing);
    differing.retain(|text| !CLIENTS_OWN.iter().any(|name| text.starts_with(name)));
    assert!(differing.is_empty(), "{type_name} imported: {}", differing.join("\n"));

    let mut standing = read;
    for change in changes {
        let config = changed(config, change);
        let wanted = bench.config(type_name, &config);
        let planned = bench.plan(type_name, Some(&standing), &wanted);
        assert!(planned.replaces.is_empty(), "{type_name} {change}: {:?}", planned.replaces);
        assert_ne!(planned.after, standing, "{type_name} {change}");
        // What was changed last tells so by its time.
        bench.pass_seconds(60).await;
        let (prior, told) = (standing.clone(), planned.after.clone());
        let deed = Deed::Update { prior, planned: planned.after, config: wanted.clone() };
        let done = bench.act(type_name, deed).await;
        let done = done
            .unwrap_or_else(|failure| panic!("{type_name} {change}: {}", failure.error))
            .unwrap();
        let untrue = untrue_update(&bench.spec(type_name), &standing, &told, &done);
        assert_eq!(untrue, Vec::<String>::new(), "{type_name} {change}");
        let read = bench.read(type_name, &done).await.unwrap();
        let planned = bench.plan(type_name, Some(&read), &wanted);
        assert_same(
            &format!("{type_name} {change}: the plan after the update"),
            &read,
            &planned.after,
        );
        standing = read;
    }

    bench
        .act(type_name, Deed::Delete { prior: standing.clone() })
        .await
        .unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error));
    if type_name != "google_project_service" {
        assert!(bench.read(type_name, &standing).await.is_none(), "{type_name} is left");
    }
}

#[test]
fn buckets() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let config = json!({
            "name": "polls-laws", "location": "asia-south1", "storage_class": "STANDARD",
            "uniform_bucket_level_access": true, "force_destroy": true, "labels": { "app": "polls" },
            "lifecycle_rule": { "action": { "type": "Delete" }, "condition": { "age": 30 } },
        });
        let changes = [
            json!({ "labels": { "app": "polls", "tier": "web" } }),
            json!({ "labels": {} }),
            json!({ "storage_class": "NEARLINE" }),
            json!({ "versioning": { "enabled": true } }),
            json!({ "lifecycle_rule": [] }),
            json!({ "cors": { "origin": ["*"], "method": ["GET"], "max_age_seconds": 60 } }),
        ];
        laws(&bench, "google_storage_bucket", &config, None, &changes).await;
    });
}

#[test]
fn service_accounts_keys_and_grants() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let account = json!({ "account_id": "polls-storage", "display_name": "Polls" });
        let made = bench.create("google_service_account", &account).await;
        let email = made.field("email").and_then(Value::as_str).unwrap().to_string();
        assert_eq!(email, "polls-storage@polls-demo.iam.gserviceaccount.com");
        let bucket =
            json!({ "name": "polls-laws", "location": "ASIA-SOUTH1", "force_destroy": true });
        bench.create("google_storage_bucket", &bucket).await;

        let key = json!({ "service_account_email": email });
        laws(
            &bench,
            "google_storage_hmac_key",
            &key,
            None,
            &[json!({ "state": "INACTIVE" }), json!({ "state": "ACTIVE" })],
        )
        .await;
        let member = format!("serviceAccount:{email}");
        let grant = json!({ "bucket": "polls-laws", "role": "roles/storage.objectAdmin", "member": member });
        let import = format!("b/polls-laws roles/storage.objectAdmin {member}");
        laws(&bench, "google_storage_bucket_iam_member", &grant, Some(&import), &[]).await;
        let grant = json!({ "project": "polls-demo", "role": "roles/artifactregistry.reader", "member": member });
        let import = format!("polls-demo roles/artifactregistry.reader {member}");
        laws(&bench, "google_project_iam_member", &grant, Some(&import), &[]).await;
        let other = json!({ "account_id": "polls-other", "display_name": "Other" });
        let changes = [
            json!({ "display_name": "New" }),
            json!({ "disabled": true }),
            json!({ "description": "D" }),
        ];
        laws(&bench, "google_service_account", &other, None, &changes).await;
    });
}

#[test]
fn repositories_and_services() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let service = json!({ "service": "dns.googleapis.com", "disable_on_destroy": true });
        laws(&bench, "google_project_service", &service, None, &[]).await;
        let repository =
            json!({ "repository_id": "polls", "location": "asia-south1", "format": "DOCKER" });
        let changes = [json!({ "description": "Images" }), json!({ "labels": { "a": "b" } })];
        laws(&bench, "google_artifact_registry_repository", &repository, None, &changes).await;
    });
}

#[test]
fn secrets_and_their_versions() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let secret = json!({
            "secret_id": "password", "replication": { "auto": {} }, "labels": { "app": "polls" },
            "annotations": { "owner": "web" }, "version_destroy_ttl": "86400s",
        });
        let changes = [
            json!({ "labels": { "tier": "db" } }),
            json!({ "annotations": { "owner": "db", "since": "today" } }),
            json!({ "annotations": {} }),
            json!({ "version_destroy_ttl": "172800s" }),
            json!({ "version_destroy_ttl": null }),
        ];
        laws(&bench, "google_secret_manager_secret", &secret, None, &changes).await;
        let made = bench.create("google_secret_manager_secret", &secret).await;
        let id = made.field("id").and_then(Value::as_str).unwrap();
        let changes = [json!({ "enabled": false }), json!({ "enabled": true })];
        let version = json!({ "secret": id, "secret_data": "what nobody may see" });
        laws(&bench, "google_secret_manager_secret_version", &version, None, &changes).await;
        let bytes =
            json!({ "secret": id, "secret_data": "AAECAwQF", "is_secret_data_base64": true });
        let made = bench.create("google_secret_manager_secret_version", &bytes).await;
        let read = bench.read("google_secret_manager_secret_version", &made).await.unwrap();
        assert_same("a version of bytes", &made, &read);
    });
}

#[test]
fn what_is_write_only_reaches_the_service_and_no_plan() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let secret = json!({ "secret_id": "password", "replication": { "auto": {} } });
        let made = bench.create("google_secret_manager_secret", &secret).await;
        let id = made.field("id").and_then(Value::as_str).unwrap();
        let type_name = "google_secret_manager_secret_version";
        let config =
            json!({ "secret": id, "secret_data_wo": "n0body", "secret_data_wo_version": "1" });

        let planned = bench.plan(type_name, None, &bench.config(type_name, &config));
        let made = bench.create(type_name, &config).await;
        let read = bench.read(type_name, &made).await.unwrap();
        let name = made.field("name").and_then(Value::as_str).unwrap();
        let ask = terrane::providers::rest::api::Ask::get(
            "secretmanager",
            format!("{name}:access"),
            String::new(),
        );
        let said = bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap();

        for value in [&planned.after, &made, &read] {
            assert!(!format!("{value:?}").contains("n0body"), "{value:?}");
        }
        // "n0body" in base 64.
        assert_eq!(said["payload"]["data"], "bjBib2R5");
    });
}

#[test]
fn key_rings_and_keys() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let ring = json!({ "name": "ring", "location": "asia-south1" });
        let ring = bench.create("google_kms_key_ring", &ring).await;
        let read = bench.read("google_kms_key_ring", &ring).await.unwrap();
        assert_same("a key ring as read", &ring, &read);
        let id = ring.field("id").and_then(Value::as_str).unwrap();
        let type_name = "google_kms_crypto_key";
        let config = json!({ "name": "key", "key_ring": id, "rotation_period": "7776000s", "labels": { "app": "polls" } });
        let key = bench.create(type_name, &config).await;
        let mut standing = key.clone();
        for change in [
            json!({ "rotation_period": "86400s" }),
            json!({ "rotation_period": null, "labels": {} }),
            json!({ "labels": { "tier": "db" } }),
        ] {
            let wanted = bench.config(type_name, &changed(&config, &change));
            let planned = bench.plan(type_name, Some(&standing), &wanted).after;
            let deed = Deed::Update { prior: standing, planned, config: wanted.clone() };
            let done = bench.act(type_name, deed).await.unwrap().unwrap();
            standing = bench.read(type_name, &done).await.unwrap();
            let again = bench.plan(type_name, Some(&standing), &wanted);
            assert_same(&format!("a key after {change}"), &standing, &again.after);
        }
        let import = "projects/polls-demo/locations/asia-south1/keyRings/ring/cryptoKeys/key";
        let found = bench.provider.import(type_name, import, &bench.block).unwrap();
        assert!(bench.read(type_name, &found).await.is_some());

        // The key stays; what it can do ends with its versions.
        bench.act(type_name, Deed::Delete { prior: standing.clone() }).await.unwrap();
        let left = bench.read(type_name, &standing).await.unwrap();
        let primary = left.field("primary").and_then(Value::elements).unwrap();
        let states: Vec<_> =
            primary.iter().filter_map(|one| one.field("state")?.as_str()).collect();
        assert!(states.iter().all(|state| *state == "DESTROY_SCHEDULED"), "{states:?}");
    });
}

#[test]
fn networks_and_addresses() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let network =
            json!({ "name": "polls", "auto_create_subnetworks": false, "routing_mode": "GLOBAL" });
        let changes = [
            json!({ "routing_mode": "REGIONAL" }),
            json!({ "network_firewall_policy_enforcement_order": "BEFORE_CLASSIC_FIREWALL" }),
            json!({ "mtu": 1500 }),
        ];
        laws(&bench, "google_compute_network", &network, None, &changes).await;
        laws(&bench, "google_compute_network", &json!({ "name": "auto" }), None, &[]).await;
        let labels = [
            json!({ "labels": { "app": "polls", "tier": "web" } }),
            json!({ "labels": { "tier": "db" } }),
            json!({ "labels": {} }),
        ];
        let address = json!({ "name": "web", "description": "D", "labels": { "app": "polls" } });
        laws(&bench, "google_compute_global_address", &address, None, &labels).await;
        let inside = json!({ "name": "peers", "purpose": "VPC_PEERING", "address_type": "INTERNAL", "prefix_length": 16, "network": "default" });
        laws(&bench, "google_compute_global_address", &inside, None, &[]).await;
        let address =
            json!({ "name": "web", "region": "asia-south1", "labels": { "app": "polls" } });
        laws(&bench, "google_compute_address", &address, None, &labels).await;
    });
}

#[test]
fn a_network_may_be_made_without_a_way_out() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        for (name, without) in [("open", false), ("shut", true)] {
            let config = json!({ "name": name, "auto_create_subnetworks": false, "delete_default_routes_on_create": without });
            let made = bench.create("google_compute_network", &config).await;
            let link = made.field("self_link").and_then(Value::as_str).unwrap();
            let path = "projects/polls-demo/global/routes".to_string();
            let ask = terrane::providers::rest::api::Ask::get("compute", path, String::new());
            let routes = bench.session.api.list(&ask, "items").await.unwrap();
            let own = routes.iter().filter(|route| route["network"] == link).count();
            assert_eq!(own, usize::from(!without), "{name}: {routes:?}");
        }
    });
}

pub(crate) fn cluster() -> Json {
    json!({
        "name": "pollsapi", "location": "asia-south1-a", "remove_default_node_pool": true, "initial_node_count": 1,
        "deletion_protection": false, "networking_mode": "VPC_NATIVE", "ip_allocation_policy": {},
        "release_channel": { "channel": "REGULAR" },
    })
}

#[test]
fn clusters() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let changes = [
            json!({ "resource_labels": { "app": "polls" } }),
            json!({ "release_channel": { "channel": "STABLE" } }),
            json!({ "vertical_pod_autoscaling": { "enabled": true } }),
            json!({ "maintenance_policy": { "daily_maintenance_window": { "start_time": "03:00" } } }),
        ];
        laws(&bench, "google_container_cluster", &cluster(), None, &changes).await;
    });
}

#[test]
fn node_pools() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = bench.create("google_container_cluster", &cluster()).await;
        let pool = json!({
            "name": "pool", "cluster": "pollsapi", "location": "asia-south1-a", "node_count": 2,
            "management": { "auto_repair": true, "auto_upgrade": true },
            "node_config": {
                "machine_type": "g1-small", "image_type": "COS_CONTAINERD", "disk_size_gb": 20,
                "disk_type": "pd-standard", "preemptible": true, "oauth_scopes": ["cloud-platform"],
            },
        });
        let changes = [
            json!({ "node_count": 3 }),
            json!({ "autoscaling": { "min_node_count": 1, "max_node_count": 4 } }),
            json!({ "management": { "auto_repair": true, "auto_upgrade": true }, "node_locations": ["asia-south1-a"], "upgrade_settings": { "max_surge": 2, "max_unavailable": 0 } }),
        ];
        laws(&bench, "google_container_node_pool", &pool, None, &changes[..2]).await;
        let read = bench.read("google_container_cluster", &made).await.unwrap();
        let planned = bench.plan(
            "google_container_cluster",
            Some(&read),
            &bench.config("google_container_cluster", &cluster()),
        );
        assert_same("the cluster after its pool", &made, &read);
        assert_same("the plan of the cluster after its pool", &read, &planned.after);
    });
}

#[test]
fn what_is_protected_stays() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let bucket = bench
            .create("google_storage_bucket", &json!({ "name": "full", "location": "US" }))
            .await;
        let config = changed(&cluster(), &json!({ "deletion_protection": true }));
        let cluster = bench.create("google_container_cluster", &config).await;
        let sent = bench.desk.sent.lock().unwrap().len();

        let refused =
            bench.act("google_container_cluster", Deed::Delete { prior: cluster.clone() }).await;

        assert_eq!(refused.unwrap_err().error.kind, ApiErrorKind::Protected);
        assert_eq!(bench.desk.sent.lock().unwrap().len(), sent);
        assert!(bench.provider.check_delete("google_container_cluster", &cluster).is_some());
        assert!(bench.provider.check_delete("google_storage_bucket", &bucket).is_none());
    });
}

#[test]
fn several_of_a_collection_are_read_by_one_list() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut wanted = Vec::new();
        for name in ["one", "two", "three"] {
            let config = json!({ "name": format!("polls-{name}"), "location": "US" });
            let value = bench.create("google_storage_bucket", &config).await;
            let address = super::support::address("google_storage_bucket");
            wanted.push(Wanted {
                address,
                type_name: "google_storage_bucket".into(),
                value,
                private: Vec::new(),
            });
        }
        let before = bench.world.requests().len();

        let found = bench.session.read_many(&wanted).await;

        assert_eq!(bench.world.requests().len() - before, 1);
        for (wanted, found) in wanted.iter().zip(found) {
            assert_same("a listed bucket", &wanted.value, &found.unwrap().unwrap().value);
        }
    });
}

#[test]
fn a_bucket_with_objects_is_emptied_only_by_force() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        for (name, force) in [("kept", false), ("emptied", true)] {
            let config = json!({ "name": name, "location": "US", "force_destroy": force });
            let bucket = bench.create("google_storage_bucket", &config).await;
            let path = format!("b/{name}/o?uploadType=media&name=a.txt");
            let url =
                bench.session.api.bases["storage"].replace("/storage/v1/", "/upload/storage/v1/");
            let mut request = Request::new(Method::POST, format!("{url}{path}"));
            let token = bench.session.api.tokens.token().await.unwrap();
            request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
            request.body = "text".into();
            let answer = bench.session.api.transport.send(request).await.unwrap();
            assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(answer.bytes()));

            let deleted =
                bench.act("google_storage_bucket", Deed::Delete { prior: bucket.clone() }).await;

            match force {
                true => assert!(
                    deleted.is_ok() && bench.read("google_storage_bucket", &bucket).await.is_none()
                ),
                false => assert_eq!(deleted.unwrap_err().error.kind, ApiErrorKind::Protected),
            }
        }
    });
}

#[test]
fn the_client_configuration_gives_a_token_that_is_never_kept() {
    block_on(async {
        let bench = Bench::new();
        let schema = bench.provider.resource(Mode::Data, "google_client_config").unwrap();

        let value = bench.session.read_data("google_client_config", &schema.empty()).await.unwrap();

        assert!(
            schema.fields["access_token"].never_kept && schema.fields["access_token"].sensitive
        );
        assert!(value.field("access_token").unwrap().is_sensitive());
        assert_eq!(value.field("project"), Some(&Value::string("polls-demo")));
        assert_eq!(
            value.field("id"),
            Some(&Value::string("projects/polls-demo/regions/asia-south1/zones/"))
        );
    });
}

#[test]
fn the_project_is_read() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let schema = bench.provider.resource(Mode::Data, "google_project").unwrap();

        let value = bench.session.read_data("google_project", &schema.empty()).await.unwrap();

        assert_eq!(value.field("project_id"), Some(&Value::string("polls-demo")));
        assert!(
            value.field("number").and_then(Value::as_str).is_some_and(|number| !number.is_empty())
        );
        assert_eq!(value.field("id"), Some(&Value::string("projects/polls-demo")));
    });
}

#[test]
fn a_replaced_object_is_planned_as_a_new_one() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let config = json!({ "name": "moving", "location": "US" });
        let made = bench.create("google_storage_bucket", &config).await;
        let wanted =
            bench.config("google_storage_bucket", &changed(&config, &json!({ "location": "eu" })));

        let planned = bench.plan("google_storage_bucket", Some(&made), &wanted);

        assert_eq!(
            planned.replaces.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["location"]
        );
        assert_eq!(planned.after.field("location"), Some(&Value::string("EU")));
        assert!(!planned.after.field("time_created").unwrap().is_known());
        assert_eq!(planned.after.field("self_link"), made.field("self_link"));
    });
}

#[test]
fn what_is_unknown_in_a_first_plan_is_only_what_the_service_says() {
    let bench = Bench::new();
    let pool = json!({ "cluster": "(unknown)", "name": "pool", "node_count": 2 });
    let config = bench.config("google_container_node_pool", &pool);

    let planned = bench.plan("google_container_node_pool", None, &config);

    assert!(!planned.after.field("location").unwrap().is_known());
    assert_eq!(planned.after.field("node_count").and_then(Value::as_i64), Some(2));
    let account = json!({ "account_id": "polls-nodes" });
    let planned = bench.plan(
        "google_service_account",
        None,
        &bench.config("google_service_account", &account),
    );
    let email = Value::string("polls-nodes@polls-demo.iam.gserviceaccount.com");
    assert_eq!(planned.after.field("email"), Some(&email));
    assert!(!planned.after.field("unique_id").unwrap().is_known());
}

#[test]
fn what_is_written_beside_an_object_is_no_drift_of_it() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let bucket = bench
            .create("google_storage_bucket", &json!({ "name": "calm", "location": "US" }))
            .await;
        let member =
            json!({ "bucket": "calm", "role": "roles/storage.objectViewer", "member": "allUsers" });
        let first = bench.create("google_storage_bucket_iam_member", &member).await;
        let second = changed(
            &member,
            &json!({ "role": "roles/storage.admin", "member": "user:a@example.com" }),
        );
        bench.create("google_storage_bucket_iam_member", &second).await;

        let read = bench.read("google_storage_bucket", &bucket).await.unwrap();

        assert_same("the bucket", &bucket, &read);
        let read = bench.read("google_storage_bucket_iam_member", &first).await.unwrap();
        assert_same("the first grant", &first, &read);
    });
}
