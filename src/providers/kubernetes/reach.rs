//! A cluster for providers beside this one: reached by the same block, credentials and tokens.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value as Json;

use crate::auth::kubernetes::{Access, Bearer};
use crate::diag::Diagnostic;
use crate::http::Method;
use crate::schema::{BlockKind, Field};
use crate::value::Value;
use crate::value::json::{from_json, to_json};

use super::super::{ApiError, ApiErrorKind, Session, World};
use super::apply::is_keeper;
use super::client::Ask;
use super::connection;
use super::evidence;
use super::manifest::{self, Who};
use super::object::Name;
use super::schema;
use super::session::KubernetesSession;

/// Gives the block that names a cluster in another provider's block.
pub(in crate::providers) fn block() -> Field {
    let mut fields = schema::provider().fields;
    for own in ["ignore_annotations", "ignore_labels", "experiments"] {
        fields.remove(own);
    }
    Field::block(BlockKind::Single, 0, Some(1), fields).as_argument()
}

/// A cluster.
pub(in crate::providers) struct Reach {
    session: KubernetesSession,
    access: Access,
    bearer: Option<Bearer>,
    pod: Option<String>,
}

impl Reach {
    /// Reaches the cluster of a block; `provider` is whose block it is.
    ///
    /// # Errors
    /// What is wrong with the block.
    pub(in crate::providers) fn of(
        block: &Value,
        world: &World,
        provider: &str,
    ) -> Result<Reach, Box<Diagnostic>> {
        let (access, bearer) = connection::way(block, world, provider)?;
        let variable = |name: &str| world.environment.get(name).map(String::as_str);
        let pod = variable("KUBERNETES_SERVICE_HOST").map(|host| {
            format!("https://{host}:{}", variable("KUBERNETES_SERVICE_PORT").unwrap_or("443"))
        });
        let session = connection::session(access.clone(), bearer.clone(), world);
        Ok(Reach { session, access, bearer, pod })
    }

    /// Finds out which cluster this is.
    pub(in crate::providers) async fn recognise(&self) {
        self.session.recognise().await;
    }

    /// Gives what tells the cluster from others.
    pub(in crate::providers) fn identity(&self) -> Option<Json> {
        self.session.identity()
    }

