//! Kinds that are no plain objects: requests, what the cluster makes by itself, and former API versions.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use serde_json::{Value as Json, json};
use terrane::providers::ApiErrorKind;
use terrane::value::{Path, Value};

use super::bench::{Bench, Kept};

/// Holds the laws for a kind: made, settled, changed in place, settled, taken in by its id, and removed without a trace.
async fn lives(bench: &Bench, type_name: &str, first: &Json, second: &Json, id: Option<&str>) {
    let made = bench.create(type_name, first).await;
    let made = made.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error));
    assert!(bench.is_settled(&made).await, "{type_name} as it was made");

    let changed = bench.update(&made, Some(second)).await;
    let changed = changed.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error));
    assert!(bench.is_settled(&changed).await, "{type_name} as it was changed");
    bench.pass(600);
    assert!(bench.is_settled(&changed).await, "{type_name} after a while");

    if let Some(id) = id {
        let taken = bench.import(type_name, id, second).await.expect("it is there");
        let (_, planned) = bench.plan(&taken, None);
        let (after, before) = (planned.after, &taken.observed.value);
        assert_eq!(after.without_marks(), before.without_marks(), "{type_name} as it was imported");
    }
    bench.delete(&changed).await.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error));
}

async fn is_gone(bench: &Bench, kept: &Kept) -> bool {
    bench.refresh(std::slice::from_ref(kept)).await.remove(0).is_none()
}

fn text<'a>(kept: &'a Kept, name: &str) -> &'a str {
    kept.observed.value.field(name).and_then(Value::as_str).unwrap_or_default()
}

fn request() -> String {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "ada");
    let key = KeyPair::generate().expect("a key");
    params.serialize_request(&key).and_then(|request| request.pem()).expect("PEM")
}

fn signing(signer: &str) -> Json {
    json!({ "metadata": { "name": "ada" }, "auto_approve": true, "timeouts": { "create": "2m" }, "spec": {
        "request": request(), "signer_name": signer, "usages": ["client auth"] } })
}

#[tokio::test]
async fn api_services_live() {
    let bench = Bench::start(1).await;
    let local = |priority: i64| {
        json!({ "metadata": { "name": "v1.polls.dev" }, "spec": { "group": "polls.dev", "version": "v1",
            "group_priority_minimum": priority, "version_priority": 15 } })
    };
    lives(&bench, "kubernetes_api_service_v1", &local(100), &local(200), Some("v1.polls.dev"))
        .await;

    let full = |label: &str| {
        json!({ "metadata": { "name": "v1.polls.dev", "labels": { "a": label }, "annotations": { "b": "c" } },
            "spec": { "group": "polls.dev", "version": "v1", "group_priority_minimum": 100,
                "version_priority": 15, "ca_bundle": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
                "service": { "name": "polls", "namespace": "default" } } })
    };
    lives(&bench, "kubernetes_api_service", &full("1"), &full("2"), Some("v1.polls.dev")).await;
    bench.stop().await;
}

