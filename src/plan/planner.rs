//! The planner: asks the evaluator in rounds, reads what it needs between them, decides.
//!
//! Each round evaluates the configuration; the planner's [`Oracle`] answers for each instance with
//! the object as planned. What must be read first is noted and answered "pending"; after the round
//! all noted reads go out together, and the next round knows more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::decide::{decide, kept, same};
use super::implied::Definitions;
use super::objects::{self, Unreadable};
use super::observe::{Tell, not_read, noted, read_at_once};
use super::one::{Around, plan_object};
use super::preview::Previewed;
use super::propose::{ignore_changes, propose};
use super::sessions::Sessions;
use super::validate::wrong;
use super::{PlanMode, Reason, Verb};
use crate::addr::{Address, Key, Mode, Target};
use crate::config::Config;
use crate::diag::Diagnostic;
use crate::eval::{Answer, Asked, Desired, Instance, Oracle, ProviderRef};
use crate::http::Clock;
use crate::providers::opened::Opened;
use crate::providers::{ApiError, Observed, Problem, Proposed, Provider, Session, Wanted};
use crate::schema::Schema;
use crate::state::{Object, Snapshot};
use crate::value::{Path, Value};

/// What is asked of a plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What it is for.
    pub mode: PlanMode,
    /// Whether objects are read anew.
    pub refresh: bool,
    /// Only these and what they need; all where empty.
    pub targets: Vec<Target>,
    /// Neither these nor what needs them.
    pub exclude: Vec<Target>,
    /// Instances to be replaced whatever changed.
    pub replace: Vec<Address>,
    /// Workloads must be checked against their live cluster.
    pub require_live: bool,
    /// The plan is saved: which parts of objects contribute to its changes is worked out whether or not anything has drifted.
    pub saved: bool,
    /// Objects to take over, by address and id, besides those of `import` blocks.
    pub imports: Vec<(Address, String)>,
    /// Nothing will be applied: servers are not asked for dry-runs, but for who has touched what.
    pub looks: bool,
}

/// An object by address and deposed key.
pub(super) type ObjectKey = (Address, Option<String>);

/// What the planner has worked out for one instance.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) verb: Verb,
    pub(super) reason: Option<Reason>,
    pub(super) replaces: Vec<Path>,
    pub(super) private: Vec<u8>,
    pub(super) notes: Vec<String>,
    pub(super) config: Value,
    pub(super) importing: Option<String>,
}

/// A read or preview to be made between rounds.
pub(super) struct Job<T> {
    pub(super) session: Arc<dyn Session>,
    pub(super) of: T,
}

/// The planner's memory over the rounds.
pub(super) struct Planner<'a> {
    pub(super) options: &'a Options,
    /// What is planned: before objects are destroyed they are looked at as if they were not.
    pub(super) mode: PlanMode,
    /// Whether objects are read anew.
    pub(super) refresh: bool,
    /// The blocks, without keys, that providers are made from.
    pub(super) of_providers: BTreeSet<Address>,
    pub(super) prior: Snapshot,
    pub(super) imports: BTreeMap<Address, String>,
    pub(super) sessions: Sessions<'a>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tell: Tell<'a>,
    pub(super) observed: BTreeMap<ObjectKey, Option<Observed>>,
    /// The current objects that were looked up, as the state has them.
    pub(super) saved: HashMap<Address, Value, FixedState>,
    pub(super) data: BTreeMap<Address, (Value, Value)>,
    pub(super) previews: BTreeMap<Address, Previewed>,
    pub(super) forced: BTreeMap<Address, Reason>,
    /// What lives, by its name alone, in something that is replaced.
    pub(super) sunk: BTreeMap<Address, Address>,
    pub(super) failed: BTreeMap<ObjectKey, ApiError>,
    /// Data sources of what is not there yet and is made by this plan.
    pub(super) later: BTreeSet<Address>,
    /// As of the last time that each instance was asked for: the evaluator remembers what is known whole.
    /// Boxed: a tree moves what it holds.
    pub(super) drafts: BTreeMap<Address, Box<Draft>>,
    pub(super) problems: BTreeMap<Address, Vec<Diagnostic>>,
    /// Whether an instance may have been asked for before.
    pub(super) asked_before: bool,
    // Of this round only.
    pub(super) wanted: Vec<Job<Wanted>>,
    pub(super) wanted_data: Vec<Job<(Address, Value)>>,
    pub(super) wanted_previews: Vec<Job<Proposed>>,
    /// Ephemeral resources that are open.
    pub(super) opened: Vec<Opened>,
    /// What instances define for others of their provider.
    pub(super) defined: Definitions,
    /// Whether that has become more in this round: who was asked before may not know it.
    pub(super) defined_more: bool,
}