    /// Gives an object or a list; nothing where there is none.
    pub(in crate::providers) async fn get(&self, path: &str) -> Result<Option<Json>, ApiError> {
        match self.session.cluster.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(refusal) if refusal.is_gone() => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Removes an object.
    pub(in crate::providers) async fn delete(&self, path: &str) -> Result<(), ApiError> {
        let ask = Ask { method: Method::DELETE, path, body: None, attempts: 3 };
        match self.session.cluster.send(ask).await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.is_gone() => Ok(()),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Writes a token that is good for some minutes into a file, where the cluster takes such.
    pub(in crate::providers) async fn write_token(&self, file: &Path) -> Result<bool, ApiError> {
        let Some(bearer) = &self.bearer else { return Ok(false) };
        let token = bearer().await.map_err(|why| {
            let detail = format!("There is no token for the cluster: {why}.");
            ApiError::new(ApiErrorKind::Unauthenticated, "No token for the cluster", detail)
        })?;
        // The reader sees the former or the new one, never a half.
        let beside = file.with_extension("new");
        private(&beside, &token).and_then(|()| fs::rename(&beside, file)).map_err(unwritten)?;
        Ok(true)
    }

    /// Writes a kubeconfig for a program into a folder that is its owner's alone; gives the token's file, which is to be kept
    /// fresh.
    pub(in crate::providers) async fn write_kubeconfig(
        &self,
        folder: &Path,
    ) -> Result<bool, ApiError> {
        let file = folder.join("token");
        let fresh = self.write_token(&file).await?;
        let written = super::whole_kubeconfig::written(
            &self.access,
            fresh.then_some(file.as_path()),
            self.pod.as_deref(),
        );
        let written = written.map_err(|why| {
            let summary = "Cannot connect to the Kubernetes cluster";
            let detail = format!("The connection cannot be set up: {why}.");
            ApiError::new(ApiErrorKind::Invalid, summary, detail)
        })?;
        private(&folder.join("kubeconfig"), &written.to_string()).map_err(unwritten)?;
        Ok(fresh)
    }

    /// Gives manifests as the cluster has them: what they say, with what is there in place of what differs. Nothing for an object
    /// that is not there.
    pub(in crate::providers) async fn as_there(
        &self,
        manifests: &[Json],
        namespace: &str,
    ) -> Result<Vec<Option<Json>>, ApiError> {
        let mut lists: BTreeMap<(String, String), BTreeMap<String, Json>> = BTreeMap::new();
        let mut found = Vec::with_capacity(manifests.len());
        for manifest in manifests {
            found.push(self.one_as_there(manifest, namespace, &mut lists).await?);
        }
        Ok(found)
    }

    async fn one_as_there(
        &self,
        written: &Json,
        namespace: &str,
        lists: &mut BTreeMap<(String, String), BTreeMap<String, Json>>,
    ) -> Result<Option<Json>, ApiError> {
        let value = from_json(written);
        let Some(who) = Who::of(&value) else { return Ok(Some(written.clone())) };
        let whole = Value::object([("manifest", value.clone())]);
        let kind = match self.session.kind_of(manifest::ONE, &whole).await {
            Ok(kind) => kind,
            Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(mut name) = who.name(&kind) else { return Ok(Some(written.clone())) };
        if kind.namespaced && who.namespace.is_empty() {
            name.namespace = namespace.to_string();
        }
        let key = (format!("{}/{}", kind.api_version, kind.kind), name.namespace.clone());
        if !lists.contains_key(&key) {
            let list = match self.session.list(&kind, &name.namespace).await {
                Ok(list) => list,
                // The account may read single objects, though it may not list them.
                Err(error) if error.kind == ApiErrorKind::Denied => {
                    let live = self.get(&kind.path(&name.namespace, &name.name)).await?;
                    return Ok(live.map(|live| as_there(&value, &live)));
                }
                Err(error) => return Err(error),
            };
            lists.insert(key.clone(), list);
        }
        Ok(match lists[&key].get(&name.name) {
            Some(live) => Some(as_there(&value, live)),
            // A Job that goes when it has done its work has done it.
            None if written["spec"]["ttlSecondsAfterFinished"].is_number() => Some(written.clone()),
            None => None,
        })
    }

    /// Says why objects are not ready: what their pods and events say, and what to do.
    pub(in crate::providers) async fn unready(
        &self,
        manifests: &[Json],
        namespace: &str,
    ) -> (Vec<String>, Vec<String>) {
        let (mut findings, mut remedies) = (Vec::new(), Vec::new());
        for written in manifests {
            let Some(who) = Who::of(&from_json(written)) else { continue };
            let Some(kind) = manifest::common(&who.api_version, &who.kind) else { continue };
            let Some(mut name) = who.name(&kind).filter(|_| kind.namespaced) else { continue };
            if !WITH_PODS.contains(&kind.kind.as_str()) {
                continue;
            }
            if who.namespace.is_empty() {
                name.namespace = namespace.to_string();
            }
            let Ok(Some(live)) = self.get(&kind.path(&name.namespace, &name.name)).await else {
                continue;
            };
            let Some(selector) = evidence::selector(&kind.kind, &name, &live) else { continue };
            let found = evidence::of_pods(&self.session.cluster, &name, &selector).await;
            let who = |text: &String| format!("{} {}: {text}", kind.kind, name.name);
            findings.extend(found.findings.iter().map(who));
            remedies.extend(found.remedies.iter().map(ToString::to_string));
            let events = evidence::warnings(&self.session.cluster, &kind.kind, &live);
            findings.extend(events.await.iter().map(who));
        }
        remedies.dedup();
        (findings, remedies)
    }
}

/// Kinds whose pods say why they are not ready.
const WITH_PODS: &[&str] = &["DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"];

/// Gives a manifest with what is there in place of what differs; what an autoscaler sets is its own.
fn as_there(written: &Value, live: &Json) -> Json {
    let mut found = to_json(&manifest::as_there(written, &from_json(live)));
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    let scaled = entries.into_iter().flatten().any(|entry| {
        let own = entry.pointer("/fieldsV1/f:spec/f:replicas").is_some();
        own && entry["subresource"] == "scale" && entry["manager"].as_str().is_some_and(is_keeper)
    });
    let replicas = written.field("spec").and_then(|spec| spec.field("replicas"));
    if let (true, Some(replicas)) = (scaled, replicas) {
        found["spec"]["replicas"] = to_json(replicas);
    }
    found
}

/// Gives the namespace and name that an object of a manifest has.
pub(in crate::providers) fn place_of(written: &Json, namespace: &str) -> Option<Place> {
    let who = Who::of(&from_json(written))?;
    let name = who.name.clone()?;
    let known = manifest::common(&who.api_version, &who.kind);
    let namespaced = known.as_ref().map_or(!who.namespace.is_empty(), |kind| kind.namespaced);
    let namespace = match (namespaced, who.namespace.as_str()) {
        (false, _) => String::new(),
        (true, "") => namespace.to_string(),
        (true, given) => given.to_string(),
    };
    let Name { namespace, name } = Name { namespace, name };
    Some(Place { api_version: who.api_version, kind: who.kind, namespace, name })
}

/// Which object a manifest is of.
pub(in crate::providers) struct Place {
    /// Like `apps/v1`.
    pub api_version: String,
    /// Like `Deployment`.
    pub kind: String,
    /// Its namespace; empty where it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Writes a file that is its owner's alone.
pub(in crate::providers) fn private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(file);
    opened.and_then(|mut opened| opened.write_all(text.as_bytes()))
}

fn unwritten(error: std::io::Error) -> ApiError {
    let detail = format!("The files that a program is given cannot be written: {error}.");
    ApiError::new(ApiErrorKind::Internal, "Cannot write a private file", detail)
}
