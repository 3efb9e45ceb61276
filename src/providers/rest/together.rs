//! Changes of one document that many objects share (a policy): who comes first writes what all want that wait by then.
//!
//! So a document is read and written once for them all, and they do not stand in each other's way. Each has told its own intent
//! before, and hears what became of its own change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use super::error::Refused;

/// A change: gives the document changed, or nothing where it is as it is to be.
pub type Edit = Arc<dyn Fn(&Json) -> Option<Json> + Send + Sync>;

/// A change that waits to be written.
#[derive(Clone)]
pub struct Wish {
    /// What is being done, for errors.
    pub what: String,
    /// The change.
    pub edit: Edit,
    outcome: Arc<Mutex<Option<Result<Json, Refused>>>>,
}

impl Wish {
    /// Makes a wish.
    pub fn new(what: String, edit: Edit) -> Wish {
        Wish { what, edit, outcome: Arc::default() }
    }

    /// Says what became of it.
    pub fn settle(&self, outcome: Result<Json, Refused>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    /// Gives what became of it, where that is said.
    pub fn outcome(&self) -> Option<Result<Json, Refused>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The wishes that wait, by their document.
#[derive(Default)]
pub struct Together(Mutex<BTreeMap<String, Vec<Wish>>>);

impl Together {
    /// Adds a wish.
    pub fn add(&self, document: &str, wish: Wish) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(document.to_string()).or_default().push(wish);
    }

    /// Takes all that wait for a document.
    pub fn take(&self, document: &str) -> Vec<Wish> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(document).unwrap_or_default()
    }
}

/// Makes all changes of a document; nothing where it is as all want it.
pub fn edited(document: &Json, wishes: &[Wish]) -> Option<Json> {
    wishes.iter().fold(None, |changed: Option<Json>, wish| {
        (wish.edit)(changed.as_ref().unwrap_or(document)).or(changed)
    })
}