impl<'a> Planner<'a> {
    /// Starts with the prior state, knowing nothing of the world.
    pub(super) fn new(given: &'a super::make::Given<'a>, prior: Snapshot) -> Planner<'a> {
        Planner {
            options: given.options,
            mode: given.options.mode,
            refresh: given.options.refresh,
            of_providers: BTreeSet::new(),
            prior,
            imports: BTreeMap::new(),
            sessions: Sessions::new(given.registry, given.world.clone()),
            clock: given.world.clock.clone(),
            tell: given.tell,
            observed: BTreeMap::new(),
            saved: HashMap::default(),
            data: BTreeMap::new(),
            previews: BTreeMap::new(),
            forced: BTreeMap::new(),
            sunk: BTreeMap::new(),
            failed: BTreeMap::new(),
            later: BTreeSet::new(),
            drafts: BTreeMap::new(),
            problems: BTreeMap::new(),
            wanted: Vec::new(),
            wanted_data: Vec::new(),
            wanted_previews: Vec::new(),
            opened: Vec::new(),
            asked_before: false,
            defined: Definitions::new(),
            defined_more: false,
        }
    }

    /// Gives the instances that `import` blocks speak of and that there are not: of all blocks, or of those that have
    /// instances, where something may have kept the others from having any.
    pub(super) fn strange<'p>(
        &'p self,
        desired: &Desired,
        all: Option<&Config>,
    ) -> Vec<&'p Address> {
        let whole = self.options.targets.is_empty() && self.options.exclude.is_empty();
        if !whole || self.imports.is_empty() {
            return Vec::new();
        }
        let blocks: BTreeSet<Address> =
            desired.instances.keys().map(Address::without_keys).collect();
        let strange = self.imports.keys().filter(|address| {
            !desired.instances.contains_key(*address)
                && !desired.deferred.contains(&address.block())
                && (blocks.contains(&address.without_keys())
                    || all.is_some_and(|config| config.resource(address).is_some()))
        });
        strange.collect()
    }

    /// Tells of `import` blocks that speak of an instance that there is not.
    pub(super) fn strange_imports(
        &self,
        desired: &Desired,
        all: Option<&Config>,
    ) -> Vec<Diagnostic> {
        let strange = self.strange(desired, all).into_iter().map(|address| {
            let detail = format!(
                "The configuration for the given import {address} does not exist. All target instances must have an \
                 associated configuration to be imported."
            );
            Diagnostic::error("Configuration for import target does not exist", detail)
        });
        strange.collect()
    }

    /// Forgets what only held for the last round.
    pub(super) fn begin_round(&mut self) {
        self.asked_before |= !(self.drafts.is_empty() && self.problems.is_empty());
        self.wanted.clear();
        self.wanted_data.clear();
        self.wanted_previews.clear();
        self.defined_more = false;
    }

    /// Says whether the round asked for reads.
    pub(super) fn wants_more(&self) -> bool {
        let reads = [self.wanted.len(), self.wanted_data.len(), self.wanted_previews.len()];
        self.defined_more || reads.iter().any(|count| *count > 0)
    }

    pub(super) fn session(
        &mut self,
        asked: &Asked<'_>,
    ) -> Result<Option<Arc<dyn Session>>, Box<Diagnostic>> {
        self.sessions.session(&asked.instance.provider, asked.provider).map_err(Box::new)
    }

    pub(super) fn provider(&self, asked: &Asked<'_>) -> Option<&'a Arc<dyn Provider>> {
        self.sessions.provider(&asked.instance.provider)
    }

    /// Gives the object as found, reading it first where it is not read yet.
    fn found(&mut self, asked: &Asked<'_>) -> Result<Option<Observed>, Answer> {
        let key = (asked.address.clone(), None);
        if let Some(found) = self.observed.get(&key) {
            return Ok(found.clone());
        }
        let object = self.prior.current(asked.address);
        let is_kept = object.is_some();
        // Who only looks goes on with what was saved of an object that could not be read.
        let lenient = self.options.looks && is_kept;
        let went_down = self.failed.get(&key).zip(object).is_some_and(|(error, object)| {
            self.went_down(error, &asked.instance.provider, asked.provider, object)
        });
        if went_down {
            self.failed.remove(&key);
            self.observed.insert(key, None);
            return Ok(None);
        }
        let is_left = match self.failed.get(&key) {
            Some(error) if !lenient => return Err(not_read(asked, error)),
            failed => failed.is_some(),
        };
        let Some(provider) = self.provider(asked) else { return Ok(None) };
        let importing = self.imports.get(asked.address).filter(|_| !is_kept);
        let reads = self.refresh && !is_left || importing.is_some();
        let (value, private) = match (object, importing) {
            (None, None) => return Ok(None),
            (Some(object), _) => {
                let value = self.decoded(provider.as_ref(), asked.address, object);
                let value = value.map_err(|why| unreadable(asked, &why))?;
                let private = object.private.clone();
                self.saved.insert(asked.address.clone(), value.clone());
                (value, private)
            }
            (None, Some(id)) => {
                let value = provider.import(&asked.address.type_name, id, &asked.provider.value);
                (value.map_err(|text| bad_import(asked, &text))?, Vec::new())
            }
        };
        let session = if reads { self.session(asked).map_err(Answer::Problem)? } else { None };
        let Some(session) = session else {
            return Ok(is_kept.then_some(Observed { value, private }));
        };
        let wanted = Wanted {
            address: asked.address.clone(),
            type_name: asked.address.type_name.clone(),
            value,
            private,
        };
        if let Some(found) = read_at_once(&*session, &wanted, self.tell) {
            let saved = Observed { value: wanted.value, private: wanted.private };
            return match noted(self, asked, found) {
                Err(_) if lenient => Ok(Some(saved)),
                found => found,
            };
        }
        self.wanted.push(Job { session, of: wanted });
        Err(Answer::Pending)
    }

    pub(super) fn decoded(
        &self,
        provider: &dyn Provider,
        address: &Address,
        object: &Object,
    ) -> Result<Value, Unreadable> {
        objects::decode(provider, address.mode, &address.type_name, object)
    }

    /// Forgets what was worked out when the instance was asked for before.
    pub(super) fn begin(&mut self, asked: &Asked<'_>) {
        self.sessions.owns(asked.address, &asked.instance.provider);
        if self.asked_before {
            self.drafts.remove(asked.address);
            self.problems.remove(asked.address);
        }
    }

    pub(super) fn complain(&mut self, address: &Address, problem: Diagnostic) {
        self.problems.entry(address.clone()).or_default().push(problem);
    }

    fn managed(&mut self, asked: &Asked<'_>) -> Answer {
        self.begin(asked);
        let Some(provider) = self.provider(asked) else {
            return Answer::Known(Value::unknown(asked.schema.ty()));
        };
        self.note_definitions(asked, provider.as_ref());
        let mut found = match self.found(asked) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        if self.imports.contains_key(asked.address) && self.prior.current(asked.address).is_none() {
            let (type_name, config) = (&asked.address.type_name, &asked.instance.config);
            found = found.map(|found| provider.imported(type_name, found, config));
        }
        match self.mode {
            PlanMode::Destroy | PlanMode::RefreshOnly => {
                let Some(found) = found else {
                    return Answer::Known(Value::unknown(asked.schema.ty()));
                };
                let before = found.value.clone();
                let verb = if self.mode == PlanMode::Destroy {
                    Verb::Delete { before }
                } else {
                    Verb::Keep { before }
                };
                let draft = Draft {
                    verb,
                    reason: None,
                    replaces: Vec::new(),
                    private: found.private,
                    notes: Vec::new(),
                    config: asked.instance.config.clone(),
                    importing: None,
                };
                self.drafts.insert(asked.address.clone(), Box::new(draft));
                Answer::Known(found.value)
            }
            PlanMode::Normal => self.normal(asked, provider.as_ref(), found),
        }
    }

    /// Notes what an instance defines for others.
    fn note_definitions(&mut self, asked: &Asked<'_>, provider: &dyn Provider) {
        let defined = provider.defines(&asked.address.type_name, &asked.instance.config);
        if defined.is_empty() {
            return;
        }
        let known = self.defined.entry(asked.instance.provider.clone()).or_default();
        for (name, value) in defined {
            let former = known.insert(name, value.clone());
            self.defined_more |= former.as_ref() != Some(&value);
        }
    }

    fn normal(
        &mut self,
        asked: &Asked<'_>,
        provider: &dyn Provider,
        found: Option<Observed>,
    ) -> Answer {
        let stranded = found.as_ref().and_then(|found| self.stranded(asked, &found.value));
        let (found, lost) = if stranded.is_some() { (None, found) } else { (found, None) };
        let lost = lost.map(|lost| lost.value);
        let prior = found.as_ref().map(|found| &found.value);
        let private = found.as_ref().map(|found| found.private.clone()).unwrap_or_default();
        let config =
            ignore_changes(&asked.instance.lifecycle.ignore, prior, &asked.instance.config);
        let mut problems = wrong(provider, asked, &asked.instance.config);
        let offered = self.defined.get(&asked.instance.provider).cloned().unwrap_or_default();
        let minor = self.minor_version(asked);
        let plan_one = |prior: Option<&Value>, replaced: Option<&Value>, config: &Value| {
            let around = Around { provider: asked.provider, offered: &offered, minor, replaced };
            let private = prior.map(|_| private.as_slice()).unwrap_or_default();
            plan_object(provider, asked.schema, asked.address, &around, prior, private, config)
        };
        let planned = plan_one(prior, lost.as_ref(), &config);
        problems.extend(planned.problems.iter().cloned());
        self.told(asked, &problems);
        // What is wrong already the server would only refuse in other words.
        let sound = problems.iter().all(|problem| problem.warning);
        let forced = self.forced_reason(asked, prior);
        // What is made anew is made as its block says: nothing is left as it was.
        let written = &asked.instance.config;
        let anew = prior.is_some() && (forced.is_some() || !planned.replaces.is_empty());
        let anew = (anew && provider.renders(&asked.address.type_name))
            .then(|| plan_one(None, prior, written));
        let tried = match sound {
            true => self.tried(asked, prior, &private, &config, planned, anew),
            false => Ok((planned, anew.map(|anew| anew.after), false)),
        };
        let (planned, anew, refused) = match tried {
            Ok(tried) => tried,
            Err(answer) => return answer,
        };
        if refused {
            return Answer::Known(anew.unwrap_or(planned.after));
        }
        let fresh = || anew.clone().unwrap_or_else(|| plan_one(None, prior, written).after);
        let marked = objects::with_marks_of(&planned.after.without_marks(), &config);
        let (mut verb, reason) = decide(prior, marked.clone(), &planned.replaces, forced, fresh);
        let config = match &verb {
            Verb::Replace { .. } => written.clone(),
            _ => config,
        };
        if let Verb::Keep { before } = &verb
            && objects::has_other_secrets(asked.schema, before, &marked)
        {
            verb = Verb::Update { before: before.clone(), after: marked };
        }
        if let Verb::Replace { create_first, .. } = &mut verb {
            *create_first = asked.instance.lifecycle.config.create_before_destroy.unwrap_or(false);
        }
        self.protected(asked, provider, &verb);
        self.held(asked, stranded.as_ref());
        let triggered = self.forced.get(asked.address).filter(|_| verb.is_made()).cloned();
        let tainted = reason == Some(Reason::Tainted);
        let reason = stranded.map(Reason::ParentReplaced).or(triggered).or(reason);
        let after = verb.after().cloned().unwrap_or_else(|| Value::null(asked.schema.ty()));
        let importing = self.imports.get(asked.address).filter(|_| found.is_some()).cloned();
        let draft = Draft {
            verb,
            // Of what is made anew because it is broken nothing forces that.
            replaces: if tainted { Vec::new() } else { planned.replaces },
            reason,
            private,
            notes: planned.notes,
            config,
            importing: importing.filter(|_| self.prior.current(asked.address).is_none()),
        };
        self.drafts.insert(asked.address.clone(), Box::new(draft));
        Answer::Known(after)
    }

    fn forced_reason(&self, asked: &Asked<'_>, prior: Option<&Value>) -> Option<Reason> {
        prior?;
        let tainted = self.prior.current(asked.address).is_some_and(|object| object.tainted);
        if tainted {
            return Some(Reason::Tainted);
        }
        if self.options.replace.contains(asked.address) {
            return Some(Reason::Requested);
        }
        self.forced.get(asked.address).cloned()
    }

    /// Notes what stands in the way of a removal.
    fn protected(&mut self, asked: &Asked<'_>, provider: &dyn Provider, verb: &Verb) {
        let Verb::Replace { before, .. } = verb else { return };
        if asked.instance.lifecycle.prevent_destroy {
            let problem = cannot_be_destroyed(asked.address).at(asked.instance.span, "");
            self.complain(asked.address, problem);
        }
        if let Some(problem) = provider.check_delete(&asked.address.type_name, before) {
            self.complain(asked.address, diagnostic(&problem, asked.address, asked.instance));
        }
    }

    /// Notes which instances `replace_triggered_by` makes replaced; says whether there are new ones.
    pub(super) fn trigger(&mut self, triggers: &[(Address, Address, Path)]) -> bool {
        let mut more = false;
        for (address, need, path) in triggers {
            let replaced = self.drafts.get(address).is_some_and(|draft| draft.verb.is_made());
            if !need.within(&self.drafts).any(|(_, draft)| has_changed(&draft.verb, path)) {
                continue;
            }
            let Some(draft) = self.drafts.get_mut(address) else { continue };
            // What is made anyway is said to be made for that.
            if replaced {
                draft.reason = Some(Reason::Triggered);
            }
            more |= self.forced.insert(address.clone(), Reason::Triggered).is_none() && !replaced;
        }
        more
    }
}

