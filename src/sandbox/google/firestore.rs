//! Firestore: databases. An id is not free for some minutes after its database was removed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, hash, merge_fields, stamp};

use super::described::camel;
use super::operation;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("firestore.projects.databases.create", create),
    ("firestore.projects.databases.get", get),
    ("firestore.projects.databases.list", list),
    ("firestore.projects.databases.patch", patch),
    ("firestore.projects.databases.delete", delete),
    ("firestore.projects.databases.operations.get", get_operation),
];

/// For so long an id is not free again.
const RESERVED: SignedDuration = SignedDuration::from_mins(5);
const TYPES: &str = "type.googleapis.com/google.firestore.admin.v1.";

fn name(project: &str, id: &str) -> String {
    format!("projects/{project}/databases/{id}")
}

fn key(name: &str) -> String {
    format!("firestore/{name}")
}

fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (project, id) = (&turn.path[0], &turn.path[1]);
    let place = key(&name(project, id));
    let found = turn.store.find(&place).cloned();
    found.map(|database| (place, database)).ok_or_else(|| {
        Refusal::not_found(format!("Project '{project}' or database '{id}' does not exist."))
    })
}

fn begin(
    turn: &mut Turn<'_>,
    kind: &str,
    name: &str,
    (database, effects): (Json, Vec<Effect>),
) -> Answer {
    let takes = Duration::from_secs(if kind == "Update" { 0 } else { 20 });
    let mut response = database;
    response["@type"] = json!(format!("{TYPES}Database"));
    let operation = format!("{name}/operations/{}", turn.store.letters(24));
    let metadata = json!({"@type": format!("{TYPES}{kind}DatabaseMetadata")});
    let answer = operation::told(
        turn.store,
        turn.now,
        ("firestore", operation, &key(name)),
        (metadata, response),
        (takes, effects),
    );
    turn::ok(&answer)
}

