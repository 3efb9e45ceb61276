//! What the holder of a lock knows: what the next save replaces, and the actions that have no end yet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Loaded, Saved};
use crate::addr::Address;
use crate::state::file;
use crate::state::journal::{self, Header, JournalError};
use crate::state::{Entry, Question, Snapshot};

/// What one lock's holder does, from the first load to the last save.
pub(super) struct Work {
    /// The run's id: the lock's.
    run: Uuid,
    /// What the next save replaces.
    base: Option<Snapshot>,
    /// What was told of the actions that have no end yet.
    open: BTreeMap<(Address, Option<String>), Vec<Entry>>,
    /// Actions whose begin a save has taken out of the journal, as nothing had been sent for them.
    unsaid: BTreeSet<(Address, Option<String>)>,
    /// How many bytes the journal has been given since the last save.
    journalled: usize,
    /// How many bytes the state had when it was last written, as far as known.
    written: usize,
    /// Since when the journal grows.
    since: Option<Timestamp>,
}

/// What is to be written, and as what text: it is made once, for the place and for what is kept aside.
pub(super) struct Next {
    pub(super) snapshot: Snapshot,
    pub(super) text: String,
}

impl Next {
    fn of(snapshot: Snapshot) -> Next {
        let text = file::write(&snapshot);
        Next { snapshot, text }
    }
}

/// A journal that is shorter than this is no reason to save.
const LITTLE: usize = 64 << 10;
/// After so long a state is saved for a journal that is this part of it.
const OLD: Duration = Duration::from_secs(60);
const PART: usize = 8;

impl Work {
    /// Begins with what the place has.
    pub(super) fn new(run: Uuid, base: Option<Snapshot>) -> Work {
        Work {
            run,
            base,
            open: BTreeMap::new(),
            unsaid: BTreeSet::new(),
            journalled: 0,
            written: 0,
            since: None,
        }
    }

    /// Gives lineage and serial of what the next save replaces; nothing where there is nothing.
    pub(super) fn version(&self) -> Option<(&str, u64)> {
        self.base.as_ref().map(|base| (base.lineage.as_str(), base.serial))
    }

    /// Gives the serial of what the next save replaces.
    pub(super) fn serial(&self) -> u64 {
        self.base.as_ref().map_or(0, |base| base.serial)
    }

    /// Gives the first line of a journal of this run.
    pub(super) fn first_line(&self) -> String {
        journal::header(&Header {
            lineage: self.base.as_ref().map(|base| base.lineage.clone()).unwrap_or_default(),
            serial: self.serial(),
            run: self.run.to_string(),
        })
    }

    /// Gives the lines of entries, and keeps in mind which actions have no end yet.
    pub(super) fn lines(&mut self, entries: &[Entry]) -> String {
        let mut lines = String::new();
        for entry in entries {
            if let Some(begin) = self.note(entry) {
                lines += &journal::entry(&begin);
            }
            lines += &journal::entry(entry);
        }
        self.journalled += lines.len();
        lines
    }

    /// Says whether the state should be saved now.
    pub(super) fn due(&mut self, now: Timestamp) -> bool {
        let since = *self.since.get_or_insert(now);
        let old = now.duration_since(since).unsigned_abs() >= OLD;
        let enough = if old { self.written / PART } else { self.written };
        self.journalled >= enough.max(LITTLE * if old { 1 } else { 4 })
    }

    /// Notes an entry; gives the begin of its action where the journal has lost it.
    fn note(&mut self, entry: &Entry) -> Option<Entry> {
        match entry {
            Entry::Begin(begun) => {
                let place = (begun.address.clone(), begun.deposed.clone());
                self.open.insert(place, vec![entry.clone()]);
            }
            Entry::Intent { address, action, .. } => {
                let mut actions = self.open.iter_mut().filter(|((of, _), _)| of == address);
                let fitting = actions.find(
                    |(_, told)| matches!(&told[0], Entry::Begin(begun) if begun.action == *action),
                );
                if let Some((place, told)) = fitting {
                    told.push(entry.clone());
                    return self.unsaid.remove(place).then(|| told[0].clone());
                }
            }
            Entry::Answer { call, .. } => {
                let asked = |entry: &Entry| matches!(entry, Entry::Intent { call: asked, .. } if asked == call);
                if let Some(told) = self.open.values_mut().find(|told| told.iter().any(asked)) {
                    told.push(entry.clone());
                }
            }
            Entry::End { address, deposed } => {
                let place = (address.clone(), deposed.clone());
                self.unsaid.remove(&place);
                self.open.remove(&place);
            }
            Entry::Object { .. } => {}
        }
        None
    }

