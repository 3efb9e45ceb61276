//! What can be done about each finding: set the world back, write what is live, or tell it no more.

use super::ignore::id_word;
use super::{Acceptance, Finding, Kind, Remedy, Report};
use crate::plan::{Change, Plan};

/// Gives each finding its remedies; `accepted` says how what is live is written, where it can be.
pub fn remedies(
    report: &mut Report,
    plan: &Plan,
    accepted: &dyn Fn(&Finding, Option<&Change>) -> Acceptance,
) {
    for finding in &mut report.findings {
        let Some(address) = finding.address.clone() else { continue };
        let change = plan.changes.get(&(address.clone(), None));
        let command =
            |more: &str| format!("terrane apply{more} -target={}", quoted(&address.to_string()));
        let keeps = change.is_none_or(|change| change.verb.is_keep());
        if !keeps {
            finding.remedies.push(Remedy::Revert { command: command("") });
        }
        let accept = match (finding.kind, change) {
            (Kind::Missing, _) if finding.place.is_some() => accepted(finding, None),
            (_, Some(change)) if !keeps => accepted(finding, Some(change)),
            // What nothing in the configuration speaks of is taken in as it is.
            _ => Acceptance::Recorded { command: command(" -refresh-only") },
        };
        finding.remedies.push(Remedy::Accept(accept));
        finding.remedies.push(Remedy::Ignore { rule: rule(finding) });
    }
}

/// Gives the rule that takes a finding away.
fn rule(finding: &Finding) -> String {
    let name = finding.address.as_ref().map_or_else(
        || format!("{} {}", finding.type_name, id_word(&finding.id)),
        |address| address.to_string(),
    );
    if finding.attributes.is_empty() {
        return format!("{name} kind={}", finding.kind.word());
    }
    let mut parts: Vec<String> = finding.attributes.iter().map(|of| pathed(&of.path)).collect();
    parts.dedup();
    format!("{name} {}", parts.join(" "))
}

/// Writes a path without places in lists, as rules name it.
fn pathed(path: &crate::value::Path) -> String {
    let steps = path.0.iter().filter(|step| match step {
        crate::value::PathStep::Attribute(_) => true,
        crate::value::PathStep::Index(index) => index.as_str().is_some(),
    });
    crate::value::Path(steps.cloned().collect()).to_string()
}

/// Quotes a word for a shell, where it needs to be.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    if text.chars().all(plain) { text.to_string() } else { format!("'{text}'") }
}
