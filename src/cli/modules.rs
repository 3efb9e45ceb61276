//! `terrane modules`: the modules that the configuration calls, and where they come from.

use clap::ArgMatches;
use serde_json::{Value as Json, json};

use super::workbench::Workbench;
use super::{Command, Exit, flag};
use crate::config::Module;
use crate::diag::has_errors;

pub(super) const COMMAND: Command = Command {
    name: "modules",
    about: "Show the modules that the configuration calls",
    arguments: |command| command.arg(flag("json", "Print JSON")),
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, _matches: &ArgMatches) -> Exit {
    let (config, problems) = workbench.config();
    if has_errors(&problems) {
        return workbench.fail(&problems);
    }
    let text = if workbench.json() {
        let mut modules = Vec::new();
        gather(&config.root, &mut modules);
        let modules = if modules.is_empty() { Json::Null } else { modules.into() };
        json!({ "format_version": "1.0", "modules": modules }).to_string()
    } else if config.root.calls.is_empty() {
        "No modules found in configuration.".to_string()
    } else {
        let mut text = String::from("\nModules declared by configuration:\n.\n");
        branch(&config.root, "", &mut text);
        text
    };
    workbench.screen.line(text);
    0
}

fn gather(module: &Module, found: &mut Vec<Json>) {
    for (name, call) in &module.calls {
        let version = call.installed_version.as_deref().unwrap_or("");
        found.push(json!({ "key": name, "source": call.source.text, "version": version }));
        gather(&call.module, found);
    }
}

fn branch(module: &Module, before: &str, text: &mut String) {
    for (place, (name, call)) in module.calls.iter().enumerate() {
        let last = place + 1 == module.calls.len();
        let (arm, below) = if last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let version = call.installed_version.as_ref();
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        text.push_str(&format!("{before}{arm}\"{name}\"[{}]{version}\n", call.source.text));
        branch(&call.module, &format!("{before}{below}"), text);
    }
}
