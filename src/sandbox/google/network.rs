//! What networks of Compute Engine have without being asked: the default one of a project, subnetworks, the way out.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store};

use super::compute::{REGIONS, complete, key, link};
use super::turn::Turn;

/// What a network has from the start: a way out, and in automatic mode a subnetwork in each region.
pub(super) fn of_network(turn: &mut Turn<'_>, project: &str, network: &mut Json) -> Vec<Effect> {
    let (name, own) = (network["name"].clone(), network["selfLink"].clone());
    let text = own.as_str().unwrap_or_default().to_owned();
    let mut effects = Vec::new();
    let route = json!({
        "name": format!("default-route-{}", turn.store.letters(16)), "network": own, "destRange": "0.0.0.0/0",
        "description": "Default route to the Internet.", "priority": 1000,
        "nextHopGateway": link(project, "global/gateways/default-internet-gateway"),
    });
    let route = complete(turn.store, turn.now, project, "global/routes", route);
    let below = format!("global/routes/{}", route["name"].as_str().unwrap_or_default());
    effects.push(Effect::Put(key(project, &below), route));
    if network["autoCreateSubnetworks"] != json!(true) {
        return effects;
    }
    for (region, _, range) in REGIONS {
        let collection = format!("regions/{region}/subnetworks");
        let body = subnetwork(turn.store, &name, &text, *range);
        let object = complete(turn.store, turn.now, project, &collection, body);
        let place = format!("{collection}/{}", name.as_str().unwrap_or_default());
        effects.push(Effect::Put(key(project, &place), object));
    }
    effects
}

/// Gives a network with the links of its subnetworks.
pub(super) fn shown(store: &Store, project: &str, network: &Json) -> Json {
    let mut shown = network.clone();
    let root = key(project, "regions/");
    let all = store.below(&root).filter(|(key, object)| {
        key.contains("/subnetworks/") && object["network"] == network["selfLink"]
    });
    let links: Vec<Json> = all.map(|(_, object)| object["selfLink"].clone()).collect();
    if !links.is_empty() {
        shown["subnetworks"] = json!(links);
    }
    shown
}

/// Gives the subnetwork of an automatic network in a region.
fn subnetwork(store: &mut Store, name: &Json, network: &str, range: u8) -> Json {
    json!({
        "name": name, "network": network, "ipCidrRange": format!("10.{range}.0.0/20"),
        "gatewayAddress": format!("10.{range}.0.1"), "purpose": "PRIVATE", "stackType": "IPV4_ONLY",
        "privateIpGoogleAccess": false, "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS", "state": "READY",
        "fingerprint": store.etag(),
    })
}

/// Makes the network that every project begins with.
pub fn ensure_defaults(store: &mut Store, now: jiff::Timestamp, project: &str) {
    let mark = format!("defaults:{project}");
    if store.hidden.contains_key(&mark) {
        return;
    }
    store.hidden.insert(mark, json!(true));
    let network = link(project, "global/networks/default");
    for (region, _, range) in REGIONS {
        let collection = format!("regions/{region}/subnetworks");
        let body = subnetwork(store, &json!("default"), &network, *range);
        let object = complete(store, now, project, &collection, body);
        put_default(store, project, &format!("{collection}/default"), object);
    }
    let body = json!({
        "name": "default", "description": "Default network for the project", "autoCreateSubnetworks": true,
        "routingConfig": {"routingMode": "REGIONAL"},
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
    });
    let object = complete(store, now, project, "global/networks", body);
    put_default(store, project, "global/networks/default", object);
    for (name, allowed, ranges) in [
        ("default-allow-icmp", json!([{"IPProtocol": "icmp"}]), "0.0.0.0/0"),
        ("default-allow-ssh", json!([{"IPProtocol": "tcp", "ports": ["22"]}]), "0.0.0.0/0"),
        ("default-allow-rdp", json!([{"IPProtocol": "tcp", "ports": ["3389"]}]), "0.0.0.0/0"),
        ("default-allow-internal", json!([{"IPProtocol": "all"}]), "10.128.0.0/9"),
    ] {
        let body = json!({"name": name, "network": network, "allowed": allowed, "sourceRanges": [ranges], "priority": 65534});
        let object = complete(store, now, project, "global/firewalls", body);
        put_default(store, project, &format!("global/firewalls/{name}"), object);
    }
}

fn put_default(store: &mut Store, project: &str, below: &str, object: Json) {
    let place = key(project, below);
    store.put(&place, object);
    store.hidden.insert(place, json!({"default": true}));
}
