//! What needs no pods: namespaces, secrets, config maps, accounts, services, and the way in.

use serde_json::{Value as Json, json};
use terrane::addr::{Address, Mode};
use terrane::providers::{ApiErrorKind, Preview, Proposed, Wanted};
use terrane::value::Value;

use super::bench::{Bench, Kept};

fn plain() -> Vec<(&'static str, Json)> {
    vec![
        (
            "kubernetes_namespace_v1",
            json!({ "metadata": { "name": "databases", "labels": { "a": "b" } } }),
        ),
        (
            "kubernetes_persistent_volume_claim_v1",
            json!({ "metadata": { "name": "data" }, "spec": { "access_modes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": "1Gi" } } }, "wait_until_bound": true }),
        ),
        (
            "kubernetes_secret_v1",
            json!({ "metadata": { "name": "s" }, "data": { "password": "p4ss" }, "type": "Opaque" }),
        ),
        (
            "kubernetes_config_map_v1",
            json!({ "metadata": { "name": "c" }, "data": { "a": "1", "b": "2" } }),
        ),
        (
            "kubernetes_service_account_v1",
            json!({ "metadata": { "name": "app" }, "automount_service_account_token": false }),
        ),
        (
            "kubernetes_service_v1",
            json!({ "metadata": { "name": "web", "annotations": { "cloud.google.com/neg": "{\"ingress\":true}" } },
                "spec": { "type": "NodePort", "selector": { "app": "web" },
                    "port": [{ "port": 80, "target_port": "8000" }] } }),
        ),
        (
            "kubernetes_role_v1",
            json!({ "metadata": { "name": "r" }, "rule": [{ "api_groups": [""], "resources": ["pods"],
                "verbs": ["get", "list"] }] }),
        ),
        (
            "kubernetes_network_policy_v1",
            json!({ "metadata": { "name": "n" }, "spec": { "pod_selector": {}, "policy_types": ["Ingress"] } }),
        ),
        (
            "kubernetes_horizontal_pod_autoscaler_v2",
            json!({ "metadata": { "name": "h" }, "spec": { "max_replicas": 3, "scale_target_ref": {
                "kind": "Deployment", "name": "web", "api_version": "apps/v1" } } }),
        ),
    ]
}

#[tokio::test]
async fn what_is_made_is_settled_can_be_imported_and_is_gone_after_its_removal() {
    let bench = Bench::start(1).await;
    let mut kept: Vec<Kept> = Vec::new();

    for (type_name, json) in plain() {
        let made = bench.create(type_name, &json).await;
        kept.push(made.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error)));
    }

    for one in &kept {
        assert!(bench.is_settled(one).await, "{}", one.type_name);
        // One that is found again after a broken run is kept as it was made, not as an import.
        let recovered = bench.recovered(one).await;
        let memory = String::from_utf8_lossy(&recovered.observed.private).into_owned();
        assert!(memory.contains("written") && !memory.contains("imported"), "{memory}");
        assert!(recovered.observed.value.is_whole(), "{}", one.type_name);
        assert!(bench.is_settled(&recovered).await, "{}", one.type_name);
        let id = one.observed.value.field("id").and_then(Value::as_str).expect("an id");
        let value =
            bench.provider.import(&one.type_name, id, &one.config).expect("an id that fits");
        let address = Address::root(Mode::Managed, &one.type_name, "this");
        let wanted =
            Wanted { address, type_name: one.type_name.clone(), value, private: Vec::new() };
        let found = bench
            .session
            .read_many(&[wanted])
            .await
            .remove(0)
            .expect("an answer")
            .expect("it is there");
        let imported = Kept { observed: found, ..one.clone() };
        let (_, planned) = bench.plan(&imported, None);
        assert!(planned.replaces.is_empty(), "{}", one.type_name);
        let same = planned.after.without_marks() == imported.observed.value.without_marks();
        assert!(same, "{}\n{:?}\n{:?}", one.type_name, imported.observed.value, planned.after);
    }
    for one in kept.iter().rev() {
        bench
            .delete(one)
            .await
            .unwrap_or_else(|failure| panic!("{}: {}", one.type_name, failure.error));
    }
    assert!(bench.refresh(&kept).await.iter().all(Option::is_none));
    bench.stop().await;
}

