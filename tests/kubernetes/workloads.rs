//! What runs pods: deployments, sets, jobs, and the load balancers before them.

use serde_json::{Value as Json, json};
use terrane::providers::{ApiErrorKind, Desk};
use terrane::value::{Path, Value};

use super::bench::{Bench, Kept};

const MERGE: &str = "application/merge-patch+json";

fn web(image: &str, replicas: &str) -> Json {
    json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": replicas,
            "selector": { "match_labels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "container": [{
                    "name": "web", "image": image,
                    "port": [{ "container_port": 8000 }],
                    "resources": { "requests": { "cpu": "50m", "memory": "64Mi" } },
                    "readiness_probe": { "http_get": { "path": "/", "port": "8000" } },
                }] },
            },
        },
        "wait_for_rollout": true,
    })
}

fn job(image: &str) -> Json {
    json!({
        "metadata": { "name": "migrate" },
        "spec": {
            "backoff_limit": 1,
            "template": {
                "metadata": {},
                "spec": { "restart_policy": "Never", "container": [{
                    "name": "migrate", "image": image, "command": ["python", "manage.py", "migrate"] }] },
            },
        },
        "wait_for_completion": true,
        "timeouts": { "create": "10m" },
    })
}

fn service() -> Json {
    json!({ "metadata": { "name": "web", "annotations": { "cloud.google.com/neg": "{\"ingress\":true}" } },
        "spec": { "type": "NodePort", "selector": { "app": "web" },
            "port": [{ "port": 80, "target_port": "8000" }] } })
}

fn ingress(class: Option<&str>) -> Json {
    let mut ingress = json!({
        "metadata": { "name": "web" },
        "spec": { "rule": [{ "http": { "path": [{ "path": "/", "path_type": "Prefix",
            "backend": { "service": { "name": "web", "port": { "number": 80 } } } }] } }] },
        "wait_for_load_balancer": true,
        "timeouts": { "create": "20m" },
    });
    if let Some(class) = class {
        ingress["spec"]["ingress_class_name"] = json!(class);
    }
    ingress
}

