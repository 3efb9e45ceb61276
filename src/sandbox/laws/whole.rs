//! Both sides together: what workloads make at Google, and what stays when their cluster goes first.

use serde_json::{Value as Json, json};

use super::{Asker, CLUSTERS, PROJECT};

/// A world with a running cluster of two nodes, and the address of its API server.
fn cluster() -> (Asker, String) {
    let asker = Asker::ready();
    asker.cluster();
    asker.pass(300);
    let pool = json!({"nodePool": {"name": "pool", "initialNodeCount": 2}});
    assert_eq!(asker.ask("POST", &format!("{CLUSTERS}/pollsapi/nodePools"), &pool).0, 200);
    asker.pass(120);
    let (_, cluster) = asker.get(&format!("{CLUSTERS}/pollsapi"));
    let server = format!("https://{}", cluster["endpoint"].as_str().unwrap());
    (asker, server)
}

fn make(asker: &Asker, url: &str, object: &Json) {
    let (status, answer) = asker.ask("POST", url, object);
    assert_eq!(status, 201, "{answer}");
}

fn pass_slowly(asker: &Asker, seconds: u64) {
    for _ in 0..seconds / 30 {
        asker.ask("POST", "/sandbox/clock", &json!({"advance": "30s"}));
    }
}

fn types(asker: &Asker) -> Vec<String> {
    let mut types: Vec<String> = asker
        .inventory()
        .iter()
        .filter_map(|item| item.split(' ').next().map(str::to_owned))
        .collect();
    types.sort();
    types.dedup();
    types
}

fn stateful() -> Json {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "postgresql"},
        "spec": {
            "serviceName": "postgresql", "replicas": 1, "selector": {"matchLabels": {"app": "db"}},
            "template": {
                "metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [{
                    "name": "postgresql", "image": "postgres:17",
                    "env": [{"name": "POSTGRES_PASSWORD", "value": "x"}],
                    "volumeMounts": [{"name": "data", "mountPath": "/var/lib/postgresql/data"}],
                }]},
            },
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
            }],
        },
    })
}

fn web() -> [(&'static str, Json); 3] {
    let labels = json!({"app": "web"});
    let container = json!({"name": "web", "image": "nginx:1", "ports": [{"containerPort": 80}]});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                 "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "annotations": {"cloud.google.com/neg": "{\"ingress\":true}"}},
        "spec": {"type": "NodePort", "selector": labels, "ports": [{"port": 80, "targetPort": 80}]},
    });
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
    });
    [
        ("/apis/apps/v1/namespaces/default/deployments", deployment),
        ("/api/v1/namespaces/default/services", service),
        ("/apis/networking.k8s.io/v1/namespaces/default/ingresses", ingress),
    ]
}

#[test]
fn workloads_make_disks_and_load_balancers_that_outlive_their_cluster() {
    let (asker, server) = cluster();
    make(&asker, &format!("{server}/apis/apps/v1/namespaces/default/statefulsets"), &stateful());
    for (path, object) in web() {
        make(&asker, &format!("{server}{path}"), &object);
    }
    pass_slowly(&asker, 120);
    let ingress = format!("{server}/apis/networking.k8s.io/v1/namespaces/default/ingresses/web");
    assert!(asker.get(&ingress).1["status"]["loadBalancer"]["ingress"].is_null());
    pass_slowly(&asker, 900);
    let address = asker.get(&ingress).1["status"]["loadBalancer"]["ingress"][0]["ip"].clone();
    assert!(address.is_string(), "{}", asker.get(&ingress).1);
    let there = types(&asker);
    for kind in ["disk", "forwardingRule", "networkEndpointGroup", "backendService"] {
        assert!(there.contains(&kind.to_owned()), "no {kind} in {there:?}");
    }
    let (_, disks) = asker.get(&format!("/compute/v1/projects/{PROJECT}/aggregated/disks"));
    assert!(disks["items"].to_string().contains("\"sizeGb\":\"10\""), "{disks}");

    asker.ask("DELETE", &format!("{CLUSTERS}/pollsapi"), &Json::Null);
    asker.pass(300);
    let left = types(&asker);
    assert!(
        left.contains(&"disk".to_owned()) && left.contains(&"forwardingRule".to_owned()),
        "{left:?}"
    );
    assert!(
        !left.contains(&"cluster".to_owned()) && !left.contains(&"instanceGroupManager".to_owned()),
        "{left:?}"
    );
}

#[test]
fn what_is_removed_in_order_leaves_nothing() {
    let (asker, server) = cluster();
    make(&asker, &format!("{server}/apis/apps/v1/namespaces/default/statefulsets"), &stateful());
    for (path, object) in web() {
        make(&asker, &format!("{server}{path}"), &object);
    }
    pass_slowly(&asker, 1200);
    for path in [
        "/apis/networking.k8s.io/v1/namespaces/default/ingresses/web",
        "/api/v1/namespaces/default/services/web",
        "/apis/apps/v1/namespaces/default/deployments/web",
        "/apis/apps/v1/namespaces/default/statefulsets/postgresql",
        "/api/v1/namespaces/default/persistentvolumeclaims/data-postgresql-0",
    ] {
        let (status, answer) = asker.ask("DELETE", &format!("{server}{path}"), &Json::Null);
        assert!(status < 300, "{path}: {answer}");
        pass_slowly(&asker, 180);
    }
    asker.ask("DELETE", &format!("{CLUSTERS}/pollsapi"), &Json::Null);
    asker.pass(300);
    assert_eq!(types(&asker), ["service"]);
}

#[test]
fn many_ask_at_once_and_none_waits_for_ever() {
    let (asker, server) = cluster();
    let pods = format!("{server}/api/v1/namespaces/default/pods");
    let bucket = format!("/storage/v1/b?project={PROJECT}");
    std::thread::scope(|scope| {
        for url in [pods.as_str(), bucket.as_str(), "/sandbox/inventory", CLUSTERS] {
            let asker = &asker;
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(asker.get(url).0, 200, "{url}");
                    asker.world.settle_all();
                }
            });
        }
    });
}
