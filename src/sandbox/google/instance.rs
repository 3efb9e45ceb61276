//! Machines of Compute Engine: made with their disks and addresses, stopped before some changes.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store, project_number};

use super::compute::{self, Place, begin, complete, default_of, find, key, link};
use super::disk;
use super::policy;
use super::reference;
use super::refusal::Refusal;
use super::storage::patched;
use super::turn::{Answer, Turn};

fn invalid(field: &str, value: &str, why: &str) -> Refusal {
    let mut refusal =
        Refusal::invalid(format!("Invalid value for field 'resource.{field}': '{value}'. {why}"));
    refusal.reason = "invalid";
    refusal
}

fn text<'a>(object: &'a Json, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// Checks a new machine, fills in what the service gives, and gives the disks that are made with it.
///
/// # Errors
/// What is missing or does not exist.
pub(super) fn check(
    turn: &mut Turn<'_>,
    project: &str,
    place: &Place,
    body: &mut Json,
) -> Result<Vec<Effect>, Refusal> {
    let zone = place.scope.trim_start_matches("zones/").to_owned();
    if !super::operation::is_zone(&zone) || !compute::location_exists(&zone) {
        return Err(compute::missing(project, &place.scope));
    }
    body["machineType"] = json!(machine(project, &zone, text(body, "machineType"))?);
    let effects = disks(turn, project, place, body)?;
    if body["networkInterfaces"].as_array().is_none_or(Vec::is_empty) {
        return Err(invalid(
            "networkInterfaces",
            "",
            "At least one network interface is required.",
        ));
    }
    let count = body["networkInterfaces"].as_array().map_or(0, Vec::len);
    for index in 0..count {
        let mut interface = body["networkInterfaces"][index].take();
        interface["name"] = json!(format!("nic{index}"));
        for access in interface["accessConfigs"].as_array().into_iter().flatten() {
            asked_outside(turn.store, project, place, access)?;
        }
        wired(turn.store, project, &zone, &mut interface)?;
        body["networkInterfaces"][index] = interface;
    }
    accounts(turn.store, project, body)?;
    scheduled(&mut body["scheduling"])?;
    for (field, value) in [
        ("canIpForward", json!(false)),
        ("deletionProtection", json!(false)),
        ("startRestricted", json!(false)),
        (
            "shieldedInstanceConfig",
            json!({ "enableSecureBoot": false, "enableVtpm": true, "enableIntegrityMonitoring": true }),
        ),
    ] {
        default_of(body, field, value);
    }
    if body["resourcePolicies"].is_array() {
        let given = json!({ "resourcePolicies": body["resourcePolicies"].take() });
        policies(project, "addResourcePolicies", &given, body);
    }
    body["status"] = json!("RUNNING");
    body["cpuPlatform"] = json!("Intel Broadwell");
    body["fingerprint"] = json!(turn.store.etag());
    body["labelFingerprint"] = json!(turn.store.etag());
    body["metadata"]["fingerprint"] = json!(turn.store.etag());
    body["metadata"]["kind"] = json!("compute#metadata");
    body["tags"]["fingerprint"] = json!(turn.store.etag());
    for accelerator in
        body.get_mut("guestAccelerators").and_then(Json::as_array_mut).into_iter().flatten()
    {
        let name = text(accelerator, "acceleratorType").rsplit('/').next().unwrap_or_default();
        accelerator["acceleratorType"] =
            json!(link(project, &format!("zones/{zone}/acceleratorTypes/{name}")));
    }
    if let Some(fields) = body.as_object_mut() {
        fields.remove("params");
        fields.retain(|_, value| !value.is_null());
    }
    Ok(effects)
}

/// Gives the link of a machine type; what its name cannot be is refused.
fn machine(project: &str, zone: &str, given: &str) -> Result<String, Refusal> {
    let name = given.rsplit('/').next().unwrap_or_default();
    let of_letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.contains('-') || !name.chars().all(of_letters) {
        let why = "The referenced machine type does not exist.";
        return Err(invalid("machineType", given, why));
    }
    Ok(link(project, &format!("zones/{zone}/machineTypes/{name}")))
}

