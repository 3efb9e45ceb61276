//! What `init` does about the backend: keeps its settings, and copies states from the former place.

use std::path::Path;

use clap::ArgMatches;
use serde_json::Value as Json;

use super::backend::{Kept, LOCAL, Place, says, settings};
use super::telling;
use super::workbench::{Workbench, file_problem};
use super::{Exit, all};
use crate::backends::kinds::Settings;
use crate::diag::{Diagnostic, has_errors};
use crate::state::Snapshot;
use crate::syntax::parse_named;

/// Makes the place of the configuration the one that counts.
pub(super) fn configure(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<(), Exit> {
    let on = |name: &str| matches.get_one::<bool>(name).copied().unwrap_or(false);
    let (anew, copies) = (on("reconfigure"), on("migrate-state") || on("force-copy"));
    if anew && copies {
        let detail = "The -migrate-state and -reconfigure options are mutually-exclusive.";
        return Err(workbench.fail(&[Diagnostic::error("Invalid init options", detail)]));
    }
    let given = overrides(workbench, &all(matches, "backend-config"))?;
    let (block, kept) = (workbench.block_place(), workbench.kept());
    let former = kept.as_ref().and_then(|kept| kept.place.clone());
    let Some(block) = block else {
        if !given.is_empty() {
            workbench.tell(&[no_block()]);
        }
        return match former {
            Some(former) => leave(workbench, matches, &former, anew, copies),
            None => Ok(()),
        };
    };
    telling::initialised(workbench, BACKEND, "initializing_backend_message");
    let place = wanted(&block, &given, kept.as_ref());
    // What is wrong with the settings is told before anything is done.
    // A state that is to move may get another workspace there.
    let workspace = if copies { "default".to_string() } else { workbench.workspace() };
    workbench.open_place(&place, &workspace)?;
    match &former {
        Some(former) if *former == place || same(former, &place) => {}
        Some(_) if !anew && !copies => return Err(workbench.fail(&[changed()])),
        Some(former) if copies => {
            telling::step(
                workbench,
                "Backend configuration changed!\n\nTerrane has detected that the configuration specified for the backend\nhas changed. \
                 Terrane will now check for existing state in the backends.\n\n",
            );
            migrate(workbench, matches, former, &place)?;
            configured(workbench, &place);
        }
        None if !anew => {
            let own = Place::of_the_folder();
            if own != place {
                migrate(workbench, matches, &own, &place)?;
            }
            configured(workbench, &place);
        }
        Some(_) | None => configured(workbench, &place),
    }
    workbench.keep(Some(&place), &block.settings)
}

const BACKEND: &str = "Initializing the backend...\n";

fn configured(workbench: &mut Workbench<'_, '_>, place: &Place) {
    let text = format!(
        "\nSuccessfully configured the backend \"{}\"! Terrane will automatically\nuse this backend unless the backend configuration \
         changes.\n\n",
        place.kind
    );
    telling::step(workbench, &text);
}

/// Goes back to the folder's own file.
fn leave(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    former: &Place,
    anew: bool,
    copies: bool,
) -> Result<(), Exit> {
    telling::initialised(workbench, BACKEND, "initializing_backend_message");
    if !anew && !copies {
        return Err(workbench.fail(&[changed()]));
    }
    if copies {
        let text = format!(
            "Terrane has detected you're unconfiguring your previously set \"{}\" backend.\n\n",
            former.kind
        );
        telling::step(workbench, &text);
        migrate(workbench, matches, former, &Place::of_the_folder())?;
    }
    let text = format!(
        "\nSuccessfully unset the backend \"{}\". Terrane will now operate locally.\n\n",
        former.kind
    );
    telling::step(workbench, &text);
    workbench.keep(None, &Settings::new())
}

/// Gives the block with what was given besides; what an `init` before was given stays where nothing is given anew.
fn wanted(block: &Place, given: &Settings, kept: Option<&Kept>) -> Place {
    if let Some(kept) = kept.filter(|kept| given.is_empty() && kept.is_of(Some(block)))
        && let Some(place) = &kept.place
    {
        return place.clone();
    }
    let mut settings = block.settings.clone();
    settings.extend(given.clone());
    Place { kind: block.kind.clone(), settings }
}

/// Says whether two places are one, however their settings are written.
fn same(one: &Place, other: &Place) -> bool {
    let within = |one: &Settings, other: &Settings| {
        one.iter()
            .filter(|(_, value)| !value.is_null())
            .all(|(name, value)| says(other, name, value))
    };
    one.kind == other.kind
        && within(&one.settings, &other.settings)
        && within(&other.settings, &one.settings)
}

fn changed() -> Diagnostic {
    Diagnostic::error(
        "Backend configuration changed",
        "A change in the backend configuration has been detected, which may require migrating existing state.\n\nIf you wish to \
         attempt automatic migration of the state, use \"terrane init -migrate-state\".\nIf you wish to store the current \
         configuration with no changes to the state, use \"terrane init -reconfigure\".",
    )
}

fn no_block() -> Diagnostic {
    Diagnostic::warning(
        "Missing backend configuration",
        "-backend-config was used without a \"backend\" block in the configuration.\n\nIf you intended to override the default local \
         backend configuration, no action is required, but you may add an explicit backend block to your configuration to clear \
         this warning:\n\nterraform {\n  backend \"local\" {}\n}\n\nHowever, if you intended to override a defined backend, please verify \
         that the backend configuration is present and valid.",
    )
}

/// Reads what `-backend-config` gives: `NAME=VALUE`, or a file of arguments; later ones win.
fn overrides(workbench: &mut Workbench<'_, '_>, given: &[String]) -> Result<Settings, Exit> {
    let mut found = Settings::new();
    for one in given {
        if let Some((name, value)) = one.split_once('=') {
            found.insert(name.trim().to_string(), Json::from(value));
            continue;
        }
        let path = workbench.folder.join(one);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            workbench.fail(&[file_problem("Failed to read file", Path::new(one), &error)])
        })?;
        let id = workbench.sources.add(one.as_str(), text.as_str());
        let (file, problems) = parse_named(id, one, &text);
        if has_errors(&problems) {
            return Err(workbench.fail(&problems));
        }
        let read = settings(&file.body);
        let all = file.body.attributes.len() + file.body.blocks.len();
        if read.len() != all {
            let detail = format!(
                "The file {one} has a value that is not written out: a backend's settings are read before anything is computed."
            );
            return Err(
                workbench.fail(&[Diagnostic::error("Invalid backend configuration", detail)])
            );
        }
        found.extend(read);
    }
    Ok(found)
}

