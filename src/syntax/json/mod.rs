//! The JSON form: `.tf.json` and `.tfvars.json` into the same tree.
//!
//! JSON does not tell arguments from nested blocks: the caller says which properties are blocks, by
//! [`Nesting`]. Strings are templates, but in files of values. A property `//` is a comment.

mod read;

use crate::diag::{Diagnostic, FileId, Sources, Span};

use super::lower::Lowering;
use super::tree::{Attribute, Block, Body, Expr, ExprKind, File, Ident, Item, Part, UnaryOp};

use self::read::{Node, NodeKind, Property};

/// A property that stands for blocks.
pub struct Nesting {
    /// The block type.
    pub kind: &'static str,
    /// The names of its labels: so many levels of objects.
    pub labels: &'static [&'static str],
    /// The blocks inside.
    pub inside: &'static [Nesting],
    /// Whether it has any arguments, and no blocks.
    pub open: bool,
}

/// The arguments whose texts are taken as they are written, by the block that they are in: they are read before
/// there is anything that they could refer to.
const LITERAL: &[(&str, &[&str])] = &[
    ("variable", &["default", "description", "sensitive", "nullable", "ephemeral"]),
    ("output", &["description", "sensitive", "ephemeral"]),
    ("terraform", &["required_version"]),
    ("module", &["source", "version"]),
    ("provider", &["version", "alias"]),
    ("lifecycle", &["create_before_destroy", "prevent_destroy", "destroy"]),
];

/// The blocks of which all arguments are such.
const ALL_LITERAL: &[&str] = &["required_providers", "backend", "cloud"];

/// What contexts a file in JSON has: places with their names, `resource.a.b`, the innermost first.
pub type Contexts = Vec<(Span, String)>;

/// A file in JSON, as it was read.
pub struct Document {
    /// Its tree.
    pub file: File,
    /// What its places are called.
    pub contexts: Contexts,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
    /// What is wrong with the templates in its strings: Terraform reads these only where nothing else is wrong.
    pub late: Vec<Diagnostic>,
}

/// Reads a file in JSON.
pub fn parse_json(id: FileId, name: &str, text: &str, nesting: &[Nesting]) -> Document {
    let (root, problems) = read::read(id, text);
    let mut lowering = FromJson::new(id, name, text, problems, true);
    let mut body = super::empty_body(id, text.len());
    if matches!(root.kind, NodeKind::Object(_) | NodeKind::Array(_)) {
        lowering.body(&mut body, &root, nesting, "");
        body.span = root.span;
        body.end = close(&root);
    }
    let mut contexts = Vec::new();
    name_contexts(&root, "", &mut contexts);
    let FromJson { problems, late, .. } = lowering;
    Document { file: File { id, body }, contexts, problems, late }
}

/// Reads a file of values in JSON: an object, whose strings are what they are.
pub fn parse_json_values(id: FileId, name: &str, text: &str) -> (File, Contexts, Vec<Diagnostic>) {
    let (root, problems) = read::read(id, text);
    let mut lowering = FromJson::new(id, name, text, problems, false);
    let mut body = super::empty_body(id, text.len());
    let sound = !lowering.problems.iter().any(Diagnostic::is_error);
    if sound && matches!(root.kind, NodeKind::Object(_) | NodeKind::Array(_)) {
        lowering.only_attributes(&mut body, &root);
    }
    let mut contexts = Vec::new();
    name_contexts(&root, "", &mut contexts);
    (File { id, body }, contexts, lowering.problems)
}

/// Names the places inside objects and lists by the way to them.
fn name_contexts(node: &Node, path: &str, out: &mut Contexts) {
    let mut inner = |child: &Node, path: String| {
        if matches!(child.kind, NodeKind::Object(_) | NodeKind::Array(_)) {
            name_contexts(child, &path, out);
            out.push((child.span, path));
        }
    };
    match &node.kind {
        NodeKind::Object(properties) => {
            for property in properties {
                let dot = if path.is_empty() { "" } else { "." };
                inner(&property.value, format!("{path}{dot}{}", property.name));
            }
        }
        NodeKind::Array(elements) => {
            for (place, element) in elements.iter().enumerate() {
                inner(element, format!("{path}[{place}]"));
            }
        }
        _ => {}
    }
}

