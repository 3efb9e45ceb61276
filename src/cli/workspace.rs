//! `terrane workspace`: several states of one configuration, and which of them is worked on.

use clap::{Arg, ArgMatches};

use super::workbench::{Workbench, file_problem};
use super::{Command, Exit, flag, flag_on, one, option};
use crate::addr::Mode;
use crate::backends::Backend;
use crate::backends::disk::write_whole;
use crate::diag::Diagnostic;
use crate::state::file;

pub(super) const COMMAND: Command = Command {
    name: "workspace",
    about: "Make, choose and remove workspaces: states of one configuration",
    arguments: |command| {
        let name = || Arg::new("name").required(true).value_name("NAME");
        let lock = || {
            [
                flag_on("lock", "Lock the state"),
                option("lock-timeout", "DURATION", "How long to wait for a lock"),
            ]
        };
        command
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand(clap::Command::new("list").about("Name all; a star marks the present one"))
            .subcommand(clap::Command::new("show").about("Name the present one"))
            .subcommand(
                clap::Command::new("new")
                    .about("Make one and switch to it")
                    .arg(name())
                    .arg(option("state", "FILE", "Start it with a copy of this state file"))
                    .args(lock()),
            )
            .subcommand(
                clap::Command::new("select")
                    .about("Switch to one")
                    .arg(name())
                    .arg(flag("or-create", "Make it where there is none")),
            )
            .subcommand(
                clap::Command::new("delete")
                    .about("Remove one with its state")
                    .arg(name())
                    .arg(flag(
                        "force",
                        "Also where its state tracks objects, which stay in the world",
                    ))
                    .args(lock()),
            )
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let done = match matches.subcommand() {
        Some(("list", matches)) => list(workbench, matches),
        Some(("show", _)) => {
            let name = workbench.workspace();
            if is_valid(&name) {
                workbench.screen.line(name);
                Ok(())
            } else {
                let why =
                    "Error selecting workspace: Invalid workspace name set using TF_WORKSPACE";
                Err(workbench.refuse(why))
            }
        }
        Some(("new", matches)) => new(workbench, matches),
        Some(("select", matches)) => select(workbench, matches),
        Some(("delete", matches)) => delete(workbench, matches),
        _ => Err(1),
    };
    match done {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

/// Says whether a name may be a workspace's: it must stay as it is in a URL and be no way to another folder.
pub(super) fn is_valid(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~$&+:=@".contains(c);
    !name.is_empty() && name != "." && name != ".." && name.chars().all(plain)
}

fn named(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<String, Exit> {
    let name = one(matches, "name").unwrap_or_default().to_string();
    if is_valid(&name) {
        return Ok(name);
    }
    Err(workbench.refuse(&format!(
        "\nThe workspace name \"{name}\" is not allowed. The name must contain only URL safe\ncharacters, and no \
         path separators.\n"
    )))
}

fn not_there(workbench: &mut Workbench<'_, '_>, name: &str) -> Exit {
    workbench.refuse(&format!(
        "\nWorkspace \"{name}\" doesn't exist.\n\nYou can create this workspace with the \"new\" subcommand \nor \
         include the \"-or-create\" flag with the \"select\" subcommand."
    ))
}

fn all(workbench: &mut Workbench<'_, '_>, backend: &dyn Backend) -> Result<Vec<String>, Exit> {
    let found = workbench.runtime.block_on(backend.workspaces());
    found.map_err(|error| workbench.fail(&[error.to_diagnostic()]))
}

fn is_overridden(workbench: &Workbench<'_, '_>) -> bool {
    workbench.environment.variable("TF_WORKSPACE").is_some()
}

fn list(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let backend = workbench.backend(matches)?;
    let present = workbench.workspace();
    for name in all(workbench, backend.as_ref())? {
        let mark = if name == present { "*" } else { " " };
        workbench.screen.line(format!("{mark} {name}"));
    }
    workbench.screen.line("");
    if is_overridden(workbench) {
        workbench.screen.print(
            "\n\nThe active workspace is being overridden using the TF_WORKSPACE environment\nvariable.\n\n",
        );
    }
    Ok(())
}

fn new(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let name = named(workbench, matches)?;
    if is_overridden(workbench) {
        return Err(workbench.refuse(
            "\nThe workspace is currently overridden using the TF_WORKSPACE environment\nvariable. You cannot \
             create a new workspace when using this setting.\n\nTo create a new workspace, either unset this \
             environment variable or update it\nto match the workspace name you are trying to create, and then run \
             this command\nagain.\n",
        ));
    }
    let present = workbench.backend_of(None)?;
    if all(workbench, present.as_ref())?.contains(&name) {
        return Err(workbench.refuse(&format!("Workspace \"{name}\" already exists")));
    }
    create(workbench, &name)?;
    if let Some(path) = one(matches, "state") {
        fill(workbench, matches, &name, path)?;
    }
    Ok(())
}

/// Makes a workspace and switches to it.
fn create(workbench: &mut Workbench<'_, '_>, name: &str) -> Result<(), Exit> {
    let backend = workbench.backend_of(Some(name))?;
    let made = workbench.runtime.block_on(backend.create());
    made.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    switch(workbench, name)?;
    let head = format!("Created and switched to workspace \"{name}\"!");
    workbench.screen.print(format!(
        "{head}\n\nYou're now on a new, empty workspace. Workspaces isolate their state,\nso if you run \"terrane \
         plan\" Terrane will not see any existing state\nfor this configuration.\n"
    ));
    Ok(())
}

/// Starts a workspace with a copy of a state file.
fn fill(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    name: &str,
    path: &str,
) -> Result<(), Exit> {
    let path = workbench.environment.cwd.join(path);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| workbench.fail(&[file_problem("State not readable", &path, &error)]))?;
    let vault = workbench.encryption()?.state;
    let text = workbench.opened(vault.as_ref(), &path, text.into_bytes())?;
    let text = String::from_utf8_lossy(&text);
    let snapshot = file::read(&text)
        .map_err(|error| workbench.fail(&[error.to_diagnostic(&path.display().to_string())]))?;
    let backend = workbench.backend_of(Some(name))?;
    let (mut lock, _) = workbench.locked(backend.as_ref(), "workspace-new", matches)?;
    let saved = workbench.runtime.block_on(lock.save(&snapshot));
    let unlocked = workbench.unlock(lock);
    saved.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    if unlocked == 0 { Ok(()) } else { Err(unlocked) }
}

/// Notes which workspace is worked on.
pub(super) fn switch(workbench: &mut Workbench<'_, '_>, name: &str) -> Result<(), Exit> {
    let folder = workbench.data_folder();
    let path = folder.join("environment");
    let written =
        std::fs::create_dir_all(&folder).and_then(|()| write_whole(&path, name.as_bytes()));
    written.map_err(|error| workbench.fail(&[file_problem("Workspace not noted", &path, &error)]))
}

fn select(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let name = named(workbench, matches)?;
    if is_overridden(workbench) {
        return Err(workbench.refuse(
            "\nThe selected workspace is currently overridden using the TF_WORKSPACE\nenvironment variable.\n\nTo \
             select a new workspace, either update this environment variable or unset\nit and then run this command \
             again.\n",
        ));
    }
    if name == workbench.workspace() {
        return Ok(());
    }
    let present = workbench.backend_of(None)?;
    if all(workbench, present.as_ref())?.contains(&name) {
        switch(workbench, &name)?;
        workbench.screen.line(format!("Switched to workspace \"{name}\"."));
        return Ok(());
    }
    if matches.get_one::<bool>("or-create").copied().unwrap_or(false) {
        return create(workbench, &name);
    }
    Err(not_there(workbench, &name))
}

fn delete(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let name = named(workbench, matches)?;
    let present = workbench.backend_of(None)?;
    if !all(workbench, present.as_ref())?.contains(&name) {
        return Err(not_there(workbench, &name));
    }
    if name == workbench.workspace() {
        return Err(workbench.refuse(&format!(
            "Workspace \"{name}\" is your active workspace.\n\nYou cannot delete the currently active workspace. \
             Please switch\nto another workspace and try again."
        )));
    }
    if name == "default" {
        return Err(workbench.refuse("can't delete default state"));
    }
    let force = matches.get_one::<bool>("force").copied().unwrap_or(false);
    let backend = workbench.backend_of(Some(&name))?;
    let (lock, snapshot) = workbench.locked(backend.as_ref(), "workspace-delete", matches)?;
    let tracked: Vec<String> = snapshot
        .objects
        .keys()
        .filter(|address| address.mode == Mode::Managed)
        .map(|address| format!("\n  - {address}"))
        .collect();
    if !tracked.is_empty() && !force {
        workbench.unlock(lock);
        return Err(workbench.fail(&[not_empty(&name, &tracked)]));
    }
    let unlocked = workbench.unlock(lock);
    if unlocked != 0 {
        return Err(unlocked);
    }
    let removed = workbench.runtime.block_on(backend.remove());
    removed.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    workbench.screen.line(format!("Deleted workspace \"{name}\"!"));
    if !tracked.is_empty() {
        workbench.screen.print(format!(
            "WARNING: \"{name}\" was non-empty.\nThe resources managed by the deleted workspace may still exist,\nbut are \
             no longer manageable by Terrane since the state has\nbeen deleted.\n\n"
        ));
    }
    Ok(())
}

fn not_empty(name: &str, tracked: &[String]) -> Diagnostic {
    let detail = format!(
        "Workspace \"{name}\" is currently tracking the following resource instances:{}\n\nDeleting this workspace \
         would cause Terrane to lose track of any associated remote objects, which would then require you to delete \
         them manually outside of Terrane. You should destroy these objects with Terrane before deleting the \
         workspace.\n\nIf you want to delete this workspace anyway, and have Terrane forget about these managed \
         objects, use the -force option to disable this safety check.",
        tracked.concat()
    );
    Diagnostic::error("Workspace is not empty", detail)
}
