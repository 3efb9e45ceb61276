//! `terrane import -discover`: what a project has, as configuration that imports it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::Value as Json;

use super::discovered::{Piece, named, referring};
use super::workbench::{Loaded, Workbench, file_problem};
use super::{Exit, all, many, one, option};
use crate::addr::{Address, Mode};
use crate::backends::disk::write_whole;
use crate::diag::{Diagnostic, has_errors};
use crate::eval::{Evaluator, ProviderConfig, ProviderRef};
use crate::plan::decide::differences;
use crate::plan::one::{Around, plan_object};
use crate::plan::planner::Unread;
use crate::plan::sessions::{RegistrySchemas, Sessions};
use crate::providers::{ApiError, Provider, Session, Wanted};
use crate::render::configuration::imported_block;
use crate::state::Snapshot;
use crate::syntax;
use crate::value::json::to_json;
use crate::value::{Path, PathStep, Value};

/// The first lines of the file.
const HEAD: &str = "# Written by terrane import -discover. Look at it, name things as you like, and plan: what is here is imported.\n";

/// The arguments beside those of an import.
pub(super) fn arguments() -> [Arg; 3] {
    [
        Arg::new("discover")
            .long("discover")
            .help("Write configuration for what the project has and the state does not track, with import blocks")
            .action(ArgAction::SetTrue),
        many("type", "TYPE", "Discover this resource type only; may come several times"),
        option("out", "FILE", "The new file that is written").default_value("discovered.tf"),
    ]
}

/// Says whether something is to be discovered.
pub(super) fn is_asked(matches: &ArgMatches) -> bool {
    matches.get_flag("discover")
}

/// What is discovered with.
pub(super) struct Search {
    provider: Arc<dyn Provider>,
    pub(super) session: Arc<dyn Session>,
    config: ProviderConfig,
    chosen: BTreeSet<String>,
}

/// What was not written, and why.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) left: BTreeMap<(String, String), BTreeSet<String>>,
    pub(super) refused: Vec<(String, String)>,
    disabled: BTreeSet<String>,
    never: BTreeMap<String, String>,
    tracked: usize,
}

pub(super) fn discover(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<Exit, Exit> {
    let name = one(matches, "out").unwrap_or_default().to_string();
    let path = workbench.folder.join(&name);
    if path.exists() {
        let detail = format!("What is discovered is written to a new file, and {name} is there.");
        let problem = Diagnostic::error("File exists already", detail);
        return Err(workbench.fail(&[problem.help("Name another with -out, or remove it.")]));
    }
    let loaded = workbench.load(matches)?;
    let chosen: BTreeSet<String> = all(matches, "type").into_iter().collect();
    let all = chosen.is_empty();
    let search = search(workbench, chosen, &loaded)?;
    let backend = workbench.backend(matches)?;
    let prior = workbench.snapshot(backend.as_ref())?;
    let never = if all { search.provider.undiscovered() } else { BTreeMap::new() };
    let mut notes = Notes { never, ..Notes::default() };
    let mut pieces = found(workbench, &search, &prior, &mut notes)?;
    named(&mut pieces, |address| loaded.config.resource(address).is_some());
    for piece in &mut pieces {
        settle(&search, piece);
    }
    referring(search.provider.as_ref(), &mut pieces);
    if !pieces.is_empty() {
        let text = text(workbench, &search, &pieces)?;
        write_whole(&path, text.as_bytes()).map_err(|error| {
            workbench.fail(&[file_problem("Failed to write what was discovered", &path, &error)])
        })?;
    }
    told(workbench, &pieces, &notes, &name);
    Ok(0)
}

/// Opens the session of the provider's block, or of none.
pub(super) fn search(
    workbench: &mut Workbench<'_, '_>,
    chosen: BTreeSet<String>,
    loaded: &Loaded,
) -> Result<Search, Exit> {
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let reference = ProviderRef {
        module: Vec::new(),
        name: "google".to_string(),
        source: "hashicorp/google".to_string(),
        alias: None,
    };
    let sources = workbench.sources.clone();
    let schemas = RegistrySchemas(&registry);
    let mut evaluator = Evaluator::new(&loaded.config, &sources, &loaded.inputs, &schemas);
    let config = evaluator.provider(&reference, &mut Unread);
    let config = config.map_err(|problems| workbench.fail(&problems))?;
    let mut sessions = Sessions::new(&registry, workbench.world());
    let session = sessions.session(&reference, &config);
    let session = session.map_err(|problem| workbench.fail(&[problem]))?;
    let (Some(provider), Some(session)) = (registry.provider(&reference.source).cloned(), session)
    else {
        let detail = "The provider's configuration is not known before an apply.";
        let problem = Diagnostic::error("Provider configuration not known", detail);
        return Err(workbench.fail(&[problem]));
    };
    let known = provider.discovers();
    let strange: Vec<Diagnostic> = chosen
        .iter()
        .filter(|name| !known.contains_key(*name))
        .map(|name| {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let detail = format!("Objects of the type \"{name}\" cannot be discovered.");
            Diagnostic::error("Type not discoverable", detail)
                .help(format!("These can: {}.", names.join(", ")))
        })
        .collect();
    if has_errors(&strange) {
        return Err(workbench.fail(&strange));
    }
    let chosen = if chosen.is_empty() { known.keys().cloned().collect() } else { chosen };
    Ok(Search { provider, session, config, chosen })
}

/// Lists types, those first that others are listed below, and reads what was found.
pub(super) fn found(
    workbench: &mut Workbench<'_, '_>,
    search: &Search,
    prior: &Snapshot,
    notes: &mut Notes,
) -> Result<Vec<Piece>, Exit> {
    let types = search.provider.discovers();
    let mut above: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (mut wanted, mut ids) = (Vec::new(), Vec::new());
    for type_name in in_order(&types, &search.chosen) {
        let listed = workbench.runtime.block_on(search.session.discover(&type_name, &above));
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => {
                match error.root.as_deref().and_then(|root| root.strip_prefix("disabled ")) {
                    Some(service) => drop(notes.disabled.insert(service.to_string())),
                    None => notes.refused.push((type_name, first_line(&error))),
                }
                continue;
            }
        };
        let values = listed.found.iter().map(|(_, value)| value.clone()).collect();
        above.insert(type_name.clone(), values);
        if !search.chosen.contains(&type_name) {
            continue;
        }
        for (name, why) in listed.left {
            notes.left.entry((type_name.clone(), why)).or_default().insert(name);
        }
        for (id, _) in listed.found {
            let value = search.provider.import(&type_name, &id, &search.config.value);
            let Ok(value) = value else { continue };
            let address = Address::root(Mode::Managed, &type_name, "it");
            wanted.push(Wanted {
                address,
                type_name: type_name.clone(),
                value,
                private: Vec::new(),
            });
            ids.push(id);
        }
    }
    let read = workbench.runtime.block_on(search.session.read_many(&wanted));
    let tracked = tracked(prior);
    let mut pieces = Vec::new();
    for ((wanted, id), read) in wanted.into_iter().zip(ids).zip(read) {
        match read {
            Ok(Some(object))
                if is_tracked(&tracked, &wanted.type_name, &object.value)
                    || is_held(
                        search.provider.as_ref(),
                        prior,
                        &wanted.type_name,
                        &object.value,
                    ) =>
            {
                notes.tracked += 1;
            }
            Ok(Some(object)) => {
                pieces.push(Piece::new(wanted.type_name, id, object.value));
            }
            Ok(None) => {}
            Err(error) => {
                notes.refused.push((format!("{} {id}", wanted.type_name), first_line(&error)));
            }
        }
    }
    Ok(pieces)
}

