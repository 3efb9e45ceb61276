//! Expressions.

use super::super::scan::{Kind, Token};
use super::{DEPTH, Explain};

const FOR: &str = "Invalid 'for' expression";

/// The operators, those that bind least first.
const LEVELS: &[&[Kind]] = &[
    &[Kind::Or],
    &[Kind::And],
    &[Kind::EqualEqual, Kind::NotEqual],
    &[Kind::Less, Kind::LessEqual, Kind::Greater, Kind::GreaterEqual],
    &[Kind::Plus, Kind::Minus],
    &[Kind::Star, Kind::Slash, Kind::Percent],
];

impl Explain<'_, '_> {
    /// Goes through an expression and notes its range.
    pub(super) fn expression(&mut self) {
        if self.depth >= DEPTH {
            let next = self.peek();
            if !self.recovery {
                let detail = "Expressions are read to a depth of 64 levels. Give parts of this one names as \
                              local values.";
                self.problem("Expression is nested too deeply", detail, next);
            }
            self.recover(Kind::End);
            return;
        }
        self.depth += 1;
        self.conditional();
        self.depth -= 1;
    }

    fn conditional(&mut self) {
        let before = self.problems();
        let start = self.peek().start;
        self.binary(0);
        if (self.recovery && self.failed(before)) || self.peek().kind != Kind::Question {
            return;
        }
        self.read();
        self.expression();
        if self.recovery && self.failed(before) {
            return;
        }
        let colon = self.peek();
        if colon.kind != Kind::Colon {
            let detail = "The conditional operator (...?...:...) requires a false expression, delimited by a \
                          colon.";
            let summary = "Missing false expression in conditional";
            self.problem_from(summary, detail, start, colon);
            return;
        }
        self.read();
        self.expression();
        self.range.0 = start;
    }

    fn binary(&mut self, level: usize) {
        let before = self.problems();
        let Some(operators) = LEVELS.get(level) else {
            self.traversals();
            return;
        };
        let start = self.peek().start;
        self.binary(level + 1);
        while !(self.recovery && self.failed(before)) && operators.contains(&self.peek().kind) {
            self.read();
            self.binary(level + 1);
            self.range.0 = start;
        }
    }

    fn traversals(&mut self) {
        let start = self.peek().start;
        self.term();
        self.steps();
        self.range.0 = start;
    }

    /// Goes through `.a`, `[0]`, `[*]`, `.*` after a term.
    fn steps(&mut self) {
        loop {
            match self.peek().kind {
                Kind::Dot => self.dot_step(),
                Kind::OpenBracket => self.bracket_step(),
                _ => return,
            }
        }
    }

    fn dot_step(&mut self) {
        self.read();
        let next = self.peek();
        match next.kind {
            Kind::Ident => {
                self.read();
            }
            Kind::Number => {
                self.read();
                if let Some((first, second)) = self.text(next).split_once('.') {
                    let detail = format!(
                        "When using the legacy index syntax, chaining two indexes together is not permitted. \
                         Use the proper index syntax instead, like [{first}][{second}]."
                    );
                    self.problem("Invalid legacy index syntax", detail, next);
                }
            }
            Kind::Star => {
                let star = self.read();
                while self.peek().kind == Kind::Dot {
                    self.read();
                    let next = self.peek();
                    if matches!(next.kind, Kind::Number | Kind::Ident) {
                        self.read();
                        continue;
                    }
                    if !self.recovery {
                        if next.kind == Kind::Star {
                            let detail = "A splat expression (*) cannot be used inside another \
                                          attribute-only splat expression.";
                            self.problem("Nested splat expression not allowed", detail, next);
                        } else {
                            let detail = "An attribute name is required after a dot.";
                            self.problem("Invalid attribute name", detail, star);
                        }
                    }
                    self.recovery = true;
                    return;
                }
            }
            _ => {
                let detail = "An attribute name is required after a dot.";
                self.problem("Invalid attribute name", detail, next);
                self.recovery = true;
            }
        }
        self.range.1 = self.last.end;
    }

    fn bracket_step(&mut self) {
        self.read();
        if self.peek().kind == Kind::Star {
            self.read();
            let close = self.read();
            if close.kind != Kind::CloseBracket && !self.recovery {
                let detail = "The star for a full splat operator must be immediately followed by a closing \
                              bracket (\"]\").";
                let close = self.recover(Kind::CloseBracket);
                self.problem("Missing close bracket on splat index", detail, close);
            }
        } else {
            let before = self.problems();
            self.newlines.push(false);
            self.expression();
            if self.recovery && self.failed(before) {
                self.recover(Kind::CloseBracket);
            } else {
                let close = self.read();
                if close.kind != Kind::CloseBracket && !self.recovery {
                    let detail = "The index operator must end with a closing bracket (\"]\").";
                    let close = self.recover(Kind::CloseBracket);
                    self.problem("Missing close bracket on index", detail, close);
                }
            }
            self.newlines.pop();
        }
        self.range.1 = self.last.end;
    }

