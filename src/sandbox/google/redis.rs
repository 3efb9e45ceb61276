//! Memorystore for Redis: instances.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, hash, merge_fields, project_number, stamp};

use super::compute;
use super::described::camel;
use super::network;
use super::operation;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("redis.projects.locations.instances.create", create),
    ("redis.projects.locations.instances.get", get),
    ("redis.projects.locations.instances.list", list),
    ("redis.projects.locations.instances.patch", patch),
    ("redis.projects.locations.instances.upgrade", upgrade),
    ("redis.projects.locations.instances.delete", delete),
    ("redis.projects.locations.instances.getAuthString", get_auth_string),
    ("redis.projects.locations.operations.get", get_operation),
];

const VERSIONS: [&str; 5] = ["REDIS_4_0", "REDIS_5_0", "REDIS_6_X", "REDIS_7_0", "REDIS_7_2"];
/// What can be set of the server itself.
const CONFIGS: [&str; 9] = [
    "maxmemory-policy",
    "notify-keyspace-events",
    "activedefrag",
    "lfu-decay-time",
    "lfu-log-factor",
    "maxmemory-gb",
    "stream-node-max-bytes",
    "stream-node-max-entries",
    "timeout",
];
/// What a patch may change.
const CHANGEABLE: [&str; 11] = [
    "displayName",
    "labels",
    "memorySizeGb",
    "redisConfigs",
    "replicaCount",
    "readReplicasMode",
    "authEnabled",
    "maintenancePolicy",
    "maintenanceVersion",
    "persistenceConfig",
    "secondaryIpRange",
];

fn parent(turn: &Turn<'_>) -> String {
    format!("projects/{}/locations/{}", turn.path[0], turn.path[1])
}

fn key(name: &str) -> String {
    format!("redis/{name}")
}

fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let name = format!("{}/instances/{}", parent(turn), turn.path[2]);
    let found = turn.store.find(&key(&name)).cloned();
    found
        .map(|instance| (key(&name), instance))
        .ok_or_else(|| Refusal::not_found(format!("Resource '{name}' was not found")))
}

fn free(turn: &Turn<'_>, place: &str) -> Result<(), Refusal> {
    match turn.store.holder(place) {
        None => Ok(()),
        Some(_) => Err(Refusal::aborted("An operation on the instance is in progress.")),
    }
}

fn begin(
    turn: &mut Turn<'_>,
    verb: &str,
    name: &str,
    (response, effects): (Json, Vec<Effect>),
) -> Answer {
    let name_of = format!("{}/operations/operation-{}", parent(turn), turn.store.letters(24));
    let metadata = json!({
        "@type": "type.googleapis.com/google.cloud.common.OperationMetadata", "apiVersion": "v1",
        "createTime": stamp(turn.now), "target": name, "verb": verb,
    });
    let takes = Duration::from_secs(if verb == "create" { 300 } else { 60 });
    let about = ("redis", name_of, key(name).as_str().to_owned());
    let answer = operation::told(
        turn.store,
        turn.now,
        (about.0, about.1, &about.2),
        (metadata, response),
        (takes, effects),
    );
    turn::ok(&answer)
}

fn check(instance: &Json) -> Result<(), Refusal> {
    let high = instance["tier"] == "STANDARD_HA";
    let size = instance["memorySizeGb"].as_u64().unwrap_or(0);
    if !(1..=300).contains(&size) {
        return Err(Refusal::invalid("Memory size must be between 1 GB and 300 GB."));
    }
    let replicas = instance["readReplicasMode"] == "READ_REPLICAS_ENABLED";
    if replicas && (!high || size < 5) {
        return Err(Refusal::invalid(
            "Read replicas need an instance of the tier STANDARD_HA with at least 5 GB.",
        ));
    }
    if !replicas && instance["replicaCount"].as_u64().unwrap_or(0) > 1 {
        return Err(Refusal::invalid("More than one replica needs read replicas to be enabled."));
    }
    for name in instance["redisConfigs"].as_object().into_iter().flat_map(|it| it.keys()) {
        if !CONFIGS.contains(&name.as_str()) {
            return Err(Refusal::invalid(format!("Invalid Redis config: {name}.")));
        }
    }
    Ok(())
}

