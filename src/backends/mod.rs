//! Where states are kept: places that load, lock and save.
//!
//! Only the holder of a [`Lock`] can save, and the type says so. Each save names the version that it
//! replaces; a state that somebody changed meanwhile is refused, and what was to be saved is kept
//! beside it.

pub mod kinds;
pub mod disk;
pub mod local;
mod gcs;
mod kubernetes;
pub mod remote;
pub mod store;
pub mod vault;
mod work;
mod http;
mod http_service;
mod pg;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use self::vault::{SealError, Vault};
use crate::diag::Diagnostic;
use crate::http::Clock;
use crate::state::file::StateError;
use crate::state::journal::JournalError;
use crate::state::{Entry, Question, Snapshot};

/// A place for one workspace's state.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Names the place for people: a path, a URL.
    fn place(&self) -> String;

    /// Loads without a lock, for what only reads.
    async fn load(&self) -> Result<Loaded, BackendError>;

    /// Takes the lock, in one try.
    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lock>, BackendError>;

    /// Gives the right to change the state without taking the lock: whoever holds it, and nobody hears of this. A save
    /// is refused all the same where the state has moved since it was loaded.
    async fn unlocked(&self, holder: &Holder) -> Result<Box<dyn Lock>, BackendError>;

    /// Says whether the place can have states of other workspaces than `default`.
    fn has_workspaces(&self) -> bool {
        true
    }

    /// Names all workspaces that have a state; `default` first, always there.
    async fn workspaces(&self) -> Result<Vec<String>, BackendError>;

    /// Makes the workspace's place, so that it is among [`Backend::workspaces`] before its first save.
    async fn create(&self) -> Result<(), BackendError>;

    /// Removes the workspace's state, and the workspace.
    async fn remove(&self) -> Result<(), BackendError>;

    /// Ends the lock of this id, whoever holds it; its holder can save no more.
    ///
    /// # Errors
    /// [`BackendError::NotHeld`] where no lock has this id, [`BackendError::Held`] where nobody but the holder can end
    /// it; in both cases nothing was done.
    async fn break_lock(&self, id: &str) -> Result<(), BackendError>;

    /// Lists the versions of the state that the place still has, the newest first; nothing where it keeps none.
    async fn history(&self) -> Result<Vec<Version>, BackendError>;

    /// Gives a version that [`Backend::history`] listed.
    async fn version(&self, id: &str) -> Result<Snapshot, BackendError>;

    /// Says what is not as safe here as elsewhere; told once before a run that writes.
    fn weakness(&self) -> Option<String> {
        None
    }

    /// Seals what is kept from here on, the journal too, and opens what is.
    fn seal_with(&mut self, vault: Arc<Vault>);
}

/// The right to change the state; only one can be had at a time.
#[async_trait]
pub trait Lock: Send {
    /// Loads what the place has: nobody can change it until this lock ends.
    async fn load(&mut self) -> Result<Loaded, BackendError>;

    /// Adds entries to the journal; they are durable when this returns.
    async fn append(&mut self, entries: &[Entry]) -> Result<(), BackendError>;

    /// Says whether the journal has grown so much since the last save, or a smaller part of it is so old, that the state
    /// should be saved before the run goes on: all that is written in a run grows with what it does, not with its square.
    fn due(&mut self, now: Timestamp) -> bool;

    /// Saves whole, as the successor of what this lock last loaded or saved; then the journal is empty.
    /// A snapshot that says the same as what is there is not written. Lineage and serial are the place's
    /// own affair: those of `snapshot` do not count.
    async fn save(&mut self, snapshot: &Snapshot) -> Result<Saved, BackendError>;

    /// Saves whole, with the snapshot's own lineage and serial, in the place of whatever is there.
    async fn push(&mut self, snapshot: &Snapshot) -> Result<Saved, BackendError>;

    /// Ends the lock. A journal that was not saved stays, for the next run to enter.
    async fn unlock(self: Box<Self>) -> Result<(), BackendError>;
}

/// What a place has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The state with the journal entered; nothing where there is none.
    pub snapshot: Option<Snapshot>,
    /// What the journal leaves open: actions without an end, objects of a state that has moved since.
    pub open: Vec<Question>,
    /// How many entries of a journal that a run left behind were read.
    pub replayed: usize,
}

