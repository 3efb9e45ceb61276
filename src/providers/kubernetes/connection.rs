//! From the provider's block to a session.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::auth::kubernetes::{Access, Bearer, Direct, Files, authority};
use crate::diag::Diagnostic;
use crate::value::Value;

use super::super::{Session, World};
use super::client::Cluster;
use super::session::KubernetesSession;

/// What is said where no cluster is named.
pub(in crate::providers) const NO_CLUSTER: &str = "No Kubernetes cluster configured";

/// Arguments and the environment's variables that stand for them.
const VARIABLES: &[(&str, &str)] = &[
    ("host", "KUBE_HOST"),
    ("username", "KUBE_USER"),
    ("password", "KUBE_PASSWORD"),
    ("insecure", "KUBE_INSECURE"),
    ("tls_server_name", "KUBE_TLS_SERVER_NAME"),
    ("client_certificate", "KUBE_CLIENT_CERT_DATA"),
    ("client_key", "KUBE_CLIENT_KEY_DATA"),
    ("cluster_ca_certificate", "KUBE_CLUSTER_CA_CERT_DATA"),
    ("config_path", "KUBE_CONFIG_PATH"),
    ("config_context", "KUBE_CTX"),
    ("config_context_auth_info", "KUBE_CTX_AUTH_INFO"),
    ("config_context_cluster", "KUBE_CTX_CLUSTER"),
    ("token", "KUBE_TOKEN"),
    ("proxy_url", "KUBE_PROXY_URL"),
];

/// Makes a session of a provider's block.
pub(super) fn connect(config: &Value, world: &World) -> Result<Arc<dyn Session>, Box<Diagnostic>> {
    let (access, bearer) = way(config, world, "kubernetes")?;
    Ok(Arc::new(session(access, bearer, world)))
}

/// Gives the way into the cluster that a block names, and the tokens for it. `provider` is whose block it is.
pub(super) fn way(
    config: &Value,
    world: &World,
    provider: &str,
) -> Result<(Access, Option<Bearer>), Box<Diagnostic>> {
    let settings = Settings { config, world, provider };
    let access = settings.access()?;
    let bearer = match &access {
        Access::Direct(_) => world.tokens.clone().map(|source| -> Bearer {
            Arc::new(move || {
                let source = source.clone();
                Box::pin(async move { source.token().await.map_err(|error| error.to_string()) })
            })
        }),
        Access::Files(_) | Access::Pod | Access::Over(..) => None,
    };
    Ok((access, bearer))
}

/// Makes the session of a way into a cluster.
pub(super) fn session(access: Access, bearer: Option<Bearer>, world: &World) -> KubernetesSession {
    let hash = authority(&access).map(|text| hex::encode(Sha256::digest(text.trim().as_bytes())));
    let at = address(&access);
    KubernetesSession::new(Cluster::new(access, bearer, world), hash, at)
}

/// Gives the address of a cluster as the configuration says it: the same leads to the same cluster, as long as nobody puts another there.
fn address(access: &Access) -> String {
    match access {
        Access::Direct(direct) => direct.host.clone(),
        Access::Files(files) => {
            let paths: Vec<_> = files.paths.iter().map(|path| path.display().to_string()).collect();
            let chosen =
                [&files.context, &files.cluster].map(|name| name.clone().unwrap_or_default());
            format!("{} {}", paths.join(":"), chosen.join(" "))
        }
        Access::Pod => "pod".into(),
        Access::Over(base, direct) => format!("{} {}", address(base), direct.host),
    }
}

struct Settings<'a> {
    config: &'a Value,
    world: &'a World,
    provider: &'a str,
}

