//! Objects between the state file's JSON and values by a schema.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value as Json;

use super::decide::kept;
use crate::addr::{Address, Mode};
use crate::diag::Diagnostic;
use crate::eval::{ProviderRef, sealed};
use crate::providers::Provider;
use crate::schema::Schema;
use crate::state::Object;
use crate::state::provider::ProviderName;
use crate::value::{Kind, Marks, Path, PathStep, Type, Value, json};

/// Why a kept object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A newer version of the provider wrote it.
    Newer {
        /// The provider's name.
        provider: String,
        /// The version of the schema that it was written with.
        written: u64,
        /// The version that is known here.
        known: u64,
    },
    /// It is not as its schema has it.
    Broken(String),
}

impl Unreadable {
    /// Gives the problem for people.
    pub fn to_diagnostic(&self, address: &Address) -> Diagnostic {
        match self {
            Unreadable::Newer { provider, written, known } => {
                let detail = format!(
                    "The current state of {address} was created by a newer provider version than is currently selected. \
                     Upgrade the {provider} provider to work with this state."
                );
                Diagnostic::error("Resource instance managed by newer provider version", detail)
                    .help(format!(
                        "It has version {written} of its type's schema, and this program knows version {known}: use a newer \
                         one, or the program that wrote the state."
                    ))
            }
            Unreadable::Broken(why) => {
                let detail = format!("The state's entry for {address} cannot be read. {why}");
                Diagnostic::error("Failed to decode resource from state", detail)
            }
        }
    }
}

/// Reads a kept object by its schema, brought to the schema's version; sensitive parts are marked.
///
/// # Errors
/// What of it cannot be read.
pub fn decode(
    provider: &dyn Provider,
    mode: Mode,
    type_name: &str,
    object: &Object,
) -> Result<Value, Unreadable> {
    let schema = provider.resource(mode, type_name).ok_or_else(|| {
        let source = provider.source();
        Unreadable::Broken(format!("There is no type \"{type_name}\" in provider {source}."))
    })?;
    if object.schema_version > schema.version {
        let provider = provider.source().rsplit('/').next().unwrap_or_default().to_string();
        let (written, known) = (object.schema_version, schema.version);
        return Err(Unreadable::Newer { provider, written, known });
    }
    let ty = schema.ty();
    let mut attributes = object.attributes_as(&ty);
    if schema.beyond {
        schema.untold(attributes.to_mut());
    }
    if object.schema_version < schema.version {
        let older = attributes.into_owned();
        let upgraded = provider.upgrade(type_name, object.schema_version, older);
        attributes = Cow::Owned(upgraded.map_err(Unreadable::Broken)?);
    }
    let value = json::from_json_as(&attributes, &ty)
        .map_err(|error| Unreadable::Broken(format!("At {}: {}.", error.path, error.message)))?;
    // What can be anything is kept with its type beside it.
    let value =
        dynamic(&schema).fold(value, |value, name| match attributes.get(name).map(unwrapped) {
            Some(part) => value.with_field(name, part),
            None => value,
        });
    Ok(object.sensitive.iter().filter_map(path_of).fold(value, |value, path| mark(&value, &path.0)))
}

/// Writes an object as the state keeps it.
pub fn encode(
    schema: &Schema,
    value: &Value,
    private: &[u8],
    provider: &ProviderRef,
    needs: Vec<Address>,
) -> Object {
    let value = kept(schema, value);
    // What the schema calls sensitive is told too, null or not: so Terraform keeps it.
    let mut sensitive = Vec::new();
    marked_paths(&sealed(&value, schema), &Path::root(), &mut sensitive);
    let mut attributes = json::to_json(&value.without_marks());
    for name in dynamic(schema) {
        if let (Some(part), Some(slot)) = (value.field(name), attributes.get_mut(name)) {
            *slot = wrapped(&part.without_marks());
        }
    }
    Object {
        attributes: schema.told(attributes).into(),
        sensitive,
        schema_version: schema.version,
        provider: provider_text(provider),
        needs,
        tainted: false,
        create_before_destroy: false,
        private: private.to_vec(),
        identity: None,
        other: serde_json::Map::new(),
    }
}

/// Gives the fields that can be anything.
fn dynamic(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields.iter().filter(|(_, field)| field.ty == Type::Any).map(|(name, _)| name.as_str())
}

/// Writes a value of any type with its type: `{"value": …, "type": …}`.
fn wrapped(value: &Value) -> Json {
    if value.is_null() && value.ty() == Type::Any {
        return Json::Null;
    }
    serde_json::json!({"value": json::to_json(value), "type": json::type_to_json(&value.ty())})
}

fn unwrapped(kept: &Json) -> Value {
    let (Some(value), Some(ty)) = (kept.get("value"), kept.get("type")) else {
        return json::from_json(kept);
    };
    let ty = json::type_from_json(ty).unwrap_or(Type::Any);
    json::from_json_as(value, &ty).unwrap_or_else(|_| json::from_json(value))
}

