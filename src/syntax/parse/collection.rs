//! What stands in brackets and braces: lists, objects and `for`.

use super::super::scan::{Kind, Token};
use super::super::tree::{Expr, ExprKind, For, Ident, Item, Part};
use super::Parser;

const FOR: &str = "Invalid 'for' expression";

impl Parser<'_> {
    pub(super) fn tuple(&mut self) -> Expr {
        let open = self.read();
        self.newlines.push(false);
        let expr = if self.is_word(self.peek(), "for") {
            self.for_expression(open, Kind::CloseBracket)
        } else {
            let elements = self.elements(open);
            let span = self.span(open.start, self.last.end);
            Expr { kind: ExprKind::Tuple(elements), span }
        };
        self.newlines.pop();
        expr
    }

    fn elements(&mut self, open: Token) -> Vec<Expr> {
        let mut elements = Vec::new();
        loop {
            if self.peek().kind == Kind::CloseBracket {
                self.read();
                return elements;
            }
            let before = self.problems.len();
            let element = self.expression();
            elements.push(element);
            if self.broke(before) {
                break;
            }
            let next = self.peek();
            match next.kind {
                Kind::CloseBracket => {
                    self.read();
                    return elements;
                }
                Kind::Comma => {
                    self.read();
                }
                _ => {
                    if self.recovery {
                    } else if next.kind == Kind::End {
                        let detail = "There is no corresponding closing bracket before the end of the file. \
                                      This may be caused by incorrect bracket nesting elsewhere in this file.";
                        self.problem("Unterminated tuple constructor expression", detail, open);
                    } else {
                        let detail = "Expected a comma to mark the beginning of the next item.";
                        self.problem_from("Missing item separator", detail, open.start, next);
                    }
                    break;
                }
            }
        }
        self.recover(Kind::CloseBracket);
        elements
    }

    pub(super) fn object(&mut self) -> Expr {
        let open = self.read();
        self.newlines.push(false);
        let is_for = self.is_word(self.peek(), "for");
        self.newlines.pop();
        self.newlines.push(!is_for);
        let expr = if is_for {
            self.for_expression(open, Kind::CloseBrace)
        } else {
            let items = self.items(open);
            let span = self.span(open.start, self.last.end);
            Expr { kind: ExprKind::Object(items), span }
        };
        self.newlines.pop();
        expr
    }

    fn items(&mut self, open: Token) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            match self.peek().kind {
                Kind::Newline => {
                    self.read();
                    continue;
                }
                Kind::CloseBrace => {
                    self.read();
                    return items;
                }
                _ => {}
            }
            let before = self.problems.len();
            let key = self.expression();
            if self.broke(before) {
                break;
            }
            let sign = self.peek();
            if !matches!(sign.kind, Kind::Equal | Kind::Colon) {
                self.missing_value(sign, open);
                break;
            }
            self.read();
            let before = self.problems.len();
            let value = self.expression();
            let broke = self.broke(before);
            if !broke || self.faults.contains(&value.span) {
                items.push(item(key, value));
            }
            if broke {
                break;
            }
            let next = self.peek();
            match next.kind {
                Kind::CloseBrace => {
                    self.read();
                    return items;
                }
                Kind::Comma | Kind::Newline => {
                    self.read();
                }
                _ => {
                    if self.recovery {
                    } else if next.kind == Kind::End {
                        self.unterminated_object(open);
                    } else {
                        let detail = "Expected a newline or comma to mark the beginning of the next attribute.";
                        self.problem_from("Missing attribute separator", detail, open.start, next);
                    }
                    break;
                }
            }
        }
        self.recover(Kind::CloseBrace);
        items
    }

    fn unterminated_object(&mut self, open: Token) {
        let detail = "There is no corresponding closing brace before the end of the file. This may be caused \
                      by incorrect brace nesting elsewhere in this file.";
        self.problem("Unterminated object constructor expression", detail, open);
    }

    fn missing_value(&mut self, sign: Token, open: Token) {
        if self.recovery {
            return;
        }
        match sign.kind {
            Kind::Newline | Kind::Comma => {
                let detail = "Expected an attribute value, introduced by an equals sign (\"=\").";
                self.problem_from("Missing attribute value", detail, open.start, sign);
            }
            Kind::End => self.unterminated_object(open),
            Kind::Ident => {
                let detail = "Expected an equals sign (\"=\") to mark the beginning of the attribute value. If \
                              you intended to given an attribute name containing periods or spaces, write \
                              the name in quotes to create a string literal.";
                self.problem_from("Missing key/value separator", detail, open.start, sign);
            }
            _ => {
                let detail =
                    "Expected an equals sign (\"=\") to mark the beginning of the attribute value.";
                self.problem_from("Missing key/value separator", detail, open.start, sign);
            }
        }
    }

    /// Leaves a `for` of which nothing can be made.
    fn leave_for(&mut self, open: Token, close: Kind) -> Expr {
        let end = self.recover(close).end;
        self.unknown(open.start, end)
    }

    fn bad_for(&mut self, detail: &str, open: Token, close: Kind) -> Expr {
        if !self.recovery {
            let at = self.peek();
            self.problem_from(FOR, detail, open.start, at);
        }
        self.leave_for(open, close)
    }

    fn for_expression(&mut self, open: Token, close: Kind) -> Expr {
        self.read();
        let (key_name, value_name) = match self.for_names() {
            Ok(names) => names,
            Err(Lacking::First) => {
                let detail = "For expression requires variable name after 'for'.";
                return self.bad_for(detail, open, close);
            }
            Err(Lacking::Second) => {
                let detail = "For expression requires value variable name after comma.";
                return self.bad_for(detail, open, close);
            }
            Err(Lacking::In) => {
                let detail =
                    "For expression requires the 'in' keyword after its name declarations.";
                return self.bad_for(detail, open, close);
            }
        };
        let before = self.problems.len();
        let collection = self.expression();
        if self.broke(before) {
            return self.leave_for(open, close);
        }
        if self.peek().kind != Kind::Colon {
            let detail = "For expression requires a colon after the collection expression.";
            return self.bad_for(detail, open, close);
        }
        self.read();
        self.for_result(open, close, |key, value, group, condition| For {
            key_name,
            value_name,
            collection,
            key,
            value,
            condition,
            group,
        })
    }

    /// Reads the names of a `for` and its `in`.
    pub(super) fn for_names(&mut self) -> Result<(Option<Ident>, Ident), Lacking> {
        if self.peek().kind != Kind::Ident {
            return Err(Lacking::First);
        }
        let first = self.read();
        let mut value = self.ident(first);
        let mut key = None;
        if self.peek().kind == Kind::Comma {
            self.read();
            if self.peek().kind != Kind::Ident {
                return Err(Lacking::Second);
            }
            let second = self.read();
            key = Some(std::mem::replace(&mut value, self.ident(second)));
        }
        if !self.is_word(self.peek(), "in") {
            return Err(Lacking::In);
        }
        self.read();
        Ok((key, value))
    }

    fn for_result(
        &mut self,
        open: Token,
        close: Kind,
        make: impl FnOnce(Option<Expr>, Expr, bool, Option<Expr>) -> For,
    ) -> Expr {
        let before = self.problems.len();
        let mut value = self.expression();
        let mut key = None;
        if self.peek().kind == Kind::FatArrow {
            self.read();
            key = Some(std::mem::replace(&mut value, self.expression()));
        }
        if self.broke(before) {
            return self.leave_for(open, close);
        }
        let ellipsis = (self.peek().kind == Kind::Ellipsis).then(|| self.read());
        let mut condition = None;
        if self.is_word(self.peek(), "if") {
            self.read();
            let before = self.problems.len();
            condition = Some(self.expression());
            if self.broke(before) {
                return self.leave_for(open, close);
            }
        }
        let next = self.peek();
        let end = if next.kind == close {
            self.read().end
        } else {
            if !self.recovery {
                let detail = "Extra characters after the end of the 'for' expression.";
                self.problem_from(FOR, detail, open.start, next);
            }
            self.recover(close).end
        };
        let span = self.span(open.start, end);
        let tuple = close == Kind::CloseBracket;
        let wrong = match &key {
            Some(key) if tuple => {
                Some((key.span, "Key expression is not valid when building a tuple."))
            }
            None if !tuple => {
                Some((value.span, "Key expression is required when building an object."))
            }
            _ => None,
        };
        let grouped = ellipsis.filter(|_| tuple).map(|ellipsis| {
            let detail = "Grouping ellipsis (...) cannot be used when building a tuple.";
            (self.span_of(ellipsis), detail)
        });
        for (at, detail) in wrong.into_iter().chain(grouped) {
            self.problem_at(FOR, detail, at);
            self.show(span);
        }
        let parts = make(key, value, ellipsis.is_some(), condition);
        Expr { kind: ExprKind::For(Box::new(parts)), span }
    }
}

/// What the head of a `for` lacks.
pub(super) enum Lacking {
    First,
    Second,
    In,
}

/// Makes an entry of an object; a bare name as key is a text.
fn item(key: Expr, value: Expr) -> Item {
    let bare = match &key.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Null => Some("null".to_string()),
        ExprKind::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    match bare {
        Some(name) => {
            let kind = ExprKind::Template(vec![Part::Literal(name, key.span)]);
            Item { key: Expr { kind, span: key.span }, bare: true, value }
        }
        None => Item { key, bare: false, value },
    }
}
