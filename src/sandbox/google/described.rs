//! Google's published API descriptions, and what they say about a request.
//!
//! The files in `../data` are the discovery documents of google-api-python-client, trimmed by
//! `tests/support/trim_discovery.py`. They tell methods, parameters, types, enum values and output-only fields;
//! they do not tell what is required, what cannot change, or defaults: that is in the services' own files.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};

use crate::http::Request;

use super::refusal::{Refusal, Style};

/// One API in one version.
pub struct Api {
    /// The short name, like `storage`; also the path prefix it is reached under.
    pub name: &'static str,
    /// The service's name, like `storage.googleapis.com`.
    pub host: String,
    /// The title that people see.
    pub title: &'static str,
    /// How it writes errors.
    pub style: Style,
    packed: &'static [u8],
    content: OnceLock<Content>,
}

struct Content {
    methods: Vec<Method>,
    schemas: BTreeMap<String, Json>,
    parameters: Vec<String>,
}

/// One method.
pub struct Method {
    /// The id, like `storage.buckets.get`.
    pub id: String,
    verb: String,
    segments: Vec<Segment>,
    /// The schema of what it answers, where that is kept.
    pub response: Option<String>,
    request: Option<String>,
    query: BTreeMap<String, Json>,
}

enum Segment {
    Literal(String),
    Variable,
    /// A variable followed by `:verb`.
    Custom(String),
}

/// A method that fits a request, with its path's variables in order.
pub struct Match<'a> {
    /// The API.
    pub api: &'a Api,
    /// The method.
    pub method: &'a Method,
    /// The variables, percent-decoded.
    pub path: Vec<String>,
}

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("../data/", $name, ".json.gz"))
    };
}

/// The APIs: name, title, how errors look, and the description.
const APIS: &[(&str, &str, Style, &[u8])] = &[
    ("storage", "Cloud Storage API", Style::Errors, data!("storage.v1")),
    // What is still tried out stands before what will be it.
    ("container", ENGINE, Style::Both, data!("container.v1beta1")),
    ("container", ENGINE, Style::Both, data!("container.v1")),
    ("iam", "Identity and Access Management (IAM) API", Style::Both, data!("iam.v1")),
    ("serviceusage", "Service Usage API", Style::Status, data!("serviceusage.v1")),
    ("cloudresourcemanager", RESOURCES, Style::Status, data!("cloudresourcemanager.v1")),
    ("cloudresourcemanager", RESOURCES, Style::Status, data!("cloudresourcemanager.v3")),
    ("artifactregistry", "Artifact Registry API", Style::Status, data!("artifactregistry.v1")),
    (
        "iamcredentials",
        "IAM Service Account Credentials API",
        Style::Status,
        data!("iamcredentials.v1"),
    ),
    ("secretmanager", "Secret Manager API", Style::Status, data!("secretmanager.v1")),
    ("cloudkms", "Cloud Key Management Service (KMS) API", Style::Status, data!("cloudkms.v1")),
    ("compute", "Compute Engine API", Style::Errors, data!("compute.v1")),
    ("pubsub", "Cloud Pub/Sub API", Style::Status, data!("pubsub.v1")),
    ("sqladmin", "Cloud SQL Admin API", Style::Errors, data!("sqladmin.v1")),
    ("dns", "Cloud DNS API", Style::Both, data!("dns.v1")),
    ("redis", "Google Cloud Memorystore for Redis API", Style::Status, data!("redis.v1")),
    ("firestore", "Cloud Firestore API", Style::Status, data!("firestore.v1")),
    ("bigtableadmin", "Cloud Bigtable Admin API", Style::Status, data!("bigtableadmin.v2")),
    ("appengine", "App Engine Admin API", Style::Status, data!("appengine.v1")),
    ("logging", "Cloud Logging API", Style::Status, data!("logging.v2")),
];

const ENGINE: &str = "Kubernetes Engine API";
const RESOURCES: &str = "Cloud Resource Manager API";

/// Gives all APIs.
pub fn all() -> Vec<Api> {
    let api =
        |(name, title, style, packed): &(&'static str, &'static str, Style, &'static [u8])| Api {
            name,
            host: format!("{name}.googleapis.com"),
            title,
            style: *style,
            packed,
            content: OnceLock::new(),
        };
    APIS.iter().map(api).collect()
}

/// Gives the names of the services, without their domain.
pub fn services() -> impl Iterator<Item = &'static str> {
    APIS.iter().map(|(name, ..)| *name)
}

