//! YAML text as values, with the scalars of YAML 1.1 that the language keeps.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag,
};

use super::super::CallError;
use crate::value::convert::convert;
use crate::value::{Fields, Kind, Number, Type, Value};

/// How deep a document may nest.
const DEPTH: usize = 500;

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Value, CallError> {
    document(text, true)
}

/// Reads the one document of a text, where a date without quotes is a text like any other.
pub(super) fn read_plain(text: &str) -> Result<Value, CallError> {
    document(text, false)
}

fn document(text: &str, dates: bool) -> Result<Value, CallError> {
    let mut options = Options::default();
    options.block_scalar_eof_without_line_feed = true;
    let mut reader = Reader {
        text,
        events: Parser::new_from_str_with_options(text, options),
        anchors: BTreeMap::new(),
        depth: 0,
        dates,
    };
    loop {
        match reader.next()? {
            (Event::StreamStart, _) => {}
            (Event::DocumentStart(_, Some(version)), _)
                if (version.major, version.minor) != (1, 1) =>
            {
                return Err(CallError::new("found incompatible YAML document"));
            }
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

/// The line is counted from zero, and where it is zero nothing is said of the place: so people know
/// these messages.
fn located(line: usize, column: usize, message: &str) -> CallError {
    match line {
        0 => CallError::new(message),
        line => CallError::new(format!("on line {line}, column {}: {message}", column + 1)),
    }
}

fn at(span: &Span, message: &str) -> CallError {
    located(span.start.line().saturating_sub(1), span.start.col(), message)
}

/// Says what is wrong with a text in the words of the reader that people know from Terraform.
fn scan_error(error: &ScanError, text: &str) -> CallError {
    let (line, column) = (error.marker().line().saturating_sub(1), error.marker().col());
    // Where an end is missing, it is the end of the text that is named.
    let end = text.trim_end_matches('\n').matches('\n').count() + 1;
    let info = error.info();
    match error.kind() {
        ErrorKind::UnknownAnchor => {
            let name =
                text.lines().nth(line).and_then(|line| line.get(column..)).unwrap_or_default();
            let name = name.trim_start_matches('*');
            let name = name.split(|c: char| c.is_whitespace() || ",]}".contains(c)).next();
            located(
                line,
                column,
                &format!("reference to undefined anchor {:?}", name.unwrap_or_default()),
            )
        }
        ErrorKind::UnclosedQuotedScalar => {
            let line = if end == 1 && !text.ends_with('\n') { 0 } else { end + 1 };
            located(line, 0, "found unexpected end of stream")
        }
        _ if info.contains("bracket '['") => located(end, 0, "did not find expected ',' or ']'"),
        _ if info.contains("bracket '{'") => located(end, 0, "did not find expected ',' or '}'"),
        ErrorKind::SimpleKeyExpected if end > 1 => {
            located(end + 1, 0, "could not find expected ':'")
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            located(line, column, "did not find expected node content")
        }
        _ if info.contains("implicit flow mapping") => {
            located(line, column, "did not find expected node content")
        }
        _ if info.starts_with("unexpected character") || info.contains("tab") => {
            let line = if line == 0 { 0 } else { line + 1 };
            let _column = if info.contains("tab") { 0 } else { column };
            located(line, 0, "found character that cannot start any token")
        }
        _ => {
            let wanted = info.find("did not find expected").map(|place| &info[place..]);
            located(line, column, wanted.unwrap_or(&info))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
    depth: usize,
    /// Whether dates are brought to the form of RFC 3339.
    dates: bool,
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
                (scalar(&text, style, tag.as_deref(), span, self.dates)?, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), "seq", span)?;
                (self.sequence()?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), "map", span)?;
                (self.mapping()?, anchor)
            }
            Event::Alias(anchor) => {
                let Some(found) = self.anchors.get(&anchor).cloned() else {
                    let name = span.slice(self.text).unwrap_or_default().trim_start_matches('*');
                    let message =
                        format!("cannot refer to anchor {name:?} from inside its own definition");
                    return Err(at(span, &message));
                };
                (found, 0)
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
        Ok(Value::tuple(parts))
    }

    fn mapping(&mut self) -> Result<Value, CallError> {
        let mut fields = Fields::new();
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
                merge_into(&mut fields, &value, &span)?;
                continue;
            }
            if key.is_null() {
                return Err(at(&span, "mapping key cannot be null"));
            }
            let text = convert(&key, &Type::String)
                .map_err(|_| at(&span, "only strings are allowed as mapping keys"))?;
            fields.insert(text.as_str().unwrap_or_default().into(), value);
        }
        Ok(Value::new(Kind::Object(fields.into())))
    }
}

/// Takes in the mapping that `<<` names, over what stands before it.
fn merge_into(fields: &mut Fields, value: &Value, span: &Span) -> Result<(), CallError> {
    let Some(source) = value.fields() else {
        let message = format!("cannot merge {} into mapping", value.ty().friendly());
        return Err(at(span, &message));
    };
    fields.extend(source.iter().map(|(name, value)| (name.clone(), value.clone())));
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

fn check_tag(tag: Option<&Tag>, wanted: &str, span: &Span) -> Result<(), CallError> {
    let what = if wanted == "map" { "mapping" } else { "sequence" };
    match tag.map(tag_name) {
        None => Ok(()),
        Some((true, name)) if name == wanted => Ok(()),
        Some((core, name)) => {
            let prefix = if core { "tag:yaml.org,2002:" } else { "" };
            Err(at(span, &format!("can't interpret {what} as {prefix}{name}")))
        }
    }
}

fn unsupported(core: bool, name: &str, span: &Span) -> CallError {
    let prefix = if core { "tag:yaml.org,2002:" } else { "" };
    at(span, &format!("unsupported tag \"{prefix}{name}\""))
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: &Span,
    dates: bool,
) -> Result<Value, CallError> {
    match tag.map(tag_name) {
        None if style == ScalarStyle::Plain => plain(text, dates),
        None => Ok(Value::string(text)),
        Some((true, name)) => match &*name {
            "str" | "binary" | "timestamp" => Ok(Value::string(text)),
            _ if style != ScalarStyle::Plain => Ok(Value::string(text)),
            "null" | "bool" | "int" | "float" => {
                let value = plain(text, dates)?;
                let fits = matches!(
                    (&*name, value.kind()),
                    ("null", Kind::Null(_))
                        | ("bool", Kind::Bool(_))
                        | ("int" | "float", Kind::Number(_))
                );
                let wrong = || at(span, &format!("cannot parse {text:?} as !!{name}"));
                if fits { Ok(value) } else { Err(wrong()) }
            }
            _ => Err(unsupported(true, &name, span)),
        },
        Some((false, name)) => Err(unsupported(false, &name, span)),
    }
}

/// Gives what a text without quotes means.
fn plain(text: &str, dates: bool) -> Result<Value, CallError> {
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
            .or_else(|| timestamp(text).filter(|_| dates).map(Value::string))
            .unwrap_or_else(|| Value::string(text)),
    })
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return radix(hexadecimal, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return radix(octal, 8);
    }
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    Number::parse(text)
}

fn radix(digits: &str, base: u32) -> Option<Number> {
    let signed = digits.starts_with(['-', '+']);
    Number::parse_radix(digits, base).filter(|_| !signed)
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
    let zone = if zone == "+00:00" || zone == "-00:00" { "Z" } else { zone };
    if zone != "Z" && (zone.len() != 6 || zone.as_bytes()[3] != b':') {
        return None;
    }
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}
