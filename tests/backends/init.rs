//! `init` and the backend: what is kept, what a change of it asks for, what becomes of the states.

use std::path::Path;

use serde_json::{Value as Json, json};
use terrane::cli::Environment;
use tokio::runtime::Runtime;

use crate::http_server::HttpServer;
use crate::laws::names;
use crate::processes::block;
use crate::program::{Ran, program};
use crate::sandbox::{BUCKET, Sandbox};

/// A folder, a sandbox with a bucket, and a person who answers.
struct Bench {
    runtime: Runtime,
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::new());
        Bench { runtime, sandbox, folder: tempfile::tempdir().unwrap() }
    }

    fn configure(&self, block: &str) {
        let block = if block.is_empty() {
            String::new()
        } else {
            format!("terraform {{\n  backend {block}\n}}\n")
        };
        let text = format!(
            "{block}resource \"terraform_data\" \"a\" {{\n  input = terraform.workspace\n}}\n"
        );
        std::fs::write(self.path().join("main.tf"), text).unwrap();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, line: &str, answer: &str) -> Ran {
        let environment = Environment {
            cwd: self.path().to_path_buf(),
            interactive: !answer.is_empty(),
            input: Some(format!("{answer}\n")),
            ..Environment::default()
        };
        program(&environment, line.split_whitespace(), 200)
    }

    fn done(&self, line: &str, answer: &str) -> String {
        let ran = self.run(line, answer);
        assert_eq!(ran.exit, 0, "{line}\n{}{}", ran.out, ran.err);
        ran.out
    }

    fn refused(&self, line: &str, answer: &str) -> String {
        let ran = self.run(line, answer);
        assert_eq!(ran.exit, 1, "{line}\n{}{}", ran.out, ran.err);
        ran.err.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn gcs(&self, prefix: &str) -> String {
        let mut settings = self.sandbox.gcs();
        settings["prefix"] = json!(prefix);
        block("gcs", &settings)
    }

    /// Names the objects of the bucket.
    fn objects(&self) -> Vec<String> {
        let listed = self.sandbox.ask("GET", &format!("/storage/v1/b/{BUCKET}/o"), &Json::Null);
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|it| it["name"].as_str().unwrap().to_string()).collect()
    }

    fn kept_in(&self, workspace: &str) -> Vec<String> {
        let backend = self.sandbox.bucket()(workspace);
        let loaded = self.runtime.block_on(backend.load()).unwrap();
        names(&loaded.snapshot.unwrap_or_default())
    }
}

#[test]
fn a_state_of_the_folder_is_not_left_behind_and_goes_along() {
    let bench = Bench::new();
    bench.configure("");
    bench.done("apply -auto-approve", "");
    bench.configure(&bench.gcs("env/prod"));

    let told = bench.refused("plan", "");
    assert!(
        told.contains("Backend initialization required, please run \"terrane init\""),
        "{told}"
    );
    assert!(told.contains("Initial configuration of the requested backend \"gcs\""), "{told}");
    let told = bench.refused("init -input=false", "");
    assert!(told.contains("input is disabled") && told.contains("-force-copy"), "{told}");
    assert!(bench.objects().is_empty());

    let told = bench.done("init", "yes");
    assert!(told.contains("Do you want to copy existing state to the new backend?"), "{told}");
    assert!(told.contains("Successfully configured the backend \"gcs\"!"), "{told}");
    assert_eq!(bench.kept_in("default"), ["a"]);
    assert_eq!(bench.objects(), ["env/prod/default.tfstate"]);
    assert!(!bench.path().join("terraform.tfstate").exists());
    assert!(bench.path().join("terraform.tfstate.backup").exists());
    assert!(bench.done("plan", "").contains("No changes."));
    assert_eq!(bench.done("init", "").matches("Successfully configured").count(), 0);
}

#[test]
fn who_says_no_begins_with_an_empty_state() {
    let bench = Bench::new();
    bench.configure("");
    bench.done("apply -auto-approve", "");
    bench.configure(&bench.gcs("env/prod"));

    bench.done("init", "no");

    assert!(bench.objects().is_empty());
    assert!(bench.path().join("terraform.tfstate").exists());
    assert!(bench.done("plan", "").contains("1 to add"));
}

