//! What can be said of an object before any cluster exists.
//!
//! Unknown parts pass. The bundled definitions say which fields there are, which must be there and
//! what they may hold; the rules that the API server has beside them are in `rules`.

use crate::value::{Path, Value};

use super::super::Problem;
use super::definitions::{Definitions, Part, bundled};
use super::equal::quantity;
use super::rules::{self, View};
use super::schema;
use super::tables::{Convert, Kind, Node, Nodes, Shape, Way};

/// Checks a configuration, for a cluster of a minor version where that is known.
pub(super) fn check(kind: &Kind, config: &Value, minor: Option<u32>) -> Vec<Problem> {
    let mut check = Check { definitions: bundled(), minor, problems: Vec::new() };
    let root = bundled().root(&kind.api_version, &kind.kind);
    check.block(&kind.nodes, config, root, &Path::root());
    let (version, view) = (&kind.api_version, View::typed(&kind.nodes, config));
    match kind.way {
        Way::Whole | Way::Adopted => rules::check(version, &kind.kind, &view, &mut check.problems),
        Way::Part | Way::Certificate | Way::Token => {
            rules::check_metadata(version, &kind.kind, &view, &mut check.problems);
        }
    }
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
