//! Templates: parts, trim markers, and the indent of `<<-`.
//!
//! The parser's nested directives are laid out flat, since trim markers and indents work on neighbours in
//! the text whatever they belong to; then they are nested again. Literals of a heredoc or file are cut at line ends
//! as the language's own scanner does: a trim marker reaches to the end of its line, not further.

use hcl_edit::Span as _;
use hcl_edit::template::{Directive, Element, Strip, Template};
use unicode_segmentation::UnicodeSegmentation;

use crate::diag::Span;

use super::literal::Quoting;
use super::lower::Lowering;
use super::tree::{Expr, Ident, Part};

/// A piece of a template in the order of the text.
pub(super) enum Piece {
    Literal(String, Span),
    Interpolation(Expr),
    If(Expr, Span),
    For(Option<Ident>, Ident, Expr, Span),
    /// `else`, `endif`, `endfor`.
    End(&'static str, Span),
}

/// A piece with its trim markers.
pub(super) struct Flat {
    pub(super) piece: Piece,
    pub(super) before: bool,
    pub(super) after: bool,
}

/// How a template is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Between quotes.
    Quoted,
    /// `<<`.
    Heredoc,
    /// `<<-`.
    Indented,
    /// A file of its own.
    File,
}

impl Form {
    pub(super) fn quoting(self) -> Quoting {
        if self == Form::Quoted { Quoting::Quoted } else { Quoting::Bare }
    }
}

impl Lowering<'_> {
    /// Lowers a template.
    pub(super) fn parts(&mut self, template: &Template, form: Form) -> Vec<Part> {
        let mut flat = Vec::new();
        self.flatten(template, form, &mut flat);
        trim(&mut flat);
        if form == Form::Indented {
            dedent(&mut flat);
        }
        let mut pieces = flat.into_iter().map(|flat| flat.piece).peekable();
        nest(&mut pieces)
    }

    fn flatten(&mut self, template: &Template, form: Form, out: &mut Vec<Flat>) {
        for element in template {
            match element {
                Element::Literal(literal) => {
                    let range = literal.span().unwrap_or(0..0);
                    self.literals(range.start, range.end, form, out);
                }
                Element::Interpolation(interpolation) => {
                    let expr = self.expr(&interpolation.expr);
                    out.push(flat(Piece::Interpolation(expr), interpolation.strip));
                }
                Element::Directive(directive) => self.directive(directive, form, out),
            }
        }
    }

    fn literals(&mut self, start: usize, end: usize, form: Form, out: &mut Vec<Flat>) {
        let raw = self.text.get(start..end).unwrap_or("");
        let by_line = matches!(form, Form::Heredoc | Form::Indented | Form::File);
        let lines: Vec<&str> =
            if by_line { raw.split_inclusive('\n').collect() } else { vec![raw] };
        let mut at = start;
        for line in lines {
            let text = self.literal(at, at + line.len(), form.quoting());
            let span = self.span(at, at + line.len());
            out.push(flat(Piece::Literal(text, span), Strip::None));
            at += line.len();
        }
    }

    fn directive(&mut self, directive: &Directive, form: Form, out: &mut Vec<Flat>) {
        let range = directive.span().unwrap_or(0..0);
        let span = self.span(range.start, range.end);
        match directive {
            Directive::If(directive) => {
                self.doubt_words(directive.if_expr.cond_expr.span());
                let condition = self.expr(&directive.if_expr.cond_expr);
                out.push(flat(Piece::If(condition, span), directive.if_expr.strip));
                self.flatten(&directive.if_expr.template, form, out);
                if let Some(otherwise) = &directive.else_expr {
                    out.push(flat(Piece::End("else", span), otherwise.strip));
                    self.flatten(&otherwise.template, form, out);
                }
                out.push(flat(Piece::End("endif", span), directive.endif_expr.strip));
            }
            Directive::For(directive) => {
                let intro = &directive.for_expr;
                let first = intro.key_var.as_ref().unwrap_or(&intro.value_var);
                self.doubt_for(first, &intro.collection_expr, None);
                let key_name = intro.key_var.as_ref().map(|name| self.ident(name));
                let value_name = self.ident(&intro.value_var);
                let collection = self.expr(&intro.collection_expr);
                out.push(flat(Piece::For(key_name, value_name, collection, span), intro.strip));
                self.flatten(&intro.template, form, out);
                out.push(flat(Piece::End("endfor", span), directive.endfor_expr.strip));
            }
        }
    }
}

fn flat(piece: Piece, strip: Strip) -> Flat {
    Flat { piece, before: strip.strip_start(), after: strip.strip_end() }
}

/// Lets each `~` eat the white space of the literal beside it.
pub(super) fn trim(flat: &mut [Flat]) {
    for place in 0..flat.len() {
        if flat[place].before
            && place > 0
            && let Piece::Literal(text, _) = &mut flat[place - 1].piece
        {
            text.truncate(text.trim_end().len());
        }
        if flat[place].after
            && let Some(Flat { piece: Piece::Literal(text, _), .. }) = flat.get_mut(place + 1)
        {
            *text = text.trim_start().to_string();
        }
    }
}

/// Takes the smallest indent from the start of each line, counted in characters.
pub(super) fn dedent(flat: &mut [Flat]) {
    let mut least = usize::MAX;
    let mut line_start = true;
    let mut starts = Vec::new();
    for (place, Flat { piece, .. }) in flat.iter().enumerate() {
        let literal = match piece {
            Piece::Literal(text, _) => Some(text),
            _ => None,
        };
        if line_start {
            line_start = false;
            match literal {
                Some(text) if text.trim_start().is_empty() && text.ends_with('\n') => {}
                Some(text) => {
                    let blank = &text[..text.len() - text.trim_start().len()];
                    least = least.min(blank.graphemes(true).count());
                    starts.push(place);
                }
                None => least = 0,
            }
        }
        if literal.is_some_and(|text| text.ends_with('\n')) {
            line_start = true;
        }
    }
    for place in starts {
        if let Piece::Literal(text, _) = &mut flat[place].piece {
            *text = text.graphemes(true).skip(least).collect();
        }
    }
}

/// Nests directives and joins neighbouring literals, up to the end or a piece that ends a directive.
fn nest(pieces: &mut std::iter::Peekable<impl Iterator<Item = Piece>>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let ends = |piece: &Piece| matches!(piece, Piece::End(..));
    while let Some(piece) = pieces.next_if(|piece| !ends(piece)) {
        match piece {
            Piece::Literal(text, span) => match parts.last_mut() {
                Some(Part::Literal(former, place)) => {
                    former.push_str(&text);
                    *place = place.to(span);
                }
                _ => parts.push(Part::Literal(text, span)),
            },
            Piece::Interpolation(expr) => parts.push(Part::Interpolation(expr)),
            Piece::If(condition, span) => {
                let then = nest(pieces);
                let mut otherwise = Vec::new();
                if pieces.next_if(|piece| matches!(piece, Piece::End("else", _))).is_some() {
                    otherwise = nest(pieces);
                }
                pieces.next_if(|piece| matches!(piece, Piece::End("endif", _)));
                parts.push(Part::If { condition, then, otherwise, span });
            }
            Piece::For(key_name, value_name, collection, span) => {
                let body = nest(pieces);
                pieces.next_if(|piece| matches!(piece, Piece::End("endfor", _)));
                parts.push(Part::For { key_name, value_name, collection, body, span });
            }
            Piece::End(..) => {}
        }
    }
    parts
}
