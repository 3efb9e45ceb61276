//! Data sources and ephemeral resources: whether they are read in the plan, left to the apply, or not read at all.

use std::sync::Arc;

use super::decide::same;
use super::planner::{Draft, Job, Planner};
use super::propose::propose;
use super::validate::wrong;
use super::{PlanMode, Reason, Verb};
use crate::addr::{Address, Mode};
use crate::eval::{Answer, Asked, Oracle};
use crate::providers::{ApiErrorKind, Session};
use crate::value::Value;

impl Planner<'_> {
    /// Answers about a data source or an ephemeral resource.
    pub(super) fn data_source(&mut self, asked: &Asked<'_>) -> Answer {
        self.begin(asked);
        let config = &asked.instance.config;
        let Some(provider) = self.provider(asked) else {
            return Answer::Known(Value::unknown(asked.schema.ty()));
        };
        // Where there is nothing to destroy nothing is read.
        if self.mode == PlanMode::Destroy && self.prior.objects.is_empty() {
            return Answer::Known(Value::unknown(asked.schema.ty()));
        }
        // To destroy, what providers are made from is read, and the rest is as it was left or found before.
        let counts = self.of_providers.contains(&asked.address.without_keys());
        if self.mode == PlanMode::Destroy && asked.address.mode == Mode::Data && !counts {
            let found = self.data.get(asked.address).map(|(_, value)| value.clone());
            let value = found.or_else(|| self.kept(asked.address, &asked.instance.provider));
            return Answer::Known(value.unwrap_or_else(|| Value::unknown(asked.schema.ty())));
        }
        let problems = wrong(provider.as_ref(), asked, config);
        self.told(asked, &problems);
        if problems.iter().any(|problem| !problem.warning) {
            return Answer::Known(Value::unknown(asked.schema.ty()));
        }
        self.read_now_or_later(asked)
    }

    /// Asks for the value where it can be read now, and leaves it to the apply where not.
    fn read_now_or_later(&mut self, asked: &Asked<'_>) -> Answer {
        let config = &asked.instance.config;
        // What is read itself is not decided on: the next round knows whether it changes.
        let is_read = |need: &Address| self.wanted.iter().any(|job| need.covers(&job.of.address));
        if asked.instance.depends_on.iter().any(is_read) {
            return Answer::Pending;
        }
        // Of what is only planned much is known that a service cannot answer about yet.
        let needs = match asked.address.mode {
            Mode::Ephemeral => Some(&asked.instance.needs),
            Mode::Data | Mode::Managed => None,
        };
        let mut needs = asked.instance.depends_on.iter().chain(needs.into_iter().flatten());
        // What is to be destroyed is still there.
        let pending = self.mode != PlanMode::Destroy && needs.any(|need| self.changes(need));
        let pending = pending || self.later.contains(asked.address);
        let deferred = if !config.is_whole() {
            Some(Reason::ConfigUnknown)
        } else if pending {
            Some(Reason::DependencyPending)
        } else {
            None
        };
        let session = match deferred {
            Some(_) => None,
            None => match self.session(asked) {
                Ok(session) => session,
                Err(problem) => return Answer::Problem(problem),
            },
        };
        let Some(session) = session else {
            let after = propose(asked.schema, None, config);
            let reason = deferred.unwrap_or(Reason::ConfigUnknown);
            self.read_later(asked, after.clone(), reason);
            return Answer::Known(after);
        };
        self.as_read(asked, session)
    }

    /// Gives what was found where it has been read, and else asks for the read.
    fn as_read(&mut self, asked: &Asked<'_>, session: Arc<dyn Session>) -> Answer {
        let config = &asked.instance.config;
        // The data source of a check is read in the apply as well: the check is held again then.
        let scoped = asked.instance.scoped && self.mode == PlanMode::Normal;
        let failed = self.failed.contains_key(&(asked.address.clone(), None));
        let kept = self.data.get(asked.address).filter(|(of, _)| same(of, config) && !failed);
        if let Some((_, value)) = kept {
            let value = value.clone();
            if scoped {
                self.read_later(asked, value.clone(), Reason::CheckNested);
            }
            return Answer::Known(value);
        }
        if self.comes(asked) {
            self.failed.remove(&(asked.address.clone(), None));
            self.later.insert(asked.address.clone());
            let after = propose(asked.schema, None, config);
            self.read_later(asked, after.clone(), Reason::DependencyPending);
            return Answer::Known(after);
        }
        match self.failed.get(&(asked.address.clone(), None)) {
            Some(error) => {
                let places = asked.instance.places.iter();
                let argument = error.path.as_ref().and_then(|wanted| {
                    places.clone().find(|(path, _)| path == wanted).map(|(_, span)| *span)
                });
                let span = argument.unwrap_or(asked.instance.open);
                let problem = error.to_diagnostic(asked.address).at(span, "");
                if scoped {
                    let after = propose(asked.schema, None, config);
                    self.read_later(asked, after, Reason::CheckNested);
                } else if asked.instance.scoped && self.mode == PlanMode::RefreshOnly {
                    // Who only refreshes takes it as far as it is written.
                    self.data.insert(asked.address.clone(), (config.clone(), config.clone()));
                }
                Answer::Problem(Box::new(problem))
            }
            None => {
                let of = (asked.address.clone(), config.clone());
                self.wanted_data.push(Job { session, of });
                Answer::Pending
            }
        }
    }

    /// Says whether there is not what a data source is about, and something that it refers to is still to be made.
    fn comes(&self, asked: &Asked<'_>) -> bool {
        let failed = self.failed.get(&(asked.address.clone(), None));
        let made =
            |need: &Address| need.within(&self.drafts).any(|(_, draft)| draft.verb.is_made());
        failed.is_some_and(|error| error.kind == ApiErrorKind::NotFound)
            && self.mode == PlanMode::Normal
            && asked.instance.needs.iter().any(made)
    }

    /// Notes that a data source is read in the apply.
    fn read_later(&mut self, asked: &Asked<'_>, after: Value, reason: Reason) {
        let draft = Draft {
            verb: Verb::Read { after },
            reason: Some(reason),
            replaces: Vec::new(),
            private: Vec::new(),
            notes: Vec::new(),
            config: asked.instance.config.clone(),
            importing: None,
        };
        self.drafts.insert(asked.address.clone(), Box::new(draft));
    }

    /// Says whether anything is done with an instance, or any instance of a block.
    pub(super) fn changes(&self, need: &Address) -> bool {
        need.within(&self.drafts).any(|(_, draft)| !draft.verb.is_keep())
    }
}
