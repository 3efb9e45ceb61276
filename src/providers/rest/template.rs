//! Texts with `{attribute}` placeholders: paths, ids, and the reading of ids.
//!
//! `{attribute/}` takes the text after the last slash: the attribute may be a name or a whole id. `{attribute?}` may be without
//! a value. In a path `{attribute%}` is one segment: its slashes are escaped. In the form of an id `{attribute*}` may have slashes.

use std::collections::BTreeMap;

use crate::value::{Type, Value};

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(String),
}

impl Template {
    /// Says whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Template {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}') else { break };
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_string()));
            }
            pieces.push(Piece::Hole(rest[open + 1..open + close].to_string()));
            rest = &rest[open + close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_string()));
        }
        Template(pieces)
    }

    /// Gives the names of the placeholders.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Hole(name) => Some(name.trim_end_matches(['/', '*', '?', '%'])),
        })
    }

    /// Fills the placeholders from a question; nothing where one has no answer.
    pub fn fill(&self, answer: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Hole(name) => text.push_str(&answer(name)?),
            }
        }
        Some(text)
    }

    /// Fills the placeholders from an object's attributes; nothing where one is null or unknown.
    pub fn from_value(&self, value: &Value) -> Option<String> {
        self.fill(|name| hole(value, name))
    }

    /// Fills a request's path: what comes from attributes is escaped, slashes excepted where the
    /// placeholder is a path itself (`bucket` is `b/NAME`).
    pub fn url(&self, value: &Value) -> Result<String, String> {
        let mut text = String::new();
        let mut query = false;
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => {
                    query |= piece.contains('?');
                    text.push_str(piece);
                }
                Piece::Hole(name) => {
                    let segment = name.strip_suffix('%');
                    let filled = hole(value, segment.unwrap_or(name))
                        .ok_or_else(|| name.trim_end_matches(['/', '%']).to_string())?;
                    text.push_str(&escape(&filled, query || segment.is_some()));
                }
            }
        }
        Ok(text)
    }

    /// Gives the value: known, or unknown where a placeholder's attribute is.
    pub fn value(&self, from: &Value) -> Value {
        let unknown =
            self.holes().any(|name| from.field(name).is_none_or(|value| !value.is_known()));
        if unknown {
            return Value::unknown_not_null(Type::String);
        }
        self.from_value(from).map_or(Value::null(Type::String), Value::string)
    }

    /// Takes an id apart: each placeholder takes up to the text after it; the last one may have slashes.
    pub fn take_apart(&self, id: &str) -> Option<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        let mut rest = id;
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Hole(name) => {
                    let long = name.ends_with('*');
                    let end = match pieces.peek() {
                        Some(Piece::Text(text)) if long => rest.rfind(text.as_str())?,
                        Some(Piece::Text(text)) => rest.find(text.as_str())?,
                        Some(Piece::Hole(_)) => return None,
                        None => rest.len(),
                    };
                    let taken = &rest[..end];
                    let spaces = self.0.iter().any(|piece| *piece == Piece::Text(" ".into()));
                    if taken.is_empty() || (!spaces && !long && taken.contains('/')) {
                        return None;
                    }
                    found.insert(name.trim_end_matches(['/', '*']).to_string(), taken.to_string());
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(found)
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.write_str(text)?,
                Piece::Hole(name) => write!(out, "{{{}}}", name.trim_end_matches('*'))?,
            }
        }
        Ok(())
    }
}

fn hole(value: &Value, name: &str) -> Option<String> {
    if let Some(name) = name.strip_suffix('?') {
        return Some(text_at(value, name).unwrap_or_default());
    }
    let name = name.trim_end_matches('*');
    match name.strip_suffix('/') {
        Some(name) => {
            text_at(value, name).map(|text| text.rsplit('/').next().unwrap_or(&text).to_string())
        }
        None => text_at(value, name),
    }
}

/// Gives an attribute's text; of a bool or number its plain form.
///
/// `block.name` is that of the only block of the name.
pub fn text_at(value: &Value, name: &str) -> Option<String> {
    if let Some((block, name)) = name.split_once('.') {
        return text_at(first_block(value, block)?, name);
    }
    let value = value.field(name)?;
    match (value.as_str(), value.as_bool(), value.as_number()) {
        (Some(""), _, _) => None,
        (Some(text), _, _) => Some(text.to_string()),
        (_, Some(truth), _) => Some(truth.to_string()),
        (_, _, Some(number)) => Some(number.to_string()),
        _ => None,
    }
}

/// Gives an attribute's text as [`text_at`] does, empty where there is none.
pub fn text(value: &Value, name: &str) -> String {
    text_at(value, name).unwrap_or_default()
}

/// Gives an attribute's texts, where it is a list or a set of them.
pub fn texts(value: &Value, name: &str) -> Vec<String> {
    let texts = value.field(name).and_then(Value::elements).unwrap_or_default();
    texts.iter().filter_map(Value::as_str).map(str::to_string).collect()
}

/// Gives the first block of a name.
pub fn first_block<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.field(name).and_then(Value::elements).and_then(<[Value]>::first)
}

/// Puts a block in the place of the only one of its name.
pub fn with_first_block(value: &Value, name: &str, block: Value) -> Value {
    value.with_field(name, Value::list(block.ty(), vec![block]))
}

/// Escapes a text for a path (slashes and colons stay) or a query.
pub fn escape(text: &str, query: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (!query && b"/:@".contains(&byte)) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_apart_by_the_first_form_that_fits() {
        let long = Template::parse("projects/{project}/serviceAccounts/{email}");
        let short = Template::parse("{email}");

        assert!(long.take_apart("a@b").is_none());
        assert_eq!(short.take_apart("a@b").map(|found| found["email"].clone()), Some("a@b".into()));
        let found = long.take_apart("projects/p/serviceAccounts/a@b").unwrap();
        assert_eq!((found["project"].as_str(), found["email"].as_str()), ("p", "a@b"));
    }

    #[test]
    fn what_is_one_segment_has_no_slashes() {
        let path = Template::parse("b/{bucket}/o/{name%}");
        let value =
            Value::object([("bucket", Value::string("b")), ("name", Value::string("css/a b.css"))]);

        assert_eq!(path.url(&value), Ok("b/b/o/css%2Fa%20b.css".to_string()));
        assert_eq!(
            path.url(&value.with_field("name", Value::null(Type::String))),
            Err("name".into())
        );
    }

    #[test]
    fn an_unknown_part_makes_the_whole_unknown() {
        let template = Template::parse("gs://{name}");
        let value = Value::object([("name", Value::unknown(Type::String))]);

        assert!(!template.value(&value).is_known());
        let value = Value::object([("name", Value::string("b"))]);
        assert_eq!(template.value(&value), Value::string("gs://b"));
    }
}
