//! What may keep a plan from being applied: policies (`-policy`) and its own dangers (`-fail-on`).

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};

use super::telling;
use super::workbench::{Loaded, Workbench, file_problem};
use super::{Exit, all, many};
use crate::config::Config;
use crate::diag::Diagnostic;
use crate::eval::Inputs;
use crate::plan::{Plan, Verb};
use crate::policy::{self, Policy};
use crate::providers::Registry;
use crate::render::json::{Reveal, stream};
use crate::render::review::findings as told;
use crate::review::Review;
use crate::review::finding::{Finding, Severity};
use crate::review::risk::RiskKind;

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

/// What was found of a plan, and why it is refused; nothing where it is not.
#[derive(Default)]
pub(super) struct Judgement {
    /// What policies say.
    pub(super) findings: Vec<Finding>,
    refusal: Option<Diagnostic>,
    review: OnceCell<Review>,
}

impl Judgement {
    /// Gives the whole review of the plan that was judged, which is made once a run.
    pub(super) fn review(
        &self,
        workbench: &Workbench<'_, '_>,
        plan: &Plan,
        both: (&Config, &Inputs),
        registry: &Registry,
    ) -> &Review {
        self.review.get_or_init(|| {
            let review = telling::reviewed(workbench, plan, both, registry, true);
            Review { findings: self.findings.clone(), ..review }
        })
    }

    /// Refuses the plan.
    ///
    /// # Errors
    /// The exit code, once told why.
    pub(super) fn enforce(self, workbench: &mut Workbench<'_, '_>) -> Result<(), Exit> {
        match self.refusal {
            Some(problem) => {
                workbench.fail(&[problem]);
                Err(REFUSED)
            }
            None => Ok(()),
        }
    }
}

/// Judges a plan and tells what policies say.
///
/// # Errors
/// The exit code, once told what is wrong with the policies or the options.
pub(super) fn judged(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    plan: &Plan,
    loaded: &Loaded,
    registry: &Registry,
) -> Result<Judgement, Exit> {
    let judgement = judgement(workbench, matches, plan, loaded, registry)?;
    tell(workbench, &judgement.findings);
    Ok(judgement)
}

/// Judges a plan.
///
/// # Errors
/// The exit code, once told what is wrong with the policies or the options.
pub(super) fn judgement(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    plan: &Plan,
    loaded: &Loaded,
    registry: &Registry,
) -> Result<Judgement, Exit> {
    let policies = policies(workbench, matches)?;
    let feared = feared(workbench, matches)?;
    if policies.is_empty() && feared.is_empty() {
        return Ok(Judgement::default());
    }
    let review = telling::reviewed(workbench, plan, loaded.both(), registry, true);
    let mut findings = Vec::new();
    if !policies.is_empty() {
        let (both, shown) = (loaded.both(), (&review, Reveal::No));
        let document = telling::document(workbench, plan, both, registry, shown);
        let judged = policy::judge(&policies, &workbench.sources, &document);
        findings = judged.map_err(|problems| workbench.fail(&problems))?;
    }
    let feared = feared.iter().map(|(text, one)| (text.as_str(), one.found(plan, &review)));
    let refusal = refusal(&findings, feared.filter(|(_, found)| !found.is_empty()).collect());
    let review = OnceCell::from(Review { findings: findings.clone(), ..review });
    Ok(Judgement { findings, refusal, review })
}

/// Says why a plan is refused and by what: each reason once, however many name it.
fn refusal(findings: &[Finding], feared: Vec<(&str, Vec<String>)>) -> Option<Diagnostic> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    let denied = findings.iter().filter(|of| of.severity == Severity::Deny).map(|of| {
        let reason = match &of.address {
            Some(address) => format!("{address}: {}", of.message),
            None => of.message.clone(),
        };
        (reason, Some(of.policy.as_str()))
    });
    let found = feared.iter().flat_map(|(_, found)| found.iter().map(|one| (one.clone(), None)));
    for (reason, policy) in denied.chain(found) {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, policies)) => {
                policies.extend(policy.filter(|policy| !policies.contains(policy)));
            }
            None => reasons.push((reason, policy.into_iter().collect())),
        }
    }
    let mut named: Vec<String> = Vec::new();
    if findings.iter().any(|of| of.severity == Severity::Deny) {
        named.push("policies".into());
    }
    named.extend(feared.iter().map(|(text, _)| format!("-fail-on={text}")));
    let told = reasons.iter().map(|(reason, policies)| match policies.is_empty() {
        true => format!("\n  - {reason}"),
        false => format!("\n  - {reason} ({})", policies.join(", ")),
    });
    (!reasons.is_empty()).then(|| {
        let detail =
            format!("It is refused by {}:{}", named.join(" and "), told.collect::<String>());
        Diagnostic::error("Plan refused", detail)
    })
}

/// Reads what `-fail-on` asks for.
fn feared(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<Vec<(String, Feared)>, Exit> {
    let mut feared = Vec::new();
    for text in all(matches, "fail-on") {
        let Some(one) = Feared::parse(&text) else {
            let detail = format!(
                "-fail-on={text} is neither \"destroy\" nor \"risk:\" with a kind of risk."
            );
            let kinds: Vec<&str> = RiskKind::ALL.iter().map(|kind| kind.name()).collect();
            let help = format!("Kinds are {}, and any.", kinds.join(", "));
            return Err(workbench.fail(&[Diagnostic::error("Invalid -fail-on", detail).help(help)]));
        };
        feared.push((text, one));
    }
    Ok(feared)
}

/// Tells what policies say.
pub(super) fn tell(workbench: &mut Workbench<'_, '_>, findings: &[Finding]) {
    if workbench.json() {
        let now = workbench.clock.now();
        for finding in findings {
            workbench.screen.print(stream::policy_result(finding, now));
        }
        return;
    }
    let text = told(findings, workbench.style());
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
            found.push(workbench.sources.add(format!("starter/{pack}.rego"), *text));
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
