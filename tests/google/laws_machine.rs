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

/// What a change of one configuration of a standing machine plans, and the bodies of its calls.
async fn changed(bench: &Bench, from: &Json, change: &Json) -> (Vec<String>, Vec<(String, Json)>) {
    let made = bench.create(TYPE, from).await;
    let mut to = from.clone();
    for (name, value) in change.as_object().unwrap() {
        to[name] = value.clone();
    }
    let wanted = bench.config(TYPE, &to);
    let planned = bench.plan(TYPE, Some(&made), &wanted);
    assert!(planned.problems.is_empty(), "{:?}", planned.problems);
    let replaces: Vec<String> = planned.replaces.iter().map(ToString::to_string).collect();
    bench.bodies.lock().unwrap().clear();
    let mut left = made.clone();
    if replaces.is_empty() {
        let deed = Deed::Update { prior: made, planned: planned.after, config: wanted.clone() };
        let done =
            bench.act(TYPE, deed).await.unwrap_or_else(|failure| panic!("{}", failure.error));
        left = bench.read(TYPE, &done.unwrap()).await.unwrap();
        let again = bench.plan(TYPE, Some(&left), &wanted);
        assert!(again.replaces.is_empty(), "{:?}", again.replaces);
        super::support::assert_same(&change.to_string(), &left, &again.after);
    }
    let sent = bench.bodies.lock().unwrap().clone();
    bench.act(TYPE, Deed::Delete { prior: left }).await.unwrap();
    let last = |line: &str| line.rsplit('/').next().unwrap().to_string();
    let calls = sent.iter().filter(|(line, _)| !line.starts_with("GET"));
    (replaces, calls.map(|(line, body)| (last(line), body.clone())).collect())
}

#[test]
fn an_interface_moves_into_another_network_while_the_machine_stands_still() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        bench.create("google_compute_network", &json!({ "name": "wide" })).await;
        let mut from = least();
        from["allow_stopping_for_update"] = json!(true);
        let change = json!({ "network_interface": { "network": "wide" } });

        let (_, sent) = changed(&bench, &from, &change).await;

        let calls: Vec<&str> = sent.iter().map(|(line, _)| line.as_str()).collect();
        let moved = "updateNetworkInterface?networkInterface=nic0";
        assert_eq!(calls, ["stop", moved, "start"]);
        assert!(sent[1].1["network"].as_str().unwrap().ends_with("/wide"));
        assert!(sent[1].1["subnetwork"].is_null());
    });
}

#[test]
fn a_subnetworks_project_beside_a_link_is_the_links() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let link = "projects/polls-demo/regions/asia-south1/subnetworks/one";
        let mut from = least();
        from["network_interface"] = json!({ "subnetwork": link });
        let change = json!({ "network_interface": { "subnetwork": link, "subnetwork_project": "other" }, "tags": ["web"] });

        let (_, sent) = changed(&bench, &from, &change).await;

        assert_eq!(sent.len(), 1, "{sent:?}");
    });
}

#[test]
fn a_subnetworks_project_beside_a_name_moves_the_interface() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let mut config = least();
        config["allow_stopping_for_update"] = json!(true);
        config["network_interface"] = json!({ "subnetwork": "one" });
        let made = bench.create(TYPE, &config).await;
        config["network_interface"]["subnetwork_project"] = json!("polls-host");

        let planned = bench.plan(TYPE, Some(&made), &bench.config(TYPE, &config)).after;

        let interface = planned.field("network_interface").unwrap().elements().unwrap()[0].clone();
        assert_eq!(interface.field("subnetwork").unwrap().as_str(), Some("one"));
        assert!(!interface.field("network_ip").unwrap().is_known());
    });
}

#[test]
fn an_address_of_its_own_is_another_machines_unless_the_interface_moves() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let mut from = least();
        from["allow_stopping_for_update"] = json!(true);
        from["network_interface"] = json!({ "subnetwork": "one" });
        let stays =
            json!({ "network_interface": { "subnetwork": "one", "network_ip": "10.1.0.77" } });
        let moves =
            json!({ "network_interface": { "subnetwork": "two", "network_ip": "10.2.0.77" } });
        let prefix = json!({ "network_interface": { "subnetwork": "one", "internal_ipv6_prefix_length": 96 } });
        let boot = json!({ "boot_disk": { "interface": "NVME", "initialize_params": { "image": "debian-cloud/debian-12" } } });
        let usual = json!({ "boot_disk": { "interface": "SCSI", "initialize_params": { "image": "debian-cloud/debian-12" } } });

        let (replaced, _) = changed(&bench, &from, &stays).await;
        let (prefixed, _) = changed(&bench, &from, &prefix).await;
        let (moved, sent) = changed(&bench, &from, &moves).await;
        let (booted, _) = changed(&bench, &from, &boot).await;
        let (same, _) = changed(&bench, &from, &usual).await;

        assert_eq!(replaced, ["network_interface[0].network_ip"]);
        assert_eq!(prefixed, ["network_interface[0].internal_ipv6_prefix_length"]);
        assert!(moved.is_empty());
        assert_eq!(sent[1].1["networkIP"], json!("10.2.0.77"));
        assert_eq!(booted, ["boot_disk[0].interface"]);
        assert!(same.is_empty());
    });
}

