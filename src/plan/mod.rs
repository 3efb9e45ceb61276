//! Desired, prior and observed to a plan: changes *and* the order of calls. Apply decides nothing.

mod alone;
mod beside;
mod data;
pub mod decide;
pub mod digest;
mod drifted;
mod edge;
pub mod event;
mod failed;
mod going;
pub mod former;
pub mod history;
pub mod implied;
pub mod file;
mod known;
mod live;
mod look;
pub mod make;
mod moves;
mod moves_check;
pub mod objects;
mod observe;
pub mod one;
mod open;
pub mod order;
pub mod planner;
mod preview;
pub mod propose;
mod removals;
mod targets;
pub mod sessions;
pub mod sinking;
mod standing;
pub mod validate;
mod written;
mod written_plan;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::addr::Address;
use crate::diag::{Diagnostic, Span};
use crate::eval::{CheckResult, ProviderRef};
use crate::value::{Path, Value};

/// A plan, complete.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What it was made from.
    pub base: Base,
    /// The state that the changes start from: as loaded, with moves applied and objects as found.
    pub prior: crate::state::Snapshot,
    /// Data sources that were read while planning: their values, to be kept with the state. Fields that are
    /// never kept are null here.
    pub data: BTreeMap<Address, Value>,
    /// Those of them that could not be read, and stand as far as they are written.
    pub unread: BTreeSet<Address>,
    /// What becomes of each object: the current ones, and deposed ones by their key.
    pub changes: BTreeMap<(Address, Option<String>), Change>,
    /// What becomes of the root's outputs.
    pub outputs: BTreeMap<String, OutputChange>,
    /// Objects that are not as last saved: the value as saved and as found (nothing: gone).
    pub drift: BTreeMap<Address, Drift>,
    /// The parts of objects that contribute to the changes. A reference without a key speaks of all instances.
    pub relevant: Vec<(Address, Path)>,
    /// Addresses that a `moved` block (or a changed count) renames: new to old.
    pub moves: BTreeMap<Address, Address>,
    /// The order of calls.
    pub order: crate::graph::Graph<Action>,
    /// What the checks gave.
    pub checks: Vec<CheckResult>,
    /// What should be known.
    pub warnings: Vec<Diagnostic>,
    /// The root variables' values, for showing and for the saved plan.
    pub variables: BTreeMap<String, Value>,
    /// The blocks that were left out by `-target`; empty for a whole plan.
    pub targets: Vec<crate::addr::Target>,
    /// What `-exclude` leaves out.
    pub excluded: Vec<crate::addr::Target>,
    /// Whether what objects need, or how they are replaced, is noted otherwise than before.
    pub renewed: bool,
    /// The blocks that were written for objects that are imported and had none.
    pub generated: BTreeMap<Address, String>,
    /// Who has touched its objects, where that was asked.
    pub past: history::Past,
    /// What is removed by nobody, since it goes down with what it lives in.
    pub sinking: sinking::Sinking,
    /// What is removed before that which it lives in goes, with all that it has had made.
    pub cleared: BTreeSet<Address>,
    /// The worlds that its sessions met ([`crate::providers::Session::identity`]): it is for these and no others.
    pub met: Vec<serde_json::Value>,
    /// What is perhaps not replaced, since what forces that is not known yet; and what lives in it.
    pub open: BTreeSet<Address>,
}

/// What a plan was made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    /// The state's lineage.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
    /// What was asked.
    pub mode: PlanMode,
    /// The moment, for `plantimestamp()` and the JSON form.
    pub made: Option<jiff::Timestamp>,
    /// A sum of the configuration's text, where the plan does what its values do not tell: runs programs, or works out values only
    /// in the apply.
    pub text: Option<String>,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanMode {
    /// To make the world as configured.
    #[default]
    Normal,
    /// To remove all.
    Destroy,
    /// To take the world's changes into the state.
    RefreshOnly,
}

/// What becomes of one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// What.
    pub verb: Verb,
    /// Why, where it is not plain.
    pub reason: Option<Reason>,
    /// Its provider's block.
    pub provider: Arc<ProviderRef>,
    /// The configuration it comes from; nothing for what is only removed.
    pub config: Option<Value>,
    /// The blocks and instances that it needs.
    pub needs: BTreeSet<Address>,
    /// Its block's header; nothing for what has no block.
    pub span: Option<Span>,
    /// The places of its arguments.
    pub places: Vec<(Path, Span)>,
    /// The parts whose change replaces it.
    pub replaces: Vec<Path>,
    /// The provider's own bytes of the prior object.
    pub private: Vec<u8>,
    /// The id it is imported by.
    pub importing: Option<String>,
    /// Remarks of the provider.
    pub notes: Vec<String>,
    /// Whether the replacement is made first.
    pub create_before_destroy: bool,
}

/// What is done. A verb has exactly the sides that it makes sense of.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Nothing.
    Keep {
        /// As it is.
        before: Value,
    },
    /// A data source is read in the apply.
    Read {
        /// As far as known.
        after: Value,
    },
    /// It is made.
    Create {
        /// As it will be.
        after: Value,
    },
    /// It is changed in place.
    Update {
        /// As it is.
        before: Value,
        /// As it will be.
        after: Value,
    },
    /// It is removed and made anew.
    Replace {
        /// As it is.
        before: Value,
        /// As it will be.
        after: Value,
        /// The new one is made first.
        create_first: bool,
    },
    /// It is removed.
    Delete {
        /// As it is.
        before: Value,
    },
    /// It is no longer tracked, and stays.
    Forget {
        /// As it is.
        before: Value,
    },
}

