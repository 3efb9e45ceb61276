//! Recorded traffic of the real services, against what our files make of it.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use terrane::providers::google::hooks::cluster::endpoints;
use terrane::providers::rest::change::{concerns, patch};
use terrane::providers::rest::decode::decode;
use terrane::providers::rest::encode::{Empty, encode};
use terrane::providers::rest::spec::{How, Part, Spec};
use terrane::schema::Given;
use terrane::value::Value;

use super::support::{Bench, assert_same};

const LOGS: &[(&str, &str)] = &[
    (
        "google_artifact_registry_repository",
        include_str!("recorded/google_artifact_registry_repository.json"),
    ),
    ("google_compute_disk", include_str!("recorded/google_compute_disk.json")),
    ("google_compute_instance", include_str!("recorded/google_compute_instance.json")),
    ("google_compute_firewall", include_str!("recorded/google_compute_firewall.json")),
    ("google_compute_subnetwork", include_str!("recorded/google_compute_subnetwork.json")),
    ("google_container_cluster", include_str!("recorded/google_container_cluster.json")),
    ("google_container_node_pool", include_str!("recorded/google_container_node_pool.json")),
    ("google_dns_managed_zone", include_str!("recorded/google_dns_managed_zone.json")),
    ("google_dns_record_set", include_str!("recorded/google_dns_record_set.json")),
    ("google_redis_instance", include_str!("recorded/google_redis_instance.json")),
    ("google_pubsub_subscription", include_str!("recorded/google_pubsub_subscription.json")),
    ("google_pubsub_topic", include_str!("recorded/google_pubsub_topic.json")),
    ("google_sql_database", include_str!("recorded/google_sql_database.json")),
    ("google_sql_database_instance", include_str!("recorded/google_sql_database_instance.json")),
    ("google_service_account", include_str!("recorded/google_service_account.json")),
    ("google_storage_bucket", include_str!("recorded/google_storage_bucket.json")),
];

/// What the recorded client sends beside what is asked here, each with its reason.
const EXPLAINED: &[(&str, &str)] = &[
    // Names the links that stand elsewhere in an answer; our file writes `network`, and reads it from `networkConfig`.
    ("google_container_cluster", "network"),
    ("google_container_cluster", "subnetwork"),
    // The recorded client always sends the whole group; ours sends what is configured.
    ("google_container_cluster", "controlPlaneEndpointsConfig"),
    ("google_container_cluster", "privateClusterConfig"),
    // Labels go out from the three label attributes, not from the object's parts.
    ("google_container_cluster", "resourceLabels"),
    ("google_storage_bucket", "labels"),
    ("google_artifact_registry_repository", "labels"),
    // The hook completes names to paths, and brings the disks, the metadata and the account to the service's form.
    ("google_compute_disk", "type"),
    ("google_compute_disk", "labels"),
    ("google_compute_instance", "machineType"),
    ("google_compute_instance", "labels"),
    ("google_compute_instance", "disks"),
    ("google_compute_instance", "metadata"),
    ("google_compute_instance", "serviceAccounts"),
    ("google_compute_instance", "networkInterfaces[0].accessConfigs[0].type"),
    // Stands in the address of the request.
    ("google_compute_disk", "zone"),
    ("google_compute_subnetwork", "region"),
    // The hook completes the name of the range.
    ("google_compute_subnetwork", "reservedInternalRange"),
    ("google_pubsub_subscription", "labels"),
    ("google_pubsub_topic", "labels"),
    ("google_dns_managed_zone", "labels"),
    ("google_redis_instance", "labels"),
    // The whole name goes out by the call, not by the attribute.
    ("google_redis_instance", "name"),
    // What kind of thing each member is; and the one way of copying that there is.
    ("google_sql_database_instance", "kind"),
    ("google_sql_database_instance", "settings.kind"),
    ("google_sql_database_instance", "settings.locationPreference.kind"),
    ("google_sql_database_instance", "settings.maintenanceWindow.kind"),
    ("google_sql_database_instance", "settings.replicationType"),
    // The recorded client writes a large number as a number.
    ("google_pubsub_subscription", "cloudStorageConfig.maxBytes"),
    // Is made from node_count by the node pool's hook.
    ("google_container_node_pool", "initialNodeCount"),
    // The recorded client writes enums as numbers.
    ("google_artifact_registry_repository", "format"),
    ("google_artifact_registry_repository", "mode"),
    // Written only by the query at creation, and the id.
    ("google_artifact_registry_repository", "name"),
];

