//! All renderings come of one run, from one review of the plan, and say the same of it.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::run;

const BEFORE: &str = r#"variable "size" {
  default = 1
}

resource "terraform_data" "made" {
  input = "a|b`c <i> @you"
}

resource "terraform_data" "changed" {
  input = { size = var.size, conf = <<-EOT
    [server]
    port = 1
    name = web
  EOT
  }
}

resource "terraform_data" "gone" {
  input = "x"
}

resource "terraform_data" "anew" {
  triggers_replace = [var.size]
}

module "inner" {
  source = "./inner"
  size   = var.size
}

output "size" {
  value = var.size
}
"#;

const INNER: &str = r#"variable "size" {}

resource "terraform_data" "within" {
  for_each = toset(["a", "b"])
  input    = var.size
}
"#;

/// What the files of `-…-into` are named.
const FILES: [&str; 4] = ["plan.md", "plan.html", "plan.sarif", "plan.json"];
const INTO: [&str; 5] = [
    "-md-into=plan.md",
    "-html-into=plan.html",
    "-sarif-into=plan.sarif",
    "-json-into=plan.json",
    "-github",
];

/// A folder whose second plan makes, changes, removes and replaces; it is below the root of a repository.
fn edited() -> (tempfile::TempDir, std::path::PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    fs::create_dir(temporary.path().join(".git")).unwrap();
    let folder = temporary.path().join("infra");
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::write(folder.join("inner/main.tf"), INNER).unwrap();
    let first = BEFORE.replace("\"made\"", "\"renamed\"");
    fs::write(folder.join("main.tf"), first).unwrap();
    let applied = run(&folder, &["apply", "-auto-approve"]);
    assert_eq!(applied.exit, 0, "{}{}", applied.out, applied.err);
    let second = BEFORE
        .replace("default = 1", "default = 2")
        .replace("port = 1", "port = 2")
        .replace("resource \"terraform_data\" \"gone\" {\n  input = \"x\"\n}\n", "");
    fs::write(folder.join("main.tf"), second).unwrap();
    (temporary, folder)
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn one_run_writes_all_renderings_of_one_plan() {
    let (_temporary, folder) = edited();
    let mut arguments = vec!["plan", "-out=saved"];
    arguments.extend(INTO);

    let ran = run(&folder, &arguments);

    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
    let digest = ran.out.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap();
    let [md, html, sarif, json] = FILES.map(|name| read(&folder, name));
    assert!(md.starts_with("### Terrane plan: 2 to add, 3 to change, 3 to destroy"), "{md}");
    assert!(md.contains(digest) && html.contains(digest) && sarif.contains(digest));
    assert!(md.contains("| **destroy** | <code>terraform_data.gone</code> |"), "{md}");
    assert!(md.contains("<code>main.tf:9</code>"), "{md}");
    assert!(md.contains("var.size 1 → 2 at main.tf:2"), "{md}");
    let shown = run(&folder, &["show", "-json", "saved"]).out;
    let [written, shown] = [&json, &shown].map(|text| serde_json::from_str::<Json>(text).unwrap());
    assert_eq!(written["resource_changes"], shown["resource_changes"]);
    let notes: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("::")).collect();
    let expected = "::notice file=infra/main.tf,line=";
    assert!(notes.iter().any(|note| note.starts_with(expected)), "{notes:?}");
    check_sarif(&serde_json::from_str(&sarif).unwrap());
    check_by_schema(&folder.join("plan.sarif"));
    again(&folder, [&md, &html, &sarif]);
}

/// A saved plan gives the same files again.
fn again(folder: &Path, files: [&String; 3]) {
    let mut arguments = vec!["show", "saved"];
    arguments.extend(INTO);
    let shown = run(folder, &arguments);
    assert_eq!(shown.exit, 0, "{}", shown.err);
    for (name, text) in FILES.iter().zip(files) {
        assert_eq!(&read(folder, name), text, "{name}");
    }
}

