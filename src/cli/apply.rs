//! `terrane apply` and `terrane destroy`.

use std::cell::RefCell;
use std::sync::Arc;

use clap::{Arg, ArgMatches};

use super::interrupt::{Moment, guarded};
use super::judge::{self, judged};
use super::planning::{self, Told, options, planned_as};
use super::recover::taken_up;
use super::reports;
use super::telling::{self, Teller};
use super::workbench::{Loaded, Workbench};
use super::{Command, Exit, flag, one, option};
use crate::addr::Address;
use crate::apply::{Applied, Given, apply as carry_out, resume};
use crate::backends::Lock;
use crate::diag::{Diagnostic, has_errors};
use crate::eval::Inputs;
use crate::graph::Stop;
use crate::http::pace::Pace;
use crate::plan::planner::Options;
use crate::plan::{Plan, PlanMode, digest, file};
use crate::providers::{Registry, World};
use crate::render::json::Reveal;
use crate::state::Snapshot;

pub(super) const COMMAND: Command = Command {
    name: "apply",
    about: "Make the world as configured",
    arguments: |command| {
        arguments(command)
            .arg(flag(
                "resume",
                "Carry out what is left of the saved plan, after an apply of it that failed half way",
            ))
            .arg(Arg::new("plan").value_name("PLAN").help("A saved plan to carry out"))
    },
    run: |workbench, matches| run(workbench, matches, false),
};

pub(super) const DESTROY: Command = Command {
    name: "destroy",
    about: "Remove everything that the state tracks",
    arguments,
    run: |workbench, matches| run(workbench, matches, true),
};

fn arguments(command: clap::Command) -> clap::Command {
    reports::arguments(planning::arguments(command))
        .args(judge::arguments())
        .arg(flag("auto-approve", "Do not ask before making changes"))
        .arg(option(
            "approved-digest",
            "DIGEST",
            "Go on, without asking, only if the plan's digest is this one, as `terrane plan` printed it",
        ))
}

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches, destroy: bool) -> Exit {
    telling::version(workbench);
    let saved = if destroy { None } else { one(matches, "plan").map(str::to_string) };
    if let Err(exit) = reports::asked(workbench, matches) {
        return exit;
    }
    let done = match saved {
        Some(name) => apply_saved(workbench, matches, &name),
        None => apply_new(workbench, matches, destroy),
    };
    match done {
        Ok(exit) | Err(exit) => exit,
    }
}

/// Plans under the lock, asks, and carries it out.
fn apply_new(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    destroy: bool,
) -> Result<Exit, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let options = options(workbench, matches, destroy)?;
    workbench.wants_something("Apply", options.mode)?;
    let backend = workbench.backend(matches)?;
    let (mut lock, prior) = workbench.locked(backend.as_ref(), "OperationTypeApply", matches)?;
    let prior = match taken_up(workbench, &loaded, &registry, prior, Some(lock.as_mut())) {
        Ok(prior) => prior,
        Err(exit) => {
            workbench.unlock(lock);
            return Err(exit);
        }
    };
    let unasked = matches.get_one::<bool>("auto-approve").copied().unwrap_or(false);
    // Where nobody is asked about the plan, what its checks found is left to the apply to tell.
    let told = Told { without: &[], checked_again: unasked, partly: false, reads: true };
    let plan = match planned_as(workbench, &loaded, &registry, &prior, &options, &told) {
        Ok(plan) => plan,
        Err(exit) => {
            workbench.unlock(lock);
            return Err(exit);
        }
    };
    telling::plan(workbench, &plan, loaded.both(), &registry);
    if let Err(exit) = may_be_applied(workbench, matches, &plan, &loaded, &registry) {
        workbench.unlock(lock);
        return Err(exit);
    }
    if !plan.is_empty() && !agreed(workbench, matches, options.mode) {
        workbench.unlock(lock);
        let word = if options.mode == PlanMode::Destroy { "Destroy" } else { "Apply" };
        workbench.screen.line(format!("{word} cancelled."));
        return Err(1);
    }
    finish(workbench, matches, &loaded, &registry, &plan, lock, destroy)
}

