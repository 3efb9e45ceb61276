//! The Helm provider: charts by the real `helm` program, of version 3 or 4.
//!
//! A chart is rendered when it is planned, with the cluster's answers where there is a cluster, so that the plan shows object by
//! object what becomes of it. What helm keeps of a release in its cluster is read without helm. The program gets a kubeconfig and
//! values in files of its own; no secret is among its words.

mod strvals;
mod secrets;
mod yaml;
mod values;
mod manifests;
mod schema;
mod record;
mod release;
mod words;
mod claims;
mod program;
mod render;
mod session;
mod upgrade;

use std::sync::{Arc, LazyLock};

use serde_json::Value as Json;

use crate::addr::Mode;
use crate::diag::Diagnostic;
use crate::schema::Schema;
use crate::value::{Path, Value};

use super::kubernetes::{NO_CLUSTER, Reach, claims_stay, makes_outside, namespace_name};
use super::{Observed, PlanRequest, Planned, Problem, Provider, Session, World};

use self::session::{HelmSession, Place};
use self::values::problem;
use self::words::text;

/// The resource type.
const RELEASE: &str = "helm_release";

/// The data source.
const TEMPLATE: &str = "helm_template";

/// The version of Kubernetes that a chart is rendered for where there is no cluster to ask.
const BUNDLED: &str = "1.33.0";

/// The longest name of a release.
const LONGEST: usize = 53;

/// Gives the provider.
pub fn helm() -> Arc<dyn Provider> {
    Arc::new(HelmProvider)
}

struct HelmProvider;

static RELEASES: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(schema::release()));
static TEMPLATES: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(schema::template()));

impl Provider for HelmProvider {
    fn source(&self) -> &str {
        "hashicorp/helm"
    }

    fn schema(&self) -> Arc<Schema> {
        static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(schema::provider()));
        SCHEMA.clone()
    }

    fn type_names(&self, mode: Mode) -> Vec<String> {
        match mode {
            Mode::Managed => vec![RELEASE.to_string()],
            Mode::Data => vec![TEMPLATE.to_string()],
            Mode::Ephemeral => Vec::new(),
        }
    }

    fn resource(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        match (mode, type_name) {
            (Mode::Managed, RELEASE) => Some(RELEASES.clone()),
            (Mode::Data, TEMPLATE) => Some(TEMPLATES.clone()),
            _ => None,
        }
    }

    fn endpoint_argument(&self) -> Option<&str> {
        Some("kubernetes.host")
    }

    fn renders(&self, _type_name: &str) -> bool {
        true
    }

    fn wants(&self, _type_name: &str, value: &Value) -> Vec<String> {
        // In which one is not said where that is not known yet.
        let known = value.field("namespace").is_none_or(Value::is_known);
        known.then(|| namespace_name(&words::namespace(value))).into_iter().collect()
    }

    fn lives_in(&self, type_name: &str, value: &Value) -> Vec<String> {
        self.wants(type_name, value)
    }

    fn leaves_behind(&self, _type_name: &str, object: &Observed) -> bool {
        let objects = release::rows(object.value.field("resources"));
        // What a chart has to be done before it goes may be for somebody outside of the cluster.
        let parting = release::Memory::read(&object.private).parting
            && !words::flag(&object.value, "disable_webhooks");
        let makes = |text: &String| {
            serde_json::from_str(text).is_ok_and(|it| makes_outside(&it) || claims_stay(&it))
        };
        // A release of which it is not known what is in it may have anything.
        parting || objects.is_empty() || objects.values().any(makes)
    }

    fn validate(&self, _mode: Mode, _type_name: &str, config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = name_problem(config).into_iter().collect();
        problems.extend(postrender_problem(config));
        problems.extend(login_problem(config));
        let known = ["values", "set", "set_list", "set_sensitive", "set_wo"];
        if known.iter().all(|name| config.field(name).is_none_or(Value::is_whole)) {
            problems.extend(values::Values::of(config).err());
        }
        for block in ["set", "set_sensitive", "set_wo"] {
            let rows = config.field(block).and_then(Value::elements).unwrap_or_default();
            for (place, row) in rows.iter().enumerate() {
                let kinds = ["auto", "string", "literal"];
                if let Some(given) = text(row, "type").filter(|given| !kinds.contains(given)) {
                    let path = Path::root().attribute(block).place(place).attribute("type");
                    let detail = format!("\"{given}\" is none of {}.", kinds.join(", "));
                    problems.push(problem(path, "Invalid type of a value", detail));
                }
            }
        }
        problems
    }

    fn plan(&self, request: &PlanRequest<'_>) -> Planned {
        release::plan(request)
    }

    fn import(&self, _type_name: &str, id: &str, _provider: &Value) -> Result<Value, String> {
        match id.split_once('/') {
            Some((namespace, name))
                if !namespace.is_empty() && !name.is_empty() && !name.contains('/') =>
            {
                let value = schema::release().empty();
                Ok(value
                    .with_field("id", Value::string(name))
                    .with_field("name", Value::string(name))
                    .with_field("namespace", Value::string(namespace)))
            }
            _ => Err("The id of a release has the form NAMESPACE/NAME.".into()),
        }
    }

    fn imported(&self, _type_name: &str, found: Observed, config: &Value) -> Observed {
        release::without_secrets(&found, config)
    }

    fn upgrade(&self, _type_name: &str, _version: u64, attributes: Json) -> Result<Json, String> {
        Ok(upgrade::upgraded(attributes))
    }

    fn configure(
        &self,
        config: &Value,
        world: &World,
    ) -> Result<Arc<dyn Session>, Box<Diagnostic>> {
        if let Some(driver) = text(config, "helm_driver").filter(|driver| *driver != "secret") {
            let detail = format!(
                "Releases are read from the Secrets that helm keeps them in; `helm_driver = \"{driver}\"` keeps them elsewhere."
            );
            return Err(Box::new(Diagnostic::error("Unsupported helm driver", detail)));
        }
        let block = config.field("kubernetes").filter(|block| !block.is_null()).cloned();
        let block = block.unwrap_or_else(|| Value::object::<&str>([]));
        let place = match Reach::of(&block, world, "helm") {
            Ok(reach) => Place::Cluster(Box::new(reach)),
            // A chart can be rendered all the same.
            Err(problem) if problem.summary == NO_CLUSTER => Place::None,
            Err(problem) => return Err(problem),
        };
        Ok(Arc::new(HelmSession::new(config, world, place)))
    }

    fn offline(&self, config: &Value, world: &World) -> Option<Arc<dyn Session>> {
        Some(Arc::new(HelmSession::new(config, world, Place::Later)))
    }
}

