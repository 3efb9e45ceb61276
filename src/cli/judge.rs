//! What may keep a plan from being applied: policies (`-policy`) and its own dangers (`-fail-on`).

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};

use super::telling;
use super::workbench::{Loaded, Workbench, file_problem};
use super::{Exit, all, many};
use crate::diag::Diagnostic;
use crate::plan::{Plan, Verb};
use crate::policy::{self, Policy};
use crate::providers::Registry;
use crate::render::json::stream;
use crate::render::review::verdicts as told;
use crate::review::risk::RiskKind;
use crate::review::{Review, Severity};

/// The exit code of a plan that is refused, so that it can be told from one that could not be made.
pub(super) const REFUSED: Exit = 3;

/// The variable that names files and folders of policies beside those of `-policy`.
const VARIABLE: &str = "TERRANE_POLICY";
/// What names the policies that come with the program.
const STARTER: &str = "starter";

/// The arguments of what judges plans.
pub(super) fn arguments() -> [Arg; 2] {
    [
        many(
            "policy",
            "PATH",
            "Judge the plan by this file or folder of Rego; \"starter\" names what comes along",
        ),
        many(
            "fail-on",
            "WHAT",
            "Refuse a plan with risk:KIND (data-loss, exposure, irreversible, downtime, cost, any) or destroy",
        ),
    ]
}

/// What `-fail-on` asks for.
enum Feared {
    Risk(Option<RiskKind>),
    Destroy,
}

impl Feared {
    fn parse(text: &str) -> Option<Feared> {
        match text.split_once(':') {
            None if text == "destroy" => Some(Feared::Destroy),
            Some(("risk", "any")) => Some(Feared::Risk(None)),
            Some(("risk", name)) => Some(Feared::Risk(Some(RiskKind::parse(name)?))),
            _ => None,
        }
    }

    /// Gives the changes that are feared, as `address: why`.
    fn found(&self, plan: &Plan, review: &Review) -> Vec<String> {
        match self {
            Feared::Destroy => {
                let gone = |verb: &Verb| matches!(verb, Verb::Delete { .. } | Verb::Replace { .. });
                let changes = plan.changes.iter().filter(|(_, change)| gone(&change.verb));
                changes.map(|((address, _), _)| format!("{address}: it is destroyed")).collect()
            }
            Feared::Risk(kind) => {
                let items = review.items.iter();
                let risks =
                    items.flat_map(|item| item.risks.iter().map(move |risk| (&item.address, risk)));
                let feared = risks.filter(|(_, risk)| kind.is_none_or(|kind| kind == risk.kind));
                feared
                    .map(|(at, risk)| format!("{at}: {}: {}", risk.kind.name(), risk.why))
                    .collect()
            }
        }
    }
}

/// Judges a plan, tells what policies say, and gives that; refuses what they deny and what is feared.
///
/// # Errors
/// The exit code, once told why.
pub(super) fn judged(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    plan: &Plan,
    loaded: &Loaded,
    registry: &Registry,
) -> Result<Review, Exit> {
    let policies = policies(workbench, matches)?;
    let mut feared = Vec::new();
    for text in all(matches, "fail-on") {
        match Feared::parse(&text) {
            Some(one) => feared.push((text, one)),
            None => {
                let detail = format!(
                    "-fail-on={text} is neither \"destroy\" nor \"risk:\" with a kind of risk."
                );
                let problem = Diagnostic::error("Invalid -fail-on", detail);
                let kinds: Vec<&str> = RiskKind::ALL.iter().map(|kind| kind.name()).collect();
                let help = format!("Kinds are {}, and any.", kinds.join(", "));
                return Err(workbench.fail(&[problem.help(help)]));
            }
        }
    }
    if policies.is_empty() && feared.is_empty() {
        return Ok(Review::default());
    }
    let mut review = telling::reviewed(workbench, plan, loaded.both(), registry, true);
    if !policies.is_empty() {
        let document = telling::document(workbench, plan, &loaded.config, registry, &review);
        let verdicts = policy::judge(&policies, &workbench.sources, &document);
        review.verdicts = verdicts.map_err(|problems| workbench.fail(&problems))?;
        tell(workbench, &review);
    }
    let denied = review.verdicts.iter().filter(|of| of.severity == Severity::Deny);
    let mut reasons: Vec<String> = denied
        .map(|of| match &of.address {
            Some(address) => format!("{address}: {} ({})", of.message, of.policy),
            None => format!("{} ({})", of.message, of.policy),
        })
        .collect();
    let mut named = if reasons.is_empty() { Vec::new() } else { vec!["policies".to_string()] };
    for (text, one) in feared {
        let found = one.found(plan, &review);
        if !found.is_empty() {
            named.push(format!("-fail-on={text}"));
            reasons.extend(found);
        }
    }
    if reasons.is_empty() {
        return Ok(review);
    }
    let detail =
        format!("It is refused by {}:\n  - {}", named.join(" and "), reasons.join("\n  - "));
    workbench.fail(&[Diagnostic::error("Plan refused", detail)]);
    Err(REFUSED)
}

fn tell(workbench: &mut Workbench<'_, '_>, review: &Review) {
    if workbench.json() {
        let now = workbench.clock.now();
        for verdict in &review.verdicts {
            workbench.screen.print(stream::policy_result(verdict, now));
        }
        return;
    }
    let text = told(&review.verdicts, workbench.style());
    workbench.screen.print(text);
}

/// Reads the policies that are asked for.
fn policies(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Vec<Policy>, Exit> {
    let mut asked = all(matches, "policy");
    let given = workbench.environment.variable(VARIABLE).unwrap_or_default();
    asked.extend(
        std::env::split_paths(given)
            .map(|path| path.to_string_lossy().into_owned())
            .filter(|path| !path.is_empty()),
    );
    let mut found = Vec::new();
    for name in asked {
        let own = |(pack, ..): &&(&str, &str, &str)| {
            name == STARTER || name.strip_prefix("starter/") == Some(pack)
        };
        let packs: Vec<_> = policy::STARTER.iter().filter(own).collect();
        for (pack, _, text) in &packs {
            found.push(workbench.sources.add_unseen(format!("starter/{pack}.rego"), *text));
        }
        if packs.is_empty() {
            found.extend(from_disk(workbench, &name)?);
        }
    }
    Ok(found)
}

fn from_disk(workbench: &mut Workbench<'_, '_>, name: &str) -> Result<Vec<Policy>, Exit> {
    let path = workbench.environment.cwd.join(name);
    let mut files = Vec::new();
    if let Err(error) = gather(&path, &mut files) {
        return Err(workbench.fail(&[file_problem("Failed to read policies", &path, &error)]));
    }
    files.sort();
    if files.is_empty() {
        let detail = format!("{name} has no file with the ending .rego.");
        return Err(workbench.fail(&[Diagnostic::error("No policies", detail)]));
    }
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| {
            workbench.fail(&[file_problem("Failed to read policies", &file, &error)])
        })?;
        let shown = file.strip_prefix(&workbench.environment.cwd).unwrap_or(&file);
        found.push(workbench.sources.add(shown.to_string_lossy(), text));
    }
    Ok(found)
}

/// Gathers the policies of a folder, but for their tests; a file is one whatever its name.
fn gather(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        std::fs::metadata(path)?;
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let inner = entry?.path();
        let name = inner.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if inner.is_dir() && !name.starts_with('.') {
            gather(&inner, files)?;
        } else if name.ends_with(".rego") && !name.ends_with("_test.rego") {
            files.push(inner);
        }
    }
    Ok(())
}
