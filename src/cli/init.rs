//! `terrane init`: nothing is downloaded; says so, and checks what can be checked.

use clap::ArgMatches;

use super::workbench::Workbench;
use super::{Command, Exit, flag, flag_on, many};
use crate::diag::{Diagnostic, has_errors};

pub(super) const COMMAND: Command = Command {
    name: "init",
    about: "Check that a folder is ready for the other commands; there is nothing to download",
    arguments: |command| {
        command
            .arg(flag_on("input", "Ask for what is missing"))
            .arg(flag("upgrade", "Accepted for Terraform's sake: there is nothing to upgrade"))
            .arg(flag("reconfigure", "Accepted for Terraform's sake"))
            .arg(flag_on("backend", "Look at the backend"))
            .arg(many("backend-config", "FILE", "Settings of the backend"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, _matches: &ArgMatches) -> Exit {
    let (config, mut problems) = workbench.config();
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
    workbench.screen.print(
        "Terrane has been successfully initialized!\n\n\
         There was nothing to download: the providers are part of the program. Run `terrane plan` to see what \
         would be done.\n",
    );
    0
}

/// Says that a provider is not here, and what is.
pub(super) fn no_provider(source: &str, known: &[&str]) -> Diagnostic {
    let detail = format!("Terrane has no provider \"{source}\". It has: {}.", known.join(", "));
    Diagnostic::error("Provider not available", detail)
        .help("Manage what needs this provider with Terraform, in a configuration of its own.")
}
