//! `terrane metadata functions`: what each function of the language takes and gives.

use clap::ArgMatches;

use super::workbench::Workbench;
use super::{Command, Exit, flag};
use crate::render;

pub(super) const COMMAND: Command = Command {
    name: "metadata",
    about: "Show what the language has",
    arguments: |command| {
        command.subcommand_required(true).arg_required_else_help(true).subcommand(
            clap::Command::new("functions")
                .about("Print the functions' signatures")
                .arg(flag("json", "Print JSON; must be given")),
        )
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let Some((_, matches)) = matches.subcommand() else { return 1 };
    if !matches.get_one::<bool>("json").copied().unwrap_or(false) {
        return workbench.refuse(
            "The `terrane metadata functions` command requires the `-json` flag.\n\n\nUsage: terrane [global options] \
             metadata functions -json\n\n  Prints out a json representation of the available function signatures.\n",
        );
    }
    let text = render::json::functions::signatures().to_string();
    workbench.screen.line(text);
    0
}
