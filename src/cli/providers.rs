//! `terrane providers`: which providers the configuration and the state ask for, and what they know.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, ArgAction, ArgMatches};

use super::workbench::Workbench;
use super::{Command, Exit, flag, option};
use crate::config::Module;
use crate::config::version;
use crate::diag::{Diagnostic, has_errors};
use crate::render::json::schemas::providers_schema;
use crate::state::provider::{ProviderName, full};

pub(super) const COMMAND: Command = Command {
    name: "providers",
    about: "Show which providers the configuration and the state need",
    arguments: |command| {
        command
            .arg(option("test-directory", "DIR", "Accepted for Terraform's sake").hide(true))
            .arg(option("state", "FILE", "The state file"))
            .subcommand(
                clap::Command::new("schema")
                    .about("Print what each provider's blocks may have")
                    .arg(flag("json", "Print JSON; must be given")),
            )
            .subcommand(nothing(
                "lock",
                "Terraform's lock file is of no use here: nothing is downloaded",
            ))
            .subcommand(nothing("mirror", "There is nothing to mirror: nothing is downloaded"))
    },
    run,
};

/// A command that is there so that scripts for Terraform go on; whatever it is given is taken.
fn nothing(name: &'static str, about: &'static str) -> clap::Command {
    let rest = Arg::new("rest").action(ArgAction::Append).num_args(0..);
    clap::Command::new(name)
        .about(about)
        .arg(rest.allow_hyphen_values(true).trailing_var_arg(true).hide(true))
}

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let done = match matches.subcommand() {
        Some(("schema", matches)) => schema(workbench, matches),
        Some((_, _)) => {
            workbench.screen.line(
                "There is nothing to download: the providers are part of the program, and what they are is fixed by its version.",
            );
            Ok(())
        }
        None => tree(workbench, matches),
    };
    match done {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

fn schema(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    if !matches.get_one::<bool>("json").copied().unwrap_or(false) {
        let text = "The `terrane providers schema` command requires the `-json` flag.\n";
        return Err(workbench.refuse(text));
    }
    let (config, problems) = workbench.config();
    let empty = workbench.sources.files().next().is_none();
    if has_errors(&problems) && !empty {
        return Err(workbench.fail(&problems));
    }
    let mut sources = BTreeSet::new();
    gather(&config.root, &mut sources);
    sources.extend(tracked(workbench, matches)?.iter().map(|name| name.source.clone()));
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let json = providers_schema(&registry, sources.iter().map(String::as_str));
    workbench.screen.print(format!("{json}\n"));
    Ok(())
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

fn gather(module: &Module, sources: &mut BTreeSet<String>) {
    sources.extend(required(module).into_keys());
    module.calls.values().for_each(|call| gather(&call.module, sources));
}

/// Gives the providers of one module, by source, with the constraints on their versions.
fn required(module: &Module) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (name, required) in &module.settings.required_providers {
        let source = module.provider_source(name);
        found.insert(source, version::normal(&required.version));
    }
    let blocks = module.providers.keys().map(|(name, _)| name.clone());
    let resources = module.resources.values().map(|resource| {
        let named = resource.provider.as_ref().map(|(name, _)| name.text.clone());
        named.unwrap_or_else(|| {
            resource.type_name.text.split('_').next().unwrap_or_default().to_string()
        })
    });
    for name in blocks.chain(resources) {
        found.entry(module.provider_source(&name)).or_default();
    }
    found
}

fn tree(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let (config, problems) = workbench.config();
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    if workbench.sources.files().next().is_none() {
        let folder = workbench.folder.display();
        let detail = format!("The directory {folder} contains no Terrane configuration files.");
        return Err(workbench.fail(&[Diagnostic::error("No configuration files", detail)]));
    }
    let mut text = String::from("\nProviders required by configuration:\n.\n");
    branch(&config.root, "", &mut text);
    workbench.screen.line(text);
    let kept: BTreeSet<String> =
        tracked(workbench, matches)?.iter().map(ProviderName::full_source).collect();
    if !kept.is_empty() {
        let lines = kept.iter().map(|source| format!("    provider[{source}]\n\n"));
        let lines: String = lines.collect();
        workbench.screen.print(format!("Providers required by state:\n\n{lines}"));
    }
    Ok(())
}

/// Draws a module's providers and the modules that it calls.
fn branch(module: &Module, before: &str, text: &mut String) {
    let required = required(module);
    let last = required.len() + module.calls.len();
    let mut place = 0;
    let mut arm = |text: &mut String, what: &str| {
        place += 1;
        let (arm, below) =
            if place == last { ("└── ", "    ") } else { ("├── ", "│\u{a0}\u{a0} ") };
        text.push_str(&format!("{before}{arm}{what}\n"));
        format!("{before}{below}")
    };
    for (source, constraint) in required {
        let space = if constraint.is_empty() { "" } else { " " };
        arm(text, &format!("provider[{}]{space}{constraint}", full(&source)));
    }
    for (name, call) in &module.calls {
        let below = arm(text, &format!("module.{name}"));
        branch(&call.module, &below, text);
    }
}

/// `terrane login`, `logout` and `test`: not here, and why.
pub(super) const ABSENT: [(&str, &str, &str); 3] = [
    (
        "login",
        "Not here: there is no HCP Terraform to sign in to",
        "HCP Terraform and registries are not spoken to, so there is nothing to sign in to. Credentials for Google Cloud come from the environment: run `gcloud auth application-default login`.",
    ),
    (
        "logout",
        "Not here: there is no HCP Terraform to sign out of",
        "HCP Terraform and registries are not spoken to, and no credentials for them are kept.",
    ),
    (
        "test",
        "Not here: files of tests are laid out by fmt, and not run",
        "Test files (.tftest.hcl) are not run by this version. `terrane plan -sandbox` and `terrane apply -sandbox` try a configuration against an embedded Google Cloud and Kubernetes.",
    ),
];

/// Refuses a command of Terraform that is not here.
pub(super) fn absent(workbench: &mut Workbench<'_, '_>, name: &str) -> Exit {
    let why = ABSENT.iter().find(|(absent, ..)| *absent == name).map_or("", |(.., why)| *why);
    let summary = format!("The command \"{name}\" is not available");
    workbench.fail(&[Diagnostic::error(summary, why)])
}
