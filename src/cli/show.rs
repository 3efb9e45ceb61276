//! `terrane show [FILE]`: a saved plan, a state file, or the state.

use clap::{Arg, ArgMatches};

use super::workbench::{Loaded, Workbench, file_problem};
use super::{Command, Exit, flag, one, option};
use super::{judge, reports, telling};
use crate::diag::Diagnostic;
use crate::plan::file;
use crate::render::json::Reveal;
use crate::state::file as state_file;

pub(super) const COMMAND: Command = Command {
    name: "show",
    about: "Show a saved plan or the state",
    arguments: |command| {
        reports::arguments(command)
            .args(judge::arguments())
            .arg(
                Arg::new("path")
                    .value_name("FILE")
                    .help("A saved plan or a state file; the state where it is not given"),
            )
            .arg(flag("json", "Print JSON"))
            .arg(flag("show-sensitive", "Print sensitive values in clear"))
            .arg(option("state", "FILE", "The state file"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match show(workbench, matches) {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

fn show(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let clear = if matches.get_one::<bool>("show-sensitive").copied().unwrap_or(false) {
        Reveal::Yes
    } else {
        Reveal::No
    };
    let wanted = reports::asked(workbench, matches)?;
    let Some(name) = one(matches, "path") else {
        if wanted {
            return Err(workbench.fail(&[no_plan()]));
        }
        let backend = workbench.backend(matches)?;
        let snapshot = workbench.snapshot(backend.as_ref())?;
        telling::state(workbench, &snapshot, &registry, clear);
        return Ok(());
    };
    let path = workbench.folder.join(name);
    let bytes = std::fs::read(&path)
        .map_err(|error| workbench.fail(&[file_problem("Failed to read", &path, &error)]))?;
    // A plan and a state may be sealed by different keys: whichever opens it tells what it is.
    let encryption = workbench.encryption()?;
    let vault = encryption.plan.filter(|vault| vault.opens(&bytes)).or(encryption.state);
    let bytes = workbench.opened(vault.as_ref(), &path, bytes)?;
    if let Ok(mut saved) = file::read(&bytes) {
        let (config, _) = workbench.config_of(saved.files.clone());
        let (plan, inputs) = (&mut saved.plan, &mut saved.inputs);
        file::settle(plan, inputs, &saved.files, &workbench.sources);
        let loaded = Loaded { config, inputs: saved.inputs };
        let plan = &saved.plan;
        let judgement = judge::judgement(workbench, matches, plan, &loaded, &registry)?;
        let told = (plan, &judgement);
        telling::saved_plan(workbench, told, loaded.both(), &registry, clear);
        if !workbench.json() {
            judge::tell(workbench, &judgement.findings);
        }
        reports::write(workbench, matches, told, &loaded, &registry, clear)?;
        return judgement.enforce(workbench);
    }
    if wanted {
        return Err(workbench.fail(&[no_plan()]));
    }
    let text = String::from_utf8_lossy(&bytes);
    match state_file::read(&text) {
        Ok(snapshot) => telling::state(workbench, &snapshot, &registry, clear),
        Err(_) if !text.trim_start().starts_with('{') => {
            let detail = format!("{name} is neither a saved plan nor a state file.");
            let problem = Diagnostic::error("Failed to read", detail);
            return Err(workbench.fail(&[problem]));
        }
        Err(error) => return Err(workbench.fail(&[error.to_diagnostic(name)])),
    }
    Ok(())
}

fn no_plan() -> Diagnostic {
    let detail = "The files for reviewers are made of a saved plan, and none is named.";
    Diagnostic::error("No saved plan", detail)
        .help("Name the file that `terrane plan -out=FILE` wrote.")
}
