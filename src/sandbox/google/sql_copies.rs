//! Cloud SQL: backups and what is made of them, copies of what an instance was at a time, and replicas that become primaries.
//!
//! A backup and a copy have the databases that the instance had: an instance's log says when each came and went. The rules are
//! those of the documentation's pages about backups, point-in-time recovery, cloning and disaster recovery.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store, stamp};

use super::operation;
use super::refusal::Refusal;
use super::sql::{CHANGING, begin_making, find, free, key, leave, made, refuse, taken, wrong};
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("sql.backupRuns.insert", back_up),
    ("sql.backupRuns.get", get_backup),
    ("sql.backupRuns.list", list_backups),
    ("sql.backupRuns.delete", delete_backup),
    ("sql.instances.restoreBackup", restore),
    ("sql.instances.clone", clone),
    ("sql.instances.promoteReplica", promote),
    ("sql.instances.switchover", switchover),
];

fn log_key(place: &str) -> String {
    format!("sql:log:{place}")
}

/// Notes in an instance's log that a database came (as it is) or went (nothing).
pub fn note(store: &mut Store, now: Timestamp, place: &str, name: &str, database: Option<&Json>) {
    let log = store.hidden.entry(log_key(place)).or_insert_with(|| json!([]));
    if let Some(entries) = log.as_array_mut() {
        entries.push(json!({"at": now.to_string(), "name": name, "database": database}));
    }
    store.dirty = true;
}

/// Forgets the log of an instance that goes.
pub fn forget(store: &mut Store, place: &str) {
    store.hidden.remove(&log_key(place));
}

/// Gives the databases that an instance had at a time, by the log; those that every instance has are not in it.
fn databases_at(store: &Store, place: &str, time: Timestamp) -> Vec<Json> {
    let log = store.hidden.get(&log_key(place)).and_then(Json::as_array);
    let mut found: Vec<Json> = Vec::new();
    for entry in log.into_iter().flatten() {
        let at = entry["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        if at.is_none_or(|at| at > time) {
            continue;
        }
        found.retain(|database| database["name"] != entry["name"]);
        found.extend(Some(entry["database"].clone()).filter(Json::is_object));
    }
    found
}

/// Gives what puts databases into another instance, and notes them in its log.
fn putting(turn: &mut Turn<'_>, place: &str, instance: &Json, databases: Vec<Json>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for mut database in databases {
        let name = database["name"].as_str().unwrap_or_default().to_owned();
        database["instance"] = instance["name"].clone();
        database["project"] = instance["project"].clone();
        let link = instance["selfLink"].as_str().unwrap_or_default();
        database["selfLink"] = json!(format!("{link}/databases/{name}"));
        note(turn.store, turn.now, place, &name, Some(&database));
        effects.push(Effect::Put(format!("{place}/databases/{name}"), database));
    }
    effects
}

fn begun(turn: &mut Turn<'_>, kind: &str, effects: Vec<Effect>) -> Answer {
    let (project, name) = (turn.path[0].clone(), turn.path[1].clone());
    let work = (CHANGING, effects);
    turn::ok(&operation::sql(turn.store, turn.now, (&project, &name, ""), kind, work))
}

fn back_up(turn: &mut Turn<'_>) -> Answer {
    let (place, instance) = find(turn)?;
    free(turn, &place)?;
    let id = turn.now.as_millisecond().to_string();
    let own = format!("{place}/backupRuns/{id}");
    let run = json!({
        "kind": "sql#backupRun", "id": id, "instance": instance["name"], "status": "RUNNING", "type": "ON_DEMAND",
        "backupKind": "SNAPSHOT", "databaseVersion": instance["databaseVersion"], "location": "us",
        "description": turn.body["description"].as_str().unwrap_or_default(),
        "enqueuedTime": stamp(turn.now), "startTime": stamp(turn.now), "windowStartTime": stamp(turn.now),
        "selfLink": format!("{}/backupRuns/{id}", instance["selfLink"].as_str().unwrap_or_default()),
    });
    let held = databases_at(turn.store, &place, turn.now);
    turn.store.put(own.clone(), run);
    turn.store.hidden.insert(own.clone(), json!({ "databases": held }));
    let ended =
        json!({"status": "SUCCESSFUL", "endTime": stamp(turn.now + SignedDuration::from_secs(60))});
    begun(turn, "BACKUP_VOLUME", vec![Effect::Set(own, ended)])
}

