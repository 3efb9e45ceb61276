//! The walks over objects by their schema: merge, compare, prune, collect, extract.

use serde_json::{Map, Value as Json};

use super::fields::{FieldSet, field_step};
use super::lists;
use super::schema::{Form, Schema};

/// How two objects differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Only in the new one.
    pub added: FieldSet,
    /// Only in the old one.
    pub removed: FieldSet,
    /// In both, with different values.
    pub modified: FieldSet,
}

impl Comparison {
    /// Compares two objects.
    pub fn of(old: &Json, new: &Json, schema: Schema<'_>) -> Comparison {
        let mut result = Comparison::default();
        let mut path = Vec::new();
        compare(Some(old), Some(new), schema, &mut path, &mut result);
        result.added = result.added.without_identity();
        result.removed = result.removed.without_identity();
        result.modified = result.modified.without_identity();
        result
    }

    /// Says whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.modified.is_empty()
    }

    /// Gives what has a new value.
    pub fn touched(&self) -> FieldSet {
        self.added.union(&self.modified)
    }
}

fn compare(
    old: Option<&Json>,
    new: Option<&Json>,
    schema: Schema<'_>,
    path: &mut Vec<String>,
    result: &mut Comparison,
) {
    if old == new {
        return;
    }
    if !path.is_empty() {
        match (old, new) {
            (None, Some(_)) => result.added.insert(path),
            (Some(_), None) => result.removed.insert(path),
            _ => {}
        }
    }
    let form = schema.form(old.into_iter().chain(new).filter(|value| !value.is_null()));
    let both_bare = old.is_none_or(is_bare) && new.is_none_or(is_bare);
    match form {
        Form::Struct(_) | Form::Map(_) if !both_bare => {
            let empty = Map::new();
            let left = old.and_then(Json::as_object).unwrap_or(&empty);
            let right = new.and_then(Json::as_object).unwrap_or(&empty);
            let names = left.keys().chain(right.keys().filter(|name| !left.contains_key(*name)));
            for name in names {
                path.push(field_step(name));
                compare(left.get(name), right.get(name), schema.field(name), path, result);
                path.pop();
            }
        }
        Form::Keyed(..) | Form::Set if !both_bare => {
            let left = old.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let right = new.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let order = lists::interleave(&lists::steps(left, form), &lists::steps(right, form));
            for (l, r) in order {
                let (l, r) = (l.map(|at| &left[at]), r.map(|at| &right[at]));
                let Some(any) = r.or(l) else { continue };
                path.extend(lists::steps(std::slice::from_ref(any), form));
                compare(l, r, schema.item(), path, result);
                path.pop();
            }
        }
        _ => {
            if old.is_some() && new.is_some() {
                result.modified.insert(path);
            }
        }
    }
}

