//! Runs the program in the test's own process, as at a terminal without colours and with nobody at it.

use terrane::cli::{self, Environment, Screen};

/// What a run gave.
#[allow(dead_code, reason = "not every test looks at all of it")]
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) exit: u8,
    /// What it printed.
    pub(crate) out: String,
    /// What it printed as errors.
    pub(crate) err: String,
}

/// Runs the program with arguments, on a screen so wide. Questions are answered with the lines of the environment's
/// standard input.
pub(crate) fn program<'a>(
    environment: &Environment,
    arguments: impl IntoIterator<Item = &'a str>,
    width: usize,
) -> Ran {
    let arguments: Vec<String> =
        std::iter::once("terrane").chain(arguments).map(String::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let input = environment.input.clone().unwrap_or_default();
    let mut lines = input.lines().map(String::from);
    let mut screen = Screen {
        out: &mut out,
        err: &mut err,
        ask: &mut || lines.next(),
        colour: false,
        live: false,
        width,
    };
    let exit = cli::run(&arguments, environment, &mut screen);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
    Ran { exit, out: text(out), err: text(err) }
}
