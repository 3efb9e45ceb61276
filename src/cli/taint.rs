//! `terrane taint` and `terrane untaint`: marks of an object that it has to be replaced.

use clap::{Arg, ArgMatches};

use super::state::changed;
use super::workbench::Workbench;
use super::{Command, Exit, flag, one, state_arguments};
use crate::addr::{Address, Mode, Target};
use crate::diag::Diagnostic;

pub(super) const COMMAND: Command = Command {
    name: "taint",
    about: "Mark an object as not fully functional: the next plan replaces it",
    arguments,
    run: |workbench, matches| run(workbench, matches, true),
};

pub(super) const UNTAINT: Command = Command {
    name: "untaint",
    about: "Take such a mark away",
    arguments,
    run: |workbench, matches| run(workbench, matches, false),
};

fn arguments(command: clap::Command) -> clap::Command {
    command
        .arg(Arg::new("address").required(true).value_name("ADDRESS"))
        .arg(flag("allow-missing", "Succeed also where there is no such object"))
        .args(state_arguments())
}

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches, taint: bool) -> Exit {
    let text = one(matches, "address").unwrap_or_default();
    let address = match instance(text) {
        Ok(address) => address,
        Err(problem) => return workbench.fail(&[problem]),
    };
    if address.mode != Mode::Managed {
        return workbench.refuse(&format!("Resource instance {address} cannot be tainted"));
    }
    let allow = matches.get_one::<bool>("allow-missing").copied().unwrap_or(false);
    let operation = if taint { "taint" } else { "untaint" };
    let backend = match workbench.backend(matches) {
        Ok(backend) => backend,
        Err(exit) => return exit,
    };
    let done = changed(
        workbench,
        backend.as_ref(),
        matches,
        operation,
        false,
        |workbench, snapshot| {
            let tracked = snapshot.objects.get_mut(&address);
            let Some(tracked) = tracked else {
                if !allow {
                    return Err(missing(&address));
                }
                let detail = format!(
                    "Resource instance {address} was not found, but this is not an error because -allow-missing was set."
                );
                workbench.tell(&[Diagnostic::warning("No such resource instance", detail)]);
                return Ok(());
            };
            let Some(object) = tracked.current.as_mut() else {
                return Err(deposed_only(&address, taint));
            };
            if !taint && !object.tainted {
                let detail = format!(
                    "Resource instance {address} is not currently tainted, and so it cannot be untainted."
                );
                return Err(Diagnostic::error("Resource instance is not tainted", detail));
            }
            object.tainted = taint;
            let done = if taint { "marked as tainted" } else { "successfully untainted" };
            workbench.screen.line(format!("Resource instance {address} has been {done}."));
            Ok(())
        },
    );
    match done {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

/// Reads the address of an instance.
///
/// # Errors
/// It is none, or a module's.
pub(super) fn instance(text: &str) -> Result<Address, Diagnostic> {
    match text.parse::<Target>() {
        Ok(Target::Resource(address)) => Ok(address),
        Ok(Target::Module(_)) => {
            let detail = "A resource instance address is required here. The module path must be followed by a resource \
                          instance specification.";
            Err(Diagnostic::error("Invalid address", detail))
        }
        Err(error) => Err(Diagnostic::error("Invalid address", format!("{error}."))),
    }
}

fn missing(address: &Address) -> Diagnostic {
    let detail = format!(
        "There is no resource instance in the state with the address {address}. If the resource configuration has just \
         been added, you must run \"terrane apply\" once to create the corresponding instance(s) before they can be \
         tainted."
    );
    Diagnostic::error("No such resource instance", detail)
}

fn deposed_only(address: &Address, taint: bool) -> Diagnostic {
    let done = if taint { "tainted" } else { "untainted" };
    let detail = format!(
        "Resource instance {address} is currently part-way through a create_before_destroy replacement action. Run \
         \"terrane apply\" to complete its replacement before {} it.",
        if taint { "tainting" } else { "untainting" }
    );
    Diagnostic::error(format!("Resource instance cannot be {done}"), detail)
}
