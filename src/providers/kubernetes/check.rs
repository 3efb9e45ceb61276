//! What can be said of an object before any cluster exists.
//!
//! Unknown parts pass. The bundled definitions say which fields there are, which must be there and
//! what they may hold; a few rules that the API server has beside them are here by hand.

use std::collections::BTreeSet;

use crate::value::{Path, Value};

use super::super::Problem;
use super::definitions::{Definitions, Part, bundled};
use super::equal::quantity;
use super::schema;
use super::tables::{Convert, Kind, Node, Nodes, Shape};

/// Checks a configuration, for a cluster of a minor version where that is known.
pub(super) fn check(kind: &Kind, config: &Value, minor: Option<u32>) -> Vec<Problem> {
    let mut check = Check { definitions: bundled(), minor, problems: Vec::new() };
    let root = bundled().root(&kind.api_version, &kind.kind);
    check.block(&kind.nodes, config, root, &Path::root());
    check.names(kind, config);
    check.workload(kind, config);
    check.problems
}

/// Checks what no definition says: names, and what holds a workload together.
pub(super) fn rules(kind: &Kind, config: &Value) -> Vec<Problem> {
    let mut check = Check { definitions: bundled(), minor: None, problems: Vec::new() };
    check.names(kind, config);
    check.workload(kind, config);
    check.problems
}

struct Check {
    definitions: &'static Definitions,
    minor: Option<u32>,
    problems: Vec<Problem>,
}

fn problem(path: &Path, summary: &str, detail: String) -> Problem {
    Problem {
        path: path.clone(),
        warning: false,
        summary: summary.into(),
        detail,
        help: Vec::new(),
    }
}

impl Check {
    fn say(&mut self, path: &Path, summary: &str, detail: String) {
        self.problems.push(problem(path, summary, detail));
    }

    fn block(&mut self, nodes: &Nodes, value: &Value, part: Option<&'static Part>, path: &Path) {
        for (name, node) in nodes {
            let Some(given) = value.field(name) else { continue };
            let path = path.attribute(name);
            self.conflicts(node, name, value, &path);
            self.group(node, name, value, &path);
            if node.wrapper {
                if let (Some(block), Some([inner, ..])) = (&node.block, given.elements()) {
                    self.block(block, inner, part, &path.place(0));
                }
                continue;
            }
            let Some(api) = &node.api else { continue };
            let inner = api.split('/').fold(part, |part, name| {
                part.and_then(|part| self.definitions.property(part, name))
            });
            let empty = given.is_null() || given.elements().is_some_and(<[Value]>::is_empty);
            if empty && given.is_known() {
                self.absent(node, api, part, value, &path);
                continue;
            }
            let absent = part.map(|part| self.definitions.absent_at(part, api)).unwrap_or_default();
            if given.is_known()
                && part.is_some_and(Definitions::is_closed)
                && (inner.is_none() || absent.is_in(self.minor))
                && name != "status"
            {
                let named = self.definitions.named(self.minor);
                let detail = format!(
                    "The field `{api}` does not exist in Kubernetes {named}.{}",
                    absent.hint()
                );
                self.say(&path, "Field not in this Kubernetes version", detail);
                continue;
            }
            match (&node.block, given.elements()) {
                (Some(block), Some(elements)) => {
                    if node.object && elements.len() > 1 {
                        let detail = format!(
                            "The API has one object here (`{api}`): only one block `{name}` can stand."
                        );
                        self.say(&path.place(1), "Too many blocks", detail);
                    }
                    for (place, element) in elements.iter().enumerate() {
                        if element.is_known() {
                            self.block(block, element, inner, &path.place(place));
                        }
                    }
                }
                _ => self.attribute(node, given, inner, &path),
            }
        }
    }

    /// Checks that what excludes each other is not given together.
    fn conflicts(&mut self, node: &Node, name: &str, holder: &Value, path: &Path) {
        let is_given = |name: &str| holder.field(name).is_some_and(|value| !value.is_null());
        for other in node.conflicts.iter().filter_map(|path| path.rsplit('.').next()) {
            // Said once of the two.
            if name < other && is_given(name) && is_given(other) {
                let detail = format!("\"{name}\" and \"{other}\" exclude each other.");
                self.say(path, "Conflicting arguments", detail);
            }
        }
    }

    /// Checks that of a group as many are given as must be. What is unknown may be there or not.
    fn group(&mut self, node: &Node, name: &str, holder: &Value, path: &Path) {
        let (others, exactly) = match (&node.exactly_one, &node.at_least_one) {
            (others, _) if !others.is_empty() => (others, true),
            (_, others) if !others.is_empty() => (others, false),
            _ => return,
        };
        let names = || std::iter::once(name).chain(others.iter().map(String::as_str));
        let parts: Vec<&Value> = names().filter_map(|name| holder.field(name)).collect();
        if parts.iter().any(|part| !part.is_known()) {
            return;
        }
        let given = parts.iter().filter(|part| !part.is_null()).count();
        let list = names().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        if given == 0 || (exactly && given > 1) {
            let count = if exactly { "Exactly one" } else { "At least one" };
            let summary =
                if given == 0 { "Missing required argument" } else { "Conflicting arguments" };
            self.say(path, summary, format!("{count} of {list} must be given."));
        }
    }

