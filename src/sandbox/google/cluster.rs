//! Kubernetes Engine: what a cluster looks like.
//!
//! Defaults and shape are those of recorded answers of the real service to create requests with little in them.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Store, hash, merge_fields, project_number, stamp};

use super::compute;
use super::container::{self, version};
use super::node_pool;
use super::operation::{is_zone, region};
use super::refusal::Refusal;
use super::storage::patched;
use super::turn::Turn;

/// Checks a wish for a new cluster.
///
/// # Errors
/// What the service would refuse it for.
pub fn check(turn: &Turn<'_>, given: &Json) -> Result<(), Refusal> {
    let name = given["name"].as_str().unwrap_or_default();
    let fits = name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits {
        return Err(Refusal::invalid(format!(
            "Invalid value for field \"cluster.name\": \"{name}\"."
        )));
    }
    let location = &turn.path[1];
    if !compute::location_exists(location) {
        return Err(Refusal::invalid(format!("Location \"{location}\" does not exist.")));
    }
    let pools = given["nodePools"].as_array().map_or(0, Vec::len);
    let count = given["initialNodeCount"].as_u64().unwrap_or(0);
    let autopilot = given["autopilot"]["enabled"] == json!(true);
    if pools == 0 && count == 0 && !autopilot {
        return Err(Refusal::invalid("Cluster.initial_node_count must be greater than zero."));
    }
    if pools > 0 && (count > 0 || given["nodeConfig"].is_object()) {
        return Err(Refusal::invalid(
            "Cluster.node_pools cannot be set together with Cluster.initial_node_count or Cluster.node_config.",
        ));
    }
    let network = last(given["network"].as_str().unwrap_or("default"));
    if turn
        .store
        .find(&compute::key(&turn.path[0], &format!("global/networks/{network}")))
        .is_none()
    {
        return Err(Refusal::invalid(format!(
            "Network \"{network}\" does not exist in project \"{}\".",
            turn.path[0]
        )));
    }
    let subnetwork = last(given["subnetwork"].as_str().unwrap_or_default());
    let place = compute::key(
        &turn.path[0],
        &format!("regions/{}/subnetworks/{subnetwork}", region(location)),
    );
    if !subnetwork.is_empty() && turn.store.find(&place).is_none() {
        return Err(Refusal::invalid(format!("Subnetwork \"{subnetwork}\" does not exist.")));
    }
    if given["addonsConfig"]["gcePersistentDiskCsiDriverConfig"]["enabled"] == json!(false) {
        return Err(Refusal::invalid(
            "The Compute Engine persistent disk CSI driver cannot be disabled when a cluster is created.",
        ));
    }
    for zone in given["locations"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !compute::location_exists(zone) || region(zone) != region(location) {
            return Err(Refusal::invalid(format!(
                "Location \"{zone}\" is not a zone of region \"{}\".",
                region(location)
            )));
        }
    }
    Ok(())
}

/// Gives the node pools of a new cluster as wished: its own list, or the default pool.
pub fn first_pools(given: &Json) -> Vec<Json> {
    if let Some(pools) = given["nodePools"].as_array().filter(|pools| !pools.is_empty()) {
        return pools.clone();
    }
    let mut pool = json!({"name": "default-pool", "initialNodeCount": given["initialNodeCount"].as_u64().unwrap_or(1)});
    if given["nodeConfig"].is_object() {
        pool["config"] = given["nodeConfig"].clone();
    }
    vec![pool]
}

