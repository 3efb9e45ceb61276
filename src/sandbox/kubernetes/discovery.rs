//! What the server says of itself: versions, groups, types, definitions, health.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::Inner;
use super::custom;
use super::definitions;
use super::openapi2;
use super::resources::{RESOURCES, Resource};
use super::store::{Store, digest};
use crate::http::{HeaderValue, Method, Request, Response, StatusCode};

/// Versions of a group, the preferred one first.
const PREFERRED: &[(&str, &[&str])] = &[("networking.gke.io", &["v1", "v1beta1"])];

/// Where the definitions stand in a document.
const SCHEMAS: &str = "#/components/schemas/";

/// Answers requests that are not about a type; `None` where the path is another's.
pub fn answer(inner: &Inner, request: &Request, parts: &[&str]) -> Option<Response> {
    if request.method != Method::GET && request.method != Method::HEAD {
        return None;
    }
    if !matches!(parts.first(), Some(&("version" | "api" | "apis" | "openapi")) | None) {
        return match parts {
            ["healthz" | "livez" | "readyz"]
            | ["healthz" | "livez" | "readyz", "ping" | "log" | "etcd"] => {
                Some(Response::text(StatusCode::OK, "ok"))
            }
            ["healthz" | "livez" | "readyz", ..] => Some(no_such_page()),
            _ => None,
        };
    }
    let all = all(&mut inner.locked());
    let answer = match parts {
        ["version"] => version(&inner.version()),
        ["api"] => return Some(root(request, &all, true)),
        ["apis"] => return Some(root(request, &all, false)),
        ["api", "v1"] => resource_list(&all, "", "v1"),
        ["apis", group] => match group_entry(&all, group) {
            Some(mut entry) => {
                entry["kind"] = json!("APIGroup");
                entry["apiVersion"] = json!("v1");
                entry
            }
            None => return Some(no_such_page()),
        },
        ["apis", group, version] if versions(&all, group).contains(version) => {
            resource_list(&all, group, version)
        }
        ["openapi", "v2"] => return Some(openapi2::answer(request, &all)),
        ["openapi", "v3"] => openapi_index(&all),
        ["openapi", "v3", "api", "v1"] => openapi(inner, &all, "", "v1"),
        ["openapi", "v3", "apis", group, version] => {
            if !versions(&all, group).contains(version) {
                return Some(Response::empty(StatusCode::NOT_FOUND));
            }
            openapi(inner, &all, group, version)
        }
        [] => {
            json!({"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3",
            "/readyz", "/version"]})
        }
        _ => return None,
    };
    Some(Response::json(StatusCode::OK, &answer))
}

fn no_such_page() -> Response {
    Response::text(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// Says the version, with a mark that this is no real server.
fn version(version: &str) -> Json {
    let mut parts = version.trim_start_matches('v').split('.');
    let major = parts.next().unwrap_or("1");
    let minor = parts.next().unwrap_or("33");
    json!({"major": major, "minor": minor, "emulationMajor": major, "emulationMinor": minor,
        "gitVersion": format!("v{}+emulator", version.trim_start_matches('v')),
        "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "compiler": "none",
        "platform": "linux/amd64"})
}

/// Gives all types: the table's, and those that the cluster's definitions make.
fn all(store: &mut Store) -> All {
    RESOURCES.iter().chain(custom::served(store)).collect()
}

type All = Vec<&'static Resource>;

fn groups(all: &All) -> Vec<&'static str> {
    let mut groups: Vec<&str> = Vec::new();
    for resource in all {
        if !resource.group.is_empty() && !groups.contains(&resource.group) {
            groups.push(resource.group);
        }
    }
    groups.push("authentication.k8s.io");
    groups.push("authorization.k8s.io");
    groups
}

fn versions(all: &All, group: &str) -> Vec<&'static str> {
    if let Some((_, versions)) = PREFERRED.iter().find(|(known, _)| *known == group) {
        return versions.to_vec();
    }
    if matches!(group, "authentication.k8s.io" | "authorization.k8s.io") {
        return vec!["v1"];
    }
    let mut versions = Vec::new();
    for resource in all.iter().filter(|resource| resource.group == group) {
        if !versions.contains(&resource.version) {
            versions.push(resource.version);
        }
    }
    versions
}

fn group_entry(all: &All, group: &str) -> Option<Json> {
    let versions = versions(all, group);
    let first = versions.first()?;
    let rows: Vec<Json> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    Some(json!({"name": group, "versions": rows,
        "preferredVersion": {"groupVersion": format!("{group}/{first}"), "version": first}}))
}

