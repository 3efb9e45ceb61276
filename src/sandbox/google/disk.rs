//! Persistent disks: made of images and of other disks, larger in time, used by machines.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store};

use super::compute::{self, DISKS, Place, begin, complete, default_of, find, key, link};
use super::images;
use super::reference;
use super::refusal::Refusal;
use super::turn::{Answer, Turn};

/// Checks a new disk, and fills in what the service gives.
///
/// # Errors
/// What it names does not exist, or its size does not fit.
pub(super) fn check(
    store: &Store,
    project: &str,
    place: &Place,
    body: &mut Json,
) -> Result<(), Refusal> {
    let zone = place.scope.trim_start_matches("zones/");
    if !super::operation::is_zone(zone) || !compute::location_exists(zone) {
        return Err(compute::missing(project, &place.scope));
    }
    let kind =
        body["type"].as_str().unwrap_or("pd-standard").rsplit('/').next().unwrap_or_default();
    if !DISKS.contains(&kind) {
        return Err(compute::missing(project, &format!("{}/diskTypes/{kind}", place.scope)));
    }
    body["type"] = json!(link(project, &format!("{}/diskTypes/{kind}", place.scope)));
    let mut size = match body["type"].as_str() {
        Some(link) if link.ends_with("pd-standard") => 500,
        _ => 100,
    };
    let mut least = 1;
    if let Some(text) = body["sourceImage"].as_str().map(str::to_owned) {
        let image = images::existing(store, project, &text)?;
        body["sourceImage"] = image["selfLink"].clone();
        body["sourceImageId"] = image["id"].clone();
        for field in ["licenses", "guestOsFeatures", "architecture"] {
            default_of(body, field, image[field].clone());
        }
        least = gigabytes(&image["diskSizeGb"]).unwrap_or(1);
        size = least;
    }
    for (field, id, collection) in [
        ("sourceDisk", "sourceDiskId", "disks"),
        ("sourceSnapshot", "sourceSnapshotId", "snapshots"),
    ] {
        let Some(text) = body[field].as_str().map(str::to_owned) else { continue };
        let source = reference::existing(store, project, (field, collection), &text)?;
        let below = source.split("/compute/v1/projects/").nth(1).unwrap_or_default();
        let object = store.find(&format!("compute/projects/{below}")).cloned().unwrap_or_default();
        body[field] = json!(source);
        body[id] = object["id"].clone();
        least =
            gigabytes(&object["sizeGb"]).or_else(|| gigabytes(&object["diskSizeGb"])).unwrap_or(1);
        size = least;
    }
    let wanted = gigabytes(&body["sizeGb"]).unwrap_or(size);
    if wanted < least {
        return Err(Refusal::invalid(format!(
            "Invalid value for field 'resource.sizeGb': '{wanted}'. Requested disk size cannot be smaller than the \
             image size ({least} GB)"
        )));
    }
    body["sizeGb"] = json!(wanted.to_string());
    default_of(body, "physicalBlockSizeBytes", json!("4096"));
    default_of(body, "enableConfidentialCompute", json!(false));
    if let Some(key) = body["diskEncryptionKey"].as_object_mut() {
        let raw = key.remove("rawKey").or_else(|| key.remove("rsaEncryptedKey"));
        if let Some(raw) = raw {
            key.insert(
                "sha256".into(),
                json!(format!("{:016x}", crate::sandbox::store::hash(&raw.to_string()))),
            );
        }
    }
    if let Some(fields) = body.as_object_mut() {
        for gone in [
            "params",
            "sourceStorageObject",
            "sourceImageEncryptionKey",
            "sourceSnapshotEncryptionKey",
        ] {
            fields.remove(gone);
        }
        fields.retain(|_, value| !value.is_null());
    }
    Ok(())
}

/// Reads a number of gigabytes.
pub(super) fn gigabytes(json: &Json) -> Option<u64> {
    json.as_str().and_then(|text| text.parse().ok()).or_else(|| json.as_u64())
}

/// Gives a disk with the machines that use it.
pub(super) fn shown(store: &Store, project: &str, disk: &Json) -> Json {
    let mut shown = disk.clone();
    let zone = disk["zone"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let root = key(project, &format!("zones/{zone}/instances/"));
    let uses = |instance: &Json| {
        let mut disks = instance["disks"].as_array().into_iter().flatten();
        disks.any(|attached| attached["source"] == disk["selfLink"])
    };
    let users: Vec<Json> = store
        .children(&root)
        .filter(|(_, instance)| uses(instance))
        .map(|(_, instance)| instance["selfLink"].clone())
        .collect();
    if !users.is_empty() {
        shown["users"] = json!(users);
    }
    shown
}

/// Does what disks have calls of their own for.
///
/// # Errors
/// The disk would shrink, or there is no such call.
pub(super) fn answer(turn: &mut Turn<'_>, project: &str, place: &Place, verb: &str) -> Answer {
    let (own, object) = find(turn, project, place)?;
    let effect = match verb {
        "resize" => {
            let (wanted, size) = (gigabytes(&turn.body["sizeGb"]), gigabytes(&object["sizeGb"]));
            let (wanted, size) = (wanted.unwrap_or(0), size.unwrap_or(0));
            if wanted <= size {
                return Err(Refusal::invalid(format!(
                    "Invalid value for field 'sizeGb': '{wanted}'. New disk size '{wanted}' GiB must be larger than \
                     existing size '{size}' GiB."
                )));
            }
            Effect::Set(own, json!({ "sizeGb": wanted.to_string() }))
        }
        "update" => {
            let paths = turn.parameter("paths").or(turn.parameter("updateMask"));
            let paths = paths.unwrap_or_default().to_owned();
            if let Some(path) = paths.split(',').find(|path| turn.body[*path].is_null()) {
                return Err(Refusal::invalid(format!("The path '{path}' is not set in the body.")));
            }
            // What a path names is taken over whole.
            let mut changed = object.clone();
            for path in paths.split(',') {
                changed[path] = turn.body[path].clone();
            }
            Effect::Put(own, changed)
        }
        "createSnapshot" => {
            let mut body = turn.body.clone();
            let name = body["name"].as_str().unwrap_or_default().to_owned();
            body["sourceDisk"] = object["selfLink"].clone();
            body["sourceDiskId"] = object["id"].clone();
            body["diskSizeGb"] = object["sizeGb"].clone();
            body["status"] = json!("READY");
            let snapshot = complete(turn.store, turn.now, project, "global/snapshots", body);
            Effect::Put(key(project, &format!("global/snapshots/{name}")), snapshot)
        }
        _ => return Err(Refusal::no_route(turn.request.path())),
    };
    let kind = if verb == "resize" { "resizeDisk" } else { verb };
    begin(turn, (project, &place.scope), kind, &object, vec![effect])
}
