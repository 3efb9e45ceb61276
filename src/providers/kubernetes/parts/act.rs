//! Writing the fields, and giving them back.

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::value::Value;

use super::super::super::{
    ApiError, ApiErrorKind, Failure, Found, Observed, Preview, Proposed, Wanted,
};
use super::super::act::Act;
use super::super::client::{Ask, Cluster, Refusal};
use super::super::conflict::{Conflict, conflicts, secrets};
use super::super::memory::Memory;
use super::super::object::{intent, written};
use super::super::observe::Mode;
use super::super::place::at;
use super::super::tables::Kind;
use super::read::valued;
use super::taints;
use super::target::Target;

/// What an apply of nothing but the object's name gives back: all that the manager has.
fn nothing(target: &Target, live: &Json) -> Json {
    let mut body = json!({ "apiVersion": target.kind.api_version, "kind": target.kind.kind,
        "metadata": { "name": target.name.name, "uid": live["metadata"]["uid"] } });
    if target.kind.namespaced {
        body["metadata"]["namespace"] = json!(target.name.namespace);
    }
    body
}

/// Writes the fields for the first time.
///
/// # Errors
/// That there is no such object, that another manager has a field, or what the cluster answered instead.
pub(in super::super) async fn make(
    act: &Act<'_>,
    planned: &Value,
    config: &Value,
) -> Result<Observed, Failure> {
    let target = Target::of(act.cluster, act.kind, planned).await?;
    let live = present(act.cluster, &target).await?;
    let live = told(act, &target, write(act.cluster, &target, config, None, live, false)).await?;
    Ok(observed(act.kind, &target, planned, config, &live))
}

/// Changes the fields; what a manager of another name had is given back.
///
/// # Errors
/// As when they are made.
pub(in super::super) async fn update(
    act: &Act<'_>,
    prior: &Value,
    planned: &Value,
    config: &Value,
) -> Result<Observed, Failure> {
    let target = Target::of(act.cluster, act.kind, planned).await?;
    let live = present(act.cluster, &target).await?;
    let writing = write(act.cluster, &target, config, Some(prior), live, false);
    let mut live = told(act, &target, writing).await?;
    let former = Target::of(act.cluster, act.kind, prior).await?;
    if former.manager != target.manager && !taints::are(&target) {
        let body = nothing(&former, &live);
        live = told(act, &former, send(act.cluster, &former, &body, true, false)).await?;
    }
    Ok(observed(act.kind, &target, planned, config, &live))
}

