//! Google's access tokens.
//!
//! The order: a given token, given credentials, what the environment names, gcloud's own, the metadata
//! server. A service account's key is exchanged for a token at its `token_uri`, since a GKE control plane takes
//! only such. Nothing is asked before the first token is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use google_cloud_auth::credentials::{CacheableResource, Credentials, external_account};
use jiff::{Timestamp, ToSpan};
use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::exchange::{Exchange, Token};
use crate::http::Clock;
use crate::http::client::{Transport, install_provider};
use crate::http::clock::Waiting;
use ::http::Extensions;

/// Which credentials are wished for. It holds secrets, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct Wish {
    /// A token, used as it is.
    pub access_token: Option<String>,
    /// A path of a JSON file, or the JSON itself.
    pub credentials: Option<String>,
    /// A token of another identity provider.
    pub external: Option<External>,
    /// The service account to act as.
    pub impersonate: Option<String>,
    /// The service accounts on the way to it.
    pub delegates: Vec<String>,
    /// What the token is good for.
    pub scopes: Vec<String>,
    /// The address of the IAM credentials service with its version and a slash at the end, where it is not the usual one.
    pub iam_credentials: Option<String>,
    /// The environment's variables.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The folder that relative paths begin at.
    pub root: PathBuf,
    /// The sandbox's base address, which mints its own tokens.
    pub sandbox: Option<String>,
}

/// Workload identity federation as a provider block says it.
#[derive(Clone)]
pub struct External {
    /// The workload identity pool's provider.
    pub audience: String,
    /// The other identity provider's token.
    pub identity_token: String,
    /// Where it is exchanged.
    pub token_url: String,
    /// Where the service account's token is had.
    pub impersonation_url: String,
}

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct AuthError(pub String);

/// Gives tokens and keeps them until shortly before they expire.
pub struct GoogleTokens {
    wish: Wish,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(String, Timestamp)>,
    source: Option<Arc<Source>>,
    /// Why there has never been a token: whoever asks next is told the same.
    failed: Option<AuthError>,
}

enum Source {
    Fixed(String),
    Sandbox(String),
    Key(Json),
    User(Json),
    Federated(External),
    Metadata(String),
    /// The other kinds of federation: the library reads files, addresses and commands for the foreign token.
    Library(Credentials),
    /// A service account, by what another source gives.
    Acting {
        by: Box<Source>,
        url: String,
        delegates: Vec<String>,
    },
}

/// What is enough to act as a service account.
const PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

const IAM_CREDENTIALS: &str = "https://iamcredentials.googleapis.com/v1/";

const METADATA: &str = "metadata.google.internal";

