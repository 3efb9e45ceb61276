//! Services and Ingresses: what they make at Google, and when.

use serde_json::{Value as Json, json};

use super::{APPS, Bench, CORE, deployment};

const NET: &str = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";

fn service(kind: &str, grouped: bool) -> Json {
    let mut object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"type": kind, "selector": {"app": "web"},
            "ports": [{"port": 80, "targetPort": 8000}]}});
    if grouped {
        let key = "cloud.google.com/neg";
        object["metadata"]["annotations"] = json!({key: "{\"ingress\":true}"});
    }
    object
}

fn ingress(service: &str) -> Json {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix",
            "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]}})
}

fn address(bench: &Bench) -> Json {
    bench.get(&format!("{NET}/web"))["status"]["loadBalancer"]["ingress"][0]["ip"].clone()
}

fn things(bench: &Bench) -> Vec<String> {
    let things = bench.cloud.things.lock().unwrap();
    let mut kinds: Vec<String> = things
        .keys()
        .map(|place| place.rsplit_once('/').map_or(place.clone(), |(kind, _)| kind.to_owned()))
        .collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_right_ingress_has_its_address_after_ten_minutes_and_leaves_nothing() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    bench.applied(&format!("{CORE}/services/web"), &service("NodePort", true));
    bench.applied(&format!("{NET}/web"), &ingress("web"));

    bench.wait(599);
    let early = address(&bench);
    bench.wait(1);

    assert_eq!(early, Json::Null);
    assert!(address(&bench).is_string());
    let object = bench.get(&format!("{NET}/web"));
    let backends = object["metadata"]["annotations"]["ingress.kubernetes.io/backends"].as_str();
    assert!(backends.unwrap().contains(":\"HEALTHY\""), "{object}");
    assert_eq!(
        things(&bench),
        [
            "global/backendServices",
            "global/firewalls",
            "global/forwardingRules",
            "global/healthChecks",
            "global/targetHttpProxies",
            "global/urlMaps",
            "zones/asia-south1-a/networkEndpointGroups"
        ]
    );
    let (status, waiting) = bench.delete(&format!("{NET}/web"));
    assert_eq!(status, 200);
    assert_eq!(
        waiting["metadata"]["finalizers"],
        json!(["networking.gke.io/ingress-finalizer-V2"])
    );
    bench.wait(100);
    assert_eq!(bench.get(&format!("{NET}/web"))["code"], 404);
    assert!(things(&bench).is_empty(), "{:?}", things(&bench));
}

#[test]
fn the_controllers_notes_are_no_change_for_who_applied() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    bench.applied(&format!("{CORE}/services/web"), &service("NodePort", true));
    bench.applied(&format!("{NET}/web"), &ingress("web"));
    bench.wait(700);
    let before = bench.get(&format!("{CORE}/services/web"));

    let again = bench.applied(&format!("{CORE}/services/web"), &service("NodePort", true));

    assert!(before["metadata"]["annotations"]["cloud.google.com/neg-status"].is_string());
    assert_eq!(before["metadata"]["resourceVersion"], again["metadata"]["resourceVersion"]);
    let before = bench.get(&format!("{NET}/web"));
    let again = bench.applied(&format!("{NET}/web"), &ingress("web"));
    assert_eq!(before["metadata"]["resourceVersion"], again["metadata"]["resourceVersion"]);
}

#[test]
fn backends_are_unhealthy_while_no_pod_is_ready() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{CORE}/services/web"), &service("NodePort", true));
    bench.applied(&format!("{NET}/web"), &ingress("web"));
    let health = || {
        let object = bench.get(&format!("{NET}/web"));
        object["metadata"]["annotations"]["ingress.kubernetes.io/backends"].to_string()
    };

    bench.wait(600);
    let before = health();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    bench.wait(60);

    assert!(before.contains("UNHEALTHY"));
    assert!(!health().contains("UNHEALTHY"));
}

#[test]
fn a_wrong_ingress_never_has_an_address() {
    for (kind, grouped, to, class) in [
        ("NodePort", false, "elsewhere", None),
        ("ClusterIP", false, "web", None),
        ("NodePort", true, "web", Some("gce")),
    ] {
        let bench = Bench::with_nodes();
        bench.applied(&format!("{CORE}/services/web"), &service(kind, grouped));
        let mut object = ingress(to);
        if let Some(class) = class {
            object["spec"]["ingressClassName"] = json!(class);
        }
        bench.applied(&format!("{NET}/web"), &object);

        bench.wait(3600);

        assert_eq!(address(&bench), Json::Null, "{kind} {to} {class:?}");
        let events = bench.get(&format!("{CORE}/events?fieldSelector=reason%3DTranslate"));
        let told = !events["items"].as_array().unwrap().is_empty();
        assert_eq!(told, class.is_none());
    }
}

#[test]
fn a_load_balancer_service_has_its_address_after_a_minute_and_leaves_nothing() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{CORE}/services/web"), &service("LoadBalancer", false));
    let url = format!("{CORE}/services/web");
    let ip = || bench.get(&url)["status"]["loadBalancer"]["ingress"][0]["ip"].clone();

    bench.wait(59);
    let early = ip();
    bench.wait(1);

    assert_eq!(early, Json::Null);
    assert!(ip().is_string());
    assert!(things(&bench).contains(&"regions/asia-south1/forwardingRules".to_owned()));
    bench.delete(&url);
    bench.wait(40);
    assert_eq!(bench.get(&url)["code"], 404);
    assert!(things(&bench).is_empty());
}

#[test]
fn endpoints_follow_the_ready_pods() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{CORE}/services/web"), &service("ClusterIP", false));
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 2));

    bench.wait(60);

    let object = bench.get(&format!("{CORE}/endpoints/web"));
    assert_eq!(object["subsets"][0]["addresses"].as_array().unwrap().len(), 2);
    assert_eq!(object["subsets"][0]["ports"][0]["port"], 8000);
    let slices = bench.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices");
    assert_eq!(slices["items"][0]["endpoints"].as_array().unwrap().len(), 2);
}
