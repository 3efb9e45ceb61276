//! The sandbox on the wire: one port for all Google services, one with TLS a cluster.
//!
//! The clusters' ports are bound by the world when a cluster is made; here somebody begins to accept on them when the
//! cluster runs, and stops when it is gone.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::http::{Body, Request, Response};
use crate::sandbox::Service;
use crate::sandbox::world::{DELAY, HELD, RESET, World};

/// The longest body that is taken.
const LONGEST: usize = 256 * 1024 * 1024;

/// How often the world's file is written at most, while something changes.
const SAVING: Duration = Duration::from_secs(1);

/// A server that runs.
pub struct Server {
    /// The address of the Google services.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    world: Arc<World>,
}

impl Server {
    /// Gives the base URL of the Google services, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops all listeners and connections, and writes the world's file.
    ///
    /// # Errors
    /// The file could not be written.
    pub async fn stop(self) -> io::Result<()> {
        // Nobody listens any more only where the task is done already.
        let _ = self.stop.send(true);
        let _ = self.task.await;
        self.world.save()
    }
}

/// Serves a world: all Google services on the listener, each running cluster on its own port.
///
/// # Errors
/// The listener has no address, or the lock file could not be written.
pub async fn serve(world: Arc<World>, listener: TcpListener) -> io::Result<Server> {
    let address = listener.local_addr()?;
    world.announce(address)?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(world.clone(), listener, stopped));
    Ok(Server { address, stop, task, world })
}

async fn run(world: Arc<World>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let mut main = JoinSet::new();
    let mut clusters: BTreeMap<(String, u64), JoinHandle<()>> = BTreeMap::new();
    let mut tick = tokio::time::interval(SAVING);
    loop {
        follow(&world, &mut clusters);
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    // An answer is small and waited for: it goes out at once.
                    let _ = stream.set_nodelay(true);
                    main.spawn(connection(stream, world.clone(), None));
                }
            }
            () = world.clusters_changed.notified() => {}
            Some(_) = main.join_next(), if !main.is_empty() => {}
            _ = tick.tick() => {
                world.settle_all();
                let world = world.clone();
                // What cannot be written now is tried again, and told when the server stops.
                let _ = tokio::task::spawn_blocking(move || world.save_if_changed()).await;
            }
            _ = stopped.changed() => break,
        }
    }
    for (_, task) in clusters {
        task.abort();
    }
    main.shutdown().await;
}

/// Begins to accept for clusters that run, and stops for those that are gone.
fn follow(world: &Arc<World>, clusters: &mut BTreeMap<(String, u64), JoinHandle<()>>) {
    let running = world.running();
    clusters.retain(|cluster, task| {
        let stays = running.contains(cluster) && !task.is_finished();
        if !stays {
            task.abort();
        }
        stays
    });
    for cluster in running {
        if !clusters.contains_key(&cluster)
            && let Some((listener, acceptor)) = listener_of(world, &cluster.0)
        {
            let task = accept(world.clone(), cluster.0.clone(), listener, acceptor);
            clusters.insert(cluster, tokio::spawn(task));
        }
    }
}

fn listener_of(world: &World, key: &str) -> Option<(TcpListener, TlsAcceptor)> {
    let listener = world.google.ports.take(key)?;
    let listener = TcpListener::from_std(listener).ok()?;
    let hidden = world.google.locked().hidden.get(key).cloned()?;
    let text = |name: &str| hidden[name].as_str().unwrap_or_default().to_owned();
    let acceptor = acceptor(&text("certificate"), &text("key"))?;
    Some((listener, acceptor))
}

fn acceptor(certificate: &str, key: &str) -> Option<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).ok()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?;
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate], key).ok()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Some(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(world: Arc<World>, key: String, listener: TcpListener, acceptor: TlsAcceptor) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let (world, key, acceptor) = (world.clone(), key.clone(), acceptor.clone());
                connections.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, world, Some(key)).await;
                    }
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection<S>(stream: S, world: Arc<World>, cluster: Option<String>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (world, cluster) = (world.clone(), cluster.clone());
        async move { respond(&world, cluster.as_deref(), request).await }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection that breaks is its client's matter.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

type Outgoing = hyper::Response<UnsyncBoxBody<Bytes, Infallible>>;

async fn respond(
    world: &World,
    cluster: Option<&str>,
    incoming: hyper::Request<Incoming>,
) -> io::Result<Outgoing> {
    let (parts, body) = incoming.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    let url = parts.uri.path_and_query().map_or("/", |both| both.as_str()).to_owned();
    let request = Request { method: parts.method, url, headers: parts.headers, body };
    let mut answer = match cluster {
        Some(key) => world.answer_cluster(key, &request),
        None => world.answer(&request),
    };
    if answer.headers.contains_key(HELD) {
        std::future::pending::<()>().await;
    }
    if let Some(time) =
        answer.headers.remove(DELAY).and_then(|time| time.to_str().ok()?.parse().ok())
    {
        tokio::time::sleep(Duration::from_millis(time)).await;
    }
    if answer.headers.contains_key(RESET) {
        return Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "the sandbox breaks this connection",
        ));
    }
    outgoing(answer)
}

fn outgoing(answer: Response) -> io::Result<Outgoing> {
    let body = match answer.body {
        Body::Whole(bytes) => UnsyncBoxBody::new(Full::new(bytes)),
        Body::Stream(stream) => {
            UnsyncBoxBody::new(StreamBody::new(stream.map(|piece| Ok(Frame::data(piece)))))
        }
    };
    let mut out = hyper::Response::new(body);
    *out.status_mut() = answer.status;
    *out.headers_mut() = answer.headers;
    Ok(out)
}
