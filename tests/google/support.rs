//! A provider over a sandbox in the same process, and values from JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use terrane::addr::{Address, Mode};
use terrane::http::client::{SendError, Transport};
use terrane::http::{Clock, Request, Response};
use terrane::providers::google::Google;
use terrane::providers::google::permissions::of_call;
use terrane::providers::permission::Doing;
use terrane::providers::rest::decode::typed;
use terrane::providers::rest::session::RestSession;
use terrane::providers::rest::spec::{Part, Shape, Spec, parts_type};
use terrane::providers::{
    Action, ApiError, Deed, Desk, Failure, Observed, PlanRequest, Planned, Provider, Session,
    Wanted, World,
};
use terrane::sandbox::{self, Service};
use terrane::value::json::from_json;
use terrane::value::{Type, Value};

/// Sends to a sandbox in the same process, but for what a server of the test's own answers.
struct InProcess(Arc<sandbox::World>, Bodies, Ids, Server, Arc<Waves>);

/// How many requests had to wait for each other's answers: the longest chain.
#[derive(Default)]
pub(crate) struct Waves(std::sync::atomic::AtomicUsize);

impl Waves {
    /// Forgets what was, and begins to count.
    pub(crate) fn begin(&self) {
        self.0.store(0, std::sync::atomic::Ordering::SeqCst);
    }

    /// Gives the longest chain.
    pub(crate) fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Lets all that is ready be sent before the answer comes.
    async fn pass(&self) {
        let wave = self.count() + 1;
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        self.0.fetch_max(wave, std::sync::atomic::Ordering::SeqCst);
    }
}

/// A server of a test's own: what it leaves is the sandbox's.
pub(crate) type Server = Arc<dyn Fn(&Request) -> Option<Result<Response, SendError>> + Send + Sync>;

/// The ids of requests that had one.
pub(crate) type Ids = Arc<Mutex<Vec<String>>>;

/// The requests that were sent: method and address, and the body.
pub(crate) type Bodies = Arc<Mutex<Vec<(String, Json)>>>;

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, mut request: Request) -> Result<Response, SendError> {
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let (url, id) = match request.url.split_once("requestId=") {
            Some((before, id)) => (before.trim_end_matches(['?', '&']), Some(id.to_string())),
            None => (request.url.as_str(), None),
        };
        self.2.lock().unwrap().extend(id);
        self.1.lock().unwrap().push((format!("{} {url}", request.method), body));
        self.4.pass().await;
        if let Some(answer) = (self.3)(&request) {
            return answer;
        }
        let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        request.url = rest.find('/').map_or("/", |at| &rest[at..]).to_string();
        Ok(self.0.answer(&request))
    }
}

/// A desk that only counts.
pub(crate) struct Table {
    clock: Arc<dyn Clock>,
    pub sent: Mutex<Vec<String>>,
    pub kept: Mutex<Vec<Value>>,
    /// What the journal was told with each request.
    pub told: Mutex<Vec<Json>>,
    /// Which other instance has the object that is asked for.
    pub tracked: Mutex<Option<Address>>,
}

#[async_trait]
impl Desk for Table {
    async fn intent(&self, request: &str, identity: Json) -> Result<u64, ApiError> {
        self.told.lock().unwrap().push(identity);
        let mut sent = self.sent.lock().unwrap();
        sent.push(request.to_string());
        Ok(sent.len() as u64)
    }
    async fn answer(&self, _call: u64, _outcome: &str) {}
    async fn keep(&self, object: &Observed) {
        self.kept.lock().unwrap().push(object.value.clone());
    }
    fn note(&self, _text: &str) {}
    fn log(&self, _lines: &[String]) {}
    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }
    fn stopping(&self) -> bool {
        false
    }
    async fn tracked(&self, _type_name: &str, _id: &str) -> Option<Address> {
        self.tracked.lock().unwrap().clone()
    }
}

