//! Every attribute of the examples exists in the facts about the well-known providers: the same files work with them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value as Json, json};
use terrane::diag::FileId;
use terrane::syntax::parse;
use terrane::syntax::tree::{Block, Body};

/// What any block of a resource type may have.
const COMMON_ATTRIBUTES: &[&str] = &["count", "for_each", "depends_on", "provider"];
const COMMON_BLOCKS: &[&str] = &["lifecycle", "timeouts", "provisioner", "connection"];

/// The small providers' types have no facts: their tests are their own.
const WITHOUT_FACTS: &[&str] = &[
    "random_",
    "null_",
    "time_",
    "local_",
    "tls_",
    "http",
    "terraform_",
    "kubernetes_manifest",
    "helm_",
];

fn facts() -> Json {
    let mut all = json!({});
    let kubernetes: Json = serde_json::from_str(include_str!("../facts/kubernetes.json")).unwrap();
    for (name, google) in super::specs::facts() {
        all[name] = google["attributes"].clone();
    }
    for (name, paths) in kubernetes.as_object().unwrap() {
        all[name] = paths.clone();
        // A data source has the attributes of its resource type.
        all[format!("data.{name}")] = paths.clone();
    }
    all
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "tf") {
            found.push(path);
        }
    }
}

/// Adds the paths that a body sets; a `dynamic` block is the block that it makes.
fn paths(body: &Body, prefix: &str, found: &mut BTreeSet<String>) {
    for attribute in &body.attributes {
        if !prefix.is_empty() || !COMMON_ATTRIBUTES.contains(&attribute.name.text.as_str()) {
            found.insert(format!("{prefix}{}", attribute.name.text));
        }
    }
    for block in &body.blocks {
        if prefix.is_empty() && COMMON_BLOCKS.contains(&block.kind.text.as_str()) {
            continue;
        }
        let (name, body) = match block.kind.text.as_str() {
            "dynamic" => {
                let content = block.body.blocks.iter().find(|inner| inner.kind.text == "content");
                (&block.labels[0].text, content.map(|content: &Block| &content.body))
            }
            _ => (&block.kind.text, Some(&block.body)),
        };
        found.insert(format!("{prefix}{name}"));
        if let Some(body) = body {
            paths(body, &format!("{prefix}{name}."), found);
        }
    }
}

#[test]
fn every_attribute_of_the_examples_is_in_the_facts() {
    let facts = facts();
    let mut folder = Vec::new();
    files(Path::new("examples"), &mut folder);
    let (mut missing, mut seen) = (Vec::new(), 0);

    for path in folder {
        let text = std::fs::read_to_string(&path).unwrap();
        let (file, problems) = parse(FileId::default(), &text);
        assert!(problems.is_empty(), "{}", path.display());
        for block in &file.body.blocks {
            let type_name = match (block.kind.text.as_str(), block.labels.first()) {
                ("resource", Some(label)) => label.text.clone(),
                ("data", Some(label)) => format!("data.{}", label.text),
                _ => continue,
            };
            let own = type_name.strip_prefix("data.").unwrap_or(&type_name);
            if WITHOUT_FACTS.iter().any(|start| own.starts_with(start)) {
                continue;
            }
            let mut used = BTreeSet::new();
            paths(&block.body, "", &mut used);
            seen += used.len();
            let known = &facts[&type_name];
            assert!(known.is_object(), "no facts about {type_name}");
            let unknown = used.into_iter().filter(|used| known.get(used).is_none());
            missing.extend(unknown.map(|used| format!("{}: {type_name}.{used}", path.display())));
        }
    }

    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(seen > 100, "only {seen} attributes were looked at");
}
