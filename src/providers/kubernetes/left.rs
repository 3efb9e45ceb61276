//! What an action that was broken off has left in the cluster: by name, or, where the server chose the name, by what we
//! alone can have made.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::super::{ApiError, ApiErrorKind, Desk, Failure, Found, Observed, Wanted};
use super::act::Act;
use super::apply::{MANAGER, is_keeper};
use super::certificate::take;
use super::client::Cluster;
use super::memory::Memory;
use super::object::{Name, metadata, written};
use super::observe::{Mode, observe};
use super::ready::rule_of;
use super::tables::{Kind, Nodes, Way};
use crate::value::Value;

/// Looks for the object, and waits until it is ready, as its making would have.
///
/// # Errors
/// What the cluster answered instead.
pub(super) async fn left(
    cluster: &Cluster,
    kind: &Kind,
    wanted: &Wanted,
    since: Timestamp,
    desk: &dyn Desk,
) -> Result<Found, ApiError> {
    let planned = wanted.value.without_marks();
    let live = match Name::of(kind, &planned) {
        Some(name) => match cluster.get(&kind.path(&name.namespace, &name.name)).await {
            Ok(live) => Some(live),
            Err(refusal) if refusal.is_gone() => None,
            Err(refusal) => return Err(refusal.into()),
        },
        None => generated(cluster, kind, &planned, since).await?,
    };
    let may_be =
        |live: &Json| is_ours(live, MANAGER) || (is_unclaimed(live) && made_since(live, since));
    let Some(mut live) = live.filter(may_be) else { return Ok(Found::default()) };
    let mut complete = true;
    if kind.way == Way::Certificate {
        let act = Act { cluster, kind, desk };
        return certificate(&act, wanted, &planned, live, since).await;
    }
    if let (Some(rule), Some(name)) = (rule_of(&kind.kind, &planned), name_of(kind, &live)) {
        let act = Act { cluster, kind, desk };
        let patience = act.patience(&planned, "create", rule.patience);
        match act.wait(kind, &name, patience).ready(&rule.look_of(&planned), live.clone()).await {
            Ok(ready) => live = ready,
            Err(error) if matches!(error.kind, ApiErrorKind::Failed | ApiErrorKind::Timeout) => {
                complete = false;
            }
            Err(error) => return Err(error),
        }
    }
    // It is read as an apply reads it, and remembered so: defaults and what controllers write are not looked at.
    let open = reopened(&kind.nodes, &planned);
    let value = observe(kind, Some(&open), &live, Mode::Complete);
    let imported = Memory::read(&wanted.private).imported;
    let written = written(&kind.nodes, &planned).into_iter().collect();
    let memory = Memory { written: Some(written), imported, ..Memory::default() };
    complete &= planned.is_within(&value);
    let object = Some(Observed { value, private: memory.bytes() });
    Ok(Found { object, complete, ours: made_since(&live, since), strays: Vec::new() })
}

/// Goes on with a request whose certificate has not been taken.
async fn certificate(
    act: &Act<'_>,
    wanted: &Wanted,
    planned: &Value,
    live: Json,
    since: Timestamp,
) -> Result<Found, ApiError> {
    let open = reopened(&act.kind.nodes, planned);
    let value = observe(act.kind, Some(&open), &live, Mode::Complete);
    let made = Observed { value, private: wanted.private.clone() };
    let ours = made_since(&live, since);
    let written = written(&act.kind.nodes, planned).into_iter().collect();
    let memory = Memory { written: Some(written), ..Memory::default() };
    let (object, complete) = match take(act, &open, live, &memory, made).await {
        Ok(signed) => (signed, true),
        Err(Failure { partial: Some(made), .. }) => (made, false),
        Err(failure) => return Err(failure.error),
    };
    Ok(Found { object: Some(object), complete, ours, strays: Vec::new() })
}

/// Gives a planned object with what the server gives unknown again: a journal has null in its place.
fn reopened(nodes: &Nodes, planned: &Value) -> Value {
    nodes.iter().fold(planned.clone(), |value, (name, node)| {
        let Some(part) = value.field(name).cloned() else { return value };
        match &node.block {
            Some(block) if part.elements().is_some() => {
                value.with_field(name, part.map_parts(&mut |element| reopened(block, element)))
            }
            _ if node.computed && part.is_null() => {
                value.with_field(name, Value::unknown(part.ty()))
            }
            _ => value,
        }
    })
}

/// Says whether we have applied the object.
pub(super) fn is_ours(live: &Json, us: &str) -> bool {
    let managers = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    managers.is_some_and(|managers| managers.iter().any(|entry| entry["manager"] == us))
}

/// Says whether nobody but controllers has a field of the object. Who applies no more than a name has none: the server counts
/// only what else is said.
fn is_unclaimed(live: &Json) -> bool {
    let managers = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    let mut managers = managers.into_iter().flatten();
    managers.all(|entry| entry["manager"].as_str().is_some_and(is_keeper))
}

fn name_of(kind: &Kind, live: &Json) -> Option<Name> {
    let text = |name: &str| live["metadata"][name].as_str().map(String::from);
    let namespace =
        if kind.namespaced { text("namespace").unwrap_or_default() } else { String::new() };
    Some(Name { namespace, name: text("name")? })
}

/// Says whether an object was made since an action began; the server's times have no fractions.
pub(super) fn made_since(live: &Json, since: Timestamp) -> bool {
    made(live).is_some_and(|made| made >= since - jiff::SignedDuration::from_secs(1))
}

fn made(live: &Json) -> Option<Timestamp> {
    live["metadata"]["creationTimestamp"].as_str()?.parse().ok()
}

/// Finds an object whose name the server made from a prefix, made by us since the action began; the latest.
async fn generated(
    cluster: &Cluster,
    kind: &Kind,
    planned: &Value,
    since: Timestamp,
) -> Result<Option<Json>, ApiError> {
    let text = |name: &str| {
        let field = metadata(planned).and_then(|block| block.field(name));
        field.and_then(Value::as_str).map(String::from)
    };
    let Some(prefix) = text("generate_name") else { return Ok(None) };
    let namespace =
        if kind.namespaced { text("namespace").unwrap_or("default".into()) } else { String::new() };
    let mut list = cluster.get(&kind.collection(&namespace)).await?;
    let Some(Json::Array(items)) = list.get_mut("items").map(Json::take) else { return Ok(None) };
    let fits = |item: &Json| {
        item["metadata"]["generateName"] == prefix.as_str()
            && (is_ours(item, MANAGER) || is_unclaimed(item))
            && made_since(item, since)
    };
    Ok(items.into_iter().filter(fits).max_by_key(made))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_applies_a_name_alone_has_no_field_and_made_the_object_all_the_same() {
        let managed = |names: &[&str]| {
            let entries: Vec<Json> = names.iter().map(|name| json!({ "manager": name })).collect();
            json!({ "metadata": { "managedFields": entries } })
        };

        assert!(is_unclaimed(&json!({ "metadata": {} })));
        assert!(is_unclaimed(&managed(&["kube-controller-manager"])));
        assert!(!is_unclaimed(&managed(&["kube-controller-manager", "kubectl-create"])));
        assert!(!is_unclaimed(&managed(&[MANAGER])) && is_ours(&managed(&[MANAGER]), MANAGER));
    }
}
