//! `terrane plan`.

use clap::ArgMatches;

use super::generate::{Generated, generate};
use super::judge::{self, judged};
use super::planning::{self, options, planned};
use super::recover::taken_up;
use super::workbench::{Workbench, file_problem};
use super::{Command, Exit, flag, one, option};
use super::{reports, telling};
use crate::backends::disk::write_whole;
use crate::plan::file;
use crate::plan::planner::Options;
use crate::render::json::Reveal;

pub(super) const COMMAND: Command = Command {
    name: "plan",
    about: "Show what would be done to make the world as configured",
    arguments: |command| {
        reports::arguments(planning::arguments(command))
            .args(judge::arguments())
            .arg(option("out", "FILE", "Save the plan, for `terrane apply FILE`"))
            .arg(option(
                "generate-config-out",
                "FILE",
                "Write blocks for objects that are imported and have none, to this new file",
            ))
            .arg(flag(
                "detailed-exitcode",
                "Exit with 2 when there are changes, 0 when there are none",
            ))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match plan(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn plan(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    telling::version(workbench);
    reports::asked(workbench, matches)?;
    let generated = generate(workbench, matches)?;
    let saved = one(matches, "out").is_some();
    let options = Options { saved, ..options(workbench, matches, false)? };
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    workbench.wants_something("Plan", options.mode)?;
    let backend = workbench.backend(matches)?;
    let prior = workbench.snapshot(backend.as_ref())?;
    let prior = taken_up(workbench, &loaded, &registry, prior, None)?;
    let mut plan = planned(workbench, &loaded, &registry, &prior, &options)?;
    if let Some(generated) = &generated {
        plan.generated.clone_from(&generated.blocks);
        plan.warnings.push(Generated::remark());
    }
    telling::plan(workbench, &plan, loaded.both(), &registry);
    telling::told_digest(workbench, &plan);
    if let (Some(generated), false) = (&generated, workbench.json()) {
        workbench.screen.print(format!(
            "\nTerrane has generated configuration and written it to {}. Please review\nthe configuration and edit it as \
             necessary before adding it to version\ncontrol.\n",
            generated.name
        ));
    }
    let judgement = judged(workbench, matches, &plan, &loaded, &registry)?;
    let told = (&plan, &judgement);
    reports::write(workbench, matches, told, &loaded, &registry, Reveal::No)?;
    if let Some(name) = one(matches, "out") {
        let path = workbench.folder.join(name);
        let saved = file::write(&plan, &workbench.sources, &loaded.inputs);
        let vault = workbench.encryption()?.plan;
        let saved = workbench.sealed(vault.as_ref(), saved)?;
        if let Err(error) = write_whole(&path, &saved) {
            return Err(workbench.fail(&[file_problem("Failed to save plan", &path, &error)]));
        }
        if !workbench.json() {
            workbench.screen.print(format!(
                "\nSaved the plan to: {name}\n\nTo perform exactly these actions, run the following command to apply:\n    \
                 terrane apply \"{name}\"\n"
            ));
        }
    } else if !workbench.json() && !plan.is_empty() {
        let note = workbench.style().sentences(
            "Note: You didn't use the -out option to save this plan, so Terrane can't guarantee to take exactly these \
             actions if you run \"terrane apply\" now.",
        );
        workbench.screen.print(format!("\n{note}\n"));
    }
    judgement.enforce(workbench)?;
    let detailed = matches.get_one::<bool>("detailed-exitcode").copied().unwrap_or(false);
    let exit = if detailed && !plan.is_empty() { 2 } else { 0 };
    // The process ends: a large plan need not be taken apart piece by piece before.
    std::mem::forget((plan, loaded));
    Ok(exit)
}
