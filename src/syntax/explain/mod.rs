//! What is wrong with a text that the parser refuses: the language's own words, with the exact place.
//!
//! Goes through the tokens as the language's reference parser does, with the same places of recovery, so
//! that a file with several mistakes has them all named. Gives besides a `Skeleton`: which attributes and
//! blocks are there and which of them are whole, so that the rest of the file can still be read.

mod body;
mod expr;
mod template;

use crate::diag::{Diagnostic, Sources};

use super::literal::multi_line_string;
use super::lower::Lowering;
use super::scan::{Kind, Token, scan, scan_template};

/// An attribute or block as it could be made out.
pub(super) enum Shape {
    /// From the name to the end of the expression; whether it is without fault. Where there is no expression at all,
    /// the place where it should be.
    Attribute { name: Token, end: usize, whole: bool, missing: Option<(usize, usize)> },
    /// A block.
    Block(Box<BlockShape>),
}

/// A block as it could be made out.
pub(super) struct BlockShape {
    /// The block type.
    pub(super) kind: Token,
    /// The labels: text and place.
    pub(super) labels: Vec<(String, usize, usize)>,
    /// The opening brace, where there is one.
    pub(super) open: Option<Token>,
    /// What is inside.
    pub(super) items: Vec<Shape>,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it is without fault.
    pub(super) whole: bool,
}

/// How deep expressions may nest here; the stack bounds it.
const DEPTH: usize = 150;

/// Goes through the tokens.
pub(super) struct Explain<'a, 'b> {
    lowering: &'b mut Lowering<'a>,
    tokens: Vec<Token>,
    /// The next token.
    at: usize,
    /// The token that was read last.
    last: Token,
    /// Whether line ends are tokens, innermost last.
    newlines: Vec<bool>,
    /// Whether something was skipped: what follows is then not to be trusted.
    recovery: bool,
    depth: usize,
    /// The range of the expression that was read last.
    range: (usize, usize),
}

/// Explains a file, and gives what could be made out of it.
pub(super) fn file(lowering: &mut Lowering<'_>) -> Vec<Shape> {
    let tokens = scan(lowering.text);
    let mut explain = Explain::new(lowering, tokens);
    explain.invalid_tokens();
    let mut items = Vec::new();
    explain.body(Kind::End, &mut items);
    items
}

/// Explains a lone expression; newlines mean nothing in it.
pub(super) fn expression(lowering: &mut Lowering<'_>) {
    let tokens = scan(lowering.text);
    let mut explain = Explain::new(lowering, tokens);
    explain.invalid_tokens();
    explain.newlines.push(false);
    explain.expression();
    let next = explain.peek();
    if next.kind != Kind::End && !explain.recovery {
        let detail =
            "An expression was successfully parsed, but extra characters were found after it.";
        explain.problem("Extra characters after expression", detail, next);
    }
}

/// Explains a bare template.
pub(super) fn bare_template(lowering: &mut Lowering<'_>) {
    let tokens = scan_template(lowering.text);
    let mut explain = Explain::new(lowering, tokens);
    explain.invalid_tokens();
    explain.template(Kind::End);
}

impl<'a, 'b> Explain<'a, 'b> {
    fn new(lowering: &'b mut Lowering<'a>, tokens: Vec<Token>) -> Self {
        let start = Token { kind: Kind::Newline, start: 0, end: 0 };
        Explain {
            lowering,
            tokens,
            at: 0,
            last: start,
            newlines: vec![true],
            recovery: false,
            depth: 0,
            range: (0, 0),
        }
    }

