//! A server of one chart over TLS, for who has its password: as a chart repository (`/charts/index.yaml`) and as an OCI registry.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub(crate) const USER: &str = "reader";
pub(crate) const PASSWORD: &str = "ch4rts-for-me";

/// The server: it runs as long as this is there.
pub(crate) struct Charts {
    pub(crate) port: u16,
    /// The authority that signed its certificate, as PEM.
    pub(crate) authority: String,
    /// The paths that were asked for with the right password.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// What is served: path, type of the content, content.
fn pages(
    archive: &[u8],
    name: &str,
    version: &str,
    port: u16,
) -> Vec<(String, &'static str, Vec<u8>)> {
    let octets = "application/octet-stream";
    let layer = json!({ "apiVersion": "v2", "name": name, "version": version }).to_string();
    let part = |kind: &str, bytes: &[u8]| -> Json {
        json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() })
    };
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": kind,
        "config": part("application/vnd.cncf.helm.config.v1+json", layer.as_bytes()),
        "layers": [part("application/vnd.cncf.helm.chart.content.v1.tar+gzip", archive)],
    });
    let manifest = manifest.to_string().into_bytes();
    let tags = json!({ "name": format!("charts/{name}"), "tags": [version] }).to_string();
    let hash = digest(archive);
    let index = json!({ "apiVersion": "v1", "entries": { name: [{
        "apiVersion": "v2", "name": name, "version": version, "digest": hash.trim_start_matches("sha256:"),
        "urls": [format!("https://127.0.0.1:{port}/charts/{name}-{version}.tgz")],
    }] } });
    let base = format!("/v2/charts/{name}");
    vec![
        ("/v2/".into(), "application/json", b"{}".to_vec()),
        (format!("{base}/tags/list"), "application/json", tags.into_bytes()),
        (format!("{base}/manifests/{version}"), kind, manifest.clone()),
        (format!("{base}/manifests/{}", digest(&manifest)), kind, manifest),
        (format!("{base}/blobs/{}", digest(layer.as_bytes())), octets, layer.clone().into_bytes()),
        (format!("{base}/blobs/{hash}"), octets, archive.to_vec()),
        ("/charts/index.yaml".into(), "text/yaml", index.to_string().into_bytes()),
        (format!("/charts/{name}-{version}.tgz"), octets, archive.to_vec()),
    ]
}

impl Charts {
    /// Serves the archive of a chart on a port of its own.
    pub(crate) fn serve(archive: &[u8], name: &str, version: &str) -> Charts {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["127.0.0.1".to_string()]).unwrap();
        let own = own.signed_by(&key, &authority).unwrap().pem();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = vec![CertificateDer::from_pem_slice(own.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let pages = Arc::new(pages(archive, name, version, port));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, pages, log) = (acceptor.clone(), pages.clone(), log.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await?;
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(stream.read_u8().await?);
                    }
                    let answer = answer(&String::from_utf8_lossy(&head), &pages, &log);
                    stream.write_all(&answer).await?;
                    stream.shutdown().await
                });
            }
        });
        Charts { port, authority: authority.pem(), asked, _runtime: runtime }
    }
}

fn answer(head: &str, pages: &[(String, &str, Vec<u8>)], log: &Mutex<Vec<String>>) -> Vec<u8> {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let wanted = format!("basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let given = head.lines().filter_map(|line| line.split_once(": ")).any(|(name, value)| {
        name.eq_ignore_ascii_case("authorization") && value.eq_ignore_ascii_case(&wanted)
    });
    if !given {
        return b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"charts\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
    }
    log.lock().unwrap().push(path.to_string());
    let Some((_, kind, body)) = pages.iter().find(|(page, ..)| page == path) else {
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_vec();
    };
    let (length, digest) = (body.len(), digest(body));
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\ndocker-content-digest: {digest}\r\nconnection: close\r\n\r\n"
    )
    .into_bytes();
    if !head.starts_with("HEAD") {
        answer.extend(body);
    }
    answer
}
