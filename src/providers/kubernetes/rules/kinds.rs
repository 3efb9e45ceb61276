//! The rules of single kinds.

use std::collections::BTreeSet;

use super::{Rules, View, syntax};

/// Where a kind's pods are described.
fn template_of(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => Some(&["spec", "template"]),
        _ => None,
    }
}

impl Rules<'_> {
    /// Checks what a kind has as rules.
    pub(super) fn kind(&mut self, kind: &str, root: &View<'_>) {
        if let Some(way) = template_of(kind) {
            self.workload(kind, root, way);
        }
        let Some(spec) = root.get("spec").filter(View::is_known) else {
            return self.without_spec(kind, root);
        };
        match kind {
            "Pod" => self.pod(&spec, Some(BTreeSet::new())),
            "CronJob" => self.cron_job(&spec),
            "Service" => self.service(&spec),
            "Ingress" => self.ingress(&spec),
            "NetworkPolicy" => self.network_policy(&spec),
            "PersistentVolumeClaim" => self.claim(&spec),
            "HorizontalPodAutoscaler" => self.autoscaler(&spec),
            "PodDisruptionBudget" => {
                if let (Some(_), Some(most)) =
                    (spec.get("minAvailable"), spec.get("maxUnavailable"))
                {
                    let detail = "`minAvailable` and `maxUnavailable` exclude each other.";
                    self.say(&most.path, "Conflicting arguments", detail);
                }
            }
            _ => {}
        }
        if let Some(selector) = spec.get("selector").filter(View::is_known) {
            self.selector(&selector);
        }
    }

    /// Checks kinds that have no `spec`.
    fn without_spec(&mut self, kind: &str, root: &View<'_>) {
        match kind {
            "ConfigMap" => {
                self.keys(root, "data");
                self.keys(root, "binaryData");
                self.base64(root, "binaryData");
            }
            "Secret" => {
                self.keys(root, "data");
                self.keys(root, "stringData");
                self.secret(root);
            }
            "StorageClass" => {
                self.one_of(root, "reclaimPolicy", &["Delete", "Retain"]);
                let modes = ["Immediate", "WaitForFirstConsumer"];
                self.one_of(root, "volumeBindingMode", &modes);
            }
            _ => {}
        }
    }

    fn workload(&mut self, kind: &str, root: &View<'_>, way: &[&str]) {
        let Some(spec) = root.get("spec").filter(View::is_known) else { return };
        for number in [
            "replicas",
            "parallelism",
            "completions",
            "backoffLimit",
            "minReadySeconds",
            "revisionHistoryLimit",
            "ttlSecondsAfterFinished",
            "progressDeadlineSeconds",
        ] {
            self.bounds(&spec, number, 0, i64::MAX);
        }
        let types: &[&str] = match kind {
            "Deployment" => &["Recreate", "RollingUpdate"],
            _ => &["OnDelete", "RollingUpdate"],
        };
        for strategy in ["strategy", "updateStrategy"] {
            if let Some(strategy) = spec.get(strategy).filter(View::is_known) {
                self.one_of_or_none(&strategy, "type", types);
            }
        }
        self.one_of_or_none(&spec, "podManagementPolicy", &["OrderedReady", "Parallel"]);
        self.one_of(&spec, "completionMode", &["NonIndexed", "Indexed"]);
        let Some(template) = root.at(way).filter(View::is_known) else { return };
        self.template_labels(&spec, &template);
        let Some(pod) = template.get("spec").filter(View::is_known) else { return };
        let runs_once = matches!(kind, "Job" | "CronJob");
        let policy = pod.text("restartPolicy");
        if runs_once && policy == Some("Always") {
            let detail = "A Job's pods may not have the restart policy \"Always\": use \"Never\" or \"OnFailure\".";
            self.say(&pod.place("restartPolicy"), "Invalid value", detail);
        }
        if runs_once && pod.is_manifest() && pod.lacks("restartPolicy") {
            let detail = "A Job's pods need a `restartPolicy`: \"Never\" or \"OnFailure\".";
            self.say(&pod.path, "Missing field in a manifest", detail);
        }
        let stays = !runs_once && matches!(policy, Some("Never" | "OnFailure"));
        if stays {
            let detail = format!(
                "The pods of a {kind} are always started again: \"Always\" is the only restart policy."
            );
            self.say(&pod.place("restartPolicy"), "Invalid value", detail);
        }
        let claims = spec.items("volumeClaimTemplates").and_then(|claims| {
            let name =
                |claim: &View<'_>| claim.at(&["metadata", "name"])?.as_text().map(String::from);
            claims.iter().map(name).collect()
        });
        self.pod(&pod, claims);
    }

    /// Checks a template's labels, and that they are those that the selector wants.
    fn template_labels(&mut self, spec: &View<'_>, template: &View<'_>) {
        let metadata = template.get("metadata");
        if metadata.as_ref().is_some_and(|metadata| !metadata.is_known()) {
            return;
        }
        if let Some(metadata) = &metadata {
            self.labels(metadata, "labels", true);
            self.labels(metadata, "annotations", false);
        }
        let labels = metadata.and_then(|metadata| metadata.get("labels"));
        if labels.as_ref().is_some_and(|labels| !labels.is_known()) {
            return;
        }
        let labels = labels.map(|labels| labels.entries()).unwrap_or_default();
        let Some(wanted) = spec.at(&["selector", "matchLabels"]) else { return };
        for (key, value) in wanted.entries() {
            let Some(text) = value.as_text() else { continue };
            let there = labels.iter().find(|(other, _)| *other == key).map(|(_, there)| there);
            let differs = match there {
                Some(there) => there.is_known() && there.as_text() != Some(text),
                None => true,
            };
            if differs {
                let detail = format!(
                    "The selector wants the label \"{key}\", which the template's `metadata.labels` does not have with this \
                     value; the API server refuses that."
                );
                self.say(&value.path, "Selector does not match the template", detail);
            }
        }
    }

    fn cron_job(&mut self, spec: &View<'_>) {
        self.one_of_or_none(spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"]);
        for number in
            ["successfulJobsHistoryLimit", "failedJobsHistoryLimit", "startingDeadlineSeconds"]
        {
            self.bounds(spec, number, 0, i64::MAX);
        }
        let Some(schedule) = spec.get("schedule") else { return };
        if let Some(why) = schedule.as_text().and_then(syntax::schedule) {
            let detail = match schedule.value.all_marks().any() {
                true => "The value is no schedule.".to_string(),
                false => format!("{} is no schedule: {why}.", schedule.shown()),
            };
            self.say(&schedule.path, "Invalid schedule", detail);
        }
    }

    fn service(&mut self, spec: &View<'_>) {
        let types = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
        self.one_of_or_none(spec, "type", &types);
        self.one_of_or_none(spec, "sessionAffinity", &["ClientIP", "None"]);
        self.one_of_or_none(spec, "externalTrafficPolicy", &["Cluster", "Local"]);
        self.one_of(spec, "internalTrafficPolicy", &["Cluster", "Local"]);
        let policies = ["SingleStack", "PreferDualStack", "RequireDualStack"];
        self.one_of(spec, "ipFamilyPolicy", &policies);
        self.labels(spec, "selector", true);
        if spec.text("type") == Some("ExternalName") && spec.lacks("externalName") {
            let detail = "A Service of type ExternalName needs `externalName`.";
            self.say(&spec.place("externalName"), "Missing required argument", detail);
        }
        let ports = spec.items("ports").unwrap_or_default();
        let mut names = BTreeSet::new();
        for port in &ports {
            self.bounds(port, "port", 1, 65535);
            self.bounds(port, "nodePort", 0, 65535);
            self.port(port, "targetPort");
            self.one_of_or_none(port, "protocol", &["TCP", "UDP", "SCTP"]);
            let name = port.get("name");
            let text = name.as_ref().and_then(View::as_text).filter(|text| !text.is_empty());
            match (&name, text) {
                (Some(name), Some(text)) => {
                    if !syntax::is_label(text) {
                        let detail = format!(
                            "{} is no name of a port of a Service: at most 63 lower case letters, digits and `-`.",
                            name.shown()
                        );
                        self.say(&name.path, "Invalid name", detail);
                    }
                    if !names.insert(text.to_string()) {
                        let detail =
                            format!("Two ports of the Service have the same name{}.", name.aside());
                        self.say(&name.path, "Duplicate port name", detail);
                    }
                }
                (None, _) if ports.len() > 1 && port.is_known() => {
                    let detail = "Of several ports each needs a `name`.";
                    self.say(&port.place("name"), "Missing required argument", detail);
                }
                _ => {}
            }
        }
    }

    fn ingress(&mut self, spec: &View<'_>) {
        for rule in spec.items("rules").unwrap_or_default() {
            if let Some(host) = rule.get("host")
                && let Some(text) = host.as_text().filter(|text| !text.is_empty())
            {
                let name = text.strip_prefix("*.").unwrap_or(text);
                if !syntax::is_name(name) || text.parse::<std::net::IpAddr>().is_ok() {
                    let detail =
                        format!("{} is no name of a host in lower case letters.", host.shown());
                    self.say(&host.path, "Invalid host", detail);
                }
            }
            let paths = rule.get("http").and_then(|http| http.items("paths"));
            for path in paths.unwrap_or_default() {
                let types = ["Exact", "Prefix", "ImplementationSpecific"];
                self.one_of(&path, "pathType", &types);
                let absolute = matches!(path.text("pathType"), Some("Exact" | "Prefix"));
                if let Some(given) = path.get("path")
                    && absolute
                    && given
                        .as_text()
                        .is_some_and(|text| !text.is_empty() && !text.starts_with('/'))
                {
                    let detail = format!("{} is no path: it begins with `/`.", given.shown());
                    self.say(&given.path, "Invalid path", detail);
                }
                if let Some(port) = path.at(&["backend", "service", "port"]).filter(View::is_known)
                {
                    self.bounds(&port, "number", 0, 65535);
                }
            }
        }
    }

    fn network_policy(&mut self, spec: &View<'_>) {
        for kind in spec.items("policyTypes").unwrap_or_default() {
            if kind.as_text().is_some_and(|text| !["Ingress", "Egress"].contains(&text)) {
                let detail =
                    format!("{} is none of the allowed values: Ingress, Egress.", kind.shown());
                self.say(&kind.path, "Invalid value", detail);
            }
        }
        for (way, peers) in [("ingress", "from"), ("egress", "to")] {
            for rule in spec.items(way).unwrap_or_default() {
                for port in rule.items("ports").unwrap_or_default() {
                    self.one_of(&port, "protocol", &["TCP", "UDP", "SCTP"]);
                    self.port(&port, "port");
                }
                for peer in rule.items(peers).unwrap_or_default() {
                    let Some(range) = peer.at(&["ipBlock", "cidr"]) else { continue };
                    if range.as_text().is_some_and(|text| text.parse::<ipnet::IpNet>().is_err()) {
                        let detail =
                            format!("{} is no range of addresses like 10.9.8.0/24.", range.shown());
                        self.say(&range.path, "Invalid value", detail);
                    }
                }
            }
        }
    }

    fn claim(&mut self, spec: &View<'_>) {
        self.one_of(spec, "volumeMode", &["Filesystem", "Block"]);
        let modes = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
        for mode in spec.items("accessModes").unwrap_or_default() {
            if mode.as_text().is_some_and(|text| !modes.contains(&text)) {
                let list = modes.join(", ");
                let detail = format!("{} is none of the allowed values: {list}.", mode.shown());
                self.say(&mode.path, "Invalid value", detail);
            }
        }
        if let Some(amount) = spec.at(&["resources", "requests"]) {
            for (name, amount) in amount.entries() {
                if name == "storage" {
                    self.amount(&amount);
                }
            }
        }
    }

    fn autoscaler(&mut self, spec: &View<'_>) {
        self.bounds(spec, "minReplicas", 0, i64::MAX);
        self.bounds(spec, "maxReplicas", 1, i64::MAX);
        let (least, most) = (spec.number("minReplicas"), spec.number("maxReplicas"));
        if matches!((least, most), (Some(least), Some(most)) if least > most) {
            let detail = "`maxReplicas` is less than `minReplicas`.";
            self.say(&spec.place("maxReplicas"), "Invalid value", detail);
        }
    }

    /// Checks the keys of a ConfigMap or Secret.
    fn keys(&mut self, root: &View<'_>, api: &str) {
        let Some(map) = root.get(api) else { return };
        for (key, value) in map.entries() {
            if !syntax::is_key(key) {
                let detail = format!(
                    "This is no key{}: letters, digits, `-`, `_` and `.`, at most 253 of them.",
                    map.key_shown(key)
                );
                self.say(&value.path, "Invalid key", detail);
            }
        }
    }

    fn base64(&mut self, root: &View<'_>, api: &str) {
        let Some(map) = root.get(api) else { return };
        for (key, value) in map.entries() {
            if value.as_text().is_some_and(|text| !syntax::is_base64(text)) {
                let detail = format!(
                    "The value of{} is no base64 text. `base64encode` makes one.",
                    map.key_shown(key)
                );
                self.say(&value.path, "Invalid base64", detail);
            }
        }
    }

    /// Checks that a Secret has what its type says.
    fn secret(&mut self, root: &View<'_>) {
        let Some(kind) = root.text("type") else { return };
        let needs: &[&str] = match kind {
            "kubernetes.io/tls" => &["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
            "kubernetes.io/dockercfg" => &[".dockercfg"],
            "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
            _ => return,
        };
        let maps = ["data", "stringData"].map(|name| root.all(name)).concat();
        if maps.is_empty() || maps.iter().any(|map| !map.is_known()) {
            return;
        }
        let there: BTreeSet<&str> =
            maps.iter().flat_map(View::entries).map(|(key, _)| key).collect();
        for need in needs.iter().filter(|need| !there.contains(**need)) {
            let of = root.get("type").map(|it| it.aside()).unwrap_or_default();
            let detail = format!("A Secret of the type{of} has the key \"{need}\".");
            self.say(&maps[0].path, "Missing key", detail);
        }
    }
}