/// Names a provider block as the state file does.
pub fn provider_text(provider: &ProviderRef) -> String {
    let name = ProviderName {
        module: provider.module.clone(),
        source: provider.source.clone(),
        alias: provider.alias.clone(),
    };
    name.to_string()
}

/// Reads a provider block's name from the state file's form.
pub fn provider_ref(text: &str) -> Option<Arc<ProviderRef>> {
    let name = ProviderName::parse(text)?;
    let source = name.source.strip_prefix("terraform.io/").unwrap_or(&name.source).to_string();
    let short = source.rsplit('/').next().unwrap_or_default().to_string();
    Some(Arc::new(ProviderRef { module: name.module, name: short, source, alias: name.alias }))
}

/// Gives the paths of marked parts in the state file's form.
fn marked_paths(value: &Value, path: &Path, found: &mut Vec<Json>) {
    if value.is_sensitive() {
        found.push(path.0.iter().map(step_json).collect());
        return;
    }
    match value.kind() {
        Kind::Object(fields) => {
            for (name, part) in fields.iter() {
                marked_paths(part, &path.attribute(&**name), found);
            }
        }
        Kind::Map(_, fields) => {
            for (name, part) in fields.iter() {
                marked_paths(part, &path.key(name), found);
            }
        }
        Kind::List(_, parts) | Kind::Tuple(parts) => {
            for (place, part) in parts.iter().enumerate() {
                marked_paths(part, &path.place(place), found);
            }
        }
        Kind::Unknown(..)
        | Kind::Null(_)
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::String(_)
        | Kind::Set(..) => {}
    }
}

fn step_json(step: &PathStep) -> Json {
    match step {
        PathStep::Attribute(name) => serde_json::json!({"type": "get_attr", "value": name}),
        PathStep::Index(index) => {
            let (value, ty) = match index.as_str() {
                Some(key) => (Json::from(key), "string"),
                None => (json::to_json(index), "number"),
            };
            serde_json::json!({"type": "index", "value": {"value": value, "type": ty}})
        }
    }
}

/// Reads a path of the state file's form; what is not one is passed over.
fn path_of(steps: &Json) -> Option<Path> {
    let steps = steps.as_array()?.iter().map(|step| {
        let value = step.get("value")?;
        match step.get("type")?.as_str()? {
            "get_attr" => Some(PathStep::Attribute(value.as_str()?.to_string())),
            "index" => Some(PathStep::Index(json::from_json(value.get("value")?))),
            _ => None,
        }
    });
    steps.collect::<Option<Vec<_>>>().map(Path)
}

/// Marks the part at a path as sensitive; a path that leads nowhere changes nothing.
pub fn mark(value: &Value, steps: &[PathStep]) -> Value {
    let sensitive = Marks { sensitive: true, ephemeral: false };
    let Some((step, rest)) = steps.split_first() else { return value.clone().marked(sensitive) };
    match step {
        PathStep::Attribute(name) => match value.field(name) {
            Some(part) => value.with_field(name, mark(part, rest)),
            None => value.clone(),
        },
        PathStep::Index(index) => match (index.as_str(), index.as_i64(), value.kind()) {
            (Some(key), _, Kind::Map(..) | Kind::Object(_)) => match value.field(key) {
                Some(part) => value.with_field(key, mark(part, rest)),
                None => value.clone(),
            },
            (_, Some(wanted), Kind::List(..) | Kind::Tuple(_)) => {
                let mut place = -1;
                value.map_parts(&mut |part| {
                    place += 1;
                    if place == wanted { mark(part, rest) } else { part.clone() }
                })
            }
            _ => value.clone(),
        },
    }
}

/// Gives a value with the marks that the planned one has at the same places.
pub fn with_marks_of(value: &Value, planned: &Value) -> Value {
    let marked = match (value.kind(), planned.kind()) {
        (Kind::Object(_) | Kind::Map(..), Kind::Object(fields) | Kind::Map(_, fields)) => {
            fields.iter().fold(value.clone(), |value, (name, planned)| {
                if !planned.all_marks().any() {
                    return value;
                }
                match value.field(name) {
                    Some(part) => {
                        let part = with_marks_of(part, planned);
                        value.with_field(name, part)
                    }
                    None => value,
                }
            })
        }
        (
            Kind::List(_, parts) | Kind::Tuple(parts),
            Kind::List(_, others) | Kind::Tuple(others),
        ) if parts.len() == others.len() => {
            let mut others = others.iter();
            value.map_parts(&mut |part| {
                others.next().map_or_else(|| part.clone(), |planned| with_marks_of(part, planned))
            })
        }
        _ => value.clone(),
    };
    marked.marked(planned.marks())
}

/// Says whether other parts are secret: by what is marked, and by what the schema says in both.
pub fn has_other_secrets(schema: &Schema, left: &Value, right: &Value) -> bool {
    if left == right {
        return false;
    }
    let paths = |value: &Value| {
        let mut found = Vec::new();
        marked_paths(&sealed(value, schema), &Path::root(), &mut found);
        let mut texts: Vec<String> = found.iter().map(Json::to_string).collect();
        texts.sort();
        texts
    };
    paths(left) != paths(right)
}
