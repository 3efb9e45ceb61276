//! `terrane init`: installs modules from git repositories, settles the backend, and checks what can be checked.

use clap::ArgMatches;

use super::get::install;
use super::migrate::configure;
use super::telling;
use super::workbench::Workbench;
use super::{Command, Exit, flag, flag_on, many, option};
use crate::diag::{Diagnostic, has_errors};

pub(super) const COMMAND: Command = Command {
    name: "init",
    about: "Make a folder ready for the other commands: install its modules, settle its backend, check its providers",
    arguments: |command| {
        command
            .arg(flag_on("input", "Ask for what is missing"))
            .arg(flag_on("get", "Install the modules that are called"))
            .arg(flag("json", "Print lines of JSON"))
            .arg(flag("upgrade", "Fetch the modules anew"))
            .arg(flag(
                "reconfigure",
                "Take the backend's configuration as it is, without a look at the former one",
            ))
            .arg(flag("migrate-state", "Copy the states from the former backend to the new one"))
            .arg(flag("force-copy", "The same, without a question"))
            .arg(flag_on("lock", "Lock the states that are copied"))
            .arg(option("lock-timeout", "DURATION", "How long to wait for a lock"))
            .arg(option("lockfile", "MODE", "Accepted for Terraform's sake").hide(true))
            .arg(many("plugin-dir", "DIR", "Accepted for Terraform's sake").hide(true))
            .arg(option("from-module", "SOURCE", "Not here").hide(true))
            .arg(flag_on("backend", "Look at the backend"))
            .arg(many(
                "backend-config",
                "NAME=VALUE|FILE",
                "A setting of the backend beside its block, or a file of them",
            ))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let on = |name: &str| matches.get_one::<bool>(name).copied().unwrap_or(false);
    telling::version(workbench);
    if on("get") {
        let problems = install(workbench, on("upgrade"));
        if has_errors(&problems) {
            return workbench.fail(&problems);
        }
    }
    let (config, mut problems) = workbench.config();
    if !has_errors(&problems)
        && on("backend")
        && let Err(exit) = configure(workbench, matches)
    {
        return exit;
    }
    let registry = match workbench.registry() {
        Ok(registry) => registry,
        Err(problems) => return workbench.fail(&problems),
    };
    for (name, required) in &config.root.settings.required_providers {
        let source = config.root.provider_source(name);
        if registry.provider(&source).is_none() {
            problems.push(
                no_provider(&source, &registry.sources().collect::<Vec<_>>()).at(required.span, ""),
            );
        }
    }
    if has_errors(&problems) {
        return workbench.fail(&problems);
    }
    workbench.tell(&problems);
    let done = "Terrane has been successfully initialized!\n";
    let next = "\nThe providers are part of the program: there is nothing to download for them. Run `terrane plan` to \
                see what would be done.\n";
    telling::initialised(workbench, done, "output_init_success_message");
    telling::initialised(workbench, next, "output_init_success_cli_message");
    0
}

/// Says that a provider is not here, and what is.
pub(super) fn no_provider(source: &str, known: &[&str]) -> Diagnostic {
    let detail = format!("Terrane has no provider \"{source}\". It has: {}.", known.join(", "));
    Diagnostic::error("Provider not available", detail)
        .help("Manage what needs this provider with Terraform, in a configuration of its own.")
}
