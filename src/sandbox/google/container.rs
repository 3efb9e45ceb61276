//! Kubernetes Engine: clusters and their operations.
//!
//! Making, changing and deleting take virtual time, one operation a cluster. A cluster's endpoint is the local port
//! that its API server listens on; it is told, with the certificate of the cluster's own authority, when the
//! cluster runs.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::sandbox::certificate;
use crate::sandbox::store::{Effect, hash, merge_fields};

use super::cluster;
use super::cluster_update;
use super::compute;
use super::network;
use super::node_pool;
use super::operation::{self, GkeWork, is_zone};
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("container.projects.locations.getServerConfig", server_config),
    ("container.projects.locations.clusters.create", create),
    ("container.projects.locations.clusters.get", get),
    ("container.projects.locations.clusters.list", list),
    ("container.projects.locations.clusters.delete", delete),
    ("container.projects.locations.clusters.update", cluster_update::update),
    ("container.projects.locations.clusters.updateMaster", cluster_update::update_master),
    ("container.projects.locations.clusters.setAddons", cluster_update::set),
    ("container.projects.locations.clusters.setLegacyAbac", cluster_update::set),
    ("container.projects.locations.clusters.setLocations", cluster_update::set),
    ("container.projects.locations.clusters.setLogging", cluster_update::set),
    ("container.projects.locations.clusters.setMaintenancePolicy", cluster_update::set),
    ("container.projects.locations.clusters.setMasterAuth", cluster_update::set),
    ("container.projects.locations.clusters.setMonitoring", cluster_update::set),
    ("container.projects.locations.clusters.setNetworkPolicy", cluster_update::set),
    ("container.projects.locations.clusters.setResourceLabels", cluster_update::set),
    ("container.projects.locations.operations.get", get_operation),
    ("container.projects.locations.operations.list", list_operations),
    ("container.projects.locations.operations.cancel", cancel_operation),
];

/// The release channels: name, default version, valid versions from the newest.
const CHANNELS: &[(&str, &str, &[&str])] = &[
    (
        "RAPID",
        "1.34.9-gke.1131000",
        &["1.34.9-gke.1131000", "1.34.9-gke.1065000", "1.33.5-gke.1162000"],
    ),
    (
        "REGULAR",
        "1.33.5-gke.1080000",
        &["1.34.9-gke.1065000", "1.33.5-gke.1162000", "1.33.5-gke.1080000", "1.32.9-gke.1072000"],
    ),
    (
        "STABLE",
        "1.32.9-gke.1072000",
        &["1.33.5-gke.1080000", "1.32.9-gke.1072000", "1.31.13-gke.1008000"],
    ),
    (
        "EXTENDED",
        "1.33.5-gke.1080000",
        &["1.33.5-gke.1080000", "1.32.9-gke.1072000", "1.31.13-gke.1008000", "1.30.14-gke.1150000"],
    ),
];

/// All versions from the newest.
const VERSIONS: &[&str] = &[
    "1.34.9-gke.1131000",
    "1.34.9-gke.1065000",
    "1.33.5-gke.1162000",
    "1.33.5-gke.1080000",
    "1.32.9-gke.1072000",
    "1.31.13-gke.1008000",
    "1.30.14-gke.1150000",
];

/// Gives a project's part of the keys.
fn parent(turn: &Turn<'_>) -> String {
    format!("container/projects/{}/locations/{}", turn.path[0], turn.path[1])
}

/// Gives the key of the cluster that a request is about.
pub fn key(turn: &Turn<'_>) -> String {
    format!("{}/clusters/{}", parent(turn), turn.path[2])
}

/// Gives the cluster that a request is about, as it is kept.
///
/// # Errors
/// There is none of this name.
pub fn find(turn: &Turn<'_>) -> Result<Json, Refusal> {
    let scope = if is_zone(&turn.path[1]) { "zones" } else { "locations" };
    turn.store.find(&key(turn)).cloned().ok_or_else(|| {
        Refusal::not_found(format!(
            "Not found: projects/{}/{scope}/{}/clusters/{}.",
            turn.path[0], turn.path[1], turn.path[2]
        ))
    })
}

/// Refuses a change of a cluster that another operation is changing.
///
/// # Errors
/// `FAILED_PRECONDITION`, with the operation's name.
pub fn must_rest(turn: &Turn<'_>, key: &str) -> Result<(), Refusal> {
    match turn.store.holder(key) {
        Some(operation) => Err(Refusal::precondition(format!(
            "Cluster is running incompatible operation {}.",
            operation.shown["name"].as_str().unwrap_or_default()
        ))),
        None => Ok(()),
    }
}

/// Begins an operation on a request's cluster; `target` is below the location.
///
/// # Errors
/// None; the type is that of a method.
pub fn begin(
    turn: &mut Turn<'_>,
    kind: &str,
    target: &str,
    takes: u64,
    effects: Vec<Effect>,
) -> Answer {
    let holds =
        format!("{}/clusters/{}", parent(turn), target.split('/').nth(1).unwrap_or_default());
    let (project, location) = (turn.path[0].clone(), turn.path[1].clone());
    let work = GkeWork {
        project: &project,
        location: &location,
        kind,
        target,
        holds,
        takes: Duration::from_secs(takes),
        effects,
    };
    turn::ok(&operation::gke(turn.store, turn.now, work))
}

