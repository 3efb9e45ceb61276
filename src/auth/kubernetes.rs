//! The way into a cluster: host and certificates, a kubeconfig file, or the pod's own account.
//!
//! Where a [`Bearer`] is given, each request carries a token of its own: one that was read when
//! the run began may have run out by the time that the last object is made. There is no fallback
//! to `localhost`: who says nothing of a cluster is told so.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower::filter::{AsyncFilterLayer, AsyncPredicate};
use tower::{BoxError, ServiceBuilder};

use crate::http::{Method, retry, wire};

/// Gives a token for one request.
pub type Bearer = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// How a cluster is reached.
#[derive(Clone)]
pub enum Access {
    /// By what the configuration says.
    Direct(Box<Direct>),
    /// By kubeconfig files.
    Files(Files),
    /// By the account of the pod that this process runs in.
    Pod,
    /// By another access, with what is said here in the place of what that says.
    Over(Box<Access>, Box<Direct>),
}

/// A cluster's address and certificates.
#[derive(Clone, Default)]
pub struct Direct {
    /// The address, with or without `https://`.
    pub host: String,
    /// The cluster's own authority, as PEM.
    pub authority: Option<String>,
    /// The server's certificate is not checked.
    pub insecure: bool,
    /// The name that the server's certificate is checked for, where it is not the host's.
    pub server_name: Option<String>,
    /// A proxy.
    pub proxy: Option<String>,
    /// The credentials in the form of a kubeconfig's `user`.
    pub user: serde_json::Value,
}

/// Kubeconfig files and what is picked of them.
#[derive(Clone, Default)]
pub struct Files {
    /// The files, merged in order.
    pub paths: Vec<PathBuf>,
    /// The context; that of the files where it is not given.
    pub context: Option<String>,
    /// The cluster, in place of the context's.
    pub cluster: Option<String>,
    /// The user, in place of the context's.
    pub user: Option<String>,
}

/// Makes a client.
///
/// # Errors
/// What is wrong with the address, the certificates or the files.
pub async fn client(access: &Access, bearer: Option<Bearer>) -> Result<Client, String> {
    let mut config = config(access).await?;
    config.default_retry = false;
    let Some(bearer) = bearer else {
        let builder = ClientBuilder::try_from(config).map_err(|error| plain(&error))?;
        return Ok(builder.build());
    };
    let https = config.rustls_https_connector().map_err(|error| plain(&error))?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(AsyncFilterLayer::new(Fresh(bearer)))
        .service(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(https));
    Ok(ClientBuilder::new(service, "default").build())
}

/// Gives the authority's certificate of an access, for telling clusters apart.
pub fn authority(access: &Access) -> Option<&str> {
    match access {
        Access::Direct(direct) | Access::Over(_, direct) => direct.authority.as_deref(),
        Access::Files(_) | Access::Pod => None,
    }
}

/// Gives the address of the API server; nothing where that cannot be told.
pub async fn host(access: &Access) -> Option<String> {
    config(access).await.ok().map(|config| config.cluster_url.to_string())
}

async fn config(access: &Access) -> Result<Config, String> {
    match access {
        Access::Pod => Config::incluster().map_err(|error| plain(&error)),
        Access::Files(files) => from_files(files).await,
        Access::Direct(direct) => from_direct(direct),
        Access::Over(base, direct) => laid(Box::pin(config(base)).await?, direct),
    }
}

/// Lays what is said over another configuration.
fn laid(mut config: Config, direct: &Direct) -> Result<Config, String> {
    if !direct.host.is_empty() {
        config.cluster_url = address(&direct.host)?;
    }
    if let Some(authority) = &direct.authority {
        config.root_cert = Some(certificates(authority)?);
    }
    config.accept_invalid_certs |= direct.insecure;
    if let Some(proxy) = &direct.proxy {
        config.proxy_url = Some(address(proxy)?);
    }
    let (given, user) = (credentials(&direct.user)?, &mut config.auth_info);
    if given.token.is_some() {
        (user.token, user.token_file) = (given.token, None);
    }
    if given.exec.is_some() {
        user.exec = given.exec;
    }
    if given.client_certificate_data.is_some() {
        (user.client_certificate, user.client_certificate_data) =
            (None, given.client_certificate_data);
    }
    if given.client_key_data.is_some() {
        (user.client_key, user.client_key_data) = (None, given.client_key_data);
    }
    user.username = given.username.or(user.username.take());
    user.password = given.password.or(user.password.take());
    Ok(config)
}

async fn from_files(files: &Files) -> Result<Config, String> {
    let mut merged = Kubeconfig::default();
    for path in &files.paths {
        let file = Kubeconfig::read_from(path).map_err(|error| plain(&error))?;
        merged = merged.merge(file).map_err(|error| plain(&error))?;
    }
    let options = KubeConfigOptions {
        context: files.context.clone(),
        cluster: files.cluster.clone(),
        user: files.user.clone(),
    };
    Config::from_custom_kubeconfig(merged, &options).await.map_err(|error| plain(&error))
}

fn from_direct(direct: &Direct) -> Result<Config, String> {
    let mut config = Config::new(address(&direct.host)?);
    config.root_cert = direct.authority.as_deref().map(certificates).transpose()?;
    config.accept_invalid_certs = direct.insecure;
    config.tls_server_name.clone_from(&direct.server_name);
    config.auth_info = credentials(&direct.user)?;
    config.proxy_url = direct.proxy.as_deref().map(address).transpose()?;
    Ok(config)
}

/// Reads an address, with or without `https://`.
fn address(text: &str) -> Result<::http::Uri, String> {
    let whole = match text.contains("://") {
        true => text.to_string(),
        false => format!("https://{text}"),
    };
    whole.parse().map_err(|error| format!("\"{text}\" is no address: {error}"))
}

