//! Reading the fields that are owned, and no others.

use serde_json::Value as Json;

use crate::value::{Type, Value};

use super::super::super::{ApiError, ApiErrorKind, Observed, Wanted};
use super::super::client::Cluster;
use super::super::memory::Memory;
use super::super::observe::{Mode, observe};
use super::super::place::at;
use super::super::tables::{Kind, Shape};
use super::target::Target;
use super::{id, owned, text};

/// Reads the fields of a value anew; nothing where the object is gone.
///
/// # Errors
/// What the cluster answered instead.
pub(in super::super) async fn read(
    cluster: &Cluster,
    kind: &Kind,
    wanted: &Wanted,
) -> Result<Option<Observed>, ApiError> {
    let is_import = wanted.value.field("env").is_some_and(|env| {
        wanted.private.is_empty() && env.elements().is_some_and(<[Value]>::is_empty)
    });
    let mut target = match Target::of(cluster, kind, &wanted.value).await {
        // What is of no kind any more is gone with it.
        Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let Some(live) = target.live(cluster).await? else { return Ok(None) };
    if !is_import {
        let memory = Memory::read(&wanted.private);
        let template = widened(&target, &wanted.value, &live);
        let mode = Mode::Refresh(memory.written.as_ref());
        let value = valued(kind, &target, &template, &live, mode);
        return Ok(Some(Observed { value, private: wanted.private.clone() }));
    }
    let value = contained(&target, &wanted.value, &live)?;
    target = Target::of(cluster, kind, &value).await?;
    let env = target.kind.nodes.get("env").and_then(|node| at(&live, node.api.as_deref()?));
    let template =
        value.with_field("env", Value::unknown(value.field("env").map_or(Type::Any, Value::ty)));
    let value = match env {
        Some(_) => valued(kind, &target, &template, &live, Mode::Complete),
        None => valued(kind, &target, &value, &live, Mode::Complete),
    };
    let memory = Memory { written: None, imported: true, ..Memory::default() };
    Ok(Some(Observed { value, private: memory.bytes() }))
}

/// Reads an object's fields by a template.
pub(super) fn valued(
    kind: &Kind,
    target: &Target,
    template: &Value,
    live: &Json,
    mode: Mode<'_>,
) -> Value {
    let value = observe(&target.kind, Some(template), live, mode);
    match id(kind, &value) {
        Some(id) => value.with_field("id", Value::string(id)),
        None => value,
    }
}

/// Adds to the maps of a template what the manager owns besides: another run has written it.
fn widened(target: &Target, value: &Value, live: &Json) -> Value {
    let nodes = target.kind.nodes.iter().filter(|(_, node)| node.shape == Shape::Map);
    nodes.fold(value.clone(), |value, (name, node)| {
        let Some(map) = value.field(name).filter(|map| map.is_known() && !map.is_null()) else {
            return value;
        };
        let Some(fields) = map.fields() else { return value };
        let place = node.api.as_deref().unwrap_or_default();
        let more = owned(live, &target.manager, place).into_iter();
        let more: Vec<_> = more
            .filter(|key| !fields.contains_key(key.as_str()))
            .map(|key| (key.as_str().into(), Value::string("")))
            .collect();
        if more.is_empty() {
            return value;
        }
        let there = fields.iter().map(|(key, value)| (key.clone(), value.clone()));
        let wider = Value::map(Type::String, there.chain(more)).marked(map.marks());
        value.with_field(name, wider)
    })
}

/// Gives an imported value with its container: the only one, where the id names none.
fn contained(target: &Target, value: &Value, live: &Json) -> Result<Value, ApiError> {
    if text(value, "container").is_some() || text(value, "init_container").is_some() {
        return Ok(value.clone());
    }
    let list = target.container().map_or("", |(list, _)| list);
    let names: Vec<&str> = at(live, list)
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|container| container["name"].as_str())
        .collect();
    match names[..] {
        [name] => Ok(value.with_field("container", Value::string(name))),
        _ => {
            let title = target.title();
            let detail = format!("{title} has the containers {}.", names.join(", "));
            let error = ApiError::new(ApiErrorKind::Invalid, "Ambiguous id", detail);
            Err(error.help("Add `,container=NAME` to the id."))
        }
    }
}
