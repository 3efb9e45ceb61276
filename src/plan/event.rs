//! What happens while a plan's calls are carried out.

use std::time::Duration;

use super::Action;
use crate::addr::Address;

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
            | ApplyEvent::Failed { action, .. }
            | ApplyEvent::Provision { action, .. }
            | ApplyEvent::Skipped { action, .. } => action,
        }
    }
}
