//! Bigtable: instances, their clusters, and tables.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, merge_fields, stamp};

use super::compute;
use super::described::camel;
use super::operation;
use super::refusal::Refusal;
use super::storage::patched;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("bigtableadmin.projects.instances.create", create),
    ("bigtableadmin.projects.instances.get", get),
    ("bigtableadmin.projects.instances.list", list),
    ("bigtableadmin.projects.instances.partialUpdateInstance", patch),
    ("bigtableadmin.projects.instances.delete", delete),
    ("bigtableadmin.projects.instances.clusters.create", create_cluster),
    ("bigtableadmin.projects.instances.clusters.get", get_cluster),
    ("bigtableadmin.projects.instances.clusters.list", list_clusters),
    ("bigtableadmin.projects.instances.clusters.partialUpdateCluster", patch_cluster),
    ("bigtableadmin.projects.instances.clusters.delete", delete_cluster),
    ("bigtableadmin.projects.instances.clusters.backups.list", list_backups),
    ("bigtableadmin.projects.instances.tables.create", create_table),
    ("bigtableadmin.projects.instances.tables.get", get_table),
    ("bigtableadmin.projects.instances.tables.list", list_tables),
    ("bigtableadmin.projects.instances.tables.patch", patch_table),
    ("bigtableadmin.projects.instances.tables.modifyColumnFamilies", modify_families),
    ("bigtableadmin.projects.instances.tables.delete", delete_table),
    ("bigtableadmin.operations.get", get_operation),
];

const TYPES: &str = "type.googleapis.com/google.bigtable.admin.v2.";
/// How long families and clusters take, and an instance.
const TAKES: Duration = Duration::from_secs(30);

fn key(name: &str) -> String {
    format!("bigtableadmin/{name}")
}

fn instance_name(turn: &Turn<'_>) -> String {
    format!("projects/{}/instances/{}", turn.path[0], turn.path[1])
}

/// Gives the name of a cluster or table of the path.
fn inner_name(turn: &Turn<'_>, collection: &str) -> String {
    format!("{}/{collection}/{}", instance_name(turn), turn.path[2])
}

fn find(turn: &Turn<'_>, name: &str) -> Result<Json, Refusal> {
    let found = turn.store.find(&key(name)).cloned();
    found.ok_or_else(|| Refusal::not_found(format!("{name} not found.")))
}

fn begin(
    turn: &mut Turn<'_>,
    kind: &str,
    (object, takes): (Json, Duration),
    effects: Vec<Effect>,
) -> Answer {
    let name = object["name"].as_str().unwrap_or_default().to_owned();
    let operation = format!("operations/{name}/operations/{}", turn.store.number());
    let metadata =
        json!({"@type": format!("{TYPES}{kind}Metadata"), "requestTime": stamp(turn.now)});
    let mut response = object;
    let of = kind.trim_start_matches("Create").trim_start_matches("Update");
    response["@type"] = json!(format!("{TYPES}{of}"));
    let answer = operation::told(
        turn.store,
        turn.now,
        ("bigtableadmin", operation, &key(&name)),
        (metadata, response),
        (takes, effects),
    );
    turn::ok(&answer)
}

fn id_fits(id: &str, least: usize, most: usize) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (least..=most).contains(&id.len())
        && id.chars().all(fits)
        && id.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Checks a cluster and gives it as the service keeps it.
fn cluster(name: &str, body: &Json) -> Result<Json, Refusal> {
    let id = name.rsplit('/').next().unwrap_or_default();
    if !id_fits(id, 6, 30) {
        return Err(Refusal::invalid(format!("Invalid id for collection clusters: {id}.")));
    }
    let mut cluster = body.clone();
    let zone = cluster["location"].as_str().unwrap_or_default();
    let last = zone.rsplit('/').next().unwrap_or_default();
    if !zone.starts_with("projects/")
        || !operation::is_zone(last)
        || !compute::location_exists(last)
    {
        return Err(Refusal::invalid(format!("Invalid location: {zone}.")));
    }
    cluster["name"] = json!(name);
    cluster["state"] = json!("READY");
    if cluster["defaultStorageType"].is_null() {
        cluster["defaultStorageType"] = json!("SSD");
    }
    if cluster["nodeScalingFactor"].is_null() {
        cluster["nodeScalingFactor"] = json!("NODE_SCALING_FACTOR_1X");
    }
    sized(&mut cluster)?;
    Ok(cluster)
}

