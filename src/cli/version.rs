//! `terrane version`.

use clap::ArgMatches;
use serde_json::json;

use super::workbench::Workbench;
use super::{Command, Exit, flag};

pub(super) const COMMAND: Command = Command {
    name: "version",
    about: "Show the program's version",
    arguments: |command| command.arg(flag("json", "Print JSON")),
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, _matches: &ArgMatches) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    let platform = format!("{}_{}", std::env::consts::OS, architecture());
    if workbench.json() {
        let text = json!({
            "terrane_version": version,
            "terraform_version": "1.11.4",
            "platform": platform,
            "provider_selections": {},
            "terraform_outdated": false,
        });
        workbench.screen.line(serde_json::to_string_pretty(&text).unwrap_or_default());
    } else {
        workbench.screen.line(format!("Terrane v{version}\non {platform}"));
    }
    0
}

/// Names the processor as Go does.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
