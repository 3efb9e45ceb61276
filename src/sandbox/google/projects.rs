//! Resource Manager: projects and their policies.
//!
//! Any well-formed project id exists; its number follows from it. A number is understood wherever an id
//! is, once the world has seen that id.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Store, project_number};

use super::described::Api;
use super::policy;
use super::refusal::{Refusal, Style};
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("cloudresourcemanager.projects.get", get),
    ("cloudresourcemanager.projects.list", list),
    ("cloudresourcemanager.projects.search", list),
    ("cloudresourcemanager.projects.getIamPolicy", get_policy),
    ("cloudresourcemanager.projects.setIamPolicy", set_policy),
    ("cloudresourcemanager.projects.testIamPermissions", test_permissions),
];

/// Gives a project's key.
pub fn key(project: &str) -> String {
    format!("projects/{project}")
}

/// Notes a project that a request names, and puts its id where the request gave its number.
pub fn name_by_id(store: &mut Store, api: &Api, id: &str, path: &mut [String]) {
    let index = usize::from(api.name == "serviceusage");
    let global = api.name == "storage" && !id.starts_with("storage.projects.");
    let Some(project) = path.get_mut(index).filter(|_| !global) else { return };
    if !project.is_empty() && project.chars().all(|c| c.is_ascii_digit()) {
        let known = store
            .hidden
            .iter()
            .find(|(key, kept)| key.starts_with("project:") && kept["number"] == project.as_str());
        if let Some(id) = known.and_then(|(key, _)| key.strip_prefix("project:")) {
            *project = id.to_owned();
        }
    } else if is_project_id(project) {
        note(store, project);
    }
}

/// Notes that a project exists, with the policy that every project begins with.
pub fn note(store: &mut Store, project: &str) {
    let place = format!("project:{project}");
    if store.hidden.contains_key(&place) {
        return;
    }
    store.hidden.insert(place, json!({"number": project_number(project)}));
    policy::put(
        store,
        &key(project),
        json!([{"role": "roles/owner", "members": ["user:user@example.com"]}]),
    );
}

fn is_project_id(project: &str) -> bool {
    let name = project.rsplit(':').next().unwrap_or(project);
    (4..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
}

fn check(turn: &Turn<'_>) -> Result<String, Refusal> {
    let project = turn.path[0].clone();
    if is_project_id(&project) {
        return Ok(project);
    }
    Err(Refusal::forbidden("The caller does not have permission"))
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let project = check(turn)?;
    turn::ok(&shown(turn, &project))
}

/// Lists the projects that requests have named.
fn list(turn: &mut Turn<'_>) -> Answer {
    let names = turn.store.hidden.keys().filter_map(|key| key.strip_prefix("project:"));
    let items = names.map(|project| shown(turn, project)).collect();
    turn::list(json!({}), "projects", turn.page(items, "pageSize"))
}

fn shown(turn: &Turn<'_>, project: &str) -> Json {
    if turn.request.path().contains("v3/") {
        return json!({
            "name": format!("projects/{}", project_number(project)), "projectId": project, "state": "ACTIVE",
            "displayName": project, "createTime": CREATED, "updateTime": CREATED, "etag": "W/\"0000000000000000\"",
        });
    }
    json!({
        "projectNumber": project_number(project), "projectId": project, "lifecycleState": "ACTIVE", "name": project,
        "createTime": CREATED,
    })
}

const CREATED: &str = "2024-01-01T00:00:00.000Z";

fn get_policy(turn: &mut Turn<'_>) -> Answer {
    let project = check(turn)?;
    let version = turn.body["options"]["requestedPolicyVersion"].as_u64().unwrap_or(1);
    turn::ok(&policy::read(turn.store, &key(&project), version))
}

fn set_policy(turn: &mut Turn<'_>) -> Answer {
    let project = check(turn)?;
    let given = turn.body["policy"].clone();
    let owners = given["bindings"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|binding| binding["role"] == "roles/owner");
    if !owners && !given["bindings"].as_array().is_none_or(Vec::is_empty) {
        return Err(Refusal::invalid(
            "Request contains an invalid argument: a policy must keep an owner.",
        ));
    }
    turn::ok(&policy::write(turn.store, &key(&project), &given, Style::Status)?)
}

fn test_permissions(turn: &mut Turn<'_>) -> Answer {
    check(turn)?;
    turn::ok(&policy::tested(turn.store, &turn.body["permissions"]))
}