    fn text(&self, token: Token) -> &'a str {
        self.lowering.text.get(token.start..token.end).unwrap_or("")
    }

    fn problems(&self) -> usize {
        self.lowering.problems.len()
    }

    /// Says whether problems were found since there were so many.
    fn failed(&self, before: usize) -> bool {
        self.problems() > before
    }

    fn problem(&mut self, summary: &str, detail: impl Into<String>, at: Token) {
        self.problem_at(summary, detail, at.start, at.end);
    }

    fn problem_at(&mut self, summary: &str, detail: impl Into<String>, start: usize, end: usize) {
        let span = self.lowering.span(start, end.max(start));
        self.lowering.problems.push(Diagnostic::error(summary, detail).at(span, ""));
    }

    /// Tells a problem at a token, with all from a place on shown.
    fn problem_from(&mut self, summary: &str, detail: &str, from: usize, at: Token) {
        self.problem(summary, detail, at);
        self.show_from(from, at.end);
    }

    /// Shows all from a place on around the problem that was told last.
    fn show_from(&mut self, from: usize, end: usize) {
        let around = self.lowering.span(from, end.max(from));
        if let Some(last) = self.lowering.problems.last_mut() {
            last.around = Some(around);
        }
    }

    /// Writes a place as messages have it.
    fn place(&self, start: usize, end: usize) -> String {
        let mut sources = Sources::default();
        let span = match self.lowering.whole_text {
            Some(whole) => {
                let id = sources.add("", whole);
                crate::diag::Span { file: id, ..self.lowering.span(start, end) }
            }
            None => crate::diag::Span::new(sources.add("", self.lowering.text), start, end),
        };
        let (from, to) = (sources.start(span), sources.end(span));
        let name = &self.lowering.name;
        if from.line == to.line {
            return format!("{name}:{},{}-{}", from.line, from.column, to.column);
        }
        format!("{name}:{},{}-{},{}", from.line, from.column, to.line, to.column)
    }

    /// Finds the next token that counts, with its place in the list.
    fn next(&self) -> (Token, usize) {
        let newlines = self.newlines.last().copied().unwrap_or(true);
        for (place, token) in self.tokens.iter().enumerate().skip(self.at) {
            match token.kind {
                Kind::Comment => {
                    // A comment that ends its line stands for the line's end too.
                    if newlines && self.text(*token).ends_with('\n') {
                        return (Token { kind: Kind::Newline, ..*token }, place + 1);
                    }
                }
                Kind::Newline if !newlines => {}
                _ => return (*token, place + 1),
            }
        }
        let end = self.lowering.text.len();
        (Token { kind: Kind::End, start: end, end }, self.tokens.len())
    }

    fn peek(&self) -> Token {
        self.next().0
    }

    fn read(&mut self) -> Token {
        let (token, at) = self.next();
        self.at = at;
        self.last = token;
        token
    }

    fn is_word(&self, token: Token, word: &str) -> bool {
        token.kind == Kind::Ident && self.text(token) == word
    }

    /// Skips to after the token that closes what is open.
    fn recover(&mut self, end: Kind) -> Token {
        self.recovery = true;
        let start = opposite(end);
        let mut nest = 0;
        loop {
            let token = self.read();
            let mut kind = token.kind;
            if end == Kind::SequenceEnd && kind == Kind::Directive {
                kind = Kind::Interpolation;
            }
            if kind == Kind::End {
                return token;
            }
            if kind == end {
                if nest == 0 {
                    return token;
                }
                nest -= 1;
            } else if Some(kind) == start {
                nest += 1;
            }
        }
    }

    /// Skips over the next opening token and all to what closes it.
    fn recover_over(&mut self, start: Kind) {
        self.recovery = true;
        loop {
            match self.read().kind {
                kind if kind == start => break,
                Kind::End => return,
                _ => {}
            }
        }
        if let Some(end) = opposite(start) {
            self.recover(end);
        }
    }

    /// Skips to the end of the attribute or block.
    fn recover_item(&mut self) {
        self.recovery = true;
        let mut open: Vec<Kind> = Vec::new();
        loop {
            let kind = self.read().kind;
            match kind {
                Kind::End => return,
                Kind::Newline if open.is_empty() => return,
                Kind::OpenBrace
                | Kind::OpenBracket
                | Kind::OpenParen
                | Kind::OpenQuote
                | Kind::OpenHeredoc
                | Kind::Interpolation
                | Kind::Directive => open.push(kind),
                Kind::CloseBrace
                | Kind::CloseBracket
                | Kind::CloseParen
                | Kind::CloseQuote
                | Kind::CloseHeredoc => {
                    let opener = opposite(kind);
                    while open.last().is_some_and(|kind| Some(*kind) != opener) {
                        open.pop();
                    }
                    open.pop();
                }
                Kind::SequenceEnd => {
                    let opens = |kind: &Kind| matches!(kind, Kind::Interpolation | Kind::Directive);
                    while open.last().is_some_and(|kind| !opens(kind)) {
                        open.pop();
                    }
                    open.pop();
                }
                _ => {}
            }
        }
    }

    /// Names the characters that no text of the language may have.
    fn invalid_tokens(&mut self) {
        let mut told: Vec<Kind> = Vec::new();
        for place in 0..self.tokens.len() {
            let token = self.tokens[place];
            let (summary, detail) = match token.kind {
                Kind::BitwiseAnd | Kind::BitwiseOr | Kind::BitwiseNot | Kind::BitwiseXor => {
                    ("Unsupported operator", bitwise(token.kind).to_string())
                }
                Kind::Apostrophe => (
                    "Invalid character",
                    "Single quotes are not valid. Use double quotes (\") to enclose strings.".to_string(),
                ),
                Kind::Backtick => (
                    "Invalid character",
                    "The \"`\" character is not valid. To create a multi-line string, use the \"heredoc\" \
                     syntax, like \"<<EOT\"."
                        .to_string(),
                ),
                Kind::Semicolon => (
                    "Invalid character",
                    "The \";\" character is not valid. Use newlines to separate arguments and blocks, and \
                     commas to separate items in collection values."
                        .to_string(),
                ),
                Kind::QuotedNewline => {
                    let span = self.lowering.span(token.start, token.end);
                    self.lowering.problems.push(multi_line_string().at(span, ""));
                    continue;
                }
                Kind::BadText => (
                    "Invalid character encoding",
                    "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your \
                     editor."
                        .to_string(),
                ),
                Kind::Invalid => ("Invalid character", invalid(self.text(token))),
                _ => continue,
            };
            let family = if is_bitwise(token.kind) { Kind::BitwiseAnd } else { token.kind };
            let before = told.iter().filter(|kind| **kind == family).count();
            told.push(family);
            let again = match family {
                Kind::Invalid => false,
                Kind::BitwiseAnd => before >= 4,
                // The second of a pair closes what the first has opened.
                Kind::Apostrophe | Kind::Backtick => before % 2 == 1 || before > 2,
                _ => before > 0,
            };
            if again {
                continue;
            }
            self.problem(summary, detail, token);
        }
    }
}

