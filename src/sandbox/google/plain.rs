//! What the sandbox has no rules of its own for: objects of the collections of all bundled descriptions, kept as they are sent.
//!
//! A collection is what a method makes objects in. Objects are made, told, listed, changed and removed by the words of the
//! description alone: unknown members are refused, what only the service writes is left out, names, times, links and etags are
//! given where the schema has them. What such an object does (a sink that passes logs on, a trigger that builds) does not happen.

use std::sync::OnceLock;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::{Map, Value as Json, json};

use crate::http::{Request, Response, StatusCode};
use crate::sandbox::store::{Store, merge_fields, stamp};

use super::described::Api;
use super::operation;
use super::refusal::{Refusal, Style};
use super::storage::patched;
use super::turn::{self, Answer, Turn};

/// What has objects of these kinds stands below this in the store.
const ROOT: &str = "plain";

macro_rules! descriptions {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../providers/google/descriptions/", $name, ".json.gz")))),*]
    };
}

/// The descriptions that `google_api_resource` knows.
const PACKED: &[(&str, &[u8])] = descriptions!(
    "storage.v1",
    "compute.v1",
    "sqladmin.v1",
    "container.v1",
    "iam.v1",
    "cloudresourcemanager.v3",
    "artifactregistry.v1",
    "secretmanager.v1",
    "cloudkms.v1",
    "pubsub.v1",
    "dns.v1",
    "redis.v1",
    "firestore.v1",
    "bigtableadmin.v2",
    "appengine.v1",
    "logging.v2",
    "cloudbuild.v1",
);

/// One description.
pub struct Described {
    name: &'static str,
    packed: &'static [u8],
    content: OnceLock<Content>,
}

#[derive(Default)]
struct Content {
    methods: Vec<Method>,
    schemas: Map<String, Json>,
}

struct Method {
    act: Act,
    segments: Vec<String>,
    request: Option<String>,
    response: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Create,
    Get,
    List,
    Patch,
    Replace,
    Delete,
}

/// What a request asks of a collection or of one of its objects.
pub struct Wish<'a> {
    described: &'a Described,
    method: &'a Method,
    act: Act,
    path: Vec<String>,
    /// Whether the service's own rows tell such objects, which they make for others: then they are kept where those look.
    pub told_elsewhere: bool,
}

/// Gives all descriptions.
pub fn all() -> Vec<Described> {
    let of = |(name, packed): &(&'static str, &'static [u8])| Described {
        name: name.split('.').next().unwrap_or(name),
        packed,
        content: OnceLock::new(),
    };
    PACKED.iter().map(of).collect()
}

impl Described {
    fn content(&self) -> &Content {
        self.content.get_or_init(|| {
            let read = serde_json::from_reader(GzDecoder::new(self.packed));
            let document: Json = read.unwrap_or_default();
            let before = document["servicePath"].as_str().unwrap_or_default();
            let methods = document["methods"].as_object().cloned().unwrap_or_default();
            Content {
                methods: methods.values().filter_map(|it| method(before, it)).collect(),
                schemas: document["schemas"].as_object().cloned().unwrap_or_default(),
            }
        })
    }

    /// Gives the schema of a collection's objects: what one of them is told as.
    fn schema_of(&self, collection: &[String]) -> Option<&str> {
        let inside = |method: &&Method| {
            method.act == Act::Get
                && method.segments.len() == collection.len() + 1
                && fits(&method.segments, collection)
        };
        self.content().methods.iter().find(inside)?.response.as_deref()
    }

    fn properties(&self, schema: &str) -> Option<&Map<String, Json>> {
        self.content().schemas.get(schema)?["properties"].as_object()
    }
}

fn method(before: &str, json: &Json) -> Option<Method> {
    let verb = json["httpMethod"].as_str()?;
    let act = match (json["id"].as_str()?.rsplit('.').next()?, verb) {
        ("create" | "insert", "POST") => Act::Create,
        ("get", "GET") => Act::Get,
        ("patch" | "update", "PATCH") => Act::Patch,
        ("update", "PUT") => Act::Replace,
        ("delete", "DELETE") => Act::Delete,
        _ => return None,
    };
    let path = format!("{before}{}", json["flatPath"].as_str()?);
    let schema = |of: &Json| of["$ref"].as_str().map(str::to_owned);
    Some(Method {
        act,
        segments: path.trim_matches('/').split('/').map(str::to_owned).collect(),
        request: schema(&json["request"]),
        response: schema(&json["response"]),
    })
}

