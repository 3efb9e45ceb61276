//! The order of calls: this file, and nothing else, decides it.
//!
//! - What is made, changed or read of B comes after that of A, if B needs A.
//! - The removal of A comes after that of B, and after B's change, if B needed A.
//! - A replacement's two calls stand in the order of `create_first`, which spreads to what is needed
//!   where mixing would make a cycle.
//! - What is removed since it would leave something behind where it lives goes when the successor of that stands, if that is
//!   made first, and is made anew there.
//!
//! A pure function of the changes and the needs.

use std::collections::{BTreeMap, BTreeSet};

use super::sinking::Sinking;
use super::{Action, Call, Change, Reason, Verb};
use crate::addr::Address;
use crate::graph::Graph;

/// What each object needs: blocks or instances.
pub type Needs = BTreeMap<Address, BTreeSet<Address>>;

/// What becomes of objects.
pub type Changes = BTreeMap<(Address, Option<String>), Change>;

/// Spreads `create_first` from each replacement to the replacements that it needs.
pub fn spread_create_first(changes: &mut Changes, needs: &Needs) {
    let mut open: Vec<Address> = changes
        .iter()
        .filter(|(_, change)| matches!(change.verb, Verb::Replace { create_first: true, .. }))
        .map(|((address, _), _)| address.clone())
        .collect();
    if open.is_empty() {
        return;
    }
    let mut first: BTreeSet<Address> = open.iter().cloned().collect();
    let index = Index::new(changes, needs);
    let whole = Expanded::new(&index, needs);
    while let Some(address) = open.pop() {
        for need in index.number(&address).into_iter().flat_map(|number| whole.of(number)) {
            let replaced = index.changes[*need]
                .is_some_and(|change| matches!(change.verb, Verb::Replace { .. }));
            let need = index.addresses[*need];
            if replaced && first.insert(need.clone()) {
                open.push(need.clone());
            }
        }
    }
    for address in first {
        if let Some(change) = changes.get_mut(&(address, None))
            && let Verb::Replace { create_first, .. } = &mut change.verb
        {
            *create_first = true;
        }
    }
}

/// Gives the order. `needs` is what the desired instances need, `prior` what the objects needed.
/// What is in `sinking` is gone when what it goes down with is, and holds up nothing.
pub fn order(changes: &Changes, needs: &Needs, prior: &Needs, sinking: &Sinking) -> Graph<Action> {
    let (mut nodes, mut waits) = (Vec::new(), Vec::new());
    let index = Index::new(changes, needs);
    let now = Expanded::new(&index, needs);
    // What objects needed says only in which order they go.
    let goes = |change: &Change| calls(&change.verb).iter().any(|call| is_removal(*call));
    let anything_goes = changes.values().any(goes);
    let nothing = Needs::new();
    let prior = if anything_goes { prior } else { &nothing };
    let former = anything_goes.then(|| {
        let former = Index::new(changes, prior);
        let before = Expanded::new(&former, prior);
        (former, before)
    });
    for ((address, deposed), change) in changes {
        for call in calls(&change.verb) {
            nodes.push(action(address, deposed, *call));
        }
        if let Verb::Replace { create_first, .. } = &change.verb {
            let (make, remove) =
                (action(address, &None, Call::Create), action(address, &None, Call::Delete));
            if let Some(parent) = made_first_parent(changes, change) {
                waits.push((remove.clone(), action(parent, &None, Call::Create)));
            }
            waits.push(if *create_first { (remove, make) } else { (make, remove) });
        }
        if deposed.is_some() {
            waits.extend(deposed_waits(changes, needs, prior, (address, deposed)));
        }
    }
    for (number, address) in index.addresses.iter().enumerate() {
        let Some(change) = index.changes[number] else { continue };
        let own = actions(address, change, is_making);
        for need in now.of(number) {
            for made in index.actions(*need, is_making) {
                waits.extend(own.iter().map(|own| (own.clone(), made.clone())));
            }
        }
        if let Some(wholes) = sinking.get(*address) {
            let own = action(address, &None, Call::Delete);
            let wholes = wholes.iter().map(|whole| action(whole, &None, Call::Delete));
            waits.extend(wholes.map(|whole| (own.clone(), whole)));
            continue;
        }
        let Some((former, before)) = &former else { continue };
        let needed = former.number(address).map(|number| before.of(number)).unwrap_or_default();
        let needed: BTreeSet<&Address> =
            needed.iter().map(|need| former.addresses[*need]).collect();
        let wanted: BTreeSet<&Address> =
            now.of(number).iter().map(|need| index.addresses[*need]).collect();
        for need in needed.union(&wanted).copied() {
            let Some(other) = changes.get(&(need.clone(), None)) else { continue };
            for removal in actions(need, other, is_removal) {
                for own in leaves(address, change, other, needed.contains(need)) {
                    waits.push((removal.clone(), own));
                }
            }
        }
    }
    Graph::of(nodes, waits)
}

