//! Objects of buckets: the laws, and what is theirs alone.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::http::{Method, Request};
use terrane::providers::{ApiErrorKind, Deed, Provider, Session};
use terrane::sandbox::Service;
use terrane::value::Value;

use super::attributes::swept;
use super::laws::{block_on, enable, laws};
use super::support::{Bench, object};

const OBJECT: &str = "google_storage_bucket_object";

async fn bench() -> Bench {
    let bench = Bench::new();
    enable(&bench).await;
    let bucket = json!({
        "name": "polls-objects", "location": "US", "enable_object_retention": true, "versioning": { "enabled": true },
    });
    bench.create("google_storage_bucket", &bucket).await;
    bench
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_str).unwrap_or_default()
}

/// Plans a configuration over what stands, and does what is planned.
async fn change(bench: &Bench, standing: &Value, config: &Json) -> Value {
    let config = bench.config(OBJECT, config);
    let planned = bench.plan(OBJECT, Some(standing), &config);
    assert!(planned.replaces.is_empty(), "{:?}", planned.replaces);
    let deed = Deed::Update { prior: standing.clone(), planned: planned.after, config };
    let done = bench.act(OBJECT, deed).await;
    done.unwrap_or_else(|failure| panic!("{}", failure.error)).unwrap()
}

/// Gives the bytes that the service has.
fn held(bench: &Bench, name: &str) -> Vec<u8> {
    let mut request =
        Request::new(Method::GET, format!("/storage/v1/b/polls-objects/o/{name}?alt=media"));
    let token = block_on_token(bench);
    request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    bench.world.answer(&request).bytes().to_vec()
}

fn block_on_token(bench: &Bench) -> String {
    let answer = bench.world.answer(&Request::new(Method::POST, "/sandbox/token"));
    let body: Json = serde_json::from_slice(answer.bytes()).unwrap();
    body["access_token"].as_str().unwrap().to_string()
}

#[test]
fn objects_of_buckets() {
    block_on(async {
        let bench = bench().await;
        let config = json!({
            "bucket": "polls-objects", "name": "css/site.css", "content": "body {}", "content_type": "text/css",
            "cache_control": "no-store", "metadata": { "app": "polls" },
        });
        let custom = |key: &str, value: &str| json!({ "key": key, "value": value });
        let changes = [
            json!({ "content": "body { color: red }" }),
            json!({ "temporary_hold": true }),
            json!({ "event_based_hold": true, "temporary_hold": false }),
            json!({ "contexts": { "custom": [custom("team", "web"), custom("app", "polls")] } }),
            json!({ "contexts": { "custom": [custom("app", "polls")] } }),
            json!({ "retention": { "mode": "Unlocked", "retain_until_time": "2030-01-01T00:00:00Z" } }),
            json!({ "retention": { "mode": "Unlocked", "retain_until_time": "2026-01-01T00:00:00Z" } }),
            json!({ "retention": [] }),
        ];
        let import = Some("polls-objects/css/site.css");
        laws(&bench, OBJECT, &config, import, &changes).await;
    });
}

#[test]
fn every_attribute_of_an_object() {
    swept(OBJECT);
}

#[test]
fn a_changed_file_is_an_update_that_keeps_no_copy_of_it() {
    block_on(async {
        let bench = bench().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.txt");
        std::fs::write(&file, "first").unwrap();
        let config = json!({ "bucket": "polls-objects", "name": "report.txt", "source": file.to_str().unwrap() });
        let made = bench.create(OBJECT, &config).await;
        assert_eq!(held(&bench, "report.txt"), b"first");
        assert_eq!(text(&made, "detect_md5hash"), text(&made, "md5hash"));
        assert_eq!(text(&made, "md5hexhash"), "8b04d5e3775d298e78455efc5ca404d5");
        assert_eq!(text(&made, "content_type"), "text/plain; charset=utf-8");
        assert!(made.field("content").unwrap().is_null());

        std::fs::write(&file, "second").unwrap();
        let wanted = bench.config(OBJECT, &config);
        let planned = bench.plan(OBJECT, Some(&made), &wanted).after;
        assert_eq!(text(&planned, "md5hexhash"), "a9f0e61a137d86aa9db53465e0801612");
        assert!(!planned.field("generation").unwrap().is_known());
        let changed = change(&bench, &made, &config).await;
        assert_eq!(held(&bench, "report.txt"), b"second");
        assert_ne!(changed.field("generation"), made.field("generation"));
        assert_eq!(bench.plan(OBJECT, Some(&changed), &wanted).after, changed);

        std::fs::write(&file, "third").unwrap();
        let planned = bench.plan(OBJECT, Some(&changed), &wanted).after;
        std::fs::write(&file, "fourth").unwrap();
        let deed = Deed::Update { prior: changed.clone(), planned, config: wanted.clone() };
        let refused = bench.act(OBJECT, deed).await.unwrap_err();
        assert!(
            refused.error.detail.contains("has changed since it was planned"),
            "{}",
            refused.error
        );

        std::fs::remove_file(&file).unwrap();
        let planned = bench.plan(OBJECT, Some(&changed), &wanted).after;
        assert!(!planned.field("md5hash").unwrap().is_known());
        let deed = Deed::Update { prior: changed, planned, config: wanted };
        let refused = bench.act(OBJECT, deed).await.unwrap_err();
        assert!(refused.error.detail.contains("cannot be read"), "{}", refused.error);
    });
}

