//! The data source `terraform_remote_state`: the outputs of another configuration's state.
//!
//! Of the backends it reads `local` and `gcs`. Outputs come without their sensitive mark, as Terraform gives them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::check::problem;
use super::{DataRow, invalid, is_null, made, text};
use crate::auth::google::{GoogleTokens, Wish};
use crate::auth::storage_key::StorageKey;
use crate::http::client::{Client, Transport};
use crate::http::{HeaderValue, Method, Request, StatusCode};
use crate::providers::{ApiError, ApiErrorKind, Problem, World};
use crate::schema::{Field, Given, Schema};
use crate::value::convert::convert;
use crate::value::json::{from_json, from_json_as, type_from_json};
use crate::value::{Fields, Path, Type, Value};

pub(super) const DATA: &[DataRow] = &[DataRow {
    type_name: "terraform_remote_state",
    schema,
    validate: checks,
    read: |config, world| Box::pin(read(config, world)),
}];

/// The backends that Terraform has and this program does not read.
const OTHERS: &[&str] = &[
    "azurerm",
    "consul",
    "cos",
    "http",
    "inmem",
    "kubernetes",
    "oci",
    "oss",
    "pg",
    "remote",
    "s3",
];

const LOCAL: &[(&str, bool)] = &[("path", false), ("workspace_dir", false)];