    /// Checks that nothing may stand for a field.
    fn absent(&mut self, node: &Node, api: &str, part: Option<&Part>, holder: &Value, path: &Path) {
        let needed = part.is_some_and(|part| part.required.iter().any(|name| name == api));
        let gives = schema::default(node).is_some() || node.computed || node.required;
        if !needed || gives || !holder.is_known() {
            return;
        }
        let name = path.to_string();
        let name = name.rsplit('.').next().unwrap_or(&name);
        let noun = if node.block.is_some() { "block" } else { "argument" };
        let detail = format!("Kubernetes requires the {noun} \"{name}\" (`{api}`) here.");
        self.say(path, "Missing required argument", detail);
    }

    fn attribute(&mut self, node: &Node, given: &Value, part: Option<&Part>, path: &Path) {
        let parts: Vec<(&Value, Path)> = match (node.shape, given.fields(), given.elements()) {
            (Shape::Map, Some(fields), _) => {
                fields.iter().map(|(key, value)| (value, path.key(key))).collect()
            }
            (Shape::List | Shape::Set, _, Some(elements)) => {
                elements.iter().enumerate().map(|(at, value)| (value, path.place(at))).collect()
            }
            _ => vec![(given, path.clone())],
        };
        let no_values = Vec::new();
        let by_server = part.map_or(&no_values, |part| &part.one_of);
        let allowed = if node.one_of.is_empty() { by_server } else { &node.one_of };
        for (value, path) in parts {
            let Some(text) = value.as_str() else { continue };
            if !allowed.is_empty()
                && !allowed.iter().any(|one| one == text)
                && !value.is_sensitive()
            {
                let detail =
                    format!("\"{text}\" is none of the allowed values: {}.", allowed.join(", "));
                self.say(&path, "Invalid value", detail);
            }
            if let Some(what) = form(node.convert, text) {
                let shown =
                    if value.is_sensitive() { "The value".into() } else { format!("\"{text}\"") };
                self.say(&path, "Invalid value", format!("{shown} is {what}."));
            }
        }
    }

    fn names(&mut self, kind: &Kind, config: &Value) {
        let path = Path::root().attribute("metadata").place(0);
        let Some(metadata) = config.at(&path) else { return };
        let text = |name: &str| metadata.field(name).and_then(Value::as_str);
        if metadata.field("name").is_some_and(Value::is_null)
            && metadata.field("generate_name").is_some_and(Value::is_null)
        {
            let detail = format!("A {} needs `name` or `generate_name`.", kind.kind);
            self.say(&path, "Missing name", detail);
        }
        // RBAC's names are paths' segments, and allow more; what is of any kind may be one of RBAC's.
        let strict = !kind.api_version.starts_with("rbac") && !kind.api_version.is_empty();
        if let Some(name) = text("name").filter(|name| strict && !is_name(name)) {
            let detail = format!(
                "\"{name}\" is no name for a {}: it must be at most 253 lower case letters, digits, `-` or \
                 `.`, beginning and ending with a letter or digit.",
                kind.kind
            );
            self.say(&path.attribute("name"), "Invalid name", detail);
        }
        for (name, is_label) in [("labels", true), ("annotations", false)] {
            let path = path.attribute(name);
            let Some(fields) = metadata.field(name).and_then(Value::fields) else { continue };
            for (key, value) in fields {
                let bad_value =
                    is_label && value.as_str().is_some_and(|text| !is_label_value(text));
                if !is_qualified(key) || bad_value {
                    let word = &name[..name.len() - 1];
                    let what = if bad_value { "the value of" } else { "the key of" };
                    let detail = format!(
                        "In {word} \"{key}\", {what} the {word} is not valid: letters, digits, `-`, `_` and \
                         `.`, at most 63 of them, and a key may have a DNS name and `/` before it."
                    );
                    self.say(&path.key(key), "Invalid metadata", detail);
                }
            }
        }
    }

    fn workload(&mut self, kind: &Kind, config: &Value) {
        let spec = Path::root().attribute("spec").place(0);
        let template = match kind.kind.as_str() {
            "Pod" => None,
            "CronJob" => {
                let job = spec.attribute("job_template").place(0).attribute("spec").place(0);
                Some(job.attribute("template").place(0))
            }
            _ => Some(spec.attribute("template").place(0)),
        };
        let pod =
            template.as_ref().map_or(spec.clone(), |template| template.attribute("spec").place(0));
        if let Some(template) = &template {
            self.selector(config, &spec, template);
        }
        let Some(pod_spec) = config.at(&pod) else { return };
        let job = matches!(kind.kind.as_str(), "Job" | "CronJob");
        if job && pod_spec.field("restart_policy").and_then(Value::as_str) == Some("Always") {
            let detail = "A Job's pods may not have the restart policy \"Always\": use \"Never\" or \"OnFailure\".";
            self.say(&pod.attribute("restart_policy"), "Invalid value", detail.into());
        }
        let claims = config.at(&spec.attribute("volume_claim_template"));
        self.containers(pod_spec, &pod, claims);
    }