fn root(request: &Request, all: &All, core: bool) -> Response {
    let accept = request.header("accept").unwrap_or_default();
    let aggregated = accept
        .split(',')
        .map(str::trim)
        .find(|entry| entry.contains("as=APIGroupDiscoveryList") || *entry == "application/json")
        .filter(|entry| entry.contains("as=APIGroupDiscoveryList"));
    let Some(entry) = aggregated else {
        return Response::json(StatusCode::OK, &legacy_root(all, core));
    };
    let version = if entry.contains("v=v2beta1") { "v2beta1" } else { "v2" };
    let groups = if core { vec![""] } else { groups(all) };
    let items: Vec<Json> = groups.into_iter().map(|group| aggregated_group(all, group)).collect();
    let body = json!({"kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"), "metadata": {}, "items": items});
    let mut response = Response::json(StatusCode::OK, &body);
    let media =
        format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    if let Ok(value) = HeaderValue::from_str(&media) {
        response.headers.insert("content-type", value);
    }
    response.headers.insert("vary", HeaderValue::from_static("Accept"));
    response
}

fn legacy_root(all: &All, core: bool) -> Json {
    if core {
        return json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs":
            [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}]});
    }
    let rows: Vec<Json> =
        groups(all).into_iter().filter_map(|group| group_entry(all, group)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": rows})
}

const VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Types that can only be made: reviews.
const REVIEWS: &[(&str, &str, &str)] = &[
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ("authentication.k8s.io", "tokenreviews", "TokenReview"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"),
];

fn verbs(resource: &Resource) -> Json {
    match resource.kind {
        "Binding" => json!(["create"]),
        _ if resource.custom => json!([
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "create",
            "update",
            "watch"
        ]),
        _ => json!(VERBS),
    }
}

fn categories(resource: &Resource) -> Vec<&'static str> {
    let all = ["pods", "services", "daemonsets", "deployments", "replicasets", "statefulsets"];
    let more = ["replicationcontrollers", "horizontalpodautoscalers", "cronjobs", "jobs"];
    let mut found = Vec::new();
    if all.contains(&resource.plural) || more.contains(&resource.plural) {
        found.push("all");
    }
    if resource.plural.ends_with("webhookconfigurations")
        || matches!(resource.plural, "customresourcedefinitions" | "apiservices")
    {
        found.push("api-extensions");
    }
    found
}

/// Gives kind and verbs of a subresource.
fn subresource(resource: &Resource, name: &str) -> (String, String, String, Json) {
    let own = (resource.group.to_owned(), resource.version.to_owned(), resource.kind.to_owned());
    let given = |group: &str, version: &str, kind: &str, verbs: Json| {
        (group.to_owned(), version.to_owned(), kind.to_owned(), verbs)
    };
    match name {
        "scale" => given("autoscaling", "v1", "Scale", json!(["get", "patch", "update"])),
        "eviction" => given("policy", "v1", "Eviction", json!(["create"])),
        "token" => given("authentication.k8s.io", "v1", "TokenRequest", json!(["create"])),
        "binding" => given("", "v1", "Binding", json!(["create"])),
        "log" => (own.0, own.1, own.2, json!(["get"])),
        "exec" => given("", "v1", "PodExecOptions", json!(["create", "get"])),
        "attach" => given("", "v1", "PodAttachOptions", json!(["create", "get"])),
        "portforward" => given("", "v1", "PodPortForwardOptions", json!(["create", "get"])),
        "finalize" => (own.0, own.1, own.2, json!(["update"])),
        _ => (own.0, own.1, own.2, json!(["get", "patch", "update"])),
    }
}

