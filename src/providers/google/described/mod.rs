//! Google's published API descriptions, as far as an object of any of them is made, read, changed and removed.
//!
//! The bundled files in `../descriptions` are made by `tests/support/trim_discovery.py`; a description that the user gives is one
//! as Google publishes it (the discovery document).

mod body;
mod compare;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::diag::nearest;
use crate::providers::rest::spec::OperationKind;

pub use self::body::{Strange, check};
pub use self::compare::{agrees, change, laid, projected};

/// One API in one version.
pub struct Description {
    methods: Vec<Method>,
    schemas: BTreeMap<String, Json>,
}

struct Method {
    id: String,
    verb: String,
    segments: Vec<String>,
    query: Vec<String>,
    request: Option<String>,
    response: Option<String>,
}

/// How an object of a collection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Making {
    /// By POST to the collection.
    Post(Post),
    /// By PUT to the object's own place.
    Put,
}

/// Where a new object and its name stand in a POST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Post {
    /// The query parameter that takes the name.
    pub query: Option<String>,
    /// The body's member that holds the object; none where the body is the object.
    pub member: Option<String>,
    /// The body's member that takes the name. Where there is neither, it is the object's `name`.
    pub named: Option<String>,
}

/// How an object is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changing {
    /// By PATCH with a mask in the query.
    Masked,
    /// By PATCH of this member of the body, with a mask beside it.
    Wrapped(String),
    /// By PATCH of what changed.
    Merged,
    /// By PUT of the whole.
    Whole,
}

/// How the objects of a collection are treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// What stands before the collection in paths, like `v1` or `compute/v1`.
    pub prefix: String,
    /// How one is made; nothing where it cannot be.
    pub making: Option<Making>,
    /// How one is changed; nothing where it cannot be.
    pub changing: Option<Changing>,
    /// Whether one can be removed.
    pub removing: bool,
    /// The schema of an object.
    pub schema: Option<String>,
    /// The operations that calls answer with.
    pub operation: OperationKind,
}

macro_rules! bundle {
    ($($name:literal),* $(,)?) => {
        const BUNDLED: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../descriptions/", $name, ".json.gz")))),*];
        static READ: [OnceLock<Option<Arc<Description>>>; BUNDLED.len()] =
            [const { OnceLock::new() }; BUNDLED.len()];
    };
}

bundle!(
    "appengine.v1",
    "artifactregistry.v1",
    "bigtableadmin.v2",
    "cloudbuild.v1",
    "cloudkms.v1",
    "cloudresourcemanager.v3",
    "compute.v1",
    "container.v1",
    "dns.v1",
    "firestore.v1",
    "iam.v1",
    "logging.v2",
    "pubsub.v1",
    "redis.v1",
    "secretmanager.v1",
    "sqladmin.v1",
    "storage.v1",
);

/// Gives a bundled description.
pub fn bundled(service: &str, version: &str) -> Option<Arc<Description>> {
    let name = format!("{service}.{version}");
    let at = BUNDLED.iter().position(|(known, _)| *known == name)?;
    let read = || {
        let mut text = String::new();
        GzDecoder::new(BUNDLED[at].1).read_to_string(&mut text).ok()?;
        Description::parse(&text).ok().map(Arc::new)
    };
    READ[at].get_or_init(read).clone()
}

/// Descriptions that were given, by their texts' digests, the last one first: every instance and every stage asks for the same.
static GIVEN: Mutex<Vec<([u8; 32], Arc<Description>)>> = Mutex::new(Vec::new());

/// As many given descriptions are kept.
const MOST: usize = 8;

/// Reads a description that was given, once.
///
/// # Errors
/// Why it is none.
pub fn given(text: &str) -> Result<Arc<Description>, String> {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut kept = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, read)) = kept.iter().find(|(of, _)| *of == digest) {
        return Ok(read.clone());
    }
    let read = Arc::new(Description::parse(text)?);
    kept.insert(0, (digest, read.clone()));
    kept.truncate(MOST);
    Ok(read)
}

