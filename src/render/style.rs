//! How text looks: colours, only when asked, and the width to wrap at.

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::report::Grouping;
use crate::diag::BAD_BYTE;

/// How text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub color: bool,
    /// The columns to wrap sentences at.
    pub width: usize,
    /// Whether problems stand in boxes.
    pub boxed: bool,
    /// Whether only what is new is told: headings, causes and changed attributes.
    pub concise: bool,
    /// How changes are grouped.
    pub group: Option<Grouping>,
}

impl Default for Style {
    fn default() -> Style {
        Style { color: false, width: 78, boxed: true, concise: false, group: None }
    }
}

/// What a piece of text is, for its colour. Colour never carries meaning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Create,
    Delete,
    Update,
    Read,
    Dim,
    Bold,
    BoldRed,
    BoldYellow,
    BoldGreen,
    Under,
}

impl Style {
    /// Paints a text.
    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_string();
        }
        let ansi = match ink {
            Ink::Create => AnsiColor::Green.on_default(),
            Ink::Delete => AnsiColor::Red.on_default(),
            Ink::Update => AnsiColor::Yellow.on_default(),
            Ink::Read => AnsiColor::Cyan.on_default(),
            Ink::Dim => AnsiColor::BrightBlack.on_default(),
            Ink::Bold => Ansi::new().bold(),
            Ink::BoldRed => AnsiColor::Red.on_default().bold(),
            Ink::BoldYellow => AnsiColor::Yellow.on_default().bold(),
            Ink::BoldGreen => AnsiColor::Green.on_default().bold(),
            Ink::Under => Ansi::new().effects(Effects::UNDERLINE),
        };
        format!("{ansi}{text}{ansi:#}")
    }

    /// Gives a line across the width.
    pub(super) fn rule(self) -> String {
        let mut line = "─".repeat(self.width.clamp(20, 78));
        line.push('\n');
        self.paint(Ink::Dim, line.trim_end()) + "\n"
    }

    /// Wraps sentences of whoever prints besides.
    pub fn sentences(self, text: &str) -> String {
        self.wrap(text)
    }

    /// Wraps sentences at the width; lines that begin with a space stay as they are.
    pub(super) fn wrap(self, text: &str) -> String {
        wrap(text, self.width)
    }
}

/// Wraps paragraphs at a width. Lines that begin with a space are not touched: they are laid out.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with(' ') || line.chars().count() <= width {
            out.push_str(line);
        } else {
            wrap_line(&mut out, line, width);
        }
        out.push('\n');
    }
    if !text.ends_with('\n') {
        out.pop();
    }
    out
}

/// Wraps a line as Terraform does: a word that does not fit goes to the next line with the blanks before it
/// left out, and one that is as long as a line stays where it is.
fn wrap_line(out: &mut String, line: &str, width: usize) {
    let (mut column, mut word, mut blanks) = (0, String::new(), String::new());
    let (mut word_length, mut blanks_length) = (0, 0);
    for character in line.chars() {
        if character.is_whitespace() && character != '\u{a0}' {
            if blanks.is_empty() || !word.is_empty() {
                column += blanks_length + word_length;
                out.push_str(&std::mem::take(&mut blanks));
                out.push_str(&std::mem::take(&mut word));
                (word_length, blanks_length) = (0, 0);
            }
            blanks.push(character);
            blanks_length += 1;
        } else {
            word.push(character);
            word_length += 1;
            if column + word_length + blanks_length > width && word_length < width {
                out.push('\n');
                column = 0;
                blanks.clear();
                blanks_length = 0;
            }
        }
    }
    if !word.is_empty() || column + blanks_length <= width {
        out.push_str(&blanks);
        out.push_str(&word);
    }
}

/// Makes characters that steer a terminal visible: what comes from files or services must not move the cursor,
/// change colours or turn the direction of text. Line ends and tabs stay.
pub(super) fn visible(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        BAD_BYTE => char::REPLACEMENT_CHARACTER,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(' '),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' => char::REPLACEMENT_CHARACTER,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        _ => character,
    };
    text.chars().map(shown).collect()
}

/// Gives a number with its noun: `1 attribute`, `3 attributes`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_wrapped_and_laid_out_lines_are_not() {
        let text = "one two three\n  one two three four\n\nfive";

        assert_eq!(wrap(text, 8), "one two\nthree\n  one two three four\n\nfive");
    }

    #[test]
    fn colours_are_used_only_when_asked() {
        let plain = Style::default();
        let colored = Style { color: true, ..plain };

        assert_eq!(plain.paint(Ink::Create, "+"), "+");
        assert_eq!(colored.paint(Ink::Create, "+"), "\u{1b}[32m+\u{1b}[0m");
    }
}
