//! Attributes and blocks.

use super::super::literal::Quoting;
use super::super::scan::{Kind, Token};
use super::{BlockShape, DEPTH, Explain, Shape};

const ITEM: &str = "Argument or block definition required";
const ITEM_DETAIL: &str = "An argument or block definition is required here.";
const EQUALS_DETAIL: &str = "An argument or block definition is required here. To set an argument, use the \
                             equals sign \"=\" to introduce the argument value.";
const BLOCK: &str = "Invalid block definition";
const SINGLE: &str = "Invalid single-argument block definition";

impl Explain<'_, '_> {
    /// Goes through a body up to what ends it.
    pub(super) fn body(&mut self, end: Kind, items: &mut Vec<Shape>) {
        let start = self.last;
        let mut names: Vec<(String, Token)> = Vec::new();
        loop {
            let next = self.peek();
            if next.kind == end {
                self.read();
                return;
            }
            match next.kind {
                Kind::Newline => {
                    self.read();
                }
                Kind::Ident => {
                    let before = self.problems();
                    let item = self.item();
                    if let Some(Shape::Attribute { name, .. }) = &item {
                        self.redefined(&mut names, *name, before);
                    }
                    items.extend(item);
                }
                _ => {
                    self.bad_item(end, start);
                    return;
                }
            }
        }
    }