fn name_problem(config: &Value) -> Option<Problem> {
    let name = text(config, "name")?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = name.len() <= LONGEST
        && name.chars().all(allowed)
        && name.starts_with(ends)
        && name.ends_with(ends);
    let detail = format!(
        "\"{name}\" is no name of a release: it has at the most {LONGEST} characters, which are a to z, 0 to 9, - and ., and \
         begins and ends with a letter or digit."
    );
    (!fits).then(|| problem(Path::root().attribute("name"), "Invalid release name", detail))
}

/// Says where a login is given that helm has no use for.
fn login_problem(config: &Value) -> Option<Problem> {
    let chart = text(config, "chart").filter(|chart| chart.starts_with("http"))?;
    let given = |name: &str| config.field(name).is_some_and(|value| !value.is_null());
    let has_login = given("repository_password") || given("repository_username");
    let alone = has_login && !given("repository");
    let folder = chart.rsplit_once('/').map_or(chart, |(folder, _)| folder);
    let detail = format!(
        "Helm is told of a login with a repository, and the chart is an address of its own. Write the repository that has it, like \
         `repository = \"{folder}\"`, and the chart's name."
    );
    alone.then(|| problem(Path::root().attribute("chart"), "Login without a repository", detail))
}

fn postrender_problem(config: &Value) -> Option<Problem> {
    let block = config.field("postrender")?;
    let elements = block.elements();
    let empty = !block.is_null() && elements.is_none() && text(block, "binary_path").is_none();
    let known = block.field("binary_path").is_none_or(Value::is_known);
    (empty && known).then(|| {
        let path = Path::root().attribute("postrender");
        problem(
            path,
            "Missing program",
            "`binary_path` names the program that changes what is rendered.",
        )
    })
}
