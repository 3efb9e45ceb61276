//! The applier as the owner of the walk, and how values of plan and world are put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::applier::{Applier, Done, Given};
use super::desk::{Message, WorkerDesk};
use super::diary::known;
use super::late::{self, Expected};
use super::oracle::now;
use super::provision::Next;
use crate::addr::{Address, Mode};
use crate::diag::{Diagnostic, Severity, Span};
use crate::eval::{CheckResult, CheckStatus, Evaluator, OutputValue};
use crate::graph::{Outcome, Prepared, Walk};
use crate::plan::decide::same;
use crate::plan::event::ApplyEvent;
use crate::plan::former::Former;
use crate::plan::objects::{encode, with_marks_of};
use crate::plan::sessions::RegistrySchemas;
use crate::plan::{Action, Call, Change, PlanMode, Reason, Verb};
use crate::providers::opened::read_or_open;
use crate::providers::{ApiError, ApiErrorKind, Deed, Observed, Session};
use crate::state::{Entry, KeptOutput};
use crate::value::{Kind, Value};

impl Walk for Applier<'_, '_> {
    type Key = Action;
    type Done = Done;
    type Message = Message;

    async fn prepare(&mut self, action: &Action) -> Prepared<Done> {
        if self.given.stop.is_asked() || self.lost {
            self.stopped.insert(action.clone());
            self.skip(action, &action.clone());
            return Prepared::Failed;
        }
        if action.call == Call::Forget {
            self.set(action, None);
            self.count(action);
            self.ended.insert(action.clone());
            self.flush().await;
            return Prepared::Done;
        }
        let decided = self.settle(&action.address);
        let Some(settled) = self.settled_as(action) else {
            self.ended.insert(action.clone());
            return Prepared::Done;
        };
        let action = &settled;
        let id = self.id(&action.address);
        self.started.insert(action.clone(), self.given.world.clock.now());
        let job = match decided {
            Ok(()) if action.call == Call::Read => self.read_job(action).map(Some),
            Ok(()) => self.act_job(action),
            Err(problems) => Err(problems),
        };
        match job {
            Ok(None) => {
                self.started.remove(action);
                self.ended.insert(action.clone());
                self.flush().await;
                Prepared::Done
            }
            Ok(Some(job)) => {
                tracing::info!(address = %action.address, call = ?action.call, "begins");
                (self.tell)(ApplyEvent::Started { action: action.clone(), id });
                if let Some(this) = self.leaving(action).filter(|_| action.call == Call::Delete) {
                    match self.provision(action, &this, None) {
                        Some(Next::Job(program)) => return Prepared::Job(program),
                        Some(Next::Failed) => {
                            self.failed_programs(action);
                            return Prepared::Failed;
                        }
                        Some(Next::Finished(_)) | None => {}
                    }
                }
                Prepared::Job(job)
            }
            Err(problems) => {
                self.applied.problems.extend(problems);
                let elapsed = std::time::Duration::ZERO;
                self.started.remove(action);
                self.ended.insert(action.clone());
                self.applied.failed.push(action.clone());
                (self.tell)(ApplyEvent::Failed { action: action.clone(), elapsed });
                Prepared::Failed
            }
        }
    }

    async fn attend(&mut self, messages: Vec<Message>) {
        let mut durable = Vec::new();
        for message in messages {
            match message {
                Message::Intent { action, request, identity, durable: told } => {
                    self.calls += 1;
                    let word = word(action.call).to_string();
                    let (call, address) = (self.calls, action.address);
                    self.entries.push(Entry::Intent {
                        call,
                        address,
                        action: word,
                        request,
                        identity,
                    });
                    durable.push((told, call));
                }
                Message::Answer { call, outcome } => {
                    self.entries.push(Entry::Answer { call, outcome })
                }
                Message::Keep { action, object } => {
                    // Until it is done a new object is one that was made only in part.
                    let object = self.object(&action, &object, action.call == Call::Create);
                    self.set(&action, object);
                }
                Message::Tracked { action, id, told } => {
                    // A worker that has gone away asks no more.
                    let _ = told.send(self.state.tracking(&action.address, &id));
                }
                Message::Note { action, text } => {
                    (self.tell)(ApplyEvent::Note { action, text });
                }
                Message::Output { action, line } => self.output(&action, line),
                Message::Log { action, lines } => {
                    (self.tell)(ApplyEvent::Log { action, lines });
                }
            }
        }
        let is_durable = self.flush().await;
        for (told, call) in durable {
            let answer = if is_durable { Ok(call) } else { Err(not_durable()) };
            // A worker that has gone away asks no more.
            let _ = told.send(answer);
        }
        self.save_meanwhile().await;
    }

