//! `terrane state`: looks at the state, and changes what it tracks.

mod history;
mod mv;
mod push;
mod replace_provider;

use clap::{Arg, ArgAction, ArgMatches};

use super::telling;
use super::workbench::Workbench;
use super::{Command, Exit, all, flag, lock_arguments, one, option, state_arguments};
use crate::addr::{Address, Mode, Target};
use crate::backends::Backend;
use crate::diag::Diagnostic;
use crate::state::rewrite;
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
            .subcommand(mv::arguments(clap::Command::new("mv")).args(file_arguments()))
            .subcommand(
                clap::Command::new("rm")
                    .about("Stop tracking objects; they stay in the world")
                    .arg(address().required(true).action(ArgAction::Append).num_args(1..))
                    .arg(flag("dry-run", "Only say what would be removed"))
                    .args(file_arguments()),
            )
            .subcommand(clap::Command::new("pull").about("Print the state file").arg(state()))
            .subcommand(push::arguments(clap::Command::new("push")).args(state_arguments()))
            .subcommand(
                replace_provider::arguments(clap::Command::new("replace-provider"))
                    .args(file_arguments()),
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
        Some(("mv", matches)) => mv::run(workbench, matches),
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

/// The arguments of the commands that rewrite a state, which may be a file that the configuration knows nothing of.
fn file_arguments() -> Vec<Arg> {
    let mut arguments = vec![
        option(
            "state",
            "FILE",
            "Rewrite this local state file, wherever the configuration keeps its state",
        ),
        option(
            "backup",
            "FILE",
            "Where the former version of a local state is kept; else beside it, with the time in its name",
        ),
    ];
    arguments.extend(lock_arguments());
    arguments
}

fn loaded(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Snapshot, Exit> {
    let backend = workbench.looked_at(matches)?;
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
        let target = target(workbench, &text)?;
        if !snapshot.objects.keys().any(|address| address.is_within(&target)) {
            return Err(workbench.fail(&[unknown(&target)]));
        }
        targets.push(target);
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
        let fits = id.is_none_or(|id| objects().any(|object| object.id() == Some(id)));
        if named && fits {
            workbench.screen.line(address.to_string());
        }
    }
    Ok(())
}

/// Says that the state has nothing of that address.
fn unknown(target: &Target) -> Diagnostic {
    let (summary, what, entry) = match target {
        Target::Module(_) => ("Unknown module", "module at ", "module"),
        Target::Resource(_) => ("Unknown resource", "resource ", "resource"),
    };
    let detail = format!(
        "The current state contains no {what}{target}. If you've just added this {entry} to the configuration, you \
         must run \"terrane apply\" first to create the {entry}'s entry in the state."
    );
    Diagnostic::error(summary, detail)
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

fn rm(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let mut targets = Vec::new();
    for text in all(matches, "address") {
        targets.push(target(workbench, &text)?);
    }
    let dry = matches.get_one::<bool>("dry-run").copied().unwrap_or(false);
    let backend = workbench.rewritten(matches)?;
    changed(workbench, backend.as_ref(), matches, "state-rm", dry, |workbench, snapshot| {
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
    backend: &dyn Backend,
    matches: &ArgMatches,
    operation: &str,
    dry: bool,
    change: impl FnOnce(&mut Workbench<'_, '_>, &mut Snapshot) -> Result<(), Diagnostic>,
) -> Result<(), Exit> {
    let (mut lock, mut snapshot) = workbench.locked(backend, operation, matches)?;
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
    let backend = workbench.looked_at(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    if !snapshot.lineage.is_empty() || !snapshot.is_empty() {
        workbench.screen.print(file::write(&snapshot));
    }
    Ok(())
}