fn database() -> Json {
    json!({
        "metadata": { "name": "db" },
        "spec": {
            "service_name": "db",
            "replicas": "1",
            "selector": { "match_labels": { "app": "db" } },
            "persistent_volume_claim_retention_policy": { "when_deleted": "Delete" },
            "template": {
                "metadata": { "labels": { "app": "db" } },
                "spec": { "container": [{
                    "name": "db", "image": "postgres:17",
                    "volume_mount": [{ "name": "data", "mount_path": "/var/lib/postgresql/data" }] }] },
            },
            "volume_claim_template": [{ "metadata": { "name": "data" }, "spec": {
                "access_modes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } }],
        },
        "wait_for_rollout": true,
    })
}

async fn make(bench: &Bench, type_name: &str, json: &Json) -> Kept {
    let made = bench.create(type_name, json).await;
    made.unwrap_or_else(|failure| {
        panic!("{type_name}: {}\n{:?}", failure.error, failure.error.help)
    })
}

#[tokio::test]
async fn a_rollout_is_waited_for_and_noise_makes_no_change() {
    let bench = Bench::start(2).await;

    let kept = make(&bench, "kubernetes_deployment_v1", &web("nginx:1", "2")).await;
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    let live = bench.behind("GET", path, "", &Json::Null);
    assert_eq!(live["status"]["availableReplicas"], 2);
    assert!(bench.said().contains("pods"), "{}", bench.said());
    assert!(bench.is_settled(&kept).await);

    let noise = json!({ "metadata": { "annotations": { "a-controller/says": "hello" } },
        "spec": { "revisionHistoryLimit": 3, "template": { "metadata": { "annotations": { "injected": "yes" } } } } });
    bench.behind("PATCH", path, MERGE, &noise);
    bench.pass(120);
    assert!(bench.is_settled(&kept).await);

    bench.behind("PATCH", &format!("{path}/scale"), MERGE, &json!({ "spec": { "replicas": 1 } }));
    let drifted = bench.refresh(std::slice::from_ref(&kept)).await.remove(0).expect("it is there");
    let mended = bench.update(&drifted, None).await.expect("it is mended");
    assert_eq!(bench.behind("GET", path, "", &Json::Null)["status"]["availableReplicas"], 2);
    assert!(bench.is_settled(&mended).await);

    bench.delete(&mended).await.expect("it is removed");
    let pods = bench.behind("GET", "/api/v1/namespaces/default/pods", "", &Json::Null);
    let pods = pods["items"].as_array().expect("a list");
    assert!(pods.iter().all(|pod| pod["metadata"]["deletionTimestamp"].is_string()));
    bench.stop().await;
}

#[tokio::test]
async fn the_kind_of_update_is_changed_though_the_server_filled_in_the_other() {
    let bench = Bench::start(2).await;
    let deployment = make(&bench, "kubernetes_deployment_v1", &web("nginx:1", "1")).await;
    let set = make(&bench, "kubernetes_stateful_set_v1", &database()).await;

    let mut wanted = web("nginx:2", "1");
    wanted["spec"]["strategy"] = json!({ "type": "Recreate" });
    let deployment = bench.update(&deployment, Some(&wanted)).await.expect("it is changed");
    let mut wanted = database();
    wanted["spec"]["update_strategy"] = json!({ "type": "OnDelete" });
    let set = bench.update(&set, Some(&wanted)).await.expect("it is changed");

    let live = |path: &str| bench.behind("GET", path, "", &Json::Null);
    let spec = live("/apis/apps/v1/namespaces/default/deployments/web")["spec"].clone();
    assert_eq!(spec["strategy"], json!({ "type": "Recreate" }));
    assert_eq!(spec["template"]["spec"]["containers"][0]["image"], "nginx:2");
    let spec = live("/apis/apps/v1/namespaces/default/statefulsets/db")["spec"].clone();
    assert_eq!(spec["updateStrategy"], json!({ "type": "OnDelete" }));
    assert!(bench.is_settled(&deployment).await && bench.is_settled(&set).await);
    bench.stop().await;
}

#[tokio::test]
async fn without_a_node_a_rollout_says_why_it_does_not_come() {
    let bench = Bench::start(0).await;

    let failure = bench
        .create("kubernetes_deployment_v1", &web("nginx:1", "1"))
        .await
        .expect_err("there is no node");

    let error = failure.error;
    assert!(matches!(error.kind, ApiErrorKind::Timeout | ApiErrorKind::Failed), "{error}");
    assert!(error.detail.contains("has no node"), "{error}");
    assert!(error.help.iter().any(|help| help.contains("node pool")), "{:?}", error.help);
    assert!(failure.partial.is_some());
    bench.stop().await;
}

#[tokio::test]
async fn the_autoscaler_adds_a_node_or_its_refusal_ends_the_wait() {
    let bench = Bench::start(1).await;
    let pool =
        "/v1/projects/polls-demo/locations/asia-south1-a/clusters/pollsapi/nodePools/default-pool";
    let scaled =
        json!({ "autoscaling": { "enabled": true, "minNodeCount": 1, "maxNodeCount": 2 } });
    bench.google("POST", &format!("{pool}:setAutoscaling"), &scaled);
    bench.pass(60);
    let asking = |cpu: &str, replicas: &str| {
        let mut json = web("nginx:1", replicas);
        json["spec"]["template"]["spec"]["container"][0]["resources"] =
            json!({ "requests": { "cpu": cpu } });
        json
    };

    // Two on one node do not fit: a second one comes.
    let kept = make(&bench, "kubernetes_deployment_v1", &asking("600m", "2")).await;
    let nodes = bench.behind("GET", "/api/v1/nodes", "", &Json::Null);
    let began = bench.desk.clock().now();
    let failure = bench.update(&kept, Some(&asking("600m", "3"))).await.expect_err("no third");
    let waited = bench.desk.clock().now().duration_since(began);

    assert_eq!(nodes["items"].as_array().expect("a list").len(), 2);
    let detail = &failure.error.detail;
    let words =
        "the autoscaler adds none: pod didn't trigger scale-up: 1 max node group size reached.";
    assert!(detail.contains(words), "{detail}");
    assert!(waited.as_secs() < 200, "{waited:?}");
    bench.stop().await;
}

#[tokio::test]
async fn a_missing_secret_key_is_named() {
    let bench = Bench::start(1).await;
    let mut json = web("nginx:1", "1");
    json["spec"]["template"]["spec"]["container"][0]["env"] = json!([{ "name": "KEY", "value_from": {
        "secret_key_ref": { "name": "app", "key": "bucket" } } }]);

    let failure =
        bench.create("kubernetes_deployment_v1", &json).await.expect_err("the key is not there");

    let error = failure.error;
    assert!(error.detail.contains("CreateContainerConfigError"), "{error}");
    assert!(error.help.iter().any(|help| help.contains("Secret")), "{:?}", error.help);
    bench.stop().await;
}

#[tokio::test]
async fn a_jobs_log_is_shown_and_a_failing_ones_stands_in_the_error() {
    let bench = Bench::start(1).await;

    let kept = make(&bench, "kubernetes_job_v1", &job("polls:1")).await;
    assert!(!bench.desk.logged.lock().expect("it").is_empty());
    assert!(bench.is_settled(&kept).await);
    bench.delete(&kept).await.expect("it is removed");

    let failure =
        bench.create("kubernetes_job_v1", &job("polls:fail")).await.expect_err("it fails");
    let error = failure.error;
    assert_eq!(error.kind, ApiErrorKind::Failed);
    assert!(error.detail.contains("exit code") && error.detail.contains("log lines"), "{error}");
    assert!(failure.partial.is_some());
    bench.stop().await;
}

#[tokio::test]
async fn a_set_goes_with_its_claims_where_the_configuration_says_so() {
    let bench = Bench::start(1).await;
    let headless = json!({ "metadata": { "name": "db" }, "spec": { "cluster_ip": "None",
        "selector": { "app": "db" }, "port": [{ "port": 5432 }] } });
    let service = make(&bench, "kubernetes_service_v1", &headless).await;

    let kept = make(&bench, "kubernetes_stateful_set_v1", &database()).await;
    let claims = "/api/v1/namespaces/default/persistentvolumeclaims";
    assert_eq!(
        bench.behind("GET", claims, "", &Json::Null)["items"][0]["status"]["phase"],
        "Bound"
    );
    assert!(bench.is_settled(&kept).await);
    assert!(bench.is_settled(&service).await);

    bench.delete(&kept).await.expect("it is removed");
    assert_eq!(bench.behind("GET", claims, "", &Json::Null)["items"], json!([]));
    bench.stop().await;
}

#[tokio::test]
async fn an_ingress_is_waited_for_until_it_has_an_address_and_healthy_backends() {
    let bench = Bench::start(1).await;
    make(&bench, "kubernetes_deployment_v1", &web("nginx:1", "1")).await;
    make(&bench, "kubernetes_service_v1", &service()).await;

    let kept = make(&bench, "kubernetes_ingress_v1", &ingress(None)).await;

    let path = ["status", "load_balancer", "ingress"]
        .iter()
        .fold(Path::root(), |path, name| path.attribute(*name).place(0))
        .attribute("ip");
    let address = kept.observed.value.at(&path).and_then(Value::as_str).expect("an address");
    assert!(address.parse::<std::net::IpAddr>().is_ok(), "{address}");
    bench.pass(600);
    assert!(bench.is_settled(&kept).await);
    bench.delete(&kept).await.expect("it is removed");
    bench.stop().await;
}

#[tokio::test]
async fn an_ingress_of_a_class_that_nobody_serves_says_so() {
    let bench = Bench::start(1).await;
    make(&bench, "kubernetes_service_v1", &service()).await;

    let failure = bench
        .create("kubernetes_ingress_v1", &ingress(Some("gce")))
        .await
        .expect_err("it never comes");

    assert_eq!(failure.error.kind, ApiErrorKind::Timeout);
    assert!(
        failure.error.help.iter().any(|help| help.contains("ingress_class_name")),
        "{:?}",
        failure.error
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_namespace_goes_with_all_that_is_in_it() {
    let bench = Bench::start(1).await;
    let kept =
        make(&bench, "kubernetes_namespace_v1", &json!({ "metadata": { "name": "databases" } }))
            .await;
    let secret =
        json!({ "metadata": { "name": "s", "namespace": "databases" }, "data": { "a": "b" } });
    let inside = make(&bench, "kubernetes_secret_v1", &secret).await;

    bench.delete(&kept).await.expect("it is removed");

    assert!(bench.refresh(&[kept, inside]).await.iter().all(Option::is_none));
    bench.stop().await;
}

#[tokio::test]
async fn a_claim_whose_disk_is_made_with_the_first_pod_is_not_waited_for() {
    let bench = Bench::start(1).await;
    let json = json!({ "metadata": { "name": "data" }, "spec": { "access_modes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": "1Gi" } } }, "wait_until_bound": true });

    let kept = make(&bench, "kubernetes_persistent_volume_claim_v1", &json).await;

    assert!(bench.is_settled(&kept).await);
    bench.delete(&kept).await.expect("it is removed");
    bench.stop().await;
}

#[tokio::test]
async fn what_an_autoscaler_does_is_no_change() {
    let bench = Bench::start(1).await;
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    let scale = format!("{path}/scale?fieldManager=kube-controller-manager");
    let mut free = web("nginx:1", "1");
    free["spec"].as_object_mut().expect("an object").remove("replicas");

    for json in [free, web("nginx:1", "1")] {
        let kept = make(&bench, "kubernetes_deployment_v1", &json).await;
        bench.behind("PATCH", &scale, MERGE, &json!({ "spec": { "replicas": 3 } }));
        bench.pass(120);
        assert!(bench.is_settled(&kept).await);

        let mut other = json.clone();
        other["spec"]["template"]["spec"]["container"][0]["image"] = json!("nginx:2");
        let changed = bench.update(&kept, Some(&other)).await.expect("it is changed");
        assert_eq!(bench.behind("GET", path, "", &Json::Null)["spec"]["replicas"], 3);
        assert!(bench.is_settled(&changed).await);
        bench.delete(&changed).await.expect("it is removed");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_pod_is_waited_for_until_it_is_in_a_phase_that_was_asked_for() {
    let bench = Bench::start(1).await;
    let pod = |name: &str, phase: &str, selector: &Json| {
        json!({ "metadata": { "name": name }, "target_state": [phase], "spec": { "node_selector": selector,
            "restart_policy": "Never", "container": [{ "name": "one", "image": "busybox:1.36",
            "command": ["sh", "-c", "exit 0"] }] } })
    };

    let nowhere = pod("nowhere", "Pending", &json!({ "disk": "none" }));
    make(&bench, "kubernetes_pod_v1", &nowhere).await;
    let ended = pod("ended", "Succeeded", &json!({}));
    make(&bench, "kubernetes_pod_v1", &ended).await;

    let path = "/api/v1/namespaces/default/pods/ended";
    assert_eq!(bench.behind("GET", path, "", &Json::Null)["status"]["phase"], "Succeeded");
    bench.stop().await;
}
