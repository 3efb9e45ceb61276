//! The order of calls: this file, and nothing else, decides it.
//!
//! - What is made, changed or read of B comes after that of A, if B needs A.
//! - The removal of A comes after that of B, and after B's change, if B needed A.
//! - A replacement's two calls stand in the order of `create_first`, which spreads to what is needed
//!   where mixing would make a cycle.
//!
//! A pure function of the changes and the needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Call, Change, Verb};
use crate::addr::Address;
use crate::graph::Graph;

/// What each object needs: blocks or instances.
pub type Needs = BTreeMap<Address, BTreeSet<Address>>;

type Changes = BTreeMap<(Address, Option<String>), Change>;

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
    let whole = Expanded::new(changes, needs);
    while let Some(address) = open.pop() {
        for need in whole.of(&address) {
            let change = changes.get(&((*need).clone(), None));
            let replaced = change.is_some_and(|change| matches!(change.verb, Verb::Replace { .. }));
            if replaced && first.insert((*need).clone()) {
                open.push((*need).clone());
            }
        }
    }
    drop(whole);
    for address in first {
        if let Some(change) = changes.get_mut(&(address, None))
            && let Verb::Replace { create_first, .. } = &mut change.verb
        {
            *create_first = true;
        }
    }
}

/// Gives the order. `needs` is what the desired instances need, `prior` what the objects needed.
pub fn order(changes: &Changes, needs: &Needs, prior: &Needs) -> Graph<Action> {
    let mut graph = Graph::default();
    let now = Expanded::new(changes, needs);
    // What objects needed says only in which order they go.
    let goes = |change: &Change| calls(&change.verb).iter().any(|call| is_removal(*call));
    let anything_goes = changes.values().any(goes);
    let nothing = Needs::new();
    let before = Expanded::new(changes, if anything_goes { prior } else { &nothing });
    for ((address, deposed), change) in changes {
        for call in calls(&change.verb) {
            graph.add(action(address, deposed, *call));
        }
        if let Verb::Replace { create_first, .. } = &change.verb {
            let (make, remove) =
                (action(address, &None, Call::Create), action(address, &None, Call::Delete));
            if *create_first { graph.wait(remove, make) } else { graph.wait(make, remove) }
        }
        // A deposed object goes after its successor stands.
        if deposed.is_some() {
            for made in makes(changes, address) {
                graph.wait(action(address, deposed, Call::Delete), made);
            }
        }
    }
    for (address, _) in changes.keys().filter(|(_, deposed)| deposed.is_none()) {
        let own = makes(changes, address);
        for need in now.of(address) {
            for made in makes(changes, need) {
                own.iter().for_each(|own| graph.wait(own.clone(), made.clone()));
            }
        }
        if !anything_goes {
            continue;
        }
        for need in before.of(address).union(now.of(address)).copied() {
            for removal in removals(changes, need) {
                for own in leaves(changes, address, &removal, before.of(address).contains(need)) {
                    graph.wait(removal.clone(), own);
                }
            }
        }
    }
    graph
}

