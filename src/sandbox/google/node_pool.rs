//! Kubernetes Engine: node pools.
//!
//! A pool is a managed instance group a zone; how many nodes it has is its groups' target size. Its nodes are there
//! when the operation that makes it is done.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store, hash, merge_fields};

use super::compute;
use super::container::{self, begin, find, is_older, must_rest};
use super::policy;
use super::refusal::Refusal;
use super::storage::patched;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("container.projects.locations.clusters.nodePools.create", create),
    ("container.projects.locations.clusters.nodePools.get", get),
    ("container.projects.locations.clusters.nodePools.list", list),
    ("container.projects.locations.clusters.nodePools.delete", delete),
    ("container.projects.locations.clusters.nodePools.update", update),
    ("container.projects.locations.clusters.nodePools.setSize", set_size),
    ("container.projects.locations.clusters.nodePools.setManagement", set_management),
    ("container.projects.locations.clusters.nodePools.setAutoscaling", set_autoscaling),
];

/// The scopes of nodes unless said.
pub const SCOPES: &[&str] = &[
    "https://www.googleapis.com/auth/devstorage.read_only",
    "https://www.googleapis.com/auth/logging.write",
    "https://www.googleapis.com/auth/monitoring",
    "https://www.googleapis.com/auth/service.management.readonly",
    "https://www.googleapis.com/auth/servicecontrol",
    "https://www.googleapis.com/auth/trace.append",
];

/// The node images that there are.
pub const IMAGES: &[&str] = &["COS_CONTAINERD", "UBUNTU_CONTAINERD", "WINDOWS_LTSC_CONTAINERD"];

fn key(turn: &Turn<'_>) -> String {
    format!("{}/nodePools/{}", container::key(turn), turn.path[3])
}

fn find_pool(turn: &Turn<'_>) -> Result<Json, Refusal> {
    find(turn)?;
    turn.store.find(&key(turn)).cloned().ok_or_else(|| {
        let path = &turn.path;
        Refusal::not_found(format!(
            "nodePool \"projects/{}/locations/{}/clusters/{}/nodePools/{}\" not found",
            path[0], path[1], path[2], path[3]
        ))
    })
}

fn shown(mut pool: Json) -> Json {
    merge_fields(&mut pool, &json!({"sandboxOrder": null}));
    pool
}

/// Makes a node pool of a wish, for a cluster.
///
/// # Errors
/// What the service would refuse it for.
pub fn new(turn: &mut Turn<'_>, cluster: &Json, given: &Json) -> Result<Json, Refusal> {
    let (project, location) = (turn.path[0].clone(), turn.path[1].clone());
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let name = text(&given["name"]);
    check_name(&name)?;
    let version = version_of(cluster, given)?;
    let autoscaling = &given["autoscaling"];
    let least = autoscaling["minNodeCount"].as_u64().unwrap_or(0).max(1);
    let count = given["initialNodeCount"].as_u64().unwrap_or(least);
    let locations = match given["locations"].as_array() {
        Some(locations) if !locations.is_empty() => json!(locations),
        _ => cluster["locations"].clone(),
    };
    let number = turn.store.letters(8);
    let block = 4 * (turn.store.count() % 28);
    let pods = match cluster["ipAllocationPolicy"]["clusterIpv4CidrBlock"].as_str() {
        Some(range) => range.to_owned(),
        None => format!("10.{}.0.0/14", 16 + block),
    };
    let self_link = format!(
        "https://container.googleapis.com/v1/projects/{project}/{}/{location}/clusters/{}/nodePools/{name}",
        if super::operation::is_zone(&location) { "zones" } else { "locations" },
        text(&cluster["name"]),
    );
    let mut pool = json!({
        "name": name,
        "config": config(turn, &given["config"], &location)?,
        "initialNodeCount": count,
        "locations": locations,
        "management": management(given),
        "maxPodsConstraint": {"maxPodsPerNode": cluster["defaultMaxPodsConstraint"]["maxPodsPerNode"]},
        "networkConfig": {
            "podIpv4CidrBlock": pods,
            "podIpv4RangeUtilization": 0.001,
            "podRange": cluster["ipAllocationPolicy"]["clusterSecondaryRangeName"],
            "subnetwork": cluster["networkConfig"]["subnetwork"],
        },
        "podIpv4CidrSize": 24,
        "selfLink": self_link,
        "status": "PROVISIONING",
        "upgradeSettings": {"maxSurge": 1, "strategy": "SURGE"},
        "version": version,
        "etag": turn.store.etag(),
        "sandboxOrder": turn.store.count(),
    });
    lay_wishes(&mut pool, given);
    let urls: Vec<String> = pool["locations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(|zone| {
            let name = group_name(&text(&cluster["name"]), &name, &number, zone);
            compute::link(&project, &format!("zones/{zone}/instanceGroupManagers/{name}-grp"))
        })
        .collect();
    pool["instanceGroupUrls"] = json!(urls);
    Ok(pool)
}

