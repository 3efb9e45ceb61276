//! The requests that give Google's access tokens: exchanges, impersonation, the metadata server.
//!
//! Each is one request; what passes is tried again a few times. Errors tell what was asked, what was answered, and what
//! can be done.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use google_cloud_auth::credentials::service_account;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::google::{AuthError, External};
use crate::http::client::Transport;
use crate::http::retry::{message, passes};
use crate::http::{Bytes, Clock, HeaderValue, Method, Request};

/// The address that tokens of users and keys are had at where the credentials name none.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// How often a request is sent.
const TRIES: u32 = 3;

/// How long the metadata server may take: where there is none, nobody answers.
const METADATA_PATIENCE: Duration = Duration::from_secs(10);

/// A token and how long it is good for.
pub(super) type Token = (String, Duration);

/// Sends what asks for tokens.
pub(super) struct Exchange<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) clock: &'a dyn Clock,
}

impl Exchange<'_> {
    /// Exchanges a user's refresh token.
    pub(super) async fn user(&self, json: &Json) -> Result<Token, AuthError> {
        let text = |name: &str| json[name].as_str().unwrap_or_default();
        let uri = json["token_uri"].as_str().unwrap_or(TOKEN_URI);
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", text("client_id")),
            ("client_secret", text("client_secret")),
            ("refresh_token", text("refresh_token")),
        ];
        let help =
            "The login has ended or was revoked: run `gcloud auth application-default login`.";
        self.form(uri, &form, help).await
    }

    /// Exchanges a service account key's signed statement.
    pub(super) async fn key(&self, key: &Json, scopes: &[String]) -> Result<Token, AuthError> {
        let audience = key["token_uri"].as_str().unwrap_or(TOKEN_URI);
        let unusable = |error: &dyn std::error::Error| {
            AuthError(format!("The service account's key cannot be used: {error}."))
        };
        let signer = service_account::Builder::new(whole(key)).build_signer();
        let signer = signer.map_err(|error| unusable(&error))?;
        let now = self.clock.now().as_second();
        let claims = json!({
            "iss": key["client_email"], "scope": scopes.join(" "), "aud": audience,
            "iat": now, "exp": now + 3600,
        });
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]});
        let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let signature = signer.sign(text.as_bytes()).await.map_err(|error| unusable(&error))?;
        let assertion = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.as_str()),
        ];
        let help = "The key or its service account was disabled or deleted, or this machine's clock is wrong.";
        self.form(audience, &form, help).await
    }

    /// Exchanges another identity provider's token, and then acts as the service account.
    pub(super) async fn federated(
        &self,
        external: &External,
        scopes: &[String],
    ) -> Result<Token, AuthError> {
        const PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", external.audience.as_str()),
            ("scope", PLATFORM),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("subject_token", external.identity_token.as_str()),
        ];
        let help = "The identity token has expired, or the workload identity pool's provider does not accept it: look at \
                    `audience` and `identity_token`.";
        let (token, _) = self.form(&external.token_url, &form, help).await?;
        self.acting(&token, &external.impersonation_url, &[], scopes).await
    }

    /// Gives a token of a service account to one who may act as it.
    pub(super) async fn acting(
        &self,
        bearer: &str,
        url: &str,
        delegates: &[String],
        scopes: &[String],
    ) -> Result<Token, AuthError> {
        let names: Vec<String> = delegates
            .iter()
            .map(|name| {
                if name.contains('/') {
                    name.clone()
                } else {
                    format!("projects/-/serviceAccounts/{name}")
                }
            })
            .collect();
        let mut body = json!({"scope": scopes, "lifetime": "3600s"});
        if !names.is_empty() {
            body["delegates"] = json!(names);
        }
        let mut request = Request::new(Method::POST, url).json(&body);
        request.headers.insert(::http::header::AUTHORIZATION, secret(&format!("Bearer {bearer}")));
        let answer = self.asked(request, url).await?;
        let (status, body) = answer;
        let Some(token) = body["accessToken"].as_str().filter(|_| status < 300) else {
            let account = url.rsplit('/').next().unwrap_or_default();
            let account = account.trim_end_matches(":generateAccessToken");
            let help = format!(
                "Who is logged in needs the role roles/iam.serviceAccountTokenCreator on {account}, and the API \
                 iamcredentials.googleapis.com must be enabled."
            );
            return Err(refused(url, status, &body, &help));
        };
        let until: Option<Timestamp> =
            body["expireTime"].as_str().and_then(|text| text.parse().ok());
        let life = until.map_or(3600, |until| until.duration_since(self.clock.now()).as_secs());
        Ok((token.to_string(), Duration::from_secs(life.max(1).unsigned_abs())))
    }

    /// Asks the metadata server; `root` is its address.
    pub(super) async fn metadata(&self, root: &str, scopes: &[String]) -> Result<Token, AuthError> {
        let url = format!(
            "{root}/computeMetadata/v1/instance/service-accounts/default/token?scopes={}",
            scopes.join(",")
        );
        let mut request = Request::new(Method::GET, &url);
        request.headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
        let asked = tokio::time::timeout(METADATA_PATIENCE, self.transport.send(request)).await;
        let none = |why: String| {
            AuthError(format!(
                "No credentials are configured, there are no application default credentials, and no metadata server \
                 answers at {root} ({why})."
            ))
        };
        match asked {
            Err(_) => Err(none("no answer in time".into())),
            Ok(Err(error)) => Err(none(error.to_string())),
            Ok(Ok(answer)) => {
                let body = serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null);
                let help = "The machine has no service account, or the account lacks the scopes.";
                taken(root, answer.status.as_u16(), &body, help)
            }
        }
    }

    /// The sandbox's own door.
    pub(super) async fn sandbox(&self, base: &str) -> Result<Token, AuthError> {
        let url = format!("{base}/sandbox/token");
        let (status, body) = self.asked(Request::new(Method::POST, &url), &url).await?;
        taken(&url, status, &body, "")
    }

    async fn form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        help: &str,
    ) -> Result<Token, AuthError> {
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::new(Method::POST, url);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(::http::header::CONTENT_TYPE, kind);
        request.body = Bytes::from(form);
        let (status, body) = self.asked(request, url).await?;
        taken(url, status, &body, help)
    }

    /// Sends a request, again where the answer is one that passes.
    async fn asked(&self, request: Request, url: &str) -> Result<(u16, Json), AuthError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (again, found) = match self.transport.send(request.clone()).await {
                Ok(answer) => {
                    let body = serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null);
                    let status = answer.status.as_u16();
                    (passes(status, &body), Ok((status, body)))
                }
                Err(error) => {
                    let text = format!("No access token: {} gives no answer: {error}.", shown(url));
                    (true, Err(AuthError(text)))
                }
            };
            if !again || tries == TRIES {
                return found;
            }
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Gives a key with the members that the library wants although signing needs none of them.
fn whole(key: &Json) -> Json {
    let mut key = key.clone();
    if let Some(members) = key.as_object_mut() {
        for name in ["project_id", "private_key_id"] {
            members.entry(name).or_insert("".into());
        }
    }
    key
}

/// Takes the token out of an answer.
fn taken(url: &str, status: u16, body: &Json, help: &str) -> Result<Token, AuthError> {
    match body["access_token"].as_str().filter(|token| status < 300 && !token.is_empty()) {
        Some(token) => {
            let life = body["expires_in"].as_u64().unwrap_or(3600);
            Ok((token.to_string(), Duration::from_secs(life)))
        }
        None => Err(refused(url, status, body, help)),
    }
}

fn refused(url: &str, status: u16, body: &Json, help: &str) -> AuthError {
    let said = message(body);
    let code = body["error"].as_str().unwrap_or_default();
    let said = match (code, said.as_str()) {
        ("", "") => "no explanation was given".to_string(),
        ("", said) => said.to_string(),
        (code, "") => code.to_string(),
        (code, said) => format!("{code}: {said}"),
    };
    let said = said.trim_end_matches('.');
    let url = shown(url);
    let help = if help.is_empty() { String::new() } else { format!(" {help}") };
    AuthError(format!("No access token: {url} answers with status {status}: {said}.{help}"))
}

/// An address without what may be secret in it.
fn shown(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

fn secret(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
