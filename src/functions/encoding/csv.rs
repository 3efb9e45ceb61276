//! `csvdecode`: comma-separated values with a line of names.

use std::collections::BTreeSet;

use super::super::CallError;
use crate::value::quote::quote;
use crate::value::{Type, Value};

/// Reads a text as a list of objects.
pub(super) fn decode(text: &str) -> Result<Value, CallError> {
    let mut reader = Reader { text, at: 0, line: 1 };
    let Some((names, _)) = reader.record()? else {
        return Err(CallError::new("missing header line"));
    };
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(CallError::new(format!("duplicate column name {twice}", twice = quote(twice))));
    }
    let mut rows = Vec::new();
    while let Some((fields, line)) = reader.record()? {
        if fields.len() != names.len() {
            return Err(CallError::new(format!(
                "CSV parse error on line {line}: wrong number of fields"
            )));
        }
        let fields = names.iter().map(String::as_str).zip(fields.iter().map(Value::string));
        rows.push(Value::object(fields));
    }
    let element = Type::object(names.iter().map(|name| (name.as_str(), Type::String)));
    Ok(Value::list(element, rows))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Reader<'_> {
    /// Takes a line with its end, which is one `\n` in any case.
    fn take_line(&mut self) -> Option<String> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.at += end;
        self.line += 1;
        let line = &rest[..end];
        Some(match line.strip_suffix("\r\n") {
            Some(line) => format!("{line}\n"),
            // The last line may end with the half of a line's end.
            None => line.strip_suffix('\r').unwrap_or(line).to_string(),
        })
    }

    /// Takes a record and says on which line it began; empty lines are none.
    fn record(&mut self) -> Result<Option<(Vec<String>, usize)>, CallError> {
        let line = loop {
            match self.take_line() {
                None => return Ok(None),
                Some(line) if line == "\n" || line.is_empty() => {}
                Some(line) => break line,
            }
        };
        let start = self.line - 1;
        let mut fields = Vec::new();
        let mut line = line;
        let mut at = 0;
        loop {
            let rest = &line[at..];
            if rest.starts_with('"') {
                at += 1;
                let (field, next) = self.quoted(&mut line, at)?;
                fields.push(field);
                at = next;
            } else {
                let end = rest.find(',').unwrap_or(rest.trim_end_matches('\n').len());
                if rest[..end].contains('"') {
                    return Err(self.wrong("bare \" in non-quoted-field"));
                }
                fields.push(rest[..end].to_string());
                at += end;
            }
            if !line[at..].starts_with(',') {
                return Ok(Some((fields, start)));
            }
            at += 1;
        }
    }

    /// Takes a field in quotes, which may go over several lines.
    fn quoted(&mut self, line: &mut String, from: usize) -> Result<(String, usize), CallError> {
        let mut field = String::new();
        let mut at = from;
        loop {
            let Some(quote) = line[at..].find('"') else {
                field.push_str(&line[at..]);
                let Some(next) = self.take_line() else {
                    return Err(self.wrong("extraneous or missing \" in quoted-field"));
                };
                *line = next;
                at = 0;
                continue;
            };
            field.push_str(&line[at..at + quote]);
            at += quote + 1;
            let rest = &line[at..];
            if rest.starts_with('"') {
                field.push('"');
                at += 1;
            } else if rest.starts_with(',') || rest.is_empty() || rest == "\n" {
                return Ok((field, at));
            } else {
                return Err(self.wrong("extraneous or missing \" in quoted-field"));
            }
        }
    }

    fn wrong(&self, what: &str) -> CallError {
        CallError::new(format!("CSV parse error on line {}: {what}", self.line - 1))
    }
}
