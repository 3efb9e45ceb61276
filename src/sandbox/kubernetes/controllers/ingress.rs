//! Ingresses as GKE treats them: a load balancer of Google's, some minutes later.
//!
//! Source: GKE's documentation of Ingress. The class stands in the annotation or nowhere: an
//! Ingress with `spec.ingressClassName` and no annotation is nobody's.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::hand;
use super::service::{pods_behind, target_port};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit::{add_finalizer, remove};
use crate::sandbox::kubernetes::store::{
    Effect, Store, digest, is_deleting, items, moment, name, namespace, number, text, uid,
};

const MANAGER: &str = "glbc";
const FINALIZER: &str = "networking.gke.io/ingress-finalizer-V2";
/// Seconds until the address is there, until the groups of endpoints are, until all is gone.
const ADDRESS_AFTER: u64 = 600;
const GROUPS_AFTER: u64 = 30;
const GONE_AFTER: u64 = 90;

/// One Service's port behind an Ingress.
struct Backend {
    service: Json,
    port: Json,
    grouped: bool,
}

/// Takes the next step of every Ingress.
pub fn run(store: &mut Store, cluster: &ClusterName) {
    for ingress in store.all("Ingress") {
        let held = items(&ingress, "/metadata/finalizers").iter().any(|one| one == FINALIZER);
        if is_deleting(&ingress) {
            if held {
                unmake(store, cluster, &ingress);
            }
        } else if is_ours(&ingress) {
            step(store, cluster, &ingress, held);
        }
    }
    endpoints_of_groups(store, cluster);
}

fn is_ours(ingress: &Json) -> bool {
    match ingress["metadata"]["annotations"].get("kubernetes.io/ingress.class") {
        Some(class) => matches!(class.as_str(), Some("gce" | "gce-internal" | "")),
        None => text(ingress, "/spec/ingressClassName").is_empty(),
    }
}

fn step(store: &mut Store, cluster: &ClusterName, ingress: &Json, held: bool) {
    let backends = match backends(store, ingress) {
        Ok(backends) => backends,
        Err(fault) => {
            let text = format!("Translation failed: invalid ingress spec: {fault}");
            hand::event(store, ingress, "loadbalancer-controller", true, "Translate", &text);
            return;
        }
    };
    if !held {
        hand::change(store, MANAGER, ingress, |object| add_finalizer(object, FINALIZER));
        hand::event(store, ingress, "loadbalancer-controller", false, "Sync", "Scheduled for sync");
    }
    let since = store.since(format!("ingress/{}", uid(ingress)));
    if store.has_passed(since, GROUPS_AFTER) {
        for backend in backends.iter().filter(|backend| backend.grouped) {
            group(store, cluster, backend);
        }
    }
    if !store.has_passed(since, ADDRESS_AFTER) {
        return;
    }
    if items(ingress, "/status/loadBalancer/ingress").is_empty() {
        make(store, ingress);
    }
    behind(store, cluster, &backends);
    tell(store, ingress, &backends);
}

/// Gives what stands behind an Ingress, or what is wrong with it.
fn backends(store: &Store, ingress: &Json) -> Result<Vec<Backend>, String> {
    let mut references = Vec::new();
    if let Some(default) = ingress["spec"].get("defaultBackend") {
        references.push(default);
    }
    for rule in items(ingress, "/spec/rules") {
        for path in items(rule, "/http/paths") {
            references.push(&path["backend"]);
        }
    }
    let mut found: Vec<Backend> = Vec::new();
    for reference in references {
        let called = text(reference, "/service/name");
        let place = namespace(ingress);
        let service = store
            .find("Service", place, called)
            .ok_or_else(|| format!("could not find service \"{place}/{called}\""))?;
        let wanted = &reference["service"]["port"];
        let port = items(service, "/spec/ports")
            .iter()
            .find(|port| match wanted.get("number") {
                Some(number) => port["port"] == *number,
                None => port["name"] == wanted["name"],
            })
            .ok_or_else(|| {
                format!("could not find port \"{wanted}\" in service \"{place}/{called}\"")
            })?;
        let grouped = has_groups(service);
        if !grouped && !matches!(text(service, "/spec/type"), "NodePort" | "LoadBalancer") {
            return Err(format!(
                "service \"{place}/{called}\" is type \"{}\", expected \"NodePort\" or \"LoadBalancer\"",
                text(service, "/spec/type")
            ));
        }
        let known = found.iter().any(|one| uid(&one.service) == uid(service) && one.port == *port);
        if !known {
            found.push(Backend { service: service.clone(), port: port.clone(), grouped });
        }
    }
    Ok(found)
}

