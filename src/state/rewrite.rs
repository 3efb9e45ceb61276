//! `state mv` and `state rm`: the same objects under other addresses, or no longer tracked.

use std::collections::{BTreeMap, BTreeSet};

use super::{Snapshot, Tracked};
use crate::addr::{Address, Target};

/// Why a state cannot be rewritten so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// Nothing stands there.
    #[error("the state has nothing at \"{0}\"")]
    Nothing(Target),
    /// Something stands there already.
    #[error("the state has an object at \"{0}\" already")]
    Taken(Address),
    /// One names a module, the other a resource.
    #[error(
        "\"{from}\" cannot become \"{to}\": both must name modules, or both resources of one mode and type"
    )]
    Unlike {
        /// From where.
        from: Target,
        /// To where.
        to: Target,
    },
    /// Several instances cannot all have one address.
    #[error("\"{from}\" has several instances, which cannot all become \"{to}\"")]
    Several {
        /// From where.
        from: Target,
        /// To where.
        to: Target,
    },
}

/// Moves what stands at `from`, and gives the former and the new address of each instance.
///
/// Other objects' needs follow where a whole block or module moves.
///
/// # Errors
/// Why it cannot be done; the snapshot is as it was.
pub fn mv(
    snapshot: &mut Snapshot,
    from: &Target,
    to: &Target,
) -> Result<Vec<(Address, Address)>, RewriteError> {
    let unlike = || RewriteError::Unlike { from: from.clone(), to: to.clone() };
    let mut moves = Vec::new();
    for address in snapshot.objects.keys().filter(|address| address.is_within(from)) {
        moves.push((address.clone(), renamed(address, from, to).ok_or_else(unlike)?));
    }
    if moves.is_empty() {
        return Err(RewriteError::Nothing(from.clone()));
    }
    let mut targets: Vec<&Address> = moves.iter().map(|(_, to)| to).collect();
    targets.sort();
    if targets.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(RewriteError::Several { from: from.clone(), to: to.clone() });
    }
    if let Some((_, same)) = moves.iter().find(|(from, to)| from == to) {
        return Err(RewriteError::Taken(same.clone()));
    }
    let is_moved = |address: &Address| moves.iter().any(|(from, _)| from == address);
    let taken = targets.iter().find(|to| snapshot.objects.contains_key(**to) && !is_moved(to));
    if let Some(taken) = taken {
        return Err(RewriteError::Taken((*taken).clone()));
    }
    let moved: Vec<Option<Tracked>> =
        moves.iter().map(|(from, _)| snapshot.objects.remove(from)).collect();
    for ((_, to), tracked) in moves.iter().zip(moved) {
        snapshot.objects.extend(tracked.map(|tracked| (to.clone(), tracked)));
    }
    follow(snapshot, &moves);
    Ok(moves)
}

/// Moves what stands at `from` out of a snapshot into another one, and gives the former and the new address of each
/// instance.
///
/// # Errors
/// Why it cannot be done; both snapshots are as they were.
pub fn mv_out(
    left: &mut Snapshot,
    gained: &mut Snapshot,
    from: &Target,
    to: &Target,
) -> Result<Vec<(Address, Address)>, RewriteError> {
    let of_move = left.objects.iter().filter(|(address, _)| address.is_within(from));
    let objects = of_move.map(|(address, tracked)| (address.clone(), tracked.clone())).collect();
    let mut moving = Snapshot { objects, ..Snapshot::default() };
    let moves = mv(&mut moving, from, to)?;
    let taken = moving.objects.keys().find(|to| gained.objects.contains_key(*to));
    if let Some(taken) = taken {
        return Err(RewriteError::Taken(taken.clone()));
    }
    left.objects.retain(|address, _| !address.is_within(from));
    gained.objects.append(&mut moving.objects);
    Ok(moves)
}

/// Gives an address within `from` as it is called after the move.
fn renamed(address: &Address, from: &Target, to: &Target) -> Option<Address> {
    match (from, to) {
        (Target::Module(from), Target::Module(to)) => {
            let mut module = to.clone();
            // A call that is named without a key keeps the keys of its instances.
            if let (Some(last), Some(moved)) =
                (module.last_mut(), address.module.get(from.len() - 1))
            {
                let whole = from.last().is_some_and(|step| step.key.is_none());
                if whole && last.key.is_none() {
                    last.key.clone_from(&moved.key);
                }
            }
            module.extend_from_slice(&address.module[from.len()..]);
            Some(address.in_module(module))
        }
        (Target::Resource(from), Target::Resource(to)) => {
            let alike = from.mode == to.mode && from.type_name == to.type_name;
            let key = if from.key.is_none() && to.key.is_none() { &address.key } else { &to.key };
            alike.then(|| to.with_key(key.clone()))
        }
        (Target::Module(_), Target::Resource(_)) | (Target::Resource(_), Target::Module(_)) => None,
    }
}

