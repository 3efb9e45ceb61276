//! What charts render to: by the cluster's own answers where there is one, else by helm alone.

use serde_json::{Value as Json, json};

use crate::providers::{ApiError, ApiErrorKind, Preview, Proposed};
use crate::value::{Type, Value};

use super::manifests::{documents, is_hook};
use super::record::Record;
use super::release::{rows, sharpened, texts};
use super::session::{HelmSession, no_cluster, with_defaults};
use super::values::Values;
use super::words::{Asking, Verb, flag, namespace, text};
use super::yaml;

/// What helm says where objects are of kinds that the cluster does not have yet: the chart brings them.
const UNSERVED: &[&str] = &["no matches for kind", "unable to build kubernetes objects"];

/// What helm says where there is no answer from the cluster.
const SILENT: &[&str] =
    &["cluster unreachable", "connection refused", "i/o timeout", "no such host"];

/// What a chart renders to.
struct Rendered {
    record: Record,
    /// Helm told the values too.
    whole: bool,
    /// Why the cluster was not asked, where there is one.
    unchecked: Option<String>,
}

pub(super) fn quiet(_: std::time::Duration) {}

impl HelmSession {
    /// Renders a planned release.
    pub(super) async fn preview_one(&self, proposed: &Proposed) -> Preview {
        if self.reach.is_none() && !self.later {
            return Preview::Refused(no_cluster());
        }
        match self.rendered(proposed).await {
            Ok(preview) => preview,
            Err(error) => Preview::Refused(error),
        }
    }

    async fn rendered(&self, proposed: &Proposed) -> Result<Preview, ApiError> {
        let config = with_defaults(&proposed.config);
        let values = self.values_over(&config, &proposed.private)?;
        if flag(&config, "lint") {
            self.lint(&config, &values).await?;
        }
        let prior = proposed.prior.as_ref();
        let Rendered { record, whole, unchecked } =
            self.render(&config, &values, prior.is_some(), proposed.minor).await?;
        let after = sharpened(&proposed.planned, &record, &values, prior, whole);
        let settled = prior
            .is_some_and(|prior| prior.field("resources") != after.field("resources"))
            && proposed.planned.field("metadata").is_some_and(Value::is_whole);
        if !settled {
            return Ok(Preview::Sharper {
                after,
                replaces: Vec::new(),
                unchecked,
                notes: Vec::new(),
            });
        }
        // Nothing that is given to the chart has changed: what comes out otherwise each time is left as it is.
        let Rendered { record: again, .. } =
            self.render(&config, &values, true, proposed.minor).await?;
        let second = sharpened(&proposed.planned, &again, &values, prior, whole);
        let (first, second) = (rows(after.field("resources")), rows(second.field("resources")));
        let before = rows(prior.and_then(|prior| prior.field("resources")));
        let steady = first.iter().map(|(name, text)| {
            let random = second.get(name) != Some(text);
            let kept = before.get(name).filter(|_| random);
            (name.clone(), kept.unwrap_or(text).clone())
        });
        let steady = steady.collect();
        let after = match Some(&steady) == Some(&before) {
            true => proposed.planned.clone(),
            false => after.with_field("resources", texts(&steady)),
        };
        Ok(Preview::Sharper { after, replaces: Vec::new(), unchecked, notes: Vec::new() })
    }

    /// Renders a chart.
    async fn render(
        &self,
        config: &Value,
        values: &Values,
        upgrade: bool,
        minor: Option<u32>,
    ) -> Result<Rendered, ApiError> {
        let mut unchecked = None;
        if self.reach.is_some() {
            let more = ["--dry-run=server", "--output", "json"];
            // Helm installs nothing over what is there by a plain upgrade: the verb is only for the look.
            let verb = if upgrade { Verb::UpgradeOrInstall } else { Verb::Install };
            let said = self.run(config, values, verb, &more, &quiet).await?;
            match said.failure {
                None => {
                    let release: Json = serde_json::from_str(json_of(&said.out))
                        .map_err(|error| strange(&error.to_string()))?;
                    return Ok(Rendered {
                        record: Record::of(&release),
                        whole: true,
                        unchecked: None,
                    });
                }
                Some(why) if is_among(&why, UNSERVED) || is_among(&why, SILENT) => {
                    unchecked = Some(format!("rendered without the cluster: {}", first_line(&why)));
                }
                // The name is taken: the apply says so, or goes on with what is there.
                Some(why) if why.contains("cannot re-use a name") => {
                    unchecked = Some(format!("rendered without the cluster: {}", first_line(&why)));
                }
                Some(why) => return Err(refused(config, &why)),
            }
        }
        let rendered = self.render_alone(config, values, upgrade, minor).await?;
        Ok(Rendered { unchecked, ..rendered })
    }

