//! A release as a value: from what helm keeps of it, from what a chart renders to, and what is planned of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::providers::{Observed, PlanRequest, Planned};
use crate::value::{Number, Path, Type, Value};

use super::manifests::{is_parting, key, shown};
use super::record::Record;
use super::schema::metadata;
use super::values::Values;
use super::words::{flag, namespace, text};

/// Arguments that say how helm goes about it, and change nothing in the cluster by themselves.
const CONDUCT: &[&str] = &[
    "atomic",
    "cleanup_on_fail",
    "create_namespace",
    "dependency_update",
    "description",
    "force_update",
    "keyring",
    "lint",
    "max_history",
    "pass_credentials",
    "recreate_pods",
    "replace",
    "repository_ca_file",
    "repository_cert_file",
    "repository_key_file",
    "repository_password",
    "repository_username",
    "reset_values",
    "reuse_values",
    "take_ownership",
    "timeout",
    "timeouts",
    "upgrade_install",
    "verify",
    "wait",
    "wait_for_jobs",
];

/// Blocks that another program's state has as null where there are none.
const BLOCKS: &[&str] = &["set", "set_list", "set_sensitive"];

/// What the state keeps of a release beside its attributes.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// The objects that are not as the release has them: as it has them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) meant: BTreeMap<String, String>,
    /// It was imported: what it was installed from is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) imported: bool,
    /// The places of values that were given to helm and are kept nowhere.
    #[serde(skip_serializing_if = "Json::is_null")]
    pub(super) unkept: Json,
    /// Its chart has hooks of its removal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) parting: bool,
}

impl Memory {
    pub(super) fn read(bytes: &[u8]) -> Memory {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match *self == Memory::default() {
            true => Vec::new(),
            false => serde_json::to_vec(self).unwrap_or_default(),
        }
    }
}

/// Gives a map of texts.
pub(super) fn texts(rows: &BTreeMap<String, String>) -> Value {
    Value::map(
        Type::String,
        rows.iter().map(|(name, text)| (name.as_str(), Value::string(text))).collect::<Vec<_>>(),
    )
}

/// Reads a map of texts.
pub(super) fn rows(value: Option<&Value>) -> BTreeMap<String, String> {
    let fields = value.and_then(Value::fields);
    let rows = fields.into_iter().flatten();
    rows.filter_map(|(name, text)| Some((name.to_string(), text.as_str()?.to_string()))).collect()
}

fn or_null(text: Option<&str>) -> Value {
    text.map_or_else(|| Value::null(Type::String), Value::string)
}

/// Gives `metadata` of a revision.
pub(super) fn metadata_of(record: &Record, values: &Values) -> Value {
    let mut secrets = values.secrets_in(&record.values);
    record.manifests.iter().for_each(|manifest| secrets.add_secret(manifest));
    let seconds = |moment: Option<jiff::Timestamp>| match moment {
        Some(moment) => Value::number(Number::from(moment.as_second())),
        None => Value::null(Type::Number),
    };
    Value::object([
        ("name", Value::string(&record.name)),
        ("namespace", Value::string(&record.namespace)),
        ("revision", Value::number(Number::from(record.revision))),
        ("version", Value::string(&record.version)),
        ("chart", Value::string(&record.chart)),
        ("app_version", or_null(record.app_version.as_deref())),
        ("values", Value::string(values.shown(&record.values))),
        ("first_deployed", seconds(record.first)),
        ("last_deployed", seconds(record.last)),
        ("notes", Value::string(secrets.hide(&record.notes))),
    ])
}

/// Gives the objects of a revision as a plan shows them.
pub(super) fn objects_of(record: &Record, values: &Values) -> BTreeMap<String, String> {
    shown(&record.manifests, &record.namespace, &values.secrets_in(&record.values))
}

/// Gives a release as it is found. `there` are its objects as the cluster has them.
pub(super) fn observed(
    wanted: &Value,
    record: &Record,
    there: &[Option<Json>],
    values: &Values,
    imported: bool,
) -> Observed {
    let meant = objects_of(record, values);
    let live: Vec<Json> = there.iter().flatten().cloned().collect();
    let live = shown(&live, &record.namespace, &values.secrets_in(&record.values));
    let unkept = match values.unkept.as_object().is_some_and(|places| !places.is_empty()) {
        true => values.unkept.clone(),
        false => Json::Null,
    };
    let parting = record.hooks.iter().any(is_parting);
    let mut memory = Memory { imported, unkept, parting, ..Memory::default() };
    for (name, text) in &meant {
        let found = live.get(name);
        let touched = found != Some(text) || is_touched(record, there, name);
        if touched {
            memory.meant.insert(name.clone(), text.clone());
        }
    }
    // Of a Secret that somebody has changed the keys alone are shown: that it was changed is told beside them.
    let live: BTreeMap<String, String> = live
        .into_iter()
        .map(|(name, text)| {
            match meant.get(&name) == Some(&text) && memory.meant.contains_key(&name) {
                true => {
                    let told = text.replace(super::secrets::HIDDEN, CHANGED);
                    (name, told)
                }
                false => (name, text),
            }
        })
        .collect();
    let manifest = match wanted.field("manifest").is_some_and(|kept| !kept.is_null()) {
        true => Value::string(whole(&live)),
        false => Value::null(Type::String),
    };
    let version = match text(wanted, "version") {
        Some(known) if !is_exact(known) || is_same_version(known, &record.version) => {
            Value::string(known)
        }
        _ => Value::string(&record.version),
    };
    let wanted = BLOCKS.iter().fold(wanted.clone(), |wanted, name| {
        let absent = || super::schema::release().fields[*name].absent();
        match wanted.field(name).is_some_and(Value::is_null) {
            true => wanted.with_field(name, absent()),
            false => wanted,
        }
    });
    let value = wanted
        .with_field("id", Value::string(&record.name))
        .with_field("name", Value::string(&record.name))
        .with_field("namespace", Value::string(&record.namespace))
        .with_field("version", version)
        .with_field("status", Value::string(&record.status))
        .with_field("metadata", metadata_of(record, values))
        .with_field("resources", texts(&live))
        .with_field("manifest", manifest);
    Observed { value, private: memory.bytes() }
}