fn aggregated_group(all: &All, group: &str) -> Json {
    let names = if group.is_empty() { vec!["v1"] } else { versions(all, group) };
    let rows: Vec<Json> = names
        .into_iter()
        .map(|version| {
            let mut resources: Vec<Json> = all
                .iter()
                .filter(|resource| resource.group == group && resource.version == version)
                .map(|resource| aggregated_resource(resource))
                .collect();
            for (_, plural, kind) in REVIEWS.iter().filter(|(known, ..)| *known == group) {
                resources.push(json!({"resource": plural, "responseKind":
                    {"group": group, "version": version, "kind": kind}, "scope": "Cluster",
                    "singularResource": kind.to_lowercase(), "verbs": ["create"]}));
            }
            json!({"version": version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": rows})
}

fn aggregated_resource(resource: &Resource) -> Json {
    // The core group's own kinds stand without a version.
    let version = if resource.group.is_empty() { "" } else { resource.version };
    let mut row = json!({"resource": resource.plural, "responseKind": {"group": resource.group,
        "version": version, "kind": resource.kind},
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": verbs(resource)});
    if !resource.short.is_empty() {
        row["shortNames"] = json!(resource.short);
    }
    let categories = categories(resource);
    if !categories.is_empty() {
        row["categories"] = json!(categories);
    }
    if !resource.subresources.is_empty() {
        let rows: Vec<Json> = resource
            .subresources
            .iter()
            .map(|name| {
                let (group, version, kind, verbs) = subresource(resource, name);
                let version = if group.is_empty() { String::new() } else { version };
                json!({"subresource": name, "verbs": verbs,
                    "responseKind": {"group": group, "version": version, "kind": kind}})
            })
            .collect();
        row["subresources"] = json!(rows);
    }
    row
}

fn resource_list(all: &All, group: &str, version: &str) -> Json {
    let mut rows = Vec::new();
    for resource in all.iter().filter(|r| r.group == group && r.version == version) {
        let mut row = json!({"name": resource.plural, "singularName": resource.singular,
            "namespaced": resource.namespaced, "kind": resource.kind, "verbs": verbs(resource)});
        if !resource.short.is_empty() {
            row["shortNames"] = json!(resource.short);
        }
        let categories = categories(resource);
        if !categories.is_empty() {
            row["categories"] = json!(categories);
        }
        rows.push(row);
        for name in resource.subresources {
            let (sub_group, sub_version, kind, verbs) = subresource(resource, name);
            let mut row = json!({"name": format!("{}/{name}", resource.plural), "singularName": "",
                "namespaced": resource.namespaced, "kind": kind, "verbs": verbs});
            if (sub_group.as_str(), sub_version.as_str()) != (group, version) {
                row["group"] = json!(sub_group);
                row["version"] = json!(sub_version);
            }
            rows.push(row);
        }
    }
    for (_, plural, kind) in REVIEWS.iter().filter(|(known, ..)| *known == group) {
        rows.push(json!({"name": plural, "singularName": kind.to_lowercase(), "namespaced": false,
            "kind": kind, "verbs": ["create"]}));
    }
    let group_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version,
        "resources": rows})
}

fn openapi_index(all: &All) -> Json {
    let mut paths = serde_json::Map::new();
    let mut add = |path: String| {
        let hash = format!("{:016X}", digest(&path));
        let url = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    };
    add("api/v1".to_owned());
    for group in groups(all) {
        for version in versions(all, group) {
            add(format!("apis/{group}/{version}"));
        }
    }
    json!({"paths": paths})
}

/// Gives the document of a group's version: its kinds, and for each what may be asked.
fn openapi(inner: &Inner, all: &All, group: &str, version: &str) -> Json {
    let rows: Vec<&Resource> =
        all.iter().copied().filter(|r| r.group == group && r.version == version).collect();
    let kinds: Vec<&str> = rows.iter().map(|resource| resource.kind).collect();
    let (api_version, prefix) = if group.is_empty() {
        (version.to_owned(), "/api/v1".to_owned())
    } else {
        (format!("{group}/{version}"), format!("/apis/{group}/{version}"))
    };
    let mut schemas: BTreeMap<String, Json> = BTreeMap::new();
    for (name, definition) in definitions::closure(&api_version, &kinds) {
        schemas.insert(name.to_owned(), open(definition, SCHEMAS));
    }
    for resource in rows.iter().filter(|resource| resource.custom) {
        let Some(schema) = custom::schema(&inner.locked(), resource) else { continue };
        let words = resource.group.split('.').rev().collect::<Vec<_>>().join(".");
        let name = format!("{words}.{version}.{}", resource.kind);
        schemas.insert(name, open(&custom::document(resource, &schema), SCHEMAS));
        for (name, definition) in definitions::closure("v1", &["ConfigMap"]) {
            schemas.insert(name.to_owned(), open(definition, SCHEMAS));
        }
    }
    let mut paths = serde_json::Map::new();
    for resource in rows {
        let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let path = format!("{prefix}{place}/{}/{{name}}", resource.plural);
        let parameters: Vec<Json> = ["dryRun", "fieldManager", "fieldValidation", "force"]
            .iter()
            .map(|name| {
                let kind = if *name == "force" { "boolean" } else { "string" };
                json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}})
            })
            .collect();
        let kind = json!({"group": group, "version": version, "kind": resource.kind});
        let verb = |action: &str| {
            json!({"parameters": parameters, "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": kind, "responses": {"200": {"description": "OK"}}})
        };
        paths.insert(path, json!({"patch": verb("patch"), "put": verb("put")}));
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "emulator"},
        "paths": paths, "components": {"schemas": schemas}})
}

/// Turns the references of a definition into those of a document.
pub fn open(value: &Json, prefix: &str) -> Json {
    match value {
        Json::Object(object) => object
            .iter()
            .map(|(key, below)| match below.as_str() {
                Some(name) if key == "$ref" => (key.clone(), json!(format!("{prefix}{name}"))),
                _ => (key.clone(), open(below, prefix)),
            })
            .collect(),
        Json::Array(items) => items.iter().map(|item| open(item, prefix)).collect(),
        other => other.clone(),
    }
}
