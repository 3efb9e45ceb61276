//! Custom resources in several versions: stored in one, read and written in each that is served.
//!
//! With the strategy `None` versions differ by name, and by what their schemas have: what the other does not know is
//! taken out. With `Webhook` somebody else converts, where he can be called (see `callout`). Defaults are not filled in
//! anew. All of it as a real API server did it (`tests/server/cases/versions.yaml`).

use serde_json::{Value as Json, json};

use super::callout::{self, Callee};
use super::custom;
use super::definitions::Findings;
use super::failure::Failure;
use super::hooks;
use super::resources::Resource;
use super::store::{Store, digest, items, mix, text};
use super::versions;

/// Gives a stored object in the version of a type.
///
/// # Errors
/// The refusal where a webhook should convert it and does not.
pub fn outward(store: &Store, resource: &Resource, object: &Json) -> Result<Json, Failure> {
    if !resource.custom {
        return Ok(versions::outward(resource, object));
    }
    into(store, resource, object, resource.version)
}

/// Gives an object in the version in which its type is stored.
///
/// # Errors
/// The refusal where a webhook should convert it and does not.
pub fn inward(store: &Store, resource: &Resource, object: &Json) -> Result<Json, Failure> {
    if !resource.custom {
        return Ok(versions::inward(object));
    }
    let Some(definition) = custom::definition(store, resource) else { return Ok(object.clone()) };
    let stored = items(definition, "/spec/versions").iter().find(|one| one["storage"] == true);
    let version = stored.map_or(resource.version, |one| text(one, "/name"));
    into(store, resource, object, version)
}

fn into(store: &Store, resource: &Resource, object: &Json, version: &str) -> Result<Json, Failure> {
    let wanted = format!("{}/{version}", resource.group);
    if object["apiVersion"] == wanted.as_str() {
        return Ok(object.clone());
    }
    let Some(definition) = custom::definition(store, resource) else { return Ok(object.clone()) };
    let conversion = &definition["spec"]["conversion"];
    let mut converted = match text(conversion, "/strategy") {
        "Webhook" => asked(store, &conversion["webhook"], object, &wanted)
            .map_err(|fault| failed(object, &fault))?,
        _ => None,
    }
    .unwrap_or_else(|| object.clone());
    converted["apiVersion"] = json!(wanted);
    let versions = items(definition, "/spec/versions").iter();
    let named = |one: &&Json| text(one, "/name") == version;
    let schema = versions.clone().find(named).map(|one| &one["schema"]["openAPIV3Schema"]);
    if let Some(schema) = schema.filter(|schema| schema.is_object()) {
        custom::conform(&mut converted, schema, &mut Findings::default());
    }
    Ok(converted)
}

fn failed(object: &Json, fault: &str) -> Failure {
    let (version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    let told = format!("conversion webhook for {version}, Kind={kind} failed: {fault}");
    let mut failure = Failure::internal(told);
    failure.reason = "";
    failure
}

/// Asks a webhook to convert an object; `None` where nobody is asked, and versions differ by name.
fn asked(
    store: &Store,
    webhook: &Json,
    object: &Json,
    wanted: &str,
) -> Result<Option<Json>, String> {
    const SECONDS: i64 = 30;
    let client = &webhook["clientConfig"];
    let hook = json!({"clientConfig": client, "timeoutSeconds": SECONDS});
    if let Some(fault) = hooks::unreachable(store, &hook) {
        return Err(fault);
    }
    let url = text(client, "/url").to_owned();
    if !callout::is_near(&url) {
        return Ok(None);
    }
    let bundle = text(client, "/caBundle").to_owned();
    let mark = digest(&format!("{wanted}{object}"));
    let bytes = (u128::from(mark) << 64 | u128::from(mix(mark))).to_be_bytes();
    let uid = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
    let review = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
        "request": {"uid": uid, "desiredAPIVersion": wanted, "objects": [object]}});
    let mut answer = callout::review(&Callee { url, bundle, seconds: SECONDS }, &review)?;
    let response = &mut answer["response"];
    if response["uid"] != uid.as_str() {
        return Err(format!("expected response.uid={uid:?}, got {:?}", text(response, "/uid")));
    }
    if response["result"]["status"] != "Success" {
        return Err(text(response, "/result/message").to_owned());
    }
    let mut found = items(response, "/convertedObjects").iter();
    match (found.next(), found.next()) {
        (Some(converted), None) if converted["apiVersion"] == wanted => {
            // Its identity is not the webhook's to change.
            let mut converted = converted.clone();
            let labels = ["labels", "annotations"].map(|name| converted["metadata"][name].clone());
            converted["metadata"] = object["metadata"].clone();
            for (name, value) in ["labels", "annotations"].into_iter().zip(labels) {
                match value {
                    Json::Null => super::admit::remove(&mut converted["metadata"], name),
                    value => converted["metadata"][name] = value,
                }
            }
            Ok(Some(converted))
        }
        _ => Err(format!(
            "returned {} objects, expected 1",
            items(response, "/convertedObjects").len()
        )),
    }
}
