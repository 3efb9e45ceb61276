//! The examples for CI: each step that is a script is run, as GitHub Actions and Cloud Build run it, against the sandbox.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GITHUB: &str = include_str!("../../examples/ci/github.yml");
const CLOUD_BUILD: &str = include_str!("../../examples/ci/cloudbuild.yaml");

const CONFIG: &str = r#"
provider "google" {
  project = "polls-demo"
  region  = "europe-west1"
}

resource "google_project_service" "storage" {
  service            = "storage.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "media" {
  name          = "polls-media"
  location      = "EU"
  force_destroy = true
  depends_on    = [google_project_service.storage]

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
}
"#;

/// The client of GitHub, as far as the workflow asks it.
const GH: &str = r#"#!/bin/sh
echo "$*" >>"$LOG"
case "$1 $2" in
  "pr comment") cp "$5" "$LOG.comment" ;;
  "api repos/"*) echo 0123abc ;;
  "run list") echo 7 ;;
  "run download") mkdir -p "$7" && cp plan.digest "$7/" ;;
  *) exit 9 ;;
esac
"#;

const GCLOUD: &str = "#!/bin/sh\necho \"$*\" >>\"$LOG\"\n";

/// Gives the lines of a block of text that begins below a line, without their indentation.
fn block(lines: &[&str]) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let depth = lines.first().map_or(0, |line| indent(line));
    let inside = lines.iter().take_while(|line| line.trim().is_empty() || indent(line) >= depth);
    inside.map(|line| format!("{}\n", line.get(depth..).unwrap_or_default())).collect()
}

/// Gives the script of a step: after the line that names it, below `run:` or the last argument.
fn script(text: &str, step: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let begin =
        lines.iter().position(|line| line.trim() == step).unwrap_or_else(|| panic!("{step}"));
    for (place, line) in lines.iter().enumerate().skip(begin) {
        match line.trim() {
            "run: |" | "- |" => return block(&lines[place + 1..]),
            line => {
                if let Some(script) = line.strip_prefix("run: ") {
                    return script.to_owned();
                }
            }
        }
    }
    panic!("{step} has no script");
}

/// Gives the names of the steps that have one.
fn named(text: &str, word: &str, run: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut last = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with("- ") && line != "- |" && line != "- -euc" {
            last = if line.starts_with(word) { line } else { "" };
        }
        if run.iter().any(|run| line.starts_with(run)) {
            found.push(last.to_owned());
        }
    }
    found
}

struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let program = env!("CARGO_BIN_EXE_terrane");
        let shim =
            format!("#!/bin/sh\ncommand=$1\nshift\nexec {program} \"$command\" -sandbox \"$@\"\n");
        fs::create_dir(folder.path().join("bin")).unwrap();
        for (name, text) in [("terrane", shim.as_str()), ("gh", GH), ("gcloud", GCLOUD)] {
            let file = folder.path().join("bin").join(name);
            fs::write(&file, text).unwrap();
            assert!(Command::new("chmod").arg("+x").arg(&file).status().unwrap().success());
        }
        fs::create_dir(folder.path().join("code")).unwrap();
        let machine = Machine { folder };
        machine.write(CONFIG);
        machine
    }

    fn write(&self, text: &str) {
        fs::write(self.path("code/main.tf"), text).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn run(&self, shell: &[&str], script: &str, variables: &[(&str, &str)]) -> Output {
        let own = self.path("bin");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", own.display());
        Command::new(shell[0])
            .args(&shell[1..])
            .arg(script)
            .current_dir(self.path("code"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("LOG", self.path("log"))
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

fn told(ran: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}", text(&ran.stdout), text(&ran.stderr))
}

fn must(ran: &Output, code: i32) {
    assert_eq!(ran.status.code(), Some(code), "{}", told(ran));
}

#[test]
fn every_script_of_the_workflow_of_github_does_what_it_says() {
    let scripts = named(GITHUB, "- name:", &["run:"]);
    assert_eq!(
        scripts,
        [
            "- name: Plan",
            "- name: Comment",
            "- name: Find the digest that was approved",
            "- name: Apply"
        ]
    );
    let machine = Machine::new();
    let output = machine.path("output");
    let step = |name: &str, variables: &[(&str, &str)]| {
        let script = script(GITHUB, &format!("- name: {name}"));
        assert!(!script.contains("${{"), "text of others would be part of a script: {script}");
        let all = [
            ("GITHUB_REPOSITORY", "example/polls"),
            ("GITHUB_SHA", "4567def"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_OUTPUT", output.to_str().unwrap()),
        ];
        machine.run(&["bash", "-ec"], &script, &[&all, variables].concat())
    };

    must(&step("Plan", &[("LABELS", "")]), 0);
    must(&step("Comment", &[("NUMBER", "12")]), 0);
    must(&step("Find the digest that was approved", &[]), 0);
    let digest = machine.read("output").trim().strip_prefix("digest=").unwrap().to_owned();
    let other = "0".repeat(digest.len());
    assert_ne!(step("Apply", &[("APPROVED", &other)]).status.code(), Some(0));
    must(&step("Apply", &[("APPROVED", &digest)]), 0);

    assert!(machine.read("log.comment").contains("google_storage_bucket.media"));
    assert!(
        machine
            .read("log")
            .contains("pr comment 12 --body-file plan.md --edit-last --create-if-none")
    );
    assert!(machine.read("log").contains("run list --commit 0123abc --workflow terrane"));
    assert!(machine.read("code/terraform.tfstate").contains("polls-media"));
    machine.write(&CONFIG.replace("\"EU\"", "\"US\""));
    let refused = step("Plan", &[("LABELS", "bug,urgent")]);
    must(&refused, 3);
    assert!(told(&refused).contains("::error"), "{}", told(&refused));
    assert!(machine.read("code/plan.md").contains("data-loss"));
    must(&step("Plan", &[("LABELS", "bug,loses data,urgent")]), 0);
}

#[test]
fn every_script_of_the_build_of_cloud_build_does_what_it_says() {
    assert_eq!(
        named(CLOUD_BUILD, "- id:", &["- |"]),
        ["- id: plan", "- id: reports", "- id: gate", "- id: apply"]
    );
    let machine = Machine::new();
    let workspace = machine.path("workspace");
    fs::create_dir(&workspace).unwrap();
    let build = |digest: &str| -> Vec<Output> {
        let mut ran = Vec::new();
        for step in ["plan", "reports", "gate", "apply"] {
            let script = script(CLOUD_BUILD, &format!("- id: {step}"));
            let script = script.replace("/workspace", workspace.to_str().unwrap());
            let variables = [
                ("_DIGEST", digest),
                ("_FAIL_ON", "risk:data-loss"),
                ("_REPORTS", "gs://polls-plans"),
                ("BUILD_ID", "b1"),
            ];
            ran.push(machine.run(&["sh", "-euc"], &script, &variables));
            // A build ends with the first step that fails.
            if !ran[ran.len() - 1].status.success() {
                break;
            }
        }
        ran
    };

    let planned = build("");
    assert_eq!(planned.len(), 4, "{}", told(&planned[planned.len() - 1]));
    let text = told(&planned[0]);
    let digest = text.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap().to_owned();
    assert!(!Path::new(&machine.path("code/terraform.tfstate")).exists());
    let applied = build(&digest);
    assert_eq!(applied.len(), 4, "{}", told(&applied[applied.len() - 1]));
    must(&applied[3], 0);
    assert!(machine.read("log").contains("storage cp"), "{}", machine.read("log"));
    assert!(machine.read("log").contains("gs://polls-plans/b1/"));
    assert!(machine.read("code/terraform.tfstate").contains("polls-media"));

    machine.write(&CONFIG.replace("\"EU\"", "\"US\""));
    let refused = build("");
    assert_eq!(refused.len(), 3, "the gate is the last step");
    must(&refused[2], 3);
    assert!(machine.read("workspace/reports/plan.md").contains("data-loss"));
}
