//! Deletion: preconditions, what happens to dependents, finalizers, grace.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::admit::{add_finalizer, is_done};
use super::failure::{Cause, Failure};
use super::resources::Resource;
use super::store::{Key, Store, is_deleting, items, number, stamp, text, uid};

/// What becomes of an object's dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// How to delete.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What becomes of dependents; by the type where it is not said.
    pub propagation: Option<Propagation>,
    /// Seconds of grace; by the object where it is not said.
    pub grace: Option<i64>,
    /// The uid that must stand there.
    pub uid: Option<String>,
    /// The version that must stand there.
    pub version: Option<String>,
    /// Whether nothing is kept.
    pub dry_run: bool,
}

impl Options {
    /// Reads a `DeleteOptions` body, then the query.
    ///
    /// # Errors
    /// A propagation policy that does not exist.
    pub fn parse(body: &Json, query: &dyn Fn(&str) -> Option<String>) -> Result<Options, Failure> {
        let word = |name: &str| {
            body.get(name).and_then(Json::as_str).map(str::to_owned).or_else(|| query(name))
        };
        let propagation = match word("propagationPolicy").as_deref() {
            None | Some("") => match body.get("orphanDependents").and_then(Json::as_bool) {
                Some(true) => Some(Propagation::Orphan),
                Some(false) => Some(Propagation::Background),
                None => None,
            },
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let known = ["Foreground", "Background", "Orphan", "nil"];
                let cause = Cause::unsupported("propagationPolicy", &json!(other), &known);
                return Err(Failure::options("DeleteOptions", &[cause]));
            }
        };
        let word = word("propagationPolicy").unwrap_or_default();
        if !word.is_empty() && body.get("orphanDependents").is_some_and(Json::is_boolean) {
            let detail = "orphanDependents and deletionPropagation cannot be both set";
            let cause = Cause::invalid("propagationPolicy", &json!(word), detail);
            return Err(Failure::options("DeleteOptions", &[cause]));
        }
        if let Some(other) = items(body, "/dryRun").iter().find(|value| *value != "All") {
            let mut cause = Cause::unsupported("dryRun", other, &["All"]);
            cause.message =
                format!("Unsupported value: []string{{{other}}}: supported values: \"All\"");
            return Err(Failure::options("DeleteOptions", &[cause]));
        }
        let grace = number(body, "/gracePeriodSeconds")
            .or_else(|| query("gracePeriodSeconds").and_then(|text| text.parse().ok()));
        let dry_run = query("dryRun").is_some_and(|value| value == "All")
            || items(body, "/dryRun").iter().any(|value| value == "All");
        Ok(Options {
            propagation,
            grace,
            uid: body.pointer("/preconditions/uid").and_then(Json::as_str).map(str::to_owned),
            version: body
                .pointer("/preconditions/resourceVersion")
                .and_then(Json::as_str)
                .map(str::to_owned),
            dry_run,
        })
    }
}

/// What a deletion gave.
pub enum Deleted {
    /// The object is gone; its uid.
    Gone(String),
    /// The object is gone, and the answer is how it was.
    Was(Json),
    /// It is being deleted and waits for something.
    Waiting(Json),
}

/// Deletes an object, or marks it as being deleted.
///
/// # Errors
/// Not there, or not as the preconditions say.
pub fn delete(
    store: &mut Store,
    resource: &'static Resource,
    key: &Key,
    options: &Options,
) -> Result<Deleted, Failure> {
    let Some(object) = store.get(key).cloned() else {
        return Err(Failure::not_found(resource, &key.name));
    };
    preconditions(resource, key, &object, options)?;
    if matches!(key.name.as_str(), "default" | "kube-system" | "kube-public")
        && resource.kind == "Namespace"
    {
        let text = "this namespace may not be deleted";
        return Err(Failure::forbidden(resource, &key.name, text));
    }
    if options.dry_run {
        return Ok(Deleted::Gone(uid(&object).to_owned()));
    }
    let mut next = object.clone();
    let propagation = options.propagation.unwrap_or(match resource.kind {
        "Job" | "ReplicationController" => Propagation::Orphan,
        _ => Propagation::Background,
    });
    if !is_deleting(&object) {
        match propagation {
            Propagation::Foreground => {
                add_finalizer(&mut next, "foregroundDeletion");
            }
            Propagation::Orphan => add_finalizer(&mut next, "orphan"),
            Propagation::Background => {}
        }
    }
    let grace = grace(resource, &object, options);
    if is_deleting(&object) {
        let left = number(&object, "/metadata/deletionGracePeriodSeconds").unwrap_or(0);
        if grace >= left {
            return Ok(Deleted::Waiting(object));
        }
    }
    let due = store.now + Duration::from_secs(grace.unsigned_abs());
    next["metadata"]["deletionTimestamp"] = json!(stamp(due));
    if resource.kind != "Namespace" {
        next["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    }
    if resource.generation && !is_deleting(&object) {
        let generation = number(&object, "/metadata/generation").unwrap_or(0) + 1;
        next["metadata"]["generation"] = json!(generation);
    }
    if resource.kind == "Namespace" {
        next["status"]["phase"] = json!("Terminating");
    }
    if is_done(resource, &next) {
        let id = uid(&object).to_owned();
        store.remove(key);
        return Ok(match resource.kind {
            "Pod" => Deleted::Was(next),
            kind if ANSWERED_WHOLE.contains(&kind) => Deleted::Was(object),
            _ => Deleted::Gone(id),
        });
    }
    Ok(Deleted::Waiting(store.write(key, next)))
}

/// The kinds of which the answer to a deletion is the object as it was.
const ANSWERED_WHOLE: [&str; 4] = ["Service", "ServiceAccount", "ResourceQuota", "StorageClass"];

/// Gives the objects that name an owner.
pub fn dependents<'s>(
    store: &'s Store,
    owner: &str,
) -> impl Iterator<Item = (&'s Key, &'s Json)> + use<'s> {
    let owner = owner.to_owned();
    let all = store.objects.iter().map(|(key, object)| (key, object.as_ref()));
    all.filter(move |(_, object)| {
        items(object, "/metadata/ownerReferences").iter().any(|one| text(one, "/uid") == owner)
    })
}

fn preconditions(
    resource: &Resource,
    key: &Key,
    object: &Json,
    options: &Options,
) -> Result<(), Failure> {
    let kind = resource.kind;
    let refused = |what: &str, wanted: &str, there: &str, why: &str| {
        Err(Failure::conflict_of(
            resource,
            &key.name,
            &format!(
                "Operation cannot be fulfilled on {kind} \"{}\": the {what} in the precondition \
             ({wanted}) does not match the {what} in record ({there}). The object might have been {why}",
                key.name
            ),
        ))
    };
    let there = uid(object);
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != there) {
        return refused("UID", wanted, there, "deleted and then recreated");
    }
    let there = text(object, "/metadata/resourceVersion");
    if let Some(wanted) = options.version.as_deref().filter(|wanted| *wanted != there) {
        return refused("ResourceVersion", wanted, there, "modified");
    }
    Ok(())
}

fn grace(resource: &Resource, object: &Json, options: &Options) -> i64 {
    if resource.kind != "Pod" {
        return 0;
    }
    let running = !text(object, "/spec/nodeName").is_empty()
        && !matches!(text(object, "/status/phase"), "Succeeded" | "Failed");
    if !running {
        return 0;
    }
    options
        .grace
        .or_else(|| number(object, "/spec/terminationGracePeriodSeconds"))
        .unwrap_or(30)
        .max(0)
}
