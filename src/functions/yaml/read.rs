//! YAML text as values, with the scalars of YAML 1.1 that the language keeps.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::super::CallError;
use crate::value::convert::convert;
use crate::value::{Fields, Kind, Number, Type, Value};

/// How deep a document may nest.
const DEPTH: usize = 500;

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Value, CallError> {
    let mut reader = Reader {
        text,
        events: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        open: Vec::new(),
        depth: 0,
    };
    loop {
        match reader.next()? {
            (Event::StreamStart, _) => {}
            (Event::DocumentStart(..), _) => break,
            _ => return Err(located(1, 0, "missing start of document")),
        }
    }
    let (event, span) = reader.next()?;
    let value = reader.node(event, &span)?;
    loop {
        match reader.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(value),
            (_, span) => return Err(at(&span, "unexpected extra content after value")),
        }
    }
}

/// The line is counted from zero, but never said to be zero: so people know these messages.
fn located(line: usize, column: usize, message: &str) -> CallError {
    CallError::new(format!("on line {}, column {}: {message}", line.max(1), column + 1))
}

fn at(span: &Span, message: &str) -> CallError {
    located(span.start.line().saturating_sub(1), span.start.col(), message)
}

fn scan_error(error: &ScanError, text: &str) -> CallError {
    let marker = error.marker();
    let info = error.info();
    let lower = info.to_lowercase();
    if lower.contains("unknown anchor") || lower.contains("undefined anchor") {
        let name = text.get(marker.index()..).and_then(|rest| rest.split_once('*'));
        let name =
            name.map(|(_, rest)| rest.split(|c: char| c.is_whitespace() || ",]}".contains(c)));
        let name = name.and_then(|mut parts| parts.next()).unwrap_or_default();
        return CallError::new(format!("reference to undefined anchor {name:?}"));
    }
    let message = if lower.contains("flow sequence")
        || lower.contains("bracket '['")
        || lower.contains("',' or ']'")
    {
        "did not find expected ',' or ']'".into()
    } else if lower.contains("flow mapping")
        || lower.contains("bracket '{'")
        || lower.contains("',' or '}'")
    {
        "did not find expected ',' or '}'".into()
    } else {
        info
    };
    located(marker.line().saturating_sub(1), 0, &message)
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
    /// The anchors whose value is being read.
    open: Vec<usize>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), CallError> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Comment(..) | Event::Anchor(..), _))) => {}
                Some(Ok(found)) => return Ok(found),
                Some(Err(error)) => return Err(scan_error(&error, self.text)),
                None => return Err(located(1, 0, "unexpected end of document")),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Value, CallError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(at(span, "document is nested too deeply"));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref(), span)?, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), "seq", span)?;
                self.open.push(anchor);
                (self.sequence()?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), "map", span)?;
                self.open.push(anchor);
                (self.mapping()?, anchor)
            }
            Event::Alias(anchor) => {
                let found = self.anchors.get(&anchor).cloned();
                let missing = if self.open.contains(&anchor) {
                    "cannot refer to an anchor from inside its own definition"
                } else {
                    "reference to undefined anchor"
                };
                (found.ok_or_else(|| at(span, missing))?, 0)
            }
            _ => return Err(at(span, "unexpected content")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        self.depth -= 1;
        Ok(value)
    }

    fn sequence(&mut self) -> Result<Value, CallError> {
        let mut parts = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => break,
                (event, span) => parts.push(self.node(event, &span)?),
            }
        }
        self.open.pop();
        Ok(Value::tuple(parts))
    }

    fn mapping(&mut self) -> Result<Value, CallError> {
        let mut fields = Fields::new();
        let mut merged = Fields::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.node(event, &span)?;
            let (event, value_span) = self.next()?;
            let value = self.node(event, &value_span)?;
            if merge {
                merge_into(&mut merged, &value, &value_span)?;
                continue;
            }
            if key.is_null() {
                return Err(at(&span, "mapping key cannot be null"));
            }
            let text = convert(&key, &Type::String);
            let text = text.map_err(|error| {
                at(&span, &format!("mapping key must be a string: {}", error.message))
            })?;
            fields.insert(text.as_str().unwrap_or_default().into(), value);
        }
        self.open.pop();
        merged.extend(fields);
        Ok(Value::new(Kind::Object(merged.into())))
    }
}