/// Gives the title of a service, like `Cloud Storage API` for `storage.googleapis.com`.
pub fn title(service: &str) -> Option<&'static str> {
    let name = service.strip_suffix(".googleapis.com")?;
    APIS.iter().find(|(api, ..)| *api == name).map(|(_, title, ..)| *title)
}

impl Api {
    /// Gives the methods that fit a verb and a path (without leading slash, split, percent-decoded).
    ///
    /// `v1beta2` of Artifact Registry, which `gcloud` calls, is answered as its `v1`, and Cloud SQL's older address as its newer one.
    pub fn matches<'a>(&'a self, verb: &str, path: &[String]) -> Vec<Match<'a>> {
        let stable: Vec<String>;
        let path = match path {
            [first, rest @ ..] if self.name == "artifactregistry" && first == "v1beta2" => {
                stable = std::iter::once("v1".to_owned()).chain(rest.iter().cloned()).collect();
                stable.as_slice()
            }
            [first, second, rest @ ..]
                if self.name == "sqladmin" && first == "sql" && second == "v1beta4" =>
            {
                stable = std::iter::once("v1".to_owned()).chain(rest.iter().cloned()).collect();
                stable.as_slice()
            }
            // An operation of Bigtable is named by the whole way to it.
            [version, first, rest @ ..]
                if self.name == "bigtableadmin" && first == "operations" && !rest.is_empty() =>
            {
                stable = vec![version.clone(), first.clone(), rest.join("/")];
                stable.as_slice()
            }
            path => path,
        };
        let found = self.fitting(verb, path);
        match stable_of(path).filter(|_| found.is_empty()) {
            Some(path) => self.fitting(verb, &path),
            None => found,
        }
    }

    /// Gives the methods that a path fits as it stands. A call of an object (`NAME:getIamPolicy`) is never an object of such a
    /// name.
    fn fitting<'a>(&'a self, verb: &str, path: &[String]) -> Vec<Match<'a>> {
        let of = self.content().methods.iter().filter(|method| method.verb == verb);
        let mut found: Vec<Match<'_>> = of
            .filter_map(|method| {
                method.variables(path).map(|path| Match { api: self, method, path })
            })
            .collect();
        let is_call =
            path.last().and_then(|last| last.rsplit_once(':')).is_some_and(|(_, call)| {
                !call.is_empty() && call.bytes().all(|letter| letter.is_ascii_alphabetic())
            });
        if is_call && self.style != Style::Errors {
            found.retain(|found| !matches!(found.method.segments.last(), Some(Segment::Variable)));
        }
        found
    }

    /// Checks a request's body and gives it without what is output-only.
    ///
    /// # Errors
    /// What is wrong with it, all at once, in Google's words.
    pub fn check(&self, method: &Method, request: &Request) -> Result<Json, Refusal> {
        let Some(schema) = &method.request else { return Ok(json!({})) };
        if request.body.is_empty() {
            return Ok(json!({}));
        }
        let mut body: Json = serde_json::from_slice(&request.body).map_err(|error| {
            Refusal::invalid(format!("Invalid JSON payload received. Unexpected token.\n{error}"))
        })?;
        // What is only tried out has members that its description of today does not know.
        let tried_out = ["beta", "alpha"].iter().any(|it| request.path().contains(it));
        let mut check = Check {
            api: self,
            problems: Vec::new(),
            keep_null: method.verb == "PATCH",
            lenient: tried_out,
        };
        // What stands in the address may stand in the body too.
        if let Some(fields) = body.as_object_mut().filter(|_| self.style != Style::Errors) {
            let known = &self.content().schemas[schema.as_str()]["properties"];
            fields.retain(|name, _| !known[name].is_null() || !IN_ADDRESS.contains(&name.as_str()));
            // And what stands in the query is said of the body's members, where they are not there.
            for (name, value) in request.query() {
                if !known[&name].is_null()
                    && !method.query.contains_key(&name)
                    && !fields.contains_key(&name)
                {
                    fields.insert(name, value.into());
                }
            }
        }
        check.value(&json!({"$ref": schema}), &mut body, "");
        if check.problems.is_empty() {
            return Ok(body);
        }
        let messages: Vec<String> =
            check.problems.iter().map(|(_, message)| message.clone()).collect();
        let violations: Vec<Json> = check
            .problems
            .iter()
            .map(|(field, message)| json!({"field": field, "description": message}))
            .collect();
        let mut refusal = Refusal::invalid(messages.join("\n"));
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations,
        }));
        Err(refusal)
    }

    /// Gives the query: what is required is there, enum values exist, and the newer services refuse
    /// a parameter that they do not know. A name in snake case is understood, as the services do.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn query(
        &self,
        method: &Method,
        request: &Request,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let mut given = request.query();
        for (name, _) in &mut given {
            if !method.query.contains_key(name) && method.query.contains_key(&camel(name)) {
                *name = camel(name);
            }
        }
        for (name, field) in &method.query {
            if field["required"] == json!(true) && !given.iter().any(|(key, _)| key == name) {
                return Err(Refusal::required(name));
            }
        }
        for (name, value) in &mut given {
            let Some(field) = method.query.get(name.as_str()) else {
                let common = name.starts_with('$') || self.content().parameters.contains(name);
                // A member of the body may be said in the address.
                let member = method.request.as_ref().is_some_and(|schema| {
                    !self.content().schemas[schema]["properties"][name.as_str()].is_null()
                });
                let free = common || member || self.style == Style::Errors;
                if free || name == "alt" || name == "userProject" {
                    continue;
                }
                return Err(Refusal::invalid(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field \
                     '{name}' could not be found in request message."
                )));
            };
            let (kind, fits) = match field["type"].as_str().unwrap_or_default() {
                // Some clients write them with a capital letter.
                "boolean" => {
                    *value = value.to_ascii_lowercase();
                    ("TYPE_BOOL", matches!(value.as_str(), "true" | "false"))
                }
                "integer" => match field["format"].as_str() {
                    Some("uint32") => ("TYPE_UINT32", value.parse::<u32>().is_ok()),
                    _ => ("TYPE_INT32", value.parse::<i32>().is_ok()),
                },
                _ => {
                    let known = field["enum"].as_array();
                    let fits = known.is_none_or(|values| {
                        values.iter().any(|known| known.as_str() == Some(value.as_str()))
                    });
                    ("TYPE_ENUM", fits)
                }
            };
            if !fits {
                return Err(Refusal::invalid(format!(
                    "Invalid value at '{name}' ({kind}), \"{value}\""
                )));
            }
        }
        Ok(given)
    }

    /// Gives the schema of a name, as the trimmed description has it.
    pub fn schema(&self, name: &str) -> Option<&Json> {
        self.content().schemas.get(name)
    }

    fn content(&self) -> &Content {
        self.content.get_or_init(|| unpack(self.packed))
    }
}

