//! Proxies and authorities that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`), as the program itself
//! meets them: a service that only a proxy reaches, with a certificate that only an extra authority vouches for.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A name that no machine has: only the proxy leads there.
const HOST: &str = "storage.nowhere.test";

/// The first lines of the requests that came.
type Lines = Arc<Mutex<Vec<String>>>;

/// An authority's certificate, and one that it has signed for the host with its key.
fn signed() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![HOST.to_string()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let own = params.signed_by(&key, &authority).unwrap().pem();
    (authority.pem(), own, key.serialize_pem())
}

/// Reads a request's head; gives its first line.
async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8_lossy(&text).lines().next().map(String::from)
}

/// Answers one request after the other with a bucket.
async fn answer(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, lines: &Lines) {
    while let Some(line) = head(&mut stream).await {
        lines.lock().unwrap().push(line);
        let body =
            r#"{"name": "b", "location": "EU", "projectNumber": "1", "storageClass": "STANDARD"}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Serves as a proxy that leads to the host, or as the service itself; gives the port and what was asked.
async fn served(certificate: &str, key: &str) -> (u16, Lines) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, lines) = (listener.local_addr().unwrap().port(), Lines::default());
    let told = lines.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, lines) = (acceptor.clone(), told.clone());
            tokio::spawn(async move { connected(stream, acceptor, &lines).await });
        }
    });
    (port, lines)
}

async fn connected(mut stream: TcpStream, acceptor: TlsAcceptor, lines: &Lines) {
    let mut first = [0];
    if stream.peek(&mut first).await.is_err() || first != [b'C'] {
        return answer(stream, lines).await;
    }
    let Some(line) = head(&mut stream).await else { return };
    lines.lock().unwrap().push(line);
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    if let Ok(inside) = acceptor.accept(stream).await {
        answer(inside, lines).await;
    }
}

/// Plans a configuration that reads a bucket at an endpoint.
fn plan(folder: &Path, endpoint: &str, variables: &[(&str, &str)]) -> Output {
    let text = format!(
        "provider \"google\" {{\n  project = \"p\"\n  access_token = \"t\"\n  storage_custom_endpoint = \"{endpoint}\"\n}}\n\
         data \"google_storage_bucket\" \"b\" {{\n  name = \"b\"\n}}\noutput \"location\" {{\n  value = data.google_storage_bucket.b.location\n}}\n"
    );
    std::fs::write(folder.join("main.tf"), text).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_terrane"));
    program.args(["plan", "-no-color"]).current_dir(folder).env_clear().env("HOME", folder);
    program.envs(variables.iter().copied()).output().unwrap()
}

fn told(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

#[test]
fn a_service_behind_a_proxy_is_reached_and_its_authority_believed() {
    let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let (authority, certificate, key) = signed();
    let (port, lines) = runtime.block_on(served(&certificate, &key));
    let file = folder.path().join("authorities.pem");
    std::fs::write(&file, authority).unwrap();
    let (proxy, file) = (format!("http://127.0.0.1:{port}"), file.display().to_string());
    let endpoint = format!("https://{HOST}/storage/v1/");

    let ran = plan(folder.path(), &endpoint, &[("HTTPS_PROXY", &proxy), ("SSL_CERT_FILE", &file)]);

    assert!(ran.status.success() && told(&ran).contains("location = \"EU\""), "{}", told(&ran));
    let lines = lines.lock().unwrap().clone();
    assert_eq!(lines[0], format!("CONNECT {HOST}:443 HTTP/1.1"));
    assert!(lines[1].starts_with("GET /storage/v1/b/b?"), "{lines:?}");
}

#[test]
fn a_certificate_that_no_authority_vouches_for_is_refused_behind_a_proxy_too() {
    let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let (_, certificate, key) = signed();
    let (other, _, _) = signed();
    let (port, lines) = runtime.block_on(served(&certificate, &key));
    let file = folder.path().join("authorities.pem");
    std::fs::write(&file, other).unwrap();
    let (proxy, file) = (format!("http://127.0.0.1:{port}"), file.display().to_string());
    let endpoint = format!("https://{HOST}/storage/v1/");

    let ran = plan(folder.path(), &endpoint, &[("HTTPS_PROXY", &proxy), ("SSL_CERT_FILE", &file)]);

    assert!(!ran.status.success() && told(&ran).contains("certificate"), "{}", told(&ran));
    assert!(lines.lock().unwrap().iter().all(|line| line.starts_with("CONNECT")));
}

#[test]
fn what_no_proxy_names_is_asked_itself() {
    let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let (_, certificate, key) = signed();
    let (port, lines) = runtime.block_on(served(&certificate, &key));
    let (dead, endpoint) = ("http://127.0.0.1:1", format!("http://127.0.0.1:{port}/storage/v1/"));

    let ran = plan(
        folder.path(),
        &endpoint,
        &[("HTTP_PROXY", dead), ("NO_PROXY", "127.0.0.1,other.test")],
    );
    let by_proxy = plan(
        folder.path(),
        &format!("http://{HOST}/storage/v1/"),
        &[("http_proxy", &format!("http://127.0.0.1:{port}"))],
    );

    assert!(ran.status.success(), "{}", told(&ran));
    assert!(by_proxy.status.success(), "{}", told(&by_proxy));
    let lines = lines.lock().unwrap().clone();
    assert!(lines[0].starts_with("GET /storage/v1/b/b?"), "{lines:?}");
    assert!(lines[1].starts_with(&format!("GET http://{HOST}/storage/v1/b/b?")), "{lines:?}");
}
