//! States in a service: what a save, a journal and a lock mean, whatever the service is.
//!
//! Each flush of the journal is a piece of its own, which begins with the line that says which state it follows.
//! A save names the version that it replaces; then the pieces go. While a lock is held, a task of its own says so at the
//! service now and then.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::disk::{Disk, Of};
use super::store::{Piece, Store, StoreError};
use super::vault::{Seal, SealError, Vault};
use super::work::{Next, Work, entered};
use super::{Backend, BackendError, Holder, Loaded, Lock, Saved, Version};
use crate::state::{Entry, Snapshot, file};

/// How often a holder says that it is alive.
const BEAT: Duration = Duration::from_secs(30);

/// What a lock says to who finds it after its holder died: other programs know no journal.
const ADVICE: &str = "If this lock is left behind, run \"terrane recover\" before anything else: its journal tells what was done.";

/// A state in a service.
pub struct Remote {
    store: Arc<dyn Store>,
    /// Where a state that cannot be saved is kept.
    errored: PathBuf,
    seal: Seal,
    disk: Disk,
}

impl Remote {
    /// Makes it from the service's part; a state that cannot be saved is kept in `folder`.
    pub fn new(store: Arc<dyn Store>, folder: &std::path::Path, disk: Disk) -> Remote {
        Remote { store, errored: folder.join("errored.tfstate"), seal: Seal::default(), disk }
    }
}

#[async_trait]
impl Backend for Remote {
    fn place(&self) -> String {
        self.store.place()
    }