/// Says whether a path's words fit the beginning of a method's.
fn fits(segments: &[String], path: &[String]) -> bool {
    segments
        .iter()
        .zip(path)
        .all(|(segment, word)| (segment.starts_with('{') && !word.contains(':')) || segment == word)
}

/// Finds what a request asks for: under the service's prefix, or by the path alone.
pub fn find<'a>(all: &'a [Described], verb: &str, path: &[String]) -> Option<Wish<'a>> {
    let (named, path): (Vec<&Described>, &[String]) = match path.split_first() {
        Some((first, rest)) if all.iter().any(|it| it.name == first) && rest.len() > 1 => {
            let under: Vec<&Described> = all.iter().filter(|it| it.name == first).collect();
            match wish(&under, verb, rest) {
                Some(wish) => return Some(wish),
                // The name of the service is the first word of some paths too.
                None => (all.iter().collect(), path),
            }
        }
        _ => (all.iter().collect(), path),
    };
    wish(&named, verb, path)
}

fn wish<'a>(all: &[&'a Described], verb: &str, path: &[String]) -> Option<Wish<'a>> {
    for described in all {
        for method in &described.content().methods {
            if method.segments.len() != path.len() || !fits(&method.segments, path) {
                continue;
            }
            let act = match (method.act, verb) {
                (Act::Create, "POST")
                | (Act::Get, "GET")
                | (Act::Patch, "PATCH")
                | (Act::Replace, "PUT")
                | (Act::Delete, "DELETE") => method.act,
                (Act::Create, "GET") => Act::List,
                _ => continue,
            };
            let is_object = matches!(act, Act::Create | Act::List)
                || path.split_last().is_some_and(|(_, of)| described.schema_of(of).is_some());
            if is_object {
                let path = path.to_vec();
                return Some(Wish { described, method, act, path, told_elsewhere: false });
            }
        }
    }
    None
}

