//! The JSON form: `.tf.json` and `.tfvars.json` into the same tree.
//!
//! JSON does not tell arguments from nested blocks: the caller says which properties are blocks, by
//! [`Nesting`]. Strings are templates. A property `//` is a comment.

use crate::diag::{Diagnostic, FileId, Span};

use super::lower::Lowering;
use super::tree::{Attribute, Block, Body, Expr, ExprKind, File, Ident, Item, Part, UnaryOp};

/// A property that stands for blocks.
pub struct Nesting {
    /// The block type.
    pub kind: &'static str,
    /// How many labels it has: so many levels of objects.
    pub labels: usize,
    /// The blocks inside.
    pub inside: &'static [Nesting],
}

/// Values deeper than this are refused.
const DEPTH: usize = 200;

/// Reads a file in JSON.
pub fn parse_json(
    id: FileId,
    name: &str,
    text: &str,
    nesting: &[Nesting],
) -> (File, Vec<Diagnostic>) {
    let mut parser = Parser { id, text, at: 0, problems: Vec::new() };
    let root = parser.root();
    let mut lowering = FromJson { id, name, text, problems: parser.problems };
    let mut body = super::empty_body(id, text.len());
    match root {
        Some(Node { kind: NodeKind::Array(elements), span }) => {
            for element in &elements {
                match &element.kind {
                    NodeKind::Object(_) => lowering.extend(&mut body, element, nesting),
                    _ => lowering.problems.push(not_object(element.span)),
                }
            }
            body.span = span;
        }
        Some(node) if matches!(node.kind, NodeKind::Object(_)) => {
            lowering.extend(&mut body, &node, nesting);
            body.span = node.span;
            body.end = close(node.span);
        }
        Some(node) => lowering.problems.push(not_object(node.span)),
        None => {
            if lowering.problems.iter().all(|problem| problem.summary == "Invalid start of value") {
                let span = Span::new(id, 0, first_length(text));
                lowering.problems.push(not_object(span));
            }
        }
    }
    (File { id, body, broken: Vec::new() }, lowering.problems)
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

fn not_object(span: Span) -> Diagnostic {
    let detail = "The root value in a JSON-based configuration must be either a JSON object or a JSON array \
                  of objects.";
    Diagnostic::error("Root value must be object", detail).at(span, "")
}

fn close(span: Span) -> Span {
    Span { start: span.end.saturating_sub(1), ..span }
}

/// A JSON value with its place.
struct Node {
    kind: NodeKind,
    span: Span,
}

enum NodeKind {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(Ident, Node)>),
}

/// Makes the tree.
struct FromJson<'a> {
    id: FileId,
    name: &'a str,
    text: &'a str,
    problems: Vec<Diagnostic>,
}

