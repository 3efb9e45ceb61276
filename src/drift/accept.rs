//! What is live, written into the configuration: the smallest edits of the texts, with all comments as they stand.
//!
//! Each part in which the plan and the live object are apart is followed to the one place where it is written. The edit is one of
//! hcl-edit's tree (`tree.rs`); where that cannot read the file, or would write other places otherwise, the bytes of the place are edited.
//! Whether an edit changes more than it should is not known here: a plan with the edited texts tells (`cli/accept.rs`).

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::gather::part_at;
use super::text::{Splice, block, ended_as, heredoc, is_number, key, written};
use super::tree::{self, Wish};
use crate::addr::Address;
use crate::diag::{FileId, Sources, Span};
use crate::plan::{Change, Verb};
use crate::providers::habits;
use crate::review::parts::differing;
use crate::review::site::Site;
use crate::review::trace::Tracer;
use crate::schema::{Block, BlockKind, Field, Nesting, Schema};
use crate::syntax::tree::{Body, Expr, ExprKind};
use crate::value::{Kind, Path, PathStep, Value};

/// What edits are made with.
pub struct Editor<'a> {
    /// Follows values to their texts.
    pub tracer: Tracer<'a>,
    /// The texts.
    pub sources: &'a Sources,
    /// The trees of those that were edited, where hcl-edit reads them.
    trees: RefCell<BTreeMap<FileId, Option<hcl_edit::structure::Body>>>,
}

impl<'a> Editor<'a> {
    /// Makes one.
    pub fn new(tracer: Tracer<'a>, sources: &'a Sources) -> Editor<'a> {
        Editor { tracer, sources, trees: RefCell::default() }
    }
}

