//! Files that findings of drift are written to: what `-md-into`, `-html-into`, `-sarif-into` and `-json-into` of `drift` ask for.

use clap::ArgMatches;

use super::reports::places;
use super::workbench::{Workbench, file_problem};
use super::{Exit, one, option};
use crate::backends::disk::write_whole;
use crate::drift::Report;
use crate::render::json::Reveal;
use crate::render::{self, drift_sarif};

/// The arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .arg(option("md-into", "FILE", "Write the findings as Markdown"))
        .arg(option("html-into", "FILE", "Write the findings as a page of its own"))
        .arg(option(
            "sarif-into",
            "FILE",
            "Write the findings as SARIF, at the lines of the configuration",
        ))
        .arg(option("json-into", "FILE", "Write the findings as the document of -json"))
}

/// Says whether any is asked for.
pub(super) fn is_asked(matches: &ArgMatches) -> bool {
    ["md-into", "html-into", "sarif-into", "json-into"]
        .iter()
        .any(|name| one(matches, name).is_some())
}

/// Writes what is asked for.
pub(super) fn write(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    report: &Report,
) -> Result<(), Exit> {
    let places = places(workbench);
    let sources = &workbench.sources;
    let mut files: Vec<(&str, String)> = Vec::new();
    if let Some(name) = one(matches, "md-into") {
        files.push((name, render::markdown::drift::drift(report, sources, &places)));
    }
    if let Some(name) = one(matches, "html-into") {
        files.push((name, render::html::drift::drift(report, sources, &places)));
    }
    if let Some(name) = one(matches, "sarif-into") {
        let version = env!("CARGO_PKG_VERSION");
        let given = drift_sarif::Given { sources, places: &places, version };
        files.push((name, format!("{:#}\n", drift_sarif::sarif(report, &given))));
    }
    if let Some(name) = one(matches, "json-into") {
        let document = render::json::drift::drift(report, sources, Reveal::No);
        files.push((name, format!("{document:#}\n")));
    }
    for (name, text) in files {
        let path = workbench.folder.join(name);
        if let Err(error) = write_whole(&path, text.as_bytes()) {
            let problem = file_problem("Failed to write the findings", &path, &error);
            return Err(workbench.fail(&[problem]));
        }
    }
    Ok(())
}