#[test]
fn with_a_sum_of_its_own_the_file_is_looked_at_only_when_that_changes() {
    block_on(async {
        let bench = bench().await;
        let config = |content: &str, sum: &str| json!({ "bucket": "polls-objects", "name": "a", "content": content, "source_md5hash": sum });
        let made = bench.create(OBJECT, &config("one", "1")).await;

        let still =
            bench.plan(OBJECT, Some(&made), &bench.config(OBJECT, &config("two", "1"))).after;
        let changed = change(&bench, &made, &config("two", "2")).await;

        assert_eq!(still.field("generation"), made.field("generation"));
        assert_ne!(changed.field("generation"), made.field("generation"));
        assert_eq!(held(&bench, "a"), b"two");
    });
}

#[test]
fn what_somebody_else_wrote_over_is_written_again() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "bucket": "polls-objects", "name": "a", "content": "ours" });
        let made = bench.create(OBJECT, &config).await;
        let url = "/upload/storage/v1/b/polls-objects/o?uploadType=media&name=a";
        let mut theirs = Request::new(Method::POST, url);
        let token = block_on_token(&bench);
        theirs.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        theirs.body = "theirs".into();
        bench.world.answer(&theirs);

        let read = bench.read(OBJECT, &made).await.unwrap();
        change(&bench, &read, &config).await;

        assert_ne!(read.field("md5hash"), made.field("md5hash"));
        assert_eq!(held(&bench, "a"), b"ours");
    });
}

#[test]
fn an_object_of_somebody_else_is_left_alone() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "bucket": "polls-objects", "name": "a", "content": "theirs" });
        bench.create(OBJECT, &config).await;
        bench.pass(1).await;

        let ours = bench
            .config(OBJECT, &json!({ "bucket": "polls-objects", "name": "a", "content": "ours" }));
        let planned = bench.plan(OBJECT, None, &ours).after;
        let refused = bench.act(OBJECT, Deed::Create { planned, config: ours }).await.unwrap_err();

        assert_eq!(refused.error.kind, ApiErrorKind::Conflict);
        assert!(refused.error.detail.contains("has an object \"a\" already"), "{}", refused.error);
        assert_eq!(held(&bench, "a"), b"theirs");
    });
}

#[test]
fn an_object_that_is_held_stays() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "bucket": "polls-objects", "name": "a", "content": "x", "temporary_hold": true });
        let made = bench.create(OBJECT, &config).await;

        let refused = bench.act(OBJECT, Deed::Delete { prior: made.clone() }).await.unwrap_err();

        assert!(refused.error.detail.contains("under active Temporary hold"), "{}", refused.error);
        assert!(bench.read(OBJECT, &made).await.is_some());
    });
}

#[test]
fn a_type_that_is_to_be_empty_is() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "bucket": "polls-objects", "name": "a", "content": "x", "force_empty_content_type": true });
        let made = bench.create(OBJECT, &config).await;
        let read = bench.read(OBJECT, &made).await.unwrap();

        assert_eq!(text(&read, "content_type"), "");
        assert_eq!(bench.plan(OBJECT, Some(&read), &bench.config(OBJECT, &config)).after, read);
    });
}

#[test]
fn an_object_that_exists_is_looked_up() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "bucket": "polls-objects", "name": "css/site.css", "content": "x" });
        let made = bench.create(OBJECT, &config).await;
        let entry = bench.provider.catalog().entry(Mode::Data, OBJECT).unwrap();
        let wanted = object(
            &entry.spec.parts,
            &json!({ "bucket": "polls-objects", "name": "css/site.css" }),
        );
        let empty = bench.provider.resource(Mode::Data, OBJECT).unwrap().empty();
        let wanted = wanted.with_field("id", empty.field("id").unwrap().clone());

        let found = bench.session.read_data(OBJECT, &wanted).await.unwrap();

        for name in ["md5hash", "generation", "media_link", "self_link", "content_type"] {
            assert_eq!(found.field(name), made.field(name), "{name}");
        }
    });
}

#[test]
fn a_change_whose_answer_was_lost_is_no_conflict_and_what_is_gone_is_not_changed() {
    block_on(async {
        let bench = bench().await;
        let config = |hold: bool| json!({ "bucket": "polls-objects", "name": "a", "content": "x", "temporary_hold": hold });
        let made = bench.create(OBJECT, &config(false)).await;
        let lost = json!({ "method": "PUT", "path": "/o/a", "lost": true });
        bench.world.faults.lock().unwrap().add(&lost).unwrap();

        let held = change(&bench, &made, &config(true)).await;
        let free = change(&bench, &held, &config(false)).await;
        bench.act(OBJECT, Deed::Delete { prior: free.clone() }).await.unwrap();
        let next = bench.config(OBJECT, &config(true));
        let planned = bench.plan(OBJECT, Some(&free), &next).after;
        let deed = Deed::Update { prior: free, planned, config: next };
        let failure = bench.act(OBJECT, deed).await.unwrap_err();

        assert_eq!(held.field("temporary_hold").and_then(Value::as_bool), Some(true));
        assert_eq!(failure.error.kind, ApiErrorKind::NotFound);
    });
}
