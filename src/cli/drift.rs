//! `terrane drift`: what is live against what is saved and written. Exit 0: none, 2: drift, 1: an error.
//!
//! It only reads: no lock is taken, no dry-run is asked for, and the state is not written.

use std::cell::RefCell;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches};
use jiff::tz::TimeZone;

use super::accept::{Accepted, accept, prove, splices};
use super::planning::{self, Told, planned_as};
use super::prove::{Wanted, Work};
use super::recover::taken_up;
use super::workbench::{Loaded, Workbench};
use super::{Command, Exit, all, many};
use super::{drift_reports, drift_stacks, drift_watch, unmanaged};
use crate::addr::{Address, Target};
use crate::diag::{Diagnostic, has_errors};
use crate::drift::accept::Editor;
use crate::drift::gather::{self, gather};
use crate::drift::ignore::{self, Rule};
use crate::drift::remedy::remedies;
use crate::drift::text::edits;
use crate::drift::{Acceptance, Class, Finding, Report};
use crate::eval::ProviderRef;
use crate::plan::planner::Options;
use crate::plan::{Change, Plan, PlanMode};
use crate::providers::Registry;
use crate::render;
use crate::render::json::Reveal;
use crate::review::trace::Tracer;
use crate::schema::Schema;

pub(super) const COMMAND: Command = Command {
    name: "drift",
    about: "Compare the live objects with the state and the configuration, attribute by attribute",
    arguments,
    run,
};

fn arguments(command: clap::Command) -> clap::Command {
    let hidden = [
        "replace",
        "destroy",
        "refresh-only",
        "refresh",
        "state-out",
        "backup",
        "require-live",
        "lock",
        "lock-timeout",
    ];
    let accept = Arg::new("accept")
        .long("accept")
        .value_name("ADDRESS")
        .help("Write what is live into the configuration: of all, or of this resource, instance or module")
        .action(ArgAction::Append)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("");
    let class = "Only what is this class's doing: person, service or unknown";
    let command = planning::arguments(command).arg(many("class", "CLASS", class)).arg(accept);
    let command = drift_stacks::arguments(drift_watch::arguments(unmanaged::arguments(command)));
    let command = drift_reports::arguments(command);
    hidden.into_iter().fold(command, |command, name| command.mut_arg(name, |arg| arg.hide(true)))
}

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match drift(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    }
}

/// A configuration that was looked at, and what was found.
pub(super) struct Looked {
    pub(super) loaded: Loaded,
    pub(super) registry: Registry,
    pub(super) options: Options,
    pub(super) plan: Plan,
    pub(super) report: Report,
    /// The edits of the findings that are proven.
    pub(super) good: Vec<Wanted>,
}

/// Looks at all that the arguments name; at these objects alone where some are given.
pub(super) fn look(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    alone: Option<Vec<Target>>,
) -> Result<Looked, Exit> {
    let classes = classes(workbench, matches)?;
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let mut options = planning::options(workbench, matches, false)?;
    (options.mode, options.refresh, options.looks) = (PlanMode::Normal, true, true);
    let whole = alone.is_none();
    if let Some(alone) = alone {
        options.targets = alone;
    }
    let backend = workbench.backend(matches)?;
    let prior = workbench.snapshot(backend.as_ref())?;
    let prior = taken_up(workbench, &loaded, &registry, prior, None)?;
    let told = Told { without: &[], checked_again: false, partly: true, reads: false };
    let plan = planned_as(workbench, &loaded, &registry, &prior, &options, &told)?;
    workbench.tell(&plan.warnings);
    let more = match whole {
        true => unmanaged::unmanaged(workbench, matches, (&loaded, &registry, &plan))?,
        false => unmanaged::More::default(),
    };
    let (mut report, wanted) = found(workbench, &loaded, &registry, &plan, more)?;
    let good = {
        let (loaded, registry, plan, options) = (&loaded, &registry, &plan, &options);
        let work = Work { matches, loaded, registry, plan, options };
        prove(workbench, &work, &mut report, wanted)
    };
    report.findings.retain(|finding| classes.is_empty() || classes.contains(&finding.class));
    Ok(Looked { loaded, registry, options, plan, report, good })
}

fn drift(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let goes_on = drift_stacks::is_asked(matches) || drift_watch::is_asked(matches);
    if goes_on && (!all(matches, "accept").is_empty() || drift_reports::is_asked(matches)) {
        let detail = "The -accept and -…-into options are of one look at one stack, not of -watch or -stacks.";
        return Err(workbench.fail(&[Diagnostic::error("Incompatible drift options", detail)]));
    }
    if drift_stacks::is_asked(matches) {
        return drift_stacks::stacks(workbench, matches);
    }
    if drift_watch::is_asked(matches) {
        return drift_watch::watch(workbench, matches);
    }
    let looked = look(workbench, matches, None)?;
    let Looked { loaded, registry, options, plan, mut report, good } = looked;
    drift_reports::write(workbench, matches, &report)?;
    refused(workbench, &plan);
    let Some(chosen) = chosen(workbench, matches)? else {
        show(workbench, &report, None);
        return Ok(exit(&report));
    };
    let (loaded, registry, plan, options) = (&loaded, &registry, &plan, &options);
    let work = Work { matches, loaded, registry, plan, options };
    let accepted = accept(workbench, &work, &report, (good, &chosen))?;
    let done = |finding: &Finding| {
        accepted.done.iter().any(|(of, _)| Some(of) == finding.address.as_ref())
    };
    report.findings.retain(|finding| !done(finding));
    show(workbench, &report, Some(&accepted));
    Ok(exit(&report))
}