/// A provider, its session, and the world that it works on.
pub(crate) struct Bench {
    pub provider: Google,
    pub session: RestSession,
    pub world: Arc<sandbox::World>,
    pub desk: Table,
    pub block: Value,
    pub bodies: Bodies,
    pub ids: Ids,
    pub waves: Arc<Waves>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench::beside(Arc::new(|_| None))
    }

    /// A bench with a server of the test's own beside the sandbox.
    pub(crate) fn beside(server: Server) -> Bench {
        Bench::of(server, |google| google)
    }

    /// A bench of the provider that has what is still tried out.
    pub(crate) fn beta() -> Bench {
        Bench::of(Arc::new(|_| None), Google::beta)
    }

    fn of(server: Server, made: fn(Google) -> Google) -> Bench {
        let start: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let world = sandbox::World::open(None, 0.0, start).unwrap();
        let clock: Arc<dyn Clock> = world.clock();
        let given = World {
            clock: clock.clone(),
            environment: Arc::new(BTreeMap::new()),
            home: None,
            root: ".".into(),
            sandbox: Some("http://sandbox".into()),
            version: "0.0.0",
            pace: std::sync::Arc::default(),
            vault: None,
            tokens: None,
        };
        let (bodies, ids) = (Bodies::default(), Ids::default());
        let waves = Arc::new(Waves::default());
        let transport =
            InProcess(world.clone(), bodies.clone(), ids.clone(), server, waves.clone());
        let provider = made(Google::over(Arc::new(transport)));
        let block = provider.schema().empty();
        let block = block.with_field("project", Value::string("polls-demo"));
        let block = block.with_field("region", Value::string("asia-south1"));
        let session = provider.session(&block, &given).unwrap();
        let (sent, kept, told) = (Mutex::default(), Mutex::default(), Mutex::default());
        let desk = Table { clock, sent, kept, told, tracked: Mutex::default() };
        Bench { provider, session, world, desk, block, bodies, ids, waves }
    }

    pub(crate) fn spec(&self, type_name: &str) -> Spec {
        self.provider.catalog().entry(Mode::Managed, type_name).unwrap().spec.clone()
    }

    pub(crate) fn config(&self, type_name: &str, json: &Json) -> Value {
        let entry = self.provider.catalog().entry(Mode::Managed, type_name).unwrap();
        let value = object(&entry.spec.parts, json);
        let empty = entry.schema.empty();
        ["id", "timeouts"].iter().fold(value, |value, name| match empty.field(name) {
            Some(field) => value.with_field(name, field.clone()),
            None => value,
        })
    }

    pub(crate) fn plan(&self, type_name: &str, prior: Option<&Value>, config: &Value) -> Planned {
        let address = address(type_name);
        self.provider.plan(&PlanRequest {
            address: &address,
            type_name,
            prior,
            replaced: None,
            private: &[],
            config,
            proposed: config,
            provider: &self.block,
            offered: &std::collections::BTreeMap::new(),
            minor: None,
        })
    }

    pub(crate) async fn act(&self, type_name: &str, deed: Deed) -> Result<Option<Value>, Failure> {
        let before = self.bodies.lock().unwrap().len();
        let value = match &deed {
            Deed::Create { planned, .. } | Deed::Update { planned, .. } => planned.clone(),
            Deed::Delete { prior } => prior.clone(),
        };
        let done = self.performed(type_name, deed).await;
        self.permitted(type_name, &value, before);
        done
    }

    /// Looks whether each request that was sent since is one that the type is known to need permissions for.
    fn permitted(&self, type_name: &str, value: &Value, since: usize) {
        let (mode, doing) = (Mode::Managed, Doing::Change);
        let known = self.provider.permissions(mode, type_name, value, &self.block, doing);
        let known: Vec<&str> = known.iter().map(|needed| needed.name.as_str()).collect();
        for (request, _) in self.bodies.lock().unwrap()[since..].iter() {
            let (method, url) = request.split_once(' ').unwrap();
            let bases = &self.session.api.bases;
            let at = bases
                .iter()
                .find_map(|(service, base)| Some((service, url.strip_prefix(base.as_str())?)));
            // What is asked beside the services (a token's endpoint) needs no permission; an upload goes the way of its object.
            let Some((service, path)) = at else { continue };
            for name in of_call(service, &method.parse().unwrap(), path) {
                assert!(
                    known.contains(&name.as_str()),
                    "{type_name}: {method} {path} needs {name}, not one of {known:?}"
                );
            }
        }
    }

    async fn performed(&self, type_name: &str, deed: Deed) -> Result<Option<Value>, Failure> {
        self.desk.clock.enter();
        let action = Action {
            address: address(type_name),
            type_name: type_name.into(),
            deed,
            private: Vec::new(),
            cleared: false,
            met: Vec::new(),
        };
        let done = self.session.act(&action, &self.desk).await;
        self.desk.clock.leave();
        Ok(done?.map(|observed| observed.value))
    }

    /// Lets days pass.
    pub(crate) async fn pass(&self, days: u64) {
        self.pass_seconds(days * 86_400).await;
    }

    /// Lets seconds pass.
    pub(crate) async fn pass_seconds(&self, seconds: u64) {
        self.desk.clock.enter();
        self.desk.clock.sleep(std::time::Duration::from_secs(seconds)).await;
        self.desk.clock.leave();
    }

    pub(crate) async fn create(&self, type_name: &str, config: &Json) -> Value {
        let config = self.config(type_name, config);
        let planned = self.plan(type_name, None, &config);
        assert!(planned.problems.is_empty(), "{:?}", planned.problems);
        let made = self.act(type_name, Deed::Create { planned: planned.after, config }).await;
        made.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error)).unwrap()
    }

    pub(crate) async fn read(&self, type_name: &str, value: &Value) -> Option<Value> {
        let mut read = self.session.read_many(&[wanted(type_name, value)]).await;
        read.pop()
            .unwrap()
            .unwrap_or_else(|error| panic!("{type_name}: {error}"))
            .map(|observed| observed.value)
    }
}

