//! `terrane state history` and `terrane state rollback`: the versions of the state that its place still has.

use clap::{Arg, ArgMatches};
use serde_json::json;

use super::super::workbench::Workbench;
use super::super::{Exit, flag, one};
use crate::backends::{Backend, Version};
use crate::diag::Diagnostic;
use crate::state::Snapshot;

/// The arguments of `history`.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .about("List the versions of the state that its place still has")
        .arg(flag("json", "Print JSON"))
}

/// The arguments of `rollback`.
pub(super) fn rollback_arguments(command: clap::Command) -> clap::Command {
    command
        .about("Make a former version the state again")
        .arg(Arg::new("version").required(true).value_name("VERSION"))
        .arg(flag("auto-approve", "Do not ask"))
}

/// Lists the versions, the newest first.
pub(super) fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let backend = workbench.backend(matches)?;
    let versions = listed(workbench, backend.as_ref())?;
    let mut rows = Vec::new();
    for version in versions {
        let read = workbench.runtime.block_on(backend.version(&version.id));
        rows.push((version, read.ok()));
    }
    let text = if matches.get_one::<bool>("json").copied().unwrap_or(false) {
        let rows: Vec<_> =
            rows.iter().map(|(version, snapshot)| as_json(version, snapshot)).collect();
        format!("{}\n", json!({ "format_version": "1.0", "versions": rows }))
    } else {
        table(&rows)
    };
    workbench.screen.print(text);
    Ok(())
}

fn listed(workbench: &mut Workbench<'_, '_>, backend: &dyn Backend) -> Result<Vec<Version>, Exit> {
    let found = workbench.runtime.block_on(backend.history());
    let versions = found.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    if versions.is_empty() {
        let detail = format!(
            "The place {} keeps no versions of the state, or has none yet.",
            backend.place()
        );
        let problem = Diagnostic::error("No history", detail);
        return Err(workbench.fail(&[problem.help(
            "A local state has its backups; a bucket keeps versions once its object versioning is on.",
        )]));
    }
    Ok(versions)
}

fn as_json(version: &Version, snapshot: &Option<Snapshot>) -> serde_json::Value {
    json!({
        "version": version.id,
        "written": version.written.map(|written| written.to_string()),
        "present": version.present,
        "serial": snapshot.as_ref().map(|snapshot| snapshot.serial),
        "lineage": snapshot.as_ref().map(|snapshot| snapshot.lineage.clone()),
        "resources": snapshot.as_ref().map(|snapshot| snapshot.objects.len()),
    })
}

fn table(rows: &[(Version, Option<Snapshot>)]) -> String {
    let mut cells = vec![["VERSION", "WRITTEN", "SERIAL", "RESOURCES", ""].map(String::from)];
    for (version, snapshot) in rows {
        let number =
            |count: Option<u64>| count.map_or_else(|| "?".into(), |count| count.to_string());
        let written = version.written.and_then(|it| it.round(jiff::Unit::Second).ok());
        cells.push([
            version.id.clone(),
            written.map(|written| written.to_string()).unwrap_or_default(),
            number(snapshot.as_ref().map(|snapshot| snapshot.serial)),
            number(snapshot.as_ref().map(|snapshot| snapshot.objects.len() as u64)),
            if version.present { "present" } else { "" }.to_string(),
        ]);
    }
    let widths = [0, 1, 2, 3].map(|column| {
        cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    });
    let lines = cells.iter().map(|row| {
        let line: String = (0..4)
            .map(|column| format!("{:width$}  ", row[column], width = widths[column]))
            .collect();
        format!("{}\n", (line + &row[4]).trim_end())
    });
    lines.collect()
}

/// Asks, and saves a former version as the successor of the present one.
pub(super) fn rollback(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<(), Exit> {
    let wanted = one(matches, "version").unwrap_or_default().to_string();
    let backend = workbench.backend(matches)?;
    let versions = listed(workbench, backend.as_ref())?;
    if !versions.iter().any(|version| version.id == wanted && !version.present) {
        let detail = format!("There is no former version \"{wanted}\" at {}.", backend.place());
        let problem = Diagnostic::error("No such version", detail);
        return Err(workbench.fail(&[problem.help("`terrane state history` lists them.")]));
    }
    let read = workbench.runtime.block_on(backend.version(&wanted));
    let former = read.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    let (mut lock, present) = workbench.locked(backend.as_ref(), "state-rollback", matches)?;
    if !present.lineage.is_empty() && former.lineage != present.lineage {
        workbench.unlock(lock);
        let detail =
            format!("The version \"{wanted}\" is of another state: it has another lineage.");
        let problem = Diagnostic::error("Another state", detail);
        return Err(
            workbench.fail(&[problem.help("`terrane state push -force` takes it all the same.")])
        );
    }
    if !agreed(workbench, matches, &former, &present) {
        workbench.unlock(lock);
        workbench.screen.line("Rollback cancelled.");
        return Err(1);
    }
    let saved = workbench.runtime.block_on(lock.save(&former));
    let unlocked = workbench.unlock(lock);
    let saved = saved.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    workbench.screen.line(format!(
        "The state is what it was with serial {}; it has serial {} now. Nothing else was changed: the next plan shows where the \
         world is not as the state says.",
        former.serial, saved.serial
    ));
    if unlocked == 0 { Ok(()) } else { Err(unlocked) }
}

/// Says what the state forgets and what it tracks again, and asks.
fn agreed(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    former: &Snapshot,
    present: &Snapshot,
) -> bool {
    for (word, left, right) in
        [("no longer tracked", present, former), ("tracked again", former, present)]
    {
        for address in left.objects.keys().filter(|address| !right.objects.contains_key(*address)) {
            workbench.screen.line(format!("{address} is {word}"));
        }
    }
    let unasked = matches.get_one::<bool>("auto-approve").copied().unwrap_or(false);
    unasked
        || workbench.confirmed(
            "\nDo you really want to make the former version the state?\n  Objects that are no longer tracked stay in the world. \
             Only 'yes' will be accepted to confirm.",
        )
}
