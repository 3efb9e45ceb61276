//! Replacements that may turn out to be none: what forces them is not known yet.
//!
//! Their removal waits until it is, so that an object is not lost for nothing. Where it cannot wait, since what it would wait for
//! waits for the removal, the replacement is certain, and is told so. What lives in such an object shares its fate.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Changes, Expanded, Index, Needs, action, is_making};
use super::{Action, Call, Change, Reason, Verb};
use crate::addr::Address;
use crate::graph::Graph;
use crate::value::{Path, Value};

/// Has the removals that may turn out to be none wait until that is known; gives the objects that this is so of, with those that
/// live in them.
pub(super) fn wait(
    changes: &Changes,
    needs: &Needs,
    order: &mut Graph<Action>,
) -> BTreeSet<Address> {
    if !changes.values().any(may_fall_away) {
        return BTreeSet::new();
    }
    let index = Index::new(changes, needs);
    let now = Expanded::new(&index, needs);
    let waiters = order.reverse();
    let mut waiting = Waiting { index: &index, now: &now, order, waiters, found: BTreeMap::new() };
    for number in 0..index.addresses.len() {
        waiting.settles(number);
    }
    let found = waiting.found.iter().filter(|(_, until)| until.is_some());
    let mut open: BTreeSet<Address> =
        found.map(|(number, _)| index.addresses[*number].clone()).collect();
    loop {
        let inside = changes.iter().filter_map(|((address, deposed), change)| {
            let Some(Reason::ParentReplaced(parent)) = &change.reason else { return None };
            let shares = deposed.is_none() && open.contains(parent) && !open.contains(address);
            shares.then(|| (address.clone(), parent.clone()))
        });
        let inside: Vec<(Address, Address)> = inside.collect();
        if inside.is_empty() {
            return open;
        }
        for (address, parent) in inside {
            // It goes before its parent does, and no sooner than that is decided.
            let own = action(&address, &None, Call::Delete);
            let until: Vec<Action> =
                waiting.order.needs(&action(&parent, &None, Call::Delete)).cloned().collect();
            if waiting.order.contains(&own) {
                let until = until.into_iter().filter(|need| is_making(need.call));
                let until: Vec<Action> =
                    until.filter(|need| !waiting.order.reaches(need, &own)).collect();
                until.into_iter().for_each(|need| waiting.order.wait(own.clone(), need));
            }
            open.insert(address);
        }
    }
}

/// Says whether all that forces a replacement is not known yet.
fn may_fall_away(change: &Change) -> bool {
    let Verb::Replace { after, .. } = &change.verb else { return false };
    change.reason == Some(Reason::CannotUpdate)
        && !change.replaces.is_empty()
        && change.replaces.iter().all(|path| is_open(after, path))
}

fn is_open(after: &Value, path: &Path) -> bool {
    let mut path = path.clone();
    loop {
        match after.at(&path) {
            Some(part) => return !part.is_whole(),
            None if path.0.pop().is_none() => return false,
            None => {}
        }
    }
}

struct Waiting<'w> {
    index: &'w Index<'w>,
    now: &'w Expanded,
    order: &'w mut Graph<Action>,
    /// Who waits for each call.
    waiters: Graph<Action>,
    /// What each replacement that may fall away waits for; nothing where it cannot.
    found: BTreeMap<usize, Option<Vec<Action>>>,
}

impl Waiting<'_> {
    /// Gives when it is known whether an instance is replaced; nothing where it is before that.
    fn settles(&mut self, number: usize) -> Option<Vec<Action>> {
        if let Some(found) = self.found.get(&number) {
            return found.clone();
        }
        let change = self.index.changes[number].filter(|change| may_fall_away(change))?;
        let first = matches!(change.verb, Verb::Replace { create_first: true, .. });
        let mut until = Vec::new();
        for need in self.now.of(number).to_vec() {
            let other = self.index.changes[need];
            let is_first = matches!(
                other,
                Some(Change { verb: Verb::Replace { create_first: true, .. }, .. })
            );
            match self.settles(need).filter(|_| !is_first) {
                Some(more) => until.extend(more),
                None => until.extend(self.index.actions(need, is_making)),
            }
        }
        let own = action(self.index.addresses[number], &None, Call::Delete);
        let found = match first {
            true => Some(until),
            false => self.waits(&own, until),
        };
        self.found.insert(number, found.clone());
        found
    }

    /// Has a removal wait, if it can.
    fn waits(&mut self, own: &Action, mut until: Vec<Action>) -> Option<Vec<Action>> {
        if !self.order.contains(own) {
            return None;
        }
        until.retain(|need| self.order.contains(need));
        let behind = self.behind(own);
        let (cycles, until): (Vec<Action>, Vec<Action>) =
            until.into_iter().partition(|need| behind.contains(need));
        if cycles.iter().any(|need| self.tells(need)) {
            return None;
        }
        for need in &until {
            self.order.wait(own.clone(), need.clone());
            self.waiters.wait(need.clone(), own.clone());
        }
        Some(until)
    }

    /// Says whether something becomes known with a call.
    fn tells(&self, made: &Action) -> bool {
        let number = self.index.number(&made.address);
        let after = number.and_then(|number| self.index.changes[number]?.verb.after());
        after.is_none_or(|after| !after.is_whole())
    }

    /// Gives all that waits for a call.
    fn behind(&self, own: &Action) -> BTreeSet<Action> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![own.clone()]);
        while let Some(next) = open.pop() {
            for waiter in self.waiters.needs(&next) {
                if seen.insert(waiter.clone()) {
                    open.push(waiter.clone());
                }
            }
        }
        seen
    }
}
