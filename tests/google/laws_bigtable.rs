//! The laws for Bigtable: instances with their clusters, and tables.

use serde_json::{Value as Json, json};
use terrane::providers::Deed;
use terrane::providers::rest::api::Ask;
use terrane::value::Value;

use super::attributes::swept;
use super::laws::{block_on, enable, laws};
use super::support::{Bench, assert_same};

const INSTANCE: &str = "google_bigtable_instance";
const TABLE: &str = "google_bigtable_table";

fn cluster(id: &str, zone: &str, nodes: u32) -> Json {
    json!({ "cluster_id": id, "zone": zone, "num_nodes": nodes })
}

fn instance(name: &str, clusters: Json) -> Json {
    json!({ "name": name, "deletion_protection": false, "cluster": clusters })
}

async fn told(bench: &Bench, path: &str) -> Json {
    let ask = Ask::get("bigtableadmin", format!("projects/polls-demo/{path}"), "asking");
    bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap()
}

#[test]
fn instances() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let (a, b) =
            (cluster("polls-a", "asia-south1-a", 1), cluster("polls-b", "asia-south1-b", 3));
        let least = instance("least1", json!([a]));
        laws(&bench, INSTANCE, &least, Some("least1"), &[]).await;
        let mut full = instance("full-1", json!([a]));
        full["labels"] = json!({ "app": "polls" });
        full["display_name"] = json!("Polls");
        let scaled = json!({
            "cluster_id": "polls-a", "zone": "asia-south1-a",
            "autoscaling_config": { "min_nodes": 2, "max_nodes": 5, "cpu_target": 60 },
        });
        let changes = [
            json!({ "labels": { "tier": "db" } }),
            json!({ "display_name": "Votes" }),
            json!({ "cluster": [cluster("polls-a", "asia-south1-a", 2)] }),
            json!({ "cluster": [a, b] }),
            json!({ "cluster": [scaled, b] }),
            json!({ "cluster": [a] }),
        ];
        laws(&bench, INSTANCE, &full, None, &changes).await;
    });
}

#[test]
fn clusters_are_known_by_their_ids_and_one_that_moves_makes_the_instance_anew() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let (a, b) =
            (cluster("polls-a", "asia-south1-a", 1), cluster("polls-b", "asia-south1-b", 3));
        let made = bench.create(INSTANCE, &instance("order-1", json!([b, a]))).await;

        let turned = bench.config(INSTANCE, &instance("order-1", json!([a, b])));
        assert_same("turned", &made, &bench.plan(INSTANCE, Some(&made), &turned).after);
        let moved = instance("order-1", json!([b, cluster("polls-a", "asia-south1-c", 1)]));
        let moved = bench.plan(INSTANCE, Some(&made), &bench.config(INSTANCE, &moved));
        assert_eq!(moved.replaces.len(), 1, "{:?}", moved.replaces);
        let mut wide = a.clone();
        wide["node_scaling_factor"] = json!("NodeScalingFactor2X");
        let wide = bench.config(INSTANCE, &instance("order-1", json!([b, wide])));
        let wide = bench.plan(INSTANCE, Some(&made), &wide);
        assert_eq!(wide.replaces.len(), 1, "{:?}", wide.replaces);
        let twice = bench.config(INSTANCE, &instance("order-1", json!([a, a])));
        let provider: &dyn terrane::providers::Provider = &bench.provider;
        let problems = provider.validate(terrane::addr::Mode::Managed, INSTANCE, &twice);
        assert_eq!(problems.len(), 1, "{problems:?}");
    });
}

#[test]
fn tables() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench
            .create(INSTANCE, &instance("tables", json!([cluster("polls-a", "asia-south1-a", 1)])))
            .await;
        let least = json!({ "name": "least", "instance_name": "tables" });
        laws(&bench, TABLE, &least, Some("tables/least"), &[]).await;
        let sum = r#"{"aggregateType": {"inputType": {"int64Type": {"encoding": {"bigEndianBytes": {}}}}, "sum": {}}}"#;
        let full = json!({
            "name": "votes", "instance_name": "tables", "deletion_protection": "UNPROTECTED", "change_stream_retention": "24h0m0s",
            "column_family": [{ "family": "choice" }, { "family": "count", "type": sum }],
            "automated_backup_policy": { "retention_period": "72h0m0s", "frequency": "24h0m0s" },
        });
        let changes = [
            json!({ "column_family": [{ "family": "choice" }, { "family": "voter" }] }),
            json!({ "change_stream_retention": "48h" }),
            json!({ "change_stream_retention": "0s" }),
            json!({ "automated_backup_policy": { "retention_period": "96h", "frequency": "24h" } }),
        ];
        laws(&bench, TABLE, &full, None, &changes).await;
    });
}

#[test]
fn a_table_that_the_service_protects_is_not_deleted() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench
            .create(INSTANCE, &instance("tables", json!([cluster("polls-a", "asia-south1-a", 1)])))
            .await;
        let config = json!({
            "name": "votes", "instance_name": "tables", "deletion_protection": "PROTECTED", "split_keys": ["m", "s"],
        });
        let made = bench.create(TABLE, &config).await;
        assert_eq!(told(&bench, "instances/tables/tables/votes").await["deletionProtection"], true);

        let refused = bench.act(TABLE, Deed::Delete { prior: made.clone() }).await.unwrap_err();

        assert!(refused.error.to_string().contains("protected"), "{}", refused.error);
        let kept = made.field("split_keys").and_then(Value::elements).map(<[Value]>::len);
        assert_eq!(kept, Some(2));
    });
}

#[test]
fn every_attribute_of_an_instance() {
    swept(INSTANCE);
}

#[test]
fn every_attribute_of_a_table() {
    swept(TABLE);
}
