//! Findings as JSON, for programs and for who is called back.

use serde_json::{Map, Value as Json, json};

use super::{Reveal, named, path, secrets, value};
use crate::addr::Address;
use crate::diag::{Sources, Span};
use crate::drift::classify::earlier;
use crate::drift::{Acceptance, Attribute, Class, Edit, Finding, Kind, Remedy, Report};
use crate::providers::touch::Touch;
use crate::state::provider;
use crate::value::Value;

/// Gives the document of a report.
pub fn drift(report: &Report, sources: &Sources, reveal: Reveal) -> Json {
    let findings: Vec<Json> =
        report.findings.iter().map(|of| finding(of, sources, reveal)).collect();
    let ignored = report.ignored.iter().map(|ignored| {
        let mut out = finding(&ignored.finding, sources, reveal);
        out["rule"] = place(ignored.rule, sources);
        out["reason"] = json!(ignored.reason);
        out
    });
    let mut summary = json!({ "checked": report.looked_at, "drift": report.has_drift(), "unread": report.unread.len() });
    for kind in Kind::ALL {
        summary[kind.word()] = json!(report.count(kind));
    }
    let count = |class| report.findings.iter().filter(|of| of.class == class).count();
    let classes: Map<String, Json> =
        Class::ALL.iter().map(|class| (class.word().into(), json!(count(*class)))).collect();
    summary["classes"] = Json::Object(classes);
    json!({
        "format_version": "2.0",
        "findings": findings,
        "ignored": ignored.collect::<Vec<Json>>(),
        "unread": report.unread.iter().map(unread).collect::<Vec<Json>>(),
        "notes": report.notes,
        "summary": summary,
    })
}

fn unread((address, why): &(Address, String)) -> Json {
    json!({ "address": address.to_string(), "why": why })
}

/// Gives a finding.
pub fn finding(finding: &Finding, sources: &Sources, reveal: Reveal) -> Json {
    let mut out: Map<String, Json> = match &finding.address {
        Some(address) => named(address),
        None => [("type".to_string(), json!(finding.type_name))].into_iter().collect(),
    };
    if let Some(provider) = &finding.provider {
        out.insert("provider_name".into(), provider::full(&provider.source).into());
    }
    out.insert("kind".into(), finding.kind.word().into());
    out.insert("class".into(), finding.class.word().into());
    out.insert("id".into(), json!(finding.id));
    out.insert("settled".into(), finding.is_settled().into());
    if let Some(span) = finding.place {
        out.insert("source".into(), place(span, sources));
    }
    let attributes = finding.attributes.iter().map(|of| attribute(of, sources, reveal));
    out.insert("attributes".into(), attributes.collect());
    out.insert(
        "touches".into(),
        finding.touches.iter().filter(|of| !of.is_ours).map(touch).collect(),
    );
    // Touches of our own are left out: the places of the others move up.
    for (attribute, of) in finding.attributes.iter().enumerate() {
        if let Some(by) = finding.touch(of) {
            let earlier = earlier(finding, of).into_iter().map(|touch| touch.who.clone());
            let earlier: Vec<String> = earlier.collect();
            out["attributes"][attribute]["by"] = touch(by);
            if !earlier.is_empty() {
                out["attributes"][attribute]["by"]["earlier"] = json!(earlier);
            }
        }
    }
    out.insert("remedies".into(), finding.remedies.iter().map(remedy).collect());
    Json::Object(out)
}

fn attribute(attribute: &Attribute, sources: &Sources, reveal: Reveal) -> Json {
    let side = |side: &Option<Value>| side.as_ref().map_or(Json::Null, |side| value(side, reveal));
    let mask = |side: &Option<Value>| side.as_ref().map_or(json!(false), secrets);
    let mut out = json!({
        "path": path(&attribute.path),
        "name": attribute.path.to_string(),
        "class": attribute.class.word(),
        "recorded": side(&attribute.recorded),
        "configured": side(&attribute.configured),
        "live": side(&attribute.live),
        "sensitive": attribute.is_sensitive(),
        "recorded_sensitive": mask(&attribute.recorded),
        "live_sensitive": mask(&attribute.live),
    });
    if let Some(span) = attribute.place {
        out["source"] = place(span, sources);
    }
    out
}

/// Gives who touched an object.
pub fn touch(touch: &Touch) -> Json {
    json!({
        "who": touch.who,
        "agent": touch.agent,
        "how": touch.how,
        "when": touch.when.map(|when| when.to_string()),
        "told_by": touch.told_by.word(),
        "service": touch.is_service,
    })
}

fn remedy(remedy: &Remedy) -> Json {
    match remedy {
        Remedy::Revert { command } => json!({ "do": "revert", "command": command }),
        Remedy::Ignore { rule } => json!({ "do": "ignore", "rule": rule }),
        Remedy::Accept(Acceptance::Recorded { command }) => {
            json!({ "do": "accept", "command": command })
        }
        Remedy::Accept(Acceptance::Impossible { why }) => {
            json!({ "do": "accept", "impossible": why })
        }
        Remedy::Accept(Acceptance::Edits(edits)) => {
            json!({ "do": "accept", "edits": edits.iter().map(edit).collect::<Vec<Json>>() })
        }
    }
}

/// Gives what was written into the configuration, and what was not.
pub fn accepted(done: &[(Address, Vec<Edit>)], left: &[(Address, String)]) -> Json {
    let done = done.iter().map(|(address, edits)| {
        let edits: Vec<Json> = edits.iter().map(edit).collect();
        json!({ "address": address.to_string(), "edits": edits })
    });
    let left = left
        .iter()
        .map(|(address, why)| json!({ "address": address.to_string(), "impossible": why }));
    done.chain(left).collect()
}

fn edit(edit: &Edit) -> Json {
    json!({ "filename": edit.file, "line": edit.line, "before": edit.before, "after": edit.after })
}

fn place(span: Span, sources: &Sources) -> Json {
    let start = sources.start(span);
    json!({ "filename": sources.name(span.file), "line": start.line, "column": start.column })
}