fn disks(
    turn: &mut Turn<'_>,
    project: &str,
    place: &Place,
    body: &mut Json,
) -> Result<Vec<Effect>, Refusal> {
    let mut effects = Vec::new();
    let own = text(body, "name").to_owned();
    let given = body["disks"].as_array().cloned().unwrap_or_default();
    if given.is_empty() {
        return Err(invalid("disks", "", "At least one disk is required."));
    }
    let mut attached = Vec::new();
    for (index, mut one) in given.into_iter().enumerate() {
        one["kind"] = json!("compute#attachedDisk");
        one["index"] = json!(index);
        if one["type"] == json!("SCRATCH") {
            default_of(&mut one, "deviceName", json!(format!("local-ssd-{index}")));
            default_of(&mut one, "diskSizeGb", json!("375"));
            default_of(&mut one, "mode", json!("READ_WRITE"));
        } else if let Some(mut wanted) =
            one.as_object_mut().and_then(|f| f.remove("initializeParams"))
        {
            let name = wanted["diskName"].as_str().unwrap_or(&own).to_owned();
            wanted["name"] = json!(name);
            if let Some(fields) = wanted.as_object_mut() {
                fields.remove("diskName");
                for (from, to) in [("diskSizeGb", "sizeGb"), ("diskType", "type")] {
                    if let Some(value) = fields.remove(from) {
                        fields.insert(to.into(), value);
                    }
                }
            }
            let collection = format!("{}/disks", place.scope);
            if turn.store.find(&key(project, &format!("{collection}/{name}"))).is_some() {
                return Err(Refusal::exists(format!(
                    "The resource 'projects/{project}/{collection}/{name}' already exists"
                )));
            }
            disk::check(turn.store, project, place, &mut wanted)?;
            let made = complete(turn.store, turn.now, project, &collection, wanted);
            one["source"] = made["selfLink"].clone();
            one["diskSizeGb"] = made["sizeGb"].clone();
            effects.push(Effect::Put(key(project, &format!("{collection}/{name}")), made));
        }
        fitted(turn.store, project, &mut one, index)?;
        attached.push(one);
    }
    if !attached.iter().any(|disk| disk["boot"] == json!(true)) {
        return Err(invalid("disks", "", "One of the disks must be the boot disk."));
    }
    body["disks"] = json!(attached);
    Ok(effects)
}

/// Fills in what an attached disk has, and sees to it that no other machine writes to it.
fn fitted(store: &Store, project: &str, one: &mut Json, index: usize) -> Result<(), Refusal> {
    default_of(one, "type", json!("PERSISTENT"));
    default_of(one, "mode", json!("READ_WRITE"));
    default_of(one, "boot", json!(false));
    default_of(one, "autoDelete", json!(false));
    default_of(one, "interface", json!("SCSI"));
    default_of(one, "deviceName", json!(format!("persistent-disk-{index}")));
    if let Some(key) = one["diskEncryptionKey"].as_object_mut() {
        let raw = key.remove("rawKey").or_else(|| key.remove("rsaEncryptedKey"));
        if let Some(raw) = raw {
            let digest = crate::sandbox::store::hash(&raw.to_string());
            key.insert("sha256".into(), json!(format!("{digest:016x}")));
        }
    }
    if let Some(fields) = one.as_object_mut() {
        fields.remove("forceAttach");
        fields.retain(|_, value| !value.is_null());
    }
    let Some(source) = one["source"].as_str().map(str::to_owned) else { return Ok(()) };
    if source.starts_with("https://www.googleapis.com/") && one["diskSizeGb"].is_string() {
        return Ok(());
    }
    let source = reference::existing(store, project, ("disks[].source", "disks"), &source)?;
    let below = source.split("/compute/v1/projects/").nth(1).unwrap_or_default();
    let object = store.find(&format!("compute/projects/{below}")).cloned().unwrap_or_default();
    let users =
        disk::shown(store, project, &object)["users"].as_array().cloned().unwrap_or_default();
    if let Some(user) = users.first().and_then(Json::as_str)
        && one["mode"] != json!("READ_ONLY")
    {
        let mut refusal = Refusal::invalid(format!(
            "The disk resource 'projects/{below}' is already being used by '{}'",
            user.split("/compute/v1/").nth(1).unwrap_or_default()
        ));
        refusal.reason = "resourceInUseByAnotherResource";
        return Err(refusal);
    }
    one["source"] = json!(source);
    one["diskSizeGb"] = object["sizeGb"].clone();
    Ok(())
}

