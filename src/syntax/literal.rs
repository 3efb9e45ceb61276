//! The text of literals: escapes decoded from the source.

use std::ops::Range;

use crate::diag::{Diagnostic, Span};

use super::lower::Lowering;
use super::parse::Parser;

/// Where a literal stands, which decides what in it is special.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Between quotes: backslash escapes, `$${`, `%%{`, one line.
    Quoted,
    /// A heredoc or a bare template: `$${` and `%%{` only.
    Bare,
    /// A block's label: backslash escapes only.
    Label,
}

/// Says that a string was not closed on its line.
pub(super) fn multi_line_string() -> Diagnostic {
    Diagnostic::error(
        "Invalid multi-line string",
        "Quoted strings may not be split over multiple lines. To produce a multi-line string, either use \
         the \\n escape to represent a newline character or use the \"heredoc\" multi-line template syntax.",
    )
}

impl Lowering<'_> {
    /// Gives the text of a literal from its source, at `start..end` of the parsed text.
    pub(super) fn literal(&mut self, start: usize, end: usize, quoting: Quoting) -> String {
        let (text, problems) = read(self.text, start..end, quoting, |from, to| self.span(from, to));
        self.problems.extend(problems);
        text
    }
}

impl Parser<'_> {
    /// Gives the text of a literal from its source, at `start..end` of the parsed text.
    pub(super) fn literal(&mut self, start: usize, end: usize, quoting: Quoting) -> String {
        let (text, problems) = read(self.text, start..end, quoting, |from, to| self.span(from, to));
        self.problems.extend(problems);
        text
    }
}

fn read(
    whole: &str,
    range: Range<usize>,
    quoting: Quoting,
    span: impl Fn(usize, usize) -> Span,
) -> (String, Vec<Diagnostic>) {
    let start = range.start;
    let (text, faults) = decode(whole.get(range).unwrap_or(""), quoting);
    let faults = faults.into_iter();
    let placed = faults.map(|(from, to, problem)| problem.at(span(start + from, start + to), ""));
    (text, placed.collect())
}

/// Problems with their places in the literal.
type Faults = Vec<(usize, usize, Diagnostic)>;

fn decode(raw: &str, quoting: Quoting) -> (String, Faults) {
    let mut out = String::with_capacity(raw.len());
    let mut faults = Faults::new();
    let mut at = 0;
    while let Some(character) = raw[at..].chars().next() {
        let rest = &raw[at..];
        if quoting != Quoting::Label && (rest.starts_with("$${") || rest.starts_with("%%{")) {
            out.push_str(&rest[1..3]);
            at += 3;
            continue;
        }
        if quoting != Quoting::Bare && character == '\\' {
            at += escape(rest, at, &mut out, &mut faults);
            continue;
        }
        if quoting != Quoting::Bare && character == '\n' {
            faults.push((at, at + 1, multi_line_string()));
        }
        if quoting == Quoting::Quoted && character == '"' {
            let detail = "A quotation mark inside a quoted template must be written as \\\".";
            faults.push((at, at + 1, Diagnostic::error("Unescaped quotation mark", detail)));
        }
        out.push(character);
        at += character.len_utf8();
    }
    (out, faults)
}

/// Decodes one escape and gives its length.
fn escape(rest: &str, at: usize, out: &mut String, faults: &mut Faults) -> usize {
    let selector = rest[1..].chars().next();
    let simple = match selector {
        Some('n') => Some('\n'),
        Some('r') => Some('\r'),
        Some('t') => Some('\t'),
        Some(same @ ('"' | '\\')) => Some(same),
        _ => None,
    };
    if let Some(character) = simple {
        out.push(character);
        return 2;
    }
    let digits = match selector {
        Some('u') => 4,
        Some('U') => 8,
        other => {
            let length = 1 + other.map_or(0, char::len_utf8);
            let shown = other.map(String::from).unwrap_or_default();
            let detail = format!("The symbol \"{shown}\" is not a valid escape sequence selector.");
            faults.push(bad_escape(at, length, detail));
            out.extend(other);
            return length;
        }
    };
    let hex: String = rest[2..].chars().take(digits).take_while(char::is_ascii_hexdigit).collect();
    let length = 2 + hex.len();
    let code = u32::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == digits);
    match code.map(|code| (code, char::from_u32(code))) {
        Some((_, Some(character))) => out.push(character),
        Some((code, None)) => {
            let detail = format!("Cannot encode character U+{code:04x} in UTF-8.");
            faults.push(bad_escape(at, length, detail));
        }
        None => {
            let (letter, count) = if digits == 4 { ('u', "four") } else { ('U', "eight") };
            let detail = format!(
                "The \\{letter} escape sequence must be followed by {count} hexadecimal digits."
            );
            faults.push(bad_escape(at, length, detail));
        }
    }
    length
}

fn bad_escape(at: usize, length: usize, detail: String) -> (usize, usize, Diagnostic) {
    (at, at + length, Diagnostic::error("Invalid escape sequence", detail))
}
