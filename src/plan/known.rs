//! What one planning has found out of the world, for the next one of the same run: where `-target` brings something along, only that
//! is read and tried anew.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::Plan;
use super::planner::{ObjectKey, Planner};
use super::preview::Previewed;
use super::sessions::Open;
use crate::addr::{Address, Mode};
use crate::providers::Observed;
use crate::value::Value;

/// What was found out.
#[derive(Default)]
pub(super) struct Known {
    sessions: Open,
    observed: BTreeMap<ObjectKey, Option<Observed>>,
    saved: HashMap<Address, Value, FixedState>,
    data: BTreeMap<Address, (Value, Value)>,
    previews: BTreeMap<Address, Previewed>,
}

impl Planner<'_> {
    /// Gives what was found out of what is wanted: what is not was not looked at whole. What was open for this planning is closed.
    pub(super) fn known(&mut self, plan: &Plan) -> Known {
        let mut known = Known {
            sessions: self.sessions.take(),
            observed: std::mem::take(&mut self.observed),
            saved: std::mem::take(&mut self.saved),
            data: std::mem::take(&mut self.data),
            previews: std::mem::take(&mut self.previews),
        };
        let is_wanted = |address: &Address| plan.changes.contains_key(&(address.clone(), None));
        known.observed.retain(|(address, aside), _| aside.is_none() && is_wanted(address));
        known.saved.retain(|address, _| is_wanted(address));
        known.data.retain(|address, _| address.mode != Mode::Ephemeral);
        known
    }

    /// Begins with what another planning has found out.
    pub(super) fn begin_with(&mut self, known: Known) {
        let Known { sessions, observed, saved, data, previews } = known;
        self.sessions.give(sessions);
        (self.observed, self.saved) = (observed, saved);
        (self.data, self.previews) = (data, previews);
    }
}