impl Editor<'_> {
    /// Gives the changes of texts by which an instance is configured as it is.
    ///
    /// # Errors
    /// Why that cannot be written, in full sentences.
    pub fn accepted(
        &self,
        address: &Address,
        change: &Change,
        schema: &Schema,
    ) -> Result<Vec<Splice>, String> {
        let (Some(live), Some(planned)) = (change.verb.before(), change.verb.after()) else {
            return Err("There is nothing live that could be written.".into());
        };
        let (live, planned) = (schema.sealed(live), schema.sealed(planned));
        let sides = Verb::Update { before: live.clone(), after: planned.clone() };
        let mut paths: Vec<Path> = Vec::new();
        for part in differing(&sides, None) {
            let written = change.config.as_ref().and_then(|config| part_at(config, &part.path));
            let open = part.after.as_ref().is_some_and(|after| !after.is_whole());
            if open && written.is_none_or(Value::is_null) || !can_be_written(schema, &part.path) {
                continue;
            }
            let path = cut(&part.path, &live, &planned);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(
                "Nothing that is written says it: the next apply sets it back by itself.".into()
            );
        }
        let mut splices = Vec::new();
        for path in paths {
            let value = part_at(&live, &path).filter(|value| !value.is_null());
            let sides = [value, part_at(&planned, &path)];
            let secret = sides.into_iter().flatten().any(|value| value.all_marks().any());
            let found = match secret {
                // What goes would be shown with the edit as well.
                true => Err("is a secret, which is written by nobody but you".to_string()),
                false => self.one(address, schema, &path, value),
            };
            splices.extend(found.map_err(|why| format!("It cannot be written: {path} {why}."))?);
        }
        for splice in &mut splices {
            splice.text = ended_as(self.sources.text(splice.file), &splice.text);
        }
        Ok(splices)
    }

    fn one(
        &self,
        address: &Address,
        schema: &Schema,
        path: &Path,
        value: Option<&Value>,
    ) -> Result<Vec<Splice>, String> {
        let site = self.tracer.site(address, &habits::of(&address.type_name).written_as(path));
        self.may_edit(&site)?;
        let splice = match (site, value) {
            (Site::None(why), _) => return Err(why),
            (Site::Value { expr, .. }, Some(value)) => {
                self.with(expr.span, self.like(&expr, value)?)
            }
            (Site::Value { whole: Some(whole), .. }, None) => self.without(whole),
            (Site::Value { expr, whole: None }, None) => self.with(expr.span, "null".into()),
            (Site::Block(found), None) => self.without(found.span),
            (Site::Block(_), Some(_)) => return Err("is one of several blocks".into()),
            (Site::Body { body, name }, Some(value)) => {
                let field = field(schema, path).ok_or("is not known here")?;
                self.put_into_body(&body, &name, field, value)?
            }
            (Site::Object { expr, key: name }, Some(value)) => {
                let ExprKind::Object(items) = &expr.kind else { return Ok(Vec::new()) };
                let last = items.last().map(|item| item.value.span);
                self.put_into_object(expr.span, last, &name, value)?
            }
            // What is to go is not written.
            (Site::Body { .. } | Site::Object { .. }, None) => return Ok(Vec::new()),
        };
        Ok(vec![splice])
    }

    /// Says why a file is not to be edited.
    fn may_edit(&self, site: &Site) -> Result<(), String> {
        let span = match site {
            Site::Value { expr, .. } | Site::Object { expr, .. } => expr.span,
            Site::Block(block) => block.span,
            Site::Body { body, .. } => body.span,
            Site::None(_) => return Ok(()),
        };
        self.is_editable(span)
    }

    /// Says why the file of a place is not to be edited.
    pub(super) fn is_editable(&self, span: Span) -> Result<(), String> {
        let name = self.sources.name(span.file);
        if name.ends_with(".json") {
            return Err(format!("is written in {name}: JSON is edited by hand"));
        }
        if name.contains(".terrane/") || name.contains(".terraform/") {
            return Err(format!("is written in an installed module ({name})"));
        }
        Ok(())
    }

    /// Writes a value in place of an expression: what was a number or a truth without quotes stays so.
    fn like(&self, expr: &Expr, value: &Value) -> Result<String, String> {
        let bare = match (&expr.kind, value.as_str()) {
            (ExprKind::Number(_), Some(text)) => is_number(text),
            (ExprKind::Bool(_), Some(text)) => ["true", "false"].contains(&text),
            _ => false,
        };
        if bare {
            return Ok(value.as_str().unwrap_or_default().to_string());
        }
        let former = self.sources.slice(expr.span);
        if let Some(text) = value.as_str().and_then(|text| heredoc(former, text)) {
            return Ok(text);
        }
        written(value, self.indent(expr.span)).ok_or_else(|| "has no text".to_string())
    }

    /// Gives how far the line of a place is indented.
    fn indent(&self, span: Span) -> usize {
        let text = self.sources.text(span.file);
        let start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
        text[start..].chars().take_while(|c| *c == ' ').count()
    }

    /// Makes an edit by the tree of its file; else the bytes that are given.
    pub(super) fn by_tree(&self, wish: &Wish, bytes: Splice) -> Splice {
        let text = self.sources.text(bytes.file);
        let mut trees = self.trees.borrow_mut();
        let tree = trees.entry(bytes.file).or_insert_with(|| tree::parsed(text));
        let edited = tree.as_ref().and_then(|tree| tree::edited(tree, text, wish, &bytes));
        edited.unwrap_or(bytes)
    }

    /// Writes another expression in the place of one.
    fn with(&self, span: Span, text: String) -> Splice {
        let (start, end) = (span.start as usize, span.end as usize);
        let wish = Wish::Value { of: start..end, text: text.clone() };
        self.by_tree(&wish, Splice { file: span.file, start, end, text })
    }

    /// Takes a part away, with its line where nothing else is in it.
    pub(super) fn without(&self, span: Span) -> Splice {
        self.by_tree(&Wish::Gone { from: span.start as usize }, self.without_bytes(span))
    }

    fn without_bytes(&self, span: Span) -> Splice {
        let text = self.sources.text(span.file);
        let (mut start, mut end) = (span.start as usize, span.end as usize);
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let after = text[end..rest].trim_start_matches([',', ' ', '\t']).trim_end();
        let alone = text[line..start].trim().is_empty();
        if alone && (after.is_empty() || after.starts_with('#') || after.starts_with("//")) {
            (start, end) = (line, rest);
        } else {
            // In a line with others the comma goes along.
            let tail = text[end..].len() - text[end..].trim_start_matches([' ', ',']).len();
            if text[end..end + tail].contains(',') {
                end += tail;
            } else {
                let head = text[..start].trim_end_matches([' ', ',']);
                start = head.len();
            }
        }
        Splice { file: span.file, start, end, text: String::new() }
    }

    /// Puts an argument or block into a body: after its last argument.
    fn put_into_body(
        &self,
        body: &Body,
        name: &str,
        field: &Field,
        value: &Value,
    ) -> Result<Splice, String> {
        let text = self.sources.text(body.span.file);
        let file = body.span.file;
        let (from, to) = (body.span.start as usize, body.span.end as usize);
        let inner = body.attributes.first().map(|attribute| attribute.span);
        let inner = inner.or_else(|| body.blocks.first().map(|block| block.span));
        let single = !text[from..to].contains('\n');
        let indent = match inner {
            Some(span) if !single => self.indent(span),
            _ => self.indent(body.span) + 2,
        };
        let pad = " ".repeat(indent);
        let line = match &field.nesting {
            Nesting::Attribute => {
                let value = written(value, indent).ok_or("has no text")?;
                format!("{pad}{name} = {value}\n")
            }
            Nesting::Block(of) => blocks(name, of, value, indent).ok_or("has no text")?,
        };
        let is_argument = matches!(field.nesting, Nesting::Attribute);
        let wish = Wish::More { body_end: to, lines: line.clone(), is_argument, indent };
        if single {
            let outer = " ".repeat(indent.saturating_sub(2));
            let inside = text[from..to].trim();
            let inside = if inside.is_empty() { String::new() } else { format!("{pad}{inside}\n") };
            let text = format!("\n{inside}{line}{outer}");
            return Ok(self.by_tree(&wish, Splice { file, start: from, end: to, text }));
        }
        let last = match &field.nesting {
            Nesting::Attribute => body.attributes.last().map(|attribute| attribute.span),
            Nesting::Block(_) => {
                let attribute = body.attributes.last().map(|attribute| attribute.span);
                let block = body.blocks.last().map(|block| block.span);
                attribute.into_iter().chain(block).max_by_key(|span| span.end)
            }
        };
        let after = last.map_or(from, |span| span.end as usize);
        let start = text[after..].find('\n').map_or(to, |at| after + at + 1).min(text.len());
        Ok(self.by_tree(&wish, Splice { file, start, end: start, text: line }))
    }

    /// Puts an entry into an object: after its last one.
    fn put_into_object(
        &self,
        span: Span,
        last: Option<Span>,
        name: &str,
        value: &Value,
    ) -> Result<Splice, String> {
        let text = self.sources.text(span.file);
        let (file, name) = (span.file, key(name));
        let (from, to) = (span.start as usize, span.end as usize);
        let single = !text[from..to].contains('\n');
        let indent = match last {
            Some(last) if !single => self.indent(last),
            _ => self.indent(span) + 2,
        };
        let value = written(value, indent).ok_or("has no text")?;
        let bytes = match (single, last) {
            (true, None) => {
                Splice { file, start: from, end: to, text: format!("{{ {name} = {value} }}") }
            }
            (true, Some(last)) => {
                let at = last.end as usize;
                Splice { file, start: at, end: at, text: format!(", {name} = {value}") }
            }
            (false, last) => {
                let after = last.map_or(from, |span| span.end as usize);
                let start = text[after..].find('\n').map_or(to, |at| after + at + 1);
                let text = format!("{}{name} = {value}\n", " ".repeat(indent));
                Splice { file, start, end: start, text }
            }
        };
        let wish = Wish::Entry { of: from..to, key: name, text: value, indent };
        Ok(self.by_tree(&wish, bytes))
    }
}

