//! The four laws for Compute Engine: subnetworks, rules of firewalls.

use serde_json::{Value as Json, json};
use terrane::providers::Deed;
use terrane::value::Value;

use super::laws::{block_on, enable, laws};
use super::support::{Bench, assert_same};

async fn network(bench: &Bench, name: &str) -> String {
    let config = json!({ "name": name, "auto_create_subnetworks": false });
    let made = bench.create("google_compute_network", &config).await;
    made.field("self_link").and_then(Value::as_str).unwrap().to_string()
}

/// The requests that an update sends, but for reads: method and the end of the address.
async fn calls(bench: &Bench, type_name: &str, from: &Json, to: &Json) -> Vec<String> {
    let made = bench.create(type_name, from).await;
    let wanted = bench.config(type_name, to);
    let planned = bench.plan(type_name, Some(&made), &wanted);
    assert!(planned.replaces.is_empty(), "{:?}", planned.replaces);
    bench.bodies.lock().unwrap().clear();
    let deed = Deed::Update { prior: made, planned: planned.after, config: wanted };
    let done =
        bench.act(type_name, deed).await.unwrap_or_else(|failure| panic!("{}", failure.error));
    bench.act(type_name, Deed::Delete { prior: done.unwrap() }).await.unwrap();
    let bodies = bench.bodies.lock().unwrap();
    let calls =
        bodies.iter().filter(|(line, _)| !line.starts_with("GET") && !line.starts_with("DELETE"));
    calls
        .map(|(line, body)| {
            let end = line.rsplit('/').next().unwrap();
            let mut names: Vec<&str> =
                body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            format!("{} {end} {}", line.split(' ').next().unwrap(), names.join(","))
        })
        .collect()
}

#[test]
fn subnetworks() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let link = network(&bench, "polls").await;
        let least = json!({ "name": "least", "network": "polls", "ip_cidr_range": "10.9.0.0/20" });
        let import = "asia-south1/least";
        laws(&bench, "google_compute_subnetwork", &least, Some(import), &[]).await;
        let pods = json!({ "range_name": "pods", "ip_cidr_range": "10.64.0.0/14" });
        let services = json!({ "range_name": "services", "ip_cidr_range": "10.68.0.0/20" });
        let more = json!({ "range_name": "more", "ip_cidr_range": "10.72.0.0/14" });
        let full = json!({
            "name": "nodes", "network": link, "region": "asia-south1", "ip_cidr_range": "10.1.0.0/20", "description": "D",
            "private_ip_google_access": true, "secondary_ip_range": [pods, services],
            "log_config": { "aggregation_interval": "INTERVAL_10_MIN", "flow_sampling": 0.25, "metadata": "INCLUDE_ALL_METADATA" },
        });
        let changes = [
            json!({ "ip_cidr_range": "10.0.0.0/15" }),
            json!({ "private_ip_google_access": false }),
            json!({ "secondary_ip_range": [more, services, pods] }),
            json!({ "secondary_ip_range": [services] }),
            json!({ "secondary_ip_range": [], "send_secondary_ip_range_if_empty": true }),
            json!({ "log_config": { "metadata": "CUSTOM_METADATA", "metadata_fields": ["src_vpc"] } }),
            json!({ "log_config": { "metadata": "EXCLUDE_ALL_METADATA" } }),
            json!({ "log_config": null }),
            json!({ "stack_type": "IPV4_IPV6", "ipv6_access_type": "EXTERNAL" }),
        ];
        // Each change begins with the first configuration; the range never shrinks.
        let changes: Vec<Json> = changes
            .into_iter()
            .map(|mut change| {
                change["ip_cidr_range"] = json!("10.0.0.0/15");
                change
            })
            .collect();
        laws(&bench, "google_compute_subnetwork", &full, None, &changes).await;
    });
}

