//! Arguments to one run.
//!
//! Each command is a row of `COMMANDS` and a file: its arguments, and what it does. Terraform's long flags
//! with one dash work as those with two do.

pub mod environment;
mod arguments;
mod attached;
mod backend;
mod encryption;
mod interrupt;
mod judge;
mod logging;
mod own_types;
mod sandboxed;
mod variables;
mod workbench;

mod prove;
mod alarm_book;
mod accept;
mod apply;
mod completions;
mod console;
mod discover;
mod discovered;
mod drift;
mod drift_reports;
mod drift_stacks;
mod drift_watch;
mod fmt;
mod force_unlock;
mod generate;
mod get;
mod graph;
mod import;
mod init;
mod kubeconfig;
mod metadata;
mod migrate;
mod modules;
mod output;
mod permissions;
mod plan;
mod plan_diff;
mod planning;
mod providers;
mod recover;
mod refresh;
mod reports;
mod sandbox;
mod show;
mod state;
mod taint;
mod telling;
mod unmanaged;
mod validate;
mod version;
mod watch_server;
mod webhook;
mod workspace;

pub use self::environment::{Environment, Screen};

use clap::{Arg, ArgAction, ArgMatches};

use self::workbench::Workbench;
use crate::diag::{Diagnostic, Sources};
use crate::render;

/// What a command gives back: the process's exit code.
pub type Exit = u8;

/// A command.
struct Command {
    name: &'static str,
    about: &'static str,
    arguments: fn(clap::Command) -> clap::Command,
    run: fn(&mut Workbench<'_, '_>, &ArgMatches) -> Exit,
}

/// All commands, in the order that the help lists them. To add one, write one file and one row.
const COMMANDS: &[Command] = &[
    init::COMMAND,
    get::COMMAND,
    validate::COMMAND,
    fmt::COMMAND,
    plan::COMMAND,
    plan_diff::COMMAND,
    apply::COMMAND,
    apply::DESTROY,
    drift::COMMAND,
    refresh::COMMAND,
    recover::COMMAND,
    import::COMMAND,
    show::COMMAND,
    output::COMMAND,
    state::COMMAND,
    workspace::COMMAND,
    taint::COMMAND,
    taint::UNTAINT,
    console::COMMAND,
    modules::COMMAND,
    metadata::COMMAND,
    graph::COMMAND,
    providers::COMMAND,
    permissions::COMMAND,
    kubeconfig::COMMAND,
    sandbox::COMMAND,
    force_unlock::COMMAND,
    completions::COMMAND,
    version::COMMAND,
];

/// Runs the program: parses, finds the command, runs it. Gives the exit code.
pub fn run(arguments: &[String], environment: &Environment, screen: &mut Screen<'_>) -> Exit {
    let arguments = arguments::normal(arguments, environment, &names());
    let program = program();
    let matches = match program.try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) if arguments.iter().any(|argument| argument == "--json") => {
            return usage_json(&error, screen);
        }
        Err(error) => return usage(&error, &arguments, screen),
    };
    let Some((name, inner)) = matches.subcommand() else { return 1 };
    let command = COMMANDS.iter().find(|command| command.name == name);
    let _log = logging::begin(environment, screen);
    tracing::info!(command = name, version = env!("CARGO_PKG_VERSION"), "begins");
    match Workbench::open(environment, screen, &matches, inner) {
        Ok(mut workbench) => {
            let exit = match command {
                Some(command) => (command.run)(&mut workbench, inner),
                None => providers::absent(&mut workbench, name),
            };
            workbench.close(exit)
        }
        Err(exit) => exit,
    }
}

fn names() -> Vec<&'static str> {
    COMMANDS.iter().map(|command| command.name).collect()
}

/// Prints help to standard output and mistakes to standard error.
fn usage(error: &clap::Error, arguments: &[String], screen: &mut Screen<'_>) -> Exit {
    if !error.use_stderr() {
        screen.print(error.render().to_string());
        return 0;
    }
    screen.error(mistake(error, arguments).unwrap_or_else(|| error.render().to_string()));
    1
}

