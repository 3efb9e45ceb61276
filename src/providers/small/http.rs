//! The data source `http`: one request, with retries where they are asked for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Client, Identity, Method, StatusCode};

use super::check::{at_least, bad_value, conflict, needs, one_of};
use super::{DataRow, computed, invalid, made, text};
use crate::http::client::install_provider;
use crate::providers::{ApiError, ApiErrorKind, Problem, World};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Path, Type, Value};

pub(super) const DATA: &[DataRow] = &[DataRow {
    type_name: "http",
    schema,
    validate: checks,
    read: |config, world| Box::pin(read(config, world)),
}];

/// What waits between attempts are, where nothing else is said.
const DELAYS: (i64, i64) = (1_000, 30_000);

fn schema() -> Schema {
    let plain = |ty| Field::attribute(ty, Given::Optional);
    let numbers = ["attempts", "min_delay_ms", "max_delay_ms"];
    let numbers = numbers.map(|name| (name.to_string(), plain(Type::Number)));
    let mut body = computed(Type::String);
    body.deprecated = Some("Use response_body instead".into());
    made(
        0,
        [
            ("id", computed(Type::String)),
            ("url", Field::attribute(Type::String, Given::Required)),
            ("method", plain(Type::String)),
            ("request_headers", plain(Type::map(Type::String))),
            ("request_body", plain(Type::String)),
            ("request_timeout_ms", plain(Type::Number)),
            ("response_body", computed(Type::String)),
            ("body", body),
            ("response_body_base64", computed(Type::String)),
            ("ca_cert_pem", plain(Type::String)),
            ("client_cert_pem", plain(Type::String)),
            ("client_key_pem", plain(Type::String)),
            ("insecure", plain(Type::Bool)),
            ("response_headers", computed(Type::map(Type::String))),
            ("status_code", computed(Type::Number)),
            ("retry", Field::block(BlockKind::Single, 0, Some(1), numbers.into())),
        ],
    )
}

fn checks(config: &Value) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        one_of(config, "method", &["GET", "POST", "HEAD"]).into_iter().collect();
    problems.extend(at_least(config, "request_timeout_ms", 1));
    problems.extend(conflict(config, "ca_cert_pem", "insecure"));
    problems.extend(needs(config, "client_cert_pem", "client_key_pem"));
    problems.extend(needs(config, "client_key_pem", "client_cert_pem"));
    let Some(retry) = config.field("retry").filter(|retry| !retry.is_null()) else {
        return problems;
    };
    let inside = |problem: Problem| {
        let name = problem.path.first().unwrap_or_default().to_string();
        let detail = problem.detail.replacen(&name, &format!("retry.{name}"), 1);
        Problem { path: Path::root().attribute("retry").attribute(name), detail, ..problem }
    };
    for name in ["attempts", "min_delay_ms", "max_delay_ms"] {
        problems.extend(at_least(retry, name, 0).map(inside));
    }
    let number = |name: &str| retry.field(name).and_then(Value::as_i64);
    if let (Some(least), Some(most)) = (number("min_delay_ms"), number("max_delay_ms"))
        && most < least
    {
        let must = "value must be at least sum of <.min_delay_ms";
        problems.push(inside(bad_value("max_delay_ms", must, &most.to_string())));
    }
    problems
}

fn failed(summary: &str, detail: String) -> ApiError {
    ApiError::new(ApiErrorKind::Unreachable, summary, detail)
}

