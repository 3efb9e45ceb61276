//! Acting on the object of a manifest: made, changed, removed, and waited for.

use std::time::Duration;

use serde_json::Value as Json;

use crate::value::{Type, Value};

use super::super::super::{ApiError, ApiErrorKind, Failure, Observed};
use super::super::act::Act;
use super::super::apply::{By, MANAGER};
use super::super::conflict::secrets;
use super::super::definitions::bundled;
use super::super::memory::Memory;
use super::super::object::Name;
use super::super::tables::Kind;
use super::super::wait::duration;
use super::body::{Who, intent, manifest, shown};
use super::rules::look_of;

/// Gives who writes: as the block says, else we.
pub(in super::super) fn by(value: &Value) -> By {
    let block = value.field("field_manager").and_then(Value::elements).and_then(|all| all.first());
    let name = block.and_then(|block| block.field("name")).and_then(Value::as_str);
    let force = block.and_then(|block| block.field("force_conflicts")).and_then(Value::as_bool);
    let secrets = secrets(value);
    By { manager: name.unwrap_or(MANAGER).to_string(), force: force.unwrap_or(false), secrets }
}

/// Gives the body of an apply.
pub(in super::super) fn body(kind: &Kind, config: &Value, name: &Name) -> Json {
    let written = manifest(config).unwrap_or_else(|| Value::null(Type::Any));
    intent(&written, bundled().root(&kind.api_version, &kind.kind), kind, name)
}

/// Makes the object; one of its name must not exist.
///
/// # Errors
/// What stood in the way, and the object as far as it was made.
pub(in super::super) async fn make(
    act: &Act<'_>,
    planned: &Value,
    config: &Value,
) -> Result<Observed, Failure> {
    let name = name_of(act, config)?;
    let id = id(act, &name);
    act.vacant(&name, patience(planned, "create", 600), &id).await?;
    let live = act.apply(&name, &body(act.kind, config, &name), &by(config)).await?;
    finish(act, planned, live, &name, "create").await
}

/// Changes the object.
///
/// # Errors
/// What stood in the way.
pub(in super::super) async fn update(
    act: &Act<'_>,
    planned: &Value,
    config: &Value,
) -> Result<Observed, Failure> {
    let name = name_of(act, config)?;
    let live = act.apply(&name, &body(act.kind, config, &name), &by(config)).await?;
    finish(act, planned, live, &name, "update").await
}

/// Removes the object and waits until it is gone.
///
/// # Errors
/// What stood in the way.
pub(in super::super) async fn unmake(
    act: &Act<'_>,
    prior: &Value,
    memory: &[u8],
) -> Result<(), ApiError> {
    let name = name_of(act, prior)?;
    let uid = Memory::read(memory).uid.unwrap_or_default();
    act.remove(act.kind, &name, &uid).await?;
    act.wait(act.kind, &name, patience(prior, "delete", 600)).gone(&uid).await
}

fn name_of(act: &Act<'_>, value: &Value) -> Result<Name, ApiError> {
    let who = manifest(value).and_then(|it| Who::of(&it));
    who.and_then(|who| who.name(act.kind)).ok_or_else(|| {
        let detail = format!("The manifest of a {} has no `metadata.name`.", act.kind.kind);
        ApiError::new(ApiErrorKind::Invalid, "Missing name", detail)
    })
}

fn id(act: &Act<'_>, name: &Name) -> String {
    let namespace = match name.namespace.as_str() {
        "" => String::new(),
        namespace => format!(",namespace={namespace}"),
    };
    format!(
        "apiVersion={},kind={}{namespace},name={}",
        act.kind.api_version, act.kind.kind, name.name
    )
}

fn patience(value: &Value, action: &str, otherwise: u64) -> Duration {
    let block = value.field("timeouts").and_then(Value::elements).and_then(|all| all.first());
    let given = block.and_then(|block| block.field(action)).and_then(Value::as_str);
    given.and_then(duration).unwrap_or(Duration::from_secs(otherwise))
}

/// Keeps the object, waits for it where that is asked, and reads it as it is then.
async fn finish(
    act: &Act<'_>,
    planned: &Value,
    live: Json,
    name: &Name,
    action: &str,
) -> Result<Observed, Failure> {
    let observed = |live: &Json| Observed {
        value: planned.with_field("object", shown(live)),
        private: remembered(live, false),
    };
    let first = observed(&live);
    act.desk.keep(&first).await;
    let Some(look) = look_of(&act.kind.kind, planned) else { return Ok(first) };
    if action == "update" && !look.on_update {
        return Ok(first);
    }
    let wait = act.wait(act.kind, name, patience(planned, action, look.patience));
    match wait.ready(&look, live).await {
        Ok(live) => Ok(observed(&live)),
        Err(error) => {
            let found = act.cluster.get(&act.kind.path(&name.namespace, &name.name)).await;
            let partial = found.map_or(first, |live| observed(&live));
            Err(Failure { error, partial: Some(partial) })
        }
    }
}

fn remembered(live: &Json, imported: bool) -> Vec<u8> {
    let uid = live["metadata"]["uid"].as_str().map(String::from);
    Memory { imported, uid, ..Memory::default() }.bytes()
}

/// Gives an object as found: `object` anew where anything of it that the manifest says has changed, else as it was.
pub(in super::super) fn finish_read(wanted: &Value, private: &[u8], live: &Json) -> Observed {
    let is_new = wanted.field("object").is_none_or(Value::is_null);
    let found = shown(live);
    if is_new {
        let value = wanted.with_field("manifest", found.clone()).with_field("object", found);
        return Observed { value, private: remembered(live, true) };
    }
    let imported = Memory::read(private).imported;
    let private = match Memory::read(private).uid {
        Some(_) => private.to_vec(),
        None if imported => remembered(live, true),
        None => private.to_vec(),
    };
    if super::planning::is_as_written(wanted, &found) {
        return Observed { value: wanted.clone(), private };
    }
    Observed { value: wanted.with_field("object", found), private }
}

/// Gives a planned object with what the server sets of it, as its dry-run shows.
pub(in super::super) fn set(object: &Value, tried: &Json) -> Value {
    super::super::tried::free(object, &shown(tried))
}

/// Gives the object of a making that was broken off.
///
/// # Errors
/// What the wait for it ended with.
pub(in super::super) async fn found(
    act: &Act<'_>,
    planned: &Value,
    live: Json,
    name: &Name,
) -> Result<(Observed, bool), ApiError> {
    let (mut live, mut complete) = (live, true);
    if let Some(look) = look_of(&act.kind.kind, planned) {
        let wait = act.wait(act.kind, name, patience(planned, "create", look.patience));
        match wait.ready(&look, live.clone()).await {
            Ok(ready) => live = ready,
            Err(error) if matches!(error.kind, ApiErrorKind::Failed | ApiErrorKind::Timeout) => {
                complete = false;
            }
            Err(error) => return Err(error),
        }
    }
    let object = shown(&live);
    complete &= super::planning::is_as_written(planned, &object);
    let value = planned.with_field("object", object);
    Ok((Observed { value, private: remembered(&live, false) }, complete))
}
