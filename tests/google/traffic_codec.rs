//! The bodies of all recorded traffic, read and written by our resource files.
//!
//! Every object that a real service told is read the same twice and plans no change against itself. Every object that a
//! real client asked for is asked for again, member by member; what is not stands in `traffic/differences.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use terrane::providers::rest::decode::decode;
use terrane::providers::rest::encode::{Empty, encode};

use super::recorded::{leaves_of, written};
use super::support::{Bench, differences};
use super::traffic::{Exchange, logs, settle};

/// The types by service and collection; with the member of a request that holds the object.
const TYPES: &[(&str, &str, &str, &str)] = &[
    ("artifactregistry", "repositories", "google_artifact_registry_repository", ""),
    ("bigtableadmin", "instances", "google_bigtable_instance", "instance"),
    ("bigtableadmin", "tables", "google_bigtable_table", "table"),
    ("cloudkms", "keyRings", "google_kms_key_ring", ""),
    ("cloudkms", "cryptoKeys", "google_kms_crypto_key", ""),
    ("compute", "addresses", "google_compute_address", ""),
    ("compute", "disks", "google_compute_disk", ""),
    ("compute", "firewalls", "google_compute_firewall", ""),
    ("compute", "instances", "google_compute_instance", ""),
    ("compute", "networks", "google_compute_network", ""),
    ("compute", "subnetworks", "google_compute_subnetwork", ""),
    ("container", "clusters", "google_container_cluster", "cluster"),
    ("container", "nodePools", "google_container_node_pool", "nodePool"),
    ("dns", "managedZones", "google_dns_managed_zone", ""),
    ("firestore", "databases", "google_firestore_database", ""),
    ("iam", "serviceAccounts", "google_service_account", "serviceAccount"),
    ("pubsub", "topics", "google_pubsub_topic", ""),
    ("pubsub", "subscriptions", "google_pubsub_subscription", ""),
    ("redis", "instances", "google_redis_instance", ""),
    ("secretmanager", "secrets", "google_secret_manager_secret", ""),
    ("sqladmin", "instances", "google_sql_database_instance", ""),
    ("sqladmin", "databases", "google_sql_database", ""),
    ("sqladmin", "users", "google_sql_user", ""),
    ("storage", "b", "google_storage_bucket", ""),
];

/// Gives the type that an exchange is about, and the member that holds it.
fn type_of(exchange: &Exchange) -> Option<(&'static str, &'static str)> {
    let collection = exchange.collection();
    let of = |row: &&(&str, &str, &'static str, &'static str)| {
        row.0 == exchange.service() && row.1 == collection
    };
    let (_, _, type_name, member) = TYPES.iter().find(of)?;
    let global = *type_name == "google_compute_address" && exchange.url.contains("/global/");
    Some((if global { "google_compute_global_address" } else { type_name }, member))
}

/// Gives the object that a request for a new one holds.
fn asked<'a>(exchange: &'a Exchange, member: &str) -> Option<&'a Json> {
    let segments = exchange.segments();
    let last = segments.last().copied().unwrap_or_default();
    let named = matches!(exchange.collection().as_str(), "topics" | "subscriptions");
    let makes = match exchange.method.as_str() {
        "POST" => last == exchange.collection(),
        "PUT" => named,
        _ => false,
    };
    let makes = makes && exchange.status < 300 && exchange.request.is_object();
    makes.then(|| exchange.request.get(member).unwrap_or(&exchange.request))
}

/// Gives the object that a read told.
fn told(exchange: &Exchange) -> Option<&Json> {
    let segments = exchange.segments();
    let single =
        exchange.method == "GET" && segments.last().copied() != Some(&*exchange.collection());
    (single && exchange.status == 200 && exchange.response.is_object())
        .then_some(&exchange.response)
}

/// Gives all objects that real services told, each with its type.
pub(crate) fn answers() -> Vec<(&'static str, Json)> {
    let all = logs();
    let of = |exchange: &Exchange| Some((type_of(exchange)?.0, told(exchange)?.clone()));
    all.iter().flat_map(|(_, exchanges)| exchanges).filter_map(of).collect()
}