/// Gives the version that a wish names: nothing or `-` is the default, a prefix is its newest.
///
/// # Errors
/// No version is so named.
pub fn version(wish: &str, channel: &str) -> Result<String, Refusal> {
    let (_, default, valid) =
        CHANNELS.iter().find(|(name, _, _)| *name == channel).unwrap_or(&CHANNELS[1]);
    let valid = if channel.is_empty() || channel == "UNSPECIFIED" { VERSIONS } else { valid };
    match wish {
        "" | "-" => return Ok((*default).to_owned()),
        "latest" => return Ok(valid.first().unwrap_or(default).to_string()),
        _ => {}
    }
    // The default of its minor version comes before newer patches of it, as the service does.
    let fits = |version: &&&str| {
        **version == wish
            || version.starts_with(&format!("{wish}."))
            || version.starts_with(&format!("{wish}-"))
    };
    let candidates = std::iter::once(default)
        .filter(fits)
        .chain(valid.iter().filter(fits))
        .chain(VERSIONS.iter().filter(fits));
    candidates
        .map(|version| (*version).to_owned())
        .next()
        .ok_or_else(|| Refusal::invalid(format!("Master version \"{wish}\" is unsupported.")))
}

/// Compares two versions.
pub fn is_older(version: &str, other: &str) -> bool {
    let parts = |text: &str| -> Vec<u64> {
        text.split(['.', '-'])
            .filter(|part| *part != "gke")
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    parts(version) < parts(other)
}

fn server_config(turn: &mut Turn<'_>) -> Answer {
    if !compute::location_exists(&turn.path[1]) {
        return Err(Refusal::invalid(format!("Location \"{}\" does not exist.", turn.path[1])));
    }
    let channels: Vec<Json> = CHANNELS
        .iter()
        .map(|(name, default, valid)| json!({"channel": name, "defaultVersion": default, "validVersions": valid}))
        .collect();
    turn::ok(&json!({
        "channels": channels,
        "defaultClusterVersion": CHANNELS[1].1,
        "defaultImageType": "COS_CONTAINERD",
        "validImageTypes": node_pool::IMAGES,
        "validMasterVersions": VERSIONS,
        "validNodeVersions": VERSIONS,
    }))
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let given = turn.body["cluster"].clone();
    if !given.is_object() {
        return Err(Refusal::invalid("Cluster is required."));
    }
    let name = given["name"].as_str().unwrap_or_default().to_owned();
    turn.path.push(name.clone());
    let place = key(turn);
    let (project, location) = (turn.path[0].clone(), turn.path[1].clone());
    network::ensure_defaults(turn.store, turn.now, &project);
    cluster::check(turn, &given)?;
    if turn.store.find(&place).is_some() {
        let scope = if is_zone(&location) { "zones" } else { "locations" };
        return Err(Refusal::exists(format!(
            "Already exists: projects/{project}/{scope}/{location}/clusters/{name}."
        )));
    }
    let object = cluster::new(turn, &given)?;
    let mut effects = Vec::new();
    for pool in cluster::first_pools(&given) {
        let pool = node_pool::new(turn, &object, &pool)?;
        effects.extend(node_pool::effects_of_new(turn, &object, &pool));
        let pool_name = pool["name"].as_str().unwrap_or_default();
        turn.store.put(format!("{place}/nodePools/{pool_name}"), pool.clone());
    }
    let failed = |error: String| {
        Refusal::invalid(format!("The sandbox could not prepare the cluster: {error}"))
    };
    let identity = certificate::make(&name).map_err(failed)?;
    let port = turn.ports.bind(&place, None).map_err(|error| failed(error.to_string()))?;
    let running = running(&object, &identity, port);
    turn.store.hidden.insert(place.clone(), json!({
        "port": port, "ca": identity.authority, "certificate": identity.certificate, "key": identity.key,
    }));
    turn.store.put(&place, object.clone());
    effects.push(Effect::Set(place, running));
    effects.extend(firewalls(turn, &object));
    begin(turn, "CREATE_CLUSTER", &format!("clusters/{name}"), 300, effects)
}

/// Gives what a cluster has more when it runs.
fn running(object: &Json, identity: &certificate::Identity, port: u16) -> Json {
    let endpoint = format!("127.0.0.1:{port}");
    let mut control_plane = object["controlPlaneEndpointsConfig"].clone();
    control_plane["ipEndpointsConfig"]["publicEndpoint"] = json!(endpoint);
    control_plane["ipEndpointsConfig"]["privateEndpoint"] = json!("10.128.0.2");
    let mut private = json!({"privateEndpoint": "10.128.0.2", "publicEndpoint": endpoint});
    merge_fields(&mut private, &object["privateClusterConfig"]);
    json!({
        "status": "RUNNING",
        "endpoint": endpoint,
        "controlPlaneEndpointsConfig": control_plane,
        "privateClusterConfig": private,
        "masterAuth": {"clientCertificateConfig": {}, "clusterCaCertificate": STANDARD.encode(&identity.authority)},
    })
}

/// Gives the firewall rules that the service makes for a cluster.
fn firewalls(turn: &mut Turn<'_>, object: &Json) -> Vec<Effect> {
    let project = turn.path[0].clone();
    let network = object["network"].as_str().unwrap_or("default");
    let stem = firewall_stem(object);
    let tag = format!("{stem}-node");
    let pods = object["clusterIpv4Cidr"].clone();
    let rules = [
        ("all", json!([{"IPProtocol": "all"}]), pods.clone()),
        (
            "vms",
            json!([{"IPProtocol": "icmp"}, {"IPProtocol": "tcp", "ports": ["1-65535"]}]),
            json!("10.128.0.0/9"),
        ),
        ("inkubelet", json!([{"IPProtocol": "tcp", "ports": ["10255"]}]), pods),
        ("exkubelet", json!([]), json!("0.0.0.0/0")),
    ];
    let mut effects = Vec::new();
    for (kind, allowed, source) in rules {
        let name = format!("{stem}-{kind}");
        let mut body = json!({
            "name": name, "network": compute::link(&project, &format!("global/networks/{network}")),
            "sourceRanges": [source], "targetTags": [tag], "priority": 1000, "direction": "INGRESS",
        });
        if kind == "exkubelet" {
            body["denied"] = json!([{"IPProtocol": "tcp", "ports": ["10255"]}]);
            body["priority"] = json!(999);
        } else {
            body["allowed"] = allowed;
        }
        let rule = compute::complete(turn.store, turn.now, &project, "global/firewalls", body);
        effects
            .push(Effect::Put(compute::key(&project, &format!("global/firewalls/{name}")), rule));
    }
    effects
}

fn firewall_stem(object: &Json) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let name: String = text("name").chars().take(32).collect();
    format!("gke-{name}-{:08x}", hash(text("selfLink")) & 0xffff_ffff)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let object = find(turn)?;
    turn::ok(&cluster::shown(turn.store, &key(turn), object))
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let project = format!("container/projects/{}/locations/", turn.path[0]);
    let location = turn.path[1].clone();
    let found = turn.store.below(&project).filter(|(key, object)| {
        key.split('/').count() == 7
            && key.contains("/clusters/")
            && (location == "-" || object["location"] == location.as_str())
    });
    let clusters: Vec<Json> =
        found.map(|(key, object)| cluster::shown(turn.store, key, object.clone())).collect();
    turn::list(json!({}), "clusters", (clusters, None))
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let object = find(turn)?;
    let place = key(turn);
    must_rest(turn, &place)?;
    let project = turn.path[0].clone();
    let mut effects = Vec::new();
    for (_, pool) in turn.store.children(&format!("{place}/nodePools/")) {
        effects.extend(node_pool::groups(&project, pool).into_iter().map(Effect::Remove));
    }
    effects.push(Effect::RemoveBelow(format!("{place}/")));
    effects.push(Effect::Remove(place.clone()));
    // Load balancers and disks that controllers made stay behind: only the service's own rules go.
    effects.push(Effect::RemoveBelow(compute::key(
        &project,
        &format!("global/firewalls/{}-", firewall_stem(&object)),
    )));
    turn.store.apply(Effect::Set(place, json!({"status": "STOPPING"})));
    let target = format!("clusters/{}", turn.path[2]);
    begin(turn, "DELETE_CLUSTER", &target, 240, effects)
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let place = format!("{}/operations/{}", parent(turn), turn.path[2]);
    match turn.store.operations.get(&place) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found(format!(
            "Not found: {}.",
            place.trim_start_matches("container/")
        ))),
    }
}

