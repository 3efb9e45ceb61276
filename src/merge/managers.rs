//! `metadata.managedFields`: which manager owns what.

use serde_json::{Map, Value as Json, json};

use super::fields::FieldSet;
use super::schema::Schema;
use super::walk::Comparison;

/// So many entries of updates are kept apart; older ones become one.
const UPDATES: usize = 10;

/// How a manager wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// One manager's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The manager's name.
    pub manager: String,
    /// How it wrote.
    pub operation: Operation,
    /// The version in whose names the fields are.
    pub api_version: String,
    /// When the set last changed.
    pub time: Option<String>,
    /// The subresource through which it wrote.
    pub subresource: Option<String>,
    /// What it owns.
    pub fields: FieldSet,
}

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The manager's name.
    pub manager: String,
    /// The version in which it writes.
    pub api_version: String,
    /// The moment, in RFC 3339.
    pub time: Option<String>,
    /// The subresource through which it writes.
    pub subresource: Option<String>,
}

impl Writer {
    /// Names a writer of the object itself.
    pub fn new(manager: impl Into<String>, api_version: impl Into<String>) -> Writer {
        Writer {
            manager: manager.into(),
            api_version: api_version.into(),
            time: None,
            subresource: None,
        }
    }

    pub(super) fn entry(&self, operation: Operation, fields: FieldSet) -> Entry {
        Entry {
            manager: self.manager.clone(),
            operation,
            api_version: self.api_version.clone(),
            time: self.time.clone(),
            subresource: self.subresource.clone(),
            fields,
        }
    }
}

impl Entry {
    /// Says whether this is the writer's entry. An applier has one for all versions.
    pub fn is_of(&self, writer: &Writer, operation: Operation) -> bool {
        self.manager == writer.manager
            && self.operation == operation
            && self.subresource == writer.subresource
            && (operation == Operation::Apply || self.api_version == writer.api_version)
    }
}

/// Reads an object's entries.
pub fn read(object: &Json) -> Vec<Entry> {
    let Some(rows) = object.pointer("/metadata/managedFields").and_then(Json::as_array) else {
        return Vec::new();
    };
    rows.iter().filter_map(entry).collect()
}

/// Gives the writer's entry of an object.
pub fn find(object: &Json, writer: &Writer, operation: Operation) -> Option<Entry> {
    read(object).into_iter().find(|entry| entry.is_of(writer, operation))
}

/// Reads the entries that a write states; `None` where it states none, or one that makes no sense.
pub fn written(object: &Json) -> Option<Vec<Entry>> {
    let rows = object.pointer("/metadata/managedFields").and_then(Json::as_array)?;
    rows.iter().map(entry).collect()
}

/// Says whether somebody asked to forget all entries, by `[]` or `[{}]`.
pub fn is_cleared(object: &Json) -> bool {
    object.pointer("/metadata/managedFields").and_then(Json::as_array).is_some_and(|rows| {
        rows.is_empty() || (rows.len() == 1 && rows[0].as_object().is_some_and(Map::is_empty))
    })
}

/// Writes an object's entries, in order and without empty ones.
pub fn write(object: &mut Json, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| {
            (entry.operation, entry.time.clone(), entry.manager.clone(), entry.api_version.clone())
        };
        key(a).cmp(&key(b)).then_with(|| a.subresource.cmp(&b.subresource))
    });
    let Some(object) = object.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    if entries.is_empty() {
        metadata.shift_remove("managedFields");
        return;
    }
    let rows = entries.iter().map(row).collect();
    metadata.insert("managedFields".to_owned(), Json::Array(rows));
}

/// Gives the entry for all that is there where an object was never tracked.
pub(super) fn before_first_apply(
    live: &Json,
    bare: &Json,
    schema: Schema<'_>,
    writer: &Writer,
) -> Entry {
    let fields = Comparison::of(bare, live, schema).touched();
    let api_version = live["apiVersion"].as_str().unwrap_or_default();
    let mut entry = Writer::new("before-first-apply", api_version).entry(Operation::Update, fields);
    entry.time = writer.time.clone();
    entry
}

/// Joins the oldest updates where there are too many.
pub(super) fn capped(mut entries: Vec<Entry>) -> Vec<Entry> {
    loop {
        let mut updates: Vec<usize> = (0..entries.len())
            .filter(|at| {
                entries[*at].operation == Operation::Update && !entries[*at].fields.is_empty()
            })
            .collect();
        if updates.len() <= UPDATES {
            return entries;
        }
        updates.sort_by(|a, b| entries[*a].time.cmp(&entries[*b].time));
        let (first, second) = (updates[0].min(updates[1]), updates[0].max(updates[1]));
        let newer = entries.remove(second);
        let older = &mut entries[first];
        older.fields = older.fields.union(&newer.fields);
        older.manager = "ancient-changes".to_owned();
        older.time = older.time.clone().max(newer.time);
    }
}

fn entry(row: &Json) -> Option<Entry> {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    Some(Entry {
        manager: text("manager").unwrap_or_default(),
        operation: match row["operation"].as_str()? {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        },
        api_version: text("apiVersion").unwrap_or_default(),
        time: text("time"),
        subresource: text("subresource").filter(|name| !name.is_empty()),
        fields: FieldSet::parse(&row["fieldsV1"]),
    })
}

fn row(entry: &Entry) -> Json {
    let mut row = Map::new();
    row.insert("manager".into(), json!(entry.manager));
    let operation = match entry.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    row.insert("operation".into(), json!(operation));
    row.insert("apiVersion".into(), json!(entry.api_version));
    if let Some(time) = &entry.time {
        row.insert("time".into(), json!(time));
    }
    row.insert("fieldsType".into(), json!("FieldsV1"));
    row.insert("fieldsV1".into(), entry.fields.to_json());
    if let Some(subresource) = &entry.subresource {
        row.insert("subresource".into(), json!(subresource));
    }
    Json::Object(row)
}
