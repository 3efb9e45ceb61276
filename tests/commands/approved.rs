//! Plans that were approved: by their digest, or as a saved plan of which something is left to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Ran, run};

fn variables() -> BTreeMap<String, String> {
    BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())])
}

fn terrane(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, arguments, &variables(), "")
}

fn must(folder: &Path, exit: u8, arguments: &[&str]) -> String {
    let ran = terrane(folder, arguments);
    assert_eq!(ran.exit, exit, "{arguments:?}\n{}{}", ran.out, ran.err);
    ran.out + &ran.err
}

/// Plans, and gives the digest that is printed.
fn digest(folder: &Path, arguments: &[&str]) -> String {
    let text = must(folder, 0, &[&["plan"], arguments].concat());
    let line = text.lines().find_map(|line| line.strip_prefix("Digest: "));
    line.unwrap_or_else(|| panic!("no digest:\n{text}")).to_string()
}

const CONFIG: &str = r#"
variable "input" {
  default = "one"
}
variable "secret" {
  default   = "hidden"
  sensitive = true
}
resource "terraform_data" "a" {
  input = var.input
}
resource "terraform_data" "b" {
  input = [terraform_data.a.id, var.secret]
}
output "a" {
  value = terraform_data.a.output
}
"#;

fn folder(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), config).unwrap();
    folder
}

#[test]
fn a_digest_is_the_same_everywhere_as_long_as_the_effects_are() {
    let (here, there) = (folder(CONFIG), folder(&format!("# A remark.\n{CONFIG}")));

    let first = digest(here.path(), &[]);

    assert_eq!(digest(here.path(), &[]), first);
    assert_eq!(digest(there.path(), &[]), first);
    for other in ["-var=input=two", "-var=secret=other", "-target=terraform_data.a"] {
        assert_ne!(digest(here.path(), &[other]), first, "{other}");
    }

    // With the same state, on another machine.
    must(here.path(), 0, &["apply", "-auto-approve"]);
    fs::copy(here.path().join("terraform.tfstate"), there.path().join("terraform.tfstate"))
        .unwrap();
    let change = digest(here.path(), &["-var=input=two"]);
    assert_eq!(digest(there.path(), &["-var=input=two"]), change);
    assert_ne!(digest(there.path(), &["-var=secret=other"]), change);
    assert_ne!(digest(there.path(), &["-destroy"]), change);
}

#[test]
fn a_digest_tells_apart_what_is_run_and_what_is_worked_out_only_in_the_apply() {
    let program = |command: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n}}\n"
        )
    };
    let open = |input: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{}}\nlocals {{\n  end = \"x\"\n}}\nvariable \"v\" {{\n  default = 1\n}}\n\
             resource \"terraform_data\" \"b\" {{\n  input = {input}\n}}\n"
        )
    };
    let of = |config: &str, arguments: &[&str]| digest(folder(config).path(), arguments);

    assert_ne!(of(&program("echo a"), &[]), of(&program("rm -r x"), &[]));
    let first = of(&open("terraform_data.a.id"), &[]);
    assert_ne!(of(&open("\"${terraform_data.a.id}y\""), &[]), first);
    let through = open("\"${terraform_data.a.id}${local.end}${var.v}\"");
    let second = of(&through, &[]);
    assert_ne!(of(&through.replace("end = \"x\"", "end = \"z\""), &[]), second);
    assert_ne!(of(&through, &["-var=v=2"]), second);

    // Remarks, layout, and the file's name say nothing.
    let laid = through.replace("  end =", "  # The end.\n\n  end     =");
    let other = folder("");
    fs::write(other.path().join("other.tf"), format!("// Begins.\n{laid}")).unwrap();
    fs::remove_file(other.path().join("main.tf")).unwrap();
    assert_eq!(digest(other.path(), &[]), second);
}

#[test]
fn an_apply_goes_on_without_asking_only_if_the_digest_is_the_approved_one() {
    let folder = folder(CONFIG);
    let folder = folder.path();
    let approved = digest(folder, &[]);
    let option = format!("-approved-digest={approved}");

    let refused = must(folder, 1, &["apply", &option, "-var=input=two"]);
    assert!(refused.contains("Plan not as approved"), "{refused}");
    must(folder, 1, &["state", "list"]);

    let done = must(folder, 0, &["apply", &option]);
    assert!(done.contains("Resources: 2 added"), "{done}");

    // What was approved is done: the same digest approves nothing more.
    let again = must(folder, 1, &["apply", &option, "-var=input=two"]);
    assert!(again.contains("Plan not as approved"), "{again}");
}

const PROGRAM: &str = r#"
resource "terraform_data" "first" {
  input = "x"
}
resource "terraform_data" "second" {
  input = terraform_data.first.id
  provisioner "local-exec" {
    command = "test -e ready"
  }
}
resource "terraform_data" "third" {
  input = terraform_data.second.output
}
"#;

#[test]
fn what_is_left_of_a_saved_plan_can_be_carried_out_and_no_more() {
    let folder = folder(PROGRAM);
    let folder = folder.path();
    must(folder, 0, &["plan", "-out=saved"]);

    must(folder, 1, &["apply", "saved"]);
    fs::write(folder.join("ready"), "").unwrap();
    let stale = must(folder, 1, &["apply", "saved"]);
    assert!(stale.contains("Saved plan is stale") && stale.contains("-resume"), "{stale}");

    let done = must(folder, 0, &["apply", "-resume", "saved"]);
    assert!(done.contains("Resources: 2 added, 0 changed, 1 destroyed"), "{done}");
    assert!(must(folder, 0, &["plan"]).contains("No changes"));

    // What somebody removed since was not for this plan to make again; nor is what is done.
    must(folder, 0, &["state", "rm", "terraform_data.third"]);
    let rest = must(folder, 0, &["apply", "-resume", "saved"]);
    assert!(rest.contains("Resources: 1 added"), "{rest}");
    must(folder, 0, &["plan", "-out=other", "-destroy"]);
    must(folder, 0, &["taint", "terraform_data.first"]);
    must(folder, 0, &["plan", "-out=saved"]);
    must(folder, 0, &["apply", "-auto-approve"]);
    must(folder, 0, &["taint", "terraform_data.third"]);
    let beyond = must(folder, 1, &["apply", "-resume", "saved"]);
    assert!(beyond.contains("More than the saved plan"), "{beyond}");
}
