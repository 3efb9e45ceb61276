//! `google_api_resource` against a server that has objects of any API: what is sent, and what is made of what it tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use terrane::http::client::SendError;
use terrane::http::{Method, Request, Response, StatusCode};
use terrane::providers::{ApiErrorKind, Deed};
use terrane::value::Value;

use super::laws::block_on;
use super::support::{Bench, Server, assert_same};

const ANY: &str = "google_api_resource";

/// Objects by path; what is in `silent` is taken and never told, what is in `own` is set where it is not written.
#[derive(Default)]
struct Store {
    objects: Mutex<BTreeMap<String, Json>>,
    silent: Vec<&'static str>,
    own: Json,
    /// A create answers with an operation, whose response is the object of this name.
    operation: Option<&'static str>,
    /// The answer to a create is lost.
    lost: bool,
}

fn ok(json: &Json) -> Option<Result<Response, SendError>> {
    Some(Ok(Response::json(StatusCode::OK, json)))
}

fn without(json: &Json, silent: &[&str]) -> Json {
    match json {
        Json::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !silent.contains(&name.as_str()))
            .map(|(name, part)| (name.clone(), without(part, silent)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(parts) => parts.iter().map(|part| without(part, silent)).collect(),
        other => other.clone(),
    }
}

fn filled(json: &mut Json, own: &Json) {
    for (name, part) in own.as_object().into_iter().flatten() {
        match (&mut json[name], part) {
            (Json::Null, part) => json[name] = part.clone(),
            (Json::Object(_), Json::Object(_)) => filled(&mut json[name], part),
            _ => {}
        }
    }
}

impl Store {
    fn answer(&self, request: &Request) -> Option<Result<Response, SendError>> {
        let path = request.url.split_once("/projects/")?.1.split('?').next()?.to_string();
        let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut objects = self.objects.lock().unwrap();
        let put = |objects: &mut BTreeMap<String, Json>, path: String, body: &Json| {
            let mut object = without(body, &self.silent);
            filled(&mut object, &self.own);
            objects.insert(path, object.clone());
            object
        };
        if request.method == Method::POST {
            let name = self.operation.or(body["name"].as_str()).unwrap_or("named");
            let object = put(&mut objects, format!("{path}/{name}"), &body);
            if self.lost {
                let message = "connection reset".to_string();
                return Some(Err(SendError { message, sent: true }));
            }
            let Some(name) = self.operation else { return ok(&object) };
            let response = json!({ "name": format!("projects/p/things/{name}") });
            return ok(&json!({ "name": "operations/op-1", "done": true, "response": response }));
        }
        if request.method == Method::PUT {
            return ok(&put(&mut objects, path, &body));
        }
        match objects.get(&path) {
            Some(object) => ok(object),
            None => Some(Ok(Response::json(
                StatusCode::NOT_FOUND,
                &json!({ "error": { "code": 404 } }),
            ))),
        }
    }
}

fn bench(store: Store) -> (Bench, Arc<Store>) {
    let store = Arc::new(store);
    let own = store.clone();
    let server: Server = Arc::new(move |request| own.answer(request));
    (Bench::beside(server), store)
}

fn metric(body: &Json) -> Json {
    json!({ "service": "logging", "version": "v2", "collection": "projects/p/metrics", "name": "m", "body": body })
}

async fn updated(bench: &Bench, prior: &Value, config: &Json) -> Value {
    let config = bench.config(ANY, config);
    let planned = bench.plan(ANY, Some(prior), &config);
    assert!(planned.problems.is_empty() && planned.replaces.is_empty(), "{planned:?}");
    let deed = Deed::Update { prior: prior.clone(), planned: planned.after, config };
    bench.act(ANY, deed).await.unwrap().unwrap()
}

async fn is_idle(bench: &Bench, standing: &Value, config: &Json) {
    let read = bench.read(ANY, standing).await.unwrap();
    let planned = bench.plan(ANY, Some(&read), &bench.config(ANY, config));
    assert_same("the body", read.field("body").unwrap(), planned.after.field("body").unwrap());
}

fn last_put(bench: &Bench) -> Json {
    let bodies = bench.bodies.lock().unwrap();
    bodies.iter().rev().find(|(request, _)| request.starts_with("PUT")).unwrap().1.clone()
}

#[test]
fn what_is_taken_out_of_a_body_is_taken_out_of_an_object_that_is_put_whole() {
    block_on(async {
        let (bench, _) = bench(Store { own: json!({ "version": "V2" }), ..Store::default() });
        let first = metric(&json!({ "filter": "a", "description": "gone soon" }));
        let made = bench.create(ANY, &first).await;

        let next = metric(&json!({ "filter": "a" }));
        let made = updated(&bench, &made, &next).await;

        assert_eq!(last_put(&bench), json!({ "filter": "a", "name": "m", "version": "V2" }));
        is_idle(&bench, &made, &next).await;
    });
}

#[test]
fn what_the_service_sets_below_a_member_stays_when_the_object_is_put_whole() {
    block_on(async {
        let own = json!({ "scheduling": { "automaticRestart": true } });
        let (bench, _) = bench(Store { own, silent: vec!["initializeParams"], ..Store::default() });
        let config = |preemptible: bool| {
            let disks = json!([{ "boot": true, "initializeParams": { "diskSizeGb": "10" } }]);
            let body = json!({ "scheduling": { "preemptible": preemptible }, "disks": disks });
            json!({ "service": "compute", "version": "v1", "collection": "projects/p/zones/z/instances",
                "name": "i", "body": body })
        };
        let made = bench.create(ANY, &config(true)).await;
        is_idle(&bench, &made, &config(true)).await;

        let made = updated(&bench, &made, &config(false)).await;

        let sent = last_put(&bench);
        assert_eq!(sent["scheduling"], json!({ "automaticRestart": true, "preemptible": false }));
        is_idle(&bench, &made, &config(false)).await;
    });
}

#[test]
fn what_was_told_and_is_gone_is_a_difference() {
    block_on(async {
        let (bench, store) = bench(Store::default());
        let config = metric(&json!({ "filter": "a", "description": "d" }));
        let made = bench.create(ANY, &config).await;
        store.objects.lock().unwrap().get_mut("p/metrics/m").unwrap()["description"] = Json::Null;

        let read = bench.read(ANY, &made).await.unwrap();

        assert!(read.field("body").unwrap().field("description").unwrap().is_null());
    });
}

#[test]
fn requests_to_compute_engine_have_an_id_of_their_own() {
    block_on(async {
        let (bench, _) = bench(Store::default());
        let config = json!({ "service": "compute", "version": "v1", "name": "f",
            "collection": "projects/p/global/firewalls", "body": { "priority": 7 } });
        bench.create(ANY, &config).await;

        assert_eq!(bench.ids.lock().unwrap().len(), 1);
    });
}

#[test]
fn the_name_that_an_operation_has_is_not_that_of_its_object() {
    block_on(async {
        let (bench, _) = bench(Store { operation: Some("made"), ..Store::default() });
        let description = json!({
            "servicePath": "v1/",
            "schemas": {
                "Thing": { "id": "Thing", "type": "object", "properties": { "size": { "type": "integer" } } },
                "Operation": { "id": "Operation", "type": "object", "properties": { "done": { "type": "boolean" } } },
            },
            "methods": {
                "get": { "id": "x.things.get", "httpMethod": "GET", "path": "projects/{p}/things/{t}", "response": { "$ref": "Thing" } },
                "create": { "id": "x.things.create", "httpMethod": "POST", "path": "projects/{p}/things",
                    "request": { "$ref": "Thing" }, "response": { "$ref": "Operation" } },
            },
        });
        let config = json!({ "service": "x", "version": "v1", "collection": "projects/p/things",
            "description": description.to_string(), "body": { "size": 3 } });

        let made = bench.create(ANY, &config).await;

        assert_eq!(made.field("name").and_then(Value::as_str), Some("made"));
        let kept = bench.desk.kept.lock().unwrap();
        assert!(kept.iter().all(|kept| kept.field("name").and_then(Value::as_str) != Some("op-1")));
    });
}

#[test]
fn an_object_that_the_service_names_is_not_made_twice_where_the_answer_is_lost() {
    block_on(async {
        let (bench, store) = bench(Store { lost: true, ..Store::default() });
        let config = json!({ "service": "cloudbuild", "version": "v1",
            "collection": "projects/p/locations/global/triggers", "body": { "filename": "cloudbuild.yaml" } });
        let config = bench.config(ANY, &config);
        let planned = bench.plan(ANY, None, &config).after;

        let failure = bench.act(ANY, Deed::Create { planned, config }).await.unwrap_err();

        assert_eq!(failure.error.kind, ApiErrorKind::Unreachable, "{}", failure.error);
        assert_eq!(store.objects.lock().unwrap().len(), 1);
        let requests = bench.desk.sent.lock().unwrap().clone();
        assert_eq!(requests.len(), 1, "{requests:?}");
    });
}

#[test]
fn what_is_wrong_with_a_secret_body_is_not_told() {
    use terrane::providers::Provider;
    use terrane::value::Marks;
    let (bench, _) = bench(Store::default());
    let body = json!({ "autoCreateSubnetworks": "hunter2" });
    let config = json!({ "service": "compute", "version": "v1", "name": "n",
        "collection": "projects/p/global/networks", "body": body });
    let config = bench.config(ANY, &config);
    let network = json!({ "routingConfig": { "routingMode": "hunter2" } });
    let secret = terrane::value::json::from_json(&network);
    let secret = secret.marked(Marks { sensitive: true, ..Marks::default() });
    let config = config.with_field("body", secret);

    let problems = bench.provider.validate(terrane::addr::Mode::Managed, ANY, &config);

    assert!(!problems.is_empty());
    assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
}
