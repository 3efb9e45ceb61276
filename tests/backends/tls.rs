//! Both backends over TLS: whom they believe, and how they show who they are.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value as Json, json};
use terrane::backends::Backend;
use terrane::backends::kinds;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::http::world;
use crate::http_server::HttpServer;
use crate::postgres::postgres;

/// An authority, and what it has signed: a server's certificate and a client's.
struct Signed {
    authority: String,
    server: (String, String),
    client: (String, String),
}

fn signed(server_name: &str) -> Signed {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let sign = |name: &str, usage: ExtendedKeyUsagePurpose| {
        let mut params = CertificateParams::new(vec![name.to_string()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
    };
    Signed {
        server: sign(server_name, ExtendedKeyUsagePurpose::ServerAuth),
        client: sign("client", ExtendedKeyUsagePurpose::ClientAuth),
        authority: authority.pem(),
    }
}

/// What stands behind the encryption.
#[derive(Clone)]
enum Behind {
    Http(u16),
    Postgres(PathBuf),
}

/// Serves in TLS what stands behind, to clients that the authority has signed where they are asked; gives the port.
async fn front(signed: &Signed, asks: bool, behind: Behind) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let chain = vec![CertificateDer::from_pem_slice(signed.server.0.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(signed.server.1.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(signed.authority.as_bytes()).unwrap()).unwrap();
    let builder = if asks {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                if let Behind::Postgres(_) = behind {
                    // The client asks whether there is encryption before it begins with it.
                    let mut asked = [0; 8];
                    stream.read_exact(&mut asked).await?;
                    assert_eq!(asked, [0, 0, 0, 8, 4, 210, 22, 47]);
                    stream.write_all(b"S").await?;
                }
                let mut stream = acceptor.accept(stream).await?;
                match behind {
                    Behind::Http(port) => {
                        let mut inner = TcpStream::connect(("127.0.0.1", port)).await?;
                        copy_bidirectional(&mut stream, &mut inner).await
                    }
                    Behind::Postgres(socket) => {
                        let mut inner = UnixStream::connect(socket).await?;
                        copy_bidirectional(&mut stream, &mut inner).await
                    }
                }
            });
        }
    });
    port
}

fn opened(kind: &str, settings: &Json) -> Box<dyn Backend> {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings.as_object().unwrap();
    kinds::open(Some(kind), settings, "default", &world(folder.path(), &[])).unwrap()
}

async fn is_read(kind: &str, settings: &Json) -> bool {
    opened(kind, settings).load().await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_server_is_believed_by_its_authority_or_by_wish_and_sees_the_clients_certificate() {
    let (server, own) = (HttpServer::new(), signed("localhost"));
    let port = front(&own, true, Behind::Http(server.port())).await;
    let url = format!("https://localhost:{port}/state/a");
    let full = json!({
        "address": url, "retry_max": 0, "client_ca_certificate_pem": own.authority,
        "client_certificate_pem": own.client.0, "client_private_key_pem": own.client.1,
    });
    let with = |name: &str, value: Json| {
        let mut changed = full.clone();
        changed[name] = value;
        changed
    };
    assert!(is_read("http", &full).await);

    let stranger = signed("localhost");
    assert!(!is_read("http", &with("client_ca_certificate_pem", stranger.authority.into())).await);
    assert!(!is_read("http", &with("client_ca_certificate_pem", Json::Null)).await);
    let mut anyone = with("client_ca_certificate_pem", Json::Null);
    anyone["skip_cert_verification"] = true.into();
    assert!(is_read("http", &anyone).await);
    let mut nobody = with("client_certificate_pem", Json::Null);
    nobody["client_private_key_pem"] = Json::Null;
    assert!(!is_read("http", &nobody).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_believed_as_sslmode_says() {
    let Some(server) = postgres() else { return };
    let database = server.database();
    let folder = tempfile::tempdir().unwrap();
    let own = signed("localhost");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let authority = file("authority", &own.authority);
    let stranger = file("stranger", &signed("localhost").authority);
    let identity = format!(
        "sslcert={} sslkey={}",
        file("certificate", &own.client.0),
        file("key", &own.client.1)
    );
    let behind = Behind::Postgres(server.socket());
    let right = front(&own, false, behind.clone()).await;
    let asking = front(&own, true, behind.clone()).await;
    let elsewhere = signed("elsewhere");
    let other = file("other", &elsewhere.authority);
    let named = front(&elsewhere, false, behind).await;
    for (port, how, believed) in [
        (right, String::new(), true),
        (right, "sslmode=require".to_string(), true),
        (right, "sslmode=prefer".to_string(), true),
        (right, format!("sslmode=verify-full sslrootcert={authority}"), true),
        (right, format!("sslmode=verify-full sslrootcert={stranger}"), false),
        (right, format!("sslmode=require sslrootcert={stranger}"), false),
        (named, format!("sslmode=verify-ca sslrootcert={other}"), true),
        (named, format!("sslmode=verify-full sslrootcert={other}"), false),
        (named, format!("sslmode=verify-ca sslrootcert={stranger}"), false),
        (asking, "sslmode=require".to_string(), false),
        (asking, format!("sslmode=require {identity}"), true),
    ] {
        let conn_str = format!("host=localhost port={port} dbname={database} user=postgres {how}");
        let found = is_read("pg", &json!({ "conn_str": conn_str })).await;
        assert_eq!(found, believed, "{how}");
    }
}
