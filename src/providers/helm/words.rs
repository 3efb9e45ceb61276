//! From a release's arguments to the words that helm is started with. No secret is among them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::providers::ApiError;
use crate::value::Value;

use super::program::Private;
use super::values::Values;

/// What helm is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Install,
    Upgrade,
    /// An upgrade, or an install where there is nothing.
    UpgradeOrInstall,
    Template,
}

/// A release's arguments, and where helm's files are.
pub(super) struct Asking<'a> {
    /// The configuration, with defaults.
    pub(super) config: &'a Value,
    /// The provider's block.
    pub(super) provider: &'a Value,
    /// The folder of the run.
    pub(super) folder: &'a Private,
    /// Helm's generation.
    pub(super) major: u32,
}

/// Gives a text of an object.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.field(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Gives a flag of an object; false where it is not set.
pub(super) fn flag(value: &Value, name: &str) -> bool {
    value.field(name).and_then(Value::as_bool).unwrap_or(false)
}

fn number(value: &Value, name: &str) -> Option<i64> {
    value.field(name).and_then(Value::as_i64)
}

impl Asking<'_> {
    /// Gives the words.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn words(&self, verb: Verb, values: &Values) -> Result<Vec<String>, ApiError> {
        let config = self.config;
        let name = text(config, "name").unwrap_or_default();
        let mut words: Vec<String> = match verb {
            Verb::Install => vec!["install".into()],
            Verb::Upgrade => vec!["upgrade".into()],
            Verb::UpgradeOrInstall => vec!["upgrade".into(), "--install".into()],
            Verb::Template => vec!["template".into()],
        };
        words.extend([name.to_string(), self.chart()]);
        words.extend(["--namespace".into(), namespace(config)]);
        self.source(&mut words);
        for (place, file) in values.files.iter().enumerate() {
            words.push("--values".into());
            words.push(self.folder.write(&format!("values-{place}.yaml"), file)?);
        }
        if values.over.as_object().is_some_and(|over| !over.is_empty()) {
            words.push("--values".into());
            words.push(self.folder.write("set.yaml", &values.over.to_string())?);
        }
        self.conduct(verb, &mut words);
        Ok(words)
    }

    /// Gives the chart as helm is told of it.
    pub(super) fn chart(&self) -> String {
        let chart = text(self.config, "chart").unwrap_or_default();
        match text(self.config, "repository") {
            Some(repository) if repository.starts_with("oci://") => {
                format!("{}/{chart}", repository.trim_end_matches('/'))
            }
            Some(_) if self.has_login() => format!("{REPOSITORY}/{chart}"),
            _ => chart.to_string(),
        }
    }

    /// Says whether the chart's repository is one that wants a name and password.
    pub(super) fn has_login(&self) -> bool {
        let repository = text(self.config, "repository");
        repository.is_some_and(|it| !it.starts_with("oci://"))
            && (text(self.config, "repository_password").is_some()
                || text(self.config, "repository_username").is_some())
    }

    /// Adds where the chart comes from.
    pub(super) fn source(&self, words: &mut Vec<String>) {
        let config = self.config;
        let repository = text(config, "repository").filter(|it| !it.starts_with("oci://"));
        let mut put = |flag: &str, value: Option<&str>| {
            if let Some(value) = value {
                words.extend([flag.to_string(), value.to_string()]);
            }
        };
        put("--version", text(config, "version"));
        if !self.has_login() {
            put("--repo", repository);
            put("--ca-file", text(config, "repository_ca_file"));
            put("--cert-file", text(config, "repository_cert_file"));
            put("--key-file", text(config, "repository_key_file"));
        }
        put("--keyring", text(config, "keyring").filter(|_| flag(config, "verify")));
        for (name, word) in [
            ("devel", "--devel"),
            ("verify", "--verify"),
            ("pass_credentials", "--pass-credentials"),
            ("dependency_update", "--dependency-update"),
        ] {
            if flag(config, name) {
                words.push(word.into());
            }
        }
    }

    /// Adds how helm goes about it.
    fn conduct(&self, verb: Verb, words: &mut Vec<String>) {
        let (config, four) = (self.config, self.major >= 4);
        let upgrades = matches!(verb, Verb::Upgrade | Verb::UpgradeOrInstall);
        let acts = verb != Verb::Template;
        let rows: &[(&str, &str, bool)] = &[
            ("disable_openapi_validation", "--disable-openapi-validation", true),
            ("disable_webhooks", "--no-hooks", true),
            ("skip_crds", "--skip-crds", true),
            ("render_subchart_notes", "--render-subchart-notes", true),
            ("create_namespace", "--create-namespace", !upgrades || verb == Verb::UpgradeOrInstall),
            ("replace", "--replace", verb == Verb::Install),
            ("reset_values", "--reset-values", upgrades),
            ("reuse_values", "--reuse-values", upgrades),
            ("cleanup_on_fail", "--cleanup-on-fail", upgrades),
            ("take_ownership", "--take-ownership", acts),
            ("atomic", if four { "--rollback-on-failure" } else { "--atomic" }, acts),
            ("force_update", if four { "--force-replace" } else { "--force" }, acts),
            ("wait", "--wait", acts),
            ("wait_for_jobs", "--wait-for-jobs", acts && flag(config, "wait")),
        ];
        let asked = rows.iter().filter(|(name, _, fits)| *fits && flag(config, name));
        words.extend(asked.map(|(_, word, _)| (*word).to_string()));
        // Helm 4 replaces objects on its own side only.
        if four && flag(config, "force_update") && acts {
            words.push("--server-side=false".into());
        }
        if let Some(seconds) = number(config, "timeout").filter(|_| acts) {
            words.extend(["--timeout".into(), format!("{seconds}s")]);
        }
        if let Some(description) = text(config, "description") {
            words.extend(["--description".into(), description.to_string()]);
        }
        if upgrades {
            let kept = number(config, "max_history").unwrap_or_default();
            words.extend(["--history-max".into(), kept.to_string()]);
        }
        let block = config.field("postrender").filter(|block| !block.is_null());
        if let Some(block) = block
            && let Some(program) = text(block, "binary_path")
        {
            words.extend(["--post-renderer".into(), program.to_string()]);
            let args = block.field("args").and_then(Value::elements).unwrap_or_default();
            for arg in args.iter().filter_map(Value::as_str) {
                words.push(format!("--post-renderer-args={arg}"));
            }
        }
    }

    /// Writes what helm needs to know of logins: into files, which no list of processes shows. Gives the variables that name them.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn logins(&self) -> Result<Vec<(String, String)>, ApiError> {
        let mut variables = Vec::new();
        for (argument, variable) in [
            ("plugins_path", "HELM_PLUGINS"),
            ("registry_config_path", "HELM_REGISTRY_CONFIG"),
            ("repository_config_path", "HELM_REPOSITORY_CONFIG"),
            ("repository_cache", "HELM_REPOSITORY_CACHE"),
        ] {
            if let Some(path) = text(self.provider, argument) {
                variables.push((variable.to_string(), path.to_string()));
            }
        }
        if let Some(limit) = number(self.provider, "burst_limit") {
            variables.push(("HELM_BURST_LIMIT".to_string(), limit.to_string()));
        }
        if self.has_login() {
            let entry = |name: &str| text(self.config, name).unwrap_or_default();
            let repositories = json!({ "apiVersion": "", "generated": "0001-01-01T00:00:00Z", "repositories": [{
                "name": REPOSITORY,
                "url": entry("repository"),
                "username": entry("repository_username"),
                "password": entry("repository_password"),
                "caFile": entry("repository_ca_file"),
                "certFile": entry("repository_cert_file"),
                "keyFile": entry("repository_key_file"),
                "pass_credentials_all": flag(self.config, "pass_credentials"),
            }]});
            let path = self.folder.write("repositories.yaml", &repositories.to_string())?;
            variables.push(("HELM_REPOSITORY_CONFIG".into(), path));
            let cache = self.folder.path().join("repository");
            variables.push(("HELM_REPOSITORY_CACHE".into(), cache.display().to_string()));
        }
        let accounts = self.accounts();
        if accounts.as_object().is_some_and(|accounts| !accounts.is_empty()) {
            let config = json!({ "auths": accounts });
            let path = self.folder.write("registry.json", &config.to_string())?;
            variables.push(("HELM_REGISTRY_CONFIG".into(), path));
        }
        Ok(variables)
    }

    /// Gives the accounts at OCI registries.
    fn accounts(&self) -> Json {
        let mut accounts = json!({});
        let mut put = |url: &str, username: &str, password: &str| {
            let host = url.trim_start_matches("oci://").split('/').next().unwrap_or_default();
            let login = STANDARD.encode(format!("{username}:{password}"));
            accounts[host] = json!({ "auth": login });
        };
        for list in ["registry", "registries"] {
            let blocks = self.provider.field(list).and_then(Value::elements).unwrap_or_default();
            for block in blocks {
                let part = |name: &str| text(block, name).unwrap_or_default();
                put(part("url"), part("username"), part("password"));
            }
        }
        let named = ["repository", "chart"].iter().filter_map(|name| text(self.config, name));
        let registry = named.into_iter().find(|url| url.starts_with("oci://"));
        if let (Some(url), Some(username)) = (registry, text(self.config, "repository_username")) {
            put(url, username, text(self.config, "repository_password").unwrap_or_default());
        }
        accounts
    }
}

/// What the one repository with a login is called.
pub(super) const REPOSITORY: &str = "terrane";

/// Gives a release's namespace.
pub(super) fn namespace(config: &Value) -> String {
    text(config, "namespace").unwrap_or("default").to_string()
}