/// What a place has in a workspace.
struct Found {
    workspace: String,
    snapshot: Snapshot,
}

/// Copies the states of all workspaces from one place to another, when a person agrees.
fn migrate(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    from: &Place,
    to: &Place,
) -> Result<(), Exit> {
    let found = states(workbench, from)?;
    if found.is_empty() {
        return Ok(());
    }
    let several = found.iter().any(|found| found.workspace != "default");
    if several && !workbench.open_place(to, "default")?.has_workspaces() {
        let present = workbench.workspace();
        answered(workbench, matches, &present_question(&from.kind, &to.kind, &present))?;
        copy(workbench, matches, (from, &present), (to, "default"))?;
        return super::workspace::switch(workbench, "default");
    }
    if !agreed(workbench, matches, from, to, &found, several)? {
        return Ok(());
    }
    for one in &found {
        copy(workbench, matches, (from, &one.workspace), (to, &one.workspace))?;
    }
    let own = workbench.folder.join("terraform.tfstate");
    if *from == Place::of_the_folder() && to.kind != LOCAL && own.is_file() {
        // What stays in its usual place would be taken for the state by who does not know of the backend.
        let backup = workbench.folder.join("terraform.tfstate.backup");
        let moved = std::fs::rename(&own, &backup);
        moved.map_err(|error| {
            workbench.fail(&[file_problem("State not moved away", &own, &error)])
        })?;
    }
    Ok(())
}

/// Gives all states of a place that say something.
fn states(workbench: &mut Workbench<'_, '_>, place: &Place) -> Result<Vec<Found>, Exit> {
    let listing = workbench.open_place(place, "default")?;
    let names = match listing.has_workspaces() {
        true => workbench.runtime.block_on(listing.workspaces()),
        false => Ok(vec!["default".to_string()]),
    };
    let names = names.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    let mut found = Vec::new();
    for workspace in names {
        let backend = workbench.open_place(place, &workspace)?;
        let snapshot = workbench.snapshot(backend.as_ref())?;
        if !snapshot.is_empty() || workspace != "default" {
            found.push(Found { workspace, snapshot });
        }
    }
    Ok(found)
}

/// Asks whether states are to be copied. Without is an answer for one state; with several it ends the run.
fn agreed(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    from: &Place,
    to: &Place,
    found: &[Found],
    several: bool,
) -> Result<bool, Exit> {
    if several {
        return answered(workbench, matches, &all_question(&from.kind, &to.kind)).map(|()| true);
    }
    let backend = workbench.open_place(to, "default")?;
    let there = workbench.snapshot(backend.as_ref())?;
    if found.iter().all(|found| found.snapshot == there) {
        return Ok(false);
    }
    confirmed(workbench, matches, &one_question(&from.kind, &to.kind, there.is_empty()))
}