/// The arguments of `gcs`, with whether each must be given.
const GCS: &[(&str, bool)] = &[
    ("access_token", false),
    ("bucket", true),
    ("credentials", false),
    ("encryption_key", false),
    ("impersonate_service_account", false),
    ("impersonate_service_account_delegates", false),
    ("kms_encryption_key", false),
    ("prefix", false),
    ("storage_custom_endpoint", false),
];

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
    let known = match backend {
        "local" => LOCAL,
        "gcs" => GCS,
        _ if OTHERS.contains(&backend) => {
            let detail = format!(
                "This program reads the states of other configurations from the backends \"gcs\" and \"local\", not from \
                 {backend:?}."
            );
            return Some(problem("backend", "Backend not available", detail));
        }
        _ => {
            let detail = format!("There is no backend type named {backend:?}.");
            return Some(problem("backend", "Invalid backend configuration", detail));
        }
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
    if let Some(name) =
        fields.keys().find(|name| !known.iter().any(|(known, _)| *known == &***name))
    {
        return Some(wrong(format!("unexpected attribute {:?}", &**name)));
    }
    let missing =
        known.iter().find(|(name, must)| *must && fields.get(name).is_none_or(Value::is_null));
    if let Some((name, _)) = missing {
        return Some(wrong(format!("attribute {name:?} is required")));
    }
    let bad = fields.iter().find_map(|(name, value)| {
        let list = &**name == "impersonate_service_account_delegates";
        let ty = if list { Type::list(Type::String) } else { Type::String };
        let error = convert(value, &ty).err()?;
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

/// Gives a setting of the backend as text.
fn setting(config: &Value, name: &str) -> Option<String> {
    let value = config.field("config")?.field(name)?;
    let value = convert(&value.without_marks(), &Type::String).ok()?;
    value.as_str().filter(|text| !text.is_empty()).map(String::from)
}

async fn read(config: &Value, world: &World) -> Result<Value, ApiError> {
    let given = config.field("workspace").and_then(Value::as_str);
    let workspace = given.unwrap_or("default");
    let state = match text(config, "backend") {
        Some("gcs") => gcs(config, world, workspace).await?,
        _ => local(config, world, workspace)?,
    };
    let Some(state) = state else {
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
    outputs.extend(read_outputs(&state)?);
    Ok(config.with_field("outputs", Value::object(outputs)))
}

fn local(config: &Value, world: &World, workspace: &str) -> Result<Option<Vec<u8>>, ApiError> {
    let path = if workspace == "default" {
        setting(config, "path").unwrap_or_else(|| "terraform.tfstate".into())
    } else {
        let folder =
            setting(config, "workspace_dir").unwrap_or_else(|| "terraform.tfstate.d".into());
        format!("{folder}/{workspace}/terraform.tfstate")
    };
    match std::fs::read(world.root.join(&path)) {
        Ok(bytes) => Ok(Some(bytes).filter(|bytes| !bytes.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(invalid("Error loading state error", format!("{path}: {error}"))),
    }
}

/// Gives the first of a setting and variables of the environment that says something.
fn given(config: &Value, world: &World, name: &str, variables: &[&str]) -> Option<String> {
    setting(config, name).or_else(|| {
        let mut values = variables.iter().filter_map(|name| world.environment.get(*name));
        values.find(|value| !value.is_empty()).cloned()
    })
}

async fn gcs(config: &Value, world: &World, workspace: &str) -> Result<Option<Vec<u8>>, ApiError> {
    let bucket = setting(config, "bucket").unwrap_or_default();
    let prefix = setting(config, "prefix").unwrap_or_default();
    let prefix = prefix.trim_start_matches('/').trim_end_matches('/');
    let object = match prefix {
        "" => format!("{workspace}.tfstate"),
        prefix => format!("{prefix}/{workspace}.tfstate"),
    };
    let endpoint = ["GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", "GOOGLE_STORAGE_CUSTOM_ENDPOINT"];
    let base = match (given(config, world, "storage_custom_endpoint", &endpoint), &world.sandbox) {
        (Some(base), _) => base,
        (None, Some(sandbox)) => format!("{}/storage/storage/v1", sandbox.trim_end_matches('/')),
        (None, None) => "https://storage.googleapis.com/storage/v1".into(),
    };
    let part =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let url = format!(
        "{}/b/{}/o/{}?alt=media",
        base.trim_end_matches('/'),
        part(&bucket).replace('+', "%20"),
        part(&object).replace('+', "%20")
    );
    let failed = |why: String| {
        let detail = format!("The state gs://{bucket}/{object} cannot be read: {why}");
        ApiError::new(ApiErrorKind::Unreachable, "Error loading state error", detail)
    };
    let client: Arc<dyn Transport> = Arc::new(Client::new(format!("terrane/{}", world.version)));
    let tokens = GoogleTokens::new(wish(config, world), client.clone(), world.clock.clone());
    let token = tokens.token().await.map_err(|error| failed(error.to_string()))?;
    let mut request = Request::new(Method::GET, url);
    let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
    let bearer = bearer.map_err(|_| failed("the access token is not one".into()))?;
    request.headers.insert("authorization", bearer);
    let key = given(config, world, "encryption_key", &["GOOGLE_ENCRYPTION_KEY"]);
    if let Some(key) = key {
        StorageKey::read(&key, &world.root).map_err(failed)?.add(&mut request);
    }
    let answer = client.send(request).await.map_err(|error| failed(error.message))?;
    match answer.status {
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => Ok(Some(answer.bytes().to_vec())),
        status => {
            let text: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
            let why = text["error"]["message"].as_str().unwrap_or_default().to_string();
            Err(failed(format!("the service answered {status}. {why}")))
        }
    }
}

fn wish(config: &Value, world: &World) -> Wish {
    let list = config
        .field("config")
        .and_then(|config| config.field("impersonate_service_account_delegates")?.elements());
    let delegates = list.unwrap_or_default().iter().filter_map(Value::as_str).map(String::from);
    let acts_as =
        ["GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"];
    let credentials = ["GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS"];
    Wish {
        access_token: given(config, world, "access_token", &["GOOGLE_OAUTH_ACCESS_TOKEN"]),
        credentials: given(config, world, "credentials", &credentials),
        impersonate: given(config, world, "impersonate_service_account", &acts_as),
        delegates: delegates.collect(),
        scopes: vec!["https://www.googleapis.com/auth/devstorage.read_only".into()],
        environment: world.environment.clone(),
        home: world.home.clone(),
        root: world.root.clone(),
        sandbox: world.sandbox.clone(),
        ..Wish::default()
    }
}

/// Reads the outputs of a state file of version 4.
fn read_outputs(bytes: &[u8]) -> Result<BTreeMap<Arc<str>, Value>, ApiError> {
    let unsupported = |why: String| invalid("Unsupported state file format", why);
    let state: Json = serde_json::from_slice(bytes).map_err(|error| {
        unsupported(format!("The state file could not be parsed as JSON: {error}."))
    })?;
    match state["version"].as_u64() {
        Some(4) => {}
        Some(version) => {
            return Err(unsupported(format!(
                "The state file uses format version {version}, which is not supported. This state file may have been \
                 created by another version of Terraform."
            )));
        }
        None => {
            return Err(unsupported(
                "The state file does not have a \"version\" attribute, which is required to identify the format version."
                    .into(),
            ));
        }
    }
    let outputs = state["outputs"].as_object().into_iter().flatten();
    let read = outputs.map(|(name, output)| {
        let ty = type_from_json(&output["type"]).unwrap_or(Type::Any);
        let value = match ty {
            Type::Any => from_json(&output["value"]),
            ty => from_json_as(&output["value"], &ty).map_err(|error| {
                unsupported(format!("The output value {name:?} cannot be read: {}.", error.message))
            })?,
        };
        Ok((Arc::from(name.as_str()), value))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Kind;

    #[test]
    fn outputs_have_the_types_that_the_state_says() {
        let state = br#"{"version": 4, "outputs": {"a": {"value": ["1"], "type": ["set", "string"], "sensitive": true}}}"#;

        let outputs = read_outputs(state).unwrap();

        assert!(matches!(outputs["a"].kind(), Kind::Set(..)));
        assert!(!outputs["a"].is_sensitive());
        assert!(read_outputs(b"{\"version\": 5}").is_err());
    }
}
