//! The program: gives the process's arguments, environment and terminal to `cli`.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use terrane::cli::{self, Environment, Screen};
use terrane::graph::Stop;
use tokio::signal::unix::{SignalKind, signal};

// A plan is made of very many small values: this takes a third of the time away that the system's allocator takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    listen(environment.stop.clone());
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

/// Hears Ctrl-C and the signal to terminate: they ask the run to stop where it listens, and else end the program.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "signals are heard beside all that runs"
)]
fn listen(stop: Stop) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Without a runtime the signals do what they do by themselves.
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async move {
            let interrupt = signal(SignalKind::interrupt());
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (interrupt, signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if stop.is_heard() {
                    stop.ask();
                } else {
                    std::process::exit(130);
                }
            }
        });
    });
}
