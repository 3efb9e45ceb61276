//! A session in one cluster: reading many, previewing, acting.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Method, pace};
use crate::state::Broken;
use crate::value::{Path, Value};

use super::super::touch::{Follow, History, Strays, Touched};
use super::super::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Failure, Found, Observed, Preview, Proposed,
    Session, Wanted, whose,
};
use super::act::Act;
use super::apply::{self, By, apply};
use super::ceded::ceded;
use super::client::{Ask, Cluster, Told};
use super::discovery::discover;
use super::left::{is_ours, left, made_since};
use super::manifest::{self, Who, is_manifest};
use super::memory::Memory;
use super::object::{self, Name};
use super::observe::{Mode, observe, settle};
use super::ready::{State, rule_of};
use super::tables::{Kind, Way, tables};
use super::taken::taken;
use super::{certificate, parts, queries, token, tried};

/// A configured Kubernetes provider.
pub(super) struct KubernetesSession {
    pub(super) cluster: Cluster,
    authority: Option<String>,
    /// The address, as the provider's block says it.
    at: String,
    identity: OnceLock<Json>,
    /// What the cluster said of kinds that not each cluster has.
    kinds: Mutex<BTreeMap<(String, String), Kind>>,
}

impl KubernetesSession {
    /// Makes one. `authority` is the hash of the cluster's own authority, where it is known.
    pub(super) fn new(
        cluster: Cluster,
        authority: Option<String>,
        at: String,
    ) -> KubernetesSession {
        let (identity, kinds) = (OnceLock::new(), Mutex::default());
        KubernetesSession { cluster, authority, at, identity, kinds }
    }

    /// Finds out once which cluster this is. A cluster that does not tell has its authority only.
    pub(super) async fn recognise(&self) {
        if self.identity.get().is_some() {
            return;
        }
        let path = "/api/v1/namespaces/kube-system";
        let ask = Ask { method: Method::GET, path, body: None, attempts: 1 };
        let Ok(namespace) = self.cluster.send(ask).await else {
            return;
        };
        let uid = namespace["metadata"]["uid"].clone();
        let _ = self.identity.set(json!({ "uid": uid, "ca": self.authority, "at": self.at }));
    }

