//! Compute Engine: what clusters and their controllers make, networks, disks, addresses.
//!
//! One generic service: a resource is an object in a collection of a scope (`global`, a zone, a region), and
//! inserting, changing and deleting one is an operation. What another object names is not deleted.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store, hash, merge_fields, project_number, stamp};

use super::disk;
use super::firewall;
use super::images;
use super::instance;
use super::network;
use super::operation;
use super::refusal::Refusal;
use super::storage::patched;
use super::subnetwork;
use super::turn::{self, Answer, Turn};

/// Regions, their zones, and the default network's range there.
pub const REGIONS: &[(&str, &str, u8)] = &[
    ("us-central1", "abcf", 128),
    ("europe-west1", "bcd", 132),
    ("us-west1", "abc", 138),
    ("asia-east1", "abc", 140),
    ("us-east1", "bcd", 142),
    ("asia-northeast1", "abc", 146),
    ("asia-southeast1", "abc", 148),
    ("us-east4", "abc", 150),
    ("australia-southeast1", "abc", 152),
    ("europe-west2", "abc", 154),
    ("europe-west3", "abc", 156),
    ("southamerica-east1", "abc", 158),
    ("asia-south1", "abc", 160),
    ("northamerica-northeast1", "abc", 162),
    ("europe-west4", "abc", 164),
    ("europe-north1", "abc", 166),
    ("us-west2", "abc", 168),
    ("asia-east2", "abc", 170),
    ("europe-west6", "abc", 172),
    ("asia-northeast2", "abc", 174),
    ("asia-northeast3", "abc", 178),
    ("us-west3", "abc", 180),
    ("us-west4", "abc", 182),
    ("asia-southeast2", "abc", 184),
    ("europe-central2", "abc", 186),
    ("asia-south2", "abc", 190),
    ("us-east5", "abc", 202),
    ("us-south1", "abc", 206),
    ("europe-southwest1", "abc", 204),
    ("northamerica-northeast2", "abc", 188),
    ("northamerica-south1", "abc", 224),
    ("southamerica-west1", "abc", 194),
    ("australia-southeast2", "abc", 192),
    ("europe-west8", "abc", 198),
    ("europe-west9", "abc", 200),
    ("europe-west10", "abc", 214),
    ("europe-west12", "abc", 210),
    ("europe-north2", "abc", 226),
    ("me-west1", "abc", 208),
    ("me-central1", "abc", 212),
    ("me-central2", "abc", 216),
    ("africa-south1", "abc", 218),
];

/// Says whether a zone or region exists.
pub fn location_exists(location: &str) -> bool {
    let region = operation::region(location);
    let found = REGIONS.iter().find(|(name, _, _)| *name == region);
    found.is_some_and(|(_, zones, _)| {
        region == location || location.ends_with(|letter| zones.contains(letter))
    })
}

/// Gives a location's zones: itself, or a region's first three.
pub fn zones_of(location: &str) -> Vec<String> {
    if operation::is_zone(location) {
        return vec![location.to_owned()];
    }
    let found = REGIONS.iter().find(|(name, _, _)| *name == location);
    found
        .map(|(_, zones, _)| {
            zones.chars().take(3).map(|letter| format!("{location}-{letter}")).collect()
        })
        .unwrap_or_default()
}

/// Gives a resource's link.
pub fn link(project: &str, below: &str) -> String {
    format!("https://www.googleapis.com/compute/v1/projects/{project}/{below}")
}

/// Gives a resource's key.
pub fn key(project: &str, below: &str) -> String {
    format!("compute/projects/{project}/{below}")
}