#[test]
fn a_subnetwork_grows_by_a_call_of_its_own_and_is_replaced_where_it_shrinks() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        network(&bench, "polls").await;
        let config = |range: &str, access: bool, logs: &str| {
            json!({
                "name": "nodes", "network": "polls", "ip_cidr_range": range, "private_ip_google_access": access,
                "log_config": { "metadata": logs },
            })
        };
        let type_name = "google_compute_subnetwork";
        let small = config("10.1.0.0/20", false, "INCLUDE_ALL_METADATA");

        let large = config("10.0.0.0/15", true, "EXCLUDE_ALL_METADATA");
        let calls = calls(&bench, type_name, &small, &large).await;
        let made = bench.create(type_name, &small).await;
        let elsewhere = config("10.2.0.0/15", false, "INCLUDE_ALL_METADATA");
        let moved = bench.plan(type_name, Some(&made), &bench.config(type_name, &elsewhere));

        assert_eq!(
            calls,
            [
                "POST expandIpCidrRange ipCidrRange",
                "POST setPrivateIpGoogleAccess privateIpGoogleAccess",
                "PATCH nodes fingerprint,logConfig",
            ]
        );
        assert_eq!(
            moved.replaces.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["ip_cidr_range"]
        );
    });
}

#[test]
fn secondary_ranges_in_another_order_are_the_same() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        network(&bench, "polls").await;
        let pods = json!({ "range_name": "pods", "ip_cidr_range": "10.64.0.0/14" });
        let services = json!({ "range_name": "services", "ip_cidr_range": "10.68.0.0/20" });
        let config = |ranges: [&Json; 2]| json!({ "name": "nodes", "network": "polls", "ip_cidr_range": "10.1.0.0/20", "secondary_ip_range": ranges });
        let type_name = "google_compute_subnetwork";
        let made = bench.create(type_name, &config([&pods, &services])).await;

        let turned = bench.config(type_name, &config([&services, &pods]));
        let planned = bench.plan(type_name, Some(&made), &turned);

        assert_same("the ranges turned round", &made, &planned.after);
    });
}

#[test]
fn rules_of_firewalls() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let link = network(&bench, "polls").await;
        network(&bench, "other").await;
        let least = json!({
            "name": "least", "network": "polls", "allow": { "protocol": "icmp" }, "source_ranges": ["0.0.0.0/0"],
        });
        laws(&bench, "google_compute_firewall", &least, Some("least"), &[]).await;
        let full = json!({
            "name": "web", "network": link, "description": "D", "direction": "INGRESS", "priority": 900, "disabled": true,
            "allow": [{ "protocol": "TCP", "ports": ["80", "8000-8080"] }, { "protocol": "udp", "ports": ["53"] }, { "protocol": "icmp" }],
            "source_ranges": ["10.0.0.0/8", "2001:DB8::/32"], "target_tags": ["web"], "log_config": { "metadata": "INCLUDE_ALL_METADATA" },
        });
        let changes = [
            json!({ "allow": [{ "protocol": "tcp", "ports": ["443"] }] }),
            json!({ "allow": null, "deny": { "protocol": "all" } }),
            json!({ "priority": 0 }),
            json!({ "disabled": false }),
            json!({ "source_ranges": null, "source_tags": ["lb"] }),
            json!({ "target_tags": null, "target_service_accounts": ["a@polls-demo.iam.gserviceaccount.com"] }),
            json!({ "log_config": { "metadata": "EXCLUDE_ALL_METADATA" } }),
            json!({ "log_config": null }),
            json!({ "description": null }),
            json!({ "network": "other" }),
        ];
        laws(&bench, "google_compute_firewall", &full, None, &changes).await;
        let out = json!({ "name": "out", "network": "polls", "direction": "EGRESS", "deny": { "protocol": "all" } });
        laws(
            &bench,
            "google_compute_firewall",
            &out,
            None,
            &[json!({ "destination_ranges": ["10.0.0.0/8"] })],
        )
        .await;
        // Lists without content name no source, and the recorded service adds none.
        let mut open = json!({
            "name": "open", "network": "polls", "allow": { "protocol": "tcp" }, "source_tags": [],
        });
        laws(&bench, "google_compute_firewall", &open, None, &[]).await;
        open["params"] = json!({ "resource_manager_tags": { "tagKeys/1": "tagValues/1" } });
        let made = bench.create("google_compute_firewall", &open).await;
        let mut tagged = open.clone();
        tagged["params"] = json!({ "resource_manager_tags": { "tagKeys/1": "tagValues/2" } });
        let tagged = bench.config("google_compute_firewall", &tagged);
        let planned = bench.plan("google_compute_firewall", Some(&made), &tagged);
        assert_eq!(planned.replaces.len(), 1, "{:?}", planned.replaces);
        let logged = json!({
            "name": "logged", "network": "polls", "allow": { "protocol": "tcp" }, "source_tags": ["a"], "enable_logging": true,
        });
        laws(
            &bench,
            "google_compute_firewall",
            &logged,
            None,
            &[json!({ "enable_logging": false })],
        )
        .await;
    });
}