    fn term(&mut self) {
        let start = self.peek();
        match start.kind {
            Kind::OpenParen => self.parens(),
            Kind::Number => {
                self.read();
                if self.text(start).matches('.').count() > 1 {
                    let detail = "Failed to recognize the value of this number literal.";
                    self.problem("Invalid number literal", detail, start);
                }
            }
            Kind::Ident => {
                let name = self.read();
                if matches!(self.peek().kind, Kind::OpenParen | Kind::DoubleColon) {
                    self.call(name);
                }
            }
            Kind::OpenQuote | Kind::OpenHeredoc => {
                self.read();
                let close = if start.kind == Kind::OpenQuote {
                    Kind::CloseQuote
                } else {
                    Kind::CloseHeredoc
                };
                self.template(close);
            }
            Kind::Minus | Kind::Bang => {
                self.read();
                if self.depth < DEPTH {
                    self.depth += 1;
                    self.traversals();
                    self.depth -= 1;
                } else {
                    self.expression();
                }
            }
            Kind::OpenBracket => self.tuple(),
            Kind::OpenBrace => self.object(),
            _ => {
                if !self.recovery {
                    if start.kind == Kind::End {
                        let detail =
                            "Expected the start of an expression, but found the end of the file.";
                        self.problem("Missing expression", detail, start);
                    } else {
                        let detail = "Expected the start of an expression, but found an invalid expression token.";
                        self.problem("Invalid expression", detail, start);
                    }
                }
                self.recovery = true;
            }
        }
        self.range = (start.start, self.last.end.max(start.start));
    }

    fn parens(&mut self) {
        let open = self.read();
        let before = self.problems();
        self.newlines.push(false);
        self.expression();
        if self.failed(before) {
            self.recover(Kind::CloseParen);
        } else {
            let close = self.peek();
            if close.kind != Kind::CloseParen {
                let detail = "Expected a closing parenthesis to terminate the expression.";
                self.problem_from("Unbalanced parentheses", detail, open.start, close);
                self.recovery = true;
            }
            self.read();
        }
        self.newlines.pop();
    }

    fn call(&mut self, name: Token) {
        let mut open = self.read();
        while open.kind == Kind::DoubleColon {
            let next = self.read();
            if next.kind != Kind::Ident {
                let detail = "Function scope resolution symbol :: must be followed by a function name in \
                              this scope.";
                self.problem("Missing function name", detail, next);
                self.recover_over(Kind::OpenParen);
                return;
            }
            open = self.read();
        }
        if open.kind != Kind::OpenParen {
            let detail = "Function selector must be followed by an open parenthesis to begin the function \
                          call.";
            self.problem("Missing open parenthesis", detail, open);
            self.recover_over(Kind::OpenParen);
            return;
        }
        self.newlines.push(false);
        self.arguments(name, open);
        self.newlines.pop();
    }

    fn arguments(&mut self, name: Token, open: Token) {
        loop {
            if self.peek().kind == Kind::CloseParen {
                self.read();
                return;
            }
            let before = self.problems();
            self.expression();
            if self.recovery && self.failed(before) {
                self.recover(Kind::CloseParen);
                return;
            }
            let separator = self.read();
            match separator.kind {
                Kind::CloseParen => return,
                Kind::Comma => {}
                Kind::Ellipsis => {
                    if self.peek().kind == Kind::CloseParen {
                        self.read();
                        return;
                    }
                    if !self.recovery {
                        let detail = "An expanded function argument (with ...) must be immediately followed \
                                      by closing parentheses.";
                        self.problem_from(
                            "Missing closing parenthesis",
                            detail,
                            name.start,
                            separator,
                        );
                    }
                    self.recover(Kind::CloseParen);
                    return;
                }
                Kind::End => {
                    let detail = "There is no closing parenthesis for this function call before the end of \
                                  the file. This may be caused by incorrect parenthesis nesting elsewhere in \
                                  this file.";
                    self.problem_at("Unterminated function call", detail, name.start, open.end);
                    self.recover(Kind::CloseParen);
                    return;
                }
                _ => {
                    let detail =
                        "A comma is required to separate each function argument from the next.";
                    self.problem_from("Missing argument separator", detail, name.start, separator);
                    self.recover(Kind::CloseParen);
                    return;
                }
            }
        }
    }

    fn tuple(&mut self) {
        let open = self.read();
        self.newlines.push(false);
        if self.is_word(self.peek(), "for") {
            self.for_expression(open, Kind::CloseBracket);
        } else {
            self.elements(open);
        }
        self.newlines.pop();
    }

