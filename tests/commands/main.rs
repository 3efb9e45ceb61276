//! The commands that a Terraform user expects, held against what terraform says: the console line by line, sequences
//! of commands, the functions' signatures; and modules from a git repository.

mod approved;
#[path = "../support/folder.rs"]
mod folder;
mod generate;
mod git;
mod kept;
#[path = "../support/program.rs"]
mod program;
mod provision;
mod sealed;
mod stream;
mod unseen;
mod usage;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(crate) use program::Ran;
use program::program;
use serde_json::Value as Json;
use terrane::cli::Environment;

/// Runs a command in a folder, with variables of the environment and standard input.
pub(crate) fn run(
    folder: &Path,
    arguments: &[&str],
    variables: &BTreeMap<String, String>,
    input: &str,
) -> Ran {
    let environment = Environment {
        cwd: folder.to_owned(),
        variables: variables.clone(),
        input: Some(input.to_string()),
        ..Environment::default()
    };
    program(&environment, arguments.iter().copied(), 80)
}

pub(crate) fn write(folder: &Path, files: &Json) {
    for (name, text) in files.as_object().unwrap() {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.as_str().unwrap()).unwrap();
    }
}

fn corpus(name: &str) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Gives a text's words, out of its box.
fn words(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.trim_start_matches(['╷', '│', '╵']));
    let words = lines.flat_map(str::split_whitespace).map(|word| {
        let inner = word.trim_matches('"');
        if is_uuid(inner) { word.replace(inner, "<uuid>") } else { word.to_string() }
    });
    words.collect()
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[test]
fn the_console_answers_as_terraforms_does() {
    let corpus = corpus("console.json");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &corpus["files"]);
    let mut wrong = Vec::new();
    for case in corpus["cases"].as_array().unwrap() {
        let input = case["input"].as_str().unwrap();

        let ran = run(folder.path(), &["console"], &BTreeMap::new(), input);

        let told = words(&ran.err).join(" ");
        let right = match case["error"].as_str() {
            Some(error) => {
                let detail = case["detail"].as_str().unwrap();
                told.starts_with(&format!("Error: {error}")) && told.contains(detail)
            }
            None => ran.out == case["out"].as_str().unwrap(),
        };
        if !right || ran.exit != case["exit"] {
            wrong.push(format!("{case:#}\n{} {}{told}", ran.exit, ran.out));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_entered_may_have_several_lines() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), "").unwrap();
    let answer = |input: &str| run(folder.path(), &["console"], &BTreeMap::new(), input).out;

    assert_eq!(answer("{\n  a = [\n    1,\n  ]\n}\n"), "{\n  \"a\" = [\n    1,\n  ]\n}\n");
    assert_eq!(answer("max(1,\n2)\n"), "2\n");
    assert_eq!(answer("<<EOT\nhello\nEOT\n"), "<<EOT\nhello\n\nEOT\n");
    assert_eq!(answer("\"{\"\n"), "\"{\"\n");
}

#[test]
fn the_console_answers_from_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\n";
    fs::write(folder.path().join("main.tf"), config).unwrap();

    let ran = run(folder.path(), &["console", "-plan"], &BTreeMap::new(), "terraform_data.a\n");

    let expected = "{
  \"id\" = (known after apply)
  \"input\" = \"x\"
  \"output\" = (known after apply)
  \"triggers_replace\" = null
}
";
    assert_eq!((ran.exit, ran.out.as_str()), (0, expected), "{}", ran.err);
}

/// Says whether two texts say the same: JSON by its content, else by its words; lists of addresses in any order.
fn is_same(found: &str, expected: &str) -> bool {
    if let (Ok(mut found), Ok(mut expected)) =
        (serde_json::from_str::<Json>(found), serde_json::from_str::<Json>(expected))
    {
        for json in [&mut found, &mut expected] {
            if let Some(problems) = json.get_mut("diagnostics").and_then(Json::as_array_mut) {
                problems.sort_by_key(Json::to_string);
            }
        }
        return found == expected;
    }
    let (mut found, mut expected) = (words(found), words(expected));
    found.sort();
    expected.sort();
    found == expected
}

#[test]
fn sequences_of_commands_do_and_say_what_terraforms_do() {
    let mut wrong = Vec::new();
    for case in corpus("commands.json")["cases"].as_array().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &case["files"]);
        for step in case["steps"].as_array().unwrap() {
            let line = step["run"].as_str().unwrap();
            let arguments: Vec<&str> = line.split(' ').collect();
            let variables: BTreeMap<String, String> = step
                .get("env")
                .map(|env| serde_json::from_value(env.clone()).unwrap())
                .unwrap_or_default();

            let input = step["input"].as_str().unwrap_or_default();
            let ran = run(folder.path(), &arguments, &variables, input);

            let out = step["out"].as_str().is_none_or(|out| is_same(&ran.out, out));
            let told = words(&ran.err).join(" ");
            let says = words(step["says"].as_str().unwrap_or_default()).join(" ");
            let says = step["out"].is_null() || told == says;
            if !out || !says || ran.exit != step["exit"] {
                let name = case["name"].as_str().unwrap();
                wrong.push(format!("{name}: {step:#}\n{}\n{}\n{}", ran.exit, ran.out, ran.err));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_functions_signatures_are_terraforms() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["metadata", "functions", "-json"], &BTreeMap::new(), "");
    let mut found: Json = serde_json::from_str(&ran.out).unwrap();
    let corpus = corpus("signatures.json");

    let signatures = found["function_signatures"].as_object_mut().unwrap();

    for signature in signatures.values_mut() {
        let about = signature.as_object_mut().unwrap().remove("description").unwrap();
        assert!(about.as_str().unwrap().ends_with('.'));
    }
    for (name, expected) in corpus["functions"].as_object().unwrap() {
        assert_eq!(&signatures[name], expected, "{name}");
        assert_eq!(&signatures[&format!("core::{name}")], expected, "core::{name}");
    }
    assert_eq!(signatures.len(), 2 * corpus["functions"].as_object().unwrap().len());
}

#[test]
fn the_providers_schemas_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {}\nresource \"random_password\" \"b\" {}\n";
    fs::write(folder.path().join("main.tf"), config).unwrap();

    let ran = run(folder.path(), &["providers", "schema", "-json"], &BTreeMap::new(), "");

    let json: Json = serde_json::from_str(&ran.out).unwrap();
    let providers = &json["provider_schemas"];
    let data = &providers["terraform.io/builtin/terraform"]["resource_schemas"]["terraform_data"];
    let input =
        serde_json::json!({"type": "dynamic", "description_kind": "plain", "optional": true});
    assert_eq!(data["block"]["attributes"]["input"], input);
    let random = &providers["registry.terraform.io/hashicorp/random"]["resource_schemas"];
    assert_eq!(random["random_password"]["block"]["attributes"]["result"]["sensitive"], true);
}
