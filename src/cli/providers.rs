//! `terrane providers`, `terrane providers schema -json`.

use std::collections::BTreeSet;

use clap::ArgMatches;

use super::workbench::Workbench;
use super::{Command, Exit, flag};
use crate::config::Module;
use crate::diag::{Diagnostic, has_errors};
use crate::render::json::schemas::providers_schema;
use crate::state::provider::{ProviderName, full};

pub(super) const COMMAND: Command = Command {
    name: "providers",
    about: "Name the providers that the configuration and the state need",
    arguments: |command| {
        command.subcommand(
            clap::Command::new("schema")
                .about("Print what their resource types and data sources have")
                .arg(flag("json", "As JSON; it must be given")),
        )
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let done = match matches.subcommand() {
        Some(("schema", matches)) => schema(workbench, matches),
        _ => list(workbench, matches),
    };
    done.err().unwrap_or(0)
}

fn schema(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    if !matches.get_flag("json") {
        let detail = "The schemas are printed as JSON only: give the option -json.";
        return Err(workbench.fail(&[Diagnostic::error("Option -json missing", detail)]));
    }
    let (config, problems) = workbench.config();
    let empty = workbench.sources.files().next().is_none();
    if has_errors(&problems) && !empty {
        return Err(workbench.fail(&problems));
    }
    let mut sources = BTreeSet::new();
    needed(&config.root, &mut sources);
    sources.extend(tracked(workbench, matches)?.iter().map(|name| name.source.clone()));
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let json = providers_schema(&registry, sources.iter().map(String::as_str));
    workbench.screen.print(format!("{json}\n"));
    Ok(())
}

/// Gathers the sources of the providers that a module and those below it need.
fn needed(module: &Module, sources: &mut BTreeSet<String>) {
    sources.extend(own(module).into_iter().map(|(_, source)| source));
    for call in module.calls.values() {
        needed(&call.module, sources);
    }
}

/// Gives the providers that a module's own blocks need, by local name.
fn own(module: &Module) -> BTreeSet<(String, String)> {
    let declared = module.settings.required_providers.keys().cloned();
    let configured = module.providers.keys().map(|(name, _)| name.clone());
    let used = module.resources.values().map(|resource| match &resource.provider {
        Some((name, _)) => name.text.clone(),
        None => {
            let type_name = &resource.type_name.text;
            type_name.split('_').next().unwrap_or_default().to_string()
        }
    });
    let names: BTreeSet<String> = declared.chain(configured).chain(used).collect();
    names.into_iter().map(|name| (name.clone(), module.provider_source(&name))).collect()
}

/// Gives the providers that the state's objects belong to.
fn tracked(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<Vec<ProviderName>, Exit> {
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    let objects = snapshot.objects.values();
    let objects =
        objects.flat_map(|tracked| tracked.current.iter().chain(tracked.deposed.values()));
    Ok(objects.filter_map(|object| ProviderName::parse(&object.provider)).collect())
}

fn list(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let (config, problems) = workbench.config();
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    let mut text = String::from("\nProviders required by configuration:\n.\n");
    tree(&config.root, "", &mut text);
    let names: BTreeSet<String> =
        tracked(workbench, matches)?.iter().map(|name| full(&name.source)).collect();
    if !names.is_empty() {
        text.push_str("\nProviders required by state:\n\n");
        for name in names {
            text.push_str(&format!("    provider[{name}]\n\n"));
        }
    } else {
        text.push('\n');
    }
    workbench.screen.print(text);
    Ok(())
}

/// Draws what a module needs, then the modules that it calls.
fn tree(module: &Module, indent: &str, text: &mut String) {
    let own = own(module);
    let count = own.len() + module.calls.len();
    let mut place = 0;
    let mut branch = || {
        place += 1;
        if place == count { ("└── ", "    ") } else { ("├── ", "│   ") }
    };
    for (name, source) in own {
        let (mark, _) = branch();
        let required = module.settings.required_providers.get(&name);
        let version = required.map(|required| required.version.clone()).unwrap_or_default();
        let version = if version.is_empty() { version } else { format!(" {version}") };
        text.push_str(&format!("{indent}{mark}provider[{}]{version}\n", full(&source)));
    }
    for (name, call) in &module.calls {
        let (mark, more) = branch();
        text.push_str(&format!("{indent}{mark}module.{name}\n"));
        tree(&call.module, &format!("{indent}{more}"), text);
    }
}
