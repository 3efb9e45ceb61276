//! The client's side: sends a request over reqwest and gives the whole answer.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;

use super::{Body, Request, Response};

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
    /// What happened, with its causes.
    pub message: String,
}

/// A client over the network; connections are kept and shared.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Arc<str>,
    timeout: Duration,
    inner: Arc<OnceLock<Result<reqwest::Client, String>>>,
}

impl Client {
    /// Makes a client that calls itself `agent`. Nothing is opened until the first request.
    pub fn new(agent: impl Into<Arc<str>>) -> Client {
        Client { agent: agent.into(), timeout: Duration::from_secs(120), inner: Arc::default() }
    }

    /// Sets how long one request may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Client {
        self.timeout = timeout;
        self
    }

    fn inner(&self) -> Result<&reqwest::Client, SendError> {
        let made = self.inner.get_or_init(|| {
            install_provider();
            reqwest::Client::builder()
                .user_agent(&*self.agent)
                .timeout(self.timeout)
                .build()
                .map_err(|error| with_causes(&error))
        });
        made.as_ref().map_err(|message| SendError { message: message.clone() })
    }
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
        let failed = |error: reqwest::Error| SendError { message: with_causes(&error) };
        let sent = self
            .inner()?
            .request(request.method, &request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(failed)?;
        let (status, headers) = (sent.status(), sent.headers().clone());
        let body = Body::Whole(sent.bytes().await.map_err(failed)?);
        Ok(Response { status, headers, body })
    }
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
