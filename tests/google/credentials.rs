//! Each kind of credentials, against a server of tokens in the same process: what is asked, and what is said when it refuses.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane::auth::google::{External, GoogleTokens, Wish};
use terrane::http::client::{SendError, Transport};
use terrane::http::{Clock, Request, Response, StatusCode};
use terrane::providers::google::{Google, settings};
use terrane::providers::{Provider, World};
use terrane::sandbox;
use terrane::value::Value;

use super::laws::block_on;

/// A server of tokens: the token that it gives tells who it is for.
#[derive(Default)]
struct Tokens {
    asked: Mutex<Vec<String>>,
    refuses: Option<(u16, Json)>,
}

#[async_trait]
impl Transport for Tokens {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        let grant = form.get("grant_type").map_or("", |text| text.rsplit(':').next().unwrap());
        let bearer = request.header("authorization").unwrap_or_default();
        let line = format!("{} {} {grant}{bearer}", request.method, request.url);
        self.asked.lock().unwrap().push(line.trim().to_string());
        if let Some((status, body)) = &self.refuses {
            return Ok(Response::json(StatusCode::from_u16(*status).unwrap(), body));
        }
        let body = match request.url.strip_suffix(":generateAccessToken") {
            Some(account) => {
                let email = account.rsplit('/').next().unwrap();
                json!({"accessToken": format!("of-{email}"), "expireTime": "2025-01-01T01:00:00Z"})
            }
            None if request.url.contains("computeMetadata") => {
                assert_eq!(request.header("metadata-flavor"), Some("Google"));
                json!({"access_token": "of-metadata", "expires_in": 3599})
            }
            None => json!({"access_token": format!("of-{grant}"), "expires_in": 3599}),
        };
        Ok(Response::json(StatusCode::OK, &body))
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("terrane-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's own temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn user() -> Json {
    json!({"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"})
}

fn key() -> Json {
    let pem = include_str!("../support/key.pem");
    json!({"type": "service_account", "client_email": "a@p.iam.gserviceaccount.com", "private_key_id": "k",
        "private_key": pem, "token_uri": "https://tokens.example/token"})
}

fn acting() -> Json {
    json!({"type": "impersonated_service_account", "source_credentials": user(), "delegates": [],
        "service_account_impersonation_url":
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/b@p:generateAccessToken"})
}

fn clock() -> Arc<dyn Clock> {
    sandbox::World::open(None, 0.0, "2025-01-01T00:00:00Z".parse().unwrap()).unwrap().clock()
}

async fn got(wish: Wish, server: Tokens) -> (Result<String, String>, Vec<String>) {
    let server = Arc::new(server);
    let clock = clock();
    clock.enter();
    let tokens = GoogleTokens::new(wish, server.clone(), clock.clone());
    let token = tokens.token().await.map_err(|error| error.to_string());
    if let Ok(first) = &token {
        assert_eq!(tokens.token().await.unwrap(), *first, "it is kept");
    }
    clock.leave();
    let asked = server.asked.lock().unwrap().clone();
    (token, asked)
}

fn environment(pairs: &[(&str, &str)]) -> Arc<BTreeMap<String, String>> {
    Arc::new(pairs.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect())
}

const OAUTH: &str = "POST https://oauth2.googleapis.com/token refresh_token";

#[test]
fn each_kind_of_credentials_is_exchanged_in_its_way() {
    let folder = Folder::new("credentials");
    let user_file = folder.write("user.json", &user().to_string());
    let home_file =
        folder.write(".config/gcloud/application_default_credentials.json", &user().to_string());
    assert!(home_file.contains("gcloud"));
    let gcloud = folder.write("sdk/application_default_credentials.json", &acting().to_string());
    let sdk = PathBuf::from(gcloud).parent().unwrap().to_str().unwrap().to_string();
    let home = Some(folder.0.clone());
    let acting_url = "POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/b@p:generateAccessToken";
    let external = External {
        audience: "//iam.googleapis.com/x".into(),
        identity_token: "foreign".into(),
        token_url: "https://sts.googleapis.com/v1/token".into(),
        impersonation_url: "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/c@p:generateAccessToken".into(),
    };
    let federated = [
        "POST https://sts.googleapis.com/v1/token token-exchange".to_string(),
        "POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/c@p:generateAccessToken \
         Bearer of-token-exchange".to_string(),
    ];
    let metadata = "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token?scopes=s";
    let cases: Vec<(&str, Wish, &str, Vec<String>)> = vec![
        ("a token", Wish { access_token: Some("mine".into()), ..Wish::default() }, "mine", vec![]),
        (
            "a token that acts as another",
            Wish { access_token: Some("mine".into()), impersonate: Some("b@p".into()), ..Wish::default() },
            "of-b@p",
            vec![format!("{acting_url} Bearer mine")],
        ),
        (
            "a key's JSON",
            Wish { credentials: Some(key().to_string()), ..Wish::default() },
            "of-jwt-bearer",
            vec!["POST https://tokens.example/token jwt-bearer".into()],
        ),
        (
            "a path",
            Wish { credentials: Some(user_file.clone()), ..Wish::default() },
            "of-refresh_token",
            vec![OAUTH.into()],
        ),
        (
            "a path below the home folder",
            Wish { credentials: Some("~/user.json".into()), home: home.clone(), ..Wish::default() },
            "of-refresh_token",
            vec![OAUTH.into()],
        ),
        (
            "impersonation in the file",
            Wish { credentials: Some(acting().to_string()), ..Wish::default() },
            "of-b@p",
            vec![OAUTH.into(), format!("{acting_url} Bearer of-refresh_token")],
        ),
        ("federation", Wish { external: Some(external), ..Wish::default() }, "of-c@p", federated.to_vec()),
        (
            "GOOGLE_CREDENTIALS before the others",
            Wish {
                environment: environment(&[
                    ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere"),
                    ("GCLOUD_KEYFILE_JSON", "/nowhere"),
                    ("GOOGLE_CREDENTIALS", &key().to_string()),
                ]),
                ..Wish::default()
            },
            "of-jwt-bearer",
            vec!["POST https://tokens.example/token jwt-bearer".into()],
        ),
        (
            "GOOGLE_APPLICATION_CREDENTIALS before gcloud's",
            Wish {
                environment: environment(&[("GOOGLE_APPLICATION_CREDENTIALS", &user_file), ("CLOUDSDK_CONFIG", &sdk)]),
                home: home.clone(),
                ..Wish::default()
            },
            "of-refresh_token",
            vec![OAUTH.into()],
        ),
        (
            "gcloud's folder before the home folder",
            Wish { environment: environment(&[("CLOUDSDK_CONFIG", &sdk)]), home: home.clone(), ..Wish::default() },
            "of-b@p",
            vec![OAUTH.into(), format!("{acting_url} Bearer of-refresh_token")],
        ),
        ("the home folder", Wish { home, ..Wish::default() }, "of-refresh_token", vec![OAUTH.into()]),
        (
            "the metadata server",
            Wish { scopes: vec!["s".into()], ..Wish::default() },
            "of-metadata",
            vec![metadata.into()],
        ),
        (
            "another metadata server",
            Wish { environment: environment(&[("GCE_METADATA_HOST", "127.0.0.1:9")]), ..Wish::default() },
            "of-metadata",
            vec!["GET http://127.0.0.1:9/computeMetadata/v1/instance/service-accounts/default/token?scopes=".into()],
        ),
    ];

    for (name, wish, token, requests) in cases {
        let (got, asked) = block_on(got(wish, Tokens::default()));

        assert_eq!(got.as_deref(), Ok(token), "{name}");
        assert_eq!(asked, requests, "{name}");
    }
}

#[test]
fn what_is_wrong_with_credentials_is_said() {
    let grant = json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."});
    let denied = json!({"error": {"code": 403, "message": "Permission 'iam.serviceAccounts.getAccessToken' denied"}});
    let text = |json: Json| Some(json.to_string());
    let cases: Vec<(Wish, Option<(u16, Json)>, &[&str])> = vec![
        (
            Wish { credentials: text(user()), ..Wish::default() },
            Some((400, grant.clone())),
            &[
                "oauth2.googleapis.com/token",
                "invalid_grant: Token has been expired or revoked",
                "gcloud auth application-default login",
            ],
        ),
        (
            Wish { credentials: text(key()), ..Wish::default() },
            Some((400, grant)),
            &["tokens.example/token", "invalid_grant", "disabled or deleted"],
        ),
        (
            Wish {
                access_token: Some("mine".into()),
                impersonate: Some("b@p".into()),
                ..Wish::default()
            },
            Some((403, denied)),
            &["getAccessToken' denied", "roles/iam.serviceAccountTokenCreator on b@p"],
        ),
        (
            Wish { credentials: Some("/nowhere/key.json".into()), ..Wish::default() },
            None,
            &["/nowhere/key.json cannot be read", "named by the credentials"],
        ),
        (
            Wish {
                environment: environment(&[(
                    "GOOGLE_APPLICATION_CREDENTIALS",
                    "/nowhere/adc.json",
                )]),
                ..Wish::default()
            },
            None,
            &["/nowhere/adc.json cannot be read", "named by GOOGLE_APPLICATION_CREDENTIALS"],
        ),
        (
            Wish { credentials: Some("{broken".into()), ..Wish::default() },
            None,
            &["not a JSON object"],
        ),
        (
            Wish { credentials: text(json!({"type": "gdch_service_account"})), ..Wish::default() },
            None,
            &["\"gdch_service_account\" are not supported", "authorized_user"],
        ),
        (
            Wish { credentials: text(json!({"type": "authorized_user"})), ..Wish::default() },
            None,
            &["\"authorized_user\" need \"client_id\""],
        ),
        (
            Wish {
                credentials: text(
                    json!({"type": "service_account", "client_email": "a", "private_key": "no"}),
                ),
                ..Wish::default()
            },
            None,
            &["The service account's key cannot be used"],
        ),
        (
            Wish::default(),
            Some((404, json!({}))),
            &["metadata.google.internal", "no service account"],
        ),
    ];

    for (place, (wish, refuses, texts)) in cases.into_iter().enumerate() {
        let (got, _) = block_on(got(wish, Tokens { refuses, ..Tokens::default() }));

        let error = got.unwrap_err();
        for text in texts {
            assert!(error.contains(text), "case {place}: {error}");
        }
        assert!(!error.contains("mine") && !error.contains("BEGIN"), "{error}");
    }
}

fn world(environment: &[(&str, &str)]) -> World {
    World {
        clock: clock(),
        environment: self::environment(environment),
        home: None,
        root: ".".into(),
        sandbox: None,
        version: "0.0.0",
        pace: std::sync::Arc::default(),
        vault: None,
        tokens: None,
    }
}

#[test]
fn the_environment_stands_for_what_the_block_leaves_out() {
    let empty = Google::new().schema().empty();
    let cases: &[(&str, &[&str])] = &[
        (
            "project",
            &["GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"],
        ),
        ("region", &["GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"]),
        ("zone", &["GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"]),
        (
            "credentials",
            &["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"],
        ),
        ("access_token", &["GOOGLE_OAUTH_ACCESS_TOKEN"]),
        ("impersonate_service_account", &["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"]),
        ("billing_project", &["GOOGLE_BILLING_PROJECT"]),
        ("request_reason", &["CLOUDSDK_CORE_REQUEST_REASON"]),
    ];

    for (name, variables) in cases {
        for first in 0..variables.len() {
            let pairs: Vec<(&str, &str)> =
                variables[first..].iter().map(|name| (*name, *name)).collect();
            let completed = settings::complete(&empty, &world(&pairs));
            let found = completed.field(name).unwrap().without_marks();
            assert_eq!(found.as_str(), Some(variables[first]), "{name}");
            let written = empty.with_field(name, Value::string("written"));
            let completed = settings::complete(&written, &world(&pairs));
            assert_eq!(completed.field(name).unwrap().without_marks().as_str(), Some("written"));
        }
    }
    let given = empty.with_field("access_token", Value::string("t"));
    let completed = settings::complete(&given, &world(&[("GOOGLE_CREDENTIALS", "{}")]));
    assert!(
        completed.field("credentials").unwrap().is_null(),
        "the block's own credentials are enough"
    );
    let completed = settings::complete(&empty, &world(&[("USER_PROJECT_OVERRIDE", "true")]));
    assert_eq!(completed.field("user_project_override"), Some(&Value::bool(true)));
}

#[test]
fn endpoints_are_the_block_s_then_the_environment_s_then_the_usual_ones() {
    let empty = Google::new().schema().empty();
    let written = empty.with_field("storage_custom_endpoint", Value::string("http://block/v1"));
    let variables = [
        ("GOOGLE_STORAGE_CUSTOM_ENDPOINT", "http://env/v1/"),
        ("GOOGLE_CONTAINER_CUSTOM_ENDPOINT", "http://c/"),
    ];

    let bases = settings::bases(&written, &world(&variables));

    assert_eq!(bases["storage"], "http://block/v1/");
    assert_eq!(bases["container"], "http://c/");
    assert_eq!(bases["iam"], "https://iam.googleapis.com/v1/");
    let other = empty.with_field("universe_domain", Value::string("example.cloud"));
    assert_eq!(settings::bases(&other, &world(&[]))["iam"], "https://iam.example.cloud/v1/");
}

#[test]
fn two_ways_of_logging_in_are_refused() {
    let empty = Google::new().schema().empty();
    let both = empty
        .with_field("access_token", Value::string("t"))
        .with_field("credentials", Value::string("{}"));

    let refused = Google::new().session(&both, &world(&[])).err().unwrap();

    assert!(refused.detail.contains("access_token") && refused.detail.contains("credentials"));
}

#[test]
fn federation_of_the_block_is_wished_for_at_the_configured_endpoint() {
    let provider = Google::new();
    let empty = provider.schema().empty();
    let block = Value::object([
        ("audience", Value::string("//iam.googleapis.com/x")),
        ("service_account_email", Value::string("c@p")),
        ("identity_token", Value::string("foreign")),
    ]);
    let config = empty
        .with_field("external_credentials", Value::list(block.ty(), vec![block.clone()]))
        .with_field("iam_credentials_custom_endpoint", Value::string("http://iam/v1/"));

    let wish = settings::wish(&config, &world(&[]));

    let external = wish.external.unwrap();
    assert_eq!(external.identity_token, "foreign");
    assert_eq!(
        external.impersonation_url,
        "http://iam/v1/projects/-/serviceAccounts/c@p:generateAccessToken"
    );
    assert_eq!(external.token_url, "https://sts.googleapis.com/v1/token");
    assert_eq!(wish.iam_credentials.as_deref(), Some("http://iam/v1/"));
}
