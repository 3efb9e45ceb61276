//! Attributes and blocks.

use std::collections::HashMap;

use crate::diag::Span;

use super::super::literal::Quoting;
use super::super::scan::{Kind, Token};
use super::super::tree::{Attribute, Block, Body, Ident};
use super::{DEPTH, Parser};

const ITEM: &str = "Argument or block definition required";
const ITEM_DETAIL: &str = "An argument or block definition is required here.";
const EQUALS_DETAIL: &str = "An argument or block definition is required here. To set an argument, use the \
                             equals sign \"=\" to introduce the argument value.";
const BLOCK: &str = "Invalid block definition";
const SINGLE: &str = "Invalid single-argument block definition";

/// What a body has.
enum Item {
    Attribute(Attribute),
    Block(Block),
}

impl Parser<'_> {
    /// Reads a body up to what ends it; the opening has been read.
    pub(super) fn body(&mut self, end: Kind) -> Body {
        let open = self.last;
        let mut body = Body { end: self.span_of(open), ..Body::default() };
        let mut until = open.end;
        let mut names: HashMap<String, Span> = HashMap::new();
        loop {
            let next = self.peek();
            match next.kind {
                kind if kind == end => {
                    until = self.read().start;
                    break;
                }
                Kind::Newline => {
                    self.read();
                }
                Kind::Ident => match self.item() {
                    Some(Item::Attribute(attribute)) => self.add(attribute, &mut body, &mut names),
                    Some(Item::Block(block)) => body.blocks.push(block),
                    None => {}
                },
                _ => {
                    self.bad_item(end, open);
                    break;
                }
            }
        }
        body.span = self.span(open.end, until.max(open.end));
        body
    }

    fn add(&mut self, attribute: Attribute, body: &mut Body, names: &mut HashMap<String, Span>) {
        let Some(former) = names.get(&attribute.name.text).copied() else {
            names.insert(attribute.name.text.clone(), attribute.name.span);
            body.attributes.push(attribute);
            return;
        };
        let place = self.place(former);
        let detail = format!(
            "The argument \"{}\" was already set at {place}. Each argument may be set only once.",
            attribute.name.text
        );
        self.problem_at("Attribute redefined", detail, attribute.name.span);
    }

    fn bad_item(&mut self, end: Kind, start: Token) {
        let bad = self.read();
        if !self.recovery {
            match bad.kind {
                Kind::OpenQuote => {
                    self.problem(
                        "Invalid argument name",
                        "Argument names must not be quoted.",
                        bad,
                    );
                }
                Kind::End => self.unclosed(start),
                _ => self.problem(ITEM, ITEM_DETAIL, bad),
            }
        }
        self.recover(end);
    }

    fn unclosed(&mut self, open: Token) {
        let detail = "There is no closing brace for this block before the end of the file. This may be caused \
                      by incorrect brace nesting elsewhere in this file.";
        self.problem("Unclosed configuration block", detail, open);
    }

    fn item(&mut self) -> Option<Item> {
        let name = self.read();
        match self.peek().kind {
            Kind::Equal => Some(Item::Attribute(self.attribute(name, false))),
            Kind::OpenQuote | Kind::OpenBrace | Kind::Ident => Some(Item::Block(self.block(name))),
            _ => {
                self.recover_item();
                self.problem(ITEM, EQUALS_DETAIL, name);
                None
            }
        }
    }

    fn attribute(&mut self, name: Token, single: bool) -> Attribute {
        let before = self.problems.len();
        self.read();
        let expr = self.expression();
        let end = self.last.end;
        if self.broke(before) {
            self.recover_item();
        } else if !single {
            let next = self.peek();
            if next.kind == Kind::Newline || next.kind == Kind::End {
                self.read();
            } else {
                self.unended(name, next);
                self.recover_item();
            }
        }
        Attribute { name: self.ident(name), expr, span: self.span(name.start, end) }
    }

    /// Tells that an argument does not end where its line does.
    fn unended(&mut self, name: Token, next: Token) {
        if self.recovery {
            return;
        }
        let detail = "An argument definition must end with a newline.";
        if next.kind == Kind::Comma {
            let detail =
                format!("Argument definitions must be separated by newlines, not commas. {detail}");
            self.problem_from("Unexpected comma after argument", &detail, name.start, next);
        } else {
            self.problem_from("Missing newline after argument", detail, name.start, next);
        }
    }

    fn block(&mut self, kind: Token) -> Block {
        let mut labels: Vec<Ident> = Vec::new();
        let open = loop {
            let next = self.peek();
            match next.kind {
                Kind::OpenBrace => break self.read(),
                Kind::OpenQuote => {
                    let label = self.label();
                    labels.push(label);
                }
                Kind::Ident => {
                    self.read();
                    labels.push(self.ident(next));
                }
                _ => {
                    self.bad_header(kind, next);
                    self.recover_item();
                    let at = self.span_of(kind);
                    let body = Body {
                        span: Span { start: at.end, ..at },
                        end: Span { end: at.start + 1, ..at },
                        ..Body::default()
                    };
                    return Block {
                        header: header(at, &labels),
                        kind: self.ident(kind),
                        labels,
                        body,
                        span: at,
                    };
                }
            }
        };
        let body = self.inside(kind, open);
        let span = self.span(kind.start, self.last.end);
        let next = self.peek();
        if next.kind == Kind::Newline || next.kind == Kind::End {
            self.read();
        } else {
            if !self.recovery {
                let detail = "A block definition must end with a newline.";
                let summary = "Missing newline after block definition";
                self.problem_from(summary, detail, kind.start, next);
            }
            self.recover_item();
        }
        let kind = self.ident(kind);
        Block { header: header(kind.span, &labels), kind, labels, body, span }
    }

    fn inside(&mut self, kind: Token, open: Token) -> Body {
        if self.depth >= DEPTH {
            self.too_deep(kind);
            return Body { end: self.span_of(open), ..Body::default() };
        }
        self.depth += 1;
        let body = match self.peek().kind {
            Kind::Newline | Kind::End | Kind::CloseBrace => self.body(Kind::CloseBrace),
            _ => self.single(open),
        };
        self.depth -= 1;
        body
    }

    fn bad_header(&mut self, kind: Token, next: Token) {
        match next.kind {
            Kind::Equal => {
                let detail = "The equals sign \"=\" indicates an argument definition, and must not be used \
                              when defining a block.";
                self.problem_from(BLOCK, detail, kind.start, next);
            }
            Kind::Newline => {
                let detail = "A block definition must have block content delimited by \"{\" and \"}\", \
                              starting on the same line as the block header.";
                self.problem_from(BLOCK, detail, kind.start, next);
            }
            _ if self.recovery => {}
            _ => {
                let detail = "Either a quoted string block label or an opening brace (\"{\") is expected here.";
                self.problem_from(BLOCK, detail, kind.start, next);
            }
        }
    }

    /// Reads a block of one line with one attribute.
    fn single(&mut self, open: Token) -> Body {
        let mut body = Body {
            span: self.span(open.end, open.end),
            end: self.span_of(open),
            ..Body::default()
        };
        if let Some(attribute) = self.single_attribute() {
            let first = attribute.span;
            body.end = Span { end: first.start + 1, ..first };
            body.span = Span { end: first.end.max(body.span.start), ..body.span };
            body.attributes.push(attribute);
        }
        let next = self.peek();
        if next.kind == Kind::CloseBrace {
            self.read();
            body.span = self.span(open.end, next.start);
            return body;
        }
        let detail = match next.kind {
            Kind::Comma => Some(
                "Single-line block syntax can include only one argument definition. To define multiple \
                 arguments, use the multi-line block syntax with one argument definition per line.",
            ),
            Kind::Newline => Some(
                "An argument definition on the same line as its containing block creates a single-line \
                 block definition, which must also be closed on the same line. Place the block's closing \
                 brace immediately after the argument definition.",
            ),
            _ if self.recovery => None,
            Kind::End => {
                self.unclosed(open);
                None
            }
            _ => Some(
                "A single-line block definition must end with a closing brace immediately after its single \
                 argument definition.",
            ),
        };
        if let Some(detail) = detail {
            self.problem(SINGLE, detail, next);
        }
        self.recover(Kind::CloseBrace);
        body
    }

    fn single_attribute(&mut self) -> Option<Attribute> {
        let name = self.read();
        if name.kind != Kind::Ident {
            self.recover_item();
            self.problem(ITEM, ITEM_DETAIL, name);
            return None;
        }
        let next = self.peek();
        match next.kind {
            Kind::Equal => return Some(self.attribute(name, true)),
            Kind::OpenQuote | Kind::OpenBrace | Kind::Ident => {
                self.recover_item();
                let detail = format!(
                    "A single-line block definition can contain only a single argument. If you meant to \
                     define argument \"{}\", use an equals sign to assign it a value. To define a nested \
                     block, place it on a line of its own within its parent block.",
                    self.word(name)
                );
                let span = self.span(name.start, next.end);
                self.problem_at("Argument definition required", detail, span);
            }
            _ => {
                self.recover_item();
                self.problem(ITEM, EQUALS_DETAIL, name);
            }
        }
        None
    }

    /// Reads a quoted label.
    fn label(&mut self) -> Ident {
        const SUMMARY: &str = "Invalid string literal";
        let open = self.read();
        let mut text = String::new();
        let end = loop {
            let token = self.read();
            match token.kind {
                Kind::CloseQuote => break token.end,
                Kind::QuotedText => {
                    text += &self.literal(token.start, token.end, Quoting::Label);
                }
                Kind::Interpolation | Kind::Directive => {
                    let sign = if token.kind == Kind::Interpolation { "$" } else { "%" };
                    let detail = format!(
                        "Template sequences are not allowed in this string. To include a literal \"{sign}\", \
                         double it (as \"{sign}{sign}\") to escape it."
                    );
                    self.problem_from(SUMMARY, &detail, open.start, token);
                    text += sign;
                    text += "{ ... }";
                    self.recover(Kind::SequenceEnd);
                }
                Kind::End => {
                    let detail =
                        "Unable to find the closing quote mark before the end of the file.";
                    self.problem_from("Unterminated string literal", detail, open.start, token);
                    break token.end;
                }
                _ => {
                    let detail = "This item is not valid in a string literal.";
                    self.problem_from(SUMMARY, detail, open.start, token);
                    self.recover(Kind::CloseQuote);
                    break token.end;
                }
            }
        };
        Ident { text, span: self.span(open.start, end) }
    }
}

fn header(kind: Span, labels: &[Ident]) -> Span {
    labels.last().map_or(kind, |label| kind.to(label.span))
}
