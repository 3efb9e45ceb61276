//! The piece of text that a problem speaks of: what both the box and the JSON of it show.
//!
//! Follows Terraform to the letter: which lines belong to it, what an empty place covers, where the
//! highlight is cut.

use crate::diag::{Diagnostic, Place, Sources, Span};

/// A piece of text with its highlight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    /// Where the main place begins and ends; an empty place covers one character.
    pub(super) start: Place,
    pub(super) end: Place,
    /// The number of the first line.
    pub(super) first_line: usize,
    /// The lines; those without a character are left out.
    pub(super) code: String,
    /// The highlighted characters of `code`.
    pub(super) highlight: std::ops::Range<usize>,
    /// The highlighted bytes: a problem may be with a part of a character.
    pub(super) bytes: std::ops::Range<usize>,
}

/// Gives the places of a span as messages have them: an empty one covers one character.
pub(super) fn places(span: Span, sources: &Sources) -> (Place, Place) {
    let start = sources.start(span);
    let mut end = sources.end(span);
    if span.end <= span.start {
        end = Place { column: start.column + 1, byte: start.byte + 1, ..start };
    }
    (start, end)
}

/// Gives the piece of text that a problem speaks of.
pub(super) fn snippet(problem: &Diagnostic, sources: &Sources) -> Option<Snippet> {
    let main = problem.span().filter(|main| sources.is_seen(main.file))?;
    let (start, end) = places(main, sources);
    let around = problem.around.filter(|around| around.file == main.file).unwrap_or(main);
    let shown_from = (around.start as usize).min(start.byte);
    let shown_to = (around.end as usize).max(end.byte);
    let first_line = sources.start(Span { start: main.start.min(around.start), ..main }).line;
    let (mut code, mut code_start) = (String::new(), None);
    let mut at = sources.line_start(main.file, shown_from);
    let text = sources.text(main.file).get(at..).unwrap_or("");
    for line in text.split_inclusive('\n') {
        if at > shown_to {
            break;
        }
        let text = line.trim_end_matches('\n');
        let text = text.strip_suffix('\r').unwrap_or(text);
        let (from, to) = (at, at + text.len());
        at += line.len();
        let touches = |range: (usize, usize), place: usize| range.0 <= place && place < range.1;
        let (own, shown) = ((from, to), (shown_from, shown_to));
        if from == to
            || !(touches(own, shown_from)
                || touches(own, shown_to)
                || touches(shown, from)
                || touches(shown, to))
        {
            continue;
        }
        code_start.get_or_insert(from);
        code.push_str(text);
        code.push('\n');
    }
    code.pop();
    let begin = start.byte.saturating_sub(code_start.unwrap_or(0));
    let cut = |at: usize| {
        let mut at = at.min(code.len());
        while !code.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let last = begin + (end.byte - start.byte);
    let highlight = cut(begin)..cut(last);
    let bytes = begin.min(code.len())..last.min(code.len());
    Some(Snippet { start, end, first_line, highlight, bytes, code })
}