    async fn finish(&mut self, planned: &Action, done: Done) -> Outcome<Done> {
        let mut failure = None;
        let action = &self.settled_as(planned).unwrap_or_else(|| planned.clone());
        // A delete's deposed key is known until it is done.
        let place = self.deposed_key(action);
        let outcome = match done {
            Done::Read(session, result) => self.finish_read(action, session, result),
            Done::Acted(Ok(observed)) => self.finish_acted(action, observed),
            Done::Provisioned(run) => {
                let next = self.provisioned(action, run);
                self.after_programs(action, next)
            }
            Done::Acted(Err(failed)) => {
                if let Some(partial) = &failed.partial {
                    let object = self.object(action, partial, action.call == Call::Create);
                    self.set(action, object);
                    self.applied.partly = true;
                }
                self.fail(action, &failed.error);
                self.take_back(action, &failed);
                failure = Some(failed);
                Outcome::Failed
            }
        };
        if !matches!(outcome, Outcome::More(_)) {
            self.end(action, place, failure.as_ref());
            if let Some(began) = self.started.remove(action) {
                let now = self.given.world.clock.now();
                self.applied.spans.insert(planned.clone(), (began, now));
            }
            self.ended.insert(action.clone());
        }
        // What was only computed is written with what comes next: a program that runs, a request, the state.
        if self.sends(action) || matches!(outcome, Outcome::More(_)) || self.has_programs(action) {
            self.flush().await;
            self.save_meanwhile().await;
        }
        outcome
    }

    fn skip(&mut self, action: &Action, because: &Action) {
        self.ended.insert(action.clone());
        // What waited for a call that was not begun is not begun for the same reason.
        let stopped = self.stopped.contains(because);
        if stopped {
            self.stopped.insert(action.clone());
        }
        let because = if stopped { action } else { because };
        let (skipped, because) = (action.clone(), because.address.clone());
        (self.tell)(ApplyEvent::Skipped { action: skipped, because: because.clone() });
        self.applied.skipped.push((action.clone(), because));
    }
}

type Job = futures::future::LocalBoxFuture<'static, Done>;

impl Applier<'_, '_> {
    /// Makes a call ready; gives nothing where there is nothing to call for.
    fn act_job(&mut self, action: &Action) -> Result<Option<Job>, Vec<Diagnostic>> {
        // It is gone with what it lived in.
        if action.deposed.is_none() && self.given.plan.sinking.contains_key(&action.address) {
            return Ok(Some(Box::pin(async { Done::Acted(Ok(None)) })));
        }
        let (session, act) = self.ready(action)?;
        if let Some(done) = self.only_marked(action, &act) {
            return Ok(Some(Box::pin(async move { done })));
        }
        if let Some(observed) = unchanged(&act) {
            return self.keep(action, &observed).map(|()| None);
        }
        let first = self
            .change(action)
            .is_some_and(|change| matches!(change.verb, Verb::Replace { create_first: true, .. }));
        if first && action.call == Call::Create {
            self.depose(&action.address);
        }
        self.begin(action, &act);
        let desk = WorkerDesk {
            action: action.clone(),
            owner: self.sender.clone(),
            clock: self.given.world.clock.clone(),
            stop: self.given.stop.clone(),
        };
        let expected = self.expected(action);
        Ok(Some(Box::pin(
            async move { Done::Acted(late::act(&*session, &act, &desk, expected).await) },
        )))
    }

    /// Says whether an object that is to be made may come by a request of an earlier run.
    fn expected(&self, action: &Action) -> Option<Expected> {
        let since = *self.given.unmade.get(&action.address)?;
        let provider = self.sessions.provider(&self.change(action)?.provider)?.clone();
        (action.call == Call::Create).then_some(Expected { since, provider })
    }

    /// Takes over an object that turned out to be as it should be.
    fn keep(&mut self, action: &Action, observed: &Observed) -> Result<(), Vec<Diagnostic>> {
        let object = self.object(action, observed, false);
        self.set(action, object);
        self.done.insert(action.address.clone());
        match self.postconditions(action, &observed.value) {
            Outcome::Done | Outcome::More(_) => Ok(()),
            Outcome::Failed => Err(Vec::new()),
        }
    }

