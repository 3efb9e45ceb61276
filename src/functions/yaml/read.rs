//! YAML text as values, with the scalars of YAML 1.1 that the language keeps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_saphyr::granit_parser::{
    ErrorKind, Event, Options, Parser, ScanError, Span, StrInput, StructureStyle, Tag,
};

use super::super::CallError;
use super::scalar::scalar;
use crate::value::convert::convert;
use crate::value::quote::quote;
use crate::value::{Type, Value};

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

/// Gives the line, counted from zero, that a message about a text speaks of, and the message without it. Where the text is no YAML
/// the words that people know may name the line after, or none: the reader itself says which.
pub(super) fn place<'m>(text: &str, message: &'m str) -> (usize, &'m str) {
    let told = message.strip_prefix("on line ").and_then(|rest| rest.split_once(": "));
    let (told, why) = told.map_or(("", message), |(place, why)| (place, why));
    let line = told.split(',').next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let broken = Parser::new_from_str(text).find_map(Result::err);
    let last = text.trim_end().matches('\n').count();
    (broken.map_or(line, |error| error.marker().line().saturating_sub(1)).min(last), why)
}

fn document(text: &str, dates: bool) -> Result<Value, CallError> {
    let directives =
        text.lines().take_while(|line| line.starts_with(['%', '#']) || line.is_empty());
    let strange = |line: &str| {
        line.starts_with('%') && !line.starts_with("%YAML") && !line.starts_with("%TAG")
    };
    for (line, directive) in directives.enumerate() {
        if strange(directive) {
            let first = directive[1..].chars().next();
            let named = first.is_some_and(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
            let why = match named {
                true => "found unknown directive name",
                false => "could not find expected directive name",
            };
            return Err(located(line, 0, why));
        }
    }
    let mut options = Options::default();
    options.block_scalar_eof_without_line_feed = true;
    let mut reader = Reader {
        text,
        events: Parser::new_from_str_with_options(text, options),
        anchors: BTreeMap::new(),
        depth: 0,
        brackets: 0,
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
                &format!("reference to undefined anchor {}", quote(name.unwrap_or_default())),
            )
        }
        ErrorKind::UnclosedQuotedScalar => {
            let line = if end == 1 && !text.ends_with('\n') { 0 } else { end + 1 };
            located(line, 0, "found unexpected end of stream")
        }
        _ if info.contains("illegal placement of ':'") => {
            located(line, column, "did not find expected ',' or ']'")
        }
        _ if info.contains("invalid trailing content after") => {
            located(line, column, "did not find expected key")
        }
        _ if info.contains("indentation indicator equal to 0") => {
            located(line, column, "found an indentation indicator equal to 0")
        }
        _ if info.contains("unknown escape character") => {
            located(line, column, "found unknown escape character")
        }
        _ if info.contains("surrogate") => {
            located(line, column, "found invalid Unicode character escape code")
        }
        _ if info.contains("handle wasn't declared") => {
            located(line, column, "found undefined tag handle")
        }
        _ if info.contains("YAML major version") => {
            CallError::new("found incompatible YAML document")
        }
        // Nothing stands where an element should.
        _ if info.contains("bracket '") && text.trim_end().ends_with(['[', '{', ',']) => {
            located(end, 0, "did not find expected node content")
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
            // The library that people know says it so.
            let wanted = wanted.unwrap_or(&info).replace("hexadecimal", "hexdecimal");
            located(line, column, &wanted)
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
    depth: usize,
    /// How many collections in brackets are open.
    brackets: usize,
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
                self.check_tabs(span)?;
                let tag = tag.as_deref().map(tag_name);
                let value = match &tag {
                    Some((false, name)) => Err(format!("unsupported tag \"{name}\"")),
                    Some((true, name)) => scalar(&text, style, Some(name), self.dates),
                    None => scalar(&text, style, None, self.dates),
                };
                let value =
                    value.map_err(|message| self.at_node(span, tag.is_some(), anchor, &message))?;
                (value, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tabs(span)?;
                self.check_tag(tag.as_deref(), "seq", anchor, span)?;
                (self.inside(style, Reader::sequence)?, anchor)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tabs(span)?;
                self.check_tag(tag.as_deref(), "map", anchor, span)?;
                (self.inside(style, Reader::mapping)?, anchor)
            }
            Event::Alias(anchor) => {
                let Some(found) = self.anchors.get(&anchor).cloned() else {
                    let name = span.slice(self.text).unwrap_or_default().trim_start_matches('*');
                    let message = format!(
                        "cannot refer to anchor {name} from inside its own definition",
                        name = quote(name)
                    );
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

    /// Reads the parts of a collection, whose style says whether it is in brackets.
    fn inside(
        &mut self,
        style: StructureStyle,
        read: fn(&mut Self) -> Result<Value, CallError>,
    ) -> Result<Value, CallError> {
        let brackets = usize::from(style == StructureStyle::Flow);
        self.brackets += brackets;
        let value = read(self);
        self.brackets -= brackets;
        value
    }

    /// Refuses a tab where something may begin that is indented.
    fn check_tabs(&self, span: &Span) -> Result<(), CallError> {
        let before = span.start.byte_offset().and_then(|offset| self.text.get(..offset));
        let line = before.map_or("", |before| before.rsplit('\n').next().unwrap_or_default());
        let tab = line.contains('\t') && line.chars().all(|c| " \t-?".contains(c));
        if !tab || self.brackets > 0 {
            return Ok(());
        }
        let line = span.start.line().saturating_sub(1);
        let line = if line == 0 { 0 } else { line + 1 };
        Err(located(line, 0, "found character that cannot start any token"))
    }

    /// Places a problem at a node, where its tag or its anchor begins.
    fn at_node(&self, span: &Span, tagged: bool, anchor: usize, message: &str) -> CallError {
        let properties = usize::from(tagged) + usize::from(anchor != 0);
        let before = span.start.byte_offset().and_then(|offset| self.text.get(..offset));
        let Some(mut before) = before else { return at(span, message) };
        for _ in 0..properties {
            let words = before.trim_end();
            let start = words.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
            if !words[start..].starts_with(['!', '&']) {
                break;
            }
            before = &words[..start];
        }
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        located(before.matches('\n').count(), column, message)
    }

    fn check_tag(
        &self,
        tag: Option<&Tag>,
        wanted: &str,
        anchor: usize,
        span: &Span,
    ) -> Result<(), CallError> {
        let what = if wanted == "map" { "mapping" } else { "sequence" };
        match tag.map(tag_name) {
            None => Ok(()),
            Some((true, name)) if name == wanted => Ok(()),
            Some((core, name)) => {
                let prefix = if core { "tag:yaml.org,2002:" } else { "" };
                let message = format!("can't interpret {what} as {prefix}{name}");
                Err(self.at_node(span, true, anchor, &message))
            }
        }
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
        let mut fields = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let merge = matches!(&event, Event::Scalar(text, _, _, None) if text == "<<");
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
        Ok(Value::object(fields))
    }
}

/// Takes in the mapping that `<<` names, over what stands before it.
fn merge_into(
    fields: &mut BTreeMap<Arc<str>, Value>,
    value: &Value,
    span: &Span,
) -> Result<(), CallError> {
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