impl Method {
    fn variables(&self, path: &[String]) -> Option<Vec<String>> {
        if path.len() != self.segments.len() {
            return None;
        }
        let mut variables = Vec::new();
        for (segment, text) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Literal(_) => return None,
                Segment::Variable => variables.push(text.clone()),
                Segment::Custom(verb) => {
                    variables.push(text.strip_suffix(verb.as_str())?.strip_suffix(':')?.to_owned());
                }
            }
        }
        Some(variables)
    }
}

/// Gives a path of a version that is still tried out (`v1beta1`, `beta`) as that of the version that it will be.
fn stable_of(path: &[String]) -> Option<Vec<String>> {
    let stable = |segment: &String| {
        let (version, _) = segment.split_once("beta").or_else(|| segment.split_once("alpha"))?;
        let number = version.strip_prefix('v').is_some_and(|it| it.parse::<u32>().is_ok());
        (number || version.is_empty())
            .then(|| if number { version.to_owned() } else { "v1".to_owned() })
    };
    let (place, version) =
        path.iter().take(2).enumerate().find_map(|(place, it)| Some((place, stable(it)?)))?;
    let mut path = path.to_vec();
    path[place] = version;
    Some(path)
}

fn unpack(packed: &[u8]) -> Content {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).expect("the bundled description is gzip text");
    let json: Json = serde_json::from_str(&text).expect("the bundled description is JSON");
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    let map = |json: &Json| -> BTreeMap<String, Json> {
        json.as_object()
            .map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
            .unwrap_or_default()
    };
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let methods = list(&json["methods"])
        .iter()
        .map(|method| Method {
            id: text(&method["id"]),
            verb: text(&method["verb"]),
            segments: text(&method["path"]).split('/').map(segment).collect(),
            request: method["request"].as_str().map(str::to_owned),
            response: method["response"].as_str().map(str::to_owned),
            query: map(&method["parameters"]),
        })
        .collect();
    let parameters = list(&json["parameters"]).iter().map(text).collect();
    Content { methods, schemas: map(&json["schemas"]), parameters }
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((_, "")) => Segment::Variable,
        Some((_, verb)) => Segment::Custom(verb.trim_start_matches(':').to_owned()),
        None => Segment::Literal(text.to_owned()),
    }
}