#[test]
fn features_of_the_processor_change_while_the_machine_stands_still() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let mut from = least();
        from["allow_stopping_for_update"] = json!(true);
        let change = json!({ "advanced_machine_features": { "threads_per_core": 1 } });

        let calls = calls(&bench, &from, &change).await;

        assert_eq!(calls, ["stop", "least?mostDisruptiveAllowedAction=REFRESH", "start"]);
    });
}

#[test]
fn changed_tags_of_the_resource_manager_are_sent() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let tags =
            |value: &str| json!({ "params": { "resource_manager_tags": { "tagKeys/1": value } } });
        let mut from = least();
        from["params"] = tags("tagValues/1")["params"].clone();

        let (replaced, sent) = changed(&bench, &from, &tags("tagValues/2")).await;

        assert!(replaced.is_empty(), "{replaced:?}");
        let given = json!({ "resourceManagerTags": { "tagKeys/1": "tagValues/2" } });
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].1["params"], given);
    });
}

#[test]
fn a_way_out_that_changes_gets_an_address_anew() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let address = json!({ "name": "front", "region": "asia-south1" });
        let address = bench.create("google_compute_address", &address).await;
        let address = address.field("address").unwrap().as_str().unwrap().to_string();
        let with = |access: Json| json!({ "network_interface": { "network": "default", "access_config": access } });
        let mut from = least();
        from["network_interface"] = with(json!({}))["network_interface"].clone();

        let named = with(json!({ "public_ptr_domain_name": "web.example.com." }));
        let (_, named) = changed(&bench, &from, &named).await;
        let own = with(json!({ "nat_ip": address }));
        let (_, own) = changed(&bench, &from, &own).await;

        assert_eq!(named[1].1["setPublicPtr"], json!(true));
        assert!(named[1].1["natIP"].is_null(), "{}", named[1].1);
        assert_eq!(own[1].1["natIP"], json!(address));
    });
}

#[test]
fn a_disk_with_another_key_is_attached_anew() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let disk = |key: &str| json!({ "attached_disk": [{ "source": "data", "device_name": "data", "disk_encryption_key_raw": key }] });
        let mut from = least();
        from["attached_disk"] = disk("b25l")["attached_disk"].clone();

        let calls = calls(&bench, &from, &disk("dHdv")).await;

        assert_eq!(calls, ["detachDisk?deviceName=data", "attachDisk"]);
    });
}

#[test]
fn a_protected_machine_stays_until_its_protection_is_taken_away() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let mut config = least();
        config["deletion_protection"] = json!(true);
        let made = bench.create(TYPE, &config).await;
        let refused = bench.act(TYPE, Deed::Delete { prior: made.clone() }).await;
        let unaware = made.with_field("deletion_protection", Value::bool(false));
        let denied = bench.act(TYPE, Deed::Delete { prior: unaware }).await;
        config["deletion_protection"] = json!(false);
        let wanted = bench.config(TYPE, &config);
        let planned = bench.plan(TYPE, Some(&made), &wanted).after;
        bench.bodies.lock().unwrap().clear();
        let deed = Deed::Update { prior: made, planned, config: wanted };
        let free = bench.act(TYPE, deed).await.unwrap().unwrap();
        let sent = bench.bodies.lock().unwrap().clone();
        let gone = bench.act(TYPE, Deed::Delete { prior: free }).await;

        let refused = format!("{:?}", refused.unwrap_err().error);
        assert!(refused.contains("`deletion_protection` is true"), "{refused}");
        let denied = format!("{:?}", denied.unwrap_err().error);
        assert!(denied.contains("protected against deletion"), "{denied}");
        let unset = "least/setDeletionProtection?deletionProtection=false";
        assert!(sent.iter().any(|(line, _)| line.ends_with(unset)), "{sent:?}");
        assert!(gone.is_ok());
    });
}

#[test]
fn a_disk_that_a_machine_uses_is_no_drift() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let disk = json!({ "name": "lone", "zone": "asia-south1-a", "size": 10 });
        let disk = bench.create("google_compute_disk", &disk).await;
        let disk = bench.read("google_compute_disk", &disk).await.unwrap();
        let mut config = least();
        config["attached_disk"] = json!([{ "source": "lone" }]);
        bench.create(TYPE, &config).await;

        let again = bench.read("google_compute_disk", &disk).await.unwrap();

        super::support::assert_same("the disk", &disk, &again);
    });
}
