//! Foreign text inside of Markdown: it stays text, whatever it says.

use crate::render::style::visible;

/// Between two characters that would be read as one thing together.
const NOTHING: char = '\u{200b}';

/// Writes a text so that nothing in it is Markdown, HTML, a mention or a reference; in one line.
pub(in crate::render) fn text(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() + 16);
    each(&text, |before, character, next| {
        escaped(&mut out, before, character, next);
        // The names of people, numbers of issues and addresses are looked for in the text as it is read.
        let joins = match character {
            '@' => next.is_some_and(char::is_alphanumeric),
            '#' => next.is_some_and(|next| next.is_ascii_digit()),
            '-' if matches!(before, Some('h' | 'H')) => next.is_some_and(|of| of.is_ascii_digit()),
            ':' => next == Some('/'),
            'w' | 'W' => matches!(next, Some('w' | 'W')),
            _ => false,
        };
        if joins {
            out.push(NOTHING);
        }
    });
    out
}

/// Writes a text as code, in one line.
pub(in crate::render) fn code(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::from("<code>");
    each(&text, |before, character, next| escaped(&mut out, before, character, next));
    out + "</code>"
}

fn each(text: &str, mut with: impl FnMut(Option<char>, char, Option<char>)) {
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        with(before, character, characters.peek().copied());
        before = Some(character);
    }
}

fn one_line(text: &str) -> String {
    let text = visible(text.trim());
    text.replace(['\n', '\t', '\u{2028}', '\u{2029}'], " ")
}

fn escaped(out: &mut String, before: Option<char>, character: char, next: Option<char>) {
    let in_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        // Inside of a word it is none of Markdown's.
        '_' if in_word(before) && in_word(next) => out.push('_'),
        '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' => out.extend(['\\', character]),
        other => out.push(other),
    }
}

/// Gives a fence that no line of a text ends.
pub(in crate::render) fn fence(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat((longest + 1).max(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_text() {
        assert_eq!(text("<b>|`@you #12"), "&lt;b&gt;\\|\\`@\u{200b}you \\#\u{200b}12");
        assert_eq!(text("a\n\n# b\u{1b}"), "a  \\# b␛");
        assert_eq!(text("https://x"), "https:\u{200b}//x");
        assert_eq!(code("a[\"*\"]"), "<code>a\\[\"\\*\"\\]</code>");
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(fence("a ```` b"), "`````");
        assert_eq!(fence("a"), "```");
    }
}
