//! Cloud Logging: the audit logs, which every change that was made writes to, and the question for their entries.
//!
//! An entry is written when a change was accepted, as Google does for admin activity; changes of a bucket's objects are in the log
//! of data access, and what a service does by itself, without an account, is a system event.

mod filter;
pub mod cluster;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Method, Request, Response};
use crate::sandbox::store::{Store, project_number};

use self::filter::Filter;
use super::refusal::Refusal;
use super::token::principal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[("logging.entries.list", list)];

/// Where entries are kept: the key of each goes on with its number.
const KEPT: &str = "logging/entry/";
/// What comes after all their keys.
const PAST: &str = "logging/entry0";
/// So many entries are kept.
const MOST: usize = 20_000;
/// So many entries are given where nothing is asked.
const PAGE: i64 = 50;

/// What happened to a thing.
pub struct Deed<'a> {
    /// The project.
    pub project: &'a str,
    /// The service, like `storage.googleapis.com`.
    pub service: &'a str,
    /// The method as the log names it.
    pub method: String,
    /// The thing.
    pub resource: String,
    /// The kind of thing that is monitored, with its labels.
    pub monitored: Json,
    /// Which of the logs: `activity`, `data_access`.
    pub log: &'a str,
    /// What was asked, as far as the log has it; null where it has nothing of it.
    pub request: Json,
}

/// Writes an entry about a request that was done.
pub fn note(store: &mut Store, now: Timestamp, request: &Request, deed: &Deed<'_>) {
    let last = store.hidden.range(KEPT.to_owned()..PAST.to_owned()).next_back();
    let number = last.map_or(1, |(key, _)| key[KEPT.len()..].parse::<u64>().unwrap_or(0) + 1);
    let who = principal(request);
    let log = if who.is_empty() { "system_event" } else { deed.log };
    let mut caller = json!({ "callerIp": "127.0.0.1" });
    if let Some(agent) = request.header("user-agent") {
        caller["callerSuppliedUserAgent"] = json!(agent);
    }
    let mut payload = json!({
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": { "principalEmail": who },
        "requestMetadata": caller,
        "serviceName": deed.service,
        "methodName": deed.method,
        "resourceName": deed.resource,
        "status": {},
    });
    if who.is_empty() {
        payload["authenticationInfo"] = json!({});
    }
    if !deed.request.is_null() {
        payload["request"] = deed.request.clone();
    }
    let entry = json!({
        "logName": format!("projects/{}/logs/cloudaudit.googleapis.com%2F{log}", deed.project),
        "insertId": format!("sandbox-{number:010}"),
        "resource": deed.monitored,
        "timestamp": now.to_string(),
        "receiveTimestamp": now.to_string(),
        "severity": "NOTICE",
        "protoPayload": payload,
    });
    store.hidden.insert(format!("{KEPT}{number:010}"), entry);
    store.dirty = true;
    if number > MOST as u64 {
        store.hidden.remove(&format!("{KEPT}{:010}", number - MOST as u64));
    }
}

/// A request to a service, as far as the logs tell of it: what it is about is known best before it is done.
pub struct Call {
    id: String,
    place: (String, String),
    body: Json,
}

impl Call {
    /// Makes it.
    pub fn of(store: &Store, request: &Request, id: &str) -> Call {
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let place = place(store, request, id, &body);
        Call { id: id.to_string(), place, body }
    }

    /// Writes an entry, where it is one that changes something and was done.
    pub fn note(self, store: &mut Store, now: Timestamp, request: &Request, answer: &Response) {
        let Call { id, place: (project, mut resource), body } = self;
        let service = id.split('.').next().unwrap_or_default();
        let last = id.rsplit('.').next().unwrap_or_default();
        let reads = ["test", "get", "wait", "list", "access", "encrypt", "decrypt", "generate"];
        let silent = ["logging", "iamcredentials"].contains(&service);
        if request.method == Method::GET
            || silent
            || reads.iter().any(|word| last.starts_with(word))
        {
            return;
        }
        // What is uploaded in one piece says its name in the middle of the body.
        if id == "storage.objects.insert" && !resource.contains("/objects/") {
            let made: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
            let name = made["name"].as_str().map(|name| format!("/objects/{name}"));
            resource += &name.unwrap_or_default();
        }
        let host = match service {
            "sql" => "cloudsql.googleapis.com".to_string(),
            name => format!("{name}.googleapis.com"),
        };
        let labels = json!({ "project_id": project, "service": host, "method": method(&id) });
        let deed = Deed {
            project: &project,
            service: &host,
            method: method(&id),
            monitored: json!({ "type": "audited_resource", "labels": labels }),
            resource,
            log: if id.starts_with("storage.objects.") { "data_access" } else { "activity" },
            request: asked(request, &id, body),
        };
        note(store, now, request, &deed);
    }
}

