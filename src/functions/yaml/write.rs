//! Values as YAML text: every key and text quoted, texts of several lines as blocks.
//!
//! The blanks and ends of lines are those of the library that Terraform writes with, down to keys of
//! several lines: it always knows whether it stands after a blank and whether its line holds nothing
//! but signs and indentation.

use std::fmt::Write as _;

use crate::value::{Fields, Kind, Value};

/// Beyond this column a text is broken at its next space.
const WIDTH: usize = 80;
/// Longer keys stand on lines of their own.
const LONGEST_KEY: usize = 128;
const INDENT: usize = 2;

/// Writes a document.
pub(super) fn write(value: &Value) -> String {
    let mut writer = Writer { out: String::new(), column: 0, blank: true, fresh: true };
    writer.node(value, None);
    writer.line(0);
    if matches!(value.kind(), Kind::Null(_) | Kind::Bool(_) | Kind::Number(_)) {
        writer.out.push_str("...\n");
    }
    writer.out
}

struct Writer {
    out: String,
    column: usize,
    /// Whether a blank, or nothing, stands before.
    blank: bool,
    /// Whether on this line nothing but indentation and the signs of parts stand.
    fresh: bool,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// Writes the end of a line, or a character of a text that is one.
    fn put_break(&mut self, end: char) {
        self.out.push(end);
        self.column = 0;
    }

    /// Goes to an indentation: on a line of its own, unless the line at hand may yet be used.
    fn line(&mut self, indent: usize) {
        if !self.fresh || self.column > indent || (self.column == indent && !self.blank) {
            self.put_break('\n');
        }
        let missing = indent.saturating_sub(self.column);
        self.put(&" ".repeat(missing));
        (self.blank, self.fresh) = (true, true);
    }

    /// Writes the sign of a part, after which others may follow on the same line.
    fn sign(&mut self, sign: &str) {
        self.after_blank();
        self.put(sign);
        self.blank = false;
    }

    fn after_blank(&mut self) {
        if !self.blank {
            self.put(" ");
        }
    }

    /// Says that content stands on the line.
    fn content(&mut self) {
        (self.blank, self.fresh) = (false, false);
    }

    /// Writes a value; `outer` is the indentation of what it is a part of.
    fn node(&mut self, value: &Value, outer: Option<usize>) {
        let indent = outer.map_or(0, |outer| outer + INDENT);
        match value.kind() {
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts)
                if !parts.is_empty() =>
            {
                self.sequence(parts, indent);
            }
            Kind::Map(_, fields) | Kind::Object(fields) if !fields.is_empty() => {
                self.mapping(fields, indent);
            }
            Kind::Unknown(..) | Kind::Null(_) => self.plain("null"),
            Kind::Bool(truth) => self.plain(if *truth { "true" } else { "false" }),
            Kind::Number(number) => self.plain(&number.to_string()),
            // Under the document itself texts are indented as its parts would be.
            Kind::String(text) => self.text(text, indent.max(INDENT), false),
            Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => self.plain("[]"),
            Kind::Map(..) | Kind::Object(_) => self.plain("{}"),
        }
    }

    fn sequence(&mut self, parts: &[Value], indent: usize) {
        for part in parts {
            self.line(indent);
            self.sign("-");
            self.node(part, Some(indent));
        }
    }

    fn mapping(&mut self, fields: &Fields, indent: usize) {
        for (name, value) in fields.iter() {
            self.line(indent);
            let simple = name.len() <= LONGEST_KEY && !name.contains(is_break);
            if simple {
                self.text(name, indent + INDENT, true);
                self.put(":");
                self.content();
            } else {
                self.sign("?");
                self.text(name, indent + INDENT, false);
                self.line(indent);
                self.sign(":");
            }
            match value.elements() {
                // The parts of a sequence stand below its key, not to the right of it.
                Some(parts) if simple && !parts.is_empty() => self.sequence(parts, indent),
                _ => self.node(value, Some(indent)),
            }
        }
    }

    fn plain(&mut self, text: &str) {
        self.after_blank();
        self.put(text);
        self.content();
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) {
        self.after_blank();
        if !key && text.contains('\n') && can_be_block(text) {
            self.block(text, indent);
        } else {
            self.quoted(text, indent, !key);
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.put("2");
        }
        let mut ends = text.chars().rev().take_while(|last| is_break(*last));
        match (ends.next(), ends.next()) {
            (None, _) => self.put("-"),
            (Some(end), None) if text.len() > end.len_utf8() => {}
            _ => self.put("+"),
        }
        self.put_break('\n');
        (self.blank, self.fresh) = (true, true);
        let mut begins = true;
        for character in text.chars() {
            if is_break(character) {
                self.put_break(character);
                (self.fresh, begins) = (true, true);
                continue;
            }
            if begins {
                self.line(indent);
            }
            self.put(character.encode_utf8(&mut [0; 4]));
            (self.fresh, begins) = (false, false);
        }
    }

    fn quoted(&mut self, text: &str, indent: usize, breaks: bool) {
        self.put("\"");
        self.content();
        // After a mark of the byte order all is escaped.
        let marked = text.starts_with('\u{feff}');
        let mut after_space = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if character == ' ' && !marked {
                let middle = at > 0 && next.is_some();
                if breaks && !after_space && self.column > WIDTH && middle {
                    self.line(indent);
                    if next == Some(' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                after_space = true;
                continue;
            }
            after_space = false;
            match escaped(character) {
                Some(escape) => self.put(&escape),
                None if marked => self.put(&by_number(character)),
                None => self.put(character.encode_utf8(&mut [0; 4])),
            }
            self.content();
        }
        self.put("\"");
        self.content();
    }
}

fn printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

/// Says whether a character ends a line.
fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A block shows a text as it is, so it must hold nothing that needs an escape or gets lost.
fn can_be_block(text: &str) -> bool {
    let lost = text.split_inclusive(is_break).any(|line| {
        let line = line.strip_suffix(is_break).unwrap_or(line);
        line.ends_with(' ')
    });
    !lost && text.chars().all(|character| character == '\n' || printable(character))
}

fn escaped(character: char) -> Option<String> {
    let short = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        other if printable(other) => return None,
        other => return Some(by_number(other)),
    };
    Some(short.to_string())
}

fn by_number(character: char) -> String {
    let code = u32::from(character);
    let mut text = String::new();
    let _ = match code {
        0..=0xff => write!(text, "\\x{code:02X}"),
        0x100..=0xffff => write!(text, "\\u{code:04X}"),
        _ => write!(text, "\\U{code:08X}"),
    };
    text
}
