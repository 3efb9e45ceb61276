//! Google's access tokens, over google-cloud-auth.
//!
//! The order: a given token, given credentials, what the environment names, gcloud's own, the metadata
//! server. A service account's key is exchanged for a token at its `token_uri`, since a GKE control plane takes
//! only such. Nothing is asked before the first token is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use google_cloud_auth::credentials::{
    CacheableResource, Credentials, external_account, impersonated, mds, service_account,
    user_account,
};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;

use crate::http::client::{Transport, install_provider};
use crate::http::{Bytes, Clock, HeaderValue, Method, Request};
use ::http::Extensions;

/// Which credentials are wished for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// A token, used as it is.
    pub access_token: Option<String>,
    /// A path of a JSON file, or the JSON itself.
    pub credentials: Option<String>,
    /// The service account to act as.
    pub impersonate: Option<String>,
    /// The service accounts on the way to it.
    pub delegates: Vec<String>,
    /// What the token is good for.
    pub scopes: Vec<String>,
    /// The environment's variables.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The sandbox's base address, which mints its own tokens.
    pub sandbox: Option<String>,
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
    source: Option<Source>,
}

#[derive(Clone)]
enum Source {
    Fixed(String),
    Sandbox(String),
    Key(Arc<Json>),
    Library(Credentials),
}

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
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &kept.token
            && self.clock.now() < *until
        {
            return Ok(token.clone());
        }
        let source = match &kept.source {
            Some(source) => source.clone(),
            None => {
                let source = self.source()?;
                kept.source = Some(source.clone());
                source
            }
        };
        let (token, life) = match source {
            Source::Fixed(token) => return Ok(token),
            Source::Sandbox(base) => {
                self.asked(&format!("{base}/sandbox/token"), Bytes::new()).await?
            }
            Source::Key(key) => self.exchanged(&key).await?,
            Source::Library(credentials) => (bearer(&credentials).await?, Duration::from_secs(60)),
        };
        let margin = if life > Duration::from_secs(600) { 300 } else { 5 };
        let life = i64::try_from(life.as_secs()).unwrap_or(0).saturating_sub(margin).max(1);
        kept.token = Some((token.clone(), self.clock.now() + life.seconds()));
        Ok(token)
    }

    fn source(&self) -> Result<Source, AuthError> {
        install_provider();
        if let Some(base) = &self.wish.sandbox {
            return Ok(Source::Sandbox(base.trim_end_matches('/').to_string()));
        }
        if let Some(target) = &self.wish.impersonate {
            let built = impersonated::Builder::from_source_credentials(self.library()?)
                .with_target_principal(target)
                .with_delegates(self.wish.delegates.clone())
                .with_scopes(self.wish.scopes.clone())
                .build();
            return built.map(Source::Library).map_err(|error| AuthError(causes(&error)));
        }
        if let Some(token) = &self.wish.access_token {
            return Ok(Source::Fixed(token.clone()));
        }
        match self.json()? {
            Some(json) if json["type"] == "service_account" && json["token_uri"].is_string() => {
                Ok(Source::Key(Arc::new(json)))
            }
            Some(_) | None => self.library().map(Source::Library),
        }
    }

    /// Gives the credentials' JSON, from the configuration, the environment or gcloud.
    fn json(&self) -> Result<Option<Json>, AuthError> {
        let environment =
            |name: &str| self.wish.environment.get(name).filter(|text| !text.is_empty());
        let given = self.wish.credentials.as_ref().or_else(|| {
            ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"]
                .iter()
                .find_map(|name| environment(name))
        });
        if let Some(text) = given {
            if text.trim_start().starts_with('{') {
                return parsed(text, "the credentials").map(Some);
            }
            return self.file(&PathBuf::from(text)).map(Some);
        }
        if let Some(path) = environment("GOOGLE_APPLICATION_CREDENTIALS") {
            return self.file(&PathBuf::from(path)).map(Some);
        }
        let folder = match environment("CLOUDSDK_CONFIG") {
            Some(folder) => Some(PathBuf::from(folder)),
            None => self.wish.home.as_ref().map(|home| home.join(".config/gcloud")),
        };
        let file = folder.map(|folder| folder.join("application_default_credentials.json"));
        match file.filter(|file| file.is_file()) {
            Some(file) => self.file(&file).map(Some),
            None => Ok(None),
        }
    }

    fn file(&self, path: &Path) -> Result<Json, AuthError> {
        let path = match (path.strip_prefix("~"), &self.wish.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_path_buf(),
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            AuthError(format!("The credentials file {} cannot be read: {error}.", path.display()))
        })?;
        parsed(&text, &format!("the file {}", path.display()))
    }

    fn library(&self) -> Result<Credentials, AuthError> {
        if let Some(token) = &self.wish.access_token {
            return Ok(fixed(token));
        }
        let scopes = self.wish.scopes.clone();
        let Some(json) = self.json()? else {
            let mut builder = mds::Builder::default().with_scopes(scopes);
            if let Some(host) = self.wish.environment.get("GCE_METADATA_HOST") {
                builder = builder.with_endpoint(format!("http://{host}"));
            }
            return builder.build().map_err(|error| AuthError(causes(&error)));
        };
        let built = match json["type"].as_str() {
            Some("service_account") => service_account::Builder::new(json)
                .with_access_specifier(service_account::AccessSpecifier::from_scopes(scopes))
                .build(),
            Some("authorized_user") => user_account::Builder::new(json).with_scopes(scopes).build(),
            Some("impersonated_service_account") => {
                impersonated::Builder::new(json).with_scopes(scopes).build()
            }
            Some("external_account") => {
                external_account::Builder::new(json).with_scopes(scopes).build()
            }
            other => {
                let kind = other.unwrap_or("none");
                return Err(AuthError(format!(
                    "Credentials of type \"{kind}\" are not supported."
                )));
            }
        };
        built.map_err(|error| AuthError(causes(&error)))
    }

    /// Exchanges a key's signed statement for a token.
    async fn exchanged(&self, key: &Json) -> Result<(String, Duration), AuthError> {
        let audience = key["token_uri"].as_str().unwrap_or("https://oauth2.googleapis.com/token");
        let signer = service_account::Builder::new(key.clone())
            .build_signer()
            .map_err(|error| AuthError(causes(&error)))?;
        let now = self.clock.now().as_second();
        let claims = json!({
            "iss": key["client_email"], "scope": self.wish.scopes.join(" "), "aud": audience,
            "iat": now, "exp": now + 3600,
        });
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]});
        let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let signature =
            signer.sign(text.as_bytes()).await.map_err(|error| AuthError(causes(&error)))?;
        let assertion = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        self.asked(audience, Bytes::from(form)).await
    }

    async fn asked(&self, url: &str, form: Bytes) -> Result<(String, Duration), AuthError> {
        let mut request = Request::new(Method::POST, url);
        if !form.is_empty() {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers.insert(::http::header::CONTENT_TYPE, kind);
        }
        request.body = form;
        let answer = self
            .transport
            .send(request)
            .await
            .map_err(|error| AuthError(format!("No access token from {url}: {error}.")))?;
        let body: Json = serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null);
        match (body["access_token"].as_str(), answer.status.is_success()) {
            (Some(token), true) => {
                let life = body["expires_in"].as_u64().unwrap_or(3600);
                Ok((token.to_string(), Duration::from_secs(life)))
            }
            _ => {
                let why = crate::http::retry::message(&body);
                let why = if why.is_empty() {
                    body["error"].as_str().unwrap_or_default().to_string()
                } else {
                    why
                };
                Err(AuthError(format!("No access token from {url}: {} {why}", answer.status)))
            }
        }
    }
}

