//! Cloud SQL: instances.
//!
//! One operation at a time on an instance. A PUT takes all settings and must name their version; a PATCH takes what is in
//! it. The name of a deleted instance is not free for a week.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, hash, project_number, stamp};

use super::compute;
use super::network;
use super::operation;
use super::refusal::Refusal;
use super::sql_copies;
use super::storage::patched;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("sql.instances.insert", insert),
    ("sql.instances.get", get),
    ("sql.instances.list", list),
    ("sql.instances.update", update),
    ("sql.instances.patch", patch),
    ("sql.instances.delete", delete),
    ("sql.operations.get", get_operation),
    ("sql.operations.list", list_operations),
];

/// For so long the name of a deleted instance is not free.
const RESERVED: SignedDuration = SignedDuration::from_hours(7 * 24);
const MAKING: Duration = Duration::from_secs(360);
/// How long a change takes.
pub const CHANGING: Duration = Duration::from_secs(60);

/// Versions, in the order in which they are upgraded, with what is installed.
const VERSIONS: &[(&str, &str)] = &[
    ("MYSQL_5_7", "MYSQL_5_7_44"),
    ("MYSQL_8_0", "MYSQL_8_0_41"),
    ("MYSQL_8_4", "MYSQL_8_4_7"),
    ("POSTGRES_9_6", "POSTGRES_9_6_24"),
    ("POSTGRES_10", "POSTGRES_10_23"),
    ("POSTGRES_11", "POSTGRES_11_22"),
    ("POSTGRES_12", "POSTGRES_12_19"),
    ("POSTGRES_13", "POSTGRES_13_15"),
    ("POSTGRES_14", "POSTGRES_14_12"),
    ("POSTGRES_15", "POSTGRES_15_7"),
    ("POSTGRES_16", "POSTGRES_16_3"),
    ("POSTGRES_17", "POSTGRES_17_2"),
    ("SQLSERVER_2019_EXPRESS", "SQLSERVER_2019_EXPRESS_CU26"),
    ("SQLSERVER_2019_STANDARD", "SQLSERVER_2019_STANDARD_CU26"),
    ("SQLSERVER_2022_EXPRESS", "SQLSERVER_2022_EXPRESS_CU13"),
    ("SQLSERVER_2022_STANDARD", "SQLSERVER_2022_STANDARD_CU13"),
];

/// Gives an instance's key.
pub fn key(project: &str, name: &str) -> String {
    format!("sqladmin/projects/{project}/instances/{name}")
}

fn reserved(project: &str, name: &str) -> String {
    format!("sql:reserved:{project}/{name}")
}

/// A refusal in the words of this service, with a reason of its own.
pub fn refuse(code: u16, reason: &'static str, message: impl Into<String>) -> Refusal {
    let message = message.into();
    let refusal = match code {
        404 => Refusal::not_found(message),
        409 => Refusal::conflict(message),
        412 => Refusal::condition(message),
        _ => Refusal::invalid(message),
    };
    Refusal { reason, ..refusal }
}

/// A refusal of what does not fit together.
pub fn wrong(message: impl std::fmt::Display) -> Refusal {
    refuse(400, "invalid", format!("Invalid request: {message}"))
}

/// Finds the instance of a path.
///
/// # Errors
/// There is none.
pub fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let place = key(&turn.path[0], &turn.path[1]);
    let found = turn.store.find(&place).cloned();
    found.map(|instance| (place, instance)).ok_or_else(|| {
        refuse(404, "instanceDoesNotExist", "The Cloud SQL instance does not exist.")
    })
}

/// Refuses where an operation on the instance is under way.
///
/// # Errors
/// 409, with the reason by which clients know to wait.
pub fn free(turn: &Turn<'_>, place: &str) -> Result<(), Refusal> {
    match turn.store.holder(place) {
        None => Ok(()),
        Some(_) => Err(refuse(
            409,
            "operationInProgress",
            "Operation failed because another operation was already in progress. Try your request after the current \
             operation is complete.",
        )),
    }
}

fn name_fits(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=98).contains(&name.len())
        && name.chars().all(fits)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
}

