//! `terrane drift -accept`: what is live is written into the configuration.
//!
//! The edits are written, and a plan from the objects as they were found tells whether they do what they should: what was accepted
//! needs no change any more, and nothing else needs one that needed none before. Edits that do not hold are taken back, each with
//! what it would have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ArgMatches;

use super::workbench::{Loaded, Workbench, file_problem};
use super::{Exit, variables};
use crate::addr::{Address, Target};
use crate::backends::disk::write_whole;
use crate::diag::{FileId, has_errors};
use crate::drift::accept::Editor;
use crate::drift::text::{Splice, changed, edits};
use crate::drift::{Acceptance, Edit, Finding, Kind, Report};
use crate::plan::make::{Given, make};
use crate::plan::planner::Options;
use crate::plan::{Change, Plan};
use crate::providers::Registry;

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// The instances that are configured as they are, with the edits of each.
    pub(super) done: Vec<(Address, Vec<Edit>)>,
    /// Those that are not, each with why.
    pub(super) left: Vec<(Address, String)>,
}

/// What a run of `-accept` works with.
pub(super) struct Work<'a> {
    pub(super) matches: &'a ArgMatches,
    pub(super) loaded: &'a Loaded,
    pub(super) registry: &'a Registry,
    pub(super) plan: &'a Plan,
    pub(super) options: &'a Options,
}

/// Says how a finding's live object can be written, as far as the texts alone tell.
pub(super) fn acceptance(
    editor: &Editor<'_>,
    registry: &Registry,
    finding: &Finding,
    change: &Change,
) -> Acceptance {
    match splices(editor, registry, finding, change) {
        Ok(splices) => Acceptance::Edits(edits(editor.sources, &splices)),
        Err(why) => Acceptance::Impossible { why },
    }
}

fn splices(
    editor: &Editor<'_>,
    registry: &Registry,
    finding: &Finding,
    change: &Change,
) -> Result<Vec<Splice>, String> {
    let address = finding.address.as_ref().ok_or("It is managed by nobody.")?;
    let provider = registry.provider(&change.provider.source);
    let schema = provider.and_then(|of| of.resource(address.mode, &address.type_name));
    let schema = schema.ok_or("Its resource type is not known here.")?;
    editor.accepted(address, change, &schema)
}

/// Writes what is live for the chosen findings; all where none is chosen.
pub(super) fn accept(
    workbench: &mut Workbench<'_, '_>,
    work: &Work<'_>,
    report: &Report,
    chosen: &[Target],
) -> Result<Accepted, Exit> {
    let mut accepted = Accepted::default();
    let mut wanted: Vec<(Address, Vec<Splice>)> = Vec::new();
    {
        let tracer = crate::review::trace::Tracer::new(
            &work.loaded.config,
            &workbench.sources,
            &work.loaded.inputs,
        );
        let editor = Editor { tracer, sources: &workbench.sources };
        for finding in &report.findings {
            let Some(address) = &finding.address else { continue };
            let is_chosen = |target: &Target| address.is_within(target);
            if !(chosen.is_empty() || chosen.iter().any(is_chosen)) {
                continue;
            }
            let change = work.plan.changes.get(&(address.clone(), None));
            let Some(change) = change.filter(|change| !change.verb.is_keep()) else { continue };
            if finding.kind == Kind::Missing {
                let why = "It is gone: remove its block to leave it so.".to_string();
                accepted.left.push((address.clone(), why));
                continue;
            }
            match splices(&editor, work.registry, finding, change) {
                Ok(splices) => wanted.push((address.clone(), splices)),
                Err(why) => accepted.left.push((address.clone(), why)),
            }
        }
    }
    let mut texts = Texts::new(workbench);
    let mut good: Vec<(Address, Vec<Splice>)> = Vec::new();
    match texts.tried(workbench, work, &wanted)? {
        None => good = wanted,
        // One of them is wrong: which one is found one after the other.
        Some(why) if wanted.len() == 1 => {
            accepted.left.extend(wanted.into_iter().map(|(address, _)| (address, why.clone())));
        }
        Some(_) => {
            for one in wanted {
                let mut some = good.clone();
                some.push(one.clone());
                match texts.tried(workbench, work, &some)? {
                    None => good = some,
                    Some(why) => accepted.left.push((one.0, why)),
                }
            }
        }
    }
    texts.write(workbench, &good)?;
    for (address, splices) in good {
        let told = edits(&workbench.sources, &splices);
        accepted.done.push((address, told));
    }
    Ok(accepted)
}

