//! What we ask for when an object is made, beside what was recorded for a like configuration.
//!
//! `bodies.json` holds configurations, each with the log whose create body stands beside it. All differences stand in the
//! table of `recorded/README.md`, each with its reason; a row that is not needed any more is an error too.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use terrane::providers::Deed;

use super::laws::{block_on, cluster, enable};
use super::recorded::{leaves_of, recorded_create};
use super::support::Bench;

const COLLECTIONS: &[(&str, &str)] = &[
    ("google_container_cluster", "/clusters"),
    ("google_container_node_pool", "/nodePools"),
    ("google_storage_bucket", "/b?"),
    ("google_service_account", "/serviceAccounts"),
    ("google_compute_disk", "/disks"),
    ("google_compute_firewall", "/firewalls"),
    ("google_compute_subnetwork", "/subnetworks"),
    ("google_pubsub_subscription", "/subscriptions/"),
    ("google_pubsub_topic", "/topics/"),
    ("google_dns_managed_zone", "/managedZones"),
    ("google_redis_instance", "/instances?"),
    ("google_sql_database", "/databases"),
    ("google_sql_database_instance", "/instances"),
];

/// Gives the rows of the table: type and path.
fn explained() -> BTreeSet<(String, String)> {
    let text = include_str!("recorded/README.md");
    let rows = text.lines().filter(|line| line.starts_with("| `google_"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        assert!(cells.len() > 5 && !cells[5].is_empty(), "no reason: {row}");
        (cells[1].to_string(), cells[2].to_string())
    })
    .collect()
}

/// The body of the first request that makes an object of the type.
async fn asked(type_name: &str, configuration: &Json) -> Json {
    let bench = Bench::new();
    enable(&bench).await;
    if type_name == "google_container_node_pool" {
        bench.create("google_container_cluster", &cluster()).await;
    }
    bench.bodies.lock().unwrap().clear();
    let config = bench.config(type_name, configuration);
    let planned = bench.plan(type_name, None, &config);
    assert!(planned.problems.is_empty(), "{:?}", planned.problems);
    // The sandbox has not all that the recorded configurations refer to: what was asked counts.
    let _ = bench.act(type_name, Deed::Create { planned: planned.after, config }).await;
    let (_, end) = COLLECTIONS.iter().find(|(name, _)| *name == type_name).unwrap();
    let bodies = bench.bodies.lock().unwrap();
    let found = bodies.iter().find(|(line, _)| {
        (line.starts_with("POST ") || line.starts_with("PUT "))
            && (line.ends_with(end) || (end.ends_with(['?', '/']) && line.contains(end)))
    });
    found.unwrap_or_else(|| panic!("{type_name} was not asked for: {bodies:?}")).1.clone()
}

#[test]
fn what_is_asked_for_is_what_was_recorded_but_for_explained_differences() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("bodies.json")).unwrap();
    let explained = explained();
    let (mut needed, mut found) = (BTreeSet::new(), Vec::new());

    for case in &cases {
        let (log, type_name) = (case["log"].as_str().unwrap(), case["type"].as_str().unwrap());
        let recorded = recorded_create(type_name, log);
        let ours = block_on(asked(type_name, &case["configuration"]));
        let (theirs, mine) = (leaves_of(&recorded), leaves_of(&ours));
        let paths: BTreeSet<&String> = theirs.keys().chain(mine.keys()).collect();
        for path in paths.into_iter().filter(|path| theirs.get(*path) != mine.get(*path)) {
            let row = row_of(&explained, type_name, path);
            match row {
                Some(row) => {
                    needed.insert(row);
                }
                None => {
                    let show = |leaf: Option<&Json>| leaf.map_or("-".into(), Json::to_string);
                    found.push(format!(
                        "{log}: {path}: {} / {}",
                        show(theirs.get(path)),
                        show(mine.get(path))
                    ));
                }
            }
        }
    }

    assert!(found.is_empty(), "recorded / ours:\n{}", found.join("\n"));
    let idle: Vec<_> = explained.difference(&needed).collect();
    assert!(idle.is_empty(), "rows without a difference: {idle:?}");
}

/// Gives the row that explains a path: its own, or that of what contains it.
fn row_of(
    explained: &BTreeSet<(String, String)>,
    type_name: &str,
    path: &str,
) -> Option<(String, String)> {
    let covers = |row: &str| {
        path.strip_prefix(row).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    explained.iter().find(|(of, row)| of == type_name && covers(row)).cloned()
}