#[tokio::test]
async fn the_default_account_is_taken_over() {
    let bench = Bench::start(1).await;
    let space = json!({ "metadata": { "name": "databases" } });
    bench.create("kubernetes_namespace_v1", &space).await.expect("it is made");
    let plain = json!({ "metadata": { "namespace": "databases" } });
    let full = json!({ "metadata": { "namespace": "databases", "labels": { "a": "b" } },
        "image_pull_secret": [{ "name": "registry" }], "automount_service_account_token": false });
    let type_name = "kubernetes_default_service_account_v1";
    let path = "/api/v1/namespaces/databases/serviceaccounts/default";
    let before = bench.behind("GET", path, "", &Json::Null);

    let made = bench.create(type_name, &plain).await.expect("it is there");
    let live = bench.behind("GET", path, "", &Json::Null);
    assert_eq!(live["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(text(&made, "id"), "databases/default");
    assert!(bench.is_settled(&made).await);

    lives(&bench, type_name, &plain, &full, Some("databases/default")).await;
    bench.pass(60);
    let after = bench.behind("GET", path, "", &Json::Null);
    assert!(after["imagePullSecrets"].is_null(), "the cluster makes it anew: {after}");
    bench.stop().await;
}

#[tokio::test]
async fn a_request_is_approved_and_goes_when_its_certificate_is_there() {
    let bench = Bench::start(1).await;
    let config = signing("kubernetes.io/kube-apiserver-client");

    for type_name in
        ["kubernetes_certificate_signing_request_v1", "kubernetes_certificate_signing_request"]
    {
        let made = bench.create(type_name, &config).await.expect("it is signed");
        assert!(text(&made, "certificate").starts_with("-----BEGIN CERTIFICATE-----"));
        let list = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        assert_eq!(bench.behind("GET", list, "", &Json::Null)["items"], json!([]));
        assert!(bench.is_settled(&made).await);

        let mut other = config.clone();
        other["spec"]["usages"] = json!(["client auth", "digital signature"]);
        let (_, planned) = bench.plan(&made, Some(&other));
        assert_eq!(planned.replaces[0].to_string(), "spec[0].usages");
        let mut labelled = config.clone();
        labelled["metadata"]["labels"] = json!({ "a": "b" });
        let labelled = bench.update(&made, Some(&labelled)).await.expect("the state has it");
        assert!(bench.is_settled(&labelled).await);
        bench.delete(&labelled).await.expect("nothing is left to remove");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_request_that_nobody_signs_says_whom_it_waits_for() {
    let bench = Bench::start(1).await;
    let type_name = "kubernetes_certificate_signing_request_v1";

    let failure = bench.create(type_name, &signing("polls.dev/ours")).await.expect_err("it waits");

    assert_eq!(failure.error.kind, ApiErrorKind::Timeout);
    assert!(failure.error.detail.contains("polls.dev/ours"), "{}", failure.error);
    let mut denied = signing("kubernetes.io/kube-apiserver-client");
    denied["metadata"] = json!({ "name": "eve" });
    denied["auto_approve"] = json!(false);
    denied["timeouts"]["create"] = json!("10s");
    let failure = bench.create(type_name, &denied).await.expect_err("nobody approves it");
    assert!(failure.error.detail.contains("approved"), "{}", failure.error);
    assert!(failure.partial.is_some());
    bench.stop().await;
}

#[tokio::test]
async fn a_token_is_asked_for_once() {
    let bench = Bench::start(1).await;
    let type_name = "kubernetes_token_request_v1";
    let plain = json!({ "metadata": { "name": "default" } });
    let full = json!({ "metadata": { "name": "default", "namespace": "kube-system" },
        "spec": { "audiences": ["polls"], "expiration_seconds": 1200 } });

    for config in [plain, full] {
        let made = bench.create(type_name, &config).await.expect("it is given");
        assert_eq!(text(&made, "token").split('.').count(), 3);
        assert!(made.observed.value.field("token").is_some_and(Value::is_sensitive));
        let seconds = Path::root().attribute("spec").place(0).attribute("expiration_seconds");
        let seconds = made.observed.value.at(&seconds).and_then(Value::as_i64);
        assert!(seconds.is_none_or(|seconds| seconds == 1200));
        assert!(bench.is_settled(&made).await);
        bench.delete(&made).await.expect("there is nothing to remove");
    }
    let nobody = json!({ "metadata": { "name": "nobody" } });
    let failure = bench.create(type_name, &nobody).await.expect_err("there is no such account");
    assert_eq!(failure.error.kind, ApiErrorKind::NotFound);
    bench.stop().await;
}

#[tokio::test]
async fn the_former_ingress_is_written_as_todays() {
    let bench = Bench::start(1).await;
    let type_name = "kubernetes_ingress";
    let minimal = json!({ "metadata": { "name": "web" }, "spec": { "backend": {
        "service_name": "web", "service_port": "80" } } });
    let full = json!({ "metadata": { "name": "web", "annotations": { "a": "b" } },
        "spec": { "backend": { "service_name": "web", "service_port": "http" },
            "tls": [{ "hosts": ["polls.dev"], "secret_name": "tls" }],
            "rule": [{ "host": "polls.dev", "http": { "path": [{ "path": "/*", "backend": {
                "service_name": "web", "service_port": "8000" } }] } }] } });

    let made = bench.create(type_name, &full).await.expect("it is made");
    let path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/web";
    let spec = bench.behind("GET", path, "", &Json::Null)["spec"].clone();
    assert_eq!(
        spec["defaultBackend"]["service"],
        json!({ "name": "web", "port": { "name": "http" } })
    );
    let rule = &spec["rules"][0]["http"]["paths"][0];
    assert_eq!(rule["pathType"], "ImplementationSpecific");
    assert_eq!(rule["backend"]["service"]["port"], json!({ "number": 8000 }));
    bench.delete(&made).await.expect("it is removed");
    assert!(is_gone(&bench, &made).await);

    lives(&bench, type_name, &minimal, &full, Some("default/web")).await;
    let config = bench.create(type_name, &minimal).await.expect("it is made");
    let (_, planned) = bench.plan(&config, Some(&full));
    let says = |note: &String| note.contains("extensions/v1beta1") && note.contains("1.22");
    assert!(planned.notes.iter().any(says), "{:?}", planned.notes);
    bench.stop().await;
}

#[tokio::test]
async fn a_tainted_node_takes_no_pod_that_does_not_tolerate_it() {
    let bench = Bench::start(1).await;
    let nodes = bench.behind("GET", "/api/v1/nodes", "", &Json::Null);
    let node = nodes["items"][0]["metadata"]["name"].as_str().expect("a node");
    let taint = json!({ "spec": { "taints": [{ "key": "only", "value": "batch", "effect": "NoSchedule" }] } });
    let path = format!("/api/v1/nodes/{node}");
    bench.behind("PATCH", &path, "application/merge-patch+json", &taint);
    let pod = |tolerations: Json| {
        json!({ "metadata": { "name": "p" }, "spec": { "toleration": tolerations,
            "container": [{ "name": "c", "image": "nginx:1" }] }, "timeouts": { "create": "1m" } })
    };

    let failure = bench.create("kubernetes_pod_v1", &pod(json!([]))).await.expect_err("it waits");
    let said = format!("{}", failure.error);
    assert!(said.contains("untolerated taint {only: batch}"), "{said}");
    let path = "/api/v1/namespaces/default/pods/p";
    bench.behind("DELETE", path, "application/json", &json!({ "gracePeriodSeconds": 0 }));

    let tolerates = json!([{ "key": "only", "operator": "Exists" }]);
    bench.create("kubernetes_pod_v1", &pod(tolerates)).await.expect("it runs");
    bench.stop().await;
}