/// The texts of the configuration as they were, by file.
struct Texts {
    files: BTreeMap<FileId, (PathBuf, String)>,
    written: BTreeSet<FileId>,
}

impl Texts {
    fn new(workbench: &Workbench<'_, '_>) -> Texts {
        let files = workbench
            .sources
            .files()
            .map(|(file, name, text)| (file, (workbench.folder.join(name), text.to_string())));
        Texts { files: files.collect(), written: BTreeSet::new() }
    }

    /// Writes the edits and plans with them; gives what is wrong with them, and leaves the files as they were then.
    fn tried(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        work: &Work<'_>,
        wanted: &[(Address, Vec<Splice>)],
    ) -> Result<Option<String>, Exit> {
        if wanted.is_empty() {
            return Ok(None);
        }
        if self.changed(wanted).is_none() {
            return Ok(Some("It is written in one place with others, which are otherwise.".into()));
        }
        self.write(workbench, wanted)?;
        let wrong = self.planned(workbench, work, wanted);
        if wrong.is_some() {
            self.write(workbench, &[])?;
        }
        Ok(wrong)
    }

    fn changed(&self, wanted: &[(Address, Vec<Splice>)]) -> Option<BTreeMap<FileId, String>> {
        let mut by_file: BTreeMap<FileId, Vec<Splice>> = BTreeMap::new();
        for splice in wanted.iter().flat_map(|(_, splices)| splices) {
            by_file.entry(splice.file).or_default().push(splice.clone());
        }
        let mut texts = BTreeMap::new();
        for (file, splices) in by_file {
            let (_, text) = self.files.get(&file)?;
            texts.insert(file, changed(text, &splices)?);
        }
        Some(texts)
    }

    /// Writes the files with these edits; those without any get their former texts back.
    fn write(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        wanted: &[(Address, Vec<Splice>)],
    ) -> Result<(), Exit> {
        let texts = self.changed(wanted).unwrap_or_default();
        let mut all = texts.clone();
        for file in &self.written {
            if let (false, Some((_, former))) = (texts.contains_key(file), self.files.get(file)) {
                all.insert(*file, former.clone());
            }
        }
        for (file, text) in all {
            let Some((path, _)) = self.files.get(&file) else { continue };
            if let Err(error) = write_whole(path, text.as_bytes()) {
                return Err(workbench.fail(&[file_problem("Failed to write file", path, &error)]));
            }
            self.written.insert(file);
        }
        Ok(())
    }

    /// Plans with the files as they are written; gives what is wrong.
    fn planned(
        &self,
        workbench: &mut Workbench<'_, '_>,
        work: &Work<'_>,
        wanted: &[(Address, Vec<Splice>)],
    ) -> Option<String> {
        let sources = std::mem::take(&mut workbench.sources);
        let plan = again(workbench, work);
        workbench.sources = sources;
        let plan = match plan {
            Ok(plan) => plan,
            Err(why) => return Some(format!("With it the configuration is wrong: {why}")),
        };
        let pending = |plan: &Plan| -> BTreeSet<Address> {
            let changes = plan.changes.iter().filter(|(_, change)| !change.verb.is_keep());
            changes.map(|((address, _), _)| address.clone()).collect()
        };
        let (before, after) = (pending(work.plan), pending(&plan));
        if let Some((address, _)) = wanted.iter().find(|(address, _)| after.contains(address)) {
            return Some(format!(
                "With the edit {address} would still be changed by the next apply."
            ));
        }
        let new: Vec<String> = after.difference(&before).map(ToString::to_string).collect();
        match new.is_empty() {
            true => None,
            false => Some(format!(
                "What is written there is not only its own: the edit would change {}, too.",
                new.join(", ")
            )),
        }
    }
}

/// Reads the configuration again, and plans from the objects as they were found.
fn again(workbench: &mut Workbench<'_, '_>, work: &Work<'_>) -> Result<Plan, String> {
    let (config, mut problems) = workbench.config();
    let (mut values, more) = variables::gather(
        &workbench.folder,
        workbench.environment,
        work.matches,
        &config,
        &mut workbench.sources,
    );
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
