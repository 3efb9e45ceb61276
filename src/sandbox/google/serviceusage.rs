//! Service Usage: which APIs are enabled in a project.
//!
//! A new project has this service and the resource manager. Enabling Kubernetes Engine enables Compute Engine,
//! which it needs; what another enabled service needs is not disabled unless the caller says so.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, project_number};

use super::described::{self, Api};
use super::operation;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("serviceusage.services.get", get),
    ("serviceusage.services.list", list),
    ("serviceusage.services.batchGet", batch_get),
    ("serviceusage.services.enable", enable),
    ("serviceusage.services.batchEnable", batch_enable),
    ("serviceusage.services.disable", disable),
    ("serviceusage.services.generateServiceIdentity", identity),
    ("serviceusage.operations.get", get_operation),
    ("serviceusage.operations.list", list_operations),
];

/// What is enabled from the start.
const ALWAYS: &[&str] = &["serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com"];

/// A service and what it needs.
const NEEDS: &[(&str, &[&str])] =
    &[("container.googleapis.com", &["compute.googleapis.com", "iam.googleapis.com"])];

/// Gives a service's key.
pub fn key(project: &str, service: &str) -> String {
    format!("serviceusage/projects/{project}/services/{service}")
}

/// Gives a service as a list shows it: with its name and title.
fn listed(turn: &Turn<'_>, project: &str, service: &str) -> Json {
    let mut shown = shown(turn, project, service);
    shown["config"] = json!({"name": service});
    if let Some(title) = described::title(service) {
        shown["config"]["title"] = json!(title);
    }
    shown
}

/// Refuses a request to a service that its project has not enabled.
///
/// # Errors
/// `SERVICE_DISABLED`, with the address to enable it at.
pub fn must_be_enabled(turn: &Turn<'_>, api: &Api) -> Result<(), Refusal> {
    if ALWAYS.contains(&api.host.as_str()) || api.name == "iamcredentials" {
        return Ok(());
    }
    let Some(project) = project_of(turn, api) else { return Ok(()) };
    let public = api.name == "compute" && super::images::publishes(&project);
    if public || is_enabled(turn, &project, &api.host) {
        return Ok(());
    }
    Err(Refusal::service_disabled(&api.host, api.title, &project, &project_number(&project)))
}

fn project_of(turn: &Turn<'_>, api: &Api) -> Option<String> {
    if api.name != "storage" || turn.id.starts_with("storage.projects.") {
        let named = |project: &&String| *project != "-" && !project.contains('/');
        return turn.path.first().filter(named).cloned();
    }
    if let Some(project) = turn.parameter("project") {
        return Some(project.to_owned());
    }
    let bucket = turn.path.first()?;
    let hidden = turn.store.hidden.get(&format!("storage/b/{bucket}"))?;
    hidden["project"].as_str().map(str::to_owned)
}

/// Says whether a service is enabled in a project.
pub fn is_enabled(turn: &Turn<'_>, project: &str, service: &str) -> bool {
    ALWAYS.contains(&service) || turn.store.find(&key(project, service)).is_some()
}

fn shown(turn: &Turn<'_>, project: &str, service: &str) -> Json {
    let number = project_number(project);
    let name = format!("projects/{number}/services/{service}");
    if is_enabled(turn, project, service) {
        let parent = format!("projects/{number}");
        return json!({"name": name, "parent": parent, "state": "ENABLED"});
    }
    json!({"name": name, "state": "DISABLED"})
}

fn check(service: &str) -> Result<(), Refusal> {
    let named = service.ends_with(".googleapis.com") || service.contains(".endpoints.");
    let clean = service
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-');
    if named && clean {
        return Ok(());
    }
    let mut refusal =
        Refusal::forbidden(format!("Service '{service}' not found or permission denied."));
    refusal.details.push(json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED",
        "domain": "serviceusage.googleapis.com", "metadata": {"services": service},
    }));
    Err(refusal)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    check(&turn.path[2])?;
    turn::ok(&shown(turn, &turn.path[1], &turn.path[2]))
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[1].clone();
    let mut names: Vec<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
    let prefix = key(&project, "");
    let enabled = turn.store.children(&prefix).map(|(key, _)| key[prefix.len()..].to_owned());
    names.extend(enabled.filter(|name| !ALWAYS.contains(&name.as_str())));
    match turn.parameter("filter") {
        Some("state:ENABLED") => {}
        Some("state:DISABLED") => {
            names = KNOWN
                .iter()
                .map(|name| (*name).to_owned())
                .filter(|name| !names.contains(name))
                .collect();
        }
        Some(other) if !other.is_empty() => {
            return Err(Refusal::invalid(format!("Invalid filter '{other}'.")));
        }
        _ => names.extend(KNOWN.iter().map(|name| (*name).to_owned())),
    }
    names.sort();
    names.dedup();
    let items: Vec<Json> = names.iter().map(|name| listed(turn, &project, name)).collect();
    turn::list(json!({}), "services", turn.page(items, "pageSize"))
}

/// Services that a list without a filter names besides the enabled ones.
const KNOWN: &[&str] = &[
    "artifactregistry.googleapis.com",
    "cloudkms.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "dns.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "secretmanager.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
];

