//! Terraform itself on the same state: both programs see what the other wrote, and exclude each other.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use terrane::backends::{Backend, BackendError};

use crate::laws::{Open, holder};
use crate::processes::block;
use crate::sandbox::Sandbox;

/// Finds the program; says loudly where it is missing.
pub(crate) fn terraform() -> Option<PathBuf> {
    let found =
        Command::new("terraform").arg("version").output().is_ok_and(|ran| ran.status.success());
    if !found {
        eprintln!("SKIPPED: there is no terraform on this machine, so nothing was held against it");
    }
    found.then(|| PathBuf::from("terraform"))
}

fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1").env("HOME", folder);
    command
}

pub(crate) fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    command(program, folder, arguments).output().unwrap()
}

pub(crate) fn told(ran: &Output) -> String {
    String::from_utf8_lossy(&[ran.stdout.clone(), ran.stderr.clone()].concat()).into_owned()
}

pub(crate) fn done(program: &Path, folder: &Path, arguments: &[&str]) -> String {
    let ran = run(program, folder, arguments);
    let told = told(&ran);
    assert!(ran.status.success(), "{} {arguments:?}\n{told}", program.display());
    told
}

/// A folder with a backend block and resources of the built-in provider.
fn write(folder: &Path, block: &str, names: &[&str], more: &str) {
    let resources: String = names
        .iter()
        .map(|name| {
            format!("resource \"terraform_data\" \"{name}\" {{\n  input = \"{name}\"\n}}\n")
        })
        .collect();
    let text = format!("terraform {{\n  backend {block}\n}}\n{resources}{more}");
    std::fs::write(folder.join("main.tf"), text).unwrap();
}

fn begun(program: &Path, folder: &Path, arguments: &[&str]) -> Child {
    command(program, folder, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn until_held(backend: &dyn Backend) -> terrane::backends::LockError {
    loop {
        match backend.lock(&holder("x")).await {
            Err(BackendError::Held(error)) => return error,
            Err(error) => panic!("{error}"),
            Ok(lock) => lock.unlock().await.unwrap(),
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

/// What both programs do with one state of a backend.
pub(crate) async fn shares(terraform: &Path, folder: &Path, block: &str, open: Open) {
    let terrane = PathBuf::from(env!("CARGO_BIN_EXE_terrane"));
    let empty = |told: &str| told.contains("No changes.");
    write(folder, block, &["a"], "");
    done(terraform, folder, &["init", "-no-color", "-input=false"]);

    // Each goes on where the other stopped, and has nothing to do where the other has done it.
    let steps: [(&Path, &[&str]); 4] = [
        (terraform, &["a"]),
        (&terrane, &["a", "b"]),
        (terraform, &["a", "b", "c"]),
        (&terrane, &["c"]),
    ];
    for (program, names) in steps {
        write(folder, block, names, "");
        done(program, folder, &["apply", "-auto-approve", "-no-color", "-input=false"]);
        for other in [terraform, &terrane] {
            let told = done(other, folder, &["plan", "-no-color", "-input=false"]);
            assert!(empty(&told), "{}: {told}", other.display());
        }
    }

    // A lock that is held here keeps Terraform out, and it names the holder.
    let backend = open("default");
    let lock = backend.lock(&holder("OperationTypeApply")).await.unwrap();
    let refused = run(terraform, folder, &["plan", "-no-color", "-input=false"]);
    let text = told(&refused);
    assert!(!refused.status.success() && text.contains("Error acquiring the state lock"), "{text}");
    assert!(text.contains("me@here") && text.contains("terrane recover"), "{text}");
    lock.unlock().await.unwrap();

    // A lock that Terraform holds keeps us out, and we name the holder.
    let waits = "resource \"terraform_data\" \"waits\" {\n  provisioner \"local-exec\" {\n    command = \"until [ -f go ]; do sleep 0.1; done\"\n  }\n}\n";
    write(folder, block, &["c"], waits);
    // It may meet one of our own looks at the lock: then it tries again.
    let line = ["apply", "-auto-approve", "-no-color", "-input=false", "-lock-timeout=300s"];
    let running = begun(terraform, folder, &line);
    let held = until_held(backend.as_ref()).await;
    assert_eq!(held.holder.unwrap().operation, "OperationTypeApply");
    assert_eq!(held.beat, None);
    let refused = run(&terrane, folder, &["apply", "-auto-approve", "-no-color"]);
    assert!(told(&refused).contains("Error: State is locked"), "{}", told(&refused));
    std::fs::write(folder.join("go"), "").unwrap();
    let ran = running.wait_with_output().unwrap();
    assert!(ran.status.success(), "{}", told(&ran));

    // A workspace of one is a workspace of the other.
    done(terraform, folder, &["workspace", "new", "-no-color", "stage"]);
    assert!(open("stage").workspaces().await.unwrap().contains(&"stage".to_string()));
    done(&terrane, folder, &["workspace", "new", "-no-color", "test"]);
    let listed = done(terraform, folder, &["workspace", "list", "-no-color"]);
    assert!(listed.contains("test"), "{listed}");

    // Each ends a lock of the other by the id that it is told.
    let lock = open("stage").lock(&holder("OperationTypeApply")).await.unwrap();
    let id = until_held(open("stage").as_ref()).await.id.unwrap();
    drop(lock);
    done(terraform, folder, &["force-unlock", "-no-color", "-force", &id]);
    open("stage").lock(&holder("x")).await.unwrap().unlock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_shared_with_terraform() {
    let Some(terraform) = terraform() else { return };
    let sandbox = Sandbox::new().await;
    let block = block("gcs", &sandbox.gcs());
    let folder = tempfile::tempdir().unwrap();

    shares(&terraform, folder.path(), &block, sandbox.bucket()).await;
}
