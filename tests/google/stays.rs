//! What a plan says of the attributes that the service gives is what comes of it: none is open that stays, none stays that
//! moves. So nothing that depends on an object is told to change because of a change that does not reach it.

use serde_json::{Value as Json, json};
use terrane::providers::rest::spec::{Part, Spec};
use terrane::schema::Given;
use terrane::value::Value;

/// What may move and stays in the sandbox by chance: the type, the attribute, and why.
const BY_CHANCE: &[(&str, &str, &str)] = &[
    (
        "google_compute_instance",
        "attached_disk[0].disk_encryption_key_sha256",
        "it is another disk",
    ),
    ("google_compute_instance", "attached_disk[0].kms_key_self_link", "it is another disk"),
    ("google_compute_instance", "network_interface[0].network", "a subnetwork has its own"),
    (
        "google_compute_instance",
        "network_interface[0].subnetwork_project",
        "a subnetwork has its own",
    ),
    ("google_compute_instance", "cpu_platform", "a zone has several"),
    ("google_compute_instance", "current_status", "a new machine may be stopped at once"),
    ("google_compute_subnetwork", "ipv6_gce_endpoint", "it follows what uses it"),
    ("google_compute_subnetwork", "state", "a range may be draining"),
    (
        "google_container_cluster",
        "master_version",
        "the default moves, and no version is taken back",
    ),
    ("google_container_cluster", "services_ipv4_cidr", "the service chooses a free range"),
    ("google_dns_managed_zone", "name_servers", "the service has several sets of them"),
    ("google_firestore_database", "earliest_version_time", "it moves with the time of day"),
    ("google_redis_instance", "current_location_id", "the service chooses the zone"),
    ("google_redis_instance", "effective_reserved_ip_range", "the service chooses a free range"),
    ("google_redis_instance", "host", "the service chooses an address"),
    ("google_redis_instance", "nodes", "the service chooses the zones"),
    ("google_redis_instance", "port", "it is another one with encryption"),
    (
        "google_secret_manager_secret",
        "expire_time",
        "what becomes of it without `ttl` is the service's",
    ),
    ("google_sql_database_instance", "first_ip_address", "the service chooses an address"),
    ("google_sql_database_instance", "ip_address", "the service chooses an address"),
    ("google_sql_database_instance", "public_ip_address", "the service chooses an address"),
    ("google_sql_user", "iam_email", "it is another one for other types of users"),
    ("google_sql_user", "id", "the host is the service's"),
];

/// What a new object gets otherwise than it is written, and the plan cannot know.
const OTHERWISE: &[(&str, &str, &str)] = &[(
    "google_container_cluster",
    ".ip_allocation_policy[0].additional_ip_ranges_config[0].status",
    "a new range cannot be draining",
)];

/// Names the parts of an in-place plan that are open though they stay, or are told and come out otherwise.
pub(crate) fn untrue_update(
    spec: &Spec,
    prior: &Value,
    planned: &Value,
    done: &Value,
) -> Vec<String> {
    let mut found = Vec::new();
    compare(Some(prior), planned, done, "", &mut found);
    let is_chance = |text: &String| {
        let chances = BY_CHANCE.iter().filter(|(ty, _, _)| *ty == spec.type_name);
        chances.into_iter().any(|(_, name, _)| text.starts_with(&format!(".{name}: open")))
    };
    found.retain(|text| !is_chance(text));
    found
}

/// Names the same of a replacement: of what the service gives, open though the new object has the same.
pub(crate) fn untrue_replacement(
    spec: &Spec,
    prior: &Value,
    planned: &Value,
    done: &Value,
) -> Vec<String> {
    let mut found = Vec::new();
    compare(None, planned, done, "", &mut found);
    let is_otherwise = |text: &String| {
        let known = OTHERWISE.iter().filter(|(ty, _, _)| *ty == spec.type_name);
        known.into_iter().any(|(_, path, _)| text.starts_with(&format!("{path}: told")))
    };
    found.retain(|text| !is_otherwise(text));
    let given = spec.parts.iter().filter(|part| part.given == Given::Service);
    for name in given.map(|part| part.name.as_str()).chain(["id"]) {
        let is_chance =
            BY_CHANCE.iter().any(|(ty, attribute, _)| *ty == spec.type_name && *attribute == name);
        let (Some(old), Some(told), Some(new)) =
            (prior.field(name), planned.field(name), done.field(name))
        else {
            continue;
        };
        if !told.is_known() && old == new && !is_chance && !is_nothing(new) {
            found.push(format!(".{name}: open, and the new object has the same: {new:?}"));
        }
    }
    found
}

/// Gives a part's configuration with each value in it open once that changes in place, and the value's path.
pub(crate) fn opened(part: &Part, json: &Json, path: &str) -> Vec<(String, Json)> {
    let Some(parts) = part.inside() else {
        return if part.replaces { Vec::new() } else { vec![(path.into(), json!("(unknown)"))] };
    };
    if let Json::Array(blocks) = json {
        let inner = blocks.iter().enumerate().flat_map(|(place, block)| {
            opened(part, block, path).into_iter().map(move |(path, open)| {
                let mut blocks = blocks.clone();
                blocks[place] = open;
                (path, Json::Array(blocks))
            })
        });
        return inner.collect();
    }
    let given = parts.iter().filter_map(|part| Some((part, json.get(&part.name)?)));
    let inner = given.flat_map(|(part, value)| {
        opened(part, value, &format!("{path}.{}", part.name)).into_iter().map(|(path, open)| {
            let mut block = json.clone();
            block[&part.name] = open;
            (path, block)
        })
    });
    inner.collect()
}

fn is_nothing(value: &Value) -> bool {
    let empty = value.elements().is_some_and(<[Value]>::is_empty)
        || value.fields().is_some_and(|fields| fields.is_empty());
    value.is_null() || empty || value.as_str() == Some("")
}

fn compare(
    prior: Option<&Value>,
    planned: &Value,
    done: &Value,
    path: &str,
    found: &mut Vec<String>,
) {
    if !planned.is_known() {
        if prior == Some(done) {
            found.push(format!("{path}: open, and it stayed {done:?}"));
        }
        return;
    }
    if let (Some(parts), Some(came)) = (planned.fields(), done.fields())
        && parts.len() == came.len()
    {
        for (name, planned) in parts {
            let Some(done) = came.get(name) else {
                found.push(format!("{path}.{name}: told, and it is not there"));
                continue;
            };
            let prior = prior.and_then(|prior| prior.field(name));
            compare(prior, planned, done, &format!("{path}.{name}"), found);
        }
    } else if let (Some(parts), Some(came)) = (planned.elements(), done.elements())
        && parts.len() == came.len()
    {
        let before = prior.and_then(Value::elements).unwrap_or_default();
        for (place, (planned, done)) in parts.iter().zip(came).enumerate() {
            compare(before.get(place), planned, done, &format!("{path}[{place}]"), found);
        }
    } else if planned != done {
        found.push(format!("{path}: told as {planned:?}, and it came out as {done:?}"));
    }
}
