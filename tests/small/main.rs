//! The providers without a service, as a person meets them: each case is a run of steps in a folder of its own.
//!
//! A case is data (`cases/*.json`). A step may write files, runs a command and says what must come of it: the exit
//! code, what is printed, what the state holds. After each apply nothing is left to do: that is planned too.

mod openssl;
#[path = "../support/program.rs"]
mod program;
mod secure;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use program::program;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use terrane::cli::Environment;

/// Held to read by who opens a sandbox, to write by who starts programs: a program that is just being started holds
/// the lock of a sandbox's file for a moment.
static PROGRAMS: RwLock<()> = RwLock::new(());

/// The moment that sandboxes start at.
const START: &str = "2026-01-02T03:04:05Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The lines of `main.tf`, where they are others than before.
    #[serde(default)]
    config: Vec<String>,
    /// Other files to be written before, by name; null removes one.
    #[serde(default)]
    files: BTreeMap<String, Option<String>>,
    /// The words of the command.
    run: String,
    /// The exit code.
    #[serde(default)]
    exit: u8,
    /// What must be among what is printed.
    #[serde(default)]
    says: Vec<String>,
    /// What must not be.
    #[serde(default)]
    hides: Vec<String>,
    /// The attributes of objects in the state, by address; a text that begins with `~` is a pattern.
    #[serde(default)]
    state: BTreeMap<String, Json>,
    /// The whole outputs.
    outputs: Option<Map<String, Json>>,
    /// Addresses that the state must not have.
    #[serde(default)]
    gone: Vec<String>,
    /// What files must hold afterwards; null for one that must not be there.
    #[serde(default)]
    holds: BTreeMap<String, Option<String>>,
    /// What files' permissions must be, in octal.
    #[serde(default)]
    modes: BTreeMap<String, String>,
    /// The exit code of the plan that follows an apply.
    #[serde(default)]
    again: u8,
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &str) -> (u8, String) {
        let environment = Environment {
            variables: BTreeMap::new(),
            cwd: self.0.path().to_owned(),
            sandbox_start: START.parse().ok(),
            ..Environment::default()
        };
        let ran = program(&environment, words.split_whitespace(), 160);
        (ran.exit, ran.out + &ran.err)
    }

    fn state(&self) -> Json {
        let text = fs::read_to_string(self.path("terraform.tfstate")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// Gives the instances of a state by address, their attributes and beside them `schema_version` and
/// `sensitive_attributes`.
fn instances(state: &Json) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    for resource in state["resources"].as_array().into_iter().flatten() {
        let mode = if resource["mode"] == "data" { "data." } else { "" };
        let name = |what: &str| resource[what].as_str().unwrap_or_default().to_string();
        for instance in resource["instances"].as_array().into_iter().flatten() {
            let key = match &instance["index_key"] {
                Json::Null => String::new(),
                key => format!("[{key}]"),
            };
            let mut attributes = instance["attributes"].clone();
            attributes["schema_version"] = instance["schema_version"].clone();
            attributes["sensitive_attributes"] = instance["sensitive_attributes"].clone();
            found.insert(format!("{mode}{}.{}{key}", name("type"), name("name")), attributes);
        }
    }
    found
}

/// Says whether a value is as wanted: of an object the wanted parts, of a text that begins with `~` the pattern.
fn fits(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Object(found), Json::Object(wanted)) => {
            wanted.iter().all(|(name, part)| fits(found.get(name).unwrap_or(&Json::Null), part))
        }
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| fits(a, b))
        }
        (Json::String(found), Json::String(wanted)) => match wanted.strip_prefix('~') {
            Some(pattern) => Regex::new(&format!("(?s)^(?:{pattern})$")).unwrap().is_match(found),
            None => found == wanted,
        },
        (found, wanted) => found == wanted,
    }
}

fn run(case: &Case) -> Result<(), String> {
    let folder = Folder(tempfile::tempdir().unwrap());
    for (place, step) in case.steps.iter().enumerate() {
        one(&folder, step).map_err(|why| format!("{}, step {}: {why}", case.name, place + 1))?;
    }
    Ok(())
}

