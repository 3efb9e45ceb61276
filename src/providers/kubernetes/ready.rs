//! When an object is ready: one row a kind, each a pure look at the object.

use serde_json::Value as Json;

use crate::value::Value;

/// How far an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is ready.
    Done,
    /// Not yet: what is being waited for, in a few words.
    Waiting(String),
    /// It will not be: why.
    Failed(String),
}

impl State {
    /// A state in which others are ready is waited out.
    fn unless_done(self) -> State {
        if self == State::Done { State::Waiting("the pod to get there".into()) } else { self }
    }
}

/// A kind's rule of readiness.
pub(super) struct Rule {
    /// The API kind.
    kind: &'static str,
    /// The attribute that switches the wait on; none where it is always on.
    switch: Option<&'static str>,
    /// What is waited for, for messages.
    pub what: &'static str,
    /// The wait's length in seconds, where neither the block nor the type says.
    pub patience: u64,
    /// An update is waited for as well.
    pub on_update: bool,
    /// The look.
    pub check: fn(&Json) -> State,
}

/// What is waited for, made of a rule or of what a block says.
pub(super) struct Look {
    /// What is waited for, for messages.
    pub what: String,
    /// The wait's length in seconds, where nobody says.
    pub patience: u64,
    /// An update is waited for as well.
    pub on_update: bool,
    /// The look.
    pub check: Check,
}

/// A look at an object.
pub(super) type Check = Box<dyn Fn(&Json) -> State + Send + Sync>;

impl Rule {
    /// Gives what is waited for.
    pub(super) fn look(&self) -> Look {
        let what = self.what.to_string();
        let check = Box::new(self.check);
        Look { what, patience: self.patience, on_update: self.on_update, check }
    }

    /// Gives what is waited for where a block may say in which phases the object is ready (`target_state`).
    pub(super) fn look_of(&self, planned: &Value) -> Look {
        let phases = planned.field("target_state").and_then(Value::elements).unwrap_or_default();
        let phases: Vec<String> =
            phases.iter().filter_map(Value::as_str).map(str::to_string).collect();
        let look = self.look();
        if phases.is_empty() {
            return look;
        }
        let what = format!("the pod to be {}", phases.join(" or "));
        let check = Box::new(move |live: &Json| match text(live, "/status/phase") {
            phase if phases.iter().any(|wanted| wanted == phase) => State::Done,
            // What has ended does not come back.
            phase @ ("Succeeded" | "Failed") => State::Failed(format!("The pod is {phase}.")),
            _ => pod(live).unless_done(),
        });
        Look { what, check, ..look }
    }
}

const RULES: &[Rule] = &[
    rule("Deployment", Some("wait_for_rollout"), "the rollout", 600, true, deployment),
    rule("StatefulSet", Some("wait_for_rollout"), "the rollout", 600, true, stateful_set),
    rule("DaemonSet", Some("wait_for_rollout"), "the rollout", 600, true, daemon_set),
    rule("ReplicationController", None, "its pods", 600, true, replication_controller),
    rule("Job", Some("wait_for_completion"), "its completion", 60, true, job),
    rule("Pod", None, "the pod to run", 300, false, pod),
    rule("Service", Some("wait_for_load_balancer"), "its load balancer", 600, false, service),
    rule("Ingress", Some("wait_for_load_balancer"), "its load balancer", 1200, true, ingress),
    rule("PersistentVolumeClaim", Some("wait_until_bound"), "a volume", 300, false, claim),
    rule("PersistentVolume", None, "the volume", 300, false, volume),
    rule("Secret", Some("wait_for_service_account_token"), "its token", 60, false, token),
    rule("ResourceQuota", None, "the quota to be taken up", 60, true, quota),
    rule("CustomResourceDefinition", None, "it to be established", 60, true, definition),
    rule("Namespace", None, "the namespace to be active", 60, false, namespace),
    rule("CertificateSigningRequest", None, "its certificate", 300, false, certificate),
];

const fn rule(
    kind: &'static str,
    switch: Option<&'static str>,
    what: &'static str,
    patience: u64,
    on_update: bool,
    check: fn(&Json) -> State,
) -> Rule {
    Rule { kind, switch, what, patience, on_update, check }
}

/// Gives the rule of a kind, whatever switches it on.
pub(super) fn rule_named(kind: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.kind == kind)
}

/// Gives the rule that an object is to be waited for by.
pub(super) fn rule_of(kind: &str, planned: &Value) -> Option<&'static Rule> {
    let rule = rule_named(kind)?;
    let on =
        rule.switch.is_none_or(|name| planned.field(name).and_then(Value::as_bool) == Some(true));
    on.then_some(rule)
}

