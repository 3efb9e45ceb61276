//! Certificate requests that are approved, and the state of API services.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::signing;
use crate::sandbox::kubernetes::store::{Store, items, text};

/// The signers that a cluster has by itself; others are somebody else's.
const SIGNERS: &[&str] = &[
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/kubelet-serving",
];

/// Takes the next step of both.
pub fn run(store: &mut Store, _: &ClusterName) {
    sign(store);
    services(store);
}

fn sign(store: &mut Store) {
    for request in store.all("CertificateSigningRequest") {
        let has = |kind: &str| {
            items(&request, "/status/conditions")
                .iter()
                .any(|one| one["type"] == kind && one["status"] == "True")
        };
        let signer = text(&request, "/spec/signerName");
        let done = !text(&request, "/status/certificate").is_empty();
        if done || !has("Approved") || has("Denied") || has("Failed") || !SIGNERS.contains(&signer)
        {
            continue;
        }
        let pem = STANDARD.decode(text(&request, "/spec/request")).unwrap_or_default();
        let wish = signing::read(&String::from_utf8_lossy(&pem));
        let mut status = request["status"].clone();
        let signed = wish.map_err(str::to_owned).and_then(|wish| {
            signing::sign(&wish, signer.ends_with("serving")).map_err(|e| e.to_string())
        });
        match signed {
            Ok(certificate) => status["certificate"] = json!(STANDARD.encode(certificate)),
            Err(fault) => {
                let entry = hand::condition(
                    store,
                    &request,
                    "Failed",
                    true,
                    "SignerValidationFailure",
                    &fault,
                );
                if let Json::Array(conditions) = &mut status["conditions"] {
                    conditions.push(entry);
                }
            }
        }
        hand::status(store, MANAGER, &request, status);
    }
}

/// An API that something in the cluster serves is there as soon as its Service has pods.
fn services(store: &mut Store) {
    for api in store.all("APIService") {
        let (place, called) =
            (text(&api, "/spec/service/namespace"), text(&api, "/spec/service/name"));
        let ready = |slice: &&Json| {
            text(slice, "/metadata/labels/kubernetes.io~1service-name") == called
                && !items(slice, "/endpoints").is_empty()
        };
        let (holds, reason, message) = if called.is_empty() {
            (true, "Local", "Local APIServices are always available".to_owned())
        } else if store.find("Service", place, called).is_none() {
            let message = format!("service/{called} in {place:?} is not present");
            (false, "ServiceNotFound", message)
        } else if !store.within("EndpointSlice", place).any(|slice| ready(&slice)) {
            let message = format!("endpoints for service/{called} in {place:?} have no addresses");
            (false, "MissingEndpoints", message)
        } else {
            (true, "Passed", "all checks passed".to_owned())
        };
        let entry = hand::condition(store, &api, "Available", holds, reason, &message);
        hand::status(store, "kube-apiserver", &api, json!({"conditions": [entry]}));
    }
}
