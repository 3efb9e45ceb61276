//! The laws for Pub/Sub: topics and subscriptions.

use serde_json::{Value as Json, json};
use terrane::providers::Deed;
use terrane::value::Value;

use super::attributes::swept;
use super::laws::{block_on, enable, laws};
use super::support::Bench;

#[test]
fn topics() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let type_name = "google_pubsub_topic";
        laws(&bench, type_name, &json!({ "name": "least" }), Some("polls-demo/least"), &[]).await;
        let full = json!({
            "name": "votes", "labels": { "app": "polls" }, "message_retention_duration": "86600s",
            "message_storage_policy": { "allowed_persistence_regions": ["asia-south1"], "enforce_in_transit": true },
            "schema_settings": { "schema": "projects/polls-demo/schemas/vote", "encoding": "JSON" },
            "message_transforms": { "javascript_udf": { "code": "function f(m) { return m; }", "function_name": "f" } },
        });
        let changes = [
            json!({ "labels": { "tier": "queue" } }),
            json!({ "message_retention_duration": "3600s" }),
            json!({ "message_retention_duration": null }),
            json!({ "message_transforms": [], "schema_settings": [] }),
            json!({ "ingestion_data_source_settings": { "cloud_storage": { "bucket": "b", "text_format": {} } } }),
            json!({ "ingestion_data_source_settings": { "cloud_storage": { "bucket": "b", "avro_format": {} } } }),
        ];
        laws(&bench, type_name, &full, None, &changes).await;
    });
}

#[test]
fn subscriptions() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let type_name = "google_pubsub_subscription";
        bench.create("google_pubsub_topic", &json!({ "name": "votes" })).await;
        bench.create("google_pubsub_topic", &json!({ "name": "dead" })).await;
        let least = json!({ "name": "least", "topic": "votes" });
        laws(&bench, type_name, &least, Some("least"), &[]).await;
        let full = json!({
            "name": "counter", "topic": "projects/polls-demo/topics/votes", "labels": { "app": "polls" },
            "ack_deadline_seconds": 20, "message_retention_duration": "1200s", "retain_acked_messages": true,
            "enable_message_ordering": true, "filter": "attributes.kind = \"vote\"",
            "expiration_policy": { "ttl": "" }, "retry_policy": { "minimum_backoff": "10s" },
            "dead_letter_policy": { "dead_letter_topic": "projects/polls-demo/topics/dead", "max_delivery_attempts": 7 },
            "push_config": {
                "push_endpoint": "https://polls.example.com/push", "attributes": { "a": "b" },
                "oidc_token": { "service_account_email": "push@polls-demo.iam.gserviceaccount.com" },
            },
        });
        let push = "https://polls.example.com/push";
        let changes = [
            json!({ "ack_deadline_seconds": 30 }),
            json!({ "expiration_policy": { "ttl": "172800s" } }),
            json!({ "expiration_policy": { "ttl": "" } }),
            json!({ "dead_letter_policy": [], "retry_policy": {} }),
            json!({ "push_config": { "push_endpoint": push, "no_wrapper": { "write_metadata": false } } }),
            json!({ "push_config": { "push_endpoint": push, "no_wrapper": { "write_metadata": true } } }),
            json!({ "push_config": [] }),
            json!({ "labels": {} }),
        ];
        laws(&bench, type_name, &full, None, &changes).await;
    });
}

/// What stands in the world under a path of the service.
async fn told(bench: &Bench, path: &str) -> Json {
    let ask = terrane::providers::rest::api::Ask::get("pubsub", path, "asking");
    bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap()
}

#[test]
fn a_subscription_never_expires_where_its_time_is_empty_and_after_a_month_where_none_is_given() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create("google_pubsub_topic", &json!({ "name": "votes" })).await;
        for (name, policy, wanted) in [
            ("none", json!([]), json!({ "ttl": "2678400s" })),
            ("never", json!({ "ttl": "" }), json!({})),
            ("days", json!({ "ttl": "86400.0s" }), json!({ "ttl": "86400.0s" })),
        ] {
            let config = json!({ "name": name, "topic": "votes", "expiration_policy": policy });
            bench.create("google_pubsub_subscription", &config).await;

            let found = told(&bench, &format!("projects/polls-demo/subscriptions/{name}")).await;

            assert_eq!(found["expirationPolicy"], wanted, "{name}");
        }
    });
}

#[test]
fn a_subscription_whose_topic_was_deleted_is_made_anew_for_the_new_one() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let topic = bench.create("google_pubsub_topic", &json!({ "name": "votes" })).await;
        let config = json!({ "name": "counter", "topic": "votes" });
        let made = bench.create("google_pubsub_subscription", &config).await;
        let full = made.field("topic").and_then(Value::as_str);
        assert_eq!(full, Some("projects/polls-demo/topics/votes"));

        bench.act("google_pubsub_topic", Deed::Delete { prior: topic }).await.unwrap();
        let read = bench.read("google_pubsub_subscription", &made).await.unwrap();
        let wanted = bench.config("google_pubsub_subscription", &config);
        let planned = bench.plan("google_pubsub_subscription", Some(&read), &wanted);

        assert_eq!(planned.replaces.len(), 1, "{:?}", planned.replaces);
    });
}

#[test]
fn files_of_a_bucket_have_the_form_that_is_written_last() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create("google_pubsub_topic", &json!({ "name": "votes" })).await;
        let bucket = json!({ "name": "polls-votes", "location": "US" });
        bench.create("google_storage_bucket", &bucket).await;
        let with = |store: Json| json!({ "name": "kept", "topic": "votes", "cloud_storage_config": store });
        let least = with(json!({ "bucket": "polls-votes" }));
        let changes = [
            with(json!({ "bucket": "polls-votes", "avro_config": { "write_metadata": true } })),
            with(json!({ "bucket": "polls-votes", "avro_config": {} })),
            with(json!({ "bucket": "polls-votes", "text_config": {} })),
            with(json!({ "bucket": "polls-votes", "avro_config": { "write_metadata": true } })),
            with(json!({ "bucket": "polls-votes" })),
        ];
        laws(&bench, "google_pubsub_subscription", &least, None, &changes).await;
    });
}

#[test]
fn a_topic_of_dead_letters_alone_has_the_usual_number_of_attempts() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create("google_pubsub_topic", &json!({ "name": "votes" })).await;
        let dead = json!({ "dead_letter_topic": "projects/polls-demo/topics/votes" });
        let seven = json!({ "dead_letter_topic": "projects/polls-demo/topics/votes", "max_delivery_attempts": 7 });
        let config = json!({ "name": "counter", "topic": "votes", "dead_letter_policy": dead });
        let changes =
            [json!({ "dead_letter_policy": seven }), json!({ "dead_letter_policy": dead })];
        laws(&bench, "google_pubsub_subscription", &config, None, &changes).await;
    });
}

#[test]
fn every_attribute_of_a_topic() {
    swept("google_pubsub_topic");
}

#[test]
fn every_attribute_of_a_subscription() {
    swept("google_pubsub_subscription");
}
