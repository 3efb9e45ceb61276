//! Services: their endpoints, and the load balancer of those that want one.

use serde_json::{Value as Json, json};

use super::attention::{attend, is_beside, is_dependents};
use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit::add_finalizer;
use crate::sandbox::kubernetes::select::labels_match;
use crate::sandbox::kubernetes::store::{
    Change, Effect, Store, digest, is_deleting, items, moment, name, namespace, number, text, uid,
};

const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
/// Seconds until a load balancer has its address, and until it is gone.
const MADE_AFTER: u64 = 60;
const GONE_AFTER: u64 = 30;

/// Takes the next step of every Service.
pub fn run(store: &mut Store, cluster: &ClusterName) {
    for service in store.all("Service") {
        attend(
            store,
            "service",
            &service,
            |change| concerns(&service, change),
            |store, service| {
                if !is_deleting(service) {
                    endpoints(store, service);
                }
                balancer(store, cluster, service);
            },
        );
    }
}

/// Says whether a Service's endpoints depend on a change: of a pod that is or was behind it, or of the endpoints themselves.
fn concerns(service: &Json, change: &Change) -> bool {
    if !is_beside(change, &["pods", "endpoints", "endpointslices"], service) {
        return false;
    }
    let behind = |pod: &Json| labels_match(&service["spec"]["selector"], pod);
    match change.key.plural.as_str() {
        "pods" => behind(&change.after) || change.before.as_deref().is_some_and(behind),
        "endpoints" => change.key.name == name(service),
        _ => is_dependents(change, "endpointslices", uid(service)),
    }
}

/// Gives the pods behind a Service that have an address.
pub fn pods_behind(store: &Store, service: &Json) -> Vec<Json> {
    store
        .within("Pod", namespace(service))
        .filter(|pod| labels_match(&service["spec"]["selector"], pod))
        .filter(|pod| !text(pod, "/status/podIP").is_empty() && !is_deleting(pod))
        .filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .cloned()
        .collect()
}

/// Gives the container port that a Service's port leads to.
pub fn target_port(port: &Json, pods: &[Json]) -> Option<i64> {
    if let Some(number) = port["targetPort"].as_i64() {
        return Some(number);
    }
    let wanted = port["targetPort"].as_str()?;
    pods.iter()
        .flat_map(|pod| items(pod, "/spec/containers"))
        .flat_map(|container| items(container, "/ports"))
        .find(|port| port["name"] == wanted)
        .and_then(|port| number(port, "/containerPort"))
}

fn endpoints(store: &mut Store, service: &Json) {
    if !service["spec"]["selector"].is_object() || text(service, "/spec/type") == "ExternalName" {
        return;
    }
    let pods = pods_behind(store, service);
    let ports: Vec<Json> = items(service, "/spec/ports")
        .iter()
        .filter_map(|port| {
            let target = target_port(port, &pods)?;
            Some(json!({"name": text(port, "/name"), "port": target, "protocol": port["protocol"]}))
        })
        .collect();
    let reference = |pod: &Json| json!({"kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod)});
    let rows: Vec<Json> = pods
        .iter()
        .map(|pod| {
            let ready = hand::is_ready(pod);
            json!({"addresses": [text(pod, "/status/podIP")], "nodeName": pod["spec"]["nodeName"],
                "conditions": {"ready": ready, "serving": ready, "terminating": false},
                "targetRef": reference(pod)})
        })
        .collect();
    slice(store, service, &ports, &rows);
    let half = |ready: bool| -> Vec<Json> {
        pods.iter()
            .filter(|pod| hand::is_ready(pod) == ready)
            .map(|pod| {
                json!({"ip": text(pod, "/status/podIP"), "nodeName": pod["spec"]["nodeName"],
                    "targetRef": reference(pod)})
            })
            .collect()
    };
    let mut subset = json!({"ports": ports});
    for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
        let addresses = half(ready);
        if !addresses.is_empty() {
            subset[field] = json!(addresses);
        }
    }
    let subsets = if pods.is_empty() { json!([]) } else { json!([subset]) };
    match store.find("Endpoints", namespace(service), name(service)).cloned() {
        None => {
            let object = json!({"apiVersion": "v1", "kind": "Endpoints",
                "metadata": {"name": name(service), "namespace": namespace(service),
                    "ownerReferences": [owner(service)]}, "subsets": subsets});
            hand::create(store, MANAGER, object);
        }
        Some(there) => {
            hand::change(store, MANAGER, &there, |object| object["subsets"] = subsets.clone());
        }
    }
}

fn owner(service: &Json) -> Json {
    json!({"apiVersion": "v1", "kind": "Service", "name": name(service), "uid": uid(service),
        "controller": true, "blockOwnerDeletion": true})
}

fn slice(store: &mut Store, service: &Json, ports: &[Json], rows: &[Json]) {
    let there = hand::owned(store, "EndpointSlice", service);
    match there.first() {
        None => {
            let called = format!("{}-{}", name(service), store.suffix(5));
            let object = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": called, "namespace": namespace(service),
                    "labels": {"kubernetes.io/service-name": name(service),
                        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
                    "ownerReferences": [owner(service)]},
                "addressType": "IPv4", "endpoints": rows, "ports": ports});
            hand::create(store, MANAGER, object);
        }
        Some(there) => hand::change(store, MANAGER, there, |object| {
            object["endpoints"] = json!(rows);
            object["ports"] = json!(ports);
        }),
    }
}

