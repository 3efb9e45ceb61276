//! Whom controllers look at: what has changed since they last found nothing to do there, and what is due.
//!
//! A step that did nothing is not done again until the object itself is another, something that the step looks at has
//! changed, or the moment has come that it asked for. So the work goes with what happens, not with how much there is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::hand::is_owned_by;
use crate::sandbox::kubernetes::store::{Change, Store, namespace, uid};

/// What rests, by controller and uid.
#[derive(Debug, Default)]
pub struct Attention {
    rests: BTreeMap<&'static str, HashMap<String, Rest>>,
    /// How many steps were taken.
    pub steps: u64,
    /// The present step was refused something that it may get later.
    pub refused: bool,
}

#[derive(Debug)]
struct Rest {
    object: Arc<Json>,
    /// The version up to which nothing concerned it.
    revision: u64,
    wake: Option<Timestamp>,
}

impl Attention {
    /// Forgets what rests: something happened that no version tells of.
    pub fn stir(&mut self) {
        self.rests.clear();
    }

    /// Forgets an object that is gone.
    pub fn forget(&mut self, uid: &str) {
        for rests in self.rests.values_mut() {
            rests.remove(uid);
        }
    }
}

/// Takes a controller's step for an object, unless it rests. `concerns` says which changes of other objects the step looks at.
pub fn attend(
    store: &mut Store,
    controller: &'static str,
    object: &Arc<Json>,
    concerns: impl Fn(&Change) -> bool,
    step: impl FnOnce(&mut Store, &Arc<Json>),
) {
    let id = uid(object);
    if let Some(wake) = resting(store, controller, object, concerns) {
        if let Some(wake) = wake {
            store.wake_at(wake);
        }
        return;
    }
    let others = store.wake.take();
    let (revision, effects) = (store.revision, store.effects.len());
    store.attention.refused = false;
    store.attention.steps += 1;
    step(store, object);
    let wake = store.wake;
    if let Some(others) = others {
        store.wake_at(others);
    }
    let idle = store.revision == revision && store.effects.len() == effects;
    let rests = store.attention.rests.entry(controller).or_default();
    if idle && !store.paused && !store.attention.refused {
        rests.insert(id.to_owned(), Rest { object: object.clone(), revision, wake });
    } else {
        rests.remove(id);
    }
}

/// Says whether an object rests, and until when.
fn resting(
    store: &mut Store,
    controller: &'static str,
    object: &Arc<Json>,
    concerns: impl Fn(&Change) -> bool,
) -> Option<Option<Timestamp>> {
    let rest = store.attention.rests.get_mut(controller)?.get_mut(uid(object))?;
    let same = Arc::ptr_eq(&rest.object, object);
    if !same || rest.wake.is_some_and(|wake| wake <= store.now) {
        return None;
    }
    let oldest = store.changes.front().map_or(store.revision + 1, |change| change.revision);
    let missed = rest.revision < store.revision && oldest > rest.revision + 1;
    let news = store.changes.iter().rev().take_while(|change| change.revision > rest.revision);
    if missed || { news }.any(concerns) {
        return None;
    }
    rest.revision = store.revision;
    Some(rest.wake)
}

/// Says whether a change is one of an object of a type that another controls.
pub fn is_dependents(change: &Change, plural: &str, owner: &str) -> bool {
    let mine = |object: &Json| is_owned_by(object, owner);
    change.key.plural == plural
        && (mine(&change.after) || change.before.as_ref().is_some_and(|before| mine(before)))
}

/// Says whether a change is one of an object of some types, in the namespace of an object or without one.
pub fn is_beside(change: &Change, plurals: &[&str], object: &Json) -> bool {
    plurals.contains(&change.key.plural.as_str())
        && (change.key.namespace.is_empty() || change.key.namespace == namespace(object))
}

/// Gives the changes since a version; nothing where not all of them are known.
pub fn since(store: &Store, revision: u64) -> Option<Vec<&Change>> {
    let oldest = store.changes.front().map_or(store.revision + 1, |change| change.revision);
    let known = revision >= store.revision || oldest <= revision + 1;
    let news = store.changes.iter().rev().take_while(|change| change.revision > revision);
    known.then(|| news.collect())
}
