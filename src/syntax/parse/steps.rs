//! What follows a term: `.a`, `.0`, `[0]`, `[*]`, `.*`.

use crate::diag::Span;

use super::super::scan::{Kind, Token};
use super::super::tree::{Expr, ExprKind};
use super::Parser;

/// How many steps may follow one another; each is a level of the tree.
const STEPS: usize = 256;

const NO_NAME: &str = "An attribute name is required after a dot.";

impl Parser<'_> {
    /// Reads the steps after a term.
    pub(super) fn steps(&mut self, term: Expr) -> Expr {
        let first = term.span;
        let mut expr = term;
        let mut count = 0;
        loop {
            let next = self.peek();
            if !matches!(next.kind, Kind::Dot | Kind::OpenBracket) {
                return expr;
            }
            count += 1;
            if count > STEPS || self.splats > STEPS {
                self.too_many_steps(first);
                return expr;
            }
            expr = match next.kind {
                Kind::Dot => self.dot_step(expr, first),
                _ => self.bracket_step(expr),
            };
        }
    }

    fn too_many_steps(&mut self, at: Span) {
        if !self.recovery {
            let detail = format!(
                "References are read with up to {STEPS} steps. Give parts of this one names as local values."
            );
            self.problem_at("Invalid syntax", detail, at);
        }
        self.recover_item();
    }

    fn dot_step(&mut self, source: Expr, first: Span) -> Expr {
        let dot = self.read();
        let next = self.peek();
        match next.kind {
            Kind::Ident => {
                self.read();
                self.attribute_of(source, next)
            }
            Kind::Number => {
                self.read();
                self.index_of(source, next, next, "")
            }
            Kind::Star => self.dotted_splat(source, dot),
            _ => {
                self.problem("Invalid attribute name", NO_NAME, next);
                self.recovery = true;
                let span = first.to(self.span_of(dot));
                self.faults.push(span);
                Expr { kind: ExprKind::Unknown, span }
            }
        }
    }

    fn attribute_of(&self, source: Expr, name: Token) -> Expr {
        let name = self.ident(name);
        let span = source.span.to(name.span);
        Expr { kind: ExprKind::Attribute(Box::new(source), name), span }
    }

    /// Makes `source.0`; of two such in a row, which the scanner takes for one number, tells at `blame`.
    fn index_of(&mut self, source: Expr, number: Token, blame: Token, how: &str) -> Expr {
        let span = source.span.to(self.span_of(number));
        let text = self.word(number);
        let kind = match text.split_once('.') {
            Some((first, second)) => {
                let detail = format!(
                    "When using the legacy index syntax, chaining two indexes together is not permitted. Use \
                     the proper index syntax{how} instead, like [{first}][{second}]."
                );
                self.problem("Invalid legacy index syntax", detail, blame);
                ExprKind::Unknown
            }
            None => ExprKind::Number(text.to_string()),
        };
        let index = Expr { kind, span: self.span_of(number) };
        Expr { kind: ExprKind::Index(Box::new(source), Box::new(index)), span }
    }

    /// Reads `.*` and the names and numbers that are taken of each element.
    fn dotted_splat(&mut self, source: Expr, dot: Token) -> Expr {
        let star = self.read();
        let marker = self.span(dot.start, star.end);
        let mut each = Expr { kind: ExprKind::Each, span: source.span.to(marker) };
        let mut count = 0;
        while self.peek().kind == Kind::Dot {
            self.read();
            let next = self.peek();
            count += 1;
            if count > STEPS {
                self.too_many_steps(source.span);
                return source;
            }
            match next.kind {
                Kind::Number => {
                    self.read();
                    each = self.index_of(each, next, star, " with a full splat expression [*]");
                }
                Kind::Ident => {
                    self.read();
                    each = self.attribute_of(each, next);
                }
                _ => {
                    if !self.recovery {
                        if next.kind == Kind::Star {
                            let detail = "A splat expression (*) cannot be used inside another \
                                          attribute-only splat expression.";
                            self.problem("Nested splat expression not allowed", detail, next);
                        } else {
                            self.problem("Invalid attribute name", NO_NAME, star);
                        }
                    }
                    self.recovery = true;
                    return source;
                }
            }
        }
        splat(source, each, true)
    }

    fn bracket_step(&mut self, source: Expr) -> Expr {
        let open = self.read();
        if self.peek().kind == Kind::Star {
            self.read();
            let mut close = self.read();
            if close.kind != Kind::CloseBracket && !self.recovery {
                // Told of the token that was found in recovering, as the reference parser does.
                let detail = "The star for a full splat operator must be immediately followed by a closing \
                              bracket (\"]\").";
                close = self.recover(Kind::CloseBracket);
                self.problem("Missing close bracket on splat index", detail, close);
            }
            let marker = self.span(open.start, close.end);
            let element = Expr { kind: ExprKind::Each, span: source.span.to(marker) };
            self.splats += 1;
            let each = self.steps(element);
            self.splats -= 1;
            return splat(source, each, false);
        }
        let before = self.problems.len();
        self.newlines.push(false);
        let index = self.expression();
        let close = if self.broke(before) {
            self.recover(Kind::CloseBracket)
        } else {
            let mut close = self.read();
            if close.kind != Kind::CloseBracket && !self.recovery {
                let detail = "The index operator must end with a closing bracket (\"]\").";
                close = self.recover(Kind::CloseBracket);
                self.problem("Missing close bracket on index", detail, close);
            }
            close
        };
        self.newlines.pop();
        let span = source.span.to(self.span_of(close));
        Expr { kind: ExprKind::Index(Box::new(source), Box::new(index)), span }
    }
}

fn splat(source: Expr, each: Expr, dotted: bool) -> Expr {
    let span = source.span.to(each.span);
    Expr { kind: ExprKind::Splat { source: Box::new(source), each: Box::new(each), dotted }, span }
}
