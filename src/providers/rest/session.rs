//! A configured provider: reads many objects by few requests, and performs actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::addr::Mode;
use crate::http::pace;
use crate::providers::permission::Tested;
use crate::providers::touch::{History, Touched};
use crate::providers::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Discovered, Failure, Found, Observed, Session,
    TokenSource, Wanted, World,
};
use crate::state::Broken;
use crate::value::{Type, Value};

use super::api::{Api, Ask};
use super::catalog::Catalog;
use super::claims::Claims;
use super::codec::last_segment;
use super::decode::decode;
use super::equal::Around;
use super::job::{Job, body, protected, settled};
use super::json;
use super::labels;
use super::mask;
use super::plan::Defaults;
use super::spec::{Call, List, OperationKind, Pick, Spec};
use super::together::Together;

/// A session of a provider that is made of resource files.
pub struct RestSession {
    /// Sends.
    pub api: Api,
    /// The resource files.
    pub catalog: Arc<Catalog>,
    /// What the provider block gives.
    pub defaults: Defaults,
    /// What the session was given of the machine.
    pub world: World,
    /// Changes of documents that several objects share, before they are written.
    pub together: Together,
    /// Which instances have asked for an object, by its type and id.
    pub claims: Claims,
}

impl RestSession {
    /// Makes the request of a call.
    ///
    /// # Errors
    /// An attribute that the path needs is not known.
    pub fn ask<'a>(
        &self,
        spec: &'a Spec,
        call: &Call,
        value: &Value,
        object: Option<Json>,
        what: &str,
    ) -> Result<Ask<'a>, ApiError> {
        let path = call.path.url(value).map_err(|name| {
            let detail =
                format!("{what}: \"{name}\" is not set, and the provider block does not give it.");
            ApiError::new(ApiErrorKind::Invalid, "Missing attribute", detail)
                .help(format!("Set \"{name}\" in the resource or in the provider block."))
        })?;
        let body = body(call, value, object);
        Ok(Ask { method: call.method.clone(), body, ..Ask::get(&spec.service, path, what) })
    }

    /// Fills in of an object what the provider block gives.
    pub fn located(&self, spec: &Spec, value: &Value) -> Value {
        let mut value = self.catalog.hook(spec).located(value.clone());
        for part in &spec.parts {
            let Some(fill) = part.fill.as_deref().and_then(|name| self.defaults.fill(name)) else {
                continue;
            };
            let open =
                value.field(&part.name).is_none_or(|field| field.is_null() || !field.is_known());
            if open && fill.is_known() && !fill.is_null() {
                value = value.with_field(&part.name, fill.clone());
            }
        }
        value
    }

    /// Reads one object; nothing where it does not exist.
    ///
    /// # Errors
    /// What the service answered instead.
    pub async fn get(
        &self,
        spec: &Spec,
        value: &Value,
        what: &str,
    ) -> Result<Option<Json>, ApiError> {
        let Some(call) = &spec.read else { return Ok(None) };
        let value = self.located(spec, value);
        let ask = self.ask(spec, call, &value, None, what)?;
        match self.api.send(&ask, &*self.api.clock).await {
            Ok(json) if is_gone(call, &json) => Ok(None),
            Ok(json) => Ok(match &call.pick {
                Some(pick) => {
                    let items = json.get(&pick.items).and_then(Json::as_array);
                    items.and_then(|items| picked(spec, pick, items, &value)).cloned()
                }
                None => Some(json),
            }),
            Err(refused) if refused.is_not_found() => Ok(None),
            Err(refused)
                if call.denied_is_gone
                    && refused.status() == 403
                    && !is_disabled(&refused.reasons) =>
            {
                Ok(None)
            }
            Err(refused) => Err(refused.into()),
        }
    }

    /// Makes the value of an object from its JSON: `base` is what stands or was planned.
    pub async fn observe(&self, spec: &Spec, json: Json, base: Option<&Value>) -> Value {
        let value = self.decoded(spec, &json, base);
        settled(&self.catalog.hook(spec).enrich(self, spec, value, &json).await)
    }

    /// Makes the value of an object from its JSON alone, without further requests.
    pub fn decoded(&self, spec: &Spec, json: &Json, base: Option<&Value>) -> Value {
        let hook = self.catalog.hook(spec);
        let mut json = json.clone();
        hook.answered(&mut json, base);
        let base_clean = base.map(Value::without_marks);
        let base = base_clean.as_ref();
        let mut value = decode(&spec.parts, &json, base);
        value = self.located(spec, &value);
        for part in spec.parts.iter().filter(|part| part.read.is_none() && part.known.is_some()) {
            if let Some(known) = &part.known {
                value = value.with_field(&part.name, known.value(&value));
            }
        }
        value = labels::labelled(spec, &value, base);
        value = hook.decoded(value, &json, base);
        value = calm(spec, value, base);
        if !spec.timeouts.is_empty() {
            let times = base.and_then(|base| base.field("timeouts")).cloned();
            let none = || {
                Value::null(Type::object(
                    spec.timeouts.keys().map(|name| (name.as_str(), Type::String)),
                ))
            };
            value = value.with_field("timeouts", times.unwrap_or_else(none));
        }
        let id = base
            .and_then(|base| base.field("id"))
            .filter(|id| id.is_known() && !id.is_null())
            .cloned();
        let id = id.unwrap_or_else(|| spec.id.value(&value));
        value.with_field("id", id)
    }

    /// Gives the path of an operation below its service's base.
    ///
    /// # Errors
    /// The object's place is not known.
    pub fn operation_path(
        &self,
        spec: &Spec,
        value: &Value,
        name: &str,
    ) -> Result<String, ApiError> {
        match spec.operation {
            OperationKind::None | OperationKind::Standard | OperationKind::Compute => {
                Ok(name.to_string())
            }
            OperationKind::Gke | OperationKind::Sql => {
                let value = self.located(spec, value);
                let template = super::template::Template::parse(match spec.operation {
                    OperationKind::Sql => "projects/{project}/operations/",
                    _ => "projects/{project}/locations/{location}/operations/",
                });
                let path = template.url(&value).map_err(|name| {
                    let detail =
                        format!("The operation's place is not known: \"{name}\" is not set.");
                    ApiError::new(ApiErrorKind::Invalid, "Missing attribute", detail)
                })?;
                Ok(format!("{path}{}", last_segment(name)))
            }
        }
    }

    /// Reads a data source by its file's `read`.
    ///
    /// # Errors
    /// It does not exist, or what the service answered instead.
    pub async fn read_plain_data(&self, spec: &Spec, config: &Value) -> Result<Value, ApiError> {
        let what = format!("reading data.{}", spec.type_name);
        match self.get(spec, config, &what).await? {
            Some(json) => Ok(self.observe(spec, json, Some(config)).await),
            None => {
                let detail = format!("{what}: there is no such object.");
                Err(ApiError::new(ApiErrorKind::NotFound, "Not found", detail))
            }
        }
    }

    async fn read_group(
        &self,
        spec: &Spec,
        wanted: &[&Wanted],
    ) -> Vec<Result<Option<Value>, ApiError>> {
        if let Some(read) = self.catalog.hook(spec).read_many(self, spec, wanted).await {
            return read;
        }
        let listed = match &spec.list {
            Some(list) if wanted.len() > 1 => self.listed(spec, list, wanted).await,
            _ => wanted.iter().map(|_| None).collect(),
        };
        let reads: Vec<_> = wanted
            .iter()
            .zip(listed)
            .map(|(wanted, listed)| async move {
                let json = match listed {
                    Some(json) => Some(json),
                    None => {
                        let what = format!("reading {}", wanted.address);
                        match self.get(spec, &wanted.value, &what).await {
                            Err(error) if is_asleep(spec, &error) => {
                                tracing::warn!(address = %wanted.address, "it is asleep, and stays as it stands");
                                return Ok(Some(wanted.value.clone()));
                            }
                            read => read?,
                        }
                    }
                };
                match self.at_rest(spec, &wanted.value, json, &wanted.address.to_string()).await? {
                    Some(json) => Ok(Some(self.observe(spec, json, Some(&wanted.value)).await)),
                    None => Ok(None),
                }
            })
            .collect();
        pace::all(&self.api.pace, reads).await
    }

    /// Waits for what the object shares with others that are changed, one after the other.
    async fn held(
        &self,
        spec: &Spec,
        deed: &Deed,
        desk: &dyn Desk,
    ) -> Vec<tokio::sync::OwnedMutexGuard<()>> {
        let value = match deed {
            Deed::Create { planned, .. } | Deed::Update { planned, .. } => planned,
            Deed::Delete { prior } => prior,
        };
        let value = self.located(spec, &value.without_marks());
        let mut names: Vec<String> =
            spec.locks.iter().filter_map(|lock| lock.from_value(&value)).collect();
        names.sort();
        names.dedup();
        let mut held = Vec::new();
        for name in names {
            held.push(self.api.lock(&name, &*desk.clock()).await);
        }
        held
    }

    /// Waits while an object is just being made or removed: a run before this one may have left it so.
    pub(super) async fn at_rest(
        &self,
        spec: &Spec,
        value: &Value,
        found: Option<Json>,
        address: &str,
    ) -> Result<Option<Json>, ApiError> {
        const PASSING: [&str; 7] = [
            "PROVISIONING",
            "STOPPING",
            "PENDING_CREATE",
            "PENDING_DELETE",
            "CREATING",
            "DELETING",
            "UPDATING",
        ];
        let (Some(rests), Some(mut json)) = (&spec.rests, found.clone()) else { return Ok(found) };
        let clock = &self.api.clock;
        let until = clock.now() + jiff::SignedDuration::from_mins(40);
        loop {
            let status = json.get(&rests.field).and_then(Json::as_str).unwrap_or_default();
            if !PASSING.contains(&status) || clock.now() >= until {
                return Ok(Some(json));
            }
            tracing::info!(address, status, "waiting until it is at rest");
            clock.sleep(self.api.poll).await;
            match self.get(spec, value, &format!("reading {address}")).await? {
                Some(found) => json = found,
                None => return Ok(None),
            }
        }
    }

    /// Reads whole collections, and finds in them what is wanted; what is not found there is read alone.
    async fn listed(&self, spec: &Spec, list: &List, wanted: &[&Wanted]) -> Vec<Option<Json>> {
        let mut found: Vec<Option<Json>> = wanted.iter().map(|_| None).collect();
        let mut collections: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, wanted) in wanted.iter().enumerate() {
            if let Ok(path) = list.call.path.url(&self.located(spec, &wanted.value)) {
                collections.entry(path).or_default().push(place);
            }
        }
        for (path, places) in collections.into_iter().filter(|(_, places)| places.len() > 1) {
            let ask = Ask::get(&spec.service, path, format!("listing {}", spec.type_name));
            let ask = mask::masked(ask, spec, &list.items, false);
            // A refused LIST may be a matter of permission: the single reads will tell.
            let Ok(objects) = self.api.list(&ask, &list.items).await else { continue };
            let mut named: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
            for object in &objects {
                if let Some(name) = json::dotted(object, &list.by).and_then(Json::as_str) {
                    named.entry(last_segment(name)).or_default().push(object);
                }
            }
            for place in places {
                let value = &wanted[place].value;
                if let Some(pick) = spec.read.as_ref().and_then(|read| read.pick.as_ref()) {
                    found[place] = picked(spec, pick, &objects, value).cloned();
                    continue;
                }
                let id = id_of(value, spec);
                let same_name = id.as_deref().and_then(|id| named.get(last_segment(id)));
                found[place] = same_name
                    .into_iter()
                    .flatten()
                    .find(|object| {
                        is_same_place(object, value)
                            && spec.read.as_ref().is_none_or(|call| !is_gone(call, object))
                    })
                    .map(|object| (*object).clone());
            }
        }
        found
    }
}

