//! Interoperability keys: how they turn, and where their secrets are.

use serde_json::{Value as Json, json};
use terrane::http::{Method, Request};
use terrane::providers::rest::api::Ask;
use terrane::providers::{Deed, Desk, Provider};
use terrane::value::Value;

use super::laws::{block_on, enable};
use super::support::{Bench, assert_same};

const KEY: &str = "google_storage_hmac_key";
const EMAIL: &str = "polls-web@polls-demo.iam.gserviceaccount.com";

async fn bench() -> Bench {
    let bench = Bench::new();
    enable(&bench).await;
    bench.create("google_service_account", &json!({ "account_id": "polls-web" })).await;
    for name in ["storage-key", "another"] {
        let secret = json!({ "secret_id": name, "replication": { "auto": {} } });
        bench.create("google_secret_manager_secret", &secret).await;
    }
    bench
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_str).unwrap_or_default()
}

fn with_sink(more: &Json) -> Json {
    let mut config = json!({
        "service_account_email": EMAIL, "secret_sink": { "secret": "projects/polls-demo/secrets/storage-key" },
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

fn version(value: &Value) -> String {
    let sink = value.field("secret_sink").and_then(Value::elements).unwrap();
    text(&sink[0], "version").to_string()
}

async fn get(bench: &Bench, service: &str, path: &str) -> Json {
    let ask = Ask::get(service, path, String::new());
    bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap()
}

/// The account's keys and their states.
async fn keys(bench: &Bench) -> Vec<(String, String)> {
    let path = "projects/polls-demo/hmacKeys";
    let list = get(bench, "storage", path).await;
    let text = |key: &Json, name: &str| key[name].as_str().unwrap().to_string();
    let keys = list["items"].as_array().into_iter().flatten();
    keys.map(|key| (text(key, "accessId"), text(key, "state"))).collect()
}

/// What a version of the sink says.
async fn held(bench: &Bench, version: &str) -> Json {
    use base64::Engine as _;
    let said = get(bench, "secretmanager", &format!("{version}:access")).await;
    let data = said["payload"]["data"].as_str().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(data).unwrap())
        .unwrap()
}

/// Reads what stands, plans a configuration and does what is planned.
async fn apply(
    bench: &Bench,
    standing: &Value,
    config: &Json,
) -> Result<Value, (String, Option<Value>)> {
    let read = bench.read(KEY, standing).await.unwrap();
    let config = bench.config(KEY, config);
    let planned = bench.plan(KEY, Some(&read), &config);
    assert!(planned.replaces.is_empty() && planned.problems.is_empty(), "{planned:?}");
    let deed = Deed::Update { prior: read, planned: planned.after, config: config.clone() };
    let done = bench.act(KEY, deed).await.map_err(|failure| {
        (failure.error.to_string(), failure.partial.map(|partial| partial.value))
    })?;
    let done = bench.read(KEY, &done.unwrap()).await.unwrap();
    assert_same("the plan after", &done, &bench.plan(KEY, Some(&done), &config).after);
    Ok(done)
}

#[test]
fn a_key_that_is_to_be_inactive_is_so_from_the_start() {
    block_on(async {
        let bench = bench().await;
        let made = bench
            .create(KEY, &json!({ "service_account_email": EMAIL, "state": "INACTIVE" }))
            .await;

        assert_eq!(
            keys(&bench).await,
            [(text(&made, "access_id").to_string(), "INACTIVE".to_string())]
        );
        assert_eq!(text(&made, "state"), "INACTIVE");
    });
}

#[test]
fn an_imported_key_has_no_secret_and_no_change() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "service_account_email": EMAIL });
        let made = bench.create(KEY, &config).await;

        let found = bench.provider.import(KEY, text(&made, "access_id"), &bench.block).unwrap();
        let imported = bench.read(KEY, &found).await.unwrap();
        let planned = bench.plan(KEY, Some(&imported), &bench.config(KEY, &config));

        assert!(imported.field("secret").unwrap().is_null());
        assert_same(
            "the plan of what was imported",
            &imported.with_field("deletion_policy", Value::null(terrane::value::Type::String)),
            &planned.after.with_field("deletion_policy", Value::null(terrane::value::Type::String)),
        );
    });
}

