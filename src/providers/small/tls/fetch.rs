//! The certificates that a server shows.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http::trust::{self, Lenient};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gives the chain that a server shows, its own certificate first.
///
/// # Errors
/// Why there is none.
pub(super) async fn chain(url: &str, verify: bool) -> Result<Vec<Vec<u8>>, String> {
    let parsed = url::Url::parse(url).map_err(|error| error.to_string())?;
    let host = parsed.host_str().ok_or_else(|| format!("no host in URL: {url}"))?;
    let standard = (parsed.scheme() == "https").then_some(443);
    let port = parsed.port().or(standard).ok_or_else(|| format!("Port missing from URL: {url}"))?;
    let shown = tokio::time::timeout(PATIENCE, shown(host, port, verify)).await;
    shown
        .unwrap_or_else(|_| Err(format!("no answer in {} seconds", PATIENCE.as_secs())))
        .map_err(|why| format!("unable to execute TLS connection towards {host}:{port}: {why}"))
}

async fn shown(host: &str, port: u16, verify: bool) -> Result<Vec<Vec<u8>>, String> {
    let builder = ClientConfig::builder_with_provider(trust::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let verifier: Arc<dyn ServerCertVerifier> =
        if verify { trust::system()? } else { Arc::new(Lenient::anyone()) };
    let config =
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_string()).map_err(|error| error.to_string())?;
    let socket = TcpStream::connect((bare, port)).await.map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, socket).await.map_err(|error| error.to_string())?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Ok(shown.iter().map(|certificate| certificate.to_vec()).collect())
}