fn is_disabled(reasons: &[String]) -> bool {
    reasons.iter().any(|reason| reason == "SERVICE_DISABLED" || reason == "accessNotConfigured")
}

pub(super) fn is_asleep(spec: &Spec, error: &ApiError) -> bool {
    let says = spec.read.as_ref().and_then(|read| read.asleep.as_deref());
    says.is_some_and(|says| error.detail.contains(says))
}

/// Finds an object in a list, by the attributes that tell it from others.
fn picked<'a>(spec: &Spec, pick: &Pick, items: &'a [Json], value: &Value) -> Option<&'a Json> {
    let around = Around { prior: Some(value), beside: Some(value) };
    items.iter().find(|item| {
        pick.by.iter().all(|(member, name)| {
            let (Some(part), Some(wanted)) = (spec.part(name), value.field(name)) else {
                return true;
            };
            let open = wanted.is_null() || !wanted.is_known() || wanted.as_str() == Some("");
            let found = item.get(member).and_then(Json::as_str).map(Value::string);
            open || found.is_some_and(|found| part.same(&found, wanted, around))
        })
    })
}

/// Says whether an object that can be read is gone all the same.
pub(super) fn is_gone(call: &Call, json: &Json) -> bool {
    call.gone_when
        .iter()
        .any(|(path, gone)| json::dotted(json, path).and_then(Json::as_str) == Some(gone))
}

