//! Waiting for an object to be ready or gone, by the desk's clock.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::super::{ApiError, ApiErrorKind, Desk};
use super::client::{Cluster, Refusal};
use super::evidence::{self, Evidence};
use super::hopeless::Doubt;
use super::job_logs::Follower;
use super::object::Name;
use super::ready::{Look, State};
use super::tables::Kind;

/// What is waited for, and until when.
pub(super) struct Wait<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The kind.
    pub kind: &'a Kind,
    /// The object.
    pub name: &'a Name,
    /// Where to report.
    pub desk: &'a dyn Desk,
    /// How long.
    pub patience: Duration,
}

impl Wait<'_> {
    fn title(&self) -> String {
        format!("{} \"{}\"", self.kind.kind, self.name.id())
    }

    fn path(&self) -> String {
        self.kind.path(&self.name.namespace, &self.name.name)
    }

    fn deadline(&self) -> Timestamp {
        let patience =
            jiff::SignedDuration::try_from(self.patience).unwrap_or(jiff::SignedDuration::MAX);
        self.desk.clock().now().checked_add(patience).unwrap_or(Timestamp::MAX)
    }

    /// Waits until the object is ready and gives it as it is then.
    ///
    /// # Errors
    /// Why it is not: with its pods' reasons, events and logs.
    pub(super) async fn ready(&self, rule: &Look, mut live: Json) -> Result<Json, ApiError> {
        let deadline = self.deadline();
        let mut pause = Duration::from_secs(1);
        let mut said = String::new();
        let mut doubt = Doubt::default();
        let mut logs = Follower::default();
        loop {
            let state = (rule.check)(&live);
            self.follow(&mut logs, &live).await;
            match state {
                State::Done => return Ok(live),
                State::Failed(reason) => {
                    let detail = format!("{} failed. {reason}", self.title());
                    let kind = ApiErrorKind::Failed;
                    return Err(self.explain(kind, rule, detail, &live, &logs).await);
                }
                State::Waiting(text) => {
                    if self.kind.kind == "PersistentVolumeClaim" && self.binds_late(&live).await {
                        self.desk.note("the volume is made when the first pod uses it");
                        return Ok(live);
                    }
                    if text != said {
                        self.desk.note(&text);
                        said = text;
                    }
                }
            }
            let now = self.desk.clock().now();
            let object = (self.kind.kind.as_str(), self.name);
            let before = doubt.present.clone();
            let hopeless = doubt.look(self.cluster, object, &live, &said, now).await;
            if doubt.present != before {
                doubt.present.iter().for_each(|trouble| self.desk.note(trouble));
            }
            if let Some(why) = hopeless {
                let detail = format!("{} does not become ready. {why}", self.title());
                let kind = ApiErrorKind::Failed;
                return Err(self.explain(kind, rule, detail, &live, &logs).await);
            }
            if now >= deadline {
                let detail = format!(
                    "{} was made, but {} did not come within {}: still waiting for {said}.",
                    self.title(),
                    rule.what,
                    spoken(self.patience)
                );
                let kind = ApiErrorKind::Timeout;
                return Err(self.explain(kind, rule, detail, &live, &logs).await);
            }
            self.desk.clock().sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(5));
            live = match self.cluster.get(&self.path()).await {
                Ok(live) => live,
                Err(refusal) if refusal.is_gone() => match is_short_lived(&live) {
                    true => return Ok(live),
                    false => return Err(self.vanished()),
                },
                Err(refusal) if is_passing(&refusal) => {
                    self.desk.note("waiting for the API server to answer again");
                    live
                }
                Err(refusal) => return Err(refusal.into()),
            };
        }
    }

    fn vanished(&self) -> ApiError {
        let detail = format!("{} was deleted by somebody while it was waited for.", self.title());
        ApiError::new(ApiErrorKind::Failed, "The object is gone", detail)
    }

    /// Waits until the object, known by its uid, is gone.
    ///
    /// # Errors
    /// What still holds it.
    pub(super) async fn gone(&self, uid: &str) -> Result<(), ApiError> {
        let deadline = self.deadline();
        let mut pause = Duration::from_millis(500);
        let mut said = String::new();
        loop {
            let live = match self.cluster.get(&self.path()).await {
                Ok(live) => live,
                Err(refusal) if refusal.is_gone() => return Ok(()),
                Err(refusal) if is_passing(&refusal) && self.desk.clock().now() < deadline => {
                    self.desk.note("waiting for the API server to answer again");
                    self.desk.clock().sleep(pause).await;
                    continue;
                }
                Err(refusal) => return Err(refusal.into()),
            };
            if !uid.is_empty() && live["metadata"]["uid"] != uid {
                return Ok(());
            }
            let holders = holders(&live);
            if holders != said {
                self.desk.note(&holders);
                said = holders;
            }
            if self.desk.clock().now() >= deadline {
                let detail = format!(
                    "{} is still there after {}: {said}.",
                    self.title(),
                    spoken(self.patience)
                );
                let error = ApiError::new(ApiErrorKind::Timeout, "Deletion did not end", detail);
                return Err(error.help(
                    "A finalizer is removed by its controller, which needs nodes to run on; check that it \
                     runs, or remove the finalizer by hand.",
                ));
            }
            self.desk.clock().sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(5));
        }
    }

    /// Says whether a claim's volume is made only when a pod uses it.
    async fn binds_late(&self, live: &Json) -> bool {
        let Some(class) = live.pointer("/spec/storageClassName").and_then(Json::as_str) else {
            return false;
        };
        let path = format!("/apis/storage.k8s.io/v1/storageclasses/{class}");
        self.cluster
            .get(&path)
            .await
            .is_ok_and(|class| class["volumeBindingMode"] == "WaitForFirstConsumer")
    }

    /// Shows what the pods of a Job have written since the last look.
    async fn follow(&self, logs: &mut Follower, live: &Json) {
        if self.kind.kind != "Job" {
            return;
        }
        if let Some(selector) = evidence::selector("Job", self.name, live) {
            logs.look(self.cluster, &self.name.namespace, &selector, self.desk).await;
        }
    }

    async fn explain(
        &self,
        kind: ApiErrorKind,
        rule: &Look,
        detail: String,
        live: &Json,
        logs: &Follower,
    ) -> ApiError {
        let name = self.name;
        let mut evidence = match (self.has_pods(), evidence::selector(&self.kind.kind, name, live))
        {
            (true, Some(selector)) => evidence::of_pods(self.cluster, name, &selector).await,
            _ => Evidence::default(),
        };
        // Where the pods are gone, what they wrote was read before.
        if !evidence.has_logs {
            evidence.findings.extend(logs.last());
        }
        let mut lines = vec![detail];
        lines.extend(evidence.findings);
        let kind_name = &self.kind.kind;
        let warnings = evidence::warnings(self.cluster, kind_name, live).await;
        lines.extend(warnings.into_iter().map(|warning| format!("{kind_name}: {warning}")));
        let summary = match kind {
            ApiErrorKind::Failed => format!("{kind_name} failed"),
            _ => format!("{kind_name} did not become ready in time"),
        };
        let mut error = ApiError::new(kind, summary, lines.join("\n"));
        error.help.extend(evidence.remedies.iter().map(|remedy| (*remedy).to_string()));
        if kind_name == "Ingress" {
            error = error.help(ingress_help(live));
        }
        if kind == ApiErrorKind::Timeout && rule.patience > 0 {
            error = error.help("If it only needs longer, raise the resource's `timeouts`.");
        }
        error
    }

    fn has_pods(&self) -> bool {
        !matches!(
            self.kind.kind.as_str(),
            "Service"
                | "Ingress"
                | "PersistentVolumeClaim"
                | "PersistentVolume"
                | "Secret"
                | "Namespace"
                | "Pod"
                | "CertificateSigningRequest"
        )
    }
}

