//! Who has touched an object, as far as the service remembers it.

use jiff::Timestamp;

use crate::value::{Path, Value};

/// One time that somebody changed an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Touch {
    /// Who: an account's address, a field manager, a controller.
    pub who: String,
    /// The program that was used, where the service tells it: `kubectl`, a `User-Agent`.
    pub agent: Option<String>,
    /// How: a method (`storage.buckets.patch`), an operation (`Update`), an event's reason.
    pub how: String,
    /// When; nothing where it is not told.
    pub when: Option<Timestamp>,
    /// How it is known.
    pub told_by: ToldBy,
    /// The parts that were touched; empty where it is not told which.
    pub parts: Vec<Path>,
    /// Who did it is a part of the service itself: a controller, a service agent.
    pub is_service: bool,
    /// It was this program.
    pub is_ours: bool,
}

/// How a touch is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldBy {
    /// From `metadata.managedFields`.
    ManagedFields,
    /// From an event of the cluster.
    Event,
    /// From the Cloud Audit Logs.
    AuditLog,
}

impl ToldBy {
    /// Gives its word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            ToldBy::ManagedFields => "managedFields",
            ToldBy::Event => "event",
            ToldBy::AuditLog => "audit log",
        }
    }
}

/// An object that is asked about.
#[derive(Clone, Debug)]
pub struct Touched {
    /// Its resource type.
    pub type_name: String,
    /// The object as recorded.
    pub recorded: Value,
    /// As it is; nothing where it is gone.
    pub live: Option<Value>,
}

/// What a session knows of who touched objects.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The touches of each object that was asked about, the last first.
    pub touches: Vec<Vec<Touch>>,
    /// Why some could not be asked for: told once.
    pub notes: Vec<String>,
}
