//! What `plan`, `apply`, `destroy` and `drift` share: their arguments, and making a plan.

use std::cell::RefCell;

use clap::{Arg, ArgAction, ArgMatches};

use super::interrupt::{Moment, guarded};
use super::telling;
use super::workbench::{Loaded, Workbench, duration};
use super::{Exit, all, flag, flag_on, many, one, state_arguments, variables};
use crate::addr::{Address, Mode, Target};
use crate::diag::{Diagnostic, has_errors};
use crate::graph::Stop;
use crate::plan::event::PlanEvent;
use crate::plan::make::{Given, make};
use crate::plan::planner::Options;
use crate::plan::{Plan, PlanMode, digest};
use crate::providers::Registry;
use crate::render::json::stream;
use crate::state::Snapshot;

/// After so many seconds it is told that reading goes on.
const PATIENCE: u32 = 15;

/// The arguments of whatever makes a plan.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .args(variables::arguments())
        .arg(many(
            "target",
            "ADDRESS",
            "Plan only for this resource, instance or module and what it needs",
        ))
        .arg(many(
            "exclude",
            "ADDRESS",
            "Plan without this resource, instance or module and what needs it",
        ))
        .arg(many("replace", "ADDRESS", "Replace this instance whatever changed"))
        .arg(flag("destroy", "Plan to destroy everything").overrides_with("destroy"))
        .arg(flag("refresh-only", "Only take the world's changes into the state"))
        .arg(flag_on("refresh", "Read the objects anew before planning"))
        .arg(flag_on("input", "Ask for what is missing"))
        .args(state_arguments())
        .arg(flag("compact-warnings", "Show warnings in one line each where there are no errors"))
        .arg(flag("json", "Print JSON, an object a line"))
        .arg(parallelism())
        .arg(flag(
            "no-exec",
            "Refuse a configuration that runs programs (provisioner \"local-exec\")",
        ))
        .arg(flag(
            "require-live",
            "Refuse a plan of objects in a cluster that the cluster has not checked",
        ))
}

fn parallelism() -> Arg {
    Arg::new("parallelism")
        .long("parallelism")
        .value_name("N")
        .help("How many calls at once; without it, as many as the services take well")
        .action(ArgAction::Set)
        .value_parser(clap::value_parser!(u16).range(1..))
}

/// Gives what is asked of the plan.
pub(super) fn options(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    destroy: bool,
) -> Result<Options, Exit> {
    let on = |name: &str| matches.get_one::<bool>(name).copied().unwrap_or(false);
    let mode = match (destroy || on("destroy"), on("refresh-only")) {
        (true, true) => {
            let detail = "The -destroy and -refresh-only options are mutually-exclusive.";
            return Err(
                workbench.fail(&[Diagnostic::error("Incompatible plan mode options", detail)])
            );
        }
        (true, false) => PlanMode::Destroy,
        (false, true) => PlanMode::RefreshOnly,
        (false, false) => PlanMode::Normal,
    };
    let mut problems = Vec::new();
    let mut named = |option: &str| {
        let mut targets = Vec::new();
        for text in all(matches, option) {
            match text.parse::<Target>() {
                Ok(target) => targets.push(target),
                Err(error) => problems.push(Diagnostic::error(
                    format!("Invalid target \"{text}\""),
                    format!("{}.", error.reason),
                )),
            }
        }
        targets
    };
    let (targets, exclude) = (named("target"), named("exclude"));
    let mut replace = Vec::new();
    for text in all(matches, "replace") {
        match text.parse::<Address>() {
            Ok(address) if address.mode != Mode::Managed => problems.push(Diagnostic::error(
                format!("Invalid force-replace address \"{text}\""),
                "Only managed resources can be used with the -replace=... option.",
            )),
            Ok(address) => replace.push(address),
            Err(error) => problems.push(Diagnostic::error(
                format!("Invalid force-replace address \"{text}\""),
                format!("{}.", error.reason),
            )),
        }
    }
    if mode == PlanMode::RefreshOnly && !on("refresh") {
        let detail = "It doesn't make sense to use -refresh-only at the same time as -refresh=false, because Terraform \
                      would have nothing to do.";
        problems.push(Diagnostic::error("Incompatible refresh options", detail));
    }
    if let Some(text) = one(matches, "lock-timeout").filter(|text| duration(text).is_err()) {
        let detail = format!("invalid value {text:?} for flag -lock-timeout: parse error");
        problems.push(Diagnostic::error("Failed to parse command-line flags", detail));
    }
    if !replace.is_empty() && mode != PlanMode::Normal {
        let detail = "Forcing resource instance replacement (with -replace=...) is allowed only in normal planning mode.";
        problems.push(Diagnostic::error("Unsupported plan mode", detail));
    }
    if !problems.is_empty() {
        return Err(workbench.fail(&problems));
    }
    let (refresh, require_live) = (on("refresh"), on("require-live"));
    let imports = Vec::new();
    let (saved, looks) = (false, false);
    Ok(Options { mode, refresh, targets, exclude, replace, require_live, saved, imports, looks })
}

