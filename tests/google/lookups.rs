//! Data sources that look up what exists.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::providers::{ApiErrorKind, Provider, Session};
use terrane::value::Value;

use super::laws::{block_on, cluster, enable};
use super::support::{Bench, object};

async fn read(bench: &Bench, type_name: &str, config: &Json) -> Result<Value, ApiErrorKind> {
    let entry = bench.provider.catalog().entry(Mode::Data, type_name).unwrap();
    let value = object(&entry.spec.parts, config);
    let empty = bench.provider.resource(Mode::Data, type_name).unwrap().empty();
    let value = match empty.field("id") {
        Some(id) => value.with_field("id", id.clone()),
        None => value,
    };
    bench.session.read_data(type_name, &value).await.map_err(|error| error.kind)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn networks_and_subnetworks_by_name_or_link() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let by_name =
            read(&bench, "google_compute_network", &json!({ "name": "default" })).await.unwrap();
        let link = text(&by_name, "self_link");
        let by_link =
            read(&bench, "google_compute_network", &json!({ "self_link": link })).await.unwrap();
        assert_eq!(by_name, by_link);
        assert!(by_name.field("subnetworks_self_links").unwrap().elements().unwrap().len() > 40);
        assert_eq!(text(&by_name, "id"), "projects/polls-demo/global/networks/default");

        let part =
            read(&bench, "google_compute_subnetwork", &json!({ "name": "default" })).await.unwrap();
        let link = json!({ "self_link": text(&part, "self_link") });
        assert_eq!(read(&bench, "google_compute_subnetwork", &link).await.unwrap(), part);
        assert_eq!(
            (text(&part, "region"), text(&part, "ip_cidr_range")),
            ("asia-south1", "10.160.0.0/20")
        );
        assert_eq!(
            part.field("secondary_ip_range").unwrap().elements().map(<[Value]>::len),
            Some(0)
        );

        let gone = read(&bench, "google_compute_network", &json!({ "name": "none" })).await;
        assert_eq!(gone, Err(ApiErrorKind::NotFound));
    });
}

#[test]
fn the_zones_of_a_region_in_order() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let names = |value: &Value| -> Vec<String> {
            let names = value.field("names").and_then(Value::elements).unwrap();
            names.iter().filter_map(|name| name.as_str().map(str::to_string)).collect()
        };

        let own = read(&bench, "google_compute_zones", &json!({})).await.unwrap();
        let other = read(
            &bench,
            "google_compute_zones",
            &json!({ "region": "us-central1", "status": "UP" }),
        )
        .await
        .unwrap();
        let down =
            read(&bench, "google_compute_zones", &json!({ "status": "DOWN" })).await.unwrap();

        assert_eq!(names(&own), ["asia-south1-a", "asia-south1-b", "asia-south1-c"]);
        assert_eq!(
            names(&other),
            ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"]
        );
        assert!(names(&down).is_empty());
        assert_eq!(text(&other, "id"), "projects/polls-demo/regions/us-central1");
    });
}

#[test]
fn versions_of_kubernetes_are_those_with_the_prefix() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let type_name = "google_container_engine_versions";

        let all = read(&bench, type_name, &json!({ "location": "asia-south1" })).await.unwrap();
        let latest = text(&all, "latest_master_version");
        let prefix: String =
            format!("{}.", latest.rsplit_once('.').unwrap().0.rsplit_once('.').unwrap().0);
        let some = read(
            &bench,
            type_name,
            &json!({ "location": "asia-south1", "version_prefix": prefix }),
        )
        .await
        .unwrap();
        let none =
            read(&bench, type_name, &json!({ "location": "asia-south1", "version_prefix": "9." }))
                .await
                .unwrap();

        let versions = some.field("valid_master_versions").and_then(Value::elements).unwrap();
        assert!(
            !versions.is_empty()
                && versions.iter().all(|one| one.as_str().unwrap().starts_with(&prefix))
        );
        assert_eq!(text(&none, "latest_master_version"), "");
        let channels =
            all.field("release_channel_default_version").and_then(Value::fields).unwrap();
        assert!(
            channels.contains_key("REGULAR") && channels.contains_key("STABLE"),
            "{channels:?}"
        );
    });
}

#[test]
fn a_data_source_like_a_resource_says_what_the_resource_says() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let bucket = json!({ "name": "polls-data", "location": "US", "labels": { "app": "polls" }, "versioning": { "enabled": true } });
        let bucket = bench.create("google_storage_bucket", &bucket).await;
        let mut config = cluster();
        config["resource_labels"] = json!({ "app": "polls" });
        let cluster = bench.create("google_container_cluster", &config).await;

        let found =
            read(&bench, "google_storage_bucket", &json!({ "name": "polls-data" })).await.unwrap();
        let place = json!({ "name": "pollsapi", "location": "asia-south1-a" });
        let seen = read(&bench, "google_container_cluster", &place).await.unwrap();
        let gone = read(
            &bench,
            "google_container_cluster",
            &json!({ "name": "none", "location": "asia-south1-a" }),
        )
        .await;

        for name in
            ["location", "self_link", "url", "versioning", "storage_class", "effective_labels"]
        {
            assert_eq!(found.field(name), bucket.field(name), "{name}");
        }
        for name in
            ["endpoint", "master_version", "network", "master_auth", "effective_labels", "id"]
        {
            assert_eq!(seen.field(name), cluster.field(name), "{name}");
        }
        assert_eq!(seen.field("resource_labels"), cluster.field("effective_labels"));
        assert_eq!(gone, Err(ApiErrorKind::NotFound));
    });
}

#[test]
fn a_service_account_by_any_of_its_names() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = bench
            .create(
                "google_service_account",
                &json!({ "account_id": "polls-storage", "display_name": "Polls" }),
            )
            .await;
        let names = [
            "polls-storage".to_string(),
            text(&made, "email").to_string(),
            text(&made, "unique_id").to_string(),
            text(&made, "name").to_string(),
        ];

        for name in names {
            let found =
                read(&bench, "google_service_account", &json!({ "account_id": name })).await;
            let found = found.unwrap_or_else(|kind| panic!("{name}: {kind:?}"));
            for field in ["email", "unique_id", "name", "display_name", "member", "id"] {
                assert_eq!(found.field(field), made.field(field), "{name} {field}");
            }
            assert_eq!(text(&found, "account_id"), "polls-storage");
        }
    });
}
