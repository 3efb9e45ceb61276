//! Reviews: that the place told for each change is that of the text that was edited, that no dangerous change is told as a
//! harmless one, and what the renderings of a plan say.

mod canary;
mod changes;
mod ci;
mod edits;
mod phantoms;
mod policies;
mod renderings;
#[path = "../support/helm.rs"]
mod helm;
#[path = "../support/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use program::Ran;
use program::program;
use terrane::cli::Environment;

/// Runs a command in a folder, with nothing of the machine's environment.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let environment = Environment {
        cwd: folder.to_owned(),
        variables: BTreeMap::new(),
        input: Some(String::new()),
        ..Environment::default()
    };
    program(&environment, arguments.iter().copied(), 100)
}
