//! Whether edits of the configuration do what they should: a plan with them tells, from the objects as they were found. Nothing is
//! written for that.
//!
//! What is accepted must need no change any more, and nothing else another change than before. All edits are tried together. Where they
//! do not hold, the plan tells whom to suspect: what would still be changed, or, where others would be changed, too, the edits of places that
//! others may share. The rest is tried without them, and the suspects are sorted by halves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ArgMatches;

use super::all;
use super::workbench::{Loaded, Workbench};
use crate::addr::Address;
use crate::diag::{FileId, has_errors};
use crate::drift::text::{Splice, changed};
use crate::plan::make::{Given, make};
use crate::plan::planner::Options;
use crate::plan::{Change, Plan};
use crate::providers::Registry;
use crate::review::parts::{Differing, differing};
use crate::value::Value;

/// So many plans are made at most to tell edits that hold from others, and so many at least; between them so many that they plan so
/// many objects in all.
const MOST: usize = 40;
const FEWEST: usize = 4;
const AT_ONCE: usize = 20_000;
/// Why edits of one place do not hold.
const SHARED: &str = "It is written in one place with others, which are otherwise.";

/// The edits by which an instance is configured as it is.
pub(super) type Wanted = (Address, Vec<Splice>);

/// Instances that the same edits are for: they hold together or not at all.
type Unit = Vec<Wanted>;

/// What was looked at: what edits are of.
pub(super) struct Work<'a> {
    pub(super) matches: &'a ArgMatches,
    pub(super) loaded: &'a Loaded,
    pub(super) registry: &'a Registry,
    pub(super) plan: &'a Plan,
    pub(super) options: &'a Options,
}

/// Edits that hold together, and those that do not, each with why.
#[derive(Debug, Default)]
pub(super) struct Proof {
    pub(super) good: Vec<Wanted>,
    pub(super) bad: Vec<(Address, String)>,
}

/// Why edits do not hold.
enum Wrong {
    /// The texts cannot be made.
    Texts(String),
    /// The configuration cannot be planned with them.
    Config(String),
    /// These would still be changed.
    Still(BTreeSet<Address>),
    /// These would be changed, too.
    Others(String),
}

impl Wrong {
    /// Says why an instance's edit does not hold, which was tried last.
    fn why(&self, address: &Address) -> String {
        match self {
            Wrong::Texts(why) => why.clone(),
            Wrong::Config(why) => format!("With it the configuration is wrong: {why}"),
            Wrong::Still(left) => {
                let address = if left.contains(address) { Some(address) } else { left.first() };
                let address = address.map(Address::to_string).unwrap_or_default();
                format!("With the edit {address} would still be changed by the next apply.")
            }
            Wrong::Others(others) => format!(
                "What is written there is not only its own: the edit would change {others}, too."
            ),
        }
    }

    /// Says whether an edit is to be suspected first.
    fn suspects(&self, work: &Work<'_>, (address, splices): &Wanted) -> bool {
        match self {
            Wrong::Texts(_) | Wrong::Config(_) => false,
            Wrong::Still(left) => left.contains(address),
            Wrong::Others(_) => {
                let one = address.key.is_none() && address.module.is_empty();
                let block = work.loaded.config.resource(address).filter(|_| one);
                let own = |splice: &Splice| {
                    block.is_some_and(|block| {
                        let (start, end) =
                            (block.span.start as usize, block.body.span.end as usize);
                        splice.file == block.span.file && start <= splice.start && splice.end <= end
                    })
                };
                !splices.iter().all(own)
            }
        }
    }
}

/// Finds which of the edits hold together.
pub(super) fn proven(
    workbench: &mut Workbench<'_, '_>,
    work: &Work<'_>,
    wanted: Vec<Wanted>,
) -> Proof {
    let mut proof = Proof::default();
    let texts = Texts::of(workbench, work.matches, &wanted);
    let apart = apart(&wanted);
    let mut whole = Vec::new();
    for (place, one) in wanted.into_iter().enumerate() {
        match texts.found(&one) {
            _ if apart.contains(&place) => proof.bad.push((one.0, SHARED.to_string())),
            Ok(()) => whole.push(one),
            Err(why) => proof.bad.push((one.0, why)),
        }
    }
    let wrong = tried(workbench, work, &texts, &whole);
    if let Some(Wrong::Config(_)) = &wrong
        && let Err(why) = again(workbench, work)
    {
        // Without them it cannot be planned either: nothing can be said of any.
        let why = format!("The plan that would prove the edit cannot be made: {why}");
        proof.bad.extend(whole.into_iter().map(|(address, _)| (address, why.clone())));
        return proof;
    }
    match wrong {
        None => proof.good = whole,
        Some(wrong) => {
            let plans = (AT_ONCE / work.plan.changes.len().max(1)).clamp(FEWEST, MOST);
            let mut sieve = Sieve { work, texts: &texts, proof, plans };
            sieve.sift(workbench, units(whole), &wrong);
            proof = sieve.proof;
        }
    }
    proof
}