fn backup(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (place, _) = find(turn)?;
    let own = format!("{place}/backupRuns/{}", turn.path[2]);
    let found = turn.store.find(&own).cloned();
    found.map(|run| (own, run)).ok_or_else(|| {
        refuse(404, "backupRunDoesNotExist", "The Cloud SQL backup run does not exist.")
    })
}

fn get_backup(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&backup(turn)?.1)
}

fn list_backups(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let prefix = format!("{place}/backupRuns/");
    let mut runs: Vec<Json> = turn.store.children(&prefix).map(|(_, run)| run.clone()).collect();
    runs.reverse();
    turn::list(json!({"kind": "sql#backupRunsList"}), "items", turn.page(runs, "maxResults"))
}

fn delete_backup(turn: &mut Turn<'_>) -> Answer {
    let (own, _) = backup(turn)?;
    begun(turn, "DELETE_BACKUP", vec![Effect::Remove(own)])
}

/// Gives the kind of a version: what is restored is of the same.
fn kind_of(version: &Json) -> String {
    let version = version.as_str().unwrap_or_default();
    version.split('_').next().unwrap_or_default().to_owned()
}

/// Puts in the place of an instance's databases those of a backup, of its own or of another instance.
fn restore(turn: &mut Turn<'_>) -> Answer {
    let (place, instance) = find(turn)?;
    free(turn, &place)?;
    if instance["replicaNames"].as_array().is_some_and(|names| !names.is_empty()) {
        return Err(wrong("The instance has replicas: a backup cannot be restored to it."));
    }
    if instance["instanceType"] == "READ_REPLICA_INSTANCE" {
        return Err(wrong("A backup cannot be restored to a read replica."));
    }
    let context = turn.body["restoreBackupContext"].clone();
    let id = match &context["backupRunId"] {
        Json::String(id) => id.clone(),
        Json::Number(id) => id.to_string(),
        _ => return Err(wrong("Missing parameter: restoreBackupContext.backupRunId.")),
    };
    let text = |name: &str, otherwise: &str| {
        let given = context[name].as_str().filter(|given| !given.is_empty());
        given.unwrap_or(otherwise).to_owned()
    };
    let of = key(&text("project", &turn.path[0]), &text("instanceId", &turn.path[1]));
    let own = format!("{of}/backupRuns/{id}");
    let Some(run) = turn.store.find(&own).cloned() else {
        let message = "The Cloud SQL backup run does not exist.";
        return Err(refuse(404, "backupRunDoesNotExist", message));
    };
    if run["status"] != "SUCCESSFUL" {
        return Err(wrong("The backup run is not complete."));
    }
    if kind_of(&run["databaseVersion"]) != kind_of(&instance["databaseVersion"]) {
        return Err(wrong("The backup is of another kind of database than the instance."));
    }
    let held = turn.store.hidden.get(&own).map(|held| held["databases"].clone());
    let held = held.and_then(|held| held.as_array().cloned()).unwrap_or_default();
    let mut effects = Vec::new();
    for database in databases_at(turn.store, &place, turn.now) {
        let name = database["name"].as_str().unwrap_or_default().to_owned();
        note(turn.store, turn.now, &place, &name, None);
        effects.push(Effect::Remove(format!("{place}/databases/{name}")));
    }
    effects.extend(putting(turn, &place, &instance, held));
    begun(turn, "RESTORE_VOLUME", effects)
}

/// Gives the time that a copy is to be of, where the source's log reaches back so far.
fn point(turn: &Turn<'_>, source: &Json, given: &Json) -> Result<Timestamp, Refusal> {
    let Some(text) = given.as_str().filter(|text| !text.is_empty()) else { return Ok(turn.now) };
    let time = text.parse::<Timestamp>();
    let time = time.map_err(|_| wrong(format!("Invalid value for pointInTime: {text}.")))?;
    let backup = &source["settings"]["backupConfiguration"];
    let logs = ["binaryLogEnabled", "pointInTimeRecoveryEnabled"];
    if !logs.iter().any(|name| backup[*name] == true) {
        return Err(wrong("Point in time recovery is not enabled for the instance."));
    }
    let made = source["createTime"].as_str().and_then(|made| made.parse::<Timestamp>().ok());
    let days = backup["transactionLogRetentionDays"].as_i64().unwrap_or(7);
    let kept = turn.now - SignedDuration::from_hours(24 * days);
    if time > turn.now || time < kept || made.is_some_and(|made| time < made) {
        return Err(wrong("The point in time is outside of the recovery window."));
    }
    Ok(time)
}