#[test]
fn a_key_turns_when_its_keepers_change_and_the_old_one_goes_in_two_steps() {
    block_on(async {
        let bench = bench().await;
        let config = |turn: &str| json!({ "service_account_email": EMAIL, "keepers": { "turn": turn }, "rotation_grace": "24h" });
        let first = bench.create(KEY, &config("1")).await;
        let old = text(&first, "access_id").to_string();

        let planned = bench.plan(KEY, Some(&first), &bench.config(KEY, &config("2"))).after;
        assert!(!planned.field("access_id").unwrap().is_known());
        assert_eq!(text(&planned, "previous_access_id"), old);
        let turned = apply(&bench, &first, &config("2")).await.unwrap();
        let new = text(&turned, "access_id").to_string();
        assert_ne!(new, old);
        assert_ne!(turned.field("secret"), first.field("secret"));
        assert_eq!(
            (text(&turned, "previous_access_id"), text(&turned, "previous_state")),
            (&*old, "ACTIVE")
        );

        bench.pass(1).await;
        let due = bench.read(KEY, &turned).await.unwrap();
        assert_eq!(text(&due, "rotation_due"), "the previous key is deactivated");
        let calmer = apply(&bench, &turned, &config("2")).await.unwrap();
        let mut all = keys(&bench).await;
        all.sort_by_key(|(id, _)| *id != old);
        assert_eq!(all, [(old.clone(), "INACTIVE".into()), (new.clone(), "ACTIVE".into())]);

        bench.pass(1).await;
        let alone = apply(&bench, &calmer, &config("2")).await.unwrap();
        assert_eq!(keys(&bench).await, [(new, "ACTIVE".to_string())]);
        assert!(alone.field("previous_access_id").unwrap().is_null());

        bench.act(KEY, Deed::Delete { prior: alone }).await.unwrap();
        assert_eq!(keys(&bench).await, []);
    });
}

#[test]
fn a_key_turns_when_its_time_is_over() {
    block_on(async {
        let bench = bench().await;
        let config = json!({ "service_account_email": EMAIL, "rotation_period": "10d", "rotation_grace": "2d" });
        let first = bench.create(KEY, &config).await;

        bench.pass(9).await;
        let early = bench.read(KEY, &first).await.unwrap();
        bench.pass(1).await;
        let due = bench.read(KEY, &first).await.unwrap();
        let turned = apply(&bench, &first, &config).await.unwrap();

        assert_eq!((text(&early, "rotation_due"), text(&due, "rotation_due")), ("", "a new key"));
        assert_eq!(text(&turned, "previous_access_id"), text(&first, "access_id"));
        // Both go with the object.
        bench.act(KEY, Deed::Delete { prior: turned }).await.unwrap();
        assert_eq!(keys(&bench).await, []);
    });
}

#[test]
fn a_third_key_takes_the_place_of_the_first() {
    block_on(async {
        let bench = bench().await;
        let config =
            |turn: &str| json!({ "service_account_email": EMAIL, "keepers": { "turn": turn } });
        let first = bench.create(KEY, &config("1")).await;
        let second = apply(&bench, &first, &config("2")).await.unwrap();
        let third = apply(&bench, &second, &config("3")).await.unwrap();

        assert_eq!(text(&third, "previous_access_id"), text(&second, "access_id"));
        assert_eq!(keys(&bench).await.len(), 2);
    });
}

#[test]
fn no_span_is_told_of_nothing_at_all() {
    let bench = Bench::new();
    for name in ["rotation_period", "rotation_grace"] {
        let config = bench.config(KEY, &json!({ "service_account_email": EMAIL, name: "0s" }));
        let problems = bench.provider.validate(terrane::addr::Mode::Managed, KEY, &config);
        assert!(problems.iter().any(|it| it.path.to_string() == name), "{problems:?}");
    }
}

#[test]
fn what_is_no_span_or_too_short_is_told() {
    let bench = Bench::new();
    for (period, grace, told) in
        [("soon", "24h", "is no duration"), ("36h", "24h", "at least twice"), ("48h", "24h", "")]
    {
        let config = json!({ "service_account_email": EMAIL, "rotation_period": period, "rotation_grace": grace });
        let problems =
            bench.provider.validate(terrane::addr::Mode::Managed, KEY, &bench.config(KEY, &config));
        let details: String = problems.iter().map(|problem| problem.detail.clone()).collect();
        assert!(
            details.contains(told) && details.is_empty() == told.is_empty(),
            "{period}: {details}"
        );
    }
}

