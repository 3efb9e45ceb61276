//! Kubernetes' structured merge over JSON: who owns which field, and what an apply makes of it.
//!
//! Pure functions on objects as they stand on the wire; what merges how is data ([`schema`]). The
//! rules are those of server-side apply: an apply states the whole wish of one manager, fields that
//! it stated before and leaves out now go away unless somebody else owns them, and a field that
//! another manager owns with another value is a conflict.
//!
//! Invariant: an apply that states what is there already, by the manager that stated it, gives the
//! very same object.

pub mod schema;
pub mod structural;
pub mod fields;
pub mod lists;
pub mod check;
pub mod walk;
pub mod managers;

use serde_json::Value as Json;

use self::fields::FieldSet;
use self::managers::{Entry, Operation, Writer};
use self::schema::Schema;
use self::walk::Comparison;

/// Why an apply was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// Other managers own fields to which the intent gives another value.
    #[error("{}", conflicts_text(.0))]
    Conflicts(Vec<Conflict>),
    /// The intent does not fit the schema, like a field that the type does not have.
    #[error("{0}")]
    Invalid(String),
}

/// One field that another manager owns with another value.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The other manager's entry, without its fields.
    pub owner: Entry,
    /// The field, like `.spec.replicas`.
    pub path: String,
    /// The value that stands there; `None` where there is none.
    pub live: Option<Json>,
    /// The value that the intent gives.
    pub wanted: Option<Json>,
}

/// Merges an intent into the live object and rewrites `metadata.managedFields`.
///
/// `live` is `None` where there is no object yet, `bare` what an object has to which nobody has
/// written. The outcome has no defaults and may have nulls: what becomes of them is the API server's
/// next step. With `force` fields in conflict change hands.
///
/// # Errors
/// Conflicts with other managers, and intents that do not fit the schema.
pub fn apply(
    live: Option<&Json>,
    intent: &Json,
    writer: &Writer,
    force: bool,
    schema: Schema<'_>,
    bare: &Json,
) -> Result<Json, ApplyError> {
    check::check(intent, schema, &mut String::new()).map_err(ApplyError::Invalid)?;
    let none = Json::Object(serde_json::Map::new());
    let live_object = live.unwrap_or(&none);
    let before = managers::read(live_object);
    let entries = match live {
        Some(live) if before.is_empty() => {
            vec![managers::before_first_apply(live, bare, schema, writer)]
        }
        _ => before,
    };
    let wanted = fields_of(intent, schema);
    let merged = walk::merge(live_object, intent, schema);
    let last = entries
        .iter()
        .find(|entry| entry.is_of(writer, Operation::Apply))
        .map(|entry| entry.fields.clone())
        .unwrap_or_default();
    let mut kept = wanted.clone();
    for entry in entries.iter().filter(|entry| !entry.is_of(writer, Operation::Apply)) {
        kept = kept.union(&entry.fields);
    }
    let mut merged = walk::prune(&merged, schema, &last, &kept);
    let comparison = Comparison::of(live_object, &merged, schema);
    let touched = comparison.touched();
    let conflicts = conflicts(&entries, writer, &touched, live_object, &merged, schema);
    if !force && !conflicts.is_empty() {
        return Err(ApplyError::Conflicts(conflicts));
    }
    let same = comparison.is_same();
    let mut result = Vec::new();
    for mut entry in entries {
        if entry.is_of(writer, Operation::Apply) {
            continue;
        }
        entry.fields = entry.fields.difference(&touched).difference(&comparison.removed);
        result.push(entry);
    }
    let mut own = writer.entry(Operation::Apply, wanted);
    if same && live.is_some() {
        // The time is that of the last change of the object, not of the set.
        own.time = managers::find(live_object, writer, Operation::Apply).and_then(|it| it.time);
    }
    result.push(own);
    managers::write(&mut merged, result);
    Ok(merged)
}