    /// Gives what is done where only the state says something else now: that a part is a secret, or none.
    fn only_marked(&self, action: &Action, act: &crate::providers::Action) -> Option<Done> {
        let change = self.change(action)?;
        match (&change.verb, &act.deed) {
            (Verb::Update { before, after }, Deed::Update { planned, .. })
                if same(before, after) =>
            {
                let observed = Observed { value: planned.clone(), private: change.private.clone() };
                Some(Done::Acted(Ok(Some(observed))))
            }
            _ => None,
        }
    }

    fn read_job(&mut self, action: &Action) -> Result<Job, Vec<Diagnostic>> {
        let instance = self.instance(&action.address)?;
        let session = self.session(&instance.provider, true)?;
        let address = action.address.clone();
        Ok(Box::pin(async move {
            let found = read_or_open(&*session, &address, &instance.config).await;
            Done::Read(session, found)
        }))
    }

    fn finish_read(
        &mut self,
        action: &Action,
        session: Arc<dyn Session>,
        result: Result<Value, ApiError>,
    ) -> Outcome<Done> {
        match result {
            Ok(value) => {
                self.keep_read(&action.address, session, value);
                self.done.insert(action.address.clone());
                self.finished(action);
                Outcome::Done
            }
            Err(error) if self.is_scoped(action) => {
                let place = self.instance(&action.address).ok().map(|instance| instance.open);
                let problem = error.to_diagnostic(&action.address);
                let problem = Diagnostic { severity: Severity::Warning, ..problem };
                let problem = match place {
                    Some(span) => problem.at(span, ""),
                    None => problem,
                };
                self.unread.insert(action.address.clone(), problem);
                // That it is read to the end is not told.
                (self.tell)(ApplyEvent::Ended { action: action.clone() });
                Outcome::Done
            }
            Err(error) => {
                self.fail(action, &error);
                Outcome::Failed
            }
        }
    }

    /// Says whether a data source belongs to a check, so that its failure is only the check's.
    fn is_scoped(&mut self, action: &Action) -> bool {
        self.instance(&action.address).is_ok_and(|instance| instance.scoped)
    }

    /// Goes on when an object's programs have run: a made object is whole, a leaving one is removed.
    fn after_programs(&mut self, action: &Action, next: Next) -> Outcome<Done> {
        match next {
            Next::Job(job) => Outcome::More(job),
            Next::Failed => self.failed_programs(action),
            Next::Finished(Some(made)) => self.finish_made(action, &made),
            Next::Finished(None) => match self.act_job(action) {
                Ok(Some(job)) => Outcome::More(job),
                Ok(None) => Outcome::Done,
                Err(problems) => {
                    self.applied.problems.extend(problems);
                    self.failed_programs(action)
                }
            },
        }
    }

    fn finish_acted(&mut self, action: &Action, observed: Option<Observed>) -> Outcome<Done> {
        let Some(observed) = observed else {
            self.set(action, None);
            self.sunk(action);
            self.deposing.remove(&action.address);
            self.count(action);
            self.finished(action);
            return Outcome::Done;
        };
        if action.call == Call::Create {
            // Until its programs have run the object is one that was made only in part.
            let object = self.object(action, &observed, true);
            self.set(action, object);
            let this = self.this(action, &observed.value);
            if let Some(next) = self.provision(action, &this, Some(observed.clone())) {
                return self.after_programs(action, next);
            }
        }
        self.finish_made(action, &observed)
    }

    /// Takes what went down with a removed object out of the state at once: a run that ends now must not look for it.
    fn sunk(&mut self, action: &Action) {
        let gone = |whole: &Address| self.state.current(whole).is_none();
        let sinking = self.given.plan.sinking.iter();
        let sunk = sinking
            .filter(|(_, wholes)| wholes.contains(&action.address) && wholes.iter().all(gone));
        let sunk: Vec<Address> = sunk.map(|(address, _)| address.clone()).collect();
        for address in sunk {
            self.set(&Action { address, deposed: None, call: Call::Delete }, None);
        }
    }

    /// Gives the object as its own programs see it: with the marks of what was planned.
    pub(super) fn this(&self, action: &Action, value: &Value) -> Value {
        let filled = self.filled.get(&action.address).filter(|_| action.deposed.is_none());
        let planned = || self.change(action).and_then(|change| change.verb.after());
        filled
            .or_else(planned)
            .map_or_else(|| value.clone(), |planned| with_marks_of(&value.without_marks(), planned))
    }

    fn finish_made(&mut self, action: &Action, observed: &Observed) -> Outcome<Done> {
        let object = self.object(action, observed, false);
        self.set(action, object);
        self.done.insert(action.address.clone());
        self.count(action);
        self.finished(action);
        self.postconditions(action, &observed.value)
    }

