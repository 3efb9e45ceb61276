//! A session in one cluster: reading many, previewing, acting.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Method, pace};
use crate::value::{Path, Value};

use super::super::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Failure, Found, Observed, Preview, Proposed,
    Session, Wanted,
};
use super::act::Act;
use super::apply::{self, apply};
use super::ceded::ceded;
use super::client::{Ask, Cluster};
use super::left::left;
use super::memory::Memory;
use super::object::{self, Name};
use super::observe::{Mode, observe, settle};
use super::tables::{Kind, tables};

/// A configured Kubernetes provider.
pub(super) struct KubernetesSession {
    cluster: Cluster,
    authority: Option<String>,
    identity: OnceLock<Json>,
}

impl KubernetesSession {
    /// Makes one. `authority` is the hash of the cluster's own authority, where it is known.
    pub(super) fn new(cluster: Cluster, authority: Option<String>) -> KubernetesSession {
        KubernetesSession { cluster, authority, identity: OnceLock::new() }
    }

    /// Finds out once which cluster this is. A cluster that does not tell has its authority only.
    async fn recognise(&self) {
        if self.identity.get().is_some() {
            return;
        }
        let path = "/api/v1/namespaces/kube-system";
        let ask = Ask { method: Method::GET, path, body: None, attempts: 1 };
        let Ok(namespace) = self.cluster.send(ask).await else {
            return;
        };
        let uid = namespace["metadata"]["uid"].clone();
        let _ = self.identity.set(json!({ "uid": uid, "ca": self.authority }));
    }