/// Writes the blocks of a value: one, or one for each element.
fn blocks(name: &str, of: &Block, value: &Value, indent: usize) -> Option<String> {
    let one = |value: &Value| block(name, &of.fields, value, indent);
    match (of.kind, value.elements()) {
        (BlockKind::Map, _) => None,
        (_, Some(parts)) => parts.iter().map(one).collect(),
        (_, None) => one(value),
    }
}

/// Cuts a path to the part that is edited as one: a list or set of plain values, or an element or map that one side lacks.
fn cut(path: &Path, live: &Value, planned: &Value) -> Path {
    for length in 1..path.0.len() {
        let part = Path(path.0[..length].to_vec());
        let sides = [part_at(live, &part), part_at(planned, &part)];
        let sides: Vec<&Value> =
            sides.into_iter().flatten().filter(|value| !value.is_null()).collect();
        let lists = sides.iter().any(|side| side.elements().is_some());
        let objects = sides.iter().filter_map(|side| side.elements()).flatten();
        let objects = objects.filter(|element| element.fields().is_some()).count();
        let many = |side: &&Value| matches!(side.kind(), Kind::Set(_, parts) if parts.len() > 1);
        let lacks = sides.len() < 2;
        let index =
            matches!(part.0.last(), Some(PathStep::Index(index)) if index.as_str().is_none());
        let map = sides.iter().any(|side| side.fields().is_some());
        if lists && (objects == 0 || sides.iter().any(many)) || lacks && (index || map) {
            return part;
        }
    }
    path.clone()
}

/// Gives the field that a path leads to: an element of blocks has that of its list.
fn field<'s>(schema: &'s Schema, path: &Path) -> Option<&'s Field> {
    let mut fields: Option<&BTreeMap<String, Field>> = Some(&schema.fields);
    let mut found = None;
    for step in &path.0 {
        let PathStep::Attribute(name) = step else { continue };
        let field = fields?.get(name)?;
        fields = field.inside().map(|block| &block.fields);
        found = Some(field);
    }
    found
}

/// Says whether the configuration can say a part.
fn can_be_written(schema: &Schema, path: &Path) -> bool {
    let mut fields: Option<&BTreeMap<String, Field>> = Some(&schema.fields);
    for step in &path.0 {
        let PathStep::Attribute(name) = step else { continue };
        let Some(within) = fields else { return true };
        let Some(field) = within.get(name) else { return true };
        if field.given == crate::schema::Given::Service {
            return false;
        }
        fields = field.inside().map(|block| &block.fields);
    }
    true
}
