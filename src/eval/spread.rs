//! Blocks that are many instances by what they say: the same as `for_each`, with keys that the resource type gives.
//!
//! A manifest file has many objects; each is an instance with a key of its own. The keys are a function of the block's
//! arguments and of the files that they name, which are read as `file()` reads them.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluator::Pass;
use super::expand::Turns;
use super::reference::anything;
use super::scope::{BlockId, Eval, Scope, Turn, fatal};
use crate::addr::Key;
use crate::diag::{Diagnostic, Span};
use crate::functions::{Environment, documents, file};
use crate::schema::{Document, Files, Schema, Spread, Strange};
use crate::value::{Fields, Number, Path, PathStep, Value};

/// Where an instance's argument was written, where that is not the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, or what it is else.
    pub file: String,
    /// The line that the text begins in.
    pub line: usize,
    /// The text.
    pub text: Arc<str>,
}

impl Origin {
    /// Names the place of a part.
    pub fn place_of(&self, path: &Path) -> String {
        format!("{} line {}", self.file, self.line + line_within(&self.text, path))
    }
}

/// Gives the line in which a part of a YAML text begins, as deep as it is found; the first is 0.
fn line_within(text: &str, path: &Path) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let mut here = Here { line: 0, column: 0, within: true };
    for step in &path.0 {
        let next = match step {
            PathStep::Attribute(name) => field(&lines, here, name),
            PathStep::Index(index) => item(&lines, here, index.as_i64().unwrap_or_default()),
        };
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    here.line
}

/// A place in a YAML text.
#[derive(Clone, Copy)]
struct Here {
    line: usize,
    /// What belongs to it stands at least so deep.
    column: usize,
    /// Its own line may have the first of what belongs to it.
    within: bool,
}

/// Gives the lines that belong to a place, each with how deep its text stands.
fn below<'l>(lines: &'l [&'l str], here: Here) -> impl Iterator<Item = (usize, usize, &'l str)> {
    let first = here.line + usize::from(!here.within);
    lines.iter().enumerate().skip(first).filter_map(move |(place, line)| {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        match (place == here.line, body.strip_prefix("- ")) {
            // The rest of an item's line is its first field.
            (true, Some(rest)) => Some((place, indent + 2, rest)),
            _ if body.is_empty() || body.starts_with('#') => None,
            _ => Some((place, indent, body)),
        }
    })
}

fn field(lines: &[&str], here: Here, name: &str) -> Option<Here> {
    let quotes = ['"', '\''];
    let mut own = None;
    for (line, column, body) in below(lines, here) {
        if column < here.column {
            return None;
        }
        let rest = body.trim_start_matches(quotes).strip_prefix(name);
        let named = rest.is_some_and(|rest| rest.trim_start_matches(quotes).starts_with(':'));
        if named && *own.get_or_insert(column) == column {
            return Some(Here { line, column, within: false });
        }
        own.get_or_insert(column);
    }
    None
}

fn item(lines: &[&str], here: Here, wanted: i64) -> Option<Here> {
    let (mut own, mut seen) = (None, 0);
    for (line, column, body) in below(lines, here) {
        let deep = *own.get_or_insert(column);
        let is_item = body.starts_with("- ") || body == "-";
        if column < here.column || column < deep || (column == deep && !is_item) {
            return None;
        }
        if column == deep {
            if seen == wanted {
                return Some(Here { line, column: column + 1, within: true });
            }
            seen += 1;
        }
    }
    None
}

/// The configuration's files.
struct Disk<'e>(&'e Environment);

impl Files for Disk<'_> {
    fn text(&self, path: &str) -> Result<String, String> {
        file::read_text(path, self.0).map_err(|error| error.message)
    }

    fn matching(&self, folder: &str, pattern: &str) -> Result<Vec<String>, String> {
        file::matching(folder, pattern, self.0).map_err(|error| error.message)
    }

    fn documents(&self, text: &str) -> Result<Vec<Document>, String> {
        let found = documents(text).map_err(|error| error.message)?;
        let found = found.into_iter().map(|(line, text, value)| Document { value, line, text });
        Ok(found.flat_map(items).collect())
    }
}

/// Gives the objects of a list of them, each with its own lines; what is no list is its own.
fn items(document: Document) -> Vec<Document> {
    let kind = document.value.field("kind").and_then(Value::as_str);
    let is_list = kind.is_some_and(|kind| kind.ends_with("List"));
    let parts = document.value.field("items").and_then(Value::elements);
    let Some(parts) = parts.filter(|_| is_list) else { return vec![document] };
    let list = Path::root().attribute("items");
    let begins: Vec<usize> =
        (0..parts.len()).map(|place| line_within(&document.text, &list.place(place))).collect();
    let rows = parts.iter().enumerate().map(|(place, value)| {
        let begin = begins[place];
        let end = begins.get(place + 1).copied().unwrap_or(usize::MAX);
        let own = document.text.lines().skip(begin).take(end.saturating_sub(begin));
        let own: Vec<&str> = own.collect();
        // The dash of the item stands for a step to the right.
        let text = own.join("\n").replacen("- ", "  ", 1);
        Document { value: value.clone(), line: document.line + begin, text }
    });
    rows.collect()
}

