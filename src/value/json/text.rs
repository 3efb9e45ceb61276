//! JSON text with exact numbers, and Go's words for what is wrong with a text.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::{Kind, Number, Type, Value};

/// How deep a text may nest.
const DEPTH: usize = 1000;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(pub String);

/// Writes a value as compact JSON; unknown parts as null. Secrets are in clear.
pub fn to_json_text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value.kind() {
        Kind::Unknown(..) | Kind::Null(_) => text.push_str("null"),
        Kind::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Kind::Number(number) => {
            let _ = write!(text, "{number}");
        }
        Kind::String(content) => quote(content, text),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            text.push('[');
            for (place, part) in parts.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(part, text);
            }
            text.push(']');
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            text.push('{');
            for (place, (name, part)) in fields.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                quote(name, text);
                text.push(':');
                write(part, text);
            }
            text.push('}');
        }
    }
}

/// Writes a JSON string, with escapes that also make it safe in a web page.
pub fn quote(content: &str, text: &mut String) {
    text.push('"');
    for character in content.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Reads a value of the type that the text itself has: objects and tuples. Of equal names the last wins.
///
/// # Errors
/// What is wrong with the text, in the words that `jsondecode` uses.
pub fn from_json_text(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.space();
    // A closing bracket too many is not looked at: so Terraform has it.
    if !matches!(reader.peek(), None | Some(b']' | b'}')) {
        return Err(JsonError("extraneous data after JSON object".into()));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Says that what stands here is not what belongs here.
    fn wrong<T>(&self, wanted: &str) -> Result<T, JsonError> {
        let Some(found) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            let empty = self.text.trim().is_empty() || self.depth > 0;
            return Err(JsonError(if empty { "EOF" } else { "unexpected EOF" }.into()));
        };
        let shown = match found {
            '\'' => "'\\''".into(),
            '"' => "'\"'".into(),
            '\n' => "'\\n'".into(),
            '\t' => "'\\t'".into(),
            '\r' => "'\\r'".into(),
            other if other.is_ascii() => format!("'{other}'"),
            // The first byte alone is looked at.
            _ => format!("'{}'", char::from(self.text.as_bytes()[self.at])),
        };
        Err(JsonError(format!("invalid character {shown} {wanted}").trim_end().into()))
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Reader::object),
            Some(b'[') => self.nested(Reader::array),
            Some(b'"') => Ok(Value::string(self.string()?)),
            Some(b't') => self.word("true", Value::bool(true)),
            Some(b'f') => self.word("false", Value::bool(false)),
            Some(b'n') => self.word("null", Value::null(Type::Any)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.wrong("looking for beginning of value"),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value, JsonError>,
    ) -> Result<Value, JsonError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(JsonError("exceeded max depth".into()));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut fields = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::object(fields));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                // What could begin another value is shown alone.
                let value = self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric());
                return self.wrong(if value {
                    ""
                } else {
                    "looking for beginning of object key string"
                });
            }
            let name = Value::string(self.string()?);
            self.space();
            if self.peek() != Some(b':') {
                return self.wrong("after object key");
            }
            self.at += 1;
            let value = self.value()?;
            fields.push((Arc::<str>::from(name.as_str().unwrap_or_default()), value));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::object(fields));
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut parts = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::tuple(parts));
        }
        loop {
            parts.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::tuple(parts));
                }
                _ => return self.wrong("after array element"),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for (place, expected) in word.char_indices() {
            if self.peek() != u8::try_from(expected).ok() {
                if place == 0 {
                    return self.wrong("looking for beginning of value");
                }
                return self.wrong(&format!("in literal {word} (expecting '{expected}')"));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return self.wrong("in numeric literal");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.wrong("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.wrong("in exponent of numeric literal");
            }
        }
        let text = &self.text[start..self.at];
        Number::parse(text)
            .map(Value::number)
            .ok_or_else(|| JsonError(format!("invalid number {text}")))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut content = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(character) = rest.chars().next() else {
                return Err(JsonError("unexpected EOF".into()));
            };
            match character {
                '"' => {
                    self.at += 1;
                    return Ok(content);
                }
                '\\' => {
                    self.at += 1;
                    content.push(self.escape()?);
                }
                '\0'..='\u{1f}' => return self.wrong("in string literal"),
                other => {
                    self.at += other.len_utf8();
                    content.push(other);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.wrong("in string escape code"),
        };
        self.at += 1;
        Ok(character)
    }

    /// Reads the digits after `\u`, and the second half of a pair; a half alone becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.four_digits()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let before = self.at;
        if first < 0xdc00 && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.wrong("in \\u hexadecimal character escape");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}
