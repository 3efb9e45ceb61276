//! Many edits are proven with few plans, though some of them do not hold.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::stage::Stage;

/// How many buckets have a label of their own, and how many pairs one label from a local.
const OWN: usize = 60;
const PAIRS: usize = 45;

fn configured() -> String {
    let mut text = "provider \"google\" {\n  project = \"demo\"\n}\n\nresource \"google_project_service\" \"storage\" {\n  service            = \"storage.googleapis.com\"\n  disable_on_destroy = false\n}\n".to_string();
    let mut bucket = |name: &str, label: &str| {
        let _ = write!(
            text,
            "\nresource \"google_storage_bucket\" \"{name}\" {{\n  name       = \"demo-{name}\"\n  location   = \"EU\"\n  labels     = {{ team = {label} }}\n  depends_on = [google_project_service.storage]\n}}\n"
        );
    };
    for number in 0..OWN {
        bucket(&format!("own-{number}"), "\"web\"");
    }
    for number in 0..PAIRS {
        bucket(&format!("one-{number}"), &format!("local.team_{number}"));
        bucket(&format!("two-{number}"), &format!("local.team_{number}"));
    }
    for number in 0..PAIRS {
        let _ = write!(text, "\nlocals {{\n  team_{number} = \"web\"\n}}\n");
    }
    text
}

#[test]
fn the_edits_that_hold_are_offered_however_many_do_not() {
    let stage = Stage::of("main.tf", &configured());
    let own = (0..OWN).map(|number| format!("own-{number}"));
    let shared = (0..PAIRS).map(|number| format!("one-{number}"));
    let label = |name: String| json!({ "method": "PATCH", "path": format!("/storage/v1/b/demo-{name}"), "body": { "labels": { "team": "data" } } });
    let requests: Vec<Json> = own.chain(shared).map(label).collect();
    stage.done(&json!({ "name": "labels", "do": requests }));

    let (_, report) = stage.json(&["drift", "-json", "-accept"]);

    let accepted = report["accepted"].as_array().unwrap();
    let done: Vec<&str> = accepted
        .iter()
        .filter(|of| of["edits"].is_array())
        .filter_map(|of| of["address"].as_str())
        .collect();
    assert_eq!(done.len(), OWN, "{done:?}");
    assert!(done.iter().all(|address| address.starts_with("google_storage_bucket.own-")));
    let why = accepted.iter().filter_map(|of| of["impossible"].as_str());
    let why: Vec<&str> = why.filter(|why| why.contains("is not only its own")).collect();
    assert_eq!(why.len(), PAIRS, "{report:#}");
}
