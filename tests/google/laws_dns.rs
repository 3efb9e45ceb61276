//! The laws for Cloud DNS: zones and sets of records.

use serde_json::{Value as Json, json};
use terrane::providers::Deed;
use terrane::providers::rest::api::Ask;
use terrane::value::Value;

use super::attributes::swept;
use super::laws::{block_on, enable, laws};
use super::support::{Bench, assert_same};

const ZONE: &str = "google_dns_managed_zone";
const SET: &str = "google_dns_record_set";

async fn told(bench: &Bench, path: &str) -> Json {
    let ask = Ask::get("dns", format!("projects/polls-demo/{path}"), "asking");
    bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap()
}

async fn zone(bench: &Bench) -> Value {
    bench.create(ZONE, &json!({ "name": "polls", "dns_name": "polls.example.com." })).await
}

#[test]
fn zones() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let least = json!({ "name": "least", "dns_name": "least.example.com." });
        laws(&bench, ZONE, &least, Some("least"), &[]).await;
        let full = json!({
            "name": "full", "dns_name": "full.example.com.", "description": "Full", "labels": { "app": "polls" },
            "dnssec_config": { "state": "on", "non_existence": "nsec3" }, "cloud_logging_config": { "enable_logging": true },
        });
        let changes = [
            json!({ "description": "Fuller" }),
            json!({ "labels": { "tier": "web" } }),
            json!({ "dnssec_config": { "state": "off" } }),
            json!({ "cloud_logging_config": { "enable_logging": false } }),
            json!({ "labels": {} }),
        ];
        laws(&bench, ZONE, &full, None, &changes).await;
        let network = json!({ "name": "inside", "auto_create_subnetworks": false });
        bench.create("google_compute_network", &network).await;
        let inside =
            "https://www.googleapis.com/compute/v1/projects/polls-demo/global/networks/inside";
        let private = json!({
            "name": "private", "dns_name": "inside.example.com.", "visibility": "private",
            "private_visibility_config": { "networks": [{ "network_url": inside }, { "network_url": "projects/polls-demo/global/networks/default" }] },
        });
        let changes =
            [json!({ "private_visibility_config": { "networks": [{ "network_url": inside }] } })];
        laws(&bench, ZONE, &private, None, &changes).await;
    });
}

#[test]
fn records() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        zone(&bench).await;
        let name = "www.polls.example.com.";
        let address = json!({ "managed_zone": "polls", "name": name, "type": "A", "ttl": 300, "rrdatas": ["192.0.2.1", "192.0.2.2"] });
        let changes = [
            json!({ "ttl": 60 }),
            json!({ "rrdatas": ["192.0.2.3"] }),
            json!({ "type": "CNAME", "rrdatas": ["polls.example.net."] }),
        ];
        laws(&bench, SET, &address, Some("polls/www.polls.example.com./A"), &changes).await;
        let weighed = json!({
            "managed_zone": "polls", "name": name, "type": "A", "ttl": 300,
            "routing_policy": { "wrr": [{ "weight": 0.8, "rrdatas": ["192.0.2.1"] }, { "weight": 0.2, "rrdatas": ["192.0.2.2"] }] },
        });
        let changes = [
            json!({ "routing_policy": { "geo": [{ "location": "asia-south1", "rrdatas": ["192.0.2.1"] }], "enable_geo_fencing": true } }),
        ];
        laws(&bench, SET, &weighed, None, &changes).await;
    });
}

#[test]
fn records_that_mean_the_same_are_no_change() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        zone(&bench).await;
        for (kind, written) in [
            ("A", json!(["192.0.2.9", "192.0.2.1"])),
            ("AAAA", json!(["2001:0DB8:0:0::1"])),
            ("TXT", json!(["\"v=spf1 -all\""])),
            ("MX", json!(["10 MAIL.example.com."])),
        ] {
            let name = format!("{}.polls.example.com.", kind.to_lowercase());
            let set = |data: &Json| json!({ "managed_zone": "polls", "name": name, "type": kind, "ttl": 60, "rrdatas": data });
            let made = bench.create(SET, &set(&written)).await;
            let read = bench.read(SET, &made).await.unwrap();

            assert_same(kind, &made, &read);
            let mut turned = written.as_array().unwrap().clone();
            turned.reverse();
            let wanted = bench.config(SET, &set(&json!(turned)));
            assert_same(kind, &bench.plan(SET, Some(&read), &wanted).after, &read);
        }
    });
}

