//! A plan as SARIF 2.1.0, for whatever shows the findings of checks beside the code.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::report::{Deed, Report, Row, encoded};
use super::review;
use super::style::visible;
use crate::diag::{Severity as Level, Span, gathered};
use crate::plan::digest;
use crate::review::finding::Severity;
use crate::review::risk::RiskKind;
use crate::review::trace::Origin;
use crate::review::{Cause, Item};

/// What is found: one result with the rule that it follows.
struct Found {
    rule: String,
    about: String,
    level: &'static str,
    message: String,
    /// What it is of, for its fingerprint.
    of: String,
    main: Option<Span>,
    related: Vec<(Span, String)>,
}

/// Most services take no more places beside a result.
const RELATED: usize = 20;

/// Tells a plan.
pub fn sarif(report: &Report<'_>, version: &str) -> Json {
    let found = found(report);
    let mut rules: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for one in &found {
        rules.entry(&one.rule).or_insert((&one.about, one.level));
    }
    let numbers: BTreeMap<&str, usize> =
        rules.keys().enumerate().map(|(at, name)| (*name, at)).collect();
    let results: Vec<Json> = found
        .iter()
        .map(|one| result(report, one, numbers.get(one.rule.as_str()).copied().unwrap_or(0)))
        .collect();
    let rules = rules.iter().map(|(id, (about, level))| {
        json!({
            "id": id,
            "shortDescription": { "text": about },
            "defaultConfiguration": { "level": level },
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "terrane",
                "semanticVersion": version,
                "rules": rules.collect::<Vec<Json>>(),
            } },
            "automationDetails": { "id": "terrane/plan/" },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "SRCROOT": { "description": { "text": "The root of the repository." } },
            },
            "properties": { "digest": digest::digest(report.plan) },
            "results": results,
        }],
    })
}

fn found(report: &Report<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for finding in report.findings() {
        let deny = finding.severity == Severity::Deny;
        let address = finding.address.clone().unwrap_or_default();
        let of = if address.is_empty() { String::new() } else { format!("{address}: ") };
        found.push(Found {
            rule: format!("policy/{}", finding.policy),
            about: format!("What the policy {} says.", finding.policy),
            level: if deny { "error" } else { "warning" },
            message: of + &finding.message,
            of: format!("{address} {}", finding.message),
            main: report.span_of(&address),
            related: Vec::new(),
        });
    }
    for row in &report.rows() {
        found.extend(of_row(report, row));
    }
    for problem in gathered(&report.plan.warnings) {
        let level = if problem.severity == Level::Error { "error" } else { "warning" };
        let address = problem.address.clone().unwrap_or_default();
        let labels = problem.labels.iter().skip(1);
        found.push(Found {
            rule: format!("warning/{}", slug(&problem.summary)),
            about: problem.summary.clone(),
            level,
            message: format!("{}. {}", problem.summary, problem.detail),
            of: format!("{address} {} {}", problem.summary, problem.detail),
            main: problem.span(),
            related: labels.map(|label| (label.span, label.text.clone())).collect(),
        });
    }
    found
}

fn of_row(report: &Report<'_>, row: &Row<'_>) -> Vec<Found> {
    let name = row.name();
    let (main, related) = places(row);
    // Two of one rule for one object are told apart by their reason.
    let one = |rule: String, about: &str, level: &'static str, message: String, why: &str| Found {
        of: format!("{name} {rule} {why}").trim_end().to_string(),
        rule,
        about: about.to_string(),
        level,
        message,
        main,
        related: related.clone(),
    };
    let why = report.why(row);
    let why = if why.is_empty() { String::new() } else { format!(" Why: {}.", why.join("; ")) };
    let mut found: Vec<Found> = Vec::new();
    for risk in row.risks() {
        let level = if risk.kind.is_high() && !risk.perhaps { "error" } else { "warning" };
        let message = format!("{name}: {}.{why}", review::danger(risk));
        let rule = format!("danger/{}", risk.kind.name());
        found.push(one(rule, about(risk.kind), level, message, &risk.why));
    }
    match row.deed {
        Deed::Delete => {
            let about = "An object is destroyed.";
            let message = format!("{name} will be destroyed.{why}");
            found.push(one("change/destroy".into(), about, "warning", message, ""));
        }
        Deed::Replace => {
            let about = "An object is destroyed and made anew.";
            let message = format!("{name} will be replaced.{why}");
            found.push(one("change/replace".into(), about, "warning", message, ""));
        }
        _ => {}
    }
    if let Some(condition) = row.condition() {
        let about = "A change depends on what is known only during the apply.";
        let message = format!("{name}: {} {condition}.", row.deed.word());
        found.push(one("change/conditional".into(), about, "note", message, ""));
    }
    found
}