    /// Gives the journal that must stay once the state is saved: the actions that sent something and have no end.
    pub(super) fn rest(&mut self) -> Option<String> {
        let silent = self.open.iter().filter(|(_, told)| told.len() == 1);
        self.unsaid = silent.map(|(place, _)| place.clone()).collect();
        let lines: String = self
            .open
            .values()
            .filter(|told| told.len() > 1)
            .flatten()
            .map(journal::entry)
            .collect();
        (!lines.is_empty()).then(|| self.first_line() + &lines)
    }

    /// Gives what a save writes: the successor of what is there; nothing where that says the same.
    pub(super) fn next(&mut self, snapshot: &Snapshot) -> Option<Next> {
        (self.journalled, self.since) = (0, None);
        if self.base.as_ref().is_some_and(|base| base.says_same(snapshot)) {
            return None;
        }
        let lineage = match self.base.as_ref().map_or("", |base| &base.lineage) {
            "" => Uuid::new_v5(&self.run, b"lineage").to_string(),
            lineage => lineage.to_string(),
        };
        let next = Next::of(Snapshot { lineage, serial: self.serial() + 1, ..snapshot.clone() });
        self.written = next.text.len();
        Some(next)
    }

    /// Gives what a push writes: what follows another state is a write more than what was pushed.
    pub(super) fn pushed(&self, snapshot: &Snapshot) -> Next {
        let same =
            |base: &Snapshot| base.written_by == snapshot.written_by && base.says_same(snapshot);
        let succeeds = self.base.as_ref().is_some_and(|base| !same(base));
        Next::of(Snapshot { serial: snapshot.serial + u64::from(succeeds), ..snapshot.clone() })
    }

    /// Gives what is kept aside where a save cannot be made: the successor of what was there.
    pub(super) fn successor(&self, snapshot: &Snapshot) -> Next {
        let base = self.base.as_ref();
        Next::of(Snapshot {
            lineage: base.map(|base| base.lineage.clone()).unwrap_or_default(),
            serial: self.serial() + 1,
            ..snapshot.clone()
        })
    }

    /// Takes over what a run before left open: it stays in the journal until its end is told.
    pub(super) fn inherit(&mut self, questions: &[Question]) {
        for Question { begun, request, told, .. } in questions {
            let place = (begun.address.clone(), begun.deposed.clone());
            let intent = Entry::Intent {
                call: 0,
                address: begun.address.clone(),
                action: begun.action.clone(),
                request: request.clone(),
                identity: told.clone(),
            };
            let told = || vec![Entry::Begin(Box::new(begun.clone())), intent];
            self.open.entry(place).or_insert_with(told);
        }
    }

    /// Takes what was written as what the next save replaces.
    pub(super) fn wrote(&mut self, snapshot: Snapshot) {
        self.base = Some(snapshot);
    }

    /// Takes that there is nothing for the next save to replace.
    pub(super) fn forget(&mut self) {
        self.base = None;
    }

    /// Tells under which version the state now stands.
    pub(super) fn saved(&self, unchanged: bool) -> Saved {
        let lineage = self.base.as_ref().map(|base| base.lineage.clone()).unwrap_or_default();
        Saved { lineage, serial: self.serial(), unchanged }
    }
}

/// Enters a journal in what a place has.
///
/// # Errors
/// The journal cannot be read.
pub(super) fn entered(snapshot: Option<Snapshot>, journal: &str) -> Result<Loaded, JournalError> {
    let journal = journal::parse(journal)?;
    if journal.entries.is_empty() {
        return Ok(Loaded { snapshot, ..Loaded::default() });
    }
    let mut entered = snapshot.unwrap_or_default();
    let open = journal.replay(&mut entered);
    let snapshot = (!entered.is_empty() || !entered.lineage.is_empty()).then_some(entered);
    Ok(Loaded { snapshot, open, replayed: journal.entries.len() })
}
