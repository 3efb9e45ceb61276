//! A cluster of the sandbox behind a real TLS port, and the provider's session in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane::addr::{Address, Mode};
use terrane::http::{Clock, HeaderValue, Method, Request};
use terrane::providers::kubernetes::kubernetes;
use terrane::providers::{
    Action, ApiError, Deed, Desk, Failure, Observed, PlanRequest, Planned, Provider, Session,
    TokenSource, Wanted, World as Surroundings,
};
use terrane::sandbox::{Server, Service, World, serve};
use terrane::schema::{BlockKind, Field, Nesting, Schema, fields_type};
use terrane::value::{Number, Type, Value};

const PROJECT: &str = "polls-demo";
const CLUSTERS: &str = "/v1/projects/polls-demo/locations/asia-south1-a/clusters";

/// The sandbox with one running cluster of two nodes.
pub(crate) struct Bench {
    pub(crate) world: Arc<World>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) session: Arc<dyn Session>,
    pub(crate) desk: Notes,
    endpoint: String,
    authority: String,
    google_token: String,
    server: Server,
}

/// An object as a test keeps it: what the state would hold.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) type_name: String,
    pub(crate) config: Value,
    pub(crate) observed: Observed,
}

/// A desk that remembers what was said.
pub(crate) struct Notes {
    clock: Arc<dyn Clock>,
    pub(crate) said: Mutex<Vec<String>>,
    pub(crate) logged: Mutex<Vec<String>>,
}

#[async_trait]
impl Desk for Notes {
    async fn intent(&self, request: &str, _identity: Json) -> Result<u64, ApiError> {
        self.said.lock().expect("no test thread has failed").push(request.to_string());
        Ok(1)
    }

    async fn answer(&self, _call: u64, _outcome: &str) {}

    async fn keep(&self, _object: &Observed) {}

    fn note(&self, text: &str) {
        self.said.lock().expect("no test thread has failed").push(text.to_string());
    }

    fn log(&self, lines: &[String]) {
        self.logged.lock().expect("no test thread has failed").extend_from_slice(lines);
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn stopping(&self) -> bool {
        false
    }
}

struct Minted(Arc<World>);

#[async_trait]
impl TokenSource for Minted {
    async fn token(&self) -> Result<String, ApiError> {
        Ok(self.0.mint_token(Duration::from_secs(3600)))
    }
}

impl Bench {
    /// Starts a world with a cluster; `nodes` is the size of its node pool.
    pub(crate) async fn start(nodes: u32) -> Bench {
        let begin = "2026-01-01T00:00:00Z".parse().expect("a moment");
        let world = World::open(None, 0.0, begin).expect("a world");
        let google_token = world.mint_token(Duration::from_secs(10_000_000));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = serve(world.clone(), listener).await.expect("a server");
        let clock: Arc<dyn Clock> = world.clock();
        clock.enter();
        let desk = Notes { clock, said: Mutex::default(), logged: Mutex::default() };
        let provider = kubernetes();
        let session = provider
            .configure(
                &provider.schema().empty().with_field("host", Value::string("127.0.0.1:1")),
                &around(&world),
            )
            .expect("a session");
        let mut bench = Bench {
            world,
            provider,
            session,
            desk,
            endpoint: String::new(),
            authority: String::new(),
            google_token,
            server,
        };
        bench.make_cluster(nodes);
        bench.session = bench.connect(Some(Arc::new(Minted(bench.world.clone()))), None);
        bench
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.server.stop().await.expect("nothing is written");
    }

    fn make_cluster(&mut self, nodes: u32) {
        let services =
            json!({ "serviceIds": ["container.googleapis.com", "compute.googleapis.com"] });
        self.google("POST", &format!("/v1/projects/{PROJECT}/services:batchEnable"), &services);
        self.pass(60);
        let body = json!({ "cluster": { "name": "pollsapi", "initialNodeCount": nodes.max(1) } });
        self.google("POST", CLUSTERS, &body);
        self.pass(600);
        let cluster = self.google("GET", &format!("{CLUSTERS}/pollsapi"), &Json::Null);
        let text = |pointer: &str| {
            cluster.pointer(pointer).and_then(Json::as_str).expect(pointer).to_string()
        };
        self.endpoint = text("/endpoint");
        let authority = text("/masterAuth/clusterCaCertificate");
        use base64::Engine;
        let authority =
            base64::engine::general_purpose::STANDARD.decode(authority).expect("base64");
        self.authority = String::from_utf8(authority).expect("PEM");
        if nodes == 0 {
            self.google(
                "DELETE",
                &format!("{CLUSTERS}/pollsapi/nodePools/default-pool"),
                &Json::Null,
            );
            self.pass(600);
        }
    }