#[test]
fn a_rule_in_other_letters_or_another_order_is_the_same() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        network(&bench, "polls").await;
        let rule = |protocols: [&str; 2], ranges: [&str; 2]| {
            let allow = protocols.map(|name| json!({ "protocol": name, "ports": ["80"] }));
            json!({ "name": "web", "network": "polls", "allow": allow, "source_ranges": ranges })
        };
        let type_name = "google_compute_firewall";
        let first = rule(["tcp", "udp"], ["10.0.0.0/8", "2001:db8::/32"]);
        let made = bench.create(type_name, &first).await;

        let second = rule(["UDP", "Tcp"], ["2001:DB8:0::/32", "10.0.0.0/8"]);
        let planned = bench.plan(type_name, Some(&made), &bench.config(type_name, &second));

        assert_same("the rule in other letters", &made, &planned.after);
    });
}

#[test]
fn a_rule_for_incoming_traffic_says_where_it_comes_from() {
    let bench = Bench::new();
    let type_name = "google_compute_firewall";
    let problems = |more: Json| {
        let mut config =
            json!({ "name": "web", "network": "polls", "allow": { "protocol": "tcp" } });
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        bench.plan(type_name, None, &bench.config(type_name, &config)).problems.len()
    };

    assert_eq!(problems(json!({})), 1);
    assert_eq!(problems(json!({ "direction": "INGRESS" })), 1);
    assert_eq!(problems(json!({ "direction": "EGRESS" })), 0);
    assert_eq!(problems(json!({ "direction": "(unknown)" })), 0);
    assert_eq!(problems(json!({ "source_tags": ["a"] })), 0);
    assert_eq!(problems(json!({ "source_ranges": "(unknown)" })), 0);
}

#[test]
fn disks() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let type_name = "google_compute_disk";
        let least = json!({ "name": "least", "zone": "asia-south1-a" });
        laws(&bench, type_name, &least, Some("asia-south1-a/least"), &[]).await;
        let full = json!({
            "name": "data", "zone": "asia-south1-a", "description": "D", "type": "pd-ssd", "image": "debian-cloud/debian-12",
            "labels": { "app": "polls" }, "size": 20, "physical_block_size_bytes": 4096,
        });
        let changes = [
            json!({ "size": 40 }),
            json!({ "size": 40, "labels": { "tier": "db" } }),
            json!({ "size": 50, "labels": {} }),
        ];
        laws(&bench, type_name, &full, None, &changes).await;
        let source = bench.create(type_name, &full).await;
        let link = source.field("self_link").and_then(Value::as_str).unwrap();
        let copy = json!({ "name": "copy", "zone": "asia-south1-a", "source_disk": link, "create_snapshot_before_destroy": true });
        laws(&bench, type_name, &copy, None, &[]).await;

        let list = "projects/polls-demo/global/snapshots".to_string();
        let ask = terrane::providers::rest::api::Ask::get("compute", list, String::new());
        let kept = bench.session.api.list(&ask, "items").await;
        let smaller = bench.config(type_name, &json!({ "name": "data", "zone": "asia-south1-a", "type": "pd-ssd", "image": "debian-12", "size": 10 }));
        let planned = bench.plan(type_name, Some(&source), &smaller);

        assert!(kept.unwrap()[0]["name"].as_str().unwrap().starts_with("copy-"));
        let replaces: Vec<String> = planned.replaces.iter().map(ToString::to_string).collect();
        assert!(replaces.contains(&"size".to_string()), "{replaces:?}");
        assert!(!replaces.contains(&"image".to_string()), "{replaces:?}");
    });
}
