//! Webhooks that answer: what they make of a write is what they made of it at a real API server (1.33).

use serde_json::{Value as Json, json};

use crate::hook::Hook;
use crate::sandbox::Sandbox;
use crate::suite::{Answer, Sender, Sent};

fn send(sandbox: &mut Sandbox, line: &str, body: Option<Json>) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let merge = method == "PATCH";
    sandbox.send(&Sent {
        method: method.into(),
        path: path.into(),
        media: if merge { "application/merge-patch+json" } else { "application/json" },
        accept: "application/json".into(),
        body: body.map(|body| body.to_string()),
    })
}

/// Makes a configuration of one webhook for ConfigMaps that have the label.
fn configure(sandbox: &mut Sandbox, kind: &str, client: Json, policy: &str) {
    let body = json!({"metadata": {"name": "one"}, "webhooks": [{"name": "one.example.com",
        "clientConfig": client, "sideEffects": "None", "timeoutSeconds": 2,
        "admissionReviewVersions": ["v1"], "failurePolicy": policy,
        "objectSelector": {"matchLabels": {"hooked": "yes"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "here"}},
        "rules": [{"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"],
            "resources": ["configmaps"]}]}]});
    let path = format!("/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations");
    send(sandbox, &format!("DELETE {path}/one"), None);
    let made = send(sandbox, &format!("POST {path}"), Some(body));
    assert_eq!(made.status, 201, "{}", made.body);
}

const MAPS: &str = "/api/v1/namespaces/here/configmaps";

fn map(name: &str) -> Json {
    json!({"metadata": {"name": name, "labels": {"hooked": "yes"}}, "data": {"a": "1"}})
}

#[test]
fn what_a_webhook_says_of_a_write_is_done() {
    let hook = Hook::serve();
    let mut sandbox = Sandbox::new("here");
    let port = hook.port;
    let failed = "Internal error occurred: failed calling webhook \"one.example.com\": ";
    let invalid = format!("{failed}received invalid webhook response: ");
    let cases = [
        ("/fine", 201, String::new()),
        ("/warn", 201, String::new()),
        (
            "/deny",
            400,
            "admission webhook \"one.example.com\" denied the request without explanation".into(),
        ),
        (
            "/deny/why",
            403,
            "admission webhook \"one.example.com\" denied the request: no way".into(),
        ),
        ("/other", 500, format!("{invalid}expected response.uid=\"")),
        ("/nothing", 500, format!("{invalid}webhook response was absent")),
        (
            "/gone",
            500,
            format!(
                "{failed}failed to call webhook: the server could not find the requested resource"
            ),
        ),
    ];

    for (path, status, message) in cases {
        let url = format!("https://127.0.0.1:{port}{path}");
        let client = json!({"url": url, "caBundle": hook.bundle});
        configure(&mut sandbox, "validating", client, "Fail");
        let answer = send(&mut sandbox, &format!("POST {MAPS}?dryRun=All"), Some(map("m")));

        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        let said = answer.body["message"].as_str().unwrap_or_default();
        assert!(said.starts_with(&message), "{path}: {said}");
        let warned = if path == "/warn" { vec!["299 - \"careful\"".to_owned()] } else { vec![] };
        assert_eq!(answer.warnings, warned, "{path}");
    }
    let asked = hook.asked.lock().unwrap();
    let request = &asked[0]["request"];
    assert_eq!(request["operation"], "CREATE");
    assert_eq!(request["namespace"], "here");
    assert_eq!(request["dryRun"], true);
    assert_eq!(request["object"]["data"]["a"], "1");
    assert!(request["object"]["metadata"].get("uid").is_none(), "{request}");
    assert!(request["oldObject"].is_null());
}

#[test]
fn a_webhook_changes_what_is_written() {
    let hook = Hook::serve();
    let mut sandbox = Sandbox::new("here");
    let client = |path: &str| json!({"url": format!("https://127.0.0.1:{}{path}", hook.port), "caBundle": hook.bundle});

    configure(&mut sandbox, "mutating", client("/change"), "Fail");
    let made = send(&mut sandbox, &format!("POST {MAPS}"), Some(map("m"))).body;
    let mut other = map("other");
    other["metadata"]["labels"] = json!({});
    let other = send(&mut sandbox, &format!("POST {MAPS}"), Some(other)).body;
    let change = json!({"data": {"added": "y"}});
    let changed = send(&mut sandbox, &format!("PATCH {MAPS}/m"), Some(change)).body;
    let removed = send(&mut sandbox, &format!("DELETE {MAPS}/m"), None);
    configure(&mut sandbox, "mutating", client("/broken"), "Fail");
    let broken = send(&mut sandbox, &format!("POST {MAPS}"), Some(map("m"))).body;

    assert_eq!(made["data"], json!({"a": "1", "added": "x"}));
    assert_eq!(made["metadata"]["labels"], json!({"hooked": "yes", "seen": "yes"}));
    assert_eq!(other["data"], json!({"a": "1"}));
    assert_eq!(changed["data"]["added"], "x");
    assert_eq!(removed.status, 200);
    let told = "Internal error occurred: error in remove for path: '/nope': Unable to remove \
        nonexistent key: nope: missing value";
    assert_eq!(broken["message"], told);
    let asked = hook.asked.lock().unwrap();
    let told = |at: usize, part: &str| asked[at]["request"][part].clone();
    assert_eq!((told(1, "operation"), told(2, "operation")), (json!("UPDATE"), json!("DELETE")));
    assert_eq!(told(1, "oldObject")["data"]["added"], "x");
    assert!(told(2, "object").is_null());
}

