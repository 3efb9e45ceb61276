//! What reviewers are told beside a plan's changes: what was edited, what is not certain, what is dangerous.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::json::{Reveal, path as path_json, value as value_json};
use super::literal;
use super::style::{Ink, Style, visible};
use crate::diag::{Sources, Span};
use crate::review::finding::{Finding, Severity};
use crate::review::risk::{Risk, RiskKind};
use crate::review::trace::Origin;
use crate::review::{Cause, Certainty, Item, Part, Review};

/// So many causes of one change are told; the others are counted.
const CAUSES: usize = 4;
/// So long a value is told beside its cause.
const LONGEST: usize = 40;

/// Gives the lines below a change's heading.
pub(super) fn lines(item: &Item, sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    let told = causes(item, sources);
    for cause in told.iter().take(CAUSES) {
        text += &style.paint(Ink::Dim, &format!("  # because {cause}"));
        text.push('\n');
    }
    if told.len() > CAUSES {
        let more = format!("  # because of {} more", told.len() - CAUSES);
        text += &style.paint(Ink::Dim, &more);
        text.push('\n');
    }
    if let Some(condition) = condition(&item.certainty) {
        text += &style.paint(Ink::Update, &format!("  # perhaps: {condition}"));
        text.push('\n');
    }
    for risk in &item.risks {
        let ink = if risk.kind.is_high() { Ink::BoldRed } else { Ink::Update };
        text += &style.paint(ink, &format!("  # danger: {}", danger(risk)));
        text.push('\n');
    }
    text
}

/// Says what a change depends on; nothing where it is certain.
pub fn condition(certainty: &Certainty) -> Option<String> {
    let named = |paths: &[crate::value::Path]| {
        let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let verb = if names.len() == 1 {
            "turns out other than it is"
        } else {
            "turn out other than they are"
        };
        format!("{} {verb}", names.join(", "))
    };
    match certainty {
        Certainty::Certain => None,
        Certainty::Conditional(paths) => Some(format!("only where {}", named(paths))),
        Certainty::WithParent(parent) => Some(format!("only where {parent} is replaced")),
        Certainty::PerhapsReplaced(paths) => Some(format!("replaced only where {}", named(paths))),
    }
}

/// Says what is dangerous.
pub fn danger(risk: &Risk) -> String {
    let perhaps = if risk.perhaps { "perhaps " } else { "" };
    format!("{perhaps}{}: {}", risk.kind.name(), risk.why)
}

/// Says what was edited, a line for each cause: where one changes several parts, as it is told best.
pub fn causes(item: &Item, sources: &Sources) -> Vec<String> {
    let mut told: Vec<(&Cause, String)> = Vec::new();
    for part in &item.parts {
        for cause in &part.causes {
            let Some(line) = of_cause(part, cause, sources) else { continue };
            let same = |(other, _): &&mut (&Cause, String)| {
                !cause.name.is_empty() && (&other.name, other.span) == (&cause.name, cause.span)
            };
            match told.iter_mut().find(same) {
                Some(other) if other.0.values.is_none() && cause.values.is_some() => {
                    *other = (cause, line);
                }
                Some(_) => {}
                None => told.push((cause, line)),
            }
        }
    }
    let mut lines: Vec<String> = told.into_iter().map(|(_, line)| line).collect();
    for origin in item.repeated.iter().filter(|_| item.gone) {
        let name = match origin.name.as_str() {
            "" | "each.key" => "for_each",
            name => name,
        };
        let place = place(origin.span, origin.given.as_deref(), sources);
        let line = place.map(|place| format!("{name} at {place}"));
        lines.extend(line.filter(|line| !lines.contains(line)));
    }
    lines
}

pub(super) fn of_cause(part: &Part, cause: &Cause, sources: &Sources) -> Option<String> {
    let name = match cause.name.as_str() {
        "" => part.of.path.to_string(),
        name => name.to_string(),
    };
    let values = cause.values.as_ref().and_then(|(before, after)| {
        let [before, after] = [before, after].map(literal::short);
        let line = format!(" {} → {}", before?, after?);
        (line.chars().count() <= LONGEST).then_some(line)
    });
    if cause.outside {
        let values = values.map(|values| format!(":{values}")).unwrap_or_default();
        return Some(format!("{name} was changed outside of Terrane{values}"));
    }
    let place = place(cause.span, cause.given.as_deref(), sources)?;
    Some(format!("{name}{} at {place}", values.unwrap_or_default()))
}

pub(super) fn place(span: Option<Span>, given: Option<&str>, sources: &Sources) -> Option<String> {
    if let Some(given) = given {
        return Some(given.to_string());
    }
    let place = sources.file_line(span?);
    (!place.starts_with(':')).then_some(place)
}

/// Gives the dangers of a plan, the worst first; those of one kind and reason together, with the addresses.
pub fn dangers(review: &Review) -> Vec<(&Risk, Vec<&Item>)> {
    let mut found: BTreeMap<(bool, RiskKind, &str), (&Risk, Vec<&Item>)> = BTreeMap::new();
    for item in &review.items {
        for risk in &item.risks {
            let key = (risk.perhaps, risk.kind, risk.why.as_str());
            found.entry(key).or_insert_with(|| (risk, Vec::new())).1.push(item);
        }
    }
    found.into_values().collect()
}