fn first_line(error: &ApiError) -> String {
    error.detail.lines().next().unwrap_or(&error.summary).to_string()
}

/// Gives the types that are looked for, with those that they are listed below, these first.
fn in_order(types: &BTreeMap<String, Vec<String>>, chosen: &BTreeSet<String>) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    let mut open: Vec<(String, bool)> =
        chosen.iter().rev().map(|name| (name.clone(), false)).collect();
    while let Some((name, above_done)) = open.pop() {
        if order.contains(&name) {
            continue;
        }
        if above_done {
            order.push(name);
            continue;
        }
        let above = types.get(&name).cloned().unwrap_or_default();
        open.push((name, true));
        open.extend(
            above.into_iter().filter(|name| types.contains_key(name)).map(|name| (name, false)),
        );
    }
    order
}

/// Gives the ids that a state has, by resource type.
fn tracked(prior: &Snapshot) -> BTreeSet<(&str, &str)> {
    let objects = prior.objects.keys().filter_map(|address| {
        let id = prior.current(address)?.attributes["id"].as_str()?;
        Some((address.type_name.as_str(), id))
    });
    objects.collect()
}

fn is_tracked(tracked: &BTreeSet<(&str, &str)>, type_name: &str, value: &Value) -> bool {
    let id = value.field("id").and_then(Value::as_str);
    id.is_some_and(|id| tracked.contains(&(type_name, id)))
}

/// Says whether an object of the state holds one of another type too (a binding its members).
fn is_held(provider: &dyn Provider, prior: &Snapshot, type_name: &str, value: &Value) -> bool {
    let held_by = provider.held_by(type_name);
    let is_same = |attributes: &Json, name: &String| {
        let found = value.field(name).map(to_json).unwrap_or_default();
        let there = &attributes[name];
        let empty = |json: &Json| json.is_null() || json.as_array().is_some_and(Vec::is_empty);
        *there == found || (empty(there) && empty(&found))
    };
    !held_by.is_empty()
        && prior.objects.keys().any(|address| {
            let names = held_by.get(&*address.type_name);
            names.zip(prior.current(address)).is_some_and(|(names, object)| {
                names.iter().all(|name| is_same(&object.attributes, name))
            })
        })
}

