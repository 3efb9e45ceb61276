//! `terrane refresh`: `apply -refresh-only -auto-approve` by its older name.

use clap::ArgMatches;

use super::apply::carried_out;
use super::planning::{self, options, planned};
use super::recover::taken_up;
use super::telling;
use super::workbench::Workbench;
use super::{Command, Exit};
use crate::diag::has_errors;
use crate::plan::PlanMode;
use crate::render;

pub(super) const COMMAND: Command = Command {
    name: "refresh",
    about: "Take the world's changes into the state; `apply -refresh-only` shows them first",
    arguments: planning::arguments,
    run: |workbench, matches| match refresh(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    },
};

fn refresh(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    telling::version(workbench);
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let mut options = options(workbench, matches, false)?;
    options.mode = PlanMode::RefreshOnly;
    let backend = workbench.backend(matches)?;
    let (mut lock, prior) = workbench.locked(backend.as_ref(), "OperationTypeRefresh", matches)?;
    let prior = match taken_up(workbench, &loaded, &registry, prior, Some(lock.as_mut())) {
        Ok(prior) => prior,
        Err(exit) => {
            workbench.unlock(lock);
            return Err(exit);
        }
    };
    let plan = match planned(workbench, &loaded, &registry, &prior, &options) {
        Ok(plan) => plan,
        Err(exit) => {
            workbench.unlock(lock);
            return Err(exit);
        }
    };
    workbench.tell(&plan.warnings);
    let applied = carried_out(workbench, matches, &loaded, &registry, &plan, lock.as_mut());
    let unlocked = workbench.unlock(lock);
    workbench.tell(&applied.problems);
    let outputs = &applied.snapshot.outputs;
    if workbench.json() && outputs.is_empty() {
        return Ok(if has_errors(&applied.problems) { 1 } else { unlocked });
    }
    if workbench.json() {
        let text = render::json::stream::applied_outputs(outputs, workbench.clock.now());
        workbench.screen.print(text);
    } else {
        for (address, drift) in &plan.drift {
            let what = if drift.found.is_none() { "is gone" } else { "was changed" };
            workbench.screen.line(format!("{address} {what} outside of Terrane."));
        }
        if !outputs.is_empty() {
            let text = render::literal::outputs(outputs);
            workbench.screen.print(format!("\nOutputs:\n\n{text}"));
        }
    }
    Ok(if has_errors(&applied.problems) { 1 } else { unlocked })
}
