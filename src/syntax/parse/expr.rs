//! Expressions: the conditional, operators, terms and calls.

use super::super::scan::{Kind, Token};
use super::super::template::Form;
use super::super::tree::{BinaryOp, Expr, ExprKind, Ident, UnaryOp};
use super::{DEPTH, Parser};

/// How many operators may follow one another; each is a level of the tree.
const OPERATORS: usize = 128;

/// Gives how much an operator binds, and what it is.
fn operator(kind: Kind) -> Option<(usize, BinaryOp)> {
    Some(match kind {
        Kind::Or => (0, BinaryOp::Or),
        Kind::And => (1, BinaryOp::And),
        Kind::EqualEqual => (2, BinaryOp::Equal),
        Kind::NotEqual => (2, BinaryOp::NotEqual),
        Kind::Less => (3, BinaryOp::Less),
        Kind::LessEqual => (3, BinaryOp::LessOrEqual),
        Kind::Greater => (3, BinaryOp::Greater),
        Kind::GreaterEqual => (3, BinaryOp::GreaterOrEqual),
        Kind::Plus => (4, BinaryOp::Add),
        Kind::Minus => (4, BinaryOp::Subtract),
        Kind::Star => (5, BinaryOp::Multiply),
        Kind::Slash => (5, BinaryOp::Divide),
        Kind::Percent => (5, BinaryOp::Remainder),
        _ => return None,
    })
}

/// Says whether a token of digits, dots and exponents is a number.
fn is_number(text: &str) -> bool {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let whole = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let (before, after) = digits.split_once('.').unwrap_or((digits, "0"));
    whole(before)
        && (after.is_empty() || whole(after))
        && whole(exponent.trim_start_matches(['+', '-']))
}