    fn postconditions(&mut self, action: &Action, value: &Value) -> Outcome<Done> {
        let mut oracle = now!(self);
        let (_, problems) = self.now.postconditions(&action.address, value, &mut oracle);
        let failed = crate::diag::has_errors(&problems);
        self.applied.problems.extend(problems);
        if failed { Outcome::Failed } else { Outcome::Done }
    }

    /// Puts a data source as read into the state.
    pub(super) fn keep_data(&mut self) {
        for address in self.unread.keys() {
            let key = (address.clone(), None);
            let Some(change) = self.given.plan.changes.get(&key) else { continue };
            if change.reason != Some(Reason::CheckNested) {
                continue;
            }
            let (Some(after), Some(schema)) =
                (change.verb.after(), self.schema(address, &change.provider))
            else {
                continue;
            };
            // What could not be read is not there.
            let value = after.map_parts(&mut |part| {
                if part.is_known() { part.clone() } else { Value::null(part.ty()) }
            });
            let object = encode(&schema, &value, &[], &change.provider, Vec::new());
            self.state.set_current(address, Some(object));
        }
        for (address, value) in self.data.clone() {
            if address.mode == Mode::Ephemeral {
                continue;
            }
            let mut oracle = now!(self);
            let Ok(instance) = self.now.instance(&address, &mut oracle) else { continue };
            let Some(schema) = self.schema(&address, &instance.provider) else { continue };
            let object = encode(&schema, &value, &[], &instance.provider, Vec::new());
            self.state.set_current(&address, Some(object));
        }
    }

    /// Evaluates an instance's preconditions, with all known that it waited for.
    pub(super) fn preconditions(&mut self, address: &Address) -> Result<(), Vec<Diagnostic>> {
        let mut oracle = now!(self);
        let (_, problems) = self.now.preconditions(address, &mut oracle);
        if crate::diag::has_errors(&problems) { Err(problems) } else { Ok(()) }
    }

    /// Evaluates the outputs with what there is: what was only planned counts no more.
    fn outputs_of_what_is(&self) -> BTreeMap<String, OutputValue> {
        let schemas = RegistrySchemas(self.given.registry);
        let Given { config, sources, inputs, .. } = self.given;
        let mut evaluator = Evaluator::new(config, sources, inputs, &schemas);
        let registry = self.given.registry;
        let (state, data) = (&self.state, &self.data);
        evaluator.outputs(&mut Former { registry, state, data, deposed: None }).0
    }

    /// Notes that the conditions of what was read for the plan are not asked again: they are not known to hold, as Terraform keeps it.
    fn leave_unasked(&self, checks: &mut [CheckResult]) {
        let read: BTreeSet<String> = self.given.plan.data.keys().map(ToString::to_string).collect();
        let asked_before = |check: &&mut CheckResult| {
            check.kind == "resource"
                && check.status == CheckStatus::Pass
                && read.contains(&check.address)
        };
        for check in checks.iter_mut().filter(asked_before) {
            check.status = CheckStatus::Unknown;
        }
    }

    /// Evaluates all once more with what was made: checks and the root's outputs. An output that is not known
    /// because something failed stays as it was.
    pub(super) fn conclude(&mut self) {
        let mut oracle = now!(self);
        let evaluation = self.now.evaluate(&mut oracle);
        let refreshing = self.given.plan.base.mode == PlanMode::RefreshOnly;
        let mut checks = evaluation.desired.checks;
        for check in checks.iter_mut().filter(|check| refreshing && check.kind == "check") {
            // What failed as it was looked at is not looked at again.
            let mut planned = self.given.plan.checks.iter();
            let failed = |of: &&CheckResult| of.address == check.address && of.stops();
            if let Some(planned) = planned.find(failed) {
                *check = planned.clone();
            }
        }
        if !refreshing {
            self.leave_unasked(&mut checks);
        }
        self.state.checks = super::checks::kept(&checks);
        for problem in evaluation.problems {
            let told_before = self.given.plan.warnings.contains(&problem)
                && problem.summary != "Check block assertion failed";
            let open = problem.summary == "Check block assertion known after apply";
            if !told_before && (!open || refreshing) && !self.applied.problems.contains(&problem) {
                self.applied.problems.push(problem);
            }
        }
        // What `-target` leaves out stays.
        let declared = &self.given.config.root.outputs;
        let mut kept = std::mem::take(&mut self.state.outputs);
        let plan = self.given.plan;
        let all = plan.targets.is_empty() && plan.excluded.is_empty();
        kept.retain(|name, _| declared.contains_key(name) || !all);
        let whole = self.applied.failed.is_empty() && self.applied.skipped.is_empty();
        let outputs = if whole { evaluation.desired.outputs } else { self.outputs_of_what_is() };
        for (name, output) in outputs {
            // Who only refreshes notes what is not known, of what there is not, as null.
            let refreshed = plan.base.mode == PlanMode::RefreshOnly;
            if output.ephemeral || !(refreshed || output.value.is_whole()) {
                continue;
            }
            let sensitive = output.sensitive || output.value.all_marks().sensitive;
            if !output.value.is_whole() {
                let value = known(&output.value).without_marks();
                kept.insert(name, KeptOutput { ty: value.ty(), value, sensitive });
                continue;
            }
            let value = output.value.without_marks();
            if value.is_null() {
                kept.remove(&name);
                continue;
            }
            kept.insert(name, KeptOutput { ty: value.ty(), value, sensitive });
        }
        self.state.outputs = kept;
    }
}

