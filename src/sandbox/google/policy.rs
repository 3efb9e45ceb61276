//! IAM policies of any resource: one form, one etag rule.
//!
//! A policy is kept in the hidden part under `policy:` and the resource's key. A write with an etag that is not the
//! present one is refused: 412 by storage, 409 by the others. Members that are service accounts of a project
//! must exist, and a deleted account's bindings show `deleted:…?uid=…`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Store, hash};

use super::refusal::{Refusal, Style};

fn key(resource: &str) -> String {
    format!("policy:{resource}")
}

/// Sets a resource's first policy.
pub fn put(store: &mut Store, resource: &str, bindings: Json) {
    let etag = store.etag();
    let policy = json!({"version": 1, "etag": etag, "bindings": bindings, "default": bindings});
    store.hidden.insert(key(resource), policy);
}

const DENIED: &str = "denied permissions";

/// Sets which permissions callers do not have: names, or beginnings of names that end with `*`.
pub fn deny(store: &mut Store, names: Json) {
    store.hidden.insert(DENIED.to_string(), names);
    store.dirty = true;
}

/// Says whether callers do not have a permission.
pub fn is_denied(store: &Store, name: &str) -> bool {
    let denied = store.hidden.get(DENIED).and_then(Json::as_array);
    let mut denied = denied.into_iter().flatten().filter_map(Json::as_str);
    denied.any(|denied| match denied.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == denied,
    })
}

/// Answers a question for permissions: those of the asked that callers have, which is all that are not denied.
pub fn tested(store: &Store, asked: &Json) -> Json {
    let names = asked.as_array().into_iter().flatten().filter_map(Json::as_str);
    let granted: Vec<&str> = names.filter(|name| !is_denied(store, name)).collect();
    if granted.is_empty() { json!({}) } else { json!({ "permissions": granted }) }
}

/// Forgets a resource's policy.
pub fn remove(store: &mut Store, resource: &str) {
    store.hidden.remove(&key(resource));
}

/// Gives a resource's policy as a version shows it: below 3 conditions are not shown.
pub fn read(store: &Store, resource: &str, version: u64) -> Json {
    let Some(kept) = store.hidden.get(&key(resource)) else {
        return json!({"version": 1, "etag": "ACAB"});
    };
    let mut policy = json!({"version": kept["version"], "etag": kept["etag"]});
    let mut bindings = kept["bindings"].as_array().cloned().unwrap_or_default();
    if version < 3 {
        policy["version"] = json!(1);
        for binding in &mut bindings {
            let Some(condition) =
                binding.as_object_mut().and_then(|binding| binding.remove("condition"))
            else {
                continue;
            };
            let role = binding["role"].as_str().unwrap_or_default();
            binding["role"] =
                json!(format!("{role}_withcond_{:020x}", hash(&condition.to_string())));
        }
    }
    if !bindings.is_empty() {
        policy["bindings"] = json!(bindings);
    }
    policy
}

/// Writes a resource's policy and gives it.
///
/// # Errors
/// The etag is not the present one, a role or member is wrong, or a condition came with a version below 3.
pub fn write(
    store: &mut Store,
    resource: &str,
    given: &Json,
    style: Style,
) -> Result<Json, Refusal> {
    let kept = store.hidden.get(&key(resource)).cloned().unwrap_or_else(|| json!({"etag": "ACAB"}));
    let etag = given["etag"].as_str().unwrap_or_default();
    if !etag.is_empty() && given["etag"] != kept["etag"] {
        return Err(match style {
            Style::Errors => {
                Refusal::condition("At least one of the pre-conditions you specified did not hold.")
            }
            _ => Refusal::aborted(
                "There were concurrent policy changes. Please retry the whole read-modify-write with exponential \
                 backoff.",
            ),
        });
    }
    let mut bindings: BTreeMap<(String, String), (Json, BTreeSet<String>)> = BTreeMap::new();
    for binding in given["bindings"].as_array().into_iter().flatten() {
        let role = binding["role"].as_str().unwrap_or_default();
        check_role(role)?;
        let condition = binding["condition"].clone();
        if condition.is_object() && given["version"].as_u64() != Some(3) {
            return Err(Refusal::invalid("Policies with conditions must set policy version to 3."));
        }
        let members = binding["members"].as_array().into_iter().flatten();
        for member in members.filter_map(Json::as_str) {
            check_member(store, member)?;
            let place = (role.to_owned(), condition.to_string());
            bindings
                .entry(place)
                .or_insert_with(|| (condition.clone(), BTreeSet::new()))
                .1
                .insert(member.to_owned());
        }
    }
    let conditional = bindings.values().any(|(condition, _)| condition.is_object());
    let bindings: Vec<Json> = bindings
        .into_iter()
        .map(|((role, _), (condition, members))| {
            let mut binding = json!({"role": role, "members": members});
            if condition.is_object() {
                binding["condition"] = condition;
            }
            binding
        })
        .collect();
    let version = if conditional || given["version"].as_u64() == Some(3) { 3 } else { 1 };
    let mut policy = json!({
        "version": version, "etag": store.etag(), "bindings": bindings, "default": kept["default"],
    });
    if given["auditConfigs"].is_array() {
        policy["auditConfigs"] = given["auditConfigs"].clone();
    }
    store.hidden.insert(key(resource), policy);
    store.dirty = true;
    Ok(read(store, resource, 3))
}

