//! What an apply tells while it runs.

use std::time::Duration;

use crate::addr::Address;
use crate::plan::Call;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call has begun.
    Started {
        /// The instance.
        address: Address,
        /// The deposed object's key, where it is one.
        deposed: Option<String>,
        /// What is called.
        call: Call,
        /// The object's id, where it has one.
        id: Option<String>,
    },
    /// What is being waited for.
    Note {
        /// The instance.
        address: Address,
        /// In a few words.
        text: String,
    },
    /// Lines of a log.
    Log {
        /// The instance.
        address: Address,
        /// The lines.
        lines: Vec<String>,
    },
    /// A call is done.
    Finished {
        /// The instance.
        address: Address,
        /// The deposed object's key, where it is one.
        deposed: Option<String>,
        /// What was called.
        call: Call,
        /// How long it took.
        elapsed: Duration,
        /// The object's id, where it has one.
        id: Option<String>,
    },
    /// A call has failed.
    Failed {
        /// The instance.
        address: Address,
        /// What was called.
        call: Call,
        /// How long it took.
        elapsed: Duration,
    },
    /// A call is not begun, because another failed or the run was asked to stop.
    Skipped {
        /// The instance.
        address: Address,
        /// What would have been called.
        call: Call,
        /// What failed.
        because: Address,
    },
}
