//! The owner of an apply: prepares each call, journals what workers say, folds in what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::agree::disagreement;
use super::desk::Message;
use super::late::Unmade;
use super::makespan::Span;
use super::oracle::now;
use super::program::Run;
use super::provision::Provisioning;
use super::walking::{inconsistent, overlaid, place};
use crate::addr::{Address, Mode};
use crate::backends::{BackendError, Lock};
use crate::config::Config;
use crate::diag::{Diagnostic, Sources, has_errors};
use crate::eval::{Evaluator, Inputs, Instance, ProviderConfig, ProviderRef};
use crate::graph::{Stop, Walk, walk};
use crate::plan::event::{ApplyEvent, EphemeralStep};
use crate::plan::former::Former;
use crate::plan::implied::{Definitions, definitions};
use crate::plan::objects::encode;
use crate::plan::one::{Around, plan_object};
use crate::plan::propose::ignore_changes;
use crate::plan::sessions::{RegistrySchemas, Sessions};
use crate::plan::{Action, Call, Change, Plan, PlanMode, Verb};
use crate::providers::opened::{Opened, close, read_or_open};
use crate::providers::{
    self, ApiError, ApiErrorKind, Deed, Failure, Observed, Registry, Session, World,
};
use crate::schema::Schema;
use crate::state::{Entry, Object, Snapshot};
use crate::value::Value;

/// What an apply is given.
pub struct Given<'a> {
    /// The configuration that the plan was made from.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a Sources,
    /// The inputs that the plan was made with; `applying` is set.
    pub inputs: &'a Inputs,
    /// The providers.
    pub registry: &'a Registry,
    /// The machine and the network.
    pub world: World,
    /// The plan.
    pub plan: &'a Plan,
    /// What an earlier run may have asked for in vain.
    pub unmade: &'a Unmade,
    /// Asked once, what is under way is finished and nothing more begun; asked again, what is under way is left.
    pub stop: Stop,
}

/// What an apply has done.
#[derive(Debug, Default)]
pub struct Applied {
    /// The state as it stands, saved.
    pub snapshot: Snapshot,
    /// What went wrong.
    pub problems: Vec<Diagnostic>,
    /// Objects made, changed, removed.
    pub counts: crate::plan::Counts,
    /// Calls that were not begun, and why.
    pub skipped: Vec<(Action, Address)>,
    /// Calls that failed.
    pub failed: Vec<Action>,
    /// When each call that ended began and was done.
    pub spans: BTreeMap<Action, Span>,
    /// One of them may have been done in part.
    pub partly: bool,
    /// The state could not be saved.
    pub unsaved: bool,
}

/// Carries out a plan. The state is saved whatever happens; a state that cannot be saved is among the problems.
pub async fn apply(
    given: &Given<'_>,
    lock: &mut dyn Lock,
    tell: &mut dyn FnMut(ApplyEvent),
) -> Applied {
    let schemas = RegistrySchemas(given.registry);
    let lenient = given.plan.base.mode == PlanMode::RefreshOnly;
    let inputs = Inputs { lenient, ..given.inputs.clone() };
    let evaluator = || {
        let mut evaluator = Evaluator::new(given.config, given.sources, &inputs, &schemas);
        if given.plan.base.mode != PlanMode::Destroy {
            evaluator.limit(&given.plan.targets, &given.plan.excluded);
        }
        evaluator
    };
    let (sender, mut inbox) = mpsc::unbounded_channel();
    let mut state = given.plan.prior.clone();
    if state.lineage.is_empty() {
        state.lineage = uuid::Uuid::new_v4().to_string();
    }
    let sessions = Sessions::new(given.registry, given.world.clone());
    let mut applier = Applier {
        given,
        lock,
        tell,
        now: evaluator(),
        former: evaluator(),
        before: state.clone(),
        state,
        sessions,
        defined: definitions(&given.plan.changes, given.registry),
        done: BTreeSet::new(),
        data: given.plan.data.clone(),
        former_data: BTreeMap::new(),
        opened: Vec::new(),
        unread: BTreeMap::new(),
        deposing: BTreeMap::new(),
        filled: BTreeMap::new(),
        decided: BTreeSet::new(),
        settled: BTreeMap::new(),
        entries: Vec::new(),
        calls: 0,
        started: BTreeMap::new(),
        ended: BTreeSet::new(),
        stopped: BTreeSet::new(),
        lost: false,
        provisioning: BTreeMap::new(),
        sender,
        applied: Applied::default(),
    };
    applier.note_owners();
    applier.read_again().await;
    applier.read_before().await;
    if !has_errors(&applier.applied.problems) {
        let clock = given.world.clock.clone();
        let walked = walk(&given.plan.order, &given.world.pace, &clock, &mut inbox, &mut applier);
        tokio::select! {
            biased;
            () = walked => {}
            () = given.stop.asked(2) => applier.leave(),
        }
    }
    applier.finish_run().await
}