/// Gives the id of an object, by which a list is searched: a listed object's name has the same last segment.
fn id_of(value: &Value, spec: &Spec) -> Option<String> {
    let id = value.field("id").and_then(Value::as_str).map(str::to_string);
    id.or_else(|| spec.id.from_value(value))
}

/// Says whether a listed object is where the wanted one is, where both have a location.
fn is_same_place(object: &Json, value: &Value) -> bool {
    let here = value.field("location").and_then(Value::as_str);
    let there = object.get("location").and_then(Json::as_str);
    match (here, there) {
        (Some(here), Some(there)) => here.eq_ignore_ascii_case(there),
        _ => true,
    }
}

/// Keeps the marks of a last change (`updated`, `etag`) where nothing else changed: a write of something beside the
/// object (a bucket's policy) moves them too.
fn calm(spec: &Spec, value: Value, base: Option<&Value>) -> Value {
    let Some(base) = base else { return value };
    let changed = |part: &&super::spec::Part| value.field(&part.name) != base.field(&part.name);
    if spec.parts.iter().filter(|part| !part.is_mark()).any(|part| changed(&part)) {
        return value;
    }
    spec.parts.iter().filter(|part| part.is_mark()).fold(value.clone(), |value, part| {
        match base.field(&part.name).filter(|field| field.is_known()) {
            Some(field) => value.with_field(&part.name, field.clone()),
            None => value,
        }
    })
}