/// Finds an interface's subnetwork and network, and gives it addresses.
fn wired(
    store: &mut Store,
    project: &str,
    zone: &str,
    interface: &mut Json,
) -> Result<(), Refusal> {
    let region = super::operation::region(zone);
    let given = text(interface, "subnetwork").to_owned();
    let subnetwork = if given.is_empty() {
        let network = interface["network"].as_str().unwrap_or("global/networks/default").to_owned();
        let network = reference::existing(
            store,
            project,
            ("networkInterfaces[].network", "networks"),
            &network,
        )?;
        let root = key(project, &format!("regions/{region}/subnetworks/"));
        let found = store.children(&root).find(|(_, object)| object["network"] == network.as_str());
        let below = network.split("/compute/v1/projects/").nth(1).unwrap_or_default();
        let custom = store
            .find(&format!("compute/projects/{below}"))
            .is_some_and(|network| network["autoCreateSubnetworks"] != json!(true));
        match found.filter(|_| !custom) {
            Some((_, object)) => object.clone(),
            None => {
                let why = "Network interface must specify a subnet if the network resource is in custom subnet mode.";
                return Err(invalid("networkInterfaces[].subnetwork", "", why));
            }
        }
    } else {
        let field = ("networkInterfaces[].subnetwork", "subnetworks");
        let own = reference::existing(store, project, field, &given)?;
        let below = own.split("/compute/v1/projects/").nth(1).unwrap_or_default();
        store.find(&format!("compute/projects/{below}")).cloned().unwrap_or_default()
    };
    if text(&subnetwork, "region").rsplit('/').next() != Some(region) {
        return Err(invalid(
            "networkInterfaces[].subnetwork",
            &given,
            "It is not in the machine's region.",
        ));
    }
    interface["subnetwork"] = subnetwork["selfLink"].clone();
    interface["network"] = subnetwork["network"].clone();
    interface["kind"] = json!("compute#networkInterface");
    if interface["networkIP"].is_null() {
        let range: Option<ipnet::IpNet> = text(&subnetwork, "ipCidrRange").parse().ok();
        let count = usize::try_from(store.count() % 200).unwrap_or(0);
        let address = range.and_then(|range| range.hosts().nth(1 + count));
        interface["networkIP"] = json!(address.map(|address| address.to_string()));
    }
    default_of(interface, "stackType", json!("IPV4_ONLY"));
    let numbers = [store.count(), store.count()];
    for access in
        interface.get_mut("accessConfigs").and_then(Json::as_array_mut).into_iter().flatten()
    {
        outside(numbers, access);
    }
    interface["fingerprint"] = json!(store.etag());
    Ok(())
}

