//! Ephemeral resources: tokens, signed claims, keys for one run, and what secrets hold.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::equal::duration_seconds;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{escape, text_at, texts};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, ApiErrorKind, Problem};
use crate::value::{Path, Type, Value};

/// How long an access token is good unless said.
const LIFETIME: &str = "3600s";

/// `ephemeral.google_service_account_access_token`.
pub struct AccessToken;

/// `ephemeral.google_service_account_id_token`.
pub struct IdToken;

/// `ephemeral.google_service_account_jwt`.
pub struct Jwt;

/// `ephemeral.google_service_account_key`.
pub struct AccountKey;

/// `ephemeral.google_secret_manager_secret_version`.
pub struct SecretVersion;

#[async_trait]
impl Hook for AccessToken {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let mut problems = no_delegate(config);
        let Some(text) = text_at(config, "lifetime") else { return problems };
        let path = Path::root().attribute("lifetime");
        match duration_seconds(&text) {
            None => problems.push(problem(
                &path,
                "Invalid Duration Format",
                "Duration must be a valid duration string (e.g., '3600s', '1h')".into(),
            )),
            Some(seconds) if !(0.0..=3600.0).contains(&seconds) => problems.push(problem(
                &path,
                "Invalid Duration",
                "Duration must be between 0s and 1h0m0s".into(),
            )),
            Some(_) => {}
        }
        problems
    }

    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let lifetime = text_at(config, "lifetime").unwrap_or_else(|| LIFETIME.into());
        let seconds = duration_seconds(&lifetime).unwrap_or(3600.0);
        let body = json!({ "scope": texts(config, "scopes"), "lifetime": format!("{seconds}s") });
        let answer = credentials(session, spec, config, "generateAccessToken", body).await?;
        let token = told(&answer, "accessToken")?;
        Ok(config
            .with_field("access_token", Value::string(token))
            .with_field("lifetime", Value::string(lifetime)))
    }
}

#[async_trait]
impl Hook for IdToken {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let mut problems = no_delegate(config);
        if config.field("target_service_account").is_some_and(Value::is_null) {
            let detail = "Without \"target_service_account\" the token would be that of the provider's own credentials, which \
                          is not made here. Name the service account.";
            let path = Path::root().attribute("target_service_account");
            problems.push(problem(&path, "No service account", detail.into()));
        }
        problems
    }

    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let email = config.field("include_email").and_then(Value::as_bool).unwrap_or(false);
        let body = json!({ "audience": text_at(config, "target_audience"), "includeEmail": email });
        let answer = credentials(session, spec, config, "generateIdToken", body).await?;
        Ok(config.with_field("id_token", Value::string(told(&answer, "token")?)))
    }
}

#[async_trait]
impl Hook for Jwt {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        no_delegate(config)
    }

    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let mut payload = text_at(config, "payload").unwrap_or_default();
        if let Some(seconds) = config.field("expires_in").and_then(Value::as_i64) {
            let mut claims: Json = serde_json::from_str(&payload)
                .map_err(|error| invalid("Error decoding payload", error.to_string()))?;
            let now = session.api.clock.now().as_second();
            match claims.as_object_mut() {
                Some(claims) => claims.insert("exp".into(), (now + seconds).into()),
                None => {
                    let detail = "The payload is not a JSON object.";
                    return Err(invalid("Error decoding payload", detail.into()));
                }
            };
            payload = claims.to_string();
        }
        let body = json!({ "payload": payload });
        let answer = credentials(session, spec, config, "signJwt", body).await?;
        Ok(config.with_field("jwt", Value::string(told(&answer, "signedJwt")?)))
    }
}

