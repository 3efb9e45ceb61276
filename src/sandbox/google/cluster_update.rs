//! Kubernetes Engine: changes of a cluster.
//!
//! One concern a call: an update with two is refused, as the service refuses it. Where a `desired…` field goes is in
//! the table; what is not in the table goes to the cluster's field of the same name.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, merge_fields};

use super::container::{begin, find, is_older, key, must_rest, version};
use super::node_pool;
use super::refusal::Refusal;
use super::storage::patched;
use super::turn::{Answer, Turn};

/// Where a desired field goes: below which field of the cluster, and under which name.
const PLACES: &[(&str, &[&str])] = &[
    ("desiredDatapathProvider", &["networkConfig", "datapathProvider"]),
    ("desiredDefaultSnatStatus", &["networkConfig", "defaultSnatStatus"]),
    ("desiredDnsConfig", &["networkConfig", "dnsConfig"]),
    ("desiredServiceExternalIpsConfig", &["networkConfig", "serviceExternalIpsConfig"]),
    ("desiredGatewayApiConfig", &["networkConfig", "gatewayApiConfig"]),
    ("desiredEnableFqdnNetworkPolicy", &["networkConfig", "enableFqdnNetworkPolicy"]),
    (
        "desiredEnableCiliumClusterwideNetworkPolicy",
        &["networkConfig", "enableCiliumClusterwideNetworkPolicy"],
    ),
    ("desiredEnableMultiNetworking", &["networkConfig", "enableMultiNetworking"]),
    (
        "desiredDisableL4LbFirewallReconciliation",
        &["networkConfig", "disableL4LbFirewallReconciliation"],
    ),
    ("desiredInTransitEncryptionConfig", &["networkConfig", "inTransitEncryptionConfig"]),
    ("desiredPrivateIpv6GoogleAccess", &["networkConfig", "privateIpv6GoogleAccess"]),
    ("desiredNetworkPerformanceConfig", &["networkConfig", "networkPerformanceConfig"]),
    ("desiredDefaultEnablePrivateNodes", &["networkConfig", "defaultEnablePrivateNodes"]),
    ("desiredEnablePrivateEndpoint", &["privateClusterConfig", "enablePrivateEndpoint"]),
    ("desiredPrivateClusterConfig", &["privateClusterConfig"]),
    ("desiredStackType", &["ipAllocationPolicy", "stackType"]),
    ("desiredNetworkTierConfig", &["ipAllocationPolicy", "networkTierConfig"]),
    ("desiredNodePoolAutoConfigKubeletConfig", &["nodePoolAutoConfig", "nodeKubeletConfig"]),
    ("desiredNodePoolAutoConfigLinuxNodeConfig", &["nodePoolAutoConfig", "linuxNodeConfig"]),
    ("desiredNodePoolAutoConfigNetworkTags", &["nodePoolAutoConfig", "networkTags"]),
    (
        "desiredNodePoolAutoConfigResourceManagerTags",
        &["nodePoolAutoConfig", "resourceManagerTags"],
    ),
    ("desiredGcfsConfig", &["nodePoolDefaults", "nodeConfigDefaults", "gcfsConfig"]),
    ("desiredContainerdConfig", &["nodePoolDefaults", "nodeConfigDefaults", "containerdConfig"]),
    ("desiredNodeKubeletConfig", &["nodePoolDefaults", "nodeConfigDefaults", "nodeKubeletConfig"]),
    ("desiredNodePoolLoggingConfig", &["nodePoolDefaults", "nodeConfigDefaults", "loggingConfig"]),
    ("desiredAutopilotWorkloadPolicyConfig", &["autopilot", "workloadPolicyConfig"]),
    ("desiredPrivilegedAdmissionConfig", &["autopilot", "privilegedAdmissionConfig"]),
    ("desiredAutopilotClusterPolicyConfig", &["autopilot", "clusterPolicyConfig"]),
    ("desiredClusterAutoscaling", &["autoscaling"]),
    ("desiredK8sBetaApis", &["enableK8sBetaApis"]),
    ("desiredMasterAuthorizedNetworksConfig", &["masterAuthorizedNetworksConfig"]),
    ("desiredAuthenticatorGroupsConfig", &["authenticatorGroupsConfig"]),
];

/// Fields that change what the others are about, and do not count as a concern.
const MODIFIERS: &[&str] = &["desiredNodePoolId", "desiredImageProject", "desiredImage", "etag"];