    fn redefined(&mut self, names: &mut Vec<(String, Token)>, name: Token, _before: usize) {
        let text = self.text(name).to_string();
        match names.iter().find(|(known, _)| *known == text) {
            Some((_, former)) => {
                let place = self.place(former.start, former.end);
                let detail = format!(
                    "The argument \"{text}\" was already set at {place}. Each argument may be set only once."
                );
                self.problem("Attribute redefined", detail, name);
            }
            None => names.push((text, name)),
        }
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

    fn item(&mut self) -> Option<Shape> {
        let name = self.read();
        match self.peek().kind {
            Kind::Equal => Some(self.attribute(name, false)),
            Kind::OpenQuote | Kind::OpenBrace | Kind::Ident => {
                Some(Shape::Block(Box::new(self.block(name))))
            }
            _ => {
                self.recover_item();
                self.problem(ITEM, EQUALS_DETAIL, name);
                None
            }
        }
    }

    fn attribute(&mut self, name: Token, single: bool) -> Shape {
        let before = self.problems();
        self.read();
        let first = self.peek();
        self.expression();
        let end = self.range.1;
        let missing = self.is_missing(before, first).then_some((first.start, first.end));
        if self.recovery && self.failed(before) {
            self.recover_item();
        } else if !single {
            let next = self.peek();
            if next.kind == Kind::Newline || next.kind == Kind::End {
                self.read();
            } else {
                if !self.recovery {
                    let detail = "An argument definition must end with a newline.";
                    if next.kind == Kind::Comma {
                        let detail = format!(
                            "Argument definitions must be separated by newlines, not commas. {detail}"
                        );
                        self.problem_from(
                            "Unexpected comma after argument",
                            &detail,
                            name.start,
                            next,
                        );
                    } else {
                        self.problem_from(
                            "Missing newline after argument",
                            detail,
                            name.start,
                            next,
                        );
                    }
                }
                self.recover_item();
            }
        }
        Shape::Attribute { name, end, whole: !self.failed(before), missing }
    }

    /// Says whether nothing of an expression was found but the token that none begins with.
    fn is_missing(&self, before: usize, first: Token) -> bool {
        let [problem] = &self.lowering.problems[before..] else { return false };
        let at = self.lowering.span(first.start, first.end);
        matches!(problem.summary.as_str(), "Invalid expression" | "Missing expression")
            && problem.span() == Some(at)
    }

    fn block(&mut self, kind: Token) -> BlockShape {
        let before = self.problems();
        let mut block = BlockShape {
            kind,
            labels: Vec::new(),
            open: None,
            items: Vec::new(),
            end: kind.end,
            whole: false,
        };
        loop {
            let next = self.peek();
            match next.kind {
                Kind::OpenBrace => {
                    block.open = Some(self.read());
                    break;
                }
                Kind::OpenQuote => {
                    let label = self.label();
                    block.labels.push(label);
                }
                Kind::Ident => {
                    self.read();
                    block.labels.push((self.text(next).to_string(), next.start, next.end));
                }
                _ => {
                    self.bad_header(kind, next);
                    self.recover_item();
                    return block;
                }
            }
        }
        if self.depth >= DEPTH {
            if !self.recovery {
                let detail = "Blocks are read to a depth of 64 levels.";
                self.problem("Block is nested too deeply", detail, kind);
            }
            self.recover(Kind::End);
            return block;
        }
        self.depth += 1;
        match self.peek().kind {
            Kind::Newline | Kind::End | Kind::CloseBrace => {
                self.body(Kind::CloseBrace, &mut block.items);
            }
            _ => self.single(self.last, &mut block.items),
        }
        self.depth -= 1;
        block.end = self.last.end;
        block.whole = !self.failed(before);
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
        block
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

    /// Goes through a block of one line with one attribute.
    fn single(&mut self, open: Token, items: &mut Vec<Shape>) {
        let name = self.read();
        if name.kind == Kind::Ident {
            match self.peek().kind {
                Kind::Equal => items.push(self.attribute(name, true)),
                Kind::OpenQuote | Kind::OpenBrace | Kind::Ident => {
                    let next = self.peek();
                    self.recover_item();
                    let detail = format!(
                        "A single-line block definition can contain only a single argument. If you meant to \
                         define argument \"{}\", use an equals sign to assign it a value. To define a nested \
                         block, place it on a line of its own within its parent block.",
                        self.text(name)
                    );
                    self.problem_at("Argument definition required", detail, name.start, next.end);
                }
                _ => {
                    self.recover_item();
                    self.problem(ITEM, EQUALS_DETAIL, name);
                }
            }
        } else {
            self.recover_item();
            self.problem(ITEM, ITEM_DETAIL, name);
        }
        let next = self.peek();
        let detail = match next.kind {
            Kind::CloseBrace => {
                self.read();
                return;
            }
            Kind::End => {
                if !self.recovery {
                    self.unclosed(open);
                }
                return;
            }
            Kind::Comma => {
                "Single-line block syntax can include only one argument definition. To define multiple \
                 arguments, use the multi-line block syntax with one argument definition per line."
            }
            Kind::Newline => {
                "An argument definition on the same line as its containing block creates a single-line \
                 block definition, which must also be closed on the same line. Place the block's closing \
                 brace immediately after the argument definition."
            }
            _ if self.recovery => {
                self.recover(Kind::CloseBrace);
                return;
            }
            _ => {
                "A single-line block definition must end with a closing brace immediately after its single \
                 argument definition."
            }
        };
        self.problem(SINGLE, detail, next);
        self.recover(Kind::CloseBrace);
    }

    /// Reads a quoted label.
    fn label(&mut self) -> (String, usize, usize) {
        const SUMMARY: &str = "Invalid string literal";
        let open = self.read();
        let mut text = String::new();
        loop {
            let token = self.read();
            match token.kind {
                Kind::CloseQuote => return (text, open.start, token.end),
                Kind::QuotedText => {
                    text += &self.lowering.literal(token.start, token.end, Quoting::Label);
                }
                Kind::Interpolation | Kind::Directive => {
                    let sign = if token.kind == Kind::Interpolation { "$" } else { "%" };
                    let detail = format!(
                        "Template sequences are not allowed in this string. To include a literal \"{sign}\", \
                         double it (as \"{sign}{sign}\") to escape it."
                    );
                    self.problem(SUMMARY, detail, token);
                    text += sign;
                    text += "{ ... }";
                    self.recover(Kind::SequenceEnd);
                }
                Kind::End => {
                    let detail =
                        "Unable to find the closing quote mark before the end of the file.";
                    self.problem("Unterminated string literal", detail, token);
                    return (text, open.start, token.end);
                }
                _ => {
                    self.problem(SUMMARY, "This item is not valid in a string literal.", token);
                    self.recover(Kind::CloseQuote);
                    return (text, open.start, token.end);
                }
            }
        }
    }
}