/// Gives what the removal of a deposed object waits for, and what waits for it.
fn deposed_waits(
    changes: &Changes,
    needs: &Needs,
    prior: &Needs,
    (address, deposed): (&Address, &Option<String>),
) -> Vec<(Action, Action)> {
    let removal = action(address, deposed, Call::Delete);
    let needs_it = |needs: &Needs, other: &Address| {
        let of = needs.get(other);
        other != address && of.is_some_and(|of| of.iter().any(|need| need.covers(address)))
    };
    let mut waits = Vec::new();
    // What lives in something that was put aside with it is removed before it is made where that has its successor.
    let inside = changes.keys().any(|(other, key)| {
        let of = prior.get(address);
        let needed = of.is_some_and(|of| of.iter().any(|need| need.covers(other)));
        key == deposed && other != address && needed
    });
    let current = changes.get(&(address.clone(), None));
    for made in current.iter().flat_map(|change| actions(address, change, is_making)) {
        waits.push(match inside {
            true => (made, removal.clone()),
            // It goes after its successor stands.
            false => (removal.clone(), made),
        });
    }
    for ((other, key), change) in changes {
        if key.is_some() && needs_it(prior, other) {
            waits.push((removal.clone(), action(other, key, Call::Delete)));
        } else if key.is_none() && !inside && needs_it(needs, other) {
            let makes = actions(other, change, is_making);
            waits.extend(makes.into_iter().map(|made| (removal.clone(), made)));
        }
    }
    waits
}

/// Gives what an object goes down with, where the successor of that is made first.
fn made_first_parent<'c>(changes: &Changes, change: &'c Change) -> Option<&'c Address> {
    let Some(Reason::ParentReplaced(parent)) = &change.reason else { return None };
    let whole = changes.get(&(parent.clone(), None))?;
    matches!(whole.verb, Verb::Replace { create_first: true, .. }).then_some(parent)
}

/// Gives the calls of `address` that the removal of something it needs must wait for.
fn leaves(address: &Address, change: &Change, removed: &Change, needed: bool) -> Vec<Action> {
    let made_first =
        matches!(removed.verb, Verb::Replace { create_first: true, .. } | Verb::Delete { .. });
    let (makes, removals) =
        (|| actions(address, change, is_making), || actions(address, change, is_removal));
    let mut leaves = Vec::new();
    match &change.verb {
        Verb::Delete { .. } | Verb::Forget { .. } if needed => leaves.extend(removals()),
        Verb::Replace { create_first, .. } => {
            // What goes down with something else cannot wait until what needs it is made anew.
            let cannot_wait = matches!(removed.reason, Some(Reason::ParentReplaced(_)));
            if needed && !(*create_first && cannot_wait) {
                leaves.extend(removals());
            }
            if made_first {
                leaves.extend(makes());
            }
        }
        Verb::Update { .. } if made_first => leaves.extend(makes()),
        Verb::Create { .. } if made_first => {
            // A new object that needs the replacement is made before the old one goes.
            leaves.extend(makes());
        }
        Verb::Keep { .. }
        | Verb::Read { .. }
        | Verb::Create { .. }
        | Verb::Update { .. }
        | Verb::Delete { .. }
        | Verb::Forget { .. } => {}
    }
    leaves
}