impl Wish<'_> {
    /// Gives the service's short name.
    pub fn service(&self) -> &'static str {
        self.described.name
    }

    /// Gives the path of what the collection belongs to, like a bucket.
    pub fn parent(&self) -> &[String] {
        let depth = if matches!(self.act, Act::Create | Act::List) { 1 } else { 2 };
        &self.path[..self.path.len().saturating_sub(depth)]
    }

    /// Gives the variables of the path in their order.
    pub fn variables(&self) -> Vec<String> {
        let both = self.method.segments.iter().zip(&self.path);
        both.filter(|(segment, _)| segment.starts_with('{')).map(|(_, word)| word.clone()).collect()
    }

    fn collection(&self) -> &[String] {
        match self.act {
            Act::Create | Act::List => &self.path,
            _ => self.path.split_last().map_or(&self.path, |(_, of)| of),
        }
    }

    /// Gives the path of one of the collection's objects, or of the object.
    pub fn object(&self) -> Vec<String> {
        let mut path = self.path.clone();
        if matches!(self.act, Act::Create | Act::List) {
            path.push("x".into());
        }
        path
    }

    fn key(&self) -> String {
        self.key_of(&self.path.join("/"))
    }

    fn key_of(&self, path: &str) -> String {
        match self.told_elsewhere {
            true => format!("{}/{}", self.described.name, below_version(path)),
            false => format!("{ROOT}/{}/{path}", self.described.name),
        }
    }

    fn schema(&self) -> &str {
        self.described.schema_of(self.collection()).unwrap_or_default()
    }

    fn has(&self, member: &str) -> bool {
        self.described.properties(self.schema()).is_some_and(|known| known.contains_key(member))
    }

    /// Answers.
    ///
    /// # Errors
    /// As a service refuses: something of that name is there already or is not there, a member that there is not, an old etag.
    pub fn answer(&self, turn: &mut Turn<'_>, style: Style) -> Answer {
        match self.act {
            Act::Create => self.create(turn, style),
            Act::Get => turn::ok(self.found(turn.store)?),
            Act::List => self.list(turn, style),
            Act::Patch | Act::Replace => self.change(turn, style),
            Act::Delete => self.delete(turn, style),
        }
    }

    fn found<'s>(&self, store: &'s Store) -> Result<&'s Json, Refusal> {
        let missing = || Refusal::not_found(format!("{} was not found.", self.path.join("/")));
        store.find(&self.key()).ok_or_else(missing)
    }

    /// Gives the object of a body, checked, with the member that it stands in, where it is wrapped.
    fn given(&self, body: &Json) -> Result<(Json, Option<String>), Refusal> {
        let (own, sent) = (self.schema(), self.method.request.as_deref().unwrap_or_default());
        let wrapper = self.described.properties(sent).filter(|_| sent != own).and_then(|known| {
            known.iter().find(|(_, of)| of["$ref"] == own).map(|(name, _)| name.clone())
        });
        let mut object = match &wrapper {
            Some(name) => body[name].clone(),
            None => body.clone(),
        };
        let (Some(members), Some(known)) = (object.as_object_mut(), self.described.properties(own))
        else {
            return Ok((json!({}), wrapper));
        };
        for name in members.keys() {
            if !(known.contains_key(name) || sent != own && wrapper.is_none()) {
                return Err(Refusal::invalid(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."
                )));
            }
        }
        members.retain(|name, _| {
            known.get(name).is_some_and(|of| of["readOnly"] != true) || name == "etag"
        });
        Ok((object, wrapper))
    }

    fn create(&self, turn: &mut Turn<'_>, style: Style) -> Answer {
        let (mut object, _) = self.given(&turn.body)?;
        let asked = turn.query.iter().find(|(name, _)| name.ends_with("Id") && name != "requestId");
        let beside = turn.body.as_object().into_iter().flatten().find(|(name, value)| {
            name.ends_with("Id") && value.is_string() && !self.has(name.as_str())
        });
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        let last = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
        let given = asked.map(|(_, id)| id.clone());
        let given = given.or_else(|| beside.and_then(|(_, id)| id.as_str()).map(str::to_owned));
        let short = text("name").filter(|name| !name.contains('/'));
        let named = given.clone().or_else(|| text("name").map(last)).or_else(|| text("entity"));
        let made = named.is_none();
        let id = named.unwrap_or_else(|| turn.store.number());
        let path = format!("{}/{id}", self.path.join("/"));
        let key = self.key_of(&path);
        if turn.store.find(&key).is_some() {
            return Err(Refusal::exists(format!("{path} already exists.")));
        }
        let full = below_version(&path);
        let now = stamp(turn.now);
        let api = self.described.name;
        let named_fully = style != Style::Errors && (short.is_none() || given.is_some());
        let mut own = json!({});
        own["name"] = json!(if named_fully { full } else { short.unwrap_or_else(|| id.clone()) });
        own["id"] = json!(if made { id } else { turn.store.number() });
        own["selfLink"] = json!(format!("https://www.googleapis.com/{path}"));
        let mut letters = self.schema().chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        own["kind"] =
            json!(format!("{api}#{}", first.into_iter().chain(letters).collect::<String>()));
        for name in ["createTime", "creationTimestamp", "timeCreated", "updateTime", "updated"] {
            own[name] = json!(now);
        }
        for name in ["etag", "fingerprint"] {
            own[name] = json!(turn.store.etag());
        }
        own["uid"] = json!(turn.store.letters(32));
        for (name, value) in own.as_object().into_iter().flatten() {
            if self.has(name) {
                object[name] = value.clone();
            }
        }
        turn.store.put(&key, object.clone());
        self.told(turn, &object, "insert")
    }

    fn list(&self, turn: &Turn<'_>, style: Style) -> Answer {
        let below = format!("{}/", self.key());
        let items: Vec<Json> =
            turn.store.children(&below).map(|(_, object)| object.clone()).collect();
        let last = self.path.last().map_or("items", String::as_str);
        let (name, size) = match style {
            Style::Errors => ("items", "maxResults"),
            Style::Status | Style::Both => (last, "pageSize"),
        };
        turn::list(json!({}), name, turn.page(items, size))
    }

    fn change(&self, turn: &mut Turn<'_>, style: Style) -> Answer {
        let before = self.found(turn.store)?.clone();
        let (given, wrapper) = self.given(&turn.body)?;
        for mark in ["etag", "fingerprint"] {
            let old = given[mark].as_str().is_some_and(|it| !it.is_empty() && before[mark] != it);
            if old && self.has(mark) {
                let text = format!("The {mark} is not the object's: it has changed since.");
                return Err(match style {
                    Style::Errors => Refusal::condition(text),
                    Style::Status | Style::Both => Refusal::aborted(text),
                });
            }
        }
        let beside = wrapper.and_then(|_| turn.body["updateMask"].as_str());
        let mask = turn.parameter("updateMask").or(beside).unwrap_or_default().to_owned();
        let mut object = match self.act {
            Act::Replace => {
                let kept = before.as_object().cloned().unwrap_or_default();
                let known = self.described.properties(self.schema());
                let lasting = kept.into_iter().filter(|(name, _)| {
                    let own = known.and_then(|known| known.get(name));
                    let same = ["name", "id", "selfLink", "kind"].contains(&name.as_str());
                    same || own.is_some_and(|of| of["readOnly"] == true)
                });
                let mut whole = Json::Object(lasting.collect());
                merge_fields(&mut whole, &given);
                whole
            }
            _ if mask.is_empty() || mask == "*" => patched(&before, &given),
            _ => {
                let mut object = before.clone();
                for path in mask.split(',') {
                    let path: Vec<String> = path.trim().split('.').map(camel).collect();
                    set(&mut object, &given, &path);
                }
                object
            }
        };
        for name in ["updateTime", "updated"] {
            if self.has(name) {
                object[name] = json!(stamp(turn.now));
            }
        }
        for name in ["etag", "fingerprint"] {
            if self.has(name) {
                object[name] = json!(turn.store.etag());
            }
        }
        turn.store.put(self.key(), object.clone());
        self.told(turn, &object, "patch")
    }

    fn delete(&self, turn: &mut Turn<'_>, _style: Style) -> Answer {
        let object = self.found(turn.store)?.clone();
        turn.store.remove(&self.key());
        removed_with(turn.store, self.described.name, &self.path);
        match self.method.response.as_deref() {
            None => Ok(Response::empty(StatusCode::NO_CONTENT)),
            Some("Empty" | "GoogleProtobufEmpty") => turn::ok(&json!({})),
            Some(_) => self.told(turn, &object, "delete"),
        }
    }

    /// Tells an object, or an operation on it that has ended, as the method has it.
    fn told(&self, turn: &mut Turn<'_>, object: &Json, kind: &str) -> Answer {
        if self.method.response.as_deref() != Some("Operation") {
            return turn::ok(object);
        }
        let variables = self.variables();
        let project = variables.first().cloned().unwrap_or_default();
        if self.described.name == "compute" {
            let place = self.path.iter().position(|word| word == "regions" || word == "zones");
            let scope =
                place.and_then(|at| Some(format!("{}/{}", self.path[at], self.path.get(at + 1)?)));
            let scope = scope.unwrap_or_else(|| "global".into());
            let place = (project.as_str(), scope.as_str());
            let operation =
                operation::compute(turn.store, turn.now, place, (kind, object), Vec::new());
            return turn::ok(&operation);
        }
        let place = self.path.iter().position(|word| word == "locations");
        let parent = match place.and_then(|at| self.path.get(at + 1)) {
            Some(location) => format!("projects/{project}/locations/{location}/"),
            None => String::new(),
        };
        let name = format!("{parent}operations/{}", turn.store.letters(32));
        let ended = (json!({}), object.clone());
        let at_once = (Duration::ZERO, Vec::new());
        let of = (self.described.name, name, "");
        turn::ok(&operation::told(turn.store, turn.now, of, ended, at_once))
    }
}

