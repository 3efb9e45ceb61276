//! Every attribute that can be written: it is created, read back, changed, taken away, and each time the next plan is empty.
//!
//! Values are made of what the resource files say of an attribute (its type, its enum, its bounds). `attributes/TYPE.json` has
//! what they cannot say: the configuration around, values of a certain form, and what is left out, with the reason.

use serde_json::{Map, Value as Json, json};
use terrane::providers::Deed;
use terrane::providers::rest::spec::{Part, Shape, Spec};
use terrane::schema::Given;
use terrane::value::{Path, PathStep, Type, Value};

use super::laws::{block_on, cluster, enable};
use super::stays::{opened, untrue_replacement, untrue_update};
use super::support::{Bench, differences};

fn book(type_name: &str) -> Json {
    let file = format!("{}/tests/google/attributes/{type_name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Makes values: `turn` 0 is the first, 1 another one.
struct Maker<'a> {
    book: &'a Json,
    turn: usize,
}

impl Maker<'_> {
    fn value(&self, part: &Part, path: &str) -> Option<Json> {
        if part.given == Given::Service || self.book["without"].get(path).is_some() {
            return None;
        }
        if let Some(values) = self.book["values"].get(path) {
            return Some(values[self.turn].clone());
        }
        match &part.shape {
            Shape::Attribute { ty, .. } => Some(self.attribute(part, ty)),
            Shape::Block { parts, .. } => Some(self.block(parts, path)),
        }
    }

    fn block(&self, parts: &[Part], path: &str) -> Json {
        let mut block = Map::new();
        for part in parts {
            let taken = part.checks.conflicts_with.iter().any(|other| {
                let other = other.rsplit('.').next().unwrap_or(other);
                block.contains_key(other)
            });
            if taken || part.deprecated.is_some() {
                continue;
            }
            if let Some(value) = self.value(part, &format!("{path}.{}", part.name)) {
                block.insert(part.name.clone(), value);
            }
        }
        Json::Object(block)
    }

    fn attribute(&self, part: &Part, ty: &Type) -> Json {
        let choices: Vec<&String> =
            part.checks.one_of.iter().filter(|choice| !choice.ends_with("UNSPECIFIED")).collect();
        let text = || match choices.len() {
            0 => json!(format!("example-{}", ["a", "b"][self.turn])),
            several => json!(choices[self.turn.min(several - 1)]),
        };
        let number = || {
            #[expect(clippy::cast_possible_truncation, reason = "bounds are small")]
            let first = part.checks.min.map_or(1, |min| (min as i64).max(1));
            #[expect(clippy::cast_possible_truncation, reason = "bounds are small")]
            let last = part.checks.max.map_or(i64::MAX, |max| max as i64);
            (first + i64::try_from(self.turn).unwrap()).min(last)
        };
        match ty {
            Type::Bool => json!(self.turn == 0),
            Type::Number => json!(number()),
            Type::List(element) | Type::Set(element) => match **element {
                Type::Number => json!([number()]),
                _ => json!([text()]),
            },
            Type::Map(_) => json!({ "key": text() }),
            _ => text(),
        }
    }
}

fn merged(base: &Json, more: &Json) -> Json {
    let mut merged = base.clone();
    for (name, value) in more.as_object().into_iter().flatten() {
        merged[name] = value.clone();
    }
    merged
}

/// One object on its way through its values.
struct Way<'a> {
    bench: Bench,
    type_name: &'a str,
    standing: Option<Value>,
    problems: Vec<String>,
}

