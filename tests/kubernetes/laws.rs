//! The laws of every typed resource, with a minimal configuration and with full ones: what is made plans nothing more, what is
//! imported reads all that was written, a changed label is an update, and after the removal nothing is left.
//!
//! The full configurations are made of the type's schema: every argument that can be written stands in one of them.
//! `laws/TYPE.json` has the minimal one, and what the schema cannot say: values of a certain form (`values`), which of several
//! blocks or arguments may stand beside each other (`one_of`), what reads otherwise (`reads`) and what is left out (`without`),
//! both with their reasons. `laws/common.json` has the same for all types, `laws/pods.json` for those that say `"with": "pods"`. Paths are looked up by their ends, the longest first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use terrane::addr::Mode;
use terrane::schema::{Block, BlockKind, Field, Nesting};
use terrane::value::json::to_json;
use terrane::value::{Type, Value};

use super::bench::{Bench, Kept};

const ACCESS: &[&str] = &[
    "kubernetes_api_service_v1",
    "kubernetes_cluster_role_binding_v1",
    "kubernetes_cluster_role_v1",
    "kubernetes_mutating_webhook_configuration",
    "kubernetes_mutating_webhook_configuration_v1",
    "kubernetes_role_binding_v1",
    "kubernetes_role_v1",
    "kubernetes_service_account_v1",
    "kubernetes_validating_webhook_configuration",
    "kubernetes_validating_webhook_configuration_v1",
];

const CONFIGURATION: &[&str] = &[
    "kubernetes_config_map_v1",
    "kubernetes_csi_driver",
    "kubernetes_csi_driver_v1",
    "kubernetes_persistent_volume_claim_v1",
    "kubernetes_persistent_volume_v1",
    "kubernetes_secret_v1",
    "kubernetes_storage_class_v1",
];

const WAYS_IN: &[&str] = &[
    "kubernetes_endpoint_slice_v1",
    "kubernetes_endpoints_v1",
    "kubernetes_ingress",
    "kubernetes_ingress_class_v1",
    "kubernetes_ingress_v1",
    "kubernetes_network_policy_v1",
    "kubernetes_service_v1",
];

const BOUNDS: &[&str] = &[
    "kubernetes_horizontal_pod_autoscaler",
    "kubernetes_horizontal_pod_autoscaler_v1",
    "kubernetes_horizontal_pod_autoscaler_v2",
    "kubernetes_horizontal_pod_autoscaler_v2beta2",
    "kubernetes_limit_range_v1",
    "kubernetes_namespace_v1",
    "kubernetes_pod_disruption_budget",
    "kubernetes_pod_disruption_budget_v1",
    "kubernetes_priority_class_v1",
    "kubernetes_resource_quota_v1",
    "kubernetes_runtime_class_v1",
];

const PODS: &[&str] = &[
    "kubernetes_cron_job",
    "kubernetes_cron_job_v1",
    "kubernetes_daemon_set_v1",
    "kubernetes_deployment_v1",
    "kubernetes_job_v1",
    "kubernetes_pod_v1",
    "kubernetes_replication_controller_v1",
    "kubernetes_stateful_set_v1",
];

/// Types whose laws are held elsewhere: what owns parts of an object that something else makes (`parts.rs`), and what is no
/// plain object (`kinds.rs`).
const ELSEWHERE: &[&str] = &[
    "kubernetes_annotations",
    "kubernetes_certificate_signing_request",
    "kubernetes_certificate_signing_request_v1",
    "kubernetes_config_map_v1_data",
    "kubernetes_default_service_account_v1",
    "kubernetes_env",
    "kubernetes_labels",
    "kubernetes_node_taint",
    "kubernetes_secret_v1_data",
    "kubernetes_token_request_v1",
];

/// What is known of a type beside its schema.
struct Book {
    own: Json,
    shared: Vec<Json>,
}