/// Says what is wrong with the arguments as Terraform does, with one dash.
fn mistake(error: &clap::Error, arguments: &[String]) -> Option<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let mut line = String::from("terrane");
    let mut command = program();
    for word in arguments.iter().skip(1).filter(|word| !word.starts_with('-')) {
        let Some(inner) = command.find_subcommand(word).cloned() else { break };
        line = format!("{line} {word}");
        command = inner;
    }
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let word = text(ContextKind::InvalidArg)?;
            let name = word.trim_start_matches('-');
            let (summary, detail) = if word.starts_with('-') {
                let detail = format!("flag provided but not defined: -{name}");
                ("Failed to parse command-line flags", detail)
            } else {
                let detail = format!("The command expects no argument \"{name}\" here.");
                ("Unexpected argument", detail)
            };
            let help = "For more help on using this command, run:";
            Some(format!("Error: {summary}\n\n{detail}\n\n{help}\n  {line} -help\n"))
        }
        ErrorKind::InvalidSubcommand => {
            let word = text(ContextKind::InvalidSubcommand)?;
            let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let near = crate::diag::nearest(word, known.iter().copied());
            let near = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
            let name = format!("{} {word}", line.trim_start_matches("terrane"));
            let name = name.trim();
            Some(format!(
                "Terrane has no command named \"{name}\".{near}\n\nTo see all commands, run:\n  {line} -help\n"
            ))
        }
        _ => None,
    }
}

/// Prints mistakes as who asked for JSON reads them.
fn usage_json(error: &clap::Error, screen: &mut Screen<'_>) -> Exit {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    if !error.use_stderr() {
        return usage(error, &[], screen);
    }
    let now = jiff::Timestamp::now();
    screen.print(render::json::stream::version(env!("CARGO_PKG_VERSION"), now));
    let unknown =
        error.get(ContextKind::InvalidArg).filter(|_| error.kind() == ErrorKind::UnknownArgument);
    if let Some(ContextValue::String(word)) = unknown
        && !word.starts_with('-')
    {
        let detail = "To specify a working directory for the plan, use the global -chdir flag.";
        let problem = Diagnostic::error("Too many command line arguments", detail);
        screen.print(render::json::stream::diagnostic(&problem, &Sources::default(), now));
        return 1;
    }
    let detail = match unknown {
        Some(ContextValue::String(name)) => {
            format!("flag provided but not defined: -{}", name.trim_start_matches('-'))
        }
        _ => error.render().to_string(),
    };
    let problem = Diagnostic::error("Failed to parse command-line flags", detail);
    screen.print(render::json::stream::diagnostic(&problem, &Sources::default(), now));
    1
}

/// Gives the program's own arguments and all commands.
fn program() -> clap::Command {
    let program = clap::Command::new("terrane")
        .about("Plans, applies and watches Google Cloud and Kubernetes as one graph, from Terraform's language.")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(false)
        .arg(chdir())
        .arg(sandbox_flag())
        .arg(no_colour());
    let program = COMMANDS.iter().fold(program, |program, command| {
        let own = clap::Command::new(command.name).about(command.about);
        program.subcommand((command.arguments)(own))
    });
    providers::ABSENT.iter().fold(program, |program, (name, about, _)| {
        let rest = Arg::new("rest").num_args(0..).allow_hyphen_values(true).trailing_var_arg(true);
        program.subcommand(clap::Command::new(*name).about(*about).arg(rest.hide(true)).hide(true))
    })
}

fn chdir() -> Arg {
    Arg::new("chdir")
        .long("chdir")
        .value_name("DIR")
        .global(true)
        .help("Switch to this folder before anything else")
}

fn sandbox_flag() -> Arg {
    flag("sandbox", "Run against the embedded sandbox of this folder instead of Google Cloud")
        .global(true)
}

fn no_colour() -> Arg {
    flag("no-color", "Print without colours").global(true)
}

/// Makes a flag without a value; `-flag=true` and `-flag=false` work too.
fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("BOOL")
        .help(help)
        .action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .default_missing_value("true")
        .value_parser(clap::value_parser!(bool))
        .hide_default_value(true)
        .hide_possible_values(true)
}

/// Makes a flag that is on where it is not given.
fn flag_on(name: &'static str, help: &'static str) -> Arg {
    flag(name, help).default_value("true").hide_default_value(false)
}

/// Makes an option with a value that may come several times.
fn many(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .help(help)
        .action(ArgAction::Append)
        .allow_hyphen_values(true)
}

/// Makes an option with a value.
fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

/// Gives all values of an option.
fn all(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

/// Gives the value of an option.
fn one<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m str> {
    matches.get_one::<String>(name).map(String::as_str)
}

/// The arguments of all commands that change the state.
fn state_arguments() -> Vec<Arg> {
    let mut arguments = vec![
        option("state", "FILE", "The state file"),
        option("state-out", "FILE", "Where the state is written, if not to the file that was read"),
        option("backup", "FILE", "Where the former state is kept; - for nowhere"),
    ];
    arguments.extend(lock_arguments());
    arguments
}

/// The arguments of all commands that lock the state.
fn lock_arguments() -> [Arg; 3] {
    [
        flag_on("lock", "Lock the state"),
        option("lock-timeout", "DURATION", "How long to wait for a lock"),
        flag("ignore-remote-version", "Accepted for Terraform's sake").hide(true),
    ]
}
