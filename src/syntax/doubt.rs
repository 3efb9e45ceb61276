//! Signs in a text that hcl-edit may read otherwise than the language has it.
//!
//! hcl-edit goes on over line ends in places where they end an argument, and takes a heredoc's end for text within a
//! directive. What is doubtful is read by our own parser, which is right in any case: a sign too many costs time only.

use crate::diag::BAD_BYTE;

use super::scan::{Kind, Token, heredoc_start, scan};

/// Says whether a text has such signs.
pub(super) fn is_doubtful(text: &str) -> bool {
    text.contains(BAD_BYTE) || dots_before_line_ends(text) || lone_returns(text) || goes_on(text)
}

/// Says whether a heredoc, from its opening to its marker, has a line before the last that looks like the marker.
pub(super) fn ends_early(heredoc: &str) -> bool {
    let Some((length, marker)) = heredoc_start(heredoc) else { return false };
    let mut lines = heredoc[length..].split('\n').rev().skip(1);
    lines.any(|line| line.trim() == marker)
}

/// Says whether a dot is the last before a line's end or a comment: it is taken for part of a reference everywhere.
fn dots_before_line_ends(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices('.').any(|(at, _)| {
        let rest = bytes[at + 1..].iter().skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        let mut rest = rest.copied();
        let ends = match rest.next() {
            None | Some(b'\n' | b'.' | b'#') => true,
            Some(b'/') => matches!(rest.next(), Some(b'/' | b'*')),
            Some(_) => false,
        };
        let before = &text[..at];
        let line = || &before[before.rfind('\n').map_or(0, |end| end + 1)..];
        ends && !line().trim_start().starts_with('#')
    })
}

/// Says whether a carriage return stands without its line end, as only comments may have it.
fn lone_returns(text: &str) -> bool {
    text.contains('\r') && text.replace("\r\n", "").contains('\r')
}

/// Says whether a line begins with what goes on with the line before, where that has ended.
fn goes_on(text: &str) -> bool {
    if !signs_at_line_starts(text.as_bytes()) {
        return false;
    }
    let tokens = scan(text);
    // Whether line ends mean something, innermost last.
    let mut lines = vec![true];
    let mut ended = false;
    for (place, token) in tokens.iter().enumerate() {
        let counts = lines.last().copied().unwrap_or(true);
        match token.kind {
            Kind::Newline => ended = counts,
            Kind::Comment => {
                let source = text.get(token.start..token.end).unwrap_or("");
                ended = counts && (ended || source.ends_with('\n'));
            }
            _ if ended && !may_begin(token.kind) => return true,
            _ => ended = false,
        }
        match token.kind {
            Kind::OpenBrace => lines.push(!is_for(text, &tokens[place + 1..])),
            Kind::OpenBracket | Kind::OpenParen | Kind::Interpolation | Kind::Directive => {
                lines.push(false);
            }
            Kind::CloseBrace | Kind::CloseBracket | Kind::CloseParen | Kind::SequenceEnd
                if lines.len() > 1 =>
            {
                lines.pop();
            }
            _ => {}
        }
    }
    false
}

/// Says whether a line begins with an operator, a closing sign's like or an opening bracket, and not with a comment.
fn signs_at_line_starts(text: &[u8]) -> bool {
    let mut starts = true;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' => starts = true,
            b' ' | b'\t' => {}
            _ if !starts => {}
            b'/' if text.get(at + 1) == Some(&b'/') => starts = false,
            b'.' | b'*' | b'/' | b'+' | b'-' | b'%' | b'=' | b'<' | b'>' | b'&' | b'|' | b'?'
            | b':' | b',' | b'[' | b'(' | b'!' => return true,
            _ => starts = false,
        }
    }
    false
}

/// Says whether an argument, a block, or the key of an entry may begin so.
fn may_begin(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Ident
            | Kind::Number
            | Kind::OpenQuote
            | Kind::OpenBrace
            | Kind::CloseBrace
            | Kind::OpenHeredoc
            | Kind::End
    )
}

/// Says whether what follows an opening brace is `for`.
pub(super) fn is_for(text: &str, tokens: &[Token]) -> bool {
    let blank = |kind: Kind| matches!(kind, Kind::Newline | Kind::Comment);
    let first = tokens.iter().find(|token| !blank(token.kind));
    first.is_some_and(|token| {
        token.kind == Kind::Ident && text.get(token.start..token.end) == Some("for")
    })
}
