//! What services do wrong, and what somebody else does: retries, lost answers, drift, refusals with a remedy.

use serde_json::{Value as Json, json};
use terrane::http::{Method, Request};
use terrane::providers::{ApiErrorKind, Deed, Desk, Session, Wanted};
use terrane::state::Broken;
use terrane::value::Value;

use super::laws::{block_on, enable};
use super::support::{Bench, address, assert_same};

pub(super) async fn ask(bench: &Bench, method: Method, url: &str, body: &Json) -> u16 {
    let token = bench.session.api.tokens.token().await.unwrap();
    let mut request = Request::new(method, url).json(body);
    request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    bench.session.api.transport.send(request).await.unwrap().status.as_u16()
}

fn fault(bench: &Bench, fault: &Json) {
    bench.world.faults.lock().unwrap().add(fault).unwrap();
}

fn bucket(name: &str) -> Json {
    json!({ "name": name, "location": "US", "labels": { "app": "polls" }, "force_destroy": true })
}

#[test]
fn a_passing_failure_is_tried_again() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        fault(&bench, &json!({ "method": "POST", "path": "/b", "status": 503, "times": 2 }));

        let made = bench.create("google_storage_bucket", &bucket("again")).await;

        assert_eq!(made.field("id"), Some(&Value::string("again")));
    });
}

#[test]
fn a_service_that_has_too_much_to_do_is_asked_less_and_the_others_are_not() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let pace = bench.session.api.pace.clone();
        let (storage, iam) = (pace.gate("storage"), pace.gate("iam"));
        let (before, all) = (iam.width(), pace.width());
        fault(&bench, &json!({ "method": "POST", "path": "/b", "status": 429, "times": 3 }));

        let name = |number: usize| format!("at-once-{number}");
        bench.create("google_storage_bucket", &bucket(&name(0))).await;
        let refused = storage.width();
        for number in 1..4 {
            bench.create("google_storage_bucket", &bucket(&name(number))).await;
        }

        assert_eq!((before, refused), (64, 2));
        assert!(storage.width() > refused, "{}", storage.width());
        assert_eq!(iam.width(), before);
        assert!(pace.width() >= all, "{all} {}", pace.width());
    });
}

/// Google's refusal of a request that a quota has no room for.
fn used_up(limit: &str) -> Json {
    let metadata = json!({ "quota_limit": limit, "quota_limit_value": "60", "service": "storage.googleapis.com" });
    json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded for quota metric 'Writes'.",
        "details": [{ "reason": "RATE_LIMIT_EXCEEDED", "metadata": metadata }] } })
}

#[test]
fn the_quota_of_a_minute_is_waited_for_and_that_of_a_day_is_told() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let body = used_up("WritesPerMinutePerProject");
        fault(
            &bench,
            &json!({ "method": "POST", "path": "/b", "status": 429, "times": 6, "body": body }),
        );
        let begun = bench.session.api.clock.now();

        bench.create("google_storage_bucket", &bucket("in-a-minute")).await;
        let took = bench.session.api.clock.now().duration_since(begun).as_secs();
        let body = used_up("WritesPerDayPerProject");
        fault(&bench, &json!({ "method": "POST", "path": "/b", "status": 429, "body": body }));
        let config = bench.config("google_storage_bucket", &bucket("today"));
        let planned = bench.plan("google_storage_bucket", None, &config).after;
        let deed = Deed::Create { planned, config };
        let refused = bench.act("google_storage_bucket", deed).await.unwrap_err().error;

        assert!((60..=90).contains(&took), "{took}");
        assert_eq!(refused.kind, ApiErrorKind::Quota);
        let said = "The quota WritesPerDayPerProject (60) is used up. Waiting does not help";
        assert!(refused.help[0].starts_with(said), "{:?}", refused.help);
    });
}

#[test]
fn an_object_whose_answer_was_lost_is_found() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        fault(&bench, &json!({ "method": "POST", "path": "/b", "lost": true }));

        let made = bench.create("google_storage_bucket", &bucket("lost")).await;

        let planned = bench.plan(
            "google_storage_bucket",
            Some(&made),
            &bench.config("google_storage_bucket", &bucket("lost")),
        );
        assert_same("the plan after", &made, &planned.after);
    });
}

#[test]
fn a_change_by_somebody_else_is_seen_and_mended() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = bench.create("google_storage_bucket", &bucket("drifting")).await;
        let url = format!("{}b/drifting", bench.session.api.bases["storage"]);
        let status = ask(
            &bench,
            Method::PATCH,
            &url,
            &json!({ "labels": { "app": "other", "theirs": "x" } }),
        )
        .await;
        assert_eq!(status, 200);

        let read = bench.read("google_storage_bucket", &made).await.unwrap();

        let labels = read.field("labels").unwrap();
        assert_eq!(labels.field("app"), Some(&Value::string("other")));
        assert!(labels.field("theirs").is_none());
        let config = bench.config("google_storage_bucket", &bucket("drifting"));
        let planned = bench.plan("google_storage_bucket", Some(&read), &config).after;
        let deed = Deed::Update { prior: read, planned, config };
        let mended = bench.act("google_storage_bucket", deed).await.unwrap().unwrap();
        let all = mended.field("effective_labels").unwrap();
        assert_eq!(all.field("app"), Some(&Value::string("polls")));
        assert_eq!(all.field("theirs"), Some(&Value::string("x")));
    });
}

