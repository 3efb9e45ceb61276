//! Wrong input: a diagnostic with place and remedy, exit 1, the state untouched.

#[path = "support/program.rs"]
mod program;

use std::fs;

use program::program;
use terrane::cli::Environment;

/// A case: the configuration, arguments, and what the message must say.
struct Case {
    name: &'static str,
    config: &'static str,
    arguments: &'static [&'static str],
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "syntax error",
        config: "resource \"terraform_data\" \"a\" {\n  input =\n}\n",
        arguments: &["plan"],
        says: &["Error: Invalid expression", "on main.tf line 2"],
    },
    Case {
        name: "unknown attribute",
        config: "resource \"google_storage_bucket\" \"b\" {\n  nmae     = \"x\"\n  location = \"EU\"\n}\n",
        arguments: &["plan", "-sandbox"],
        says: &["Unsupported argument", "on main.tf line 2", "Did you mean \"name\"?"],
    },
    Case {
        name: "wrong type",
        config: "resource \"google_storage_bucket\" \"b\" {\n  name     = \"x\"\n  location = [\"EU\"]\n}\n",
        arguments: &["plan", "-sandbox"],
        says: &["Incorrect attribute value type", "on main.tf line 3", "string required"],
    },
    Case {
        name: "missing variable",
        config: "variable \"v\" {}\n",
        arguments: &["plan"],
        says: &["No value for required variable", "on main.tf line 1"],
    },
    Case {
        name: "cycle",
        config: "resource \"terraform_data\" \"a\" {\n  input = terraform_data.b.id\n}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.id\n}\n",
        arguments: &["plan"],
        says: &["Cycle", "terraform_data.a", "terraform_data.b"],
    },
    Case {
        name: "unknown provider",
        config: "resource \"foo_bar\" \"x\" {}\n",
        arguments: &["plan"],
        says: &["Unknown provider", "on main.tf line 1", "It has: ", "hashicorp/google"],
    },
    Case {
        name: "unknown type",
        config: "resource \"google_storage_bukket\" \"y\" {}\n",
        arguments: &["plan", "-sandbox"],
        says: &["Invalid resource type", "Did you mean", "google_storage_bucket"],
    },
    Case {
        name: "service not enabled",
        config: "resource \"google_service_account\" \"a\" {\n  account_id = \"abcdef\"\n}\n",
        arguments: &["apply", "-sandbox", "-auto-approve"],
        says: &["Permission denied", "google_service_account.a", "google_project_service"],
    },
    Case {
        name: "provisioner",
        config: "resource \"terraform_data\" \"a\" {\n  provisioner \"file\" {\n    source = \"x\"\n  }\n}\n",
        arguments: &["plan"],
        says: &["Provisioner not available", "on main.tf line 2", "local-exec"],
    },
    Case {
        name: "forbidden program",
        config: "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"true\"\n  }\n}\n",
        arguments: &["apply", "-auto-approve", "-no-exec"],
        says: &["Running programs is forbidden", "on main.tf line 2", "-no-exec"],
    },
    Case { name: "unknown command", config: "", arguments: &["plna"], says: &["plna", "plan"] },
];

fn run(folder: &std::path::Path, arguments: &[&str]) -> (u8, String) {
    let environment = Environment { cwd: folder.to_owned(), ..Environment::default() };
    let ran = program(&environment, arguments.iter().copied(), 400);
    (ran.exit, ran.err)
}

#[test]
fn wrong_input_is_told_with_its_place_and_remedy() {
    let mut wrong = Vec::new();
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.tf"), case.config).unwrap();

        let (exit, err) = run(folder.path(), case.arguments);

        let missing: Vec<_> = case.says.iter().filter(|says| !err.contains(**says)).collect();
        if exit != 1 || !missing.is_empty() {
            wrong.push(format!("{}: exit {exit}, does not say {missing:?}:\n{err}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_broken_state_file_is_told_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), "resource \"terraform_data\" \"a\" {}\n").unwrap();
    fs::write(folder.path().join("terraform.tfstate"), "{broken").unwrap();

    let (exit, err) = run(folder.path(), &["apply", "-auto-approve"]);

    assert_eq!(exit, 1);
    assert!(err.contains("Broken state file") && err.contains("line 1, column 2"), "{err}");
    assert_eq!(fs::read_to_string(folder.path().join("terraform.tfstate")).unwrap(), "{broken");
}

#[test]
fn an_empty_folder_is_valid_but_nothing_is_planned_in_it() {
    let folder = tempfile::tempdir().unwrap();

    let (planned, plan) = run(folder.path(), &["plan"]);
    let (applied, apply) = run(folder.path(), &["apply", "-auto-approve"]);
    let (validated, _) = run(folder.path(), &["validate"]);
    let (destroyed, _) = run(folder.path(), &["destroy", "-auto-approve"]);

    assert_eq!((planned, applied, validated, destroyed), (1, 1, 0, 0));
    assert!(plan.contains("No configuration files") && plan.contains("-destroy option"), "{plan}");
    assert!(apply.contains("run 'terrane destroy' instead"), "{apply}");
}

#[test]
fn colours_are_where_they_are_wished_for() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), "resource \"terraform_data\" \"a\" {}\n").unwrap();
    let coloured = |variables: &[&str], arguments: &[&str]| {
        let variables = variables.iter().map(|name| ((*name).to_string(), "1".to_string()));
        let environment = Environment {
            cwd: folder.path().to_owned(),
            variables: variables.collect(),
            ..Environment::default()
        };
        program(&environment, arguments.iter().copied(), 80).out.contains('\u{1b}')
    };

    assert!(!coloured(&[], &["plan"]));
    assert!(coloured(&["CLICOLOR_FORCE"], &["plan"]));
    assert!(!coloured(&["CLICOLOR_FORCE", "NO_COLOR"], &["plan"]));
    assert!(!coloured(&["CLICOLOR_FORCE"], &["plan", "-no-color"]));
}
