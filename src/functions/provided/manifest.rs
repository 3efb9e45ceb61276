//! Manifests of Kubernetes as YAML text: read, checked for what each must have, and written.

use std::sync::LazyLock;

use regex::Regex;

use super::super::{Call, CallError, yaml};
use crate::value::quote::quote;
use crate::value::{Fields, Kind, Value};

/// What stands between two documents.
static SEPARATOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(:?^|\s*\n)---\s*").expect("the pattern is fixed text"));

/// Reads the one manifest of a text.
pub(super) fn decode_one(call: &Call<'_>) -> Result<Value, CallError> {
    let mut found = manifests(call.text(0))?;
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(CallError::new("Invalid manifest: YAML document is empty")),
        (Some(_), false) => Err(CallError::new(
            "YAML manifest contains multiple resources: use decode_manifest_multi to decode manifests containing more \
             than one resource",
        )),
    }
}

/// Reads all manifests of a text.
pub(super) fn decode_all(call: &Call<'_>) -> Result<Value, CallError> {
    Ok(Value::tuple(manifests(call.text(0))?))
}

fn manifests(text: &str) -> Result<Vec<Value>, CallError> {
    let found = mappings(text)?.into_iter().map(|(.., value)| {
        check(&value)?;
        Ok(value)
    });
    found.collect()
}

/// Reads all manifests of a text, each with the line that it begins in and its own text. What is a list of objects need not
/// have what each object must.
pub(super) fn documents(text: &str) -> Result<Vec<(usize, String, Value)>, CallError> {
    let found = mappings(text)?;
    for (line, _, value) in found.iter().filter(|(.., value)| !is_list(value)) {
        check(value).map_err(|error| CallError::new(format!("line {line}: {}", error.message)))?;
    }
    Ok(found)
}

/// Says whether a manifest is a list of objects.
fn is_list(value: &Value) -> bool {
    let kind = value.field("kind").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("List"))
        && value.field("items").is_some_and(|items| items.elements().is_some())
}

/// Takes a text apart at its separators; gives each piece with the line that it begins in.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let (mut begin, mut pieces) = (0, Vec::new());
    for separator in SEPARATOR.find_iter(text) {
        pieces.push((begin, &text[begin..separator.start()]));
        // What stands before the first word of the next piece says how deep it is.
        let blank = separator.as_str().trim_start();
        begin = separator.end() - blank.rfind('\n').map_or(0, |end| blank.len() - end - 1);
    }
    pieces.push((begin, &text[begin..]));
    let line = |begin: usize| text[..begin].matches('\n').count() + 1;
    pieces.into_iter().map(|(begin, piece)| (line(begin), piece)).collect()
}

/// Reads what of a text says anything, each with the line that it begins in and its own text.
fn mappings(text: &str) -> Result<Vec<(usize, String, Value)>, CallError> {
    let invalid = |why: &str| CallError::new(format!("Invalid YAML document: {why}"));
    let says = |line: &str| !(line.trim().is_empty() || line.trim_start().starts_with('#'));
    let mut found = Vec::new();
    for (line, document) in pieces(text) {
        // Comments alone (a licence, an object that is commented out) are no document.
        if !document.lines().any(says) {
            continue;
        }
        let value = yaml::read_within(document, line).map_err(|error| invalid(&error.message))?;
        if value.is_null() || value.fields().is_some_and(Fields::is_empty) {
            continue;
        }
        if value.fields().is_none() {
            let kind = value.ty().friendly();
            return Err(invalid(&format!(
                "line {line}: a manifest is a mapping, and this is a {kind}"
            )));
        }
        found.push((line, document.to_string(), value));
    }
    Ok(found)
}

/// Checks that a manifest has what each must have.
fn check(manifest: &Value) -> Result<(), CallError> {
    let missing =
        ["apiVersion", "kind", "metadata"].into_iter().find(|name| manifest.field(name).is_none());
    match missing {
        Some(name) => Err(CallError::new(format!(
            "Invalid Kubernetes manifest: missing field {name}",
            name = quote(name)
        ))),
        None => Ok(()),
    }
}

