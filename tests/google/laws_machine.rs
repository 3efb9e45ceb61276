//! The four laws for machines of Compute Engine, and what their changes ask of the service.

use serde_json::{Value as Json, json};
use terrane::providers::Deed;
use terrane::value::Value;

use super::laws::{block_on, enable, laws};
use super::support::Bench;

const TYPE: &str = "google_compute_instance";

fn least() -> Json {
    json!({
        "name": "least", "zone": "asia-south1-a", "machine_type": "e2-medium",
        "boot_disk": { "initialize_params": { "image": "debian-cloud/debian-12" } },
        "network_interface": { "network": "default" },
    })
}

async fn surroundings(bench: &Bench) {
    enable(bench).await;
    for name in ["web-one", "web-two"] {
        bench.create("google_service_account", &json!({ "account_id": name })).await;
    }
    for name in ["data", "more"] {
        let disk = json!({ "name": name, "zone": "asia-south1-a", "size": 10 });
        bench.create("google_compute_disk", &disk).await;
    }
    let network = json!({ "name": "polls", "auto_create_subnetworks": false });
    bench.create("google_compute_network", &network).await;
    for (name, range) in [("one", "10.1.0.0/20"), ("two", "10.2.0.0/20")] {
        let subnetwork = json!({
            "name": name, "network": "polls", "ip_cidr_range": range,
            "secondary_ip_range": [{ "range_name": format!("pods-{name}"), "ip_cidr_range": range.replace("10.", "172.16.").replace(".0.0/20", ".0/24") }],
        });
        bench.create("google_compute_subnetwork", &subnetwork).await;
    }
}

fn full() -> Json {
    json!({
        "name": "web", "zone": "asia-south1-a", "machine_type": "n2-standard-2", "description": "D",
        "boot_disk": {
            "auto_delete": true, "device_name": "root",
            "initialize_params": { "image": "debian-12", "size": 20, "type": "pd-balanced", "labels": { "app": "polls" } },
        },
        "attached_disk": [{ "source": "data", "device_name": "data" }],
        "scratch_disk": [{ "interface": "NVME" }],
        "network_interface": [
            { "subnetwork": "one", "access_config": [{}], "alias_ip_range": [{ "ip_cidr_range": "172.16.1.0/28", "subnetwork_range_name": "pods-one" }] },
        ],
        "metadata": { "enable-oslogin": "TRUE" }, "metadata_startup_script": "echo up",
        "labels": { "app": "polls" }, "tags": ["web", "ssh"], "allow_stopping_for_update": true,
        "service_account": { "email": "web-one@polls-demo.iam.gserviceaccount.com", "scopes": ["cloud-platform"] },
        "scheduling": { "automatic_restart": true, "on_host_maintenance": "MIGRATE" },
        "shielded_instance_config": { "enable_secure_boot": true },
    })
}

#[test]
fn machines() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let import = "polls-demo/asia-south1-a/least";
        laws(&bench, TYPE, &least(), Some(import), &[]).await;
        let changes = [
            json!({ "labels": { "tier": "web" } }),
            json!({ "tags": ["web"] }),
            json!({ "metadata": { "enable-oslogin": "FALSE", "more": "1" } }),
            json!({ "metadata": {} }),
            json!({ "machine_type": "n2-standard-4" }),
            json!({ "service_account": { "email": "web-two@polls-demo.iam.gserviceaccount.com", "scopes": ["compute-ro", "storage-rw"] } }),
            json!({ "service_account": null }),
            json!({ "attached_disk": [{ "source": "more", "device_name": "more" }, { "source": "data", "device_name": "data" }] }),
            json!({ "attached_disk": null }),
            json!({ "network_interface": [{ "subnetwork": "one" }] }),
            json!({ "network_interface": [{ "subnetwork": "two" }] }),
            json!({ "scheduling": { "automatic_restart": false, "on_host_maintenance": "TERMINATE" } }),
            json!({ "shielded_instance_config": { "enable_secure_boot": false, "enable_vtpm": true } }),
            json!({ "desired_status": "TERMINATED" }),
            json!({ "desired_status": "RUNNING" }),
            json!({ "desired_status": "SUSPENDED" }),
            json!({ "description": "E", "can_ip_forward": true }),
            json!({ "resource_policies": ["projects/polls-demo/regions/asia-south1/resourcePolicies/nightly"] }),
        ];
        laws(&bench, TYPE, &full(), None, &changes).await;
    });
}

