//! What the API server has as rules beside its definitions, told before there is a server.
//!
//! Only what every server of the bundled versions refuses is told: a rule that depends on a server's settings is none.
//! What is not known yet passes.

mod kinds;
mod pod;
pub(super) mod syntax;
mod view;
#[cfg(test)]
mod tests;

pub(super) use self::view::View;

use std::collections::BTreeSet;

use crate::value::Path;

use super::super::Problem;

/// Checks an object of a kind.
pub(super) fn check(api_version: &str, kind: &str, root: &View<'_>, problems: &mut Vec<Problem>) {
    let mut rules = Rules { problems };
    rules.metadata(api_version, kind, root);
    rules.repeated(root);
    rules.kind(kind, root);
}

/// Checks the metadata of what is no whole object.
pub(super) fn check_metadata(
    api_version: &str,
    kind: &str,
    root: &View<'_>,
    problems: &mut Vec<Problem>,
) {
    Rules { problems }.metadata(api_version, kind, root);
}

/// Kinds whose names have forms of their own: requests any, addresses theirs, and bundles their signer's before a colon.
const OWN_NAMES: [&str; 3] = ["CertificateSigningRequest", "ClusterTrustBundle", "IPAddress"];

struct Rules<'p> {
    problems: &'p mut Vec<Problem>,
}