    /// Sends a request to the Google side.
    pub(crate) fn google(&self, method: &str, url: &str, body: &Json) -> Json {
        let method: Method = method.parse().expect("a method");
        let mut request = Request::new(method, url);
        if !body.is_null() {
            request = request.json(body);
        }
        let header =
            HeaderValue::from_str(&format!("Bearer {}", self.google_token)).expect("a header");
        request.headers.insert("authorization", header);
        let answer = self.world.answer(&request);
        assert!(answer.status.is_success(), "{url}: {}", String::from_utf8_lossy(answer.bytes()));
        serde_json::from_slice(answer.bytes()).unwrap_or_default()
    }

    /// Sends a request to the cluster, as somebody else would.
    pub(crate) fn behind(&self, method: &str, path: &str, content_type: &str, body: &Json) -> Json {
        let method: Method = method.parse().expect("a method");
        let mut request = Request::new(method, path);
        if !body.is_null() {
            request = request.json(body);
            request
                .headers
                .insert("content-type", HeaderValue::from_str(content_type).expect("a type"));
        }
        let header =
            HeaderValue::from_str(&format!("Bearer {}", self.google_token)).expect("a header");
        request.headers.insert("authorization", header);
        request.headers.insert("user-agent", HeaderValue::from_static("kubectl/v1.33"));
        let (key, _) = self.world.clusters().into_iter().next().expect("a cluster runs");
        let answer = self.world.answer_cluster(&key, &request);
        assert!(answer.status.is_success(), "{path}: {}", String::from_utf8_lossy(answer.bytes()));
        serde_json::from_slice(answer.bytes()).unwrap_or_default()
    }

    /// Says whether the cluster refuses an object that somebody else would apply.
    pub(crate) fn refuses(&self, path: &str, object: &Json) -> bool {
        let url = format!("{path}?fieldManager=test&force=true&dryRun=All&fieldValidation=Strict");
        let mut request = Request::new(Method::PATCH, &url).json(object);
        let kind = HeaderValue::from_static("application/apply-patch+yaml");
        request.headers.insert("content-type", kind);
        let header =
            HeaderValue::from_str(&format!("Bearer {}", self.google_token)).expect("a header");
        request.headers.insert("authorization", header);
        let (key, _) = self.world.clusters().into_iter().next().expect("a cluster runs");
        !self.world.answer_cluster(&key, &request).status.is_success()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: u64) {
        self.world.clock().advance(Duration::from_secs(seconds));
        self.world.settle();
    }

    /// Makes a session with a source of tokens, or a token that stays.
    pub(crate) fn connect(
        &self,
        tokens: Option<Arc<dyn TokenSource>>,
        token: Option<&str>,
    ) -> Arc<dyn Session> {
        let mut block = self.provider.schema().empty();
        block = block.with_field("host", Value::string(format!("https://{}", self.endpoint)));
        block = block.with_field("cluster_ca_certificate", Value::string(&self.authority));
        if let Some(token) = token {
            block = block.with_field("token", Value::string(token));
        }
        let around = Surroundings { tokens, ..around(&self.world) };
        self.provider.configure(&block, &around).expect("a session")
    }

    /// Gives a configuration of a type, written as JSON.
    pub(crate) fn config(&self, mode: Mode, type_name: &str, json: &Json) -> Value {
        let schema = self.provider.resource(mode, type_name).expect("the type is there");
        block(&schema.fields, json)
    }

    /// Plans an object.
    pub(crate) fn planned(
        &self,
        type_name: &str,
        config: &Value,
        prior: Option<&Observed>,
    ) -> Planned {
        let address = Address::root(Mode::Managed, type_name, "this");
        let schema: Arc<Schema> = self.provider.resource(Mode::Managed, type_name).expect("it");
        self.provider.plan(&PlanRequest {
            replaced: None,
            address: &address,
            type_name,
            prior: prior.map(|prior| &prior.value),
            private: prior.map_or(&[], |prior| prior.private.as_slice()),
            config,
            proposed: config,
            provider: &schema.empty(),
            offered: &std::collections::BTreeMap::new(),
            minor: None,
        })
    }