/// Gives the secret of the key that was made last.
fn secret_of(bench: &Bench, access_id: &str) -> String {
    let store = bench.world.google.locked();
    let end = format!("/hmacKeys/{access_id}");
    let (_, hidden) = store.hidden.iter().find(|(place, _)| place.ends_with(&end)).unwrap();
    hidden["secret"].as_str().unwrap().to_string()
}

#[test]
fn with_a_sink_the_secret_is_there_and_nowhere_else() {
    block_on(async {
        let bench = bench().await;
        let config = |turn: &str| with_sink(&json!({ "keepers": { "turn": turn } }));
        let first = bench.create(KEY, &config("1")).await;
        let second = apply(&bench, &first, &config("2")).await.unwrap();

        for made in [&first, &second] {
            let access_id = text(made, "access_id");
            let secret = secret_of(&bench, access_id);
            let said = held(&bench, &version(made)).await;
            assert_eq!(said, json!({ "access_id": access_id, "secret": secret }));
            let told = format!(
                "{first:?}{second:?}{:?}{:?}",
                bench.desk.sent.lock().unwrap(),
                bench.desk.kept.lock().unwrap()
            );
            let shown = [&first, &second]
                .map(|value| terrane::value::json::to_json(value).to_string())
                .concat();
            let kept = bench
                .desk
                .kept
                .lock()
                .unwrap()
                .iter()
                .map(|value| terrane::value::json::to_json(value).to_string())
                .collect::<String>();
            assert!(!told.contains(&secret) && !shown.contains(&secret) && !kept.contains(&secret));
        }
    });
}

#[test]
fn a_secret_of_the_state_moves_to_a_sink_and_another_sink_wants_another_key() {
    block_on(async {
        let bench = bench().await;
        let first = bench.create(KEY, &json!({ "service_account_email": EMAIL })).await;
        let secret = text(&first, "secret").to_string();

        let moved = apply(&bench, &first, &with_sink(&json!({}))).await.unwrap();
        let elsewhere = json!({ "secret_sink": { "secret": "another" } });
        let turned = apply(&bench, &moved, &with_sink(&elsewhere)).await.unwrap();

        assert_eq!(text(&moved, "access_id"), text(&first, "access_id"));
        assert!(moved.field("secret").unwrap().is_null());
        assert_eq!(held(&bench, &version(&moved)).await["secret"], secret);
        assert_eq!(text(&turned, "previous_access_id"), text(&moved, "access_id"));
        assert!(version(&turned).contains("/secrets/another/versions/"));
    });
}

#[test]
fn a_version_whose_answer_was_lost_is_found_and_no_second_one_is_made() {
    block_on(async {
        let bench = bench().await;
        let lost = json!({ "method": "POST", "path": ":addVersion", "lost": true });
        bench.world.faults.lock().unwrap().add(&lost).unwrap();

        let made = bench.create(KEY, &with_sink(&json!({}))).await;

        let name = version(&made);
        let secret = secret_of(&bench, text(&made, "access_id"));
        assert_eq!(held(&bench, &name).await["secret"], secret);
        let list = name.rsplit_once('/').unwrap().0.to_string();
        let ask = Ask::get("secretmanager", list, "listing");
        let found = bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap();
        assert_eq!(found["versions"].as_array().unwrap().len(), 1, "{found}");
    });
}

fn break_sink(bench: &Bench) {
    let fault = json!({ "method": "POST", "path": ":addVersion", "status": 403, "times": 1 });
    bench.world.faults.lock().unwrap().add(&fault).unwrap();
}

#[test]
fn a_key_whose_secret_was_not_written_is_replaced() {
    block_on(async {
        let bench = bench().await;
        let config = |turn: &str| with_sink(&json!({ "keepers": { "turn": turn } }));
        break_sink(&bench);
        let wanted = bench.config(KEY, &config("1"));
        let planned = bench.plan(KEY, None, &wanted).after;
        let failure = bench.act(KEY, Deed::Create { planned, config: wanted }).await.unwrap_err();
        let useless = failure.partial.unwrap().value;

        let first = apply(&bench, &useless, &config("1")).await.unwrap();
        assert_eq!(
            keys(&bench).await,
            [(text(&first, "access_id").to_string(), "ACTIVE".to_string())]
        );
        assert!(first.field("previous_access_id").unwrap().is_null());

        // While a key turns, the one before it stays.
        break_sink(&bench);
        let (told, partial) = apply(&bench, &first, &config("2")).await.unwrap_err();
        assert!(told.contains("writing the secret of"), "{told}");
        let second = apply(&bench, &partial.unwrap(), &config("2")).await.unwrap();
        assert_eq!(text(&second, "previous_access_id"), text(&first, "access_id"));
        assert_eq!(keys(&bench).await.len(), 2);
        assert_eq!(held(&bench, &version(&second)).await["access_id"], text(&second, "access_id"));
    });
}