/// A version of a state that a place keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What the place calls it: a generation, a row's number.
    pub id: String,
    /// When it was written.
    pub written: Option<Timestamp>,
    /// It is the present one.
    pub present: bool,
}

/// Under which version a state was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The lineage.
    pub lineage: String,
    /// The serial.
    pub serial: u64,
    /// It said the same already: nothing was written.
    pub unchanged: bool,
}

/// Who holds a lock, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The lock's id.
    pub id: Uuid,
    /// `OperationTypePlan`, `OperationTypeApply`, `state-mv`, …
    pub operation: String,
    /// `user@host`.
    pub who: String,
    /// The program's version.
    pub version: String,
    /// Since when.
    pub created: Timestamp,
    /// Anything else to say.
    pub info: String,
}

impl Holder {
    /// Makes the record of who begins now.
    pub fn new(operation: impl Into<String>, who: impl Into<String>) -> Holder {
        Holder {
            id: Uuid::new_v4(),
            operation: operation.into(),
            who: who.into(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            created: Timestamp::now(),
            info: String::new(),
        }
    }

    /// Gives the record that lock files have; `path` is the place.
    fn to_json(&self, path: &str) -> String {
        let record = json!({
            "ID": self.id.to_string(),
            "Operation": self.operation,
            "Info": self.info,
            "Who": self.who,
            "Version": self.version,
            "Created": self.created.to_string(),
            "Path": path,
        });
        record.to_string()
    }

    /// Reads such a record, as far as it says anything.
    fn from_json(text: &str) -> Option<Holder> {
        let record: serde_json::Value = serde_json::from_str(text).ok()?;
        let text = |name: &str| record.get(name).and_then(|text| text.as_str()).unwrap_or_default();
        Some(Holder {
            id: text("ID").parse().unwrap_or_default(),
            operation: text("Operation").to_string(),
            who: text("Who").to_string(),
            version: text("Version").to_string(),
            created: text("Created").parse().unwrap_or_default(),
            info: text("Info").to_string(),
        })
    }
}

/// Somebody else holds the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    /// The place.
    pub place: String,
    /// The lock's id, where it is not the holder's own: as `force-unlock` wants it.
    pub id: Option<String>,
    /// Who, where that is known.
    pub holder: Option<Holder>,
    /// When the holder last said that it lives, where it says so.
    pub beat: Option<Timestamp>,
    /// When this was found.
    pub found: Timestamp,
}