    fn selector(&mut self, config: &Value, spec: &Path, template: &Path) {
        let path = spec.attribute("selector").place(0).attribute("match_labels");
        let Some(wanted) = config.at(&path).and_then(Value::fields) else { return };
        if config.at(template).is_none() {
            return;
        }
        let labels = config.at(&template.attribute("metadata").place(0).attribute("labels"));
        if labels.is_some_and(|labels| !labels.is_known()) {
            return;
        }
        let labels = labels.and_then(Value::fields);
        for (key, value) in wanted {
            let there = labels.and_then(|labels| labels.get(key));
            let differs = match (value.as_str(), there) {
                (_, Some(there)) if !there.is_known() => false,
                (Some(value), there) => there.and_then(Value::as_str) != Some(value),
                (None, _) => false,
            };
            if differs {
                let detail = format!(
                    "The selector wants the label \"{key}\", which the template's `metadata.labels` does not \
                     have with this value; the API server refuses that."
                );
                self.say(&path.key(key), "Selector does not match the template", detail);
            }
        }
    }

    fn containers(&mut self, pod: &Value, path: &Path, claims: Option<&Value>) {
        let named = |list: Option<&Value>| -> Option<BTreeSet<String>> {
            let list = list?;
            let names =
                list.elements()?.iter().map(|one| one.field("name")?.as_str().map(str::to_string));
            names.collect()
        };
        let mut volumes = named(pod.field("volume"));
        if let (Some(volumes), Some(claims)) = (&mut volumes, claims) {
            let claims = claims.elements().unwrap_or(&[]).iter();
            let names =
                claims.filter_map(|claim| super::object::metadata(claim)?.field("name")?.as_str());
            volumes.extend(names.map(str::to_string));
        }
        let mut names = BTreeSet::new();
        for list in ["init_container", "container"] {
            let Some(containers) = pod.field(list).and_then(Value::elements) else { continue };
            for (place, container) in containers.iter().enumerate() {
                let path = path.attribute(list).place(place);
                let name = container.field("name").and_then(Value::as_str).unwrap_or_default();
                if !name.is_empty() && !names.insert(name.to_string()) {
                    let detail = format!("Two containers of the pod are named \"{name}\".");
                    self.say(&path.attribute("name"), "Duplicate container name", detail);
                }
                self.mounts(container, volumes.as_ref(), &path);
                self.resources(container, &path);
            }
        }
    }

    fn mounts(&mut self, container: &Value, volumes: Option<&BTreeSet<String>>, path: &Path) {
        let Some(volumes) = volumes else { return };
        let Some(mounts) = container.field("volume_mount").and_then(Value::elements) else {
            return;
        };
        for (place, mount) in mounts.iter().enumerate() {
            let Some(name) = mount.field("name").and_then(Value::as_str) else { continue };
            if !volumes.contains(name) {
                let path = path.attribute("volume_mount").place(place).attribute("name");
                let detail = format!("The pod has no volume named \"{name}\".");
                self.say(&path, "Unknown volume", detail);
            }
        }
    }

    fn resources(&mut self, container: &Value, path: &Path) {
        let Some([resources, ..]) = container.field("resources").and_then(Value::elements) else {
            return;
        };
        let map = |name: &str| resources.field(name).and_then(Value::fields);
        let (Some(requests), Some(limits)) = (map("requests"), map("limits")) else { return };
        for (key, request) in requests {
            let amount = |value: &Value| value.as_str().and_then(quantity);
            let (request, limit) = (amount(request), limits.get(key).and_then(amount));
            if matches!((request, limit), (Some(request), Some(limit)) if request > limit) {
                let path = path.attribute("resources").place(0).attribute("requests").key(key);
                let detail = format!("The request for {key} is greater than its limit.");
                self.say(&path, "Request exceeds limit", detail);
            }
        }
    }
}

/// Says what is wrong with a text's form.
fn form(convert: Convert, text: &str) -> Option<&'static str> {
    match convert {
        Convert::Quantity if quantity(text).is_none() => {
            Some("no quantity: a number with a unit like `m`, `k`, `Mi` or `Gi` is wanted")
        }
        Convert::Decimal if !text.is_empty() && text.parse::<i64>().is_err() => {
            Some("no whole number")
        }
        Convert::Octal
            if super::equal::octal(text).is_none_or(|mode| !(0..=0o777).contains(&mode)) =>
        {
            Some("no file mode: octal digits like `0644` are wanted")
        }
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= 253
        && name.chars().all(inside)
        && end(name.chars().next())
        && end(name.chars().last())
}

fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_word(text)
}

fn is_word(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(inside)
        && end(text.chars().next())
        && end(text.chars().last())
}

fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        Some((host, name)) => is_name(host) && is_word(name),
        None => is_word(key),
    }
}
