//! All recorded traffic of the types that there are, made of the sandbox again.
//!
//! `traffic/SERVICE.json.gz` are the logs (see `traffic/README.md`). What a real client sent must be taken as the real service
//! took it, and what the real service answered must be in the sandbox's answer. What is otherwise stands in
//! `traffic/differences.json` with its reason; one that is not needed any more is an error too. `TRAFFIC=FOLDER` reads
//! logs as they were recorded in place of the bundled ones, and tells all that is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::{Service, World};

/// One request and its answer.
pub(crate) struct Exchange {
    pub method: String,
    pub url: String,
    pub request: Json,
    pub status: u64,
    pub response: Json,
}

impl Exchange {
    /// The service that was asked: its name without the domain.
    pub(crate) fn service(&self) -> &str {
        let host = self.url.split("://").nth(1).unwrap_or_default();
        host.split('.').next().unwrap_or_default()
    }

    /// The path without version and query, in segments.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let path = self.url.split('?').next().unwrap_or_default();
        path.split('/').skip(3).filter(|part| !part.is_empty()).collect()
    }

    /// The collection, or the call, that the request is about.
    pub(crate) fn collection(&self) -> String {
        let segments = self.segments();
        let known = |part: &&&str| {
            let name = part.split(':').next().unwrap_or(part);
            COLLECTIONS.split_whitespace().any(|collection| collection == name)
        };
        let found = segments.iter().rev().find(known).copied().unwrap_or("other");
        let call = segments.last().and_then(|last| last.split_once(':')).map(|(_, call)| call);
        match call {
            Some(call) if !found.contains(':') => format!("{found}:{call}"),
            _ => found.to_string(),
        }
    }
}

/// The collections of which there are types, and what is beside them in the logs.
const COLLECTIONS: &str = "b o iam acl defaultObjectAcl managedFolders folders hmacKeys clusters nodePools serverConfig \
    serviceAccounts keys services repositories secrets versions keyRings cryptoKeys importJobs \
    topics subscriptions snapshots schemas instances databases users managedZones rrsets changes \
    policies networks subnetworks addresses disks firewalls routes routers tables appProfiles \
    backups indexes fields collectionGroups projects healthChecks backendServices urlMaps \
    instanceTemplates forwardingRules instanceGroups instanceGroupManagers images \
    resourcePolicies";

/// The services whose traffic is bundled.
const BUNDLED: &str = "artifactregistry bigtable compute container dns firestore iam kms pubsub redis secretmanager \
    serviceusage sql storage";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/google/traffic")
}

fn exchange(entry: &Json) -> Exchange {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_string();
    Exchange {
        method: text("method"),
        url: text("url"),
        request: entry["request"].clone(),
        status: entry["status"].as_u64().unwrap_or_default(),
        response: entry["response"].clone(),
    }
}

/// Puts fixed texts in the place of the recorder's words.
fn filled(text: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut parts = text.split("${");
    filled += parts.next().unwrap_or_default();
    for part in parts {
        let (word, rest) = part.split_once('}').unwrap_or((part, ""));
        match word {
            "projectId" => filled += "polls-demo",
            "projectNumber" => filled += "123456789012",
            word => filled += &word.to_lowercase(),
        }
        filled += rest;
    }
    filled
}

/// Gives the logs: those that are bundled, or those of the folder that `TRAFFIC` names.
pub(crate) fn logs() -> Vec<(String, Vec<Exchange>)> {
    if let Some(folder) = std::env::var_os("TRAFFIC") {
        let mut found = Vec::new();
        raw(Path::new(&folder), &mut found);
        return found;
    }
    let mut found = Vec::new();
    for service in BUNDLED.split_whitespace() {
        let packed = std::fs::read(folder().join(format!("{service}.json.gz"))).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        let logs: Map<String, Json> = serde_json::from_str(&filled(&text)).unwrap();
        found.extend(logs.into_iter().map(|(name, entries)| {
            (name, entries.as_array().unwrap().iter().map(exchange).collect())
        }));
    }
    found
}

/// Reads logs as the recorder wrote them.
fn raw(folder: &Path, found: &mut Vec<(String, Vec<Exchange>)>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().flatten().map(|it| it.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            raw(&path, found);
        } else if path.extension().is_some_and(|end| end == "log") {
            let text = filled(&std::fs::read_to_string(&path).unwrap());
            let exchanges: Vec<Exchange> = text.split("\n---\n").filter_map(block).collect();
            found.push((path.display().to_string(), exchanges));
        }
    }
}