/// Lays what the caller wishes of a pool over its defaults.
fn lay_wishes(pool: &mut Json, given: &Json) {
    for field in [
        "maxPodsConstraint",
        "networkConfig",
        "placementPolicy",
        "queuedProvisioning",
        "nodeDrainConfig",
        "maintenancePolicy",
    ] {
        if given[field].is_object() {
            pool[field] = patched(&pool[field], &given[field]);
        }
    }
    if given["upgradeSettings"].as_object().is_some_and(|settings| !settings.is_empty()) {
        pool["upgradeSettings"] = given["upgradeSettings"].clone();
    }
    if given["autoscaling"]["enabled"] == json!(true) {
        pool["autoscaling"] = without_zeros(&given["autoscaling"]);
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Invalid value for field \"node_pool.name\": \"{name}\".")))
}

fn version_of(cluster: &Json, given: &Json) -> Result<String, Refusal> {
    let current = cluster["currentMasterVersion"].as_str().unwrap_or_default();
    let version = match given["version"].as_str() {
        Some(wish) if !wish.is_empty() && wish != "-" => container::version(wish, "")?,
        _ => current.to_owned(),
    };
    if is_older(current, &version) {
        return Err(Refusal::invalid(format!(
            "Node version \"{version}\" must not be newer than the control plane's."
        )));
    }
    Ok(version)
}

fn management(given: &Json) -> Json {
    if given["management"].is_object() {
        return without_zeros(&given["management"]);
    }
    json!({"autoRepair": true, "autoUpgrade": true})
}

fn group_name(cluster: &str, pool: &str, number: &str, zone: &str) -> String {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let number = format!("{:08x}", hash(&format!("{number} {zone}")) & 0xffff_ffff);
    format!("gke-{}-{}-{number}", cut(cluster, 24), cut(pool, 20))
}

/// Completes and checks a pool's node configuration.
fn config(turn: &Turn<'_>, given: &Json, location: &str) -> Result<Json, Refusal> {
    let mut config = json!({
        "diskSizeGb": 100,
        "diskType": "pd-balanced",
        "effectiveCgroupMode": "EFFECTIVE_CGROUP_MODE_V2",
        "imageType": "COS_CONTAINERD",
        "kubeletConfig": {"insecureKubeletReadonlyPortEnabled": false, "maxParallelImagePulls": 2},
        "machineType": "e2-medium",
        "metadata": {"disable-legacy-endpoints": "true"},
        "oauthScopes": SCOPES,
        "serviceAccount": "default",
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": true},
        "windowsNodeConfig": {},
    });
    let mut given = without_zeros(given);
    if given["oauthScopes"].as_array().is_some_and(Vec::is_empty) || given["serviceAccount"] == "" {
        merge_fields(&mut given, &json!({"oauthScopes": null}));
    }
    for field in ["diskType", "machineType", "serviceAccount", "imageType"] {
        if given[field] == "" {
            merge_fields(&mut given, &json!({field: null}));
        }
    }
    if given.is_object() {
        config = patched(&config, &given);
    }
    let model = match (&config["preemptible"], &config["spot"]) {
        (Json::Bool(true), _) => "preemptible",
        (_, Json::Bool(true)) => "spot",
        _ => "on-demand",
    };
    config["resourceLabels"]["goog-gke-node-pool-provisioning-model"] = json!(model);
    check_config(turn, &mut config, location)?;
    let mut disk =
        json!({"diskType": config["diskType"], "sizeGb": config["diskSizeGb"].to_string()});
    if given["bootDisk"].is_object() {
        disk = patched(&disk, &given["bootDisk"]);
        config["diskType"] = disk["diskType"].clone();
        config["diskSizeGb"] =
            json!(disk["sizeGb"].as_str().and_then(|size| size.parse::<u64>().ok()).unwrap_or(100));
    }
    config["bootDisk"] = disk;
    Ok(config)
}

