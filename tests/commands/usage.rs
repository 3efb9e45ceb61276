//! What is said of arguments that a command does not have, and the stream of `init`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value as Json;

use crate::run;

#[test]
fn arguments_that_are_not_there_are_told_with_one_dash() {
    let folder = tempfile::tempdir().unwrap();
    let told = |arguments: &[&str]| {
        let ran = run(folder.path(), arguments, &BTreeMap::new(), "");
        (ran.exit, ran.err)
    };
    let help = |command: &str| {
        format!("For more help on using this command, run:\n  terrane {command}-help\n")
    };

    let flag = |name: &str, command: &str| {
        let detail = format!("flag provided but not defined: -{name}");
        (1, format!("Error: Failed to parse command-line flags\n\n{detail}\n\n{}", help(command)))
    };
    assert_eq!(told(&["plan", "-nope"]), flag("nope", "plan "));
    assert_eq!(told(&["state", "pull", "-nope=1"]), flag("nope", "state pull "));
    assert_eq!(told(&["-nope"]), flag("nope", ""));
    let (exit, text) = told(&["validate", "extra"]);
    assert_eq!((exit, text.contains("no argument \"extra\" here")), (1, true), "{text}");
    let (exit, text) = told(&["aply"]);
    let expected = "Terrane has no command named \"aply\". Did you mean \"apply\"?";
    assert_eq!((exit, text.contains(expected)), (1, true), "{text}");
    let (exit, text) = told(&["state", "bogus"]);
    assert_eq!((exit, text.contains("no command named \"state bogus\"")), (1, true), "{text}");
    let (exit, text) = told(&["fmt", "-nope"]);
    assert_eq!((exit, text.contains("not defined: -nope")), (1, true), "{text}");
}

#[test]
fn the_version_has_the_names_that_terraform_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = |argument: &str| run(folder.path(), &[argument], &BTreeMap::new(), "").out;

    assert!(told("version").starts_with("Terrane v"));
    for name in ["-v", "-version", "--version"] {
        assert_eq!(told(name), told("version"));
    }
}

#[test]
fn init_tells_in_json_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let config = "terraform {\n  backend \"local\" {}\n}\n";
    fs::write(folder.path().join("main.tf"), config).unwrap();

    let ran = run(folder.path(), &["init", "-json"], &BTreeMap::new(), "");

    let lines: Vec<Json> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes = lines.iter().filter_map(|line| line["message_code"].as_str());
    let expected = [
        "initializing_backend_message",
        "output_init_success_message",
        "output_init_success_cli_message",
    ];
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert_eq!(lines[0]["type"], "version");
    assert_eq!(codes.collect::<Vec<_>>(), expected);
}

#[test]
fn the_calls_of_a_saved_plan_are_drawn_as_those_of_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.id\n}\n";
    fs::write(folder.path().join("main.tf"), config).unwrap();
    let told = |arguments: &[&str]| {
        let ran = run(folder.path(), arguments, &BTreeMap::new(), "");
        assert_eq!(ran.exit, 0, "{arguments:?}\n{}", ran.err);
        ran.out
    };

    told(&["plan", "-out=planned"]);
    let new = told(&["graph", "-type=plan"]);
    fs::write(folder.path().join("main.tf"), "").unwrap();

    assert_eq!(told(&["graph", "-plan=planned"]), new);
    assert!(new.contains(r#""terraform_data.b (create)" -> "terraform_data.a (create)""#), "{new}");
}
