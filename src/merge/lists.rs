//! Items of lists: which is which, and how two lists become one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::fields::value_step;
use super::schema::{Form, Schema};

/// Gives the step of an item by its keys; left-out keys have their default or are left out.
pub fn key_step(item: &Json, keys: &[String], schema: Schema<'_>) -> String {
    let mut found: BTreeMap<&str, &Json> = BTreeMap::new();
    for key in keys {
        let value = item.get(key).filter(|value| !value.is_null());
        if let Some(value) = value.or_else(|| schema.default_of(key)) {
            found.insert(key, value);
        }
    }
    format!("k:{}", serde_json::to_string(&found).unwrap_or_default())
}

/// Gives the step of each item, where the list goes item by item.
pub fn steps(list: &[Json], form: Form<'_>) -> Vec<String> {
    match form {
        Form::Keyed(keys, item) => list.iter().map(|value| key_step(value, keys, item)).collect(),
        _ => list.iter().map(value_step).collect(),
    }
}

/// Gives the order of the union of two lists by their steps: the right one's order wins, what is
/// only in the left one keeps its place. Each entry has the places in the left and the right list.
pub fn interleave(left: &[String], right: &[String]) -> Vec<(Option<usize>, Option<usize>)> {
    let in_right: BTreeMap<&str, usize> =
        right.iter().enumerate().map(|(at, step)| (step.as_str(), at)).collect();
    let in_left: BTreeMap<&str, usize> =
        left.iter().enumerate().map(|(at, step)| (step.as_str(), at)).collect();
    let mut result = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if l < left.len() && !in_right.contains_key(left[l].as_str()) {
            if done.insert(&left[l]) {
                result.push((Some(l), None));
            }
            l += 1;
            continue;
        }
        if r < right.len() {
            if done.insert(&right[r]) {
                result.push((in_left.get(right[r].as_str()).copied(), Some(r)));
            }
            if l < left.len() && done.contains(left[l].as_str()) {
                l += 1;
            }
            r += 1;
            continue;
        }
        // What is left of the left list stands in the right one too, and was written.
        l += 1;
    }
    result
}
