//! App Engine: the one application of a project. There is no call that removes it.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, merge_fields, stamp};

use super::described::camel;
use super::operation;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("appengine.apps.create", create),
    ("appengine.apps.get", get),
    ("appengine.apps.patch", patch),
    ("appengine.apps.operations.get", get_operation),
];

fn key(project: &str) -> String {
    format!("appengine/apps/{project}")
}

fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let place = key(&turn.path[0]);
    let found = turn.store.find(&place).cloned();
    found.map(|app| (place, app)).ok_or_else(|| {
        Refusal::not_found(format!("Could not find Application \"{}\".", turn.path[0]))
    })
}

fn begin(turn: &mut Turn<'_>, method: &str, project: &str, app: &Json) -> Answer {
    let name = format!("apps/{project}/operations/{}", turn.store.letters(24));
    let metadata = json!({
        "@type": "type.googleapis.com/google.appengine.v1.OperationMetadataV1", "insertTime": stamp(turn.now),
        "method": format!("google.appengine.v1.Applications.{method}"), "target": format!("apps/{project}"),
        "user": "user@example.com",
    });
    let mut response = app.clone();
    response["@type"] = json!("type.googleapis.com/google.appengine.v1.Application");
    let effects = vec![Effect::Put(key(project), app.clone())];
    let answer = operation::told(
        turn.store,
        turn.now,
        ("appengine", name, &key(project)),
        (metadata, response),
        (Duration::from_secs(20), effects),
    );
    turn::ok(&answer)
}

/// An application says the secret of its proxy only as a sum.
fn without_secret(app: &mut Json) {
    if let Some(proxy) = app["iap"].as_object_mut()
        && let Some(secret) = proxy.remove("oauth2ClientSecret")
    {
        let sum = crate::sandbox::store::hash(secret.as_str().unwrap_or_default());
        proxy.insert("oauth2ClientSecretSha256".into(), json!(format!("{sum:016x}")));
    }
}

fn create(turn: &mut Turn<'_>) -> Answer {
    let mut app = turn.body.clone();
    let project = app["id"].as_str().unwrap_or_default().to_owned();
    if project.is_empty() || app["locationId"].as_str().is_none_or(str::is_empty) {
        return Err(Refusal::invalid("An application needs its project's id and a location."));
    }
    if turn.store.find(&key(&project)).is_some() || turn.store.holder(&key(&project)).is_some() {
        return Err(Refusal::exists("This application already exists and cannot be re-created."));
    }
    let defaults = json!({
        "name": format!("apps/{project}"), "authDomain": "gmail.com", "servingStatus": "SERVING",
        "codeBucket": format!("staging.{project}.appspot.com"), "defaultBucket": format!("{project}.appspot.com"),
        "defaultHostname": format!("{project}.appspot.com"), "gcrDomain": "us.gcr.io",
        "serviceAccount": format!("{project}@appspot.gserviceaccount.com"), "databaseType": "CLOUD_DATASTORE_COMPATIBILITY",
        "featureSettings": {"splitHealthChecks": true, "useContainerOptimizedOs": true}, "sslPolicy": "DEFAULT",
    });
    for (field, value) in defaults.as_object().into_iter().flatten() {
        let open = app[field].as_str().is_some_and(|text| text.ends_with("UNSPECIFIED"));
        if app[field].is_null() || open {
            app[field] = value.clone();
        }
    }
    without_secret(&mut app);
    begin(turn, "CreateApplication", &project, &app)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, mut app) = find(turn)?;
    if turn.store.holder(&place).is_some() {
        return Err(Refusal::aborted(
            "Cannot operate on apps: an operation is already in progress.",
        ));
    }
    let mask = turn.parameter("updateMask").unwrap_or_default().to_owned();
    const CHANGEABLE: [&str; 6] =
        ["authDomain", "databaseType", "servingStatus", "featureSettings", "iap", "sslPolicy"];
    for field in mask.split(',').filter(|it| !it.is_empty()) {
        let field = camel(field.split('.').next().unwrap_or_default());
        if !CHANGEABLE.contains(&field.as_str()) {
            return Err(Refusal::invalid(format!("The field {field} cannot be updated.")));
        }
        merge_fields(&mut app, &json!({ field.as_str(): turn.body[&field] }));
    }
    without_secret(&mut app);
    let project = turn.path[0].clone();
    begin(turn, "UpdateApplication", &project, &app)
}

fn get_operation(turn: &mut Turn<'_>) -> Answer {
    let name = format!("apps/{}/operations/{}", turn.path[0], turn.path[1]);
    match turn.store.operations.get(&format!("appengine/{name}")) {
        Some(operation) => turn::ok(&operation.shown),
        None => Err(Refusal::not_found("The operation does not exist.")),
    }
}
