//! Machines: their JSON, which keeps all disks in one list, and what is planned of them. How they change is in `machine`.

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use crate::providers::Failure;
use crate::providers::rest::api::Ask;
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::decode::decode;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::{Part, Spec};
use crate::providers::rest::template::{escape, first_block, text_at, with_first_block};
use crate::providers::rest::validate::problem;
use crate::value::{Path, Type, Value};

use super::disk::in_zone;
use super::{image, machine};

/// `google_compute_instance`.
pub struct Instance;

/// Changes how the boot disk is made.
fn with_initial(value: &Value, change: impl FnOnce(&Value) -> Value) -> Value {
    let Some(boot) = first_block(value, "boot_disk") else { return value.clone() };
    let Some(initial) = first_block(boot, "initialize_params") else { return value.clone() };
    with_first_block(
        value,
        "boot_disk",
        with_first_block(boot, "initialize_params", change(initial)),
    )
}

fn initial_text(value: &Value, name: &str) -> Option<String> {
    text_at(first_block(first_block(value, "boot_disk")?, "initialize_params")?, name)
}

pub(super) fn initial_size(value: &Value) -> Option<i64> {
    let initial = first_block(first_block(value, "boot_disk")?, "initialize_params")?;
    initial.field("size").and_then(Value::as_i64)
}

fn script_of(value: &Value) -> Option<&str> {
    value.field("metadata")?.fields()?.get("startup-script")?.as_str()
}

/// Gives the path of what a machine's interface is in: of a bare name, or what is written.
fn in_region(planned: &Value, project: Option<&str>, collection: &str, name: &str) -> String {
    if name.contains('/') {
        return name.to_string();
    }
    let own = text_at(planned, "project").unwrap_or_default();
    let project = project.map_or(own, str::to_string);
    let zone = text_at(planned, "zone").unwrap_or_default();
    let zone = last_segment(&zone);
    let region = zone.rsplit_once('-').map_or(zone, |(region, _)| region);
    match collection {
        "networks" => format!("projects/{project}/global/networks/{name}"),
        _ => format!("projects/{project}/regions/{region}/{collection}/{name}"),
    }
}

fn take(object: &mut Json, name: &str) -> Json {
    object.as_object_mut().and_then(|fields| fields.remove(name)).unwrap_or_default()
}

fn list(json: &Json) -> Vec<Json> {
    json.as_array().cloned().unwrap_or_default()
}

/// Brings all disks into the one list that the service has.
fn disks_asked(object: &mut Json, planned: &Value) {
    let mut disks = Vec::new();
    let mut boot = take(object, "bootDisk");
    if boot.is_object() {
        boot["boot"] = json!(true);
        if let Some(names) = boot["guestOsFeatures"].as_array() {
            boot["guestOsFeatures"] = names.iter().map(|name| json!({ "type": name })).collect();
        }
        for (member, collection) in [("diskType", "diskTypes"), ("storagePool", "storagePools")] {
            if let Some(name) = boot["initializeParams"][member].as_str().map(str::to_string) {
                boot["initializeParams"][member] = json!(in_zone(planned, collection, &name));
            }
        }
        disks.push(boot);
    }
    disks.extend(list(&take(object, "attachedDisks")));
    for disk in &mut disks {
        if let Some(source) = disk["source"].as_str().map(str::to_string) {
            disk["source"] = json!(in_zone(planned, "disks", &source));
        }
    }
    for mut scratch in list(&take(object, "scratchDisks")) {
        scratch["type"] = json!("SCRATCH");
        scratch["autoDelete"] = json!(true);
        let kind = in_zone(planned, "diskTypes", "local-ssd");
        scratch["initializeParams"] = json!({ "diskType": kind });
        disks.push(scratch);
    }
    for disk in &mut disks {
        bare(disk);
    }
    object["disks"] = json!(disks);
}