/// Fields that go together.
const TOGETHER: &[&[&str]] = &[
    &["desiredLoggingService", "desiredMonitoringService"],
    &["desiredLoggingConfig", "desiredMonitoringConfig"],
    &["additionalPodRangesConfig", "removedAdditionalPodRangesConfig"],
];

/// Changes a cluster by `ClusterUpdate`.
///
/// # Errors
/// No concern or more than one, an unknown version, another operation under way.
pub fn update(turn: &mut Turn<'_>) -> Answer {
    let object = find(turn)?;
    let given = turn.body["update"].clone();
    let mut names: Vec<String> = given
        .as_object()
        .map(|fields| {
            fields.keys().filter(|name| !MODIFIERS.contains(&name.as_str())).cloned().collect()
        })
        .unwrap_or_default();
    names.sort();
    if names.is_empty() {
        return Err(Refusal::invalid("Must specify a field to update."));
    }
    let together =
        TOGETHER.iter().any(|group| names.iter().all(|name| group.contains(&name.as_str())));
    if names.len() > 1 && !together {
        return Err(Refusal::invalid(format!(
            "Only one field of the cluster can be updated at a time, not {}.",
            names.join(", ")
        )));
    }
    match names[0].as_str() {
        "desiredMasterVersion" => {
            return upgrade(
                turn,
                &object,
                given["desiredMasterVersion"].as_str().unwrap_or_default(),
            );
        }
        "desiredNodeVersion" | "desiredNodePoolAutoscaling" | "desiredImageType" => {
            return update_pool(turn, &object, &names[0], &given);
        }
        _ => {}
    }
    check_locations(&object, &given)?;
    let mut changed = object.clone();
    for name in &names {
        place(&mut changed, name, &given[name.as_str()]);
    }
    conform(&mut changed);
    finish(turn, "UPDATE_CLUSTER", 60, &object, &changed)
}

/// Refuses to add and remove zones in one call.
fn check_locations(object: &Json, given: &Json) -> Result<(), Refusal> {
    let Some(wanted) = given["desiredLocations"].as_array() else { return Ok(()) };
    let present = object["locations"].as_array().cloned().unwrap_or_default();
    let adds = wanted.iter().any(|zone| !present.contains(zone));
    let removes = present.iter().any(|zone| !wanted.contains(zone));
    if wanted.is_empty() || (adds && removes) {
        return Err(Refusal::invalid("Zones cannot be added and removed in one update."));
    }
    Ok(())
}

/// Lays a desired value into the cluster.
fn place(cluster: &mut Json, name: &str, value: &Json) {
    if name == "desiredIntraNodeVisibilityConfig" || name == "desiredL4ilbSubsettingConfig" {
        let field = if name.contains("Intra") {
            "enableIntraNodeVisibility"
        } else {
            "enableL4ilbSubsetting"
        };
        return merge_fields(&mut cluster["networkConfig"], &json!({field: value["enabled"]}));
    }
    if name == "desiredAdditionalIpRangesConfig" {
        let mut ranges = value["additionalIpRangesConfigs"].clone();
        for range in ranges.as_array_mut().into_iter().flatten() {
            range["status"] = json!("ACTIVE");
        }
        cluster["ipAllocationPolicy"]["additionalIpRangesConfigs"] = ranges;
        return;
    }
    if name == "additionalPodRangesConfig" || name == "removedAdditionalPodRangesConfig" {
        return pod_ranges(cluster, name.starts_with("removed"), &value["podRangeNames"]);
    }
    let own = own_name(name);
    let path: Vec<&str> = match PLACES.iter().find(|(known, _)| *known == name) {
        Some((_, path)) => path.to_vec(),
        None => vec![own.as_str()],
    };
    let mut at = cluster;
    for part in &path[..path.len() - 1] {
        at = &mut at[*part];
    }
    let last = path[path.len() - 1];
    // What the caller does not name of these stays.
    let merged = [
        "addonsConfig",
        "autoscaling",
        "controlPlaneEndpointsConfig",
        "privateClusterConfig",
        "monitoringConfig",
        "userManagedKeysConfig",
    ];
    let value = if merged.contains(&last) { patched(&at[last], value) } else { value.clone() };
    at[last] = value;
}