/// Gives a release that is taken over without what its block says is secret: it was found without that knowledge.
pub(super) fn without_secrets(found: &Observed, config: &Value) -> Observed {
    let metadata = found.value.field("metadata");
    let values = metadata.and_then(|it| text(it, "values")).unwrap_or_default();
    let read = |text: &str| serde_json::from_str::<Json>(text).ok();
    let given = Values::of(config).unwrap_or_default();
    let secrets = given.secrets_in(&read(values).unwrap_or_default());
    let hidden = |text: &str| match read(text) {
        Some(tree) => secrets.hide_in(&tree).to_string(),
        None => secrets.hide(text),
    };
    let hide = |value: &Value, name: &str| match text(value, name) {
        Some(text) => value.with_field(name, Value::string(hidden(text))),
        None => value.clone(),
    };
    let all = |objects: BTreeMap<String, String>| -> BTreeMap<String, String> {
        objects.into_iter().map(|(name, text)| (name, hidden(&text))).collect()
    };
    let mut value = hide(&found.value, "manifest");
    if let Some(metadata) = metadata.filter(|it| !it.is_null()) {
        value = value.with_field("metadata", hide(&hide(metadata, "values"), "notes"));
    }
    value = value.with_field("resources", texts(&all(rows(found.value.field("resources")))));
    let memory = Memory::read(&found.private);
    let memory = Memory { meant: all(memory.meant), ..memory };
    Observed { value, private: memory.bytes() }
}

/// What stands in the place of a Secret's data that is not as the release has it.
const CHANGED: &str = "(sensitive value, changed in the cluster)";

/// Says whether an object is there and not as the release has it, whatever is shown of it.
fn is_touched(record: &Record, there: &[Option<Json>], name: &str) -> bool {
    let pairs = record.manifests.iter().zip(there);
    let mut own =
        pairs.filter(|(manifest, _)| key(manifest, &record.namespace).as_deref() == Some(name));
    own.any(|(manifest, there)| {
        manifest["kind"] == "Secret"
            && there.as_ref().is_some_and(|there| {
                let data = |one: &Json| super::manifests::folded(one)["data"].clone();
                super::manifests::sorted(&data(manifest)) != super::manifests::sorted(&data(there))
            })
    })
}

/// Gives all objects as one text of JSON.
pub(super) fn whole(objects: &BTreeMap<String, String>) -> String {
    let all = objects
        .iter()
        .map(|(name, text)| (name.clone(), serde_json::from_str(text).unwrap_or(Json::Null)));
    Json::Object(all.collect()).to_string()
}

/// Says whether a version is one, not a range of them.
fn is_exact(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(plain)
        && text.split(['-', '+']).next().is_some_and(|core| core.split('.').count() == 3)
        && !text.split('.').any(|part| part == "x")
}

/// Plans a release as far as the configuration and the last look at it say. What the chart renders to comes from helm.
pub(super) fn plan(request: &PlanRequest<'_>) -> Planned {
    let experiments = request.provider.field("experiments");
    let keeps = experiments.is_some_and(|block| flag(block, "manifest"));
    let mut after = request.proposed.clone();
    let open = |ty: Type| Value::unknown(ty);
    let manifest = if keeps { open(Type::String) } else { Value::null(Type::String) };
    let name = request.config.field("name").cloned().unwrap_or_else(|| open(Type::String));
    after = after.with_field("id", name).with_field("status", Value::string("deployed"));
    let mut replaces = Vec::new();
    let changed = match request.prior {
        None => true,
        Some(prior) => {
            for name in ["name", "namespace"] {
                if after.field(name) != prior.field(name) {
                    replaces.push(Path::root().attribute(name));
                }
            }
            let memory = Memory::read(request.private);
            let touched = changes(prior, &after) || !memory.meant.is_empty();
            if !memory.meant.is_empty() {
                let mut objects = rows(prior.field("resources"));
                objects.extend(memory.meant);
                after = after.with_field("resources", texts(&objects));
            }
            touched
        }
    };
    if changed {
        let prior = request.prior.and_then(|prior| prior.field("metadata"));
        after = after.with_field("metadata", next_metadata(request.config, prior));
        after = after.with_field("manifest", manifest);
        if request.prior.is_none_or(|prior| reshapes(prior, &after)) {
            after = after.with_field("resources", open(Type::map(Type::String)));
        }
    }
    Planned { after, replaces, problems: Vec::new(), notes: Vec::new() }
}