#[tokio::test]
async fn what_others_write_is_no_change_and_what_they_change_of_ours_is_mended() {
    let bench = Bench::start(1).await;
    let map = json!({ "metadata": { "name": "c" }, "data": { "a": "1" } });
    let kept = bench.create("kubernetes_config_map_v1", &map).await.expect("it is made");
    let path = "/api/v1/namespaces/default/configmaps/c";
    let merge = "application/merge-patch+json";

    let noise = json!({ "metadata": { "annotations": { "cloud.google.com/neg-status": "{}" },
        "labels": { "injected": "yes" } }, "data": { "other": "x" } });
    bench.behind("PATCH", path, merge, &noise);
    assert!(bench.is_settled(&kept).await);

    bench.behind("PATCH", path, merge, &json!({ "data": { "a": "2" } }));
    let drifted = bench.refresh(std::slice::from_ref(&kept)).await.remove(0).expect("it is there");
    assert_ne!(drifted.observed.value, kept.observed.value);
    let mended = bench.update(&drifted, None).await.expect("it is mended");
    assert!(bench.is_settled(&mended).await);
    let live = bench.behind("GET", path, "", &Json::Null);
    assert_eq!((&live["data"]["a"], &live["data"]["other"]), (&json!("1"), &json!("x")));

    let fewer = json!({ "metadata": { "name": "c" }, "data": { "b": "3" } });
    let changed = bench.update(&mended, Some(&fewer)).await.expect("it is changed");
    let live = bench.behind("GET", path, "", &Json::Null);
    assert_eq!(live["data"], json!({ "b": "3", "other": "x" }));
    assert!(bench.is_settled(&changed).await);
    bench.stop().await;
}

#[tokio::test]
async fn an_object_that_exists_is_not_taken_over_unasked() {
    let bench = Bench::start(1).await;
    let path = "/api/v1/namespaces/default/configmaps";
    let body = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
    bench.behind("POST", path, "application/json", &body);

    let map = json!({ "metadata": { "name": "c" }, "data": { "a": "1" } });
    let failure = bench.create("kubernetes_config_map_v1", &map).await.expect_err("it exists");

    assert_eq!(failure.error.kind, ApiErrorKind::Conflict);
    assert!(failure.error.help[0].contains("default/c"), "{:?}", failure.error);
    bench.stop().await;
}

#[tokio::test]
async fn a_foreign_token_is_refused_with_its_remedy() {
    let bench = Bench::start(1).await;
    let session = bench.connect(None, Some("ya29.of-another-world"));
    let config = bench.config(
        Mode::Data,
        "kubernetes_namespace_v1",
        &json!({ "metadata": { "name": "default" } }),
    );

    let error =
        session.read_data("kubernetes_namespace_v1", &config).await.expect_err("it is refused");

    assert_eq!(error.kind, ApiErrorKind::Unauthenticated);
    assert!(error.help[0].contains("expired"));
    bench.stop().await;
}

#[tokio::test]
async fn data_sources_read_what_is_there() {
    let bench = Bench::start(1).await;
    let secret = json!({ "metadata": { "name": "s" }, "data": { "password": "p4ss" } });
    bench.create("kubernetes_secret_v1", &secret).await.expect("it is made");
    let config =
        bench.config(Mode::Data, "kubernetes_secret_v1", &json!({ "metadata": { "name": "s" } }));

    let found =
        bench.session.read_data("kubernetes_secret_v1", &config).await.expect("it is there");

    let data = found.field("data").expect("data");
    assert!(data.is_sensitive());
    assert_eq!(data.field("password").and_then(Value::as_str), Some("p4ss"));
    assert!(bench.session.identity().is_some_and(|identity| identity["uid"].is_string()));
    bench.stop().await;
}

