//! What became of the actions that a run before this one began and never ended: the world is asked, and its answer enters
//! the state.
//!
//! A journal says what was about to be done, not what was. An object that is there is taken over; one that was to be
//! removed and is gone leaves the state; what an action left behind and is of no use (a key whose secret was in a lost
//! answer) is removed. What cannot be found out stays a question, and the next run asks again.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::addr::{Address, Key, Mode};
use crate::backends::Lock;
use crate::config::Config;
use crate::diag::{Diagnostic, Sources};
use crate::eval::{self, Asked, Evaluator, Inputs, Instance, Oracle, ProviderConfig, ProviderRef};
use crate::http::Clock;
use crate::plan::former::Former;
use crate::plan::objects::{decode, encode, provider_ref, with_marks_of};
use crate::plan::sessions::{RegistrySchemas, Sessions};
use crate::providers::opened::read_or_open;
use crate::providers::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Found, Observed, Registry, Session, Wanted, World,
};
use crate::state::replay::enter;
use crate::state::{Broken, Entry, Object, Question, Snapshot};
use crate::value::Value;

/// What a recovery is given.
pub struct Given<'a> {
    /// The configuration: it has the provider blocks.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a Sources,
    /// The inputs.
    pub inputs: &'a Inputs,
    /// The providers.
    pub registry: &'a Registry,
    /// The machine and the network.
    pub world: World,
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The state with the answers.
    pub snapshot: Snapshot,
    /// What became of each action.
    pub findings: Vec<Finding>,
    /// What could not be written.
    pub problems: Vec<Diagnostic>,
}

/// What became of one action.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
}

/// What became of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The object is there and whole: it is in the state.
    Made,
    /// The object is there, and not all of it was done: it is in the state as tainted.
    HalfMade,
    /// The object was not made.
    NotMade,
    /// The object was changed, or was not: it is in the state as it is.
    AsFound,
    /// The object is gone, and out of the state.
    Gone,
    /// The object that was to be removed is still there, and in the state.
    StillThere,
    /// An object of the name is there that is not as planned, so somebody else may have made it: it was left alone.
    Foreign,
    /// These were left behind and are of no use; they were removed.
    Removed(Vec<String>),
    /// These were left behind and are of no use; they are still there.
    Strays(Vec<String>),
    /// One of these may have been left behind, or none: they were made at that time, by whomever. They were left alone.
    Doubtful(Vec<String>),
    /// It could not be found out.
    Unknown(String),
}

