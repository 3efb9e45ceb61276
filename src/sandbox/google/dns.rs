//! Cloud DNS: zones, and the changes of their records.
//!
//! A change is whole or not at all: what it takes away must stand as it says, what it brings must not stand. The records of a
//! zone's top (NS, SOA) can be changed and never go.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Operation, hash, merge_fields, stamp};

use super::network;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("dns.managedZones.create", create),
    ("dns.managedZones.get", get),
    ("dns.managedZones.list", list),
    ("dns.managedZones.update", update),
    ("dns.managedZones.patch", patch),
    ("dns.managedZones.delete", delete),
    ("dns.resourceRecordSets.get", get_set),
    ("dns.resourceRecordSets.list", list_sets),
    ("dns.resourceRecordSets.create", create_set),
    ("dns.resourceRecordSets.patch", patch_set),
    ("dns.resourceRecordSets.delete", delete_set),
    ("dns.changes.create", change),
    ("dns.changes.get", get_change),
    ("dns.changes.list", list_changes),
];

/// How long a change takes.
const TAKES: Duration = Duration::from_secs(5);

fn key(project: &str, name: &str) -> String {
    format!("dns/projects/{project}/managedZones/{name}")
}

fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let (project, name) = (&turn.path[0], &turn.path[1]);
    let found = turn.store.find(&key(project, name)).cloned();
    found.map(|zone| (key(project, name), zone)).ok_or_else(|| {
        Refusal::not_found(format!(
            "managedZone \"projects/{project}/managedZones/{name}\" not found"
        ))
    })
}

fn wrong(field: &str, value: &str) -> Refusal {
    Refusal {
        reason: "invalid",
        ..Refusal::invalid(format!("Invalid value for '{field}': '{value}'"))
    }
}

fn set_key(zone: &str, name: &str, kind: &str) -> String {
    format!("{zone}/rrsets/{name} {kind}")
}

fn create(turn: &mut Turn<'_>) -> Answer {
    network::ensure_defaults(turn.store, turn.now, &turn.path[0]);
    let mut zone = turn.body.clone();
    let text = |zone: &Json, name: &str| zone[name].as_str().unwrap_or_default().to_owned();
    let (name, dns) = (text(&zone, "name"), text(&zone, "dnsName"));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = (1..=63).contains(&name.len())
        && name.chars().all(fits)
        && name.starts_with(|c: char| c.is_ascii_lowercase());
    if !good {
        return Err(wrong("entity.managedZone.name", &name));
    }
    if !dns.ends_with('.') || dns.len() < 2 {
        return Err(wrong("entity.managedZone.dnsName", &dns));
    }
    let place = key(&turn.path[0], &name);
    if turn.store.find(&place).is_some() {
        return Err(Refusal::exists(format!(
            "The resource 'entity.managedZone' named '{name}' already exists"
        )));
    }
    let letter = char::from(b'a' + u8::try_from(hash(&dns) % 5).unwrap_or(0));
    let servers: Vec<String> =
        (1..=4).map(|n| format!("ns-cloud-{letter}{n}.googledomains.com.")).collect();
    zone["kind"] = json!("dns#managedZone");
    zone["id"] = json!(turn.store.number());
    zone["creationTime"] = json!(stamp(turn.now));
    zone["nameServers"] = json!(servers);
    complete(turn, &mut zone)?;
    turn.store.put(place.clone(), zone.clone());
    let soa = format!("{} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300", servers[0]);
    for (kind, data) in [("NS", json!(servers)), ("SOA", json!([soa]))] {
        let set = json!({
            "kind": "dns#resourceRecordSet", "name": dns, "type": kind, "ttl": 21600, "rrdatas": data,
        });
        let place = set_key(&place, &dns, kind);
        turn.store.put(place.clone(), set);
        turn.store.hidden.insert(place, json!({"default": true}));
    }
    turn::ok(&zone)
}