/// Gives the region of a cluster's location.
pub fn region(location: &str) -> &str {
    match location.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 => region,
        _ => location,
    }
}

fn balancer_name(service: &Json) -> String {
    let id: String = uid(service).chars().filter(|c| *c != '-').take(31).collect();
    format!("a{id}")
}

fn balancer(store: &mut Store, cluster: &ClusterName, service: &Json) {
    let held = items(service, "/metadata/finalizers").iter().any(|one| one == FINALIZER);
    let wanted = text(service, "/spec/type") == "LoadBalancer" && !is_deleting(service);
    let called = balancer_name(service);
    if !wanted {
        if held {
            unmake(store, cluster, service, &called);
        }
        return;
    }
    if !held {
        hand::change(store, "cloud-controller-manager", service, |object| {
            add_finalizer(object, FINALIZER);
        });
        let text = "Ensuring load balancer";
        hand::event(store, service, "service-controller", false, "EnsuringLoadBalancer", text);
    }
    let since = store.since(format!("balancer/{}", uid(service)));
    if !store.has_passed(since, MADE_AFTER)
        || !items(service, "/status/loadBalancer/ingress").is_empty()
    {
        return;
    }
    let mark = digest(uid(service));
    let address = format!("35.{}.{}.{}", 190 + mark % 60, mark / 60 % 250, mark / 15000 % 250 + 1);
    let place = region(&cluster.location).to_owned();
    let about = json!({"kubernetes.io/service-name":
        format!("{}/{}", namespace(service), name(service))})
    .to_string();
    let port = items(service, "/spec/ports").first().and_then(|port| number(port, "/port"));
    store.effects.push(Effect::Put {
        collection: format!("regions/{place}/forwardingRules"),
        body: json!({"name": called, "IPAddress": address, "IPProtocol": "TCP",
            "portRange": format!("{0}-{0}", port.unwrap_or(80)), "description": about,
            "loadBalancingScheme": "EXTERNAL"}),
    });
    store.effects.push(Effect::Put {
        collection: format!("regions/{place}/targetPools"),
        body: json!({"name": called, "description": about}),
    });
    store.effects.push(Effect::Put {
        collection: "global/firewalls".to_owned(),
        body: json!({"name": format!("k8s-fw-{called}"), "description": about,
            "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}]}),
    });
    let mut status = service["status"].clone();
    status["loadBalancer"] = json!({"ingress": [{"ip": address, "ipMode": "VIP"}]});
    hand::status(store, "cloud-controller-manager", service, status);
    let text = "Ensured load balancer";
    hand::event(store, service, "service-controller", false, "EnsuredLoadBalancer", text);
}

fn unmake(store: &mut Store, cluster: &ClusterName, service: &Json, called: &str) {
    let since = match moment(service, "/metadata/deletionTimestamp") {
        Some(since) => since,
        None => store.since(format!("balancer-gone/{}", uid(service))),
    };
    if !store.has_passed(since, GONE_AFTER) {
        return;
    }
    let place = region(&cluster.location);
    for (collection, name) in [
        (format!("regions/{place}/forwardingRules"), called.to_owned()),
        (format!("regions/{place}/targetPools"), called.to_owned()),
        ("global/firewalls".to_owned(), format!("k8s-fw-{called}")),
    ] {
        store.effects.push(Effect::Remove { collection, name });
    }
    store.marks.remove(&format!("balancer/{}", uid(service)));
    store.marks.remove(&format!("balancer-gone/{}", uid(service)));
    if !is_deleting(service) {
        hand::status(store, "cloud-controller-manager", service, json!({"loadBalancer": {}}));
    }
    hand::drop_finalizer(store, "cloud-controller-manager", service, FINALIZER);
}