/// Gives the fields back; the object stays.
///
/// # Errors
/// What the cluster answered instead.
pub(in super::super) async fn unmake(act: &Act<'_>, prior: &Value) -> Result<(), ApiError> {
    let target = match Target::of(act.cluster, act.kind, prior).await {
        Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let Some(live) = target.live(act.cluster).await? else { return Ok(()) };
    let outcome = match taints::are(&target) {
        true => told(act, &target, taints::clear(act.cluster, &target, prior, live)).await,
        false => {
            let body = nothing(&target, &live);
            told(act, &target, send(act.cluster, &target, &body, true, false)).await
        }
    };
    outcome.map(|_| ())
}

/// Tries the change out.
pub(in super::super) async fn preview(
    cluster: &Cluster,
    kind: &Kind,
    proposed: &Proposed,
) -> Preview {
    let unverified = |why: String| Preview::Unverified(Some(why));
    let target = match Target::of(cluster, kind, &proposed.planned).await {
        Ok(target) => target,
        Err(error) => return unverified(error.detail),
    };
    let live = match target.live(cluster).await {
        Ok(Some(live)) => live,
        Ok(None) => return unverified(format!("{} does not exist yet", target.title())),
        Err(error) if error.kind == ApiErrorKind::Unreachable => {
            return unverified("the cluster cannot be reached".into());
        }
        Err(error) => return unverified(error.detail),
    };
    let (config, prior) = (&proposed.config, proposed.prior.as_ref());
    match write(cluster, &target, config, prior, live, true).await {
        Ok(_) => {
            let after = proposed.planned.clone();
            Preview::Sharper { after, replaces: Vec::new(), unchecked: None, notes: Vec::new() }
        }
        Err(error) => match error.kind {
            ApiErrorKind::Unreachable => unverified("the cluster cannot be reached".into()),
            ApiErrorKind::Denied => unverified("the account may not try the change out".into()),
            _ => Preview::Refused(error),
        },
    }
}

/// Looks for what an action that was broken off has written.
///
/// # Errors
/// What the cluster answered instead.
pub(in super::super) async fn left(
    cluster: &Cluster,
    kind: &Kind,
    wanted: &Wanted,
) -> Result<Found, ApiError> {
    let planned = wanted.value.without_marks();
    let target = match Target::of(cluster, kind, &planned).await {
        Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(Found::default()),
        other => other?,
    };
    let Some(live) = target.live(cluster).await? else { return Ok(Found::default()) };
    let value = valued(kind, &target, &planned, &live, Mode::Refresh(None));
    let complete = planned.is_within(&value);
    let ours = live["metadata"]["managedFields"]
        .as_array()
        .is_some_and(|entries| entries.iter().any(|one| one["manager"] == target.manager.as_str()));
    if !ours {
        return Ok(Found::default());
    }
    let names = written(&target.kind.nodes, &planned).into_iter().collect();
    let memory = Memory { written: Some(names), ..Memory::default() };
    let object = Some(Observed { value, private: memory.bytes() });
    Ok(Found { object, complete, ours, strays: Vec::new() })
}

fn observed(
    kind: &Kind,
    target: &Target,
    planned: &Value,
    config: &Value,
    live: &Json,
) -> Observed {
    let names = written(&target.kind.nodes, config).into_iter().collect();
    let memory = Memory { written: Some(names), ..Memory::default() };
    let value = valued(kind, target, planned, live, Mode::Complete);
    Observed { value, private: memory.bytes() }
}

/// Gives the object, which must be there.
async fn present(cluster: &Cluster, target: &Target) -> Result<Json, ApiError> {
    let live = target.live(cluster).await?.ok_or_else(|| {
        let detail = format!("There is no {}, whose fields these are.", target.title());
        let error = ApiError::new(ApiErrorKind::NotFound, "The object does not exist", detail);
        error.help("Name it by a reference to the block that makes it, so that it is made first.")
    })?;
    if let Some((list, name)) = target.container()
        && at(&live, &format!("{list}[{name}]")).is_none()
    {
        let detail = format!("{} has no container \"{name}\" in `{list}`.", target.title());
        return Err(ApiError::new(ApiErrorKind::Invalid, "Unknown container", detail));
    }
    Ok(live)
}

/// Tells the journal of a write.
async fn told(
    act: &Act<'_>,
    target: &Target,
    write: impl Future<Output = Result<Json, ApiError>>,
) -> Result<Json, ApiError> {
    let identity = json!({ "apiVersion": target.kind.api_version, "kind": target.kind.kind,
        "namespace": target.name.namespace, "name": target.name.name, "manager": target.manager });
    let call = act.desk.intent(&format!("PATCH {}", target.path()), identity).await?;
    let outcome = write.await;
    let said = outcome.as_ref().map_or_else(|error| error.summary.as_str(), |_| "applied");
    act.desk.answer(call, said).await;
    outcome
}

async fn write(
    cluster: &Cluster,
    target: &Target,
    config: &Value,
    prior: Option<&Value>,
    live: Json,
    dry_run: bool,
) -> Result<Json, ApiError> {
    if taints::are(target) {
        return taints::write(cluster, target, config, prior, live, dry_run).await;
    }
    let mut body = intent(&target.kind, config, Some(&target.name));
    // Without it an object that has just been removed would be made anew.
    body["metadata"]["uid"] = live["metadata"]["uid"].clone();
    let sent = sent(cluster, target, &body, target.force, dry_run).await;
    sent.map_err(|refusal| explained(target, refusal, &body, &live, &secrets(config)))
}

async fn send(
    cluster: &Cluster,
    target: &Target,
    body: &Json,
    force: bool,
    dry_run: bool,
) -> Result<Json, ApiError> {
    Ok(sent(cluster, target, body, force, dry_run).await?)
}

async fn sent(
    cluster: &Cluster,
    target: &Target,
    body: &Json,
    force: bool,
    dry_run: bool,
) -> Result<Json, Refusal> {
    let manager: String = url::form_urlencoded::byte_serialize(target.manager.as_bytes()).collect();
    let dry = if dry_run { "&dryRun=All" } else { "" };
    let path = format!(
        "{}?fieldManager={manager}&fieldValidation=Strict&force={force}{dry}",
        target.path()
    );
    let body = Some(("application/apply-patch+yaml", body.to_string()));
    let ask = Ask { method: Method::PATCH, path: &path, body, attempts: 6 };
    cluster.send(ask).await
}

fn explained(
    target: &Target,
    refusal: Refusal,
    body: &Json,
    live: &Json,
    secrets: &[String],
) -> ApiError {
    let found = conflicts(&refusal);
    if found.is_empty() {
        return refusal.error;
    }
    let fields = found.iter().map(|one| format!("`{}` by \"{}\"", one.field, one.manager));
    let fields = fields.collect::<Vec<_>>().join(", ");
    let values = |one: &Conflict| one.values(&target.kind, body, Some(live), secrets);
    let values: String = found.iter().map(values).collect();
    let mut error = refused(target, &format!("owned {fields}"));
    error.detail += &values;
    error
}

/// Gives the error of fields that are another manager's.
pub(super) fn refused(target: &Target, what: &str) -> ApiError {
    let detail = format!("Of {} there are fields with other values: {what}.", target.title());
    ApiError::new(ApiErrorKind::Conflict, "Another manager owns a field", detail)
        .help("Take the field out of the configuration, so that the other manager keeps it.")
        .help("Or set `force = true`: then it is taken from the other manager.")
}
