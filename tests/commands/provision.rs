//! `provisioner "local-exec"`: what runs, when, what is said of it, and what becomes of the object.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::{Ran, run};

fn variables() -> BTreeMap<String, String> {
    BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())])
}

fn apply(folder: &Path, config: &str, arguments: &[&str]) -> Ran {
    fs::write(folder.join("main.tf"), config).unwrap();
    fs::create_dir_all(folder.join("sub")).unwrap();
    let arguments = [&["apply", "-auto-approve"], arguments].concat();
    run(folder, &arguments, &variables(), "")
}

/// Gives the lines that speak of programs, ids left out.
fn told(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.contains("local-exec"));
    lines.map(String::from).collect()
}

fn status(folder: &Path, name: &str) -> Option<Json> {
    let text = fs::read_to_string(folder.join("terraform.tfstate")).unwrap();
    let state: Json = serde_json::from_str(&text).unwrap();
    let found =
        state["resources"].as_array().unwrap().iter().find(|block| block["name"] == name)?;
    Some(found["instances"][0]["status"].clone())
}

const PROGRAMS: &str = r#"
variable "s" {
  default   = "secret"
  sensitive = true
}
variable "e" {
  default   = "short"
  ephemeral = true
}
resource "terraform_data" "a" {
  input = "x"
  connection {
    host = "nowhere"
  }
  provisioner "local-exec" {
    command     = "echo ${self.input} $FOO; pwd | sed 's,.*/,,'; printf 'a\\nb'; echo err >&2"
    environment = { FOO = "bar" }
    working_dir = "sub"
  }
  provisioner "local-exec" {
    command = "echo two"
    quiet   = true
  }
  provisioner "local-exec" {
    command = "echo ${var.s}"
  }
  provisioner "local-exec" {
    command = "echo ${var.e}"
  }
  provisioner "local-exec" {
    command = "echo ${var.e}${var.s}"
  }
  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-e", "-c"]
    command     = "echo leaves ${self.output}"
    when        = destroy
  }
  provisioner "local-exec" {
    command    = "echo fails; exit 3"
    on_failure = continue
  }
}
"#;

/// What terraform 1.11.4 prints of these programs.
const SAID: &[&str] = &[
    "terraform_data.a: Provisioning with 'local-exec'...",
    "terraform_data.a (local-exec): Executing: [\"/bin/sh\" \"-c\" \"echo x $FOO; pwd | sed 's,.*/,,'; printf 'a\\\\nb'; echo err >&2\"]",
    "terraform_data.a (local-exec): x bar",
    "terraform_data.a (local-exec): sub",
    "terraform_data.a (local-exec): a",
    "terraform_data.a (local-exec): berr",
    "terraform_data.a: Provisioning with 'local-exec'...",
    "terraform_data.a (local-exec): local-exec: Executing: Suppressed by quiet=true",
    "terraform_data.a (local-exec): two",
    "terraform_data.a: Provisioning with 'local-exec'...",
    "terraform_data.a (local-exec): (output suppressed due to sensitive value in config)",
    "terraform_data.a (local-exec): (output suppressed due to sensitive value in config)",
    "terraform_data.a: Provisioning with 'local-exec'...",
    "terraform_data.a (local-exec): (output suppressed due to ephemeral value in config)",
    "terraform_data.a (local-exec): (output suppressed due to ephemeral value in config)",
    "terraform_data.a: Provisioning with 'local-exec'...",
    "terraform_data.a (local-exec): (output suppressed due to sensitive, ephemeral value in config)",
    "terraform_data.a (local-exec): (output suppressed due to sensitive, ephemeral value in config)",
    "terraform_data.a: Provisioning with 'local-exec'...",
    "terraform_data.a (local-exec): Executing: [\"/bin/sh\" \"-c\" \"echo fails; exit 3\"]",
    "terraform_data.a (local-exec): fails",
];

#[test]
fn programs_run_in_order_and_are_told_as_terraform_tells_them() {
    let folder = tempfile::tempdir().unwrap();

    let made = apply(folder.path(), PROGRAMS, &[]);
    let again = apply(folder.path(), PROGRAMS, &[]);
    let left = run(folder.path(), &["destroy", "-auto-approve"], &variables(), "");

    assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
    assert_eq!(told(&made.out), SAID);
    assert_eq!((again.exit, told(&again.out)), (0, vec![]), "{}", again.err);
    let leaving = [
        "terraform_data.a: Provisioning with 'local-exec'...",
        "terraform_data.a (local-exec): Executing: [\"/bin/sh\" \"-e\" \"-c\" \"echo leaves x\"]",
        "terraform_data.a (local-exec): leaves x",
    ];
    assert_eq!((left.exit, told(&left.out)), (0, leaving.map(String::from).to_vec()));
}

#[test]
fn a_failed_program_taints_what_was_made_and_stops_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"echo out; exit 4\"\n  }\n  \
                  provisioner \"local-exec\" {\n    command = \"echo never\"\n  }\n}\nresource \"terraform_data\" \"b\" {\n  \
                  input = terraform_data.a.id\n}\n";

    let failed = apply(folder.path(), config, &[]);
    let tainted = status(folder.path(), "a");
    let mended = apply(folder.path(), &config.replace("exit 4", "exit 0"), &[]);

    assert_eq!(failed.exit, 1);
    let text = failed.err.replace("\n│ ", " ");
    assert!(text.contains("Error: local-exec provisioner error"), "{text}");
    assert!(
        text.contains("with terraform_data.a,") && text.contains("on main.tf line 2"),
        "{text}"
    );
    assert!(text.contains("Error running command 'echo out; exit 4': exit status 4. Output: out"));
    assert!(!failed.out.contains("never"), "{}", failed.out);
    assert_eq!((tainted, status(folder.path(), "b")), (Some("tainted".into()), Some(Json::Null)));
    assert!(mended.out.contains("1 destroyed"), "{}{}", mended.out, mended.err);
    assert_eq!(status(folder.path(), "a"), Some(Json::Null));
}