/// Removes what looking for members has left.
fn bare(json: &mut Json) {
    if let Json::Object(fields) = json {
        fields.values_mut().for_each(bare);
        fields
            .retain(|_, value| !value.is_null() && value.as_object().is_none_or(|o| !o.is_empty()));
    }
}

fn metadata_asked(object: &mut Json) {
    let (map, script) = (take(object, "metadataMap"), take(object, "startupScript"));
    let mut all = map.as_object().cloned().unwrap_or_default();
    if script.is_string() {
        all.insert("startup-script".into(), script);
    }
    if !all.is_empty() {
        let mut items: Vec<(String, Json)> = all.into_iter().collect();
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        let items: Vec<Json> =
            items.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        object["metadata"] = json!({ "items": items });
    }
}

/// Gives the disks of the list by what they are; the attached ones in the order of the configuration.
fn disks_answered(object: &mut Json, base: Option<&Value>) {
    let (mut attached, mut scratch) = (Vec::new(), Vec::new());
    for mut disk in list(&object["disks"]) {
        if let Some(features) = disk["guestOsFeatures"].as_array() {
            disk["guestOsFeatures"] = features.iter().map(|one| one["type"].clone()).collect();
        }
        match (disk["boot"] == json!(true), disk["type"] == json!("SCRATCH")) {
            (true, _) => object["bootDisk"] = disk,
            (_, true) => scratch.push(disk),
            _ => attached.push(disk),
        }
    }
    let standing = base.and_then(|base| base.field("attached_disk")).and_then(Value::elements);
    let place = |disk: &Json| {
        let source = disk["source"].as_str().unwrap_or_default();
        let same = |known: &Value| {
            text_at(known, "source").is_some_and(|known| {
                let last = |text: &str| text.rsplit('/').next().map(str::to_string);
                last(&known) == last(source)
            })
        };
        standing.unwrap_or_default().iter().position(same).unwrap_or(usize::MAX)
    };
    attached.sort_by_key(place);
    object["attachedDisks"] = json!(attached);
    object["scratchDisks"] = json!(scratch);
}

/// Gives the metadata as a map: that of the configuration; all of it for what is only just known.
fn metadata_answered(object: &mut Json, base: Option<&Value>) {
    let known = base.filter(|base| text_at(base, "machine_type").is_some());
    let held = known.and_then(|base| base.field("metadata")).and_then(Value::fields);
    let apart = known.is_some_and(|base| text_at(base, "metadata_startup_script").is_some());
    let mut map = Map::new();
    for item in list(&object["metadata"]["items"]) {
        let key = item["key"].as_str().unwrap_or_default().to_string();
        if apart && key == "startup-script" {
            object["startupScript"] = item["value"].clone();
        } else if known.is_none() || held.is_some_and(|held| held.contains_key(key.as_str())) {
            map.insert(key, item["value"].clone());
        }
    }
    if !map.is_empty() {
        object["metadataMap"] = Json::Object(map);
    }
}

fn parts_of<'a>(parts: &'a [Part], name: &str) -> &'a [Part] {
    parts.iter().find(|part| part.name == name).and_then(Part::inside).unwrap_or_default()
}

/// Plans attached disks: what the service has given to one stays with it, wherever it stands in the list.
fn attached(draft: &mut Draft<'_>, prior: &Value) {
    const GIVEN: [&str; 3] = ["device_name", "kms_key_self_link", "disk_encryption_key_sha256"];
    let elements = |value: &Value| {
        value.field("attached_disk").and_then(Value::elements).map(<[Value]>::to_vec)
    };
    let standing = elements(prior).unwrap_or_default();
    let written = elements(draft.config).unwrap_or_default();
    let last = |disk: &Value| {
        text_at(disk, "source").and_then(|text| text.rsplit('/').next().map(str::to_string))
    };
    let Some(disks) = draft.after.field("attached_disk") else { return };
    let mut place = 0;
    let planned = disks.map_parts(&mut |disk| {
        let config = written.get(place);
        let moved = standing.get(place).is_none_or(|standing| last(standing) != last(disk));
        place += 1;
        let same = standing.iter().find(|standing| last(standing) == last(disk));
        let open = |name: &&&str| {
            moved && config.and_then(|one| one.field(name)).is_none_or(Value::is_null)
        };
        GIVEN.iter().filter(open).fold(disk.clone(), |disk, name| {
            let known = same.and_then(|same| same.field(name)).cloned();
            disk.with_field(name, known.unwrap_or_else(|| Value::unknown(Type::String)))
        })
    });
    draft.after = draft.after.with_field("attached_disk", planned);
}