/// The calls of an update: method and the end of the address.
async fn calls(bench: &Bench, from: &Json, change: &Json) -> Vec<String> {
    let made = bench.create(TYPE, from).await;
    let mut to = from.clone();
    for (name, value) in change.as_object().unwrap() {
        to[name] = value.clone();
    }
    let wanted = bench.config(TYPE, &to);
    let planned = bench.plan(TYPE, Some(&made), &wanted);
    assert!(planned.problems.is_empty(), "{:?}", planned.problems);
    bench.bodies.lock().unwrap().clear();
    let deed = Deed::Update { prior: made, planned: planned.after, config: wanted };
    let done = bench.act(TYPE, deed).await.unwrap_or_else(|failure| panic!("{}", failure.error));
    let found =
        bench.bodies.lock().unwrap().iter().map(|(line, _)| line.clone()).collect::<Vec<_>>();
    bench.act(TYPE, Deed::Delete { prior: done.unwrap() }).await.unwrap();
    let calls = found.iter().filter(|line| !line.starts_with("GET"));
    calls.map(|line| line.rsplit('/').next().unwrap().to_string()).collect()
}

#[test]
fn what_wants_a_machine_that_stands_still_is_done_in_one_stop() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let mut from = least();
        from["allow_stopping_for_update"] = json!(true);

        let change = json!({
            "machine_type": "e2-standard-2", "labels": { "a": "b" },
            "service_account": { "email": "web-one@polls-demo.iam.gserviceaccount.com", "scopes": ["cloud-platform"] },
        });
        let stopped = calls(&bench, &from, &change).await;
        let still = calls(
            &bench,
            &from,
            &json!({ "machine_type": "e2-standard-2", "desired_status": "TERMINATED" }),
        )
        .await;
        let running =
            calls(&bench, &from, &json!({ "tags": ["web"], "metadata": { "a": "b" } })).await;

        assert_eq!(stopped, ["setLabels", "stop", "setMachineType", "setServiceAccount", "start"]);
        assert_eq!(still, ["stop", "setMachineType"]);
        assert_eq!(running, ["setMetadata", "setTags"]);
    });
}

#[test]
fn a_machine_that_must_not_be_stopped_is_told_in_the_plan() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let made = bench.create(TYPE, &least()).await;
        let mut larger = least();
        larger["machine_type"] = json!("e2-standard-2");

        let planned = bench.plan(TYPE, Some(&made), &bench.config(TYPE, &larger));
        let stopped = made.with_field("current_status", Value::string("TERMINATED"));
        let free = bench.plan(TYPE, Some(&stopped), &bench.config(TYPE, &larger));

        assert_eq!(planned.problems.len(), 1);
        assert!(planned.problems[0].detail.contains("allow_stopping_for_update"));
        assert!(free.problems.is_empty());
    });
}

#[test]
fn the_start_script_replaces_the_machine_unless_it_only_moves_into_the_metadata() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let with = |more: Json| {
            let mut config = least();
            for (name, value) in more.as_object().unwrap() {
                config[name] = value.clone();
            }
            bench.config(TYPE, &config)
        };
        let mut config = least();
        config["metadata_startup_script"] = json!("echo up");
        let made = bench.create(TYPE, &config).await;

        let other =
            bench.plan(TYPE, Some(&made), &with(json!({ "metadata_startup_script": "echo on" })));
        let moved = bench.plan(
            TYPE,
            Some(&made),
            &with(json!({ "metadata": { "startup-script": "echo up" } })),
        );

        assert_eq!(other.replaces.len(), 1);
        assert!(moved.replaces.is_empty(), "{:?}", moved.replaces);
    });
}

#[test]
fn metadata_that_others_have_set_is_neither_drift_nor_lost() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let mut config = least();
        config["metadata"] = json!({ "mine": "1" });
        let made = bench.create(TYPE, &config).await;
        let path = "projects/polls-demo/zones/asia-south1-a/instances/least";
        let api = &bench.session.api;
        let ask =
            |path: String| terrane::providers::rest::api::Ask::get("compute", path, String::new());
        let found = api.send(&ask(path.into()), &*api.clock).await.unwrap();
        let items = json!([{ "key": "mine", "value": "1" }, { "key": "theirs", "value": "2" }]);
        let body = json!({ "items": items, "fingerprint": found["metadata"]["fingerprint"] });
        let mut set = ask(format!("{path}/setMetadata"));
        (set.method, set.body) = (terrane::http::Method::POST, Some(body));
        api.send(&set, &*api.clock).await.unwrap();
        bench.world.clock().advance(std::time::Duration::from_secs(60));

        let read = bench.read(TYPE, &made).await.unwrap();
        config["metadata"] = json!({ "mine": "3" });
        let wanted = bench.config(TYPE, &config);
        let planned = bench.plan(TYPE, Some(&read), &wanted).after;
        bench
            .act(TYPE, Deed::Update { prior: read.clone(), planned, config: wanted })
            .await
            .unwrap();
        let left = api.send(&ask(path.into()), &*api.clock).await.unwrap();

        assert_eq!(read.field("metadata"), made.field("metadata"));
        let values: Vec<&str> = left["metadata"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| item["value"].as_str())
            .collect();
        assert_eq!(values, ["3", "2"]);
    });
}