/// What a request names in its address.
const IN_ADDRESS: [&str; 2] = ["name", "parent"];

/// The names of choices whose numbers are not those of their places.
const NUMBERS: [(&str, u64); 1] = [("STANDARD_HA", 3)];

struct Check<'a> {
    api: &'a Api,
    problems: Vec<(String, String)>,
    /// A merge patch says with null that a field goes.
    keep_null: bool,
    /// What is not known is left out, in place of a refusal.
    lenient: bool,
}

impl Check<'_> {
    fn value(&mut self, schema: &Json, value: &mut Json, at: &str) {
        if let Some(name) = schema["$ref"].as_str() {
            let Some(schema) = self.api.content().schemas.get(name).cloned() else { return };
            return self.object(&schema, value, at, name);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, value, at, "object"),
            Some("array") => match value {
                Json::Array(items) => {
                    items.retain(|item| !item.is_null());
                    for (index, item) in items.iter_mut().enumerate() {
                        self.value(&schema["items"], item, &format!("{at}[{index}]"));
                    }
                }
                other => self.wrong(at, "TYPE_MESSAGE", &other.clone()),
            },
            Some(kind) => self.scalar(kind, schema, value, at),
            None => {}
        }
    }

    fn object(&mut self, schema: &Json, value: &mut Json, at: &str, name: &str) {
        let Json::Object(fields) = value else {
            let shown = value.clone();
            return self.wrong(at, &format!("type.googleapis.com/{}", name), &shown);
        };
        if !self.keep_null {
            fields.retain(|_, inner| !inner.is_null());
        }
        let known = schema["properties"].as_object();
        if let Some(known) = known {
            // A choice that is an empty text is none.
            let chosen = |name: &str| known.get(name).is_some_and(|it| it["enum"].is_array());
            fields.retain(|name, inner| *inner != "" || !chosen(name));
            if self.lenient {
                fields
                    .retain(|name, _| known.contains_key(name) || known.contains_key(&camel(name)));
            }
        }
        if let Some(known) = known {
            fields
                .retain(|name, _| known.get(name).is_none_or(|field| field["out"] != json!(true)));
        }
        if let Some(known) = known {
            for name in fields.keys().filter(|name| name.contains('_')).cloned().collect::<Vec<_>>()
            {
                if known.contains_key(&camel(&name)) && !known.contains_key(&name) {
                    let value = fields.remove(&name).unwrap_or_default();
                    fields.insert(camel(&name), value);
                }
            }
        }
        for (field, inner) in fields.iter_mut() {
            if inner.is_null() {
                continue;
            }
            let place = place(at, field);
            match known.and_then(|known| known.get(field)) {
                Some(schema) => self.value(schema, inner, &place),
                None if schema["map"].is_object() => self.value(&schema["map"], inner, &place),
                None if known.is_none() => {}
                None => {
                    let at = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
                    let message = format!(
                        "Invalid JSON payload received. Unknown name \"{field}\"{at}: Cannot find field."
                    );
                    self.problems.push((at.trim().to_owned(), message));
                }
            }
        }
    }

    fn scalar(&mut self, kind: &str, schema: &Json, value: &mut Json, at: &str) {
        let format = schema["format"].as_str().unwrap_or_default();
        let whole = |value: &Json| match value {
            Json::Number(number) => {
                number.is_i64()
                    || number.is_u64()
                    || number.as_f64().is_some_and(|f| f.fract() == 0.0)
            }
            Json::String(text) => text.parse::<i128>().is_ok(),
            _ => false,
        };
        match (kind, format) {
            ("string", "int64" | "uint64") => {
                if !whole(value) {
                    return self.wrong(
                        at,
                        &format!("TYPE_{}", format.to_uppercase()),
                        &value.clone(),
                    );
                }
                if let Json::Number(number) = value {
                    *value = json!(number.to_string());
                }
            }
            ("string", _) => match (&*value, schema["enum"].as_array()) {
                (Json::String(text), Some(values))
                    if !values.iter().any(|known| known == text.as_str()) =>
                {
                    self.wrong(at, "TYPE_ENUM", &value.clone());
                }
                // Protocol buffers' JSON takes an enum's number too.
                (Json::Number(number), Some(values)) => {
                    let own = NUMBERS.iter().find(|(name, own)| {
                        number.as_u64() == Some(*own) && values.iter().any(|value| value == name)
                    });
                    let own = own.map(|(name, _)| json!(name));
                    let place = || values.get(usize::try_from(number.as_u64()?).ok()?).cloned();
                    match own.or_else(place) {
                        Some(name) => *value = name,
                        None => self.wrong(at, "TYPE_ENUM", &value.clone()),
                    }
                }
                (Json::String(_), _) => {}
                _ => self.wrong(at, "TYPE_STRING", &value.clone()),
            },
            ("integer", _) => {
                if !whole(value) {
                    return self.wrong(
                        at,
                        &format!("TYPE_{}", format.to_uppercase()),
                        &value.clone(),
                    );
                }
                if let Json::String(text) = value
                    && let Ok(number) = text.parse::<i64>()
                {
                    *value = json!(number);
                }
            }
            ("number", _) if !value.is_number() => self.wrong(at, "TYPE_DOUBLE", &value.clone()),
            ("boolean", _) if !value.is_boolean() => self.wrong(at, "TYPE_BOOL", &value.clone()),
            _ => {}
        }
    }

    fn wrong(&mut self, at: &str, kind: &str, value: &Json) {
        let message = match value {
            Json::Array(_) if kind != "TYPE_MESSAGE" => format!(
                "Invalid JSON payload received. Unknown name \"{}\" at '{at}': Proto field is not repeating, \
                 cannot start list.",
                at.rsplit('.').next().unwrap_or(at)
            ),
            Json::Object(_) if kind != "TYPE_MESSAGE" => {
                format!("Invalid value at '{at}' ({kind}), Starting an object on a scalar field")
            }
            other => format!("Invalid value at '{at}' ({kind}), {other}"),
        };
        self.problems.push((at.to_owned(), message));
    }
}

