//! Keys whose making was broken off: what is of no use is removed, and nobody else's key is.

use serde_json::{Value as Json, json};
use terrane::providers::{Deed, Desk, Session};
use terrane::state::Broken;
use terrane::value::{Type, Value};

use super::laws::{block_on, enable};
use super::support::{Bench, wanted};

const KEY: &str = "google_storage_hmac_key";
const ACCOUNT: &str = "google_service_account_key";
const EMAIL: &str = "polls-web@polls-demo.iam.gserviceaccount.com";

async fn bench() -> Bench {
    let bench = Bench::new();
    enable(&bench).await;
    bench.create("google_service_account", &json!({ "account_id": "polls-web" })).await;
    bench
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_str).unwrap_or_default()
}

fn left(value: &Value) -> Vec<String> {
    let left = value.field("rotation_left").and_then(Value::elements).unwrap_or_default();
    left.iter().map(|id| id.as_str().unwrap().to_string()).collect()
}

fn config(turn: &str) -> Json {
    json!({ "service_account_email": EMAIL, "keepers": { "turn": turn } })
}

/// Turns a key, which fails; gives what the state then has.
async fn turned_in_vain(bench: &Bench, key: &Value, fault: &Json) -> Value {
    bench.world.faults.lock().unwrap().add(fault).unwrap();
    let config = bench.config(KEY, &config("2"));
    let planned = bench.plan(KEY, Some(key), &config).after;
    let deed = Deed::Update { prior: key.clone(), planned, config };
    assert!(bench.act(KEY, deed).await.is_err());
    bench.world.faults.lock().unwrap().clear();
    bench.desk.kept.lock().unwrap().last().unwrap().clone()
}

/// What is found of a making that was broken off: as planned, with null for what is not known.
async fn strays(bench: &Bench, type_name: &str, config: &Json, broken: &Broken) -> Vec<String> {
    fn known(value: &Value) -> Value {
        match value.is_known() {
            true => value.map_parts(&mut known),
            false => Value::null(value.ty()),
        }
    }
    let planned = bench.plan(type_name, None, &bench.config(type_name, config)).after;
    let wanted = wanted(type_name, &known(&planned));
    let found = bench.session.find(&wanted, broken, &bench.desk).await.unwrap();
    assert!(found.object.is_none());
    found.strays.iter().map(|stray| text(&stray.value, "id").to_string()).collect()
}

#[test]
fn a_turn_that_was_refused_leaves_nothing_to_look_for() {
    block_on(async {
        let bench = bench().await;
        let first = bench.create(KEY, &config("1")).await;
        let fault = json!({ "method": "POST", "path": "/hmacKeys", "status": 403, "times": 1 });

        let kept = turned_in_vain(&bench, &first, &fault).await;
        bench.create(KEY, &config("1")).await;

        assert!(kept.field("rotation_mark").unwrap().is_null());
        let read = bench.read(KEY, &kept).await.unwrap();
        assert_eq!(left(&read), Vec::<String>::new());
    });
}

#[test]
fn a_key_that_another_object_has_is_of_use() {
    block_on(async {
        let bench = bench().await;
        let first = bench.create(KEY, &config("1")).await;
        let fault = json!({ "method": "POST", "path": "/hmacKeys", "status": 500, "times": 50 });

        let kept = turned_in_vain(&bench, &first, &fault).await;
        let other = bench.create(KEY, &config("1")).await;
        assert!(!kept.field("rotation_mark").unwrap().is_null());
        let both = [wanted(KEY, &kept), wanted(KEY, &other)];
        let read = bench.session.read_many(&both).await;

        let read: Vec<Value> = read.into_iter().map(|it| it.unwrap().unwrap().value).collect();
        assert_eq!(left(&read[0]), Vec::<String>::new());
        assert_eq!(text(&read[1], "access_id"), text(&other, "access_id"));
    });
}

#[test]
fn of_several_keys_that_may_be_of_no_use_none_is_taken_for_it() {
    block_on(async {
        let bench = bench().await;
        let first = bench.create(KEY, &config("1")).await;
        let marked = bench.desk.clock().now().to_string();
        let mark = [&marked, text(&first, "access_id")].map(Value::string);
        let first = first.with_field("rotation_mark", Value::list(Type::String, mark.to_vec()));
        let theirs = bench.create(KEY, &config("1")).await;

        let one = bench.read(KEY, &first).await.unwrap();
        bench.create(KEY, &config("1")).await;
        let two = bench.read(KEY, &first).await.unwrap();

        assert_eq!(left(&one), [text(&theirs, "access_id")]);
        assert_eq!(left(&two), Vec::<String>::new());
    });
}

#[test]
fn what_stood_before_a_making_is_told_and_is_no_stray() {
    block_on(async {
        let bench = bench().await;
        let account = json!({ "service_account_id": EMAIL });
        for (type_name, config) in [(KEY, config("1")), (ACCOUNT, account)] {
            let since = bench.desk.clock().now();
            let theirs = bench.create(type_name, &config).await;
            bench.desk.told.lock().unwrap().clear();
            let made = bench.create(type_name, &config).await;

            let told = bench.desk.told.lock().unwrap()[0].clone();
            assert_eq!(told["before"].as_array().unwrap().len(), 1, "{told}");
            let known = Broken { since, told };
            let unknown = Broken { since, told: Json::Null };
            let (made, theirs) = (text(&made, "id").to_string(), text(&theirs, "id").to_string());
            let found = strays(&bench, type_name, &config, &known).await;
            assert_eq!(found, std::slice::from_ref(&made));
            let mut both = vec![made, theirs];
            both.sort();
            let mut found = strays(&bench, type_name, &config, &unknown).await;
            found.sort();
            assert_eq!(found, both);
        }
    });
}