/// Versions whose edition is the larger one where nothing is said.
const FROM_PLUS: [&str; 3] = ["MYSQL_8_4", "POSTGRES_16", "POSTGRES_17"];

fn is_plus(edition: &Json) -> bool {
    edition == "ENTERPRISE_PLUS"
}

/// Fills in of settings what the service decides.
fn complete(settings: &mut Json, region: &str, version: &str) {
    let edition = if FROM_PLUS.contains(&version) { "ENTERPRISE_PLUS" } else { "ENTERPRISE" };
    let defaults = json!({
        "kind": "sql#settings", "activationPolicy": "ALWAYS", "availabilityType": "ZONAL",
        "authorizedGaeApplications": [], "connectorEnforcement": "NOT_REQUIRED", "dataDiskSizeGb": "10",
        "dataDiskType": "PD_SSD", "deletionProtectionEnabled": false, "edition": edition, "pricingPlan": "PER_USE",
        "replicationType": "SYNCHRONOUS", "storageAutoResize": true, "storageAutoResizeLimit": "0",
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if settings[name].is_null() || settings[name] == "EDITION_UNSPECIFIED" {
            settings[name] = value.clone();
        }
    }
    if settings["dataDiskSizeGb"] == "0" {
        settings["dataDiskSizeGb"] = json!("10");
    }
    let fill = |object: &mut Json, defaults: Json| {
        for (name, value) in defaults.as_object().into_iter().flatten() {
            if object[name].is_null() {
                object[name] = value.clone();
            }
        }
    };
    let days = if is_plus(&settings["edition"]) { 14 } else { 7 };
    let retained = if is_plus(&settings["edition"]) { 15 } else { 7 };
    fill(
        &mut settings["backupConfiguration"],
        json!({
            "kind": "sql#backupConfiguration", "enabled": false, "startTime": "12:00", "transactionLogRetentionDays": days,
            "backupRetentionSettings": {"retainedBackups": retained, "retentionUnit": "COUNT"}, "backupTier": "STANDARD",
            "transactionalLogStorageState": "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED",
        }),
    );
    fill(
        &mut settings["ipConfiguration"],
        json!({
            "authorizedNetworks": [], "ipv4Enabled": true, "requireSsl": false,
            "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED", "serverCaMode": "GOOGLE_MANAGED_INTERNAL_CA",
        }),
    );
    fill(
        &mut settings["locationPreference"],
        json!({"kind": "sql#locationPreference", "zone": format!("{region}-a")}),
    );
    if settings["backupConfiguration"]["enabled"] == true && version.starts_with("POSTGRES") {
        let point = settings["backupConfiguration"]["pointInTimeRecoveryEnabled"] == true;
        fill(
            &mut settings["backupConfiguration"],
            json!({"replicationLogArchivingEnabled": point}),
        );
    }
    if version.starts_with("SQLSERVER") {
        fill(settings, json!({"replicationLagMaxSeconds": 31_536_000}));
    }
    if is_plus(&settings["edition"]) {
        fill(settings, json!({"dataCacheConfig": {"dataCacheEnabled": false}}));
    }
    let insights = &mut settings["insightsConfig"];
    if insights["queryInsightsEnabled"] == true {
        fill(insights, json!({"queryPlansPerMinute": 5, "queryStringLength": 1024}));
    }
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

/// Refuses settings that do not fit together.
fn check(turn: &Turn<'_>, settings: &Json, version: &str) -> Result<(), Refusal> {
    let tier = settings["tier"].as_str().unwrap_or_default();
    if tier.is_empty() {
        return Err(wrong("Missing parameter: settings.tier."));
    }
    let edition = &settings["edition"];
    let large = ["db-perf-optimized-", "db-c4a-"].iter().any(|start| tier.starts_with(start));
    let custom = tier.starts_with("db-custom-");
    let fits = large == is_plus(edition) || (custom && is_plus(edition));
    if !fits || !tier.starts_with("db-") {
        let edition = edition.as_str().unwrap_or_default();
        return Err(wrong(format!("Invalid Tier ({tier}) for ({edition}) Edition.")));
    }
    let ip = &settings["ipConfiguration"];
    let network = ip["privateNetwork"].as_str().unwrap_or_default();
    let outside = ip["ipv4Enabled"] == true || ip["pscConfig"]["pscEnabled"] == true;
    if !outside && network.is_empty() {
        return Err(wrong(
            "At least one of Public IP or Private IP or PSC connectivity must be enabled.",
        ));
    }
    let below = network.find("projects/").map(|at| &network[at..]);
    if let Some(below) =
        below.filter(|below| turn.store.find(&format!("compute/{below}")).is_none())
    {
        return Err(wrong(format!("Incorrect Service Networking config for instance: {below}.")));
    }
    let backup = &settings["backupConfiguration"];
    let (logged, kept) =
        (backup["binaryLogEnabled"] == true, backup["pointInTimeRecoveryEnabled"] == true);
    if logged && !version.starts_with("MYSQL") {
        return Err(wrong("Binary log is supported by MySQL only."));
    }
    if kept && version.starts_with("MYSQL") {
        return Err(wrong("Point in time recovery is not supported for MySQL."));
    }
    if (logged || kept) && backup["enabled"] != true {
        return Err(wrong("Backups must be enabled for a log to be kept."));
    }
    Ok(())
}

/// Gives what an instance is known by from outside, once it stands.
fn addresses(instance: &Json) -> Json {
    let number = hash(instance["connectionName"].as_str().unwrap_or_default());
    let ip = &instance["settings"]["ipConfiguration"];
    let mut found = Vec::new();
    if ip["ipv4Enabled"] == true {
        found.push(json!({"type": "PRIMARY", "ipAddress": format!("34.93.{}.{}", number % 250, 1 + number / 250 % 250)}));
        let out = json!({"type": "OUTGOING", "ipAddress": format!("34.100.{}.{}", number % 250, 1 + number / 250 % 250)});
        let postgres =
            instance["databaseVersion"].as_str().is_some_and(|it| it.starts_with("POSTGRES"));
        found.extend(postgres.then_some(out));
    }
    if ip["privateNetwork"].is_string() {
        found.push(json!({"type": "PRIVATE", "ipAddress": format!("10.45.{}.{}", number % 250, 3 + number / 250 % 250)}));
    }
    json!(found)
}

/// Gives an instance with all that the service says of it.
pub fn made(turn: &mut Turn<'_>, body: &Json) -> Json {
    let (project, name) = (turn.path[0].clone(), body["name"].as_str().unwrap_or_default());
    let region = body["region"].as_str().filter(|it| !it.is_empty()).unwrap_or("us-central1");
    let version = body["databaseVersion"].as_str().unwrap_or("MYSQL_8_0");
    let installed = VERSIONS.iter().find(|(known, _)| *known == version).map_or(version, |it| it.1);
    let mut instance = json!({
        "kind": "sql#instance", "backendType": "SECOND_GEN", "state": "PENDING_CREATE", "name": name, "project": project,
        "region": region, "gceZone": format!("{region}-a"), "databaseVersion": version,
        "databaseInstalledVersion": installed, "maintenanceVersion": format!("{installed}.R20250302.00_04"),
        "instanceType": "CLOUD_SQL_INSTANCE", "connectionName": format!("{project}:{region}:{name}"),
        "createTime": stamp(turn.now), "etag": turn.store.etag(), "satisfiesPzi": true,
        "sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE", "includeReplicasForMajorVersionUpgrade": false,
        "geminiConfig": {
            "activeQueryEnabled": false, "entitled": false, "flagRecommenderEnabled": true, "indexAdvisorEnabled": false,
        },
        "selfLink": format!("https://sqladmin.googleapis.com/sql/v1beta4/projects/{project}/instances/{name}"),
        "serviceAccountEmailAddress":
            format!("p{}-{}@gcp-sa-cloud-sql.iam.gserviceaccount.com", project_number(&project), turn.store.letters(6)),
        "serverCaCert": {
            "kind": "sql#sslCert", "instance": name, "certSerialNumber": "0", "commonName": "C=US,O=Google\\, Inc",
            "cert": "-----BEGIN CERTIFICATE-----\nsandbox\n-----END CERTIFICATE-----\n", "createTime": stamp(turn.now),
            "expirationTime": stamp(turn.now + SignedDuration::from_hours(24 * 3650)), "sha1Fingerprint": turn.store.letters(40),
        },
        "settings": body["settings"],
    });
    for name in [
        "masterInstanceName",
        "diskEncryptionConfiguration",
        "replicaConfiguration",
        "nodeCount",
        "replicationCluster",
        "includeReplicasForMajorVersionUpgrade",
    ] {
        if !body[name].is_null() {
            instance[name] = body[name].clone();
        }
    }
    complete(&mut instance["settings"], region, version);
    instance["settings"]["settingsVersion"] = json!("1");
    instance
}

fn insert(turn: &mut Turn<'_>) -> Answer {
    network::ensure_defaults(turn.store, turn.now, &turn.path[0]);
    let body = turn.body.clone();
    let (project, name) =
        (turn.path[0].clone(), body["name"].as_str().unwrap_or_default().to_owned());
    taken(turn, &project, &name)?;
    let version = body["databaseVersion"].as_str().unwrap_or("MYSQL_8_0");
    let known =
        VERSIONS.iter().any(|(known, _)| version == *known) || version.starts_with("MYSQL_8_0_");
    if !known {
        return Err(wrong(format!("Invalid value for databaseVersion: {version}.")));
    }
    let region = body["region"].as_str().unwrap_or("us-central1");
    if !compute::location_exists(region) {
        return Err(wrong(format!("Invalid value for region: {region}.")));
    }
    let mut instance = made(turn, &body);
    check(turn, &instance["settings"], version)?;
    if version.starts_with("SQLSERVER") && !body["rootPassword"].is_string() {
        return Err(wrong("Root password is required for SQL Server instances."));
    }
    if body["masterInstanceName"].is_string() {
        let primary = primary(turn, &instance)?;
        instance["instanceType"] = json!("READ_REPLICA_INSTANCE");
        instance["masterInstanceName"] =
            json!(format!("{project}:{}", primary["name"].as_str().unwrap_or_default()));
        let mut primary = primary;
        let names = primary["replicaNames"].as_array().cloned().unwrap_or_default();
        primary["replicaNames"] = json!([names, vec![json!(name)]].concat());
        turn.store.put(key(&project, primary["name"].as_str().unwrap_or_default()), primary);
    } else if body["instanceType"].is_string() {
        instance["instanceType"] = body["instanceType"].clone();
    }
    begin_making(turn, instance, Vec::new())
}

/// Refuses a name that is wrong, in use, or was until a short time ago.
///
/// # Errors
/// Why it is not free.
pub fn taken(turn: &Turn<'_>, project: &str, name: &str) -> Result<(), Refusal> {
    if !name_fits(name) {
        return Err(wrong(format!("Invalid instance name ({name}).")));
    }
    let until = turn.store.hidden.get(&reserved(project, name)).and_then(Json::as_str);
    let held = until.and_then(|it| it.parse::<Timestamp>().ok()).is_some_and(|it| turn.now < it);
    if held || turn.store.find(&key(project, name)).is_some() {
        return Err(refuse(
            409,
            "instanceAlreadyExists",
            "The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted \
             instance until one week from the deletion date.",
        ));
    }
    Ok(())
}

fn primary(turn: &Turn<'_>, replica: &Json) -> Result<Json, Refusal> {
    let of = replica["masterInstanceName"].as_str().unwrap_or_default();
    let name = of.rsplit(':').next().unwrap_or_default();
    let place = key(&turn.path[0], name);
    let found = turn.store.find(&place).cloned();
    let primary = found.ok_or_else(|| {
        refuse(404, "instanceDoesNotExist", "The master instance does not exist.")
    })?;
    free(turn, &place)?;
    let version = primary["databaseVersion"].as_str().unwrap_or_default();
    let backup = &primary["settings"]["backupConfiguration"];
    if version.starts_with("MYSQL") && backup["binaryLogEnabled"] != true {
        return Err(wrong("The master instance has no binary log enabled."));
    }
    Ok(primary)
}

/// Begins the making of an instance, with the users and databases that a new one has, and what further is `inside`.
///
/// # Errors
/// None; the type is that of a method.
pub fn begin_making(turn: &mut Turn<'_>, instance: Json, inside: Vec<Effect>) -> Answer {
    let (project, name) =
        (turn.path[0].clone(), instance["name"].as_str().unwrap_or_default().to_owned());
    let place = key(&project, &name);
    turn.store.put(place.clone(), instance.clone());
    let mut effects = super::sql_inside::first(turn.store, &place, &instance);
    let stands = json!({"state": "RUNNABLE", "ipAddresses": addresses(&instance)});
    effects.extend(inside);
    effects.push(Effect::Set(place, stands));
    let answer =
        operation::sql(turn.store, turn.now, (&project, &name, ""), "CREATE", (MAKING, effects));
    turn::ok(&answer)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = key(&turn.path[0], "");
    let items: Vec<Json> = turn.store.children(&prefix).map(|(_, it)| it.clone()).collect();
    turn::list(json!({"kind": "sql#instancesList"}), "items", turn.page(items, "maxResults"))
}

/// Refuses what no change may change, and begins the operation.
fn change(turn: &mut Turn<'_>, place: &str, old: &Json, mut new: Json) -> Answer {
    let number = |of: &Json| {
        let size = of["settings"]["dataDiskSizeGb"].as_str().and_then(|it| it.parse::<u64>().ok());
        size.unwrap_or(0)
    };
    if number(&new) < number(old) {
        return Err(wrong("Disk size cannot be decreased."));
    }
    let version = new["databaseVersion"].as_str().unwrap_or_default().to_owned();
    let rank = |of: &str| VERSIONS.iter().position(|(known, _)| *known == of);
    let kind = |of: &str| of.split('_').next().unwrap_or_default().to_owned();
    let before = old["databaseVersion"].as_str().unwrap_or_default();
    if version != before {
        if rank(&version) <= rank(before) || kind(&version) != kind(before) {
            return Err(wrong(format!("An upgrade from {before} to {version} is not possible.")));
        }
        let installed = rank(&version).map_or("", |at| VERSIONS[at].1);
        new["databaseInstalledVersion"] = json!(installed);
        new["maintenanceVersion"] = json!(format!("{installed}.R20250302.00_04"));
    }
    for field in ["region", "diskEncryptionConfiguration"] {
        if new[field] != old[field] {
            return Err(wrong(format!("The field {field} cannot be changed.")));
        }
    }
    let region = new["region"].as_str().unwrap_or_default().to_owned();
    complete(&mut new["settings"], &region, &version);
    check(turn, &new["settings"], &version)?;
    let settings =
        old["settings"]["settingsVersion"].as_str().and_then(|it| it.parse::<u64>().ok());
    new["settings"]["settingsVersion"] = json!((settings.unwrap_or(0) + 1).to_string());
    new["ipAddresses"] = addresses(&new);
    new["etag"] = json!(turn.store.etag());
    let (project, name) = (turn.path[0].clone(), turn.path[1].clone());
    let effects = vec![Effect::Put(place.to_owned(), new)];
    let answer =
        operation::sql(turn.store, turn.now, (&project, &name, ""), "UPDATE", (CHANGING, effects));
    turn::ok(&answer)
}

/// Members of an instance that a change may bring.
const CHANGEABLE: [&str; 7] = [
    "replicationCluster",
    "databaseVersion",
    "maintenanceVersion",
    "sqlNetworkArchitecture",
    "nodeCount",
    "region",
    "diskEncryptionConfiguration",
];

fn is_present_version(old: &Json, given: &Json) -> Result<(), Refusal> {
    match given["settings"]["settingsVersion"].as_str() {
        Some(version) if old["settings"]["settingsVersion"] == version => Ok(()),
        None => Err(wrong("Missing parameter: settings.settingsVersion.")),
        Some(_) => Err(refuse(412, "staleData", "Condition does not match.")),
    }
}

fn update(turn: &mut Turn<'_>) -> Answer {
    let (place, old) = find(turn)?;
    free(turn, &place)?;
    let given = turn.body.clone();
    is_present_version(&old, &given)?;
    let mut new = old.clone();
    for field in CHANGEABLE.iter().filter(|field| !given[**field].is_null()) {
        new[*field] = given[*field].clone();
    }
    new["settings"] = given["settings"].clone();
    if new["settings"]["dataDiskSizeGb"].is_null() {
        new["settings"]["dataDiskSizeGb"] = old["settings"]["dataDiskSizeGb"].clone();
    }
    if new["databaseVersion"] != old["databaseVersion"] {
        return Err(wrong("The database version is changed by a patch of its own."));
    }
    change(turn, &place, &old, new)
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, old) = find(turn)?;
    free(turn, &place)?;
    let mut given = turn.body.clone();
    if !given["settings"]["settingsVersion"].is_null() {
        is_present_version(&old, &given)?;
    }
    if let Some(fields) = given.as_object_mut() {
        fields.retain(|name, _| name == "settings" || CHANGEABLE.contains(&name.as_str()));
    }
    let new = patched(&old, &given);
    change(turn, &place, &old, new)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, mut instance) = find(turn)?;
    free(turn, &place)?;
    if instance["settings"]["deletionProtectionEnabled"] == true {
        return Err(wrong(
            "The instance is protected. Please disable the deletion protection and try again. To disable deletion \
             protection, update the instance settings with deletionProtectionEnabled set to false.",
        ));
    }
    if instance["replicaNames"].as_array().is_some_and(|names| !names.is_empty()) {
        return Err(wrong("The instance has replicas: delete them first."));
    }
    let (project, name) = (turn.path[0].clone(), turn.path[1].clone());
    leave(turn, &instance);
    instance["state"] = json!("PENDING_DELETE");
    turn.store.put(place.clone(), instance);
    sql_copies::forget(turn.store, &place);
    let until = (turn.now + RESERVED).to_string();
    turn.store.hidden.insert(reserved(&project, &name), json!(until));
    let effects = vec![Effect::RemoveBelow(format!("{place}/")), Effect::Remove(place)];
    let answer =
        operation::sql(turn.store, turn.now, (&project, &name, ""), "DELETE", (CHANGING, effects));
    turn::ok(&answer)
}

