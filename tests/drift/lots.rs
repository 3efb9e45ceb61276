//! Many objects: they are read by pages of LIST, not one by one.

use std::fs;

use serde_json::{Value as Json, json};

use crate::stage::Stage;

/// How many buckets there are.
const MANY: usize = 2000;
/// So many requests are enough for all: pages, policies of the project, who is asked about what differs.
const ENOUGH: usize = 40;

/// Gives an object or instance of another number: the same but for its name.
fn numbered(json: &Json, number: usize) -> Json {
    let text = json.to_string().replace("demo-files-0", &format!("demo-files-{number}"));
    serde_json::from_str(&text).unwrap()
}

/// Makes many of the first bucket, in the world, the state and the configuration.
fn multiplied(stage: &Stage) {
    {
        let mut store = stage.world.google.locked();
        let first: Vec<(String, Json)> = store
            .objects
            .iter()
            .filter(|(key, _)| key.ends_with("demo-files-0"))
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect();
        assert!(!first.is_empty());
        let hidden: Vec<(String, Json)> = store
            .hidden
            .iter()
            .filter(|(key, _)| key.ends_with("demo-files-0"))
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect();
        for number in 12..MANY {
            for (key, object) in &hidden {
                let key = key.replace("demo-files-0", &format!("demo-files-{number}"));
                store.hidden.insert(key, numbered(object, number));
            }
            for (key, object) in &first {
                let key = key.replace("demo-files-0", &format!("demo-files-{number}"));
                store.objects.insert(key, numbered(object, number));
            }
        }
    }
    let mut state: Json =
        serde_json::from_str(&fs::read_to_string(stage.path("terraform.tfstate")).unwrap())
            .unwrap();
    let resources = state["resources"].as_array_mut().unwrap();
    let buckets = resources.iter_mut().find(|of| of["type"] == "google_storage_bucket").unwrap();
    let instances = buckets["instances"].as_array_mut().unwrap();
    let first = instances.iter().find(|of| of["index_key"] == 0).unwrap().clone();
    for number in 12..MANY {
        let mut instance = numbered(&first, number);
        instance["index_key"] = number.into();
        instances.push(instance);
    }
    stage.write("terraform.tfstate", &state.to_string());
    let text = fs::read_to_string(stage.path("main.tf")).unwrap();
    stage.write("main.tf", &text.replacen("count = 12", &format!("count = {MANY}"), 1));
}

#[test]
fn thousands_are_read_by_pages_and_who_changed_some_is_asked_at_once() {
    let stage = Stage::made("many");
    multiplied(&stage);
    let label = |number: usize| {
        json!({
            "method": "PATCH", "path": format!("/storage/v1/b/demo-files-{number}"), "body": { "labels": { "team": "x" } },
        })
    };
    let requests: Vec<Json> = (0..50).map(|number| label(number * 37)).collect();
    stage.done(&json!({ "name": "labels", "do": requests }));
    let before = stage.world.requests().len();

    let (exit, report) = stage.json(&["drift", "-json"]);

    assert_eq!(exit, 2);
    assert_eq!(report["summary"]["classes"]["person"], 50, "{}", report["summary"]);
    assert!(report["summary"]["checked"].as_u64().unwrap() > MANY as u64, "{}", report["summary"]);
    let asked = stage.world.requests();
    let asked: Vec<String> = asked[before..]
        .iter()
        .map(|of| format!("{} {}", of["method"].as_str().unwrap(), of["path"].as_str().unwrap()))
        .collect();
    assert!(asked.len() < ENOUGH, "{} requests: {asked:#?}", asked.len());
    assert!(!asked.iter().any(|of| of.contains("/b/demo-files")), "{asked:#?}");
}
