//! Bearer tokens: who gives them, and for how long.
//!
//! Three ways lead to one: the sandbox's own door, an OAuth exchange, and the metadata server. A token is good for
//! every service and for the clusters until it expires.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Method, Request, Response, StatusCode};
use crate::sandbox::store::{Store, random, stamp};

use super::policy;
use super::refusal::Refusal;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("iamcredentials.projects.serviceAccounts.generateAccessToken", generate),
    ("iamcredentials.projects.serviceAccounts.generateIdToken", identify),
    ("iamcredentials.projects.serviceAccounts.signJwt", sign),
];

/// How long a token is good unless said.
pub const LIFETIME: Duration = Duration::from_secs(3600);

/// The project that the metadata server names.
pub const PROJECT: &str = "polls-demo";

/// Whose a token is unless said.
pub const USER: &str = "user@example.com";

/// Gives the account that a request is made by: whose its token is; empty for Google's own.
pub fn principal(request: &Request) -> String {
    let Some(token) = super::bearer(request) else { return String::new() };
    owner(token)
}

fn owner(token: &str) -> String {
    let Some(who) = token.split('.').nth(3) else { return USER.into() };
    let who = URL_SAFE_NO_PAD.decode(who).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    who.unwrap_or_default()
}

/// Makes a token of the usual account.
pub fn mint(store: &mut Store, now: Timestamp, lifetime: Duration) -> String {
    mint_for(store, now, lifetime, USER)
}

/// Makes a token of an account. Whose it is stands in the token itself.
pub fn mint_for(store: &mut Store, now: Timestamp, lifetime: Duration, who: &str) -> String {
    let mut token = format!("ya29.sandbox.{}", URL_SAFE_NO_PAD.encode(random::<48>()));
    if who != USER {
        token += &format!(".{}", URL_SAFE_NO_PAD.encode(who));
    }
    let expiry = now.checked_add(lifetime).unwrap_or(now);
    store.tokens.retain(|_, expiry| *expiry > now);
    store.tokens.insert(token.clone(), expiry);
    store.dirty = true;
    token
}

/// Answers the addresses that need no token, because they give one.
pub fn endpoint(store: &mut Store, now: Timestamp, request: &Request) -> Option<Response> {
    let path = request.path().trim_end_matches('/');
    let path = path.strip_prefix("/oauth2").unwrap_or(path);
    if request.method == Method::POST {
        return match path {
            "/sandbox/token" => {
                let query = request.query();
                let who = query.iter().find(|(name, _)| name == "principal");
                let who = who.map_or(USER, |(_, who)| who.as_str());
                Some(give(store, now, sandbox_lifetime(request), who))
            }
            "/token" | "/v4/token" | "/v1/token" | "/oauth2/token" => {
                Some(exchange(store, now, request))
            }
            _ => None,
        };
    }
    match path {
        "/v1/tokeninfo" | "/v3/tokeninfo" | "/tokeninfo" => Some(describe(store, now, request)),
        "" if request.header("metadata-flavor").is_some() => metadata(store, now, request, ""),
        _ => metadata(store, now, request, path.strip_prefix("/computeMetadata/v1")?),
    }
}

fn sandbox_lifetime(request: &Request) -> Duration {
    let query = request.query();
    let asked = query
        .iter()
        .find(|(name, _)| name == "lifetime")
        .map(|(_, value)| value.trim_end_matches('s'));
    asked.and_then(|seconds| seconds.parse().ok()).map_or(LIFETIME, Duration::from_secs)
}

fn give(store: &mut Store, now: Timestamp, lifetime: Duration, who: &str) -> Response {
    let token = mint_for(store, now, lifetime, who);
    let answer =
        json!({"access_token": token, "expires_in": lifetime.as_secs(), "token_type": "Bearer"});
    Response::json(StatusCode::OK, &answer)
}

/// Exchanges a signed assertion, a refresh token or a foreign token for one of ours.
fn exchange(store: &mut Store, now: Timestamp, request: &Request) -> Response {
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(&request.body).into_owned().collect();
    let json: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let field = |name: &str| {
        let from_form = form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        from_form.or_else(|| json[name].as_str().map(str::to_owned)).unwrap_or_default()
    };
    let grant = field("grant_type");
    let refused = |error: &str, text: &str| {
        Response::json(StatusCode::BAD_REQUEST, &json!({"error": error, "error_description": text}))
    };
    let mut who = USER.to_string();
    match grant.rsplit(':').next().unwrap_or_default() {
        "jwt-bearer" => {
            let claims =
                field("assertion").split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part));
            let claims: Json = claims
                .and_then(Result::ok)
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .unwrap_or_default();
            let issuer = claims["iss"].as_str().unwrap_or_default();
            if !policy::account_exists(store, issuer) {
                return refused("invalid_grant", "Invalid grant: account not found");
            }
            who = issuer.to_string();
        }
        "refresh_token" if !field("refresh_token").is_empty() => {}
        "token-exchange"
            if !field("subject_token").is_empty() || !field("subjectToken").is_empty() => {}
        _ if field("grantType").ends_with("token-exchange") => {}
        _ => return refused("unsupported_grant_type", "Invalid grant_type"),
    }
    let token = mint_for(store, now, LIFETIME, &who);
    let answer = json!({
        "access_token": token, "expires_in": LIFETIME.as_secs(), "token_type": "Bearer",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    });
    Response::json(StatusCode::OK, &answer)
}