/// A cluster has a number of nodes, or bounds for it.
fn sized(cluster: &mut Json) -> Result<(), Refusal> {
    let limits =
        cluster.pointer("/clusterConfig/clusterAutoscalingConfig/autoscalingLimits").cloned();
    match limits {
        Some(limits) => {
            let (low, high) = (&limits["minServeNodes"], &limits["maxServeNodes"]);
            if low.as_u64().unwrap_or(0) == 0 || low.as_u64() > high.as_u64() {
                return Err(Refusal::invalid("The limits of the autoscaling are wrong."));
            }
            let serves = cluster["serveNodes"].as_u64().unwrap_or(0);
            let within = serves.clamp(low.as_u64().unwrap_or(1), high.as_u64().unwrap_or(1));
            cluster["serveNodes"] = json!(within);
            let targets =
                &mut cluster["clusterConfig"]["clusterAutoscalingConfig"]["autoscalingTargets"];
            if targets["storageUtilizationGibPerNode"].as_u64().unwrap_or(0) == 0 {
                targets["storageUtilizationGibPerNode"] = json!(2560);
            }
        }
        None if cluster["serveNodes"].as_u64().unwrap_or(0) == 0 => {
            return Err(Refusal::invalid("Serve nodes must be at least 1."));
        }
        None => {}
    }
    Ok(())
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let body = turn.body.clone();
    let (project, id) =
        (turn.path[0].clone(), body["instanceId"].as_str().unwrap_or_default().to_owned());
    if !id_fits(&id, 6, 33) {
        return Err(Refusal::invalid(format!("Invalid id for collection instances: {id}.")));
    }
    let name = format!("projects/{project}/instances/{id}");
    if turn.store.find(&key(&name)).is_some() || turn.store.holder(&key(&name)).is_some() {
        return Err(Refusal::exists(format!("{name} already exists.")));
    }
    let clusters = body["clusters"].as_object().cloned().unwrap_or_default();
    if clusters.is_empty() {
        return Err(Refusal::invalid("An instance has at least one cluster."));
    }
    let mut instance = body["instance"].clone();
    if !instance.is_object() {
        instance = json!({});
    }
    instance["name"] = json!(name);
    instance["state"] = json!("READY");
    instance["createTime"] = json!(stamp(turn.now));
    for (field, value) in
        [("displayName", id.as_str()), ("type", "PRODUCTION"), ("edition", "ENTERPRISE")]
    {
        let open =
            instance[field].as_str().is_none_or(|it| it.is_empty() || it.ends_with("UNSPECIFIED"));
        if open {
            instance[field] = json!(value);
        }
    }
    if let Some(fields) = instance.as_object_mut() {
        fields.remove("tags");
    }
    let mut effects = vec![Effect::Put(key(&name), instance.clone())];
    for (id, body) in clusters {
        let name = format!("{name}/clusters/{id}");
        effects.push(Effect::Put(key(&name), cluster(&name, &body)?));
    }
    begin(turn, "CreateInstance", (instance, TAKES), effects)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let name = instance_name(turn);
    turn::ok(&find(turn, &name)?)
}

