//! The older document of the API (`/openapi/v2`): in JSON, and in protobuf for `kubectl`, which asks it what may be sent
//! with an object of a list.
//!
//! Source: the numbers of the fields in the published messages of OpenAPI 2. In protobuf only the paths are told.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::definitions;
use super::resources::Resource;
use crate::http::{Bytes, HeaderValue, Request, Response, StatusCode};

/// What clients ask for has an `@` where this has a dot: there it could not be read as a media type.
const MEDIA: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const PARAMETERS: [&str; 4] = ["dryRun", "fieldManager", "fieldValidation", "force"];

/// Gives the document of all types in the form that is asked for.
pub fn answer(request: &Request, all: &[&'static Resource]) -> Response {
    let accept = request.header("accept").unwrap_or_default();
    if !accept.contains("proto-openapi.spec.v2") {
        return Response::json(StatusCode::OK, &document(all));
    }
    let mut response = Response::empty(StatusCode::OK);
    response.body = crate::http::Body::Whole(Bytes::from(encoded(all)));
    response.headers.insert("content-type", HeaderValue::from_static(MEDIA));
    response
}

fn path(resource: &Resource) -> String {
    let prefix = if resource.group.is_empty() { "/api" } else { "/apis" };
    let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    format!("{prefix}/{}{place}/{}/{{name}}", resource.api_version(), resource.plural)
}

fn document(all: &[&'static Resource]) -> Json {
    let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut paths = serde_json::Map::new();
    for resource in all {
        kinds.entry(resource.api_version()).or_default().push(resource.kind);
        let parameters = PARAMETERS.map(|name| {
            let kind = if name == "force" { "boolean" } else { "string" };
            json!({"name": name, "in": "query", "type": kind, "uniqueItems": true})
        });
        let verb = |action: &str| {
            json!({"parameters": parameters, "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": {"group": resource.group,
                    "version": resource.version, "kind": resource.kind},
                "responses": {"200": {"description": "OK"}}})
        };
        paths.insert(path(resource), json!({"patch": verb("patch"), "put": verb("put")}));
    }
    let mut schemas: BTreeMap<&str, Json> = BTreeMap::new();
    for (api_version, kinds) in kinds {
        for (name, definition) in definitions::closure(&api_version, &kinds) {
            schemas.insert(name, super::discovery::open(definition, "#/definitions/"));
        }
    }
    json!({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "emulator"},
        "paths": paths, "definitions": schemas})
}

/// Writes the paths in protobuf.
fn encoded(all: &[&'static Resource]) -> Vec<u8> {
    let info = [part(1, b"Kubernetes"), part(2, b"emulator")].concat();
    let parameters: Vec<u8> = PARAMETERS
        .iter()
        .flat_map(|name| {
            let kind: &[u8] = if *name == "force" { b"boolean" } else { b"string" };
            let query = [part(2, b"query"), part(4, name.as_bytes()), part(6, kind)].concat();
            // In the order of the messages: an item, a parameter, one that is no body, one of the query.
            part(8, &part(1, &part(2, &part(3, &query))))
        })
        .collect();
    let paths: Vec<u8> = all
        .iter()
        .flat_map(|resource| {
            let kind = json!({"group": resource.group, "version": resource.version,
                "kind": resource.kind});
            let kind = part(2, &part(2, kind.to_string().as_bytes()));
            let kind = [part(1, b"x-kubernetes-group-version-kind"), kind].concat();
            let patch = [parameters.clone(), part(13, &kind)].concat();
            let named = [part(1, path(resource).as_bytes()), part(2, &part(8, &patch))].concat();
            part(2, &named)
        })
        .collect();
    [part(1, b"2.0"), part(2, &info), part(8, &paths), part(9, &[])].concat()
}

/// Writes a field that has a length.
fn part(number: u8, content: &[u8]) -> Vec<u8> {
    let mut written = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7f {
        written.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    written.push(u8::try_from(length).unwrap_or(0));
    written.extend(content);
    written
}
