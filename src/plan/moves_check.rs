//! Whether the `moved` blocks agree with each other, with the configuration and with what is targeted.

use std::collections::{BTreeMap, BTreeSet};

use super::moves::{Moves, Statement};
use crate::addr::{Address, ModulePath, Step, Target};
use crate::config::Config;
use crate::diag::{Diagnostic, Sources, Span};
use crate::eval::Desired;

/// Where each statement's source leads to, and by which statement.
type Ends<'s> = BTreeMap<String, (String, &'s Statement)>;

/// Checks the statements against what is declared.
pub(super) fn check_moves(
    moves: &Moves,
    config: &Config,
    desired: &Desired,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let (mut froms, mut tos) = (Ends::new(), Ends::new());
    // In the order of the text: the later one of two is the one that is told of.
    let mut written: Vec<&Statement> =
        moves.statements.iter().chain(moves.circles.iter().flatten()).collect();
    written.retain(|statement| !statement.implied);
    written.sort_by_key(|statement| {
        (statement.module.clone(), statement.span.file, statement.span.start)
    });
    let imported: BTreeSet<Address> =
        config.root.imports.iter().filter_map(|import| import.address()).collect();
    for statement in written {
        for module in desired.modules.iter().filter(|path| is_of(path, &statement.module)) {
            let (from, to) = (within(module, &statement.from), within(module, &statement.to));
            let (noun, imported) = (noun(statement), &imported);
            let check = Check { statement, noun, from: &from, to: &to, imported, sources };
            problems.extend(check.exists(config, desired));
            problems.extend(check.ambiguous(&mut froms, &mut tos));
        }
    }
    // A circle alone says little of what was meant: what was found above says more.
    if problems.is_empty() {
        problems.extend(moves.circles.iter().map(|circle| cyclic(circle, sources)));
    }
    problems
}

fn is_of(path: &[Step], module: &[String]) -> bool {
    path.iter().map(|step| &step.name).eq(module)
}

fn within(module: &[Step], target: &Target) -> Target {
    match target {
        Target::Module(path) => Target::Module([module, path].concat()),
        Target::Resource(address) => {
            Target::Resource(address.in_module([module, &address.module].concat()))
        }
    }
}

fn noun(statement: &Statement) -> &'static str {
    match (&statement.from, statement.is_whole()) {
        (Target::Module(_), true) => "module call",
        (Target::Module(_), false) => "module instance",
        (Target::Resource(_), true) => "resource",
        (Target::Resource(_), false) => "resource instance",
    }
}

struct Check<'c, 's> {
    statement: &'s Statement,
    noun: &'static str,
    from: &'c Target,
    to: &'c Target,
    /// What `import` blocks speak of.
    imported: &'c BTreeSet<Address>,
    sources: &'c Sources,
}

impl<'s> Check<'_, 's> {
    /// Tells of a source that is declared still.
    fn exists(&self, config: &Config, desired: &Desired) -> Option<Diagnostic> {
        let Check { from, to, noun, .. } = self;
        if from == to {
            let detail = format!(
                "This statement declares a move from {from} to the same address, which is the same as not declaring \
                 this move at all."
            );
            return Some(self.told("Redundant move statement", detail));
        }
        let place = match declared(from, self.statement.is_whole(), config, desired) {
            Some(place) => format!(" at {}", start(place, self.sources)),
            // What is imported counts as declared, though it is not.
            None if self.is_imported(config) => String::new(),
            None => return None,
        };
        let short = noun.rsplit(' ').next().unwrap_or(noun);
        let detail = format!(
            "This statement declares a move from {from}, but that {noun} is still declared{place}.\n\nChange your \
             configuration so that this {short} will be declared as {to} instead."
        );
        Some(self.told("Moved object still exists", detail))
    }

    /// Says whether an `import` block speaks of what is moved, without a block for it.
    fn is_imported(&self, config: &Config) -> bool {
        let Target::Resource(address) = self.from else { return false };
        self.imported.contains(address) && config.resource(address).is_none()
    }

    /// Tells of two ways from one source, or to one end.
    fn ambiguous(&self, froms: &mut Ends<'s>, tos: &mut Ends<'s>) -> Option<Diagnostic> {
        let Check { noun, .. } = self;
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let short = noun.rsplit(' ').next().unwrap_or(noun);
        let mut told = None;
        match froms.get(&from) {
            Some((other, first)) if *other != to => {
                let at = start(first.span, self.sources);
                told = Some(format!(
                    "A statement at {at} declared that {from} moved to {other}, but this statement instead declares \
                     that it moved to {to}.\n\nEach {noun} can move to only one destination {short}."
                ));
            }
            Some(_) => {}
            None => drop(froms.insert(from.clone(), (to.clone(), self.statement))),
        }
        match tos.get(&to) {
            Some((other, first)) if *other != from => {
                let at = start(first.span, self.sources);
                told = told.or(Some(format!(
                    "A statement at {at} declared that {other} moved to {to}, but this statement instead declares that \
                     {from} moved there.\n\nEach {noun} can have moved from only one source {short}."
                )));
            }
            Some(_) => {}
            None => drop(tos.insert(to, (from, self.statement))),
        }
        told.map(|detail| self.told("Ambiguous move statements", detail))
    }

    fn told(&self, summary: &str, detail: String) -> Diagnostic {
        Diagnostic::error(summary, detail).at(self.statement.span, "")
    }
}