/// Fills in what the service decides.
fn complete(turn: &Turn<'_>, instance: &mut Json) {
    let (project, region) = (&turn.path[0], &turn.path[1]);
    let number = hash(instance["name"].as_str().unwrap_or_default());
    let (second, third) = (number % 250, number / 250 % 250);
    let zone = format!("{region}-a");
    let defaults = json!({
        "tier": "BASIC", "connectMode": "DIRECT_PEERING", "transitEncryptionMode": "DISABLED", "redisVersion": "REDIS_7_0",
        "readReplicasMode": "READ_REPLICAS_DISABLED", "locationId": zone, "currentLocationId": zone, "port": 6379,
        "authorizedNetwork": format!("projects/{project}/global/networks/default"),
        "reservedIpRange": format!("10.{second}.{third}.0/29"), "host": format!("10.{second}.{third}.4"),
        "persistenceConfig": {"persistenceMode": "DISABLED"}, "nodes": [{"id": "node-0", "zone": zone}],
        "persistenceIamIdentity":
            format!("serviceAccount:service-{}@cloud-redis.iam.gserviceaccount.com", project_number(project)),
        "maintenanceVersion": "20250101_00_00",
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if instance[name].is_null() {
            instance[name] = value.clone();
        }
    }
    if instance["tier"] == "STANDARD_HA" {
        if instance["replicaCount"].is_null() {
            instance["replicaCount"] = json!(1);
        }
        if instance["alternativeLocationId"].is_null() {
            instance["alternativeLocationId"] = json!(format!("{region}-b"));
        }
    }
    if instance["readReplicasMode"] == "READ_REPLICAS_ENABLED" {
        instance["readEndpoint"] = json!(format!("10.{second}.{third}.5"));
        instance["readEndpointPort"] = json!(6379);
        if matches!(instance["secondaryIpRange"].as_str(), None | Some("auto" | "")) {
            instance["secondaryIpRange"] = json!(format!("10.{second}.{}.0/28", third + 1));
        }
    }
    let period = instance.pointer("/persistenceConfig/rdbSnapshotPeriod").is_some();
    if period && instance["persistenceConfig"]["rdbSnapshotStartTime"].is_null() {
        instance["persistenceConfig"]["rdbSnapshotStartTime"] = json!(stamp(turn.now));
    }
    if instance["persistenceConfig"]["persistenceMode"].is_null() {
        instance["persistenceConfig"]["persistenceMode"] = json!("DISABLED");
    }
    let windows = instance.pointer_mut("/maintenancePolicy/weeklyMaintenanceWindow");
    for window in windows.and_then(Json::as_array_mut).into_iter().flatten() {
        window["duration"] = json!("3600s");
    }
    if instance["maintenancePolicy"].is_object() {
        for name in ["createTime", "updateTime"] {
            if instance["maintenancePolicy"][name].is_null() {
                instance["maintenancePolicy"][name] = json!(stamp(turn.now));
            }
        }
    }
    if let Some(fields) = instance.as_object_mut() {
        fields.retain(|name, value| !value.is_null() && name != "tags");
    }
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let id = turn.parameter("instanceId").unwrap_or_default().to_owned();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 40 || !id.chars().all(fits) || id.ends_with('-') {
        return Err(Refusal::invalid(format!("Invalid instance id \"{id}\".")));
    }
    if !compute::location_exists(&turn.path[1]) {
        return Err(Refusal::invalid(format!("Location {} is not found.", turn.path[1])));
    }
    network::ensure_defaults(turn.store, turn.now, &turn.path[0]);
    let name = format!("{}/instances/{id}", parent(turn));
    if turn.store.find(&key(&name)).is_some() {
        return Err(Refusal::exists(format!("Resource '{name}' already exists")));
    }
    let mut instance = turn.body.clone();
    instance["name"] = json!(name);
    let version = instance["redisVersion"].as_str();
    if version.is_some_and(|version| !VERSIONS.contains(&version)) {
        return Err(Refusal::invalid("The Redis version is not supported."));
    }
    if let Some(network) = instance["authorizedNetwork"].as_str()
        && turn.store.find(&format!("compute/{}", below(network))).is_none()
    {
        return Err(Refusal::invalid(format!("Network {network} is not found.")));
    }
    complete(turn, &mut instance);
    check(&instance)?;
    instance["createTime"] = json!(stamp(turn.now));
    instance["state"] = json!("CREATING");
    turn.store.put(key(&name), instance.clone());
    instance["state"] = json!("READY");
    let secret = turn.store.letters(36);
    turn.store.hidden.insert(format!("redis:auth:{name}"), json!(secret));
    let effects = vec![Effect::Put(key(&name), instance.clone())];
    begin(turn, "create", &name, (response(instance), effects))
}

fn below(network: &str) -> &str {
    network.find("projects/").map_or(network, |at| &network[at..])
}

fn response(mut instance: Json) -> Json {
    instance["@type"] = json!("type.googleapis.com/google.cloud.redis.v1.Instance");
    instance
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let (project, location) = (turn.path[0].clone(), turn.path[1].clone());
    let prefix = key(&format!("projects/{project}/locations/"));
    let here = format!("{prefix}{location}/");
    let found = turn.store.below(&prefix);
    let items = found
        .filter(|(place, _)| location == "-" || place.starts_with(&here))
        .map(|(_, instance)| instance.clone())
        .collect();
    turn::list(json!({}), "instances", turn.page(items, "pageSize"))
}

fn change(turn: &mut Turn<'_>, place: String, old: &Json, mut new: Json) -> Answer {
    complete(turn, &mut new);
    check(&new)?;
    let name = old["name"].as_str().unwrap_or_default().to_owned();
    let mut meanwhile = old.clone();
    meanwhile["state"] = json!("UPDATING");
    turn.store.put(place.clone(), meanwhile);
    let effects = vec![Effect::Put(place, new.clone())];
    begin(turn, "update", &name, (response(new), effects))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, old) = find(turn)?;
    free(turn, &place)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    if mask.is_empty() {
        return Err(Refusal::invalid("The update mask must not be empty."));
    }
    let mut new = old.clone();
    for field in mask.split(',').map(camel) {
        if !CHANGEABLE.contains(&field.as_str()) {
            return Err(Refusal::invalid(format!("The field '{field}' cannot be updated.")));
        }
        merge_fields(&mut new, &json!({ field.as_str(): turn.body[&field] }));
    }
    if new["readReplicasMode"] != old["readReplicasMode"]
        && old["readReplicasMode"] == "READ_REPLICAS_ENABLED"
    {
        return Err(Refusal::invalid("Read replicas cannot be disabled."));
    }
    change(turn, place, &old, new)
}