/// Finds the smallest configuration with which nothing is planned: what stands in the way of that is left out, and what is missing
/// to it is written.
fn settle(search: &Search, piece: &mut Piece) {
    let provider = search.provider.as_ref();
    let Some(schema) = provider.resource(Mode::Managed, &piece.address.type_name) else { return };
    let type_name = piece.address.type_name.clone();
    let mut config = provider.minimal(&type_name, &piece.found, &search.config.value);
    let (mut removed, mut added) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..schema.fields.len() * 2 {
        let offered = BTreeMap::new();
        let around =
            Around { provider: &search.config, offered: &offered, minor: None, replaced: None };
        let found = Some(&piece.found);
        let planned = plan_object(provider, &schema, &piece.address, &around, found, &[], &config);
        let mut problems = provider.validate(Mode::Managed, &type_name, &config);
        problems.extend(planned.problems);
        let wrong: Vec<&Path> = problems
            .iter()
            .filter(|problem| !problem.warning)
            .map(|problem| &problem.path)
            .collect();
        // Of what contradicts each other, one goes at a time.
        let inner = wrong.iter().filter(|path| path.0.len() > 1);
        let shorter = inner.map(|path| unset(&config, &path.0)).find(|shorter| *shorter != config);
        if let Some(shorter) = shorter {
            config = shorter;
            continue;
        }
        let differ = differences(&piece.found, &planned.after);
        let root = |path: &Path| match path.0.first() {
            Some(PathStep::Attribute(name)) => Some(name.to_string()),
            _ => None,
        };
        let names: BTreeSet<String> = wrong.into_iter().chain(&differ).filter_map(root).collect();
        let mut changed = false;
        for name in names {
            let Some(field) = schema.fields.get(&name).filter(|field| field.is_configurable())
            else {
                continue;
            };
            let absent = field.absent();
            let is_absent = config.field(&name).is_none_or(|value| *value == absent);
            let required = field.given == crate::schema::Given::Required;
            if !is_absent && !required && removed.insert(name.clone()) {
                config = config.with_field(&name, absent);
                changed = true;
            } else if is_absent
                && added.insert(name.clone())
                && let Some(value) = piece.found.field(&name)
            {
                config = config.with_field(&name, value.clone());
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    piece.config = config;
}

/// Leaves out a part at a path.
fn unset(value: &Value, path: &[PathStep]) -> Value {
    match path {
        [] => value.clone(),
        [PathStep::Attribute(name)] => match value.field(name) {
            Some(part) => value.with_field(name, Value::null(part.ty())),
            None => value.clone(),
        },
        [PathStep::Attribute(name), rest @ ..] => match value.field(name) {
            Some(part) => value.with_field(name, unset(part, rest)),
            None => value.clone(),
        },
        [PathStep::Index(index), rest @ ..] => {
            let mut place = 0;
            let wanted =
                index.as_number().and_then(|number| number.to_string().parse::<usize>().ok());
            value.map_parts(&mut |part| {
                place += 1;
                if wanted.is_none_or(|wanted| wanted + 1 == place) {
                    unset(part, rest)
                } else {
                    part.clone()
                }
            })
        }
    }
}

fn text(
    workbench: &mut Workbench<'_, '_>,
    search: &Search,
    pieces: &[Piece],
) -> Result<String, Exit> {
    let mut text = HEAD.to_string();
    for piece in pieces {
        let address = &piece.address;
        let Some(schema) = search.provider.resource(Mode::Managed, &address.type_name) else {
            continue;
        };
        let name = address.name.to_string();
        let block = imported_block(&address.type_name, &name, &piece.id, &schema, &piece.config);
        let file = workbench.sources.add("discovered", block.as_str());
        let block = syntax::format(file, "discovered", &block);
        text += &block.map_err(|problems| workbench.fail(&problems))?;
    }
    Ok(text)
}

fn told(workbench: &mut Workbench<'_, '_>, pieces: &[Piece], notes: &Notes, name: &str) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for piece in pieces {
        *counts.entry(&piece.address.type_name).or_default() += 1;
    }
    let mut lines: Vec<String> =
        counts.iter().map(|(type_name, count)| format!("  {count:>4}  {type_name}")).collect();
    if notes.tracked > 0 {
        lines.push(format!("\nThe state tracks {} more.", notes.tracked));
    }
    if !notes.left.is_empty() {
        lines.push("\nLeft out, as they are a service's own:".to_string());
    }
    for ((type_name, why), names) in &notes.left {
        lines.push(format!(
            "  {type_name} {} ({why})",
            names.iter().cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    if !notes.disabled.is_empty() {
        let services: Vec<&str> = notes.disabled.iter().map(String::as_str).collect();
        lines.push(format!("\nNot enabled, so without objects: {}.", services.join(", ")));
    }
    if !notes.refused.is_empty() {
        lines.push("\nNot looked at:".to_string());
    }
    lines.extend(notes.refused.iter().map(|(what, why)| format!("  {what}: {why}")));
    if !notes.never.is_empty() {
        lines.push("\nNot looked for:".to_string());
    }
    lines.extend(notes.never.iter().map(|(what, why)| format!("  {what} ({why})")));
    let end = match pieces.len() {
        0 => "\nThere is nothing to import.".to_string(),
        count => format!("\nWrote {count} resources to {name}. Plan to see what is imported."),
    };
    lines.push(end);
    workbench.screen.line(lines.join("\n").trim_start_matches('\n'));
}