/// What no log has of a request: what is secret, and what is a user's own data.
const PRIVATE: [&str; 6] =
    ["password", "rootPassword", "payload", "data", "privateKey", "plaintext"];

/// Gives what the logs have of a request: its body, with the mask that its address has. Of requests to Cloud Storage they have nothing, as
/// long as nobody asks for details there.
fn asked(request: &Request, id: &str, body: Json) -> Json {
    let Json::Object(mut members) = body else { return Json::Null };
    if id.starts_with("storage.") {
        return Json::Null;
    }
    members.retain(|name, _| !PRIVATE.contains(&name.as_str()));
    members.insert("@type".into(), json!(format!("type.googleapis.com/{id}")));
    let mask = request.query().iter().find(|(name, _)| name == "updateMask").map(|of| of.1.clone());
    if let Some(mask) = mask {
        members.insert("updateMask".into(), mask.into());
    }
    Json::Object(members)
}

/// Names a method as the audit logs do.
fn method(id: &str) -> String {
    let mut words = id.split('.');
    let service = words.next().unwrap_or_default();
    let last = id.rsplit('.').next().unwrap_or_default();
    let noun = id.rsplit('.').nth(1).unwrap_or_default();
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    let one = || capital(noun.strip_suffix('s').unwrap_or(noun));
    match service {
        "compute" => format!("v1.{id}"),
        "storage" if last == "patch" => id.replace(".patch", ".update"),
        "storage" => id.replace(".insert", ".create"),
        "container" => format!("google.container.v1.ClusterManager.{}{}", capital(last), one()),
        "iam" => format!("google.iam.admin.v1.{}{}", capital(last), one()),
        "cloudresourcemanager" if last == "setIamPolicy" => "SetIamPolicy".into(),
        "sql" => format!(
            "cloudsql.{noun}.{}",
            last.replace("insert", "create").replace("patch", "update")
        ),
        _ => id.to_string(),
    }
}

/// Gives the project that a request is about, and the name of the thing.
fn place(store: &Store, request: &Request, id: &str, body: &Json) -> (String, String) {
    let path: Vec<String> =
        request.path().trim_matches('/').split('/').map(super::decode).collect();
    if let Some(at) =
        path.iter().position(|part| part == "b").filter(|_| id.starts_with("storage."))
    {
        return of_bucket(store, request, &path[at + 1..], body);
    }
    let Some(at) = path.iter().position(|part| part == "projects" || part == "apps") else {
        return (super::token::PROJECT.into(), path.join("/"));
    };
    let mut parts: Vec<String> = path[at..].to_vec();
    let project = parts.get(1).map(|part| part.split(':').next().unwrap_or(part).to_string());
    let project = named_project(store, &project.unwrap_or_default());
    if let Some(second) = parts.get_mut(1) {
        let verb = second.split_once(':').map(|(_, verb)| format!(":{verb}")).unwrap_or_default();
        *second = format!("{project}{verb}");
    }
    if let Some((thing, _)) = parts.last().and_then(|last| last.split_once(':')) {
        let (place, thing) = (parts.len() - 1, thing.to_string());
        parts[place] = thing;
    }
    let last = id.rsplit('.').next().unwrap_or_default();
    // Of a collection what is made has its name in the body; of a thing a verb may follow.
    let compute = id.starts_with("compute.");
    if compute && parts.len() % 2 == 1 && last != "insert" && parts.len() > 2 {
        let even = if parts.iter().any(|part| part == "global") { 6 } else { 7 };
        if parts.len() == even {
            parts.pop();
        }
    }
    if matches!(last, "insert" | "create") {
        let inner =
            ["cluster", "nodePool", "instance"].into_iter().find(|name| body[*name].is_object());
        let body = inner.map_or(body, |name| &body[name]);
        let query = request.query();
        let asked = query.iter().find(|(name, _)| name.ends_with("Id")).map(|(_, id)| id.clone());
        let named = asked.or_else(|| body["name"].as_str().map(str::to_string));
        if let Some(name) = named {
            parts.push(name.rsplit('/').next().unwrap_or(&name).to_string());
        }
    }
    (project, zonal(&parts.join("/"), id))
}

