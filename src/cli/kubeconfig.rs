//! `terrane kubeconfig ADDRESS`: access to a cluster of the state, for kubectl and other clients.

use std::path::Path;

use clap::{Arg, ArgMatches};
use serde_json::Value as Json;

use super::workbench::{Workbench, file_problem};
use super::{Command, Exit, flag, one, option};
use crate::addr::Address;
use crate::backends::disk::write_whole;
use crate::diag::Diagnostic;
use crate::http::client::{Client, Transport};
use crate::http::{Method, Request};
use crate::providers::kubernetes::kubeconfig;

pub(super) const COMMAND: Command = Command {
    name: "kubeconfig",
    about: "Write a kubeconfig for a cluster of the state",
    arguments: |command| {
        command
            .arg(
                Arg::new("address")
                    .required(true)
                    .value_name("ADDRESS")
                    .help("The cluster, like google_container_cluster.main"),
            )
            .arg(option(
                "out",
                "FILE",
                "Write to this file, for its owner only, instead of printing",
            ))
            .arg(flag("exec", "Ask gke-gcloud-auth-plugin for tokens instead of writing one"))
            .arg(option("state", "FILE", "The state file"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match write(workbench, matches) {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

fn write(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let text = one(matches, "address").unwrap_or_default();
    let address: Address = text.parse().map_err(|error| {
        workbench.fail(&[Diagnostic::error("Invalid address", format!("{error}."))])
    })?;
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    let Some(object) = snapshot.current(&address) else {
        let detail = format!("The state tracks nothing under {address}.");
        let problem = Diagnostic::error("No such cluster", detail);
        return Err(workbench.fail(&[problem.help("`terrane state list` names what is tracked.")]));
    };
    let attributes = &object.attributes;
    let endpoint = attributes["endpoint"].as_str();
    let authority = attributes["master_auth"][0]["cluster_ca_certificate"].as_str();
    let (Some(endpoint), Some(authority)) = (endpoint, authority) else {
        let detail =
            format!("{address} has no endpoint and certificate: it is not a running cluster.");
        return Err(workbench.fail(&[Diagnostic::error("Not a cluster", detail)]));
    };
    let part = |name: &str| attributes[name].as_str().unwrap_or_default();
    let name = format!("gke_{}_{}_{}", part("project"), part("location"), part("name"));
    let exec = matches.get_one::<bool>("exec").copied().unwrap_or(false);
    let token = if exec { None } else { token(workbench)? };
    let exec = exec || token.is_none();
    let written = kubeconfig(&name, endpoint, authority, token.as_deref(), exec);
    match one(matches, "out") {
        None => workbench.screen.print(written),
        Some(file) => {
            let path = workbench.folder.join(Path::new(file));
            if let Err(error) = write_whole(&path, written.as_bytes()) {
                return Err(workbench.fail(&[file_problem(
                    "Failed to write kubeconfig",
                    &path,
                    &error,
                )]));
            }
            workbench.screen.line(format!("Wrote {file}: kubectl --kubeconfig {file} get pods -A"));
        }
    }
    Ok(())
}

/// Gives a token of the sandbox. On Google Cloud the file names the plug-in, which refreshes its own.
fn token(workbench: &mut Workbench<'_, '_>) -> Result<Option<String>, Exit> {
    let Some(base) = workbench.sandbox_base().map(String::from) else { return Ok(None) };
    let request = Request::new(Method::POST, format!("{base}/sandbox/token"));
    let asked = workbench.runtime.block_on(Client::new("terrane").send(request));
    match asked {
        Ok(answer) => {
            let answer: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
            Ok(answer["access_token"].as_str().map(String::from))
        }
        Err(error) => {
            let detail = format!("The sandbox gave no token: {error}.");
            Err(workbench.fail(&[Diagnostic::error("No access token", detail)]))
        }
    }
}
