//! Server-side apply, with its conflicts.
//!
//! The one field manager is `Terraform`, as the well-known provider names itself, unless a manifest names another. A field that a
//! person changed with a tool is taken back: that is what an apply is for. A field that a
//! controller or another declarative tool keeps is not: the two would take it from each other forever.

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::value::{Path, Value};

use super::super::{ApiError, ApiErrorKind, Desk};
use super::client::{Ask, Cluster, Refusal, Told};
use super::conflict::{Conflict, conflicts, secrets};
use super::manifest::at_field;
use super::object::Name;
use super::tables::{Kind, Nodes};

/// The field manager.
pub(super) const MANAGER: &str = "Terraform";

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct By {
    /// The field manager.
    pub manager: String,
    /// Fields are taken from whoever has them.
    pub force: bool,
    /// What of the configuration is not to be told.
    pub secrets: Vec<String>,
}

impl By {
    /// Gives ourselves, with a configuration.
    pub(super) fn us(config: &Value) -> By {
        By { manager: MANAGER.into(), force: false, secrets: secrets(config) }
    }
}

/// Managers that would take a field back at once.
const KEEPERS: &[&str] = &[
    "kube-controller-manager",
    "horizontal-pod-autoscaler",
    "vpa-",
    "vertical-pod-autoscaler",
    "argocd",
    "kustomize-controller",
    "helm-controller",
    "source-controller",
    "configsync",
    "keda",
];

/// Applies an object; on a dry run the server only says what it would make of it.
///
/// # Errors
/// What the server answered.
pub(super) async fn apply(
    cluster: &Cluster,
    kind: &Kind,
    name: &Name,
    body: &Json,
    by: &By,
    dry_run: bool,
    desk: Option<&dyn Desk>,
) -> Result<Told, Refusal> {
    let mut body = body.clone();
    let forced = By { force: true, ..by.clone() };
    let mut refusal = match send(cluster, kind, name, &body, by, dry_run).await {
        Err(refusal) if refusal.status == Some(409) => refusal,
        Err(refusal) => {
            let Some(patch) = switched(&body, &refusal) else { return Err(refusal) };
            tell(desk, "changes the kind of update first");
            let done = merge(cluster, kind, name, &patch, by, dry_run).await?;
            // A dry run leaves nothing behind that the apply could follow on.
            return match dry_run {
                true => Ok(done),
                false => send(cluster, kind, name, &body, by, dry_run).await,
            };
        }
        Ok(live) => return Ok(live),
    };
    let mut found = conflicts(&refusal);
    // What an autoscaler has set is left to it.
    let scaled = found.iter().any(Conflict::is_scaled);
    if scaled && let Some(Json::Object(spec)) = body.get_mut("spec") {
        spec.remove("replicas");
        tell(desk, "leaves spec.replicas to the autoscaler");
        refusal = match send(cluster, kind, name, &body, by, dry_run).await {
            Err(refusal) if refusal.status == Some(409) => refusal,
            other => return other,
        };
        found = conflicts(&refusal);
    }
    if found.is_empty() {
        return Err(refusal);
    }
    if let Some(kept) = found.iter().find(|conflict| conflict.is_kept()) {
        let live = cluster.get(&kind.path(&name.namespace, &name.name)).await.ok();
        let values = kept.values(kind, &body, live.as_ref(), &by.secrets);
        return Err(Refusal { error: explain(kind, name, kept, &values), ..refusal });
    }
    for conflict in &found {
        tell(desk, &format!("takes {} back from {}", conflict.field, conflict.manager));
    }
    send(cluster, kind, name, &body, &forced, dry_run).await
}

/// Where an object says how it is updated: by `rollingUpdate`, which the server fills in by itself, or otherwise.
const KINDS_OF_UPDATE: &[&str] = &["strategy", "updateStrategy"];

/// Gives the patch that lets an apply succeed which was refused because of what the server itself has filled in: what nobody
/// has applied no apply can take away, not by a null either (seen of a real API server of 1.33).
fn switched(body: &Json, refusal: &Refusal) -> Option<Json> {
    if refusal.status != Some(422) {
        return None;
    }
    let field = KINDS_OF_UPDATE.iter().find(|field| {
        let place = format!("spec.{field}.rollingUpdate");
        refusal.causes().any(|(_, cause, _)| cause == place)
    })?;
    let wanted = body.get("spec")?.get(*field)?;
    let kind = wanted.get("type")?.as_str().filter(|kind| *kind != "RollingUpdate")?;
    let unsaid = wanted.get("rollingUpdate").is_none_or(Json::is_null);
    unsaid.then(|| json!({ "spec": { *field: { "type": kind, "rollingUpdate": null } } }))
}

async fn merge(
    cluster: &Cluster,
    kind: &Kind,
    name: &Name,
    patch: &Json,
    by: &By,
    dry_run: bool,
) -> Result<Told, Refusal> {
    let path =
        address(kind, name, by, dry_run).replace("&force=false", "").replace("&force=true", "");
    let body = Some(("application/merge-patch+json", patch.to_string()));
    cluster.told(Ask { method: Method::PATCH, path: &path, body, attempts: 3 }).await
}