/// Takes in what `<<` names: one mapping or several, of which the first wins.
fn merge_into(merged: &mut Fields, value: &Value, span: &Span) -> Result<(), CallError> {
    let sources = match value.kind() {
        Kind::Tuple(parts) => parts.to_vec(),
        _ => vec![value.clone()],
    };
    for source in sources {
        let Some(fields) = source.fields() else {
            return Err(at(span, "map merge requires map or sequence of maps as the value"));
        };
        for (name, value) in fields {
            merged.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Ok(())
}

fn tag_name(tag: &Tag) -> (bool, Cow<'_, str>) {
    let full = tag.to_string();
    let core = full.strip_prefix("!!").or_else(|| full.strip_prefix("tag:yaml.org,2002:"));
    match core {
        Some(name) => (true, Cow::Owned(name.to_string())),
        None => (false, Cow::Owned(full)),
    }
}

fn check_tag(tag: Option<&Tag>, wanted: &str, _span: &Span) -> Result<(), CallError> {
    match tag.map(tag_name) {
        None => Ok(()),
        Some((true, name)) if name == wanted => Ok(()),
        Some((core, name)) => Err(unsupported(core, &name)),
    }
}

fn unsupported(core: bool, name: &str) -> CallError {
    let prefix = if core { "!!" } else { "" };
    CallError::new(format!("unsupported tag \"{prefix}{name}\""))
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: &Span,
) -> Result<Value, CallError> {
    match tag.map(tag_name) {
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(Value::string(text)),
        Some((true, name)) => match &*name {
            "str" | "binary" | "timestamp" => Ok(Value::string(text)),
            _ if style != ScalarStyle::Plain => Ok(Value::string(text)),
            "null" | "bool" | "int" | "float" => {
                let value = plain(text)?;
                let fits = match (&*name, value.kind()) {
                    ("null", Kind::Null(_)) | ("bool", Kind::Bool(_)) => true,
                    ("int" | "float", Kind::Number(_)) => true,
                    _ => false,
                };
                let wrong = || at(span, &format!("cannot parse {text:?} as !!{name}"));
                if fits { Ok(value) } else { Err(wrong()) }
            }
            _ => Err(unsupported(true, &name)),
        },
        Some((false, name)) if name == "!" => Ok(Value::string(text)),
        Some((false, name)) => Err(unsupported(false, &name)),
    }
}

/// Gives what a text without quotes means.
fn plain(text: &str) -> Result<Value, CallError> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::null(Type::Any),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::bool(false)
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            Value::number(Number::infinity(false))
        }
        "-.inf" | "-.Inf" | "-.INF" => Value::number(Number::infinity(true)),
        ".nan" | ".NaN" | ".NAN" => {
            return Err(CallError::new("floating point NaN is not supported"));
        }
        text => number(text)
            .map(Value::number)
            .or_else(|| timestamp(text).map(Value::string))
            .unwrap_or_else(|| Value::string(text)),
    })
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hexadecimal) = unsigned.strip_prefix("0x") {
        return radix(text, hexadecimal, 16);
    }
    if let Some(octal) = unsigned.strip_prefix("0o") {
        return radix(text, octal, 8);
    }
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    Number::parse(text)
}

fn radix(text: &str, digits: &str, base: u32) -> Option<Number> {
    let signed = digits.starts_with(['-', '+']);
    let number = Number::parse_radix(digits, base).filter(|_| !signed)?;
    Some(if text.starts_with('-') { number.neg() } else { number })
}

/// Gives a date or a moment in the form of RFC 3339.
fn timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(place) => (&text[..place], Some(text[place + 1..].trim_start())),
        None => (text, None),
    };
    let number = |part: &str, longest: usize| -> Option<u32> {
        let fits =
            (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2).filter(|month| (1..=12).contains(month))?;
    let day = number(parts.next()?, 2).filter(|day| (1..=31).contains(day))?;
    if parts.next().is_some() {
        return None;
    }
    let Some(time) = time else {
        return Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
    };
    let zone_at = time.find(['Z', '+', '-']);
    let (clock, zone) = zone_at.map_or((time, "Z"), |place| time.split_at(place));
    let (clock, fraction) = clock.trim_end().split_once('.').unwrap_or((clock.trim_end(), ""));
    let mut clock = clock.split(':');
    let hour = number(clock.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(clock.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(clock.next()?, 2).filter(|second| *second < 60)?;
    if clock.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let zone = if zone == "+00:00" || zone == "-00:00" { "Z" } else { zone };
    if zone != "Z" && (zone.len() != 6 || zone.as_bytes()[3] != b':') {
        return None;
    }
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{dot}{fraction}{zone}"
    ))
}
