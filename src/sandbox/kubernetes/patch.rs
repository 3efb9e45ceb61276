//! Patches: JSON patch, JSON merge patch and the strategic merge patch of the built-in kinds.

use serde_json::{Map, Value as Json};

use super::definitions;
use crate::merge::check;

/// Applies an RFC 6902 patch.
///
/// # Errors
/// What stood in the way, as the API server says it.
pub fn json_patch(target: &mut Json, patch: &Json) -> Result<(), String> {
    let Some(steps) = patch.as_array() else {
        return Err("error decoding patch: a JSON patch is an array".to_owned());
    };
    for step in steps {
        let word = |name: &str| step[name].as_str().unwrap_or_default();
        let (verb, path) = (word("op"), word("path"));
        let missing =
            || format!("jsonpatch {verb} operation does not apply: doc is missing path: {path}");
        match verb {
            "add" => add(target, path, step["value"].clone()).ok_or_else(missing)?,
            "replace" => {
                // A field that is not there is made, as the server's own library does.
                match target.pointer_mut(path) {
                    Some(place) => *place = step["value"].clone(),
                    None => replace(target, path, step["value"].clone()).ok_or_else(missing)?,
                }
            }
            "remove" => {
                let key = path.rsplit('/').next().unwrap_or_default();
                take(target, path).ok_or_else(|| {
                    format!(
                        "error in remove for path: '{path}': Unable to remove nonexistent key: \
                         {key}: missing value"
                    )
                })?;
            }
            "test" => {
                let there = target.pointer(path).unwrap_or(&Json::Null);
                if *there != step["value"] {
                    return Err(format!("testing value {path} failed: test failed"));
                }
            }
            "copy" | "move" => {
                let from = word("from");
                let value = match verb {
                    "copy" => Some(target.pointer(from).cloned().unwrap_or_default()),
                    _ => take(target, from),
                };
                add(target, path, value.ok_or_else(missing)?).ok_or_else(missing)?;
            }
            _ => return Err(format!("Unexpected kind: {verb}")),
        }
    }
    Ok(())
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Json, path: &str, value: Json) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    let (parent, last) = split(path)?;
    match target.pointer_mut(parent)? {
        Json::Object(object) => {
            object.insert(last, value);
        }
        Json::Array(items) if last == "-" => items.push(value),
        Json::Array(items) => {
            let at: usize = last.parse().ok().filter(|at| *at <= items.len())?;
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn replace(target: &mut Json, path: &str, value: Json) -> Option<()> {
    let (parent, last) = split(path)?;
    target.pointer_mut(parent)?.as_object_mut()?.insert(last, value);
    Some(())
}

fn take(target: &mut Json, path: &str) -> Option<Json> {
    let (parent, last) = split(path)?;
    match target.pointer_mut(parent)? {
        Json::Object(object) => object.shift_remove(&last),
        Json::Array(items) => {
            let at: usize = last.parse().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}

/// Applies an RFC 7386 patch.
pub fn merge_patch(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.shift_remove(name);
        } else {
            merge_patch(target.entry(name.clone()).or_insert(Json::Null), value);
        }
    }
}

/// Applies a strategic merge patch by the definition of the object's kind.
///
/// # Errors
/// An item of a list without the key by which the list merges.
pub fn strategic(target: &mut Json, patch: &Json, definition: &'static Json) -> Result<(), String> {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    if patch.get("$patch").and_then(Json::as_str) == Some("replace") {
        let mut rest = patch.clone();
        rest.shift_remove("$patch");
        *target = Json::Object(rest);
        return Ok(());
    }
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return Ok(()) };
    if let Some(kept) = patch.get("$retainKeys").and_then(Json::as_array) {
        target.retain(|name, _| kept.iter().any(|kept| kept == name));
    }
    for (name, value) in patch {
        if name.starts_with("$patch") || name == "$retainKeys" {
            continue;
        }
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            if let Some(items) = target.get_mut(list).and_then(Json::as_array_mut) {
                items.retain(|item| !value.as_array().is_some_and(|gone| gone.contains(item)));
            }
            continue;
        }
        if name.starts_with("$setElementOrder/") {
            continue;
        }
        if value.is_null() {
            target.shift_remove(name);
            continue;
        }
        let below = definitions::field(definition, name);
        match (below, value) {
            (Some(below), Json::Object(_)) => {
                strategic(target.entry(name.clone()).or_insert(Json::Null), value, below)?;
            }
            (Some(below), Json::Array(items)) => {
                let entry = target.entry(name.clone()).or_insert_with(|| Json::Array(Vec::new()));
                let order = patch.get(&format!("$setElementOrder/{name}"));
                list(entry, items, below, order.and_then(Json::as_array))?;
            }
            (None, Json::Object(_)) => {
                merge_patch(target.entry(name.clone()).or_insert(Json::Null), value);
            }
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
    order(target, patch, definition);
    Ok(())
}

fn list(
    target: &mut Json,
    patch: &[Json],
    definition: &'static Json,
    ordered: Option<&Vec<Json>>,
) -> Result<(), String> {
    let Some(key) = definitions::patch_key(definition) else {
        *target = Json::Array(patch.to_vec());
        return Ok(());
    };
    let before = target.as_array().cloned().unwrap_or_default();
    let mut items = target.as_array().cloned().unwrap_or_default();
    if patch.iter().any(|item| item["$patch"] == "replace") {
        let rest = patch.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
        *target = Json::Array(rest);
        return Ok(());
    }
    for given in patch {
        if key.is_empty() {
            if !items.contains(given) {
                items.push(given.clone());
            }
            continue;
        }
        if given.get(key).is_none() {
            let given = check::plain(given);
            return Err(format!("map: {given} does not contain declared merge key: {key}"));
        }
        let place = items.iter().position(|item| item.get(key) == given.get(key));
        if given["$patch"] == "delete" {
            if let Some(at) = place {
                items.remove(at);
            }
            continue;
        }
        let at = place.unwrap_or_else(|| {
            items.push(Json::Object(Map::new()));
            items.len() - 1
        });
        match definitions::item(definition) {
            Some(below) => strategic(&mut items[at], given, below)?,
            None => merge_patch(&mut items[at], given),
        }
    }
    if ordered.is_none() {
        items = interleaved(&before, items, patch, key);
    }
    *target = Json::Array(items);
    Ok(())
}

/// Gives the order of a merged list: what the patch names comes as early as what was there allows.
fn interleaved(before: &[Json], items: Vec<Json>, patch: &[Json], key: &str) -> Vec<Json> {
    let same = |a: &Json, b: &Json| if key.is_empty() { a == b } else { a.get(key) == b.get(key) };
    let place = |list: &[Json], item: &Json| list.iter().position(|other| same(other, item));
    let (mut named, mut others): (Vec<Json>, Vec<Json>) =
        items.into_iter().partition(|item| place(patch, item).is_some());
    named.sort_by_key(|item| place(patch, item));
    let (mut named, mut others) = (named.drain(..).peekable(), others.drain(..).peekable());
    let mut merged = Vec::new();
    loop {
        let first = match (others.peek(), named.peek()) {
            (None, None) => return merged,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(name)) => match (place(before, other), place(before, name)) {
                (Some(left), Some(right)) => left < right,
                _ => false,
            },
        };
        merged.extend(if first { others.next() } else { named.next() });
    }
}

/// Brings lists into the order that `$setElementOrder/…` asks for; what it does not name keeps its
/// place at the end.
fn order(target: &mut Map<String, Json>, patch: &Map<String, Json>, definition: &'static Json) {
    for (name, wanted) in patch {
        let Some(list) = name.strip_prefix("$setElementOrder/") else { continue };
        let Some(wanted) = wanted.as_array() else { continue };
        let key = definitions::field(definition, list)
            .and_then(definitions::patch_key)
            .unwrap_or_default()
            .to_owned();
        let Some(items) = target.get_mut(list).and_then(Json::as_array_mut) else { continue };
        let rank = |item: &Json| {
            wanted
                .iter()
                .position(|place| {
                    if key.is_empty() { place == item } else { place.get(&key) == item.get(&key) }
                })
                .unwrap_or(wanted.len())
        };
        items.sort_by_key(rank);
    }
}
