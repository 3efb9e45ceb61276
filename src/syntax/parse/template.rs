//! Templates: interpolations, directives, trim markers, and the indent of `<<-`.
//!
//! The pieces are first read flat, since trim markers and indents work on neighbours in the text whatever they belong
//! to; then they are nested. Literals of a heredoc or file are cut at line ends as the language's own scanner does: a
//! trim marker reaches to the end of its line, not further.

use crate::diag::{Span, nearest_within};

use super::super::literal::Quoting;
use super::super::scan::{Kind, Token};
use super::super::template::{Flat, Form, Piece, dedent, trim};
use super::super::tree::{Expr, ExprKind, Ident, Part};
use super::collection::Lacking;
use super::{DEPTH, Parser};

const WORDS: &[&str] = &["if", "for", "else", "endif", "endfor"];

impl Parser<'_> {
    /// Reads a template up to what closes it; the opening has been read.
    pub(super) fn template(&mut self, end: Kind, form: Form) -> Vec<Part> {
        let first = self.first_piece();
        let mut flat = Vec::new();
        let close = loop {
            let next = self.read();
            match next.kind {
                kind if kind == end => break next,
                Kind::QuotedText | Kind::Text => self.text_pieces(next, &mut flat),
                Kind::Interpolation => {
                    let piece = self.interpolation(next, end, first);
                    flat.push(piece);
                }
                Kind::Directive => flat.extend(self.directive(next, first)),
                _ => {
                    if !self.recovery {
                        let detail = "No closing marker was found for the string.";
                        self.problem_from(
                            "Unterminated template string",
                            detail,
                            first.start,
                            next,
                        );
                    }
                    break self.recover(end);
                }
            }
        };
        trim(&mut flat);
        if form == Form::Indented {
            dedent(&mut flat);
        }
        let mut pieces = flat.into_iter().map(|flat| flat.piece).peekable();
        let close = self.span_of(close);
        let mut parts = Vec::new();
        while let Some(piece) = pieces.next() {
            self.part(piece, &mut pieces, close, &mut parts);
        }
        parts
    }

    /// Gives the first token, as far as the reference scanner takes it: a sign that begins no sequence stands alone.
    fn first_piece(&self) -> Token {
        let token = self.peek();
        if !matches!(token.kind, Kind::QuotedText | Kind::Text) {
            return token;
        }
        let text = self.word(token);
        let length = match text.find(['$', '%']) {
            Some(0) if text.starts_with("$${") || text.starts_with("%%{") => 3,
            Some(0) => 1,
            Some(at) => at,
            None => text.len(),
        };
        Token { end: token.start + length, ..token }
    }

    /// Takes a text apart into lines. After a mistake it may be of another form than the template around it.
    fn text_pieces(&mut self, token: Token, out: &mut Vec<Flat>) {
        let raw = self.word(token);
        let quoted = token.kind == Kind::QuotedText;
        let quoting = if quoted { Quoting::Quoted } else { Quoting::Bare };
        let lines: Vec<&str> = if quoted { vec![raw] } else { raw.split_inclusive('\n').collect() };
        let mut at = token.start;
        for line in lines {
            let text = self.literal(at, at + line.len(), quoting);
            let span = self.span(at, at + line.len());
            out.push(Flat { piece: Piece::Literal(text, span), before: false, after: false });
            at += line.len();
        }
    }

    fn interpolation(&mut self, open: Token, end: Kind, first: Token) -> Flat {
        self.newlines.push(false);
        let expr = self.expression();
        let close = self.peek();
        if close.kind == Kind::SequenceEnd {
            self.read();
        } else {
            self.unclosed_interpolation(close, end, first);
            self.recover(Kind::SequenceEnd);
        }
        self.newlines.pop();
        self.trimmed(Piece::Interpolation(expr), open, close)
    }

    fn trimmed(&self, piece: Piece, open: Token, close: Token) -> Flat {
        let before = self.word(open).ends_with('~');
        let after = close.kind == Kind::SequenceEnd && self.word(close).starts_with('~');
        Flat { piece, before, after }
    }

    fn unclosed_interpolation(&mut self, close: Token, end: Kind, first: Token) {
        const UNCLOSED: &str = "Unclosed template interpolation sequence";
        const EXTRA: &str = "Extra characters after interpolation expression";
        if self.recovery {
            return;
        }
        match close.kind {
            Kind::End => {
                let detail = "There is no closing brace for this interpolation sequence before the end of \
                              the file. This might be caused by incorrect nesting inside the given \
                              expression.";
                self.problem(UNCLOSED, detail, first);
            }
            Kind::Colon => {
                let detail = "Template interpolation doesn't expect a colon at this location. Did you intend \
                              this to be a literal sequence to be processed as part of another language? If \
                              so, you can escape it by starting with \"$${\" instead of just \"${\".";
                self.problem_from(EXTRA, detail, first.start, close);
            }
            Kind::CloseQuote | Kind::OpenQuote if end == Kind::CloseQuote => {
                let detail = "There is no closing brace for this interpolation sequence before the end of \
                              the quoted template. This might be caused by incorrect nesting inside the \
                              given expression.";
                self.problem(UNCLOSED, detail, first);
            }
            _ => {
                let detail = "Expected a closing brace to end the interpolation expression, but found extra \
                              characters.\n\nThis can happen when you include interpolation syntax for \
                              another language, such as shell scripting, but forget to escape the \
                              interpolation start token. If this is an embedded sequence for another \
                              language, escape it by starting with \"$${\" instead of just \"${\".";
                self.problem_from(EXTRA, detail, first.start, close);
            }
        }
    }

    fn directive(&mut self, open: Token, first: Token) -> Option<Flat> {
        self.newlines.push(false);
        let found = self.directive_inner(open, first);
        self.newlines.pop();
        found
    }

    fn directive_inner(&mut self, open: Token, first: Token) -> Option<Flat> {
        let keyword = self.peek();
        if keyword.kind != Kind::Ident {
            let detail = "A template directive keyword (\"if\", \"for\", etc) is expected at the beginning \
                          of a %{ sequence.";
            self.bad_directive("Invalid template directive", detail, open, keyword);
            return None;
        }
        self.read();
        let text = self.word(keyword);
        let Some(word) = WORDS.iter().copied().find(|word| *word == text) else {
            let near = nearest_within(text, WORDS.iter().copied());
            let near = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
            let detail = format!("\"{text}\" is not a valid template control keyword.{near}");
            self.bad_directive("Invalid template control keyword", &detail, open, keyword);
            return None;
        };
        let place = |parser: &Self| parser.span(open.start, parser.peek().end);
        let piece = match word {
            "if" => {
                let condition = self.expression();
                Piece::If(condition, place(self))
            }
            "for" => {
                let (key_name, value_name) = self.directive_names()?;
                let collection = self.expression();
                Piece::For(key_name, value_name, collection, place(self))
            }
            word => Piece::End(word, place(self)),
        };
        let close = self.peek();
        if close.kind == Kind::SequenceEnd {
            self.read();
        } else {
            if !self.recovery {
                let detail =
                    "Expected a closing brace to end the sequence, but found extra characters.";
                let summary = format!("Extra characters in {text} marker");
                self.problem_from(&summary, detail, first.start, close);
            }
            self.recover(Kind::SequenceEnd);
        }
        Some(self.trimmed(piece, open, close))
    }

    fn bad_directive(&mut self, summary: &str, detail: &str, open: Token, at: Token) {
        if !self.recovery {
            self.problem_from(summary, detail, open.start, at);
        }
        self.recover(Kind::SequenceEnd);
    }

    fn directive_names(&mut self) -> Option<(Option<Ident>, Ident)> {
        let detail = match self.for_names() {
            Ok(names) => return Some(names),
            Err(Lacking::First) => "For directive requires variable name after 'for'.",
            Err(Lacking::Second) => "For directive requires value variable name after comma.",
            Err(Lacking::In) => "For directive requires 'in' keyword after names.",
        };
        if !self.recovery {
            let at = self.peek();
            self.problem("Invalid 'for' directive", detail, at);
        }
        self.recover(Kind::SequenceEnd);
        None
    }

    /// Makes a part of a piece and those that belong to it. As the language's parser does, an outer directive goes on
    /// after a mistake in an inner one, which leads to further ones; `close` is where the template ends.
    fn part(
        &mut self,
        piece: Piece,
        pieces: &mut impl Iterator<Item = Piece>,
        close: Span,
        parts: &mut Vec<Part>,
    ) {
        let part = match piece {
            Piece::Literal(text, span) => {
                if let Some(Part::Literal(former, place)) = parts.last_mut() {
                    former.push_str(&text);
                    *place = place.to(span);
                    return;
                }
                Part::Literal(text, span)
            }
            Piece::Interpolation(expr) => Part::Interpolation(expr),
            Piece::If(condition, open) => self.branches(condition, open, pieces, close),
            Piece::For(key_name, value_name, collection, open) => {
                let mut body = Vec::new();
                match self.parts_of("for", open, pieces, close, &mut body) {
                    Ok((_, end)) => {
                        Part::For { key_name, value_name, collection, body, span: open.to(end) }
                    }
                    Err(at) => unknown(at),
                }
            }
            Piece::End(word, span) => {
                let detail = "The control directives within this template are unbalanced.";
                self.problem_at(&format!("Unexpected {word} directive"), detail, span);
                unknown(span)
            }
        };
        parts.push(part);
    }

    fn branches(
        &mut self,
        condition: Expr,
        open: Span,
        pieces: &mut impl Iterator<Item = Piece>,
        close: Span,
    ) -> Part {
        let (mut then, mut otherwise) = (Vec::new(), Vec::new());
        let mut found = self.parts_of("if", open, pieces, close, &mut then);
        if matches!(found, Ok(("else", _))) {
            found = self.parts_of("else", open, pieces, close, &mut otherwise);
        }
        match found {
            Ok((_, end)) => Part::If { condition, then, otherwise, span: open.to(end) },
            Err(at) => unknown(at),
        }
    }

    /// Reads the parts of a directive to what ends them: gives it, or the place of what does not fit.
    fn parts_of(
        &mut self,
        word: &str,
        open: Span,
        pieces: &mut impl Iterator<Item = Piece>,
        close: Span,
        parts: &mut Vec<Part>,
    ) -> Result<(&'static str, Span), Span> {
        let outer = if word == "for" { "for" } else { "if" };
        if self.depth >= DEPTH {
            pieces.for_each(drop);
            self.deep = true;
            let detail = format!("Directives are read to a depth of {DEPTH} levels.");
            self.problem_at("Invalid syntax", detail, open);
            return Err(open);
        }
        self.depth += 1;
        let found = loop {
            match pieces.next() {
                Some(Piece::End(end, span)) => break Some((end, span)),
                Some(piece) => self.part(piece, pieces, close, parts),
                None => break None,
            }
        };
        self.depth -= 1;
        let Some((end, span)) = found else {
            if self.deep {
                return Err(close);
            }
            let place = self.place(open);
            let detail = format!(
                "The {outer} directive at {place} is missing its corresponding end{outer} directive."
            );
            self.problem_at("Unexpected end of template", detail, close);
            return Err(close);
        };
        if matches!((word, end), ("if", "else" | "endif") | ("else", "endif") | ("for", "endfor")) {
            return Ok((end, span));
        }
        let place = self.place(open);
        let detail = match (word, end) {
            ("else", "else") => {
                format!("Already in the else clause for the if started at {place}.")
            }
            ("for", "else") => "An else clause is not expected for a for directive.".to_string(),
            ("for", _) => format!(
                "Expecting an endfor directive corresponding to the for directive at {place}."
            ),
            _ => format!("Expecting an endif directive for the if started at {place}."),
        };
        self.problem_at(&format!("Unexpected {end} directive"), detail, span);
        Err(span)
    }
}

fn unknown(span: Span) -> Part {
    Part::Interpolation(Expr { kind: ExprKind::Unknown, span })
}
