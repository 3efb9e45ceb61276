//! What checks gave, as the state file keeps it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::eval::{CheckResult, CheckStatus};

/// Gives the results by their blocks; nothing where nothing is checked.
pub(super) fn kept(results: &[CheckResult]) -> Option<Json> {
    let mut blocks: BTreeMap<(&str, &str), Vec<&CheckResult>> = BTreeMap::new();
    for result in results {
        blocks.entry((word(result.kind), &result.config_address)).or_default().push(result);
    }
    let block = |((kind, address), results): (&(&str, &str), &Vec<&CheckResult>)| {
        let objects: Vec<Json> = results
            .iter()
            .filter(|result| !result.address.is_empty())
            .map(|result| object(result))
            .collect();
        json!({
            "object_kind": kind,
            "config_addr": address,
            "status": status(results.iter().map(|result| result.status)),
            "objects": if objects.is_empty() { Json::Null } else { objects.into() },
        })
    };
    (!blocks.is_empty()).then(|| blocks.iter().map(block).collect())
}

fn object(result: &CheckResult) -> Json {
    let mut out = Map::new();
    out.insert("object_addr".into(), result.address.as_str().into());
    out.insert("status".into(), status([result.status]).into());
    if !result.failures.is_empty() {
        out.insert("failure_messages".into(), result.failures.clone().into());
    }
    Json::Object(out)
}

/// Names what is checked as the state file does.
fn word(kind: &str) -> &str {
    if kind == "output_value" { "output" } else { kind }
}

/// Names the worst of outcomes.
fn status(all: impl IntoIterator<Item = CheckStatus>) -> &'static str {
    let all: Vec<CheckStatus> = all.into_iter().collect();
    let order = [
        (CheckStatus::Error, "error"),
        (CheckStatus::Fail, "fail"),
        (CheckStatus::Unknown, "unknown"),
    ];
    order.iter().find(|(status, _)| all.contains(status)).map_or("pass", |(_, word)| word)
}