fn tell(desk: Option<&dyn Desk>, text: &str) {
    if let Some(desk) = desk {
        desk.note(text);
    }
}

/// Says whether a manager is a controller or a tool that would take a field back at once.
pub(super) fn is_keeper(manager: &str) -> bool {
    KEEPERS.iter().any(|keeper| manager.starts_with(keeper))
}

/// Gives the request's path and query.
pub(super) fn address(kind: &Kind, name: &Name, by: &By, dry_run: bool) -> String {
    let dry = if dry_run { "&dryRun=All" } else { "" };
    let path = kind.path(&name.namespace, &name.name);
    let manager: String = url::form_urlencoded::byte_serialize(by.manager.as_bytes()).collect();
    format!("{path}?fieldManager={manager}&fieldValidation=Strict&force={}{dry}", by.force)
}

async fn send(
    cluster: &Cluster,
    kind: &Kind,
    name: &Name,
    body: &Json,
    by: &By,
    dry_run: bool,
) -> Result<Told, Refusal> {
    let path = address(kind, name, by, dry_run);
    let body = Some(("application/apply-patch+yaml", body.to_string()));
    let attempts = if dry_run { 3 } else { 6 };
    cluster.told(Ask { method: Method::PATCH, path: &path, body, attempts }).await
}

impl Conflict {
    fn is_kept(&self) -> bool {
        self.declared || is_keeper(&self.manager)
    }

    fn is_scaled(&self) -> bool {
        self.field == "spec.replicas" && is_keeper(&self.manager)
    }
}

fn explain(kind: &Kind, name: &Name, conflict: &Conflict, values: &str) -> ApiError {
    let Conflict { manager, field, .. } = conflict;
    let title = format!("{} \"{}\"", kind.kind, name.id());
    let detail = format!(
        "The field `{field}` of {title} is kept by \"{manager}\", which would set it back.{values}"
    );
    let error = ApiError::new(ApiErrorKind::Conflict, "Another manager owns a field", detail);
    // A block of a resource type has no such argument.
    let error = match kind.nodes.is_empty() {
        true => error.help(
            "To take it over, write `field_manager { force_conflicts = true }` in the block.",
        ),
        false => error,
    };
    error
        .help("Take the argument out of the configuration, so that the other manager keeps it.")
        .help("Or name it in `lifecycle { ignore_changes = […] }`; or make the other manager leave it.")
}

/// Gives the parts whose change the server refuses in place; of a manifest by the API's names.
pub(super) fn immutable(kind: &Kind, refusal: &Refusal) -> Vec<Path> {
    const WORDS: &[&str] = &[
        "is immutable",
        "may not be changed",
        "updates to",
        "cannot change roleRef",
        "may not change",
    ];
    if refusal.status != Some(422) {
        return Vec::new();
    }
    let says = |message: &str| WORDS.iter().any(|words| message.contains(words));
    refusal
        .causes()
        .filter(|(_, _, message)| says(message))
        .map(|(_, field, _)| match kind.nodes.is_empty() {
            true => at_field(field),
            false => path(&kind.nodes, field),
        })
        .collect()
}

/// Finds the attribute that an API field is, as deep as it is one.
fn path(nodes: &Nodes, field: &str) -> Path {
    let mut path = Path::root();
    let mut nodes = Some(nodes);
    for step in field.split(['.', '[']) {
        let name = step.trim_end_matches(']');
        let Some((attribute, node)) = nodes
            .and_then(|nodes| nodes.iter().find(|(_, node)| node.api.as_deref() == Some(name)))
        else {
            break;
        };
        path = path.attribute(attribute);
        match &node.block {
            Some(block) if node.object => {
                path = path.place(0);
                nodes = Some(block);
            }
            _ => break,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::tables::tables;
    use super::*;

    fn refusal(status: u16, causes: Json) -> Refusal {
        let error = ApiError::new(ApiErrorKind::Conflict, "", "");
        Refusal { status: Some(status), body: json!({ "details": { "causes": causes } }), error }
    }

    #[test]
    fn a_persons_tool_gives_way_and_a_controller_does_not() {
        let refusal = refusal(
            409,
            json!([
                { "reason": "FieldManagerConflict", "field": ".spec.replicas",
                  "message": "conflict with \"kubectl\" with subresource \"scale\" using apps/v1 at 2026-01-01T00:00:00Z" },
                { "reason": "FieldManagerConflict", "field": ".spec.replicas",
                  "message": "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1" },
                { "reason": "FieldManagerConflict", "field": ".spec.paused", "message": "conflict with \"other\"" },
            ]),
        );

        let kept: Vec<bool> = conflicts(&refusal).iter().map(Conflict::is_kept).collect();

        assert_eq!(kept, [false, true, true]);
    }

    #[test]
    fn an_immutable_field_is_found_by_its_attribute() {
        let kind = tables().kind("kubernetes_deployment_v1").expect("it is there");
        let refusal = refusal(
            422,
            json!([{ "reason": "FieldValueInvalid", "field": "spec.selector", "message": "field is immutable" }]),
        );

        let found = immutable(kind, &refusal);

        assert_eq!(found[0].to_string(), "spec[0].selector[0]");
    }
}
