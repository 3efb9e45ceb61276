//! The sandbox beside recorded answers of the real services.
//!
//! Each recording's requests are made of the sandbox in order; status and the paths of all fields must agree, but for
//! the differences listed here with their reasons.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::http::{HeaderValue, Method, Request};
use crate::sandbox::{Service, World};

/// What the real answer has and the sandbox's has not.
const ABSENT: &[(&str, &str)] = &[
    ("clusterTelemetry", "a field of v1beta1 alone"),
    ("protectConfig", "a field of v1beta1 alone"),
    ("prefixes", "folders that the recorder put into every listing; the bucket had none"),
    (
        "acl",
        "a bucket with uniform access answered a PATCH once with and once without its access control lists",
    ),
    ("acl[]", "as above"),
    ("defaultObjectAcl", "as above"),
    ("defaultObjectAcl[]", "as above"),
    ("owner", "as above"),
];

/// What the sandbox's answer has and the real one has not.
const MORE: &[(&str, &str)] = &[
    ("publicKeyData", "of an account's key: the recorder left the certificates out"),
    ("parent", "of a service: it was read disabled, here it is enabled before"),
    (
        "ipAllocationPolicy.clusterSecondaryRangeName",
        "the service names the range since version 1.34",
    ),
    ("nodePools[].etag", "answered since version 1.34"),
    ("nodePools[].selfLink", "answered since version 1.34"),
    ("nodePools[].locations", "answered for zonal clusters too since version 1.34"),
    ("etag", "of a node pool: answered since version 1.34"),
    ("locations", "of a node pool: answered for zonal clusters too since version 1.34"),
    (
        "nodePools[].autoscaling",
        "the recorder kept an older read of the cluster, before its second pool",
    ),
    ("nodePools[].config.loggingConfig", "as above"),
    ("nodePools[].config.taints", "as above"),
    ("nodePools[].config.taints[]", "as above"),
];

/// What both have with different values.
const OTHER: &[(&str, &str)] = &[
    ("name", "the recorder's placeholder of an operation"),
    ("state", "of a service: it was read disabled, here it is enabled before"),
    ("currentNodeCount", "the recorder wrote one number for all"),
    ("targetId", "the recorder's placeholder"),
    ("privateKeyData", "the recorder's placeholder"),
    ("nodePools[].name", "pools come in another order while the default pool is not the first"),
];

fn replay(recording: &str) -> Vec<String> {
    let exchanges: Vec<Json> = serde_json::from_str(recording).unwrap();
    let world = World::open(None, 0.0, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let token = world.mint_token(Duration::from_secs(1_000_000));
    let ask = |method: &str, url: &str, body: &Json| {
        let mut request = Request::new(method.parse::<Method>().unwrap(), url);
        if !body.is_null() {
            request = request.json(body);
        }
        request
            .headers
            .insert("authorization", HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        let answer = world.answer(&request);
        let body: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
        (u64::from(answer.status.as_u16()), body)
    };
    if !recording.contains("services:batchEnable") {
        let services = ["storage", "container", "iam", "artifactregistry", "compute"]
            .map(|name| format!("{name}.googleapis.com"));
        ask(
            "POST",
            "/v1/projects/polls-demo/services:batchEnable",
            &json!({"serviceIds": services}),
        );
        world.clock().advance(Duration::from_secs(60));
    }
    let mut differences = Vec::new();
    let mut key_id = String::new();
    let mut etag = Json::Null;
    for exchange in &exchanges {
        let method = exchange["method"].as_str().unwrap();
        let url = exchange["url"].as_str().unwrap().replace("serviceAccountKeyID", &key_id);
        let mut body = exchange["request"].clone();
        if body["serviceAccount"]["etag"].is_string() {
            // The recorder wrote one etag for all: the present one is meant.
            body["serviceAccount"]["etag"] = etag.clone();
        }
        let (status, answer) = ask(method, &url, &body);
        etag = answer["etag"].clone();
        world.clock().advance(Duration::from_secs(1200));
        let name = format!("{method} {url}");
        if exchange["status"] != json!(status) {
            differences
                .push(format!("{name}: {} there, {status} here: {answer}", exchange["status"]));
            continue;
        }
        if let Some((_, id)) = answer["name"].as_str().and_then(|name| name.split_once("/keys/")) {
            id.clone_into(&mut key_id);
        }
        let (there, here) = (paths(&exchange["response"]), paths(&answer));
        for path in there.difference(&here).filter(|path| !explained(ABSENT, path)) {
            differences.push(format!("{name}: no {path}"));
        }
        values(&exchange["response"], &answer, "", &mut |path, there, here| {
            if !explained(OTHER, path) {
                differences.push(format!("{name}: {path} is {there} there, {here} here"));
            }
        });
        for path in here.difference(&there).filter(|path| !explained(MORE, path)) {
            differences.push(format!("{name}: more {path}"));
        }
    }
    differences
}

/// Tells every single value that both have and that differs.
fn values(there: &Json, here: &Json, at: &str, tell: &mut dyn FnMut(&str, &Json, &Json)) {
    match (there, here) {
        (Json::Object(there), Json::Object(here)) => {
            for (name, value) in there {
                let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                if let Some(other) = here.get(name) {
                    values(value, other, &place, tell);
                }
            }
        }
        (Json::Array(there), Json::Array(here)) => {
            for (value, other) in there.iter().zip(here) {
                values(value, other, &format!("{at}[]"), tell);
            }
        }
        _ if there != here && is_choice(there) => tell(at, there, here),
        _ => {}
    }
}

/// Says whether a value is a choice of the service, not a name, a number of its own or an hour.
fn is_choice(value: &Json) -> bool {
    match value {
        Json::String(text) => text.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-'),
        other => !other.is_null(),
    }
}

fn explained(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(known, _)| path == *known || path.starts_with(&format!("{known}.")))
}

fn paths(json: &Json) -> BTreeSet<String> {
    fn walk(json: &Json, at: &str, out: &mut BTreeSet<String>) {
        match json {
            Json::Object(fields) => {
                for (name, value) in fields {
                    let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    out.insert(place.clone());
                    walk(value, &place, out);
                }
            }
            Json::Array(items) => {
                for item in items {
                    walk(item, &format!("{at}[]"), out);
                }
            }
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    walk(json, "", &mut out);
    out
}

macro_rules! recordings {
    ($($name:ident $file:literal)*) => {$(
        #[test]
        fn $name() {
            let differences = replay(include_str!(concat!("../../tests/recorded/", $file, ".json")));
            assert!(differences.is_empty(), "{}", differences.join("\n"));
        }
    )*};
}

recordings! {
    a_cluster "cluster"
    a_small_cluster "cluster-small"
    a_node_pool "node-pool"
    a_bucket "bucket"
    a_bucket_with_autoclass "bucket-autoclass"
    a_service_account "service-account"
    a_service_account_key "service-account-key"
    a_repository "repository"
    a_service "service"
    a_rule_of_a_firewall "firewall"
    a_subnetwork "subnetwork"
}