/// Adds ranges for pods to a cluster's, or removes them.
fn pod_ranges(cluster: &mut Json, removed: bool, names: &Json) {
    let named = names.as_array().cloned().unwrap_or_default();
    let policy = &mut cluster["ipAllocationPolicy"];
    let mut kept = policy["additionalPodRangesConfig"]["podRangeNames"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    kept.retain(|name| !named.contains(name));
    if !removed {
        kept.extend(named);
    }
    if kept.is_empty() {
        merge_fields(policy, &json!({"additionalPodRangesConfig": null}));
    } else {
        policy["additionalPodRangesConfig"] = json!({"podRangeNames": kept});
    }
}

fn own_name(name: &str) -> String {
    let rest = name.strip_prefix("desired").unwrap_or(name);
    let mut letters = rest.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Mends what follows from a change.
fn conform(cluster: &mut Json) {
    let state = cluster["databaseEncryption"]["state"].as_str().unwrap_or("DECRYPTED").to_owned();
    let encrypted = state != "DECRYPTED";
    cluster["databaseEncryption"]["state"] =
        json!(if encrypted { "ENCRYPTED" } else { "DECRYPTED" });
    cluster["databaseEncryption"]["currentState"] =
        json!(if encrypted { "CURRENT_STATE_ENCRYPTED" } else { "CURRENT_STATE_DECRYPTED" });
    for name in
        ["binaryAuthorization", "legacyAbac", "verticalPodAutoscaling", "costManagementConfig"]
    {
        if cluster[name]["enabled"] == json!(false) {
            cluster[name] = json!({});
        }
        if cluster[name].is_null() {
            merge_fields(cluster, &json!({name: null}));
        }
    }
    if cluster["workloadIdentityConfig"]["workloadPool"] == "" {
        merge_fields(cluster, &json!({"workloadIdentityConfig": null}));
    }
}

/// Begins an operation that makes the cluster what it shall be.
fn finish(turn: &mut Turn<'_>, kind: &str, takes: u64, before: &Json, after: &Json) -> Answer {
    let place = key(turn);
    must_rest(turn, &place)?;
    let mut fields = json!({});
    for (name, value) in after.as_object().into_iter().flatten() {
        if before[name.as_str()] != *value {
            fields[name.as_str()] = value.clone();
        }
    }
    for (name, _) in before.as_object().into_iter().flatten() {
        if after.get(name).is_none() {
            fields[name.as_str()] = Json::Null;
        }
    }
    fields["etag"] = json!(turn.store.etag());
    let rests = node_pool::rests(turn, &place);
    let target = format!("clusters/{}", turn.path[2]);
    begin(turn, kind, &target, takes, vec![Effect::Set(place, fields), rests])
}

fn upgrade(turn: &mut Turn<'_>, object: &Json, wish: &str) -> Answer {
    let channel = object["releaseChannel"]["channel"].as_str().unwrap_or("UNSPECIFIED").to_owned();
    let version = version(wish, &channel)?;
    let current = object["currentMasterVersion"].as_str().unwrap_or_default();
    if is_older(&version, current) {
        return Err(Refusal::invalid(format!(
            "Master cannot be downgraded from \"{current}\" to \"{version}\"."
        )));
    }
    let mut changed = object.clone();
    changed["currentMasterVersion"] = json!(version);
    finish(turn, "UPGRADE_MASTER", 480, object, &changed)
}

/// Upgrades the control plane.
///
/// # Errors
/// An unknown version, another operation under way.
pub fn update_master(turn: &mut Turn<'_>) -> Answer {
    let object = find(turn)?;
    let wish = turn.body["masterVersion"].as_str().unwrap_or_default().to_owned();
    upgrade(turn, &object, &wish)
}

/// Changes a node pool through the cluster.
fn update_pool(turn: &mut Turn<'_>, object: &Json, name: &str, given: &Json) -> Answer {
    let pool_name = given["desiredNodePoolId"]
        .as_str()
        .filter(|name| !name.is_empty())
        .unwrap_or("default-pool");
    let cluster_key = key(turn);
    let place = format!("{cluster_key}/nodePools/{pool_name}");
    let Some(pool) = turn.store.find(&place).cloned() else {
        return Err(Refusal::not_found(format!("Node pool \"{pool_name}\" not found.")));
    };
    must_rest(turn, &cluster_key)?;
    let (kind, takes, fields) = match name {
        "desiredNodePoolAutoscaling" => {
            ("UPDATE_CLUSTER", 20, node_pool::autoscaling(&given[name]))
        }
        "desiredImageType" => {
            let image = given[name].as_str().unwrap_or_default().to_uppercase();
            let own = image == "CUSTOM_CONTAINERD" && !given["desiredImage"].is_null();
            if !node_pool::IMAGES.contains(&image.as_str()) && !own {
                return Err(Refusal::invalid(format!("Invalid image type \"{image}\".")));
            }
            let mut config = pool["config"].clone();
            config["imageType"] = json!(image);
            if own {
                config["nodeImageConfig"] = json!({
                    "image": given["desiredImage"], "imageProject": given["desiredImageProject"],
                });
            }
            ("UPGRADE_NODES", 90, json!({"config": config}))
        }
        _ => {
            let current = object["currentMasterVersion"].as_str().unwrap_or_default();
            let version = match given[name].as_str().unwrap_or_default() {
                "" | "-" => current.to_owned(),
                wish => version(wish, "")?,
            };
            if is_older(current, &version) {
                return Err(Refusal::invalid(format!(
                    "Node version \"{version}\" must not be newer than the control plane's."
                )));
            }
            ("UPGRADE_NODES", 240, json!({"version": version}))
        }
    };
    let rests = node_pool::rests(turn, &cluster_key);
    let target = format!("clusters/{}", turn.path[2]);
    begin(turn, kind, &target, takes, vec![Effect::Set(place, fields), rests])
}

/// Changes a cluster by one of the setters.
///
/// # Errors
/// A stale fingerprint or resource version, another operation under way.
pub fn set(turn: &mut Turn<'_>) -> Answer {
    let object = find(turn)?;
    let body = turn.body.clone();
    let mut changed = object.clone();
    let setter = turn.id.rsplit('.').next().unwrap_or_default();
    let kind = match setter {
        "setResourceLabels" => {
            if body["labelFingerprint"] != object["labelFingerprint"] {
                return Err(Refusal::condition(
                    "Labels fingerprint either invalid or resource labels have changed.",
                ));
            }
            let labels = body["resourceLabels"].as_object().filter(|labels| !labels.is_empty());
            merge_fields(
                &mut changed,
                &json!({"resourceLabels": labels, "labelFingerprint": turn.store.letters(8)}),
            );
            "SET_LABELS"
        }
        "setLegacyAbac" => {
            changed["legacyAbac"] =
                if body["enabled"] == json!(true) { json!({"enabled": true}) } else { json!({}) };
            "UPDATE_CLUSTER"
        }
        "setNetworkPolicy" => {
            let policy = if body["networkPolicy"]["enabled"] == json!(true) {
                body["networkPolicy"].clone()
            } else {
                // The provider is kept while the policy is off.
                let provider = &body["networkPolicy"]["provider"];
                match provider.as_str() {
                    Some(name) if name != "PROVIDER_UNSPECIFIED" => json!({"provider": name}),
                    _ => Json::Null,
                }
            };
            merge_fields(&mut changed, &json!({"networkPolicy": policy}));
            "SET_NETWORK_POLICY"
        }
        "setMaintenancePolicy" => {
            let version = &body["maintenancePolicy"]["resourceVersion"];
            if !version.is_null()
                && version != ""
                && *version != object["maintenancePolicy"]["resourceVersion"]
            {
                return Err(Refusal::aborted(
                    "The maintenance policy has changed. Read it again and retry.",
                ));
            }
            changed["maintenancePolicy"] = node_pool::without_zeros(&body["maintenancePolicy"]);
            changed["maintenancePolicy"]["resourceVersion"] = json!(turn.store.letters(8));
            "SET_MAINTENANCE_POLICY"
        }
        "setAddons" => {
            changed["addonsConfig"] = patched(&object["addonsConfig"], &body["addonsConfig"]);
            "UPDATE_CLUSTER"
        }
        "setLocations" => {
            changed["locations"] = body["locations"].clone();
            "UPDATE_CLUSTER"
        }
        "setLogging" => {
            changed["loggingService"] = body["loggingService"].clone();
            "UPDATE_CLUSTER"
        }
        "setMonitoring" => {
            changed["monitoringService"] = body["monitoringService"].clone();
            "UPDATE_CLUSTER"
        }
        _ => "SET_MASTER_AUTH",
    };
    finish(turn, kind, 30, &object, &changed)
}
