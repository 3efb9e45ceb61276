//! The same thing written in another way, and what is not written at all.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::http::Method;
use terrane::providers::{Action, ApiErrorKind, Deed, Provider, Session};
use terrane::value::Value;

use super::faults::ask;
use super::laws::{block_on, enable};
use super::support::{Bench, address, assert_same};

/// Makes an object, reads it, and looks whether the next plan is empty.
async fn stays(bench: &Bench, type_name: &str, json: &Json) -> Value {
    let made = bench.create(type_name, json).await;
    let read = bench.read(type_name, &made).await.unwrap();
    let planned = bench.plan(type_name, Some(&read), &bench.config(type_name, json));
    assert_same(type_name, &read, &planned.after);
    assert!(planned.replaces.is_empty(), "{type_name}: {:?}", planned.replaces);
    read
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_region_a_zone_and_a_project_may_be_written_as_links() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench
            .create(
                "google_compute_network",
                &json!({ "name": "n", "auto_create_subnetworks": false }),
            )
            .await;
        let region =
            "https://www.googleapis.com/compute/v1/projects/polls-demo/regions/us-central1";
        let zone = "projects/polls-demo/zones/us-central1-a";

        let part = json!({ "name": "s", "network": "n", "region": region, "ip_cidr_range": "10.0.0.0/24" });
        let part = stays(&bench, "google_compute_subnetwork", &part).await;
        let own = json!({ "name": "a", "region": region });
        let own = stays(&bench, "google_compute_address", &own).await;
        let disk =
            stays(&bench, "google_compute_disk", &json!({ "name": "d", "zone": zone })).await;
        let member = json!({ "project": "projects/polls-demo", "role": "roles/viewer", "member": "user:a@example.com" });
        let member = stays(&bench, "google_project_iam_member", &member).await;

        let ids = [text(&part, "id"), text(&own, "id"), text(&disk, "id"), text(&member, "id")];
        assert_eq!(
            ids,
            [
                "projects/polls-demo/regions/us-central1/subnetworks/s",
                "projects/polls-demo/regions/us-central1/addresses/a",
                "projects/polls-demo/zones/us-central1-a/disks/d",
                "polls-demo/roles/viewer/user:a@example.com",
            ]
        );
    });
}

#[test]
fn the_format_of_a_repository_may_be_written_small() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;

        let json = json!({ "repository_id": "r", "location": "us-central1", "format": "docker" });
        let made = stays(&bench, "google_artifact_registry_repository", &json).await;

        assert_eq!(text(&made, "format"), "docker");
    });
}

#[test]
fn blocks_that_an_object_lacks_are_an_empty_list_of_its_data_source() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let json = json!({ "name": "bare", "location": "US", "force_destroy": true });
        bench.create("google_storage_bucket", &json).await;

        let schema = bench.provider.resource(Mode::Data, "google_storage_bucket").unwrap();
        let config = schema.empty().with_field("name", Value::string("bare"));
        let read = bench.session.read_data("google_storage_bucket", &config).await.unwrap();

        for name in ["cors", "lifecycle_rule", "website", "encryption"] {
            let length = read.field(name).and_then(Value::elements).map(<[Value]>::len);
            assert_eq!(length, Some(0), "{name}");
        }
    });
}

#[test]
fn what_the_service_gives_to_a_new_block_replaces_nothing() {
    let bench = Bench::new();
    let machine = |inside: Json| {
        let mut json = json!({ "name": "m", "zone": "us-central1-a", "machine_type": "e2-small",
            "boot_disk": [{ "source": "d" }], "network_interface": [{ "subnetwork": "s", "network": "n" }] });
        for (name, value) in inside.as_object().unwrap() {
            json["network_interface"][0][name] = value.clone();
        }
        bench.config("google_compute_instance", &json)
    };
    let before = machine(json!({}));
    let prior = bench.plan("google_compute_instance", None, &before).after;
    let prior = terrane::providers::rest::job::settled(&prior);
    let access = |more: Json| {
        let mut block = json!({ "network_tier": "PREMIUM" });
        block.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let config = machine(json!({ "ipv6_access_config": [block] }));
        let planned = bench.plan("google_compute_instance", Some(&prior), &config);
        planned.replaces.iter().map(ToString::to_string).collect::<Vec<_>>()
    };

    let added = access(json!({}));
    let named = access(json!({ "name": "outside" }));

    assert_eq!(added, Vec::<String>::new());
    assert_eq!(named.len(), 1, "{named:?}");
}

#[test]
fn an_object_may_be_imported_by_its_link_and_a_key_by_its_ring_and_name() {
    let bench = Bench::new();
    let import = |type_name: &str, id: &str| {
        let found = bench.provider.import(type_name, id, &bench.block).unwrap();
        text(&found, "id").to_string()
    };

    let link = "https://www.googleapis.com/compute/v1/projects/p/regions/us-central1/subnetworks/s";
    let part = import("google_compute_subnetwork", link);
    let key = import("google_kms_crypto_key", "projects/p/locations/global/keyRings/r/k");

    assert_eq!(part, "projects/p/regions/us-central1/subnetworks/s");
    assert_eq!(key, "projects/p/locations/global/keyRings/r/cryptoKeys/k");
}

#[test]
fn an_object_that_another_instance_makes_is_not_taken_for_ones_own() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let json = json!({ "name": "one", "location": "US", "force_destroy": true });
        let config = bench.config("google_storage_bucket", &json);
        let planned = bench.plan("google_storage_bucket", None, &config).after;
        let act = |name: &str| Action {
            address: terrane::addr::Address::root(Mode::Managed, "google_storage_bucket", name),
            type_name: "google_storage_bucket".into(),
            deed: Deed::Create { planned: planned.clone(), config: config.clone() },
            private: Vec::new(),
            cleared: false,
            met: Vec::new(),
        };

        let first = bench.session.act(&act("a"), &bench.desk).await;
        let second = bench.session.act(&act("b"), &bench.desk).await;
        let other = Bench::new();
        enable(&other).await;
        let url = format!("{}b?project=polls-demo", other.session.api.bases["storage"]);
        let body = json!({ "name": "one", "location": "US" });
        assert_eq!(ask(&other, Method::POST, &url, &body).await, 200);
        *other.desk.tracked.lock().unwrap() = Some(address("google_storage_bucket"));
        let later = other.session.act(&act("c"), &other.desk).await;

        assert!(first.is_ok());
        let second = second.unwrap_err().error;
        assert_eq!(second.kind, ApiErrorKind::Conflict);
        assert!(second.detail.contains("that of google_storage_bucket.a"), "{}", second.detail);
        let later = later.unwrap_err().error;
        assert!(later.detail.contains("that of google_storage_bucket.it"), "{}", later.detail);
    });
}