/// Completes an object with what the service adds. `collection` is like `zones/z/disks`.
pub fn complete(
    store: &mut Store,
    now: jiff::Timestamp,
    project: &str,
    collection: &str,
    body: Json,
) -> Json {
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    let (scope, kind) = collection.rsplit_once('/').unwrap_or(("global", collection));
    let mut object = json!({
        "kind": format!("compute#{}", singular(kind)),
        "id": store.number(),
        "creationTimestamp": stamp(now),
        "name": name,
    });
    if let (Some(object), Some(given)) = (object.as_object_mut(), body.as_object()) {
        for (name, value) in given
            .iter()
            .filter(|(name, _)| !["kind", "id", "creationTimestamp"].contains(&name.as_str()))
        {
            object.insert(name.clone(), value.clone());
        }
    }
    object["selfLink"] = json!(link(project, &format!("{collection}/{name}")));
    if let Some(zone) = scope.strip_prefix("zones/") {
        object["zone"] = json!(link(project, &format!("zones/{zone}")));
    }
    if let Some(region) = scope.strip_prefix("regions/") {
        object["region"] = json!(link(project, &format!("regions/{region}")));
    }
    match kind {
        "disks" => {
            object["status"] = json!("READY");
            default_of(&mut object, "physicalBlockSizeBytes", json!("4096"));
            object["labelFingerprint"] = json!(store.etag());
        }
        "addresses" => {
            object["status"] = json!("RESERVED");
            object["labelFingerprint"] = json!(store.etag());
            default_of(&mut object, "addressType", json!("EXTERNAL"));
            default_of(&mut object, "networkTier", json!("PREMIUM"));
            if object["addressType"] == "INTERNAL" && scope.starts_with("regions/") {
                default_of(&mut object, "purpose", json!("GCE_ENDPOINT"));
            }
            if object["address"].is_null() {
                object["address"] = json!(format!(
                    "34.{}.{}.{}",
                    90 + store.count() % 60,
                    store.count() % 250,
                    1 + store.count() % 250
                ));
            }
        }
        "networks" => {
            object["selfLinkWithId"] = json!(format!(
                "{}/{}",
                link(project, collection),
                object["id"].as_str().unwrap_or_default()
            ));
            let routing = json!({"routingMode": "REGIONAL", "bgpBestPathSelectionMode": "LEGACY"});
            default_of(
                &mut object,
                "networkFirewallPolicyEnforcementOrder",
                json!("AFTER_CLASSIC_FIREWALL"),
            );
            let wanted = std::mem::replace(&mut object["routingConfig"], routing);
            merge_fields(&mut object["routingConfig"], &wanted);
        }
        "firewalls" => {
            for (field, default) in [
                ("direction", json!("INGRESS")),
                ("priority", json!(1000)),
                ("disabled", json!(false)),
            ] {
                default_of(&mut object, field, default);
            }
        }
        _ => {}
    }
    object
}

pub(super) fn default_of(object: &mut Json, field: &str, default: Json) {
    if object[field].is_null() {
        object[field] = default;
    }
}

/// Where a request points: below the project.
pub(super) struct Place {
    pub(super) scope: String,
    pub(super) collection: String,
    pub(super) name: String,
}

/// Answers any method of the service.
///
/// # Errors
/// As the method does.
pub fn answer(turn: &mut Turn<'_>) -> Answer {
    operation::done_once(turn, perform)
}

fn perform(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[0].clone();
    if !images::publishes(&project) {
        network::ensure_defaults(turn.store, turn.now, &project);
    }
    let mut parts = turn.id.split('.').skip(1);
    let (collection, verb) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().to_owned());
    if collection == "projects" {
        return turn::ok(&json!({
            "kind": "compute#project", "id": project_number(&project), "name": project,
            "selfLink": format!("https://www.googleapis.com/compute/v1/projects/{project}"),
            "defaultServiceAccount": format!("{}-compute@developer.gserviceaccount.com", project_number(&project)),
        }));
    }
    let place = place(turn.request.path());
    match (collection, verb.as_str()) {
        ("zones" | "regions", _) => locations(turn, &project, collection, &verb),
        ("machineTypes" | "diskTypes", _) => types(&project, &place, &verb),
        (collection, "get" | "wait" | "list" | "aggregatedList")
            if collection.ends_with("Operations") =>
        {
            operations(turn, &project, &place, &verb)
        }
        ("images", verb) => images::answer(turn, &project, &place, verb),
        (_, "get") => {
            let object = find(turn, &project, &place)?.1;
            turn::ok(&shown(turn.store, &project, &place.collection, &object))
        }
        (_, "list") => list(turn, &project, &place),
        (_, "aggregatedList") => aggregated(turn, &project, &place.collection),
        (_, "insert") => insert(turn, &project, &place),
        (_, "delete") => delete(turn, &project, &place),
        (_, "patch") => patch(turn, &project, &place),
        (_, "setLabels") => set_labels(turn, &project, &place),
        ("subnetworks", verb) => subnetwork::answer(turn, &project, &place, verb),
        ("disks", verb) => disk::answer(turn, &project, &place, verb),
        ("instances", verb) => instance::answer(turn, &project, &place, verb),
        _ => Err(Refusal::no_route(turn.request.path())),
    }
}

fn place(path: &str) -> Place {
    let below = path.split("/projects/").nth(1).unwrap_or_default();
    let parts: Vec<&str> = below.split('/').skip(1).collect();
    let at = |index: usize| parts.get(index).map(|part| (*part).to_owned()).unwrap_or_default();
    match parts.first() {
        Some(&"global" | &"aggregated") => Place { scope: at(0), collection: at(1), name: at(2) },
        _ => Place { scope: format!("{}/{}", at(0), at(1)), collection: at(2), name: at(3) },
    }
}

