//! The Google side: services as functions of requests.
//!
//! A request finds its method in the published descriptions (`described`), is checked against them, and is
//! then done by the row of its method id in the service's file. The services share one store and know each
//! other only through it. All answer on one address without a prefix, and each also under `/SERVICE/`.

pub mod refusal;
pub mod described;
pub mod turn;
mod batch;
pub mod partial;
pub mod operation;
pub mod policy;
pub mod storage;
pub mod objects;
pub mod uploads;
mod listing;
pub mod holds;
pub mod versions;
pub mod copies;
pub mod hmac;
pub mod iam;
pub mod serviceusage;
pub mod projects;
pub mod artifactregistry;
pub mod secretmanager;
pub mod kms;
pub mod policies;
pub mod pubsub;
pub mod sql;
pub mod sql_inside;
pub mod sql_copies;
pub mod dns;
pub mod redis;
pub mod firestore;
pub mod appengine;
pub mod bigtable;
pub mod compute;
pub mod network;
mod reference;
mod subnetwork;
mod firewall;
mod images;
mod disk;
mod instance;
pub mod container;
pub mod cluster;
pub mod cluster_update;
pub mod node_pool;
pub mod logging;
pub mod plain;
pub mod token;
pub mod inventory;
pub mod cloud;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::{Clock, Method, Request, Response};
use crate::sandbox::clock::VirtualClock;
use crate::sandbox::ports::Ports;
use crate::sandbox::store::Store;

use described::{Api, Match};
use refusal::{Refusal, Style};
use turn::{Row, Turn};

const TABLES: &[&[Row]] = &[
    storage::ROWS,
    objects::ROWS,
    copies::ROWS,
    hmac::ROWS,
    iam::ROWS,
    token::ROWS,
    serviceusage::ROWS,
    projects::ROWS,
    artifactregistry::ROWS,
    secretmanager::ROWS,
    kms::ROWS,
    policies::ROWS,
    pubsub::ROWS,
    sql::ROWS,
    sql_inside::ROWS,
    sql_copies::ROWS,
    dns::ROWS,
    redis::ROWS,
    firestore::ROWS,
    appengine::ROWS,
    bigtable::ROWS,
    container::ROWS,
    node_pool::ROWS,
    logging::ROWS,
];

/// All Google services over one store.
pub struct Google {
    /// What there is.
    pub store: Mutex<Store>,
    /// The world's time.
    pub clock: Arc<VirtualClock>,
    /// The ports that clusters listen on.
    pub ports: Ports,
    apis: Vec<Api>,
    plain: Vec<plain::Described>,
}

impl Google {
    /// Makes the services over a store.
    pub fn new(store: Store, clock: Arc<VirtualClock>) -> Google {
        let (apis, plain) = (described::all(), plain::all());
        Google { store: Mutex::new(store), clock, ports: Ports::default(), apis, plain }
    }