/// Reads one request with its answer; nothing where it is none of HTTP and JSON.
fn block(text: &str) -> Option<Exchange> {
    let lines: Vec<&str> = text.trim_matches('\n').lines().collect();
    let (method, url) = lines.first()?.split_once(' ')?;
    let is_status = |line: &&str| {
        line.len() > 4 && line.as_bytes()[3] == b' ' && line[..3].parse::<u16>().is_ok()
    };
    let at = lines.iter().position(is_status)?;
    let json = |part: &[&str]| {
        let body = part
            .iter()
            .position(|line| line.is_empty())
            .map_or(String::new(), |at| part[at..].join("\n"));
        if body.trim().is_empty() { Some(Json::Null) } else { serde_json::from_str(&body).ok() }
    };
    let polls = !url.starts_with("https://") || url.contains("operations/");
    if polls {
        return None;
    }
    Some(Exchange {
        method: method.into(),
        url: url.into(),
        request: json(&lines[..at])?,
        status: lines[at][..3].parse().ok()?,
        response: json(&lines[at..])?,
    })
}

/// What is otherwise than recorded: what it is about, and each place with its reason.
type Known = BTreeMap<String, BTreeMap<String, String>>;

pub(crate) fn known(kind: &str) -> Known {
    let text =
        std::fs::read_to_string(folder().join("differences.json")).unwrap_or_else(|_| "{}".into());
    let mut all: BTreeMap<String, Known> = serde_json::from_str(&text).unwrap();
    all.remove(kind).unwrap_or_default()
}