fn has_changed(verb: &Verb, path: &Path) -> bool {
    match verb {
        Verb::Keep { .. }
        | Verb::Read { .. }
        | Verb::Create { .. }
        | Verb::Forget { .. }
        | Verb::Delete { .. } => false,
        Verb::Update { before, after } | Verb::Replace { before, after, .. } => {
            if path.0.is_empty() {
                return true;
            }
            match (before.at(path), after.at(path)) {
                (Some(before), Some(after)) => !same(before, after),
                (before, after) => before.is_some() != after.is_some(),
            }
        }
    }
}

impl Oracle for Planner<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        match asked.address.mode {
            Mode::Managed => self.managed(asked),
            Mode::Data | Mode::Ephemeral => self.data_source(asked),
        }
    }

    fn prior_keys(&self, block: &Address) -> Vec<Key> {
        block.within(&self.prior.objects).filter_map(|(address, _)| address.key.clone()).collect()
    }

    fn kept(&self, address: &Address, provider: &ProviderRef) -> Option<Value> {
        let object = self.prior.current(address)?;
        let provider = self.sessions.provider(provider)?;
        self.decoded(provider.as_ref(), address, object).ok()
    }
}

fn unreadable(asked: &Asked<'_>, why: &Unreadable) -> Answer {
    let problem = why.to_diagnostic(asked.address).about(asked.address).at(asked.instance.span, "");
    Answer::Problem(Box::new(problem))
}

