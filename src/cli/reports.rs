//! Files and notes for reviewers, several from one run: what `-md-into`, `-html-into`, `-sarif-into`, `-json-into` and
//! `-github` ask for.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};

use super::judge::Judgement;
use super::telling;
use super::workbench::{Loaded, Workbench, file_problem};
use super::{Exit, flag, one, option};
use crate::addr::Address;
use crate::backends::disk::write_whole;
use crate::diag::Diagnostic;
use crate::plan::{Change, Plan};
use crate::providers::Registry;
use crate::render::json::Reveal;
use crate::render::report::{Grouping, Places, Report};
use crate::render::{annotations, html, markdown, sarif};

/// The options that name a file.
const FILES: [&str; 4] = ["md-into", "html-into", "sarif-into", "json-into"];

/// The arguments of whatever shows a plan.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .arg(option("md-into", "FILE", "Write the plan as Markdown for a pull request's comment"))
        .arg(option("html-into", "FILE", "Write the plan as a page of its own"))
        .arg(option("sarif-into", "FILE", "Write what is dangerous of the plan as SARIF"))
        .arg(option("json-into", "FILE", "Write the plan as the document of `show -json`"))
        .arg(flag("github", "Print notes beside the lines of a pull request, for GitHub Actions"))
        .arg(flag("concise", "Show headings, causes and changed attributes only"))
        .arg(
            Arg::new("group-by")
                .long("group-by")
                .value_name("WHAT")
                .value_parser(Grouping::NAMES)
                .help("Show changes together that have this in common"),
        )
}

/// Refuses what does not go together; says whether anything is asked for.
pub(super) fn asked(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<bool, Exit> {
    let github = matches.get_one::<bool>("github").copied().unwrap_or(false);
    if github && workbench.json() {
        let detail = "The -github option prints lines for GitHub beside the text, and -json prints an object a line.";
        let problem = Diagnostic::error("Incompatible output options", detail);
        return Err(workbench.fail(&[problem.help("Give -json-into=FILE in the place of -json.")]));
    }
    Ok(github || FILES.iter().any(|name| one(matches, name).is_some()))
}

/// Writes what is asked for.
pub(super) fn write(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    (plan, judgement): (&Plan, &Judgement),
    loaded: &Loaded,
    registry: &Registry,
    reveal: Reveal,
) -> Result<(), Exit> {
    if !asked(workbench, matches)? {
        return Ok(());
    }
    let review = judgement.review(workbench, plan, loaded.both(), registry);
    let places = places(workbench);
    let schemas =
        |address: &Address, change: &Change| telling::of_change(registry, address, change);
    let mut files: Vec<(&str, String)> = Vec::new();
    {
        let sources = &workbench.sources;
        let report = Report {
            plan,
            review,
            schemas: &schemas,
            sources,
            findings: &judgement.findings,
            places: &places,
            group: workbench.group,
        };
        if let Some(name) = one(matches, "md-into") {
            files.push((name, markdown::plan(&report)));
        }
        if let Some(name) = one(matches, "html-into") {
            files.push((name, html::page(&report)));
        }
        if let Some(name) = one(matches, "sarif-into") {
            let document = sarif::sarif(&report, env!("CARGO_PKG_VERSION"));
            files.push((name, format!("{document:#}\n")));
        }
        if matches.get_one::<bool>("github").copied().unwrap_or(false) {
            let text = annotations::annotations(&report);
            workbench.screen.print(text);
        }
    }
    if let Some(name) = one(matches, "json-into") {
        let document =
            telling::document(workbench, plan, loaded.both(), registry, (review, reveal));
        files.push((name, format!("{document}\n")));
    }
    for (name, text) in files {
        let path = workbench.folder.join(name);
        if let Err(error) = write_whole(&path, text.as_bytes()) {
            let problem = file_problem("Failed to write the plan's report", &path, &error);
            return Err(workbench.fail(&[problem]));
        }
    }
    Ok(())
}

/// Finds where the texts are in their repository: in GitHub's runs as it says, else below the folder of Git.
pub(super) fn places(workbench: &Workbench<'_, '_>) -> Places {
    let folder = &workbench.folder;
    let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
    let named = workbench.environment.variable("GITHUB_WORKSPACE").map(PathBuf::from);
    let named = named.and_then(|root| std::fs::canonicalize(root).ok());
    let root = named.filter(|root| whole.starts_with(root)).or_else(|| {
        whole.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
    });
    let inside = root.and_then(|root| whole.strip_prefix(root).map(Path::to_path_buf).ok());
    let variable =
        |name: &str| workbench.environment.variable(name).filter(|text| !text.is_empty());
    let link = match (
        variable("GITHUB_SERVER_URL"),
        variable("GITHUB_REPOSITORY"),
        variable("GITHUB_SHA"),
    ) {
        (Some(server), Some(repository), Some(commit)) if inside.is_some() => {
            Some(format!("{server}/{repository}/blob/{commit}"))
                .filter(|link| link.starts_with("https://") || link.starts_with("http://"))
                .filter(|link| !link.contains(|c: char| c.is_whitespace() || "()<>\"'".contains(c)))
        }
        _ => None,
    };
    let folder = inside.unwrap_or_default().to_string_lossy().replace('\\', "/");
    Places { folder, link }
}