/// Plans the interfaces: what the service gives anew to one that moves, and what only another machine can have.
fn interfaces(draft: &mut Draft<'_>, prior: &Value) {
    let elements = |value: &Value| {
        value.field("network_interface").and_then(Value::elements).map(<[Value]>::to_vec)
    };
    let (Some(old), Some(new)) = (elements(prior), elements(&draft.after)) else { return };
    let written = elements(draft.config).unwrap_or_default();
    let mut planned = Vec::new();
    for (at, new) in new.iter().enumerate() {
        let Some(old) = old.get(at) else {
            planned.push(new.clone());
            continue;
        };
        let given = |name: &str| {
            written.get(at).and_then(|one| one.field(name)).filter(|field| !field.is_null())
        };
        let mut interface = homed(old, new, given("subnetwork"));
        let moved = machine::moves(old, &interface);
        let network = old.field("network") != interface.field("network");
        let follows = ["network_ip", "network", "subnetwork_project", "subnetwork"];
        for name in follows.iter().filter(|name| moved && given(name).is_none()) {
            if *name != "subnetwork" || network {
                let unknown = Value::unknown_not_null(Type::String);
                interface = interface.with_field(name, unknown);
            }
        }
        let stack = old.field("stack_type") != interface.field("stack_type");
        for name in FIXED.iter().filter(|_| !moved) {
            let differs = old.field(name) != interface.field(name);
            if differs && !(stack && *name != "network_ip") {
                let path = Path::root().attribute("network_interface").place(at);
                draft.replaces.push(path.attribute(*name));
            }
        }
        planned.push(readdressed(old, interface, given("access_config")));
    }
    if let Some(Type::List(element)) = draft.after.field("network_interface").map(Value::ty) {
        draft.after = draft.after.with_field("network_interface", Value::list(*element, planned));
    }
}

/// What an interface has for good, unless it moves.
const FIXED: [&str; 3] = ["network_ip", "ipv6_address", "internal_ipv6_prefix_length"];

/// The project of a subnetwork counts where the subnetwork is a bare name; a link says its own.
fn homed(old: &Value, new: &Value, subnetwork: Option<&Value>) -> Value {
    let project = "subnetwork_project";
    let (Some(stands), true) = (old.field(project), old.field(project) != new.field(project))
    else {
        return new.clone();
    };
    match subnetwork.filter(|name| name.as_str().is_none_or(|name| !name.contains('/'))) {
        Some(name) => new.with_field("subnetwork", name.clone()),
        None => new.with_field(project, stands.clone()),
    }
}

/// Ways out that change are made anew: an address that nobody has written is another one then.
fn readdressed(old: &Value, new: Value, written: Option<&Value>) -> Value {
    let same = old.field("access_config") == new.field("access_config");
    let (Some(ways), false) = (new.field("access_config"), same) else { return new };
    let written = written.and_then(Value::elements).map(<[Value]>::to_vec).unwrap_or_default();
    let mut place = 0;
    let ways = ways.map_parts(&mut |way| {
        let given = written.get(place).and_then(|way| way.field("nat_ip"));
        place += 1;
        match given.is_none_or(Value::is_null) {
            true => way.with_field("nat_ip", Value::unknown_not_null(Type::String)),
            false => way.clone(),
        }
    });
    new.with_field("access_config", ways)
}