/// Gives the object of a change that, with all known, changes nothing.
fn unchanged(act: &crate::providers::Action) -> Option<Observed> {
    match &act.deed {
        Deed::Update { prior, planned, .. } if planned.is_whole() && same(prior, planned) => {
            Some(Observed { value: planned.clone(), private: act.private.clone() })
        }
        _ => None,
    }
}

pub(super) fn word(call: Call) -> &'static str {
    match call {
        Call::Create => "create",
        Call::Update => "update",
        Call::Delete => "delete",
        Call::Read => "read",
        Call::Forget => "forget",
    }
}

fn not_durable() -> ApiError {
    ApiError::new(
        ApiErrorKind::Interrupted,
        "Journal cannot be written",
        "The intent of a call could not be made durable, so the call was not made.",
    )
}

/// Gives the place of the argument that an error speaks of, else of the block.
pub(super) fn place(change: &Change, error: &ApiError) -> Option<Span> {
    let wanted = error.path.as_ref();
    let argument = wanted.and_then(|wanted| {
        let fitting = change.places.iter().filter(|(path, _)| wanted.0.starts_with(&path.0));
        fitting.max_by_key(|(path, _)| path.0.len())
    });
    argument.map(|(_, span)| *span).or(change.span)
}

/// Says that the apply would not do what was planned.
pub(super) fn inconsistent(address: &Address, path: &str) -> Diagnostic {
    let part = if path.is_empty() { String::new() } else { format!(" at {path}") };
    let detail = format!(
        "When the plan for {address} was filled in with what is known now, it changed{part}. Nothing was sent: \
         the plan is held to what was shown."
    );
    Diagnostic::error("Inconsistent final plan", detail)
        .help("Run `terrane plan` again and look at what it shows.")
}

/// Fills the unknown parts of a planned value from one that is planned again with more known.
pub(super) fn overlaid(planned: &Value, fresh: &Value) -> Value {
    match (planned.kind(), fresh.kind()) {
        (Kind::Unknown(..), _) => fresh.clone(),
        _ if planned.is_whole() => planned.clone(),
        // A part that might have been there (of an object whose form nobody knew) is not.
        (Kind::Object(fields), Kind::Object(others))
            if fields.keys().any(|name| !others.contains_key(name)) =>
        {
            let there = fields.iter().filter_map(|(name, part)| match others.get(name) {
                Some(fresh) => Some((name.clone(), overlaid(part, fresh))),
                None => part.is_known().then(|| (name.clone(), part.clone())),
            });
            Value::object(there).with_marks(planned.marks())
        }
        (Kind::Object(fields) | Kind::Map(_, fields), _) => {
            let parts: BTreeMap<_, _> = fields
                .iter()
                .map(|(name, part)| {
                    let fresh = fresh.field(name);
                    (
                        name.clone(),
                        fresh.map_or_else(|| part.clone(), |fresh| overlaid(part, fresh)),
                    )
                })
                .collect();
            let mut place = parts.into_values();
            planned.map_parts(&mut |part| place.next().unwrap_or_else(|| part.clone()))
        }
        (
            Kind::List(_, parts) | Kind::Tuple(parts),
            Kind::List(_, others) | Kind::Tuple(others),
        ) if parts.len() == others.len() => {
            let mut others = others.iter();
            planned.map_parts(&mut |part| {
                others.next().map_or_else(|| part.clone(), |fresh| overlaid(part, fresh))
            })
        }
        _ => fresh.clone(),
    }
}
