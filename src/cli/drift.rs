//! `terrane drift`: what is live against what is saved. Exit 0: none, 2: drift, 1: an error.

use clap::ArgMatches;

use super::planning::{self, Told, planned_as};
use super::recover::taken_up;
use super::telling;
use super::workbench::Workbench;
use super::{Command, Exit};
use crate::plan::PlanMode;

pub(super) const COMMAND: Command = Command {
    name: "drift",
    about: "Compare the state with the live objects, attribute by attribute",
    arguments: planning::arguments,
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match drift(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn drift(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let mut options = planning::options(workbench, matches, false)?;
    options.mode = PlanMode::RefreshOnly;
    options.refresh = true;
    let backend = workbench.backend(matches)?;
    let prior = workbench.snapshot(backend.as_ref())?;
    let prior = taken_up(workbench, &loaded, &registry, prior, None)?;
    let told = Told { without: &[], checked_again: false, partly: true, reads: false };
    let plan = planned_as(workbench, &loaded, &registry, &prior, &options, &told)?;
    workbench.tell(&plan.warnings);
    telling::drift(workbench, &plan, &loaded.config, &registry);
    Ok(if plan.drift.is_empty() { 0 } else { 2 })
}