pub(super) fn below(place: &Place) -> String {
    format!("{}/{}/{}", place.scope, place.collection, place.name)
}

pub(super) fn find(
    turn: &Turn<'_>,
    project: &str,
    place: &Place,
) -> Result<(String, Json), Refusal> {
    let key = key(project, &below(place));
    match turn.store.find(&key) {
        Some(object) => Ok((key, object.clone())),
        None => Err(missing(project, &below(place))),
    }
}

pub(super) fn missing(project: &str, below: &str) -> Refusal {
    Refusal::not_found(format!("The resource 'projects/{project}/{below}' was not found"))
}

/// Gives an object with what other objects say of it.
fn shown(store: &Store, project: &str, collection: &str, object: &Json) -> Json {
    match collection {
        "networks" => network::shown(store, project, object),
        "disks" => disk::shown(store, project, object),
        _ => object.clone(),
    }
}

fn list(turn: &mut Turn<'_>, project: &str, place: &Place) -> Answer {
    let prefix = key(project, &format!("{}/{}/", place.scope, place.collection));
    let shown = |(_, object): (&str, &Json)| shown(turn.store, project, &place.collection, object);
    let items: Vec<Json> = turn.store.children(&prefix).map(shown).collect();
    let items = filtered(turn, items)?;
    let frame = json!({
        "kind": format!("compute#{}List", singular(&place.collection)),
        "id": format!("projects/{project}/{}/{}", place.scope, place.collection),
        "selfLink": link(project, &format!("{}/{}", place.scope, place.collection)),
    });
    turn::list(frame, "items", turn.page(items, "maxResults"))
}

/// Keeps what a filter of one comparison, `field = value` or `field eq value`, lets through.
fn filtered(turn: &Turn<'_>, items: Vec<Json>) -> Result<Vec<Json>, Refusal> {
    let Some(filter) = turn.parameter("filter").filter(|filter| !filter.trim().is_empty()) else {
        return Ok(items);
    };
    let filter = filter.trim().trim_start_matches('(').trim_end_matches(')');
    let split = filter
        .split_once(" eq ")
        .or_else(|| filter.split_once('='))
        .or_else(|| filter.split_once(':'));
    let Some((field, wanted)) = split else {
        return Err(Refusal::invalid(format!(
            "Invalid value for field 'filter': '{filter}'. Invalid list filter expression."
        )));
    };
    let wanted = wanted.trim().trim_matches('"');
    let matches = |object: &Json| {
        let value = field.trim().split('.').fold(object, |value, part| &value[part]);
        value.as_str().map_or_else(
            || wanted.parse::<Json>().is_ok_and(|wanted| *value == wanted),
            |text| text == wanted || text.ends_with(&format!("/{wanted}")),
        )
    };
    Ok(items.into_iter().filter(matches).collect())
}

fn aggregated(turn: &mut Turn<'_>, project: &str, collection: &str) -> Answer {
    let root = key(project, "");
    let mut scopes = serde_json::Map::new();
    let mut objects = Vec::new();
    for (key, object) in turn.store.below(&root) {
        let parts: Vec<&str> = key[root.len()..].split('/').collect();
        match parts.as_slice() {
            ["global", kind, _] if *kind == collection => {
                objects.push(("global".to_owned(), object.clone()))
            }
            [scope, name, kind, _] if *kind == collection => {
                objects.push((format!("{scope}/{name}"), object.clone()))
            }
            _ => {}
        }
    }
    for (scope, object) in objects {
        if filtered(turn, vec![object.clone()])?.is_empty() {
            continue;
        }
        let object = shown(turn.store, project, collection, &object);
        let entry = scopes.entry(scope).or_insert_with(|| json!({collection: []}));
        if let Some(list) = entry[collection].as_array_mut() {
            list.push(object);
        }
    }
    turn::ok(&json!({
        "kind": format!("compute#{}AggregatedList", singular(collection)),
        "id": format!("projects/{project}/aggregated/{collection}"),
        "items": scopes,
        "selfLink": link(project, &format!("aggregated/{collection}")),
    }))
}