fn credentials(user: &serde_json::Value) -> Result<AuthInfo, String> {
    serde_json::from_value(user.clone())
        .map_err(|error| format!("the credentials cannot be read: {error}"))
}

fn certificates(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let found: Result<Vec<Vec<u8>>, _> = CertificateDer::pem_slice_iter(text.as_bytes())
        .map(|one| one.map(|one| one.to_vec()))
        .collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("`cluster_ca_certificate` holds no PEM certificate; a cluster's \
                  `master_auth[0].cluster_ca_certificate` is base64 and needs `base64decode`"
            .into()),
    }
}

/// Gives an error with all its causes in one line.
pub fn plain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// A request is given up after so long, whatever the network does.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request.
pub struct Sent<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query.
    pub path: &'a str,
    /// What the program calls itself.
    pub agent: &'a str,
    /// The forms of answer that are wished for.
    pub accept: &'a str,
    /// The body's type and bytes.
    pub body: Option<(&'a str, Vec<u8>)>,
}

/// What the server answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// How long it asks to wait before the next try.
    pub after: Option<Duration>,
    /// What it warns of.
    pub warnings: Vec<String>,
}

/// Why a request has no answer.
pub enum Silence {
    /// It cannot be sent at all.
    Unsendable(String),
    /// None came.
    Unanswered(String),
}

/// Sends one request and gives status and bytes of the answer.
///
/// # Errors
/// Why there is none.
pub async fn exchange(client: &Client, sent: Sent<'_>) -> Result<Answer, Silence> {
    let (method, path) = (sent.method.as_str(), sent.path);
    let mut request = ::http::Request::builder()
        .method(sent.method.clone())
        .uri(path)
        .header(::http::header::USER_AGENT, sent.agent)
        .header(::http::header::ACCEPT, sent.accept);
    let (content_type, bytes) = sent.body.unzip();
    if let Some(content_type) = content_type {
        request = request.header(::http::header::CONTENT_TYPE, content_type);
    }
    let bytes = bytes.unwrap_or_default();
    wire::asked(method, path, &bytes, false);
    let request = request.body(Body::from(bytes)).map_err(|error| {
        Silence::Unsendable(format!("`{method} {path}` cannot be sent: {error}"))
    })?;
    let exchange = async {
        let answer = client.send(request).await.map_err(|error| plain(&error))?;
        let (status, after) = (answer.status().as_u16(), retry::after(answer.headers()));
        let warnings = answer.headers().get_all(::http::header::WARNING).iter();
        let warnings = warnings.filter_map(|one| warning(one.to_str().ok()?)).collect();
        let body = answer.into_body().collect().await.map_err(|error| plain(&error))?;
        Ok::<_, String>(Answer { status, body: body.to_bytes().to_vec(), after, warnings })
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(Ok(answer)) => {
            wire::answered(method, path, answer.status, &answer.body, false);
            Ok(answer)
        }
        Ok(Err(cause)) => {
            wire::failed(method, path, &cause);
            Err(Silence::Unanswered(cause))
        }
        Err(_) => Err(Silence::Unanswered("no answer within a minute".to_string())),
    }
}

/// Reads a warning as API servers write it: `299 - "TEXT"`.
fn warning(header: &str) -> Option<String> {
    let (_, text) = header.split_once(" \"")?;
    let text = text.rsplit_once('"').map_or(text, |(text, _)| text);
    Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// An answer that goes on: a line each time that something happens.
pub struct Lines {
    /// The status.
    pub status: u16,
    body: Body,
    read: Vec<u8>,
}

impl Lines {
    /// Waits for the next line, without its end; nothing at the end, or when the connection breaks. It may be broken off.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.read.drain(..=end).collect();
                line.pop();
                return Some(line);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Some(bytes) = frame.data_ref() {
                self.read.extend_from_slice(bytes);
            }
        }
    }

    /// Gives all that is left.
    pub async fn rest(self) -> Vec<u8> {
        let whole = self.body.collect().await;
        whole.map(|whole| whole.to_bytes().to_vec()).unwrap_or_default()
    }
}

/// Sends a request whose answer goes on, and gives it as it comes.
///
/// # Errors
/// No answer begins.
pub async fn follow(client: &Client, path: &str, agent: &str) -> Result<Lines, Silence> {
    let request = ::http::Request::builder()
        .uri(path)
        .header(::http::header::USER_AGENT, agent)
        .header(::http::header::ACCEPT, "application/json");
    wire::asked("GET", path, &[], false);
    let request = request
        .body(Body::empty())
        .map_err(|error| Silence::Unsendable(format!("`GET {path}` cannot be sent: {error}")))?;
    match tokio::time::timeout(PATIENCE, client.send(request)).await {
        Ok(Ok(answer)) => {
            let status = answer.status().as_u16();
            wire::answered("GET", path, status, &[], false);
            Ok(Lines { status, body: answer.into_body(), read: Vec::new() })
        }
        Ok(Err(error)) => Err(Silence::Unanswered(plain(&error))),
        Err(_) => Err(Silence::Unanswered("no answer within a minute".to_string())),
    }
}

/// Adds a fresh token to a request.
#[derive(Clone)]
struct Fresh(Bearer);

impl AsyncPredicate<http::Request<Body>> for Fresh {
    type Future = BoxFuture<'static, Result<http::Request<Body>, BoxError>>;
    type Request = http::Request<Body>;

    fn check(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let token = (self.0)();
        Box::pin(async move {
            let mut value = http::HeaderValue::from_str(&format!("Bearer {}", token.await?))?;
            value.set_sensitive(true);
            request.headers_mut().insert(http::header::AUTHORIZATION, value);
            Ok(request)
        })
    }
}