/// Finds out what became of the actions that have no end. With a lock the answers are durable, and what is of no use is
/// removed; without one they count for this run only. The state itself is saved by the caller.
pub async fn recover(
    given: &Given<'_>,
    snapshot: Snapshot,
    open: &[Question],
    lock: Option<&mut (dyn Lock + '_)>,
) -> Recovered {
    let schemas = RegistrySchemas(given.registry);
    let sessions = Sessions::new(given.registry, given.world.clone());
    let mut recovery = Recovery {
        given,
        evaluator: Evaluator::new(given.config, given.sources, given.inputs, &schemas),
        sessions,
        recovered: Recovered { snapshot, ..Recovered::default() },
        entries: Vec::new(),
        data: BTreeMap::new(),
        desk: Clerk { may_change: lock.is_some(), clock: given.world.clock.clone() },
    };
    let mut left: Vec<&Question> = open.iter().collect();
    // A cluster that is found makes the session for what runs in it: as long as something is found, go on.
    loop {
        let before = left.len();
        let mut later = Vec::new();
        for question in left {
            match recovery.session(question).await {
                Ok(Some((reference, session))) => {
                    recovery.answer(question, &reference, session).await
                }
                Ok(None) => later.push(question),
                Err(why) => recovery.found(question, Answer::Unknown(why)),
            }
        }
        left = later;
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    for question in left {
        let why = "what its provider's configuration depends on is not known".to_string();
        recovery.found(question, Answer::Unknown(why));
    }
    recovery.finish(lock).await
}

/// Gives the configuration and the session of a provider's block by what stands in a state; nothing where it is not known by that.
/// Data sources that it comes from are read.
///
/// # Errors
/// What stands in the way.
pub async fn standing(
    given: &Given<'_>,
    snapshot: &Snapshot,
    reference: &Arc<ProviderRef>,
) -> Result<Option<(ProviderConfig, Arc<dyn Session>)>, String> {
    let schemas = RegistrySchemas(given.registry);
    let mut recovery = Recovery {
        given,
        evaluator: Evaluator::new(given.config, given.sources, given.inputs, &schemas),
        sessions: Sessions::new(given.registry, given.world.clone()),
        recovered: Recovered { snapshot: snapshot.clone(), ..Recovered::default() },
        entries: Vec::new(),
        data: BTreeMap::new(),
        desk: Clerk { may_change: false, clock: given.world.clock.clone() },
    };
    recovery.note_owners();
    recovery.session_of(reference, None).await
}

struct Recovery<'g, 'a> {
    given: &'g Given<'a>,
    evaluator: Evaluator<'g>,
    sessions: Sessions<'g>,
    recovered: Recovered,
    entries: Vec<Entry>,
    /// Data sources as read.
    data: BTreeMap<Address, Value>,
    desk: Clerk,
}

impl Recovery<'_, '_> {
    /// Gives the object that a question is about, as far as it is known.
    fn object(&self, question: &Question) -> Option<Object> {
        let begun = &question.begun;
        let tracked = self.recovered.snapshot.objects.get(&begun.address);
        let kept = tracked.and_then(|tracked| match &begun.deposed {
            Some(key) => tracked.deposed.get(key),
            None => tracked.current.as_ref(),
        });
        kept.cloned().or_else(|| begun.planned.clone())
    }

    fn note_owners(&mut self) {
        for (address, tracked) in &self.recovered.snapshot.objects {
            let reference = tracked.current.as_ref().and_then(|it| provider_ref(&it.provider));
            if let Some(reference) = reference {
                self.sessions.owns(address, &reference);
            }
        }
    }

    /// Gives the session for a question; nothing while the provider's configuration is not known. Data sources that it
    /// comes from are read.
    async fn session(
        &mut self,
        question: &Question,
    ) -> Result<Option<(Arc<ProviderRef>, Arc<dyn Session>)>, String> {
        self.note_owners();
        let object = self.object(question).ok_or("nothing is known of the object")?;
        let reference =
            provider_ref(&object.provider).ok_or("its provider's name cannot be read")?;
        let session = self.session_of(&reference, question.begun.deposed.as_deref()).await?;
        Ok(session.map(|(_, session)| (reference, session)))
    }

    /// Gives the configuration of a provider's block, by the state, and its session.
    async fn session_of(
        &mut self,
        reference: &Arc<ProviderRef>,
        deposed: Option<&str>,
    ) -> Result<Option<(ProviderConfig, Arc<dyn Session>)>, String> {
        let told = |problems: Vec<Diagnostic>| {
            let first = problems.into_iter().next();
            first.map_or_else(|| "its provider cannot be used".to_string(), |it| it.summary)
        };
        let said = |problem: Diagnostic| format!("{}: {}", problem.summary, problem.detail);
        // An evaluator remembers what is known whole: of what was put aside, something else is.
        let Given { config, sources, inputs, registry, .. } = self.given;
        let schemas = RegistrySchemas(registry);
        let mut aside =
            (deposed.is_some()).then(|| Evaluator::new(config, sources, inputs, &schemas));
        loop {
            let former = Former {
                registry: self.given.registry,
                state: &self.recovered.snapshot,
                data: &self.data,
                deposed,
            };
            let mut seeking = Seeking { former, wanted: Vec::new() };
            let config = match &mut aside {
                Some(evaluator) => evaluator.provider(reference, &mut seeking),
                None => self.evaluator.provider(reference, &mut seeking),
            };
            let config = config.map_err(told)?;
            let wanted = seeking.wanted;
            if wanted.is_empty() {
                let session = self.sessions.session(reference, &config).map_err(said)?;
                return Ok(session.map(|session| (config, session)));
            }
            for (address, instance, config) in wanted {
                let session = self.sessions.session(&instance.provider, &config).map_err(said)?;
                let Some(session) = session else { return Ok(None) };
                let read = read_or_open(&*session, &address, &instance.config).await;
                let read = read.map_err(|error| format!("{}: {}", error.summary, error.detail))?;
                self.data.insert(address, read);
            }
        }
    }

    async fn answer(
        &mut self,
        question: &Question,
        reference: &ProviderRef,
        session: Arc<dyn Session>,
    ) {
        let address = &question.begun.address;
        let Some(object) = self.object(question) else { return };
        let Some(provider) = self.given.registry.provider(&reference.source) else { return };
        let value = match decode(provider.as_ref(), Mode::Managed, &address.type_name, &object) {
            Ok(value) => value,
            Err(why) => {
                let why = why.to_diagnostic(address).detail;
                return self.found(question, Answer::Unknown(why));
            }
        };
        let wanted = Wanted {
            address: address.clone(),
            type_name: address.type_name.clone(),
            value: value.clone(),
            private: object.private.clone(),
        };
        let broken = Broken { since: question.begun.since, told: question.told.clone() };
        let found = match session.find(&wanted, &broken, &self.desk).await {
            Ok(found) => found,
            Err(error) => {
                let why = format!("{}: {}", error.summary, error.detail);
                return self.found(question, Answer::Unknown(why));
            }
        };
        let Found { object: observed, complete, ours: made, strays } = found;
        let answer = match (question.begun.action.as_str(), observed) {
            ("create", None) => match self.strays(question, session, strays).await {
                Some(answer) => answer,
                None => Answer::NotMade,
            },
            ("create", Some(observed)) => {
                // An object that the state has for another instance is that one's, however alike.
                let id = observed.value.field("id").and_then(Value::as_str);
                let other = id.and_then(|id| self.recovered.snapshot.tracking(address, id));
                let ours = other.is_none()
                    && (complete || made || question.succeeded || self.is_kept(question));
                let observed = match self.resumed(question, ours, session, observed).await {
                    Ok(observed) => observed,
                    Err(why) => return self.found(question, Answer::Unknown(why)),
                };
                if ours {
                    let resumes = provider.resumes(&address.type_name);
                    let whole = (complete || resumes) && !question.begun.programs;
                    self.take(question, reference, &object, &value, &observed, !whole);
                    if whole { Answer::Made } else { Answer::HalfMade }
                } else {
                    Answer::Foreign
                }
            }
            ("delete", None) => Answer::Gone,
            ("update", None) => Answer::Gone,
            ("delete", Some(_)) => Answer::StillThere,
            (_, Some(observed)) => {
                self.take(question, reference, &object, &value, &observed, object.tainted);
                Answer::AsFound
            }
            (_, None) => Answer::Gone,
        };
        if matches!(
            answer,
            Answer::Gone | Answer::NotMade | Answer::Removed(_) | Answer::Doubtful(_)
        ) {
            self.set(question, None);
        }
        self.found(question, answer);
    }

    /// Goes on with the making of an object, where something may be changed.
    async fn resumed(
        &self,
        question: &Question,
        ours: bool,
        session: Arc<dyn Session>,
        found: Observed,
    ) -> Result<Observed, String> {
        let begun = &question.begun;
        let planned = begun.planned.as_ref().filter(|_| ours && self.desk.may_change);
        let Some(planned) = planned.and_then(|planned| self.decoded(&begun.address, planned))
        else {
            return Ok(found);
        };
        let action = Action {
            address: begun.address.clone(),
            type_name: begun.address.type_name.clone(),
            deed: Deed::Create { planned: planned.clone(), config: planned },
            private: found.private.clone(),
            cleared: false,
            met: Vec::new(),
        };
        let resumed = session.resume(&action, found, &self.desk).await;
        resumed.map_err(|failure| format!("{}: {}", failure.error.summary, failure.error.detail))
    }

    fn decoded(&self, address: &Address, object: &Object) -> Option<Value> {
        let reference = provider_ref(&object.provider)?;
        let provider = self.given.registry.provider(&reference.source)?;
        decode(provider.as_ref(), Mode::Managed, &address.type_name, object).ok()
    }

    /// Says whether the state has the object already: then it is ours.
    fn is_kept(&self, question: &Question) -> bool {
        let begun = &question.begun;
        let tracked = self.recovered.snapshot.objects.get(&begun.address);
        tracked.is_some_and(|tracked| match &begun.deposed {
            Some(key) => tracked.deposed.contains_key(key),
            None => tracked.current.is_some(),
        })
    }

    /// Removes what is of no use, or tells of it where nothing may be changed.
    async fn strays(
        &mut self,
        question: &Question,
        session: Arc<dyn Session>,
        strays: Vec<Observed>,
    ) -> Option<Answer> {
        let address = &question.begun.address;
        let id = |found: &Observed| found.value.field("id")?.as_str().map(String::from);
        let is = |object: &Object, wanted: &str| {
            let last = wanted.rsplit('/').next();
            let mut attributes = object.attributes.as_object().into_iter().flatten();
            // A key that has a successor is tracked under another attribute than its id.
            object.id() == Some(wanted) || attributes.any(|(_, text)| text.as_str() == last)
        };
        let tracked = |wanted: &str| {
            self.recovered.snapshot.objects.iter().any(|(of, tracked)| {
                let all = tracked.current.iter().chain(tracked.deposed.values());
                of.type_name == address.type_name
                    && all.into_iter().any(|object| is(object, wanted))
            })
        };
        let strays: Vec<(String, Observed)> = strays
            .into_iter()
            .filter_map(|found| Some((id(&found)?, found)))
            .filter(|(id, _)| !tracked(id))
            .collect();
        let ids: Vec<String> = strays.iter().map(|(id, _)| id.clone()).collect();
        if strays.is_empty() {
            return None;
        }
        if ids.len() > 1 {
            // One request has left one at most: the others are somebody else's.
            return Some(Answer::Doubtful(ids));
        }
        if !self.desk.may_change {
            return Some(Answer::Strays(ids));
        }
        for (_, stray) in strays {
            let action = Action {
                address: address.clone(),
                type_name: address.type_name.clone(),
                deed: Deed::Delete { prior: stray.value },
                private: stray.private,
                cleared: false,
                met: Vec::new(),
            };
            if let Err(failure) = session.act(&action, &self.desk).await {
                return Some(Answer::Unknown(failure.error.detail));
            }
        }
        Some(Answer::Removed(ids))
    }

    /// Takes an object as found into the state.
    fn take(
        &mut self,
        question: &Question,
        reference: &ProviderRef,
        former: &Object,
        planned: &Value,
        observed: &Observed,
        tainted: bool,
    ) {
        let address = &question.begun.address;
        let Some(provider) = self.given.registry.provider(&reference.source) else { return };
        let Some(schema) = provider.resource(Mode::Managed, &address.type_name) else { return };
        let value = with_marks_of(&observed.value.without_marks(), planned);
        let needs = former.needs.clone();
        let object = Object {
            tainted,
            create_before_destroy: former.create_before_destroy,
            identity: former.identity.clone(),
            other: former.carried(),
            ..encode(&schema, &value, &observed.private, reference, needs)
        };
        self.set(question, Some(object));
    }

    fn set(&mut self, question: &Question, object: Option<Object>) {
        let (address, deposed) = (&question.begun.address, &question.begun.deposed);
        let snapshot = &mut self.recovered.snapshot;
        enter(snapshot, address, deposed.as_deref(), object.as_ref());
        self.entries.push(Entry::Object {
            address: address.clone(),
            deposed: deposed.clone(),
            object: object.map(Box::new),
        });
    }

    fn found(&mut self, question: &Question, answer: Answer) {
        if !matches!(answer, Answer::Unknown(_) | Answer::Strays(_)) {
            self.entries.push(Entry::End {
                address: question.begun.address.clone(),
                deposed: question.begun.deposed.clone(),
            });
        }
        self.recovered.findings.push(Finding { question: question.clone(), answer });
    }

    /// Makes the answers durable.
    async fn finish(mut self, lock: Option<&mut (dyn Lock + '_)>) -> Recovered {
        if let Some(lock) = lock.filter(|_| !self.entries.is_empty())
            && let Err(error) = lock.append(&self.entries).await
        {
            self.recovered.problems.push(error.to_diagnostic());
        }
        self.recovered
    }
}

/// Answers from the state, and notes the data sources that are asked for.
struct Seeking<'a> {
    former: Former<'a>,
    wanted: Vec<(Address, Instance, ProviderConfig)>,
}

impl Oracle for Seeking<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> eval::Answer {
        let read =
            asked.address.mode == Mode::Managed || self.former.data.contains_key(asked.address);
        if read || !asked.instance.config.is_whole() {
            return self.former.object(asked);
        }
        let (instance, provider) = (asked.instance.clone(), asked.provider.clone());
        self.wanted.push((asked.address.clone(), instance, provider));
        eval::Answer::Pending
    }

    fn prior_keys(&self, block: &Address) -> Vec<Key> {
        self.former.prior_keys(block)
    }
}

/// Where a removal of what is of no use reports.
struct Clerk {
    may_change: bool,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Desk for Clerk {
    async fn intent(&self, request: &str, _: Json) -> Result<u64, ApiError> {
        // The action that is looked into stays a question until its end is told: that is intent enough.
        if self.may_change {
            tracing::info!(request, "removing what is of no use");
            return Ok(0);
        }
        let detail =
            format!("`{request}` was not sent: nothing may be changed without the state's lock.");
        Err(ApiError::new(ApiErrorKind::Interrupted, "Nothing may be changed", detail))
    }

    async fn answer(&self, _: u64, _: &str) {}

    async fn keep(&self, _: &Observed) {}

    fn note(&self, text: &str) {
        tracing::info!(text, "recovering");
    }

    fn log(&self, _: &[String]) {}

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn stopping(&self) -> bool {
        false
    }
}

impl Finding {
    /// Names the object for people.
    pub fn name(&self) -> String {
        let begun = &self.question.begun;
        match &begun.deposed {
            Some(key) => format!("{} (deposed object {key})", begun.address),
            None => begun.address.to_string(),
        }
    }

    /// Gives the address.
    pub fn address(&self) -> &Address {
        &self.question.begun.address
    }
}
