//! Artifact Registry: repositories.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, merge_fields, stamp};

use super::compute::REGIONS;
use super::described::camel;
use super::operation;
use super::policy;
use super::refusal::{Refusal, Style};
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("artifactregistry.projects.locations.get", get_location),
    ("artifactregistry.projects.locations.list", list_locations),
    ("artifactregistry.projects.locations.repositories.create", create),
    ("artifactregistry.projects.locations.repositories.get", get),
    ("artifactregistry.projects.locations.repositories.list", list),
    ("artifactregistry.projects.locations.repositories.patch", patch),
    ("artifactregistry.projects.locations.repositories.delete", delete),
    ("artifactregistry.projects.locations.repositories.getIamPolicy", get_policy),
    ("artifactregistry.projects.locations.repositories.setIamPolicy", set_policy),
    ("artifactregistry.projects.locations.repositories.testIamPermissions", test_permissions),
    ("artifactregistry.projects.locations.operations.get", get_operation),
];

fn location(project: &str, name: &str) -> Json {
    json!({"name": format!("projects/{project}/locations/{name}"), "locationId": name, "displayName": name})
}

fn get_location(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&location(&turn.path[0], &turn.path[1]))
}

fn list_locations(turn: &mut Turn<'_>) -> Answer {
    let project = turn.path[0].clone();
    let items = REGIONS.iter().map(|(region, _, _)| *region).chain(["asia", "europe", "us"]);
    let items = items.map(|name| location(&project, name)).collect();
    turn::list(json!({}), "locations", turn.page(items, "pageSize"))
}

const TYPES: &str = "type.googleapis.com/google.devtools.artifactregistry.v1.";

fn parent(turn: &Turn<'_>) -> String {
    format!("projects/{}/locations/{}", turn.path[0], turn.path[1])
}

fn key(turn: &Turn<'_>) -> String {
    format!("artifactregistry/{}/repositories/{}", parent(turn), turn.path[2])
}

fn find(turn: &Turn<'_>) -> Result<Json, Refusal> {
    turn.store
        .find(&key(turn))
        .cloned()
        .ok_or_else(|| Refusal::not_found("Requested entity was not found."))
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let (parent, id) =
        (parent(turn), turn.parameter("repositoryId").unwrap_or_default().to_owned());
    let lowered = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if id.is_empty()
        || id.len() > 63
        || !lowered
        || !id.starts_with(|c: char| c.is_ascii_lowercase())
    {
        return Err(Refusal::invalid(format!("Invalid repository ID \"{id}\".")));
    }
    let place = format!("artifactregistry/{parent}/repositories/{id}");
    if turn.store.find(&place).is_some() {
        return Err(Refusal::exists("the repository already exists"));
    }
    let mut repository = turn.body.clone();
    let format = repository["format"].as_str().unwrap_or("FORMAT_UNSPECIFIED");
    if format == "FORMAT_UNSPECIFIED" {
        return Err(Refusal::invalid("Repository format must be specified."));
    }
    repository["name"] = json!(format!("{parent}/repositories/{id}"));
    if repository["mode"].as_str().is_none_or(|mode| mode == "MODE_UNSPECIFIED") {
        repository["mode"] = json!("STANDARD_REPOSITORY");
    }
    let virtual_one = repository["mode"] == "VIRTUAL_REPOSITORY";
    repository["satisfiesPzi"] = json!(true);
    let wished = repository["vulnerabilityScanningConfig"].clone();
    repository["vulnerabilityScanningConfig"] = json!({
        "lastEnableTime": stamp(turn.now),
        "enablementState": if virtual_one { "SCANNING_UNSUPPORTED" } else { "SCANNING_DISABLED" },
        "enablementStateReason": if virtual_one {
            "Repository mode VIRTUAL_REPOSITORY is not supported."
        } else {
            "API containerscanning.googleapis.com is not enabled."
        },
    });
    merge_fields(&mut repository["vulnerabilityScanningConfig"], &wished);
    let mut response = repository.clone();
    response["@type"] = json!(format!("{TYPES}Repository"));
    let format = repository["format"].as_str().unwrap_or_default().to_lowercase();
    repository["createTime"] = json!(stamp(turn.now));
    repository["updateTime"] = json!(stamp(turn.now));
    repository["registryUri"] =
        json!(format!("{}-{format}.pkg.dev/{}/{id}", turn.path[1], turn.path[0]));
    begin(turn, &response, vec![Effect::Put(place, repository)])
}

fn begin(turn: &mut Turn<'_>, response: &Json, effects: Vec<Effect>) -> Answer {
    let parent = format!("{}/", parent(turn));
    let answer = operation::standard(
        turn.store,
        turn.now,
        ("artifactregistry", &parent),
        &format!("{TYPES}OperationMetadata"),
        response,
        (Duration::from_secs(10), effects),
    );
    turn::ok(&answer)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = format!("artifactregistry/{}/repositories/", parent(turn));
    let items: Vec<Json> = turn.store.children(&prefix).map(|(_, object)| object.clone()).collect();
    turn::list(json!({}), "repositories", turn.page(items, "pageSize"))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let mut repository = find(turn)?;
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    let given = turn.body.clone();
    let names: Vec<String> = if mask.is_empty() || mask == "*" {
        given.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    } else {
        mask.split(',').map(camel).collect()
    };
    for name in names {
        let name = name.split('.').next().unwrap_or_default();
        if ["name", "registryUri", "satisfiesPzi", "createTime"].contains(&name) {
            continue;
        }
        if ["format", "mode"].contains(&name) {
            if !given[name].is_null() && given[name] != repository[name] {
                return Err(Refusal::invalid(format!("The field {name} cannot be changed.")));
            }
            continue;
        }
        merge_fields(&mut repository, &json!({name: given[name]}));
    }
    repository["updateTime"] = json!(stamp(turn.now));
    turn.store.put(key(turn), repository.clone());
    if let Some(fields) = repository.as_object_mut() {
        fields.remove("registryUri");
    }
    turn::ok(&repository)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    let place = key(turn);
    policy::remove(turn.store, &place);
    begin(
        turn,
        &json!({"@type": "type.googleapis.com/google.protobuf.Empty"}),
        vec![Effect::Remove(place)],
    )
}

fn get_policy(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    let version = turn.number("options.requestedPolicyVersion").unwrap_or(1);
    turn::ok(&policy::read(turn.store, &key(turn), version))
}

fn set_policy(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    let (place, given) = (key(turn), turn.body["policy"].clone());
    turn::ok(&policy::write(turn.store, &place, &given, Style::Status)?)
}

fn test_permissions(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    turn::ok(&policy::tested(turn.store, &turn.body["permissions"]))
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let name = format!("{}/operations/{}", parent(turn), turn.path[2]);
    match turn.store.operations.get(&format!("artifactregistry/{name}")) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found("Requested entity was not found.")),
    }
}
