//! Somebody changes an object between the plan and the apply: nothing is written over, and it is told what changed.

use serde_json::{Value as Json, json};
use terrane::http::Method;
use terrane::providers::{ApiErrorKind, Deed};
use terrane::value::Value;

use super::faults::ask;
use super::laws::{block_on, enable};
use super::support::Bench;

/// A type with labels, the path of its object, and the request by which somebody else labels it.
struct Case {
    type_name: &'static str,
    json: Json,
    labels: &'static str,
    request: (Method, &'static str, &'static str, Json),
}

fn cases() -> Vec<Case> {
    let theirs = json!({ "l": "1", "other": "x" });
    vec![
        Case {
            type_name: "google_storage_bucket",
            json: json!({ "name": "demo-b", "location": "US", "force_destroy": true }),
            labels: "labels",
            request: (Method::PATCH, "storage", "b/demo-b", json!({ "labels": theirs })),
        },
        Case {
            type_name: "google_secret_manager_secret",
            json: json!({ "secret_id": "s", "replication": [{ "auto": [{}] }] }),
            labels: "labels",
            request: (
                Method::PATCH,
                "secretmanager",
                "projects/polls-demo/secrets/s?updateMask=labels",
                json!({ "labels": theirs }),
            ),
        },
        Case {
            type_name: "google_sql_database_instance",
            json: json!({ "name": "m", "database_version": "POSTGRES_15", "deletion_protection": false,
                "region": "us-central1", "settings": [{ "tier": "db-f1-micro" }] }),
            labels: "user_labels",
            request: (
                Method::PATCH,
                "sqladmin",
                "projects/polls-demo/instances/m",
                json!({ "settings": { "userLabels": theirs } }),
            ),
        },
    ]
}

/// Gives the configuration with a label of this value.
fn labelled(case: &Case, value: &str) -> Json {
    let mut json = case.json.clone();
    let place = match case.labels {
        "user_labels" => &mut json["settings"][0],
        _ => &mut json,
    };
    place[case.labels] = json!({ "l": value });
    json
}

#[test]
fn what_somebody_changed_since_the_plan_is_not_written_over() {
    block_on(async {
        for case in cases() {
            let (bench, name) = (Bench::new(), case.type_name);
            enable(&bench).await;
            let made = bench.create(name, &labelled(&case, "1")).await;
            let config = bench.config(name, &labelled(&case, "2"));
            let update = |prior: Value| {
                let planned = bench.plan(name, Some(&prior), &config).after;
                Deed::Update { prior, planned, config: config.clone() }
            };
            let read = bench.read(name, &made).await.unwrap();
            let deed = update(read);
            bench.pass_seconds(1200).await;
            let (method, service, path, body) = &case.request;
            let url = format!("{}{path}", bench.session.api.bases[*service]);
            assert_eq!(ask(&bench, method.clone(), &url, body).await, 200, "{name}");
            bench.pass_seconds(1200).await;

            let before = bench.desk.sent.lock().unwrap().len();
            let refused = bench.act(name, deed).await.unwrap_err().error;
            let sent = bench.desk.sent.lock().unwrap().len() - before;
            let again = bench.read(name, &made).await.unwrap();
            let done = bench.act(name, update(again)).await;

            assert_eq!((refused.kind, sent), (ApiErrorKind::Conflict, 0), "{name}");
            assert_eq!(refused.summary, "Changed since the plan");
            assert!(refused.detail.contains("labels"), "{}", refused.detail);
            assert!(refused.help[0].starts_with("Plan again"), "{:?}", refused.help);
            assert!(done.is_ok(), "{name}: {:?}", done.unwrap_err().error);
        }
    });
}