fn metadata(store: &mut Store, now: Timestamp, request: &Request, path: &str) -> Option<Response> {
    if request.header("metadata-flavor") != Some("Google") {
        return Some(Response::text(
            StatusCode::FORBIDDEN,
            "Missing Metadata-Flavor:Google header.",
        ));
    }
    let mut answer = match path {
        "/instance/service-accounts/default/token" => {
            give(store, now, LIFETIME, &format!("sandbox@{PROJECT}.iam.gserviceaccount.com"))
        }
        "" => Response::text(StatusCode::OK, "computeMetadata/\n"),
        "/instance/service-accounts/default" => Response::json(
            StatusCode::OK,
            &json!({
                "aliases": ["default"], "email": format!("sandbox@{PROJECT}.iam.gserviceaccount.com"),
                "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            }),
        ),
        "/instance/service-accounts/default/email" => {
            Response::text(StatusCode::OK, format!("sandbox@{PROJECT}.iam.gserviceaccount.com"))
        }
        "/instance/service-accounts/default/scopes" => {
            Response::text(StatusCode::OK, "https://www.googleapis.com/auth/cloud-platform")
        }
        "/project/project-id" => Response::text(StatusCode::OK, PROJECT),
        "/universe/universe-domain" => Response::text(StatusCode::OK, "googleapis.com"),
        _ => Response::text(StatusCode::NOT_FOUND, "not found"),
    };
    answer.headers.insert("metadata-flavor", crate::http::HeaderValue::from_static("Google"));
    Some(answer)
}

fn describe(store: &Store, now: Timestamp, request: &Request) -> Response {
    let query = request.query();
    let token =
        query.iter().find(|(name, _)| name == "access_token").map(|(_, value)| value.as_str());
    match token.and_then(|token| store.tokens.get(token)).filter(|expiry| now < **expiry) {
        Some(expiry) => {
            let left = expiry.duration_since(now).as_secs();
            let answer = json!({
                "expires_in": left.to_string(), "email": owner(token.unwrap_or_default()),
                "scope": "https://www.googleapis.com/auth/cloud-platform",
            });
            Response::json(StatusCode::OK, &answer)
        }
        None => {
            Response::json(StatusCode::BAD_REQUEST, &json!({"error_description": "Invalid Value"}))
        }
    }
}

/// Gives the service account that a request is for.
fn account(turn: &Turn<'_>) -> Result<String, Refusal> {
    let email = turn.path[1].clone();
    match policy::account_exists(turn.store, &email) {
        true => Ok(email),
        false => Err(Refusal::not_found(format!("Not found; Gaia id not found for email {email}"))),
    }
}

/// Makes a token of three parts. Its signature is made up: there is nobody who holds the keys.
fn jwt(turn: &mut Turn<'_>, claims: &Json) -> (String, String) {
    let id = turn.store.letters(40);
    let header = json!({"alg": "RS256", "kid": id, "typ": "JWT"});
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode(random::<256>());
    (id, format!("{}.{}.{signature}", part(&header), part(claims)))
}

fn identify(turn: &mut Turn<'_>) -> Answer {
    let email = account(turn)?;
    let Some(audience) = turn.body["audience"].as_str().filter(|text| !text.is_empty()) else {
        return Err(Refusal::invalid("audience must not be empty"));
    };
    let issued = turn.now.as_second();
    let mut claims = json!({
        "aud": audience, "azp": email, "iss": "https://accounts.google.com", "sub": email,
        "iat": issued, "exp": issued + 3600,
    });
    if turn.body["includeEmail"] == true {
        claims["email"] = json!(email);
        claims["email_verified"] = json!(true);
    }
    let (_, token) = jwt(turn, &claims);
    turn::ok(&json!({"token": token}))
}

fn sign(turn: &mut Turn<'_>) -> Answer {
    account(turn)?;
    let payload = turn.body["payload"].as_str().unwrap_or_default();
    let claims: Json = serde_json::from_str(payload).unwrap_or_default();
    if !claims.is_object() {
        return Err(Refusal::invalid("Invalid JWT payload: it is not a JSON object."));
    }
    let (id, signed) = jwt(turn, &claims);
    turn::ok(&json!({"keyId": id, "signedJwt": signed}))
}

fn generate(turn: &mut Turn<'_>) -> Answer {
    let who = account(turn)?;
    let seconds =
        turn.body["lifetime"].as_str().and_then(|text| text.trim_end_matches('s').parse().ok());
    let lifetime = seconds.map_or(LIFETIME, Duration::from_secs);
    if turn.body["scope"].as_array().is_none_or(Vec::is_empty) {
        return Err(Refusal::invalid("scope must not be empty"));
    }
    let token = mint_for(turn.store, turn.now, lifetime, &who);
    let expiry = turn.now.checked_add(lifetime).unwrap_or(turn.now);
    turn::ok(&json!({"accessToken": token, "expireTime": stamp(expiry)}))
}
