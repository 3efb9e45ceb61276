//! Subnetworks: their ranges, which grow and do not overlap, and what of them may change.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store};

use super::compute::{self, Place, begin, default_of, find, key};
use super::reference;
use super::refusal::Refusal;
use super::storage::patched;
use super::turn::{Answer, Turn};

/// What a patch may change.
const CHANGEABLE: [&str; 11] = [
    "fingerprint",
    "secondaryIpRanges",
    "logConfig",
    "enableFlowLogs",
    "purpose",
    "role",
    "stackType",
    "ipv6AccessType",
    "privateIpv6GoogleAccess",
    "allowSubnetCidrRoutesOverlap",
    "ipCollection",
];

/// Checks a new subnetwork, and fills in what the service gives.
///
/// # Errors
/// What is missing, does not exist, or overlaps.
pub(super) fn check(
    turn: &mut Turn<'_>,
    project: &str,
    place: &Place,
    body: &mut Json,
) -> Result<(), Refusal> {
    let region = place.scope.trim_start_matches("regions/");
    if !compute::location_exists(region) {
        return Err(compute::missing(project, &place.scope));
    }
    let Some(network) = body["network"].as_str().map(str::to_owned) else {
        return Err(required("network"));
    };
    let network = reference::existing(turn.store, project, ("network", "networks"), &network)?;
    body["network"] = json!(network);
    if body["reservedInternalRange"].is_null() || body["ipCidrRange"].is_string() {
        let Some(range) = body["ipCidrRange"].as_str().map(str::to_owned) else {
            return Err(required("ipCidrRange"));
        };
        let primary = primary(&range)?;
        let gateway = primary.hosts().next().unwrap_or_else(|| primary.addr());
        body["gatewayAddress"] = json!(gateway.to_string());
    }
    for (field, default) in [
        ("privateIpGoogleAccess", json!(false)),
        ("privateIpv6GoogleAccess", json!("DISABLE_GOOGLE_ACCESS")),
        ("purpose", json!("PRIVATE")),
        ("stackType", json!("IPV4_ONLY")),
        ("state", json!("READY")),
    ] {
        default_of(body, field, default);
    }
    dressed(turn.store, body)?;
    let own = key(project, &format!("{}/subnetworks/{}", place.scope, text(body, "name")));
    apart(turn.store, project, &own, body)?;
    body["fingerprint"] = json!(turn.store.etag());
    if let Some(fields) = body.as_object_mut() {
        fields.remove("params");
    }
    Ok(())
}

fn text<'a>(object: &'a Json, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

fn required(field: &str) -> Refusal {
    let mut refusal = Refusal::invalid(format!("Required field 'resource.{field}' not specified"));
    refusal.reason = "required";
    refusal
}

fn wrong(field: &str, value: &str, why: &str) -> Refusal {
    let mut refusal =
        Refusal::invalid(format!("Invalid value for field 'resource.{field}': '{value}'. {why}"));
    refusal.reason = "invalid";
    refusal
}

/// Reads a primary range: one of a network address, from /4 to /29.
fn primary(text: &str) -> Result<IpNet, Refusal> {
    let range: Option<IpNet> = text.parse().ok();
    match range {
        Some(range) if range != range.trunc() => {
            Err(wrong("ipCidrRange", text, "The host bits of the range must be zero."))
        }
        Some(range @ IpNet::V4(_)) if (4..=29).contains(&range.prefix_len()) => Ok(range),
        _ => Err(wrong("ipCidrRange", text, "Must be a CIDR address range.")),
    }
}

