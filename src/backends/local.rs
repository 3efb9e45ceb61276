//! States in local files, beside Terraform: the same paths, the same lock.
//!
//! Terraform's lock is a POSIX record lock on the state file itself. Such a lock belongs to process and
//! inode, and closing any descriptor of the inode in the process ends it. So the file is open once while
//! locked (`Held`), and read only through that descriptor; a save locks the new file *before* it takes
//! the old one's place, and who gets a lock looks whether the path still means that file. A `flock`
//! besides excludes this process from itself.
//!
//! Files are written whole; `disk.rs` says how.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, fcntl_lock, flock};

use super::disk::{Disk, Of, folder_of, read_if_there, sync_folder, text_of};
use super::kinds::{Given, Kind, Setting, Settings, path_from};
use super::vault::{Seal, SealError, Vault};
use super::work::{Next, Work, entered};
use super::{Backend, BackendError, Holder, Loaded, Lock, LockError, Saved, Version};
use crate::diag::Diagnostic;
use crate::state::file::{self, StateError};
use crate::state::{Entry, Snapshot};

/// The kind of place.
pub(super) const KIND: Kind = Kind {
    name: "local",
    settings: &[Setting::text("path"), Setting::text("workspace_dir")],
    open,
};

fn open(given: &Given<'_>) -> Result<Box<dyn Backend>, Diagnostic> {
    let backend = LocalBackend::new(&given.world.folder, given.settings, given.workspace);
    Ok(Box::new(backend.on(given.disk()?)))
}

/// Where the state of one workspace is.
pub struct LocalBackend {
    files: Files,
    workspace_folder: PathBuf,
    held: Held,
}

/// The state file while this backend has it locked.
type Held = Arc<Mutex<Option<File>>>;

/// The paths of one state.
#[derive(Clone)]
struct Files {
    state: PathBuf,
    /// Where the former state is kept; nothing where it is not.
    backup: Option<PathBuf>,
    journal: PathBuf,
    info: PathBuf,
    errored: PathBuf,
    seal: Seal,
    disk: Disk,
}

impl LocalBackend {
    /// Makes it from the `backend "local"` block's arguments, relative to `folder`.
    pub fn new(folder: &Path, settings: &Settings, workspace: &str) -> LocalBackend {
        let workspace_folder = path_from(folder, settings, "workspace_dir", "terraform.tfstate.d");
        let state = state_path(folder, settings, workspace);
        LocalBackend { workspace_folder, ..LocalBackend::at(&state, folder) }
    }

    /// Keeps the former state in another file than beside it; nothing for none at all.
    #[must_use]
    pub fn with_backup(mut self, backup: Option<PathBuf>) -> LocalBackend {
        self.files.backup = backup;
        self
    }

    /// Writes by this way.
    #[must_use]
    pub fn on(mut self, disk: Disk) -> LocalBackend {
        self.files.disk = disk;
        self
    }

    /// Makes it for a state file; `folder` is where a state that cannot be saved is kept.
    pub fn at(state: &Path, folder: &Path) -> LocalBackend {
        let beside = |suffix: &str| {
            let mut path = state.as_os_str().to_owned();
            path.push(suffix);
            PathBuf::from(path)
        };
        let name = state.file_name().unwrap_or_default().to_string_lossy();
        let files = Files {
            state: state.to_path_buf(),
            backup: Some(beside(".backup")),
            journal: beside(".journal"),
            info: state.with_file_name(format!(".{}.lock.info", name.trim_start_matches('.'))),
            errored: folder.join("errored.tfstate"),
            seal: Seal::default(),
            disk: Disk::default(),
        };
        LocalBackend {
            files,
            workspace_folder: folder.join("terraform.tfstate.d"),
            held: Held::default(),
        }
    }
}

/// Gives the state file of a workspace.
pub fn state_path(folder: &Path, settings: &Settings, workspace: &str) -> PathBuf {
    match workspace {
        "default" | "" => path_from(folder, settings, "path", "terraform.tfstate"),
        name => {
            let all = path_from(folder, settings, "workspace_dir", "terraform.tfstate.d");
            all.join(name).join("terraform.tfstate")
        }
    }
}

#[async_trait]
impl Backend for LocalBackend {
    fn place(&self) -> String {
        self.files.place()
    }

