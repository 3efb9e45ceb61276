//! `terrane state push`: a state file becomes the state.

use clap::{Arg, ArgMatches};

use super::super::workbench::{Workbench, file_problem};
use super::super::{Exit, flag, one};
use crate::backends::vault::is_sealed;
use crate::state::{Snapshot, file};

/// The command's arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .about("Make a state file the state")
        .arg(
            Arg::new("path")
                .required(true)
                .value_name("PATH")
                .help("The file; - for standard input"),
        )
        .arg(flag("force", "Also where lineages differ or the state has a higher serial"))
}

/// Checks that the file may follow the state, and saves it with its own lineage and serial.
pub(super) fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let path = one(matches, "path").unwrap_or_default().to_string();
    let text = if path == "-" {
        workbench.environment.standard_input()
    } else {
        std::fs::read_to_string(workbench.folder.join(&path))
    };
    let text = text.map_err(|error| {
        workbench.fail(&[file_problem("State not readable", path.as_ref(), &error)])
    })?;
    let mut text = text.into_bytes();
    // What `state pull` prints is in clear, whatever is enforced of what is kept.
    if is_sealed(&text) {
        let vault = workbench.encryption()?.state;
        text = workbench.opened(vault.as_ref(), path.as_ref(), text)?;
    }
    let text = String::from_utf8_lossy(&text);
    let pushed =
        file::read(&text).map_err(|error| workbench.fail(&[error.to_diagnostic(&path)]))?;
    let force = matches.get_one::<bool>("force").copied().unwrap_or(false);
    let backend = workbench.backend(matches)?;
    let (mut lock, present) = workbench.locked(backend.as_ref(), "state-push", matches)?;
    if let Some(refused) = refusal(&pushed, &present).filter(|_| !force) {
        workbench.unlock(lock);
        return Err(workbench.refuse(&format!("Failed to write state: {refused}")));
    }
    let saved = workbench.runtime.block_on(lock.push(&pushed));
    let unlocked = workbench.unlock(lock);
    saved.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    if unlocked == 0 { Ok(()) } else { Err(unlocked) }
}

/// Says why a state may not take the present one's place.
fn refusal(pushed: &Snapshot, present: &Snapshot) -> Option<String> {
    let empty = present.lineage.is_empty() && present.is_empty();
    if empty || pushed.lineage.is_empty() || present.lineage.is_empty() {
        return None;
    }
    if pushed.lineage != present.lineage {
        return Some(format!(
            "cannot import state with lineage \"{}\" over unrelated state with lineage \"{}\"",
            pushed.lineage, present.lineage
        ));
    }
    if pushed.serial < present.serial {
        return Some(format!(
            "cannot import state with serial {} over newer state with serial {}",
            pushed.serial, present.serial
        ));
    }
    let differs = file::write(pushed) != file::write(present);
    (pushed.serial == present.serial && differs).then(|| {
        format!(
            "cannot overwrite existing state with serial {} with a different state that has the same serial",
            present.serial
        )
    })
}