/// Gives an object what follows from its kinds of addresses and its logs.
fn dressed(store: &mut Store, object: &mut Json) -> Result<(), Refusal> {
    if object["logConfig"]["enable"] == json!(true) {
        let logs = &mut object["logConfig"];
        default_of(logs, "aggregationInterval", json!("INTERVAL_5_SEC"));
        default_of(logs, "flowSampling", json!(0.5));
        default_of(logs, "metadata", json!("EXCLUDE_ALL_METADATA"));
        if let Some(fields) = logs.as_object_mut() {
            fields.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
        }
    }
    let list = |object: &Json| object["secondaryIpRanges"].as_array().cloned().unwrap_or_default();
    for range in list(object) {
        let name = text(&range, "rangeName");
        if name.is_empty() {
            return Err(required("secondaryIpRanges[].rangeName"));
        }
        if list(object).iter().filter(|other| other["rangeName"] == name).count() > 1 {
            return Err(wrong("secondaryIpRanges", name, "Range names must be unique."));
        }
    }
    let bare = list(object).is_empty();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|name, value| *value != json!("") && !(bare && name == "secondaryIpRanges"));
    }
    let dual = object["stackType"] != json!("IPV4_ONLY");
    match object["ipv6AccessType"].as_str() {
        None if dual => return Err(required("ipv6AccessType")),
        Some(access) if dual => {
            let (prefix, first) = match access {
                "EXTERNAL" => ("externalIpv6Prefix", "2600:1900"),
                _ => ("internalIpv6Prefix", "fd20"),
            };
            if object[prefix].is_null() {
                object[prefix] = json!(format!("{first}:{:x}::/64", store.count()));
            }
            object["ipv6CidrRange"] = object[prefix].clone();
            object["ipv6GceEndpoint"] = json!("VM_AND_FR");
        }
        _ => {
            for field in [
                "ipv6AccessType",
                "externalIpv6Prefix",
                "internalIpv6Prefix",
                "ipv6CidrRange",
                "ipv6GceEndpoint",
            ] {
                if let Some(fields) = object.as_object_mut() {
                    fields.remove(field);
                }
            }
        }
    }
    Ok(())
}

fn ranges(object: &Json) -> Vec<IpNet> {
    let secondary = object["secondaryIpRanges"].as_array().into_iter().flatten();
    let texts = std::iter::once(&object["ipCidrRange"]);
    let texts = texts.chain(secondary.map(|range| &range["ipCidrRange"]));
    texts.filter_map(|text| text.as_str()?.parse().ok()).collect()
}

/// Sees to it that no two ranges of a network overlap.
fn apart(store: &Store, project: &str, own: &str, object: &Json) -> Result<(), Refusal> {
    let overlap = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
    let mine = ranges(object);
    for (place, range) in mine.iter().enumerate() {
        if mine[..place].iter().any(|other| overlap(range, other)) {
            return Err(conflict(range, text(object, "name"), object));
        }
    }
    for (key, other) in store.below(&key(project, "regions/")) {
        if key == own || !key.contains("/subnetworks/") || other["network"] != object["network"] {
            continue;
        }
        let theirs = ranges(other);
        let taken = mine.iter().find(|range| theirs.iter().any(|other| overlap(range, other)));
        if let Some(range) = taken {
            return Err(conflict(range, text(other, "name"), other));
        }
    }
    Ok(())
}

fn conflict(range: &IpNet, name: &str, other: &Json) -> Refusal {
    let region = text(other, "region").rsplit('/').next().unwrap_or_default();
    let mut refusal = Refusal::invalid(format!(
        "Invalid IPCidrRange: {range} conflicts with existing subnetwork '{name}' in region '{region}'."
    ));
    refusal.reason = "invalid";
    refusal
}

/// Says which cluster uses a subnetwork or one of its secondary ranges.
fn user(store: &Store, subnetwork: &Json, range: Option<&str>) -> Option<String> {
    let own = text(subnetwork, "selfLink").split("/compute/v1/").nth(1)?;
    let mut clusters =
        store.below("container/").filter(|(key, _)| key.rsplit('/').nth(1) == Some("clusters"));
    let found = clusters.find(|(_, cluster)| {
        cluster["networkConfig"]["subnetwork"] == own
            && range.is_none_or(|range| {
                let policy = &cluster["ipAllocationPolicy"];
                policy["clusterSecondaryRangeName"] == range
                    || policy["servicesSecondaryRangeName"] == range
            })
    });
    found.map(|(key, _)| key.trim_start_matches("container/").to_owned())
}