fn list_operations(turn: &mut Turn<'_>) -> Answer {
    let project = format!("container/projects/{}/locations/", turn.path[0]);
    let location = turn.path[1].clone();
    let found = turn.store.operations.iter().filter(|(key, operation)| {
        key.starts_with(&project)
            && (location == "-" || operation.shown["zone"] == location.as_str())
    });
    let operations: Vec<Json> = found.map(|(_, operation)| operation.shown.clone()).collect();
    turn::list(json!({}), "operations", (operations, None))
}

fn cancel_operation(turn: &mut Turn<'_>) -> Answer {
    get_operation(turn)?;
    Err(Refusal::precondition("The operation cannot be cancelled."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_resolve_as_the_service_resolves_them() {
        assert_eq!(version("", "REGULAR").unwrap(), "1.33.5-gke.1080000");
        assert_eq!(version("1.33", "REGULAR").unwrap(), "1.33.5-gke.1080000");
        assert_eq!(version("1.34.9", "RAPID").unwrap(), "1.34.9-gke.1131000");
        assert_eq!(version("latest", "STABLE").unwrap(), "1.33.5-gke.1080000");
        assert!(version("1.3", "REGULAR").is_err());
        assert!(is_older("1.9.0-gke.1", "1.30.0-gke.1"));
    }
}