/// Gives the bundled APIs, like `compute v1`.
pub fn names() -> impl Iterator<Item = String> {
    BUNDLED.iter().map(|(name, _)| name.replacen('.', " ", 1))
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Description, String> {
        let document: Json =
            serde_json::from_str(text).map_err(|error| format!("It is no JSON: {error}."))?;
        let mut methods = Vec::new();
        let before = document["servicePath"].as_str().unwrap_or_default();
        gather(&document, before, &mut methods);
        if methods.is_empty() {
            return Err("It has no methods: a description is what Google calls the discovery document of an API.".into());
        }
        let schemas = document["schemas"].as_object().cloned().unwrap_or_default();
        Ok(Description { methods, schemas: schemas.into_iter().collect() })
    }

    /// Gives the schema of a name.
    pub fn schema(&self, name: &str) -> Option<&Json> {
        self.schemas.get(name)
    }

    /// Says whether a place in an object of a schema has members of fixed names, which a mask can name.
    pub fn has_members(&self, schema: &str, path: &str) -> bool {
        let resolved = |schema: &'_ Json| match schema["$ref"].as_str() {
            Some(name) => self.schemas.get(name).cloned(),
            None => Some(schema.clone()),
        };
        let root = self.schemas.get(schema).cloned();
        let found =
            path.split('.').fold(root, |schema, name| resolved(schema?["properties"].get(name)?));
        found.is_some_and(|schema| schema["properties"].is_object())
    }

    /// Finds out how the objects of a collection are treated.
    ///
    /// # Errors
    /// There is no such collection; what there is that is alike.
    pub fn collection(&self, path: &str) -> Result<Collection, String> {
        let wanted: Vec<&str> = path.split('/').collect();
        let of = |verb: &str, inside: bool, ends: &[&str]| {
            self.methods.iter().find(|method| {
                let end = method.id.rsplit('.').next().unwrap_or_default();
                method.verb == verb
                    && ends.contains(&end)
                    && method.before(&wanted, inside).is_some()
            })
        };
        let get = of("GET", true, &["get"]).ok_or_else(|| self.unknown(&wanted))?;
        let prefix = get.before(&wanted, true).unwrap_or_default();
        let post = of("POST", false, &["create", "insert"]);
        let put = of("PUT", true, &["create"]);
        let patch = of("PATCH", true, &["patch", "update"]);
        let whole = of("PUT", true, &["update"]);
        let schema = get.response.clone();
        let making = match (post, put) {
            (Some(post), _) => Some(Making::Post(self.post(post, schema.as_deref()))),
            (None, Some(_)) => Some(Making::Put),
            (None, None) => None,
        };
        let changing = patch
            .and_then(|patch| self.patch(patch, schema.as_deref()))
            .or_else(|| whole.filter(|whole| whole.request == schema).map(|_| Changing::Whole));
        let removing = of("DELETE", true, &["delete"]).is_some();
        let operation = self.operation(post.or(put));
        Ok(Collection { prefix, making, changing, removing, schema, operation })
    }

    /// Gives the member of a request that holds an object of a schema, where the request is not the object.
    fn member(&self, method: &Method, schema: Option<&str>) -> Option<&str> {
        let request = method.request.as_deref().filter(|request| Some(*request) != schema)?;
        let members = self.schemas.get(request)?["properties"].as_object()?;
        members
            .iter()
            .find(|(_, member)| member["$ref"].as_str() == schema)
            .map(|(name, _)| name.as_str())
    }

    fn post(&self, method: &Method, schema: Option<&str>) -> Post {
        let member = self.member(method, schema).map(str::to_string);
        let request = method.request.as_ref().and_then(|request| self.schemas.get(request));
        let members = request.and_then(|request| request["properties"].as_object());
        let mut names = members.into_iter().flatten().map(|(name, _)| name);
        let named = names.find(|name| member.is_some() && method.is_name(name)).cloned();
        Post {
            query: method.query.iter().find(|name| method.is_name(name)).cloned(),
            member,
            named,
        }
    }

    fn patch(&self, method: &Method, schema: Option<&str>) -> Option<Changing> {
        if let Some(member) = self.member(method, schema) {
            return Some(Changing::Wrapped(member.to_string()));
        }
        let masked = method.query.iter().any(|name| name == "updateMask");
        (method.request.as_deref() == schema).then_some(if masked {
            Changing::Masked
        } else {
            Changing::Merged
        })
    }

    fn operation(&self, method: Option<&Method>) -> OperationKind {
        if method.and_then(|method| method.response.as_deref()) != Some("Operation") {
            return OperationKind::None;
        }
        let has = |name: &str| {
            self.schemas
                .get("Operation")
                .is_some_and(|schema| schema["properties"].get(name).is_some())
        };
        match (has("done"), has("kind"), has("targetProject")) {
            (true, ..) => OperationKind::Standard,
            (_, true, true) => OperationKind::Sql,
            (_, true, false) => OperationKind::Compute,
            _ => OperationKind::Gke,
        }
    }

    fn unknown(&self, wanted: &[&str]) -> String {
        let path = wanted.join("/");
        let last = wanted.last().copied().unwrap_or_default();
        let mut collections: Vec<String> = self
            .methods
            .iter()
            .filter(|method| method.id.ends_with(".get"))
            .filter_map(|method| method.segments.split_last().map(|(_, before)| before.join("/")))
            .collect();
        collections.sort();
        collections.dedup();
        let same: Vec<&String> =
            collections.iter().filter(|other| other.rsplit('/').next() == Some(last)).collect();
        if let [first, ..] = same.as_slice() {
            return format!(
                "The API has no collection \"{path}\". Its `{last}` stand at \"{first}\"."
            );
        }
        let lasts = collections.iter().filter_map(|other| other.rsplit('/').next());
        let hint =
            nearest(last, lasts).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
        format!("The API has no collection \"{path}\".{hint}")
    }
}