fn batch_get(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[1].clone();
    let names: Vec<String> = turn
        .query
        .iter()
        .filter(|(name, _)| name == "names")
        .map(|(_, value)| value.clone())
        .collect();
    let services: Vec<Json> = names
        .iter()
        .filter_map(|name| name.rsplit('/').next())
        .map(|name| shown(turn, &project, name))
        .collect();
    turn::ok(&json!({"services": services}))
}

fn enable(turn: &mut Turn<'_>) -> Answer {
    let (project, service) = (turn.path[1].clone(), turn.path[2].clone());
    check(&service)?;
    if is_enabled(turn, &project, &service) {
        return turn::ok(&noop(&json!({
            "@type": format!("{TYPES}EnableServiceResponse"), "service": shown(turn, &project, &service),
        })));
    }
    let answer = begin(turn, &project, &[service], "EnableServiceResponse");
    turn::ok(&answer)
}

/// Tells the account by which a service works in the project; where there is none, it is made.
fn identity(turn: &mut Turn<'_>) -> Answer {
    let (project, service) = (turn.path[1].clone(), turn.path[2].clone());
    check(&service)?;
    let name = service.split('.').next().unwrap_or_default();
    let number = project_number(&project);
    let home = match name {
        "container" => "container-engine-robot".to_owned(),
        "compute" => "compute-system".to_owned(),
        name => format!("gcp-sa-{name}"),
    };
    turn::ok(&noop(&json!({
        "@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity",
        "email": format!("service-{number}@{home}.iam.gserviceaccount.com"),
        "uniqueId": format!("1{:020}", crate::sandbox::store::hash(&format!("{number}{name}"))),
    })))
}

const TYPES: &str = "type.googleapis.com/google.api.serviceusage.v1.";

fn noop(response: &Json) -> Json {
    json!({"name": "operations/noop.DONE_OPERATION", "done": true, "response": response})
}

fn batch_enable(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[1].clone();
    let services: Vec<String> = turn.body["serviceIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    if services.is_empty() || services.len() > 20 {
        return Err(Refusal::invalid("A batch enables from 1 to 20 services."));
    }
    for service in &services {
        check(service)?;
    }
    let answer = begin(turn, &project, &services, "BatchEnableServicesResponse");
    turn::ok(&answer)
}

fn begin(turn: &mut Turn<'_>, project: &str, services: &[String], kind: &str) -> Json {
    let number = project_number(project);
    let mut effects = Vec::new();
    let mut all: Vec<String> = services.to_vec();
    for (service, needs) in NEEDS {
        if services.iter().any(|name| name == service) {
            all.extend(needs.iter().map(|need| (*need).to_owned()));
        }
    }
    for service in &all {
        effects.push(Effect::Put(key(project, service), json!({"state": "ENABLED"})));
    }
    let describe = |service: &String| {
        json!({
            "name": format!("projects/{number}/services/{service}"),
            "parent": format!("projects/{number}"),
            "state": "ENABLED",
        })
    };
    let mut response = json!({"@type": format!("{TYPES}{kind}")});
    if kind == "EnableServiceResponse" {
        response["service"] = services.first().map(describe).unwrap_or_default();
    } else {
        response["services"] = services.iter().map(describe).collect();
    }
    let takes = Duration::from_secs(15);
    operation::standard(
        turn.store,
        turn.now,
        ("serviceusage", ""),
        &format!("{TYPES}OperationMetadata"),
        &response,
        (takes, effects),
    )
}

fn disable(turn: &mut Turn<'_>) -> Answer {
    let (project, service) = (turn.path[1].clone(), turn.path[2].clone());
    check(&service)?;
    let response = |turn: &Turn<'_>| {
        json!({
            "@type": format!("{TYPES}DisableServiceResponse"), "service": shown(turn, &project, &service),
        })
    };
    if !is_enabled(turn, &project, &service) || ALWAYS.contains(&service.as_str()) {
        return turn::ok(&noop(&response(turn)));
    }
    let mut gone = vec![service.clone()];
    for (dependent, needs) in NEEDS {
        if needs.contains(&service.as_str()) && is_enabled(turn, &project, dependent) {
            gone.push((*dependent).to_owned());
        }
    }
    if gone.len() > 1 && turn.body["disableDependentServices"] != json!(true) {
        return Err(Refusal::precondition(format!(
            "The service {service} is depended on by the following active service(s): {}; Please specify \
             disable_dependent_services=true if you want to proceed with disabling all services.",
            gone[1..].join(",")
        )));
    }
    let effects = gone.iter().map(|name| Effect::Remove(key(&project, name))).collect();
    let mut response = response(turn);
    response["service"]["state"] = json!("DISABLED");
    let answer = operation::standard(
        turn.store,
        turn.now,
        ("serviceusage", ""),
        &format!("{TYPES}OperationMetadata"),
        &response,
        (Duration::from_secs(15), effects),
    );
    turn::ok(&answer)
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let name = &turn.path[0];
    match turn.store.operations.get(&format!("serviceusage/operations/{name}")) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found(format!("Operation 'operations/{name}' was not found."))),
    }
}

fn list_operations(turn: &mut Turn<'_>) -> Answer {
    let operations =
        turn.store.operations.iter().filter(|(key, _)| key.starts_with("serviceusage/"));
    let items: Vec<Json> = operations.map(|(_, operation)| operation.shown.clone()).collect();
    turn::list(json!({}), "operations", turn.page(items, "pageSize"))
}
