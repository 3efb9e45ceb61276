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
    let after_dot = |part: &str| {
        let rest = part.trim_start_matches([' ', '\t', '\r']);
        rest.is_empty() || rest.starts_with('#') || rest.starts_with("//") || rest.starts_with("/*")
    };
    text.lines().any(|line| {
        line.contains('.')
            && !line.trim_start().starts_with('#')
            && line.split('.').skip(1).any(after_dot)
    })
}

/// Says whether a carriage return stands without its line end, as only comments may have it.
fn lone_returns(text: &str) -> bool {
    text.contains('\r') && text.replace("\r\n", "").contains('\r')
}

/// Says whether a line begins with what goes on with the line before, where that has ended.
fn goes_on(text: &str) -> bool {
    let signs =
        ['.', '*', '/', '+', '-', '%', '=', '<', '>', '&', '|', '?', ':', ',', '[', '(', '!'];
    let begins = |line: &str| line.trim_start_matches([' ', '\t']).starts_with(signs);
    if !text.lines().any(|line| begins(line) && !line.trim_start().starts_with("//")) {
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
