//! `terrane completions SHELL`.

use clap::{Arg, ArgMatches};
use clap_complete::Shell;

use super::workbench::Workbench;
use super::{Command, Exit};

pub(super) const COMMAND: Command = Command {
    name: "completions",
    about: "Print a script that completes commands and flags in a shell",
    arguments: |command| {
        let shell = Arg::new("shell").required(true).value_parser(clap::value_parser!(Shell));
        command.arg(shell.help("The shell"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let Some(shell) = matches.get_one::<Shell>("shell") else { return 1 };
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut super::program(), "terrane", &mut script);
    workbench.screen.print(String::from_utf8_lossy(&script));
    0
}