    async fn read_group(&self, kind: &Kind, namespace: &str, wanted: &[&Wanted]) -> Vec<Answer> {
        let names: Vec<Option<Name>> =
            wanted.iter().map(|one| Name::of(kind, &one.value)).collect();
        if wanted.len() == 1 {
            let answer = match &names[0] {
                Some(name) => self.read_one(kind, name, wanted[0]).await,
                None => Ok(None),
            };
            return vec![answer];
        }
        match self.list(kind, namespace).await {
            Ok(found) => wanted
                .iter()
                .zip(names)
                .map(|(wanted, name)| {
                    Ok(self.found(kind, wanted, name.and_then(|name| found.get(&name.name))))
                })
                .collect(),
            // The account may read single objects, though it may not list them.
            Err(error) if error.kind == ApiErrorKind::Denied => {
                let mut answers = Vec::with_capacity(wanted.len());
                for (wanted, name) in wanted.iter().zip(names) {
                    answers.push(match name {
                        Some(name) => self.read_one(kind, &name, wanted).await,
                        None => Ok(None),
                    });
                }
                answers
            }
            Err(error) => wanted.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn read_one(&self, kind: &Kind, name: &Name, wanted: &Wanted) -> Answer {
        match self.cluster.get(&kind.path(&name.namespace, &name.name)).await {
            Ok(live) => Ok(self.found(kind, wanted, Some(&live))),
            Err(refusal) if refusal.is_gone() => Ok(self.found(kind, wanted, None)),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Gives all objects of a collection by name.
    async fn list(&self, kind: &Kind, namespace: &str) -> Result<BTreeMap<String, Json>, ApiError> {
        let mut found = BTreeMap::new();
        let mut more = String::new();
        loop {
            let path = format!("{}?limit=500{more}", kind.collection(namespace));
            let mut page = self.cluster.get(&path).await?;
            if let Some(Json::Array(items)) = page.get_mut("items").map(Json::take) {
                for item in items {
                    let name = item["metadata"]["name"].as_str().unwrap_or_default().to_string();
                    found.insert(name, item);
                }
            }
            match page.pointer("/metadata/continue").and_then(Json::as_str) {
                Some(token) if !token.is_empty() => {
                    let token: String =
                        url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                    more = format!("&continue={token}");
                }
                _ => return Ok(found),
            }
        }
    }

    fn found(&self, kind: &Kind, wanted: &Wanted, live: Option<&Json>) -> Option<Observed> {
        let Some(live) = live else { return leftover(kind, wanted) };
        let memory = Memory::read(&wanted.private);
        let known = object::metadata(&wanted.value).and_then(|block| block.field("uid"));
        if known.is_none_or(Value::is_null) {
            let value = observe(kind, None, live, Mode::Whole);
            let memory = Memory { written: None, imported: true };
            return Some(Observed { value, private: memory.bytes() });
        }
        let ceded = ceded(kind, live);
        let written = memory.written.map(|written| &written - &ceded);
        let mode = Mode::Refresh(written.as_ref());
        let value = settle(&wanted.value, observe(kind, Some(&wanted.value), live, mode));
        Some(Observed { value, private: wanted.private.clone() })
    }

    async fn preview_one(&self, proposed: &Proposed) -> Preview {
        let Some(kind) = tables().kind(&proposed.type_name) else {
            return Preview::Unverified(None);
        };
        if !proposed.config.is_whole() {
            return Preview::Unverified(None);
        }
        let Some(name) = Name::of(kind, &proposed.planned) else {
            return Preview::Unverified(None);
        };
        let body = object::intent(kind, &proposed.config, Some(&name));
        let refusal = match apply(&self.cluster, kind, &name, &body, true, None).await {
            Ok(_) => {
                return Preview::Sharper { after: proposed.planned.clone(), replaces: Vec::new() };
            }
            Err(refusal) => refusal,
        };
        let replaces = apply::immutable(kind, &refusal);
        if proposed.prior.is_some() && !replaces.is_empty() {
            return Preview::Sharper { after: proposed.planned.clone(), replaces };
        }
        let unverified = |why: &str| Preview::Unverified(Some(why.to_string()));
        match refusal.error.kind {
            ApiErrorKind::NotFound => {
                let why = format!("the namespace \"{}\" does not exist yet", name.namespace);
                unverified(&why)
            }
            ApiErrorKind::Unreachable => unverified("the cluster cannot be reached"),
            ApiErrorKind::Denied => unverified("the account may not try the change out"),
            ApiErrorKind::Invalid if refusal.error.detail.contains("does not support dry run") => {
                unverified("an admission webhook does not support dry-run")
            }
            _ => Preview::Refused(refusal.error),
        }
    }
}

type Answer = Result<Option<Observed>, ApiError>;

/// A Job that its `ttl_seconds_after_finished` took away has done its work: it counts as there.
fn leftover(kind: &Kind, wanted: &Wanted) -> Option<Observed> {
    if kind.kind != "Job" {
        return None;
    }
    let path = Path::root().attribute("spec").place(0).attribute("ttl_seconds_after_finished");
    let ttl = wanted.value.at(&path)?;
    if ttl.is_null() {
        return None;
    }
    Some(Observed { value: wanted.value.clone(), private: wanted.private.clone() })
}

fn unknown_type(type_name: &str) -> ApiError {
    let detail = format!("The Kubernetes provider has no type \"{type_name}\".");
    ApiError::new(ApiErrorKind::Invalid, "Unknown resource type", detail)
}

#[async_trait]
impl Session for KubernetesSession {
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>> {
        self.recognise().await;
        let mut groups: BTreeMap<(&str, String), (&Kind, Vec<usize>)> = BTreeMap::new();
        let mut answers: Vec<Option<Answer>> = wanted.iter().map(|_| None).collect();
        for (place, one) in wanted.iter().enumerate() {
            let Some(kind) = tables().kind(&one.type_name) else {
                answers[place] = Some(Err(unknown_type(&one.type_name)));
                continue;
            };
            let namespace =
                Name::of(kind, &one.value).map(|name| name.namespace).unwrap_or_default();
            groups.entry((&kind.kind, namespace)).or_insert((kind, Vec::new())).1.push(place);
        }
        let mut reads: Vec<BoxFuture<'_, (Vec<usize>, Vec<Answer>)>> = Vec::new();
        for ((_, namespace), (kind, places)) in groups {
            reads.push(Box::pin(async move {
                let group: Vec<&Wanted> = places.iter().map(|place| &wanted[*place]).collect();
                let answers = self.read_group(kind, &namespace, &group).await;
                (places, answers)
            }));
        }
        for (places, found) in pace::all(self.cluster.pace(), reads).await {
            for (place, answer) in places.into_iter().zip(found) {
                answers[place] = Some(answer);
            }
        }
        answers
            .into_iter()
            .map(|answer| answer.expect("each wanted object is in one group"))
            .collect()
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        self.recognise().await;
        let kind = tables().kind(type_name).ok_or_else(|| unknown_type(type_name))?;
        let name = Name::of(kind, config).ok_or_else(|| {
            let detail = "The data source's `metadata` has no `name`.";
            ApiError::new(ApiErrorKind::Invalid, "Missing name", detail)
        })?;
        let live =
            self.cluster.get(&kind.path(&name.namespace, &name.name)).await.map_err(|refusal| {
                let mut error = ApiError::from(refusal);
                if error.kind == ApiErrorKind::NotFound {
                    error.detail =
                        format!("There is no {} \"{}\" in the cluster.", kind.kind, name.id());
                }
                error
            })?;
        Ok(super::data::read(kind, config, &live))
    }

    async fn open(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        match type_name {
            super::token::TYPE => super::token::open(&self.cluster, config).await,
            _ => Err(unknown_type(type_name)),
        }
    }

    fn previews(&self) -> bool {
        true
    }

    async fn preview(&self, proposed: &[Proposed]) -> Vec<Preview> {
        self.recognise().await;
        let mut asks: Vec<BoxFuture<'_, Preview>> = Vec::new();
        for one in proposed {
            asks.push(Box::pin(self.preview_one(one)));
        }
        pace::all(self.cluster.pace(), asks).await
    }

    async fn find(
        &self,
        wanted: &Wanted,
        since: Timestamp,
        desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        self.recognise().await;
        let kind =
            tables().kind(&wanted.type_name).ok_or_else(|| unknown_type(&wanted.type_name))?;
        left(&self.cluster, kind, wanted, since, desk).await
    }

    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        self.recognise().await;
        let kind =
            tables().kind(&action.type_name).ok_or_else(|| unknown_type(&action.type_name))?;
        let act = Act { cluster: &self.cluster, kind, desk };
        match &action.deed {
            Deed::Create { planned, config } => act.create(planned, config).await.map(Some),
            Deed::Update { prior, planned, config } => {
                let memory = Memory::read(&action.private);
                act.update(prior, planned, config, &memory).await.map(Some)
            }
            Deed::Delete { prior } => act.delete(prior).await.map(|()| None).map_err(Failure::from),
        }
    }

    fn identity(&self) -> Option<Json> {
        self.identity.get().cloned()
    }
}

/// Makes the session as the trait has it.
pub(super) fn shared(cluster: Cluster, authority: Option<String>) -> Arc<dyn Session> {
    Arc::new(KubernetesSession::new(cluster, authority))
}