impl Book {
    fn of(type_name: &str) -> Book {
        let read = |name: &str| -> Json {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubernetes/laws");
            let text = std::fs::read_to_string(format!("{folder}/{name}.json"));
            let text = text.unwrap_or_else(|_| panic!("there is no laws/{name}.json"));
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let own: Json = read(type_name);
        let shared = own["with"].as_str().into_iter().chain(["common"]).map(read).collect();
        Book { own, shared }
    }

    /// Gives what a chapter says of a path, or of the longest of its ends. `/` is the whole resource.
    fn says(&self, chapter: &str, path: &str) -> Option<&Json> {
        let path = if path.is_empty() { "/" } else { path };
        std::iter::once(&self.own).chain(&self.shared).find_map(|book| {
            let mut rest = path;
            loop {
                if let Some(found) = book[chapter].get(rest) {
                    return Some(found);
                }
                rest = rest.split_once('.')?.1;
            }
        })
    }

    /// Says whether several blocks stand here.
    fn is_many(&self, block: &Block, path: &str) -> bool {
        let once = block.max == Some(1) || block.kind == BlockKind::Single;
        !once && self.says("single", path).is_none()
    }

    /// Gives the names in a block that do not stand beside each other: alternatives of one name or several, that the block has.
    fn choices(&self, fields: &BTreeMap<String, Field>, path: &str) -> Vec<Vec<&str>> {
        let found = self.says("one_of", path).and_then(Json::as_array);
        let choices = found.into_iter().flatten().map(names_of);
        choices.filter(|names| names.iter().any(|name| fields.contains_key(*name))).collect()
    }
}

fn names_of(choice: &Json) -> Vec<&str> {
    match choice {
        Json::String(name) => vec![name.as_str()],
        several => several.as_array().into_iter().flatten().filter_map(Json::as_str).collect(),
    }
}

/// Makes full configurations of a schema.
struct Maker<'a> {
    book: &'a Book,
    /// The paths that stood in a configuration.
    written: BTreeSet<String>,
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}.{name}") }
}

impl Maker<'_> {
    /// Says how many turns a block needs until each alternative in it was taken.
    fn turns(&self, fields: &BTreeMap<String, Field>, path: &str) -> usize {
        let inner = fields.iter().filter_map(|(name, field)| {
            let path = below(path, name);
            let block = field.inside().filter(|block| !self.book.is_many(block, &path))?;
            let left_out = self.book.says("without", &path).is_some();
            (!left_out && is_provided(field)).then(|| self.turns(&block.fields, &path))
        });
        inner.chain([self.book.choices(fields, path).len()]).max().unwrap_or(1).max(1)
    }

    fn block(&mut self, fields: &BTreeMap<String, Field>, path: &str, turn: usize) -> Json {
        let choices = self.book.choices(fields, path);
        let chosen = choices.get(turn % choices.len().max(1));
        let mut made = Map::new();
        for (name, field) in fields {
            let stands = chosen.is_none_or(|chosen| {
                chosen.contains(&name.as_str())
                    || !choices.iter().flatten().any(|other| other == name)
            });
            let path = below(path, name);
            if !stands || !is_provided(field) || self.book.says("without", &path).is_some() {
                continue;
            }
            made.insert(name.clone(), self.part(field, &path, turn));
        }
        Json::Object(made)
    }

    fn part(&mut self, field: &Field, path: &str, turn: usize) -> Json {
        self.written.insert(path.to_string());
        if let Some(value) = self.book.says("values", path) {
            let value = value
                .as_array()
                .filter(|_| is_scalar(&field.ty))
                .map_or(value, |all| &all[turn % all.len()]);
            if let Some(block) = field.inside() {
                self.told(value, block, path);
            }
            return filled(value, &field.ty, turn);
        }
        match &field.nesting {
            Nesting::Attribute => filled(&plain(&field.ty), &field.ty, turn),
            Nesting::Block(block) if self.book.is_many(block, path) => {
                let count = self.turns(&block.fields, path);
                (0..count).map(|turn| self.block(&block.fields, path, turn)).collect()
            }
            Nesting::Block(block) => self.block(&block.fields, path, turn),
        }
    }

    /// Notes the paths of a block that the book has written out.
    fn told(&mut self, value: &Json, block: &Block, path: &str) {
        let several: Vec<&Json> =
            value.as_array().map_or_else(|| vec![value], |all| all.iter().collect());
        for (name, inner) in several.iter().filter_map(|one| one.as_object()).flatten() {
            let path = below(path, name);
            if let Some(block) = block.fields.get(name).and_then(Field::inside) {
                self.told(inner, block, &path);
            }
            self.written.insert(path);
        }
    }
}

/// Says whether a field can be written and is one of the provider's; what only the API has has laws of its own (`beyond.rs`).
fn is_provided(field: &Field) -> bool {
    field.is_configurable() && !field.beyond
}

fn is_scalar(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Number | Type::String)
}

/// What stands for an argument of which the book says nothing.
fn plain(ty: &Type) -> Json {
    match ty {
        Type::Bool => json!(true),
        Type::Number => json!(1),
        Type::Map(element) => json!({ "key": plain(element) }),
        Type::List(element) | Type::Set(element) => json!([plain(element)]),
        _ => json!("a{}"),
    }
}