/// Rewrites `metadata.managedFields` of `new` for a write that is no apply: fields that changed go
/// to the writer, from everybody else. `bare` is what an object has to which nobody has written.
pub fn update(
    live: Option<&Json>,
    new: &mut Json,
    writer: &Writer,
    schema: Schema<'_>,
    bare: &Json,
) {
    if managers::is_cleared(new) {
        managers::write(new, Vec::new());
        return;
    }
    let live_object = live.unwrap_or(bare);
    let comparison = Comparison::of(live_object, new, schema);
    let touched = comparison.touched();
    let entries = managers::written(new).unwrap_or_else(|| managers::read(live_object));
    if comparison.is_same() {
        managers::write(new, entries);
        return;
    }
    let mut own = FieldSet::default();
    let mut before = None;
    let mut result = Vec::new();
    for mut entry in entries {
        if entry.is_of(writer, Operation::Update) {
            own = entry.fields.difference(&comparison.removed);
            before = Some(entry);
            continue;
        }
        entry.fields = entry.fields.difference(&touched).difference(&comparison.removed);
        result.push(entry);
    }
    let own = own.union(&touched);
    result.push(match before {
        Some(entry) if entry.fields == own => Entry { time: writer.time.clone(), ..entry },
        _ => writer.entry(Operation::Update, own),
    });
    managers::write(new, managers::capped(result));
}

/// Gives the fields that an intent states, without the object's identity.
pub fn fields_of(intent: &Json, schema: Schema<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    walk::collect(intent, schema, &mut set);
    set.without_identity()
}

/// Gives only those parts of an object that a set owns; list items keep their keys.
pub fn extract(live: &Json, owned: &FieldSet, schema: Schema<'_>) -> Json {
    walk::extract(live, owned, schema).unwrap_or_else(|| Json::Object(serde_json::Map::new()))
}

fn conflicts(
    entries: &[Entry],
    writer: &Writer,
    touched: &FieldSet,
    live: &Json,
    merged: &Json,
    schema: Schema<'_>,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_of(writer, Operation::Apply)) {
        let theirs = entry.fields.intersection(touched);
        for steps in theirs.members() {
            found.push(Conflict {
                owner: Entry { fields: FieldSet::default(), ..entry.clone() },
                path: fields::path_text(&steps),
                live: walk::at(live, &steps, schema).cloned(),
                wanted: walk::at(merged, &steps, schema).cloned(),
            });
        }
    }
    found
}

fn conflicts_text(conflicts: &[Conflict]) -> String {
    let plural = if conflicts.len() == 1 { "" } else { "s" };
    let mut text = format!("Apply failed with {} conflict{plural}: ", conflicts.len());
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for conflict in conflicts {
        let head = conflict.with();
        match groups.iter_mut().find(|(known, _)| *known == head) {
            Some((_, paths)) => paths.push(&conflict.path),
            None => groups.push((head, vec![&conflict.path])),
        }
    }
    groups.sort();
    let many = groups.len() > 1 || conflicts.len() > 1;
    if !many {
        text.push_str(&format!("{}: {}", groups[0].0, groups[0].1[0]));
        return text;
    }
    let mut parts = Vec::new();
    for (head, paths) in groups {
        let lines: String = paths.iter().map(|path| format!("\n- {path}")).collect();
        parts.push(format!("{}:{lines}", head.replacen("conflict", "conflicts", 1)));
    }
    text.push_str(&parts.join("\n"));
    text
}

impl Conflict {
    /// Gives the words that name the other manager, like `conflict with "kubectl" using apps/v1`.
    pub fn with(&self) -> String {
        let mut text = format!("conflict with \"{}\"", self.owner.manager);
        if let Some(subresource) = &self.owner.subresource {
            text.push_str(&format!(" with subresource \"{subresource}\""));
        }
        if self.owner.operation == Operation::Update {
            text.push_str(&format!(" using {}", self.owner.api_version));
        }
        text
    }
}

#[cfg(test)]
mod tests;