fn has_groups(service: &Json) -> bool {
    let text = text(service, "/metadata/annotations/cloud.google.com~1neg");
    serde_json::from_str::<Json>(text).is_ok_and(|wanted| wanted["ingress"] == true)
}

/// Gives a short name of the cluster, as its names at Google end with.
fn mark(store: &Store) -> String {
    let id = store.find("Namespace", "", "kube-system").map(|space| uid(space).to_owned());
    format!("{:016x}", digest(&id.unwrap_or_default()))
}

fn group_name(store: &Store, service: &Json, port: &Json) -> String {
    let (place, called) = (namespace(service), name(service));
    let number = number(port, "/port").unwrap_or(0);
    let short = |text: &str| text.chars().take(14).collect::<String>();
    let end = digest(&format!("{place}/{called}/{number}")) & 0xffff_ffff;
    format!("k8s1-{}-{}-{}-{number}-{end:08x}", &mark(store)[..8], short(place), short(called))
}

fn backend_name(store: &Store, backend: &Backend) -> String {
    if backend.grouped {
        return group_name(store, &backend.service, &backend.port);
    }
    format!("k8s-be-{}--{}", number(&backend.port, "/nodePort").unwrap_or(0), mark(store))
}

fn zones(store: &Store, cluster: &ClusterName) -> Vec<String> {
    let zones: BTreeSet<String> = store.nodes.iter().map(|node| node.zone.clone()).collect();
    if zones.is_empty() { vec![cluster.location.clone()] } else { zones.into_iter().collect() }
}

/// Makes a group of endpoints in each zone, and says so on the Service.
fn group(store: &mut Store, cluster: &ClusterName, backend: &Backend) {
    let called = group_name(store, &backend.service, &backend.port);
    let zones = zones(store, cluster);
    let key = "cloud.google.com/neg-status";
    let port = number(&backend.port, "/port").unwrap_or(0).to_string();
    let Some(service) = store.find("Service", namespace(&backend.service), name(&backend.service))
    else {
        return;
    };
    let service = service.clone();
    let old: Json =
        serde_json::from_str(service["metadata"]["annotations"][key].as_str().unwrap_or("{}"))
            .unwrap_or_default();
    let mut groups = old["network_endpoint_groups"].clone();
    if !groups.is_object() {
        groups = json!({});
    }
    groups[&port] = json!(called);
    let new = json!({"network_endpoint_groups": groups, "zones": zones});
    if old == new {
        return;
    }
    for zone in &zones {
        store.effects.push(Effect::Put {
            collection: format!("zones/{zone}/networkEndpointGroups"),
            body: json!({"name": called, "networkEndpointType": "GCE_VM_IP_PORT", "size": 0,
                "description": json!({"cluster-uid": mark(store), "namespace": namespace(&service),
                    "service-name": name(&service), "port": port}).to_string()}),
        });
    }
    hand::change(store, MANAGER, &service, |object| {
        object["metadata"]["annotations"][key] = json!(new.to_string());
    });
    store
        .marks
        .insert(format!("neg/{called}/{}/{}", namespace(&service), name(&service)), store.now);
}