/// What went wrong at a place.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// Somebody else holds the lock.
    #[error("the state at {} is locked", .0.place)]
    Held(LockError),
    /// The state there cannot be read.
    #[error("the state at {place} cannot be read: {error}")]
    State {
        /// The place.
        place: String,
        /// Why.
        error: StateError,
    },
    /// The journal there cannot be read.
    #[error("the journal at {place} cannot be read: {error}")]
    Journal {
        /// The place.
        place: String,
        /// Why.
        error: JournalError,
    },
    /// Somebody changed the state meanwhile.
    #[error(
        "the state at {place} was changed by somebody else: serial {found} in place of {expected}"
    )]
    Stale {
        /// The place.
        place: String,
        /// The serial that it should have.
        expected: u64,
        /// The serial that it has.
        found: u64,
        /// Where what was to be saved is kept.
        kept: Option<PathBuf>,
    },
    /// Somebody ended the lock: nothing was written.
    #[error("the lock of the state at {place} was ended by somebody else")]
    LockLost {
        /// The place.
        place: String,
        /// Who has it now.
        holder: Option<Holder>,
        /// Where what was to be saved is kept.
        kept: Option<PathBuf>,
    },
    /// No lock has this id.
    #[error("no lock of the state at {place} has this id")]
    NotHeld {
        /// The place.
        place: String,
        /// The id that there is.
        id: Option<String>,
        /// Who has it.
        holder: Option<Holder>,
    },
    /// The service that keeps the state refused, or did not answer.
    #[error("{doing} {place} failed: {why}")]
    Service {
        /// The place.
        place: String,
        /// What was being done, like `reading`.
        doing: &'static str,
        /// Why.
        why: String,
    },
    /// What is kept there could not be sealed or opened.
    #[error("what is kept at {place} cannot be used: {error}")]
    Sealed {
        /// The place.
        place: String,
        /// Why.
        error: SealError,
    },
    /// The place could not be written; what was to be saved is kept elsewhere.
    #[error("the state at {place} could not be written: {source}")]
    NotSaved {
        /// The place.
        place: String,
        /// Where what was to be saved is kept.
        kept: Option<PathBuf>,
        /// The journal tells all that it does.
        told: bool,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be read or written.
    #[error("{doing} {path:?} failed: {source}")]
    File {
        /// What was being done, like `reading`.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BackendError {
    /// Gives the diagnostic for people.
    pub fn to_diagnostic(&self) -> Diagnostic {
        match self {
            BackendError::Held(error) => held(error),
            BackendError::State { place, error } => error.to_diagnostic(place),
            BackendError::Journal { place, error } => Diagnostic::error(
                "Broken journal",
                format!("The journal at {place} cannot be read: {error}. It tells what a run did before it ended early."),
            )
            .help("Look at the file: its lines tell which objects were made. Move it away to go on without it."),
            BackendError::Stale { place, expected, found, kept } => Diagnostic::error(
                "State changed meanwhile",
                format!(
                    "The state at {place} has serial {found} where {expected} was expected: another program changed it during this run. It was not overwritten.{}",
                    kept_text(kept.as_deref())
                ),
            )
            .help(match push(kept.as_deref(), "-force ") {
                Some(push) => format!(
                    "Plan again: what this run did is looked up then, from its journal. To put this run's state in the place of \
                     the other program's instead, which is lost then: {push}"
                ),
                None => "Plan again: what this run did is looked up then, from its journal.".to_string(),
            }),
            BackendError::LockLost { place, holder, kept } => Diagnostic::error(
                "Lock lost",
                format!(
                    "The lock of the state at {place} was ended by somebody else during this run{}. The state was not overwritten.{}",
                    match holder {
                        Some(holder) => format!(", and {} has it now", holder.who),
                        None => String::new(),
                    },
                    kept_text(kept.as_deref())
                ),
            )
            .help(match push(kept.as_deref(), "") {
                Some(push) => format!(
                    "Look at what the other run did. To bring this run's state back, when nobody works on it: {push}"
                ),
                None => "Plan again: what this run did is looked up then, from its journal.".to_string(),
            }),
            BackendError::Sealed { place, error } => sealed(place, error),
            BackendError::NotHeld { place, id, holder } => not_held(place, id.as_deref(), holder.as_ref()),
            BackendError::Service { place, doing, why } => {
                let detail = format!("It failed while {doing} {place}: {why}.");
                Diagnostic::error("State not accessible", detail)
                    .help("Nothing was lost. Is the service there, and are address and credentials right?")
            }
            BackendError::NotSaved { place, kept, told, source } => Diagnostic::error(
                "State could not be saved",
                format!(
                    "Writing the state at {place} failed: {}.{}",
                    plainly(source),
                    kept_text(kept.as_deref())
                ),
            )
            .help(not_saved(kept.as_deref(), *told)),
            BackendError::File { doing, path, source } => Diagnostic::error(
                "State not accessible",
                format!("The {doing} of \"{}\" failed: {}.", path.display(), plainly(source)),
            ),
        }
    }
}

/// Says what to do about a state that could not be saved.
fn not_saved(kept: Option<&Path>, told: bool) -> String {
    match (push(kept, ""), told) {
        (Some(push), true) => format!(
            "When it can be written again, any next run enters what this one did, from its journal. The same without a run: {push}"
        ),
        (Some(push), false) => format!(
            "The journal could not be written whole either. When the state can be written again, before anything else: {push}"
        ),
        (None, true) => "It could not be kept in the folder either. The journal tells the same: when the state can be written again, \
                         any next run enters it."
            .to_string(),
        (None, false) => "Neither could it be kept in the folder, nor the journal written whole. The journal names the calls that \
                          were made: when the state can be written again, the next run looks up what became of them."
            .to_string(),
    }
}

/// Gives the command that makes a state that was kept aside the state again.
fn push(kept: Option<&Path>, option: &str) -> Option<String> {
    let name = kept?.file_name()?.to_string_lossy();
    Some(format!("terrane state push {option}{name}"))
}

/// Gives an error of the system without its number.
fn plainly(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.trim_end_matches('.').to_string()
}

fn sealed(place: &str, error: &SealError) -> Diagnostic {
    let detail = format!("What is kept at {place} cannot be used: {error}.");
    let problem = Diagnostic::error("Encrypted state", detail);
    match error {
        SealError::NoKey => problem.help(
            "Say in an `encryption` block of the `terraform` block, or in TF_ENCRYPTION, with which key it was encrypted.",
        ),
        SealError::WrongKey => problem.help(
            "Is the passphrase right? Where the key was changed, name the former one in a `fallback` block.",
        ),
        SealError::Clear => problem.help(
            "To encrypt a state that is in clear, leave `enforced` out for one apply.",
        ),
        SealError::Broken(_) | SealError::Key { .. } => problem,
    }
}

fn kept_text(kept: Option<&Path>) -> String {
    kept.map(|path| format!(" What this run did is kept in \"{}\".", path.display()))
        .unwrap_or_default()
}

fn held(error: &LockError) -> Diagnostic {
    let Some(holder) = &error.holder else {
        return Diagnostic::error(
            "State is locked",
            format!("Another program works on the state at {}.", error.place),
        )
        .help("Wait until it is done, or give a time to wait with -lock-timeout=5m.");
    };
    let lines = format!(
        "Another program works on the state at {}.\n\nLock:{}",
        error.place,
        record(error.id.as_deref(), holder, error.beat, error.found)
    );
    Diagnostic::error("State is locked", lines)
        .help("Wait until it is done, or give a time to wait with -lock-timeout=5m.")
}

fn not_held(place: &str, id: Option<&str>, holder: Option<&Holder>) -> Diagnostic {
    match holder {
        None => Diagnostic::error(
            "No lock",
            format!("Nobody holds a lock of the state at {place}: there is nothing to end."),
        ),
        Some(holder) => Diagnostic::error(
            "Another lock",
            format!(
                "The lock of the state at {place} has another id. Nothing was done.\n\nLock:{}",
                record(id, holder, None, Timestamp::now())
            ),
        ),
    }
}

/// Tells a lock's record, a line each.
fn record(id: Option<&str>, holder: &Holder, beat: Option<Timestamp>, now: Timestamp) -> String {
    let ago = |then: Timestamp| match Duration::try_from(now.duration_since(then)) {
        Ok(age) => format!("{then} ({} ago)", span(age)),
        Err(_) => then.to_string(),
    };
    let mut lines = String::new();
    for (name, text) in [
        ("ID", id.map_or_else(|| holder.id.to_string(), String::from)),
        ("Operation", holder.operation.clone()),
        ("Who", holder.who.clone()),
        ("Version", holder.version.clone()),
        ("Created", ago(holder.created)),
        ("Alive", beat.map(ago).unwrap_or_default()),
        ("Info", holder.info.clone()),
    ] {
        if !text.is_empty() {
            lines.push_str(&format!("\n  {:<10} {text}", format!("{name}:")));
        }
    }
    lines
}

/// Tells a time span in its two largest units.
fn span(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// The longest pause between two tries to take a lock.
const PAUSE: Duration = Duration::from_secs(4);

/// Takes the lock, and where somebody holds it tries again until a time is over.
///
/// # Errors
/// It is still held, or cannot be taken at all.
pub async fn acquire(
    backend: &dyn Backend,
    holder: &Holder,
    wait: Duration,
    clock: &dyn Clock,
) -> Result<Box<dyn Lock>, BackendError> {
    let start = clock.now();
    let mut pause = Duration::from_secs(1);
    loop {
        let tried = backend.lock(holder).await;
        let over = clock.now().duration_since(start).unsigned_abs() >= wait;
        match tried {
            Err(BackendError::Held(_)) if !over => {
                clock.sleep(pause).await;
                pause = (pause * 2).min(PAUSE);
            }
            other => return other,
        }
    }
}
