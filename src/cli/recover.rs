//! What a run that ended early has left: taken up by the next plan or apply, and by `terrane recover` alone.

use clap::ArgMatches;

use super::workbench::{Loaded, Workbench};
use super::{Command, Exit, flag_on, state_arguments, variables};
use crate::apply::recover::{Answer, Finding, Given, Recovered, recover};
use crate::backends::Lock;
use crate::diag::{Diagnostic, has_errors};
use crate::eval::Inputs;
use crate::providers::Registry;
use crate::state::Snapshot;

pub(super) const COMMAND: Command = Command {
    name: "recover",
    about: "Take up what a run that ended early has left: find out what was done, and enter it in the state",
    arguments: |command| {
        command
            .args(variables::arguments())
            .args(state_arguments())
            .arg(flag_on("input", "Ask for what is missing"))
    },
    run: |workbench, matches| match run(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    },
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let backend = workbench.backend(matches)?;
    let (mut lock, prior) = workbench.locked(backend.as_ref(), "recover", matches)?;
    let nothing = workbench.replayed == 0;
    let done = taken_up(workbench, &loaded, &registry, prior, Some(lock.as_mut()));
    let unlocked = workbench.unlock(lock);
    done?;
    if nothing {
        workbench.screen.line("Nothing to recover: no run has left anything open.");
    } else if workbench.open.is_empty() {
        workbench.screen.line("Recovered: the state has all that was done.");
    }
    Ok(if workbench.open.is_empty() { unlocked } else { 1 })
}

/// Asks the world what became of the actions that have no end, and tells of it; gives the state with the answers. With a
/// lock they are saved.
pub(super) fn taken_up(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    registry: &Registry,
    prior: Snapshot,
    mut lock: Option<&mut dyn Lock>,
) -> Result<Snapshot, Exit> {
    if workbench.replayed == 0 {
        return Ok(prior);
    }
    let open = std::mem::take(&mut workbench.open);
    let inputs = Inputs { unchecked: true, ..loaded.inputs.clone() };
    let given = Given {
        config: &loaded.config,
        sources: &workbench.sources,
        inputs: &inputs,
        registry,
        world: workbench.world(),
    };
    let recovering = recover(&given, prior, &open, lock.as_deref_mut());
    let Recovered { mut snapshot, findings, mut problems } = workbench.runtime.block_on(recovering);
    if let Some(lock) = lock.filter(|_| !has_errors(&problems)) {
        // What the journal told stands in the state from here on: plans that were made before are stale.
        match workbench.runtime.block_on(lock.save(&snapshot)) {
            Ok(saved) => (snapshot.lineage, snapshot.serial) = (saved.lineage, saved.serial),
            Err(error) => problems.push(error.to_diagnostic()),
        }
    }
    let left = |finding: &Finding| matches!(finding.answer, Answer::Unknown(_) | Answer::Strays(_));
    workbench.open = findings.iter().filter(|it| left(it)).map(|it| it.question.clone()).collect();
    let unmade = findings.iter().filter(|finding| finding.answer == Answer::NotMade);
    let unmade = unmade.map(|it| (it.address().clone(), it.question.begun.since));
    workbench.unmade = unmade.collect();
    let told: Vec<Diagnostic> = findings.iter().filter_map(problem).collect();
    if !workbench.json {
        for finding in &findings {
            if let Some(text) = text(&finding.answer) {
                workbench.screen.line(format!("{}: {text}", finding.name()));
            }
        }
        if findings.iter().any(|finding| text(&finding.answer).is_some()) {
            workbench.screen.line("");
        }
    }
    workbench.tell(&told);
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    Ok(snapshot)
}

/// Says in a line what became of an action; nothing where a problem says it.
fn text(answer: &Answer) -> Option<String> {
    Some(match answer {
        Answer::Made => "was made; it is in the state now".into(),
        Answer::HalfMade => "was made only in part; it is in the state, to be replaced".into(),
        Answer::NotMade => "was not made".into(),
        Answer::AsFound => "is in the state as it was found".into(),
        Answer::Gone => "is gone; it is out of the state".into(),
        Answer::StillThere => "was not removed; it is still in the state".into(),
        Answer::Removed(ids) => format!(
            "was not made whole: {} was left behind without its secret, which was in an answer that was lost, and has been \
             removed",
            ids.join(", ")
        ),
        Answer::Foreign | Answer::Strays(_) | Answer::Doubtful(_) | Answer::Unknown(_) => {
            return None;
        }
    })
}

/// Says what needs a person.
fn problem(finding: &Finding) -> Option<Diagnostic> {
    let (name, begun) = (finding.name(), &finding.question.begun);
    let what = format!(
        "A run before this one ended in the middle of the {} of {name} (`{}`).",
        begun.action, finding.question.request
    );
    let problem = match &finding.answer {
        Answer::Foreign => Diagnostic::warning(
            "Object of the same name",
            format!(
                "{what} An object of its name exists, but it is not what was asked for, so somebody else may have made it. \
                 It was left alone and is not in the state."
            ),
        )
        .help("Look at the object. Import it if it is yours, or choose another name."),
        Answer::Strays(ids) => Diagnostic::warning(
            "Useless objects left behind",
            format!(
                "{what} It left {} behind, whose secret was in an answer that was lost: it is of no use.",
                ids.join(", ")
            ),
        )
        .help("The next apply, or `terrane recover`, removes it."),
        Answer::Doubtful(ids) => Diagnostic::warning(
            "Objects that may be of no use",
            format!(
                "{what} One of {} may be what it made, and its secret was in an answer that was lost; the others are somebody \
                 else's. They were left alone, and are not in the state.",
                ids.join(", ")
            ),
        )
        .help("Ask whose they are, and remove what nobody uses."),
        Answer::Unknown(why) => Diagnostic::warning(
            "Outcome not known",
            format!("{what} Whether it was done could not be found out: {why}."),
        )
        .help("The question stays in the journal: the next run, or `terrane recover`, asks again."),
        _ => return None,
    };
    Some(problem.about(finding.address()))
}