/// Checks what the standard requires of the parts that are written.
fn check_sarif(log: &Json) {
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "terrane");
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 3, "{log:#}");
    let mut prints: Vec<&str> = Vec::new();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["shortDescription"]["text"].is_string(), "{rule}");
        let level = result["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level), "{level}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        prints.push(result["partialFingerprints"]["terrane/v1"].as_str().unwrap());
        let empty = Vec::new();
        let related = result["relatedLocations"].as_array().unwrap_or(&empty);
        for place in result["locations"].as_array().unwrap().iter().chain(related) {
            let place = &place["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.starts_with("infra/") && uri.ends_with(".tf"), "{uri}");
            assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
    let all = prints.len();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), all, "two results have one fingerprint");
    let replaced = results.iter().find(|result| result["ruleId"] == "change/replace").unwrap();
    let region = &replaced["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&Json::from(19), &Json::from(1)));
    assert_eq!(replaced["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 2);
}

/// Checks a log by the standard's own schema, where `.ci/install-clients` has brought it.
#[allow(clippy::print_stderr, reason = "what is left out for want of a file must be seen")]
fn check_by_schema(log: &Path) {
    let schema = std::env::temp_dir().join("terrane-clients/sarif-2.1.0.json");
    if !schema.is_file() {
        eprintln!("NO SCHEMA OF SARIF: `.ci/install-clients` brings it");
        return;
    }
    let script = "import json, sys\ntry:\n  import jsonschema\nexcept ImportError:\n  sys.exit(9)\n\
                  jsonschema.Draft4Validator(json.load(open(sys.argv[1]))).validate(json.load(open(sys.argv[2])))";
    let checked =
        std::process::Command::new("python3").args(["-c", script]).arg(schema).arg(log).output();
    match checked {
        Ok(checked) if checked.status.code() != Some(9) => {
            let why = String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success(), "{why}");
        }
        _ => eprintln!("NO PYTHON WITH JSONSCHEMA: the log is not checked by the schema"),
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let (_temporary, folder) = edited();

    let ran = run(&folder, &["plan", "-md-into=nowhere/plan.md"]);
    assert_eq!(ran.exit, 1, "{}", ran.out);
    assert!(ran.err.contains("Failed to write the plan's report"), "{}", ran.err);

    let text = read(&folder, "main.tf");
    fs::write(folder.join("main.tf"), format!("{text}\nlocals {{\n  a = nowhere.b.c\n}}\n"))
        .unwrap();
    let line = text.lines().count() + 3;
    let ran = run(&folder, &["plan", "-github"]);
    assert_eq!(ran.exit, 1, "{}", ran.out);
    assert!(
        ran.out.contains(&format!("::error file=infra/main.tf,line={line},col=7,")),
        "{}",
        ran.out
    );

    let ran = run(&folder, &["plan", "-json", "-github"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.out.contains("Incompatible output options"), "{}", ran.out);

    let ran = run(&folder, &["show", "-md-into=plan.md"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.err.contains("No saved plan"), "{}", ran.err);
}

#[test]
fn a_plan_in_short_has_what_changes_and_why() {
    let (_temporary, folder) = edited();

    let ran = run(&folder, &["plan", "-concise", "-group-by=module"]);

    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(!ran.out.contains("unchanged") && !ran.out.contains("symbols:"), "{}", ran.out);
    assert!(ran.out.contains("# because var.size 1 → 2 at main.tf:2"), "{}", ran.out);
    assert!(!ran.out.contains("@you"), "what is made is not told in parts: {}", ran.out);
    let [root, inner] = ["The root module:", "module.inner:"].map(|name| ran.out.find(name));
    assert!(root.is_some() && root < inner, "{}", ran.out);
}

#[test]
fn documents_inside_of_values_are_told_by_their_structure() {
    let (_temporary, folder) = edited();

    let ran = run(&folder, &["plan"]);

    let told = "conf = ini(\n";
    assert!(ran.out.contains(told), "{}", ran.out);
    assert!(ran.out.contains("~ port = \"1\" -> \"2\""), "{}", ran.out);
}

#[test]
fn two_saved_plans_are_told_apart() {
    let (_temporary, folder) = edited();
    let plan = |name: &str| {
        let ran = run(&folder, &["plan", &format!("-out={name}")]);
        assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
    };
    plan("a");
    plan("same");
    let text = read(&folder, "main.tf");
    let text = text.replace("default = 2", "default = 3");
    let text = text.replace("\"made\" {\n", "\"other\" {\n");
    fs::write(folder.join("main.tf"), text).unwrap();
    plan("b");

    let same = run(&folder, &["plan-diff", "a", "same"]);
    let other = run(&folder, &["plan-diff", "a", "b"]);
    let json = run(&folder, &["plan-diff", "-json", "a", "b"]);
    let none = run(&folder, &["plan-diff", "a", "main.tf"]);

    assert_eq!((same.exit, other.exit, json.exit, none.exit), (0, 2, 2, 1));
    assert!(same.out.starts_with("The plans do the same."), "{}", same.out);
    assert!(other.out.contains("Only in A:\n    + terraform_data.made (create)"), "{}", other.out);
    assert!(other.out.contains("Only in B:\n    + terraform_data.other (create)"), "{}", other.out);
    assert!(other.out.contains("~ size = 2 -> 3"), "{}", other.out);
    let json: Json = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["only_in_a"][0]["address"], "terraform_data.made");
    let changed = json["in_both"].as_array().unwrap();
    let of = |address: &str| changed.iter().find(|change| change["address"] == address).unwrap();
    let part = &of("terraform_data.changed")["planned"][0];
    assert_eq!((&part["a"], &part["b"]), (&Json::from(2), &Json::from(3)), "{json:#}");
    assert_eq!(json["outputs"][0]["b"], 3);
}