/// Fills in what a zone has without being asked, and looks at what it names.
fn complete(turn: &Turn<'_>, zone: &mut Json) -> Result<(), Refusal> {
    if zone["visibility"].is_null() {
        zone["visibility"] = json!("public");
    }
    zone["cloudLoggingConfig"]["kind"] = json!("dns#managedZoneCloudLoggingConfig");
    let private = zone["visibility"] == "private";
    let networks = zone.pointer("/privateVisibilityConfig/networks").cloned().unwrap_or_default();
    for (index, network) in networks.as_array().into_iter().flatten().enumerate() {
        let link = network["networkUrl"].as_str().unwrap_or_default();
        let place = link.split("/compute/v1/").nth(1).map(|below| format!("compute/{below}"));
        if place.is_none_or(|place| turn.store.find(&place).is_none()) {
            let field =
                format!("entity.managedZone.privateVisibilityConfig.networks[{index}].networkUrl");
            return Err(wrong(&field, link));
        }
        if !private {
            return Err(wrong("entity.managedZone.privateVisibilityConfig", "public"));
        }
    }
    if networks.as_array().is_some_and(Vec::is_empty)
        && let Some(seen) = zone["privateVisibilityConfig"].as_object_mut()
    {
        seen.remove("networks");
        if seen.values().all(|rest| rest.as_array().is_some_and(Vec::is_empty)) {
            zone["privateVisibilityConfig"] = Json::Null;
        }
    }
    if let Some(fields) = zone.as_object_mut() {
        fields.retain(|name, value| name != "privateVisibilityConfig" || !value.is_null());
    }
    let secured = &mut zone["dnssecConfig"];
    if secured.is_object() {
        if private && secured["state"] == "on" {
            return Err(wrong("entity.managedZone.dnssecConfig.state", "on"));
        }
        secured["kind"] = json!("dns#managedZoneDnsSecConfig");
        if secured["state"] == "on" {
            if secured["nonExistence"].is_null() {
                secured["nonExistence"] = json!("nsec3");
            }
            if secured["defaultKeySpecs"].is_null() {
                secured["defaultKeySpecs"] = json!([
                    {"kind": "dns#dnsKeySpec", "keyType": "keySigning", "algorithm": "rsasha256", "keyLength": 2048},
                    {"kind": "dns#dnsKeySpec", "keyType": "zoneSigning", "algorithm": "rsasha256", "keyLength": 1024},
                ]);
            }
        }
    }
    Ok(())
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = key(&turn.path[0], "");
    let wanted = turn.parameter("dnsName").map(str::to_owned);
    let found = turn.store.children(&prefix).map(|(_, zone)| zone.clone());
    let items =
        found.filter(|zone| wanted.as_ref().is_none_or(|it| zone["dnsName"] == *it)).collect();
    let page = turn.page(items, "maxResults");
    turn::list(json!({"kind": "dns#managedZonesListResponse"}), "managedZones", page)
}

fn update(turn: &mut Turn<'_>) -> Answer {
    let mut given = turn.body.clone();
    if given["privateVisibilityConfig"].is_null() {
        given["privateVisibilityConfig"] = find(turn)?.1["privateVisibilityConfig"].clone();
    }
    changed(turn, given)
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (_, zone) = find(turn)?;
    let given = super::storage::patched(&zone, &turn.body);
    changed(turn, given)
}

fn changed(turn: &mut Turn<'_>, given: Json) -> Answer {
    let (place, old) = find(turn)?;
    let mut new = given;
    for field in ["kind", "id", "creationTime", "nameServers"] {
        new[field] = old[field].clone();
    }
    complete(turn, &mut new)?;
    for field in ["name", "dnsName", "visibility"] {
        if new[field] != old[field] {
            let value = new[field].as_str().unwrap_or_default();
            return Err(wrong(&format!("entity.managedZone.{field}"), value));
        }
    }
    turn.store.put(place, new.clone());
    turn::ok(&json!({
        "kind": "dns#operation", "id": turn.store.number(), "startTime": stamp(turn.now), "status": "done",
        "type": "UPDATE", "user": "user@example.com", "zoneContext": {"oldValue": old, "newValue": new},
    }))
}

fn sets(turn: &Turn<'_>, zone: &str) -> Vec<Json> {
    let prefix = format!("{zone}/rrsets/");
    turn.store.below(&prefix).map(|(_, set)| set.clone()).collect()
}

fn is_top(zone: &Json, set: &Json) -> bool {
    set["name"] == zone["dnsName"] && (set["type"] == "NS" || set["type"] == "SOA")
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, zone) = find(turn)?;
    if sets(turn, &place).iter().any(|set| !is_top(&zone, set)) {
        let name = &turn.path[1];
        let refusal = Refusal::invalid(format!(
            "The resource named '{name}' cannot be deleted because it contains one or more 'resource records'."
        ));
        return Err(Refusal { reason: "containerNotEmpty", ..refusal });
    }
    let prefix = format!("{place}/");
    turn.store.apply(crate::sandbox::store::Effect::RemoveBelow(prefix));
    turn.store.remove(&place);
    turn::ok(&json!({}))
}

