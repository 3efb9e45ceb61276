//! Changes that do not happen: what depends on an object is told to change only where it does.
//!
//! Beside each object stands a `terraform_data` for each of its attributes and blocks. After changes in place and after
//! replacements those that were told to change have changed, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::run;

const OBJECTS: &str = include_str!("phantoms/main.tf");

/// What follows from the configuration, and is known of a new object too. All else of it the service may give otherwise.
const KEPT: &[&str] = &[
    "connection_name",
    "crc32c",
    "email",
    "gateway_address",
    "iam_email",
    "id",
    "member",
    "name",
    "persistence_iam_identity",
    "project",
    "project_number",
    "registry_uri",
    "self_link",
    "url",
];

/// What is made anew by its own edit, or with what it is inside of.
const ANEW: &[&str] = &["google_secret_manager_secret_version", "google_storage_bucket_object"];

/// What nobody looks at: in the sandbox it has the port of the run.
const UNSEEN: &[&str] = &["media_link"];

/// Edits, each on top of those before: the variables that get other values, and options of the plan.
const EDITS: &[(&str, &[(&str, &str)], &[&str])] = &[
    ("labels", &[("label", "two")], &[]),
    (
        "changed in place",
        &[
            ("text", "second"),
            ("routing", "GLOBAL"),
            ("inside", "true"),
            ("size", "20"),
            ("deadline", "20"),
            ("ttl", "600"),
            ("rotation", "15552000s"),
            ("tier", "db-custom-2-7680"),
            ("number", "2"),
        ],
        &[],
    ),
    (
        "replaced",
        &[("label", "three")],
        &[
            "-replace=google_compute_address.it",
            "-replace=google_compute_disk.it",
            "-replace=google_compute_firewall.it",
            "-replace=google_compute_global_address.it",
            "-replace=google_compute_instance.it",
            "-replace=google_storage_bucket.it",
            "-replace=google_secret_manager_secret.it",
            "-replace=google_artifact_registry_repository.it",
            "-replace=google_redis_instance.it",
            "-replace=google_storage_hmac_key.it",
            "-replace=google_dns_record_set.it",
            "-replace=google_sql_database.it",
            "-replace=kubernetes_config_map_v1.it",
            "-replace=kubernetes_service_account_v1.it",
        ],
    ),
];

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn must(folder: &Path, arguments: &[&str]) -> String {
    let ran = run(folder, arguments);
    assert_eq!(ran.exit, 0, "{arguments:?}\n{}\n{}", ran.out, ran.err);
    ran.out
}

/// Gives the blocks that look at each attribute and block of each object.
fn watchers(folder: &Path) -> String {
    let schemas = json(&must(folder, &["providers", "schema", "-json"]));
    let mut text = String::new();
    for line in OBJECTS
        .lines()
        .filter(|line| line.starts_with("resource ") && !line.contains("google_project_service"))
    {
        let type_name = line.split('"').nth(1).unwrap();
        let provider = type_name.split('_').next().unwrap();
        let schema = &schemas["provider_schemas"]
            [format!("registry.terraform.io/hashicorp/{provider}")]["resource_schemas"][type_name]
            ["block"];
        let attributes = schema["attributes"].as_object().unwrap_or_else(|| panic!("{type_name}"));
        let attributes = attributes.iter().filter(|(_, field)| field["write_only"] != true);
        let blocks = schema["block_types"].as_object().into_iter().flatten();
        let names = attributes.chain(blocks).map(|(name, _)| name.as_str());
        let names: Vec<String> = names
            .filter(|name| *name != "timeouts" && !UNSEEN.contains(name))
            .map(|name| format!("{name:?}"))
            .collect();
        text.push_str(&format!(
            "resource \"terraform_data\" \"{type_name}\" {{\n  for_each = toset([{}])\n  input    = {type_name}.it[each.key]\n}}\n",
            names.join(", ")
        ));
        if provider == "kubernetes" && type_name != "kubernetes_manifest" {
            text.push_str(&format!(
                "resource \"terraform_data\" \"{type_name}_metadata\" {{\n  for_each = toset([\"name\", \"uid\", \"generation\", \"resource_version\", \"labels\"])\n  \
                 input    = {type_name}.it.metadata[0][each.key]\n}}\n"
            ));
        }
    }
    text
}

