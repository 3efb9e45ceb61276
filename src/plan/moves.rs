//! `moved` blocks, and the moves that a new or removed `count` implies, carried out on the prior state.

use std::collections::BTreeMap;

use crate::addr::{Address, Key, ModulePath, Target};
use crate::config::{Config, Module, Moved};
use crate::diag::Diagnostic;
use crate::state::{Snapshot, Tracked};

/// Renames what the configuration says was renamed; gives new addresses to former ones, and warnings.
pub fn apply_moves(
    config: &Config,
    snapshot: &mut Snapshot,
) -> (BTreeMap<Address, Address>, Vec<Diagnostic>) {
    let mut statements = Vec::new();
    gather(&config.root, &mut statements);
    let mut moves: BTreeMap<Address, Address> = BTreeMap::new();
    let mut warnings = Vec::new();
    // A chain of moves may stand in any order: as many passes as there are statements reach its end.
    for _ in 0..=statements.len() {
        let mut moved_any = false;
        for (module, statement) in &statements {
            for address in snapshot.objects.keys().cloned().collect::<Vec<_>>() {
                let Some(to) = renamed(module, statement, &address) else { continue };
                moved_any |= rename(snapshot, &mut moves, &mut warnings, statement, &address, &to);
            }
        }
        if !moved_any {
            break;
        }
    }
    implied(config, snapshot, &mut moves);
    moves.retain(|to, from| to != from);
    (moves, warnings)
}

fn gather<'a>(module: &'a Module, statements: &mut Vec<(&'a Module, &'a Moved)>) {
    statements.extend(module.moved.iter().map(|moved| (module, moved)));
    for call in module.calls.values() {
        gather(&call.module, statements);
    }
}

fn rename(
    snapshot: &mut Snapshot,
    moves: &mut BTreeMap<Address, Address>,
    warnings: &mut Vec<Diagnostic>,
    statement: &Moved,
    from: &Address,
    to: &Address,
) -> bool {
    if snapshot.objects.contains_key(to) {
        let detail = format!(
            "Terrane tried to adjust resource instance addresses in the prior state based on change \
             information recorded in the configuration, but some adjustments did not succeed due to existing \
             objects already at the intended addresses:\n  - {from} could not move to {to}\n\nTerrane has \
             planned to destroy these objects. If Terrane's proposed changes aren't appropriate, you must \
             first resolve the conflicts using the \"terrane state\" subcommands and then create a new plan."
        );
        let warning = Diagnostic::warning("Unresolved resource instance address changes", detail);
        if !warnings.contains(&warning) {
            warnings.push(warning.at(statement.span, ""));
        }
        return false;
    }
    carry(snapshot, moves, from, to);
    true
}

fn carry(
    snapshot: &mut Snapshot,
    moves: &mut BTreeMap<Address, Address>,
    from: &Address,
    to: &Address,
) {
    let tracked: Option<Tracked> = snapshot.objects.remove(from);
    if let Some(tracked) = tracked {
        snapshot.objects.insert(to.clone(), tracked);
        let origin = moves.remove(from).unwrap_or_else(|| from.clone());
        moves.insert(to.clone(), origin);
    }
}

/// Gives the address that a statement of a module gives to an object, where it concerns it.
fn renamed(module: &Module, statement: &Moved, address: &Address) -> Option<Address> {
    let depth = module.path.len();
    let inside = address.module.len() >= depth
        && address.module.iter().zip(&module.path).all(|(step, name)| step.name == *name);
    if !inside {
        return None;
    }
    let (prefix, rest) = address.module.split_at(depth);
    let relative = Address { module: rest.to_vec(), ..address.clone() };
    let moved = match (&statement.from, &statement.to) {
        (Target::Module(from), Target::Module(to)) => {
            let module = module_renamed(from, to, &relative.module)?;
            Address { module, ..relative }
        }
        (Target::Resource(from), Target::Resource(to)) => {
            let same = relative.block() == from.block();
            let key = match (&from.key, &to.key) {
                (None, None) => relative.key.clone(),
                (from, to) if *from == relative.key => to.clone(),
                _ => return None,
            };
            if !same {
                return None;
            }
            to.with_key(key)
        }
        _ => return None,
    };
    let whole: ModulePath = prefix.iter().cloned().chain(moved.module.iter().cloned()).collect();
    Some(Address { module: whole, ..moved }).filter(|to| to != address)
}

fn module_renamed(from: &ModulePath, to: &ModulePath, module: &ModulePath) -> Option<ModulePath> {
    let (head, rest) = module.split_at_checked(from.len())?;
    let mut head_to = to.clone();
    for (place, (step, wanted)) in head.iter().zip(from).enumerate() {
        let last = place + 1 == from.len();
        let to_key = to.last().and_then(|step| step.key.as_ref());
        let whole = last && wanted.key.is_none() && to_key.is_none();
        if step.name != wanted.name || (step.key != wanted.key && !whole) {
            return None;
        }
        if whole && let Some(step_to) = head_to.last_mut() {
            step_to.key.clone_from(&step.key);
        }
    }
    head_to.extend(rest.iter().cloned());
    Some(head_to)
}

/// `a.b` becomes `a.b[0]` when the block has a `count` now, and the other way round.
fn implied(config: &Config, snapshot: &mut Snapshot, moves: &mut BTreeMap<Address, Address>) {
    for address in snapshot.objects.keys().cloned().collect::<Vec<_>>() {
        let Some(block) = config.resource(&address) else { continue };
        let to = match (&address.key, &block.count, &block.for_each) {
            (None, Some(_), _) => address.with_key(Some(Key::Number(0))),
            (Some(Key::Number(0)), None, None) => address.with_key(None),
            _ => continue,
        };
        if !snapshot.objects.contains_key(&to) {
            carry(snapshot, moves, &address, &to);
        }
    }
}