    /// Renders a chart without a cluster, for the version of Kubernetes that its cluster will have.
    async fn render_alone(
        &self,
        config: &Value,
        values: &Values,
        upgrade: bool,
        minor: Option<u32>,
    ) -> Result<Rendered, ApiError> {
        let version = minor.map_or(super::BUNDLED.to_string(), |minor| format!("1.{minor}.0"));
        let mut more = vec!["--kube-version", &version];
        if upgrade {
            more.push("--is-upgrade");
        }
        let said = self.run(config, values, Verb::Template, &more, &quiet).await?;
        if let Some(why) = said.failure {
            return Err(refused(config, &why));
        }
        let mut record = self.chart(config, values).await?;
        let all = documents(&said.out).map_err(|why| strange(&why))?;
        let (hooks, manifests) = all.into_iter().partition(is_hook);
        record.hooks = hooks;
        record.manifests = manifests;
        record.name = text(config, "name").unwrap_or_default().to_string();
        record.namespace = namespace(config);
        record.values = values.whole.clone();
        let reuses = flag(config, "reuse_values");
        Ok(Rendered { record, whole: !(upgrade && reuses), unchecked: None })
    }

    /// Asks which chart it is.
    async fn chart(&self, config: &Value, values: &Values) -> Result<Record, ApiError> {
        let helm = self.helm().await?;
        let mut folder = self.folder().await?;
        let asking = Asking { config, provider: &self.config, folder: &folder, major: helm.major };
        let mut words = vec!["show".to_string(), "chart".to_string(), asking.chart()];
        asking.source(&mut words);
        words.retain(|word| word != "--dependency-update");
        let secrets = self.secrets(config, values);
        let said = match self.logged_in(config, &mut folder, &secrets).await? {
            Some(failed) => failed,
            None => self.started(helm, words, &folder, &secrets, &quiet).await?,
        };
        if let Some(why) = said.failure {
            return Err(refused(config, &why));
        }
        let found = documents_of_chart(&said.out)?;
        Ok(Record::of(&json!({ "chart": { "metadata": found } })))
    }

    /// Lets helm look for mistakes in a chart.
    async fn lint(&self, config: &Value, values: &Values) -> Result<(), ApiError> {
        let helm = self.helm().await?;
        let folder = self.folder().await?;
        let asking = Asking { config, provider: &self.config, folder: &folder, major: helm.major };
        if text(config, "repository").is_some() {
            let detail = "`lint` looks at a chart in a folder or an archive; this one comes from a repository.";
            return Err(ApiError::new(ApiErrorKind::Invalid, "Chart cannot be linted", detail));
        }
        let mut words = vec!["lint".to_string(), asking.chart()];
        words.extend(["--namespace".into(), namespace(config)]);
        let all = asking.words(Verb::Template, values)?;
        for pair in all.windows(2).filter(|pair| pair[0] == "--values") {
            words.extend(pair.iter().cloned());
        }
        let secrets = self.secrets(config, values);
        let said = self.started(helm, words, &folder, &secrets, &quiet).await?;
        match said.failure {
            None => Ok(()),
            Some(why) => {
                let told = format!("{}\n{why}", secrets.hide(said.out.trim()));
                let detail = format!("`helm lint` finds mistakes in the chart: {told}");
                Err(ApiError::new(ApiErrorKind::Invalid, "Chart has mistakes", detail))
            }
        }
    }