/// Says whether a control plane that restarts answers so.
fn is_passing(refusal: &Refusal) -> bool {
    matches!(refusal.error.kind, ApiErrorKind::Unreachable | ApiErrorKind::Internal)
}

/// Says whether the object goes by itself when its work is done.
fn is_short_lived(live: &Json) -> bool {
    live["kind"] == "Job"
        && live.pointer("/spec/ttlSecondsAfterFinished").is_some_and(Json::is_number)
}

fn ingress_help(live: &Json) -> String {
    match live.pointer("/spec/ingressClassName").and_then(Json::as_str) {
        Some(class) => format!(
            "`ingress_class_name = \"{class}\"` is set: GKE's own controller takes only an Ingress without \
             it (or with the annotation `kubernetes.io/ingress.class = \"gce\"`). Remove it, unless a \
             controller of that class runs in the cluster."
        ),
        None => "Check that the backend Service exists, is of type NodePort or has the annotation \
                 `cloud.google.com/neg`, and that its pods pass their readiness probes."
            .into(),
    }
}

/// Says what holds an object that is being deleted.
fn holders(live: &Json) -> String {
    let listed = live.pointer("/metadata/finalizers").and_then(Json::as_array);
    let finalizers: Vec<&str> = listed.into_iter().flatten().filter_map(Json::as_str).collect();
    let mut reasons: Vec<String> = Vec::new();
    if !finalizers.is_empty() {
        reasons.push(format!("waiting for finalizer {}", finalizers.join(", ")));
    }
    let conditions = live.pointer("/status/conditions").and_then(Json::as_array);
    for condition in conditions.into_iter().flatten() {
        let kind = condition["type"].as_str().unwrap_or_default();
        if kind.starts_with("Namespace") && condition["status"] == "True" {
            reasons.push(condition["message"].as_str().unwrap_or(kind).to_string());
        }
    }
    if reasons.is_empty() { "waiting for it to be gone".into() } else { reasons.join("; ") }
}

/// Says a length of time in words.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} seconds"),
        (1, 0) => "a minute".into(),
        (minutes, 0) => format!("{minutes} minutes"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Reads a Go duration like `1h30m`; nothing where it is none.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let split = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, more) = rest.split_at(split);
        let end = more.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(more.len());
        let (unit, next) = more.split_at(end);
        let factor = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("5m0s"), Some(Duration::from_secs(300)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("ten minutes"), None);
        assert_eq!(duration(""), None);
    }
}
