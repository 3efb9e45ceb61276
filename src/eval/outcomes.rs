//! What the conditions of a configuration gave, put together, with what was not looked at.

use std::collections::{BTreeSet, HashMap};

use super::check::worse;
use super::{CheckResult, CheckStatus};
use crate::addr::ModulePath;
use crate::config::Module;

/// Gives what would be checked in the modules that have no instance.
pub(super) fn in_no_instance(module: &Module, there: &BTreeSet<ModulePath>) -> Vec<CheckResult> {
    let names = |path: &ModulePath| path.iter().map(|step| step.name.clone()).collect();
    without_instance(module, &there.iter().map(names).collect())
}

fn without_instance(module: &Module, there: &BTreeSet<Vec<String>>) -> Vec<CheckResult> {
    let mut found = Vec::new();
    for call in module.calls.values() {
        let of = &call.module;
        if !there.contains(&of.path) {
            let prefix: String = of.path.iter().map(|name| format!("module.{name}.")).collect();
            let outputs = of.outputs.iter().filter(|(_, of)| !of.preconditions.is_empty());
            let variables = of.variables.iter().filter(|(_, of)| !of.validations.is_empty());
            let resources = of.resources.values().filter(|of| {
                !of.lifecycle.preconditions.is_empty() || !of.lifecycle.postconditions.is_empty()
            });
            let resources = resources.map(|of| {
                let text = super::reference::block_text(of.mode, &of.type_name.text, &of.name.text);
                ("resource", format!("{prefix}{text}"))
            });
            let names = (of.checks.keys().map(|name| ("check", format!("{prefix}check.{name}"))))
                .chain(resources)
                .chain(outputs.map(|(name, _)| ("output_value", format!("{prefix}output.{name}"))))
                .chain(variables.map(|(name, _)| ("var", format!("{prefix}var.{name}"))));
            found.extend(names.map(|(kind, config_address)| CheckResult {
                kind,
                config_address,
                address: String::new(),
                status: CheckStatus::Pass,
                failures: Vec::new(),
            }));
        }
        found.extend(without_instance(of, there));
    }
    found
}

/// Puts what was found of the same object together: the worst outcome and all messages.
pub(super) fn merged(results: Vec<CheckResult>) -> Vec<CheckResult> {
    let mut places: HashMap<(&'static str, String, String), usize> = HashMap::new();
    let mut merged: Vec<CheckResult> = Vec::new();
    for result in results {
        let key = (result.kind, result.config_address.clone(), result.address.clone());
        match places.get(&key) {
            Some(place) => {
                let known = &mut merged[*place];
                known.status = worse(known.status, result.status);
                known.failures.extend(result.failures);
            }
            None => {
                places.insert(key, merged.len());
                merged.push(result);
            }
        }
    }
    merged.iter_mut().for_each(|result| result.failures.sort());
    merged.sort_by(|left, right| {
        (&left.config_address, &left.address).cmp(&(&right.config_address, &right.address))
    });
    merged
}

/// Adds what has conditions and was not looked at, as a run for some targets leaves it.
pub(super) fn left_out(module: &Module, found: &mut Vec<CheckResult>) {
    let known: BTreeSet<String> =
        found.iter().map(|result| result.config_address.clone()).collect();
    let mut all = Vec::new();
    checkable(module, &mut all);
    all.retain(|(_, config_address)| !known.contains(config_address));
    found.extend(all.into_iter().map(|(kind, config_address)| CheckResult {
        kind,
        config_address,
        address: String::new(),
        status: CheckStatus::Unknown,
        failures: Vec::new(),
    }));
}

/// Gives the addresses of all that has conditions, each with its kind.
fn checkable(module: &Module, found: &mut Vec<(&'static str, String)>) {
    let prefix: String = module.path.iter().map(|name| format!("module.{name}.")).collect();
    let outputs = module.outputs.iter().filter(|(_, of)| !of.preconditions.is_empty());
    let variables = module.variables.iter().filter(|(_, of)| !of.validations.is_empty());
    let resources = module.resources.values().filter(|of| {
        !of.lifecycle.preconditions.is_empty() || !of.lifecycle.postconditions.is_empty()
    });
    found.extend(module.checks.keys().map(|name| ("check", format!("{prefix}check.{name}"))));
    found.extend(outputs.map(|(name, _)| ("output_value", format!("{prefix}output.{name}"))));
    found.extend(variables.map(|(name, _)| ("var", format!("{prefix}var.{name}"))));
    found.extend(resources.map(|of| {
        let text = super::reference::block_text(of.mode, &of.type_name.text, &of.name.text);
        ("resource", format!("{prefix}{text}"))
    }));
    for call in module.calls.values() {
        checkable(&call.module, found);
    }
}
