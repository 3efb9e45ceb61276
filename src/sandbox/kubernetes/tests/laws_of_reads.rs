//! Reads: lists, watches, discovery, who may ask.

use futures::StreamExt;
use serde_json::{Value as Json, json};

use super::{APPS, Bench, CORE, deployment};
use crate::http::{Body, HeaderValue, Method, Request};
use crate::sandbox::Service;

fn config_map(name: &str, label: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"l": label}}})
}

#[test]
fn without_a_good_token_nothing_is_told() {
    let bench = Bench::bare();
    let bad = |token: Option<&'static str>, url: &str| {
        let mut request = Request::new(Method::GET, url);
        if let Some(token) = token {
            request.headers.insert("authorization", HeaderValue::from_static(token));
        }
        bench.cluster.answer(&request).status.as_u16()
    };

    assert_eq!(bad(None, "/api/v1/namespaces"), 401);
    assert_eq!(bad(Some("Bearer old"), "/api/v1/namespaces"), 401);
    assert_eq!(bad(Some("Bearer old"), "/version"), 401);
    assert_eq!(bad(Some("Bearer good"), "/api/v1/namespaces"), 200);
    assert_eq!(bad(None, "/readyz"), 200);
}

#[test]
fn the_version_says_that_this_is_an_emulator() {
    let bench = Bench::bare();

    let version = bench.get("/version");

    assert_eq!(version["minor"], "33");
    assert_eq!(version["gitVersion"], "v1.33.5-gke.1080000+emulator");
}

#[test]
fn a_list_comes_in_pages_and_by_selector() {
    let bench = Bench::bare();
    for name in ["a", "b", "c"] {
        let label = if name == "b" { "y" } else { "x" };
        bench.post(&format!("{CORE}/configmaps"), &config_map(name, label));
    }

    let first = bench.get(&format!("{CORE}/configmaps?limit=2"));
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = bench.get(&format!("{CORE}/configmaps?limit=2&continue={token}"));
    let chosen = bench.get(&format!("{CORE}/configmaps?labelSelector=l%20in%20(x)"));

    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["items"][0]["metadata"]["name"], "c");
    assert_eq!(chosen["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        bench.get(&format!("{CORE}/configmaps?fieldSelector=data.x%3D1"))["message"],
        "\"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    );
}

#[tokio::test]
async fn a_watch_tells_what_came_after_a_version() {
    let bench = Bench::bare();
    bench.post(&format!("{CORE}/configmaps"), &config_map("a", "x"));
    let list = bench.get(&format!("{CORE}/configmaps"));
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let url = format!("{CORE}/configmaps?watch=true&resourceVersion={version}");
    let response = bench.send(Method::GET, &url, "", &Json::Null);
    let Body::Stream(mut stream) = response.body else { panic!("no stream") };

    bench.post(&format!("{CORE}/configmaps"), &config_map("b", "x"));
    bench.delete(&format!("{CORE}/configmaps/a"));

    let mut seen = Vec::new();
    for _ in 0..2 {
        let event: Json = serde_json::from_slice(&stream.next().await.unwrap()).unwrap();
        seen.push((event["type"].clone(), event["object"]["metadata"]["name"].clone()));
    }
    assert_eq!(seen, [(json!("ADDED"), json!("b")), (json!("DELETED"), json!("a"))]);
}

#[test]
fn discovery_is_aggregated_where_the_client_asks_so() {
    let bench = Bench::bare();
    let mut request = Request::new(Method::GET, "/apis");
    let accept =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    request.headers.insert("accept", HeaderValue::from_static(accept));
    request.headers.insert("authorization", HeaderValue::from_static("Bearer good"));

    let response = bench.cluster.answer(&request);

    let body: Json = serde_json::from_slice(response.bytes()).unwrap();
    assert_eq!(body["kind"], "APIGroupDiscoveryList");
    let media = response.header_text("content-type");
    assert_eq!(media, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    assert_eq!(bench.get("/apis")["kind"], "APIGroupList");
    assert_eq!(bench.get("/apis/extensions/v1beta1")["code"], 404);
}

impl crate::http::Response {
    fn header_text(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[test]
fn a_table_has_the_columns_of_its_kind() {
    let bench = Bench::bare();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 2));
    let mut request = Request::new(Method::GET, format!("{APPS}/deployments"));
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    request.headers.insert("accept", HeaderValue::from_static(accept));
    request.headers.insert("authorization", HeaderValue::from_static("Bearer good"));

    let response = bench.cluster.answer(&request);

    let body: Json = serde_json::from_slice(response.bytes()).unwrap();
    assert_eq!(body["kind"], "Table");
    assert_eq!(body["columnDefinitions"][1]["name"], "Ready");
    assert_eq!(body["rows"][0]["cells"][1], "0/2");
    assert_eq!(body["rows"][0]["object"]["kind"], "PartialObjectMetadata");
}

#[test]
fn the_openapi_document_offers_field_validation() {
    let bench = Bench::bare();

    let index = bench.get("/openapi/v3");
    let document = bench.get("/openapi/v3/apis/apps/v1");

    assert!(index["paths"]["apis/apps/v1"]["serverRelativeURL"].is_string());
    let path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
    let parameters = document["paths"][path]["patch"]["parameters"].as_array().unwrap();
    assert!(parameters.iter().any(|parameter| parameter["name"] == "fieldValidation"));
    assert!(document["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"].is_object());
}