/// Gives the older form of a name in a zone, which Kubernetes Engine writes.
fn zonal(name: &str, id: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    match &parts[..] {
        ["projects", project, "locations", location, rest @ ..]
            if id.starts_with("container.") && location.split('-').count() == 3 =>
        {
            format!("projects/{project}/zones/{location}/{}", rest.join("/"))
        }
        _ => name.to_string(),
    }
}

fn of_bucket(store: &Store, request: &Request, path: &[String], body: &Json) -> (String, String) {
    let query = request.query();
    let asked =
        query.iter().find(|(name, _)| name == "project").map(|(_, project)| project.clone());
    let bucket = path.first().cloned().or_else(|| body["name"].as_str().map(str::to_string));
    let bucket = bucket.unwrap_or_default();
    let hidden = store.hidden.get(&format!("storage/b/{bucket}"));
    let kept = hidden.and_then(|hidden| hidden["project"].as_str()).map(str::to_string);
    let project = asked.or(kept).unwrap_or_else(|| super::token::PROJECT.into());
    let mut name = format!("projects/_/buckets/{bucket}");
    let object = match path.get(1).map(String::as_str) {
        Some("o") => path.get(2).cloned().or_else(|| {
            let named = query.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone());
            named.or_else(|| body["name"].as_str().map(str::to_string))
        }),
        _ => None,
    };
    if let Some(object) = object {
        name += &format!("/objects/{object}");
    }
    (named_project(store, &project), name)
}

/// Gives the id of a project that is named by its number.
fn named_project(store: &Store, project: &str) -> String {
    if !project.bytes().all(|byte| byte.is_ascii_digit()) {
        return project.to_string();
    }
    let known = store.hidden.keys().filter_map(|key| key.strip_prefix("project:"));
    known
        .map(str::to_string)
        .find(|id| project_number(id) == project)
        .unwrap_or_else(|| project.to_string())
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let asked: Vec<String> = turn.body["resourceNames"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_string))
        .collect();
    if asked.is_empty() {
        return Err(Refusal::invalid("At least one resource name must be specified"));
    }
    for name in &asked {
        let project = name.strip_prefix("projects/").unwrap_or(name);
        if super::policy::is_denied(turn.store, "logging.logEntries.list") {
            return Err(Refusal::forbidden(format!(
                "Permission denied for all log views of {project}"
            )));
        }
    }
    let filter = turn.body["filter"].as_str().unwrap_or_default();
    if filter.len() > 20_000 {
        return Err(Refusal::invalid("The filter is longer than 20000 characters"));
    }
    let filter = Filter::parse(filter)
        .map_err(|text| Refusal::invalid(format!("Unparseable filter: {text}")))?;
    let newest_first = match turn.body["orderBy"].as_str().unwrap_or_default().trim() {
        "" | "timestamp" | "timestamp asc" => false,
        "timestamp desc" => true,
        other => return Err(Refusal::invalid(format!("Invalid order_by: {other}"))),
    };
    let size = turn.body["pageSize"].as_i64().unwrap_or(0);
    if size < 0 {
        return Err(Refusal::invalid("page_size must not be negative"));
    }
    let size = if size == 0 { PAGE } else { size.min(1000) };
    let size = usize::try_from(size).unwrap_or(50);
    let start = match turn.body["pageToken"].as_str().filter(|token| !token.is_empty()) {
        Some(token) => {
            token.parse::<usize>().map_err(|_| Refusal::invalid("page_token is invalid"))?
        }
        None => 0,
    };
    let kept = turn.store.hidden.range(KEPT.to_owned()..PAST.to_owned()).map(|(_, entry)| entry);
    let of_these = |entry: &&Json| {
        let name = entry["logName"].as_str().unwrap_or_default();
        asked.iter().any(|asked| name.starts_with(&format!("{}/", asked.trim_end_matches('/'))))
    };
    let mut found: Vec<&Json> = kept.filter(of_these).filter(|entry| filter.fits(entry)).collect();
    if newest_first {
        found.reverse();
    }
    let page: Vec<&Json> = found.iter().skip(start).take(size).copied().collect();
    let mut answer = json!({});
    if start + page.len() < found.len() {
        answer["nextPageToken"] = json!((start + page.len()).to_string());
    }
    if !page.is_empty() {
        answer["entries"] = json!(page);
    }
    turn::ok(&answer)
}