#[test]
fn a_change_takes_away_what_stands_whoever_wrote_it() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        zone(&bench).await;
        let set = |data: &str| json!({ "managed_zone": "polls", "name": "www.polls.example.com.", "type": "A", "ttl": 60, "rrdatas": [data] });
        let made = bench.create(SET, &set("192.0.2.1")).await;
        // Somebody else makes it something else, and so nobody's deletion fits any more.
        bench.create(SET, &set("192.0.2.7")).await;
        let config = bench.config(SET, &set("192.0.2.2"));
        let planned = bench.plan(SET, Some(&made), &config).after;
        let stale = Deed::Update { prior: made.clone(), planned, config: config.clone() };
        let refused = bench.act(SET, stale).await.unwrap_err().error;
        let stands = bench.read(SET, &made).await.unwrap();
        let planned = bench.plan(SET, Some(&stands), &config).after;
        bench.act(SET, Deed::Update { prior: stands, planned, config }).await.unwrap();

        let found = told(&bench, "managedZones/polls/rrsets?name=www.polls.example.com.").await;
        assert_eq!(refused.summary, "Changed since the plan");
        assert_eq!(found["rrsets"][0]["rrdatas"], json!(["192.0.2.2"]));
        bench.act(SET, Deed::Delete { prior: made.clone() }).await.unwrap();
        assert!(bench.read(SET, &made).await.is_none());
    });
}

#[test]
fn the_records_of_a_zones_top_can_be_written_and_stay() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        zone(&bench).await;
        let config = json!({
            "managed_zone": "polls", "name": "polls.example.com.", "type": "NS", "ttl": 3600,
            "rrdatas": ["ns1.example.net.", "ns2.example.net."],
        });
        let made = bench.create(SET, &config).await;

        bench.act(SET, Deed::Delete { prior: made.clone() }).await.unwrap();

        assert!(bench.read(SET, &made).await.is_some());
    });
}

#[test]
fn a_zone_with_records_goes_only_where_that_is_wanted() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = zone(&bench).await;
        let set = json!({ "managed_zone": "polls", "name": "www.polls.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"] });
        bench.create(SET, &set).await;

        let refused = bench.act(ZONE, Deed::Delete { prior: made.clone() }).await.unwrap_err();
        assert!(refused.error.to_string().contains("resource records"), "{}", refused.error);
        let forced = made.with_field("force_destroy", Value::bool(true));
        bench.act(ZONE, Deed::Delete { prior: forced }).await.unwrap();
        assert!(bench.read(ZONE, &made).await.is_none());
    });
}

#[test]
fn a_zone_that_is_seen_from_nowhere_any_more_says_so() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let network =
            "https://www.googleapis.com/compute/v1/projects/polls-demo/global/networks/default";
        let seen = json!({ "networks": [{ "network_url": network }] });
        let mut config =
            json!({ "name": "inside", "dns_name": "inside.example.com.", "visibility": "private" });
        config["private_visibility_config"] = seen;
        let made = bench.create(ZONE, &config).await;
        config["private_visibility_config"] = json!([]);
        let wanted = bench.config(ZONE, &config);
        let planned = bench.plan(ZONE, Some(&made), &wanted).after;

        let deed = Deed::Update { prior: made, planned, config: wanted.clone() };
        let done = bench.act(ZONE, deed).await.unwrap().unwrap();

        let sent = bench
            .bodies
            .lock()
            .unwrap()
            .iter()
            .rfind(|(line, _)| line.starts_with("PUT "))
            .cloned();
        assert_eq!(sent.unwrap().1["privateVisibilityConfig"], json!({ "networks": [] }));
        let found = told(&bench, "managedZones/inside").await;
        assert!(found.get("privateVisibilityConfig").is_none(), "{found}");
        let read = bench.read(ZONE, &done).await.unwrap();
        assert_same("the next plan", &read, &bench.plan(ZONE, Some(&read), &wanted).after);
    });
}

#[test]
fn every_attribute_of_a_zone() {
    swept(ZONE);
}

#[test]
fn every_attribute_of_a_set_of_records() {
    swept(SET);
}
