//! What a state has besides of what this program knows, through runs that change it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::run;

fn must(folder: &Path, arguments: &[&str]) -> String {
    let ran = run(folder, arguments, &BTreeMap::new(), "");
    assert_eq!(ran.exit, 0, "{arguments:?}\n{}{}", ran.out, ran.err);
    ran.out
}

const CONFIG: &str = r#"
resource "terraform_data" "kept" {
  input = "same"
}
resource "terraform_data" "changed" {
  input = "new"
}
resource "terraform_data" "made" {}
"#;

fn instance(id: &str, input: &str) -> Json {
    let dressed = json!({"value": input, "type": "string"});
    json!({
        "schema_version": 0,
        "attributes": {"id": id, "input": dressed, "output": dressed, "triggers_replace": null},
        "sensitive_attributes": [], "identity_schema_version": 0, "identity": {"id": id},
        "private": "eyJhIjoxfQ==", "create_before_destroy": true, "x_instance": [1],
    })
}

fn state() -> Json {
    let block = |name: &str, instances: Json| {
        json!({
            "mode": "managed", "type": "terraform_data", "name": name,
            "provider": "provider[\"terraform.io/builtin/terraform\"]", "instances": instances,
            "x_block": name,
        })
    };
    let mut deposed = instance("former", "same");
    deposed["deposed"] = json!("12345678");
    json!({
        "version": 4, "terraform_version": "1.13.0", "serial": 3,
        "lineage": "00000000-0000-4000-8000-000000000001", "outputs": {},
        "resources": [
            block("changed", json!([instance("c", "old")])),
            block("kept", json!([instance("k", "same"), deposed])),
        ],
        "check_results": null, "x_file": {"a": 1},
    })
}

fn read(folder: &Path) -> Json {
    serde_json::from_slice(&fs::read(folder.join("terraform.tfstate")).unwrap()).unwrap()
}

/// Gives resources without what a configuration says of the order of replacements.
fn without_order(mut state: Json) -> Json {
    for block in state["resources"].as_array_mut().unwrap() {
        for instance in block["instances"].as_array_mut().unwrap() {
            instance.as_object_mut().unwrap().remove("create_before_destroy");
        }
    }
    state["resources"].take()
}

/// Gives what stands beside the attributes of an instance.
fn beside(state: &Json, name: &str) -> Json {
    let mut blocks = state["resources"].as_array().unwrap().iter();
    let block = blocks.find(|block| block["name"] == name).unwrap();
    let mut first = block["instances"][0].clone();
    first.as_object_mut().unwrap().remove("attributes");
    json!({"block": block["x_block"], "instance": first})
}

#[test]
fn members_that_are_not_known_here_outlive_runs_that_change_the_state() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), CONFIG).unwrap();
    fs::write(folder.path().join("terraform.tfstate"), state().to_string()).unwrap();

    must(folder.path(), &["refresh", "-target=terraform_data.kept"]);
    assert_eq!(without_order(read(folder.path())), without_order(state()));
    must(
        folder.path(),
        &[
            "apply",
            "-auto-approve",
            "-target=terraform_data.changed",
            "-target=terraform_data.made",
        ],
    );
    let applied = read(folder.path());

    assert_eq!(applied["x_file"], json!({"a": 1}));
    let changed = &applied["resources"][0]["instances"][0];
    assert_eq!(changed["attributes"]["input"]["value"], "new");
    let bare = |state: Json| json!({"resources": without_order(state)});
    let (was, is) = (bare(state()), bare(applied));
    for name in ["kept", "changed"] {
        assert_eq!(beside(&is, name), beside(&was, name), "{name}");
    }
    // What was replaced before is still there, since the target leaves it alone.
    let of_kept = |state: &Json| {
        let mut blocks = state["resources"].as_array().unwrap().iter();
        blocks.find(|block| block["name"] == "kept").unwrap()["instances"].clone()
    };
    assert_eq!(of_kept(&is), of_kept(&was));
}

#[test]
fn a_state_of_an_old_format_is_planned_and_written_in_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("main.tf"),
        "resource \"random_pet\" \"p\" {\n  count = 2\n}\noutput \"o\" {\n  value = random_pet.p[0].id\n}\n",
    )
    .unwrap();
    let pet = |id: &str| {
        json!({
            "type": "random_pet", "depends_on": [], "deposed": [], "provider": "provider.random",
            "primary": {
                "id": id, "meta": {}, "tainted": false,
                "attributes": {"id": id, "length": "2", "separator": "-"},
            },
        })
    };
    let old = json!({
        "version": 3, "terraform_version": "0.11.14", "serial": 7, "lineage": "l",
        "modules": [{
            "path": ["root"], "outputs": {}, "depends_on": [],
            "resources": {"random_pet.p.0": pet("good-cat"), "random_pet.p.1": pet("old-dog")},
        }],
    });
    fs::write(folder.path().join("terraform.tfstate"), old.to_string()).unwrap();

    assert!(must(folder.path(), &["state", "show", "random_pet.p[1]"]).contains("old-dog"));
    let plan = must(folder.path(), &["plan"]);
    assert!(!plan.contains("to add") && plan.contains("good-cat"), "{plan}");
    must(folder.path(), &["apply", "-auto-approve"]);

    let new = read(folder.path());
    assert_eq!((&new["version"], &new["lineage"]), (&json!(4), &json!("l")));
    let instance = &new["resources"][0]["instances"][1];
    assert_eq!(instance["attributes"]["id"], "old-dog");
    assert_eq!(instance["attributes"]["length"], 2);
    assert_eq!(instance.get("attributes_flat"), None);
    assert_eq!(new["outputs"]["o"]["value"], "good-cat");
}