impl FromJson<'_> {
    /// Adds what an object says to a body.
    fn extend(&mut self, body: &mut Body, node: &Node, nesting: &[Nesting]) {
        let NodeKind::Object(properties) = &node.kind else { return };
        for (name, value) in properties {
            if name.text == "//" {
                continue;
            }
            match nesting.iter().find(|nesting| nesting.kind == name.text) {
                Some(nesting) => {
                    let mut labels = Vec::new();
                    self.blocks(body, name, nesting, &mut labels, value);
                }
                None => {
                    let expr = self.expr(value);
                    if let Some(former) = body.attribute(&name.text) {
                        let detail = format!("The argument \"{}\" was already set.", name.text);
                        let problem =
                            Diagnostic::error("Duplicate argument", detail).at(name.span, "");
                        self.problems.push(problem.at(former.name.span, "set here"));
                        continue;
                    }
                    let span = name.span.to(expr.span);
                    body.attributes.push(Attribute { name: name.clone(), expr, span });
                }
            }
        }
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
        match &node.kind {
            NodeKind::Array(elements) => {
                for element in elements {
                    self.blocks(body, kind, nesting, labels, element);
                }
            }
            NodeKind::Object(properties) if labels.len() < nesting.labels => {
                for (label, inner) in properties.iter().filter(|(label, _)| label.text != "//") {
                    labels.push(label.clone());
                    self.blocks(body, kind, nesting, labels, inner);
                    labels.pop();
                }
            }
            NodeKind::Object(_) => {
                let mut inner = Body {
                    attributes: Vec::new(),
                    blocks: Vec::new(),
                    span: node.span,
                    end: close(node.span),
                };
                self.extend(&mut inner, node, nesting.inside);
                let header = labels.last().unwrap_or(kind).span;
                let span = kind.span.to(node.span);
                let (kind, labels) = (kind.clone(), labels.clone());
                body.blocks.push(Block { kind, labels, body: inner, header, span });
            }
            NodeKind::Null => {}
            NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {
                let detail = format!(
                    "Either a JSON object or a JSON array of objects is required here, to define \"{}\" \
                     blocks.",
                    kind.text
                );
                self.problems
                    .push(Diagnostic::error("Incorrect JSON value type", detail).at(node.span, ""));
            }
        }
    }

    fn expr(&mut self, node: &Node) -> Expr {
        let span = node.span;
        let kind = match &node.kind {
            NodeKind::Null => ExprKind::Null,
            NodeKind::Bool(value) => ExprKind::Bool(*value),
            NodeKind::Number(text) => match text.strip_prefix('-') {
                None => ExprKind::Number(text.clone()),
                Some(digits) => {
                    let inner = Expr { kind: ExprKind::Number(digits.to_string()), span };
                    ExprKind::Unary(UnaryOp::Negate, Box::new(inner))
                }
            },
            NodeKind::String(text) => ExprKind::Template(self.template(text, span)),
            NodeKind::Array(elements) => {
                ExprKind::Tuple(elements.iter().map(|element| self.expr(element)).collect())
            }
            NodeKind::Object(properties) => {
                let items = properties.iter().map(|(name, value)| {
                    let key = self.template(&name.text, name.span);
                    let key = Expr { kind: ExprKind::Template(key), span: name.span };
                    Item { key, bare: false, value: self.expr(value) }
                });
                ExprKind::Object(items.collect())
            }
        };
        Expr { kind, span }
    }

    fn template(&mut self, text: &str, span: Span) -> Vec<Part> {
        if !text.contains("${") && !text.contains("%{") {
            let literal = Part::Literal(text.to_string(), span);
            return if text.is_empty() { Vec::new() } else { vec![literal] };
        }
        let mut lowering = Lowering::new(self.id, self.name, text, i64::from(span.start) + 1);
        lowering.whole_text = Some(self.text);
        let parts = lowering.lone_template();
        self.problems.append(&mut lowering.problems);
        parts.unwrap_or_default()
    }
}

/// Reads JSON, keeping places.
struct Parser<'a> {
    id: FileId,
    text: &'a str,
    at: usize,
    problems: Vec<Diagnostic>,
}