impl Way<'_> {
    /// Says whether the resource file or the book says of a part that its change makes another object.
    fn replaces(&self, path: &Path) -> bool {
        let names: Vec<&str> = path
            .0
            .iter()
            .filter_map(|step| match step {
                PathStep::Attribute(name) => Some(name.as_str()),
                PathStep::Index(_) => None,
            })
            .collect();
        if book(self.type_name)["replaced"].get(names.join(".")).is_some() {
            return true;
        }
        let spec = self.bench.spec(self.type_name);
        let mut parts: &[Part] = &spec.parts;
        for (place, name) in names.iter().enumerate() {
            let Some(part) = parts.iter().find(|part| part.name == *name) else { return false };
            if place + 1 == names.len() {
                return part.replaces;
            }
            parts = part.inside().unwrap_or_default();
        }
        false
    }

    /// Brings the object to a configuration, and looks whether the next plan is empty. Says whether it is worth going on.
    async fn reach(&mut self, step: &str, configuration: &Json) -> bool {
        let config = self.bench.config(self.type_name, configuration);
        let planned = self.bench.plan(self.type_name, self.standing.as_ref(), &config);
        if let Some(problem) = planned.problems.first() {
            self.problems.push(format!("{step}: {problem:?}"));
            return false;
        }
        let wrong: Vec<String> = planned
            .replaces
            .iter()
            .filter(|path| !self.replaces(path))
            .map(ToString::to_string)
            .collect();
        if !wrong.is_empty() {
            self.problems.push(format!("{step}: replaced for {}", wrong.join(", ")));
            return false;
        }
        if self.standing.as_ref() == Some(&planned.after) {
            return true;
        }
        if !planned.replaces.is_empty() {
            self.replace(step, planned.after, config).await;
            return false;
        }
        // What was changed last tells so by its time.
        self.bench.pass_seconds(60).await;
        let (before, told) = (self.standing.clone(), planned.after.clone());
        let deed = match self.standing.take() {
            None => Deed::Create { planned: planned.after, config: config.clone() },
            Some(prior) => Deed::Update { prior, planned: planned.after, config: config.clone() },
        };
        let done = match self.bench.act(self.type_name, deed).await {
            Ok(done) => done.unwrap(),
            Err(failure) => {
                self.problems.push(format!("{step}: {}", failure.error));
                return false;
            }
        };
        let spec = self.bench.spec(self.type_name);
        let found = before.map(|before| untrue_update(&spec, &before, &told, &done));
        let found = found.unwrap_or_default();
        self.problems.extend(found.iter().map(|text| format!("{step}: {text}")));
        let Some(read) = self.bench.read(self.type_name, &done).await else {
            self.problems.push(format!("{step}: it is not there"));
            return false;
        };
        let again = self.bench.plan(self.type_name, Some(&read), &config);
        let mut found = Vec::new();
        match again.replaces.is_empty() {
            true => differences(&read, &again.after, "", &mut found),
            false => found.push(format!("replaces {:?}", again.replaces)),
        }
        self.problems.extend(found.iter().map(|text| format!("{step}: {text}")));
        self.standing = Some(read);
        found.is_empty()
    }
}

impl Way<'_> {
    /// Looks whether an input that is open would replace the object, though another value of it changes in place.
    fn may_replace(&mut self, path: &str, open: &Json, other: &Json) {
        if book(self.type_name)["replaced"].get(path).is_some() {
            return;
        }
        let replaces = |configuration: &Json| {
            let config = self.bench.config(self.type_name, configuration);
            self.bench.plan(self.type_name, self.standing.as_ref(), &config).replaces
        };
        let known = replaces(other);
        let perhaps: Vec<String> = replaces(open)
            .iter()
            .filter(|path| !known.contains(path))
            .map(ToString::to_string)
            .collect();
        if !perhaps.is_empty() {
            self.problems.push(format!("{path} open: would replace for {}", perhaps.join(", ")));
        }
    }

    /// Makes the object anew, and looks whether the plan said what it has then.
    async fn replace(&mut self, step: &str, planned: Value, config: Value) {
        let Some(prior) = self.standing.clone() else { return };
        let before = self.problems.len();
        self.clear().await;
        if self.problems.len() > before || book(self.type_name)["not_anew"].get(step).is_some() {
            return;
        }
        self.bench.pass_seconds(60).await;
        let deed = Deed::Create { planned: planned.clone(), config };
        let done = match self.bench.act(self.type_name, deed).await {
            Ok(done) => done.unwrap(),
            Err(failure) => {
                return self.problems.push(format!("{step} anew: {}", failure.error));
            }
        };
        let spec = self.bench.spec(self.type_name);
        let found = untrue_replacement(&spec, &prior, &planned, &done);
        self.problems.extend(found.iter().map(|text| format!("{step} anew: {text}")));
        self.standing = Some(done);
    }

    /// Removes the object, so that the next one can have its name.
    async fn clear(&mut self) {
        let Some(prior) = self.standing.take() else { return };
        if let Err(failure) = self.bench.act(self.type_name, Deed::Delete { prior }).await {
            self.problems.push(format!("removed: {}", failure.error));
        }
        // A name is not free at once everywhere.
        if let Some(days) = book(self.type_name)["days"].as_u64() {
            self.bench.pass(days).await;
        }
    }
}