/// Puts the turn where a text has `{}`; a text for a number is a number then.
fn filled(value: &Json, ty: &Type, turn: usize) -> Json {
    match value {
        Json::String(text) => {
            let text = text.replace("{}", &turn.to_string());
            match ty {
                Type::Number => {
                    text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
                }
                _ => json!(text),
            }
        }
        Json::Array(all) => all.iter().map(|one| filled(one, &Type::Any, turn)).collect(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, one)| {
                (name.replace("{}", &turn.to_string()), filled(one, &Type::Any, turn))
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Gives all paths of what can be written.
fn writable(
    fields: &BTreeMap<String, Field>,
    path: &str,
    book: &Book,
    found: &mut BTreeSet<String>,
) {
    for (name, field) in fields.iter().filter(|(_, field)| is_provided(field)) {
        let path = below(path, name);
        if book.says("without", &path).is_some() {
            continue;
        }
        if let Some(block) = field.inside() {
            writable(&block.fields, &path, book, found);
        }
        found.insert(path);
    }
}

/// Tells what was written and does not read so.
fn unread(written: &Json, read: &Json, path: &str, book: &Book, found: &mut Vec<String>) {
    if book.says("reads", path).is_some() {
        return;
    }
    match (written, read) {
        (Json::Object(written), Json::Array(read)) if read.len() == 1 => {
            unread(&Json::Object(written.clone()), &read[0], path, book, found);
        }
        (Json::Object(written), Json::Object(read)) => {
            for (name, value) in written {
                let inner = below(path, name);
                unread(value, read.get(name).unwrap_or(&Json::Null), &inner, book, found);
            }
        }
        // What the cluster adds of its own (a pod's token) stands at the end.
        (Json::Array(written), Json::Array(read)) if written.len() <= read.len() => {
            let sorted = |all: &[Json]| {
                let mut all = all.to_vec();
                all.sort_by_key(ToString::to_string);
                all
            };
            let scalar = written.iter().all(|one| !one.is_object());
            let (written, read) = match scalar {
                true => (sorted(written), sorted(read)),
                false => (written.clone(), read.clone()),
            };
            for (one, other) in written.iter().zip(&read) {
                unread(one, other, path, book, found);
            }
        }
        (written, read) if written == read => {}
        (Json::Number(number), Json::String(text)) if number.to_string() == *text => {}
        (Json::String(text), Json::Number(number)) if number.to_string() == *text => {}
        (written, read) => found.push(format!("{path}: {written} was written, {read} is read")),
    }
}

/// One type on its way through the laws.
struct Way<'a> {
    bench: &'a Bench,
    type_name: &'a str,
    book: &'a Book,
    problems: Vec<String>,
}

impl Way<'_> {
    fn tell(&mut self, step: &str, text: impl std::fmt::Display) {
        self.problems.push(format!("{} {step}: {text}", self.type_name));
    }

    /// Makes an object and looks at it; gives it where all went well.
    async fn stands(&mut self, step: &str, config: &Json) -> Option<Kept> {
        let value = self.bench.config(Mode::Managed, self.type_name, config);
        let planned = self.bench.planned(self.type_name, &value, None);
        if let Some(problem) = planned.problems.first() {
            self.tell(step, format!("{problem:?}"));
            return None;
        }
        let kept = match self.bench.create_of(self.type_name, value).await {
            Ok(kept) => kept,
            Err(failure) => {
                self.tell(step, failure.error.to_string());
                return None;
            }
        };
        if !self.bench.is_settled(&kept).await {
            let read = self.bench.refresh(std::slice::from_ref(&kept)).await.remove(0);
            let read = read.map(|read| (self.bench.plan(&read, None).1.after, read.observed.value));
            let texts = read.map(|(after, read)| {
                let mut found = Vec::new();
                differences(
                    &to_json(&read.without_marks()),
                    &to_json(&after.without_marks()),
                    "",
                    &mut found,
                );
                found.join("; ")
            });
            self.tell(step, format!("the next plan is not empty: {texts:?}"));
        }
        self.reads(step, &kept, config).await;
        Some(kept)
    }

    /// Imports what was made: all that was written is read.
    async fn reads(&mut self, step: &str, kept: &Kept, config: &Json) {
        let Some(id) = kept.observed.value.field("id").and_then(Value::as_str) else {
            return self.tell(step, "it has no id");
        };
        let Some(imported) = self.bench.imported(self.type_name, id).await else {
            return self.tell(step, format!("{id} was not imported"));
        };
        let read = to_json(&imported.observed.value.without_marks());
        let mut found = Vec::new();
        unread(config, &read, "", self.book, &mut found);
        for text in found {
            self.tell(step, text);
        }
    }

    async fn goes(&mut self, step: &str, kept: Kept) {
        if let Err(failure) = self.bench.delete(&kept).await {
            return self.tell(step, format!("not removed: {}", failure.error));
        }
        let id = kept.observed.value.field("id").and_then(Value::as_str).unwrap_or_default();
        if self.bench.imported(self.type_name, id).await.is_some() {
            self.tell(step, "it is there after its removal");
        }
    }

    /// A changed label is one update.
    async fn changes(&mut self, kept: Kept, config: &Json) -> Kept {
        let mut config = config.clone();
        config["metadata"]["labels"]["changed"] = json!("yes");
        let (_, planned) = self.bench.plan(&kept, Some(&config));
        if !planned.replaces.is_empty() {
            self.tell("changed", format!("a label replaces: {:?}", planned.replaces));
            return kept;
        }
        match self.bench.update(&kept, Some(&config)).await {
            Ok(changed) => {
                if !self.bench.is_settled(&changed).await {
                    self.tell("changed", "the next plan is not empty");
                }
                changed
            }
            Err(failure) => {
                self.tell("changed", failure.error.to_string());
                kept
            }
        }
    }
}

fn differences(one: &Json, other: &Json, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => {
            for (name, value) in one {
                differences(value, &other[name], &below(path, name), found);
            }
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            for (one, other) in one.iter().zip(other) {
                differences(one, other, path, found);
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{path}: {one} -> {other}")),
    }
}

/// Brings a type through the laws and gives what is wrong.
async fn way(bench: &Bench, type_name: &str) -> Vec<String> {
    let book = Book::of(type_name);
    let schema = bench.provider.resource(Mode::Managed, type_name).expect("the type is there");
    let mut fields = schema.fields.clone();
    fields.remove("timeouts");
    fields.remove("id");
    let mut way = Way { bench, type_name, book: &book, problems: Vec::new() };
    for before in book.own["before"].as_array().into_iter().flatten() {
        bench.behind("POST", before["path"].as_str().unwrap(), "application/json", &before["body"]);
    }
    let minimal = &book.own["minimal"];
    if let Some(kept) = way.stands("minimal", minimal).await {
        let kept = way.changes(kept, minimal).await;
        way.goes("minimal", kept).await;
    }
    let mut maker = Maker { book: &book, written: BTreeSet::new() };
    for turn in 0..maker.turns(&fields, "") {
        let config = maker.block(&fields, "", turn);
        let step = format!("full {turn}");
        if let Some(kept) = way.stands(&step, &config).await {
            way.goes(&step, kept).await;
        }
    }
    let mut all = BTreeSet::new();
    writable(&fields, "", &book, &mut all);
    for path in all.difference(&maker.written) {
        way.tell("full", format!("{path} stood in no configuration"));
    }
    way.problems
}

async fn hold(types: &[&str]) {
    let bench = Bench::start(1).await;
    let mut problems = Vec::new();
    for type_name in types {
        problems.extend(way(&bench, type_name).await);
    }
    bench.stop().await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test]
async fn access_and_what_extends_the_api() {
    hold(ACCESS).await;
}

#[tokio::test]
async fn configuration_and_storage() {
    hold(CONFIGURATION).await;
}

#[tokio::test]
async fn the_ways_in() {
    hold(WAYS_IN).await;
}

#[tokio::test]
async fn bounds_and_classes() {
    hold(BOUNDS).await;
}

#[tokio::test]
async fn what_runs_pods() {
    hold(PODS).await;
}

#[test]
fn every_type_has_its_laws() {
    let facts = include_str!("../facts/kubernetes/schema.json");
    let facts: Json = serde_json::from_str(facts).expect("the facts are JSON");
    let types: BTreeSet<&str> =
        facts["resources"].as_object().expect("types").keys().map(String::as_str).collect();

    let held = [ACCESS, CONFIGURATION, WAYS_IN, BOUNDS, PODS, ELSEWHERE].concat();
    let held: BTreeSet<&str> = held.into_iter().collect();
    assert_eq!(held, types);
    // An alias is the same type by another name.
    let provider = terrane::providers::kubernetes::kubernetes();
    for (alias, name) in facts["aliases"].as_object().expect("names") {
        let of = |name: &str| provider.resource(Mode::Managed, name).expect("it is there");
        assert_eq!(of(alias).fields, of(name.as_str().expect("a name")).fields, "{alias}");
    }
}
