//! The way into a cluster: host and certificates, a kubeconfig file, or the pod's own account.
//!
//! Where a [`Bearer`] is given, each request carries a token of its own: one that was read when
//! the run began may have run out by the time that the last object is made. There is no fallback
//! to `localhost`: who says nothing of a cluster is told so.

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower::filter::{AsyncFilterLayer, AsyncPredicate};
use tower::{BoxError, ServiceBuilder};

/// Gives a token for one request.
pub type Bearer = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// How a cluster is reached.
#[derive(Clone)]
pub enum Access {
    /// By what the configuration says.
    Direct(Box<Direct>),
    /// By kubeconfig files.
    Files(Files),
    /// By the account of the pod that this process runs in.
    Pod,
}

/// A cluster's address and certificates.
#[derive(Clone, Default)]
pub struct Direct {
    /// The address, with or without `https://`.
    pub host: String,
    /// The cluster's own authority, as PEM.
    pub authority: Option<String>,
    /// The server's certificate is not checked.
    pub insecure: bool,
    /// The name that the server's certificate is checked for, where it is not the host's.
    pub server_name: Option<String>,
    /// A proxy.
    pub proxy: Option<String>,
    /// The credentials in the form of a kubeconfig's `user`.
    pub user: serde_json::Value,
}

/// Kubeconfig files and what is picked of them.
#[derive(Clone, Default)]
pub struct Files {
    /// The files, merged in order.
    pub paths: Vec<PathBuf>,
    /// The context; that of the files where it is not given.
    pub context: Option<String>,
    /// The cluster, in place of the context's.
    pub cluster: Option<String>,
    /// The user, in place of the context's.
    pub user: Option<String>,
}

/// Makes a client.
///
/// # Errors
/// What is wrong with the address, the certificates or the files.
pub async fn client(access: &Access, bearer: Option<Bearer>) -> Result<Client, String> {
    let mut config = config(access).await?;
    config.default_retry = false;
    let Some(bearer) = bearer else {
        let builder = ClientBuilder::try_from(config).map_err(|error| plain(&error))?;
        return Ok(builder.build());
    };
    let https = config.rustls_https_connector().map_err(|error| plain(&error))?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(AsyncFilterLayer::new(Fresh(bearer)))
        .service(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(https));
    Ok(ClientBuilder::new(service, "default").build())
}

/// Gives the authority's certificate of an access, for telling clusters apart.
pub fn authority(access: &Access) -> Option<&str> {
    match access {
        Access::Direct(direct) => direct.authority.as_deref(),
        Access::Files(_) | Access::Pod => None,
    }
}

async fn config(access: &Access) -> Result<Config, String> {
    match access {
        Access::Pod => Config::incluster().map_err(|error| plain(&error)),
        Access::Files(files) => from_files(files).await,
        Access::Direct(direct) => from_direct(direct),
    }
}

async fn from_files(files: &Files) -> Result<Config, String> {
    let mut merged = Kubeconfig::default();
    for path in &files.paths {
        let file = Kubeconfig::read_from(path).map_err(|error| plain(&error))?;
        merged = merged.merge(file).map_err(|error| plain(&error))?;
    }
    let options = KubeConfigOptions {
        context: files.context.clone(),
        cluster: files.cluster.clone(),
        user: files.user.clone(),
    };
    Config::from_custom_kubeconfig(merged, &options).await.map_err(|error| plain(&error))
}

fn from_direct(direct: &Direct) -> Result<Config, String> {
    let host = match direct.host.contains("://") {
        true => direct.host.clone(),
        false => format!("https://{}", direct.host),
    };
    let address = host.parse().map_err(|error| format!("\"{host}\" is no address: {error}"))?;
    let mut config = Config::new(address);
    config.root_cert = direct.authority.as_deref().map(certificates).transpose()?;
    config.accept_invalid_certs = direct.insecure;
    config.tls_server_name.clone_from(&direct.server_name);
    config.auth_info = serde_json::from_value::<AuthInfo>(direct.user.clone())
        .map_err(|error| format!("the credentials cannot be read: {error}"))?;
    if let Some(proxy) = &direct.proxy {
        let proxy = proxy.parse().map_err(|error| format!("\"{proxy}\" is no address: {error}"))?;
        config.proxy_url = Some(proxy);
    }
    Ok(config)
}

fn certificates(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let found: Result<Vec<Vec<u8>>, _> = CertificateDer::pem_slice_iter(text.as_bytes())
        .map(|one| one.map(|one| one.to_vec()))
        .collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("`cluster_ca_certificate` holds no PEM certificate; a cluster's \
                  `master_auth[0].cluster_ca_certificate` is base64 and needs `base64decode`"
            .into()),
    }
}

/// Gives an error with all its causes in one line.
pub fn plain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// Adds a fresh token to a request.
#[derive(Clone)]
struct Fresh(Bearer);

impl AsyncPredicate<http::Request<Body>> for Fresh {
    type Future = BoxFuture<'static, Result<http::Request<Body>, BoxError>>;
    type Request = http::Request<Body>;

    fn check(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let token = (self.0)();
        Box::pin(async move {
            let mut value = http::HeaderValue::from_str(&format!("Bearer {}", token.await?))?;
            value.set_sensitive(true);
            request.headers_mut().insert(http::header::AUTHORIZATION, value);
            Ok(request)
        })
    }
}
