//! The layout of files: two spaces a level, equals signs and comments under each other.
//!
//! Works on tokens, so that comments and texts stay as they are. Three passes over the lines: indent,
//! spaces between tokens, columns. Before that a few old forms are exchanged for today's: `"${x}"` for `x`,
//! quoted types of variables, bare labels of blocks.

use unicode_segmentation::UnicodeSegmentation;

use crate::diag::{Diagnostic, FileId};

use super::scan::{Kind, Token, scan};

/// Lays a file out.
///
/// # Errors
/// Why it cannot be read.
pub fn format(id: FileId, name: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let (_, problems) = super::parse_named(id, name, text);
    let text = text.strip_prefix(super::MARK).unwrap_or(text);
    let tokens = scan(text);
    if !problems.is_empty() {
        return Err(problems);
    }
    let end = tokens.iter().rfind(|token| token.kind != Kind::End).map_or(0, |token| token.end);
    let mut source = Source { text, tokens, at: 0, out: Vec::new() };
    source.body(&mut Vec::new());
    let mut lines = lines(source.out);
    indent(&mut lines);
    spaces(&mut lines);
    columns(&mut lines);
    let mut out = String::with_capacity(text.len());
    for line in &lines {
        for word in line.lead.iter().chain(&line.assign).chain(&line.comment) {
            out.extend(std::iter::repeat_n(' ', word.spaces));
            out.push_str(&word.text);
        }
    }
    // Spaces after the last line end stay, as they do with terraform; those in a comment are the comment's.
    out.push_str(&text[end..].replace('\t', " "));
    Ok(out)
}

/// A token on its way out.
#[derive(Clone)]
struct Word {
    kind: Kind,
    text: String,
    /// The spaces before it.
    spaces: usize,
}

fn word(kind: Kind, text: &str) -> Word {
    Word { kind, text: text.to_string(), spaces: 0 }
}

/// Copies the tokens, exchanging old forms. The text is without fault.
struct Source<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    out: Vec<Word>,
}

impl Source<'_> {
    fn peek(&self) -> Kind {
        self.tokens.get(self.at).map_or(Kind::End, |token| token.kind)
    }

    fn take(&mut self) -> Word {
        let token = self.tokens[self.at];
        self.at += 1;
        word(token.kind, &self.text[token.start..token.end])
    }

    fn copy(&mut self) {
        let word = self.take();
        self.out.push(word);
    }

    /// Copies a body up to its closing brace or the end; `blocks` are the block types on the way here.
    fn body(&mut self, blocks: &mut Vec<String>) {
        loop {
            match self.peek() {
                Kind::End | Kind::CloseBrace => return,
                Kind::Ident => self.item(blocks),
                _ => self.copy(),
            }
        }
    }

    fn item(&mut self, blocks: &mut Vec<String>) {
        let name = self.take();
        let text = name.text.clone();
        self.out.push(name);
        let mut comments = Vec::new();
        while self.peek() == Kind::Comment {
            comments.push(self.take());
        }
        if self.peek() == Kind::Equal {
            self.out.append(&mut comments);
            self.copy();
            while self.peek() == Kind::Comment {
                self.copy();
            }
            let expr = self.expression();
            let is_type = blocks.len() == 1 && blocks[0] == "variable" && text == "type";
            self.out.extend(if is_type { type_words(expr) } else { unwrapped(expr) });
            return;
        }
        self.labels(&mut comments);
        if self.peek() == Kind::OpenBrace {
            self.out.append(&mut comments);
            self.copy();
            blocks.push(text);
            self.body(blocks);
            blocks.pop();
            if self.peek() == Kind::CloseBrace {
                self.copy();
            }
        }
    }

    /// Copies labels in quotes. Comments before one are left out, as Terraform does; those after the last are handed back.
    fn labels(&mut self, comments: &mut Vec<Word>) {
        loop {
            match self.peek() {
                Kind::Ident => {
                    comments.clear();
                    let label = self.take();
                    self.out.push(word(Kind::OpenQuote, "\""));
                    self.out.push(word(Kind::QuotedText, &label.text));
                    self.out.push(word(Kind::CloseQuote, "\""));
                }
                Kind::OpenQuote => {
                    comments.clear();
                    self.copy();
                }
                Kind::QuotedText | Kind::CloseQuote => self.copy(),
                Kind::Comment => {
                    let comment = self.take();
                    comments.push(comment);
                }
                _ => return,
            }
        }
    }

    /// Takes the words of an expression: up to the end of its line, or the brace of its block.
    fn expression(&mut self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut depth = 0usize;
        loop {
            let kind = self.peek();
            let line_end = kind == Kind::Newline
                || (kind == Kind::Comment && depth == 0 && self.rest_is_comment());
            let end = kind == Kind::End || (depth == 0 && (line_end || kind == Kind::CloseBrace));
            if end {
                return words;
            }
            match kind {
                Kind::OpenQuote | Kind::OpenHeredoc => depth += 1,
                Kind::CloseQuote | Kind::CloseHeredoc => depth = depth.saturating_sub(1),
                _ => {
                    let change = bracket_change(kind);
                    depth = depth.saturating_add_signed(change);
                }
            }
            let word = self.take();
            words.push(word);
        }
    }

    /// Says whether only comments follow up to the line's end.
    fn rest_is_comment(&self) -> bool {
        let rest = self.tokens[self.at..].iter();
        let mut rest = rest.skip_while(|token| {
            token.kind == Kind::Comment && !self.text[token.start..token.end].ends_with('\n')
        });
        let next = rest.next().map_or(Kind::End, |token| token.kind);
        matches!(next, Kind::Comment | Kind::Newline | Kind::End | Kind::CloseBrace)
    }
}