fn insert(turn: &mut Turn<'_>, project: &str, place: &Place) -> Answer {
    let mut body = turn.body.clone();
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    let fits = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits {
        return Err(Refusal::invalid(format!(
            "Invalid value for field 'resource.name': '{name}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{{0,61}}[a-z0-9])?)'"
        )));
    }
    let collection = format!("{}/{}", place.scope, place.collection);
    let below = format!("{collection}/{name}");
    if turn.store.find(&key(project, &below)).is_some() {
        return Err(Refusal::exists(format!(
            "The resource 'projects/{project}/{below}' already exists"
        )));
    }
    let mut beside = Vec::new();
    match place.collection.as_str() {
        "subnetworks" => subnetwork::check(turn, project, place, &mut body)?,
        "instances" => beside = instance::check(turn, project, place, &mut body)?,
        "firewalls" => firewall::check(turn.store, project, &mut body)?,
        "disks" => disk::check(turn.store, project, place, &mut body)?,
        _ => {}
    }
    let mut object = complete(turn.store, turn.now, project, &collection, body);
    let mut effects = match place.collection.as_str() {
        "networks" => network::of_network(turn, project, &mut object),
        _ => Vec::new(),
    };
    effects.extend(beside);
    effects.push(Effect::Put(key(project, &below), object.clone()));
    begin(turn, (project, &place.scope), "insert", &object, effects)
}

pub(super) fn begin(
    turn: &mut Turn<'_>,
    at: (&str, &str),
    kind: &str,
    target: &Json,
    effects: Vec<Effect>,
) -> Answer {
    turn::ok(&operation::compute(turn.store, turn.now, at, (kind, target), effects))
}

fn delete(turn: &mut Turn<'_>, project: &str, place: &Place) -> Answer {
    let (place_key, object) = find(turn, project, place)?;
    if place.collection == "subnetworks" {
        subnetwork::unused(turn.store, &object)?;
    }
    let mut effects = vec![Effect::Remove(place_key.clone())];
    if place.collection == "instances" {
        effects.extend(instance::removed(&object)?);
    }
    let own = object["selfLink"].as_str().unwrap_or_default().to_owned();
    let automatic =
        place.collection == "networks" && object["autoCreateSubnetworks"] == json!(true);
    let root = key(project, "");
    for (key, other) in turn.store.below(&root) {
        // What was made of a disk does without it.
        let copy = place.collection == "disks" && !key.contains("/instances/");
        if key == place_key || copy || !names(other, &own) {
            continue;
        }
        let part = (automatic && key.contains("/subnetworks/"))
            || (place.collection == "networks" && key.contains("/routes/"));
        let managed =
            place.collection == "instanceGroupManagers" && key.contains("/instanceGroups/");
        if part || managed {
            effects.push(Effect::Remove(key.to_owned()));
        } else {
            let user = key.strip_prefix("compute/").unwrap_or(key);
            let mut refusal = Refusal::invalid(format!(
                "The {} resource 'projects/{project}/{}' is already being used by '{user}'",
                singular(&place.collection),
                below(place)
            ));
            refusal.reason = "resourceInUseByAnotherResource";
            return Err(refusal);
        }
    }
    begin(turn, (project, &place.scope), "delete", &object, effects)
}

/// Says whether an object names a link anywhere but as its own.
pub(super) fn names(object: &Json, link: &str) -> bool {
    match object {
        Json::String(text) => {
            text == link
                || (text.starts_with("projects/") && link.ends_with(&format!("/compute/v1/{text}")))
        }
        Json::Array(items) => items.iter().any(|item| names(item, link)),
        Json::Object(fields) => {
            fields.iter().any(|(name, value)| name != "selfLink" && names(value, link))
        }
        _ => false,
    }
}

fn patch(turn: &mut Turn<'_>, project: &str, place: &Place) -> Answer {
    let (key, object) = find(turn, project, place)?;
    let changed = match place.collection.as_str() {
        "subnetworks" => subnetwork::changed(turn, project, &object)?,
        "firewalls" => firewall::changed(turn.store, project, &object, &turn.body)?,
        _ => patched(&object, &turn.body),
    };
    begin(turn, (project, &place.scope), "patch", &object, vec![Effect::Put(key, changed)])
}

fn set_labels(turn: &mut Turn<'_>, project: &str, place: &Place) -> Answer {
    let (key, object) = find(turn, project, place)?;
    if turn.body["labelFingerprint"] != object["labelFingerprint"] {
        return Err(Refusal::condition(
            "Labels fingerprint either invalid or resource labels have changed",
        ));
    }
    let fields = json!({"labels": turn.body["labels"], "labelFingerprint": turn.store.etag()});
    begin(turn, (project, &place.scope), "setLabels", &object, vec![Effect::Set(key, fields)])
}

