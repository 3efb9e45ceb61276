//! What happens while a plan is made, and while its calls are carried out.

use std::time::Duration;

use super::Action;
use crate::addr::Address;

/// One thing that happens while a plan is made. What fails is begun and not ended: the problem is told by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanEvent {
    /// An object begins to be read anew.
    Refreshing {
        /// Which.
        address: Address,
        /// Its id, where it has one.
        id: Option<String>,
    },
    /// It has been read.
    Refreshed {
        /// Which.
        address: Address,
        /// Its id, where it is still there and has one.
        id: Option<String>,
    },
    /// A data source begins to be read.
    Reading(Address),
    /// It has been read.
    Read {
        /// Which.
        address: Address,
        /// How long it took.
        elapsed: Duration,
    },
    /// Something becomes of an ephemeral resource.
    Ephemeral {
        /// Which.
        address: Address,
        /// What.
        step: EphemeralStep,
    },
}

/// What becomes of an ephemeral resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EphemeralStep {
    /// It begins to be opened.
    Opening,
    /// It is open, after so long.
    Opened(Duration),
    /// It begins to be closed.
    Closing,
    /// It is closed, after so long.
    Closed(Duration),
}

/// One thing that happens in an apply.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplyEvent {
    /// A call begins.
    Started {
        /// Which.
        action: Action,
        /// The object's id, where it has one.
        id: Option<String>,
    },
    /// What a call waits for, in a few words.
    Note {
        /// Which call.
        action: Action,
        /// The words.
        text: String,
    },
    /// Lines of a log that a call shows.
    Log {
        /// Which call.
        action: Action,
        /// The lines.
        lines: Vec<String>,
    },
    /// A call did what it should.
    Finished {
        /// Which.
        action: Action,
        /// The object's id, where it has one now.
        id: Option<String>,
        /// How long it took.
        elapsed: Duration,
    },
    /// A call ended of which nothing more is told.
    Ended {
        /// Which.
        action: Action,
    },
    /// A call failed; the problem is told by itself.
    Failed {
        /// Which.
        action: Action,
        /// How long it took.
        elapsed: Duration,
    },
    /// A provisioner of a call's object runs.
    Provision {
        /// Which call.
        action: Action,
        /// Its kind, `local-exec`.
        kind: String,
        /// What of it.
        step: ProvisionStep,
    },
    /// Something becomes of an ephemeral resource, which no call is planned for.
    Ephemeral {
        /// Which, as a call that reads it.
        action: Action,
        /// What.
        step: EphemeralStep,
    },
    /// A call is not made.
    Skipped {
        /// Which.
        action: Action,
        /// The instance whose call failed.
        because: Address,
    },
}

/// What a provisioner does.
#[derive(Clone, Debug, PartialEq)]
pub enum ProvisionStep {
    /// It begins.
    Started,
    /// It prints a line.
    Output(String),
    /// It did what it should.
    Complete,
    /// It failed.
    Errored,
}

impl ApplyEvent {
    /// Gives the call it speaks of.
    pub fn action(&self) -> &Action {
        match self {
            ApplyEvent::Started { action, .. }
            | ApplyEvent::Note { action, .. }
            | ApplyEvent::Log { action, .. }
            | ApplyEvent::Finished { action, .. }
            | ApplyEvent::Ended { action }
            | ApplyEvent::Failed { action, .. }
            | ApplyEvent::Provision { action, .. }
            | ApplyEvent::Ephemeral { action, .. }
            | ApplyEvent::Skipped { action, .. } => action,
        }
    }
}
