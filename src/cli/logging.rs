//! The debug log: `TERRANE_LOG` or `TF_LOG` says how much of it, `TF_LOG_PATH` where to. It never has secrets.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::environment::{Environment, Screen};

/// The words that are understood.
const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "off"];

/// Begins to log on this thread, until what is given back is dropped; nothing where no log is asked for.
pub(super) fn begin(environment: &Environment, screen: &mut Screen<'_>) -> Option<DefaultGuard> {
    let wanted = environment.variable("TERRANE_LOG").or_else(|| environment.variable("TF_LOG"))?;
    let wanted = wanted.to_lowercase();
    let (level, json) = match wanted.as_str() {
        "json" => ("trace", true),
        level if LEVELS.contains(&level) => (level, false),
        _ => {
            screen.error(format!(
                "Warning: \"{wanted}\" is no level of the log, so everything is logged. Levels: trace, debug, info, \
                 warn, error, off; or json.\n"
            ));
            ("trace", false)
        }
    };
    if level == "off" {
        return None;
    }
    // Only this program's own lines: what libraries log may have secrets.
    let filter = EnvFilter::new(format!("terrane={level}"));
    let format = tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter);
    let format = format.with_writer(writer(environment, screen));
    Some(match json {
        true => tracing::subscriber::set_default(format.json().flatten_event(true).finish()),
        false => tracing::subscriber::set_default(format.with_target(false).finish()),
    })
}

/// Gives where the log is written: a file, which is added to, or standard error.
fn writer(environment: &Environment, screen: &mut Screen<'_>) -> BoxMakeWriter {
    let Some(path) = environment.variable("TF_LOG_PATH") else {
        return BoxMakeWriter::new(io::stderr);
    };
    let path = environment.cwd.join(path);
    let opened: io::Result<File> =
        OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    match opened {
        Ok(file) => BoxMakeWriter::new(Mutex::new(file)),
        Err(error) => {
            screen.error(format!(
                "Warning: the log file {} cannot be opened ({error}), so the log goes to standard error.\n",
                path.display()
            ));
            BoxMakeWriter::new(io::stderr)
        }
    }
}
