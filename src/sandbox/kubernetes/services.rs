//! Addresses and ports of Services: given when a Service is written.
//!
//! The range is GKE's own for new clusters (34.118.224.0/20); node ports are 30000 to 32767.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::defaults_pod::put;
use super::failure::{Cause, Failure};
use super::resources::Resource;
use super::store::{Store, digest, items, name, namespace, text, uid};

/// Gives a Service its addresses and node ports, keeping what it has.
///
/// # Errors
/// An address or node port that another Service has.
pub fn allocate(
    store: &Store,
    resource: &Resource,
    old: Option<&Json>,
    service: &mut Json,
) -> Result<(), Failure> {
    if let Some(old) = old {
        leave(old, service);
    }
    let kind = text(service, "/spec/type").to_owned();
    let own = uid(service).to_owned();
    let others: Vec<Arc<Json>> =
        store.all("Service").into_iter().filter(|other| uid(other) != own).collect();
    if kind == "ExternalName" {
        for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            super::admit::remove(&mut service["spec"], name);
        }
        return Ok(());
    }
    put(&mut service["spec"], "ipFamilies", json!(["IPv4"]));
    put(&mut service["spec"], "ipFamilyPolicy", json!("SingleStack"));
    address(resource, old, service, &others)?;
    if kind == "NodePort" || kind == "LoadBalancer" {
        node_ports(resource, old, service, &others)?;
        health_port(old, service, &others);
    } else if let Some(ports) = service["spec"]["ports"].as_array_mut() {
        for port in ports {
            super::admit::remove(port, "nodePort");
        }
    }
    Ok(())
}

/// Takes out what only the type that a Service had before could have.
fn leave(old: &Json, service: &mut Json) {
    let (before, kind) =
        (text(old, "/spec/type").to_owned(), text(service, "/spec/type").to_owned());
    if before == kind {
        return;
    }
    let outside = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    let mut gone: Vec<&str> = Vec::new();
    if outside(&before) && !outside(&kind) {
        gone.extend(["externalTrafficPolicy", "healthCheckNodePort"]);
    }
    if before == "LoadBalancer" {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    if kind == "ExternalName" {
        gone.push("internalTrafficPolicy");
    }
    for name in gone {
        if old["spec"].get(name) == service["spec"].get(name) {
            super::admit::remove(&mut service["spec"], name);
        }
    }
}

fn address(
    resource: &Resource,
    old: Option<&Json>,
    service: &mut Json,
    others: &[Arc<Json>],
) -> Result<(), Failure> {
    let mut wanted = text(service, "/spec/clusterIP").to_owned();
    if wanted.is_empty()
        && let Some(old) = old
    {
        wanted = text(old, "/spec/clusterIP").to_owned();
    }
    let used: BTreeSet<&str> = others.iter().map(|other| text(other, "/spec/clusterIP")).collect();
    if wanted.is_empty() {
        let start = digest(&format!("{}/{}", namespace(service), name(service)));
        wanted = (0..4000)
            .map(|step| {
                let at = 20 + (start.wrapping_add(step)) % 4000;
                format!("34.118.{}.{}", 224 + at / 256, at % 256)
            })
            .find(|address| !used.contains(address.as_str()))
            .unwrap_or_default();
    } else if wanted != "None" && used.contains(wanted.as_str()) {
        let field = "spec.clusterIPs";
        let value = json!([wanted]);
        let detail = format!("failed to allocate IP {wanted}: provided IP is already allocated");
        let cause = Cause::invalid(field, &value, &detail);
        return Err(Failure::invalid(resource, name(service), &[cause]));
    }
    service["spec"]["clusterIP"] = json!(wanted);
    service["spec"]["clusterIPs"] = json!([wanted]);
    Ok(())
}

/// A load balancer that keeps to the nodes of its pods asks them by a port of its own.
fn health_port(old: Option<&Json>, service: &mut Json, others: &[Arc<Json>]) {
    let local = text(service, "/spec/type") == "LoadBalancer"
        && text(service, "/spec/externalTrafficPolicy") == "Local";
    if !local {
        super::admit::remove(&mut service["spec"], "healthCheckNodePort");
        return;
    }
    if service["spec"]["healthCheckNodePort"].as_i64().is_some_and(|port| port > 0) {
        return;
    }
    let kept = old.and_then(|old| old["spec"]["healthCheckNodePort"].as_i64());
    let own = items(service, "/spec/ports").iter();
    let all = others.iter().flat_map(|other| items(other, "/spec/ports")).chain(own);
    let used: BTreeSet<i64> = all
        .filter_map(|port| port["nodePort"].as_i64())
        .chain(others.iter().filter_map(|other| other["spec"]["healthCheckNodePort"].as_i64()))
        .collect();
    let start = digest(&format!("health {}", uid(service)));
    let number = kept.or_else(|| {
        (0..2768_u64)
            .map(|step| 30000 + i64::try_from((start.wrapping_add(step)) % 2768).unwrap_or(0))
            .find(|number| !used.contains(number))
    });
    service["spec"]["healthCheckNodePort"] = json!(number);
}

fn node_ports(
    resource: &Resource,
    old: Option<&Json>,
    service: &mut Json,
    others: &[Arc<Json>],
) -> Result<(), Failure> {
    let mut used: BTreeSet<i64> = others
        .iter()
        .flat_map(|other| items(other, "/spec/ports"))
        .filter_map(|port| port["nodePort"].as_i64())
        .collect();
    let before = old.map(|old| items(old, "/spec/ports").to_vec()).unwrap_or_default();
    let start = digest(uid(service));
    let service_name = name(service).to_owned();
    let ports = service["spec"]["ports"].as_array_mut().map_or(&mut [][..], Vec::as_mut_slice);
    for (at, port) in ports.iter_mut().enumerate() {
        let given = port["nodePort"].as_i64().filter(|number| *number > 0);
        let kept = before
            .iter()
            .find(|old| old["port"] == port["port"] && old["protocol"] == port["protocol"])
            .and_then(|old| old["nodePort"].as_i64());
        if let Some(number) = given {
            if !used.insert(number) {
                let detail = "provided port is already allocated";
                let field = format!("spec.ports[{at}].nodePort");
                let cause = Cause::invalid(field, &json!(number), detail);
                return Err(Failure::invalid(resource, &service_name, &[cause]));
            }
            continue;
        }
        let number = kept.filter(|number| used.insert(*number)).unwrap_or_else(|| {
            (0..2768_u64)
                .map(|step| 30000 + i64::try_from((start.wrapping_add(step)) % 2768).unwrap_or(0))
                .find(|number| used.insert(*number))
                .unwrap_or(30000)
        });
        port["nodePort"] = json!(number);
    }
    Ok(())
}