fn children(turn: &Turn<'_>, prefix: &str) -> Vec<Json> {
    turn.store.children(&key(prefix)).map(|(_, object)| object.clone()).collect()
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let items = children(turn, &format!("projects/{}/instances/", turn.path[0]));
    turn::list(json!({}), "instances", turn.page(items, "pageSize"))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let name = instance_name(turn);
    let mut instance = find(turn, &name)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    for field in mask.split(',').map(camel) {
        if !["displayName", "labels", "type", "edition"].contains(&field.as_str()) {
            return Err(Refusal::invalid(format!("The field {field} cannot be updated.")));
        }
        merge_fields(&mut instance, &json!({ field.as_str(): turn.body[&field] }));
    }
    let effects = vec![Effect::Put(key(&name), instance.clone())];
    begin(turn, "UpdateInstance", (instance, Duration::ZERO), effects)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = instance_name(turn);
    find(turn, &name)?;
    turn.store.apply(Effect::RemoveBelow(key(&format!("{name}/"))));
    turn.store.remove(&key(&name));
    turn::ok(&json!({}))
}

fn create_cluster(turn: &mut Turn<'_>) -> Answer {
    let instance = instance_name(turn);
    find(turn, &instance)?;
    let id = turn.parameter("clusterId").unwrap_or_default();
    let name = format!("{instance}/clusters/{id}");
    if turn.store.find(&key(&name)).is_some() {
        return Err(Refusal::exists(format!("{name} already exists.")));
    }
    let made = cluster(&name, &turn.body)?;
    let same = children(turn, &format!("{instance}/clusters/"));
    if same.iter().any(|other| other["location"] == made["location"]) {
        return Err(Refusal::invalid("Clusters of one instance are in different zones."));
    }
    let effects = vec![Effect::Put(key(&name), made.clone())];
    begin(turn, "CreateCluster", (made, TAKES), effects)
}

fn get_cluster(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "clusters");
    turn::ok(&find(turn, &name)?)
}

fn list_clusters(turn: &mut Turn<'_>) -> Answer {
    let name = instance_name(turn);
    find(turn, &name)?;
    let items = children(turn, &format!("{name}/clusters/"));
    turn::list(json!({}), "clusters", (items, None))
}

fn patch_cluster(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "clusters");
    let mut cluster = find(turn, &name)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    for path in mask.split(',').filter(|it| !it.is_empty()) {
        match camel(path.split('.').next().unwrap_or_default()).as_str() {
            "serveNodes" => cluster["serveNodes"] = turn.body["serveNodes"].clone(),
            "clusterConfig" => {
                let config = turn.body["clusterConfig"].clone();
                merge_fields(&mut cluster, &json!({ "clusterConfig": config }));
            }
            other => {
                return Err(Refusal::invalid(format!("The field {other} cannot be updated.")));
            }
        }
    }
    sized(&mut cluster)?;
    let effects = vec![Effect::Put(key(&name), cluster.clone())];
    begin(turn, "UpdateCluster", (cluster, TAKES), effects)
}

fn delete_cluster(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "clusters");
    find(turn, &name)?;
    if children(turn, &format!("{}/clusters/", instance_name(turn))).len() == 1 {
        return Err(Refusal::precondition("The last cluster of an instance cannot be deleted."));
    }
    turn.store.remove(&key(&name));
    turn::ok(&json!({}))
}

/// The sandbox makes no backups.
fn list_backups(turn: &mut Turn<'_>) -> Answer {
    find(turn, &instance_name(turn))?;
    turn::ok(&json!({}))
}

fn create_table(turn: &mut Turn<'_>) -> Answer {
    let instance = instance_name(turn);
    find(turn, &instance)?;
    let id = turn.body["tableId"].as_str().unwrap_or_default().to_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !(1..=50).contains(&id.len()) || !id.chars().all(fits) {
        return Err(Refusal::invalid(format!("Invalid id for collection tables: {id}.")));
    }
    let name = format!("{instance}/tables/{id}");
    if turn.store.find(&key(&name)).is_some() {
        return Err(Refusal::exists(format!("Table already exists: {name}")));
    }
    let mut table = turn.body["table"].clone();
    if !table.is_object() {
        table = json!({});
    }
    table["name"] = json!(name);
    table["granularity"] = json!("MILLIS");
    tidy(&mut table);
    turn.store.put(key(&name), table.clone());
    turn::ok(&json!({"name": name, "granularity": "MILLIS"}))
}