/// Looks at a way out that is asked for: an address of its own is one that is reserved and that no machine has.
fn asked_outside(
    store: &Store,
    project: &str,
    place: &Place,
    access: &Json,
) -> Result<(), Refusal> {
    if access["publicPtrDomainName"].is_string() && access["setPublicPtr"] != json!(true) {
        let why = "The field can be set only if setPublicPtr is enabled.";
        return Err(invalid("publicPtrDomainName", text(access, "publicPtrDomainName"), why));
    }
    let Some(address) = access["natIP"].as_str() else { return Ok(()) };
    let region = super::operation::region(place.scope.trim_start_matches("zones/"));
    let root = key(project, &format!("regions/{region}/addresses/"));
    let reserved = store.children(&root).any(|(_, object)| object["address"] == address);
    let used = store.below(&key(project, "zones/")).any(|(_, object)| {
        let interfaces = object["networkInterfaces"].as_array().into_iter().flatten();
        let mut ways =
            interfaces.flat_map(|one| one["accessConfigs"].as_array().into_iter().flatten());
        ways.any(|way| way["natIP"] == address)
    });
    if !reserved || used {
        let why = "The specified external IP address was not found or is in use.";
        return Err(invalid("networkInterfaces[].accessConfigs[].natIP", address, why));
    }
    Ok(())
}

/// Gives a way out its address.
fn outside([a, b]: [u64; 2], access: &mut Json) {
    default_of(access, "type", json!("ONE_TO_ONE_NAT"));
    default_of(access, "name", json!("external-nat"));
    default_of(access, "networkTier", json!("PREMIUM"));
    default_of(access, "natIP", json!(format!("35.200.{}.{}", a % 250, 1 + b % 250)));
    access["kind"] = json!("compute#accessConfig");
}

fn accounts(store: &Store, project: &str, body: &mut Json) -> Result<(), Refusal> {
    for account in
        body.get_mut("serviceAccounts").and_then(Json::as_array_mut).into_iter().flatten()
    {
        account_checked(store, project, account)?;
    }
    Ok(())
}

fn account_checked(store: &Store, project: &str, account: &mut Json) -> Result<(), Refusal> {
    let email = account["email"].as_str().unwrap_or("default");
    if email == "default" {
        account["email"] =
            json!(format!("{}-compute@developer.gserviceaccount.com", project_number(project)));
    } else if !policy::account_exists(store, email) {
        return Err(Refusal::not_found(format!(
            "The resource '{email}' of type 'serviceAccount' was not found."
        )));
    }
    Ok(())
}

fn scheduled(scheduling: &mut Json) -> Result<(), Refusal> {
    let ends = scheduling["preemptible"] == json!(true)
        || scheduling["provisioningModel"] == json!("SPOT");
    let host = if ends { "TERMINATE" } else { "MIGRATE" };
    default_of(scheduling, "onHostMaintenance", json!(host));
    default_of(scheduling, "automaticRestart", json!(!ends));
    default_of(scheduling, "preemptible", json!(ends));
    default_of(scheduling, "provisioningModel", json!(if ends { "SPOT" } else { "STANDARD" }));
    if ends && scheduling["automaticRestart"] == json!(true) {
        let why = "Scheduling must have preemptible be false when AutomaticRestart is true.";
        return Err(invalid("scheduling", "", why));
    }
    Ok(())
}

/// What wants a machine that stands still.
const STILL: [&str; 5] = [
    "setMachineType",
    "setMinCpuPlatform",
    "setServiceAccount",
    "updateDisplayDevice",
    "updateShieldedInstanceConfig",
];

