//! `terrane validate`: the configuration alone, without state and network.

use std::collections::BTreeMap;

use clap::ArgMatches;

use super::workbench::{Workbench, provisioners};
use super::{Command, Exit, flag};
use crate::config::Config;
use crate::diag::{Diagnostic, has_errors};
use crate::eval::{Evaluator, Inputs};
use crate::plan::planner::Unread;
use crate::plan::sessions::RegistrySchemas;
use crate::plan::validate::Validating;
use crate::providers::Registry;
use crate::render;

pub(super) const COMMAND: Command = Command {
    name: "validate",
    about: "Check the configuration, without state and network",
    arguments: |command| command.arg(flag("json", "Print JSON")),
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, _matches: &ArgMatches) -> Exit {
    let (config, mut problems) = workbench.config();
    if !has_errors(&problems) {
        problems.extend(provisioners(&config.root, false));
    }
    if !has_errors(&problems) {
        match workbench.registry() {
            Ok(registry) => problems.extend(check(workbench, &config, &registry)),
            Err(more) => problems.extend(more),
        }
    }
    // The process ends: a large configuration need not be taken apart piece by piece before.
    std::mem::forget(config);
    told(workbench, &problems)
}

/// Checks a configuration whose text is right: names, types, and what the providers say of each block.
pub(super) fn check(
    workbench: &Workbench<'_, '_>,
    config: &Config,
    registry: &Registry,
) -> Vec<Diagnostic> {
    let inputs = Inputs { validating: true, ..workbench.inputs(BTreeMap::new()) };
    let schemas = RegistrySchemas(registry);
    let mut evaluator = Evaluator::new(config, &workbench.sources, &inputs, &schemas);
    let mut oracle = Validating::new(registry);
    let mut problems = evaluator.evaluate(&mut oracle).problems;
    let (_, more) = evaluator.imports(&mut Unread);
    let more: Vec<Diagnostic> =
        more.into_iter().filter(|problem| !problems.contains(problem)).collect();
    problems.extend(more);
    // The process ends soon: what was evaluated need not be taken apart piece by piece before.
    std::mem::forget(evaluator);
    problems
}

fn told(workbench: &mut Workbench<'_, '_>, problems: &[Diagnostic]) -> Exit {
    if workbench.json() {
        let text = render::json::diagnostic::validate(problems, &workbench.sources);
        workbench.screen.line(format!("{text:#}"));
        return Exit::from(has_errors(problems));
    }
    let exit = workbench.tell(problems);
    if exit == 0 {
        let warnings = if problems.is_empty() {
            ""
        } else {
            ", but there were some validation warnings as shown above"
        };
        workbench.screen.line(format!("Success! The configuration is valid{warnings}."));
    }
    exit
}