/// What says that something is off is not kept.
fn tidy(table: &mut Json) {
    let off =
        |json: &Json| json.as_str().is_some_and(|text| text.trim_start_matches(['0', '.']) == "s");
    let Some(fields) = table.as_object_mut() else { return };
    let policy = fields.get("automatedBackupPolicy").cloned().unwrap_or_default();
    if off(&policy["frequency"]) && off(&policy["retentionPeriod"]) {
        fields.remove("automatedBackupPolicy");
    }
    let stream = fields.get("changeStreamConfig").cloned().unwrap_or_default();
    if off(&stream["retentionPeriod"]) {
        fields.remove("changeStreamConfig");
    }
    fields.retain(|_, value| !value.is_null());
}

fn get_table(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "tables");
    turn::ok(&find(turn, &name)?)
}

fn list_tables(turn: &mut Turn<'_>) -> Answer {
    let name = instance_name(turn);
    find(turn, &name)?;
    let tables = children(turn, &format!("{name}/tables/"));
    let items = tables.iter().map(|table| json!({"name": table["name"]})).collect();
    turn::list(json!({}), "tables", turn.page(items, "pageSize"))
}

fn patch_table(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "tables");
    let mut table = find(turn, &name)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    let fields: Vec<String> =
        mask.split(',').map(|it| camel(it.split('.').next().unwrap_or(it))).collect();
    if fields.len() != 1 {
        return Err(Refusal::invalid("A table is changed in one field at a time."));
    }
    for field in fields {
        const CHANGEABLE: [&str; 4] =
            ["deletionProtection", "changeStreamConfig", "automatedBackupPolicy", "rowKeySchema"];
        if !CHANGEABLE.contains(&field.as_str()) {
            return Err(Refusal::invalid(format!("The field {field} cannot be updated.")));
        }
        let merged = match field.as_str() {
            "automatedBackupPolicy" => patched(&table[&field], &turn.body[&field]),
            _ => turn.body[&field].clone(),
        };
        merge_fields(&mut table, &json!({ field.as_str(): merged }));
    }
    tidy(&mut table);
    let effects = vec![Effect::Put(key(&name), table.clone())];
    begin(turn, "UpdateTable", (table, Duration::from_secs(5)), effects)
}

fn modify_families(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "tables");
    let mut table = find(turn, &name)?;
    for change in turn.body["modifications"].as_array().cloned().unwrap_or_default() {
        let id = change["id"].as_str().unwrap_or_default().to_owned();
        let stands = table["columnFamilies"].get(&id).is_some();
        match (change["drop"] == true, change["create"].is_object(), stands) {
            (true, _, true) => {
                if let Some(families) = table["columnFamilies"].as_object_mut() {
                    families.remove(&id);
                }
            }
            (false, true, false) => table["columnFamilies"][&id] = change["create"].clone(),
            (false, true, true) => {
                return Err(Refusal::exists(format!("Column family already exists: {id}")));
            }
            (false, false, true) => table["columnFamilies"][&id] = change["update"].clone(),
            _ => return Err(Refusal::not_found(format!("Unknown column family: {id}"))),
        }
    }
    turn.store.put(key(&name), table.clone());
    turn::ok(&table)
}

fn delete_table(turn: &mut Turn<'_>) -> Answer {
    let name = inner_name(turn, "tables");
    let table = find(turn, &name)?;
    if table["deletionProtection"] == true {
        return Err(Refusal::precondition(format!(
            "The table {name} is protected against deletion. Disable its deletion protection first."
        )));
    }
    turn.store.remove(&key(&name));
    turn::ok(&json!({}))
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let name = format!("operations/{}", turn.path[0]);
    match turn.store.operations.get(&key(&name)) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found(format!("{name} not found."))),
    }
}
