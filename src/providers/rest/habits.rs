//! The words of habits: what a service does by itself with objects of a resource type.
//!
//! ```text
//! resource "google_container_node_pool" {
//!   by_service    = ["version", "instance_group_urls"]     these parts change by themselves
//!   by_service_if = { "node_count" = "autoscaling" }       so does this one where that other part is there
//!   follows       = ["etag"]                               changes along with whatever else does
//!   repeats       = { "effective_labels" = "labels" }      says again what another part says
//!   written_as    = { "object" = "manifest" }              the configuration says it by that other part
//!   identity      = ["uid"]                                another value is another object
//!   goes          = ["ttl"]                                goes away by itself where this part is there
//!   logged_as     = ["projects/{project}/zones/{location}/clusters/{name}"]   its name in audit logs
//! }
//! ```
//!
//! A path has the names of parts, without places in lists; `[…]` is a key of a map; both may have `*`. What it names has all that
//! is inside of it.

use crate::diag::Diagnostic;
use crate::syntax::tree::Block;
use crate::value::{Path, PathStep, Value};

use super::template::Template;
use super::words::{Word, Words};

/// What the service does by itself with objects of a type.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    by_service: Vec<Pattern>,
    by_service_if: Vec<(Pattern, Pattern)>,
    follows: Vec<Pattern>,
    repeats: Vec<(Pattern, Pattern)>,
    written_as: Vec<(Pattern, Pattern)>,
    identity: Vec<Pattern>,
    goes: Vec<Pattern>,
    logged_as: Vec<Template>,
}

/// A path with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

impl Habits {
    /// Says whether the service changes a part of an object by itself.
    pub fn is_by_service(&self, path: &Path, object: &Value) -> bool {
        let conditions = self.by_service_if.iter();
        self.by_service.iter().any(|pattern| pattern.covers(path))
            || conditions
                .filter(|(pattern, _)| pattern.covers(path))
                .any(|(_, of)| of.is_in(object))
            || self.follows(path)
    }

    /// Says whether a part changes along with any other.
    pub fn follows(&self, path: &Path) -> bool {
        self.follows.iter().any(|pattern| pattern.covers(path))
    }

    /// Gives what a part says again: the path that says it, too.
    pub fn repeats(&self, path: &Path) -> Option<Path> {
        renamed(&self.repeats, path)
    }

    /// Gives the path by which the configuration says a part.
    pub fn written_as(&self, path: &Path) -> Path {
        renamed(&self.written_as, path).unwrap_or_else(|| path.clone())
    }

    /// Says whether a part is one by which an object is told from another.
    pub fn is_identity(&self, path: &Path) -> bool {
        self.identity.iter().any(|pattern| pattern.covers(path))
    }

    /// Says whether the service removes an object by itself.
    pub fn goes(&self, object: &Value) -> bool {
        self.goes.iter().any(|pattern| pattern.is_in(object))
    }

    /// Gives the forms of an object's name in audit logs.
    pub fn logged_as(&self) -> &[Template] {
        &self.logged_as
    }

    /// Adds those of another block.
    pub fn add(&mut self, more: &Habits) {
        self.by_service.extend(more.by_service.iter().cloned());
        self.by_service_if.extend(more.by_service_if.iter().cloned());
        self.follows.extend(more.follows.iter().cloned());
        self.repeats.extend(more.repeats.iter().cloned());
        self.written_as.extend(more.written_as.iter().cloned());
        self.identity.extend(more.identity.iter().cloned());
        self.goes.extend(more.goes.iter().cloned());
        self.logged_as.extend(more.logged_as.iter().cloned());
    }

    /// Gives all paths that are named.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let pairs = self.by_service_if.iter().chain(&self.repeats).chain(&self.written_as);
        let pairs = pairs.flat_map(|(one, other)| [one, other]);
        self.by_service
            .iter()
            .chain(&self.follows)
            .chain(&self.identity)
            .chain(&self.goes)
            .chain(pairs)
    }
}

impl Pattern {
    /// Reads one: `metadata.annotations[cloud.google.com/*]`.
    pub fn parse(text: &str) -> Option<Pattern> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (key, after) = inside.split_once(']')?;
                segments.push(key.trim_matches('"').to_string());
                rest = after.strip_prefix('.').unwrap_or(after);
                continue;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return None;
            }
            segments.push(name.to_string());
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        // A place in a list is no part of it: `container[0].image` is `container.image`.
        segments.retain(|segment| segment.parse::<usize>().is_err());
        (!segments.is_empty()).then_some(Pattern(segments))
    }

    /// Gives its names.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Says whether a path is what it names, or inside of that.
    pub fn covers(&self, path: &Path) -> bool {
        let names = names(path);
        self.0.len() <= names.len()
            && self.0.iter().zip(&names).all(|(pattern, name)| fits(pattern, name))
    }

    /// Says whether an object has something there: neither null nor empty.
    fn is_in(&self, object: &Value) -> bool {
        fn there(value: &Value, segments: &[String]) -> bool {
            if let Some(parts) = value.elements() {
                return parts.iter().any(|part| there(part, segments));
            }
            let Some((first, rest)) = segments.split_first() else {
                let empty = value.fields().is_some_and(|fields| fields.keys().next().is_none());
                return !value.is_null() && !empty;
            };
            let Some(fields) = value.fields() else { return false };
            fields.iter().any(|(name, part)| fits(first, name) && there(part, rest))
        }
        there(object, &self.0)
    }
}