/// Gives a name in camel case.
pub fn camel(name: &str) -> String {
    let mut words = name.trim().split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| {
        let mut letters = word.chars();
        let head: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().collect();
        out + &head + letters.as_str()
    })
}

/// Gives a field's place as Google names it: snake case, with dots.
fn place(at: &str, field: &str) -> String {
    let mut out = String::from(at);
    if !out.is_empty() {
        out.push('.');
    }
    for letter in field.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method as Verb;

    fn check(body: Json) -> Result<Json, Refusal> {
        let apis = all();
        let api = apis.iter().rfind(|api| api.name == "container").unwrap();
        let path: Vec<String> =
            "v1/projects/p/locations/l/clusters".split('/').map(str::to_owned).collect();
        let found = api.matches("POST", &path);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, ["p", "l"]);
        api.check(found[0].method, &Request::new(Verb::POST, "/").json(&body))
    }

    #[test]
    fn every_description_unpacks() {
        for api in all() {
            assert!(!api.content().methods.is_empty(), "{}", api.name);
        }
    }

    #[test]
    fn an_unknown_field_is_refused_in_googles_words() {
        let refusal = check(json!({"cluster": {"nodeConfig": {"bogus": 1}}})).unwrap_err();
        assert_eq!(
            refusal.message,
            "Invalid JSON payload received. Unknown name \"bogus\" at 'cluster.node_config': Cannot find field."
        );
    }

    #[test]
    fn wrong_types_and_enum_values_are_refused_and_output_only_fields_go() {
        assert!(check(json!({"cluster": {"initialNodeCount": "x"}})).is_err());
        assert!(check(json!({"cluster": {"nodeConfig": {"preemptible": "yes"}}})).is_err());
        assert!(check(json!({"cluster": {"releaseChannel": {"channel": "FAST"}}})).is_err());
        assert!(check(json!({"cluster": {"locations": "a"}})).is_err());
        let body = check(json!({"cluster": {
            "name": "c", "endpoint": "1.2.3.4", "initial_node_count": "1",
            "defaultMaxPodsConstraint": {"maxPodsPerNode": 110}, "releaseChannel": {"channel": 2},
        }}));
        assert_eq!(
            body.unwrap(),
            json!({"cluster": {
                "name": "c", "initialNodeCount": 1,
                "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"}, "releaseChannel": {"channel": "REGULAR"},
            }})
        );
    }
}