impl Settings<'_> {
    /// Gives an argument's text, or its variable's; empty text is none.
    fn text(&self, name: &str) -> Option<String> {
        let given = self.config.field(name).and_then(|value| match value.as_bool() {
            Some(flag) => Some(flag.to_string()),
            None => value.as_str().map(str::to_string),
        });
        let variable =
            VARIABLES.iter().find(|(argument, _)| *argument == name).map(|(_, variable)| *variable);
        given
            .or_else(|| variable.and_then(|variable| self.world.environment.get(variable).cloned()))
            .filter(|text| !text.is_empty())
    }

    fn access(&self) -> Result<Access, Box<Diagnostic>> {
        let unknown = ["host", "token", "cluster_ca_certificate"]
            .into_iter()
            .find(|name| self.config.field(name).is_some_and(|value| !value.is_known()));
        if let Some(name) = unknown {
            let detail = format!(
                "The argument \"{name}\" of provider \"{}\" is not known yet.",
                self.provider
            );
            return Err(Box::new(Diagnostic::error("Provider configuration not known", detail)));
        }
        if let Some(host) = self.text("host") {
            return Ok(Access::Direct(Box::new(self.direct(host))));
        }
        let paths = self.paths();
        if !paths.is_empty() {
            return Ok(Access::Files(Files {
                paths,
                context: self.text("config_context"),
                cluster: self.text("config_context_cluster"),
                user: self.text("config_context_auth_info"),
            }));
        }
        if self.world.environment.contains_key("KUBERNETES_SERVICE_HOST") {
            return Ok(Access::Pod);
        }
        let mut problem = Diagnostic::error(
            NO_CLUSTER,
            format!(
                "Provider \"{}\" has neither `host` nor `config_path`, so there is no cluster to talk to. A default \
                 like localhost is never assumed.",
                self.provider
            ),
        );
        problem.help.push(
            "Set `host`, `cluster_ca_certificate` and `token` from a `google_container_cluster`, or \
             `config_path` (or KUBE_CONFIG_PATH) to a kubeconfig file."
                .into(),
        );
        Err(Box::new(problem))
    }

    fn paths(&self) -> Vec<PathBuf> {
        let listed = self.config.field("config_paths").and_then(Value::elements).unwrap_or(&[]);
        let mut found: Vec<String> =
            listed.iter().filter_map(Value::as_str).map(str::to_string).collect();
        if found.is_empty()
            && let Some(variable) = self.world.environment.get("KUBE_CONFIG_PATHS")
        {
            found =
                std::env::split_paths(variable).map(|path| path.display().to_string()).collect();
        }
        if found.is_empty() {
            found.extend(self.text("config_path"));
        }
        found.iter().map(|path| self.path(path)).collect()
    }

    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.world.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.world.root.join(text),
        }
    }

    fn direct(&self, host: String) -> Direct {
        let mut user = Map::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                user.insert(name.into(), json!(value));
            }
        };
        let encoded = |text: String| STANDARD.encode(text);
        put("username", self.text("username"));
        put("password", self.text("password"));
        put("client-certificate-data", self.text("client_certificate").map(encoded));
        put("client-key-data", self.text("client_key").map(encoded));
        if self.world.tokens.is_none() {
            put("token", self.text("token"));
        }
        if let Some(exec) = self.exec() {
            user.insert("exec".into(), exec);
        }
        Direct {
            host,
            authority: self.text("cluster_ca_certificate"),
            insecure: self
                .text("insecure")
                .is_some_and(|text| matches!(text.as_str(), "true" | "1")),
            server_name: self.text("tls_server_name"),
            proxy: self.text("proxy_url"),
            user: Json::Object(user),
        }
    }

    fn exec(&self) -> Option<Json> {
        let block = self.config.field("exec")?.elements()?.first()?;
        let text = |name: &str| block.field(name).and_then(Value::as_str);
        let args = block.field("args").and_then(Value::elements).unwrap_or(&[]);
        let args: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
        let env = block.field("env").and_then(Value::fields);
        let env: Vec<Json> = env
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some(json!({ "name": &**name, "value": value.as_str()? })))
            .collect();
        Some(json!({
            "apiVersion": text("api_version")?,
            "command": text("command")?,
            "args": args,
            "env": env,
            "interactiveMode": "Never",
        }))
    }
}