    /// Gives the kind of an object: by its resource type, or as its manifest says.
    pub(super) async fn kind_of(
        &self,
        type_name: &str,
        value: &Value,
    ) -> Result<Cow<'static, Kind>, ApiError> {
        if !is_manifest(type_name) {
            let kind = tables().kind(type_name).ok_or_else(|| unknown_type(type_name))?;
            return Ok(Cow::Borrowed(kind));
        }
        let who = manifest::manifest(value).and_then(|it| Who::of(&it)).ok_or_else(|| {
            let detail = "The manifest has no `apiVersion` and `kind`.";
            ApiError::new(ApiErrorKind::Invalid, "Invalid manifest", detail)
        })?;
        let key = (who.api_version.clone(), who.kind.clone());
        let known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kind) = known {
            return Ok(Cow::Owned(kind));
        }
        let kind = discover(&self.cluster, &who).await?;
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(key, kind.clone());
        Ok(Cow::Owned(kind))
    }

    /// Gives the kind of an object that is to be made: what was defined a moment ago may not be served yet.
    async fn kind_at_last(
        &self,
        type_name: &str,
        value: &Value,
        desk: &dyn Desk,
    ) -> Result<Cow<'static, Kind>, ApiError> {
        for _ in 0..15 {
            match self.kind_of(type_name, value).await {
                Err(error) if error.kind == ApiErrorKind::NotFound => {
                    desk.note("waiting for the cluster to serve the kind");
                    desk.clock().sleep(std::time::Duration::from_secs(2)).await;
                }
                other => return other,
            }
        }
        self.kind_of(type_name, value).await
    }

    async fn read_group(&self, kind: &Kind, namespace: &str, wanted: &[&Wanted]) -> Vec<Answer> {
        let names: Vec<Option<Name>> = wanted.iter().map(|one| name_of(kind, &one.value)).collect();
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
    pub(super) async fn list(
        &self,
        kind: &Kind,
        namespace: &str,
    ) -> Result<BTreeMap<String, Json>, ApiError> {
        let mut found = BTreeMap::new();
        let mut more = String::new();
        loop {
            let path = format!("{}?limit=500{more}", kind.collection(namespace));
            let mut page = self.cluster.get(&path).await?;
            if let Some(Json::Array(items)) = page.get_mut("items").map(Json::take) {
                for mut item in items {
                    // In a list, what all have in common is said once.
                    if let Some(fields) = item.as_object_mut() {
                        fields.insert("apiVersion".into(), kind.api_version.as_str().into());
                        fields.insert("kind".into(), kind.kind.as_str().into());
                    }
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
        if is_manifest(&wanted.type_name) {
            return Some(manifest::finish_read(&wanted.value, &wanted.private, live));
        }
        let memory = Memory::read(&wanted.private);
        let known = object::metadata(&wanted.value).and_then(|block| block.field("uid"));
        if known.is_none_or(Value::is_null) {
            let value = observe(kind, None, &taken(kind, live), Mode::Whole);
            let memory = Memory { written: None, imported: true, ..Memory::default() };
            return Some(Observed { value, private: memory.bytes() });
        }
        let private = KubernetesSession::still_unready(kind, wanted, &memory, live);
        let ceded = ceded(kind, live);
        let written = memory.written.map(|written| &written - &ceded);
        let mode = Mode::Refresh(written.as_ref());
        let value = settle(&wanted.value, observe(kind, Some(&wanted.value), live, mode));
        Some(Observed { value, private })
    }

    /// Gives an object's own bytes; one that was not ready may be so by now.
    fn still_unready(kind: &Kind, wanted: &Wanted, memory: &Memory, live: &Json) -> Vec<u8> {
        let rule = rule_of(&kind.kind, &wanted.value).filter(|_| memory.unready);
        match memory.unready && rule.is_none_or(|rule| (rule.check)(live) == State::Done) {
            true => Memory { unready: false, ..memory.clone() }.bytes(),
            false => wanted.private.clone(),
        }
    }

    async fn act_on_manifest(
        &self,
        action: &Action,
        desk: &dyn Desk,
    ) -> Result<Option<Observed>, Failure> {
        let value = match &action.deed {
            Deed::Create { config, .. } | Deed::Update { config, .. } => config,
            Deed::Delete { prior } => prior,
        };
        let kind = match &action.deed {
            // What is of no kind any more is gone with it.
            Deed::Delete { .. } => match self.kind_of(&action.type_name, value).await {
                Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(None),
                other => other?,
            },
            _ => self.kind_at_last(&action.type_name, value, desk).await?,
        };
        let act = Act { cluster: &self.cluster, kind: &kind, desk };
        match &action.deed {
            Deed::Create { planned, config } => {
                manifest::make(&act, planned, config).await.map(Some)
            }
            Deed::Update { planned, config, .. } => {
                manifest::update(&act, planned, config).await.map(Some)
            }
            Deed::Delete { prior } => {
                manifest::unmake(&act, prior, &action.private).await?;
                if action.cleared {
                    act.clear(prior).await?;
                }
                Ok(None)
            }
        }
    }

    async fn left(
        &self,
        wanted: &Wanted,
        since: Timestamp,
        desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        if is_manifest(&wanted.type_name) {
            return self.left_of_manifest(wanted, since, desk).await;
        }
        let kind =
            tables().kind(&wanted.type_name).ok_or_else(|| unknown_type(&wanted.type_name))?;
        match kind.way {
            Way::Part => parts::left(&self.cluster, kind, wanted).await,
            // Nobody knows a token that was not heard.
            Way::Token => Ok(Found::default()),
            _ => left(&self.cluster, kind, wanted, since, desk).await,
        }
    }

    async fn left_of_manifest(
        &self,
        wanted: &Wanted,
        since: Timestamp,
        desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        let kind = match self.kind_of(&wanted.type_name, &wanted.value).await {
            Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(Found::default()),
            other => other?,
        };
        let Some(name) = name_of(&kind, &wanted.value) else { return Ok(Found::default()) };
        let live = match self.cluster.get(&kind.path(&name.namespace, &name.name)).await {
            Ok(live) => live,
            Err(refusal) if refusal.is_gone() => return Ok(Found::default()),
            Err(refusal) => return Err(refusal.into()),
        };
        if !is_ours(&live, &manifest::by(&wanted.value).manager) {
            return Ok(Found::default());
        }
        let ours = made_since(&live, since);
        let act = Act { cluster: &self.cluster, kind: &kind, desk };
        let (object, complete) = manifest::found(&act, &wanted.value, live, &name).await?;
        Ok(Found { object: Some(object), complete, ours, strays: Vec::new() })
    }

    /// Does what an action says.
    async fn deed(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        if is_manifest(&action.type_name) {
            return self.act_on_manifest(action, desk).await;
        }
        let kind =
            tables().kind(&action.type_name).ok_or_else(|| unknown_type(&action.type_name))?;
        let act = Act { cluster: &self.cluster, kind, desk };
        match (kind.way, &action.deed) {
            (Way::Certificate, Deed::Create { planned, config }) => {
                return certificate::make(&act, planned, config).await.map(Some);
            }
            (Way::Token, Deed::Create { planned, config }) => {
                return token::make(&act, planned, config).await.map(Some);
            }
            // What was asked for once is not there any more: its names are the state's alone.
            (Way::Certificate | Way::Token, Deed::Update { planned, .. }) => {
                let (value, private) = (planned.clone(), action.private.clone());
                return Ok(Some(Observed { value, private }));
            }
            (Way::Token, Deed::Delete { .. }) => return Ok(None),
            (Way::Part, Deed::Create { planned, config }) => {
                return parts::make(&act, planned, config).await.map(Some);
            }
            (Way::Part, Deed::Update { prior, planned, config }) => {
                return parts::update(&act, prior, planned, config).await.map(Some);
            }
            (Way::Part, Deed::Delete { prior }) => {
                parts::unmake(&act, prior).await?;
                return Ok(None);
            }
            _ => {}
        }
        match &action.deed {
            Deed::Create { planned, config } => act.create(planned, config).await.map(Some),
            Deed::Update { prior, planned, config } => {
                let memory = Memory::read(&action.private);
                act.update(prior, planned, config, &memory).await.map(Some)
            }
            Deed::Delete { prior } => {
                act.delete(prior, action.cleared).await.map(|()| None).map_err(Failure::from)
            }
        }
    }

    /// Says with an object that it is of this cluster: one that is made or taken in, and one that said so before.
    fn whose(&self, found: Observed, before: &[u8]) -> Observed {
        match before.is_empty() || whose::mark(before).is_some() {
            true => {
                Observed { private: whose::marked(found.private, self.identity.get()), ..found }
            }
            false => found,
        }
    }

    /// Gives the planned value by what a dry-run made of the object: where that is what stands there already (an admission
    /// webhook sets each time what it has set before), nothing of the object changes. What the server sets otherwise than it is
    /// written is planned as it sets it.
    async fn as_tried(&self, kind: &Kind, name: &Name, proposed: &Proposed, tried: &Json) -> Value {
        let planned = &proposed.planned;
        let set = || match is_manifest(&proposed.type_name) {
            false => tried::typed(kind, planned, &proposed.config, tried),
            true => match planned.field("object").filter(|object| object.is_known()) {
                Some(object) => planned.with_field("object", manifest::set(object, tried)),
                None => planned.clone(),
            },
        };
        let Some(prior) = &proposed.prior else { return set() };
        if Memory::read(&proposed.private).unready {
            return set();
        }
        let live = self.cluster.get(&kind.path(&name.namespace, &name.name)).await;
        if live.map(|live| without_counters(&live)).ok() != Some(without_counters(tried)) {
            return set();
        }
        let kept = |after: Value, field: &str| match prior.field(field) {
            Some(part) => after.with_field(field, part.clone()),
            None => after,
        };
        if is_manifest(&proposed.type_name) {
            return kept(planned.clone(), "object");
        }
        let parts = kind.nodes.iter().filter(|(_, node)| node.api.is_some() || node.wrapper);
        parts.fold(planned.clone(), |after, (field, _)| kept(after, field))
    }

    async fn preview_one(&self, proposed: &Proposed) -> Preview {
        if !proposed.config.is_whole() {
            return Preview::Unverified(None);
        }
        let kind = match self.kind_of(&proposed.type_name, &proposed.config).await {
            Ok(kind) => kind,
            Err(error) if error.kind == ApiErrorKind::NotFound => return unserved(proposed, error),
            Err(_) => return Preview::Unverified(None),
        };
        let kind = kind.as_ref();
        if kind.way == Way::Token {
            return Preview::Unverified(None);
        }
        if kind.way == Way::Part {
            return parts::preview(&self.cluster, kind, proposed).await;
        }
        let Some(name) = name_of(kind, &proposed.planned) else {
            return Preview::Unverified(None);
        };
        let (body, by) = match is_manifest(&proposed.type_name) {
            true => (manifest::body(kind, &proposed.config, &name), manifest::by(&proposed.config)),
            false => {
                (object::intent(kind, &proposed.config, Some(&name)), By::us(&proposed.config))
            }
        };
        let refusal = match apply(&self.cluster, kind, &name, &body, &by, true, None).await {
            Ok(Told { live, warnings: mut notes }) => {
                let after = self.as_tried(kind, &name, proposed, &live).await;
                let prior = proposed.prior.as_ref().map(Value::without_marks);
                let changes = prior.as_ref() != Some(&after.without_marks());
                notes.extend(tried::note(&proposed.planned, &after).filter(|_| changes));
                return Preview::Sharper { after, replaces: Vec::new(), unchecked: None, notes };
            }
            Err(refusal) => refusal,
        };
        let replaces = apply::immutable(kind, &refusal);
        if proposed.prior.is_some() && !replaces.is_empty() {
            let after = proposed.planned.clone();
            return Preview::Sharper { after, replaces, unchecked: None, notes: Vec::new() };
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

/// Gives an object without what each write moves on.
fn without_counters(live: &Json) -> Json {
    let mut live = live.clone();
    if let Some(metadata) = live["metadata"].as_object_mut() {
        for counter in ["managedFields", "resourceVersion", "generation"] {
            metadata.shift_remove(counter);
        }
    }
    live
}

/// Gives the name of an object, as its resource type or its manifest says.
pub(super) fn name_of(kind: &Kind, value: &Value) -> Option<Name> {
    match kind.nodes.is_empty() {
        true => manifest::manifest(value).and_then(|it| Who::of(&it))?.name(kind),
        false => Name::of(kind, value),
    }
}

/// Says what becomes of an object whose kind the cluster does not have: one that the plan defines is checked by that.
fn unserved(proposed: &Proposed, error: ApiError) -> Preview {
    match proposed.defined {
        true => Preview::Unverified(Some("the cluster does not have its kind yet".into())),
        false => Preview::Refused(error),
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

/// Gives the kind of a type that owns parts of an object.
fn part(type_name: &str) -> Option<&'static Kind> {
    tables().kind(type_name).filter(|kind| kind.way == Way::Part)
}

fn unknown_type(type_name: &str) -> ApiError {
    let detail = format!("The Kubernetes provider has no type \"{type_name}\".");
    ApiError::new(ApiErrorKind::Invalid, "Unknown resource type", detail)
}

#[async_trait]
impl Session for KubernetesSession {
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>> {
        self.recognise().await;
        let mut groups: BTreeMap<(String, String, bool), (Cow<'static, Kind>, Vec<usize>)> =
            BTreeMap::new();
        let mut answers: Vec<Option<Answer>> = wanted.iter().map(|_| None).collect();
        for (place, one) in wanted.iter().enumerate() {
            if let Err(error) = whose::elsewhere(&one.private, self.identity.get()) {
                answers[place] = Some(Err(error));
                continue;
            }
            let kind = match self.kind_of(&one.type_name, &one.value).await {
                Ok(kind) => kind,
                // With its kind the object is gone.
                Err(error) if error.kind == ApiErrorKind::NotFound => {
                    answers[place] = Some(Ok(None));
                    continue;
                }
                Err(error) => {
                    answers[place] = Some(Err(error));
                    continue;
                }
            };
            if kind.way == Way::Part {
                continue;
            }
            if kind.is_answer(&one.value) {
                let (value, private) = (one.value.clone(), one.private.clone());
                answers[place] = Some(Ok(Some(Observed { value, private })));
                continue;
            }
            let namespace =
                name_of(&kind, &one.value).map(|name| name.namespace).unwrap_or_default();
            let is_manifest = is_manifest(&one.type_name);
            let key = (format!("{}/{}", kind.api_version, kind.kind), namespace, is_manifest);
            groups.entry(key).or_insert((kind, Vec::new())).1.push(place);
        }
        let mut reads: Vec<BoxFuture<'_, (Vec<usize>, Vec<Answer>)>> = Vec::new();
        for (place, one) in wanted.iter().enumerate() {
            let kind = part(&one.type_name).filter(|_| answers[place].is_none());
            if let Some(kind) = kind {
                reads.push(Box::pin(async move {
                    (vec![place], vec![parts::read(&self.cluster, kind, one).await])
                }));
            }
        }
        for ((_, namespace, _), (kind, places)) in groups {
            reads.push(Box::pin(async move {
                let group: Vec<&Wanted> = places.iter().map(|place| &wanted[*place]).collect();
                let answers = self.read_group(&kind, &namespace, &group).await;
                (places, answers)
            }));
        }
        for (places, found) in pace::all(self.cluster.pace(), reads).await {
            for (place, answer) in places.into_iter().zip(found) {
                answers[place] = Some(answer);
            }
        }
        let all = answers.into_iter().zip(wanted);
        all.map(|(answer, wanted)| {
            let answer = answer.expect("each wanted object is in one group");
            answer.map(|found| found.map(|found| self.whose(found, &wanted.private)))
        })
        .collect()
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        self.recognise().await;
        if let Some(read) = queries::read(&self.cluster, type_name, config).await {
            return read;
        }
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
            super::secret::TYPE => super::secret::open(&self.cluster, config).await,
            super::token::TYPE => super::token::open(&self.cluster, config).await,
            _ => Err(unknown_type(type_name)),
        }
    }

    async fn history(&self, asked: &[Touched]) -> History {
        super::history::history(self, asked).await
    }

    async fn follow(self: Arc<Self>, objects: &[Touched]) -> Option<Box<dyn Follow>> {
        super::follow::follow(self, objects).await
    }

    async fn strays(&self, objects: &[Touched], chosen: &[String]) -> Option<Strays> {
        Some(super::strays::strays(self, objects, chosen).await)
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
        broken: &Broken,
        desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        self.recognise().await;
        whose::elsewhere(&wanted.private, self.identity.get())?;
        let found = self.left(wanted, broken.since, desk).await?;
        let object = found.object.map(|object| self.whose(object, &[]));
        Ok(Found { object, ..found })
    }

    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        self.recognise().await;
        whose::elsewhere(&action.private, self.identity.get())?;
        whose::moved(&action.met, self.identity.get())?;
        match self.deed(action, desk).await {
            Ok(made) => Ok(made.map(|made| self.whose(made, &[]))),
            Err(failure) => {
                let partial = failure.partial.map(|made| self.whose(made, &[]));
                Err(Failure { partial, ..failure })
            }
        }
    }

    fn identity(&self) -> Option<Json> {
        self.identity.get().cloned()
    }
}