    async fn load(&self) -> Result<Loaded, BackendError> {
        let text = match &*lock_of(&self.held) {
            Some(file) => self.files.read_held(file)?,
            None => self.files.read_state()?,
        };
        self.files.loaded(&text).await
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lock>, BackendError> {
        if lock_of(&self.held).is_some() {
            return Err(self.files.held_by_other(holder.created));
        }
        self.files.seal.ready().await.map_err(|error| self.files.sealed(error))?;
        let (file, made) = self.files.open_locked(holder.created)?;
        let text = self.files.read_held(&file)?;
        *lock_of(&self.held) = Some(file);
        let mut lock = LocalLock::new(&self.files, Arc::clone(&self.held), holder);
        lock.made = made;
        lock.files.tidy();
        lock.files.write_info(holder)?;
        lock.begin(text).await?;
        Ok(Box::new(lock))
    }

    async fn unlocked(&self, holder: &Holder) -> Result<Box<dyn Lock>, BackendError> {
        self.files.seal.ready().await.map_err(|error| self.files.sealed(error))?;
        let text = self.files.read_state()?;
        let mut lock = LocalLock::new(&self.files, Held::default(), holder);
        lock.free = true;
        lock.begin(text).await?;
        Ok(Box::new(lock))
    }

    async fn workspaces(&self) -> Result<Vec<String>, BackendError> {
        let mut names = vec!["default".to_string()];
        let folders = match fs::read_dir(&self.workspace_folder) {
            Ok(folders) => folders,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
            Err(source) => return Err(failed("listing", &self.workspace_folder, source)),
        };
        let mut others: Vec<String> = folders
            .filter_map(Result::ok)
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        others.sort();
        names.extend(others);
        Ok(names)
    }

    async fn create(&self) -> Result<(), BackendError> {
        let folder = folder_of(&self.files.state);
        fs::create_dir_all(folder).map_err(|source| failed("making", folder, source))
    }

    async fn remove(&self) -> Result<(), BackendError> {
        let folder = folder_of(&self.files.state);
        if folder.parent() != Some(self.workspace_folder.as_path()) {
            // The default workspace lies beside the configuration: only its own files are removed.
            return match fs::remove_file(&self.files.state) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    Err(failed("removing", &self.files.state, error))
                }
                _ => Ok(()),
            };
        }
        fs::remove_dir_all(folder).map_err(|source| failed("removing", folder, source))
    }

    async fn break_lock(&self, _: &str) -> Result<(), BackendError> {
        // The system gives a record lock back when its process ends, and nobody else can.
        let (file, made) = self.files.open_locked(Timestamp::now())?;
        drop(file);
        if made {
            // It was made only to look at its lock.
            let _ = fs::remove_file(&self.files.state);
        }
        Err(BackendError::NotHeld { place: self.files.place(), id: None, holder: None })
    }

    async fn history(&self) -> Result<Vec<Version>, BackendError> {
        self.files.history()
    }

    async fn version(&self, id: &str) -> Result<Snapshot, BackendError> {
        let path = self.files.state.with_file_name(id);
        let text = read_if_there(&path).map_err(|source| failed("reading", &path, source))?;
        Ok(self.files.parse(&text).await?.unwrap_or_default())
    }

    fn seal_with(&mut self, vault: Arc<Vault>) {
        self.files.seal = Seal(Some(vault));
    }
}

/// The lock on a local state file.
struct LocalLock {
    files: Files,
    held: Held,
    /// The text as first read, for the backup.
    first: Option<String>,
    work: Work,
    journal: Option<File>,
    /// The last entries that were to be added were added.
    told: bool,
    backed_up: bool,
    /// This lock made the state file.
    made: bool,
    /// Nothing is locked: another may hold the lock meanwhile.
    free: bool,
}

#[async_trait]
impl Lock for LocalLock {
    async fn load(&mut self) -> Result<Loaded, BackendError> {
        let text = self.read()?;
        let loaded = self.files.loaded(&text).await?;
        if self.free {
            self.begin(text).await?;
        }
        self.work.inherit(&loaded.open);
        Ok(loaded)
    }

