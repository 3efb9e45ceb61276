//! `moved` blocks, and the moves that a new or removed `count` implies, carried out on the prior state.
//!
//! Statements are carried out once each: after those whose results they take on, and those in a module before
//! the module's own. What moved and where to is checked against the configuration by `moves_check`.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::{Address, Key, ModulePath, Step, Target, is_module_within};
use crate::config::{Config, Module};
use crate::diag::{Diagnostic, Span};
use crate::state::Snapshot;

/// One statement: from where to where, in the whole configuration's addresses. A step of the module that wrote
/// it has no key, and stands for all its instances.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// The module that wrote it.
    pub(super) module: Vec<String>,
    /// The former address, relative to that module.
    pub(super) from: Target,
    /// The present one.
    pub(super) to: Target,
    /// The block's place; of an implied one the resource's.
    pub(super) span: Span,
    /// Whether nobody wrote it.
    pub(super) implied: bool,
}

/// What came of the statements.
pub(super) struct Moves {
    /// New addresses to former ones.
    pub(super) moved: BTreeMap<Address, Address>,
    /// All statements, in the order that they were carried out.
    pub(super) statements: Vec<Statement>,
    /// Statements of a circle: nothing was moved.
    pub(super) circles: Vec<Vec<Statement>>,
    /// What should be known.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Renames what the configuration says was renamed.
pub(super) fn apply_moves(config: &Config, snapshot: &mut Snapshot) -> Moves {
    let mut statements = Vec::new();
    written(&config.root, &mut statements);
    implied(config, snapshot, &mut statements);
    let (statements, circles) = in_order(statements);
    let mut moves = Moves { moved: BTreeMap::new(), statements, circles, warnings: Vec::new() };
    if !moves.circles.is_empty() {
        return moves;
    }
    let mut blocked = BTreeMap::new();
    for statement in &moves.statements {
        carry_out(statement, snapshot, &mut moves.moved, &mut blocked);
    }
    moves.moved.retain(|to, from| to != from);
    if !blocked.is_empty() {
        moves.warnings.push(unresolved(&blocked));
    }
    moves
}

fn written(module: &Module, statements: &mut Vec<Statement>) {
    statements.extend(module.moved.iter().map(|moved| Statement {
        module: module.path.clone(),
        from: moved.from.clone(),
        to: moved.to.clone(),
        span: moved.span,
        implied: false,
    }));
    for call in module.calls.values() {
        written(&call.module, statements);
    }
}

/// `a.b` becomes `a.b[0]` when the block has a `count`, and the other way round, where nobody says otherwise.
fn implied(config: &Config, snapshot: &Snapshot, statements: &mut Vec<Statement>) {
    let spoken: Vec<Target> =
        statements.iter().flat_map(|of| [of.open(&of.from), of.open(&of.to)]).collect();
    for address in snapshot.objects.keys() {
        let Some(block) = config.resource(address) else { continue };
        let key = match (&address.key, &block.count, &block.for_each) {
            (None, Some(_), _) => Some(Key::Number(0)),
            (Some(Key::Number(0)), None, None) => None,
            _ => continue,
        };
        let open = keyless(&address.block());
        if spoken
            .iter()
            .any(|target| matches!(target, Target::Resource(of) if keyless(&of.block()) == open))
        {
            continue;
        }
        statements.push(Statement {
            module: Vec::new(),
            from: Target::Resource(address.clone()),
            to: Target::Resource(address.with_key(key)),
            span: block.span,
            implied: true,
        });
    }
}

fn keyless(address: &Address) -> Address {
    let module = address.module.iter().map(|step| Step { key: None, ..step.clone() }).collect();
    Address { module, ..address.clone() }
}

/// Puts statements after those that come first; those in circles are given by themselves.
fn in_order(statements: Vec<Statement>) -> (Vec<Statement>, Vec<Vec<Statement>>) {
    let count = statements.len();
    let mut waits: Vec<BTreeSet<usize>> = (0..count)
        .map(|a| {
            let first = |b: &usize| *b != a && statements[a].comes_after(&statements[*b]);
            (0..count).filter(first).collect()
        })
        .collect();
    let mut order = Vec::new();
    let mut left: Vec<usize> = (0..count).collect();
    while let Some(place) = left.iter().position(|number| waits[*number].is_empty()) {
        let number = left.remove(place);
        for waits in &mut waits {
            waits.remove(&number);
        }
        order.push(number);
    }
    // Of what is left, those are in a circle that are waited for as well.
    while let Some(place) =
        left.iter().position(|number| !left.iter().any(|other| waits[*other].contains(number)))
    {
        left.remove(place);
    }
    let pick =
        |numbers: &[usize]| numbers.iter().map(|number| statements[*number].clone()).collect();
    let circles = if left.is_empty() { Vec::new() } else { vec![pick(&left)] };
    (pick(&order), circles)
}

impl Statement {
    /// Gives a relative address in the whole configuration.
    pub(super) fn open(&self, target: &Target) -> Target {
        let prefix = self.module.iter().map(|name| Step { name: name.clone(), key: None });
        match target {
            Target::Module(path) => Target::Module(prefix.chain(path.iter().cloned()).collect()),
            Target::Resource(address) => {
                let module = prefix.chain(address.module.iter().cloned()).collect();
                Target::Resource(Address { module, ..address.clone() })
            }
        }
    }

    /// Says whether another statement must be carried out first.
    fn comes_after(&self, other: &Statement) -> bool {
        let (from, to) = (self.open(&self.from), self.open(&self.to));
        let (other_from, other_to) = (other.open(&other.from), other.open(&other.to));
        if could_be(&from, &other_to) {
            return true;
        }
        let nested = is_nested(&from, &other_to)
            || is_nested(&to, &other_to)
            || is_nested(&other_from, &from)
            || is_nested(&other_to, &from);
        if !nested {
            return false;
        }
        self.module.len() >= other.module.len() || !self.is_reindex()
    }