fn wrong_type(detail: impl Into<String>, node: &Node) -> Diagnostic {
    Diagnostic::error("Incorrect JSON value type", detail).at(node.start(), "")
}

/// Gives the place where something is missing: what closes an object, what opens a list.
fn close(node: &Node) -> Span {
    match node.kind {
        NodeKind::Object(_) => Span { start: node.span.end.saturating_sub(1), ..node.span },
        _ => node.start(),
    }
}

/// Makes the tree.
struct FromJson<'a> {
    id: FileId,
    name: &'a str,
    text: &'a str,
    /// The file alone, for places in messages.
    sources: Sources,
    problems: Vec<Diagnostic>,
    late: Vec<Diagnostic>,
    /// Whether strings are templates.
    templates: bool,
}

impl<'a> FromJson<'a> {
    fn new(
        id: FileId,
        name: &'a str,
        text: &'a str,
        problems: Vec<Diagnostic>,
        templates: bool,
    ) -> Self {
        let mut sources = Sources::default();
        sources.add(name, text);
        FromJson { id, name, text, sources, problems, late: Vec::new(), templates }
    }

    /// Writes a place as messages have it.
    fn place(&self, span: Span) -> String {
        let span = Span { file: FileId(0), ..span };
        let (start, end) = (self.sources.start(span), self.sources.end(span));
        let end = if start.line == end.line {
            end.column.to_string()
        } else {
            format!("{},{}", end.line, end.column)
        };
        format!("{}:{},{}-{end}", self.name, start.line, start.column)
    }