    async fn append(&mut self, entries: &[Entry]) -> Result<(), BackendError> {
        let written = self.add(entries);
        self.told = written.is_ok();
        if written.is_err() {
            // What was written of it may end in the middle of a line: the next entries must not follow that.
            self.journal = None;
        }
        written
    }

    fn due(&mut self, now: Timestamp) -> bool {
        self.work.due(now)
    }

    async fn save(&mut self, snapshot: &Snapshot) -> Result<Saved, BackendError> {
        self.may_replace(snapshot).await?;
        let next = self.work.next(snapshot);
        let unchanged = next.is_none();
        if let Some(next) = next {
            self.write(&next)?;
            self.work.wrote(next.snapshot);
        }
        self.end_journal()?;
        Ok(self.work.saved(unchanged))
    }

    async fn push(&mut self, snapshot: &Snapshot) -> Result<Saved, BackendError> {
        self.may_replace(snapshot).await?;
        let next = self.work.pushed(snapshot);
        self.write(&next)?;
        self.work.wrote(next.snapshot);
        self.end_journal()?;
        Ok(self.work.saved(false))
    }

    async fn unlock(self: Box<Self>) -> Result<(), BackendError> {
        if self.free {
            return Ok(());
        }
        match fs::remove_file(&self.files.info) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed("removing", &self.files.info, error));
            }
            _ => Ok(()),
        }
    }
}

impl Drop for LocalLock {
    fn drop(&mut self) {
        let Some(file) = lock_of(&self.held).take() else { return };
        let empty = file.metadata().is_ok_and(|found| found.len() == 0);
        if self.made && empty {
            // A failure leaves an empty file behind, which means the same as none.
            let _ = fs::remove_file(&self.files.state);
        }
        // A program that is just being started has the file too, until it runs: to close it would not be enough.
        let _ = flock(&file, FlockOperation::Unlock);
    }
}

impl LocalLock {
    fn new(files: &Files, held: Held, holder: &Holder) -> LocalLock {
        LocalLock {
            files: files.clone(),
            held,
            first: None,
            work: Work::new(holder.id, None),
            journal: None,
            told: true,
            backed_up: false,
            made: false,
            free: false,
        }
    }

    /// Notes what the next save replaces.
    async fn begin(&mut self, text: String) -> Result<(), BackendError> {
        match self.files.parse(&text).await? {
            Some(base) => self.work.wrote(base),
            None => self.work.forget(),
        }
        self.first = (!text.is_empty()).then_some(text);
        Ok(())
    }

    /// Adds entries to the journal.
    fn add(&mut self, entries: &[Entry]) -> Result<(), BackendError> {
        let error = |source| failed("writing", &self.files.journal, source);
        let mut text = String::new();
        if self.journal.is_none() {
            let (journal, head) = self.open_journal().map_err(error)?;
            self.journal = Some(journal);
            text = head;
        }
        text += &self.work.lines(entries);
        let bytes = self.files.seal.entries(&text).map_err(|error| self.files.sealed(error))?;
        let Some(journal) = self.journal.as_mut() else { return Ok(()) };
        self.files.disk.append(Of::Journal, journal, &bytes).map_err(error)
    }

    fn read(&self) -> Result<String, BackendError> {
        match &*lock_of(&self.held) {
            Some(file) => self.files.read_held(file),
            None if self.free => self.files.read_state(),
            None => Ok(String::new()),
        }
    }

    /// Opens the journal, and gives this run's first line. A line of a former run that was cut short is
    /// cut off.
    fn open_journal(&self) -> io::Result<(File, String)> {
        let text = read_if_there(&self.files.journal)?;
        let whole = text.rfind('\n').map_or(0, |newline| newline + 1);
        let file =
            private(OpenOptions::new().create(true).append(true)).open(&self.files.journal)?;
        if whole < text.len() {
            file.set_len(whole as u64)?;
        }
        sync_folder(&self.files.journal)?;
        Ok((file, self.work.first_line()))
    }

