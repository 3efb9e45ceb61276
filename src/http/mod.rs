//! A request and its answer, the same on both sides of the wire.
//!
//! The client sends a [`Request`] over reqwest, the sandbox takes one and gives a [`Response`];
//! neither knows of the other. Time is a parameter ([`Clock`]), so that a sandbox's run takes no
//! real minutes.

pub mod client;
pub mod clock;
pub mod retry;
pub mod pace;
pub mod gate;
pub mod trust;
pub mod wire;

pub use self::clock::{Clock, SystemClock};
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
pub use bytes::Bytes;

use futures::stream::BoxStream;

/// One HTTP request, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// For a client the absolute URL; for a server path and query, as received (percent-encoded).
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty where there is none.
    pub body: Bytes,
}

impl Request {
    /// Makes a request without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Request {
        Request { method, url: url.into(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Sets a JSON body and its content type.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Request {
        self.body = Bytes::from(body.to_string());
        self.headers
            .insert(::http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// Gives the path without the query (and, for an absolute URL, without scheme and host).
    pub fn path(&self) -> &str {
        let rest = match self.url.find("://") {
            Some(at) => {
                let after = &self.url[at + 3..];
                after.find('/').map_or("/", |slash| &after[slash..])
            }
            None => &self.url,
        };
        rest.split('?').next().unwrap_or(rest)
    }

    /// Gives the query's pairs, percent-decoded, in order.
    pub fn query(&self) -> Vec<(String, String)> {
        match self.url.split_once('?') {
            Some((_, query)) => {
                url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
            }
            None => Vec::new(),
        }
    }

    /// Gives a header's text, where it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// One HTTP answer.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What was sent.
    pub body: Body,
}

/// An answer's body: whole, or as it comes (a watch, a log that is followed).
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// Piece after piece.
    Stream(BoxStream<'static, Bytes>),
}

impl Response {
    /// Makes an answer of JSON.
    pub fn json(status: StatusCode, body: &serde_json::Value) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(::http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Response { status, headers, body: Body::Whole(Bytes::from(body.to_string())) }
    }

    /// Makes an answer without a body.
    pub fn empty(status: StatusCode) -> Response {
        Response { status, headers: HeaderMap::new(), body: Body::Whole(Bytes::new()) }
    }

    /// Makes an answer of plain text.
    pub fn text(status: StatusCode, body: impl Into<String>) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(::http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        Response { status, headers, body: Body::Whole(Bytes::from(body.into())) }
    }

    /// Gives the whole body; nothing for a stream.
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::Stream(_) => &[],
        }
    }
}
