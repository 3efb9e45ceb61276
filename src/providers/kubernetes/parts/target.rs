//! Whose fields are owned, and where they are in it.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::value::Value;

use super::super::super::{ApiError, ApiErrorKind};
use super::super::apply::MANAGER;
use super::super::client::Cluster;
use super::super::object::Name;
use super::super::tables::{Kind, Nodes, Way, tables};
use super::text;

/// The object, and the manager that owns the fields.
pub(super) struct Target {
    /// The object's kind, with the attributes at their places in it.
    pub kind: Kind,
    /// Which object.
    pub name: Name,
    /// The field manager.
    pub manager: String,
    /// Fields of other managers are taken.
    pub force: bool,
}

impl Target {
    /// Finds out what a value's fields are fields of; a kind that is not well known is asked for.
    ///
    /// # Errors
    /// The cluster does not have the kind, or does not answer.
    pub(super) async fn of(
        cluster: &Cluster,
        kind: &Kind,
        value: &Value,
    ) -> Result<Target, ApiError> {
        let mut kind = kind.clone();
        if kind.api_version.is_empty() {
            let told = |name: &str| text(value, name).unwrap_or_default().to_string();
            (kind.api_version, kind.kind) = (told("api_version"), told("kind"));
            (kind.plural, kind.namespaced) = collection(cluster, &kind).await?;
        }
        let name = Name::of(&kind, value).ok_or_else(|| {
            let detail = "The `metadata` block has no `name`.";
            ApiError::new(ApiErrorKind::Invalid, "Missing name", detail)
        })?;
        let manager = manager(&kind.nodes, value);
        let force = value.field("force").and_then(Value::as_bool) == Some(true);
        kind.nodes = Arc::new(placed(&kind, value));
        Ok(Target { kind, name, manager, force })
    }

    /// Gives the object's path.
    pub(super) fn path(&self) -> String {
        self.kind.path(&self.name.namespace, &self.name.name)
    }

    /// Names the object for people.
    pub(super) fn title(&self) -> String {
        format!("{} \"{}\"", self.kind.kind, self.name.id())
    }

    /// Gives the object as it is; nothing where there is none.
    ///
    /// # Errors
    /// What the cluster answered instead.
    pub(super) async fn live(&self, cluster: &Cluster) -> Result<Option<Json>, ApiError> {
        match cluster.get(&self.path()).await {
            Ok(live) => Ok(Some(live)),
            Err(refusal) if refusal.is_gone() => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Gives the place of the variables' container in the object, and its name.
    pub(super) fn container(&self) -> Option<(&str, &str)> {
        let place = self.kind.nodes.get("env")?.api.as_deref()?.strip_suffix("]/env")?;
        place.rsplit_once('[')
    }
}

/// Gives the manager of a value's fields. Under the usual name all resources would own each other's fields, and take them
/// away with each apply; so each kind has its own beside it.
fn manager(nodes: &Nodes, value: &Value) -> String {
    let given = text(value, "field_manager").unwrap_or(MANAGER);
    if given != MANAGER {
        return given.to_string();
    }
    let owns = nodes.iter().find(|(name, node)| node.api.is_some() && *name != "metadata");
    let container = ["container", "init_container"].iter().find_map(|name| text(value, name));
    let parts = [Some(MANAGER), owns.map(|(name, _)| name.as_str()), container];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

/// Gives the attributes with their places in an object of this kind.
fn placed(kind: &Kind, value: &Value) -> Nodes {
    let template = match kind.kind.as_str() {
        "Pod" => "",
        "CronJob" => "spec/jobTemplate/spec/template/",
        _ => "spec/template/",
    };
    let (list, container) = match (text(value, "container"), text(value, "init_container")) {
        (None, Some(name)) => ("initContainers", name),
        (name, _) => ("containers", name.unwrap_or_default()),
    };
    let containers = format!("{template}spec/{list}[{container}]");
    let mut nodes = (*kind.nodes).clone();
    for node in nodes.values_mut() {
        if let Some(place) = &node.api {
            let place = place.replace("@template/", template);
            node.api = Some(place.replace("@containers", &containers));
        }
    }
    nodes
}

/// Gives the collection of a kind and whether it is in namespaces: as the tables know it, else as the cluster says.
async fn collection(cluster: &Cluster, told: &Kind) -> Result<(String, bool), ApiError> {
    let (api_version, kind) = (&told.api_version, &told.kind);
    let known = tables().kinds.values().find(|known| {
        known.way == Way::Whole && known.api_version == *api_version && known.kind == *kind
    });
    if let Some(known) = known {
        return Ok((known.plural.clone(), known.namespaced));
    }
    let base = if api_version.contains('/') { "apis" } else { "api" };
    let list = match cluster.get(&format!("/{base}/{api_version}")).await {
        Ok(list) => list,
        Err(refusal) if refusal.is_gone() => Json::Null,
        Err(refusal) => return Err(refusal.into()),
    };
    let rows = list["resources"].as_array().into_iter().flatten();
    let mut rows = rows.filter(|row| row["name"].as_str().is_some_and(|name| !name.contains('/')));
    match rows.find(|row| row["kind"] == kind.as_str()) {
        Some(row) => {
            let plural = row["name"].as_str().unwrap_or_default().to_string();
            Ok((plural, row["namespaced"] == true))
        }
        None => {
            let detail = format!("The cluster has no kind \"{kind}\" in \"{api_version}\".");
            let error = ApiError::new(ApiErrorKind::NotFound, "Unknown kind", detail);
            Err(error.help(
                "`kubectl api-resources` lists the kinds of a cluster with their API versions.",
            ))
        }
    }
}