    /// Ends the journal once the state says what it said; calls of this run without an answer stay in it.
    fn end_journal(&mut self) -> Result<(), BackendError> {
        self.journal = None;
        if let Some(rest) = self.work.rest() {
            let rest = self.files.seal.entries(&rest).map_err(|error| self.files.sealed(error))?;
            let written = self.files.disk.write_whole(Of::Journal, &self.files.journal, &rest);
            return written.map_err(|source| failed("writing", &self.files.journal, source));
        }
        match fs::remove_file(&self.files.journal) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("removing", &self.files.journal, error))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to save over a state that is not what this lock last saw, or of which that cannot be told.
    async fn may_replace(&self, snapshot: &Snapshot) -> Result<(), BackendError> {
        match self.refuse_stale(snapshot).await {
            Ok(()) => Ok(()),
            Err(stale @ BackendError::Stale { .. }) => Err(stale),
            Err(error) => Err(BackendError::NotSaved {
                place: self.files.place(),
                kept: self.files.keep_aside(&self.work.successor(snapshot)),
                told: self.told,
                source: io::Error::other(error.to_string()),
            }),
        }
    }

    /// Refuses to save over a state that is not what this lock last saw.
    async fn refuse_stale(&self, snapshot: &Snapshot) -> Result<(), BackendError> {
        let path = fs::metadata(&self.files.state).map(|found| (found.dev(), found.ino()));
        let same_file = lock_of(&self.held).as_ref().is_some_and(|file| {
            let held = file.metadata().map(|found| (found.dev(), found.ino()));
            matches!((&path, held), (Ok(path), Ok(held)) if *path == held)
        });
        // Another file stands at the path: it is not ours, so it may be opened and closed.
        let text = if same_file { self.read()? } else { self.files.read_state()? };
        // Lineage and serial stand in clear, sealed or not: the rest need not be read for them.
        let found = file::version(&text);
        let same = found.as_ref().map(|found| (found.lineage.as_str(), found.serial));
        if found.is_some() && same == self.work.version() {
            return Ok(());
        }
        let found = self.files.parse(&text).await?;
        if found.as_ref().map(|found| (found.lineage.as_str(), found.serial)) == self.work.version()
        {
            return Ok(());
        }
        let kept = self.files.keep_aside(&self.work.successor(snapshot));
        Err(BackendError::Stale {
            place: self.files.place(),
            expected: self.work.serial(),
            found: found.map_or(0, |found| found.serial),
            kept,
        })
    }

    fn write(&mut self, next: &Next) -> Result<(), BackendError> {
        let bytes = self.files.seal.state(next).map_err(|error| self.files.sealed(error))?;
        let written = self.back_up().and_then(|()| self.replace(&bytes));
        written.map_err(|source| BackendError::NotSaved {
            place: self.files.place(),
            kept: self.files.keep_aside(next),
            told: self.told,
            source,
        })
    }

    fn back_up(&mut self) -> io::Result<()> {
        if let (Some(first), Some(backup), false) =
            (&self.first, &self.files.backup, self.backed_up)
        {
            self.files.disk.write_whole(Of::Backup, backup, first.as_bytes())?;
        }
        self.backed_up = true;
        Ok(())
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.free {
            fs::create_dir_all(folder_of(&self.files.state))?;
            return self.files.disk.write_whole(Of::State, &self.files.state, bytes);
        }
        let filled = self.files.disk.filled(Of::State, &self.files.state, bytes)?;
        take(&filled.file)?;
        let placed = filled.put()?;
        let settled = placed.settle();
        *lock_of(&self.held) = Some(placed.file);
        settled
    }
}

impl Files {
    fn place(&self) -> String {
        format!("\"{}\"", self.state.display())
    }

    fn read_state(&self) -> Result<String, BackendError> {
        read_if_there(&self.state).map_err(|source| failed("reading", &self.state, source))
    }

