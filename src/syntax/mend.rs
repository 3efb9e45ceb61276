//! Going around what hcl-edit refuses and the language does not.
//!
//! The text that is parsed has other letters in places that the tree does not take from it; its places are those of
//! the file's text.

use super::doubt::is_for;
use super::scan::{Kind, scan};

/// Parses, going around what the parser refuses and the language does not: a key of an object that is
/// written twice, a number beyond a double, line ends and comments where they mean nothing. Some letters are exchanged
/// for others before parsing; names and numbers of the tree come from the source, so nobody sees them.
pub(super) fn parse_mended<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, hcl_edit::parser::Error>,
) -> Result<T, hcl_edit::parser::Error> {
    let mut mended: Option<String> = None;
    let mut tries = 0;
    loop {
        let error = match parse(mended.as_deref().unwrap_or(text)) {
            Ok(tree) => return Ok(tree),
            Err(error) => error,
        };
        tries += 1;
        if tries == 1 {
            mended = Some(exchange_tokens(text));
            continue;
        }
        let is_key = error.message().contains("unique object key");
        let current = mended.as_deref().unwrap_or(text);
        let Some(next) = (is_key && tries < 200)
            .then(|| exchange(current, error.location().offset(), tries))
            .flatten()
        else {
            return Err(error);
        };
        mended = Some(next);
    }
}

/// Exchanges the exponents of numbers that are beyond a double, and by blanks what stands between tokens and means
/// nothing there: comments, carriage returns, and line ends inside of brackets.
fn exchange_tokens(text: &str) -> String {
    let tokens = scan(text);
    let mut bytes = text.as_bytes().to_vec();
    // Whether line ends mean something, innermost last.
    let mut lines = vec![true];
    let mut last = Kind::Newline;
    for (place, token) in tokens.iter().enumerate() {
        let source = text.get(token.start..token.end).unwrap_or("");
        let counts = lines.last().copied().unwrap_or(true);
        let part = &mut bytes[token.start..token.end];
        match token.kind {
            Kind::Number if source.parse::<f64>().is_ok_and(f64::is_infinite) => {
                part.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'0');
            }
            // What ends a heredoc needs the end of its line.
            Kind::Newline if counts || last == Kind::CloseHeredoc => {
                part.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b' ');
            }
            Kind::Newline => part.fill(b' '),
            Kind::Comment => {
                let end = usize::from(counts && source.ends_with('\n'));
                let until = part.len() - end;
                part[..until].fill(b' ');
            }
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
        last = token.kind;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

/// Exchanges a letter of the key at a place.
fn exchange(text: &str, at: usize, turn: usize) -> Option<String> {
    let letters = b"qzjxkvwyQZJXKVWYbfghmnprtubcdlsaeio_BFGHMNPRTUBCDLSAEIO";
    let rest = text.get(at..)?;
    let end = rest.find(['=', ':', '\n']).unwrap_or(rest.len());
    let found = rest[..end].find(|c: char| c.is_ascii_alphabetic())?;
    let mut bytes = text.as_bytes().to_vec();
    bytes[at + found] = letters[turn % letters.len()];
    String::from_utf8(bytes).ok()
}
