//! Calls to webhooks: one request over TLS, waited for on the spot.
//!
//! Only addresses of this machine are called: what people put into a sandbox does not leave it. The cluster's store is
//! held meanwhile, so a webhook that asks its own cluster before it has answered waits until its time is over.
//! What is said of a call that fails is what a real API server said of the same.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};
use serde_json::Value as Json;
use url::{Host, Url};

use crate::http::trust;

/// A webhook answers at once or not at all; nobody is kept waiting longer, whatever it is given.
const LONGEST: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MOST: u64 = 16 * 1024 * 1024;

/// Where a webhook is, and whom to believe that it is the one.
pub struct Callee {
    /// Its address, without a query.
    pub url: String,
    /// The certificates of `caBundle`, PEM in base64; empty for those that the system trusts.
    pub bundle: String,
    /// How many seconds it has.
    pub seconds: i64,
}

/// Says whether an address is one of this machine.
pub fn is_near(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| place(&url).is_some())
}

fn place(url: &Url) -> Option<SocketAddr> {
    let address = match url.host()? {
        Host::Domain("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Host::Domain(_) => return None,
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
    };
    address
        .is_loopback()
        .then(|| SocketAddr::new(address, url.port_or_known_default().unwrap_or(443)))
}

/// Sends a review, and gives the answer's body.
///
/// # Errors
/// Why there is none, in the words of an API server.
pub fn review(callee: &Callee, body: &Json) -> Result<Json, String> {
    let time = Duration::from_secs(callee.seconds.max(1).unsigned_abs()).min(LONGEST);
    let url = format!("{}?timeout={}s", callee.url, callee.seconds);
    let posted = |fault: String| format!("Post {url:?}: {fault}");
    let parsed = Url::parse(&callee.url).map_err(|fault| posted(fault.to_string()))?;
    let address = place(&parsed).ok_or_else(|| posted("it is not of this machine".to_owned()))?;
    let answer = exchange(callee, &parsed, address, time, body).map_err(posted)?;
    let head = answer.windows(4).position(|part| part == b"\r\n\r\n");
    let (head, body) = answer.split_at(head.unwrap_or(answer.len()));
    let status = String::from_utf8_lossy(head);
    let status = status.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => {}
        "404" => return Err("the server could not find the requested resource".to_owned()),
        _ => {
            return Err("an error on the server (\"unknown\") has prevented the request from \
                succeeding"
                .to_owned());
        }
    }
    let body = body.get(4..).unwrap_or_default();
    let parsed: Option<Json> = serde_json::from_slice(body).ok();
    parsed.filter(Json::is_object).ok_or_else(|| {
        "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value \
         of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
         \"json:\\\"kind,omitempty\\\"\" }"
            .to_owned()
    })
}

fn exchange(
    callee: &Callee,
    url: &Url,
    address: SocketAddr,
    time: Duration,
    body: &Json,
) -> Result<Vec<u8>, String> {
    let stream = TcpStream::connect_timeout(&address, time).map_err(|fault| {
        let fault = match fault.kind() {
            std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            std::io::ErrorKind::TimedOut => return "context deadline exceeded".to_owned(),
            _ => fault.to_string(),
        };
        format!("dial tcp {address}: connect: {fault}")
    })?;
    let timed = stream.set_read_timeout(Some(time)).and(stream.set_write_timeout(Some(time)));
    timed.map_err(|fault| fault.to_string())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|fault| fault.to_string())?;
    let verifier = Verifier::of(&callee.bundle)?;
    let config = ClientConfig::builder_with_provider(trust::provider())
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), name).map_err(|fault| fault.to_string())?;
    let mut stream = StreamOwned::new(connection, stream);
    let body = body.to_string();
    let path = url.path();
    let seconds = callee.seconds;
    // A server of the older version of HTTP ends its answer by closing, and never cuts it into chunks.
    let head = format!(
        "POST {path}?timeout={seconds}s HTTP/1.0\r\nHost: {host}:{}\r\nUser-Agent: \
         kube-apiserver-admission\r\nContent-Length: {}\r\nAccept: application/json, \
         */*\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n",
        address.port(),
        body.len(),
    );
    let mut answer = Vec::new();
    let exchanged = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()))
        .and_then(|()| stream.flush())
        .and_then(|()| read(&mut stream, &mut answer));
    exchanged.map_err(|fault| told(&fault, &host))?;
    Ok(answer)
}

/// Reads until the other side closes, or as much as it says that there is.
fn read(stream: &mut impl Read, answer: &mut Vec<u8>) -> std::io::Result<()> {
    let ended = stream.take(MOST).read_to_end(answer);
    match ended {
        // Who closes without a word of parting has said all.
        Err(fault) if fault.kind() == std::io::ErrorKind::UnexpectedEof && !answer.is_empty() => {
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Tells a fault of a connection as the server's own library does.
fn told(fault: &std::io::Error, host: &str) -> String {
    use std::io::ErrorKind::{TimedOut, UnexpectedEof, WouldBlock};
    let inner = fault.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => format!(
            "tls: failed to verify certificate: x509: certificate is not valid for any names, but \
             wanted to match {host}"
        ),
        Some(Error::InvalidCertificate(
            CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::Other(_),
        )) => "tls: failed to verify \
             certificate: x509: certificate signed by unknown authority"
            .to_owned(),
        Some(other) => format!("tls: failed to verify certificate: {other}"),
        None if matches!(fault.kind(), TimedOut | WouldBlock) => "context deadline exceeded".into(),
        None if fault.kind() == UnexpectedEof => "EOF".into(),
        None => fault.to_string(),
    }
}

/// Believes whom a bundle vouches for, and who stands in it himself.
#[derive(Debug)]
struct Verifier {
    chain: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn of(bundle: &str) -> Result<Verifier, String> {
        let pem = STANDARD.decode(bundle).unwrap_or_default();
        let own: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(own.iter().cloned());
        let chain = match own.is_empty() {
            true => trust::system()?,
            false => trust::authorities(roots)?,
        };
        Ok(Verifier { chain, own })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        status: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The library refuses an authority's certificate as a server's own; the API server does not.
        if self.own.contains(certificate) {
            rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.chain.verify_server_cert(certificate, between, name, status, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