/// Tells the dangers, and how many changes are not certain.
pub(super) fn summary(review: &Review, sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    let dangers = dangers(review);
    if !dangers.is_empty() {
        text += &format!("\n{}\n", style.paint(Ink::BoldRed, "Dangers, the worst first:"));
    }
    for (risk, items) in dangers {
        text += &format!("  ! {}\n", danger(risk));
        for item in items {
            let place = place(item.place, None, sources).map(|place| format!(" ({place})"));
            text += &format!("      {}{}\n", item.address, place.unwrap_or_default());
        }
    }
    let open = review.items.iter().filter(|item| !item.certainty.is_certain()).count();
    if open > 0 {
        let what = match open {
            1 => "1 change is not certain: what it depends".to_string(),
            _ => format!("{open} changes are not certain: what they depend"),
        };
        let told =
            format!("{what} on is known only during the apply, and may turn out as it is.\n");
        text += &format!("\n{}", style.wrap(&told));
    }
    text
}

/// Tells what policies say.
pub fn findings(findings: &[Finding], style: Style) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.paint(Ink::Bold, "Policies:"));
    for finding in findings {
        let ink = match finding.severity {
            Severity::Deny => Ink::BoldRed,
            Severity::Warn => Ink::Update,
        };
        let word = finding.severity.name();
        let address = finding.address.as_ref().map(|address| format!("{address}: "));
        let line =
            format!("{}{} ({})", address.unwrap_or_default(), finding.message, finding.policy);
        // What a policy says may have values of the plan in it.
        let line = visible(&line).replace('\n', "\n        ");
        text += &format!("  {}  {line}\n", style.paint(ink, word));
    }
    text
}

/// Gives what a policy says.
pub(super) fn finding(finding: &Finding) -> Json {
    let severity = finding.severity.name();
    let mut out =
        json!({ "severity": severity, "message": finding.message, "policy": finding.policy });
    if let Some(address) = &finding.address {
        out["address"] = address.as_str().into();
    }
    out
}

/// Adds to a change's document what reviewers want to know.
pub(super) fn members(item: &Item, sources: &Sources, reveal: Reveal, out: &mut Map<String, Json>) {
    let calls: Vec<Json> = item.calls.iter().filter_map(|span| range(*span, sources)).collect();
    if !calls.is_empty() {
        out.insert("source_calls".into(), calls.into());
    }
    let parts: Vec<Json> = item.parts.iter().map(|part| of_part(part, sources, reveal)).collect();
    if !parts.is_empty() {
        out.insert("sources".into(), parts.into());
    }
    let repeated: Vec<Json> = item.repeated.iter().map(|of| origin(of, sources)).collect();
    if !repeated.is_empty() {
        out.insert("repetition_sources".into(), repeated.into());
    }
    let (word, on) = match &item.certainty {
        Certainty::Certain => ("certain", &[][..]),
        Certainty::Conditional(on) => ("conditional", &on[..]),
        Certainty::WithParent(_) => ("conditional", &[][..]),
        Certainty::PerhapsReplaced(on) => ("replacement-conditional", &on[..]),
    };
    out.insert("certainty".into(), word.into());
    if !on.is_empty() {
        out.insert("conditional_on".into(), on.iter().map(path_json).collect());
    }
    if !item.risks.is_empty() {
        let risk = |risk: &Risk| json!({ "kind": risk.kind.name(), "detail": risk.why, "perhaps": risk.perhaps });
        out.insert("risks".into(), item.risks.iter().map(risk).collect());
    }
}

fn of_part(part: &Part, sources: &Sources, reveal: Reveal) -> Json {
    let mut out = Map::new();
    out.insert("path".into(), path_json(&part.of.path));
    if let Some(range) = part.place.and_then(|span| range(span, sources)) {
        out.insert("range".into(), range);
    }
    let causes = part.causes.iter().map(|cause| {
        let mut out = Map::new();
        if !cause.name.is_empty() {
            out.insert("name".into(), cause.name.as_str().into());
        }
        if let Some(range) = cause.span.and_then(|span| range(span, sources)) {
            out.insert("range".into(), range);
        }
        if let Some(given) = &cause.given {
            out.insert("given".into(), given.as_str().into());
        }
        if cause.outside {
            out.insert("outside".into(), true.into());
        }
        if let Some((before, after)) = &cause.values {
            out.insert("before".into(), value_json(before, reveal));
            out.insert("after".into(), value_json(after, reveal));
        }
        Json::Object(out)
    });
    let causes: Vec<Json> = causes.collect();
    if !causes.is_empty() {
        out.insert("causes".into(), causes.into());
    }
    let origins: Vec<Json> = part.origins.iter().map(|of| origin(of, sources)).collect();
    if !origins.is_empty() {
        out.insert("origins".into(), origins.into());
    }
    Json::Object(out)
}

fn origin(origin: &Origin, sources: &Sources) -> Json {
    let mut out = Map::new();
    if !origin.name.is_empty() {
        out.insert("name".into(), origin.name.as_str().into());
    }
    if let Some(range) = origin.span.and_then(|span| range(span, sources)) {
        out.insert("range".into(), range);
    }
    if let Some(given) = &origin.given {
        out.insert("given".into(), given.as_str().into());
    }
    let via: Vec<Json> = origin.via.iter().filter_map(|span| range(*span, sources)).collect();
    if !via.is_empty() {
        out.insert("via".into(), via.into());
    }
    Json::Object(out)
}

/// Gives a place as diagnostics have it; nothing for what is in no file.
pub fn range(span: Span, sources: &Sources) -> Option<Json> {
    if sources.name(span.file).is_empty() || !sources.is_seen(span.file) {
        return None;
    }
    Some(super::json::diagnostic::range(span, sources))
}
