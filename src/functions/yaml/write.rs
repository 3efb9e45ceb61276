//! Values as YAML text: every key and text quoted, texts of several lines as blocks.

use std::fmt::Write as _;

use crate::value::{Fields, Kind, Value};

/// Beyond this column a text is broken at its next space.
const WIDTH: usize = 80;
/// Longer keys stand on lines of their own.
const LONGEST_KEY: usize = 128;

/// Writes a document.
pub(super) fn write(value: &Value) -> String {
    let mut writer = Writer { out: String::new(), column: 0 };
    match value.kind() {
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) if !parts.is_empty() => {
            writer.sequence(parts, 0);
        }
        Kind::Map(_, fields) | Kind::Object(fields) if !fields.is_empty() => {
            writer.mapping(fields, 0);
        }
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => {
            writer.scalar(value, 2, true);
            writer.out.push_str("\n...\n");
        }
        _ => writer.scalar(value, 2, true),
    }
    if !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    writer.out
}

struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// Begins a line, unless one has just begun, and indents it.
    fn line(&mut self, indent: usize) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn sequence(&mut self, parts: &[Value], indent: usize) {
        for (place, part) in parts.iter().enumerate() {
            if place > 0 || self.column != indent {
                self.line(indent);
            }
            self.put("- ");
            self.inline(part, indent);
        }
    }

    /// Writes a part of a sequence: collections begin on the same line.
    fn inline(&mut self, value: &Value, indent: usize) {
        match value.kind() {
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts)
                if !parts.is_empty() =>
            {
                self.sequence(parts, indent + 2);
            }
            Kind::Map(_, fields) | Kind::Object(fields) if !fields.is_empty() => {
                self.mapping(fields, indent + 2);
            }
            _ => self.scalar(value, indent + 2, true),
        }
    }

    fn mapping(&mut self, fields: &Fields, indent: usize) {
        for (place, (name, value)) in fields.iter().enumerate() {
            if place > 0 || self.column != indent {
                self.line(indent);
            }
            let simple = name.len() <= LONGEST_KEY;
            if simple {
                self.quoted(name, indent + 2, false);
                self.put(":");
            } else {
                self.put("? ");
                self.quoted(name, indent + 2, true);
                self.line(indent);
                self.put(":");
            }
            match value.kind() {
                Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts)
                    if !parts.is_empty() =>
                {
                    self.line(indent);
                    self.sequence(parts, indent);
                }
                Kind::Map(_, fields) | Kind::Object(fields) if !fields.is_empty() => {
                    self.line(indent + 2);
                    self.mapping(fields, indent + 2);
                }
                _ => {
                    self.put(" ");
                    self.scalar(value, indent + 2, true);
                }
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize, breaks: bool) {
        match value.kind() {
            Kind::Unknown(..) | Kind::Null(_) => self.put("null"),
            Kind::Bool(truth) => self.put(if *truth { "true" } else { "false" }),
            Kind::Number(number) => {
                let text = number.to_string();
                self.put(&text);
            }
            Kind::String(text) if text.contains('\n') && can_be_block(text) => {
                self.block(text, indent)
            }
            Kind::String(text) => self.quoted(text, indent, breaks),
            Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => self.put("[]"),
            Kind::Map(..) | Kind::Object(_) => self.put("{}"),
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        if !text.ends_with('\n') {
            self.put("-");
        } else if text == "\n" || text.ends_with("\n\n") {
            self.put("+");
        }
        self.out.push('\n');
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        if !text.ends_with('\n') {
            // The line's end belongs to what follows.
            self.out.pop();
        }
        self.column = usize::MAX / 2;
    }

    fn quoted(&mut self, text: &str, indent: usize, breaks: bool) {
        self.put("\"");
        let mut after_space = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if character == ' ' {
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
                None => {
                    self.out.push(character);
                    self.column += 1;
                }
            }
        }
        self.put("\"");
    }
}

fn printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

/// A block shows a text as it is, so it must hold nothing that needs an escape or gets lost.
fn can_be_block(text: &str) -> bool {
    !text.ends_with(' ')
        && !text.contains(" \n")
        && text.chars().all(|character| character == '\n' || printable(character))
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
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        other if printable(other) => return None,
        other => {
            let code = u32::from(other);
            let mut text = String::new();
            let _ = match code {
                0..=0xff => write!(text, "\\x{code:02X}"),
                0x100..=0xffff => write!(text, "\\u{code:04X}"),
                _ => write!(text, "\\U{code:08X}"),
            };
            return Some(text);
        }
    };
    // A no-break space is printable, and written as it is.
    (character != '\u{a0}').then(|| short.to_string())
}