impl Method {
    /// Gives what stands before a collection in the method's path, where it is one of that collection, or of its objects (`inside`).
    fn before(&self, wanted: &[&str], inside: bool) -> Option<String> {
        let mut segments = self.segments.as_slice();
        if inside {
            let (last, rest) = segments.split_last()?;
            if !is_hole(last) {
                return None;
            }
            segments = rest;
        }
        let start = segments.len().checked_sub(wanted.len())?;
        let (before, own) = segments.split_at(start);
        let fits = own.iter().zip(wanted).all(|(own, wanted)| is_hole(own) || own == wanted);
        // The collection's own name is written out.
        let named = own.last().is_some_and(|last| !is_hole(last));
        (fits && named && !before.iter().any(|segment| is_hole(segment) || segment == "projects"))
            .then(|| before.join("/"))
    }

    /// Says whether a parameter takes the name of a new object: `topicId` of a collection `topics`.
    fn is_name(&self, parameter: &str) -> bool {
        let stem = parameter.strip_suffix("Id").unwrap_or_default().to_lowercase();
        let last = self.segments.last().map(|last| last.to_lowercase()).unwrap_or_default();
        !stem.is_empty() && stem != "request" && last.starts_with(stem.trim_end_matches('y'))
    }
}

fn is_hole(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

fn gather(node: &Json, before: &str, found: &mut Vec<Method>) {
    for method in node["methods"].as_object().into_iter().flatten().map(|(_, method)| method) {
        let text = |name: &str| method[name].as_str().unwrap_or_default();
        let flat = if text("flatPath").is_empty() { text("path") } else { text("flatPath") };
        let reference = |name: &str| method[name]["$ref"].as_str().map(str::to_string);
        let parameters = method["parameters"].as_object().into_iter().flatten();
        found.push(Method {
            id: text("id").to_string(),
            verb: text("httpMethod").to_string(),
            segments: format!("{before}{flat}").split('/').map(str::to_string).collect(),
            query: parameters
                .filter(|(_, parameter)| parameter["location"] == "query")
                .map(|(name, _)| name.clone())
                .collect(),
            request: reference("request"),
            response: reference("response"),
        });
    }
    for inner in node["resources"].as_object().into_iter().flatten().map(|(_, inner)| inner) {
        gather(inner, before, found);
    }
}

impl Collection {
    /// Gives it as a text that a state can keep.
    pub fn to_text(&self) -> String {
        let making = match &self.making {
            None => Json::Null,
            Some(Making::Put) => json!("put"),
            Some(Making::Post(post)) => json!([post.query, post.member, post.named]),
        };
        let changing = match &self.changing {
            None => Json::Null,
            Some(Changing::Masked) => json!("mask"),
            Some(Changing::Merged) => json!("merge"),
            Some(Changing::Whole) => json!("put"),
            Some(Changing::Wrapped(member)) => json!([member]),
        };
        let operation =
            OPERATIONS.iter().find(|(_, kind)| *kind == self.operation).map(|(name, _)| *name);
        json!({ "prefix": self.prefix, "create": making, "update": changing, "delete": self.removing, "operation": operation })
            .to_string()
    }

    /// Reads it back, without the schema; nothing where the text is none.
    pub fn from_text(text: &str) -> Option<Collection> {
        let json: Json = serde_json::from_str(text).ok()?;
        let text_of = |json: &Json| json.as_str().map(str::to_string);
        let making = match &json["create"] {
            Json::String(_) => Some(Making::Put),
            Json::Array(parts) => {
                let [query, member, named] = parts.as_slice() else { return None };
                let post =
                    Post { query: text_of(query), member: text_of(member), named: text_of(named) };
                Some(Making::Post(post))
            }
            _ => None,
        };
        let changing = match &json["update"] {
            Json::String(way) if way == "mask" => Some(Changing::Masked),
            Json::String(way) if way == "merge" => Some(Changing::Merged),
            Json::String(_) => Some(Changing::Whole),
            Json::Array(member) => Some(Changing::Wrapped(text_of(member.first()?)?)),
            _ => None,
        };
        let operation = OPERATIONS.iter().find(|(name, _)| json["operation"] == *name);
        Some(Collection {
            prefix: text_of(&json["prefix"])?,
            making,
            changing,
            removing: json["delete"] == true,
            schema: None,
            operation: operation.map_or(OperationKind::None, |(_, kind)| *kind),
        })
    }
}

const OPERATIONS: &[(&str, OperationKind)] = &[
    ("standard", OperationKind::Standard),
    ("gke", OperationKind::Gke),
    ("compute", OperationKind::Compute),
    ("sql", OperationKind::Sql),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_description_is_read() {
        for (name, _) in BUNDLED {
            let (service, version) = name.split_once('.').unwrap();
            assert!(bundled(service, version).is_some(), "{name}");
        }
        assert!(bundled("pubsub", "v9").is_none());
    }

    #[test]
    fn a_description_that_is_given_is_read_once() {
        let text = r#"{ "methods": { "get": { "id": "a.things.get", "httpMethod": "GET", "path": "things/{thing}" } } }"#;

        let (one, other) = (given(text).unwrap(), given(text).unwrap());

        assert!(Arc::ptr_eq(&one, &other));
        assert!(given("{}").is_err());
    }

    #[test]
    fn a_collection_tells_how_its_objects_are_treated() {
        let of = |service: &str, version: &str, path: &str| {
            bundled(service, version).unwrap().collection(path).map(|found| {
                let text = found.to_text();
                assert_eq!(
                    Collection::from_text(&text),
                    Some(Collection { schema: None, ..found.clone() })
                );
                (text, found.schema.unwrap_or_default())
            })
        };
        let told = |text: &str, schema: &str| Ok((text.to_string(), schema.to_string()));

        assert_eq!(
            of("pubsub", "v1", "projects/p/topics"),
            told(
                r#"{"prefix":"v1","create":"put","update":["topic"],"delete":true,"operation":null}"#,
                "Topic"
            )
        );
        assert_eq!(
            of("cloudkms", "v1", "projects/p/locations/l/keyRings"),
            told(
                r#"{"prefix":"v1","create":["keyRingId",null,null],"update":null,"delete":true,"operation":null}"#,
                "KeyRing"
            )
        );
        assert_eq!(
            of("compute", "v1", "projects/p/global/firewalls"),
            told(
                r#"{"prefix":"compute/v1","create":[null,null,null],"update":"merge","delete":true,"operation":"compute"}"#,
                "Firewall"
            )
        );
        assert_eq!(
            of("artifactregistry", "v1", "projects/p/locations/l/repositories"),
            told(
                r#"{"prefix":"v1","create":["repositoryId",null,null],"update":"mask","delete":true,"operation":"standard"}"#,
                "Repository"
            )
        );
        let cluster = of("container", "v1", "projects/p/locations/l/clusters").unwrap();
        assert!(
            cluster.0.contains(r#""create":[null,"cluster",null]"#)
                && cluster.0.contains("\"gke\""),
            "{cluster:?}"
        );
        let sql = of("sqladmin", "v1", "projects/p/instances").unwrap().0;
        assert!(sql.contains("\"sql\""), "{sql}");
        assert!(
            of("pubsub", "v1", "projects/p/topic").unwrap_err().contains("Did you mean `topics`?")
        );
        assert!(
            of("pubsub", "v1", "topics")
                .unwrap_err()
                .contains("stand at \"v1/projects/{projectsId}/topics\"")
        );
    }
}
