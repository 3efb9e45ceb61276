//! `terrane state`: looks at the state, and changes what it tracks.

mod history;
mod push;
mod replace_provider;

use clap::{Arg, ArgAction, ArgMatches};

use super::telling;
use super::workbench::Workbench;
use super::{Command, Exit, all, flag, one, option, state_arguments};
use crate::addr::{Address, Mode, Target};
use crate::diag::Diagnostic;
use crate::state::rewrite::{self, RewriteError};
use crate::state::{Snapshot, file};

pub(super) const COMMAND: Command = Command {
    name: "state",
    about: "Look at the state, and change what it tracks",
    arguments: |command| {
        let state = || option("state", "FILE", "The state file");
        let address = || Arg::new("address").value_name("ADDRESS");
        command
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand(
                clap::Command::new("list")
                    .about("List what is tracked")
                    .arg(address().action(ArgAction::Append).num_args(0..))
                    .arg(option("id", "ID", "Only objects with this id"))
                    .arg(state()),
            )
            .subcommand(
                clap::Command::new("show")
                    .about("Show one object's attributes")
                    .arg(address().required(true))
                    .arg(state()),
            )
            .subcommand(
                clap::Command::new("mv")
                    .about("Give objects another address")
                    .arg(Arg::new("from").required(true).value_name("SOURCE"))
                    .arg(Arg::new("to").required(true).value_name("DESTINATION"))
                    .arg(flag("dry-run", "Only say what would be moved"))
                    .args(state_arguments()),
            )
            .subcommand(
                clap::Command::new("rm")
                    .about("Stop tracking objects; they stay in the world")
                    .arg(address().required(true).action(ArgAction::Append).num_args(1..))
                    .arg(flag("dry-run", "Only say what would be removed"))
                    .args(state_arguments()),
            )
            .subcommand(clap::Command::new("pull").about("Print the state file").arg(state()))
            .subcommand(push::arguments(clap::Command::new("push")).args(state_arguments()))
            .subcommand(
                replace_provider::arguments(clap::Command::new("replace-provider"))
                    .args(state_arguments()),
            )
            .subcommand(history::arguments(clap::Command::new("history")).arg(state()))
            .subcommand(
                history::rollback_arguments(clap::Command::new("rollback")).args(state_arguments()),
            )
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let done = match matches.subcommand() {
        Some(("list", matches)) => list(workbench, matches),
        Some(("show", matches)) => show(workbench, matches),
        Some(("mv", matches)) => mv(workbench, matches),
        Some(("rm", matches)) => rm(workbench, matches),
        Some(("pull", matches)) => pull(workbench, matches),
        Some(("push", matches)) => push::run(workbench, matches),
        Some(("replace-provider", matches)) => replace_provider::run(workbench, matches),
        Some(("history", matches)) => history::run(workbench, matches),
        Some(("rollback", matches)) => history::rollback(workbench, matches),
        _ => Err(1),
    };
    match done {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

fn loaded(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Snapshot, Exit> {
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    if snapshot.lineage.is_empty() && snapshot.is_empty() {
        return Err(workbench.refuse(
            "No state file was found!\n\nState management commands require a state file. Run this command\nin a directory \
             where Terrane has been run or use the -state flag\nto point the command to a specific state location.\n",
        ));
    }
    Ok(snapshot)
}

fn target(workbench: &mut Workbench<'_, '_>, text: &str) -> Result<Target, Exit> {
    text.parse().map_err(|error| {
        workbench.fail(&[Diagnostic::error("Invalid address", format!("{error}."))])
    })
}

fn list(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let snapshot = loaded(workbench, matches)?;
    let mut targets = Vec::new();
    for text in all(matches, "address") {
        targets.push(target(workbench, &text)?);
    }
    let id = one(matches, "id");
    // As Terraform lists: outer modules first, and in each the data sources before the resources.
    let mut objects: Vec<_> = snapshot.objects.iter().collect();
    objects.sort_by_key(|(address, _)| {
        (address.module.len(), &address.module, address.mode != Mode::Data)
    });
    for (address, tracked) in objects {
        let named = targets.is_empty() || targets.iter().any(|target| address.is_within(target));
        let objects = || tracked.current.iter().chain(tracked.deposed.values());
        let fits = id.is_none_or(|id| objects().any(|object| object.attributes["id"] == id));
        if named && fits {
            workbench.screen.line(address.to_string());
        }
    }
    Ok(())
}

fn show(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let snapshot = loaded(workbench, matches)?;
    let text = one(matches, "address").unwrap_or_default().to_string();
    let address: Address = text.parse().map_err(|error| {
        workbench.fail(&[Diagnostic::error("Invalid address", format!("{error}."))])
    })?;
    let Some(object) = snapshot.current(&address) else {
        let detail = format!("No instance found for the given address {address}.");
        let problem = Diagnostic::error("No instance found", detail);
        return Err(workbench.fail(&[problem.help("`terrane state list` names what is tracked.")]));
    };
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    telling::object(workbench, &address, object, &registry);
    Ok(())
}

fn mv(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let from = target(workbench, one(matches, "from").unwrap_or_default())?;
    let to = target(workbench, one(matches, "to").unwrap_or_default())?;
    let dry = matches.get_one::<bool>("dry-run").copied().unwrap_or(false);
    changed(workbench, matches, "state-mv", dry, |workbench, snapshot| {
        match rewrite::mv(snapshot, &from, &to) {
            Ok(moves) => {
                for (from, to) in &moves {
                    let word = if dry { "Would move" } else { "Move" };
                    workbench.screen.line(format!("{word} \"{from}\" to \"{to}\""));
                }
                if !dry {
                    workbench.screen.line(format!("Successfully moved {} object(s).", moves.len()));
                }
                Ok(())
            }
            Err(RewriteError::Nothing(target)) => {
                let detail =
                    format!("Cannot move {target}: does not match anything in the current state.");
                Err(Diagnostic::error("Invalid source address", detail))
            }
            Err(error) => Err(Diagnostic::error("Invalid target address", format!("{error}."))),
        }
    })
}

fn rm(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let mut targets = Vec::new();
    for text in all(matches, "address") {
        targets.push(target(workbench, &text)?);
    }
    let dry = matches.get_one::<bool>("dry-run").copied().unwrap_or(false);
    changed(workbench, matches, "state-rm", dry, |workbench, snapshot| {
        let mut count = 0;
        for target in &targets {
            let removed = rewrite::rm(snapshot, target).map_err(|_| {
                let detail = String::from(
                    "No matching objects found. To view the available instances, use \"terrane state list\". \
                     Please modify the address to reference a specific instance."
                );
                Diagnostic::error("Invalid target address", detail)
            })?;
            count += removed.len();
            for address in removed {
                let word = if dry { "Would remove" } else { "Removed" };
                workbench.screen.line(format!("{word} {address}"));
            }
        }
        if !dry {
            workbench.screen.line(format!("Successfully removed {count} resource instance(s)."));
        }
        Ok(())
    })
}

/// Changes the state under its lock.
pub(super) fn changed(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    operation: &str,
    dry: bool,
    change: impl FnOnce(&mut Workbench<'_, '_>, &mut Snapshot) -> Result<(), Diagnostic>,
) -> Result<(), Exit> {
    let backend = workbench.backend(matches)?;
    let (mut lock, mut snapshot) = workbench.locked(backend.as_ref(), operation, matches)?;
    let outcome = match change(workbench, &mut snapshot) {
        Ok(()) if dry => Ok(()),
        Ok(()) => {
            let saved = workbench.runtime.block_on(lock.save(&snapshot));
            saved.map(|_| ()).map_err(|error| workbench.fail(&[error.to_diagnostic()]))
        }
        Err(problem) => Err(workbench.fail(&[problem])),
    };
    let unlocked = workbench.unlock(lock);
    outcome.and(if unlocked == 0 { Ok(()) } else { Err(unlocked) })
}

fn pull(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    if !snapshot.lineage.is_empty() {
        workbench.screen.print(file::write(&snapshot));
    }
    Ok(())
}
