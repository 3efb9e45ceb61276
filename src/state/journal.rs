//! The journal: one line of JSON an entry, so that a run that ends at any moment loses nothing.
//!
//! A run's first line says which state its entries follow. A last line that was cut short is no entry:
//! its writer never went on. What the lines mean for a state is told by [`super::replay`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Begun, Entry, Object};
use crate::addr::Address;

/// Which state the entries follow.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Header {
    /// The state's lineage; empty where there was none.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
    /// The run's id.
    pub run: String,
}

/// A journal as read.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Journal {
    /// Which state the entries of each run follow, with the place of the run's first entry.
    pub runs: Vec<(usize, Header)>,
    /// The entries of all runs.
    pub entries: Vec<Entry>,
    /// The last line was cut short.
    pub torn: bool,
}

/// A line that is no entry, though others follow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the journal is no entry: {reason}")]
pub struct JournalError {
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// Writes a run's first line.
pub fn header(header: &Header) -> String {
    line(&Line::Journal {
        format: 1,
        lineage: header.lineage.clone(),
        serial: header.serial,
        run: header.run.clone(),
    })
}

/// Writes an entry's line.
pub fn entry(entry: &Entry) -> String {
    line(&Line::from(entry))
}

fn line(line: &Line) -> String {
    serde_json::to_string(line).expect("an entry has only string keys") + "\n"
}

/// Reads a journal; a last line that was cut short is left out.
///
/// # Errors
/// A line before the last that is no entry.
pub fn parse(text: &str) -> Result<Journal, JournalError> {
    let mut journal = Journal::default();
    let mut lines = text.split_inclusive('\n').enumerate().peekable();
    while let Some((number, text)) = lines.next() {
        let read = serde_json::from_str::<Line>(text).map_err(|error| error.to_string());
        let read = read.and_then(Entered::try_from);
        match read {
            Ok(_) if !text.ends_with('\n') => journal.torn = true,
            Ok(Entered::Header(header)) => journal.runs.push((journal.entries.len(), header)),
            Ok(Entered::Entry(entry)) => journal.entries.push(entry),
            Err(_) if lines.peek().is_none() => journal.torn = true,
            Err(reason) => return Err(JournalError { line: number + 1, reason }),
        }
    }
    Ok(journal)
}

/// A line on disk.
#[derive(Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Line {
    Journal {
        format: u32,
        lineage: String,
        serial: u64,
        run: String,
    },
    Begin {
        address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
        action: String,
        since: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<Box<ObjectLine>>,
        #[serde(default, skip_serializing_if = "is_false")]
        programs: bool,
    },
    Intent {
        call: u64,
        address: String,
        action: String,
        request: String,
        #[serde(default)]
        identity: Json,
    },
    Answer {
        call: u64,
        outcome: String,
    },
    End {
        address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
    },
    Object {
        address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
        object: Option<Box<ObjectLine>>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize, Deserialize)]
struct ObjectLine {
    attributes: Json,
    #[serde(default)]
    sensitive: Vec<Json>,
    schema_version: u64,
    provider: String,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    tainted: bool,
    #[serde(default)]
    create_before_destroy: bool,
    #[serde(default)]
    private: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Json>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    other: Map<String, Json>,
}

enum Entered {
    Header(Header),
    Entry(Entry),
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Line {
        match entry {
            Entry::Begin(begun) => Line::Begin {
                address: begun.address.to_string(),
                deposed: begun.deposed.clone(),
                action: begun.action.clone(),
                since: begun.since,
                planned: begun.planned.as_ref().map(|object| Box::new(ObjectLine::from(object))),
                programs: begun.programs,
            },
            Entry::End { address, deposed } => {
                Line::End { address: address.to_string(), deposed: deposed.clone() }
            }
            Entry::Intent { call, address, action, request, identity } => Line::Intent {
                call: *call,
                address: address.to_string(),
                action: action.clone(),
                request: request.clone(),
                identity: identity.clone(),
            },
            Entry::Answer { call, outcome } => {
                Line::Answer { call: *call, outcome: outcome.clone() }
            }
            Entry::Object { address, deposed, object } => Line::Object {
                address: address.to_string(),
                deposed: deposed.clone(),
                object: object.as_deref().map(|object| Box::new(ObjectLine::from(object))),
            },
        }
    }
}

