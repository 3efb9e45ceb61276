//! Tokens of the native syntax, each with its place: for `parse` and `format`.
//!
//! Every byte of the text but spaces is in a token; nothing is refused here.

use crate::diag::BAD_BYTE;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    OpenQuote,
    CloseQuote,
    OpenHeredoc,
    CloseHeredoc,
    Star,
    Slash,
    Plus,
    Minus,
    Percent,
    Equal,
    EqualEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Bang,
    Dot,
    Comma,
    Ellipsis,
    DoubleColon,
    FatArrow,
    Question,
    Colon,
    /// `${`, `${~`
    Interpolation,
    /// `%{`, `%{~`
    Directive,
    /// The brace that closes either.
    SequenceEnd,
    /// Text in quotes.
    QuotedText,
    /// A line break in quotes, where there may be none.
    QuotedNewline,
    /// Text of a heredoc or bare template.
    Text,
    Number,
    Ident,
    /// A comment; one that runs to the end of its line has the line's end in it.
    Comment,
    Newline,
    BitwiseAnd,
    BitwiseOr,
    BitwiseNot,
    BitwiseXor,
    Apostrophe,
    Backtick,
    Semicolon,
    Invalid,
    /// A byte that is not UTF-8.
    BadText,
    End,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What the scanner is inside of.
enum Mode<'a> {
    /// `${` or `%{`, with the number of braces open in it.
    Sequence(usize),
    Quoted,
    /// A heredoc with its marker.
    Heredoc(&'a str),
    /// A template without quotes.
    Bare,
}

/// Cuts a file, or an expression, into tokens.
pub(super) fn scan(text: &str) -> Vec<Token> {
    Scanner { text, at: 0, modes: Vec::new(), tokens: Vec::new() }.run()
}

/// Cuts a bare template into tokens.
pub(super) fn scan_template(text: &str) -> Vec<Token> {
    Scanner { text, at: 0, modes: vec![Mode::Bare], tokens: Vec::new() }.run()
}

/// Says whether a name can begin with a character.
pub(super) fn starts_name(c: char) -> bool {
    c == '_' || unicode_ident_start(c)
}

/// Says whether a name can go on with a character.
pub(super) fn continues_name(c: char) -> bool {
    c == '-' || c == '_' || c.is_alphanumeric() || is_combining(c)
}