fn check_config(turn: &Turn<'_>, config: &mut Json, location: &str) -> Result<(), Refusal> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let account = text(&config["serviceAccount"]);
    if account != "default" && !policy::account_exists(turn.store, &account) {
        return Err(Refusal::invalid(format!("Service account \"{account}\" does not exist.")));
    }
    let image = text(&config["imageType"]).to_uppercase();
    if !IMAGES.contains(&image.as_str()) && image != "CUSTOM_CONTAINERD" {
        return Err(Refusal::invalid(format!("Invalid image type \"{image}\".")));
    }
    config["imageType"] = json!(image);
    let machine = text(&config["machineType"]);
    if !is_machine(&machine) {
        return Err(Refusal::invalid(format!(
            "Machine type with name '{machine}' does not exist in zone '{location}'."
        )));
    }
    let size = config["diskSizeGb"].as_u64().unwrap_or(100);
    if !(10..=65_536).contains(&size) {
        return Err(Refusal::invalid(format!(
            "Disk size {size} GB is out of range: it must be from 10 to 65536."
        )));
    }
    let disk = text(&config["diskType"]);
    if !disk.starts_with("pd-") && !disk.starts_with("hyperdisk-") {
        return Err(Refusal::invalid(format!("Invalid disk type \"{disk}\".")));
    }
    if config["preemptible"] == json!(true) && config["spot"] == json!(true) {
        return Err(Refusal::invalid("Only one of preemptible and spot can be set."));
    }
    Ok(())
}

fn is_machine(name: &str) -> bool {
    if ["g1-small", "f1-micro"].contains(&name) {
        return true;
    }
    let Some((family, rest)) = name.split_once('-') else { return false };
    let kinds = [
        "standard", "highmem", "highcpu", "micro", "small", "medium", "custom", "ultramem",
        "megamem", "highgpu", "ultragpu", "megagpu",
    ];
    family.starts_with(|c: char| c.is_ascii_lowercase())
        && family.chars().any(|c| c.is_ascii_digit())
        && kinds.iter().any(|kind| rest.starts_with(kind))
}