/// Types whose create body has no name: it stands in the address.
const NAMELESS: &[&str] =
    &["google_service_account", "google_pubsub_subscription", "google_pubsub_topic"];

fn steps(text: &str) -> Vec<(String, Vec<Json>)> {
    let logs: Vec<Json> = serde_json::from_str(text).unwrap();
    let steps = |log: &Json| log["steps"].as_array().unwrap().clone();
    logs.iter().map(|log| (log["log"].as_str().unwrap().to_string(), steps(log))).collect()
}

/// What the configuration of an object would be that says all that it can.
pub(crate) fn written(parts: &[Part], value: &Value) -> Value {
    Value::object(parts.iter().map(|part| {
        let field = value.field(&part.name).cloned().unwrap_or_else(|| part.absent());
        let field = match (part.given, part.inside()) {
            (Given::Service, _) => part.absent(),
            (_, Some(inside)) => field.map_parts(&mut |element| written(inside, element)),
            (_, None) => field,
        };
        (part.name.as_str(), field)
    }))
}

#[test]
fn what_was_read_plans_no_change_against_itself() {
    let bench = Bench::new();

    for (type_name, text) in LOGS {
        let spec = bench.spec(type_name);
        for (log, steps) in steps(text) {
            for read in steps.iter().filter_map(|step| step.get("read")) {
                let value = bench.session.decoded(&spec, read, None);
                let again = bench.session.decoded(&spec, read, Some(&value));
                assert_same(&format!("{log}: read twice"), &value, &again);
                let mut config = written(&spec.parts, &value)
                    .with_field("id", value.field("id").unwrap().clone());
                if let Some(times) = value.field("timeouts") {
                    config = config.with_field("timeouts", times.clone());
                }
                let planned = bench.plan(type_name, Some(&value), &config);
                assert_same(&format!("{log}: planned"), &value, &planned.after);
            }
        }
    }
}

/// Gives the leaves of a body by their paths; arrays are sorted, what is zero is left out.
pub(crate) fn leaves_of(json: &Json) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    leaves(json, "", &mut found);
    found
}

/// Gives the body of the first create call of a log.
pub(crate) fn recorded_create(type_name: &str, log: &str) -> Json {
    let (_, text) = LOGS.iter().find(|(name, _)| *name == type_name).unwrap();
    let steps = steps(text).into_iter().find(|(name, _)| name == log);
    let (_, steps) = steps.unwrap_or_else(|| panic!("no log {log}"));
    steps.iter().find_map(|step| step.get("create")).cloned().unwrap()
}

fn leaves(json: &Json, path: &str, found: &mut BTreeMap<String, Json>) {
    match json {
        Json::Object(fields) => {
            for (name, json) in fields {
                leaves(json, &format!("{path}.{name}"), found);
            }
        }
        Json::Array(parts) => {
            let mut parts = parts.clone();
            parts.sort_by_key(|part| format!("{:?}", leaves_of(part)));
            for (place, json) in parts.iter().enumerate() {
                leaves(json, &format!("{path}[{place}]"), found);
            }
        }
        Json::Null | Json::Bool(false) => {}
        Json::Number(number) if number.as_f64() == Some(0.0) => {}
        Json::String(text) if text.is_empty() => {}
        leaf => {
            found.insert(path.trim_start_matches('.').to_string(), leaf.clone());
        }
    }
}