/// Sorts edits into those that hold together and the others.
struct Sieve<'a> {
    work: &'a Work<'a>,
    texts: &'a Texts,
    proof: Proof,
    /// How many plans may still be made.
    plans: usize,
}

impl Sieve<'_> {
    /// Sorts some that do not hold beside those that are good: those that are not suspected are tried first, together.
    fn sift(&mut self, workbench: &mut Workbench<'_, '_>, some: Vec<Unit>, wrong: &Wrong) {
        let suspected = |unit: &Unit| unit.iter().any(|of| wrong.suspects(self.work, of));
        let (suspects, rest): (Vec<Unit>, Vec<Unit>) = some.into_iter().partition(suspected);
        if suspects.is_empty() || rest.is_empty() {
            let all = [suspects, rest].concat();
            return self.split(workbench, all, wrong);
        }
        let bad = self.proof.bad.len();
        self.half(workbench, rest, wrong);
        match self.proof.bad.len() == bad {
            // All others hold: it is known that they do not beside them, together.
            true => self.split(workbench, suspects, wrong),
            false => self.half(workbench, suspects, wrong),
        }
    }

    /// Sorts some of which it is known that they do not hold beside those that are good, by halves.
    fn split(&mut self, workbench: &mut Workbench<'_, '_>, mut some: Vec<Unit>, wrong: &Wrong) {
        if some.len() < 2 {
            return self.leave(some, wrong);
        }
        let rest = some.split_off(some.len() / 2);
        for half in [some, rest] {
            self.half(workbench, half, wrong);
        }
    }

    /// Tries some beside those that are good, and sorts them where they do not hold.
    fn half(&mut self, workbench: &mut Workbench<'_, '_>, some: Vec<Unit>, wrong: &Wrong) {
        if self.plans == 0 {
            let why = "Too many others are edited: accept it alone, and it is proven alone.";
            for (address, splices) in some.into_iter().flatten() {
                let known = wrong.suspects(self.work, &(address.clone(), splices));
                let why = if known { wrong.why(&address) } else { why.to_string() };
                self.proof.bad.push((address, why));
            }
            return;
        }
        self.plans -= 1;
        let mut all = self.proof.good.clone();
        all.extend(some.iter().flatten().cloned());
        match tried(workbench, self.work, self.texts, &all) {
            None => self.proof.good = all,
            Some(wrong) if some.len() < 2 => self.leave(some, &wrong),
            Some(wrong) => self.sift(workbench, some, &wrong),
        }
    }

    /// Notes that some do not hold.
    fn leave(&mut self, some: Vec<Unit>, wrong: &Wrong) {
        let some = some.into_iter().flatten();
        self.proof.bad.extend(some.map(|(address, _)| {
            let why = wrong.why(&address);
            (address, why)
        }));
    }
}

/// The texts that edits are of, each with its file's true path.
pub(super) struct Texts {
    files: BTreeMap<FileId, (String, Option<PathBuf>, String)>,
}

impl Texts {
    /// Finds the files that edits are of.
    pub(super) fn of(
        workbench: &Workbench<'_, '_>,
        matches: &ArgMatches,
        wanted: &[Wanted],
    ) -> Texts {
        let given = all(matches, "var-file");
        let mut files = BTreeMap::new();
        for splice in wanted.iter().flat_map(|(_, splices)| splices) {
            files.entry(splice.file).or_insert_with(|| {
                let name = workbench.sources.name(splice.file).to_string();
                let text = workbench.sources.text(splice.file).to_string();
                let beside = given.contains(&name).then(|| workbench.environment.cwd.join(&name));
                let places = beside.into_iter().chain([workbench.folder.join(&name)]);
                // What is not as it was read is not written over.
                let is_it =
                    |path: &PathBuf| std::fs::read(path).is_ok_and(|is| is == text.as_bytes());
                let path = places.into_iter().find(is_it).and_then(|path| path.canonicalize().ok());
                (name, path, text)
            });
        }
        Texts { files }
    }

    /// Says why an edit's files cannot be edited.
    fn found(&self, (_, splices): &Wanted) -> Result<(), String> {
        let mut files = splices.iter().filter_map(|splice| self.files.get(&splice.file));
        match files.find(|(_, path, _)| path.is_none()) {
            Some((name, ..)) => Err(strange(name)),
            None => Ok(()),
        }
    }

    /// Gives the texts with some edits, by the files' true paths.
    ///
    /// # Errors
    /// Why they cannot be made.
    pub(super) fn changed(&self, wanted: &[Wanted]) -> Result<BTreeMap<PathBuf, String>, String> {
        let mut by_file: BTreeMap<FileId, Vec<Splice>> = BTreeMap::new();
        for splice in wanted.iter().flat_map(|(_, splices)| splices) {
            by_file.entry(splice.file).or_default().push(splice.clone());
        }
        let mut texts = BTreeMap::new();
        for (file, splices) in by_file {
            let Some((name, path, text)) = self.files.get(&file) else { continue };
            let path = path.as_ref().ok_or_else(|| strange(name))?;
            let text = changed(text, &splices).ok_or(SHARED)?;
            texts.insert(path.clone(), text);
        }
        Ok(texts)
    }
}