/// What a worker gives back.
pub(super) enum Done {
    Acted(Result<Option<Observed>, Failure>),
    Read(Arc<dyn Session>, Result<Value, ApiError>),
    Provisioned(Run),
}

pub(super) struct Applier<'g, 'a> {
    pub(super) given: &'g Given<'a>,
    pub(super) lock: &'g mut dyn Lock,
    pub(super) tell: &'g mut dyn FnMut(ApplyEvent),
    pub(super) now: Evaluator<'g>,
    pub(super) former: Evaluator<'g>,
    /// As it was when the apply began: sessions of what is removed are made from it.
    pub(super) before: Snapshot,
    pub(super) state: Snapshot,
    pub(super) sessions: Sessions<'g>,
    /// What the plan's instances define for others of their provider.
    pub(super) defined: Definitions,
    pub(super) done: BTreeSet<Address>,
    pub(super) data: BTreeMap<Address, Value>,
    /// Data sources as sessions of what is removed are made from them.
    pub(super) former_data: BTreeMap<Address, Value>,
    /// Ephemeral resources that are open.
    pub(super) opened: Vec<Opened>,
    /// Data sources of checks that could not be read, and why.
    pub(super) unread: BTreeMap<Address, Diagnostic>,
    /// Objects that wait under a deposed key while their successors are made.
    pub(super) deposing: BTreeMap<Address, String>,
    /// Objects as they were filled in when their turn came, where the plan did not know all: what of them is secret.
    pub(super) filled: BTreeMap<Address, Value>,
    /// Objects of which it is decided whether they are replaced, where that was open.
    pub(super) decided: BTreeSet<Address>,
    /// Those of them that are not, and what becomes of them.
    pub(super) settled: BTreeMap<Address, Change>,
    pub(super) entries: Vec<Entry>,
    pub(super) calls: u64,
    /// Calls under way, and since when.
    pub(super) started: BTreeMap<Action, Timestamp>,
    /// Calls that nothing more comes of.
    pub(super) ended: BTreeSet<Action>,
    /// Calls that were not begun since the run was asked to stop, with those that waited for them.
    pub(super) stopped: BTreeSet<Action>,
    /// The lock was lost: nothing more is begun, since somebody else may be at work.
    pub(super) lost: bool,
    /// Calls whose objects' programs run.
    pub(super) provisioning: BTreeMap<Action, Provisioning>,
    pub(super) sender: mpsc::UnboundedSender<Message>,
    pub(super) applied: Applied,
}

impl Applier<'_, '_> {
    pub(super) fn note_owners(&mut self) {
        for ((address, _), change) in &self.given.plan.changes {
            self.sessions.owns(address, &change.provider);
        }
        for (address, tracked) in &self.before.objects {
            let reference = tracked.current.as_ref();
            if let Some(reference) =
                reference.and_then(|object| crate::plan::objects::provider_ref(&object.provider))
            {
                self.sessions.owns(address, &reference);
            }
        }
    }

