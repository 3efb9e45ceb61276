//! The laws for Memorystore, Firestore and App Engine.

use serde_json::{Value as Json, json};
use terrane::providers::rest::api::Ask;
use terrane::providers::{Deed, Provider};
use terrane::value::Value;

use super::attributes::swept;
use super::laws::{block_on, enable, laws};
use super::support::{Bench, assert_same};

const REDIS: &str = "google_redis_instance";
const FIRESTORE: &str = "google_firestore_database";
const APP: &str = "google_app_engine_application";

async fn change(bench: &Bench, type_name: &str, standing: &Value, config: &Json) -> Value {
    let config = bench.config(type_name, config);
    let planned = bench.plan(type_name, Some(standing), &config);
    assert!(planned.replaces.is_empty(), "{:?}", planned.replaces);
    let deed = Deed::Update { prior: standing.clone(), planned: planned.after, config };
    let done = bench.act(type_name, deed).await;
    done.unwrap_or_else(|failure| panic!("{}", failure.error)).unwrap()
}

#[test]
fn instances_of_redis() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let least = json!({ "name": "least", "memory_size_gb": 1 });
        laws(&bench, REDIS, &least, Some("asia-south1/least"), &[]).await;
        let window = |hours: u32| json!({ "weekly_maintenance_window": [{ "day": "TUESDAY", "start_time": { "hours": hours, "minutes": 30 } }] });
        let full = json!({
            "name": "full", "region": "asia-south1", "memory_size_gb": 5, "tier": "STANDARD_HA", "redis_version": "REDIS_6_X",
            "display_name": "Full", "authorized_network": "default", "labels": { "app": "polls" },
            "redis_configs": { "maxmemory-policy": "allkeys-lru" }, "maintenance_policy": window(0),
            "persistence_config": { "persistence_mode": "RDB", "rdb_snapshot_period": "TWELVE_HOURS" },
        });
        let changes = [
            json!({ "memory_size_gb": 6 }),
            json!({ "labels": { "tier": "cache" } }),
            json!({ "redis_configs": {}, "display_name": "Fuller" }),
            json!({ "maintenance_policy": window(3) }),
            json!({ "redis_version": "REDIS_7_2", "memory_size_gb": 7 }),
            json!({ "redis_version": "REDIS_7_2", "auth_enabled": true }),
            json!({
                "redis_version": "REDIS_7_2", "read_replicas_mode": "READ_REPLICAS_ENABLED", "replica_count": 2,
                "secondary_ip_range": "auto",
            }),
            json!({ "redis_version": "REDIS_7_2", "maintenance_policy": [] }),
        ];
        laws(&bench, REDIS, &full, None, &changes).await;
    });
}

#[test]
fn the_password_that_redis_has_made_is_known_and_secret() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let open = json!({ "name": "cache", "memory_size_gb": 1 });
        let made = bench.create(REDIS, &open).await;
        assert_eq!(made.field("auth_string").and_then(Value::as_str), Some(""));

        let shut = json!({ "name": "cache", "memory_size_gb": 1, "auth_enabled": true });
        let planned = bench.plan(REDIS, Some(&made), &bench.config(REDIS, &shut)).after;
        assert!(!planned.field("auth_string").unwrap().is_known());
        let done = change(&bench, REDIS, &made, &shut).await;

        let told = done.field("auth_string").and_then(Value::as_str).unwrap();
        assert_eq!(told.len(), 36);
        let schema = bench.provider.resource(terrane::addr::Mode::Managed, REDIS).unwrap();
        assert!(schema.fields["auth_string"].sensitive);
    });
}

#[test]
fn redis_goes_up_by_a_call_of_its_own_and_down_only_anew() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let with = |version: &str| json!({ "name": "cache", "memory_size_gb": 1, "redis_version": version });
        let made = bench.create(REDIS, &with("REDIS_6_X")).await;
        bench.desk.sent.lock().unwrap().clear();
        let done = change(&bench, REDIS, &made, &with("REDIS_7_0")).await;

        let sent = bench.desk.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].ends_with("/instances/cache:upgrade"), "{sent:?}");
        let down = bench.plan(REDIS, Some(&done), &bench.config(REDIS, &with("REDIS_6_X")));
        assert!(!down.replaces.is_empty());
    });
}