/// Makes a cluster of a wish: what the service keeps of it, and what it adds.
///
/// # Errors
/// The version is unknown.
pub fn new(turn: &mut Turn<'_>, given: &Json) -> Result<Json, Refusal> {
    let (project, location) = (turn.path[0].clone(), turn.path[1].clone());
    let name = given["name"].as_str().unwrap_or_default();
    let channel = given["releaseChannel"]["channel"].as_str().filter(|c| *c != "UNSPECIFIED");
    let wish = given["initialClusterVersion"].as_str().unwrap_or_default();
    let version = version(wish, channel.unwrap_or("REGULAR"))?;
    let mut object = defaults(turn, &project, &location, name, &version);
    let kept = kept(given);
    object = patched(&object, &kept);
    if !given["releaseChannel"].is_object() {
        object["releaseChannel"] = json!({"channel": "REGULAR"});
    } else if channel.is_none() {
        object["releaseChannel"] = json!({});
    } else {
        object["releaseChannel"] = json!({ "channel": channel });
    }
    place_network(turn, &mut object, given, &project, &location);
    if let Some(labels) = given["resourceLabels"].as_object().filter(|labels| !labels.is_empty()) {
        object["resourceLabels"] = json!(labels);
    }
    let encrypted =
        object["databaseEncryption"]["state"].as_str().is_some_and(|state| state != "DECRYPTED");
    if encrypted {
        object["databaseEncryption"]["state"] = json!("ENCRYPTED");
        object["databaseEncryption"]["currentState"] = json!("CURRENT_STATE_ENCRYPTED");
    }
    if is_zone(&location) {
        object["zone"] = json!(location);
    }
    if given["initialNodeCount"].as_u64().is_some_and(|count| count > 0) {
        object["initialNodeCount"] = given["initialNodeCount"].clone();
    }
    Ok(object)
}