/// Plans the status that follows from the wanted one.
fn follow(draft: &mut Draft<'_>, prior: &Value) {
    if let Some(wanted) = text_at(&draft.after, "desired_status")
        && text_at(prior, "desired_status").as_deref() != Some(&wanted)
    {
        draft.after = draft.after.with_field("current_status", Value::string(wanted));
    }
}

#[async_trait]
impl Hook for Instance {
    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(prior) = draft.prior else { return };
        let script = |value: &Value| text_at(value, "metadata_startup_script");
        let (old, new) = (script(prior), script(&draft.after));
        let same = match (&old, &new) {
            (Some(old), None) => script_of(&draft.after) == Some(old),
            (None, Some(new)) => script_of(prior) == Some(new),
            _ => old == new,
        };
        if !same {
            draft.replaces.push(Path::root().attribute("metadata_startup_script"));
        }
        if let (Some(old), Some(new)) = (initial_size(prior), initial_size(&draft.after))
            && new < old
        {
            let path = Path::root().attribute("boot_disk").place(0).attribute("initialize_params");
            draft.replaces.push(path.place(0).attribute("size"));
        }
        // No call changes these, though nothing in them says so.
        for name in ["confidential_instance_config", "scratch_disk"] {
            if prior.field(name) != draft.after.field(name) {
                draft.replaces.push(Path::root().attribute(name));
            }
        }
        let wired = |value: &Value| {
            let boot = first_block(value, "boot_disk");
            boot.and_then(|boot| text_at(boot, "interface")).unwrap_or_else(|| "SCSI".into())
        };
        if wired(prior) != wired(&draft.after) {
            let path = Path::root().attribute("boot_disk").place(0).attribute("interface");
            draft.replaces.push(path);
        }
        attached(draft, prior);
        interfaces(draft, prior);
        follow(draft, prior);
        let names = machine::wants_a_stop(prior, &draft.after);
        let running = text_at(prior, "current_status").is_some_and(|status| status == "RUNNING");
        if running
            && !machine::may_stop(&draft.after)
            && draft.replaces.is_empty()
            && let Some(name) = names.first()
        {
            let detail = format!(
                "A change of {} needs the machine to be stopped. Set \"allow_stopping_for_update\" to true, or \
                 \"desired_status\" to \"TERMINATED\"; with the latter it is not started again.",
                names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
            );
            let path = Path::root().attribute(*name);
            draft.problems.push(problem(&path, "The machine would have to be stopped", detail));
        }
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        disks_asked(object, planned);
        metadata_asked(object);
        let account = take(object, "serviceAccount");
        if account.is_object() {
            object["serviceAccounts"] = json!([account]);
        }
        if let Some(name) = object["machineType"].as_str().map(str::to_string) {
            object["machineType"] = json!(in_zone(planned, "machineTypes", &name));
        }
        let project = |at: usize| {
            let interface = planned.field("network_interface")?.elements()?.get(at)?;
            text_at(interface, "subnetwork_project")
        };
        let interfaces = object["networkInterfaces"].as_array_mut().into_iter().flatten();
        for (at, interface) in interfaces.enumerate() {
            for (member, collection) in [
                ("network", "networks"),
                ("subnetwork", "subnetworks"),
                ("networkAttachment", "networkAttachments"),
            ] {
                if let Some(name) = interface[member].as_str().map(str::to_string) {
                    let of = project(at).filter(|_| member == "subnetwork");
                    interface[member] = json!(in_region(planned, of.as_deref(), collection, &name));
                }
            }
            for access in interface["accessConfigs"].as_array_mut().into_iter().flatten() {
                access["type"] = json!("ONE_TO_ONE_NAT");
                if access["publicPtrDomainName"].is_string() {
                    access["setPublicPtr"] = json!(true);
                }
            }
            for access in interface["ipv6AccessConfigs"].as_array_mut().into_iter().flatten() {
                access["type"] = json!("DIRECT_IPV6");
            }
        }
        for accelerator in object["guestAccelerators"].as_array_mut().into_iter().flatten() {
            if let Some(name) = accelerator["acceleratorType"].as_str().map(str::to_string) {
                accelerator["acceleratorType"] = json!(in_zone(planned, "acceleratorTypes", &name));
            }
        }
        let specific = take(&mut object["reservationAffinity"], "specificReservation");
        for (name, value) in specific.as_object().into_iter().flatten() {
            object["reservationAffinity"][name] = value.clone();
        }
        bare(object);
        for interface in object["networkInterfaces"].as_array_mut().into_iter().flatten() {
            bare(interface);
        }
    }

    fn answered(&self, object: &mut Json, base: Option<&Value>) {
        disks_answered(object, base);
        metadata_answered(object, base);
        if let Some(account) = list(&object["serviceAccounts"]).into_iter().next() {
            object["serviceAccount"] = account;
        }
        let affinity = &mut object["reservationAffinity"];
        if affinity["key"].is_string() {
            affinity["specificReservation"] =
                json!({ "key": affinity["key"], "values": affinity["values"] });
        }
    }

    fn decoded(&self, value: Value, object: &Json, base: Option<&Value>) -> Value {
        let wanted = base.and_then(|base| text_at(base, "desired_status"));
        let status = object["status"].as_str().filter(|_| wanted.is_some());
        let value = match status {
            Some(status) => value.with_field("desired_status", Value::string(status)),
            None => value,
        };
        let Some(interfaces) = value.field("network_interface") else { return value };
        let interfaces = interfaces.map_parts(&mut |interface| {
            let subnetwork = text_at(interface, "subnetwork").unwrap_or_default();
            let project =
                subnetwork.find("projects/").and_then(|at| subnetwork[at..].split('/').nth(1));
            let own = || text_at(&value, "project").filter(|_| !subnetwork.is_empty());
            match project.map(str::to_string).or_else(own) {
                Some(project) => interface.with_field("subnetwork_project", Value::string(project)),
                None => interface.with_field("subnetwork_project", Value::null(Type::String)),
            }
        });
        value.with_field("network_interface", interfaces)
    }

    /// How the boot disk was made is said by the disk.
    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        object: &Json,
    ) -> Value {
        let disks = object["disks"].as_array().into_iter().flatten();
        let source = disks
            .filter(|disk| disk["boot"] == json!(true))
            .find_map(|disk| disk["source"].as_str());
        let Some((source, at)) =
            source.and_then(|source| Some((source, source.find("projects/")?)))
        else {
            return value;
        };
        let path = escape(&source[at..], false);
        let ask = Ask::get(&spec.service, path, "reading the boot disk");
        let Ok(disk) = session.api.send(&ask, &*session.api.clock).await else { return value };
        let Some(boot) = first_block(&value, "boot_disk") else { return value };
        let parts = parts_of(parts_of(&spec.parts, "boot_disk"), "initialize_params");
        let mut made = disk;
        for (from, to) in [("sizeGb", "diskSizeGb"), ("type", "diskType")] {
            made[to] = made[from].clone();
        }
        let initial = decode(parts, &made, first_block(boot, "initialize_params"));
        with_first_block(&value, "boot_disk", with_first_block(boot, "initialize_params", initial))
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let project = text_at(&planned, "project").unwrap_or_default();
        let image = initial_text(&planned, "image");
        let made = match &image {
            Some(image) => {
                let what = job.what("finding the image of");
                let found = image::resolve(job.session, &project, image, &what).await?;
                let asked = with_initial(&planned, |initial| {
                    initial.with_field("image", Value::string(found))
                });
                let made = job.create(&asked).await?;
                with_initial(&made, |initial| initial.with_field("image", Value::string(image)))
            }
            None => job.create(&planned).await?,
        };
        match text_at(&planned, "desired_status").filter(|status| status != "RUNNING") {
            Some(status) => {
                let wanted = made.with_field("desired_status", Value::string(status));
                machine::change(job, &made, &wanted).await
            }
            None => Ok(made),
        }
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        machine::change(job, prior, planned).await
    }
}