/// Gives a path with its beginning as another part is called.
fn renamed(pairs: &[(Pattern, Pattern)], path: &Path) -> Option<Path> {
    let (pattern, of) = pairs.iter().find(|(pattern, _)| pattern.covers(path))?;
    let mut steps: Vec<PathStep> = of.0.iter().cloned().map(PathStep::Attribute).collect();
    steps.extend(path.0.iter().skip(pattern.0.len()).cloned());
    Some(Path(steps))
}

/// Gives the names on a path: of attributes and keys, without places.
fn names(path: &Path) -> Vec<&str> {
    path.0
        .iter()
        .filter_map(|step| match step {
            PathStep::Attribute(name) => Some(name.as_str()),
            PathStep::Index(index) => index.as_str(),
        })
        .collect()
}

/// Says whether a text is as a pattern with `*` says.
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Reads the habits of a resource's block.
pub fn read(block: &Block, problems: &mut Vec<Diagnostic>) -> Habits {
    let mut words = Words::of_body(&block.body, block.header, problems);
    let patterns = |words: &mut Words<'_>, name| {
        let texts = words.texts(name);
        let read: Vec<Pattern> = texts.iter().filter_map(|text| Pattern::parse(text)).collect();
        if read.len() < texts.len() {
            words.problem(format!("A path of `{name}` cannot be read."));
        }
        read
    };
    let by_service = patterns(&mut words, "by_service");
    let follows = patterns(&mut words, "follows");
    let identity = patterns(&mut words, "identity");
    let goes = patterns(&mut words, "goes");
    let by_service_if = pairs(&mut words, "by_service_if");
    let repeats = pairs(&mut words, "repeats");
    let written_as = pairs(&mut words, "written_as");
    let logged_as = words.texts("logged_as");
    let logged_as = logged_as.iter().map(|text| Template::parse(text)).collect();
    words.finish();
    Habits { by_service, by_service_if, follows, repeats, written_as, identity, goes, logged_as }
}

/// Reads who is a part of the service: `agents "google" { are = ["*@cloudservices.gserviceaccount.com"] }`.
pub fn agents(block: &Block, problems: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut words = Words::of_body(&block.body, block.header, problems);
    let agents = words.texts("are");
    words.finish();
    agents
}

fn pairs(words: &mut Words<'_>, name: &'static str) -> Vec<(Pattern, Pattern)> {
    let Some(word) = words.take(name) else { return Vec::new() };
    let Word::Object(fields) = word else {
        words.problem(format!("The word `{name}` has paths with paths."));
        return Vec::new();
    };
    let mut read = Vec::new();
    for (path, of) in fields {
        match (Pattern::parse(&path), of.text().and_then(|of| Pattern::parse(&of))) {
            (Some(path), Some(of)) => read.push((path, of)),
            _ => words.problem(format!("A path of `{name}` cannot be read.")),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::json::from_json;

    #[test]
    fn a_pattern_covers_what_it_names_and_what_is_in_that() {
        let path = Path::root().attribute("metadata").place(0).attribute("labels").key("a.b/c");

        for (text, covers) in [
            ("metadata", true),
            ("metadata.labels[a.b/*]", true),
            ("metadata[0].labels[\"a.b/c\"]", true),
            ("*.labels", true),
            ("metadata.labels[a]", false),
            ("labels", false),
            ("metadata.labels[a.b/c].more", false),
        ] {
            assert_eq!(Pattern::parse(text).unwrap().covers(&path), covers, "{text}");
        }
        assert_eq!(Pattern::parse("a..b"), None);
        assert_eq!(Pattern::parse("a[b"), None);
    }

    #[test]
    fn texts_fit_patterns_with_stars() {
        for (pattern, text, fits_it) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*@gcp-sa-*.com", "x@gcp-sa-y.com", true),
            ("a*a", "a", false),
            ("abc", "abc", true),
        ] {
            assert_eq!(fits(pattern, text), fits_it, "{pattern} {text}");
        }
    }

    #[test]
    fn a_part_is_the_services_only_where_its_condition_holds() {
        let habits = Habits {
            by_service_if: vec![(
                Pattern::parse("count").unwrap(),
                Pattern::parse("scaling.most").unwrap(),
            )],
            ..Habits::default()
        };
        let count = Path::root().attribute("count");

        assert!(habits.is_by_service(&count, &from_json(&json!({ "scaling": [{ "most": 3 }] }))));
        assert!(!habits.is_by_service(&count, &from_json(&json!({ "scaling": [] }))));
        assert!(
            !habits.is_by_service(&count, &from_json(&json!({ "scaling": [{ "most": null }] })))
        );
    }
}