#[test]
fn a_failed_program_before_a_removal_keeps_the_object() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {\n  count = 2\n  provisioner \"local-exec\" {\n    when    = destroy\n    \
                  command = \"exit ${count.index}\"\n  }\n}\n";
    assert_eq!(apply(folder.path(), config, &[]).exit, 0);

    let left = run(folder.path(), &["destroy", "-auto-approve"], &variables(), "");
    let kept = run(folder.path(), &["state", "list"], &variables(), "");

    assert_eq!(left.exit, 1);
    assert!(left.err.contains("local-exec provisioner error"), "{}", left.err);
    assert_eq!(kept.out, "terraform_data.a[1]\n");
}

#[test]
fn a_removed_block_runs_its_programs() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(apply(folder.path(), "resource \"terraform_data\" \"a\" {}\n", &[]).exit, 0);
    let config = "removed {\n  from = terraform_data.a\n  lifecycle {\n    destroy = true\n  }\n  provisioner \"local-exec\" {\n    \
                  when    = destroy\n    command = \"echo bye\"\n  }\n}\n";

    let left = apply(folder.path(), config, &[]);

    assert_eq!(left.exit, 0, "{}", left.err);
    assert!(left.out.contains("terraform_data.a (local-exec): bye"), "{}", left.out);
}

#[test]
fn the_time_of_programs_is_the_objects_time() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = "sleep 1.1"
  }
}
"#;

    let ran = apply(folder.path(), config, &[]);

    assert!(ran.out.contains("terraform_data.a: Creation complete after "), "{}", ran.out);
    assert!(!ran.out.contains("complete after 0s"), "{}", ran.out);
}

#[test]
fn what_a_program_refers_to_is_made_first() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"echo ${terraform_data.z.output}\"\n  \
                  }\n}\nresource \"terraform_data\" \"z\" {\n  input = \"zed\"\n}\n";

    let made = apply(folder.path(), config, &[]);

    assert!(made.out.contains("terraform_data.a (local-exec): zed"), "{}{}", made.out, made.err);
}

#[test]
fn programs_are_told_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let config = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"echo hi; exit 1\"\n  }\n}\n";

    let ran = apply(folder.path(), config, &["-json"]);

    let lines = ran.out.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let told = lines.filter(|line| line["type"].as_str().unwrap().starts_with("provision"));
    let told: Vec<(Json, Json)> =
        told.map(|line| (line["type"].clone(), line["@message"].clone())).collect();
    let expected = [
        ("provision_start", "terraform_data.a: Provisioning with 'local-exec'..."),
        (
            "provision_progress",
            "terraform_data.a: (local-exec): Executing: [\"/bin/sh\" \"-c\" \"echo hi; exit 1\"]",
        ),
        ("provision_progress", "terraform_data.a: (local-exec): hi"),
        ("provision_errored", "terraform_data.a: (local-exec) Provisioning errored"),
    ];
    assert_eq!(told, expected.map(|(kind, text)| (kind.into(), text.into())));
}

#[test]
fn wrong_arguments_are_told_before_anything_is_made() {
    for (inside, says) in [
        ("comand = \"x\"", "An argument named \"comand\" is not expected here."),
        ("", "The argument \"command\" is required"),
        (
            "command = \"x\"\n    environment = \"y\"",
            "Inappropriate value for attribute \"environment\"",
        ),
        ("command = var.nope", "Reference to undeclared input variable"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    {inside}\n  }}\n}}\n"
        );
        fs::write(folder.path().join("main.tf"), &config).unwrap();

        let validated = run(folder.path(), &["validate"], &variables(), "");
        let applied = apply(folder.path(), &config, &[]);

        for ran in [&validated, &applied] {
            let text = ran.err.replace("\n│ ", " ");
            assert_eq!(ran.exit, 1, "{inside}");
            assert!(text.contains(says), "{inside}: {text}");
        }
        assert!(!folder.path().join("terraform.tfstate").exists());
    }
}

#[test]
fn what_cannot_be_started_is_told() {
    for (inside, says) in [
        ("command = \"\"", "The command must be a non-empty string."),
        (
            "command = \"x\"\n    interpreter = [\"nosuchprogram\"]",
            "exec: \"nosuchprogram\": executable file not found in $PATH",
        ),
        (
            "command = \"x\"\n    working_dir = \"nosuch\"",
            "chdir nosuch: no such file or directory",
        ),
        ("command = \"nosuchprogram\"", "exit status 127"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    {inside}\n  }}\n}}\n"
        );

        let ran = apply(folder.path(), &config, &[]);

        assert_eq!(ran.exit, 1, "{inside}");
        let text = ran.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>();
        assert!(text.join(" ").contains(says), "{inside}: {}", ran.err);
        assert_eq!(status(folder.path(), "a"), Some("tainted".into()));
    }
}
