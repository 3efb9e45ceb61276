//! What findings are written to, and many stacks at once.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::stage::{Stage, send};

#[test]
fn findings_are_written_as_markdown_a_page_sarif_and_json_with_the_lines_of_the_user() {
    let stage = Stage::made("storage");
    let what = json!({
        "method": "PATCH", "path": "/storage/v1/b/demo-files", "body": { "labels": { "app": "other" } },
    });
    send(&stage.world, &json!({ "name": "a label" }), &what);

    let into = ["-md-into=d.md", "-html-into=d.html", "-sarif-into=d.sarif", "-json-into=d.json"];
    let arguments: Vec<&str> = ["drift"].into_iter().chain(into).collect();
    let ran = stage.run(&arguments);

    assert_eq!(ran.exit, 2, "{}\n{}", ran.out, ran.err);
    let read = |name: &str| fs::read_to_string(stage.path(name)).unwrap();
    let (markdown, page) = (read("d.md"), read("d.html"));
    assert!(markdown.contains("google\\_storage\\_bucket") || markdown.contains("google_storage"));
    assert!(markdown.contains("ana"), "{markdown}");
    assert!(page.contains("-&gt; &quot;other&quot;") && !page.contains("<script"), "{page}");
    let sarif: Json = serde_json::from_str(&read("d.sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "drift/changed");
    let place = &result["locations"][0]["physicalLocation"];
    let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
    let text = fs::read_to_string(stage.path("main.tf")).unwrap();
    // The place is that of the whole expression, a call of merge().
    assert!(text.lines().nth(line - 1).unwrap().contains("labels = merge("), "{place:#}");
    let json: Json = serde_json::from_str(&read("d.json")).unwrap();
    assert_eq!(json["summary"]["changed"], 1);
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn stacks_are_looked_at_together_and_one_that_fails_does_not_end_the_others() {
    let stage = Stage::made("storage");
    let top = stage.path("live");
    let file = "resource \"local_file\" \"f\" {\n  filename = \"${path.module}/f\"\n  content  = \"a\"\n}\n";
    for stack in ["one", "two", "three/deep"] {
        write(&top, &format!("{stack}/main.tf"), file);
        let made = stage.run(&["apply", "-auto-approve", &format!("-chdir=live/{stack}")]);
        assert_eq!(made.exit, 0, "{}\n{}", made.out, made.err);
    }
    write(&top, "one/modules/m/main.tf", "# called\n");
    write(&top, "one/call.tf", "module \"m\" {\n  source = \"./modules/m\"\n}\n");
    assert_eq!(stage.run(&["get", "-chdir=live/one"]).exit, 0);
    fs::remove_file(top.join("one/f")).unwrap();
    fs::remove_file(top.join("two/f")).unwrap();

    let whole = stage.run(&["drift", "-stacks=live"]);
    write(&top, "broken/main.tf", "resource \"local_file\" {\n");
    let (exit, document) = stage.json(&["drift", "-stacks=live", "-json"]);

    assert_eq!(whole.exit, 2, "{}\n{}", whole.out, whole.err);
    assert!(whole.out.contains("In 2 stacks: one, two"), "{}", whole.out);
    assert_eq!(exit, 1, "{document:#}");
    let stacks: Vec<&Json> = document["stacks"].as_array().unwrap().iter().collect();
    let names: Vec<&str> = stacks.iter().filter_map(|stack| stack["stack"].as_str()).collect();
    assert_eq!(names, ["broken", "one", "three/deep", "two"]);
    assert!(stacks[0]["error"].as_str().is_some_and(|error| !error.is_empty()));
    assert_eq!(document["causes"][0]["in"].as_array().map(Vec::len), Some(2));
}

/// What a request of a kind needs: method, what is in the path, permission. The first that fits counts.
const NEEDS: &[(&str, &str, &str)] = &[
    ("POST", "entries:list", "logging.logEntries.list"),
    ("POST", ":getIamPolicy", "resourcemanager.projects.getIamPolicy"),
    ("GET", "/iam?", "storage.buckets.getIamPolicy"),
    ("GET", "/iam", "storage.buckets.getIamPolicy"),
    ("GET", "/v1/b?", "storage.buckets.list"),
    ("GET", "/v1/b/", "storage.buckets.get"),
    ("GET", "/serviceAccounts?", "iam.serviceAccounts.list"),
    ("GET", "/serviceAccounts/", "iam.serviceAccounts.get"),
    ("GET", "/services?", "serviceusage.services.list"),
    ("GET", "/services/", "serviceusage.services.get"),
    ("GET", "/services", "serviceusage.services.list"),
    ("GET", "/serviceAccounts", "iam.serviceAccounts.list"),
    ("GET", "/v1/b", "storage.buckets.list"),
    ("GET", "/clusters/", "container.clusters.get"),
    ("GET", "/clusters", "container.clusters.list"),
];

#[test]
fn the_examples_role_is_what_is_named_and_all_that_is_asked() {
    let stage = Stage::made("examples/drift");
    let ran = stage.run(&["permissions", "drift", "-format=role"]);
    let role = fs::read_to_string(stage.path("role.yaml")).unwrap();
    let listed = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.strip_prefix("- ")?.to_string())).collect()
    };
    assert_eq!(listed(&role), listed(&ran.out), "{}{}", ran.out, ran.err);
    let request = serde_json::json!({
        "method": "PATCH", "path": "/storage/v1/b/polls-demo-reports", "body": { "labels": { "own": "x" } },
    });
    stage.done(&serde_json::json!({ "name": "a label", "do": [request] }));
    let before = stage.world.requests().len();

    let ran = stage.run(&["drift"]);

    let role = listed(&role);
    let mut asked = std::collections::BTreeSet::new();
    for request in &stage.world.requests()[before..] {
        let (method, path) =
            (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
        if path.contains("/api/") || path.contains("/apis") || path.contains("token") {
            continue;
        }
        let need = NEEDS.iter().find(|(verb, part, _)| *verb == method && path.contains(part));
        let (.., permission) = need.unwrap_or_else(|| panic!("{method} {path}"));
        assert!(role.iter().any(|name| name == permission), "{permission} for {method} {path}");
        asked.insert(*permission);
    }
    assert!(asked.len() > 5 && asked.contains("logging.logEntries.list"), "{asked:?} {}", ran.out);
}

#[test]
fn the_example_that_watches_needs_permissions_to_read_only_and_its_roles_read_only() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/drift");
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(example).unwrap().flatten() {
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let environment = terrane::cli::Environment {
        cwd: folder.path().to_owned(),
        ..terrane::cli::Environment::default()
    };

    let ran = crate::program::program(&environment, ["permissions", "drift", "-json"], 120);

    assert_eq!(ran.exit, 0, "{}\n{}", ran.out, ran.err);
    let document: Json = serde_json::from_str(&ran.out).unwrap();
    let names: Vec<&str> = document["needs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|need| need["permissions"].as_array().unwrap())
        .filter_map(|permission| permission["permission"].as_str())
        .collect();
    let reads = |name: &&str| {
        ["get", "list", "getIamPolicy"].iter().any(|verb| name.ends_with(&format!(".{verb}")))
    };
    assert!(names.len() > 5 && names.iter().all(reads), "{names:?}");
    let texts = ["identity.tf", "watcher.tf"]
        .map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
    let verbs: Vec<&str> = texts[1].lines().filter(|line| line.contains("verbs")).collect();
    assert!(verbs.iter().all(|line| line.contains("[\"get\", \"list\", \"watch\"]")), "{verbs:?}");
    for word in ["admin", "editor", "owner", "Admin", "Editor"] {
        assert!(!texts[0].contains(word), "{word}");
    }
}