/// Gives what of a wish is kept as it was written: not what pools, networks and versions derive.
fn kept(given: &Json) -> Json {
    let derived = [
        "nodePools",
        "nodeConfig",
        "initialNodeCount",
        "initialClusterVersion",
        "network",
        "subnetwork",
        "resourceLabels",
        "masterAuth",
        "releaseChannel",
        "locations",
    ];
    let fields = given.as_object().into_iter().flatten();
    let mut kept: Json = fields
        .filter(|(name, _)| !derived.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // A false that is the default, and an empty message, are not answered back.
    for name in [
        "autopilot",
        "binaryAuthorization",
        "legacyAbac",
        "verticalPodAutoscaling",
        "costManagementConfig",
    ] {
        if kept[name]["enabled"] == json!(false) {
            kept[name] = json!({});
        }
    }
    if kept["networkPolicy"]["enabled"] != json!(true) {
        merge_fields(&mut kept, &json!({"networkPolicy": null}));
    }
    merge_fields(&mut kept["autoscaling"], &json!({"enableNodeAutoprovisioning": null}));
    if given["autoscaling"]["enableNodeAutoprovisioning"] == json!(true) {
        kept["autoscaling"]["enableNodeAutoprovisioning"] = json!(true);
    }
    if kept["autoscaling"].is_null() {
        merge_fields(&mut kept, &json!({"autoscaling": null}));
    }
    merge_fields(
        &mut kept["ipAllocationPolicy"],
        &json!({"createSubnetwork": null, "useIpAliases": null}),
    );
    if kept["ipAllocationPolicy"].is_null() {
        merge_fields(&mut kept, &json!({"ipAllocationPolicy": null}));
    }
    let window = &kept["maintenancePolicy"]["window"];
    if window.as_object().is_some_and(serde_json::Map::is_empty) {
        merge_fields(&mut kept, &json!({"maintenancePolicy": null}));
    }
    let endpoints = &mut kept["controlPlaneEndpointsConfig"]["ipEndpointsConfig"];
    if endpoints["privateEndpointSubnetwork"] == "" {
        merge_fields(endpoints, &json!({"privateEndpointSubnetwork": null}));
    }
    if kept["controlPlaneEndpointsConfig"]["ipEndpointsConfig"].is_null() {
        merge_fields(&mut kept["controlPlaneEndpointsConfig"], &json!({"ipEndpointsConfig": null}));
    }
    if kept["controlPlaneEndpointsConfig"].as_object().is_none_or(serde_json::Map::is_empty) {
        merge_fields(&mut kept, &json!({"controlPlaneEndpointsConfig": null}));
    }
    kept
}

fn place_network(
    turn: &mut Turn<'_>,
    object: &mut Json,
    given: &Json,
    project: &str,
    location: &str,
) {
    let network = given["network"].as_str().unwrap_or("default").to_owned();
    let subnetwork = last(given["subnetwork"].as_str().unwrap_or("default")).to_owned();
    object["network"] = json!(last(&network));
    object["subnetwork"] = json!(subnetwork);
    // A network that the caller did not name comes back as its bare name.
    object["networkConfig"]["network"] = match given["network"].as_str() {
        Some(network) => json!(format!("projects/{project}/global/networks/{}", last(network))),
        None => json!("default"),
    };
    object["networkConfig"]["subnetwork"] =
        json!(format!("projects/{project}/regions/{}/subnetworks/{subnetwork}", region(location)));
    let mut zones: Vec<String> = given["locations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|zone| zone.as_str().map(str::to_owned))
        .collect();
    if zones.is_empty() {
        zones = compute::zones_of(location);
    } else if is_zone(location) && !zones.iter().any(|zone| zone == location) {
        zones.push(location.to_owned());
    }
    zones.sort();
    object["locations"] = json!(zones);
    let block = 4 * (turn.store.count() % 28);
    let pods = range(
        given,
        "clusterIpv4CidrBlock",
        given["clusterIpv4Cidr"].as_str(),
        &format!("10.{}.0.0/14", 16 + block),
    );
    let services = range(given, "servicesIpv4CidrBlock", None, "34.118.224.0/20");
    let policy = &mut object["ipAllocationPolicy"];
    policy["clusterIpv4Cidr"] = json!(pods);
    policy["clusterIpv4CidrBlock"] = json!(pods);
    policy["servicesIpv4Cidr"] = json!(services);
    policy["servicesIpv4CidrBlock"] = json!(services);
    // Without aliases is only who asks for routes.
    let aliases = given["ipAllocationPolicy"]["useRoutes"] != json!(true);
    policy["useIpAliases"] = json!(aliases);
    if aliases && policy["clusterSecondaryRangeName"].is_null() {
        let name = given["name"].as_str().unwrap_or_default();
        policy["clusterSecondaryRangeName"] =
            json!(format!("gke-{name}-pods-{}", turn.store.letters(8)));
    }
    object["clusterIpv4Cidr"] = json!(pods);
    object["servicesIpv4Cidr"] = json!(services);
}

/// Gives an address range: as wished, or of the wished size at the default's place.
fn range(given: &Json, field: &str, older: Option<&str>, default: &str) -> String {
    let wished = given["ipAllocationPolicy"][field].as_str().or(older).unwrap_or_default();
    match wished.strip_prefix('/') {
        Some(size) => format!("{}/{size}", default.split('/').next().unwrap_or(default)),
        None if wished.is_empty() => default.to_owned(),
        None => wished.to_owned(),
    }
}

fn defaults(turn: &mut Turn<'_>, project: &str, location: &str, name: &str, version: &str) -> Json {
    let number = project_number(project);
    let scope = if is_zone(location) { "zones" } else { "locations" };
    let id = format!(
        "{:016x}{:016x}{:016x}{:016x}",
        hash(name),
        hash(project),
        hash(location),
        turn.store.count()
    );
    let mut object = network_defaults(&id, &number, location);
    let more = json!({
        "addonsConfig": {
            "gcePersistentDiskCsiDriverConfig": {"enabled": true},
            "kubernetesDashboard": {"disabled": true},
            "networkPolicyConfig": {"disabled": true},
        },
        "anonymousAuthenticationConfig": {"mode": "ENABLED"},
        "autopilot": {},
        "autoscaling": {
            "autoprovisioningNodePoolDefaults": {
                "imageType": "COS_CONTAINERD",
                "management": {"autoRepair": true, "autoUpgrade": true},
                "oauthScopes": node_pool::SCOPES,
                "serviceAccount": "default",
            },
            "autoscalingProfile": "BALANCED",
        },
        "createTime": stamp(turn.now),
        "currentMasterVersion": version,
        "databaseEncryption": {"currentState": "CURRENT_STATE_DECRYPTED", "state": "DECRYPTED"},
        "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"},
        "enterpriseConfig": {"clusterTier": "STANDARD"},
        "etag": turn.store.etag(),
        "id": id,
        "initialClusterVersion": version,
        "labelFingerprint": turn.store.letters(8),
        "legacyAbac": {},
        "location": location,
        "maintenancePolicy": {"resourceVersion": turn.store.letters(8)},
        "name": name,
        "nodePoolAutoConfig": {"nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": false}},
        "nodePoolDefaults": {"nodeConfigDefaults": {
            "loggingConfig": {"variantConfig": {"variant": "DEFAULT"}},
            "nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": false},
        }},
        "notificationConfig": {"pubsub": {}},
        "podAutoscaling": {"hpaProfile": "PERFORMANCE"},
        "rbacBindingConfig": {
            "enableInsecureBindingSystemAuthenticated": true, "enableInsecureBindingSystemUnauthenticated": true,
        },
        "securityPostureConfig": {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_MODE_UNSPECIFIED"},
        "selfLink": format!("https://container.googleapis.com/v1/projects/{project}/{scope}/{location}/clusters/{name}"),
        "shieldedNodes": {"enabled": true},
        "status": "PROVISIONING",
        "userManagedKeysConfig": {},
    });
    merge_fields(&mut object, &more);
    merge_fields(&mut object, &observed_defaults());
    object
}