/// An object to be read.
pub(crate) fn wanted(type_name: &str, value: &Value) -> Wanted {
    let (address, type_name) = (address(type_name), type_name.into());
    Wanted { address, type_name, value: value.clone(), private: Vec::new() }
}

pub(crate) fn address(type_name: &str) -> Address {
    Address::root(Mode::Managed, type_name, "it")
}

/// A configuration by the parts of a resource file.
pub(crate) fn object(parts: &[Part], json: &Json) -> Value {
    Value::object(parts.iter().map(|part| {
        let member = json.get(&part.name);
        let value = match (&part.shape, member) {
            (_, None | Some(Json::Null)) => part.absent(),
            (_, Some(json)) if json == &json!("(unknown)") => Value::unknown(part.ty()),
            (Shape::Attribute { ty: Type::Any, .. }, Some(json)) => from_json(json),
            (Shape::Attribute { ty, .. }, Some(json)) => {
                typed(json, ty).unwrap_or_else(|| panic!("{} of {}", json, part.name))
            }
            (Shape::Block { set, parts, .. }, Some(json)) => {
                let several = match json {
                    Json::Array(several) => several.clone(),
                    one => vec![one.clone()],
                };
                let elements = several.iter().map(|json| object(parts, json)).collect();
                let element: Type = parts_type(parts);
                if *set { Value::set(element, elements) } else { Value::list(element, elements) }
            }
        };
        (part.name.as_str(), value)
    }))
}

/// Names what differs, for a failed assertion.
pub(crate) fn differences(left: &Value, right: &Value, path: &str, found: &mut Vec<String>) {
    match (left.fields(), right.fields(), left.elements(), right.elements()) {
        (Some(a), Some(b), _, _) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(name))) {
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => differences(a, b, &format!("{path}.{name}"), found),
                    (a, b) => found.push(format!("{path}.{name}: {a:?} / {b:?}")),
                }
            }
        }
        (_, _, Some(a), Some(b)) if a.len() == b.len() => {
            for (place, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{place}]"), found);
            }
        }
        _ if left != right => found.push(format!("{path}: {left:?} / {right:?}")),
        _ => {}
    }
}

pub(crate) fn assert_same(what: &str, left: &Value, right: &Value) {
    let mut found = Vec::new();
    differences(left, right, "", &mut found);
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}