#[test]
fn a_key_that_a_run_made_and_never_knew_is_found_and_removed() {
    block_on(async {
        let bench = bench().await;
        let config =
            |turn: &str| json!({ "service_account_email": EMAIL, "keepers": { "turn": turn } });
        let first = bench.create(KEY, &config("1")).await;
        let before = bench.desk.kept.lock().unwrap().len();
        let turned = apply(&bench, &first, &config("2")).await.unwrap();

        // The run ended after the request: the journal has the note alone, and the new key stands unknown.
        let noted = bench.desk.kept.lock().unwrap()[before].clone();
        let lost = text(&turned, "access_id").to_string();
        let read = bench.read(KEY, &noted).await.unwrap();
        assert_eq!(
            read.field("rotation_left").unwrap().elements().unwrap(),
            [Value::string(&lost)]
        );
        let again = apply(&bench, &read, &config("2")).await.unwrap();

        let ids: Vec<String> = keys(&bench).await.into_iter().map(|(id, _)| id).collect();
        assert!(!ids.contains(&lost) && ids.len() == 2, "{ids:?}");
        assert_eq!(text(&again, "previous_access_id"), text(&first, "access_id"));
        // A key of somebody else's is left alone.
        bench.desk.clock().sleep(std::time::Duration::from_secs(3600)).await;
        let url = format!(
            "http://sandbox/storage/storage/v1/projects/polls-demo/hmacKeys?serviceAccountEmail={EMAIL}"
        );
        let token = bench.session.api.tokens.token().await.unwrap();
        let mut request = Request::new(Method::POST, url);
        request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let answer = bench.session.api.transport.send(request).await.unwrap();
        let theirs: Json = serde_json::from_slice(answer.bytes()).unwrap();
        let theirs = theirs["metadata"]["accessId"].as_str().unwrap().to_string();
        let read = bench.read(KEY, &noted).await.unwrap();
        let left = read.field("rotation_left").unwrap().elements().unwrap_or_default();
        assert!(!left.contains(&Value::string(&theirs)), "{left:?}");
    });
}

#[test]
fn a_sink_is_one_of_two_places() {
    let bench = Bench::new();
    let secret = json!({ "secret": "storage-key" });
    let cluster =
        json!({ "kubernetes_secret": [{ "host": "https://10.0.0.1", "name": "storage-key" }] });
    let both =
        json!({ "secret": "storage-key", "kubernetes_secret": cluster["kubernetes_secret"] });
    for (sink, is_good) in [(secret, true), (cluster, true), (both, false), (json!({}), false)] {
        let config = json!({ "service_account_email": EMAIL, "secret_sink": sink });
        let problems =
            bench.provider.validate(terrane::addr::Mode::Managed, KEY, &bench.config(KEY, &config));
        assert_eq!(problems.is_empty(), is_good, "{problems:?}");
    }
}

#[test]
fn a_previous_key_that_is_switched_on_again_waits_anew() {
    block_on(async {
        let bench = bench().await;
        let config = |turn: &str| json!({ "service_account_email": EMAIL, "keepers": { "turn": turn }, "rotation_grace": "72h" });
        let first = bench.create(KEY, &config("1")).await;
        let turned = apply(&bench, &first, &config("2")).await.unwrap();
        bench.pass(4).await;
        let off = apply(&bench, &turned, &config("2")).await.unwrap();
        assert_eq!(text(&off, "previous_state"), "INACTIVE");
        bench.pass(1).await;
        let path = format!("projects/polls-demo/hmacKeys/{}", text(&off, "previous_access_id"));
        let ask = Ask::get("storage", path, String::new());
        let ask = Ask { method: Method::PUT, body: Some(json!({ "state": "ACTIVE" })), ..ask };
        bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap();
        bench.pass(1).await;

        let read = bench.read(KEY, &off).await.unwrap();

        assert!(read.field("rotation_due").unwrap().is_null(), "{read:?}");
        bench.pass(3).await;
        let read = bench.read(KEY, &off).await.unwrap();
        assert_eq!(text(&read, "rotation_due"), "the previous key is deactivated");
    });
}