#[derive(Default)]
pub(crate) struct Figures {
    /// By type: answers read, requests written again, and their members: all, and those that are the same.
    pub rows: BTreeMap<&'static str, [usize; 4]>,
    unread: BTreeSet<(String, String, String)>,
    unwritten: BTreeSet<(String, String, String)>,
}

/// Gives what comes of reading and writing all bodies; that is done once.
pub(crate) fn figures() -> &'static Figures {
    static FIGURES: std::sync::OnceLock<Figures> = std::sync::OnceLock::new();
    FIGURES.get_or_init(count)
}

fn count() -> Figures {
    let bench = Bench::new();
    let mut figures = Figures::default();
    let mut specs = BTreeMap::new();
    for (log, exchanges) in logs() {
        for exchange in &exchanges {
            let Some((type_name, member)) = type_of(exchange) else { continue };
            let spec = &*specs.entry(type_name).or_insert_with(|| bench.spec(type_name));
            let row = figures.rows.entry(type_name).or_default();
            if let Some(object) = told(exchange) {
                row[0] += 1;
                let value = bench.session.decoded(spec, object, None);
                let again = bench.session.decoded(spec, object, Some(&value));
                let mut found = Vec::new();
                differences(&value, &again, "", &mut found);
                let mut config = written(&spec.parts, &value);
                for name in ["id", "timeouts"] {
                    if let Some(field) = value.field(name) {
                        config = config.with_field(name, field.clone());
                    }
                }
                let planned = bench.plan(type_name, Some(&value), &config);
                differences(&value, &planned.after, "", &mut found);
                for text in found {
                    let (place, example) = text.split_once(": ").unwrap_or((&text, ""));
                    let place = place.trim_start_matches('.').to_string();
                    figures.unread.insert((type_name.into(), place, format!("{log}: {example}")));
                }
            }
            if let Some(object) = asked(exchange, member) {
                let config = decode(&spec.parts, object, None);
                let ours = leaves_of(&encode(&spec.parts, &config, Empty::Omitted));
                let theirs = leaves_of(object);
                let other: Vec<(&String, &Json)> =
                    theirs.iter().filter(|(path, leaf)| ours.get(*path) != Some(leaf)).collect();
                row[1] += 1;
                row[2] += theirs.len();
                row[3] += theirs.len() - other.len();
                for (path, leaf) in other {
                    let mine = ours.get(path).map_or("nothing".into(), Json::to_string);
                    let place = plain(path);
                    figures.unwritten.insert((type_name.into(), place, format!("{leaf} / {mine}")));
                }
            }
        }
    }
    figures
}

/// Gives a path without the places in lists.
fn plain(path: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                inside = true;
                text.push_str("[]");
            }
            ']' => inside = false,
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text
}

/// Leaves one example of each place.
fn once(found: &BTreeSet<(String, String, String)>) -> BTreeSet<(String, String, String)> {
    let mut seen = BTreeSet::new();
    found
        .iter()
        .filter(|(about, place, _)| seen.insert((about.clone(), place.clone())))
        .cloned()
        .collect()
}

#[test]
fn what_real_services_told_and_real_clients_asked_for_is_read_and_written() {
    let figures = figures();

    let mut told = settle("unread", &once(&figures.unread));
    told.extend(settle("unwritten", &once(&figures.unwritten)));
    let text = told.join("\n");
    assert!(told.is_empty(), "{} differences:\n{text}\n{}", told.len(), table(figures));
}

/// Gives the figures as a table.
pub(crate) fn table(figures: &Figures) -> String {
    let mut text = String::from(
        "| type | answers read | objects asked for | members | the same when asked for again |\n|---|---|---|---|---|\n",
    );
    for (type_name, row) in &figures.rows {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &format!("| `{type_name}` | {} |\n", cells.join(" | "));
    }
    text
}
