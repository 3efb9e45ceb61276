//! Cloud SQL: what is made of backups and of former times, and replicas that take their primary's place.

use serde_json::{Value as Json, json};
use terrane::http::Method;
use terrane::providers::rest::api::Ask;
use terrane::providers::{ApiErrorKind, Deed};

use super::laws::{block_on, enable};
use super::laws_sql::{INSTANCE, calls, change, mysql, postgres, told};
use super::support::{Bench, assert_same};

/// Asks the service itself, and gives its time to do it.
async fn ask(bench: &Bench, method: Method, path: &str, body: Option<Json>) -> Json {
    let path = format!("projects/polls-demo/{path}");
    let ask = Ask { method, body, ..Ask::get("sqladmin", path, "asking") };
    let done = bench.session.api.send(&ask, &*bench.session.api.clock).await;
    bench.pass_seconds(120).await;
    done.unwrap_or_else(|refused| panic!("{}", refused.error))
}

async fn database(bench: &Bench, instance: &str, name: &str) {
    let body = json!({ "name": name });
    ask(bench, Method::POST, &format!("instances/{instance}/databases"), Some(body)).await;
}

async fn databases(bench: &Bench, instance: &str) -> Vec<String> {
    let list = told(bench, &format!("instances/{instance}/databases")).await;
    let names = list["items"].as_array().cloned().unwrap_or_default();
    names.iter().map(|one| one["name"].as_str().unwrap().to_string()).collect()
}

#[test]
fn what_stands_in_a_backup_comes_back() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = bench.create(INSTANCE, &postgres("one")).await;
        database(&bench, "one", "polls").await;
        ask(&bench, Method::POST, "instances/one/backupRuns", Some(json!({}))).await;
        let runs = told(&bench, "instances/one/backupRuns").await;
        let id: u64 = runs["items"][0]["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(runs["items"][0]["status"], "SUCCESSFUL");
        ask(&bench, Method::DELETE, "instances/one/databases/polls", None).await;
        database(&bench, "one", "later").await;

        let mut restored = postgres("one");
        restored["restore_backup_context"] = json!({ "backup_run_id": id });
        let read = bench.read(INSTANCE, &made).await.unwrap();
        let back = change(&bench, INSTANCE, &read, &restored).await;

        assert_eq!(databases(&bench, "one").await, ["polls", "postgres"]);
        let again = bench.plan(INSTANCE, Some(&back), &bench.config(INSTANCE, &restored));
        assert_same("the plan after", &back, &again.after);
        let mut other = postgres("two");
        other["restore_backup_context"] = json!({ "backup_run_id": id, "instance_id": "one" });
        bench.create(INSTANCE, &other).await;
        assert_eq!(databases(&bench, "two").await, ["polls", "postgres"]);
        let mut wrong = postgres("one");
        wrong["restore_backup_context"] = json!({ "backup_run_id": 1 });
        let config = bench.config(INSTANCE, &wrong);
        let planned = bench.plan(INSTANCE, Some(&back), &config).after;
        let deed = Deed::Update { prior: back, planned, config };
        let refused = bench.act(INSTANCE, deed).await.unwrap_err();
        assert_eq!(refused.error.kind, ApiErrorKind::NotFound);
    });
}

#[test]
fn a_clone_of_a_former_time_has_what_was_there_then() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut source = postgres("one");
        let backup = json!({ "enabled": true, "point_in_time_recovery_enabled": true });
        source["settings"]["backup_configuration"] = backup;
        bench.create(INSTANCE, &source).await;
        for name in ["early", "other"] {
            database(&bench, "one", name).await;
        }
        let then = bench.session.api.clock.now().to_string();
        bench.pass_seconds(60).await;
        database(&bench, "one", "late").await;
        ask(&bench, Method::DELETE, "instances/one/databases/early", None).await;
        let clone = |name: &str, from: Json| json!({ "name": name, "database_version": "POSTGRES_16", "region": "asia-south1", "deletion_protection": false, "clone": from });

        let config = clone("two", json!({ "source_instance_name": "one", "point_in_time": then }));
        let made = bench.create(INSTANCE, &config).await;

        assert_eq!(databases(&bench, "two").await, ["early", "other", "postgres"]);
        let again = bench.plan(INSTANCE, Some(&made), &bench.config(INSTANCE, &config));
        assert_same("the plan after", &made, &again.after);
        let some = json!({ "source_instance_name": "one", "point_in_time": then, "database_names": ["other"] });
        bench.create(INSTANCE, &clone("three", some)).await;
        assert_eq!(databases(&bench, "three").await, ["other", "postgres"]);
        for (name, from) in [
            (
                "four",
                json!({ "source_instance_name": "one", "point_in_time": "2024-01-01T00:00:00Z" }),
            ),
            ("five", json!({ "source_instance_name": "one", "database_names": ["early"] })),
        ] {
            let config = bench.config(INSTANCE, &clone(name, from));
            let planned = bench.plan(INSTANCE, None, &config).after;
            let refused = bench.act(INSTANCE, Deed::Create { planned, config }).await.unwrap_err();
            assert_eq!(refused.error.kind, ApiErrorKind::Invalid, "{}", refused.error);
        }
    });
}

#[test]
fn a_replica_and_its_primary_change_places() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let first = bench.create(INSTANCE, &mysql("one")).await;
        let mut replica = mysql("two");
        replica["master_instance_name"] = json!("one");
        replica["instance_type"] = json!("READ_REPLICA_INSTANCE");
        let second = bench.create(INSTANCE, &replica).await;
        let mut named = mysql("one");
        named["replication_cluster"] = json!({ "failover_dr_replica_name": "polls-demo:two" });
        let first = bench.read(INSTANCE, &first).await.unwrap();
        change(&bench, INSTANCE, &first, &named).await;
        let named = told(&bench, "instances/one").await["replicationCluster"].clone();
        assert_eq!(named["failoverDrReplicaName"], "polls-demo:two");

        calls(&bench);
        let mut primary = mysql("two");
        primary["instance_type"] = json!("CLOUD_SQL_INSTANCE");
        primary["replica_names"] = json!(["one"]);
        let turned = change(&bench, INSTANCE, &second, &primary).await;

        let sent = calls(&bench);
        assert!(sent.iter().any(|call| call.ends_with("/two/switchover")), "{sent:?}");
        let (one, two) = (told(&bench, "instances/one").await, told(&bench, "instances/two").await);
        assert_eq!(one["instanceType"], "READ_REPLICA_INSTANCE");
        assert_eq!(one["masterInstanceName"], "polls-demo:two");
        assert_eq!(
            (&two["instanceType"], &two["replicaNames"]),
            (&json!("CLOUD_SQL_INSTANCE"), &json!(["one"]))
        );
        let again = bench.plan(INSTANCE, Some(&turned), &bench.config(INSTANCE, &primary));
        assert_same("the plan after", &turned, &again.after);
    });
}