fn unicode_ident_start(c: char) -> bool {
    c.is_alphabetic()
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{203f}' | '\u{2040}')
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode<'a>>,
    tokens: Vec<Token>,
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Vec<Token> {
        while self.at < self.text.len() {
            match self.modes.last() {
                None | Some(Mode::Sequence(_)) => self.normal(),
                Some(Mode::Quoted) => self.quoted(),
                Some(Mode::Heredoc(marker)) => {
                    let marker = *marker;
                    self.heredoc(marker);
                }
                Some(Mode::Bare) => self.bare(),
            }
        }
        self.push(Kind::End, 0);
        self.tokens
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, start: self.at, end: self.at + length });
        self.at += length;
    }

    /// Takes `${` or `%{` where one begins here.
    fn sequence(&mut self) -> bool {
        let rest = self.rest();
        let kind = match rest.get(..2) {
            Some("${") => Kind::Interpolation,
            Some("%{") => Kind::Directive,
            _ => return false,
        };
        let length = if rest[2..].starts_with('~') { 3 } else { 2 };
        self.push(kind, length);
        self.modes.push(Mode::Sequence(0));
        true
    }

    fn normal(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        match first {
            ' ' | '\t' => self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len(),
            '\n' => self.push(Kind::Newline, 1),
            '\r' if rest.starts_with("\r\n") => self.push(Kind::Newline, 2),
            '#' => self.comment(),
            '/' if rest.starts_with("//") => self.comment(),
            '/' if rest.starts_with("/*") => match rest[2..].find("*/") {
                Some(end) => self.push(Kind::Comment, end + 4),
                None => self.push(Kind::Slash, 1),
            },
            '"' => {
                self.push(Kind::OpenQuote, 1);
                self.modes.push(Mode::Quoted);
            }
            '{' => {
                if let Some(Mode::Sequence(braces)) = self.modes.last_mut() {
                    *braces += 1;
                }
                self.push(Kind::OpenBrace, 1);
            }
            '}' => match self.modes.last_mut() {
                Some(Mode::Sequence(0)) => self.end_sequence(1),
                Some(Mode::Sequence(braces)) => {
                    *braces -= 1;
                    self.push(Kind::CloseBrace, 1);
                }
                _ => self.push(Kind::CloseBrace, 1),
            },
            '~' if rest.starts_with("~}")
                && matches!(self.modes.last(), Some(Mode::Sequence(0))) =>
            {
                self.end_sequence(2);
            }
            '~' if rest.starts_with("~}") => {
                // It closes a brace all the same, for what is counted.
                if let Some(Mode::Sequence(braces)) = self.modes.last_mut() {
                    *braces -= 1;
                }
                self.push(Kind::SequenceEnd, 2);
            }
            '<' if heredoc_start(rest).is_some() => self.open_heredoc(),
            '0'..='9' => self.push(Kind::Number, number_length(rest)),
            c if starts_name(c) => {
                let length = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
                self.push(Kind::Ident, length);
            }
            c => self.symbol(c),
        }
    }

    fn end_sequence(&mut self, length: usize) {
        self.push(Kind::SequenceEnd, length);
        self.modes.pop();
    }

    fn comment(&mut self) {
        let length = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
        self.push(Kind::Comment, length);
    }

    fn symbol(&mut self, first: char) {
        const LONG: &[(&str, Kind)] = &[
            ("...", Kind::Ellipsis),
            ("==", Kind::EqualEqual),
            ("!=", Kind::NotEqual),
            ("<=", Kind::LessEqual),
            (">=", Kind::GreaterEqual),
            ("&&", Kind::And),
            ("||", Kind::Or),
            ("=>", Kind::FatArrow),
            ("::", Kind::DoubleColon),
        ];
        let rest = self.rest();
        if let Some((sign, kind)) = LONG.iter().find(|(sign, _)| rest.starts_with(sign)) {
            self.push(*kind, sign.len());
            return;
        }
        let kind = match first {
            '[' => Kind::OpenBracket,
            ']' => Kind::CloseBracket,
            '(' => Kind::OpenParen,
            ')' => Kind::CloseParen,
            '*' => Kind::Star,
            '/' => Kind::Slash,
            '+' => Kind::Plus,
            '-' => Kind::Minus,
            '%' => Kind::Percent,
            '=' => Kind::Equal,
            '<' => Kind::Less,
            '>' => Kind::Greater,
            '!' => Kind::Bang,
            '.' => Kind::Dot,
            ',' => Kind::Comma,
            '?' => Kind::Question,
            ':' => Kind::Colon,
            '&' => Kind::BitwiseAnd,
            '|' => Kind::BitwiseOr,
            '~' => Kind::BitwiseNot,
            '^' => Kind::BitwiseXor,
            '\'' => Kind::Apostrophe,
            '`' => Kind::Backtick,
            ';' => Kind::Semicolon,
            BAD_BYTE => Kind::BadText,
            _ => Kind::Invalid,
        };
        self.push(kind, first.len_utf8());
    }

    fn quoted(&mut self) {
        let rest = self.rest();
        if rest.starts_with('"') {
            self.push(Kind::CloseQuote, 1);
            self.modes.pop();
        } else if rest.starts_with(['\n', '\r']) {
            let breaks = rest.find(|c| c != '\n' && c != '\r').unwrap_or(rest.len());
            self.push(Kind::QuotedNewline, breaks);
        } else if rest.starts_with(BAD_BYTE) {
            self.push(Kind::BadText, 1);
        } else if ends_open(rest) {
            self.push(Kind::Invalid, 1);
        } else if !self.sequence() {
            let length = text_length(rest, true);
            self.push(Kind::QuotedText, length);
        }
    }

    fn open_heredoc(&mut self) {
        let rest = self.rest();
        if let Some((length, marker)) = heredoc_start(rest) {
            self.push(Kind::OpenHeredoc, length);
            self.modes.push(Mode::Heredoc(marker));
        }
    }

    fn heredoc(&mut self, marker: &str) {
        let rest = self.rest();
        let line_start = self.at == 0 || self.text[..self.at].ends_with('\n');
        let line_end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = &rest[..line_end];
        if line_start && line.ends_with('\n') && line.trim() == marker {
            let length = line.trim_end_matches('\n').trim_end_matches('\r').len();
            self.push(Kind::CloseHeredoc, length);
            self.modes.pop();
        } else if rest.starts_with(BAD_BYTE) {
            self.push(Kind::BadText, 1);
        } else if is_lone_return(rest) {
            // Terraform reads no further.
            self.push(Kind::Invalid, rest.len());
        } else if !self.sequence() {
            let length = text_length(line, false);
            self.push(Kind::Text, length);
        }
    }

    fn bare(&mut self) {
        if !self.sequence() {
            let length = text_length(self.rest(), false);
            self.push(Kind::Text, length);
        }
    }
}

/// Gives the length of the text up to what ends it; at least one character.
fn text_length(rest: &str, quoted: bool) -> usize {
    let mut at = 0;
    while let Some(c) = rest[at..].chars().next() {
        let here = &rest[at..];
        if here.starts_with("$${") || here.starts_with("%%{") {
            at += 3;
            continue;
        }
        let ends = here.starts_with("${")
            || here.starts_with("%{")
            || c == BAD_BYTE
            || if quoted {
                matches!(c, '"' | '\n' | '\r') || ends_open(here)
            } else {
                is_lone_return(here)
            };
        if ends && at > 0 {
            break;
        }
        at += c.len_utf8();
        if quoted && c == '\\' {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    at
}

/// Says whether a quoted text breaks off in a sign that wants another after it.
fn ends_open(rest: &str) -> bool {
    let mut letters = rest.chars();
    match (letters.next(), letters.next()) {
        (Some('\\'), next) => matches!(next, None | Some('\n' | '\r' | BAD_BYTE)),
        (Some('$' | '%'), next) => next.is_none(),
        _ => false,
    }
}

/// Says whether a text begins with a carriage return that ends no line.
fn is_lone_return(rest: &str) -> bool {
    rest.starts_with('\r') && !rest.starts_with("\r\n")
}

/// Gives the length of a heredoc's opening with its line end, and its marker.
pub(super) fn heredoc_start(rest: &str) -> Option<(usize, &str)> {
    let inner = rest.strip_prefix("<<")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let length = inner.find(|c| !continues_name(c)).unwrap_or(inner.len());
    let (marker, after) = inner.split_at(length);
    if !marker.starts_with(starts_name) {
        return None;
    }
    let after = after.strip_prefix('\r').unwrap_or(after);
    let after = after.strip_prefix('\n')?;
    Some((rest.len() - after.len(), marker))
}

/// Gives the length of a number. Several dots or exponents are one token, so that a mistyped number is told as such.
pub(super) fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut end = 0;
    loop {
        match bytes.get(end) {
            Some(b'0'..=b'9' | b'.') => end += 1,
            Some(b'e' | b'E') => {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                if !bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                    break;
                }
                end += sign + 2;
            }
            _ => break,
        }
    }
    rest[..end].trim_end_matches('.').len()
}