/// Gives the place of what an address names, where that is declared.
fn declared(target: &Target, whole: bool, config: &Config, desired: &Desired) -> Option<Span> {
    let call = |path: &ModulePath| {
        let (last, outer) = path.split_last()?;
        let outer: Vec<String> = outer.iter().map(|step| step.name.clone()).collect();
        Some(config.module(&outer)?.calls.get(&last.name)?.span)
    };
    match target {
        Target::Module(path) if whole => {
            let (_, outer) = path.split_last()?;
            desired.modules.contains(outer).then(|| call(path)).flatten()
        }
        Target::Module(path) => desired.modules.contains(path).then(|| call(path)).flatten(),
        Target::Resource(address) => {
            let block = config.resource(address)?;
            let there = if whole {
                desired.modules.contains(&address.module)
            } else {
                desired.instances.contains_key(address)
            };
            let turns = block.for_each.as_ref().or(block.count.as_ref()).filter(|_| !whole);
            there.then_some(turns.map_or(block.span, |turns| turns.span))
        }
    }
}

fn start(span: Span, sources: &Sources) -> String {
    let place = sources.start(span);
    format!("{}:{},{}", sources.name(span.file), place.line, place.column)
}

fn cyclic(circle: &[Statement], sources: &Sources) -> Diagnostic {
    let mut lines: Vec<String> = circle
        .iter()
        .map(|statement| {
            let at = start(statement.span, sources);
            let (from, to) = (statement.open(&statement.from), statement.open(&statement.to));
            // All instances of a whole block are meant.
            let all = if statement.is_whole() { "[*]" } else { "" };
            format!("\n  - {at}: {from}{all} → {to}{all}")
        })
        .collect();
    lines.sort();
    let detail = format!(
        "The following chained move statements form a cycle, and so there is no final location to move objects to:{}\n\nA \
         chain of move statements must end with an address that doesn't appear in any other statements, and which \
         typically also refers to an object still declared in the configuration.",
        lines.concat()
    );
    Diagnostic::error("Cyclic dependency in move statements", detail)
}

/// Tells of moved objects that `-target` leaves out.
pub(super) fn left_out(
    moved: &BTreeMap<Address, Address>,
    targets: &[Target],
) -> Option<Diagnostic> {
    if targets.is_empty() {
        return None;
    }
    let named = |address: &&Address| targets.iter().any(|target| address.is_within(target));
    let sides = moved.iter().flat_map(|(to, from)| [to, from]);
    let open: BTreeSet<Address> =
        sides.filter(|address| !named(address)).map(Address::block).collect();
    if open.is_empty() {
        return None;
    }
    let mut open: Vec<Address> = open.into_iter().collect();
    open.sort_by_key(|address| address.module.len());
    let options: Vec<String> =
        open.iter().map(|address| format!("\n  -target={:?}", address.to_string())).collect();
    let detail = format!(
        "Resource instances in your current state have moved to new addresses in the latest configuration. Terraform must \
         include those resource instances while planning in order to ensure a correct result, but your -target=... \
         options do not fully cover all of those resource instances.\n\nTo create a valid plan, either remove your \
         -target=... options altogether or add the following additional target options:{}\n\nNote that adding these \
         options may include further additional resource instances in your plan, in order to respect object \
         dependencies.",
        options.concat()
    );
    Some(Diagnostic::error("Moved resource instances excluded by targeting", detail))
}
