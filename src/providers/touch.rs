//! Who has touched an object, as far as the service remembers it; who tells when objects change, and what there is beside them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::value::{Path, Value};

use super::ApiError;

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
    /// Whether the two differ, or what is written and what is live.
    pub differs: bool,
}

/// What a session knows of who touched objects: each list has an entry for each object that was asked about.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The touches, the last first.
    pub touches: Vec<Vec<Touch>>,
    /// What others have added, where reading the object does not tell: the part as the state names it, and what stands there.
    pub added: Vec<Vec<(Path, Value)>>,
    /// What the object is called in the audit logs of the cloud that it lives in, where another session can ask those.
    pub logged_as: Vec<Vec<String>>,
    /// The address of what the objects live in: the cloud's logs have objects of the same name in others, too.
    pub lives_at: String,
    /// Why some could not be asked for: told once.
    pub notes: Vec<String>,
    /// Somebody did not answer, who may the next time.
    pub is_unsure: bool,
}

impl History {
    /// Gives the history of so many objects of which nothing is known.
    pub fn of_none(many: usize) -> History {
        History {
            touches: vec![Vec::new(); many],
            added: vec![Vec::new(); many],
            logged_as: vec![Vec::new(); many],
            lives_at: String::new(),
            notes: Vec::new(),
            is_unsure: false,
        }
    }
}

/// Tells when objects change, as their service tells it.
#[async_trait]
pub trait Follow: Send {
    /// Waits until something changes. It may be broken off and called again: nothing is lost by that.
    async fn next(&mut self) -> Told;
}

/// What is told of objects that are followed.
#[derive(Clone, Debug)]
pub enum Told {
    /// Those at these places changed, or may have.
    Changed(BTreeSet<usize>),
    /// Nothing more is told: the service does not answer, or not so.
    Lost(ApiError),
}

/// What there is beside some objects.
#[derive(Clone, Debug, Default)]
pub struct Strays {
    /// Each object.
    pub found: Vec<Stray>,
    /// What was left alone as it is the service's own, by name, each with why.
    pub left: Vec<(String, String)>,
    /// What could not be listed, each with why.
    pub refused: Vec<(String, String)>,
}

/// An object that was not asked for.
#[derive(Clone, Debug)]
pub struct Stray {
    /// Its resource type.
    pub type_name: String,
    /// What it is imported by.
    pub id: String,
    /// Who made it, as far as it tells.
    pub touches: Vec<Touch>,
}
