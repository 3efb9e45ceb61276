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
    let spoken = statements.iter().flat_map(|of| [of.open(&of.from), of.open(&of.to)]);
    let spoken: BTreeSet<Address> = spoken
        .filter_map(|target| match target {
            Target::Resource(address) => Some(address.without_keys()),
            Target::Module(_) => None,
        })
        .collect();
    for address in snapshot.objects.keys() {
        let Some(block) = config.resource(address) else { continue };
        let key = match (&address.key, &block.count, &block.for_each) {
            (None, Some(_), _) => Some(Key::Number(0)),
            (Some(Key::Number(0)), None, None) => None,
            _ => continue,
        };
        if spoken.contains(&address.without_keys()) {
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

/// Puts statements after those that come first; those in circles are given by themselves.
fn in_order(statements: Vec<Statement>) -> (Vec<Statement>, Vec<Vec<Statement>>) {
    let mut waits = waits(&statements);
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); statements.len()];
    for (number, waits) in waits.iter().enumerate() {
        waits.iter().for_each(|other| waiters[*other].push(number));
    }
    let mut ready: BTreeSet<usize> =
        (0..statements.len()).filter(|number| waits[*number].is_empty()).collect();
    let mut order = Vec::new();
    while let Some(number) = ready.pop_first() {
        order.push(number);
        for waiter in &waiters[number] {
            waits[*waiter].remove(&number);
            if waits[*waiter].is_empty() {
                ready.insert(*waiter);
            }
        }
    }
    let done: BTreeSet<usize> = order.iter().copied().collect();
    let mut left: Vec<usize> =
        (0..statements.len()).filter(|number| !done.contains(number)).collect();
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

/// Gives for each statement those that come before it.
fn waits(statements: &[Statement]) -> Vec<BTreeSet<usize>> {
    // Two resources have to do with each other only where their blocks have one name; of modules any may.
    let mut arriving: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
    let mut modules = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        match statement.open(&statement.to) {
            Target::Resource(to) => arriving.entry(to.without_keys()).or_default().push(number),
            Target::Module(_) => modules.push(number),
        }
    }
    let all: Vec<usize> = (0..statements.len()).collect();
    let waits = statements.iter().enumerate().map(|(number, statement)| {
        let (some, more) = match statement.open(&statement.from) {
            Target::Module(_) => (all.as_slice(), &[][..]),
            Target::Resource(from) => {
                let arriving = arriving.get(&from.without_keys()).map(Vec::as_slice);
                (arriving.unwrap_or_default(), modules.as_slice())
            }
        };
        let others = some.iter().chain(more).copied();
        let others = others.filter(|other| *other != number);
        others.filter(|other| statement.comes_after(&statements[*other])).collect()
    });
    waits.collect()
}

impl Statement {
    /// Gives a relative address in the whole configuration.
    pub(super) fn open(&self, target: &Target) -> Target {
        let prefix = self.module.iter().map(|name| Step { name: name.clone(), key: None });
        match target {
            Target::Module(path) => Target::Module(prefix.chain(path.iter().cloned()).collect()),
            Target::Resource(address) => {
                let module = prefix.chain(address.module.iter().cloned()).collect();
                Target::Resource(address.in_module(module))
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
    let before = concerned(statement, snapshot);
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

/// Gives the objects that a statement can have to do with, at either end.
fn concerned(statement: &Statement, snapshot: &Snapshot) -> Vec<Address> {
    match (&statement.from, &statement.to) {
        (Target::Resource(from), Target::Resource(to)) if statement.module.is_empty() => {
            let blocks = BTreeSet::from([from.block(), to.block()]);
            let objects = blocks.iter().flat_map(|block| block.within(&snapshot.objects));
            objects.map(|(address, _)| address.clone()).collect()
        }
        _ => snapshot.objects.keys().cloned().collect(),
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
    let relative = address.in_module(rest.to_vec());
    let moved = match (&statement.from, &statement.to) {
        (Target::Module(from), Target::Module(to)) => {
            let module = module_renamed(from, to, &relative.module)?;
            relative.in_module(module)
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
    Some(moved.in_module(whole)).filter(|to| to != address)
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
