//! Drift as JSON: each object that is not as saved, with its parts.

use serde_json::{Map, Value as Json, json};

use super::{Reveal, named, path, secrets, value};
use crate::addr::Address;
use crate::plan::Drift;
use crate::render::drift::{DriftReport, Leaf};
use crate::state::provider;

/// Gives the document of a drift report.
pub fn drift(report: &DriftReport<'_>, reveal: Reveal) -> Json {
    let (changed, missing) = report.numbers();
    let objects: Vec<Json> = report
        .drift
        .iter()
        .map(|(address, drift)| object(report, address, drift, reveal))
        .collect();
    json!({
        "format_version": "1.0",
        "drifted": objects,
        "summary": { "checked": report.looked_at, "changed": changed, "missing": missing },
    })
}

fn object(report: &DriftReport<'_>, address: &Address, drift: &Drift, reveal: Reveal) -> Json {
    let mut out: Map<String, Json> = named(address);
    out.insert("provider_name".into(), provider::full(&drift.provider.source).into());
    let status = if drift.found.is_some() { "changed" } else { "missing" };
    out.insert("status".into(), status.into());
    if let Some(span) = (report.place)(address) {
        let start = report.sources.start(span);
        let place = json!({ "filename": report.sources.name(span.file), "line": start.line });
        out.insert("source".into(), place);
    }
    let leaf = |leaf: &Leaf| {
        json!({
            "path": path(&leaf.path),
            "saved": value(&leaf.saved, reveal),
            "found": value(&leaf.found, reveal),
            "saved_sensitive": secrets(&leaf.saved),
            "found_sensitive": secrets(&leaf.found),
        })
    };
    out.insert("changes".into(), report.leaves(address, drift).iter().map(leaf).collect());
    Json::Object(out)
}

#[cfg(test)]
mod tests {
    use super::super::SECRET;
    use super::*;
    use crate::render::drift::tests::{sample, told};

    #[test]
    fn each_part_has_its_path_and_both_sides() {
        let text = told(&sample(), |report| drift(report, Reveal::No).to_string());

        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(json["summary"], json!({ "checked": 14, "changed": 1, "missing": 1 }));
        let changes = &json["drifted"][0]["changes"];
        assert_eq!(changes[1]["found"], SECRET);
        assert_eq!(changes[4]["path"], json!(["list", 1, "x"]));
        assert_eq!((&changes[4]["saved"], &changes[4]["found"]), (&json!(2), &json!(3)));
    }
}
