//! What a service that keeps states can do, in single calls: read, write, keep a journal, hold a lock.
//!
//! A [`Store`] knows its service and nothing of states: it moves bytes. What they mean, when they are written and what
//! becomes of them when a write fails is the same for all and stands in `remote.rs`.

use async_trait::async_trait;

use super::{BackendError, Holder};

/// A service's place for one workspace's state.
///
/// Errors that pass (a 503, a reset connection) are tried again by the store itself, for as long as its service's
/// settings say. A write whose answer was lost is resolved by reading what is there.
#[async_trait]
pub trait Store: Send + Sync {
    /// Names the place for people: `gs://bucket/prefix/default.tfstate`.
    fn place(&self) -> String;

    /// Gives the state's bytes and the version that they are of, in as few requests as can be; nothing where there is
    /// none.
    async fn read(&self) -> Result<Option<Written>, StoreError>;

    /// Writes the state's bytes in the place of this version (of nothing, where there was none), as long as the lock
    /// of this id is held; gives the new version. An empty id asks for no lock: the version alone decides.
    ///
    /// # Errors
    /// [`StoreError::Moved`] where another version is there, [`StoreError::LockLost`] where the lock was ended by
    /// somebody else; in both cases nothing was written.
    async fn write(
        &self,
        bytes: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<String, StoreError>;

    /// Gives all pieces of the journal, those of a run in the order in which they were written.
    async fn journal(&self) -> Result<Vec<Piece>, StoreError>;

    /// Adds a piece to the journal; it is durable when this returns. Names sort as the pieces were written.
    async fn append(&self, piece: &Piece) -> Result<(), StoreError>;

    /// Removes pieces of the journal; what is gone already is no error.
    async fn drop_pieces(&self, names: &[String]) -> Result<(), StoreError>;

    /// Takes the lock, in one try, and leaves the holder's record with it; gives the lock's id, as messages name it.
    ///
    /// # Errors
    /// [`StoreError::Held`] where somebody has it.
    async fn take(&self, holder: &Holder) -> Result<String, StoreError>;

    /// Says at the service that the lock's holder is alive, in a way that other programs do not mind.
    ///
    /// # Errors
    /// [`StoreError::LockLost`] where the lock is not held any more.
    async fn beat(&self, lock: &str) -> Result<(), StoreError>;

    /// Gives the lock back.
    async fn free(&self, lock: &str) -> Result<(), StoreError>;

    /// Ends the lock of this id, whoever holds it, so that its holder can write no more: a write that names a version
    /// which was read before is refused from now on.
    ///
    /// # Errors
    /// [`StoreError::NotHeld`] where no lock has this id; then nothing was done.
    async fn break_lock(&self, lock: &str) -> Result<(), StoreError>;

    /// Says whether there can be states of other workspaces than `default`.
    fn has_workspaces(&self) -> bool {
        true
    }

    /// Names all workspaces that have a state, without order; `default` need not be among them.
    async fn workspaces(&self) -> Result<Vec<String>, StoreError>;

    /// Removes the workspace's state, its journal, and what stays of its lock.
    async fn remove(&self) -> Result<(), StoreError>;

    /// Lists the versions of the state that the service still has, the newest first; nothing where it keeps none.
    async fn history(&self) -> Result<Vec<Past>, StoreError>;

    /// Gives the bytes of a version that [`Store::history`] listed.
    async fn past(&self, version: &str) -> Result<Vec<u8>, StoreError>;

    /// Says what is not as safe here as elsewhere; told once before a run that writes.
    fn weakness(&self) -> Option<String> {
        None
    }
}

/// Bytes as they are kept, and the version that the service calls them by: a generation, a resourceVersion, a row's
/// version, an ETag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The version.
    pub version: String,
}

/// A part of a journal that was written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// `RUN-NUMBER`: the lock's UUID and six digits; only letters, digits and `-`.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A version of the state that is no longer the present one, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The version.
    pub version: String,
    /// When it was written.
    pub written: Option<jiff::Timestamp>,
    /// It is the present one.
    pub present: bool,
}

/// What a service answered instead of doing as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody holds the lock.
    #[error("the state is locked")]
    Held {
        /// The lock's id, as a command to end it names it.
        id: Option<String>,
        /// Who holds it, where that is known.
        holder: Option<Box<Holder>>,
        /// When the holder was last heard of.
        beat: Option<jiff::Timestamp>,
    },
    /// The lock was ended by somebody else.
    #[error("the lock was ended by somebody else")]
    LockLost {
        /// Who has it now.
        holder: Option<Box<Holder>>,
    },
    /// No lock has this id.
    #[error("no lock has this id")]
    NotHeld {
        /// The id that there is.
        id: Option<String>,
        /// Who has it.
        holder: Option<Box<Holder>>,
    },
    /// Another version is there than the one to replace.
    #[error("another version of the state is there")]
    Moved,
    /// The service refused, or did not answer.
    #[error("{0}")]
    Failed(String),
}

impl StoreError {
    /// Gives the error of the place where this happened.
    pub(super) fn at(self, place: String, doing: &'static str) -> BackendError {
        match self {
            StoreError::Held { id, holder, beat } => {
                let (holder, found) = (holder.map(|it| *it), jiff::Timestamp::now());
                BackendError::Held(super::LockError { place, id, holder, beat, found })
            }
            StoreError::LockLost { holder } => {
                BackendError::LockLost { place, holder: holder.map(|it| *it), kept: None }
            }
            StoreError::NotHeld { id, holder } => {
                BackendError::NotHeld { place, id, holder: holder.map(|it| *it) }
            }
            StoreError::Moved => BackendError::Service {
                place,
                doing,
                why: "another version of the state is there".to_string(),
            },
            StoreError::Failed(why) => BackendError::Service { place, doing, why },
        }
    }
}