fn about(kind: RiskKind) -> &'static str {
    match kind {
        RiskKind::DataLoss => "Data is lost.",
        RiskKind::Exposure => "Something becomes open to more people.",
        RiskKind::Irreversible => "It cannot be undone.",
        RiskKind::Downtime => "Something is not available for a while.",
        RiskKind::Cost => "It costs more.",
    }
}

/// Gives the main place of a change, and what it comes from: what was edited, and the calls of modules.
fn places(row: &Row<'_>) -> (Option<Span>, Vec<(Span, String)>) {
    let Some(item) = row.item else { return (row.change.span, Vec::new()) };
    let mut related: Vec<(Span, String)> = Vec::new();
    let mut add = |span: Option<Span>, text: String| {
        let Some(span) = span else { return };
        if related.len() < RELATED && !related.iter().any(|(other, _)| *other == span) {
            related.push((span, text));
        }
    };
    for part in &item.parts {
        let path = part.of.path.to_string();
        for Cause { name, span, .. } in &part.causes {
            let name = if name.is_empty() { &path } else { name };
            add(*span, format!("{name} was edited"));
        }
    }
    for Origin { name, span, .. } in &item.repeated {
        add(*span, format!("{name} says which instances there are"));
    }
    for call in &item.calls {
        add(Some(*call), "The module is called here".to_string());
    }
    let first = main_of(item).or_else(|| related.first().map(|(span, _)| *span));
    (first, related)
}

fn main_of(item: &Item) -> Option<Span> {
    item.place.or_else(|| item.calls.last().copied())
}

fn result(report: &Report<'_>, found: &Found, rule: usize) -> Json {
    let mut out = Map::new();
    out.insert("ruleId".into(), found.rule.as_str().into());
    out.insert("ruleIndex".into(), rule.into());
    out.insert("level".into(), found.level.into());
    out.insert("message".into(), json!({ "text": visible(&found.message) }));
    let place = found.main.and_then(|span| physical(report, span));
    // What has no block any more is told of the configuration as a whole: viewers want a place of each result.
    let place = place.or_else(|| somewhere(report));
    if let Some(place) = place {
        out.insert("locations".into(), json!([{ "physicalLocation": place }]));
    }
    let related = found.related.iter().filter_map(|(span, text)| {
        let place = physical(report, *span)?;
        Some(json!({ "message": { "text": visible(text) }, "physicalLocation": place }))
    });
    let related: Vec<Json> = related.collect();
    if !related.is_empty() {
        out.insert("relatedLocations".into(), related.into());
    }
    // The place is none of it: the result stays the same when lines move.
    let fingerprint = digest::of_text(&format!("{}\n{}", found.rule, found.of));
    out.insert("partialFingerprints".into(), json!({ "terrane/v1": fingerprint }));
    Json::Object(out)
}

fn physical(report: &Report<'_>, span: Span) -> Option<Json> {
    let sources = report.sources;
    let name = sources.name(span.file);
    if name.is_empty() || !sources.is_seen(span.file) {
        return None;
    }
    let text = sources.text(span.file);
    let place = |byte: u32| {
        let byte = (byte as usize).min(text.len());
        let start = sources.line_start(span.file, byte);
        let column = text.get(start..byte).map_or(0, |line| line.chars().count());
        (sources.line_of(span.file, byte), column + 1)
    };
    let (start, end) = (place(span.start), place(span.end.max(span.start)));
    let mut region = json!({ "startLine": start.0, "startColumn": start.1 });
    if end != start {
        region["endLine"] = end.0.into();
        region["endColumn"] = end.1.into();
    }
    Some(json!({ "artifactLocation": artifact(report, name), "region": region }))
}

fn somewhere(report: &Report<'_>) -> Option<Json> {
    let seen = report.sources.files().filter(|(id, name, _)| {
        report.sources.is_seen(*id) && (name.ends_with(".tf") || name.ends_with(".tf.json"))
    });
    let name = seen.map(|(_, name, _)| name).min()?;
    Some(json!({ "artifactLocation": artifact(report, name), "region": { "startLine": 1 } }))
}

fn artifact(report: &Report<'_>, name: &str) -> Json {
    json!({ "uri": encoded(&report.places.file(name)), "uriBaseId": "SRCROOT" })
}

fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}