    /// Gives the properties of an object, or of the objects of a list; `label` is what their names are.
    fn properties<'n>(&mut self, node: &'n Node, label: Option<&str>) -> Vec<&'n Property> {
        let what = match label {
            Some(label) => format!("to specify {label} labels for this block"),
            None => "to define arguments and child blocks".to_string(),
        };
        let mut found = Vec::new();
        match &node.kind {
            NodeKind::Null => {}
            NodeKind::Object(properties) => found.extend(properties),
            NodeKind::Array(elements) => {
                for element in elements {
                    match &element.kind {
                        NodeKind::Null => {}
                        NodeKind::Object(properties) => found.extend(properties),
                        _ => self.problems.push(wrong_type(
                            format!("A JSON object is required here, {what}."),
                            element,
                        )),
                    }
                }
            }
            _ => self.problems.push(wrong_type(
                format!("Either a JSON object or JSON array of objects is required here, {what}."),
                node,
            )),
        }
        found
    }

    /// Adds what an object, or a list of objects, says to a body.
    fn body(&mut self, body: &mut Body, node: &Node, nesting: &[Nesting], kind: &str) {
        for property in self.properties(node, None) {
            if property.name == "//" {
                continue;
            }
            let fixed = LITERAL
                .iter()
                .any(|(block, names)| *block == kind && names.contains(&property.name.as_str()));
            let templates = self.templates;
            self.templates &= !fixed;
            match nesting.iter().find(|nesting| nesting.kind == property.name) {
                Some(nesting) => {
                    let kind = Ident { text: property.name.clone(), span: property.name_span };
                    self.blocks(body, &kind, nesting, &mut Vec::new(), &property.value);
                }
                None => self.attribute(body, property, "Duplicate argument"),
            }
            self.templates = templates;
        }
    }

    /// Adds the arguments of a block that has nothing else.
    fn only_attributes(&mut self, body: &mut Body, node: &Node) {
        let NodeKind::Object(properties) = &node.kind else {
            let detail = "A JSON object is required here, setting the arguments for this block.";
            self.problems.push(wrong_type(detail, node));
            return;
        };
        for property in properties.iter().filter(|property| property.name != "//") {
            self.attribute(body, property, "Duplicate attribute definition");
        }
    }

    fn attribute(&mut self, body: &mut Body, property: &Property, twice: &str) {
        if let Some(former) = body.attribute(&property.name) {
            let place = self.place(former.span);
            let detail = format!("The argument \"{}\" was already set at {place}.", property.name);
            self.problems.push(Diagnostic::error(twice, detail).at(property.name_span, ""));
            return;
        }
        let name = Ident { text: property.name.clone(), span: property.name_span };
        let expr = self.expr(&property.value);
        body.attributes.push(Attribute { name, expr, span: property.span() });
    }

    /// Adds the blocks that a property stands for: a level of objects for each label, then one body or a list.
    fn blocks(
        &mut self,
        body: &mut Body,
        kind: &Ident,
        nesting: &Nesting,
        labels: &mut Vec<Ident>,
        node: &Node,
    ) {
        if let Some(label) = nesting.labels.get(labels.len()) {
            let properties = self.properties(node, Some(label));
            if properties.is_empty() {
                let detail = format!(
                    "At least one object property is required, whose name represents the {} block's {label}.",
                    kind.text
                );
                let problem = Diagnostic::error("Missing block label", detail);
                self.problems.push(problem.at(node.start(), ""));
            }
            for property in properties {
                labels.push(Ident { text: property.name.clone(), span: property.name_span });
                self.blocks(body, kind, nesting, labels, &property.value);
                labels.pop();
            }
            return;
        }
        match &node.kind {
            NodeKind::Null => {}
            NodeKind::Object(_) => {
                let block = self.block(kind, nesting, labels, node, node.start());
                body.blocks.push(block);
            }
            NodeKind::Array(elements) => {
                for element in elements {
                    let block = self.block(kind, nesting, labels, element, node.start());
                    body.blocks.push(block);
                }
            }
            _ => self.problems.push(wrong_type(
                format!(
                    "Either a JSON object or a JSON array is required, representing the contents of one or \
                     more \"{}\" blocks.",
                    kind.text
                ),
                node,
            )),
        }
    }

    fn block(
        &mut self,
        kind: &Ident,
        nesting: &Nesting,
        labels: &[Ident],
        node: &Node,
        header: Span,
    ) -> Block {
        let mut body = Body { span: node.span, end: close(node), ..Body::default() };
        let templates = self.templates;
        self.templates &= !ALL_LITERAL.contains(&kind.text.as_str());
        if nesting.open {
            self.only_attributes(&mut body, node);
        } else {
            self.body(&mut body, node, nesting.inside, &kind.text);
        }
        self.templates = templates;
        let span = Span { start: kind.span.start.min(node.span.start), ..node.span };
        Block { kind: kind.clone(), labels: labels.to_vec(), body, header, span }
    }

    fn expr(&mut self, node: &Node) -> Expr {
        let span = node.span;
        let kind = match &node.kind {
            NodeKind::Null => ExprKind::Null,
            NodeKind::Invalid => ExprKind::Unknown,
            NodeKind::Bool(value) => ExprKind::Bool(*value),
            NodeKind::Number(text) => match text.strip_prefix('-') {
                None => ExprKind::Number(text.clone()),
                Some(digits) => {
                    let inner = Expr { kind: ExprKind::Number(digits.to_string()), span };
                    ExprKind::Unary(UnaryOp::Negate, Box::new(inner))
                }
            },
            NodeKind::String(text) => {
                let told = self.late.len();
                let parts = self.template(text, span);
                // What cannot be read refers to nothing.
                let broken = self.late[told..].iter().any(Diagnostic::is_error);
                if broken { ExprKind::Unknown } else { ExprKind::Template(parts) }
            }
            NodeKind::Array(elements) => {
                ExprKind::Tuple(elements.iter().map(|element| self.expr(element)).collect())
            }
            NodeKind::Object(properties) => {
                let items = properties.iter().map(|property| {
                    let span = property.name_span;
                    let key = ExprKind::Template(self.template(&property.name, span));
                    let key = Expr { kind: key, span };
                    Item { key, bare: false, value: self.expr(&property.value) }
                });
                ExprKind::Object(items.collect())
            }
        };
        Expr { kind, span }
    }

    fn template(&mut self, text: &str, span: Span) -> Vec<Part> {
        if !self.templates || (!text.contains("${") && !text.contains("%{")) {
            let literal = Part::Literal(text.to_string(), span);
            return if text.is_empty() { Vec::new() } else { vec![literal] };
        }
        let mut lowering = Lowering::new(self.id, self.name, text, i64::from(span.start) + 1);
        lowering.whole_text = Some(self.text);
        let parts = lowering.lone_template();
        self.late.append(&mut lowering.problems);
        parts
    }
}