fn bad_import(asked: &Asked<'_>, text: &str) -> Answer {
    let problem = Diagnostic::error("Invalid import id", text)
        .about(asked.address)
        .at(asked.instance.span, "");
    Answer::Problem(Box::new(problem))
}

/// Says that an object is protected by its block.
pub(super) fn cannot_be_destroyed(address: &Address) -> Diagnostic {
    let detail = format!(
        "Resource {address} has lifecycle.prevent_destroy set, but the plan calls for this resource to be \
         destroyed. To avoid this error and continue with the plan, either disable lifecycle.prevent_destroy \
         or reduce the scope of the plan using the -target option."
    );
    Diagnostic::error("Instance cannot be destroyed", detail)
}

/// Makes a provider's problem one with a place: that of the nearest argument that was written, or of the block.
pub(super) fn diagnostic(problem: &Problem, address: &Address, instance: &Instance) -> Diagnostic {
    let found = without_block(problem, address);
    if problem.detail.is_empty() {
        return found;
    }
    let places = instance.places.iter().filter(|(path, _)| problem.path.0.starts_with(&path.0));
    let nearest = places.max_by_key(|(path, _)| path.0.len());
    found.at(nearest.map_or(instance.open, |(_, span)| *span), "")
}

/// Makes a provider's problem one of an object that has no block.
pub(super) fn without_block(problem: &Problem, address: &Address) -> Diagnostic {
    let mut found = if problem.warning {
        Diagnostic::warning(&problem.summary, &problem.detail)
    } else {
        Diagnostic::error(&problem.summary, &problem.detail)
    };
    found.help.clone_from(&problem.help);
    if problem.detail.is_empty() {
        let block = address.without_keys().to_string();
        let found = found.help(format!("It is written in {block}."));
        return Diagnostic { owner: Some(block), ..found };
    }
    found.about(address)
}

/// Gives an instance's value as the state keeps it, for a data source.
pub(super) fn kept_data(schema: &Schema, value: &Value) -> Value {
    kept(schema, value)
}

/// Answers every question with an unknown object: for `validate`.
pub struct Unread;

impl Oracle for Unread {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let proposed = propose(asked.schema, None, &asked.instance.config);
        Answer::Known(proposed)
    }
}