/// Makes the client that the arguments ask for.
fn client(config: &Value, world: &World) -> Result<Client, ApiError> {
    install_provider();
    let mut builder = Client::builder().user_agent(format!("terrane/{}", world.version));
    if let Some(limit) = limit(config) {
        builder = builder.timeout(limit);
    }
    if config.field("insecure").and_then(Value::as_bool) == Some(true) {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(pem) = text(config, "ca_cert_pem") {
        let roots = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
        if roots.is_empty() {
            let why = "Error tls: Can't add the CA certificate to certificate pool. Only PEM encoded certificates are \
                       supported.";
            return Err(invalid("Error configuring TLS client", why));
        }
        builder = builder.tls_certs_only(roots);
    }
    if let (Some(certificate), Some(key)) =
        (text(config, "client_cert_pem"), text(config, "client_key_pem"))
    {
        let both = format!("{key}\n{certificate}");
        let identity = Identity::from_pem(both.as_bytes()).map_err(|error| {
            let why =
                format!("error creating x509 key pair from provided pem blocks\n\nError: {error}");
            invalid("error creating x509 key pair", why)
        })?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| invalid("Error configuring http transport", error.to_string()))
}

fn limit(config: &Value) -> Option<Duration> {
    let limit = config.field("request_timeout_ms").and_then(Value::as_i64)?;
    u64::try_from(limit).ok().filter(|limit| *limit > 0).map(Duration::from_millis)
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

async fn read(config: &Value, world: &World) -> Result<Value, ApiError> {
    let client = client(config, world)?;
    let retry = config.field("retry").filter(|retry| !retry.is_null());
    let number = |name: &str| retry.and_then(|retry| retry.field(name)).and_then(Value::as_i64);
    let attempts = number("attempts").unwrap_or(0).max(0);
    let least = number("min_delay_ms").unwrap_or(DELAYS.0).max(0);
    let most = number("max_delay_ms").unwrap_or(DELAYS.1).max(0);
    let mut delay = least;
    for attempt in 0.. {
        let answer = ask(&client, config).await;
        let again = match &answer {
            Ok(answer) => transient(answer.status),
            Err(error) => {
                matches!(error.kind, ApiErrorKind::Unreachable | ApiErrorKind::Timeout)
            }
        };
        if !again {
            return Ok(with_answer(config, answer?));
        }
        if attempt >= attempts {
            return Err(given_up(config, attempt + 1, answer));
        }
        let wait = u64::try_from(delay.min(most)).unwrap_or(0);
        world.clock.sleep(Duration::from_millis(wait)).await;
        delay = delay.saturating_mul(2);
    }
    Err(failed("Error making request", "no attempt was made".into()))
}

/// Says that the last attempt was made, and what came of it.
fn given_up(config: &Value, attempts: i64, last: Result<Answer, ApiError>) -> ApiError {
    let cause = match last {
        Ok(_) => String::new(),
        Err(error) if error.kind == ApiErrorKind::Timeout => return error,
        Err(error) => format!(": {}", error.detail),
    };
    let (method, url) = (method(config), text(config, "url").unwrap_or_default());
    let why = format!(
        "Error making request: {method} {url} giving up after {attempts} attempt(s){cause}"
    );
    failed("Error making request", why)
}

/// Says whether a server may answer otherwise in a moment.
fn transient(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || (status.as_u16() >= 500 && status != StatusCode::NOT_IMPLEMENTED)
}

fn method(config: &Value) -> &str {
    text(config, "method").unwrap_or("GET")
}

async fn ask(client: &Client, config: &Value) -> Result<Answer, ApiError> {
    let method = Method::from_bytes(method(config).as_bytes()).unwrap_or(Method::GET);
    let mut request = client.request(method, text(config, "url").unwrap_or_default());
    if let Some(body) = config.field("request_body").and_then(Value::as_str) {
        request = request.body(body.to_string());
    }
    let headers = config.field("request_headers").and_then(Value::fields);
    for (name, value) in headers.into_iter().flat_map(|headers| headers.iter()) {
        request = request.header(&**name, value.as_str().unwrap_or_default());
    }
    let request = request.build().map_err(|error| {
        invalid("Error creating request", format!("Error creating request: {error}"))
    })?;
    let answer = client.execute(request).await.map_err(|error| match limit(config) {
        Some(limit) if error.is_timeout() => ApiError::new(
            ApiErrorKind::Timeout,
            "Error making request",
            format!("request exceeded the specified timeout: {limit:?}, err: {}", causes(&error)),
        ),
        _ => failed("Error making request", causes(&error)),
    })?;
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in answer.headers() {
        let (name, value) = (canonical(name.as_str()), String::from_utf8_lossy(value.as_bytes()));
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, several)) => several.push_str(&format!(", {value}")),
            None => headers.push((name, value.into_owned())),
        }
    }
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| {
        failed(
            "Error reading response body",
            format!("Error reading response body: {}", causes(&error)),
        )
    })?;
    Ok(Answer { status, headers, body: body.to_vec() })
}

/// Gives an error with its causes.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Writes a header's name with capitals: `Content-Type`.
fn canonical(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

fn with_answer(config: &Value, answer: Answer) -> Value {
    let headers = answer.headers.into_iter().map(|(name, value)| (name, Value::string(value)));
    let body = Value::string(String::from_utf8_lossy(&answer.body));
    config
        .with_field("id", Value::string(text(config, "url").unwrap_or_default()))
        .with_field("response_headers", Value::map(Type::String, headers.collect::<Vec<_>>()))
        .with_field("response_body", body.clone())
        .with_field("body", body)
        .with_field("response_body_base64", Value::string(STANDARD.encode(&answer.body)))
        .with_field("status_code", Value::number(i64::from(answer.status.as_u16())))
}