    fn elements(&mut self, open: Token) {
        loop {
            if self.peek().kind == Kind::CloseBracket {
                self.read();
                return;
            }
            let before = self.problems();
            self.expression();
            if self.recovery && self.failed(before) {
                self.recover(Kind::CloseBracket);
                return;
            }
            let next = self.peek();
            match next.kind {
                Kind::CloseBracket | Kind::Comma => {
                    self.read();
                    if next.kind == Kind::CloseBracket {
                        return;
                    }
                }
                _ => {
                    if !self.recovery {
                        if next.kind == Kind::End {
                            let detail = "There is no corresponding closing bracket before the end of the \
                                          file. This may be caused by incorrect bracket nesting elsewhere in \
                                          this file.";
                            self.problem("Unterminated tuple constructor expression", detail, open);
                        } else {
                            let detail = "Expected a comma to mark the beginning of the next item.";
                            self.problem_from("Missing item separator", detail, open.start, next);
                        }
                    }
                    self.recover(Kind::CloseBracket);
                    return;
                }
            }
        }
    }

    fn object(&mut self) {
        let open = self.read();
        self.newlines.push(false);
        let is_for = self.is_word(self.peek(), "for");
        self.newlines.pop();
        self.newlines.push(!is_for);
        if is_for {
            self.for_expression(open, Kind::CloseBrace);
        } else {
            self.items(open);
        }
        self.newlines.pop();
    }

    fn items(&mut self, open: Token) {
        loop {
            match self.peek().kind {
                Kind::Newline => {
                    self.read();
                    continue;
                }
                Kind::CloseBrace => {
                    self.read();
                    return;
                }
                _ => {}
            }
            let before = self.problems();
            self.expression();
            if self.recovery && self.failed(before) {
                break;
            }
            let sign = self.peek();
            if !matches!(sign.kind, Kind::Equal | Kind::Colon) {
                self.missing_value(sign, open);
                break;
            }
            self.read();
            self.expression();
            if self.recovery && self.failed(before) {
                break;
            }
            let next = self.peek();
            match next.kind {
                Kind::CloseBrace => {
                    self.read();
                    return;
                }
                Kind::Comma | Kind::Newline => {
                    self.read();
                }
                _ => {
                    if !self.recovery {
                        if next.kind == Kind::End {
                            self.unterminated_object(open);
                        } else {
                            let detail = "Expected a newline or comma to mark the beginning of the next \
                                          attribute.";
                            self.problem_from(
                                "Missing attribute separator",
                                detail,
                                open.start,
                                next,
                            );
                        }
                    }
                    break;
                }
            }
        }
        self.recover(Kind::CloseBrace);
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

    fn for_problem(&mut self, detail: &str, at: Token, open: Token, close: Kind) {
        if !self.recovery {
            self.problem_from(FOR, detail, open.start, at);
        }
        self.recover(close);
    }

    fn for_expression(&mut self, open: Token, close: Kind) {
        self.read();
        if self.peek().kind != Kind::Ident {
            let detail = "For expression requires variable name after 'for'.";
            return self.for_problem(detail, self.peek(), open, close);
        }
        self.read();
        if self.peek().kind == Kind::Comma {
            self.read();
            if self.peek().kind != Kind::Ident {
                let detail = "For expression requires value variable name after comma.";
                return self.for_problem(detail, self.peek(), open, close);
            }
            self.read();
        }
        if !self.is_word(self.peek(), "in") {
            let detail = "For expression requires the 'in' keyword after its name declarations.";
            return self.for_problem(detail, self.peek(), open, close);
        }
        self.read();
        let before = self.problems();
        self.expression();
        if self.recovery && self.failed(before) {
            self.recover(close);
            return;
        }
        if self.peek().kind != Kind::Colon {
            let detail = "For expression requires a colon after the collection expression.";
            return self.for_problem(detail, self.peek(), open, close);
        }
        self.read();
        self.for_result(open, close);
    }

    fn for_result(&mut self, open: Token, close: Kind) {
        let before = self.problems();
        self.expression();
        let mut value = self.range;
        let mut key = None;
        if self.peek().kind == Kind::FatArrow {
            self.read();
            key = Some(value);
            self.expression();
            value = self.range;
        }
        if self.recovery && self.failed(before) {
            self.recover(close);
            return;
        }
        let ellipsis = (self.peek().kind == Kind::Ellipsis).then(|| self.read());
        if self.is_word(self.peek(), "if") {
            self.read();
            self.expression();
            if self.recovery && self.failed(before) {
                self.recover(close);
                return;
            }
        }
        let end = self.peek();
        if end.kind == close {
            self.read();
        } else {
            let detail = "Extra characters after the end of the 'for' expression.";
            self.for_problem(detail, end, open, close);
        }
        let tuple = close == Kind::CloseBracket;
        match (key, tuple) {
            (Some((start, end)), true) => {
                let detail = "Key expression is not valid when building a tuple.";
                self.problem_at(FOR, detail, start, end);
                self.show_from(open.start, self.last.end);
            }
            (None, false) => {
                let detail = "Key expression is required when building an object.";
                self.problem_at(FOR, detail, value.0, value.1);
                self.show_from(open.start, self.last.end);
            }
            _ => {}
        }
        if let (Some(ellipsis), true) = (ellipsis, tuple) {
            let detail = "Grouping ellipsis (...) cannot be used when building a tuple.";
            self.problem(FOR, detail, ellipsis);
            self.show_from(open.start, self.last.end);
        }
    }
}