/// Removes what belongs to an object that is gone. `path` is the object's, with the service's version.
pub fn removed_with(store: &mut Store, service: &str, path: &[String]) {
    if path.is_empty() {
        return;
    }
    let below = format!("{ROOT}/{service}/{}/", path.join("/"));
    let gone: Vec<String> = store.below(&below).map(|(key, _)| key.to_owned()).collect();
    for key in gone {
        store.remove(&key);
    }
}

/// Gives how a service writes errors; of one that the sandbox does not have else the newer way.
pub fn style_of(apis: &[Api], service: &str) -> Style {
    apis.iter().find(|api| api.name == service).map_or(Style::Status, |api| api.style)
}

/// Gives the body of a request as JSON.
///
/// # Errors
/// It is none.
pub fn body(request: &Request) -> Result<Json, Refusal> {
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&request.body).map_err(|error| {
        Refusal::invalid(format!("Invalid JSON payload received. Unexpected token.\n{error}"))
    })
}

/// Cuts the service and its version off a path.
fn below_version(path: &str) -> String {
    let words: Vec<&str> = path.split('/').collect();
    let is_version = |word: &&str| {
        let digits = word.strip_prefix('v').unwrap_or_default();
        digits.starts_with(|letter: char| letter.is_ascii_digit())
    };
    let from = words.iter().position(is_version).map_or(0, |at| at + 1);
    words[from..].join("/")
}

fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            _ if upper => {
                out.push(letter.to_ascii_uppercase());
                upper = false;
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Takes the part at a path over, or its absence.
fn set(object: &mut Json, given: &Json, path: &[String]) {
    let Some((name, rest)) = path.split_first() else { return };
    let Some(members) = object.as_object_mut() else { return };
    if !rest.is_empty() {
        let inner = members.entry(name.clone()).or_insert_with(|| json!({}));
        set(inner, &given[name], rest);
        return;
    }
    match &given[name] {
        Json::Null => {
            members.remove(name);
        }
        value => {
            members.insert(name.clone(), value.clone());
        }
    }
}
