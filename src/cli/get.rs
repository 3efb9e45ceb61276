//! Installing modules, for `init` and `get`: git repositories are fetched by the git program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

use super::telling;
use super::workbench::{Workbench, file_problem};
use super::{Command, flag};
use crate::backends::disk::write_whole;
use crate::config::installed::{InstalledModule, Manifest, is_same};
use crate::config::source::{self, Git, Source};
use crate::config::{Module, ModuleCall};
use crate::diag::{Diagnostic, has_errors};

pub(super) const COMMAND: Command = Command {
    name: "get",
    about: "Install the modules that the configuration calls",
    arguments: |command| command.arg(flag("update", "Fetch also what is installed already")),
    run: |workbench, matches| {
        let update = matches.get_one::<bool>("update").copied().unwrap_or(false);
        let problems = install(workbench, update);
        workbench.tell(&problems)
    },
};

/// How deep calls may lead from one fetched module to another.
const DEPTH: usize = 32;

/// Fetches what is called and not installed; with `update`, all that is called. Gives the problems met.
pub(super) fn install(workbench: &mut Workbench<'_, '_>, update: bool) -> Vec<Diagnostic> {
    let mut manifest = workbench.manifest();
    let before = manifest.clone();
    if update {
        manifest.0.clear();
    }
    let mut problems = Vec::new();
    for _ in 0..DEPTH {
        let config = workbench.config_with(&manifest);
        let mut wanted = BTreeMap::new();
        called(&config.root, &mut wanted);
        manifest.0.retain(|key, module| {
            wanted.get(key).is_some_and(|(call, _)| is_same(&module.source, &call.source.text))
        });
        let missing = wanted.into_iter().filter(|(key, _)| !manifest.0.contains_key(key));
        let missing: Vec<(String, (ModuleCall, Git))> =
            missing.filter_map(|(key, (call, git))| Some((key, (call, git?)))).collect();
        if missing.is_empty() || has_errors(&problems) {
            break;
        }
        for (key, (call, git)) in missing {
            match fetch(workbench, &key, &call, &git) {
                Ok(module) => {
                    let text = format!("- {key} in {}\n", module.folder.display());
                    telling::step(workbench, &text);
                    manifest.0.insert(key, module);
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    if manifest != before
        && let Err(problem) = note(workbench, &manifest)
    {
        problems.push(problem);
    }
    problems
}

/// Gives all calls that do not lead to a folder of the configuration, with the repository where it is one.
fn called(module: &Module, found: &mut BTreeMap<String, (ModuleCall, Option<Git>)>) {
    for call in module.calls.values() {
        let mut path = module.path.clone();
        path.push(call.name.text.clone());
        match source::parse(&call.source.text) {
            Ok(Source::Git(git)) => {
                found.insert(path.join("."), (call.clone(), Some(git)));
            }
            Ok(Source::Registry) => {
                found.insert(path.join("."), (call.clone(), None));
            }
            Ok(Source::Local | Source::Other) | Err(_) => {}
        }
        called(&call.module, found);
    }
}

fn note(workbench: &Workbench<'_, '_>, manifest: &Manifest) -> Result<(), Diagnostic> {
    let folder = workbench.data_folder().join("modules");
    let path = folder.join("modules.json");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| write_whole(&path, manifest.to_text().as_bytes()));
    written.map_err(|error| file_problem("Modules not noted", &path, &error))
}

fn fetch(
    workbench: &mut Workbench<'_, '_>,
    key: &str,
    call: &ModuleCall,
    git: &Git,
) -> Result<InstalledModule, Diagnostic> {
    let reference = git.reference.as_ref().map(|name| format!("?ref={name}")).unwrap_or_default();
    let text = format!("Downloading git::{}{reference} for {key}...\n", git.url);
    telling::step(workbench, &text);
    let place = workbench.data_folder().join("modules").join(key);
    let fresh = remove(&place).and_then(|()| match place.parent() {
        Some(parent) => std::fs::create_dir_all(parent),
        None => Ok(()),
    });
    fresh.map_err(|error| file_problem("Module not installed", &place, &error))?;
    clone(workbench, git, &place).map_err(|why| {
        let detail = format!(
            "Could not download module \"{}\" ({}) source code from \"git::{}{reference}\": {why}",
            call.name.text,
            workbench.sources.file_line(call.span),
            git.url
        );
        // Half a repository must not be taken for a module.
        let _ = remove(&place);
        Diagnostic::error("Failed to download module", detail).at(call.span, "")
    })?;
    let folder = place.join(&git.folder);
    if !folder.is_dir() {
        let detail = format!(
            "The repository \"{}\"{} has no folder \"{}\".",
            git.url,
            git.reference.as_ref().map(|name| format!(" at \"{name}\"")).unwrap_or_default(),
            git.folder
        );
        return Err(
            Diagnostic::error("Folder not in module repository", detail).at(call.source.span, "")
        );
    }
    let folder = folder.strip_prefix(&workbench.folder).map_or(folder.clone(), PathBuf::from);
    Ok(InstalledModule { source: call.source.text.clone(), version: None, folder })
}

fn remove(place: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Clones a repository and takes the wanted commit out, submodules included.
fn clone(workbench: &Workbench<'_, '_>, git: &Git, place: &Path) -> Result<(), String> {
    let run = |arguments: &[&str], inside: bool| {
        let mut program = Program::new("git");
        program
            .args(arguments)
            .env_clear()
            .envs(&workbench.environment.variables)
            // Somebody who is not there cannot be asked for a password.
            .env("GIT_TERMINAL_PROMPT", if workbench.environment.interactive { "1" } else { "0" })
            .current_dir(if inside { place } else { &workbench.folder })
            .stdin(std::process::Stdio::null());
        let done = program.output().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                "the program git is not installed, and modules from repositories are fetched with it.".to_string()
            }
            _ => format!("the program git cannot be run: {error}."),
        })?;
        if done.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&done.stderr);
        let code = done.status.code().map_or("a signal".to_string(), |code| code.to_string());
        Err(format!("git {} exited with {code}: {}", arguments[0], text.trim()))
    };
    let place_text = place.to_string_lossy();
    let depth = git.depth.map(|depth| depth.to_string());
    let mut arguments = vec!["clone", "--quiet"];
    if let Some(depth) = &depth {
        arguments.extend(["--depth", depth.as_str()]);
        // A shallow clone has only the commit that is asked for here.
        if let Some(reference) = &git.reference {
            arguments.extend(["--branch", reference.as_str()]);
        }
    }
    arguments.extend(["--", git.url.as_str(), &place_text]);
    run(&arguments, false)?;
    if let Some(reference) = git.reference.as_ref().filter(|_| depth.is_none()) {
        run(&["checkout", "--quiet", reference, "--"], true)?;
    }
    if place.join(".gitmodules").is_file() {
        let mut arguments = vec!["submodule", "--quiet", "update", "--init", "--recursive"];
        if let Some(depth) = &depth {
            arguments.extend(["--depth", depth.as_str()]);
        }
        run(&arguments, true)?;
    }
    Ok(())
}