#[test]
fn settings_that_the_block_leaves_out_are_given_to_init_and_kept() {
    let bench = Bench::new();
    bench.configure("\"gcs\" {\n    prefix = \"env/prod\"\n  }");
    let told = bench.refused("plan", "");
    assert!(told.contains("The attribute \"bucket\" is required by the backend."), "{told}");

    let endpoint = bench.sandbox.gcs()["storage_custom_endpoint"].as_str().unwrap().to_string();
    let file = format!("bucket = \"{BUCKET}\"\nstorage_custom_endpoint = \"{endpoint}\"\n");
    std::fs::write(bench.path().join("prod.tfbackend"), file).unwrap();
    let token = format!("-backend-config=access_token={}", bench.sandbox.token);
    let line = format!("init -backend-config=prod.tfbackend {token}");
    bench.done(&line, "");
    bench.done("apply -auto-approve", "");
    // An init without them keeps what was given.
    bench.done("init", "");
    assert!(bench.done("plan", "").contains("No changes."));
    assert_eq!(bench.objects(), ["env/prod/default.tfstate"]);
    let kept = bench.path().join(".terrane/backend.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&kept.metadata().unwrap().permissions());
    assert_eq!(mode & 0o077, 0);

    let told = bench.refused(&format!("{line} -backend-config=bucket=other"), "");
    assert!(told.contains("Backend configuration changed"), "{told}");
    let told = bench.refused("init -backend-config=bukket=x -reconfigure", "");
    assert!(
        told.contains("has no argument \"bukket\"") && told.contains("Did you mean \"bucket\"?"),
        "{told}"
    );
    let told = bench.refused("init -backend-config=none.tfbackend", "");
    assert!(told.contains("none.tfbackend: No such file"), "{told}");
}

#[test]
fn a_changed_block_asks_for_a_decision_and_all_workspaces_go_along() {
    let bench = Bench::new();
    bench.configure(&bench.gcs("old"));
    bench.done("init", "");
    bench.done("apply -auto-approve", "");
    bench.done("workspace new stage", "");
    bench.done("apply -auto-approve", "");
    bench.configure(&bench.gcs("env/prod"));

    let told = bench.refused("plan", "");
    assert!(told.contains("Reason: Backend configuration block has changed"), "{told}");
    let told = bench.refused("init", "");
    assert!(
        told.contains("Backend configuration changed") && told.contains("-migrate-state"),
        "{told}"
    );
    let told = bench.refused("init -migrate-state -reconfigure", "");
    assert!(told.contains("mutually-exclusive"), "{told}");
    let told = bench.refused("init -migrate-state", "no");
    assert!(told.contains("Migration aborted by user."), "{told}");
    assert_eq!(bench.objects(), ["old/default.tfstate", "old/stage.tfstate"]);

    let told = bench.done("init -migrate-state", "yes");
    assert!(told.contains("Do you want to migrate all workspaces to \"gcs\"?"), "{told}");
    assert_eq!((bench.kept_in("default").len(), bench.kept_in("stage").len()), (1, 1));
    assert!(bench.done("plan", "").contains("No changes."));

    // Back to files of the folder.
    bench.configure("");
    let told = bench.refused("plan", "");
    assert!(told.contains("Unsetting the previously set backend \"gcs\""), "{told}");
    let told = bench.done("init -force-copy", "");
    assert!(told.contains("Successfully unset the backend \"gcs\"."), "{told}");
    assert!(bench.path().join("terraform.tfstate").exists());
    assert!(bench.path().join("terraform.tfstate.d/stage/terraform.tfstate").exists());
    assert!(bench.done("plan", "").contains("No changes."));

    // And with nothing copied.
    bench.configure(&bench.gcs("third"));
    bench.done("init -reconfigure", "");
    assert!(bench.done("plan", "").contains("1 to add"));
}

#[test]
fn where_there_are_no_workspaces_the_present_one_alone_goes_along() {
    let bench = Bench::new();
    bench.configure("");
    bench.done("apply -auto-approve", "");
    bench.done("workspace new stage", "");
    bench.done("apply -auto-approve", "");
    let server = HttpServer::new();
    bench.configure(&block("http", &server.settings("polls")));

    let told = bench.refused("init -migrate-state", "no");
    assert!(told.contains("Migration aborted by user."), "{told}");
    assert!(server.kept().states.is_empty());
    let told = bench.done("init -migrate-state", "yes");
    assert!(told.contains("Do you want to copy only your current workspace?"), "{told}");

    assert_eq!(bench.done("workspace show", "").trim(), "default");
    let state = bench.done("state show terraform_data.a", "");
    assert!(state.contains("\"stage\""), "{state}");
    // And back: one state.
    bench.configure("");
    bench.done("init -force-copy", "");
    assert!(bench.done("state show terraform_data.a", "").contains("\"stage\""));
}

#[test]
fn what_terraform_was_told_counts_until_something_is_told_here() {
    let bench = Bench::new();
    bench.configure("\"gcs\" {\n    prefix = \"env/prod\"\n  }");
    let mut config = bench.sandbox.gcs();
    for name in ["credentials", "encryption_key", "impersonate_service_account_delegates"] {
        config[name] = Json::Null;
    }
    let kept = json!({"version": 3, "terraform_version": "1.11.4", "backend": {"type": "gcs", "config": config, "hash": 1}});
    std::fs::create_dir(bench.path().join(".terraform")).unwrap();
    std::fs::write(bench.path().join(".terraform/terraform.tfstate"), kept.to_string()).unwrap();

    bench.done("apply -auto-approve", "");
    assert_eq!(bench.objects(), ["env/prod/default.tfstate"]);

    bench.configure("\"gcs\" {\n    prefix = \"env/other\"\n  }");
    let told = bench.refused("plan", "");
    assert!(told.contains("Backend configuration block has changed"), "{told}");
}

#[test]
fn what_terraforms_own_init_was_told_counts() {
    let Some(terraform) = crate::terraform::terraform() else { return };
    let bench = Bench::new();
    bench.configure("\"gcs\" {\n    prefix = \"env/prod\"\n  }");
    let endpoint = bench.sandbox.gcs()["storage_custom_endpoint"].as_str().unwrap().to_string();
    let given = [
        format!("-backend-config=bucket={BUCKET}"),
        format!("-backend-config=storage_custom_endpoint={endpoint}"),
        format!("-backend-config=access_token={}", bench.sandbox.token),
    ];
    let mut line = vec!["init", "-no-color", "-input=false"];
    line.extend(given.iter().map(String::as_str));
    crate::terraform::done(&terraform, bench.path(), &line);
    crate::terraform::done(&terraform, bench.path(), &["apply", "-no-color", "-auto-approve"]);

    assert!(bench.done("plan", "").contains("No changes."));
}