/// Removes groups of Services that are gone or that nothing refers to any more.
fn endpoints_of_groups(store: &mut Store, cluster: &ClusterName) {
    let marks: Vec<String> =
        store.marks.keys().filter(|mark| mark.starts_with("neg/")).cloned().collect();
    for mark in marks {
        let parts: Vec<&str> = mark.split('/').collect();
        let [_, called, place, service_name] = parts.as_slice() else { continue };
        let service = store.find("Service", place, service_name).cloned();
        let used = store.within("Ingress", place).any(|ingress| {
            backends(store, ingress).is_ok_and(|all| {
                all.iter().any(|one| name(&one.service) == *service_name && one.grouped)
            }) || items(ingress, "/metadata/finalizers").iter().any(|one| one == FINALIZER)
        });
        if service.is_some() && used {
            continue;
        }
        for zone in zones(store, cluster) {
            store.effects.push(Effect::Remove {
                collection: format!("zones/{zone}/networkEndpointGroups"),
                name: (*called).to_owned(),
            });
        }
        if let Some(service) = service {
            hand::change(store, MANAGER, &service, |object| {
                remove(&mut object["metadata"]["annotations"], "cloud.google.com/neg-status");
            });
        }
        store.marks.remove(&mark);
    }
}

/// The names of an Ingress's own parts at Google: map, proxy, rule.
fn parts(store: &Store, ingress: &Json) -> [(&'static str, String); 3] {
    let short = |text: &str| text.chars().take(16).collect::<String>();
    let end = digest(uid(ingress)) & 0xffff_ffff;
    let tail = format!(
        "{}-{}-{}-{end:08x}",
        &mark(store)[..8],
        short(namespace(ingress)),
        short(name(ingress))
    );
    [
        ("urlMaps", format!("k8s2-um-{tail}")),
        ("targetHttpProxies", format!("k8s2-tp-{tail}")),
        ("forwardingRules", format!("k8s2-fr-{tail}")),
    ]
}

fn make(store: &mut Store, ingress: &Json) {
    let at = digest(uid(ingress));
    let internal =
        text(ingress, "/metadata/annotations/kubernetes.io~1ingress.class") == "gce-internal";
    let address = if internal {
        format!("10.160.1.{}", at % 250 + 1)
    } else {
        format!("34.{}.{}.{}", 96 + at % 30, at / 30 % 250, at / 7500 % 250 + 1)
    };
    let about = json!({"kubernetes.io/ingress-name":
        format!("{}/{}", namespace(ingress), name(ingress))})
    .to_string();
    for (kind, called) in parts(store, ingress) {
        let mut body = json!({"name": called, "description": about});
        if kind == "forwardingRules" {
            body["IPAddress"] = json!(address);
            body["portRange"] = json!("80-80");
            body["IPProtocol"] = json!("TCP");
            body["loadBalancingScheme"] = json!("EXTERNAL");
        }
        store.effects.push(Effect::Put { collection: format!("global/{kind}"), body });
    }
    let status = json!({"loadBalancer": {"ingress": [{"ip": address}]}});
    hand::status(store, MANAGER, ingress, status);
    let text = format!("IP is now {address}");
    hand::event(store, ingress, "loadbalancer-controller", false, "IPChanged", &text);
}

/// Makes what stands behind all Ingresses: a service and a check for each backend, one firewall.
fn behind(store: &mut Store, cluster: &ClusterName, backends: &[Backend]) {
    for backend in backends {
        let called = backend_name(store, backend);
        if store.marks.contains_key(&format!("be/{called}")) {
            continue;
        }
        store.since(format!("be/{called}"));
        let port = number(&backend.port, "/nodePort").or_else(|| target_port(&backend.port, &[]));
        store.effects.push(Effect::Put {
            collection: "global/healthChecks".to_owned(),
            body: json!({"name": called, "type": "HTTP",
                "httpHealthCheck": {"port": port, "requestPath": "/"}}),
        });
        store.effects.push(Effect::Put {
            collection: "global/backendServices".to_owned(),
            body: json!({"name": called, "protocol": "HTTP", "loadBalancingScheme": "EXTERNAL"}),
        });
        if !backend.grouped {
            for zone in zones(store, cluster) {
                store.effects.push(Effect::Put {
                    collection: format!("zones/{zone}/instanceGroups"),
                    body: json!({"name": format!("k8s-ig--{}", mark(store))}),
                });
            }
        }
    }
    if !store.marks.contains_key("firewall") {
        store.since("firewall".to_owned());
        store.effects.push(Effect::Put {
            collection: "global/firewalls".to_owned(),
            body: json!({"name": format!("k8s-fw-l7--{}", mark(store)),
                "sourceRanges": ["130.211.0.0/22", "35.191.0.0/16"],
                "allowed": [{"IPProtocol": "tcp"}],
                "description": "GCE L7 firewall rule"}),
        });
    }
}

fn tell(store: &mut Store, ingress: &Json, backends: &[Backend]) {
    let mut health = serde_json::Map::new();
    for backend in backends {
        let ready = pods_behind(store, &backend.service).iter().any(hand::is_ready);
        let word = if ready { "HEALTHY" } else { "UNHEALTHY" };
        health.insert(backend_name(store, backend), json!(word));
    }
    let [map, proxy, rule] = parts(store, ingress);
    let text = Json::Object(health).to_string();
    hand::change(store, MANAGER, ingress, |object| {
        if !object["metadata"]["annotations"].is_object() {
            object["metadata"]["annotations"] = json!({});
        }
        let annotations = &mut object["metadata"]["annotations"];
        annotations["ingress.kubernetes.io/backends"] = json!(text);
        annotations["ingress.kubernetes.io/forwarding-rule"] = json!(rule.1);
        annotations["ingress.kubernetes.io/target-proxy"] = json!(proxy.1);
        annotations["ingress.kubernetes.io/url-map"] = json!(map.1);
    });
}

/// Takes the load balancer apart, from the outside in; what others use stays.
fn unmake(store: &mut Store, cluster: &ClusterName, ingress: &Json) {
    let since = moment(ingress, "/metadata/deletionTimestamp").unwrap_or(store.now);
    if !store.has_passed(since, GONE_AFTER) {
        return;
    }
    let mut gone: Vec<(String, String)> = parts(store, ingress)
        .into_iter()
        .rev()
        .map(|(kind, called)| (format!("global/{kind}"), called))
        .collect();
    let others: Vec<Arc<Json>> = store
        .all("Ingress")
        .into_iter()
        .filter(|other| uid(other) != uid(ingress) && !is_deleting(other) && is_ours(other))
        .collect();
    let used: BTreeSet<String> = others
        .iter()
        .filter_map(|other| backends(store, other).ok())
        .flatten()
        .map(|backend| backend_name(store, &backend))
        .collect();
    let kept: Vec<String> =
        store.marks.keys().filter(|mark| mark.starts_with("be/")).cloned().collect();
    for mark in kept {
        let called = mark.trim_start_matches("be/").to_owned();
        if !used.contains(&called) {
            gone.push(("global/backendServices".to_owned(), called.clone()));
            gone.push(("global/healthChecks".to_owned(), called));
            store.marks.remove(&mark);
        }
    }
    if others.is_empty() {
        let mark = mark(store);
        gone.push(("global/firewalls".to_owned(), format!("k8s-fw-l7--{mark}")));
        for zone in zones(store, cluster) {
            gone.push((format!("zones/{zone}/instanceGroups"), format!("k8s-ig--{mark}")));
        }
        store.marks.remove("firewall");
    }
    for (collection, name) in gone {
        store.effects.push(Effect::Remove { collection, name });
    }
    store.marks.remove(&format!("ingress/{}", uid(ingress)));
    hand::drop_finalizer(store, MANAGER, ingress, FINALIZER);
}
