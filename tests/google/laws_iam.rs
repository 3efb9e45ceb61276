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

/// Acts on several members at the same time; gives what became of each, and how often the policy was read and written.
async fn at_once(
    bench: &Bench,
    deeds: Vec<terrane::providers::Deed>,
) -> (Vec<Result<Option<Value>, terrane::providers::Failure>>, [usize; 2]) {
    bench.bodies.lock().unwrap().clear();
    let type_name = "google_project_iam_member";
    let acts = deeds.into_iter().map(|deed| bench.act(type_name, deed));
    let done = futures::future::join_all(acts).await;
    let asked = bench.bodies.lock().unwrap();
    let count = |word: &str| asked.iter().filter(|(request, _)| request.ends_with(word)).count();
    (done, [count(":getIamPolicy"), count(":setIamPolicy")])
}

fn granting(bench: &Bench, role: &str, member: &str) -> terrane::providers::Deed {
    let type_name = "google_project_iam_member";
    let json = json!({ "project": "polls-demo", "role": role, "member": member });
    let config = bench.config(type_name, &json);
    let planned = bench.plan(type_name, None, &config).after;
    terrane::providers::Deed::Create { planned, config }
}

#[test]
fn members_of_one_policy_are_written_together_and_a_refusal_is_that_of_its_member() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let role = |number: usize| ["roles/viewer", "roles/editor", "roles/browser"][number % 3];
        let member = |number: usize| format!("user:m{number}@example.com");
        let grants = |range: std::ops::Range<usize>| -> Vec<_> {
            range.map(|number| granting(&bench, role(number), &member(number))).collect()
        };

        let (made, counts) = at_once(&bench, grants(0..12)).await;
        assert_eq!(counts, [1, 1]);
        let made: Vec<Value> = made.into_iter().map(|made| made.unwrap().unwrap()).collect();
        let told =
            bench.desk.sent.lock().unwrap().iter().filter(|it| it.contains(":setIam")).count();
        assert_eq!(told, 12);

        // Somebody else writes in between.
        let busy = json!({ "path": ":setIamPolicy", "status": 409 });
        bench.world.faults.lock().unwrap().add(&busy).unwrap();
        let mut deeds = grants(12..15);
        let nobody = "serviceAccount:nobody@polls-demo.iam.gserviceaccount.com";
        deeds.push(granting(&bench, "roles/viewer", nobody));
        let (done, _) = at_once(&bench, deeds).await;
        let failed: Vec<bool> = done.iter().map(Result::is_err).collect();
        assert_eq!(failed, [false, false, false, true]);
        let error = done.into_iter().next_back().unwrap().unwrap_err().error;
        assert!(error.detail.contains("nobody@") && error.status == Some(400), "{error}");
        assert!(!error.detail.contains("more of the policy"), "{error}");

        for value in &made {
            assert!(bench.read("google_project_iam_member", value).await.is_some());
        }
        let deeds =
            made.iter().map(|prior| terrane::providers::Deed::Delete { prior: prior.clone() });
        let (gone, counts) = at_once(&bench, deeds.collect()).await;
        assert!(gone.iter().all(Result::is_ok) && counts == [1, 1], "{counts:?}");
        for value in &made {
            assert!(bench.read("google_project_iam_member", value).await.is_none());
        }
    });
}

#[test]
fn policies_of_several_buckets_are_read_at_the_same_time_and_each_once() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let type_name = "google_storage_bucket_iam_member";
        let mut wanted = Vec::new();
        for number in 0..5 {
            let name = format!("polls-iam-{number}");
            bench.create("google_storage_bucket", &json!({ "name": name, "location": "US" })).await;
            for role in ["roles/storage.objectViewer", "roles/storage.objectCreator"] {
                let config =
                    json!({ "bucket": name, "role": role, "member": "user:a@example.com" });
                let made = bench.create(type_name, &config).await;
                wanted.push(super::support::wanted(type_name, &made));
            }
        }
        bench.bodies.lock().unwrap().clear();
        bench.waves.begin();

        let read = bench.session.read_many(&wanted).await;

        assert!(read.iter().all(|read| matches!(read, Ok(Some(_)))), "{read:?}");
        assert_eq!((bench.bodies.lock().unwrap().len(), bench.waves.count()), (5, 1));
    });
}