/// Refuses what a cluster still needs.
///
/// # Errors
/// A cluster uses it.
pub(super) fn unused(store: &Store, subnetwork: &Json) -> Result<(), Refusal> {
    let own = text(subnetwork, "selfLink").split("/compute/v1/").nth(1).unwrap_or_default();
    match user(store, subnetwork, None) {
        Some(user) => Err(in_use(own, &user)),
        None => Ok(()),
    }
}

fn in_use(own: &str, user: &str) -> Refusal {
    let mut refusal = Refusal::invalid(format!(
        "The subnetwork resource '{own}' is already being used by '{user}'"
    ));
    refusal.reason = "resourceInUseByAnotherResource";
    refusal
}

/// Gives what a patch makes of a subnetwork.
///
/// # Errors
/// The fingerprint is not the present one, or the change is none that is allowed.
pub(super) fn changed(turn: &mut Turn<'_>, project: &str, object: &Json) -> Result<Json, Refusal> {
    let given = turn.body.clone();
    if given["fingerprint"] != object["fingerprint"] {
        return Err(Refusal::condition("Invalid fingerprint."));
    }
    for (field, value) in given.as_object().into_iter().flatten() {
        if !CHANGEABLE.contains(&field.as_str()) && *value != object[field.as_str()] {
            return Err(wrong(
                field,
                &value.to_string(),
                "The field cannot be changed by a patch.",
            ));
        }
    }
    let mut after = patched(object, &given);
    dressed(turn.store, &mut after)?;
    let names = |object: &Json| -> Vec<String> {
        let ranges = object["secondaryIpRanges"].as_array().into_iter().flatten();
        ranges.map(|range| text(range, "rangeName").to_owned()).collect()
    };
    let left = names(&after);
    for name in names(object).iter().filter(|name| !left.contains(name)) {
        if let Some(user) = user(turn.store, object, Some(name)) {
            return Err(in_use(text(object, "name"), &user));
        }
    }
    let link = text(object, "selfLink").to_owned();
    let below = link.split(&format!("/projects/{project}/")).nth(1).unwrap_or_default();
    apart(turn.store, project, &key(project, below), &after)?;
    after["fingerprint"] = json!(turn.store.etag());
    Ok(after)
}

/// Does what a subnetwork has calls of its own for.
///
/// # Errors
/// The range does not grow, or meets another.
pub(super) fn answer(turn: &mut Turn<'_>, project: &str, place: &Place, verb: &str) -> Answer {
    let (own, object) = find(turn, project, place)?;
    let mut fields = if verb == "expandIpCidrRange" {
        let given = text(&turn.body, "ipCidrRange").to_owned();
        let (range, old) = (primary(&given)?, primary(text(&object, "ipCidrRange"))?);
        let fits = range.contains(&old) && range.prefix_len() < old.prefix_len();
        if !fits {
            return Err(wrong(
                "ipCidrRange",
                &given,
                "The new range must contain the present one, and be larger.",
            ));
        }
        let mut grown = object.clone();
        grown["ipCidrRange"] = json!(given);
        apart(turn.store, project, &own, &grown)?;
        json!({ "ipCidrRange": given })
    } else {
        json!({ "privateIpGoogleAccess": turn.body["privateIpGoogleAccess"] == json!(true) })
    };
    fields["fingerprint"] = json!(turn.store.etag());
    begin(turn, (project, &place.scope), verb, &object, vec![Effect::Set(own, fields)])
}

/// Says whether a text is a range or an address.
pub(super) fn is_range(text: &str) -> bool {
    text.parse::<IpNet>().is_ok() || text.parse::<IpAddr>().is_ok()
}
