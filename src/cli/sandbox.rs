//! `terrane sandbox`: serves a world on a port, for Terrane, `curl`, `gcloud` and `kubectl`.

use std::net::SocketAddr;

use clap::ArgMatches;
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::sandboxed::held;
use super::workbench::Workbench;
use super::{Command, Exit, one, option};
use crate::diag::Diagnostic;
use crate::sandbox::exports::exports;
use crate::sandbox::server::serve;
use crate::sandbox::world::World;

pub(super) const COMMAND: Command = Command {
    name: "sandbox",
    about: "Serve the embedded Google Cloud and Kubernetes on a port of this machine",
    arguments: |command| {
        command
            .arg(option("listen", "ADDRESS", "Where to listen").default_value("127.0.0.1:8085"))
            .arg(option(
                "state",
                "FILE",
                "The world's file; the folder's own where it is not given",
            ))
            .arg(
                option("speed", "N", "How many virtual seconds pass in a real one")
                    .default_value("60"),
            )
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match serve_world(workbench, matches) {
        Ok(()) => 0,
        Err(problem) => workbench.fail(&[problem]),
    }
}

fn serve_world(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Diagnostic> {
    let invalid = |summary: &str, detail: String| Diagnostic::error(summary, detail);
    let listen = one(matches, "listen").unwrap_or("127.0.0.1:8085");
    let address: SocketAddr = listen.parse().map_err(|_| {
        invalid(
            "Invalid -listen option",
            format!("\"{listen}\" is not an address such as 127.0.0.1:8085."),
        )
    })?;
    if !address.ip().is_loopback() {
        let detail = "The sandbox listens on this machine only: 127.0.0.1 or [::1].".to_string();
        return Err(invalid("Invalid -listen option", detail));
    }
    let speed = one(matches, "speed").unwrap_or("60");
    let speed: f64 =
        speed.parse().ok().filter(|speed: &f64| speed.is_finite() && *speed >= 0.0).ok_or_else(
            || invalid("Invalid -speed option", format!("\"{speed}\" is not a number from 0 on.")),
        )?;
    let file = match one(matches, "state") {
        Some(file) => workbench.folder.join(file),
        None => workbench.data_folder().join("world.json"),
    };
    let failed = |error: std::io::Error| {
        let detail =
            format!("The world {} cannot be served on {address}: {error}.", file.display());
        Diagnostic::error("Sandbox not available", detail)
    };
    let world = World::open(Some(&file), speed, Timestamp::now())
        .map_err(|error| held(&error, &file).unwrap_or_else(|| failed(error)))?;
    let server = workbench.runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        serve(world, listener).await
    });
    let server = server.map_err(failed)?;
    let base = server.url();
    workbench.screen.print(told(&base, &file.display().to_string()));
    let ended = workbench.runtime.block_on(async {
        workbench.environment.stop.asked(1).await;
        server.stop().await
    });
    ended.map_err(failed)
}

/// Says how to use the server.
fn told(base: &str, file: &str) -> String {
    let lines: String = exports(base).lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "The sandbox listens on {base}; its world is {file}. Stop it with Ctrl-C.\n\n\
         Terrane: any command with -sandbox in the folder of that world, or\n  \
         terrane -chdir=DIR plan -sandbox\n\n\
         Other tools, in a shell of their own, after\n  \
         eval \"$(curl -s {base}/sandbox/environment)\"\n\
         which is the same as\n{lines}\n\
         curl:\n  \
         curl -H \"Authorization: Bearer $TOKEN\" '{base}/storage/v1/b?project=polls-demo'\n  \
         curl {base}/sandbox/inventory\n\n\
         gcloud:\n  \
         gcloud storage ls\n  \
         gcloud container clusters list\n  \
         gcloud container clusters get-credentials NAME --location LOCATION\n\n\
         kubectl:\n  \
         terrane kubeconfig google_container_cluster.NAME -sandbox -out=kubeconfig\n  \
         kubectl --kubeconfig kubeconfig get pods -A\n"
    )
}
