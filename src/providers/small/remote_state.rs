//! The data source `terraform_remote_state`: the outputs of another configuration's state.
//!
//! It reads them where this program keeps states itself, by the same settings. Outputs come without their sensitive mark, as Terraform gives them.

use std::sync::Arc;

use super::check::problem;
use super::{DataRow, invalid, is_null, made, text};
use crate::backends::kinds::{self, Argument, Surroundings};
use crate::backends::{Backend, BackendError};
use crate::diag::Diagnostic;
use crate::providers::{ApiError, ApiErrorKind, Problem, World};
use crate::schema::{Field, Given, Schema};
use crate::state::file::StateError;
use crate::value::convert::convert;
use crate::value::json::to_json;
use crate::value::{Fields, Path, Type, Value};

pub(super) const DATA: &[DataRow] = &[DataRow {
    type_name: "terraform_remote_state",
    schema,
    validate: checks,
    read: |config, world| Box::pin(read(config, world)),
}];

/// The backends that Terraform has and this program does not read.
const OTHERS: &[&str] = &["azurerm", "consul", "cos", "inmem", "oci", "oss", "remote", "s3"];

fn schema() -> Schema {
    let plain = |ty, given| Field::attribute(ty, given);
    made(
        0,
        [
            ("backend", plain(Type::String, Given::Required)),
            ("config", plain(Type::Any, Given::Optional)),
            ("defaults", plain(Type::Any, Given::Optional)),
            ("outputs", plain(Type::Any, Given::Service)),
            ("workspace", plain(Type::String, Given::Optional)),
        ],
    )
}

fn checks(config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(backend) = config.field("backend").and_then(Value::as_str) {
        problems.extend(backend_check(backend, config.field("config")));
    }
    let defaults = config.field("defaults").filter(|value| value.is_known() && !value.is_null());
    if defaults.is_some_and(|defaults| defaults.fields().is_none()) {
        let detail = "Defaults must be given in an object value.".into();
        problems.push(problem("defaults", "Invalid default values", detail));
    }
    problems
}

fn backend_check(backend: &str, config: Option<&Value>) -> Option<Problem> {
    let Some(arguments) = kinds::arguments(backend) else {
        let detail = if OTHERS.contains(&backend) {
            let known: Vec<String> = kinds::names().map(|name| format!("{name:?}")).collect();
            let known = known.join(", ");
            format!(
                "This program reads the states of other configurations from the backends {known}, not from {backend:?}."
            )
        } else {
            format!("There is no backend type named {backend:?}.")
        };
        let summary = match OTHERS.contains(&backend) {
            true => "Backend not available",
            false => "Invalid backend configuration",
        };
        return Some(problem("backend", summary, detail));
    };
    let wrong = |why: String| {
        let detail =
            format!("The given configuration is not valid for backend {backend:?}: {why}.");
        problem("config", "Invalid backend configuration", detail)
    };
    let none = Fields::new();
    let fields = match config {
        None => &none,
        Some(config) if config.is_null() => &none,
        Some(config) if !config.is_known() => return None,
        Some(config) => match config.fields() {
            Some(fields) => fields,
            None => return Some(wrong("an object is required".into())),
        },
    };
    let argument = |name: &str| arguments.iter().find(|argument| argument.name == name);
    if let Some(name) = fields.keys().find(|name| argument(name).is_none()) {
        return Some(wrong(format!("unexpected attribute {:?}", &**name)));
    }
    let missing = arguments
        .iter()
        .find(|argument| argument.required && fields.get(argument.name).is_none_or(Value::is_null));
    if let Some(Argument { name, .. }) = missing {
        return Some(wrong(format!("attribute {name:?} is required")));
    }
    let bad = fields.iter().find_map(|(name, value)| {
        let error = convert(value, &argument(name)?.ty).err()?;
        Some(format!(".{name}: {}", error.message))
    });
    if let Some(why) = bad {
        return Some(wrong(why));
    }
    let empty = fields.get("path").and_then(Value::as_str) == Some("");
    (backend == "local" && empty).then(|| {
        let detail = "The \"path\" attribute value must not be empty.".into();
        let found = problem("", "Invalid local state file path", detail);
        Problem { path: Path::root(), ..found }
    })
}

async fn read(config: &Value, world: &World) -> Result<Value, ApiError> {
    let given = config.field("workspace").and_then(Value::as_str);
    let place = opened(config, world, given.unwrap_or("default"))?;
    let loaded = place.load().await.map_err(|error| unreadable(&error))?;
    let Some(state) = loaded.snapshot else {
        let mut error = ApiError::new(
            ApiErrorKind::NotFound,
            "Unable to find remote state",
            "No stored state was found for the given workspace in the given backend.",
        );
        error.path = (!is_null(config, "workspace")).then(|| Path::root().attribute("workspace"));
        return Err(error);
    };
    let defaults = config.field("defaults").and_then(Value::fields);
    let mut outputs = defaults.cloned().unwrap_or_default();
    let kept = state.outputs.into_iter();
    outputs.extend(kept.map(|(name, kept)| (Arc::from(name), kept.value.without_marks())));
    Ok(config.with_field("outputs", Value::object(outputs)))
}

/// Opens the place of the state, with the keys that states of others are encrypted with.
fn opened(config: &Value, world: &World, workspace: &str) -> Result<Box<dyn Backend>, ApiError> {
    let settings = config.field("config").map(|config| to_json(&config.without_marks()));
    let mut settings = settings.and_then(|json| json.as_object().cloned()).unwrap_or_default();
    settings.retain(|_, value| !value.is_null());
    let surroundings = Surroundings {
        folder: world.root.clone(),
        environment: world.environment.clone(),
        home: world.home.clone(),
        sandbox: world.sandbox.clone(),
        clock: world.clock.clone(),
    };
    let kind = text(config, "backend");
    let opened = kinds::open(kind, &settings, workspace, &surroundings);
    let mut place = opened.map_err(|problem| told(&problem))?;
    if let Some(vault) = &world.vault {
        place.seal_with(vault.clone());
    }
    Ok(place)
}

fn unreadable(error: &BackendError) -> ApiError {
    match error {
        BackendError::State { error: error @ StateError::NotJson { .. }, .. } => {
            let detail = format!("The state file could not be parsed as JSON: {error}.");
            invalid("Unsupported state file format", detail)
        }
        BackendError::Service { .. } => {
            let problem = error.to_diagnostic();
            let summary = "Error loading state error";
            ApiError::new(ApiErrorKind::Unreachable, summary, problem.detail)
        }
        error => told(&error.to_diagnostic()),
    }
}

fn told(problem: &Diagnostic) -> ApiError {
    let error = invalid(&problem.summary, problem.detail.clone());
    problem.help.iter().fold(error, |error, help| error.help(help))
}