#[async_trait]
impl Hook for AccountKey {
    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let given = text_at(config, "service_account_id").or_else(|| text_at(config, "name"));
        let account = full_account(session, &given.unwrap_or_default())?;
        let kind = text_at(config, "public_key_type").unwrap_or("TYPE_X509_PEM_FILE".into());
        let mut value = config.with_field("public_key_type", Value::string(&kind));
        let fetched = config.field("fetch_key").and_then(Value::as_bool) == Some(true);
        let mut name = account.clone();
        if !fetched {
            let key = make_key(session, spec, config, &account).await?;
            name = told(&key, "name")?;
            value = value.with_field("name", Value::string(&name));
            for (attribute, member) in [
                ("key_algorithm", "keyAlgorithm"),
                ("private_key", "privateKeyData"),
                ("private_key_type", "privateKeyType"),
            ] {
                let text = key.get(member).and_then(Json::as_str).unwrap_or_default();
                value = value.with_field(attribute, Value::string(text));
            }
        }
        let path = format!("{name}?publicKeyType={}", escape(&kind, true));
        let ask = Ask::get(&spec.service, path, "reading the service account's key");
        let found = session.api.send(&ask, &*session.api.clock).await;
        match found {
            Ok(_) => Ok(value),
            Err(refused) => {
                if !fetched {
                    // What was made for this run does not outlive it.
                    self.close(session, spec, &value).await?;
                }
                Err(refused.into())
            }
        }
    }

    async fn close(
        &self,
        session: &RestSession,
        spec: &Spec,
        opened: &Value,
    ) -> Result<(), ApiError> {
        let fetched = opened.field("fetch_key").and_then(Value::as_bool) == Some(true);
        let Some(name) = text_at(opened, "name").filter(|_| !fetched) else { return Ok(()) };
        let ask = Ask {
            method: Method::DELETE,
            ..Ask::get(&spec.service, name, "removing the service account's key")
        };
        match session.api.send(&ask, &*session.api.clock).await {
            Ok(_) => Ok(()),
            // It is gone, or not ours to remove any more.
            Err(refused) if refused.is_not_found() || refused.status() == 403 => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

#[async_trait]
impl Hook for SecretVersion {
    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let config = session.located(spec, config);
        let secret = text_at(&config, "secret").unwrap_or_default();
        let project = text_at(&config, "project").unwrap_or_default();
        let secret = if secret.contains('/') {
            secret
        } else {
            format!("projects/{}/secrets/{}", escape(&project, false), escape(&secret, false))
        };
        let version = text_at(&config, "version").filter(|text| !text.is_empty());
        let version = version.unwrap_or_else(|| "latest".into());
        let path = format!("{secret}/versions/{}", escape(&version, false));
        let ask = Ask::get(&spec.service, path, "reading the secret's version");
        let found = session.api.send(&ask, &*session.api.clock).await.map_err(ApiError::from)?;
        let name = told(&found, "name")?;
        let ask =
            Ask::get(&spec.service, format!("{name}:access"), "reading what the secret holds");
        let held = session.api.send(&ask, &*session.api.clock).await.map_err(ApiError::from)?;
        let data = held.pointer("/payload/data").and_then(Json::as_str).unwrap_or_default();
        let as_is = config.field("is_secret_data_base64").and_then(Value::as_bool) == Some(true);
        let data = if as_is { data.to_string() } else { decoded(data)? };
        let text = |member: &str| match found.get(member).and_then(Json::as_str) {
            Some(text) => Value::string(text),
            None => Value::null(Type::String),
        };
        Ok(config
            .with_field("secret_data", Value::string(data))
            .with_field("name", Value::string(&name))
            .with_field("create_time", text("createTime"))
            .with_field("destroy_time", text("destroyTime"))
            .with_field("enabled", Value::bool(true)))
    }
}

/// Asks for something that a service account can do.
async fn credentials(
    session: &RestSession,
    spec: &Spec,
    config: &Value,
    method: &str,
    mut body: Json,
) -> Result<Json, ApiError> {
    let account = text_at(config, "target_service_account").unwrap_or_default();
    let delegates: Vec<String> =
        texts(config, "delegates").iter().map(|text| chain(text)).collect();
    if !delegates.is_empty() {
        body["delegates"] = delegates.into();
    }
    let ask = Ask {
        method: Method::POST,
        body: Some(body),
        ..Ask::get(
            &spec.service,
            format!("projects/-/serviceAccounts/{}:{method}", escape(&account, false)),
            format!("asking for {method} of {account}"),
        )
    };
    session.api.send(&ask, &*session.api.clock).await.map_err(ApiError::from)
}

/// Makes a key, or takes in a public one.
async fn make_key(
    session: &RestSession,
    spec: &Spec,
    config: &Value,
    account: &str,
) -> Result<Json, ApiError> {
    let (path, body) = match text_at(config, "public_key_data").filter(|text| !text.is_empty()) {
        Some(data) => (format!("{account}/keys:upload"), json!({ "publicKeyData": data })),
        None => {
            let or = |name: &str, usual: &str| {
                text_at(config, name)
                    .filter(|text| !text.is_empty())
                    .unwrap_or_else(|| usual.into())
            };
            let body = json!({
                "keyAlgorithm": or("key_algorithm", "KEY_ALG_RSA_2048"),
                "privateKeyType": or("private_key_type", "TYPE_GOOGLE_CREDENTIALS_FILE"),
            });
            (format!("{account}/keys"), body)
        }
    };
    let ask = Ask {
        method: Method::POST,
        body: Some(body),
        careful: true,
        ..Ask::get(&spec.service, path, "making a key of the service account")
    };
    session.api.send(&ask, &*session.api.clock).await.map_err(ApiError::from)
}

/// Completes the name of a service account.
fn full_account(session: &RestSession, name: &str) -> Result<String, ApiError> {
    if name.starts_with("projects/") {
        return Ok(name.to_string());
    }
    if name.contains('@') {
        return Ok(format!("projects/-/serviceAccounts/{name}"));
    }
    let project = session.defaults.fill("project").and_then(Value::as_str).map(String::from);
    let project = project.ok_or_else(|| {
        invalid("Missing project", "The service account's project is not known.".into())
    })?;
    Ok(format!("projects/-/serviceAccounts/{name}@{project}.iam.gserviceaccount.com"))
}

fn chain(delegate: &str) -> String {
    match delegate.starts_with("projects/") {
        true => delegate.to_string(),
        false => format!("projects/-/serviceAccounts/{delegate}"),
    }
}

/// Tells of delegates that are no service accounts.
fn no_delegate(config: &Value) -> Vec<Problem> {
    let path = Path::root().attribute("delegates");
    let wrong = |text: &&String| !text.ends_with(".gserviceaccount.com") || !text.contains('@');
    let tell = |text: &String| {
        let detail =
            format!("{text:?} of \"delegates\" is not the email address of a service account.");
        problem(&path, "Invalid Service Account Name", detail)
    };
    texts(config, "delegates").iter().filter(wrong).map(tell).collect()
}

fn told(answer: &Json, member: &str) -> Result<String, ApiError> {
    answer.get(member).and_then(Json::as_str).map(String::from).ok_or_else(|| {
        let detail = format!("The service's answer has no \"{member}\".");
        ApiError::new(ApiErrorKind::Internal, "Unexpected answer", detail)
    })
}

fn decoded(data: &str) -> Result<String, ApiError> {
    let bytes = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.ok_or_else(|| {
        let detail =
            "What the secret holds is not text. Set is_secret_data_base64 to have it in base64.";
        invalid("Error decoding secret data", detail.into())
    })
}

fn invalid(summary: &str, detail: String) -> ApiError {
    ApiError::new(ApiErrorKind::Invalid, summary, detail)
}