/// What an apply tells of again, with all known.
const CHECKED_AGAIN: &[&str] =
    &["Check block assertion failed", "Check block assertion known after apply"];

/// Makes a plan; prints the problems that stand in its way. Its warnings are told with it.
pub(super) fn planned(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    registry: &Registry,
    prior: &Snapshot,
    options: &Options,
) -> Result<Plan, Exit> {
    let told = Told { without: &[], checked_again: false, partly: true, reads: true };
    planned_as(workbench, loaded, registry, prior, options, &told)
}

/// What is told of a plan.
pub(super) struct Told<'a> {
    /// The warnings of these summaries are not.
    pub(super) without: &'a [&'a str],
    /// Whether what its checks found is left to the apply to tell.
    pub(super) checked_again: bool,
    /// Whether a plan that ends in a problem is told also where it got nowhere.
    pub(super) partly: bool,
    /// Whether what is read is told as it is read, in a stream.
    pub(super) reads: bool,
}

/// Makes a plan, and tells this of it.
pub(super) fn planned_as(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    registry: &Registry,
    prior: &Snapshot,
    options: &Options,
    told: &Told<'_>,
) -> Result<Plan, Exit> {
    let world = workbench.world();
    let (clock, json) = (workbench.clock.clone(), workbench.json);
    // Both the making of the plan and its guard tell; neither while the other does.
    let screen = RefCell::new(&mut *workbench.screen);
    let tell = |event: PlanEvent| {
        if json && told.reads {
            screen.borrow_mut().print(stream::planning(&event, clock.now()));
        }
    };
    let given = Given {
        config: &loaded.config,
        sources: &workbench.sources,
        inputs: &loaded.inputs,
        registry,
        prior,
        world,
        options,
        tell: &tell,
    };
    let stop = &workbench.environment.stop;
    let stopped = Stop::default();
    let mut seconds = 0;
    let making = async {
        tokio::select! {
            biased;
            () = stopped.asked(1) => None,
            made = make(&given) => Some(made),
        }
    };
    let made = workbench.runtime.block_on(guarded(stop, &stopped, making, |moment| {
        seconds += u32::from(matches!(moment, Moment::Second));
        if seconds >= PATIENCE && !json {
            screen.borrow_mut().error("Still reading what there is...\n");
            seconds = 0;
        }
    }));
    let made = made.filter(|_| !stop.is_asked());
    let Some((mut plan, mut problems)) = made else {
        let detail = "The run was asked to stop before the plan was made. Nothing was changed.";
        return Err(workbench.fail(&[Diagnostic::error("Interrupted", detail)]));
    };
    if has_errors(&problems) && !problems.iter().any(is_of_values) {
        // What is wrong with the text itself explains what went wrong with the values.
        let found = super::validate::check(workbench, &loaded.config, registry);
        if has_errors(&found) {
            // Values that nothing takes were told before all that.
            problems.retain(|problem| {
                !problem.is_error() && problem.summary.contains("for undeclared variable")
            });
            problems.extend(found);
            plan = Plan::default();
        }
    }
    for problem in &mut problems {
        loaded.name_block(problem);
    }
    if has_errors(&problems) {
        plan.warnings.clear();
        let nowhere = plan.changes.is_empty() && plan.outputs.is_empty();
        if !options.looks && (told.partly || !nowhere) {
            telling::partial_plan(workbench, &plan, registry, &problems);
        }
        return Err(workbench.fail(&problems));
    }
    plan.warnings.retain(|problem| {
        let summary = problem.summary.as_str();
        let of_check = problem.context.as_ref().is_some_and(|of| of.starts_with("check "));
        let again = of_check || CHECKED_AGAIN.contains(&summary);
        !(told.without.contains(&summary) || (told.checked_again && again))
    });
    plan.base.text = digest::text(&plan, &loaded.config, &workbench.sources);
    Ok(plan)
}

/// Says whether a problem is one of the variables' values as given, with which nothing is evaluated.
fn is_of_values(problem: &Diagnostic) -> bool {
    let of_values = ["No value for required variable", "Value for undeclared variable"];
    problem.is_error() && of_values.contains(&problem.summary.as_str())
}