#[test]
fn a_webhook_that_cannot_be_believed_or_reached_refuses_unless_that_is_ignored() {
    let hook = Hook::serve();
    let mut sandbox = Sandbox::new("here");
    let failed = "Internal error occurred: failed calling webhook \"one.example.com\": failed to \
        call webhook: Post ";
    let another = Hook::serve();
    let cases = [
        (
            json!({"url": "https://127.0.0.1:1/v", "caBundle": hook.bundle}),
            "\"https://127.0.0.1:1/v?timeout=2s\": dial tcp 127.0.0.1:1: connect: connection refused"
                .to_owned(),
        ),
        (
            json!({"url": format!("https://127.0.0.1:{}/fine", hook.port), "caBundle": another.bundle}),
            format!(
                "\"https://127.0.0.1:{}/fine?timeout=2s\": tls: failed to verify certificate: \
                 x509: certificate signed by unknown authority",
                hook.port
            ),
        ),
        (
            json!({"url": format!("https://localhost:{}/fine", hook.port), "caBundle": hook.bundle}),
            format!(
                "\"https://localhost:{}/fine?timeout=2s\": tls: failed to verify certificate: \
                 x509: certificate is not valid for any names, but wanted to match localhost",
                hook.port
            ),
        ),
    ];

    for (client, fault) in cases {
        configure(&mut sandbox, "validating", client.clone(), "Fail");
        let refused = send(&mut sandbox, &format!("POST {MAPS}?dryRun=All"), Some(map("m")));
        configure(&mut sandbox, "validating", client, "Ignore");
        let passed = send(&mut sandbox, &format!("POST {MAPS}?dryRun=All"), Some(map("m")));

        assert_eq!(refused.status, 500);
        assert_eq!(refused.body["message"], format!("{failed}{fault}"));
        assert_eq!(passed.status, 201, "{}", passed.body);
    }
}

#[test]
fn a_webhook_converts_objects_into_the_version_that_is_asked_for() {
    let hook = Hook::serve();
    let mut sandbox = Sandbox::new("here");
    let free = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version =
        |name: &str| json!({"name": name, "served": true, "storage": name == "v1", "schema": free});
    let definition = |path: &str| {
        json!({"metadata": {"name": "goats.example.com"}, "spec": {"group": "example.com",
            "scope": "Namespaced", "names": {"plural": "goats", "kind": "Goat"},
            "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"],
                "clientConfig": {"url": format!("https://127.0.0.1:{}{path}", hook.port),
                    "caBundle": hook.bundle}}},
            "versions": [version("v1"), version("v2")]}})
    };
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let goats = |version: &str| format!("/apis/example.com/{version}/namespaces/here/goats");
    let goat = json!({"apiVersion": "example.com/v1", "kind": "Goat", "metadata": {"name": "g"}});

    send(&mut sandbox, &format!("POST {definitions}"), Some(definition("/convert")));
    sandbox.pause();
    let made = send(&mut sandbox, &format!("POST {}", goats("v1")), Some(goat));
    let other = send(&mut sandbox, &format!("GET {}/g", goats("v2")), None).body;
    let list = send(&mut sandbox, &format!("GET {}", goats("v2")), None).body;
    let change = definition("/deny")["spec"]["conversion"].clone();
    let change = json!({"spec": {"conversion": change}});
    send(&mut sandbox, &format!("PATCH {definitions}/goats.example.com"), Some(change));
    let refused = send(&mut sandbox, &format!("GET {}/g", goats("v2")), None);

    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(other["apiVersion"], "example.com/v2", "{other}");
    assert_eq!(other["spec"]["from"], "example.com/v1");
    assert_eq!(other["metadata"], made.body["metadata"]);
    assert_eq!(list["items"][0]["spec"]["from"], "example.com/v1", "{list}");
    assert_eq!(refused.status, 500);
    let told = "conversion webhook for example.com/v1, Kind=Goat failed: no way";
    assert_eq!(refused.body["message"], told);
}
