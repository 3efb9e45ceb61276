//! From a `kubernetes` block to the way into a cluster.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::auth::kubernetes::{Access, Direct, Files};
use crate::backends::kinds::Given;
use crate::diag::Diagnostic;

/// Gives the way in: the pod's own account, kubeconfig files, or an address; what the block says of credentials
/// counts over what files say.
pub(super) fn access(given: &Given<'_>) -> Result<Access, Diagnostic> {
    let direct = direct(given)?;
    let is =
        |name: &str, default: bool| given.get(name).and_then(|it| it.as_bool()).unwrap_or(default);
    let paths = if is("load_config_file", true) { paths(given) } else { Vec::new() };
    let base = if is("in_cluster_config", false) {
        Access::Pod
    } else if !paths.is_empty() {
        Access::Files(Files {
            paths,
            context: given.text("config_context"),
            cluster: given.text("config_context_cluster"),
            user: given.text("config_context_auth_info"),
        })
    } else if !direct.host.is_empty() {
        return Ok(Access::Direct(Box::new(direct)));
    } else if given.world.environment.contains_key("KUBERNETES_SERVICE_HOST") {
        Access::Pod
    } else {
        let detail = "The backend \"kubernetes\" has neither \"config_path\" nor \"host\", and this is no pod of a cluster.";
        return Err(Diagnostic::error("No Kubernetes cluster configured", detail).help(
            "Set config_path (or KUBE_CONFIG_PATH) to a kubeconfig file, or host, cluster_ca_certificate and token.",
        ));
    };
    Ok(Access::Over(Box::new(base), Box::new(direct)))
}

fn paths(given: &Given<'_>) -> Vec<PathBuf> {
    let mut found: Vec<String> = given.text("config_path").into_iter().collect();
    if found.is_empty() {
        let listed = given.get("config_paths").unwrap_or_default();
        let listed = listed.as_array().into_iter().flatten();
        found.extend(listed.filter_map(Json::as_str).map(String::from));
    }
    if found.is_empty()
        && let Some(variable) = given.world.environment.get("KUBE_CONFIG_PATHS")
    {
        found.extend(std::env::split_paths(variable).map(|path| path.display().to_string()));
    }
    let found = found.iter().filter(|path| !path.is_empty());
    found
        .map(|path| match (path.strip_prefix("~/"), &given.world.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => given.world.folder.join(path),
        })
        .collect()
}

/// Gives what the block itself says; its host is empty where it says none.
fn direct(given: &Given<'_>) -> Result<Direct, Diagnostic> {
    let mut user = Map::new();
    let encoded = |text: String| STANDARD.encode(text);
    let said = [
        ("username", given.text("username")),
        ("password", given.text("password")),
        ("token", given.text("token")),
        ("client-certificate-data", given.text("client_certificate").map(encoded)),
        ("client-key-data", given.text("client_key").map(encoded)),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            user.insert(name.to_string(), value.into());
        }
    }
    if let Some(block) = given.get("exec") {
        user.insert("exec".to_string(), exec(&block)?);
    }
    Ok(Direct {
        host: given.text("host").unwrap_or_default(),
        authority: given.text("cluster_ca_certificate"),
        insecure: given.get("insecure").and_then(|it| it.as_bool()).unwrap_or(false),
        server_name: None,
        proxy: given.text("proxy_url"),
        user: Json::Object(user),
    })
}

/// Gives a kubeconfig's `exec` of the block of that name.
fn exec(block: &Json) -> Result<Json, Diagnostic> {
    let known = ["api_version", "command", "env", "args"];
    let wrong = |detail: String| Diagnostic::error("Invalid backend configuration", detail);
    let members = block.as_object().into_iter().flatten();
    if let Some((other, _)) = members.clone().find(|(name, _)| !known.contains(&name.as_str())) {
        let detail =
            format!("A block \"exec\" of the backend \"kubernetes\" has no argument \"{other}\".");
        return Err(wrong(detail).help(format!("It has: {}.", known.join(", "))));
    }
    let text = |name: &str| {
        let text = block[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            wrong(format!("A block \"exec\" of the backend \"kubernetes\" needs \"{name}\"."))
        })
    };
    let variables = block["env"].as_object().into_iter().flatten();
    let variables: Vec<Json> = variables
        .filter_map(|(name, value)| Some(json!({ "name": name, "value": value.as_str()? })))
        .collect();
    Ok(json!({
        "apiVersion": text("api_version")?,
        "command": text("command")?,
        "args": block["args"].as_array().cloned().unwrap_or_default(),
        "env": variables,
        "interactiveMode": "Never",
    }))
}
