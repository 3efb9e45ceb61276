//! The four laws for bindings and whole policies.

use serde_json::json;
use terrane::addr::Mode;
use terrane::providers::{Provider, Session};
use terrane::value::Value;

use super::laws::{block_on, enable, laws};
use super::support::{Bench, object};

async fn policy_data(bench: &Bench, config: &serde_json::Value) -> String {
    let type_name = "google_iam_policy";
    let entry = bench.provider.catalog().entry(Mode::Data, type_name).unwrap();
    let empty = bench.provider.resource(Mode::Data, type_name).unwrap().empty();
    let value =
        object(&entry.spec.parts, config).with_field("id", empty.field("id").unwrap().clone());
    let read = bench.session.read_data(type_name, &value).await.unwrap();
    read.field("policy_data").and_then(Value::as_str).unwrap().to_string()
}

async fn surroundings(bench: &Bench) {
    enable(bench).await;
    bench.create("google_storage_bucket", &json!({ "name": "polls-iam", "location": "US" })).await;
}

#[test]
fn bindings() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let role = "roles/storage.objectViewer";
        let bucket = json!({ "bucket": "polls-iam", "role": role, "members": ["user:A@example.com", "group:b@example.com"] });
        let changes = [
            json!({ "members": ["user:c@example.com"] }),
            json!({ "members": ["allUsers", "user:c@example.com"] }),
        ];
        let import = format!("b/polls-iam {role}");
        laws(&bench, "google_storage_bucket_iam_binding", &bucket, Some(&import), &changes).await;
        let role = "roles/artifactregistry.reader";
        let project =
            json!({ "project": "polls-demo", "role": role, "members": ["user:a@example.com"] });
        let import = format!("polls-demo {role}");
        laws(&bench, "google_project_iam_binding", &project, Some(&import), &changes[..1]).await;
    });
}

#[test]
fn a_binding_is_that_of_its_condition_and_leaves_the_others_alone() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let role = "roles/viewer";
        let until = json!({ "title": "until", "expression": "request.time < timestamp(\"2030-01-01T00:00:00Z\")" });
        let bound = json!({ "project": "polls-demo", "role": role, "members": ["user:a@example.com"], "condition": until });
        let free =
            json!({ "project": "polls-demo", "role": role, "members": ["user:b@example.com"] });
        let type_name = "google_project_iam_binding";
        let first = bench.create(type_name, &bound).await;
        let second = bench.create(type_name, &free).await;

        let deed = terrane::providers::Deed::Delete { prior: second.clone() };
        bench.act(type_name, deed).await.unwrap();

        let import = format!("polls-demo {role} until");
        for (type_name, import) in [
            (type_name, import),
            ("google_project_iam_member", format!("polls-demo {role} user:a@example.com until")),
        ] {
            let found = bench.provider.import(type_name, &import, &bench.block).unwrap();
            let found = bench.read(type_name, &found).await.unwrap();
            assert_eq!(found.field("condition"), first.field("condition"), "{type_name}");
        }
        let left = bench.read(type_name, &first).await.unwrap();
        assert_eq!(left.field("members"), first.field("members"));
        assert!(bench.read(type_name, &second).await.is_none());
    });
}

#[test]
fn whole_policies() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let policy = json!({ "binding": [
            { "role": "roles/storage.admin", "members": ["user:a@example.com"] },
            { "role": "roles/storage.objectViewer", "members": ["user:B@example.com", "allUsers"] },
        ] });
        let first = policy_data(&bench, &policy).await;
        let second = policy_data(&bench, &json!({ "binding": { "role": "roles/storage.admin", "members": ["user:a@example.com"] } })).await;
        assert_eq!(
            second,
            r#"{"bindings":[{"members":["user:a@example.com"],"role":"roles/storage.admin"}]}"#
        );
        let config = json!({ "bucket": "polls-iam", "policy_data": first });
        let changes = [json!({ "policy_data": second })];
        laws(&bench, "google_storage_bucket_iam_policy", &config, Some("b/polls-iam"), &changes)
            .await;
        let roles =
            json!({ "binding": { "role": "roles/owner", "members": ["user:a@example.com"] } });
        let config =
            json!({ "project": "polls-demo", "policy_data": policy_data(&bench, &roles).await });
        laws(&bench, "google_project_iam_policy", &config, Some("polls-demo"), &[]).await;
    });
}

#[test]
fn a_policy_that_gives_nobody_a_role_stands() {
    block_on(async {
        let bench = Bench::new();
        surroundings(&bench).await;
        let type_name = "google_storage_bucket_iam_policy";
        let config =
            json!({ "bucket": "polls-iam", "policy_data": policy_data(&bench, &json!({})).await });
        let made = bench.create(type_name, &config).await;

        let read = bench.read(type_name, &made).await;

        assert_eq!(read.as_ref(), Some(&made));
    });
}

#[test]
fn keys_of_service_accounts() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let account =
            bench.create("google_service_account", &json!({ "account_id": "polls-keys" })).await;
        let text = |value: &Value, name: &str| {
            value.field(name).and_then(Value::as_str).unwrap_or_default().to_string()
        };
        let type_name = "google_service_account_key";
        for name in [text(&account, "email"), text(&account, "name"), text(&account, "unique_id")] {
            let config = json!({ "service_account_id": name, "keepers": { "turn": "1" } });
            let key = bench.create(type_name, &config).await;
            let read = bench.read(type_name, &key).await.unwrap();
            let again = bench.plan(type_name, Some(&read), &bench.config(type_name, &config));
            let turned = json!({ "service_account_id": name, "keepers": { "turn": "2" } });
            let turned = bench.plan(type_name, Some(&read), &bench.config(type_name, &turned));

            super::support::assert_same("the key as read", &key, &read);
            super::support::assert_same("the next plan", &read, &again.after);
            assert!(text(&key, "private_key").len() > 100 && text(&key, "public_key").len() > 50);
            assert_eq!(
                turned.replaces.iter().map(ToString::to_string).collect::<Vec<_>>(),
                ["keepers"]
            );
            bench
                .act(type_name, terrane::providers::Deed::Delete { prior: read.clone() })
                .await
                .unwrap();
            assert!(bench.read(type_name, &read).await.is_none());
        }
        let given = json!({ "service_account_id": text(&account, "email"), "public_key_data": "LS0tLS1CRUdJTg==" });
        let key = bench.create(type_name, &given).await;
        assert_eq!(
            (text(&key, "private_key"), text(&key, "public_key")),
            (String::new(), "LS0tLS1CRUdJTg==".into())
        );
    });
}