/// Does what machines have calls of their own for.
///
/// # Errors
/// The machine runs where it must not, a fingerprint is old, or what is named does not exist.
pub(super) fn answer(turn: &mut Turn<'_>, project: &str, place: &Place, verb: &str) -> Answer {
    let (own, object) = find(turn, project, place)?;
    let body = turn.body.clone();
    let status = text(&object, "status").to_owned();
    if STILL.contains(&verb) && status != "TERMINATED" {
        return Err(Refusal::precondition(format!(
            "Instance '{}' must be stopped before this change.",
            place.name
        )));
    }
    let mut after = object.clone();
    match verb {
        "setMetadata" | "setTags" => {
            let member = if verb == "setTags" { "tags" } else { "metadata" };
            if body["fingerprint"] != object[member]["fingerprint"] {
                return Err(Refusal::condition(format!(
                    "Supplied fingerprint does not match current {member} fingerprint."
                )));
            }
            after[member]["items"] = body["items"].clone();
            after[member]["fingerprint"] = json!(turn.store.etag());
        }
        "setScheduling" => {
            let moved = body["nodeAffinities"] != object["scheduling"]["nodeAffinities"];
            if moved && status != "TERMINATED" {
                return Err(Refusal::precondition(
                    "Node affinities change only while the instance is stopped.",
                ));
            }
            after["scheduling"] = body;
            scheduled(&mut after["scheduling"])?;
        }
        "setMachineType" => {
            let zone = place.scope.trim_start_matches("zones/");
            after["machineType"] = json!(machine(project, zone, text(&body, "machineType"))?);
        }
        "setMinCpuPlatform" => after["minCpuPlatform"] = body["minCpuPlatform"].clone(),
        "setServiceAccount" => {
            let mut account = body;
            let none = account["email"].as_str().is_none_or(str::is_empty);
            if !none {
                account_checked(turn.store, project, &mut account)?;
            }
            after["serviceAccounts"] = if none { json!([]) } else { json!([account]) };
        }
        "setDeletionProtection" => {
            after["deletionProtection"] =
                json!(turn.parameter("deletionProtection") != Some("false"));
        }
        "updateDisplayDevice" => after["displayDevice"] = body,
        "updateShieldedInstanceConfig" => {
            after["shieldedInstanceConfig"] = patched(&object["shieldedInstanceConfig"], &body);
        }
        "update" => {
            refreshed(&object, &body)?;
            for field in ["description", "canIpForward", "advancedMachineFeatures"] {
                after[field] = body[field].clone();
            }
        }
        "addResourcePolicies" | "removeResourcePolicies" => {
            policies(project, verb, &body, &mut after)
        }
        "start" | "startWithEncryptionKey" | "resume" => after["status"] = json!("RUNNING"),
        "stop" => after["status"] = json!("TERMINATED"),
        "suspend" => after["status"] = json!("SUSPENDED"),
        "attachDisk" | "detachDisk" | "setDiskAutoDelete" => {
            attached(turn, project, verb, &mut after)?;
        }
        _ => interfaces(turn, project, place, verb, &mut after)?,
    }
    after["fingerprint"] = json!(turn.store.etag());
    if let Some(fields) = after.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    begin(turn, (project, &place.scope), verb, &object, vec![Effect::Put(own, after)])
}

/// Refuses what a refresh of a running machine cannot change.
fn refreshed(object: &Json, body: &Json) -> Result<(), Refusal> {
    let features = "advancedMachineFeatures";
    if body[features] != object[features] && object["status"] != json!("TERMINATED") {
        let why = "The most disruptive action that is allowed, REFRESH, is less than a restart.";
        return Err(invalid(features, "", why));
    }
    Ok(())
}

/// Refuses what an interface has for good while it stays in its network.
fn fixed(interface: &Json, given: &Json) -> Result<(), Refusal> {
    for field in ["networkIP", "ipv6Address", "internalIpv6PrefixLength"] {
        if !given[field].is_null() && given[field] != interface[field] {
            let why = "An update changes only the alias IP ranges and the attached network.";
            return Err(invalid(field, text(given, field), why));
        }
    }
    Ok(())
}

fn policies(project: &str, verb: &str, body: &Json, after: &mut Json) {
    let full = |name: &Json| {
        let name = name.as_str().unwrap_or_default();
        let (of, below) = reference::parts(project, name).unwrap_or((project, name));
        json!(link(of, below))
    };
    let given: Vec<Json> =
        body["resourcePolicies"].as_array().into_iter().flatten().map(full).collect();
    let mut held = after["resourcePolicies"].as_array().cloned().unwrap_or_default();
    held.retain(|one| !given.contains(one));
    if verb == "addResourcePolicies" {
        held.extend(given);
    }
    after["resourcePolicies"] = json!(held);
}

