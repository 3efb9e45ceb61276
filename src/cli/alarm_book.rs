//! The file of what was alarmed, and the journal beside it.
//!
//! The book is written whole when a check has told something, and when all that could be sent is sent. What becomes of an alarm in
//! between is a line of the journal: that it is going to be sent, before it is, and its answer. So a long queue is not written
//! anew for each alarm of it, and a kill at any moment loses nothing that was known.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::backends::disk::write_whole;
use crate::drift::alarms::Alarms;

/// What becomes of an alarm that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is going to be sent.
    Sending,
    /// It was taken.
    Taken,
    /// It was refused for good.
    Refused,
}

/// The file, where there is one.
#[derive(Debug, Default)]
pub(super) struct Book {
    path: Option<PathBuf>,
    journal: Option<File>,
}

impl Step {
    const ALL: [Step; 3] = [Step::Sending, Step::Taken, Step::Refused];

    fn word(self) -> &'static str {
        match self {
            Step::Sending => "sending",
            Step::Taken => "taken",
            Step::Refused => "refused",
        }
    }

    /// Notes it in what was alarmed.
    pub(super) fn take(self, alarms: &mut Alarms, id: &str, who: &str) {
        match self {
            Step::Sending => alarms.sending(id, who),
            Step::Taken => alarms.taken(id, who),
            Step::Refused => alarms.refused(id, who),
        }
    }
}

impl Book {
    /// Reads what was alarmed before.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn open(path: Option<PathBuf>) -> Result<(Book, Alarms), String> {
        let Some(path) = path else { return Ok(Default::default()) };
        let mut alarms = match fs::read_to_string(&path) {
            Ok(text) => Alarms::parse(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Alarms::default(),
            Err(error) => return Err(error.to_string()),
        };
        let journal = fs::read_to_string(journal(&path)).unwrap_or_default();
        // A last line that is cut off was never durable.
        for line in journal.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let json: Json = serde_json::from_str(line).unwrap_or_default();
            let step = Step::ALL.into_iter().find(|step| json["step"] == step.word());
            if let (Some(step), Some(id), Some(who)) =
                (step, json["id"].as_str(), json["who"].as_str())
            {
                step.take(&mut alarms, id, who);
            }
        }
        Ok((Book { path: Some(path), journal: None }, alarms))
    }

    /// Gives the file's path.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Writes all; the journal is over then.
    pub(super) fn keep(&mut self, alarms: &Alarms) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        write_whole(path, alarms.to_text().as_bytes())?;
        self.journal = None;
        match fs::remove_file(journal(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Notes what becomes of an alarm; it is durable when this returns.
    pub(super) fn note(&mut self, step: Step, id: &str, who: &str) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = match &mut self.journal {
            Some(file) => file,
            None => {
                let file = OpenOptions::new().create(true).append(true).open(journal(path))?;
                self.journal.insert(file)
            }
        };
        let line = json!({ "step": step.word(), "id": id, "who": who });
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }
}

fn journal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = r#"{ "format_version": "1.0", "known": {}, "dropped": 0, "waiting": [
        { "id": "1", "event": "found", "name": "a", "at": "2026-01-01T00:00:00Z", "finding": {}, "to": ["w"] },
        { "id": "2", "event": "found", "name": "b", "at": "2026-01-01T00:00:00Z", "finding": {}, "to": ["w"] } ] }"#;

    #[test]
    fn what_a_killed_run_had_noted_is_known_and_a_cut_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alarms.json");
        fs::write(&path, BOOK).unwrap();
        let (mut book, _) = Book::open(Some(path.clone())).unwrap();
        book.note(Step::Sending, "1", "w").unwrap();
        book.note(Step::Taken, "1", "w").unwrap();
        book.note(Step::Sending, "2", "w").unwrap();
        let mut file = OpenOptions::new().append(true).open(journal(&path)).unwrap();
        file.write_all(br#"{"step":"taken","id":"2","#).unwrap();

        let (mut book, alarms) = Book::open(Some(path.clone())).unwrap();

        let first = alarms.first_for("w").unwrap();
        assert_eq!((first.id.as_str(), first.sent.contains("w")), ("2", true));
        book.keep(&alarms).unwrap();
        assert!(!journal(&path).exists());
        assert_eq!(Book::open(Some(path)).unwrap().1, alarms);
    }
}