/// Writes what is asked for reviewers; refuses a plan that is not the approved one, or that policies or its dangers forbid.
fn may_be_applied(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    plan: &Plan,
    loaded: &Loaded,
    registry: &Registry,
) -> Result<(), Exit> {
    let judgement = judged(workbench, matches, plan, loaded, registry)?;
    let told = (plan, &judgement);
    reports::write(workbench, matches, told, loaded, registry, Reveal::No)?;
    if let Some(problem) = not_approved(matches, plan) {
        return Err(workbench.fail(&[problem]));
    }
    judgement.enforce(workbench)
}

/// Says that a plan is not the one that was approved.
fn not_approved(matches: &ArgMatches, plan: &Plan) -> Option<Diagnostic> {
    let approved = one(matches, "approved-digest")?;
    let found = digest::digest(plan);
    if found == approved {
        return None;
    }
    let detail = format!(
        "The plan has the digest {found}, and {approved} was approved: the configuration, the state or the live objects have \
         changed since. Nothing was done."
    );
    let problem = Diagnostic::error("Plan not as approved", detail);
    Some(problem.help("Look at the plan, and approve its digest."))
}

fn agreed(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches, mode: PlanMode) -> bool {
    let unasked = matches.get_one::<bool>("auto-approve").copied().unwrap_or(false);
    if unasked || one(matches, "approved-digest").is_some() {
        return true;
    }
    if !workbench.may_ask(matches) {
        let detail = "The plan has changes, and there is nobody to approve them.";
        let problem = Diagnostic::error("Apply not approved", detail);
        workbench.fail(&[problem.help("Give -auto-approve, or apply a saved plan.")]);
        return false;
    }
    let question = match mode {
        PlanMode::Destroy => {
            "\nDo you really want to destroy all resources?\n  Terrane will destroy all your managed infrastructure, as \
             shown above.\n  There is no undo. Only 'yes' will be accepted to confirm."
        }
        PlanMode::RefreshOnly => {
            "\nWould you like to update the Terrane state to reflect these detected changes?\n  Only 'yes' will be \
             accepted to confirm."
        }
        PlanMode::Normal => {
            "\nDo you want to perform these actions?\n  Terrane will perform the actions described above.\n  Only 'yes' \
             will be accepted to approve."
        }
    };
    workbench.confirmed(question)
}

/// Carries out a plan that was saved: with the texts and inputs that it was made from.
fn apply_saved(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    name: &str,
) -> Result<Exit, Exit> {
    let saved = workbench.saved_plan(name)?;
    let file::Saved { mut plan, files, mut inputs } = saved;
    let (config, problems) = workbench.config_of(files.clone());
    workbench.keeps_state_as(&config);
    file::settle(&mut plan, &mut inputs, &files, &workbench.sources);
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    let loaded = Loaded { config, inputs };
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let backend = workbench.backend(matches)?;
    let (mut lock, prior) = workbench.locked(backend.as_ref(), "OperationTypeApply", matches)?;
    let prior = match taken_up(workbench, &loaded, &registry, prior, Some(lock.as_mut())) {
        Ok(prior) => prior,
        Err(exit) => {
            workbench.unlock(lock);
            return Err(exit);
        }
    };
    if let Err(exit) = may_be_applied(workbench, matches, &plan, &loaded, &registry) {
        workbench.unlock(lock);
        return Err(exit);
    }
    if (&prior.lineage, prior.serial) != (&plan.base.lineage, plan.base.serial) {
        let resumed = match matches.get_one::<bool>("resume") {
            Some(true) => rest_of(workbench, &loaded, &registry, &prior, &plan),
            _ => Err(workbench.fail(&[stale(&prior, &plan)])),
        };
        plan = match resumed {
            Ok(rest) => rest,
            Err(exit) => {
                workbench.unlock(lock);
                return Err(exit);
            }
        };
    }
    finish(workbench, matches, &loaded, &registry, &plan, lock, false)
}

/// Plans anew what is left of an approved plan; refuses where that is more than was approved.
fn rest_of(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    registry: &Registry,
    prior: &Snapshot,
    approved: &Plan,
) -> Result<Plan, Exit> {
    let options = Options {
        mode: approved.base.mode,
        refresh: true,
        targets: approved.targets.clone(),
        exclude: approved.excluded.clone(),
        replace: resume::still_to_replace(approved, prior),
        ..Options::default()
    };
    let rest = planning::planned(workbench, loaded, registry, prior, &options)?;
    telling::plan(workbench, &rest, loaded.both(), registry);
    let beyond = resume::beyond(approved, &rest);
    if beyond.is_empty() {
        return Ok(rest);
    }
    let named: Vec<String> = beyond.iter().map(Address::to_string).collect();
    let detail = format!(
        "What is left to do, as planned now, goes beyond the saved plan: {}. Something else has changed since. Nothing was done.",
        named.join(", ")
    );
    let problem = Diagnostic::error("More than the saved plan", detail);
    Err(workbench.fail(&[problem.help("Make a new plan, and look at it.")]))
}

