//! Runs of the built program that end early: killed, or with their lock ended by somebody else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::terraform::told;

pub(crate) type Variables = BTreeMap<String, String>;

/// A first object, and one whose making waits for the file `go`.
pub(crate) const WAITS: &str = r#"
resource "terraform_data" "first" {
  input = "done"
}

resource "terraform_data" "waits" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "touch started; until [ -f go ]; do sleep 0.1; done"
  }
}
"#;

pub(crate) fn write(folder: &Path, block: &str, rest: &str) {
    fs::create_dir_all(folder).unwrap();
    let text = format!("terraform {{\n  backend {block}\n}}\n{rest}");
    fs::write(folder.join("main.tf"), text).unwrap();
}

/// Makes a program's command as at a machine with nothing set.
pub(crate) fn command(
    program: &str,
    folder: &Path,
    arguments: &[&str],
    more: &Variables,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear().envs(more);
    command.env("HOME", folder).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1").env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) const TERRANE: &str = env!("CARGO_BIN_EXE_terrane");

/// Runs a program that must succeed.
pub(crate) fn done(program: &str, folder: &Path, arguments: &[&str], more: &Variables) -> String {
    let ran = command(program, folder, arguments, more).output().unwrap();
    assert!(ran.status.success(), "{program} {arguments:?}\n{}", told(&ran));
    told(&ran)
}

/// Runs a program that must fail.
pub(crate) fn refused(
    program: &str,
    folder: &Path,
    arguments: &[&str],
    more: &Variables,
) -> String {
    let ran = command(program, folder, arguments, more).output().unwrap();
    assert!(!ran.status.success(), "{program} {arguments:?}\n{}", told(&ran));
    told(&ran)
}

/// Begins a run and waits until it waits.
pub(crate) fn begun(program: &str, folder: &Path, arguments: &[&str], more: &Variables) -> Child {
    let mut running = command(program, folder, arguments, more).spawn().unwrap();
    while !folder.join("started").exists() {
        if running.try_wait().unwrap().is_some() {
            panic!("{}", told(&running.wait_with_output().unwrap()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    running
}

/// Finds a lock's id in what was told.
pub(crate) fn id_in(told: &str) -> String {
    let after = told.split("ID:").nth(1).unwrap_or_else(|| panic!("no id: {told}"));
    after.split_whitespace().next().unwrap().to_string()
}

const APPLY: [&str; 3] = ["apply", "-auto-approve", "-input=false"];

/// What a run did before it was killed is known, and the next one goes on from there.
pub(crate) fn a_killed_run_is_known(folder: &Path, block: &str, more: &Variables) {
    write(folder, block, WAITS);
    let mut running = begun(TERRANE, folder, &APPLY, more);
    running.kill().unwrap();
    running.wait().unwrap();
    fs::write(folder.join("go"), "").unwrap();

    let list = done(TERRANE, folder, &["state", "list"], more);
    assert!(list.contains("terraform_data.first"), "{list}");

    let mut ran = command(TERRANE, folder, &APPLY, more).output().unwrap();
    if !ran.status.success() {
        // A lock that nobody gives back for the dead is ended by its id.
        let id = id_in(&told(&ran));
        done(TERRANE, folder, &["force-unlock", "-force", &id], more);
        ran = command(TERRANE, folder, &APPLY, more).output().unwrap();
    }
    assert!(ran.status.success(), "{}", told(&ran));
    assert!(told(&ran).contains("A run before this one ended early"), "{}", told(&ran));
    assert!(!told(&ran).contains("terraform_data.first: created"), "{}", told(&ran));
    let list = done(TERRANE, folder, &["state", "list"], more);
    assert_eq!(list.trim(), "terraform_data.first\nterraform_data.waits");
}

/// Who goes on after somebody ended the lock overwrites nothing, says so, and keeps what it did.
pub(crate) fn an_ended_lock_saves_nothing(folder: &Path, block: &str, more: &Variables) {
    let (first, second) = (folder.join("first"), folder.join("second"));
    write(&first, block, WAITS);
    write(&second, block, "resource \"terraform_data\" \"other\" {}\n");
    let running = begun(TERRANE, &first, &APPLY, more);

    let held = refused(TERRANE, &second, &APPLY, more);
    assert!(held.contains("State is locked") && held.contains("OperationTypeApply"), "{held}");
    done(TERRANE, &second, &["force-unlock", "-force", &id_in(&held)], more);
    done(TERRANE, &second, &APPLY, more);
    fs::write(first.join("go"), "").unwrap();
    let ended = running.wait_with_output().unwrap();

    assert!(!ended.status.success(), "{}", told(&ended));
    assert!(told(&ended).contains("Lock lost"), "{}", told(&ended));
    assert!(first.join("errored.tfstate").is_file());
    let list = done(TERRANE, &second, &["state", "list"], more);
    assert_eq!(list.trim(), "terraform_data.other");
}
