//! A case, and the program's runs in copies of its folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use terrane::cli::Environment;

use crate::program::program;

/// A case as captured.
pub(crate) struct Case {
    pub(crate) name: String,
    folder: PathBuf,
    /// The arguments of the commands that plan.
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
    /// What a plan does that was asked for with another command.
    pub(crate) destroy: bool,
    /// Whether only `validate` was run.
    pub(crate) only_validated: bool,
    pub(crate) applied: bool,
    pub(crate) expected: Json,
    pub(crate) expected_state: Option<Json>,
    /// The plan's whole document, and the lines of its stream.
    pub(crate) expected_shown: Option<Json>,
    /// The plan and the applied state as text.
    pub(crate) expected_told: Option<Json>,
    /// All texts of the case: an id in them is kept as it is.
    pub(crate) texts: String,
}

/// What a command gave.
pub(crate) struct Ran {
    pub(crate) exit: u8,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Case {
    pub(crate) fn read(folder: &Path) -> Case {
        let described = json(&folder.join("case.json")).expect("a case has a description");
        let strings = |json: &Json| json.as_str().unwrap_or_default().to_string();
        let arguments = described["args"].as_array().into_iter().flatten().map(strings).collect();
        let mut variables: BTreeMap<String, String> = described["env"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), strings(value)))
            .collect();
        variables.insert("HOME".into(), "/nonexistent-home".into());
        let mut texts = String::new();
        read_texts(folder, &mut texts);
        Case {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            folder: folder.to_path_buf(),
            arguments,
            variables,
            destroy: described["command"] == "destroy",
            only_validated: described["command"] == "validate",
            applied: described["apply"] == Json::Bool(true),
            expected: json(&folder.join("expected.json")).expect("a case has a result"),
            expected_state: json(&folder.join("expected-state.json")),
            expected_shown: json(&folder.join("expected-shown.json")),
            expected_told: json(&folder.join("expected-told.json")),
            texts,
        }
    }

    /// Gives the state that the case starts from.
    pub(crate) fn start(&self) -> Option<Json> {
        json(&self.folder.join("terraform.tfstate"))
    }

    /// Gives where the state is kept.
    pub(crate) fn state(&self) -> String {
        match self.variables.get("TF_WORKSPACE") {
            Some(name) => format!("terraform.tfstate.d/{name}/terraform.tfstate"),
            None => "terraform.tfstate".into(),
        }
    }

    /// Runs a command in a copy of the case's folder.
    pub(crate) fn run(&self, arguments: &[&str], with_own: bool) -> Ran {
        let folder = tempfile::tempdir().expect("a folder can be made");
        copy(&self.folder, folder.path());
        self.run_in(folder, arguments, with_own)
    }

    /// Runs a command in a folder, with the case's own arguments or without.
    pub(crate) fn run_in(
        &self,
        folder: tempfile::TempDir,
        arguments: &[&str],
        with_own: bool,
    ) -> Ran {
        let environment = Environment {
            variables: self.variables.clone(),
            cwd: folder.path().canonicalize().expect("the folder is there"),
            home: Some("/nonexistent-home".into()),
            ..Environment::default()
        };
        let own = if with_own { self.arguments.clone() } else { Vec::new() };
        let own = own.iter().map(String::as_str);
        let ran = program(&environment, arguments.iter().copied().chain(own), 80);
        Ran { exit: ran.exit, out: ran.out, err: ran.err, folder }
    }
}

impl Ran {
    /// Gives the lines of a stream of JSON.
    pub(crate) fn lines(&self) -> Vec<Json> {
        self.out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// Reads a file of JSON; nothing where there is none.
pub(crate) fn json(path: &Path) -> Option<Json> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).expect("the file is JSON"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read").flatten() {
        let name = entry.file_name();
        let target = to.join(&name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if !name.to_string_lossy().starts_with("expected") && name != "case.json" {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

fn read_texts(folder: &Path, texts: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            read_texts(&entry.path(), texts);
        } else if !name.starts_with("expected") {
            texts.push_str(&std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
}
