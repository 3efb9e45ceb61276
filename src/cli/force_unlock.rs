//! `terrane force-unlock ID`.

use clap::{Arg, ArgMatches};

use super::workbench::Workbench;
use super::{Command, Exit, flag, option};
use crate::backends::BackendError;
use crate::diag::Diagnostic;

pub(super) const COMMAND: Command = Command {
    name: "force-unlock",
    about: "End somebody else's lock of the state",
    arguments: |command| {
        command
            .arg(
                Arg::new("id")
                    .required(true)
                    .value_name("ID")
                    .help("The lock's id, as the message names it"),
            )
            .arg(flag("force", "Do not ask"))
            .arg(option("state", "FILE", "The state file"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let backend = match workbench.backend(matches) {
        Ok(backend) => backend,
        Err(exit) => return exit,
    };
    let id = matches.get_one::<String>("id").map(String::as_str).unwrap_or_default();
    let forced = matches.get_one::<bool>("force").copied().unwrap_or(false);
    let question = "Do you really want to end this lock? Its holder, if it still runs, will not be able to save. Only 'yes' \
                    is accepted.";
    if !forced && !workbench.confirmed(question) {
        return workbench.refuse("The lock was not ended.");
    }
    match workbench.runtime.block_on(backend.break_lock(id)) {
        Ok(()) => {
            workbench.screen.print(
                "The lock was ended. If a run of Terrane held it, what that did is in its journal: the next run, or \"terrane \
                 recover\", takes it into the state.\n",
            );
            0
        }
        Err(BackendError::Held(held)) => {
            let detail = format!(
                "The lock of {} is held by a running process ({}): the system gives it back when that process ends, and \
                 nobody else can.",
                held.place,
                held.holder.as_ref().map_or("unknown", |holder| holder.who.as_str())
            );
            let problem =
                Diagnostic::error("Local state cannot be unlocked by another process", detail);
            workbench.fail(&[problem.help("Wait for the process, or stop it.")])
        }
        Err(error) => workbench.fail(&[error.to_diagnostic()]),
    }
}