/// Takes a replica off its primary's list.
pub fn leave(turn: &mut Turn<'_>, replica: &Json) {
    let of = replica["masterInstanceName"].as_str().unwrap_or_default();
    let place = key(&turn.path[0], of.rsplit(':').next().unwrap_or_default());
    if let Some(mut primary) = turn.store.find(&place).cloned().filter(|_| !of.is_empty()) {
        if let Some(names) = primary["replicaNames"].as_array_mut() {
            names.retain(|name| *name != replica["name"]);
        }
        turn.store.put(place, primary);
    }
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let place = format!("sqladmin/projects/{}/operations/{}", turn.path[0], turn.path[1]);
    match turn.store.operations.get(&place) {
        Some(operation) => turn::ok(&operation.shown),
        None => {
            Err(refuse(404, "operationDoesNotExist", "The Cloud SQL operation does not exist."))
        }
    }
}

fn list_operations(turn: &mut Turn<'_>) -> Answer {
    let prefix = format!("sqladmin/projects/{}/operations/", turn.path[0]);
    let found = turn.store.operations.iter().filter(|(place, _)| place.starts_with(&prefix));
    let wanted = turn.parameter("instance").map(str::to_owned);
    let items = found
        .map(|(_, operation)| operation.shown.clone())
        .filter(|shown| wanted.as_ref().is_none_or(|wanted| shown["targetId"] == *wanted))
        .collect();
    turn::list(json!({"kind": "sql#operationsList"}), "items", turn.page(items, "maxResults"))
}