impl Rules<'_> {
    fn say(&mut self, path: &Path, summary: &str, detail: impl Into<String>) {
        // What a definition says already is not said twice.
        if self.problems.iter().any(|problem| problem.path == *path && !problem.warning) {
            return;
        }
        self.problems.push(Problem {
            path: path.clone(),
            warning: false,
            summary: summary.into(),
            detail: detail.into(),
            help: Vec::new(),
        });
    }

    /// Checks that a text is one of those that the server knows, where it takes the empty one for none.
    fn one_of_or_none(&mut self, holder: &View<'_>, api: &str, allowed: &[&str]) {
        if holder.text(api).is_some() {
            self.one_of(holder, api, allowed);
        }
    }

    /// Checks that a text is one of those that the server knows.
    fn one_of(&mut self, holder: &View<'_>, api: &str, allowed: &[&str]) {
        let Some(given) = holder.get(api) else { return };
        let Some(text) = given.as_text() else { return };
        if !allowed.contains(&text) {
            let list = allowed.iter().filter(|one| !one.is_empty()).copied().collect::<Vec<_>>();
            let detail =
                format!("{} is none of the allowed values: {}.", given.shown(), list.join(", "));
            self.say(&given.path, "Invalid value", detail);
        }
    }

    /// Checks that a number is within bounds.
    fn bounds(&mut self, holder: &View<'_>, api: &str, least: i64, most: i64) {
        let Some(given) = holder.get(api) else { return };
        if given.as_number().is_some_and(|number| !(least..=most).contains(&number)) {
            let detail = match most {
                i64::MAX => format!("`{api}` is {}, and must be at least {least}.", given.shown()),
                _ => format!("`{api}` is {}, and must be from {least} to {most}.", given.shown()),
            };
            self.say(&given.path, "Invalid value", detail);
        }
    }

    /// Checks a port that is given as a number or by a name.
    fn port(&mut self, holder: &View<'_>, api: &str) {
        let Some(given) = holder.get(api) else { return };
        if given.as_number().is_some() {
            return self.bounds(holder, api, 1, 65535);
        }
        if given.as_text().is_some_and(|name| !name.is_empty() && !syntax::is_port_name(name)) {
            self.port_name(&given);
        }
    }

    fn port_name(&mut self, given: &View<'_>) {
        let detail = format!(
            "{} is no name of a port: at most 15 lower case letters, digits and `-`, with a letter among them.",
            given.shown()
        );
        self.say(&given.path, "Invalid name", detail);
    }

    fn metadata(&mut self, api_version: &str, kind: &str, root: &View<'_>) {
        let Some(metadata) = root.get("metadata").filter(View::is_known) else { return };
        let lacks = |api: &str| metadata.has_attribute(api) && metadata.lacks(api);
        // Of a manifest that is said elsewhere: it has no use for the beginning of a name.
        if lacks("name") && lacks("generateName") {
            let detail = format!("A {kind} needs `name` or `generate_name`.");
            self.say(&metadata.path, "Missing name", detail);
        }
        // RBAC's names are paths' segments, and allow more; what is of any kind may be one of RBAC's.
        let strict = !api_version.starts_with("rbac") && !api_version.is_empty();
        let begins = strict && !OWN_NAMES.contains(&kind);
        if let Some(name) = metadata.get("name").filter(|name| strict && name.as_text().is_some()) {
            self.name(kind, &name);
        }
        if let Some(begin) = metadata.get("generateName").filter(|_| begins)
            && let Some(text) = begin.as_text()
            && !text.is_empty()
            && !syntax::is_name(&format!("{}a", text.trim_end_matches('-')))
        {
            let detail = format!("{} begins no name for a {kind}.", begin.shown());
            self.say(&begin.path, "Invalid name", detail);
        }
        if let Some(space) = metadata.get("namespace")
            && let Some(text) = space.as_text()
            && !text.is_empty()
            && !syntax::is_label(text)
        {
            let detail = format!(
                "{} is no name of a namespace: at most 63 lower case letters, digits and `-`, beginning and ending with a \
                 letter or digit.",
                space.shown()
            );
            self.say(&space.path, "Invalid name", detail);
        }
        self.labels(&metadata, "labels", true);
        self.labels(&metadata, "annotations", false);
    }

    fn name(&mut self, kind: &str, name: &View<'_>) {
        let text = name.as_text().unwrap_or_default();
        let ends = match OWN_NAMES.contains(&kind) {
            true => "",
            false => ", beginning and ending with a letter or digit",
        };
        let (good, form) = match kind {
            _ if OWN_NAMES.contains(&kind) => {
                (syntax::is_segment(text), "without `/` and `%`, and neither `.` nor `..`")
            }
            // A name that begins with a digit is refused by most servers only.
            "Namespace" | "Service" => {
                (syntax::is_label(text), "at most 63 lower case letters, digits or `-`")
            }
            "CronJob" => (
                syntax::is_name(text) && text.len() <= 52,
                "at most 52 lower case letters, digits, `-` or `.`",
            ),
            _ => (syntax::is_name(text), "at most 253 lower case letters, digits, `-` or `.`"),
        };
        if !good {
            let detail =
                format!("{} is no name for a {kind}: it must be {form}{ends}.", name.shown());
            self.say(&name.path, "Invalid name", detail);
        }
    }

    /// Checks labels, or what has their form.
    fn labels(&mut self, holder: &View<'_>, api: &str, is_label: bool) {
        let Some(map) = holder.get(api) else { return };
        for (key, value) in map.entries() {
            let key_shown = map.key_shown(key);
            let bad_value =
                is_label && value.as_text().is_some_and(|text| !syntax::is_label_value(text));
            // The server looks at the keys of annotations in lower case.
            let lower = key.to_ascii_lowercase();
            let bad_key = !syntax::is_qualified(if is_label { key } else { &lower });
            if bad_key || bad_value {
                let word = if is_label { "label" } else { "annotation" };
                let what = if bad_value { "the value of" } else { "the key of" };
                let detail = format!(
                    "In {word}{key_shown}, {what} the {word} is not valid: letters, digits, `-`, `_` and `.`, at most 63 of \
                     them, and a key may have a DNS name and `/` before it."
                );
                self.say(&value.path, "Invalid metadata", detail);
            }
        }
    }

    /// Checks a selector of labels.
    fn selector(&mut self, selector: &View<'_>) {
        self.labels(selector, "matchLabels", true);
        for term in selector.items("matchExpressions").unwrap_or_default() {
            let Some(operator) = term.text("operator") else { continue };
            let values = term.items("values");
            let known = ["In", "NotIn", "Exists", "DoesNotExist"];
            self.one_of(&term, "operator", &known);
            let Some(values) = values else { continue };
            let wrong = match operator {
                "In" | "NotIn" => values.is_empty(),
                "Exists" | "DoesNotExist" => !values.is_empty(),
                _ => false,
            };
            if wrong {
                let need = if values.is_empty() { "needs" } else { "has no" };
                let detail = format!("The operator \"{operator}\" {need} `values`.");
                self.say(&term.place("values"), "Invalid selector", detail);
            }
        }
    }

    /// Checks that no two elements of a list have the same keys: by these the server tells them apart.
    fn repeated(&mut self, view: &View<'_>) {
        if !view.is_list() {
            return view.children().iter().for_each(|child| self.repeated(child));
        }
        let elements = view.elements().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for element in &elements {
            let keys = view.keys().iter().map(|key| {
                let absent = (key == "protocol" && element.lacks(key)).then(|| "TCP".to_string());
                let given = element.get(key);
                let text = given.as_ref().and_then(View::as_text).map(String::from);
                let number = || given.as_ref()?.as_number().map(|number| number.to_string());
                absent.or(text).or_else(number).map(|text| (key.as_str(), text))
            });
            let keys: Option<Vec<(&str, String)>> = keys.collect();
            let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { continue };
            let hidden = element.value.all_marks().any();
            let told: Vec<String> = keys
                .iter()
                .map(|(key, text)| match hidden {
                    true => format!("`{key}`"),
                    false => format!("`{key}` {text}"),
                })
                .collect();
            if !seen.insert(keys) {
                let first = view.keys().first().map_or("", String::as_str);
                let detail = format!(
                    "Two elements of the list have the same {}, by which the server tells them apart.",
                    told.join(" and ")
                );
                self.say(&element.place(first), "Duplicate element", detail);
            }
        }
        for child in elements.iter().flat_map(View::children) {
            self.repeated(&child);
        }
    }
}