/// Gives the calls of `address` that the removal of something it needs must wait for.
fn leaves(changes: &Changes, address: &Address, removal: &Action, needed: bool) -> Vec<Action> {
    let Some(change) = changes.get(&(address.clone(), None)) else { return Vec::new() };
    let replaced = changes.get(&(removal.address.clone(), removal.deposed.clone()));
    let made_first = replaced.is_some_and(|change| {
        matches!(change.verb, Verb::Replace { create_first: true, .. } | Verb::Delete { .. })
    });
    let mut leaves = Vec::new();
    match &change.verb {
        Verb::Delete { .. } | Verb::Forget { .. } if needed => {
            leaves.extend(removals(changes, address))
        }
        Verb::Replace { .. } => {
            if needed {
                leaves.extend(removals(changes, address));
            }
            if made_first {
                leaves.extend(makes(changes, address));
            }
        }
        Verb::Update { .. } if made_first => leaves.extend(makes(changes, address)),
        Verb::Create { .. } if made_first => {
            // A new object that needs the replacement is made before the old one goes.
            leaves.extend(makes(changes, address));
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

fn action(address: &Address, deposed: &Option<String>, call: Call) -> Action {
    Action { address: address.clone(), deposed: deposed.clone(), call }
}

fn actions(changes: &Changes, address: &Address, wanted: impl Fn(Call) -> bool) -> Vec<Action> {
    let Some(change) = changes.get(&(address.clone(), None)) else { return Vec::new() };
    let calls = calls(&change.verb).iter().filter(|call| wanted(**call));
    calls.map(|call| action(address, &None, *call)).collect()
}

/// Gives the calls after which an object stands as planned.
fn makes(changes: &Changes, address: &Address) -> Vec<Action> {
    actions(changes, address, |call| matches!(call, Call::Create | Call::Update | Call::Read))
}

fn removals(changes: &Changes, address: &Address) -> Vec<Action> {
    actions(changes, address, is_removal)
}

fn is_removal(call: Call) -> bool {
    matches!(call, Call::Delete | Call::Forget)
}

/// Needs of the instances that something is done with: blocks expanded to their instances, and what
/// nothing is done with replaced by what it needs in turn.
struct Expanded<'a> {
    needs: BTreeMap<&'a Address, BTreeSet<&'a Address>>,
    none: BTreeSet<&'a Address>,
}

impl<'a> Expanded<'a> {
    fn new(changes: &'a Changes, needs: &'a Needs) -> Expanded<'a> {
        let mut expanded = Expanded { needs: BTreeMap::new(), none: BTreeSet::new() };
        let acts = |address: &Address| {
            let change = changes.get(&(address.clone(), None));
            change.is_some_and(|change| !calls(&change.verb).is_empty())
        };
        let all: BTreeSet<&Address> =
            changes.keys().map(|(address, _)| address).chain(needs.keys()).collect();
        let acting: BTreeSet<&Address> =
            all.iter().copied().filter(|address| acts(address)).collect();
        for address in needs.keys().filter(|address| acting.contains(address)) {
            let mut seen = BTreeSet::new();
            let mut found = BTreeSet::new();
            let mut open: Vec<&Address> = needs.get(address).into_iter().flatten().collect();
            while let Some(need) = open.pop() {
                for instance in
                    all.range::<&Address, _>(need..).take_while(|other| need.covers(other)).copied()
                {
                    if instance == address || !seen.insert(instance) {
                        continue;
                    }
                    if acting.contains(instance) {
                        found.insert(instance);
                    } else if let Some(more) = needs.get(instance) {
                        open.extend(more);
                    }
                }
            }
            expanded.needs.insert(address, found);
        }
        expanded
    }

    fn of(&self, address: &Address) -> &BTreeSet<&'a Address> {
        self.needs.get(address).unwrap_or(&self.none)
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
            "replace" => Verb::Replace { before, after, create_first: false },
            "create first" => Verb::Replace { before, after, create_first: true },
            _ => Verb::Create { after },
        }
    }

    fn change(word: &str) -> Change {
        let provider = ProviderRef {
            module: Vec::new(),
            name: "t".into(),
            source: "hashicorp/t".into(),
            alias: None,
        };
        Change {
            verb: verb(word),
            reason: None,
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

    /// Draws the order of `a <- b <- c` (b needs a, c needs b) with these verbs.
    fn drawn(verbs: &[(&str, &str)]) -> String {
        let mut changes: Changes =
            verbs.iter().map(|(name, word)| ((named(name), None), change(word))).collect();
        let chain = [("b", "a"), ("c", "b")];
        let needs: Needs = chain
            .into_iter()
            .map(|(name, need)| (named(name), BTreeSet::from([named(need)])))
            .collect();
        spread_create_first(&mut changes, &needs);
        let sorted = order(&changes, &needs, &needs).sorted().unwrap();
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
            (&[("a", "replace"), ("b", "update"), ("c", "keep")], "-a +a ~b"),
            (&[("a", "replace"), ("b", "replace"), ("c", "replace")], "-c -b -a +a +b +c"),
            (&[("a", "create first"), ("b", "update"), ("c", "keep")], "+a ~b -a"),
            (&[("a", "replace"), ("b", "create first"), ("c", "keep")], "+a +b -b -a"),
            (&[("a", "delete"), ("b", "update"), ("c", "keep")], "~b -a"),
        ] {
            assert_eq!(drawn(verbs), drawing, "{verbs:?}");
        }
    }
}
