//! What the servers' own dry-runs make of a plan, asked for between its rounds.

use std::sync::Arc;

use super::PlanMode;
use super::decide::same;
use super::planner::{Job, Planner};
use crate::diag::Span;
use crate::eval::{Answer, Asked};
use crate::providers::{OFFLINE, Planned, Preview, Proposed, Session};
use crate::value::{Path, Value};

/// What a session made of a planned object.
pub(super) struct Previewed {
    /// The object as it was planned.
    pub(super) of: Value,
    /// Who was asked: once a provider's block is known there is another to ask.
    pub(super) by: Arc<dyn Session>,
    /// The answer.
    pub(super) preview: Preview,
}

/// Gives the place of the nearest argument to a part.
fn nearest(wanted: Option<&Path>, places: &[(Path, Span)]) -> Option<Span> {
    let fitting =
        places.iter().filter(|(path, _)| wanted.is_some_and(|it| it.0.starts_with(&path.0)));
    fitting.max_by_key(|(path, _)| path.0.len()).map(|(_, span)| *span)
}

impl Planner<'_> {
    /// Has a plan tried out, or that of making the object anew. Gives the plan, what is made anew, and whether the server refuses.
    pub(super) fn tried(
        &mut self,
        asked: &Asked<'_>,
        prior: Option<&Value>,
        private: &[u8],
        config: &Value,
        planned: Planned,
        anew: Option<Planned>,
    ) -> Result<(Planned, Option<Value>, bool), Answer> {
        let Some(anew) = anew else {
            let (planned, refused) = self.previewed(asked, prior, private, config, &planned)?;
            return Ok((planned, None, refused));
        };
        let written = &asked.instance.config;
        let (anew, refused) = self.previewed(asked, prior, private, written, &anew)?;
        Ok((Planned { notes: anew.notes, ..planned }, Some(anew.after), refused))
    }

    /// Asks the server's own dry-run where there is a server and something would change. The second part says
    /// that the server refuses.
    pub(super) fn previewed(
        &mut self,
        asked: &Asked<'_>,
        prior: Option<&Value>,
        private: &[u8],
        config: &Value,
        planned: &Planned,
    ) -> Result<(Planned, bool), Answer> {
        let mut planned = planned.clone();
        let unchanged = prior.is_some_and(|prior| same(prior, &planned.after));
        let whole = config.is_whole() && self.options.mode == PlanMode::Normal;
        let renders = self.provider(asked).is_some_and(|it| it.renders(&asked.address.type_name));
        let looks = self.options.looks;
        if looks || (unchanged && !renders) || !whole || !planned.replaces.is_empty() {
            return Ok((planned, false));
        }
        let session = self.sessions.previewing(&asked.instance.provider, asked.provider);
        let session = session.map_err(|problem| Answer::Problem(Box::new(problem)))?;
        let Some(session) = session else { return Ok((planned, false)) };
        if let Some(made) = self.previews.get(asked.address)
            && Arc::ptr_eq(&made.by, &session)
            && same(&made.of, &planned.after)
        {
            match made.preview.clone() {
                Preview::Unverified(note) => planned.notes.extend(note),
                Preview::Sharper { after, replaces, unchecked, notes } => {
                    if unchecked.is_none() {
                        planned.notes.retain(|note| !note.starts_with(OFFLINE));
                    }
                    planned.notes.extend(notes);
                    planned.notes.extend(unchecked);
                    planned.after = after;
                    planned.replaces = replaces;
                }
                Preview::Refused(error) => {
                    let problem = error.to_diagnostic(asked.address);
                    let problem = match nearest(error.path.as_ref(), &asked.instance.places) {
                        Some(span) => problem.at(span, ""),
                        None => problem.at(asked.instance.open, ""),
                    };
                    self.complain(asked.address, problem);
                    return Ok((planned, true));
                }
            }
            return Ok((planned, false));
        }
        let proposed = Proposed {
            address: asked.address.clone(),
            type_name: asked.address.type_name.clone(),
            prior: prior.cloned(),
            private: private.to_vec(),
            config: config.clone(),
            planned: planned.after.clone(),
            defined: self.is_defined(asked, config),
            minor: self.minor_version(asked),
        };
        self.wanted_previews.push(Job { session, of: proposed });
        Err(Answer::Pending)
    }

    /// Says whether another instance of the plan defines what an instance is.
    fn is_defined(&self, asked: &Asked<'_>, config: &Value) -> bool {
        let Some(defined) = self.defined.get(&asked.instance.provider) else { return false };
        let wants = self.provider(asked).map(|it| it.wants(&asked.address.type_name, config));
        wants.into_iter().flatten().any(|name| defined.contains_key(&name))
    }
}