    pub(super) fn change(&self, action: &Action) -> Option<&'_ Change> {
        let settled = self.settled.get(&action.address).filter(|_| action.deposed.is_none());
        settled.or_else(|| {
            self.given.plan.changes.get(&(action.address.clone(), action.deposed.clone()))
        })
    }

    /// Reads anew the data sources of which something is never kept, and opens ephemeral resources anew: each when
    /// what it needs of the others is there.
    pub(super) async fn read_again(&mut self) {
        let mut waiting: Vec<Address> = self.given.plan.data.keys().cloned().collect();
        self.data.retain(|address, _| address.mode != Mode::Ephemeral);
        loop {
            let before = waiting.len();
            let mut later = Vec::new();
            for address in std::mem::take(&mut waiting) {
                match self.read_one_again(&address).await {
                    Ok(true) => {}
                    Ok(false) => later.push((address, Vec::new())),
                    Err(problems) => later.push((address, problems)),
                }
            }
            if later.is_empty() {
                return;
            }
            if later.len() == before {
                let problems = later.into_iter().flat_map(|(_, problems)| problems);
                return self.applied.problems.extend(problems);
            }
            waiting = later.into_iter().map(|(address, _)| address).collect();
        }
    }

    /// Reads or opens one; says whether that could be done already.
    async fn read_one_again(&mut self, address: &Address) -> Result<bool, Vec<Diagnostic>> {
        let Ok(instance) = self.instance(address) else { return Ok(true) };
        let Some(schema) = self.schema(address, &instance.provider) else { return Ok(true) };
        if !schema.fields.values().any(|field| field.never_kept) {
            return Ok(true);
        }
        if !instance.config.is_whole() {
            return Ok(false);
        }
        let session = self.session(&instance.provider, true)?;
        let clock = self.given.world.clock.clone();
        let start = clock.now();
        self.ephemeral(address, EphemeralStep::Opening);
        let found = read_or_open(&*session, address, &instance.config).await;
        let value = found.map_err(|error| vec![error.to_diagnostic(address)])?;
        let elapsed = clock.now().duration_since(start).unsigned_abs();
        self.ephemeral(address, EphemeralStep::Opened(elapsed));
        self.keep_read(address, session, value);
        Ok(true)
    }

    /// Notes what was read, and what was opened.
    pub(super) fn keep_read(&mut self, address: &Address, session: Arc<dyn Session>, value: Value) {
        if address.mode == Mode::Ephemeral {
            let (address, value) = (address.clone(), value.clone());
            self.opened.push(Opened { address, value, session });
        }
        self.former_data.entry(address.clone()).or_insert_with(|| value.clone());
        self.data.insert(address.clone(), value);
    }

    /// Tells what becomes of an ephemeral resource; nothing of a data source, which is only looked at again.
    fn ephemeral(&mut self, address: &Address, step: EphemeralStep) {
        if address.mode == Mode::Ephemeral {
            let action = Action { address: address.clone(), deposed: None, call: Call::Read };
            (self.tell)(ApplyEvent::Ephemeral { action, step });
        }
    }

    pub(super) fn schema(&self, address: &Address, provider: &ProviderRef) -> Option<Arc<Schema>> {
        self.sessions.provider(provider)?.resource(address.mode, &address.type_name)
    }

    pub(super) fn instance(&mut self, address: &Address) -> Result<Instance, Vec<Diagnostic>> {
        let mut oracle = now!(self);
        self.now.instance(address, &mut oracle)
    }

    /// Gives a provider block's configuration and session, as things are now or as they were.
    pub(super) fn session(
        &mut self,
        reference: &ProviderRef,
        now: bool,
    ) -> Result<Arc<dyn Session>, Vec<Diagnostic>> {
        let config = if now {
            let mut oracle = now!(self);
            self.now.provider(reference, &mut oracle)?
        } else {
            let data = &self.former_data;
            let (registry, state) = (self.given.registry, &self.before);
            let mut oracle = Former { registry, state, data, deposed: None };
            self.former.provider(reference, &mut oracle)?
        };
        self.session_of(reference, &config)
    }

    /// Gives the session of a provider block's configuration.
    pub(super) fn session_of(
        &mut self,
        reference: &ProviderRef,
        config: &ProviderConfig,
    ) -> Result<Arc<dyn Session>, Vec<Diagnostic>> {
        match self.sessions.session(reference, config).map_err(|problem| vec![problem])? {
            Some(session) => Ok(session),
            None => {
                let detail = format!(
                    "The configuration of provider \"{}\" depends on values that are not known even now: what \
                     they come from was not made.",
                    reference.name
                );
                let problem = Diagnostic::error("Provider configuration not known", detail);
                Err(vec![match config.span {
                    Some(span) => problem.at(span, ""),
                    None => problem,
                }])
            }
        }
    }

    /// Makes a call ready: the session and what it is to do.
    pub(super) fn ready(
        &mut self,
        action: &Action,
    ) -> Result<(Arc<dyn Session>, providers::Action), Vec<Diagnostic>> {
        let change = self.change(action).cloned().ok_or_else(Vec::new)?;
        let deed = match action.call {
            Call::Create | Call::Update => self.make(action, &change)?,
            Call::Delete | Call::Read | Call::Forget => {
                let (before, private) = self.former_object(action, &change)?;
                let session = self.leaving_session(action, &change.provider)?;
                let deed = Deed::Delete { prior: before };
                return Ok((session, self.act(action, deed, private)));
            }
        };
        let session = self.session(&change.provider, true)?;
        let private = if action.call == Call::Update { change.private.clone() } else { Vec::new() };
        Ok((session, self.act(action, deed, private)))
    }

    pub(super) fn act(&self, action: &Action, deed: Deed, private: Vec<u8>) -> providers::Action {
        let (address, type_name) = (action.address.clone(), action.address.type_name.clone());
        let cleared =
            matches!(deed, Deed::Delete { .. }) && self.given.plan.cleared.contains(&address);
        let met = self.given.plan.met.clone();
        providers::Action { address, type_name, deed, private, cleared, met }
    }

    /// Fills in what was unknown, and holds it to the plan.
    pub(super) fn make(
        &mut self,
        action: &Action,
        change: &Change,
    ) -> Result<Deed, Vec<Diagnostic>> {
        let address = &action.address;
        let instance = self.instance(address)?;
        self.preconditions(address)?;
        let provider = self.sessions.provider(&change.provider).cloned().ok_or_else(Vec::new)?;
        let schema = self.schema(address, &change.provider).ok_or_else(Vec::new)?;
        let (prior, planned_then) = match (&change.verb, action.call) {
            (Verb::Update { before, after }, _) => (Some(before), after),
            // It turned out to be as it should be.
            (Verb::Keep { before }, Call::Update) => (Some(before), before),
            (Verb::Create { after } | Verb::Replace { after, .. }, _) => (None, after),
            _ => return Err(Vec::new()),
        };
        // What is made anew is made as its block says: nothing is left as it was.
        let config = ignore_changes(&instance.lifecycle.ignore, prior, &instance.config);
        let provider_config = {
            let mut oracle = now!(self);
            self.now.provider(&change.provider, &mut oracle)?
        };
        let private = prior.map(|_| change.private.as_slice()).unwrap_or_default();
        let none = BTreeMap::new();
        let offered = self.defined.get(&change.provider).unwrap_or(&none);
        let around = Around { provider: &provider_config, offered, minor: None, replaced: None };
        let planned =
            plan_object(provider.as_ref(), &schema, address, &around, prior, private, &config);
        let problems: Vec<Diagnostic> = planned
            .problems
            .iter()
            .filter(|problem| !problem.warning)
            .map(|problem| {
                Diagnostic::error(&problem.summary, &problem.detail)
                    .about(address)
                    .at(instance.span, "")
            })
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        // The plan's value may be the server's own: what it knew wins where both are known.
        let after = overlaid(planned_then, &planned.after);
        if let Some(path) = disagreement(planned_then, &after) {
            return Err(vec![inconsistent(address, &path.to_string()).at(instance.span, "")]);
        }
        if !planned_then.is_whole() {
            self.filled.insert(address.clone(), after.clone());
        }
        Ok(match prior {
            Some(prior) => Deed::Update { prior: prior.clone(), planned: after, config },
            None => Deed::Create { planned: after, config },
        })
    }

    pub(super) fn former_object(
        &self,
        action: &Action,
        change: &Change,
    ) -> Result<(Value, Vec<u8>), Vec<Diagnostic>> {
        if let Some(before) = change.verb.before() {
            return Ok((before.clone(), change.private.clone()));
        }
        let detail = format!("The plan has nothing to remove under {}.", action.address);
        Err(vec![Diagnostic::error("Inconsistent plan", detail)])
    }

    /// Sets what stands under an action's address, in the state and in the journal.
    pub(super) fn set(&mut self, action: &Action, object: Option<Object>) {
        let address = action.address.clone();
        let deposed = self.deposed_key(action);
        match &deposed {
            None => self.state.set_current(&address, object.clone()),
            Some(key) => {
                if let Some(tracked) = self.state.objects.get_mut(&address) {
                    match object.clone() {
                        Some(object) => tracked.deposed.insert(key.clone(), object),
                        None => tracked.deposed.remove(key),
                    };
                    if tracked.current.is_none() && tracked.deposed.is_empty() {
                        self.state.objects.remove(&address);
                    }
                }
            }
        }
        self.entries.push(Entry::Object { address, deposed, object: object.map(Box::new) });
    }

    pub(super) fn object(
        &self,
        action: &Action,
        observed: &Observed,
        tainted: bool,
    ) -> Option<Object> {
        let change = self.change(action)?;
        let schema = self.schema(&action.address, &change.provider)?;
        let value = self.this(action, &observed.value);
        let needs = self.now.reach(&action.address).into_iter().collect();
        let mut object = encode(&schema, &value, &observed.private, &change.provider, needs);
        object.tainted = tainted;
        object.create_before_destroy = change.create_before_destroy;
        if action.call == Call::Update
            && let Some(former) = self.state.current(&action.address)
        {
            // What is changed in place stays the same object.
            (object.identity, object.other) = (former.identity.clone(), former.carried());
        }
        Some(object)
    }

    pub(super) fn elapsed(&self, action: &Action) -> std::time::Duration {
        let now = self.given.world.clock.now();
        let started = self.started.get(action).copied().unwrap_or(now);
        now.duration_since(started).unsigned_abs()
    }

    pub(super) fn fail(&mut self, action: &Action, error: &ApiError) {
        let change = self.change(action);
        tracing::warn!(address = %action.address, error = %error.summary, "failed");
        let problem = error.to_diagnostic(&action.address);
        let problem = match change.and_then(|change| place(change, error)) {
            Some(span) => problem.at(span, ""),
            None => problem,
        };
        self.applied.problems.push(problem);
        self.applied.failed.push(action.clone());
        // What was asked for was begun, and failed or went on by itself.
        self.applied.partly |= matches!(
            error.kind,
            ApiErrorKind::Failed | ApiErrorKind::Timeout | ApiErrorKind::Interrupted
        ) && action.call != Call::Read;
        let (action, elapsed) = (action.clone(), self.elapsed(action));
        (self.tell)(ApplyEvent::Failed { action, elapsed });
    }

    fn resumes(&self, action: &Action) -> bool {
        let provider =
            self.change(action).and_then(|change| self.sessions.provider(&change.provider));
        provider.is_some_and(|provider| provider.resumes(&action.address.type_name))
    }

    /// Leaves what is under way: nobody waits any more for what becomes of it.
    fn leave(&mut self) {
        for action in self.started.clone().into_keys() {
            // What a service still makes is read anew, at rest, by the next plan.
            if action.call == Call::Create
                && self.resumes(&action)
                && let Some(mut object) = self.state.current(&action.address).cloned()
            {
                object.tainted = false;
                self.set(&action, Some(object));
            }
            let detail = format!(
                "The wait for {} was broken off. Whether it was done is not known here; what was known of it is in the \
                 state.",
                action.address
            );
            let error = ApiError::new(ApiErrorKind::Interrupted, "Interrupted", detail)
                .help("Plan again: what exists by then is read anew.");
            self.fail(&action, &error);
            self.ended.insert(action);
        }
        let all = self.given.plan.order.nodes();
        let open: Vec<Action> = all.filter(|action| !self.has_ended(action)).cloned().collect();
        for action in open {
            self.skip(&action, &action.clone());
        }
    }

    fn has_ended(&self, action: &Action) -> bool {
        let settled = self.settled_as(action);
        self.ended.contains(action) || settled.is_some_and(|action| self.ended.contains(&action))
    }

    pub(super) fn count(&mut self, action: &Action) {
        let counts = &mut self.applied.counts;
        match action.call {
            Call::Create => counts.add += 1,
            Call::Update => counts.change += 1,
            Call::Delete => counts.destroy += 1,
            Call::Forget => counts.forget += 1,
            Call::Read => {}
        }
    }

    pub(super) fn finished(&mut self, action: &Action) {
        let (elapsed, id) = (self.elapsed(action), self.id(&action.address));
        tracing::info!(address = %action.address, ?elapsed, "done");
        (self.tell)(ApplyEvent::Finished { action: action.clone(), id, elapsed });
    }

    /// Evaluates the outputs and checks, saves the state, and gives what was done.
    pub(super) async fn finish_run(mut self) -> Applied {
        // Nothing of what was opened is held open.
        let opened: Vec<Address> = self.data.keys().cloned().collect();
        for address in &opened {
            self.ephemeral(address, EphemeralStep::Closing);
            self.ephemeral(address, EphemeralStep::Closed(Duration::ZERO));
        }
        match self.given.plan.base.mode {
            PlanMode::Destroy => {
                let plan = self.given.plan;
                let whole = plan.targets.is_empty() && plan.excluded.is_empty();
                if self.applied.problems.is_empty() && whole {
                    self.state.outputs.clear();
                    self.state.objects.retain(|address, _| address.mode != Mode::Data);
                }
                self.state.checks = super::checks::kept(&self.given.plan.checks);
            }
            PlanMode::Normal | PlanMode::RefreshOnly => self.conclude(),
        }
        if self.given.plan.base.mode == PlanMode::Normal {
            self.keep_data();
        }
        let problems = close(&mut self.opened).await;
        self.applied.problems.extend(problems);
        self.applied.problems.extend(incomplete(self.given.plan));
        self.flush().await;
        // What says the same as what is there is not written; the journal ends in any case.
        match self.lock.save(&self.state).await {
            Ok(saved) => self.state.serial = saved.serial,
            Err(error) => {
                // The others are about a journal that should end, after the save.
                self.applied.unsaved =
                    !matches!(error, BackendError::File { .. } | BackendError::Service { .. });
                self.applied.problems.push(error.to_diagnostic());
            }
        }
        self.applied.counts.import =
            self.given.plan.changes.values().filter(|change| change.importing.is_some()).count();
        self.applied.snapshot = self.state;
        self.applied
    }
}

/// Says that more may be left to do than the plan had.
fn incomplete(plan: &Plan) -> Option<Diagnostic> {
    let option = match (plan.targets.is_empty(), plan.excluded.is_empty()) {
        (true, true) => return None,
        (false, _) => "-target",
        (true, false) => "-exclude",
    };
    let detail = format!(
        "The plan was created with the {option} option in effect, so some changes requested in the configuration may have \
         been ignored and the output values may not be fully updated. Run the following command to verify that no other \
         changes are pending:\n    terrane plan\n\nNote that the {option} option is not suitable for routine use, and is \
         provided only for exceptional situations such as recovering from errors or mistakes, or when Terraform \
         specifically suggests to use it as part of an error message."
    );
    Some(Diagnostic::warning("Applied changes may be incomplete", detail))
}
