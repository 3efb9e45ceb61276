//! The program: gives the process's arguments, environment and terminal to `cli`.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use terrane::cli::{self, Environment, Screen};

// A plan is made of very many small values: this takes a third of the time away that the system's allocator takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment = Environment { end: Some(end), ..Environment::of_process() };
    let arguments: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let live = io::stdout().is_terminal();
    let given = environment.variable("COLUMNS").and_then(|columns| columns.parse().ok());
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let columns =
        given.or(size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0));
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let mut ask = || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_string())
    };
    let mut screen = Screen {
        out: &mut out,
        err: &mut err,
        ask: &mut ask,
        colour: live,
        live,
        width: columns.unwrap_or(80),
    };
    ExitCode::from(cli::run(&arguments, &environment, &mut screen))
}

/// Ends the process as a signal does.
#[expect(clippy::exit, reason = "signals are heard beside all that runs")]
fn end() -> ! {
    std::process::exit(130)
}