/// Gives the known place that says why something is otherwise: its own, or that of what it is in.
pub(crate) fn reason<'a>(known: &'a Known, about: &str, place: &str) -> Option<&'a str> {
    let covers = |known: &&String| {
        known.as_str() == "*"
            || place
                .strip_prefix(known.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    known.get(about)?.keys().find(covers).map(String::as_str)
}

/// Holds what was found against what is known. With `UPDATE=1` what is not known is written, for its reason to be filled in.
pub(crate) fn settle(kind: &str, found: &BTreeSet<(String, String, String)>) -> Vec<String> {
    let known = known(kind);
    let mut needed = BTreeSet::new();
    let mut told = Vec::new();
    let mut next = known.clone();
    for (about, place, example) in found {
        match reason(&known, about, place) {
            Some(reason) => drop(needed.insert((about.clone(), reason.to_string()))),
            None => {
                next.entry(about.clone())
                    .or_default()
                    .insert(place.clone(), format!("? {example}"));
                told.push(format!("{kind}: {about}: {place}: {example}"));
            }
        }
    }
    if std::env::var_os("TRAFFIC").is_some() {
        return told;
    }
    for (about, places) in &known {
        for (place, reason) in places {
            if !needed.contains(&(about.clone(), place.clone())) {
                told.push(format!("{kind}: {about}: {place} is not needed any more"));
                next.get_mut(about).map(|places| places.remove(place));
            } else if reason.starts_with('?') || reason.is_empty() {
                told.push(format!("{kind}: {about}: {place} has no reason"));
            }
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        next.retain(|_, places| !places.is_empty());
        write(kind, &next);
    }
    told
}

static WRITES: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn write(kind: &str, known: &Known) {
    let _one = WRITES.lock().unwrap();
    let file = folder().join("differences.json");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "{}".into());
    let mut all: BTreeMap<String, Known> = serde_json::from_str(&text).unwrap();
    all.insert(kind.into(), known.clone());
    std::fs::write(file, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
}

/// A sandbox in which a log is made again.
struct Stage {
    world: std::sync::Arc<World>,
    token: String,
}

impl Stage {
    fn new() -> Stage {
        let world = World::open(None, 0.0, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        Stage { world, token: String::new() }
    }

    /// Begins the world anew, with all services enabled.
    fn clear(&mut self) {
        self.token = self.world.mint_token(Duration::from_secs(100_000_000));
        self.ask("POST", "/sandbox/reset", &Json::Null);
        self.token = self.world.mint_token(Duration::from_secs(100_000_000));
        let names = "storage container iam artifactregistry compute secretmanager cloudkms sqladmin \
             pubsub dns redis bigtableadmin firestore appengine cloudresourcemanager";
        let names: Vec<String> =
            names.split_whitespace().map(|name| format!("{name}.googleapis.com")).collect();
        self.ask(
            "POST",
            "/serviceusage/v1/projects/polls-demo/services:batchEnable",
            &json!({ "serviceIds": names }),
        );
        self.world.clock().advance(Duration::from_secs(600));
    }

    /// Makes the networks that stood before a log began: they are read in it and made by nobody.
    fn surroundings(&self, exchanges: &[Exchange]) {
        let mut made = BTreeSet::new();
        for exchange in exchanges.iter().filter(|it| it.service() == "compute") {
            let plain = exchange.url.split('?').next().unwrap_or_default().to_string();
            let (_, path) = plain.split_once(".com").unwrap_or_default();
            let name = exchange.request["name"].as_str().unwrap_or_default();
            if exchange.method == "POST" {
                made.insert(format!("{path}/{name}"));
            }
            let of_networks = ["networks", "subnetworks"].contains(&&*exchange.collection());
            if exchange.method == "GET"
                && exchange.status == 200
                && of_networks
                && made.insert(path.to_string())
            {
                let mut body = Map::new();
                for member in [
                    "name",
                    "description",
                    "autoCreateSubnetworks",
                    "network",
                    "ipCidrRange",
                    "secondaryIpRanges",
                ] {
                    if !exchange.response[member].is_null() {
                        body.insert(member.into(), exchange.response[member].clone());
                    }
                }
                let above = path.rsplit_once('/').map_or(path, |(above, _)| above);
                self.ask("POST", &format!("/compute{above}"), &Json::Object(body));
                self.world.clock().advance(Duration::from_secs(600));
            }
        }
    }

    fn ask(&self, method: &str, url: &str, body: &Json) -> (u64, Json) {
        let mut request = Request::new(method.parse::<Method>().unwrap(), url);
        if !body.is_null() {
            request = request.json(body);
        }
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token)).unwrap();
        request.headers.insert("authorization", bearer);
        let answer = self.world.answer(&request);
        (
            u64::from(answer.status.as_u16()),
            serde_json::from_slice(answer.bytes()).unwrap_or_default(),
        )
    }

    /// Makes an exchange again. The recorder wrote one mark for all marks of a last change: the present one is meant.
    fn again(&self, exchange: &Exchange) -> (u64, Json) {
        let (_, rest) = exchange.url.split_once("://").unwrap();
        let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
        let url = format!("/{}/{path}", exchange.service());
        let mut body = exchange.request.clone();
        let text = format!("{url} {body}");
        let mut url = url;
        if MARKS.iter().any(|mark| text.contains(mark)) {
            let plain = url.split('?').next().unwrap_or_default();
            let policy =
                plain.strip_suffix(":setIamPolicy").map(|own| format!("{own}:getIamPolicy"));
            let object = plain.rsplit_once(':').map_or(plain, |(own, _)| own);
            let (_, own) = self.ask("GET", &policy.unwrap_or_else(|| object.into()), &Json::Null);
            let above = plain.rsplit_once('/').map_or(plain, |(above, _)| above);
            let found =
                if own["error"].is_null() { own } else { self.ask("GET", above, &Json::Null).1 };
            remark(&mut body, &found);
            url = url.replace("abcdef0123A%3D", MARK);
            url = url.replace(MARK, found["etag"].as_str().unwrap_or_default());
        }
        let answer = self.ask(&exchange.method, &url, &body);
        self.world.clock().advance(Duration::from_secs(1800));
        answer
    }
}

/// What the recorder wrote for marks of a last change, and the members whose numbers it replaced.
const MARK: &str = "abcdef0123A=";
const MARKS: [&str; 3] = [MARK, "settingsVersion", "resourceVersion"];

/// The recorder's words for names: one word may stand for several objects of a log.
const WORDS: &str = "addressid diskid instanceid firewallid networkid subnetworkid healthcheckid \
    serviceaccountkeyid";

/// Puts the present marks (`etag`, `fingerprint`, `labelFingerprint`) in the place of the recorder's.
fn remark(body: &mut Json, found: &Json) {
    match body {
        Json::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let own = if found[name].is_null() { &found["etag"] } else { &found[name] };
                let counted = ["settingsVersion", "resourceVersion"].contains(&name.as_str());
                if (value == MARK || counted) && own.is_string() {
                    *value = own.clone();
                } else {
                    remark(value, if found[name].is_object() { &found[name] } else { found });
                }
            }
        }
        Json::Array(parts) => parts.iter_mut().for_each(|part| remark(part, found)),
        _ => {}
    }
}

fn is_operation(answer: &Json) -> bool {
    let kind = answer["kind"].as_str().unwrap_or_default();
    kind.ends_with("#operation")
        || answer["operationType"].is_string()
        || answer["name"].as_str().is_some_and(|name| name.contains("operations/"))
        || answer["done"] == true
}

/// Gives the paths of all members.
fn paths(json: &Json, at: &str, found: &mut BTreeSet<String>) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                found.insert(place.clone());
                paths(value, &place, found);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| paths(item, &format!("{at}[]"), found)),
        _ => {}
    }
}