fn bracket_change(kind: Kind) -> isize {
    match kind {
        Kind::OpenBrace
        | Kind::OpenBracket
        | Kind::OpenParen
        | Kind::Interpolation
        | Kind::Directive => 1,
        Kind::CloseBrace | Kind::CloseBracket | Kind::CloseParen | Kind::SequenceEnd => -1,
        _ => 0,
    }
}

/// Exchanges old forms of a variable's type.
fn type_words(words: Vec<Word>) -> Vec<Word> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let made = match texts[..] {
        [name @ ("list" | "map")] => [name, "any"],
        ["\"", "string", "\""] => return vec![word(Kind::Ident, "string")],
        ["\"", name @ ("list" | "map"), "\""] => [name, "string"],
        _ => return words,
    };
    vec![
        word(Kind::Ident, made[0]),
        word(Kind::OpenParen, "("),
        word(Kind::Ident, made[1]),
        word(Kind::CloseParen, ")"),
    ]
}

/// Takes an expression out of `"${…}"` where that is all.
fn unwrapped(words: Vec<Word>) -> Vec<Word> {
    let kinds: Vec<Kind> = words.iter().map(|word| word.kind).collect();
    let [Kind::OpenQuote, Kind::Interpolation, inside @ .., Kind::SequenceEnd, Kind::CloseQuote] =
        &kinds[..]
    else {
        return words;
    };
    let mut quotes = 0;
    for kind in inside {
        match kind {
            Kind::OpenQuote => quotes += 1,
            Kind::CloseQuote => quotes -= 1,
            Kind::Interpolation | Kind::SequenceEnd | Kind::QuotedText if quotes == 0 => {
                return words;
            }
            _ => {}
        }
    }
    if inside.is_empty() {
        return words;
    }
    let mut inner = &words[2..words.len() - 2];
    while let [Word { kind: Kind::Newline, .. }, rest @ ..] = inner {
        inner = rest;
    }
    while let [rest @ .., Word { kind: Kind::Newline, .. }] = inner {
        inner = rest;
    }
    let several_lines = inner.iter().any(|word| word.kind == Kind::Newline);
    let in_parens = matches!(
        inner,
        [Word { kind: Kind::OpenParen, .. }, .., Word { kind: Kind::CloseParen, .. }]
    );
    let mut out = inner.to_vec();
    if several_lines && !in_parens {
        out.insert(0, word(Kind::OpenParen, "("));
        out.push(word(Kind::CloseParen, ")"));
    }
    out
}

/// A line in its three columns.
#[derive(Default)]
struct Line {
    lead: Vec<Word>,
    /// From the equals sign on, where the whole expression is on the line.
    assign: Vec<Word>,
    comment: Vec<Word>,
}

fn lines(words: Vec<Word>) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    for word in words {
        let ends =
            word.kind == Kind::Newline || (word.kind == Kind::Comment && word.text.ends_with('\n'));
        if let Some(line) = lines.last_mut() {
            line.lead.push(word);
        }
        if ends {
            lines.push(Line::default());
        }
    }
    for line in &mut lines {
        if line.lead.len() > 1 && line.lead.last().is_some_and(|word| word.kind == Kind::Comment) {
            line.comment.extend(line.lead.pop());
        }
        let equal = line.lead.iter().skip(1).position(|word| word.kind == Kind::Equal);
        if let Some(place) = equal.map(|place| place + 1) {
            let net: isize = line.lead[place..].iter().map(|word| bracket_change(word.kind)).sum();
            if net == 0 {
                line.assign = line.lead.split_off(place);
            }
        }
    }
    lines
}

/// Sets the indent of each line by the brackets that are open.
fn indent(lines: &mut [Line]) {
    let mut levels: Vec<usize> = Vec::new();
    for line in lines {
        // Of a line that opens a heredoc what follows is not counted: also brackets of a template that goes on below.
        let heredoc = line.lead.iter().position(|word| word.kind == Kind::OpenHeredoc);
        let counted = &line.lead[..heredoc.unwrap_or(line.lead.len())];
        let net: isize =
            counted.iter().chain(&line.assign).map(|word| bracket_change(word.kind)).sum();
        let Some(first) = line.lead.first_mut() else { continue };
        if first.kind == Kind::Newline {
            first.spaces = 0;
            continue;
        }
        if net < 0 {
            let mut closed = net.unsigned_abs();
            while let Some(last) = levels.last_mut().filter(|_| closed > 0) {
                if closed < *last {
                    *last -= closed;
                    closed = 0;
                } else {
                    closed -= *last;
                    levels.pop();
                }
            }
        }
        first.spaces = 2 * levels.len();
        if net > 0 {
            levels.push(net.unsigned_abs());
        }
    }
}