fn stale(prior: &Snapshot, plan: &Plan) -> Diagnostic {
    let detail = format!(
        "The given plan file can no longer be applied because the state was changed by another operation after the plan \
         was created (serial {} then, {} now).",
        plan.base.serial, prior.serial
    );
    Diagnostic::error("Saved plan is stale", detail).help(
        "Make a new plan. After an apply of this one that failed half way, `terrane apply -resume` carries out what is left of \
         it.",
    )
}

fn finish(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    loaded: &Loaded,
    registry: &Registry,
    plan: &Plan,
    mut lock: Box<dyn Lock>,
    destroy: bool,
) -> Result<Exit, Exit> {
    let mut applied = carried_out(workbench, matches, loaded, registry, plan, lock.as_mut());
    let unlocked = workbench.unlock(lock);
    for problem in &mut applied.problems {
        loaded.name_block(problem);
    }
    applied.problems.extend(in_clear(workbench, plan, &applied.snapshot)?);
    workbench.tell(&applied.problems);
    let failed = has_errors(&applied.problems) || !applied.skipped.is_empty();
    telling::applied(workbench, plan, &applied, failed, destroy);
    Ok(if failed { 1 } else { unlocked })
}

/// Says, when the state comes to have its first secret, that it stands there in clear.
fn in_clear(
    workbench: &mut Workbench<'_, '_>,
    plan: &Plan,
    state: &Snapshot,
) -> Result<Option<Diagnostic>, Exit> {
    let sealed = workbench.encryption()?.state.is_some_and(|vault| vault.seals());
    // Programs that read the stream know Terraform's problems only: a person is told.
    if workbench.json() || sealed || plan.prior.has_secrets() || !state.has_secrets() {
        return Ok(None);
    }
    let detail = "The state has secrets from now on, and they stand in it in clear: who can read the state can read them.";
    let problem = Diagnostic::warning("Secrets in clear in the state", detail);
    Ok(Some(problem.help(
        "To encrypt the state, write an `encryption` block in the `terraform` block, or set TF_ENCRYPTION (docs/encryption.md).",
    )))
}

pub(super) fn carried_out(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    loaded: &Loaded,
    registry: &Registry,
    plan: &Plan,
    lock: &mut dyn Lock,
) -> Applied {
    let (stop, inner) = (&workbench.environment.stop, Stop::default());
    let inputs = Inputs { applying: true, ..loaded.inputs.clone() };
    let fixed = matches.get_one::<u16>("parallelism").copied();
    let pace = fixed.map(|width| Arc::new(Pace::fixed(usize::from(width)))).unwrap_or_default();
    let given = Given {
        config: &loaded.config,
        sources: &workbench.sources,
        inputs: &inputs,
        registry,
        world: World { pace, ..workbench.world() },
        plan,
        unmade: &workbench.unmade,
        stop: inner.clone(),
    };
    let live = workbench.screen.live && !workbench.json();
    let (style, clock) = (workbench.style(), workbench.clock.clone());
    let teller = Teller::new(plan, workbench.json(), live, style, clock);
    // Both the owner of the apply and the guard tell; neither while the other does.
    let shown = RefCell::new((teller, &mut *workbench.screen));
    let mut tell = |event| {
        let (teller, screen) = &mut *shown.borrow_mut();
        teller.tell(screen, &event);
    };
    let applying = carry_out(&given, lock, &mut tell);
    let applied = workbench.runtime.block_on(guarded(stop, &inner, applying, |moment| {
        let (teller, screen) = &mut *shown.borrow_mut();
        match moment {
            Moment::Second => teller.second(screen),
            Moment::Asked(times) => teller.stopping(screen, times),
        }
    }));
    let (teller, screen) = &mut *shown.borrow_mut();
    teller.end(screen);
    applied
}