/// Tells why some objects could not be read, one cause once; lines of JSON have it with each.
fn refused(workbench: &mut Workbench<'_, '_>, plan: &Plan) {
    if !workbench.json() {
        workbench.tell(&plan.past.refused);
    }
}

/// Gives the exit code of a report: what could not be read is an error.
fn exit(report: &Report) -> Exit {
    match (report.unread.is_empty(), report.has_drift()) {
        (false, _) => 1,
        (true, true) => 2,
        (true, false) => 0,
    }
}

/// Shows a report, and what was accepted of it.
fn show(workbench: &mut Workbench<'_, '_>, report: &Report, accepted: Option<&Accepted>) {
    if workbench.json() {
        let mut document = render::json::drift::drift(report, &workbench.sources, Reveal::No);
        if let Some(accepted) = accepted {
            let (done, left) = (&accepted.done, &accepted.left);
            document["accepted"] = render::json::drift::accepted(done, left);
        }
        workbench.screen.print(format!("{document:#}\n"));
        return;
    }
    let style = workbench.style();
    let mut text = String::new();
    if let Some(accepted) = accepted {
        text += &render::drift::accepted(&accepted.done, &accepted.left, &style);
    }
    text += &render::drift::text(report, &workbench.sources, &style);
    workbench.screen.print(text);
}

/// Gives what is to be accepted: all where nothing is named; nothing where nothing is asked.
fn chosen(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<Option<Vec<Target>>, Exit> {
    let asked = all(matches, "accept");
    if asked.is_empty() {
        return Ok(None);
    }
    let mut chosen = Vec::new();
    for text in asked.iter().filter(|text| !text.is_empty()) {
        match text.parse::<Target>() {
            Ok(target) => chosen.push(target),
            Err(error) => {
                let summary = format!("Invalid -accept address \"{text}\"");
                let detail = format!("{}.", error.reason);
                return Err(workbench.fail(&[Diagnostic::error(summary, detail)]));
            }
        }
    }
    Ok(Some(chosen))
}

/// Makes the findings of a plan that only looked, with what can be done about each, and the edits of those that can be written.
fn found(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    registry: &Registry,
    plan: &Plan,
    more: unmanaged::More,
) -> Result<(Report, Vec<Wanted>), Exit> {
    let rules = rules(workbench)?;
    let schema = |address: &Address, provider: &ProviderRef| -> Option<Arc<Schema>> {
        registry.provider(&provider.source)?.resource(address.mode, &address.type_name)
    };
    let given = gather::Given {
        plan,
        config: &loaded.config,
        sources: &workbench.sources,
        inputs: &loaded.inputs,
        schema: &schema,
    };
    let mut report = gather(&given);
    report.findings.extend(more.findings);
    report.notes.extend(more.notes);
    report.unlisted = more.unlisted;
    let today = workbench.clock.now().to_zoned(TimeZone::UTC).date();
    let over = ignore::ignore(&mut report, &rules, today);
    let tracer = Tracer::new(&loaded.config, &workbench.sources, &loaded.inputs);
    let editor = Editor::new(tracer, &workbench.sources);
    let wanted = RefCell::new(Vec::new());
    let accepted = |finding: &Finding, change: Option<&Change>| match splices(
        &editor, registry, finding, change,
    ) {
        Err(why) => Acceptance::Impossible { why },
        Ok(splices) => {
            let told = edits(&workbench.sources, &splices);
            wanted.borrow_mut().extend(finding.address.clone().map(|of| (of, splices)));
            Acceptance::Edits(told)
        }
    };
    remedies(&mut report, plan, &accepted);
    workbench.tell(&over);
    Ok((report, wanted.into_inner()))
}

/// Reads the rules of what is told no more.
fn rules(workbench: &mut Workbench<'_, '_>) -> Result<Vec<Rule>, Exit> {
    let Ok(text) = std::fs::read_to_string(workbench.folder.join(ignore::FILE)) else {
        return Ok(Vec::new());
    };
    let file = workbench.sources.add(ignore::FILE, text.clone());
    let (rules, problems) = ignore::parse(file, &text);
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    Ok(rules)
}

fn classes(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Vec<Class>, Exit> {
    let mut classes = Vec::new();
    for text in all(matches, "class") {
        match Class::ALL.into_iter().find(|class| class.word() == text) {
            Some(class) => classes.push(class),
            None => {
                let detail = format!("\"{text}\" is none of person, service and unknown.");
                return Err(workbench.fail(&[Diagnostic::error("Invalid -class option", detail)]));
            }
        }
    }
    Ok(classes)
}