    fn read_held(&self, file: &File) -> Result<String, BackendError> {
        let error = |source| failed("reading", &self.state, source);
        let length = file.metadata().map_err(error)?.len();
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, 0).map_err(error)?;
        text_of(bytes).map_err(error)
    }

    fn sealed(&self, error: SealError) -> BackendError {
        BackendError::Sealed { place: self.place(), error }
    }

    /// Reads a state's text; nothing where it is empty.
    async fn parse(&self, raw: &str) -> Result<Option<Snapshot>, BackendError> {
        let text = self.seal.text(raw.as_bytes()).await.map_err(|error| self.sealed(error))?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let place = self.place();
        file::read(&text)
            .map(Some)
            .map_err(|error: StateError| BackendError::State { place, error })
    }

    async fn loaded(&self, text: &str) -> Result<Loaded, BackendError> {
        let snapshot = self.parse(text).await?;
        let journal = read_if_there(&self.journal)
            .map_err(|source| failed("reading", &self.journal, source))?;
        let journal = self.seal.lines(&journal).await.map_err(|error| self.sealed(error))?;
        entered(snapshot, &journal).map_err(|error| BackendError::Journal {
            place: format!("\"{}\"", self.journal.display()),
            error,
        })
    }

    /// Lists the state and its backups.
    fn history(&self) -> Result<Vec<Version>, BackendError> {
        let folder = folder_of(&self.state);
        let name = self.state.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = fs::read_dir(folder).map_err(|source| failed("listing", folder, source))?;
        let mut found: Vec<Version> = files
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let id = entry.file_name().to_string_lossy().into_owned();
                let of_state =
                    id == name || (id.starts_with(&format!("{name}.")) && id.ends_with(".backup"));
                let meta = entry.metadata().ok().filter(|meta| meta.len() > 0 && of_state)?;
                let written = meta.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
                Some(Version { present: id == name, id, written })
            })
            .collect();
        found.sort_by_key(|version| std::cmp::Reverse((version.present, version.written)));
        Ok(found)
    }

    /// Opens the state file and locks it; says also whether it was made.
    fn open_locked(&self, found: Timestamp) -> Result<(File, bool), BackendError> {
        let error = |source| failed("opening", &self.state, source);
        if let Some(folder) = self.state.parent() {
            fs::create_dir_all(folder).map_err(error)?;
        }
        loop {
            let made = !self.state.exists();
            let mut options = OpenOptions::new();
            let file = private(options.read(true).write(true).create(true).truncate(false))
                .open(&self.state)
                .map_err(error)?;
            match take(&file) {
                Ok(()) => {}
                Err(refused) if refused.kind() == ErrorKind::WouldBlock => {
                    return Err(self.held_by_other(found));
                }
                Err(refused) => return Err(error(refused)),
            }
            let ours = file.metadata().map_err(error)?;
            match fs::metadata(&self.state) {
                Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => {
                    return Ok((file, made));
                }
                // Its former holder put another file in its place meanwhile.
                _ => {}
            }
        }
    }

    fn held_by_other(&self, found: Timestamp) -> BackendError {
        let holder = fs::read_to_string(&self.info).ok().and_then(|text| Holder::from_json(&text));
        BackendError::Held(LockError { place: self.place(), id: None, holder, beat: None, found })
    }

    fn write_info(&self, holder: &Holder) -> Result<(), BackendError> {
        let text = holder.to_json(&self.state.to_string_lossy());
        let mut options = OpenOptions::new();
        private(options.write(true).create(true).truncate(true))
            .open(&self.info)
            .and_then(|mut file| self.disk.append(Of::Record, &mut file, text.as_bytes()))
            .map_err(|source| failed("writing", &self.info, source))
    }

    /// Removes what killed runs left of files that were not in their places yet.
    fn tidy(&self) {
        for path in [&self.state, &self.journal, &self.errored].into_iter().chain(&self.backup) {
            Disk::tidy(path);
        }
    }

    fn keep_aside(&self, next: &Next) -> Option<PathBuf> {
        let bytes = self.seal.state(next).ok()?;
        let written = self.disk.write_whole(Of::Aside, &self.errored, &bytes);
        written.ok().map(|()| self.errored.clone())
    }
}

/// Takes both locks, without waiting.
fn take(file: &File) -> io::Result<()> {
    let refused = |error: rustix::io::Errno| match io::Error::from(error) {
        // The record lock may say either.
        error if error.kind() == ErrorKind::PermissionDenied => ErrorKind::WouldBlock.into(),
        error => error,
    };
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(refused)?;
    fcntl_lock(file, FlockOperation::NonBlockingLockExclusive).map_err(refused)
}

fn lock_of(held: &Held) -> MutexGuard<'_, Option<File>> {
    // A holder that panicked left the file as it was: there is nothing half done in an option.
    held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> BackendError {
    BackendError::File { doing, path: path.to_path_buf(), source }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
