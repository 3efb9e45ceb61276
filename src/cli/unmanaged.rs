//! `terrane drift -unmanaged`: what the project and the clusters have and no state does.

use std::collections::{BTreeMap, BTreeSet};

use clap::ArgMatches;

use super::all;
use super::discover::{Notes, found, search};
use super::workbench::{Loaded, Workbench};
use super::{Exit, many};
use crate::addr::Address;
use crate::drift::Finding;
use crate::drift::unmanaged::{Stray, findings, in_namespace};
use crate::plan::Plan;
use crate::providers::Registry;
use crate::providers::rest::habits::fits;
use crate::providers::touch::Touched;

/// The arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    let unmanaged = clap::Arg::new("unmanaged")
        .long("unmanaged")
        .value_name("TYPE")
        .help("Tell, too, what exists and is in no state: all, or of these resource types or kinds (with *)")
        .action(clap::ArgAction::Append)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("");
    let namespace = "With -unmanaged: only in these namespaces (with *); !NAME leaves one out";
    command.arg(unmanaged).arg(many("namespace", "NAME", namespace))
}

/// What a report has of what is in no state.
#[derive(Default)]
pub(super) struct More {
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    /// What could not be listed.
    pub(super) unlisted: Vec<String>,
}

/// Gives what is in no state, with what should be known of it; nothing where it is not asked for.
pub(super) fn unmanaged(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    (loaded, registry, plan): (&Loaded, &Registry, &Plan),
) -> Result<More, Exit> {
    let asked = all(matches, "unmanaged");
    if asked.is_empty() {
        return Ok(More::default());
    }
    let patterns: Vec<String> = asked.into_iter().filter(|pattern| !pattern.is_empty()).collect();
    let mut told = Told::default();
    in_project(workbench, &patterns, (loaded, registry, plan), &mut told)?;
    in_clusters(workbench, &patterns, &all(matches, "namespace"), plan, &mut told);
    let has = |address: &Address| {
        loaded.config.resource(address).is_some() || plan.prior.objects.contains_key(address)
    };
    told.strays.sort_by(|one, other| (&one.type_name, &one.id).cmp(&(&other.type_name, &other.id)));
    let unlisted = told.refused.iter().map(|(what, _)| what.clone()).collect();
    let notes = notes(&told.left, &told.refused);
    Ok(More { findings: findings(told.strays, &has), notes, unlisted })
}

/// What was found, and what was not.
#[derive(Default)]
struct Told {
    strays: Vec<Stray>,
    /// How many were left out, by why.
    left: BTreeMap<String, usize>,
    refused: Vec<(String, String)>,
}

/// Looks through the project of the provider's block.
fn in_project(
    workbench: &mut Workbench<'_, '_>,
    patterns: &[String],
    (loaded, registry, plan): (&Loaded, &Registry, &Plan),
    told: &mut Told,
) -> Result<(), Exit> {
    const SOURCE: &str = "hashicorp/google";
    let Some(provider) = registry.provider(SOURCE) else { return Ok(()) };
    let written = loaded.config.root.providers.keys().any(|(name, _)| name == "google");
    let has = plan.prior.objects.keys().any(|address| address.type_name.starts_with("google_"));
    let types = provider.discovers().into_keys();
    let fitting = |name: &String| patterns.iter().any(|pattern| fits(pattern, name));
    let chosen: BTreeSet<String> = types.filter(|of| patterns.is_empty() || fitting(of)).collect();
    if !(written || has) || chosen.is_empty() {
        return Ok(());
    }
    let search = search(workbench, chosen, loaded)?;
    let mut notes = Notes::default();
    let pieces = found(workbench, &search, &plan.prior, &mut notes)?;
    let touched: Vec<Touched> = pieces
        .iter()
        .map(|piece| Touched {
            type_name: piece.address.type_name.clone(),
            recorded: piece.found.clone(),
            live: Some(piece.found.clone()),
            differs: true,
        })
        .collect();
    let history = workbench.runtime.block_on(search.session.history(&touched));
    let mut touches = history.touches.into_iter();
    for piece in pieces {
        let touches = touches.next().unwrap_or_default();
        let (type_name, id) = (piece.address.type_name.clone(), piece.id);
        told.strays.push(Stray { type_name, id, touches, alias: None });
    }
    for ((_, why), names) in notes.left {
        *told.left.entry(why).or_default() += names.len();
    }
    told.refused.extend(notes.refused);
    told.refused.extend(history.notes.into_iter().map(|note| ("the audit logs".to_string(), note)));
    Ok(())
}

/// Looks through the clusters that the state has objects in.
fn in_clusters(
    workbench: &mut Workbench<'_, '_>,
    patterns: &[String],
    namespaces: &[String],
    plan: &Plan,
    told: &mut Told,
) {
    for (session, objects) in &plan.past.asked.0 {
        let touched: Vec<Touched> = objects.iter().map(|(_, touched)| touched.clone()).collect();
        let strays = workbench.runtime.block_on(session.strays(&touched, patterns));
        let Some(strays) = strays else { continue };
        let first = objects.first().map(|(address, _)| (address.clone(), None));
        let change = first.and_then(|key| plan.changes.get(&key));
        let alias = change.and_then(|change| change.provider.alias.clone());
        for stray in strays.found {
            // A namespace is in itself.
            let place = match stray.type_name.starts_with("kubernetes_namespace") {
                true => format!("{0}/{0}", stray.id),
                false => stray.id.clone(),
            };
            if in_namespace(namespaces, &place) {
                let (type_name, id, touches) = (stray.type_name, stray.id, stray.touches);
                told.strays.push(Stray { type_name, id, touches, alias: alias.clone() });
            }
        }
        for (_, why) in strays.left {
            *told.left.entry(why).or_default() += 1;
        }
        told.refused.extend(strays.refused);
    }
}

fn notes(left: &BTreeMap<String, usize>, refused: &[(String, String)]) -> Vec<String> {
    let mut notes = Vec::new();
    if !left.is_empty() {
        let parts: Vec<String> =
            left.iter().map(|(why, count)| format!("{count} ({why})")).collect();
        notes.push(format!("Left out of what is in no state: {}.", parts.join(", ")));
    }
    notes.extend(refused.iter().map(|(what, why)| {
        format!("Not looked at for what is in no state: {what}: {}.", why.trim_end_matches('.'))
    }));
    notes
}