#[async_trait]
impl Session for RestSession {
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, wanted) in wanted.iter().enumerate() {
            groups.entry(&wanted.type_name).or_default().push(place);
        }
        let reads: Vec<_> = groups
            .into_iter()
            .map(|(type_name, places)| async move {
                let group: Vec<&Wanted> = places.iter().map(|place| &wanted[*place]).collect();
                let found = match self.catalog.entry(Mode::Managed, type_name) {
                    Some(entry) => self.read_group(&entry.spec, &group).await,
                    None => group.iter().map(|_| Err(unknown_type(type_name))).collect(),
                };
                places.into_iter().zip(found).collect::<Vec<_>>()
            })
            .collect();
        let mut found = pace::all(&self.api.pace, reads).await.concat();
        found.sort_by_key(|(place, _)| *place);
        let observed = |value| Observed { value, private: Vec::new() };
        found.into_iter().map(|(_, read)| read.map(|value| value.map(observed))).collect()
    }

    async fn discover(
        &self,
        type_name: &str,
        above: &BTreeMap<String, Vec<Value>>,
    ) -> Result<Discovered, ApiError> {
        match self.catalog.entry(Mode::Managed, type_name) {
            Some(entry) => self.discovered(&entry.spec, &entry.schema.empty(), above).await,
            None => Err(unknown_type(type_name)),
        }
    }

    async fn granted(&self, tested: &Tested) -> Result<Option<Vec<String>>, ApiError> {
        super::granted::granted(&self.api, tested).await.map(Some)
    }

    async fn history(&self, asked: &[Touched]) -> History {
        super::history::history(self, asked).await
    }

    async fn logged(&self, lives_at: &str, names: &[Vec<String>]) -> Option<History> {
        super::history::logged(self, lives_at, names).await
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        let entry =
            self.catalog.entry(Mode::Data, type_name).ok_or_else(|| unknown_type(type_name))?;
        self.catalog.hook(&entry.spec).data(self, &entry.spec, config).await
    }

    async fn find(
        &self,
        wanted: &Wanted,
        broken: &Broken,
        _desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        let entry = self
            .catalog
            .entry(Mode::Managed, &wanted.type_name)
            .ok_or_else(|| unknown_type(&wanted.type_name))?;
        self.left(&entry.spec, wanted, broken).await
    }

    async fn resume(
        &self,
        action: &Action,
        found: Observed,
        desk: &dyn Desk,
    ) -> Result<Observed, Failure> {
        let (Deed::Create { planned, .. }, Some(entry)) =
            (&action.deed, self.catalog.entry(Mode::Managed, &action.type_name))
        else {
            return Ok(found);
        };
        let hook = self.catalog.hook(&entry.spec);
        let job = Job { session: self, spec: &entry.spec, hook, action, desk };
        let value = hook.resume(&job, &planned.without_marks(), &found.value).await?;
        Ok(Observed { value, private: found.private })
    }

    async fn open(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        let entry = self
            .catalog
            .entry(Mode::Ephemeral, type_name)
            .ok_or_else(|| unknown_type(type_name))?;
        self.catalog.hook(&entry.spec).data(self, &entry.spec, &config.without_marks()).await
    }

    async fn close(&self, type_name: &str, opened: &Value) -> Result<(), ApiError> {
        let entry = self
            .catalog
            .entry(Mode::Ephemeral, type_name)
            .ok_or_else(|| unknown_type(type_name))?;
        self.catalog.hook(&entry.spec).close(self, &entry.spec, opened).await
    }

    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        let entry = self
            .catalog
            .entry(Mode::Managed, &action.type_name)
            .ok_or_else(|| unknown_type(&action.type_name))?;
        let hook = self.catalog.hook(&entry.spec);
        let job = Job { session: self, spec: &entry.spec, hook, action, desk };
        let _held = self.held(&entry.spec, &action.deed, desk).await;
        let made = match &action.deed {
            Deed::Create { planned, .. } => {
                Some(hook.create(&job, &planned.without_marks()).await?)
            }
            Deed::Update { prior, planned, .. } => {
                let (prior, planned) = (prior.without_marks(), planned.without_marks());
                self.unchanged(&entry.spec, action, &prior, &planned).await?;
                Some(hook.update(&job, &prior, &planned).await?)
            }
            Deed::Delete { prior } => {
                let prior = prior.without_marks();
                if let Some((_, why)) = protected(&prior) {
                    let detail = format!("{} is not deleted: {why}", action.address);
                    return Err(ApiError::new(
                        ApiErrorKind::Protected,
                        "Protected from removal",
                        detail,
                    )
                    .into());
                }
                let abandoned =
                    prior.field("deletion_policy").and_then(Value::as_str) == Some("ABANDON");
                if !abandoned {
                    hook.delete(&job, &prior).await?;
                }
                None
            }
        };
        Ok(made.map(|value| Observed { value, private: Vec::new() }))
    }

    fn tokens(&self) -> Option<Arc<dyn TokenSource>> {
        Some(self.api.tokens.clone())
    }
}

fn unknown_type(type_name: &str) -> ApiError {
    let detail = format!("There is no resource type \"{type_name}\" in this provider.");
    ApiError::new(ApiErrorKind::Invalid, "Unknown resource type", detail)
}