fn clone(turn: &mut Turn<'_>) -> Answer {
    let (place, source) = find(turn)?;
    free(turn, &place)?;
    let context = turn.body["cloneContext"].clone();
    let name = context["destinationInstanceName"].as_str().unwrap_or_default().to_owned();
    taken(turn, &turn.path[0].clone(), &name)?;
    let time = point(turn, &source, &context["pointInTime"])?;
    let mut databases = databases_at(turn.store, &place, time);
    if let Some(names) = context["databaseNames"].as_array().filter(|names| !names.is_empty()) {
        let there = |name: &&Json| databases.iter().any(|database| database["name"] == **name);
        if let Some(missing) = names.iter().find(|name| !there(name)) {
            return Err(wrong(format!("The database {missing} does not exist at that time.")));
        }
        databases.retain(|database| names.contains(&database["name"]));
    }
    let mut body = source;
    body["name"] = json!(name);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("masterInstanceName");
        fields.remove("replicationCluster");
    }
    let copy = made(turn, &body);
    let place = key(&turn.path[0], &name);
    let inside = putting(turn, &place, &copy, databases);
    begin_making(turn, copy, inside)
}

/// Finds the replica of a path.
fn replica(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (place, replica) = find(turn)?;
    free(turn, &place)?;
    match replica["instanceType"] == "READ_REPLICA_INSTANCE" {
        true => Ok((place, replica)),
        false => Err(wrong("The instance is not a replica.")),
    }
}

/// What a replica becomes that is one no more.
fn alone() -> Json {
    json!({"instanceType": "CLOUD_SQL_INSTANCE", "masterInstanceName": null, "replicaConfiguration": null})
}

fn promote(turn: &mut Turn<'_>) -> Answer {
    let (place, replica) = replica(turn)?;
    leave(turn, &replica);
    begun(turn, "PROMOTE_REPLICA", vec![Effect::Set(place, alone())])
}

/// Lets a replica and its primary change places: the replica must be the one that the primary names for a disaster.
fn switchover(turn: &mut Turn<'_>) -> Answer {
    let (place, replica) = replica(turn)?;
    let project = turn.path[0].clone();
    let last = |json: &Json| {
        let text = json.as_str().unwrap_or_default();
        text.rsplit(':').next().unwrap_or_default().to_owned()
    };
    let former = last(&replica["masterInstanceName"]);
    let above = key(&project, &former);
    let primary = turn.store.find(&above).cloned().ok_or_else(|| {
        refuse(404, "instanceDoesNotExist", "The master instance does not exist.")
    })?;
    free(turn, &above)?;
    let named = last(&primary["replicationCluster"]["failoverDrReplicaName"]);
    if json!(named) != replica["name"] && kind_of(&replica["databaseVersion"]) != "SQLSERVER" {
        return Err(wrong("Switchover is possible to the designated DR replica only."));
    }
    let name = replica["name"].as_str().unwrap_or_default().to_owned();
    let others = primary["replicaNames"].as_array().cloned().unwrap_or_default();
    let others: Vec<Json> = others.into_iter().filter(|other| *other != replica["name"]).collect();
    let below = json!({"masterInstanceName": format!("{project}:{name}")});
    let mut effects: Vec<Effect> = others
        .iter()
        .map(|other| Effect::Set(key(&project, &last(other)), below.clone()))
        .collect();
    let mut new = alone();
    new["replicaNames"] = json!([others, vec![json!(former)]].concat());
    new["replicationCluster"] = json!({"failoverDrReplicaName": format!("{project}:{former}")});
    effects.push(Effect::Set(place, new));
    let mut old = below;
    old["instanceType"] = json!("READ_REPLICA_INSTANCE");
    old["replicaNames"] = Json::Null;
    old["replicationCluster"] = json!({"drReplica": true, "failoverDrReplicaName": null});
    effects.push(Effect::Set(above, old));
    begun(turn, "SWITCHOVER_TO_REPLICA", effects)
}
