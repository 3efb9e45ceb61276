//! Subnetworks: ranges that grow in place, and secondary ranges, which are known by their names.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::providers::Failure;
use crate::providers::rest::change::concerns;
use crate::providers::rest::equal::range;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::json::drop_nulls;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::spec::Part;
use crate::providers::rest::template::text_at;
use crate::value::{Path, Type, Value};

/// `google_compute_subnetwork`.
pub struct Subnetwork;

/// What the service gives when addresses of the sixth version come.
const OF_STACK: [&str; 2] = ["ipv6_cidr_range", "ipv6_gce_endpoint"];

/// Gives the full name of a reserved range, as the service takes it.
fn reserved(object: &mut Json) {
    let name = object["reservedInternalRange"].as_str().unwrap_or_default();
    if let Some(at) = name.find("projects/") {
        object["reservedInternalRange"] =
            json!(format!("networkconnectivity.googleapis.com/{}", &name[at..]));
    }
}

fn completed(object: &mut Json) {
    reserved(object);
    for range in object["secondaryIpRanges"].as_array_mut().into_iter().flatten() {
        reserved(range);
    }
    drop_nulls(object);
}

/// Plans the secondary ranges: what the service has given to one stays with its name, wherever it stands in the list.
fn ranges(draft: &Draft<'_>, prior: &Value) -> Option<Value> {
    let after = draft.after.field("secondary_ip_range")?;
    let wanted = draft.config.field("secondary_ip_range")?.elements()?;
    if wanted.is_empty() {
        let emptied = draft.config.field("send_secondary_ip_range_if_empty")?.as_bool()?;
        return emptied.then(|| draft.spec.part("secondary_ip_range").map(Part::absent))?;
    }
    let standing = prior.field("secondary_ip_range").and_then(Value::elements).unwrap_or_default();
    let mut wanted = wanted.iter();
    let planned = after.map_parts(&mut |part| {
        let given = wanted.next().and_then(|range| range.field("ip_cidr_range"));
        if given.is_some_and(|range| !range.is_null()) {
            return part.clone();
        }
        let same =
            standing.iter().find(|range| range.field("range_name") == part.field("range_name"));
        let range = same.and_then(|same| same.field("ip_cidr_range")).cloned();
        let range = range.unwrap_or_else(|| Value::unknown_not_null(Type::String));
        part.with_field("ip_cidr_range", range)
    });
    let mut sorted = [planned.elements()?.to_vec(), standing.to_vec()];
    sorted.iter_mut().for_each(|parts| parts.sort_by(crate::value::order));
    let same = sorted[0] == sorted[1];
    Some(if same { prior.field("secondary_ip_range")?.clone() } else { planned })
}

#[async_trait]
impl Hook for Subnetwork {
    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(prior) = draft.prior else { return };
        let primary = |value: &Value| range(&text_at(value, "ip_cidr_range")?);
        if let (Some(old), Some(new)) = (primary(prior), primary(&draft.after))
            && !new.contains(&old)
        {
            draft.replaces.push(Path::root().attribute("ip_cidr_range"));
        }
        if let Some(planned) = ranges(draft, prior) {
            draft.after = draft.after.with_field("secondary_ip_range", planned);
        }
        let moved = |name: &str| prior.field(name) != draft.after.field(name);
        if moved("stack_type") || moved("ipv6_access_type") {
            for name in OF_STACK {
                draft.after = draft.after.with_field(name, Value::unknown(Type::String));
            }
        }
    }

    fn asked(&self, object: &mut Json, _planned: &Value) {
        completed(object);
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let until = job.until("update", planned);
        for mut concern in concerns(&job.spec.parts, prior, planned) {
            completed(&mut concern.body);
            let logs = &mut concern.body["logConfig"];
            if logs["enable"] == json!(true) && logs["metadataFields"].is_null() {
                logs["metadataFields"] = json!([]);
            }
            completed(&mut concern.body);
            job.concern(&concern, planned, until).await?;
        }
        job.settle(planned, until).await
    }
}