#[test]
fn a_service_that_is_not_enabled_is_named_with_the_remedy() {
    block_on(async {
        let bench = Bench::new();
        let config = bench.config("google_storage_bucket", &bucket("early"));
        let planned = bench.plan("google_storage_bucket", None, &config).after;

        let refused = bench.act("google_storage_bucket", Deed::Create { planned, config }).await;

        let error = refused.unwrap_err().error;
        assert_eq!(error.kind, ApiErrorKind::Denied);
        assert!(error.detail.contains("google_storage_bucket.it"), "{}", error.detail);
        assert!(
            error.help.iter().any(|help| help.contains("google_project_service")),
            "{:?}",
            error.help
        );
    });
}

#[test]
fn a_missing_cluster_is_not_an_error_of_reading() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let value = bench
            .config("google_container_cluster", &json!({ "name": "none", "location": "us-east1" }));
        let wanted = Wanted {
            address: address("google_container_cluster"),
            type_name: "google_container_cluster".into(),
            value,
            private: Vec::new(),
        };

        let found = bench.session.read_many(&[wanted]).await;

        assert!(matches!(found.as_slice(), [Ok(None)]), "{found:?}");
    });
}

/// Gives a planned value as a journal keeps it: null in the place of what is not known.
fn journaled(value: &Value) -> Value {
    match value.is_known() {
        true => value.map_parts(&mut journaled),
        false => Value::null(value.ty()),
    }
}

#[test]
fn what_a_run_that_was_killed_has_made_is_found_whole() {
    let cluster = json!({
        "name": "c", "location": "asia-south1-a", "initial_node_count": 1,
        "release_channel": [{ "channel": "REGULAR" }], "ip_allocation_policy": [{}], "deletion_protection": false,
        "node_config": [{ "machine_type": "e2-small", "disk_size_gb": 20 }],
    });
    let pool = json!({
        "name": "p", "location": "asia-south1-a", "cluster": "c", "node_count": 1,
        "node_config": [{ "machine_type": "g1-small", "preemptible": true, "disk_size_gb": 20 }],
        "management": [{ "auto_repair": true, "auto_upgrade": true }],
    });
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let since = bench.desk.clock().now();
        for (type_name, config) in
            [("google_container_cluster", &cluster), ("google_container_node_pool", &pool)]
        {
            bench.create(type_name, config).await;
            let planned = bench.plan(type_name, None, &bench.config(type_name, config)).after;
            let found = |value: Value| {
                let (address, type_name) = (address(type_name), type_name.to_string());
                let wanted = Wanted { address, type_name, value, private: Vec::new() };
                let (session, desk) = (&bench.session, &bench.desk);
                let broken = Broken { since, told: Json::Null };
                async move { session.find(&wanted, &broken, desk).await.unwrap() }
            };

            let ours = found(journaled(&planned)).await;
            let mut theirs = config.clone();
            theirs["node_config"][0]["machine_type"] = "e2-medium".into();
            let theirs = bench.plan(type_name, None, &bench.config(type_name, &theirs)).after;
            let theirs = found(journaled(&theirs)).await;

            assert!(ours.object.is_some() && ours.complete, "{type_name}");
            assert!(theirs.object.is_some() && !theirs.complete, "{type_name}");
        }
    });
}

#[test]
fn a_request_that_is_sent_twice_on_its_way_is_no_conflict_and_somebody_elses_object_is_one() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        fault(&bench, &json!({ "method": "POST", "path": "/b", "double": true }));
        bench.create("google_storage_bucket", &bucket("twice")).await;

        bench.world.clock().advance(std::time::Duration::from_secs(60));
        let config = bench.config("google_storage_bucket", &bucket("twice"));
        let planned = bench.plan("google_storage_bucket", None, &config).after;
        let again = bench.act("google_storage_bucket", Deed::Create { planned, config }).await;

        assert_eq!(again.unwrap_err().error.kind, ApiErrorKind::Conflict);
    });
}

#[test]
fn a_request_of_compute_engine_is_done_once_however_often_it_is_sent() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        fault(&bench, &json!({ "method": "POST", "path": "/global/networks", "double": true }));
        fault(&bench, &json!({ "method": "PATCH", "path": "/global/networks", "lost": true }));

        let json = json!({ "name": "twice", "auto_create_subnetworks": false });
        let made = bench.create("google_compute_network", &json).await;
        bench.ids.lock().unwrap().clear();
        let changed =
            json!({ "name": "twice", "auto_create_subnetworks": false, "routing_mode": "GLOBAL" });
        let config = bench.config("google_compute_network", &changed);
        let planned = bench.plan("google_compute_network", Some(&made), &config).after;
        let deed = Deed::Update { prior: made, planned, config };
        let updated = bench.act("google_compute_network", deed).await.unwrap().unwrap();

        assert_eq!(updated.field("routing_mode"), Some(&Value::string("GLOBAL")));
        let mut ids = bench.ids.lock().unwrap().clone();
        assert!(ids.len() > 1, "{ids:?}");
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
    });
}