/// Puts those together that the same edits are for.
fn units(wanted: Vec<Wanted>) -> Vec<Unit> {
    let mut units: BTreeMap<Vec<Splice>, Unit> = BTreeMap::new();
    for (address, splices) in wanted {
        let mut key = splices.clone();
        key.sort();
        units.entry(key).or_default().push((address, splices));
    }
    units.into_values().collect()
}

fn strange(name: &str) -> String {
    format!("The text of {name} is not as it was read: it has changed meanwhile, or is not UTF-8.")
}

/// Gives the places of edits that would write one place otherwise than others would: none of them can hold.
fn apart(wanted: &[Wanted]) -> BTreeSet<usize> {
    let all = wanted.iter().enumerate();
    let mut splices: Vec<(&Splice, usize)> =
        all.flat_map(|(place, (_, splices))| splices.iter().map(move |of| (of, place))).collect();
    splices.sort();
    let mut found = BTreeSet::new();
    let mut last: Option<(&Splice, Vec<usize>)> = None;
    for (splice, place) in splices {
        match &mut last {
            Some((before, places)) if *before == splice => places.push(place),
            Some((before, places)) if before.file == splice.file && splice.start < before.end => {
                found.extend(places.iter().copied().chain([place]));
            }
            _ => last = Some((splice, vec![place])),
        }
    }
    found
}

/// Plans with some edits; gives what is wrong with them.
fn tried(
    workbench: &mut Workbench<'_, '_>,
    work: &Work<'_>,
    texts: &Texts,
    wanted: &[Wanted],
) -> Option<Wrong> {
    if wanted.is_empty() {
        return None;
    }
    match texts.changed(wanted) {
        Ok(texts) => workbench.tried = texts,
        Err(why) => return Some(Wrong::Texts(why)),
    }
    let plan = again(workbench, work);
    workbench.tried.clear();
    let plan = match plan {
        Ok(plan) => plan,
        Err(why) => return Some(Wrong::Config(why)),
    };
    let accepted: BTreeSet<&Address> = wanted.iter().map(|(address, _)| address).collect();
    let (mut still, mut others) = (BTreeSet::new(), BTreeSet::new());
    for ((address, deposed), change) in &plan.changes {
        if change.verb.is_keep() || deposed.is_some() {
            continue;
        }
        let before = work.plan.changes.get(&(address.clone(), None));
        if accepted.contains(address) {
            still.insert(address.clone());
        } else if before.is_none_or(|before| grows(before, change)) {
            others.insert(address.to_string());
        }
    }
    if !still.is_empty() {
        return Some(Wrong::Still(still));
    }
    let others: Vec<String> = others.into_iter().collect();
    (!others.is_empty()).then(|| Wrong::Others(others.join(", ")))
}

/// Says whether a change does something that the one before did not.
fn grows(before: &Change, after: &Change) -> bool {
    let parts = |change: &Change| -> Vec<Differing> { differing(&change.verb, None) };
    let plain = |value: &Option<Value>| value.as_ref().map(Value::without_marks);
    let known = parts(before);
    let known: Vec<_> = known.iter().map(|part| (&part.path, plain(&part.after))).collect();
    std::mem::discriminant(&before.verb) != std::mem::discriminant(&after.verb)
        || parts(after).iter().any(|part| !known.contains(&(&part.path, plain(&part.after))))
}

/// Reads the configuration with the texts that are tried, and plans from the objects as they were found.
fn again(workbench: &mut Workbench<'_, '_>, work: &Work<'_>) -> Result<Plan, String> {
    let sources = std::mem::take(&mut workbench.sources);
    let plan = planned(workbench, work);
    workbench.sources = sources;
    plan
}

fn planned(workbench: &mut Workbench<'_, '_>, work: &Work<'_>) -> Result<Plan, String> {
    let (config, mut problems) = workbench.config();
    let (mut values, more) = workbench.values(work.matches, &config);
    problems.extend(more);
    // What was asked for is not asked for again.
    for (name, value) in &work.loaded.inputs.variables {
        values.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let inputs = workbench.inputs(values);
    if !has_errors(&problems) {
        let options = Options { refresh: false, ..work.options.clone() };
        let given = Given {
            config: &config,
            sources: &workbench.sources,
            inputs: &inputs,
            registry: work.registry,
            prior: &work.plan.prior,
            world: workbench.world(),
            options: &options,
            tell: &|_| (),
        };
        let (plan, more) = workbench.runtime.block_on(make(&given));
        problems.extend(more);
        if !has_errors(&problems) {
            return Ok(plan);
        }
    }
    let first = problems.iter().find(|problem| problem.is_error());
    Err(first.map(|problem| format!("{}.", problem.summary)).unwrap_or_default())
}