/// Gives the inputs of all that look at something.
fn inputs(folder: &Path) -> BTreeMap<String, Json> {
    let state = json(&fs::read_to_string(folder.join("terraform.tfstate")).unwrap());
    let of = |resource: &Json| -> Vec<(String, Json)> {
        let name = resource["name"].as_str().unwrap_or_default().to_owned();
        let instances = resource["instances"].as_array().cloned().unwrap_or_default();
        let one = |instance: &Json| {
            let key = instance["index_key"].as_str().unwrap_or_default();
            (format!("{name}.{key}"), instance["attributes"]["input"].clone())
        };
        instances.iter().map(one).collect()
    };
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    let watching = resources.iter().filter(|resource| resource["type"] == "terraform_data");
    watching.flat_map(of).collect()
}

#[test]
fn what_depends_on_an_object_is_told_to_change_only_where_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("main.tf"), OBJECTS).unwrap();
    fs::write(folder.join("watch.tf"), watchers(folder)).unwrap();
    must(folder, &["apply", "-sandbox", "-auto-approve"]);
    let first = run(folder, &["plan", "-sandbox", "-detailed-exitcode"]);
    assert_eq!(first.exit, 0, "{}", first.out);
    let mut values = BTreeMap::new();
    let mut wrong = Vec::new();
    for (label, edits, options) in EDITS {
        values.extend(edits.iter().copied());
        let lines = values.iter().map(|(name, value)| format!("{name} = {value:?}\n"));
        fs::write(folder.join("terraform.tfvars"), lines.collect::<String>()).unwrap();
        let before = inputs(folder);

        let plan = ["plan", "-sandbox", "-out=planned", "-json-into=plan.json"];
        must(folder, &[&plan, *options].concat());
        let plan = json(&fs::read_to_string(folder.join("plan.json")).unwrap());
        must(folder, &["apply", "-sandbox", "planned"]);

        let after = inputs(folder);
        let changes = plan["resource_changes"].as_array().unwrap();
        let told = changes.iter().filter(|change| {
            change["type"] == "terraform_data"
                && change["change"]["actions"] != serde_json::json!(["no-op"])
        });
        let told: BTreeMap<String, bool> = told
            .map(|change| {
                let key = change["index"].as_str().unwrap_or_default();
                let name = format!("{}.{key}", change["name"].as_str().unwrap());
                (name, change["certainty"] == "certain")
            })
            .collect();
        let changed: BTreeSet<&String> = before
            .iter()
            .filter(|(name, input)| after.get(*name) != Some(input))
            .map(|(name, _)| name)
            .collect();
        assert!(!changed.is_empty(), "{label}");
        for (name, certain) in &told {
            let (object, part) = name.split_once('.').unwrap();
            let object = object.trim_end_matches("_metadata");
            let is_anew = options.iter().any(|option| option.contains(&format!("={object}.")));
            let is_open = (is_anew || ANEW.contains(&object)) && !KEPT.contains(&part);
            if !changed.contains(name) && (*certain || !is_open) {
                let how = if *certain { "for certain" } else { "perhaps" };
                wrong.push(format!(
                    "{label}: {name} was told to change {how}, and stayed {}",
                    after[name]
                ));
            }
        }
        let untold = changed.iter().filter(|name| !told.contains_key(**name));
        wrong.extend(untold.map(|name| {
            format!(
                "{label}: {name} changed, and was not told: {} / {}",
                before[*name], after[*name]
            )
        }));
        let again = run(folder, &["plan", "-sandbox", "-detailed-exitcode"]);
        if again.exit != 0 {
            wrong.push(format!("{label}, again:\n{}{}", again.out, again.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