fn get_set(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    match turn.store.find(&set_key(&place, &turn.path[2], &turn.path[3])) {
        Some(set) => turn::ok(set),
        None => Err(missing("parameters.name", &turn.path[2], &turn.path[3])),
    }
}

fn list_sets(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let name = turn.parameter("name").map(str::to_owned);
    let kind = turn.parameter("type").map(str::to_owned);
    let items = sets(turn, &place)
        .into_iter()
        .filter(|set| name.as_ref().is_none_or(|name| set["name"] == *name))
        .filter(|set| kind.as_ref().is_none_or(|kind| set["type"] == *kind))
        .collect();
    let page = turn.page(items, "maxResults");
    turn::list(json!({"kind": "dns#resourceRecordSetsListResponse"}), "rrsets", page)
}

/// Makes a set by itself: the same as a change that adds it.
fn create_set(turn: &mut Turn<'_>) -> Answer {
    let set = turn.body.clone();
    turn.body = json!({"additions": [set]});
    change(turn)?;
    turn.path.extend([text(&set, "name").to_owned(), text(&set, "type").to_owned()]);
    get_set(turn)
}

/// Changes a set by itself: what the request says takes the place of what stands.
fn patch_set(turn: &mut Turn<'_>) -> Answer {
    let (stands, given) = (standing(turn)?, turn.body.clone());
    let mut set = stands.clone();
    merge_fields(&mut set, &given);
    turn.body = json!({"deletions": [stands], "additions": [set]});
    change(turn)?;
    get_set(turn)
}

fn delete_set(turn: &mut Turn<'_>) -> Answer {
    let stands = standing(turn)?;
    turn.body = json!({"deletions": [stands]});
    change(turn)?;
    turn::ok(&json!({}))
}

fn standing(turn: &Turn<'_>) -> Result<Json, Refusal> {
    let (place, _) = find(turn)?;
    let (name, kind) = (&turn.path[2], &turn.path[3]);
    let found = turn.store.find(&set_key(&place, name, kind)).cloned();
    found.ok_or_else(|| missing("parameters.name", name, kind))
}

fn missing(field: &str, name: &str, kind: &str) -> Refusal {
    Refusal::not_found(format!("The '{field}' resource named '{name} ({kind})' does not exist."))
}

fn text<'a>(set: &'a Json, name: &str) -> &'a str {
    set[name].as_str().unwrap_or_default()
}

/// Gives a set as it is kept: addresses in one form, texts in quotes.
fn normal(set: &Json, field: &str) -> Result<Json, Refusal> {
    let mut set = set.clone();
    set["kind"] = json!("dns#resourceRecordSet");
    let kind = text(&set, "type").to_owned();
    let none = set["rrdatas"].as_array().is_none_or(Vec::is_empty);
    if none && !set["routingPolicy"].is_object() {
        return Err(wrong(&format!("{field}.rrdata"), ""));
    }
    for (index, data) in set["rrdatas"].as_array_mut().into_iter().flatten().enumerate() {
        let given = data.as_str().unwrap_or_default().to_owned();
        let bad = || wrong(&format!("{field}.rrdata[{index}]"), &given);
        match kind.as_str() {
            "A" => {
                given.parse::<std::net::Ipv4Addr>().map_err(|_| bad())?;
            }
            "AAAA" => {
                let address = given.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
                *data = json!(address.to_string());
            }
            "CNAME" | "NS" | "PTR" if !given.ends_with('.') => return Err(bad()),
            "MX" if !given.ends_with('.') || given.split(' ').count() != 2 => return Err(bad()),
            "TXT" if !given.starts_with('"') => {
                let words: Vec<String> = given.split(' ').map(|it| format!("\"{it}\"")).collect();
                *data = json!(words.join(" "));
            }
            _ => {}
        }
    }
    Ok(set)
}

fn same(a: &Json, b: &Json) -> bool {
    let data = |set: &Json| {
        let mut data = set["rrdatas"].as_array().cloned().unwrap_or_default();
        data.sort_by_key(Json::to_string);
        data
    };
    data(a) == data(b) && a["ttl"] == b["ttl"] && a["routingPolicy"] == b["routingPolicy"]
}