/// Says whether helm has anything to do.
fn changes(prior: &Value, after: &Value) -> bool {
    text(prior, "status") != Some("deployed") || reshapes(prior, after)
}

/// Says whether what is given to the chart, or the chart itself, is another.
fn reshapes(prior: &Value, after: &Value) -> bool {
    let given = after.fields().into_iter().flatten();
    let mut given = given.filter(|(name, _)| {
        !CONDUCT.contains(&&***name)
            && !["id", "status", "manifest", "metadata", "resources"].contains(&&***name)
    });
    given.any(|(name, part)| {
        prior.field(name).map(Value::without_marks).as_ref() != Some(&part.without_marks())
    })
}

/// Gives what is known of the next revision before it is made.
fn next_metadata(config: &Value, prior: Option<&Value>) -> Value {
    let Some(fields) = metadata_fields() else { return Value::unknown(metadata()) };
    let given = |name: &str| config.field(name).filter(|part| part.is_known()).cloned();
    let known = prior.filter(|prior| !prior.is_null());
    let next = fields.into_iter().map(|(name, ty)| {
        let value = match name.as_str() {
            "name" => given("name"),
            "namespace" => Some(Value::string(namespace(config)))
                .filter(|_| config.field("namespace").is_none_or(Value::is_known)),
            "first_deployed" => known.and_then(|prior| prior.field(&name)).cloned(),
            _ => None,
        };
        (name, value.unwrap_or_else(|| Value::unknown(ty)))
    });
    Value::object(next.collect::<Vec<_>>())
}

fn metadata_fields() -> Option<Vec<(String, Type)>> {
    match metadata() {
        Type::Object(fields) => {
            Some(fields.iter().map(|(name, ty)| (name.to_string(), ty.clone())).collect())
        }
        _ => None,
    }
}

/// Gives a planned release with what its chart renders to.
pub(super) fn sharpened(
    planned: &Value,
    rendered: &Record,
    values: &Values,
    prior: Option<&Value>,
    whole_values: bool,
) -> Value {
    let mut objects = objects_of(rendered, values);
    let before = rows(prior.and_then(|prior| prior.field("resources")));
    // What differs in its order or in how a number is written only is as it was.
    for (name, text) in &mut objects {
        if let Some(former) = before.get(name)
            && same(former, text)
        {
            text.clone_from(former);
        }
    }
    let settled = planned.field("metadata").is_some_and(Value::is_whole);
    let unchanged = settled
        && objects == rows(planned.field("resources"))
        && is_version(planned, &rendered.version);
    if unchanged {
        return planned.clone();
    }
    let known = prior.and_then(|prior| prior.field("metadata")).filter(|it| !it.is_null());
    let mut metadata = match settled {
        true => next_metadata(planned, known),
        false => planned.field("metadata").cloned().unwrap_or_else(|| Value::unknown(metadata())),
    };
    let mut put = |name: &str, value: Value| metadata = metadata.with_field(name, value);
    put("chart", Value::string(&rendered.chart));
    put("version", Value::string(&rendered.version));
    put("app_version", or_null(rendered.app_version.as_deref()));
    if whole_values {
        put("values", Value::string(values.shown(&rendered.values)));
    }
    let version = match text(planned, "version") {
        Some(given) => Value::string(given),
        None => Value::string(&rendered.version),
    };
    let manifest = match planned.field("manifest").is_some_and(Value::is_null) {
        true => Value::null(Type::String),
        false => Value::string(whole(&objects)),
    };
    planned
        .with_field("metadata", metadata)
        .with_field("version", version)
        .with_field("manifest", manifest)
        .with_field("resources", texts(&objects))
}

/// Says whether a version is the one, or nothing is said of which.
fn is_version(planned: &Value, version: &str) -> bool {
    text(planned, "version").is_none_or(|given| !is_exact(given) || is_same_version(given, version))
}

fn is_same_version(left: &str, right: &str) -> bool {
    left.trim_start_matches('v') == right.trim_start_matches('v')
}

/// Says whether two texts of JSON say the same.
fn same(left: &str, right: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Json>(text).ok().map(|json| loose(&json));
    left == right || read(left) == read(right)
}

/// Gives a tree with numbers as texts, as a chart may quote them or not.
fn loose(tree: &Json) -> Json {
    match tree {
        Json::Number(number) => Json::String(number.to_string()),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(name, part)| (name.clone(), loose(part))).collect())
        }
        Json::Array(parts) => Json::Array(parts.iter().map(loose).collect()),
        _ => tree.clone(),
    }
}