/// Why a change is what it is. In JSON: `action_reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A part cannot be changed in place.
    CannotUpdate,
    /// The object was made only in part.
    Tainted,
    /// `-replace` asks for it.
    Requested,
    /// `replace_triggered_by`.
    Triggered,
    /// What it lives in (its cluster, its secret) is replaced: it goes down with it.
    ParentReplaced(Address),
    /// Its block is gone.
    NoBlock,
    /// Its module is gone.
    NoModule,
    /// `count` is smaller than its place.
    CountIndex,
    /// `for_each` has no such key.
    EachKey,
    /// The block has no repetition any more, or has one now.
    WrongRepetition,
    /// A moved block leads nowhere.
    NoMoveTarget,
    /// The data source's configuration is not known yet.
    ConfigUnknown,
    /// What the data source depends on has changes pending.
    DependencyPending,
    /// The data source belongs to a check block.
    CheckNested,
}

/// What becomes of an output.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputChange {
    /// As kept; nothing where there was none.
    pub before: Option<Value>,
    /// As it will be; nothing where the output is gone.
    pub after: Option<Value>,
    /// Whether it must not be shown.
    pub sensitive: bool,
    /// Whether it was kept as one that must not be shown.
    pub was_sensitive: bool,
}

impl OutputChange {
    /// Says whether nothing becomes of it. What is new and null is not there before and after.
    pub fn is_keep(&self) -> bool {
        let nothing = |side: &Option<Value>| side.as_ref().is_none_or(Value::is_null);
        if nothing(&self.before) && nothing(&self.after) {
            return true;
        }
        let plain = |side: &Option<Value>| side.as_ref().map(Value::without_marks);
        plain(&self.before) == plain(&self.after) && self.was_sensitive == self.sensitive
    }
}

/// An object that is not as last saved.
#[derive(Clone, Debug)]
pub struct Drift {
    /// As saved.
    pub saved: Value,
    /// As found; nothing where it is gone.
    pub found: Option<Value>,
    /// The parts that differ.
    pub paths: Vec<Path>,
    /// Its provider's block.
    pub provider: Arc<ProviderRef>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Action {
    /// The instance.
    pub address: Address,
    /// The deposed object's key, where it is one.
    pub deposed: Option<String>,
    /// What is called.
    pub call: Call,
}

/// What is called for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// A data source is read.
    Read,
    /// The object is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
    /// It is no longer tracked.
    Forget,
}

impl Verb {
    /// Gives the object as it is.
    pub fn before(&self) -> Option<&Value> {
        match self {
            Verb::Keep { before }
            | Verb::Update { before, .. }
            | Verb::Replace { before, .. }
            | Verb::Delete { before }
            | Verb::Forget { before } => Some(before),
            Verb::Read { .. } | Verb::Create { .. } => None,
        }
    }

    /// Gives the object as it will be.
    pub fn after(&self) -> Option<&Value> {
        match self {
            Verb::Keep { before } => Some(before),
            Verb::Read { after }
            | Verb::Create { after }
            | Verb::Update { after, .. }
            | Verb::Replace { after, .. } => Some(after),
            Verb::Delete { .. } | Verb::Forget { .. } => None,
        }
    }

    /// Says whether an object is made.
    pub fn is_made(&self) -> bool {
        matches!(self, Verb::Create { .. } | Verb::Replace { .. })
    }

    /// Says whether nothing is done.
    pub fn is_keep(&self) -> bool {
        matches!(self, Verb::Keep { .. })
    }
}

impl Plan {
    /// Counts what is added, changed, destroyed and imported, as the summary says it.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in self.changes.values() {
            counts.import += usize::from(change.importing.is_some());
            match change.verb {
                Verb::Keep { .. } | Verb::Read { .. } => {}
                Verb::Create { .. } => counts.add += 1,
                Verb::Update { .. } => counts.change += 1,
                Verb::Replace { .. } => {
                    counts.add += 1;
                    counts.destroy += 1;
                }
                Verb::Delete { .. } => counts.destroy += 1,
                Verb::Forget { .. } => counts.forget += 1,
            }
        }
        counts
    }

    /// Says whether what was found of an object has a part in the changes. Who only refreshes wants to know all.
    pub fn is_relevant(&self, address: &Address, drift: &Drift) -> bool {
        let overlap = |path: &Path, part: &Path| path.0.iter().zip(&part.0).all(|(a, b)| a == b);
        let touches = |part: &Path| {
            drift.found.is_none() || drift.paths.iter().any(|path| overlap(path, part))
        };
        self.base.mode == PlanMode::RefreshOnly
            || self.relevant.iter().any(|(of, part)| of.covers(address) && touches(part))
    }

    /// Says whether applying it changes nothing: no object, no output, no move, no import.
    pub fn is_empty(&self) -> bool {
        let objects =
            self.changes.values().all(|change| change.verb.is_keep() && change.importing.is_none());
        let refreshing = self.base.mode == PlanMode::RefreshOnly;
        // What only refreshes can do nothing for what is not known.
        let unknown =
            |of: &OutputChange| refreshing && of.after.as_ref().is_some_and(|of| !of.is_whole());
        let outputs = self.outputs.values().all(|of| of.is_keep() || unknown(of));
        let refreshed = !refreshing || (self.drift.is_empty() && !self.renewed);
        let moved = !refreshing && !self.moves.is_empty();
        objects && outputs && refreshed && !moved
    }
}

/// A plan's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects that are made.
    pub add: usize,
    /// Objects that are changed in place.
    pub change: usize,
    /// Objects that are removed.
    pub destroy: usize,
    /// Objects that are taken in.
    pub import: usize,
    /// Objects that are let go.
    pub forget: usize,
}
