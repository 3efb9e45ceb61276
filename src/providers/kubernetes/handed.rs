//! Secrets of a cluster that another provider puts entries into.
//!
//! They are written by server-side apply under a manager's name of their own: what others have in the same Secret stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::auth::kubernetes::{Access, Bearer, Direct};
use crate::http::Method;
use crate::providers::{ApiError, TokenSource, World};

use super::client::{Ask, Cluster};

/// A Secret of a cluster that is reached with Google credentials.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Place {
    /// The cluster's address, with or without `https://`.
    pub(in crate::providers) host: String,
    /// The cluster's own authority, as PEM.
    pub(in crate::providers) authority: Option<String>,
    /// The namespace.
    pub(in crate::providers) namespace: String,
    /// The Secret's name.
    pub(in crate::providers) name: String,
}

impl PartialEq for Place {
    /// Another authority (one that was renewed) does not make it another place.
    fn eq(&self, other: &Place) -> bool {
        let parts =
            |place: &Place| (place.host.clone(), place.namespace.clone(), place.name.clone());
        parts(self) == parts(other)
    }
}

/// A Secret as its writer sees it.
pub(in crate::providers) struct Handed {
    cluster: Cluster,
    path: String,
    place: Place,
    manager: &'static str,
}

impl Handed {
    /// Names a Secret and who writes into it; nothing is sent.
    pub(in crate::providers) fn new(
        place: &Place,
        tokens: Arc<dyn TokenSource>,
        world: &World,
        manager: &'static str,
    ) -> Handed {
        let direct = Direct {
            host: place.host.clone(),
            authority: place.authority.clone(),
            user: json!({}),
            ..Direct::default()
        };
        let bearer: Bearer = Arc::new(move || {
            let tokens = tokens.clone();
            Box::pin(async move { tokens.token().await.map_err(|error| error.to_string()) })
        });
        let cluster = Cluster::new(Access::Direct(Box::new(direct)), Some(bearer), world);
        let path = format!("/api/v1/namespaces/{}/secrets/{}", place.namespace, place.name);
        Handed { cluster, path, place: place.clone(), manager }
    }

    /// Gives the address that a request goes to, for the journal.
    pub(in crate::providers) fn url(&self) -> String {
        let host = self.place.host.trim_end_matches('/');
        format!("{host}{}", self.path)
    }

    /// Gives an entry of the Secret; nothing where there is none.
    ///
    /// # Errors
    /// What the cluster answered instead, or that it did not.
    pub(in crate::providers) async fn entry(&self, name: &str) -> Result<Option<String>, ApiError> {
        let Some(live) = self.live().await? else { return Ok(None) };
        let text = live["data"][name].as_str();
        let bytes = text.and_then(|text| STANDARD.decode(text).ok());
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Writes entries; the Secret is made where there is none.
    ///
    /// # Errors
    /// What the cluster answered instead.
    pub(in crate::providers) async fn put(
        &self,
        entries: &BTreeMap<&str, &str>,
    ) -> Result<(), ApiError> {
        let data: BTreeMap<&str, String> =
            entries.iter().map(|(name, text)| (*name, STANDARD.encode(text))).collect();
        let body = json!({
            "apiVersion": "v1", "kind": "Secret", "data": data,
            "metadata": { "name": self.place.name, "namespace": self.place.namespace },
        });
        self.apply(&body).await.map(drop)
    }

    /// Takes the entries back, and the Secret where nobody else has written into it.
    ///
    /// # Errors
    /// What the cluster answered instead.
    pub(in crate::providers) async fn clear(&self) -> Result<(), ApiError> {
        let Some(live) = self.live().await? else { return Ok(()) };
        let mut managers =
            live["metadata"]["managedFields"].as_array().into_iter().flatten().peekable();
        let has_managers = managers.peek().is_some();
        if !has_managers || managers.any(|entry| entry["manager"] != self.manager) {
            let body = json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": { "name": self.place.name, "namespace": self.place.namespace },
            });
            return self.apply(&body).await.map(drop);
        }
        let metadata = &live["metadata"];
        let conditions =
            json!({ "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"] });
        let body =
            json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": conditions });
        let body = Some(("application/json", body.to_string()));
        let ask = Ask { method: Method::DELETE, path: &self.path, body, attempts: 2 };
        match self.cluster.send(ask).await {
            Err(refusal) if !refusal.is_gone() => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    async fn live(&self) -> Result<Option<Json>, ApiError> {
        let ask = Ask { method: Method::GET, path: &self.path, body: None, attempts: 2 };
        match self.cluster.send(ask).await {
            Ok(live) => Ok(Some(live)),
            Err(refusal) if refusal.is_gone() => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn apply(&self, body: &Json) -> Result<Json, ApiError> {
        let manager = self.manager;
        let path =
            format!("{}?fieldManager={manager}&fieldValidation=Strict&force=true", self.path);
        let body = Some(("application/apply-patch+yaml", body.to_string()));
        let ask = Ask { method: Method::PATCH, path: &path, body, attempts: 6 };
        Ok(self.cluster.send(ask).await?)
    }
}