impl GoogleTokens {
    /// Makes a source; nothing is read or asked yet.
    pub fn new(wish: Wish, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> GoogleTokens {
        GoogleTokens { wish, transport, clock, kept: Mutex::default() }
    }

    /// Gives a token that is good for some minutes.
    ///
    /// # Errors
    /// Why none can be had.
    pub async fn token(&self) -> Result<String, AuthError> {
        let mut kept = match self.kept.try_lock() {
            Ok(kept) => kept,
            Err(_) => {
                let _waiting = Waiting::on(&*self.clock);
                self.kept.lock().await
            }
        };
        if let Some(failed) = &kept.failed {
            return Err(failed.clone());
        }
        let given = self.fresh(&mut kept).await;
        if kept.token.is_none() {
            kept.failed = given.as_ref().err().cloned();
        }
        given
    }

    async fn fresh(&self, kept: &mut Kept) -> Result<String, AuthError> {
        if let Some((token, until)) = &kept.token
            && self.clock.now() < *until
        {
            return Ok(token.clone());
        }
        let source = match &kept.source {
            Some(source) => source.clone(),
            None => {
                let source = Arc::new(self.source()?);
                kept.source = Some(source.clone());
                source
            }
        };
        if let Source::Fixed(token) = &*source {
            return Ok(token.clone());
        }
        let (token, life) = self.minted(&source, &self.wish.scopes).await?;
        let margin = if life > Duration::from_secs(600) { 300 } else { 5 };
        let life = i64::try_from(life.as_secs()).unwrap_or(0).saturating_sub(margin).max(1);
        kept.token = Some((token.clone(), self.clock.now() + life.seconds()));
        Ok(token)
    }

    async fn minted(&self, source: &Source, scopes: &[String]) -> Result<Token, AuthError> {
        let exchange = Exchange { transport: &*self.transport, clock: &*self.clock };
        match source {
            Source::Fixed(token) => Ok((token.clone(), Duration::from_secs(3600))),
            Source::Sandbox(base) => exchange.sandbox(base).await,
            Source::Key(key) => exchange.key(key, scopes).await,
            Source::User(user) => exchange.user(user).await,
            Source::Federated(external) => exchange.federated(external, scopes).await,
            Source::Metadata(root) => exchange.metadata(root, scopes).await,
            Source::Library(credentials) => {
                Ok((bearer(credentials).await?, Duration::from_secs(60)))
            }
            Source::Acting { by, url, delegates } => {
                let platform = [PLATFORM.to_string()];
                let (token, _) = Box::pin(self.minted(by, &platform)).await?;
                exchange.acting(&token, url, delegates, scopes).await
            }
        }
    }

    fn source(&self) -> Result<Source, AuthError> {
        install_provider();
        if let Some(base) = &self.wish.sandbox {
            return Ok(Source::Sandbox(base.trim_end_matches('/').to_string()));
        }
        let source = self.own()?;
        let Some(target) = self.wish.impersonate.as_deref().filter(|target| !target.is_empty())
        else {
            return Ok(source);
        };
        let base = self.wish.iam_credentials.as_deref().unwrap_or(IAM_CREDENTIALS);
        let url = format!("{base}projects/-/serviceAccounts/{target}:generateAccessToken");
        Ok(Source::Acting { by: Box::new(source), url, delegates: self.wish.delegates.clone() })
    }

    /// Gives the source of one's own token, without acting as somebody else.
    fn own(&self) -> Result<Source, AuthError> {
        if let Some(token) = &self.wish.access_token {
            return Ok(Source::Fixed(token.clone()));
        }
        if let Some(external) = &self.wish.external {
            return Ok(Source::Federated(external.clone()));
        }
        match self.json()? {
            Some((json, from)) => self.of(json, &from),
            None => {
                let host = self.variable("GCE_METADATA_HOST").unwrap_or(METADATA);
                Ok(Source::Metadata(format!("http://{host}")))
            }
        }
    }

    /// Gives the source that credentials in JSON stand for; `from` says where they were found.
    fn of(&self, json: Json, from: &str) -> Result<Source, AuthError> {
        let needs = |names: &[&str]| {
            let missing = names.iter().find(|name| json[**name].as_str().is_none_or(str::is_empty));
            match missing {
                Some(name) => {
                    let kind = json["type"].as_str().unwrap_or_default();
                    Err(AuthError(format!(
                        "Credentials of type \"{kind}\" need \"{name}\", and {from} has none."
                    )))
                }
                None => Ok(()),
            }
        };
        match json["type"].as_str() {
            Some("service_account") => {
                needs(&["client_email", "private_key"])?;
                Ok(Source::Key(json))
            }
            Some("authorized_user") => {
                needs(&["client_id", "client_secret", "refresh_token"])?;
                Ok(Source::User(json))
            }
            Some("impersonated_service_account") => {
                needs(&["service_account_impersonation_url"])?;
                let url = json["service_account_impersonation_url"].as_str().unwrap_or_default();
                let delegates = json["delegates"].as_array().into_iter().flatten();
                let delegates =
                    delegates.filter_map(|name| name.as_str().map(str::to_string)).collect();
                let inner = format!("the \"source_credentials\" of {from}");
                let by = self.of(json["source_credentials"].clone(), &inner)?;
                Ok(Source::Acting { by: Box::new(by), url: url.to_string(), delegates })
            }
            Some("external_account") => {
                let scopes = self.wish.scopes.clone();
                let built = external_account::Builder::new(json).with_scopes(scopes).build();
                let why = |error| {
                    AuthError(format!(
                        "The credentials in {from} cannot be used: {}.",
                        causes(&error)
                    ))
                };
                built.map(Source::Library).map_err(why)
            }
            other => {
                let kind = other.unwrap_or("none");
                Err(AuthError(format!(
                    "Credentials of type \"{kind}\" are not supported ({from}). The types are service_account, \
                     authorized_user, external_account and impersonated_service_account."
                )))
            }
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.wish.environment.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Gives the credentials' JSON, from the configuration, the environment or gcloud, and says where it was found.
    fn json(&self) -> Result<Option<(Json, String)>, AuthError> {
        const VARIABLES: [&str; 3] =
            ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"];
        let configured = self.wish.credentials.as_deref().map(|text| ("the credentials", text));
        let given = configured
            .or_else(|| VARIABLES.iter().find_map(|name| Some((*name, self.variable(name)?))));
        if let Some((from, text)) = given {
            if text.trim_start().starts_with('{') {
                return parsed(text, from).map(|json| Some((json, from.to_string())));
            }
            return self.file(&PathBuf::from(text), from).map(Some);
        }
        if let Some(path) = self.variable("GOOGLE_APPLICATION_CREDENTIALS") {
            return self.file(&PathBuf::from(path), "GOOGLE_APPLICATION_CREDENTIALS").map(Some);
        }
        let folder = match self.variable("CLOUDSDK_CONFIG") {
            Some(folder) => Some(PathBuf::from(folder)),
            None => self.wish.home.as_ref().map(|home| home.join(".config/gcloud")),
        };
        let file = folder.map(|folder| folder.join("application_default_credentials.json"));
        match file.filter(|file| file.is_file()) {
            Some(file) => self.file(&file, "gcloud's application default credentials").map(Some),
            None => Ok(None),
        }
    }

    fn file(&self, path: &Path, named: &str) -> Result<(Json, String), AuthError> {
        let path = match (path.strip_prefix("~"), &self.wish.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.wish.root.join(path),
        };
        // What is neither a path nor JSON may be a secret: a text that is no file's name is not shown.
        let shown = match path.to_str() {
            Some(text) if text.len() < 256 && !text.contains('\n') => text.to_string(),
            _ => "of that name".to_string(),
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let error = error.to_string();
            let why = error.split(" (os error").next().unwrap_or(&error);
            AuthError(format!(
                "The credentials file {shown} cannot be read: {why}. It is named by {named}."
            ))
        })?;
        let from = format!("the file {shown}");
        parsed(&text, &from).map(|json| (json, from))
    }
}

fn parsed(text: &str, what: &str) -> Result<Json, AuthError> {
    let json: Option<Json> = serde_json::from_str(text).ok().filter(Json::is_object);
    json.ok_or_else(|| AuthError(format!("The text of {what} is not a JSON object.")))
}

async fn bearer(credentials: &Credentials) -> Result<String, AuthError> {
    let headers = match credentials.headers(Extensions::new()).await {
        Ok(CacheableResource::New { data, .. }) => data,
        Ok(CacheableResource::NotModified) => {
            return Err(AuthError("The credentials gave no token.".into()));
        }
        Err(error) => return Err(AuthError(format!("No access token: {}.", causes(&error)))),
    };
    let header = headers.get(::http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|text| text.strip_prefix("Bearer ")).map(str::to_string);
    token.ok_or_else(|| AuthError("The credentials gave no token.".into()))
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