fn parsed(text: &str, what: &str) -> Result<Json, AuthError> {
    serde_json::from_str(text).map_err(|_| AuthError(format!("The text of {what} is not JSON.")))
}

async fn bearer(credentials: &Credentials) -> Result<String, AuthError> {
    let headers = match credentials.headers(Extensions::new()).await {
        Ok(CacheableResource::New { data, .. }) => data,
        Ok(CacheableResource::NotModified) => {
            return Err(AuthError("The credentials gave no token.".into()));
        }
        Err(error) => return Err(AuthError(causes(&error))),
    };
    let header = headers.get(::http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|text| text.strip_prefix("Bearer ")).map(str::to_string);
    token.ok_or_else(|| AuthError("The credentials gave no token.".into()))
}

/// Credentials of a token that is given.
fn fixed(token: &str) -> Credentials {
    #[derive(Debug)]
    struct Fixed(HeaderValue);
    impl google_cloud_auth::credentials::CredentialsProvider for Fixed {
        async fn headers(
            &self,
            _: Extensions,
        ) -> Result<CacheableResource<::http::HeaderMap>, google_cloud_auth::errors::CredentialsError>
        {
            let mut data = ::http::HeaderMap::new();
            data.insert(::http::header::AUTHORIZATION, self.0.clone());
            Ok(CacheableResource::New {
                entity_tag: google_cloud_auth::credentials::EntityTag::default(),
                data,
            })
        }
        async fn universe_domain(&self) -> Option<String> {
            None
        }
    }
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    Credentials::from(Fixed(value))
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