fn is_bitwise(kind: Kind) -> bool {
    matches!(kind, Kind::BitwiseAnd | Kind::BitwiseOr | Kind::BitwiseNot | Kind::BitwiseXor)
}

fn bitwise(kind: Kind) -> &'static str {
    match kind {
        Kind::BitwiseAnd => {
            "Bitwise operators are not supported. Did you mean boolean AND (\"&&\")?"
        }
        Kind::BitwiseOr => "Bitwise operators are not supported. Did you mean boolean OR (\"||\")?",
        Kind::BitwiseNot => {
            "Bitwise operators are not supported. Did you mean boolean NOT (\"!\")?"
        }
        _ => "Bitwise operators are not supported.",
    }
}

fn invalid(text: &str) -> String {
    let text = if matches!(text, "\u{201c}" | "\u{201d}") {
        "\"Curly quotes\" are not valid here. These can sometimes be inadvertently introduced when sharing \
         code via documents or discussion forums. It might help to replace the character with a \"straight \
         quote\"."
    } else {
        "This character is not used within the language."
    };
    text.to_string()
}

/// Gives the other of a pair.
fn opposite(kind: Kind) -> Option<Kind> {
    Some(match kind {
        Kind::OpenBrace => Kind::CloseBrace,
        Kind::CloseBrace => Kind::OpenBrace,
        Kind::OpenBracket => Kind::CloseBracket,
        Kind::CloseBracket => Kind::OpenBracket,
        Kind::OpenParen => Kind::CloseParen,
        Kind::CloseParen => Kind::OpenParen,
        Kind::OpenQuote => Kind::CloseQuote,
        Kind::CloseQuote => Kind::OpenQuote,
        Kind::OpenHeredoc => Kind::CloseHeredoc,
        Kind::CloseHeredoc => Kind::OpenHeredoc,
        Kind::Interpolation | Kind::Directive => Kind::SequenceEnd,
        Kind::SequenceEnd => Kind::Interpolation,
        _ => return None,
    })
}