fn observed_defaults() -> Json {
    json!({
        "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}},
        "loggingService": "logging.googleapis.com/kubernetes",
        "monitoringConfig": {
            "advancedDatapathObservabilityConfig": {},
            "componentConfig": {"enableComponents": [
                "SYSTEM_COMPONENTS", "DAEMONSET", "DEPLOYMENT", "STATEFULSET", "JOBSET", "STORAGE", "HPA", "POD",
                "CADVISOR", "KUBELET", "DCGM",
            ]},
            "managedPrometheusConfig": {"enabled": true},
        },
        "monitoringService": "monitoring.googleapis.com/kubernetes",
    })
}

fn network_defaults(id: &str, number: &str, location: &str) -> Json {
    json!({
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {
                "allowExternalTraffic": false,
                "enableK8sTokensViaDns": false,
                "endpoint": format!("gke-{}-{number}.{location}.gke.goog", &id[..32]),
            },
            "ipEndpointsConfig": {
                "authorizedNetworksConfig": {"gcpPublicCidrsAccessEnabled": true},
                "enablePublicEndpoint": true,
                "enabled": true,
            },
        },
        "ipAllocationPolicy": {"podCidrOverprovisionConfig": {}, "stackType": "IPV4"},
        "masterAuthorizedNetworksConfig": {"gcpPublicCidrsAccessEnabled": true},
        "networkConfig": {"serviceExternalIpsConfig": {}},
    })
}

/// Gives a cluster as it is answered: with its pools and what follows from them.
pub fn shown(store: &Store, key: &str, mut object: Json) -> Json {
    let prefix = format!("{key}/nodePools/");
    let mut pools: Vec<Json> = store.children(&prefix).map(|(_, pool)| pool.clone()).collect();
    // The default pool is the first; the others come in the order of their making.
    pools.sort_by_key(|pool| (pool["name"] != "default-pool", pool["sandboxOrder"].as_u64()));
    let mut groups = Vec::new();
    let mut count = 0;
    for pool in &mut pools {
        groups.extend(pool["instanceGroupUrls"].as_array().cloned().unwrap_or_default());
        if pool["status"] != "PROVISIONING" {
            count += node_pool::size(store, pool);
        }
        merge_fields(pool, &json!({"sandboxOrder": null}));
    }
    if object["status"] != "PROVISIONING" && count > 0 {
        object["currentNodeCount"] = json!(count);
    }
    if let Some(first) = pools.first() {
        object["nodeConfig"] = first["config"].clone();
        let oldest =
            pools.iter().filter_map(|pool| pool["version"].as_str()).reduce(|oldest, version| {
                if container::is_older(version, oldest) { version } else { oldest }
            });
        object["currentNodeVersion"] = json!(oldest);
        object["instanceGroupUrls"] = json!(groups);
        object["nodePools"] = json!(pools);
    } else {
        object["currentNodeVersion"] = object["currentMasterVersion"].clone();
    }
    object
}

/// Gives a link's last part.
pub fn last(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or(link)
}
