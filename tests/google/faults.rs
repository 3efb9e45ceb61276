//! What services do wrong, and what somebody else does: retries, lost answers, drift, refusals with a remedy.

use serde_json::{Value as Json, json};
use terrane::http::{Method, Request};
use terrane::providers::{ApiErrorKind, Deed, Session, Wanted};
use terrane::value::Value;

use super::laws::{block_on, enable};
use super::support::{Bench, address, assert_same};

async fn ask(bench: &Bench, method: Method, url: &str, body: &Json) -> u16 {
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