/// Says whether one of some roles is bound to a member on a resource.
pub fn grants(store: &Store, resource: &str, roles: &[&str], member: &str) -> bool {
    let Some(kept) = store.hidden.get(&key(resource)) else { return false };
    kept["bindings"].as_array().into_iter().flatten().any(|binding| {
        roles.iter().any(|role| binding["role"] == *role)
            && binding["members"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|held| held == member || held == "allUsers")
    })
}

/// Gives what was bound beyond a resource's first policy: resource, role, member.
pub fn beyond_default(store: &Store) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    for (key, kept) in store.hidden.iter() {
        let Some(resource) = key.strip_prefix("policy:") else { continue };
        for binding in kept["bindings"].as_array().into_iter().flatten() {
            for member in binding["members"].as_array().into_iter().flatten() {
                let first = kept["default"].as_array().into_iter().flatten().any(|default| {
                    default["role"] == binding["role"]
                        && default["members"]
                            .as_array()
                            .is_some_and(|members| members.contains(member))
                });
                if !first {
                    let role = binding["role"].as_str().unwrap_or_default().to_owned();
                    out.push((
                        resource.to_owned(),
                        role,
                        member.as_str().unwrap_or_default().to_owned(),
                    ));
                }
            }
        }
    }
    out
}

/// Rewrites all bindings of a service account that is gone.
pub fn account_deleted(store: &mut Store, email: &str, unique_id: &str) {
    let (member, gone) = (
        format!("serviceAccount:{email}"),
        format!("deleted:serviceAccount:{email}?uid={unique_id}"),
    );
    for (_, kept) in store.hidden.iter_mut().filter(|(key, _)| key.starts_with("policy:")) {
        for binding in kept["bindings"].as_array_mut().into_iter().flatten() {
            for held in binding["members"].as_array_mut().into_iter().flatten() {
                if *held == member.as_str() {
                    *held = json!(gone);
                }
            }
        }
    }
}

fn check_role(role: &str) -> Result<(), Refusal> {
    let custom = role.starts_with("projects/") || role.starts_with("organizations/");
    if role.starts_with("roles/") || (custom && role.contains("/roles/")) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Role {role} is not supported for this resource.")))
}

fn check_member(store: &Store, member: &str) -> Result<(), Refusal> {
    if member == "allUsers" || member == "allAuthenticatedUsers" || member.starts_with("principal")
    {
        return Ok(());
    }
    let kinds = [
        "user",
        "serviceAccount",
        "group",
        "domain",
        "projectOwner",
        "projectEditor",
        "projectViewer",
        "deleted",
    ];
    match member.split_once(':') {
        Some(("serviceAccount", email))
            if !account_exists(store, email) && !is_foreign(store, email) =>
        {
            Err(Refusal::invalid(format!("Service account {email} does not exist.")))
        }
        Some((kind, name)) if kinds.contains(&kind) && !name.is_empty() => Ok(()),
        _ => Err(Refusal::invalid(format!(
            "The member {member} is of an unknown type. Please set the correct type."
        ))),
    }
}

/// Says whether an account is of a project that nobody uses here: which accounts that has is not known.
fn is_foreign(store: &Store, email: &str) -> bool {
    let domain = email.split_once('@').map(|(_, domain)| domain);
    let project = domain.and_then(|domain| domain.strip_suffix(".iam.gserviceaccount.com"));
    project.is_some_and(|project| {
        store.below(&format!("serviceusage/projects/{project}/")).next().is_none()
    })
}

/// Says whether a service account exists; Google's own (service agents, defaults) always do.
pub fn account_exists(store: &Store, email: &str) -> bool {
    let Some((_, domain)) = email.split_once('@') else { return false };
    let Some(project) = domain.strip_suffix(".iam.gserviceaccount.com") else {
        // Workload identity pools and Google's service agents.
        return domain.ends_with("gserviceaccount.com") || email.contains(".svc.id.goog");
    };
    project.starts_with("gcp-sa-")
        || email.starts_with("service-")
        || store.find(&format!("iam/projects/{project}/serviceAccounts/{email}")).is_some()
}