    /// Gives the store, for one reader or writer at a time.
    pub fn locked(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what is due by now.
    pub fn settle(&self) {
        self.locked().settle(self.clock.now());
    }

    /// Answers a request of any Google service.
    pub fn answer(&self, request: &Request) -> Response {
        if batch::is_batch(request) {
            return batch::answer(request, |call| self.answer(call));
        }
        let mut store = self.locked();
        store.settle(self.clock.now());
        if let Some(answer) = token::endpoint(&mut store, self.clock.now(), request) {
            return answer;
        }
        let path = split(request.path());
        let bearer = bearer(request);
        let Some(found) = self.find(request, &path, &store) else {
            return self.stray(request, &path, &mut store, bearer);
        };
        let style = found.api.style;
        let good = bearer.is_some_and(|bearer| token_is_good(&store, bearer, self.clock.now()));
        let open =
            bearer.is_none() && (objects::is_public(&store, &found) || goes_on(&store, request));
        if !good && !open {
            return Refusal::unauthenticated(bearer.is_some()).answer(style);
        }
        let (call, api) = (logging::Call::of(&store, request, &found.method.id), found.api);
        match self.perform(&mut store, request, found) {
            Ok(answer) => {
                call.note(&mut store, self.clock.now(), request, &answer);
                if request.method == Method::DELETE {
                    // The service's name may stand before the path, and begins that of some.
                    plain::removed_with(&mut store, api.name, &path);
                    plain::removed_with(&mut store, api.name, path.get(1..).unwrap_or_default());
                }
                masked(answer, request)
            }
            Err(refusal) => refusal.answer(style),
        }
    }

    fn perform(&self, store: &mut Store, request: &Request, found: Match<'_>) -> turn::Answer {
        let upload = request.path().contains("upload/storage/");
        let body =
            if upload { serde_json::json!({}) } else { found.api.check(found.method, request)? };
        let query = found.api.query(found.method, request)?;
        let pages = query.iter().find(|(name, token)| name == "pageToken" && !token.is_empty());
        if let Some((_, token)) = pages.filter(|(_, token)| token.parse::<u64>().is_err()) {
            return Err(Refusal::invalid(format!("Invalid page token: {token:?}")));
        }
        let mask = query.iter().find(|(name, mask)| name == "fields" && !mask.is_empty());
        if let (Some((_, mask)), Some(schema)) = (mask, &found.method.response) {
            partial::check(found.api, schema, mask)?;
        }
        let mut path = found.path;
        projects::name_by_id(store, found.api, &found.method.id, &mut path);
        let mut turn = Turn {
            store,
            ports: &self.ports,
            now: self.clock.now(),
            id: &found.method.id,
            path,
            query,
            body,
            request,
        };
        serviceusage::must_be_enabled(&turn, found.api)?;
        if found.api.name == "compute" {
            return compute::answer(&mut turn);
        }
        let row = TABLES.iter().copied().flatten().find(|(id, _)| *id == found.method.id);
        match row {
            Some((_, act)) => act(&mut turn),
            None => Err(Refusal::no_route(request.path())),
        }
    }

    /// Finds the method: under the service's prefix, or by the path alone.
    fn find(&self, request: &Request, path: &[String], store: &Store) -> Option<Match<'_>> {
        let verb = match request.method.as_str() {
            // The pieces of an upload are put where it began, and it is given up there.
            "PUT" | "DELETE" if request.url.contains("upload_id=") => "POST",
            verb => verb,
        };
        let path = without_transfer(path);
        if let Some((first, rest)) = path.split_first() {
            let rest = without_transfer(rest);
            let prefixed = self.apis.iter().filter(|api| api.name == first);
            let mut found: Vec<Match<'_>> =
                prefixed.flat_map(|api| api.matches(verb, rest)).collect();
            if !found.is_empty() {
                return Some(found.swap_remove(0));
            }
        }
        let mut found: Vec<Match<'_>> =
            self.apis.iter().flat_map(|api| api.matches(verb, path)).collect();
        if found.is_empty() {
            return None;
        }
        // Two services have `locations/L/operations/O` and `operations/O`: who knows the operation, answers.
        let below = path.get(1..).unwrap_or_default().join("/");
        let known = |found: &Match<'_>| {
            store.operations.contains_key(&format!("{}/{below}", found.api.name))
        };
        let index = found.iter().position(known).unwrap_or(0);
        Some(found.swap_remove(index))
    }

    /// Answers what no service has a row for: a bucket's object by its public address, an object that is only kept, or nothing.
    fn stray(
        &self,
        request: &Request,
        path: &[String],
        store: &mut Store,
        bearer: Option<&str>,
    ) -> Response {
        let good = bearer.is_some_and(|bearer| token_is_good(store, bearer, self.clock.now()));
        if request.method == Method::GET
            && let Some(answer) = objects::by_address(store, path, request, good)
        {
            return answer;
        }
        if !good {
            return Refusal::unauthenticated(bearer.is_some()).answer(Style::Both);
        }
        let Some(mut wish) = plain::find(&self.plain, request.method.as_str(), path) else {
            return Refusal::no_route(request.path()).answer(Style::Both);
        };
        let of = self.apis.iter().filter(|api| api.name == wish.service());
        wish.told_elsewhere =
            of.flat_map(|api| api.matches("GET", &wish.object())).next().is_some();
        let style = plain::style_of(&self.apis, wish.service());
        match self.keep(store, request, &wish, style) {
            Ok(answer) => masked(answer, request),
            Err(refusal) => refusal.answer(style),
        }
    }

    /// Answers for an object that is only kept.
    fn keep(
        &self,
        store: &mut Store,
        request: &Request,
        wish: &plain::Wish<'_>,
        style: Style,
    ) -> turn::Answer {
        let above =
            Request::new(Method::GET, format!("/{}/{}", wish.service(), wish.parent().join("/")));
        let above = Request { headers: request.headers.clone(), ..above };
        if let Some(found) = self.find(&above, &split(above.path()), store)
            && found.api.name == wish.service()
            && found.method.id.ends_with(".get")
        {
            self.perform(store, &above, found)?;
        }
        let mut turn = Turn {
            store,
            ports: &self.ports,
            now: self.clock.now(),
            id: wish.service(),
            path: wish.variables(),
            query: request.query(),
            body: plain::body(request)?,
            request,
        };
        if let Some(api) = self.apis.iter().find(|api| api.name == wish.service()) {
            serviceusage::must_be_enabled(&turn, api)?;
        }
        wish.answer(&mut turn, style)
    }
}

/// Says whether a request goes on with an upload that was begun: who has its address needs no token.
fn goes_on(store: &Store, request: &Request) -> bool {
    let query = request.query();
    let id = query.iter().find(|(name, _)| name == "upload_id").map(|(_, id)| id.as_str());
    id.is_some_and(|id| id.starts_with("upload-") && store.hidden.contains_key(id))
}

/// Says whether a bearer token is good at a moment.
pub fn token_is_good(store: &Store, token: &str, now: jiff::Timestamp) -> bool {
    store.tokens.get(token).is_some_and(|expiry| now < *expiry)
}

/// Cuts an answer to the fields that the request asks for.
fn masked(answer: Response, request: &Request) -> Response {
    let query = request.query();
    let mask = query.iter().find(|(name, _)| name == "fields").map(|(_, mask)| mask.as_str());
    let Some(mask) = mask.filter(|mask| !mask.is_empty()) else { return answer };
    match serde_json::from_slice(answer.bytes()) {
        Ok(whole) => Response::json(answer.status, &partial::partial(&whole, mask)),
        Err(_) => answer,
    }
}

/// Gives a path without the words that transfers of bytes have before it.
fn without_transfer(path: &[String]) -> &[String] {
    match path {
        [first, second, rest @ ..] if first == "resumable" && second == "upload" => rest,
        [first, rest @ ..] if first == "upload" || first == "download" => rest,
        _ => path,
    }
}

/// Gives a path's segments, percent-decoded, without empty ones at its ends.
fn split(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(decode).collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let raw = text.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let hex = (raw[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(raw[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Gives the bearer token of a request.
fn bearer(request: &Request) -> Option<&str> {
    let header = request.header("authorization")?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
