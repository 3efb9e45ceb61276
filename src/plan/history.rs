//! Who has touched what is not as saved: asked of the sessions that the objects were read by, once a plan is worked out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Plan;
use super::make::Maker;
use crate::addr::{Address, Mode};
use crate::diag::Diagnostic;
use crate::eval::{Evaluator, ProviderRef};
use crate::providers::Session;
use crate::providers::touch::{Touch, Touched};
use crate::value::{Path, Value};

/// What sessions know of the past of a plan's objects.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Who has touched an object, the last first.
    pub touches: BTreeMap<Address, Vec<Touch>>,
    /// What others have added to an object, where reading it does not tell.
    pub added: BTreeMap<Address, Vec<(Path, Value)>>,
    /// Why some could not be asked for.
    pub notes: Vec<String>,
    /// What could not be read, each with why: it is taken to be as it was saved.
    pub unread: Vec<(Address, String)>,
    /// The same as problems at their blocks.
    pub refused: Vec<Diagnostic>,
    /// Somebody who would know who did what did not answer.
    pub is_unsure: bool,
    /// The sessions that were asked, each with its objects.
    pub asked: Asked,
}

/// Sessions, each with the objects that it was asked about: who goes on watching asks them again.
#[derive(Clone, Default)]
pub struct Asked(pub Vec<Job>);

impl std::fmt::Debug for Asked {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Asked({})", self.0.len())
    }
}

/// The objects of one session, each with its address.
pub type Job = (Arc<dyn Session>, Vec<(Address, Touched)>);

impl Maker<'_, '_> {
    /// Asks who has touched the objects of a plan.
    pub(super) async fn past(&mut self, plan: &Plan, evaluator: &mut Evaluator<'_>) -> Past {
        let jobs = self.jobs(plan, evaluator);
        let mut past = Past::default();
        let mut named: BTreeMap<String, Vec<(Address, Vec<String>)>> = BTreeMap::new();
        for (session, asked) in &jobs {
            let objects: Vec<Touched> = asked.iter().map(|(_, touched)| touched.clone()).collect();
            let history = session.history(&objects).await;
            past.notes.extend(history.notes);
            past.is_unsure |= history.is_unsure;
            let mut added = history.added.into_iter();
            let mut names = history.logged_as.into_iter();
            for ((address, touched), touches) in asked.iter().zip(history.touches) {
                let added = added.next().unwrap_or_default();
                let names = names.next().unwrap_or_default();
                if !names.is_empty() && (touched.differs || !added.is_empty()) {
                    let there = named.entry(history.lives_at.clone()).or_default();
                    there.push((address.clone(), names));
                }
                if !added.is_empty() {
                    past.added.insert(address.clone(), added);
                }
                if !touches.is_empty() {
                    past.touches.insert(address.clone(), touches);
                }
            }
        }
        for (lives_at, named) in &named {
            self.logged(&jobs, (lives_at, named), &mut past).await;
        }
        past.unread = self.unread();
        past.refused = self.refused(plan);
        past.notes.sort();
        past.notes.dedup();
        past.asked = Asked(jobs);
        past
    }

    /// Asks the logs of the cloud for objects that live in clusters.
    async fn logged(
        &self,
        jobs: &[Job],
        (lives_at, named): (&str, &[(Address, Vec<String>)]),
        past: &mut Past,
    ) {
        let names: Vec<Vec<String>> = named.iter().map(|(_, names)| names.clone()).collect();
        for (session, _) in jobs {
            let Some(history) = session.logged(lives_at, &names).await else { continue };
            past.notes.extend(history.notes);
            past.is_unsure |= history.is_unsure;
            for ((address, _), touches) in named.iter().zip(history.touches) {
                past.touches.entry(address.clone()).or_default().extend(touches);
            }
            return;
        }
    }

    /// Gives the objects that could not be read.
    fn unread(&self) -> Vec<(Address, String)> {
        let failed = self.planner.failed.iter();
        let managed = failed.filter(|((address, _), _)| address.mode == Mode::Managed);
        let told = managed.map(|((address, _), error)| {
            let why = error.detail.lines().find(|line| !line.is_empty()).unwrap_or(&error.summary);
            (address.clone(), why.trim_end_matches('.').to_string())
        });
        told.collect()
    }

    /// Gives why these could not be read, at their blocks.
    fn refused(&self, plan: &Plan) -> Vec<Diagnostic> {
        let failed = self.planner.failed.iter();
        let managed = failed.filter(|((address, _), _)| address.mode == Mode::Managed);
        let told = managed.map(|(key, error)| {
            let mut problem = error.to_diagnostic(&key.0);
            if let Some(span) = plan.changes.get(key).and_then(|change| change.span) {
                problem = problem.at(span, "");
                let (type_name, name) = (&key.0.type_name, &key.0.name);
                problem.context = Some(format!("resource \"{type_name}\" \"{name}\""));
            }
            problem
        });
        told.collect()
    }

    fn jobs(&mut self, plan: &Plan, evaluator: &mut Evaluator<'_>) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        let mut known: BTreeMap<ProviderRef, Option<usize>> = BTreeMap::new();
        for ((address, deposed), change) in &plan.changes {
            if deposed.is_some() || address.mode != Mode::Managed {
                continue;
            }
            let drift = plan.drift.get(address);
            let (recorded, live) = match (drift, change.verb.before()) {
                (Some(drift), _) => (drift.saved.clone(), drift.found.clone()),
                (None, Some(before)) => (before.clone(), Some(before.clone())),
                (None, None) => continue,
            };
            let place = match known.get(&*change.provider) {
                Some(place) => *place,
                None => {
                    let session = self.session_of(&change.provider, evaluator);
                    let place = session.map(|session| {
                        jobs.push((session, Vec::new()));
                        jobs.len() - 1
                    });
                    known.insert((*change.provider).clone(), place);
                    place
                }
            };
            let Some(place) = place else { continue };
            let differs = drift.is_some() || !change.verb.is_keep();
            let type_name = address.type_name.clone();
            jobs[place].1.push((address.clone(), Touched { type_name, recorded, live, differs }));
        }
        jobs
    }

    fn session_of(
        &mut self,
        reference: &ProviderRef,
        evaluator: &mut Evaluator<'_>,
    ) -> Option<Arc<dyn Session>> {
        let config = self.provider_config(reference, evaluator).ok()?;
        self.planner.sessions.session(reference, &config).ok().flatten()
    }
}