impl From<&Object> for ObjectLine {
    fn from(object: &Object) -> ObjectLine {
        ObjectLine {
            attributes: Json::clone(&object.attributes),
            sensitive: object.sensitive.clone(),
            schema_version: object.schema_version,
            provider: object.provider.clone(),
            needs: object.needs.iter().map(Address::to_string).collect(),
            tainted: object.tainted,
            create_before_destroy: object.create_before_destroy,
            private: BASE64.encode(&object.private),
            identity: object.identity.clone(),
            other: object.other.clone(),
        }
    }
}

impl TryFrom<Line> for Entered {
    type Error = String;

    fn try_from(line: Line) -> Result<Entered, String> {
        let address = |text: String| text.parse::<Address>().map_err(|error| error.to_string());
        Ok(Entered::Entry(match line {
            Line::Journal { format: 1, lineage, serial, run } => {
                return Ok(Entered::Header(Header { lineage, serial, run }));
            }
            Line::Journal { format, .. } => return Err(format!("format {format} is not known")),
            Line::Begin { address: at, deposed, action, since, planned, programs } => {
                let planned = planned.map(|object| Object::try_from(*object)).transpose()?;
                let address = address(at)?;
                Entry::Begin(Box::new(Begun { address, deposed, action, since, planned, programs }))
            }
            Line::End { address: at, deposed } => Entry::End { address: address(at)?, deposed },
            Line::Intent { call, address: at, action, request, identity } => {
                Entry::Intent { call, address: address(at)?, action, request, identity }
            }
            Line::Answer { call, outcome } => Entry::Answer { call, outcome },
            Line::Object { address: at, deposed, object } => Entry::Object {
                address: address(at)?,
                deposed,
                object: object.map(|object| Object::try_from(*object).map(Box::new)).transpose()?,
            },
        }))
    }
}

impl TryFrom<ObjectLine> for Object {
    type Error = String;

    fn try_from(line: ObjectLine) -> Result<Object, String> {
        let needs: Result<Vec<Address>, _> = line.needs.iter().map(|need| need.parse()).collect();
        Ok(Object {
            attributes: line.attributes.into(),
            sensitive: line.sensitive,
            schema_version: line.schema_version,
            provider: line.provider,
            needs: needs.map_err(|error| error.to_string())?,
            tainted: line.tainted,
            create_before_destroy: line.create_before_destroy,
            private: BASE64.decode(line.private).map_err(|error| error.to_string())?,
            identity: line.identity,
            other: line.other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Snapshot;

    fn snapshot() -> Snapshot {
        super::super::file::read(include_str!("../../state/samples/members.tfstate")).unwrap()
    }

    fn at() -> Address {
        "terraform_data.new".parse().unwrap()
    }

    fn object() -> Box<Object> {
        Box::new(snapshot().current(&"terraform_data.b[0]".parse().unwrap()).unwrap().clone())
    }

    fn intent(call: u64) -> Entry {
        let identity = serde_json::json!({ "name": "x" });
        Entry::Intent {
            call,
            address: at(),
            action: "create".into(),
            request: "POST x".into(),
            identity,
        }
    }

    fn answer(call: u64, outcome: &str) -> Entry {
        Entry::Answer { call, outcome: outcome.into() }
    }

    fn made() -> Entry {
        Entry::Object { address: at(), deposed: None, object: Some(object()) }
    }

    fn text(serial: u64, entries: &[Entry]) -> String {
        let lineage = snapshot().lineage;
        let head = header(&Header { lineage, serial, run: "r".into() });
        head + &entries.iter().map(entry).collect::<String>()
    }

    #[test]
    fn a_journal_reads_back_what_it_writes() {
        let entries = [intent(1), answer(1, "200"), made()];

        let journal = parse(&text(6, &entries)).unwrap();

        assert_eq!(journal.entries, entries);
        assert!(!journal.torn);
    }

    #[test]
    fn a_line_cut_short_is_left_out_wherever_it_was_cut() {
        let whole = text(6, &[intent(1), made()]);
        let first_two = text(6, &[intent(1)]).len();

        for end in first_two + 1..whole.len() {
            let journal = parse(&whole[..end]).unwrap();

            assert_eq!(journal.entries, [intent(1)], "{end}");
            assert!(journal.torn, "{end}");
        }
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error() {
        let broken = text(6, &[intent(1)]).replace("\"call\":1", "\"call\":") + &entry(&made());

        assert_eq!(parse(&broken).unwrap_err().line, 2);
    }
}
