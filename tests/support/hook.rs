//! A webhook that answers over TLS, in this process.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A webhook over TLS, which answers as its path says; it runs as long as this is there.
pub(crate) struct Hook {
    pub(crate) port: u16,
    /// Its authority, as `caBundle` has it.
    pub(crate) bundle: String,
    /// What it was asked.
    pub(crate) asked: Arc<Mutex<Vec<Json>>>,
    _runtime: tokio::runtime::Runtime,
}

fn response(path: &str, request: &Json) -> Json {
    let uid = &request["uid"];
    if let Some(objects) = request["objects"].as_array() {
        let mut converted = objects.clone();
        for object in &mut converted {
            object["spec"]["from"] = object["apiVersion"].take();
            object["apiVersion"] = request["desiredAPIVersion"].clone();
        }
        let failed = path == "/deny";
        let result =
            json!({"status": if failed { "Failure" } else { "Success" }, "message": "no way"});
        return json!({"uid": uid, "result": result, "convertedObjects": converted});
    }
    let mut response = json!({"uid": uid, "allowed": !path.starts_with("/deny")});
    match path {
        "/change" => {
            let patch = json!([{"op": "add", "path": "/data/added", "value": "x"},
                {"op": "add", "path": "/metadata/labels/seen", "value": "yes"}]);
            response["patchType"] = json!("JSONPatch");
            response["patch"] = json!(STANDARD.encode(patch.to_string()));
        }
        // It has the last word on a value, whatever is written.
        "/mirror" => {
            let patch = json!([{"op": "add", "path": "/data/mode", "value": "theirs"}]);
            response["patch"] = json!(STANDARD.encode(patch.to_string()));
        }
        "/broken" => {
            let patch = json!([{"op": "remove", "path": "/nope"}]);
            response["patch"] = json!(STANDARD.encode(patch.to_string()));
        }
        "/deny/why" => {
            response["status"] = json!({"message": "no way", "code": 403, "reason": "Forbidden"});
        }
        "/warn" => response["warnings"] = json!(["careful"]),
        "/other" => response["uid"] = json!("other"),
        _ => {}
    }
    response
}

impl Hook {
    pub(crate) fn serve() -> Hook {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["127.0.0.1".to_string()]).unwrap();
        let own = own.signed_by(&key, &authority).unwrap().pem();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(own.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, log) = (acceptor.clone(), log.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await?;
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(stream.read_u8().await?);
                    }
                    let head = String::from_utf8_lossy(&head).to_lowercase();
                    let length = head.split("content-length: ").nth(1).unwrap();
                    let length = length.lines().next().unwrap().parse().unwrap();
                    let mut body = vec![0; length];
                    stream.read_exact(&mut body).await?;
                    let body: Json = serde_json::from_slice(&body).unwrap();
                    let path = head.split([' ', '?']).nth(1).unwrap();
                    let status = if path == "/gone" { "404 Not Found" } else { "200 OK" };
                    let mut answer = json!({"apiVersion": body["apiVersion"],
                        "kind": body["kind"], "response": response(path, &body["request"])});
                    if path == "/nothing" {
                        answer["response"] = Json::Null;
                    }
                    log.lock().unwrap().push(body);
                    let answer = format!("HTTP/1.1 {status}\r\n\r\n{answer}");
                    stream.write_all(answer.as_bytes()).await?;
                    stream.shutdown().await
                });
            }
        });
        let bundle = STANDARD.encode(authority.pem());
        Hook { port, bundle, asked, _runtime: runtime }
    }
}
