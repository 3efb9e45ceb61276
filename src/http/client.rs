//! The client's side: sends a request over reqwest and gives the whole answer.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Certificate, ClientBuilder, Identity};

use super::{Body, Request, Response, wire};

/// Sends requests. The other implementation is a sandbox in the same process.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Gives the answer, whatever its status.
    ///
    /// # Errors
    /// No answer came.
    async fn send(&self, request: Request) -> Result<Response, SendError>;
}

/// No answer came.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SendError {
    /// What happened.
    pub message: String,
    /// Whether the request may have been received all the same.
    pub sent: bool,
}

/// A client over the network; connections are kept and shared.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Arc<str>,
    timeout: Duration,
    /// Bodies are logged by their length alone.
    discreet: bool,
    inner: Arc<OnceLock<Result<reqwest::Client, String>>>,
}

impl Client {
    /// Makes a client that calls itself `agent`. Nothing is opened until the first request.
    pub fn new(agent: impl Into<Arc<str>>) -> Client {
        Client {
            agent: agent.into(),
            timeout: Duration::from_secs(120),
            discreet: false,
            inner: Arc::default(),
        }
    }

    /// Keeps bodies out of the log, for what may hold secrets under any name.
    #[must_use]
    pub fn discreet(mut self) -> Client {
        self.discreet = true;
        self
    }

    /// Trusts other authorities than the system, and shows a certificate.
    ///
    /// # Errors
    /// What is given is no certificate or no key.
    pub fn tls(self, tls: Tls) -> Result<Client, String> {
        let mut builder = self.builder().tls_danger_accept_invalid_certs(tls.anyone);
        if let Some(pem) = tls.authorities {
            let found = Certificate::from_pem_bundle(&pem).map_err(|error| with_causes(&error))?;
            if found.is_empty() {
                return Err("there is none in the text of the authority".to_string());
            }
            builder = builder.tls_certs_only(found);
        }
        if let Some(pem) = tls.identity {
            builder =
                builder.identity(Identity::from_pem(&pem).map_err(|error| with_causes(&error))?);
        }
        let made = builder.build().map_err(|error| with_causes(&error))?;
        Ok(Client { inner: Arc::new(OnceLock::from(Ok(made))), ..self })
    }

    fn builder(&self) -> ClientBuilder {
        install_provider();
        reqwest::Client::builder().user_agent(&*self.agent).timeout(self.timeout)
    }

    /// Sets how long one request may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Client {
        self.timeout = timeout;
        self
    }

    fn inner(&self) -> Result<&reqwest::Client, SendError> {
        let made =
            self.inner.get_or_init(|| self.builder().build().map_err(|error| with_causes(&error)));
        made.as_ref().map_err(|message| SendError { message: message.clone(), sent: false })
    }
}

/// Whom a client trusts in TLS, and who it is.
#[derive(Clone, Default)]
pub struct Tls {
    /// The certificates of the authorities that alone are trusted, as PEM; those of the system where nothing is given.
    pub authorities: Option<Vec<u8>>,
    /// The client's own certificate and its key, as PEM.
    pub identity: Option<Vec<u8>>,
    /// Servers are believed without a look at their certificates.
    pub anyone: bool,
}

/// Chooses ring for TLS, once in a process.
pub fn install_provider() {
    static DONE: OnceLock<()> = OnceLock::new();
    // It fails only where one is installed already: that is as good.
    DONE.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

#[async_trait]
impl Transport for Client {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let failed = |error: reqwest::Error| SendError {
            message: plainly(&error),
            sent: !(error.is_connect() || error.is_builder()),
        };
        let (method, url) = (request.method.clone(), request.url.clone());
        let discreet = self.discreet;
        wire::asked(method.as_str(), &url, &request.body, discreet);
        let sending = async {
            let sent = self
                .inner()?
                .request(request.method, &request.url)
                .headers(request.headers)
                .body(request.body)
                .send()
                .await
                .map_err(failed)?;
            let (status, headers) = (sent.status(), sent.headers().clone());
            Ok((status, headers, sent.bytes().await.map_err(failed)?))
        };
        let (status, headers, body) = sending.await.inspect_err(|error: &SendError| {
            wire::failed(method.as_str(), &url, &error.message);
        })?;
        wire::answered(method.as_str(), &url, status.as_u16(), &body, discreet);
        Ok(Response { status, headers, body: Body::Whole(body) })
    }
}

/// Gives what a person needs to know of an error: its innermost cause, without the system's number.
fn plainly(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_string();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let text = innermost.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    if text.contains("for url (") { with_causes(error) } else { text.to_lowercase() }
}

/// Gives an error with its causes; the URL is left out, since it may hold a secret.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.find(" for url (") {
        text.truncate(at);
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