/// Fills in what the service decides.
fn complete(turn: &mut Turn<'_>, database: &mut Json) {
    let datastore = database["type"] == "DATASTORE_MODE";
    let defaults = json!({
        "appEngineIntegrationMode": "DISABLED", "databaseEdition": "STANDARD",
        "concurrencyMode": if datastore { "OPTIMISTIC_WITH_ENTITY_GROUPS" } else { "PESSIMISTIC" },
        "deleteProtectionState": "DELETE_PROTECTION_DISABLED",
        "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED",
    });
    for (field, value) in defaults.as_object().into_iter().flatten() {
        let open = database[field].as_str().is_none_or(|text| text.ends_with("_UNSPECIFIED"));
        if open {
            database[field] = value.clone();
        }
    }
    if database["databaseEdition"] == "ENTERPRISE" {
        for (field, value) in [
            ("firestoreDataAccessMode", "DATA_ACCESS_MODE_DISABLED"),
            ("mongodbCompatibleDataAccessMode", "DATA_ACCESS_MODE_ENABLED"),
            ("realtimeUpdatesMode", "REALTIME_UPDATES_MODE_DISABLED"),
        ] {
            if database[field].is_null() {
                database[field] = json!(value);
            }
        }
    }
    let kept = database["pointInTimeRecoveryEnablement"] == "POINT_IN_TIME_RECOVERY_ENABLED";
    database["versionRetentionPeriod"] = json!(if kept { "604800s" } else { "3600s" });
    database["updateTime"] = json!(stamp(turn.now));
    database["etag"] = json!(turn.store.etag());
    if database["cmekConfig"].is_object() {
        let version = format!(
            "{}/cryptoKeyVersions/1",
            database["cmekConfig"]["kmsKeyName"].as_str().unwrap_or_default()
        );
        database["cmekConfig"]["activeKeyVersion"] = json!([version]);
    }
    if let Some(fields) = database.as_object_mut() {
        fields.retain(|field, value| !value.is_null() && field != "tags");
    }
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let id = turn.parameter("databaseId").unwrap_or_default().to_owned();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let named = (4..=63).contains(&id.len())
        && id.chars().all(fits)
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-');
    if id != "(default)" && !named {
        return Err(Refusal::invalid(format!("Invalid database id '{id}'.")));
    }
    let (project, mut database) = (turn.path[0].clone(), turn.body.clone());
    if database["locationId"].as_str().is_none_or(str::is_empty) {
        return Err(Refusal::invalid("Missing database location."));
    }
    if database["type"].as_str().is_none_or(|kind| kind == "DATABASE_TYPE_UNSPECIFIED") {
        return Err(Refusal::invalid("Missing database type."));
    }
    let name = name(&project, &id);
    if turn.store.find(&key(&name)).is_some() {
        return Err(Refusal::exists("Database already exists. Please use another database_id"));
    }
    let until = turn.store.hidden.get(&format!("firestore:gone:{name}")).and_then(Json::as_str);
    if until.and_then(|it| it.parse::<Timestamp>().ok()).is_some_and(|until| turn.now < until) {
        return Err(Refusal::precondition(format!(
            "Database ID '{id}' is not available in project '{project}'. Please retry in some minutes."
        )));
    }
    database["name"] = json!(name);
    database["createTime"] = json!(stamp(turn.now));
    database["earliestVersionTime"] = json!(stamp(turn.now));
    let number = hash(&format!("{name} {}", turn.store.count()));
    database["uid"] = json!(format!(
        "{number:08x}-{:04x}-4000-8000-{:012x}",
        number % 65_536,
        number % 281_474_976_710_656
    ));
    complete(turn, &mut database);
    let effects = vec![Effect::Put(key(&name), database.clone())];
    begin(turn, "Create", &name, (database, effects))
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = key(&name(&turn.path[0], ""));
    let items = turn.store.children(&prefix).map(|(_, database)| database.clone()).collect();
    turn::list(json!({}), "databases", (items, None))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, mut database) = find(turn)?;
    let etag = turn.body["etag"].clone();
    if etag.is_string() && etag != database["etag"] {
        return Err(Refusal::precondition("The etag is not that of the database."));
    }
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    const CHANGEABLE: [&str; 5] = [
        "type",
        "concurrencyMode",
        "pointInTimeRecoveryEnablement",
        "appEngineIntegrationMode",
        "deleteProtectionState",
    ];
    for field in mask.split(',').filter(|it| !it.is_empty()).map(camel) {
        // The name may be named: it is that of the address.
        if field != "name" && !CHANGEABLE.contains(&field.as_str()) {
            return Err(Refusal::invalid(format!("The field '{field}' cannot be updated.")));
        }
        merge_fields(&mut database, &json!({ field.as_str(): turn.body[&field] }));
    }
    complete(turn, &mut database);
    let name = database["name"].as_str().unwrap_or_default().to_owned();
    let effects = vec![Effect::Put(place, database.clone())];
    begin(turn, "Update", &name, (database, effects))
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, mut database) = find(turn)?;
    if database["deleteProtectionState"] == "DELETE_PROTECTION_ENABLED" {
        return Err(Refusal::precondition(
            "Delete protection is enabled for this database. Disable it first.",
        ));
    }
    if turn.parameter("etag").is_some_and(|etag| database["etag"] != etag) {
        return Err(Refusal::precondition("The etag is not that of the database."));
    }
    let name = database["name"].as_str().unwrap_or_default().to_owned();
    let until = (turn.now + RESERVED).to_string();
    turn.store.hidden.insert(format!("firestore:gone:{name}"), json!(until));
    turn.store.remove(&place);
    database["deleteTime"] = json!(stamp(turn.now));
    begin(turn, "Delete", &name, (database, Vec::new()))
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let name = format!("{}/operations/{}", name(&turn.path[0], &turn.path[1]), turn.path[2]);
    match turn.store.operations.get(&key(&name)) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found(format!("Operation '{name}' was not found."))),
    }
}