fn change(turn: &mut Turn<'_>) -> Answer {
    let (place, zone) = find(turn)?;
    let body = turn.body.clone();
    let (gone, come) = (listed(&body, "deletions"), listed(&body, "additions"));
    if gone.is_empty() && come.is_empty() {
        return Err(wrong("entity.change", ""));
    }
    for (index, set) in gone.iter().enumerate() {
        let field = format!("entity.change.deletions[{index}]");
        let (name, kind) = (text(set, "name"), text(set, "type"));
        let found = turn.store.find(&set_key(&place, name, kind));
        let stands = found.ok_or_else(|| missing(&field, name, kind))?;
        if !same(stands, &normal(set, &field)?) {
            return Err(Refusal::condition(format!("Precondition not met for '{field}'")));
        }
        let comes = come.iter().any(|it| it["name"] == set["name"] && it["type"] == set["type"]);
        if is_top(&zone, set) && !comes {
            let refusal = Refusal::invalid(format!(
                "The resource record set '{field}' is invalid because a zone must contain exactly one resource record set \
                 of type '{kind}' at the apex."
            ));
            return Err(Refusal { reason: "invalidZoneApex", ..refusal });
        }
    }
    let mut made = Vec::new();
    for (index, set) in come.iter().enumerate() {
        let field = format!("entity.change.additions[{index}]");
        made.push(addition(turn, (&place, &zone), (set, &field), &gone)?);
    }
    for set in &gone {
        turn.store.remove(&set_key(&place, text(set, "name"), text(set, "type")));
    }
    for set in &made {
        let place = set_key(&place, text(set, "name"), text(set, "type"));
        turn.store.put(place.clone(), set.clone());
        if is_top(&zone, set) {
            turn.store.hidden.insert(place, json!({"default": true}));
        }
    }
    let id = turn.store.count().to_string();
    let mut shown = json!({
        "kind": "dns#change", "id": id, "startTime": stamp(turn.now), "status": "pending", "isServing": false,
    });
    for (name, some) in [("additions", &made), ("deletions", &gone)] {
        if !some.is_empty() {
            shown[name] = json!(some);
        }
    }
    let operation = Operation {
        shown: shown.clone(),
        due: turn.now + SignedDuration::try_from(TAKES).unwrap_or_default(),
        done: false,
        finished: json!({"status": "done"}),
        ended_at: String::new(),
        holds: String::new(),
        effects: Vec::new(),
    };
    turn.store.operations.insert(format!("{place}/changes/{id}"), operation);
    turn::ok(&shown)
}

fn listed(body: &Json, name: &str) -> Vec<Json> {
    body[name].as_array().cloned().unwrap_or_default()
}

/// Checks a set that comes, and gives it as it is kept.
fn addition(
    turn: &Turn<'_>,
    (place, zone): (&str, &Json),
    (set, field): (&Json, &str),
    gone: &[Json],
) -> Result<Json, Refusal> {
    let (name, kind) = (text(set, "name"), text(set, "type"));
    let top = text(zone, "dnsName");
    if name != top && !name.ends_with(&format!(".{top}")) {
        return Err(wrong(&format!("{field}.name"), name));
    }
    let set = normal(set, field)?;
    let goes = |other: &Json| {
        gone.iter().any(|it| it["name"] == other["name"] && it["type"] == other["type"])
    };
    if turn.store.find(&set_key(place, name, kind)).is_some_and(|stands| !goes(stands)) {
        return Err(Refusal::exists(format!(
            "The resource '{field}' named '{name} ({kind})' already exists"
        )));
    }
    let beside = sets(turn, place);
    let clash = beside.iter().find(|other| {
        other["name"] == name && !goes(other) && (kind == "CNAME") != (other["type"] == "CNAME")
    });
    if let Some(other) = clash {
        let refusal = Refusal::invalid(format!(
            "The resource record set '{field}' is invalid because the DNS name '{name}' may have either one CNAME resource \
             record set or resource record sets of other types, but not both: {}.",
            text(other, "type")
        ));
        return Err(Refusal { reason: "cnameResourceRecordSetConflict", ..refusal });
    }
    Ok(set)
}

fn get_change(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    match turn.store.operations.get(&format!("{place}/changes/{}", turn.path[2])) {
        Some(change) => turn::ok(&change.shown),
        None => Err(Refusal::not_found(format!(
            "The 'parameters.changeId' resource named '{}' does not exist.",
            turn.path[2]
        ))),
    }
}

fn list_changes(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let prefix = format!("{place}/changes/");
    let found = turn.store.operations.iter().filter(|(key, _)| key.starts_with(&prefix));
    let items = found.map(|(_, change)| change.shown.clone()).collect();
    let page = turn.page(items, "maxResults");
    turn::list(json!({"kind": "dns#changesListResponse"}), "changes", page)
}
