//! The claims that the StatefulSets of a release had made: helm leaves them, and where the release's cluster goes nobody is left to take
//! their disks away.

use std::time::Duration;

use serde_json::Value as Json;

use crate::providers::kubernetes::{Reach, is_claim_of};
use crate::providers::{ApiError, ApiErrorKind, Desk};
use crate::value::Value;

use super::release::rows;

/// A StatefulSet that makes claims.
struct Set {
    namespace: String,
    name: String,
    templates: Vec<String>,
}

/// Finds the sets of a release that make claims, in what is known of its objects.
fn sets(release: &Value) -> Vec<Set> {
    let of_row = |(key, text): (String, String)| {
        let object: Json = serde_json::from_str(&text).ok()?;
        let mut place = key.rsplit('/').map(String::from);
        let (name, namespace) = (place.next()?, place.next()?);
        let templates = object["spec"]["volumeClaimTemplates"].as_array()?.iter();
        let templates = templates.filter_map(|one| one["metadata"]["name"].as_str());
        let templates: Vec<String> = templates.map(String::from).collect();
        let makes = object["kind"] == "StatefulSet" && !templates.is_empty();
        makes.then_some(Set { namespace, name, templates })
    };
    rows(release.field("resources")).into_iter().filter_map(of_row).collect()
}

/// Removes the claims of a release that is gone, as far as their controller does not, and waits until their disks may go.
///
/// # Errors
/// What stood in the way, and claims that stay longer than the release's `timeout`.
pub(super) async fn cleared(
    reach: &Reach,
    release: &Value,
    desk: &dyn Desk,
) -> Result<(), ApiError> {
    let seconds = release.field("timeout").and_then(Value::as_i64).unwrap_or(300);
    let since = desk.clock().now();
    for set in sets(release) {
        let list = format!("/api/v1/namespaces/{}/persistentvolumeclaims", set.namespace);
        let mut asked = false;
        loop {
            let found = reach.get(&list).await?.unwrap_or(Json::Null);
            let names = found["items"].as_array().into_iter().flatten();
            let names = names.filter_map(|claim| claim["metadata"]["name"].as_str());
            let left: Vec<&str> =
                names.filter(|name| is_claim_of(name, &set.name, &set.templates)).collect();
            if left.is_empty() {
                break;
            }
            if desk.clock().now().duration_since(since).as_secs() > seconds {
                let detail = format!(
                    "Of StatefulSet \"{}/{}\" these claims are still there: {}.",
                    set.namespace,
                    set.name,
                    left.join(", ")
                );
                return Err(ApiError::new(ApiErrorKind::Failed, "Claims of a release stay", detail)
                    .help("What uses them must go first; their disks would be left behind by the cluster."));
            }
            if !asked {
                desk.note(&format!("removing claims {}", left.join(", ")));
                for name in &left {
                    reach.delete(&format!("{list}/{name}")).await?;
                }
                asked = true;
            }
            desk.clock().sleep(Duration::from_secs(2)).await;
        }
    }
    Ok(())
}
