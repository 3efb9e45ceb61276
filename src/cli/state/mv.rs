//! `terrane state mv`: objects get another address, in the same state or in another file.

use clap::{Arg, ArgMatches};

use super::super::workbench::Workbench;
use super::super::{Exit, flag, one, option};
use super::{changed, target};
use crate::addr::{Address, Target};
use crate::diag::Diagnostic;
use crate::state::rewrite::{self, RewriteError};

/// The command's arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .about("Give objects another address")
        .arg(Arg::new("from").required(true).value_name("SOURCE"))
        .arg(Arg::new("to").required(true).value_name("DESTINATION"))
        .arg(flag("dry-run", "Only say what would be moved"))
        .arg(option("state-out", "FILE", "Move into the state in this local file"))
        .arg(option("backup-out", "FILE", "Where the former version of that file is kept"))
}

/// Moves within the state, or out of it into a file.
pub(super) fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let from = target(workbench, one(matches, "from").unwrap_or_default())?;
    let to = target(workbench, one(matches, "to").unwrap_or_default())?;
    let dry = matches.get_one::<bool>("dry-run").copied().unwrap_or(false);
    let out = one(matches, "state-out").filter(|out| Some(*out) != one(matches, "state"));
    if let Some(out) = out {
        return move_out(workbench, matches, (&from, &to), out, dry);
    }
    let backend = workbench.rewritten(matches)?;
    changed(workbench, backend.as_ref(), matches, "state-mv", dry, |workbench, snapshot| {
        let moves = rewrite::mv(snapshot, &from, &to).map_err(|error| problem(&error))?;
        tell(workbench, &moves, dry);
        Ok(())
    })
}

/// Moves out of the state into a file. The file is saved first: what was moved is never in neither.
fn move_out(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    (from, to): (&Target, &Target),
    out: &str,
    dry: bool,
) -> Result<(), Exit> {
    let source = workbench.rewritten(matches)?;
    let file = workbench.folder.join(out);
    let destination = workbench.state_file(&file, one(matches, "backup-out"))?;
    let (mut lock, mut left) = workbench.locked(source.as_ref(), "state-mv", matches)?;
    let taken = workbench.locked(destination.as_ref(), "state-mv", matches);
    let (mut lock_out, mut gained) = match taken {
        Ok(taken) => taken,
        Err(exit) => {
            workbench.unlock(lock);
            return Err(exit);
        }
    };
    let outcome = match rewrite::mv_out(&mut left, &mut gained, from, to) {
        Err(error) => Err(workbench.fail(&[problem(&error)])),
        Ok(moves) => {
            let saved = workbench.runtime.block_on(async {
                if !dry {
                    lock_out.save(&gained).await?;
                    lock.save(&left).await?;
                }
                Ok(())
            });
            saved
                .map_err(|error: crate::backends::BackendError| {
                    workbench.fail(&[error.to_diagnostic()])
                })
                .map(|()| {
                    tell(workbench, &moves, dry);
                })
        }
    };
    let unlocked = workbench.unlock(lock_out).max(workbench.unlock(lock));
    outcome.and(if unlocked == 0 { Ok(()) } else { Err(unlocked) })
}

fn tell(workbench: &mut Workbench<'_, '_>, moves: &[(Address, Address)], dry: bool) {
    for (from, to) in moves {
        let word = if dry { "Would move" } else { "Move" };
        workbench.screen.line(format!("{word} \"{from}\" to \"{to}\""));
    }
    if !dry {
        workbench.screen.line(format!("Successfully moved {} object(s).", moves.len()));
    }
}

fn problem(error: &RewriteError) -> Diagnostic {
    match error {
        RewriteError::Nothing(target) => {
            let detail =
                format!("Cannot move {target}: does not match anything in the current state.");
            Diagnostic::error("Invalid source address", detail)
        }
        RewriteError::Taken(address) => {
            let detail = format!(
                "Cannot move to {address}: there is already a resource instance at that address in the current state."
            );
            Diagnostic::error("Invalid target address", detail)
        }
        error => Diagnostic::error("Invalid target address", format!("{error}.")),
    }
}