#[tokio::test]
async fn a_secret_is_opened_and_its_bytes_are_given_whatever_they_are() {
    let bench = Bench::start(1).await;
    let secret = json!({ "metadata": { "name": "s" }, "data": { "password": "p4ss" }, "binary_data": { "raw": "/wA=" } });
    bench.create("kubernetes_secret_v1", &secret).await.expect("it is made");
    let wanted = |name: &str| {
        bench.config(
            Mode::Ephemeral,
            "kubernetes_secret_v1",
            &json!({ "metadata": { "name": name } }),
        )
    };

    let opened =
        bench.session.open("kubernetes_secret_v1", &wanted("s")).await.expect("it is there");
    let error = bench.session.open("kubernetes_secret_v1", &wanted("none")).await.unwrap_err();

    let part = |name: &str, key: &str| {
        let found = opened.field(name).expect("it").field(key).cloned();
        found.and_then(|found| found.as_str().map(String::from))
    };
    assert_eq!(part("data", "password").as_deref(), Some("p4ss"));
    assert_eq!(part("data", "raw"), None);
    assert_eq!(part("binary_data", "raw").as_deref(), Some("/wA="));
    assert!(opened.field("data").expect("it").is_sensitive());
    assert_eq!(error.detail, "There is no Secret \"default/none\" in the cluster.");
    bench.stop().await;
}

/// Reads a data source of what is there.
async fn asked(bench: &Bench, type_name: &str, json: &Json) -> Value {
    let config = bench.config(Mode::Data, type_name, json);
    bench.session.read_data(type_name, &config).await.expect("it can be read")
}

#[tokio::test]
async fn a_cluster_is_asked_for_its_namespaces_nodes_version_and_any_objects() {
    let bench = Bench::start(2).await;
    for (name, app) in [("one", "a"), ("two", "a"), ("three", "b")] {
        let json = json!({ "metadata": { "name": name, "labels": { "app": app } }, "data": { "key": name } });
        bench.create("kubernetes_config_map_v1", &json).await.expect("it is made");
    }
    let secret = json!({ "metadata": { "name": "s" }, "data": { "password": "p4ss" } });
    bench.create("kubernetes_secret_v1", &secret).await.expect("it is made");
    let text = |value: &Value, path: &[&str]| {
        let found =
            path.iter().try_fold(value.clone(), |value, step| match step.parse::<usize>() {
                Ok(place) => value.elements()?.get(place).cloned(),
                Err(_) => value.field(step).cloned(),
            });
        found.and_then(|found| found.as_str().map(String::from)).unwrap_or_default()
    };

    let namespaces = asked(&bench, "kubernetes_all_namespaces", &json!({})).await;
    let names = namespaces.field("namespaces").and_then(Value::elements).expect("names");
    assert!(names.iter().any(|name| name.as_str() == Some("kube-system")));

    let version = asked(&bench, "kubernetes_server_version", &json!({})).await;
    assert_eq!(text(&version, &["version"]), "1.33.5");
    assert_eq!(text(&version, &["major"]), "1");

    let nodes = asked(&bench, "kubernetes_nodes", &json!({})).await;
    assert_eq!(nodes.field("nodes").and_then(Value::elements).map(<[Value]>::len), Some(2));
    assert!(text(&nodes, &["nodes", "0", "spec", "0", "provider_id"]).starts_with("gce://"));
    let none = json!({ "metadata": { "labels": { "kubernetes.io/os": "windows" } } });
    let none = asked(&bench, "kubernetes_nodes", &none).await;
    assert_eq!(none.field("nodes").and_then(Value::elements).map(<[Value]>::len), Some(0));

    let one = json!({ "api_version": "v1", "kind": "ConfigMap", "metadata": { "name": "two" } });
    let one = asked(&bench, "kubernetes_resource", &one).await;
    assert_eq!(text(&one, &["object", "data", "key"]), "two");
    let sealed = json!({ "api_version": "v1", "kind": "Secret", "metadata": { "name": "s" } });
    let sealed = asked(&bench, "kubernetes_resource", &sealed).await;
    assert!(sealed.field("object").and_then(|it| it.field("data")).expect("data").is_sensitive());

    let many = |more: Json| {
        let mut json = json!({ "api_version": "v1", "kind": "ConfigMap", "namespace": "default" });
        json.as_object_mut().expect("it").extend(more.as_object().expect("it").clone());
        json
    };
    for (more, count) in [
        (json!({ "label_selector": "app=a" }), 2),
        (json!({ "field_selector": "metadata.name=three" }), 1),
        (json!({ "label_selector": "app", "limit": 2 }), 2),
    ] {
        let found = asked(&bench, "kubernetes_resources", &many(more.clone())).await;
        let objects = found.field("objects").and_then(Value::elements).expect("objects");
        assert_eq!(objects.len(), count, "{more}");
        assert_eq!(text(&found, &["objects", "0", "kind"]), "ConfigMap");
    }

    let absent =
        json!({ "api_version": "v1", "kind": "ConfigMap", "metadata": { "name": "none" } });
    let config = bench.config(Mode::Data, "kubernetes_resource", &absent);
    let error = bench.session.read_data("kubernetes_resource", &config).await.unwrap_err();
    assert!(error.detail.contains("no ConfigMap \"default/none\""), "{}", error.detail);
    bench.stop().await;
}