/// Renames needs of blocks of which no instance is left.
fn follow(snapshot: &mut Snapshot, moves: &[(Address, Address)]) {
    let whole = Address::without_keys;
    let left: BTreeSet<Address> = snapshot.objects.keys().map(whole).collect();
    let renames: BTreeMap<Address, Address> = moves
        .iter()
        .map(|(from, to)| (whole(from), whole(to)))
        .filter(|(from, _)| !left.contains(from))
        .collect();
    let tracked = snapshot.objects.values_mut();
    let objects =
        tracked.flat_map(|tracked| tracked.current.iter_mut().chain(tracked.deposed.values_mut()));
    for need in objects.flat_map(|object| &mut object.needs) {
        if let Some(to) = renames.get(need) {
            need.clone_from(to);
        }
    }
}

/// Stops tracking what stands at `target`, and gives the addresses.
///
/// # Errors
/// Nothing stands there.
pub fn rm(snapshot: &mut Snapshot, target: &Target) -> Result<Vec<Address>, RewriteError> {
    let found: Vec<Address> =
        snapshot.objects.keys().filter(|address| address.is_within(target)).cloned().collect();
    if found.is_empty() {
        return Err(RewriteError::Nothing(target.clone()));
    }
    for address in &found {
        snapshot.objects.remove(address);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        super::super::file::read(include_str!("../../state/samples/kinds.tfstate")).unwrap()
    }

    fn addresses(snapshot: &Snapshot) -> Vec<String> {
        snapshot.objects.keys().map(Address::to_string).collect()
    }

    #[test]
    fn a_moved_block_takes_its_instances_and_the_needs_of_others_along() {
        let mut snapshot = snapshot();
        let (from, to) =
            ("terraform_data.a".parse().unwrap(), "module.n.terraform_data.c".parse().unwrap());

        mv(&mut snapshot, &from, &to).unwrap();

        assert!(addresses(&snapshot).contains(&"module.n.terraform_data.c".to_string()));
        let needs = &snapshot.current(&"terraform_data.b[0]".parse().unwrap()).unwrap().needs;
        assert_eq!(needs[0].to_string(), "module.n.terraform_data.c");
    }

    #[test]
    fn a_moved_module_keeps_the_keys_of_its_instances() {
        let mut snapshot = snapshot();

        mv(&mut snapshot, &"module.m".parse().unwrap(), &"module.x.module.y".parse().unwrap())
            .unwrap();

        let found = addresses(&snapshot);
        assert!(
            found.contains(&"module.x.module.y[\"k.1\"].terraform_data.in[\"q\\\"x\"]".to_string()),
            "{found:?}"
        );
    }

    #[test]
    fn a_move_onto_something_or_of_nothing_is_refused() {
        let mut snapshot = snapshot();
        let mut refused = |from: &str, to: &str| {
            mv(&mut snapshot, &from.parse().unwrap(), &to.parse().unwrap()).is_err()
        };

        assert!(refused("terraform_data.a", "terraform_data.b[0]"));
        assert!(refused("terraform_data.x", "terraform_data.y"));
        assert!(refused("terraform_data.a", "other_type.a"));
        assert!(refused("terraform_data.b", "terraform_data.c[0]"));
    }

    #[test]
    fn what_a_data_source_read_is_moved_as_what_is_managed() {
        let mut snapshot = snapshot();
        let tracked = snapshot.objects[&"terraform_data.a".parse::<Address>().unwrap()].clone();
        snapshot.objects.insert("data.terraform_remote_state.r".parse().unwrap(), tracked);
        let (from, to) = ("data.terraform_remote_state.r", "data.terraform_remote_state.other");

        mv(&mut snapshot, &from.parse().unwrap(), &to.parse().unwrap()).unwrap();

        assert!(addresses(&snapshot).contains(&to.to_string()));
    }

    #[test]
    fn what_is_moved_out_is_in_one_state_alone() {
        let (mut left, mut gained) = (snapshot(), Snapshot::default());
        let (from, to) = ("terraform_data.b".parse().unwrap(), "terraform_data.c".parse().unwrap());

        mv_out(&mut left, &mut gained, &from, &to).unwrap();
        let again = mv_out(&mut snapshot(), &mut gained, &from, &to);

        assert_eq!(addresses(&gained), ["terraform_data.c[0]", "terraform_data.c[1]"]);
        assert!(!addresses(&left).iter().any(|address| address.starts_with("terraform_data.b")));
        assert!(matches!(again, Err(RewriteError::Taken(_))));
    }

    #[test]
    fn what_is_removed_is_no_longer_tracked() {
        let mut snapshot = snapshot();

        let gone = rm(&mut snapshot, &"terraform_data.b".parse().unwrap()).unwrap();

        assert_eq!(gone.len(), 2);
        assert_eq!(rm(&mut snapshot, &"terraform_data.b".parse().unwrap()).ok(), None);
    }
}