impl Parser<'_> {
    fn root(&mut self) -> Option<Node> {
        let node = self.value(0)?;
        self.space();
        if self.at < self.text.len() {
            self.problem(
                "Extraneous data after value",
                "Extra characters appear after the JSON value.",
            );
        }
        Some(node)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.id, start, self.at)
    }

    fn problem(&mut self, summary: &str, detail: &str) {
        let length = first_length(self.rest()).max(1);
        let span = Span::new(self.id, self.at, self.at + length);
        self.problems.push(Diagnostic::error(summary, detail).at(span, ""));
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.space();
        let start = self.at;
        if depth > DEPTH {
            self.problem(
                "Too many levels",
                "JSON values nested deeper than 200 levels are not read.",
            );
            return None;
        }
        let kind = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => NodeKind::String(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some(c) if c.is_ascii_alphabetic() => self.word()?,
            None => {
                self.problem("Missing JSON value", "The JSON data ends prematurely.");
                return None;
            }
            Some(_) => {
                let detail = "A JSON value must start with a brace, a bracket, a number, a string, or a \
                              keyword.";
                self.problem("Invalid start of value", detail);
                return None;
            }
        };
        Some(Node { kind, span: self.span(start) })
    }

    fn word(&mut self) -> Option<NodeKind> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let kind = match &rest[..length] {
            "null" => NodeKind::Null,
            "true" => NodeKind::Bool(true),
            "false" => NodeKind::Bool(false),
            other => {
                let detail = format!("\"{other}\" is not a valid JSON keyword.");
                let span = Span::new(self.id, self.at, self.at + length);
                self.problems.push(Diagnostic::error("Invalid JSON keyword", detail).at(span, ""));
                return None;
            }
        };
        self.at += length;
        Some(kind)
    }

    fn number(&mut self) -> Option<NodeKind> {
        let rest = self.rest();
        let fits = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let length = rest.find(|c: char| !fits(c)).unwrap_or(rest.len());
        let text = rest[..length].to_string();
        if text.parse::<f64>().is_err() || text.starts_with("-.") || text.ends_with('.') {
            self.problem(
                "Invalid JSON number",
                "There is a syntax error in the given JSON number.",
            );
            return None;
        }
        self.at += length;
        Some(NodeKind::Number(text))
    }

    fn array(&mut self, depth: usize) -> Option<NodeKind> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.space();
            if self.peek() == Some(']') && elements.is_empty() {
                self.at += 1;
                return Some(NodeKind::Array(elements));
            }
            elements.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(']') => {
                    self.at += 1;
                    return Some(NodeKind::Array(elements));
                }
                None => {
                    let detail = "There is no closing bracket to match this opening bracket.";
                    self.problem("Unclosed array", detail);
                    return None;
                }
                Some(_) => {
                    let detail = "A comma must separate each value in an array.";
                    self.problem("Missing item separator", detail);
                    return None;
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<NodeKind> {
        let open = self.at;
        self.at += 1;
        let mut properties: Vec<(Ident, Node)> = Vec::new();
        loop {
            self.space();
            match self.peek() {
                Some('}') if properties.is_empty() => {
                    self.at += 1;
                    return Some(NodeKind::Object(properties));
                }
                Some('"') => {}
                Some('}') => {
                    let detail = "JSON does not permit a trailing comma after the final property in an object.";
                    self.problem("Trailing comma in object", detail);
                    return None;
                }
                None => return self.unclosed(open),
                Some(_) => {
                    let detail = "A JSON object must contain property names, each enclosed in double quotes.";
                    self.problem("Invalid object property name", detail);
                    return None;
                }
            }
            let start = self.at;
            let text = self.string()?;
            let name = Ident { text, span: self.span(start) };
            self.space();
            if self.peek() != Some(':') {
                let detail = "A colon must appear between an object property's name and its value.";
                self.problem("Missing property value colon", detail);
                return None;
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            properties.push((name, value));
            self.space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => {
                    self.at += 1;
                    return Some(NodeKind::Object(properties));
                }
                None => return self.unclosed(open),
                Some(_) => {
                    let detail = "A property comma must separate properties in a JSON object.";
                    self.problem("Missing attribute separator", detail);
                    return None;
                }
            }
        }
    }

    fn unclosed(&mut self, open: usize) -> Option<NodeKind> {
        let detail = "No closing brace was found for this JSON object.";
        let span = Span::new(self.id, open, open + 1);
        self.problems.push(Diagnostic::error("Unclosed object", detail).at(span, ""));
        None
    }

    fn string(&mut self) -> Option<String> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.at += character.len_utf8();
            match character {
                '"' => return Some(text),
                '\\' => text.push(self.escape(open)?),
                '\n' => break,
                other => text.push(other),
            }
        }
        let span = Span::new(self.id, open, open + 1);
        let detail = "There is no closing quote to match this opening quote.";
        self.problems.push(Diagnostic::error("Unclosed string", detail).at(span, ""));
        None
    }

    fn escape(&mut self, open: usize) -> Option<char> {
        let selector = self.peek();
        self.at += selector.map_or(0, char::len_utf8);
        let found = match selector {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some(same @ ('"' | '\\' | '/')) => Some(same),
            Some('u') => self.code().map(|code| self.surrogate(code)),
            _ => None,
        };
        if found.is_none() {
            let span = Span::new(self.id, open, self.at);
            let detail = "There is an escape in this JSON string that JSON does not have.";
            self.problems.push(Diagnostic::error("Invalid JSON string", detail).at(span, ""));
        }
        found
    }

    fn code(&mut self) -> Option<u32> {
        let code = self.rest().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok())?;
        self.at += 4;
        Some(code)
    }

    /// Joins the halves of a character beyond the first 65,536; a lone half becomes the replacement character.
    fn surrogate(&mut self, code: u32) -> char {
        if (0xd800..0xdc00).contains(&code) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            if let Some(low) = self.code().filter(|low| (0xdc00..0xe000).contains(low)) {
                let joined = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                return char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
            self.at = before;
        }
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}
