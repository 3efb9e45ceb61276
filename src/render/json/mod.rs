//! Results as JSON, in the documents that Terraform's users' tools read.
//!
//! Secrets are not written: [`Reveal::No`] puts a text in their place; the masks beside the values tell where.

pub mod config;
pub mod diagnostic;
pub mod drift;
pub mod functions;
pub mod plan;
pub mod schemas;
pub mod state;
pub mod stream;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::addr::{Address, Key, Mode, ModulePath, module_text};
use crate::value::json::to_json;
use crate::value::{Kind, Path, PathStep, Type, Value};

/// What stands for a secret.
pub const SECRET: &str = "(sensitive value)";

/// Whether secrets are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reveal {
    /// A text stands in their place.
    #[default]
    No,
    /// They are written in clear.
    Yes,
}

/// Gives a value: unknown fields are left out, unknown elements are null.
pub(super) fn value(value: &Value, reveal: Reveal) -> Json {
    if value.is_sensitive() && reveal == Reveal::No && !value.is_null() && value.is_known() {
        return SECRET.into();
    }
    match value.kind() {
        Kind::Unknown(..) => Json::Null,
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => to_json(value),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.iter().map(|part| self::value(part, reveal)).collect()
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            let known = fields.iter().filter(|(_, part)| part.is_known());
            let known = known.map(|(name, part)| (name.to_string(), self::value(part, reveal)));
            Json::Object(known.collect())
        }
    }
}

/// Gives a value by the same shape, with `true` where `is` holds; fields without any are left out.
fn mask(value: &Value, is: fn(&Value) -> bool) -> Json {
    if is(value) {
        return true.into();
    }
    match value.kind() {
        Kind::Unknown(ty, _) => match ty {
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => json!([]),
            Type::Map(_) | Type::Object(_) => json!({}),
            Type::Any | Type::Bool | Type::Number | Type::String => false.into(),
        },
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => false.into(),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.iter().map(|part| mask(part, is)).collect()
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            let fields = fields.iter().map(|(name, part)| (name.to_string(), mask(part, is)));
            Json::Object(fields.filter(|(_, mask)| *mask != Json::Bool(false)).collect())
        }
    }
}

/// Gives where a value is secret.
fn secrets(value: &Value) -> Json {
    mask(value, Value::is_sensitive)
}

/// Gives where a value is unknown.
fn unknowns(value: &Value) -> Json {
    mask(value, |part| !part.is_known())
}

/// Gives a key.
fn key(key: &Key) -> Json {
    match key {
        Key::Number(number) => (*number).into(),
        Key::String(name) => (&**name).into(),
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Managed => "managed",
        Mode::Data => "data",
        Mode::Ephemeral => "ephemeral",
    }
}

/// Gives a path's steps.
pub(super) fn path(path: &Path) -> Json {
    let step = |step: &PathStep| match step {
        PathStep::Attribute(name) => (&**name).into(),
        PathStep::Index(index) => to_json(index),
    };
    path.0.iter().map(step).collect()
}

/// Puts resources into the tree of their modules.
fn modules(resources: Vec<(ModulePath, Json)>) -> Json {
    let mut by_module: BTreeMap<ModulePath, Vec<Json>> = BTreeMap::new();
    for (module, resource) in resources {
        for depth in 0..module.len() {
            by_module.entry(module[..depth].to_vec()).or_default();
        }
        by_module.entry(module).or_default().push(resource);
    }
    by_module.entry(ModulePath::new()).or_default();
    Json::Object(module_of(&ModulePath::new(), &by_module))
}

fn module_of(module: &ModulePath, all: &BTreeMap<ModulePath, Vec<Json>>) -> Map<String, Json> {
    let mut out = Map::new();
    if let Some(resources) = all.get(module).filter(|resources| !resources.is_empty()) {
        out.insert("resources".into(), resources.iter().cloned().collect());
    }
    if !module.is_empty() {
        out.insert("address".into(), module_text(module).into());
    }
    let is_child =
        |other: &&ModulePath| other.len() == module.len() + 1 && other.starts_with(module);
    let children: Vec<Json> =
        all.keys().filter(is_child).map(|child| Json::Object(module_of(child, all))).collect();
    if !children.is_empty() {
        out.insert("child_modules".into(), children.into());
    }
    out
}

/// Gives the members that name a resource's instance.
fn named(address: &Address) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("address".into(), address.to_string().into());
    out.insert("mode".into(), mode(address.mode).into());
    out.insert("type".into(), address.type_name.as_str().into());
    out.insert("name".into(), address.name.as_str().into());
    if let Some(index) = &address.key {
        out.insert("index".into(), key(index));
    }
    out
}