    /// Says whether only the key of a module changes.
    fn is_reindex(&self) -> bool {
        match (&self.from, &self.to) {
            (Target::Module(from), Target::Module(to)) => {
                from.iter().map(|step| &step.name).eq(to.iter().map(|step| &step.name))
            }
            _ => false,
        }
    }

    /// Says whether whole blocks or calls are meant, whatever their keys.
    pub(super) fn is_whole(&self) -> bool {
        match (&self.from, &self.to) {
            (Target::Resource(from), Target::Resource(to)) => {
                !self.implied && from.key.is_none() && to.key.is_none()
            }
            (Target::Module(from), Target::Module(to)) => {
                let open = |path: &ModulePath| path.last().is_none_or(|step| step.key.is_none());
                open(from) && open(to)
            }
            _ => false,
        }
    }
}

fn fits_key(left: &Option<Key>, right: &Option<Key>) -> bool {
    left.is_none() || right.is_none() || left == right
}

fn fits_path(left: &[Step], right: &[Step]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| left.name == right.name && fits_key(&left.key, &right.key))
}

/// Says whether two addresses can mean the same object.
fn could_be(left: &Target, right: &Target) -> bool {
    match (left, right) {
        (Target::Module(left), Target::Module(right)) => fits_path(left, right),
        (Target::Resource(left), Target::Resource(right)) => {
            fits_path(&left.module, &right.module)
                && (left.mode, &left.type_name, &left.name)
                    == (right.mode, &right.type_name, &right.name)
                && fits_key(&left.key, &right.key)
        }
        _ => false,
    }
}

/// Says whether an address lies in the module that another one is.
fn is_nested(inner: &Target, outer: &Target) -> bool {
    let Target::Module(outer) = outer else { return false };
    let module = match inner {
        Target::Module(path) if path.len() == outer.len() => return false,
        Target::Module(path) => path,
        Target::Resource(address) => &address.module,
    };
    module.get(..outer.len()).is_some_and(|head| fits_path(head, outer))
}

fn carry_out(
    statement: &Statement,
    snapshot: &mut Snapshot,
    moved: &mut BTreeMap<Address, Address>,
    blocked: &mut BTreeMap<String, String>,
) {
    let before: Vec<Address> = snapshot.objects.keys().cloned().collect();
    for from in &before {
        let Some(to) = renamed(statement, from) else { continue };
        if is_taken(statement, &before, from, &to) {
            let (from, to) = match &statement.from {
                Target::Module(_) => (module_of(statement, from), module_of_new(statement, &to)),
                Target::Resource(_) if statement.is_whole() => {
                    (from.block().to_string(), to.block().to_string())
                }
                Target::Resource(_) => (from.to_string(), to.to_string()),
            };
            blocked.insert(from, to);
            continue;
        }
        let Some(tracked) = snapshot.objects.remove(from) else { continue };
        snapshot.objects.insert(to.clone(), tracked);
        let origin = moved.remove(from).unwrap_or_else(|| from.clone());
        moved.insert(to, origin);
    }
}

fn module_of(statement: &Statement, address: &Address) -> String {
    let Target::Module(path) = &statement.from else { return address.to_string() };
    let depth = (statement.module.len() + path.len()).min(address.module.len());
    crate::addr::module_text(&address.module[..depth])
}

fn module_of_new(statement: &Statement, address: &Address) -> String {
    let Target::Module(path) = &statement.to else { return address.to_string() };
    let depth = (statement.module.len() + path.len()).min(address.module.len());
    crate::addr::module_text(&address.module[..depth])
}

/// Says whether something stands already where a statement leads to.
fn is_taken(statement: &Statement, before: &[Address], from: &Address, to: &Address) -> bool {
    match &statement.to {
        Target::Module(path) => {
            let depth = statement.module.len() + path.len();
            let new = &to.module[..depth.min(to.module.len())];
            before.iter().any(|other| {
                is_module_within(&other.module, new) && other.module[..new.len()] == *new
            })
        }
        Target::Resource(_) if statement.is_whole() => {
            from.block() != to.block() && before.iter().any(|other| other.block() == to.block())
        }
        Target::Resource(_) => before.contains(to),
    }
}

fn unresolved(blocked: &BTreeMap<String, String>) -> Diagnostic {
    let lines: Vec<String> =
        blocked.iter().map(|(from, to)| format!("\n  - {from} could not move to {to}")).collect();
    let detail = format!(
        "Terraform tried to adjust resource instance addresses in the prior state based on change information \
         recorded in the configuration, but some adjustments did not succeed due to existing objects already at \
         the intended addresses:{}\n\nTerraform has planned to destroy these objects. If Terraform's proposed \
         changes aren't appropriate, you must first resolve the conflicts using the \"terraform state\" \
         subcommands and then create a new plan.",
        lines.concat()
    );
    Diagnostic::warning("Unresolved resource instance address changes", detail)
}

/// Gives where a statement leads an address to; nothing where it does not speak of it.
fn renamed(statement: &Statement, address: &Address) -> Option<Address> {
    let depth = statement.module.len();
    let inside = address.module.len() >= depth
        && address.module.iter().zip(&statement.module).all(|(step, name)| step.name == *name);
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
            if relative.block() != from.block() {
                return None;
            }
            let key = if statement.is_whole() {
                relative.key.clone()
            } else if from.key == relative.key {
                to.key.clone()
            } else {
                return None;
            };
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