fn number(live: &Json, pointer: &str) -> i64 {
    live.pointer(pointer).and_then(Json::as_i64).unwrap_or(0)
}

fn text<'a>(live: &'a Json, pointer: &str) -> &'a str {
    live.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

/// Gives reason and message of a condition that has a status.
pub(super) fn condition<'a>(
    live: &'a Json,
    kind: &str,
    status: &str,
) -> Option<(&'a str, &'a str)> {
    let conditions = live.pointer("/status/conditions")?.as_array()?;
    let found = conditions.iter().find(|one| one["type"] == kind && one["status"] == status)?;
    Some((text(found, "/reason"), text(found, "/message")))
}

pub(super) fn is_stale(live: &Json) -> bool {
    number(live, "/status/observedGeneration") < number(live, "/metadata/generation")
}

fn replicas(live: &Json) -> i64 {
    live.pointer("/spec/replicas").and_then(Json::as_i64).unwrap_or(1)
}

fn pods(ready: i64, wanted: i64) -> State {
    State::Waiting(format!("{ready} of {wanted} pods ready"))
}

fn deployment(live: &Json) -> State {
    if is_stale(live) {
        return State::Waiting("the controller to see it".into());
    }
    if let Some((reason, message)) = condition(live, "Progressing", "False") {
        return State::Failed(format!("{reason}: {message}"));
    }
    let (wanted, updated) = (replicas(live), number(live, "/status/updatedReplicas"));
    let (there, available) =
        (number(live, "/status/replicas"), number(live, "/status/availableReplicas"));
    if updated < wanted {
        return State::Waiting(format!("{updated} of {wanted} pods made"));
    }
    if there > updated {
        return State::Waiting(format!("{} old pods to end", there - updated));
    }
    if available < updated { pods(available, wanted) } else { State::Done }
}

fn stateful_set(live: &Json) -> State {
    if is_stale(live) {
        return State::Waiting("the controller to see it".into());
    }
    let (wanted, ready) = (replicas(live), number(live, "/status/readyReplicas"));
    if text(live, "/spec/updateStrategy/type") == "OnDelete" {
        return State::Done;
    }
    if ready < wanted {
        return pods(ready, wanted);
    }
    let partition = number(live, "/spec/updateStrategy/rollingUpdate/partition");
    let updated = number(live, "/status/updatedReplicas");
    let (current, update) =
        (text(live, "/status/currentRevision"), text(live, "/status/updateRevision"));
    let done = match partition {
        0 => current == update || updated >= wanted,
        _ => updated >= wanted - partition,
    };
    if done { State::Done } else { State::Waiting(format!("{updated} of {wanted} pods updated")) }
}

fn daemon_set(live: &Json) -> State {
    let wanted = number(live, "/status/desiredNumberScheduled");
    let ready =
        number(live, "/status/numberAvailable").min(number(live, "/status/updatedNumberScheduled"));
    if is_stale(live) || ready < wanted { pods(ready, wanted) } else { State::Done }
}

fn replication_controller(live: &Json) -> State {
    let (wanted, ready) = (replicas(live), number(live, "/status/readyReplicas"));
    if is_stale(live) || ready < wanted { pods(ready, wanted) } else { State::Done }
}

fn job(live: &Json) -> State {
    if condition(live, "Complete", "True").is_some() {
        return State::Done;
    }
    // The target is said first, while the pods are still there.
    for kind in ["Failed", "FailureTarget"] {
        if let Some((reason, message)) = condition(live, kind, "True") {
            return State::Failed(format!("{reason}: {message}"));
        }
    }
    let wanted = live.pointer("/spec/completions").and_then(Json::as_i64).unwrap_or(1);
    let (active, failed) = (number(live, "/status/active"), number(live, "/status/failed"));
    let done = number(live, "/status/succeeded");
    let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    State::Waiting(format!("{done} of {wanted} completions ({active} running{failures})"))
}

fn pod(live: &Json) -> State {
    match text(live, "/status/phase") {
        "Running" | "Succeeded" => State::Done,
        "Failed" => State::Failed(format!("the pod failed: {}", text(live, "/status/message"))),
        phase => {
            State::Waiting(format!("the pod is {}", if phase.is_empty() { "new" } else { phase }))
        }
    }
}