    /// Plans and makes an object.
    pub(crate) async fn create(&self, type_name: &str, json: &Json) -> Result<Kept, Failure> {
        self.create_of(type_name, self.config(Mode::Managed, type_name, json)).await
    }

    /// Plans and makes an object of a configuration.
    pub(crate) async fn create_of(&self, type_name: &str, config: Value) -> Result<Kept, Failure> {
        let planned = self.planned(type_name, &config, None);
        assert!(planned.problems.is_empty(), "{:?}", planned.problems);
        let deed = Deed::Create { planned: planned.after.clone(), config: config.clone() };
        let observed = self.act(type_name, deed, Vec::new()).await?.expect("an object");
        assert!(observed.value.is_whole(), "{type_name} is known after it was made");
        Ok(Kept { type_name: type_name.into(), config, observed })
    }

    /// Reads an object by an import id, without a configuration.
    pub(crate) async fn imported(&self, type_name: &str, id: &str) -> Option<Kept> {
        let schema = self.provider.resource(Mode::Managed, type_name).expect("the type is there");
        let value = self.provider.import(type_name, id, &Value::null(Type::Any)).expect(id);
        let address = Address::root(Mode::Managed, type_name, "this");
        let wanted = Wanted { address, type_name: type_name.into(), value, private: Vec::new() };
        let answer = self.session.read_many(&[wanted]).await.remove(0);
        let observed = answer.expect("the cluster answers")?;
        Some(Kept { type_name: type_name.into(), config: schema.empty(), observed })
    }

    /// Finds an object again by what was planned, as after a run whose answers were lost.
    pub(crate) async fn recovered(&self, kept: &Kept) -> Kept {
        fn known(value: &Value) -> Value {
            match value.is_known() {
                true => value.map_parts(&mut known),
                false => Value::null(value.ty()),
            }
        }
        let planned = self.planned(&kept.type_name, &kept.config, None).after;
        let address = Address::root(Mode::Managed, &kept.type_name, "this");
        let (type_name, value) = (kept.type_name.clone(), known(&planned));
        let wanted = Wanted { address, type_name, value, private: Vec::new() };
        let (since, told) = (jiff::Timestamp::UNIX_EPOCH, serde_json::Value::Null);
        let broken = terrane::state::Broken { since, told };
        let found = self.session.find(&wanted, &broken, &self.desk).await.expect("an answer");
        assert!(found.complete && found.ours, "{}", kept.type_name);
        Kept { observed: found.object.expect("it is there"), ..kept.clone() }
    }

    /// Plans an object's change to another configuration.
    pub(crate) fn plan(&self, kept: &Kept, json: Option<&Json>) -> (Value, Planned) {
        let config = match json {
            Some(json) => self.config(Mode::Managed, &kept.type_name, json),
            None => kept.config.clone(),
        };
        let planned = self.planned(&kept.type_name, &config, Some(&kept.observed));
        (config, planned)
    }

    /// Changes an object to another configuration.
    pub(crate) async fn update(&self, kept: &Kept, json: Option<&Json>) -> Result<Kept, Failure> {
        let (config, planned) = self.plan(kept, json);
        assert!(planned.replaces.is_empty(), "{:?}", planned.replaces);
        let deed = Deed::Update {
            prior: kept.observed.value.clone(),
            planned: planned.after,
            config: config.clone(),
        };
        let observed =
            self.act(&kept.type_name, deed, kept.observed.private.clone()).await?.expect("it");
        Ok(Kept { config, observed, ..kept.clone() })
    }

    /// Removes an object.
    pub(crate) async fn delete(&self, kept: &Kept) -> Result<(), Failure> {
        let deed = Deed::Delete { prior: kept.observed.value.clone() };
        self.act(&kept.type_name, deed, kept.observed.private.clone()).await.map(|_| ())
    }

    async fn act(
        &self,
        type_name: &str,
        deed: Deed,
        private: Vec<u8>,
    ) -> Result<Option<Observed>, Failure> {
        let address = Address::root(Mode::Managed, type_name, "this");
        let type_name = type_name.into();
        let action = Action { address, type_name, deed, private, cleared: false, met: Vec::new() };
        self.session.act(&action, &self.desk).await
    }