/// Asks a question without whose yes nothing can be done.
fn answered(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    question: &str,
) -> Result<(), Exit> {
    if confirmed(workbench, matches, question)? {
        return Ok(());
    }
    Err(workbench.fail(&[Diagnostic::error("Migration aborted by user.", "")]))
}

/// Gives a person's answer, or that of `-force-copy`.
fn confirmed(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    question: &str,
) -> Result<bool, Exit> {
    if matches.get_one::<bool>("force-copy").copied().unwrap_or(false) {
        return Ok(true);
    }
    if !workbench.may_ask(matches) {
        let detail = "Error asking for state migration action: input is disabled.";
        let problem = Diagnostic::error("State not migrated", detail);
        return Err(workbench.fail(&[problem.help(
            "Give -force-copy to answer \"yes\" to all questions, or -reconfigure to leave the states where they are.",
        )]));
    }
    Ok(workbench.confirmed(question))
}

fn present_question(from: &str, to: &str, present: &str) -> String {
    format!(
        "Destination state \"{to}\" doesn't support workspaces.\nDo you want to copy only your current workspace?\n  The existing \
         \"{from}\" backend supports workspaces and you currently are\n  using more than one. The newly configured \"{to}\" backend \
         doesn't support\n  workspaces. If you continue, Terrane will copy your current workspace \"{present}\"\n  to the default \
         workspace in the new backend. Your existing workspaces in the\n  source backend won't be modified. If you want to switch \
         workspaces, back them\n  up, or cancel altogether, answer \"no\" and Terrane will abort."
    )
}

fn all_question(from: &str, to: &str) -> String {
    format!(
        "Do you want to migrate all workspaces to \"{to}\"?\n  Both the existing \"{from}\" backend and the newly configured \"{to}\" \
         backend\n  support workspaces. When migrating between backends, Terrane will copy\n  all workspaces (with the same names). \
         THIS WILL OVERWRITE any conflicting\n  states in the destination.\n\n  Terrane initialization doesn't currently migrate \
         only select workspaces.\n  If you want to migrate a select number of workspaces, you must manually\n  pull and push those \
         states.\n\n  If you answer \"yes\", Terrane will migrate all states. If you answer\n  \"no\", Terrane will abort."
    )
}

fn one_question(from: &str, to: &str, empty: bool) -> String {
    let there = if empty {
        format!(
            "No existing state was found in the newly\n  configured \"{to}\" backend. Do you want to copy this state to the new \
             \"{to}\"\n  backend? Enter \"yes\" to copy and \"no\" to start with an empty state."
        )
    } else {
        "An existing non-empty state already exists in\n  the new backend. Do you want to overwrite the state in the new backend \
         with the\n  previous state? Enter \"yes\" to copy and \"no\" to use the existing state."
            .to_string()
    };
    format!(
        "Do you want to copy existing state to the new backend?\n  Pre-existing state was found while migrating the previous \
         \"{from}\" backend to the\n  newly configured \"{to}\" backend. {there}"
    )
}

/// Copies one workspace's state, under the locks of both places.
fn copy(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    (from, source): (&Place, &str),
    (to, target): (&Place, &str),
) -> Result<(), Exit> {
    let source = workbench.open_place(from, source)?;
    let target = workbench.open_place(to, target)?;
    let (mut held, snapshot) =
        workbench.locked(source.as_ref(), "migration source state", matches)?;
    if !workbench.open.is_empty() {
        workbench.unlock(held);
        let detail = format!(
            "A run that ended early has left calls in the journal of the state at {} of which nobody knows whether they were done. The \
             state was not copied.",
            source.place()
        );
        let problem = Diagnostic::error("State not migrated", detail).help(
            "Put the former backend back into the configuration and run \"terrane recover\"; then run init again.",
        );
        return Err(workbench.fail(&[problem]));
    }
    // What a journal says of finished calls is entered before the state is left.
    let entered = match workbench.replayed {
        0 => Ok(()),
        _ => workbench.runtime.block_on(held.save(&snapshot)).map(|_| ()),
    };
    let taken = entered
        .map_err(|error| workbench.fail(&[error.to_diagnostic()]))
        .and_then(|()| workbench.locked(target.as_ref(), "migration destination state", matches));
    let copied = match taken {
        Ok((mut lock, _)) => {
            let pushed = workbench.runtime.block_on(lock.push(&snapshot));
            let freed = workbench.unlock(lock);
            match pushed {
                Ok(_) if freed == 0 => Ok(()),
                Ok(_) => Err(freed),
                Err(error) => Err(workbench.fail(&[error.to_diagnostic()])),
            }
        }
        Err(exit) => Err(exit),
    };
    let freed = workbench.unlock(held);
    copied?;
    if freed == 0 { Ok(()) } else { Err(freed) }
}