fn one(folder: &Folder, step: &Step) -> Result<(), String> {
    if !step.config.is_empty() {
        fs::write(folder.path("main.tf"), step.config.join("\n") + "\n").unwrap();
    }
    for (name, text) in &step.files {
        let path = folder.path(name);
        match text {
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            None => fs::remove_file(path).unwrap(),
        }
    }
    let (exit, printed) = folder.run(&step.run);
    if exit != step.exit {
        return Err(format!("ended with {exit} and not {}\n{printed}", step.exit));
    }
    // A line of a box has a bar before it, and long ones are broken.
    let plain =
        |text: &str| text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let words = plain(&printed);
    for text in &step.says {
        if !words.contains(&plain(text)) {
            return Err(format!("does not say {text:?}\n{printed}"));
        }
    }
    for text in &step.hides {
        if words.contains(&plain(text)) {
            return Err(format!("says {text:?}\n{printed}"));
        }
    }
    kept(folder, step)?;
    on_disk(folder, step)?;
    if step.run.starts_with("apply") && step.exit == 0 && !step.run.contains("-destroy") {
        let sandbox = if step.run.contains("-sandbox") { " -sandbox" } else { "" };
        let (exit, printed) = folder.run(&format!("plan -detailed-exitcode -input=false{sandbox}"));
        if exit != step.again {
            return Err(format!("the plan after it ended with {exit}\n{printed}"));
        }
    }
    Ok(())
}

fn kept(folder: &Folder, step: &Step) -> Result<(), String> {
    let state = folder.state();
    let found = instances(&state);
    for (address, wanted) in &step.state {
        let Some(found) = found.get(address) else {
            return Err(format!("the state has no {address}"));
        };
        if !fits(found, wanted) {
            return Err(format!("{address} is {found:#}"));
        }
    }
    if let Some(address) = step.gone.iter().find(|address| found.contains_key(*address)) {
        return Err(format!("the state has {address}"));
    }
    if let Some(wanted) = &step.outputs {
        let outputs = state["outputs"].as_object().cloned().unwrap_or_default();
        let values = outputs.iter().map(|(name, output)| (name.clone(), output["value"].clone()));
        let values: Map<String, Json> = values.collect();
        if values.len() != wanted.len() || !fits(&values.clone().into(), &wanted.clone().into()) {
            return Err(format!("the outputs are {:#}", Json::Object(values)));
        }
    }
    Ok(())
}

fn on_disk(folder: &Folder, step: &Step) -> Result<(), String> {
    for (name, wanted) in &step.holds {
        let found = fs::read_to_string(folder.path(name)).ok();
        if found != *wanted {
            return Err(format!("{name} holds {found:?}"));
        }
    }
    for (name, wanted) in &step.modes {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
        if format!("{mode:03o}") != *wanted {
            return Err(format!("{name} has the permissions {mode:03o}"));
        }
    }
    Ok(())
}

/// Runs the cases of a file; `$URL` in it is the address of a server.
fn run_all(file: &str, url: &str) {
    run_with(file, &[("$URL", url)]);
}

/// Runs the cases of a file with words exchanged for others.
fn run_with(file: &str, words: &[(&str, &str)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small/cases").join(file);
    let text = words
        .iter()
        .fold(fs::read_to_string(path).unwrap(), |text, (word, value)| text.replace(word, value));
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let _held = PROGRAMS.read().unwrap_or_else(|held| held.into_inner());
    let failed: Vec<String> = cases.iter().filter_map(|case| run(case).err()).collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n\n"));
}

#[test]
fn random() {
    run_all("random.json", "");
}

#[test]
fn null() {
    run_all("null.json", "");
}

#[test]
fn time() {
    run_all("time.json", "");
}

#[test]
fn local() {
    run_all("local.json", "");
}

#[test]
fn tls() {
    run_all("tls.json", "");
}

#[test]
fn http() {
    run_all("http.json", &server::start());
}

#[test]
fn remote_state() {
    run_all("remote_state.json", &server::start());
}

#[test]
fn functions() {
    run_all("functions.json", "");
}

#[test]
fn schemas() {
    run_all("schemas.json", "");
}

#[test]
fn ephemeral() {
    run_all("ephemeral.json", "");
}

#[test]
fn secure() {
    let (address, certificate) = secure::start();
    let certificate = certificate.replace('\r', "").replace('\n', "\\n");
    run_with("secure.json", &[("$HOST", &address), ("$CERTIFICATE", &certificate)]);
}