fn calls(verb: &Verb) -> &'static [Call] {
    match verb {
        Verb::Keep { .. } => &[],
        Verb::Read { .. } => &[Call::Read],
        Verb::Create { .. } => &[Call::Create],
        Verb::Update { .. } => &[Call::Update],
        Verb::Replace { .. } => &[Call::Delete, Call::Create],
        Verb::Delete { .. } => &[Call::Delete],
        Verb::Forget { .. } => &[Call::Forget],
    }
}

pub(super) fn action(address: &Address, deposed: &Option<String>, call: Call) -> Action {
    Action { address: address.clone(), deposed: deposed.clone(), call }
}

/// Gives the calls of an object as it stands that are of a kind.
fn actions(address: &Address, change: &Change, wanted: fn(Call) -> bool) -> Vec<Action> {
    let calls = calls(&change.verb).iter().filter(|call| wanted(**call));
    calls.map(|call| action(address, &None, *call)).collect()
}

/// Says whether an object stands as planned after a call.
pub(super) fn is_making(call: Call) -> bool {
    matches!(call, Call::Create | Call::Update | Call::Read)
}

fn is_removal(call: Call) -> bool {
    matches!(call, Call::Delete | Call::Forget)
}

/// All addresses by their numbers: those stand in the addresses' own order.
pub(super) struct Index<'a> {
    pub(super) addresses: Vec<&'a Address>,
    /// What becomes of each one's current object.
    pub(super) changes: Vec<Option<&'a Change>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(changes: &'a Changes, needs: &'a Needs) -> Index<'a> {
        let all = changes.keys().map(|(address, _)| address).chain(needs.keys());
        let mut addresses: Vec<&Address> = all.collect();
        addresses.sort();
        addresses.dedup();
        let mut current = changes.iter().filter(|((_, deposed), _)| deposed.is_none()).peekable();
        let changes = addresses.iter().map(|address| {
            current.next_if(|((other, _), _)| other == *address).map(|(_, change)| change)
        });
        let changes = changes.collect();
        Index { addresses, changes }
    }

    pub(super) fn number(&self, address: &Address) -> Option<usize> {
        self.addresses.binary_search(&address).ok()
    }

    /// Gives the numbers of what an address names: an instance, or those of a block.
    fn within(&self, need: &Address) -> impl Iterator<Item = usize> {
        let first = self.addresses.partition_point(|address| *address < need);
        (first..self.addresses.len()).take_while(move |number| need.covers(self.addresses[*number]))
    }

    fn acts(&self, number: usize) -> bool {
        self.changes[number].is_some_and(|change| !calls(&change.verb).is_empty())
    }

    pub(super) fn actions(&self, number: usize, wanted: fn(Call) -> bool) -> Vec<Action> {
        let change = self.changes[number];
        change.map(|change| actions(self.addresses[number], change, wanted)).unwrap_or_default()
    }
}

/// Needs of the instances that something is done with: blocks expanded to their instances, and what
/// nothing is done with replaced by what it needs in turn. By the numbers of an index.
pub(super) struct Expanded {
    needs: Vec<Vec<usize>>,
}

impl Expanded {
    pub(super) fn new(index: &Index<'_>, needs: &Needs) -> Expanded {
        let count = index.addresses.len();
        let mut own = needs.iter().peekable();
        let of: Vec<Option<&BTreeSet<Address>>> = index
            .addresses
            .iter()
            .map(|address| own.next_if(|(other, _)| other == address).map(|(_, needs)| needs))
            .collect();
        let mut expanded = Expanded { needs: vec![Vec::new(); count] };
        // For whom each was met last: so nothing need be forgotten between two.
        let mut met = vec![usize::MAX; count];
        for number in (0..count).filter(|number| index.acts(*number)) {
            let mut found = Vec::new();
            let mut open: Vec<&Address> = of[number].into_iter().flatten().collect();
            while let Some(need) = open.pop() {
                for instance in index.within(need) {
                    if instance == number || std::mem::replace(&mut met[instance], number) == number
                    {
                        continue;
                    }
                    if index.acts(instance) {
                        found.push(instance);
                    } else {
                        open.extend(of[instance].into_iter().flatten());
                    }
                }
            }
            found.sort_unstable();
            expanded.needs[number] = found;
        }
        expanded
    }