fn has_address(live: &Json) -> bool {
    let found = live.pointer("/status/loadBalancer/ingress").and_then(Json::as_array);
    found.is_some_and(|found| !found.is_empty())
}

fn service(live: &Json) -> State {
    if text(live, "/spec/type") != "LoadBalancer" || has_address(live) {
        return State::Done;
    }
    State::Waiting("the load balancer's address".into())
}

fn ingress(live: &Json) -> State {
    if !has_address(live) {
        return State::Waiting("the load balancer's address".into());
    }
    let annotation = live.pointer("/metadata/annotations/ingress.kubernetes.io~1backends");
    let backends: Option<Json> =
        annotation.and_then(Json::as_str).and_then(|text| serde_json::from_str(text).ok());
    let states: Vec<&str> = match &backends {
        Some(Json::Object(backends)) => backends.values().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let healthy = states.iter().filter(|state| **state == "HEALTHY").count();
    if healthy == states.len() {
        return State::Done;
    }
    State::Waiting(format!("{healthy} of {} backends healthy", states.len()))
}

fn claim(live: &Json) -> State {
    match text(live, "/status/phase") {
        "Bound" => State::Done,
        "Lost" => State::Failed("its volume is lost".into()),
        _ => State::Waiting("a volume to be bound".into()),
    }
}

fn volume(live: &Json) -> State {
    match text(live, "/status/phase") {
        "Available" | "Bound" => State::Done,
        "Failed" => State::Failed(text(live, "/status/message").to_string()),
        _ => State::Waiting("the volume to be available".into()),
    }
}

fn token(live: &Json) -> State {
    let wanted = text(live, "/type") == "kubernetes.io/service-account-token";
    if !wanted || !text(live, "/data/token").is_empty() {
        return State::Done;
    }
    State::Waiting("the token controller".into())
}

fn quota(live: &Json) -> State {
    match live.pointer("/status/hard") {
        Some(hard) if Some(hard) == live.pointer("/spec/hard") => State::Done,
        _ => State::Waiting("the quota controller".into()),
    }
}

fn definition(live: &Json) -> State {
    if let Some((reason, message)) = condition(live, "NamesAccepted", "False") {
        return State::Failed(format!("{reason}: {message}"));
    }
    match condition(live, "Established", "True") {
        Some(_) => State::Done,
        None => State::Waiting("the definition to be established".into()),
    }
}

fn certificate(live: &Json) -> State {
    for kind in ["Denied", "Failed"] {
        if let Some((reason, message)) = condition(live, kind, "True") {
            return State::Failed(format!("It is {}: {reason}: {message}", kind.to_lowercase()));
        }
    }
    if !text(live, "/status/certificate").is_empty() {
        return State::Done;
    }
    match condition(live, "Approved", "True") {
        Some(_) => {
            let signer = text(live, "/spec/signerName");
            State::Waiting(format!("the signer \"{signer}\" to sign it"))
        }
        None => State::Waiting("it to be approved".into()),
    }
}

fn namespace(live: &Json) -> State {
    match text(live, "/status/phase") {
        "Terminating" => State::Failed("it is being terminated".into()),
        _ => State::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deployment_is_ready_when_all_its_new_pods_are() {
        let live = |available: i64| {
            json!({ "metadata": { "generation": 2 }, "spec": { "replicas": 3 }, "status": {
                "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": available } })
        };

        assert_eq!(deployment(&live(2)), State::Waiting("2 of 3 pods ready".into()));
        assert_eq!(deployment(&live(3)), State::Done);
    }

    #[test]
    fn an_old_status_does_not_count() {
        let live = json!({ "metadata": { "generation": 3 }, "spec": { "replicas": 1 }, "status": {
            "observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 } });

        assert!(matches!(deployment(&live), State::Waiting(_)));
    }

    #[test]
    fn an_ingress_is_ready_with_an_address_and_healthy_backends() {
        let mut live = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.7" }] } },
            "metadata": { "annotations": { "ingress.kubernetes.io/backends": "{\"a\":\"UNHEALTHY\"}" } } });
        assert_eq!(ingress(&live), State::Waiting("0 of 1 backends healthy".into()));

        live["metadata"]["annotations"]["ingress.kubernetes.io/backends"] =
            json!("{\"a\":\"HEALTHY\"}");
        assert_eq!(ingress(&live), State::Done);
    }

    #[test]
    fn a_failed_job_is_final() {
        let live = json!({ "status": { "conditions": [
            { "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often" }] } });

        assert_eq!(job(&live), State::Failed("BackoffLimitExceeded: too often".into()));
    }
}
