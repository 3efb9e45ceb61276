//! A painted text as lines with their symbol in front, as documents want it that colour whole lines.
//!
//! The paint tells which symbols are the program's: what looks like one inside of a text is left where it is.

use super::style::visible;

/// A line with what becomes of it: `+`, `-`, `!` (changed) or a blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) symbol: char,
    pub(super) text: String,
}

/// Takes a painted text apart.
pub(super) fn lines(painted: &str) -> Vec<Line> {
    painted.lines().map(line).collect()
}

fn line(painted: &str) -> Line {
    let text = visible(&plain(painted));
    let rest = painted.trim_start_matches(' ');
    let shown = text.trim_start_matches(' ');
    let (symbol, length) = match rest.starts_with('\u{1b}') {
        true if shown.starts_with("-/+ ") || shown.starts_with("+/- ") => ('!', 3),
        true if shown.starts_with("+ ") => ('+', 1),
        true if shown.starts_with("- ") => ('-', 1),
        true if shown.starts_with("~ ") => ('!', 1),
        _ => (' ', 0),
    };
    if length == 0 {
        // The column before the first symbol is free.
        return Line { symbol, text: text.strip_prefix(' ').unwrap_or(&text).to_string() };
    }
    let before = text.len() - shown.len();
    let room = " ".repeat((before + length).saturating_sub(1));
    Line { symbol, text: room + &shown[length..] }
}

/// Takes the paint off.
pub(super) fn plain(painted: &str) -> String {
    let mut text = String::with_capacity(painted.len());
    let mut rest = painted;
    while let Some(at) = rest.find("\u{1b}[") {
        text.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(after.len());
        match after[end..].strip_prefix('m') {
            Some(left) => rest = left,
            None => {
                text.push_str("\u{1b}[");
                rest = after;
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_painted_symbols_come_to_the_front() {
        let painted = "  \u{1b}[32m+\u{1b}[0m a = 1\n    + b\n\u{1b}[31m-\u{1b}[0m/\u{1b}[32m+\u{1b}[0m c\n    \u{1b}[0;1Hx";

        let told: Vec<String> =
            lines(painted).iter().map(|line| format!("{}{}", line.symbol, line.text)).collect();

        assert_eq!(told, ["+   a = 1", "    + b", "!   c", "    ␛[0;1Hx"]);
    }
}
