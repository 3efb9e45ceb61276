//! What a run is given of the machine, and where it prints: only `cli` touches either.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::graph::Stop;
use crate::http::Clock;

/// The machine as a run sees it. Tests make their own.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The environment's variables.
    pub variables: BTreeMap<String, String>,
    /// The folder that the run was started in.
    pub cwd: PathBuf,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// Whether a person can be asked.
    pub interactive: bool,
    /// The moment that a new sandbox's world begins at; nothing for the present one.
    pub sandbox_start: Option<jiff::Timestamp>,
    /// What standard input has; nothing where the process's own is read.
    pub input: Option<String>,
    /// The clock of runs outside of a sandbox; nothing for the machine's own.
    pub clock: Option<Arc<dyn Clock>>,
    /// The clock of runs in a sandbox; nothing for the sandbox's own.
    pub sandbox_clock: Option<Arc<dyn Clock>>,
    /// Asked when the run is to stop. Ctrl-C asks it, and a test may.
    pub stop: Stop,
    /// Ends the process where a signal comes and nothing listens; without it, no signals are heard.
    pub end: Option<fn() -> !>,
}

impl Environment {
    /// Takes the process's own.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Environment {
        use std::io::IsTerminal;
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let home = variables.get("HOME").map(PathBuf::from);
        let cwd = std::env::current_dir().unwrap_or_default();
        let interactive = io::stdin().is_terminal();
        Environment { variables, cwd, home, interactive, ..Environment::default() }
    }

    /// Reads standard input to its end.
    ///
    /// # Errors
    /// It cannot be read, or is not UTF-8.
    pub fn standard_input(&self) -> io::Result<String> {
        match &self.input {
            Some(text) => Ok(text.clone()),
            None => io::read_to_string(io::stdin()),
        }
    }

    /// Gives a variable's text; nothing where it is empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// Where a run prints, and whom it asks.
pub struct Screen<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// Gives a line that a person types, without its end; nothing at the end of the input.
    pub ask: &'a mut dyn FnMut() -> Option<String>,
    /// Whether output may be coloured.
    pub colour: bool,
    /// Whether output is a terminal that lines can be redrawn on.
    pub live: bool,
    /// The terminal's width in columns.
    pub width: usize,
}

impl Screen<'_> {
    /// Prints to standard output. Who has closed it hears no more.
    pub fn print(&mut self, text: impl AsRef<str>) {
        let _ = self.out.write_all(text.as_ref().as_bytes());
        let _ = self.out.flush();
    }

    /// Prints a line to standard output.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.print(format!("{}\n", text.as_ref()));
    }

    /// Prints to standard error.
    pub fn error(&mut self, text: impl AsRef<str>) {
        let _ = self.err.write_all(text.as_ref().as_bytes());
        let _ = self.err.flush();
    }
}
