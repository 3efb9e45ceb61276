//! The rules of pods: containers, what they mount, their probes and resources.

use std::collections::BTreeSet;

use crate::value::{Marks, Path};

use super::super::equal::quantity;
use super::{Rules, View, syntax};

/// What a probe or a hook does.
const PROBES: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];
const HOOKS: &[&str] = &["exec", "httpGet", "tcpSocket", "sleep"];

/// What a variable may come from.
const SOURCES: &[&str] =
    &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

/// A volume's fields that are no source.
const NO_SOURCE: &[&str] = &["name"];

impl Rules<'_> {
    /// Checks a pod's specification. `claims` are the names of the volumes that come from elsewhere; nothing where they are not
    /// known.
    pub(super) fn pod(&mut self, spec: &View<'_>, claims: Option<BTreeSet<String>>) {
        self.one_of_or_none(spec, "restartPolicy", &["Always", "OnFailure", "Never"]);
        let dns = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
        self.one_of_or_none(spec, "dnsPolicy", &dns);
        self.labels(spec, "nodeSelector", true);
        for toleration in spec.items("tolerations").unwrap_or_default() {
            let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            self.one_of_or_none(&toleration, "effect", &effects);
        }
        for spread in spec.items("topologySpreadConstraints").unwrap_or_default() {
            self.one_of(&spread, "whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"]);
            self.bounds(&spread, "maxSkew", 1, i64::MAX);
        }
        let volumes = self.volumes(spec, claims);
        let mut names = BTreeSet::new();
        for list in ["initContainers", "containers"] {
            let Some(containers) = spec.items(list) else { continue };
            if list == "containers" && containers.is_empty() {
                let detail = "A pod needs a container.";
                self.say(&spec.place(list), "Missing container", detail);
            }
            for container in &containers {
                self.container(container, &mut names, volumes.as_ref());
            }
        }
    }

    /// Gives the names of a pod's volumes, where all are known.
    fn volumes(
        &mut self,
        spec: &View<'_>,
        claims: Option<BTreeSet<String>>,
    ) -> Option<BTreeSet<String>> {
        let volumes = spec.items("volumes")?;
        let mut names = claims;
        for volume in &volumes {
            let name = volume.get("name");
            match name.as_ref().and_then(View::as_text) {
                Some(text) => {
                    if !syntax::is_label(text)
                        && let Some(name) = &name
                    {
                        self.label(name, "volume");
                    }
                    names = names.map(|mut names| {
                        names.insert(text.to_string());
                        names
                    });
                }
                None => names = None,
            }
            let sources = volume.children().into_iter();
            let own =
                |view: &View<'_>| NO_SOURCE.iter().all(|name| volume.place(name) != view.path);
            let sources: Vec<View<'_>> = sources.filter(own).collect();
            if let Some(second) = sources.get(1) {
                let detail = "A volume has one source, and this one has several.";
                self.say(&second.path, "Conflicting arguments", detail);
            }
        }
        names
    }

    fn label(&mut self, name: &View<'_>, what: &str) {
        let detail = format!(
            "{} is no name for a {what}: it must be at most 63 lower case letters, digits or `-`, beginning and ending with a \
             letter or digit.",
            name.shown()
        );
        self.say(&name.path, "Invalid name", detail);
    }

    fn container(
        &mut self,
        container: &View<'_>,
        names: &mut BTreeSet<String>,
        volumes: Option<&BTreeSet<String>>,
    ) {
        if let Some(name) = container.get("name")
            && let Some(text) = name.as_text().filter(|text| !text.is_empty())
        {
            if !syntax::is_label(text) {
                self.label(&name, "container");
            }
            if !names.insert(text.to_string()) {
                let detail =
                    format!("Two containers of the pod have the same name{}.", name.aside());
                self.say(&name.path, "Duplicate container name", detail);
            }
        }
        if container.lacks("image")
            || container.get("image").is_some_and(|it| it.as_text() == Some(""))
        {
            self.say(&container.place("image"), "Missing image", "A container needs an `image`.");
        }
        self.one_of_or_none(container, "imagePullPolicy", &["Always", "Never", "IfNotPresent"]);
        let policies = ["File", "FallbackToLogsOnError"];
        self.one_of_or_none(container, "terminationMessagePolicy", &policies);
        self.ports(container);
        self.variables(container);
        self.mounts(container, volumes);
        self.resources(container);
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let Some(given) = container.get(probe).filter(View::is_known) else { continue };
            self.handler(&given, probe, PROBES);
            // A zero is what is not given: the server sets its default.
            let most = if probe == "readinessProbe" { i64::MAX } else { 1 };
            self.bounds(&given, "successThreshold", 0, most);
            for number in
                ["timeoutSeconds", "periodSeconds", "failureThreshold", "initialDelaySeconds"]
            {
                self.bounds(&given, number, 0, i64::MAX);
            }
        }
        for hook in ["postStart", "preStop"] {
            let given = container.at(&["lifecycle", hook]).filter(View::is_known);
            if let Some(given) = given {
                self.handler(&given, hook, HOOKS);
            }
        }
    }

    fn ports(&mut self, container: &View<'_>) {
        let mut names = BTreeSet::new();
        for port in container.items("ports").unwrap_or_default() {
            self.bounds(&port, "containerPort", 1, 65535);
            self.bounds(&port, "hostPort", 0, 65535);
            self.one_of_or_none(&port, "protocol", &["TCP", "UDP", "SCTP"]);
            let Some(name) = port.get("name") else { continue };
            let Some(text) = name.as_text().filter(|text| !text.is_empty()) else { continue };
            if !syntax::is_port_name(text) {
                self.port_name(&name);
            }
            if !names.insert(text) {
                let detail =
                    format!("Two ports of the container have the same name{}.", name.aside());
                self.say(&name.path, "Duplicate port name", detail);
            }
        }
    }

    fn variables(&mut self, container: &View<'_>) {
        for variable in container.items("env").unwrap_or_default() {
            if let Some(name) = variable.get("name")
                && name.as_text().is_some_and(|text| text.is_empty() || text.contains('='))
            {
                let detail = "The name of a variable is not empty, and has no `=`.";
                self.say(&name.path, "Invalid name", detail);
            }
            let Some(from) = variable.get("valueFrom").filter(View::is_known) else { continue };
            if variable.text("value").is_some() {
                let detail = "A variable has a value, or comes from somewhere: not both.";
                self.say(&from.path, "Conflicting arguments", detail);
            }
            self.one_handler(&from, "A variable comes from", SOURCES);
        }
    }

    fn mounts(&mut self, container: &View<'_>, volumes: Option<&BTreeSet<String>>) {
        for list in ["volumeMounts", "volumeDevices"] {
            for mount in container.items(list).unwrap_or_default() {
                let spreads = ["None", "HostToContainer", "Bidirectional"];
                self.one_of(&mount, "mountPropagation", &spreads);
                let (Some(name), Some(volumes)) = (mount.get("name"), volumes) else { continue };
                let Some(text) = name.as_text() else { continue };
                if !volumes.contains(text) {
                    let detail = format!("The pod has no volume of the name{}.", name.aside());
                    self.say(&name.path, "Unknown volume", detail);
                }
            }
        }
    }

    fn resources(&mut self, container: &View<'_>) {
        let Some(resources) = container.get("resources") else { return };
        let limits = resources.get("limits").map(|map| map.entries()).unwrap_or_default();
        let requests = resources.get("requests").map(|map| map.entries()).unwrap_or_default();
        for (name, amount) in requests.iter().chain(&limits) {
            let known = ["cpu", "memory", "ephemeral-storage"];
            if !name.contains('/') && !known.contains(name) && !name.starts_with("hugepages-") {
                let detail = format!(
                    "{} is no resource of a container: there are {}, hugepages-…, and names with a domain like \
                     `example.com/gpu`.",
                    shown_key(&resources, name),
                    known.join(", ")
                );
                self.say(&amount.path, "Invalid resource", detail);
            }
            self.amount(amount);
        }
        for (name, request) in requests {
            let limit = limits.iter().find(|(other, _)| *other == name).map(|(_, limit)| limit);
            let amounts = (amount_of(&request), limit.and_then(amount_of));
            if matches!(amounts, (Some(request), Some(limit)) if request > limit) {
                let detail = format!("The request for {name} is greater than its limit.");
                self.say(&request.path, "Request exceeds limit", detail);
            }
        }
    }

    /// Checks that an amount is not negative.
    pub(super) fn amount(&mut self, amount: &View<'_>) {
        if amount_of(amount).is_some_and(|number| number < 0) {
            let detail = format!("{} is less than nothing.", amount.shown());
            self.say(&amount.path, "Invalid value", detail);
        }
    }

    fn handler(&mut self, holder: &View<'_>, what: &str, deeds: &[&str]) {
        self.one_handler(holder, &format!("`{what}` does"), deeds);
        for deed in ["httpGet", "tcpSocket"] {
            let Some(given) = holder.get(deed).filter(View::is_known) else { continue };
            self.port(&given, "port");
            self.one_of_or_none(&given, "scheme", &["HTTP", "HTTPS"]);
        }
        if let Some(command) = holder.at(&["exec", "command"]).filter(View::is_known)
            && command.elements().is_some_and(|words| words.is_empty())
        {
            self.say(&command.path, "Missing command", "`exec` needs a command.");
        }
    }

    fn one_handler(&mut self, holder: &View<'_>, what: &str, names: &[&str]) {
        let given: Vec<View<'_>> = names.iter().filter_map(|name| holder.get(name)).collect();
        let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let (path, summary): (&Path, &str) = match &given[..] {
            [] => (&holder.path, "Missing required argument"),
            [_] => return,
            [_, second, ..] => (&second.path, "Conflicting arguments"),
        };
        self.say(path, summary, format!("{what} one of {list}."));
    }
}

/// Shows a key of what stands below a container's resources, where it may be shown.
fn shown_key(resources: &View<'_>, name: &str) -> String {
    let hidden = ["limits", "requests"].iter().filter_map(|map| resources.get(map));
    match hidden.map(|map| map.value.marks()).any(Marks::any) {
        true => "The name".into(),
        false => format!("\"{name}\""),
    }
}

fn amount_of(view: &View<'_>) -> Option<i128> {
    match view.as_text() {
        Some(text) => quantity(text),
        None => view.as_number().map(|number| i128::from(number) * 1_000_000_000),
    }
}
