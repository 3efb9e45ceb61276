//! Objects written as manifests, and the kinds that definitions make.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::value::json::{from_json, to_json};
use terrane::value::{Path, Value};

use super::bench::{Bench, Kept};

const MERGE: &str = "application/merge-patch+json";
const ONE: &str = "kubernetes_manifest";

/// Gives a configuration of a manifest.
fn written(bench: &Bench, manifest: &Json) -> Value {
    bench.config(Mode::Managed, ONE, &json!({})).with_field("manifest", from_json(manifest))
}

fn map(data: &Json) -> Json {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": { "name": "settings", "namespace": "default" } })
}

async fn made(bench: &Bench, manifest: &Json) -> Kept {
    let made = bench.create_of(ONE, written(bench, manifest)).await;
    made.unwrap_or_else(|failure| panic!("{}", failure.error))
}

#[tokio::test]
async fn only_what_a_manifest_says_is_compared() {
    let bench = Bench::start(1).await;
    let kept = made(&bench, &map(&json!({ "a": "1" }))).await;
    let path = "/api/v1/namespaces/default/configmaps/settings";
    assert!(bench.is_settled(&kept).await);

    bench.behind(
        "PATCH",
        path,
        MERGE,
        &json!({ "data": { "b": "2" },
        "metadata": { "annotations": { "who": "else" } } }),
    );
    assert!(bench.is_settled(&kept).await);

    bench.behind("PATCH", path, MERGE, &json!({ "data": { "a": "changed" } }));
    let read = bench.refresh(std::slice::from_ref(&kept)).await.remove(0).expect("it is there");
    let (_, planned) = bench.plan(&read, None);
    let object = planned.after.field("object").expect("an object");
    assert_eq!(to_json(object)["data"], json!({ "a": "1", "b": "2" }));

    bench.delete(&kept).await.unwrap_or_else(|failure| panic!("{}", failure.error));
    assert!(bench.refresh(&[kept]).await[0].is_none());
    bench.stop().await;
}

#[tokio::test]
async fn a_state_that_terraform_wrote_is_as_it_was() {
    let bench = Bench::start(1).await;
    let mut kept = made(&bench, &map(&json!({ "a": "1" }))).await;
    // Its provider keeps a null for each field of the kind, and bytes of its own.
    let mut object = to_json(kept.observed.value.field("object").expect("an object"));
    object["binaryData"] = Json::Null;
    object["immutable"] = Json::Null;
    object["metadata"]["labels"] = Json::Null;
    kept.observed.value = kept.observed.value.with_field("object", from_json(&object));
    kept.observed.private = b"{}".to_vec();

    assert!(bench.is_settled(&kept).await);
    bench.stop().await;
}

#[tokio::test]
async fn what_is_imported_is_left_as_it_is() {
    let bench = Bench::start(1).await;
    let body = map(&json!({ "a": "1", "b": "2" }));
    bench.behind("POST", "/api/v1/namespaces/default/configmaps", "application/json", &body);
    let id = "apiVersion=v1,kind=ConfigMap,namespace=default,name=settings";

    let mut kept = bench.imported(ONE, id).await.expect("it is there");
    kept.config = written(&bench, &map(&json!({ "a": "1" })));

    let (_, planned) = bench.plan(&kept, None);
    assert_eq!(planned.after.without_marks(), kept.observed.value.without_marks());
    bench.stop().await;
}

#[tokio::test]
async fn odd_values_are_told_and_end_nothing() {
    let bench = Bench::start(1).await;
    let odd = [
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "w" },
            "spec": { "replicas": [1, "a", null], "selector": null, "template": {
                "spec": { "containers": [{ "name": "a", "image": "b" }, null, "c"] } } } }),
        json!({ "apiVersion": 1, "kind": null, "metadata": [] }),
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s" },
            "spec": { "ports": [{ "port": 80, "targetPort": { "a": 1 } }] } }),
        json!([1, 2]),
    ];

    for manifest in odd {
        let config = written(&bench, &manifest);
        let mut found = bench.provider.validate(Mode::Managed, ONE, &config);
        found.extend(bench.planned(ONE, &config, None).problems);
        assert!(!found.is_empty(), "{manifest}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_fields_own_immutability_replaces_the_object() {
    let bench = Bench::start(1).await;
    let role = |name: &str| {
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": { "name": "b", "namespace": "default" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
            "subjects": [{ "kind": "ServiceAccount", "name": "default", "namespace": "default" }] })
    };
    let mut kept = made(&bench, &role("view")).await;
    kept.config = written(&bench, &role("edit"));

    let (_, planned) = bench.plan(&kept, None);

    let path = Path::root().attribute("manifest").attribute("roleRef").attribute("name");
    assert_eq!(planned.replaces, [path]);
    bench.stop().await;
}
