//! Rules of firewalls: where they count, and their logs, which two attributes speak of.

use serde_json::{Value as Json, json};

use crate::providers::Problem;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::template::text_at;
use crate::providers::rest::validate::problem;
use crate::value::{Path, Value};

/// `google_compute_firewall`.
pub struct Firewall;

/// Where traffic comes from, in the words of a rule.
const SOURCES: [&str; 3] = ["source_ranges", "source_tags", "source_service_accounts"];

/// Members that are emptied by an empty list.
const LISTS: [&str; 8] = [
    "allowed",
    "denied",
    "destinationRanges",
    "sourceRanges",
    "sourceServiceAccounts",
    "sourceTags",
    "targetServiceAccounts",
    "targetTags",
];

fn is_empty(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value.elements().is_some_and(<[Value]>::is_empty))
}

fn logs(value: &Value) -> Option<bool> {
    value.field("enable_logging").and_then(Value::as_bool)
}

fn everywhere(value: &Value) -> bool {
    let ranges = value.field("source_ranges").and_then(Value::elements).unwrap_or_default();
    matches!(ranges, [one] if one.as_str() == Some("0.0.0.0/0"))
}

impl Firewall {
    /// A rule that names no source stands for all: the service may say so.
    fn sources(draft: &mut Draft<'_>) {
        let named = SOURCES[1..].iter().any(|name| !is_empty(draft.after.field(name)));
        let standing = draft.prior.filter(|prior| everywhere(prior));
        if let Some(ranges) = standing.and_then(|prior| prior.field("source_ranges"))
            && is_empty(draft.after.field("source_ranges"))
            && !named
        {
            draft.after = draft.after.with_field("source_ranges", ranges.clone());
        }
        let direction = text_at(&draft.after, "direction");
        let out = draft.config.field("direction").is_some_and(|value| !value.is_known())
            || direction.as_deref() == Some("EGRESS");
        let none = SOURCES.iter().all(|name| is_empty(draft.after.field(name)));
        let written = SOURCES[1..]
            .iter()
            .any(|name| draft.config.field(name).is_some_and(|value| !value.is_null()));
        if !out && none && !written {
            let path = Path::root().attribute("source_ranges");
            let detail = "A rule for incoming traffic must say where it comes from: one of \"source_tags\", \
                          \"source_ranges\" or \"source_service_accounts\" must be given.";
            draft.problems.push(problem(&path, "Missing required argument", detail.into()));
        }
    }
}

impl Hook for Firewall {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let wrong = logs(config) == Some(false) && !is_empty(config.field("log_config"));
        let path = Path::root().attribute("log_config");
        let detail = "The block \"log_config\" cannot be given while \"enable_logging\" is false.";
        let found =
            wrong.then(|| problem(&path, "Conflicting configuration arguments", detail.into()));
        found.into_iter().collect()
    }

    fn plan(&self, draft: &mut Draft<'_>) {
        Firewall::sources(draft);
        // The service keeps nothing of the parameters: they are said once.
        if let Some(prior) = draft.prior
            && !is_empty(prior.field("params"))
            && prior.field("params") != draft.after.field("params")
        {
            draft.replaces.push(Path::root().attribute("params"));
        }
        // With the former attribute the service tells of a block that nobody has written.
        if let Some(standing) = draft.prior.and_then(|prior| prior.field("log_config"))
            && logs(&draft.after) == Some(true)
            && is_empty(draft.config.field("log_config"))
        {
            draft.after = draft.after.with_field("log_config", standing.clone());
        }
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        let Some(fields) = object.as_object_mut() else { return };
        for (_, member) in fields.iter_mut().filter(|(name, _)| LISTS.contains(&name.as_str())) {
            if member.is_null() {
                *member = json!([]);
            }
        }
        if fields.get("logConfig").is_some_and(Json::is_null) {
            fields.insert("logConfig".into(), json!({ "enable": logs(planned) == Some(true) }));
        }
        if let Some(network) = text_at(planned, "network") {
            fields.entry("network").or_insert_with(|| json!(network));
        }
    }
}