    pub(super) fn of(&self, number: usize) -> &[usize] {
        &self.needs[number]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Mode;
    use crate::eval::ProviderRef;
    use crate::value::{Type, Value};

    fn named(name: &str) -> Address {
        Address::root(Mode::Managed, "t", name)
    }

    fn verb(word: &str) -> Verb {
        let (before, after) = (Value::null(Type::Any), Value::null(Type::Any));
        match word {
            "keep" => Verb::Keep { before },
            "update" => Verb::Update { before, after },
            "delete" => Verb::Delete { before },
            "replace" | "goes with a" => Verb::Replace { before, after, create_first: false },
            "create first" => Verb::Replace { before, after, create_first: true },
            _ => Verb::Create { after },
        }
    }

    fn change(word: &str) -> Change {
        let provider = std::sync::Arc::new(ProviderRef {
            module: Vec::new(),
            name: "t".into(),
            source: "hashicorp/t".into(),
            alias: None,
        });
        Change {
            verb: verb(word),
            reason: (word == "goes with a").then(|| Reason::ParentReplaced(named("a"))),
            provider,
            config: None,
            needs: BTreeSet::new(),
            span: None,
            places: Vec::new(),
            replaces: Vec::new(),
            private: Vec::new(),
            importing: None,
            notes: Vec::new(),
            create_before_destroy: false,
        }
    }

    /// Draws the order of `a <- b <- c` (b needs a, c needs b) with these verbs; d needs b too, and goes down with a.
    fn drawn(verbs: &[(&str, &str)]) -> String {
        let mut changes: Changes =
            verbs.iter().map(|(name, word)| ((named(name), None), change(word))).collect();
        let chain = [("b", "a"), ("c", "b"), ("d", "b")];
        let needs: Needs = chain
            .into_iter()
            .map(|(name, need)| (named(name), BTreeSet::from([named(need)])))
            .collect();
        spread_create_first(&mut changes, &needs);
        let sinking = [("d", "a")].map(|(of, whole)| (named(of), BTreeSet::from([named(whole)])));
        let sorted = order(&changes, &needs, &needs, &sinking.into()).sorted().unwrap();
        let word = |call| match call {
            Call::Read => "read",
            Call::Create => "+",
            Call::Update => "~",
            Call::Delete => "-",
            Call::Forget => ".",
        };
        let drawn: Vec<String> = sorted
            .iter()
            .map(|action| format!("{}{}", word(action.call), action.address.name))
            .collect();
        drawn.join(" ")
    }

    #[test]
    fn the_order_of_calls_as_drawings() {
        for (verbs, drawing) in [
            (&[("a", "create"), ("b", "create"), ("c", "create")][..], "+a +b +c"),
            (&[("a", "delete"), ("b", "delete"), ("c", "delete")], "-c -b -a"),
            (&[("a", "create"), ("b", "keep"), ("c", "create")], "+a +c"),
            (&[("a", "delete"), ("b", "delete"), ("d", "delete")], "-b -a -d"),
            (&[("a", "replace"), ("b", "update"), ("c", "keep")], "-a +a ~b"),
            (&[("a", "replace"), ("b", "replace"), ("c", "replace")], "-c -b -a +a +b +c"),
            (&[("a", "create first"), ("b", "update"), ("c", "keep")], "+a ~b -a"),
            (&[("a", "replace"), ("b", "create first"), ("c", "keep")], "+a +b -b -a"),
            (&[("a", "delete"), ("b", "update"), ("c", "keep")], "~b -a"),
            (&[("a", "replace"), ("b", "goes with a"), ("c", "keep")], "-b -a +a +b"),
            (&[("a", "create first"), ("b", "goes with a"), ("c", "keep")], "+a -b +b -a"),
        ] {
            assert_eq!(drawn(verbs), drawing, "{verbs:?}");
        }
    }
}