#[tokio::test]
async fn the_servers_dry_run_says_what_stands_in_the_way() {
    let bench = Bench::start(1).await;
    let propose = |json: &Json| {
        let config = bench.config(Mode::Managed, "kubernetes_config_map_v1", json);
        let kept = bench.provider.resource(Mode::Managed, "kubernetes_config_map_v1").expect("it");
        let address = Address::root(Mode::Managed, "kubernetes_config_map_v1", "this");
        let planned = bench.provider.plan(&terrane::providers::PlanRequest {
            address: &address,
            type_name: "kubernetes_config_map_v1",
            prior: None,
            replaced: None,
            private: &[],
            config: &config,
            proposed: &config,
            provider: &kept.empty(),
            offered: &std::collections::BTreeMap::new(),
            minor: None,
        });
        Proposed {
            address,
            type_name: "kubernetes_config_map_v1".into(),
            prior: None,
            private: Vec::new(),
            config,
            planned: planned.after,
            defined: false,
            minor: None,
        }
    };
    let good = propose(&json!({ "metadata": { "name": "c" }, "data": { "a": "1" } }));
    let nowhere = propose(&json!({ "metadata": { "name": "c", "namespace": "nowhere" } }));

    let theirs = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "d" }, "data": { "a": "theirs" } });
    let path = "/api/v1/namespaces/default/configmaps/d?fieldManager=bob";
    bench.behind("PATCH", path, "application/apply-patch+yaml", &theirs);
    let taken = propose(&json!({ "metadata": { "name": "d" }, "data": { "a": "ours" } }));

    let found = bench.session.preview(&[good, nowhere, taken]).await;

    assert!(
        matches!(&found[0], Preview::Sharper { replaces, .. } if replaces.is_empty()),
        "{:?}",
        found[0]
    );
    assert!(
        matches!(&found[1], Preview::Unverified(Some(why)) if why.contains("nowhere")),
        "{:?}",
        found[1]
    );
    let Preview::Refused(error) = &found[2] else { panic!("{:?}", found[2]) };
    let since = "is kept by \"bob\", which would set it back. In the cluster it is \"theirs\", written by \"bob\" at 2026-";
    assert!(error.detail.contains(since), "{}", error.detail);
    assert!(error.detail.ends_with("; the configuration has \"ours\"."), "{}", error.detail);
    assert!(bench.session.preview(&[]).await.is_empty());
    assert!(!bench.said().contains("p4ss"));
    bench.stop().await;
}

/// The cases of what is told before there is a server.
const RULES: &str = include_str!("rules.json");

#[tokio::test]
async fn what_is_told_before_there_is_a_server_the_server_refuses_as_well() {
    let bench = Bench::start(1).await;
    let cases: Vec<Json> = serde_json::from_str(RULES).expect("the cases are JSON");
    let mut wrong = Vec::new();

    for case in cases {
        let object = case.get("bad").unwrap_or(&case["good"]);
        let text = |name: &str| object[name].as_str().unwrap_or_default();
        let plural = match text("kind") {
            "Ingress" => "ingresses".to_string(),
            "NetworkPolicy" => "networkpolicies".to_string(),
            kind => format!("{}s", kind.to_lowercase()),
        };
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default().replace(' ', "%20");
        let group = if text("apiVersion").contains('/') { "apis" } else { "api" };
        let space = metadata["namespace"].as_str().unwrap_or("default");
        let space = match text("kind") {
            "Namespace" => String::new(),
            _ => format!("namespaces/{space}/"),
        };
        let path = format!("/{group}/{}/{space}{plural}/{name}", text("apiVersion"));
        let refused = bench.refuses(&path, object);
        // What the sandbox has no rule for is marked.
        if refused != (case.get("bad").is_some() && case.get("sandbox").is_none()) {
            wrong.push(format!("{}: {object}", if refused { "refused" } else { "taken" }));
        }
    }

    bench.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