    async fn load(&self) -> Result<Loaded, BackendError> {
        Ok(read(self.store.as_ref(), &self.seal).await?.loaded)
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lock>, BackendError> {
        let info = match holder.info.as_str() {
            "" => ADVICE.to_string(),
            info => info.to_string(),
        };
        let record = Holder { info, ..holder.clone() };
        let sealed = |error| BackendError::Sealed { place: self.place(), error };
        self.seal.ready().await.map_err(sealed)?;
        let id = self.store.take(&record).await.map_err(|error| self.error(error, "locking"))?;
        Disk::tidy(&self.errored);
        let beats = tokio::spawn(beats(Arc::clone(&self.store), id.clone()));
        let mut lock = self.free(holder);
        (lock.id, lock.beats) = (id, Some(beats));
        if let Err(error) = lock.load().await {
            // What cannot be read is no reason to keep others out.
            let _ = Box::new(lock).unlock().await;
            return Err(error);
        }
        Ok(Box::new(lock))
    }

    async fn unlocked(&self, holder: &Holder) -> Result<Box<dyn Lock>, BackendError> {
        let sealed = |error| BackendError::Sealed { place: self.place(), error };
        self.seal.ready().await.map_err(sealed)?;
        let mut lock = self.free(holder);
        lock.load().await?;
        Ok(Box::new(lock))
    }

    async fn break_lock(&self, id: &str) -> Result<(), BackendError> {
        self.store.break_lock(id).await.map_err(|error| self.error(error, "unlocking"))
    }

    fn has_workspaces(&self) -> bool {
        self.store.has_workspaces()
    }

    async fn workspaces(&self) -> Result<Vec<String>, BackendError> {
        let found = self.store.workspaces().await;
        let mut names = found.map_err(|error| self.error(error, "listing"))?;
        names.retain(|name| name != "default");
        names.sort();
        names.insert(0, "default".to_string());
        Ok(names)
    }

    async fn create(&self) -> Result<(), BackendError> {
        // An empty state makes the workspace known, as Terraform has it.
        let holder = Holder::new("init", "");
        let mut lock = self.lock(&holder).await?;
        let made = match lock.load().await {
            Ok(Loaded { snapshot: None, .. }) => lock.save(&Snapshot::default()).await.map(|_| ()),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        let freed = lock.unlock().await;
        made.and(freed)
    }

    async fn remove(&self) -> Result<(), BackendError> {
        self.store.remove().await.map_err(|error| self.error(error, "removing"))
    }

    async fn history(&self) -> Result<Vec<Version>, BackendError> {
        let past = self.store.history().await.map_err(|error| self.error(error, "listing"))?;
        Ok(past
            .into_iter()
            .map(|past| Version { id: past.version, written: past.written, present: past.present })
            .collect())
    }

    async fn version(&self, id: &str) -> Result<Snapshot, BackendError> {
        let bytes = self.store.past(id).await.map_err(|error| self.error(error, "reading"))?;
        Ok(parsed(&self.place(), &self.seal, &bytes).await?.unwrap_or_default())
    }

    fn weakness(&self) -> Option<String> {
        self.store.weakness()
    }

    fn seal_with(&mut self, vault: Arc<Vault>) {
        self.seal = Seal(Some(vault));
    }
}

impl Remote {
    /// Makes what saves without a lock.
    fn free(&self, holder: &Holder) -> RemoteLock {
        RemoteLock {
            store: Arc::clone(&self.store),
            errored: self.errored.clone(),
            seal: self.seal.clone(),
            disk: self.disk.clone(),
            id: String::new(),
            work: Work::new(holder.id, None),
            run: holder.id.to_string(),
            version: None,
            pieces: Vec::new(),
            appended: 0,
            told: true,
            beats: None,
        }
    }

    fn error(&self, error: StoreError, doing: &'static str) -> BackendError {
        error.at(self.store.place(), doing)
    }
}

/// Says that the holder lives until it ends, or the lock is lost: then the next write is refused.
async fn beats(store: Arc<dyn Store>, id: String) {
    loop {
        tokio::time::sleep(BEAT).await;
        if matches!(store.beat(&id).await, Err(StoreError::LockLost { .. })) {
            return;
        }
    }
}

/// What a service has, as read.
struct Read {
    /// The state as written, without the journal.
    base: Option<Snapshot>,
    version: Option<String>,
    /// The names of the journal's pieces.
    pieces: Vec<String>,
    loaded: Loaded,
}

async fn read(store: &dyn Store, seal: &Seal) -> Result<Read, BackendError> {
    let place = store.place();
    let (written, pieces) = futures::join!(store.read(), store.journal());
    let written = written.map_err(|error| error.at(place.clone(), "reading"))?;
    let pieces =
        pieces.map_err(|error| error.at(place.clone(), "reading the journal of the state at"))?;
    let (bytes, version) = match written {
        Some(written) => (written.bytes, Some(written.version)),
        None => (Vec::new(), None),
    };
    let base = parsed(&place, seal, &bytes).await?;
    let mut text = String::new();
    for piece in &pieces {
        // A piece is written at once, or not at all: one that is cut short is broken.
        let sealed = |error| BackendError::Sealed { place: place.clone(), error };
        text += &seal.lines(&String::from_utf8_lossy(&piece.bytes)).await.map_err(sealed)?;
    }
    let loaded = entered(base.clone(), &text)
        .map_err(|error| BackendError::Journal { place: place.clone(), error })?;
    Ok(Read { base, version, pieces: pieces.into_iter().map(|piece| piece.name).collect(), loaded })
}

/// Reads a state's bytes; nothing where there are none.
async fn parsed(place: &str, seal: &Seal, bytes: &[u8]) -> Result<Option<Snapshot>, BackendError> {
    let sealed = |error| BackendError::Sealed { place: place.to_string(), error };
    let text = seal.text(bytes).await.map_err(sealed)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    file::read(&text)
        .map(Some)
        .map_err(|error| BackendError::State { place: place.to_string(), error })
}

/// The lock on a state in a service.
struct RemoteLock {
    store: Arc<dyn Store>,
    errored: PathBuf,
    seal: Seal,
    disk: Disk,
    /// The lock's id at the service; empty where none was taken.
    id: String,
    work: Work,
    run: String,
    /// The service's version of what the next save replaces.
    version: Option<String>,
    /// The journal's pieces that are there, of this run and of runs before.
    pieces: Vec<String>,
    appended: u32,
    /// The last piece that was to be added was added.
    told: bool,
    /// What says that the holder lives; nothing where no lock was taken.
    beats: Option<JoinHandle<()>>,
}

impl Drop for RemoteLock {
    fn drop(&mut self) {
        if let Some(beats) = &self.beats {
            beats.abort();
        }
    }
}

#[async_trait]
impl Lock for RemoteLock {
    async fn load(&mut self) -> Result<Loaded, BackendError> {
        let read = read(self.store.as_ref(), &self.seal).await?;
        match read.base {
            Some(base) => self.work.wrote(base),
            None => self.work.forget(),
        }
        self.version = read.version;
        self.pieces = read.pieces;
        self.work.inherit(&read.loaded.open);
        Ok(read.loaded)
    }

    async fn append(&mut self, entries: &[Entry]) -> Result<(), BackendError> {
        let text = self.work.first_line() + &self.work.lines(entries);
        let added = self.add_piece(text).await;
        self.told = added.is_ok();
        added
    }

    fn due(&mut self, now: Timestamp) -> bool {
        self.work.due(now)
    }

    async fn save(&mut self, snapshot: &Snapshot) -> Result<Saved, BackendError> {
        let next = self.work.next(snapshot);
        let unchanged = next.is_none();
        if let Some(next) = next {
            self.write(next).await?;
        }
        self.end_journal().await?;
        Ok(self.work.saved(unchanged))
    }

    async fn push(&mut self, snapshot: &Snapshot) -> Result<Saved, BackendError> {
        self.write(self.work.pushed(snapshot)).await?;
        self.end_journal().await?;
        Ok(self.work.saved(false))
    }

    async fn unlock(self: Box<Self>) -> Result<(), BackendError> {
        let Some(beats) = &self.beats else { return Ok(()) };
        beats.abort();
        self.store.free(&self.id).await.map_err(|error| error.at(self.store.place(), "unlocking"))
    }
}

impl RemoteLock {
    async fn add_piece(&mut self, text: String) -> Result<(), BackendError> {
        self.appended += 1;
        let name = format!("{}-{:06}", self.run, self.appended);
        let bytes = self.seal.entries(&text).map_err(|error| self.sealed(error))?;
        let piece = Piece { name: name.clone(), bytes };
        // It may be there although the service says that it failed: it goes with the others.
        self.pieces.push(name);
        self.store
            .append(&piece)
            .await
            .map_err(|error| error.at(self.store.place(), "writing the journal of the state at"))
    }

    /// Writes in the place of what was read; what cannot be written is kept aside.
    async fn write(&mut self, next: Next) -> Result<(), BackendError> {
        let bytes = self.seal.state(&next).map_err(|error| self.sealed(error))?;
        let place = self.store.place();
        match self.store.write(&bytes, self.version.as_deref(), &self.id).await {
            Ok(version) => {
                self.version = Some(version);
                self.work.wrote(next.snapshot);
                Ok(())
            }
            Err(StoreError::Moved) => {
                let found = self.store.read().await.ok().flatten();
                let there = found.map(|found| found.bytes).unwrap_or_default();
                let found = parsed(&place, &self.seal, &there).await.ok().flatten();
                Err(BackendError::Stale {
                    place,
                    expected: self.work.serial(),
                    found: found.map_or(0, |found| found.serial),
                    kept: self.keep_aside(&bytes),
                })
            }
            Err(StoreError::LockLost { holder }) => {
                let (holder, kept) = (holder.map(|it| *it), self.keep_aside(&bytes));
                Err(BackendError::LockLost { place, holder, kept })
            }
            Err(error) => Err(BackendError::NotSaved {
                place,
                kept: self.keep_aside(&bytes),
                told: self.told,
                source: std::io::Error::other(error.to_string()),
            }),
        }
    }

    fn sealed(&self, error: SealError) -> BackendError {
        BackendError::Sealed { place: self.store.place(), error }
    }

    fn keep_aside(&self, bytes: &[u8]) -> Option<PathBuf> {
        let written = self.disk.write_whole(Of::Aside, &self.errored, bytes);
        written.ok().map(|()| self.errored.clone())
    }

    /// Ends the journal once the state says what it said; calls of this run without an answer stay in it.
    async fn end_journal(&mut self) -> Result<(), BackendError> {
        let over = std::mem::take(&mut self.pieces);
        if let Some(rest) = self.work.rest() {
            self.add_piece(rest).await?;
        }
        if over.is_empty() {
            return Ok(());
        }
        self.store
            .drop_pieces(&over)
            .await
            .map_err(|error| error.at(self.store.place(), "removing the journal of the state at"))
    }
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