/// Sets the spaces between the words of each cell.
fn spaces(lines: &mut [Line]) {
    for line in lines {
        if let Some(first) = line.assign.first_mut() {
            first.spaces = 1;
        }
        for cell in [&mut line.lead, &mut line.assign] {
            for place in 1..cell.len() {
                let before = place.checked_sub(2).map(|place| cell[place].kind);
                let apart = space_between(before, &cell[place - 1], cell[place].kind);
                cell[place].spaces = usize::from(apart);
            }
        }
    }
}

/// Says whether a space stands between two words; `before` is the word before them.
fn space_between(before: Option<Kind>, left: &Word, after: Kind) -> bool {
    use Kind::{
        CloseBrace, CloseHeredoc, CloseQuote, Comma, Directive, Dot, DoubleColon, Ellipsis, Ident,
        Interpolation, Newline, Number, OpenBrace, OpenBracket, OpenHeredoc, OpenParen, OpenQuote,
        QuotedText, SequenceEnd, Text,
    };
    let subject = left.kind;
    let in_template = matches!(subject, QuotedText | Text | OpenQuote | OpenHeredoc)
        || matches!(after, QuotedText | Text | CloseQuote | CloseHeredoc);
    match (subject, after) {
        (_, Newline) => false,
        (Ident, OpenParen) => false,
        (Ident, DoubleColon) | (DoubleColon, Ident) => false,
        (Dot, _) | (_, Dot) => false,
        (_, Comma | Ellipsis) => false,
        (Comma, _) => true,
        _ if in_template => false,
        (Ident, _) if left.text == "in" && before == Some(Ident) => true,
        (Ident | Number, OpenBracket) => false,
        (_, OpenBracket) if bracket_change(subject) < 0 => false,
        (Kind::Bang, _) => false,
        (Kind::Minus, _) => !begins_operand(before),
        (OpenBrace, CloseBrace) => false,
        (OpenBrace, _) | (_, CloseBrace) => true,
        (Interpolation | Directive, OpenBrace) => true,
        (CloseBrace, SequenceEnd) => true,
        (SequenceEnd, Interpolation | Directive) => false,
        _ => bracket_change(subject) <= 0 && bracket_change(after) >= 0,
    }
}

/// Says whether what stands before a minus sign makes it a sign of what follows.
fn begins_operand(before: Option<Kind>) -> bool {
    matches!(
        before,
        None | Some(
            Kind::OpenParen
                | Kind::OpenBrace
                | Kind::OpenBracket
                | Kind::Equal
                | Kind::Colon
                | Kind::Comma
                | Kind::Question
                | Kind::Plus
                | Kind::Star
                | Kind::Slash
                | Kind::Percent
                | Kind::Minus
                | Kind::EqualEqual
                | Kind::NotEqual
                | Kind::Greater
                | Kind::GreaterEqual
                | Kind::Less
                | Kind::LessEqual
                | Kind::And
                | Kind::Or
                | Kind::Bang
        )
    )
}

/// Gives the width of a cell in characters as people count them.
fn width(cell: &[Word]) -> usize {
    cell.iter().map(|word| word.spaces + word.text.graphemes(true).count()).sum()
}

/// Puts equals signs, and then comments, of neighbouring lines under each other.
fn columns(lines: &mut [Line]) {
    align(
        lines,
        |line| (!line.assign.is_empty()).then(|| width(&line.lead)),
        |line, spaces| {
            if let Some(first) = line.assign.first_mut() {
                first.spaces = spaces;
            }
        },
    );
    align(
        lines,
        |line| (!line.comment.is_empty()).then(|| width(&line.lead) + width(&line.assign)),
        |line, spaces| {
            if let Some(first) = line.comment.first_mut() {
                first.spaces = spaces;
            }
        },
    );
}

/// Aligns what follows a measured width in each run of lines that have one.
fn align(
    lines: &mut [Line],
    measure: impl Fn(&Line) -> Option<usize>,
    set: impl Fn(&mut Line, usize),
) {
    let widths: Vec<Option<usize>> = lines.iter().map(measure).collect();
    let mut start = 0;
    while start < lines.len() {
        let run = widths[start..].iter().take_while(|width| width.is_some()).count();
        let most = widths[start..start + run].iter().flatten().max().copied().unwrap_or(0);
        for place in start..start + run {
            set(&mut lines[place], most - widths[place].unwrap_or(most) + 1);
        }
        start += run + 1;
    }
}