/// Writes a manifest, or several with a separator before each.
pub(super) fn encode(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    if !value.is_whole() {
        return call.unknown();
    }
    let none = |value: &Value| {
        CallError::new(format!(
            "Invalid manifest: value doesn't seem to be a manifest: it is a {}",
            value.ty().friendly()
        ))
    };
    let one = |value: &Value| {
        let fields = value.fields().ok_or_else(|| none(value))?;
        check(value)?;
        let mut out = String::new();
        mapping(fields, 0, false, &mut out);
        Ok::<_, CallError>(out)
    };
    match value.elements() {
        None => Ok(Value::string(one(value)?)),
        Some(parts) => {
            let texts = parts.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::string(texts.iter().map(|text| format!("---\n{text}")).collect::<String>()))
        }
    }
}

/// Writes fields; the first line is begun already where they stand behind a dash.
fn mapping(fields: &Fields, indent: usize, begun: bool, out: &mut String) {
    for (place, (name, value)) in fields.iter().enumerate() {
        if place > 0 || !begun {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(&scalar(name, indent));
        out.push(':');
        match value.kind() {
            Kind::Map(_, inner) | Kind::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                mapping(inner, indent + 2, false, out);
            }
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts)
                if !parts.is_empty() =>
            {
                out.push('\n');
                sequence(parts, indent, false, out);
            }
            _ => {
                out.push(' ');
                simple(value, indent, out);
            }
        }
    }
}

fn sequence(parts: &[Value], indent: usize, begun: bool, out: &mut String) {
    for (place, value) in parts.iter().enumerate() {
        if place > 0 || !begun {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str("- ");
        match value.kind() {
            Kind::Map(_, inner) | Kind::Object(inner) if !inner.is_empty() => {
                mapping(inner, indent + 2, true, out);
            }
            Kind::List(_, inner) | Kind::Set(_, inner) | Kind::Tuple(inner)
                if !inner.is_empty() =>
            {
                sequence(inner, indent + 2, true, out);
            }
            _ => simple(value, indent, out),
        }
    }
}

/// Writes a value of one line, or a text as a block, and ends the line.
fn simple(value: &Value, indent: usize, out: &mut String) {
    match value.kind() {
        Kind::Null(_) | Kind::Unknown(..) => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::String(text) => out.push_str(&scalar(text, indent)),
        Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => out.push_str("[]"),
        Kind::Map(..) | Kind::Object(_) => out.push_str("{}"),
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Writes a text: bare where it is read as the same text, of several lines as a block, else between quotes.
fn scalar(text: &str, indent: usize) -> String {
    let special = |letter: char| letter.is_control() && letter != '\n';
    if text.chars().any(special) {
        return double(text);
    }
    if text.contains('\n') {
        return if text.trim().is_empty() { double(text) } else { block(text, indent) };
    }
    let is_text = yaml::read(text).is_ok_and(|read| read.as_str() == Some(text));
    let other = text.is_empty() || !(is_text || is_bare_only(text));
    if other {
        return double(text);
    }
    if is_bare(text) { text.to_string() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// Says whether a text, though it cannot stand bare, is not read as something other than text for its content.
fn is_bare_only(text: &str) -> bool {
    !is_bare(text)
}

/// Says whether a text can stand without quotes.
fn is_bare(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let (Some(first), Some(last)) = (letters.first(), letters.last()) else { return false };
    let space = |letter: Option<&char>| letter.is_none_or(|letter| letter.is_whitespace());
    let begins = "#,[]{}&*!|>'\"%@`".contains(*first)
        || ("?:-".contains(*first) && space(letters.get(1)))
        || text.starts_with("---")
        || text.starts_with("...");
    let inside = letters.iter().enumerate().any(|(place, letter)| match letter {
        ':' => space(letters.get(place + 1)),
        '#' => place > 0 && letters[place - 1].is_whitespace(),
        _ => false,
    });
    !(begins || inside || first.is_whitespace() || last.is_whitespace())
}

/// Writes a text of several lines as it is.
fn block(text: &str, indent: usize) -> String {
    let ends = text.len() - text.trim_end_matches('\n').len();
    let keep = match ends {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let mut out = format!("|{hint}{keep}\n");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent + 2));
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

fn double(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if letter.is_control() => {
                out.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