impl Parser<'_> {
    /// Reads an expression.
    pub(super) fn expression(&mut self) -> Expr {
        self.deeper(Parser::conditional)
    }

    /// Reads something one level deeper, where there may be such a level.
    fn deeper(&mut self, read: impl Fn(&mut Self) -> Expr) -> Expr {
        if self.depth >= DEPTH {
            let next = self.peek();
            self.too_deep(next);
            return self.unknown(next.start, next.end);
        }
        self.depth += 1;
        let expr = read(self);
        self.depth -= 1;
        expr
    }

    fn conditional(&mut self) -> Expr {
        let before = self.problems.len();
        let start = self.peek().start;
        let condition = self.binary(0);
        if self.broke(before) || self.peek().kind != Kind::Question {
            return condition;
        }
        self.read();
        let before = self.problems.len();
        let then = self.expression();
        if self.broke(before) {
            return condition;
        }
        let colon = self.peek();
        if colon.kind != Kind::Colon {
            let detail = "The conditional operator (...?...:...) requires a false expression, delimited by a \
                          colon.";
            let summary = "Missing false expression in conditional";
            self.problem_from(summary, detail, start, colon);
            return condition;
        }
        self.read();
        let before = self.problems.len();
        let otherwise = self.expression();
        if self.broke(before) {
            return condition;
        }
        let span = self.span(start, start).to(otherwise.span);
        let kind = ExprKind::Conditional(Box::new(condition), Box::new(then), Box::new(otherwise));
        Expr { kind, span }
    }

    /// Reads operands and the operators between them that bind at least so much.
    fn binary(&mut self, least: usize) -> Expr {
        let before = self.problems.len();
        let mut left = self.term_with_steps();
        if self.broke(before) {
            return left;
        }
        let mut count = 0;
        loop {
            let sign = self.peek();
            let Some((level, operator)) = operator(sign.kind).filter(|(level, _)| *level >= least)
            else {
                return left;
            };
            count += 1;
            if count > OPERATORS {
                self.too_many(sign);
                return left;
            }
            self.read();
            let before = self.problems.len();
            let right = self.binary(level + 1);
            if self.broke(before) {
                return left;
            }
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), span };
        }
    }

    fn too_many(&mut self, at: Token) {
        if !self.recovery {
            let detail = format!(
                "Expressions are read with up to {OPERATORS} operators in a row. Give parts of this one names \
                 as local values."
            );
            self.problem("Invalid syntax", detail, at);
        }
        self.recovery = true;
    }

    fn term_with_steps(&mut self) -> Expr {
        let term = self.term();
        self.steps(term)
    }

    fn term(&mut self) -> Expr {
        let start = self.peek();
        match start.kind {
            Kind::OpenParen => self.parens(),
            Kind::Number => {
                self.read();
                let text = self.word(start);
                if !is_number(text) {
                    let detail = "Failed to recognize the value of this number literal.";
                    self.problem("Invalid number literal", detail, start);
                    return self.unknown(start.start, start.end);
                }
                Expr {
                    kind: ExprKind::Number(text.replace(".e", "e").replace(".E", "E")),
                    span: self.span_of(start),
                }
            }
            Kind::Ident => self.name(),
            Kind::OpenQuote | Kind::OpenHeredoc => {
                self.read();
                let (close, form) = if start.kind == Kind::OpenQuote {
                    (Kind::CloseQuote, Form::Quoted)
                } else if self.word(start).starts_with("<<-") {
                    (Kind::CloseHeredoc, Form::Indented)
                } else {
                    (Kind::CloseHeredoc, Form::Heredoc)
                };
                let parts = self.template(close, form);
                let span = self.span(start.start, self.last.end.max(start.end));
                Expr { kind: ExprKind::Template(parts), span }
            }
            Kind::Minus => self.unary(UnaryOp::Negate),
            Kind::Bang => self.unary(UnaryOp::Not),
            Kind::OpenBracket => self.tuple(),
            Kind::OpenBrace => self.object(),
            _ => {
                if !self.recovery {
                    let (summary, found) = if start.kind == Kind::End {
                        ("Missing expression", "the end of the file")
                    } else {
                        ("Invalid expression", "an invalid expression token")
                    };
                    let detail = format!("Expected the start of an expression, but found {found}.");
                    self.problem(summary, detail, start);
                }
                self.recovery = true;
                self.unknown(start.start, start.end)
            }
        }
    }

    fn unary(&mut self, operator: UnaryOp) -> Expr {
        let sign = self.read();
        let operand = self.deeper(Parser::term_with_steps);
        let span = self.span_of(sign).to(operand.span);
        Expr { kind: ExprKind::Unary(operator, Box::new(operand)), span }
    }

    fn parens(&mut self) -> Expr {
        let open = self.read();
        let before = self.problems.len();
        self.newlines.push(false);
        let inner = self.expression();
        let expr = if self.problems.len() > before {
            self.recover(Kind::CloseParen);
            inner
        } else {
            let close = self.peek();
            if close.kind != Kind::CloseParen {
                let detail = "Expected a closing parenthesis to terminate the expression.";
                self.problem_from("Unbalanced parentheses", detail, open.start, close);
                self.recovery = true;
            }
            self.read();
            let span = self.span(open.start, close.end);
            Expr { kind: ExprKind::Parens(Box::new(inner)), span }
        };
        self.newlines.pop();
        expr
    }

    /// Reads what begins with a name: a keyword, a reference or a call.
    fn name(&mut self) -> Expr {
        let name = self.read();
        if matches!(self.peek().kind, Kind::OpenParen | Kind::DoubleColon) {
            return self.call(name);
        }
        let kind = match self.word(name) {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            word => ExprKind::Name(word.to_string()),
        };
        Expr { kind, span: self.span_of(name) }
    }

    fn call(&mut self, first: Token) -> Expr {
        let mut name = self.ident(first);
        let mut open = self.read();
        while open.kind == Kind::DoubleColon {
            let next = self.read();
            if next.kind != Kind::Ident {
                let detail = "Function scope resolution symbol :: must be followed by a function name in \
                              this scope.";
                self.problem_from("Missing function name", detail, first.start, next);
                self.recover_over(Kind::OpenParen);
                return self.unknown(first.start, next.end);
            }
            name.text = format!("{}::{}", name.text, self.word(next));
            name.span = self.span(first.start, next.end);
            open = self.read();
        }
        if open.kind != Kind::OpenParen {
            let detail = "Function selector must be followed by an open parenthesis to begin the function \
                          call.";
            self.problem_from("Missing open parenthesis", detail, first.start, open);
            self.recover_over(Kind::OpenParen);
            return self.unknown(first.start, open.end);
        }
        self.newlines.push(false);
        let mut arguments = Vec::new();
        let (expand, close) = self.arguments(&name, open, &mut arguments);
        self.newlines.pop();
        // Of a call with a broken argument and without an end on its line the first character alone is pointed to.
        let end = close.map_or(first.start + 1, |close| close.end);
        let span = self.span(first.start, end);
        Expr { kind: ExprKind::Call { name, arguments, expand }, span }
    }

    /// Reads a call's arguments and what closes them; says whether the last ends in `...`, and gives the parenthesis.
    fn arguments(
        &mut self,
        name: &Ident,
        open: Token,
        arguments: &mut Vec<Expr>,
    ) -> (bool, Option<Token>) {
        loop {
            if self.peek().kind == Kind::CloseParen {
                return (false, Some(self.read()));
            }
            let before = self.problems.len();
            let argument = self.expression();
            arguments.push(argument);
            if self.broke(before) {
                let close = self.recover(Kind::CloseParen);
                let between = self.text.get(open.end..close.start).unwrap_or("\n");
                let own = close.kind == Kind::CloseParen && !between.contains('\n');
                return (false, own.then_some(close));
            }
            let separator = self.read();
            match separator.kind {
                Kind::CloseParen => return (false, Some(separator)),
                Kind::Comma => {}
                Kind::Ellipsis => {
                    if self.peek().kind == Kind::CloseParen {
                        return (true, Some(self.read()));
                    }
                    if !self.recovery {
                        let detail = "An expanded function argument (with ...) must be immediately followed \
                                      by closing parentheses.";
                        self.problem("Missing closing parenthesis", detail, separator);
                        self.show(name.span.to(self.span_of(separator)));
                    }
                    return (true, Some(self.recover(Kind::CloseParen)));
                }
                Kind::End => {
                    let detail = "There is no closing parenthesis for this function call before the end of \
                                  the file. This may be caused by incorrect parenthesis nesting elsewhere in \
                                  this file.";
                    let span = name.span.to(self.span_of(open));
                    self.problem_at("Unterminated function call", detail, span);
                    return (false, Some(self.recover(Kind::CloseParen)));
                }
                _ => {
                    let detail =
                        "A comma is required to separate each function argument from the next.";
                    self.problem("Missing argument separator", detail, separator);
                    self.show(name.span.to(self.span_of(separator)));
                    return (false, Some(self.recover(Kind::CloseParen)));
                }
            }
        }
    }
}
