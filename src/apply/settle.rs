//! Replacements that turn out to be none: what was not known when they were planned is known, and forces nothing.
//!
//! Such an object is changed in place, or left as it is; its removal is left out, and what lives in it stays.

use std::collections::BTreeMap;

use super::agree::disagreement;
use super::applier::Applier;
use super::oracle::now;
use super::walking::inconsistent;
use crate::addr::Address;
use crate::diag::Diagnostic;
use crate::plan::decide::decide;
use crate::plan::objects::{decode, has_other_secrets, with_marks_of};
use crate::plan::one::{Around, plan_object};
use crate::plan::propose::ignore_changes;
use crate::plan::{Action, Call, Change, Reason, Verb};
use crate::providers::Observed;

impl Applier<'_, '_> {
    /// Decides whether an object that is perhaps replaced is, once.
    ///
    /// # Errors
    /// What is wrong with it as it is known now.
    pub(super) fn settle(&mut self, address: &Address) -> Result<(), Vec<Diagnostic>> {
        let plan = self.given.plan;
        if !plan.open.contains(address) || !self.decided.insert(address.clone()) {
            return Ok(());
        }
        let Some(change) = plan.changes.get(&(address.clone(), None)) else { return Ok(()) };
        let needed = |of: &&Address| *of != address && change.needs.iter().any(|it| it.covers(of));
        let needed: Vec<Address> = plan.open.iter().filter(needed).cloned().collect();
        for need in &needed {
            self.settle(need)?;
        }
        if let Some(Reason::ParentReplaced(parent)) = &change.reason {
            self.settle(parent)?;
            if !self.settled.contains_key(parent) {
                return Ok(());
            }
        }
        if let Some(settled) = self.in_place(address, change)? {
            tracing::info!(address = %address, "is not replaced");
            self.settled.insert(address.clone(), settled);
        }
        Ok(())
    }

    /// Plans an object that stands with what is known now; gives nothing where it must be replaced all the same.
    fn in_place(
        &mut self,
        address: &Address,
        change: &Change,
    ) -> Result<Option<Change>, Vec<Diagnostic>> {
        let Some(prior) = self.standing(address, change) else { return Ok(None) };
        let instance = self.instance(address)?;
        if let Some(planned) = &change.config
            && let Some(path) = disagreement(planned, &instance.config)
        {
            return Err(vec![inconsistent(address, &path.to_string()).at(instance.span, "")]);
        }
        let provider = self.sessions.provider(&change.provider).cloned().ok_or_else(Vec::new)?;
        let schema = self.schema(address, &change.provider).ok_or_else(Vec::new)?;
        let config =
            ignore_changes(&instance.lifecycle.ignore, Some(&prior.value), &instance.config);
        let provider_config = {
            let mut oracle = now!(self);
            self.now.provider(&change.provider, &mut oracle)?
        };
        let none = BTreeMap::new();
        let offered = self.defined.get(&change.provider).unwrap_or(&none);
        let around = Around { provider: &provider_config, offered, minor: None, replaced: None };
        let planned = plan_object(
            provider.as_ref(),
            &schema,
            address,
            &around,
            Some(&prior.value),
            &prior.private,
            &config,
        );
        if !planned.replaces.is_empty() {
            return match &change.verb {
                // What lived in what was to be replaced has no removal of its own in the plan.
                Verb::Create { .. } => Err(vec![stays(address).at(instance.span, "")]),
                _ => Ok(None),
            };
        }
        let after = with_marks_of(&planned.after.without_marks(), &config);
        let (mut verb, _) = decide(Some(&prior.value), after.clone(), &[], None, || after.clone());
        if let Verb::Keep { before } = &verb
            && has_other_secrets(&schema, before, &after)
        {
            verb = Verb::Update { before: before.clone(), after };
        }
        let private = prior.private;
        Ok(Some(Change { verb, reason: None, replaces: Vec::new(), private, ..change.clone() }))
    }

    /// Gives an object that is perhaps replaced as it stands.
    fn standing(&self, address: &Address, change: &Change) -> Option<Observed> {
        if let Some(before) = change.verb.before() {
            return Some(Observed { value: before.clone(), private: change.private.clone() });
        }
        let object = self.state.current(address)?;
        let provider = self.sessions.provider(&change.provider)?;
        let value = decode(provider.as_ref(), address.mode, &address.type_name, object).ok()?;
        Some(Observed { value, private: object.private.clone() })
    }

    /// Gives what a call of the plan is by what was decided: nothing where it is left out.
    pub(super) fn settled_as(&self, action: &Action) -> Option<Action> {
        let stands = action.deposed.is_none() && self.settled.contains_key(&action.address);
        match action.call {
            Call::Delete if stands => None,
            Call::Create if stands => Some(Action { call: Call::Update, ..action.clone() }),
            Call::Create | Call::Delete | Call::Update | Call::Read | Call::Forget => {
                Some(action.clone())
            }
        }
    }
}

/// Says that an object which was to go down with another one would have to be replaced for itself.
fn stays(address: &Address) -> Diagnostic {
    let detail = format!(
        "What {address} lives in turned out not to be replaced, so it stays; and now it would have to be replaced for itself, which \
         the plan did not show. Nothing was done to it."
    );
    Diagnostic::error("Inconsistent final plan", detail)
        .help("Run `terrane plan` again and look at what it shows.")
}
