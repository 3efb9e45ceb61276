//! What is kept: the snapshot of all tracked objects, the state file (format 4) and the journal.

pub mod file;
mod read;
mod write;
mod same;
mod old;
pub mod flat;
pub mod journal;
pub mod replay;
pub mod provider;
pub mod rewrite;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::addr::Address;
use crate::value::{Type, Value};

/// All that is known of the world that this configuration made.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Snapshot {
    /// The state's own id; empty for one that was never written.
    pub lineage: String,
    /// Counts the writes.
    pub serial: u64,
    /// The version text of who wrote it, as the file says.
    pub written_by: String,
    /// The tracked objects.
    pub objects: BTreeMap<Address, Tracked>,
    /// The root module's outputs.
    pub outputs: BTreeMap<String, KeptOutput>,
    /// Results of checks, kept as the file has them.
    pub checks: Option<Json>,
    /// Members of the file that are not known here, kept as they are.
    pub other: Unread,
}

/// Members of a state file that are not known here; those of an instance are with its [`Object`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Unread {
    /// Of the file itself.
    pub file: serde_json::Map<String, Json>,
    /// Of outputs, by name.
    pub outputs: BTreeMap<String, serde_json::Map<String, Json>>,
    /// Of resources, by the block's address.
    pub blocks: BTreeMap<Address, serde_json::Map<String, Json>>,
}

/// An output as kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptOutput {
    /// The value.
    pub value: Value,
    /// Its type as written.
    pub ty: Type,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

/// What stands under one address.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Tracked {
    /// The object.
    pub current: Option<Object>,
    /// Objects that were replaced and not yet removed, by a key of eight hex digits.
    pub deposed: BTreeMap<String, Object>,
}

/// A real thing as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its attributes as the file has them: JSON by attribute name; conformed to the schema by who knows it. Shared by
    /// the snapshots of a run.
    pub attributes: Arc<Json>,
    /// Paths of attributes that are sensitive, in the file's own form (a list of step lists).
    pub sensitive: Vec<Json>,
    /// The schema version that the attributes were written with.
    pub schema_version: u64,
    /// The provider as the file names it: `provider["HOST/hashicorp/google"]`, with module and alias.
    pub provider: String,
    /// The blocks that it needs, as written (`a.b`, `module.m.a.b`).
    pub needs: Vec<Address>,
    /// It was made only in part: it will be replaced.
    pub tainted: bool,
    /// Its replacement is made before it is removed.
    pub create_before_destroy: bool,
    /// The provider's own bytes, as JSON text where it is ours; base64 in the file.
    pub private: Vec<u8>,
    /// The identity that newer Terraform versions write, kept as it is.
    pub identity: Option<Json>,
    /// Members of the file's entry that are not known here, kept as they are.
    pub other: serde_json::Map<String, Json>,
}

impl Snapshot {
    /// Names what has an object of the type and id that an instance is to have: another instance, or the instance itself where
    /// the object waits for its successor.
    pub fn tracking(&self, address: &Address, id: &str) -> Option<Address> {
        let has = |object: &Object| object.attributes["id"] == id;
        let all = self.objects.iter().filter(|(other, _)| {
            other.mode == address.mode && other.type_name == address.type_name
        });
        let mut having = all.filter(|(other, tracked)| {
            let current = tracked.current.iter().filter(|_| *other != address);
            current.chain(tracked.deposed.values()).any(has)
        });
        having.next().map(|(other, _)| other.clone())
    }

    /// Gives the current object at an address.
    pub fn current(&self, address: &Address) -> Option<&Object> {
        self.objects.get(address).and_then(|tracked| tracked.current.as_ref())
    }

    /// Sets or removes the current object at an address.
    pub fn set_current(&mut self, address: &Address, object: Option<Object>) {
        let tracked = self.objects.entry(address.clone()).or_default();
        tracked.current = object;
        if tracked.current.is_none() && tracked.deposed.is_empty() {
            self.objects.remove(address);
        }
    }

    /// Says whether it has anything that must not be shown.
    pub fn has_secrets(&self) -> bool {
        let in_outputs =
            self.outputs.values().any(|output| output.sensitive && !output.value.is_null());
        in_outputs
            || self.objects.values().any(|tracked| {
                let mut objects = tracked.current.iter().chain(tracked.deposed.values());
                objects.any(|object| {
                    object.sensitive.iter().any(|path| is_there(&object.attributes, path))
                })
            })
    }

    /// Says whether nothing is tracked and no output kept.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.outputs.is_empty()
    }
}

/// Says whether something stands at a path of the state file's form.
fn is_there(attributes: &Json, path: &Json) -> bool {
    let mut steps = path.as_array().into_iter().flatten();
    let found = steps.try_fold(attributes, |value, step| {
        let key = &step["value"];
        let key = key.get("value").unwrap_or(key);
        match (key.as_str(), key.as_u64()) {
            (Some(name), _) => value.get(name),
            (None, Some(place)) => value.get(usize::try_from(place).ok()?),
            (None, None) => None,
        }
    });
    found.is_some_and(|value| !value.is_null())
}

/// One line of the journal: what was about to be done, or what came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An action on an object begins; it may take several calls.
    Begin(Box<Begun>),
    /// The action came to its end, well or not: what became of the object is known.
    End {
        /// The instance.
        address: Address,
        /// The deposed key, where it is not the current object.
        deposed: Option<String>,
    },
    /// Before a call that changes the world.
    Intent {
        /// The call's number in this run.
        call: u64,
        /// The instance.
        address: Address,
        /// `create`, `update` or `delete`.
        action: String,
        /// The request: `POST https://…` (no body, no secret).
        request: String,
        /// What finds the object if the answer is lost: its id or name, as far as known.
        identity: Json,
    },
    /// After its answer.
    Answer {
        /// The call's number.
        call: u64,
        /// `200`, or what went wrong.
        outcome: String,
    },
    /// The object as it stands after a call, or none after a delete.
    Object {
        /// The instance.
        address: Address,
        /// The deposed key, where it is not the current object.
        deposed: Option<String>,
        /// The object.
        object: Option<Box<Object>>,
    },
}

/// An action that was begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The instance.
    pub address: Address,
    /// The deposed key, where it is not the current object.
    pub deposed: Option<String>,
    /// `create`, `update` or `delete`.
    pub action: String,
    /// When, by the clock of the services.
    pub since: Timestamp,
    /// The object as planned, for one that is made or changed: what is not known yet is null.
    pub planned: Option<Object>,
    /// Its provisioners are still to run when it is made.
    pub programs: bool,
}

/// What is known of an action that was broken off.
#[derive(Clone, Debug)]
pub struct Broken {
    /// When it began.
    pub since: Timestamp,
    /// What was told with its requests.
    pub told: Json,
}

/// What a journal leaves open: an action that was begun and has no end, or an object that a run made and that a state
/// which has moved since does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The action.
    pub begun: Begun,
    /// The last request that was sent for it: method and URL.
    pub request: String,
    /// What was told with its requests.
    pub told: Json,
    /// The request has no answer.
    pub unanswered: bool,
    /// A request of the action did what it was to do: the object is ours.
    pub succeeded: bool,
}
