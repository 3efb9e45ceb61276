//! What hcl-edit refuses: tokens to a tree, and all that is wrong with them.
//!
//! Goes through the tokens as the language's reference parser does, with the same places of recovery: a file with
//! several mistakes has them all named, and of what is broken the tree has the part that was read before the mistake
//! (`ExprKind::Unknown` where nothing was).

mod body;
mod expr;
mod steps;
mod collection;
mod template;
mod tokens;

use crate::diag::{Diagnostic, FileId, Sources, Span};

use super::scan::{Kind, Token, scan, scan_template};
use super::template::Form;
use super::tree::{Body, Expr, ExprKind, Ident, Part};

/// How deep expressions, blocks and directives may nest; the stack bounds it.
const DEPTH: usize = 100;

/// One text on its way to a tree.
pub(super) struct Parser<'a> {
    id: FileId,
    /// The file's name, for messages that speak of a second place.
    name: &'a str,
    /// The whole file's text, where `text` is only a piece of it.
    whole: Option<&'a str>,
    pub(super) text: &'a str,
    /// What is added to a place in `text` to have the place in the file.
    shift: i64,
    /// What was found wrong.
    pub(super) problems: Vec<Diagnostic>,
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
    /// Directives were too deep: what is around them misses its end for that.
    deep: bool,
    /// How many `[*]` are open.
    splats: usize,
    /// Expressions in whose place nothing was found but a mistake, where the reference parser keeps that as a value.
    faults: Vec<Span>,
    /// The text with its lines, from the first place on that a message named.
    sources: Option<Sources>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(id: FileId, name: &'a str, text: &'a str, shift: i64) -> Self {
        Parser {
            id,
            name,
            whole: None,
            text,
            shift,
            problems: Vec::new(),
            tokens: Vec::new(),
            at: 0,
            last: Token { kind: Kind::Newline, start: 0, end: 0 },
            newlines: vec![true],
            recovery: false,
            depth: 0,
            deep: false,
            splats: 0,
            faults: Vec::new(),
            sources: None,
        }
    }

    /// Says which text it is a piece of.
    pub(super) fn within(self, whole: Option<&'a str>) -> Self {
        Parser { whole, ..self }
    }

    /// Reads the text as a file.
    pub(super) fn file(&mut self) -> Body {
        self.start(scan(self.text));
        let mut body = self.body(Kind::End);
        body.span = self.span(0, self.text.len());
        body.end = self.span(0, 0);
        body
    }

    /// Reads the text as one expression; line ends mean nothing in it.
    pub(super) fn lone_expression(&mut self) -> Expr {
        self.start(scan(self.text));
        self.newlines.push(false);
        let expr = self.expression();
        let next = self.peek();
        if next.kind != Kind::End && !self.recovery {
            let detail =
                "An expression was successfully parsed, but extra characters were found after it.";
            self.problem("Extra characters after expression", detail, next);
        }
        expr
    }

    /// Reads the text as a template without quotes.
    pub(super) fn bare_template(&mut self) -> Vec<Part> {
        self.start(scan_template(self.text));
        self.template(Kind::End, Form::File)
    }

    fn start(&mut self, tokens: Vec<Token>) {
        self.tokens = tokens;
        self.invalid_tokens();
    }

    /// Gives the span of a range of the text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        super::shifted(self.id, self.shift, start, end)
    }

    fn span_of(&self, token: Token) -> Span {
        self.span(token.start, token.end)
    }

    fn word(&self, token: Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    fn ident(&self, token: Token) -> Ident {
        Ident { text: self.word(token).to_string(), span: self.span_of(token) }
    }

    /// Says whether something was skipped since there were so many problems.
    fn broke(&self, before: usize) -> bool {
        self.recovery && self.problems.len() > before
    }

    fn problem(&mut self, summary: &str, detail: impl Into<String>, at: Token) {
        let span = self.span_of(at);
        self.problem_at(summary, detail, span);
    }

    fn problem_at(&mut self, summary: &str, detail: impl Into<String>, span: Span) {
        self.problems.push(Diagnostic::error(summary, detail).at(span, ""));
    }

    /// Tells a problem at a token, with all from a place on shown.
    fn problem_from(&mut self, summary: &str, detail: &str, from: usize, at: Token) {
        self.problem(summary, detail, at);
        self.show(self.span(from, at.end.max(from)));
    }

    /// Shows more around the problem that was told last.
    fn show(&mut self, around: Span) {
        if let Some(last) = self.problems.last_mut() {
            last.around = Some(around);
        }
    }

    /// Tells that the text nests deeper than is read, and leaves the rest.
    fn too_deep(&mut self, at: Token) {
        if !self.recovery {
            let detail = format!(
                "Expressions and blocks are read to a depth of {DEPTH} levels. Give parts of this one names as \
                 local values."
            );
            self.problem("Invalid syntax", detail, at);
        }
        self.recover(Kind::End);
    }

    fn unknown(&self, start: usize, end: usize) -> Expr {
        Expr { kind: ExprKind::Unknown, span: self.span(start, end.max(start)) }
    }

    /// Writes a place as messages have it.
    fn place(&mut self, span: Span) -> String {
        let text = self.whole.unwrap_or(self.text);
        let sources = self.sources.get_or_insert_with(|| {
            let mut sources = Sources::default();
            sources.add("", text);
            sources
        });
        let file = FileId(0);
        let shift = if self.whole.is_some() { 0 } else { self.shift };
        let local = |at: u32| u32::try_from((i64::from(at) - shift).max(0)).unwrap_or(at);
        let span = Span { file, start: local(span.start), end: local(span.end) };
        let (from, to) = (sources.start(span), sources.end(span));
        let name = &self.name;
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
                    if newlines && self.word(*token).ends_with('\n') {
                        return (Token { kind: Kind::Newline, ..*token }, place + 1);
                    }
                }
                Kind::Newline if !newlines => {}
                _ => return (*token, place + 1),
            }
        }
        let end = self.text.len();
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
        token.kind == Kind::Ident && self.word(token) == word
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