    /// Takes an object in by its id, as a configuration stands for it.
    pub(crate) async fn import(&self, type_name: &str, id: &str, json: &Json) -> Option<Kept> {
        let config = self.config(Mode::Managed, type_name, json);
        let block = self.provider.schema().empty();
        let value = self.provider.import(type_name, id, &block).expect("the id is of its form");
        let observed = Observed { value, private: Vec::new() };
        let kept = Kept { type_name: type_name.into(), config, observed };
        self.refresh(std::slice::from_ref(&kept)).await.remove(0)
    }

    /// Reads objects anew; nothing where one is gone.
    pub(crate) async fn refresh(&self, kept: &[Kept]) -> Vec<Option<Kept>> {
        let wanted: Vec<Wanted> = kept
            .iter()
            .map(|kept| Wanted {
                address: Address::root(Mode::Managed, &kept.type_name, "this"),
                type_name: kept.type_name.clone(),
                value: kept.observed.value.clone(),
                private: kept.observed.private.clone(),
            })
            .collect();
        let answers = self.session.read_many(&wanted).await;
        let pairs = kept.iter().zip(answers);
        pairs
            .map(|(kept, answer)| {
                let observed = answer.expect("the cluster answers")?;
                Some(Kept { observed, ..kept.clone() })
            })
            .collect()
    }

    /// Says whether a plan of an object, read anew, is empty.
    pub(crate) async fn is_settled(&self, kept: &Kept) -> bool {
        let read = self.refresh(std::slice::from_ref(kept)).await.remove(0);
        let Some(read) = read else { return false };
        let (_, planned) = self.plan(&read, None);
        let same = planned.after.without_marks() == read.observed.value.without_marks();
        same && read.observed.value.without_marks() == kept.observed.value.without_marks()
    }

    /// Gives all that was said, as one text.
    pub(crate) fn said(&self) -> String {
        self.desk.said.lock().expect("no test thread has failed").join("\n")
    }
}

fn around(world: &Arc<World>) -> Surroundings {
    Surroundings {
        clock: world.clock(),
        environment: Arc::new(BTreeMap::new()),
        home: None,
        root: PathBuf::from("."),
        sandbox: None,
        version: "test",
        pace: std::sync::Arc::default(),
        vault: None,
        tokens: None,
    }
}

fn block(fields: &BTreeMap<String, Field>, json: &Json) -> Value {
    for name in json.as_object().expect("a block is an object").keys() {
        assert!(fields.contains_key(name), "{name} is no argument");
    }
    Value::object(fields.iter().map(|(name, field)| (name.as_str(), part(field, json.get(name)))))
}

fn part(field: &Field, json: Option<&Json>) -> Value {
    let Some(json) = json else { return field.absent() };
    let Nesting::Block(inner) = &field.nesting else { return attribute(&field.ty, json) };
    let ty = fields_type(&inner.fields);
    let elements = match json {
        Json::Array(parts) => parts.iter().map(|part| block(&inner.fields, part)).collect(),
        one => vec![block(&inner.fields, one)],
    };
    match inner.kind {
        BlockKind::Single => elements.into_iter().next().expect("one block"),
        BlockKind::Set => Value::set(ty, elements),
        BlockKind::List | BlockKind::Map => Value::list(ty, elements),
    }
}

fn attribute(ty: &Type, json: &Json) -> Value {
    match (ty, json) {
        (Type::Map(element), Json::Object(fields)) => {
            let fields =
                fields.iter().map(|(key, value)| (key.as_str(), attribute(element, value)));
            Value::map((**element).clone(), fields)
        }
        (Type::List(element), Json::Array(parts)) => Value::list(
            (**element).clone(),
            parts.iter().map(|part| attribute(element, part)).collect(),
        ),
        (Type::Set(element), Json::Array(parts)) => Value::set(
            (**element).clone(),
            parts.iter().map(|part| attribute(element, part)).collect(),
        ),
        (_, Json::Bool(flag)) => Value::bool(*flag),
        (_, Json::String(text)) => Value::string(text),
        (_, Json::Number(number)) => {
            Value::number(Number::parse(&number.to_string()).expect("a number"))
        }
        (ty, json) => panic!("{json} is no {ty}"),
    }
}
