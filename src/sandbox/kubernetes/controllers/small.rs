//! Small controllers: account tokens, autoscalers, disruption budgets, definitions of resources.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit;
use crate::sandbox::kubernetes::custom;
use crate::sandbox::kubernetes::quota;
use crate::sandbox::kubernetes::resources;
use crate::sandbox::kubernetes::select::label_selector_matches;
use crate::sandbox::kubernetes::store::{
    Store, is_deleting, items, name, namespace, number, text, uid,
};
use crate::sandbox::kubernetes::subresources::account_token;

/// Takes the next step of each of them.
pub fn run(store: &mut Store, cluster: &ClusterName) {
    tokens(store);
    autoscalers(store);
    budgets(store);
    quotas(store);
    definitions(store, cluster);
}

fn tokens(store: &mut Store) {
    let kind = "kubernetes.io/service-account-token";
    for secret in store.all("Secret") {
        if secret["type"] != kind || secret["data"].get("token").is_some() {
            continue;
        }
        let place = namespace(&secret);
        let called = text(&secret, "/metadata/annotations/kubernetes.io~1service-account.name");
        let Some(account) = store.find("ServiceAccount", place, called).cloned() else { continue };
        let token = account_token(store, &account, None);
        let certificate = store
            .find("ConfigMap", place, "kube-root-ca.crt")
            .map(|map| text(map, "/data/ca.crt").to_owned())
            .unwrap_or_default();
        hand::change(store, MANAGER, &secret, |secret| {
            if !secret["data"].is_object() {
                secret["data"] = json!({});
            }
            secret["data"]["token"] = json!(STANDARD.encode(token));
            secret["data"]["ca.crt"] = json!(STANDARD.encode(certificate));
            secret["data"]["namespace"] = json!(STANDARD.encode(place));
            secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"] =
                json!(uid(&account));
        });
    }
}

fn autoscalers(store: &mut Store) {
    for scaler in store.all("HorizontalPodAutoscaler") {
        if is_deleting(&scaler) {
            continue;
        }
        let target = &scaler["spec"]["scaleTargetRef"];
        let (version, kind) = (text(target, "/apiVersion"), text(target, "/kind"));
        let found = resources::by_kind(version, kind)
            .and_then(|resource| {
                store.find(resource.kind, namespace(&scaler), text(target, "/name"))
            })
            .cloned();
        let Some(found) = found else {
            let text = format!("the {kind} \"{}\" was not found", text(target, "/name"));
            let entry =
                hand::condition(store, &scaler, "AbleToScale", false, "FailedGetScale", &text);
            hand::status(
                store,
                MANAGER,
                &scaler,
                json!({"conditions": [entry], "desiredReplicas": 0}),
            );
            continue;
        };
        let count = number(&found, "/spec/replicas").unwrap_or(1);
        let low = number(&scaler, "/spec/minReplicas").unwrap_or(1);
        let high = number(&scaler, "/spec/maxReplicas").unwrap_or(low).max(low);
        let wanted = count.clamp(low, high);
        // Nought means that somebody switched it off.
        if wanted != count && count > 0 {
            hand::update(store, MANAGER, Some("scale"), &found, |found| {
                found["spec"]["replicas"] = json!(wanted);
            });
            let text =
                format!("New size: {wanted}; reason: Current number of replicas out of bounds");
            let component = "horizontal-pod-autoscaler";
            hand::event(store, &scaler, component, false, "SuccessfulRescale", &text);
        }
        let conditions = [
            ("AbleToScale", "ReadyForNewScale", "recommended size matches current size"),
            ("ScalingActive", "ValidMetricFound", "the HPA was able to compute the replica count"),
        ]
        .map(|(kind, reason, text)| hand::condition(store, &scaler, kind, true, reason, text));
        let status = json!({"currentReplicas": number(&found, "/status/replicas").unwrap_or(0),
            "desiredReplicas": wanted, "conditions": conditions});
        hand::status(store, MANAGER, &scaler, status);
    }
}

/// What is used is counted anew with every change.
fn quotas(store: &mut Store) {
    for found in store.all("ResourceQuota") {
        let used = quota::shown(&quota::counted(store, &found));
        let status = json!({"hard": found["spec"]["hard"], "used": used});
        hand::status(store, "resourcequota-controller", &found, status);
    }
}

fn budgets(store: &mut Store) {
    for budget in store.all("PodDisruptionBudget") {
        let pods: Vec<Json> = store
            .within("Pod", namespace(&budget))
            .filter(|pod| label_selector_matches(&budget["spec"]["selector"], pod))
            .filter(|pod| super::replicas::is_active(pod))
            .cloned()
            .collect();
        let expected = i64::try_from(pods.len()).unwrap_or(0);
        let healthy =
            i64::try_from(pods.iter().filter(|pod| hand::is_ready(pod)).count()).unwrap_or(0);
        let share = |value: &Json| match value {
            Json::Number(number) => number.as_i64().unwrap_or(0),
            Json::String(text) => {
                let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
                (expected * percent + 99) / 100
            }
            _ => 0,
        };
        let desired = match budget["spec"].get("minAvailable") {
            Some(value) => share(value),
            None => (expected - share(&budget["spec"]["maxUnavailable"])).max(0),
        };
        let allowed = (healthy - desired).max(0);
        let reason = if allowed > 0 { "SufficientPods" } else { "InsufficientPods" };
        let mut entry =
            hand::condition(store, &budget, "DisruptionAllowed", allowed > 0, reason, "");
        entry["message"] = json!("");
        let status = json!({"expectedPods": expected, "currentHealthy": healthy,
            "desiredHealthy": desired, "disruptionsAllowed": allowed,
            "observedGeneration": budget["metadata"]["generation"], "conditions": [entry]});
        hand::status(store, MANAGER, &budget, status);
    }
}

/// A definition is accepted at once. When it goes, the objects that it makes go before it.
pub fn definitions(store: &mut Store, _: &ClusterName) {
    custom::served(store);
    for definition in store.all("CustomResourceDefinition") {
        if is_deleting(&definition) {
            let objects = custom::objects(store, &definition);
            if objects.is_empty() {
                hand::drop_finalizer(store, "kube-apiserver", &definition, custom::CLEAN_UP);
            }
            for object in objects.iter().filter(|object| !is_deleting(object)) {
                hand::delete(store, object);
            }
            continue;
        }
        if !items(&definition, "/status/conditions").is_empty() {
            continue;
        }
        hand::change(store, "kube-apiserver", &definition, |definition| {
            admit::add_finalizer(definition, custom::CLEAN_UP);
        });
        let Some(definition) =
            store.find("CustomResourceDefinition", "", name(&definition)).cloned()
        else {
            continue;
        };
        let conditions = [
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ]
        .map(|(kind, reason, text)| hand::condition(store, &definition, kind, true, reason, text));
        let versions: Vec<&Json> = items(&definition, "/spec/versions")
            .iter()
            .filter(|version| version["storage"] == true)
            .map(|version| &version["name"])
            .collect();
        let status = json!({"conditions": conditions, "storedVersions": versions,
            "acceptedNames": definition["spec"]["names"]});
        hand::status(store, "kube-apiserver", &definition, status);
    }
}