fn is_bare(value: &Json) -> bool {
    match value {
        Json::Object(object) => object.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// Merges the right object over the left one.
pub fn merge(left: &Json, right: &Json, schema: Schema<'_>) -> Json {
    let form = schema.form([left, right]);
    match (left, right, form) {
        (Json::Object(l), Json::Object(r), Form::Struct(_) | Form::Map(_)) => {
            let mut result = l.clone();
            for (name, value) in r {
                let merged = match l.get(name) {
                    Some(old) => merge(old, value, schema.field(name)),
                    None => value.clone(),
                };
                result.insert(name.clone(), merged);
            }
            Json::Object(result)
        }
        (Json::Array(l), Json::Array(r), Form::Keyed(..) | Form::Set) => {
            let order = lists::interleave(&lists::steps(l, form), &lists::steps(r, form));
            let items = order.into_iter().filter_map(|(at_left, at_right)| {
                match (at_left.map(|at| &l[at]), at_right.map(|at| &r[at])) {
                    (Some(old), Some(new)) => Some(merge(old, new, schema.item())),
                    (old, new) => new.or(old).cloned(),
                }
            });
            Json::Array(items.collect())
        }
        _ => right.clone(),
    }
}

/// Takes away what `last` owned and `kept` does not.
pub fn prune(value: &Json, schema: Schema<'_>, last: &FieldSet, kept: &FieldSet) -> Json {
    let none = FieldSet::default();
    let form = schema.form([value]);
    match (value, form) {
        (Json::Object(object), Form::Struct(_) | Form::Map(_)) => {
            let mut result = Map::new();
            for (name, below) in object {
                let step = field_step(name);
                let named = schema.has_field(name);
                let Some(ours) = last.child(&step) else {
                    result.insert(name.clone(), below.clone());
                    continue;
                };
                let theirs = kept.child(&step);
                if is_member(Some(ours), named) && !is_member(theirs, named) {
                    continue;
                }
                let rest = prune(below, schema.field(name), ours, theirs.unwrap_or(&none));
                result.insert(name.clone(), rest);
            }
            Json::Object(result)
        }
        (Json::Array(items), Form::Keyed(..) | Form::Set) => {
            let mut result = Vec::new();
            for (below, step) in items.iter().zip(lists::steps(items, form)) {
                let Some(ours) = last.child(&step) else {
                    result.push(below.clone());
                    continue;
                };
                let theirs = kept.child(&step);
                if ours.own && !theirs.is_some_and(|set| set.own) {
                    continue;
                }
                result.push(prune(below, schema.item(), ours, theirs.unwrap_or(&none)));
            }
            Json::Array(result)
        }
        _ => value.clone(),
    }
}

/// A field by name that has members below it counts as one itself.
fn is_member(set: Option<&FieldSet>, named: bool) -> bool {
    set.is_some_and(|set| set.own || (named && !set.is_empty()))
}

/// Writes into `set` what a value states.
pub fn collect(value: &Json, schema: Schema<'_>, set: &mut FieldSet) {
    let form = schema.form([value]);
    match (value, form) {
        (Json::Object(object), Form::Struct(_) | Form::Map(_)) => {
            for (name, below) in object {
                let child = set.enter(field_step(name));
                collect(below, schema.field(name), child);
                let empty = below.is_null() || below.as_object().is_some_and(Map::is_empty);
                if empty || !schema.has_field(name) {
                    child.own = true;
                }
            }
            set.children.retain(|_, child| !child.is_empty());
        }
        (Json::Array(items), Form::Keyed(..) | Form::Set) => {
            for (below, step) in items.iter().zip(lists::steps(items, form)) {
                let child = set.enter(step);
                collect(below, schema.item(), child);
                child.own = true;
            }
        }
        _ => set.own = true,
    }
}

/// Gives the parts of a value that a set owns.
pub fn extract(value: &Json, owned: &FieldSet, schema: Schema<'_>) -> Option<Json> {
    let form = schema.form([value]);
    match (value, form) {
        (Json::Object(object), Form::Struct(_) | Form::Map(_)) => {
            let mut result = Map::new();
            for (name, below) in object {
                let Some(child) = owned.child(&field_step(name)) else { continue };
                if let Some(part) = extract(below, child, schema.field(name)) {
                    result.insert(name.clone(), part);
                }
            }
            (owned.own || !result.is_empty()).then_some(Json::Object(result))
        }
        (Json::Array(items), Form::Keyed(..) | Form::Set) => {
            let mut result = Vec::new();
            for (below, step) in items.iter().zip(lists::steps(items, form)) {
                let Some(child) = owned.child(&step) else { continue };
                let Some(mut part) = extract(below, child, schema.item()) else { continue };
                if let (Form::Keyed(keys, _), Some(part)) = (form, part.as_object_mut()) {
                    for key in keys {
                        if let Some(value) = below.get(key) {
                            part.entry(key.clone()).or_insert_with(|| value.clone());
                        }
                    }
                }
                result.push(part);
            }
            (owned.own || !result.is_empty()).then_some(Json::Array(result))
        }
        _ => (owned.own || !owned.is_empty()).then(|| value.clone()),
    }
}

/// Gives the value at the steps of a set's member.
pub fn at<'v, S: AsRef<str>>(value: &'v Json, steps: &[S], schema: Schema<'_>) -> Option<&'v Json> {
    let Some((first, rest)) = steps.split_first() else { return Some(value) };
    let first = first.as_ref();
    if let Some(name) = first.strip_prefix("f:") {
        return at(value.get(name)?, rest, schema.field(name));
    }
    let items = value.as_array()?;
    let form = schema.form([value]);
    let place = lists::steps(items, form).iter().position(|step| step == first)?;
    at(&items[place], rest, schema.item())
}