impl<'a> Pass<'_, 'a> {
    /// Says by what a block is spread, if it is.
    pub(super) fn spread_of(&mut self, block: BlockId<'a>) -> Option<(Arc<Schema>, Spread)> {
        // What is wrong with the type is told of the block's instances.
        let schema = self.schema(block).ok()?;
        let spread = schema.spread?;
        Some((schema, spread))
    }

    /// Gives the instances of a block that is spread by its resource type.
    pub(super) fn spread_turns(
        &mut self,
        block: BlockId<'a>,
        schema: &Schema,
        spread: Spread,
    ) -> Eval<Rc<Turns>> {
        let resource = block.resource;
        if let Some(expr) = resource.count.as_ref().or(resource.for_each.as_ref()) {
            let detail = format!(
                "A block of type \"{}\" is one instance for each object by itself: it has neither \"count\" nor \"for_each\".",
                resource.type_name.text
            );
            return fatal("Invalid combination of arguments", detail, expr.span);
        }
        let own = self.block_address(block);
        let mut scope = Scope { own: Some(own), ..Scope::module(block.module) };
        let mut places = Vec::new();
        let body = self.body(
            &resource.body,
            &schema.fields,
            &Path::root(),
            true,
            &mut places,
            &mut scope,
        )?;
        let place = |name: &str| -> Span {
            let found = resource.body.attribute(name).map(|attribute| attribute.expr.span);
            found.unwrap_or(resource.body.end)
        };
        for name in spread.of {
            let given = body.field(name);
            if given.is_some_and(|value| !value.is_whole()) {
                let detail = format!(
                    "The argument \"{name}\" says which objects there are, and it is not known before the apply. Read the \
                     manifests from files of the configuration, and put what is known later in by `kubernetes_manifest`."
                );
                let pending = self.trace_mut().is_some_and(|trace| trace.pending);
                if pending || self.evaluator.inputs.validating {
                    return Ok(Rc::new(Turns::Unknown(false)));
                }
                return fatal("Invalid set of manifests", detail, place(name));
            }
        }
        let found = (spread.keyed)(&body, &Disk(&self.evaluator.environment));
        let found = found.map_err(|strange| told(&strange, place(strange.argument)));
        let turns = found.map_err(super::scope::Stop::fatal)?;
        let fields: Fields =
            turns.into_iter().map(|one| (one.key.as_str().into(), packed(&one))).collect();
        Ok(Rc::new(Turns::Each(Arc::new(fields))))
    }
}

fn told(strange: &Strange, place: Span) -> Diagnostic {
    let mut problem = Diagnostic::error(&strange.summary, &strange.detail).at(place, "");
    problem.help.clone_from(&strange.help);
    problem
}

/// What a turn holds of an instance: its argument, and where that was written.
fn packed(one: &crate::schema::Turn) -> Value {
    Value::object([
        ("value", one.value.clone()),
        ("file", Value::string(&one.file)),
        ("line", Value::number(Number::from(one.line))),
        ("text", Value::string(&one.text)),
    ])
}

/// Puts into an instance's configuration what its key stands for, and takes out what is the block's alone.
pub(super) fn own_part(
    config: Value,
    spread: Option<(Arc<Schema>, Spread)>,
    turns: &Turns,
    key: Option<&Key>,
) -> (Value, Option<Origin>) {
    let Some((_, spread)) = spread else { return (config, None) };
    let config = spread.of.iter().fold(config, |config, name| match config.field(name) {
        Some(given) => config.with_field(name, Value::null(given.ty())),
        None => config,
    });
    let Turn::Each(_, turn) = turns.turn(key) else {
        return (config.with_field(spread.argument, anything()), None);
    };
    let value = turn.field("value").cloned().unwrap_or_else(anything);
    let text = |name: &str| turn.field(name).and_then(Value::as_str).map(String::from);
    let line = turn.field("line").and_then(Value::as_i64);
    let origin = text("file").zip(text("text")).map(|(file, text)| Origin {
        file,
        line: line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1),
        text: text.into(),
    });
    (config.with_field(spread.argument, value), origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_document_has_its_line() {
        let text = "kind: A\nmetadata:\n  name: x\nspec:\n  items:\n  - name: a\n    size: 1\n  - name: b\n    size: 2\n";
        let spec = Path::root().attribute("spec");
        let items = spec.attribute("items");

        assert_eq!(line_within(text, &Path::root().attribute("kind")), 0);
        assert_eq!(line_within(text, &spec), 3);
        assert_eq!(line_within(text, &items.place(1).attribute("size")), 8);
        assert_eq!(line_within(text, &items.place(0).attribute("other")), 5);
    }

    #[test]
    fn a_list_is_its_objects_each_with_its_own_lines() {
        let text = "kind: List\nitems:\n# One.\n- kind: A\n  spec:\n    size: 1\n- kind: B\n  spec:\n    size: 2";
        let item = |kind: &str| Value::object([("kind", Value::string(kind))]);
        let value = Value::object([
            ("kind", Value::string("List")),
            ("items", Value::tuple(vec![item("A"), item("B")])),
        ]);

        let found = items(Document { value, line: 11, text: text.into() });

        let lines: Vec<usize> = found.iter().map(|one| one.line).collect();
        let size = Path::root().attribute("spec").attribute("size");
        assert_eq!(lines, [14, 17]);
        assert_eq!(line_within(&found[1].text, &size), 2);
        assert_eq!(found[1].value, item("B"));
    }
}