fn attached(
    turn: &mut Turn<'_>,
    project: &str,
    verb: &str,
    after: &mut Json,
) -> Result<(), Refusal> {
    let mut disks = after["disks"].as_array().cloned().unwrap_or_default();
    if verb == "attachDisk" {
        let mut one = turn.body.clone();
        one["kind"] = json!("compute#attachedDisk");
        fitted(turn.store, project, &mut one, disks.len())?;
        one["index"] = json!(disks.len());
        disks.push(one);
    } else {
        let name = turn.parameter("deviceName").unwrap_or_default().to_owned();
        let Some(at) = disks.iter().position(|disk| disk["deviceName"] == name.as_str()) else {
            return Err(invalid("deviceName", &name, "No attached disk found with device name."));
        };
        if verb == "detachDisk" {
            disks.remove(at);
        } else {
            disks[at]["autoDelete"] = json!(turn.parameter("autoDelete") == Some("true"));
        }
    }
    after["disks"] = json!(disks);
    Ok(())
}

fn interfaces(
    turn: &mut Turn<'_>,
    project: &str,
    place: &Place,
    verb: &str,
    after: &mut Json,
) -> Result<(), Refusal> {
    let name = turn.parameter("networkInterface").unwrap_or_default().to_owned();
    let list = after["networkInterfaces"].as_array().cloned().unwrap_or_default();
    let Some(at) = list.iter().position(|interface| interface["name"] == name.as_str()) else {
        return Err(invalid("networkInterface", &name, "No network interface of this name."));
    };
    let mut interface = list[at].clone();
    let mut ways = interface["accessConfigs"].as_array().cloned().unwrap_or_default();
    match verb {
        "addAccessConfig" => {
            if !ways.is_empty() {
                return Err(invalid(
                    "accessConfig",
                    "",
                    "At most one access config currently supported.",
                ));
            }
            let mut access = turn.body.clone();
            asked_outside(turn.store, project, place, &access)?;
            outside([turn.store.count(), turn.store.count()], &mut access);
            ways.push(access);
        }
        "deleteAccessConfig" => {
            let gone = turn.parameter("accessConfig").unwrap_or_default().to_owned();
            ways.retain(|access| access["name"] != gone.as_str());
        }
        "updateNetworkInterface" => {
            if turn.body["fingerprint"] != interface["fingerprint"] {
                return Err(Refusal::condition("Invalid fingerprint."));
            }
            let mut given = turn.body.clone();
            let moved = given["subnetwork"].is_string() || given["network"].is_string();
            if !moved {
                fixed(&interface, &given)?;
            }
            if moved && after["status"] != json!("TERMINATED") {
                return Err(Refusal::precondition(
                    "The network changes only while the instance is stopped.",
                ));
            }
            if moved && let Some(fields) = interface.as_object_mut() {
                fields.retain(|name, _| {
                    !["subnetwork", "network", "networkIP"].contains(&name.as_str())
                });
            }
            given["name"] = json!(name);
            interface = patched(&interface, &given);
            let zone = place.scope.trim_start_matches("zones/").to_owned();
            wired(turn.store, project, &zone, &mut interface)?;
        }
        _ => return Err(Refusal::no_route(turn.request.path())),
    }
    interface["accessConfigs"] = json!(ways);
    interface["fingerprint"] = json!(turn.store.etag());
    if let Some(fields) = interface.as_object_mut() {
        fields.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    }
    after["networkInterfaces"][at] = interface;
    Ok(())
}

/// Gives what goes with a machine: the disks that are deleted with it.
///
/// # Errors
/// It is protected.
pub(super) fn removed(instance: &Json) -> Result<Vec<Effect>, Refusal> {
    if instance["deletionProtection"] == json!(true) {
        return Err(Refusal::invalid(format!(
            "Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. {}'.",
            text(instance, "name")
        )));
    }
    let disks = instance["disks"].as_array().into_iter().flatten();
    let going = disks.filter(|disk| disk["autoDelete"] == json!(true));
    let keys = going.filter_map(|disk| text(disk, "source").split("/compute/v1/").nth(1));
    Ok(keys.map(|below| Effect::Remove(format!("compute/{below}"))).collect())
}