/// What came of making all logs again.
#[derive(Default)]
pub(crate) struct Tally {
    /// By service: requests with a body that the real service took, and those of them that the sandbox took.
    pub bodies: BTreeMap<String, (usize, usize)>,
    /// By service: all requests, and those that had the same status.
    pub statuses: BTreeMap<String, (usize, usize)>,
    /// By service: members of answers, and those of them that the sandbox's answer has.
    pub members: BTreeMap<String, (usize, usize)>,
    /// Requests about one of several objects to which the recorder gave one name.
    pub masked: usize,
    refused: BTreeSet<(String, String, String)>,
    missing: BTreeSet<(String, String, String)>,
}

fn count(of: &mut BTreeMap<String, (usize, usize)>, service: &str, all: usize, good: usize) {
    let row = of.entry(service.to_string()).or_default();
    row.0 += all;
    row.1 += good;
}

/// Gives what comes of making all logs again; that is done once.
pub(crate) fn replayed() -> &'static Tally {
    static TALLY: std::sync::OnceLock<Tally> = std::sync::OnceLock::new();
    TALLY.get_or_init(replay)
}

fn replay() -> Tally {
    let mut tally = Tally::default();
    let apis: BTreeSet<&str> = terrane::sandbox::google::described::services().collect();
    let mut stage = Stage::new();
    for (log, exchanges) in logs() {
        stage.clear();
        stage.surroundings(&exchanges);
        for exchange in exchanges.iter().filter(|exchange| apis.contains(exchange.service())) {
            let (status, answer) = stage.again(exchange);
            tally.take(&log, exchange, status, &answer);
        }
    }
    tally
}

impl Tally {
    fn take(&mut self, log: &str, exchange: &Exchange, status: u64, answer: &Json) {
        let service = exchange.service().to_string();
        let good = exchange.status < 300;
        let same = status == exchange.status || (good && status < 300);
        let text = format!("{} {}", exchange.url, exchange.request);
        let masked = WORDS.split_whitespace().any(|word| text.contains(word));
        if masked && matches!((exchange.status, status), (404, 200) | (200, 404 | 409)) {
            self.masked += 1;
            return;
        }
        count(&mut self.statuses, &service, 1, usize::from(same));
        if good && !exchange.request.is_null() {
            count(&mut self.bodies, &service, 1, usize::from(same));
        }
        let about = format!("{service} {}", exchange.collection());
        if !same {
            let said = answer["error"]["message"].as_str().unwrap_or("nothing").replace('\n', " ");
            let short: String = said.chars().take(160).collect();
            let place = format!("{} {} {log}", exchange.status, exchange.method);
            self.refused.insert((about, place, format!("{status}: {short}")));
            return;
        }
        if !good || is_operation(&exchange.response) {
            return;
        }
        let (mut there, mut here) = (BTreeSet::new(), BTreeSet::new());
        paths(&exchange.response, "", &mut there);
        paths(answer, "", &mut here);
        let missing: Vec<&String> = there.difference(&here).collect();
        count(&mut self.members, &service, there.len(), there.len() - missing.len());
        for path in missing {
            if !missing_above(&there, &here, path) {
                self.missing.insert((about.clone(), path.clone(), log.to_string()));
            }
        }
    }
}

/// Says whether what a member is in is missing too: then it is told there.
fn missing_above(there: &BTreeSet<String>, here: &BTreeSet<String>, path: &str) -> bool {
    let above = |mark: char| {
        path.rsplit_once(mark).map(|(above, _)| above.trim_end_matches("[]").to_string())
    };
    above('.').is_some_and(|above| there.contains(&above) && !here.contains(&above))
}

#[test]
fn what_real_clients_sent_is_taken_and_answered_in_full() {
    let tally = replayed();

    let mut told = settle("refused", &tally.refused);
    told.extend(settle("missing", &tally.missing));
    let text = told.join("\n");
    assert!(told.is_empty(), "{} differences:\n{text}\n{}", told.len(), table(tally));
}

/// Gives the figures as a table.
pub(crate) fn table(tally: &Tally) -> String {
    let mut text = String::from(
        "| service | requests | same outcome | bodies sent | taken | members answered | in the sandbox's answer |\n|---|---|---|---|---|---|---|\n",
    );
    let mut all = [0; 6];
    for (service, statuses) in &tally.statuses {
        let of =
            |map: &BTreeMap<String, (usize, usize)>| map.get(service).copied().unwrap_or_default();
        let row = [*statuses, of(&tally.bodies), of(&tally.members)];
        let row = [row[0].0, row[0].1, row[1].0, row[1].1, row[2].0, row[2].1];
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &format!("| {service} | {} |\n", cells.join(" | "));
        all.iter_mut().zip(row).for_each(|(sum, one)| *sum += one);
    }
    let cells: Vec<String> = all.iter().map(ToString::to_string).collect();
    text + &format!("| all | {} |\n", cells.join(" | "))
}
