//! `/metrics` and `/healthz` of a run that goes on.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::http::Clock;

/// What is served.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// The metrics.
    pub(super) metrics: String,
    /// Until when the run counts as healthy if nothing more is heard of it.
    pub(super) good_until: Timestamp,
}

/// Begins to serve.
///
/// # Errors
/// Nobody can listen there.
pub(super) async fn listen(
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    page: watch::Receiver<Page>,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    // It ends with the run's runtime.
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            tokio::spawn(connection(stream, clock.clone(), page.clone()));
        }
    });
    Ok(address)
}

async fn connection(stream: TcpStream, clock: Arc<dyn Clock>, page: watch::Receiver<Page>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(request.uri().path(), &page.borrow(), clock.now());
        async move { Ok::<_, Infallible>(answer) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection that breaks is its client's matter.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

fn answer(path: &str, page: &Page, now: Timestamp) -> Response<Full<Bytes>> {
    let (status, text) = match path {
        "/metrics" => (StatusCode::OK, page.metrics.clone()),
        "/healthz" if now <= page.good_until => (StatusCode::OK, "ok\n".to_string()),
        "/healthz" => {
            (StatusCode::SERVICE_UNAVAILABLE, "no check was done for too long\n".to_string())
        }
        _ => (StatusCode::NOT_FOUND, "there are /metrics and /healthz\n".to_string()),
    };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    answer
}