fn missing(type_name: &str, recorded: &Json, ours: &Json) -> Vec<String> {
    let (mut theirs, mut mine) = (BTreeMap::new(), BTreeMap::new());
    leaves(recorded, "", &mut theirs);
    leaves(ours, "", &mut mine);
    let explained = |path: &str| {
        EXPLAINED.iter().any(|(of, prefix)| {
            *of == type_name
                && path
                    .strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    let differs =
        |(path, leaf): &(&String, &Json)| mine.get(*path) != Some(leaf) && !explained(path);
    theirs.iter().filter(differs).map(|(path, leaf)| format!("{path} = {leaf}")).collect()
}

fn object<'a>(type_name: &str, body: &'a Json) -> &'a Json {
    let member = match type_name {
        "google_container_cluster" => "cluster",
        "google_container_node_pool" => "nodePool",
        "google_service_account" => "serviceAccount",
        _ => return body,
    };
    body.get(member).unwrap_or(body)
}

#[test]
fn what_was_asked_for_is_asked_for_again() {
    let bench = Bench::new();
    let mut found = Vec::new();

    for (type_name, text) in LOGS {
        let spec = bench.spec(type_name);
        for (log, steps) in steps(text) {
            for create in steps.iter().filter_map(|step| step.get("create")) {
                let recorded = object(type_name, create);
                if recorded.get("name").is_none()
                    && !NAMELESS.contains(type_name)
                    && recorded.get("format").is_none()
                {
                    continue;
                }
                let config = decode(&spec.parts, recorded, None);
                let ours = encode(&spec.parts, &config, Empty::Omitted);
                found.extend(
                    missing(type_name, recorded, &ours)
                        .into_iter()
                        .map(|text| format!("{log}: {text}")),
                );
            }
        }
    }

    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The bodies that our update between two reads would send, each in its member.
fn bodies(spec: &Spec, prior: &Value, planned: &Value) -> Vec<Json> {
    match spec.update.how {
        How::Fields => concerns(&spec.parts, prior, planned)
            .into_iter()
            .map(|concern| match concern.group.as_str() {
                "cpe" => endpoints(&spec.parts, planned),
                _ => concern.body,
            })
            .collect(),
        _ => vec![patch(spec, prior, planned).body],
    }
}

fn changes_lead_to_the_recorded_calls(type_name: &str, apart: &[&str]) {
    let bench = Bench::new();
    let spec = bench.spec(type_name);
    let text = LOGS.iter().find(|(name, _)| *name == type_name).unwrap().1;

    for (log, steps) in
        steps(text).into_iter().filter(|(log, _)| !apart.iter().any(|part| log.contains(part)))
    {
        let reads: Vec<&Json> = steps.iter().filter_map(|step| step.get("read")).collect();
        let [first, .., last] = reads.as_slice() else { continue };
        let prior = bench.session.decoded(&spec, first, None);
        let planned = bench.session.decoded(&spec, last, None);
        let ours = bodies(&spec, &prior, &planned);
        for update in steps.iter().filter_map(|step| step.get("update")) {
            let wanted = update.get("update").unwrap_or(update);
            let told = ours.iter().any(|body| {
                let mut theirs = BTreeMap::new();
                leaves(wanted, "", &mut theirs);
                theirs.retain(|path, _| {
                    !["name", "nodePoolId", "desiredNodePoolId"].contains(&path.as_str())
                });
                let mut mine = BTreeMap::new();
                leaves(body, "", &mut mine);
                theirs.iter().all(|(path, leaf)| mine.get(path) == Some(leaf))
            });
            assert!(told, "{log}: {wanted} is not among {ours:#?}");
        }
    }
}

#[test]
fn a_change_of_a_node_pool_leads_to_the_recorded_calls() {
    changes_lead_to_the_recorded_calls("google_container_node_pool", &[]);
}

// Apart: a log in which the client takes a change back and makes another, with only the last state read.
#[test]
fn a_change_of_a_cluster_leads_to_the_recorded_calls() {
    changes_lead_to_the_recorded_calls("google_container_cluster", &["autoscaling-basic"]);
}