fn operations(turn: &mut Turn<'_>, project: &str, place: &Place, verb: &str) -> Answer {
    if verb == "get" || verb == "wait" {
        return match turn.store.operations.get(&key(project, &below(place))) {
            Some(operation) => turn::ok(&operation.shown),
            None => Err(missing(project, &below(place))),
        };
    }
    let prefix = match verb {
        "list" => key(project, &format!("{}/operations/", place.scope)),
        _ => key(project, ""),
    };
    let found = turn.store.operations.iter().filter(|(key, _)| key.starts_with(&prefix));
    let items: Vec<Json> = found.map(|(_, operation)| operation.shown.clone()).collect();
    if verb == "list" {
        return turn::list(
            json!({"kind": "compute#operationList"}),
            "items",
            turn.page(items, "maxResults"),
        );
    }
    turn::ok(
        &json!({"kind": "compute#operationAggregatedList", "items": {"global": {"operations": items}}}),
    )
}

/// Gives the number of a place, which is always the same.
fn number_of(name: &str) -> String {
    (1000 + hash(name) % 9000).to_string()
}

fn locations(turn: &mut Turn<'_>, project: &str, collection: &str, verb: &str) -> Answer {
    let zone = |region: &str, letter: char| {
        let name = format!("{region}-{letter}");
        json!({
            "kind": "compute#zone", "id": number_of(&name), "name": name, "description": name, "status": "UP",
            "region": link(project, &format!("regions/{region}")), "selfLink": link(project, &format!("zones/{name}")),
        })
    };
    let all: Vec<Json> = if collection == "zones" {
        REGIONS
            .iter()
            .flat_map(|(region, zones, _)| zones.chars().map(move |letter| zone(region, letter)))
            .collect()
    } else {
        let region = |(name, zones, _): &(&str, &str, u8)| {
            let zones: Vec<String> = zones
                .chars()
                .map(|letter| link(project, &format!("zones/{name}-{letter}")))
                .collect();
            json!({
                "kind": "compute#region", "id": number_of(name), "name": name, "description": name, "status": "UP",
                "zones": zones, "selfLink": link(project, &format!("regions/{name}")),
            })
        };
        REGIONS.iter().map(region).collect()
    };
    if verb == "list" {
        let items = filtered(turn, all)?;
        let frame = json!({"kind": format!("compute#{}List", singular(collection))});
        return turn::list(frame, "items", turn.page(items, "maxResults"));
    }
    let name = &turn.path[1];
    let found = all.into_iter().find(|object| object["name"] == name.as_str());
    found.map_or_else(
        || Err(missing(project, &format!("{collection}/{name}"))),
        |object| turn::ok(&object),
    )
}

/// Machine types, their processors and memory in MB; disk types.
const MACHINES: &[(&str, u32, u32)] = &[
    ("f1-micro", 1, 614),
    ("g1-small", 1, 1740),
    ("e2-micro", 2, 1024),
    ("e2-small", 2, 2048),
    ("e2-medium", 2, 4096),
    ("e2-standard-2", 2, 8192),
    ("e2-standard-4", 4, 16384),
    ("n1-standard-1", 1, 3840),
    ("n1-standard-2", 2, 7680),
    ("n2-standard-2", 2, 8192),
    ("n2-standard-4", 4, 16384),
    ("c3-standard-4", 4, 16384),
];
pub(super) const DISKS: &[&str] =
    &["pd-standard", "pd-balanced", "pd-ssd", "pd-extreme", "hyperdisk-balanced"];

fn types(project: &str, place: &Place, verb: &str) -> Answer {
    let named = |name: &str| {
        json!({
            "kind": format!("compute#{}", singular(&place.collection)), "name": name, "zone": place.scope.trim_start_matches("zones/"),
            "selfLink": link(project, &format!("{}/{}/{name}", place.scope, place.collection)),
        })
    };
    let all: Vec<Json> = if place.collection == "diskTypes" {
        DISKS.iter().map(|name| named(name)).collect()
    } else {
        let machine = |(name, processors, memory): &(&str, u32, u32)| {
            let mut machine = named(name);
            machine["guestCpus"] = json!(processors);
            machine["memoryMb"] = json!(memory);
            machine
        };
        MACHINES.iter().map(machine).collect()
    };
    if verb == "list" {
        return turn::ok(
            &json!({"kind": format!("compute#{}List", singular(&place.collection)), "items": all}),
        );
    }
    let found = all.into_iter().find(|object| object["name"] == place.name.as_str());
    found.map_or_else(|| Err(missing(project, &below(place))), |object| turn::ok(&object))
}

/// Gives a collection's name for one of its objects.
pub fn singular(collection: &str) -> String {
    if let Some(stem) = collection.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if let Some(stem) = collection.strip_suffix("sses") {
        return format!("{stem}ss");
    }
    collection.strip_suffix('s').unwrap_or(collection).to_owned()
}
