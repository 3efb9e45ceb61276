//! What the journal is told of an action: that it begins and with which object, and that it has come to its end.

use super::applier::Applier;
use super::walking::word;
use crate::backends::BackendError;
use crate::diag::{Diagnostic, Severity};
use crate::http::clock::Alone;
use crate::plan::objects::encode;
use crate::plan::{Action, Call};
use crate::providers::{self, ApiErrorKind, Deed, Failure};
use crate::state::{Begun, Entry, Object};
use crate::value::Value;

impl Applier<'_, '_> {
    /// Makes what is to be told durable; says whether it is. What could not be written is told again with what comes next.
    pub(super) async fn flush(&mut self) -> bool {
        if self.entries.is_empty() {
            return true;
        }
        let entries = std::mem::take(&mut self.entries);
        // The workers are on this task: none goes on while the place of the journal is waited for.
        let _alone = Alone::on(&*self.given.world.clock);
        let Err(error) = self.lock.append(&entries).await else { return true };
        self.lost |= matches!(error, BackendError::LockLost { .. });
        if !self.lost {
            self.entries = entries;
        }
        let problem = error.to_diagnostic();
        if !self.applied.problems.contains(&problem) {
            self.applied.problems.push(problem);
        }
        false
    }

    /// Saves the state where the journal has grown long: then that begins anew.
    pub(super) async fn save_meanwhile(&mut self) {
        if self.lost || !self.lock.due(self.given.world.clock.now()) {
            return;
        }
        let _alone = Alone::on(&*self.given.world.clock);
        let Err(error) = self.lock.save(&self.state).await else { return };
        let problem = error.to_diagnostic();
        if matches!(error, BackendError::LockLost { .. } | BackendError::Stale { .. }) {
            self.lost = true;
            self.applied.problems.push(problem);
        } else {
            // The journal has it all; whether the state can be saved is told at the end.
            self.applied.problems.push(Diagnostic { severity: Severity::Warning, ..problem });
        }
    }

    /// Tells that an action begins: from here on it is a question what became of its object.
    pub(super) fn begin(&mut self, action: &Action, act: &providers::Action) {
        if !self.sends(action) {
            return;
        }
        let planned = match &act.deed {
            Deed::Create { planned, .. } | Deed::Update { planned, .. } => {
                self.planned(action, planned)
            }
            Deed::Delete { .. } => None,
        };
        self.entries.push(Entry::Begin(Box::new(Begun {
            address: action.address.clone(),
            deposed: self.deposed_key(action),
            action: word(action.call).to_string(),
            since: self.given.world.clock.now(),
            planned,
            programs: action.call == Call::Create && self.has_programs(action),
        })));
    }

    /// Tells that an action has come to its end. One whose answer never came has none: the next run looks.
    pub(super) fn end(
        &mut self,
        action: &Action,
        deposed: Option<String>,
        failure: Option<&Failure>,
    ) {
        if failure.is_some_and(is_open)
            || !self.sends(action)
            || matches!(action.call, Call::Read | Call::Forget)
        {
            return;
        }
        self.entries.push(Entry::End { address: action.address.clone(), deposed });
    }

    /// Says whether an action sends anything: what is only computed cannot be lost on the way.
    pub(super) fn sends(&self, action: &Action) -> bool {
        let provider =
            self.change(action).and_then(|change| self.sessions.provider(&change.provider));
        provider.is_none_or(|provider| provider.sends())
    }

    /// Gives a planned object as the state would keep it: what is not known yet is null.
    fn planned(&self, action: &Action, planned: &Value) -> Option<Object> {
        let change = self.change(action)?;
        let schema = self.schema(&action.address, &change.provider)?;
        let value = planned.map_parts(&mut known);
        let needs = self.now.reach(&action.address).into_iter().collect();
        let mut object = encode(&schema, &value, &change.private, &change.provider, needs);
        object.create_before_destroy = change.create_before_destroy;
        Some(object)
    }
}

/// Says whether it is open what became of an action that failed.
pub(super) fn is_open(failure: &Failure) -> bool {
    matches!(failure.error.kind, ApiErrorKind::Unreachable | ApiErrorKind::Interrupted)
}

/// Gives a value with null in the place of what is not known.
pub(super) fn known(value: &Value) -> Value {
    if !value.is_known() {
        return Value::null(value.ty()).marked(value.marks());
    }
    if value.is_whole() { value.clone() } else { value.map_parts(&mut known) }
}