#[test]
fn databases_of_firestore() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let least = json!({
            "name": "least", "location_id": "asia-south1", "type": "FIRESTORE_NATIVE", "deletion_policy": "DELETE",
        });
        laws_of_firestore(&bench, &least, &[]).await;
        let full = json!({
            "name": "(default)", "location_id": "asia-south1", "type": "FIRESTORE_NATIVE", "deletion_policy": "DELETE",
            "concurrency_mode": "OPTIMISTIC", "point_in_time_recovery_enablement": "POINT_IN_TIME_RECOVERY_ENABLED",
            "app_engine_integration_mode": "DISABLED", "delete_protection_state": "DELETE_PROTECTION_ENABLED",
        });
        let changes = [
            json!({ "concurrency_mode": "PESSIMISTIC" }),
            json!({ "point_in_time_recovery_enablement": "POINT_IN_TIME_RECOVERY_DISABLED" }),
            json!({ "delete_protection_state": "DELETE_PROTECTION_DISABLED" }),
        ];
        laws_of_firestore(&bench, &full, &changes).await;
    });
}

/// An import says nothing of what becomes of a database at the end.
async fn laws_of_firestore(bench: &Bench, config: &Json, changes: &[Json]) {
    let made = bench.create(FIRESTORE, config).await;
    let mut standing = bench.read(FIRESTORE, &made).await.unwrap();
    assert_same("as read", &made, &standing);
    let id = made.field("id").and_then(Value::as_str).unwrap();
    let found = bench.provider.import(FIRESTORE, id, &bench.block).unwrap();
    let imported = bench.read(FIRESTORE, &found).await.unwrap();
    assert_same(
        "as imported",
        &imported.with_field("deletion_policy", Value::string("DELETE")),
        &standing,
    );
    let mut config = config.clone();
    for more in changes {
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        let done = change(bench, FIRESTORE, &standing, &config).await;
        standing = bench.read(FIRESTORE, &done).await.unwrap();
        let planned = bench.plan(FIRESTORE, Some(&standing), &bench.config(FIRESTORE, &config));
        assert_same(&format!("after {more}"), &standing, &planned.after);
    }
    bench.act(FIRESTORE, Deed::Delete { prior: standing.clone() }).await.unwrap();
    assert!(bench.read(FIRESTORE, &standing).await.is_none());
}

#[test]
fn a_database_of_firestore_is_left_where_nothing_else_is_said() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let config =
            json!({ "name": "kept", "location_id": "asia-south1", "type": "DATASTORE_MODE" });
        let made = bench.create(FIRESTORE, &config).await;
        assert_eq!(made.field("deletion_policy").and_then(Value::as_str), Some("ABANDON"));
        bench.act(FIRESTORE, Deed::Delete { prior: made.clone() }).await.unwrap();
        assert!(bench.read(FIRESTORE, &made).await.is_some());

        let found = bench.provider.import(FIRESTORE, "kept", &bench.block).unwrap();
        let imported = bench.read(FIRESTORE, &found).await.unwrap();
        bench.act(FIRESTORE, Deed::Delete { prior: imported.clone() }).await.unwrap();
        assert!(bench.read(FIRESTORE, &imported).await.is_some());
    });
}

#[test]
fn the_application_of_app_engine_neither_moves_nor_goes() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let config = json!({
            "location_id": "asia-south1", "auth_domain": "example.com",
            "iap": { "oauth2_client_id": "id", "oauth2_client_secret": "n0body", "enabled": true },
        });
        let made = bench.create(APP, &config).await;
        let read = bench.read(APP, &made).await.unwrap();
        assert_same("as read", &made, &read);
        let again = bench.plan(APP, Some(&read), &bench.config(APP, &config));
        assert_same("planned", &read, &again.after);
        let mut next = config.clone();
        next["serving_status"] = json!("USER_DISABLED");
        let done = change(&bench, APP, &read, &next).await;
        assert_eq!(done.field("serving_status").and_then(Value::as_str), Some("USER_DISABLED"));

        next["location_id"] = json!("europe-west3");
        let moved = bench.plan(APP, Some(&done), &bench.config(APP, &next));
        assert!(moved.replaces.is_empty());
        assert_eq!(moved.problems.len(), 1, "{:?}", moved.problems);
        bench.act(APP, Deed::Delete { prior: done.clone() }).await.unwrap();
        let ask = Ask::get("appengine", "apps/polls-demo", "asking");
        assert!(bench.session.api.send(&ask, &*bench.session.api.clock).await.is_ok());
    });
}

#[test]
fn every_attribute_of_an_instance_of_redis() {
    swept(REDIS);
}

#[test]
fn every_attribute_of_a_database_of_firestore() {
    swept(FIRESTORE);
}