fn upgrade(turn: &mut Turn<'_>) -> Answer {
    let (place, old) = find(turn)?;
    free(turn, &place)?;
    let wanted = turn.body["redisVersion"].as_str().unwrap_or_default().to_owned();
    let rank = |version: &str| VERSIONS.iter().position(|known| *known == version);
    let present = old["redisVersion"].as_str().unwrap_or_default();
    if rank(&wanted).is_none() || rank(&wanted) <= rank(present) {
        return Err(Refusal::invalid(format!(
            "An upgrade from {present} to {wanted} is not possible."
        )));
    }
    let mut new = old.clone();
    new["redisVersion"] = json!(wanted);
    change(turn, place, &old, new)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, mut instance) = find(turn)?;
    free(turn, &place)?;
    let name = instance["name"].as_str().unwrap_or_default().to_owned();
    instance["state"] = json!("DELETING");
    turn.store.put(place.clone(), instance);
    turn.store.hidden.remove(&format!("redis:auth:{name}"));
    let nothing = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
    begin(turn, "delete", &name, (nothing, vec![Effect::Remove(place)]))
}

fn get_auth_string(turn: &mut Turn<'_>) -> Answer {
    let (_, instance) = find(turn)?;
    if instance["authEnabled"] != true {
        return Err(Refusal::precondition("AUTH is not enabled for the instance."));
    }
    let name = instance["name"].as_str().unwrap_or_default();
    let secret = turn.store.hidden.get(&format!("redis:auth:{name}")).cloned();
    turn::ok(&json!({"authString": secret.unwrap_or_default()}))
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let name = format!("{}/operations/{}", parent(turn), turn.path[2]);
    match turn.store.operations.get(&key(&name)) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found(format!("Operation '{name}' was not found"))),
    }
}
