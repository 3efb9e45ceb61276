//! Which collection a kind's objects are in, as the cluster itself says.

use serde_json::Value as Json;

use crate::diag::nearest;

use super::super::{ApiError, ApiErrorKind};
use super::client::Cluster;
use super::manifest::{Who, bare, common};
use super::tables::Kind;

/// Finds a kind: each cluster has the common ones, of others it is asked.
///
/// # Errors
/// The cluster does not have it, or does not answer.
pub(super) async fn discover(cluster: &Cluster, who: &Who) -> Result<Kind, ApiError> {
    if let Some(kind) = common(&who.api_version, &who.kind) {
        return Ok(kind);
    }
    let base = if who.api_version.contains('/') { "apis" } else { "api" };
    let list = match cluster.get(&format!("/{base}/{}", who.api_version)).await {
        Ok(list) => list,
        Err(refusal) if refusal.is_gone() => return Err(no_version(who)),
        Err(refusal) => return Err(refusal.into()),
    };
    let rows = || list["resources"].as_array().into_iter().flatten();
    let is_whole = |row: &&Json| !row["name"].as_str().unwrap_or("/").contains('/');
    let found = rows().filter(is_whole).find(|row| row["kind"] == who.kind.as_str());
    let Some(row) = found else {
        let kinds: Vec<&str> =
            rows().filter(is_whole).filter_map(|row| row["kind"].as_str()).collect();
        let near = nearest(&who.kind, kinds.iter().copied());
        let hint = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
        let detail = format!(
            "The cluster has no kind \"{}\" in {}; it has {}.{hint}",
            who.kind,
            who.api_version,
            kinds.join(", ")
        );
        return Err(ApiError::new(ApiErrorKind::NotFound, "Unknown kind", detail));
    };
    let plural = row["name"].as_str().unwrap_or_default();
    Ok(bare(&who.api_version, &who.kind, plural, row["namespaced"] == true))
}

fn no_version(who: &Who) -> ApiError {
    let detail = format!(
        "The cluster does not have the API {}, which \"{}\" is of.",
        who.api_version, who.kind
    );
    let error = ApiError::new(ApiErrorKind::NotFound, "Unknown kind", detail);
    error.help(
        "If it is a custom resource, its CustomResourceDefinition must be made first: as a \
         `kubernetes_manifest` of this configuration it is, without `depends_on`.",
    )
}