async fn bench_for(type_name: &str) -> Bench {
    let bench = Bench::new();
    enable(&bench).await;
    for first in book(type_name)["first"].as_array().into_iter().flatten() {
        bench.create(first["type"].as_str().unwrap(), &first["configuration"]).await;
    }
    match type_name {
        "google_container_node_pool" => {
            bench.create("google_container_cluster", &cluster()).await;
        }
        "google_storage_bucket_iam_member" => {
            let bucket = json!({ "name": "polls-attributes", "location": "US" });
            bench.create("google_storage_bucket", &bucket).await;
        }
        "google_compute_instance" => {
            for name in ["one", "two"] {
                let disk = json!({ "name": name, "zone": "asia-south1-a", "size": 10 });
                bench.create("google_compute_disk", &disk).await;
                let account = json!({ "account_id": format!("default-{name}") });
                bench.create("google_service_account", &account).await;
            }
        }
        _ => {}
    }
    bench
}

/// Gives what is looked at in turn: each part of the top, of the configuration of nodes each part inside. That block is
/// the node pool's; of the cluster's are looked at those parts that change by calls of their own.
fn subjects(spec: &Spec) -> Vec<(&Part, Option<&Part>)> {
    let mut found = Vec::new();
    for part in &spec.parts {
        match part.inside() {
            Some(inside) if part.name == "node_config" => {
                let own = spec.type_name == "google_container_node_pool";
                let looked_at = inside.iter().filter(|inner| own || inner.change.is_some());
                found.extend(looked_at.map(|inner| (part, Some(inner))));
            }
            _ => found.push((part, None)),
        }
    }
    found
}

async fn sweep(type_name: &str) -> Vec<String> {
    let book = book(type_name);
    let spec: Spec = Bench::new().spec(type_name);
    let bench = bench_for(type_name).await;
    let mut way = Way { bench, type_name, standing: None, problems: Vec::new() };
    for (part, inner) in subjects(&spec) {
        let name = part.name.as_str();
        if book["base"].get(name).is_some() {
            continue;
        }
        let value = |turn: usize| {
            let maker = Maker { book: &book, turn };
            match inner {
                None => maker.value(part, name),
                Some(inner) => maker
                    .value(inner, &format!("{name}.{}", inner.name))
                    .map(|value| json!({ &inner.name: value })),
            }
        };
        let (Some(first), Some(second)) = (value(0), value(1)) else { continue };
        let inside = inner.map_or(String::new(), |inner| format!(".{}", inner.name));
        let label = format!("{name}{inside}");
        let around = merged(&book["base"], &book["around"][name]);
        way.standing = None;
        let whole = book["once"].get(name).is_none();
        let made =
            way.reach(&format!("{label} made"), &merged(&around, &json!({ name: first }))).await;
        if made {
            for (path, open) in opened(part, &first, name) {
                let other = merged(&around, &json!({ name: second }));
                way.may_replace(&path, &merged(&around, &json!({ name: open })), &other);
            }
        }
        if made
            && whole
            && way
                .reach(&format!("{label} changed"), &merged(&around, &json!({ name: second })))
                .await
            && part.given != Given::Required
        {
            way.reach(&format!("{label} taken away"), &around).await;
        }
        way.clear().await;
    }
    way.problems
}

pub(crate) fn swept(type_name: &str) {
    let problems = block_on(sweep(type_name));
    assert!(problems.is_empty(), "{type_name}:\n{}", problems.join("\n"));
}

#[test]
fn every_attribute_of_a_bucket() {
    swept("google_storage_bucket");
}

#[test]
fn every_attribute_of_a_cluster() {
    swept("google_container_cluster");
}

#[test]
fn every_attribute_of_a_node_pool() {
    swept("google_container_node_pool");
}

#[test]
fn every_attribute_of_a_repository() {
    swept("google_artifact_registry_repository");
}

#[test]
fn every_attribute_of_a_service_account() {
    swept("google_service_account");
}

#[test]
fn every_attribute_of_a_secret() {
    swept("google_secret_manager_secret");
}

#[test]
fn every_attribute_of_a_subnetwork() {
    swept("google_compute_subnetwork");
}

#[test]
fn every_attribute_of_a_firewalls_rule() {
    swept("google_compute_firewall");
}

#[test]
fn every_attribute_of_a_disk() {
    swept("google_compute_disk");
}

#[test]
fn every_attribute_of_a_machine() {
    swept("google_compute_instance");
}
