//! Findings of drift as SARIF 2.1.0: each part that differs at the line that it is written by.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::drift::{by, is_quiet, told_by};
use super::report::{Places, encoded};
use super::style::visible;
use crate::diag::{Sources, Span};
use crate::drift::classify::earlier;
use crate::drift::{Class, Finding, Kind, Report};
use crate::plan::digest;

/// What findings are told with.
pub struct Given<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// Where they are in their repository.
    pub places: &'a Places,
    /// The program's version.
    pub version: &'a str,
}

/// Tells findings; what nobody must decide about is left out.
pub fn sarif(report: &Report, given: &Given<'_>) -> Json {
    let mut rules: BTreeMap<String, Kind> = BTreeMap::new();
    let mut results = Vec::new();
    for finding in report.findings.iter().filter(|finding| !is_quiet(finding)) {
        rules.insert(rule(finding.kind), finding.kind);
        results.extend(results_of(finding, given));
    }
    let rules = rules
        .iter()
        .map(|(id, kind)| json!({ "id": id, "shortDescription": { "text": about(*kind) } }));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "terrane",
                "semanticVersion": given.version,
                "rules": rules.collect::<Vec<Json>>(),
            } },
            "automationDetails": { "id": "terrane/drift/" },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "SRCROOT": { "description": { "text": "The root of the repository." } },
            },
            "results": results,
        }],
    })
}

fn rule(kind: Kind) -> String {
    format!("drift/{}", kind.word())
}

fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Changed => "A live object is not as it is recorded.",
        Kind::Missing => "An object is gone.",
        Kind::Replaced => "Another object stands in the place of the recorded one.",
        Kind::Unapplied => "An object is as recorded, and written otherwise.",
        Kind::Unmanaged => "An object exists and is in no state.",
    }
}

/// Gives a result for each part that differs, or one for the whole.
fn results_of(finding: &Finding, given: &Given<'_>) -> Vec<Json> {
    let name = finding.name();
    if finding.attributes.is_empty() {
        let touch = finding.touches.iter().find(|touch| !touch.is_ours);
        let who = touch.map(|touch| format!(", {}", by(touch))).unwrap_or_default();
        let text = format!("{name} is {}{who}.", finding.kind.word());
        return vec![result(finding, &text, &name, finding.place, given)];
    }
    let parts = finding.attributes.iter().filter(|of| of.class != Class::Service);
    let parts = parts.map(|attribute| {
        let who = finding
            .touch(attribute)
            .map(|touch| format!(", {}", told_by(touch, &earlier(finding, attribute))));
        let text = format!(
            "{name}: {} is {}{}.",
            attribute.path,
            finding.kind.word(),
            who.unwrap_or_default()
        );
        let of = format!("{name} {}", attribute.path);
        result(finding, &text, &of, attribute.place.or(finding.place), given)
    });
    parts.collect()
}

fn result(finding: &Finding, text: &str, of: &str, place: Option<Span>, given: &Given<'_>) -> Json {
    let level = match (finding.class, finding.kind) {
        (Class::Service, _) | (_, Kind::Unmanaged) => "note",
        (Class::Person, _) => "error",
        (Class::Unknown, _) => "warning",
    };
    let rule = rule(finding.kind);
    let print = digest::of_text(&format!("{rule}\n{of}"));
    let mut out = json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": visible(text) },
        "partialFingerprints": { "terrane/v1": print },
    });
    let place = place.and_then(|span| physical(span, given)).or_else(|| somewhere(given));
    if let Some(place) = place {
        out["locations"] = json!([{ "physicalLocation": place }]);
    }
    out
}

fn physical(span: Span, given: &Given<'_>) -> Option<Json> {
    let name = given.sources.name(span.file);
    if name.is_empty() || !given.sources.is_seen(span.file) {
        return None;
    }
    let (start, end) = (given.sources.start(span), given.sources.end(span));
    let region = json!({
        "startLine": start.line, "startColumn": start.column,
        "endLine": end.line, "endColumn": end.column,
    });
    Some(json!({ "artifactLocation": artifact(name, given), "region": region }))
}

/// Gives a place of the configuration as a whole: viewers want one of each result.
fn somewhere(given: &Given<'_>) -> Option<Json> {
    let names = given.sources.files().filter(|(id, _, _)| given.sources.is_seen(*id));
    let name = names.map(|(_, name, _)| name).filter(|name| name.ends_with(".tf")).min()?;
    Some(json!({ "artifactLocation": artifact(name, given), "region": { "startLine": 1 } }))
}

fn artifact(name: &str, given: &Given<'_>) -> Json {
    json!({ "uri": encoded(&given.places.file(name)), "uriBaseId": "SRCROOT" })
}