/// Gives an object without what is false, zero or empty at its top: what a proto message does not carry.
pub fn without_zeros(value: &Json) -> Json {
    let zero = |value: &Json| match value {
        Json::Null => true,
        Json::Bool(held) => !held,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(_) => false,
    };
    let Some(fields) = value.as_object() else { return json!({}) };
    fields
        .iter()
        .filter(|(_, value)| !zero(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Gives what happens when a new pool is ready: it runs, and its groups are there.
pub fn effects_of_new(turn: &mut Turn<'_>, cluster: &Json, pool: &Json) -> Vec<Effect> {
    let project = turn.path[0].clone();
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let place = format!(
        "container/projects/{project}/locations/{}/clusters/{}/nodePools/{}",
        turn.path[1],
        text(&cluster["name"]),
        text(&pool["name"])
    );
    let mut effects = vec![Effect::Set(place, json!({"status": "RUNNING"}))];
    for url in pool["instanceGroupUrls"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        effects.extend(group_effects(turn, cluster, url, &pool["initialNodeCount"]));
    }
    effects
}

fn group_effects(turn: &mut Turn<'_>, cluster: &Json, url: &str, count: &Json) -> Vec<Effect> {
    let project = turn.path[0].clone();
    let below = url.split(&format!("/projects/{project}/")).nth(1).unwrap_or_default().to_owned();
    let (collection, name) = below.rsplit_once('/').unwrap_or(("", ""));
    let stem = name.trim_end_matches("-grp").to_owned();
    let groups = collection.replace("instanceGroupManagers", "instanceGroups");
    let group = json!({
        "name": name, "size": count, "network": compute::link(&project, &format!("global/networks/{}", cluster["network"].as_str().unwrap_or("default"))),
        "namedPorts": [],
    });
    let group = compute::complete(turn.store, turn.now, &project, &groups, group);
    let manager = json!({
        "name": name, "baseInstanceName": stem, "targetSize": count, "instanceGroup": group["selfLink"],
        "instanceTemplate": compute::link(&project, &format!("global/instanceTemplates/{stem}")),
        "currentActions": {"none": count}, "status": {"isStable": true}, "fingerprint": turn.store.etag(),
        "instanceLifecyclePolicy": {"defaultActionOnFailure": "REPAIR", "forceUpdateOnRepair": "YES"},
        "updatePolicy": {
            "type": "OPPORTUNISTIC", "minimalAction": "REPLACE", "replacementMethod": "SUBSTITUTE",
            "maxSurge": {"fixed": 1}, "maxUnavailable": {"fixed": 1},
        },
    });
    let manager = compute::complete(turn.store, turn.now, &project, collection, manager);
    vec![
        Effect::Put(compute::key(&project, &format!("{groups}/{name}")), group),
        Effect::Put(compute::key(&project, &below), manager),
    ]
}

/// Gives the keys of a pool's groups and their managers.
pub fn groups(project: &str, pool: &Json) -> Vec<String> {
    let urls = pool["instanceGroupUrls"].as_array().into_iter().flatten().filter_map(Json::as_str);
    urls.filter_map(|url| url.split(&format!("/projects/{project}/")).nth(1))
        .flat_map(|below| {
            [
                compute::key(project, below),
                compute::key(project, &below.replace("instanceGroupManagers", "instanceGroups")),
            ]
        })
        .collect()
}

/// Gives how many nodes a pool has.
pub fn size(store: &Store, pool: &Json) -> u64 {
    let urls = pool["instanceGroupUrls"].as_array().into_iter().flatten().filter_map(Json::as_str);
    urls.filter_map(|url| url.split("/compute/v1/").nth(1))
        .filter_map(|below| store.find(&format!("compute/{below}")))
        .filter_map(|manager| manager["targetSize"].as_u64())
        .sum()
}

fn target(turn: &Turn<'_>) -> String {
    format!("clusters/{}/nodePools/{}", turn.path[2], turn.path[3])
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let cluster = find(turn)?;
    let given = turn.body["nodePool"].clone();
    let name = given["name"].as_str().unwrap_or_default().to_owned();
    turn.path.push(name.clone());
    let (place, cluster_key) = (key(turn), container::key(turn));
    if turn.store.find(&place).is_some() {
        let (project, location) = (&turn.path[0], &turn.path[1]);
        return Err(Refusal::exists(format!(
            "Already exists: projects/{project}/locations/{location}/clusters/{}/nodePools/{name}.",
            turn.path[2]
        )));
    }
    must_rest(turn, &cluster_key)?;
    let pool = new(turn, &cluster, &given)?;
    let mut effects = effects_of_new(turn, &cluster, &pool);
    turn.store.put(place, pool);
    effects.push(rests(turn, &cluster_key));
    begin(turn, "CREATE_NODE_POOL", &target(turn), 120, effects)
}

/// Marks a cluster as being changed, and gives what unmarks it.
pub fn rests(turn: &mut Turn<'_>, cluster_key: &str) -> Effect {
    turn.store.apply(Effect::Set(cluster_key.to_owned(), json!({"status": "RECONCILING"})));
    Effect::Set(cluster_key.to_owned(), json!({"status": "RUNNING"}))
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&shown(find_pool(turn)?))
}

fn list(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    let prefix = format!("{}/nodePools/", container::key(turn));
    let pools: Vec<Json> =
        turn.store.children(&prefix).map(|(_, pool)| shown(pool.clone())).collect();
    turn::list(json!({}), "nodePools", (pools, None))
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let pool = find_pool(turn)?;
    let (place, cluster_key) = (key(turn), container::key(turn));
    must_rest(turn, &cluster_key)?;
    let mut effects: Vec<Effect> =
        groups(&turn.path[0], &pool).into_iter().map(Effect::Remove).collect();
    effects.push(Effect::Remove(place.clone()));
    effects.push(rests(turn, &cluster_key));
    turn.store.apply(Effect::Set(place, json!({"status": "STOPPING"})));
    begin(turn, "DELETE_NODE_POOL", &target(turn), 150, effects)
}

/// Begins a change of a pool: these fields, and these effects besides.
fn change(
    turn: &mut Turn<'_>,
    kind: &str,
    takes: u64,
    fields: Json,
    mut effects: Vec<Effect>,
) -> Answer {
    let (place, cluster_key) = (key(turn), container::key(turn));
    must_rest(turn, &cluster_key)?;
    let mut done = fields;
    done["status"] = json!("RUNNING");
    done["etag"] = json!(turn.store.etag());
    turn.store.apply(Effect::Set(place.clone(), json!({"status": "RECONCILING"})));
    effects.push(Effect::Set(place, done));
    effects.push(rests(turn, &cluster_key));
    begin(turn, kind, &target(turn), takes, effects)
}

fn set_size(turn: &mut Turn<'_>) -> Answer {
    let pool = find_pool(turn)?;
    let count = turn.body["nodeCount"].clone();
    if !count.is_u64() {
        return Err(Refusal::invalid("node_count must be set."));
    }
    let mut effects = Vec::new();
    for key in groups(&turn.path[0], &pool) {
        let fields = if key.contains("instanceGroupManagers") {
            json!({"targetSize": count, "currentActions": {"none": count}})
        } else {
            json!({"size": count})
        };
        effects.push(Effect::Set(key, fields));
    }
    change(turn, "SET_NODE_POOL_SIZE", 90, json!({}), effects)
}

fn set_management(turn: &mut Turn<'_>) -> Answer {
    find_pool(turn)?;
    let management = without_zeros(&turn.body["management"]);
    change(turn, "SET_NODE_POOL_MANAGEMENT", 20, json!({"management": management}), Vec::new())
}

fn set_autoscaling(turn: &mut Turn<'_>) -> Answer {
    find_pool(turn)?;
    let fields = autoscaling(&turn.body["autoscaling"]);
    change(turn, "UPDATE_CLUSTER", 20, fields, Vec::new())
}

/// Gives a pool's fields for an autoscaling wish.
pub fn autoscaling(given: &Json) -> Json {
    if given["enabled"] == json!(true) {
        return json!({"autoscaling": without_zeros(given)});
    }
    json!({"autoscaling": null})
}

/// Fields of an update request that go into the pool's configuration, and the field inside the request's message.
const CONFIG_FIELDS: &[(&str, &str, &str)] = &[
    ("imageType", "imageType", ""),
    ("labels", "labels", "labels"),
    ("taints", "taints", "taints"),
    ("tags", "tags", "tags"),
    ("resourceLabels", "resourceLabels", "labels"),
    ("machineType", "machineType", ""),
    ("diskType", "diskType", ""),
    ("diskSizeGb", "diskSizeGb", ""),
    ("bootDisk", "bootDisk", ""),
    ("workloadMetadataConfig", "workloadMetadataConfig", ""),
    ("kubeletConfig", "kubeletConfig", ""),
    ("linuxNodeConfig", "linuxNodeConfig", ""),
    ("gcfsConfig", "gcfsConfig", ""),
    ("gvnic", "gvnic", ""),
    ("fastSocket", "fastSocket", ""),
    ("confidentialNodes", "confidentialNodes", ""),
    ("loggingConfig", "loggingConfig", ""),
    ("resourceManagerTags", "resourceManagerTags", ""),
    ("containerdConfig", "containerdConfig", ""),
    ("windowsNodeConfig", "windowsNodeConfig", ""),
    ("accelerators", "accelerators", ""),
    ("storagePools", "storagePools", ""),
    ("maxRunDuration", "maxRunDuration", ""),
    ("flexStart", "flexStart", ""),
    ("taintConfig", "taintConfig", ""),
    ("consolidationDelay", "consolidationDelay", ""),
];

/// Fields that are the pool's own.
const POOL_FIELDS: &[(&str, &str)] = &[
    ("upgradeSettings", "upgradeSettings"),
    ("locations", "locations"),
    ("nodeNetworkConfig", "networkConfig"),
    ("queuedProvisioning", "queuedProvisioning"),
    ("nodeDrainConfig", "nodeDrainConfig"),
    ("maintenancePolicy", "maintenancePolicy"),
];

fn update(turn: &mut Turn<'_>) -> Answer {
    let pool = find_pool(turn)?;
    let cluster = find(turn)?;
    let given = turn.body.clone();
    let mut fields = json!({});
    let mut config = pool["config"].clone();
    let mut any = false;
    for (name, field, inner) in CONFIG_FIELDS {
        let value = if inner.is_empty() { &given[*name] } else { &given[*name][*inner] };
        if given[*name].is_null() || given[*name] == "" {
            continue;
        }
        any = true;
        let value = match (*field, value) {
            // The model label is the service's own.
            ("resourceLabels", labels) => {
                let mut labels = if labels.is_object() { labels.clone() } else { json!({}) };
                labels["goog-gke-node-pool-provisioning-model"] =
                    config["resourceLabels"]["goog-gke-node-pool-provisioning-model"].clone();
                labels
            }
            ("diskSizeGb", Json::String(size)) => json!(size.parse::<u64>().unwrap_or(100)),
            // It is taken as a whole; these two the service gives by itself.
            ("kubeletConfig", value) => {
                let mut own = config["kubeletConfig"].clone();
                if let Some(members) = own.as_object_mut() {
                    let lasting = ["insecureKubeletReadonlyPortEnabled", "maxParallelImagePulls"];
                    members.retain(|name, _| lasting.contains(&name.as_str()));
                }
                patched(&own, value)
            }
            (_, Json::Array(items)) if items.is_empty() => Json::Null,
            (_, value) => value.clone(),
        };
        merge_fields(&mut config, &json!({*field: value}));
    }
    if !given["diskType"].is_null() || !given["diskSizeGb"].is_null() {
        config["bootDisk"] =
            json!({"diskType": config["diskType"], "sizeGb": config["diskSizeGb"].to_string()});
    }
    check_config(turn, &mut config, &turn.path[1])?;
    for (name, field) in POOL_FIELDS {
        if !given[*name].is_null() {
            any = true;
            fields[*field] = patched(&pool[*field], &given[*name]);
        }
    }
    if let Some(wish) = given["nodeVersion"].as_str().filter(|wish| !wish.is_empty()) {
        any = true;
        let version = match wish {
            "-" => cluster["currentMasterVersion"].as_str().unwrap_or_default().to_owned(),
            wish => container::version(wish, "")?,
        };
        if is_older(cluster["currentMasterVersion"].as_str().unwrap_or_default(), &version) {
            return Err(Refusal::invalid(format!(
                "Node version \"{version}\" must not be newer than the control plane's."
            )));
        }
        fields["version"] = json!(version);
    }
    if !any {
        return Err(Refusal::invalid(
            "At least one field of the node pool must be specified for an update.",
        ));
    }
    fields["config"] = config;
    // The recorded operation of this call has no type.
    change(turn, "", 90, fields, Vec::new())
}