    /// Renders a chart for the data source.
    pub(super) async fn template(&self, config: &Value) -> Result<Value, ApiError> {
        let values = self.values(config)?;
        let config = config_of_template(config);
        let listed = |name: &str| -> Vec<String> {
            let list = config.field(name).and_then(Value::elements).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(String::from).collect()
        };
        let mut more: Vec<String> = Vec::new();
        for version in listed("api_versions") {
            more.push(format!("--api-versions={version}"));
        }
        for file in listed("show_only") {
            more.push(format!("--show-only={file}"));
        }
        if let Some(version) = text(&config, "kube_version") {
            more.push(format!("--kube-version={version}"));
        }
        let rows = [
            ("include_crds", "--include-crds"),
            ("is_upgrade", "--is-upgrade"),
            ("skip_tests", "--skip-tests"),
            ("validate", "--validate"),
        ];
        let asked = rows.iter().filter(|(name, _)| flag(&config, name));
        more.extend(asked.map(|(_, word)| (*word).to_string()));
        let words: Vec<&str> = more.iter().map(String::as_str).collect();
        let said = self.run(&config, &values, Verb::Template, &words, &quiet).await?;
        if let Some(why) = said.failure {
            return Err(refused(&config, &why));
        }
        let chart = self.chart(&config, &values).await?;
        let (manifests, crds) = by_file(&said.out);
        let marks = config.all_marks();
        let secret = |value: Value| if marks.sensitive { value.sensitive() } else { value };
        let crds: Vec<Value> = crds.iter().map(Value::string).collect();
        let version = match text(&config, "version") {
            Some(version) => Value::string(version),
            None => Value::string(&chart.version),
        };
        let id = text(&config, "name").unwrap_or_default();
        Ok(config
            .with_field("id", Value::string(id))
            .with_field("version", version)
            .with_field("manifest", secret(Value::string(&said.out)))
            .with_field("manifests", secret(texts(&manifests)))
            .with_field("crds", Value::list(Type::String, crds))
            .with_field("notes", Value::null(Type::String)))
    }
}

/// Gives the defaults of the data source's arguments, where nothing is said.
fn config_of_template(config: &Value) -> Value {
    let schema = super::schema::template();
    schema.fields.iter().fold(config.clone(), |config, (name, field)| match &field.default {
        Some(default) if config.field(name).is_none_or(Value::is_null) => {
            config.with_field(name, default.clone())
        }
        _ => config,
    })
}

/// Takes a rendered chart apart by the files that it comes from; those of `crds` apart.
fn by_file(text: &str) -> (std::collections::BTreeMap<String, String>, Vec<String>) {
    let mut manifests: std::collections::BTreeMap<String, String> =
        std::collections::BTreeMap::new();
    let mut crds = Vec::new();
    for document in text.split("---\n").filter(|document| !document.trim().is_empty()) {
        let source = document.lines().find_map(|line| line.strip_prefix("# Source: "));
        let Some(source) = source else { continue };
        let inside = source.split_once('/').map_or(source, |(_, inside)| inside);
        if inside.starts_with("crds/") {
            crds.push(document.to_string());
            continue;
        }
        *manifests.entry(inside.to_string()).or_default() += &format!("---\n{document}");
    }
    (manifests, crds)
}

/// Helm may say a word before its JSON.
fn json_of(out: &str) -> &str {
    out.find('{').map_or(out, |at| &out[at..])
}

fn documents_of_chart(text: &str) -> Result<Json, ApiError> {
    yaml::one(text).map_err(|error| strange(&error))
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default().trim_end_matches('.')
}

fn is_among(text: &str, words: &[&str]) -> bool {
    words.iter().any(|words| text.contains(words))
}

fn refused(config: &Value, why: &str) -> ApiError {
    let chart = text(config, "chart").unwrap_or_default();
    let detail = format!("Chart \"{chart}\" cannot be rendered. Helm says: {why}");
    ApiError::new(ApiErrorKind::Invalid, "Chart cannot be rendered", detail)
}

fn strange(why: &str) -> ApiError {
    let detail = format!("What helm has said cannot be read: {why}.");
    ApiError::new(ApiErrorKind::Internal, "Unreadable answer from helm", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendered_chart_is_taken_apart_by_its_files() {
        let text = "---\n# Source: db/crds/a.yaml\nkind: C\n---\n# Source: db/templates/x.yaml\nkind: A\n---\n# Source: db/templates/x.yaml\nkind: B\n";

        let (manifests, crds) = by_file(text);

        assert_eq!(crds.len(), 1);
        let found = &manifests["templates/x.yaml"];
        assert!(found.contains("kind: A") && found.contains("kind: B"), "{found}");
    }
}
