//! A run in the sandbox: serves the folder's own world, or attaches to whoever serves it already.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::attached::AttachedClock;
use crate::diag::Diagnostic;
use crate::http::Clock;
use crate::sandbox::server::{Server, serve};
use crate::sandbox::world::{World, attach, holder};

/// The sandbox of a run.
pub(super) struct Sandbox {
    /// The base address of its Google services.
    pub(super) base: String,
    /// Its clock.
    pub(super) clock: Arc<dyn Clock>,
    server: Option<Server>,
}

/// Tells who has a world that another process holds; `None` where that is not what is wrong.
pub(super) fn held(error: &std::io::Error, file: &Path) -> Option<Diagnostic> {
    if error.kind() != std::io::ErrorKind::WouldBlock {
        return None;
    }
    let who = holder(file).unwrap_or_else(|| "another process".to_owned());
    let detail = format!("The sandbox's world {} is held: {who} has it open.", file.display());
    let help = "Wait until it ends, or stop it; `terrane sandbox` is stopped with Ctrl-C.";
    Some(Diagnostic::error("Sandbox not available", detail).help(help))
}

impl Sandbox {
    /// Opens the world in a file, or attaches to its owner.
    pub(super) fn open(
        runtime: &Runtime,
        file: &Path,
        start: Option<Timestamp>,
    ) -> Result<Sandbox, Diagnostic> {
        let failed = |text: String| {
            let detail =
                format!("The sandbox's world {} cannot be opened: {text}.", file.display());
            Diagnostic::error("Sandbox not available", detail)
                .help("Delete the file to begin with an empty world.")
        };
        let opened =
            |error: std::io::Error| held(&error, file).unwrap_or_else(|| failed(error.to_string()));
        if let Some(base) = attach(file) {
            let clock = runtime.block_on(AttachedClock::attach(&base)).map_err(failed)?;
            return Ok(Sandbox { base, clock: Arc::new(clock), server: None });
        }
        let start = start.unwrap_or_else(Timestamp::now);
        let world = World::open(Some(file), 0.0, start).map_err(opened)?;
        let clock: Arc<dyn Clock> = world.clock();
        let server = runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            serve(world, listener).await
        });
        let server = server.map_err(|error| failed(error.to_string()))?;
        Ok(Sandbox { base: server.url(), clock, server: Some(server) })
    }

    /// Stops the server and writes the world.
    pub(super) fn close(self, runtime: &Runtime) -> std::io::Result<()> {
        match self.server {
            Some(server) => runtime.block_on(server.stop()),
            None => Ok(()),
        }
    }
}
